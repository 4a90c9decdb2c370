/* How a token leaves a node: the rule for activities and events. Gateways have their own.
 */
#include <limits.h>
#include <string.h>

#include "bpmn/run.h"

/* Whether flow's condition holds for exec; a flow without one may be taken. */
static apr_status_t may_take(wf_exec_t *exec, const wf_flow_t *flow, int *holds,
                             wf_error_t *err)
{
    wf_value_t value;
    int skips;
    apr_status_t rv = wf_skip(exec, flow->skip, &skips, holds, err);

    if (rv != APR_SUCCESS || skips) {
        return rv; /* a flow that is skipped is taken, whatever its condition says */
    }
    *holds = 1;
    if (!flow->condition) {
        return APR_SUCCESS;
    }
    rv = wf_exec_eval(exec, flow->condition, &value, err);
    if (rv == APR_SUCCESS && value.type != WF_BOOLEAN) {
        rv = wf_error_set(err, WF_ERR_EXECUTION,
                          "the condition gives %s, not true or false",
                          value.type == WF_NULL ? "null" : wf_type_name(value.type));
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "sequence flow \"%s\" (line %d)",
                             flow->id ? flow->id : "", flow->line);
    }
    *holds = value.as.boolean;
    return APR_SUCCESS;
}

apr_status_t wf_leave_at_once(wf_exec_t *exec, wf_error_t *err)
{
    (void)err;
    wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
    return APR_SUCCESS;
}

const wf_flow_t *wf_flow_out_of(const wf_node_t *node, const char *id)
{
    int i;

    for (i = 0; i < node->outgoing->nelts; i++) {
        const wf_flow_t *flow = APR_ARRAY_IDX(node->outgoing, i, const wf_flow_t *);

        if (flow->id && strcmp(flow->id, id) == 0) {
            return flow;
        }
    }
    return NULL;
}

apr_status_t wf_flow_prefer(wf_exec_t *exec, const char *id, wf_error_t *err)
{
    exec->chosen = wf_flow_out_of(exec->node, id);
    return exec->chosen
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_EXECUTION,
                              "flow \"%s\" was chosen, which does not leave the activity",
                              id);
}

apr_status_t wf_flows_choose(wf_exec_t *exec, int most, apr_array_header_t **chosen,
                             wf_error_t *err)
{
    const wf_node_t *node = exec->node;
    int i;

    *chosen = apr_array_make(exec->instance->turn->p, node->outgoing->nelts,
                             sizeof(wf_flow_t *));
    for (i = 0; i < node->outgoing->nelts && (*chosen)->nelts < most; i++) {
        const wf_flow_t *flow = APR_ARRAY_IDX(node->outgoing, i, const wf_flow_t *);
        apr_status_t rv;
        int holds;

        if (flow == node->default_flow) {
            continue;
        }
        rv = may_take(exec, flow, &holds, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (holds) {
            APR_ARRAY_PUSH(*chosen, const wf_flow_t *) = flow;
        }
    }
    if (!(*chosen)->nelts && node->default_flow) {
        APR_ARRAY_PUSH(*chosen, const wf_flow_t *) = node->default_flow;
    }
    return APR_SUCCESS;
}

/* Several flows fork the token, none ends it. */
apr_status_t wf_flows_leave(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *chosen;
    apr_status_t rv = APR_SUCCESS;

    if (exec->chosen) {
        chosen = apr_array_make(exec->instance->turn->p, 1, sizeof(wf_flow_t *));
        APR_ARRAY_PUSH(chosen, const wf_flow_t *) = exec->chosen;
        exec->chosen = NULL;
    }
    else {
        rv = wf_flows_choose(exec, INT_MAX, &chosen, err);
    }
    return rv == APR_SUCCESS ? wf_token_fork(exec, chosen, err) : rv;
}
