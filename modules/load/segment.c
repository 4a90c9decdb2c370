/* Who gets what of a plan. Element k goes to the first member if floor(k w / W) rises
 * with it, W being the sum of the weights; else what is left of the elements goes to the
 * other members in the same way. */
#include "load/segment.h"

#include <apr_strings.h>

static const int first[] = { 0 };
const wf_segment_t wf_segment_whole = {
    .cycle = 1, .count = 1, .offsets = first, .everyone = 1
};

/* ---- the pattern ------------------------------------------------------------------- */

static apr_int64_t divisor(apr_int64_t a, apr_int64_t b)
{
    while (b != 0) {
        apr_int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* In lowest terms; if that is too fine for a pattern, about so. */
static apr_int64_t *lowest(const apr_int64_t *weights, int n, apr_int64_t *sum,
                           apr_pool_t *p)
{
    apr_int64_t *low = apr_palloc(p, (apr_size_t)n * sizeof(*low));
    apr_int64_t common = 0;
    double all = 0;
    int i;

    for (i = 0; i < n; i++) {
        common = divisor(weights[i], common);
        all += (double)weights[i];
    }
    *sum = 0;
    for (i = 0; i < n; i++) {
        low[i] = weights[i] / common;
        if (all / (double)common > WF_SEGMENT_CYCLE) {
            low[i] = (apr_int64_t)((double)weights[i] * WF_SEGMENT_CYCLE / all);
            low[i] += low[i] == 0;
        }
        *sum += low[i];
    }
    return low;
}

static int owner(apr_int64_t k, const apr_int64_t *weights, int n, apr_int64_t sum)
{
    int i;

    for (i = 0; i < n - 1; i++) {
        apr_int64_t before = k * weights[i] / sum;

        if ((k + 1) * weights[i] / sum > before) {
            return i;
        }
        k -= before;
        sum -= weights[i];
    }
    return n - 1;
}

wf_segment_t wf_segment_make(const apr_int64_t *weights, int n, int mine, apr_pool_t *p)
{
    apr_int64_t sum;
    const apr_int64_t *low = lowest(weights, n, &sum, p);
    int *offsets = apr_palloc(p, (apr_size_t)low[mine] * sizeof(*offsets));
    apr_int64_t *left = apr_pmemdup(p, low, (apr_size_t)n * sizeof(*left));
    wf_segment_t segment = { .cycle = (int)sum, .offsets = offsets };
    int k, members = 0;

    for (k = 0; k < segment.cycle; k++) {
        int who = owner(k, low, n, sum);

        if (who == mine) {
            offsets[segment.count++] = k;
        }
        members += left[who]-- == low[who];
        if (members == n && segment.everyone == 0) {
            segment.everyone = k + 1;
        }
    }
    return segment;
}

/* ---- counting ---------------------------------------------------------------------- */

/* How many offsets are below q. */
static int below(const wf_segment_t *segment, apr_int64_t q)
{
    int low = 0, high = segment->count;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (segment->offsets[middle] < q) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

apr_int64_t wf_segment_share(const wf_segment_t *segment, apr_int64_t q)
{
    return q / segment->cycle * segment->count + below(segment, q % segment->cycle);
}

apr_int64_t wf_segment_nth(const wf_segment_t *segment, apr_int64_t i)
{
    if (segment->count == 0) {
        return -1;
    }
    return i / segment->count * segment->cycle + segment->offsets[i % segment->count];
}

wf_segment_t wf_segment_of_users(const wf_segment_t *segment, apr_int64_t vus)
{
    wf_segment_t dealt = *segment;

    if (vus > 0 && vus < segment->everyone) {
        dealt.cycle = (int)vus;
        dealt.count = below(segment, vus);
    }
    return dealt;
}
