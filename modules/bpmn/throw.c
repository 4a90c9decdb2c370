/* Signals on their way: who waits for a name at this moment, anywhere in the engine, and
 * tokens that hear of one a moment later. Nothing is queued. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

/* ---- tokens beside the one that throws ----------------------------------------------- */

/* Names of signals that were thrown, in this turn, by a token that ran beside this one.
 * Lists share their tails: they only grow at the front. */
struct wf_heard_t {
    const char *name;
    const wf_heard_t *next;
};

static int has_heard(const wf_heard_t *heard, const char *name)
{
    for (; heard; heard = heard->next) {
        if (strcmp(heard->name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static const wf_heard_t *add_heard(const wf_heard_t *heard, const char *name,
                                   apr_pool_t *p)
{
    wf_heard_t *first = apr_palloc(p, sizeof(*first));

    *first = (wf_heard_t){ name, heard };
    return first;
}

static void hear(wf_exec_t *exec, void *name)
{
    if (!has_heard(exec->heard, name)) {
        exec->heard = add_heard(exec->heard, name, exec->instance->turn->p);
    }
}

/* One throw is received once by a token, so that a loop does not feed on it. */
static void forget(wf_exec_t *exec, const char *name)
{
    const wf_heard_t *heard = exec->heard;

    exec->heard = NULL;
    for (; heard; heard = heard->next) {
        if (strcmp(heard->name, name) != 0) {
            exec->heard = add_heard(exec->heard, heard->name, exec->instance->turn->p);
        }
    }
}

int wf_signal_was_heard(wf_exec_t *exec, const wf_node_t *event)
{
    const wf_event_t *e = event->event;

    if (e->kind != WF_EVENT_SIGNAL || !has_heard(exec->heard, e->name)) {
        return 0;
    }
    forget(exec, e->name);
    return 1;
}

/* Where tokens become one, it has heard what all of them heard. */
void wf_signals_join(wf_exec_t *exec, const wf_exec_t *other)
{
    const wf_heard_t *heard = exec->heard;

    exec->heard = NULL;
    for (; heard; heard = heard->next) {
        if (has_heard(other->heard, heard->name)) {
            exec->heard = add_heard(exec->heard, heard->name, exec->instance->turn->p);
        }
    }
}

/* ---- who receives --------------------------------------------------------------------- */

/* What is suspended neither moves nor starts. */
static apr_status_t is_suspended(const wf_turn_t *turn, const wf_subscription_t *row,
                                 int *suspended, wf_error_t *err)
{
    wf_execution_t *exec = NULL;
    wf_definition_t *definition = NULL;
    apr_status_t rv;

    if (row->execution_id) {
        rv = wf_uow_get(turn->call->uow, WF_TABLE_EXECUTION, row->execution_id, &exec,
                        err);
    }
    else {
        rv = wf_uow_get_by_key(turn->call->uow, WF_TABLE_DEFINITION, row->configuration,
                               &definition, err);
    }
    *suspended = (exec && exec->suspension == WF_SUSPENDED)
                 || (definition && definition->suspension == WF_SUSPENDED);
    return rv;
}

static apr_status_t find_receivers(apr_array_header_t **found, const wf_turn_t *turn,
                                   const wf_thrown_t *thrown, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv =
        wf_uow_select_by_name(turn->call->uow, WF_BY_SUBSCRIPTIONS_TO,
                              WF_SUBSCRIBED_SIGNAL, thrown->name, &rows, err);
    int i, suspended;

    *found = apr_array_make(turn->p, 4, sizeof(wf_subscription_t *));
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        if (thrown->within && row->proc_inst_id != thrown->within) {
            continue;
        }
        rv = is_suspended(turn, row, &suspended, err);
        if (rv == APR_SUCCESS && !suspended) {
            APR_ARRAY_PUSH(*found, wf_subscription_t *) = row;
        }
    }
    return rv;
}

apr_status_t wf_signal_throw(wf_turn_t *turn, const wf_thrown_t *thrown, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = find_receivers(&rows, turn, thrown, err);
    int i;

    if (rv != APR_SUCCESS || !thrown->async) {
        return rv == APR_SUCCESS
                   ? wf_subscriptions_deliver(turn, rows, thrown->variables, err)
                   : rv;
    }
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        rv = wf_job_deliver_later(turn, APR_ARRAY_IDX(rows, i, wf_subscription_t *), err);
    }
    return rv;
}

/* ---- the events ------------------------------------------------------------------------ */

/* Those that receive it run first: what they plan comes on top of the thrower's way on.
 */
apr_status_t wf_signal_throw_enter(wf_exec_t *exec, wf_error_t *err)
{
    const wf_event_t *event = exec->node->event;
    const wf_thrown_t thrown = { .name = event->name,
                                 .within =
                                     event->in_instance ? exec->row->proc_inst_id : 0,
                                 .async = event->async };

    if (!event->async) {
        wf_agenda_beside(exec, hear, (void *)event->name);
    }
    wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
    return wf_signal_throw(exec->instance->turn, &thrown, err);
}

/* ---- from outside ---------------------------------------------------------------------- */

apr_status_t wf_bpmn_throw(const wf_bpmn_call_t *call, const char *signal,
                           const wf_map_t *variables, int async, wf_error_t *err)
{
    const wf_thrown_t thrown = { .name = signal, .variables = variables, .async = async };
    wf_turn_t turn;
    apr_status_t rv;

    if (!signal || !*signal) {
        return wf_error_field(err, WF_ERR_INVALID, "signal", "a signal needs a name");
    }
    if (async && variables && wf_map_count(variables)) {
        return wf_error_field(err, WF_ERR_INVALID, "async",
                              "a signal that jobs deliver carries no variables");
    }
    wf_turn_init(&turn, call);
    rv = wf_variables_check(variables, err);
    if (rv == APR_SUCCESS) {
        rv = wf_signal_throw(&turn, &thrown, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_agenda_run(&turn, err);
    }
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "throwing the signal \"%s\"", signal);
}
