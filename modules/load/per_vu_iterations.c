/* per-vu-iterations: every virtual user makes the same number of iterations; a duration
 * may end it earlier. Its number of users is its meaning, so it does not scale. */
#include "load/internal.h"

static apr_int64_t planned(const wf_load_shape_t *shape, const wf_segment_t *part)
{
    return wf_shape_iterations_or_one(shape)
           * wf_segment_share(part, wf_shape_vus(shape));
}

static wf_next_e next(wf_shard_t *shard, wf_vu_t *vu)
{
    apr_int64_t each = wf_shape_iterations_or_one(&shard->scenario->shape);

    return vu->iteration < each ? WF_NEXT_GO : WF_NEXT_LEAVE;
}

const wf_executor_t wf_per_vu_iterations = {
    .mode = "per-vu-iterations",
    .check = wf_closed_check,
    .planned = planned,
    .lasts_ns = wf_shape_lasts,
    .vus_max = wf_shape_vus,
    .begin = wf_closed_begin,
    .next = next,
};
