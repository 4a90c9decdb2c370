/* A run's report as a page: figures, verdicts, charts, tables. It brings its own style
 * and loads nothing, so it can be saved, mailed and opened years later. What it shows is
 * what the JSON report has: lists of objects become tables whatever their members are. */
#include "workflow/report.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define COLUMNS_MAX 24
#define ROWS_MAX 500
#define LONG_TEXT 40 /* characters; such a text may be broken into lines */

/* ---- texts ------------------------------------------------------------------------- */

static const char *text_of(json_object *object, const char *name)
{
    return wf_json_string(object, name, "");
}

/* "success_count" for people: "success count"; the unit goes into brackets. */
static const char *label_of(const char *name, apr_pool_t *p)
{
    char *label = apr_pstrdup(p, name), *at;
    size_t length = strlen(label);

    if (strcmp(name, "change") == 0) {
        return "change (%)";
    }
    if (length > 3 && strcmp(label + length - 3, "_ms") == 0) {
        label[length - 3] = '\0';
        label = apr_pstrcat(p, label, " (ms)", NULL);
    }
    for (at = label; *at; at++) {
        *at = *at == '_' || *at == '.' ? ' ' : *at;
    }
    return label;
}

static int is_number(json_object *value)
{
    return json_object_is_type(value, json_type_int)
           || json_object_is_type(value, json_type_double);
}

static const char *cell_text(json_object *value, apr_pool_t *p)
{
    if (!value) {
        return "–";
    }
    if (is_number(value)) {
        return wf_report_number(json_object_get_double(value), p);
    }
    if (json_object_is_type(value, json_type_boolean)) {
        return json_object_get_boolean(value) ? "yes" : "no";
    }
    return apr_pstrdup(
        p, json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

/* ---- lists of objects as tables -------------------------------------------------------- */

/* Members of objects in objects have names with a dot. */
static json_object *member_at(json_object *row, const char *path, apr_pool_t *p)
{
    const char *dot = strchr(path, '.');

    if (!dot) {
        return wf_json_get(row, path);
    }
    return member_at(wf_json_get(row, apr_pstrmemdup(p, path, dot - path)), dot + 1, p);
}

static void add_columns(apr_array_header_t *columns, json_object *row, const char *prefix,
                        apr_pool_t *p)
{
    json_object_object_foreach(row, name, value)
    {
        const char *path = apr_pstrcat(p, prefix, name, NULL);

        if (json_object_is_type(value, json_type_object)) {
            if (!*prefix) {
                add_columns(columns, value, apr_pstrcat(p, name, ".", NULL), p);
            }
        }
        else if (columns->nelts < COLUMNS_MAX
                 && !json_object_is_type(value, json_type_array)) {
            APR_ARRAY_PUSH(columns, const char *) = path;
        }
    }
}

/* What became of a figure, in its colour. */
static const char *verdict_look(const char *verdict)
{
    return strcmp(verdict, "worse") == 0    ? "bad"
           : strcmp(verdict, "better") == 0 ? "good"
                                            : "soft";
}

/* Columns of texts stand at the left, as the first row has them. */
static void add_head(wf_html_t *html, const apr_array_header_t *columns,
                     json_object *first, apr_pool_t *p)
{
    wf_html_add(html, "<div class=\"wide\"><table><thead><tr>");
    for (int i = 0; i < columns->nelts; i++) {
        const char *name = APR_ARRAY_IDX(columns, i, const char *);

        wf_html_add(html,
                    is_number(member_at(first, name, p))
                        ? "<th scope=\"col\">%s</th>"
                        : "<th scope=\"col\" class=\"left\">%s</th>",
                    label_of(name, p));
    }
    wf_html_add(html, "</tr></thead><tbody>\n");
}

static void add_row(wf_html_t *html, const apr_array_header_t *columns, json_object *row,
                    apr_pool_t *p)
{
    wf_html_add(html, "<tr>");
    for (int i = 0; i < columns->nelts; i++) {
        const char *name = APR_ARRAY_IDX(columns, i, const char *);
        json_object *value = member_at(row, name, p);
        const char *text = cell_text(value, p);

        if (strcmp(name, "verdict") == 0) {
            wf_html_add(html, "<td class=\"left word %s\">%s</td>", verdict_look(text),
                        text);
            continue;
        }
        wf_html_add(html,
                    is_number(value)           ? "<td>%s</td>"
                    : strlen(text) < LONG_TEXT ? "<td class=\"left\">%s</td>"
                                               : "<td class=\"text\">%s</td>",
                    text);
    }
    wf_html_add(html, "</tr>\n");
}

static void add_table(wf_html_t *html, const char *title, json_object *rows,
                      apr_pool_t *p)
{
    apr_array_header_t *columns = apr_array_make(p, COLUMNS_MAX, sizeof(const char *));
    size_t n =
        json_object_is_type(rows, json_type_array) ? json_object_array_length(rows) : 0;

    if (n == 0
        || !json_object_is_type(json_object_array_get_idx(rows, 0), json_type_object)) {
        return;
    }
    add_columns(columns, json_object_array_get_idx(rows, 0), "", p);
    wf_html_add(html, "<h2>%s</h2>", title);
    add_head(html, columns, json_object_array_get_idx(rows, 0), p);
    for (size_t i = 0; i < n && i < ROWS_MAX; i++) {
        add_row(html, columns, json_object_array_get_idx(rows, i), p);
    }
    wf_html_add(html, "</tbody></table></div>\n");
}

/* Metrics of one type as rows: {name: {type, values}} becomes {name, statistics}. */
static void add_metrics(wf_html_t *html, const char *type, const char *title,
                        json_object *metrics, apr_pool_t *p)
{
    json_object *rows = wf_json_own(json_object_new_array(), p);

    if (!json_object_is_type(metrics, json_type_object)) {
        return;
    }
    json_object_object_foreach(metrics, name, metric)
    {
        json_object *values = wf_json_get(metric, "values"), *row;

        if (strcmp(text_of(metric, "type"), type) != 0
            || !json_object_is_type(values, json_type_object)) {
            continue;
        }
        row = json_object_new_object();
        wf_json_add_string(row, "metric", name);
        json_object_object_foreach(values, statistic, value)
        {
            json_object_object_add(row, statistic, json_object_get(value));
        }
        json_object_array_add(rows, row);
    }
    add_table(html, title, rows, p);
}

/* An object as rows of name and value. */
static void add_pairs(wf_html_t *html, const char *title, json_object *object,
                      apr_pool_t *p)
{
    if (!json_object_is_type(object, json_type_object)
        || json_object_object_length(object) == 0) {
        return;
    }
    wf_html_add(html, "<h2>%s</h2><div class=\"wide\"><table><tbody>\n", title);
    json_object_object_foreach(object, name, value)
    {
        wf_html_add(html,
                    "<tr><th scope=\"row\">%s</th><td class=\"text\">%s</td></tr>\n",
                    label_of(name, p), cell_text(value, p));
    }
    wf_html_add(html, "</tbody></table></div>\n");
}

/* ---- parts of the page ------------------------------------------------------------------ */

static void add_title(wf_html_t *html, json_object *report)
{
    const char *name = text_of(report, "workflow_name");
    const char *status = text_of(report, "status");
    const char *look = strcmp(status, "completed") == 0 ? "good"
                       : strcmp(status, "failed") == 0  ? "bad"
                                                        : "soft";

    wf_html_add(html, "<header><h1>%s</h1><p class=\"soft\">",
                *name ? name : text_of(report, "workflow_id"));
    wf_html_add(html, "<span class=\"word %s\">%s</span>", look, status);
    wf_html_add(html, " · %s – %s · execution %s</p></header>\n",
                text_of(report, "start_time"),
                *text_of(report, "end_time") ? text_of(report, "end_time") : "now",
                text_of(report, "execution_id"));
}

static void add_tiles(wf_html_t *html, json_object *summary, apr_pool_t *p)
{
    if (!json_object_is_type(summary, json_type_object)) {
        return;
    }
    wf_html_add(html, "<section class=\"tiles\">\n");
    json_object_object_foreach(summary, name, value)
    {
        if (is_number(value) || json_object_is_type(value, json_type_string)) {
            wf_html_add(html,
                        "<div class=\"tile\"><b>%s</b><span class=\"soft\">%s</span>"
                        "</div>\n",
                        cell_text(value, p), label_of(name, p));
        }
    }
    wf_html_add(html, "</section>\n");
}

static void add_warnings(wf_html_t *html, json_object *warnings, apr_pool_t *p)
{
    size_t n = json_object_is_type(warnings, json_type_array)
                   ? json_object_array_length(warnings)
                   : 0;

    for (size_t i = 0; i < n; i++) {
        json_object *warning = json_object_array_get_idx(warnings, i);

        wf_html_add(html, "<p class=\"bad\">%s</p>\n",
                    json_object_is_type(warning, json_type_object)
                        ? text_of(warning, "message")
                        : cell_text(warning, p));
    }
}

static void add_thresholds(wf_html_t *html, json_object *thresholds, apr_pool_t *p)
{
    size_t n = json_object_is_type(thresholds, json_type_array)
                   ? json_object_array_length(thresholds)
                   : 0;

    if (n == 0) {
        return;
    }
    wf_html_add(html,
                "<h2>Thresholds</h2><div class=\"wide\"><table><thead><tr>"
                "<th scope=\"col\">metric</th><th scope=\"col\" class=\"left\">"
                "condition</th><th scope=\"col\">value</th><th scope=\"col\">verdict"
                "</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < n; i++) {
        json_object *t = json_object_array_get_idx(thresholds, i);
        int passed = json_object_get_boolean(wf_json_get(t, "passed"));

        wf_html_add(html, "<tr><td>%s</td><td class=\"left\">%s</td><td>%s</td>",
                    text_of(t, "metric"), text_of(t, "condition"),
                    cell_text(wf_json_get(t, "value"), p));
        wf_html_add(html, "<td class=\"word %s\">%s</td></tr>\n", passed ? "good" : "bad",
                    passed ? "passed" : "failed");
    }
    wf_html_add(html, "</tbody></table></div>\n");
}

static void add_baseline(wf_html_t *html, json_object *baseline, apr_pool_t *p)
{
    if (!json_object_is_type(baseline, json_type_object)) {
        return;
    }
    wf_html_add(html,
                "<h2>Compared with the baseline</h2>\n<p class=\"soft\">execution %s of %s, "
                "%s – %s, %s · what changed by %s %% or less is the same</p>\n",
                text_of(baseline, "execution_id"), text_of(baseline, "workflow_id"),
                text_of(baseline, "start_time"), text_of(baseline, "end_time"),
                text_of(baseline, "status"),
                cell_text(wf_json_get(baseline, "tolerance"), p));
    wf_html_add(html,
                "<p><span class=\"word bad\">%s worse</span> · <span class=\"word good\">%s "
                "better</span> · %s the same</p>\n",
                cell_text(wf_json_get(baseline, "worse"), p),
                cell_text(wf_json_get(baseline, "better"), p),
                cell_text(wf_json_get(baseline, "same"), p));
    add_table(html, "The whole run", wf_json_get(baseline, "metrics"), p);
    add_table(html, "Its steps", wf_json_get(baseline, "steps"), p);
}

/* clang-format off */
static const wf_chart_line_t rate_lines[] = {
    { "requests/s", "qps", "one" }, { NULL, NULL, NULL }
};
static const wf_chart_line_t user_lines[] = {
    { "virtual users", "active_vus", "three" }, { NULL, NULL, NULL }
};
static const wf_chart_line_t time_lines[] = {
    { "p50", "p50_rt_ms", "three" }, { "p90", "p90_rt_ms", "one" },
    { "p95", "p95_rt_ms", "two" },   { "p99", "p99_rt_ms", "four" }, { NULL, NULL, NULL }
};
static const wf_chart_line_t error_lines[] = {
    { "failed", "error_rate", "bad" }, { NULL, NULL, NULL }
};
static const wf_chart_line_t byte_lines[] = {
    { "received", "data_received_per_sec", "one" },
    { "sent", "data_sent_per_sec", "two" }, { NULL, NULL, NULL }
};
static const wf_chart_t charts[] = {
    { "Requests a second", "/s", rate_lines, 1 },
    { "Response time, ms", "ms", time_lines, 1 },
    { "Failed requests, %", "%", error_lines, 1 },
    { "Virtual users", "", user_lines, 1 },
    { "Data, KiB a second", "KiB/s", byte_lines, 1.0 / 1024 },
};

/* Lists of the report that become tables, in this order. */
static const struct { const char *section, *member, *title; } tables[] = {
    { NULL,             "step_details", "Steps" },
    { NULL,             "checks",       "Checks" },
    { "error_analysis", "error_types",  "Errors by kind" },
    { "error_analysis", "top_errors",   "Errors" },
};

static const struct { const char *type, *title; } types[] = {
    { "trend",   "Trends" },
    { "counter", "Counters" },
    { "rate",    "Rates" },
    { "gauge",   "Gauges" },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

wf_html_t *wf_report_page(json_object *report, apr_pool_t *p)
{
    wf_html_t *html = wf_html_create(p);
    json_object *points = wf_json_get(report, "time_series");

    wf_html_add(html,
                "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                "<title>%s: load test report</title>\n<style>\n",
                text_of(report, "workflow_id"));
    wf_html_style(html, wf_report_css);
    wf_html_add(html, "</style></head><body>\n");
    add_title(html, report);
    add_warnings(html, wf_json_get(report, "warnings"), p);
    add_tiles(html, wf_json_get(report, "summary"), p);
    add_thresholds(html, wf_json_get(report, "thresholds"), p);
    add_baseline(html, wf_json_get(report, "baseline"), p);
    wf_html_add(html, "<h2>Course of the run</h2>\n");
    for (size_t i = 0; i < COUNT(charts); i++) {
        wf_chart_add(html, &charts[i], points, p);
    }
    for (size_t i = 0; i < COUNT(tables); i++) {
        json_object *from =
            tables[i].section ? wf_json_get(report, tables[i].section) : report;

        add_table(html, tables[i].title, wf_json_get(from, tables[i].member), p);
    }
    for (size_t i = 0; i < COUNT(types); i++) {
        add_metrics(html, types[i].type, types[i].title, wf_json_get(report, "metrics"),
                    p);
    }
    add_pairs(html, "HTTP statuses", wf_json_get(report, "http_status"), p);
    add_pairs(html, "Configuration", wf_json_get(report, "config"), p);
    wf_html_add(html, "<footer>mod_workflow</footer></body></html>\n");
    return html;
}
