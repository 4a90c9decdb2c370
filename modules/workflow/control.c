/* How executions are steered while they run: stop, pause, resume, scale; and the same as
 * one resource, the status, that is read and changed. */
#include "workflow/internal.h"

#include <string.h>

/* ---- commands ---------------------------------------------------------------------- */

apr_status_t wf_execution_send(wf_request_t *req, wf_command_e command,
                               const wf_run_t *run, json_object *args,
                               wf_ipc_reply_t *reply, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = command };

    if (!wf_request_repeats(req) && wf_run_is_final(run->status)) {
        return wf_error_set(err, WF_ERR_CONFLICT, "execution '%s' is %s", run->id,
                            run->status);
    }
    call.args = args ? args : wf_json_own(json_object_new_object(), req->pool);
    wf_json_add_string(call.args, "id", run->id);
    return wf_request_call(req, &call, reply, err);
}

/* clang-format off */
typedef struct control_t {
    wf_command_e command;
    const char *failure, *code, *success;
} control_t;

static const control_t
    stopping = { WF_CMD_STOP,   "Failed to stop execution",   "stop_failed",
                 "Execution stopped successfully" },
    pausing  = { WF_CMD_PAUSE,  "Failed to pause execution",  "pause_failed",
                 "Execution paused successfully" },
    resuming = { WF_CMD_RESUME, "Failed to resume execution", "resume_failed",
                 "Execution resumed successfully" },
    scaling  = { WF_CMD_SCALE,  "Failed to scale execution",  "scale_failed",
                 "Execution scaled successfully" };
/* clang-format on */

/* A scenario that does not exist is the client's mistake; all else says that the
 * execution cannot do that now. An engine that cannot be asked is another matter. */
static apr_status_t control(wf_request_t *req, const control_t *what, const wf_run_t *run,
                            json_object *args, wf_error_t *err)
{
    wf_ipc_reply_t reply = { 0 };
    apr_status_t rv = wf_execution_send(req, what->command, run, args, &reply, err);

    if (rv == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    wf_error_note(err, rv, "%s", what->failure);
    if (err->field) {
        return wf_fail_as(req, 400, "invalid_request");
    }
    return err->kind == WF_ERR_UNAVAILABLE && !reply.json
               ? rv
               : wf_fail_as(req, 500, what->code);
}

/* What has been told to do this already may be gone. */
static apr_status_t control_and_respond(wf_request_t *req, const control_t *what,
                                        json_object *args, wf_error_t *err)
{
    wf_run_t known = { .id = wf_request_var(req, "id") }, *run = &known;
    apr_status_t rv =
        wf_request_repeats(req) ? APR_SUCCESS : wf_execution_find(req, &run, err);

    if (rv == APR_SUCCESS) {
        rv = control(req, what, run, args, err);
    }
    return rv == APR_SUCCESS ? wf_respond_done(req, what->success) : rv;
}

apr_status_t wf_execution_stop(wf_request_t *req, wf_error_t *err)
{
    return control_and_respond(req, &stopping, NULL, err);
}

apr_status_t wf_execution_pause(wf_request_t *req, wf_error_t *err)
{
    return control_and_respond(req, &pausing, NULL, err);
}

apr_status_t wf_execution_resume(wf_request_t *req, wf_error_t *err)
{
    return control_and_respond(req, &resuming, NULL, err);
}

/* A whole number of users that is at least 0; *args are those of the command. */
static apr_status_t read_vus(wf_request_t *req, json_object *body, const char *name,
                             json_object **args, wf_error_t *err)
{
    json_object *vus = wf_json_get(body, name), *scenario = wf_json_get(body, "scenario");

    if (!json_object_is_type(vus, json_type_int) || json_object_get_int64(vus) < 0) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "'%s' must be a whole number, at least 0", name);
    }
    if (scenario && !json_object_is_type(scenario, json_type_string)) {
        return wf_error_field(err, WF_ERR_INVALID, "scenario",
                              "'scenario' must be a string");
    }
    *args = wf_json_own(json_object_new_object(), req->pool);
    json_object_object_add(*args, "target_vus", json_object_get(vus));
    if (scenario) {
        json_object_object_add(*args, "scenario", json_object_get(scenario));
    }
    return APR_SUCCESS;
}

apr_status_t wf_execution_scale(wf_request_t *req, wf_error_t *err)
{
    json_object *body, *args;
    apr_status_t rv;

    if ((rv = wf_request_require_json(req, err)) != APR_SUCCESS
        || (rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = read_vus(req, body, "target_vus", &args, err)) != APR_SUCCESS) {
        return rv;
    }
    return control_and_respond(req, &scaling, args, err);
}

/* ---- the same as a resource ---------------------------------------------------------- */

static apr_status_t respond_status(wf_request_t *req, wf_error_t *err)
{
    json_object *live, *data, *o;
    const char *status;
    wf_run_t *run;
    apr_status_t rv = wf_execution_find(req, &run, err);

    if (rv == APR_SUCCESS) {
        rv = wf_execution_ask(req, WF_CMD_LOAD_STATUS, &run, &live, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!run) {
        return wf_no_execution(wf_request_var(req, "id"), err);
    }
    live = wf_json_own(live ? live : wf_run_live_to_json(run, req->pool), req->pool);
    status = wf_json_string(live, "status", run->status);
    data = wf_json_get(live, WF_RUN_LIVE);
    o = json_object_new_object();
    wf_json_add_string(o, "execution_id", run->id);
    wf_json_add_string(o, "workflow_id", run->workflow_id);
    wf_json_add_string(o, "status", status);
    wf_json_add_bool(o, "running", strcmp(status, "running") == 0);
    wf_json_add_bool(o, "paused", strcmp(status, "paused") == 0);
    wf_json_add_bool(o, "stopped", wf_run_is_final(status));
    wf_json_add_int(o, "vus", wf_json_int(data, "vus", 0));
    json_object_object_add(o, "progress", json_object_get(wf_json_get(data, "progress")));
    wf_json_add_int(o, "iterations", wf_json_int(data, "iteration", 0));
    return wf_respond_json(req, 200, o);
}

apr_status_t wf_perf_status(wf_request_t *req, wf_error_t *err)
{
    return respond_status(req, err);
}

typedef struct change_t {
    int paused, stopped; /* -1: not given */
    json_object *scale;  /* arguments, or NULL */
} change_t;

static apr_status_t read_flag(json_object *body, const char *name, int *flag,
                              wf_error_t *err)
{
    json_object *member = wf_json_get(body, name);

    *flag = -1;
    if (member && !json_object_is_type(member, json_type_boolean)) {
        return wf_error_field(err, WF_ERR_INVALID, name, "'%s' must be true or false",
                              name);
    }
    *flag = member ? json_object_get_boolean(member) : -1;
    return APR_SUCCESS;
}

static apr_status_t read_change(wf_request_t *req, change_t *change, wf_error_t *err)
{
    json_object *body;
    apr_status_t rv;

    change->scale = NULL;
    if ((rv = wf_request_require_json(req, err)) != APR_SUCCESS
        || (rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = read_flag(body, "paused", &change->paused, err)) != APR_SUCCESS
        || (rv = read_flag(body, "stopped", &change->stopped, err)) != APR_SUCCESS) {
        return rv;
    }
    if (wf_json_get(body, "vus")
        && (rv = read_vus(req, body, "vus", &change->scale, err)) != APR_SUCCESS) {
        return rv;
    }
    if (change->stopped == 0) {
        return wf_error_field(err, WF_ERR_INVALID, "stopped",
                              "'stopped' can only become true");
    }
    if (change->paused < 0 && change->stopped < 0 && !change->scale) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "at least one of 'vus', 'paused' and 'stopped' is needed");
    }
    return APR_SUCCESS;
}

/* What is so already is no failure: the client says how it shall be. */
static apr_status_t make_change(wf_request_t *req, const change_t *change,
                                const wf_run_t *run, wf_error_t *err)
{
    int is_paused = strcmp(run->status, "paused") == 0;
    apr_status_t rv = APR_SUCCESS;

    if (change->paused >= 0 && change->paused != is_paused) {
        rv = control(req, change->paused ? &pausing : &resuming, run, NULL, err);
    }
    if (rv == APR_SUCCESS && change->scale) {
        rv = control(req, &scaling, run, change->scale, err);
    }
    if (rv == APR_SUCCESS && change->stopped > 0 && !wf_run_is_final(run->status)) {
        rv = control(req, &stopping, run, NULL, err);
    }
    return rv;
}

apr_status_t wf_perf_change(wf_request_t *req, wf_error_t *err)
{
    change_t change;
    wf_run_t *run;
    apr_status_t rv = wf_execution_find(req, &run, err);

    if (rv == APR_SUCCESS) {
        rv = read_change(req, &change, err);
    }
    if (rv == APR_SUCCESS) {
        rv = make_change(req, &change, run, err);
    }
    return rv == APR_SUCCESS ? respond_status(req, err) : rv;
}

/* The figures of this moment, as a stream shows them. */
apr_status_t wf_perf_realtime(wf_request_t *req, wf_error_t *err)
{
    json_object *live, *o;
    wf_run_t *run;
    apr_status_t rv = wf_execution_find(req, &run, err);

    if (rv == APR_SUCCESS) {
        rv = wf_execution_ask(req, WF_CMD_LOAD_STATUS, &run, &live, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!run) {
        return wf_no_execution(wf_request_var(req, "id"), err);
    }
    live = wf_json_own(live ? live : wf_run_live_to_json(run, req->pool), req->pool);
    o = json_object_new_object();
    wf_json_add_string(o, "execution_id", run->id);
    wf_json_add_string(o, "status", wf_json_string(live, "status", run->status));
    wf_json_add_string(o, "timestamp", wf_time_utc(wf_time_ms(), req->pool));
    json_object_object_foreach(wf_json_get(live, WF_RUN_LIVE), name, member)
    {
        json_object_object_add(o, name, json_object_get(member));
    }
    return wf_respond_json(req, 200, o);
}
