/* What a token rests for, for those who see whether a store is sound. */
#include "bpmn/model.h"

/* Compensation handlers are executions below it, so it has no token meanwhile. */
static const wf_rest_e rests[] = {
    [WF_WAIT_NONE] = WF_REST_NEVER,    [WF_WAIT_TASK] = WF_REST_TASK,
    [WF_WAIT_CALL] = WF_REST_CALL,     [WF_WAIT_EVENT] = WF_REST_EVENT,
    [WF_WAIT_GATE] = WF_REST_EVENT,    [WF_WAIT_CALLED] = WF_REST_CALLED,
    [WF_WAIT_WORKER] = WF_REST_WORKER, [WF_WAIT_HANDLERS] = WF_REST_NEVER,
};

/* The expression of a timer may give null: then there is no job, and it never comes. */
static int may_never_come(const wf_node_t *event)
{
    const struct wf_timer_t *timer = event->event ? event->event->timer : NULL;

    return timer && !wf_template_is_literal(timer->text);
}

static int may_all_never_come(const wf_node_t *gate)
{
    int i;

    for (i = 0; i < gate->outgoing->nelts; i++) {
        if (!may_never_come(
                APR_ARRAY_IDX(gate->outgoing, i, const wf_flow_t *)->target)) {
            return 0;
        }
    }
    return 1;
}

wf_rest_e wf_model_rest(const wf_model_t *model, const char *activity_id)
{
    const wf_node_t *node = activity_id ? wf_model_node(model, activity_id) : NULL;
    wf_wait_e wait = node ? node->behaviour->wait : WF_WAIT_NONE;

    if ((wait == WF_WAIT_EVENT && may_never_come(node))
        || (wait == WF_WAIT_GATE && may_all_never_come(node))) {
        return WF_REST_CALL;
    }
    return rests[wait];
}
