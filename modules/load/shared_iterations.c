/* shared-iterations: all virtual users draw from one number of iterations until it is
 * used up; a duration may end it earlier. The number is shared by the loops, so a loop
 * claims lots and hands them out itself: large ones while much is left, single ones at
 * the end, so that no loop sits on work that another could do. */
#include "load/internal.h"

#define LOTS_PER_SHARD 4

static apr_int64_t planned(const wf_load_shape_t *shape, const wf_segment_t *part)
{
    wf_segment_t dealt = wf_segment_of_users(part, wf_shape_vus(shape));

    return wf_segment_share(&dealt, wf_shape_iterations_or_one(shape));
}

static apr_int64_t claim(wf_shard_t *shard)
{
    apr_int64_t *claimed = &shard->run->claimed[shard->scenario->index];
    apr_int64_t all = planned(&shard->scenario->shape, &shard->segment);
    apr_int64_t taken = __atomic_load_n(claimed, __ATOMIC_RELAXED);
    apr_int64_t lot;

    do {
        apr_int64_t left = all - taken;

        if (left <= 0) {
            return 0;
        }
        lot = left / (LOTS_PER_SHARD * shard->stride);
        lot = lot > shard->nvus ? shard->nvus : lot;
        lot = lot < 1 ? 1 : lot;
    } while (!__atomic_compare_exchange_n(claimed, &taken, taken + lot, 0,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return lot;
}

static wf_next_e next(wf_shard_t *shard, wf_vu_t *vu)
{
    (void)vu;
    if (shard->credit == 0) {
        shard->credit = claim(shard);
    }
    if (shard->credit == 0) {
        return WF_NEXT_LEAVE;
    }
    shard->credit--;
    return WF_NEXT_GO;
}

const wf_executor_t wf_shared_iterations = {
    .mode = "shared-iterations",
    .check = wf_closed_check,
    .planned = planned,
    .lasts_ns = wf_shape_lasts,
    .vus_max = wf_shape_vus,
    .begin = wf_closed_begin,
    .next = next,
    .scale = wf_shard_aim,
};
