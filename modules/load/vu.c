/* Virtual users: the state machine that walks through the steps of an iteration. Its
 * states are drawn in internal.h; all of this runs on the loop that owns the user. */
#include "load/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

apr_pool_t *wf_vu_pool(wf_vu_t *vu)
{
    if (vu->pool == NULL) {
        apr_pool_create(&vu->pool, vu->shard->pool);
        apr_pool_tag(vu->pool, "wf_iteration");
    }
    return vu->pool;
}

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

static void leave(wf_vu_t *vu)
{
    wf_shard_t *shard = vu->shard;

    vu->state = WF_VU_GONE;
    shard->metrics->vus--;
    wf_shard_vu_gone(shard);
}

/* ---- steps ------------------------------------------------------------------------- */

static void reset_result(wf_result_t *result)
{
    result->iteration = -1;
    result->status = WF_STEP_NONE;
    result->duration_us = 0;
    result->sample_failed = 0;
    result->code = result->error = NULL;
    result->sent = result->received = 0;
    memset(result->extras, 0, sizeof(result->extras));
    memset(&result->http, 0, sizeof(result->http));
}

/* The step's result counts; 0 if it ends the iteration. */
static int settle(wf_vu_t *vu)
{
    wf_result_t *result = &vu->results[vu->step];
    wf_metrics_t *metrics = vu->shard->metrics;
    int failed = result->status == WF_STEP_FAILED || result->status == WF_STEP_TIMEOUT;

    result->iteration = vu->iteration;
    if (result->error != NULL) {
        wf_metrics_error(metrics, vu->step, result->code, result->error, wf_time_ms());
    }
    if (failed && result->step->on_error == WF_ON_ERROR_SKIP) {
        result->status = WF_STEP_SKIPPED;
    }
    wf_metrics_step(metrics, result);
    if (failed && result->step->on_error == WF_ON_ERROR_ABORT) {
        vu->failed = 1;
        return 0;
    }
    return 1;
}

static void end_iteration(wf_vu_t *vu)
{
    wf_metrics_t *metrics = vu->shard->metrics;

    metrics->iterations++;
    metrics->iterations_failed += vu->failed;
    wf_histogram_add(&metrics->iteration_duration, wf_mono_us() - vu->iteration_us);
    vu->iteration++;
    vu->state = WF_VU_IDLE;
    wf_loop_ready(vu->shard->loop, vu);
}

/* Steps that are done at once follow one another here, not by recursion. */
static void advance(wf_vu_t *vu)
{
    const wf_plan_t *plan = vu->shard->run->plan;

    while (++vu->step < plan->nsteps) {
        const wf_step_t *step = &plan->steps[vu->step];
        wf_result_t *result = &vu->results[vu->step];

        if (step->disabled) {
            continue;
        }
        reset_result(result);
        if (step->type->start(vu, step, result) == WF_STEP_WAITING) {
            vu->state = WF_VU_WAITING;
            return;
        }
        if (!settle(vu)) {
            break;
        }
    }
    end_iteration(vu);
}

void wf_vu_step_done(wf_vu_t *vu)
{
    assert(vu->state == WF_VU_WAITING);
    vu->state = WF_VU_STEPPING;
    if (settle(vu)) {
        advance(vu);
    }
    else {
        end_iteration(vu);
    }
}

/* ---- iterations -------------------------------------------------------------------- */

void wf_vu_turn(wf_vu_t *vu)
{
    wf_shard_t *shard = vu->shard;

    assert(vu->state == WF_VU_IDLE);
    if (shard->phase != WF_SHARD_RUNNING
        || !shard->run->plan->options.executor->next(shard, vu)) {
        shard->metrics->vus_done += !shard->stopped;
        leave(vu);
        return;
    }
    if (vu->pool != NULL) {
        apr_pool_clear(vu->pool);
    }
    vu->state = WF_VU_STEPPING;
    vu->step = -1;
    vu->failed = 0;
    vu->response = NULL;
    vu->iteration_us = wf_mono_us();
    advance(vu);
}

/* One that is idle sits in the ready queue and leaves by itself at its turn. */
void wf_vu_cut(wf_vu_t *vu)
{
    if (vu->state != WF_VU_WAITING) {
        return;
    }
    vu->results[vu->step].step->type->cancel(vu, vu->results[vu->step].step);
    vu->shard->metrics->interrupted++;
    leave(vu);
}
