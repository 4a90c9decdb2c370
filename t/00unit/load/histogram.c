/* The histogram: error bound over its whole range, exact extremes, merging by addition.
 */
#include "../tap.h"
#include "load/internal.h"

#include <apr_general.h>
#include <math.h>
#include <stdlib.h>

#define SAMPLES 20000
#define BOUND 0.005

static unsigned long long state = 88172645463325252ull;

/* xorshift: the same numbers in every run. */
static unsigned long long next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* 1 µs to 1 h, every magnitude equally likely. */
static apr_int64_t random_us(void)
{
    double x = (double)(next_random() >> 11) / 9007199254740992.0;

    return (apr_int64_t)exp(x * log(3600e6));
}

static int by_value(const void *a, const void *b)
{
    apr_int64_t x = *(const apr_int64_t *)a, y = *(const apr_int64_t *)b;

    return x < y ? -1 : x > y;
}

static wf_histogram_t *fresh(void)
{
    return calloc(1, sizeof(wf_histogram_t));
}

/* Worst relative error of a percentile against the sorted samples. */
static void accuracy(void)
{
    static const double percents[] = { 0.1, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99 };
    wf_histogram_t *h = fresh();
    apr_int64_t *all = malloc(SAMPLES * sizeof(*all));
    apr_uint64_t sum = 0;
    size_t i;

    for (i = 0; i < SAMPLES; i++) {
        all[i] = random_us();
        sum += (apr_uint64_t)all[i];
        wf_histogram_add(h, all[i]);
    }
    qsort(all, SAMPLES, sizeof(*all), by_value);
    for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
        size_t rank = (size_t)ceil(percents[i] / 100 * SAMPLES);
        double exact = (double)all[rank - 1];
        double got = (double)wf_histogram_percentile(h, percents[i]);

        ok(fabs(got - exact) / exact <= BOUND, "p%g: %.0f for %.0f", percents[i], got,
           exact);
    }
    is_int((long long)h->min, all[0], "min is exact");
    is_int((long long)h->max, all[SAMPLES - 1], "max is exact");
    is_int((long long)h->sum, (long long)sum, "sum is exact");
    is_int((long long)wf_histogram_percentile(h, 0), all[0], "p0 is min");
    is_int((long long)wf_histogram_percentile(h, 100), all[SAMPLES - 1], "p100 is max");
    free(all);
    free(h);
}

/* Every single value, alone among others, comes back within the bound. */
static void every_magnitude(void)
{
    double worst = 0;
    apr_int64_t us;

    for (us = 1; us <= 3600000000ll; us += us / 97 + 1) {
        wf_histogram_t *h = fresh();
        double got;

        wf_histogram_add(h, 0);
        wf_histogram_add(h, us);
        wf_histogram_add(h, 4000000000ll);
        got = (double)wf_histogram_percentile(h, 50);
        worst = fmax(worst, fabs(got - (double)us) / (double)us);
        free(h);
    }
    ok(worst <= BOUND, "worst error from 1 us to 1 h is %.4f %%", worst * 100);
    ok(worst > 0.001, "the bound is the one of 128 steps a power of two");
}

static void edges(void)
{
    static const struct {
        const char *what;
        apr_int64_t us;
        long long min, max, p50;
    } cases[] = {
        { "zero", 0, 0, 0, 0 },
        { "negative counts as zero", -5, 0, 0, 0 },
        { "last linear", 255, 255, 255, 255 },
        { "first logarithmic", 256, 256, 256, 256 },
        { "one hour", 3600000000ll, 3600000000ll, 3600000000ll, 3600000000ll },
        { "beyond the range", 1ll << 40, 1ll << 40, 1ll << 40, 1ll << 40 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_histogram_t *h = fresh();

        wf_histogram_add(h, cases[i].us);
        is_int((long long)h->min, cases[i].min, "%s: min", cases[i].what);
        is_int((long long)h->max, cases[i].max, "%s: max", cases[i].what);
        is_int((long long)wf_histogram_percentile(h, 50), cases[i].p50, "%s: p50",
               cases[i].what);
        free(h);
    }
}

static int same(const wf_histogram_t *a, const wf_histogram_t *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void merging(void)
{
    wf_histogram_t *part[3], *whole = fresh(), *left = fresh(), *right = fresh();
    wf_histogram_t *empty = fresh();
    int i, k;

    for (k = 0; k < 3; k++) {
        part[k] = fresh();
        for (i = 0; i < 1000 * (k + 1); i++) {
            apr_int64_t us = random_us();

            wf_histogram_add(part[k], us);
            wf_histogram_add(whole, us);
        }
    }
    wf_histogram_merge(left, part[0]);
    wf_histogram_merge(left, part[1]);
    wf_histogram_merge(left, part[2]);
    wf_histogram_merge(right, part[2]);
    wf_histogram_merge(right, part[1]);
    wf_histogram_merge(right, part[0]);
    ok(same(left, whole), "merged parts equal the whole");
    ok(same(right, whole), "in any order");
    wf_histogram_merge(left, empty);
    ok(same(left, whole), "an empty one changes nothing");
    wf_histogram_merge(empty, part[0]);
    ok(same(empty, part[0]), "nor does merging into an empty one");
    is_int((long long)wf_histogram_percentile(right, 95),
           (long long)wf_histogram_percentile(whole, 95), "the percentile of the whole");
    for (k = 0; k < 3; k++) {
        free(part[k]);
    }
    free(whole);
    free(left);
    free(right);
    free(empty);
}

static void order(void)
{
    wf_histogram_t *h = fresh();
    apr_uint64_t last = 0;
    double percent;
    int good = 1, i;

    is_int((long long)wf_histogram_percentile(h, 95), 0, "nothing without samples");
    for (i = 0; i < 100; i++) {
        wf_histogram_add(h, 1000003 + i % 3);
    }
    for (percent = 0; percent <= 100; percent += 0.5) {
        apr_uint64_t value = wf_histogram_percentile(h, percent);

        good &= value >= last && value >= h->min && value <= h->max;
        last = value;
    }
    ok(good, "percentiles rise within min and max");
    free(h);
}

int main(void)
{
    apr_initialize();
    accuracy();
    every_magnitude();
    edges();
    merging();
    order();
    apr_terminate();
    return done_testing();
}
