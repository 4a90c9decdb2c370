/* constant-vus: every virtual user runs iterations back to back, until the duration is
 * over or it has made its own number of iterations, whichever is first. */
#include "load/internal.h"

static apr_int64_t planned(const wf_options_t *options)
{
    return wf_options_iterations(options) * options->vus;
}

static int next(wf_shard_t *shard, wf_vu_t *vu)
{
    apr_int64_t each = wf_options_iterations(&shard->run->plan->options);

    return each == 0 || vu->iteration < each;
}

const wf_executor_t wf_constant_vus = {
    .mode = "constant-vus",
    .planned = planned,
    .next = next,
};
