/* The execution modes. An executor only says when a virtual user may begin its next
 * iteration; a new one is a row here and a file. */
#include "load/internal.h"

#include <string.h>

static const wf_executor_t *const executors[] = {
    &wf_constant_vus,          &wf_ramping_vus,       &wf_constant_arrival_rate,
    &wf_ramping_arrival_rate,  &wf_per_vu_iterations, &wf_shared_iterations,
    &wf_externally_controlled,
};

const wf_executor_t *wf_executor_find(const char *mode)
{
    size_t i;

    for (i = 0; i < sizeof(executors) / sizeof(executors[0]); i++) {
        if (strcmp(executors[i]->mode, mode) == 0) {
            return executors[i];
        }
    }
    return NULL;
}

const char *wf_executor_names(apr_pool_t *p)
{
    const char *all = "";
    size_t i;

    for (i = 0; i < sizeof(executors) / sizeof(executors[0]); i++) {
        all = apr_pstrcat(p, all, i ? ", " : "", executors[i]->mode, NULL);
    }
    return all;
}

/* ---- what several modes have in common ----------------------------------------------- */

apr_int64_t wf_shape_vus(const wf_load_shape_t *shape)
{
    return shape->vus >= 0 ? shape->vus : 1;
}

apr_int64_t wf_shape_iterations(const wf_load_shape_t *shape)
{
    if (shape->iterations > 0) {
        return shape->iterations;
    }
    return shape->duration_ns > 0 ? 0 : 1;
}

apr_int64_t wf_shape_iterations_or_one(const wf_load_shape_t *shape)
{
    return shape->iterations > 0 ? shape->iterations : 1;
}

apr_int64_t wf_shape_planned(const wf_load_shape_t *shape, const wf_segment_t *part)
{
    return shape->executor->planned ? shape->executor->planned(shape, part) : 0;
}

apr_int64_t wf_shape_lasts(const wf_load_shape_t *shape)
{
    return shape->duration_ns > 0 ? shape->duration_ns : 0;
}

apr_int64_t wf_shape_stages_last(const wf_load_shape_t *shape)
{
    apr_int64_t all = 0;
    int i;

    for (i = 0; i < shape->nstages; i++) {
        all += shape->stages[i].duration_ns;
    }
    return all;
}

int wf_shape_check_stages(const wf_load_shape_t *shape, const wf_node_t *node,
                          const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "stages" };
    const wf_node_t *member = node ? wf_node_get(node, "stages") : NULL;

    if (shape->nstages == 0) {
        wf_compile_problem(c, "required", member ? member : node, &at,
                           "is required in mode %s", shape->executor->mode);
    }
    else if (wf_shape_stages_last(shape) == 0) {
        wf_compile_problem(c, "range", member ? member : node, &at,
                           "must last longer than 0s together");
    }
    else {
        return 1;
    }
    return 0;
}

/* The members of a shape, and which of them only some modes read. */
static const struct {
    const char *name;
    unsigned bit;
} members[] = {
    { "vus", WF_READS_VUS },
    { "duration", WF_READS_DURATION },
    { "iterations", WF_READS_ITERATIONS },
    { "pacing", WF_READS_PACING },
    { "stages", WF_READS_STAGES },
    { "start_vus", WF_READS_RAMP },
    { "graceful_ramp", WF_READS_RAMP },
    { "ramp_up", WF_READS_STAGES },
    { "rate", WF_READS_RATE },
    { "start_rate", WF_READS_START_RATE },
    { "time_unit", WF_READS_ARRIVALS },
    { "pre_allocated_vus", WF_READS_ARRIVALS },
    { "max_vus", WF_READS_ARRIVALS | WF_READS_MAX_VUS },
};

void wf_shape_refuse(const wf_load_shape_t *shape, unsigned reads, const wf_node_t *node,
                     const wf_where_t *path, wf_compile_t *c)
{
    size_t i;

    for (i = 0; node != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
        wf_where_t at = { .up = path, .key = members[i].name };
        const wf_node_t *member = wf_node_get(node, members[i].name);

        if (member != NULL && !(reads & members[i].bit)) {
            wf_problem_warn(c->problems, "value", wf_where_text(&at, c->p), member->line,
                            member->column, "has no meaning in mode %s, ignored",
                            shape->executor->mode);
        }
    }
}

void wf_closed_check(wf_load_shape_t *shape, const wf_node_t *node,
                     const wf_where_t *path, wf_compile_t *c)
{
    wf_shape_refuse(shape, WF_READS_LOOPS, node, path, c);
}

void wf_closed_begin(wf_shard_t *shard)
{
    wf_shard_aim(shard, wf_shape_vus(&shard->scenario->shape));
}

wf_next_e wf_closed_next(wf_shard_t *shard, wf_vu_t *vu)
{
    (void)shard;
    (void)vu;
    return WF_NEXT_GO;
}
