/* A run's report as a page: what the JSON has is shown, escaped and bounded, and the page
 * needs nothing else. With a file name as argument it writes the page there, to be looked
 * at. */
#include "workflow/report.h"
#include "http/internal.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static apr_pool_t *pool;

static json_object *point(int i, int span)
{
    char text[512];

    snprintf(text, sizeof text,
             "{\"timestamp\":\"2026-01-05T10:00:00Z\",\"elapsed_ms\":%d,\"iterations\":%d,"
             "\"active_vus\":%d,\"qps\":%.1f,\"error_rate\":%.2f,\"avg_rt_ms\":12.5,"
             "\"p50_rt_ms\":%.2f,\"p90_rt_ms\":%.2f,\"p95_rt_ms\":%.2f,\"p99_rt_ms\":%.2f,"
             "\"data_sent_per_sec\":%d,\"data_received_per_sec\":%d}",
             (i + 1) * span, i * 10, i < 50 ? i : 50, 900 + 300 * sin(i / 20.0),
             i % 97 == 0 ? 3.5 : 0.1, 10 + 2 * sin(i / 9.0), 18 + 3 * sin(i / 9.0),
             22 + 4 * sin(i / 7.0), 41 + 12 * sin(i / 5.0), 90000 + i * 10, 700000 - i * 30);
    return json_tokener_parse(text);
}

static json_object *make_report(int points, int span)
{
    json_object *report = json_tokener_parse(
        "{\"execution_id\":\"exec-1\",\"workflow_id\":\"shop\",\"workflow_name\":"
        "\"Shop <checkout> & \\\"pay\\\"\",\"status\":\"completed\",\"start_time\":"
        "\"2026-01-05T10:00:00Z\",\"end_time\":\"2026-01-05T10:10:00Z\","
        "\"warnings\":[\"the generator was busy for <3> s\"],"
        "\"summary\":{\"total_iterations\":1234567,\"total_requests\":2469134,\"rps\":4115.2,"
        "\"error_rate\":0.0042,\"avg_duration_ms\":12.5,\"duration\":\"10m0s\"},"
        "\"thresholds\":[{\"metric\":\"http_req_duration\",\"condition\":\"p(95) < 400\","
        "\"passed\":true,\"value\":22.1},{\"metric\":\"http_req_failed\",\"condition\":"
        "\"rate < 0.001\",\"passed\":false,\"value\":0.0042}],"
        "\"step_details\":[{\"step_id\":\"cart\",\"count\":1234567,\"failure_count\":12,"
        "\"duration\":{\"p50\":\"11ms\",\"p99\":\"41ms\"}},{\"step_id\":\"pay\",\"count\":99,"
        "\"failure_count\":0,\"duration\":{\"p50\":\"1ms\",\"p99\":\"2ms\"}}],"
        "\"error_analysis\":{\"total_errors\":12,\"error_types\":[{\"code\":"
        "\"CONNECTION_ERROR\",\"count\":12}],\"top_errors\":[{\"message\":"
        "\"<script>alert(1)</script>\",\"step_id\":\"cart\",\"count\":12}]},"
        "\"metrics\":{\"orders\":{\"type\":\"counter\",\"values\":{\"count\":77,\"rate\":1.5}},"
        "\"waiting\":{\"type\":\"trend\",\"values\":{\"count\":3,\"p(95)\":8.25}}},"
        "\"http_status\":{\"200\":99,\"503\":1},"
        "\"config\":{\"mode\":\"constant-vus\",\"vus\":50,\"duration\":\"10m0s\"}}");
    json_object *series = json_object_new_array();

    for (int i = 0; i < points; i++) {
        json_object_array_add(series, point(i, span));
    }
    json_object_object_add(report, "time_series", series);
    return report;
}

static const char *page_of(json_object *report, apr_size_t *length)
{
    return wf_html_text(wf_report_page(wf_json_own(report, pool), pool), length);
}

static int count_of(const char *text, const char *what)
{
    int n = 0;

    while ((text = strstr(text, what)) != NULL) {
        n++;
        text += strlen(what);
    }
    return n;
}

static void shows(void)
{
    static const char *const texts[] = {
        "Shop &lt;checkout&gt; &amp; ", "1,234,567",         "4,115",
        "p(95) &lt; 400",               ">passed<",          ">failed<",
        "&lt;script&gt;alert(1)",       "CONNECTION_ERROR",  "duration p99",
        "busy for &lt;3&gt; s",         "10m0s",             "Requests a second",
        "avg duration (ms)",            "class=\"word good\">completed", "0.0042",
        ">orders<",                     ">Counters<",        ">Trends<",
        "p(95)",                        "8.25",              ">503<",
    };
    apr_size_t length;
    const char *page = page_of(make_report(600, 1000), &length);

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ok(strstr(page, texts[i]) != NULL, "shows %s", texts[i]);
    }
    ok(!strstr(page, "<script"), "no script");
    ok(!strstr(page, "http://") && !strstr(page, "https://") && !strstr(page, "src="),
       "needs nothing from elsewhere");
    is_int(count_of(page, "<figure>"), 5, "charts");
    is_int(count_of(page, "<polyline"), 9, "lines");
    ok(length < 1024 * 1024, "less than 1 MiB with all points: %d KiB", (int)(length / 1024));
}

static void little(void)
{
    apr_size_t length;
    const char *page;

    page = page_of(json_object_new_object(), &length);
    ok(strstr(page, "</html>") != NULL, "a report without members");
    is_int(count_of(page, "<figure>"), 0, "has no charts");
    page = page_of(make_report(1, 1000), &length);
    is_int(count_of(page, "<figure>"), 0, "nor has one with a single point");
    page = page_of(make_report(2, 43200000), &length);
    ok(strstr(page, "24:00:00") != NULL || strstr(page, "12:00:00") != NULL,
       "long runs have hours");
}

static void numbers(void)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        { 0, "0" },       { 1, "1" },           { 999, "999" },   { 1000, "1,000" },
        { -1234567, "-1,234,567" }, { 12.34, "12.3" }, { 0.00421, "0.00421" },
        { 123.6, "124" }, { NAN, "–" },         { 1e300, "–" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_str(wf_report_number(cases[i].number, pool), cases[i].text, "%s", cases[i].text);
    }
}

int main(int argc, const char *const *argv)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (argc > 1) {
        apr_size_t length;
        const char *page = page_of(make_report(600, 1000), &length);
        FILE *out = fopen(argv[1], "w");

        return out == NULL || fwrite(page, 1, length, out) != length || fclose(out) != 0;
    }
    shows();
    little();
    numbers();
    return done_testing();
}
