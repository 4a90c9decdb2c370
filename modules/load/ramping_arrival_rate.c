/* ramping-arrival-rate: the number of iterations that begin each time unit follows the
 * stages, linearly from the target of one to that of the next. */
#include "load/arrivals.h"

static void check(wf_load_shape_t *shape, const wf_node_t *node, const wf_where_t *path,
                  wf_compile_t *c)
{
    wf_shape_refuse(shape, WF_READS_STAGES | WF_READS_START_RATE | WF_READS_ARRIVALS,
                    node, path, c);
    if (wf_shape_check_stages(shape, node, path, c)) {
        wf_arrivals_check(shape, node, path, c);
    }
}

const wf_executor_t wf_ramping_arrival_rate = {
    .mode = "ramping-arrival-rate",
    .check = check,
    .lasts_ns = wf_shape_stages_last,
    .vus_max = wf_arrivals_max,
    .begin = wf_arrivals_begin,
    .next = wf_arrivals_next,
    .tick = wf_arrivals_tick,
    .resumed = wf_arrivals_resumed,
    .scale = wf_arrivals_scale,
    .scheduled = 1,
    .endures = 1,
};
