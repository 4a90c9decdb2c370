/* Scripts of tasks, listeners and delegates. A language is a row of a table. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

static apr_status_t run_juel(const wf_host_t *seen, const wf_script_t *script,
                             wf_value_t *value, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(seen->call->uow);
    wf_template_t *template;
    wf_error_t fault;
    apr_status_t rv;

    wf_error_init(&fault, p);
    if (wf_template_parse(&template, script->text, WF_UEL, p, &fault) != APR_SUCCESS) {
        return wf_error_set(err, WF_ERR_EXECUTION, "%s: %s", script->name, fault.message);
    }
    rv = wf_host_eval(seen, template, value, err);
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "%s", script->name);
}

/* What is left for a script: its own limit, or less if the call must end before. */
static apr_int64_t time_left(const wf_services_t *services)
{
    apr_int64_t limit = services->script_timeout
                            ? (apr_int64_t)services->script_timeout * 1000
                            : WF_JS_DEADLINE_MS;
    apr_int64_t left = services->terms.deadline
                           ? (services->terms.deadline - wf_mono_us()) / 1000
                           : limit;

    return left < 1 ? 1 : left < limit ? left : limit;
}

/* A BPMN error that a bean throws may be caught by the script: then it is none. */
static apr_status_t end_run(const wf_host_t *seen, apr_status_t rv,
                            const wf_js_result_t *result, wf_error_t *err)
{
    if (rv == APR_SUCCESS) {
        wf_host_instance(seen)->turn->thrown = NULL;
    }
    else if (result->error_code && seen->exec) {
        wf_error_init(err, err->pool);
        return wf_error_throw(seen->exec, result->error_code, result->error_message, err);
    }
    return rv;
}

static apr_status_t run_javascript(const wf_host_t *seen, const wf_script_t *script,
                                   wf_value_t *value, wf_error_t *err)
{
    const wf_services_t *services = &seen->call->services;
    wf_js_call_t call = { .name = script->name,
                          .text = script->text,
                          .length = strlen(script->text),
                          .deadline_ms = time_left(services),
                          .memory = services->script_memory,
                          .wants_value = script->wants_value,
                          .stored = script->stored };
    wf_js_result_t result = { .value = wf_null() };
    wf_host_t in_script = *seen;
    wf_scope_t scope;
    apr_status_t rv;

    in_script.in_script = 1;
    rv = wf_host_scope(&in_script, &scope, err);
    if (rv == APR_SUCCESS) {
        call.scope = &scope;
        rv = wf_js_run(&call, &result, wf_uow_pool(seen->call->uow), err);
        rv = end_run(seen, rv, &result, err);
    }
    *value = result.value;
    return rv;
}

/* clang-format off */
static const struct {
    const char *language;
    apr_status_t (*run)(const wf_host_t *seen, const wf_script_t *script,
                        wf_value_t *value, wf_error_t *err);
} languages[] = {
    { "juel",       run_juel },
    { "javascript", run_javascript },
    { "JavaScript", run_javascript },
    { "ecmascript", run_javascript },
    { "ECMAScript", run_javascript },
    { "js",         run_javascript },
};
/* clang-format on */

apr_status_t wf_script_run(const wf_host_t *seen, const wf_script_t *script,
                           wf_value_t *value, wf_error_t *err)
{
    apr_size_t i;

    *value = wf_null();
    for (i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
        if (strcmp(languages[i].language, script->language) == 0) {
            return languages[i].run(seen, script, value, err);
        }
    }
    return wf_error_set(err, WF_ERR_EXECUTION, "Can't find scripting engine for '%s'",
                        script->language);
}
