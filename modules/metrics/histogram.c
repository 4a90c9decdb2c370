/* A log-linear histogram. Adding is a few instructions and no branch on the history;
 * merging is the addition of buckets, so a percentile over loops is exactly what one
 * histogram of all samples would say. */
#include "metrics/internal.h"

#include <math.h>
#include <string.h>

#define FIRST_POWER 8 /* of the first page that is not linear: 2^8 */
#define LINEAR_PAGES (WF_HISTOGRAM_LINEAR / WF_HISTOGRAM_STEPS)

_Static_assert(WF_HISTOGRAM_PAGES <= 64, "a bit for each page");

/* Values below 256 have their own bucket. Above, bits 7 to 1 behind the leading one
 * select one of 128 steps within the power of two. */
int wf_histogram_bucket(apr_uint64_t sample)
{
    int power, step;

    if (sample < WF_HISTOGRAM_LINEAR) {
        return (int)sample;
    }
    power = 63 - __builtin_clzll(sample);
    step = (int)((sample >> (power - 7)) & (WF_HISTOGRAM_STEPS - 1));
    return WF_HISTOGRAM_LINEAR + (power - FIRST_POWER) * WF_HISTOGRAM_STEPS + step;
}

/* The middle of a bucket. */
static apr_uint64_t value_of(int bucket)
{
    int power, step;
    apr_uint64_t width, low;

    if (bucket < WF_HISTOGRAM_LINEAR) {
        return (apr_uint64_t)bucket;
    }
    power = (bucket - WF_HISTOGRAM_LINEAR) / WF_HISTOGRAM_STEPS + FIRST_POWER;
    step = (bucket - WF_HISTOGRAM_LINEAR) % WF_HISTOGRAM_STEPS;
    width = (apr_uint64_t)1 << (power - 7);
    low = ((apr_uint64_t)1 << power) + (apr_uint64_t)step * width;
    return low + width / 2;
}

apr_uint64_t *wf_histogram_page(wf_histogram_t *h, int page, apr_pool_t *p)
{
    if (h->pages[page] == NULL) {
        h->pages[page] = apr_pcalloc(p, WF_HISTOGRAM_STEPS * sizeof(apr_uint64_t));
    }
    h->used |= (apr_uint64_t)1 << page;
    return h->pages[page];
}

static apr_uint64_t minus(apr_uint64_t a, apr_uint64_t b)
{
    return a > b ? a - b : 0;
}

int wf_histogram_next_page(apr_uint64_t *pages)
{
    int page = *pages ? __builtin_ctzll(*pages) : -1;

    *pages &= *pages - 1;
    return page;
}

void wf_histogram_fill(wf_histogram_t *h, int bucket, apr_uint64_t n, apr_pool_t *p)
{
    apr_uint64_t *counts = wf_histogram_page(h, bucket / WF_HISTOGRAM_STEPS, p);

    counts[bucket % WF_HISTOGRAM_STEPS] += n;
}

apr_uint64_t wf_histogram_held(const wf_histogram_t *h, int bucket)
{
    const apr_uint64_t *page = h->pages[bucket / WF_HISTOGRAM_STEPS];

    return page ? page[bucket % WF_HISTOGRAM_STEPS] : 0;
}

void wf_histogram_add(wf_histogram_t *h, apr_int64_t sample, apr_pool_t *p)
{
    apr_uint64_t value = sample < 0 ? 0 : (apr_uint64_t)sample;

    if (h->count == 0 || value < h->min) {
        h->min = value;
    }
    if (h->count == 0 || value > h->max) {
        h->max = value;
    }
    h->count++;
    h->sum += (double)value;
    wf_histogram_fill(h, wf_histogram_bucket(value), 1, p);
}

/* Two counts at once, where the machine can. */
static void add_page(apr_uint64_t *restrict mine, const apr_uint64_t *restrict theirs)
{
    int i;

    for (i = 0; i < WF_HISTOGRAM_STEPS; i++) {
        mine[i] += theirs[i];
    }
}

void wf_histogram_merge(wf_histogram_t *into, const wf_histogram_t *from, apr_pool_t *p)
{
    apr_uint64_t pages = from->used;
    int page;

    if (from->count == 0) {
        return;
    }
    if (into->count == 0 || from->min < into->min) {
        into->min = from->min;
    }
    if (into->count == 0 || from->max > into->max) {
        into->max = from->max;
    }
    into->count += from->count;
    into->sum += from->sum;
    while ((page = wf_histogram_next_page(&pages)) >= 0) {
        add_page(wf_histogram_page(into, page, p), from->pages[page]);
    }
}

/* Take away the buckets; returns what is left. */
static apr_uint64_t subtract_buckets(wf_histogram_t *from, const wf_histogram_t *earlier,
                                     int *first, int *last)
{
    apr_uint64_t left = 0, pages = from->used;
    int page, i;

    *first = *last = -1;
    from->used = 0;
    while ((page = wf_histogram_next_page(&pages)) >= 0) {
        apr_uint64_t *mine = from->pages[page];
        const apr_uint64_t *theirs = earlier->pages[page];

        for (i = 0; i < WF_HISTOGRAM_STEPS; i++) {
            mine[i] = minus(mine[i], theirs ? theirs[i] : 0);
            if (mine[i] > 0) {
                *last = page * WF_HISTOGRAM_STEPS + i;
                *first = *first < 0 ? *last : *first;
                left += mine[i];
                from->used |= (apr_uint64_t)1 << page;
            }
        }
    }
    return left;
}

/* An extreme that the earlier state did not have is new, and exact. Else only its bucket
 * is known; held within the extremes of all. */
void wf_histogram_subtract(wf_histogram_t *from, const wf_histogram_t *earlier)
{
    apr_uint64_t min = from->min, max = from->max, value;
    int first, last;

    if (earlier->count == 0) {
        return;
    }
    from->count = subtract_buckets(from, earlier, &first, &last);
    from->sum = from->sum > earlier->sum ? from->sum - earlier->sum : 0;
    if (from->count == 0) {
        from->sum = 0;
        from->min = from->max = 0;
        return;
    }
    if (min >= earlier->min) {
        value = value_of(first);
        from->min = value < min ? min : value > max ? max : value;
    }
    if (max <= earlier->max) {
        value = value_of(last);
        from->max = value > max ? max : value < from->min ? from->min : value;
    }
}

void wf_histogram_clear(wf_histogram_t *h)
{
    int page;

    while ((page = wf_histogram_next_page(&h->used)) >= 0) {
        memset(h->pages[page], 0, WF_HISTOGRAM_STEPS * sizeof(apr_uint64_t));
    }
    h->count = h->min = h->max = 0;
    h->sum = 0;
}

/* The bucket in which the sample of that rank (from 1) lies. */
static int bucket_of_rank(const wf_histogram_t *h, apr_uint64_t rank)
{
    apr_uint64_t seen = 0, pages = h->used;
    int page, i;

    while ((page = wf_histogram_next_page(&pages)) >= 0) {
        const apr_uint64_t *counts = h->pages[page];

        for (i = 0; i < WF_HISTOGRAM_STEPS; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return page * WF_HISTOGRAM_STEPS + i;
            }
        }
    }
    return WF_HISTOGRAM_BUCKETS - 1;
}

static int page_since(wf_histogram_t *into, int page, const apr_uint64_t *counts,
                      const apr_uint64_t *before, apr_pool_t *p)
{
    int i;

    for (i = 0; i < WF_HISTOGRAM_STEPS; i++) {
        apr_uint64_t known = before != NULL ? before[i] : 0;

        if (known > counts[i]) {
            return 0;
        }
        if (counts[i] > known) {
            wf_histogram_fill(into, page * WF_HISTOGRAM_STEPS + i, counts[i] - known, p);
        }
    }
    return 1;
}

/* An extreme that is new lies in the outermost bucket. One that is not must not become
 * more than it was: any value of that bucket will do. */
static void extremes_since(wf_histogram_t *into, const wf_histogram_t *h)
{
    int first = bucket_of_rank(into, 1), last = bucket_of_rank(into, into->count);

    into->min = h->min;
    into->max = h->max;
    if (wf_histogram_bucket(h->min) != first) {
        into->min = value_of(first) < h->max ? value_of(first) : h->max;
    }
    if (wf_histogram_bucket(h->max) != last) {
        into->max = value_of(last) > into->min ? value_of(last) : into->min;
    }
}

int wf_histogram_since(wf_histogram_t *into, const wf_histogram_t *h,
                       const wf_histogram_t *base, apr_pool_t *p)
{
    apr_uint64_t pages = h->used;
    int page;

    if (base->used & ~h->used) {
        return 0;
    }
    while ((page = wf_histogram_next_page(&pages)) >= 0) {
        if (!page_since(into, page, h->pages[page], base->pages[page], p)) {
            return 0;
        }
    }
    into->count = h->count - base->count;
    extremes_since(into, h);
    return wf_exact_difference(&into->sum, h->sum, base->sum);
}

/* Nearest rank: the smallest value that at least percent of the samples do not exceed.
 * Held within the exact extremes, so that percentiles never cross them. */
apr_uint64_t wf_histogram_percentile(const wf_histogram_t *h, double percent)
{
    apr_uint64_t rank, value;
    double exact = ceil(percent / 100.0 * (double)h->count);

    if (h->count == 0) {
        return 0;
    }
    if (exact <= 1) {
        return h->min;
    }
    if (exact >= (double)h->count) {
        return h->max;
    }
    rank = (apr_uint64_t)exact;
    value = value_of(bucket_of_rank(h, rank));
    return value < h->min ? h->min : value > h->max ? h->max : value;
}
