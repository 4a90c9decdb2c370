/* Tasks, of a process or without one: claim, assign, complete. What a client makes,
 * changes or deletes by itself is in task_changes.c. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/tell.h"

apr_status_t wf_task_load(wf_task_t **task, const wf_bpmn_call_t *call, wf_id_t id,
                          wf_error_t *err)
{
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_TASK, id, task, err);

    if (rv == APR_SUCCESS && !*task) {
        rv = wf_error_set(err, WF_ERR_NOT_FOUND, "no task with id '%" APR_INT64_T_FMT "'",
                          id);
    }
    return rv;
}

apr_status_t wf_task_load_active(wf_task_t **task, const wf_bpmn_call_t *call, wf_id_t id,
                                 wf_error_t *err)
{
    apr_status_t rv = wf_task_load(task, call, id, err);

    return rv == APR_SUCCESS ? wf_permit_task(*task, err) : rv;
}

/* ---- whose it is ------------------------------------------------------------------- */

int wf_task_is_of(const wf_task_t *task, const char *user)
{
    return task->assignee && user ? strcmp(task->assignee, user) == 0
                                  : task->assignee == user;
}

/* Whoever listens to the task hears of it. */
static apr_status_t tell_change(const wf_bpmn_call_t *call, wf_task_t *task, int assigned,
                                wf_error_t *err)
{
    wf_turn_t turn;
    wf_exec_t *exec;
    apr_status_t rv;

    wf_turn_init(&turn, call);
    rv = wf_task_listeners_of(&exec, &turn, task, err);
    if (rv != APR_SUCCESS || !exec) {
        return rv;
    }
    if (assigned) {
        rv = wf_task_tell(exec, task, "assignment", WF_NEWS_TASK_ASSIGNED, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_tell(exec, WF_NEWS_ENTITY_UPDATED, WF_ABOUT(TASK, task), err);
    }
    return wf_agenda_go_on(&turn, exec, rv, err);
}

apr_status_t wf_task_reassigned(const wf_bpmn_call_t *call, wf_task_t *task, int claimed,
                                wf_error_t *err)
{
    apr_status_t rv;

    wf_uow_update(call->uow, task);
    rv = wf_history_task_changed(call, task, claimed, err);
    return rv == APR_SUCCESS ? tell_change(call, task, task->assignee != NULL, err) : rv;
}

apr_status_t wf_task_changed(const wf_bpmn_call_t *call, wf_task_t *task, wf_error_t *err)
{
    apr_status_t rv;

    wf_uow_update(call->uow, task);
    rv = wf_history_task_changed(call, task, 0, err);
    return rv == APR_SUCCESS ? tell_change(call, task, 0, err) : rv;
}

static apr_status_t give(const wf_bpmn_call_t *call, wf_task_t *task, const char *user,
                         int claimed, wf_error_t *err)
{
    task->assignee = apr_pstrdup(wf_uow_pool(call->uow), user);
    return wf_task_reassigned(call, task, claimed, err);
}

apr_status_t wf_bpmn_claim(const wf_bpmn_call_t *call, wf_id_t id, const char *user,
                           wf_error_t *err)
{
    wf_task_t *task;
    apr_status_t rv;

    if (!user || !*user) {
        return wf_error_set(err, WF_ERR_INVALID, "claiming a task needs a user");
    }
    rv = wf_task_load_active(&task, call, id, err);
    if (rv != APR_SUCCESS || wf_task_is_of(task, user)) {
        return rv;
    }
    if (task->assignee) {
        return wf_error_set(
            err, WF_ERR_CONFLICT,
            "task '%" APR_INT64_T_FMT "' is already claimed by somebody else", id);
    }
    return give(call, task, user, 1, err);
}

apr_status_t wf_bpmn_assign(const wf_bpmn_call_t *call, wf_id_t id, const char *user,
                            wf_error_t *err)
{
    wf_task_t *task;
    apr_status_t rv;

    if (user && strlen(user) > WF_TASK_MAX_NAME) {
        return wf_error_field(err, WF_ERR_INVALID, "userId",
                              "a user id has at most %d bytes", WF_TASK_MAX_NAME);
    }
    user = user && *user ? user : NULL;
    rv = wf_task_load_active(&task, call, id, err);
    if (rv != APR_SUCCESS || wf_task_is_of(task, user)) {
        return rv;
    }
    return give(call, task, user, 0, err);
}

/* ---- the end of a task ------------------------------------------------------------- */

apr_status_t wf_task_tell_end(wf_exec_t *exec, const wf_task_t *task, wf_error_t *err)
{
    apr_array_header_t *links;
    apr_status_t rv;
    int i;

    if (!wf_is_heard(exec, WF_NEWS_ENTITY_DELETED)) {
        return APR_SUCCESS;
    }
    rv = wf_uow_select(WF_UOW(exec), WF_BY_LINKS_OF_TASK, task->id, &links, err);
    for (i = 0; rv == APR_SUCCESS && i < links->nelts; i++) {
        wf_tell_later(exec, WF_NEWS_ENTITY_DELETED,
                      WF_ABOUT(LINK, APR_ARRAY_IDX(links, i, wf_identitylink_t *)));
    }
    wf_tell_later(exec, WF_NEWS_ENTITY_DELETED, WF_ABOUT(TASK, task));
    return rv;
}

/* The task's row goes, with the people it was offered to and its own variables. */
static apr_status_t end_one(wf_turn_t *turn, wf_exec_t *exec, wf_task_t *task,
                            const char *reason, wf_error_t *err)
{
    const wf_bpmn_call_t *call = turn->call;
    apr_array_header_t *links;
    apr_status_t rv =
        wf_uow_select(call->uow, WF_BY_LINKS_OF_TASK, task->id, &links, err);
    int i;

    if (rv == APR_SUCCESS) {
        rv = wf_variables_delete(wf_task_owner(turn, task, exec), err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_history_task_ended(call, task, reason, err);
    }
    if (rv == APR_SUCCESS && exec) {
        rv = wf_task_tell_end(exec, task, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < links->nelts; i++) {
        wf_uow_delete(call->uow, APR_ARRAY_IDX(links, i, wf_identitylink_t *));
    }
    wf_uow_delete(call->uow, task);
    return APR_SUCCESS;
}

apr_status_t wf_task_end(wf_turn_t *turn, wf_exec_t *exec, wf_task_t *task,
                         const char *reason, wf_error_t *err)
{
    apr_array_header_t *ending = apr_array_make(turn->p, 1, sizeof(wf_task_t *));
    apr_status_t rv = APR_SUCCESS;
    int i;

    APR_ARRAY_PUSH(ending, wf_task_t *) = task;
    for (i = 0; rv == APR_SUCCESS && i < ending->nelts; i++) {
        apr_array_header_t *subtasks;

        task = APR_ARRAY_IDX(ending, i, wf_task_t *);
        rv = wf_uow_select(turn->call->uow, WF_BY_SUBTASKS_OF_TASK, task->id, &subtasks,
                           err);
        if (rv == APR_SUCCESS) {
            apr_array_cat(ending, subtasks);
            rv = end_one(turn, i ? NULL : exec, task, reason, err);
        }
    }
    return rv;
}

/* ---- completing -------------------------------------------------------------------- */

apr_status_t wf_task_waiting(wf_exec_t **exec, wf_turn_t *turn, const wf_task_t *task,
                             wf_error_t *err)
{
    wf_instance_t *instance;
    apr_status_t rv = wf_instance_load(&instance, turn, task->proc_inst_id, err);

    if (rv == APR_SUCCESS) {
        rv = wf_exec_load(exec, turn, task->execution_id, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!*exec || !wf_exec_waits_for(*exec, WF_WAIT_TASK) || !task->task_def_key
        || strcmp((*exec)->node->id, task->task_def_key) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "no execution of process instance %" APR_INT64_T_FMT
                            " waits for task %" APR_INT64_T_FMT,
                            task->proc_inst_id, task->id);
    }
    return APR_SUCCESS;
}

/* What comes with the call is the task's own: history keeps it. */
static apr_status_t complete_alone(wf_turn_t *turn, wf_task_t *task,
                                   const wf_map_t *variables, wf_error_t *err)
{
    apr_status_t rv = wf_variables_set(wf_task_owner(turn, task, NULL), variables, err);

    return rv == APR_SUCCESS ? wf_task_end(turn, NULL, task, "completed", err) : rv;
}

/* Listeners see the variables that came with the call. */
static apr_status_t finish(wf_exec_t *exec, wf_task_t *task, const wf_map_t *variables,
                           wf_error_t *err)
{
    apr_status_t rv = wf_variables_set(&exec->own, variables, err);

    if (rv == APR_SUCCESS) {
        rv = wf_task_tell(exec, task, "complete", WF_NEWS_TASK_COMPLETED, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_task_listeners_notify(exec, task, "delete", err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_task_end(exec->instance->turn, exec, task, "completed", err);
    }
    return rv == APR_SUCCESS ? exec->node->behaviour->signal(exec, err) : rv;
}

static apr_status_t complete(wf_turn_t *turn, wf_task_t *task, const wf_map_t *variables,
                             wf_error_t *err)
{
    wf_exec_t *exec;
    apr_status_t rv = wf_task_waiting(&exec, turn, task, err);

    return rv == APR_SUCCESS
               ? wf_agenda_go_on(turn, exec, finish(exec, task, variables, err), err)
               : rv;
}

apr_status_t wf_bpmn_complete(const wf_bpmn_call_t *call, wf_id_t id,
                              const wf_map_t *variables, wf_error_t *err)
{
    wf_turn_t turn;
    wf_task_t *task;
    apr_status_t rv = wf_task_load_active(&task, call, id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_turn_init(&turn, call);
    rv = task->proc_inst_id ? complete(&turn, task, variables, err)
                            : complete_alone(&turn, task, variables, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "completing task %" APR_INT64_T_FMT, id);
    }
    return APR_SUCCESS;
}
