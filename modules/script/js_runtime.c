/* Runtimes: one a thread and world, with compiled scripts and frozen built-in objects.
 * Making one takes about a millisecond, so it is kept until the thread ends or a run has
 * broken it.
 */
#include "script/js.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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

/* Beyond the limit the run is over, but what is under way still gets its memory out of a
 * reserve until the next look at the time ends it: QuickJS does not survive everywhere, not
 * in its compiler, that it gets none. */
static int refuses(JSMallocState *s, size_t more)
{
    js_heap_t *heap = s->opaque;

    heap->state = s;
    if (more <= s->malloc_limit && s->malloc_size <= s->malloc_limit - more) {
        return 0;
    }
    heap->exceeded = 1;
    return more > heap->reserve
           || s->malloc_size + more - s->malloc_limit > heap->reserve;
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

/* Once a run has to end it stays so: loops that cannot fail rely on the next look. */
static int has_to_end(JSRuntime *rt, void *opaque)
{
    js_runtime_t *runtime = opaque;
    js_run_t *run = runtime->run;

    (void)rt;
    if (run && !run->late && !runtime->heap.exceeded
        && (wf_mono_us() >= run->deadline
            || (run->call->stop && __atomic_load_n(run->call->stop, __ATOMIC_RELAXED)))) {
        run->late = 1;
    }
    return run && (run->late || runtime->heap.exceeded);
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
    return has_to_end(runtime->rt, runtime) ? stop(runtime->ctx) : 0;
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

/* ---- life ------------------------------------------------------------------------- */

/* The class of what an expression gives: the numbers are QuickJS's own. */
static JSClassID class_of(JSContext *ctx, const char *expression)
{
    JSValue sample =
        JS_Eval(ctx, expression, strlen(expression), "prelude", JS_EVAL_TYPE_GLOBAL);
    JSClassID class_id = JS_GetClassID(sample);

    JS_FreeValue(ctx, sample);
    return class_id;
}

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
static void close_runtime(js_runtime_t *runtime)
{
    js_compiled_forget(runtime);
    free_blocks(&runtime->heap);
    if (runtime->scratch) {
        apr_pool_destroy(runtime->scratch);
    }
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
    runtime->proxy_class = class_of(ctx, "new Proxy({}, {})");
    if (js_lists_open(runtime) < 0 || js_objects_open(runtime) < 0) {
        return -1;
    }
    return js_world_open(runtime);
}

static js_runtime_t *open_runtime(const wf_js_world_t *world)
{
    js_runtime_t *runtime = calloc(1, sizeof(*runtime));

    if (!runtime) {
        return NULL;
    }
    runtime->world = world;
    if (world) {
        runtime->scratch = wf_pool_create("wf_js_scratch", WF_JS_SCRATCH);
        runtime->memory =
            runtime->scratch ? apr_pool_allocator_get(runtime->scratch) : NULL;
    }
    runtime->rt = JS_NewRuntime2(&heap_functions, &runtime->heap);
    if (runtime->rt) {
        JS_SetMaxStackSize(runtime->rt, WF_JS_STACK);
        JS_UpdateStackTop(runtime->rt);
        JS_SetInterruptHandler(runtime->rt, has_to_end, runtime);
        JS_SetHostPromiseRejectionTracker(runtime->rt, on_rejection, runtime);
    }
    if (!runtime->rt || (world && !runtime->scratch) || set_up(runtime) < 0) {
        close_runtime(runtime);
        return NULL;
    }
    return runtime;
}

js_runtime_t *js_runtime_of(JSContext *ctx)
{
    return JS_GetContextOpaque(ctx);
}

/* ---- those of a thread -------------------------------------------------------------- */

static pthread_once_t key_made = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* the first of a list */

static void close_all(void *data)
{
    for (js_runtime_t *runtime = data, *next; runtime; runtime = next) {
        next = runtime->next;
        close_runtime(runtime);
    }
}

static void make_key(void)
{
    if (pthread_key_create(&key, close_all)) {
        abort(); /* the process has no keys left: it cannot run */
    }
}

static js_runtime_t *kept(const wf_js_world_t *world)
{
    js_runtime_t *runtime = pthread_getspecific(key);

    while (runtime && runtime->world != world) {
        runtime = runtime->next;
    }
    return runtime;
}

static void keep(js_runtime_t *runtime)
{
    runtime->next = pthread_getspecific(key);
    pthread_setspecific(key, runtime);
}

static void drop(js_runtime_t *runtime)
{
    js_runtime_t *first = pthread_getspecific(key), **at = &first;

    while (*at != runtime) {
        at = &(*at)->next;
    }
    *at = runtime->next;
    pthread_setspecific(key, first);
}

js_runtime_t *js_runtime_enter(const wf_js_world_t *world)
{
    js_runtime_t *runtime;

    pthread_once(&key_made, make_key);
    runtime = kept(world);
    if (!runtime || runtime->run) {
        js_runtime_t *first = runtime;

        runtime = open_runtime(world);
        if (runtime && !first) {
            keep(runtime);
        }
    }
    if (runtime) {
        JS_UpdateStackTop(runtime->rt);
    }
    return runtime;
}

void js_runtime_leave(js_runtime_t *runtime, int broken)
{
    int own = kept(runtime->world) == runtime;

    if (!broken && own && runtime->heap.state->malloc_size > WF_JS_KEPT) {
        JS_RunGC(runtime->rt);
        broken = runtime->heap.state->malloc_size > WF_JS_KEPT;
    }
    if (broken || !own) {
        if (own) {
            drop(runtime);
        }
        close_runtime(runtime);
    }
}
