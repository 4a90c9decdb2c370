/* What an expression may cost: sizes, nesting, work, and patterns that never end. */
#include "script/fixture.h"

static apr_pool_t *pool;

/* before, n times piece, after. */
static const char *repeat(const char *before, const char *piece, int n, const char *after)
{
    apr_size_t head = strlen(before), length = strlen(piece), tail = strlen(after);
    char *text = apr_palloc(pool, head + n * length + tail + 1), *s = text + head;

    memcpy(text, before, head);
    for (int i = 0; i < n; i++, s += length) {
        memcpy(s, piece, length);
    }
    memcpy(s, after, tail + 1);
    return text;
}

static wf_err_kind_e parse_kind(const char *text, wf_dialect_e dialect)
{
    wf_expr_t *expr;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_expr_parse(&expr, text, dialect, pool, &err);
    return err.kind;
}

static void test_nesting(void)
{
    static const struct {
        const char *open, *middle, *close;
    } shapes[] = {
        { "(", "1", ")" },       { "-", "1", "" },          { "!", "t", "" },
        { "l[", "0", "]" },      { "s.concat(", "s", ")" }, { "t ? 1 : ", "2", "" },
        { "t ? ", "1", " : 2" },
    };

    for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        for (int levels = 100; levels <= 101; levels++) {
            const char *text =
                repeat(repeat("", shapes[i].open, levels, shapes[i].middle),
                       shapes[i].close, levels, "");

            is_int(parse_kind(text, WF_UEL),
                   levels > 100 ? WF_ERR_TOO_LARGE : WF_ERR_NONE, "%d times %s", levels,
                   shapes[i].open);
        }
    }
    is_int(parse_kind(repeat("", "(", 101, ""), WF_LOAD), WF_ERR_TOO_LARGE,
           "load: 101 parentheses");
    is_int(parse_kind(repeat("", "NOT ", 101, "true"), WF_LOAD), WF_ERR_TOO_LARGE,
           "load: 101 times NOT");
    ok(strstr(run_expr(repeat("", "(", 101, ""), WF_UEL, pool),
              "position 102: more than 100 levels of nesting"),
       "with the position");
}

/* A chain does not nest, however long it is. */
static void test_chains(void)
{
    is_str(run_expr(repeat("0", "+1", 32000, ""), WF_UEL, pool), "long 32000", "a sum");
    is_str(run_expr(repeat("0", " - 1", 16000, ""), WF_LOAD, pool), "integer -16000",
           "a load sum");
    is_str(run_expr(repeat("f", " or f", 13000, ""), WF_UEL, pool), "boolean false",
           "alternatives");
    is_str(run_expr(repeat("n", ".p", 32000, ""), WF_UEL, pool), "null", "properties");
    is_str(run_expr(repeat("s", ".trim()", 9000, ""), WF_UEL, pool), "string hello",
           "calls");
}

static void test_sizes(void)
{
    int max = 64 * 1024;

    is_int(parse_kind(repeat("", " ", max - 1, "1"), WF_UEL), WF_ERR_NONE, "64 KiB");
    is_int(parse_kind(repeat("", " ", max, "1"), WF_UEL), WF_ERR_TOO_LARGE, "one more");
    is_int(parse_kind(repeat("s.concat(1", ", 1", 16, ")"), WF_UEL), WF_ERR_TOO_LARGE,
           "17 arguments");
    is_int(parse_kind(repeat("", "''+", 20000, "''"), WF_UEL), WF_ERR_NONE,
           "many small texts");
    ok(strstr(run_expr(repeat("", "x", 3000, " +"), WF_UEL, pool), "xxx\xe2\x80\xa6\""),
       "a long text is cut in the message");
}

static void test_templates(void)
{
    wf_template_t *tmpl;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_template_parse(&tmpl, repeat("", "${a}", 10001, ""), WF_LOAD, pool, &err);
    is_int(err.kind, WF_ERR_TOO_LARGE, "10,001 parts");
    wf_error_init(&err, pool);
    wf_template_parse(&tmpl, repeat("", "x", 16 * 1024 * 1024 + 1, ""), WF_UEL, pool,
                      &err);
    is_int(err.kind, WF_ERR_TOO_LARGE, "16 MiB and one byte");
    is_str(run_template(repeat("${", "a", 1100, "}"), WF_LOAD, pool),
           repeat("string ${", "a", 1100, "}"), "a path too long is no path");
    is_str(run_template(repeat("", "${", 100000, ""), WF_LOAD, pool),
           repeat("string ", "${", 100000, ""), "many open markers");
    is_str(run_template(repeat("", "${a}", 10000, ""), WF_UEL, pool),
           repeat("string ", "3", 10000, ""), "10,000 parts");
}

/* Each of these would take gigabytes, hours, or the stack. */
static void test_work(void)
{
    static const case_t cases[] = {
        { "big20.concat(big20)", "! a text longer than 16 MiB" },
        { "big10.replace('x', 'xx')", "! a text longer than 16 MiB" },
        { "big10.replaceAll('x{9999}', '$0$0')", "! a text longer than 16 MiB" },
        { "big10.split('')", "! " }, /* time or memory, whichever ends first */
        { "lots.matches('(a|aa|a*)*b')", "! regular expression: " },
        { "lots.matches('(.*)*(.*)*(.*)*x')", "! regular expression: " },
        { "lots.replaceAll('(a+)+[xy]', '')", "! regular expression: " },
        { "big10.replaceAll('x*y', '')", "! regular expression: match limit exceeded" },
        { "lots.matches('(?R)*a+')", "! regular expression: " },
        { "s.matches('(((a{1000}){1000}){1000})')", "! regular expression: " },
        { "s.matches(big10)", "! regular expression: pattern string is longer" },
        { "deep.add(deep)", "! lists and maps nested deeper than 32" },
    };
    wf_value_t lots = wf_string(repeat("", "a", 5000, "!"));
    wf_value_t big10 = wf_string(repeat("", "x", 10 * 1024 * 1024, ""));
    wf_value_t big20 = wf_string(repeat("", "x", 20 * 1024 * 1024, ""));

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_int64_t start = wf_mono_us();
        fixture_t f;
        wf_scope_t scope;
        wf_expr_t *expr;
        wf_value_t v;
        wf_error_t err;
        apr_pool_t *p;
        apr_status_t rv;

        apr_pool_create(&p, pool);
        wf_error_init(&err, p);
        fixture_init(&f, p);
        wf_map_set(f.vars, "lots", lots);
        wf_map_set(f.vars, "big10", big10);
        wf_map_set(f.vars, "big20", big20);
        fixture_json(&f, "deep", repeat(repeat("", "[", 40, ""), "]", 40, ""));
        scope = fixture_scope(&f);
        rv = wf_expr_parse(&expr, cases[i].text, WF_UEL, p, &err);
        if (rv == APR_SUCCESS) {
            rv = wf_expr_eval(expr, &scope, &v, p, &err);
        }
        ok(rv != APR_SUCCESS && err.kind == WF_ERR_EXECUTION
               && strstr(err.message, cases[i].want + 2),
           "%s -> %s", cases[i].text, cases[i].want);
        diag("%s after %d ms", err.message, (int)((wf_mono_us() - start) / 1000));
        apr_pool_destroy(p);
    }
}

/* Doubling a list by itself ends at the limit of work, not of memory. */
static void test_doubling(void)
{
    const char *got = run_expr(
        repeat("nums.add(0, nums) == null", " and nums.add(0, nums) == null", 25, ""),
        WF_UEL, pool);

    ok(strstr(got, "more than 128 MiB") || strstr(got, "nested deeper"),
       "a list in itself");
    diag("%s", strrchr(got, ':'));
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_nesting();
    test_chains();
    test_sizes();
    test_templates();
    test_work();
    test_doubling();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
