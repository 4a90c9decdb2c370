/* Values as text: as Java prints them for process models, as JSON prints them for load
 * workflows. */
#include "script/internal.h"

#include <apr_base64.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Deeper lists and maps are shown as "...". */
#define PRINT_NESTING_MAX 200

/* ---- a growing text --------------------------------------------------------------- */

typedef struct output_t {
    apr_pool_t *pool;
    char *data;
    apr_size_t length, capacity;
} output_t;

static void put(output_t *out, const char *s, apr_size_t n)
{
    if (out->length + n + 1 > out->capacity) {
        char *old = out->data;

        out->capacity = 2 * out->capacity + n + 64;
        out->data = apr_palloc(out->pool, out->capacity);
        if (old) {
            memcpy(out->data, old, out->length);
        }
    }
    memcpy(out->data + out->length, s, n);
    out->length += n;
    out->data[out->length] = '\0';
}

static void puts_text(output_t *out, const char *s)
{
    put(out, s, strlen(s));
}

/* ---- scalars ---------------------------------------------------------------------- */

static wf_value_t text_of(const char *s, apr_size_t n)
{
    return (wf_value_t){ .type = WF_STRING, .as.text = { s, n } };
}

/* java.util.Date: "Tue Nov 02 09:05:00 CET 2010", in the server's zone. Not strftime:
 * the names of days must not follow the locale. */
static const char *java_date(apr_int64_t ms, apr_pool_t *p)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int rest;
    time_t seconds = (time_t)wf_time_seconds(ms, &rest);
    struct tm tm;

    if (!localtime_r(&seconds, &tm)) { /* a year beyond int */
        return apr_psprintf(p, "%" APR_INT64_T_FMT, ms);
    }
    return apr_psprintf(p, "%s %s %02d %02d:%02d:%02d %s %04d", days[tm.tm_wday],
                        months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                        tm.tm_zone, tm.tm_year + 1900);
}

static const char *base64(const wf_value_t *v, apr_pool_t *p)
{
    char *text = apr_palloc(p, apr_base64_encode_len((int)v->as.text.length));

    apr_base64_encode_binary(text, (const unsigned char *)v->as.text.data,
                             (int)v->as.text.length);
    return text;
}

/* Everything that reads the same in both dialects; NULL for the rest. */
static const char *print_scalar(const wf_value_t *v, apr_pool_t *p)
{
    switch (v->type) {
    case WF_BOOLEAN:
        return v->as.boolean ? "true" : "false";
    case WF_SHORT:
    case WF_INTEGER:
    case WF_LONG:
        return apr_psprintf(p, "%" APR_INT64_T_FMT, v->as.integer);
    case WF_BYTES:
        return base64(v, p);
    case WF_OBJECT:
        return v->as.object->class_name;
    default:
        return NULL;
    }
}

static wf_value_t print_double(double d, int (*print)(double, char *), apr_pool_t *p)
{
    char text[WF_NUMBER_SIZE];
    int n = print(d, text);

    return wf_string_n(text, n, p);
}

/* ---- as Java ---------------------------------------------------------------------- */

static void put_java(output_t *out, const wf_value_t *v, int nesting);

static void put_list(output_t *out, const wf_list_t *list, int nesting)
{
    put(out, "[", 1);
    for (int i = 0; i < wf_list_count(list); i++) {
        put(out, ", ", i ? 2 : 0);
        put_java(out, wf_list_at(list, i), nesting + 1);
    }
    put(out, "]", 1);
}

static void put_map(output_t *out, const wf_map_t *map, int nesting)
{
    put(out, "{", 1);
    for (int i = 0; i < wf_map_count(map); i++) {
        put(out, ", ", i ? 2 : 0);
        puts_text(out, wf_map_key(map, i));
        put(out, "=", 1);
        put_java(out, wf_map_at(map, i), nesting + 1);
    }
    put(out, "}", 1);
}

/* Within a list or map: there null is a word. */
static void put_java(output_t *out, const wf_value_t *v, int nesting)
{
    wf_value_t text;

    if (v->type == WF_NULL || nesting > PRINT_NESTING_MAX) {
        puts_text(out, v->type == WF_NULL ? "null" : "...");
    }
    else if (v->type == WF_LIST) {
        put_list(out, v->as.list, nesting);
    }
    else if (v->type == WF_MAP) {
        put_map(out, v->as.map, nesting);
    }
    else {
        text = wf_print_uel(v, out->pool);
        put(out, text.as.text.data, text.as.text.length);
    }
}

wf_value_t wf_print_uel(const wf_value_t *v, apr_pool_t *p)
{
    output_t out = { .pool = p };

    switch (v->type) {
    case WF_STRING:
        return *v;
    case WF_NULL:
        return wf_string("");
    case WF_DOUBLE:
        return print_double(v->as.number, wf_number_print_java, p);
    case WF_DATE:
        return wf_string(java_date(v->as.integer, p));
    case WF_LIST:
    case WF_MAP:
        put_java(&out, v, 0);
        return text_of(out.data, out.length);
    default:
        return wf_string(print_scalar(v, p));
    }
}

/* ---- as JSON ---------------------------------------------------------------------- */

static wf_value_t print_json(const wf_value_t *v, apr_pool_t *p)
{
    json_object *json = wf_value_to_json(v);
    wf_value_t text = wf_null();

    text.type = WF_STRING;
    text.as.text.data = wf_json_text(json, &text.as.text.length, p);
    json_object_put(json);
    return text;
}

wf_value_t wf_print_load(const wf_value_t *v, apr_pool_t *p)
{
    switch (v->type) {
    case WF_STRING:
        return *v;
    case WF_NULL:
        return wf_string("null");
    case WF_DOUBLE:
        return print_double(v->as.number, wf_number_print_load, p);
    case WF_DATE:
        return wf_string(wf_time_iso(v->as.integer, p));
    case WF_LIST:
    case WF_MAP:
        return print_json(v, p);
    default:
        return wf_string(print_scalar(v, p));
    }
}

const char *wf_value_print(const wf_value_t *value, wf_dialect_e dialect, apr_pool_t *p)
{
    wf_value_t text = wf_rules_of(dialect)->print(value, p);

    return text.as.text.data;
}
