/* How far the other side's clock is ahead. The answer to a question was given somewhere
 * between asking and hearing; in the middle of that, give or take half of it. So the
 * quickest answer knows best. */
#include "link/link.h"

void wf_link_clock_add(wf_link_clock_t *clock, apr_int64_t t0, apr_int64_t t1,
                       apr_int64_t t2)
{
    unsigned i = clock->count % WF_LINK_SAMPLES;

    if (t2 < t0 || t0 < 0 || t1 < 0 || t1 > WF_LINK_TIME_MAX) {
        return; /* our clock was set back meanwhile, or theirs tells no time */
    }
    clock->samples[i].error_us = (t2 - t0 + 1) / 2;
    clock->samples[i].offset_us = t1 - (t0 + (t2 - t0) / 2);
    clock->count++;
}

int wf_link_clock_read(const wf_link_clock_t *clock, apr_int64_t *offset_us,
                       apr_int64_t *error_us)
{
    unsigned n = clock->count < WF_LINK_SAMPLES ? clock->count : WF_LINK_SAMPLES, i;

    for (i = 0; i < n; i++) {
        if (i == 0 || clock->samples[i].error_us < *error_us) {
            *offset_us = clock->samples[i].offset_us;
            *error_us = clock->samples[i].error_us;
        }
    }
    return n > 0;
}
