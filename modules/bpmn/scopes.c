/* Scopes: activities with something around them, a body inside or events on their border,
 * have an execution of their own below the one that carries the token there.
 *
 *     carrier (on the activity, inactive)
 *        └ scope: armed events are its rows; a body's tokens run in it
 *
 * When the activity is done, or an event on its border interrupts it, the scope goes and
 * the carrier has the token again. */
#include <apr_strings.h>

#include "bpmn/run.h"

apr_array_header_t *wf_scope_handlers(const wf_exec_t *scope)
{
    const wf_body_t *body = wf_exec_body(scope);

    return body && body->handlers && body->handlers->nelts ? body->handlers : NULL;
}

apr_array_header_t *wf_scope_border(const wf_exec_t *exec)
{
    int at_border =
        exec->parent
        && (exec->row->role == WF_ROLE_LOOP
            || (exec->row->role == WF_ROLE_SCOPE && !exec->parent->node->loop));

    return at_border ? exec->parent->node->boundary : NULL;
}

int wf_events_around(const wf_exec_t *exec)
{
    return wf_scope_border(exec) || wf_scope_handlers(exec);
}

/* ---- opening and closing ------------------------------------------------------------- */

/* A round has variables of its own. */
int wf_scope_needed(const wf_exec_t *exec, const wf_node_t *node)
{
    return node->body || (node->boundary && !node->loop)
           || ((node->inputs || node->outputs) && exec->row->role != WF_ROLE_ROUND);
}

apr_status_t wf_scope_open(wf_exec_t *exec, wf_error_t *err)
{
    wf_exec_t *scope = wf_exec_create(exec, WF_ROLE_SCOPE, exec->node);
    apr_status_t rv;

    scope->begin = exec->begin;
    exec->begin = NULL;
    scope->heard = exec->heard;
    wf_exec_set_active(exec, 0);
    rv = wf_events_arm(scope, wf_scope_border(scope), err);
    wf_agenda_plan(scope, WF_OP_ENTER, NULL);
    return rv;
}

apr_status_t wf_scope_close(wf_exec_t *exec, wf_exec_t **carrier, wf_error_t *err)
{
    apr_status_t rv;

    *carrier = exec->parent;
    rv = wf_compensation_keep(exec, err);
    if (rv == APR_SUCCESS && wf_events_around(exec)) {
        rv = wf_events_disarm(exec, NULL, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_exec_remove(exec, err);
    }
    exec->replaced_by = *carrier;
    (*carrier)->heard = exec->heard;
    wf_exec_set_active(*carrier, 1);
    return rv;
}

/* ---- bodies ---------------------------------------------------------------------------- */

static apr_status_t set_data(wf_exec_t *scope, const wf_body_t *body, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && body->data && i < body->data->nelts; i++) {
        const wf_data_t *data = APR_ARRAY_IDX(body->data, i, const wf_data_t *);

        rv = wf_variable_set_local(&scope->own, data->name, &data->value, err);
    }
    return rv;
}

/* While the body runs, its visit stays open with the carrier. */
apr_status_t wf_body_enter(wf_exec_t *scope, wf_error_t *err)
{
    const wf_node_t *node = scope->node;
    const wf_node_t *start = scope->begin ? scope->begin : node->body->start;
    apr_status_t rv;

    if (!start) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the sub-process has no none start event to begin with");
    }
    scope->parent->row->act_inst_id = scope->row->act_inst_id;
    wf_exec_changed(scope->parent);
    scope->row->act_inst_id = 0;
    scope->begin = NULL;
    rv = set_data(scope, node->body, err);
    if (rv == APR_SUCCESS) {
        rv = wf_events_arm(scope, wf_scope_handlers(scope), err);
    }
    wf_agenda_arrive(scope, start);
    return rv;
}

apr_status_t wf_scope_done(wf_exec_t *scope, wf_error_t *err)
{
    scope->replaced_by = NULL;
    if (!scope->parent) {
        return wf_instance_end(scope->instance, err);
    }
    if (scope->row->role == WF_ROLE_HANDLER) {
        return wf_handler_done(scope, err);
    }
    wf_exec_stand(scope, scope->parent->node);
    scope->row->act_inst_id = scope->parent->row->act_inst_id;
    scope->parent->row->act_inst_id = 0;
    wf_exec_changed(scope->parent);
    wf_exec_set_active(scope, 1);
    wf_agenda_plan(scope, WF_OP_LEAVE, NULL);
    return APR_SUCCESS;
}

/* ---- ending from outside ---------------------------------------------------------------- */

static apr_status_t end_tasks(wf_exec_t *exec, const char *reason, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv =
        wf_uow_select(WF_UOW(exec), WF_BY_TASKS_OF_EXECUTION, exec->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        wf_task_t *task = APR_ARRAY_IDX(tasks, i, wf_task_t *);

        rv = wf_task_listeners_notify(exec, task, "delete", err);
        if (rv == APR_SUCCESS) {
            rv = wf_task_end(exec->instance->turn, exec, task, reason, err);
        }
    }
    return rv;
}

static apr_status_t end_called(wf_exec_t *exec, const char *reason, wf_error_t *err)
{
    apr_array_header_t *called;
    apr_status_t rv = wf_uow_select(WF_UOW(exec), WF_BY_CALLED_BY_EXECUTION,
                                    exec->row->id, &called, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < called->nelts; i++) {
        rv = wf_instance_abort(exec->instance->turn,
                               APR_ARRAY_IDX(called, i, wf_execution_t *)->proc_inst_id,
                               reason, err);
    }
    return rv;
}

/* What waits with exec's token, if any, goes; where it was, the visit ends. */
static apr_status_t drop_token(wf_exec_t *exec, const char *reason, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    if (wf_exec_waits_for(exec, WF_WAIT_TASK)) {
        rv = end_tasks(exec, reason, err);
    }
    else if (wf_exec_waits_for(exec, WF_WAIT_CALLED)) {
        rv = end_called(exec, reason, err);
    }
    else if (wf_exec_waits_for(exec, WF_WAIT_WORKER)) {
        rv = wf_external_cancel(exec, err);
    }
    if (rv == APR_SUCCESS
        && (wf_exec_waits_for(exec, WF_WAIT_EVENT)
            || wf_exec_waits_for(exec, WF_WAIT_GATE) || exec->node->async
            || exec->node->async_after)) {
        rv = wf_events_disarm(exec, wf_event_is_around, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_visit_cancel(exec, reason, err);
    }
    exec->row->arrived = 0;
    wf_exec_set_active(exec, 0);
    return rv;
}

static apr_status_t cancel_children(wf_exec_t *exec, int kept, const char *reason,
                                    wf_error_t *err)
{
    apr_status_t rv = wf_exec_children(exec, err);
    wf_exec_t *child, *after;

    for (child = exec->first; rv == APR_SUCCESS && child; child = after) {
        after = child->after;
        if (kept || child->row->role != WF_ROLE_KEPT) {
            rv = wf_scope_cancel(child, reason, err);
        }
    }
    return rv;
}

apr_status_t wf_scope_clear(wf_exec_t *exec, const char *reason, wf_error_t *err)
{
    apr_status_t rv = cancel_children(exec, 0, reason, err);

    wf_agenda_forget(exec);
    return rv == APR_SUCCESS ? drop_token(exec, reason, err) : rv;
}

/* 1 if rows of events may be left on exec. */
static int may_wait(const wf_exec_t *exec)
{
    const wf_body_t *body = wf_exec_body(exec);

    return wf_events_around(exec) || exec->row->role == WF_ROLE_KEPT
           || exec->row->role == WF_ROLE_HANDLER || (body && body->compensates);
}

apr_status_t wf_scope_cancel(wf_exec_t *exec, const char *reason, wf_error_t *err)
{
    apr_status_t rv = cancel_children(exec, 1, reason, err);

    if (rv == APR_SUCCESS) {
        rv = drop_token(exec, reason, err);
    }
    if (rv == APR_SUCCESS && may_wait(exec)) {
        rv = wf_events_disarm(exec, NULL, err);
    }
    return rv == APR_SUCCESS ? wf_exec_remove(exec, err) : rv;
}

/* ---- events on the border -------------------------------------------------------------- */

#define INTERRUPTED "boundary event %s"

/* The scope in whose body the event stands. Files may attach one to an activity further
 * inside: then that is left with all scopes between. A compensation handler is no part of
 * the body around it: what leaves it by an event is still the handler. */
static wf_exec_t *scope_of_event(wf_exec_t *scope, const wf_node_t *event)
{
    do {
        scope = wf_token_scope(scope->parent);
    } while (scope->parent && scope->row->role != WF_ROLE_HANDLER
             && wf_exec_body(scope) != event->within);
    return scope;
}

/* The scope that lies directly in around and has exec in it. */
static wf_exec_t *scope_within(wf_exec_t *around, wf_exec_t *exec)
{
    while (wf_token_scope(exec->parent) != around) {
        exec = exec->parent;
    }
    return exec;
}

apr_status_t wf_boundary_fire(wf_exec_t *scope, const wf_node_t *event, wf_error_t *err)
{
    wf_exec_t *around = scope_of_event(scope, event), *carrier, *token;
    const char *reason;
    apr_status_t rv;

    scope = scope_within(around, scope);
    carrier = scope->parent;
    if (!event->interrupting) {
        rv = wf_token_add(&token, around, event, err);
        if (rv == APR_SUCCESS) {
            wf_agenda_arrive(token, event);
        }
        return rv;
    }
    reason = apr_psprintf(scope->instance->turn->p, INTERRUPTED, event->id);
    rv = wf_scope_cancel(scope, reason, err);
    if (rv == APR_SUCCESS) {
        rv = wf_visit_cancel(carrier, reason, err);
    }
    if (rv == APR_SUCCESS) {
        wf_agenda_arrive(carrier, event);
    }
    return rv;
}

/* ---- event sub-processes ----------------------------------------------------------------- */

/* What interrupts a scope takes the place of its tokens; other handlers of it are given
 * up, events on its border go on waiting. */
static int is_on_border(const wf_exec_t *exec, const wf_node_t *event)
{
    (void)exec;
    return event->behaviour->fire != wf_handler_fire;
}

static apr_status_t interrupt(wf_exec_t *scope, const wf_node_t *event, wf_error_t *err)
{
    const char *reason = apr_psprintf(scope->instance->turn->p, "event sub-process %s",
                                      event->within->owner->id);
    apr_status_t rv = wf_scope_clear(scope, reason, err);

    return rv == APR_SUCCESS ? wf_events_disarm(scope, is_on_border, err) : rv;
}

apr_status_t wf_handler_fire(wf_exec_t *scope, const wf_node_t *event, wf_error_t *err)
{
    const wf_node_t *owner = event->within->owner;
    apr_status_t rv = event->interrupting ? interrupt(scope, event, err) : APR_SUCCESS;
    wf_exec_t *token;

    if (rv == APR_SUCCESS) {
        rv = wf_token_add(&token, scope, owner, err);
    }
    if (rv == APR_SUCCESS) {
        token->begin = event;
        wf_agenda_arrive(token, owner);
    }
    return rv;
}
