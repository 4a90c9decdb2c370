/* Counters of a shard and their sum; the list of distinct errors. */
#include "../tap.h"
#include "load/internal.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;

static wf_metrics_t *fresh(int nsteps)
{
    wf_metrics_t *m = apr_pcalloc(pool, wf_metrics_size(nsteps));

    m->nsteps = nsteps;
    return m;
}

static void distinct_errors(void)
{
    wf_metrics_t *m = fresh(1), *other = fresh(1);
    int i;

    for (i = 0; i < 3 * WF_ERRORS_MAX; i++) {
        wf_metrics_error(m, 0, "EXECUTION_ERROR", apr_psprintf(pool, "error %d", i / 2),
                         1000 + i);
    }
    is_int(m->nerrors, WF_ERRORS_MAX, "no more than the limit");
    is_int(m->errors[0].times, 2, "equal ones are one entry");
    is_int(m->errors[0].first_ms, 1000, "with the first time");
    wf_metrics_error(other, 0, "EXECUTION_ERROR", "error 0", 500);
    wf_metrics_error(other, 1, "EXECUTION_ERROR", "error 0", 600);
    wf_metrics_error(other, 0, "TIMEOUT_ERROR", "error 0", 700);
    is_int(other->nerrors, 3, "another step or code is another entry");
    wf_metrics_merge(other, m);
    is_int(other->nerrors, WF_ERRORS_MAX, "the limit holds for the sum");
    is_int(other->errors[0].times, 3, "counts are added");
    is_int(other->errors[0].first_ms, 500, "the earliest time stays");
}

static void long_messages(void)
{
    wf_metrics_t *m = fresh(1);
    char text[3 * WF_ERROR_TEXT];
    int i;

    for (i = 0; i < (int)sizeof(text) - 2; i += 2) {
        memcpy(text + i, "\xc3\xa9", 2);
    }
    text[i] = '\0';
    wf_metrics_error(m, 0, "EXECUTION_ERROR", text, 1);
    wf_metrics_error(m, 0, "EXECUTION_ERROR", text, 2);
    is_int(m->nerrors, 1, "a long message is found again");
    ok(wf_utf8_valid(m->errors[0].message, strlen(m->errors[0].message)),
       "and cut at a whole character");
}

/* A step's result by status: what is counted. */
static const struct {
    const char *what;
    wf_step_status_e status;
    int sample_failed;
    int count, success, failure, timed;
} results[] = {
    { "success", WF_STEP_SUCCESS, 0, 1, 1, 0, 1 },
    { "success with status >= 400", WF_STEP_SUCCESS, 1, 1, 0, 1, 1 },
    { "failed", WF_STEP_FAILED, 0, 1, 0, 1, 1 },
    { "timeout", WF_STEP_TIMEOUT, 0, 1, 0, 1, 1 },
    { "skipped", WF_STEP_SKIPPED, 0, 1, 0, 0, 0 },
};

static void counting(void)
{
    wf_step_t step = { .index = 1 };
    wf_metrics_t *sum = fresh(2);
    size_t i;

    for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        wf_result_t result = { .step = &step,
                               .status = results[i].status,
                               .sample_failed = results[i].sample_failed,
                               .duration_us = 5000,
                               .sent = 10,
                               .received = 20 };
        wf_metrics_t *m = fresh(2);
        const wf_step_metrics_t *s = &m->steps[1];

        wf_metrics_step(m, &result);
        ok(s->count == results[i].count && s->success == results[i].success
               && s->failure == results[i].failure
               && s->duration.count == (apr_uint64_t)results[i].timed,
           "%s", results[i].what);
        wf_metrics_merge(sum, m);
    }
    is_int(sum->steps[1].count, 5, "merged: count");
    is_int(sum->steps[1].failure, 3, "merged: failures");
    is_int((long long)sum->steps[1].duration.sum, 20000, "merged: durations");
    is_int(sum->sent, 40, "merged: bytes sent");
    is_int(sum->steps[0].count, 0, "the other step has nothing");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    distinct_errors();
    long_messages();
    counting();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
