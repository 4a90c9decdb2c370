/* Gateways. An exclusive one chooses and never joins. A parallel one counts arrivals, not
 * distinct flows, in its own scope: a token that came waits as an inactive execution
 * until as many are there as the gateway has incoming flows. */
#include "bpmn/run.h"

apr_status_t wf_exclusive_leave(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *chosen;
    apr_status_t rv = wf_flows_choose(exec, 1, &chosen, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!chosen->nelts) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "no outgoing flow of the exclusive gateway could be selected "
                            "and it has no default flow");
    }
    return wf_exec_split(&exec, 1, chosen, err);
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
