/* Which jobs this engine has in hand: locked and waiting for their turn, running, or
 * asked for by somebody. An attempt is in this list until its outcome is on disk. So the
 * job executor takes none that is in hand and few of one instance at a time, and knows
 * whose locks must be kept. */
#include "engine/internal.h"

#include <pthread.h>

struct wf_running_t {
    pthread_mutex_t lock; /* of the list; held for a walk through it */
    wf_attempt_t *first;
};

wf_running_t *wf_running_create(apr_pool_t *p)
{
    wf_running_t *running = apr_pcalloc(p, sizeof(*running));

    pthread_mutex_init(&running->lock, NULL);
    return running;
}

int wf_running_takes(wf_running_t *running, wf_id_t job, wf_id_t instance, int limit)
{
    int there = 0, same = 0;

    pthread_mutex_lock(&running->lock);
    for (const wf_attempt_t *a = running->first; a && !there; a = a->next) {
        there = a->job == job;
        same += instance && a->instance == instance;
    }
    pthread_mutex_unlock(&running->lock);
    return !there && same < limit;
}

int wf_running_crowded(wf_running_t *running, wf_id_t instance)
{
    int crowded = 0;

    pthread_mutex_lock(&running->lock);
    for (const wf_attempt_t *a = running->first; a && !crowded; a = a->next) {
        crowded = a->alone && a->instance == instance;
    }
    pthread_mutex_unlock(&running->lock);
    return crowded;
}

void wf_running_enter(wf_running_t *running, wf_attempt_t *attempt)
{
    pthread_mutex_lock(&running->lock);
    attempt->next = running->first;
    running->first = attempt;
    pthread_mutex_unlock(&running->lock);
}

void wf_running_leave(wf_running_t *running, wf_attempt_t *attempt)
{
    pthread_mutex_lock(&running->lock);
    for (wf_attempt_t **at = &running->first; *at; at = &(*at)->next) {
        if (*at == attempt) {
            *at = attempt->next;
            break;
        }
    }
    pthread_mutex_unlock(&running->lock);
}

apr_array_header_t *wf_running_locks(wf_running_t *running, apr_int64_t until,
                                     apr_pool_t *p)
{
    apr_array_header_t *locks = apr_array_make(p, 16, sizeof(wf_lock_t));

    pthread_mutex_lock(&running->lock);
    for (const wf_attempt_t *a = running->first; a; a = a->next) {
        if (a->owner) {
            APR_ARRAY_PUSH(locks, wf_lock_t) = (wf_lock_t){
                .what = WF_LOCK_KEEP, .id = a->job, .owner = a->owner, .until = until
            };
        }
    }
    pthread_mutex_unlock(&running->lock);
    return locks;
}
