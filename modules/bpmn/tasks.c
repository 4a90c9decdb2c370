/* Claiming and completing tasks. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

apr_status_t wf_task_load(wf_task_t **task, const wf_bpmn_call_t *call, wf_id_t id,
                          wf_error_t *err)
{
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_TASK, id, task, err);

    if (rv == APR_SUCCESS && !*task) {
        rv = wf_error_set(err, WF_ERR_NOT_FOUND,
                          "no task with id '%" APR_INT64_T_FMT "' is open", id);
    }
    return rv;
}

apr_status_t wf_bpmn_claim(const wf_bpmn_call_t *call, wf_id_t id, const char *user,
                           wf_error_t *err)
{
    wf_task_t *task;
    apr_status_t rv;

    if (!user || !*user) {
        return wf_error_set(err, WF_ERR_INVALID, "claiming a task needs a user");
    }
    rv = wf_task_load(&task, call, id, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (task->assignee && strcmp(task->assignee, user) == 0) {
        return APR_SUCCESS;
    }
    if (task->assignee) {
        return wf_error_set(
            err, WF_ERR_CONFLICT,
            "task '%" APR_INT64_T_FMT "' is already claimed by somebody else", id);
    }
    task->assignee = apr_pstrdup(wf_uow_pool(call->uow), user);
    wf_uow_update(call->uow, task);
    return wf_history_task_claimed(call, task, err);
}

/* The task's row goes, with the people it was offered to. */
static apr_status_t end_task(const wf_turn_t *turn, wf_task_t *task, wf_error_t *err)
{
    wf_uow_t *uow = turn->call->uow;
    apr_array_header_t *links;
    apr_status_t rv = wf_uow_select(uow, WF_BY_LINKS_OF_TASK, task->id, &links, err);
    int i;

    if (rv == APR_SUCCESS) {
        rv = wf_history_task_completed(turn, task, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < links->nelts; i++) {
        wf_uow_delete(uow, APR_ARRAY_IDX(links, i, wf_identitylink_t *));
    }
    wf_uow_delete(uow, task);
    return APR_SUCCESS;
}

apr_status_t wf_task_waiting(wf_exec_t **exec, wf_turn_t *turn, const wf_task_t *task,
                             wf_error_t *err)
{
    wf_instance_t *instance;
    apr_status_t rv = wf_instance_load(&instance, turn, task->proc_inst_id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *exec = wf_exec_find(instance, task->execution_id);
    if (!*exec || !wf_exec_waits_for(*exec, WF_WAIT_TASK) || !task->task_def_key
        || strcmp((*exec)->node->id, task->task_def_key) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "no execution of process instance %" APR_INT64_T_FMT
                            " waits for task %" APR_INT64_T_FMT,
                            task->proc_inst_id, task->id);
    }
    return APR_SUCCESS;
}

static apr_status_t complete(wf_turn_t *turn, wf_task_t *task, const wf_map_t *variables,
                             wf_error_t *err)
{
    wf_exec_t *exec;
    apr_status_t rv = wf_task_waiting(&exec, turn, task, err);

    if (rv == APR_SUCCESS) {
        rv = wf_variables_set(exec, variables, err);
    }
    if (rv == APR_SUCCESS) {
        rv = end_task(turn, task, err);
    }
    if (rv == APR_SUCCESS) {
        rv = exec->node->behaviour->signal(exec, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_agenda_run(turn, err);
    }
    return rv;
}

apr_status_t wf_bpmn_complete(const wf_bpmn_call_t *call, wf_id_t id,
                              const wf_map_t *variables, wf_error_t *err)
{
    wf_turn_t turn;
    wf_task_t *task;
    apr_status_t rv = wf_task_load(&task, call, id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_turn_init(&turn, call);
    rv = complete(&turn, task, variables, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "completing task %" APR_INT64_T_FMT, id);
    }
    return APR_SUCCESS;
}
