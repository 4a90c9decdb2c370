/* Commands on forms: of a task, or of the start event of a definition. All but submitting
 * only look: they evaluate expressions in a unit of work that is never written. */
#include "engine/internal.h"

#include <string.h>

/* A task's form queues up with what happens to the task; a start form meets nobody. */
apr_status_t wf_lane_of_form(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    return wf_json_get(work->args, "task") ? wf_lane_of_attaching(work, lane, err)
                                           : APR_SUCCESS;
}

/* Whose form: *task, or *definition and *task is 0. */
static apr_status_t find_owner(wf_work_t *work, wf_id_t *task, wf_definition_t **definition,
                               wf_error_t *err)
{
    *task = 0;
    *definition = NULL;
    if (wf_json_get(work->args, "task")) {
        return wf_args_id(work->args, "task", task, err);
    }
    return wf_args_definition(work, "definition", definition, err);
}

/* form.render {definition or task} → the text beside the reply */
apr_status_t wf_command_form_render(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_definition_t *definition;
    const char *text;
    wf_id_t task;
    apr_status_t rv = find_owner(work, &task, &definition, err);

    work->reads = 1;
    if (rv == APR_SUCCESS) {
        rv = task ? wf_bpmn_task_form(&call, task, &text, err)
                  : wf_bpmn_start_form(&call, definition, &text, err);
    }
    if (rv == APR_SUCCESS) {
        work->blob = text;
        work->blob_length = strlen(text);
    }
    return rv;
}

static json_object *values_to_json(const apr_array_header_t *values)
{
    json_object *list = json_object_new_array();

    for (int i = 0; values && i < values->nelts; i++) {
        const wf_form_value_t *value = &APR_ARRAY_IDX(values, i, wf_form_value_t);
        json_object *o = json_object_new_object();

        wf_json_add_string(o, "id", value->id);
        wf_json_add_string(o, "name", value->name);
        json_object_array_add(list, o);
    }
    return list;
}

static json_object *property_to_json(const wf_form_property_t *property)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "id", property->id);
    wf_json_add_string(o, "name", property->name);
    wf_json_add_string(o, "type", property->type);
    wf_json_add_string(o, "value", property->value);
    wf_json_add_string(o, "datePattern", property->date_pattern);
    json_object_object_add(o, "enumValues", values_to_json(property->values));
    wf_json_add_bool(o, "required", property->required);
    wf_json_add_bool(o, "readable", property->readable);
    wf_json_add_bool(o, "writable", property->writable);
    return o;
}

/* form.properties {definition or task} → {properties: […]} */
apr_status_t wf_command_form_properties(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    apr_array_header_t *properties;
    wf_definition_t *definition;
    json_object *list;
    wf_id_t task;
    apr_status_t rv = find_owner(work, &task, &definition, err);

    work->reads = 1;
    if (rv == APR_SUCCESS) {
        rv = task ? wf_bpmn_task_properties(&call, task, &properties, err)
                  : wf_bpmn_start_properties(&call, definition, &properties, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    work->reply = wf_json_own(json_object_new_object(), work->pool);
    list = json_object_new_array();
    json_object_object_add(work->reply, "properties", list);
    for (int i = 0; i < properties->nelts; i++) {
        json_object_array_add(
            list, property_to_json(&APR_ARRAY_IDX(properties, i, wf_form_property_t)));
    }
    return APR_SUCCESS;
}

/* The member "properties", {id: text}; absent is empty. Its texts are checked where their
 * declarations are known. */
static apr_status_t read_values(wf_work_t *work, wf_map_t **values, wf_error_t *err)
{
    json_object *json = wf_json_get(work->args, "properties");
    wf_value_t value;

    *values = wf_map_create(work->pool);
    if (!json) {
        return APR_SUCCESS;
    }
    value = wf_value_from_json(json, work->pool);
    if (value.type != WF_MAP) {
        return wf_error_field(err, WF_ERR_INVALID, "properties",
                              "'properties' must be an object");
    }
    *values = value.as.map;
    return APR_SUCCESS;
}

static apr_status_t submit_start(wf_work_t *work, wf_definition_t *definition,
                                 const wf_map_t *values, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    const char *business_key;
    wf_started_t started;
    apr_status_t rv =
        wf_args_text(work->args, "businessKey", WF_BUSINESS_KEY_MAX, &business_key, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    business_key = business_key && *business_key ? business_key : NULL;
    wf_uow_expect(work->uow, definition); /* as a start does */
    rv = wf_bpmn_submit_start(&call, definition, values, business_key, &started, err);
    if (rv == APR_SUCCESS) {
        wf_reply_started(work, &started, business_key);
    }
    return rv;
}

/* form.submit {definition or task, properties, businessKey, startersOnly, grantedOnly} →
 * for a definition as process.start */
apr_status_t wf_command_form_submit(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_definition_t *definition;
    wf_map_t *values;
    wf_id_t task;
    apr_status_t rv = find_owner(work, &task, &definition, err);

    if (rv == APR_SUCCESS) {
        rv = read_values(work, &values, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return task ? wf_bpmn_submit_task(&call, task, values, err)
                : submit_start(work, definition, values, err);
}
