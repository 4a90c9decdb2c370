/* Rendering forms. A form is a resource of the deployment that the form key names; the
 * whole file is one text with expressions. They may call methods that write, such as
 * ${execution.setVariable('x', 1)}: what they change is seen by the expressions behind
 * them and nowhere else, because the unit of work of a rendering is never committed. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/forms.h"
#include "bpmn/run.h"

/* The resource as a template, or why it is none. */
static apr_status_t load_form(const wf_bpmn_call_t *call,
                              const wf_definition_t *definition, const char *key,
                              wf_template_t **template, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(call->uow);
    wf_bytearray_t *resource;
    wf_error_t fault;
    apr_status_t rv = wf_store_resource(call->reader, definition->deployment_id, key,
                                        &resource, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!resource) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the deployment of %s has no resource '%s'", definition->id,
                            key);
    }
    if (!wf_utf8_valid(resource->bytes, resource->length)) {
        return wf_error_set(err, WF_ERR_EXECUTION, "resource '%s' is no text in UTF-8",
                            key);
    }
    wf_error_init(&fault, p);
    if (wf_template_parse(template, apr_pstrmemdup(p, resource->bytes, resource->length),
                          WF_UEL, p, &fault)
        != APR_SUCCESS) {
        return wf_error_set(err, WF_ERR_EXECUTION, "resource '%s': %s", key,
                            fault.message);
    }
    return APR_SUCCESS;
}

static apr_status_t render(const wf_host_t *seen, const wf_definition_t *definition,
                           const char *key, const char **text, wf_error_t *err)
{
    wf_template_t *template;
    wf_value_t value;
    apr_status_t rv = load_form(seen->call, definition, key, &template, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = wf_host_eval(seen, template, &value, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "resource '%s'", key);
    }
    if (value.type != WF_STRING) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "resource '%s' is a single expression and gives %s, no text",
                            key, wf_type_name(value.type));
    }
    *text = value.as.text.data;
    return APR_SUCCESS;
}

apr_status_t wf_bpmn_start_form(const wf_bpmn_call_t *call,
                                const wf_definition_t *definition, const char **text,
                                wf_error_t *err)
{
    wf_host_t seen = {.call = call};
    const wf_model_t *model;
    const char *key;
    apr_status_t rv = wf_models_get(call->models, definition, call->loader_baton, &model,
                                    wf_uow_pool(call->uow), err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    key = wf_model_start_form_key(model);
    if (!key) {
        return wf_error_set(err, WF_ERR_NOT_FOUND,
                            "process definition '%s' has no start form", definition->id);
    }
    rv = render(&seen, definition, key, text, err);
    return rv == APR_SUCCESS ? rv
                             : wf_error_note(err, rv, "start form of %s", definition->id);
}

/* The definition and the execution of a task with a process. */
static apr_status_t look_at(wf_host_t *seen, wf_turn_t *turn, wf_task_t *task,
                            wf_definition_t **definition, wf_error_t *err)
{
    apr_status_t rv = wf_task_waiting(&seen->exec, turn, task, err);

    if (rv == APR_SUCCESS) {
        rv = wf_uow_get_by_key(turn->call->uow, WF_TABLE_DEFINITION, task->proc_def_id,
                               definition, err);
    }
    if (rv == APR_SUCCESS && !*definition) {
        rv = wf_error_set(err, WF_ERR_INTERNAL, "process definition %s is gone",
                          task->proc_def_id);
    }
    seen->call = turn->call;
    seen->task = task;
    return rv;
}

apr_status_t wf_bpmn_task_form(const wf_bpmn_call_t *call, wf_id_t id, const char **text,
                               wf_error_t *err)
{
    wf_host_t seen = { 0 };
    wf_turn_t turn;
    wf_task_t *task;
    wf_definition_t *definition;
    apr_status_t rv = wf_task_load(&task, call, id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!task->form_key || !task->proc_inst_id) {
        return wf_error_set(err, WF_ERR_NOT_FOUND,
                            "task '%" APR_INT64_T_FMT "' has no form", id);
    }
    wf_turn_init(&turn, call);
    turn.looks = 1;
    rv = look_at(&seen, &turn, task, &definition, err);
    if (rv == APR_SUCCESS) {
        rv = render(&seen, definition, task->form_key, text, err);
    }
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "form of task %" APR_INT64_T_FMT, id);
}
