/* Time series: points of spans, joining when they are full, the rows that a store keeps
 * of them, going on after a restart, and what clients see. */
#include "samples.h"

#define START_MS 1700000000000ll

static const wf_series_columns_t columns = { .iterations = MY_COUNTER,
                                             .http_reqs = HTTP_REQS,
                                             .http_failed = HTTP_FAILED,
                                             .dropped = A_COUNT,
                                             .sent = A_SUCCESS,
                                             .received = A_FAILURE,
                                             .duration = HTTP_DURATION };
static wf_metric_table_t *table;

/* What happens in a second: of each column something else. */
static void happen(wf_sheet_t *sheet)
{
    int i, n = 1 + (int)(next_random() % 5);

    for (i = 0; i < n; i++) {
        wf_sheet_count(sheet, HTTP_REQS, 1);
        wf_sheet_rate(sheet, HTTP_FAILED, i == 3);
        wf_sheet_time(sheet, HTTP_DURATION, random_sample(1e6));
    }
    wf_sheet_count(sheet, MY_COUNTER, 2);
    wf_sheet_count(sheet, A_COUNT, n == 5);
    wf_sheet_count(sheet, A_SUCCESS, 100 * n);
    wf_sheet_count(sheet, A_FAILURE, 1000 * n);
}

static int same_buckets(const wf_histogram_t *a, const wf_histogram_t *b)
{
    double percent;
    int same =
        a->count == b->count && a->sum == b->sum && a->min == b->min && a->max == b->max;

    for (percent = 0; percent <= 100; percent += 0.5) {
        same &=
            wf_histogram_percentile(a, percent) == wf_histogram_percentile(b, percent);
    }
    return same;
}

/* All points together are the run. */
static int is_whole(const wf_series_t *series, const wf_sheet_t *sheet, int seconds)
{
    wf_point_t sum = { 0 };
    double failed, total;
    int i, whole = 1;

    for (i = 0; i < wf_series_count(series); i++) {
        const wf_point_t *point = wf_series_at(series, i);

        whole &= point->elapsed_ms == sum.elapsed_ms + point->span_ms;
        whole &= i == 0 || point->number > wf_series_at(series, i - 1)->number;
        wf_point_join(&sum, point, pool);
    }
    wf_sheet_passes(sheet, HTTP_FAILED, &failed, &total);
    return whole && sum.elapsed_ms == seconds * 1000ll && sum.span_ms == sum.elapsed_ms
           && sum.iterations == wf_sheet_counter(sheet, MY_COUNTER)
           && sum.http_reqs == wf_sheet_counter(sheet, HTTP_REQS) && sum.failed == failed
           && sum.dropped == wf_sheet_counter(sheet, A_COUNT)
           && sum.sent == wf_sheet_counter(sheet, A_SUCCESS)
           && sum.received == wf_sheet_counter(sheet, A_FAILURE)
           && same_buckets(&sum.duration, wf_sheet_histogram(sheet, HTTP_DURATION));
}

static void look(wf_series_t *series, const wf_sheet_t *sheet, int second)
{
    wf_series_see(series, sheet, second * 1000000ll, START_MS + second * 1000ll,
                  second % 10);
}

/* ---- joining ----------------------------------------------------------------------- */

static void joining(void)
{
    static const struct {
        int seconds, points, span_ms, last_ms, generation;
    } cases[] = {
        /* clang-format off */
        { 1,    1,   1000, 1000, 0 },
        { 10,   10,  1000, 1000, 0 },
        { 600,  600, 1000, 1000, 0 },
        { 601,  301, 2000, 1000, 1 },
        { 602,  301, 2000, 2000, 1 },
        { 1200, 600, 2000, 2000, 1 },
        { 1201, 301, 4000, 1000, 2 },
        { 5000, 313, 16000, 8000, 4 },
        /* clang-format on */
    };
    wf_series_t *series = wf_series_create(&columns, pool);
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    size_t i;
    int t = 0;

    look(series, sheet, 0);
    is_int(wf_series_count(series), 0, "no point before anything happened");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int n;

        while (t < cases[i].seconds) {
            happen(sheet);
            look(series, sheet, ++t);
        }
        n = wf_series_count(series);
        is_int(n, cases[i].points, "%d s: points", t);
        is_int(wf_series_at(series, 0)->span_ms, cases[i].span_ms, "%d s: span", t);
        is_int(wf_series_at(series, n - 1)->span_ms, cases[i].last_ms, "%d s: last span",
               t);
        is_int(wf_series_generation(series), cases[i].generation, "%d s: joins", t);
        ok(is_whole(series, sheet, t), "%d s: the points are the run, exactly", t);
        is_int(wf_series_at(series, n - 1)->time_ms, START_MS + t * 1000ll,
               "%d s: time of the last", t);
    }
    is_int(wf_series_at(series, 0)->number, 0, "the first stays the first");
}

/* Looks that come late, early, twice, or while nothing moves. */
static void odd_looks(void)
{
    wf_series_t *series = wf_series_create(&columns, pool);
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    apr_int64_t us = 0;
    double requests = 0;
    int i;

    for (i = 0; i < 3000; i++) {
        happen(sheet);
        us += (apr_int64_t)(next_random() % 400000);
        wf_series_see(series, sheet, us, START_MS + us / 1000, 1);
        if (i % 50 == 0) {
            happen(sheet);
            wf_series_see(series, sheet, us, START_MS + us / 1000, 1);
            wf_series_see(series, sheet, us / 2, START_MS + us / 2000, 1);
        }
    }
    ok(wf_series_count(series) >= 250 && wf_series_count(series) <= 600,
       "%d points of a second or so", wf_series_count(series));
    for (i = 0; i < wf_series_count(series); i++) {
        requests += wf_series_at(series, i)->http_reqs;
    }
    ok(requests == wf_sheet_counter(sheet, HTTP_REQS),
       "nothing is lost or counted twice");
}

static void missing_columns(void)
{
    const wf_series_columns_t none = { -1, -1, -1, -1, -1, -1, -1 };
    wf_series_t *series = wf_series_create(&none, pool);
    wf_sheet_t *sheet = wf_sheet_create(table, pool);

    happen(sheet);
    look(series, sheet, 1);
    ok(wf_series_at(series, 0)->http_reqs == 0
           && wf_series_at(series, 0)->duration.count == 0,
       "columns that the table lacks are empty");
}

/* ---- the store --------------------------------------------------------------------- */

/* Rows by number, written as the header says: from the last point that was known on, or
 * all of them after a join. */
typedef struct rows_t {
    const char *text[20000];
    int generation;
    apr_int64_t last;
    int written;
} rows_t;

static void save(rows_t *rows, const wf_series_t *series)
{
    int i;

    if (rows->generation != wf_series_generation(series)) {
        memset(rows->text, 0, sizeof(rows->text));
        rows->generation = wf_series_generation(series);
        rows->last = 0;
    }
    for (i = wf_series_count(series) - 1; i >= 0; i--) {
        const wf_point_t *point = wf_series_at(series, i);

        if (point->number < rows->last) {
            break;
        }
        rows->text[point->number] = wf_point_encode(point, pool);
        rows->written++;
    }
    rows->last = wf_series_at(series, wf_series_count(series) - 1)->number;
}

static wf_series_t *restore(const rows_t *rows)
{
    wf_series_t *series = wf_series_create(&columns, pool);
    int i, good = 1;

    for (i = 0; i < 20000; i++) {
        wf_point_t point;
        wf_error_t err;

        wf_error_init(&err, pool);
        if (rows->text[i] != NULL) {
            good &=
                wf_point_decode(&point, rows->text[i], strlen(rows->text[i]), pool, &err)
                == APR_SUCCESS;
            wf_series_restore(series, &point);
        }
    }
    ok(good, "all rows are read");
    return series;
}

static int same_series(const wf_series_t *a, const wf_series_t *b)
{
    int i;

    if (wf_series_count(a) != wf_series_count(b)) {
        diag("%d and %d points", wf_series_count(a), wf_series_count(b));
        return 0;
    }
    for (i = 0; i < wf_series_count(a); i++) {
        const char *x = wf_point_encode(wf_series_at(a, i), pool);
        const char *y = wf_point_encode(wf_series_at(b, i), pool);

        if (strcmp(x, y) != 0) {
            diag("point %d: %s, %s", i, x, y);
            return 0;
        }
    }
    return 1;
}

/* A run that is interrupted again and again ends with the points of one that is not. */
static void restarts(void)
{
    static const int at[] = { 1, 5, 300, 600, 601, 1000, 1199, 1201, 3333 };
    wf_series_t *series = wf_series_create(&columns, pool), *again;
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    rows_t *rows = apr_pcalloc(pool, sizeof(*rows));
    size_t i = 0;
    int t;

    again = wf_series_create(&columns, pool);
    for (t = 1; t <= 4000; t++) {
        happen(sheet);
        look(series, sheet, t);
        look(again, sheet, t);
        save(rows, series);
        if (i < sizeof(at) / sizeof(at[0]) && t == at[i]) {
            i++;
            again = restore(rows);
            ok(same_series(again, series), "%d s: the rows are the series", t);
        }
    }
    ok(same_series(again, series), "it goes on as if nothing had happened");
    ok(is_whole(again, sheet, 4000), "and is the whole run");
    ok(rows->written < 2 * 4000 + 4 * 600, "%d rows were written", rows->written);
}

/* ---- points ------------------------------------------------------------------------ */

static void shown(void)
{
    wf_point_t point = { .number = 3,
                         .time_ms = START_MS,
                         .elapsed_ms = 8000,
                         .span_ms = 2000,
                         .active_vus = 7,
                         .iterations = 11,
                         .http_reqs = 50,
                         .failed = 5,
                         .dropped = 2,
                         .sent = 3000,
                         .received = 10000 };
    wf_point_t empty = { 0 };
    json_object *json;
    int i;

    for (i = 1; i <= 50; i++) {
        wf_histogram_add(&point.duration, i * 1000, pool);
    }
    json = wf_point_json(&point, pool);
    is_str(
        json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
        "{\"timestamp\":\"2023-11-14T22:13:20Z\",\"elapsed_ms\":8000,\"iterations\":11,"
        "\"active_vus\":7,\"qps\":25.0,\"error_rate\":10.0,\"avg_rt_ms\":25.5,"
        "\"p50_rt_ms\":25.024,\"p90_rt_ms\":44.928,\"p95_rt_ms\":48.0,"
        "\"p99_rt_ms\":50.0,\"data_sent_per_sec\":1500.0,"
        "\"data_received_per_sec\":5000.0,\"dropped_iterations\":2}",
        "the members that clients see");
    json_object_put(json);
    json = wf_point_json(&empty, pool);
    ok(json_object_get_double(wf_json_get(json, "qps")) == 0, "an empty one has no rate");
    json_object_put(json);
}

#define TIMES "\"version\":1,\"number\":0,\"time\":5,\"elapsed\":1000,\"span\":1000"
#define COUNTS "\"counts\":[1,2,0,0,4,5]"
#define NONE "\"duration\":[0,0,0,\"\"]"

static const struct {
    const char *what, *text;
    int good;
} texts[] = {
    /* clang-format off */
    { "a point",           "{" TIMES ",\"vus\":1," COUNTS "," NONE "}", 1 },
    { "no JSON",           "{" TIMES, 0 },
    { "no object",         "[]", 0 },
    { "no version",        "{\"number\":0}", 0 },
    { "no counts",         "{" TIMES ",\"vus\":1," NONE "}", 0 },
    { "no durations",      "{" TIMES ",\"vus\":1," COUNTS "}", 0 },
    { "bad durations",     "{" TIMES ",\"vus\":1," COUNTS ",\"duration\":[1,0,0,\"\"]}", 0 },
    { "negative VUs",      "{" TIMES ",\"vus\":-1," COUNTS "," NONE "}", 0 },
    { "too few counts",    "{" TIMES ",\"vus\":1,\"counts\":[1]," NONE "}", 0 },
    { "a negative count",  "{" TIMES ",\"vus\":1,\"counts\":[1,2,0,0,-4,5]," NONE "}", 0 },
    { "longer than it is", "{\"version\":1,\"number\":0,\"time\":5,\"elapsed\":1000,"
                           "\"span\":1001,\"vus\":1," COUNTS "," NONE "}", 0 },
    /* clang-format on */
};

static void strict(void)
{
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        wf_point_t point;
        wf_error_t err;
        int good;

        wf_error_init(&err, pool);
        good = wf_point_decode(&point, texts[i].text, strlen(texts[i].text), pool, &err)
               == APR_SUCCESS;
        ok(good == texts[i].good && (good || err.kind == WF_ERR_INVALID), "%s: %s",
           texts[i].what, err.message ? err.message : "read");
        if (!good) {
            ok(point.http_reqs == 0 && point.duration.count == 0, "%s: nothing is left",
               texts[i].what);
        }
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    table = sample_table();
    joining();
    odd_looks();
    missing_columns();
    restarts();
    shown();
    strict();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
