/* The part of a scenario on one loop: its virtual users and the timers of its executor.
 * The run's clock stands still during a pause, and so do these timers. */
#include "load/internal.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_ITERATION_NS (30 * 24 * 3600 * NS_PER_S)

/* ---- time -------------------------------------------------------------------------- */

apr_int64_t wf_part_now_us(const wf_part_t *part)
{
    return (part->paused ? part->paused_us : wf_mono_us()) - part->shift_us;
}

apr_int64_t wf_shard_elapsed_us(const wf_shard_t *shard)
{
    return wf_part_now_us(shard->part) - shard->began_us;
}

int wf_shard_open(const wf_shard_t *shard)
{
    return shard->phase == WF_SHARD_RUNNING && !shard->part->paused;
}

/* Set a timer to a moment of the run's clock; while that stands still it is only noted.
 * Timers keep their order to the microsecond, also over a pause: the last tick of a
 * schedule comes before the deadline. */
static void set_timer(wf_shard_t *shard, int which, wf_timer_t *timer, apr_int64_t due_us)
{
    if (shard->part->paused) {
        shard->kept_us[which] = due_us;
        return;
    }
    wf_timer_set(wf_loop_timers(shard->loop), timer, due_us + shard->part->shift_us);
}

#define TICK 0
#define DEADLINE 1
#define OFFSET 2

static wf_timer_t *timer_of(wf_shard_t *shard, int which)
{
    return which == TICK       ? &shard->tick
           : which == DEADLINE ? &shard->deadline
                               : &shard->offset;
}

void wf_shard_tick_at(wf_shard_t *shard, apr_int64_t elapsed_us)
{
    set_timer(shard, TICK, &shard->tick, shard->began_us + elapsed_us);
}

static void forget_timers(wf_shard_t *shard)
{
    int i;

    for (i = TICK; i <= OFFSET; i++) {
        wf_timer_cancel(wf_loop_timers(shard->loop), timer_of(shard, i));
        shard->kept_us[i] = -1;
    }
}

void wf_shard_pause(wf_shard_t *shard)
{
    int i;

    for (i = TICK; i <= OFFSET; i++) {
        wf_timer_t *timer = timer_of(shard, i);

        shard->kept_us[i] = -1;
        if (timer->slot >= 0) {
            shard->kept_us[i] = timer->due_us - shard->part->shift_us;
            wf_timer_cancel(wf_loop_timers(shard->loop), timer);
        }
    }
}

static void wake_parked(wf_shard_t *shard)
{
    int i;

    for (i = 0; i < shard->nvus; i++) {
        wf_vu_t *vu = shard->vus[i];

        if (vu->state == WF_VU_IDLE && vu->parked && vu->number <= shard->target) {
            wf_vu_wake(vu);
        }
    }
}

void wf_shard_resume(wf_shard_t *shard)
{
    const wf_executor_t *executor = shard->scenario->shape.executor;
    int i;

    for (i = TICK; i <= OFFSET; i++) {
        if (shard->kept_us[i] >= 0) {
            wf_timer_set(wf_loop_timers(shard->loop), timer_of(shard, i),
                         shard->kept_us[i] + shard->part->shift_us);
            shard->kept_us[i] = -1;
        }
    }
    if (shard->phase != WF_SHARD_RUNNING) {
        return;
    }
    if (executor->resumed != NULL) {
        executor->resumed(shard);
    }
    else {
        wake_parked(shard);
    }
}

/* ---- users ------------------------------------------------------------------------- */

/* Of its i-th user, among those of the run. */
static apr_int64_t place_of(const wf_shard_t *shard, int i)
{
    return shard->index + 1 + (apr_int64_t)i * shard->stride;
}

static int has_user(const wf_shard_t *shard, int i, apr_int64_t vus)
{
    return place_of(shard, i) <= wf_segment_share(&shard->segment, vus);
}

static void make_room(wf_shard_t *shard)
{
    wf_vu_t **grown;

    if (shard->nvus < shard->capacity) {
        return;
    }
    shard->capacity = shard->capacity ? shard->capacity * 2 : 64;
    grown = apr_palloc(shard->part->pool, shard->capacity * sizeof(*grown));
    if (shard->nvus > 0) {
        memcpy(grown, shard->vus, shard->nvus * sizeof(*grown));
    }
    shard->vus = grown;
}

static wf_group_t *make_group(wf_shard_t *shard)
{
    const wf_load_options_t *options = &shard->run->load->options;
    wf_part_t *part = shard->part;
    wf_group_t *group;
    wf_error_t err;

    wf_error_init(&err, part->pool);
    if (wf_group_create(&group, shard->loop, options->permitted, options->permit_baton,
                        part->pool, &err)
        != APR_SUCCESS) {
        wf_log(WF_LOG_ERR, "load: execution %s: %s", shard->run->id, err.message);
        wf_sheet_error(part->sheet, NULL, "EXECUTION_ERROR", err.message, wf_time_ms());
        return NULL;
    }
    wf_client_multi_limit(group->multi, (int)part->max_connections);
    return group;
}

/* Where the next user belongs, or NULL without memory. */
static wf_group_t *group_of_next(wf_shard_t *shard)
{
    int shared = shard->run->plan->users.shared_connections;
    wf_group_t **at = shared ? &shard->part->group : &shard->group;

    if (*at == NULL || (!shared && (*at)->users == WF_VUS_PER_MULTI)) {
        *at = make_group(shard);
    }
    return *at;
}

wf_vu_t *wf_shard_add(wf_shard_t *shard)
{
    wf_group_t *group = group_of_next(shard);
    wf_vu_t *vu;

    if (group == NULL) {
        return NULL;
    }
    make_room(shard);
    vu = apr_pcalloc(shard->part->pool, sizeof(*vu));
    shard->vus[shard->nvus] = vu;
    wf_group_join(group);
    __atomic_store_n(&shard->used, 1, __ATOMIC_RELAXED);
    shard->live++;
    wf_vu_init(vu, shard, place_of(shard, shard->nvus++), group);
    return vu;
}

void wf_shard_make(wf_shard_t *shard, apr_int64_t vus)
{
    while (has_user(shard, shard->nvus, vus) && wf_shard_add(shard) != NULL) {
    }
}

void wf_shard_aim(wf_shard_t *shard, apr_int64_t vus)
{
    shard->target = vus;
    if (shard->phase != WF_SHARD_RUNNING) {
        return;
    }
    wf_shard_make(shard, vus);
    if (!shard->part->paused) {
        wake_parked(shard);
    }
    wf_shard_settle(shard);
}

void wf_shard_retire(wf_shard_t *shard, apr_int64_t grace_us)
{
    wf_timers_t *timers = wf_loop_timers(shard->loop);
    apr_int64_t due = wf_mono_us() + grace_us;
    int i;

    for (i = 0; i < shard->nvus; i++) {
        wf_vu_t *vu = shard->vus[i];
        int stays = vu->number <= shard->target;

        if (vu->state == WF_VU_IDLE && !vu->parked && !stays) {
            wf_vu_wake(vu); /* it paces: nothing is left to wait for */
        }
        else if (vu->state == WF_VU_BUSY && stays) {
            wf_timer_cancel(timers,
                            &vu->timer); /* it was too many, and is wanted again */
        }
        else if (vu->state == WF_VU_BUSY && vu->timer.slot < 0) {
            wf_timer_set(timers, &vu->timer, due);
        }
    }
}

void wf_shard_scale(wf_shard_t *shard, apr_int64_t vus)
{
    const wf_executor_t *executor = shard->scenario->shape.executor;

    if (shard->phase == WF_SHARD_WAITING) {
        shard->scaled = vus;
    }
    else if (shard->phase == WF_SHARD_RUNNING && executor->scale != NULL) {
        executor->scale(shard, vus);
    }
}

/* ---- the end ----------------------------------------------------------------------- */

/* Nobody is left who could do something, and neither time nor scaling brings somebody.
 * A shard that never had a user ends with the others of its scenario: the run says so. */
static int is_over(const wf_shard_t *shard)
{
    const wf_executor_t *executor = shard->scenario->shape.executor;
    int timed = executor->lasts_ns(&shard->scenario->shape) > 0;

    if (shard->phase == WF_SHARD_DRAINING) {
        return shard->live == 0;
    }
    if (shard->phase != WF_SHARD_RUNNING || shard->part->paused || executor->endures) {
        return 0;
    }
    if (shard->nvus == 0) {
        return wf_segment_share(&shard->segment, shard->target) == 0 && !timed;
    }
    return shard->live == 0
           || (!timed && shard->target > 0 && shard->live == shard->parked);
}

void wf_shard_settle(wf_shard_t *shard)
{
    if (!is_over(shard)) {
        return;
    }
    if (shard->live > 0) {
        wf_shard_finish(shard);
    }
    else if (!shard->over) {
        shard->over = 1;
        wf_loop_finished(shard->loop, shard);
    }
}

void wf_shard_vu_gone(wf_shard_t *shard)
{
    shard->live--;
    wf_shard_settle(shard);
}

static void on_grace_over(void *baton)
{
    wf_shard_t *shard = baton;
    int i;

    for (i = 0; i < shard->nvus; i++) {
        wf_vu_cut(shard->vus[i]);
    }
}

static void let_idle_go(wf_shard_t *shard)
{
    int i;

    for (i = 0; i < shard->nvus; i++) {
        if (shard->vus[i]->state == WF_VU_IDLE) {
            shard->vus_done += !shard->stopped;
            wf_vu_leave(shard->vus[i]);
        }
    }
}

/* A second call can only shorten the grace: a stop during the deadline's, the engine's
 * end. */
void wf_shard_stop(wf_shard_t *shard, apr_int64_t grace_ns)
{
    apr_int64_t due = wf_mono_us() + grace_ns / 1000;
    int first = shard->phase != WF_SHARD_DRAINING;

    if (shard->phase == WF_SHARD_DONE) {
        return;
    }
    forget_timers(shard);
    if (first || due < shard->grace.due_us) {
        wf_timer_set(wf_loop_timers(shard->loop), &shard->grace, due);
    }
    shard->phase = WF_SHARD_DRAINING;
    if (first) {
        let_idle_go(shard);
        wf_shard_settle(shard);
    }
}

void wf_shard_finish(wf_shard_t *shard)
{
    wf_shard_stop(shard, shard->scenario->shape.graceful_stop_ns);
}

/* Cut only where the time of the scenario does it anyway. */
void wf_shard_exhaust(wf_shard_t *shard)
{
    apr_int64_t grace = LONGEST_ITERATION_NS;

    if (shard->phase != WF_SHARD_RUNNING) {
        return;
    }
    if (shard->deadline.slot >= 0) {
        grace = (shard->deadline.due_us - wf_mono_us()) * 1000
                + shard->scenario->shape.graceful_stop_ns;
    }
    wf_shard_stop(shard, grace);
}

/* Setup and teardown have had their time then. */
static void on_deadline(void *baton)
{
    wf_shard_t *shard = baton;

    wf_shard_stop(
        shard, shard->scenario->index >= 0 ? shard->scenario->shape.graceful_stop_ns : 0);
}

static void on_tick(void *baton)
{
    wf_shard_t *shard = baton;

    shard->scenario->shape.executor->tick(shard);
}

/* ---- the beginning ------------------------------------------------------------------- */

static void on_offset(void *baton)
{
    wf_shard_t *shard = baton;
    const wf_load_shape_t *shape = &shard->scenario->shape;
    apr_int64_t lasts = shape->executor->lasts_ns(shape);

    shard->phase = WF_SHARD_RUNNING;
    shard->began_us = shard->part->origin_us + shard->scenario->start_ns / 1000;
    if (lasts > 0 && wf_shard_elapsed_us(shard) >= lasts / 1000) {
        wf_shard_finish(shard); /* it was over before the restart */
        return;
    }
    if (lasts > 0) {
        set_timer(shard, DEADLINE, &shard->deadline, shard->began_us + lasts / 1000);
    }
    shape->executor->begin(shard);
    if (shard->scaled >= 0) {
        wf_shard_scale(shard, shard->scaled);
    }
    wf_shard_settle(shard);
}

void wf_shard_start(wf_shard_t *shard)
{
    apr_int64_t begins;

    wf_timer_init(&shard->tick, on_tick, shard);
    wf_timer_init(&shard->deadline, on_deadline, shard);
    wf_timer_init(&shard->offset, on_offset, shard);
    wf_timer_init(&shard->grace, on_grace_over, shard);
    shard->kept_us[TICK] = shard->kept_us[DEADLINE] = shard->kept_us[OFFSET] = -1;
    shard->scaled = -1;
    begins = shard->part->origin_us + shard->scenario->start_ns / 1000;
    if (begins > wf_part_now_us(shard->part)) {
        set_timer(shard, OFFSET, &shard->offset, begins);
        return;
    }
    on_offset(shard);
}

void wf_shard_end(wf_shard_t *shard)
{
    wf_part_t *part = shard->part;
    wf_run_t *run = shard->run;

    forget_timers(shard);
    wf_timer_cancel(wf_loop_timers(shard->loop), &shard->grace);
    shard->phase = WF_SHARD_DONE;
    if (--part->live == 0) {
        wf_part_end(part);
    }
    wf_run_shard_ended(run, shard);
}
