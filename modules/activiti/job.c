/* Jobs: what waits to be run in the background, what failed there, and running it now. */
#include "activiti/internal.h"

#include <string.h>

static json_object *render_job(const void *row, apr_pool_t *p)
{
    const wf_job_t *job = row;
    json_object *o = json_object_new_object();

    wf_json_add_id(o, "id", job->id);
    wf_json_add_id(o, "executionId", job->execution_id);
    wf_json_add_int(o, "retries", job->retries);
    wf_json_add_id(o, "processInstanceId", job->proc_inst_id);
    wf_json_add_time(o, "dueDate", job->due_date, p);
    wf_json_add_string(o, "assignee",
                       NULL); /* jobs have none; clients expect the member */
    wf_json_add_string(o, "exceptionMessage", job->exception_msg);
    wf_json_add_bool(o, "suspended", job->suspension == WF_SUSPENDED);
    return o;
}

/* ---- the list ---------------------------------------------------------------------- */

typedef enum { INSTANCE, FLAG, NOW, DATE } filter_e; /* NOW: a flag that takes the time */

/* clang-format off */
static const struct {
    const char *name;
    filter_e kind;
} filter_defs[] = {
    { "process-instance",  INSTANCE },
    { "with-retries-left", FLAG },
    { "no-retries-left",   FLAG },
    { "executable",        NOW },
    { "only-timers",       FLAG },
    { "only-messages",     FLAG },
    { "duedate-lt",        DATE },
    { "duedate-ltoe",      DATE },
    { "duedate-ht",        DATE },
    { "duedate-htoe",      DATE },
};
/* clang-format on */

#define FILTERS (sizeof filter_defs / sizeof filter_defs[0])

static apr_status_t read_flag(const wf_query_t *query, const char *name, wf_value_t given,
                              wf_value_t *value, wf_error_t *err)
{
    int on = 0;
    apr_status_t rv = wf_query_bool(query, name, &on, err);

    *value = on ? given : wf_null();
    return rv;
}

static apr_status_t read_date(const wf_query_t *query, const char *name,
                              wf_value_t *value, wf_error_t *err)
{
    apr_int64_t ms = 0;
    apr_status_t rv = wf_query_date(query, name, &ms, err);

    *value = wf_query_text(query, name) ? wf_date(ms) : wf_null();
    return rv;
}

static apr_status_t read_filter(const wf_query_t *query, apr_size_t i, wf_value_t *value,
                                wf_error_t *err)
{
    const char *name = filter_defs[i].name;

    switch (filter_defs[i].kind) {
    case INSTANCE:
        *value = wf_id_value(wf_query_text(query, name));
        return APR_SUCCESS;
    case FLAG:
        return read_flag(query, name, wf_boolean(1), value, err);
    case NOW:
        return read_flag(query, name, wf_date(wf_time_ms()), value, err);
    case DATE:
        break;
    }
    return read_date(query, name, value, err);
}

/* Pairs of flags that leave nothing over if both are there. */
static const char *const contradictions[][2] = {
    { "only-timers", "only-messages" },
    { "with-retries-left", "no-retries-left" },
};

static int is_given(const wf_filter_t *filters, const char *name)
{
    for (apr_size_t i = 0; i < FILTERS; i++) {
        if (strcmp(filters[i].name, name) == 0) {
            return filters[i].value.type != WF_NULL;
        }
    }
    return 0;
}

static apr_status_t check_filters(const wf_filter_t *filters, wf_error_t *err)
{
    for (apr_size_t i = 0; i < sizeof contradictions / sizeof contradictions[0]; i++) {
        const char *const *pair = contradictions[i];

        if (is_given(filters, pair[0]) && is_given(filters, pair[1])) {
            return wf_error_field(err, WF_ERR_INVALID, pair[1],
                                  "query parameters '%s' and '%s' exclude each other",
                                  pair[0], pair[1]);
        }
    }
    return APR_SUCCESS;
}

apr_status_t wf_job_list(wf_request_t *req, wf_error_t *err)
{
    wf_filter_t filters[FILTERS];
    apr_status_t rv = APR_SUCCESS;

    for (apr_size_t i = 0; i < FILTERS && rv == APR_SUCCESS; i++) {
        rv = read_filter(req->query, i, &filters[i].value, err);
        filters[i].name = filter_defs[i].name;
    }
    if (rv != APR_SUCCESS || (rv = check_filters(filters, err)) != APR_SUCCESS) {
        return rv;
    }
    return wf_respond_page(req, filters, FILTERS, render_job, err);
}

/* ---- one job ----------------------------------------------------------------------- */

apr_status_t wf_job_get(wf_request_t *req, wf_error_t *err)
{
    wf_bytearray_t *trace = NULL;
    json_object *answer;
    wf_job_t *job;
    apr_status_t rv = wf_path_row(req, "jobId", WF_TABLE_JOB, "job", &job, err);

    if (rv == APR_SUCCESS && job->exception_stack_id) {
        rv = wf_store_get(wf_request_store(req, err), WF_TABLE_BYTEARRAY,
                          job->exception_stack_id, &trace, req->pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    answer = wf_json_own(render_job(job, req->pool), req->pool);
    rv = wf_json_add_rows(answer, "incidents", req, WF_BY_INCIDENTS_OF_CONFIGURATION,
                          job->id, wf_incident_render, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (trace) {
        json_object_object_add(
            answer, "stacktrace",
            json_object_new_string_len(trace->bytes, (int)trace->length));
    }
    return wf_respond_json(req, 200, json_object_get(answer));
}

apr_status_t wf_job_execute(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_path_command(req, "jobId", "job", WF_CMD_JOB_EXECUTE, err);
}

apr_status_t wf_job_delete(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_path_command(req, "jobId", "job", WF_CMD_JOB_DELETE, err);
}

apr_status_t wf_job_retries(wf_request_t *req, wf_error_t *err)
{
    json_object *body, *args;
    apr_int64_t retries;
    const char *text;
    wf_id_t id;
    apr_status_t rv;

    if ((rv = wf_path_id(req, "jobId", "job", &id, err)) != APR_SUCCESS
        || (rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_string(body, "retries", &text, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    if (!wf_parse_int64(text, &retries) || retries < 0 || retries > APR_INT32_MAX) {
        return wf_error_field(err, WF_ERR_INVALID, "retries",
                              "field 'retries' must be an integer from 0 to %d",
                              APR_INT32_MAX);
    }
    args = wf_args_of(req, id);
    wf_json_add_int(args, "retries", retries);
    return wf_respond_command(req, WF_CMD_JOB_RETRIES, args, err);
}

/* Activiti knows one action. */
apr_status_t wf_job_act(wf_request_t *req, wf_error_t *err)
{
    json_object *body;
    const char *action;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_string(body, "action", &action, req->pool, err))
               != APR_SUCCESS) {
        return rv;
    }
    if (strcmp(action, "execute") != 0) {
        return wf_error_field(err, WF_ERR_INVALID, "action",
                              "field 'action' must be execute, not '%s'", action);
    }
    return wf_job_execute(req, err);
}

/* ---- many -------------------------------------------------------------------------- */

static apr_status_t execute(wf_request_t *req, const char *text, wf_error_t *err)
{
    wf_id_t id;

    return wf_id_parse(text, &id)
               ? wf_call_command(req, WF_CMD_JOB_EXECUTE, wf_args_of(req, id), NULL, err)
               : wf_no_object("job", text, err);
}

/* One after the other; what was done before a failure stays. */
apr_status_t wf_job_execute_all(wf_request_t *req, wf_error_t *err)
{
    apr_array_header_t *ids;
    json_object *body;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_strings(body, "jobIds", &ids, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);

        if ((rv = execute(req, id, err)) != APR_SUCCESS) {
            return wf_error_note(err, rv, "stopped at job '%s', number %d of %d", id,
                                 i + 1, ids->nelts);
        }
    }
    return wf_respond_success(req);
}
