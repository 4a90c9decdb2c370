/* load, inside: the plan that a document is compiled into, and what its steps leave
 * behind. A plan is never written once it runs. */
#ifndef WF_LOAD_PLAN_H
#define WF_LOAD_PLAN_H

#include "load/load.h"
#include "document/document.h"
#include "client/client.h"
#include "script/script.h"

#define WF_PLAN_MAX_STEPS 500
#define WF_PLAN_MAX_THRESHOLDS 100
#define WF_PLAN_MAX_VUS 1000000
#define WF_STEP_EXTRAS 4
#define WF_GRACEFUL_STOP_NS (30 * NS_PER_S)

#define NS_PER_S ((apr_int64_t)1000000000)
#define NS_PER_MS ((apr_int64_t)1000000)

/* ---- plans (plan.c, steps.c, thresholds.c) ----------------------------------------- */

typedef struct wf_executor_t wf_executor_t;
typedef struct wf_step_t wf_step_t;
typedef struct wf_vu_t wf_vu_t;
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
    const wf_node_t *node; /* as written; for messages */
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

/** The plan that a compilation makes. */
static inline wf_plan_t *wf_plan_of(const wf_compile_t *c)
{
    return c->made;
}

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

#endif
