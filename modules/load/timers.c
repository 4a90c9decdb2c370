/* Timers of a loop: a binary heap by due time. A timer knows its slot, so that setting it
 * again and cancelling it need no search. */
#include "load/internal.h"

#include <stdlib.h>

#define LONGEST_US 60000000 /* of one wait */

void wf_timer_init(wf_timer_t *timer, void (*fire)(void *baton), void *baton)
{
    timer->due_us = 0;
    timer->slot = -1;
    timer->exact = 0;
    timer->fire = fire;
    timer->baton = baton;
}

static void place(wf_timers_t *timers, int slot, wf_timer_t *timer)
{
    timers->heap[slot] = timer;
    timer->slot = slot;
}

static void rise(wf_timers_t *timers, wf_timer_t *timer)
{
    int slot = timer->slot;

    while (slot > 0) {
        int parent = (slot - 1) / 2;

        if (timers->heap[parent]->due_us <= timer->due_us) {
            break;
        }
        place(timers, slot, timers->heap[parent]);
        slot = parent;
    }
    place(timers, slot, timer);
}

static void sink(wf_timers_t *timers, wf_timer_t *timer)
{
    int slot = timer->slot;

    for (;;) {
        int child = 2 * slot + 1;

        if (child >= timers->count) {
            break;
        }
        if (child + 1 < timers->count
            && timers->heap[child + 1]->due_us < timers->heap[child]->due_us) {
            child++;
        }
        if (timer->due_us <= timers->heap[child]->due_us) {
            break;
        }
        place(timers, slot, timers->heap[child]);
        slot = child;
    }
    place(timers, slot, timer);
}

static void make_room(wf_timers_t *timers)
{
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity ? timers->capacity * 2 : 64;
        timers->heap = realloc(timers->heap, timers->capacity * sizeof(*timers->heap));
        if (timers->heap == NULL) {
            abort();
        }
    }
}

void wf_timer_set(wf_timers_t *timers, wf_timer_t *timer, apr_int64_t due_us)
{
    apr_int64_t before = timer->due_us;

    timer->due_us = due_us;
    if (timer->slot < 0) {
        make_room(timers);
        timers->exact += timer->exact;
        place(timers, timers->count++, timer);
        rise(timers, timer);
    }
    else if (due_us < before) {
        rise(timers, timer);
    }
    else {
        sink(timers, timer);
    }
}

void wf_timer_cancel(wf_timers_t *timers, wf_timer_t *timer)
{
    int slot = timer->slot;
    wf_timer_t *last;

    if (slot < 0) {
        return;
    }
    timer->slot = -1;
    timers->exact -= timer->exact;
    last = timers->heap[--timers->count];
    if (last == timer) {
        return;
    }
    place(timers, slot, last);
    rise(timers, last);
    sink(timers, last);
}

/* A timer that is set again while it fires waits for the next call, so that one that is
 * always due cannot keep the loop here. */
void wf_timers_run(wf_timers_t *timers, apr_int64_t now_us)
{
    int at_most = timers->count;

    while (at_most-- > 0 && timers->count > 0 && timers->heap[0]->due_us <= now_us) {
        wf_timer_t *timer = timers->heap[0];

        wf_timer_cancel(timers, timer);
        timer->fire(timer->baton);
    }
}

apr_int64_t wf_timers_wait_us(const wf_timers_t *timers, apr_int64_t now_us)
{
    apr_int64_t us;

    if (timers->count == 0) {
        return -1;
    }
    us = timers->heap[0]->due_us - now_us;
    if (us <= 0) {
        return 0;
    }
    us = us > LONGEST_US ? LONGEST_US : us;
    return timers->exact > 0 ? us : (us + 999) / 1000 * 1000;
}

void wf_timers_free(wf_timers_t *timers)
{
    free(timers->heap);
    timers->heap = NULL;
    timers->count = timers->capacity = 0;
}
