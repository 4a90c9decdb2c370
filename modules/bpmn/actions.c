/* What tasks and listeners do: one table of ways, and one of the types of service tasks.
 */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/actions.h"

/* ---- fields -------------------------------------------------------------------------- */

const char *wf_field_text(const wf_map_t *fields, const char *name, apr_pool_t *p)
{
    const wf_value_t *value = fields ? wf_map_get(fields, name) : NULL;
    const char *text =
        value && value->type != WF_NULL ? wf_value_print(value, WF_UEL, p) : NULL;

    return text && *text ? text : NULL;
}

apr_status_t wf_field_flag(const wf_map_t *fields, const char *name, int fallback,
                           int *flag, wf_error_t *err)
{
    const char *text = wf_field_text(fields, name, err->pool);

    *flag = text ? strcmp(text, "true") == 0 : fallback;
    return !text || *flag || strcmp(text, "false") == 0
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_EXECUTION,
                              "field \"%s\" is \"%s\", not true or false", name, text);
}

apr_status_t wf_field_set(const wf_host_t *seen, const wf_map_t *fields, const char *name,
                          const wf_value_t *value, wf_error_t *err)
{
    const char *variable = wf_field_text(fields, name, wf_uow_pool(seen->call->uow));

    return variable ? wf_host_set(seen, variable, value, err) : APR_SUCCESS;
}

apr_status_t wf_field_forgive(const wf_host_t *seen, const wf_map_t *fields,
                              apr_status_t rv, wf_error_t *err)
{
    const char *text = wf_field_text(fields, "ignoreException", err->pool);
    wf_value_t message;

    if (rv == APR_SUCCESS || wf_host_instance(seen)->turn->thrown || !text
        || strcmp(text, "true") != 0) {
        return rv;
    }
    wf_log(WF_LOG_INFO, "activity \"%s\": ignored: %s",
           seen->exec ? seen->exec->node->id : "", err->message);
    message = wf_string(err->message);
    wf_error_init(err, err->pool);
    return wf_field_set(seen, fields, "exceptionVariableName", &message, err);
}

apr_status_t wf_action_fields(const wf_host_t *seen, const wf_action_t *action,
                              wf_map_t **fields, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    *fields = wf_map_create(wf_uow_pool(seen->call->uow));
    for (i = 0; action->fields && i < action->fields->nelts; i++) {
        const wf_field_t *field = &APR_ARRAY_IDX(action->fields, i, wf_field_t);
        wf_value_t value;

        rv = wf_host_eval(seen, field->value, &value, err);
        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "field \"%s\"", field->name);
        }
        wf_map_set(*fields, field->name, value);
    }
    return rv;
}

/* ---- ways ---------------------------------------------------------------------------- */

static apr_status_t run_expression(const wf_host_t *seen, const wf_action_t *action,
                                   const char *kind, wf_outcome_t *outcome,
                                   wf_error_t *err)
{
    wf_host_t with_beans = *seen;

    (void)kind;
    with_beans.beans = WF_BEANS_DEFAULT;
    return wf_host_eval(&with_beans, action->expression, &outcome->value, err);
}

/* The class or bean called name does it. */
static apr_status_t run_named(const wf_host_t *seen, const wf_action_t *action,
                              const char *kind, const char *name, wf_outcome_t *outcome,
                              wf_error_t *err)
{
    wf_delegate_call_t call = { .seen = seen, .kind = kind, .name = name };
    apr_status_t rv = wf_action_fields(seen, action, &call.fields, err);

    return rv == APR_SUCCESS ? wf_delegate_run(&call, outcome, err) : rv;
}

static apr_status_t run_class(const wf_host_t *seen, const wf_action_t *action,
                              const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    return run_named(seen, action, kind, action->name, outcome, err);
}

/* The expression gives a bean, or the name of a bean or class. */
static apr_status_t run_delegate(const wf_host_t *seen, const wf_action_t *action,
                                 const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    wf_host_t with_beans = *seen;
    const char *name;
    wf_value_t value;
    apr_status_t rv;

    with_beans.beans = WF_BEANS_ANY;
    rv = wf_host_eval(&with_beans, action->expression, &value, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    name = value.type == WF_STRING ? value.as.text.data : wf_bean_name(&value);
    if (!name || !*name) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "delegate expression \"%s\" gives %s, no delegate",
                            wf_template_source(action->expression),
                            value.type == WF_NULL ? "null" : wf_type_name(value.type));
    }
    return run_named(seen, action, kind, name, outcome, err);
}

static apr_status_t run_script(const wf_host_t *seen, const wf_action_t *action,
                               const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(seen->call->uow);
    wf_script_t script = { .language = action->name,
                           .text = action->script,
                           .wants_value = action->result_variable != NULL };
    apr_status_t rv;

    (void)kind;
    script.name =
        apr_psprintf(p, "script of \"%s\" (line %d)", seen->exec->node->id, action->line);
    script.stored = action->store_variables ? wf_map_create(p) : NULL;
    rv = wf_script_run(seen, &script, &outcome->value, err);
    return rv == APR_SUCCESS && script.stored
               ? wf_variables_set(wf_host_owner(seen), script.stored, err)
               : rv;
}

/* A web service's operation. */
static apr_status_t run_operation(const wf_host_t *seen, const wf_action_t *action,
                                  const char *kind, wf_outcome_t *outcome,
                                  wf_error_t *err)
{
    const char *name =
        apr_pstrcat(wf_uow_pool(seen->call->uow), "ws:", action->name, NULL);

    return run_named(seen, action, kind, name, outcome, err);
}

/* ---- types ---------------------------------------------------------------------------- */

/* What other engines bring along is somebody else's here: the registry knows it as
 * "mule:" and the value of a field. */
static apr_status_t run_prefixed(const wf_host_t *seen, const wf_action_t *action,
                                 const char *kind, const char *field,
                                 wf_outcome_t *outcome, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(seen->call->uow);
    wf_delegate_call_t call = { .seen = seen, .kind = kind };
    const char *text;
    apr_status_t rv = wf_action_fields(seen, action, &call.fields, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    text = wf_field_text(call.fields, field, p);
    call.name = apr_pstrcat(p, action->name, ":", text ? text : "", NULL);
    return wf_delegate_run(&call, outcome, err);
}

static apr_status_t run_mule(const wf_host_t *seen, const wf_action_t *action,
                             const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    return run_prefixed(seen, action, kind, "endpointUrl", outcome, err);
}

static apr_status_t run_rules(const wf_host_t *seen, const wf_action_t *action,
                              const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    return run_prefixed(seen, action, kind, "rules", outcome, err);
}

static apr_status_t run_camel(const wf_host_t *seen, const wf_action_t *action,
                              const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    const char *name = apr_pstrcat(wf_uow_pool(seen->call->uow),
                                   "camel:", seen->exec->instance->model->key, NULL);

    return run_named(seen, action, kind, name, outcome, err);
}

static apr_status_t run_external(const wf_host_t *seen, const wf_action_t *action,
                                 const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    const char *topic;
    apr_status_t rv = wf_host_print(seen, action->topic, &topic, err);

    (void)kind;
    outcome->topic = topic ? topic : "";
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "topic");
}

typedef apr_status_t way_fn(const wf_host_t *seen, const wf_action_t *action,
                            const char *kind, wf_outcome_t *outcome, wf_error_t *err);

/* clang-format off */
static const struct {
    const char *type;
    wf_type_fn *run; /* of its fields … */
    way_fn *way;     /* … or of the action */
} types[] = {
    { "mail",     wf_mail_run,  NULL },
    { "http",     wf_http_run,  NULL },
    { "shell",    wf_shell_run, NULL },
    { "external", NULL,         run_external },
    { "mule",     NULL,         run_mule },
    { "camel",    NULL,         run_camel },
    { "rules",    NULL,         run_rules },
};
/* clang-format on */

static int line_breaks(const char *text)
{
    int count = 0;

    while ((text = strpbrk(text, "\r\n")) != NULL) {
        text++;
        count++;
    }
    return count;
}

/* One expression and nothing else may give any number of lines. */
static int is_single(const char *source)
{
    apr_size_t length = strlen(source);

    return length > 2 && strchr("$#", source[0]) && source[1] == '{'
           && source[length - 1] == '}' && !strstr(source + 2, "${")
           && !strstr(source + 2, "#{");
}

/* A field of lines has those that the model has: what a variable holds stays in its own.
 * Otherwise whoever fills in an order number could add headers to a request. */
static apr_status_t check_lines(const wf_action_t *action, const wf_map_t *fields,
                                const char *name, wf_error_t *err)
{
    const char *text = wf_field_text(fields, name, err->pool);
    int i;

    for (i = 0; text && action->fields && i < action->fields->nelts; i++) {
        const wf_field_t *field = &APR_ARRAY_IDX(action->fields, i, wf_field_t);
        const char *source = wf_template_source(field->value);

        if (strcmp(field->name, name) == 0 && !wf_template_is_literal(field->value)
            && !is_single(source) && line_breaks(text) > line_breaks(source)) {
            return wf_error_set(err, WF_ERR_EXECUTION,
                                "field \"%s\": what an expression gives has a line break",
                                name);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t run_with_fields(wf_type_fn *run, const wf_host_t *seen,
                                    const wf_action_t *action, wf_outcome_t *outcome,
                                    wf_error_t *err)
{
    wf_map_t *fields;
    apr_status_t rv = wf_action_fields(seen, action, &fields, err);

    if (rv == APR_SUCCESS) {
        rv = check_lines(action, fields, "requestHeaders", err);
    }
    return rv == APR_SUCCESS ? run(seen, fields, outcome, err) : rv;
}

static apr_status_t run_type(const wf_host_t *seen, const wf_action_t *action,
                             const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    apr_size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].type, action->name) == 0) {
            return types[i].run
                       ? run_with_fields(types[i].run, seen, action, outcome, err)
                       : types[i].way(seen, action, kind, outcome, err);
        }
    }
    return wf_error_set(err, WF_ERR_EXECUTION,
                        "tasks of type \"%s\" are not done by this server", action->name);
}

/* ---- limits -------------------------------------------------------- */

void wf_action_waits(const wf_services_t *services)
{
    if (services->waits) {
        services->waits(services->waits_baton);
    }
}

int wf_action_timeout(const wf_services_t *services)
{
    return services->delegate_timeout ? services->delegate_timeout
                                      : WF_DELEGATE_TIMEOUT_S;
}

apr_size_t wf_action_max_bytes(const wf_services_t *services)
{
    return services->delegate_max_answer ? services->delegate_max_answer
                                         : WF_DELEGATE_MAX_ANSWER;
}

wf_value_t wf_action_bytes(const char *bytes, apr_size_t length)
{
    bytes = bytes ? bytes : "";
    if (!wf_utf8_valid(bytes, length)) {
        return wf_bytes(bytes, length);
    }
    return (wf_value_t){ .type = WF_STRING, .as.text = { bytes, length } };
}

/* ---- doing it ------------------------------------------------------------------------- */

static way_fn *const ways[] = {
    [WF_ACTION_EXPRESSION] = run_expression, [WF_ACTION_DELEGATE] = run_delegate,
    [WF_ACTION_CLASS] = run_class,           [WF_ACTION_TYPE] = run_type,
    [WF_ACTION_SCRIPT] = run_script,         [WF_ACTION_OPERATION] = run_operation,
    [WF_ACTION_DECISION] = wf_decision_run,
};

apr_status_t wf_action_run(const wf_host_t *seen, const wf_action_t *action,
                           const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    wf_turn_t *turn = wf_host_instance(seen)->turn;
    apr_status_t rv;

    turn->failure = NULL;
    *outcome = (wf_outcome_t){ .value = wf_null() };
    rv = ways[action->kind](seen, action, kind, outcome, err);
    if (rv != APR_SUCCESS && outcome->failure) {
        turn->failure = outcome->failure;
    }
    if (rv != APR_SUCCESS && err->kind != WF_ERR_CONFLICT
        && err->kind != WF_ERR_INTERNAL) {
        err->kind = WF_ERR_EXECUTION; /* whoever made the call has not done it */
    }
    return rv == APR_SUCCESS && action->result_variable && !outcome->topic
               ? wf_variable_set(wf_host_owner(seen), action->result_variable,
                                 &outcome->value, err)
               : rv;
}

/* ---- passing over ---------------------------------------------------------------------- */

#define SKIP_ENABLED "_ACTIVITI_SKIP_EXPRESSION_ENABLED"

apr_status_t wf_skip(wf_exec_t *exec, const wf_template_t *expression, int *enabled,
                     int *skip, wf_error_t *err)
{
    const wf_value_t *flag;
    wf_value_t value;
    apr_status_t rv;

    *skip = 0;
    if (enabled) {
        *enabled = 0;
    }
    rv = expression ? wf_variables_load(&exec->own, err) : APR_SUCCESS;
    flag = rv == APR_SUCCESS && expression ? wf_variable_get(&exec->own, SKIP_ENABLED)
                                           : NULL;
    if (!flag || flag->type != WF_BOOLEAN || !flag->as.boolean) {
        return rv;
    }
    rv = wf_exec_eval(exec, expression, &value, err);
    if (rv == APR_SUCCESS && value.type != WF_BOOLEAN) {
        rv = wf_error_set(err, WF_ERR_EXECUTION, "it gives %s, not true or false",
                          value.type == WF_NULL ? "null" : wf_type_name(value.type));
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "skipExpression");
    }
    *skip = value.as.boolean;
    if (enabled) {
        *enabled = 1;
    }
    return APR_SUCCESS;
}
