/* External tasks: an activity rests until a worker outside has done what its topic stands
 * for. A worker locks the task for a time, and only whoever has, or had it last, may say
 * what came of it: a lock that has run out counts as long as nobody else has taken the
 * task.
 *
 *     waits ──(fetched: locked until …)──▶ complete: the token goes on
 *       ▲                                  error: thrown from the activity
 *       ├────── unlocked, lock over ────── failure, retries left: waits, after a pause
 *       └────── retries set again ◀─────── failure, none left: an incident, and it stops
 */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

#define DETAILS_NAME "externalTask.errorDetails"
#define INCIDENT_TYPE "failedExternalTask"

/* ---- beginning to wait ---------------------------------------------------------------- */

static apr_status_t check_topic(const wf_exec_t *exec, const char *topic, wf_error_t *err)
{
    if (exec->node->behaviour->wait != WF_WAIT_WORKER) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "only tasks wait for external workers, not elements of type "
                            "\"%s\"",
                            exec->node->behaviour->element);
    }
    if (!topic || !*topic) {
        return wf_error_set(err, WF_ERR_EXECUTION, "the topic is empty");
    }
    if (strlen(topic) > WF_EXTERNAL_MAX_NAME) {
        return wf_error_set(err, WF_ERR_EXECUTION, "the topic has more than %d bytes",
                            WF_EXTERNAL_MAX_NAME);
    }
    return APR_SUCCESS;
}

static apr_status_t eval_priority(wf_exec_t *exec, const wf_template_t *expression,
                                  apr_int64_t *priority, wf_error_t *err)
{
    wf_value_t value = wf_null();
    apr_status_t rv =
        expression ? wf_exec_eval(exec, expression, &value, err) : APR_SUCCESS;

    *priority = 0;
    if (rv != APR_SUCCESS || value.type == WF_NULL) {
        return rv;
    }
    if (wf_is_integer(&value)) {
        *priority = value.as.integer;
        return APR_SUCCESS;
    }
    if (value.type == WF_STRING && wf_parse_int64(value.as.text.data, priority)) {
        return APR_SUCCESS;
    }
    return wf_error_set(err, WF_ERR_EXECUTION, "the value is no whole number");
}

apr_status_t wf_external_create(wf_exec_t *exec, const char *topic,
                                const wf_template_t *priority, wf_error_t *err)
{
    wf_external_task_t *task;
    apr_int64_t number;
    apr_status_t rv = check_topic(exec, topic, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = eval_priority(exec, priority, &number, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "taskPriority");
    }
    task = wf_uow_insert(WF_UOW(exec), WF_TABLE_EXTERNAL_TASK);
    task->topic = apr_pstrdup(exec->instance->turn->p, topic);
    task->priority = number;
    task->execution_id = exec->row->id;
    task->proc_inst_id = exec->row->proc_inst_id;
    task->proc_def_id = exec->row->proc_def_id;
    task->act_id = exec->node->id;
    task->act_inst_id = exec->row->act_inst_id;
    task->suspension = exec->row->suspension;
    task->created = exec->instance->turn->call->now;
    return APR_SUCCESS;
}

/* ---- incidents -------------------------------------------------------------------------- */

static apr_status_t incidents_of(const wf_bpmn_call_t *call,
                                 const wf_external_task_t *task,
                                 apr_array_header_t **incidents, wf_error_t *err)
{
    return wf_uow_select(call->uow, WF_BY_INCIDENTS_OF_CONFIGURATION, task->id, incidents,
                         err);
}

static apr_status_t end_incidents(const wf_bpmn_call_t *call,
                                  const wf_external_task_t *task, wf_error_t *err)
{
    apr_array_header_t *incidents;
    apr_status_t rv;
    int i;

    if (task->retries != 0) {
        return APR_SUCCESS;
    }
    rv = incidents_of(call, task, &incidents, err);
    for (i = 0; rv == APR_SUCCESS && i < incidents->nelts; i++) {
        wf_uow_delete(call->uow, APR_ARRAY_IDX(incidents, i, wf_incident_t *));
    }
    return rv;
}

static void begin_incident(const wf_bpmn_call_t *call, const wf_external_task_t *task)
{
    wf_incident_t *incident = wf_uow_insert(call->uow, WF_TABLE_INCIDENT);

    incident->type = INCIDENT_TYPE;
    incident->message = task->error_msg;
    incident->time = call->now;
    incident->execution_id = task->execution_id;
    incident->proc_inst_id = task->proc_inst_id;
    incident->proc_def_id = task->proc_def_id;
    incident->activity_id = task->act_id;
    incident->configuration = task->id;
}

/* An incident is there as long as the task has no retries left. */
static apr_status_t give_retries(const wf_bpmn_call_t *call, wf_external_task_t *task,
                                 int retries, wf_error_t *err)
{
    apr_status_t rv = retries > 0 ? end_incidents(call, task, err) : APR_SUCCESS;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (retries == 0 && task->retries != 0) {
        begin_incident(call, task);
    }
    task->retries = retries;
    wf_uow_update(call->uow, task);
    return APR_SUCCESS;
}

/* ---- the end of a task -------------------------------------------------------------------- */

static apr_status_t load_details(const wf_bpmn_call_t *call,
                                 const wf_external_task_t *task, wf_bytearray_t **details,
                                 wf_error_t *err)
{
    *details = NULL;
    return task->error_details_id ? wf_uow_get(call->uow, WF_TABLE_BYTEARRAY,
                                               task->error_details_id, details, err)
                                  : APR_SUCCESS;
}

static apr_status_t delete_task(const wf_bpmn_call_t *call, wf_external_task_t *task,
                                wf_error_t *err)
{
    wf_bytearray_t *details;
    apr_status_t rv = load_details(call, task, &details, err);

    if (rv == APR_SUCCESS) {
        rv = end_incidents(call, task, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (details) {
        wf_uow_delete(call->uow, details);
    }
    wf_uow_delete(call->uow, task);
    return APR_SUCCESS;
}

apr_status_t wf_external_cancel(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv = wf_uow_select(WF_UOW(exec), WF_BY_EXTERNAL_TASKS_OF_EXECUTION,
                                    exec->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        rv = delete_task(exec->instance->turn->call,
                         APR_ARRAY_IDX(tasks, i, wf_external_task_t *), err);
    }
    return rv;
}

static apr_status_t move_incidents(const wf_bpmn_call_t *call,
                                   const wf_external_task_t *task, wf_error_t *err)
{
    apr_array_header_t *incidents;
    apr_status_t rv = incidents_of(call, task, &incidents, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < incidents->nelts; i++) {
        wf_incident_t *incident = APR_ARRAY_IDX(incidents, i, wf_incident_t *);

        incident->execution_id = task->execution_id;
        wf_uow_update(call->uow, incident);
    }
    return rv;
}

apr_status_t wf_external_move(wf_exec_t *from, wf_exec_t *to, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv = wf_uow_select(WF_UOW(from), WF_BY_EXTERNAL_TASKS_OF_EXECUTION,
                                    from->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        wf_external_task_t *task = APR_ARRAY_IDX(tasks, i, wf_external_task_t *);

        task->execution_id = to->row->id;
        wf_uow_update(WF_UOW(from), task);
        rv = task->retries == 0 ? move_incidents(from->instance->turn->call, task, err)
                                : APR_SUCCESS;
    }
    return rv;
}

/* ---- whose it is ---------------------------------------------------------------------------- */

static apr_status_t load_task(wf_external_task_t **task, const wf_bpmn_call_t *call,
                              wf_id_t id, wf_error_t *err)
{
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_EXTERNAL_TASK, id, task, err);

    if (rv == APR_SUCCESS && !*task) {
        rv = wf_error_set(err, WF_ERR_NOT_FOUND,
                          "no external task with id '%" APR_INT64_T_FMT "'", id);
    }
    return rv;
}

static apr_status_t check_worker(const char *worker, wf_error_t *err)
{
    if (!worker || !*worker) {
        return wf_error_field(err, WF_ERR_INVALID, "workerId", "'workerId' is missing");
    }
    if (strlen(worker) > WF_EXTERNAL_MAX_NAME) {
        return wf_error_field(err, WF_ERR_INVALID, "workerId",
                              "'workerId' has more than %d bytes", WF_EXTERNAL_MAX_NAME);
    }
    return APR_SUCCESS;
}

static apr_status_t not_suspended(const wf_external_task_t *task, wf_error_t *err)
{
    return task->suspension == WF_SUSPENDED
               ? wf_error_set(err, WF_ERR_CONFLICT,
                              "external task '%" APR_INT64_T_FMT "' is suspended",
                              task->id)
               : APR_SUCCESS;
}

/* A fetch takes tasks without a lane, and without a new REV_. */
static void need(const wf_bpmn_call_t *call, wf_lock_e what,
                 const wf_external_task_t *task, const char *worker)
{
    wf_lock_t *lock = apr_pcalloc(wf_uow_pool(call->uow), sizeof(*lock));

    lock->what = what;
    lock->id = task->id;
    lock->owner = apr_pstrdup(wf_uow_pool(call->uow), worker);
    lock->until = call->now;
    wf_uow_lock(call->uow, lock);
}

/* The task, if worker has or had it last; still so when the unit is committed. */
static apr_status_t load_own(wf_external_task_t **task, const wf_bpmn_call_t *call,
                             wf_id_t id, const char *worker, wf_error_t *err)
{
    apr_status_t rv = check_worker(worker, err);

    if (rv == APR_SUCCESS) {
        rv = load_task(task, call, id, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!(*task)->worker_id || strcmp((*task)->worker_id, worker) != 0) {
        return wf_error_field(err, WF_ERR_INVALID, "workerId",
                              "external task '%" APR_INT64_T_FMT
                              "' is not locked by worker '%s'",
                              id, worker);
    }
    need(call, WF_LOCK_OWN, *task, worker);
    return not_suspended(*task, err);
}

/* ---- what came of it ---------------------------------------------------------------------- */

/* The execution that waits for the task, with what the worker has given. */
static apr_status_t load_waiting(wf_exec_t **exec, wf_turn_t *turn,
                                 const wf_external_task_t *task,
                                 const wf_external_report_t *report, wf_error_t *err)
{
    apr_status_t rv = wf_exec_load(exec, turn, task->execution_id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!*exec || !wf_exec_waits_for(*exec, WF_WAIT_WORKER) || !task->act_id
        || strcmp((*exec)->node->id, task->act_id) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "no execution of process instance %" APR_INT64_T_FMT
                            " waits for external task %" APR_INT64_T_FMT,
                            task->proc_inst_id, task->id);
    }
    rv = wf_variables_set(&(*exec)->own, report->variables, err);
    return rv == APR_SUCCESS ? wf_variables_set_local(&(*exec)->own, report->local, err)
                             : rv;
}

apr_status_t wf_bpmn_external_complete(const wf_bpmn_call_t *call, wf_id_t id,
                                       const wf_external_report_t *report,
                                       wf_error_t *err)
{
    wf_external_task_t *task;
    wf_turn_t turn;
    wf_exec_t *exec;
    apr_status_t rv = load_own(&task, call, id, report->worker, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_turn_init(&turn, call);
    rv = load_waiting(&exec, &turn, task, report, err);
    if (rv == APR_SUCCESS) {
        rv = delete_task(call, task, err);
    }
    if (rv == APR_SUCCESS) {
        wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
        rv = wf_agenda_run(&turn, err);
    }
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "completing external task %" APR_INT64_T_FMT, id);
}

apr_status_t wf_bpmn_external_error(const wf_bpmn_call_t *call, wf_id_t id,
                                    const wf_external_report_t *report, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(call->uow);
    wf_external_task_t *task;
    wf_turn_t turn;
    wf_exec_t *exec;
    apr_status_t rv = load_own(&task, call, id, report->worker, err);

    if (rv == APR_SUCCESS && (!report->code || !*report->code)) {
        rv = wf_error_field(err, WF_ERR_INVALID, "errorCode", "'errorCode' is missing");
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_turn_init(&turn, call);
    rv = load_waiting(&exec, &turn, task, report, err);
    if (rv == APR_SUCCESS) {
        rv = delete_task(call, task, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_error_throw(exec, apr_pstrdup(p, report->code),
                            apr_pstrdup(p, report->message), err);
        rv = wf_agenda_go_on(&turn, exec, rv, err);
    }
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "error of external task %" APR_INT64_T_FMT, id);
}

/* ---- failures --------------------------------------------------------------------------------- */

/* The details of the last failure; without any they go. */
static apr_status_t keep_details(const wf_bpmn_call_t *call, wf_external_task_t *task,
                                 const char *text, wf_error_t *err)
{
    wf_bytearray_t *details;
    apr_status_t rv = load_details(call, task, &details, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!text) {
        if (details) {
            wf_uow_delete(call->uow, details);
        }
        task->error_details_id = 0;
        return APR_SUCCESS;
    }
    if (!details) {
        details = wf_uow_insert(call->uow, WF_TABLE_BYTEARRAY);
        details->name = DETAILS_NAME;
        task->error_details_id = details->id;
    }
    details->bytes = apr_pstrdup(wf_uow_pool(call->uow), text);
    details->length = strlen(text);
    wf_uow_update(call->uow, details);
    return APR_SUCCESS;
}

static apr_status_t check_retries(int retries, wf_error_t *err)
{
    return retries < 0 ? wf_error_field(err, WF_ERR_INVALID, "retries",
                                        "the number of retries must not be negative")
                       : APR_SUCCESS;
}

static apr_status_t check_span(const char *field, apr_int64_t ms, apr_int64_t least,
                               wf_error_t *err)
{
    return ms < least || ms > WF_EXTERNAL_MAX_SPAN
               ? wf_error_field(err, WF_ERR_INVALID, field,
                                "'%s' must be %d to %" APR_INT64_T_FMT " milliseconds",
                                field, (int)least, (apr_int64_t)WF_EXTERNAL_MAX_SPAN)
               : APR_SUCCESS;
}

/* The variables of a failure stay with the instance, which waits as before. */
static apr_status_t set_variables(const wf_bpmn_call_t *call,
                                  const wf_external_task_t *task,
                                  const wf_external_report_t *report, wf_error_t *err)
{
    wf_turn_t turn;
    wf_exec_t *exec;

    if (!report->variables && !report->local) {
        return APR_SUCCESS;
    }
    wf_turn_init(&turn, call);
    return load_waiting(&exec, &turn, task, report, err);
}

apr_status_t wf_bpmn_external_failure(const wf_bpmn_call_t *call, wf_id_t id,
                                      const wf_external_report_t *report, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(call->uow);
    wf_external_task_t *task;
    apr_status_t rv = load_own(&task, call, id, report->worker, err);

    if (rv == APR_SUCCESS) {
        rv = check_retries(report->retries, err);
    }
    if (rv == APR_SUCCESS) {
        rv = check_span("retryTimeout", report->pause, 0, err);
    }
    if (rv == APR_SUCCESS) {
        rv = set_variables(call, task, report, err);
    }
    if (rv == APR_SUCCESS) {
        rv = keep_details(call, task, report->details, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    task->error_msg =
        report->message ? wf_utf8_cut(report->message, WF_EXTERNAL_MAX_MESSAGE, p) : NULL;
    task->lock_exp_time = report->pause ? call->now + report->pause : 0;
    return give_retries(call, task, report->retries, err);
}

/* ---- locks, retries, priority ------------------------------------------------------------------- */

static void take(const wf_bpmn_call_t *call, wf_external_task_t *task, const char *worker,
                 apr_int64_t ms)
{
    task->worker_id = apr_pstrdup(wf_uow_pool(call->uow), worker);
    task->lock_exp_time = call->now + ms;
    wf_uow_update(call->uow, task);
}

apr_status_t wf_bpmn_external_lock(const wf_bpmn_call_t *call, wf_id_t id,
                                   const char *worker, apr_int64_t ms, wf_error_t *err)
{
    wf_external_task_t *task;
    apr_status_t rv = check_worker(worker, err);

    if (rv == APR_SUCCESS) {
        rv = check_span("lockDuration", ms, 1, err);
    }
    if (rv == APR_SUCCESS) {
        rv = load_task(&task, call, id, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (task->worker_id && strcmp(task->worker_id, worker) != 0
        && task->lock_exp_time > call->now) {
        return wf_error_field(err, WF_ERR_INVALID, "workerId",
                              "external task '%" APR_INT64_T_FMT
                              "' is locked by worker '%s'",
                              id, task->worker_id);
    }
    need(call, WF_LOCK_FREE, task, worker);
    take(call, task, worker, ms);
    return APR_SUCCESS;
}

apr_status_t wf_bpmn_external_extend(const wf_bpmn_call_t *call, wf_id_t id,
                                     const char *worker, apr_int64_t ms, wf_error_t *err)
{
    wf_external_task_t *task;
    apr_status_t rv = check_span("newDuration", ms, 1, err);

    if (rv == APR_SUCCESS) {
        rv = load_own(&task, call, id, worker, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (task->lock_exp_time <= call->now) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the lock of external task '%" APR_INT64_T_FMT
                            "' is over and cannot be extended",
                            id);
    }
    take(call, task, worker, ms);
    return APR_SUCCESS;
}

apr_status_t wf_bpmn_external_unlock(const wf_bpmn_call_t *call, wf_id_t id,
                                     wf_error_t *err)
{
    wf_external_task_t *task;
    apr_status_t rv = load_task(&task, call, id, err);

    if (rv == APR_SUCCESS && (task->worker_id || task->lock_exp_time)) {
        task->worker_id = NULL;
        task->lock_exp_time = 0;
        wf_uow_update(call->uow, task);
    }
    return rv;
}

apr_status_t wf_bpmn_external_set_retries(const wf_bpmn_call_t *call, wf_id_t id,
                                          int retries, wf_error_t *err)
{
    wf_external_task_t *task;
    apr_status_t rv = check_retries(retries, err);

    if (rv == APR_SUCCESS) {
        rv = load_task(&task, call, id, err);
    }
    return rv == APR_SUCCESS ? give_retries(call, task, retries, err) : rv;
}

apr_status_t wf_bpmn_external_set_priority(const wf_bpmn_call_t *call, wf_id_t id,
                                           apr_int64_t priority, wf_error_t *err)
{
    wf_external_task_t *task;
    apr_status_t rv = load_task(&task, call, id, err);

    if (rv == APR_SUCCESS && task->priority != priority) {
        task->priority = priority;
        wf_uow_update(call->uow, task);
    }
    return rv;
}
