/* load, inside: when iterations begin in a mode with an arrival rate. The rate goes
 * linearly from one value to the next; the moments are computed and not counted up, so
 * that each loop knows its own without talking to the others. */
#ifndef WF_LOAD_ARRIVALS_H
#define WF_LOAD_ARRIVALS_H

#include "load/internal.h"

/* Looks for ever later starts; one belongs to one reader. */
typedef struct wf_arrivals_t {
    const wf_load_shape_t *shape;
    apr_int64_t lasts_us;
    int stage;           /* the one that the latest start was in */
    double stage_us;     /* when it began … */
    double stage_starts; /* … and how many starts came before it */
} wf_arrivals_t;

/** From the first start on. The rate is the shape's own if it has no stages. */
void wf_arrivals_init(wf_arrivals_t *arrivals, const wf_load_shape_t *shape);
/** Microseconds from the beginning of the scenario to start k, from 0; -1: there are not
 * so many. k must not be less than in an earlier call. */
apr_int64_t wf_arrivals_at(wf_arrivals_t *arrivals, apr_int64_t k);

/** Iterations each time unit of a shape without stages. */
apr_int64_t wf_arrivals_rate(const wf_load_shape_t *shape);
/** Users made in advance, and the most there may be. */
apr_int64_t wf_arrivals_pre(const wf_load_shape_t *shape);
apr_int64_t wf_arrivals_max(const wf_load_shape_t *shape);

/* What both modes do (arrivals.c). */
void wf_arrivals_check(wf_load_shape_t *shape, const wf_node_t *node,
                       const wf_where_t *path, wf_compile_t *c);
void wf_arrivals_begin(wf_shard_t *shard);
wf_next_e wf_arrivals_next(wf_shard_t *shard, wf_vu_t *vu);
void wf_arrivals_tick(wf_shard_t *shard);
void wf_arrivals_resumed(wf_shard_t *shard);
void wf_arrivals_scale(wf_shard_t *shard, apr_int64_t vus);

#endif
