/* Tasks of type shell: a program of the server, run without a shell in a process group of
 * its own. They are done only if the administrator has switched them on. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "bpmn/actions.h"
#include "bpmn/host.h"

#define ARGUMENTS 5 /* arg1 … arg5; in argv behind four of sh and the command */
#define PAUSE_MS 5  /* between looks at a program that is about to end */
#define LEFT_ALONE "\"$@\" &" /* for sh: what nobody waits for is init's child */

typedef struct run_t {
    const char *argv[ARGUMENTS + 5];
    const char *directory;
    int wait, redirect, clean;
    pid_t pid;
    int out; /* read end of its output */
    wf_buffer_t *output;
    apr_size_t limit;
    apr_int64_t deadline; /* wf_mono_us */
    const int *stop;
    int status; /* of waitpid */
} run_t;

/* ---- fields ------------------------------------------------------------------------------ */

static apr_status_t read_command(run_t *run, const wf_map_t *fields, apr_pool_t *p,
                                 wf_error_t *err)
{
    const char *command = wf_field_text(fields, "command", p);
    int n = 0, i;

    if (!command) {
        return wf_error_set(err, WF_ERR_EXECUTION, "field \"command\" is empty");
    }
    if (!run->wait) {
        run->argv[n++] = "/bin/sh";
        run->argv[n++] = "-c";
        run->argv[n++] = LEFT_ALONE;
        run->argv[n++] = "sh";
    }
    run->argv[n++] = command;
    for (i = 1; i <= ARGUMENTS; i++) {
        const char *argument = wf_field_text(fields, apr_psprintf(p, "arg%d", i), p);

        if (argument) {
            run->argv[n++] = argument;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t read_fields(run_t *run, const wf_map_t *fields, apr_pool_t *p,
                                wf_error_t *err)
{
    apr_status_t rv = wf_field_flag(fields, "wait", 1, &run->wait, err);

    if (rv == APR_SUCCESS) {
        rv = wf_field_flag(fields, "redirectError", 0, &run->redirect, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_field_flag(fields, "cleanEnv", 0, &run->clean, err);
    }
    run->directory = wf_field_text(fields, "directory", p);
    return rv == APR_SUCCESS ? read_command(run, fields, p, err) : rv;
}

/* ---- the process -------------------------------------------------------------------------- */

static void prepare_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, ours;

    sigemptyset(&none);
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &ours);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
                                             | POSIX_SPAWN_SETPGROUP);
}

/* It sees nothing of ours but its output. Returns errno. */
static int spawn(run_t *run, int out)
{
    static char *const nothing[] = { NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    prepare_signals(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (run->wait) {
        posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    }
    else {
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY,
                                         0);
    }
    if (run->redirect && run->wait) {
        posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    }
    else {
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                         0);
    }
    if (run->directory) {
        posix_spawn_file_actions_addchdir_np(&actions, run->directory);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    error = posix_spawnp(&run->pid, run->argv[0], &actions, &attributes,
                         (char *const *)run->argv, run->clean ? nothing : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static apr_status_t start(run_t *run, wf_error_t *err)
{
    int ends[2], error;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return wf_error_apr(err, WF_ERR_EXECUTION, errno, "no pipe for a program");
    }
    error = spawn(run, ends[1]);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return wf_error_apr(err, WF_ERR_EXECUTION, error, "cannot run %s",
                            run->argv[run->wait ? 0 : 4]);
    }
    run->out = ends[0];
    return APR_SUCCESS;
}

static int is_late(const run_t *run)
{
    return wf_mono_us() >= run->deadline
           || (run->stop && __atomic_load_n(run->stop, __ATOMIC_RELAXED));
}

/* ---- its output and its end ----------------------------------------------------------------- */

static apr_status_t take_output(run_t *run, int *more, wf_error_t *err)
{
    char bytes[4096];
    ssize_t n = read(run->out, bytes, sizeof(bytes));

    *more = n > 0 || (n < 0 && errno == EINTR);
    if (n > 0
        && (run->output->length + n > run->limit
            || !wf_buffer_append(run->output, bytes, n))) {
        return wf_error_set(err, WF_ERR_EXECUTION, "it writes more than %d bytes",
                            (int)run->limit);
    }
    return APR_SUCCESS;
}

static apr_status_t too_late(wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_EXECUTION, "it takes too long");
}

/* About once a second it is looked at whether the engine wants to stop. */
static apr_status_t read_output(run_t *run, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int more = 1;

    while (rv == APR_SUCCESS && more) {
        apr_int64_t left = (run->deadline - wf_mono_us()) / 1000;
        struct pollfd fd = { .fd = run->out, .events = POLLIN };

        if (is_late(run)) {
            return too_late(err);
        }
        if (poll(&fd, 1, left < 1000 ? (int)left + 1 : 1000) > 0) {
            rv = take_output(run, &more, err);
        }
    }
    return rv;
}

static apr_status_t reap(run_t *run, wf_error_t *err)
{
    while (waitpid(run->pid, &run->status, WNOHANG) == 0) {
        if (is_late(run)) {
            return too_late(err);
        }
        apr_sleep(PAUSE_MS * 1000);
    }
    return APR_SUCCESS;
}

/* Whatever it has started in its group goes with it. */
static void end(run_t *run)
{
    kill(-run->pid, SIGKILL);
    while (waitpid(run->pid, &run->status, 0) < 0 && errno == EINTR) {
    }
}

static apr_status_t follow(run_t *run, wf_error_t *err)
{
    apr_status_t rv = run->wait ? read_output(run, err) : APR_SUCCESS;

    if (rv == APR_SUCCESS) {
        rv = reap(run, err);
    }
    if (rv != APR_SUCCESS) {
        end(run);
    }
    close(run->out);
    return rv;
}

/* ---- the task ------------------------------------------------------------------------------- */

/* As Java tells it: a text, and 128 more than the signal that killed it. */
static const char *exit_code(const run_t *run, apr_pool_t *p)
{
    return apr_itoa(p, WIFEXITED(run->status) ? WEXITSTATUS(run->status)
                                              : 128 + WTERMSIG(run->status));
}

static apr_status_t keep(const run_t *run, const wf_host_t *seen, const wf_map_t *fields,
                         wf_error_t *err)
{
    wf_value_t output = wf_action_bytes(run->output->data, run->output->length);
    wf_value_t code = wf_string(exit_code(run, wf_uow_pool(seen->call->uow)));
    apr_status_t rv = wf_field_set(seen, fields, "outputVariable", &output, err);

    return rv == APR_SUCCESS ? wf_field_set(seen, fields, "errorCodeVariable", &code, err)
                             : rv;
}

static apr_int64_t deadline_of(const wf_services_t *services)
{
    apr_int64_t own =
        wf_mono_us() + (apr_int64_t)wf_action_timeout(services) * APR_USEC_PER_SEC;
    apr_int64_t call = services->terms.deadline;

    return call && call < own ? call : own;
}

apr_status_t wf_shell_run(const wf_host_t *seen, const wf_map_t *fields,
                          wf_outcome_t *outcome, wf_error_t *err)
{
    const wf_services_t *services = &seen->call->services;
    apr_pool_t *p = wf_uow_pool(seen->call->uow);
    run_t run = { .output = wf_buffer_create(p),
                  .limit = wf_action_max_bytes(services),
                  .deadline = deadline_of(services),
                  .stop = services->terms.stop };
    apr_status_t rv;

    if (!services->shell_task) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "tasks of type shell are switched off (WorkflowShellTask)");
    }
    rv = read_fields(&run, fields, p, err);
    if (rv == APR_SUCCESS) {
        wf_action_waits(services);
        rv = start(&run, err);
    }
    if (rv == APR_SUCCESS) {
        rv = follow(&run, err);
    }
    if (rv == APR_SUCCESS && run.wait) {
        rv = keep(&run, seen, fields, err);
    }
    if (rv != APR_SUCCESS) {
        outcome->failure = WF_FAILURE_PROGRAM;
        return wf_error_note(err, rv, "shell");
    }
    return APR_SUCCESS;
}
