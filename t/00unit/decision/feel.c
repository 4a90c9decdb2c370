/* S-FEEL: what expressions give, which tests hold, and what is refused with its place. */
#include "decision/internal.h"
#include "fixture.h"

#define VARIABLES                                                                        \
    "{\"a\":2,\"b\":3.5,\"s\":\"x\",\"t\":true,\"n\":null,\"d\":\"@2026-03-29\","        \
    "\"list\":[1,2.0,\"x\"],\"order\":{\"total\":250,\"customer\":{\"name\":\"Ann\"}},"  \
    "\"größe\":7,\"big\":9223372036854775807}"

/* clang-format off */
static const struct {
    const char *text;
    const char *result; /* as JSON; NULL: it fails, */
    const char *error;  /* with this in its message */
} expressions[] = {
    /* literals */
    { "1", "1", NULL },
    { "1.50", "1.5", NULL },
    { ".5", "0.5", NULL },
    { "-3", "-3", NULL },
    { "- -3", "3", NULL },
    { "99999999999999999999", "1e+20", NULL },
    { "\"x\"", "\"x\"", NULL },
    { "\"\"", "\"\"", NULL },
    { "\"a\\\"b\\\\c\\n\\u00e9\\uD83D\\uDE00\"", "\"a\\\"b\\\\c\\né😀\"", NULL },
    { "true", "true", NULL },
    { "false", "false", NULL },
    { "null", "null", NULL },
    { "[]", "[]", NULL },
    { "[1, \"b\", [2]]", "[1,\"b\",[2]]", NULL },
    /* names and paths */
    { "a", "2", NULL },
    { "größe", "7", NULL },
    { "order.total", "250", NULL },
    { "order.customer.name", "\"Ann\"", NULL },
    { "order.missing", "null", NULL },
    { "n.missing", "null", NULL },
    { "s.length", NULL, "a value of type string has no member 'length'" },
    { "missing", NULL, "expression 'missing', position 1: there is no variable 'missing'" },
    { "a + missing", NULL, "position 5: there is no variable 'missing'" },
    { "date", NULL, "there is no variable 'date'" },
    /* arithmetic */
    { "1 + 2 * 3", "7", NULL },
    { "(1 + 2) * 3", "9", NULL },
    { "10 - 4 - 3", "3", NULL },
    { "10 / 4", "2.5", NULL },
    { "10 / 5", "2", NULL },
    { "-10 / 5", "-2", NULL },
    { "2 ** 10", "1024", NULL },
    { "2 ** -1", "0.5", NULL },
    { "2 * 3 ** 2", "18", NULL },
    { "-2 ** 2", "4", NULL },
    { "a + b", "5.5", NULL },
    { "-a", "-2", NULL },
    { "big + 1", "9.223372036854776e+18", NULL },
    { "-9223372036854775807 - 1", "-9223372036854775808", NULL },
    { "1 / 0", NULL, "position 3: division by zero" },
    { "10 ** 400", NULL, "the number is out of range" },
    { "n + 1", "null", NULL },
    { "-n", "null", NULL },
    { "t + 1", NULL, "the operator does not take values of type boolean and number" },
    { "-s", NULL, "a value of type string has no sign" },
    { "\"a\" + s", "\"ax\"", NULL },
    { "\"a\" + a", NULL, "the operator does not take values of type string and number" },
    { "\"a\" + string(a)", "\"a2\"", NULL },
    { "\"a\" - s", NULL, "the operator does not take" },
    /* comparisons and logic */
    { "1 = 1.0", "true", NULL },
    { "1 != 2", "true", NULL },
    { "s = \"x\"", "true", NULL },
    { "s = 1", "false", NULL },
    { "n = null", "true", NULL },
    { "a != null", "true", NULL },
    { "a < b", "true", NULL },
    { "a >= b", "false", NULL },
    { "\"abc\" < \"abd\"", "true", NULL },
    { "\"ab\" < \"abc\"", "true", NULL },
    { "n < 1", "null", NULL },
    { "s < 1", NULL, "values of type string and number have no order" },
    { "t < true", NULL, "have no order" },
    { "big > 9223372036854775806", "true", NULL },
    { "t and a = 2", "true", NULL },
    { "false and missing", "false", NULL },
    { "t or missing", "true", NULL },
    { "n and true", "null", NULL },
    { "n and false", "false", NULL },
    { "n or true", "true", NULL },
    { "false or false", "false", NULL },
    { "a = 1 or a = 2 and t", "true", NULL },
    { "a and t", NULL, "a value of type number is neither true nor false" },
    { "not(t)", "false", NULL },
    { "not(n)", "null", NULL },
    { "not(a)", NULL, "not() takes a boolean" },
    /* dates and durations, over the change of the clocks */
    { "date(\"2026-03-29\") = d", "true", NULL },
    { "date and time(\"2026-03-29T00:00:00\") = d", "true", NULL },
    { "date  and\ttime (\"2026-03-29T00:00:00+01:00\") = d", "true", NULL },
    { "date(s)", NULL, "position 1: no date of ISO 8601" },
    { "date(d) = d", "true", NULL },
    { "date(n)", "null", NULL },
    { "date(a)", NULL, "a date is made of a text" },
    { "d + duration(\"P1D\") = date(\"2026-03-30\")", "true", NULL },
    { "duration(\"P1D\") + d = date(\"2026-03-30\")", "true", NULL },
    { "d - duration(\"P1M\") = date(\"2026-02-28\")", "true", NULL },
    { "d - duration(\"P3M\") = date(\"2025-12-29\")", "true", NULL },
    { "d + duration(\"P1DT1H\") = date and time(\"2026-03-30T01:00:00\")", "true", NULL },
    { "date(\"2026-03-30\") - d = duration(\"P1D\")", "true", NULL },
    { "date(\"2026-03-30\") - d > duration(\"PT23H\")", "true", NULL },
    { "duration(\"P1Y\") = duration(\"P12M\")", "true", NULL },
    { "duration(\"P1Y\") > duration(\"P11M\")", "true", NULL },
    { "duration(\"P1Y\") > duration(\"P300D\")", NULL, "values of type duration and duration have no order" },
    { "duration(\"P1D\") + duration(\"PT12H\") = duration(\"PT36H\")", "true", NULL },
    { "duration(\"P1D\") - duration(\"P2D\") = -duration(\"P1D\")", "true", NULL },
    { "string(duration(\"P1D\") + duration(\"PT12H1M1.5S\"))", "\"P1DT12H1M1.500S\"", NULL },
    { "string(-duration(\"P14M\"))", "\"-P1Y2M\"", NULL },
    { "string(duration(\"-PT90S\"))", "\"-PT1M30S\"", NULL },
    { "string(duration(\"P0D\"))", "\"PT0S\"", NULL },
    { "string(duration(\"P0Y\"))", "\"P0M\"", NULL },
    { "duration(n)", "null", NULL },
    { "duration(a)", NULL, "no duration of ISO 8601" },
    { "d + d", NULL, "the operator does not take values of type date and date" },
    { "duration(\"P1D\") - d", NULL, "the operator does not take" },
    { "d + duration(\"P900000Y\")", NULL, "the date is out of range" },
};

/* The name cell is another one of what is tested. */
static const struct {
    const char *input; /* an expression */
    const char *test;
    int holds; /* -1: fails, */
    const char *error;
} tests[] = {
    { "5", "-", 1, NULL }, { "null", " - ", 1, NULL },
    { "5", "5", 1, NULL }, { "5", "5.0", 1, NULL }, { "5", "6", 0, NULL },
    { "5", "\"5\"", 0, NULL }, { "\"x\"", "\"x\"", 1, NULL }, { "\"x\"", "s", 1, NULL },
    { "\"x\"", "\"X\"", 0, NULL },
    { "null", "null", 1, NULL }, { "5", "null", 0, NULL }, { "null", "5", 0, NULL },
    { "true", "true", 1, NULL }, { "false", "true", 0, NULL }, { "false", "false", 1, NULL },
    { "true", "t", 1, NULL }, { "false", "t", 0, NULL },
    { "-5", "-5", 1, NULL }, { "5", "a + 3", 1, NULL }, { "2", "a", 1, NULL },
    { "250", "order.total", 1, NULL },
    /* order */
    { "5", "< 6", 1, NULL }, { "5", "< 5", 0, NULL }, { "5", "<= 5", 1, NULL },
    { "5", "> 4", 1, NULL }, { "5", "> 5", 0, NULL }, { "5", ">= 5", 1, NULL },
    { "5", "<a", 0, NULL }, { "5", "> a * 2", 1, NULL }, { "5", "> -1", 1, NULL },
    { "5", "!= 5", 0, NULL }, { "5", "!= 4", 1, NULL }, { "5", "= 5", 1, NULL },
    { "null", "< 5", 0, NULL }, { "5", "< null", 0, NULL }, { "null", "!= null", 0, NULL },
    { "\"b\"", "> \"a\"", 1, NULL },
    { "\"b\"", "> 1", -1, "position 1: values of type string and number have no order" },
    /* intervals */
    { "1", "[1..5]", 1, NULL }, { "5", "[1..5]", 1, NULL }, { "0", "[1..5]", 0, NULL },
    { "6", "[1..5]", 0, NULL },
    { "1", "]1..5[", 0, NULL }, { "5", "]1..5[", 0, NULL }, { "2", "]1..5[", 1, NULL },
    { "1", "(1..5)", 0, NULL }, { "5", "(1..5)", 0, NULL }, { "2", "(1..5)", 1, NULL },
    { "1", "[1..5)", 1, NULL }, { "5", "[1..5)", 0, NULL }, { "5", "(1..5]", 1, NULL },
    { "1.5", "[1.5..2.5]", 1, NULL }, { "3", "[a..b]", 1, NULL }, { "-1", "[-1..-a+3]", 1, NULL },
    { "\"m\"", "[\"a\"..\"z\"]", 1, NULL }, { "null", "[1..5]", 0, NULL },
    { "5", "[5..1]", 0, NULL },
    { "date(\"2026-03-29\")", "[date(\"2026-03-01\")..date(\"2026-03-31\")]", 1, NULL },
    { "date(\"2026-04-01\")", "[date(\"2026-03-01\")..date(\"2026-03-31\")]", 0, NULL },
    { "date(\"2026-03-29\")", "< date(\"2026-03-30\")", 1, NULL },
    { "date(\"2026-03-29\")", "date and time(\"2026-03-28T23:00:00Z\")", 1, NULL },
    { "duration(\"PT12H\")", "< duration(\"P1D\")", 1, NULL },
    { "duration(\"P14M\")", "[duration(\"P1Y\")..duration(\"P2Y\")]", 1, NULL },
    /* lists of tests, and of values */
    { "2", "1, 2, 3", 1, NULL }, { "4", "1, 2, 3", 0, NULL }, { "9", "1, [5..7], > 8", 1, NULL },
    { "\"b\"", "\"a\",\"b\"", 1, NULL }, { "null", "1, null", 1, NULL },
    { "2", "[1, 2]", 1, NULL }, { "3", "[1, 2]", 0, NULL }, { "2", "list", 1, NULL },
    { "\"y\"", "list", 0, NULL }, { "1", "[]", 0, NULL }, { "[1, 2]", "[1, 2]", 1, NULL },
    /* not */
    { "5", "not(5)", 0, NULL }, { "5", "not(4)", 1, NULL }, { "5", "not(1, 2, 5)", 0, NULL },
    { "5", "not(1, 2)", 1, NULL }, { "5", "not([1..4])", 1, NULL }, { "5", "not(> 4)", 0, NULL },
    { "null", "not(5)", 1, NULL }, { "null", "not(null)", 0, NULL },
    { "null", "not(> 5)", 0, NULL }, { "null", "not(> 5, null)", 0, NULL },
    { "false", "not(true)", 1, NULL },
    /* conditions about the input */
    { "5", "cell > 4 and cell < 6", 1, NULL }, { "5", "cell > 5 or cell = 4", 0, NULL },
    { "5", "? > 4", 1, NULL }, { "5", "cell * 2 = 10", 1, NULL }, { "2", "cell = a", 1, NULL },
    { "5", "a > 1", 1, NULL }, { "5", "a > 2", 0, NULL }, { "null", "cell > 4", 0, NULL },
    { "true", "cell", 1, NULL }, { "5", "not(cell = 5)", 0, NULL }, { "5", "not(t)", 1, NULL },
    { "5", "cell + 1", -1, "a value of type number is neither true nor false" },
    { "order", "cell.total > 200", 1, NULL },
    { "5", "missing", -1, "there is no variable 'missing'" },
};

static const struct {
    const char *text;
    int tests;
    const char *error;
} refused[] = {
    { "1 +", 0, "expression '1 +', position 4: the expression ends too early" },
    { "1 2", 0, "position 3: a value is not expected here" },
    { "a b", 0, "position 3: 'b' is not expected here" },
    { "(1", 0, "position 3: the expression ends too early" },
    { "1)", 0, "position 2: ')' is not expected here" },
    { "[1, 2", 0, "position 6" }, { "[1 2]", 0, "position 4" }, { "[,]", 0, "position 2" },
    { "\"x", 0, "position 1: the text has no closing quote" },
    { "\"\\x\"", 0, "position 2: unknown escape" },
    { "\"\\uD83D\"", 0, "unknown escape" }, { "\"\\u0000\"", 0, "unknown escape" },
    { "\"é\" 'x'", 0, "position 5: texts stand in double quotes" },
    { "a & b", 0, "position 3: unexpected character" },
    { "a == b", 0, "position 4: '=' is not expected here" },
    { "1 < 2 < 3", 0, "position 7: comparisons do not follow one another" },
    { "a.", 0, "position 3" }, { "a.1", 0, "position 2" }, { "1e5", 0, "position 2" },
    { "and", 0, "position 1: 'and' is not expected here" },
    { "?", 0, "position 1: '?' is not expected here" },
    { "if a then b else c", 0, "position 1: 'if' is not supported: expressions are S-FEEL" },
    { "for x in list return x", 0, "'for' is not supported" },
    { "a in [1..2]", 0, "position 3: 'in' is not expected here" },
    { "some x in list satisfies x", 0, "'some' is not supported" },
    { "now()", 0, "position 1: the function 'now' is not supported" },
    { "sum(1, 2)", 0, "the function 'sum' is not supported" },
    { "date(1, 2)", 0, "'date' takes another number of arguments" },
    { "date()", 0, "'date' takes another number of arguments" },
    { "1 + date(\"2026-02-30\")", 0, "position 5: no date of ISO 8601" },
    { "date(\"2026-02-01T00:00:00\")", 0, "no date of ISO 8601" },
    { "date and time(\"soon\")", 0, "no date and time of ISO 8601" },
    { "duration(\"P1Y1D\")", 0, "no duration of ISO 8601 by either months or days" },
    { "duration(\"1D\")", 0, "no duration" },
    { "[1..2]", 0, "position 1: an interval can only stand as a test" },
    { "[1..2] + 1", 1, "position 1: an interval can only stand as a test of its own" },
    { "([1..2])", 1, "position 2: an interval" }, { "[[1..2]]", 1, "position 2: an interval" },
    { "[1..2..3]", 1, "position 6" }, { "[1..]", 1, "position 6" }, { "]1, 2[", 1, "position 3" },
    { "<", 1, "position 2" }, { "< < 1", 1, "position 3" }, { "1,", 1, "position 3" },
    { "- 1, -", 1, "position 7" }, { "-, 1", 1, "position 2" }, { "not(1", 1, "position 6" },
    { "not(1) and t", 1, "position 8" }, { "not 1", 1, "position 5" },
    { "not()", 1, "position 5" },
};
/* clang-format on */

static void start_run(wf_feel_run_t *run, wf_error_t *err)
{
    wf_error_init(err, pool);
    *run = (wf_feel_run_t){ .scope = fixture_scope(VARIABLES), .pool = pool, .err = err };
}

static apr_status_t evaluate(wf_feel_run_t *run, const char *text, wf_value_t *value)
{
    wf_feel_t *feel;
    apr_status_t rv = wf_feel_parse(&feel, text, pool, run->err);

    return rv == APR_SUCCESS ? wf_feel_eval(run, feel, value) : rv;
}

static void check_expressions(void)
{
    for (apr_size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
        wf_feel_run_t run;
        wf_error_t err;
        wf_value_t value;
        apr_status_t rv;

        apr_pool_clear(pool);
        start_run(&run, &err);
        rv = evaluate(&run, expressions[i].text, &value);
        if (expressions[i].result) {
            is_str(rv == APR_SUCCESS ? fixture_json(&value) : err.message,
                   expressions[i].result, "%s", expressions[i].text);
        }
        else {
            ok(rv != APR_SUCCESS && fixture_says(err.message, expressions[i].error)
                   && err.kind == WF_ERR_EXECUTION,
               "%s fails", expressions[i].text);
        }
    }
}

static void check_tests(void)
{
    for (apr_size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        wf_feel_run_t run;
        wf_error_t err;
        wf_feel_t *feel;
        wf_value_t input;
        apr_status_t rv;
        int holds = -1;

        apr_pool_clear(pool);
        start_run(&run, &err);
        rv = evaluate(&run, tests[i].input, &input);
        if (rv == APR_SUCCESS
            && (rv = wf_feel_parse_tests(&feel, tests[i].test, "cell", pool, &err))
                   == APR_SUCCESS) {
            run.input = input;
            rv = wf_feel_test(&run, feel, &holds);
        }
        if (tests[i].holds >= 0) {
            is_int(rv == APR_SUCCESS ? holds : -1, tests[i].holds, "%s for %s",
                   tests[i].test, tests[i].input);
        }
        else {
            ok(rv != APR_SUCCESS && fixture_says(err.message, tests[i].error),
               "%s for %s fails", tests[i].test, tests[i].input);
        }
    }
}

static void check_refused(void)
{
    for (apr_size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        wf_error_t err;
        wf_feel_t *feel;
        apr_status_t rv;

        apr_pool_clear(pool);
        wf_error_init(&err, pool);
        rv = refused[i].tests
                 ? wf_feel_parse_tests(&feel, refused[i].text, "cell", pool, &err)
                 : wf_feel_parse(&feel, refused[i].text, pool, &err);
        ok(rv != APR_SUCCESS && fixture_says(err.message, refused[i].error),
           "%s is refused", refused[i].text);
    }
}

/* What would nest, or grow, without end is refused. */
static void check_limits(void)
{
    static const struct {
        const char *part, *middle, *closing, *error;
        int good, bad;
    } limits[] = {
        { "(", "1", ")", "more than 100 levels", 90, 150 },
        { "[", "1", "]", "more than 100 levels", 90, 150 },
        { "-", "1", "", "nested too deeply", 90, 150 },
        { "1 + ", "1", "", "more than 100 levels or terms", 98, 150 },
        { "1 + ", "1", "", "the expression is longer than 16 KiB", 10, 5000 },
    };

    for (apr_size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        for (int over = 0; over < 2; over++) {
            int times = over ? limits[i].bad : limits[i].good;
            const char *text = limits[i].middle;
            wf_error_t err;
            wf_feel_t *feel;
            apr_status_t rv;

            apr_pool_clear(pool);
            wf_error_init(&err, pool);
            for (int n = 0; n < times; n++) {
                text = apr_pstrcat(pool, limits[i].part, text, limits[i].closing, NULL);
            }
            rv = wf_feel_parse(&feel, text, pool, &err);
            ok(over ? rv != APR_SUCCESS && fixture_says(err.message, limits[i].error)
                    : rv == APR_SUCCESS,
               "%d times '%s'", times, limits[i].part);
        }
    }
}

static void check_work(void)
{
    wf_feel_run_t run;
    wf_error_t err;
    wf_value_t value, *large;
    char *text;

    apr_pool_clear(pool);
    start_run(&run, &err);
    text = apr_palloc(pool, 1 << 20);
    memset(text, 'x', (1 << 20) - 1);
    text[(1 << 20) - 1] = '\0';
    large = wf_map_get(run.scope->baton, "s");
    *large = wf_string(text);
    ok(evaluate(&run, "s+s+s+s+s", &value) == APR_SUCCESS, "a few MiB of texts");
    ok(evaluate(&run, "s+s+s+s+s+s+s+s+s+s+s+s", &value) != APR_SUCCESS
           && fixture_says(err.message, "more than 64 MiB of texts were made"),
       "texts without end");
}

int main(void)
{
    fixture_start();
    check_expressions();
    check_tests();
    check_refused();
    check_limits();
    check_work();
    return fixture_end();
}
