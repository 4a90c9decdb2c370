/* per-vu-iterations: every virtual user makes the same number of iterations; a duration may
 * end it earlier. Its number of users is its meaning, so it does not scale. */
#include "load/internal.h"

static apr_int64_t each(const wf_load_shape_t *shape)
{
    return shape->iterations > 0 ? shape->iterations : 1;
}

static void check(wf_load_shape_t *shape, const wf_node_t *node, const wf_where_t *path,
                  wf_compile_t *c)
{
    wf_shape_refuse(shape, WF_READS_LOOPS, node, path, c);
}

static apr_int64_t planned(const wf_load_shape_t *shape)
{
    return each(shape) * wf_shape_vus(shape);
}

static void begin(wf_shard_t *shard)
{
    wf_shard_aim(shard, wf_shape_vus(&shard->scenario->shape));
}

static wf_next_e next(wf_shard_t *shard, wf_vu_t *vu)
{
    return vu->iteration < each(&shard->scenario->shape) ? WF_NEXT_GO : WF_NEXT_LEAVE;
}

const wf_executor_t wf_per_vu_iterations = {
    .mode = "per-vu-iterations",
    .check = check,
    .planned = planned,
    .lasts_ns = wf_shape_lasts,
    .vus_max = wf_shape_vus,
    .begin = begin,
    .next = next,
};
