/* Migration: a running instance goes on with another definition. Shared by the files that
 * do it: migration_plan.c (which node becomes which), migration.c (the tree) and
 * migration_rows.c (what belongs to its executions). */
#ifndef WF_BPMN_MIGRATION_H
#define WF_BPMN_MIGRATION_H

#include "bpmn/run.h"

typedef struct wf_migrating_t {
    const wf_bpmn_call_t *call;
    const wf_migration_t *plan;
    const wf_model_t *source, *target;
    apr_hash_t *rules; /* const wf_migration_rule_t * by the id of its source */
    wf_problems_t *problems;
    apr_pool_t *p;
} wf_migrating_t;

/** Load the models and index the rules; problems may be NULL. */
apr_status_t wf_migrating_init(wf_migrating_t *m, const wf_bpmn_call_t *call,
                               const wf_migration_t *plan, wf_problems_t *problems,
                               wf_error_t *err);

/** What a node of the source becomes: by its rule, else the node with the same id. NULL
 * if there is none, or if it is no match. */
const wf_node_t *wf_migration_image(const wf_migrating_t *m, const wf_node_t *node);

/** The same for a node that must have one: else a problem is added, once a node. */
const wf_node_t *wf_migration_require(const wf_migrating_t *m, const wf_node_t *node);

/** 1 if what waits for the event is to be planned anew. */
int wf_migration_renews(const wf_migrating_t *m, const wf_node_t *event);

/** An execution with what becomes of it. */
typedef struct wf_place_t {
    wf_exec_t *exec;
    const wf_node_t *target;
    apr_array_header_t *awaited; /* const wf_node_t *: events of the source model that it
                                    waits for, or has waited for */
} wf_place_t;

/** Events that exec waits for as it stands: with its token, and around its scope; of
 *  const wf_node_t *. */
apr_array_header_t *wf_migration_awaited(const wf_exec_t *exec);

/** The rows of a place whose execution stands on its target already. */
apr_status_t wf_migration_move_rows(const wf_migrating_t *m, const wf_place_t *place,
                                    wf_error_t *err);

/** What belongs to the instance as a whole. */
apr_status_t wf_migration_move_instance(const wf_migrating_t *m, wf_id_t instance,
                                        wf_error_t *err);

#endif
