/* The values of a table's metrics. Adding a sample is an array access and a few
 * instructions: no search, no lock, and no memory once a metric has been used. */
#include "metrics/internal.h"

#include <apr_strings.h>
#include <math.h>

struct wf_sheet_t {
    apr_pool_t *pool;
    const wf_metric_table_t *table;
    wf_errors_t *errors;
    wf_checks_t *checks;
    int n;
    wf_slot_t slots[];
};

wf_sheet_t *wf_sheet_create(const wf_metric_table_t *table, apr_pool_t *p)
{
    int n = wf_metric_count(table);
    wf_sheet_t *sheet =
        apr_pcalloc(p, sizeof(*sheet) + (apr_size_t)n * sizeof(wf_slot_t));

    sheet->pool = p;
    sheet->table = table;
    sheet->n = n;
    sheet->errors = wf_errors_create(table, p);
    sheet->checks = wf_checks_create(table, p);
    return sheet;
}

const wf_metric_table_t *wf_sheet_table(const wf_sheet_t *sheet)
{
    return sheet->table;
}

apr_pool_t *wf_sheet_pool(const wf_sheet_t *sheet)
{
    return sheet->pool;
}

wf_errors_t *wf_sheet_error_list(const wf_sheet_t *sheet)
{
    return sheet->errors;
}

wf_checks_t *wf_sheet_check_list(const wf_sheet_t *sheet)
{
    return sheet->checks;
}

wf_slot_t *wf_sheet_slot_of(wf_sheet_t *sheet, int metric)
{
    return &sheet->slots[metric];
}

const wf_slot_t *wf_sheet_slot(const wf_sheet_t *sheet, int metric)
{
    return &sheet->slots[metric];
}

static wf_metric_type_e type_of(const wf_sheet_t *sheet, int metric)
{
    return wf_metric_at(sheet->table, metric)->type;
}

/* ---- samples ----------------------------------------------------------------------- */

void wf_sheet_count(wf_sheet_t *sheet, int counter, double n)
{
    if (isfinite(n)) {
        sheet->slots[counter].count += n;
    }
}

void wf_sheet_gauge(wf_sheet_t *sheet, int gauge, double value, apr_int64_t now_ms)
{
    wf_gauge_t sample = { .set = 1,
                          .last = value,
                          .min = value,
                          .max = value,
                          .sum = value,
                          .samples = 1,
                          .at_ms = now_ms };

    if (isfinite(value)) {
        wf_slot_gauge(&sheet->slots[gauge], &sample, sheet->pool);
    }
}

void wf_sheet_rate(wf_sheet_t *sheet, int rate, int passed)
{
    sheet->slots[rate].rate.passes += passed != 0;
    sheet->slots[rate].rate.total += 1;
}

void wf_sheet_time(wf_sheet_t *sheet, int trend, apr_int64_t us)
{
    wf_slot_t *slot = &sheet->slots[trend];

    wf_histogram_add(slot->trend ? slot->trend : wf_slot_trend(slot, sheet->pool), us,
                     sheet->pool);
}

void wf_sheet_trend(wf_sheet_t *sheet, int trend, double value)
{
    if (isfinite(value)) {
        wf_sheet_time(sheet, trend,
                      value < WF_TREND_MAX ? llround(value < 0 ? 0 : value * 1000)
                                           : (apr_int64_t)(WF_TREND_MAX * 1000));
    }
}

void wf_sheet_tally(wf_sheet_t *sheet, int tally, int key)
{
    wf_slot_tally(&sheet->slots[tally], key, 1, sheet->pool);
}

void wf_sheet_add(wf_sheet_t *sheet, int metric, double value, apr_int64_t now_ms)
{
    switch (type_of(sheet, metric)) {
    case WF_COUNTER:
        wf_sheet_count(sheet, metric, value);
        break;
    case WF_GAUGE:
        wf_sheet_gauge(sheet, metric, value, now_ms);
        break;
    case WF_RATE:
        wf_sheet_rate(sheet, metric, value != 0 && !isnan(value));
        break;
    case WF_TREND:
        wf_sheet_trend(sheet, metric, value);
        break;
    default:
        break;
    }
}

/* ---- whole sheets ------------------------------------------------------------------ */

void wf_sheet_merge(wf_sheet_t *into, const wf_sheet_t *from)
{
    int i;

    for (i = 0; i < from->n; i++) {
        wf_slot_merge(type_of(from, i), &into->slots[i], &from->slots[i], into->pool);
    }
    wf_errors_merge(into->errors, from->errors);
    wf_checks_merge(into->checks, from->checks);
}

void wf_sheet_merge_metric(wf_sheet_t *into, int metric, const wf_sheet_t *from, int of)
{
    wf_slot_merge(type_of(from, of), &into->slots[metric], &from->slots[of], into->pool);
}

void wf_sheet_subtract(wf_sheet_t *from, const wf_sheet_t *earlier)
{
    int i;

    for (i = 0; i < from->n; i++) {
        wf_slot_subtract(type_of(from, i), &from->slots[i], &earlier->slots[i]);
    }
}

int wf_sheet_since(wf_sheet_t *into, const wf_sheet_t *sheet, const wf_sheet_t *base)
{
    int i;

    for (i = 0; i < sheet->n; i++) {
        if (!wf_slot_since(type_of(sheet, i), &into->slots[i], &sheet->slots[i],
                           &base->slots[i], into->pool)) {
            return 0;
        }
    }
    return wf_errors_since(into->errors, sheet->errors, base->errors)
           && wf_checks_since(into->checks, sheet->checks, base->checks);
}

int wf_sheet_empty(const wf_sheet_t *sheet)
{
    double passes, fails;
    int i;

    for (i = 0; i < sheet->n; i++) {
        if (!wf_slot_empty(type_of(sheet, i), &sheet->slots[i])) {
            return 0;
        }
    }
    return wf_errors_total(sheet->errors) == 0 && wf_errors_number(sheet->errors) == 0
           && wf_checks_number(sheet->checks) == 0
           && !wf_checks_rest(sheet->checks, &passes, &fails);
}

void wf_sheet_clear(wf_sheet_t *sheet)
{
    int i;

    for (i = 0; i < sheet->n; i++) {
        wf_slot_clear(type_of(sheet, i), &sheet->slots[i]);
    }
    wf_errors_clear(sheet->errors);
    wf_checks_clear(sheet->checks);
}

/* ---- reading ----------------------------------------------------------------------- */

int wf_sheet_sampled(const wf_sheet_t *sheet, int metric)
{
    return !wf_slot_empty(wf_metric_at(sheet->table, metric)->type,
                          &sheet->slots[metric]);
}

double wf_sheet_counter(const wf_sheet_t *sheet, int counter)
{
    return sheet->slots[counter].count;
}

void wf_sheet_passes(const wf_sheet_t *sheet, int rate, double *passes, double *total)
{
    *passes = sheet->slots[rate].rate.passes;
    *total = sheet->slots[rate].rate.total;
}

const wf_histogram_t *wf_sheet_histogram(const wf_sheet_t *sheet, int trend)
{
    static const wf_histogram_t empty;
    const wf_histogram_t *h = sheet->slots[trend].trend;

    return h ? h : &empty;
}

/* How many keys come before this one: those with more, or as many and a smaller key. */
static int place_of(const wf_tally_t *tally, const wf_tallied_t *k)
{
    const wf_tallied_t *other;
    int place = 0;

    for (other = tally->keys; other < tally->keys + tally->n; other++) {
        place +=
            other->count > k->count || (other->count == k->count && other->key < k->key);
    }
    return place;
}

int wf_sheet_tallied(const wf_sheet_t *sheet, int tally, int n, int *key, double *count)
{
    const wf_tally_t *t = sheet->slots[tally].tally;
    int i, used = 0;

    for (i = 0; t != NULL && i < t->n; i++) {
        used += t->keys[i].count > 0;
        if (t->keys[i].count > 0 && place_of(t, &t->keys[i]) == n) {
            *key = t->keys[i].key;
            *count = t->keys[i].count;
            return 1;
        }
    }
    if (t == NULL || n != used || t->rest <= 0) {
        return 0;
    }
    *key = -1;
    *count = t->rest;
    return 1;
}

/* ---- errors ------------------------------------------------------------------------ */

void wf_sheet_error(wf_sheet_t *sheet, const char *step, const char *code,
                    const char *message, apr_int64_t now_ms)
{
    wf_metric_error_t e = {
        .step = step, .code = code, .message = message, .first_ms = now_ms, .times = 1
    };

    wf_errors_add(sheet->errors, &e);
}

int wf_sheet_errors(const wf_sheet_t *sheet)
{
    return wf_errors_number(sheet->errors);
}

const wf_metric_error_t *wf_sheet_error_at(const wf_sheet_t *sheet, int i)
{
    return wf_errors_at(sheet->errors, i);
}

apr_int64_t wf_sheet_error_total(const wf_sheet_t *sheet)
{
    return wf_errors_total(sheet->errors);
}

/* ---- checks ------------------------------------------------------------------------ */

void wf_sheet_check(wf_sheet_t *sheet, const char *step, const char *name, double passes,
                    double fails)
{
    wf_metric_check_t check = {
        .step = step, .name = name, .passes = passes, .fails = fails
    };

    wf_checks_add(sheet->checks, &check);
}

int wf_sheet_checks(const wf_sheet_t *sheet)
{
    return wf_checks_number(sheet->checks);
}

const wf_metric_check_t *wf_sheet_check_at(const wf_sheet_t *sheet, int i)
{
    return wf_checks_at(sheet->checks, i);
}

int wf_sheet_checks_rest(const wf_sheet_t *sheet, double *passes, double *fails)
{
    return wf_checks_rest(sheet->checks, passes, fails);
}
