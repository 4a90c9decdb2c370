/* constant-vus: every virtual user runs iterations back to back, until the duration is
 * over or it has made its own number of iterations, whichever is first. */
#include "load/internal.h"

static apr_int64_t planned(const wf_load_shape_t *shape, const wf_segment_t *part)
{
    return wf_shape_iterations(shape) * wf_segment_share(part, wf_shape_vus(shape));
}

static wf_next_e next(wf_shard_t *shard, wf_vu_t *vu)
{
    apr_int64_t each = wf_shape_iterations(&shard->scenario->shape);

    return each == 0 || vu->iteration < each ? WF_NEXT_GO : WF_NEXT_LEAVE;
}

const wf_executor_t wf_constant_vus = {
    .mode = "constant-vus",
    .check = wf_closed_check,
    .planned = planned,
    .lasts_ns = wf_shape_lasts,
    .vus_max = wf_shape_vus,
    .begin = wf_closed_begin,
    .next = next,
    .scale = wf_shard_aim,
};
