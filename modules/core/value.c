/* Values: typed scalars, lists and maps, and their JSON. */
#include "core/core.h"

#include <apr_base64.h>
#include <apr_strings.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From this many keys on a map looks its keys up by hash. */
#define MAP_INDEX_FROM 9

struct wf_list_t {
    apr_array_header_t *items; /* of wf_value_t */
};

typedef struct entry_t {
    const char *key;
    wf_value_t value;
} entry_t;

struct wf_map_t {
    apr_array_header_t *entries; /* of entry_t, in insertion order */
    apr_hash_t *index;           /* key -> its number + 1; NULL while small */
};

static const char *const type_names[WF_TYPES] = {
    [WF_NULL] = "null",     [WF_BOOLEAN] = "boolean", [WF_SHORT] = "short",
    [WF_INTEGER] = "integer", [WF_LONG] = "long",     [WF_DOUBLE] = "double",
    [WF_STRING] = "string", [WF_DATE] = "date",       [WF_BYTES] = "bytes",
    [WF_LIST] = "list",     [WF_MAP] = "map",         [WF_OBJECT] = "object",
};

const char *wf_type_name(wf_type_e type)
{
    return (unsigned)type < WF_TYPES ? type_names[type] : "unknown";
}

int wf_type_parse(const char *name)
{
    for (int i = 0; name && i < WF_OBJECT; i++) {
        if (!strcmp(type_names[i], name)) {
            return i;
        }
    }
    return -1;
}

/* ---- constructors ---------------------------------------------------------------------- */

wf_value_t wf_null(void)
{
    return (wf_value_t){ .type = WF_NULL };
}

wf_value_t wf_boolean(int b)
{
    return (wf_value_t){ .type = WF_BOOLEAN, .as.boolean = !!b };
}

wf_value_t wf_integer(apr_int64_t i)
{
    return (wf_value_t){ .type = i >= INT_MIN && i <= INT_MAX ? WF_INTEGER : WF_LONG,
                         .as.integer = i };
}

wf_value_t wf_long(apr_int64_t i)
{
    return (wf_value_t){ .type = WF_LONG, .as.integer = i };
}

wf_value_t wf_double(double d)
{
    return (wf_value_t){ .type = WF_DOUBLE, .as.number = d };
}

wf_value_t wf_date(apr_int64_t ms)
{
    return (wf_value_t){ .type = WF_DATE, .as.integer = ms };
}

wf_value_t wf_string(const char *s)
{
    if (!s) {
        return wf_null();
    }
    return (wf_value_t){ .type = WF_STRING, .as.text = { s, strlen(s) } };
}

wf_value_t wf_string_n(const char *s, apr_size_t n, apr_pool_t *p)
{
    return (wf_value_t){ .type = WF_STRING, .as.text = { apr_pstrmemdup(p, s, n), n } };
}

wf_value_t wf_bytes(const void *data, apr_size_t n)
{
    return (wf_value_t){ .type = WF_BYTES, .as.text = { data, n } };
}

wf_value_t wf_list(wf_list_t *l)
{
    return (wf_value_t){ .type = WF_LIST, .as.list = l };
}

wf_value_t wf_map(wf_map_t *m)
{
    return (wf_value_t){ .type = WF_MAP, .as.map = m };
}

int wf_is_integer(const wf_value_t *v)
{
    return v->type == WF_SHORT || v->type == WF_INTEGER || v->type == WF_LONG;
}

/* ---- lists and maps ---------------------------------------------------------------------- */

wf_list_t *wf_list_create(apr_pool_t *p)
{
    wf_list_t *l = apr_palloc(p, sizeof(*l));

    l->items = apr_array_make(p, 4, sizeof(wf_value_t));
    return l;
}

void wf_list_push(wf_list_t *l, wf_value_t v)
{
    APR_ARRAY_PUSH(l->items, wf_value_t) = v;
}

int wf_list_count(const wf_list_t *l)
{
    return l->items->nelts;
}

wf_value_t *wf_list_at(const wf_list_t *l, int i)
{
    return i >= 0 && i < l->items->nelts ? &APR_ARRAY_IDX(l->items, i, wf_value_t) : NULL;
}

void wf_list_insert(wf_list_t *l, int i, wf_value_t v)
{
    wf_value_t *items;

    apr_array_push(l->items);
    items = (wf_value_t *)l->items->elts;
    memmove(items + i + 1, items + i, (l->items->nelts - 1 - i) * sizeof(*items));
    items[i] = v;
}

int wf_list_remove(wf_list_t *l, int i)
{
    wf_value_t *item = wf_list_at(l, i);

    if (!item) {
        return 0;
    }
    memmove(item, item + 1, (l->items->nelts - 1 - i) * sizeof(*item));
    l->items->nelts--;
    return 1;
}

apr_pool_t *wf_list_pool(const wf_list_t *l)
{
    return l->items->pool;
}

wf_map_t *wf_map_create(apr_pool_t *p)
{
    wf_map_t *m = apr_palloc(p, sizeof(*m));

    m->entries = apr_array_make(p, 4, sizeof(entry_t));
    m->index = NULL;
    return m;
}

static entry_t *entry_at(const wf_map_t *m, int i)
{
    return &APR_ARRAY_IDX(m->entries, i, entry_t);
}

/* The places of entries from the i-th on. */
static void index_from(wf_map_t *m, int i)
{
    for (; i < m->entries->nelts; i++) {
        apr_hash_set(m->index, entry_at(m, i)->key, APR_HASH_KEY_STRING,
                     (void *)(intptr_t)(i + 1));
    }
}

static int find_key(const wf_map_t *m, const char *key)
{
    if (m->index) {
        return (int)(intptr_t)apr_hash_get(m->index, key, APR_HASH_KEY_STRING) - 1;
    }
    for (int i = 0; i < m->entries->nelts; i++) {
        if (!strcmp(entry_at(m, i)->key, key)) {
            return i;
        }
    }
    return -1;
}

void wf_map_set(wf_map_t *m, const char *key, wf_value_t v)
{
    int i = find_key(m, key);
    entry_t *entry;

    if (i >= 0) {
        entry_at(m, i)->value = v;
        return;
    }
    entry = apr_array_push(m->entries);
    entry->key = apr_pstrdup(m->entries->pool, key);
    entry->value = v;
    if (m->index) {
        apr_hash_set(m->index, entry->key, APR_HASH_KEY_STRING,
                     (void *)(intptr_t)m->entries->nelts);
    }
    else if (m->entries->nelts >= MAP_INDEX_FROM) {
        m->index = apr_hash_make(m->entries->pool);
        index_from(m, 0);
    }
}

wf_value_t *wf_map_get(const wf_map_t *m, const char *key)
{
    int i = find_key(m, key);

    return i >= 0 ? &entry_at(m, i)->value : NULL;
}

int wf_map_remove(wf_map_t *m, const char *key)
{
    int i = find_key(m, key);

    if (i < 0) {
        return 0;
    }
    if (m->index) {
        apr_hash_set(m->index, entry_at(m, i)->key, APR_HASH_KEY_STRING, NULL);
    }
    memmove(entry_at(m, i), entry_at(m, i) + 1,
            (m->entries->nelts - i - 1) * sizeof(entry_t));
    m->entries->nelts--;
    if (m->index) { /* in place: a new one would stay in the pool beside it */
        index_from(m, i);
    }
    return 1;
}

int wf_map_count(const wf_map_t *m)
{
    return m->entries->nelts;
}

const char *wf_map_key(const wf_map_t *m, int i)
{
    return i >= 0 && i < m->entries->nelts ? entry_at(m, i)->key : NULL;
}

wf_value_t *wf_map_at(const wf_map_t *m, int i)
{
    return i >= 0 && i < m->entries->nelts ? &entry_at(m, i)->value : NULL;
}

apr_pool_t *wf_map_pool(const wf_map_t *m)
{
    return m->entries->pool;
}

/* ---- copy, compare ------------------------------------------------------------------------- */

wf_value_t wf_value_copy(const wf_value_t *v, apr_pool_t *p)
{
    wf_value_t copy = *v;

    if (v->type == WF_STRING) {
        copy.as.text.data = apr_pstrmemdup(p, v->as.text.data, v->as.text.length);
    }
    else if (v->type == WF_BYTES) {
        copy.as.text.data = apr_pmemdup(p, v->as.text.data, v->as.text.length);
    }
    else if (v->type == WF_LIST) {
        copy.as.list = wf_list_create(p);
        for (int i = 0; i < wf_list_count(v->as.list); i++) {
            wf_list_push(copy.as.list, wf_value_copy(wf_list_at(v->as.list, i), p));
        }
    }
    else if (v->type == WF_MAP) {
        copy.as.map = wf_map_create(p);
        for (int i = 0; i < wf_map_count(v->as.map); i++) {
            wf_map_set(copy.as.map, wf_map_key(v->as.map, i),
                       wf_value_copy(wf_map_at(v->as.map, i), p));
        }
    }
    return copy;
}

/* What a list or map takes without elements: its struct, the array's, its first places. */
#define CONTAINER_SIZE 160

apr_size_t wf_value_size(const wf_value_t *v)
{
    apr_size_t size = sizeof(*v);

    if (v->type == WF_STRING || v->type == WF_BYTES) {
        return size + v->as.text.length;
    }
    if (v->type == WF_LIST) {
        size += CONTAINER_SIZE;
        for (int i = 0; i < wf_list_count(v->as.list); i++) {
            size += wf_value_size(wf_list_at(v->as.list, i));
        }
    }
    else if (v->type == WF_MAP) {
        size += CONTAINER_SIZE;
        for (int i = 0; i < wf_map_count(v->as.map); i++) {
            size += sizeof(entry_t) - sizeof(*v) + strlen(wf_map_key(v->as.map, i))
                    + wf_value_size(wf_map_at(v->as.map, i));
        }
    }
    return size;
}

static int lists_equal(const wf_list_t *a, const wf_list_t *b)
{
    if (wf_list_count(a) != wf_list_count(b)) {
        return 0;
    }
    for (int i = 0; i < wf_list_count(a); i++) {
        if (!wf_value_equal(wf_list_at(a, i), wf_list_at(b, i))) {
            return 0;
        }
    }
    return 1;
}

static int maps_equal(const wf_map_t *a, const wf_map_t *b)
{
    if (wf_map_count(a) != wf_map_count(b)) {
        return 0;
    }
    for (int i = 0; i < wf_map_count(a); i++) {
        wf_value_t *other = wf_map_get(b, wf_map_key(a, i));

        if (!other || !wf_value_equal(wf_map_at(a, i), other)) {
            return 0;
        }
    }
    return 1;
}

int wf_value_equal(const wf_value_t *a, const wf_value_t *b)
{
    if (wf_is_integer(a) && wf_is_integer(b)) {
        return a->as.integer == b->as.integer;
    }
    if (a->type != b->type) {
        return 0;
    }
    switch (a->type) {
    case WF_BOOLEAN:
        return a->as.boolean == b->as.boolean;
    case WF_DATE:
        return a->as.integer == b->as.integer;
    case WF_DOUBLE:
        return a->as.number == b->as.number;
    case WF_STRING:
    case WF_BYTES:
        return a->as.text.length == b->as.text.length
               && !memcmp(a->as.text.data, b->as.text.data, a->as.text.length);
    case WF_LIST:
        return lists_equal(a->as.list, b->as.list);
    case WF_MAP:
        return maps_equal(a->as.map, b->as.map);
    case WF_OBJECT:
        return a->as.object == b->as.object;
    default:
        return 1; /* null */
    }
}

/* ---- JSON ---------------------------------------------------------------------------------- */

/* The shortest text that reads back as d, always recognisable as a double. JSON has no
 * infinities: they become null, as JavaScript writes them. */
static json_object *double_to_json(double d)
{
    char text[40];

    if (!isfinite(d)) {
        return NULL;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, d);
        if (strtod(text, NULL) == d) {
            break;
        }
    }
    if (!strpbrk(text, ".eE")) {
        strcat(text, ".0");
    }
    return json_object_new_double_s(d, text);
}

static json_object *text_to_json(const wf_value_t *v)
{
    json_object *json;
    char *encoded;

    if (v->type == WF_STRING) {
        return json_object_new_string_len(v->as.text.data, (int)v->as.text.length);
    }
    encoded = malloc(apr_base64_encode_len((int)v->as.text.length));
    if (!encoded) {
        abort();
    }
    apr_base64_encode_binary(encoded, (const unsigned char *)v->as.text.data,
                             (int)v->as.text.length);
    json = json_object_new_string(encoded);
    free(encoded);
    return json;
}

static json_object *date_to_json(apr_int64_t ms)
{
    apr_pool_t *scratch;
    json_object *json;

    apr_pool_create(&scratch, NULL);
    json = json_object_new_string(wf_time_iso(ms, scratch));
    apr_pool_destroy(scratch);
    return json;
}

json_object *wf_value_to_json(const wf_value_t *v)
{
    json_object *json;

    switch (v->type) {
    case WF_BOOLEAN:
        return json_object_new_boolean(v->as.boolean);
    case WF_SHORT:
    case WF_INTEGER:
    case WF_LONG:
        return json_object_new_int64(v->as.integer);
    case WF_DOUBLE:
        return double_to_json(v->as.number);
    case WF_STRING:
    case WF_BYTES:
        return text_to_json(v);
    case WF_DATE:
        return date_to_json(v->as.integer);
    case WF_LIST:
        json = json_object_new_array();
        for (int i = 0; i < wf_list_count(v->as.list); i++) {
            json_object_array_add(json, wf_value_to_json(wf_list_at(v->as.list, i)));
        }
        return json;
    case WF_MAP:
        json = json_object_new_object();
        for (int i = 0; i < wf_map_count(v->as.map); i++) {
            json_object_object_add(json, wf_map_key(v->as.map, i),
                                   wf_value_to_json(wf_map_at(v->as.map, i)));
        }
        return json;
    default:
        return NULL; /* null; host objects never leave an evaluation */
    }
}

wf_value_t wf_value_from_json(json_object *json, apr_pool_t *p)
{
    wf_list_t *l;
    wf_map_t *m;

    switch (json_object_get_type(json)) {
    case json_type_boolean:
        return wf_boolean(json_object_get_boolean(json));
    case json_type_int:
        return wf_integer(json_object_get_int64(json));
    case json_type_double:
        return wf_double(json_object_get_double(json));
    case json_type_string:
        return wf_string_n(json_object_get_string(json), json_object_get_string_len(json),
                           p);
    case json_type_array:
        l = wf_list_create(p);
        for (size_t i = 0; i < json_object_array_length(json); i++) {
            wf_list_push(l, wf_value_from_json(json_object_array_get_idx(json, i), p));
        }
        return wf_list(l);
    case json_type_object:
        m = wf_map_create(p);
        {
            json_object_object_foreach(json, key, member)
            {
                wf_map_set(m, key, wf_value_from_json(member, p));
            }
        }
        return wf_map(m);
    default:
        return wf_null();
    }
}

json_object *wf_vars_to_json(const wf_map_t *vars)
{
    json_object *json = json_object_new_object();

    for (int i = 0; i < wf_map_count(vars); i++) {
        const wf_value_t *v = wf_map_at(vars, i);
        json_object *typed = json_object_new_object();

        wf_json_add_string(typed, "type", wf_type_name(v->type));
        json_object_object_add(typed, "value",
                               v->type == WF_DATE ? json_object_new_int64(v->as.integer)
                                                  : wf_value_to_json(v));
        json_object_object_add(json, wf_map_key(vars, i), typed);
    }
    return json;
}

static wf_value_t decode_bytes(json_object *json, apr_pool_t *p)
{
    const char *text = json_object_get_string(json);
    unsigned char *data = apr_palloc(p, apr_base64_decode_len(text) + 1);
    int length = apr_base64_decode_binary(data, text);

    return wf_bytes(data, length);
}

static int fits(apr_int64_t number, wf_type_e type)
{
    return type == WF_SHORT     ? number >= INT16_MIN && number <= INT16_MAX
           : type == WF_INTEGER ? number >= INT32_MIN && number <= INT32_MAX
                                : type == WF_LONG || type == WF_DATE;
}

/* Plain JSON loses these types, so the type member puts them back. */
static int retype(wf_value_t *v, wf_type_e type, json_object *json, apr_pool_t *p)
{
    if (type == WF_NULL || v->type == type) {
        return type != WF_NULL || v->type == WF_NULL;
    }
    if (wf_is_integer(v) && fits(v->as.integer, type)) {
        v->type = type;
        return 1;
    }
    if (type == WF_DATE && v->type == WF_STRING) {
        v->type = type;
        return wf_time_parse(&v->as.integer, json_object_get_string(json)) == APR_SUCCESS;
    }
    if (type == WF_DOUBLE && (wf_is_integer(v) || v->type == WF_NULL)) {
        *v = wf_double(v->type == WF_NULL ? NAN : (double)v->as.integer);
        return 1;
    }
    if (type == WF_BYTES && v->type == WF_STRING) {
        *v = decode_bytes(json, p);
        return 1;
    }
    return 0;
}

int wf_json_is_storable(json_object *json)
{
    switch (json_object_get_type(json)) {
    case json_type_double:
        return isfinite(json_object_get_double(json));
    case json_type_string:
        return strlen(json_object_get_string(json))
               == (apr_size_t)json_object_get_string_len(json);
    case json_type_array:
        for (apr_size_t k = 0; k < json_object_array_length(json); k++) {
            if (!wf_json_is_storable(json_object_array_get_idx(json, k))) {
                return 0;
            }
        }
        return 1;
    case json_type_object: {
        json_object_object_foreach(json, key, member)
        {
            (void)key;
            if (!wf_json_is_storable(member)) {
                return 0;
            }
        }
        return 1;
    }
    default:
        return 1;
    }
}

apr_status_t wf_vars_from_json(wf_map_t **vars, json_object *json, apr_pool_t *p,
                               wf_error_t *err)
{
    *vars = wf_map_create(p);
    if (!json) {
        return APR_SUCCESS;
    }
    if (!json_object_is_type(json, json_type_object)) {
        return wf_error_set(err, WF_ERR_INVALID, "variables must be an object");
    }
    json_object_object_foreach(json, name, typed)
    {
        int type = wf_type_parse(wf_json_string(typed, "type", NULL));
        json_object *member = wf_json_get(typed, "value");
        wf_value_t v = wf_value_from_json(member, p);

        if (type < 0 || !retype(&v, type, member, p)) {
            return wf_error_field(err, WF_ERR_INVALID, name,
                                  "variable '%s' does not fit its type", name);
        }
        wf_map_set(*vars, name, v);
    }
    return APR_SUCCESS;
}
