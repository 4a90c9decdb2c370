/* Incidents of jobs: one is there as long as a job has no attempts left. */
#include "bpmn/tell.h"

#define FAILED_JOB "failedJob" /* as Camunda 7 calls it */

static apr_status_t incidents_of(wf_uow_t *uow, const wf_job_t *job,
                                 apr_array_header_t **incidents, wf_error_t *err)
{
    return wf_uow_select(uow, WF_BY_INCIDENTS_OF_CONFIGURATION, job->id, incidents, err);
}

apr_status_t wf_incidents_end(wf_uow_t *uow, const wf_job_t *job, wf_error_t *err)
{
    apr_array_header_t *incidents;
    apr_status_t rv;

    if (job->retries > 0) {
        return APR_SUCCESS;
    }
    rv = incidents_of(uow, job, &incidents, err);
    for (int i = 0; rv == APR_SUCCESS && i < incidents->nelts; i++) {
        wf_uow_delete(uow, APR_ARRAY_IDX(incidents, i, wf_incident_t *));
    }
    return rv;
}

/* It tells of the last failure, since the first. */
static apr_status_t begin(const wf_bpmn_call_t *call, const wf_job_t *job,
                          wf_error_t *err)
{
    apr_array_header_t *incidents;
    wf_incident_t *incident;
    apr_status_t rv = incidents_of(call->uow, job, &incidents, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (incidents->nelts) {
        incident = APR_ARRAY_IDX(incidents, 0, wf_incident_t *);
        incident->message = job->exception_msg;
        wf_uow_update(call->uow, incident);
        return APR_SUCCESS;
    }
    incident = wf_uow_insert(call->uow, WF_TABLE_INCIDENT);
    incident->type = FAILED_JOB;
    incident->message = job->exception_msg;
    incident->time = call->now;
    incident->execution_id = job->execution_id;
    incident->proc_inst_id = job->proc_inst_id;
    incident->proc_def_id = job->proc_def_id;
    incident->activity_id =
        job->execution_id ? wf_job_activity(job, wf_uow_pool(call->uow)) : NULL;
    incident->configuration = job->id;
    return APR_SUCCESS;
}

apr_status_t wf_bpmn_set_retries(const wf_bpmn_call_t *call, wf_job_t *job, int retries,
                                 wf_error_t *err)
{
    apr_status_t rv =
        retries > 0 ? wf_incidents_end(call->uow, job, err) : begin(call, job, err);

    job->retries = retries;
    wf_uow_update(call->uow, job);
    return rv == APR_SUCCESS ? wf_job_tell_changed(call, job, err) : rv;
}
