/* Fuzz target of thresholds: the first line is the metric, the rest the condition. What
 * the grammar takes is checked against a table and judged on a sheet with samples and on
 * an empty one; a verdict is a number, and what was refused was refused with a reason. */
#include "metrics/metrics.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wf_sheet_t *fuzz_sheet(apr_pool_t *p)
{
    static const wf_metric_t metrics[] = {
        { "http_reqs", NULL, WF_COUNTER, WF_UNIT_NONE, 0, 0 },
        { "http_req_duration", NULL, WF_TREND, WF_UNIT_MS, 0, 0 },
        { "http_req_failed", NULL, WF_RATE, WF_UNIT_NONE, 0, 0 },
        { "vus", NULL, WF_GAUGE, WF_UNIT_NONE, 0, 0 },
        { "http_req_status", NULL, WF_TALLY, WF_UNIT_NONE, 0, 0 },
        { "success_count", "a.b", WF_COUNTER, WF_UNIT_NONE, 0, 0 },
        { "failure_count", "a.b", WF_COUNTER, WF_UNIT_NONE, 0, 0 },
        { "duration", "a.b", WF_TREND, WF_UNIT_MS, 0, 0 },
    };
    wf_metric_table_t *table = wf_metric_table_create(p);
    size_t i;

    for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        wf_metric_declare(table, &metrics[i]);
    }
    return wf_sheet_create(table, p);
}

static void fuzz_samples(wf_sheet_t *sheet)
{
    int i;

    for (i = 0; i < wf_metric_count(wf_sheet_table(sheet)); i++) {
        if (wf_metric_at(wf_sheet_table(sheet), i)->type == WF_TALLY) {
            wf_sheet_tally(sheet, i, 200);
        }
        wf_sheet_add(sheet, i, 7, 1);
    }
}

static void fuzz_judge(const wf_threshold_t *t, wf_sheet_t *sheet, apr_pool_t *p)
{
    wf_judge_t *judge = wf_judge_create(t, 1, wf_sheet_table(sheet), p);
    wf_moment_t now = { .total_vus = 3 };
    int i;

    for (i = 0; i < 3; i++) {
        wf_verdict_t verdict;

        now.elapsed_us += 1000000;
        verdict = wf_judge_verdict(judge, 0, sheet, &now);
        if (!isfinite(verdict.value)) {
            abort();
        }
        fuzz_samples(sheet);
    }
}

static void fuzz_threshold(wf_threshold_t *t, apr_pool_t *p)
{
    wf_sheet_t *sheet = fuzz_sheet(p);
    const char *wrong = wf_condition_parse(&t->condition, t->text, p);
    int known;

    if (wrong != NULL) {
        if (*wrong == '\0') {
            abort();
        }
        return;
    }
    wrong = wf_threshold_check(t, wf_sheet_table(sheet), &known, p);
    if (wrong != NULL) {
        return;
    }
    fuzz_judge(t, sheet, p);
    if (strcmp(t->metric, "total_vus") != 0 && strcmp(t->metric, "total_iterations") != 0
        && strcmp(t->metric, "duration") != 0) {
        t->window_ns = 2 * WF_WINDOW_MIN_NS;
        fuzz_judge(t, sheet, p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p;
    wf_threshold_t threshold = { 0 };
    char *text, *line;

    apr_initialize();
    apr_pool_create(&p, NULL);
    text = apr_pstrmemdup(p, (const char *)data, size);
    line = strchr(text, '\n');
    if (line != NULL) {
        *line = '\0';
        threshold.metric = text;
        threshold.text = line + 1;
        fuzz_threshold(&threshold, p);
    }
    apr_pool_destroy(p);
    apr_terminate();
    return 0;
}
