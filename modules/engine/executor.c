/* The executor: an APR thread pool that runs works, and the lanes that keep works on one
 * process instance apart.
 *
 * A lane is held from before the first read until after the commit, so the next work of
 * that instance reads what this one has written. A work whose lane is taken is parked in
 * the lane and holds no thread. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <apr_thread_pool.h>
#include <pthread.h>

/* Hash buckets of lanes; only lanes in use are in there. */
#define LANE_BUCKETS 1024

typedef struct lane_t {
    wf_lane_t key;
    wf_work_t *first, **last; /* parked works, oldest first */
    struct lane_t *next;      /* in its bucket, or in the list of unused ones */
} lane_t;

/* A store connection that no thread is using. */
typedef struct reader_t {
    wf_store_t *store;
    struct reader_t *next;
} reader_t;

struct wf_executor_t {
    wf_engine_t *engine;
    apr_thread_pool_t *threads;
    pthread_mutex_t lock;      /* of all below; held for a few instructions */
    pthread_cond_t drained;
    int pending;
    lane_t *buckets[LANE_BUCKETS];
    lane_t *spare;
    reader_t *readers;         /* most recently used first: warm caches */
    apr_pool_t *pool;          /* of lanes and readers; under the lock */
};

static void *APR_THREAD_FUNC run_work(apr_thread_t *thread, void *data);

/* ---- lanes ----------------------------------------------------------------------------------- */

static lane_t **bucket_of(wf_executor_t *x, const wf_lane_t *key)
{
    return &x->buckets[((apr_uint64_t)key->id * 31 + key->kind) % LANE_BUCKETS];
}

static lane_t **find_lane(wf_executor_t *x, const wf_lane_t *key)
{
    lane_t **at = bucket_of(x, key);

    while (*at && ((*at)->key.id != key->id || (*at)->key.kind != key->kind)) {
        at = &(*at)->next;
    }
    return at;
}

/* 1 if work holds its lane now, 0 if it was parked there. */
static int enter_lane(wf_executor_t *x, wf_work_t *work)
{
    lane_t **at, *lane;

    if (work->lane.kind == WF_LANE_NONE) {
        return 1;
    }
    pthread_mutex_lock(&x->lock);
    at = find_lane(x, &work->lane);
    if (*at) {
        work->next = NULL;
        *(*at)->last = work;
        (*at)->last = &work->next;
        pthread_mutex_unlock(&x->lock);
        return 0;
    }
    lane = x->spare;
    if (lane) {
        x->spare = lane->next;
    }
    else {
        lane = apr_palloc(x->pool, sizeof(*lane));
    }
    *lane = (lane_t){ .key = work->lane, .last = &lane->first };
    *at = lane;
    work->lane_held = 1;
    pthread_mutex_unlock(&x->lock);
    return 1;
}

/* Give work's lane to the next in it, which is returned, or close it. */
static wf_work_t *leave_lane(wf_executor_t *x, wf_work_t *work)
{
    lane_t **at, *lane;
    wf_work_t *next;

    if (!work->lane_held) {
        return NULL;
    }
    pthread_mutex_lock(&x->lock);
    at = find_lane(x, &work->lane);
    lane = *at;
    next = lane->first;
    if (next) {
        lane->first = next->next;
        if (!lane->first) {
            lane->last = &lane->first;
        }
        next->lane_held = 1;
    }
    else {
        *at = lane->next;
        lane->next = x->spare;
        x->spare = lane;
    }
    pthread_mutex_unlock(&x->lock);
    return next;
}

/* ---- readers ----------------------------------------------------------------------------------- */

static apr_status_t take_reader(wf_executor_t *x, reader_t **out, wf_error_t *err)
{
    reader_t *reader;
    apr_pool_t *pool;
    apr_status_t rv;

    pthread_mutex_lock(&x->lock);
    reader = x->readers;
    if (reader) {
        x->readers = reader->next;
    }
    pthread_mutex_unlock(&x->lock);
    if (!reader) {
        apr_pool_create(&pool, NULL); /* lives as long as the process */
        apr_pool_tag(pool, "wf_reader");
        reader = apr_palloc(pool, sizeof(*reader));
        rv = wf_store_open(&reader->store, x->engine->config.store, WF_STORE_READ, pool, err);
        if (rv != APR_SUCCESS) {
            apr_pool_destroy(pool);
            return rv;
        }
    }
    *out = reader;
    return APR_SUCCESS;
}

static void put_reader(wf_executor_t *x, reader_t *reader)
{
    pthread_mutex_lock(&x->lock);
    reader->next = x->readers;
    x->readers = reader;
    pthread_mutex_unlock(&x->lock);
}

/* ---- running ----------------------------------------------------------------------------------------- */

wf_work_t *wf_work_create(wf_engine_t *engine, const char *tag)
{
    apr_pool_t *pool = wf_pool_create(tag, 0);
    wf_work_t *work;

    work = apr_pcalloc(pool, sizeof(*work));
    work->engine = engine;
    work->pool = pool;
    wf_error_init(&work->err, pool);
    return work;
}

static void push(wf_executor_t *x, wf_work_t *work)
{
    if (apr_thread_pool_push(x->threads, run_work, work, APR_THREAD_TASK_PRIORITY_NORMAL,
                             x)
        != APR_SUCCESS) {
        wf_error_set(&work->err, WF_ERR_UNAVAILABLE, "the engine has no thread for this");
        wf_executor_finish(x, work);
    }
}

static void answer(wf_work_t *work)
{
    if (work->done) {
        work->done(work, &work->err);
        apr_pool_destroy(work->pool);
    }
    else if (work->err.kind != WF_ERR_NONE) {
        wf_ipc_fail(work->request, &work->err);
    }
    else {
        wf_ipc_reply(work->request, work->reply, work->blob, work->blob_length);
    }
}

/* Where a conflict is nobody's fault it is no failure yet. */
static int begin_again(wf_work_t *work)
{
    if (work->err.kind != WF_ERR_CONFLICT || !work->tries_again || work->failure
        || work->tries >= WF_WORK_TRIES || work->refusals >= WF_WORK_REFUSALS) {
        return 0;
    }
    wf_error_init(&work->err, work->pool);
    return 1;
}

/* A work that has begun and failed gets one more unit, to record that in. */
static int begin_record(wf_work_t *work)
{
    if (work->err.kind == WF_ERR_NONE || !work->failed || work->failure) {
        return 0;
    }
    work->failure = apr_pmemdup(work->pool, &work->err, sizeof(work->err));
    wf_error_init(&work->err, work->pool);
    return 1;
}

/* Whatever became of the record, the failure is the outcome. */
static void end_record(wf_work_t *work)
{
    if (!work->failure) {
        return;
    }
    if (work->err.kind != WF_ERR_NONE) {
        wf_log(WF_LOG_ERR, "a failure could not be recorded: %s; the failure was: %s",
               work->err.message, work->failure->message);
    }
    work->err = *work->failure;
}

static void run_hooks(wf_work_t *work)
{
    int committed = work->err.kind == WF_ERR_NONE;
    void (*hook)(wf_work_t *);

    end_record(work);
    hook = work->err.kind == WF_ERR_NONE ? work->after : work->dropped;
    if (hook) {
        hook(work);
    }
    if (committed && work->uow && !work->reads
        && (wf_uow_writes(work->uow, WF_TABLE_JOB) || wf_uow_suspends(work->uow))) {
        wf_jobs_wake(work->engine->jobs);
    }
    if (committed && work->uow && !work->reads
        && (wf_uow_writes(work->uow, WF_TABLE_EXTERNAL_TASK) || wf_uow_suspends(work->uow))) {
        wf_polls_see(work->engine->polls, work->uow);
    }
}

void wf_executor_finish(wf_executor_t *x, wf_work_t *work)
{
    wf_work_t *next;

    if (begin_again(work) || begin_record(work)) {
        push(x, work);
        return;
    }
    run_hooks(work);
    next = leave_lane(x, work);
    if (next) {
        push(x, next);
    }
    answer(work);
    pthread_mutex_lock(&x->lock);
    if (--x->pending == 0) {
        pthread_cond_broadcast(&x->drained);
    }
    pthread_mutex_unlock(&x->lock);
}

static int is_late(wf_work_t *work)
{
    if (work->deadline == 0 || work->tries > 0 || wf_mono_us() < work->deadline) {
        return 0;
    }
    wf_error_set(&work->err, WF_ERR_UNAVAILABLE,
                 "the engine is busy: the command waited too long and was not done");
    return 1;
}

static apr_status_t run_in_unit(wf_executor_t *x, wf_work_t *work)
{
    apr_status_t rv;

    work->uow = wf_uow_create(work->reader, x->engine->ids, work->pool);
    if (work->failure) {
        return work->failed(work, &work->err);
    }
    work->tries++;
    rv = work->run(work, &work->err);
    work->refusals += rv != APR_SUCCESS;
    return rv;
}

/* Everything up to the commit, with a reader of its own. */
static apr_status_t run_handler(wf_executor_t *x, wf_work_t *work, int *parked)
{
    reader_t *reader;
    apr_status_t rv = take_reader(x, &reader, &work->err);

    *parked = 0;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    work->reader = reader->store;
    if (!work->lane_held && work->tries == 0 && work->find_lane) {
        rv = work->find_lane(work, &work->lane, &work->err);
        if (rv == APR_SUCCESS && !enter_lane(x, work)) {
            *parked = 1; /* another thread may run it by now: hands off */
            put_reader(x, reader);
            return APR_SUCCESS;
        }
    }
    if (rv == APR_SUCCESS) {
        rv = run_in_unit(x, work);
    }
    put_reader(x, reader);
    return rv;
}

static void *APR_THREAD_FUNC run_work(apr_thread_t *thread, void *data)
{
    wf_work_t *work = data;
    wf_executor_t *x = work->engine->executor;
    apr_status_t rv = WF_EFAILED;
    int parked = 0;

    (void)thread;
    if (!is_late(work)) {
        rv = run_handler(x, work, &parked);
    }
    if (parked) {
        return NULL;
    }
    if (rv == APR_SUCCESS && !work->reads && !wf_uow_is_empty(work->uow)) {
        wf_committer_submit(x->engine->committer, work);
    }
    else {
        wf_executor_finish(x, work);
    }
    return NULL;
}

void wf_executor_submit(wf_executor_t *x, wf_work_t *work)
{
    int limit = __atomic_load_n(&x->engine->queue_limit, __ATOMIC_RELAXED);
    int refused;

    pthread_mutex_lock(&x->lock);
    x->pending++;
    /* The engine's own works are bounded where they are made. */
    refused = work->request && x->pending > limit;
    pthread_mutex_unlock(&x->lock);
    if (refused || (work->request && __atomic_load_n(&x->engine->stopping, __ATOMIC_ACQUIRE))) {
        wf_error_set(&work->err, WF_ERR_UNAVAILABLE, "%s",
                     refused ? "the engine is busy: too many commands wait"
                             : "the engine is stopping");
        wf_executor_finish(x, work);
        return;
    }
    push(x, work);
}

void wf_executor_commit(wf_executor_t *x, wf_work_t *work)
{
    pthread_mutex_lock(&x->lock);
    x->pending++;
    pthread_mutex_unlock(&x->lock);
    wf_committer_submit(x->engine->committer, work);
}

/* ---- life ------------------------------------------------------------------------------------------------ */

apr_status_t wf_executor_create(wf_executor_t **out, wf_engine_t *engine, wf_error_t *err)
{
    wf_executor_t *x = apr_pcalloc(engine->pool, sizeof(*x));
    int threads = engine->config.executor_threads;
    apr_status_t rv;

    x->engine = engine;
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->drained, NULL);
    apr_pool_create(&x->pool, engine->pool);
    apr_pool_tag(x->pool, "wf_executor");
    *out = x;
    rv = apr_thread_pool_create(&x->threads, threads, threads, engine->pool);
    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "cannot start %d executor threads",
                            threads);
    }
    return APR_SUCCESS;
}

int wf_executor_pending(wf_executor_t *x)
{
    int pending;

    pthread_mutex_lock(&x->lock);
    pending = x->pending;
    pthread_mutex_unlock(&x->lock);
    return pending;
}

void wf_executor_drain(wf_executor_t *x, apr_int64_t deadline)
{
    pthread_mutex_lock(&x->lock);
    while (x->pending > 0 && wf_mono_us() < deadline) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&x->drained, &x->lock, &until);
    }
    pthread_mutex_unlock(&x->lock);
}

void wf_executor_destroy(wf_executor_t *x)
{
    apr_thread_pool_destroy(x->threads);
    while (x->readers) {
        reader_t *reader = x->readers;

        x->readers = reader->next;
        wf_store_close(reader->store);
    }
}
