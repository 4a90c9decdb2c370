/* Fuzz target of the expression language. The first byte chooses dialect and form ('0'
 * process expression, '1' process template, '2' load expression, '3' load template), the
 * rest is the text. Whatever it is: a value that prints, or an error that says why. */
#include "script/fixture.h"
#include "fuzz.h"

static apr_status_t fuzz_run(int form, const char *text, const wf_scope_t *scope,
                             wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    wf_dialect_e dialect = form & 2 ? WF_LOAD : WF_UEL;
    wf_template_t *tmpl;
    wf_expr_t *expr;
    apr_status_t rv;

    if (form & 1) {
        rv = wf_template_parse(&tmpl, text, dialect, p, err);
        return rv == APR_SUCCESS ? wf_template_eval(tmpl, scope, value, p, err) : rv;
    }
    rv = wf_expr_parse(&expr, text, dialect, p, err);
    return rv == APR_SUCCESS ? wf_expr_eval(expr, scope, value, p, err) : rv;
}

static void check_result(int form, apr_status_t rv, const wf_value_t *value,
                         const wf_error_t *err, apr_pool_t *p)
{
    int truth;

    if (rv != APR_SUCCESS) {
        if (!err->message
            || (err->kind != WF_ERR_INVALID && err->kind != WF_ERR_TOO_LARGE
                && err->kind != WF_ERR_EXECUTION)) {
            abort();
        }
        return;
    }
    for (int dialect = 0; dialect < WF_DIALECTS; dialect++) {
        wf_error_t ignored;

        wf_error_init(&ignored, p);
        if (!wf_value_print(value, dialect, p)) {
            abort();
        }
        wf_value_truth(value, dialect, &truth, &ignored);
    }
    if (form == 3 && value->type != WF_STRING) {
        abort();
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    fixture_t f;
    wf_scope_t scope;
    wf_value_t value = { .type = WF_NULL };
    wf_error_t err;
    apr_status_t rv;

    if (size == 0) {
        return;
    }
    wf_error_init(&err, p);
    fixture_init(&f, p);
    scope = fixture_scope(&f);
    rv = fuzz_run(data[0] & 3, apr_pstrmemdup(p, (const char *)data + 1, size - 1),
                  &scope, &value, p, &err);
    check_result(data[0] & 3, rv, &value, &err, p);
}
