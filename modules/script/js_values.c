/* Values on their way into JavaScript and back. */
#include "script/js.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>

/* Integers up to here are exact as a double (Number.MAX_SAFE_INTEGER). */
#define SAFE_MAX INT64_C(9007199254740991)

/* What an element or member costs besides its texts. */
#define ELEMENT_COST 64

/* ---- in --------------------------------------------------------------------------- */

/* In process models a list, map or long text is the same object each time it is read. */
static JSValue lend(js_runtime_t *runtime, const wf_value_t *v, const void *address)
{
    js_run_t *run = runtime->run;
    JSValue *lent = apr_hash_get(run->lent, &address, sizeof(address));

    if (!lent) {
        const void **key = apr_pmemdup(run->pool, &address, sizeof(address));
        JSValue made =
            v->type == WF_LIST ? js_list_new(runtime, v->as.list)
            : v->type == WF_MAP
                ? js_map_new(runtime, v->as.map)
                : JS_NewStringLen(runtime->ctx, v->as.text.data, v->as.text.length);

        if (JS_IsException(made)) {
            return made;
        }
        lent = apr_pmemdup(run->pool, &made, sizeof(made));
        apr_hash_set(run->lent, key, sizeof(*key), lent);
    }
    return JS_DupValue(runtime->ctx, *lent);
}

/* ---- in: copies of a world ---------------------------------------------------------- */

static JSValue copy_list(js_runtime_t *runtime, const wf_list_t *list)
{
    JSContext *ctx = runtime->ctx;
    JSValue array = JS_NewArray(ctx);
    int n = wf_list_count(list);

    for (int i = 0; i < n && !JS_IsException(array); i++) {
        JSValue item = js_in_time(runtime) < 0
                           ? JS_EXCEPTION
                           : js_from_value(runtime, wf_list_at(list, i));

        if (JS_IsException(item)
            || JS_DefinePropertyValueUint32(ctx, array, (uint32_t)i, item, JS_PROP_C_W_E)
                   < 0) {
            JS_FreeValue(ctx, array);
            array = JS_EXCEPTION;
        }
    }
    return array;
}

static JSValue copy_map(js_runtime_t *runtime, const wf_map_t *map)
{
    JSContext *ctx = runtime->ctx;
    JSValue object = JS_NewObject(ctx);
    int n = wf_map_count(map);

    for (int i = 0; i < n && !JS_IsException(object); i++) {
        JSValue member = js_in_time(runtime) < 0
                             ? JS_EXCEPTION
                             : js_from_value(runtime, wf_map_at(map, i));

        if (JS_IsException(member)
            || JS_DefinePropertyValueStr(ctx, object, wf_map_key(map, i), member,
                                         JS_PROP_C_W_E)
                   < 0) {
            JS_FreeValue(ctx, object);
            object = JS_EXCEPTION;
        }
    }
    return object;
}

/* ---- in: all types ------------------------------------------------------------------ */

static JSValue from_bytes(JSContext *ctx, const wf_value_t *v)
{
    JSValue args[3] = { JS_NewArrayBufferCopy(ctx, (const uint8_t *)v->as.text.data,
                                              v->as.text.length),
                        JS_UNDEFINED, JS_UNDEFINED };
    JSValue bytes;

    if (JS_IsException(args[0])) {
        return JS_EXCEPTION;
    }
    bytes = JS_NewTypedArray(ctx, 3, args, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(ctx, args[0]);
    return bytes;
}

static JSValue from_integer(JSContext *ctx, apr_int64_t i)
{
    return i >= -SAFE_MAX && i <= SAFE_MAX ? JS_NewInt64(ctx, i) : JS_NewBigInt64(ctx, i);
}

JSValue js_from_value(js_runtime_t *runtime, const wf_value_t *v)
{
    JSContext *ctx = runtime->ctx;

    switch (v->type) {
    case WF_BOOLEAN:
        return JS_NewBool(ctx, v->as.boolean);
    case WF_SHORT:
    case WF_INTEGER:
    case WF_LONG:
        return from_integer(ctx, v->as.integer);
    case WF_DOUBLE:
        return JS_NewFloat64(ctx, v->as.number);
    case WF_STRING:
        return v->as.text.length > WF_JS_LENT_TEXT && !runtime->world
                   ? lend(runtime, v, v->as.text.data)
                   : JS_NewStringLen(ctx, v->as.text.data, v->as.text.length);
    case WF_DATE:
        return JS_NewDate(ctx, (double)v->as.integer);
    case WF_BYTES:
        return from_bytes(ctx, v);
    case WF_LIST:
        return runtime->world ? copy_list(runtime, v->as.list)
                              : lend(runtime, v, v->as.list);
    case WF_MAP:
        return runtime->world ? copy_map(runtime, v->as.map)
                              : lend(runtime, v, v->as.map);
    case WF_OBJECT:
        return js_object_new(runtime, v->as.object);
    default:
        return JS_NULL;
    }
}

/* ---- out: scalars ----------------------------------------------------------------- */

/* Half of a surrogate pair, which a string may hold, is no UTF-8: U+FFFD takes its place.
 */
static void repair_surrogates(char *s, apr_size_t n)
{
    for (apr_size_t i = 0; i + 2 < n; i++) {
        if ((unsigned char)s[i] == 0xed && (unsigned char)s[i + 1] >= 0xa0) {
            memcpy(s + i, "\xef\xbf\xbd", 3);
        }
    }
}

const char *js_to_text(js_runtime_t *runtime, JSValueConst v, apr_size_t *length,
                       apr_pool_t *p)
{
    JSContext *ctx = runtime->ctx;
    size_t n;
    const char *s = JS_ToCStringLen(ctx, &n, v);
    char *text = NULL;

    if (!s) {
        return NULL;
    }
    if (memchr(s, '\0', n)) {
        JS_ThrowTypeError(ctx, "a text with the character U+0000 cannot leave a script");
    }
    else if (js_spend(runtime, n + 1) == 0) {
        text = apr_pstrmemdup(p, s, n);
        repair_surrogates(text, n);
        *length = n;
    }
    JS_FreeCString(ctx, s);
    return text;
}

static int to_string(js_runtime_t *runtime, JSValueConst v, wf_value_t *value,
                     apr_pool_t *p)
{
    value->type = WF_STRING;
    value->as.text.data = js_to_text(runtime, v, &value->as.text.length, p);
    return value->as.text.data ? 0 : -1;
}

static int to_number(js_runtime_t *runtime, JSValueConst v, wf_value_t *value)
{
    double d;

    if (JS_ToFloat64(runtime->ctx, &d, v)) {
        return -1;
    }
    *value = d == floor(d) && fabs(d) <= (double)SAFE_MAX ? wf_integer((apr_int64_t)d)
                                                          : wf_double(d);
    return 0;
}

static int to_long(js_runtime_t *runtime, JSValueConst v, wf_value_t *value)
{
    JSContext *ctx = runtime->ctx;
    int64_t i;
    JSValue back;
    int fits;

    if (JS_ToBigInt64(ctx, &i, v)) {
        return -1;
    }
    back = JS_NewBigInt64(ctx, i);
    if (JS_IsException(back)) {
        return -1;
    }
    fits = JS_StrictEq(ctx, back, v);
    JS_FreeValue(ctx, back);
    if (!fits) {
        JS_ThrowRangeError(ctx, "a BigInt beyond 64 bits cannot leave a script");
        return -1;
    }
    *value = wf_integer(i);
    return 0;
}

static int to_date(js_runtime_t *runtime, JSValueConst v, wf_value_t *value)
{
    double d;

    if (JS_ToFloat64(runtime->ctx, &d, v)) {
        return -1;
    }
    if (isnan(d)) {
        JS_ThrowRangeError(runtime->ctx, "an invalid Date cannot leave a script");
        return -1;
    }
    *value = wf_date((apr_int64_t)d);
    return 0;
}

static int to_bytes(js_runtime_t *runtime, JSValueConst v, wf_value_t *value,
                    apr_pool_t *p)
{
    JSContext *ctx = runtime->ctx;
    size_t from, n, step, size;
    JSValue buffer = JS_GetTypedArrayBuffer(ctx, v, &from, &n, &step);
    const uint8_t *data;
    int rc = -1;

    if (JS_IsException(buffer)) {
        return -1;
    }
    data = JS_GetArrayBuffer(ctx, &size, buffer);
    if (data && from + n <= size && js_spend(runtime, n) == 0) {
        *value = wf_bytes(apr_pmemdup(p, data + from, n), n);
        rc = 0;
    }
    JS_FreeValue(ctx, buffer);
    return rc;
}

/* ---- out: lists and maps ---------------------------------------------------------- */

static int to_value(js_runtime_t *runtime, JSValueConst v, wf_value_t *value,
                    apr_pool_t *p, int nesting);

/* As in JSON: an object leaves out what is undefined or a function, an array has null. */
static int is_nothing(JSContext *ctx, JSValueConst v)
{
    return JS_IsUndefined(v) || JS_IsFunction(ctx, v) || JS_IsSymbol(v);
}

static int to_list(js_runtime_t *runtime, JSValueConst v, wf_value_t *value,
                   apr_pool_t *p, int nesting)
{
    JSContext *ctx = runtime->ctx;
    JSValue length = JS_GetProperty(ctx, v, runtime->length);
    uint32_t n;

    if (JS_ToUint32(ctx, &n, length)) {
        return -1;
    }
    *value = wf_list(wf_list_create(p));
    for (uint32_t i = 0; i < n; i++) {
        JSValue item;
        wf_value_t element = wf_null();
        int rc = js_spend(runtime, ELEMENT_COST);

        if (rc < 0) {
            return rc;
        }
        item = JS_GetPropertyUint32(ctx, v, i);
        rc = JS_IsException(item)    ? -1
             : is_nothing(ctx, item) ? 0
                                     : to_value(runtime, item, &element, p, nesting + 1);
        JS_FreeValue(ctx, item);
        if (rc < 0) {
            return rc;
        }
        wf_list_push(value->as.list, element);
    }
    return 0;
}

static int to_member(js_runtime_t *runtime, JSValueConst v, JSAtom name, wf_map_t *map,
                     apr_pool_t *p, int nesting)
{
    JSContext *ctx = runtime->ctx;
    const char *key = js_key_of(runtime, name, p);
    wf_value_t member;
    JSValue item;
    int rc;

    if (!key || js_spend(runtime, ELEMENT_COST) < 0) {
        return -1;
    }
    item = JS_GetProperty(ctx, v, name);
    if (JS_IsException(item)) {
        return -1;
    }
    rc = is_nothing(ctx, item) ? 1 : to_value(runtime, item, &member, p, nesting + 1);
    if (rc == 0) {
        wf_map_set(map, key, member);
    }
    JS_FreeValue(ctx, item);
    return rc < 0 ? -1 : 0;
}

static int to_map(js_runtime_t *runtime, JSValueConst v, wf_value_t *value, apr_pool_t *p,
                  int nesting)
{
    JSContext *ctx = runtime->ctx;
    JSPropertyEnum *names;
    uint32_t n;
    int rc = 0;

    if (JS_GetOwnPropertyNames(ctx, &names, &n, v,
                               JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) {
        return -1;
    }
    *value = wf_map(wf_map_create(p));
    for (uint32_t i = 0; i < n; i++) {
        if (rc == 0) {
            rc = to_member(runtime, v, names[i].atom, value->as.map, p, nesting);
        }
        JS_FreeAtom(ctx, names[i].atom);
    }
    js_free(ctx, names);
    return rc;
}

/* ---- out: objects ----------------------------------------------------------------- */

/* What stands for something of the caller: the thing itself. 0: v is something else. */
static int to_own(js_runtime_t *runtime, JSValueConst v, wf_value_t *value)
{
    wf_list_t *list = js_list_of(runtime, v);
    wf_map_t *map = list ? NULL : js_map_of(runtime, v);
    wf_object_t *object = list || map ? NULL : js_object_of(runtime, v);

    if (list) {
        *value = wf_list(list);
    }
    else if (map) {
        *value = wf_map(map);
    }
    else if (object) {
        *value = (wf_value_t){ .type = WF_OBJECT, .as.object = object };
    }
    return list || map || object;
}

static int to_boxed(js_runtime_t *runtime, JSValueConst v, wf_value_t *value,
                    apr_pool_t *p)
{
    JSClassID class_id = JS_GetClassID(v);

    if (class_id == runtime->number_class) {
        return to_number(runtime, v, value);
    }
    if (to_string(runtime, v, value, p) < 0) {
        return -1;
    }
    if (class_id == runtime->boolean_class) {
        *value = wf_boolean(!strcmp(value->as.text.data, "true"));
    }
    return 0;
}

/* As JSON.stringify does. 1: *value is what its toJSON gives; 0: it has none. */
static int to_json(js_runtime_t *runtime, JSValueConst v, wf_value_t *value,
                   apr_pool_t *p, int nesting)
{
    JSContext *ctx = runtime->ctx;
    JSValue method = JS_GetPropertyStr(ctx, v, "toJSON"), json;
    int rc;

    if (!JS_IsFunction(ctx, method)) {
        JS_FreeValue(ctx, method);
        return JS_IsException(method) ? -1 : 0;
    }
    json = JS_Call(ctx, method, v, 0, NULL);
    JS_FreeValue(ctx, method);
    if (JS_IsException(json)) {
        return -1;
    }
    rc = JS_IsObject(json) && JS_StrictEq(ctx, json, v)       ? 0
         : to_value(runtime, json, value, p, nesting + 1) < 0 ? -1
                                                              : 1;
    JS_FreeValue(ctx, json);
    return rc;
}

static int to_object(js_runtime_t *runtime, JSValueConst v, wf_value_t *value,
                     apr_pool_t *p, int nesting)
{
    JSContext *ctx = runtime->ctx;
    JSClassID class_id = JS_GetClassID(v);
    int array = 0;

    if (nesting >= WF_VALUE_NESTING_MAX) {
        JS_ThrowRangeError(ctx, "lists and maps nested deeper than %d, or in themselves",
                           WF_VALUE_NESTING_MAX);
        return -1;
    }
    if (to_own(runtime, v, value)) {
        return 0;
    }
    if (runtime->world) {
        array = to_json(runtime, v, value, p, nesting);
        if (array) {
            return array < 0 ? -1 : 0;
        }
    }
    if (class_id == runtime->date_class) {
        return to_date(runtime, v, value);
    }
    if (class_id == runtime->bytes_class) {
        return to_bytes(runtime, v, value, p);
    }
    if (class_id == runtime->string_class || class_id == runtime->number_class
        || class_id == runtime->boolean_class) {
        return to_boxed(runtime, v, value, p);
    }
    array = JS_IsArray(ctx, v);
    if (array < 0) {
        return -1;
    }
    if (!array && class_id != runtime->plain_class
        && !(runtime->world && class_id == runtime->proxy_class)) {
        JS_ThrowTypeError(ctx, "%s cannot leave a script",
                          JS_IsFunction(ctx, v)
                              ? "a function"
                              : "an object such as Map, Error or RegExp");
        return -1;
    }
    return array ? to_list(runtime, v, value, p, nesting)
                 : to_map(runtime, v, value, p, nesting);
}

static int to_value(js_runtime_t *runtime, JSValueConst v, wf_value_t *value,
                    apr_pool_t *p, int nesting)
{
    JSContext *ctx = runtime->ctx;

    *value = wf_null();
    if (JS_IsUndefined(v) || JS_IsNull(v)) {
        return 0;
    }
    if (JS_IsBool(v)) {
        *value = wf_boolean(JS_ToBool(ctx, v));
        return 0;
    }
    if (JS_IsNumber(v)) {
        return to_number(runtime, v, value);
    }
    if (JS_IsString(v)) {
        return to_string(runtime, v, value, p);
    }
    if (JS_IsBigInt(ctx, v)) {
        return to_long(runtime, v, value);
    }
    if (JS_IsObject(v)) {
        return to_object(runtime, v, value, p, nesting);
    }
    JS_ThrowTypeError(ctx, "a Symbol cannot leave a script");
    return -1;
}

int js_to_value(js_runtime_t *runtime, JSValueConst v, wf_value_t *value, apr_pool_t *p)
{
    return to_value(runtime, v, value, p, 0);
}

/* ---- names of properties ---------------------------------------------------------- */

const char *js_name_of(js_runtime_t *runtime, JSAtom atom)
{
    JSContext *ctx = runtime->ctx;
    JSValue name = JS_AtomToValue(ctx, atom);
    const char *text = NULL;
    size_t n;

    if (JS_IsString(name)) {
        text = JS_ToCStringLen(ctx, &n, name);
    }
    JS_FreeValue(ctx, name);
    if (text && strlen(text) != n) {
        JS_FreeCString(ctx, text);
        return NULL;
    }
    return text;
}

const char *js_key_of(js_runtime_t *runtime, JSAtom atom, apr_pool_t *p)
{
    JSValue name = JS_AtomToString(runtime->ctx, atom);
    apr_size_t length;
    const char *text =
        JS_IsException(name) ? NULL : js_to_text(runtime, name, &length, p);

    JS_FreeValue(runtime->ctx, name);
    return text;
}

int js_index_of(const js_runtime_t *runtime, JSAtom atom, apr_uint32_t *index)
{
    if (!(atom & runtime->index_bits)) {
        return 0;
    }
    *index = atom & ~runtime->index_bits;
    return 1;
}
