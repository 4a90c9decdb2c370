/* What a slave counts of a run of 10 HTTP steps, "step0" to "step9", made up: about as
 * much, and as spread out, as what a real one counts in a second. */
#ifndef WF_BENCH_FIGURES_H
#define WF_BENCH_FIGURES_H

#include "load/compile.h"

#include <apr_strings.h>
#include <math.h>

#define STEPS 10
#define PASSES 100 /* iterations of a slave between two messages */

static int durations[STEPS], counts[STEPS], statuses[STEPS];

/* 0 if they have no metrics. */
static inline int find_steps(const wf_metric_table_t *table, apr_pool_t *p)
{
    int i;

    for (i = 0; i < STEPS; i++) {
        const char *id = apr_psprintf(p, "step%d", i);

        counts[i] = wf_metric_find(table, "count", id);
        durations[i] = wf_metric_find(table, "duration", id);
        statuses[i] = wf_metric_find(table, "status", id);
        if (counts[i] < 0 || durations[i] < 0 || statuses[i] < 0) {
            return 0;
        }
    }
    return 1;
}

static inline double random_part(void)
{
    static apr_uint64_t state = 88172645463325252ull;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

/* Times have a long tail: e to a sum of four, around the middle. */
static inline apr_int64_t sample(double middle)
{
    double bell = random_part() + random_part() + random_part() + random_part() - 2;

    return (apr_int64_t)(middle * exp(bell));
}

static inline apr_int64_t count_request(wf_sheet_t *sheet, int i)
{
    apr_int64_t waiting = sample(4000 * (i + 1)), us = waiting + sample(200);

    wf_sheet_time(sheet, WF_M_HTTP_DURATION, us);
    wf_sheet_time(sheet, WF_M_HTTP_BLOCKED, sample(20));
    wf_sheet_time(sheet, WF_M_HTTP_LOOKING_UP, 0);
    wf_sheet_time(sheet, WF_M_HTTP_CONNECTING, sample(150));
    wf_sheet_time(sheet, WF_M_HTTP_TLS, sample(3000));
    wf_sheet_time(sheet, WF_M_HTTP_SENDING, sample(40));
    wf_sheet_time(sheet, WF_M_HTTP_WAITING, waiting);
    wf_sheet_time(sheet, WF_M_HTTP_RECEIVING, sample(60));
    wf_sheet_time(sheet, WF_M_STEP_DURATION, us);
    wf_sheet_time(sheet, durations[i], us);
    wf_sheet_rate(sheet, WF_M_HTTP_FAILED, us % 50 == 0);
    wf_sheet_rate(sheet, WF_M_STEP_FAILED, us % 50 == 0);
    wf_sheet_tally(sheet, WF_M_HTTP_STATUS, us % 50 ? 200 : 503);
    wf_sheet_tally(sheet, statuses[i], us % 50 ? 200 : 503);
    wf_sheet_count(sheet, WF_M_HTTP_REQS, 1);
    wf_sheet_count(sheet, WF_M_STEP_REQS, 1);
    wf_sheet_count(sheet, counts[i], 1);
    wf_sheet_count(sheet, counts[i] + (us % 50 ? 1 : 2), 1);
    wf_sheet_count(sheet, WF_M_SENT, 180);
    wf_sheet_count(sheet, WF_M_RECEIVED, 1200);
    return us;
}

static inline void count_some(wf_sheet_t *sheet, apr_int64_t now_ms)
{
    int i, n;

    for (n = 0; n < PASSES; n++) {
        apr_int64_t us = 0;

        for (i = 0; i < STEPS; i++) {
            us += count_request(sheet, i);
        }
        wf_sheet_time(sheet, WF_M_ITERATION_DURATION, us);
        wf_sheet_time(sheet, WF_M_START_DELAY, sample(80));
        wf_sheet_rate(sheet, WF_M_ITERATION_SUCCESS, 1);
        wf_sheet_count(sheet, WF_M_ITERATIONS, 1);
    }
    wf_sheet_gauge(sheet, WF_M_VUS, 50, now_ms);
    wf_sheet_gauge(sheet, WF_M_VUS_MAX, 50, now_ms);
}

#endif
