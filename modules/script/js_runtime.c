/* Runtimes: one a thread, with compiled scripts and frozen built-in objects. Making one
 * takes about a millisecond, so it is kept until the thread ends or a run has broken it.
 */
#include "script/js.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "prelude_js.h"

/* ---- memory ----------------------------------------------------------------------- */

/* Each block is linked, so that a runtime goes as a whole: what QuickJS loses where it
 * runs out of memory would stay for ever, and it would not end while an object is left.
 */
struct js_block_t {
    js_block_t *next, *previous;
};

/* As QuickJS counts the overhead of malloc. */
#define OVERHEAD 8

static size_t size_of(const void *memory)
{
    return malloc_usable_size((js_block_t *)memory - 1) - sizeof(js_block_t);
}

static int refuses(JSMallocState *s, size_t more)
{
    js_heap_t *heap = s->opaque;

    heap->state = s;
    if (s->malloc_size + more > s->malloc_limit) {
        heap->refused = 1;
        return 1;
    }
    return 0;
}

static void *link_block(js_heap_t *heap, js_block_t *block)
{
    block->previous = NULL;
    block->next = heap->blocks;
    if (block->next) {
        block->next->previous = block;
    }
    heap->blocks = block;
    return block + 1;
}

static void unlink_block(js_heap_t *heap, js_block_t *block)
{
    if (block->next) {
        block->next->previous = block->previous;
    }
    *(block->previous ? &block->previous->next : &heap->blocks) = block->next;
}

static void *heap_malloc(JSMallocState *s, size_t size)
{
    js_block_t *block = refuses(s, size) ? NULL : malloc(sizeof(*block) + size);
    void *memory;

    if (!block) {
        return NULL;
    }
    memory = link_block(s->opaque, block);
    s->malloc_count++;
    s->malloc_size += size_of(memory) + OVERHEAD;
    return memory;
}

static void heap_free(JSMallocState *s, void *memory)
{
    if (memory) {
        s->malloc_count--;
        s->malloc_size -= size_of(memory) + OVERHEAD;
        unlink_block(s->opaque, (js_block_t *)memory - 1);
        free((js_block_t *)memory - 1);
    }
}

static void *heap_realloc(JSMallocState *s, void *memory, size_t size)
{
    size_t old;
    js_block_t *grown;

    if (!memory) {
        return size ? heap_malloc(s, size) : NULL;
    }
    if (!size) {
        heap_free(s, memory);
        return NULL;
    }
    old = size_of(memory);
    if (size > old && refuses(s, size - old)) {
        return NULL;
    }
    unlink_block(s->opaque, (js_block_t *)memory - 1);
    grown = realloc((js_block_t *)memory - 1, sizeof(*grown) + size);
    if (!grown) {
        link_block(s->opaque, (js_block_t *)memory - 1);
        return NULL;
    }
    memory = link_block(s->opaque, grown);
    s->malloc_size += size_of(memory) - old;
    return memory;
}

static void free_blocks(js_heap_t *heap)
{
    while (heap->blocks) {
        js_block_t *block = heap->blocks;

        heap->blocks = block->next;
        free(block);
    }
}

static const JSMallocFunctions heap_functions = { heap_malloc, heap_free, heap_realloc,
                                                  size_of };

/* ---- limits ------------------------------------------------------------------------- */

/* Once it is late it stays so: loops that cannot fail rely on the next look. */
static int is_late(JSRuntime *rt, void *opaque)
{
    js_runtime_t *runtime = opaque;
    js_run_t *run = runtime->run;

    (void)rt;
    if (run && !run->late && wf_mono_us() >= run->deadline) {
        run->late = 1;
    }
    return run && run->late;
}

/* The run is over, whatever the script catches. */
static int stop(JSContext *ctx)
{
    JSValue error = JS_NewError(ctx);

    if (!JS_IsException(error)) {
        JS_SetUncatchableError(ctx, error, 1);
        JS_Throw(ctx, error);
    }
    return -1;
}

int js_in_time(js_runtime_t *runtime)
{
    return is_late(runtime->rt, runtime) ? stop(runtime->ctx) : 0;
}

int js_spend(js_runtime_t *runtime, apr_size_t n)
{
    js_run_t *run = runtime->run;

    if (n > run->budget) {
        run->spent = 1;
        return stop(runtime->ctx);
    }
    run->budget -= n;
    return 0;
}

/* ---- what all scripts share ------------------------------------------------------- */

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

/* Run the prelude: it defines the names of ours and freezes everything. */
static int furnish(js_runtime_t *runtime)
{
    JSContext *ctx = runtime->ctx;
    JSValue function = JS_Eval(ctx, wf_js_prelude, strlen(wf_js_prelude), "prelude",
                               JS_EVAL_TYPE_GLOBAL);
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue log = JS_NewCFunction(ctx, write_line, "log", 2);
    JSValue shared = JS_NewArray(ctx);
    JSValueConst args[] = { global, log, runtime->list, shared };
    int rc = define_global_this(ctx, global);

    JS_SetPropertyUint32(ctx, shared, 0, JS_DupValue(ctx, runtime->map));
    JS_SetPropertyUint32(ctx, shared, 1, JS_DupValue(ctx, runtime->object));
    if (rc == 0) {
        runtime->bpmn_error = JS_Call(ctx, function, JS_UNDEFINED, 4, args);
        rc = JS_IsException(runtime->bpmn_error) ? -1 : 0;
    }
    JS_FreeValue(ctx, shared);
    JS_FreeValue(ctx, log);
    JS_FreeValue(ctx, global);
    JS_FreeValue(ctx, function);
    return rc;
}

/* The class of what an expression gives: the numbers are QuickJS's own. */
static JSClassID class_of(JSContext *ctx, const char *expression)
{
    JSValue sample =
        JS_Eval(ctx, expression, strlen(expression), "prelude", JS_EVAL_TYPE_GLOBAL);
    JSClassID class_id = JS_GetClassID(sample);

    JS_FreeValue(ctx, sample);
    return class_id;
}

/* ---- life ------------------------------------------------------------------------- */

/* A rejected promise that nobody handles is an error of the script. Handling may come
 * later, so it is remembered until the run ends; one of them is enough. */
static void on_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason,
                         JS_BOOL is_handled, void *opaque)
{
    js_run_t *run = ((js_runtime_t *)opaque)->run;

    if (run && !is_handled && JS_IsUndefined(run->rejected)) {
        run->rejected = JS_DupValue(ctx, promise);
        run->reason = JS_DupValue(ctx, reason);
    }
    else if (run && is_handled && JS_StrictEq(ctx, promise, run->rejected)) {
        JS_FreeValue(ctx, run->rejected);
        JS_FreeValue(ctx, run->reason);
        run->rejected = run->reason = JS_UNDEFINED;
    }
}

/* All of the language but weak references: what they call back later would run in another
 * script's run. */
static JSContext *open_context(JSRuntime *rt)
{
    JSContext *ctx = JS_NewContextRaw(rt);

    if (ctx) {
        JS_AddIntrinsicBaseObjects(ctx);
        JS_AddIntrinsicDate(ctx);
        JS_AddIntrinsicEval(ctx);
        JS_AddIntrinsicStringNormalize(ctx);
        JS_AddIntrinsicRegExp(ctx);
        JS_AddIntrinsicJSON(ctx);
        JS_AddIntrinsicProxy(ctx);
        JS_AddIntrinsicMapSet(ctx);
        JS_AddIntrinsicTypedArrays(ctx);
        JS_AddIntrinsicPromise(ctx);
    }
    return ctx;
}

/* Nothing of a runtime lies outside of its heap but what we put there. */
static void close_runtime(void *data)
{
    js_runtime_t *runtime = data;

    js_compiled_forget(runtime);
    free_blocks(&runtime->heap);
    free(runtime);
}

static int set_up(js_runtime_t *runtime)
{
    JSContext *ctx = runtime->ctx = open_context(runtime->rt);

    if (!ctx) {
        return -1;
    }
    JS_SetContextOpaque(ctx, runtime);
    runtime->length = JS_NewAtom(ctx, "length");
    runtime->index_bits = JS_NewAtomUInt32(ctx, 0);
    runtime->date_class = class_of(ctx, "new Date");
    runtime->plain_class = class_of(ctx, "({})");
    runtime->number_class = class_of(ctx, "new Number");
    runtime->string_class = class_of(ctx, "new String");
    runtime->boolean_class = class_of(ctx, "new Boolean");
    runtime->bytes_class = class_of(ctx, "new Uint8Array");
    if (js_lists_open(runtime) < 0 || js_objects_open(runtime) < 0) {
        return -1;
    }
    return furnish(runtime);
}

static js_runtime_t *open_runtime(void)
{
    js_runtime_t *runtime = calloc(1, sizeof(*runtime));

    if (!runtime) {
        return NULL;
    }
    runtime->rt = JS_NewRuntime2(&heap_functions, &runtime->heap);
    if (runtime->rt) {
        JS_SetMaxStackSize(runtime->rt, WF_JS_STACK);
        JS_UpdateStackTop(runtime->rt);
        JS_SetInterruptHandler(runtime->rt, is_late, runtime);
        JS_SetHostPromiseRejectionTracker(runtime->rt, on_rejection, runtime);
    }
    if (!runtime->rt || set_up(runtime) < 0) {
        close_runtime(runtime);
        return NULL;
    }
    return runtime;
}

js_runtime_t *js_runtime_of(JSContext *ctx)
{
    return JS_GetContextOpaque(ctx);
}

/* ---- one a thread ----------------------------------------------------------------- */

static pthread_once_t key_made = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void make_key(void)
{
    if (pthread_key_create(&key, close_runtime)) {
        abort(); /* the process has no keys left: it cannot run */
    }
}

js_runtime_t *js_runtime_enter(void)
{
    js_runtime_t *runtime;

    pthread_once(&key_made, make_key);
    runtime = pthread_getspecific(key);
    if (!runtime || runtime->run) {
        js_runtime_t *first = runtime;

        runtime = open_runtime();
        if (runtime && !first) {
            pthread_setspecific(key, runtime);
        }
    }
    if (runtime) {
        JS_UpdateStackTop(runtime->rt);
    }
    return runtime;
}

void js_runtime_leave(js_runtime_t *runtime, int broken)
{
    int own = pthread_getspecific(key) == runtime;

    if (!broken && own && runtime->heap.state->malloc_size > WF_JS_KEPT) {
        JS_RunGC(runtime->rt);
        broken = runtime->heap.state->malloc_size > WF_JS_KEPT;
    }
    if (broken || !own) {
        if (own) {
            pthread_setspecific(key, NULL);
        }
        close_runtime(runtime);
    }
}
