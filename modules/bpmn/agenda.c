/* The agenda: a stack of small operations instead of functions that call each other, so a
 * chain of any length needs no C stack and every step is counted.
 *
 *            plan            run
 *   start ──▶ ENTER ──▶ behaviour.enter ──┬──▶ (rests: task, job, join)
 *               ▲                         │          │ signal
 *               │                         ▼          ▼
 *             TAKE ◀── behaviour.leave ◀── LEAVE ◀───┘
 *                            │
 *                            └──▶ END ──▶ the last one ends the instance
 */
#include "bpmn/run.h"

typedef struct operation_t {
    wf_op_e op;
    wf_exec_t *exec;
    const wf_flow_t *flow;
} operation_t;

void wf_turn_init(wf_turn_t *turn, const wf_bpmn_call_t *call)
{
    turn->call = call;
    turn->p = wf_uow_pool(call->uow);
    turn->agenda = apr_array_make(turn->p, 8, sizeof(operation_t));
    turn->steps = 0;
    turn->lent = apr_hash_make(turn->p);
}

void wf_agenda_plan(wf_exec_t *exec, wf_op_e op, const wf_flow_t *flow)
{
    operation_t *planned = apr_array_push(exec->instance->turn->agenda);

    planned->op = op;
    planned->exec = exec;
    planned->flow = flow;
}

void wf_agenda_arrive(wf_exec_t *exec, const wf_node_t *node)
{
    exec->node = node;
    exec->row->act_id = node->id;
    wf_exec_set_active(exec, 1);
    wf_exec_changed(exec);
    if (node->async) {
        wf_job_continue_later(exec);
        return;
    }
    wf_agenda_plan(exec, WF_OP_ENTER, NULL);
}

/* ---- operations -------------------------------------------------------------------- */

static apr_status_t take(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    (void)err;
    wf_agenda_arrive(exec, flow->target);
    return APR_SUCCESS;
}

static apr_status_t enter(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    (void)flow;
    wf_history_enter(exec);
    return exec->node->behaviour->enter(exec, err);
}

static apr_status_t leave(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    apr_status_t rv = wf_history_leave(exec, err);

    (void)flow;
    return rv == APR_SUCCESS ? exec->node->behaviour->leave(exec, err) : rv;
}

static apr_status_t end(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    (void)flow;
    return wf_exec_end(exec, err);
}

typedef apr_status_t operation_fn(wf_exec_t *exec, const wf_flow_t *flow,
                                  wf_error_t *err);

static operation_fn *const operations[WF_OPS] = {
    [WF_OP_TAKE] = take,
    [WF_OP_ENTER] = enter,
    [WF_OP_LEAVE] = leave,
    [WF_OP_END] = end,
};

/* ---- the loop ---------------------------------------------------------------------- */

/* An execution that fell back to its parent meanwhile goes on as that one. */
static wf_exec_t *current(wf_exec_t *exec)
{
    while (exec->replaced_by) {
        exec = exec->replaced_by;
    }
    return exec;
}

static apr_status_t run_one(wf_turn_t *turn, const operation_t *planned, wf_error_t *err)
{
    wf_exec_t *exec = current(planned->exec);
    const char *activity = exec->node->id;
    apr_status_t rv;

    if (exec->ended) {
        return APR_SUCCESS;
    }
    if (++turn->steps > turn->call->max_steps) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "activity \"%s\": more than %d steps without a wait state; "
                            "the process may loop for ever",
                            activity, turn->call->max_steps);
    }
    rv = operations[planned->op](exec, planned->flow, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "activity \"%s\"", activity);
    }
    return APR_SUCCESS;
}

apr_status_t wf_agenda_run(wf_turn_t *turn, wf_error_t *err)
{
    operation_t *planned;

    while ((planned = apr_array_pop(turn->agenda)) != NULL) {
        operation_t operation = *planned; /* the stack moves under it */
        apr_status_t rv = run_one(turn, &operation, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    wf_variables_settle(turn);
    return APR_SUCCESS;
}
