/* constant-arrival-rate: so many iterations begin each time unit, evenly spread, until
 * the duration is over. */
#include "load/arrivals.h"

static void check(wf_load_shape_t *shape, const wf_node_t *node, const wf_where_t *path,
                  wf_compile_t *c)
{
    wf_where_t rate = { .up = path, .key = "rate" };
    wf_where_t duration = { .up = path, .key = "duration" };
    unsigned reads = WF_READS_RATE | WF_READS_ARRIVALS | WF_READS_DURATION;

    wf_shape_refuse(shape, shape->rate < 0 ? reads | WF_READS_VUS : reads, node, path, c);
    shape->nstages = 0; /* of another mode, before it was overridden */
    if (wf_arrivals_rate(shape) <= 0) {
        wf_compile_problem(c, shape->rate == 0 ? "range" : "required", node, &rate,
                           shape->rate == 0
                               ? "must be at least 1"
                               : "is required in mode constant-arrival-rate");
        return;
    }
    if (shape->duration_ns <= 0) {
        wf_compile_problem(c, "required", node, &duration,
                           "is required in mode constant-arrival-rate");
    }
    wf_arrivals_check(shape, node, path, c);
}

const wf_executor_t wf_constant_arrival_rate = {
    .mode = "constant-arrival-rate",
    .check = check,
    .lasts_ns = wf_shape_lasts,
    .vus_max = wf_arrivals_max,
    .begin = wf_arrivals_begin,
    .next = wf_arrivals_next,
    .tick = wf_arrivals_tick,
    .resumed = wf_arrivals_resumed,
    .scale = wf_arrivals_scale,
    .scheduled = 1,
    .endures = 1,
};
