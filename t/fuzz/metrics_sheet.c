/* Fuzz target of sheets, points of time series and judges as text, which come from stores
 * and other machines. What is accepted is written and read again to the same text, can be
 * added and has statistics in order; what is refused has a reason and has changed
 * nothing. */
#include "metrics/metrics.h"

#include <apr_general.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wf_metric_table_t *fuzz_table(apr_pool_t *p)
{
    static const wf_metric_t metrics[] = {
        { "http_reqs", NULL, WF_COUNTER, WF_UNIT_NONE, 0, 0 },
        { "http_req_duration", NULL, WF_TREND, WF_UNIT_MS, 0, 0 },
        { "http_req_failed", NULL, WF_RATE, WF_UNIT_NONE, 0, 0 },
        { "vus", NULL, WF_GAUGE, WF_UNIT_NONE, 0, 0 },
        { "duration", "login", WF_TREND, WF_UNIT_MS, 0, 0 },
        { "status", "login", WF_TALLY, WF_UNIT_NONE, 0, 0 },
    };
    wf_metric_table_t *table = wf_metric_table_create(p);
    size_t i;

    for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        wf_metric_declare(table, &metrics[i]);
    }
    return table;
}

static void check_statistics(const wf_sheet_t *sheet, int metric)
{
    double percent, value, last = 0;
    int stat;

    for (stat = WF_STAT_NONE; stat <= WF_STAT_PERCENTILE; stat++) {
        if (wf_sheet_stat(sheet, metric, stat, 95, 10, &value) && isnan(value)) {
            abort();
        }
    }
    for (percent = 0; percent <= 100; percent += 10) {
        if (wf_sheet_stat(sheet, metric, WF_STAT_PERCENTILE, percent, 10, &value)
            && value < last) {
            abort();
        }
        last = value;
    }
}

/* What a difference tells, and has been read again, is what it is the difference of. */
static void check_since(const wf_sheet_t *sheet, apr_pool_t *p)
{
    const wf_metric_table_t *table = wf_sheet_table(sheet);
    wf_sheet_t *twice = wf_sheet_create(table, p), *known = wf_sheet_create(table, p);
    wf_sheet_t *since = wf_sheet_create(table, p);
    const char *text;
    wf_error_t err;

    wf_error_init(&err, p);
    wf_sheet_merge(known, sheet);
    wf_sheet_merge(twice, sheet);
    wf_sheet_merge(twice, sheet);
    if (!wf_sheet_since(since, twice, known)) {
        return;
    }
    text = wf_sheet_encode(since, p);
    if (wf_sheet_decode(known, text, strlen(text), &err) != APR_SUCCESS
        || strcmp(wf_sheet_encode(known, p), wf_sheet_encode(twice, p)) != 0) {
        abort();
    }
}

static void check_accepted(wf_sheet_t *sheet, apr_pool_t *p)
{
    const char *text = wf_sheet_encode(sheet, p);
    wf_sheet_t *again = wf_sheet_create(wf_sheet_table(sheet), p);
    wf_error_t err;
    int i;

    wf_error_init(&err, p);
    if (wf_sheet_decode(again, text, strlen(text), &err) != APR_SUCCESS
        || strcmp(wf_sheet_encode(again, p), text) != 0) {
        abort();
    }
    for (i = 0; i < wf_metric_count(wf_sheet_table(sheet)); i++) {
        check_statistics(sheet, i);
    }
    check_since(sheet, p);
    wf_sheet_merge(again, sheet);
    wf_sheet_subtract(again, sheet);
    wf_sheet_clear(again);
}

static void fuzz_point(const char *data, size_t size, apr_pool_t *p)
{
    wf_point_t point, again;
    wf_error_t err;
    const char *text;

    wf_error_init(&err, p);
    if (wf_point_decode(&point, data, size, p, &err) != APR_SUCCESS) {
        if (err.kind != WF_ERR_INVALID || err.message == NULL) {
            abort();
        }
        return;
    }
    text = wf_point_encode(&point, p);
    if (wf_point_decode(&again, text, strlen(text), p, &err) != APR_SUCCESS
        || strcmp(wf_point_encode(&again, p), text) != 0) {
        abort();
    }
    wf_point_join(&again, &point, p);
    json_object_put(wf_point_json(&again, p));
}

static void fuzz_judge(const char *data, size_t size, apr_pool_t *p)
{
    const wf_threshold_t rules[] = {
        { .metric = "http_reqs", .from_ns = 5000000000 },
        { .metric = "http_req_duration", .to_ns = 5000000000 },
        { .metric = "login.status", .from_ns = 1000000000, .to_ns = 5000000000 },
    };
    wf_metric_table_t *table = fuzz_table(p);
    wf_judge_t *judge = wf_judge_create(rules, 3, table, p);
    wf_moment_t now = { .elapsed_us = 9000000 };
    wf_error_t err;
    int i;

    wf_error_init(&err, p);
    if (wf_judge_decode(judge, data, size, &err) != APR_SUCCESS
        && (err.kind != WF_ERR_INVALID || err.message == NULL)) {
        abort();
    }
    for (i = 0; i < 3; i++) {
        if (isnan(wf_judge_verdict(judge, i, wf_sheet_create(table, p), &now).value)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p;
    wf_sheet_t *sheet;
    wf_error_t err;
    const char *empty;

    apr_initialize();
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    sheet = wf_sheet_create(fuzz_table(p), p);
    empty = wf_sheet_encode(sheet, p);
    if (wf_sheet_decode(sheet, (const char *)data, size, &err) == APR_SUCCESS) {
        check_accepted(sheet, p);
    }
    else if (err.kind != WF_ERR_INVALID || err.message == NULL
             || strcmp(wf_sheet_encode(sheet, p), empty) != 0) {
        abort();
    }
    fuzz_point((const char *)data, size, p);
    fuzz_judge((const char *)data, size, p);
    apr_pool_destroy(p);
    apr_terminate();
    return 0;
}
