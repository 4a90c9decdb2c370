/* Values, JSON, times, durations, texts: tables of cases. */
#include "core/core.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <malloc.h>
#include <stdlib.h>
#include <time.h>

static apr_pool_t *pool;

static void test_durations(void)
{
    static const struct {
        const char *in;
        long long ns; /* -1: not a duration */
        const char *out;
    } cases[] = {
        { "0", 0, "0s" },
        { "0s", 0, "0s" },
        { "800ns", 800, "800ns" },
        { "12.5us", 12500, "12.5\xc2\xb5s" },
        { "12.5\xc2\xb5s", 12500, "12.5\xc2\xb5s" },
        { "125ms", 125000000, "125ms" },
        { "356.2ms", 356200000, "356.2ms" },
        { "1.5s", 1500000000, "1.5s" },
        { "90s", 90000000000, "1m30s" },
        { "5m", 300000000000, "5m0s" },
        { "1m30.25s", 90250000000, "1m30.25s" },
        { "1h", 3600000000000, "1h0m0s" },
        { "2h45m", 9900000000000, "2h45m0s" },
        { "+1s", 1000000000, "1s" },
        { "0.1ns", 0, "0s" },
        { "", -1, NULL },
        { "1", -1, NULL },
        { "s", -1, NULL },
        { ".s", -1, NULL },
        { "1 s", -1, NULL },
        { "1d", -1, NULL },
        { "1s1", -1, NULL },
        { "9999999999h", -1, NULL },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_int64_t ns = -2;
        apr_status_t rv = wf_duration_parse(&ns, cases[i].in);

        if (cases[i].ns < 0) {
            ok(rv != APR_SUCCESS, "'%s' is no duration", cases[i].in);
            continue;
        }
        ok(rv == APR_SUCCESS, "'%s' is a duration", cases[i].in);
        is_int(ns, cases[i].ns, "'%s' in ns", cases[i].in);
        is_str(wf_duration_text(ns, pool), cases[i].out, "'%s' printed", cases[i].in);
    }
    is_str(wf_duration_text(-1500000000, pool), "-1.5s", "a negative duration");
}

/* Nobody wakes them: they wait as long as they are to, and the steady clock goes on. */
static void test_waits(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    apr_int64_t steady = wf_steady_ms(), until = wf_mono_us() + 20000;
    apr_int64_t date = wf_time_ms() + 40;

    ok(steady > date - 60000 && steady < date + 60000, "the steady clock begins as the other");
    pthread_mutex_lock(&lock);
    while (wf_cond_wait_until(&cond, &lock, until)) {
    }
    ok(wf_mono_us() >= until, "a wait for a time");
    while (wf_cond_wait_for_date(&cond, &lock, date)) {
    }
    ok(wf_time_ms() >= date, "a wait for a date");
    ok(wf_cond_wait_until(&cond, &lock, until) == 0, "a time that is over");
    pthread_mutex_unlock(&lock);
    ok(wf_steady_ms() >= steady + 20, "it goes on");
}

static void test_times(void)
{
    static const struct {
        const char *in;
        long long ms; /* -1: refused */
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2010-11-02T09:05:00.120+01:00", 1288685100120 },
        { "2010-11-02T09:05:00.120 01:00", 1288685100120 },
        { "2010-11-02T08:05:00Z", 1288685100000 },
        { "2010-11-02T03:05:00-05:00", 1288685100000 },
        { "2010-11-02T09:05:00", 1288685100000 }, /* server's zone, set below */
        { "2024-02-29T00:00:00Z", 1709164800000 },
        { "+10000-01-01T00:00:00Z", 253402300800000 },
        { "+2010-11-02T08:05:00Z", 1288685100000 },
        { "10000-01-01T00:00:00Z", -1 }, /* more digits need a sign */
        { "+999-01-01T00:00:00Z", -1 },
        { "+999999999-01-01T00:00:00Z", -1 }, /* beyond 64 bits */
        { "+9999999999-01-01T00:00:00Z", -1 },
        { "-", -1 },
        { "2023-02-29T00:00:00Z", -1 },
        { "2010-13-02T09:05:00Z", -1 },
        { "2010-11-02T24:05:00Z", -1 },
        { "2010-11-02", -1 },
        { "2010-11-02T09:05:00.Z", -1 },
        { "2010-11-02T09:05:00+1:00", -1 },
        { "2010-11-02T09:05:00Zjunk", -1 },
        { "", -1 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_int64_t ms = -2;
        apr_status_t rv = wf_time_parse(&ms, cases[i].in);

        ok((rv == APR_SUCCESS) == (cases[i].ms >= 0), "'%s' is %sa time", cases[i].in,
           cases[i].ms < 0 ? "not " : "");
        if (cases[i].ms >= 0) {
            is_int(ms, cases[i].ms, "'%s' in ms", cases[i].in);
        }
    }
    is_str(wf_time_iso(1288685100120, pool), "2010-11-02T09:05:00.120+01:00", "local time");
    is_str(wf_time_utc(1288685100120, pool), "2010-11-02T08:05:00Z", "UTC");
    is_str(wf_time_iso(253402300800000, pool), "+10000-01-01T01:00:00.000+01:00",
           "year 10000");
    is_str(wf_time_utc(253402300800000, pool), "+10000-01-01T00:00:00Z", "… in UTC");
    is_str(wf_time_iso(-62198755200000, pool), "-0001-01-01T00:53:00.000+00:53",
           "year -1");
    is_str(wf_time_iso(-1, pool), "1970-01-01T00:59:59.999+01:00", "before 1970");
    is_str(wf_time_iso(-5364662400000, pool), "1800-01-01T00:53:00.000+00:53",
           "an offset of 00:53:28 in whole minutes, for the same instant");
}

/* Each name that repeats one of its object, at its quote. */
static void test_names(void)
{
    static const struct {
        const char text[64], *error; /* NULL: fine */
    } cases[] = {
        { "{}", NULL },
        { "\"a\"", NULL },
        { "[\"a\",\"a\",{\"a\":\"a\"},{\"a\":\"a\"},\"a\"]", NULL },
        { "{\"a\":{\"a\":{\"a\":[\"a\",\"a\"]}},\"b\":\"a\",\"\":\"\"}", NULL },
        { "{\"a\":\"\\\"a\\\"\",\"b\":\"\\\\\",\"c\":\"{\\\"c\\\":1}\"}", NULL },
        { "{\"ab\":1,\"a\":2,\"A\":3,\"a \":4}", NULL },
        { "{\"a\":1,\"a\":1}", "line 1, column 8: \"a\" is given twice" },
        { "{\"x\":[1,{\"b\":{},\n \"c\":[], \"b\" :2}]}", "line 2, column 10: \"b\" is" },
        { "{\"a\":{\"b\":1},\"c\":0,\"a\":{\"b\":1}}", "line 1, column 20: \"a\" is" },
        { "{\"z\":1,\"a\":1,\"z\":1,\"a\":1,\"z\":1}", "line 1, column 14: \"z\" is" },
        { "{\"\":1,\"\":1}", "line 1, column 7: \"\" is" },
        { "{\"\xc3\xa4\":1,\"\xc3\xa4\":1}", "\"\xc3\xa4\" is" },
        { "{\"\\n\":1,\"n\":1,\"\\\\n\":1,\"\\u0061b\":1,\"a\":1}", NULL },
        { "{\"sub\":1,\"s\\u0075b\":1}", "column 10: \"s\\u0075b\" is given twice" },
        { "{\"\\/\":1,\"/\":1}", "column 9: \"/\" is given twice" },
        { "{\"a\":1,\"a\\u0000b\":1}", "column 8: \"a\\u0000b\" is given twice" },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = cases[i].text;
        json_object *json;
        wf_error_t err;

        wf_error_init(&err, pool);
        ok(wf_json_parse(&json, text, strlen(text), pool, &err) == APR_SUCCESS, "%s", text);
        if (wf_json_check_names(text, strlen(text), pool, &err) == APR_SUCCESS) {
            ok(!cases[i].error, "… no name twice");
        }
        else {
            ok(cases[i].error && strstr(err.message, cases[i].error), "… %s", err.message);
        }
    }
}

/* Nothing at all, as a message without bytes has it. */
static void test_nothing(void)
{
    json_object *json;
    wf_value_t value;
    wf_error_t err;

    wf_error_init(&err, pool);
    ok(wf_json_parse(&json, NULL, 0, pool, &err) != APR_SUCCESS
           && wf_json_value(&value, NULL, 0, pool, &err) != APR_SUCCESS,
       "no text is no JSON");
    is_str(err.message, "malformed JSON at line 1, column 1: unexpected end of text",
           "it ends where it begins");
}

/* A small depth of one's own. */
static void test_flat(void)
{
    static const struct {
        const char *text;
        int depth, good;
    } cases[] = {
        { "1", 1, 1 },           { "{}", 1, 1 },     { "[{}]", 1, 0 },
        { "{\"a\":[1]}", 2, 1 }, { "[[[]]]", 2, 0 }, { "[[[]]]", 3, 1 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_object *json;
        wf_error_t err;

        wf_error_init(&err, pool);
        is_int(wf_json_parse_flat(&json, cases[i].text, strlen(cases[i].text),
                                  cases[i].depth, pool, &err)
                   == APR_SUCCESS,
               cases[i].good, "%s in %d levels", cases[i].text, cases[i].depth);
        ok(cases[i].good || strstr(err.message, "nested too deeply"), "… or it says so");
    }
}

/* Where a problem is, by its path below "w". */
static void test_places(void)
{
    static const char text[] = "{\"v\": [{}, \"w\"],\n"
                               " \"w\": {\"id\": \"x\",\n"
                               "  \"steps\": [ {\"id\":\"a{\\\"}[\", \"n\":1},\n"
                               "    {\"id\": \"b\", \"c\": {\"a.b\": 1, \"a\": {\"b\": 2, \"c\":3}}},\n"
                               "    [[1, 2], [3]], -1.5e3, null ],\n"
                               "  \"last\": true } }";
    static const struct {
        const char *path;
        int line, column;
    } cases[] = {
        { "id", 2, 14 },           { "steps", 3, 12 },
        { "steps[0]", 3, 14 },     { "steps[0].id", 3, 20 },
        { "steps[0].n", 3, 34 },   { "steps[1].id", 4, 12 },
        { "steps[1].c", 4, 22 },   { "steps[1].c.a.b", 4, 30 },
        { "steps[1].c.a.c", 4, 51 }, { "steps[2][1][0]", 5, 15 },
        { "steps[3]", 5, 20 },     { "steps[4]", 5, 28 },
        { "last", 6, 11 },         { "missing", 2, 7 },
        { "steps[1].config.url", 4, 5 }, { "steps[9].id", 3, 12 },
        { "id.deeper", 2, 14 },    { "last[0]", 6, 11 },
    };
    wf_problems_t *problems = wf_problems_create(NULL, pool);
    json_object *json;
    wf_error_t err;

    wf_error_init(&err, pool);
    is_int(wf_json_parse(&json, text, strlen(text), pool, &err), APR_SUCCESS, "a text");
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_problem_add(problems, "rule", cases[i].path, 0, 0, "is wrong");
    }
    wf_problem_add(problems, "rule", NULL, 0, 0, "has no path");
    wf_problem_add(problems, "rule", "id", 77, 7, "is placed already");
    wf_json_place_problems(text, strlen(text), "w", problems);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const wf_problem_t *item = &APR_ARRAY_IDX(problems->items, (int)i, wf_problem_t);

        ok(item->line == cases[i].line && item->column == cases[i].column,
           "%s is at %d:%d", item->path, item->line, item->column);
    }
    is_int(APR_ARRAY_IDX(problems->items, problems->items->nelts - 2, wf_problem_t).line, 0,
           "without a path there is no place");
    is_int(APR_ARRAY_IDX(problems->items, problems->items->nelts - 1, wf_problem_t).line, 77,
           "places stay");
}

/* As RFC 8259 has them (section 7), whichever way they are read. */
static void test_pairs(void)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        { "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80" },
        { "\"\\ud836\\udc00\"",
          "\xf0\x9d\xa0\x80" }, /* U+1D800: json-c's half of a pair */
        { "\"\\uD837\\uDE00\"", "\xf0\x9d\xb8\x80" },
        { "\"a\\ud876\\udc00\\u6f22\"",
          "a\xf0\xad\xa0\x80\xe6\xbc\xa2" }, /* a rare sign */
        { "\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf" },
        { "\"\\ud83d\\u0061\\ud836\\udc00\"", "\xef\xbf\xbd"
                                              "a\xf0\x9d\xa0\x80" },
        { "\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\"\\\\ud836\\udc00\"",
          "\\ud836\xef\xbf\xbd" }, /* behind a backslash of its own */
    };
    json_object *json;
    wf_value_t value;
    wf_error_t err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_error_init(&err, pool);
        wf_json_parse(&json, cases[i].text, strlen(cases[i].text), pool, &err);
        is_str(json ? json_object_get_string(json) : NULL, cases[i].value,
               "%s, as a tree", cases[i].text);
        wf_json_value(&value, cases[i].text, strlen(cases[i].text), pool, &err);
        is_str(value.type == WF_STRING ? value.as.text.data : NULL, cases[i].value,
               "… as a value");
    }
}

static void test_json(void)
{
    static const struct {
        const char *text, *error; /* NULL: fine */
    } cases[] = {
        { "{\"a\":[1,2.5,\"x\",null,true]}", NULL },
        { " 12 ", NULL },
        { "12", NULL },
        { "null", NULL },
        { "{\"a\":1,}", "line 1, column 8" },
        { "{\n \"a\": x}", "line 2" },
        { "{\"a\":1} x", "malformed JSON" },
        { "{\"a\":'1'}", "malformed JSON" },
        { "{\"a\":", "unexpected end of text" },
        { "", "unexpected end of text" },
        { "\"\xff\"", "line 1, column 2: not UTF-8" },
        { "{\"\xc3\xa9\":\"\xe2\x82\xac \xf0\x9f\x98\x80\"}", NULL },
        { "\"\\ud83d\\ude00\"", NULL },
        { "{ }", NULL },
        { "[ ]", NULL },
        { "-0.5e+3", NULL },
        { "9223372036854775807", NULL },
        { "-9223372036854775808", NULL },
        { "9223372036854775808", "line 1, column 1: integer beyond 64 bits" },
        { "{\"a\": 99999999999999999999}", "line 1, column 7: integer beyond 64 bits" },
        { "{'a':1}", "column 2: a member's name in double quotes is missing" },
        { "NaN", "unexpected character" },
        { "-Infinity", "a digit is missing" },
        { "1.", "unexpected end of text" },
        { "[1.]", "a digit is missing" },
        { "01", "leading zero" },
        { ".5", "unexpected character" },
        { "1e", "unexpected end of text" },
        { "\"a\nb\"", "line 1, column 3: control character" },
        { "\"\\x\"", "unknown escape" },
        { "\"\\u12g4\"", "four hexadecimal digits" },
        { "\"abc", "unexpected end of text" },
        { "[1 2]", "',' or ']' is missing" },
        { "[1,]", "unexpected character" },
        { "{\"a\" 1}", "':' is missing" },
        { "{\"a\":1 \"b\":2}", "',' or '}' is missing" },
        { "{\"a\":1}}", "text after the value" },
        { "tru", "unexpected character" },
    };
    char deep[200];

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_object *json;
        wf_error_t err;

        wf_error_init(&err, pool);
        if (wf_json_parse(&json, cases[i].text, strlen(cases[i].text), pool, &err)) {
            ok(cases[i].error && strstr(err.message, cases[i].error), "'%s': %s",
               cases[i].text, err.message);
        }
        else {
            ok(!cases[i].error, "'%s' parses", cases[i].text);
        }
    }
    {
        json_object *o = wf_json_own(json_object_new_object(), pool);

        wf_json_add_double(o, "progress", 0.351);
        wf_json_add_double(o, "end", 1);
        is_str(wf_json_text(o, NULL, pool), "{\"progress\":0.351,\"end\":1.0}",
               "doubles in their shortest text");
    }
    memset(deep, '[', sizeof(deep));
    {
        json_object *json;
        wf_error_t err;

        wf_error_init(&err, pool);
        ok(wf_json_parse(&json, deep, sizeof(deep), pool, &err) != APR_SUCCESS,
           "200 levels are too deep: %s", err.message);
    }
}

static void test_values(void)
{
    static const char *const texts[] = {
        "{\"a\":{\"type\":\"integer\",\"value\":250}}",
        "{\"a\":{\"type\":\"long\",\"value\":5}}",
        "{\"a\":{\"type\":\"double\",\"value\":5.0}}",
        "{\"a\":{\"type\":\"double\",\"value\":0.1}}",
        "{\"a\":{\"type\":\"double\",\"value\":1e+300}}",
        "{\"a\":{\"type\":\"string\",\"value\":\"x/y \\u20ac\"}}",
        "{\"a\":{\"type\":\"date\",\"value\":1288685100120}}",
        "{\"a\":{\"type\":\"date\",\"value\":\"2010-11-02T09:05:00.120+01:00\"}}",
        "{\"a\":{\"type\":\"short\",\"value\":-32768}}",
        "{\"a\":{\"type\":\"integer\",\"value\":2147483647}}",
        "{\"a\":{\"type\":\"boolean\",\"value\":true}}",
        "{\"a\":{\"type\":\"null\",\"value\":null}}",
        "{\"a\":{\"type\":\"bytes\",\"value\":\"AAEC\"}}",
        "{\"a\":{\"type\":\"list\",\"value\":[1,\"x\",{\"b\":[]}]}}",
    };

    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_object *json, *back;
        wf_map_t *vars, *again;
        wf_error_t err;

        wf_error_init(&err, pool);
        wf_json_parse(&json, texts[i], strlen(texts[i]), pool, &err);
        ok(wf_vars_from_json(&vars, json, pool, &err) == APR_SUCCESS, "%s reads", texts[i]);
        back = wf_json_own(wf_vars_to_json(vars), pool);
        wf_vars_from_json(&again, back, pool, &err);
        ok(wf_value_equal(wf_map_get(vars, "a"), wf_map_get(again, "a")),
           "%s survives a round trip", texts[i]);
        is_int(wf_map_get(again, "a")->type, wf_map_get(vars, "a")->type, "so does its type");
    }
}

/* A type that the value does not have is no reason to change the value. */
static void test_misfits(void)
{
    static const char *const texts[] = {
        "{\"a\":{\"type\":\"short\",\"value\":32768}}",
        "{\"a\":{\"type\":\"integer\",\"value\":2147483648}}",
        "{\"a\":{\"type\":\"integer\",\"value\":-2147483649}}",
        "{\"a\":{\"type\":\"integer\",\"value\":1.5}}",
        "{\"a\":{\"type\":\"integer\",\"value\":\"1\"}}",
        "{\"a\":{\"type\":\"integer\",\"value\":null}}",
        "{\"a\":{\"type\":\"date\",\"value\":\"tomorrow\"}}",
        "{\"a\":{\"type\":\"string\",\"value\":1}}",
        "{\"a\":{\"type\":\"null\",\"value\":1}}",
        "{\"a\":{\"type\":\"colour\",\"value\":1}}",
        "{\"a\":{\"value\":1}}",
    };

    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_object *json;
        wf_map_t *vars;
        wf_error_t err;

        wf_error_init(&err, pool);
        wf_json_parse(&json, texts[i], strlen(texts[i]), pool, &err);
        ok(wf_vars_from_json(&vars, json, pool, &err) != APR_SUCCESS
               && strcmp(err.field, "a") == 0,
           "%s is refused", texts[i]);
    }
}

static void test_maps(void)
{
    wf_map_t *m = wf_map_create(pool);

    for (int i = 0; i < 100; i++) {
        wf_map_set(m, apr_psprintf(pool, "key%d", i), wf_integer(i));
    }
    wf_map_set(m, "key5", wf_string("five"));
    is_int(wf_map_count(m), 100, "100 keys, one set twice");
    is_str(wf_map_get(m, "key5")->as.text.data, "five", "the later value counts");
    is_str(wf_map_key(m, 99), "key99", "order is kept");
    ok(wf_map_remove(m, "key50") && !wf_map_remove(m, "key50"), "removed once");
    ok(!wf_map_get(m, "key50") && wf_map_get(m, "key99")->as.integer == 99,
       "others are still found");
    ok(wf_map_get(m, "none") == NULL, "unknown key");
    for (int i = 60; i < 90; i++) {
        wf_map_remove(m, apr_psprintf(pool, "key%d", i));
        wf_map_set(m, apr_psprintf(pool, "key%d", i), wf_integer(-i));
    }
    ok(wf_map_count(m) == 99 && !strcmp(wf_map_key(m, 68), "key99"), "moved forward");
    ok(wf_map_get(m, "key99")->as.integer == 99 && wf_map_get(m, "key60")->as.integer == -60
           && !strcmp(wf_map_key(m, 69), "key60"),
       "removed and set again: the last ones");
}

/* A name that comes and goes takes no more memory than the name. */
static void test_map_growth(void)
{
    wf_map_t *m = wf_map_create(pool);
    size_t before;

    for (int i = 0; i < 1000; i++) {
        wf_map_set(m, apr_psprintf(pool, "key%d", i), wf_integer(i));
    }
    before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int i = 0; i < 2000; i++) {
        wf_map_remove(m, "key7");
        wf_map_set(m, "key7", wf_integer(7));
    }
    ok(mallinfo2().uordblks + mallinfo2().hblkhd - before < 1024 * 1024,
       "removed and set 2000 times: %zu bytes",
       mallinfo2().uordblks + mallinfo2().hblkhd - before);
}

static void test_lists(void)
{
    wf_list_t *l = wf_list_create(pool);
    wf_value_t v;

    for (int i = 0; i < 20; i++) {
        wf_list_insert(l, 0, wf_integer(i));
    }
    wf_list_insert(l, 20, wf_integer(99));
    wf_list_insert(l, 1, wf_integer(77));
    ok(wf_list_remove(l, 0) && wf_list_remove(l, 20), "removed at both ends");
    ok(!wf_list_remove(l, 20) && !wf_list_remove(l, -1), "nothing there to remove");
    is_int(wf_list_count(l), 20, "what is left");
    v = wf_integer(77);
    ok(wf_value_equal(wf_list_at(l, 0), &v), "first");
    v = wf_integer(0);
    ok(wf_value_equal(wf_list_at(l, 19), &v), "last");
    ok(wf_list_pool(l) == pool && wf_map_pool(wf_map_create(pool)) == pool, "owners");
}

static void test_texts(void)
{
    static const struct {
        const char *text;
        int valid;
    } cases[] = {
        { "plain", 1 },           { "\xc3\xa9", 1 },     { "\xe2\x82\xac", 1 },
        { "\xf0\x9f\x98\x80", 1 }, { "\xc0\xaf", 0 },     { "\xed\xa0\x80", 0 },
        { "\xf4\x90\x80\x80", 0 }, { "\xe2\x82", 0 },     { "\x80", 0 },
    };
    apr_int64_t n;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(wf_utf8_valid(cases[i].text, strlen(cases[i].text)), cases[i].valid,
               "UTF-8 case %u", i);
    }
    ok(!wf_utf8_valid("a\0b", 3), "NUL is refused");
    ok(wf_parse_int64("-12", &n) && n == -12, "-12");
    ok(!wf_parse_int64("1x", &n) && !wf_parse_int64("", &n) && !wf_parse_int64("+1", &n)
           && !wf_parse_int64(" 1", &n) && !wf_parse_int64("99999999999999999999", &n),
       "no integers");
    ok(strcmp(wf_id_random("exec-", pool), wf_id_random("exec-", pool)) != 0,
       "random ids differ");
}

static void test_errors(void)
{
    wf_error_t err, copy;
    wf_problems_t *ps = wf_problems_create("a.bpmn", pool);

    wf_error_init(&err, pool);
    wf_error_set(&err, WF_ERR_NOT_FOUND, "no task %d", 5);
    wf_error_set(&err, WF_ERR_INTERNAL, "later");
    wf_error_note(&err, WF_EFAILED, "completing");
    is_str(err.message, "completing: no task 5", "the first failure counts");
    wf_error_init(&copy, pool);
    wf_error_copy(&copy, &err);
    is_int(wf_err_parse(wf_err_name(copy.kind)), WF_ERR_NOT_FOUND, "kinds have names");

    wf_problem_warn(ps, "odd", NULL, 0, 0, "a warning");
    wf_error_init(&err, pool);
    ok(wf_problems_check(ps, &err) == APR_SUCCESS, "a warning refuses nothing");
    for (int i = 0; i < 150; i++) {
        wf_problem_add(ps, "bad", "task1", 3, 4, "problem %d", i);
    }
    ok(wf_problems_check(ps, &err) != APR_SUCCESS, "an error does");
    ok(strstr(err.message, "a.bpmn:3:4: [bad] task1: problem 0\n") != NULL, "its text");
    ok(strstr(err.message, "and 51 more problems") != NULL, "a cap on their number");
}

/* At least what a copy writes, whatever it is made of. */
static void test_sizes(void)
{
    wf_value_t text = wf_string("0123456789"), nested = wf_list(wf_list_create(pool));
    wf_map_t *map = wf_map_create(pool);
    apr_size_t empty = wf_value_size(&nested);

    ok(wf_value_size(&text) >= sizeof(text) + 10, "a text");
    wf_list_push(nested.as.list, text);
    ok(wf_value_size(&nested) == empty + wf_value_size(&text), "a list and its element");
    wf_map_set(map, "key", nested);
    text = wf_map(map);
    ok(wf_value_size(&text) > wf_value_size(&nested) + 3, "a map, its key and value");
}

int main(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_durations();
    test_waits();
    test_times();
    test_places();
    test_json();
    test_pairs();
    test_names();
    test_flat();
    test_nothing();
    test_values();
    test_misfits();
    test_maps();
    test_map_growth();
    test_lists();
    test_sizes();
    test_texts();
    test_errors();
    apr_terminate();
    return done_testing();
}
