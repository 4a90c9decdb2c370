/* The executor: an APR thread pool that runs works. Which of them may run, the gate says;
 * one that may not holds no thread. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <apr_thread_pool.h>
#include <pthread.h>

/* A store connection that no thread is using. */
typedef struct reader_t {
    wf_store_t *store;
    struct reader_t *next;
} reader_t;

/* What Retry-After may say at most. */
#define LONGEST_WAIT_S 60

/* An engine that stops has a successor soon, if httpd goes on or is started again. */
#define NEXT_ENGINE_S 1

struct wf_executor_t {
    wf_engine_t *engine;
    apr_thread_pool_t *threads;
    wf_gate_t *gate;
    pthread_mutex_t lock; /* of all below; held for a few instructions */
    pthread_cond_t drained;
    int pending;
    apr_int64_t age_us, finished_us; /* of the request that was finished last, and when */
    reader_t *readers; /* most recently used first: warm caches */
};

static void *APR_THREAD_FUNC run_work(apr_thread_t *thread, void *data);

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
        rv = wf_store_open(&reader->store, x->engine->config.store, WF_STORE_READ, pool,
                           err);
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

/* work, which the gate lets go on, gets a thread as soon as one is free. NULL is nobody.
 */
static void push(wf_executor_t *x, wf_work_t *work)
{
    if (work
        && apr_thread_pool_push(x->threads, run_work, work,
                                APR_THREAD_TASK_PRIORITY_NORMAL, x)
               != APR_SUCCESS) {
        push(x, wf_gate_leave_thread(x->gate, work->in_background));
        wf_error_set(&work->err, WF_ERR_UNAVAILABLE, "the engine has no thread for this");
        wf_executor_finish(x, work);
    }
}

static void run_when_admitted(wf_executor_t *x, wf_work_t *work)
{
    if (wf_gate_admit(x->gate, work)) {
        push(x, work);
    }
}

static void answer(wf_work_t *work)
{
    if (work->once) {
        wf_keys_give(work->engine->keys_taken, work->once->key);
    }
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

/* A work that has begun and failed gets one more unit, to record that in; should that one
 * fail, too, another. */
static int begin_record(wf_work_t *work)
{
    if (work->err.kind == WF_ERR_NONE || !work->failed || work->unwritten
        || work->records >= WF_WORK_RECORDS) {
        return 0;
    }
    if (work->failure) {
        wf_log(WF_LOG_WARN, "a failure is recorded once more: %s", work->err.message);
    }
    else {
        work->failure = apr_pmemdup(work->pool, &work->err, sizeof(work->err));
    }
    wf_error_init(&work->err, work->pool);
    work->records++;
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
    hook = work->err.kind == WF_ERR_NONE && !work->repeated ? work->after : work->dropped;
    if (hook) {
        hook(work);
    }
    if (committed && work->uow && !work->reads
        && (wf_uow_writes(work->uow, WF_TABLE_JOB) || wf_uow_suspends(work->uow))) {
        wf_jobs_wake(work->engine->jobs);
    }
    if (committed && work->uow && !work->reads
        && (wf_uow_writes(work->uow, WF_TABLE_EXTERNAL_TASK)
            || wf_uow_suspends(work->uow))) {
        wf_polls_see(work->engine->polls, work->uow);
    }
}

/* ---- alone -------------------------------------------------------------------------------------------- */

/* Others were faster so often that they may be for ever. What fails by itself at each try
 * is most likely right about that. */
static int must_be_alone(const wf_work_t *work)
{
    return work->tries >= WF_WORK_LOSSES && work->tries > work->refusals && !work->yields
           && !work->too_slow;
}

static void end_alone(wf_executor_t *x, wf_work_t *work)
{
    wf_work_t *next;

    if (work->alone) {
        work->alone = 0;
        work->too_slow |= !wf_committer_release(x->engine->committer, work);
        next = wf_gate_end_alone(x->gate, work);
        if (next) {
            run_when_admitted(x, next);
        }
    }
}

void wf_work_waits_outside(void *baton)
{
    wf_work_t *work = baton;

    if (work->alone) {
        work->too_slow = 1;
        end_alone(work->engine->executor, work);
    }
}

static void run_again(wf_executor_t *x, wf_work_t *work)
{
    work->alone = must_be_alone(work);
    if (!work->alone || wf_gate_ask_alone(x->gate, work)) {
        run_when_admitted(x, work);
    }
}

/* ---- the end --------------------------------------------------------------------------------------------- */

void wf_executor_finish(wf_executor_t *x, wf_work_t *work)
{
    apr_int64_t came_us = work->came_us;

    end_alone(x, work);
    if (begin_again(work)) {
        run_again(x, work);
        return;
    }
    if (begin_record(work)) {
        run_when_admitted(x, work);
        return;
    }
    run_hooks(work);
    push(x, wf_gate_leave_lane(x->gate, work));
    answer(work); /* and it is gone */
    pthread_mutex_lock(&x->lock);
    if (came_us) {
        x->finished_us = wf_mono_us();
        x->age_us = x->finished_us - came_us;
    }
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

    if (work->alone) {
        wf_committer_hold(x->engine->committer, work);
    }
    work->uow = wf_uow_create(work->reader, x->engine->ids, work->pool);
    if (work->failure) {
        return work->failed(work, &work->err);
    }
    work->tries++;
    rv = work->run(work, &work->err);
    work->refusals += rv != APR_SUCCESS;
    if (rv == APR_SUCCESS && work->once && !work->reads) {
        wf_once_keep(work, work->once, work->reply);
    }
    return rv;
}

/* Everything up to the commit, with a reader of its own. */
static apr_status_t run_handler(wf_executor_t *x, wf_work_t *work, int *parked)
{
    reader_t *reader;
    apr_status_t rv = take_reader(x, &reader, &work->err);
    int done = 0;

    *parked = 0;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    work->reader = reader->store;
    if (work->once && !work->failure) {
        rv = wf_once_find(work, work->once, &done, &work->err);
        if (rv != APR_SUCCESS || done) {
            work->reads = work->repeated = 1;
            put_reader(x, reader);
            return rv;
        }
    }
    if (work->grows && work->tries == 0 && !work->lane_held) {
        rv = wf_space_look(x->engine, reader->store, &work->err);
    }
    if (rv == APR_SUCCESS && !work->lane_held && work->tries == 0 && work->find_lane) {
        rv = work->find_lane(work, &work->lane, &work->err);
        if (rv == APR_SUCCESS && !wf_gate_enter_lane(x->gate, work)) {
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
    int in_background = work->in_background, parked = 0;

    (void)thread;
    if (!is_late(work)) {
        rv = run_handler(x, work, &parked);
    }
    push(x, wf_gate_leave_thread(x->gate, in_background));
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

/* With the lock held: how long who leaves the queue has been there, or, while nobody
 * leaves it, since then. Whoever comes again so much later finds another queue. */
static int queue_seconds(const wf_executor_t *x)
{
    apr_int64_t still_us = wf_mono_us() - x->finished_us;
    apr_int64_t age_us = x->age_us > still_us ? x->age_us : still_us;
    apr_int64_t seconds = age_us / APR_USEC_PER_SEC + 1;

    return (int)(seconds < LONGEST_WAIT_S ? seconds : LONGEST_WAIT_S);
}

void wf_executor_submit(wf_executor_t *x, wf_work_t *work)
{
    int limit = __atomic_load_n(&x->engine->queue_limit, __ATOMIC_RELAXED);
    int stopping = __atomic_load_n(&x->engine->stopping, __ATOMIC_ACQUIRE);
    int refused;

    pthread_mutex_lock(&x->lock);
    if (x->pending++ == 0) {
        x->finished_us = wf_mono_us(); /* nobody has waited until now */
        x->age_us = 0;
    }
    /* The engine's own works are bounded where they are made. */
    refused = work->request && x->pending > limit;
    if (refused) {
        work->err.retry_after = queue_seconds(x);
    }
    else if (work->request) {
        work->came_us = wf_mono_us();
    }
    pthread_mutex_unlock(&x->lock);
    if (refused) {
        wf_error_set(&work->err, WF_ERR_UNAVAILABLE,
                     "the engine is busy: too many commands wait");
    }
    else if (work->request && stopping) {
        work->err.retry_after = NEXT_ENGINE_S;
        wf_error_set(&work->err, WF_ERR_UNAVAILABLE, "the engine is stopping");
        refused = 1;
    }
    if (refused) {
        wf_executor_finish(x, work);
        return;
    }
    run_when_admitted(x, work);
}

void wf_executor_commit(wf_executor_t *x, wf_work_t *work)
{
    pthread_mutex_lock(&x->lock);
    x->pending++;
    pthread_mutex_unlock(&x->lock);
    wf_committer_submit(x->engine->committer, work);
}

/* What a thread waits for that has handed a unit over. */
typedef struct outcome_t {
    pthread_mutex_t lock;
    pthread_cond_t known;
    int is_known;
    wf_error_t *err;
} outcome_t;

static void tell(wf_work_t *work, const wf_error_t *err)
{
    outcome_t *outcome = work->baton;

    pthread_mutex_lock(&outcome->lock);
    if (err->kind != WF_ERR_NONE) {
        wf_error_copy(outcome->err, err);
    }
    outcome->is_known = 1;
    pthread_cond_signal(&outcome->known);
    pthread_mutex_unlock(&outcome->lock);
}

apr_status_t wf_executor_commit_and_wait(wf_executor_t *x, wf_work_t *work,
                                         wf_error_t *err)
{
    outcome_t outcome = { .lock = PTHREAD_MUTEX_INITIALIZER,
                          .known = PTHREAD_COND_INITIALIZER,
                          .err = err };

    work->baton = &outcome;
    work->done = tell;
    wf_executor_commit(x, work);
    pthread_mutex_lock(&outcome.lock);
    while (!outcome.is_known) {
        pthread_cond_wait(&outcome.known, &outcome.lock);
    }
    pthread_mutex_unlock(&outcome.lock);
    pthread_cond_destroy(&outcome.known);
    pthread_mutex_destroy(&outcome.lock);
    return err->kind == WF_ERR_NONE ? APR_SUCCESS : WF_EFAILED;
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
    x->gate = wf_gate_create(threads, engine->pool);
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
        wf_cond_wait_until(&x->drained, &x->lock, deadline);
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
