/* What expressions and scripts see: the objects `execution` and, with a task, `task`,
 * `authenticatedUserId`, the variables of an execution, and beans, in this order. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/host.h"
#include "bpmn/tell.h"

/* ---- objects ------------------------------------------------------------------------- */

static int host_property(wf_object_t *self, const char *name, wf_value_t *value,
                         apr_pool_t *p, wf_error_t *err)
{
    const wf_subject_t *subject = (const wf_subject_t *)self;
    const wf_property_row_t *row;

    (void)err;
    for (row = subject->properties; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            *value = row->get(subject->of, row->at, p);
            return 1;
        }
    }
    return 0;
}

static const wf_method_row_t *find_method(const wf_method_row_t *row, const char *name,
                                          int nargs)
{
    for (; row && row->name; row++) {
        if (strcmp(row->name, name) == 0 && row->nargs == nargs) {
            return row;
        }
    }
    return NULL;
}

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

static int call_change(wf_subject_t *subject, const char *method, const wf_value_t *value,
                       wf_error_t *err)
{
    apr_status_t rv;
    int known;

    if (!subject->change) {
        return 0;
    }
    rv = subject->change(&subject->of->seen, method, value, &known, err);
    return rv == APR_SUCCESS ? known : -1;
}

static int host_call(wf_object_t *self, const char *method, const wf_value_t *args,
                     int nargs, wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    wf_subject_t *subject = (wf_subject_t *)self;
    const wf_method_row_t *row = find_method(wf_variable_methods, method, nargs);
    apr_status_t rv;

    *value = wf_null();
    if (!row) {
        return nargs == 0   ? call_getter(self, method, value, p, err)
               : nargs == 1 ? call_change(subject, method, args, err)
                            : 0;
    }
    rv = row->call(subject->own, args, value, p, err);
    if (rv != APR_SUCCESS) {
        wf_error_note(err, rv, "%s", method);
    }
    return rv == APR_SUCCESS ? 1 : -1;
}

static void make_subject(wf_subject_t *subject, wf_objects_t *of, const char *class_name,
                         const wf_property_row_t *properties, wf_owner_t *own)
{
    subject->object.class_name = class_name;
    subject->object.property = host_property;
    subject->object.call = host_call;
    subject->properties = properties;
    subject->change = NULL;
    subject->of = of;
    subject->own = own;
}

/* ---- names --------------------------------------------------------------------------- */

static int give_object(wf_value_t *value, wf_subject_t *subject, int is_there)
{
    value->type = WF_OBJECT;
    value->as.object = &subject->object;
    return is_there;
}

static int give_execution(wf_objects_t *of, wf_value_t *value)
{
    return give_object(value, &of->execution, of->seen.exec != NULL);
}

static int give_task(wf_objects_t *of, wf_value_t *value)
{
    return give_object(value, &of->task, of->seen.task != NULL);
}

static int give_user(wf_objects_t *of, wf_value_t *value)
{
    *value = wf_string(of->seen.call->user);
    return 1;
}

static int give_news(wf_objects_t *of, wf_value_t *value)
{
    const wf_news_t *news = of->seen.news;

    *value =
        news ? wf_map(wf_news_members(news, wf_uow_pool(of->seen.call->uow))) : wf_null();
    return news != NULL;
}

static int give_fields(wf_objects_t *of, wf_value_t *value)
{
    *value = wf_map(of->seen.fields);
    return of->seen.fields != NULL;
}

static int give_method(wf_objects_t *of, wf_value_t *value)
{
    *value = wf_string(of->seen.method);
    return of->seen.fields != NULL;
}

static int give_arguments(wf_objects_t *of, wf_value_t *value)
{
    *value = wf_list(of->seen.arguments);
    return of->seen.fields != NULL;
}

static int give_delegate(wf_objects_t *of, wf_value_t *value)
{
    value->type = WF_OBJECT;
    value->as.object = of->seen.delegate;
    return of->seen.delegate != NULL;
}

/* clang-format off */
static const struct {
    const char *name;
    int (*give)(wf_objects_t *of, wf_value_t *value); /* 1 if it is there */
} names[] = {
    { "execution",           give_execution },
    { "task",                give_task },
    { "authenticatedUserId", give_user },
    { "event",               give_news },
    { "fields",              give_fields },
    { "method",              give_method },
    { "args",                give_arguments },
    { "delegate",            give_delegate },
};
/* clang-format on */

static int scope_get(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    wf_objects_t *of = baton;
    const wf_value_t *variable;
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].name, name) == 0 && names[i].give(of, value)) {
            return 1;
        }
    }
    variable = of->own ? wf_variable_get(of->own, name) : NULL;
    if (variable) {
        *value = *variable;
        return 1;
    }
    return (of->seen.exec || of->seen.of) && wf_bean_get(&of->seen, name, value, p);
}

wf_owner_t *wf_host_owner(const wf_host_t *seen)
{
    wf_exec_t *exec = seen->exec;

    return !exec        ? NULL
           : seen->task ? wf_task_owner(exec->instance->turn, seen->task, exec)
                        : &exec->own;
}

apr_status_t wf_host_scope(const wf_host_t *seen, wf_scope_t *scope, wf_error_t *err)
{
    wf_objects_t *of = apr_palloc(wf_uow_pool(seen->call->uow), sizeof(*of));

    of->seen = *seen;
    of->own = wf_host_owner(seen);
    make_subject(&of->execution, of, "execution", wf_execution_properties,
                 seen->exec ? &seen->exec->own : NULL);
    make_subject(&of->task, of, "task", wf_task_properties, of->own);
    of->task.change = seen->event ? wf_host_task_change : NULL; /* listeners only */
    *scope = (wf_scope_t){ .baton = of, .get = scope_get };
    return wf_variables_load(of->own, err);
}

apr_status_t wf_host_set(const wf_host_t *seen, const char *name, const wf_value_t *value,
                         wf_error_t *err)
{
    wf_owner_t *owner = wf_host_owner(seen);
    apr_status_t rv = wf_variables_load(owner, err);

    if (rv == APR_SUCCESS && !owner) {
        rv = wf_error_set(err, WF_ERR_EXECUTION,
                          "variable \"%s\" cannot be set: there is no execution", name);
    }
    return rv == APR_SUCCESS ? wf_variable_set(owner, name, value, err) : rv;
}

/* ---- evaluation -------------------------------------------------------------------- */

apr_status_t wf_host_eval(const wf_host_t *seen, const wf_template_t *expression,
                          wf_value_t *value, wf_error_t *err)
{
    wf_scope_t scope;
    apr_status_t rv = wf_host_scope(seen, &scope, err);

    return rv == APR_SUCCESS ? wf_template_eval(expression, &scope, value,
                                                wf_uow_pool(seen->call->uow), err)
                             : rv;
}

apr_status_t wf_host_print(const wf_host_t *seen, const wf_template_t *expression,
                           const char **text, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(seen->call->uow);
    wf_value_t value;
    apr_status_t rv;

    *text = NULL;
    if (!expression) {
        return APR_SUCCESS;
    }
    if (wf_template_is_literal(expression)) {
        return wf_template_text(expression, NULL, text, NULL, p, err);
    }
    rv = wf_host_eval(seen, expression, &value, err);
    if (rv == APR_SUCCESS) {
        *text = wf_host_text(&value, p);
    }
    return rv;
}

apr_status_t wf_exec_eval(wf_exec_t *exec, const wf_template_t *expression,
                          wf_value_t *value, wf_error_t *err)
{
    wf_host_t seen = { .call = exec->instance->turn->call, .exec = exec };

    return wf_host_eval(&seen, expression, value, err);
}

apr_status_t wf_exec_text(wf_exec_t *exec, const wf_template_t *expression,
                          const char **text, wf_error_t *err)
{
    wf_host_t seen = { .call = exec->instance->turn->call, .exec = exec };

    return wf_host_print(&seen, expression, text, err);
}
