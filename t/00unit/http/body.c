/* Bodies: kinds of content, the object, its members, buffers. */
#include "http/http.h"
#include "tap.h"

#include <apr_strings.h>

static apr_pool_t *pool;

static void test_content_types(void)
{
    static const struct {
        const char *header;
        wf_content_e want;
    } cases[] = {
        /* clang-format off */
        { NULL,                                             WF_CONTENT_NONE },
        { "",                                               WF_CONTENT_NONE },
        { "application/json",                               WF_CONTENT_JSON },
        { "Application/JSON; charset=UTF-8",                WF_CONTENT_JSON },
        { "application/json;charset=\"utf-8\"",             WF_CONTENT_JSON },
        { "application/problem+json",                       WF_CONTENT_JSON },
        { "application/json; charset=iso-8859-1",           WF_CONTENT_CHARSET },
        { "application/jsonp",                              WF_CONTENT_OTHER },
        { "application/x-www-form-urlencoded",              WF_CONTENT_FORM },
        { "application/x-www-form-urlencoded; charset=utf-8", WF_CONTENT_FORM },
        { "multipart/form-data; boundary=x",                WF_CONTENT_MULTIPART },
        { "multipart/mixed",                                WF_CONTENT_MULTIPART },
        { "text/plain",                                     WF_CONTENT_OTHER },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_int(wf_content_parse(cases[i].header), cases[i].want, "Content-Type %s",
               cases[i].header ? cases[i].header : "(none)");
    }
}

static void test_objects(void)
{
    static const struct {
        wf_content_e content;
        const char *body, *want; /* want: the object, or a part of the error after '!' */
    } cases[] = {
        /* clang-format off */
        { WF_CONTENT_JSON,  "{\"a\":1}",         "{\"a\":1}" },
        { WF_CONTENT_NONE,  "{\"a\":1}",         "{\"a\":1}" },
        { WF_CONTENT_OTHER, "{\"a\":1}",         "{\"a\":1}" },
        { WF_CONTENT_JSON,  "",                  "{}" },
        { WF_CONTENT_JSON,  "[1]",               "!must be a JSON object" },
        { WF_CONTENT_JSON,  "null",              "!must be a JSON object" },
        { WF_CONTENT_JSON,  "\"x\"",             "!must be a JSON object" },
        { WF_CONTENT_JSON,  "{\"a\":",           "!line 1" },
        { WF_CONTENT_JSON,  "{\n\"a\":x}",       "!line 2, column 5" },
        { WF_CONTENT_JSON,  "{\"a\":'x'}",       "!line 1" },
        { WF_CONTENT_JSON,  "{\"a\":1} x",       "!line 1" },
        { WF_CONTENT_JSON,  "a=1",               "!line 1" },
        { WF_CONTENT_MULTIPART, "{}",            "!multipart" },
        { WF_CONTENT_CHARSET,   "{}",            "!UTF-8" },
        { WF_CONTENT_FORM,  "a=1&b=x+y&a=2",     "{\"a\":\"1\",\"b\":\"x y\"}" },
        { WF_CONTENT_FORM,  "a=&b",              "{\"a\":\"\",\"b\":\"\"}" },
        { WF_CONTENT_FORM,  "{\"a\":\"x y\"}",     "{\"a\":\"x y\"}" },
        { WF_CONTENT_FORM,  "a=%zz",             "!form field 'a'" },
        { WF_CONTENT_FORM,  "a=\xff",            "!UTF-8" },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_object *object;
        wf_error_t err;
        apr_status_t rv;

        wf_error_init(&err, pool);
        rv = wf_body_object(&object, cases[i].content, cases[i].body,
                            strlen(cases[i].body), pool, &err);
        if (*cases[i].want == '!') {
            ok(rv != APR_SUCCESS && err.kind == WF_ERR_INVALID
                   && strstr(err.message, cases[i].want + 1),
               "%s: %s", cases[i].body, err.message ? err.message : "taken");
        }
        else {
            is_str(rv == APR_SUCCESS ? wf_json_text(object, NULL, pool) : err.message,
                   cases[i].want, "%s", cases[i].body);
        }
    }
}

static json_object *object_of(const char *text)
{
    json_object *object;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_json_parse(&object, text, strlen(text), pool, &err);
    return object;
}

static void test_members(void)
{
    static const struct {
        const char *body, *want; /* NULL = refused */
    } cases[] = {
        /* clang-format off */
        { "{\"x\":\"text\"}",      "text" },
        { "{\"x\":12}",            "12" },
        { "{\"x\":1.50}",          "1.50" },
        { "{\"x\":true}",          "true" },
        { "{\"x\":\"\"}",          NULL },
        { "{\"x\":null}",          NULL },
        { "{\"y\":\"text\"}",      NULL },
        { "{\"x\":[]}",            NULL },
        { "{\"x\":{}}",            NULL },
        { "{\"x\":\"a\\u0000b\"}", NULL },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *value = NULL;
        wf_error_t err;
        apr_status_t rv;

        wf_error_init(&err, pool);
        rv = wf_body_string(object_of(cases[i].body), "x", &value, pool, &err);
        is_str(rv == APR_SUCCESS ? value : NULL, cases[i].want, "string of %s",
               cases[i].body);
        if (!cases[i].want) {
            is_str(err.field, "x", "the error names the field: %s", err.message);
        }
    }
}

static void test_arrays(void)
{
    static const struct {
        const char *body;
        int want; /* -1 = refused */
    } cases[] = {
        /* clang-format off */
        { "{\"x\":[\"10\",\"11\"]}",  2 },
        { "{\"x\":[]}",               0 },
        { "{}",                       -1 },
        { "{\"x\":null}",             -1 },
        { "{\"x\":\"10\"}",           -1 },
        { "{\"x\":[\"10\",11]}",      -1 },
        { "{\"x\":[null]}",           -1 },
        { "{\"x\":[\"1\\u00000\"]}",  -1 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        apr_array_header_t *values;
        wf_error_t err;
        apr_status_t rv;

        wf_error_init(&err, pool);
        rv = wf_body_strings(object_of(cases[i].body), "x", &values, pool, &err);
        is_int(rv == APR_SUCCESS ? values->nelts : -1, cases[i].want, "strings of %s",
               cases[i].body);
    }
}

static void test_array_bodies(void)
{
    static const struct {
        wf_content_e content;
        const char *body, *want; /* the last item, or a part of the error after '!' */
    } cases[] = {
        /* clang-format off */
        { WF_CONTENT_JSON,      "[\"a\",\"b c\"]",      "b c" },
        { WF_CONTENT_NONE,      "[\"\xc3\xa9\"]",       "\xc3\xa9" },
        { WF_CONTENT_FORM,      "[\"a\"]",              "a" },
        { WF_CONTENT_JSON,      "[]",                   NULL },
        { WF_CONTENT_JSON,      "",                     "!must be a JSON array" },
        { WF_CONTENT_JSON,      "{}",                   "!must be a JSON array" },
        { WF_CONTENT_JSON,      "null",                 "!must be a JSON array" },
        { WF_CONTENT_JSON,      "\"a\"",                "!must be a JSON array" },
        { WF_CONTENT_JSON,      "[\"a\",1]",            "!item 2" },
        { WF_CONTENT_JSON,      "[null]",               "!item 1" },
        { WF_CONTENT_JSON,      "[[\"a\"]]",            "!item 1" },
        { WF_CONTENT_JSON,      "[\"a\\u0000b\"]",     "!item 1" },
        { WF_CONTENT_JSON,      "[\"a\"",               "!line 1" },
        { WF_CONTENT_FORM,      "a=1",                  "!line 1" },
        { WF_CONTENT_MULTIPART, "[]",                   "!multipart" },
        { WF_CONTENT_CHARSET,   "[]",                   "!UTF-8" },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        apr_array_header_t *values;
        wf_error_t err;
        apr_status_t rv;

        wf_error_init(&err, pool);
        rv = wf_body_array(&values, cases[i].content, cases[i].body,
                           strlen(cases[i].body), pool, &err);
        if (cases[i].want && *cases[i].want == '!') {
            ok(rv != APR_SUCCESS && err.kind == WF_ERR_INVALID
                   && strstr(err.message, cases[i].want + 1),
               "%s is refused: %s", cases[i].body, err.message ? err.message : "");
            continue;
        }
        is_str(rv == APR_SUCCESS && values->nelts
                   ? APR_ARRAY_IDX(values, values->nelts - 1, const char *)
                   : err.message,
               cases[i].want, "items of %s", cases[i].body);
    }
}

static void test_buffer(void)
{
    wf_buffer_t *buffer = wf_buffer_create(pool);
    int fine = 1;

    ok(wf_buffer_append(buffer, "", 0) && buffer->length == 0 && *buffer->data == '\0',
       "an empty append leaves an empty text");
    for (int i = 0; i < 100000; i++) {
        char c = (char)('a' + i % 26);

        fine &= wf_buffer_append(buffer, &c, 1);
    }
    for (int i = 0; i < 100000; i++) {
        fine &= buffer->data[i] == 'a' + i % 26;
    }
    ok(fine && buffer->length == 100000 && buffer->data[100000] == '\0',
       "100000 appended bytes are there");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_content_types();
    test_objects();
    test_members();
    test_arrays();
    test_array_bodies();
    test_buffer();
    apr_pool_destroy(pool);
    return done_testing();
}
