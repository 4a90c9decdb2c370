/* A place for an expression in one of the two languages: FEEL, or JUEL through script. */
#include "decision/internal.h"

#include <string.h>
#include <strings.h>

typedef enum { LANGUAGE_FEEL, LANGUAGE_JUEL, LANGUAGE_UNKNOWN } language_e;

/* clang-format off */
static const struct {
    const char *name;
    language_e language;
} languages[] = {
    { "feel",                                              LANGUAGE_FEEL },
    { "http://www.omg.org/spec/FEEL/20140401",             LANGUAGE_FEEL },
    { "http://www.omg.org/spec/DMN/20151101/dmn.xsd#FEEL", LANGUAGE_FEEL },
    { "http://www.omg.org/spec/DMN/20180521/FEEL/",        LANGUAGE_FEEL },
    { "https://www.omg.org/spec/DMN/20180521/FEEL/",       LANGUAGE_FEEL },
    { "https://www.omg.org/spec/DMN/20191111/FEEL/",       LANGUAGE_FEEL },
    { "https://www.omg.org/spec/DMN/20211108/FEEL/",       LANGUAGE_FEEL },
    { "https://www.omg.org/spec/DMN/20230324/FEEL/",       LANGUAGE_FEEL },
    { "juel",                                              LANGUAGE_JUEL },
    { "http://java.sun.com/products/jsp/",                 LANGUAGE_JUEL },
};
/* clang-format on */

/* ${…} is nothing that FEEL could mean, so it needs no language. */
static language_e language_of(const char *name, const char *text)
{
    if (!strncmp(text, "${", 2) || !strncmp(text, "#{", 2)) {
        return LANGUAGE_JUEL;
    }
    if (!name) {
        return LANGUAGE_FEEL;
    }
    for (apr_size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
        if (!strcasecmp(languages[i].name, name)) {
            return languages[i].language;
        }
    }
    return LANGUAGE_UNKNOWN;
}

static apr_status_t parse_other(wf_decision_expr_t *expr, const char *text,
                                const char *language, apr_pool_t *p, wf_error_t *err)
{
    wf_template_t *juel;
    apr_status_t rv;

    if (language_of(language, text) == LANGUAGE_UNKNOWN) {
        return wf_error_set(err, WF_ERR_UNSUPPORTED,
                            "the expression language '%s' is not supported", language);
    }
    rv = wf_template_parse(&juel, text, WF_UEL, p, err);
    expr->juel = rv == APR_SUCCESS ? juel : NULL;
    return rv;
}

apr_status_t wf_decision_expr_parse(wf_decision_expr_t *expr, const char *text,
                                    const char *language, apr_pool_t *p, wf_error_t *err)
{
    wf_feel_t *feel;
    apr_status_t rv;

    memset(expr, 0, sizeof(*expr));
    if (!text || !*text) {
        return APR_SUCCESS;
    }
    if (language_of(language, text) != LANGUAGE_FEEL) {
        return parse_other(expr, text, language, p, err);
    }
    rv = wf_feel_parse(&feel, text, p, err);
    expr->feel = rv == APR_SUCCESS ? feel : NULL;
    return rv;
}

apr_status_t wf_decision_entry_parse(wf_decision_expr_t *expr, const char *text,
                                     const char *language, const char *input,
                                     apr_pool_t *p, wf_error_t *err)
{
    wf_feel_t *feel;
    apr_status_t rv;

    memset(expr, 0, sizeof(*expr));
    if (!text || !*text || !strcmp(text, "-")) {
        return APR_SUCCESS;
    }
    if (language_of(language, text) != LANGUAGE_FEEL) {
        return parse_other(expr, text, language, p, err);
    }
    rv = wf_feel_parse_tests(&feel, text, input, p, err);
    expr->feel = rv == APR_SUCCESS ? feel : NULL;
    return rv;
}

apr_status_t wf_decision_expr_eval(wf_feel_run_t *run, const wf_decision_expr_t *expr,
                                   wf_value_t *value)
{
    *value = wf_null();
    if (expr->juel) {
        return wf_template_eval(expr->juel, run->scope, value, run->pool, run->err);
    }
    return expr->feel ? wf_feel_eval(run, expr->feel, value) : APR_SUCCESS;
}

apr_status_t wf_decision_entry_test(wf_feel_run_t *run, const wf_decision_expr_t *expr,
                                    int *holds)
{
    wf_value_t value;
    apr_status_t rv;

    if (!expr->juel) {
        *holds = 1;
        return expr->feel ? wf_feel_test(run, expr->feel, holds) : APR_SUCCESS;
    }
    rv = wf_template_eval(expr->juel, run->scope, &value, run->pool, run->err);
    *holds = rv == APR_SUCCESS && value.type == WF_BOOLEAN && value.as.boolean;
    if (rv == APR_SUCCESS && value.type != WF_BOOLEAN && value.type != WF_NULL) {
        return wf_feel_fail(run, "a value of type %s is neither true nor false",
                            wf_feel_kind(&value));
    }
    return rv;
}
