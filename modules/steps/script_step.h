/* steps, inside: scripts of a plan, and one run of a script by a strand: on its loop, or,
 * apart from it, on a thread that may wait (script_frame.c). */
#ifndef WF_STEPS_SCRIPT_STEP_H
#define WF_STEPS_SCRIPT_STEP_H

#include "steps/http.h"
#include "steps/script_host.h"

#define WF_SCRIPT_TIMEOUT_NS (60 * NS_PER_S)
#define WF_SCRIPT_TIMEOUT_MAX_NS (24 * 3600 * NS_PER_S)
#define WF_SCRIPT_LOOP_MS 50 /* longer than that no script holds a loop up */
#define WF_SCRIPT_SLOW_MS 25 /* the next run of one that took so long begins elsewhere */
#define WF_SCRIPT_LOGGED 1000 /* lines of a script in the log, in one execution */
#define WF_SCRIPT_RESULT_MAX 16384 /* bytes: larger ones go along only if they are named */
#define WF_SCRIPT_ADDS_MAX 100000 /* of one run to metrics of the document */
#define WF_SCRIPT_NAMES_MAX 300000 /* variables that one run may set or delete */

/* What runs of one script have to tell each other, on all loops; atomic. */
typedef struct wf_script_shared_t {
    int slow;   /* it does not begin on a loop */
    int logged; /* lines */
} wf_script_shared_t;

typedef struct wf_script_step_t {
    const wf_js_script_t *script;
    apr_int64_t timeout_ns; /* of the config or the type's own; the step's goes first */
    int waits;              /* it may make requests */
    const apr_array_header_t *words; /* in its text: names that it may look up */
    wf_map_t *metrics; /* those that the document declares: name → index */
    wf_http_step_t *http;   /* base, headers and settings of those; NULL: it makes none */
    wf_script_shared_t *shared;
} wf_script_step_t;

/* One run. What it does is kept, and takes effect when it is over: a run that has to leave
 * its loop begins anew, as if it had not been. */
typedef struct wf_script_frame_t {
    wf_script_host_t host;
    const wf_js_script_t *script;
    const wf_map_t *metrics; /* that the document declares: name → index */

    /* One of the two is where names are looked up. */
    wf_strand_t *strand;
    wf_map_t *variables, *seen; /* copies of what the script may ask for … */
    wf_map_t *behind;           /* … of results that variables hide … */
    wf_script_answer_t latest;  /* … and of the answer, if there is one */
    int has_latest;

    apr_pool_t *pool;
    int names;      /* that were put into one of the two: */
    wf_map_t *set;  /* name → value; NULL: nothing */
    wf_map_t *gone; /* names that were deleted; NULL: none */
    apr_array_header_t *adds;      /* of wf_script_add_t */
    apr_array_header_t *exchanges; /* of wf_http_sample_t */
    apr_array_header_t *checks;    /* of wf_script_check_t; NULL: none */

    wf_js_result_t result;
    wf_error_t err;
    apr_status_t rv;
} wf_script_frame_t;

typedef struct wf_script_add_t {
    int metric;
    double value;
} wf_script_add_t;

typedef struct wf_script_check_t {
    const char *name;
    int passed, failed;
} wf_script_check_t;

/** A run that looks names up in the strand; it lives in its pool. */
wf_script_frame_t *wf_script_frame_create(wf_strand_t *strand, const wf_step_t *step);
/** A run apart from it: everything that it may need is copied into p. Its rv says if the
 *  http section cannot be evaluated; then there is nothing to run. */
wf_script_frame_t *wf_script_frame_detach(wf_strand_t *strand, const wf_step_t *step,
                                          apr_pool_t *p);
/** Run it. stop as in wf_js_call_t. */
void wf_script_frame_run(wf_script_frame_t *frame, apr_int64_t deadline_ms,
                         const int *stop);
/** What the run has done takes effect, and the result is filled. On the strand's loop. */
void wf_script_frame_settle(wf_script_frame_t *frame, wf_strand_t *strand,
                            wf_result_t *result);

/** The time that a run of the step has. */
apr_int64_t wf_script_timeout_ms(const wf_step_t *step);

/** Compile a script into a step that has none yet: the config of steps and hooks, and what
 *  processors have in theirs. node and path are those of the text. */
wf_script_step_t *wf_script_compile(const char *text, const wf_node_t *node,
                                    const wf_where_t *path, wf_compile_t *c);

#endif
