/* Asynchronous continuations: a token that arrives at an asynchronous node writes a
 * message job and rests; the unit of work ends there. Running the job enters the node. */
#include <string.h>

#include "bpmn/run.h"

#define RETRIES 3
#define CONTINUATION "async-continuation"

void wf_job_continue_later(wf_exec_t *exec)
{
    wf_job_t *job = wf_uow_insert(exec->instance->turn->call->uow, WF_TABLE_JOB);

    job->type = "message";
    job->exclusive = exec->node->exclusive;
    job->execution_id = exec->row->id;
    job->proc_inst_id = exec->row->proc_inst_id;
    job->proc_def_id = exec->row->proc_def_id;
    job->retries = RETRIES;
    job->handler_type = CONTINUATION;
    job->handler_cfg = exec->node->id;
}

/* ---- handlers ---------------------------------------------------------------------- */

typedef apr_status_t handler_fn(wf_exec_t *exec, const wf_job_t *job, wf_error_t *err);

static apr_status_t continue_at_node(wf_exec_t *exec, const wf_job_t *job,
                                     wf_error_t *err)
{
    if (!job->handler_cfg || strcmp(exec->node->id, job->handler_cfg) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "execution %" APR_INT64_T_FMT " is at \"%s\", not at \"%s\"",
                            exec->row->id, exec->node->id,
                            job->handler_cfg ? job->handler_cfg : "");
    }
    wf_agenda_plan(exec, WF_OP_ENTER, NULL);
    return APR_SUCCESS;
}

static const struct {
    const char *type;
    handler_fn *run;
} handlers[] = {
    {CONTINUATION, continue_at_node},
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
    if (rv != APR_SUCCESS) {
        return rv;
    }
    exec = wf_exec_find(instance, job->execution_id);
    if (!exec) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "its execution %" APR_INT64_T_FMT " is gone",
                            job->execution_id);
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
