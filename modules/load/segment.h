/* load, inside: the part of a plan that one of several processes runs. What a plan can be
 * counted in (users, iterations, starts, rows of data) is dealt out to the members one by
 * one, by their weights and as evenly as can be, in a pattern that repeats. So the parts
 * of all members are the whole at any moment, without gaps or overlaps, also of ramps and
 * after scaling, and no member has to know what the others do. */
#ifndef WF_LOAD_SEGMENT_H
#define WF_LOAD_SEGMENT_H

#include "core/core.h"

#define WF_SEGMENT_CYCLE 65536 /* longest pattern: finer weights are rounded */

typedef struct wf_segment_t {
    int cycle;          /* of so many … */
    int count;          /* … so many are its own: */
    const int *offsets; /* these, rising, from 0 */
    int everyone;       /* of so many each member has at least one */
} wf_segment_t;

/** All of it. */
extern const wf_segment_t wf_segment_whole;

/** The part of member mine of n, whose weights are all more than 0. */
wf_segment_t wf_segment_make(const apr_int64_t *weights, int n, int mine, apr_pool_t *p);

/** How many of the first q are its own. */
apr_int64_t wf_segment_share(const wf_segment_t *segment, apr_int64_t q);

/** Its own i-th one, from 0; -1: it has none at all. */
apr_int64_t wf_segment_nth(const wf_segment_t *segment, apr_int64_t i);

/** The same for what so many users do together: who has no user gets nothing of it. */
wf_segment_t wf_segment_of_users(const wf_segment_t *segment, apr_int64_t vus);

#endif
