/* Templates of both dialects. */
#include "script/fixture.h"

static const case_t uel[] = {
    { "plain", "string plain" },
    { "", "string " },
    { "Hello ${s}, you are ${a}", "string Hello hello, you are 3" },
    { "Hello #{s}, you are #{a}", "string Hello hello, you are 3" },
    { "Hello ${s}, you are #{a}", "! text \"Hello ${s}, you are #{a}\", position 21: "
                                  "${ and #{ cannot be mixed in one text" },
    { "${a}", "integer 3" },
    { "#{a + d}", "double 5.5" },
    { "${n}", "null" },
    { " ${a} ", "string  3 " },
    { "${a}${b}", "string 34" },
    { "[${n}]", "string []" },
    { "${l} and ${m}", "string [x, y] and {k=v}" },
    { "${10 / 2} EUR", "string 5.0 EUR" },
    { "${t}/${f}", "string true/false" },
    { "<${5.0}> <${1e7}> <${1 / 0}>", "string <5.0> <1.0E7> <Infinity>" },
    { "<${big}> <${none}> <${smile}>", "string <9223372036854775807> <> <a\xf0\x9f\x98\x80z>" },
    { "<${m.missing}> <${nothing}> <${nomap}>", "string <> <[]> <{}>" },
    { "at ${when.getTime()}", "string at 1288685100120" },
    { "${t}", "boolean true" },
    { "${l}", "list [x, y]" },
    { "${m}", "map {k=v}" },
    { "${when}", "date Tue Nov 02 08:05:00 UTC 2010" },
    { "${execution}", "object execution" },
    { "\\${a}", "string ${a}" },
    { "\\#{a}", "string #{a}" },
    { "\\${a} is ${a}", "string ${a} is 3" },
    { "\\#{a} is ${a}", "string #{a} is 3" },
    { "a\\b $ # {} ${a}", "string a\\b $ # {} 3" },
    { "100$", "string 100$" },
    { "\\", "string \\" },
    { "${'}'}", "string }" },
    { "${m['}']}x", "string x" },
    { "${'a\\'}'}!", "string a'}!" },
    { "${}", "! position 1: expected a value, found the end" },
    { "x ${a +} y", "! expression \"a +\", position 4: expected a value" },
    { "x ${a", "! text \"x ${a\", position 3: ${ has no closing }" },
    { "x #{a", "! #{ has no closing }" },
    { "x ${'a}", "! has no closing }" },
    { "${text}", "string ${s}" },
    { "<${text}>", "string <${s}>" },
    { "x ${nosuch}", "! expression \"nosuch\", position 1: unknown property 'nosuch'" },
    { "${execution.setVariable('s', 'bye')}${s}", "string bye" },
    { "gr\xc3\xbc\xc3\x9f"
      "e ${wide}",
      "string gr\xc3\xbc\xc3\x9f"
      "e gr\xc3\xb6\xc3\x9f"
      "e" },
};

static const case_t load[] = {
    { "plain", "string plain" },
    { "", "string " },
    { "${s}", "string hello" },
    { "${a}", "string 3" },
    { "/x/${a}?q=${s}&d=${d}", "string /x/3?q=hello&d=2.5" },
    { "${tree.items[0].id}/${tree.items.1.id}", "string 7/8" },
    { "${tree.items[0].tags[1]}", "string q" },
    { "${tree.items}", "string [{\"id\":7,\"tags\":[\"p\",\"q\"]},{\"id\":8}]" },
    { "${tree.n} ${t} ${n}", "string null true null" },
    { "${loop.index}:${loop.item.id}", "string 2:i2" },
    { "${nosuch} ${tree.nosuch} ${tree.items[9]}",
      "string ${nosuch} ${tree.nosuch} ${tree.items[9]}" },
    { "${text} ${s}", "string ${s} hello" },
    { "${var:s} ${var:nosuch}", "string hello ${var:nosuch}" },
    { "${env:HOME} ${env:NONE}", "string /home/wf ${env:NONE}" },
    { "${file:/etc/passwd}", "string ${file:/etc/passwd}" },
    { "Bearer ${secret:key}", "string Bearer s3cret" },
    { "${secret:none}", "! 'secret:none' is not configured" },
    { "${__VU}-${__ITER}", "string 12-${__ITER}" },
    { "#{s} \\${s}", "string #{s} \\hello" },
    { "${} ${a ${s}", "string ${} ${a ${s}" },
    { "${a b} ${a[} ${s", "string ${a b} ${a[} ${s" },
    { "{\"a\":{\"b\":\"${s}\"}}", "string {\"a\":{\"b\":\"hello\"}}" },
    { "${a + 1}", "string ${a + 1}" },
    { "${execution.id}", "string 4711" },
    { "${execution.broken}", "! the host says no" },
    { "${0}", "string ${0}" },
    { "${both.x} ${both.n} ${both.deep.a}", "string 1 null 2" },
    { "${both.deep.b} ${both.l[0]} ${both.whole}", "string 4 5 as a whole" },
    { "${var:both.x} ${var:both.l[0]}", "string 1 ${var:both.l[0]}" },
    { "${both}", "string {\"x\":1,\"n\":null,\"deep\":{\"a\":2}}" },
    { "${both.deep}", "string {\"a\":2}" },
    { "${both.nosuch} ${both.deep.nosuch}", "string ${both.nosuch} ${both.deep.nosuch}" },
};

static void test_literals(void)
{
    static const struct {
        const char *text;
        wf_dialect_e dialect;
        int literal;
    } cases[] = {
        { "plain", WF_UEL, 1 },   { "", WF_UEL, 1 },       { "$ # {a}", WF_UEL, 1 },
        { "${a}", WF_UEL, 0 },    { "\\${a}", WF_UEL, 0 }, { "#{a}", WF_LOAD, 1 },
        { "\\${a}", WF_LOAD, 0 }, { "${a[}", WF_LOAD, 1 }, { "${a}", WF_LOAD, 0 },
    };
    apr_pool_t *p;
    wf_error_t err;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_template_t *tmpl;

        wf_template_parse(&tmpl, cases[i].text, cases[i].dialect, p, &err);
        is_int(wf_template_is_literal(tmpl), cases[i].literal, "'%s' literal?",
               cases[i].text);
        is_str(wf_template_source(tmpl), cases[i].text, "its source");
    }
    apr_pool_destroy(p);
}

static void test_text(void)
{
    apr_pool_t *p;
    fixture_t f;
    wf_scope_t scope;
    wf_template_t *tmpl;
    wf_error_t err;
    const char *text = "unset";
    apr_size_t length = 99;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    fixture_init(&f, p);
    scope = fixture_scope(&f);
    wf_template_parse(&tmpl, "${n}", WF_UEL, p, &err);
    ok(wf_template_text(tmpl, &scope, &text, &length, p, &err) == APR_SUCCESS, "a null");
    ok(text == NULL && length == 0, "has no text");
    wf_template_parse(&tmpl, "${d * 2}", WF_UEL, p, &err);
    ok(wf_template_text(tmpl, &scope, &text, &length, p, &err) == APR_SUCCESS,
       "a number");
    is_str(text, "5.0", "is printed");
    is_int(length, 3, "with its length");
    wf_template_parse(&tmpl, "${d}", WF_LOAD, p, &err);
    ok(wf_template_text(tmpl, &scope, &text, NULL, p, &err) == APR_SUCCESS,
       "in load, too");
    is_str(text, "2.5", "as text");
    wf_template_parse(&tmpl, "${x}", WF_LOAD, p, &err);
    ok(wf_template_text(tmpl, NULL, &text, NULL, p, &err) == APR_SUCCESS,
       "without a scope");
    is_str(text, "${x}", "every name is unknown");
    apr_pool_destroy(p);
}

/* The whole name is asked first, and a hit needs no second question. */
static void test_lookups(void)
{
    static const struct {
        const char *text;
        int asked;
    } cases[] = {
        { "${loop.index}", 1 }, { "${tree.ratio}", 2 }, { "${loop.item.id}", 3 },
        { "${a.b.c}", 3 }, /* a is known: no longer names, no members either */
        { "${env:X.Y}", 1 },    { "${var:s}", 2 },
    };
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture_t f;
        wf_scope_t scope;
        wf_template_t *tmpl;
        wf_value_t v;
        wf_error_t err;

        wf_error_init(&err, p);
        fixture_init(&f, p);
        scope = fixture_scope(&f);
        wf_template_parse(&tmpl, cases[i].text, WF_LOAD, p, &err);
        wf_template_eval(tmpl, &scope, &v, p, &err);
        is_int(f.asked, cases[i].asked, "%s: lookups", cases[i].text);
    }
    apr_pool_destroy(p);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    apr_initialize();
    RUN(uel, WF_UEL, run_template);
    RUN(load, WF_LOAD, run_template);
    test_literals();
    test_text();
    test_lookups();
    apr_terminate();
    return done_testing();
}
