/* A whole httpd of one's own: its programs, its state directory, its key, and httpd in
 * this process's place. */
#include "cli/internal.h"
#include "link/link.h"

#include <apr_file_io.h>
#include <apr_network_io.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define KEY_FILE "/workflow-engine/cluster.key"

#ifndef WF_HTTPD
#define WF_HTTPD "/usr/sbin/apache2"
#endif
#ifndef WF_HTTPD_MODULES
#define WF_HTTPD_MODULES "/usr/lib/apache2/modules"
#endif

/* ---- programs ------------------------------------------------------------------------- */

/* The module lies beside this program in a build directory, else among httpd's. */
static const char *find_module(const char *program, apr_pool_t *p)
{
    const char *directory = apr_pstrmemdup(p, program, strrchr(program, '/') - program);
    const char *beside = apr_pstrcat(p, directory, "/mod_workflow.so", NULL);

    return access(beside, R_OK) == 0 ? beside : WF_HTTPD_MODULES "/mod_workflow.so";
}

static apr_status_t find_programs(wf_server_t *server, apr_pool_t *p, wf_error_t *err)
{
    const char *httpd = getenv("HTTPD");
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

    if (length < 1) {
        return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno),
                            "finding this program");
    }
    server->program = apr_pstrmemdup(p, program, length);
    server->module = find_module(server->program, p);
    server->httpd = httpd != NULL && *httpd != '\0' ? httpd : WF_HTTPD;
    if (access(server->httpd, X_OK) != 0) {
        return wf_error_apr(err, WF_ERR_NOT_FOUND, APR_FROM_OS_ERROR(errno),
                            "Apache httpd, %s (HTTPD=path in the environment names "
                            "another one)",
                            server->httpd);
    }
    if (access(server->module, R_OK) != 0) {
        return wf_error_apr(err, WF_ERR_NOT_FOUND, APR_FROM_OS_ERROR(errno),
                            "%s; \"make install\" puts it there", server->module);
    }
    return APR_SUCCESS;
}

/* ---- who ------------------------------------------------------------------------------- */

/* httpd's children and the engine of a root: the first of these that this system has. */
static const char *const users[] = { "www-data", "apache", "http", "nobody" };

static apr_status_t find_user(wf_server_t *server, apr_pool_t *p, wf_error_t *err)
{
    struct passwd *user = NULL;
    struct group *group;
    size_t i;

    if (geteuid() != 0) {
        return APR_SUCCESS;
    }
    for (i = 0; user == NULL && i < sizeof(users) / sizeof(users[0]); i++) {
        user = getpwnam(users[i]);
    }
    if (user == NULL) {
        return wf_error_set(err, WF_ERR_NOT_FOUND,
                            "this system has no user www-data, apache, http or nobody "
                            "for the server to run as");
    }
    server->user = apr_pstrdup(p, user->pw_name);
    server->uid = user->pw_uid;
    server->gid = user->pw_gid;
    group = getgrgid(user->pw_gid);
    server->group = group ? apr_pstrdup(p, group->gr_name)
                          : apr_psprintf(p, "#%lu", (unsigned long)user->pw_gid);
    return APR_SUCCESS;
}

static int may_enter(const wf_server_t *server, const struct stat *st)
{
    mode_t bit = st->st_uid == server->uid   ? S_IXUSR
                 : st->st_gid == server->gid ? S_IXGRP
                                             : S_IXOTH;

    return (st->st_mode & bit) != 0;
}

/* The user has to reach the socket and the store. */
static apr_status_t check_way(const wf_server_t *server, apr_pool_t *p, wf_error_t *err)
{
    char *path = apr_pstrdup(p, server->state), *end;
    struct stat st;

    if (server->user == NULL) {
        return APR_SUCCESS;
    }
    for (end = path + strlen(path); end > path; end = strrchr(path, '/')) {
        *end = '\0';
        if (*path != '\0' && (stat(path, &st) != 0 || !may_enter(server, &st))) {
            return wf_error_set(err, WF_ERR_FORBIDDEN,
                                "%s, as which the server runs, cannot enter %s; -state "
                                "DIR names another state directory",
                                server->user, path);
        }
    }
    return APR_SUCCESS;
}

/* ---- the state directory ---------------------------------------------------------------- */

int wf_is_quotable(const char *path)
{
    for (; *path; path++) {
        if ((unsigned char)*path < ' ' || strchr("\"\\", *path) != NULL
            || (*path == '$' && path[1] == '{')) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t check_path(const char *path, const char *what, wf_error_t *err)
{
    if (wf_is_quotable(path)) {
        return APR_SUCCESS;
    }
    return wf_error_set(err, WF_ERR_INVALID,
                        "%s must not have quotes, backslashes, ${ or control characters",
                        what);
}

/* The engine's socket is in it, and the path of a socket cannot be long. */
static apr_status_t check_length(const wf_server_t *server, wf_error_t *err)
{
    struct sockaddr_un socket;
    size_t most = sizeof(socket.sun_path) - sizeof("/engine/engine.sock");

    return strlen(server->state) <= most
               ? APR_SUCCESS
               : wf_error_set(
                   err, WF_ERR_INVALID,
                   "the path of the state directory has more than %d bytes: %s",
                   (int)most, server->state);
}

/* httpd's log; that of the engine, whose user may write less, stays in its directory. A
 * file's name is meant as seen from here, not from httpd's root. */
static apr_status_t find_log(wf_server_t *server, apr_pool_t *p, wf_error_t *err)
{
    const char *output = server->settings->log_output;
    char *path;
    apr_status_t rv;

    if (strcmp(output, "stderr") == 0 || strcmp(output, "stdout") == 0) {
        server->log = apr_pstrcat(p, server->state, "/error.log", NULL);
        return APR_SUCCESS;
    }
    rv = apr_filepath_merge(&path, NULL, output, 0, p);
    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INVALID, rv, "logging.output %s", output);
    }
    server->log = path;
    return check_path(path, "logging.output", err);
}

static apr_status_t make_directory(const char *path, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = apr_dir_make_recursive(
        path,
        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE | APR_FPROT_GREAD
            | APR_FPROT_GEXECUTE | APR_FPROT_WREAD | APR_FPROT_WEXECUTE,
        p);

    return rv == APR_SUCCESS
               ? rv
               : wf_error_apr(err, WF_ERR_INVALID, rv, "making the directory %s", path);
}

/* Held by httpd and all its children: as long as one of them lives, nobody else starts
 * here. */
static apr_status_t lock_state(const wf_server_t *server, apr_pool_t *p, wf_error_t *err)
{
    const char *path = apr_pstrcat(p, server->state, "/lock", NULL);
    char pid[32] = "";
    int fd = open(path, O_RDWR | O_CREAT, 0644);

    if (fd < 0) {
        return wf_error_apr(err, WF_ERR_INVALID, APR_FROM_OS_ERROR(errno), "opening %s",
                            path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

        pid[n > 0 ? n : 0] = '\0';
        close(fd);
        return wf_error_set(err, WF_ERR_CONFLICT,
                            "a server runs with the state directory %s already (process "
                            "%.*s); -state DIR names another one",
                            server->state, (int)strcspn(pid, "\n"), pid);
    }
    snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, strlen(pid), 0) < 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno), "writing %s",
                            path);
    }
    return APR_SUCCESS; /* the descriptor stays open over exec */
}

static apr_status_t prepare_state(wf_server_t *server, const char *state,
                                  const char *usual, apr_pool_t *p, wf_error_t *err)
{
    char *real;
    apr_status_t rv;

    if (state == NULL || *state == '\0') {
        state = wf_home_path("XDG_STATE_HOME", "/var/lib", "/.local/state", usual, p);
    }
    if (state == NULL) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "HOME is not set: -state DIR names a state directory");
    }
    if ((rv = find_user(server, p, err)) != APR_SUCCESS
        || (rv = make_directory(state, p, err)) != APR_SUCCESS) {
        return rv;
    }
    real = realpath(state, NULL);
    if (real == NULL) {
        return wf_error_apr(err, WF_ERR_INVALID, APR_FROM_OS_ERROR(errno), "%s", state);
    }
    server->state = apr_pstrdup(p, real);
    free(real);
    if ((rv = check_path(server->state, "the state directory", err)) != APR_SUCCESS
        || (rv = check_length(server, err)) != APR_SUCCESS
        || (rv = find_log(server, p, err)) != APR_SUCCESS
        || (rv = check_way(server, p, err)) != APR_SUCCESS) {
        return rv;
    }
    rv = lock_state(server, p, err);
    return rv == APR_SUCCESS
               ? make_directory(apr_pstrcat(p, server->state, "/conf.d", NULL), p, err)
               : rv;
}

/* ---- the key ------------------------------------------------------------------------------ */

/* Who has none gets one: of those who come at once all get the same. */
static apr_status_t make_key(const wf_server_t *server, apr_pool_t *p, wf_error_t *err)
{
    char *directory = apr_pstrdup(p, server->cluster_key);
    uid_t owner = server->user != NULL ? server->uid : (uid_t)-1;
    apr_status_t rv;

    if (access(server->cluster_key, F_OK) == 0) {
        return APR_SUCCESS;
    }
    *strrchr(directory, '/') = '\0';
    rv = make_directory(directory, p, err);
    if (rv == APR_SUCCESS) {
        rv = wf_link_key_make(server->cluster_key, owner, p, err);
    }
    return rv == APR_SUCCESS || err->kind == WF_ERR_CONFLICT ? APR_SUCCESS : rv;
}

static apr_status_t find_key(wf_server_t *server, const char *path, apr_pool_t *p,
                             wf_error_t *err)
{
    wf_link_key_t key;
    char *whole;
    apr_status_t rv;

    path = path != NULL ? path : server->settings->cluster_key;
    if (path == NULL) {
        server->cluster_key =
            wf_home_path("XDG_STATE_HOME", "/var/lib", "/.local/state", KEY_FILE, p);
        if (server->cluster_key == NULL) {
            return wf_error_set(err, WF_ERR_INVALID,
                                "HOME is not set: -cluster-key FILE names a key");
        }
        rv = make_key(server, p, err);
    }
    else {
        rv = apr_filepath_merge(&whole, NULL, path, 0, p);
        server->cluster_key = whole;
        if (rv != APR_SUCCESS) {
            wf_error_apr(err, WF_ERR_INVALID, rv, "-cluster-key %s", path);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = check_path(server->cluster_key, "the path of the key", err);
    }
    return rv == APR_SUCCESS ? wf_link_key_read(&key, server->cluster_key, p, err) : rv;
}

/* ---- start ---------------------------------------------------------------------------------- */

static apr_status_t become_httpd(const wf_server_t *server, apr_pool_t *p,
                                 wf_error_t *err)
{
    const char *path = apr_pstrcat(p, server->state, "/httpd.conf", NULL);

    fflush(NULL);
    execl(server->httpd, server->httpd, "-d", server->state, "-f", path, "-DFOREGROUND",
          (char *)NULL);
    return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno), "starting %s",
                        server->httpd);
}

int wf_server_start(wf_server_t *server, const char *state, const char *usual,
                    const char *key, void (*show_banner)(const wf_server_t *server),
                    apr_pool_t *p)
{
    wf_error_t err;

    wf_error_init(&err, p);
    if (find_programs(server, p, &err) == APR_SUCCESS
        && prepare_state(server, state, usual, p, &err) == APR_SUCCESS
        && find_key(server, key, p, &err) == APR_SUCCESS
        && wf_server_find_auth(server, p, &err) == APR_SUCCESS
        && wf_server_configure(server, p, &err) == APR_SUCCESS) {
        wf_server_tell_of_logs(server);
        show_banner(server);
        become_httpd(server, p, &err);
    }
    return wf_cli_fail(&err);
}
