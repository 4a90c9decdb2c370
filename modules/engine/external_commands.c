/* Commands on external tasks: what workers say of them, and what administrators change.
 * Fetching is in fetch.c.
 *
 * A fetch may lock a task while its instance's lane is held: that changes neither lane
 * nor REV_. What only the holder of the lock may do asks for it at the commit, and if
 * that has changed hands, is begun again to say so. */
#include "engine/internal.h"

static apr_status_t no_task(wf_id_t id, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_NOT_FOUND,
                        "no external task with id '%" APR_INT64_T_FMT "'", id);
}

apr_status_t wf_lane_of_external(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    wf_external_task_t *task;
    wf_id_t id;
    apr_status_t rv = wf_args_id(work->args, "id", &id, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_get(work->reader, WF_TABLE_EXTERNAL_TASK, id, &task, work->pool,
                          err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return task ? wf_lane_of_instance_id(work, task->proc_inst_id, lane, err)
                : no_task(id, err);
}

static wf_id_t id_of(wf_work_t *work)
{
    return wf_json_int(work->args, "id", 0); /* checked with the lane */
}

static const char *worker_of(wf_work_t *work)
{
    return wf_json_string(work->args, "workerId", NULL);
}

/* ---- reports of workers ------------------------------------------------------------------------- */

static apr_status_t read_number(wf_work_t *work, const char *name, apr_int64_t fallback,
                                apr_int64_t least, apr_int64_t most, apr_int64_t *number,
                                wf_error_t *err)
{
    json_object *value = wf_json_get(work->args, name);

    *number = wf_json_int(work->args, name, fallback);
    if ((value && !json_object_is_type(value, json_type_int)) || *number < least
        || *number > most) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "'%s' must be an integer from %" APR_INT64_T_FMT
                              " to %" APR_INT64_T_FMT,
                              name, least, most);
    }
    return APR_SUCCESS;
}

static apr_status_t read_vars(wf_work_t *work, const char *name, const wf_map_t **vars,
                              wf_error_t *err)
{
    json_object *json = wf_json_get(work->args, name);
    wf_map_t *map = NULL;
    apr_status_t rv = json ? wf_vars_from_json(&map, json, work->pool, err) : APR_SUCCESS;

    *vars = map && wf_map_count(map) ? map : NULL;
    return rv;
}

static apr_status_t read_report(wf_work_t *work, wf_external_report_t *report,
                                wf_error_t *err)
{
    apr_int64_t retries = 0;
    apr_status_t rv = read_vars(work, "variables", &report->variables, err);

    report->worker = worker_of(work);
    report->code = wf_json_string(work->args, "errorCode", NULL);
    report->message = wf_json_string(work->args, "errorMessage", NULL);
    report->details = wf_json_string(work->args, "errorDetails", NULL);
    if (rv == APR_SUCCESS) {
        rv = read_vars(work, "localVariables", &report->local, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_number(work, "retries", 0, 0, INT32_MAX, &retries, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_number(work, "retryTimeout", 0, 0, WF_EXTERNAL_MAX_SPAN, &report->pause,
                         err);
    }
    report->retries = (int)retries;
    return rv;
}

static apr_status_t report(wf_work_t *work,
                           apr_status_t (*to)(const wf_bpmn_call_t *, wf_id_t,
                                              const wf_external_report_t *, wf_error_t *),
                           wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_external_report_t report = { 0 };
    apr_status_t rv = read_report(work, &report, err);

    work->tries_again = 1;
    return rv == APR_SUCCESS ? to(&call, id_of(work), &report, err) : rv;
}

/* external.complete {id, workerId, variables, localVariables} */
apr_status_t wf_command_external_complete(wf_work_t *work, wf_error_t *err)
{
    return report(work, wf_bpmn_external_complete, err);
}

/* external.error {id, workerId, errorCode, errorMessage, variables} */
apr_status_t wf_command_external_error(wf_work_t *work, wf_error_t *err)
{
    return report(work, wf_bpmn_external_error, err);
}

/* external.failure {id, workerId, errorMessage, errorDetails, retries, retryTimeout,
 * variables, localVariables} */
apr_status_t wf_command_external_failure(wf_work_t *work, wf_error_t *err)
{
    return report(work, wf_bpmn_external_failure, err);
}

/* ---- locks --------------------------------------------------------------------------------------- */

static apr_status_t change_lock(wf_work_t *work, const char *member,
                                apr_status_t (*to)(const wf_bpmn_call_t *, wf_id_t,
                                                   const char *, apr_int64_t,
                                                   wf_error_t *),
                                wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    apr_int64_t ms;
    apr_status_t rv = read_number(work, member, 0, 1, WF_EXTERNAL_MAX_SPAN, &ms, err);

    work->tries_again = 1;
    return rv == APR_SUCCESS ? to(&call, id_of(work), worker_of(work), ms, err) : rv;
}

/* external.lock {id, workerId, lockDuration} */
apr_status_t wf_command_external_lock(wf_work_t *work, wf_error_t *err)
{
    return change_lock(work, "lockDuration", wf_bpmn_external_lock, err);
}

/* external.extend {id, workerId, newDuration} */
apr_status_t wf_command_external_extend(wf_work_t *work, wf_error_t *err)
{
    return change_lock(work, "newDuration", wf_bpmn_external_extend, err);
}

/* external.unlock {id} */
apr_status_t wf_command_external_unlock(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);

    return wf_bpmn_external_unlock(&call, id_of(work), err);
}

/* ---- retries, priority ----------------------------------------------------------------------------- */

static apr_status_t need_member(wf_work_t *work, const char *name, wf_error_t *err)
{
    return wf_json_get(work->args, name)
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_INVALID, name, "'%s' is missing", name);
}

/* external.retries {id, retries} */
apr_status_t wf_command_external_retries(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    apr_int64_t retries;
    apr_status_t rv = need_member(work, "retries", err);

    if (rv == APR_SUCCESS) {
        rv = read_number(work, "retries", 0, 0, INT32_MAX, &retries, err);
    }
    return rv == APR_SUCCESS
               ? wf_bpmn_external_set_retries(&call, id_of(work), (int)retries, err)
               : rv;
}

/* external.priority {id, priority} */
apr_status_t wf_command_external_priority(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    apr_int64_t priority;
    apr_status_t rv = need_member(work, "priority", err);

    if (rv == APR_SUCCESS) {
        rv = read_number(work, "priority", 0, INT64_MIN, INT64_MAX, &priority, err);
    }
    return rv == APR_SUCCESS
               ? wf_bpmn_external_set_priority(&call, id_of(work), priority, err)
               : rv;
}
