/* The job executor: one thread that knows the next due time and sleeps until then, or until
 * a commit may have made a job. It locks due jobs with one unit of work and hands each to
 * the executor, which runs it on its lane (job.c).
 *
 * Locks carry the name of this engine process and expire, so another node may take over
 * what a dead one left; an engine that starts releases what its predecessor had locked. */
#include "engine/internal.h"

#include <pthread.h>

#define LOCK_MS (5 * 60 * 1000)
/* Jobs locked at a time; more are taken when these are through. */
#define BATCH 32
/* How long to sleep when nothing is due: a bound, not a period that anything waits for. */
#define IDLE_MS (60 * 1000)

struct wf_jobs_t {
    wf_engine_t *engine;
    pthread_t thread;
    pthread_mutex_t lock;  /* of the members below */
    pthread_cond_t changed;
    int woken, ending;
    int in_flight;         /* locked by us and not done yet */
};

/* ---- one job ----------------------------------------------------------------------------------- */

typedef struct background_t {
    wf_attempt_t attempt; /* first: what job.c sees */
    wf_jobs_t *jobs;
    wf_lane_t lane;
} background_t;

static apr_status_t lane_of_background(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    background_t *b = work->baton;

    (void)err;
    *lane = b->lane;
    return APR_SUCCESS;
}

static void job_done(wf_work_t *work, const wf_error_t *err)
{
    background_t *b = work->baton;
    wf_jobs_t *jobs = b->jobs;

    if (err->kind != WF_ERR_NONE && !work->failure) {
        wf_log(WF_LOG_ERR, "job %" APR_INT64_T_FMT " could not be begun: %s", b->attempt.job,
               err->message);
    }
    pthread_mutex_lock(&jobs->lock);
    jobs->in_flight--;
    jobs->woken = 1;
    pthread_cond_signal(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
}

static void submit_job(wf_jobs_t *jobs, const wf_job_t *job)
{
    wf_work_t *work = wf_work_create(jobs->engine, "wf_job");
    background_t *b = apr_pcalloc(work->pool, sizeof(*b));

    b->attempt = (wf_attempt_t){ .job = job->id, .owner = jobs->engine->node };
    b->jobs = jobs;
    b->lane = wf_job_lane(job);
    work->baton = b;
    work->find_lane = lane_of_background;
    work->run = wf_job_attempt;
    work->done = job_done;
    wf_executor_submit(jobs->engine->executor, work);
}

/* ---- acquisition ---------------------------------------------------------------------------------- */

/* What an acquisition found out, handed from its executor thread to ours. */
typedef struct acquisition_t {
    wf_jobs_t *jobs;
    int limit;
    apr_array_header_t *taken; /* of wf_job_t * */
    apr_int64_t next_due;
    int ok, over;              /* over: under jobs->lock */
} acquisition_t;

static apr_status_t lock_due_jobs(wf_work_t *work, wf_error_t *err)
{
    acquisition_t *a = work->baton;
    apr_int64_t now = wf_time_ms();
    apr_array_header_t *due;
    apr_status_t rv = wf_store_due_jobs(work->reader, now, a->limit, &due, &a->next_due,
                                        work->pool, err);

    a->taken = apr_array_make(work->pool, BATCH, sizeof(wf_job_t *));
    for (int i = 0; rv == APR_SUCCESS && i < due->nelts; i++) {
        wf_job_t *job;

        rv = wf_uow_get(work->uow, WF_TABLE_JOB, APR_ARRAY_IDX(due, i, wf_job_t *)->id, &job,
                        err);
        if (rv == APR_SUCCESS && job) {
            job->lock_owner = work->engine->node;
            job->lock_exp_time = now + LOCK_MS;
            wf_uow_update(work->uow, job);
            APR_ARRAY_PUSH(a->taken, wf_job_t *) = job;
        }
    }
    return rv;
}

static void jobs_locked(wf_work_t *work, const wf_error_t *err)
{
    acquisition_t *a = work->baton;
    wf_jobs_t *jobs = a->jobs;
    int count = err->kind == WF_ERR_NONE ? a->taken->nelts : 0;

    if (err->kind != WF_ERR_NONE && err->kind != WF_ERR_CONFLICT) {
        wf_log(WF_LOG_ERR, "due jobs cannot be locked: %s", err->message);
    }
    pthread_mutex_lock(&jobs->lock);
    jobs->in_flight += count;
    a->ok = err->kind == WF_ERR_NONE;
    pthread_mutex_unlock(&jobs->lock);
    for (int i = 0; i < count; i++) {
        submit_job(jobs, APR_ARRAY_IDX(a->taken, i, wf_job_t *));
    }
    pthread_mutex_lock(&jobs->lock);
    a->over = 1;
    pthread_cond_signal(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
}

/* Lock and hand over what is due. The time in ms until there may be more. */
static apr_int64_t acquire(wf_jobs_t *jobs, int limit)
{
    acquisition_t a = { .jobs = jobs, .limit = limit };
    wf_work_t *work = wf_work_create(jobs->engine, "wf_jobs");
    apr_int64_t wait;

    work->baton = &a;
    work->run = lock_due_jobs;
    work->done = jobs_locked;
    wf_executor_submit(jobs->engine->executor, work);
    pthread_mutex_lock(&jobs->lock);
    while (!a.over) {
        pthread_cond_wait(&jobs->changed, &jobs->lock);
    }
    pthread_mutex_unlock(&jobs->lock);
    if (!a.ok) {
        return 1000;
    }
    wait = a.next_due ? a.next_due - wf_time_ms() : IDLE_MS;
    return wait < 0 ? 0 : wait > IDLE_MS ? IDLE_MS : wait;
}

static void wait_ms(wf_jobs_t *jobs, apr_int64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&jobs->changed, &jobs->lock, &until);
}

static void *run_jobs(void *data)
{
    wf_jobs_t *jobs = data;
    apr_int64_t wait = 0;

    pthread_mutex_lock(&jobs->lock);
    while (!jobs->ending) {
        int room = BATCH - jobs->in_flight;

        if (wait > 0 && !jobs->woken) {
            wait_ms(jobs, wait);
        }
        if (jobs->ending) {
            break;
        }
        jobs->woken = 0;
        wait = IDLE_MS;
        if (room > 0 && __atomic_load_n(&jobs->engine->job_executor, __ATOMIC_RELAXED)) {
            pthread_mutex_unlock(&jobs->lock);
            wait = acquire(jobs, room);
            pthread_mutex_lock(&jobs->lock);
        }
    }
    while (jobs->in_flight > 0) {
        wait_ms(jobs, 100);
    }
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

/* ---- life -------------------------------------------------------------------------------------------- */

apr_status_t wf_jobs_create(wf_jobs_t **out, wf_engine_t *engine, wf_error_t *err)
{
    wf_jobs_t *jobs = apr_pcalloc(engine->pool, sizeof(*jobs));
    pthread_condattr_t monotonic;

    jobs->engine = engine;
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&jobs->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = jobs;
    if (pthread_create(&jobs->thread, NULL, run_jobs, jobs) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL, "cannot start the job executor's thread");
    }
    return APR_SUCCESS;
}

void wf_jobs_wake(wf_jobs_t *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    jobs->woken = 1;
    pthread_cond_signal(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
}

void wf_jobs_destroy(wf_jobs_t *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    jobs->ending = 1;
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
    pthread_join(jobs->thread, NULL);
}
