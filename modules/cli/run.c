/* workflow-engine run: a workflow file on this machine's own load engine, progress twice
 * a second, a summary at the end. SIGINT and SIGTERM stop the run gracefully, a second
 * one cuts it. */
#include "cli/internal.h"
#include "client/client.h"
#include "metrics/metrics.h"
#include "steps/steps.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SHOW_EVERY_MS 500
#define MAX_FILE (4 * 1024 * 1024)
#define EXECUTION "local"

/* ---- options ----------------------------------------------------------------------- */

typedef struct run_options_t {
    apr_int64_t vus, iterations;
    const char *duration, *mode, *out_json, *baseline, *segment, *sequence, *config;
    wf_option_texts_t out;
    int quiet, debug, help;
} run_options_t;

const wf_option_t wf_cli_run_options[] = {
    /* clang-format off */
    { "vus",        "u",  WF_OPTION_NUMBER, offsetof(run_options_t, vus),        "N",
      "virtual users, instead of the file's" },
    { "duration",   "d",  WF_OPTION_TEXT,   offsetof(run_options_t, duration),   "TIME",
      "how long, such as 30s or 1m30s" },
    { "iterations", "i",  WF_OPTION_NUMBER, offsetof(run_options_t, iterations), "N",
      "how many iterations" },
    { "mode",       NULL, WF_OPTION_TEXT,   offsetof(run_options_t, mode),       "NAME",
      "execution mode" },
    { "quiet",      "q",  WF_OPTION_FLAG,   offsetof(run_options_t, quiet),      NULL,
      "print nothing but errors" },
    { "debug",      NULL, WF_OPTION_FLAG,   offsetof(run_options_t, debug),      NULL,
      "log what the engine does, too" },
    { "out-json",   NULL, WF_OPTION_TEXT,   offsetof(run_options_t, out_json),   "FILE",
      "write the result as JSON" },
    { "out",        "o",  WF_OPTION_TEXTS,  offsetof(run_options_t, out),        "TYPE=TARGET",
      "one more output: json=FILE, influxdb=URL …" },
    { "baseline",   NULL, WF_OPTION_TEXT,   offsetof(run_options_t, baseline),   "FILE",
      "compare with a run's report (JSON)" },
    { "execution-segment", NULL, WF_OPTION_TEXT, offsetof(run_options_t, segment),
      "FROM:TO", "run only this part of all users and iterations, such as 1/3:2/3" },
    { "execution-segment-sequence", NULL, WF_OPTION_TEXT, offsetof(run_options_t, sequence),
      "POINTS", "where the parts of all machines begin and end: 0,1/3,2/3,1" },
    { "config",     NULL, WF_OPTION_TEXT,   offsetof(run_options_t, config),     "FILE",
      "configuration: where and how to log" },
    { "help",       "h",  WF_OPTION_FLAG,   offsetof(run_options_t, help),       NULL,
      "print this text" },
    WF_OPTIONS_END
    /* clang-format on */
};

static int usage(FILE *out)
{
    fputs("Usage: workflow-engine run [options] <file.yaml>\n\n", out);
    if (out == stdout) {
        wf_options_print(wf_cli_run_options);
    }
    return out == stdout ? WF_EXIT_OK : WF_EXIT_FAILED;
}

static int fail(const wf_error_t *err)
{
    fprintf(stderr, "workflow-engine: %s\n", err->message);
    return WF_EXIT_FAILED;
}

/* ---- the plan ---------------------------------------------------------------------- */

apr_status_t wf_file_read(const char **text, apr_size_t *length, const char *path,
                          apr_pool_t *p, wf_error_t *err)
{
    char *buffer = apr_palloc(p, MAX_FILE + 1);
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ, 0, p);

    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, buffer, MAX_FILE + 1, length);
        apr_file_close(file);
    }
    if (rv != APR_EOF && rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INVALID, rv, "reading %s", path);
    }
    if (*length > MAX_FILE) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "%s is larger than %d bytes", path,
                            MAX_FILE);
    }
    *text = buffer;
    return APR_SUCCESS;
}

/* Who runs a file on the command line may show it its own environment. */
static const char *find_env(void *baton, const char *name)
{
    (void)baton;
    return getenv(name);
}

/* Files that a document names lie beside it. */
static const wf_surroundings_t *surroundings_of(const char *path, apr_pool_t *p)
{
    wf_surroundings_t *around = apr_pcalloc(p, sizeof(*around));
    const char *slash = strrchr(path, '/');

    around->steps = &wf_steps;
    around->env = find_env;
    around->output_directory = ""; /* the user's own files */
    around->directory = slash ? apr_pstrmemdup(p, path, slash - path + 1) : ".";
    return around;
}

/* The report of an execution, as a server has given it. */
static apr_status_t read_figures(const char **figures, const char *path, apr_pool_t *p,
                                 wf_error_t *err)
{
    const char *text = NULL;
    apr_size_t length = 0;
    json_object *report, *found;
    apr_status_t rv = wf_file_read(&text, &length, path, p, err);

    if (rv == APR_SUCCESS) {
        rv = wf_json_read(&report, text, length, p, err);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "%s", path);
    }
    found = wf_json_own(wf_figures(report, p), p);
    if (json_object_object_length(wf_json_get(found, "figures")) == 0) {
        return wf_error_set(err, WF_ERR_INVALID, "%s is no report of an execution", path);
    }
    *figures = wf_json_text(found, NULL, p);
    return APR_SUCCESS;
}

/* Executions of a server are not known here. */
static apr_status_t add_baseline(wf_plan_t *plan, const run_options_t *o, apr_pool_t *p,
                                 wf_error_t *err)
{
    const char *figures = NULL;
    apr_status_t rv;

    if (o->baseline == NULL || *o->baseline == '\0') {
        if (wf_plan_baseline(plan) != NULL) {
            fprintf(
                stderr,
                "workflow-engine: options.baseline: nothing is compared with %s; give "
                "its report with -baseline\n",
                wf_plan_baseline(plan));
        }
        return APR_SUCCESS;
    }
    rv = read_figures(&figures, o->baseline, p, err);
    return rv == APR_SUCCESS ? wf_plan_compare(plan, figures, err) : rv;
}

/* json=a.json, or a type alone with its usual target. Files that somebody names here are
 * meant to be written. */
static apr_status_t add_outputs(wf_plan_t *plan, const wf_option_texts_t *out,
                                apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < out->count; i++) {
        const char *text = out->texts[i], *target = strchr(text, '=');
        const char *type = target ? apr_pstrmemdup(p, text, target - text) : text;

        rv = wf_plan_add_output(plan, type, target ? target + 1 : NULL, err);
        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "-out %s", text);
        }
    }
    return rv;
}

/* Numbers and texts that were not given leave the file's value. */
static apr_status_t make_plan(wf_plan_t **plan, const char *path, const run_options_t *o,
                              apr_pool_t *p, wf_error_t *err)
{
    wf_problems_t *problems = wf_problems_create(path, p);
    const char *text = NULL;
    apr_size_t length = 0;
    apr_status_t rv = wf_file_read(&text, &length, path, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_plan_read(plan, text, length, NULL, surroundings_of(path, p), problems, p);
    if (problems->items->nelts > 0 && (problems->errors > 0 || !o->quiet)) {
        fprintf(stderr, "%s\n", wf_problems_text(problems, p));
    }
    if (*plan == NULL) {
        return wf_error_set(err, WF_ERR_INVALID, "%s is no valid workflow: %d %s", path,
                            problems->errors,
                            problems->errors == 1 ? "problem" : "problems");
    }
    if (add_baseline(*plan, o, p, err) != APR_SUCCESS
        || add_outputs(*plan, &o->out, p, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    rv =
        wf_plan_override(*plan, o->mode && *o->mode ? o->mode : NULL,
                         o->vus > 0 ? o->vus : -1, o->iterations > 0 ? o->iterations : -1,
                         o->duration && *o->duration ? o->duration : NULL, err);
    if (rv == APR_SUCCESS && o->segment && *o->segment) {
        rv = wf_take_segment(*plan, o->segment, o->sequence, p, err);
    }
    return rv;
}

/* A virtual user needs a connection: take as many descriptors as the system allows. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* ---- running ----------------------------------------------------------------------- */

typedef struct runner_t {
    apr_pool_t *pool;
    wf_load_t *load;
    int signals, ended; /* signalfd; eventfd that the final progress call raises */
    int interrupted;    /* signals seen */

    pthread_mutex_t lock; /* of final, written by the progress thread */
    wf_run_snapshot_t final;
    json_object *report; /* the final one */
} runner_t;

/* Keeps what the final call shows: its memory is gone when it returns. */
static void on_progress(void *baton, const wf_run_snapshot_t *snapshot)
{
    runner_t *runner = baton;
    uint64_t one = 1;

    if (!wf_run_status_final(snapshot->status)) {
        return;
    }
    pthread_mutex_lock(&runner->lock);
    runner->final = *snapshot;
    runner->final.id = runner->final.workflow_id = NULL;
    runner->report = json_object_get(snapshot->record->report);
    json_object_get(snapshot->metrics);
    json_object_get(snapshot->errors);
    pthread_mutex_unlock(&runner->lock);
    if (write(runner->ended, &one, sizeof(one)) < 0) {
        perror("workflow-engine: eventfd");
    }
}

/* Signals are read from a descriptor; the load engine's threads block them anyway. */
static apr_status_t open_descriptors(runner_t *runner, wf_error_t *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    runner->signals = signalfd(-1, &set, SFD_CLOEXEC);
    runner->ended = eventfd(0, EFD_CLOEXEC);
    if (runner->signals < 0 || runner->ended < 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno),
                            "opening descriptors");
    }
    return APR_SUCCESS;
}

static void on_signal(runner_t *runner)
{
    struct signalfd_siginfo info;
    wf_error_t err;

    if (read(runner->signals, &info, sizeof(info)) != sizeof(info)) {
        return;
    }
    wf_error_init(&err, runner->pool);
    runner->interrupted++;
    /* Refused if the run ends by itself at this moment: then that is what happens. */
    wf_load_stop(runner->load, EXECUTION, &err);
}

static void show(runner_t *runner, apr_pool_t *p)
{
    wf_run_snapshot_t snapshot;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_load_snapshot(runner->load, EXECUTION, &snapshot, p, &err) == APR_SUCCESS) {
        wf_show_progress(&snapshot, p);
    }
}

/* Until the run has ended, or a second signal came. */
static void wait_for_end(runner_t *runner, int quiet)
{
    struct pollfd fds[] = { { .fd = runner->ended, .events = POLLIN },
                            { .fd = runner->signals, .events = POLLIN } };
    apr_int64_t next = wf_mono_us() + SHOW_EVERY_MS * 1000;
    apr_pool_t *p;

    apr_pool_create(&p, runner->pool);
    while (runner->interrupted < 2) {
        apr_int64_t left = (next - wf_mono_us()) / 1000;

        if (poll(fds, 2, left > 0 ? (int)left : 0) > 0) {
            if (fds[0].revents & POLLIN) {
                break;
            }
            if (fds[1].revents & POLLIN) {
                on_signal(runner);
            }
        }
        if (wf_mono_us() >= next) {
            next += SHOW_EVERY_MS * 1000;
            if (!quiet) {
                show(runner, p);
            }
            apr_pool_clear(p);
        }
    }
    apr_pool_destroy(p);
}

/* The plan's pool passes to the load engine. */
static apr_status_t execute(runner_t *runner, wf_plan_t *plan, apr_pool_t *plan_pool,
                            int quiet, wf_error_t *err)
{
    wf_load_options_t load_options = {
        .max_executions = 1, .max_vus = INT_MAX, .progress = on_progress, .baton = runner
    };
    apr_status_t rv = wf_client_global_init(err);

    if (rv == APR_SUCCESS) {
        rv = open_descriptors(runner, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_load_create(&runner->load, &load_options, runner->pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = wf_load_start(runner->load, plan, plan_pool, EXECUTION, err);
    if (rv == APR_SUCCESS) {
        wait_for_end(runner, quiet);
    }
    wf_load_destroy(runner->load); /* after this the final snapshot is there */
    if (rv == APR_SUCCESS) {
        wf_json_own(runner->final.metrics, runner->pool);
        wf_json_own(runner->final.errors, runner->pool);
        wf_json_own(runner->report, runner->pool);
    }
    return rv;
}

static int exit_code(const runner_t *runner)
{
    if (runner->interrupted > 0) {
        return WF_EXIT_INTERRUPTED;
    }
    return runner->final.status == WF_RUN_COMPLETED
                   && runner->final.thresholds_failed == 0
               ? WF_EXIT_OK
               : WF_EXIT_FAILED;
}

static int run(const char *path, const run_options_t *o, apr_pool_t *p)
{
    runner_t runner = { .pool = p, .lock = PTHREAD_MUTEX_INITIALIZER };
    apr_pool_t *plan_pool;
    wf_plan_t *plan = NULL;
    wf_error_t err;
    const char *id, *name;

    wf_error_init(&err, p);
    apr_pool_create(&plan_pool, NULL);
    if (make_plan(&plan, path, o, plan_pool, &err) != APR_SUCCESS) {
        return fail(&err);
    }
    id = apr_pstrdup(p, wf_plan_id(plan)); /* the plan goes with the run */
    name = apr_pstrdup(p, wf_plan_name(plan));
    if (!o->quiet) {
        wf_show_banner(plan, p);
    }
    raise_descriptor_limit();
    if (execute(&runner, plan, plan_pool, o->quiet, &err) != APR_SUCCESS) {
        return fail(&err);
    }
    runner.final.id = EXECUTION;
    runner.final.workflow_id = id;
    if (!o->quiet) {
        wf_show_summary(&runner.final, runner.report, p);
    }
    if (o->out_json != NULL
        && wf_write_summary(o->out_json, &runner.final, name, p, &err) != APR_SUCCESS) {
        return fail(&err);
    }
    return exit_code(&runner);
}

/* The log has what scripts say, too. */
static int begin_log(const run_options_t *o, apr_pool_t *p)
{
    const char *config = o->config && *o->config ? o->config : NULL;
    wf_settings_t settings;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_settings_load(&settings, config, 0, p, &err) != APR_SUCCESS
        || wf_logging_begin(&settings, &err) != APR_SUCCESS) {
        return fail(&err);
    }
    if (o->debug || o->quiet) {
        wf_log_set_level(o->debug ? WF_LOG_DEBUG : WF_LOG_ERR);
    }
    return WF_EXIT_OK;
}

int wf_cli_run(int argc, const char *const *argv)
{
    run_options_t o = { 0 };
    apr_pool_t *p;
    int rest = 1, code;

    code = wf_options_read(wf_cli_run_options, &o, argc, argv, &rest);
    if (code != WF_EXIT_OK) {
        return code;
    }
    if (o.help) {
        return usage(stdout);
    }
    if (argc - rest != 1) {
        return usage(stderr);
    }
    apr_pool_create(&p, NULL);
    code = begin_log(&o, p);
    if (code == WF_EXIT_OK) {
        code = run(argv[rest], &o, p);
    }
    apr_pool_destroy(p);
    return code;
}
