/* externally-controlled: every virtual user runs iterations back to back, and others say
 * how many there are, up to max_vus. It ends when its duration is over or it is stopped.
 */
#include "load/internal.h"

#define MAX_VUS 100 /* unless the document says something else */

static apr_int64_t at_most(const wf_load_shape_t *shape)
{
    apr_int64_t most = shape->max_vus >= 0 ? shape->max_vus : MAX_VUS;

    return shape->max_vus < 0 && wf_shape_vus(shape) > most ? wf_shape_vus(shape) : most;
}

static void check(wf_load_shape_t *shape, const wf_node_t *node, const wf_where_t *path,
                  wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "vus" };

    wf_shape_refuse(shape,
                    WF_READS_VUS | WF_READS_DURATION | WF_READS_PACING | WF_READS_MAX_VUS,
                    node, path, c);
    if (wf_shape_vus(shape) > at_most(shape)) {
        wf_compile_problem(c, "range", wf_node_get(node, "vus"), &at,
                           "is more than max_vus");
    }
}

const wf_executor_t wf_externally_controlled = {
    .mode = "externally-controlled",
    .check = check,
    .lasts_ns = wf_shape_lasts,
    .vus_max = wf_shape_vus,
    .vus_limit = at_most,
    .begin = wf_closed_begin,
    .next = wf_closed_next,
    .scale = wf_shard_aim,
    .endures = 1,
};
