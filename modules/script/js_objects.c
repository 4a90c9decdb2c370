/* Host objects of the caller, and its variables as global names of the script. */
#include "script/js.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

static JSClassID object_class, variables_class;

/* ---- failures of the host ----------------------------------------------------------- */

/* Failures that are none of the script's business end it. */
static int is_fatal(wf_err_kind_e kind)
{
    return kind == WF_ERR_INTERNAL || kind == WF_ERR_UNAVAILABLE
           || kind == WF_ERR_CONFLICT;
}

JSValue js_throw_host(js_runtime_t *runtime, const wf_error_t *err)
{
    JSContext *ctx = runtime->ctx;
    js_run_t *run = runtime->run;
    JSValue error;

    JS_ThrowInternalError(ctx, "%s", err->message ? err->message : "the call failed");
    error = JS_GetException(ctx);
    JS_SetUncatchableError(ctx, error, is_fatal(err->kind));
    JS_FreeValue(ctx, run->host_exception);
    run->host_exception = JS_DupValue(ctx, error);
    wf_error_init(&run->host_error, run->pool);
    if (err->message) {
        wf_error_copy(&run->host_error, err);
    }
    return JS_Throw(ctx, error);
}

/* ---- host objects ------------------------------------------------------------------- */

JSValue js_object_new(js_runtime_t *runtime, wf_object_t *object)
{
    return js_wrap(runtime, object_class, runtime->object, object);
}

wf_object_t *js_object_of(js_runtime_t *runtime, JSValueConst v)
{
    return js_unwrap(runtime, object_class, v);
}

static void free_object(JSRuntime *rt, JSValue v)
{
    js_handle_free(rt, JS_GetOpaque(v, object_class));
}

static JSValue call_object(js_runtime_t *runtime, wf_object_t *object, const char *method,
                           int argc, JSValueConst *argv, int *known)
{
    apr_pool_t *p = runtime->run->pool;
    wf_value_t args[WF_EXPR_ARGS_MAX], result = wf_null();
    wf_error_t err;
    int done;

    *known = 1;
    if (js_in_time(runtime) < 0 || js_spend(runtime, sizeof(args)) < 0) {
        return JS_EXCEPTION;
    }
    for (int i = 0; i < argc; i++) {
        if (js_to_value(runtime, argv[i], &args[i], p) < 0) {
            return JS_EXCEPTION;
        }
    }
    wf_error_init(&err, p);
    done = object->call(object, apr_pstrdup(p, method), args, argc, &result, p, &err);
    *known = done != 0;
    return done < 0 ? js_throw_host(runtime, &err)
           : done   ? js_from_value(runtime, &result)
                    : JS_UNDEFINED;
}

/* The function that x.name gives if x has no such property: data are x and the name. */
static JSValue call_method(JSContext *ctx, JSValueConst self, int argc,
                           JSValueConst *argv, int magic, JSValue *data)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_object_t *object = js_object_of(runtime, data[0]);
    const char *name;
    JSValue result;
    int known;

    (void)self;
    (void)magic;
    if (!object) {
        return JS_ThrowTypeError(ctx, "the run that the object belongs to is over");
    }
    if (argc > WF_EXPR_ARGS_MAX) {
        return JS_ThrowTypeError(ctx, "more than %d arguments", WF_EXPR_ARGS_MAX);
    }
    name = JS_ToCString(ctx, data[1]);
    if (!name) {
        return JS_EXCEPTION;
    }
    result = call_object(runtime, object, name, argc, argv, &known);
    if (!known) {
        JS_ThrowTypeError(ctx, "%s has no method '%s' with %d arguments",
                          object->class_name, name, argc);
        result = JS_EXCEPTION;
    }
    JS_FreeCString(ctx, name);
    return result;
}

static JSValue make_method(JSContext *ctx, JSValueConst v, const char *name)
{
    JSValue text = JS_NewString(ctx, name);
    JSValueConst data[2] = { v, text };
    JSValue method = JS_IsException(text)
                         ? text
                         : JS_NewCFunctionData(ctx, call_method, 0, 0, 2, data);

    JS_FreeValue(ctx, text);
    return method;
}

/* What the language itself asks objects for: they must seem not to have it. */
static int is_protocol(const char *name)
{
    return !strcmp(name, "then") || !strcmp(name, "toJSON");
}

/* 1 found, 0 no such property, -1 an exception is pending. */
static int read_property(js_runtime_t *runtime, wf_object_t *object, const char *name,
                         JSValue *value)
{
    apr_pool_t *p = runtime->run->pool;
    wf_value_t found = wf_null();
    wf_error_t err;
    int rc;

    if (js_in_time(runtime) < 0 || js_spend(runtime, sizeof(found)) < 0) {
        return -1;
    }
    wf_error_init(&err, p);
    rc = object->property ? object->property(object, name, &found, p, &err) : 0;
    if (rc < 0) {
        js_throw_host(runtime, &err);
    }
    else if (rc) {
        *value = js_from_value(runtime, &found);
    }
    return rc;
}

static JSValue object_get(JSContext *ctx, JSValueConst v, JSAtom atom,
                          JSValueConst receiver)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_object_t *object = js_object_of(runtime, v);
    const char *name = object ? js_name_of(runtime, atom) : NULL;
    JSValue value = JS_EXCEPTION;
    int rc = name ? read_property(runtime, object, name, &value) : 0;

    (void)receiver;
    if (rc == 0) {
        rc = JS_HasProperty(ctx, runtime->object, atom);
        if (rc > 0) {
            value = JS_GetProperty(ctx, runtime->object, atom);
        }
        else if (rc == 0) {
            value = name && !is_protocol(name) && object->call ? make_method(ctx, v, name)
                                                               : JS_UNDEFINED;
        }
    }
    JS_FreeCString(ctx, name);
    return value;
}

static int object_has(JSContext *ctx, JSValueConst v, JSAtom atom)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_object_t *object = js_object_of(runtime, v);
    const char *name = object ? js_name_of(runtime, atom) : NULL;
    JSValue value = JS_UNDEFINED;
    int rc = name ? read_property(runtime, object, name, &value) : 0;

    JS_FreeValue(ctx, value);
    JS_FreeCString(ctx, name);
    return rc ? rc : JS_HasProperty(ctx, runtime->object, atom);
}

/* x.name = v is x.setName(v). */
static int object_set(JSContext *ctx, JSValueConst v, JSAtom atom, JSValueConst value,
                      JSValueConst receiver, int flags)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    wf_object_t *object = js_object_of(runtime, v);
    const char *name = object ? js_name_of(runtime, atom) : NULL;
    char *setter;
    JSValue result;
    int known = 0;

    (void)receiver;
    (void)flags;
    if (!name || !*name || !object->call) {
        JS_FreeCString(ctx, name);
        JS_ThrowTypeError(ctx, "the property cannot be set");
        return -1;
    }
    setter = apr_pstrcat(runtime->run->pool, "set", name, NULL);
    setter[3] = (char)apr_toupper(setter[3]);
    result = call_object(runtime, object, setter, 1, &value, &known);
    if (!known) {
        JS_ThrowTypeError(ctx, "the property '%s' of %s cannot be set", name,
                          object->class_name);
        result = JS_EXCEPTION;
    }
    JS_FreeCString(ctx, name);
    JS_FreeValue(ctx, result);
    return JS_IsException(result) ? -1 : 1;
}

static JSValue object_text(JSContext *ctx, JSValueConst v, int argc, JSValueConst *argv)
{
    wf_object_t *object = js_object_of(js_runtime_of(ctx), v);

    (void)argc;
    (void)argv;
    return JS_NewString(ctx, object ? object->class_name : "object");
}

/* ---- variables ---------------------------------------------------------------------- */

static const wf_value_t *find_global(const wf_js_call_t *call, const char *name)
{
    for (int i = 0; i < call->nglobals; i++) {
        if (!strcmp(call->globals[i].name, name)) {
            return &call->globals[i].value;
        }
    }
    return NULL;
}

static int find_variable(js_run_t *run, const char *name, wf_value_t *value)
{
    const wf_scope_t *scope = run->call->scope;
    const wf_value_t *global = find_global(run->call, name);

    if (global) {
        *value = *global;
        return 1;
    }
    return scope && scope->get && scope->get(scope->baton, name, value, run->pool) > 0;
}

static int variable_get(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst v,
                        JSAtom atom)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    const char *name = runtime->run ? js_name_of(runtime, atom) : NULL;
    wf_value_t value;
    int found = name && find_variable(runtime->run, name, &value);

    (void)v;
    JS_FreeCString(ctx, name);
    if (found && desc) {
        JSValue seen = js_from_value(runtime, &value);

        if (JS_IsException(seen)) {
            return -1;
        }
        *desc = (JSPropertyDescriptor){ JS_PROP_C_W_E, seen, JS_UNDEFINED, JS_UNDEFINED };
    }
    return found;
}

/* ---- classes ------------------------------------------------------------------------- */

static JSClassExoticMethods object_methods = {
    .has_property = object_has,
    .get_property = object_get,
    .set_property = object_set,
};

static JSClassExoticMethods variables_methods = { .get_own_property = variable_get };

static const JSClassDef object_def = { "Host", .finalizer = free_object,
                                       .exotic = &object_methods };
static const JSClassDef variables_def = { "Variables", .exotic = &variables_methods };

int js_objects_open(js_runtime_t *runtime)
{
    JSContext *ctx = runtime->ctx;
    JSValue global = JS_GetGlobalObject(ctx);
    int rc;

    JS_NewClassID(&object_class);
    JS_NewClassID(&variables_class);
    rc = JS_NewClass(runtime->rt, object_class, &object_def)
         | JS_NewClass(runtime->rt, variables_class, &variables_def);
    runtime->object = JS_NewObject(ctx);
    runtime->variables = runtime->world
                             ? JS_DupValue(ctx, global)
                             : JS_NewObjectProtoClass(ctx, global, variables_class);
    JS_FreeValue(ctx, global);
    if (rc || JS_IsException(runtime->object) || JS_IsException(runtime->variables)) {
        return -1;
    }
    /* a script that reaches it through the prototype of its globals leaves nothing there;
     * the global object of a world is frozen after its prelude */
    return (!runtime->world && JS_PreventExtensions(ctx, runtime->variables) < 0)
                   || JS_DefinePropertyValueStr(
                          ctx, runtime->object, "toString",
                          JS_NewCFunction(ctx, object_text, "toString", 0),
                          JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE)
                          < 0
               ? -1
               : 0;
}
