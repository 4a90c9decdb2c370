/* History of variables: the last value of each, every change of one, and what was
 * submitted with forms. */
#include <apr_strings.h>

#include "bpmn/run.h"

/* Those of a task are where it waits. */
static wf_id_t execution_of(const wf_owner_t *owner)
{
    return owner->exec ? owner->exec->row->id : 0;
}

/* The row has the id of its variable. That of one which is older than its history is made
 * when the variable changes. */
static apr_status_t keep_last(const wf_owner_t *owner, const wf_variable_t *variable,
                              int is_new, wf_error_t *err)
{
    const wf_bpmn_call_t *call = owner->turn->call;
    wf_hi_varinst_t *row = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (!is_new) {
        rv = wf_uow_get(call->uow, WF_TABLE_HI_VARINST, variable->id, &row, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!row) {
        row = wf_uow_insert_shared(call->uow, WF_TABLE_HI_VARINST, variable->id);
        row->name = variable->name;
        row->proc_inst_id = variable->proc_inst_id;
        row->execution_id = execution_of(owner);
        row->task_id = variable->task_id;
        row->created = call->now;
    }
    row->value = wf_value_copy(&variable->value, wf_uow_pool(call->uow));
    row->updated = call->now;
    wf_uow_update(call->uow, row);
    return APR_SUCCESS;
}

/* revision is 0 for the first value, then the row's as it was before the change. */
static void add_change(const wf_owner_t *owner, const wf_variable_t *variable,
                       wf_id_t visit, int is_new)
{
    const wf_bpmn_call_t *call = owner->turn->call;
    wf_hi_detail_t *row = wf_uow_insert(call->uow, WF_TABLE_HI_DETAIL);

    row->type = "VariableUpdate";
    row->proc_inst_id = variable->proc_inst_id;
    row->execution_id = execution_of(owner);
    row->task_id = variable->task_id;
    row->act_inst_id = visit;
    row->name = variable->name;
    row->value = wf_value_copy(&variable->value, wf_uow_pool(call->uow));
    row->revision = is_new ? 0 : variable->row.rev;
    row->time = call->now;
}

apr_status_t wf_history_variable(const wf_owner_t *owner, const wf_variable_t *variable,
                                 wf_id_t visit, int is_new, wf_error_t *err)
{
    const wf_bpmn_call_t *call = owner->turn->call;
    const wf_model_t *model = owner->exec ? owner->exec->instance->model : NULL;

    if (wf_history_keeps(call, model, WF_KEEP_CHANGES)) {
        add_change(owner, variable, visit, is_new);
    }
    return wf_history_keeps(call, model, WF_KEEP_LAST_VALUES)
               ? keep_last(owner, variable, is_new, err)
               : APR_SUCCESS;
}

void wf_history_submitted(const wf_bpmn_call_t *call, const wf_model_t *model,
                          const wf_map_t *values, const wf_hi_detail_t *where)
{
    apr_pool_t *p = wf_uow_pool(call->uow);
    int i, kept = wf_history_keeps(call, model, WF_KEEP_SUBMISSIONS);

    for (i = 0; kept && i < wf_map_count(values); i++) {
        wf_hi_detail_t *row = wf_uow_insert(call->uow, WF_TABLE_HI_DETAIL);

        row->type = "FormProperty";
        row->proc_inst_id = where->proc_inst_id;
        row->execution_id = where->execution_id;
        row->act_inst_id = where->act_inst_id;
        row->task_id = where->task_id;
        row->name = apr_pstrdup(p, wf_map_key(values, i));
        row->value = wf_value_copy(wf_map_at(values, i), p);
        row->time = call->now;
    }
}
