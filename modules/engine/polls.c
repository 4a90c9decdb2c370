/* Polls: fetches of external tasks that find nothing and may wait. A poll that waits
 * holds neither a thread of the executor nor a transaction; it is tried again when
 * something that it may want was committed, when a lock ends, and answered when its time
 * is over.
 *
 *     enter ─▶ RUNNING ──found, failed, time over──▶ leave
 *                │ ▲
 *     nothing yet│ │a task of a topic, the end of a lock
 *                ▼ │
 *              WAITING
 *
 * One task wakes one poll, the one that waits longest; whoever leaves something for
 * others, or could not use it, wakes the next one. What is committed while a poll looks
 * may have come too late for its snapshot, so all that look at the topic look again. So
 * nothing is missed, and a thousand waiting workers do not look for the same task at
 * once. */
#include "engine/internal.h"

#include <pthread.h>
#include <string.h>

/* How long to sleep when nothing is due: a bound, not a period that anything waits for.
 */
#define IDLE_MS (60 * 1000)

struct wf_polls_t {
    wf_engine_t *engine;
    pthread_t thread;
    pthread_mutex_t lock;    /* of the members below, and of the polls' */
    pthread_cond_t changed;  /* by the monotonic clock */
    wf_poll_t *first, *last; /* in the order of their coming */
    int waiting, ending;
    apr_pool_t *pool;
    apr_hash_t *claimed; /* ids of tasks that a poll is about to lock */
};

static int asks_for(const wf_poll_t *poll, const char *topic)
{
    for (int i = 0; i < poll->topics->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(poll->topics, i, wf_poll_topic_t).name, topic)) {
            return 1;
        }
    }
    return 0;
}

/* ---- waking: under the lock, what is to run is collected --------------------------------------- */

static void wake(wf_polls_t *polls, wf_poll_t *poll, wf_poll_t **awake)
{
    poll->waits = 0;
    poll->woken = 1;
    polls->waiting--;
    poll->next_awake = *awake;
    *awake = poll;
}

/* The first one from poll on that waits for the topic. */
static void wake_next(wf_polls_t *polls, wf_poll_t *poll, const char *topic,
                      wf_poll_t **awake)
{
    while (poll && !(poll->waits && asks_for(poll, topic))) {
        poll = poll->after;
    }
    if (poll) {
        wake(polls, poll, awake);
    }
}

/* There may be a task of the topic. */
static void offer(wf_polls_t *polls, const char *topic, wf_poll_t **awake)
{
    for (wf_poll_t *poll = polls->first; poll; poll = poll->after) {
        poll->looks_again |= !poll->waits && asks_for(poll, topic);
    }
    wake_next(polls, polls->first, topic, awake);
}

static void offer_all(wf_polls_t *polls, const wf_poll_t *poll, wf_poll_t **awake)
{
    for (int i = 0; i < poll->topics->nelts; i++) {
        offer(polls, APR_ARRAY_IDX(poll->topics, i, wf_poll_topic_t).name, awake);
    }
}

/* A task of the topic can be had at that time. */
static void announce(wf_polls_t *polls, const char *topic, apr_int64_t at)
{
    for (wf_poll_t *poll = polls->first; poll; poll = poll->after) {
        if ((!poll->again_at || at < poll->again_at) && asks_for(poll, topic)) {
            poll->again_at = at;
            pthread_cond_signal(&polls->changed);
        }
    }
}

/* Without the lock. */
static void run(wf_poll_t *awake)
{
    while (awake) {
        wf_poll_t *next = awake->next_awake;

        wf_poll_look(awake);
        awake = next;
    }
}

/* ---- the life of a poll ---------------------------------------------------------------------------- */

void wf_polls_enter(wf_polls_t *polls, wf_poll_t *poll)
{
    pthread_mutex_lock(&polls->lock);
    poll->after = NULL;
    poll->before = polls->last;
    if (polls->last) {
        polls->last->after = poll;
    }
    else {
        polls->first = poll;
    }
    polls->last = poll;
    pthread_mutex_unlock(&polls->lock);
}

void wf_polls_leave(wf_polls_t *polls, wf_poll_t *poll, int leaves_some)
{
    wf_poll_t *awake = NULL;

    pthread_mutex_lock(&polls->lock);
    *(poll->before ? &poll->before->after : &polls->first) = poll->after;
    *(poll->after ? &poll->after->before : &polls->last) = poll->before;
    if (leaves_some) {
        offer_all(polls, poll, &awake);
    }
    pthread_mutex_unlock(&polls->lock);
    run(awake);
}

static int may_wait(const wf_polls_t *polls, const wf_poll_t *poll)
{
    int limit = __atomic_load_n(&polls->engine->long_poll_limit, __ATOMIC_RELAXED);

    return !polls->ending && polls->waiting < limit && wf_mono_us() < poll->until;
}

/* Who was woken and has a condition of his own may have passed over what others want. */
static void pass_on(wf_polls_t *polls, const wf_poll_t *poll, wf_poll_t **awake)
{
    for (int i = 0; poll->woken && poll->picky && i < poll->topics->nelts; i++) {
        wake_next(polls, poll->after,
                  APR_ARRAY_IDX(poll->topics, i, wf_poll_topic_t).name, awake);
    }
}

wf_poll_next_e wf_polls_wait(wf_polls_t *polls, wf_poll_t *poll, apr_int64_t again_at)
{
    wf_poll_next_e next = WF_POLL_ANSWER;
    wf_poll_t *awake = NULL;

    pthread_mutex_lock(&polls->lock);
    if (again_at && (!poll->again_at || again_at < poll->again_at)) {
        poll->again_at = again_at;
    }
    if (may_wait(polls, poll)) {
        next = poll->looks_again ? WF_POLL_LOOK : WF_POLL_WAIT;
    }
    if (next == WF_POLL_WAIT) {
        pass_on(polls, poll, &awake);
        poll->waits = 1;
        polls->waiting++;
        pthread_cond_signal(&polls->changed);
    }
    pthread_mutex_unlock(&polls->lock);
    run(awake);
    return next;
}

int wf_polls_waiting(wf_polls_t *polls)
{
    int waiting;

    pthread_mutex_lock(&polls->lock);
    waiting = polls->waiting;
    pthread_mutex_unlock(&polls->lock);
    return waiting;
}

void wf_polls_begin_look(wf_polls_t *polls, wf_poll_t *poll)
{
    pthread_mutex_lock(&polls->lock);
    poll->looks_again = 0;
    poll->again_at = 0;
    pthread_mutex_unlock(&polls->lock);
}

/* ---- claims ------------------------------------------------------------------------------------------ */

int wf_polls_claim(wf_polls_t *polls, const wf_id_t *id)
{
    int taken;

    pthread_mutex_lock(&polls->lock);
    taken = apr_hash_get(polls->claimed, id, sizeof(*id)) != NULL;
    if (!taken) {
        apr_hash_set(polls->claimed, id, sizeof(*id), id);
    }
    pthread_mutex_unlock(&polls->lock);
    return !taken;
}

void wf_polls_unclaim(wf_polls_t *polls, const wf_id_t *id, const char *topic)
{
    wf_poll_t *awake = NULL;

    pthread_mutex_lock(&polls->lock);
    apr_hash_set(polls->claimed, id, sizeof(*id), NULL);
    if (topic) {
        offer(polls, topic, &awake);
    }
    pthread_mutex_unlock(&polls->lock);
    run(awake);
}

/* ---- what others do ------------------------------------------------------------------------------------ */

typedef struct seen_t {
    wf_polls_t *polls;
    apr_int64_t now;
    wf_poll_t *awake;
} seen_t;

static void see_task(void *baton, const void *row)
{
    seen_t *seen = baton;
    const wf_external_task_t *task = row;

    if (task->retries == 0 || task->suspension != WF_ACTIVE) {
        return;
    }
    if (task->lock_exp_time > seen->now) {
        announce(seen->polls, task->topic, task->lock_exp_time);
    }
    else {
        offer(seen->polls, task->topic, &seen->awake);
    }
}

void wf_polls_see(wf_polls_t *polls, const wf_uow_t *uow)
{
    seen_t seen = { .polls = polls, .now = wf_time_ms() };

    pthread_mutex_lock(&polls->lock);
    if (polls->first) {
        wf_uow_see_written(uow, WF_TABLE_EXTERNAL_TASK, see_task, &seen);
    }
    /* What was activated is not known here: everybody looks. */
    for (wf_poll_t *poll = wf_uow_suspends(uow) ? polls->first : NULL; poll;
         poll = poll->after) {
        poll->looks_again |= !poll->waits;
        if (poll->waits) {
            wake(polls, poll, &seen.awake);
        }
    }
    pthread_mutex_unlock(&polls->lock);
    run(seen.awake);
}

void wf_polls_announce(wf_polls_t *polls, const char *topic, apr_int64_t at)
{
    pthread_mutex_lock(&polls->lock);
    announce(polls, topic, at);
    pthread_mutex_unlock(&polls->lock);
}

/* ---- the thread: times ----------------------------------------------------------------------------------- */

/* Those whose time is over, or for whom a lock has ended; and how long until the next
 * one. */
static apr_int64_t collect_due(wf_polls_t *polls, wf_poll_t **awake)
{
    apr_int64_t now = wf_time_ms(), mono = wf_mono_us(), sleep = IDLE_MS;

    for (wf_poll_t *poll = polls->first; poll; poll = poll->after) {
        apr_int64_t left = (poll->until - mono + 999) / 1000;
        apr_int64_t again = poll->again_at ? poll->again_at - now : left;

        left = again < left ? again : left;
        if (!poll->waits) {
            continue;
        }
        if (left <= 0) {
            wake(polls, poll, awake);
        }
        else {
            sleep = left < sleep ? left : sleep;
        }
    }
    return sleep;
}

static void *run_polls(void *data)
{
    wf_polls_t *polls = data;

    pthread_mutex_lock(&polls->lock);
    while (!polls->ending) {
        wf_poll_t *awake = NULL;
        apr_int64_t sleep = collect_due(polls, &awake);

        if (!awake) {
            wf_cond_wait_until(&polls->changed, &polls->lock,
                               wf_mono_us() + sleep * 1000);
            continue;
        }
        pthread_mutex_unlock(&polls->lock);
        run(awake);
        pthread_mutex_lock(&polls->lock);
    }
    pthread_mutex_unlock(&polls->lock);
    return NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

apr_status_t wf_polls_create(wf_polls_t **out, wf_engine_t *engine, wf_error_t *err)
{
    wf_polls_t *polls = apr_pcalloc(engine->pool, sizeof(*polls));

    polls->engine = engine;
    apr_pool_create(&polls->pool, NULL);
    apr_pool_tag(polls->pool, "wf_polls");
    polls->claimed = apr_hash_make(polls->pool);
    pthread_mutex_init(&polls->lock, NULL);
    pthread_cond_init(&polls->changed, NULL);
    *out = polls;
    if (pthread_create(&polls->thread, NULL, run_polls, polls) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "cannot start the thread of long polls");
    }
    return APR_SUCCESS;
}

void wf_polls_stop(wf_polls_t *polls)
{
    wf_poll_t *awake = NULL;

    pthread_mutex_lock(&polls->lock);
    polls->ending = 1;
    pthread_cond_signal(&polls->changed);
    for (wf_poll_t *poll = polls->first; poll; poll = poll->after) {
        if (poll->waits) {
            wake(polls, poll, &awake);
        }
    }
    pthread_mutex_unlock(&polls->lock);
    run(awake);
}

void wf_polls_destroy(wf_polls_t *polls)
{
    wf_polls_stop(polls);
    pthread_join(polls->thread, NULL);
    apr_pool_destroy(polls->pool);
}
