/* What belongs to an execution that has come to another definition: tasks, jobs,
 * subscriptions, external tasks, its open visit. They are renamed. Of events, those that
 * nobody waits for any more go, and those that came in with the new definition are armed.
 */
#include <string.h>

#include "bpmn/migration.h"

/* ---- events ---------------------------------------------------------------------------- */

static void add_all(apr_array_header_t *to, const apr_array_header_t *nodes)
{
    int i;

    for (i = 0; nodes && i < nodes->nelts; i++) {
        APR_ARRAY_PUSH(to, const wf_node_t *) =
            APR_ARRAY_IDX(nodes, i, const wf_node_t *);
    }
}

apr_array_header_t *wf_migration_awaited(const wf_exec_t *exec)
{
    apr_array_header_t *events =
        apr_array_make(exec->instance->turn->p, 2, sizeof(const wf_node_t *));
    int i;

    add_all(events, wf_scope_border(exec));
    add_all(events, wf_scope_handlers(exec));
    if (wf_exec_waits_for(exec, WF_WAIT_EVENT)) {
        APR_ARRAY_PUSH(events, const wf_node_t *) = exec->node;
    }
    for (i = 0; wf_exec_waits_for(exec, WF_WAIT_GATE) && i < exec->node->outgoing->nelts;
         i++) {
        APR_ARRAY_PUSH(events, const wf_node_t *) =
            APR_ARRAY_IDX(exec->node->outgoing, i, const wf_flow_t *)->target;
    }
    return events;
}

static int contains(const apr_array_header_t *nodes, const wf_node_t *node)
{
    int i;

    for (i = 0; i < nodes->nelts; i++) {
        if (APR_ARRAY_IDX(nodes, i, const wf_node_t *) == node) {
            return 1;
        }
    }
    return 0;
}

typedef struct moving_t {
    const wf_migrating_t *m;
    const wf_place_t *place;
    apr_array_header_t *awaited; /* const wf_node_t *: events to wait for from now on */
    apr_array_header_t *missing; /* those of them that are to be armed */
} moving_t;

/* What is to become of a row that waits for the event with this id: the node that it
 * names from now on, or NULL: it goes. */
static const wf_node_t *event_becomes(moving_t *moving, const char *activity)
{
    const wf_node_t *event = wf_model_node(moving->m->source, activity);
    const wf_node_t *to = event ? wf_migration_image(moving->m, event) : NULL;

    if (!to || !contains(moving->awaited, to)) {
        return NULL;
    }
    if (wf_migration_renews(moving->m, event)) {
        APR_ARRAY_PUSH(moving->missing, const wf_node_t *) = to;
        return NULL;
    }
    return to;
}

/* An event that has been used up does not come again because of a migration. */
static void find_new_events(moving_t *moving)
{
    apr_array_header_t *known =
        apr_array_make(moving->m->p, 2, sizeof(const wf_node_t *));
    const apr_array_header_t *before = moving->place->awaited;
    int i;

    for (i = 0; i < before->nelts; i++) {
        APR_ARRAY_PUSH(known, const wf_node_t *) =
            wf_migration_image(moving->m, APR_ARRAY_IDX(before, i, const wf_node_t *));
    }
    for (i = 0; i < moving->awaited->nelts; i++) {
        const wf_node_t *event = APR_ARRAY_IDX(moving->awaited, i, const wf_node_t *);

        if (!contains(known, event)) {
            APR_ARRAY_PUSH(moving->missing, const wf_node_t *) = event;
        }
    }
}

/* ---- jobs and subscriptions ------------------------------------------------------------- */

static int is_of_token(const wf_job_t *job)
{
    return strcmp(job->handler_type, WF_JOB_CONTINUE) == 0
           || strcmp(job->handler_type, WF_JOB_LEAVE) == 0;
}

/* A job that leaves by a flow needs one of the same id. */
static apr_status_t rename_job(moving_t *moving, wf_job_t *job, const wf_node_t *node,
                               wf_error_t *err)
{
    const char *wanted = wf_job_flow(job);
    const wf_flow_t *flow = wanted ? wf_flow_out_of(node, wanted) : NULL;

    if (wanted && !flow) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "flow \"%s\", by which a job goes on, does not leave \"%s\"",
                            wanted, node->id);
    }
    wf_job_rename(job, node, flow, wf_uow_pool(moving->m->call->uow));
    return APR_SUCCESS;
}

static apr_status_t move_job(moving_t *moving, wf_job_t *job, wf_error_t *err)
{
    const wf_node_t *node = is_of_token(job) ? moving->place->target : NULL;
    apr_status_t rv = APR_SUCCESS;

    if (!node && wf_model_node(moving->m->source, job->handler_cfg)) {
        node = event_becomes(moving, job->handler_cfg);
        if (!node) {
            return wf_job_cancel(moving->place->exec, job, err);
        }
    }
    if (node) {
        rv = rename_job(moving, job, node, err);
    }
    job->proc_def_id = moving->m->plan->target->id;
    wf_uow_update(moving->m->call->uow, job);
    return rv;
}

static void move_subscription(moving_t *moving, wf_subscription_t *row)
{
    const wf_node_t *node = wf_model_node(moving->m->source, row->activity_id);

    if (node && strcmp(row->event_type, WF_SUBSCRIBED_COMPENSATE) == 0) {
        node = wf_migration_image(moving->m, node);
    }
    else {
        node = event_becomes(moving, row->activity_id);
    }
    if (!node) {
        wf_uow_delete(moving->m->call->uow, row);
        return;
    }
    row->activity_id = node->id;
    wf_uow_update(moving->m->call->uow, row);
}

static apr_status_t move_events(const wf_migrating_t *m, const wf_place_t *place,
                                wf_error_t *err)
{
    moving_t moving = { m, place, wf_migration_awaited(place->exec),
                        apr_array_make(m->p, 2, sizeof(const wf_node_t *)) };
    wf_id_t id = place->exec->row->id;
    apr_array_header_t *jobs, *subscriptions;
    apr_status_t rv =
        wf_uow_select(m->call->uow, WF_BY_JOBS_OF_EXECUTION, id, &jobs, err);
    int i;

    if (rv == APR_SUCCESS) {
        rv = wf_uow_select(m->call->uow, WF_BY_SUBSCRIPTIONS_OF_EXECUTION, id,
                           &subscriptions, err);
    }
    for (i = 0; rv == APR_SUCCESS && i < jobs->nelts; i++) {
        rv = move_job(&moving, APR_ARRAY_IDX(jobs, i, wf_job_t *), err);
    }
    for (i = 0; rv == APR_SUCCESS && i < subscriptions->nelts; i++) {
        move_subscription(&moving, APR_ARRAY_IDX(subscriptions, i, wf_subscription_t *));
    }
    find_new_events(&moving);
    return rv == APR_SUCCESS ? wf_events_arm(place->exec, moving.missing, err) : rv;
}

/* ---- the rest --------------------------------------------------------------------------- */

static apr_status_t move_tasks(const wf_place_t *place, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv = wf_uow_select(WF_UOW(place->exec), WF_BY_TASKS_OF_EXECUTION,
                                    place->exec->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        rv = wf_user_task_rename(place->exec, APR_ARRAY_IDX(tasks, i, wf_task_t *), err);
    }
    return rv;
}

static apr_status_t move_external(const wf_place_t *place, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv =
        wf_uow_select(WF_UOW(place->exec), WF_BY_EXTERNAL_TASKS_OF_EXECUTION,
                      place->exec->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        wf_external_task_t *task = APR_ARRAY_IDX(tasks, i, wf_external_task_t *);

        task->act_id = place->target->id;
        task->proc_def_id = place->exec->row->proc_def_id;
        wf_uow_update(WF_UOW(place->exec), task);
    }
    return rv;
}

apr_status_t wf_migration_move_rows(const wf_migrating_t *m, const wf_place_t *place,
                                    wf_error_t *err)
{
    apr_status_t rv = wf_history_rename(place->exec, err);

    if (rv == APR_SUCCESS && wf_exec_waits_for(place->exec, WF_WAIT_TASK)) {
        rv = move_tasks(place, err);
    }
    if (rv == APR_SUCCESS && wf_exec_waits_for(place->exec, WF_WAIT_WORKER)) {
        rv = move_external(place, err);
    }
    return rv == APR_SUCCESS ? move_events(m, place, err) : rv;
}

static apr_status_t move_incidents(const wf_migrating_t *m, wf_id_t instance,
                                   wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv =
        wf_uow_select(m->call->uow, WF_BY_INCIDENTS_OF_INSTANCE, instance, &rows, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_incident_t *row = APR_ARRAY_IDX(rows, i, wf_incident_t *);
        const wf_node_t *node = wf_model_node(m->source, row->activity_id);
        const wf_node_t *to = node ? wf_migration_image(m, node) : NULL;

        row->activity_id = to ? to->id : row->activity_id;
        row->proc_def_id = m->plan->target->id;
        wf_uow_update(m->call->uow, row);
    }
    return rv;
}

apr_status_t wf_migration_move_instance(const wf_migrating_t *m, wf_id_t instance,
                                        wf_error_t *err)
{
    apr_status_t rv = wf_history_migrated(m->call, instance, m->plan->target->id, err);

    return rv == APR_SUCCESS ? move_incidents(m, instance, err) : rv;
}
