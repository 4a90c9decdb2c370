/* Subscriptions: an execution waits for a signal or a message by its name. Whoever brings
 * that uses the row up, except around a scope that it does not interrupt: there it may
 * come again. */
#include <string.h>

#include "bpmn/tell.h"

static void subscribe(wf_exec_t *exec, const wf_node_t *event, const char *type)
{
    wf_subscription_t *row = wf_uow_insert(WF_UOW(exec), WF_TABLE_SUBSCRIPTION);

    row->event_type = type;
    row->event_name = event->event->name;
    row->execution_id = exec->row->id;
    row->proc_inst_id = exec->row->proc_inst_id;
    row->activity_id = event->id;
    row->created = exec->instance->turn->call->now;
}

apr_status_t wf_signal_arm(wf_exec_t *exec, const wf_node_t *event, wf_error_t *err)
{
    (void)err;
    subscribe(exec, event, WF_SUBSCRIBED_SIGNAL);
    return APR_SUCCESS;
}

apr_status_t wf_message_arm(wf_exec_t *exec, const wf_node_t *event, wf_error_t *err)
{
    (void)err;
    subscribe(exec, event, WF_SUBSCRIBED_MESSAGE);
    return APR_SUCCESS;
}

/* ---- delivery ---------------------------------------------------------------------- */

static int comes_again(const wf_exec_t *exec, const wf_subscription_t *row)
{
    const wf_node_t *event = wf_model_node(exec->instance->model, row->activity_id);

    return event && wf_event_is_around(exec, event) && !event->interrupting;
}

/* A row that was read is of an execution that somebody else's unit may have moved on
 * meanwhile: that unit won, and this one begins again with what is there then. */
static apr_status_t moved_on(const wf_subscription_t *row, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_CONFLICT,
                        "execution %" APR_INT64_T_FMT
                        " of process instance %" APR_INT64_T_FMT
                        " does not wait for \"%s\" any more",
                        row->execution_id, row->proc_inst_id, row->event_name);
}

static apr_status_t load_waiting(wf_exec_t **exec, wf_turn_t *turn,
                                 const wf_subscription_t *row, wf_error_t *err)
{
    apr_status_t rv = wf_exec_load(exec, turn, row->execution_id, err);

    if (rv != APR_SUCCESS
        && (err->kind == WF_ERR_NOT_FOUND || err->kind == WF_ERR_INTERNAL)) {
        wf_error_init(err, turn->p);
        rv = APR_SUCCESS;
        *exec = NULL;
    }
    if (rv == APR_SUCCESS && (!*exec || !wf_event_is_awaited(*exec, row->activity_id))) {
        return moved_on(row, err);
    }
    return rv;
}

/* The event comes no more, nor do jobs that were to bring it. */
static apr_status_t use_up(wf_exec_t *exec, wf_subscription_t *row, wf_error_t *err)
{
    apr_array_header_t *jobs;
    apr_status_t rv = wf_uow_select(WF_UOW(exec), WF_BY_JOBS_OF_EXECUTION,
                                    row->execution_id, &jobs, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < jobs->nelts; i++) {
        wf_job_t *job = APR_ARRAY_IDX(jobs, i, wf_job_t *);

        if (wf_job_delivers(job, row)) {
            rv = wf_job_cancel(exec, job, err);
        }
    }
    wf_uow_delete(WF_UOW(exec), row);
    return rv;
}

static apr_status_t tell(wf_exec_t *exec, const wf_subscription_t *row, wf_error_t *err)
{
    wf_news_e what = strcmp(row->event_type, WF_SUBSCRIBED_MESSAGE) == 0
                         ? WF_NEWS_ACTIVITY_MESSAGE_RECEIVED
                         : WF_NEWS_ACTIVITY_SIGNALED;

    return wf_tell(exec, what, WF_AT(row->activity_id, row->event_name), err);
}

apr_status_t wf_subscription_deliver(wf_turn_t *turn, wf_subscription_t *row,
                                     const wf_map_t *variables, wf_error_t *err)
{
    wf_exec_t *exec;
    apr_status_t rv;

    if (!row->execution_id) {
        return wf_start_by_subscription(turn, row, variables, err);
    }
    rv = load_waiting(&exec, turn, row, err);
    if (rv == APR_SUCCESS && variables) {
        rv = wf_variables_set(&exec->own, variables, err);
    }
    if (rv == APR_SUCCESS && !comes_again(exec, row)) {
        rv = use_up(exec, row, err);
    }
    if (rv == APR_SUCCESS) {
        rv = tell(exec, row, err);
    }
    return rv == APR_SUCCESS ? wf_event_deliver(exec, row->activity_id, err) : rv;
}

apr_status_t wf_subscriptions_find(apr_array_header_t **found, wf_turn_t *turn,
                                   wf_relation_e relation, wf_id_t parent,
                                   const char *type, const char *name, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select(turn->call->uow, relation, parent, &rows, err);
    int i;

    *found = apr_array_make(turn->p, 2, sizeof(wf_subscription_t *));
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        if (strcmp(row->event_type, type) == 0 && row->event_name
            && strcmp(row->event_name, name) == 0) {
            APR_ARRAY_PUSH(*found, wf_subscription_t *) = row;
        }
    }
    return rv;
}

/* An event that came before may have ended what waits for this one. */
static apr_status_t still_waits(wf_turn_t *turn, const wf_subscription_t *row, int *waits,
                                wf_error_t *err)
{
    wf_subscription_t *now;
    apr_status_t rv =
        wf_uow_get(turn->call->uow, WF_TABLE_SUBSCRIPTION, row->id, &now, err);

    *waits =
        rv == APR_SUCCESS && now && !wf_instance_is_aborted(turn, now->proc_inst_id);
    return rv;
}

/* All are told before the first one goes on: what is reached in this turn hears nothing.
 * Who waits longest is told first, and may end others that wait. */
apr_status_t wf_subscriptions_deliver(wf_turn_t *turn, const apr_array_header_t *rows,
                                      const wf_map_t *variables, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i, waits, first = wf_agenda_wave(turn);

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        rv = still_waits(turn, row, &waits, err);
        if (rv == APR_SUCCESS && waits) {
            wf_agenda_wave(turn);
            rv = wf_subscription_deliver(turn, row, variables, err);
        }
    }
    wf_agenda_turn_over(turn, first);
    return rv;
}

/* ---- from outside ------------------------------------------------------------------ */

static apr_status_t check_name(const char *type, const char *name, wf_error_t *err)
{
    return name && *name
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_INVALID, type, "a %s needs a name", type);
}

static apr_status_t bring_signal(wf_turn_t *turn, wf_id_t id, const char *name,
                                 const wf_map_t *variables, wf_error_t *err)
{
    wf_instance_t *instance;
    apr_array_header_t *rows;
    apr_status_t rv = wf_instance_load(&instance, turn, id, err);

    if (rv == APR_SUCCESS) {
        rv = wf_subscriptions_find(&rows, turn, WF_BY_SUBSCRIPTIONS_OF_INSTANCE, id,
                                   WF_SUBSCRIBED_SIGNAL, name, err);
    }
    if (rv == APR_SUCCESS && !rows->nelts) {
        rv = wf_error_field(err, WF_ERR_CONFLICT, WF_SUBSCRIBED_SIGNAL,
                            "process instance '%" APR_INT64_T_FMT
                            "' does not wait for the signal '%s'",
                            id, name);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_variables_set(&instance->root->own, variables, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_subscriptions_deliver(turn, rows, NULL, err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(turn, err) : rv;
}

apr_status_t wf_bpmn_event(const wf_bpmn_call_t *call, wf_id_t instance,
                           const char *signal, const wf_map_t *variables, wf_error_t *err)
{
    wf_turn_t turn;
    apr_status_t rv = check_name(WF_SUBSCRIBED_SIGNAL, signal, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_turn_init(&turn, call);
    rv = bring_signal(&turn, instance, signal, variables, err);
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "delivering the signal \"%s\"", signal);
}

/* For a message one receiver is enough: the oldest. But one that comes again lets others go
 * first: they would never be reached. */
static wf_subscription_t *choose(const wf_exec_t *exec, const apr_array_header_t *rows)
{
    int i;

    for (i = 0; i < rows->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        if (!comes_again(exec, row)) {
            return row;
        }
    }
    return APR_ARRAY_IDX(rows, 0, wf_subscription_t *);
}

static apr_status_t bring(wf_turn_t *turn, wf_id_t execution, const char *type,
                          const char *name, const wf_map_t *variables, wf_error_t *err)
{
    wf_exec_t *exec;
    apr_array_header_t *rows;
    apr_status_t rv = wf_exec_load(&exec, turn, execution, err);

    if (rv == APR_SUCCESS && !exec) {
        rv = wf_error_set(err, WF_ERR_NOT_FOUND,
                          "no execution with id '%" APR_INT64_T_FMT "'", execution);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_subscriptions_find(&rows, turn, WF_BY_SUBSCRIPTIONS_OF_EXECUTION,
                                   execution, type, name, err);
    }
    if (rv == APR_SUCCESS && !rows->nelts) {
        rv = wf_error_field(err, WF_ERR_CONFLICT, type,
                            "execution '%" APR_INT64_T_FMT
                            "' does not wait for the %s '%s'",
                            execution, type, name);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_subscription_deliver(turn, choose(exec, rows), variables, err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(turn, err) : rv;
}

static apr_status_t bring_to(const wf_bpmn_call_t *call, wf_id_t execution,
                             const char *type, const char *name,
                             const wf_map_t *variables, wf_error_t *err)
{
    wf_turn_t turn;
    apr_status_t rv = check_name(type, name, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_turn_init(&turn, call);
    rv = bring(&turn, execution, type, name, variables, err);
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "delivering the %s \"%s\"", type, name);
}

apr_status_t wf_bpmn_message(const wf_bpmn_call_t *call, wf_id_t execution,
                             const char *message, const wf_map_t *variables,
                             wf_error_t *err)
{
    return bring_to(call, execution, WF_SUBSCRIBED_MESSAGE, message, variables, err);
}

apr_status_t wf_bpmn_event_to(const wf_bpmn_call_t *call, wf_id_t execution,
                              const char *signal, const wf_map_t *variables,
                              wf_error_t *err)
{
    return bring_to(call, execution, WF_SUBSCRIBED_SIGNAL, signal, variables, err);
}
