/* Receive tasks: the token rests until somebody calls the instance with the task's id. */
#include <string.h>

#include "bpmn/tell.h"

/* Nothing to write: the execution on its node is what waits. */
apr_status_t wf_receive_task_enter(wf_exec_t *exec, wf_error_t *err)
{
    (void)exec, (void)err;
    return APR_SUCCESS;
}

/* ---- the call ---------------------------------------------------------------------- */

/* The execution that has waited longest for a call of that id; visits are numbered in the
 * order of their beginning. */
static wf_exec_t *longest_waiting(wf_exec_t *exec, const char *activity_id)
{
    wf_exec_t *found = NULL, *child;

    if (wf_exec_waits_for(exec, WF_WAIT_CALL)
        && strcmp(exec->node->id, activity_id) == 0) {
        found = exec;
    }
    for (child = exec->first; child; child = child->after) {
        wf_exec_t *other = longest_waiting(child, activity_id);

        if (other && (!found || other->row->act_inst_id < found->row->act_inst_id)) {
            found = other;
        }
    }
    return found;
}

static apr_status_t signal_task(wf_turn_t *turn, wf_id_t id, const char *activity_id,
                                const wf_map_t *variables, wf_error_t *err)
{
    wf_instance_t *instance;
    wf_exec_t *exec;
    apr_status_t rv = wf_instance_load(&instance, turn, id, err);

    if (rv == APR_SUCCESS) {
        rv = wf_exec_all(instance->root, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    exec = longest_waiting(instance->root, activity_id);
    if (!exec) {
        return wf_error_field(err, WF_ERR_CONFLICT, "activityId",
                              "process instance '%" APR_INT64_T_FMT
                              "' does not wait at a "
                              "receive task '%s'",
                              id, activity_id);
    }
    rv = wf_variables_set(&exec->own, variables, err);
    if (rv == APR_SUCCESS) {
        rv = wf_tell(exec, WF_NEWS_ACTIVITY_SIGNALED, WF_AT(NULL, NULL), err);
    }
    if (rv == APR_SUCCESS) {
        rv = exec->node->behaviour->signal(exec, err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(turn, err) : rv;
}

apr_status_t wf_bpmn_signal(const wf_bpmn_call_t *call, wf_id_t instance,
                            const char *activity_id, const wf_map_t *variables,
                            wf_error_t *err)
{
    wf_turn_t turn;
    apr_status_t rv;

    if (!activity_id || !*activity_id) {
        return wf_error_field(err, WF_ERR_INVALID, "activityId",
                              "a signal needs the id of the receive task");
    }
    wf_turn_init(&turn, call);
    rv = signal_task(&turn, instance, activity_id, variables, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "signalling \"%s\"", activity_id);
    }
    return APR_SUCCESS;
}
