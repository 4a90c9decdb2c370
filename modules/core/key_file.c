/* Files that administrators keep keys in: read once, when a server or the engine starts.
 */
#include "core/core.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_END 2 /* bytes behind a key of the largest size that are no part of it */

static const char *unsafe(int fd, mode_t denied)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return "it is no file";
    }
    if (!(st.st_mode & denied)) {
        return NULL;
    }
    return denied & S_IROTH ? "others may read it: chmod o= it"
                            : "others may change it: chmod o-w it";
}

/* What is wrong, or NULL. */
static const char *read_bytes(int fd, char *bytes, apr_size_t size, apr_size_t *length)
{
    ssize_t n = 1;

    *length = 0;
    while (n != 0 && *length < size) {
        n = read(fd, bytes + *length, size - *length);
        if (n < 0 && errno != EINTR) {
            return strerror(errno);
        }
        *length += n > 0 ? (apr_size_t)n : 0;
    }
    while (*length > 0 && (bytes[*length - 1] == '\n' || bytes[*length - 1] == '\r')) {
        (*length)--;
    }
    bytes[*length] = '\0';
    return NULL;
}

const char *wf_key_file_read(const char **bytes, apr_size_t *length, const char *path,
                             const wf_key_file_t *rules, apr_pool_t *p)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *problem;
    char *read;

    *bytes = NULL;
    *length = 0;
    if (fd < 0) {
        return strerror(errno);
    }
    read = apr_palloc(p, rules->max + LINE_END + 2);
    problem = unsafe(fd, rules->denied);
    if (problem == NULL) {
        problem = read_bytes(fd, read, rules->max + LINE_END + 1, length);
    }
    close(fd);
    if (problem == NULL && *length < rules->min) {
        problem =
            apr_psprintf(p, "it is shorter than %" APR_SIZE_T_FMT " bytes", rules->min);
    }
    if (problem == NULL && *length > rules->max) {
        problem =
            apr_psprintf(p, "it is longer than %" APR_SIZE_T_FMT " bytes", rules->max);
    }
    *bytes = problem == NULL ? read : NULL;
    return problem;
}
