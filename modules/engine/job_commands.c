/* Commands on jobs: running one now, giving it attempts again, doing away with it. */
#include "engine/internal.h"

#include <limits.h>

apr_status_t wf_lane_of_job(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    wf_job_t *job;
    wf_id_t id;
    apr_status_t rv = wf_args_id(work->args, "id", &id, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_get(work->reader, WF_TABLE_JOB, id, &job, work->pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!job) {
        return wf_no_job(id, err);
    }
    if (job->exclusive && job->proc_inst_id) {
        return wf_lane_of_instance_id(work, job->proc_inst_id, lane, err);
    }
    *lane = (wf_lane_t){ WF_LANE_JOB, job->id };
    return APR_SUCCESS;
}

static wf_id_t id_of(wf_work_t *work)
{
    return wf_json_int(work->args, "id", 0); /* checked with the lane */
}

static apr_status_t load_job(wf_work_t *work, wf_job_t **job, wf_error_t *err)
{
    wf_id_t id = id_of(work);
    apr_status_t rv = wf_uow_get(work->uow, WF_TABLE_JOB, id, job, err);

    return rv == APR_SUCCESS && !*job ? wf_no_job(id, err) : rv;
}

/* job.execute {id}: now, whatever its due date, lock or retries. */
apr_status_t wf_command_execute_job(wf_work_t *work, wf_error_t *err)
{
    if (!work->baton) { /* the first time */
        wf_attempt_t *attempt = apr_pcalloc(work->pool, sizeof(*attempt));

        attempt->job = id_of(work);
        work->baton = attempt;
        wf_running_enter(work->engine->running, attempt);
    }
    return wf_job_attempt(work, err);
}

/* The job executor may have passed over it meanwhile. */
void wf_job_executed(wf_work_t *work)
{
    if (work->baton) {
        wf_running_leave(work->engine->running, work->baton);
        wf_jobs_wake(work->engine->jobs);
    }
}

/* job.retries {id, retries}: what is said of its last failure stays. */
apr_status_t wf_command_job_retries(wf_work_t *work, wf_error_t *err)
{
    apr_int64_t retries = wf_json_int(work->args, "retries", -1);
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_job_t *job;
    apr_status_t rv;

    if (retries < 0 || retries > INT_MAX) {
        return wf_error_field(err, WF_ERR_INVALID, "retries",
                              "'retries' must be an integer from 0 to %d", INT_MAX);
    }
    rv = load_job(work, &job, err);
    return rv == APR_SUCCESS ? wf_bpmn_set_retries(&call, job, (int)retries, err) : rv;
}

/* job.delete {id}: what waits for it waits for ever, unless it is moved on otherwise. */
apr_status_t wf_command_delete_job(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_job_t *job;
    apr_status_t rv = load_job(work, &job, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (job->lock_owner && job->lock_exp_time > wf_time_ms()) {
        return wf_error_set(err, WF_ERR_CONFLICT,
                            "job %" APR_INT64_T_FMT " is about to be run", job->id);
    }
    return wf_bpmn_delete_job(&call, job, err);
}
