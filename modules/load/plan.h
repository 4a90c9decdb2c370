/* load, inside: the plan that a document is compiled into. What its steps have of it is in
 * compile.h, what runs it in internal.h. */
#ifndef WF_LOAD_PLAN_H
#define WF_LOAD_PLAN_H

#include "load/step.h"
#include "load/data.h"
#include "load/segment.h"
#include "output/output.h"

#define WF_PLAN_MAX_STEPS 2000 /* nested ones and hooks included */
#define WF_PLAN_MAX_NESTING 20 /* of blocks */
#define WF_PLAN_MAX_THRESHOLDS 100
#define WF_PLAN_MAX_SCENARIOS 50
#define WF_PLAN_MAX_STAGES 1000
#define WF_PLAN_MAX_FILE (1024 * 1024) /* bytes of a ${file:…} */
#define WF_PLAN_MAX_FILES 100
#define WF_PLAN_MAX_METRICS 200 /* of the document */
#define WF_PLAN_MAX_VUS 1000000
#define WF_GRACEFUL_STOP_NS (30 * NS_PER_S)
#define WF_SINGLE_NS (60 * NS_PER_S) /* setup, teardown: each at most so long */

typedef struct wf_executor_t wf_executor_t;

/* ---- steps (step.c) --------------------------------------------------------------- */

/** The row of a type, or NULL. */
const wf_step_type_t *wf_step_type_find(const wf_plan_t *plan, const char *name);
/** A copy of a table that has room for n more rows, which *more points to. */
wf_field_t *wf_fields_extend(const wf_field_t *fields, size_t n, wf_field_t **more,
                             wf_compile_t *c);
/** Compile a hook {type, config}; NULL with a problem. */
wf_step_t *wf_hook_compile(const wf_node_t *node, const wf_where_t *path,
                           wf_compile_t *c);
/** All steps are compiled without a problem: declare their metrics, link them. */
void wf_steps_link(wf_compile_t *c);

/* ---- scenarios (scenario.c) -------------------------------------------------------- */

typedef struct wf_stage_t {
    apr_int64_t duration_ns, target;
    const char *name;
} wf_stage_t;

/* What an executor is told. -1: not given. */
typedef struct wf_load_shape_t {
    const wf_executor_t *executor;
    int inferred; /* the document names no mode: it follows from the stages */
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
    apr_int64_t first_number; /* __VU of its first user is one more … */
    apr_int64_t planned_vus;  /* … and of so many users in a row; */
    apr_int64_t next_number;  /* the first that scaling adds has this one, … */
    int stride;               /* … the next ones every so many: others have those between */
    wf_block_t steps;
    wf_step_t *pre_hook, *post_hook; /* around each iteration */
    apr_int64_t think_min_ns, think_max_ns; /* pause between two steps of an iteration */
    apr_int64_t pacing_ns;                  /* iterations of a user begin so far apart */
    const wf_map_t *tags;                   /* or NULL */
} wf_scenario_t;

/** __VU of a scenario's user, from 1: no two users of a run have the same, however many
 *  scaling adds. */
apr_int64_t wf_scenario_number(const wf_scenario_t *scenario, apr_int64_t user);
/** Read options and scenarios. */
void wf_scenarios_compile(const wf_node_t *root, wf_compile_t *c);

/* ---- metrics that every plan has (measures.c) -------------------------------------- */

/* Metrics of a step, from its first on. */
typedef enum {
    WF_SM_COUNT,
    WF_SM_SUCCESS,
    WF_SM_FAILURE,
    WF_SM_DURATION,
    WF_SM_STATUS, /* a tally of HTTP statuses */
    WF_SM_EXTRA   /* the first of the type's own */
} wf_step_metric_e;

/** Count a finished attempt of a step. */
void wf_measures_result(wf_sheet_t *sheet, const wf_result_t *result);
/** Count outcomes of a check, in all and by its name; step may be NULL. */
void wf_measures_check(wf_sheet_t *sheet, const char *step, const char *name, int passes,
                       int fails);
/** A table with the built-in rows. */
wf_metric_table_t *wf_measures_create(apr_pool_t *p);
/** The rows of a step; gives step->metric. */
void wf_measures_step(wf_metric_table_t *table, wf_step_t *step, apr_pool_t *p);
/** The metrics section: name → type, or {type, unit}. */
void wf_measures_custom(const wf_node_t *section, const wf_where_t *path, wf_compile_t *c);

/** Read options.thresholds, a list or a map by metric, once all metrics are declared. */
void wf_thresholds_compile(const wf_node_t *all, const wf_where_t *path,
                           wf_compile_t *c);

/* A metric of the scenarios that have some tags (submetrics.c). */
typedef struct wf_submetric_t {
    int metric, base; /* its place in the table, and that of all scenarios */
    char *has;        /* by scenario */
} wf_submetric_t;

/** Declare what a threshold is about if its name has tags, such as
 *  http_req_duration{scenario:api}: *name becomes that of the table. NULL, or what is wrong;
 *  a metric that does not exist is left to others to complain about. */
const char *wf_submetric_name(const char **name, wf_compile_t *c);

/* options.baseline (baseline.c): an earlier execution that the run is compared with. */
typedef struct wf_baseline_t {
    const char *execution; /* its id, or WF_BASELINE_LATEST; NULL: none */
    wf_compare_t how;
    double max_regression; /* percent that figures may be worse; < 0: as they like */
    json_object *figures;  /* what is kept of it (wf_figures); NULL: there is none */
    int line, column;
} wf_baseline_t;

/** Nothing is said of it. */
void wf_baseline_init(wf_baseline_t *baseline);
/** Read it, once all metrics are declared. */
void wf_baseline_compile(const wf_node_t *node, const wf_where_t *path, wf_compile_t *c);

/* What options say of slaves, as it is read (placement.c). */
typedef struct wf_placement_draft_t {
    const wf_node_t *target_slaves;
    int slave_type;    /* of wf_slave_types; -1: none */
    int on_slave_loss; /* wf_loss_e */
} wf_placement_draft_t;
extern const char *const wf_loss_policies[]; /* by wf_loss_e; closed by NULL */
extern const char *const wf_slave_types[];
/** options: the map itself. */
void wf_placement_compile(const wf_placement_draft_t *draft, const wf_where_t *options,
                          wf_compile_t *c);

/** Read options.outputs (outputs.c). */
void wf_plan_outputs(const wf_node_t *list, const wf_where_t *path, wf_compile_t *c);

/* ---- plans (plan.c) ---------------------------------------------------------------- */

struct wf_plan_t {
    apr_pool_t *pool;
    const char *id, *name, *description;
    wf_map_t *variables;
    wf_data_set_t data; /* rows that users take */
    wf_user_terms_t users;
    const wf_surroundings_t *around; /* never NULL */
    const wf_steps_t *types;         /* never NULL */
    void **sections;                 /* by the rows of types->sections */
    apr_hash_t *files;               /* name → text that ${file:name} stands for */

    wf_step_t **steps; /* all of them, by index */
    int nsteps;
    apr_hash_t *step_ids;  /* id → wf_step_t * */

    wf_scenario_t *scenarios;
    int nscenarios;
    wf_segment_t segment; /* the part of its scenarios that is run here */
    int without_users;    /* only its setup or teardown is run here: no iterations */
    wf_scenario_t *setup, *teardown; /* one user, one iteration; or NULL */

    wf_metric_table_t *metrics;
    apr_array_header_t *submetrics; /* of wf_submetric_t */
    wf_threshold_t *thresholds;
    int nthresholds;

    apr_int64_t warmup_ns; /* samples before are not counted */
    const wf_map_t *tags;  /* options.tags, or NULL */
    wf_outputs_t *outputs; /* or NULL */
    const wf_node_t *outputs_node; /* … what they were read from */
    wf_output_names_t output_names;
    wf_baseline_t baseline;
    wf_placement_t placement;

    /* while it is compiled */
    const wf_node_t *thresholds_node, *baseline_node;
    wf_step_t *pre_hook, *post_hook; /* those of scenarios without their own */
    const wf_step_t *inner;          /* the loop that a break would leave, or NULL */
    const char *fence;               /* what it cannot leave, if that is all there is */
    int nesting;                     /* of the block that is being compiled */
    int weighing;                    /* the steps of the next block are choices */
    int reads_body, reads_headers; /* some template or script may ask for them */
    int reads_requests;
    apr_array_header_t *secrets; /* of const char *: those that it draws on; NULL: none */
};

#endif
