/* What failedJobRetryTimeCycle of its node says about a job that has failed. */
#include "bpmn/run.h"

/* A job of no instance starts one: there is nothing yet that an expression could see. */
static apr_status_t evaluate(const wf_bpmn_call_t *call, const wf_job_t *job,
                             const wf_template_t *text, wf_value_t *value,
                             wf_error_t *err)
{
    wf_host_t seen = { .call = call };
    wf_turn_t turn;
    apr_status_t rv;

    wf_turn_init(&turn, call);
    if (job->execution_id) {
        rv = wf_exec_load(&seen.exec, &turn, job->execution_id, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return wf_host_eval(&seen, text, value, err);
}

static apr_status_t find_node(const wf_bpmn_call_t *call, const wf_job_t *job,
                              const wf_node_t **node, wf_error_t *err)
{
    const char *activity = wf_job_activity(job, wf_uow_pool(call->uow));
    const wf_model_t *model;
    apr_status_t rv;

    *node = NULL;
    if (!job->proc_def_id || !activity) {
        return APR_SUCCESS;
    }
    rv = wf_models_of(call, job->proc_def_id, &model, wf_uow_pool(call->uow), err);
    *node = rv == APR_SUCCESS ? wf_model_node(model, activity) : NULL;
    return rv;
}

apr_status_t wf_bpmn_retry_cycle(const wf_bpmn_call_t *call, const wf_job_t *job,
                                 int *retries, apr_int64_t *pause_ms, wf_error_t *err)
{
    int left = job->exception_msg ? job->retries : 0;
    const wf_template_t *text;
    const wf_node_t *node;
    wf_value_t value;
    apr_status_t rv = find_node(call, job, &node, err);

    *retries = 0;
    if (rv != APR_SUCCESS || !node || !node->retries) {
        return rv;
    }
    text = node->retries->text;
    rv = evaluate(call, job, text, &value, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "failedJobRetryTimeCycle of \"%s\"", node->id);
    }
    if (value.type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (value.type != WF_STRING
        || !wf_retry_parse(value.as.text.data, left, call->now, retries, pause_ms)) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "failedJobRetryTimeCycle of \"%s\" must be like R5/PT5M or "
                            "PT1M,PT5M",
                            node->id);
    }
    return APR_SUCCESS;
}
