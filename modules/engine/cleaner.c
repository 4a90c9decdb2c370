/* Clean-up of history and of load executions and API keys that are over: one thread that
 * lets go of what is old enough, a little at a time.
 * A unit of it is small, so that the commands which share its commit hardly notice, and
 * after each the thread rests for some times as long as that took: when the store is
 * busy, it makes itself small. What is deleted leaves free pages, which are used again;
 * if there are many when nothing is left to delete, they are given back to the file
 * system, just as slowly. */
#include "engine/internal.h"

#include <pthread.h>

#define DAY_MS APR_INT64_C(86400000)

/* Rows that one unit may delete, about; larger instances go in parts. */
#define UNIT_ROWS 1000
/* What a load execution counts: its points, at most WF_SERIES_POINTS, are small. */
#define RUN_ROWS 100
/* Instances and tasks that are looked at for one unit. */
#define LOOK_AT 50
/* Answers of requests with an Idempotency-Key that go at once. */
#define ANSWERS 500
/* It rests so many times as long as a step took. */
#define REST 3
/* How long an API key that was revoked or has expired is still listed. */
#define KEY_MS (90 * DAY_MS)
/* Free pages that stay for what comes, and those that are given back in one step. */
#define KEEP_PAGES 1000
#define STEP_PAGES 250
/* How long to sleep when there is nothing to do: what ends meanwhile is found then. */
#define IDLE_MS (60 * 1000)
/* Before the store is tried again. */
#define FAILED_MS (10 * 1000)

struct wf_cleaner_t {
    wf_engine_t *engine;
    pthread_t thread;
    pthread_mutex_t lock; /* of the members up to ending */
    pthread_cond_t changed;
    int woken, ending;

    /* The thread's own. */
    apr_pool_t *pool;   /* one step */
    wf_store_t *reader; /* NULL until it could be opened */
    int deleted;        /* since free pages were looked at last */
};

/* ---- a unit ---------------------------------------------------------------------------------- */

/* How much of the unit one of them fills; what is too large for one unit goes in parts.
 */
static apr_status_t weigh(wf_cleaner_t *cleaner, wf_expired_t *expired, int *rows,
                          wf_error_t *err)
{
    apr_int64_t size = 0;
    apr_status_t rv = APR_SUCCESS;

    if (expired->purge == WF_PURGE_INSTANCE_HISTORY) {
        rv = wf_store_history_size(cleaner->reader, expired->id, UNIT_ROWS, &size, err);
    }
    else if (expired->purge == WF_PURGE_RUN) {
        size = RUN_ROWS;
    }
    else if (expired->purge == WF_PURGE_ANSWERS) {
        size = ANSWERS;
    }
    if (size > UNIT_ROWS) {
        expired->purge = WF_PURGE_SOME_HISTORY;
    }
    *rows = 1 + (int)size;
    return rv;
}

static apr_status_t fill(wf_cleaner_t *cleaner, wf_uow_t *uow,
                         const apr_array_header_t *expired, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int total = 0, rows;

    for (int i = 0; rv == APR_SUCCESS && i < expired->nelts && total < UNIT_ROWS; i++) {
        wf_expired_t one = APR_ARRAY_IDX(expired, i, wf_expired_t);

        rv = weigh(cleaner, &one, &rows, err);
        if (rv == APR_SUCCESS && (!total || total + rows <= UNIT_ROWS)) {
            wf_uow_purge(uow, one.purge, one.id);
        }
        total += rows;
    }
    return rv;
}

static apr_status_t delete_some(wf_cleaner_t *cleaner, const apr_array_header_t *expired,
                                wf_error_t *err)
{
    wf_work_t *work = wf_work_create(cleaner->engine, "wf_cleaner");
    apr_status_t rv;

    work->uow = wf_uow_create(cleaner->reader, cleaner->engine->ids, work->pool);
    rv = fill(cleaner, work->uow, expired, err);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(work->pool);
        return rv;
    }
    cleaner->deleted = 1;
    return wf_executor_commit_and_wait(cleaner->engine->executor, work, err);
}

/* ---- what is to go --------------------------------------------------------------------------------- */

static apr_status_t open_reader(wf_cleaner_t *cleaner, wf_error_t *err)
{
    apr_pool_t *pool;
    apr_status_t rv;

    apr_pool_create(&pool, NULL); /* closed with the reader */
    apr_pool_tag(pool, "wf_reader");
    rv = wf_store_open(&cleaner->reader, cleaner->engine->config.store, WF_STORE_READ,
                       pool, err);
    if (rv != APR_SUCCESS) {
        cleaner->reader = NULL;
        apr_pool_destroy(pool);
    }
    return rv;
}

/* Load executions: many are soon over, and their number is looked at, too. */
static apr_status_t find_runs(wf_cleaner_t *cleaner, apr_array_header_t *now_due,
                              wf_error_t *err)
{
    wf_engine_t *engine = cleaner->engine;
    int kept = __atomic_load_n(&engine->executions_kept, __ATOMIC_RELAXED);
    apr_int64_t age = __atomic_load_n(&engine->executions_age, __ATOMIC_RELAXED);
    apr_array_header_t *found;
    apr_status_t rv =
        wf_store_old_runs(cleaner->reader, age ? wf_time_ms() - age * 1000 : 0, kept,
                          LOOK_AT, &found, cleaner->pool, err);

    if (rv == APR_SUCCESS) {
        apr_array_cat(now_due, found);
    }
    return rv;
}

static apr_status_t find_keys(wf_cleaner_t *cleaner, apr_array_header_t *now_due,
                              wf_error_t *err)
{
    apr_array_header_t *found;
    apr_status_t rv = wf_store_old_keys(cleaner->reader, wf_time_ms() - KEY_MS, LOOK_AT,
                                        &found, cleaner->pool, err);

    if (rv == APR_SUCCESS) {
        apr_array_cat(now_due, found);
    }
    return rv;
}

static apr_status_t find_answers(wf_cleaner_t *cleaner, apr_array_header_t *now_due,
                                 wf_error_t *err)
{
    wf_engine_t *engine = cleaner->engine;
    int kept = __atomic_load_n(&engine->answers_kept, __ATOMIC_RELAXED);
    apr_int64_t age = __atomic_load_n(&engine->answers_age, __ATOMIC_RELAXED), seq;
    apr_status_t rv = wf_store_old_answers(cleaner->reader, wf_time_ms() - age, kept,
                                           ANSWERS, &seq, err);

    if (rv == APR_SUCCESS && seq) {
        APR_ARRAY_PUSH(now_due, wf_expired_t) =
            (wf_expired_t){ WF_PURGE_ANSWERS, seq, 0 };
    }
    return rv;
}

/* What may go now, and when more of it will be known; of wf_expired_t. */
static apr_status_t find(wf_cleaner_t *cleaner, apr_array_header_t **now_due,
                         apr_int64_t *rest, wf_error_t *err)
{
    int days = __atomic_load_n(&cleaner->engine->history_days, __ATOMIC_RELAXED);
    apr_int64_t now = wf_time_ms(), until = now + IDLE_MS;
    apr_array_header_t *found;
    apr_status_t rv = cleaner->reader ? APR_SUCCESS : open_reader(cleaner, err);

    *now_due = apr_array_make(cleaner->pool, LOOK_AT, sizeof(wf_expired_t));
    *rest = IDLE_MS;
    if (rv == APR_SUCCESS) {
        rv = find_answers(cleaner, *now_due, err); /* first: they have a limit */
    }
    if (rv == APR_SUCCESS) {
        rv = wf_store_expired(cleaner->reader, until, days ? now - days * DAY_MS : 0,
                              LOOK_AT, &found, cleaner->pool, err);
    }
    for (int i = 0; rv == APR_SUCCESS && i < found->nelts; i++) {
        const wf_expired_t *one = &APR_ARRAY_IDX(found, i, wf_expired_t);

        if (one->time <= now) {
            APR_ARRAY_PUSH(*now_due, wf_expired_t) = *one;
        }
        else if (one->time - now < *rest) {
            *rest = one->time - now;
        }
    }
    if (rv == APR_SUCCESS) {
        rv = find_runs(cleaner, *now_due, err);
    }
    return rv == APR_SUCCESS ? find_keys(cleaner, *now_due, err) : rv;
}

/* ---- steps ---------------------------------------------------------------------------------------- */

/* Free pages go back, if there are many; 1 if that was a step. */
static int give_back(wf_cleaner_t *cleaner)
{
    wf_committer_t *committer = cleaner->engine->committer;
    apr_int64_t spare;

    if (!cleaner->deleted) {
        return 0;
    }
    spare = wf_committer_give_back(committer, 0) - KEEP_PAGES;
    if (spare <= 0) {
        cleaner->deleted = 0;
        return 0;
    }
    wf_committer_give_back(committer, spare < STEP_PAGES ? (int)spare : STEP_PAGES);
    return 1;
}

/* One step; how long to rest after it, in ms. */
static apr_int64_t step(wf_cleaner_t *cleaner)
{
    apr_int64_t began = wf_mono_us(), rest;
    apr_array_header_t *expired;
    apr_status_t rv;
    wf_error_t err;

    wf_error_init(&err, cleaner->pool);
    rv = find(cleaner, &expired, &rest, &err);
    if (rv == APR_SUCCESS && expired->nelts) {
        rv = delete_some(cleaner, expired, &err);
    }
    else if (rv == APR_SUCCESS && !give_back(cleaner)) {
        return rest;
    }
    if (rv != APR_SUCCESS) {
        if (!wf_committer_fault(cleaner->engine->committer, cleaner->pool)) {
            wf_log(WF_LOG_ERR, "what is old cannot be deleted: %s", err.message);
        }
        return FAILED_MS;
    }
    return REST * (wf_mono_us() - began) / 1000 + 1;
}

/* ---- the thread ------------------------------------------------------------------------------------- */

/* With the lock held. Removal times are times of the wall clock; when that is set, the
 * cleaner sees it after IDLE_MS, at the latest. */
static void rest_for(wf_cleaner_t *cleaner, apr_int64_t ms)
{
    apr_int64_t until = wf_mono_us() + ms * 1000;
    int in_time = 1;

    while (!cleaner->woken && !cleaner->ending && in_time) {
        in_time = wf_cond_wait_until(&cleaner->changed, &cleaner->lock, until);
    }
    cleaner->woken = 0;
}

static void *run_cleaner(void *data)
{
    wf_cleaner_t *cleaner = data;
    apr_int64_t rest;

    pthread_mutex_lock(&cleaner->lock);
    while (!cleaner->ending) {
        pthread_mutex_unlock(&cleaner->lock);
        rest = step(cleaner);
        apr_pool_clear(cleaner->pool);
        pthread_mutex_lock(&cleaner->lock);
        rest_for(cleaner, rest);
    }
    pthread_mutex_unlock(&cleaner->lock);
    return NULL;
}

/* ---- life -------------------------------------------------------------------------------------------- */

apr_status_t wf_cleaner_create(wf_cleaner_t **out, wf_engine_t *engine, wf_error_t *err)
{
    wf_cleaner_t *cleaner = apr_pcalloc(engine->pool, sizeof(*cleaner));

    cleaner->engine = engine;
    cleaner->deleted = 1; /* by the engine before this one, perhaps */
    cleaner->pool = wf_pool_create("wf_cleaner", 0);
    pthread_mutex_init(&cleaner->lock, NULL);
    pthread_cond_init(&cleaner->changed, NULL);
    *out = cleaner;
    if (pthread_create(&cleaner->thread, NULL, run_cleaner, cleaner) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL, "cannot start the thread for clean-up");
    }
    return APR_SUCCESS;
}

void wf_cleaner_wake(wf_cleaner_t *cleaner)
{
    pthread_mutex_lock(&cleaner->lock);
    cleaner->woken = 1;
    pthread_cond_signal(&cleaner->changed);
    pthread_mutex_unlock(&cleaner->lock);
}

void wf_cleaner_destroy(wf_cleaner_t *cleaner)
{
    pthread_mutex_lock(&cleaner->lock);
    cleaner->ending = 1;
    pthread_cond_signal(&cleaner->changed);
    pthread_mutex_unlock(&cleaner->lock);
    pthread_join(cleaner->thread, NULL);
    if (cleaner->reader) {
        wf_store_close(cleaner->reader);
    }
    apr_pool_destroy(cleaner->pool);
}
