/* Thresholds: the grammar, which statistics a metric has, and the verdict on known
 * figures. */
#include "../tap.h"
#include "load/internal.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <math.h>

static apr_pool_t *pool;

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

/* ---- verdicts -------------------------------------------------------------------------
 */

#define YAML                                                                             \
    "id: w\nname: W\nsteps:\n- {id: a, type: http, config: {url: 'http://x/'}}\n"        \
    "- {id: a.b, type: http, config: {url: 'http://x/'}}\n"

/* 100 samples of 1..100 ms of step a, 10 failed; none of a.b; 50 iterations in 10 s. */
static wf_view_t *figures(void)
{
    wf_view_t *view = apr_pcalloc(pool, sizeof(*view));
    wf_problems_t *problems = wf_problems_create(NULL, pool);
    wf_metrics_t *m = apr_pcalloc(pool, wf_metrics_size(2));
    wf_plan_t *plan;
    int i;

    wf_plan_from_yaml(&plan, YAML, strlen(YAML), problems, pool);
    m->nsteps = 2;
    for (i = 1; i <= 100; i++) {
        wf_histogram_add(&m->http_duration, i * 1000);
        wf_histogram_add(&m->steps[0].duration, i * 1000);
        m->steps[0].extras[0] += 200;
    }
    m->steps[0].count = 102;
    m->steps[0].success = 90;
    m->steps[0].failure = 10;
    m->http_reqs = 100;
    m->http_failed = 10;
    m->iterations = 50;
    m->iterations_failed = 5;
    m->dropped = 3;
    view->plan = plan;
    view->metrics = m;
    view->elapsed_us = 10000000;
    view->vus_shown = 4;
    view->vus_min = 2;
    view->vus_max = 6;
    view->vus_sum = 12;
    view->vus_samples = 3;
    return view;
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
    { "iterations",           "count == 50",     1, 50 },
    { "iteration_success",    "rate == 0.9",     1, 0.9 },
    { "iteration_duration",   "avg < 1",         1, 0 },   /* no samples */
    { "dropped_iterations",   "< 3",             0, 3 },
    { "data_sent",            "count == 0",      1, 0 },
    { "vus",                  "value == 4",      1, 4 },
    { "vus",                  "min == 2",        1, 2 },
    { "vus",                  "max == 6",        1, 6 },
    { "vus",                  "avg == 4",        1, 4 },
    { "vus_max",              "== 1",            1, 1 },
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
    { "a.duration.p42",       "< 1000",          0, 0 },
    { "a.nothing",            "< 1000",          0, 0 },
    { "nobody.count",         ">= 0",            0, 0 },
    { "nothing",              ">= 0",            0, 0 },
    /* clang-format on */
};

static void judging(void)
{
    wf_view_t *view = figures();
    size_t i;

    for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        wf_threshold_t t = { .metric = verdicts[i].metric,
                             .text = verdicts[i].condition };
        double value = -1;
        int passed;

        ok(wf_condition_parse(&t.condition, t.text, pool) == NULL, "%s %s: grammar",
           t.metric, t.text);
        passed = wf_threshold_judge(&t, view, &value);
        ok(passed == verdicts[i].passed
               && fabs(value - verdicts[i].value)
                      <= 0.005 * fabs(verdicts[i].value) + 1e-9,
           "%s %s: %s, value %g", t.metric, t.text, passed ? "passed" : "failed", value);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    grammar();
    judging();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
