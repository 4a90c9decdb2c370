/* load, inside: the plan that a document is compiled into. A plan is never written once it
 * runs; loops share it. What a step leaves behind is in result.h, what runs it in
 * internal.h. */
#ifndef WF_LOAD_PLAN_H
#define WF_LOAD_PLAN_H

#include "load/load.h"
#include "load/data.h"
#include "document/document.h"
#include "metrics/metrics.h"
#include "output/output.h"
#include "client/client.h"
#include "script/script.h"

#define WF_PLAN_MAX_STEPS 2000 /* nested ones and hooks included */
#define WF_PLAN_MAX_NESTING 20 /* of blocks */
#define WF_PLAN_MAX_THRESHOLDS 100
#define WF_PLAN_MAX_SCENARIOS 50
#define WF_PLAN_MAX_STAGES 1000
#define WF_PLAN_MAX_FILE (1024 * 1024) /* bytes of a ${file:…} */
#define WF_PLAN_MAX_FILES 100
#define WF_PLAN_MAX_METRICS 200 /* of the document */
#define WF_PLAN_MAX_FRAGMENTS 200
#define WF_PLAN_MAX_VUS 1000000
#define WF_STEP_EXTRAS 4
#define WF_GRACEFUL_STOP_NS (30 * NS_PER_S)
#define WF_SINGLE_NS (60 * NS_PER_S) /* setup, teardown: each at most so long */

#define NS_PER_S ((apr_int64_t)1000000000)
#define NS_PER_MS ((apr_int64_t)1000000)

typedef struct wf_executor_t wf_executor_t;
typedef struct wf_step_type_t wf_step_type_t;
typedef struct wf_step_t wf_step_t;
typedef struct wf_plan_t wf_plan_t;
typedef struct wf_strand_t wf_strand_t;
typedef struct wf_result_t wf_result_t;

/** The plan that a compilation makes. */
static inline wf_plan_t *wf_plan_of(const wf_compile_t *c)
{
    return c->made;
}

/* ---- texts (text.c) ---------------------------------------------------------------- */

/* A text that may contain ${…}: one of the two is set. */
typedef struct wf_text_t {
    const char *literal;
    wf_template_t *tmpl;
} wf_text_t;

/** Compile a text; notes in the plan what its templates read. A problem gives an empty
 *  one. */
wf_text_t wf_compile_text(wf_compile_t *c, const char *text, const wf_node_t *node,
                          const wf_where_t *path);
/** The text of a compiled one as a strand sees names; strand may be NULL for a literal. */
apr_status_t wf_text_eval(const wf_text_t *text, wf_strand_t *strand, const char **out,
                          apr_pool_t *p, wf_error_t *err);

/** Compile an expression such as ${login.status_code} == 200; NULL with a problem. */
wf_expr_t *wf_compile_expr(wf_compile_t *c, const char *text, const wf_node_t *node,
                           const wf_where_t *path);
/** Its truth as a strand sees names. */
apr_status_t wf_expr_truth(const wf_expr_t *expr, wf_strand_t *strand, int *truth,
                           wf_error_t *err);

/** A value of a document in which texts may be templates: ${path} alone keeps the type of
 *  what it names. Structure is fixed, so lists and maps of constants cost nothing. */
typedef struct wf_shape_t wf_shape_t;
wf_shape_t *wf_compile_shape(wf_compile_t *c, const wf_node_t *node,
                             const wf_where_t *path);
apr_status_t wf_shape_eval(const wf_shape_t *shape, wf_strand_t *strand,
                           wf_value_t *value, apr_pool_t *p, wf_error_t *err);

/* ---- steps (steps.c) --------------------------------------------------------------- */

/* Steps that follow one another. */
typedef struct wf_block_t {
    wf_step_t **steps;
    int count;
} wf_block_t;

typedef enum {
    WF_ON_ERROR_ABORT,
    WF_ON_ERROR_CONTINUE,
    WF_ON_ERROR_SKIP,
    WF_ON_ERROR_RETRY
} wf_on_error_e;

typedef enum { WF_BACKOFF_FIXED, WF_BACKOFF_LINEAR, WF_BACKOFF_EXPONENTIAL } wf_backoff_e;

typedef struct wf_retry_t {
    apr_int64_t max_attempts; /* in all */
    apr_int64_t delay_ns;
    int backoff;              /* wf_backoff_e */
    apr_int64_t max_delay_ns; /* 0: no cap */
} wf_retry_t;

/** What to wait before attempt n + 1, n from 1. */
apr_int64_t wf_retry_delay_ns(const wf_retry_t *retry, int attempt);

struct wf_step_t {
    const char *id, *name; /* id NULL: a hook or a processor, which nobody can refer to */
    int index;             /* its slot among the plan's steps */
    int metric;            /* its first metric, see wf_step_metric_e; -1: not measured */
    const wf_step_type_t *type;
    int on_error; /* wf_on_error_e */
    wf_retry_t retry;
    apr_int64_t timeout_ns; /* of an attempt; -1: the type's own */
    int disabled;
    wf_step_t *pre_hook, *post_hook; /* or NULL */
    wf_block_t before, after;        /* processors: part of each attempt */
    apr_int64_t weight;              /* within a random choice */
    const wf_step_t *enclosing;      /* of a loop: the loop around it, or NULL */
    void *config;                    /* what type->compile made */
    const wf_node_t *node;           /* as written; for messages … */
    const char *where;               /* … and where: steps[2] */
};

/** Compile a list of steps into a block, in the plan's slots. Empty lists are a problem
 *  unless may_be_empty. */
void wf_block_compile(wf_block_t *block, const wf_node_t *list, int may_be_empty,
                      const wf_where_t *path, wf_compile_t *c);
/** The same for steps that break and continue cannot leave; fence says why not. */
void wf_block_compile_fenced(wf_block_t *block, const wf_node_t *list, const char *fence,
                             const wf_where_t *path, wf_compile_t *c);
/** Compile a hook {type, config}; NULL with a problem. */
wf_step_t *wf_hook_compile(const wf_node_t *node, const wf_where_t *path,
                           wf_compile_t *c);
/** Check config and the step's own members of those names against one table, and store
 *  them: the keys of control steps may stand at either place. path is the config's. */
void wf_step_bind(const wf_step_t *step, const wf_field_t *fields,
                  const wf_node_t *config, void *target, const wf_where_t *path,
                  wf_compile_t *c);
/** Where a key was written, for messages: its node (or NULL) and its path in *at. */
const wf_node_t *wf_step_member(const wf_step_t *step, const wf_node_t *config,
                                const char *name, const wf_where_t *path, wf_where_t *at);
/** The workflow's member scripts: fragments for call steps. Before the steps. */
void wf_fragments_compile(const wf_node_t *scripts, const wf_where_t *path,
                          wf_compile_t *c);
/** All steps are compiled without a problem: declare their metrics, link them. */
void wf_steps_link(wf_compile_t *c);
/** A step without an id that another one brings along, such as a processor. The caller
 *  fills type and config. */
wf_step_t *wf_step_add(const wf_node_t *node, const wf_where_t *path, wf_compile_t *c);

/** The retries that {max_attempts, delay, backoff, max_delay} in a config ask for. */
extern const wf_field_t wf_retry_fields[];
void wf_retry_init(wf_retry_t *retry);
void wf_retry_check(const wf_retry_t *retry, const wf_node_t *node, const wf_where_t *path,
                    wf_compile_t *c);

/* ---- the http section (http_compile.c) --------------------------------------------- */

/* Inherited by every http step; unset durations and numbers are -1. */
typedef struct wf_http_options_t {
    int verify, follow, compression, keep_alive;
    const char *cert, *key, *key_password, *ca, *server_name;
    apr_int64_t max_redirects, max_response_size;
    apr_int64_t connect_ns, read_ns, write_ns, request_ns;
    const wf_node_t *version, *cookies, *resolve; /* or NULL */
} wf_http_options_t;

typedef struct wf_http_section_t {
    const char *base_url;
    const wf_node_t *domains, *headers;
    apr_array_header_t *pairs; /* headers compiled, by the first http step */
    wf_http_options_t options;
    int connections; /* wf_connections_e */
    int keep_cookies; /* a user keeps them over iterations */
    int checked;      /* its options were looked at */
    apr_int64_t max_connections; /* to one host, of a user or of those who share; 0: any */
} wf_http_section_t;

typedef enum { WF_CONNECTIONS_PER_VU, WF_CONNECTIONS_SHARED } wf_connections_e;

extern const wf_field_t wf_http_section_fields[];
void wf_http_section_init(wf_http_section_t *section);

/* ---- scenarios (scenario.c) -------------------------------------------------------- */

typedef struct wf_stage_t {
    apr_int64_t duration_ns, target;
    const char *name;
} wf_stage_t;

/* What an executor is told. -1: not given. */
typedef struct wf_load_shape_t {
    const wf_executor_t *executor;
    apr_int64_t vus;
    apr_int64_t duration_ns, iterations;
    const wf_stage_t *stages;
    int nstages;
    apr_int64_t start_vus;
    apr_int64_t rate, time_unit_ns; /* iterations each so long */
    apr_int64_t start_rate;         /* 0 if not given */
    apr_int64_t pre_allocated_vus, max_vus;
    apr_int64_t graceful_stop_ns, graceful_ramp_ns;
} wf_load_shape_t;

/* Users of one kind: when they come and what they do. A document without scenarios is one
 * scenario that has no name. */
typedef struct wf_scenario_t {
    const char *name; /* "" for the only one of the plain form */
    int index;
    wf_load_shape_t shape;
    apr_int64_t start_ns;     /* after the run's start */
    apr_int64_t first_number; /* __VU of its first user is one more */
    wf_block_t steps;
    wf_step_t *pre_hook, *post_hook; /* around each iteration */
    apr_int64_t think_min_ns, think_max_ns; /* pause between two steps of an iteration */
    apr_int64_t pacing_ns;                  /* iterations of a user begin so far apart */
    const wf_map_t *tags;                   /* or NULL */
} wf_scenario_t;

/** Read options and scenarios. */
void wf_scenarios_compile(const wf_node_t *root, wf_compile_t *c);

/* ---- metrics that every plan has (measures.c) -------------------------------------- */

/* Indexes in the plan's table, in the order of the rows in measures.c. */
typedef enum {
    WF_M_HTTP_REQS,
    WF_M_HTTP_DURATION,
    WF_M_HTTP_BLOCKED, /* the phases of an exchange */
    WF_M_HTTP_LOOKING_UP,
    WF_M_HTTP_CONNECTING,
    WF_M_HTTP_TLS,
    WF_M_HTTP_SENDING,
    WF_M_HTTP_WAITING,
    WF_M_HTTP_RECEIVING,
    WF_M_HTTP_FAILED,
    WF_M_HTTP_STATUS,
    WF_M_HELD, /* requests that waited for the administrator's rate */
    WF_M_ITERATIONS,
    WF_M_ITERATION_DURATION,
    WF_M_ITERATION_SUCCESS,
    WF_M_DROPPED,
    WF_M_INTERRUPTED,
    WF_M_START_DELAY, /* how late iterations began: the generator's own lag */
    WF_M_VUS,
    WF_M_VUS_MAX,
    WF_M_SENT,
    WF_M_RECEIVED,
    WF_M_CHECKS,
    WF_M_BUILTIN
} wf_measure_e;

/* Metrics of a step, from its first on. */
typedef enum {
    WF_SM_COUNT,
    WF_SM_SUCCESS,
    WF_SM_FAILURE,
    WF_SM_DURATION,
    WF_SM_STATUS, /* a tally of HTTP statuses */
    WF_SM_EXTRA   /* the first of the type's own */
} wf_step_metric_e;

/** A table with the built-in rows. */
wf_metric_table_t *wf_measures_create(apr_pool_t *p);
/** The rows of a step; gives step->metric. */
void wf_measures_step(wf_metric_table_t *table, wf_step_t *step);
/** The metrics section: name → type, or {type, unit}. */
void wf_measures_custom(const wf_node_t *section, const wf_where_t *path, wf_compile_t *c);

/** Read options.thresholds, once all metrics are declared. */
void wf_thresholds_compile(const wf_node_t *list, const wf_where_t *path,
                           wf_compile_t *c);

/* options.baseline (baseline.c): an earlier execution that the run is compared with. */
typedef struct wf_baseline_t {
    const char *execution; /* its id, or WF_BASELINE_LATEST; NULL: none */
    wf_compare_t how;
    double max_regression; /* percent that figures may be worse; < 0: as they like */
    json_object *figures;  /* what is kept of it (wf_figures); NULL: there is none */
    int line, column;
} wf_baseline_t;

/** Read it, once all metrics are declared. */
void wf_baseline_compile(const wf_node_t *node, const wf_where_t *path, wf_compile_t *c);

/** Read options.outputs (outputs.c). */
void wf_plan_outputs(const wf_node_t *list, const wf_where_t *path, wf_compile_t *c);

/* ---- plans (plan.c) ---------------------------------------------------------------- */

struct wf_plan_t {
    apr_pool_t *pool;
    const char *id, *name, *description;
    wf_map_t *variables;
    wf_data_set_t data; /* rows that users take */
    struct wf_db_pools_t *databases; /* connections of db steps; NULL: there are none */
    wf_http_section_t http;
    const wf_surroundings_t *around; /* never NULL */
    apr_hash_t *files;               /* name → text that ${file:name} stands for */

    wf_step_t **steps; /* all of them, by index */
    int nsteps;
    apr_hash_t *step_ids;  /* id → wf_step_t * */
    apr_hash_t *fragments; /* name → struct wf_fragment_t * */

    wf_scenario_t *scenarios;
    int nscenarios;
    wf_scenario_t *setup, *teardown; /* one user, one iteration; or NULL */

    wf_metric_table_t *metrics;
    wf_threshold_t *thresholds;
    int nthresholds;

    apr_int64_t warmup_ns; /* samples before are not counted */
    const wf_map_t *tags;  /* options.tags, or NULL */
    wf_outputs_t *outputs; /* or NULL */
    wf_output_names_t output_names;
    wf_baseline_t baseline;

    /* while it is compiled */
    const wf_node_t *thresholds_node, *baseline_node;
    wf_step_t *pre_hook, *post_hook; /* those of scenarios without their own */
    const wf_step_t *inner;          /* the loop that a break would leave, or NULL */
    const struct wf_fragment_t *fragment; /* whose steps are compiled, or NULL */
    const char *fence;               /* what it cannot leave, if that is all there is */
    int nesting;                     /* of the block that is being compiled */
    int weighing;                    /* the steps of the next block are choices */
    int reads_body, reads_headers; /* some template or script may ask for them */
};

/** What a document draws on: env:NAME, secret:NAME, file:name. 1 found. (names.c) */
int wf_plan_outside(const wf_plan_t *plan, const char *name, wf_value_t *value);

/** The step with this id, or NULL. */
wf_step_t *wf_plan_step(const wf_plan_t *plan, const char *id);

/* ---- http steps (http_*.c, step_http.c) -------------------------------------------- */

typedef struct wf_pair_t {
    const char *name; /* of a query parameter: percent-encoded */
    wf_text_t value;
} wf_pair_t;

/* How the text of a template becomes part of a body. */
typedef enum { WF_AS_IS, WF_AS_JSON, WF_AS_FORM } wf_spelling_e;

/* A piece of a body: bytes as they are, or a template. */
typedef struct wf_piece_t {
    const char *literal;
    apr_size_t length;
    wf_template_t *tmpl;
    int spelling; /* wf_spelling_e, of what the template says */
} wf_piece_t;

/* A part of a multipart body. */
typedef struct wf_http_part_t {
    const char *name;
    wf_text_t filename, type; /* neither literal nor tmpl: none */
    wf_text_t value;          /* or bytes: */
    const char *data;
    apr_size_t length;
} wf_http_part_t;

typedef struct wf_http_step_t {
    const char *method;
    wf_text_t url, base; /* base: prefix of a relative url; may be empty */
    apr_array_header_t *headers, *query; /* of wf_pair_t */
    apr_array_header_t *cookies; /* of wf_pair_t, beside those of the user */
    apr_array_header_t *body;            /* of wf_piece_t, NULL = no body */
    apr_array_header_t *parts;           /* of wf_http_part_t, instead of body */
    wf_client_settings_t settings;
    apr_size_t max_body;
    int fail_on_status;
    wf_client_call_t *call; /* made with the plan if there is nothing to evaluate */
} wf_http_step_t;

void wf_http_compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                     wf_compile_t *c);
void wf_http_link(wf_step_t *step, wf_compile_t *c);
/** What the http section says, without a request: for those of scripts. */
wf_http_step_t *wf_http_compile_section(wf_compile_t *c);
/** Append text to an array of char, percent-encoded for a query. */
void wf_percent_append(apr_array_header_t *out, const char *text);
/** text as a JSON string, quotes included. */
const char *wf_json_quote(const char *text, apr_pool_t *p);
int wf_http_is_absolute(const char *url);
/** The call of a step for a strand, or for none if everything is literal. */
apr_status_t wf_http_call(wf_client_call_t **call, const wf_step_t *step,
                          const wf_plan_t *plan, wf_strand_t *strand, apr_pool_t *p,
                          wf_error_t *err);

#endif
