/* History at level audit: instances, visits of nodes, tasks. A row is inserted when its
 * subject begins and completed when that ends; within one unit of work both become a
 * single insert. Rows that somebody deleted meanwhile are passed over: history is a
 * record, not a condition for going on. */
#include <apr_strings.h>

#include "bpmn/run.h"

#define OPEN (-1) /* duration of what has not ended */

static const wf_bpmn_call_t *call_of(const wf_instance_t *instance)
{
    return instance->turn->call;
}

/* ---- instances --------------------------------------------------------------------- */

void wf_history_start(wf_instance_t *instance, const wf_node_t *start)
{
    const wf_bpmn_call_t *call = call_of(instance);
    const wf_execution_t *root = instance->root->row;
    wf_hi_procinst_t *row = wf_uow_insert(call->uow, WF_TABLE_HI_PROCINST);

    row->id = root->id; /* an instance and its history have one id */
    row->proc_inst_id = root->id;
    row->business_key = root->business_key;
    row->proc_def_id = root->proc_def_id;
    row->start_time = call->now;
    row->duration = OPEN;
    row->start_user_id = apr_pstrdup(instance->turn->p, call->user);
    row->start_act_id = start->id;
}

apr_status_t wf_history_end(wf_instance_t *instance, const wf_node_t *end,
                            wf_error_t *err)
{
    const wf_bpmn_call_t *call = call_of(instance);
    wf_hi_procinst_t *row;
    apr_status_t rv =
        wf_uow_get(call->uow, WF_TABLE_HI_PROCINST, instance->root->row->id, &row, err);

    if (rv != APR_SUCCESS || !row) {
        return rv;
    }
    row->end_time = call->now;
    row->duration = call->now - row->start_time;
    row->end_act_id = end->id;
    wf_uow_update(call->uow, row);
    return APR_SUCCESS;
}

/* ---- visits of nodes --------------------------------------------------------------- */

void wf_history_enter(wf_exec_t *exec)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);
    wf_hi_actinst_t *row = wf_uow_insert(call->uow, WF_TABLE_HI_ACTINST);

    row->proc_def_id = exec->row->proc_def_id;
    row->proc_inst_id = exec->row->proc_inst_id;
    row->execution_id = exec->row->id;
    row->act_id = exec->node->id;
    row->act_name = exec->node->name;
    row->act_type = exec->node->behaviour->activity_type;
    row->start_time = call->now;
    row->duration = OPEN;
    exec->row->act_inst_id = row->id;
    wf_exec_changed(exec);
}

static apr_status_t open_visit(wf_hi_actinst_t **row, const wf_bpmn_call_t *call,
                               const wf_execution_t *execution, wf_error_t *err)
{
    *row = NULL;
    if (!execution->act_inst_id) {
        return APR_SUCCESS;
    }
    return wf_uow_get(call->uow, WF_TABLE_HI_ACTINST, execution->act_inst_id, row, err);
}

apr_status_t wf_history_leave(wf_exec_t *exec, wf_error_t *err)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);
    wf_hi_actinst_t *row;
    apr_status_t rv = open_visit(&row, call, exec->row, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (row) {
        row->end_time = call->now;
        row->duration = call->now - row->start_time;
        wf_uow_update(call->uow, row);
    }
    if (exec->row->act_inst_id) {
        exec->row->act_inst_id = 0;
        wf_exec_changed(exec);
    }
    return APR_SUCCESS;
}

apr_status_t wf_history_hand_up(wf_exec_t *exec, const wf_task_t *task, wf_error_t *err)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);
    wf_id_t parent = exec->parent->row->id;
    wf_hi_actinst_t *visit;
    wf_hi_taskinst_t *row = NULL;
    apr_status_t rv = open_visit(&visit, call, exec->row, err);

    if (rv == APR_SUCCESS && task) {
        rv = wf_uow_get(call->uow, WF_TABLE_HI_TASKINST, task->id, &row, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (visit) {
        visit->execution_id = parent;
        wf_uow_update(call->uow, visit);
    }
    if (row) {
        row->execution_id = parent;
        wf_uow_update(call->uow, row);
    }
    return APR_SUCCESS;
}

/* ---- tasks ------------------------------------------------------------------------- */

static void add_task_row(const wf_bpmn_call_t *call, const wf_task_t *task)
{
    wf_hi_taskinst_t *row = wf_uow_insert(call->uow, WF_TABLE_HI_TASKINST);

    row->id = task->id; /* a task and its history have one id */
    row->proc_def_id = task->proc_def_id;
    row->task_def_key = task->task_def_key;
    row->proc_inst_id = task->proc_inst_id;
    row->execution_id = task->execution_id;
    row->name = task->name;
    row->description = task->description;
    row->owner = task->owner;
    row->assignee = task->assignee;
    row->form_key = task->form_key;
    row->priority = task->priority;
    row->start_time = call->now;
    row->duration = OPEN;
    row->due_date = task->due_date;
}

apr_status_t wf_history_task_created(const wf_exec_t *exec, const wf_task_t *task,
                                     wf_error_t *err)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);
    wf_hi_actinst_t *visit;
    apr_status_t rv = open_visit(&visit, call, exec->row, err);

    add_task_row(call, task);
    if (rv == APR_SUCCESS && visit) {
        visit->task_id = task->id;
        visit->assignee = task->assignee;
        wf_uow_update(call->uow, visit);
    }
    return rv;
}

/* Claiming shows in the task's row and in the visit of its node. */
apr_status_t wf_history_task_claimed(const wf_bpmn_call_t *call, const wf_task_t *task,
                                     wf_error_t *err)
{
    wf_hi_taskinst_t *row;
    wf_execution_t *execution;
    wf_hi_actinst_t *visit = NULL;
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_HI_TASKINST, task->id, &row, err);

    if (rv == APR_SUCCESS) {
        rv = wf_uow_get(call->uow, WF_TABLE_EXECUTION, task->execution_id, &execution,
                        err);
    }
    if (rv == APR_SUCCESS && execution) {
        rv = open_visit(&visit, call, execution, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (row) {
        row->assignee = task->assignee;
        row->claim_time = call->now;
        wf_uow_update(call->uow, row);
    }
    if (visit) {
        visit->assignee = task->assignee;
        wf_uow_update(call->uow, visit);
    }
    return APR_SUCCESS;
}

apr_status_t wf_history_task_completed(const wf_turn_t *turn, const wf_task_t *task,
                                       wf_error_t *err)
{
    const wf_bpmn_call_t *call = turn->call;
    wf_hi_taskinst_t *row;
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_HI_TASKINST, task->id, &row, err);

    if (rv != APR_SUCCESS || !row) {
        return rv;
    }
    row->end_time = call->now;
    row->duration = call->now - row->start_time;
    row->delete_reason = "completed";
    wf_uow_update(call->uow, row);
    return APR_SUCCESS;
}
