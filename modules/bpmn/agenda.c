/* clang-format off */
/* The agenda: a stack of small operations instead of functions that call each other, so a
 * chain of any length needs no C stack and every step is counted.
 *
 *   start ──▶ START ──▶ (scope, rounds) ──▶ ENTER ──▶ behaviour.enter ──┬──▶ (rests)
 *               ▲                                                       │       │ signal,
 *               │                                                       ▼       ▼ fire
 *             TAKE ◀── behaviour.leave ◀── GO ◀── (scope closed) ◀── LEAVE ◀────┘
 *                            │
 *                            └──▶ END ──▶ the last one ends its scope: LEAVE of a
 *                                         sub-process, or the instance's end
 */
/* clang-format on */
#include <string.h>

#include "bpmn/tell.h"

/* The clock is looked at every so many steps. */
#define STEPS_PER_LOOK 16

typedef struct operation_t {
    wf_op_e op;
    wf_exec_t *exec;
    const wf_flow_t *flow;
    int wave; /* of what was told to several at once, to which of them */
} operation_t;

void wf_turn_init(wf_turn_t *turn, const wf_bpmn_call_t *call)
{
    *turn = (wf_turn_t){ .call = call, .p = wf_uow_pool(call->uow) };
    turn->agenda = apr_array_make(turn->p, 8, sizeof(operation_t));
    turn->instances = apr_hash_make(turn->p);
    turn->quiet = apr_array_make(turn->p, 1, sizeof(wf_exec_t *));
    turn->lent = apr_hash_make(turn->p);
    turn->tasks = apr_hash_make(turn->p);
    turn->delegates = apr_hash_make(turn->p);
    turn->calls = apr_hash_make(turn->p);
}

void wf_agenda_plan(wf_exec_t *exec, wf_op_e op, const wf_flow_t *flow)
{
    operation_t *planned = apr_array_push(exec->instance->turn->agenda);

    planned->op = op;
    planned->exec = exec;
    planned->flow = flow;
    planned->wave = exec->instance->turn->wave;
}

int wf_agenda_wave(wf_turn_t *turn)
{
    return ++turn->wave;
}

/* What was planned since then lies on top, wave by wave. */
void wf_agenda_turn_over(wf_turn_t *turn, int first)
{
    operation_t *all = (operation_t *)turn->agenda->elts, *turned;
    int end = turn->agenda->nelts, begin = end, done = 0, wave;

    while (begin && all[begin - 1].wave >= first) {
        begin--;
    }
    turned = apr_palloc(turn->p, (end - begin) * sizeof(*turned));
    while (end > begin) {
        int last = end;

        for (wave = all[end - 1].wave; end > begin && all[end - 1].wave == wave; end--) {
        }
        memcpy(&turned[done], &all[end], (last - end) * sizeof(*turned));
        done += last - end;
    }
    memcpy(&all[begin], turned, done * sizeof(*turned));
}

void wf_agenda_arrive(wf_exec_t *exec, const wf_node_t *node)
{
    wf_exec_stand(exec, node);
    wf_exec_set_active(exec, 1);
    if (node->async && !node->loop) {
        wf_job_continue_later(exec);
        return;
    }
    wf_agenda_plan(exec, WF_OP_START, NULL);
}

void wf_agenda_go(wf_exec_t *exec)
{
    if (exec->node->async_after) {
        wf_job_leave_later(exec);
        return;
    }
    wf_agenda_plan(exec, WF_OP_GO, NULL);
}

void wf_agenda_forget(wf_exec_t *exec)
{
    apr_array_header_t *agenda = exec->instance->turn->agenda;
    int i, kept = 0;

    for (i = 0; i < agenda->nelts; i++) {
        const operation_t planned = APR_ARRAY_IDX(agenda, i, operation_t);

        if (wf_exec_current(planned.exec) != exec) {
            APR_ARRAY_IDX(agenda, kept++, operation_t) = planned;
        }
    }
    agenda->nelts = kept;
    exec->chosen = NULL;
    exec->heard = NULL;
}

void wf_agenda_beside(wf_exec_t *exec, void (*what)(wf_exec_t *other, void *baton),
                      void *baton)
{
    const apr_array_header_t *agenda = exec->instance->turn->agenda;
    int i;

    for (i = 0; i < agenda->nelts; i++) {
        wf_exec_t *other = wf_exec_current(APR_ARRAY_IDX(agenda, i, operation_t).exec);

        if (other != exec && !other->ended && other->instance == exec->instance) {
            what(other, baton);
        }
    }
}

/* ---- operations -------------------------------------------------------------------- */

static apr_status_t begin(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    apr_status_t rv =
        wf_tell(exec, WF_NEWS_PROCESS_STARTED, WF_ABOUT(INSTANCE, exec->row), err);

    (void)flow;
    if (rv == APR_SUCCESS) {
        rv = wf_listeners_notify(exec, exec->instance->model->listeners, "start", err);
    }
    if (rv == APR_SUCCESS) {
        wf_agenda_arrive(exec, exec->node);
    }
    return rv;
}

static apr_status_t take(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    apr_status_t rv = wf_listeners_notify(exec, flow->listeners, "take", err);

    wf_joins_watch(wf_token_scope(exec));
    if (rv == APR_SUCCESS) {
        rv = wf_tell(exec, WF_NEWS_SEQUENCEFLOW_TAKEN, WF_ABOUT(FLOW, flow), err);
    }
    if (rv == APR_SUCCESS) {
        wf_agenda_arrive(exec, flow->target);
    }
    return rv;
}

static apr_status_t start(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    (void)flow;
    if (exec->node->loop && exec->row->role != WF_ROLE_ROUND) {
        return wf_loop_begin(exec, err);
    }
    if (wf_scope_needed(exec, exec->node)) {
        return wf_scope_open(exec, err);
    }
    wf_agenda_plan(exec, WF_OP_ENTER, NULL);
    return APR_SUCCESS;
}

static apr_status_t enter(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    apr_status_t rv = wf_parameters_in(exec, err);

    (void)flow;
    if (rv == APR_SUCCESS) {
        rv = wf_visit_begin(exec, err);
    }
    return rv == APR_SUCCESS ? exec->node->behaviour->enter(exec, err) : rv;
}

static apr_status_t leave(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    apr_status_t rv = wf_visit_part(exec, err);
    const wf_flow_t *chosen = exec->chosen;

    (void)flow;
    if (rv == APR_SUCCESS) {
        rv = wf_parameters_out(exec, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_visit_close(exec, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_tell(exec, WF_NEWS_ACTIVITY_COMPLETED, WF_AT(NULL, NULL), err);
    }
    if (rv == APR_SUCCESS && wf_exec_is_scope_of_node(exec)) {
        rv = wf_scope_close(exec, &exec, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    exec->chosen = chosen;
    wf_compensation_register(exec);
    if (exec->row->role == WF_ROLE_ROUND) {
        return wf_loop_round_done(exec, err);
    }
    wf_agenda_go(exec);
    return APR_SUCCESS;
}

static apr_status_t go(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    (void)flow;
    return exec->row->role == WF_ROLE_HANDLER && exec->node->for_compensation
               ? wf_handler_done(exec, err)
               : exec->node->behaviour->leave(exec, err);
}

static apr_status_t end(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    (void)flow;
    return wf_token_end(exec, err);
}

typedef apr_status_t operation_fn(wf_exec_t *exec, const wf_flow_t *flow,
                                  wf_error_t *err);

static operation_fn *const operations[WF_OPS] = {
    [WF_OP_BEGIN] = begin, [WF_OP_TAKE] = take,   [WF_OP_START] = start,
    [WF_OP_ENTER] = enter, [WF_OP_LEAVE] = leave, [WF_OP_GO] = go,
    [WF_OP_END] = end,
};

/* ---- the loop ---------------------------------------------------------------------- */

/* Nobody would learn what became of it, and it would hold its lane and a thread all the
 * same. A job has no deadline. */
static int is_late(const wf_turn_t *turn)
{
    apr_int64_t deadline = turn->call->services.terms.deadline;

    return deadline && turn->steps % STEPS_PER_LOOK == 0 && wf_mono_us() > deadline;
}

apr_status_t wf_agenda_count(wf_turn_t *turn, wf_error_t *err)
{
    if (++turn->steps > turn->call->max_steps + turn->allowed) {
        return wf_error_set(
            err, WF_ERR_EXECUTION,
            "more than %d steps without a wait state; the process may loop for ever",
            turn->call->max_steps);
    }
    return is_late(turn) ? wf_error_set(
               err, WF_ERR_EXECUTION,
               "it takes longer than a request may (WorkflowCommandTimeout), "
               "all of it is undone; an asynchronous activity has more time")
                         : APR_SUCCESS;
}

static apr_status_t run_one(wf_turn_t *turn, const operation_t *planned, wf_error_t *err)
{
    wf_exec_t *exec = wf_exec_current(planned->exec);
    const char *activity = exec->node->id;
    apr_status_t rv;

    if (exec->ended) {
        return APR_SUCCESS;
    }
    rv = wf_agenda_count(turn, err);
    if (rv == APR_SUCCESS) {
        rv = operations[planned->op](exec, planned->flow, err);
    }
    if (rv != APR_SUCCESS) {
        rv =
            turn->thrown ? wf_error_catch(exec, err) : wf_error_map_called(exec, rv, err);
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "activity \"%s\"", activity);
}

static apr_status_t run_planned(wf_turn_t *turn, wf_error_t *err)
{
    apr_status_t rv = wf_news_settle(turn, err);
    operation_t *planned;

    while (rv == APR_SUCCESS && (planned = apr_array_pop(turn->agenda)) != NULL) {
        operation_t operation = *planned; /* the stack moves under it */

        rv = run_one(turn, &operation, err);
        if (rv == APR_SUCCESS) {
            rv = wf_news_settle(turn, err);
        }
    }
    return rv;
}

/* What is told last may change lists again. */
static apr_status_t settle(wf_turn_t *turn, wf_error_t *err)
{
    apr_status_t rv = wf_variables_settle(turn, err);

    if (rv == APR_SUCCESS) {
        rv = wf_news_settle(turn, err);
    }
    return rv == APR_SUCCESS && apr_hash_count(turn->lent) ? wf_agenda_count(turn, err)
                                                           : rv;
}

apr_status_t wf_agenda_run(wf_turn_t *turn, wf_error_t *err)
{
    apr_status_t rv;

    do {
        rv = run_planned(turn, err);
        if (rv == APR_SUCCESS) {
            rv = wf_joins_look(turn, err);
        }
        if (rv == APR_SUCCESS && !turn->agenda->nelts) {
            rv = settle(turn, err);
        }
    } while (rv == APR_SUCCESS && (turn->agenda->nelts || apr_hash_count(turn->lent)));
    return rv;
}

apr_status_t wf_agenda_go_on(wf_turn_t *turn, wf_exec_t *exec, apr_status_t rv,
                             wf_error_t *err)
{
    if (rv != APR_SUCCESS && turn->thrown) {
        rv = wf_error_catch(exec, err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(turn, err) : rv;
}
