/* The engine's log: a file of its own, because the descriptors of httpd's logs go stale with
 * the first restart. One write(2) a line, so threads need no lock. */
#include "engine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *level_name(wf_log_level_e level)
{
    static const char *const names[] = { "emerg", "alert", "crit", "error", "warn",
                                         "notice", "info", "debug", "trace1" };

    return (unsigned)level < sizeof(names) / sizeof(names[0]) ? names[level] : "trace";
}

/* As in httpd's error log: [time] [module:level] [pid N:tid M] text */
static void write_line(void *baton, wf_log_level_e level, const char *text)
{
    char line[4400], when[40];
    struct timespec now;
    struct tm tm;
    int n;
    ssize_t written;

    (void)baton;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
    n = snprintf(line, sizeof(line), "[%s.%06ld] [workflow:%s] [pid %ld:tid %ld] %s\n", when,
                 now.tv_nsec / 1000, level_name(level), (long)getpid(),
                 (long)syscall(SYS_gettid), text);
    if (n >= (int)sizeof(line)) {
        n = sizeof(line) - 1;
    }
    written = write(STDERR_FILENO, line, n);
    (void)written; /* a full disk must not stop the engine */
}

apr_status_t wf_engine_log_open(const char *path, wf_error_t *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot open the log %s", path);
    }
    dup2(fd, STDERR_FILENO);
    dup2(fd, STDOUT_FILENO);
    close(fd);
    wf_log_to(write_line, NULL);
    return APR_SUCCESS;
}
