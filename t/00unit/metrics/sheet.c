/* Tables and sheets: finding metrics, samples of each type, all statistics, sums and
 * differences of sheets, tallies. */
#include "samples.h"

static wf_metric_table_t *table;

/* ---- tables ------------------------------------------------------------------------ */

static void finding(void)
{
    static const struct {
        const char *name, *step;
        int index;
    } cases[] = {
        { "http_reqs", NULL, HTTP_REQS },
        { "count", "a", A_COUNT },
        { "count", "a.b", AB_COUNT },
        { "my_trend", NULL, MY_TREND },
        { "count", NULL, -1 },
        { "count", "b", -1 },
        { "http_reqs", "a", -1 },
        { "http_req", NULL, -1 },
    };
    size_t i;

    is_int(wf_metric_count(table), SAMPLE_METRICS, "all are in the table");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(wf_metric_find(table, cases[i].name, cases[i].step), cases[i].index,
               "%s of %s", cases[i].name, cases[i].step ? cases[i].step : "no step");
    }
    is_str(wf_metric_at(table, AB_DURATION)->step, "a.b", "rows are as declared");
    is_str(wf_metric_type_name(WF_TREND), "trend", "types have names");
}

static void names(void)
{
    char longest[WF_METRIC_NAME_MAX + 2];

    ok(wf_metric_name_valid("orders_2"), "a good name");
    ok(!wf_metric_name_valid(""), "an empty one");
    ok(!wf_metric_name_valid("2nd"), "a digit first");
    ok(!wf_metric_name_valid("_x"), "a line first");
    ok(!wf_metric_name_valid("a.b"), "a dot");
    ok(!wf_metric_name_valid("a b"), "a blank");
    ok(!wf_metric_name_valid("gr\xc3\xb6\xc3\x9f"
                             "e"),
       "not ASCII");
    memset(longest, 'a', sizeof(longest));
    longest[WF_METRIC_NAME_MAX] = '\0';
    ok(wf_metric_name_valid(longest), "the longest");
    longest[WF_METRIC_NAME_MAX] = 'a';
    longest[WF_METRIC_NAME_MAX + 1] = '\0';
    ok(!wf_metric_name_valid(longest), "longer than that");
}

/* ---- statistics -------------------------------------------------------------------- */

static wf_sheet_t *figures(void)
{
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    int i;

    for (i = 1; i <= 100; i++) {
        wf_sheet_count(sheet, MY_COUNTER, 2.5);
        wf_sheet_gauge(sheet, MY_GAUGE, i % 50, 1000 + i);
        wf_sheet_rate(sheet, MY_RATE, i % 4 == 0);
        wf_sheet_trend(sheet, MY_TREND, i * 1.5);
        wf_sheet_tally(sheet, A_STATUS, i % 10 ? 200 : 503);
    }
    return sheet;
}

static const struct {
    int metric;
    wf_stat_e stat;
    double percentile, value;
} stats[] = {
    /* clang-format off */
    { MY_COUNTER, WF_STAT_NONE,       0,    250 },
    { MY_COUNTER, WF_STAT_COUNT,      0,    250 },
    { MY_COUNTER, WF_STAT_RATE,       0,    25 },
    { MY_GAUGE,   WF_STAT_NONE,       0,    0 },
    { MY_GAUGE,   WF_STAT_VALUE,      0,    0 },
    { MY_GAUGE,   WF_STAT_MIN,        0,    0 },
    { MY_GAUGE,   WF_STAT_MAX,        0,    49 },
    { MY_GAUGE,   WF_STAT_AVG,        0,    24.5 },
    { MY_RATE,    WF_STAT_NONE,       0,    0.25 },
    { MY_RATE,    WF_STAT_RATE,       0,    0.25 },
    { MY_RATE,    WF_STAT_PASSES,     0,    25 },
    { MY_RATE,    WF_STAT_FAILS,      0,    75 },
    { MY_TREND,   WF_STAT_NONE,       0,    75.75 },
    { MY_TREND,   WF_STAT_COUNT,      0,    100 },
    { MY_TREND,   WF_STAT_MIN,        0,    1.5 },
    { MY_TREND,   WF_STAT_MAX,        0,    150 },
    { MY_TREND,   WF_STAT_AVG,        0,    75.75 },
    { MY_TREND,   WF_STAT_MED,        0,    75 },
    { MY_TREND,   WF_STAT_PERCENTILE, 95,   142.5 },
    { MY_TREND,   WF_STAT_PERCENTILE, 99.9, 150 },
    { A_STATUS,   WF_STAT_NONE,       0,    100 },
    { A_STATUS,   WF_STAT_COUNT,      0,    100 },
    { A_STATUS,   WF_STAT_RATE,       0,    10 },
    /* clang-format on */
};

static int listed(int metric, wf_stat_e stat)
{
    size_t i;

    for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
        if (stats[i].metric == metric && stats[i].stat == stat) {
            return 1;
        }
    }
    return 0;
}

static void statistics(void)
{
    static const int metrics[] = { MY_COUNTER, MY_GAUGE, MY_RATE, MY_TREND, A_STATUS };
    wf_sheet_t *sheet = figures(), *empty = wf_sheet_create(table, pool);
    size_t i;
    int stat, k;
    double value;

    for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
        const char *name = wf_metric_at(table, stats[i].metric)->name;

        ok(wf_sheet_stat(sheet, stats[i].metric, stats[i].stat, stats[i].percentile, 10,
                         &value)
               && near(value, stats[i].value),
           "%s: statistic %d is %g", name, stats[i].stat, value);
        ok(wf_sheet_stat(empty, stats[i].metric, stats[i].stat, stats[i].percentile, 0,
                         &value)
               && value == 0,
           "%s: statistic %d of nothing is 0", name, stats[i].stat);
    }
    for (k = 0; k < 5; k++) {
        for (stat = WF_STAT_NONE; stat <= WF_STAT_PERCENTILE; stat++) {
            is_int(wf_sheet_stat(sheet, metrics[k], stat, 50, 1, &value),
                   listed(metrics[k], stat), "%s %s statistic %d",
                   wf_metric_at(table, metrics[k])->name,
                   listed(metrics[k], stat) ? "has" : "lacks", stat);
        }
    }
}

static void samples_of_any_type(void)
{
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    const double odd[] = { NAN, INFINITY, -INFINITY };
    double passes, total, value;
    int i;

    for (i = 0; i < 3; i++) {
        wf_sheet_add(sheet, MY_COUNTER, odd[i], 1);
        wf_sheet_add(sheet, MY_GAUGE, odd[i], 1);
        wf_sheet_add(sheet, MY_TREND, odd[i], 1);
    }
    ok(wf_sheet_counter(sheet, MY_COUNTER) == 0, "what is no number is not counted");
    is_int((long long)wf_sheet_histogram(sheet, MY_TREND)->count, 0, "nor a sample");
    wf_sheet_stat(sheet, MY_GAUGE, WF_STAT_MAX, 0, 1, &value);
    ok(value == 0, "nor a value");
    wf_sheet_add(sheet, MY_COUNTER, 3, 1);
    wf_sheet_add(sheet, MY_GAUGE, 4, 1);
    wf_sheet_add(sheet, MY_RATE, 0, 1);
    wf_sheet_add(sheet, MY_RATE, 7, 1);
    wf_sheet_add(sheet, MY_TREND, 0.25, 1);
    wf_sheet_add(sheet, MY_TREND, 1e300, 1);
    wf_sheet_add(sheet, MY_TREND, -1, 1);
    ok(wf_sheet_counter(sheet, MY_COUNTER) == 3, "a counter");
    wf_sheet_stat(sheet, MY_GAUGE, WF_STAT_VALUE, 0, 1, &value);
    ok(value == 4, "a gauge");
    wf_sheet_passes(sheet, MY_RATE, &passes, &total);
    ok(passes == 1 && total == 2, "a rate");
    is_int((long long)wf_sheet_histogram(sheet, MY_TREND)->min, 0, "a trend from 0 …");
    is_int((long long)wf_sheet_histogram(sheet, MY_TREND)->max, 1000000000000000000ll,
           "… to the largest");
    wf_sheet_time(sheet, HTTP_DURATION, 1500);
    wf_sheet_stat(sheet, HTTP_DURATION, WF_STAT_MAX, 0, 1, &value);
    ok(value == 1.5, "microseconds are shown as milliseconds");
}

/* ---- sums and differences ---------------------------------------------------------- */

static void random_samples(wf_sheet_t *sheet, wf_sheet_t *whole, int n, apr_int64_t *now)
{
    while (n-- > 0) {
        double value = (double)random_sample(1e6) / 8;
        int key = (int)(next_random() % 5) * 100;
        int metrics[] = { MY_COUNTER, MY_GAUGE, MY_RATE, MY_TREND }, i;

        ++*now;
        for (i = 0; i < 4; i++) {
            wf_sheet_add(sheet, metrics[i], i == 2 ? (int)value % 2 : value, *now);
            wf_sheet_add(whole, metrics[i], i == 2 ? (int)value % 2 : value, *now);
        }
        wf_sheet_tally(sheet, A_STATUS, key);
        wf_sheet_tally(whole, A_STATUS, key);
    }
}

static int same_stats(const wf_sheet_t *a, const wf_sheet_t *b)
{
    int i, n, key, other, equal = 1;
    double x = 0, y = 0;

    for (i = 0; i < SAMPLE_METRICS; i++) {
        int stat;

        for (stat = WF_STAT_NONE; stat <= WF_STAT_PERCENTILE; stat++) {
            wf_sheet_stat(a, i, stat, 95, 3, &x);
            wf_sheet_stat(b, i, stat, 95, 3, &y);
            if (x != y) {
                diag("%s, statistic %d: %g, %g", wf_metric_at(table, i)->name, stat, x,
                     y);
                equal = 0;
            }
        }
    }
    for (n = 0; wf_sheet_tallied(a, A_STATUS, n, &key, &x); n++) {
        equal &= wf_sheet_tallied(b, A_STATUS, n, &other, &y) && key == other && x == y;
    }
    return equal && !wf_sheet_tallied(b, A_STATUS, n, &other, &y);
}

static void merging(void)
{
    wf_sheet_t *parts[3], *whole = wf_sheet_create(table, pool);
    wf_sheet_t *sum = wf_sheet_create(table, pool);
    apr_int64_t now = 0;
    int i;

    for (i = 0; i < 3; i++) {
        parts[i] = wf_sheet_create(table, pool);
        random_samples(parts[i], whole, 500 * (i + 1), &now);
    }
    for (i = 2; i >= 0; i--) {
        wf_sheet_merge(sum, parts[i]);
    }
    ok(same_stats(sum, whole), "the sum is as if one had counted all");
    wf_sheet_clear(sum);
    ok(same_stats(sum, wf_sheet_create(table, pool)), "a cleared sheet is empty");
    for (i = 0; i < 3; i++) {
        wf_sheet_merge(sum, parts[i]);
    }
    ok(same_stats(sum, whole), "and can be used again");
}

static void subtracting(void)
{
    wf_sheet_t *whole = wf_sheet_create(table, pool);
    wf_sheet_t *first = wf_sheet_create(table, pool);
    wf_sheet_t *second = wf_sheet_create(table, pool);
    apr_int64_t now = 0;
    const wf_histogram_t *h, *want;
    double x, y;
    int key;

    random_samples(first, whole, 700, &now);
    random_samples(second, whole, 300, &now);
    wf_sheet_subtract(whole, first);
    h = wf_sheet_histogram(whole, MY_TREND);
    want = wf_sheet_histogram(second, MY_TREND);
    ok(wf_sheet_counter(whole, MY_COUNTER) == wf_sheet_counter(second, MY_COUNTER),
       "counters");
    ok(h->count == want->count && h->sum == want->sum, "trends");
    ok(near((double)h->max, (double)want->max), "their extremes");
    wf_sheet_stat(whole, MY_GAUGE, WF_STAT_AVG, 0, 1, &x);
    wf_sheet_stat(second, MY_GAUGE, WF_STAT_AVG, 0, 1, &y);
    ok(near(x, y), "average of gauges");
    wf_sheet_tallied(whole, A_STATUS, 0, &key, &x);
    wf_sheet_tallied(second, A_STATUS, 0, &key, &y);
    ok(x == y, "tallies");
    wf_sheet_subtract(second, second);
    ok(!wf_sheet_tallied(second, A_STATUS, 0, &key, &x),
       "keys that are used up are gone");
}

/* ---- tallies ----------------------------------------------------------------------- */

static void tallies(void)
{
    wf_sheet_t *sheet = wf_sheet_create(table, pool), *sum = wf_sheet_create(table, pool);
    double count, last = INFINITY, total = 0;
    int i, k, n, key = 0, falling = 1;

    for (i = 0; i < 2 * WF_TALLY_KEYS; i++) {
        for (k = 0; k <= i % 7; k++) {
            wf_sheet_tally(sheet, A_STATUS, 100 + i);
        }
    }
    wf_sheet_tally(sheet, A_STATUS, -3);
    wf_sheet_merge(sum, sheet);
    wf_sheet_stat(sum, A_STATUS, WF_STAT_COUNT, 0, 1, &count);
    for (n = 0; n < WF_TALLY_KEYS && wf_sheet_tallied(sum, A_STATUS, n, &key, &last);
         n++) {
        double here = last;

        falling &= n == 0 || here <= total;
        total = here;
    }
    is_int(n, WF_TALLY_KEYS, "no more keys than the limit");
    ok(falling && key >= 100, "by size");
    ok(wf_sheet_tallied(sum, A_STATUS, n, &key, &last) && key == -1 && last > 0,
       "then the rest, also what is no key");
    ok(!wf_sheet_tallied(sum, A_STATUS, n + 1, &key, &last), "then nothing");
    is_int((long long)count, 1 + 18 * 28 + 1 + 2, "all are counted");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    table = sample_table();
    finding();
    names();
    statistics();
    samples_of_any_type();
    merging();
    subtracting();
    tallies();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
