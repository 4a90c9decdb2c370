/* Fuzz target of the JavaScript host: the input is a script that sees one variable of
 * every kind and a host object. Whatever it does: a value that prints, or an error that
 * says why, soon. */
#include "script/fixture.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_check(apr_status_t rv, const wf_js_result_t *result,
                       const wf_map_t *stored, const wf_error_t *err, apr_pool_t *p)
{
    const wf_value_t values[] = { result->value, wf_map((wf_map_t *)stored) };

    if (rv != APR_SUCCESS) {
        if (!err->message || !wf_utf8_valid(err->message, strlen(err->message))
            || (err->kind != WF_ERR_INVALID && err->kind != WF_ERR_EXECUTION)) {
            abort();
        }
        return;
    }
    if (result->error_code) {
        abort();
    }
    for (int i = 0; i < 2; i++) {
        const char *text = wf_value_print(&values[i], WF_UEL, p);

        if (!wf_utf8_valid(text, strlen(text))) {
            abort();
        }
        wf_value_copy(&values[i], p);
    }
}

static void ignore(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    if (strpbrk(text, "\r\n")) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int initialized;
    apr_pool_t *p;
    fixture_t f;
    wf_scope_t scope;
    wf_js_result_t result;
    wf_error_t err;
    apr_status_t rv;

    if (!initialized) {
        apr_initialize();
        wf_log_to(ignore, NULL);
        initialized = 1;
    }
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    fixture_init(&f, p);
    scope = fixture_scope(&f);
    wf_js_call_t call = {
        .name = "fuzz",
        .text = apr_pstrmemdup(p, (const char *)data, size),
        .length = size,
        .scope = &scope,
        .deadline_ms = 100,
        .memory = 8 * 1024 * 1024,
        .wants_value = 1,
        .stored = wf_map_create(p),
    };
    rv = wf_js_run(&call, &result, p, &err);
    fuzz_check(rv, &result, call.stored, &err, p);
    apr_pool_destroy(p);
    return 0;
}
