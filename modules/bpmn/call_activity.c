/* Call activities: an instance of another process, which runs on its own and whose end
 * continues the caller in the same turn. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

/* ---- variables that go in and come out ------------------------------------------------- */

/* Where a mapping's value comes from; a missing variable is null. */
static apr_status_t value_of(wf_exec_t *from, const wf_mapping_t *mapping,
                             wf_value_t *value, wf_error_t *err)
{
    const wf_value_t *found;
    apr_status_t rv = wf_variables_load(&from->own, err);

    if (rv == APR_SUCCESS && mapping->expression) {
        return wf_exec_eval(from, mapping->expression, value, err);
    }
    found = rv == APR_SUCCESS ? wf_variable_get(&from->own, mapping->source) : NULL;
    *value = found ? *found : wf_null();
    return rv;
}

static apr_status_t all_of(wf_exec_t *from, wf_map_t *to, wf_error_t *err)
{
    apr_status_t rv = wf_variables_load(&from->own, err);
    wf_map_t *visible = rv == APR_SUCCESS ? wf_variables_visible(&from->own) : NULL;
    int i;

    for (i = 0; visible && i < wf_map_count(visible); i++) {
        wf_map_set(to, wf_map_key(visible, i), *wf_map_at(visible, i));
    }
    return rv;
}

/* The variables that mappings (NULL: none) give, seen from an execution. */
static apr_status_t collect(wf_exec_t *from, const apr_array_header_t *mappings,
                            wf_map_t *to, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && mappings && i < mappings->nelts; i++) {
        const wf_mapping_t *mapping = &APR_ARRAY_IDX(mappings, i, wf_mapping_t);
        wf_value_t value;

        if (!mapping->target) {
            rv = all_of(from, to, err);
            continue;
        }
        rv = value_of(from, mapping, &value, err);
        if (rv == APR_SUCCESS) {
            wf_map_set(to, mapping->target,
                       wf_value_copy(&value, from->instance->turn->p));
        }
    }
    return rv;
}

/* ---- the call ---------------------------------------------------------------------------- */

/* Each of these gives a row, of the unit or of the store. */

/* The process of that key which was deployed together with exec's. */
static apr_status_t find_beside(wf_exec_t *exec, const char *key,
                                wf_definition_t **definition, wf_error_t *err)
{
    apr_array_header_t *rows;
    wf_definition_t *own;
    apr_status_t rv = wf_uow_get_by_key(WF_UOW(exec), WF_TABLE_DEFINITION,
                                        exec->instance->definition_id, &own, err);
    int i;

    if (rv == APR_SUCCESS && own) {
        rv = wf_uow_select(WF_UOW(exec), WF_BY_DEFINITIONS_OF_DEPLOYMENT,
                           own->deployment_id, &rows, err);
        for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
            wf_definition_t *row = APR_ARRAY_IDX(rows, i, wf_definition_t *);

            *definition = strcmp(row->key, key) == 0 ? row : *definition;
        }
    }
    return rv;
}

static apr_status_t find_version(wf_exec_t *exec, const char *key,
                                 wf_definition_t **definition, wf_error_t *err)
{
    const wf_call_activity_t *def = exec->node->details;
    const char *version;
    apr_status_t rv = wf_exec_text(exec, def->version, &version, err);

    return rv == APR_SUCCESS
               ? wf_uow_get_by_key(WF_UOW(exec), WF_TABLE_DEFINITION,
                                   apr_pstrcat(exec->instance->turn->p, key, ":",
                                               version ? version : "", NULL),
                                   definition, err)
               : rv;
}

static apr_status_t find_latest(wf_exec_t *exec, const char *key,
                                wf_definition_t **definition, wf_error_t *err)
{
    const wf_bpmn_call_t *call = exec->instance->turn->call;

    return wf_store_latest_definition(call->reader, key, definition,
                                      exec->instance->turn->p, err);
}

typedef apr_status_t find_fn(wf_exec_t *exec, const char *key,
                             wf_definition_t **definition, wf_error_t *err);

static find_fn *const bindings[] = {
    [WF_BINDING_LATEST] = find_latest,
    [WF_BINDING_DEPLOYMENT] = find_beside,
    [WF_BINDING_VERSION] = find_version,
};

static apr_status_t find_called(wf_exec_t *exec, wf_definition_t **definition,
                                wf_error_t *err)
{
    const wf_call_activity_t *def = exec->node->details;
    const char *key;
    apr_status_t rv = wf_exec_text(exec, def->called, &key, err);

    if (rv == APR_SUCCESS && (!key || !*key)) {
        rv = wf_error_set(err, WF_ERR_EXECUTION, "calledElement names no process");
    }
    *definition = NULL;
    if (rv == APR_SUCCESS) {
        rv = bindings[def->binding](exec, key, definition, err);
    }
    if (rv == APR_SUCCESS && !*definition) {
        rv = wf_error_set(err, WF_ERR_EXECUTION,
                          "no process with the key \"%s\" is deployed", key);
    }
    return rv == APR_SUCCESS ? wf_starting_definition(definition,
                                                      exec->instance->turn->call,
                                                      (*definition)->id, err)
                             : rv;
}

static apr_status_t key_for(wf_exec_t *exec, const char **key, wf_error_t *err)
{
    const wf_call_activity_t *def = exec->node->details;

    *key = NULL;
    if (def->business_key) {
        return wf_exec_text(exec, def->business_key, key, err);
    }
    if (def->inherit_business_key) {
        *key = exec->instance->root->row->business_key;
    }
    return APR_SUCCESS;
}

static apr_status_t variables_for(wf_exec_t *exec, wf_map_t **variables, wf_error_t *err)
{
    const wf_call_activity_t *def = exec->node->details;
    apr_status_t rv = APR_SUCCESS;

    *variables = wf_map_create(exec->instance->turn->p);
    if (def->inherit_variables) {
        rv = all_of(exec, *variables, err);
    }
    return rv == APR_SUCCESS ? collect(exec, def->in, *variables, err) : rv;
}

apr_status_t wf_call_activity_enter(wf_exec_t *exec, wf_error_t *err)
{
    wf_turn_t *turn = exec->instance->turn;
    wf_definition_t *definition;
    wf_instance_t *instance;
    const wf_model_t *model;
    wf_map_t *variables;
    const char *key;
    apr_status_t rv = find_called(exec, &definition, err);

    if (rv == APR_SUCCESS) {
        rv = wf_definition_model(turn, definition, &model, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_instance_admit(turn, definition->id, err);
    }
    if (rv == APR_SUCCESS) {
        rv = key_for(exec, &key, err);
    }
    if (rv == APR_SUCCESS) {
        rv = variables_for(exec, &variables, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    instance = wf_instance_create(turn, model, definition->id, key, exec);
    rv = wf_history_called(exec, instance->root->row->id, err);
    return rv == APR_SUCCESS ? wf_instance_begin(instance, model->start, variables, err)
                             : rv;
}

/* ---- the return -------------------------------------------------------------------------- */

apr_status_t wf_call_return(wf_instance_t *instance, wf_error_t *err)
{
    wf_exec_t *caller;
    wf_map_t *variables = wf_map_create(instance->turn->p);
    const wf_call_activity_t *def;
    apr_status_t rv =
        wf_exec_load(&caller, instance->turn, instance->root->row->super_exec, err);

    if (rv == APR_SUCCESS && (!caller || !wf_exec_waits_for(caller, WF_WAIT_CALLED))) {
        rv =
            wf_error_set(err, WF_ERR_INTERNAL,
                         "nobody waits for the end of process instance %" APR_INT64_T_FMT,
                         instance->root->row->id);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    def = caller->node->details;
    rv = collect(instance->root, def->out, variables, err);
    if (rv == APR_SUCCESS) {
        rv = wf_variables_set(&caller->own, variables, err);
    }
    if (rv == APR_SUCCESS) {
        wf_agenda_plan(caller, WF_OP_LEAVE, NULL);
    }
    return rv;
}
