/* Servers with TLS, those of the openssl program, and certificates for them. */
#ifndef WF_TEST_SECURE_H
#define WF_TEST_SECURE_H

#include "loop.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char dir[] = "/tmp/wf-tls.XXXXXX";

static const char *file(const char *name)
{
    return apr_pstrcat(pool, dir, "/", name, NULL);
}

static int run(char *const argv[], int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int rc;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    rc = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc == 0;
}

static int make_certificates(void)
{
    const char *top = getenv("WF_TOP");
    char *script =
        apr_pstrcat(pool, top ? top : ".", "/t/00unit/client/certificates.sh", NULL);
    char *argv[] = { "sh", "-e", script, dir, NULL };
    int null = open("/dev/null", O_WRONLY), status = -1;
    pid_t pid;

    if (mkdtemp(dir) != NULL && run(argv, null, &pid)) {
        waitpid(pid, &status, 0);
    }
    close(null);
    return status == 0;
}

static void remove_certificates(void)
{
    char *argv[] = { "rm", "-r", "--", dir, NULL };
    pid_t pid;

    if (run(argv, 1, &pid)) {
        waitpid(pid, NULL, 0);
    }
}

/* ---- servers --------------------------------------------------------------------- */

typedef struct server_t {
    pid_t pid;
    int port;
} server_t;

/* how: -www answers any GET with a page that tells of the connection, -rev each line with
 * the same backwards. It says its port first. */
static void start_server(server_t *s, const char *how, const char *name, int wants_client,
                         const char *version)
{
    char *argv[] = { "openssl",
                     "s_server",
                     (char *)how,
                     "-accept",
                     "127.0.0.1:0",
                     "-cert",
                     apr_pstrcat(pool, file(name), ".pem", NULL),
                     "-key",
                     apr_pstrcat(pool, file(name), ".key", NULL),
                     (char *)version,
                     wants_client ? "-Verify" : NULL,
                     "1",
                     "-verify_return_error",
                     "-CAfile",
                     (char *)file("ca.pem"),
                     NULL };
    char line[256];
    int ends[2];
    FILE *out;

    s->port = 0;
    if (pipe(ends) != 0 || !run(argv, ends[1], &s->pid)) {
        printf("Bail out! no server\n");
        exit(1);
    }
    close(ends[1]);
    out = fdopen(ends[0], "r");
    while (s->port == 0 && fgets(line, sizeof(line), out) != NULL) {
        sscanf(line, "ACCEPT %*[^:]:%d", &s->port);
    }
    /* It may go on writing: the pipe stays open to the end of this program. */
}

static void stop_server(server_t *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
}

#endif
