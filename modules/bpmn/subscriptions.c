/* Executions that wait for an event: each has a row that says for which. Whoever brings
 * the event takes the row away and lets the execution go on. A new kind of event
 * subscribes with a type of its own. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

#define UOW(exec) ((exec)->instance->turn->call->uow)

void wf_subscribe(wf_exec_t *exec, const char *type, const char *name)
{
    wf_subscription_t *row = wf_uow_insert(UOW(exec), WF_TABLE_SUBSCRIPTION);

    row->event_type = type;
    row->event_name = name;
    row->execution_id = exec->row->id;
    row->proc_inst_id = exec->row->proc_inst_id;
    row->activity_id = exec->node->id;
    row->created = exec->instance->turn->call->now;
}

apr_status_t wf_subscriptions_hand_up(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select(UOW(exec), WF_BY_SUBSCRIPTIONS_OF_INSTANCE,
                                    exec->row->proc_inst_id, &rows, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        if (row->execution_id == exec->row->id) {
            row->execution_id = exec->parent->row->id;
            wf_uow_update(UOW(exec), row);
        }
    }
    return rv;
}

/* ---- delivery ---------------------------------------------------------------------- */

/* The instance's subscriptions to an event, oldest first; of wf_subscription_t *. */
static apr_status_t find_subscribed(apr_array_header_t **found, wf_turn_t *turn,
                                    wf_id_t instance, const char *type, const char *name,
                                    wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select(turn->call->uow, WF_BY_SUBSCRIPTIONS_OF_INSTANCE,
                                    instance, &rows, err);
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

static apr_status_t deliver(wf_instance_t *instance, wf_subscription_t *row,
                            wf_error_t *err)
{
    wf_exec_t *exec = wf_exec_find(instance, row->execution_id);

    if (!exec || !wf_exec_waits_for(exec, WF_WAIT_EVENT)) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "no execution of process instance %" APR_INT64_T_FMT
                            " waits for event subscription %" APR_INT64_T_FMT,
                            row->proc_inst_id, row->id);
    }
    wf_uow_delete(UOW(exec), row);
    return exec->node->behaviour->signal(exec, err);
}

/* All are told before the first one goes on: what is reached in this turn hears nothing.
 * The agenda is a stack, so the last one is told first. */
static apr_status_t deliver_all(wf_turn_t *turn, wf_instance_t *instance,
                                const apr_array_header_t *rows, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = rows->nelts - 1; rv == APR_SUCCESS && i >= 0; i--) {
        rv = deliver(instance, APR_ARRAY_IDX(rows, i, wf_subscription_t *), err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(turn, err) : rv;
}

static apr_status_t bring_event(wf_turn_t *turn, wf_id_t id, const char *type,
                                const char *name, const wf_map_t *variables,
                                wf_error_t *err)
{
    wf_instance_t *instance;
    apr_array_header_t *rows;
    apr_status_t rv = wf_instance_load(&instance, turn, id, err);

    if (rv == APR_SUCCESS) {
        rv = find_subscribed(&rows, turn, id, type, name, err);
    }
    if (rv == APR_SUCCESS && !rows->nelts) {
        rv = wf_error_field(err, WF_ERR_CONFLICT, type,
                            "process instance '%" APR_INT64_T_FMT
                            "' does not wait for the %s '%s'",
                            id, type, name);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_variables_set(instance->root, variables, err);
    }
    return rv == APR_SUCCESS ? deliver_all(turn, instance, rows, err) : rv;
}

apr_status_t wf_bpmn_event(const wf_bpmn_call_t *call, wf_id_t instance,
                           const char *signal, const wf_map_t *variables, wf_error_t *err)
{
    wf_turn_t turn;
    apr_status_t rv;

    if (!signal || !*signal) {
        return wf_error_field(err, WF_ERR_INVALID, "signal", "an event needs a name");
    }
    wf_turn_init(&turn, call);
    rv = bring_event(&turn, instance, "signal", signal, variables, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "delivering the signal \"%s\"", signal);
    }
    return APR_SUCCESS;
}
