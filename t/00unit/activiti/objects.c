/* Days and times of bodies and queries, texts of variables, limits of texts, types of
 * resources. */
#include "activiti/internal.h"
#include "tap.h"

#include <stdlib.h>
#include <time.h>

static apr_pool_t *pool;

#define HOUR (60 * 60 * 1000)

/* In a zone with a summer time: 2026-03-29 has 23 hours there, 2026-10-25 has 25. */
static void test_days(void)
{
    static const struct {
        const char *text;
        int fine;
        apr_int64_t first, length; /* ms since 1970; first to last */
    } cases[] = {
        /* clang-format off */
        { "2026-01-05",                     1, 1767567600000, 24 * HOUR - 1 },
        { "2026-07-05",                     1, 1783202400000, 24 * HOUR - 1 },
        { "2026-03-29",                     1, 1774738800000, 23 * HOUR - 1 },
        { "2026-10-25",                     1, 1792879200000, 25 * HOUR - 1 },
        { "1969-12-31",                     1, -90000000,     24 * HOUR - 1 },
        { "2026-01-05T00:00:00Z",           1, 1767571200000, 0 },
        { "2026-01-05T00:00:00.125Z",       1, 1767571200125, 0 },
        { "2026-01-05T00:00:00+01:00",      1, 1767567600000, 0 },
        { "2026-01-05T00:00:00 01:00",      1, 1767567600000, 0 }, /* a plus in a query */
        { "2026-01-05T00:00:00-01:00",      1, 1767574800000, 0 },
        { "2026-01-05T00:00:00",            0, 0, 0 }, /* in whose zone? */
        { "2026-01-05T00:00",               0, 0, 0 },
        { "2026-02-29",                     0, 0, 0 },
        { "2026-13-01",                     0, 0, 0 },
        { "2026-1-5",                       0, 0, 0 },
        { "05.01.2026",                     0, 0, 0 },
        { "2026-01-0x",                     0, 0, 0 },
        { "20260105",                       0, 0, 0 },
        { "tomorrow",                       0, 0, 0 },
        { "1767567600000",                  0, 0, 0 },
        { "",                               0, 0, 0 },
        { "TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTZ", 0, 0, 0 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        apr_int64_t first = 0, last = 0;
        int fine = wf_day_parse(cases[i].text, 0, &first)
                   && wf_day_parse(cases[i].text, 1, &last);

        is_int(fine, cases[i].fine, "'%s' is %s", cases[i].text,
               cases[i].fine ? "a day or time" : "neither");
        if (fine && cases[i].fine) {
            is_int(first, cases[i].first, "'%s' begins", cases[i].text);
            is_int(last - first, cases[i].length, "'%s' lasts", cases[i].text);
        }
    }
}

static void test_texts(void)
{
    wf_list_t *list = wf_list_create(pool);
    wf_map_t *map = wf_map_create(pool);
    wf_value_t value;

    wf_list_push(list, wf_integer(1));
    wf_list_push(list, wf_string("a/b"));
    wf_map_set(map, "k", wf_list(list));
    {
        const struct {
            wf_value_t value;
            const char *want;
        } cases[] = {
            /* clang-format off */
            { wf_null(),                 NULL },
            { wf_string(""),             "" },
            { wf_string("\"a\"\n"),      "\"a\"\n" },
            { wf_boolean(1),             "true" },
            { wf_boolean(0),             "false" },
            { wf_integer(-5),            "-5" },
            { wf_long(3000000000),       "3000000000" },
            { wf_double(2.5),            "2.5" },
            { wf_double(1),              "1.0" },
            { wf_date(1767571200125),    "2026-01-05T01:00:00.125+01:00" },
            { wf_bytes("\0\xff", 2),     "AP8=" },
            { wf_list(list),             "[1,\"a/b\"]" },
            { wf_map(map),               "{\"k\":[1,\"a/b\"]}" },
            /* clang-format on */
        };

        for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            value = cases[i].value;
            is_str(wf_value_text(&value, pool), cases[i].want, "text of a %s",
                   wf_type_name(value.type));
        }
    }
}

static void test_members(void)
{
    json_object *o = wf_json_own(json_object_new_object(), pool);

    wf_json_add_time(o, "none", 0, pool);
    wf_json_add_time(o, "time", 1767571200125, pool);
    wf_json_add_duration(o, "open", -1);
    wf_json_add_duration(o, "short", 0);
    is_str(wf_json_text(o, NULL, pool),
           "{\"none\":null,\"time\":\"2026-01-05T01:00:00.125+01:00\",\"open\":null,"
           "\"short\":0}",
           "times and durations");
}

static void test_limits(void)
{
    wf_error_t err;

    wf_error_init(&err, pool);
    ok(wf_text_check("f", NULL, 3, &err) == APR_SUCCESS, "no text fits");
    ok(wf_text_check("f", "abc", 3, &err) == APR_SUCCESS, "three of three bytes fit");
    ok(wf_text_check("f", "\xc3\xbc\xc3\xbc", 3, &err) != APR_SUCCESS, "four do not");
    ok(err.kind == WF_ERR_INVALID && strstr(err.message, "'f'")
           && strstr(err.message, "3"),
       "the message names field and limit");
    is_str(err.field, "f", "the field");
}

static void test_types(void)
{
    /* clang-format off */
    static const char *const cases[][2] = {
        { "a.xml",        "text/xml" },
        { "a.bpmn20.xml", "text/xml" },
        { "a.bpmn",       "text/xml" },
        { "a.form",       "text/html" },
        { "a.svg",        "image/svg+xml" },
        { "d.png/a",      "application/octet-stream" },
        { "png",          "application/octet-stream" },
        { "a.PNG",        "application/octet-stream" },
        { ".png",         "image/png" },
        { "a.",           "application/octet-stream" },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_str(wf_resource_type(cases[i][0]), cases[i][1], "type of %s", cases[i][0]);
    }
}

int main(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_days();
    test_texts();
    test_members();
    test_limits();
    test_types();
    apr_pool_destroy(pool);
    return done_testing();
}
