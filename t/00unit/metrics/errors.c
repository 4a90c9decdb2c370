/* The list of distinct errors: its limit, equal ones, long texts, sums. */
#include "samples.h"

static wf_metric_table_t *table;

static wf_sheet_t *fresh(void)
{
    return wf_sheet_create(table, pool);
}

static void distinct(void)
{
    wf_sheet_t *sheet = fresh(), *other = fresh();
    int i;

    for (i = 0; i < 3 * WF_ERRORS_MAX; i++) {
        wf_sheet_error(sheet, "a", "EXECUTION_ERROR",
                       apr_psprintf(pool, "error %d", i / 2), 1000 + i);
    }
    is_int(wf_sheet_errors(sheet), WF_ERRORS_MAX, "no more than the limit");
    is_int(wf_sheet_error_total(sheet), 3 * WF_ERRORS_MAX, "but all are counted");
    is_int(wf_sheet_error_at(sheet, 0)->times, 2, "equal ones are one entry");
    is_int(wf_sheet_error_at(sheet, 0)->first_ms, 1000, "with the first time");
    wf_sheet_error(other, "a", "EXECUTION_ERROR", "error 0", 500);
    wf_sheet_error(other, "a.b", "EXECUTION_ERROR", "error 0", 600);
    wf_sheet_error(other, NULL, "EXECUTION_ERROR", "error 0", 600);
    wf_sheet_error(other, "a", "TIMEOUT_ERROR", "error 0", 700);
    is_int(wf_sheet_errors(other), 4, "another step or code is another entry");
    ok(wf_sheet_error_at(other, 2)->step == NULL, "one may belong to no step");
    wf_sheet_merge(other, sheet);
    is_int(wf_sheet_errors(other), WF_ERRORS_MAX, "the limit holds for the sum");
    is_int(wf_sheet_error_total(other), 3 * WF_ERRORS_MAX + 4, "all are counted");
    is_int(wf_sheet_error_at(other, 0)->times, 3, "counts are added");
    is_int(wf_sheet_error_at(other, 0)->first_ms, 500, "the earliest time stays");
    wf_sheet_clear(other);
    is_int(wf_sheet_errors(other), 0, "a cleared sheet has none");
    is_int(wf_sheet_error_total(other), 0, "and counts from 0");
    wf_sheet_error(other, "b", "X", "after", 1);
    is_str(wf_sheet_error_at(other, 0)->message, "after", "and is used again");
    is_str(wf_sheet_error_at(other, 0)->step, "b", "also for a step without metrics");
}

/* What an error's texts were made in may be gone before the sheet. */
static void own_texts(void)
{
    wf_sheet_t *sum = fresh();
    apr_pool_t *p;
    wf_sheet_t *part;

    apr_pool_create(&p, pool);
    part = wf_sheet_create(table, p);
    wf_sheet_error(part, apr_pstrdup(p, "later"), apr_pstrdup(p, "CODE"),
                   apr_pstrdup(p, "text"), 1);
    wf_sheet_merge(sum, part);
    apr_pool_destroy(p);
    is_str(wf_sheet_error_at(sum, 0)->step, "later", "the step is the sheet's own");
    is_str(wf_sheet_error_at(sum, 0)->code, "CODE", "so is the code");
    is_str(wf_sheet_error_at(sum, 0)->message, "text", "and the message");
}

static char *repeated(const char *what, int times)
{
    char *text = apr_pcalloc(pool, strlen(what) * (apr_size_t)times + 1);
    int i;

    for (i = 0; i < times; i++) {
        memcpy(text + strlen(what) * (apr_size_t)i, what, strlen(what));
    }
    return text;
}

static void long_texts(void)
{
    wf_sheet_t *sheet = fresh();
    const char *message = apr_pstrcat(pool, "x", repeated("\xc3\xa9", 300), NULL);
    const char *id = repeated("s", 3 * WF_ERROR_STEP);
    const wf_metric_error_t *e;
    int i;

    for (i = 0; i < 2; i++) {
        wf_sheet_error(sheet, id, repeated("C", 200), message, i);
    }
    is_int(wf_sheet_errors(sheet), 1, "long texts are found again");
    e = wf_sheet_error_at(sheet, 0);
    is_int((int)strlen(e->message), WF_ERROR_TEXT - 1, "a message is cut …");
    ok(wf_utf8_valid(e->message, strlen(e->message)), "… at a whole character");
    is_int((int)strlen(e->code), WF_ERROR_CODE, "a code is cut");
    is_int((int)strlen(e->step), WF_ERROR_STEP, "a step that the table lacks is cut");
}

static void odd_bytes(void)
{
    wf_sheet_t *sheet = fresh();
    int i;

    for (i = 0; i < 2; i++) {
        wf_sheet_error(sheet, "a", "C", "reset \xff by \xc3", 1);
    }
    is_int(wf_sheet_errors(sheet), 1, "what is no UTF-8 is one entry");
    is_str(wf_sheet_error_at(sheet, 0)->message, "reset ? by ?", "that can be printed");
}

static void known_step(void)
{
    wf_metric_table_t *one = wf_metric_table_create(pool);
    wf_metric_t metric = { "count", repeated("s", 300), WF_COUNTER, WF_UNIT_NONE, 0, 0 };
    wf_sheet_t *sheet, *sum;

    wf_metric_declare(one, &metric);
    sheet = wf_sheet_create(one, pool);
    sum = wf_sheet_create(one, pool);
    wf_sheet_error(sheet, metric.step, "C", "m", 1);
    wf_sheet_merge(sum, sheet);
    wf_sheet_merge(sum, sheet);
    is_str(wf_sheet_error_at(sum, 0)->step, metric.step,
           "a step of the table is not cut");
    is_int(wf_sheet_error_at(sum, 0)->times, 2, "and is found again");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    table = sample_table();
    distinct();
    own_texts();
    long_texts();
    odd_bytes();
    known_step();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
