/* What an http step shows to those behind it: ${login.status_code}, ${login.body.token}.
 */
#include "steps/http.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* ${login.headers.Content-Type}: names without case, the first value. */
static int header_property(wf_object_t *self, const char *name, wf_value_t *value,
                           apr_pool_t *p, wf_error_t *err)
{
    wf_result_t *r = (wf_result_t *)((char *)self - offsetof(wf_result_t, headers));
    const char *at = r->http ? r->http->headers : NULL;
    const char *end = at ? at + r->http->headers_length : NULL;
    const char *key, *text;
    apr_size_t key_length, length;

    (void)err;
    while (at != NULL
           && wf_client_header_next(&at, end, &key, &key_length, &text, &length)) {
        if (strlen(name) == key_length && strncasecmp(name, key, key_length) == 0) {
            *value = wf_string_n(text, length, p);
            return 1;
        }
    }
    return 0;
}

static void put_status(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    *value = wf_string(
        apr_psprintf(p, "%d %s", r->http->status, wf_client_reason(r->http->status)));
}

static void put_status_code(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_integer(r->http->status);
}

static void put_headers(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    r->headers.class_name = "headers";
    r->headers.property = header_property;
    value->type = WF_OBJECT;
    value->as.object = &r->headers;
}

/* Parsed when it is first asked for, once per iteration. */
static void put_body(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    apr_pool_t *pool = wf_strand_pool(r->strand);
    wf_error_t err;

    (void)p;
    if (r->http->body == NULL) {
        *value = wf_null();
        return;
    }
    if (!r->http->parsed) {
        wf_error_init(&err, pool);
        r->http->parsed = 1;
        if (wf_json_value(&r->http->json, r->http->body, r->http->body_length, pool, &err)
            != APR_SUCCESS) {
            r->http->json = wf_string(r->http->body);
        }
    }
    *value = r->http->json;
}

static void put_body_raw(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_string(r->http->body);
}

static void put_status_text(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_string(wf_client_reason(r->http->status));
}

static void put_version(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_string(wf_client_version_name(r->http->version));
}

static void put_url(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_string(r->http->url);
}

static void put_redirects(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_integer(r->http->redirects);
}

static void put_reused(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_boolean(r->http->reused);
}

static void put_wire_size(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_integer(r->http->wire_size);
}

/* The phases in milliseconds, by the names that the metrics have behind http_req_. */
static void put_timings(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    const wf_client_timings_t *t = &r->http->timings;
    const struct {
        const char *name;
        apr_int64_t us;
    } phases[] = {
        { "blocked", t->blocked },       { "looking_up", t->looking_up },
        { "connecting", t->connecting }, { "tls_handshaking", t->tls },
        { "sending", t->sending },       { "waiting", t->waiting },
        { "receiving", t->receiving },   { "duration", r->duration_us },
    };
    wf_map_t *map = wf_map_create(p);
    size_t i;

    for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        wf_map_set(map, phases[i].name, wf_double((double)phases[i].us / 1000.0));
    }
    *value = wf_map(map);
}

/* "name=value; …": the cookies that the answer sets, the last one of a name. */
static void put_cookies(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    const char *at = r->http->headers;
    const char *end = at ? at + r->http->headers_length : NULL;
    wf_map_t *map = wf_map_create(p);
    const char *key, *text, *equals;
    apr_size_t key_length, length, n;

    while (at != NULL
           && wf_client_header_next(&at, end, &key, &key_length, &text, &length)) {
        equals = memchr(text, '=', length);
        if (key_length != 10 || strncasecmp(key, "Set-Cookie", 10) != 0
            || equals == NULL) {
            continue;
        }
        n = strcspn(equals + 1, ";\r\n");
        wf_map_set(map, apr_pstrmemdup(p, text, equals - text),
                   wf_string_n(equals + 1, n, p));
    }
    *value = wf_map(map);
}

/* What the answer says that its body is. */
static void put_body_type(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    static const struct {
        const char *part, *type;
    } types[] = {
        { "json", "json" },
        { "html", "html" },
        { "xml", "xml" },
        { "text/", "text" },
        { "form-urlencoded", "form" },
    };
    wf_value_t type;
    size_t i;

    if (!header_property(&r->headers, "Content-Type", &type, p, NULL)) {
        *value = wf_string(r->http->size > 0 ? "binary" : "none");
        return;
    }
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasestr(type.as.text.data, types[i].part) != NULL) {
            *value = wf_string(types[i].type);
            return;
        }
    }
    *value = wf_string("binary");
}

static void put_duration(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_double((double)r->duration_us / 1000.0);
}

static void put_size(wf_result_t *r, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_integer(r->http->size);
}

static const struct {
    const char *name;
    void (*put)(wf_result_t *r, wf_value_t *value, apr_pool_t *p);
} members[] = {
    /* clang-format off */
    { "status",      put_status },
    { "status_code", put_status_code },
    { "statusCode",  put_status_code },
    { "status_text", put_status_text },
    { "statusText",  put_status_text },
    { "headers",     put_headers },
    { "cookies",     put_cookies },
    { "body",        put_body },
    { "body_raw",    put_body_raw },
    { "body_type",   put_body_type },
    { "bodyType",    put_body_type },
    { "duration",    put_duration },
    { "size",        put_size },
    { "wire_size",   put_wire_size },
    { "timings",     put_timings },
    { "version",     put_version },
    { "reused",      put_reused },
    { "redirects",   put_redirects },
    { "url",         put_url },
    { "actualRequest", wf_http_sent },
    { "actual_request", wf_http_sent },
    /* clang-format on */
};

int wf_http_output(wf_result_t *result, const char *name, wf_value_t *value,
                   apr_pool_t *p)
{
    size_t i;

    for (i = 0; result->http != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(members[i].name, name) == 0) {
            members[i].put(result, value, p);
            return 1;
        }
    }
    return 0;
}

/* Name → list of values, in their order. */
static wf_value_t headers_map(const wf_result_t *r, apr_pool_t *p)
{
    const char *at = r->http ? r->http->headers : NULL;
    const char *end = at ? at + r->http->headers_length : NULL;
    wf_map_t *map = wf_map_create(p);
    const char *key, *text;
    apr_size_t key_length, length;

    while (at != NULL
           && wf_client_header_next(&at, end, &key, &key_length, &text, &length)) {
        const char *name = apr_pstrmemdup(p, key, key_length);
        wf_value_t *known = wf_map_get(map, name);
        wf_list_t *list = known ? known->as.list : wf_list_create(p);

        wf_list_push(list, wf_string_n(text, length, p));
        if (known == NULL) {
            wf_map_set(map, name, wf_list(list));
        }
    }
    return wf_map(map);
}

int wf_http_output_map(wf_result_t *result, const char *name, wf_value_t *value,
                       apr_pool_t *p)
{
    wf_map_t *all;
    size_t i;

    if (strcmp(name, "headers") == 0) {
        *value = headers_map(result, p);
        return 1;
    }
    if (strcmp(name, "output") != 0) {
        return 0;
    }
    all = wf_map_create(p);
    for (i = 0; result->http != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
        wf_value_t member;

        members[i].put(result, &member, p);
        if (member.type == WF_NULL && members[i].put == wf_http_sent) {
            continue; /* nobody has asked for it */
        }
        wf_map_set(all, members[i].name,
                   member.type == WF_OBJECT ? headers_map(result, p) : member);
    }
    *value = wf_map(all);
    return 1;
}
