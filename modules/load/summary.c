/* What a run has measured as plain numbers, times in milliseconds: the members metrics,
 * http_status and the like of the Metrics object, and the final report. Names are k6's.
 */
#include "load/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOP_ERRORS 20

/* Three decimals are a microsecond of a time, and plenty for a rate. */
static void add_number(json_object *o, const char *name, double number)
{
    wf_json_add_double(o, name, round(number * 1000) / 1000);
}

static double seconds_of(const wf_view_t *view)
{
    return (double)view->elapsed_us / 1e6;
}

static double stat_of(const wf_view_t *view, int metric, wf_stat_e stat,
                      double percentile)
{
    double value;

    wf_sheet_stat(view->sheet, metric, stat, percentile, seconds_of(view), &value);
    return value;
}

/* ---- metrics ------------------------------------------------------------------------- */

typedef struct stat_row_t {
    const char *name;
    wf_stat_e stat;
    double percentile;
} stat_row_t;

/* clang-format off */
static const stat_row_t stats[WF_METRIC_TYPES][9] = {
    [WF_COUNTER] = { { "count", WF_STAT_COUNT, 0 }, { "rate", WF_STAT_RATE, 0 } },
    [WF_GAUGE]   = { { "value", WF_STAT_VALUE, 0 }, { "min", WF_STAT_MIN, 0 },
                     { "max", WF_STAT_MAX, 0 },     { "avg", WF_STAT_AVG, 0 } },
    [WF_RATE]    = { { "rate", WF_STAT_RATE, 0 },   { "passes", WF_STAT_PASSES, 0 },
                     { "fails", WF_STAT_FAILS, 0 } },
    [WF_TREND]   = { { "count", WF_STAT_COUNT, 0 }, { "min", WF_STAT_MIN, 0 },
                     { "avg", WF_STAT_AVG, 0 },     { "med", WF_STAT_MED, 0 },
                     { "max", WF_STAT_MAX, 0 },     { "p(90)", WF_STAT_PERCENTILE, 90 },
                     { "p(95)", WF_STAT_PERCENTILE, 95 },
                     { "p(99)", WF_STAT_PERCENTILE, 99 } },
};
static const char *const contents[] = {
    [WF_UNIT_NONE] = "default", [WF_UNIT_MS] = "time", [WF_UNIT_BYTES] = "data"
};
/* clang-format on */

static json_object *values_json(const wf_view_t *view, int metric, wf_metric_type_e type)
{
    json_object *values = json_object_new_object();
    const stat_row_t *row;

    for (row = stats[type]; row->name != NULL; row++) {
        add_number(values, row->name, stat_of(view, metric, row->stat, row->percentile));
    }
    return values;
}

json_object *wf_summary_metrics(const wf_view_t *view)
{
    const wf_metric_table_t *table = view->plan->metrics;
    json_object *all = json_object_new_object();
    int i;

    for (i = 0; i < wf_metric_count(table); i++) {
        const wf_metric_t *metric = wf_metric_at(table, i);
        json_object *o;

        if (metric->step != NULL || metric->type == WF_TALLY) {
            continue;
        }
        o = json_object_new_object();
        wf_json_add_string(o, "type", wf_metric_type_name(metric->type));
        wf_json_add_string(o, "contains", contents[metric->unit]);
        if (metric->custom) {
            wf_json_add_bool(o, "custom", 1);
        }
        json_object_object_add(o, "values", values_json(view, i, metric->type));
        json_object_object_add(all, metric->name, o);
    }
    return all;
}

json_object *wf_summary_tally(const wf_sheet_t *sheet, int tally, apr_pool_t *p)
{
    json_object *all = json_object_new_object();
    double count;
    int i, key;

    for (i = 0; wf_sheet_tallied(sheet, tally, i, &key, &count); i++) {
        wf_json_add_int(all, key < 0 ? "other" : apr_psprintf(p, "%d", key),
                        (apr_int64_t)count);
    }
    return all;
}

/* ---- steps --------------------------------------------------------------------------- */

static const struct {
    const char *name;
    wf_stat_e stat;
    double percentile;
} times[] = {
    { "min_ms", WF_STAT_MIN, 0 },         { "avg_ms", WF_STAT_AVG, 0 },
    { "p50_ms", WF_STAT_MED, 0 },         { "p90_ms", WF_STAT_PERCENTILE, 90 },
    { "p95_ms", WF_STAT_PERCENTILE, 95 }, { "p99_ms", WF_STAT_PERCENTILE, 99 },
    { "max_ms", WF_STAT_MAX, 0 },
};

static void add_times(json_object *o, const wf_view_t *view, int trend)
{
    size_t i;

    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        add_number(o, times[i].name,
                   stat_of(view, trend, times[i].stat, times[i].percentile));
    }
}

static json_object *step_json(const wf_view_t *view, const wf_step_t *step, apr_pool_t *p)
{
    double good = wf_sheet_counter(view->sheet, step->metric + WF_SM_SUCCESS);
    double bad = wf_sheet_counter(view->sheet, step->metric + WF_SM_FAILURE);
    json_object *o = json_object_new_object(), *own;
    const char *const *extra = step->type->extras;
    int i;

    wf_json_add_string(o, "step_id", step->id);
    wf_json_add_string(o, "step_name", step->name);
    wf_json_add_string(o, "type", step->type->name);
    wf_json_add_int(
        o, "count",
        (apr_int64_t)stat_of(view, step->metric + WF_SM_COUNT, WF_STAT_COUNT, 0));
    wf_json_add_int(o, "success_count", (apr_int64_t)good);
    wf_json_add_int(o, "failure_count", (apr_int64_t)bad);
    add_number(o, "success_rate", good + bad > 0 ? good / (good + bad) : 0);
    add_times(o, view, step->metric + WF_SM_DURATION);
    json_object_object_add(o, "status",
                           wf_summary_tally(view->sheet, step->metric + WF_SM_STATUS, p));
    own = json_object_new_object();
    for (i = 0; extra != NULL && extra[i] != NULL; i++) {
        json_object_object_add(
            own, extra[i], values_json(view, step->metric + WF_SM_EXTRA + i, WF_GAUGE));
    }
    json_object_object_add(o, "metrics", own);
    return o;
}

static json_object *steps_json(const wf_view_t *view, apr_pool_t *p)
{
    json_object *all = json_object_new_array();
    int i;

    for (i = 0; i < view->plan->nsteps; i++) {
        const wf_step_t *step = view->plan->steps[i];

        if (step->metric >= 0
            && wf_sheet_counter(view->sheet, step->metric + WF_SM_COUNT) > 0) {
            json_object_array_add(all, step_json(view, step, p));
        }
    }
    return all;
}

/* ---- checks -------------------------------------------------------------------------- */

typedef struct check_row_t {
    const wf_metric_check_t *check;
    int place; /* of its step in the plan */
} check_row_t;

static int by_place(const void *a, const void *b)
{
    const check_row_t *x = a, *y = b;

    return x->place != y->place ? (x->place > y->place) - (x->place < y->place)
                                : strcmp(x->check->name, y->check->name);
}

static json_object *check_json(const char *step, const char *name, double passes,
                               double fails)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "step_id", step ? step : "");
    wf_json_add_string(o, "name", name);
    wf_json_add_int(o, "passes", (apr_int64_t)passes);
    wf_json_add_int(o, "fails", (apr_int64_t)fails);
    add_number(o, "rate", passes + fails > 0 ? passes / (passes + fails) : 0);
    return o;
}

json_object *wf_summary_checks(const wf_view_t *view, apr_pool_t *p)
{
    int n = wf_sheet_checks(view->sheet), i;
    check_row_t *rows = apr_pcalloc(p, (n + 1) * sizeof(*rows));
    json_object *all = json_object_new_array();
    double passes, fails;

    for (i = 0; i < n; i++) {
        const wf_metric_check_t *check = wf_sheet_check_at(view->sheet, i);
        const wf_step_t *step = check->step ? wf_plan_step(view->plan, check->step) : NULL;

        rows[i] = (check_row_t){ check, step ? step->index : -1 };
    }
    qsort(rows, n, sizeof(*rows), by_place);
    for (i = 0; i < n; i++) {
        const wf_metric_check_t *c = rows[i].check;

        json_object_array_add(all, check_json(c->step, c->name, c->passes, c->fails));
    }
    if (wf_sheet_checks_rest(view->sheet, &passes, &fails)) {
        json_object_array_add(all, check_json(NULL, "other checks", passes, fails));
    }
    return all;
}

/* ---- the whole ------------------------------------------------------------------------ */

static json_object *summary_json(const wf_run_snapshot_t *snapshot, const wf_view_t *view)
{
    double failed, requests, passes, checks;
    json_object *o = json_object_new_object();

    wf_sheet_passes(view->sheet, WF_M_HTTP_FAILED, &failed, &requests);
    wf_sheet_passes(view->sheet, WF_M_CHECKS, &passes, &checks);
    wf_json_add_int(o, "duration_ms", view->elapsed_us / 1000);
    wf_json_add_int(o, "total_iterations", snapshot->iterations);
    wf_json_add_int(o, "total_requests", snapshot->http_reqs);
    wf_json_add_int(o, "failed_requests", snapshot->http_failed);
    add_number(o, "qps", stat_of(view, WF_M_HTTP_REQS, WF_STAT_RATE, 0));
    add_number(o, "iterations_per_sec", stat_of(view, WF_M_ITERATIONS, WF_STAT_RATE, 0));
    add_number(o, "error_rate", requests > 0 ? failed * 100 / requests : 0);
    add_times(o, view, WF_M_HTTP_DURATION);
    wf_json_add_int(o, "data_sent", snapshot->data_sent);
    wf_json_add_int(o, "data_received", snapshot->data_received);
    wf_json_add_int(o, "max_vus", (apr_int64_t)stat_of(view, WF_M_VUS, WF_STAT_MAX, 0));
    wf_json_add_int(o, "dropped_iterations",
                    (apr_int64_t)wf_sheet_counter(view->sheet, WF_M_DROPPED));
    wf_json_add_int(o, "interrupted_iterations",
                    (apr_int64_t)wf_sheet_counter(view->sheet, WF_M_INTERRUPTED));
    wf_json_add_int(o, "checks_passed", (apr_int64_t)passes);
    wf_json_add_int(o, "checks_failed", (apr_int64_t)(checks - passes));
    wf_json_add_int(o, "thresholds_passed", snapshot->thresholds_passed);
    wf_json_add_int(o, "thresholds_failed", snapshot->thresholds_failed);
    return o;
}

/* ---- errors --------------------------------------------------------------------------- */

static int more_often(const void *a, const void *b)
{
    const wf_metric_error_t *x = *(const wf_metric_error_t *const *)a;
    const wf_metric_error_t *y = *(const wf_metric_error_t *const *)b;

    return (x->times < y->times) - (x->times > y->times);
}

static json_object *top_json(const wf_metric_error_t **errors, int n, apr_pool_t *p)
{
    json_object *all = json_object_new_array();
    int i;

    for (i = 0; i < n && i < TOP_ERRORS; i++) {
        json_object *o = json_object_new_object();

        wf_json_add_string(o, "code", errors[i]->code);
        wf_json_add_string(o, "message", errors[i]->message);
        if (errors[i]->step != NULL) {
            wf_json_add_string(o, "step_id", errors[i]->step);
        }
        wf_json_add_int(o, "count", errors[i]->times);
        wf_json_add_string(o, "first_seen", wf_time_utc(errors[i]->first_ms, p));
        json_object_array_add(all, o);
    }
    return all;
}

/* Entries of one code together. */
static json_object *types_json(const wf_metric_error_t **errors, int n, double total)
{
    json_object *all = json_object_new_array();
    int i, k;

    for (i = 0; i < n; i++) {
        apr_int64_t count = 0;
        json_object *o;

        for (k = 0; k < i && strcmp(errors[k]->code, errors[i]->code) != 0; k++) {
        }
        if (k < i) {
            continue;
        }
        for (; k < n; k++) {
            count += strcmp(errors[k]->code, errors[i]->code) ? 0 : errors[k]->times;
        }
        o = json_object_new_object();
        wf_json_add_string(o, "type", errors[i]->code);
        wf_json_add_int(o, "count", count);
        add_number(o, "percentage", total > 0 ? (double)count * 100 / total : 0);
        json_object_array_add(all, o);
    }
    return all;
}

static json_object *errors_json(const wf_view_t *view, apr_pool_t *p)
{
    int n = wf_sheet_errors(view->sheet), i;
    apr_int64_t total = wf_sheet_error_total(view->sheet);
    const wf_metric_error_t **errors = apr_pcalloc(p, (n + 1) * sizeof(*errors));
    json_object *o = json_object_new_object();

    for (i = 0; i < n; i++) {
        errors[i] = wf_sheet_error_at(view->sheet, i);
    }
    qsort(errors, n, sizeof(*errors), more_often);
    wf_json_add_int(o, "total_errors", total);
    json_object_object_add(o, "error_types", types_json(errors, n, (double)total));
    json_object_object_add(o, "top_errors", top_json(errors, n, p));
    return o;
}

/* ---- configuration --------------------------------------------------------------------- */

static json_object *map_json(const wf_map_t *map)
{
    wf_value_t value = wf_map((wf_map_t *)map);

    return map ? wf_value_to_json(&value) : json_object_new_object();
}

static json_object *stages_json(const wf_load_shape_t *shape, apr_pool_t *p)
{
    json_object *all = json_object_new_array();
    int i;

    for (i = 0; i < shape->nstages; i++) {
        json_object *o = json_object_new_object();

        wf_json_add_string(o, "duration",
                           wf_duration_text(shape->stages[i].duration_ns, p));
        wf_json_add_int(o, "target", shape->stages[i].target);
        json_object_array_add(all, o);
    }
    return all;
}

static json_object *scenario_json(const wf_scenario_t *scenario, apr_pool_t *p)
{
    const wf_load_shape_t *shape = &scenario->shape;
    apr_int64_t lasts = shape->executor->lasts_ns(shape);
    apr_int64_t planned = wf_shape_planned(shape, &wf_segment_whole);
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "name", scenario->name);
    wf_json_add_string(o, "mode", shape->executor->mode);
    wf_json_add_int(o, "vus", shape->executor->vus_max(shape));
    if (lasts > 0) {
        wf_json_add_string(o, "duration", wf_duration_text(lasts, p));
    }
    if (planned > 0) {
        wf_json_add_int(o, "iterations", planned);
    }
    if (shape->rate >= 0) {
        wf_json_add_int(o, "rate", shape->rate);
        wf_json_add_string(o, "time_unit", wf_duration_text(shape->time_unit_ns, p));
    }
    if (shape->nstages > 0) {
        json_object_object_add(o, "stages", stages_json(shape, p));
    }
    wf_json_add_string(o, "start_time", wf_duration_text(scenario->start_ns, p));
    wf_json_add_string(o, "graceful_stop", wf_duration_text(shape->graceful_stop_ns, p));
    json_object_object_add(o, "tags", map_json(scenario->tags));
    return o;
}

static json_object *config_json(const wf_plan_t *plan, apr_pool_t *p)
{
    json_object *o = json_object_new_object(), *scenarios = json_object_new_array();
    int i;

    wf_json_add_string(o, "mode", wf_plan_mode(plan));
    wf_json_add_int(o, "vus", wf_plan_vus(plan));
    wf_json_add_string(o, "warmup", wf_duration_text(plan->warmup_ns, p));
    for (i = 0; i < plan->nscenarios; i++) {
        json_object_array_add(scenarios, scenario_json(&plan->scenarios[i], p));
    }
    json_object_object_add(o, "scenarios", scenarios);
    json_object_object_add(o, "tags", map_json(plan->tags));
    return o;
}

json_object *wf_summary_figures(const wf_view_t *view, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, "metrics", wf_summary_metrics(view));
    json_object_object_add(o, "step_details", steps_json(view, p));
    return o;
}

json_object *wf_summary_report(const wf_run_snapshot_t *snapshot, const wf_view_t *view,
                               apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "execution_id", view->execution_id);
    wf_json_add_string(o, "workflow_id", view->plan->id);
    wf_json_add_string(o, "workflow_name", view->plan->name);
    wf_json_add_string(o, "start_time", wf_time_utc(snapshot->start_time, p));
    wf_json_add_string(o, "end_time",
                       snapshot->end_time ? wf_time_utc(snapshot->end_time, p) : "");
    wf_json_add_string(o, "status", wf_run_status_name(view->status));
    json_object_object_add(o, "summary", summary_json(snapshot, view));
    json_object_object_add(o, "step_details", steps_json(view, p));
    json_object_object_add(o, "thresholds",
                           json_object_get(wf_json_get(snapshot->metrics, "thresholds")));
    json_object_object_add(o, "error_analysis", errors_json(view, p));
    json_object_object_add(o, "checks",
                           json_object_get(wf_json_get(snapshot->metrics, "checks")));
    json_object_object_add(o, "http_status",
                           wf_summary_tally(view->sheet, WF_M_HTTP_STATUS, p));
    json_object_object_add(o, "metrics", wf_summary_metrics(view));
    json_object_object_add(o, "generator",
                           json_object_get(wf_json_get(snapshot->metrics, "generator")));
    json_object_object_add(o, "warnings",
                           json_object_get(wf_json_get(snapshot->metrics, "warnings")));
    if (view->comparison != NULL) {
        json_object_object_add(o, "baseline", json_object_get(view->comparison));
    }
    json_object_object_add(o, "config", config_json(view->plan, p));
    return o;
}
