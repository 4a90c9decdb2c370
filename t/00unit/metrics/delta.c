/* What a sheet has more than it had: whoever adds that to what he knows has the sheet,
 * exactly, whatever becomes of the messages on the way. */
#include "samples.h"

#include <string.h>

#define ROUNDS 300
#define MEMBERS 3

static wf_metric_table_t *table;

/* Some samples of all types; what is told apart by fractions cannot be exact in any
 * order. */
static void sample(wf_sheet_t *sheet, int n)
{
    while (n-- > 0) {
        int i = (int)(next_random() % 1000);

        wf_sheet_count(sheet, HTTP_REQS, 1);
        wf_sheet_count(sheet, MY_COUNTER, (double)random_sample(1e9));
        wf_sheet_time(sheet, HTTP_DURATION, random_sample(1e9));
        wf_sheet_time(sheet, i % 2 ? A_DURATION : AB_DURATION, random_sample(1e6) + 20);
        wf_sheet_trend(sheet, MY_TREND, (double)random_sample(1e9));
        wf_sheet_rate(sheet, MY_RATE, i % 3 == 0);
        wf_sheet_gauge(sheet, MY_GAUGE, i % 50 - 5, 1700000000000ll + i);
        wf_sheet_tally(sheet, HTTP_STATUS, 200 + i % 7);
        if (i % 10 == 0) {
            wf_sheet_error(sheet, i % 20 ? "a" : NULL, "CODE",
                           apr_psprintf(pool, "%d times", i / 50), i);
            wf_sheet_check(sheet, "a", apr_psprintf(pool, "check %d", i / 100), 1, i % 3);
        }
    }
}

/* All it says, whatever the order of its lists. */
static int same(const wf_sheet_t *a, const wf_sheet_t *b)
{
    wf_sheet_t *d = wf_sheet_create(table, pool);
    int i, n = 0;

    if (!wf_sheet_since(d, a, b)) {
        return 0;
    }
    for (i = 0; i < SAMPLE_METRICS; i++) {
        const wf_histogram_t *x = wf_sheet_histogram(a, i), *y = wf_sheet_histogram(b, i);

        n += wf_sheet_sampled(d, i);
        if (wf_metric_at(table, i)->type == WF_TREND) {
            n += x->min != y->min || x->max != y->max || x->sum != y->sum;
        }
    }
    return n == 0 && wf_sheet_errors(d) == 0 && wf_sheet_error_total(d) == 0
           && wf_sheet_checks(d) == 0
           && wf_sheet_error_total(a) == wf_sheet_error_total(b);
}

static int add(wf_sheet_t *to, const char *text)
{
    wf_error_t err;

    wf_error_init(&err, pool);
    if (wf_sheet_decode(to, text, strlen(text), &err) != APR_SUCCESS) {
        diag("%s", err.message);
        return 0;
    }
    return 1;
}

/* The texts are of the encoding: lists stand there in the order in which they came. */
static void one_sender(void)
{
    wf_sheet_t *all = wf_sheet_create(table, pool), *known = wf_sheet_create(table, pool);
    wf_sheet_t *there = wf_sheet_create(table, pool), *d = wf_sheet_create(table, pool);
    int i, wrong = 0;

    for (i = 0; i < ROUNDS; i++) {
        sample(all, (int)(next_random() % 40));
        wf_sheet_clear(d);
        if (!wf_sheet_since(d, all, known) || !add(there, wf_sheet_encode(d, pool))) {
            wrong++;
            continue;
        }
        wf_sheet_merge(known, d);
        wrong += strcmp(wf_sheet_encode(there, pool), wf_sheet_encode(all, pool)) != 0;
        wrong += strcmp(wf_sheet_encode(known, pool), wf_sheet_encode(all, pool)) != 0;
    }
    is_int(wrong, 0, "after each of %d messages both have the same", ROUNDS);
    is_int((int)wf_sheet_histogram(there, HTTP_DURATION)->count,
           (int)wf_sheet_counter(there, HTTP_REQS), "every sample of them");
    wf_sheet_clear(d);
    ok(wf_sheet_since(d, all, there), "what has not changed");
    ok(strlen(wf_sheet_encode(d, pool)) < 100, "is a tiny message: %s",
       wf_sheet_encode(d, pool));
}

/* One sample at a time, often in a bucket with an extreme of the whole. */
static void one_by_one(void)
{
    wf_sheet_t *all = wf_sheet_create(table, pool), *there = wf_sheet_create(table, pool);
    wf_sheet_t *d = wf_sheet_create(table, pool);
    int i, wrong = 0;

    for (i = 0; i < 3000; i++) {
        wf_sheet_time(all, HTTP_DURATION, 700 + (apr_int64_t)(next_random() % 200));
        wf_sheet_clear(d);
        wrong += !wf_sheet_since(d, all, there) || !add(there, wf_sheet_encode(d, pool));
    }
    is_int(wrong, 0, "3000 samples, each in a message of its own");
    is_str(wf_sheet_encode(there, pool), wf_sheet_encode(all, pool), "give the same");
}

/* Several senders, whose samples one sheet has seen, too. */
static void several(void)
{
    wf_sheet_t *alone = wf_sheet_create(table, pool), *sum = wf_sheet_create(table, pool);
    wf_sheet_t *has[MEMBERS], *known[MEMBERS], *some = wf_sheet_create(table, pool);
    wf_sheet_t *d = wf_sheet_create(table, pool);
    int i, m, wrong = 0;

    for (m = 0; m < MEMBERS; m++) {
        has[m] = wf_sheet_create(table, pool);
        known[m] = wf_sheet_create(table, pool);
    }
    for (i = 0; i < ROUNDS; i++) {
        m = (int)(next_random() % MEMBERS);
        wf_sheet_clear(some);
        sample(some, 20);
        wf_sheet_merge(alone, some);
        wf_sheet_merge(has[m], some);
        wf_sheet_clear(d);
        wrong +=
            !wf_sheet_since(d, has[m], known[m]) || !add(sum, wf_sheet_encode(d, pool));
        wf_sheet_merge(known[m], d);
    }
    is_int(wrong, 0, "%d messages of %d senders", ROUNDS, MEMBERS);
    ok(same(alone, sum) && same(sum, alone), "are what one sheet of all samples is");
    for (i = 1; i < 100; i++) {
        wrong += wf_histogram_percentile(wf_sheet_histogram(sum, HTTP_DURATION), i)
                 != wf_histogram_percentile(wf_sheet_histogram(alone, HTTP_DURATION), i);
    }
    is_int(wrong, 0, "with the same percentiles");
}

/* The i-th sample of a run: a third of them each comes to keys in the same order. */
static void nth(wf_sheet_t *sheet, int i)
{
    apr_int64_t us = (apr_int64_t)i * i * 31 % 4000000 + 1;

    wf_sheet_count(sheet, HTTP_REQS, 1);
    wf_sheet_count(sheet, MY_COUNTER, us / 8.0);
    wf_sheet_time(sheet, HTTP_DURATION, us);
    wf_sheet_time(sheet, A_DURATION, us / 3);
    wf_sheet_rate(sheet, HTTP_FAILED, i % 5 == 0);
    wf_sheet_gauge(sheet, VUS, i % 40, 1700000000000ll + i);
    wf_sheet_tally(sheet, A_STATUS, 200 + i / 3 % 80);
    wf_sheet_check(sheet, "a", apr_psprintf(pool, "check %d", i / 300 % 9), i % 2,
                   1 - i % 2);
    if (i % 30 < 3) {
        wf_sheet_error(sheet, "a", "CODE", apr_psprintf(pool, "%d", i / 30), i);
    }
}

/* Three who have seen a third each, and tell it bit by bit, are one who has seen all. */
static void thirds(void)
{
    wf_sheet_t *all = wf_sheet_create(table, pool), *sum = wf_sheet_create(table, pool);
    wf_sheet_t *d = wf_sheet_create(table, pool), *has[MEMBERS], *known[MEMBERS];
    int i, m, wrong = 0;

    for (m = 0; m < MEMBERS; m++) {
        has[m] = wf_sheet_create(table, pool);
        known[m] = wf_sheet_create(table, pool);
    }
    for (i = 0; i < 3000; i++) {
        nth(all, i);
        nth(has[i % MEMBERS], i);
        for (m = 0; i % 100 == 99 && m < MEMBERS; m++) {
            wf_sheet_clear(d);
            wrong += !wf_sheet_since(d, has[m], known[m])
                     || !add(sum, wf_sheet_encode(d, pool))
                     || !add(known[m], wf_sheet_encode(d, pool));
        }
    }
    is_int(wrong, 0, "thirds of all samples are told");
    is_str(wf_sheet_encode(sum, pool), wf_sheet_encode(all, pool), "and give the whole");
    for (m = 0; m < MEMBERS; m++) {
        is_str(wf_sheet_encode(known[m], pool), wf_sheet_encode(has[m], pool),
               "each third is known, too");
    }
}

/* ---- what is no later state ------------------------------------------------------------- */

static void less_count(wf_sheet_t *s)
{
    wf_sheet_time(s, HTTP_DURATION, 5);
}
static void less_rate(wf_sheet_t *s)
{
    wf_sheet_rate(s, MY_RATE, 1);
}
static void less_gauge(wf_sheet_t *s)
{
    wf_sheet_gauge(s, MY_GAUGE, 1, 1);
}
static void less_tally(wf_sheet_t *s)
{
    wf_sheet_tally(s, HTTP_STATUS, 599);
}
static void less_error(wf_sheet_t *s)
{
    wf_sheet_error(s, NULL, "X", "y", 1);
}
static void less_check(wf_sheet_t *s)
{
    wf_sheet_check(s, NULL, "z", 1, 0);
}

static const struct {
    const char *what;
    void (*more)(wf_sheet_t *sheet);
} lacking[] = {
    { "a sample of a trend", less_count },
    { "one of a rate", less_rate },
    { "one of a gauge", less_gauge },
    { "a key", less_tally },
    { "an error", less_error },
    { "a check", less_check },
};

static void refused(void)
{
    size_t i;
    int n;

    for (n = 0; n < 2; n++) {
        for (i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++) {
            wf_sheet_t *sheet = wf_sheet_create(table, pool);
            wf_sheet_t *base = wf_sheet_create(table, pool);

            sample(sheet, 30 * n);
            wf_sheet_merge(base, sheet);
            lacking[i].more(base);
            ok(!wf_sheet_since(wf_sheet_create(table, pool), sheet, base),
               "what lacks %s is no later state", lacking[i].what);
            ok(wf_sheet_since(wf_sheet_create(table, pool), base, sheet),
               "the other way round it is one");
        }
    }
}

/* The sheet that differences are told with has had others': its memory is kept, and says
 * nothing. */
static void used_before(void)
{
    wf_sheet_t *large = wf_sheet_create(table, pool), *d = wf_sheet_create(table, pool);
    wf_sheet_t *all = wf_sheet_create(table, pool), *known = wf_sheet_create(table, pool);
    int i;

    sample(large, 300);
    wf_sheet_merge(d, large);
    for (i = 0; i < 2; i++) {
        wf_sheet_time(all, HTTP_DURATION, 5);
        wf_sheet_clear(d);
        ok(wf_sheet_since(d, all, known), "message %d is a difference", i);
        wf_sheet_merge(known, d);
    }
    is_str(wf_sheet_encode(known, pool), wf_sheet_encode(all, pool),
           "both have the same");
}

/* 0.1 + 0.2 and so on: what is not exact is not told as if it were. */
static void fractions(void)
{
    wf_sheet_t *all = wf_sheet_create(table, pool), *known = wf_sheet_create(table, pool);
    wf_sheet_t *d = wf_sheet_create(table, pool);
    int i, wrong = 0, told = 0;

    for (i = 0; i < 1000; i++) {
        wf_sheet_count(all, MY_COUNTER, (double)random_sample(1e9) / 7);
        wf_sheet_clear(d);
        if (wf_sheet_since(d, all, known)) {
            wf_sheet_merge(known, d);
            told++;
        }
        else {
            wf_sheet_clear(known);
            wf_sheet_merge(known, all);
        }
        wrong += wf_sheet_counter(known, MY_COUNTER) != wf_sheet_counter(all, MY_COUNTER);
    }
    is_int(wrong, 0, "fractions are the same on both sides");
    ok(told > 900, "%d of 1000 times by a difference", told);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    table = sample_table();
    one_sender();
    one_by_one();
    several();
    thirds();
    refused();
    used_before();
    fractions();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
