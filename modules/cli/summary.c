/* What is printed when a run is over: first what everybody looks at, then tables of steps
 * and metrics, then what was judged and what went wrong. */
#include "cli/internal.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define COLUMN_MIN 12 /* of the first column of tables */
#define COLUMN_MAX 40

/* ---- colours ----------------------------------------------------------------------- */

typedef enum { PLAIN, GOOD, BAD, COLOURS } colour_e;

/* For people only, and for those that want it (no-color.org). */
static const char *colour(colour_e which)
{
    static const char *const codes[COLOURS] = { "\033[0m", "\033[32m", "\033[31m" };
    const char *unwanted = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && !(unwanted && *unwanted) ? codes[which] : "";
}

/* ---- small things -------------------------------------------------------------------- */

static double share(apr_int64_t part, apr_int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static double number_of(json_object *o, const char *name)
{
    return json_object_get_double(wf_json_get(o, name));
}

static size_t length_of(json_object *list)
{
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list)
                                                      : 0;
}

/* Milliseconds as a person reads them. */
static const char *time_text(double ms, apr_pool_t *p)
{
    return ms >= 10000 ? apr_psprintf(p, "%.2fs", ms / 1000)
           : ms >= 100 ? apr_psprintf(p, "%.0fms", ms)
           : ms >= 1   ? apr_psprintf(p, "%.2fms", ms)
                       : apr_psprintf(p, "%.0fus", ms * 1000);
}

static const char *bytes_text(double bytes, apr_pool_t *p)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    size_t i = 0;

    for (; bytes >= 1024 && i + 1 < sizeof(units) / sizeof(units[0]); i++) {
        bytes /= 1024;
    }
    return apr_psprintf(p, i ? "%.1f %s" : "%.0f %s", bytes, units[i]);
}

/* The first column; what is longer is cut where a character ends. */
static const char *cut_name(const char *name, apr_pool_t *p)
{
    size_t n = COLUMN_MAX - 1;

    if (strlen(name) <= COLUMN_MAX) {
        return name;
    }
    while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80) {
        n--;
    }
    return apr_psprintf(p, "%.*s~", (int)n, name);
}

/* ---- requests ---------------------------------------------------------------------- */

static void show_requests(const wf_run_snapshot_t *s, apr_pool_t *p)
{
    const wf_run_times_t *t = &s->http_req_duration;
    double failed = share(s->http_failed, s->http_reqs);

    printf("requests/s   %.2f\n", wf_requests_per_second(s));
    printf("success      %.2f%%\n", 100 * (1 - failed));
    printf("failure      %.2f%%\n", 100 * failed);
    printf("mean         %.3fms\n", t->avg);
    printf("P95          %.3fms\n", t->p95);
    printf("P99          %.3fms\n", t->p99);
    printf("spread       min %s, median %s, P90 %s, max %s\n", time_text(t->min, p),
           time_text(t->med, p), time_text(t->p90, p), time_text(t->max, p));
    printf("data         %s sent, %s received\n", bytes_text((double)s->data_sent, p),
           bytes_text((double)s->data_received, p));
}

/* ---- steps ------------------------------------------------------------------------- */

static int name_width(json_object *rows, const char *member)
{
    int width = COLUMN_MIN;
    size_t i;

    for (i = 0; i < length_of(rows); i++) {
        const char *name = wf_json_string(json_object_array_get_idx(rows, i), member, "");
        int n = (int)strlen(name);

        width = n > width ? n : width;
    }
    return width > COLUMN_MAX ? COLUMN_MAX : width;
}

static void show_steps(json_object *steps, apr_pool_t *p)
{
    static const char *const times[] = { "avg_ms", "p50_ms", "p95_ms", "p99_ms",
                                         "max_ms" };
    int width = name_width(steps, "step_id");
    size_t i, k;

    if (length_of(steps) == 0) {
        return;
    }
    printf("%-*s %10s %10s %10s %9s %9s %9s %9s %9s\n", width + 2, "steps", "count",
           "passed", "failed", "avg", "median", "P95", "P99", "max");
    for (i = 0; i < length_of(steps); i++) {
        json_object *step = json_object_array_get_idx(steps, i);
        apr_int64_t failed = wf_json_int(step, "failure_count", 0);

        printf("  %-*s %10" APR_INT64_T_FMT " %10" APR_INT64_T_FMT
               " %s%10" APR_INT64_T_FMT "%s",
               width, cut_name(wf_json_string(step, "step_id", ""), p),
               wf_json_int(step, "count", 0), wf_json_int(step, "success_count", 0),
               failed ? colour(BAD) : "", failed, failed ? colour(PLAIN) : "");
        for (k = 0; k < sizeof(times) / sizeof(times[0]); k++) {
            printf(" %9s", time_text(number_of(step, times[k]), p));
        }
        printf("\n");
    }
}

/* ---- the workflow's own metrics -------------------------------------------------------- */

/* What is shown of a value; the rate of a counter is one a second, a rate is a share. */
typedef enum { AS_UNIT, AS_NUMBER, PER_SECOND, AS_SHARE } form_e;

static const struct {
    const char *type;
    struct {
        const char *stat;
        form_e form;
    } stats[8];
} shown[] = {
    /* clang-format off */
    { "counter", { { "count", AS_UNIT }, { "rate", PER_SECOND } } },
    { "gauge",   { { "value", AS_UNIT }, { "min", AS_UNIT }, { "max", AS_UNIT } } },
    { "rate",    { { "rate", AS_SHARE }, { "passes", AS_NUMBER }, { "fails", AS_NUMBER } } },
    { "trend",   { { "avg", AS_UNIT }, { "min", AS_UNIT }, { "med", AS_UNIT },
                   { "max", AS_UNIT }, { "p(90)", AS_UNIT }, { "p(95)", AS_UNIT },
                   { "p(99)", AS_UNIT } } },
    /* clang-format on */
};

static const char *value_text(double value, form_e form, const char *contains,
                              apr_pool_t *p)
{
    if (form == PER_SECOND) {
        return apr_psprintf(p, "%.2f/s", value);
    }
    if (form == AS_SHARE) {
        return apr_psprintf(p, "%.2f%%", 100 * value);
    }
    return form == AS_UNIT && strcmp(contains, "time") == 0 ? time_text(value, p)
           : form == AS_UNIT && strcmp(contains, "data") == 0
               ? bytes_text(value, p)
               : apr_psprintf(p, "%g", value);
}

static void show_metric(const char *name, json_object *metric, apr_pool_t *p)
{
    const char *type = wf_json_string(metric, "type", "");
    const char *contains = wf_json_string(metric, "contains", "");
    json_object *values = wf_json_get(metric, "values");
    size_t i = 0, k;

    while (i + 1 < sizeof(shown) / sizeof(shown[0]) && strcmp(shown[i].type, type) != 0) {
        i++;
    }
    printf("  %-*s", COLUMN_MIN, cut_name(name, p));
    for (k = 0; shown[i].stats[k].stat != NULL; k++) {
        const char *stat = shown[i].stats[k].stat;

        printf("%s %s %s", k ? "," : "", stat,
               value_text(number_of(values, stat), shown[i].stats[k].form, contains, p));
    }
    printf("\n");
}

static void show_metrics(json_object *metrics, apr_pool_t *p)
{
    int n = 0;

    json_object_object_foreach(metrics, name, metric)
    {
        if (wf_json_bool(metric, "custom", 0)) {
            printf("%s", n++ ? "" : "metrics\n");
            show_metric(name, metric, p);
        }
    }
}

/* ---- judgements -------------------------------------------------------------------- */

static void show_thresholds(const wf_run_snapshot_t *s)
{
    json_object *thresholds = wf_json_get(s->metrics, "thresholds");
    size_t i;

    if (s->thresholds_passed + s->thresholds_failed == 0) {
        return;
    }
    printf("thresholds   %d passed, %d failed\n", s->thresholds_passed,
           s->thresholds_failed);
    for (i = 0; i < length_of(thresholds); i++) {
        json_object *t = json_object_array_get_idx(thresholds, i);
        int passed = wf_json_bool(t, "passed", 0);

        printf("  %s%s%s %s %s (%g)\n", colour(passed ? GOOD : BAD),
               passed ? "passed" : "FAILED", colour(PLAIN),
               wf_json_string(t, "metric", ""), wf_json_string(t, "condition", ""),
               number_of(t, "value"));
    }
}

/* As k6 has them: what held always, and what did not. */
static void show_checks(json_object *checks)
{
    size_t i;

    for (i = 0; i < length_of(checks); i++) {
        json_object *c = json_object_array_get_idx(checks, i);
        apr_int64_t passes = wf_json_int(c, "passes", 0),
                    fails = wf_json_int(c, "fails", 0);
        const char *step = wf_json_string(c, "step_id", "");

        printf("%s  %s%s%s %s%s%s  %" APR_INT64_T_FMT " of %" APR_INT64_T_FMT "\n",
               i ? "" : "checks\n", colour(fails ? BAD : GOOD), fails ? "✗" : "✓",
               colour(PLAIN), step, *step ? ": " : "", wf_json_string(c, "name", ""),
               passes, passes + fails);
    }
}

static void show_changes(json_object *rows)
{
    size_t i;

    for (i = 0; i < length_of(rows); i++) {
        json_object *row = json_object_array_get_idx(rows, i);
        const char *verdict = wf_json_string(row, "verdict", "");
        const char *step = wf_json_string(row, "step_id", "");

        if (strcmp(verdict, "same") != 0) {
            printf("  %-7s %s%s%s %s  %g -> %g (%+.1f%%)\n", verdict, step,
                   *step ? "." : "", wf_json_string(row, "metric", ""),
                   wf_json_string(row, "statistic", ""), number_of(row, "before"),
                   number_of(row, "now"), number_of(row, "change"));
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
    size_t i;

    for (i = 0; i < length_of(errors); i++) {
        json_object *e = json_object_array_get_idx(errors, i);
        const char *step = wf_json_string(e, "step_id", NULL);
        apr_int64_t count = wf_json_int(e, "count", 1);

        printf("%s  %s %s%s%s", i ? "" : "errors\n", wf_json_string(e, "code", ""),
               step ? step : "", step ? ": " : "", wf_json_string(e, "message", ""));
        printf(count > 1 ? " (%" APR_INT64_T_FMT " times)\n" : "\n", count);
    }
}

/* ---- the whole ------------------------------------------------------------------------ */

void wf_show_summary(const wf_run_snapshot_t *s, json_object *report, apr_pool_t *p)
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
        show_requests(s, p);
    }
    show_steps(wf_json_get(report, "step_details"), p);
    show_metrics(wf_json_get(report, "metrics"), p);
    show_thresholds(s);
    show_baseline(wf_json_get(s->metrics, "baseline"));
    show_checks(wf_json_get(s->metrics, "checks"));
    show_errors(s->errors);
    fflush(stdout);
}
