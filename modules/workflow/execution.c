/* Executions: lists, one of them, its metrics; and how to find and stop them by the id of
 * the workflow.
 *
 * The record in the store says whether an execution has ended. Only a live one is asked
 * of the engine, which knows its state to the moment; if the engine is away or the
 * execution ended meanwhile, the record (its last checkpoint) is the answer. */
#include "workflow/internal.h"

#include <apr_strings.h>
#include <string.h>

#define LIST_MAX 10000 /* executions of one list answer: all that are kept by default */
#define LIVE_TIMEOUT apr_time_from_sec(2) /* then the last checkpoint has to do */
#define STOPS_MAX 1000 /* live executions of one workflow that one call stops */

/* ---- records ----------------------------------------------------------------------- */

apr_status_t wf_execution_load(wf_request_t *req, const char *id, wf_run_t **run,
                               wf_error_t *err)
{
    wf_store_t *store = wf_request_store(req, err);

    *run = NULL;
    return store ? wf_store_get_by_key(store, WF_TABLE_RUN, id, run, req->pool, err)
                 : WF_EFAILED;
}

apr_status_t wf_no_execution(const char *id, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_NOT_FOUND, "no execution with id '%s'", id);
}

apr_status_t wf_execution_ask(wf_request_t *req, wf_command_e command, wf_run_t **run,
                              json_object **live, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = command, .timeout = LIVE_TIMEOUT };
    wf_ipc_reply_t reply;
    wf_error_t failure;

    *live = NULL;
    if (wf_run_is_final((*run)->status)) {
        return APR_SUCCESS;
    }
    call.args = wf_json_own(json_object_new_object(), req->pool);
    wf_json_add_string(call.args, "id", (*run)->id);
    wf_error_init(&failure, req->pool);
    if (wf_request_call(req, &call, &reply, &failure) == APR_SUCCESS) {
        *live = json_object_get(reply.json);
        return APR_SUCCESS;
    }
    if (failure.kind != WF_ERR_NOT_FOUND && failure.kind != WF_ERR_UNAVAILABLE) {
        wf_error_copy(err, &failure);
        return WF_EFAILED;
    }
    return wf_execution_load(req, (*run)->id, run, err);
}

/* ---- one execution ----------------------------------------------------------------- */

apr_status_t wf_execution_find(wf_request_t *req, wf_run_t **run, wf_error_t *err)
{
    const char *id = wf_request_var(req, "id");
    apr_status_t rv = wf_execution_load(req, id, run, err);

    return rv == APR_SUCCESS && !*run ? wf_no_execution(id, err) : rv;
}

apr_status_t wf_execution_get(wf_request_t *req, wf_error_t *err)
{
    json_object *live;
    wf_run_t *run;
    apr_status_t rv;

    if ((rv = wf_execution_find(req, &run, err)) != APR_SUCCESS
        || (rv = wf_execution_ask(req, WF_CMD_EXECUTION, &run, &live, err)) != APR_SUCCESS) {
        return rv;
    }
    if (!live && !run) {
        return wf_no_execution(wf_request_var(req, "id"), err); /* deleted meanwhile */
    }
    return wf_respond_json(req, 200, live ? live : wf_run_to_json(run, 1, req->pool));
}

apr_status_t wf_execution_metrics(wf_request_t *req, wf_error_t *err)
{
    json_object *live;
    wf_run_t *run;
    apr_status_t rv;

    if ((rv = wf_execution_find(req, &run, err)) != APR_SUCCESS
        || (rv = wf_execution_ask(req, WF_CMD_METRICS, &run, &live, err)) != APR_SUCCESS) {
        return rv;
    }
    if (!live && !run) {
        return wf_no_execution(wf_request_var(req, "id"), err);
    }
    return wf_respond_json(req, 200,
                           live ? live : wf_run_metrics_to_json(run, req->pool));
}

/* ---- streams ----------------------------------------------------------------------- */

static json_object *stream_args(wf_request_t *req, const char *format)
{
    json_object *args = wf_json_own(json_object_new_object(), req->pool);

    wf_json_add_string(args, "id", wf_request_var(req, "id"));
    wf_json_add_string(args, "format", format);
    return args;
}

/* An id that is not known is told over the WebSocket, where a page can read it: of an
 * ordinary answer it would see nothing but that the WebSocket has failed. */
apr_status_t wf_execution_websocket(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_websocket(req, stream_args(req, "data"), err);
}

apr_status_t wf_execution_metrics_stream(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_websocket(req, stream_args(req, "metrics"), err);
}

apr_status_t wf_execution_events(wf_request_t *req, wf_error_t *err)
{
    wf_run_t *run;
    apr_status_t rv = wf_execution_find(req, &run, err);

    return rv == APR_SUCCESS ? wf_respond_events(req, stream_args(req, "data"), err) : rv;
}

/* ---- lists ------------------------------------------------------------------------- */

static apr_status_t read_range(wf_request_t *req, wf_page_t *page, wf_error_t *err)
{
    apr_int64_t limit = LIST_MAX, offset = 0;
    apr_status_t rv;

    if ((rv = wf_query_int(req->query, "limit", &limit, err)) != APR_SUCCESS
        || (rv = wf_query_int(req->query, "offset", &offset, err)) != APR_SUCCESS) {
        return rv;
    }
    if (limit < 0 || limit > LIST_MAX) {
        return wf_error_field(err, WF_ERR_INVALID, "limit",
                              "query parameter 'limit' must be 0 to %d", LIST_MAX);
    }
    if (offset < 0) {
        return wf_error_field(err, WF_ERR_INVALID, "offset",
                              "query parameter 'offset' must not be negative");
    }
    page->start = offset;
    page->size = limit;
    return APR_SUCCESS;
}

apr_status_t wf_execution_list(wf_request_t *req, wf_error_t *err)
{
    const char *status = wf_query_text(req->query, "status");
    wf_filter_t filters[] = {
        { "status", wf_string(status) },
        { "workflow", wf_string(wf_query_text(req->query, "workflow")) },
    };
    json_object *o, *executions;
    wf_page_t page = { 0 };
    wf_rows_t rows;
    wf_store_t *store;
    apr_status_t rv;

    if ((rv = read_range(req, &page, err)) != APR_SUCCESS) {
        return rv;
    }
    if (status && !wf_run_is_status(status)) {
        return wf_error_field(err, WF_ERR_INVALID, "status",
                              "query parameter 'status': '%s' is no status", status);
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    rv = wf_store_list(store, WF_LIST_RUN_HEADS, filters, 2, &page, &rows, req->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    executions = json_object_new_array();
    for (int i = 0; i < rows.rows->nelts; i++) {
        json_object_array_add(
            executions,
            wf_run_to_json(APR_ARRAY_IDX(rows.rows, i, const wf_run_t *), 0, req->pool));
    }
    o = json_object_new_object();
    json_object_object_add(o, "executions", executions);
    wf_json_add_int(o, "total", rows.total);
    return wf_respond_json(req, 200, o);
}

/* ---- by workflow ------------------------------------------------------------------- */

/* The executions of the workflow that the path names, newest first. live: only those that
 * have not ended. */
static apr_status_t list_runs(wf_request_t *req, int live, apr_int64_t limit,
                              apr_array_header_t **runs, wf_error_t *err)
{
    wf_filter_t filters[] = {
        { "workflow", wf_string(wf_request_var(req, "id")) },
        { "live", wf_boolean(live) },
    };
    wf_page_t page = { .size = limit };
    wf_store_t *store = wf_request_store(req, err);
    wf_rows_t rows;
    apr_status_t rv = WF_EFAILED;

    if (store) {
        rv = wf_store_list(store, WF_LIST_RUN_HEADS, filters, 2, &page, &rows, req->pool,
                           err);
    }
    *runs = rv == APR_SUCCESS ? rows.rows : NULL;
    return rv;
}

/* The latest execution of a workflow id; or the one execution with that id. */
static apr_status_t find_run(wf_request_t *req, wf_run_t **run, wf_error_t *err)
{
    const char *id = wf_request_var(req, "id");
    apr_array_header_t *runs;
    apr_status_t rv = list_runs(req, 0, 1, &runs, err);

    if (rv == APR_SUCCESS && runs->nelts > 0) {
        *run = APR_ARRAY_IDX(runs, 0, wf_run_t *);
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = wf_execution_load(req, id, run, err);
    }
    return rv == APR_SUCCESS && !*run
               ? wf_error_set(err, WF_ERR_NOT_FOUND, "no workflow with id '%s'", id)
               : rv;
}

/* Those of a workflow that can be stopped; of an execution's id that one alone. However
 * many have ended since, an old one that still runs is among them. */
static apr_status_t find_live(wf_request_t *req, apr_array_header_t **runs,
                              wf_error_t *err)
{
    wf_run_t *run;
    apr_status_t rv = find_run(req, &run, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (strcmp(run->workflow_id, wf_request_var(req, "id")) == 0) {
        return list_runs(req, 1, STOPS_MAX, runs, err);
    }
    *runs = apr_array_make(req->pool, 1, sizeof run);
    APR_ARRAY_PUSH(*runs, wf_run_t *) = run;
    return APR_SUCCESS;
}

apr_status_t wf_workflow_get(wf_request_t *req, wf_error_t *err)
{
    json_object *live, *o;
    wf_run_t *run;
    apr_status_t rv;

    if ((rv = find_run(req, &run, err)) != APR_SUCCESS
        || (rv = wf_execution_ask(req, WF_CMD_EXECUTION, &run, &live, err)) != APR_SUCCESS) {
        return rv;
    }
    wf_json_own(live, req->pool);
    if (!run) {
        return wf_no_execution(wf_request_var(req, "id"), err);
    }
    o = json_object_new_object();
    wf_json_add_string(o, "id", run->workflow_id);
    wf_json_add_string(o, "name", run->workflow_name);
    wf_json_add_string(o, "status", wf_json_string(live, "status", run->status));
    return wf_respond_json(req, 200, o);
}

/* Stops every live one. One that ended by itself meanwhile, or is stopping already, is no
 * failure as long as another one was stopped. */
apr_status_t wf_workflow_stop(wf_request_t *req, wf_error_t *err)
{
    apr_array_header_t *runs;
    wf_error_t failure;
    int stopped = 0;
    apr_status_t rv = find_live(req, &runs, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; i < runs->nelts; i++) {
        wf_error_init(&failure, req->pool);
        rv = wf_execution_send(req, WF_CMD_STOP, APR_ARRAY_IDX(runs, i, const wf_run_t *),
                               NULL, NULL, &failure);
        stopped += rv == APR_SUCCESS;
        if (rv != APR_SUCCESS && failure.kind != WF_ERR_CONFLICT
            && failure.kind != WF_ERR_NOT_FOUND) {
            wf_error_copy(err, &failure);
            return wf_error_note(err, rv, "Failed to stop workflow");
        }
    }
    if (stopped > 0) {
        return wf_respond_done(req, "Workflow stopped successfully");
    }
    wf_error_set(err, WF_ERR_CONFLICT,
                 "Failed to stop workflow: no execution of '%s' is running",
                 wf_request_var(req, "id"));
    return wf_fail_as(req, 500, "stop_failed");
}
