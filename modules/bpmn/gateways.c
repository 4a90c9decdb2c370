/* Gateways. An exclusive one chooses and never joins. A parallel one counts arrivals, not
 * distinct flows, in its own scope: a token that came waits as an inactive execution
 * until as many are there as the gateway has incoming flows. */
#include "bpmn/run.h"

static apr_status_t take_one(wf_exec_t *exec, const wf_flow_t *flow, wf_error_t *err)
{
    apr_array_header_t *flows =
        apr_array_make(exec->instance->turn->p, 1, sizeof(wf_flow_t *));

    APR_ARRAY_PUSH(flows, const wf_flow_t *) = flow;
    return wf_exec_split(&exec, 1, flows, err);
}

apr_status_t wf_exclusive_leave(wf_exec_t *exec, wf_error_t *err)
{
    const wf_node_t *node = exec->node;
    int i;

    for (i = 0; i < node->outgoing->nelts; i++) {
        const wf_flow_t *flow = APR_ARRAY_IDX(node->outgoing, i, const wf_flow_t *);
        apr_status_t rv;
        int holds;

        if (flow == node->default_flow) {
            continue;
        }
        rv = wf_flow_holds(exec, flow, &holds, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (holds) {
            return take_one(exec, flow, err);
        }
    }
    if (node->default_flow) {
        return take_one(exec, node->default_flow, err);
    }
    return wf_error_set(
        err, WF_ERR_EXECUTION,
        "no outgoing flow of the exclusive gateway could be selected and it "
        "has no default flow");
}

apr_status_t wf_parallel_enter(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv = wf_history_leave(exec, err); /* a row per arriving token */

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_exec_set_active(exec, 0);
    if (wf_exec_count_waiting(exec) >= exec->node->incoming->nelts) {
        wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
    }
    return APR_SUCCESS;
}

apr_status_t wf_parallel_leave(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *joined = wf_exec_waiting_beside(exec);

    return wf_exec_split((wf_exec_t *const *)joined->elts, joined->nelts,
                         exec->node->outgoing, err);
}
