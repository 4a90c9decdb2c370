/* The engine process from its first line to its last: options, configuration, the order
 * in which the parts start, signals, and the order in which they stop.
 *
 * Start: log, store (migrations), ids, models, executor, committer, jobs, clean-up, load,
 *        streams, cluster, ipc loop.
 * Stop:  ipc takes no more commands and waits for the replies it owes; streams say
 * goodbye; clean-up, jobs and load tests end and leave their last units; the executor
 * drains; the committer writes what is queued; the store checkpoints. Whoever got a "yes"
 * finds it on disk. */
#include "engine/internal.h"
#include "database/database.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A snapshot is a page of JSON and the delegates; anything larger is something else. */
#define MAX_SNAPSHOT (64 * 1024 + 2 * WF_ENGINE_MAX_DELEGATES)

typedef struct options_t {
    const char *config;
    int listen_fd, lifeline_fd;
} options_t;

/* ---- signals: handlers only set a flag and wake the ipc loop -------------------------------- */

static wf_ipc_server_t *signalled_server;
static volatile sig_atomic_t want_stop, want_reload;

static void on_signal(int number)
{
    int saved = errno;

    if (number == SIGHUP) {
        want_reload = 1;
    }
    else {
        want_stop = 1;
    }
    if (signalled_server) {
        wf_ipc_server_wake(signalled_server);
    }
    errno = saved;
}

static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static void handle_signals(const sigset_t *signals)
{
    struct sigaction action = { .sa_handler = on_signal };

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}

/* The parent holds the other end: when it is gone, nobody can reach us any more. */
static void *watch_parent(void *data)
{
    struct pollfd lifeline = { .fd = *(int *)data, .events = POLLIN };

    while (poll(&lifeline, 1, -1) < 0 && errno == EINTR) {
    }
    kill(getpid(), SIGTERM);
    return NULL;
}

/* ---- configuration ------------------------------------------------------------------------------ */

static apr_status_t parse_options(options_t *options, int argc, const char *const *argv,
                                  wf_error_t *err)
{
    options->listen_fd = options->lifeline_fd = -1;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (value && !strcmp(argv[i], "--config")) {
            options->config = value;
        }
        else if (value && !strcmp(argv[i], "--listen-fd")) {
            options->listen_fd = atoi(value);
        }
        else if (value && !strcmp(argv[i], "--lifeline-fd")) {
            options->lifeline_fd = atoi(value);
        }
        else {
            return wf_error_set(err, WF_ERR_INVALID, "unknown option '%s'", argv[i]);
        }
    }
    if (!options->config || options->listen_fd < 0 || options->lifeline_fd < 0) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the engine is started by httpd, with --config, --listen-fd and "
                            "--lifeline-fd");
    }
    return APR_SUCCESS;
}

static apr_status_t read_config(wf_engine_config_t *config, const char *path, apr_pool_t *p,
                                wf_error_t *err)
{
    char *text = apr_palloc(p, MAX_SNAPSHOT);
    apr_size_t length = MAX_SNAPSHOT;
    apr_file_t *file;
    json_object *json;
    apr_status_t rv = apr_file_open(&file, path, APR_READ, 0, p);

    if (rv == APR_SUCCESS) {
        rv = apr_file_read(file, text, &length);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INVALID, rv, "cannot read %s", path);
    }
    rv = wf_json_parse(&json, text, length, p, err);
    if (rv == APR_SUCCESS) {
        rv = wf_engine_config_from_json(config, json, p, err);
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "%s", path);
}

/* Texts that were there before stay, as somebody may be reading them. */
static void apply_text(wf_engine_t *engine, const char **slot, const char *text)
{
    if (text && (!*slot || strcmp(*slot, text) != 0)) {
        __atomic_store_n(slot, apr_pstrdup(engine->pool, text), __ATOMIC_RELEASE);
    }
}

/* What may change while we run; the rest of the snapshot waits for the next start. */
static void apply_config(wf_engine_t *engine, const wf_engine_config_t *config)
{
    wf_log_set_level(config->log_level);
    __atomic_store_n(&engine->queue_limit, config->queue_limit, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->job_executor, config->job_executor, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->max_steps, config->max_steps, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->job_lease, config->job_lease, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->job_retries, config->job_retries, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->job_retry_wait, config->job_retry_wait, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->long_poll_limit, config->long_poll_limit, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->max_api_keys, config->max_api_keys, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->history,
                     config->history_level ? wf_history_level(config->history_level)
                                           : WF_HISTORY_DEFAULT,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&engine->min_free_disk, config->min_free_disk, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->max_store_size, config->max_store_size, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->history_days, config->history_days, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->executions_kept, config->executions_kept, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->executions_age, config->executions_age, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->answers_kept, config->idempotency_limit, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->answers_age, config->idempotency_age, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->max_rounds, config->max_rounds, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->max_running, config->max_running, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->max_variables, config->max_variables, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->max_value, config->max_value, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->archive_entries, config->archive_entries, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->archive_size, config->archive_size, __ATOMIC_RELAXED);
    __atomic_store_n(&engine->archive_ratio, config->archive_ratio, __ATOMIC_RELAXED);
    apply_text(engine, &engine->admin_group, config->admin_group);
    apply_text(engine, &engine->role_type, config->role_type);
}

static void reload(wf_engine_t *engine, const char *path)
{
    wf_engine_config_t config;
    apr_pool_t *p;
    wf_error_t err;

    apr_pool_create(&p, engine->pool);
    wf_error_init(&err, p);
    if (read_config(&config, path, p, &err) != APR_SUCCESS
        || wf_engine_log_open(config.log_file, &err) != APR_SUCCESS
        || wf_engine_set_outgoing(engine, &config, &err) != APR_SUCCESS
        || wf_engine_set_services(engine, &config, &err) != APR_SUCCESS) {
        wf_log(WF_LOG_ERR, "the configuration stays as it was: %s", err.message);
    }
    else {
        apply_config(engine, &config);
        wf_streams_set_limits(engine->streams, config.max_streams, config.max_tunnels);
        wf_jobs_wake(engine->jobs);
        wf_cleaner_wake(engine->cleaner);
        wf_log(WF_LOG_NOTICE, "configuration read again");
    }
    apr_pool_destroy(p);
}

/* ---- life ------------------------------------------------------------------------------------------ */

/* Has an engine before this one, of the same httpd, had this store open? */
static int is_known(const wf_engine_config_t *config, const char *link)
{
    char known[PATH_MAX];
    ssize_t n = readlink(link, known, sizeof(known));

    return n > 0 && (size_t)n == strlen(config->store)
           && memcmp(known, config->store, (size_t)n) == 0;
}

static void remember_store(const wf_engine_config_t *config, const char *link)
{
    unlink(link);
    if (symlink(config->store, link) != 0) {
        wf_log(WF_LOG_WARN,
               "%s cannot be written (%s): a store that is removed while "
               "httpd runs will not be missed",
               link, strerror(errno));
    }
}

static apr_status_t open_store(wf_engine_t *engine, wf_error_t *err)
{
    const wf_engine_config_t *config = &engine->config;
    const char *link = wf_engine_known_path(config->state_dir, engine->pool);
    int known = is_known(config, link);
    apr_status_t rv =
        wf_store_open(&engine->writer, config->store,
                      known ? WF_STORE_KNOWN : WF_STORE_WRITE, engine->pool, err);

    if (rv == APR_SUCCESS && !known) {
        remember_store(config, link);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_ids_create(&engine->ids, engine->writer, engine->pool, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_store_made(engine->writer, &engine->store_made, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_store_release_jobs(engine->writer, engine->node, err);
    }
    if (rv == APR_SUCCESS && config->demo_dir) {
        rv = wf_demo_import(engine, config->demo_dir, err);
    }
    return rv;
}

static apr_status_t start_parts(wf_engine_t *engine, int listen_fd, wf_error_t *err)
{
    const wf_engine_config_t *config = &engine->config;
    wf_ipc_server_options_t ipc = { .listen_fd = listen_fd,
                                    .frame_limit = config->frame_limit,
                                    .max_connections = config->max_connections,
                                    .handler = wf_engine_on_command,
                                    .baton = engine };
    wf_load_options_t load = { .loops = config->load_loops,
                               .workers = config->load_workers,
                               .max_executions = config->max_executions,
                               .max_vus = config->max_vus,
                               .max_rate = config->load_max_rate,
                               .progress = wf_engine_on_progress,
                               .baton = engine,
                               .permitted = wf_targets_permit };
    apr_status_t rv =
        wf_targets_parse(&engine->load_targets, config->load_targets, engine->pool, err);

    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "WorkflowLoadTargets");
    }
    load.permit_baton = engine->load_targets;
    engine->around = wf_surroundings_read(config, engine->pool);
    wf_db_global_init();

    engine->running = wf_running_create(engine->pool);
    engine->backups = wf_backups_create(engine);
    engine->keys_taken = wf_keys_create(engine->pool);
    engine->models = wf_models_create(config->model_cache, wf_engine_load_model, NULL,
                                      engine->pool);
    rv = wf_executor_create(&engine->executor, engine, err);
    if (rv == APR_SUCCESS) {
        rv = wf_committer_create(&engine->committer, engine, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_jobs_create(&engine->jobs, engine, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_cleaner_create(&engine->cleaner, engine, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_polls_create(&engine->polls, engine, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_load_create(&engine->load, &load, engine->pool, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_live_create(engine, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_cluster_create(engine, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_ipc_server_create(&engine->server, &ipc, engine->pool, err);
    }
    return rv;
}

/* On the ipc loop's thread after each wake. */
static void look_at_signals(void *baton)
{
    void **args = baton;
    wf_engine_t *engine = args[0];

    if (want_reload) {
        want_reload = 0;
        reload(engine, args[1]);
    }
    if (want_stop && !engine->stopping) {
        __atomic_store_n(&engine->stopping, 1, __ATOMIC_RELEASE);
        wf_log(WF_LOG_NOTICE, "stopping");
        wf_polls_stop(engine->polls);
        wf_ipc_server_stop(engine->server,
                           apr_time_from_sec((apr_time_t)engine->config.stop_timeout) / 2);
    }
}

static void stop_parts(wf_engine_t *engine)
{
    apr_int64_t half = (apr_int64_t)engine->config.stop_timeout * 500000;
    apr_int64_t deadline = wf_mono_us() + half;
    wf_error_t err;

    __atomic_store_n(&engine->stopping, 1, __ATOMIC_RELEASE);
    wf_polls_stop(engine->polls); /* whatever has ended the loop, none looks again */
    wf_streams_stop(engine->streams);
    wf_cleaner_destroy(engine->cleaner);
    wf_jobs_destroy(engine->jobs);
    if (engine->config.resume_executions) {
        wf_load_hold(engine->load, half / 4);
    }
    wf_cluster_stop(engine->cluster);
    wf_load_close(engine->load); /* works may still ask it, until the executor is gone */
    /* Delegates that do not answer must not take the time of the last commits. */
    wf_executor_drain(engine->executor, deadline - half / 2);
    __atomic_store_n(&engine->breaks_off, 1, __ATOMIC_RELEASE);
    wf_executor_drain(engine->executor, deadline);
    wf_committer_destroy(engine->committer);
    wf_executor_destroy(engine->executor);
    wf_live_destroy(engine->live);
    wf_cluster_destroy(engine->cluster);
    wf_load_destroy(engine->load);
    wf_polls_destroy(engine->polls);
    wf_error_init(&err, engine->pool);
    if (wf_store_checkpoint(engine->writer, &err) != APR_SUCCESS) {
        wf_log(WF_LOG_WARN, "%s", err.message);
    }
    wf_store_close(engine->writer);
    wf_backups_destroy(engine->backups); /* all else is safe if it takes too long */
}

static apr_status_t serve(wf_engine_t *engine, const options_t *options,
                          const sigset_t *signals, wf_error_t *err)
{
    void *args[] = { engine, (void *)options->config };
    pthread_t watcher;
    apr_status_t rv;

    rv = start_parts(engine, options->listen_fd, err);
    if (rv == APR_SUCCESS) {
        rv = wf_engine_restart_runs(engine, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (pthread_create(&watcher, NULL, watch_parent, (void *)&options->lifeline_fd) == 0) {
        pthread_detach(watcher);
    }
    signalled_server = engine->server;
    handle_signals(signals);
    wf_ipc_server_wake(engine->server); /* for a signal that came before the handlers */
    wf_log(WF_LOG_NOTICE, "ready: mod_workflow/%s, store %s", WF_VERSION,
           engine->config.store);
    rv = wf_ipc_server_run(engine->server, look_at_signals, args, err);
    stop_parts(engine);
    wf_log(WF_LOG_NOTICE, "stopped");
    return rv;
}

/* Streams and virtual users take a descriptor each; the usual soft limit is for programs
 * that use select. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static wf_engine_t *create_engine(apr_pool_t *p)
{
    wf_engine_t *engine = apr_pcalloc(p, sizeof(*engine));

    engine->pool = p;
    engine->started = wf_time_ms();
    return engine;
}

/* One name a state directory: its socket has one engine, which may follow another, but
 * never runs beside it. */
static void name_node(wf_engine_t *engine)
{
    char host[256] = "localhost";

    gethostname(host, sizeof(host) - 1);
    engine->node =
        apr_pstrcat(engine->pool, host, ":", engine->config.state_dir, NULL);
}

int wf_engine_main(int argc, const char *const *argv)
{
    static options_t options; /* the watcher thread reads it until the end */
    apr_pool_t *pool;
    wf_engine_t *engine;
    wf_error_t err;
    sigset_t signals;
    apr_status_t rv;
    int httpd_log = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

    prctl(PR_SET_NAME, "workflow-engine");
    apr_pool_create(&pool, NULL);
    wf_error_init(&err, pool);
    block_signals(&signals);
    allow_descriptors();
    engine = create_engine(pool);
    rv = parse_options(&options, argc, argv, &err);
    if (rv == APR_SUCCESS) {
        rv = read_config(&engine->config, options.config, pool, &err);
    }
    if (rv == APR_SUCCESS) {
        apply_config(engine, &engine->config);
        name_node(engine);
        rv = wf_engine_log_open(engine->config.log_file, &err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_client_global_init(&err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_engine_set_outgoing(engine, &engine->config, &err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_engine_set_services(engine, &engine->config, &err);
    }
    if (rv == APR_SUCCESS) {
        rv = open_store(engine, &err);
    }
    if (rv == APR_SUCCESS) {
        rv = serve(engine, &options, &signals, &err);
    }
    if (rv != APR_SUCCESS) {
        /* Also where httpd's administrator looks first. */
        wf_log(WF_LOG_ERR, "%s", err.message);
        dprintf(httpd_log, "workflow engine: %s\n", err.message);
    }
    return rv == APR_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
