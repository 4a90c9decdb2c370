/* Jobs: a token that arrives at an asynchronous node writes a message job and rests; the
 * unit of work ends there, and running the job enters the node. A token that waits for a
 * time has a timer job. What running a job does is a row of the table of handlers. */
#include <string.h>

#include "bpmn/run.h"

#define RETRIES 3
#define CONTINUATION "async-continuation"

static wf_job_t *create(wf_exec_t *exec, const char *type, const char *handler)
{
    wf_job_t *job = wf_uow_insert(exec->instance->turn->call->uow, WF_TABLE_JOB);

    job->type = type;
    job->exclusive = 1;
    job->execution_id = exec->row->id;
    job->proc_inst_id = exec->row->proc_inst_id;
    job->proc_def_id = exec->row->proc_def_id;
    job->retries = RETRIES;
    job->handler_type = handler;
    job->handler_cfg = exec->node->id;
    return job;
}

void wf_job_continue_later(wf_exec_t *exec)
{
    wf_job_t *job = create(exec, "message", CONTINUATION);

    job->exclusive = exec->node->exclusive;
}

void wf_job_plan(wf_exec_t *exec, const char *handler, apr_int64_t due)
{
    wf_job_t *job = create(exec, "timer", handler);

    job->due_date = due;
}

/* ---- handlers ---------------------------------------------------------------------- */

typedef apr_status_t handler_fn(wf_exec_t *exec, const wf_job_t *job, wf_error_t *err);

static apr_status_t continue_at_node(wf_exec_t *exec, const wf_job_t *job,
                                     wf_error_t *err)
{
    (void)job, (void)err;
    wf_agenda_plan(exec, WF_OP_ENTER, NULL);
    return APR_SUCCESS;
}

static apr_status_t end_wait(wf_exec_t *exec, const wf_job_t *job, wf_error_t *err)
{
    if (!wf_exec_waits_for(exec, WF_WAIT_EVENT)) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "execution %" APR_INT64_T_FMT " waits for no timer at \"%s\"",
                            exec->row->id, job->handler_cfg);
    }
    return exec->node->behaviour->signal(exec, err);
}

static const struct {
    const char *type;
    handler_fn *run;
} handlers[] = {
    {CONTINUATION, continue_at_node},
    {WF_TIMER_CATCH, end_wait},
};

static handler_fn *find_handler(const char *type)
{
    apr_size_t i;

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (type && strcmp(handlers[i].type, type) == 0) {
            return handlers[i].run;
        }
    }
    return NULL;
}

/* ---- running ----------------------------------------------------------------------- */

/* The execution that the job is for, on the node that it is for. */
static apr_status_t find_exec(wf_exec_t **exec, wf_instance_t *instance,
                              const wf_job_t *job, wf_error_t *err)
{
    *exec = wf_exec_find(instance, job->execution_id);
    if (!*exec) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "its execution %" APR_INT64_T_FMT " is gone",
                            job->execution_id);
    }
    if (!job->handler_cfg || strcmp((*exec)->node->id, job->handler_cfg) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "execution %" APR_INT64_T_FMT " is at \"%s\", not at \"%s\"",
                            (*exec)->row->id, (*exec)->node->id,
                            job->handler_cfg ? job->handler_cfg : "");
    }
    return APR_SUCCESS;
}

static apr_status_t run(wf_turn_t *turn, wf_job_t *job, wf_error_t *err)
{
    handler_fn *handler = find_handler(job->handler_type);
    wf_instance_t *instance;
    wf_exec_t *exec;
    apr_status_t rv;

    if (!handler) {
        return wf_error_set(err, WF_ERR_UNSUPPORTED, "unknown kind of job \"%s\"",
                            job->handler_type ? job->handler_type : "");
    }
    rv = wf_instance_load(&instance, turn, job->proc_inst_id, err);
    if (rv == APR_SUCCESS) {
        rv = find_exec(&exec, instance, job, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_uow_delete(turn->call->uow, job);
    rv = handler(exec, job, err);
    return rv == APR_SUCCESS ? wf_agenda_run(turn, err) : rv;
}

apr_status_t wf_bpmn_execute_job(const wf_bpmn_call_t *call, wf_job_t *job,
                                 wf_error_t *err)
{
    wf_turn_t turn;

    wf_turn_init(&turn, call);
    return run(&turn, job, err);
}
