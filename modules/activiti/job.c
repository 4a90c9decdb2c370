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

/* What is no id belongs to no instance. */
static wf_value_t instance_value(const wf_query_t *query, const char *name)
{
    const char *text = wf_query_text(query, name);
    wf_id_t id;

    return text ? wf_integer(wf_id_parse(text, &id) ? id : -1) : wf_null();
}

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
        *value = instance_value(query, name);
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

/* 1 if the two flags that leave nothing over are both there. */
static int contradicts(const wf_filter_t *filters)
{
    int kinds = 0;

    for (apr_size_t i = 0; i < FILTERS; i++) {
        kinds +=
            strncmp(filters[i].name, "only-", 5) == 0 && filters[i].value.type != WF_NULL;
    }
    return kinds > 1;
}

apr_status_t wf_job_list(wf_request_t *req, wf_error_t *err)
{
    wf_filter_t filters[FILTERS];

    for (apr_size_t i = 0; i < FILTERS; i++) {
        apr_status_t rv = read_filter(req->query, i, &filters[i].value, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        filters[i].name = filter_defs[i].name;
    }
    if (contradicts(filters)) {
        return wf_error_field(
            err, WF_ERR_INVALID, "only-messages",
            "query parameters 'only-timers' and 'only-messages' exclude "
            "each other");
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
    answer = render_job(job, req->pool);
    if (trace) {
        json_object_object_add(
            answer, "stacktrace",
            json_object_new_string_len(trace->bytes, (int)trace->length));
    }
    return wf_respond_json(req, 200, answer);
}

apr_status_t wf_job_execute(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_path_command(req, "jobId", "job", WF_CMD_JOB_EXECUTE, err);
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
