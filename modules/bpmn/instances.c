/* Process instances: how they begin and end, by themselves or from outside. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/tell.h"

/* ---- the beginning ------------------------------------------------------------------- */

static apr_status_t set_data(wf_exec_t *root, const wf_map_t *given, wf_error_t *err)
{
    const apr_array_header_t *data = root->instance->model->body.data;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && data && i < data->nelts; i++) {
        const wf_data_t *d = APR_ARRAY_IDX(data, i, const wf_data_t *);

        if (!given || !wf_map_get(given, d->name)) {
            rv = wf_variable_set_local(&root->own, d->name, &d->value, err);
        }
    }
    return rv;
}

static apr_status_t set_initiator(wf_instance_t *instance, const wf_node_t *node,
                                  wf_error_t *err)
{
    const wf_start_event_t *start = node->details;
    wf_value_t user = wf_string(instance->turn->call->user);

    if (!start->initiator) {
        return APR_SUCCESS;
    }
    return wf_variable_set(&instance->root->own, start->initiator, &user, err);
}

static apr_status_t tell_begin(wf_exec_t *root, wf_error_t *err)
{
    const wf_instance_t *instance = root->instance;
    apr_status_t rv =
        wf_tell(root, WF_NEWS_ENTITY_CREATED, WF_ABOUT(INSTANCE, root->row), err);

    return rv == APR_SUCCESS
                   && wf_history_keeps(instance->turn->call, instance->model,
                                       WF_KEEP_INSTANCES)
               ? wf_tell(root, WF_NEWS_HISTORIC_PROCESS_CREATED, WF_AT(NULL, NULL), err)
               : rv;
}

apr_status_t wf_instance_begin(wf_instance_t *instance, const wf_node_t *start,
                               const wf_map_t *variables, wf_error_t *err)
{
    wf_exec_t *root = instance->root;
    apr_status_t rv;

    if (!start) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "definition %s has no start event to begin with",
                            instance->definition_id);
    }
    wf_exec_stand(root, start);
    wf_history_start(instance, start);
    rv = tell_begin(root, err);
    if (rv == APR_SUCCESS) {
        rv = set_data(root, variables, err);
    }
    if (rv == APR_SUCCESS) {
        rv = set_initiator(instance, start, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_variables_set(&root->own, variables, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_events_arm(root, instance->model->body.handlers, err);
    }
    if (rv == APR_SUCCESS) {
        rv =
            wf_tell(root, WF_NEWS_ENTITY_INITIALIZED, WF_ABOUT(INSTANCE, root->row), err);
    }
    wf_agenda_plan(root, WF_OP_BEGIN, NULL);
    return rv;
}

/* ---- the end --------------------------------------------------------------------------- */

apr_status_t wf_instance_end(wf_instance_t *instance, wf_error_t *err)
{
    wf_exec_t *root = instance->root;
    apr_status_t rv = wf_listeners_notify(root, instance->model->listeners, "end", err);

    if (rv == APR_SUCCESS) {
        rv = wf_tell(root, WF_NEWS_PROCESS_COMPLETED, WF_ABOUT(INSTANCE, root->row), err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_compensation_keep(root, err);
    }
    if (rv == APR_SUCCESS && wf_events_around(root)) {
        rv = wf_events_disarm(root, NULL, err);
    }
    if (rv == APR_SUCCESS && root->row->super_exec) {
        rv = wf_call_return(instance, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_history_end(instance, root->node, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_instance_tell_gone(instance, err);
    }
    return rv == APR_SUCCESS ? wf_exec_remove(root, err) : rv;
}

/* ---- deleting -------------------------------------------------------------------------- */

/* But for listeners, only rows are looked at, not the model, so that an instance whose
 * definition cannot be read any more can still be ended. */
typedef struct deletion_t {
    const wf_bpmn_call_t *call;
    wf_turn_t *turn;
    const char *reason;
    wf_ending_t ending;         /* of the first one */
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
        rv = wf_task_end(d->turn, NULL, APR_ARRAY_IDX(tasks, i, wf_task_t *), d->reason,
                         err);
    }
    return rv;
}

int wf_instance_is_aborted(const wf_turn_t *turn, wf_id_t instance)
{
    return turn->aborted && apr_hash_get(turn->aborted, &instance, sizeof(instance));
}

static void note_aborted(wf_turn_t *turn, wf_id_t instance)
{
    const wf_id_t *key = apr_pmemdup(turn->p, &instance, sizeof(instance));

    if (!turn->aborted) {
        turn->aborted = apr_hash_make(turn->p);
    }
    apr_hash_set(turn->aborted, key, sizeof(*key), key);
}

/* What was planned for its executions is not done any more. */
static void forget_loaded(deletion_t *d, wf_id_t id)
{
    wf_instance_t *instance = apr_hash_get(d->turn->instances, &id, sizeof(id));
    apr_hash_index_t *i = instance ? apr_hash_first(d->turn->p, instance->execs) : NULL;

    for (; i; i = apr_hash_next(i)) {
        wf_exec_t *exec = apr_hash_this_val(i);

        exec->ended = 1;
    }
}

/* Those that it called are cancelled, however it ends. */
static apr_status_t tell_end(deletion_t *d, wf_id_t instance, wf_error_t *err)
{
    const wf_ending_t cancelled = { WF_NEWS_PROCESS_CANCELLED, d->reason };
    int is_first = APR_ARRAY_IDX(d->doomed, 0, wf_id_t) == instance;

    return wf_instance_notify_end(d->turn, instance, is_first ? &d->ending : &cancelled,
                                  d->reason, err);
}

static apr_status_t end_instance(deletion_t *d, wf_id_t instance, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = tell_end(d, instance, err);
    int i;

    if (rv == APR_SUCCESS) {
        rv = wf_instance_rows(&rows, d->call, instance, err);
    }
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
    forget_loaded(d, instance);
    note_aborted(d->turn, instance);
    return rv;
}

/* Variables, jobs and subscriptions go by a purge: it takes what is there when it is
 * written, so a job that gets locked meanwhile is no conflict. */
static apr_status_t end_all(deletion_t *d, wf_id_t instance, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    d->doomed = apr_array_make(wf_uow_pool(d->call->uow), 1, sizeof(wf_id_t));
    APR_ARRAY_PUSH(d->doomed, wf_id_t) = instance;
    for (i = 0; rv == APR_SUCCESS && i < d->doomed->nelts; i++) {
        rv = end_instance(d, APR_ARRAY_IDX(d->doomed, i, wf_id_t), err);
    }
    return rv;
}

apr_status_t wf_instance_abort(wf_turn_t *turn, wf_id_t instance, const char *reason,
                               wf_error_t *err)
{
    deletion_t d = { .call = turn->call,
                     .turn = turn,
                     .reason = reason,
                     .ending = { WF_NEWS_PROCESS_CANCELLED, reason } };

    return end_all(&d, instance, err);
}

apr_status_t wf_instance_abort_by_error(wf_turn_t *turn, wf_id_t instance,
                                        const char *code, wf_error_t *err)
{
    deletion_t d = { .call = turn->call,
                     .turn = turn,
                     .reason = apr_pstrcat(turn->p, "error ", code, NULL),
                     .ending = { WF_NEWS_PROCESS_ENDED_BY_ERROR, code } };

    return end_all(&d, instance, err);
}

apr_status_t wf_bpmn_delete_instance(const wf_bpmn_call_t *call, wf_id_t instance,
                                     const char *reason, wf_error_t *err)
{
    wf_turn_t turn;
    wf_id_t next = instance;
    apr_status_t rv;

    if (reason && strlen(reason) > WF_TASK_MAX_TEXT) {
        return wf_error_field(err, WF_ERR_INVALID, "reason",
                              "a reason has at most %d bytes", WF_TASK_MAX_TEXT);
    }
    reason = reason && *reason ? apr_pstrdup(wf_uow_pool(call->uow), reason) : "deleted";
    wf_turn_init(&turn, call);
    /* Up to one that nobody has called, or whose caller lives on. */
    do {
        instance = next;
        rv = wf_call_cancel(&turn, instance, reason, &next, err);
    } while (rv == APR_SUCCESS && next && next != instance);
    if (rv == APR_SUCCESS && next == instance) {
        rv = wf_instance_abort(&turn, instance, reason, err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(&turn, err) : rv;
}
