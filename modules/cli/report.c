/* What a run looks like before its end, and in the result file. */
#include "cli/internal.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CELLS 30
#define NS_PER_MS 1000000

static double share(apr_int64_t part, apr_int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

double wf_requests_per_second(const wf_run_snapshot_t *s)
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

/* A line that is wider than the terminal goes on in the next row, and is not replaced. */
static int fitting(const char *line)
{
    int length = (int)strlen(line);
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
        && length >= size.ws_col) {
        return size.ws_col - 1;
    }
    return length;
}

void wf_show_progress(const wf_run_snapshot_t *s, apr_pool_t *p)
{
    const char *line;
    int full = (int)(s->progress * CELLS);
    char bar[CELLS + 1];

    memset(bar, '.', CELLS);
    memset(bar, '#', full);
    bar[CELLS] = '\0';
    line =
        apr_psprintf(p,
                     "[%s] %3d%% left %s | %s | iter %" APR_INT64_T_FMT
                     " | VUs %" APR_INT64_T_FMT " | req %" APR_INT64_T_FMT
                     " %.1f/s | ok %.1f%% | avg %.2fms | fail %" APR_INT64_T_FMT,
                     bar, (int)(s->progress * 100), remaining(s, p),
                     wf_duration_text(s->elapsed_ms * NS_PER_MS, p), s->iterations,
                     s->active_vus, s->http_reqs, wf_requests_per_second(s),
                     100 * (s->http_reqs ? 1 - share(s->http_failed, s->http_reqs) : 0),
                     s->http_req_duration.avg, s->http_failed);
    if (isatty(STDOUT_FILENO)) {
        printf("\r\033[K%.*s", fitting(line), line);
    }
    else {
        printf("%s\n", line);
    }
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
    add_double(o, "rps", wf_requests_per_second(s));
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
