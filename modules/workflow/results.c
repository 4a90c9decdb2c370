/* What an execution has measured, as numbers: metrics, time series, final report. */
#include "workflow/internal.h"
#include "workflow/report.h"

#include "metrics/metrics.h"

#include <apr_strings.h>
#include <httpd.h>
#include <string.h>

/* ---- time series ------------------------------------------------------------------- */

/* The points as the store has them: of a live execution those of its last record, which
 * is a second old at most. */
static apr_status_t read_points(wf_request_t *req, const wf_run_t *run,
                                apr_array_header_t **points, wf_error_t *err)
{
    wf_store_t *store = wf_request_store(req, err);
    apr_array_header_t *rows;
    apr_status_t rv = store ? wf_store_select(store, WF_BY_POINTS_OF_RUN, run->seq, &rows,
                                              req->pool, err)
                            : WF_EFAILED;

    *points = apr_array_make(req->pool, 64, sizeof(wf_point_t));
    for (int i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        const wf_run_point_t *row = APR_ARRAY_IDX(rows, i, const wf_run_point_t *);
        wf_point_t *point = apr_array_push(*points);

        rv = wf_point_decode(point, row->point, strlen(row->point), req->pool, err);
    }
    return rv;
}

static json_object *series_json(const apr_array_header_t *points, apr_pool_t *p)
{
    json_object *series = json_object_new_array();

    for (int i = 0; i < points->nelts; i++) {
        json_object_array_add(series,
                              wf_point_json(&APR_ARRAY_IDX(points, i, wf_point_t), p));
    }
    return series;
}

apr_status_t wf_perf_timeseries(wf_request_t *req, wf_error_t *err)
{
    apr_array_header_t *points;
    json_object *o;
    wf_run_t *run;
    apr_status_t rv = wf_execution_find(req, &run, err);

    if (rv == APR_SUCCESS) {
        rv = read_points(req, run, &points, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    o = json_object_new_object();
    wf_json_add_string(o, "execution_id", run->id);
    wf_json_add_string(o, "status", run->status);
    json_object_object_add(o, "time_series", series_json(points, req->pool));
    return wf_respond_json(req, 200, o);
}

/* ---- report ------------------------------------------------------------------------ */

static json_object *timeline_json(const apr_array_header_t *points, apr_pool_t *p)
{
    json_object *timeline = json_object_new_array();

    for (int i = 0; i < points->nelts; i++) {
        const wf_point_t *point = &APR_ARRAY_IDX(points, i, wf_point_t);
        json_object *o = json_object_new_object();

        wf_json_add_string(o, "timestamp", wf_time_utc(point->time_ms, p));
        wf_json_add_int(o, "elapsed_ms", point->elapsed_ms);
        wf_json_add_int(o, "active_vus", (apr_int64_t)point->active_vus);
        json_object_array_add(timeline, o);
    }
    return timeline;
}

/* Of an execution that never began: what it was, and why it is over. */
static json_object *bare_report(const wf_run_t *run, apr_pool_t *p)
{
    json_object *o = wf_run_to_json(run, 1, p), *report = json_object_new_object();
    json_object *analysis = json_object_new_object(), *errors = wf_json_get(o, "errors");

    wf_json_add_string(report, "execution_id", run->id);
    wf_json_add_string(report, "workflow_id", run->workflow_id);
    wf_json_add_string(report, "workflow_name", run->workflow_name);
    wf_json_add_string(report, "start_time", wf_json_string(o, "start_time", ""));
    wf_json_add_string(report, "end_time", wf_json_string(o, "end_time", ""));
    wf_json_add_string(report, "status", run->status);
    wf_json_add_int(analysis, "total_errors",
                    (apr_int64_t)json_object_array_length(errors));
    json_object_object_add(analysis, "top_errors", json_object_get(errors));
    json_object_object_add(report, "error_analysis", analysis);
    json_object_put(o);
    return wf_json_own(report, p);
}

/* The report of the last record: the final one, or of one that the engine cannot be asked
 * for what it was about a second before. */
static apr_status_t stored_report(wf_request_t *req, const wf_run_t *run,
                                  json_object **report, wf_error_t *err)
{
    wf_store_t *store = wf_request_store(req, err);
    wf_checkpoint_t *row;
    apr_status_t rv =
        store ? wf_store_get(store, WF_TABLE_CHECKPOINT, run->seq, &row, req->pool, err)
              : WF_EFAILED;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!row || !row->report) {
        *report = bare_report(run, req->pool);
        return APR_SUCCESS;
    }
    return wf_json_read(report, row->report, strlen(row->report), req->pool, err);
}

/* Of a live execution as if it ended now, else the final one; in the request's pool. */
static apr_status_t find_report(wf_request_t *req, wf_run_t **run, json_object **report,
                                wf_error_t *err)
{
    json_object *live;
    apr_status_t rv = wf_execution_find(req, run, err);

    if (rv == APR_SUCCESS) {
        rv = wf_execution_ask(req, WF_CMD_REPORT, run, &live, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!*run) {
        return wf_no_execution(wf_request_var(req, "id"), err);
    }
    if (live) {
        *report = wf_json_own(live, req->pool);
        return APR_SUCCESS;
    }
    return stored_report(req, *run, report, err);
}

/* ---- beside an earlier one ------------------------------------------------------------ */

static apr_status_t refuse_baseline(const char *id, const char *why, wf_error_t *err)
{
    return wf_error_field(err, WF_ERR_INVALID, "baseline",
                          "query parameter 'baseline': execution '%s' %s", id, why);
}

/* The figures of an execution that has ended. */
static apr_status_t find_figures(wf_request_t *req, const char *id, json_object **figures,
                                 wf_error_t *err)
{
    json_object *report;
    wf_run_t *run;
    apr_status_t rv = wf_execution_load(req, id, &run, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!run) {
        return refuse_baseline(id, "does not exist", err);
    }
    if (!wf_run_is_final(run->status)) {
        return refuse_baseline(id, "has not ended", err);
    }
    rv = stored_report(req, run, &report, err);
    if (rv == APR_SUCCESS && !wf_json_get(report, "metrics")) {
        return refuse_baseline(id, "never began", err);
    }
    *figures =
        rv == APR_SUCCESS ? wf_json_own(wf_figures(report, req->pool), req->pool) : NULL;
    return rv;
}

/* ?baseline=<id>, with &tolerance=5%: instead of what the workflow says. */
static apr_status_t add_baseline(wf_request_t *req, json_object *report, wf_error_t *err)
{
    const char *id = wf_query_text(req->query, "baseline");
    const char *tolerance = wf_query_text(req->query, "tolerance");
    wf_compare_t how = { .tolerance = WF_COMPARE_TOLERANCE };
    const char *wrong = tolerance ? wf_percent_parse(&how.tolerance, tolerance) : NULL;
    json_object *figures = NULL;
    apr_status_t rv;

    if (wrong) {
        return wf_error_field(err, WF_ERR_INVALID, "tolerance",
                              "query parameter 'tolerance' %s", wrong);
    }
    if (!id) {
        return APR_SUCCESS;
    }
    rv = find_figures(req, id, &figures, err);
    if (rv == APR_SUCCESS) {
        json_object_object_add(report, "baseline",
                               wf_compare(&how, figures, report, NULL, req->pool));
    }
    return rv;
}

/* The whole report, in the request's pool. */
static apr_status_t load_report(wf_request_t *req, json_object **report, wf_error_t *err)
{
    apr_array_header_t *points;
    wf_run_t *run;
    apr_status_t rv = find_report(req, &run, report, err);

    if (rv == APR_SUCCESS) {
        rv = read_points(req, run, &points, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    json_object_object_add(*report, "time_series", series_json(points, req->pool));
    json_object_object_add(*report, "vu_timeline", timeline_json(points, req->pool));
    return add_baseline(req, *report, err);
}

apr_status_t wf_perf_report(wf_request_t *req, wf_error_t *err)
{
    json_object *report;
    apr_status_t rv = load_report(req, &report, err);

    return rv == APR_SUCCESS ? wf_respond_json(req, 200, json_object_get(report)) : rv;
}

/* JSON, or a page for who asks for one or is a browser. */
apr_status_t wf_execution_report(wf_request_t *req, wf_error_t *err)
{
    const char *accept = apr_table_get(req->r->headers_in, "Accept");
    int page = wf_query_text(req->query, "format") ? req->format == WF_FORMAT_HTML
                                                   : wf_accept_prefers_html(accept);
    json_object *report;
    apr_status_t rv;

    rv = load_report(req, &report, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!page) {
        return wf_respond_json(req, 200, json_object_get(report));
    }
    return wf_respond_document(
        req, wf_report_page(report, req->pool),
        apr_pstrcat(req->pool, wf_request_var(req, "id"), ".html", NULL), err);
}

/* The numbers of the report without what only makes it long. */
apr_status_t wf_perf_metrics(wf_request_t *req, wf_error_t *err)
{
    static const char *const members[] = { "execution_id", "status",      "summary",
                                           "metrics",      "http_status", "step_details",
                                           "thresholds" };
    json_object *report, *o;
    wf_run_t *run;
    apr_status_t rv = find_report(req, &run, &report, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    o = json_object_new_object();
    for (apr_size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_object_object_add(o, members[i],
                               json_object_get(wf_json_get(report, members[i])));
    }
    return wf_respond_json(req, 200, o);
}
