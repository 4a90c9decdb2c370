/* What a run looks like on the terminal, and in the result file. */
#include "cli/internal.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CELLS 30
#define NS_PER_MS 1000000

static double share(apr_int64_t part, apr_int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static double per_second(const wf_run_snapshot_t *s)
{
    return s->counted_ms > 0 ? (double)s->http_reqs * 1000.0 / (double)s->counted_ms : 0;
}

void wf_show_banner(const wf_plan_t *plan, apr_pool_t *p)
{
    apr_int64_t duration = wf_plan_duration_ns(plan);
    apr_int64_t iterations = wf_plan_iterations(plan);

    printf("workflow     %s (%s)\n", wf_plan_name(plan), wf_plan_id(plan));
    if (wf_plan_description(plan) != NULL && *wf_plan_description(plan) != '\0') {
        printf("description  %s\n", wf_plan_description(plan));
    }
    printf("steps        %d\n", wf_plan_step_count(plan));
    printf("mode         %s\n", wf_plan_mode(plan));
    printf("VUs          %" APR_INT64_T_FMT "\n", wf_plan_vus(plan));
    printf("duration     %s\n", duration > 0 ? wf_duration_text(duration, p) : "-");
    printf("iterations   %s\n\n",
           iterations > 0 ? apr_psprintf(p, "%" APR_INT64_T_FMT, iterations) : "-");
    fflush(stdout);
}

/* Time left if it goes on like this, to the second. */
static const char *remaining(const wf_run_snapshot_t *s, apr_pool_t *p)
{
    double seconds;

    if (s->progress <= 0) {
        return "?";
    }
    seconds = (double)s->elapsed_ms / 1000.0 * (1 - s->progress) / s->progress;
    return wf_duration_text((apr_int64_t)(seconds + 0.5) * 1000 * NS_PER_MS, p);
}

void wf_show_progress(const wf_run_snapshot_t *s, apr_pool_t *p)
{
    int terminal = isatty(STDOUT_FILENO);
    int full = (int)(s->progress * CELLS);
    char bar[CELLS + 1];

    memset(bar, '.', CELLS);
    memset(bar, '#', full);
    bar[CELLS] = '\0';
    printf("%s[%s] %3d%% left %s | %s | iter %" APR_INT64_T_FMT " | VUs %" APR_INT64_T_FMT
           " | req %" APR_INT64_T_FMT " %.1f/s | ok %.1f%% | avg %.2fms | fail "
           "%" APR_INT64_T_FMT "%s",
           terminal ? "\r\033[K" : "", bar, (int)(s->progress * 100), remaining(s, p),
           wf_duration_text(s->elapsed_ms * NS_PER_MS, p), s->iterations, s->active_vus,
           s->http_reqs, per_second(s),
           100 * (s->http_reqs ? 1 - share(s->http_failed, s->http_reqs) : 0),
           s->http_req_duration.avg, s->http_failed, terminal ? "" : "\n");
    fflush(stdout);
}

static void show_requests(const wf_run_snapshot_t *s)
{
    double failed = share(s->http_failed, s->http_reqs);

    printf("requests/s   %.2f\n", per_second(s));
    printf("success      %.2f%%\n", 100 * (1 - failed));
    printf("failure      %.2f%%\n", 100 * failed);
    printf("mean         %.3fms\n", s->http_req_duration.avg);
    printf("P95          %.3fms\n", s->http_req_duration.p95);
    printf("P99          %.3fms\n", s->http_req_duration.p99);
}

static void show_thresholds(json_object *thresholds)
{
    size_t i, n = json_object_array_length(thresholds);

    for (i = 0; i < n; i++) {
        json_object *t = json_object_array_get_idx(thresholds, i);

        printf("  %s %s %s (%g)\n", wf_json_bool(t, "passed", 0) ? "passed" : "FAILED",
               wf_json_string(t, "metric", ""), wf_json_string(t, "condition", ""),
               json_object_get_double(wf_json_get(t, "value")));
    }
}

/* As k6 has them: what held always, and what did not. */
static void show_checks(json_object *checks)
{
    size_t i, n = json_object_is_type(checks, json_type_array)
                      ? json_object_array_length(checks)
                      : 0;

    for (i = 0; i < n; i++) {
        json_object *c = json_object_array_get_idx(checks, i);
        apr_int64_t passes = wf_json_int(c, "passes", 0),
                    fails = wf_json_int(c, "fails", 0);
        const char *step = wf_json_string(c, "step_id", "");

        printf("%s  %s %s%s%s  %" APR_INT64_T_FMT " of %" APR_INT64_T_FMT "\n",
               i ? "" : "checks\n", fails ? "✗" : "✓", step, *step ? ": " : "",
               wf_json_string(c, "name", ""), passes, passes + fails);
    }
}

static void show_changes(json_object *rows)
{
    size_t i;

    for (i = 0; i < json_object_array_length(rows); i++) {
        json_object *row = json_object_array_get_idx(rows, i);
        const char *verdict = wf_json_string(row, "verdict", "");
        const char *step = wf_json_string(row, "step_id", "");

        if (strcmp(verdict, "same") != 0) {
            printf("  %-7s %s%s%s %s  %g -> %g (%+.1f%%)\n", verdict, step,
                   *step ? "." : "", wf_json_string(row, "metric", ""),
                   wf_json_string(row, "statistic", ""),
                   json_object_get_double(wf_json_get(row, "before")),
                   json_object_get_double(wf_json_get(row, "now")),
                   json_object_get_double(wf_json_get(row, "change")));
        }
    }
}

static void show_baseline(json_object *baseline)
{
    if (baseline == NULL) {
        return;
    }
    printf("baseline     %s: %d worse, %d better, %d the same\n",
           wf_json_string(baseline, "execution_id", ""),
           (int)wf_json_int(baseline, "worse", 0),
           (int)wf_json_int(baseline, "better", 0),
           (int)wf_json_int(baseline, "same", 0));
    show_changes(wf_json_get(baseline, "metrics"));
    show_changes(wf_json_get(baseline, "steps"));
}

static void show_errors(json_object *errors)
{
    size_t i, n = json_object_array_length(errors);

    for (i = 0; i < n; i++) {
        json_object *e = json_object_array_get_idx(errors, i);
        const char *step = wf_json_string(e, "step_id", NULL);

        printf("%s  %s %s%s%s\n", i ? "" : "errors\n", wf_json_string(e, "code", ""),
               step ? step : "", step ? ": " : "", wf_json_string(e, "message", ""));
    }
}

void wf_show_summary(const wf_run_snapshot_t *s, apr_pool_t *p)
{
    if (isatty(STDOUT_FILENO)) {
        printf("\n");
    }
    printf("\nstatus       %s\n", wf_run_status_name(s->status));
    printf("total time   %s\n", wf_duration_text(s->elapsed_ms * NS_PER_MS, p));
    printf("VUs          %" APR_INT64_T_FMT "\n", s->vus);
    printf("iterations   %" APR_INT64_T_FMT "\n", s->iterations);
    printf("requests     %" APR_INT64_T_FMT "\n", s->http_reqs);
    if (s->http_reqs > 0) {
        show_requests(s);
    }
    if (s->thresholds_passed + s->thresholds_failed > 0) {
        printf("thresholds   %d passed, %d failed\n", s->thresholds_passed,
               s->thresholds_failed);
        show_thresholds(wf_json_get(s->metrics, "thresholds"));
    }
    show_baseline(wf_json_get(s->metrics, "baseline"));
    show_checks(wf_json_get(s->metrics, "checks"));
    show_errors(s->errors);
    fflush(stdout);
}

/* ---- result file ------------------------------------------------------------------- */

static void add_double(json_object *o, const char *name, double number)
{
    wf_value_t value = wf_double(number);

    json_object_object_add(o, name, wf_value_to_json(&value));
}

static json_object *summary_json(const wf_run_snapshot_t *s, const char *workflow_name,
                                 apr_pool_t *p)
{
    json_object *o = wf_json_own(json_object_new_object(), p);
    double failed = share(s->http_failed, s->http_reqs);

    wf_json_add_string(o, "workflow_id", s->workflow_id);
    wf_json_add_string(o, "workflow_name", workflow_name);
    wf_json_add_string(o, "status", wf_run_status_name(s->status));
    wf_json_add_int(o, "duration_ms", s->elapsed_ms);
    wf_json_add_int(o, "total_vus", s->vus);
    wf_json_add_int(o, "total_iterations", s->iterations);
    wf_json_add_int(o, "total_requests", s->http_reqs);
    add_double(o, "rps", per_second(s));
    add_double(o, "success_rate", s->http_reqs ? 1 - failed : 0);
    add_double(o, "error_rate", failed);
    add_double(o, "avg_duration_ms", s->http_req_duration.avg);
    add_double(o, "p95_duration_ms", s->http_req_duration.p95);
    add_double(o, "p99_duration_ms", s->http_req_duration.p99);
    wf_json_add_int(o, "thresholds_passed", s->thresholds_passed);
    wf_json_add_int(o, "thresholds_failed", s->thresholds_failed);
    return o;
}

apr_status_t wf_write_summary(const char *path, const wf_run_snapshot_t *snapshot,
                              const char *workflow_name, apr_pool_t *p, wf_error_t *err)
{
    const char *text =
        json_object_to_json_string_ext(summary_json(snapshot, workflow_name, p),
                                       JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
                                           | JSON_C_TO_STRING_NOSLASHESCAPE);
    apr_file_t *file;
    apr_status_t rv = apr_file_open(
        &file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
        APR_FPROT_OS_DEFAULT, p);

    if (rv == APR_SUCCESS) {
        rv = apr_file_write_full(file, text, strlen(text), NULL);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_putc('\n', file);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_close(file);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "writing %s", path);
    }
    return APR_SUCCESS;
}
