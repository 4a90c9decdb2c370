/* shared-iterations: all virtual users draw from one number of iterations until it is
 * used up; a duration may end it earlier. The number is shared by the loops, so a loop
 * claims lots and hands them out itself: large ones while much is left, single ones at
 * the end, so that no loop sits on work that another could do. */
#include "load/internal.h"

#define LOTS_PER_SHARD 4

static apr_int64_t planned(const wf_options_t *options)
{
    return options->iterations > 0 ? options->iterations : 1;
}

static apr_int64_t claim(wf_shard_t *shard)
{
    wf_run_t *run = shard->run;
    apr_int64_t taken = __atomic_load_n(&run->claimed, __ATOMIC_RELAXED);
    apr_int64_t lot;

    do {
        apr_int64_t left = run->planned - taken;

        if (left <= 0) {
            return 0;
        }
        lot = left / (LOTS_PER_SHARD * run->nshards);
        lot = lot > shard->nvus ? shard->nvus : lot;
        lot = lot < 1 ? 1 : lot;
    } while (!__atomic_compare_exchange_n(&run->claimed, &taken, taken + lot, 0,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return lot;
}

static int next(wf_shard_t *shard, wf_vu_t *vu)
{
    (void)vu;
    if (shard->credit == 0) {
        shard->credit = claim(shard);
    }
    if (shard->credit == 0) {
        return 0;
    }
    shard->credit--;
    return 1;
}

const wf_executor_t wf_shared_iterations = {
    .mode = "shared-iterations",
    .planned = planned,
    .next = next,
};
