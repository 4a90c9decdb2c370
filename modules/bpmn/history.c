/* History of instances, visits of nodes, tasks and their people. A row is inserted when
 * its subject begins, if the level is high enough (history_levels.c), and completed when
 * that ends, whatever the level is by then; within one unit of work both become a single
 * insert. Rows that are not there are passed over: history is a record, not a condition
 * for going on. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

#define OPEN (-1) /* duration of what has not ended */

static const wf_bpmn_call_t *call_of(const wf_instance_t *instance)
{
    return instance->turn->call;
}

/* ---- instances --------------------------------------------------------------------- */

/* At every level: lists of running instances read it. */
void wf_history_start(wf_instance_t *instance, const wf_node_t *start)
{
    const wf_bpmn_call_t *call = call_of(instance);
    const wf_execution_t *root = instance->root->row;
    wf_hi_procinst_t *row =
        wf_uow_insert_shared(call->uow, WF_TABLE_HI_PROCINST, root->id);

    row->proc_inst_id = root->id;
    row->business_key = root->business_key;
    row->proc_def_id = root->proc_def_id;
    row->start_time = call->now;
    row->duration = OPEN;
    row->start_user_id = apr_pstrdup(instance->turn->p, call->user);
    row->start_act_id = start->id;
    row->super_proc_inst_id = instance->caller ? instance->caller->row->proc_inst_id : 0;
}

/* No history is kept: the row goes, and with it what another level may have left, and
 * files of its tasks. What begins and ends in one call has none of that. */
static void drop_instance(const wf_bpmn_call_t *call, wf_hi_procinst_t *row)
{
    if (row->start_time != call->now) {
        wf_uow_purge(call->uow, WF_PURGE_INSTANCE_HISTORY, row->id);
    }
    wf_uow_delete(call->uow, row);
}

/* Of a row that ends now. Who sets the clock back makes nothing take less than no time:
 * that would look like one that is open. */
static apr_int64_t duration(const wf_bpmn_call_t *call, apr_int64_t start_time)
{
    return call->now > start_time ? call->now - start_time : 0;
}

static void close_instance(const wf_bpmn_call_t *call, const wf_model_t *model,
                           wf_hi_procinst_t *row)
{
    if (!wf_history_keeps(call, model, WF_KEEP_INSTANCES)) {
        drop_instance(call, row);
        return;
    }
    row->end_time = call->now;
    row->duration = duration(call, row->start_time);
    row->removal_time = wf_history_removal(call, model);
    wf_uow_update(call->uow, row);
}

apr_status_t wf_history_end(wf_instance_t *instance, const wf_node_t *end,
                            wf_error_t *err)
{
    const wf_bpmn_call_t *call = call_of(instance);
    wf_hi_procinst_t *row;
    apr_status_t rv =
        wf_uow_get(call->uow, WF_TABLE_HI_PROCINST, instance->root->row->id, &row, err);

    if (rv == APR_SUCCESS && row) {
        row->end_act_id = end->id;
        close_instance(call, instance->model, row);
    }
    return rv;
}

apr_status_t wf_history_deleted(const wf_bpmn_call_t *call, wf_id_t instance,
                                const char *reason, wf_error_t *err)
{
    wf_hi_procinst_t *row;
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_HI_PROCINST, instance, &row, err);

    if (rv == APR_SUCCESS && row) {
        row->delete_reason = reason;
        close_instance(call, wf_history_model(call, row->proc_def_id), row);
    }
    return rv;
}

apr_status_t wf_history_migrated(const wf_bpmn_call_t *call, wf_id_t instance,
                                 const char *definition_id, wf_error_t *err)
{
    wf_hi_procinst_t *row;
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_HI_PROCINST, instance, &row, err);

    if (rv == APR_SUCCESS && row) {
        row->proc_def_id = definition_id;
        wf_uow_update(call->uow, row);
    }
    return rv;
}

/* ---- visits of nodes --------------------------------------------------------------- */

static wf_id_t insert_visit(const wf_exec_t *exec)
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
    return row->id;
}

/* A visit that is not kept has an id all the same: it tells that the node was entered,
 * and which token came first. */
void wf_history_enter(wf_exec_t *exec)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);

    exec->row->act_inst_id = wf_history_keeps(call, exec->instance->model, WF_KEEP_VISITS)
                                 ? insert_visit(exec)
                                 : wf_uow_next_id(call->uow);
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

apr_status_t wf_history_close_visit(const wf_bpmn_call_t *call, wf_execution_t *execution,
                                    wf_error_t *err)
{
    wf_hi_actinst_t *row;
    apr_status_t rv = open_visit(&row, call, execution, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (row) {
        row->end_time = call->now;
        row->duration = duration(call, row->start_time);
        wf_uow_update(call->uow, row);
    }
    if (execution->act_inst_id) {
        execution->act_inst_id = 0;
        wf_uow_update(call->uow, execution);
    }
    return APR_SUCCESS;
}

apr_status_t wf_history_leave(wf_exec_t *exec, wf_error_t *err)
{
    return wf_history_close_visit(call_of(exec->instance), exec->row, err);
}

apr_status_t wf_history_rename(const wf_exec_t *exec, wf_error_t *err)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);
    wf_hi_actinst_t *visit;
    apr_status_t rv = open_visit(&visit, call, exec->row, err);

    if (rv == APR_SUCCESS && visit) {
        visit->proc_def_id = exec->row->proc_def_id;
        visit->act_id = exec->node->id;
        visit->act_name = exec->node->name;
        visit->act_type = exec->node->behaviour->activity_type;
        wf_uow_update(call->uow, visit);
    }
    return rv;
}

apr_status_t wf_history_called(wf_exec_t *exec, wf_id_t instance, wf_error_t *err)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);
    wf_hi_actinst_t *visit;
    apr_status_t rv = open_visit(&visit, call, exec->row, err);

    if (rv == APR_SUCCESS && visit) {
        visit->called_inst_id = instance;
        wf_uow_update(call->uow, visit);
    }
    return rv;
}

apr_status_t wf_history_move(wf_exec_t *exec, wf_exec_t *to, const wf_task_t *task,
                             wf_error_t *err)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);
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
        visit->execution_id = to->row->id;
        wf_uow_update(call->uow, visit);
    }
    if (row) {
        row->execution_id = to->row->id;
        wf_uow_update(call->uow, row);
    }
    return APR_SUCCESS;
}

/* ---- tasks ------------------------------------------------------------------------- */

/* What may change while the task is open. */
static void copy_task(wf_hi_taskinst_t *row, const wf_task_t *task)
{
    row->name = task->name;
    row->description = task->description;
    row->owner = task->owner;
    row->assignee = task->assignee;
    row->category = task->category;
    row->priority = task->priority;
    row->due_date = task->due_date;
}

static void insert_task(const wf_bpmn_call_t *call, const wf_task_t *task)
{
    wf_hi_taskinst_t *row =
        wf_uow_insert_shared(call->uow, WF_TABLE_HI_TASKINST, task->id);

    row->proc_def_id = task->proc_def_id;
    row->task_def_key = task->task_def_key;
    row->proc_inst_id = task->proc_inst_id;
    row->execution_id = task->execution_id;
    row->form_key = task->form_key;
    row->parent_task_id = task->parent_task_id;
    row->start_time = call->now;
    row->duration = OPEN;
    copy_task(row, task);
}

apr_status_t wf_history_task_added(const wf_bpmn_call_t *call, const wf_task_t *task,
                                   wf_error_t *err)
{
    wf_hi_taskinst_t *parent = NULL;
    apr_status_t rv = APR_SUCCESS;
    int kept = wf_history_keeps(call, NULL, WF_KEEP_TASKS);

    if (task->parent_task_id) {
        rv = wf_uow_get(call->uow, WF_TABLE_HI_TASKINST, task->parent_task_id, &parent,
                        err);
        kept = parent != NULL;
    }
    if (rv == APR_SUCCESS && kept) {
        insert_task(call, task);
    }
    return rv;
}

apr_status_t wf_history_task_created(const wf_exec_t *exec, const wf_task_t *task,
                                     wf_error_t *err)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);
    wf_hi_actinst_t *visit;
    apr_status_t rv = open_visit(&visit, call, exec->row, err);

    if (wf_history_keeps(call, exec->instance->model, WF_KEEP_TASKS)) {
        insert_task(call, task);
    }
    if (rv == APR_SUCCESS && visit) {
        visit->task_id = task->id;
        visit->assignee = task->assignee;
        wf_uow_update(call->uow, visit);
    }
    return rv;
}

/* The open visit of the node where a task of a process waits; NULL for other tasks. */
static apr_status_t visit_of_task(wf_hi_actinst_t **visit, const wf_bpmn_call_t *call,
                                  const wf_task_t *task, wf_error_t *err)
{
    wf_execution_t *execution = NULL;
    apr_status_t rv = APR_SUCCESS;

    *visit = NULL;
    if (task->execution_id) {
        rv = wf_uow_get(call->uow, WF_TABLE_EXECUTION, task->execution_id, &execution,
                        err);
    }
    return execution ? open_visit(visit, call, execution, err) : rv;
}

/* Changes show in the task's row and, as to the assignee, in the visit of its node. */
apr_status_t wf_history_task_changed(const wf_bpmn_call_t *call, const wf_task_t *task,
                                     int claimed, wf_error_t *err)
{
    wf_hi_taskinst_t *row;
    wf_hi_actinst_t *visit;
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_HI_TASKINST, task->id, &row, err);

    if (rv == APR_SUCCESS) {
        rv = visit_of_task(&visit, call, task, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (row) {
        if (claimed || !wf_task_is_of(task, row->assignee)) {
            row->claim_time = claimed ? call->now : 0;
        }
        copy_task(row, task);
        wf_uow_update(call->uow, row);
    }
    if (visit) {
        visit->assignee = task->assignee;
        wf_uow_update(call->uow, visit);
    }
    return APR_SUCCESS;
}

apr_status_t wf_history_task_renamed(const wf_bpmn_call_t *call, const wf_task_t *task,
                                     wf_error_t *err)
{
    wf_hi_taskinst_t *row;
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_HI_TASKINST, task->id, &row, err);

    if (rv == APR_SUCCESS && row) {
        row->proc_def_id = task->proc_def_id;
        row->task_def_key = task->task_def_key;
        row->form_key = task->form_key;
        wf_uow_update(call->uow, row);
    }
    return rv;
}

apr_status_t wf_history_task_ended(const wf_bpmn_call_t *call, const wf_task_t *task,
                                   const char *reason, wf_error_t *err)
{
    wf_hi_taskinst_t *row;
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_HI_TASKINST, task->id, &row, err);
    int alone = !task->proc_inst_id;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (row) {
        row->end_time = call->now;
        row->duration = duration(call, row->start_time);
        row->delete_reason = reason;
        row->removal_time =
            alone && !task->parent_task_id ? wf_history_removal(call, NULL) : 0;
        wf_uow_update(call->uow, row);
    }
    else if (alone) {
        /* Nobody would find its files any more. */
        wf_uow_purge(call->uow, WF_PURGE_TASK_HISTORY, task->id);
    }
    return APR_SUCCESS;
}

/* ---- people of tasks --------------------------------------------------------------- */

static void insert_link(const wf_bpmn_call_t *call, const wf_identitylink_t *link)
{
    wf_hi_link_t *row = wf_uow_insert_shared(call->uow, WF_TABLE_HI_LINK, link->id);

    row->type = link->type;
    row->user_id = link->user_id;
    row->group_id = link->group_id;
    row->task_id = link->task_id;
}

void wf_history_link_created(const wf_exec_t *exec, const wf_identitylink_t *link)
{
    const wf_bpmn_call_t *call = call_of(exec->instance);

    if (wf_history_keeps(call, exec->instance->model, WF_KEEP_TASKS)) {
        insert_link(call, link);
    }
}

/* Clean-up finds links by the row of their task. */
apr_status_t wf_history_link_added(const wf_bpmn_call_t *call,
                                   const wf_identitylink_t *link, wf_error_t *err)
{
    wf_hi_taskinst_t *task;
    apr_status_t rv =
        wf_uow_get(call->uow, WF_TABLE_HI_TASKINST, link->task_id, &task, err);

    if (rv == APR_SUCCESS && task) {
        insert_link(call, link);
    }
    return rv;
}

apr_status_t wf_history_link_removed(const wf_bpmn_call_t *call,
                                     const wf_identitylink_t *link, wf_error_t *err)
{
    wf_hi_link_t *row;
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_HI_LINK, link->id, &row, err);

    if (rv == APR_SUCCESS && row) {
        wf_uow_delete(call->uow, row);
    }
    return rv;
}
