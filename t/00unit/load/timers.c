/* Timers fire in order, once, and not when cancelled. */
#include "../tap.h"
#include "load/internal.h"

#include <apr_general.h>
#include <stdlib.h>

#define COUNT 500

typedef struct item_t {
    wf_timer_t timer;
    wf_timers_t *timers;
    int fired;
} item_t;

static apr_int64_t last_due;
static int in_order = 1, total;

static void on_fire(void *baton)
{
    item_t *item = baton;

    in_order &= item->timer.due_us >= last_due;
    last_due = item->timer.due_us;
    item->fired++;
    total++;
}

static void again(void *baton)
{
    item_t *item = baton;

    item->fired++;
    wf_timer_set(item->timers, &item->timer, 0);
}

static void order(void)
{
    static item_t items[COUNT];
    wf_timers_t timers = { 0 };
    int i, cancelled = 0, good = 1;

    for (i = 0; i < COUNT; i++) {
        wf_timer_init(&items[i].timer, on_fire, &items[i]);
        wf_timer_set(&timers, &items[i].timer, (i * 7919) % 1000);
    }
    for (i = 0; i < COUNT; i += 3) { /* earlier, later, back */
        wf_timer_set(&timers, &items[i].timer, (i * 104729) % 1000);
    }
    for (i = 0; i < COUNT; i += 5, cancelled++) {
        wf_timer_cancel(&timers, &items[i].timer);
        wf_timer_cancel(&timers, &items[i].timer);
    }
    wf_timers_run(&timers, 499);
    ok(total > 0 && total < COUNT - cancelled,
       "what is due at 499 fires, the rest waits");
    is_int(wf_timers_wait_us(&timers, 499) > 0, 1, "the next one is in the future");
    wf_timers_run(&timers, 1000);
    is_int(total, COUNT - cancelled, "all but the cancelled ones");
    ok(in_order, "in order of their time");
    for (i = 0; i < COUNT; i++) {
        good &= items[i].fired == (i % 5 != 0);
    }
    ok(good, "each once");
    is_int(wf_timers_wait_us(&timers, 0), -1, "nothing to wait for");
    wf_timers_free(&timers);
}

static void renewed(void)
{
    wf_timers_t timers = { 0 };
    item_t item = { .timers = &timers };

    wf_timer_init(&item.timer, again, &item);
    wf_timer_set(&timers, &item.timer, 0);
    wf_timers_run(&timers, 10);
    is_int(item.fired, 1, "one that sets itself again waits for the next call");
    wf_timers_run(&timers, 10);
    is_int(item.fired, 2, "and fires then");
    wf_timer_cancel(&timers, &item.timer);
    wf_timers_free(&timers);
}

static void waiting(void)
{
    wf_timers_t timers = { 0 };
    item_t item;

    wf_timer_init(&item.timer, on_fire, &item);
    wf_timer_set(&timers, &item.timer, 2001);
    is_int(wf_timers_wait_us(&timers, 0), 3000, "rounded up: never woken too early");
    is_int(wf_timers_wait_us(&timers, 2001), 0, "due now");
    is_int(wf_timers_wait_us(&timers, 5000), 0, "overdue");
    wf_timers_free(&timers);
}

int main(void)
{
    apr_initialize();
    order();
    renewed();
    waiting();
    apr_terminate();
    return done_testing();
}
