/* End events that need nobody else. */
#include "bpmn/run.h"

/* Flows out of an end event are never taken. */
apr_status_t wf_end_event_leave(wf_exec_t *exec, wf_error_t *err)
{
    (void)err;
    wf_agenda_plan(exec, WF_OP_END, NULL);
    return APR_SUCCESS;
}

/* The instance at the top of the call chain. */
static apr_status_t topmost(wf_instance_t **top, wf_exec_t *exec, wf_error_t *err)
{
    return wf_instance_load(top, exec->instance->turn, exec->row->root_id, err);
}

/* All other tokens of the scope end; the one that came here is its last. */
apr_status_t wf_terminate_enter(wf_exec_t *exec, wf_error_t *err)
{
    const wf_node_t *node = exec->node;
    wf_exec_t *scope = wf_token_scope(exec);
    wf_instance_t *top;
    apr_status_t rv = wf_visit_end(exec, err);

    if (rv == APR_SUCCESS && node->event->terminate_all) {
        rv = topmost(&top, exec, err);
        scope = rv == APR_SUCCESS ? top->root : scope;
    }
    if (rv == APR_SUCCESS) {
        rv = wf_scope_clear(scope, "terminate end event fired", err);
    }
    if (rv == APR_SUCCESS && scope->instance == exec->instance) {
        wf_exec_stand(scope, node);
    }
    return rv == APR_SUCCESS ? wf_scope_done(scope, err) : rv;
}
