/* What scripts find besides the language: a prelude runs once in each runtime, with a
 * host object that holds what it cannot do itself, and then everything is frozen. */
#include "script/js.h"

#include <string.h>

#include "prelude_common_js.h"
#include "prelude_js.h"

/* ---- functions of process models ----------------------------------------------------- */

static JSValue write_line(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    js_run_t *run = js_runtime_of(ctx)->run;
    int32_t level;
    const char *text;

    (void)self;
    (void)argc;
    if (!run || JS_ToInt32(ctx, &level, argv[0]) || ++run->lines > WF_JS_LINES_MAX + 1) {
        return JS_UNDEFINED;
    }
    if (run->lines > WF_JS_LINES_MAX) {
        wf_log(WF_LOG_INFO, "%s: writes more than %d lines", run->call->name,
               WF_JS_LINES_MAX);
        return JS_UNDEFINED;
    }
    text = JS_ToCString(ctx, argv[1]);
    if (!text) {
        return JS_EXCEPTION;
    }
    js_log_line(run->call->name, (wf_log_level_e)level, text);
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

/* ---- functions of a world ------------------------------------------------------------ */

static JSValue run_state(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    js_run_t *run = js_runtime_of(ctx)->run;

    (void)self;
    (void)argc;
    (void)argv;
    if (!run) {
        return JS_ThrowTypeError(ctx, "no script runs");
    }
    if (JS_IsUndefined(run->state)) {
        JSValue state = JS_NewObjectProto(ctx, JS_NULL);

        if (JS_IsException(state)) {
            return state;
        }
        run->state = state;
    }
    return JS_DupValue(ctx, run->state);
}

static JSValue call_with_scratch(js_runtime_t *runtime, const wf_js_function_t *function,
                                 int argc, JSValueConst *argv)
{
    js_run_t *run = runtime->run;
    wf_value_t args[WF_EXPR_ARGS_MAX], value = wf_null();
    wf_error_t err;
    int rc;

    for (int i = 0; i < argc; i++) {
        if (js_to_value(runtime, argv[i], &args[i], runtime->scratch) < 0) {
            return JS_EXCEPTION;
        }
    }
    wf_error_init(&err, runtime->scratch);
    rc = function->call(run->call->baton, args, argc, &value, runtime->scratch, &err);
    if (js_in_time(runtime) < 0) { /* whatever it waited for is not undone by that */
        return JS_EXCEPTION;
    }
    return rc < 0    ? js_throw_host(runtime, &err)
           : rc == 0 ? JS_UNDEFINED
                     : js_from_value(runtime, &value);
}

/* An argument's getters may call a function themselves, so scratch is cleared by the
 * outermost call only. */
static JSValue call_function(JSContext *ctx, JSValueConst self, int argc,
                             JSValueConst *argv, int row)
{
    js_runtime_t *runtime = js_runtime_of(ctx);
    const wf_js_function_t *function = &runtime->world->functions[row];
    JSValue value;

    (void)self;
    if (!runtime->run) {
        return JS_ThrowTypeError(ctx, "no script runs");
    }
    if (argc > WF_EXPR_ARGS_MAX) {
        return JS_ThrowTypeError(ctx, "more than %d arguments", WF_EXPR_ARGS_MAX);
    }
    runtime->calls++;
    value = call_with_scratch(runtime, function, argc, argv);
    if (--runtime->calls == 0) {
        apr_pool_clear(runtime->scratch);
    }
    return value;
}

static int add_functions(js_runtime_t *runtime, JSValueConst host)
{
    JSContext *ctx = runtime->ctx;
    const wf_js_function_t *functions = runtime->world->functions;

    for (int i = 0; functions[i].name; i++) {
        JSValue made = JS_NewCFunctionMagic(ctx, call_function, functions[i].name, 0,
                                            JS_CFUNC_generic_magic, i);

        if (JS_SetPropertyStr(ctx, host, functions[i].name, made) < 0) {
            return -1;
        }
    }
    js_codec_open(ctx, host);
    return JS_SetPropertyStr(ctx, host, "run", JS_NewCFunction(ctx, run_state, "run", 0));
}

/* ---- the prelude --------------------------------------------------------------------- */

static JSValue this_global(JSContext *ctx, JSValueConst self)
{
    (void)self;
    return JS_GetGlobalObject(ctx);
}

/* globalThis is the global object of the run, not the one that all share. */
static int define_global_this(JSContext *ctx, JSValueConst global)
{
    static const JSCFunctionListEntry entry[] = { JS_CGETSET_DEF("globalThis",
                                                                 this_global, NULL) };
    JSAtom name = JS_NewAtom(ctx, "globalThis");
    int rc = JS_DeleteProperty(ctx, global, name, 0);

    JS_FreeAtom(ctx, name);
    JS_SetPropertyFunctionList(ctx, global, entry, 1);
    return rc < 0 ? -1 : 0;
}

static JSValue evaluate(JSContext *ctx, const char *text)
{
    return JS_Eval(ctx, text, strlen(text), "prelude", JS_EVAL_TYPE_GLOBAL);
}

static int furnish_host(js_runtime_t *runtime, JSValueConst host)
{
    JSContext *ctx = runtime->ctx;

    if (runtime->world) {
        return add_functions(runtime, host);
    }
    JS_SetPropertyStr(ctx, host, "list", JS_DupValue(ctx, runtime->list));
    return JS_SetPropertyStr(ctx, host, "log",
                             JS_NewCFunction(ctx, write_line, "log", 2));
}

static JSValue call_prelude(js_runtime_t *runtime, JSValueConst global, JSValueConst host)
{
    JSContext *ctx = runtime->ctx;
    JSValue function =
        evaluate(ctx, runtime->world ? runtime->world->prelude : wf_js_prelude);
    JSValueConst args[] = { global, host };
    JSValue made = JS_IsException(function)
                       ? JS_EXCEPTION
                       : JS_Call(ctx, function, JS_UNDEFINED, 2, args);

    JS_FreeValue(ctx, function);
    return made;
}

static int freeze(js_runtime_t *runtime, JSValueConst global, JSValueConst host,
                  JSValueConst made)
{
    JSContext *ctx = runtime->ctx;
    const JSValueConst roots[] = { global,        host,         made,
                                   runtime->list, runtime->map, runtime->object };
    JSValue all = JS_NewArray(ctx), function = JS_GetPropertyStr(ctx, host, "freeze");
    JSValueConst args[] = { all };
    JSValue done;

    for (unsigned i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        JS_SetPropertyUint32(ctx, all, i, JS_DupValue(ctx, roots[i]));
    }
    done = JS_Call(ctx, function, JS_UNDEFINED, 1, args);
    JS_FreeValue(ctx, function);
    JS_FreeValue(ctx, all);
    JS_FreeValue(ctx, done);
    return JS_IsException(done) ? -1 : 0;
}

static int furnish(js_runtime_t *runtime, JSValueConst global, JSValueConst host)
{
    JSValue made;
    int rc;

    if (define_global_this(runtime->ctx, global) < 0 || furnish_host(runtime, host) < 0) {
        return -1;
    }
    made = call_prelude(runtime, global, host);
    if (JS_IsException(made)) {
        return -1;
    }
    rc = freeze(runtime, global, host, made);
    if (!runtime->world) {
        runtime->bpmn_error = JS_DupValue(runtime->ctx, made);
    }
    JS_FreeValue(runtime->ctx, made);
    return rc;
}

int js_world_open(js_runtime_t *runtime)
{
    JSContext *ctx = runtime->ctx;
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue host = evaluate(ctx, wf_js_prelude_common);
    int rc;

    runtime->bpmn_error = JS_UNDEFINED;
    rc = JS_IsException(host) ? -1 : furnish(runtime, global, host);
    JS_FreeValue(ctx, host);
    JS_FreeValue(ctx, global);
    return rc;
}
