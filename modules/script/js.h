/* Shared by the files of the JavaScript host. A thread has one runtime for each world
 * (js_runtime.c) that keeps compiled scripts (js_compiled.c) and what scripts find
 * (js_world.c, js_codec.c); a run (javascript.c) lends it a global object, its variables
 * and its limits. js_values.c converts, js_lists.c and js_objects.c are the objects that
 * stand for lists, maps and host objects of the caller. */
#ifndef WF_SCRIPT_JS_H
#define WF_SCRIPT_JS_H

#include <quickjs.h>

#include "script/internal.h"

/* ---- limits ----------------------------------------------------------------------- */

#define WF_JS_STACK (256 * 1024)             /* bytes of the thread's stack for one run */
#define WF_JS_CACHED 512                     /* compiled scripts of a runtime … */
#define WF_JS_CACHED_BYTES (4 * 1024 * 1024) /* … and their texts in all */
#define WF_JS_HINTS 1024                     /* a power of two */
#define WF_JS_RESERVE(memory) ((memory) / 2 + 1024 * 1024) /* beyond it, to end a run */
#define WF_JS_KEPT (16 * 1024 * 1024) /* a larger heap is not kept for the next run */
#define WF_JS_SCRATCH (64 * 1024)     /* of a runtime's scratch, between runs */
#define WF_JS_NESTED_MAX 4            /* runs within host calls of runs */
#define WF_JS_LINES_MAX 100           /* of the log for one run … */
#define WF_JS_LINE_MAX 1000           /* … and their bytes; also of a message */
#define WF_JS_LENT_TEXT 256           /* a shorter text is copied when it is read */

/* ---- a run ------------------------------------------------------------------------ */

struct wf_js_script_t {
    const char *text;
    apr_size_t length;
    apr_uint32_t hash;
};

/** State of one wf_js_run. */
typedef struct js_run_t {
    const wf_js_call_t *call;
    apr_pool_t *pool;
    apr_int64_t deadline;     /* wf_mono_us */
    int late;                 /* the deadline has passed: nothing that follows counts */
    apr_size_t budget;        /* bytes that may still be handed out */
    int spent;                /* they were not enough */
    int lines;                /* written to the log */
    apr_hash_t *lent;         /* address of a list, map or long text -> JSValue */
    JSValue state;            /* what run() of a world's host gives, or undefined */
    JSValue host_exception;   /* what the last failed call of a host object threw … */
    wf_error_t host_error;    /* … and why */
    JSValue rejected, reason; /* a promise whose rejection nobody handled yet */
    wf_eval_t eval;           /* for the methods of lists and maps */
} js_run_t;

/** A script as it was last compiled; the text tells it from others. */
typedef struct js_compiled_t {
    char *text; /* malloc; NULL: a free slot */
    apr_size_t length;
    apr_uint32_t hash;
    apr_uint64_t used; /* when: the greater, the later */
    JSValue function;
} js_compiled_t;

typedef struct js_block_t js_block_t;

/** Memory of a runtime. */
typedef struct js_heap_t {
    js_block_t *blocks;   /* all of it */
    JSMallocState *state; /* how many bytes; QuickJS tells only by walking its whole heap */
    size_t reserve;       /* bytes beyond the limit for what is under way then */
    int exceeded;         /* an allocation went beyond the limit: the run has to end */
} js_heap_t;

typedef struct js_runtime_t js_runtime_t;

struct js_runtime_t {
    const wf_js_world_t *world; /* NULL: that of process models */
    js_runtime_t *next;         /* of the thread */
    JSRuntime *rt;
    JSContext *ctx;
    js_heap_t heap;
    js_run_t *run;             /* NULL between runs */
    unsigned runs;             /* numbers them: lists of an earlier one are dead */
    apr_pool_t *scratch;       /* of calls of a world's functions … */
    int calls;                 /* … that are under way, one in another */
    apr_allocator_t *memory;   /* of scratch, which may lie where leak checkers cannot see
                                  that it is in use */
    JSValue variables;         /* prototype of every run's globals: the caller's scope; in
                                  a world the global object that its runs share */
    JSValue list, map, object; /* prototypes */
    JSValue bpmn_error;        /* the class; undefined in a world */
    JSAtom length;
    JSAtom index_bits;         /* set in the atoms of array indexes */
    JSClassID date_class, plain_class, number_class, string_class, boolean_class,
        bytes_class, proxy_class;
    js_compiled_t cache[WF_JS_CACHED];
    short hints[WF_JS_HINTS]; /* by hash: the slot where a script was found last */
    apr_size_t cached_bytes;
    apr_uint64_t uses; /* of the cache */
};

/** The runtime of a context. */
js_runtime_t *js_runtime_of(JSContext *ctx);

/** A line of the log, cut and cleaned of control characters. */
void js_log_line(const char *name, wf_log_level_e level, const char *text);

/** This thread's runtime for a world, or one of its own for a run within a run. NULL
 *  without memory. */
js_runtime_t *js_runtime_enter(const wf_js_world_t *world);
/** Give it back; it goes if it is broken or holds too much. */
void js_runtime_leave(js_runtime_t *runtime, int broken);

/** What tells texts apart quickly. */
apr_uint32_t js_hash(const char *text, apr_size_t length);

/** The compiled script, owned by the cache; JS_EXCEPTION with the exception pending. */
JSValueConst js_compiled(js_runtime_t *runtime, const char *text, apr_size_t length,
                         apr_uint32_t hash);
/** Free the texts of the cache: the runtime ends, and with it the functions. */
void js_compiled_forget(js_runtime_t *runtime);

/** Take n bytes of what the run may hand out; -1 with an exception pending beyond that.
 */
int js_spend(js_runtime_t *runtime, apr_size_t n);

/** Fails a run whose deadline or memory is over: -1 with an exception pending. */
int js_in_time(js_runtime_t *runtime);

/* ---- worlds ----------------------------------------------------------------------- */

/** Add what scripts find besides the language, and freeze all that they share. -1 with an
 *  exception pending. */
int js_world_open(js_runtime_t *runtime);

/** Give host the members atob, btoa, digest and hmac. */
void js_codec_open(JSContext *ctx, JSValueConst host);

/* ---- values ----------------------------------------------------------------------- */

/** A value as JavaScript sees it. */
JSValue js_from_value(js_runtime_t *runtime, const wf_value_t *v);

/** The way back. Texts, new lists and maps live in p. -1 with an exception pending. */
int js_to_value(js_runtime_t *runtime, JSValueConst v, wf_value_t *value, apr_pool_t *p);

/** The text of a string that JavaScript made, in p: NUL terminated, valid UTF-8. NULL with
 *  an exception pending. */
const char *js_to_text(js_runtime_t *runtime, JSValueConst v, apr_size_t *length,
                       apr_pool_t *p);

/** The name of a property, until JS_FreeCString; NULL if nothing of the caller can have it
 *  (a symbol). */
const char *js_name_of(js_runtime_t *runtime, JSAtom atom);

/** The name of a property as the key of a map, in p; NULL with an exception pending. */
const char *js_key_of(js_runtime_t *runtime, JSAtom atom, apr_pool_t *p);

/** 1 and *index if the property is an element of an array. */
int js_index_of(const js_runtime_t *runtime, JSAtom atom, apr_uint32_t *index);

/* ---- objects of the caller ---------------------------------------------------------- */

/** Register the classes with a new runtime and make their prototypes. -1: no memory. */
int js_lists_open(js_runtime_t *runtime);
int js_objects_open(js_runtime_t *runtime);

JSValue js_list_new(js_runtime_t *runtime, wf_list_t *list);
JSValue js_map_new(js_runtime_t *runtime, wf_map_t *map);
JSValue js_object_new(js_runtime_t *runtime, wf_object_t *object);

/** The list, map or host object behind a value, or NULL if it is something else. */
wf_list_t *js_list_of(js_runtime_t *runtime, JSValueConst v);
wf_map_t *js_map_of(js_runtime_t *runtime, JSValueConst v);
wf_object_t *js_object_of(js_runtime_t *runtime, JSValueConst v);

/** What a wrapper's opaque pointer leads to: the thing itself belongs to the run. */
typedef struct js_handle_t {
    void *thing;
    unsigned run;
} js_handle_t;

/** A wrapper of a class; and what it wraps: NULL if v is of another class, or of a run that
 *  is over. */
JSValue js_wrap(js_runtime_t *runtime, JSClassID class_id, JSValueConst prototype,
                void *thing);
void *js_unwrap(js_runtime_t *runtime, JSClassID class_id, JSValueConst v);
/** The finalizer of such a class frees its handle with this. */
void js_handle_free(JSRuntime *rt, void *opaque);

/** Throw what a host object reported (err filled). */
JSValue js_throw_host(js_runtime_t *runtime, const wf_error_t *err);

#endif
