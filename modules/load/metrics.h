/* load, inside: what a loop counts, and the view of a whole run that is judged and
 * shown. */
#ifndef WF_LOAD_METRICS_H
#define WF_LOAD_METRICS_H

#include "load/plan.h"

#define WF_ERRORS_MAX 100 /* distinct errors kept per execution */
#define WF_ERROR_TEXT 200

/* ---- histogram (histogram.c) ------------------------------------------------------- */

/* Log-linear buckets of microseconds: exact below 256, then 128 a power of two. A bucket
 * is reported by its middle, which is at most 1/256 = 0.39 % off. */
#define WF_HISTOGRAM_LINEAR 256
#define WF_HISTOGRAM_STEPS 128
#define WF_HISTOGRAM_POWERS 24 /* 2^8 … 2^32 µs, a good hour */
#define WF_HISTOGRAM_BUCKETS                                                             \
    (WF_HISTOGRAM_LINEAR + WF_HISTOGRAM_POWERS * WF_HISTOGRAM_STEPS)

typedef struct wf_histogram_t {
    apr_uint64_t count, sum;
    apr_uint64_t min, max; /* exact; valid if count > 0 */
    apr_uint64_t buckets[WF_HISTOGRAM_BUCKETS];
} wf_histogram_t;

void wf_histogram_add(wf_histogram_t *h, apr_int64_t us);
void wf_histogram_merge(wf_histogram_t *into, const wf_histogram_t *from);
/** The value below or at which percent (0..100) of the samples lie; 0 without samples. */
apr_uint64_t wf_histogram_percentile(const wf_histogram_t *h, double percent);

/* ---- metrics: what a loop counts (metrics.c) --------------------------------------- */

typedef struct wf_step_metrics_t {
    apr_int64_t count, success, failure;
    double extras[WF_STEP_EXTRAS]; /* sums over the count that is not skipped */
    wf_histogram_t duration;
} wf_step_metrics_t;

typedef struct wf_run_error_t {
    apr_uint32_t hash;
    int step;         /* index, -1: none */
    const char *code; /* a constant */
    apr_int64_t first_ms, times;
    char message[WF_ERROR_TEXT];
} wf_run_error_t;

typedef struct wf_metrics_t {
    apr_int64_t vus, vus_done;                 /* active; finished their plan */
    apr_int64_t iterations, iterations_failed; /* finished; of these ended by an error */
    apr_int64_t interrupted, dropped;
    apr_int64_t http_reqs, http_failed;
    apr_int64_t sent, received;
    wf_histogram_t http_duration, iteration_duration;
    wf_run_error_t errors[WF_ERRORS_MAX];
    int nerrors;
    int nsteps;
    wf_step_metrics_t steps[];
} wf_metrics_t;

apr_size_t wf_metrics_size(int nsteps);
void wf_metrics_step(wf_metrics_t *m, const wf_result_t *result);
void wf_metrics_error(wf_metrics_t *m, int step, const char *code, const char *message,
                      apr_int64_t now_ms);
void wf_metrics_merge(wf_metrics_t *into, const wf_metrics_t *from);

/* The whole run at one instant: merged counters and what only the run knows. */
typedef struct wf_view_t {
    const wf_plan_t *plan;
    wf_metrics_t *metrics;
    const char *execution_id;
    wf_run_status_e status;
    apr_int64_t elapsed_us;
    apr_int64_t vus_shown; /* active while running, then configured */
    apr_int64_t vus_min, vus_max, vus_sum, vus_samples;
    double progress;
} wf_view_t;

/** Judge a threshold: *value is the statistic, 1 if it passes. */
int wf_threshold_judge(const wf_threshold_t *threshold, const wf_view_t *view,
                       double *value);
/** Render a view (report.c). */
void wf_report(wf_run_snapshot_t *snapshot, const wf_view_t *view, apr_pool_t *p);

#endif
