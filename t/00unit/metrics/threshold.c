/* Thresholds: the grammar of conditions, what names mean and which statistics they have,
 * and the verdict on known figures. */
#include "samples.h"

static wf_metric_table_t *table;

/* ---- grammar ----------------------------------------------------------------------- */

static const struct {
    const char *text;
    int good;
    wf_stat_e stat;
    double percentile;
    wf_op_e op;
    double limit;
} conditions[] = {
    /* clang-format off */
    { "p(95) < 500",     1, WF_STAT_PERCENTILE, 95,   WF_OP_LT, 500 },
    { "p95<500",         1, WF_STAT_PERCENTILE, 95,   WF_OP_LT, 500 },
    { "p( 99.9 ) <= 1.5",1, WF_STAT_PERCENTILE, 99.9, WF_OP_LE, 1.5 },
    { "  rate < 0.01  ", 1, WF_STAT_RATE,       0,    WF_OP_LT, 0.01 },
    { "count>=10",       1, WF_STAT_COUNT,      0,    WF_OP_GE, 10 },
    { "avg == 3",        1, WF_STAT_AVG,        0,    WF_OP_EQ, 3 },
    { "med!=3",          1, WF_STAT_MED,        0,    WF_OP_NE, 3 },
    { "min > -1",        1, WF_STAT_MIN,        0,    WF_OP_GT, -1 },
    { "max < 1e3",       1, WF_STAT_MAX,        0,    WF_OP_LT, 1000 },
    { "passes > 1",      1, WF_STAT_PASSES,     0,    WF_OP_GT, 1 },
    { "fails < 1",       1, WF_STAT_FAILS,      0,    WF_OP_LT, 1 },
    { "value < 1",       1, WF_STAT_VALUE,      0,    WF_OP_LT, 1 },
    { "< 300",           1, WF_STAT_NONE,       0,    WF_OP_LT, 300 },
    { "<.5",             1, WF_STAT_NONE,       0,    WF_OP_LT, 0.5 },
    { "",                0, 0, 0, 0, 0 },
    { "p(95)",           0, 0, 0, 0, 0 },
    { "p(95 < 5",        0, 0, 0, 0, 0 },
    { "p(101) < 5",      0, 0, 0, 0, 0 },
    { "p() < 5",         0, 0, 0, 0, 0 },
    { "p < 5",           0, 0, 0, 0, 0 },
    { "median < 5",      0, 0, 0, 0, 0 },
    { "avg < ",          0, 0, 0, 0, 0 },
    { "avg < fast",      0, 0, 0, 0, 0 },
    { "avg < 500ms",     0, 0, 0, 0, 0 },
    { "avg < 5 and 6",   0, 0, 0, 0, 0 },
    { "avg = 5",         0, 0, 0, 0, 0 },
    { "avg <> 5",        0, 0, 0, 0, 0 },
    { "avg < nan",       0, 0, 0, 0, 0 },
    { "avg < 0x10",      0, 0, 0, 0, 0 },
    { "avg < 1e999",     0, 0, 0, 0, 0 },
    /* clang-format on */
};

static void grammar(void)
{
    size_t i;

    for (i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        wf_condition_t c;
        const char *wrong = wf_condition_parse(&c, conditions[i].text, pool);

        if (!conditions[i].good) {
            ok(wrong != NULL, "refused: \"%s\": %s", conditions[i].text, wrong);
            continue;
        }
        ok(wrong == NULL && c.stat == conditions[i].stat && c.op == conditions[i].op
               && c.limit == conditions[i].limit
               && c.percentile == conditions[i].percentile,
           "\"%s\"%s%s", conditions[i].text, wrong ? ": " : "", wrong ? wrong : "");
    }
}

/* ---- verdicts ---------------------------------------------------------------------- */

/* 100 samples of 1..100 ms of step a, 10 failed; none of a.b; in 10 s. */
static wf_sheet_t *figures(void)
{
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    const int vus[] = { 2, 6, 4 };
    int i;

    for (i = 1; i <= 100; i++) {
        wf_sheet_time(sheet, HTTP_DURATION, i * 1000);
        wf_sheet_time(sheet, A_DURATION, i * 1000);
        wf_sheet_gauge(sheet, A_HTTP_STATUS, i % 2 ? 100 : 300, i);
        wf_sheet_rate(sheet, HTTP_FAILED, i <= 10);
        wf_sheet_tally(sheet, HTTP_STATUS, i <= 10 ? 503 : 200);
    }
    for (i = 0; i < 7; i++) {
        wf_sheet_tally(sheet, A_STATUS, 503);
    }
    wf_sheet_count(sheet, HTTP_REQS, 100);
    wf_sheet_count(sheet, A_COUNT, 102);
    wf_sheet_count(sheet, A_SUCCESS, 90);
    wf_sheet_count(sheet, A_FAILURE, 10);
    for (i = 0; i < 3; i++) {
        wf_sheet_gauge(sheet, VUS, vus[i], i);
    }
    return sheet;
}

static const struct {
    const char *metric, *condition;
    int passed;
    double value;
} verdicts[] = {
    /* clang-format off */
    { "http_reqs",            "count == 100",    1, 100 },
    { "http_reqs",            "== 100",          1, 100 },
    { "http_reqs",            "rate >= 10",      1, 10 },
    { "http_reqs",            "rate > 10",       0, 10 },
    { "http_req_duration",    "< 51",            1, 50.5 },
    { "http_req_duration",    "avg < 50",        0, 50.5 },
    { "http_req_duration",    "p(95) < 96",      1, 95 },
    { "http_req_duration",    "p95 < 90",        0, 95 },
    { "http_req_duration",    "min == 1",        1, 1 },
    { "http_req_duration",    "max == 100",      1, 100 },
    { "http_req_duration",    "count == 100",    1, 100 },
    { "http_req_failed",      "rate < 0.2",      1, 0.1 },
    { "http_req_failed",      "< 0.05",          0, 0.1 },
    { "http_req_failed",      "passes == 10",    1, 10 },
    { "http_req_failed",      "fails == 90",     1, 90 },
    { "vus",                  "value == 4",      1, 4 },
    { "vus",                  "min == 2",        1, 2 },
    { "vus",                  "max == 6",        1, 6 },
    { "vus",                  "avg == 4",        1, 4 },
    { "total_iterations",     "== 50",           1, 50 },
    { "total_vus",            "== 4",            1, 4 },
    { "duration",             "== 10000",        1, 10000 },
    { "a.count",              "== 102",          1, 102 },
    { "a.success_count",      "== 90",           1, 90 },
    { "a.failure_count",      "< 10",            0, 10 },
    { "a.success_rate",       ">= 0.9",          1, 0.9 },
    { "a.failure_rate",       "== 0.1",          1, 0.1 },
    { "a.duration.p50",       "< 51",            1, 50 },
    { "a.duration.p99",       "< 99.5",          1, 99 },
    { "a.duration.max",       "== 100",          1, 100 },
    { "a.http_status",        "== 200",          1, 200 },
    { "a.b.count",            "== 0",            1, 0 },
    { "a.b.duration.p95",     "< 0",             1, 0 },   /* no samples */
    { "a.b.success_rate",     "> 0.5",           0, 0 },
    { "a.nothing",            "< 1000",          0, 0 },
    { "nobody.count",         ">= 0",            0, 0 },
    { "nothing",              ">= 0",            0, 0 },
    { "a.duration.p42",       "< 43",            1, 42 },
    { "a.duration.p99.5",     "< 101",           1, 100 },
    { "a.duration.med",       "< 51",            1, 50 },
    { "a.duration",           "p(95) < 96",      1, 95 },
    { "a.duration.p",         "< 1000",          0, 0 },
    { "a.duration.p(95)",     "< 1000",          0, 0 },
    { "a.duration.p101",      "< 1000",          0, 0 },
    { "a.duration.p95x",      "< 1000",          0, 0 },
    { "a.duration.count",     "< 1000",          0, 0 },
    { "a.http_status",        "max == 300",      1, 300 },
    { "a.count",              "rate == 10.2",    1, 10.2 },
    { "http_req_status",      "== 100",          1, 100 },
    { "http_req_status_503",  "== 10",           1, 10 },
    { "http_req_status_200",  "rate == 9",       1, 9 },
    { "http_req_status_404",  "< 1",             1, 0 },
    { "a.status_503",         "count < 5",       0, 7 },
    { "http_req_status_",     "< 1",             0, 0 },
    { "http_req_status_x",    "< 1",             0, 0 },
    { "http_reqs_200",        "< 1",             0, 0 },
    { "my_trend",             "p(95) < 1",       1, 0 },   /* no samples */
    { "my_trend",             "count > 0",       0, 0 },
    { "my_rate",              "rate > 0",        0, 0 },
    { "my_gauge",             "value < 1",       1, 0 },
    { "my_counter",           "> 0",             0, 0 },
    { ".count",               ">= 0",            0, 0 },
    { "a.",                   ">= 0",            0, 0 },
    { "",                     ">= 0",            0, 0 },
    /* clang-format on */
};

static void judging(void)
{
    wf_sheet_t *sheet = figures();
    wf_moment_t now = { .elapsed_us = 10000000, .total_vus = 4, .total_iterations = 50 };
    size_t i;

    for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        wf_threshold_t t = { .metric = verdicts[i].metric,
                             .text = verdicts[i].condition };
        wf_judge_t *judge = wf_judge_create(&t, 1, table, pool);
        wf_verdict_t verdict;

        ok(wf_condition_parse(&t.condition, t.text, pool) == NULL, "%s %s: grammar",
           t.metric, t.text);
        verdict = wf_judge_verdict(judge, 0, sheet, &now);
        ok(verdict.judged && verdict.passed == verdicts[i].passed
               && near(verdict.value, verdicts[i].value),
           "%s %s: %s, value %g", t.metric, t.text, verdict.passed ? "passed" : "failed",
           verdict.value);
    }
}

/* ---- what a document may say ------------------------------------------------------- */

#define S(n) ((apr_int64_t)(n)*1000000000)

static const struct {
    const char *metric, *condition;
    apr_int64_t window_ns, from_ns, to_ns;
    int known;
    const char *wrong; /* part of it, or NULL */
} checks[] = {
    /* clang-format off */
    { "http_reqs",         "count > 1",   0, 0, 0,          1, NULL },
    { "http_reqs",         "p(95) > 1",   0, 0, 0,          1, "count, rate" },
    { "http_req_duration", "p(95) < 1",   0, 0, 0,          1, NULL },
    { "http_req_duration", "rate < 1",    0, 0, 0,          1, "count, min, max, avg, med, p(N)" },
    { "http_req_failed",   "rate < 1",    0, 0, 0,          1, NULL },
    { "http_req_failed",   "avg < 1",     0, 0, 0,          1, "rate, passes, fails" },
    { "vus",               "passes < 1",  0, 0, 0,          1, "value, min, max, avg" },
    { "http_req_status",   "min < 1",     0, 0, 0,          1, "count, rate" },
    { "http_req_status_2", "max < 1",     0, 0, 0,          1, "count, rate" },
    { "a.success_rate",    "> 0.5",       0, 0, 0,          1, NULL },
    { "a.success_rate",    "rate > 0.5",  0, 0, 0,          1, NULL },
    { "a.success_rate",    "count > 0.5", 0, 0, 0,          1, "it has: rate" },
    { "a.duration.p95",    "< 1",         0, 0, 0,          1, NULL },
    { "a.duration.p95",    "p(99) < 1",   0, 0, 0,          1, "names its statistic already" },
    { "total_vus",         "value > 1",   0, 0, 0,          1, NULL },
    { "total_vus",         "avg > 1",     0, 0, 0,          1, "count, value" },
    { "nothing",           "p(95) < 1",   0, 0, 0,          0, NULL },
    { "http_reqs",         "count > 1",   S(10), 0, 0,      1, NULL },
    { "http_reqs",         "count > 1",   S(1) / 2, 0, 0,   1, "at least 1s" },
    { "http_reqs",         "count > 1",   0, S(5), S(10),   1, NULL },
    { "http_reqs",         "count > 1",   0, S(5), 0,       1, NULL },
    { "http_reqs",         "count > 1",   0, 0, S(5),       1, NULL },
    { "http_reqs",         "count > 1",   -S(10), 0, 0,     1, "negative" },
    { "nothing",           "count > 1",   S(1) / 2, 0, 0,   0, "at least 1s" },
    { "duration",          "> 1",         S(10), 0, 0,      1, "whole run" },
    /* clang-format on */
};

static void checking(void)
{
    size_t i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        wf_threshold_t t = { .metric = checks[i].metric,
                             .window_ns = checks[i].window_ns,
                             .from_ns = checks[i].from_ns,
                             .to_ns = checks[i].to_ns };
        const char *wrong;
        int known;

        wf_condition_parse(&t.condition, checks[i].condition, pool);
        wrong = wf_threshold_check(&t, table, &known, pool);
        is_int(known, checks[i].known, "%s is %s", t.metric,
               checks[i].known ? "known" : "unknown");
        ok(checks[i].wrong ? wrong && strstr(wrong, checks[i].wrong) : !wrong,
           "%s %s: %s", t.metric, checks[i].condition, wrong ? wrong : "fine");
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    table = sample_table();
    grammar();
    judging();
    checking();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
