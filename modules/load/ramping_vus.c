/* ramping-vus: the number of virtual users follows the stages, linearly from the target
 * of one to that of the next. Users that become too many, those with the highest numbers,
 * may end their iteration within graceful_ramp. A number set from outside holds until the
 * next stage begins. */
#include "load/internal.h"

#define TICK_US 50000

typedef struct state_t {
    apr_int64_t scaled; /* -1: nobody has set a number */
    int scaled_stage;   /* in this stage */
} state_t;

static void check(wf_load_shape_t *shape, const wf_node_t *node, const wf_where_t *path,
                  wf_compile_t *c)
{
    wf_shape_refuse(shape, WF_READS_STAGES | WF_READS_RAMP | WF_READS_PACING, node, path,
                    c);
    wf_shape_check_stages(shape, node, path, c);
}

static apr_int64_t vus_max(const wf_load_shape_t *shape)
{
    apr_int64_t most = shape->start_vus > 0 ? shape->start_vus : 0;
    int i;

    for (i = 0; i < shape->nstages; i++) {
        most = shape->stages[i].target > most ? shape->stages[i].target : most;
    }
    return most;
}

apr_int64_t wf_ramp_vus(const wf_load_shape_t *shape, apr_int64_t elapsed_us, int *at,
                        apr_int64_t *until_us)
{
    apr_int64_t from = shape->start_vus > 0 ? shape->start_vus : 0, began_us = 0;
    int i;

    for (i = 0; i < shape->nstages; i++) {
        const wf_stage_t *stage = &shape->stages[i];
        apr_int64_t us = stage->duration_ns / 1000, t = elapsed_us - began_us;

        *at = i;
        *until_us = began_us + us;
        if (t < us) {
            return from
                   + (apr_int64_t)((double)(stage->target - from) * (double)t
                                   / (double)us);
        }
        from = stage->target;
        began_us += us;
    }
    return from;
}

static void tick(wf_shard_t *shard)
{
    const wf_load_shape_t *shape = &shard->scenario->shape;
    apr_int64_t now = wf_shard_elapsed_us(shard), until = 0, vus;
    state_t *state = shard->state;
    int stage = 0;

    vus = wf_ramp_vus(shape, now, &stage, &until);
    if (state->scaled >= 0 && state->scaled_stage == stage) {
        vus = state->scaled;
    }
    else {
        state->scaled = -1;
    }
    if (vus != shard->target) {
        wf_shard_aim(shard, vus);
        wf_shard_retire(shard, shape->graceful_ramp_ns / 1000);
    }
    if (until > now) {
        wf_shard_tick_at(shard, until < now + TICK_US ? until : now + TICK_US);
    }
}

static void begin(wf_shard_t *shard)
{
    state_t *state = apr_pcalloc(shard->part->pool, sizeof(*state));

    state->scaled = -1;
    shard->state = state;
    tick(shard);
}

static void scale(wf_shard_t *shard, apr_int64_t vus)
{
    state_t *state = shard->state;
    apr_int64_t until;

    state->scaled = vus;
    wf_ramp_vus(&shard->scenario->shape, wf_shard_elapsed_us(shard), &state->scaled_stage,
                &until);
    tick(shard);
}

const wf_executor_t wf_ramping_vus = {
    .mode = "ramping-vus",
    .check = check,
    .lasts_ns = wf_shape_stages_last,
    .vus_max = vus_max,
    .begin = begin,
    .next = wf_closed_next,
    .tick = tick,
    .scale = scale,
    .scale_passes = 1,
    .endures = 1,
};
