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

    wf_error_init(&fault, p);
    if (wf_template_parse(&template, script->text, WF_UEL, p, &fault) != APR_SUCCESS) {
        return wf_error_set(err, WF_ERR_EXECUTION, "%s", fault.message);
    }
    return wf_host_eval(seen, template, value, err);
}

/* clang-format off */
static const struct {
    const char *language;
    apr_status_t (*run)(const wf_host_t *seen, const wf_script_t *script,
                        wf_value_t *value, wf_error_t *err);
} languages[] = {
    { "juel",       run_juel },
};
/* clang-format on */

apr_status_t wf_script_run(const wf_host_t *seen, const wf_script_t *script,
                           wf_value_t *value, wf_error_t *err)
{
    apr_status_t rv = WF_EFAILED;
    apr_size_t i;

    *value = wf_null();
    for (i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
        if (strcmp(languages[i].language, script->language) == 0) {
            rv = languages[i].run(seen, script, value, err);
            return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "%s", script->name);
        }
    }
    return wf_error_set(err, WF_ERR_EXECUTION, "Can't find scripting engine for '%s'",
                        script->language);
}
