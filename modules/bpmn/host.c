/* What expressions see: the variables of an execution, the object `execution`, and
 * `authenticatedUserId`. Properties and methods are rows of two tables; getX() is the
 * same as property x. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/run.h"

typedef struct host_t {
    wf_object_t object; /* first: what the evaluator sees */
    wf_exec_t *exec;
} host_t;

static wf_value_t id_value(wf_id_t id, apr_pool_t *p)
{
    return id ? wf_string(apr_psprintf(p, "%" APR_INT64_T_FMT, id)) : wf_null();
}

/* ---- properties -------------------------------------------------------------------- */

static wf_value_t get_id(wf_exec_t *exec, apr_pool_t *p)
{
    return id_value(exec->row->id, p);
}

static wf_value_t get_instance_id(wf_exec_t *exec, apr_pool_t *p)
{
    return id_value(exec->row->proc_inst_id, p);
}

static wf_value_t get_definition_id(wf_exec_t *exec, apr_pool_t *p)
{
    (void)p;
    return wf_string(exec->instance->definition_id);
}

static wf_value_t get_business_key(wf_exec_t *exec, apr_pool_t *p)
{
    (void)p;
    return wf_string(exec->instance->root->row->business_key);
}

static wf_value_t get_parent_id(wf_exec_t *exec, apr_pool_t *p)
{
    return id_value(exec->row->parent_id, p);
}

static wf_value_t get_super_id(wf_exec_t *exec, apr_pool_t *p)
{
    return id_value(exec->row->super_exec, p);
}

static wf_value_t get_activity_id(wf_exec_t *exec, apr_pool_t *p)
{
    (void)p;
    return wf_string(exec->node->id);
}

static wf_value_t get_activity_name(wf_exec_t *exec, apr_pool_t *p)
{
    (void)p;
    return wf_string(exec->node->name);
}

static wf_value_t get_nothing(wf_exec_t *exec, apr_pool_t *p)
{
    (void)exec, (void)p;
    return wf_null();
}

static wf_value_t get_tenant(wf_exec_t *exec, apr_pool_t *p)
{
    (void)exec, (void)p;
    return wf_string(""); /* Activiti's id of no tenant */
}

static wf_value_t get_variables(wf_exec_t *exec, apr_pool_t *p)
{
    (void)p;
    return wf_map(wf_variables_visible(exec));
}

static wf_value_t get_variable_names(wf_exec_t *exec, apr_pool_t *p)
{
    wf_map_t *visible = wf_variables_visible(exec);
    wf_list_t *names = wf_list_create(p);
    int i;

    for (i = 0; i < wf_map_count(visible); i++) {
        wf_list_push(names, wf_string(wf_map_key(visible, i)));
    }
    return wf_list(names);
}

/* clang-format off */
static const struct {
    const char *name;
    wf_value_t (*get)(wf_exec_t *exec, apr_pool_t *p);
} properties[] = {
    { "id",                  get_id },
    { "processInstanceId",   get_instance_id },
    { "processDefinitionId", get_definition_id },
    { "processBusinessKey",  get_business_key },
    { "businessKey",         get_business_key },
    { "parentId",            get_parent_id },
    { "superExecutionId",    get_super_id },
    { "currentActivityId",   get_activity_id },
    { "currentActivityName", get_activity_name },
    { "eventName",           get_nothing }, /* only listeners have one */
    { "tenantId",            get_tenant },
    { "variables",           get_variables },
    { "variableNames",       get_variable_names },
};
/* clang-format on */

static int host_property(wf_object_t *self, const char *name, wf_value_t *value,
                         apr_pool_t *p, wf_error_t *err)
{
    apr_size_t i;

    (void)err;
    for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        if (strcmp(properties[i].name, name) == 0) {
            *value = properties[i].get(((host_t *)self)->exec, p);
            return 1;
        }
    }
    return 0;
}

/* ---- methods ----------------------------------------------------------------------- */

typedef struct arguments_t {
    wf_exec_t *exec;
    const char *name;        /* of the variable */
    const wf_value_t *value; /* second argument, if the method has one */
} arguments_t;

static apr_status_t found_or_null(const wf_value_t *found, wf_value_t *result)
{
    *result = found ? *found : wf_null();
    return APR_SUCCESS;
}

static apr_status_t call_get(const arguments_t *a, wf_value_t *result, wf_error_t *err)
{
    (void)err;
    return found_or_null(wf_variable_get(a->exec, a->name), result);
}

static apr_status_t call_get_local(const arguments_t *a, wf_value_t *result,
                                   wf_error_t *err)
{
    (void)err;
    return found_or_null(wf_variable_get_local(a->exec, a->name), result);
}

static apr_status_t call_set(const arguments_t *a, wf_value_t *result, wf_error_t *err)
{
    (void)result;
    return wf_variable_set(a->exec, a->name, a->value, err);
}

static apr_status_t call_set_local(const arguments_t *a, wf_value_t *result,
                                   wf_error_t *err)
{
    (void)result;
    return wf_variable_set_local(a->exec, a->name, a->value, err);
}

static apr_status_t call_has(const arguments_t *a, wf_value_t *result, wf_error_t *err)
{
    (void)err;
    *result = wf_boolean(wf_variable_get(a->exec, a->name) != NULL);
    return APR_SUCCESS;
}

static apr_status_t call_has_local(const arguments_t *a, wf_value_t *result,
                                   wf_error_t *err)
{
    (void)err;
    *result = wf_boolean(wf_variable_get_local(a->exec, a->name) != NULL);
    return APR_SUCCESS;
}

static apr_status_t call_remove(const arguments_t *a, wf_value_t *result, wf_error_t *err)
{
    (void)result, (void)err;
    wf_variable_remove(a->exec, a->name);
    return APR_SUCCESS;
}

static apr_status_t call_remove_local(const arguments_t *a, wf_value_t *result,
                                      wf_error_t *err)
{
    (void)result, (void)err;
    wf_variable_remove_local(a->exec, a->name);
    return APR_SUCCESS;
}

static apr_status_t call_has_any(const arguments_t *a, wf_value_t *result,
                                 wf_error_t *err)
{
    (void)err;
    *result = wf_boolean(wf_map_count(wf_variables_visible(a->exec)) > 0);
    return APR_SUCCESS;
}

/* clang-format off */
static const struct {
    const char *name;
    int nargs; /* the first one is the variable's name */
    apr_status_t (*call)(const arguments_t *a, wf_value_t *result, wf_error_t *err);
} methods[] = {
    { "getVariable",         1, call_get },
    { "getVariableLocal",    1, call_get_local },
    { "setVariable",         2, call_set },
    { "setVariableLocal",    2, call_set_local },
    { "hasVariable",         1, call_has },
    { "hasVariableLocal",    1, call_has_local },
    { "removeVariable",      1, call_remove },
    { "removeVariableLocal", 1, call_remove_local },
    { "hasVariables",        0, call_has_any },
};
/* clang-format on */

/* getFoo() is property foo. */
static int call_getter(wf_object_t *self, const char *method, wf_value_t *value,
                       apr_pool_t *p, wf_error_t *err)
{
    char *name;

    if (strncmp(method, "get", 3) != 0 || !method[3]) {
        return 0;
    }
    name = apr_pstrdup(p, method + 3);
    *name = apr_tolower(*name);
    return host_property(self, name, value, p, err);
}

static int host_call(wf_object_t *self, const char *method, const wf_value_t *args,
                     int nargs, wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    arguments_t a = {.exec = ((host_t *)self)->exec};
    apr_size_t i;

    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].name, method) != 0 || methods[i].nargs != nargs) {
            continue;
        }
        if (nargs > 0 && args[0].type != WF_STRING) {
            wf_error_set(err, WF_ERR_EXECUTION, "%s: the name of a variable is a string",
                         method);
            return -1;
        }
        a.name = nargs > 0
                     ? apr_pstrmemdup(p, args[0].as.text.data, args[0].as.text.length)
                     : NULL;
        a.value = nargs > 1 ? &args[1] : NULL;
        *value = wf_null();
        return methods[i].call(&a, value, err) == APR_SUCCESS ? 1 : -1;
    }
    return nargs == 0 ? call_getter(self, method, value, p, err) : 0;
}

/* ---- evaluation -------------------------------------------------------------------- */

static int scope_get(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    host_t *host = baton;
    const wf_value_t *variable;

    (void)p;
    if (strcmp(name, "execution") == 0) {
        value->type = WF_OBJECT;
        value->as.object = &host->object;
        return 1;
    }
    if (strcmp(name, "authenticatedUserId") == 0) {
        *value = wf_string(host->exec->instance->turn->call->user);
        return 1;
    }
    variable = wf_variable_get(host->exec, name);
    if (variable) {
        *value = *variable;
    }
    return variable != NULL;
}

static wf_scope_t scope_of(host_t *host, wf_exec_t *exec)
{
    wf_scope_t scope = {.baton = host, .get = scope_get};

    host->object.class_name = "execution";
    host->object.property = host_property;
    host->object.call = host_call;
    host->exec = exec;
    return scope;
}

apr_status_t wf_exec_eval(wf_exec_t *exec, const wf_template_t *expression,
                          wf_value_t *value, wf_error_t *err)
{
    host_t *host = apr_palloc(exec->instance->turn->p, sizeof(*host));
    wf_scope_t scope = scope_of(host, exec);
    apr_status_t rv = wf_variables_load(exec->instance, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_template_eval(expression, &scope, value, exec->instance->turn->p, err);
}

apr_status_t wf_exec_text(wf_exec_t *exec, const wf_template_t *expression,
                          const char **text, wf_error_t *err)
{
    host_t *host;
    wf_scope_t scope;
    apr_status_t rv;

    *text = NULL;
    if (!expression) {
        return APR_SUCCESS;
    }
    if (wf_template_is_literal(expression)) {
        return wf_template_text(expression, NULL, text, NULL, exec->instance->turn->p,
                                err);
    }
    host = apr_palloc(exec->instance->turn->p, sizeof(*host));
    scope = scope_of(host, exec);
    rv = wf_variables_load(exec->instance, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_template_text(expression, &scope, text, NULL, exec->instance->turn->p, err);
}
