/* What a loop has of a run, and the letters about it that the loop reads. */
#include "load/internal.h"

#include <string.h>

static void on_warm(void *baton)
{
    wf_part_t *part = baton;

    part->warming = 0;
}

/* The pool of a phase: users, connections, activations. */
static void make_pool(wf_part_t *part)
{
    apr_pool_create(&part->pool, wf_loop_pool(part->loop));
    apr_pool_tag(part->pool, "wf_part");
    part->spare = NULL;
    part->group = NULL;
}

void wf_part_end(wf_part_t *part)
{
    wf_timer_cancel(wf_loop_timers(part->loop), &part->warmup);
    part->warming = 0;
    apr_pool_destroy(part->pool);
    part->pool = NULL;
}

static void set_warmup(wf_part_t *part)
{
    if (part->warming && !part->paused) {
        wf_timer_set(wf_loop_timers(part->loop), &part->warmup,
                     part->warm_until_us + part->shift_us);
    }
}

static void start_warmup(wf_part_t *part, wf_run_phase_e phase)
{
    apr_int64_t ns = part->run->plan->warmup_ns;

    wf_timer_init(&part->warmup, on_warm, part);
    if (ns > 0 && phase == WF_RUN_MAIN) {
        part->warm_until_us = part->origin_us + ns / 1000;
        part->warming = part->warm_until_us > wf_part_now_us(part);
        set_warmup(part);
    }
}

/* amount: the phase of the run that begins; more: how old it is, in us. */
void wf_part_on_start(wf_loop_t *loop, wf_message_t *message)
{
    wf_part_t *part = message->about;
    int i;

    (void)loop;
    part->shards = part->coming;
    part->nshards = part->live = part->ncoming;
    part->age_us = message->more;
    part->origin_us = wf_part_now_us(part) - part->age_us;
    make_pool(part);
    start_warmup(part, (wf_run_phase_e)message->amount);
    for (i = 0; i < part->nshards; i++) {
        wf_shard_start(&part->shards[i]);
    }
}

/* The run's clock goes on. */
static void go_on(wf_part_t *part)
{
    if (part->paused) {
        part->shift_us += wf_mono_us() - part->paused_us;
        part->paused = 0;
    }
}

/* amount: the grace in ns, -1: each scenario's own; more: 1 if it is stopped from
 * outside.
 */
void wf_part_on_stop(wf_loop_t *loop, wf_message_t *message)
{
    wf_part_t *part = message->about;
    int i;

    (void)loop;
    go_on(part); /* nobody can resume it any more */
    for (i = 0; part->pool != NULL && i < part->nshards; i++) {
        wf_shard_t *shard = &part->shards[i];
        apr_int64_t own = shard->scenario->shape.graceful_stop_ns;

        shard->stopped |= (int)message->more;
        shard->severed |= message->amount == 0;
        wf_shard_stop(shard, message->amount >= 0 ? message->amount : own);
    }
}

void wf_part_on_pause(wf_loop_t *loop, wf_message_t *message)
{
    wf_part_t *part = message->about;
    int i;

    (void)loop;
    if (part->paused) { /* from its start on, after a restart */
        return;
    }
    part->paused_us = wf_mono_us();
    part->paused = 1;
    if (part->warming) {
        wf_timer_cancel(wf_loop_timers(part->loop), &part->warmup);
    }
    for (i = 0; part->pool != NULL && i < part->nshards; i++) {
        wf_shard_pause(&part->shards[i]);
    }
}

void wf_part_on_resume(wf_loop_t *loop, wf_message_t *message)
{
    wf_part_t *part = message->about;
    int i;

    (void)loop;
    if (!part->paused) {
        return;
    }
    go_on(part);
    set_warmup(part);
    for (i = 0; part->pool != NULL && i < part->nshards; i++) {
        wf_shard_resume(&part->shards[i]);
        wf_shard_settle(&part->shards[i]);
    }
}

/* amount: users, more: index of the scenario. */
void wf_part_on_scale(wf_loop_t *loop, wf_message_t *message)
{
    wf_part_t *part = message->about;
    int i;

    (void)loop;
    for (i = 0; part->pool != NULL && i < part->nshards; i++) {
        wf_shard_t *shard = &part->shards[i];

        if (shard->scenario->index == message->more) {
            wf_shard_scale(shard, message->amount);
        }
    }
}

/* All other shards of scenario more have ended: one that never had a user need not wait.
 */
void wf_part_on_alone(wf_loop_t *loop, wf_message_t *message)
{
    wf_part_t *part = message->about;
    int i;

    (void)loop;
    for (i = 0; part->pool != NULL && i < part->nshards; i++) {
        wf_shard_t *shard = &part->shards[i];

        if (shard->scenario->index == message->more && shard->nvus == 0
            && shard->phase == WF_SHARD_RUNNING) {
            wf_shard_finish(shard);
        }
    }
}
