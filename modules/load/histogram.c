/* A log-linear histogram of microseconds. Adding is a few instructions and no branch on
 * the history; merging is the addition of buckets, so a percentile over loops is exactly
 * what one histogram of all samples would say. */
#include "load/internal.h"

#include <math.h>

#define MAX_VALUE (((apr_uint64_t)1 << 32) - 1)

/* Values below 256 have their own bucket. Above, bits 7 to 1 behind the leading one
 * select one of 128 steps within the power of two. */
static int bucket_of(apr_uint64_t us)
{
    int power;

    if (us < WF_HISTOGRAM_LINEAR) {
        return (int)us;
    }
    power = 63 - __builtin_clzll(us);
    return WF_HISTOGRAM_LINEAR + (power - 8) * WF_HISTOGRAM_STEPS
           + (int)((us >> (power - 7)) & (WF_HISTOGRAM_STEPS - 1));
}

/* The middle of a bucket. */
static apr_uint64_t value_of(int bucket)
{
    int power, step;
    apr_uint64_t width, low;

    if (bucket < WF_HISTOGRAM_LINEAR) {
        return bucket;
    }
    power = (bucket - WF_HISTOGRAM_LINEAR) / WF_HISTOGRAM_STEPS + 8;
    step = (bucket - WF_HISTOGRAM_LINEAR) % WF_HISTOGRAM_STEPS;
    width = (apr_uint64_t)1 << (power - 7);
    low = ((apr_uint64_t)1 << power) + step * width;
    return low + width / 2;
}

void wf_histogram_add(wf_histogram_t *h, apr_int64_t us)
{
    apr_uint64_t value = us < 0 ? 0 : (apr_uint64_t)us;

    if (h->count == 0 || value < h->min) {
        h->min = value;
    }
    if (value > h->max) {
        h->max = value;
    }
    h->count++;
    h->sum += value;
    h->buckets[bucket_of(value > MAX_VALUE ? MAX_VALUE : value)]++;
}

void wf_histogram_merge(wf_histogram_t *into, const wf_histogram_t *from)
{
    int i;

    if (from->count == 0) {
        return;
    }
    if (into->count == 0 || from->min < into->min) {
        into->min = from->min;
    }
    if (from->max > into->max) {
        into->max = from->max;
    }
    into->count += from->count;
    into->sum += from->sum;
    for (i = 0; i < WF_HISTOGRAM_BUCKETS; i++) {
        into->buckets[i] += from->buckets[i];
    }
}

/* Nearest rank: the smallest value that at least percent of the samples do not exceed.
 * Held within the exact extremes, so that percentiles never cross them. */
apr_uint64_t wf_histogram_percentile(const wf_histogram_t *h, double percent)
{
    apr_uint64_t rank, seen = 0, value;
    int i;

    if (h->count == 0) {
        return 0;
    }
    rank = (apr_uint64_t)ceil(percent / 100.0 * (double)h->count);
    if (rank <= 1) {
        return h->min;
    }
    if (rank >= h->count) {
        return h->max;
    }
    for (i = 0; seen < rank; i++) {
        seen += h->buckets[i];
    }
    value = value_of(i - 1);
    return value < h->min ? h->min : value > h->max ? h->max : value;
}
