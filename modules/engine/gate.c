/* The gate: which works may run now. A work that may not waits in here, without a thread.
 *
 *  1. Works of one lane run one after the other. A lane is held from before the first
 * read until after the commit, so the next work reads what this one has written.
 *  2. Jobs of the background have at most their share of the threads: what they wait for
 *     may take long, and commands find a thread all the same. A job without a thread
 * holds no lane unless it has begun, so commands of its instance do not wait for the
 * share.
 *  3. Of the works that must be alone one at a time has its turn. */
#include "engine/internal.h"

#include <pthread.h>

/* Hash buckets of lanes; only lanes in use are in there. */
#define LANE_BUCKETS 1024

/* One of so many threads, but at least one, is not for jobs. */
#define RESERVED 4

/* Works that wait, oldest first. */
typedef struct queue_t {
    wf_work_t *first, **last;
} queue_t;

typedef struct lane_t {
    wf_lane_t key;
    queue_t parked;
    struct lane_t *next; /* in its bucket, or in the list of unused ones */
} lane_t;

struct wf_gate_t {
    pthread_mutex_t lock; /* of all below; held for a few instructions */
    lane_t *buckets[LANE_BUCKETS];
    lane_t *spare;
    int share, jobs;   /* threads that jobs may have, and have */
    queue_t late_jobs; /* without one */
    wf_work_t *loner;  /* whose turn it is to be alone, or NULL */
    queue_t loners;
    apr_pool_t *pool; /* of lanes */
};

/* ---- queues ---------------------------------------------------------------------------------- */

static void put(queue_t *queue, wf_work_t *work)
{
    work->next = NULL;
    *queue->last = work;
    queue->last = &work->next;
}

static wf_work_t *take(queue_t *queue)
{
    wf_work_t *work = queue->first;

    if (work) {
        queue->first = work->next;
        if (!queue->first) {
            queue->last = &queue->first;
        }
    }
    return work;
}

/* ---- threads --------------------------------------------------------------------------------- */

/* With the lock held. What is begun again goes on at once: it holds up its lane. */
static int admit(wf_gate_t *gate, wf_work_t *work)
{
    if (!work->in_background) {
        return 1;
    }
    if (gate->jobs >= gate->share && work->tries == 0) {
        put(&gate->late_jobs, work);
        return 0;
    }
    gate->jobs++;
    return 1;
}

int wf_gate_admit(wf_gate_t *gate, wf_work_t *work)
{
    int admitted;

    pthread_mutex_lock(&gate->lock);
    admitted = admit(gate, work);
    pthread_mutex_unlock(&gate->lock);
    return admitted;
}

wf_work_t *wf_gate_leave_thread(wf_gate_t *gate, int in_background)
{
    wf_work_t *next = NULL;

    if (!in_background) {
        return NULL;
    }
    pthread_mutex_lock(&gate->lock);
    gate->jobs--;
    if (gate->jobs < gate->share) {
        next = take(&gate->late_jobs);
        gate->jobs += next != NULL;
    }
    pthread_mutex_unlock(&gate->lock);
    return next;
}

/* ---- lanes ----------------------------------------------------------------------------------- */

static lane_t **bucket_of(wf_gate_t *gate, const wf_lane_t *key)
{
    return &gate->buckets[((apr_uint64_t)key->id * 31 + key->kind) % LANE_BUCKETS];
}

static lane_t **find_lane(wf_gate_t *gate, const wf_lane_t *key)
{
    lane_t **at = bucket_of(gate, key);

    while (*at && ((*at)->key.id != key->id || (*at)->key.kind != key->kind)) {
        at = &(*at)->next;
    }
    return at;
}

static lane_t *open_lane(wf_gate_t *gate, const wf_lane_t *key)
{
    lane_t *lane = gate->spare;

    if (lane) {
        gate->spare = lane->next;
    }
    else {
        lane = apr_palloc(gate->pool, sizeof(*lane));
    }
    *lane = (lane_t){ .key = *key, .parked.last = &lane->parked.first };
    return lane;
}

int wf_gate_enter_lane(wf_gate_t *gate, wf_work_t *work)
{
    lane_t **at;
    int entered;

    if (work->lane.kind == WF_LANE_NONE) {
        return 1;
    }
    pthread_mutex_lock(&gate->lock);
    at = find_lane(gate, &work->lane);
    entered = !*at;
    if (entered) {
        *at = open_lane(gate, &work->lane);
        work->lane_held = 1;
    }
    else {
        put(&(*at)->parked, work);
    }
    pthread_mutex_unlock(&gate->lock);
    return entered;
}

wf_work_t *wf_gate_leave_lane(wf_gate_t *gate, wf_work_t *work)
{
    lane_t **at, *lane;
    wf_work_t *next;

    if (!work->lane_held) {
        return NULL;
    }
    pthread_mutex_lock(&gate->lock);
    at = find_lane(gate, &work->lane);
    lane = *at;
    do {
        next = take(&lane->parked); /* a job that gets no thread comes back with one */
    } while (next && !admit(gate, next));
    if (next) {
        next->lane_held = 1;
    }
    else {
        *at = lane->next;
        lane->next = gate->spare;
        gate->spare = lane;
    }
    pthread_mutex_unlock(&gate->lock);
    return next;
}

/* ---- alone ----------------------------------------------------------------------------------- */

int wf_gate_ask_alone(wf_gate_t *gate, wf_work_t *work)
{
    int now;

    pthread_mutex_lock(&gate->lock);
    now = !gate->loner;
    if (now) {
        gate->loner = work;
    }
    else {
        put(&gate->loners, work);
    }
    pthread_mutex_unlock(&gate->lock);
    return now;
}

wf_work_t *wf_gate_end_alone(wf_gate_t *gate, wf_work_t *work)
{
    wf_work_t *next = NULL;

    pthread_mutex_lock(&gate->lock);
    if (gate->loner == work) {
        next = gate->loner = take(&gate->loners);
    }
    pthread_mutex_unlock(&gate->lock);
    return next;
}

/* ---- life ------------------------------------------------------------------------------------ */

wf_gate_t *wf_gate_create(int threads, apr_pool_t *p)
{
    wf_gate_t *gate = apr_pcalloc(p, sizeof(*gate));
    int reserved = threads / RESERVED > 1 ? threads / RESERVED : 1;

    pthread_mutex_init(&gate->lock, NULL);
    apr_pool_create(&gate->pool, p);
    apr_pool_tag(gate->pool, "wf_gate");
    gate->share = threads > reserved ? threads - reserved : 1;
    gate->late_jobs.last = &gate->late_jobs.first;
    gate->loners.last = &gate->loners.first;
    return gate;
}
