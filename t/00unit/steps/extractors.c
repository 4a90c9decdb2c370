/* Extractors: what they find in values, texts, headers and cookies. */
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

#define BODY "{\"t\":\"abc\",\"n\":[1,2,3],\"z\":null,\"o\":{\"k\":[]}}"
#define TEXT "\"<a href='/1'>x</a> <a href='/22'>y</a>\""
#define HEADERS                                                                          \
    "{\"Content-Type\":[\"text/html\"],\"ETag\":\"e1\","                                 \
    "\"set-cookie\":[\"sid=1; Path=/\",\"theme=dark\",\"sid = 2 ;HttpOnly\",\"sidx=9\"," \
    "\"empty=; Path=/\"]}"

/* want: the value as JSON, "-" for nothing, "! " and a part of the error. */
static const struct {
    wf_find_e kind;
    const char *text;
    int index, group;
    const char *source, *want;
} cases[] = {
    /* clang-format off */
    { WF_FIND_JSON, "$.t", -1, 0, BODY, "\"abc\"" },
    { WF_FIND_JSON, "$.n", -1, 0, BODY, "[1,2,3]" },
    { WF_FIND_JSON, "$.n[*]", -1, 0, BODY, "[1,2,3]" },
    { WF_FIND_JSON, "$.n[1]", -1, 0, BODY, "2" },
    { WF_FIND_JSON, "$.n[?@ > 2]", -1, 0, BODY, "3" },
    { WF_FIND_JSON, "$.n[*]", 0, 0, BODY, "1" },
    { WF_FIND_JSON, "$.n[*]", 2, 0, BODY, "3" },
    { WF_FIND_JSON, "$.n[*]", 3, 0, BODY, "-" },
    { WF_FIND_JSON, "$.z", -1, 0, BODY, "null" },
    { WF_FIND_JSON, "$.nosuch", -1, 0, BODY, "-" },
    { WF_FIND_JSON, "$..k", -1, 0, BODY, "[]" },
    { WF_FIND_JSON, "$.a", -1, 0, "\"{\\\"a\\\": 5}\"", "5" },
    { WF_FIND_JSON, "$.a", -1, 0, "\"no JSON\"", "-" },
    { WF_FIND_JSON, "$", -1, 0, "null", "null" },
    { WF_FIND_JSON, "$.[", -1, 0, BODY, "! position 3: expected a name or *" },
    { WF_FIND_REGEX, "href='([^']*)'", -1, 1, TEXT, "\"/1\"" },
    { WF_FIND_REGEX, "href='([^']*)'", 0, 0, TEXT, "\"href='/1'\"" },
    { WF_FIND_REGEX, "href='([^']*)'", 1, 1, TEXT, "\"/22\"" },
    { WF_FIND_REGEX, "href='([^']*)'", 2, 1, TEXT, "-" },
    { WF_FIND_REGEX, "\"n\":\\[(\\d)", -1, 1, BODY, "\"1\"" },
    { WF_FIND_REGEX, "x", -1, 0, "null", "-" },
    { WF_FIND_REGEX, "x", -1, 1, TEXT, "! group 1 is asked for, the pattern has 0" },
    { WF_FIND_REGEX, "(", -1, 0, TEXT, "! missing closing parenthesis" },
    { WF_FIND_HEADER, "content-type", -1, 0, HEADERS, "\"text/html\"" },
    { WF_FIND_HEADER, "etag", -1, 0, HEADERS, "\"e1\"" },
    { WF_FIND_HEADER, "SET-COOKIE", -1, 0, HEADERS, "\"sid=1; Path=/\"" },
    { WF_FIND_HEADER, "X-None", -1, 0, HEADERS, "-" },
    { WF_FIND_HEADER, "X", -1, 0, "null", "-" },
    { WF_FIND_COOKIE, "sid", -1, 0, HEADERS, "\"2\"" },
    { WF_FIND_COOKIE, "theme", -1, 0, HEADERS, "\"dark\"" },
    { WF_FIND_COOKIE, "empty", -1, 0, HEADERS, "\"\"" },
    { WF_FIND_COOKIE, "SID", -1, 0, HEADERS, "-" },
    { WF_FIND_COOKIE, "si", -1, 0, HEADERS, "-" },
    { WF_FIND_COOKIE, "sid", -1, 0, "null", "-" },
    { WF_FIND_WHOLE, NULL, -1, 0, "200", "200" },
    { WF_FIND_WHOLE, NULL, -1, 0, BODY, BODY },
    { WF_FIND_WHOLE, NULL, -1, 0, "null", "-" },
    /* clang-format on */
};

/* JSONPath in the headers of an answer. */
static const struct {
    const char *text;
    int index;
    const char *want;
} in_headers[] = {
    { "$['Content-Type']", -1, "\"text/html\"" },
    { "$.ETag", -1, "\"e1\"" },
    { "$['set-cookie']", -1, "\"sid=1; Path=/\"" },
    { "$['set-cookie'][1]", -1, "\"theme=dark\"" },
    { "$['set-cookie'][1:3]", -1, "[\"theme=dark\",\"sid = 2 ;HttpOnly\"]" },
    { "$['set-cookie'][*]", 3, "\"sidx=9\"" },
    { "$['Content-Type','ETag','set-cookie']", -1,
      "[\"text/html\",\"e1\",\"sid=1; Path=/\"]" },
    { "$.*", 2, "\"sid=1; Path=/\"" },
    { "$['X-None']", -1, "-" },
    { "$['Empty']", -1, "[]" },
};

static const char *shown(const wf_value_t *value)
{
    return wf_json_text(wf_json_own(wf_value_to_json(value), pool), NULL, pool);
}

static const char *find_in_headers(size_t i)
{
    wf_value_t source = json(HEADERS), value = wf_null();
    wf_finder_t *finder;
    wf_error_t err;
    int found;

    wf_map_set(source.as.map, "Empty", wf_list(wf_list_create(pool)));
    wf_error_init(&err, pool);
    if (wf_finder_create(&finder, WF_FIND_JSON, in_headers[i].text, in_headers[i].index,
                         0, pool, &err)
        != APR_SUCCESS) {
        return err.message;
    }
    finder->headers = 1;
    wf_finder_find(finder, &source, &value, &found, pool, &err);
    return found ? shown(&value) : "-";
}

static const char *find(size_t i)
{
    wf_value_t source = json(cases[i].source), value = wf_null();
    wf_finder_t *finder;
    wf_error_t err;
    int found;

    wf_error_init(&err, pool);
    if (wf_finder_create(&finder, cases[i].kind, cases[i].text, cases[i].index,
                         cases[i].group, pool, &err)
            != APR_SUCCESS
        || wf_finder_find(finder, &source, &value, &found, pool, &err) != APR_SUCCESS) {
        return apr_pstrcat(pool, "! ", err.message, NULL);
    }
    return found ? shown(&value) : "-";
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got = find(i), *text = cases[i].text ? cases[i].text : "whole";

        if (*cases[i].want == '!') {
            ok(*got == '!' && strstr(got, cases[i].want + 2), "%s: %s", text, got);
        }
        else {
            is_str(got, cases[i].want, "%s, index %d", text, cases[i].index);
        }
    }
    for (size_t i = 0; i < sizeof(in_headers) / sizeof(in_headers[0]); i++) {
        is_str(find_in_headers(i), in_headers[i].want, "headers: %s", in_headers[i].text);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
