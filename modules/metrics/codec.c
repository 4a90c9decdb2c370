/* Sheets as text, for checkpoints and for other machines:
 *
 *   { "version": 1,
 *     "metrics": [ { "name": …, "step": …, "counter": 12.5 },
 *                  { …, "gauge": [last, at_ms, min, max, sum, samples] },
 *                  { …, "rate": [passes, total] },
 *                  { …, "trend": [sum, min, max, "buckets"] },
 *                  { …, "tally": [[key, count], …] } ],   the rest has key -1
 *     "errors": { "total": 7, "list": [ { "step", "code", "message", "first", "times" } ] },
 *     "checks": { "rest": [passes, fails], "list": [ { "step", "name", "counts": [passes,
 *                 fails] } ] } }
 *
 * A metric without samples is not written, nor checks if there are none. Every value is
 * read back as it was. */
#include "metrics/internal.h"

#include <string.h>

#define VERSION 1

/* ---- writing ----------------------------------------------------------------------- */

static void write_gauge(wf_writer_t *w, const wf_gauge_t *g)
{
    const double numbers[] = { g->min, g->max, g->sum, g->samples };
    size_t i;

    wf_write(w, "[");
    wf_write_number(w, g->last);
    wf_write(w, ",");
    wf_write_int(w, g->at_ms);
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        wf_write(w, ",");
        wf_write_number(w, numbers[i]);
    }
    wf_write(w, "]");
}

static void write_key(wf_writer_t *w, int key, double count, const char *comma)
{
    wf_write(w, comma);
    wf_write(w, "[");
    wf_write_int(w, key);
    wf_write(w, ",");
    wf_write_number(w, count);
    wf_write(w, "]");
}

static void write_tally(wf_writer_t *w, const wf_tally_t *tally)
{
    int i;

    wf_write(w, "[");
    for (i = 0; i < tally->n; i++) {
        write_key(w, tally->keys[i].key, tally->keys[i].count, i ? "," : "");
    }
    if (tally->rest > 0) {
        write_key(w, -1, tally->rest, i ? "," : "");
    }
    wf_write(w, "]");
}

void wf_slot_write(wf_writer_t *w, wf_metric_type_e type, const wf_slot_t *slot)
{
    if (wf_slot_empty(type, slot)) {
        wf_write(w, "null");
        return;
    }
    switch (type) {
    case WF_COUNTER:
        wf_write_number(w, slot->count);
        break;
    case WF_GAUGE:
        write_gauge(w, slot->gauge);
        break;
    case WF_RATE:
        wf_write(w, "[");
        wf_write_number(w, slot->rate.passes);
        wf_write(w, ",");
        wf_write_number(w, slot->rate.total);
        wf_write(w, "]");
        break;
    case WF_TREND:
        wf_write_histogram(w, slot->trend);
        break;
    default:
        write_tally(w, slot->tally);
    }
}

static void write_metrics(wf_writer_t *w, const wf_sheet_t *sheet)
{
    const wf_metric_table_t *table = wf_sheet_table(sheet);
    const char *comma = "";
    int i;

    for (i = 0; i < wf_metric_count(table); i++) {
        const wf_metric_t *metric = wf_metric_at(table, i);
        const wf_slot_t *slot = wf_sheet_slot(sheet, i);

        if (wf_slot_empty(metric->type, slot)) {
            continue;
        }
        wf_write(w, comma);
        wf_write(w, "{\"name\":");
        wf_write_string(w, metric->name);
        if (metric->step != NULL) {
            wf_write(w, ",\"step\":");
            wf_write_string(w, metric->step);
        }
        wf_write(w, ",\"");
        wf_write(w, wf_metric_type_name(metric->type));
        wf_write(w, "\":");
        wf_slot_write(w, metric->type, slot);
        wf_write(w, "}");
        comma = ",\n";
    }
}

static void write_error(wf_writer_t *w, const wf_metric_error_t *e)
{
    wf_write(w, "{");
    if (e->step != NULL) {
        wf_write(w, "\"step\":");
        wf_write_string(w, e->step);
        wf_write(w, ",");
    }
    wf_write(w, "\"code\":");
    wf_write_string(w, e->code);
    wf_write(w, ",\"message\":");
    wf_write_string(w, e->message);
    wf_write(w, ",\"first\":");
    wf_write_int(w, e->first_ms);
    wf_write(w, ",\"times\":");
    wf_write_int(w, e->times);
    wf_write(w, "}");
}

static void write_counts(wf_writer_t *w, double passes, double fails)
{
    wf_write(w, "[");
    wf_write_number(w, passes);
    wf_write(w, ",");
    wf_write_number(w, fails);
    wf_write(w, "]");
}

static void write_checks(wf_writer_t *w, const wf_sheet_t *sheet)
{
    double passes, fails;
    int n = wf_sheet_checks(sheet), i;

    if (!wf_sheet_checks_rest(sheet, &passes, &fails) && n == 0) {
        return;
    }
    wf_write(w, ",\"checks\":{\"rest\":");
    write_counts(w, passes, fails);
    wf_write(w, ",\"list\":[");
    for (i = 0; i < n; i++) {
        const wf_metric_check_t *check = wf_sheet_check_at(sheet, i);

        wf_write(w, i ? ",\n{\"name\":" : "{\"name\":");
        wf_write_string(w, check->name);
        if (check->step != NULL) {
            wf_write(w, ",\"step\":");
            wf_write_string(w, check->step);
        }
        wf_write(w, ",\"counts\":");
        write_counts(w, check->passes, check->fails);
        wf_write(w, "}");
    }
    wf_write(w, "]}");
}

const char *wf_sheet_encode(const wf_sheet_t *sheet, apr_pool_t *p)
{
    wf_writer_t w = wf_writer(p);
    int i;

    wf_write(&w, "{\"version\":");
    wf_write_int(&w, VERSION);
    wf_write(&w, ",\"metrics\":[");
    write_metrics(&w, sheet);
    wf_write(&w, "],\"errors\":{\"total\":");
    wf_write_int(&w, wf_sheet_error_total(sheet));
    wf_write(&w, ",\"list\":[");
    for (i = 0; i < wf_sheet_errors(sheet); i++) {
        wf_write(&w, i ? ",\n" : "");
        write_error(&w, wf_sheet_error_at(sheet, i));
    }
    wf_write(&w, "]}");
    write_checks(&w, sheet);
    wf_write(&w, "}");
    return wf_written(&w);
}

/* ---- reading ----------------------------------------------------------------------- */

typedef int read_fn(const wf_value_t *value, wf_slot_t *slot, apr_pool_t *p);

static int read_counter(const wf_value_t *value, wf_slot_t *slot, apr_pool_t *p)
{
    (void)p;
    return wf_read_number(value, &slot->count);
}

static int read_gauge(const wf_value_t *value, wf_slot_t *slot, apr_pool_t *p)
{
    double n[6];
    wf_gauge_t gauge;
    apr_int64_t at_ms;

    if (!wf_read_numbers(value, n, 6)
        || !wf_read_int(wf_read_element(value, 1), APR_INT64_MIN, &at_ms) || n[0] < n[2]
        || n[0] > n[3] || n[5] < 0) {
        return 0;
    }
    gauge = (wf_gauge_t){ .set = 1,
                          .last = n[0],
                          .at_ms = at_ms,
                          .min = n[2],
                          .max = n[3],
                          .sum = n[4],
                          .samples = n[5] };
    wf_slot_gauge(slot, &gauge, p);
    return 1;
}

static int read_rate(const wf_value_t *value, wf_slot_t *slot, apr_pool_t *p)
{
    double n[2];

    (void)p;
    if (!wf_read_numbers(value, n, 2) || n[0] < 0 || n[0] > n[1]) {
        return 0;
    }
    slot->rate.passes = n[0];
    slot->rate.total = n[1];
    return 1;
}

static int read_trend(const wf_value_t *value, wf_slot_t *slot, apr_pool_t *p)
{
    return wf_read_histogram(value, wf_slot_trend(slot, p), p);
}

static int read_tally(const wf_value_t *value, wf_slot_t *slot, apr_pool_t *p)
{
    int i, length = wf_read_length(value);

    if (length < 0 || length > WF_TALLY_KEYS + 1) {
        return 0;
    }
    for (i = 0; i < length; i++) {
        const wf_value_t *pair = wf_read_element(value, i);
        apr_int64_t key;
        double n[2];

        if (!wf_read_numbers(pair, n, 2) || n[1] < 0
            || !wf_read_int(wf_read_element(pair, 0), -1, &key) || key > APR_INT32_MAX) {
            return 0;
        }
        wf_slot_tally(slot, (int)key, n[1], p);
    }
    return 1;
}

static read_fn *const readers[WF_METRIC_TYPES] = {
    [WF_COUNTER] = read_counter, [WF_GAUGE] = read_gauge, [WF_RATE] = read_rate,
    [WF_TREND] = read_trend,     [WF_TALLY] = read_tally,
};

int wf_slot_read(const wf_value_t *value, wf_metric_type_e type, wf_slot_t *slot,
                 apr_pool_t *p)
{
    return value == NULL || value->type == WF_NULL || readers[type](value, slot, p);
}

static apr_status_t broken(wf_error_t *err, const char *what, int i)
{
    return wf_error_set(err, WF_ERR_INVALID, "no sheet of metrics: %s %d", what, i);
}

/* Fills a slot that is empty. A metric that the table lacks is left out. */
static apr_status_t read_metric(wf_sheet_t *into, const wf_value_t *row, int i,
                                char *seen, wf_error_t *err)
{
    const wf_metric_table_t *table = wf_sheet_table(into);
    const char *name = wf_read_string(row, "name");
    wf_metric_type_e type;
    const wf_value_t *value;
    int metric;

    if (name == NULL) {
        return broken(err, "no name in metric", i);
    }
    metric = wf_metric_find(table, name, wf_read_string(row, "step"));
    if (metric < 0) {
        return APR_SUCCESS;
    }
    type = wf_metric_at(table, metric)->type;
    value = wf_read_member(row, wf_metric_type_name(type));
    if (seen[metric]++ || value == NULL
        || !wf_slot_read(value, type, wf_sheet_slot_of(into, metric),
                         wf_sheet_pool(into))) {
        return broken(err, "value of metric", i);
    }
    return APR_SUCCESS;
}

static apr_status_t read_metrics(wf_sheet_t *into, const wf_value_t *list, apr_pool_t *p,
                                 wf_error_t *err)
{
    char *seen = apr_pcalloc(p, (apr_size_t)wf_metric_count(wf_sheet_table(into)) + 1);
    int i, length = wf_read_length(list);

    if (length < 0) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "no sheet of metrics: no list of metrics");
    }
    for (i = 0; i < length; i++) {
        apr_status_t rv = read_metric(into, wf_read_element(list, i), i, seen, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static int read_error(const wf_value_t *value, wf_metric_error_t *e)
{
    e->step = wf_read_string(value, "step");
    e->code = wf_read_string(value, "code");
    e->message = wf_read_string(value, "message");
    return e->code != NULL && e->message != NULL
           && wf_read_int(wf_read_member(value, "first"), APR_INT64_MIN, &e->first_ms)
           && wf_read_int(wf_read_member(value, "times"), 1, &e->times);
}

static apr_status_t read_errors(wf_sheet_t *into, const wf_value_t *value,
                                wf_error_t *err)
{
    wf_errors_t *errors = wf_sheet_error_list(into);
    const wf_value_t *list = wf_read_member(value, "list");
    int i, length = wf_read_length(list);
    apr_int64_t total;

    if (!wf_read_int(wf_read_member(value, "total"), 0, &total) || length < 0
        || length > WF_ERRORS_MAX) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "no sheet of metrics: no list of errors");
    }
    for (i = 0; i < length; i++) {
        wf_metric_error_t e;

        if (!read_error(wf_read_element(list, i), &e)) {
            return broken(err, "error", i);
        }
        wf_errors_add(errors, &e);
    }
    if (wf_errors_total(errors) > total) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "no sheet of metrics: errors of %" APR_INT64_T_FMT, total);
    }
    wf_errors_count(errors, total - wf_errors_total(errors));
    return APR_SUCCESS;
}

static int read_counts(const wf_value_t *value, double counts[2])
{
    return wf_read_numbers(value, counts, 2) && counts[0] >= 0 && counts[1] >= 0;
}

/* Sheets of before there were names have none. */
static apr_status_t read_checks(wf_sheet_t *into, const wf_value_t *value,
                                wf_error_t *err)
{
    const wf_value_t *list = wf_read_member(value, "list");
    int i, length = wf_read_length(list);
    double counts[2];

    if (value == NULL) {
        return APR_SUCCESS;
    }
    if (!read_counts(wf_read_member(value, "rest"), counts) || length < 0
        || length > WF_CHECKS_NAMES) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "no sheet of metrics: no list of checks");
    }
    wf_checks_count(wf_sheet_check_list(into), counts[0], counts[1]);
    for (i = 0; i < length; i++) {
        const wf_value_t *item = wf_read_element(list, i);
        const char *name = wf_read_string(item, "name");

        if (name == NULL || !read_counts(wf_read_member(item, "counts"), counts)) {
            return broken(err, "check", i);
        }
        wf_sheet_check(into, wf_read_string(item, "step"), name, counts[0], counts[1]);
    }
    return APR_SUCCESS;
}

static apr_status_t read_sheet(wf_sheet_t *into, const char *text, apr_size_t length,
                               apr_pool_t *p, wf_error_t *err)
{
    wf_value_t sheet;
    apr_int64_t version;
    apr_status_t rv;

    if (length > WF_SHEET_TEXT_MAX) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "a sheet of metrics has more than %d bytes",
                            WF_SHEET_TEXT_MAX);
    }
    rv = wf_json_value(&sheet, text, length, p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!wf_read_int(wf_read_member(&sheet, "version"), VERSION, &version)
        || version > VERSION) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "no sheet of metrics, or of another version than %d",
                            VERSION);
    }
    rv = read_metrics(into, wf_read_member(&sheet, "metrics"), p, err);
    if (rv == APR_SUCCESS) {
        rv = read_errors(into, wf_read_member(&sheet, "errors"), err);
    }
    return rv == APR_SUCCESS ? read_checks(into, wf_read_member(&sheet, "checks"), err)
                             : rv;
}

/* What is wrong may stand at the end of the text: a sheet that holds something gets it by
 * way of another one. */
static apr_status_t read_beside(wf_sheet_t *into, const char *text, apr_size_t length,
                                apr_pool_t *p, wf_error_t *err)
{
    wf_sheet_t *read = wf_sheet_create(wf_sheet_table(into), p);
    apr_status_t rv = read_sheet(read, text, length, p, err);

    if (rv == APR_SUCCESS) {
        wf_sheet_merge(into, read);
    }
    return rv;
}

apr_status_t wf_sheet_decode(wf_sheet_t *into, const char *text, apr_size_t length,
                             wf_error_t *err)
{
    apr_pool_t *p;
    apr_status_t rv = apr_pool_create(&p, wf_sheet_pool(into));

    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "reading a sheet of metrics");
    }
    apr_pool_tag(p, "wf_sheet_decode");
    if (!wf_sheet_empty(into)) {
        rv = read_beside(into, text, length, p, err);
    }
    else if ((rv = read_sheet(into, text, length, p, err)) != APR_SUCCESS) {
        wf_sheet_clear(into);
    }
    apr_pool_destroy(p);
    return rv;
}
