/* Variables as Camunda writes them: what is read of a body, what is refused, and what is
 * written. */
#include "activiti/internal.h"
#include "tap.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <time.h>

static apr_pool_t *pool;

#define X(type, value) "{\"x\":{\"type\":\"" type "\",\"value\":" value "}}"
#define PLAIN(value) "{\"x\":{\"value\":" value "}}"

/* clang-format off */
static const struct {
    const char *body;
    const char *want; /* the variables with their types; after '!' a part of the error */
} reads[] = {
    { "{}",                                "{}" },
    { X("String", "\"a\""),                X("string", "\"a\"") },
    { X("string", "\"a\""),                X("string", "\"a\"") },
    { X("String", "5"),                    X("string", "\"5\"") },
    { X("String", "null"),                 X("null", "null") },
    { X("String", "[]"),                   "!not of type String" },
    { X("Integer", "5"),                   X("integer", "5") },
    { X("Integer", "\"-5\""),              X("integer", "-5") },
    { X("Integer", "2147483648"),          "!not of type Integer" },
    { X("Integer", "1.5"),                 "!not of type Integer" },
    { X("Integer", "true"),                "!not of type Integer" },
    { X("Integer", "null"),                X("null", "null") },
    { X("Short", "7"),                     X("short", "7") },
    { X("Short", "40000"),                 "!not of type Short" },
    { X("Long", "5"),                      X("long", "5") },
    { X("long", "\"9223372036854775807\""), X("long", "9223372036854775807") },
    { X("Long", "\"9223372036854775808\""), "!not of type Long" },
    { X("Double", "1"),                    X("double", "1.0") },
    { X("Double", "\"1.5\""),              X("double", "1.5") },
    { X("Double", "\"inf\""),              "!not of type Double" },
    { X("Double", "\"\""),                 "!not of type Double" },
    { X("Double", "1e999"),                "!not of type" },
    { X("Boolean", "true"),                X("boolean", "true") },
    { X("Boolean", "\"FALSE\""),           X("boolean", "false") },
    { X("Boolean", "1"),                   "!not of type Boolean" },
    { X("Date", "\"2026-01-21T13:04:05.006+0000\""),  X("date", "1769000645006") },
    { X("Date", "\"2026-01-21T15:04:05.006+0200\""),  X("date", "1769000645006") },
    { X("Date", "\"2026-01-21T13:04:05Z\""),          X("date", "1769000645000") },
    { X("Date", "\"2026-01-21T13:04:05+00:00\""),     X("date", "1769000645000") },
    { X("Date", "\"2026-13-21T13:04:05.006+0000\""),  "!not of type Date" },
    { X("Date", "\"yesterday\""),          "!not of type Date" },
    { X("Date", "5"),                      "!not of type Date" },
    { X("Bytes", "\"aGk=\""),              X("bytes", "\"aGk=\"") },
    { X("Bytes", "\"\""),                  X("bytes", "\"\"") },
    { X("Bytes", "\"a\""),                 "!not of type Bytes" },
    { X("Bytes", "\"a=b=\""),              "!not of type Bytes" },
    { X("Json", "\"[1,{\\\"a\\\":null}]\""), X("list", "[1,{\"a\":null}]") },
    { X("Json", "\"5\""),                  X("integer", "5") },
    { X("Json", "{\"a\":1}"),              X("map", "{\"a\":1}") },
    { X("Json", "\"{\""),                  "!variable 'x' of type Json" },
    { X("Json", "\"[1e999]\""),            "!not of type Json" },
    { X("Null", "null"),                   X("null", "null") },
    { X("Null", "1"),                      "!not of type Null" },
    { X("Object", "\"{\\\"a\\\":1}\""),    X("map", "{\"a\":1}") },
    { "{\"x\":{\"type\":\"Object\",\"value\":\"rO0\",\"valueInfo\":{\"serializationDataFormat\":"
      "\"application/x-java-serialized-object\"}}}", "!only application/json" },
    { X("File", "\"a\""),                  "!'File', which is not supported" },
    { X("Xml", "\"<a/>\""),                "!'Xml', which is not supported" },
    { X("", "\"a\""),                      "!not supported" },
    { X("STRING", "\"a\""),                "!not supported" },
    { PLAIN("\"a\""),                      X("string", "\"a\"") },
    { PLAIN("5"),                          X("integer", "5") },
    { PLAIN("5.5"),                        X("double", "5.5") },
    { PLAIN("true"),                       X("boolean", "true") },
    { PLAIN("null"),                       X("null", "null") },
    { PLAIN("[1]"),                        X("list", "[1]") },
    { "{\"x\":{}}",                        X("null", "null") },
    { "{\"x\":5}",                         "!an object with value" },
    { "{\"x\":null}",                      "!an object with value" },
    { "{\"\":{\"value\":1}}",              "!1 to 255 bytes" },
    { X("String", "\"a\\u0000b\""),        "!'x'" },
    { "{\"x\":{\"value\":1,\"valueInfo\":{\"transient\":true}}}", "!transient" },
    { "{\"x\":{\"value\":1,\"valueInfo\":{\"transient\":false}}}", X("integer", "1") },
    { "[]",                                "!'vars' must be an object" },
    { "5",                                 "!'vars' must be an object" },
};
/* clang-format on */

static json_object *parse(const char *text)
{
    json_object *json = NULL;
    wf_error_t err;

    wf_error_init(&err, pool);
    if (wf_json_parse(&json, text, strlen(text), pool, &err) != APR_SUCCESS) {
        printf("Bail out! %s: %s\n", text, err.message);
        exit(1);
    }
    return json;
}

static void test_read(const char *text, const char *want)
{
    json_object *body = parse(apr_pstrcat(pool, "{\"vars\":", text, "}", NULL));
    wf_map_t *vars;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, pool);
    rv = wf_typed_read(&vars, body, "vars", pool, &err);
    if (*want == '!') {
        ok(rv != APR_SUCCESS && err.kind == WF_ERR_INVALID
               && strstr(err.message, want + 1) != NULL,
           "refused: %s: %s", text, rv == APR_SUCCESS ? "no" : err.message);
        return;
    }
    ok(rv == APR_SUCCESS, "read: %s%s%s", text, rv == APR_SUCCESS ? "" : ": ",
       rv == APR_SUCCESS ? "" : err.message);
    if (rv == APR_SUCCESS) {
        json_object *got = wf_json_own(wf_vars_to_json(vars), pool);

        ok(json_object_equal(got, parse(want)), "%s", wf_json_text(got, NULL, pool));
    }
}

static void test_write(wf_value_t value, const char *want)
{
    json_object *got = wf_json_own(wf_typed_to_json(&value, pool), pool);

    is_str(wf_json_text(got, NULL, pool), want, "written: %s", want);
}

static void test_writes(void)
{
    wf_list_t *list = wf_list_create(pool);
    wf_map_t *map = wf_map_create(pool);

    wf_list_push(list, wf_string("a/b"));
    wf_map_set(map, "k", wf_null());
#define W(type, value) "{\"type\":\"" type "\",\"value\":" value ",\"valueInfo\":{}}"
    test_write(wf_null(), W("Null", "null"));
    test_write(wf_boolean(1), W("Boolean", "true"));
    test_write(wf_integer(5), W("Integer", "5"));
    test_write(wf_long(5), W("Long", "5"));
    test_write(wf_double(2), W("Double", "2.0"));
    test_write(wf_string("a"), W("String", "\"a\""));
    test_write(wf_bytes("hi", 2), W("Bytes", "\"aGk=\""));
    test_write(wf_list(list), W("Json", "\"[\\\"a/b\\\"]\""));
    test_write(wf_map(map), W("Json", "\"{\\\"k\\\":null}\""));
    test_write(wf_date(1769000645006), W("Date", "\"2026-01-21T13:04:05.006+0000\""));
}

/* A zone at a time. */
static void test_times(void)
{
    static const struct {
        const char *zone, *text;
    } zones[] = {
        { "UTC", "2026-01-21T13:04:05.006+0000" },
        { "Europe/Berlin", "2026-01-21T14:04:05.006+0100" },
        { "America/St_Johns", "2026-01-21T09:34:05.006-0330" },
    };

    for (int i = 0; i < 3; i++) {
        setenv("TZ", zones[i].zone, 1);
        tzset();
        is_str(wf_camunda_time(1769000645006, pool), zones[i].text, "%s", zones[i].zone);
        test_read(apr_psprintf(pool, X("Date", "\"%s\""), zones[i].text),
                  X("date", "1769000645006"));
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    setenv("TZ", "UTC", 1);
    tzset();
    for (apr_size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        test_read(reads[i].body, reads[i].want);
    }
    test_writes();
    test_times();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
