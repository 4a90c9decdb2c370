/* load: the interface of a step type, and what a finished step shows to those behind it; a
 * part of step.h. */
#ifndef WF_LOAD_RESULT_H
#define WF_LOAD_RESULT_H

#include "load/compile.h"

/* ---- results (result.c) ------------------------------------------------------------ */

typedef enum {
    WF_STEP_NONE, /* running */
    WF_STEP_SUCCESS,
    WF_STEP_FAILED,
    WF_STEP_TIMEOUT,
    WF_STEP_SKIPPED
} wf_step_status_e;

const char *wf_step_status_name(wf_step_status_e status);

/* What an http step leaves behind. */
typedef struct wf_answer_t {
    int status;
    const char *body, *headers; /* NULL if nothing in the plan reads them */
    apr_size_t body_length, headers_length;
    apr_int64_t size, wire_size; /* of the body, decoded and as it came */
    int version, redirects, reused; /* as in wf_client_response_t */
    wf_client_timings_t timings;
    const char *url; /* of the last request */
    const char *request; /* that, as it was sent; NULL if nothing in the plan reads it */
    apr_size_t request_length, request_head; /* of it: without the body */
    int parsed; /* json holds the body as a value */
    wf_value_t json;
} wf_answer_t;

/* Lives in its strand's pool; made when the step starts, again in each pass of a loop. */
struct wf_result_t {
    wf_object_t object;  /* ${login.…} */
    wf_object_t output;  /* ${login.output.…}, ${response.…} */
    wf_object_t headers; /* ${login.headers.…} */
    wf_strand_t *strand;
    const wf_step_t *step;
    wf_step_status_e status;
    apr_int64_t duration_us;
    int attempts;
    int sample_failed;        /* the step went on, its sample counts as failed */
    const char *code, *error; /* code is a constant; NULL if there is no error */
    apr_int64_t sent, received;
    double extras[WF_STEP_EXTRAS];
    wf_map_t *values;  /* output of types without an output function of their own */
    void *own;         /* of types with a fill function: what values are made of */
    wf_answer_t *http; /* of http steps */
};

void wf_result_init(wf_result_t *result, wf_strand_t *strand, const wf_step_t *step);
/** A copy in another pool. */
wf_result_t *wf_result_copy(wf_result_t *result, apr_pool_t *p);
/** What a result holds in memory, roughly. */
apr_size_t wf_result_weight(const wf_result_t *result);
/** Status, code and text of a failure at once; the text is copied. */
void wf_result_fail(wf_result_t *result, wf_step_status_e status, const char *code,
                    const char *fmt, ...) WF_PRINTF(4, 5);
/** Set a member of the output; the value is copied. */
void wf_result_put(wf_result_t *result, const char *name, wf_value_t value);
int wf_result_failed(const wf_result_t *result);
/** ${login.…} and ${response.…} as values. */
wf_value_t wf_result_value(wf_result_t *result);
wf_value_t wf_result_output(wf_result_t *result);
/** A member that is an object, or the whole output (name "output"), as a map. 1 found. */
int wf_result_map(wf_result_t *result, const char *name, wf_value_t *value,
                  apr_pool_t *p);
/** {status, duration, output}, for hooks. */
wf_value_t wf_result_summary(wf_result_t *result, apr_pool_t *p);

/** A value without objects of ours in it: they become maps, a result with the members of
 *  its output beside its own. Copied into p. */
wf_value_t wf_result_plain(const wf_value_t *value, apr_pool_t *p);
/* ---- types of steps --------------------------------------------------------------- */

typedef struct wf_act_t wf_act_t;

/* How a step that was started stands. */
typedef enum {
    WF_STEP_DONE,    /* the result is filled */
    WF_STEP_WAITING, /* wf_strand_done will be called, never from inside */
    WF_STEP_ENTERED  /* act->block is to be walked; then comes leave() */
} wf_step_progress_e;

/* How the walk through a block ended. */
typedef enum {
    WF_BLOCK_COMPLETED,
    WF_BLOCK_SKIPPED, /* a step failed that says skip: the rest was dropped */
    WF_BLOCK_ABORTED, /* a step failed that says abort: act->failure is its result */
    WF_BLOCK_BREAK,   /* a break or continue step that means this activation */
    WF_BLOCK_CONTINUE,
    WF_BLOCK_LEFT     /* one that means a loop around it: there is nothing to wait for */
} wf_block_end_e;

struct wf_step_type_t {
    const char *name;

    /** What slaves call it that they can do this: http_executor. NULL: all can. */
    const char *capability;

    /** NULL, or why the validator refuses the type. */
    const char *later;

    /** Check config (a map, or NULL if missing) and the step's own members (step->node),
     *  and fill step->config. Problems go to c. path is the step's config. */
    void (*compile)(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c);

    /** All steps are compiled: prepare what depends on what others read. May be NULL. */
    void (*link)(wf_step_t *step, wf_compile_t *c);

    /** Begin an attempt, on the loop. */
    wf_step_progress_e (*start)(wf_strand_t *strand, wf_act_t *act);

    /** The block that start or leave entered has ended. A type that never enters one has
     *  none. */
    wf_step_progress_e (*leave)(wf_strand_t *strand, wf_act_t *act, wf_block_end_e end);

    /** The pause that it asked for with wf_act_pause is over. May be NULL. */
    wf_step_progress_e (*wake)(wf_strand_t *strand, wf_act_t *act);

    /** End it at once, while it waits or its block is walked: wf_strand_done is not called
     *  then. A pause ends by itself. May be NULL if there is nothing to end. */
    void (*cancel)(wf_strand_t *strand, wf_act_t *act);

    /** Names that are known within its block, such as loop.index: 1 found. May be NULL. */
    int (*lookup)(wf_act_t *act, const char *name, wf_value_t *value, apr_pool_t *p);

    /** Copy act->state into a new pool, while a block of it is being walked: the old pool
     *  goes. NULL: copying state_size bytes is enough. */
    void (*move)(wf_act_t *act, apr_pool_t *p);
    apr_size_t state_size; /* 0: there is no state, or move copies it */

    /** Put the members of the output of a finished step, from its act->state. Called only
     *  if somebody asks for them. NULL: they are put while the step runs. */
    void (*fill)(wf_result_t *result, const void *state);

    /** A member of the output of a finished step: 1 found, 0 unknown. NULL: result->values
     *  has them. */
    int (*output)(wf_result_t *result, const char *name, wf_value_t *value,
                  apr_pool_t *p);

    /** A member that is an object, or the whole output (name "output"), as a map: what
     *  ${login.headers} prints. 1 found, 0 it is none. NULL: as result->values. */
    int (*map)(wf_result_t *result, const char *name, wf_value_t *value, apr_pool_t *p);

    /** Names of result->extras, NULL terminated: the step's own numbers. NULL: none. */
    const char *const *extras;

    /** Keys that may stand on the step itself as well as in its config, NULL terminated;
     *  NULL: none. */
    const wf_field_t *members;

    unsigned flags;
};

#define WF_TYPE_OWN_TIMEOUT 1u /* the type minds step->timeout_ns by itself */
#define WF_TYPE_LOOP 2u        /* break and continue may mean it */
#define WF_TYPE_HOOK 4u        /* may be a hook */

#endif
