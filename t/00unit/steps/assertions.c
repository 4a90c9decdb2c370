/* The assertion keywords: which values they take, when they hold, and what they say. */
#include "steps/keywords.h"
#include "../tap.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;

static wf_value_t json(const char *text)
{
    const char *wrapped = apr_pstrcat(pool, "[", text, "]", NULL);
    json_object *tree;
    wf_error_t err;

    wf_error_init(&err, pool);
    if (wf_json_parse(&tree, wrapped, strlen(wrapped), pool, &err) != APR_SUCCESS) {
        diag("%s: %s", text, err.message);
        return wf_null();
    }
    return *wf_list_at(wf_value_from_json(tree, pool).as.list, 0);
}

/* want: NULL if it holds, else the message. */
static const struct {
    const char *keyword, *actual, *expected, *want;
} cases[] = {
    /* clang-format off */
    { "equals", "1", "1", NULL },
    { "equals", "1", "1.0", NULL },
    { "equals", "1", "\"1\"", "to equal \"1\", got 1" },
    { "equals", "\"1\"", "1", "to equal 1, got \"1\"" },
    { "equals", "true", "1", "to equal 1, got true" },
    { "equals", "null", "null", NULL },
    { "equals", "null", "false", "to equal false, got null" },
    { "equals", "\"\"", "null", "to equal null, got \"\"" },
    { "equals", "{\"a\":[1,{\"b\":2}],\"c\":3}", "{\"c\":3.0,\"a\":[1,{\"b\":2}]}", NULL },
    { "equals", "[1,2]", "[2,1]", "to equal [2,1], got [1,2]" },
    { "equals", "{\"a\":1}", "{\"a\":1,\"b\":null}", "to equal {\"a\":1,\"b\":null}, got {\"a\":1}" },
    { "equals", "9007199254740993", "9007199254740993", NULL },
    { "equals", "9007199254740993", "9007199254740992", "to equal 9007199254740992, got 9007199254740993" },
    { "not_equals", "1", "2", NULL },
    { "not_equals", "1", "\"1\"", NULL },
    { "not_equals", "[1]", "[1]", "not to equal [1], got [1]" },
    { "greater_than", "3", "2.5", NULL },
    { "greater_than", "3", "3", "to be greater than 3, got 3" },
    { "greater_than", "\"10\"", "5", "to be greater than 5, got \"10\", which is not a number" },
    { "greater_than", "null", "5", "to be greater than 5, got null, which is not a number" },
    { "greater_than", "3", "\"2\"", "to be greater than \"2\": the keyword greater_than needs a number" },
    { "greater_or_equal", "3", "3.0", NULL },
    { "greater_or_equal", "2", "3", "to be at least 3, got 2" },
    { "greater_or_equal", "[]", "3", "to be at least 3, got [], which is not a number" },
    { "less_than", "-1", "0", NULL },
    { "less_than", "0", "0", "to be less than 0, got 0" },
    { "less_or_equal", "0", "0", NULL },
    { "less_or_equal", "1", "0", "to be at most 0, got 1" },
    { "contains", "\"hello\"", "\"ell\"", NULL },
    { "contains", "\"hello\"", "\"\"", NULL },
    { "contains", "\"hello\"", "\"Ell\"", "to contain \"Ell\", got \"hello\"" },
    { "contains", "[1,[2]]", "[2]", NULL },
    { "contains", "[1,2]", "\"1\"", "to contain \"1\", got [1,2]" },
    { "contains", "{\"a\":1}", "\"a\"", "to contain \"a\", got {\"a\":1}, which is not a text (with a text to look for) or a list" },
    { "contains", "\"a1\"", "1", "to contain 1, got \"a1\", which is not a text (with a text to look for) or a list" },
    { "not_contains", "\"hello\"", "\"x\"", NULL },
    { "not_contains", "[1]", "1", "not to contain 1, got [1]" },
    { "not_contains", "5", "\"x\"", "not to contain \"x\", got 5, which is not a text (with a text to look for) or a list" },
    { "starts_with", "\"hello\"", "\"he\"", NULL },
    { "starts_with", "\"h\"", "\"he\"", "to start with \"he\", got \"h\"" },
    { "starts_with", "1", "\"1\"", "to start with \"1\", got 1, which is not a text" },
    { "ends_with", "\"hello\"", "\"llo\"", NULL },
    { "ends_with", "\"hello\"", "\"hel\"", "to end with \"hel\", got \"hello\"" },
    { "matches", "\"abc-12\"", "\"^[a-z]+-\\\\d+$\"", NULL },
    { "matches", "\"abc\"", "\"b\"", NULL },
    { "matches", "\"abc\"", "\"^b\"", "to match \"^b\", got \"abc\"" },
    { "matches", "\"abc\"", "\"(\"", "to match: regular expression: missing closing parenthesis, at byte 1" },
    { "matches", "1", "\"1\"", "to match \"1\", got 1, which is not a text" },
    { "in", "2", "[1,2.0]", NULL },
    { "in", "\"2\"", "[1,2]", "to be one of [1,2], got \"2\"" },
    { "in", "2", "2", "to be one of 2: the keyword in needs a list" },
    { "not_in", "3", "[1,2]", NULL },
    { "not_in", "{\"a\":1}", "[{\"a\":1}]", "to be none of [{\"a\":1}], got {\"a\":1}" },
    { "is_empty", "\"\"", "null", NULL },
    { "is_empty", "[]", "null", NULL },
    { "is_empty", "{}", "null", NULL },
    { "is_empty", "null", "null", NULL },
    { "is_empty", "\" \"", "null", "to be empty, got \" \"" },
    { "is_empty", "0", "null", "to be empty, got 0, which is not a text, a list, a map or null" },
    { "is_not_empty", "[0]", "null", NULL },
    { "is_not_empty", "[]", "null", "not to be empty, got []" },
    { "is_not_empty", "null", "null", "not to be empty, got null" },
    { "is_not_empty", "false", "null", "not to be empty, got false, which is not a text, a list, a map or null" },
    { "length_equals", "\"\xc3\xa9\xe2\x98\xba\"", "2", NULL },
    { "length_equals", "[1,2,3]", "3", NULL },
    { "length_equals", "{\"a\":1}", "1", NULL },
    { "length_equals", "[1]", "2", "to have the length 2, got [1]" },
    { "length_equals", "5", "1", "to have the length 1, got 5, which is not a text, a list or a map" },
    { "length_equals", "[1]", "-1", "to have the length -1: the keyword length_equals needs a whole number from 0 on" },
    { "is_null", "null", "null", NULL },
    { "is_null", "0", "null", "to be null, got 0" },
    { "is_not_null", "false", "null", NULL },
    { "is_not_null", "null", "null", "not to be null, got null" },
    { "is_type", "\"x\"", "\"string\"", NULL },
    { "is_type", "1", "\"number\"", NULL },
    { "is_type", "1.5", "\"number\"", NULL },
    { "is_type", "true", "\"boolean\"", NULL },
    { "is_type", "[]", "\"array\"", NULL },
    { "is_type", "{}", "\"object\"", NULL },
    { "is_type", "null", "\"null\"", NULL },
    { "is_type", "\"1\"", "\"number\"", "to be of the type \"number\", got \"1\"" },
    { "is_type", "1", "\"integer\"", "to be of the type \"integer\": the keyword is_type needs string, number, boolean, array, object or null" },
    /* clang-format on */
};

static void judge(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const wf_assertion_t *a = wf_assertion_find(cases[i].keyword, 0);
        wf_value_t actual = json(cases[i].actual), expected = json(cases[i].expected);

        is_str(wf_assertion_check(a, &actual, &expected, NULL, 0, pool), cases[i].want,
               "%s %s %s", cases[i].actual, cases[i].keyword, cases[i].expected);
    }
}

/* Every row is judged above at least once each way. */
static void every_row(void)
{
    const wf_assertion_t *a;

    for (int n = 0; (a = wf_assertion_at(n)) != NULL; n++) {
        int holds = 0, fails = 0;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            if (!strcmp(cases[i].keyword, a->name)) {
                holds += cases[i].want == NULL;
                fails += cases[i].want != NULL;
            }
        }
        ok(holds && fails, "%s: holds in %d cases, fails in %d", a->name, holds, fails);
        ok(wf_assertion_find(a->name, 0) == a, "%s is found", a->name);
    }
}

static const struct {
    const char *keyword, *actual, *expected;
    int holds;
} relaxed[] = {
    { "eq", "\"200\"", "200", 1 },      { "eq", "200", "\"200\"", 1 },
    { "eq", "200", "\"200.0\"", 1 },    { "eq", "\"a\"", "\"b\"", 0 },
    { "eq", "\"1.0\"", "\"1\"", 0 },    { "eq", "true", "\"true\"", 1 },
    { "eq", "[1]", "\"[1]\"", 0 },      { "ne", "\"200\"", "404", 1 },
    { "gt", "\"10\"", "9", 1 },         { "gt", "\"10\"", "\"9\"", 1 },
    { "gt", "\"ten\"", "9", 0 },        { "lte", "5", "\"5\"", 1 },
    { "contains", "\"a12\"", "12", 1 }, { "not_contains", "\"a12\"", "12", 0 },
    { "contains", "[12]", "12", 1 },
};

static void relax(void)
{
    for (size_t i = 0; i < sizeof(relaxed) / sizeof(relaxed[0]); i++) {
        const wf_assertion_t *a = wf_assertion_find(relaxed[i].keyword, 1);
        wf_value_t actual = json(relaxed[i].actual), expected = json(relaxed[i].expected);

        wf_assertion_relax(a, &actual, &expected, pool);
        is_int(wf_assertion_check(a, &actual, &expected, NULL, 0, pool) == NULL,
               relaxed[i].holds, "%s %s %s, relaxed", relaxed[i].actual,
               relaxed[i].keyword, relaxed[i].expected);
    }
    ok(wf_assertion_find("gt", 0) == NULL, "operators are no keywords");
    ok(wf_assertion_find("nosuch", 1) == NULL, "what is unknown is not found");
}

static void messages(void)
{
    const wf_assertion_t *a = wf_assertion_find("equals", 0);
    wf_value_t one = wf_string("hunter2"), other = wf_string("geheim");
    const char *text = wf_assertion_check(a, &one, &other, NULL, 1, pool);

    is_str(text, "to equal a secret, got another value", "secrets stay secret");
    one = wf_string(apr_pstrcat(pool, apr_psprintf(pool, "%0500d", 1), NULL));
    text = wf_assertion_check(a, &one, &other, NULL, 0, pool);
    ok(strlen(text) < 200 && strstr(text, "…"), "long values are cut: %s", text);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    judge();
    every_row();
    relax();
    messages();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
