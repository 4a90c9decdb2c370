/* load: how step types read what a document says of them; a part of step.h. A plan is never
 * written once it runs; loops share it. */
#ifndef WF_LOAD_COMPILE_H
#define WF_LOAD_COMPILE_H

#include "load/load.h"
#include "document/document.h"
#include "metrics/metrics.h"
#include "client/client.h"
#include "script/script.h"

#include <apr_hash.h>
#include <apr_strings.h>

#define NS_PER_S ((apr_int64_t)1000000000)
#define NS_PER_MS ((apr_int64_t)1000000)

#define WF_STEP_EXTRAS 4 /* numbers of its own that a step measures */

typedef struct wf_step_type_t wf_step_type_t;
typedef struct wf_step_t wf_step_t;
typedef struct wf_strand_t wf_strand_t;
typedef struct wf_result_t wf_result_t;

/* ---- plans (plan.c) ---------------------------------------------------------------- */

/** The plan that a compilation makes. */
static inline wf_plan_t *wf_plan_of(const wf_compile_t *c)
{
    return c->made;
}

/** Where files of a document may be, or NULL. */
const char *wf_plan_directory(const wf_plan_t *plan);
/** What a document draws on: env:NAME, secret:NAME, file:name. 1 found. (names.c) */
int wf_plan_outside(const wf_plan_t *plan, const char *name, wf_value_t *value);
/** The same, or a variable of the document: what is known before any user runs. */
int wf_plan_constant(const wf_plan_t *plan, const char *name, wf_value_t *value);
/** The step with this id, or NULL. */
wf_step_t *wf_plan_step(const wf_plan_t *plan, const char *id);
/** The n-th of all steps, hooks and processors included; NULL behind the last. */
wf_step_t *wf_plan_step_at(const wf_plan_t *plan, int n);
int wf_plan_slots(const wf_plan_t *plan); /* how many there are */

/** Bodies and headers of answers are kept if some template or script may ask for them. What
 *  compiles one says so; all are known when steps are linked. */
void wf_plan_read_answers(wf_plan_t *plan, int body, int headers);
int wf_plan_reads_body(const wf_plan_t *plan);
int wf_plan_reads_headers(const wf_plan_t *plan);
/** The same of what was really sent: 1 if a text names it (actualRequest). */
int wf_plan_reads_requests(const wf_plan_t *plan);
/** What compiles a text that may name it says so. */
void wf_plan_read_requests(wf_plan_t *plan, const char *text);
/** The secrets that the document draws on, of const char *, longer ones first; NULL: none. */
const apr_array_header_t *wf_plan_secrets(const wf_plan_t *plan);

/* How users are connected. All zero unless a section of the document says something. */
typedef struct wf_user_terms_t {
    int shared_connections; /* with all others of the loop; else each user has its own */
    int keep_cookies;       /* over iterations */
    apr_int64_t max_connections; /* to one host, of a user or of all who share; 0: any */
} wf_user_terms_t;
void wf_plan_set_users(wf_plan_t *plan, const wf_user_terms_t *terms);

/* ---- what a plan holds for step types -------------------------------------------------- */

/* A section of the document that belongs to types, or what their steps share. */
typedef struct wf_section_t {
    const char *name; /* of a member of the document, a map; NULL: it has none */

    /** What the plan holds, as if the document said nothing. */
    void *(*create)(wf_compile_t *c);

    /** Read the member, after all were created and before the steps. */
    void (*compile)(void *section, const wf_node_t *map, const wf_where_t *path,
                    wf_compile_t *c);
} wf_section_t;

/** What create made. */
void *wf_plan_section(const wf_plan_t *plan, const wf_section_t *section);

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

/* ---- steps (step.c) --------------------------------------------------------------- */

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
    int customs[WF_STEP_EXTRAS]; /* of its own numbers with those of other steps, or -1 */
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
/** The same for the body of a loop: break and continue steps in it may mean step. */
void wf_block_compile_loop(wf_block_t *block, const wf_node_t *list, wf_step_t *step,
                           const wf_where_t *path, wf_compile_t *c);
/** The same for choices: a weight has a meaning at these steps. */
void wf_block_compile_choices(wf_block_t *block, const wf_node_t *list,
                              const wf_where_t *path, wf_compile_t *c);
/** The loop around the step that is being compiled, or NULL; then *fence says what it cannot
 *  leave, if that is why (or NULL). Others are behind enclosing. */
const wf_step_t *wf_block_loop(const wf_compile_t *c, const char **fence);
/** Check config and the step's own members of those names against one table, and store
 *  them: the keys of control steps may stand at either place. path is the config's. */
void wf_step_bind(const wf_step_t *step, const wf_field_t *fields,
                  const wf_node_t *config, void *target, const wf_where_t *path,
                  wf_compile_t *c);
/** Where a key was written, for messages: its node (or NULL) and its path in *at. */
const wf_node_t *wf_step_member(const wf_step_t *step, const wf_node_t *config,
                                const char *name, const wf_where_t *path, wf_where_t *at);
/** A step without an id that another one brings along, such as a processor. The caller
 *  fills type and config. */
wf_step_t *wf_step_add(const wf_node_t *node, const wf_where_t *path, wf_compile_t *c);

/** The retries that {max_attempts, delay, backoff, max_delay} in a config ask for. */
extern const wf_field_t wf_retry_fields[];
void wf_retry_init(wf_retry_t *retry);
void wf_retry_check(const wf_retry_t *retry, const wf_node_t *node, const wf_where_t *path,
                    wf_compile_t *c);

/* ---- all that steps can be ----------------------------------------------------------- */

/** What a reader of documents hands over (wf_surroundings_t). */
struct wf_steps_t {
    const wf_step_type_t *const *types;   /* NULL terminated */
    const wf_section_t *const *sections; /* the same; in the order in which they are read */

    /** Members that any step may have beside those that the machine knows and those of its
     *  type; NULL: none. And what reads them, to fill step->before and step->after; path is
     *  the step's. */
    const wf_field_t *members;
    void (*process)(wf_step_t *step, const wf_where_t *path, wf_compile_t *c);
};

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
    WF_M_STEP_REQS, /* of all measured steps together */
    WF_M_STEP_DURATION,
    WF_M_STEP_FAILED,
    WF_M_BUILTIN
} wf_measure_e;

#endif
