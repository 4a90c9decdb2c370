/* A view of a run becomes the snapshot that others see: plain figures, and the JSON
 * objects of the API with durations as texts such as 356.2ms. */
#include "load/internal.h"

#include <string.h>

static void add_double(json_object *o, const char *name, double number)
{
    wf_value_t value = wf_double(number);

    json_object_object_add(o, name, wf_value_to_json(&value));
}

static void add_us(json_object *o, const char *name, apr_uint64_t us, apr_pool_t *p)
{
    wf_json_add_string(o, name, wf_duration_text((apr_int64_t)us * 1000, p));
}

static apr_uint64_t average(const wf_histogram_t *h)
{
    return h->count ? (h->sum + h->count / 2) / h->count : 0;
}

/* ---- metrics ----------------------------------------------------------------------- */

static json_object *duration_json(const wf_histogram_t *h, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    add_us(o, "min", h->min, p);
    add_us(o, "max", h->max, p);
    add_us(o, "avg", average(h), p);
    add_us(o, "p50", wf_histogram_percentile(h, 50), p);
    add_us(o, "p90", wf_histogram_percentile(h, 90), p);
    add_us(o, "p95", wf_histogram_percentile(h, 95), p);
    add_us(o, "p99", wf_histogram_percentile(h, 99), p);
    return o;
}

static apr_int64_t count_of(const wf_sheet_t *sheet, int counter)
{
    return (apr_int64_t)wf_sheet_counter(sheet, counter);
}

static json_object *step_json(const wf_sheet_t *sheet, const wf_step_t *step,
                              apr_pool_t *p)
{
    json_object *o = json_object_new_object();
    int m = step->metric;

    wf_json_add_string(o, "step_id", step->id);
    wf_json_add_int(o, "count", count_of(sheet, m + WF_SM_COUNT));
    wf_json_add_int(o, "success_count", count_of(sheet, m + WF_SM_SUCCESS));
    wf_json_add_int(o, "failure_count", count_of(sheet, m + WF_SM_FAILURE));
    json_object_object_add(
        o, "duration", duration_json(wf_sheet_histogram(sheet, m + WF_SM_DURATION), p));
    json_object_object_add(o, "status", wf_summary_tally(sheet, m + WF_SM_STATUS, p));
    return o;
}

/* Steps that were reached, keyed by their id. */
static json_object *steps_json(const wf_view_t *view, apr_pool_t *p)
{
    json_object *all = json_object_new_object();
    int i;

    for (i = 0; i < view->plan->nsteps; i++) {
        const wf_step_t *step = view->plan->steps[i];

        if (step->metric >= 0 && count_of(view->sheet, step->metric + WF_SM_COUNT) > 0) {
            json_object_object_add(all, step->id, step_json(view->sheet, step, p));
        }
    }
    return all;
}

static void note_verdict(wf_run_snapshot_t *snapshot, int passed)
{
    snapshot->thresholds_passed += passed;
    snapshot->thresholds_failed += !passed;
}

static json_object *thresholds_json(wf_run_snapshot_t *snapshot, const wf_view_t *view,
                                    apr_pool_t *p)
{
    json_object *all = json_object_new_array(), *more;
    int i, passed;

    for (i = 0; i < view->plan->nthresholds; i++) {
        const wf_threshold_t *t = &view->plan->thresholds[i];
        json_object *o = json_object_new_object();

        wf_json_add_string(o, "metric", t->metric);
        wf_json_add_string(o, "condition", t->text);
        wf_json_add_bool(o, "passed", view->verdicts[i].passed);
        add_double(o, "value", view->verdicts[i].value);
        if (t->condition.known) {
            add_double(o, "limit", t->condition.limit);
        }
        json_object_array_add(all, o);
        note_verdict(snapshot, view->verdicts[i].passed);
    }
    more = wf_baseline_threshold(view, &passed, p);
    if (more != NULL) {
        json_object_array_add(all, more);
        note_verdict(snapshot, passed);
    }
    return all;
}

static json_object *metrics_json(wf_run_snapshot_t *snapshot, const wf_view_t *view,
                                 apr_pool_t *p)
{
    json_object *o = json_object_new_object(), *warnings = wf_generator_warnings(view, p);

    wf_baseline_warn(view, warnings);
    wf_json_add_string(o, "execution_id", view->execution_id);
    wf_json_add_int(o, "total_vus", view->vus_shown);
    wf_json_add_int(o, "total_iterations", count_of(view->sheet, WF_M_ITERATIONS));
    add_us(o, "duration", (apr_uint64_t)view->elapsed_us, p);
    json_object_object_add(o, "step_metrics", steps_json(view, p));
    json_object_object_add(o, "thresholds", thresholds_json(snapshot, view, p));
    json_object_object_add(o, "generator", wf_generator_json(view, p));
    json_object_object_add(o, "warnings", warnings);
    if (view->comparison != NULL) {
        json_object_object_add(o, "baseline", json_object_get(view->comparison));
    }
    wf_json_add_int(o, "dropped_iterations", count_of(view->sheet, WF_M_DROPPED));
    wf_json_add_int(o, "interrupted_iterations", count_of(view->sheet, WF_M_INTERRUPTED));
    json_object_object_add(o, "http_status",
                           wf_summary_tally(view->sheet, WF_M_HTTP_STATUS, p));
    json_object_object_add(o, "metrics", wf_summary_metrics(view));
    json_object_object_add(o, "checks", wf_summary_checks(view, p));
    return o;
}

/* ---- the rest ---------------------------------------------------------------------- */

static json_object *slaves_json(const wf_view_t *view)
{
    json_object *all, *o;

    if (view->run->members != NULL) {
        return wf_members_states(view);
    }
    all = json_object_new_object();
    o = json_object_new_object();
    wf_json_add_string(o, "slave_id", "local");
    wf_json_add_string(o, "status", wf_run_status_name(view->status));
    wf_json_add_int(o, "completed_vus", view->vus_done);
    wf_json_add_int(o, "completed_iters", view->iterations);
    wf_json_add_int(o, "segment_start", 0);
    wf_json_add_int(o, "segment_end", 1);
    json_object_object_add(all, "local", o);
    return all;
}

static json_object *errors_json(const wf_view_t *view, apr_pool_t *p)
{
    json_object *all = json_object_new_array();
    int i;

    for (i = 0; i < wf_sheet_errors(view->sheet); i++) {
        const wf_metric_error_t *e = wf_sheet_error_at(view->sheet, i);
        json_object *o = json_object_new_object();

        wf_json_add_string(o, "code", e->code);
        wf_json_add_string(o, "message", e->message);
        if (e->step != NULL) {
            wf_json_add_string(o, "step_id", e->step);
        }
        wf_json_add_int(o, "count", e->times);
        wf_json_add_string(o, "timestamp", wf_time_utc(e->first_ms, p));
        json_object_array_add(all, o);
    }
    return all;
}

static double to_ms(apr_uint64_t us)
{
    return (double)us / 1000.0;
}

static void fill_times(wf_run_times_t *times, const wf_histogram_t *h)
{
    times->count = (apr_int64_t)h->count;
    times->min = to_ms(h->count ? h->min : 0);
    times->avg = h->count ? to_ms(h->sum) / (double)h->count : 0;
    times->med = to_ms(wf_histogram_percentile(h, 50));
    times->max = to_ms(h->max);
    times->p90 = to_ms(wf_histogram_percentile(h, 90));
    times->p95 = to_ms(wf_histogram_percentile(h, 95));
    times->p99 = to_ms(wf_histogram_percentile(h, 99));
}

void wf_report(wf_run_snapshot_t *snapshot, const wf_view_t *view, apr_pool_t *p)
{
    const wf_sheet_t *sheet = view->sheet;
    double failed, total;

    wf_sheet_passes(sheet, WF_M_HTTP_FAILED, &failed, &total);
    snapshot->id = apr_pstrdup(p, view->execution_id);
    snapshot->workflow_id = apr_pstrdup(p, view->plan->id);
    snapshot->status = view->status;
    snapshot->progress = view->progress;
    snapshot->elapsed_ms = view->elapsed_us / 1000;
    snapshot->counted_ms = (view->elapsed_us - view->warm_us) / 1000;
    snapshot->active_vus = view->vus_active;
    snapshot->vus = wf_plan_vus(view->plan);
    snapshot->iterations = count_of(sheet, WF_M_ITERATIONS);
    snapshot->http_reqs = count_of(sheet, WF_M_HTTP_REQS);
    snapshot->http_failed = (apr_int64_t)failed;
    snapshot->data_sent = count_of(sheet, WF_M_SENT);
    snapshot->data_received = count_of(sheet, WF_M_RECEIVED);
    fill_times(&snapshot->http_req_duration,
               wf_sheet_histogram(sheet, WF_M_HTTP_DURATION));
    snapshot->metrics = wf_json_own(metrics_json(snapshot, view, p), p);
    snapshot->slave_states = wf_json_own(slaves_json(view), p);
    snapshot->errors = wf_json_own(errors_json(view, p), p);
}
