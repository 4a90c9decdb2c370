/* One attempt of a job, in the background or because somebody asks for it now. Success
 * deletes the job in the very unit that did its work; a failure undoes all of that and is
 * recorded in a second unit (retries, message, trace), on the same lane, before anybody
 * hears of it.
 *
 * The lane is what keeps two attempts of one job apart: the second finds it gone. Between
 * engines on one store the lock does it: an outcome, good or bad, is committed only while
 * the job is locked by the engine that ran it, and with the REV_ that was read. If its lock
 * ended and another engine took the job, the late outcome is a conflict; the attempt is
 * begun again, sees whose the job is, and that was that. If somebody has moved its
 * execution meanwhile, it is begun again with what is there now. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

#define MAX_MESSAGE 255 /* characters */
#define TRACE_NAME "job.exceptionByteArray"

apr_status_t wf_no_job(wf_id_t id, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_NOT_FOUND, "no job with id '%" APR_INT64_T_FMT "'",
                        id);
}

/* The job's row, NULL if there is nothing to be done with it: its instance may have ended
 * meanwhile, or somebody else may have run it. What comes of it needs the lock. */
static apr_status_t load_job(wf_work_t *work, wf_job_t **job, wf_error_t *err)
{
    wf_attempt_t *attempt = work->baton;
    apr_status_t rv = wf_uow_get(work->uow, WF_TABLE_JOB, attempt->job, job, err);

    if (rv == APR_SUCCESS && *job && attempt->owner
        && (!(*job)->lock_owner || strcmp((*job)->lock_owner, attempt->owner) != 0)) {
        *job = NULL;
    }
    if (rv == APR_SUCCESS && *job && attempt->owner) {
        attempt->need = (wf_lock_t){ .what = WF_LOCK_NEED, .id = attempt->job,
                                     .owner = attempt->owner };
        wf_uow_lock(work->uow, &attempt->need);
    }
    return rv;
}

/* ---- failure --------------------------------------------------------------------------------- */

/* Into the byte array of the job's last failure, if it has failed before. */
static apr_status_t write_trace(wf_work_t *work, wf_job_t *job, wf_error_t *err)
{
    wf_bytearray_t *trace = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (job->exception_stack_id) {
        rv = wf_uow_get(work->uow, WF_TABLE_BYTEARRAY, job->exception_stack_id, &trace,
                        err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!trace) {
        trace = wf_uow_insert(work->uow, WF_TABLE_BYTEARRAY);
        trace->name = TRACE_NAME;
        job->exception_stack_id = trace->id;
    }
    trace->bytes = work->failure->trace;
    trace->length = strlen(work->failure->trace);
    wf_uow_update(work->uow, trace);
    return APR_SUCCESS;
}

/* How many attempts a job has in all, and how long to wait before the next. */
typedef struct policy_t {
    int retries; /* 0: as many as it was made with */
    apr_int64_t pause_ms;
} policy_t;

/* What the model says goes before what the administrator says. If it cannot be told, the
 * failure is recorded all the same. */
static policy_t policy_of(wf_work_t *work, const wf_job_t *job)
{
    int wait = __atomic_load_n(&work->engine->job_retry_wait, __ATOMIC_RELAXED);
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    policy_t policy;
    wf_error_t err;

    wf_error_init(&err, work->pool);
    if (wf_bpmn_retry_cycle(&call, job, &policy.retries, &policy.pause_ms, &err)
        != APR_SUCCESS) {
        wf_log(WF_LOG_WARN, "job %" APR_INT64_T_FMT ": %s", job->id, err.message);
        policy.retries = 0;
    }
    if (!policy.retries) {
        policy.pause_ms = wait * APR_INT64_C(1000);
    }
    return policy;
}

/* One attempt less. Not sooner than after the pause, and not sooner than it was due anyway.
 * Clients see that as the due date, of messages, too: so they are not executable until
 * then. Event listeners hear of it; should that fail, it is recorded without them. */
static apr_status_t set_back(wf_work_t *work, wf_job_t *job, const char *cause,
                             wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    apr_status_t rv;
    policy_t policy = policy_of(work, job);
    apr_int64_t again = wf_time_ms() + policy.pause_ms;
    int first = !job->exception_msg;
    int retries = (first && policy.retries ? policy.retries : job->retries) - 1;

    call.silent = work->records > 1;
    job->exception_msg = wf_utf8_cut(cause, MAX_MESSAGE, work->pool);
    job->lock_owner = NULL;
    job->lock_exp_time = 0;
    if (retries > 0 && job->due_date < again) {
        job->due_date = again;
    }
    rv = wf_bpmn_set_retries(&call, job, retries, err);
    return rv == APR_SUCCESS ? wf_bpmn_job_failed(&call, job, cause, err) : rv;
}

static void say(wf_work_t *work, wf_attempt_t *attempt, const wf_job_t *job)
{
    wf_error_t *failure = work->failure;

    if (attempt->cause) {
        return;
    }
    attempt->cause = failure->message;
    wf_error_note(failure, WF_EFAILED,
                  "job %" APR_INT64_T_FMT " of process instance %" APR_INT64_T_FMT,
                  job->id, job->proc_inst_id);
    wf_log(WF_LOG_WARN, "%s", failure->message);
    failure->kind = WF_ERR_EXECUTION;
}

/* work->failed of an attempt. Listeners come last: they may end what the job is for. */
static apr_status_t record_failure(wf_work_t *work, wf_error_t *err)
{
    wf_attempt_t *attempt = work->baton;
    wf_error_t *failure = work->failure;
    wf_job_t *job;
    apr_status_t rv;

    if (failure->kind == WF_ERR_CONFLICT && attempt->rounds > 0) {
        return APR_SUCCESS; /* whoever made the attempt makes another one */
    }
    rv = load_job(work, &job, err);
    if (rv != APR_SUCCESS || !job) {
        return rv;
    }
    if (failure->kind == WF_ERR_UNAVAILABLE && !attempt->owner) {
        return APR_SUCCESS; /* not the job's fault, and the caller can ask again */
    }
    say(work, attempt, job);
    rv = write_trace(work, job, err);
    return rv == APR_SUCCESS ? set_back(work, job, attempt->cause, err) : rv;
}

/* ---- suspended --------------------------------------------------------------------------------- */

/* It was suspended after it was taken: it keeps its retries, and is there for whoever
 * activates it. */
static apr_status_t leave_suspended(wf_work_t *work, wf_job_t *job, wf_error_t *err)
{
    const wf_attempt_t *attempt = work->baton;

    work->failed = NULL;
    if (!attempt->owner) {
        work->tries_again = 0;
        return wf_error_set(err, WF_ERR_CONFLICT,
                            "job '%" APR_INT64_T_FMT "' is suspended", job->id);
    }
    job->lock_owner = NULL;
    job->lock_exp_time = 0;
    wf_uow_update(work->uow, job);
    return APR_SUCCESS;
}

/* ---- an attempt ------------------------------------------------------------------------------- */

apr_status_t wf_job_attempt(wf_work_t *work, wf_error_t *err)
{
    wf_attempt_t *attempt = work->baton;
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_job_t *job;
    apr_status_t rv;

    attempt->cause = NULL;
    call.key = wf_engine_key(work, attempt->job);
    work->tries_again = 1;
    work->yields = attempt->rounds > 0;
    work->failed = record_failure;
    rv = load_job(work, &job, err);
    if (rv == APR_SUCCESS && !job) {
        return attempt->owner ? APR_SUCCESS : wf_no_job(attempt->job, err);
    }
    if (rv == APR_SUCCESS && job->suspension == WF_SUSPENDED) {
        return leave_suspended(work, job, err);
    }
    return rv == APR_SUCCESS ? wf_bpmn_execute_job(&call, job, err) : rv;
}
