/* bpmn: BPMN 2.0 files become immutable models, models run as process instances. A call
 * works on one unit of work: it loads what it needs, lets the agenda run until every token
 * waits or has ended, and leaves row changes; nothing is written here. Knows no HTTP, no
 * process, no thread: the engine decides who calls, serialises calls on one instance and
 * commits. Words are BPMN's: activity, flow, execution (a token's place), scope. */
#ifndef WF_BPMN_H
#define WF_BPMN_H

#include "core/core.h"
#include "store/store.h"

/* ---- models ------------------------------------------------------------------------------- */

/** One process of a file, parsed and validated; never written after that, shared by all
 *  threads. */
typedef struct wf_model_t wf_model_t;

/** Parse one file. Every executable process becomes a wf_model_t * of *models. All faults
 *  (with line, column, element and rule) are added to problems; the models may be used only
 *  if it has no errors. External entities are not resolved, DTD entities are refused. */
void wf_model_parse(apr_array_header_t **models, const char *xml, apr_size_t length,
                    wf_problems_t *problems, apr_pool_t *p);

const char *wf_model_key(const wf_model_t *model);
const char *wf_model_name(const wf_model_t *model);            /* or NULL */
const char *wf_model_description(const wf_model_t *model);     /* or NULL */
const char *wf_model_category(const wf_model_t *model);        /* target namespace */
const char *wf_model_start_form_key(const wf_model_t *model);  /* or NULL */

/** A bounded cache of models by definition id, shared by all threads. A model in use stays
 *  valid until it is released, also if it was forgotten meanwhile. */
typedef struct wf_models_t wf_models_t;

/** Give the XML of a definition's resource in p; WF_ERR_NOT_FOUND if there is none. */
typedef apr_status_t wf_model_loader_fn(void *baton, const wf_definition_t *definition,
                                        const char **xml, apr_size_t *length,
                                        apr_pool_t *p, wf_error_t *err);

wf_models_t *wf_models_create(int capacity, wf_model_loader_fn *loader, void *baton,
                              apr_pool_t *p);

/** The definition's model, parsed on first use; released when p is cleared. baton is handed
 *  to the loader instead of the one of the cache if it is not NULL. */
apr_status_t wf_models_get(wf_models_t *models, const wf_definition_t *definition,
                           void *baton, const wf_model_t **model, apr_pool_t *p,
                           wf_error_t *err);
void wf_models_forget(wf_models_t *models, const char *definition_id);

/* ---- running --------------------------------------------------------------------------------- */

/** One call into the engine. */
typedef struct wf_bpmn_call_t {
    wf_uow_t *uow;
    wf_models_t *models;
    void *loader_baton;  /* for wf_models_get */
    const char *user;    /* authenticated user; NULL for jobs */
    apr_int64_t now;     /* ms; one time stamp for the whole call */
    int max_steps;       /* agenda operations before the call fails (endless loop guard) */
} wf_bpmn_call_t;

typedef struct wf_started_t {
    wf_id_t id;                      /* process instance */
    const char *definition_id;
    apr_array_header_t *activities;  /* const char *: where execution rests, depth-first */
    int ended;
} wf_started_t;

/** Start an instance of a definition with variables (may be NULL) and business key (NULL).
 *  WF_ERR_EXECUTION when an expression or a gateway fails: drop the unit. */
apr_status_t wf_bpmn_start(const wf_bpmn_call_t *call, const wf_definition_t *definition,
                           const wf_map_t *variables, const char *business_key,
                           wf_started_t *started, wf_error_t *err);

/** Set the assignee if the task is free or already user's; WF_ERR_CONFLICT if it is
 *  somebody else's, WF_ERR_NOT_FOUND for an unknown task. */
apr_status_t wf_bpmn_claim(const wf_bpmn_call_t *call, wf_id_t task, const char *user,
                           wf_error_t *err);

/** Set the variables, complete the task and let the process move on. */
apr_status_t wf_bpmn_complete(const wf_bpmn_call_t *call, wf_id_t task,
                              const wf_map_t *variables, wf_error_t *err);

/** Run a job (an asynchronous continuation) and delete it. */
apr_status_t wf_bpmn_execute_job(const wf_bpmn_call_t *call, wf_job_t *job, wf_error_t *err);

#endif
