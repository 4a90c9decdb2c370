/* The schedule of arrivals. Within a stage of length d whose rate goes from r0 to r1
 * there have been
 *
 *   n(t) = r0 t + (r1 - r0) t² / 2d
 *
 * starts at t, and start k comes where n reaches it. A constant rate begins with a start
 * at once and has the last one an interval before its end; a ramp begins where there is
 * nothing to count yet, so its first start comes when n is 1, and what a stage leaves as
 * a fraction is carried into the next. */
#include "load/arrivals.h"

#include <math.h>

#define EXACT 1e-6 /* of a start: less is rounding */

void wf_arrivals_init(wf_arrivals_t *arrivals, const wf_load_shape_t *shape)
{
    *arrivals = (wf_arrivals_t){ .shape = shape };
    arrivals->lasts_us = shape->executor->lasts_ns(shape) / 1000;
}

apr_int64_t wf_arrivals_rate(const wf_load_shape_t *shape)
{
    return shape->rate >= 0 ? shape->rate : shape->vus;
}

/* Rounded to the nearest microsecond, before the end: the last start of a ramp falls on
 * it. */
static apr_int64_t moment(const wf_arrivals_t *arrivals, double us)
{
    apr_int64_t at = (apr_int64_t)(us + 0.5);

    return at < arrivals->lasts_us ? at : arrivals->lasts_us - 1;
}

static apr_int64_t constant_at(const wf_arrivals_t *arrivals, apr_int64_t k)
{
    const wf_load_shape_t *shape = arrivals->shape;
    double us = (double)k * ((double)shape->time_unit_ns / 1000.0)
                / (double)wf_arrivals_rate(shape);

    return us < (double)arrivals->lasts_us - EXACT ? moment(arrivals, us) : -1;
}

/* Within the stage of length us from rate r0 to r1 (a microsecond): when n is so much. */
static double reached(double n, double r0, double r1, double us)
{
    double root = r0 * r0 + 2 * n * (r1 - r0) / us;
    double slope = r0 + sqrt(root > 0 ? root : 0);
    double t = slope > 0 ? 2 * n / slope : 0;

    return t < us ? t : us;
}

apr_int64_t wf_arrivals_at(wf_arrivals_t *arrivals, apr_int64_t k)
{
    const wf_load_shape_t *shape = arrivals->shape;
    double unit_us = (double)shape->time_unit_ns / 1000.0;

    if (shape->nstages == 0) {
        return constant_at(arrivals, k);
    }
    for (; arrivals->stage < shape->nstages; arrivals->stage++) {
        const wf_stage_t *stage = &shape->stages[arrivals->stage];
        apr_int64_t from = arrivals->stage > 0 ? stage[-1].target : shape->start_rate;
        double r0 = (double)from / unit_us, r1 = (double)stage->target / unit_us;
        double us = (double)stage->duration_ns / 1000.0;
        double n = (double)(k + 1) - arrivals->stage_starts;
        double all = (r0 + r1) / 2 * us;

        if (us > 0 && n <= all + EXACT) {
            return moment(arrivals, arrivals->stage_us + reached(n, r0, r1, us));
        }
        arrivals->stage_us += us;
        arrivals->stage_starts += all;
    }
    return -1;
}
