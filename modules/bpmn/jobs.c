/* Jobs: a token that arrives at an asynchronous node writes a message job and rests; the
 * unit of work ends there, and running the job goes on. What waits for a time has a timer
 * job. What running a job does is a row of the table of handlers. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/tell.h"

#define RETRIES 3

int wf_job_retries(const wf_bpmn_call_t *call)
{
    return call->job_retries > 0 ? call->job_retries : RETRIES;
}

static wf_job_t *create_row(const wf_bpmn_call_t *call, const char *type,
                            const char *handler, const char *configuration)
{
    wf_job_t *job = wf_uow_insert(call->uow, WF_TABLE_JOB);

    job->type = type;
    job->exclusive = 1;
    job->retries = wf_job_retries(call);
    job->handler_type = handler;
    job->handler_cfg = configuration;
    return job;
}

static wf_job_t *create(wf_exec_t *exec, const char *type, const char *handler,
                        const wf_node_t *node)
{
    wf_job_t *job = create_row(exec->instance->turn->call, type, handler, node->id);

    job->execution_id = exec->row->id;
    job->proc_inst_id = exec->row->proc_inst_id;
    job->proc_def_id = exec->row->proc_def_id;
    job->suspension = exec->row->suspension;
    WF_TELL_MADE(exec, JOB, job);
    return job;
}

void wf_job_continue_later(wf_exec_t *exec)
{
    create(exec, "message", WF_JOB_CONTINUE, exec->node)->exclusive =
        exec->node->exclusive;
}

void wf_job_leave_later(wf_exec_t *exec)
{
    wf_job_t *job = create(exec, "message", WF_JOB_LEAVE, exec->node);

    job->exclusive = exec->node->exclusive;
    wf_job_rename(job, exec->node, exec->chosen, exec->instance->turn->p);
    exec->chosen = NULL;
}

/* ---- the configuration ---------------------------------------------------------------- */

/* It is the id of the node, or "node flow" of a job that leaves by one: ids have no
 * blanks. */
const char *wf_job_flow(const wf_job_t *job)
{
    const char *blank = job->handler_type && job->handler_cfg
                                && strcmp(job->handler_type, WF_JOB_LEAVE) == 0
                            ? strchr(job->handler_cfg, ' ')
                            : NULL;

    return blank ? blank + 1 : NULL;
}

const char *wf_job_activity(const wf_job_t *job, apr_pool_t *p)
{
    const char *flow = wf_job_flow(job);

    return flow ? apr_pstrndup(p, job->handler_cfg,
                               (apr_size_t)(flow - job->handler_cfg) - 1)
                : job->handler_cfg;
}

void wf_job_rename(wf_job_t *job, const wf_node_t *node, const wf_flow_t *flow,
                   apr_pool_t *p)
{
    job->handler_cfg = flow ? apr_pstrcat(p, node->id, " ", flow->id, NULL) : node->id;
}

wf_job_t *wf_job_plan(wf_exec_t *exec, const wf_node_t *event, apr_int64_t due)
{
    const char *handler =
        wf_event_is_around(exec, event) ? WF_JOB_TIMER_AROUND : WF_JOB_TIMER_CATCH;
    wf_job_t *job = create(exec, "timer", handler, event);

    job->due_date = due;
    return job;
}

wf_job_t *wf_job_plan_start(const wf_bpmn_call_t *call, const char *definition_id,
                            const char *event, const wf_firing_t *firing)
{
    wf_job_t *job = create_row(call, "timer", WF_JOB_TIMER_START, event);

    job->proc_def_id = definition_id;
    job->due_date = firing->due;
    job->repeat = firing->repeat;
    return job;
}

apr_status_t wf_job_deliver_later(wf_turn_t *turn, const wf_subscription_t *row,
                                  wf_error_t *err)
{
    wf_execution_t *exec = NULL;
    wf_job_t *job;
    apr_status_t rv = APR_SUCCESS;

    if (row->execution_id) {
        rv = wf_uow_get(turn->call->uow, WF_TABLE_EXECUTION, row->execution_id, &exec,
                        err);
    }
    if (rv != APR_SUCCESS || (row->execution_id && !exec)) {
        return rv; /* it waits no more: there is nobody to tell */
    }
    if (exec) {
        /* Of another instance, perhaps, that is suspended or ends meanwhile. */
        wf_uow_expect(turn->call->uow, exec);
    }
    job = create_row(turn->call, "message", WF_JOB_EVENT,
                     exec ? apr_psprintf(turn->p, "%" APR_INT64_T_FMT, row->id)
                          : row->activity_id);
    job->execution_id = row->execution_id;
    job->proc_inst_id = row->proc_inst_id;
    job->proc_def_id = exec ? exec->proc_def_id : row->configuration;
    job->suspension = exec ? exec->suspension : WF_ACTIVE;
    rv = exec ? wf_job_tell(turn, job, WF_NEWS_ENTITY_CREATED, NULL, err) : APR_SUCCESS;
    return rv == APR_SUCCESS && exec
               ? wf_job_tell(turn, job, WF_NEWS_ENTITY_INITIALIZED, NULL, err)
               : rv;
}

int wf_job_delivers(const wf_job_t *job, const wf_subscription_t *row)
{
    return strcmp(job->handler_type, WF_JOB_EVENT) == 0
           && apr_atoi64(job->handler_cfg) == row->id;
}

apr_status_t wf_job_delete(wf_uow_t *uow, wf_job_t *job, wf_error_t *err)
{
    wf_bytearray_t *trace = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (job->exception_stack_id) {
        rv = wf_uow_get(uow, WF_TABLE_BYTEARRAY, job->exception_stack_id, &trace, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_incidents_end(uow, job, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (trace) {
        wf_uow_delete(uow, trace);
    }
    wf_uow_delete(uow, job);
    return APR_SUCCESS;
}

void wf_job_tell_cancelled(wf_exec_t *exec, const wf_job_t *job)
{
    wf_tell_later(exec, WF_NEWS_JOB_CANCELED, WF_ABOUT(JOB, job));
    wf_tell_later(exec, WF_NEWS_ENTITY_DELETED, WF_ABOUT(JOB, job));
}

apr_status_t wf_job_cancel(wf_exec_t *exec, wf_job_t *job, wf_error_t *err)
{
    wf_job_tell_cancelled(exec, job);
    return wf_job_delete(WF_UOW(exec), job, err);
}

/* ---- handlers ---------------------------------------------------------------------- */

typedef apr_status_t handler_fn(wf_exec_t *exec, const wf_job_t *job, wf_error_t *err);

static apr_status_t check_place(const wf_exec_t *exec, const wf_job_t *job,
                                wf_error_t *err)
{
    const char *activity = wf_job_activity(job, exec->instance->turn->p);

    if (activity && strcmp(exec->node->id, activity) == 0) {
        return APR_SUCCESS;
    }
    return wf_error_set(err, WF_ERR_INTERNAL,
                        "execution %" APR_INT64_T_FMT " is at \"%s\", not at \"%s\"",
                        exec->row->id, exec->node->id, activity ? activity : "");
}

static apr_status_t continue_at_node(wf_exec_t *exec, const wf_job_t *job,
                                     wf_error_t *err)
{
    wf_agenda_plan(exec, WF_OP_START, NULL);
    return check_place(exec, job, err);
}

static apr_status_t leave_node(wf_exec_t *exec, const wf_job_t *job, wf_error_t *err)
{
    const char *flow = wf_job_flow(job);
    apr_status_t rv = check_place(exec, job, err);

    wf_agenda_plan(exec, WF_OP_GO, NULL);
    return rv == APR_SUCCESS && flow ? wf_flow_prefer(exec, flow, err) : rv;
}

/* What follows in a cycle is written first: the event may end what waits for it. */
static apr_status_t deliver_timer(wf_exec_t *exec, const wf_job_t *job, wf_error_t *err)
{
    apr_status_t rv = wf_timer_arm_again(exec, job, err);

    return rv == APR_SUCCESS ? wf_event_deliver(exec, job->handler_cfg, err) : rv;
}

static apr_status_t deliver_signal(wf_exec_t *exec, const wf_job_t *job, wf_error_t *err)
{
    wf_subscription_t *row;
    apr_status_t rv = wf_uow_get(WF_UOW(exec), WF_TABLE_SUBSCRIPTION,
                                 apr_atoi64(job->handler_cfg), &row, err);

    return rv == APR_SUCCESS && row
               ? wf_subscription_deliver(exec->instance->turn, row, NULL, err)
               : rv;
}

/* What a job of a definition does. */
typedef apr_status_t starter_fn(wf_turn_t *turn, const wf_job_t *job, wf_error_t *err);

/* clang-format off */
static const struct handler_t {
    const char *type;
    handler_fn *run;   /* a job of an execution */
    starter_fn *start; /* one of a definition */
} handlers[] = {
    { WF_JOB_CONTINUE,     continue_at_node, NULL },
    { WF_JOB_LEAVE,        leave_node,       NULL },
    { WF_JOB_TIMER_CATCH,  deliver_timer,    NULL },
    { WF_JOB_TIMER_AROUND, deliver_timer,    NULL },
    { WF_JOB_EVENT,        deliver_signal,   wf_start_by_event_job },
    { WF_JOB_TIMER_START,  NULL,             wf_start_by_timer },
    { WF_JOB_SUSPEND,      NULL,             wf_suspension_fire },
    { WF_JOB_ACTIVATE,     NULL,             wf_suspension_fire },
};
/* clang-format on */

static const struct handler_t *find_handler(const wf_job_t *job)
{
    apr_size_t i;

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (job->handler_type && strcmp(handlers[i].type, job->handler_type) == 0
            && (job->execution_id ? handlers[i].run != NULL
                                  : handlers[i].start != NULL)) {
            return &handlers[i];
        }
    }
    return NULL;
}

/* ---- running ----------------------------------------------------------------------- */

static int is_timer(const wf_job_t *job)
{
    return job->type && strcmp(job->type, "timer") == 0;
}

static apr_status_t run_for_execution(wf_turn_t *turn, const wf_job_t *job,
                                      handler_fn *handler, wf_exec_t **exec,
                                      wf_error_t *err)
{
    apr_status_t rv = wf_exec_load(exec, turn, job->execution_id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!*exec) {
        /* Who throws a signal may not see yet that one who waited for it has ended. */
        return handler == deliver_signal
                   ? APR_SUCCESS
                   : wf_error_set(err, WF_ERR_INTERNAL,
                                  "its execution %" APR_INT64_T_FMT " is gone",
                                  job->execution_id);
    }
    wf_tell_later(*exec, WF_NEWS_ENTITY_DELETED, WF_ABOUT(JOB, job));
    if (is_timer(job)) {
        rv = wf_tell(*exec, WF_NEWS_TIMER_FIRED, WF_ABOUT(JOB, job), err);
    }
    return rv == APR_SUCCESS ? handler(*exec, job, err) : rv;
}

static apr_status_t run_for_definition(wf_turn_t *turn, const wf_job_t *job,
                                       starter_fn *handler, wf_error_t *err)
{
    apr_status_t rv = is_timer(job)
                          ? wf_job_tell(turn, job, WF_NEWS_TIMER_FIRED, NULL, err)
                          : APR_SUCCESS;

    return rv == APR_SUCCESS ? handler(turn, job, err) : rv;
}

/* Of an instance that has ended with it, too. */
static apr_status_t tell_success(wf_turn_t *turn, const wf_job_t *job, wf_exec_t *exec,
                                 wf_error_t *err)
{
    const wf_news_e what = WF_NEWS_JOB_EXECUTION_SUCCESS;
    apr_status_t rv = APR_SUCCESS;

    if (!exec) {
        rv = wf_job_tell(turn, job, what, NULL, err);
    }
    else if (exec->instance->model->heard & WF_NEWS_BIT(what)) {
        rv = wf_news_tell(exec, what, WF_ABOUT(JOB, job), err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(turn, err) : rv;
}

static apr_status_t run(wf_turn_t *turn, wf_job_t *job, wf_error_t *err)
{
    const struct handler_t *handler = find_handler(job);
    wf_exec_t *exec = NULL;
    apr_status_t rv;

    if (!handler) {
        return wf_error_set(err, WF_ERR_UNSUPPORTED, "unknown kind of job \"%s\"",
                            job->handler_type ? job->handler_type : "");
    }
    rv = wf_job_delete(turn->call->uow, job, err);
    if (rv == APR_SUCCESS) {
        rv = job->execution_id ? run_for_execution(turn, job, handler->run, &exec, err)
                               : run_for_definition(turn, job, handler->start, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_agenda_run(turn, err);
    }
    return rv == APR_SUCCESS ? tell_success(turn, job, exec, err) : rv;
}

apr_status_t wf_bpmn_execute_job(const wf_bpmn_call_t *call, wf_job_t *job,
                                 wf_error_t *err)
{
    wf_turn_t turn;

    wf_turn_init(&turn, call);
    return run(&turn, job, err);
}
