/* Compensation. When an activity with a handler is done, a row of ACT_RU_EVENT_SUBSCR on
 * the scope around it says so; the rows' order is the order of completion. A sub-process
 * whose activities have such rows leaves them, with a copy of its variables, to a kept
 * execution beside the tokens of the scope around it:
 *
 *     scope ─┬─ token
 *            └─ kept (the completed sub-process, its variables, its rows)
 *
 * Whoever compensates takes the rows of its scope, newest first, and runs each one's
 * handler as a child of its own; a kept execution becomes such a child with the handlers
 * below it. When the last one is done, it goes on. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/tell.h"

/* ---- registering ----------------------------------------------------------------------- */

static void subscribe(wf_exec_t *scope, const char *activity, const char *configuration)
{
    wf_subscription_t *row = wf_uow_insert(WF_UOW(scope), WF_TABLE_SUBSCRIPTION);

    row->event_type = WF_SUBSCRIBED_COMPENSATE;
    row->execution_id = scope->row->id;
    row->proc_inst_id = scope->row->proc_inst_id;
    row->activity_id = activity;
    row->configuration = configuration;
    row->created = scope->instance->turn->call->now;
}

/* The scope around the activity that exec carries out: of a round, that around the loop.
 */
static wf_exec_t *scope_around(wf_exec_t *exec)
{
    if (exec->row->role == WF_ROLE_ROUND) {
        exec = exec->parent->parent;
    }
    return wf_token_scope(exec);
}

/* exec's rows for compensation, newest first; of wf_subscription_t *. */
static apr_status_t registered(wf_exec_t *exec, apr_array_header_t **found,
                               wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select(WF_UOW(exec), WF_BY_SUBSCRIPTIONS_OF_EXECUTION,
                                    exec->row->id, &rows, err);
    int i;

    *found = apr_array_make(exec->instance->turn->p, 2, sizeof(wf_subscription_t *));
    for (i = rv == APR_SUCCESS ? rows->nelts - 1 : -1; i >= 0; i--) {
        wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        if (strcmp(row->event_type, WF_SUBSCRIBED_COMPENSATE) == 0) {
            APR_ARRAY_PUSH(*found, wf_subscription_t *) = row;
        }
    }
    return rv;
}

/* Kept executions below scope go along with their rows. */
static apr_status_t move_kept(wf_exec_t *scope, wf_exec_t *to, wf_error_t *err)
{
    apr_status_t rv = wf_exec_children(scope, err);
    wf_exec_t *child, *after;

    for (child = rv == APR_SUCCESS ? scope->first : NULL; child; child = after) {
        after = child->after;
        if (child->row->role == WF_ROLE_KEPT) {
            wf_exec_move(child, to);
        }
    }
    return rv;
}

static void move_rows(const apr_array_header_t *rows, wf_exec_t *to)
{
    int i;

    for (i = 0; i < rows->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        row->execution_id = to->row->id;
        wf_uow_update(WF_UOW(to), row);
    }
}

/* The own variables of a sub-process; in a loop also those that tell which round it was.
 */
static apr_status_t copy_variables(wf_exec_t *scope, wf_exec_t *kept, wf_error_t *err)
{
    apr_status_t rv = scope->parent->row->role == WF_ROLE_ROUND
                          ? wf_variables_copy(&scope->parent->own, &kept->own, err)
                          : APR_SUCCESS;

    return rv == APR_SUCCESS ? wf_variables_copy(&scope->own, &kept->own, err) : rv;
}

static apr_status_t keep(wf_exec_t *scope, const apr_array_header_t *rows,
                         wf_error_t *err)
{
    wf_exec_t *around = scope_around(scope->parent);
    wf_exec_t *kept = wf_exec_create(around, WF_ROLE_KEPT, scope->parent->node);
    apr_status_t rv = copy_variables(scope, kept, err);

    wf_exec_set_active(kept, 0);
    if (rv == APR_SUCCESS) {
        rv = move_kept(scope, kept, err);
    }
    move_rows(rows, kept);
    subscribe(around, kept->node->id,
              apr_psprintf(scope->instance->turn->p, "%" APR_INT64_T_FMT, kept->row->id));
    return rv;
}

static apr_status_t drop(wf_exec_t *scope, const apr_array_header_t *rows,
                         wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    wf_exec_t *child, *after;
    int i;

    for (i = 0; i < rows->nelts; i++) {
        wf_uow_delete(WF_UOW(scope), APR_ARRAY_IDX(rows, i, wf_subscription_t *));
    }
    for (child = scope->first; rv == APR_SUCCESS && child; child = after) {
        after = child->after;
        if (child->row->role == WF_ROLE_KEPT) {
            rv = wf_scope_cancel(child, NULL, err);
        }
    }
    return rv;
}

/* A handler of its own stands for what is inside. */
apr_status_t wf_compensation_keep(wf_exec_t *scope, wf_error_t *err)
{
    const wf_body_t *body = wf_exec_body(scope);
    apr_array_header_t *rows;
    apr_status_t rv;

    if (!body || !body->compensates) {
        return APR_SUCCESS;
    }
    rv = registered(scope, &rows, err);
    if (rv == APR_SUCCESS) {
        rv = wf_exec_children(scope, err);
    }
    if (rv != APR_SUCCESS || !rows->nelts) {
        return rv;
    }
    return scope->parent && !scope->parent->node->handler && !body->triggered
               ? keep(scope, rows, err)
               : drop(scope, rows, err);
}

void wf_compensation_register(wf_exec_t *exec)
{
    if (exec->node->handler) {
        subscribe(scope_around(exec), exec->node->handler->id, NULL);
    }
}

/* ---- running handlers -------------------------------------------------------------------- */

static apr_status_t run_rows(wf_exec_t *thrower, const apr_array_header_t *rows,
                             wf_error_t *err);

/* A kept execution gets a token for as long as its handlers run. */
static apr_status_t run_kept(wf_exec_t *thrower, const char *id, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_int64_t number;
    wf_exec_t *kept = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (wf_parse_int64(id, &number)) {
        rv = wf_exec_load(&kept, thrower->instance->turn, number, err);
    }
    if (rv == APR_SUCCESS && !kept) {
        rv = wf_error_set(err, WF_ERR_INTERNAL,
                          "the execution %s, kept for compensation, is gone", id);
    }
    if (rv == APR_SUCCESS) {
        rv = registered(kept, &rows, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_exec_take_role(kept, WF_ROLE_HANDLER);
    wf_exec_adopt_kept(kept, thrower);
    return run_rows(kept, rows, err);
}

static apr_status_t run_row(wf_exec_t *thrower, wf_subscription_t *row, wf_error_t *err)
{
    const wf_node_t *handler = wf_model_node(thrower->instance->model, row->activity_id);

    wf_uow_delete(WF_UOW(thrower), row);
    if (row->configuration) {
        return run_kept(thrower, row->configuration, err);
    }
    if (!handler) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "there is no compensation handler \"%s\"", row->activity_id);
    }
    wf_agenda_arrive(wf_exec_create(thrower, WF_ROLE_HANDLER, handler), handler);
    return wf_tell(thrower, WF_NEWS_ACTIVITY_COMPENSATE, WF_AT(handler->id, NULL), err);
}

/* Planned from the last one on, so that the newest is first. */
static apr_status_t run_rows(wf_exec_t *thrower, const apr_array_header_t *rows,
                             wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    wf_exec_set_active(thrower, 0);
    for (i = rows->nelts - 1; rv == APR_SUCCESS && i >= 0; i--) {
        rv = run_row(thrower, APR_ARRAY_IDX(rows, i, wf_subscription_t *), err);
    }
    return rv;
}

/* The row of a handler, or of a completed sub-process, that compensates an activity. */
static int is_of(const wf_exec_t *exec, const wf_subscription_t *row,
                 const char *activity)
{
    const wf_node_t *node = wf_model_node(exec->instance->model, activity);

    return strcmp(row->activity_id, activity) == 0
           || (node && node->handler && strcmp(row->activity_id, node->handler->id) == 0);
}

/* exec runs the handlers that its scope has for an activity (NULL: for all). *running: it
 * waits for them; 0: there were none. */
static apr_status_t compensate(wf_exec_t *exec, wf_exec_t *scope, const char *activity,
                               int *running, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = registered(scope, &rows, err);
    int i, count = 0;

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        if (!activity || is_of(exec, row, activity)) {
            APR_ARRAY_IDX(rows, count++, wf_subscription_t *) = row;
        }
    }
    rows->nelts = rv == APR_SUCCESS ? count : 0;
    *running = rows->nelts > 0;
    return rv == APR_SUCCESS && *running ? run_rows(exec, rows, err) : rv;
}

/* ---- throwing ------------------------------------------------------------------------------ */

apr_status_t wf_compensate_enter(wf_exec_t *exec, wf_error_t *err)
{
    int running;
    apr_status_t rv = compensate(exec, wf_token_scope(exec), exec->node->event->activity,
                                 &running, err);

    if (rv == APR_SUCCESS && !running) {
        wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
    }
    return rv;
}

/* What a handler has done itself is not undone any more. */
static apr_status_t drop_own(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = registered(exec, &rows, err);

    if (rv == APR_SUCCESS && rows->nelts) {
        rv = wf_exec_children(exec, err);
    }
    return rv == APR_SUCCESS ? drop(exec, rows, err) : rv;
}

/* What a handler leaves empty goes; at the top is who waited for all of them. */
apr_status_t wf_handler_done(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    do {
        wf_exec_t *up = exec->parent;

        rv = drop_own(exec, err);
        if (rv == APR_SUCCESS) {
            rv = wf_exec_remove(exec, err);
        }
        exec = up;
    } while (rv == APR_SUCCESS && !exec->row->children
             && exec->row->role == WF_ROLE_HANDLER);
    if (rv != APR_SUCCESS || exec->row->children) {
        return rv;
    }
    wf_exec_set_active(exec, 1);
    return exec->node->behaviour->signal(exec, err);
}

/* ---- transactions ---------------------------------------------------------------------------- */

static wf_exec_t *transaction_of(wf_exec_t *exec)
{
    while (exec->parent
           && (exec->row->role != WF_ROLE_SCOPE || !wf_exec_body(exec)
               || !wf_exec_body(exec)->transaction)) {
        exec = exec->parent;
    }
    return exec->parent ? exec : NULL;
}

/* The scope to which the transaction's boundary events belong: its own, or that of the
 * loop. */
static wf_exec_t *border_scope(wf_exec_t *transaction)
{
    return transaction->parent->row->role == WF_ROLE_ROUND ? transaction->parent->parent
                                                           : transaction;
}

static const wf_node_t *cancel_event(const wf_node_t *node)
{
    int i;

    for (i = 0; node->boundary && i < node->boundary->nelts; i++) {
        const wf_node_t *event = APR_ARRAY_IDX(node->boundary, i, const wf_node_t *);

        if (event->event->kind == WF_EVENT_CANCEL) {
            return event;
        }
    }
    return NULL;
}

/* The tokens of all rounds end; what other rounds have done is kept as if they were
 * complete, and then undone with the rest. */
static apr_status_t stop_rounds(wf_exec_t *loop, const wf_exec_t *but, wf_error_t *err)
{
    apr_status_t rv = wf_exec_children(loop, err);
    wf_exec_t *round, *after;

    for (round = loop->first; rv == APR_SUCCESS && round; round = after) {
        after = round->after;
        if (round == but) {
            continue;
        }
        rv = wf_exec_children(round, err);
        if (rv == APR_SUCCESS && round->first) {
            rv = wf_scope_clear(round->first, "cancel end event fired", err);
        }
        if (rv == APR_SUCCESS && round->first) {
            rv = wf_compensation_keep(round->first, err);
        }
        if (rv == APR_SUCCESS) {
            rv = wf_scope_cancel(round, "cancel end event fired", err);
        }
    }
    return rv;
}

/* Rows of rounds that are complete stand around the loop; they are this one's now. */
static apr_status_t take_rounds(wf_exec_t *transaction, wf_error_t *err)
{
    wf_exec_t *round = transaction->parent, *around = scope_around(round);
    apr_array_header_t *rows;
    apr_status_t rv = stop_rounds(round->parent, round, err);
    int i;

    if (rv == APR_SUCCESS) {
        rv = registered(around, &rows, err);
    }
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        if (is_of(transaction, row, round->node->id)) {
            row->execution_id = transaction->row->id;
            wf_uow_update(WF_UOW(transaction), row);
        }
    }
    return rv;
}

static int is_kept(const wf_exec_t *exec, const wf_node_t *event)
{
    (void)exec, (void)event;
    return 0; /* what is registered for compensation is not asked for */
}

/* All tokens in the transaction end, and nothing that comes may interrupt what undoes
 * them: its own events are given up and those on its border. */
static apr_status_t stop_transaction(wf_exec_t *transaction, wf_error_t *err)
{
    wf_exec_t *border = border_scope(transaction);
    apr_status_t rv = wf_scope_clear(transaction, "cancel end event fired", err);

    if (rv == APR_SUCCESS) {
        rv = wf_events_disarm(transaction, is_kept, err);
    }
    if (rv == APR_SUCCESS && border != transaction) {
        rv = wf_events_disarm(border, is_kept, err);
    }
    return rv == APR_SUCCESS && border != transaction ? take_rounds(transaction, err)
                                                      : rv;
}

apr_status_t wf_cancel_end_enter(wf_exec_t *exec, wf_error_t *err)
{
    const wf_node_t *node = exec->node;
    wf_exec_t *transaction = transaction_of(exec);
    int running;
    apr_status_t rv = wf_visit_end(exec, err);

    if (rv == APR_SUCCESS && (!transaction || !cancel_event(transaction->parent->node))) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the transaction has no boundary event that catches its "
                            "cancellation");
    }
    if (rv == APR_SUCCESS) {
        rv = stop_transaction(transaction, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    transaction->replaced_by = NULL;
    wf_exec_stand(transaction, node);
    wf_exec_set_active(transaction, 1);
    rv = compensate(transaction, transaction, NULL, &running, err);
    return rv == APR_SUCCESS && !running ? wf_cancel_end_signal(transaction, err) : rv;
}

/* All is undone: the cancel boundary event comes. */
apr_status_t wf_cancel_end_signal(wf_exec_t *transaction, wf_error_t *err)
{
    wf_exec_t *scope = border_scope(transaction);

    return wf_boundary_fire(scope, cancel_event(scope->parent->node), err);
}
