/* The job executor: one thread that knows the next due time and sleeps until then, or until
 * a commit may have made a job. It locks due jobs with one unit of work and hands each to
 * the executor, which runs it on its lane (job.c).
 *
 * Locks carry the name of this engine process and expire, so another node may take over
 * what a dead one left; an engine that starts releases what its predecessor had locked.
 * While a job is in hand its lock is kept: every third of a lease one unit moves the ends
 * of all of them. Units of this thread need none of the executor's threads, which may all
 * be busy with jobs whose locks are running out. */
#include "engine/internal.h"

#include <pthread.h>

/* Due jobs that cannot be taken now are passed over, as others of their instance come
 * first. So many are at every look, more only … */
#define SHALLOW 100
/* … when nobody has looked so far for so many times as long as that took: what is due behind
 * a flood of one instance is found, and not at the expense of everything else. */
#define DEEP_PAUSE 10
/* Jobs of one instance in hand: one runs, the others save it the wait for their locks. The
 * job executor takes so many for each thread that even the slowest instances leave none
 * idle. */
#define OF_INSTANCE 4
/* How often a job that is not exclusive is tried again after it has met too many conflicts. */
#define ROUNDS 8
/* How long to sleep when nothing is due: a bound, not a period that anything waits for. */
#define IDLE_MS (60 * 1000)
/* Before the store is tried again. */
#define FAILED_MS 1000

struct wf_jobs_t {
    wf_engine_t *engine;
    pthread_t thread;
    pthread_mutex_t lock;  /* of the members up to in_flight */
    pthread_cond_t changed;
    int woken, ending;
    int in_flight;                /* locked by us and not done yet; among them … */
    struct background_t *put_off; /* … those that wait for a store that works, and … */
    apr_int64_t again_us;         /* … when they are tried again (wf_mono_us) */

    /* The thread's own. */
    apr_pool_t *pool;      /* one round */
    wf_store_t *reader;    /* NULL until it could be opened */
    apr_int64_t look_at;   /* when there may be more to do, … */
    apr_int64_t deep_at;   /* … when to look deeper than SHALLOW again, and … */
    apr_int64_t keep_at;   /* … when locks must be kept; dates */
    apr_int64_t retry_us;  /* wf_mono_us: try the store again; 0 = it has not failed */
};

static apr_int64_t lease_of(const wf_jobs_t *jobs)
{
    return __atomic_load_n(&jobs->engine->job_lease, __ATOMIC_RELAXED)
           * APR_INT64_C(1000);
}

/* ---- one job ----------------------------------------------------------------------------------- */

typedef struct background_t {
    wf_attempt_t attempt; /* first: what job.c sees */
    wf_jobs_t *jobs;
    wf_lock_t lock;
    wf_id_t root;         /* its instance, or the one at the top of the calls; 0 = none */
    wf_work_t *work;      /* while it is put off, as … */
    struct background_t *next;
} background_t;

static apr_status_t lane_of_background(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    background_t *b = work->baton;

    (void)err;
    *lane = b->attempt.instance ? (wf_lane_t){ WF_LANE_INSTANCE, b->attempt.instance }
                                : (wf_lane_t){ WF_LANE_JOB, b->attempt.job };
    return APR_SUCCESS;
}

static void job_done(wf_work_t *work, const wf_error_t *err);

/* alone: on the lane of its instance, if it has one. */
static wf_work_t *create_work(wf_jobs_t *jobs, wf_id_t job, wf_id_t root, int alone)
{
    wf_work_t *work = wf_work_create(jobs->engine, "wf_job");
    background_t *b = apr_pcalloc(work->pool, sizeof(*b));

    b->attempt.job = job;
    b->attempt.owner = jobs->engine->node;
    b->attempt.instance = alone ? root : 0;
    b->attempt.rounds = alone ? 0 : ROUNDS;
    b->jobs = jobs;
    b->root = root;
    work->baton = b;
    work->in_background = 1;
    work->find_lane = lane_of_background;
    work->run = wf_job_attempt;
    work->done = job_done;
    return work;
}

/* Another attempt of a job in hand, which takes over its lock. */
static wf_work_t *create_next(const background_t *b, int alone, int rounds)
{
    wf_work_t *work = create_work(b->jobs, b->attempt.job, b->root, alone);
    background_t *next = work->baton;

    next->attempt.alone = b->attempt.alone;
    next->attempt.rounds = rounds;
    next->work = work;
    wf_running_enter(b->jobs->engine->running, &next->attempt);
    return work;
}

/* Jobs that are not exclusive may get in each other's way, where tokens of an instance join.
 * One that has met too many conflicts queues up on the lane of its instance, as exclusive
 * ones do, and so do those that come after it. */
static void run_alone(const background_t *b)
{
    wf_work_t *work = create_next(b, 1, b->attempt.rounds - 1);

    ((background_t *)work->baton)->attempt.alone = 1;
    wf_executor_submit(b->jobs->engine->executor, work);
}

/* What came of it could not be written, or nothing could be read: that is not its fault,
 * it has not lost an attempt, and is begun again when the store works. */
static void put_off(const background_t *b)
{
    wf_jobs_t *jobs = b->jobs;
    wf_work_t *work = create_next(b, b->attempt.instance != 0, b->attempt.rounds);
    background_t *next = work->baton;

    pthread_mutex_lock(&jobs->lock);
    next->next = jobs->put_off;
    jobs->put_off = next;
    jobs->again_us = wf_mono_us() + FAILED_MS * 1000;
    pthread_cond_signal(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
}

static void job_done(wf_work_t *work, const wf_error_t *err)
{
    background_t *b = work->baton;
    wf_jobs_t *jobs = b->jobs;
    int failed = err->kind != WF_ERR_NONE;
    int again = err->kind == WF_ERR_CONFLICT && work->failure && b->attempt.rounds > 0;
    int later = failed && (work->unwritten || !work->failure);

    if (failed && !work->failure && !work->unwritten && !b->work) { /* said once */
        wf_log(WF_LOG_ERR, "job %" APR_INT64_T_FMT " could not be begun: %s", b->attempt.job,
               err->message);
    }
    if (later) {
        put_off(b);
    }
    else if (again) {
        run_alone(b);
    }
    wf_running_leave(jobs->engine->running, &b->attempt);
    if (later || again) {
        return;
    }
    pthread_mutex_lock(&jobs->lock);
    jobs->in_flight--;
    jobs->woken = 1;
    pthread_cond_signal(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
}

/* ---- units of this thread ---------------------------------------------------------------------- */

static wf_work_t *begin_unit(wf_jobs_t *jobs)
{
    wf_work_t *work = wf_work_create(jobs->engine, "wf_jobs");

    work->uow = wf_uow_create(jobs->reader, jobs->engine->ids, work->pool);
    return work;
}

static apr_status_t commit(wf_jobs_t *jobs, wf_work_t *unit)
{
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, jobs->pool);
    rv = wf_executor_commit_and_wait(jobs->engine->executor, unit, &err);
    if (rv != APR_SUCCESS && !wf_committer_fault(jobs->engine->committer, jobs->pool)) {
        wf_log(WF_LOG_ERR, "locks of jobs cannot be written: %s", err.message);
    }
    return rv;
}

/* ---- leases ------------------------------------------------------------------------------------ */

/* A lock that is lost meanwhile stays lost; the outcome of its job finds that out. */
static void keep_locks(wf_jobs_t *jobs)
{
    apr_int64_t now = wf_time_ms(), lease = lease_of(jobs);
    apr_array_header_t *locks =
        wf_running_locks(jobs->engine->running, now + lease, jobs->pool);
    wf_work_t *work;

    jobs->keep_at = now + lease / 3;
    if (!locks->nelts) {
        return;
    }
    work = begin_unit(jobs);
    for (int i = 0; i < locks->nelts; i++) {
        wf_uow_lock(work->uow, &APR_ARRAY_IDX(locks, i, wf_lock_t));
    }
    if (commit(jobs, work) != APR_SUCCESS) {
        jobs->keep_at = wf_time_ms() + FAILED_MS;
    }
}

/* ---- acquisition ---------------------------------------------------------------------------------- */

/* One look at what is due. */
typedef struct look_t {
    wf_jobs_t *jobs;
    apr_int64_t now;
    int room;                  /* how many are still wanted */
    int deep, passed;          /* passed over */
    apr_array_header_t *works; /* of wf_work_t *: what to lock */
    apr_hash_t *roots;         /* wf_id_t of an instance -> wf_id_t of its lane */
    apr_status_t rv;           /* how looking it up has failed, and … */
    wf_error_t *err;           /* … why */
} look_t;

/* The instance on whose lane a job must run, if it runs alone; 0 = none. Looked up once for
 * all jobs of an instance. */
static apr_status_t find_root(look_t *look, const wf_job_t *job, wf_id_t *root)
{
    apr_pool_t *p;
    wf_id_t *found;

    *root = 0;
    if (!job->proc_inst_id) {
        return APR_SUCCESS;
    }
    found = apr_hash_get(look->roots, &job->proc_inst_id, sizeof(wf_id_t));
    if (!found) {
        found = apr_palloc(look->jobs->pool, 2 * sizeof(*found));
        found[1] = job->proc_inst_id;
        apr_pool_create(&p, look->jobs->pool);
        look->rv = wf_root_of_instance(look->jobs->reader, found[1], &found[0], p, look->err);
        apr_pool_destroy(p);
        apr_hash_set(look->roots, &found[1], sizeof(wf_id_t), found);
    }
    *root = *found;
    return look->rv;
}

static void take(look_t *look, const wf_job_t *job, wf_id_t root, int alone)
{
    wf_jobs_t *jobs = look->jobs;
    wf_work_t *work = create_work(jobs, job->id, root, alone);
    background_t *b = work->baton;

    b->lock = (wf_lock_t){ .what = WF_LOCK_TAKE,
                           .id = job->id,
                           .owner = jobs->engine->node,
                           .until = look->now + lease_of(jobs),
                           .now = look->now,
                           .rev = job->row.rev };
    APR_ARRAY_PUSH(look->works, wf_work_t *) = work;
    wf_running_enter(jobs->engine->running, &b->attempt);
    look->room--;
}

static int consider(void *baton, const wf_job_t *job)
{
    look_t *look = baton;
    wf_running_t *running = look->jobs->engine->running;
    wf_id_t root;
    int alone;

    if (find_root(look, job, &root) != APR_SUCCESS) {
        return 0;
    }
    alone = job->exclusive || (root && wf_running_crowded(running, root));
    if (wf_running_takes(running, job->id, alone ? root : 0, OF_INSTANCE)) {
        take(look, job, root, alone);
    }
    else {
        look->passed++;
    }
    return look->room > 0 && (look->deep || look->passed < SHALLOW);
}

static apr_status_t open_reader(wf_jobs_t *jobs, wf_error_t *err)
{
    apr_pool_t *pool;
    apr_status_t rv;

    apr_pool_create(&pool, NULL); /* closed with the reader */
    apr_pool_tag(pool, "wf_reader");
    rv = wf_store_open(&jobs->reader, jobs->engine->config.store, WF_STORE_READ, pool, err);
    if (rv != APR_SUCCESS) {
        jobs->reader = NULL;
        apr_pool_destroy(pool);
    }
    return rv;
}

/* What is due, and when there may be more if nobody wakes us. */
static apr_status_t find_due(look_t *look)
{
    wf_jobs_t *jobs = look->jobs;
    wf_error_t *err = look->err;
    apr_int64_t began = wf_mono_us(), next = 0;
    apr_status_t rv = jobs->reader ? APR_SUCCESS : open_reader(jobs, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_due_jobs(jobs->reader, look->now, consider, look, jobs->pool, err);
    }
    rv = rv == APR_SUCCESS ? look->rv : rv;
    if (rv == APR_SUCCESS) {
        rv = wf_store_next_due(jobs->reader, look->now, &next, err);
    }
    if (look->deep && look->passed >= SHALLOW) {
        jobs->deep_at = look->now + DEEP_PAUSE * (wf_mono_us() - began) / 1000 + 1;
    }
    jobs->look_at = next && next < look->now + IDLE_MS ? next : look->now + IDLE_MS;
    if (look->room > 0 && look->passed >= SHALLOW && jobs->deep_at < jobs->look_at) {
        jobs->look_at = jobs->deep_at;
    }
    return rv;
}

/* The store has failed. Not a date: whoever sets the clock back may not prolong it. */
static void try_again(wf_jobs_t *jobs)
{
    jobs->look_at = wf_time_ms() + IDLE_MS;
    jobs->retry_us = wf_mono_us() + FAILED_MS * 1000;
}

/* Its lock was not got, it is somebody else's by now. */
static void give_up(wf_jobs_t *jobs, wf_work_t *work)
{
    background_t *b = work->baton;

    wf_running_leave(jobs->engine->running, &b->attempt);
    apr_pool_destroy(work->pool);
}

static void begin(wf_jobs_t *jobs, wf_work_t *work)
{
    background_t *b = work->baton;

    pthread_mutex_lock(&jobs->lock);
    if (jobs->in_flight++ == 0) {
        jobs->keep_at = b->lock.now + lease_of(jobs) / 3;
    }
    pthread_mutex_unlock(&jobs->lock);
    wf_executor_submit(jobs->engine->executor, work);
}

/* Lock what was found with one unit; run what was got. */
static void lock_and_begin(look_t *look)
{
    wf_jobs_t *jobs = look->jobs;
    wf_work_t *unit;
    int written;

    if (!look->works->nelts) {
        return;
    }
    unit = begin_unit(jobs);
    for (int i = 0; i < look->works->nelts; i++) {
        background_t *b = APR_ARRAY_IDX(look->works, i, wf_work_t *)->baton;

        wf_uow_lock(unit->uow, &b->lock);
    }
    written = commit(jobs, unit) == APR_SUCCESS;
    for (int i = 0; i < look->works->nelts; i++) {
        wf_work_t *work = APR_ARRAY_IDX(look->works, i, wf_work_t *);
        background_t *b = work->baton;

        if (written && b->lock.held) {
            begin(jobs, work);
            continue;
        }
        give_up(jobs, work);
        jobs->look_at = 0; /* not our job, but when its lock ends matters */
    }
    if (!written) {
        try_again(jobs);
    }
}

static void look_for_jobs(wf_jobs_t *jobs, int room)
{
    apr_int64_t now = wf_time_ms();
    look_t look = { .jobs = jobs, .now = now, .room = room,
                    .deep = now >= jobs->deep_at || jobs->deep_at > now + IDLE_MS,
                    .works = apr_array_make(jobs->pool, room, sizeof(wf_work_t *)) };
    wf_error_t err;

    look.roots = apr_hash_make(jobs->pool);
    look.err = &err;
    wf_error_init(&err, jobs->pool);
    jobs->retry_us = 0;
    if (find_due(&look) != APR_SUCCESS) {
        wf_log(WF_LOG_ERR, "due jobs cannot be read: %s", err.message);
        try_again(jobs);
    }
    lock_and_begin(&look);
}

/* With the lock held: those that are put off, unless the store still does not work. Who
 * ends leaves them, with their locks, to the next engine. */
static void begin_put_off(wf_jobs_t *jobs)
{
    background_t *b = jobs->put_off, *next;

    if (!jobs->ending && wf_committer_fault(jobs->engine->committer, jobs->pool)) {
        jobs->again_us = wf_mono_us() + FAILED_MS * 1000;
        return;
    }
    jobs->put_off = NULL;
    for (; b; b = next) {
        next = b->next;
        if (!jobs->ending) {
            wf_executor_submit(jobs->engine->executor, b->work);
            continue;
        }
        jobs->in_flight--;
        wf_running_leave(jobs->engine->running, &b->attempt);
        apr_pool_destroy(b->work->pool);
    }
}

/* ---- the thread ----------------------------------------------------------------------------------- */

/* Due times and leases are times of the wall clock, so that is what the thread sleeps by:
 * when the clock is set forward it wakes. */
static void wait_until(wf_jobs_t *jobs, apr_int64_t ms)
{
    apr_int64_t latest = wf_time_ms() + IDLE_MS;
    apr_int64_t retry_us = jobs->retry_us > wf_mono_us() ? jobs->retry_us : 0;

    if (jobs->put_off && (!retry_us || jobs->again_us < retry_us)) {
        retry_us = jobs->again_us;
    }
    if (retry_us) {
        wf_cond_wait_until(&jobs->changed, &jobs->lock, retry_us);
        return;
    }
    wf_cond_wait_for_date(&jobs->changed, &jobs->lock, ms < latest ? ms : latest);
}

/* With the lock held: one step, which may let it go meanwhile. */
static void step(wf_jobs_t *jobs)
{
    int room = OF_INSTANCE * jobs->engine->config.executor_threads - jobs->in_flight;
    int on = __atomic_load_n(&jobs->engine->job_executor, __ATOMIC_RELAXED);
    int looks = on && !jobs->ending && room > 0;
    apr_int64_t now = wf_time_ms();

    looks &= jobs->woken || now >= jobs->look_at
             || (jobs->retry_us && wf_mono_us() >= jobs->retry_us);
    if (jobs->put_off && (jobs->ending || wf_mono_us() >= jobs->again_us)) {
        begin_put_off(jobs);
    }
    else if (jobs->in_flight > 0 && now >= jobs->keep_at) {
        pthread_mutex_unlock(&jobs->lock);
        keep_locks(jobs);
        pthread_mutex_lock(&jobs->lock);
    }
    else if (looks) {
        jobs->woken = 0;
        pthread_mutex_unlock(&jobs->lock);
        look_for_jobs(jobs, room);
        pthread_mutex_lock(&jobs->lock);
    }
    else {
        apr_int64_t at = on && !jobs->ending && room > 0 ? jobs->look_at : now + IDLE_MS;

        wait_until(jobs, jobs->in_flight > 0 && jobs->keep_at < at ? jobs->keep_at : at);
    }
}

/* On its end it keeps the locks of what still runs. */
static void *run_jobs(void *data)
{
    wf_jobs_t *jobs = data;

    pthread_mutex_lock(&jobs->lock);
    while (!jobs->ending || jobs->in_flight > 0) {
        step(jobs);
        apr_pool_clear(jobs->pool);
    }
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

/* ---- life -------------------------------------------------------------------------------------------- */

apr_status_t wf_jobs_create(wf_jobs_t **out, wf_engine_t *engine, wf_error_t *err)
{
    wf_jobs_t *jobs = apr_pcalloc(engine->pool, sizeof(*jobs));

    jobs->engine = engine;
    jobs->pool = wf_pool_create("wf_jobs", 0);
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_cond_init(&jobs->changed, NULL);
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
    if (jobs->reader) {
        wf_store_close(jobs->reader);
    }
    apr_pool_destroy(jobs->pool);
}
