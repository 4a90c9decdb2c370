/* The object `execution`: its properties, and the methods on variables, which `task` has,
 * too. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/host.h"

/* ---- properties ---------------------------------------------------------------------- */

wf_value_t wf_host_id(wf_id_t id, apr_pool_t *p)
{
    return id ? wf_string(apr_psprintf(p, "%" APR_INT64_T_FMT, id)) : wf_null();
}

static wf_value_t get_id(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at;
    return wf_host_id(of->seen.exec->row->id, p);
}

static wf_value_t get_instance_id(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at;
    return wf_host_id(of->seen.exec->row->proc_inst_id, p);
}

static wf_value_t get_definition_id(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_string(of->seen.exec->instance->definition_id);
}

static wf_value_t get_business_key(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_string(of->seen.exec->instance->root->row->business_key);
}

static wf_value_t get_parent_id(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at;
    return wf_host_id(of->seen.exec->row->parent_id, p);
}

static wf_value_t get_super_id(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at;
    return wf_host_id(of->seen.exec->row->super_exec, p);
}

static wf_value_t get_activity_id(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_string(of->seen.exec->node->id);
}

static wf_value_t get_activity_name(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_string(of->seen.exec->node->name);
}

wf_value_t wf_host_event(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_string(of->seen.event);
}

wf_value_t wf_host_tenant(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)of, (void)at, (void)p;
    return wf_string(""); /* Activiti's id of no tenant */
}

/* ---- variables as properties ------------------------------------------------------------ */

static wf_owner_t *owner_at(wf_objects_t *of, apr_size_t at)
{
    return ((const wf_subject_t *)((const char *)of + at))->own;
}

static wf_value_t names_of(const wf_map_t *variables, apr_pool_t *p)
{
    wf_list_t *names = wf_list_create(p);
    int i;

    for (i = 0; i < wf_map_count(variables); i++) {
        wf_list_push(names, wf_string(wf_map_key(variables, i)));
    }
    return wf_list(names);
}

wf_value_t wf_host_variables(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)p;
    return wf_map(wf_variables_visible(owner_at(of, at)));
}

wf_value_t wf_host_variable_names(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    return names_of(wf_variables_visible(owner_at(of, at)), p);
}

wf_value_t wf_host_local_variables(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)p;
    return wf_map(wf_variables_local(owner_at(of, at)));
}

wf_value_t wf_host_local_names(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    return names_of(wf_variables_local(owner_at(of, at)), p);
}

#define OWN offsetof(wf_objects_t, execution)

/* clang-format off */
const wf_property_row_t wf_execution_properties[] = {
    { "id",                  get_id,                 0 },
    { "processInstanceId",   get_instance_id,        0 },
    { "processDefinitionId", get_definition_id,      0 },
    { "processBusinessKey",  get_business_key,       0 },
    { "businessKey",         get_business_key,       0 },
    { "parentId",            get_parent_id,          0 },
    { "superExecutionId",    get_super_id,           0 },
    { "currentActivityId",   get_activity_id,        0 },
    { "currentActivityName", get_activity_name,      0 },
    { "eventName",           wf_host_event,          0 },
    { "tenantId",            wf_host_tenant,         0 },
    { "variables",           wf_host_variables,      OWN },
    { "variableNames",       wf_host_variable_names, OWN },
    { "variablesLocal",      wf_host_local_variables, OWN },
    { "variableNamesLocal",  wf_host_local_names,    OWN },
    { NULL, NULL, 0 },
};
/* clang-format on */

/* ---- methods on variables --------------------------------------------------------------- */

const char *wf_host_text(const wf_value_t *value, apr_pool_t *p)
{
    return value->type == WF_NULL ? NULL : wf_value_print(value, WF_UEL, p);
}

/* The first argument: the name of a variable. NULL after an error. */
static const char *name_of(const wf_value_t *args, apr_pool_t *p, wf_error_t *err)
{
    if (args[0].type != WF_STRING) {
        wf_error_set(err, WF_ERR_EXECUTION, "the name of a variable is a string");
        return NULL;
    }
    return apr_pstrmemdup(p, args[0].as.text.data, args[0].as.text.length);
}

static apr_status_t call_get(wf_owner_t *own, const wf_value_t *args, wf_value_t *result,
                             apr_pool_t *p, wf_error_t *err)
{
    const char *name = name_of(args, p, err);
    const wf_value_t *found = name ? wf_variable_get(own, name) : NULL;

    if (found) {
        *result = *found;
    }
    return name ? APR_SUCCESS : WF_EFAILED;
}

static apr_status_t call_get_local(wf_owner_t *own, const wf_value_t *args,
                                   wf_value_t *result, apr_pool_t *p, wf_error_t *err)
{
    const char *name = name_of(args, p, err);
    const wf_value_t *found = name ? wf_variable_get_local(own, name) : NULL;

    if (found) {
        *result = *found;
    }
    return name ? APR_SUCCESS : WF_EFAILED;
}

static apr_status_t call_set(wf_owner_t *own, const wf_value_t *args, wf_value_t *result,
                             apr_pool_t *p, wf_error_t *err)
{
    const char *name = name_of(args, p, err);

    (void)result;
    return name ? wf_variable_set(own, name, &args[1], err) : WF_EFAILED;
}

static apr_status_t call_set_local(wf_owner_t *own, const wf_value_t *args,
                                   wf_value_t *result, apr_pool_t *p, wf_error_t *err)
{
    const char *name = name_of(args, p, err);

    (void)result;
    return name ? wf_variable_set_local(own, name, &args[1], err) : WF_EFAILED;
}

static apr_status_t to_map(const wf_value_t *args, wf_error_t *err)
{
    return args[0].type == WF_MAP
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_EXECUTION,
                              "variables are a map of names and values");
}

static apr_status_t call_set_all(wf_owner_t *own, const wf_value_t *args,
                                 wf_value_t *result, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = to_map(args, err);

    (void)result, (void)p;
    return rv == APR_SUCCESS ? wf_variables_set(own, args[0].as.map, err) : rv;
}

static apr_status_t call_set_all_local(wf_owner_t *own, const wf_value_t *args,
                                       wf_value_t *result, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = to_map(args, err);

    (void)result, (void)p;
    return rv == APR_SUCCESS ? wf_variables_set_local(own, args[0].as.map, err) : rv;
}

static apr_status_t call_has(wf_owner_t *own, const wf_value_t *args, wf_value_t *result,
                             apr_pool_t *p, wf_error_t *err)
{
    const char *name = name_of(args, p, err);

    *result = wf_boolean(name && wf_variable_get(own, name) != NULL);
    return name ? APR_SUCCESS : WF_EFAILED;
}

static apr_status_t call_has_local(wf_owner_t *own, const wf_value_t *args,
                                   wf_value_t *result, apr_pool_t *p, wf_error_t *err)
{
    const char *name = name_of(args, p, err);

    *result = wf_boolean(name && wf_variable_get_local(own, name) != NULL);
    return name ? APR_SUCCESS : WF_EFAILED;
}

static apr_status_t call_remove(wf_owner_t *own, const wf_value_t *args,
                                wf_value_t *result, apr_pool_t *p, wf_error_t *err)
{
    const char *name = name_of(args, p, err);

    (void)result;
    return name ? wf_variable_remove(own, name, err) : WF_EFAILED;
}

static apr_status_t call_remove_local(wf_owner_t *own, const wf_value_t *args,
                                      wf_value_t *result, apr_pool_t *p, wf_error_t *err)
{
    const char *name = name_of(args, p, err);

    (void)result;
    return name ? wf_variable_remove_local(own, name, err) : WF_EFAILED;
}

static apr_status_t call_has_any(wf_owner_t *own, const wf_value_t *args,
                                 wf_value_t *result, apr_pool_t *p, wf_error_t *err)
{
    (void)args, (void)p, (void)err;
    *result = wf_boolean(wf_map_count(wf_variables_visible(own)) > 0);
    return APR_SUCCESS;
}

static apr_status_t call_has_any_local(wf_owner_t *own, const wf_value_t *args,
                                       wf_value_t *result, apr_pool_t *p, wf_error_t *err)
{
    (void)args, (void)p, (void)err;
    *result = wf_boolean(wf_map_count(wf_variables_local(own)) > 0);
    return APR_SUCCESS;
}

/* clang-format off */
const wf_method_row_t wf_variable_methods[] = {
    { "getVariable",         1, call_get },
    { "getVariableLocal",    1, call_get_local },
    { "setVariable",         2, call_set },
    { "setVariableLocal",    2, call_set_local },
    { "setVariables",        1, call_set_all },
    { "setVariablesLocal",   1, call_set_all_local },
    { "hasVariable",         1, call_has },
    { "hasVariableLocal",    1, call_has_local },
    { "hasVariables",        0, call_has_any },
    { "hasVariablesLocal",   0, call_has_any_local },
    { "removeVariable",      1, call_remove },
    { "removeVariableLocal", 1, call_remove_local },
    { NULL, 0, NULL },
};
/* clang-format on */
