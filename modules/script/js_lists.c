/* Lists and maps of variables in the hands of a script. They are not copied: an element
 * is read when the script reads it, and what the script changes has changed. Beside what
 * arrays and objects have they have the methods that expressions know, from the same
 * tables. */
#include "script/js.h"

#include <string.h>

static JSClassID list_class, map_class;

/* ---- handles ---------------------------------------------------------------------- */

JSValue js_wrap(js_runtime_t *runtime, JSClassID class_id, JSValueConst prototype,
                void *thing)
{
    JSContext *ctx = runtime->ctx;
    js_handle_t *handle = js_malloc(ctx, sizeof(*handle));
    JSValue made;

    if (!handle) {
        return JS_EXCEPTION;
    }
    made = JS_NewObjectProtoClass(ctx, prototype, class_id);
    if (JS_IsException(made)) {
        js_free(ctx, handle);
        return made;
    }
    handle->thing = thing;
    handle->run = runtime->runs;
    JS_SetOpaque(made, handle);
    return made;
}

void *js_unwrap(js_runtime_t *runtime, JSClassID class_id, JSValueConst v)
{
    const js_handle_t *handle = JS_GetOpaque(v, class_id);

    return handle && runtime->run && handle->run == runtime->runs ? handle->thing : NULL;
}

void js_handle_free(JSRuntime *rt, void *opaque)
{
    js_free_rt(rt, opaque);
}

static void free_list(JSRuntime *rt, JSValue v)
{
    js_handle_free(rt, JS_GetOpaque(v, list_class));
}

static void free_map(JSRuntime *rt, JSValue v)
{
    js_handle_free(rt, JS_GetOpaque(v, map_class));
}

JSValue js_list_new(js_runtime_t *runtime, wf_list_t *list)
{
    return js_wrap(runtime, list_class, runtime->list, list);
}

JSValue js_map_new(js_runtime_t *runtime, wf_map_t *map)
{
    return js_wrap(runtime, map_class, runtime->map, map);
}

wf_list_t *js_list_of(js_runtime_t *runtime, JSValueConst v)
{
    return js_unwrap(runtime, list_class, v);
}

wf_map_t *js_map_of(js_runtime_t *runtime, JSValueConst v)
{
    return js_unwrap(runtime, map_class, v);
}

/* The prototypes are of these classes, too, but lead to nothing. */
static int self_of(JSContext *ctx, JSValueConst v, js_runtime_t **runtime,
                   wf_value_t *self)
{
    wf_list_t *list;
    wf_map_t *map;

    *runtime = js_runtime_of(ctx);
    list = js_list_of(*runtime, v);
    map = list ? NULL : js_map_of(*runtime, v);
    *self = list ? wf_list(list) : map ? wf_map(map) : wf_null();
    return list || map;
}

/* ---- methods of expressions -------------------------------------------------------- */

/* Call a method of the tables; the arguments are the caller's. */
static int call(js_runtime_t *runtime, const wf_value_t *self, const char *name,
                const wf_value_t *args, int nargs, wf_value_t *result)
{
    wf_eval_t *e = &runtime->run->eval;
    wf_error_t err;

    wf_error_init(&err, runtime->run->pool);
    e->err = &err;
    e->work = 0; /* each call is bounded; the deadline bounds them all */
    e->regex_us = 0;
    if (wf_method_call(e, self, name, args, nargs, result) == APR_SUCCESS) {
        return 0;
    }
    JS_ThrowTypeError(runtime->ctx, "%s", err.message);
    return -1;
}

static const wf_method_t *methods_of(const wf_value_t *self)
{
    return self->type == WF_LIST ? wf_list_methods : wf_map_methods;
}

static JSValue call_method(JSContext *ctx, JSValueConst v, int argc, JSValueConst *argv,
                           int row)
{
    js_runtime_t *runtime;
    wf_value_t self, args[WF_EXPR_ARGS_MAX], result;

    if (!self_of(ctx, v, &runtime, &self)) {
        return JS_ThrowTypeError(ctx, "the method is one of lists and maps");
    }
    if (js_in_time(runtime) < 0) {
        return JS_EXCEPTION;
    }
    argc = argc < WF_EXPR_ARGS_MAX ? argc : WF_EXPR_ARGS_MAX;
    for (int i = 0; i < argc; i++) {
        if (js_to_value(runtime, argv[i], &args[i], runtime->run->pool) < 0) {
            return JS_EXCEPTION;
        }
    }
    if (call(runtime, &self, methods_of(&self)[row].name, args, argc, &result) < 0) {
        return JS_EXCEPTION;
    }
    return js_from_value(runtime, &result);
}

/* All rows of a table that the language has no word of its own for. */
static int add_methods(js_runtime_t *runtime, JSValueConst prototype,
                       const wf_method_t *rows)
{
    JSContext *ctx = runtime->ctx;

    for (int i = 0; rows[i].name; i++) {
        if (!strcmp(rows[i].name, "indexOf") || !strcmp(rows[i].name, "lastIndexOf")) {
            continue;
        }
        JSValue method = JS_NewCFunctionMagic(ctx, call_method, rows[i].name, rows[i].min,
                                              JS_CFUNC_generic_magic, i);

        if (JS_DefinePropertyValueStr(ctx, prototype, rows[i].name, method,
                                      JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE)
            < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- exotic behaviour: shared ------------------------------------------------------ */

static int give(js_runtime_t *runtime, JSPropertyDescriptor *desc, JSValue value,
                int flags)
{
    if (JS_IsException(value)) {
        return -1;
    }
    if (!desc) {
        JS_FreeValue(runtime->ctx, value);
        return 1;
    }
    *desc = (JSPropertyDescriptor){ flags, value, JS_UNDEFINED, JS_UNDEFINED };
    return 1;
}

static int give_value(js_runtime_t *runtime, JSPropertyDescriptor *desc,
                      const wf_value_t *v)
{
    return desc ? give(runtime, desc, js_from_value(runtime, v), JS_PROP_C_W_E) : 1;
}

/* Names are added to a table that QuickJS frees. */
static JSPropertyEnum *name_table(JSContext *ctx, int count)
{
    return js_malloc(ctx, sizeof(JSPropertyEnum) * (size_t)(count > 0 ? count : 1));
}

/* ---- lists ------------------------------------------------------------------------- */

static int list_get(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst v,
                    JSAtom atom)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_list_t *list = js_list_of(runtime, v);
    apr_uint32_t i;

    if (!list) {
        return 0;
    }
    if (atom == runtime->length) {
        return give(runtime, desc, JS_NewInt32(ctx, wf_list_count(list)),
                    JS_PROP_WRITABLE);
    }
    if (!js_index_of(runtime, atom, &i) || i >= (apr_uint32_t)wf_list_count(list)) {
        return 0;
    }
    return give_value(runtime, desc, wf_list_at(list, (int)i));
}

static int list_names(JSContext *ctx, JSPropertyEnum **names, uint32_t *count,
                      JSValueConst v)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_list_t *list = js_list_of(runtime, v);
    int n = list ? wf_list_count(list) : 0;

    *names = name_table(ctx, n + 1);
    if (!*names) {
        return -1;
    }
    for (int i = 0; i < n; i++) {
        (*names)[i].atom = JS_NewAtomUInt32(ctx, (uint32_t)i);
    }
    if (list) {
        (*names)[n++].atom = JS_DupAtom(ctx, runtime->length);
    }
    *count = (uint32_t)n;
    return 0;
}

/* As with an array: elements are cut off, or null fills up. */
static int list_resize(js_runtime_t *runtime, wf_list_t *list, apr_int64_t length)
{
    const wf_value_t self = wf_list(list), nothing = wf_null();
    wf_value_t result;

    while (wf_list_count(list) > length) {
        wf_list_remove(list, wf_list_count(list) - 1);
    }
    while (wf_list_count(list) < length) {
        if (js_in_time(runtime) < 0 || js_spend(runtime, sizeof(wf_value_t)) < 0
            || call(runtime, &self, "add", &nothing, 1, &result) < 0) {
            return -1;
        }
    }
    return 0;
}

static int list_set_length(js_runtime_t *runtime, wf_list_t *list, JSValueConst value)
{
    JSContext *ctx = runtime->ctx;
    double length;

    if (JS_ToFloat64(ctx, &length, value)) {
        return -1;
    }
    if (!(length >= 0 && length <= INT32_MAX && length == (apr_int64_t)length)) {
        JS_ThrowRangeError(ctx, "invalid array length");
        return -1;
    }
    return list_resize(runtime, list, (apr_int64_t)length) < 0 ? -1 : 1;
}

static int list_set_element(js_runtime_t *runtime, wf_list_t *list, apr_uint32_t i,
                            JSValueConst value)
{
    const wf_value_t self = wf_list(list);
    wf_value_t args[2] = { wf_long(i) }, result;
    int append;

    if (js_to_value(runtime, value, &args[1], runtime->run->pool) < 0
        || (i > (apr_uint32_t)wf_list_count(list) && list_resize(runtime, list, i) < 0)) {
        return -1;
    }
    append = i == (apr_uint32_t)wf_list_count(list);
    return call(runtime, &self, append ? "add" : "set", append ? args + 1 : args,
                append ? 1 : 2, &result)
                   < 0
               ? -1
               : 1;
}

static int list_put(JSContext *ctx, JSValueConst v, JSAtom atom, JSValueConst value)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_list_t *list = js_list_of(runtime, v);
    apr_uint32_t i;

    if (list && atom == runtime->length) {
        return list_set_length(runtime, list, value);
    }
    if (list && js_index_of(runtime, atom, &i)) {
        return list_set_element(runtime, list, i, value);
    }
    JS_ThrowTypeError(ctx, "a list takes elements only");
    return -1;
}

static int list_set(JSContext *ctx, JSValueConst v, JSAtom atom, JSValueConst value,
                    JSValueConst receiver, int flags)
{
    (void)receiver;
    (void)flags;
    return list_put(ctx, v, atom, value);
}

static int list_define(JSContext *ctx, JSValueConst v, JSAtom atom, JSValueConst value,
                       JSValueConst getter, JSValueConst setter, int flags)
{
    (void)getter;
    (void)setter;
    if (flags & JS_PROP_HAS_VALUE) {
        return list_put(ctx, v, atom, value);
    }
    JS_ThrowTypeError(ctx, "a list takes elements only");
    return -1;
}

/* As with an array, a hole is left; it reads as null. */
static int list_delete(JSContext *ctx, JSValueConst v, JSAtom atom)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_list_t *list = js_list_of(runtime, v);
    apr_uint32_t i;

    if (list && js_index_of(runtime, atom, &i) && i < (apr_uint32_t)wf_list_count(list)) {
        *wf_list_at(list, (int)i) = wf_null();
    }
    return !list || atom != runtime->length;
}

/* ---- maps -------------------------------------------------------------------------- */

static int map_get(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst v,
                   JSAtom atom)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_map_t *map = js_map_of(runtime, v);
    const char *name = map ? js_name_of(runtime, atom) : NULL;
    const wf_value_t *entry;

    if (!name) {
        return 0;
    }
    entry = wf_map_get(map, name);
    JS_FreeCString(ctx, name);
    return entry ? give_value(runtime, desc, entry) : 0;
}

static int map_names(JSContext *ctx, JSPropertyEnum **names, uint32_t *count,
                     JSValueConst v)
{
    wf_map_t *map = js_map_of(js_runtime_of(ctx), v);
    int n = map ? wf_map_count(map) : 0;

    *names = name_table(ctx, n);
    if (!*names) {
        return -1;
    }
    for (int i = 0; i < n; i++) {
        JSAtom atom = JS_NewAtom(ctx, wf_map_key(map, i));

        if (atom == JS_ATOM_NULL) {
            while (i-- > 0) {
                JS_FreeAtom(ctx, (*names)[i].atom);
            }
            js_free(ctx, *names);
            return -1;
        }
        (*names)[i].atom = atom;
    }
    *count = (uint32_t)n;
    return 0;
}

static int map_put(JSContext *ctx, JSValueConst v, JSAtom atom, JSValueConst value)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_map_t *map = js_map_of(runtime, v);
    wf_value_t self, args[2], result;
    JSValue name = JS_AtomToValue(ctx, atom);
    int text = JS_IsString(name);

    JS_FreeValue(ctx, name);
    if (!map || !text) {
        JS_ThrowTypeError(ctx, "a map takes entries only");
        return -1;
    }
    self = wf_map(map);
    args[0] = wf_string(js_key_of(runtime, atom, runtime->run->pool));
    if (args[0].type == WF_NULL
        || js_to_value(runtime, value, &args[1], runtime->run->pool) < 0) {
        return -1;
    }
    return call(runtime, &self, "put", args, 2, &result) < 0 ? -1 : 1;
}

static int map_set(JSContext *ctx, JSValueConst v, JSAtom atom, JSValueConst value,
                   JSValueConst receiver, int flags)
{
    (void)receiver;
    (void)flags;
    return map_put(ctx, v, atom, value);
}

static int map_define(JSContext *ctx, JSValueConst v, JSAtom atom, JSValueConst value,
                      JSValueConst getter, JSValueConst setter, int flags)
{
    (void)getter;
    (void)setter;
    if (flags & JS_PROP_HAS_VALUE) {
        return map_put(ctx, v, atom, value);
    }
    JS_ThrowTypeError(ctx, "a map takes entries only");
    return -1;
}

static int map_delete(JSContext *ctx, JSValueConst v, JSAtom atom)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_map_t *map = js_map_of(runtime, v);
    const char *name = map ? js_name_of(runtime, atom) : NULL;

    if (name) {
        wf_map_remove(map, name);
        JS_FreeCString(ctx, name);
    }
    return 1;
}

/* ---- classes ------------------------------------------------------------------------ */

static JSClassExoticMethods list_methods = {
    .get_own_property = list_get,
    .get_own_property_names = list_names,
    .delete_property = list_delete,
    .define_own_property = list_define,
    .set_property = list_set,
};

static JSClassExoticMethods map_methods = {
    .get_own_property = map_get,
    .get_own_property_names = map_names,
    .delete_property = map_delete,
    .define_own_property = map_define,
    .set_property = map_set,
};

static const JSClassDef list_def = { "List", .finalizer = free_list,
                                     .exotic = &list_methods };
static const JSClassDef map_def = { "Map", .finalizer = free_map,
                                    .exotic = &map_methods };

int js_lists_open(js_runtime_t *runtime)
{
    JSContext *ctx = runtime->ctx;
    JSValue array = JS_NewArray(ctx), arrays = JS_GetPrototype(ctx, array);
    int rc;

    JS_NewClassID(&list_class);
    JS_NewClassID(&map_class);
    rc = JS_NewClass(runtime->rt, list_class, &list_def)
         | JS_NewClass(runtime->rt, map_class, &map_def);
    runtime->list = JS_NewObjectProto(ctx, arrays);
    runtime->map = JS_NewObject(ctx);
    JS_FreeValue(ctx, arrays);
    JS_FreeValue(ctx, array);
    if (rc || JS_IsException(runtime->list) || JS_IsException(runtime->map)) {
        return -1;
    }
    rc = add_methods(runtime, runtime->list, wf_list_methods);
    return rc < 0 ? rc : add_methods(runtime, runtime->map, wf_map_methods);
}
