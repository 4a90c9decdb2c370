/* The histogram: error bound over its whole range, exact extremes, merging by addition,
 * taking away. */
#include "samples.h"
#include "metrics/internal.h"

#define SAMPLES 20000
#define BOUND 0.005
#define HOUR 3600e6

static int by_value(const void *a, const void *b)
{
    apr_int64_t x = *(const apr_int64_t *)a, y = *(const apr_int64_t *)b;

    return x < y ? -1 : x > y;
}

static wf_histogram_t *fresh(void)
{
    return apr_pcalloc(pool, sizeof(wf_histogram_t));
}

/* Percentiles against the sorted samples. */
static void accuracy(double limit)
{
    static const double percents[] = { 0.1, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99 };
    wf_histogram_t *h = fresh();
    apr_int64_t *all = malloc(SAMPLES * sizeof(*all));
    apr_uint64_t sum = 0;
    size_t i;

    for (i = 0; i < SAMPLES; i++) {
        all[i] = random_sample(limit);
        sum += (apr_uint64_t)all[i];
        wf_histogram_add(h, all[i], pool);
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
    ok(sum < 1ull << 53 ? h->sum == (double)sum : near(h->sum, (double)sum),
       "sum is exact");
    is_int((long long)wf_histogram_percentile(h, 0), all[0], "p0 is min");
    is_int((long long)wf_histogram_percentile(h, 100), all[SAMPLES - 1], "p100 is max");
    free(all);
}

/* Every single value, alone among others, comes back within the bound. */
static void every_magnitude(void)
{
    double worst = 0;
    apr_int64_t sample;
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    for (sample = 1; sample < 1ll << 62; sample += sample / 97 + 1) {
        wf_histogram_t *h = apr_pcalloc(p, sizeof(*h));
        double got;

        wf_histogram_add(h, 0, p);
        wf_histogram_add(h, sample, p);
        wf_histogram_add(h, APR_INT64_MAX, p);
        got = (double)wf_histogram_percentile(h, 50);
        worst = fmax(worst, fabs(got - (double)sample) / (double)sample);
        apr_pool_clear(p);
    }
    ok(worst <= BOUND, "worst error from 1 to 2^62 is %.4f %%", worst * 100);
    ok(worst > 0.001, "the bound is the one of 128 steps a power of two");
    apr_pool_destroy(p);
}

static void edges(void)
{
    static const struct {
        const char *what;
        apr_int64_t sample;
        long long kept;
    } cases[] = {
        /* clang-format off */
        { "zero",                       0,               0 },
        { "negative counts as zero",    -5,              0 },
        { "end of the first page",      127,             127 },
        { "last linear",                255,             255 },
        { "first logarithmic",          256,             256 },
        { "one hour",                   3600000000ll,    3600000000ll },
        { "years",                      1ll << 60,       1ll << 60 },
        /* clang-format on */
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_histogram_t *h = fresh();

        wf_histogram_add(h, cases[i].sample, pool);
        wf_histogram_add(h, cases[i].sample, pool);
        wf_histogram_add(h, cases[i].sample, pool);
        is_int((long long)h->min, cases[i].kept, "%s: min", cases[i].what);
        is_int((long long)h->max, cases[i].kept, "%s: max", cases[i].what);
        is_int((long long)wf_histogram_percentile(h, 50), cases[i].kept, "%s: p50",
               cases[i].what);
        ok(h->sum == 3.0 * (double)cases[i].kept, "%s: sum", cases[i].what);
    }
}

static void large_sum(void)
{
    wf_histogram_t *h = fresh(), *other = fresh();
    int i;

    for (i = 0; i < 1000; i++) {
        wf_histogram_add(h, APR_INT64_MAX, pool);
    }
    ok(near(h->sum / 1000, 9.223372e18), "a sum beyond 64 bits");
    wf_histogram_merge(other, h, pool);
    wf_histogram_merge(other, h, pool);
    ok(near(other->sum / 2000, 9.223372e18), "also if merged");
}

static int same(const wf_histogram_t *a, const wf_histogram_t *b)
{
    int i, equal = a->count == b->count && a->sum == b->sum && a->min == b->min
                   && a->max == b->max;

    for (i = 0; i < WF_HISTOGRAM_BUCKETS; i++) {
        equal &= wf_histogram_held(a, i) == wf_histogram_held(b, i);
    }
    return equal;
}

static void merging(void)
{
    wf_histogram_t *part[3], *whole = fresh(), *left = fresh(), *right = fresh();
    wf_histogram_t *empty = fresh();
    int i, k;

    for (k = 0; k < 3; k++) {
        part[k] = fresh();
        for (i = 0; i < 1000 * (k + 1); i++) {
            apr_int64_t us = random_sample(HOUR);

            wf_histogram_add(part[k], us, pool);
            wf_histogram_add(whole, us, pool);
        }
    }
    wf_histogram_merge(left, part[0], pool);
    wf_histogram_merge(left, part[1], pool);
    wf_histogram_merge(left, part[2], pool);
    wf_histogram_merge(right, part[2], pool);
    wf_histogram_merge(right, part[1], pool);
    wf_histogram_merge(right, part[0], pool);
    ok(same(left, whole), "merged parts equal the whole");
    ok(same(right, whole), "in any order");
    wf_histogram_merge(left, empty, pool);
    ok(same(left, whole), "an empty one changes nothing");
    wf_histogram_merge(empty, part[0], pool);
    ok(same(empty, part[0]), "nor does merging into an empty one");
    wf_histogram_clear(empty);
    ok(same(empty, fresh()), "cleared it is empty");
}

/* What is left after an earlier state was taken away has the new samples' buckets. */
static void subtracting(void)
{
    wf_histogram_t *h = fresh(), *earlier = fresh(), *later = fresh();
    int i;

    for (i = 0; i < 5000; i++) {
        apr_int64_t us = 1000 + random_sample(1e6);

        wf_histogram_add(h, us, pool);
        wf_histogram_add(earlier, us, pool);
    }
    for (i = 0; i < 3000; i++) {
        apr_int64_t us = 5000 + random_sample(1e5);

        wf_histogram_add(h, us, pool);
        wf_histogram_add(later, us, pool);
    }
    wf_histogram_subtract(h, earlier);
    is_int((long long)h->count, 3000, "what is left: count");
    is_int((long long)h->sum, (long long)later->sum, "sum");
    ok(near((double)h->min, (double)later->min), "min is near");
    ok(near((double)h->max, (double)later->max), "max is near");
    is_int((long long)wf_histogram_percentile(h, 95),
           (long long)wf_histogram_percentile(later, 95),
           "p95 is that of the new samples");
    wf_histogram_add(earlier, 7, pool); /* one that h never had: must not wrap */
    wf_histogram_subtract(h, earlier);
    ok(h->count <= 3000 && h->sum <= later->sum, "never below nothing");
}

static void new_extremes(void)
{
    wf_histogram_t *h = fresh(), *earlier = fresh();
    apr_int64_t first[] = { 5003, 9001 }, then[] = { 3001, 70001 };
    int i;

    for (i = 0; i < 2; i++) {
        wf_histogram_add(h, first[i], pool);
        wf_histogram_add(earlier, first[i], pool);
    }
    wf_histogram_add(h, then[0], pool);
    wf_histogram_add(h, then[1], pool);
    wf_histogram_subtract(h, earlier);
    is_int((long long)h->min, 3001, "a new min is exact");
    is_int((long long)h->max, 70001, "a new max is exact");
    wf_histogram_subtract(h, h);
    ok(same(h, fresh()), "nothing is left of itself");
    wf_histogram_subtract(earlier, fresh());
    is_int((long long)earlier->min, 5003, "an empty earlier state leaves min exact");
}

static void order(void)
{
    wf_histogram_t *h = fresh();
    apr_uint64_t last = 0;
    double percent;
    int good = 1, i;

    is_int((long long)wf_histogram_percentile(h, 95), 0, "nothing without samples");
    for (i = 0; i < 100; i++) {
        wf_histogram_add(h, 1000003 + i % 3, pool);
        wf_histogram_add(h, random_sample(HOUR), pool);
    }
    for (percent = 0; percent <= 100; percent += 0.5) {
        apr_uint64_t value = wf_histogram_percentile(h, percent);

        good &= value >= last && value >= h->min && value <= h->max;
        last = value;
    }
    ok(good, "percentiles rise within min and max");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    accuracy(HOUR);
    accuracy(1e14);
    every_magnitude();
    edges();
    large_sum();
    merging();
    subtracting();
    new_extremes();
    order();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
