/* load, inside: documents and schemas, the immutable plan, and what runs it. Lifetimes:
 *   plan       plan_pool of wf_load_start: plan, run, metrics; never written by loops
 * except for the metrics of their own shard shard      on the loop that owns it: virtual
 * users, connections, timers iteration  per virtual user, cleared when an iteration
 * begins */
#ifndef WF_LOAD_INTERNAL_H
#define WF_LOAD_INTERNAL_H

#include "load/load.h"
#include "client/client.h"
#include "script/script.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <pthread.h>
#include <stddef.h>

#define WF_DOC_MAX_BYTES (4 * 1024 * 1024)
#define WF_DOC_MAX_DEPTH 64
#define WF_DOC_MAX_NODES 200000 /* aliases count as often as they are used */
#define WF_PLAN_MAX_STEPS 500
#define WF_PLAN_MAX_THRESHOLDS 100
#define WF_PLAN_MAX_VUS 1000000
#define WF_ERRORS_MAX 100 /* distinct errors kept per execution */
#define WF_ERROR_TEXT 200
#define WF_STEP_EXTRAS 4
#define WF_VUS_PER_MULTI 64 /* more on one multi handle slow libcurl down */
#define WF_GRACEFUL_STOP_NS (30 * NS_PER_S)

#define NS_PER_S ((apr_int64_t)1000000000)
#define NS_PER_MS ((apr_int64_t)1000000)

/* ---- documents: one tree for YAML and JSON (document.c) ---------------------------- */

typedef enum {
    WF_NODE_NULL,
    WF_NODE_BOOLEAN,
    WF_NODE_INTEGER,
    WF_NODE_NUMBER,
    WF_NODE_STRING,
    WF_NODE_LIST,
    WF_NODE_MAP,
    WF_NODE_TYPES
} wf_node_type_e;

typedef struct wf_node_t wf_node_t;
typedef struct wf_member_t wf_member_t;

/* A value of a document. An alias is the node it names: nodes are shared, never written.
 */
struct wf_node_t {
    wf_node_type_e type;
    int line, column;          /* from 1; 0 in JSON documents */
    apr_int64_t integer;       /* BOOLEAN, INTEGER */
    double number;             /* NUMBER */
    const char *text;          /* STRING; YAML: every scalar as written */
    wf_member_t *first, *last; /* LIST, MAP, in document order */
    int count;
    apr_int64_t weight; /* nodes below and with it, aliases expanded */
};

struct wf_member_t {
    const char *key; /* NULL in a list */
    int line, column;
    const wf_node_t *value;
    wf_member_t *next;
};

/** Parse the first document of a YAML 1.2 stream; NULL if there are errors. */
const wf_node_t *wf_node_from_yaml(const char *text, apr_size_t length,
                                   wf_problems_t *problems, apr_pool_t *p);
const wf_node_t *wf_node_from_json(json_object *json, wf_problems_t *problems,
                                   apr_pool_t *p);

/** A member of a map; NULL if it is missing or null. */
const wf_node_t *wf_node_get(const wf_node_t *map, const char *key);
/** "text", "a list" …, for messages. */
const char *wf_node_type_name(wf_node_type_e type);
wf_value_t wf_node_value(const wf_node_t *node, apr_pool_t *p);
/** The text of a text, number or boolean; NULL for others. */
const char *wf_node_text(const wf_node_t *node, apr_pool_t *p);

/* ---- schemas: what a map may contain and where it goes (schema.c) ------------------ */

/* Where we are, kept on the stack: rendered only when there is a problem. */
typedef struct wf_where_t {
    const struct wf_where_t *up;
    const char *key; /* NULL: index counts */
    int index;
} wf_where_t;

/* One compilation. */
typedef struct wf_compile_t {
    struct wf_plan_t *plan;
    wf_problems_t *problems;
    apr_pool_t *p;
    int open; /* unknown members are only warned of: inside config */
} wf_compile_t;

typedef enum {
    WF_FIELD_STRING,   /* const char * */
    WF_FIELD_INTEGER,  /* apr_int64_t, not negative */
    WF_FIELD_BOOLEAN,  /* int */
    WF_FIELD_DURATION, /* apr_int64_t nanoseconds, not negative */
    WF_FIELD_WORD,     /* int, index into words */
    WF_FIELD_NODE,     /* const wf_node_t *: anything */
    WF_FIELD_MAP,      /* const wf_node_t *: a map */
    WF_FIELD_LIST,     /* const wf_node_t *: a list */
    WF_FIELD_OBJECT,   /* a struct, by fields */
    WF_FIELD_LATER     /* part of the format, refused by this version */
} wf_field_type_e;

typedef struct wf_field_t {
    const char *name;
    wf_field_type_e type;
    apr_size_t offset; /* into the target; missing members leave it alone */
    int required;
    const char *const *words;        /* WORD: NULL terminated; LATER: the message */
    const struct wf_field_t *fields; /* OBJECT: closed by a row without name */
} wf_field_t;

/* Rows. */
#define WF_FIELD(name, type, s, m)                                                       \
    {                                                                                    \
        name, WF_FIELD_##type, offsetof(s, m), 0, NULL, NULL                             \
    }
#define WF_NEEDED(name, type, s, m)                                                      \
    {                                                                                    \
        name, WF_FIELD_##type, offsetof(s, m), 1, NULL, NULL                             \
    }
#define WF_ONE_OF(name, words, s, m)                                                     \
    {                                                                                    \
        name, WF_FIELD_WORD, offsetof(s, m), 0, words, NULL                              \
    }
#define WF_MADE_OF(name, fields, s, m)                                                   \
    {                                                                                    \
        name, WF_FIELD_OBJECT, offsetof(s, m), 0, NULL, fields                           \
    }
#define WF_LATER(name, text)                                                             \
    {                                                                                    \
        name, WF_FIELD_LATER, 0, 0, (const char *const[]){ text, NULL }, NULL            \
    }
#define WF_FIELDS_END                                                                    \
    {                                                                                    \
        NULL, WF_FIELD_NODE, 0, 0, NULL, NULL                                            \
    }

/** Check a map against its fields and store what is right into target. Unknown members,
 *  wrong types, missing required members are problems. */
void wf_schema_bind(const wf_field_t *fields, const wf_node_t *node, void *target,
                    const wf_where_t *path, wf_compile_t *c);

/** Report a problem at a node (or without position: node NULL). */
void wf_compile_problem(wf_compile_t *c, const char *rule, const wf_node_t *node,
                        const wf_where_t *path, const char *fmt, ...) WF_PRINTF(5, 6);
const char *wf_where_text(const wf_where_t *path, apr_pool_t *p);

/* ---- plans (plan.c, steps.c, thresholds.c) ----------------------------------------- */

typedef struct wf_executor_t wf_executor_t;
typedef struct wf_step_t wf_step_t;
typedef struct wf_vu_t wf_vu_t;
typedef struct wf_shard_t wf_shard_t;
typedef struct wf_run_t wf_run_t;
typedef struct wf_loop_t wf_loop_t;
typedef struct wf_result_t wf_result_t;

/* A text that may contain ${…}: one of the two is set. */
typedef struct wf_text_t {
    const char *literal;
    wf_template_t *tmpl;
} wf_text_t;

typedef enum {
    WF_ON_ERROR_ABORT,
    WF_ON_ERROR_CONTINUE,
    WF_ON_ERROR_SKIP,
    WF_ON_ERROR_RETRY /* refused by this version */
} wf_on_error_e;

struct wf_step_t {
    const char *id, *name;
    int index; /* its slot in metrics and results */
    const struct wf_step_type_t *type;
    int on_error;           /* wf_on_error_e */
    apr_int64_t timeout_ns; /* -1: the type's default */
    int disabled;
    void *config; /* what type->compile made */
};

/* The http section, inherited by every http step; unset durations and numbers are -1. */
typedef struct wf_http_options_t {
    int verify, follow;
    const char *cert, *key, *ca;
    apr_int64_t max_redirects;
    apr_int64_t connect_ns, read_ns, write_ns, request_ns;
} wf_http_options_t;

typedef struct wf_http_section_t {
    const char *base_url;
    const wf_node_t *domains, *headers;
    apr_array_header_t *pairs; /* headers compiled, by the first http step */
    wf_http_options_t options;
} wf_http_section_t;

typedef struct wf_options_t {
    const wf_executor_t *executor;
    apr_int64_t vus;
    apr_int64_t duration_ns, iterations; /* -1: not given */
    apr_int64_t graceful_stop_ns;
} wf_options_t;

typedef enum {
    WF_STAT_NONE,
    WF_STAT_COUNT,
    WF_STAT_RATE,
    WF_STAT_VALUE,
    WF_STAT_MIN,
    WF_STAT_MAX,
    WF_STAT_AVG,
    WF_STAT_MED,
    WF_STAT_PASSES,
    WF_STAT_FAILS,
    WF_STAT_PERCENTILE
} wf_stat_e;

typedef enum { WF_OP_LT, WF_OP_LE, WF_OP_GT, WF_OP_GE, WF_OP_EQ, WF_OP_NE } wf_op_e;

typedef struct wf_condition_t {
    wf_stat_e stat;    /* NONE: the metric's default */
    double percentile; /* PERCENTILE: 0..100 */
    wf_op_e op;
    double limit;
} wf_condition_t;

typedef struct wf_threshold_t {
    const char *metric, *text; /* as written */
    wf_condition_t condition;
    int abort_on_fail;
} wf_threshold_t;

struct wf_plan_t {
    apr_pool_t *pool;
    const char *id, *name, *description;
    wf_map_t *variables;
    wf_http_section_t http;
    wf_step_t *steps;
    int nsteps;
    wf_options_t options;
    wf_threshold_t *thresholds;
    int nthresholds;
    int reads_body, reads_headers; /* some template asks for them */
};

/** Compile a text; notes in the plan what its templates read. A problem gives an empty
 *  one. */
wf_text_t wf_compile_text(wf_compile_t *c, const char *text, const wf_node_t *node,
                          const wf_where_t *path);
/** The text of a compiled one in the scope of a virtual user. */
apr_status_t wf_text_eval(const wf_text_t *text, wf_vu_t *vu, const char **out,
                          apr_pool_t *p, wf_error_t *err);

/** "p(95) < 400". NULL, or what is wrong. */
const char *wf_condition_parse(wf_condition_t *condition, const char *text,
                               apr_pool_t *p);

/** Fill the plan's thresholds from options.thresholds. */
void wf_thresholds_compile(const wf_node_t *list, const wf_where_t *path,
                           wf_compile_t *c);

/* ---- step types: one row each (steps.c) -------------------------------------------- */

typedef enum {
    WF_STEP_NONE, /* not reached in this iteration */
    WF_STEP_SUCCESS,
    WF_STEP_FAILED,
    WF_STEP_TIMEOUT,
    WF_STEP_SKIPPED
} wf_step_status_e;

typedef enum { WF_STEP_DONE, WF_STEP_WAITING } wf_step_progress_e;

typedef struct wf_step_type_t {
    const char *name;

    /** NULL, or why the validator refuses the type. */
    const char *later;

    /** Check the config (a map, or NULL if missing) and fill step->config. Problems go to
     *  c. */
    void (*compile)(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c);

    /** All steps are compiled: prepare what depends on what others read. May be NULL. */
    void (*link)(wf_step_t *step, wf_compile_t *c);

    /** Begin on the loop. DONE: the result is filled. WAITING: wf_vu_step_done will be
     *  called, never from inside. */
    wf_step_progress_e (*start)(wf_vu_t *vu, const wf_step_t *step, wf_result_t *result);

    /** End a waiting step at once; wf_vu_step_done is not called then. */
    void (*cancel)(wf_vu_t *vu, const wf_step_t *step);

    /** A member of the output of a finished step: 1 found, 0 unknown. */
    int (*output)(wf_result_t *result, const char *name, wf_value_t *value,
                  apr_pool_t *p);

    /** A member that is an object, or the whole output (name "output"), as a map: what
     *  ${login.headers} prints. 1 found, 0 it is none. */
    int (*map)(wf_result_t *result, const char *name, wf_value_t *value, apr_pool_t *p);

    /** Names of result->extras, NULL terminated: the step's own numbers. */
    const char *const *extras;
} wf_step_type_t;

const wf_step_type_t *wf_step_type_find(const char *name);
extern const wf_step_type_t wf_step_http;

/** Compile the list of steps. */
void wf_steps_compile(const wf_node_t *list, const wf_where_t *path, wf_compile_t *c);

/* ---- http steps (http_*.c, step_http.c) -------------------------------------------- */

/** The http section. */
extern const wf_field_t wf_http_section_fields[];
void wf_http_section_init(wf_http_section_t *section);

typedef struct wf_pair_t {
    const char *name; /* of a query parameter: percent-encoded */
    wf_text_t value;
} wf_pair_t;

/* A piece of a body: text as it is, or a template whose text may have to become JSON. */
typedef struct wf_piece_t {
    const char *literal;
    apr_size_t length;
    wf_template_t *tmpl;
    int quote;
} wf_piece_t;

typedef struct wf_http_step_t {
    const char *method;
    wf_text_t url, base; /* base: prefix of a relative url; may be empty */
    apr_array_header_t *headers, *query; /* of wf_pair_t */
    apr_array_header_t *body;            /* of wf_piece_t, NULL = no body */
    wf_client_settings_t settings;
    int fail_on_status;
    wf_client_call_t *call; /* made with the plan if there is nothing to evaluate */
} wf_http_step_t;

void wf_http_compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                     wf_compile_t *c);
void wf_http_link(wf_step_t *step, wf_compile_t *c);
/** Append text to an array of char, percent-encoded for a query. */
void wf_percent_append(apr_array_header_t *out, const char *text);
/** text as a JSON string, quotes included. */
const char *wf_json_quote(const char *text, apr_pool_t *p);
int wf_http_is_absolute(const char *url);
/** The call of a step for a virtual user, or for none if everything is literal. */
apr_status_t wf_http_call(wf_client_call_t **call, const wf_step_t *step,
                          const wf_plan_t *plan, wf_vu_t *vu, apr_pool_t *p,
                          wf_error_t *err);

/* What an http step leaves behind; body and headers in the iteration's pool. */
typedef struct wf_answer_t {
    int status;
    const char *body, *headers; /* NULL if nothing in the plan reads them */
    apr_size_t body_length, headers_length;
    apr_int64_t size;
    int parsed; /* json holds the body as a value */
    wf_value_t json;
} wf_answer_t;

struct wf_result_t {
    wf_object_t object;  /* ${login.…} */
    wf_object_t output;  /* ${login.output.…}, ${response.…} */
    wf_object_t headers; /* ${login.headers.…} */
    wf_vu_t *vu;
    const wf_step_t *step;
    apr_int64_t iteration; /* the one it belongs to; older results are unknown */
    wf_step_status_e status;
    apr_int64_t duration_us;
    int sample_failed;        /* the step went on, its sample counts as failed */
    const char *code, *error; /* error entry, or NULL */
    apr_int64_t sent, received;
    double extras[WF_STEP_EXTRAS];
    wf_answer_t http;
};

void wf_result_init(wf_result_t *result, wf_vu_t *vu, const wf_step_t *step);
/** Where ${…} of a virtual user looks names up. */
int wf_vu_lookup(void *vu, const char *name, wf_value_t *value, apr_pool_t *p);

/* ---- histogram (histogram.c) ------------------------------------------------------- */

/* Log-linear buckets of microseconds: exact below 256, then 128 a power of two. A bucket
 * is reported by its middle, which is at most 1/256 = 0.39 % off. */
#define WF_HISTOGRAM_LINEAR 256
#define WF_HISTOGRAM_STEPS 128
#define WF_HISTOGRAM_POWERS 24 /* 2^8 … 2^32 µs, a good hour */
#define WF_HISTOGRAM_BUCKETS                                                             \
    (WF_HISTOGRAM_LINEAR + WF_HISTOGRAM_POWERS * WF_HISTOGRAM_STEPS)

typedef struct wf_histogram_t {
    apr_uint64_t count, sum;
    apr_uint64_t min, max; /* exact; valid if count > 0 */
    apr_uint64_t buckets[WF_HISTOGRAM_BUCKETS];
} wf_histogram_t;

void wf_histogram_add(wf_histogram_t *h, apr_int64_t us);
void wf_histogram_merge(wf_histogram_t *into, const wf_histogram_t *from);
/** The value below or at which percent (0..100) of the samples lie; 0 without samples. */
apr_uint64_t wf_histogram_percentile(const wf_histogram_t *h, double percent);

/* ---- metrics: what a loop counts (metrics.c) --------------------------------------- */

typedef struct wf_step_metrics_t {
    apr_int64_t count, success, failure;
    double extras[WF_STEP_EXTRAS]; /* sums over the count that is not skipped */
    wf_histogram_t duration;
} wf_step_metrics_t;

typedef struct wf_run_error_t {
    apr_uint32_t hash;
    int step;         /* index, -1: none */
    const char *code; /* a constant */
    apr_int64_t first_ms, times;
    char message[WF_ERROR_TEXT];
} wf_run_error_t;

typedef struct wf_metrics_t {
    apr_int64_t vus, vus_done;                 /* active; finished their plan */
    apr_int64_t iterations, iterations_failed; /* finished; of these ended by an error */
    apr_int64_t interrupted, dropped;
    apr_int64_t http_reqs, http_failed;
    apr_int64_t sent, received;
    wf_histogram_t http_duration, iteration_duration;
    wf_run_error_t errors[WF_ERRORS_MAX];
    int nerrors;
    int nsteps;
    wf_step_metrics_t steps[];
} wf_metrics_t;

apr_size_t wf_metrics_size(int nsteps);
void wf_metrics_step(wf_metrics_t *m, const wf_result_t *result);
void wf_metrics_error(wf_metrics_t *m, int step, const char *code, const char *message,
                      apr_int64_t now_ms);
void wf_metrics_merge(wf_metrics_t *into, const wf_metrics_t *from);

/* The whole run at one instant: merged counters and what only the run knows. */
typedef struct wf_view_t {
    const wf_plan_t *plan;
    wf_metrics_t *metrics;
    const char *execution_id;
    wf_run_status_e status;
    apr_int64_t elapsed_us;
    apr_int64_t vus_shown; /* active while running, then configured */
    apr_int64_t vus_min, vus_max, vus_sum, vus_samples;
    double progress;
} wf_view_t;

/** Judge a threshold: *value is the statistic, 1 if it passes. */
int wf_threshold_judge(const wf_threshold_t *threshold, const wf_view_t *view,
                       double *value);
/** Render a view (report.c). */
void wf_report(wf_run_snapshot_t *snapshot, const wf_view_t *view, apr_pool_t *p);

/* ---- executors: one row and one file per mode (executors.c) ------------------------ */

struct wf_executor_t {
    const char *mode;
    const char *later; /* NULL, or why it is refused */

    /** Iterations that the whole run will make; 0 = only the time bounds it. */
    apr_int64_t (*planned)(const wf_options_t *options);

    /** On the loop: may this virtual user begin another iteration? */
    int (*next)(wf_shard_t *shard, wf_vu_t *vu);
};

/** What the document says, or 1 if it bounds neither iterations nor time; 0 = no bound.
 */
apr_int64_t wf_options_iterations(const wf_options_t *options);

const wf_executor_t *wf_executor_find(const char *mode);
extern const wf_executor_t wf_constant_vus, wf_shared_iterations;

/* ---- loops (loop.c, timers.c) ------------------------------------------------------ */

typedef struct wf_timer_t {
    apr_int64_t due_us;
    int slot; /* in the heap, -1: not set */
    void (*fire)(void *baton);
    void *baton;
} wf_timer_t;

typedef struct wf_timers_t {
    wf_timer_t **heap;
    int count, capacity;
} wf_timers_t;

void wf_timer_init(wf_timer_t *timer, void (*fire)(void *baton), void *baton);
void wf_timer_set(wf_timers_t *timers, wf_timer_t *timer, apr_int64_t due_us);
void wf_timer_cancel(wf_timers_t *timers, wf_timer_t *timer);
/** Fire what was due at now_us when the call began. */
void wf_timers_run(wf_timers_t *timers, apr_int64_t now_us);
/** Milliseconds until the next one, rounded up; -1 without timers. */
int wf_timers_wait_ms(const wf_timers_t *timers, apr_int64_t now_us);
void wf_timers_free(wf_timers_t *timers);

typedef enum { WF_MSG_START, WF_MSG_STOP, WF_MSG_COLLECT, WF_MSG_QUIT, WF_MSGS } wf_msg_e;

/* A letter to a loop. Embedded in what it is about, so sending never allocates; the
 * sender leaves it alone until it was read. */
typedef struct wf_message_t {
    wf_msg_e type;
    void *about; /* shard, collect or NULL */
    apr_int64_t amount;
    struct wf_message_t *next;
} wf_message_t;

apr_status_t wf_loop_create(wf_loop_t **loop, int index, apr_pool_t *p, wf_error_t *err);
void wf_loop_destroy(wf_loop_t *loop);                     /* ends and joins the thread */
void wf_loop_send(wf_loop_t *loop, wf_message_t *message); /* any thread */

/* On the loop's thread only: */
wf_timers_t *wf_loop_timers(wf_loop_t *loop);
apr_pool_t *wf_loop_pool(wf_loop_t *loop);
void wf_loop_ready(wf_loop_t *loop, wf_vu_t *vu);          /* run vu in the next turn */
void wf_loop_finished(wf_loop_t *loop, wf_shard_t *shard); /* end shard after this turn */

/* Some virtual users of one shard and their connections: one multi handle. */
typedef struct wf_group_t {
    wf_loop_t *loop;
    wf_client_multi_t *multi;
    wf_timer_t timer;
} wf_group_t;

apr_status_t wf_group_create(wf_group_t **group, wf_loop_t *loop,
                             wf_client_permit_fn *permitted, void *baton, apr_pool_t *p,
                             wf_error_t *err);

/* ---- virtual users (vu.c) ---------------------------------------------------------- */

/* clang-format off */
/*   IDLE ──begin──▶ STEPPING ◀──done── WAITING       IDLE: in the ready queue
 *     ▲               │  └────start──────▲           WAITING: a step will call back
 *     └──end──────────┘                              GONE: retired or cut, for good
 *   IDLE, WAITING ──▶ GONE                                                               */
/* clang-format on */
typedef enum { WF_VU_IDLE, WF_VU_STEPPING, WF_VU_WAITING, WF_VU_GONE } wf_vu_state_e;

struct wf_vu_t {
    wf_shard_t *shard;
    wf_vu_state_e state;
    apr_int64_t number;       /* __VU, from 1 */
    apr_int64_t iteration;    /* __ITER, from 0; the next one while IDLE */
    apr_int64_t iteration_us; /* when it began */
    int step;                 /* index of the current step */
    int failed;               /* the iteration met an error that aborts */
    apr_pool_t *pool;         /* the iteration's, made on first use */
    wf_group_t *group;
    wf_client_transfer_t *transfer; /* made on first use */
    wf_result_t *results;           /* one per step */
    wf_result_t *response;          /* of the latest http step of this iteration */
    wf_scope_t scope;
    wf_vu_t *next_ready;
};

void wf_vu_turn(wf_vu_t *vu);          /* from the ready queue */
void wf_vu_step_done(wf_vu_t *vu);     /* a waiting step has filled its result */
void wf_vu_cut(wf_vu_t *vu);           /* interrupt and retire */
const char *wf_vu_uuid(apr_pool_t *p); /* ${__uuid}: random, RFC 9562 version 4 */
apr_pool_t *wf_vu_pool(wf_vu_t *vu);

/* ---- shards: the part of a run on one loop (shard.c) ------------------------------- */

typedef enum { WF_SHARD_RUNNING, WF_SHARD_DRAINING, WF_SHARD_DONE } wf_shard_phase_e;

struct wf_shard_t {
    /* set by the run before the start, then only read */
    wf_run_t *run;
    wf_loop_t *loop;
    apr_int64_t first_vu, stride; /* its users are first_vu, first_vu + stride … */
    int nvus;
    wf_message_t start_msg, stop_msg, cut_msg; /* each is sent once at most */

    /* the loop's */
    wf_metrics_t *metrics; /* in the run's pool; read by others after DONE */
    wf_shard_phase_e phase;
    apr_pool_t *pool;
    wf_vu_t *vus;
    int live;           /* virtual users that are not GONE */
    apr_int64_t credit; /* shared-iterations: claimed, not yet begun */
    wf_timer_t deadline, grace;
    int stopped; /* drained by a stop, not by its own end */
    wf_shard_t *next_finished;
};

void wf_shard_start(wf_shard_t *shard);
/** No new iterations; what still runs after grace_ns is cut. */
void wf_shard_stop(wf_shard_t *shard, apr_int64_t grace_ns);
void wf_shard_vu_gone(wf_shard_t *shard);
void wf_shard_end(wf_shard_t *shard); /* after the turn in which the last VU left */

/* ---- runs (run.c, status.c) -------------------------------------------------------- */

typedef enum {
    WF_EV_START,
    WF_EV_PAUSE,
    WF_EV_RESUME,
    WF_EV_FINISH,
    WF_EV_FAIL,
    WF_EV_STOP,
    WF_EVS
} wf_run_event_e;

/** The state that an event leads to, or -1 if the state does not allow it. */
int wf_run_next_status(wf_run_status_e from, wf_run_event_e event);

struct wf_run_t {
    struct wf_load_t *load;
    apr_pool_t *pool; /* the plan's */
    const wf_plan_t *plan;
    const char *id;
    wf_shard_t *shards;
    int nshards;
    apr_int64_t planned; /* iterations, 0 = open */
    apr_int64_t claimed; /* shared-iterations: atomic, taken in lots by loops */

    /* guarded by the load engine's lock */
    wf_run_status_e status;
    apr_int64_t start_ms, end_ms, start_us, end_us;
    int shards_live;
    int stopping;             /* stop or abort was asked for */
    wf_run_event_e outcome;   /* the event that the end of a stopped run is */
    int broken;               /* a shard could not run */
    const char *abort_reason; /* threshold that ended the run, in pool */
    apr_int64_t vus_min, vus_max, vus_sum, vus_samples;
    apr_int64_t judged_us; /* when abort_on_fail was looked at last */
    int reported;          /* progress was told once: its owner knows that it runs */
    int users;             /* threads that hold a reference */
    wf_run_t *next;
};

/** Create the run and its shards; nothing runs yet. */
wf_run_t *wf_run_create(struct wf_load_t *load, wf_plan_t *plan, const char *id,
                        apr_pool_t *p);
/** The one function that changes a run's status. The load engine's lock is held. 0:
 *  refused. */
int wf_run_transit(wf_run_t *run, wf_run_event_e event);
/** Send the start to all loops. The lock is held. */
void wf_run_start(wf_run_t *run);
/** Send the stop to all loops; the run will end by outcome (STOP or FAIL). The lock is
 *  held. 0: it has ended or is stopping already. */
int wf_run_stop(wf_run_t *run, wf_run_event_e outcome, apr_int64_t grace_ns);
/** Cut every running iteration, also while stopping. Once. The lock is held. */
void wf_run_cut(wf_run_t *run);
/** A shard has ended, or cannot run at all (on its loop). The run may be gone afterwards.
 */
void wf_run_shard_ended(wf_run_t *run, int broken);
/** Ask all loops and render. The caller holds a reference, not the lock. */
void wf_run_snapshot(wf_run_t *run, wf_run_snapshot_t *snapshot, apr_pool_t *p);
/** The same from the progress thread, which also samples the gauges and ends the run for
 *  an abort_on_fail threshold. */
void wf_run_tick(wf_run_t *run, wf_run_snapshot_t *snapshot, apr_pool_t *p);

/* A question to all loops: add your counters to total. */
typedef struct wf_collect_t wf_collect_t;
void wf_collect_answer(wf_collect_t *collect, int index);

/* ---- the load engine (load.c) ------------------------------------------------------ */

struct wf_load_t {
    apr_pool_t *pool;
    wf_load_options_t options;
    wf_loop_t **loops;
    int nloops;
    pthread_t progress_thread;

    /* lock: taken by any thread for short times, never while a loop is waited for */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a run ended, a reference was given back, closing */
    wf_run_t *runs;         /* until their final progress call */
    int nruns;              /* those that have not ended */
    apr_int64_t vus;        /* configured, of all that have not ended */
    unsigned sequence;      /* spreads small runs over the loops */
    int closing;
};

#endif
