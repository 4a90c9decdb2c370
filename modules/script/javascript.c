/* One run of a script: limits, a global object of its own, the value, what went wrong. */
#include "script/js.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* ---- errors ------------------------------------------------------------------------- */

void js_log_line(const char *name, wf_log_level_e level, const char *text)
{
    char line[WF_JS_LINE_MAX + 1];
    int n = wf_text_shown(text, strlen(text), WF_JS_LINE_MAX);

    for (int i = 0; i < n; i++) {
        line[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    }
    line[n] = '\0';
    wf_log(level, "%s: %s%s", name, line, text[n] ? "…" : "");
}

/* The text of what was thrown, as a person would write it. */
static const char *thrown_text(JSContext *ctx, JSValueConst thrown, apr_pool_t *p)
{
    JSValue json = JS_IsObject(thrown) && !JS_IsError(ctx, thrown)
                       ? JS_JSONStringify(ctx, thrown, JS_UNDEFINED, JS_UNDEFINED)
                       : JS_UNDEFINED;
    const char *s = JS_ToCString(ctx, JS_IsString(json) ? json : thrown);
    const char *text = "an exception without a text";

    if (s) {
        int n = wf_text_shown(s, strlen(s), WF_JS_LINE_MAX);

        text = apr_psprintf(p, "%.*s%s", n, s, s[n] ? "…" : "");
        JS_FreeCString(ctx, s);
    }
    JS_FreeValue(ctx, json);
    JS_FreeValue(ctx, JS_GetException(ctx)); /* of toString, if any */
    return wf_utf8_valid(text, strlen(text)) ? text
                                             : "an exception whose text is no UTF-8";
}

/* The line in the script where an Error was made; 0: not known. The stack has frames such
 * as "    at f (script:3:5)", innermost first. */
static int thrown_line(JSContext *ctx, JSValueConst thrown)
{
    JSValue stack =
        JS_IsError(ctx, thrown) ? JS_GetPropertyStr(ctx, thrown, "stack") : JS_UNDEFINED;
    const char *s = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    const char *frame = s ? strstr(s, "script:") : NULL;
    int line = frame ? atoi(frame + strlen("script:")) : 0;

    JS_FreeCString(ctx, s);
    JS_FreeValue(ctx, stack);
    return line;
}

static const char *where(js_run_t *run, int line)
{
    return line > 0 ? apr_psprintf(run->pool, "%s, line %d", run->call->name, line)
                    : run->call->name;
}

static const char *text_member(js_runtime_t *runtime, JSValueConst object,
                               const char *name)
{
    JSValue member = JS_GetPropertyStr(runtime->ctx, object, name);
    apr_size_t length;
    const char *text = JS_IsString(member)
                           ? js_to_text(runtime, member, &length, runtime->run->pool)
                           : NULL;

    JS_FreeValue(runtime->ctx, member);
    return text;
}

/* 1 if it was a BpmnError. */
static int report_bpmn_error(js_runtime_t *runtime, JSValueConst thrown, int line,
                             wf_js_result_t *result, wf_error_t *err)
{
    js_run_t *run = runtime->run;
    const char *code, *message;

    if (!JS_IsObject(thrown) || !JS_IsObject(runtime->bpmn_error)
        || JS_IsInstanceOf(runtime->ctx, thrown, runtime->bpmn_error) <= 0) {
        return 0;
    }
    code = text_member(runtime, thrown, "errorCode");
    message = text_member(runtime, thrown, "message");
    if (!code || !*code) {
        return 0;
    }
    result->error_code = code;
    result->error_message = message && *message ? message : NULL;
    wf_error_set(err, WF_ERR_EXECUTION, "%s: BPMN error '%s'%s%s", where(run, line), code,
                 result->error_message ? ": " : "",
                 result->error_message ? result->error_message : "");
    return 1;
}

static apr_size_t memory_of(const wf_js_call_t *call)
{
    return call->memory ? call->memory : WF_JS_MEMORY;
}

static apr_int64_t deadline_of(const wf_js_call_t *call)
{
    return call->deadline_ms ? call->deadline_ms : WF_JS_DEADLINE_MS;
}

/* Limits that stopped the run, whatever was thrown then. */
static apr_status_t report_limit(js_runtime_t *runtime, wf_js_result_t *result,
                                 wf_error_t *err)
{
    js_run_t *run = runtime->run;

    if (run->late) {
        result->late = 1;
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "%s: stopped: it ran longer than %" APR_INT64_T_FMT " ms",
                            run->call->name, deadline_of(run->call));
    }
    return wf_error_set(err, WF_ERR_EXECUTION,
                        "%s: stopped: it needs more than %" APR_SIZE_T_FMT
                        " KiB of memory",
                        run->call->name, memory_of(run->call) / 1024);
}

static int is_stopped(const js_runtime_t *runtime)
{
    return runtime->run->late || runtime->run->spent || runtime->heap.exceeded;
}

static apr_status_t report(js_runtime_t *runtime, JSValueConst thrown,
                           wf_js_result_t *result, wf_error_t *err)
{
    js_run_t *run = runtime->run;
    const char *text;
    int line;

    if (is_stopped(runtime)) {
        return report_limit(runtime, result, err);
    }
    line = thrown_line(runtime->ctx, thrown);
    if (JS_IsObject(thrown) && JS_StrictEq(runtime->ctx, thrown, run->host_exception)) {
        wf_error_copy(err, &run->host_error);
        return wf_error_note(err, WF_EFAILED, "%s", where(run, line));
    }
    if (report_bpmn_error(runtime, thrown, line, result, err)) {
        return WF_EFAILED;
    }
    text = thrown_text(runtime->ctx, thrown, run->pool);
    return is_stopped(runtime)
               ? report_limit(runtime, result, err)
               : wf_error_set(err, WF_ERR_EXECUTION, "%s: %s", where(run, line), text);
}

static apr_status_t report_pending(js_runtime_t *runtime, wf_js_result_t *result,
                                   wf_error_t *err)
{
    JSValue thrown = JS_GetException(runtime->ctx);
    apr_status_t rv = report(runtime, thrown, result, err);

    JS_FreeValue(runtime->ctx, thrown);
    return rv;
}

/* ---- what it leaves ------------------------------------------------------------------ */

/* Names that Activiti never stores. */
static int is_unstored(const char *name)
{
    static const char *const names[] = { "out", "print", "println", "context",
                                         "elcontext" };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strcmp(name, names[i])) {
            return 1;
        }
    }
    return 0;
}

static int store_one(js_runtime_t *runtime, JSValueConst from, JSAtom atom)
{
    JSContext *ctx = runtime->ctx;
    js_run_t *run = runtime->run;
    const char *name = js_key_of(runtime, atom, run->pool);
    JSValue item;
    wf_value_t value;
    int rc = 0;

    if (!name) {
        return -1;
    }
    item = JS_GetProperty(ctx, from, atom);
    if (JS_IsException(item)) {
        return -1;
    }
    if (!JS_IsUninitialized(item) && !JS_IsUndefined(item) && !JS_IsFunction(ctx, item)
        && !js_object_of(runtime, item) && !is_unstored(name)) {
        rc = js_to_value(runtime, item, &value, wf_map_pool(run->call->stored));
        if (rc == 0) {
            wf_map_set(run->call->stored, name, value);
        }
    }
    JS_FreeValue(ctx, item);
    return rc;
}

static int store_all(js_runtime_t *runtime, JSValueConst from)
{
    JSContext *ctx = runtime->ctx;
    JSPropertyEnum *names;
    uint32_t n;
    int rc = 0;

    if (JS_GetOwnPropertyNames(ctx, &names, &n, from,
                               JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) {
        return -1;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (rc == 0) {
            rc = store_one(runtime, from, names[i].atom);
        }
        JS_FreeAtom(ctx, names[i].atom);
    }
    js_free(ctx, names);
    return rc;
}

/* The value of the script. In a world one that cannot leave is null: nobody has asked the
 * script to give it. */
static int hand_out_value(js_runtime_t *runtime, JSValueConst value, wf_value_t *out)
{
    if (js_to_value(runtime, value, out, runtime->run->pool) == 0) {
        return 0;
    }
    if (!runtime->world || is_stopped(runtime)) {
        return -1;
    }
    JS_FreeValue(runtime->ctx, JS_GetException(runtime->ctx));
    *out = wf_null();
    return 0;
}

/* What the caller asked for, while the run's globals are in use: getters may run. */
static int hand_out(js_runtime_t *runtime, JSValueConst value, const JSValue globals[2],
                    wf_js_result_t *result)
{
    const wf_js_call_t *call = runtime->run->call;

    if (call->wants_value && hand_out_value(runtime, value, &result->value) < 0) {
        return -1;
    }
    if (!call->stored) {
        return 0;
    }
    return store_all(runtime, globals[0]) < 0 ? -1 : store_all(runtime, globals[1]);
}

/* ---- the run ------------------------------------------------------------------------- */

/* Everything that promises have put off. */
static int run_jobs(js_runtime_t *runtime)
{
    JSContext *ctx;

    while (JS_IsJobPending(runtime->rt) && !is_stopped(runtime)) {
        if (JS_ExecutePendingJob(runtime->rt, &ctx) < 0) {
            return -1;
        }
    }
    return 0;
}

/* A promise stands for what it was resolved with. */
static JSValue settle(js_runtime_t *runtime, JSValue value)
{
    JSContext *ctx = runtime->ctx;
    js_run_t *run = runtime->run;
    int state = JS_IsObject(value) ? (int)JS_PromiseState(ctx, value) : -1;
    JSValue result;

    if (!JS_IsUndefined(run->rejected)) {
        JS_FreeValue(ctx, value);
        JS_Throw(ctx, JS_DupValue(ctx, run->reason));
        return JS_EXCEPTION;
    }
    if (state == JS_PROMISE_PENDING) {
        JS_FreeValue(ctx, value);
        return JS_ThrowTypeError(ctx,
                                 "the script ends in a promise that nothing fulfils");
    }
    if (state != JS_PROMISE_FULFILLED) {
        return value;
    }
    result = JS_PromiseResult(ctx, value);
    JS_FreeValue(ctx, value);
    return result;
}

static JSValue evaluate(js_runtime_t *runtime)
{
    const wf_js_call_t *call = runtime->run->call;
    JSContext *ctx = runtime->ctx;
    const wf_js_script_t *script = call->script;
    JSValueConst function =
        script ? js_compiled(runtime, script->text, script->length, script->hash)
               : js_compiled(runtime, call->text, call->length,
                             js_hash(call->text, call->length));
    JSValue value = JS_IsException(function)
                        ? function
                        : JS_EvalFunction(ctx, JS_DupValue(ctx, function));

    if (!JS_IsException(value) && run_jobs(runtime) < 0) {
        JS_FreeValue(ctx, value);
        return JS_EXCEPTION;
    }
    return JS_IsException(value) ? value : settle(runtime, value);
}

static void free_lent(js_runtime_t *runtime)
{
    apr_hash_index_t *i = runtime->run->lent
                              ? apr_hash_first(runtime->run->pool, runtime->run->lent)
                              : NULL;

    for (; i; i = apr_hash_next(i)) {
        JS_FreeValue(runtime->ctx, *(JSValue *)apr_hash_this_val(i));
    }
}

static apr_status_t run_with(js_runtime_t *runtime, const JSValue globals[2],
                             wf_js_result_t *result, wf_error_t *err)
{
    JSValue value = evaluate(runtime);
    apr_status_t rv = APR_SUCCESS;

    if (JS_IsException(value) || hand_out(runtime, value, globals, result) < 0) {
        rv = report_pending(runtime, result, err);
    }
    else if (is_stopped(runtime)) { /* nothing was thrown, or the script has caught it */
        rv = report_limit(runtime, result, err);
    }
    JS_FreeValue(runtime->ctx, value);
    return rv;
}

/* Under globals of its own: an object whose prototype is the variables, and nothing
 * declared yet. */
static apr_status_t run_script(js_runtime_t *runtime, wf_js_result_t *result,
                               wf_error_t *err)
{
    JSContext *ctx = runtime->ctx;
    JSValue globals[2] = { JS_NewObjectProto(ctx, runtime->variables),
                           JS_NewObjectProto(ctx, JS_NULL) };
    JSValue others[2] = { JS_DupValue(ctx, globals[0]), JS_DupValue(ctx, globals[1]) };
    apr_status_t rv;

    if (JS_IsException(globals[0]) || JS_IsException(globals[1])) {
        rv = report_pending(runtime, result, err);
    }
    else {
        JS_ExchangeGlobals(ctx, others);
        rv = run_with(runtime, globals, result, err);
        JS_ExchangeGlobals(ctx, others);
    }
    for (int i = 0; i < 2; i++) {
        JS_FreeValue(ctx, globals[i]);
        JS_FreeValue(ctx, others[i]);
    }
    return rv;
}

static void begin(js_runtime_t *runtime, js_run_t *run, const wf_js_call_t *call,
                  apr_pool_t *p)
{
    memset(run, 0, sizeof(*run));
    run->call = call;
    run->pool = p;
    run->deadline = wf_mono_us() + 1000 * deadline_of(call);
    run->budget = memory_of(call);
    run->lent = call->world ? NULL : apr_hash_make(p);
    run->state = run->host_exception = run->rejected = run->reason = JS_UNDEFINED;
    run->eval.text = "";
    run->eval.rules = &wf_rules_uel;
    run->eval.pool = p;
    runtime->run = run;
    runtime->runs++;
    runtime->heap.exceeded = 0;
    runtime->heap.reserve = WF_JS_RESERVE(memory_of(call));
    JS_SetMemoryLimit(runtime->rt, runtime->heap.state->malloc_size + memory_of(call));
}

static void end(js_runtime_t *runtime)
{
    js_run_t *run = runtime->run;
    JSContext *ctx = runtime->ctx;
    int broken = is_stopped(runtime);

    JS_FreeValue(ctx, run->state);
    JS_FreeValue(ctx, run->host_exception);
    JS_FreeValue(ctx, run->rejected);
    JS_FreeValue(ctx, run->reason);
    free_lent(runtime);
    JS_SetMemoryLimit(runtime->rt, (size_t)-1);
    runtime->run = NULL;
    js_runtime_leave(runtime, broken || JS_IsJobPending(runtime->rt));
}

static apr_status_t check_text(const wf_js_call_t *call, wf_error_t *err)
{
    if (call->length > WF_JS_TEXT_MAX) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "%s: a script longer than %d KiB",
                            call->name, WF_JS_TEXT_MAX / 1024);
    }
    if (!wf_utf8_valid(call->text, call->length)) {
        return wf_error_set(err, WF_ERR_INVALID, "%s: the script is not valid UTF-8",
                            call->name);
    }
    return APR_SUCCESS;
}

/* The runs that are under way in this thread. */
static __thread int nested;

static apr_status_t enter(js_runtime_t **runtime, const wf_js_call_t *call,
                          wf_error_t *err)
{
    apr_status_t rv = call->script ? APR_SUCCESS : check_text(call, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (nested > WF_JS_NESTED_MAX) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "%s: more than %d scripts that run one within another",
                            call->name, WF_JS_NESTED_MAX + 1);
    }
    *runtime = js_runtime_enter(call->world);
    return *runtime ? APR_SUCCESS
                    : wf_error_set(err, WF_ERR_INTERNAL, "%s: no memory for a script",
                                   call->name);
}

apr_status_t wf_js_run(const wf_js_call_t *call, wf_js_result_t *result, apr_pool_t *p,
                       wf_error_t *err)
{
    js_runtime_t *runtime;
    js_run_t run;
    apr_status_t rv = enter(&runtime, call, err);

    memset(result, 0, sizeof(*result));
    result->value = wf_null();
    if (rv != APR_SUCCESS) {
        return rv;
    }
    nested++;
    begin(runtime, &run, call, p);
    rv = run_script(runtime, result, err);
    end(runtime);
    nested--;
    return rv;
}

static apr_status_t check_syntax(const wf_js_call_t *call, apr_uint32_t hash, int *line,
                                 wf_error_t *err)
{
    js_runtime_t *runtime;
    js_run_t run;
    wf_error_t why;
    wf_js_result_t unused;
    apr_status_t rv = enter(&runtime, call, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    begin(runtime, &run, call, err->pool);
    if (JS_IsException(js_compiled(runtime, call->text, call->length, hash))) {
        JSValue thrown = JS_GetException(runtime->ctx);

        *line = thrown_line(runtime->ctx, thrown);
        wf_error_init(&why, err->pool);
        report(runtime, thrown, &unused, &why);
        rv = wf_error_set(err, WF_ERR_INVALID, "%s", why.message);
        JS_FreeValue(runtime->ctx, thrown);
    }
    end(runtime);
    return rv;
}

apr_status_t wf_js_check(const char *name, const char *text, apr_size_t length,
                         wf_error_t *err)
{
    wf_js_call_t call = { .name = name, .text = text, .length = length };
    int line;

    return check_syntax(&call, js_hash(text, length), &line, err);
}

apr_status_t wf_js_compile(wf_js_script_t **script, const char *name, const char *text,
                           apr_size_t length, int *line, apr_pool_t *p, wf_error_t *err)
{
    wf_js_call_t call = { .name = name, .text = text, .length = length };
    wf_js_script_t *made = apr_palloc(p, sizeof(*made));

    *line = 0;
    *made = (wf_js_script_t){ apr_pstrmemdup(p, text, length), length,
                              js_hash(text, length) };
    *script = made;
    return check_syntax(&call, made->hash, line, err);
}

wf_js_script_t *wf_js_script_copy(const wf_js_script_t *script, apr_pool_t *p)
{
    wf_js_script_t *copy = apr_pmemdup(p, script, sizeof(*script));

    copy->text = apr_pstrmemdup(p, script->text, script->length);
    return copy;
}
