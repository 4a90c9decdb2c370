/* Deleting process instances. Only rows are looked at, not the model, so that an instance
 * whose definition cannot be read any more can still be ended. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

typedef struct deletion_t {
    const wf_bpmn_call_t *call;
    const char *reason;
    apr_array_header_t *doomed; /* wf_id_t; grows while it is worked through */
} deletion_t;

/* The visit where the execution rests ends; what it has called is doomed, too. The row is
 * deleted here and not by the purge, so that a job which moves the execution meanwhile is
 * noticed: what that writes into history would stay open. */
static apr_status_t end_execution(deletion_t *d, wf_execution_t *row, wf_error_t *err)
{
    apr_array_header_t *called;
    apr_status_t rv = wf_history_close_visit(d->call, row, err);
    int i;

    if (rv == APR_SUCCESS) {
        rv =
            wf_uow_select(d->call->uow, WF_BY_CALLED_BY_EXECUTION, row->id, &called, err);
    }
    for (i = 0; rv == APR_SUCCESS && i < called->nelts; i++) {
        APR_ARRAY_PUSH(d->doomed, wf_id_t) =
            APR_ARRAY_IDX(called, i, wf_execution_t *)->proc_inst_id;
    }
    wf_uow_delete(d->call->uow, row);
    return rv;
}

static apr_status_t end_tasks(deletion_t *d, wf_id_t instance, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv =
        wf_uow_select(d->call->uow, WF_BY_TASKS_OF_INSTANCE, instance, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        rv = wf_task_end(d->call, APR_ARRAY_IDX(tasks, i, wf_task_t *), d->reason, err);
    }
    return rv;
}

static apr_status_t end_instance(deletion_t *d, wf_id_t instance, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_instance_rows(&rows, d->call, instance, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        rv = end_execution(d, APR_ARRAY_IDX(rows, i, wf_execution_t *), err);
    }
    if (rv == APR_SUCCESS) {
        rv = end_tasks(d, instance, err);
    }
    if (rv == APR_SUCCESS) {
        wf_uow_purge(d->call->uow, WF_PURGE_INSTANCE_RUNTIME, instance);
        rv = wf_history_deleted(d->call, instance, d->reason, err);
    }
    return rv;
}

/* Variables, jobs and subscriptions go by a purge: it takes what is there when it is
 * written, so a job that gets locked meanwhile is no conflict. */
apr_status_t wf_bpmn_delete_instance(const wf_bpmn_call_t *call, wf_id_t instance,
                                     const char *reason, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(call->uow);
    deletion_t d = { .call = call, .doomed = apr_array_make(p, 1, sizeof(wf_id_t)) };
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (reason && strlen(reason) > WF_TASK_MAX_TEXT) {
        return wf_error_field(err, WF_ERR_INVALID, "reason",
                              "a reason has at most %d bytes", WF_TASK_MAX_TEXT);
    }
    d.reason = reason && *reason ? apr_pstrdup(p, reason) : "deleted";
    APR_ARRAY_PUSH(d.doomed, wf_id_t) = instance;
    for (i = 0; rv == APR_SUCCESS && i < d.doomed->nelts; i++) {
        rv = end_instance(&d, APR_ARRAY_IDX(d.doomed, i, wf_id_t), err);
    }
    return rv;
}
