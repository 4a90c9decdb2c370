/* What the tests of metrics share: a pool, numbers that are random and the same in every
 * run, and a small table of metrics. */
#ifndef WF_T_SAMPLES_H
#define WF_T_SAMPLES_H

#include "../tap.h"
#include "metrics/metrics.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>

static apr_pool_t *pool;
static unsigned long long random_state = 88172645463325252ull;

/* xorshift. */
static inline unsigned long long next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* From 1 to limit, every magnitude equally likely. */
static inline apr_int64_t random_sample(double limit)
{
    double x = (double)(next_random() >> 11) / 9007199254740992.0;

    return (apr_int64_t)exp(x * log(limit));
}

/* The metrics of a small plan, in the order of this list. */
enum {
    HTTP_REQS,
    HTTP_DURATION,
    HTTP_FAILED,
    HTTP_STATUS,
    VUS,
    A_COUNT,
    A_SUCCESS,
    A_FAILURE,
    A_DURATION,
    A_STATUS,
    A_HTTP_STATUS,
    AB_COUNT,
    AB_SUCCESS,
    AB_FAILURE,
    AB_DURATION,
    MY_COUNTER,
    MY_GAUGE,
    MY_RATE,
    MY_TREND,
    SAMPLE_METRICS
};

static inline wf_metric_table_t *sample_table(void)
{
    static const wf_metric_t metrics[SAMPLE_METRICS] = {
        /* clang-format off */
        [HTTP_REQS]     = { "http_reqs",         NULL,  WF_COUNTER, WF_UNIT_NONE,  0 },
        [HTTP_DURATION] = { "http_req_duration", NULL,  WF_TREND,   WF_UNIT_MS,    0 },
        [HTTP_FAILED]   = { "http_req_failed",   NULL,  WF_RATE,    WF_UNIT_NONE,  0 },
        [HTTP_STATUS]   = { "http_req_status",   NULL,  WF_TALLY,   WF_UNIT_NONE,  0 },
        [VUS]           = { "vus",               NULL,  WF_GAUGE,   WF_UNIT_NONE,  0 },
        [A_COUNT]       = { "count",             "a",   WF_COUNTER, WF_UNIT_NONE,  0 },
        [A_SUCCESS]     = { "success_count",     "a",   WF_COUNTER, WF_UNIT_NONE,  0 },
        [A_FAILURE]     = { "failure_count",     "a",   WF_COUNTER, WF_UNIT_NONE,  0 },
        [A_DURATION]    = { "duration",          "a",   WF_TREND,   WF_UNIT_MS,    0 },
        [A_STATUS]      = { "status",            "a",   WF_TALLY,   WF_UNIT_NONE,  0 },
        [A_HTTP_STATUS] = { "http_status",       "a",   WF_GAUGE,   WF_UNIT_NONE,  0 },
        [AB_COUNT]      = { "count",             "a.b", WF_COUNTER, WF_UNIT_NONE,  0 },
        [AB_SUCCESS]    = { "success_count",     "a.b", WF_COUNTER, WF_UNIT_NONE,  0 },
        [AB_FAILURE]    = { "failure_count",     "a.b", WF_COUNTER, WF_UNIT_NONE,  0 },
        [AB_DURATION]   = { "duration",          "a.b", WF_TREND,   WF_UNIT_MS,    0 },
        [MY_COUNTER]    = { "my_counter",        NULL,  WF_COUNTER, WF_UNIT_NONE,  1 },
        [MY_GAUGE]      = { "my_gauge",          NULL,  WF_GAUGE,   WF_UNIT_NONE,  1 },
        [MY_RATE]       = { "my_rate",           NULL,  WF_RATE,    WF_UNIT_NONE,  1 },
        [MY_TREND]      = { "my_trend",          NULL,  WF_TREND,   WF_UNIT_BYTES, 1, 0 },
        /* clang-format on */
    };
    wf_metric_table_t *table = wf_metric_table_create(pool);
    int i;

    for (i = 0; i < SAMPLE_METRICS; i++) {
        wf_metric_declare(table, &metrics[i]);
    }
    return table;
}

static inline int near(double got, double want)
{
    return fabs(got - want) <= 0.005 * fabs(want) + 1e-9;
}

#endif
