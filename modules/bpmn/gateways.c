/* Gateways. An exclusive one chooses and never joins. A parallel one counts arrivals, not
 * distinct flows, in its own scope. An inclusive one waits while any other token of its
 * scope can still come; that is looked at when nothing else is left to do, so that it is
 * also noticed when the last such token ends elsewhere. */
#include <limits.h>

#include "bpmn/run.h"

static apr_status_t no_flow(const wf_exec_t *exec, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_EXECUTION,
                        "no outgoing flow of the %s could be selected and it has no "
                        "default flow",
                        exec->node->reach ? "inclusive gateway" : "exclusive gateway");
}

/* At most so many of the flows that may be taken; none is a failure. */
static apr_status_t leave_by(wf_exec_t *exec, int most, wf_error_t *err)
{
    apr_array_header_t *chosen;
    apr_status_t rv = wf_flows_choose(exec, most, &chosen, err);

    if (rv == APR_SUCCESS && !chosen->nelts) {
        rv = no_flow(exec, err);
    }
    return rv == APR_SUCCESS ? wf_token_fork(exec, chosen, err) : rv;
}

apr_status_t wf_exclusive_leave(wf_exec_t *exec, wf_error_t *err)
{
    return leave_by(exec, 1, err);
}

/* ---- parallel ------------------------------------------------------------------------ */

apr_status_t wf_parallel_enter(wf_exec_t *exec, wf_error_t *err)
{
    int incoming = exec->node->incoming->nelts;
    wf_exec_t *waiting;
    apr_status_t rv = wf_visit_close(exec, err); /* a row per arriving token */

    if (rv == APR_SUCCESS) {
        rv = wf_token_wait(&waiting, exec, err);
    }
    if (rv == APR_SUCCESS && waiting->row->arrived >= incoming) {
        wf_token_release(waiting);
        wf_agenda_plan(waiting, WF_OP_LEAVE, NULL);
    }
    return rv;
}

apr_status_t wf_parallel_leave(wf_exec_t *exec, wf_error_t *err)
{
    return wf_token_fork(exec, exec->node->outgoing, err);
}

/* ---- inclusive ------------------------------------------------------------------------ */

apr_status_t wf_inclusive_enter(wf_exec_t *exec, wf_error_t *err)
{
    wf_exec_t *waiting;
    apr_status_t rv = wf_visit_close(exec, err);

    if (rv == APR_SUCCESS) {
        rv = wf_token_wait(&waiting, exec, err);
    }
    if (rv == APR_SUCCESS) {
        wf_joins_watch(wf_token_scope(waiting));
    }
    return rv;
}

apr_status_t wf_inclusive_leave(wf_exec_t *exec, wf_error_t *err)
{
    return leave_by(exec, INT_MAX, err);
}

void wf_joins_watch(wf_exec_t *scope)
{
    const wf_body_t *body = wf_exec_body(scope);

    if (body && body->has_inclusive && !scope->watched) {
        scope->watched = 1;
        wf_exec_changed(
            scope); /* who waits and who moves in two units at once meet here */
        APR_ARRAY_PUSH(scope->instance->turn->quiet, wf_exec_t *) = scope;
    }
}

static int waits_inclusively(const wf_exec_t *exec)
{
    return exec->row->arrived && exec->node->reach;
}

/* A token whose job is to enter the gateway has come, but not in. */
static int is_before(const wf_exec_t *token, const wf_node_t *gateway)
{
    return token->node == gateway && gateway->async && !token->row->arrived;
}

static int can_reach(const wf_exec_t *token, const wf_node_t *gateway)
{
    int i = token->node->index;

    return token->row->role != WF_ROLE_KEPT
           && (is_before(token, gateway) || gateway->reach[i / 8] >> i % 8 & 1);
}

/* 1 if no other token of the scope can still come to where waiting waits. Tokens that
 * wait at other joins may come, too, as soon as those let them go. */
static int is_complete(const wf_exec_t *scope, const wf_exec_t *waiting, int with_waiting)
{
    const wf_exec_t *token;

    for (token = scope->first; token; token = token->after) {
        if (token != waiting && (with_waiting || !token->row->arrived)
            && can_reach(token, waiting->node)) {
            return 0;
        }
    }
    return 1;
}

/* The first join that may let its tokens go; NULL if there is none. */
static wf_exec_t *find_complete(const wf_exec_t *scope, int with_waiting)
{
    wf_exec_t *token;

    for (token = scope->first; token; token = token->after) {
        if (waits_inclusively(token) && is_complete(scope, token, with_waiting)) {
            return token;
        }
    }
    return NULL;
}

/* One join at a time: what it lets go may come to the next one. Joins that wait for
 * nobody but each other would wait for ever: then the first one goes on. */
static apr_status_t look_at(wf_exec_t *scope, wf_error_t *err)
{
    wf_exec_t *complete = waits_inclusively(scope) ? scope : NULL;
    apr_status_t rv = wf_exec_children(scope, err);

    if (rv == APR_SUCCESS && !complete) {
        complete = find_complete(scope, 1);
    }
    if (rv == APR_SUCCESS && !complete) {
        complete = find_complete(scope, 0);
    }
    if (complete) {
        wf_token_release(complete);
        wf_agenda_plan(complete, WF_OP_LEAVE, NULL);
    }
    return rv;
}

apr_status_t wf_joins_look(wf_turn_t *turn, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < turn->quiet->nelts && !turn->agenda->nelts;
         i++) {
        wf_exec_t *scope = APR_ARRAY_IDX(turn->quiet, i, wf_exec_t *);

        if (!scope->ended) {
            rv = look_at(scope, err);
        }
    }
    return rv;
}
