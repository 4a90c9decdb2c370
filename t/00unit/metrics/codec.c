/* Sheets as text: exact there and back, also between tables that differ; whatever is no
 * sheet is refused as a whole. */
#include "samples.h"

static wf_metric_table_t *table;

static wf_sheet_t *figures(int n)
{
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    int i;

    for (i = 0; i < n; i++) {
        wf_sheet_count(sheet, HTTP_REQS, 1);
        wf_sheet_count(sheet, MY_COUNTER, (double)random_sample(1e9) / 7);
        wf_sheet_time(sheet, HTTP_DURATION, random_sample(1e9));
        wf_sheet_trend(sheet, MY_TREND, (double)random_sample(1e15) / 3);
        wf_sheet_rate(sheet, MY_RATE, i % 3 == 0);
        wf_sheet_gauge(sheet, MY_GAUGE, (double)i / 7 - 5, 1700000000000ll + i);
        wf_sheet_tally(sheet, A_STATUS, 200 + i % 70);
        wf_sheet_error(sheet, i % 2 ? "a" : NULL, "CODE",
                       apr_psprintf(pool, "\"quoted\" \xc3\xa9 %d\n", i % 120), i);
    }
    return sheet;
}

static wf_sheet_t *decoded(const wf_metric_table_t *of, const char *text)
{
    wf_sheet_t *sheet = wf_sheet_create(of, pool);
    wf_error_t err;

    wf_error_init(&err, pool);
    ok(wf_sheet_decode(sheet, text, strlen(text), &err) == APR_SUCCESS, "it is read: %s",
       err.message ? err.message : "");
    return sheet;
}

static void round_trip(void)
{
    const int sizes[] = { 0, 1, 10, 5000 };
    size_t i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        wf_sheet_t *sheet = figures(sizes[i]);
        const char *text = wf_sheet_encode(sheet, pool);
        wf_sheet_t *back = decoded(table, text);

        is_str(wf_sheet_encode(back, pool), text, "%d samples come back as they were",
               sizes[i]);
        is_int(wf_sheet_error_total(back), sizes[i], "with all errors");
    }
}

static void added(void)
{
    wf_sheet_t *a = figures(300), *b = figures(200);
    wf_sheet_t *sum = decoded(table, wf_sheet_encode(a, pool));
    const char *text = wf_sheet_encode(b, pool);
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_sheet_decode(sum, text, strlen(text), &err);
    wf_sheet_merge(a, b);
    is_str(wf_sheet_encode(sum, pool), wf_sheet_encode(a, pool),
           "decoding into a sheet is merging");
}

/* Another version of a plan: metrics are found by name. */
static void other_table(void)
{
    wf_metric_table_t *other = wf_metric_table_create(pool);
    wf_metric_t metrics[] = {
        { "new_one", NULL, WF_TREND, WF_UNIT_NONE, 1, 0 },
        { "my_trend", NULL, WF_TREND, WF_UNIT_NONE, 1, 0 },
        { "http_reqs", NULL, WF_COUNTER, WF_UNIT_NONE, 0, 0 },
    };
    wf_sheet_t *sheet = figures(50), *back;
    int i;

    for (i = 0; i < 3; i++) {
        wf_metric_declare(other, &metrics[i]);
    }
    back = decoded(other, wf_sheet_encode(sheet, pool));
    ok(wf_sheet_counter(back, 2) == 50, "a counter at another index");
    is_int((long long)wf_sheet_histogram(back, 1)->max,
           (long long)wf_sheet_histogram(sheet, MY_TREND)->max, "a trend, too");
    is_int((long long)wf_sheet_histogram(back, 0)->count, 0, "a new one is empty");
    is_str(wf_sheet_error_at(back, 1)->step, "a", "errors keep their step");
}

/* A difference has extremes that are only near; it must come back all the same. */
static void difference(void)
{
    wf_sheet_t *sheet = figures(100), *whole = wf_sheet_create(table, pool);
    const char *text;

    wf_sheet_merge(whole, sheet);
    wf_sheet_merge(whole, figures(100));
    wf_sheet_subtract(whole, sheet);
    text = wf_sheet_encode(whole, pool);
    is_str(wf_sheet_encode(decoded(table, text), pool), text, "as it was");
}

#define NO_ERRORS ",\"errors\":{\"total\":0,\"list\":[]}}"
#define METRIC(m) "{\"version\":1,\"metrics\":[{" m "}]" NO_ERRORS
#define TREND(t) METRIC("\"name\":\"my_trend\",\"trend\":" t)
#define ERROR(e) "{\"version\":1,\"metrics\":[],\"errors\":" e "}"

static const struct {
    const char *what, *text;
    int good;
} texts[] = {
    /* clang-format off */
    { "empty",                 "", 0 },
    { "no JSON",               "{", 0 },
    { "no object",             "[]", 0 },
    { "another version",       "{\"version\":2,\"metrics\":[]" NO_ERRORS, 0 },
    { "nothing measured",      "{\"version\":1,\"metrics\":[]" NO_ERRORS, 1 },
    { "no metrics",            "{\"version\":1" NO_ERRORS, 0 },
    { "no errors",             "{\"version\":1,\"metrics\":[]}", 0 },
    { "no name",               METRIC("\"counter\":1"), 0 },
    { "unknown metric",        METRIC("\"name\":\"unknown\",\"counter\":1"), 1 },
    { "no value",              METRIC("\"name\":\"my_counter\""), 0 },
    { "counter",               METRIC("\"name\":\"my_counter\",\"counter\":1.5"), 1 },
    { "counter of text",       METRIC("\"name\":\"my_counter\",\"counter\":\"1\""), 0 },
    { "counter beyond double", METRIC("\"name\":\"my_counter\",\"counter\":1e999"), 0 },
    { "another type",          METRIC("\"name\":\"my_counter\",\"rate\":[1,2]"), 0 },
    { "twice",                 METRIC("\"name\":\"my_counter\",\"counter\":1},"
                                      "{\"name\":\"my_counter\",\"counter\":1"), 0 },
    { "gauge",                 METRIC("\"name\":\"my_gauge\",\"gauge\":[1,2,1,1,1,1]"), 1 },
    { "short gauge",           METRIC("\"name\":\"my_gauge\",\"gauge\":[1,2,1,1,1]"), 0 },
    { "gauge upside down",     METRIC("\"name\":\"my_gauge\",\"gauge\":[1,2,3,1,1,1]"), 0 },
    { "rate",                  METRIC("\"name\":\"my_rate\",\"rate\":[1,2]"), 1 },
    { "rate above 1",          METRIC("\"name\":\"my_rate\",\"rate\":[3,2]"), 0 },
    { "negative rate",         METRIC("\"name\":\"my_rate\",\"rate\":[-1,2]"), 0 },
    { "tally",                 METRIC("\"name\":\"http_req_status\",\"tally\":[[200,3],[-1,1]]"), 1 },
    { "tally of no key",       METRIC("\"name\":\"http_req_status\",\"tally\":[[-2,3]]"), 0 },
    { "tally of fractions",    METRIC("\"name\":\"http_req_status\",\"tally\":[[2.5,3]]"), 0 },
    { "tally of a huge key",   METRIC("\"name\":\"http_req_status\",\"tally\":[[5000000000,3]]"), 0 },
    { "negative tally",        METRIC("\"name\":\"http_req_status\",\"tally\":[[200,-3]]"), 0 },
    { "trend",                 TREND("[10,1,5,\"1:2 3:1\"]"), 1 },
    { "empty trend",           TREND("[0,0,0,\"\"]"), 1 },
    { "sum of nothing",        TREND("[1,0,0,\"\"]"), 0 },
    { "no buckets",            TREND("[10,1,5]"), 0 },
    { "buckets are no text",   TREND("[10,1,5,3]"), 0 },
    { "min of another bucket", TREND("[10,2,5,\"1:2 3:1\"]"), 0 },
    { "max of another bucket", TREND("[10,1,6,\"1:2 3:1\"]"), 0 },
    { "sum too small",         TREND("[1,100,200,\"100:2 99:1\"]"), 0 },
    { "sum too large",         TREND("[999,100,200,\"100:2 99:1\"]"), 0 },
    { "negative min",          TREND("[10,-1,5,\"1:2 3:1\"]"), 0 },
    { "empty bucket",          TREND("[10,1,5,\"1:2 2:0 0:1\"]"), 0 },
    { "bucket out of range",   TREND("[10,1,5,\"1:2 7294:1\"]"), 0 },
    { "bucket beyond 64 bits", TREND("[10,1,5,\"1:2 99999999999999999999:1\"]"), 0 },
    { "count beyond 64 bits",  TREND("[10,1,5,\"1:18446744073709551615 3:1\"]"), 0 },
    { "blank at the end",      TREND("[10,1,5,\"1:2 3:1 \"]"), 0 },
    { "no count",              TREND("[10,1,5,\"1:2 3\"]"), 0 },
    { "a sign",                TREND("[10,1,5,\"+1:2 3:1\"]"), 0 },
    { "short buckets",         TREND("[10,1,5,\"BCDB\"]"), 1 },
    { "a long count",          TREND("[40,1,1,\"BoB\"]"), 1 },
    { "a zero at the end",     TREND("[8,1,1,\"BoA\"]"), 0 },
    { "more behind a NUL",     TREND("[10,1,5,\"BCDB\\u0000x\"]"), 0 },
    { "half a bucket",         TREND("[10,1,5,\"BCD\"]"), 0 },
    { "half a number",         TREND("[10,1,5,\"BCDh\"]"), 0 },
    { "no digit",              TREND("[10,1,5,\"BC-B\"]"), 0 },
    { "a blank between",       TREND("[10,1,5,\"BC DB\"]"), 0 },
    { "a count of nothing",    TREND("[10,1,5,\"BCDA\"]"), 0 },
    { "a bucket too far",      TREND("[10,1,5,\"BC+jIB\"]"), 0 },
    { "64 bits",               TREND("[1e19,1,1,\"B//////////////P\"]"), 0 },
    { "all of 64 bits",        TREND("[18446744073709551615.0,1,1,\"B////////////P\"]"), 1 },
    { "more than 64 bits",     TREND("[18446744073709551615.0,1,1,\"B////////////Q\"]"), 0 },
    { "errors",                ERROR("{\"total\":2,\"list\":[{\"code\":\"C\",\"message\":\"m\",\"first\":1,\"times\":2}]}"), 1 },
    { "more errors than all",  ERROR("{\"total\":1,\"list\":[{\"code\":\"C\",\"message\":\"m\",\"first\":1,\"times\":2}]}"), 0 },
    { "an error of 0 times",   ERROR("{\"total\":1,\"list\":[{\"code\":\"C\",\"message\":\"m\",\"first\":1,\"times\":0}]}"), 0 },
    { "an error without code", ERROR("{\"total\":1,\"list\":[{\"message\":\"m\",\"first\":1,\"times\":1}]}"), 0 },
    { "a negative total",      ERROR("{\"total\":-1,\"list\":[]}"), 0 },
    /* clang-format on */
};

static void strict(void)
{
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        wf_sheet_t *sheet = figures(3);
        const char *before = wf_sheet_encode(sheet, pool);
        wf_error_t err;
        int good;

        wf_error_init(&err, pool);
        good = wf_sheet_decode(sheet, texts[i].text, strlen(texts[i].text), &err)
               == APR_SUCCESS;
        ok(good == texts[i].good && (good || err.kind == WF_ERR_INVALID), "%s: %s",
           texts[i].what, err.message ? err.message : "read");
        if (!good) {
            is_str(wf_sheet_encode(sheet, pool), before, "%s: nothing was added",
                   texts[i].what);
        }
    }
}

/* What is wrong may stand behind what is right. */
static void all_or_nothing(void)
{
    const char *text =
        "{\"version\":1,\"metrics\":[{\"name\":\"my_counter\",\"counter\":1},"
        "{\"name\":\"my_rate\",\"rate\":[2,1]}]" NO_ERRORS;
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    wf_error_t err;

    wf_error_init(&err, pool);
    ok(wf_sheet_decode(sheet, text, strlen(text), &err) != APR_SUCCESS, "refused");
    ok(wf_sheet_counter(sheet, MY_COUNTER) == 0, "as a whole");
    ok(strstr(err.message, "metric 1") != NULL, "naming what is wrong: %s", err.message);
}

/* A sheet without anything is read into at once, and its memory may have been used: what was
 * refused leaves nothing there. */
static void refused_into_empty(void)
{
    static const char broken[] =
        "{\"version\":1,\"metrics\":[{\"name\":\"my_trend\",\"trend\":[10,1,5,\"1:2 3:1 x\"]}]"
        NO_ERRORS;
    wf_sheet_t *sheet = wf_sheet_create(table, pool), *other = figures(20);
    wf_error_t err;
    const char *text = wf_sheet_encode(other, pool);

    wf_error_init(&err, pool);
    ok(wf_sheet_decode(sheet, broken, strlen(broken), &err) != APR_SUCCESS, "refused: %s",
       err.message);
    wf_sheet_decode(sheet, text, strlen(text), &err);
    is_str(wf_sheet_encode(sheet, pool), text, "what comes next is all there is");
    wf_sheet_clear(sheet);
    wf_sheet_decode(sheet, text, strlen(text), &err);
    is_str(wf_sheet_encode(sheet, pool), text, "also in a sheet that was cleared");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    table = sample_table();
    round_trip();
    added();
    other_table();
    difference();
    strict();
    all_or_nothing();
    refused_into_empty();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
