/* Executions that wait for events, and events that come. What an execution waits for are
 * its rows of ACT_RU_EVENT_SUBSCR and ACT_RU_JOB; each names the node of the event: the
 * one where the execution stands, one behind the event-based gateway where it stands, or
 * one around the scope that it is. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

/* ---- whose event is it ------------------------------------------------------------- */

static int is_behind(const wf_node_t *gateway, const wf_node_t *event)
{
    int i;

    for (i = 0; i < gateway->outgoing->nelts; i++) {
        if (APR_ARRAY_IDX(gateway->outgoing, i, const wf_flow_t *)->target == event) {
            return 1;
        }
    }
    return 0;
}

int wf_event_is_around(const wf_exec_t *exec, const wf_node_t *event)
{
    const wf_node_t *node = exec->node;

    return node != event
           && !(node && node->behaviour->wait == WF_WAIT_GATE && is_behind(node, event));
}

/* ---- beginning to wait ------------------------------------------------------------- */

apr_status_t wf_events_arm(wf_exec_t *exec, const apr_array_header_t *events,
                           wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && events && i < events->nelts; i++) {
        const wf_node_t *event = APR_ARRAY_IDX(events, i, const wf_node_t *);

        if (event->behaviour->arm) {
            rv = event->behaviour->arm(exec, event, err);
        }
    }
    return rv;
}

apr_status_t wf_catch_enter(wf_exec_t *exec, wf_error_t *err)
{
    const wf_node_t *event = exec->node;

    return wf_signal_was_heard(exec, event) ? event->behaviour->fire(exec, event, err)
                                            : event->behaviour->arm(exec, event, err);
}

apr_status_t wf_gate_enter(wf_exec_t *exec, wf_error_t *err)
{
    const apr_array_header_t *flows = exec->node->outgoing;
    apr_array_header_t *events =
        apr_array_make(exec->instance->turn->p, flows->nelts, sizeof(const wf_node_t *));
    int i;

    for (i = 0; i < flows->nelts; i++) {
        const wf_node_t *event = APR_ARRAY_IDX(flows, i, const wf_flow_t *)->target;

        if (wf_signal_was_heard(exec, event)) {
            return event->behaviour->fire(exec, event, err);
        }
        APR_ARRAY_PUSH(events, const wf_node_t *) = event;
    }
    return wf_events_arm(exec, events, err);
}

/* ---- giving up ------------------------------------------------------------------------ */

static const wf_node_t *event_of(const wf_exec_t *exec, const char *activity)
{
    return wf_model_node(exec->instance->model, activity);
}

static int is_kept(const wf_exec_t *exec, const char *activity, wf_keep_fn *keep)
{
    const wf_node_t *event = keep ? event_of(exec, activity) : NULL;

    return event && keep(exec, event);
}

/* What is registered for compensation is of a scope; no token waits for it, though one
 * may stand on the very activity that is named. */
static int is_row_kept(const wf_exec_t *exec, const wf_subscription_t *row,
                       wf_keep_fn *keep)
{
    return keep
           && (strcmp(row->event_type, WF_SUBSCRIBED_COMPENSATE) == 0
               || is_kept(exec, row->activity_id, keep));
}

/* The node that a job is about; NULL if the subscription that it would serve is gone. */
static apr_status_t activity_of(const wf_exec_t *exec, const wf_job_t *job,
                                const char **activity, wf_error_t *err)
{
    wf_subscription_t *row;
    apr_status_t rv;

    *activity = wf_job_activity(job, exec->instance->turn->p);
    if (strcmp(job->handler_type, WF_JOB_EVENT) != 0) {
        return APR_SUCCESS;
    }
    rv = wf_uow_get(WF_UOW(exec), WF_TABLE_SUBSCRIPTION, apr_atoi64(job->handler_cfg),
                    &row, err);
    *activity = rv == APR_SUCCESS && row ? row->activity_id : NULL;
    return rv;
}

/* The jobs and subscriptions of exec. */
static apr_status_t rows_of(const wf_exec_t *exec, apr_array_header_t **jobs,
                            apr_array_header_t **subscriptions, wf_error_t *err)
{
    apr_status_t rv =
        wf_uow_select(WF_UOW(exec), WF_BY_JOBS_OF_EXECUTION, exec->row->id, jobs, err);

    return rv == APR_SUCCESS
               ? wf_uow_select(WF_UOW(exec), WF_BY_SUBSCRIPTIONS_OF_EXECUTION,
                               exec->row->id, subscriptions, err)
               : rv;
}

apr_status_t wf_events_disarm(wf_exec_t *exec, wf_keep_fn *keep, wf_error_t *err)
{
    apr_array_header_t *jobs, *subscriptions;
    apr_status_t rv = rows_of(exec, &jobs, &subscriptions, err);
    const char *activity;
    int i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; rv == APR_SUCCESS && i < jobs->nelts; i++) {
        wf_job_t *job = APR_ARRAY_IDX(jobs, i, wf_job_t *);

        rv = activity_of(exec, job, &activity, err);
        if (rv == APR_SUCCESS && !is_kept(exec, activity, keep)) {
            rv = wf_job_cancel(exec, job, err);
        }
    }
    for (i = 0; rv == APR_SUCCESS && i < subscriptions->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(subscriptions, i, wf_subscription_t *);

        if (!is_row_kept(exec, row, keep)) {
            wf_uow_delete(WF_UOW(exec), row);
        }
    }
    return rv;
}

/* ---- another execution waits instead ---------------------------------------------------- */

apr_status_t wf_events_move(wf_exec_t *exec, wf_exec_t *to, wf_error_t *err)
{
    apr_array_header_t *jobs, *subscriptions;
    apr_status_t rv = rows_of(exec, &jobs, &subscriptions, err);
    const char *activity;
    int i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < jobs->nelts; i++) {
        wf_job_t *job = APR_ARRAY_IDX(jobs, i, wf_job_t *);

        rv = activity_of(exec, job, &activity, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (!is_kept(exec, activity, wf_event_is_around)) {
            job->execution_id = to->row->id;
            wf_uow_update(WF_UOW(exec), job);
        }
    }
    for (i = 0; i < subscriptions->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(subscriptions, i, wf_subscription_t *);

        if (!is_row_kept(exec, row, wf_event_is_around)) {
            row->execution_id = to->row->id;
            wf_uow_update(WF_UOW(exec), row);
        }
    }
    return APR_SUCCESS;
}

/* ---- what comes ------------------------------------------------------------------------- */

/* 1 if exec's token waits for the event now. */
static int token_waits(const wf_exec_t *exec, const wf_node_t *event)
{
    return !wf_event_is_around(exec, event)
           && (wf_exec_waits_for(exec, WF_WAIT_EVENT)
               || wf_exec_waits_for(exec, WF_WAIT_GATE));
}

/* 1 if exec is, or was, a scope that has the event around it. */
static int scope_waits(const wf_exec_t *exec, const wf_node_t *event)
{
    return wf_event_is_around(exec, event) && (event->host || event->within->triggered);
}

int wf_event_is_awaited(const wf_exec_t *exec, const char *activity)
{
    const wf_node_t *event = event_of(exec, activity);

    return event && event->behaviour->fire
           && (scope_waits(exec, event) || token_waits(exec, event));
}

apr_status_t wf_event_deliver(wf_exec_t *exec, const char *activity, wf_error_t *err)
{
    if (wf_event_is_awaited(exec, activity)) {
        const wf_node_t *event = event_of(exec, activity);

        return event->behaviour->fire(exec, event, err);
    }
    return wf_error_set(err, WF_ERR_INTERNAL,
                        "execution %" APR_INT64_T_FMT
                        " at \"%s\" does not wait for \"%s\"",
                        exec->row->id, exec->node->id, activity ? activity : "");
}

/* What else exec waits for is given up; a token at a gateway goes to the event first. */
apr_status_t wf_catch_fire(wf_exec_t *exec, const wf_node_t *event, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    if (exec->node != event) {
        rv = wf_events_disarm(exec, wf_event_is_around, err);
        if (rv == APR_SUCCESS) {
            rv = wf_visit_end(exec, err);
        }
        wf_exec_stand(exec, event);
        if (rv == APR_SUCCESS) {
            rv = wf_visit_begin(exec, err);
        }
    }
    wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
    return rv;
}
