/* Two runs beside each other: the names of figures, what is better and what worse, which
 * of them are told, and thresholds that are relative to an earlier run. */
#include "samples.h"

/* A report as runs make them, with one step. */
static json_object *report(const char *id, double p95, double rate, double failed,
                           const char *step)
{
    char text[1024];
    json_object *json;
    wf_error_t err;

    wf_error_init(&err, pool);
    apr_snprintf(
        text, sizeof(text),
        "{\"execution_id\":\"%s\",\"workflow_id\":\"w\",\"status\":\"completed\","
        "\"start_time\":\"s\",\"end_time\":\"e\",\"summary\":{\"duration_ms\":2000,"
        "\"total_iterations\":7,\"max_vus\":3},\"metrics\":{"
        "\"http_req_duration\":{\"type\":\"trend\",\"contains\":\"time\",\"values\":{"
        "\"count\":4,\"min\":1,\"avg\":%f,\"med\":2,\"max\":9,\"p(90)\":3,\"p(95)\":%f,"
        "\"p(99)\":5}},"
        "\"http_req_blocked\":{\"type\":\"trend\",\"contains\":\"time\",\"values\":{"
        "\"count\":4,\"avg\":%f}},"
        "\"http_req_failed\":{\"type\":\"rate\",\"contains\":\"default\",\"values\":{"
        "\"rate\":%f,\"passes\":1,\"fails\":3}},"
        "\"checks\":{\"type\":\"rate\",\"values\":{\"rate\":0,\"passes\":0,\"fails\":0}},"
        "\"http_reqs\":{\"type\":\"counter\",\"values\":{\"count\":4,\"rate\":%f}},"
        "\"cart\":{\"type\":\"gauge\",\"custom\":true,\"values\":{\"value\":%f,\"avg\":%"
        "f}},"
        "\"unused\":{\"type\":\"trend\",\"values\":{\"count\":0,\"avg\":0}}},"
        "\"step_details\":[{\"step_id\":\"%s\",\"count\":4,\"success_rate\":0.75,"
        "\"p95_ms\":%f,\"metrics\":{\"http_status\":{\"avg\":%f}}}]}",
        id, p95 / 2, p95, p95, failed, rate, rate, rate, step, p95, p95);
    if (wf_json_read(&json, text, strlen(text), pool, &err) != APR_SUCCESS) {
        diag("%s", err.message);
    }
    return json;
}

static json_object *figures_of(json_object *of)
{
    return wf_json_own(wf_figures(of, pool), pool);
}

/* ---- figures ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    int found;
    double value;
} figures[] = {
    /* clang-format off */
    { "http_req_duration.p95",   1, 40 },
    { "http_req_duration.med",   1, 2 },
    { "http_req_duration.count", 1, 4 },
    { "http_reqs.rate",          1, 100 },
    { "http_req_failed.rate",    1, 0.25 },
    { "http_req_failed.passes",  1, 1 },
    { "a.duration.p95",          1, 40 },
    { "a.success_rate.rate",     1, 0.75 },
    { "a.failure_rate.rate",     1, 0.25 },
    { "a.count.count",           1, 4 },
    { "a.http_status.avg",       1, 40 },
    { "total_iterations.value",  1, 7 },
    { "duration.value",          1, 2000 },
    { "total_vus.value",         1, 3 },
    { "unused.avg",              0, 0 }, /* no samples */
    { "checks.rate",             0, 0 },
    { "a.duration.med",          0, 0 },
    { "b.duration.p95",          0, 0 },
    /* clang-format on */
};

static void names(void)
{
    json_object *kept = figures_of(report("one", 40, 100, 0.25, "a"));
    double value;
    size_t i;

    for (i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        int found = wf_figure_find(kept, figures[i].name, &value);

        ok(found == figures[i].found && near(value, figures[i].value), "%s is %g",
           figures[i].name, value);
    }
    is_str(wf_json_string(kept, "execution_id", ""), "one", "it says whose they are");
}

static const struct {
    const char *name;
    int known;
} known[] = {
    /* clang-format off */
    { "http_req_duration",       1 },
    { "http_req_duration.p95",   1 },
    { "http_req_duration.p94",   0 },
    { "http_req_duration.rate",  0 },
    { "http_reqs.rate",          1 },
    { "http_req_status",         0 }, /* counts by status are no figure */
    { "a",                       1 },
    { "a.b",                     1 },
    { "a.b.duration",            1 },
    { "a.b.duration.med",        1 },
    { "a.b.duration.median",     0 },
    { "a.success_rate",          1 },
    { "a.failure_rate.rate",     1 },
    { "a.success_rate.avg",      0 },
    { "c.duration",              0 },
    { "my_trend.avg",            1 },
    { "",                        0 },
    /* clang-format on */
};

static void knowing(void)
{
    wf_metric_table_t *table = sample_table();
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        is_int(wf_figure_known(table, known[i].name), known[i].known, "\"%s\" is %s",
               known[i].name, known[i].known ? "a figure" : "none");
    }
}

/* ---- comparing ----------------------------------------------------------------------- */

static const char *verdict(json_object *rows, const char *metric, const char *statistic)
{
    size_t i;

    for (i = 0; i < json_object_array_length(rows); i++) {
        json_object *row = json_object_array_get_idx(rows, i);

        if (strcmp(wf_json_string(row, "metric", ""), metric) == 0
            && strcmp(wf_json_string(row, "statistic", ""), statistic) == 0) {
            return apr_psprintf(pool, "%s %g", wf_json_string(row, "verdict", ""),
                                json_object_get_double(wf_json_get(row, "change")));
        }
    }
    return "none";
}

static const struct {
    double tolerance, p95, rate, failed; /* now; before: 40, 100, 0.25 */
    const char *of_p95, *of_rate, *of_failed, *of_cart;
    double worst;
} changes[] = {
    /* clang-format off */
    { 10, 40, 100, 0.25, "same 0",     "same 0",     "same 0",     "same 0",      0 },
    { 10, 44, 90,  0.25, "same 10",    "same -10",   "same 0",     "same -10",    10 },
    { 10, 45, 89,  0.25, "worse 12.5", "worse -11",  "same 0",     "changed -11", 12.5 },
    { 10, 30, 120, 0,    "better -25", "better 20",  "better -100","changed 20",  0 },
    { 30, 30, 120, 0.3,  "same -25",   "same 20",    "same 20",    "same 20",     20 },
    { 0,  40, 100, 0.26, "same 0",     "same 0",     "worse 4",    "same 0",      4 },
    /* clang-format on */
};

static void comparing(void)
{
    json_object *before = figures_of(report("one", 40, 100, 0.25, "a"));
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        wf_compare_t how = { .tolerance = changes[i].tolerance };
        json_object *now =
            report("two", changes[i].p95, changes[i].rate, changes[i].failed, "a");
        double worst;
        json_object *o = wf_json_own(wf_compare(&how, before, now, &worst, pool), pool);
        json_object *rows = wf_json_get(o, "metrics");

        is_str(verdict(rows, "http_req_duration", "p(95)"), changes[i].of_p95, "a time");
        is_str(verdict(rows, "http_reqs", "rate"), changes[i].of_rate, "requests/s");
        is_str(verdict(rows, "http_req_failed", "rate"), changes[i].of_failed,
               "failures");
        is_str(verdict(rows, "cart", "avg"), changes[i].of_cart,
               "something of one's own");
        is_str(verdict(wf_json_get(o, "steps"), "duration", "p(95)"), changes[i].of_p95,
               "a step");
        is_str(verdict(rows, "http_req_blocked", "avg"), "none", "nobody asked for that");
        is_str(verdict(rows, "http_reqs", "count"), "none", "nor for that");
        ok(near(worst, changes[i].worst), "the worst is %g %%", worst);
    }
}

static json_object *nothing(void)
{
    return wf_json_own(json_object_new_object(), pool);
}

static void choosing(void)
{
    static const char *const only[] = { "http_req_blocked", "a.success_rate",
                                        "http_reqs.count" };
    wf_compare_t how = { .tolerance = 10, .only = only, .nonly = 3 };
    json_object *before = figures_of(report("one", 40, 100, 0.25, "a"));
    json_object *now = report("two", 80, 10, 0.9, "a"), *o, *rows;
    double worst;

    o = wf_json_own(wf_compare(&how, before, now, &worst, pool), pool);
    rows = wf_json_get(o, "metrics");
    is_int((int)json_object_array_length(rows), 2, "only what is named");
    is_str(verdict(rows, "http_req_blocked", "avg"), "worse 100", "a metric");
    is_str(verdict(rows, "http_reqs", "count"), "same 0", "a figure");
    rows = wf_json_get(o, "steps");
    is_int((int)json_object_array_length(rows), 1, "and of steps");
    is_str(verdict(rows, "success_rate", "rate"), "same 0", "a share");
    ok(near(worst, 100), "the worst of these is %g %%", worst);

    o = wf_json_own(wf_compare(&(wf_compare_t){ .tolerance = 10 }, before,
                               report("two", 40, 100, 0.25, "c"), NULL, pool),
                    pool);
    is_str(json_object_to_json_string_ext(wf_json_get(o, "new_steps"), 0), "[\"c\"]",
           "a step that is new");
    is_str(json_object_to_json_string_ext(wf_json_get(o, "missing_steps"), 0), "[\"a\"]",
           "one that is gone");
    o = wf_json_own(wf_compare(&how, figures_of(nothing()),
                               nothing(), &worst, pool),
                    pool);
    ok(json_object_array_length(wf_json_get(o, "metrics")) == 0 && worst == 0,
       "nothing is like nothing");
}

/* ---- thresholds ----------------------------------------------------------------------- */

static const struct {
    const char *metric, *condition;
    const char *figure; /* NULL: there is none */
    double limit;       /* if the baseline is 40 */
} relations[] = {
    /* clang-format off */
    { "http_req_duration", "p(95) < baseline",        "http_req_duration.p95",   40 },
    { "http_req_duration", "p95 < baseline * 1.5",    "http_req_duration.p95",   60 },
    { "http_req_duration", "avg < baseline+2",        "http_req_duration.avg",   42 },
    { "http_req_duration", "< baseline - 2.5",        "http_req_duration.avg",   37.5 },
    { "http_req_duration", "p(50) < baseline + 10%",  "http_req_duration.med",   44 },
    { "http_req_duration", "med < baseline - 10 %",   "http_req_duration.med",   36 },
    { "http_req_duration", "p(97) < baseline",        NULL,                      40 },
    { "http_reqs",         "rate > baseline",         "http_reqs.rate",          40 },
    { "http_reqs",         "> baseline",              "http_reqs.count",         40 },
    { "http_req_failed",   "<= baseline",             "http_req_failed.rate",    40 },
    { "vus",               "max <= baseline",         "vus.max",                 40 },
    { "a.duration",        "p(99) < baseline",        "a.duration.p99",          40 },
    { "a.duration.p95",    "< baseline",              "a.duration.p95",          40 },
    { "a.b.duration.max",  "< baseline",              "a.b.duration.max",        40 },
    { "a.count",           ">= baseline",             "a.count.count",           40 },
    { "a.count",           "rate >= baseline",        NULL,                      40 },
    { "a.success_rate",    ">= baseline",             "a.success_rate.rate",     40 },
    { "a.http_status",     "== baseline",             "a.http_status.avg",       40 },
    { "a.status_503",      "<= baseline",             NULL,                      40 },
    { "http_req_status",   "<= baseline",             NULL,                      40 },
    { "total_vus",         "== baseline",             "total_vus.value",         40 },
    { "nothing",           "== baseline",             NULL,                      40 },
    /* clang-format on */
};

static void relating(void)
{
    static const char *const bad[] = { "avg < baselines",      "avg < baseline / 2",
                                       "avg < baseline *",     "avg < baseline + x",
                                       "avg < baseline * 2 3", "avg < baseline * 2%" };
    wf_metric_table_t *table = sample_table();
    size_t i;

    for (i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
        wf_threshold_t t = { .metric = relations[i].metric };
        const char *wrong =
            wf_condition_parse(&t.condition, relations[i].condition, pool);
        const char *figure;

        ok(wrong == NULL && t.condition.relative && !t.condition.known, "%s%s%s",
           relations[i].condition, wrong ? ": " : "", wrong ? wrong : "");
        figure = wf_threshold_figure(&t, table, pool);
        is_str(figure ? figure : "none",
               relations[i].figure ? relations[i].figure : "none", "%s: its figure",
               t.metric);
        wf_condition_relate(&t.condition, 40);
        ok(near(t.condition.limit, relations[i].limit), "its limit is %g",
           t.condition.limit);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        wf_condition_t condition;

        ok(wf_condition_parse(&condition, bad[i], pool) != NULL, "refused: %s", bad[i]);
    }
}

static void verdicts(void)
{
    wf_metric_table_t *table = sample_table();
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    wf_moment_t now = { .elapsed_us = 1000000 };
    wf_threshold_t t = { .metric = "http_reqs" };
    wf_judge_t *judge;

    wf_condition_parse(&t.condition, "count < baseline", pool);
    judge = wf_judge_create(&t, 1, table, pool);
    wf_sheet_count(sheet, HTTP_REQS, 50);
    ok(wf_judge_verdict(judge, 0, sheet, &now).passed, "without a baseline it holds");
    wf_condition_relate(&t.condition, 50);
    ok(!wf_judge_verdict(judge, 0, sheet, &now).passed, "then it is judged");
}

static void percents(void)
{
    static const struct {
        const char *text;
        double percent; /* -1: refused */
    } cases[] = { { "10%", 10 },    { "10", 10 },  { "0", 0 },     { "2.5%", 2.5 },
                  { "", -1 },       { "%", -1 },   { "-1%", -1 },  { "10 %", -1 },
                  { "1e999%", -1 }, { "nan", -1 }, { "10%%", -1 }, { "ten", -1 } };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double percent;
        const char *wrong = wf_percent_parse(&percent, cases[i].text);

        ok(cases[i].percent < 0 ? wrong != NULL : !wrong && percent == cases[i].percent,
           "\"%s\"", cases[i].text);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    names();
    knowing();
    comparing();
    choosing();
    relating();
    verdicts();
    percents();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
