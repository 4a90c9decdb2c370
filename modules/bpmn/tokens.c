/* Tokens: how many a scope has, and which execution carries each. The shape is
 * Activiti 5's:
 *  1. A scope with one token carries it itself.
 *  2. As soon as there are several, each is a concurrent child; the scope is inactive.
 *  3. When one child is left, the scope takes its place again: its task, job, variables
 * and open history rows move up, the child's row goes.
 *  4. Tokens that wait at one join are one inactive execution that counts them, so the
 * last of 1,000 branches costs as much as the second one. */
#include "bpmn/run.h"

wf_exec_t *wf_exec_current(wf_exec_t *exec)
{
    while (exec->replaced_by) {
        exec = exec->replaced_by;
    }
    return exec;
}

static int is_branch(const wf_exec_t *exec)
{
    return exec->parent
           && (exec->row->role == WF_ROLE_TOKEN || exec->row->role == WF_ROLE_JOIN);
}

wf_exec_t *wf_token_scope(wf_exec_t *exec)
{
    return is_branch(exec) ? exec->parent : exec;
}

/* ---- what belongs to a token ------------------------------------------------------- */

static apr_status_t move_tasks(wf_exec_t *from, wf_exec_t *to, wf_task_t **task,
                               wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv =
        wf_uow_select(WF_UOW(from), WF_BY_TASKS_OF_EXECUTION, from->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        *task = APR_ARRAY_IDX(tasks, i, wf_task_t *);
        (*task)->execution_id = to->row->id;
        wf_uow_update(WF_UOW(from), *task);
    }
    return rv;
}

static apr_status_t move_called(wf_exec_t *from, wf_exec_t *to, wf_error_t *err)
{
    apr_array_header_t *called;
    apr_status_t rv = wf_uow_select(WF_UOW(from), WF_BY_CALLED_BY_EXECUTION,
                                    from->row->id, &called, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < called->nelts; i++) {
        wf_execution_t *row = APR_ARRAY_IDX(called, i, wf_execution_t *);

        row->super_exec = to->row->id;
        wf_uow_update(WF_UOW(from), row);
    }
    return rv;
}

/* Only what can be there is looked for. */
static apr_status_t move_rows(wf_exec_t *from, wf_exec_t *to, wf_error_t *err)
{
    wf_task_t *task = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (wf_exec_waits_for(from, WF_WAIT_TASK)) {
        rv = move_tasks(from, to, &task, err);
    }
    else if (wf_exec_waits_for(from, WF_WAIT_CALLED)) {
        rv = move_called(from, to, err);
    }
    else if (wf_exec_waits_for(from, WF_WAIT_WORKER)) {
        rv = wf_external_move(from, to, err);
    }
    else if (wf_exec_waits_for(from, WF_WAIT_EVENT)
             || wf_exec_waits_for(from, WF_WAIT_GATE) || from->node->async
             || from->node->async_after) {
        rv = wf_events_move(from, to, err);
    }
    return rv == APR_SUCCESS ? wf_history_move(from, to, task, err) : rv;
}

/* The scopes, rounds and handlers below the token go along. */
static apr_status_t move_children(wf_exec_t *from, wf_exec_t *to, wf_error_t *err)
{
    apr_status_t rv = wf_exec_children(from, err);
    wf_exec_t *child, *after;

    for (child = rv == APR_SUCCESS ? from->first : NULL; child; child = after) {
        after = child->after;
        if (child != to && child->row->role != WF_ROLE_KEPT) {
            wf_exec_move(child, to);
        }
    }
    return rv;
}

static apr_status_t move_token(wf_exec_t *from, wf_exec_t *to, wf_error_t *err)
{
    apr_status_t rv = move_children(from, to, err);

    if (rv == APR_SUCCESS) {
        rv = move_rows(from, to, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    to->begin = from->begin;
    to->row->is_active = from->row->is_active;
    to->row->act_inst_id = from->row->act_inst_id;
    to->row->arrived = from->row->arrived;
    to->heard = from->heard;
    wf_exec_stand(to, from->node);
    to->replaced_by = NULL;
    from->replaced_by = to; /* what was planned for it goes on there */
    return APR_SUCCESS;
}

/* ---- one becomes several, several become one ------------------------------------------ */

/* The child of a scope that carries a token, if there is just one. */
static apr_status_t only_child(wf_exec_t *scope, wf_exec_t **child, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (;;) {
        for (*child = scope->first; *child; *child = (*child)->after) {
            if ((*child)->row->role != WF_ROLE_KEPT) {
                return APR_SUCCESS;
            }
        }
        if (scope->children_loaded || rv != APR_SUCCESS) {
            return rv;
        }
        rv = wf_exec_children(scope, err);
    }
}

/* Rule 3. */
static apr_status_t collapse(wf_exec_t *scope, wf_error_t *err)
{
    wf_exec_t *child;
    apr_status_t rv;

    if (scope->row->children != 1) {
        return APR_SUCCESS;
    }
    rv = only_child(scope, &child, err);
    if (rv != APR_SUCCESS || !child || !is_branch(child)) {
        return rv;
    }
    rv = wf_variables_move(&child->own, &scope->own, err);
    if (rv == APR_SUCCESS) {
        rv = move_token(child, scope, err);
    }
    return rv == APR_SUCCESS ? wf_exec_remove(child, err) : rv;
}

static apr_status_t hand_down(wf_exec_t *exec, wf_exec_t *child, wf_error_t *err)
{
    apr_status_t rv = move_token(exec, child, err);

    exec->row->act_inst_id = 0;
    exec->row->arrived = 0;
    wf_exec_set_active(exec, 0);
    return rv;
}

/* Rule 2: a scope that carries its token itself hands it to a child. */
static apr_status_t expand(wf_exec_t *scope, wf_error_t *err)
{
    wf_exec_t *child = wf_exec_create(scope, WF_ROLE_TOKEN, scope->node);
    apr_status_t rv = hand_down(scope, child, err);

    if (child->row->arrived) {
        wf_exec_take_role(child, WF_ROLE_JOIN);
    }
    return rv;
}

apr_status_t wf_token_lower(wf_exec_t **scope, wf_exec_t *exec, wf_error_t *err)
{
    *scope = wf_exec_create(exec, WF_ROLE_SCOPE, exec->node);
    return hand_down(exec, *scope, err);
}

apr_status_t wf_token_raise(wf_exec_t *scope, wf_error_t *err)
{
    wf_exec_t *carrier = scope->parent;
    apr_status_t rv = wf_variables_move(&scope->own, &carrier->own, err);

    if (rv == APR_SUCCESS) {
        rv = move_token(scope, carrier, err);
    }
    return rv == APR_SUCCESS ? wf_exec_remove(scope, err) : rv;
}

static int is_empty(const wf_exec_t *scope)
{
    return !scope->row->is_active && !scope->row->arrived && !scope->row->children;
}

apr_status_t wf_token_add(wf_exec_t **token, wf_exec_t *scope, const wf_node_t *node,
                          wf_error_t *err)
{
    wf_exec_t *child = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (is_empty(scope)) {
        wf_exec_stand(scope, node);
        wf_exec_set_active(scope, 1);
        scope->replaced_by = NULL;
        *token = scope;
        return APR_SUCCESS;
    }
    if (scope->row->children) {
        rv = only_child(scope, &child, err);
    }
    if (rv == APR_SUCCESS && (!child || !is_branch(child))) {
        rv = expand(scope, err);
    }
    *token = rv == APR_SUCCESS ? wf_exec_create(scope, WF_ROLE_TOKEN, node) : NULL;
    return rv;
}

/* ---- flows ------------------------------------------------------------------------- */

static void plan_flow(wf_exec_t *exec, const apr_array_header_t *flows, int i)
{
    wf_agenda_plan(exec, WF_OP_TAKE, APR_ARRAY_IDX(flows, i, const wf_flow_t *));
}

/* The first flow is planned last, so that it is taken first. */
static void fork_token(wf_exec_t *exec, const apr_array_header_t *flows)
{
    int own = is_branch(exec); /* it takes the first flow itself */
    wf_exec_t *scope = own ? exec->parent : exec;
    apr_array_header_t *branches =
        apr_array_make(exec->instance->turn->p, flows->nelts, sizeof(wf_exec_t *));
    int i;

    for (i = 0; i < flows->nelts; i++) {
        wf_exec_t *branch =
            own && i == 0 ? exec : wf_exec_create(scope, WF_ROLE_TOKEN, exec->node);

        branch->heard = exec->heard;
        APR_ARRAY_PUSH(branches, wf_exec_t *) = branch;
    }
    if (!own) {
        wf_exec_set_active(scope, 0);
    }
    for (i = flows->nelts - 1; i >= 0; i--) {
        plan_flow(APR_ARRAY_IDX(branches, i, wf_exec_t *), flows, i);
    }
}

apr_status_t wf_token_fork(wf_exec_t *exec, const apr_array_header_t *flows,
                           wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    if (is_branch(exec)) {
        rv = collapse(exec->parent, err);
        exec = wf_exec_current(exec);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!flows->nelts) {
        wf_agenda_plan(exec, WF_OP_END, NULL);
    }
    else if (flows->nelts == 1) {
        plan_flow(exec, flows, 0);
    }
    else {
        fork_token(exec, flows);
    }
    return APR_SUCCESS;
}

/* ---- joins --------------------------------------------------------------------------- */

static void wait_here(wf_exec_t *exec)
{
    exec->row->arrived++;
    wf_exec_set_active(exec, 0);
    wf_exec_changed(exec);
    if (is_branch(exec)) {
        wf_exec_take_role(exec, WF_ROLE_JOIN);
    }
}

/* In a store of older days each token waits by itself. */
static apr_status_t merge(wf_exec_t **waiting, wf_exec_t *other, wf_error_t *err)
{
    if (!*waiting) {
        *waiting = other;
        return APR_SUCCESS;
    }
    (*waiting)->row->arrived += other->row->arrived;
    wf_exec_changed(*waiting);
    return wf_exec_remove(other, err);
}

/* Who waits at exec's node already; NULL if nobody does. */
static apr_status_t find_waiting(wf_exec_t **waiting, wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select(WF_UOW(exec), WF_BY_JOINS_OF_EXECUTION,
                                    exec->parent->row->id, &rows, err);
    int i;

    *waiting = NULL;
    wf_exec_changed(exec->parent); /* two who arrive in two units at once meet here */
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_exec_t *other;

        rv = wf_exec_load(&other, exec->instance->turn,
                          APR_ARRAY_IDX(rows, i, wf_execution_t *)->id, err);
        if (rv == APR_SUCCESS && other && other->node == exec->node) {
            rv = merge(waiting, other, err);
        }
    }
    return rv;
}

apr_status_t wf_token_wait(wf_exec_t **waiting, wf_exec_t *exec, wf_error_t *err)
{
    wf_exec_t *first = NULL;
    apr_status_t rv = is_branch(exec) ? find_waiting(&first, exec, err) : APR_SUCCESS;

    if (rv != APR_SUCCESS || !first) {
        wait_here(exec);
        *waiting = exec;
        return rv;
    }
    wait_here(first);
    wf_signals_join(first, exec);
    rv = wf_exec_remove(exec, err);
    exec->replaced_by = first;
    if (rv == APR_SUCCESS) {
        rv = collapse(first->parent, err);
    }
    *waiting = wf_exec_current(first);
    return rv;
}

void wf_token_release(wf_exec_t *waiting)
{
    waiting->row->arrived = 0;
    wf_exec_set_active(waiting, 1);
    if (waiting->row->role == WF_ROLE_JOIN) {
        wf_exec_take_role(waiting, WF_ROLE_TOKEN);
    }
}

/* ---- the end ------------------------------------------------------------------------- */

apr_status_t wf_token_drop(wf_exec_t *exec, wf_exec_t **empty, wf_error_t *err)
{
    wf_exec_t *scope = wf_token_scope(exec);
    apr_status_t rv;

    *empty = scope;
    if (scope == exec) {
        return APR_SUCCESS;
    }
    wf_joins_watch(scope);
    rv = wf_exec_remove(exec, err);
    if (rv == APR_SUCCESS && !scope->row->children) {
        wf_exec_stand(scope, exec->node); /* where the instance ends */
        scope->heard = exec->heard;
        return APR_SUCCESS;
    }
    *empty = NULL;
    return rv == APR_SUCCESS ? collapse(scope, err) : rv;
}

apr_status_t wf_token_end(wf_exec_t *exec, wf_error_t *err)
{
    wf_exec_t *empty;
    apr_status_t rv = wf_token_drop(exec, &empty, err);

    return rv == APR_SUCCESS && empty ? wf_scope_done(empty, err) : rv;
}
