/* A called instance is deleted from outside: the call activity that waits for it is
 * cancelled. Its token does not go on, and what is there only for the sake of that token
 * goes with it: the round of a loop, the sub-process around, at last the whole instance,
 * for the same reason. What has other tokens stays. */
#include "bpmn/run.h"

/* exec stands on an activity that was cancelled, and has no token any more. *all: neither
 * has its instance. */
static apr_status_t cancel_outwards(wf_exec_t *exec, const char *reason, int *all,
                                    wf_error_t *err)
{
    wf_exec_t *scope;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && exec) {
        if (exec->row->role == WF_ROLE_ROUND) {
            rv = wf_loop_round_cancelled(exec, reason, &exec, err);
            continue;
        }
        rv = wf_token_drop(exec, &scope, err);
        if (rv != APR_SUCCESS || !scope) {
            return rv;
        }
        *all = !scope->parent;
        if (*all || scope->row->role == WF_ROLE_HANDLER) {
            return *all ? APR_SUCCESS : wf_handler_done(scope, err);
        }
        exec = scope->parent;
        rv = wf_scope_cancel(scope, reason, err);
        if (rv == APR_SUCCESS) {
            rv = wf_visit_cancel(exec, reason, err);
        }
    }
    return rv;
}

/* exec waits for a called instance, which ends with that. */
static apr_status_t cancel_call(wf_exec_t *exec, const char *reason, int *all,
                                wf_error_t *err)
{
    wf_exec_t *carrier = exec;
    apr_status_t rv;

    if (wf_exec_is_scope_of_node(exec)) {
        carrier = exec->parent;
        rv = wf_scope_cancel(exec, reason, err);
    }
    else {
        rv = wf_scope_clear(exec, reason, err);
    }
    *all = 0;
    return rv == APR_SUCCESS ? cancel_outwards(carrier, reason, all, err) : rv;
}

/* A suspended instance may lose what it called, but nothing in it may go on for that. */
static apr_status_t check_rest(wf_turn_t *turn, const wf_execution_t *root,
                               wf_error_t *err)
{
    apr_status_t rv = wf_joins_look(turn, err);

    if (rv == APR_SUCCESS && turn->agenda->nelts && root->suspension == WF_SUSPENDED) {
        rv = wf_error_set(err, WF_ERR_CONFLICT,
                          "process instance '%" APR_INT64_T_FMT
                          "' is suspended, and would go on",
                          root->id);
    }
    return rv;
}

apr_status_t wf_call_cancel(wf_turn_t *turn, wf_id_t instance, const char *reason,
                            wf_id_t *next, wf_error_t *err)
{
    wf_execution_t *root;
    wf_exec_t *caller = NULL;
    int all;
    apr_status_t rv =
        wf_uow_get(turn->call->uow, WF_TABLE_EXECUTION, instance, &root, err);

    *next = instance;
    if (rv == APR_SUCCESS && root && !root->parent_id && root->super_exec) {
        turn->looks = 1;
        rv = wf_exec_load(&caller, turn, root->super_exec, err);
        turn->looks = 0;
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "the caller of process instance %" APR_INT64_T_FMT,
                             instance);
    }
    if (!caller || !wf_exec_waits_for(caller, WF_WAIT_CALLED)) {
        return APR_SUCCESS;
    }
    rv = cancel_call(caller, reason, &all, err);
    root = caller->instance->root->row;
    *next = all ? root->id : 0;
    return rv == APR_SUCCESS && !all ? check_rest(turn, root, err) : rv;
}
