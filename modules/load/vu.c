/* Virtual users: they ask their executor whether to begin another iteration, and have a
 * strand that walks through it. States are drawn in internal.h; all of this runs on the
 * loop that owns the user. */
#include "load/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

const char *wf_vu_uuid(apr_pool_t *p)
{
    unsigned char b[16];
    char *text = apr_palloc(p, 37), *at = text;
    int i;

    if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b)) {
        abort(); /* cannot fail for so few bytes */
    }
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = "0123456789abcdef"[b[i] >> 4];
        *at++ = "0123456789abcdef"[b[i] & 15];
    }
    *at = '\0';
    return text;
}

/* ---- what the run of a strand's user knows ---------------------------------------------- */

/* ---- coming and going ---------------------------------------------------------------- */

void wf_vu_leave(wf_vu_t *vu)
{
    wf_shard_t *shard = vu->shard;

    assert(vu->state == WF_VU_IDLE || vu->state == WF_VU_READY);
    if (vu->state == WF_VU_READY) {
        wf_loop_unready(shard->loop, &vu->turn);
    }
    wf_timer_cancel(wf_loop_timers(shard->loop), &vu->timer);
    shard->parked -= vu->parked;
    vu->parked = 0;
    if (vu->stream != NULL) {
        wf_client_stream_close(vu->stream);
    }
    vu->state = WF_VU_GONE;
    wf_shard_vu_gone(shard);
}

void wf_vu_wake(wf_vu_t *vu)
{
    assert(vu->state == WF_VU_IDLE);
    wf_timer_cancel(wf_loop_timers(vu->shard->loop), &vu->timer);
    vu->shard->parked -= vu->parked;
    vu->parked = 0;
    vu->state = WF_VU_READY;
    wf_loop_ready(vu->shard->loop, &vu->turn);
}

static void park(wf_vu_t *vu)
{
    vu->state = WF_VU_IDLE;
    vu->parked = 1;
    vu->shard->parked++;
    wf_shard_settle(vu->shard);
}

/* ---- iterations -------------------------------------------------------------------- */

static void begin(wf_vu_t *vu)
{
    wf_shard_t *shard = vu->shard;
    const wf_scenario_t *scenario = shard->scenario;

    vu->state = WF_VU_BUSY;
    vu->began_us = wf_mono_us();
    if (vu->intended_us > 0) { /* a late start is measured from when it was due */
        wf_sheet_time(wf_strand_sheet(&vu->strand), WF_M_START_DELAY,
                      vu->began_us - vu->intended_us);
        vu->began_us = vu->intended_us;
        vu->intended_us = 0;
    }
    shard->busy++;
    if (vu->client != NULL && !shard->run->plan->users.keep_cookies) {
        wf_client_forget_cookies(vu->client);
    }
    wf_strand_begin(&vu->strand, shard->run->initial, &scenario->steps,
                    scenario->pre_hook, scenario->post_hook);
}

/* Rows of data for the next iteration. 0: there are none left, and the user has gone. */
static int take_rows(wf_vu_t *vu)
{
    wf_shard_t *shard = vu->shard;
    wf_run_t *run = shard->run;
    const wf_data_t *empty;
    char reason[200];

    if (vu->holds == NULL) {
        return 1;
    }
    empty = wf_data_take(&run->plan->data, &shard->segment, run->rows_taken, vu->holds,
                         shard->scenario->name, run->seed, shard->part->seed);
    if (empty == NULL) {
        return 1;
    }
    if (empty->end == WF_DATA_FAIL) {
        apr_snprintf(reason, sizeof(reason),
                     "data source %s has no rows left, the run was ended", empty->name);
        wf_run_abort(run, reason);
    }
    else if (!empty->per_vu && !empty->own_cursor) {
        wf_shard_exhaust(shard); /* nobody else will find one either */
    }
    shard->vus_done++;
    wf_vu_leave(vu);
    return 0;
}

static void take_turn(void *baton)
{
    wf_vu_t *vu = baton;
    wf_shard_t *shard = vu->shard;

    assert(vu->state == WF_VU_READY);
    if (shard->phase != WF_SHARD_RUNNING && (vu->intended_us == 0 || shard->stopped)) {
        shard->vus_done += !shard->stopped;
        wf_vu_leave(vu);
        return;
    }
    if (shard->part->paused || (vu->number > shard->target && vu->intended_us == 0)) {
        park(vu);
        return;
    }
    switch (shard->scenario->shape.executor->next(shard, vu)) {
    case WF_NEXT_GO:
        if (take_rows(vu)) {
            begin(vu);
        }
        break;
    case WF_NEXT_IDLE:
        park(vu);
        break;
    default:
        shard->vus_done++;
        wf_vu_leave(vu);
    }
}

static void count_iteration(wf_vu_t *vu, int failed)
{
    wf_part_t *part = vu->shard->part;
    wf_sheet_t *sheet = wf_strand_sheet(&vu->strand);

    if (vu->shard->scenario->index < 0) { /* setup, teardown */
        return;
    }
    part->warm_iterations += part->warming;
    wf_sheet_count(sheet, WF_M_ITERATIONS, 1);
    wf_sheet_rate(sheet, WF_M_ITERATION_SUCCESS, !failed);
    wf_sheet_time(sheet, WF_M_ITERATION_DURATION, wf_mono_us() - vu->began_us);
}

static void made_one(wf_vu_t *vu)
{
    wf_shard_t *shard = vu->shard;
    wf_run_t *run = shard->run;
    int s = shard->scenario->index;

    vu->iteration++;
    shard->done++;
    if (s >= 0 && vu->place <= run->ncounts[s]) {
        run->counts[s][vu->place - 1] = vu->iteration;
    }
}

static void end_busy(wf_shard_t *shard)
{
    if (--shard->busy == 0 && shard->part->paused) {
        wf_run_calmed(shard->run);
    }
}

/* Another one, at once or when its pace allows it. */
static void rest(wf_vu_t *vu)
{
    const wf_scenario_t *scenario = vu->shard->scenario;
    apr_int64_t due = vu->began_us + scenario->pacing_ns / 1000;

    vu->state = WF_VU_IDLE;
    if (scenario->pacing_ns > 0 && due > wf_mono_us()
        && vu->shard->phase == WF_SHARD_RUNNING) {
        wf_timer_set(wf_loop_timers(vu->shard->loop), &vu->timer, due);
        return;
    }
    wf_vu_wake(vu);
}

static void on_ended(wf_strand_t *strand)
{
    wf_vu_t *vu = strand->vu;
    wf_shard_t *shard = vu->shard;
    const wf_executor_t *executor = shard->scenario->shape.executor;
    int failed = strand->root.failed;

    wf_timer_cancel(wf_loop_timers(shard->loop), &vu->timer);
    count_iteration(vu, failed);
    if (shard->scenario->index < 0) {
        wf_run_single_ended(shard->run, strand, failed);
    }
    made_one(vu);
    end_busy(shard);
    if (executor->finished != NULL) {
        executor->finished(shard, vu);
    }
    rest(vu);
}

void wf_vu_cut(wf_vu_t *vu)
{
    wf_shard_t *shard = vu->shard;

    if (vu->state != WF_VU_BUSY) {
        return;
    }
    wf_strand_cut(&vu->strand);
    if (shard->scenario->index >= 0) {
        wf_sheet_count(wf_strand_sheet(&vu->strand), WF_M_INTERRUPTED, 1);
    }
    else {
        wf_run_single_cut(shard->run, shard->scenario);
    }
    if (!shard->severed) { /* else somebody else may go on with the run, and make it */
        made_one(vu);
    }
    end_busy(shard);
    vu->state = WF_VU_IDLE;
    wf_vu_wake(vu);
}

/* Its pace allows the next one, or its time as one too many is over. */
static void on_timer(void *baton)
{
    wf_vu_t *vu = baton;

    if (vu->state == WF_VU_IDLE) {
        wf_vu_wake(vu);
    }
    else {
        wf_vu_cut(vu);
    }
}

/* Setup and teardown take no rows: they run once. */
static wf_data_hold_t *make_holds(const wf_shard_t *shard, apr_int64_t iterations)
{
    int i, count = shard->run->plan->data.count;
    wf_data_hold_t *holds;

    if (count == 0 || shard->scenario->index < 0) {
        return NULL;
    }
    holds = apr_pcalloc(shard->part->pool, count * sizeof(*holds));
    for (i = 0; i < count; i++) {
        holds[i].row = -1;
        holds[i].taken = iterations; /* before a restart */
    }
    return holds;
}

void wf_vu_init(wf_vu_t *vu, wf_shard_t *shard, apr_int64_t place, wf_group_t *group)
{
    vu->shard = shard;
    vu->number = wf_segment_nth(&shard->segment, place - 1) + 1;
    vu->place = place;
    vu->iteration = wf_resume_iterations(shard->run, shard->scenario->index, place);
    vu->group = group;
    vu->turn.take = take_turn;
    vu->turn.baton = vu;
    wf_timer_init(&vu->timer, on_timer, vu);
    wf_strand_init(&vu->strand, vu, on_ended);
    vu->holds = make_holds(shard, vu->iteration);
    vu->state = WF_VU_READY;
    wf_loop_ready(shard->loop, &vu->turn);
}
