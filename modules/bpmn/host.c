/* What expressions see: the variables of an execution, the objects `execution` and, in
 * the forms of tasks, `task`, and `authenticatedUserId`. Properties and methods are rows
 * of tables; getX() is the same as property x. */
#include <stddef.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/run.h"

struct property_t;

/** `execution` or `task`. */
typedef struct subject_t {
    wf_object_t object; /* first: what the evaluator sees */
    const struct property_t *properties;
    struct host_t *host;
} subject_t;

typedef struct host_t {
    const wf_bpmn_call_t *call;
    wf_exec_t *exec;       /* NULL: no process runs yet */
    const wf_task_t *task; /* NULL where there is none to see */
    subject_t execution_subject, task_subject;
} host_t;

typedef struct property_t {
    const char *name; /* NULL closes a table */
    wf_value_t (*get)(host_t *host, apr_size_t at, apr_pool_t *p);
    apr_size_t at; /* of the member, for getters that serve several */
} property_t;

static wf_value_t id_value(wf_id_t id, apr_pool_t *p)
{
    return id ? wf_string(apr_psprintf(p, "%" APR_INT64_T_FMT, id)) : wf_null();
}

/* ---- properties of an execution ---------------------------------------------------- */

static wf_value_t get_id(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at;
    return id_value(host->exec->row->id, p);
}

static wf_value_t get_instance_id(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at;
    return id_value(host->exec->row->proc_inst_id, p);
}

static wf_value_t get_definition_id(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_string(host->exec->instance->definition_id);
}

static wf_value_t get_business_key(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_string(host->exec->instance->root->row->business_key);
}

static wf_value_t get_parent_id(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at;
    return id_value(host->exec->row->parent_id, p);
}

static wf_value_t get_super_id(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at;
    return id_value(host->exec->row->super_exec, p);
}

static wf_value_t get_activity_id(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_string(host->exec->node->id);
}

static wf_value_t get_activity_name(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_string(host->exec->node->name);
}

static wf_value_t get_nothing(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)host, (void)at, (void)p;
    return wf_null();
}

static wf_value_t get_tenant(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)host, (void)at, (void)p;
    return wf_string(""); /* Activiti's id of no tenant */
}

static wf_value_t get_variables(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_map(wf_variables_visible(host->exec));
}

static wf_value_t get_variable_names(host_t *host, apr_size_t at, apr_pool_t *p)
{
    wf_map_t *visible = wf_variables_visible(host->exec);
    wf_list_t *names = wf_list_create(p);
    int i;

    (void)at;
    for (i = 0; i < wf_map_count(visible); i++) {
        wf_list_push(names, wf_string(wf_map_key(visible, i)));
    }
    return wf_list(names);
}

/* clang-format off */
static const property_t execution_properties[] = {
    { "id",                  get_id,             0 },
    { "processInstanceId",   get_instance_id,    0 },
    { "processDefinitionId", get_definition_id,  0 },
    { "processBusinessKey",  get_business_key,   0 },
    { "businessKey",         get_business_key,   0 },
    { "parentId",            get_parent_id,      0 },
    { "superExecutionId",    get_super_id,       0 },
    { "currentActivityId",   get_activity_id,    0 },
    { "currentActivityName", get_activity_name,  0 },
    { "eventName",           get_nothing,        0 }, /* only listeners have one */
    { "tenantId",            get_tenant,         0 },
    { "variables",           get_variables,      0 },
    { "variableNames",       get_variable_names, 0 },
    { NULL },
};
/* clang-format on */

/* ---- properties of a task ---------------------------------------------------------- */

#define MEMBER(type, host, at) (*(const type *)((const char *)(host)->task + (at)))

static wf_value_t get_text(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)p;
    return wf_string(MEMBER(char *const, host, at));
}

static wf_value_t get_task_id(host_t *host, apr_size_t at, apr_pool_t *p)
{
    return id_value(MEMBER(wf_id_t, host, at), p);
}

static wf_value_t get_time(host_t *host, apr_size_t at, apr_pool_t *p)
{
    apr_int64_t ms = MEMBER(apr_int64_t, host, at);

    (void)p;
    return ms ? wf_date(ms) : wf_null();
}

static wf_value_t get_priority(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_integer(host->task->priority);
}

static wf_value_t get_execution(host_t *host, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return (wf_value_t){.type = WF_OBJECT, .as.object = &host->execution_subject.object};
}

#define AT(member) offsetof(wf_task_t, member)

/* clang-format off */
static const property_t task_properties[] = {
    { "id",                  get_task_id,        AT(id) },
    { "name",                get_text,           AT(name) },
    { "description",         get_text,           AT(description) },
    { "assignee",            get_text,           AT(assignee) },
    { "owner",               get_text,           AT(owner) },
    { "priority",            get_priority,       0 },
    { "dueDate",             get_time,           AT(due_date) },
    { "createTime",          get_time,           AT(create_time) },
    { "category",            get_nothing,        0 }, /* no task has one here */
    { "formKey",             get_text,           AT(form_key) },
    { "delegationState",     get_text,           AT(delegation) },
    { "parentTaskId",        get_task_id,        AT(parent_task_id) },
    { "executionId",         get_task_id,        AT(execution_id) },
    { "processInstanceId",   get_task_id,        AT(proc_inst_id) },
    { "processDefinitionId", get_text,           AT(proc_def_id) },
    { "taskDefinitionKey",   get_text,           AT(task_def_key) },
    { "eventName",           get_nothing,        0 },
    { "tenantId",            get_tenant,         0 },
    { "execution",           get_execution,      0 },
    { "variables",           get_variables,      0 },
    { "variableNames",       get_variable_names, 0 },
    { NULL },
};
/* clang-format on */

static int host_property(wf_object_t *self, const char *name, wf_value_t *value,
                         apr_pool_t *p, wf_error_t *err)
{
    const subject_t *subject = (const subject_t *)self;
    const property_t *row;

    (void)err;
    for (row = subject->properties; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            *value = row->get(subject->host, row->at, p);
            return 1;
        }
    }
    return 0;
}

/* ---- methods: both objects have the same ------------------------------------------- */

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
    arguments_t a = {.exec = ((subject_t *)self)->host->exec};
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
    if (host->exec && strcmp(name, "execution") == 0) {
        value->type = WF_OBJECT;
        value->as.object = &host->execution_subject.object;
        return 1;
    }
    if (host->task && strcmp(name, "task") == 0) {
        value->type = WF_OBJECT;
        value->as.object = &host->task_subject.object;
        return 1;
    }
    if (strcmp(name, "authenticatedUserId") == 0) {
        *value = wf_string(host->call->user);
        return 1;
    }
    variable = host->exec ? wf_variable_get(host->exec, name) : NULL;
    if (variable) {
        *value = *variable;
    }
    return variable != NULL;
}

static void make_subject(subject_t *subject, host_t *host, const char *class_name,
                         const property_t *properties)
{
    subject->object.class_name = class_name;
    subject->object.property = host_property;
    subject->object.call = host_call;
    subject->properties = properties;
    subject->host = host;
}

apr_status_t wf_host_eval(const wf_host_t *seen, const wf_template_t *expression,
                          wf_value_t *value, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(seen->call->uow);
    host_t *host = apr_palloc(p, sizeof(*host)); /* values may refer to it */
    wf_scope_t scope = {.baton = host, .get = scope_get};
    apr_status_t rv = APR_SUCCESS;

    host->call = seen->call;
    host->exec = seen->exec;
    host->task = seen->task;
    make_subject(&host->execution_subject, host, "execution", execution_properties);
    make_subject(&host->task_subject, host, "task", task_properties);
    if (seen->exec) {
        rv = wf_variables_load(seen->exec, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_template_eval(expression, &scope, value, p, err);
}

apr_status_t wf_exec_eval(wf_exec_t *exec, const wf_template_t *expression,
                          wf_value_t *value, wf_error_t *err)
{
    wf_host_t seen = {.call = exec->instance->turn->call, .exec = exec};

    return wf_host_eval(&seen, expression, value, err);
}

apr_status_t wf_exec_text(wf_exec_t *exec, const wf_template_t *expression,
                          const char **text, wf_error_t *err)
{
    wf_value_t value;
    apr_status_t rv;

    *text = NULL;
    if (!expression) {
        return APR_SUCCESS;
    }
    if (wf_template_is_literal(expression)) {
        return wf_template_text(expression, NULL, text, NULL, exec->instance->turn->p,
                                err);
    }
    rv = wf_exec_eval(exec, expression, &value, err);
    if (rv == APR_SUCCESS && value.type != WF_NULL) {
        *text = wf_value_print(&value, WF_UEL, exec->instance->turn->p);
    }
    return rv;
}
