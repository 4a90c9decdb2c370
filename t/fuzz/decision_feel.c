/* Fuzz target of FEEL. The first byte chooses: 't' unary tests, which are asked of inputs
 * of every type, else an expression. Whatever the text is: a value or an answer, or an
 * error that says where. */
#include "decision/internal.h"
#include "fuzz.h"

#define VARIABLES                                                                        \
    "{\"a\":2,\"b\":3.5,\"s\":\"x\",\"t\":true,\"n\":null,\"list\":[1,2.0,\"x\"],"       \
    "\"order\":{\"total\":250,\"customer\":{\"name\":\"Ann\"}},\"gr\xc3\xb6\xc3\x9f"     \
    "e\":7,\"big\":9223372036854775807,\"deep\":[[[[1]]]]}"

static int get(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    wf_value_t *found = wf_map_get(baton, name);

    (void)p;
    if (found) {
        *value = *found;
    }
    else if (!strcmp(name, "d")) {
        *value = wf_date(1774745999000);
        return 1;
    }
    return found != NULL;
}

static void check_error(const wf_error_t *err)
{
    fuzz_refused(err);
    fuzz_check(strstr(err->message, "position") || err->kind != WF_ERR_INVALID);
}

static void fuzz_expression(wf_feel_run_t *run, const char *text, apr_pool_t *p)
{
    wf_value_t value;
    wf_feel_t *feel;

    if (wf_feel_parse(&feel, text, p, run->err) != APR_SUCCESS
        || wf_feel_eval(run, feel, &value) != APR_SUCCESS) {
        check_error(run->err);
        return;
    }
    fuzz_utf8(wf_feel_kind(&value));
    if (wf_feel_duration(&value)) {
        const char *shown = wf_feel_duration_text(wf_feel_duration(&value), p);
        wf_value_t again;

        fuzz_utf8(shown); /* differences of dates may be longer than what can be read */
        fuzz_check(!wf_feel_duration_parse(&again, shown, p)
                   || wf_feel_equal(&value, &again));
    }
    else {
        fuzz_utf8(wf_value_print(&value, WF_UEL, p));
        fuzz_check(wf_feel_equal(&value, &value) || value.type == WF_DOUBLE
                   || value.type == WF_LIST || value.type == WF_MAP);
    }
}

static void fuzz_tests(wf_feel_run_t *run, const wf_map_t *vars, const char *text,
                       apr_pool_t *p)
{
    wf_feel_t *feel;

    if (wf_feel_parse_tests(&feel, text,
                            "gr\xc3\xb6\xc3\x9f"
                            "e",
                            p, run->err)
        != APR_SUCCESS) {
        check_error(run->err);
        return;
    }
    for (int i = 0; i < wf_map_count(vars); i++) {
        wf_error_t err;
        int holds = -1;

        wf_error_init(&err, p);
        run->err = &err;
        run->input = *wf_map_at(vars, i);
        run->work = 0;
        if (wf_feel_test(run, feel, &holds) == APR_SUCCESS) {
            fuzz_check(holds == 0 || holds == 1);
        }
        else {
            check_error(&err);
        }
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const char *text = fuzz_text(data, size, p);
    wf_scope_t scope = { .get = get };
    wf_value_t vars;
    wf_error_t err;
    wf_feel_run_t run = { .scope = &scope, .text = text, .pool = p, .err = &err };

    wf_error_init(&err, p);
    /* An expression comes from XML, which is UTF-8. */
    if (size == 0 || !wf_utf8_valid(text, strlen(text))
        || wf_json_value(&vars, VARIABLES, strlen(VARIABLES), p, &err) != APR_SUCCESS) {
        return;
    }
    scope.baton = vars.as.map;
    if (data[0] == 't') {
        fuzz_tests(&run, vars.as.map, text, p);
    }
    else {
        fuzz_expression(&run, text, p);
    }
}
