/* The half of the engine that lives in httpd's parent: it owns the listening socket, starts
 * the engine process, revives it with back-off and stops it with httpd.
 *
 * What survives a restart of httpd lies in retained data, as plain data: the module itself
 * is unloaded and loaded again, so nothing there may point into it. Callbacks hang on pconf,
 * which goes before the code does. The parent stays single-threaded and initialises no
 * library of ours; that is the engine's, after exec. */
#include "engine/engine.h"

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <ap_listen.h>
#include <ap_mpm.h>
#include <mpm_common.h>
#include <unixd.h>

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

APLOG_USE_MODULE(workflow);

#define RETAINED_KEY "mod_workflow:engine"

/* A process that lived shorter than this died of its start; the next one waits, in its own
 * process: httpd's parent has no timer finer than ten seconds. */
#define STABLE_US (5 * 1000000)
#define MAX_BACKOFF_SECONDS 64
/* Descriptors as the engine finds them; FD_BINARY is closed by the exec itself. */
enum { FD_LISTEN = 3, FD_LIFELINE, FD_BINARY, FD_FIRST_UNUSED };

typedef struct parent_t {
    pid_t owner;              /* httpd's parent: forked children leave all this alone */
    apr_proc_t proc;          /* the engine; pid 0 = none */
    int listen_fd;            /* -1 until the first start */
    int lifeline[2];          /* the engine holds the read end: EOF = no parent any more */
    apr_int64_t started;      /* wf_mono_us; in the future while it waits */
    int failures;             /* deaths at the start, one after the other */
    int stop_timeout;         /* seconds */
    char state_dir[APR_PATH_MAX];
    char store[APR_PATH_MAX];
    char binary[APR_PATH_MAX];
    char socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
} parent_t;

/* Set anew each time the module is loaded. */
static parent_t *parent;
static server_rec *main_server;
static apr_pool_t *config_pool;

static apr_status_t spawn_engine(int seconds, wf_error_t *err);

/* ---- files ------------------------------------------------------------------------------------ */

static int is_root(void)
{
    return geteuid() == 0;
}

/* What the engine and the children shall read belongs to httpd's User. */
static apr_status_t give_to_user(const char *path, wf_error_t *err)
{
    if (is_root() && chown(path, ap_unixd_config.user_id, ap_unixd_config.group_id) != 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot give %s to User", path);
    }
    return APR_SUCCESS;
}

static apr_status_t prepare_state_dir(const char *dir, wf_error_t *err)
{
    if (mkdir(dir, 0700) == 0) {
        return give_to_user(dir, err);
    }
    if (errno != EEXIST) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot create WorkflowStateDir %s",
                            dir);
    }
    return APR_SUCCESS;
}

/* Written beside and renamed: the engine may read at any time. */
static apr_status_t write_snapshot(const wf_engine_config_t *config, apr_pool_t *p,
                                   wf_error_t *err)
{
    const char *path = wf_engine_snapshot_path(config->state_dir, p);
    const char *fresh = apr_pstrcat(p, path, ".new", NULL);
    json_object *json = wf_json_own(wf_engine_config_to_json(config), p);
    apr_size_t length;
    const char *text = wf_json_text(json, &length, p);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot write %s", fresh);
    }
    errno = ENOSPC; /* what part of it means */
    if (write(fd, text, length) != (ssize_t)length) {
        wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot write %s", fresh);
    }
    else if (give_to_user(fresh, err) == APR_SUCCESS && rename(fresh, path) != 0) {
        wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot write %s", path);
    }
    close(fd);
    if (err->kind != WF_ERR_NONE) {
        unlink(fresh);
        return WF_EFAILED;
    }
    return APR_SUCCESS;
}

static apr_status_t open_socket(wf_error_t *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    mode_t old;
    int rc;

    parent->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (parent->listen_fd < 0 || pipe2(parent->lifeline, O_CLOEXEC) != 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "no descriptors for the engine");
    }
    apr_cpystrn(address.sun_path, parent->socket, sizeof(address.sun_path));
    unlink(parent->socket);
    unlink(wf_engine_known_path(parent->state_dir, config_pool));
    old = umask(0177);
    rc = bind(parent->listen_fd, (struct sockaddr *)&address, sizeof(address));
    umask(old);
    if (rc != 0 || listen(parent->listen_fd, SOMAXCONN) != 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot listen on %s",
                            parent->socket);
    }
    return give_to_user(parent->socket, err);
}

static void close_socket(void)
{
    if (parent->listen_fd < 0) {
        return;
    }
    close(parent->listen_fd);
    close(parent->lifeline[0]);
    close(parent->lifeline[1]);
    parent->listen_fd = -1;
    unlink(parent->socket);
    unlink(wf_engine_known_path(parent->state_dir, config_pool));
}

/* ---- starting ---------------------------------------------------------------------------------- */

static void default_signals(void)
{
    static const int reset[] = { SIGTERM, SIGHUP, SIGINT, SIGSEGV, SIGABRT, SIGBUS,
                                 SIGCHLD, SIGFPE, SIGILL };
    static const int ignored[] = { SIGUSR1, SIGWINCH, SIGPIPE };
    sigset_t none;

    for (apr_size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++) {
        signal(reset[i], SIG_DFL);
    }
    for (apr_size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        signal(ignored[i], SIG_IGN);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void move_fd(int from, int to)
{
    if (from == to) {
        fcntl(to, F_SETFD, 0);
        return;
    }
    dup2(from, to);
}

/* In the forked child, until exec. The order matters: privileges first, because dropping
 * them clears the death signal; setsid, because prefork signals its whole group. */
static void become_engine(int binary, int seconds)
{
    const char *snapshot = wf_engine_snapshot_path(parent->state_dir, config_pool);
    char *argv[] = { "workflow-engine", "engine", "--config", (char *)snapshot,
                     "--listen-fd",     "3",      "--lifeline-fd", "4", NULL };
    /* Above the final numbers, so that no move overwrites what is still needed. */
    int exec_fd = fcntl(binary, F_DUPFD, FD_FIRST_UNUSED);
    int listen_fd = fcntl(parent->listen_fd, F_DUPFD, FD_FIRST_UNUSED);
    int lifeline = fcntl(parent->lifeline[0], F_DUPFD, FD_FIRST_UNUSED);

    default_signals();
    ap_close_listeners();
    if (exec_fd < 0 || listen_fd < 0 || lifeline < 0
        || ap_run_drop_privileges(config_pool, main_server) != 0) {
        _exit(70);
    }
    umask(0077);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent->owner) {
        _exit(0); /* the parent died before the death signal was set */
    }
    signal(SIGHUP, SIG_IGN); /* the configuration is read after the wait anyway */
    while (seconds > 0) {
        seconds = sleep(seconds);
    }
    signal(SIGHUP, SIG_DFL);
    move_fd(listen_fd, FD_LISTEN);
    move_fd(lifeline, FD_LIFELINE);
    move_fd(exec_fd, FD_BINARY);
    fcntl(FD_BINARY, F_SETFD, FD_CLOEXEC);
    closefrom(FD_FIRST_UNUSED);
    fexecve(FD_BINARY, argv, environ);
    _exit(71);
}

/* Seconds that the next engine has to wait before it starts. */
static int backoff(void)
{
    if (wf_mono_us() - parent->started >= STABLE_US) {
        parent->failures = 0;
        return 0;
    }
    if (parent->failures++ == 0) {
        return 0; /* one early death may be chance */
    }
    return parent->failures < 7 ? 1 << (parent->failures - 1) : MAX_BACKOFF_SECONDS;
}

/* httpd hands over an exit code or a signal's number and does not say which. */
static void log_death(int status, int seconds)
{
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, main_server,
                 "workflow engine (pid %ld) ended with status %d; the next one starts in %d "
                 "seconds",
                 (long)parent->proc.pid, status, seconds);
}

static int is_stopping(void)
{
    int state;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS
           && state == AP_MPMQ_STOPPING;
}

/* httpd tells what became of the engine. On a restart it says RESTART to every such child
 * that lives: the engine stays, it will get its SIGHUP from wf_parent_start. */
static void maintain(int reason, void *data, apr_wait_t status)
{
    wf_error_t err;
    int seconds;

    (void)data;
    if (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST) {
        return;
    }
    apr_proc_other_child_unregister(parent);
    if (is_stopping()) {
        parent->proc.pid = 0;
        return;
    }
    seconds = backoff();
    log_death(status, seconds);
    parent->proc.pid = 0;
    wf_error_init(&err, config_pool);
    if (spawn_engine(seconds, &err) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main_server,
                     "%s; restart httpd to try again", err.message);
    }
}

static apr_status_t spawn_engine(int seconds, wf_error_t *err)
{
    int binary = open(parent->binary, O_RDONLY | O_CLOEXEC);
    pid_t pid;

    if (binary < 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot open the engine's program %s",
                            parent->binary);
    }
    parent->started = wf_mono_us() + (apr_int64_t)seconds * 1000000;
    pid = fork();
    if (pid == 0) {
        become_engine(binary, seconds);
    }
    close(binary);
    if (pid < 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot fork the engine");
    }
    parent->proc.pid = pid;
    apr_proc_other_child_register(&parent->proc, maintain, parent, NULL, config_pool);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, main_server, "workflow engine started, pid %ld",
                 (long)pid);
    return APR_SUCCESS;
}

/* ---- stopping ----------------------------------------------------------------------------------- */

/* 1 once it is gone; a crash on its way out is worth a line. */
static int has_ended(pid_t pid)
{
    int status = 0;

    if (waitpid(pid, &status, WNOHANG) == 0) {
        return 0;
    }
    if (status != 0) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, main_server,
                     "workflow engine (pid %ld) %s %d while it stopped", (long)pid,
                     WIFSIGNALED(status) ? "died of signal" : "ended with",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    return 1;
}

static void stop_engine(void)
{
    pid_t pid = parent->proc.pid;
    apr_int64_t deadline = wf_mono_us() + (apr_int64_t)(parent->stop_timeout + 1) * 1000000;

    parent->proc.pid = 0;
    if (pid > 0 && !has_ended(pid)) {
        kill(pid, SIGTERM);
        while (!has_ended(pid)) {
            if (wf_mono_us() > deadline) {
                ap_log_error(APLOG_MARK, APLOG_ERR, 0, main_server,
                             "workflow engine (pid %ld) did not stop in %d s: killed",
                             (long)pid, parent->stop_timeout);
                kill(pid, SIGKILL);
                waitpid(pid, NULL, 0);
                break;
            }
            apr_sleep(10000);
        }
    }
    close_socket();
}

/* pconf goes at each restart and at the end; only the end stops the engine. */
static apr_status_t configuration_gone(void *data)
{
    (void)data;
    if (parent && getpid() == parent->owner
        && ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING) {
        stop_engine(); /* maintain was unregistered before: it hangs on pconf, too */
    }
    return APR_SUCCESS;
}

/* ---- entry ------------------------------------------------------------------------------------------ */

static int moved(const wf_engine_config_t *config)
{
    return parent->listen_fd >= 0
           && (strcmp(parent->state_dir, config->state_dir) != 0
               || strcmp(parent->store, config->store) != 0);
}

static apr_status_t remember(const wf_engine_config_t *config, const char *binary,
                             apr_pool_t *p, wf_error_t *err)
{
    const char *socket = wf_engine_socket_path(config->state_dir, p);

    if (strlen(socket) >= sizeof(parent->socket)
        || strlen(config->store) >= sizeof(parent->store)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "WorkflowStateDir %s is too long for a socket in it (%d bytes)",
                            config->state_dir, (int)sizeof(parent->socket) - 1);
    }
    apr_cpystrn(parent->state_dir, config->state_dir, sizeof(parent->state_dir));
    apr_cpystrn(parent->store, config->store, sizeof(parent->store));
    apr_cpystrn(parent->binary, binary, sizeof(parent->binary));
    apr_cpystrn(parent->socket, socket, sizeof(parent->socket));
    parent->stop_timeout = config->stop_timeout;
    return APR_SUCCESS;
}

static void retain(server_rec *s, apr_pool_t *pconf)
{
    parent = ap_retained_data_get(RETAINED_KEY);
    if (!parent) {
        parent = ap_retained_data_create(RETAINED_KEY, sizeof(*parent));
        parent->listen_fd = -1;
    }
    parent->owner = getpid(); /* httpd detaches between the first two passes */
    main_server = s;
    config_pool = pconf;
    apr_pool_cleanup_register(pconf, NULL, configuration_gone, apr_pool_cleanup_null);
}

/* A restart while the disk is full, by a rotation of logs perhaps, must not take
 * everything down: the engine goes on with the configuration that it has. 0 if there is
 * none. */
static int keep_old(server_rec *s, wf_error_t *err)
{
    if (parent->listen_fd < 0) {
        return 0;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                 "%s: the workflow engine keeps the configuration that it has",
                 err->message);
    wf_error_init(err, err->pool);
    return 1;
}

apr_status_t wf_parent_start(server_rec *s, const wf_engine_config_t *config,
                             const char *binary, apr_pool_t *pconf, wf_error_t *err)
{
    retain(s, pconf);
    if (moved(config)) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     "workflow store or state directory changed: the engine restarts");
        stop_engine();
    }
    if (remember(config, binary, pconf, err) != APR_SUCCESS
        || prepare_state_dir(config->state_dir, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (write_snapshot(config, pconf, err) != APR_SUCCESS && !keep_old(s, err)) {
        return WF_EFAILED;
    }
    if (parent->listen_fd < 0 && open_socket(err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (parent->proc.pid > 0 && !has_ended(parent->proc.pid)) {
        apr_proc_other_child_register(&parent->proc, maintain, parent, NULL, pconf);
        kill(parent->proc.pid, SIGHUP);
        return APR_SUCCESS;
    }
    return spawn_engine(0, err);
}

void wf_parent_stop(server_rec *s, apr_pool_t *pconf)
{
    if (!ap_retained_data_get(RETAINED_KEY)) {
        return;
    }
    retain(s, pconf);
    stop_engine();
}
