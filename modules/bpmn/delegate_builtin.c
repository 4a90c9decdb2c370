/* Delegates that need nobody else. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/actions.h"

static apr_status_t do_nothing(const wf_delegate_call_t *call, wf_outcome_t *outcome,
                               wf_error_t *err)
{
    (void)call, (void)outcome, (void)err;
    return APR_SUCCESS;
}

/* Every field becomes a variable. */
static apr_status_t set_variables(const wf_delegate_call_t *call, wf_outcome_t *outcome,
                                  wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    (void)outcome;
    for (i = 0; rv == APR_SUCCESS && i < wf_map_count(call->fields); i++) {
        rv = wf_host_set(call->seen, wf_map_key(call->fields, i),
                         wf_map_at(call->fields, i), err);
    }
    return rv;
}

static const char *field(const wf_delegate_call_t *call, const char *name)
{
    return wf_field_text(call->fields, name, wf_uow_pool(call->seen->call->uow));
}

static apr_status_t send_mail(const wf_delegate_call_t *call, wf_outcome_t *outcome,
                              wf_error_t *err)
{
    return wf_mail_run(call->seen, call->fields, outcome, err);
}

/* Activiti's script listeners: fields script, language and resultVariable. */
static apr_status_t run_script(const wf_delegate_call_t *call, wf_outcome_t *outcome,
                               wf_error_t *err)
{
    const char *result = field(call, "resultVariable");
    wf_script_t script = { .name = "field \"script\"",
                           .text = field(call, "script"),
                           .language = field(call, "language"),
                           .wants_value = result != NULL };
    apr_status_t rv;

    if (!script.text) {
        return wf_error_set(err, WF_ERR_EXECUTION, "the field \"script\" is missing");
    }
    script.language = script.language ? script.language : "juel";
    rv = wf_script_run(call->seen, &script, &outcome->value, err);
    return rv == APR_SUCCESS && result
               ? wf_host_set(call->seen, result, &outcome->value, err)
               : rv;
}

/* clang-format off */
static const struct {
    const char *name;
    apr_status_t (*run)(const wf_delegate_call_t *call, wf_outcome_t *outcome,
                        wf_error_t *err);
} builtins[] = {
    { "noop",         do_nothing },
    { "setVariables", set_variables },
    { "mail",         send_mail },
    { "script",       run_script },
};
/* clang-format on */

apr_status_t wf_delegate_builtin(const wf_delegate_t *d, const wf_delegate_call_t *call,
                                 wf_outcome_t *outcome, wf_error_t *err)
{
    apr_size_t i;

    for (i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        if (strcmp(builtins[i].name, d->value) == 0) {
            return builtins[i].run(call, outcome, err);
        }
    }
    return wf_error_set(err, WF_ERR_INTERNAL, "no builtin delegate \"%s\"", d->value);
}
