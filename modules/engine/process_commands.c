/* Commands on process instances and tasks. */
#include "engine/internal.h"

wf_bpmn_call_t wf_engine_bpmn_call(wf_work_t *work)
{
    return (wf_bpmn_call_t){
        .uow = work->uow,
        .models = work->engine->models,
        .loader_baton = work->reader,
        .reader = work->reader,
        .user = work->user,
        .now = wf_time_ms(),
        .max_steps = __atomic_load_n(&work->engine->max_steps, __ATOMIC_RELAXED),
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

/* process.start {processDefinitionId, variables} */
apr_status_t wf_command_start(wf_work_t *work, wf_error_t *err)
{
    const char *id = wf_json_string(work->args, "processDefinitionId", "");
    const char *business_key = wf_json_string(work->args, "businessKey", NULL);
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_definition_t *definition;
    wf_started_t started;
    wf_map_t *variables;
    json_object *reply;
    apr_status_t rv = wf_vars_from_json(&variables, wf_json_get(work->args, "variables"),
                                        work->pool, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_get_by_key(work->reader, WF_TABLE_DEFINITION, id, &definition,
                                 work->pool, err);
    }
    if (rv == APR_SUCCESS && !definition) {
        rv = wf_error_field(err, WF_ERR_NOT_FOUND, "processDefinitionId",
                            "no process definition with id '%s'", id);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_bpmn_start(&call, definition, variables, business_key, &started, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    reply = work->reply = wf_json_own(json_object_new_object(), work->pool);
    wf_json_add_int(reply, "id", started.id);
    wf_json_add_string(reply, "processDefinitionId", started.definition_id);
    json_object_object_add(reply, "activityNames", texts_to_json(started.activities));
    wf_json_add_bool(reply, "ended", started.ended);
    return APR_SUCCESS;
}

apr_status_t wf_lane_of_task(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    wf_id_t id = wf_json_int(work->args, "id", 0);
    wf_task_t *task;
    apr_status_t rv = wf_store_get(work->reader, WF_TABLE_TASK, id, &task, work->pool, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!task) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "no task with id '%" APR_INT64_T_FMT "'",
                            id);
    }
    lane->kind = WF_LANE_INSTANCE;
    lane->id = task->proc_inst_id;
    return APR_SUCCESS;
}

/* task.claim {id} */
apr_status_t wf_command_claim(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);

    return wf_bpmn_claim(&call, wf_json_int(work->args, "id", 0), work->user, err);
}

/* task.complete {id, variables} */
apr_status_t wf_command_complete(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_map_t *variables;
    apr_status_t rv = wf_vars_from_json(&variables, wf_json_get(work->args, "variables"),
                                        work->pool, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_bpmn_complete(&call, wf_json_int(work->args, "id", 0), variables, err);
}
