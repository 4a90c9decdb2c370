/* Commands on process instances. */
#include "engine/internal.h"

/* A signal may reach instances whose lane the work does not hold, and others may reach
 * its own. */
wf_bpmn_call_t wf_engine_bpmn_call(wf_work_t *work)
{
    work->tries_again = 1;
    return (wf_bpmn_call_t){
        .uow = work->uow,
        .models = work->engine->models,
        .loader_baton = work->reader,
        .reader = work->reader,
        .user = work->user,
        .now = wf_time_ms(),
        .job_retries = __atomic_load_n(&work->engine->job_retries, __ATOMIC_RELAXED),
        .history = __atomic_load_n(&work->engine->history, __ATOMIC_RELAXED),
        .history_days = __atomic_load_n(&work->engine->history_days, __ATOMIC_RELAXED),
        .starters_only = wf_json_bool(work->args, "startersOnly", 0),
        .granted_only = wf_json_bool(work->args, "grantedOnly", 0),
        .max_steps = __atomic_load_n(&work->engine->max_steps, __ATOMIC_RELAXED),
        .max_rounds = __atomic_load_n(&work->engine->max_rounds, __ATOMIC_RELAXED),
        .max_running = __atomic_load_n(&work->engine->max_running, __ATOMIC_RELAXED),
        .max_variables = __atomic_load_n(&work->engine->max_variables, __ATOMIC_RELAXED),
        .max_value = __atomic_load_n(&work->engine->max_value, __ATOMIC_RELAXED),
        .services = wf_engine_services(work),
        .key = wf_engine_key(work, 0),
    };
}

static json_object *texts_to_json(const apr_array_header_t *texts)
{
    json_object *json = json_object_new_array();

    for (int i = 0; i < texts->nelts; i++) {
        json_object_array_add(json,
                              json_object_new_string(APR_ARRAY_IDX(texts, i, const char *)));
    }
    return json;
}

/* ---- starting -------------------------------------------------------------------------------- */

/* By id, or the newest version of a key. */
static apr_status_t find_definition(wf_work_t *work, wf_definition_t **definition,
                                    wf_error_t *err)
{
    const char *id = wf_json_string(work->args, "processDefinitionId", NULL);
    const char *key =
        id ? NULL : wf_json_string(work->args, "processDefinitionKey", NULL);
    const char *field = id ? "processDefinitionId" : "processDefinitionKey";
    apr_status_t rv = APR_SUCCESS;

    if (!id && !key) {
        return wf_error_field(err, WF_ERR_INVALID, "processDefinitionId",
                              "the id or the key of a process definition is needed");
    }
    *definition = NULL;
    if (!id) {
        rv = wf_store_latest_definition(work->reader, key, definition, work->pool, err);
        id = *definition ? (*definition)->id : NULL;
    }
    if (rv == APR_SUCCESS && id) {
        rv = wf_uow_get_by_key(work->uow, WF_TABLE_DEFINITION,
                               wf_definition_id(id, work->pool), definition, err);
    }
    if (rv == APR_SUCCESS && !*definition) {
        rv = wf_error_field(err, WF_ERR_NOT_FOUND, field,
                            "no process definition with %s '%s'", key ? "key" : "id",
                            key ? key : id);
    }
    return rv;
}

void wf_reply_started(wf_work_t *work, const wf_started_t *started, const char *business_key)
{
    json_object *reply;

    wf_reply_id(work, started->id);
    reply = work->reply;
    wf_json_add_string(reply, "processDefinitionId", started->definition_id);
    wf_json_add_string(reply, "businessKey", business_key);
    json_object_object_add(reply, "activityNames", texts_to_json(started->activities));
    wf_json_add_bool(reply, "ended", started->ended);
}

/* A definition, or the one that starts by a message. */
static apr_status_t start(wf_work_t *work, const wf_map_t *variables,
                          const char *business_key, wf_started_t *started,
                          wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    const char *message = wf_json_string(work->args, "message", NULL);
    wf_definition_t *definition;
    apr_status_t rv;

    if (message) {
        return wf_bpmn_start_by_message(&call, message, variables, business_key, started,
                                        err);
    }
    rv = find_definition(work, &definition, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_uow_expect(work->uow, definition); /* its deployment may go meanwhile */
    return wf_bpmn_start(&call, definition, variables, business_key, started, err);
}

/* process.start {processDefinitionId, processDefinitionKey or message, businessKey,
 * variables, startersOnly, grantedOnly} */
apr_status_t wf_command_start(wf_work_t *work, wf_error_t *err)
{
    const char *business_key;
    wf_started_t started;
    wf_map_t *variables;
    apr_status_t rv = wf_args_vars(work, &variables, err);

    if (rv == APR_SUCCESS) {
        rv = wf_args_text(work->args, "businessKey", WF_BUSINESS_KEY_MAX, &business_key, err);
    }
    if (rv == APR_SUCCESS) {
        business_key = business_key && *business_key ? business_key : NULL;
        rv = start(work, variables, business_key, &started, err);
    }
    if (rv == APR_SUCCESS) {
        wf_reply_started(work, &started, business_key);
    }
    return rv;
}

/* ---- running instances ------------------------------------------------------------------------ */

static wf_id_t id_of(wf_work_t *work)
{
    return wf_json_int(work->args, "id", 0); /* checked with the lane */
}

/* process.delete {id, reason} */
apr_status_t wf_command_delete_instance(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    const char *reason;
    apr_status_t rv =
        wf_args_text(work->args, "reason", WF_TASK_MAX_TEXT, &reason, err);

    return rv == APR_SUCCESS
               ? wf_bpmn_delete_instance(&call, id_of(work), reason, err)
               : rv;
}

/* What comes to a waiting instance: a name and variables. */
static apr_status_t bring(wf_work_t *work, const char *member,
                          apr_status_t (*to)(const wf_bpmn_call_t *, wf_id_t, const char *,
                                             const wf_map_t *, wf_error_t *),
                          wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_map_t *variables;
    apr_status_t rv = wf_args_vars(work, &variables, err);

    return rv == APR_SUCCESS ? to(&call, id_of(work),
                                  wf_json_string(work->args, member, NULL), variables, err)
                             : rv;
}

/* process.signal {id, activityId, variables} */
apr_status_t wf_command_signal(wf_work_t *work, wf_error_t *err)
{
    return bring(work, "activityId", wf_bpmn_signal, err);
}

/* process.event {id, signal, variables} */
apr_status_t wf_command_event(wf_work_t *work, wf_error_t *err)
{
    return bring(work, "signal", wf_bpmn_event, err);
}

/* ---- signals and messages ----------------------------------------------------------------------- */

apr_status_t wf_lane_of_receiver(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    wf_execution_t *row;
    wf_id_t id;
    apr_status_t rv = wf_args_id(work->args, "id", &id, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_get(work->reader, WF_TABLE_EXECUTION, id, &row, work->pool, err);
    }
    if (rv == APR_SUCCESS && !row) {
        rv = wf_error_set(err, WF_ERR_NOT_FOUND,
                          "no execution with id '%" APR_INT64_T_FMT "'", id);
    }
    return rv == APR_SUCCESS
               ? wf_lane_of_instance_id(work, row->proc_inst_id, lane, err)
               : rv;
}

/* message.deliver {id of an execution, message, variables} */
apr_status_t wf_command_message(wf_work_t *work, wf_error_t *err)
{
    return bring(work, "message", wf_bpmn_message, err);
}

/* signal.deliver {id of an execution, signal, variables} */
apr_status_t wf_command_signal_to(wf_work_t *work, wf_error_t *err)
{
    return bring(work, "signal", wf_bpmn_event_to, err);
}

/* signal.throw {signal, variables, async} */
apr_status_t wf_command_throw(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_map_t *variables;
    apr_status_t rv = wf_args_vars(work, &variables, err);

    return rv == APR_SUCCESS
               ? wf_bpmn_throw(&call, wf_json_string(work->args, "signal", NULL), variables,
                               wf_json_bool(work->args, "async", 0), err)
               : rv;
}
