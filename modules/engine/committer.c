/* The committer: the one thread that writes the store. It takes every unit of work that
 * is ready, writes them in one transaction, syncs once, and only then lets the replies
 * go: a client that has seen an id may ask for it on another connection, also after a
 * crash. While it syncs, the next batch gathers; so the busier the server, the larger the
 * batch.
 *
 * A work may hold it: then nothing is committed until that work's unit is, which comes
 * first in its batch, or until the work lets go. The others go on meanwhile, up to their
 * commits. After each hold there is a batch before the next one, so nobody waits for two.
 */
#include "engine/internal.h"

#include <apr_strings.h>
#include <pthread.h>

/* Larger batches gain little and delay the first reply. */
#define MAX_BATCH 256

/* A hold that lasts longer is taken away: a script may run for long, and everybody waits.
 */
#define HOLD_MS 5000

/* A store that cannot be written is tried again so often. */
#define TRY_US (1000 * 1000)

/* What somebody waits for. */
typedef struct giving_t {
    int pages;
    apr_int64_t left;
    int over; /* under the lock */
} giving_t;

struct wf_committer_t {
    wf_engine_t *engine;
    pthread_t thread;
    pthread_mutex_t lock; /* of the members below; never held during a commit */
    pthread_cond_t ready;
    wf_work_t *first, **last;
    wf_work_t *asks;         /* wants to hold, and waits for that; or NULL */
    wf_work_t *holder;       /* until its unit is taken, or NULL */
    wf_work_t *held;         /* the holder, when its unit is ready */
    apr_int64_t hold_ends;   /* wf_mono_us */
    wf_work_t *lost;         /* from whom its hold was taken, until it lets go */
    int others_first;        /* a hold has ended, and no batch has come after it */
    pthread_cond_t answered; /* who asks */
    int ids_low;             /* the id sequence wants a refill */
    giving_t *giving;        /* somebody wants pages to be given back; or NULL */
    pthread_cond_t given;
    char fault[400]; /* why nothing can be written; "" = it can */
    int ending;

    /* The thread's own. */
    apr_int64_t try_at;     /* wf_mono_us; 0 = nothing has failed */
    apr_pool_t *batch_pool; /* its scratch */
};

/* ---- holding it ------------------------------------------------------------------------------ */

/* All with the lock held. */

static void end_hold(wf_committer_t *c)
{
    c->holder = NULL;
    c->others_first = c->first != NULL;
}

/* Between two batches. */
static void look_at_holder(wf_committer_t *c)
{
    if (c->holder && !c->held && (c->ending || wf_mono_us() >= c->hold_ends)) {
        wf_log(WF_LOG_WARN, "a command that met conflicts took long to be tried again: "
                            "others go on before it");
        c->lost = c->holder;
        end_hold(c);
    }
    if (c->asks && c->ending) {
        c->asks = NULL;
        pthread_cond_signal(&c->answered);
    }
    if (c->asks && !c->holder && !c->others_first) {
        c->holder = c->asks;
        c->hold_ends = wf_mono_us() + HOLD_MS * APR_INT64_C(1000);
        c->asks = NULL;
        pthread_cond_signal(&c->answered);
    }
}

static int may_commit(const wf_committer_t *c)
{
    return c->holder ? c->held != NULL : c->first || c->ending;
}

static void wait_for_more(wf_committer_t *c)
{
    apr_int64_t at = c->holder ? c->hold_ends : APR_INT64_MAX;

    if (c->try_at && c->try_at < at) {
        at = c->try_at;
    }
    if (at == APR_INT64_MAX) {
        pthread_cond_wait(&c->ready, &c->lock);
        return;
    }
    wf_cond_wait_until(&c->ready, &c->lock, at);
}

void wf_committer_hold(wf_committer_t *c, wf_work_t *work)
{
    pthread_mutex_lock(&c->lock);
    if (!c->ending) {
        c->asks = work;
        pthread_cond_signal(&c->ready);
    }
    while (c->asks == work) {
        pthread_cond_wait(&c->answered, &c->lock);
    }
    pthread_mutex_unlock(&c->lock);
}

int wf_committer_release(wf_committer_t *c, wf_work_t *work)
{
    int lost;

    pthread_mutex_lock(&c->lock);
    lost = c->lost == work;
    c->lost = lost ? NULL : c->lost;
    if (c->holder == work) {
        end_hold(c);
        pthread_cond_signal(&c->ready);
    }
    pthread_mutex_unlock(&c->lock);
    return !lost;
}

/* ---- a store that cannot be written --------------------------------------------------------- */

/* One line in the log when it begins and one when it is over, whatever fails meanwhile.
 */
static void note_fault(wf_committer_t *c, const wf_error_t *err)
{
    if (!c->try_at) {
        wf_log(WF_LOG_ERR, "nothing can be written, commands fail: %s", err->message);
    }
    c->try_at = wf_mono_us() + TRY_US;
    pthread_mutex_lock(&c->lock);
    apr_cpystrn(c->fault, err->message, sizeof(c->fault));
    pthread_mutex_unlock(&c->lock);
}

static void note_success(wf_committer_t *c)
{
    if (!c->try_at) {
        return;
    }
    c->try_at = 0;
    pthread_mutex_lock(&c->lock);
    *c->fault = '\0';
    pthread_mutex_unlock(&c->lock);
    wf_log(WF_LOG_WARN, "the store can be written again");
    if (c->engine->jobs) {
        wf_jobs_wake(c->engine->jobs);
    }
}

static int must_try(const wf_committer_t *c)
{
    return c->try_at && wf_mono_us() >= c->try_at;
}

static void try_again(wf_committer_t *c)
{
    wf_error_t err;

    wf_error_init(&err, c->batch_pool);
    if (wf_store_try(c->engine->writer, &err) == APR_SUCCESS) {
        note_success(c);
    }
    else {
        note_fault(c, &err);
    }
}

const char *wf_committer_fault(wf_committer_t *c, apr_pool_t *p)
{
    const char *fault;

    pthread_mutex_lock(&c->lock);
    fault = *c->fault ? apr_pstrdup(p, c->fault) : NULL;
    pthread_mutex_unlock(&c->lock);
    return fault;
}

/* ---- batches --------------------------------------------------------------------------------- */

/* With the lock held: the holder's unit, and what has gathered. */
static int take_units(wf_committer_t *c, wf_work_t **batch)
{
    int count = 0;

    if (c->held) {
        batch[count++] = c->held;
        c->held = c->holder = NULL;
    }
    while (c->first && count < MAX_BATCH) {
        batch[count++] = c->first;
        c->first = c->first->next;
    }
    if (!c->first) {
        c->last = &c->first;
    }
    c->others_first = 0;
    return count;
}

static int take_batch(wf_committer_t *c, wf_work_t **batch, int *ids_low,
                      giving_t **giving)
{
    int count = 0;

    pthread_mutex_lock(&c->lock);
    look_at_holder(c);
    while (!may_commit(c) && !c->ids_low && !c->giving && !must_try(c)) {
        wait_for_more(c);
        look_at_holder(c);
    }
    if (may_commit(c)) {
        count = take_units(c, batch);
    }
    *ids_low = c->ids_low;
    c->ids_low = 0;
    *giving = c->giving;
    c->giving = NULL;
    pthread_mutex_unlock(&c->lock);
    return count;
}

/* Units that have all failed by themselves say nothing about the store. */
static int was_written(wf_uow_t *const *units, const wf_error_t *outcomes, int count)
{
    for (int i = 0; i < count; i++) {
        if (outcomes[i].kind == WF_ERR_NONE && !wf_uow_is_empty(units[i])) {
            return 1;
        }
    }
    return 0;
}

static void commit_batch(wf_committer_t *c, wf_work_t **batch, int count)
{
    wf_uow_t *units[MAX_BATCH];
    wf_error_t outcomes[MAX_BATCH], err;
    int unwritten;

    wf_error_init(&err, c->batch_pool);
    for (int i = 0; i < count; i++) {
        units[i] = batch[i]->uow;
        wf_error_init(&outcomes[i], batch[i]->pool);
    }
    unwritten =
        wf_store_commit(c->engine->writer, c->engine->ids, units, count, outcomes, &err)
        != APR_SUCCESS;
    if (unwritten) {
        note_fault(c, &err);
    }
    else if (was_written(units, outcomes, count)) {
        note_success(c);
    }
    for (int i = 0; i < count; i++) {
        batch[i]->unwritten = unwritten && outcomes[i].kind != WF_ERR_NONE;
        if (outcomes[i].kind != WF_ERR_NONE) {
            wf_error_copy(&batch[i]->err, &outcomes[i]);
        }
        wf_executor_finish(c->engine->executor, batch[i]);
    }
}

/* The store may have grown. What the log has to say about that is said there. */
static void look_at_space(wf_committer_t *c)
{
    wf_error_t ignored;

    wf_error_init(&ignored, c->batch_pool);
    wf_space_look(c->engine, c->engine->writer, &ignored);
}

static void refill_ids(wf_committer_t *c)
{
    wf_error_t err;

    wf_error_init(&err, c->batch_pool);
    if (wf_ids_refill(c->engine->ids, &err) != APR_SUCCESS) {
        note_fault(c, &err);
    }
}

static void give_back(wf_committer_t *c, giving_t *giving)
{
    wf_error_t err;

    wf_error_init(&err, c->batch_pool);
    if (wf_store_give_back(c->engine->writer, giving->pages, &giving->left, &err)
        != APR_SUCCESS) {
        note_fault(c, &err);
        giving->left = 0;
    }
    pthread_mutex_lock(&c->lock);
    giving->over = 1;
    pthread_cond_signal(&c->given);
    pthread_mutex_unlock(&c->lock);
}

static void *run_committer(void *data)
{
    wf_committer_t *c = data;
    wf_work_t *batch[MAX_BATCH];
    giving_t *giving;
    int count, ids_low, tries;

    do {
        count = take_batch(c, batch, &ids_low, &giving);
        if (ids_low) {
            refill_ids(c);
        }
        if (count > 0) {
            commit_batch(c, batch, count);
            look_at_space(c);
        }
        if (giving) {
            give_back(c, giving);
        }
        tries = must_try(c);
        if (tries) {
            try_again(c);
        }
        apr_pool_clear(c->batch_pool);
    } while (count > 0 || ids_low || giving || tries);
    return NULL;
}

static void on_ids_low(void *baton)
{
    wf_committer_t *c = baton;

    pthread_mutex_lock(&c->lock);
    c->ids_low = 1;
    pthread_cond_signal(&c->ready);
    pthread_mutex_unlock(&c->lock);
}

apr_status_t wf_committer_create(wf_committer_t **out, wf_engine_t *engine,
                                 wf_error_t *err)
{
    wf_committer_t *c = apr_pcalloc(engine->pool, sizeof(*c));

    c->engine = engine;
    c->last = &c->first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->ready, NULL);
    pthread_cond_init(&c->given, NULL);
    pthread_cond_init(&c->answered, NULL);
    apr_pool_create(&c->batch_pool, NULL);
    apr_pool_tag(c->batch_pool, "wf_committer");
    wf_ids_on_low(engine->ids, on_ids_low, c);
    *out = c;
    if (pthread_create(&c->thread, NULL, run_committer, c) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL, "cannot start the committer's thread");
    }
    return APR_SUCCESS;
}

void wf_committer_submit(wf_committer_t *c, wf_work_t *work)
{
    work->next = NULL;
    pthread_mutex_lock(&c->lock);
    if (work == c->holder) {
        c->held = work;
    }
    else {
        *c->last = work;
        c->last = &work->next;
    }
    pthread_cond_signal(&c->ready);
    pthread_mutex_unlock(&c->lock);
}

apr_int64_t wf_committer_give_back(wf_committer_t *c, int pages)
{
    giving_t giving = { .pages = pages };

    pthread_mutex_lock(&c->lock);
    c->giving = &giving;
    pthread_cond_signal(&c->ready);
    while (!giving.over) {
        pthread_cond_wait(&c->given, &c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return giving.left;
}

void wf_committer_destroy(wf_committer_t *c)
{
    pthread_mutex_lock(&c->lock);
    c->ending = 1;
    pthread_cond_signal(&c->ready);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    apr_pool_destroy(c->batch_pool);
}
