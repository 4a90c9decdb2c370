/* metrics: what load runs measure. A table names the metrics of a run, a sheet holds their
 * values on one loop; sheets of one table are added exactly, so that a percentile of the
 * whole is never one of percentiles. Thresholds are judged and time series are drawn from
 * added sheets. Knows no plan, no loop and no store.
 *
 * A sheet belongs to one thread at a time. Tables are not written once a sheet was made. */
#ifndef WF_METRICS_H
#define WF_METRICS_H

#include "core/core.h"

/* ---- histograms (histogram.c) ------------------------------------------------------ */

/* Log-linear buckets of thousandths (microseconds, where the unit is the millisecond):
 * exact below 256, then 128 to each power of two, so that the middle of a bucket is at
 * most 1/256 = 0.39 % off. Buckets come in pages of one power, made when they are first
 * used: few powers hold all samples of most runs. Memory is bounded, whatever is added. */
#define WF_HISTOGRAM_LINEAR 256
#define WF_HISTOGRAM_STEPS 128
#define WF_HISTOGRAM_POWERS 55 /* 2^8 … 2^63: whatever a sample is */
#define WF_HISTOGRAM_PAGES (WF_HISTOGRAM_LINEAR / WF_HISTOGRAM_STEPS + WF_HISTOGRAM_POWERS)

typedef struct wf_histogram_t {
    apr_uint64_t count;
    double sum;                              /* exact below 2^53 */
    apr_uint64_t min, max;                   /* exact; valid if count > 0 */
    apr_uint64_t used;                       /* pages that hold samples, a bit for each */
    apr_uint64_t *pages[WF_HISTOGRAM_PAGES]; /* of WF_HISTOGRAM_STEPS counts, or NULL */
} wf_histogram_t;

/** Add a sample; a negative one counts as 0. Pages come from p. */
void wf_histogram_add(wf_histogram_t *h, apr_int64_t sample, apr_pool_t *p);
void wf_histogram_merge(wf_histogram_t *into, const wf_histogram_t *from, apr_pool_t *p);
/** Take away what an earlier state of the same histogram had. min and max stay exact if the
 *  earlier state did not have them; else they become the middle of the outermost bucket
 *  that is left. */
void wf_histogram_subtract(wf_histogram_t *from, const wf_histogram_t *earlier);
/** The value below or at which percent (0..100) of the samples lie; 0 without samples. */
apr_uint64_t wf_histogram_percentile(const wf_histogram_t *h, double percent);

/* ---- tables: which metrics there are (table.c) ------------------------------------- */

typedef enum {
    WF_COUNTER, /* count, rate a second */
    WF_GAUGE,   /* value (the last), min, max, avg */
    WF_RATE,    /* share of samples that are true; passes, fails */
    WF_TREND,   /* count, min, max, avg, med, p(N) */
    WF_TALLY,   /* counts by a whole number from 0, such as a status; at most
                   WF_TALLY_KEYS different ones, the rest in one count. count and
                   rate a second of all of them */
    WF_METRIC_TYPES
} wf_metric_type_e;

typedef enum { WF_UNIT_NONE, WF_UNIT_MS, WF_UNIT_BYTES } wf_metric_unit_e;

#define WF_TALLY_KEYS 64
#define WF_METRIC_NAME_MAX 100

typedef struct wf_metric_t {
    const char *name; /* http_req_duration; of a step: duration */
    const char *step; /* id of the step it belongs to, or NULL */
    wf_metric_type_e type;
    wf_metric_unit_e unit;
    int custom;   /* declared by the document */
    int derived;  /* its samples are in other metrics, too */
} wf_metric_t;

typedef struct wf_metric_table_t wf_metric_table_t;

wf_metric_table_t *wf_metric_table_create(apr_pool_t *p);
/** The index of a new metric, from 0 on in the order of the calls; texts are borrowed.
 *  Same name and step twice: the caller's mistake. */
int wf_metric_declare(wf_metric_table_t *table, const wf_metric_t *metric);
/** step may be NULL. -1 if there is none. */
int wf_metric_find(const wf_metric_table_t *table, const char *name, const char *step);
int wf_metric_count(const wf_metric_table_t *table);
const wf_metric_t *wf_metric_at(const wf_metric_table_t *table, int index);
const char *wf_metric_type_name(wf_metric_type_e type);
/** Is this a name for a metric of one's own: a letter, then letters, digits, '_'? */
int wf_metric_name_valid(const char *name);

/* ---- sheets: the values (sheet.c) -------------------------------------------------- */

typedef struct wf_sheet_t wf_sheet_t;

/** Memory grows by what is used, bounded by the table; it lives in p. */
wf_sheet_t *wf_sheet_create(const wf_metric_table_t *table, apr_pool_t *p);
const wf_metric_table_t *wf_sheet_table(const wf_sheet_t *sheet);

/* Samples. NaN and infinity are none. now_ms is wf_steady_ms: of two sheets that are added
 * up, the later sample is the last. */
void wf_sheet_count(wf_sheet_t *sheet, int counter, double n);
void wf_sheet_gauge(wf_sheet_t *sheet, int gauge, double value, apr_int64_t now_ms);
void wf_sheet_rate(wf_sheet_t *sheet, int rate, int passed);
/** A sample of a trend in its unit (milliseconds, bytes, …), kept to thousandths; held
 *  within 0 and WF_TREND_MAX. */
#define WF_TREND_MAX 1e15
void wf_sheet_trend(wf_sheet_t *sheet, int trend, double value);
/** The same of a trend in milliseconds, given in microseconds: the quick way. */
void wf_sheet_time(wf_sheet_t *sheet, int trend, apr_int64_t us);
void wf_sheet_tally(wf_sheet_t *sheet, int tally, int key);
/** A sample of a metric of any type but TALLY: n for a counter, true if not 0 for a rate. */
void wf_sheet_add(wf_sheet_t *sheet, int metric, double value, apr_int64_t now_ms);

/** Add all of from, errors and checks included. Both are of the same table. */
void wf_sheet_merge(wf_sheet_t *into, const wf_sheet_t *from);
/** Add one metric of from to another one of into, of the same type. */
void wf_sheet_merge_metric(wf_sheet_t *into, int metric, const wf_sheet_t *from, int of);
/** Take away an earlier state of the same run (errors and checks stay). The extremes that are left are
 *  those of wf_histogram_subtract for trends; for gauges what is new, the last value and
 *  the average tell them. */
void wf_sheet_subtract(wf_sheet_t *from, const wf_sheet_t *earlier);
/** What sheet has more than base, an earlier state of it, into an empty one: added to
 * base, that gives sheet again, to the last digit and with its extremes (errors, checks
 * and keys perhaps in another order). 0 if there is no such thing: base is no earlier
 * state, or some of it had to make room. into holds nothing of use then, and has to be
 * cleared. */
int wf_sheet_since(wf_sheet_t *into, const wf_sheet_t *sheet, const wf_sheet_t *base);
/** An empty sheet again; its memory is kept. */
void wf_sheet_clear(wf_sheet_t *sheet);

/* Read. */
/** Has the metric samples? */
int wf_sheet_sampled(const wf_sheet_t *sheet, int metric);
double wf_sheet_counter(const wf_sheet_t *sheet, int counter);
void wf_sheet_passes(const wf_sheet_t *sheet, int rate, double *passes, double *total);
/** Never NULL; empty without samples. */
const wf_histogram_t *wf_sheet_histogram(const wf_sheet_t *sheet, int trend);
/** The n-th key by its count, from 0; 0 at the end. The rest comes last, with key -1. */
int wf_sheet_tallied(const wf_sheet_t *sheet, int tally, int n, int *key, double *count);

/* ---- statistics (stat.c) ----------------------------------------------------------- */

typedef enum {
    WF_STAT_NONE, /* the type's own: count, value, rate, avg */
    WF_STAT_COUNT,
    WF_STAT_RATE,
    WF_STAT_VALUE,
    WF_STAT_MIN,
    WF_STAT_MAX,
    WF_STAT_AVG,
    WF_STAT_MED,
    WF_STAT_PASSES,
    WF_STAT_FAILS,
    WF_STAT_PERCENTILE
} wf_stat_e;

/** A statistic in the metric's unit; seconds is the length of the run, for rates a second.
 *  0 if the type has no such statistic. */
int wf_sheet_stat(const wf_sheet_t *sheet, int metric, wf_stat_e stat, double percentile,
                  double seconds, double *value);

/* ---- errors (errors.c) ------------------------------------------------------------- */

#define WF_ERRORS_MAX 100 /* distinct ones of a sheet; further ones are only counted */
#define WF_ERROR_TEXT 200 /* bytes of a message, at most */
#define WF_ERROR_CODE 63
#define WF_ERROR_STEP 100 /* of an id that the table lacks; others are never cut */

typedef struct wf_metric_error_t {
    const char *step; /* or NULL */
    const char *code;
    const char *message;
    apr_int64_t first_ms, times;
} wf_metric_error_t;

/** Count an error; equal ones share an entry. Texts are copied, cut at a whole character if
 *  they are longer than what is kept. */
void wf_sheet_error(wf_sheet_t *sheet, const char *step, const char *code,
                    const char *message, apr_int64_t now_ms);
int wf_sheet_errors(const wf_sheet_t *sheet);
const wf_metric_error_t *wf_sheet_error_at(const wf_sheet_t *sheet, int i);
/** All that were counted, those without an entry included. */
apr_int64_t wf_sheet_error_total(const wf_sheet_t *sheet);

/* ---- checks by name (checks.c) ----------------------------------------------------- */

#define WF_CHECKS_NAMES 200 /* of a sheet; further ones are only counted */
#define WF_CHECK_NAME 200   /* bytes of a name, at most */

typedef struct wf_metric_check_t {
    const char *step; /* or NULL */
    const char *name;
    double passes, fails;
} wf_metric_check_t;

/** Count outcomes of a check; those of equal names of a step share an entry. Texts are
 *  copied, cut as those of errors. */
void wf_sheet_check(wf_sheet_t *sheet, const char *step, const char *name, double passes,
                    double fails);
int wf_sheet_checks(const wf_sheet_t *sheet);
const wf_metric_check_t *wf_sheet_check_at(const wf_sheet_t *sheet, int i);
/** Those without an entry. 0: there are none. */
int wf_sheet_checks_rest(const wf_sheet_t *sheet, double *passes, double *fails);

/* ---- sheets as text (codec.c) ------------------------------------------------------ */

/** A compact text (JSON; buckets that are empty take no room) that wf_sheet_decode
 *  understands on any machine, also of a table with more or fewer metrics: they are found
 *  by name. NULL without memory. */
const char *wf_sheet_encode(const wf_sheet_t *sheet, apr_pool_t *p);
#define WF_SHEET_TEXT_MAX (64 * 1024 * 1024) /* bytes that are read */
/** Add what the text holds to a sheet, most quickly to one that is empty. WF_ERR_INVALID for
 *  what is none, WF_ERR_TOO_LARGE beyond WF_SHEET_TEXT_MAX, and then nothing was added. */
apr_status_t wf_sheet_decode(wf_sheet_t *into, const char *text, apr_size_t length,
                             wf_error_t *err);

/* ---- thresholds (threshold.c) ------------------------------------------------------ */

typedef enum { WF_OP_LT, WF_OP_LE, WF_OP_GT, WF_OP_GE, WF_OP_EQ, WF_OP_NE } wf_op_e;

typedef struct wf_condition_t {
    wf_stat_e stat;    /* NONE: the metric's default */
    double percentile; /* PERCENTILE: 0..100 */
    wf_op_e op;
    double limit;
    int relative; /* limit is what the baseline has, times factor, plus offset … */
    int known;    /* … once that is known; until then it holds */
    double factor, offset;
} wf_condition_t;

/** "p(95) < 400", or of a run that is compared with an earlier one "p(95) < baseline * 1.1",
 *  "< baseline + 20", "rate > baseline - 5%". NULL, or what is wrong. */
const char *wf_condition_parse(wf_condition_t *condition, const char *text,
                               apr_pool_t *p);

/** As written in a document. */
typedef struct wf_threshold_t {
    const char *metric, *text; /* the text of the condition */
    wf_condition_t condition;
    int abort_on_fail;
    apr_int64_t abort_delay_ns; /* not judged for that before; k6's delayAbortEval */
    apr_int64_t window_ns;      /* the last so long; 0: from … to of the run */
    apr_int64_t from_ns, to_ns; /* since the start; to_ns 0: until now */
} wf_threshold_t;

#define WF_WINDOW_MIN_NS ((apr_int64_t)1000000000)

/** Does the metric exist, has it the statistic, and can it be judged over that part of the
 *  run? NULL, or what is wrong. *known is 0 for a metric that the table lacks (which is no
 *  fault: it just never passes). That there is either a window or from and to, in order,
 *  is the caller's to see.
 *
 *  Metrics are those of the table by name; total_iterations, total_vus and duration (ms) of
 *  the run; of a step <id>.<name>, <id>.success_rate, <id>.failure_rate and
 *  <id>.duration.min|max|avg|med|pN. A step's own numbers are averages unless the condition
 *  names another statistic. <tally>_<key> counts one key: http_req_status_503. */
const char *wf_threshold_check(const wf_threshold_t *threshold,
                               const wf_metric_table_t *table, int *known, apr_pool_t *p);

/** The name of the figure (wf_figures) that a relative condition is about: NULL if reports do
 *  not have it, such as other percentiles than 90, 95 and 99. */
const char *wf_threshold_figure(const wf_threshold_t *threshold,
                                const wf_metric_table_t *table, apr_pool_t *p);
/** Give a relative condition its limit. */
void wf_condition_relate(wf_condition_t *condition, double baseline);

/** What a run knows beside its sheet. */
typedef struct wf_moment_t {
    apr_int64_t elapsed_us;  /* pauses left out */
    apr_int64_t warm_us;     /* of these, without samples: rates leave them out */
    double total_vus;        /* metric total_vus */
    double total_iterations; /* metric total_iterations */
} wf_moment_t;

typedef struct wf_verdict_t {
    int passed; /* trends without samples pass; everything else without them is 0 */
    double value;
    int judged; /* 0: its part of the run has not begun, or its abort delay is not over, so
                   that it ends no run yet */
} wf_verdict_t;

/** Judges the thresholds of one run. Those over a window or a part of the run need to see
 *  the sheet about once a second; it keeps what they need, in bounded memory: a window is
 *  known to a second, or to a hundredth of it if that is longer, and a part of the run
 *  begins and ends with the first look at or after its time. One that is made when the run
 *  has already lasted knows of the time before only the sum, unless it is told: parts that
 *  lie there begin with the first look. */
typedef struct wf_judge_t wf_judge_t;

wf_judge_t *wf_judge_create(const wf_threshold_t *thresholds, int n,
                            const wf_metric_table_t *table, apr_pool_t *p);
/** A look: the whole run's sheet so far, of the one thread that looks each second. What is
 *  not newer than the look before is none. */
void wf_judge_see(wf_judge_t *judge, const wf_sheet_t *sheet, const wf_moment_t *now);
/** The verdict on threshold i with the sheet and moment given, which may be those of any
 *  reader: it is no look, so that sheets that were added at the same time by several
 *  threads do not get into each other's way. */
wf_verdict_t wf_judge_verdict(wf_judge_t *judge, int i, const wf_sheet_t *sheet,
                              const wf_moment_t *now);
/** What a judge knows of parts of the run, for a checkpoint; NULL without memory. Windows
 *  are not in it: they fill again. */
const char *wf_judge_encode(const wf_judge_t *judge, apr_pool_t *p);
/** Before the first look: go on from there, with the same thresholds. WF_ERR_INVALID for
 *  what is none, or of others, and then nothing is known. */
apr_status_t wf_judge_decode(wf_judge_t *judge, const char *text, apr_size_t length,
                             wf_error_t *err);

/* ---- time series (series.c, point.c) ----------------------------------------------- */

#define WF_SERIES_POINTS 600   /* at most; then neighbours become one, and spans double */
#define WF_SERIES_SPAN_MS 1000 /* of a point in the beginning */

/** What happened in a span of the run. */
typedef struct wf_point_t {
    apr_int64_t number;              /* rising from 0; of those joined, the first */
    apr_int64_t time_ms;             /* end of the span, since 1970 */
    apr_int64_t elapsed_ms, span_ms; /* end since the start of the run; length */
    double active_vus;               /* at its end */
    double iterations, http_reqs, failed, dropped; /* in the span */
    double sent, received;                         /* bytes in the span */
    wf_histogram_t duration;                       /* of http exchanges in the span */
} wf_point_t;

/** Which metrics of the table the columns are taken from; -1: none. */
typedef struct wf_series_columns_t {
    int iterations, http_reqs;   /* counters */
    int http_failed;             /* a rate */
    int dropped, sent, received; /* counters */
    int duration;                /* a trend */
} wf_series_columns_t;

typedef struct wf_series_t wf_series_t;

wf_series_t *wf_series_create(const wf_series_columns_t *columns, apr_pool_t *p);
/** What happened since the last look becomes a point, or a part of the last one if that is
 *  still shorter than a span. To be called about once a second; in a pause, elapsed_us
 *  stands still. */
void wf_series_see(wf_series_t *series, const wf_sheet_t *sheet, apr_int64_t elapsed_us,
                   apr_int64_t now_ms, double active_vus);
int wf_series_count(const wf_series_t *series);
const wf_point_t *wf_series_at(const wf_series_t *series, int i);
/** How often points were joined. While it stays the same, only the last point changes, and
 *  new ones follow; when it has grown, numbers are gone, and the points that are left hold
 *  what those did. */
int wf_series_generation(const wf_series_t *series);
/** A point as text for the store, NULL without memory; and back, exactly. WF_ERR_INVALID for
 *  what is no point. */
const char *wf_point_encode(const wf_point_t *point, apr_pool_t *p);
apr_status_t wf_point_decode(wf_point_t *point, const char *text, apr_size_t length,
                             apr_pool_t *p, wf_error_t *err);
/** Append the point that follows: exactly what one point of both spans would hold. */
void wf_point_join(wf_point_t *into, const wf_point_t *next, apr_pool_t *p);
/** Put a point back, in order, before the first wf_series_see, whose sheet then must hold
 *  what all of them tell: that of the same checkpoint. The point is copied. */
void wf_series_restore(wf_series_t *series, const wf_point_t *point);
/** The members that clients see: timestamp, elapsed_ms, iterations, active_vus, qps,
 *  error_rate (percent), avg_rt_ms, p50_rt_ms, p90_rt_ms, p95_rt_ms, p99_rt_ms,
 *  data_sent_per_sec, data_received_per_sec, dropped_iterations. The caller owns the
 *  reference; p is for scratch. */
json_object *wf_point_json(const wf_point_t *point, apr_pool_t *p);

/* ---- two runs beside each other (compare.c) ---------------------------------------- */

/** What is kept of a report (its members metrics, step_details and summary) to compare later
 *  runs with: {execution_id, workflow_id, start_time, end_time, status, figures: {name:
 *  number}, steps: [id]}. Names are those of thresholds with their statistic:
 *  http_req_duration.p95, http_reqs.rate, login.duration.p95, login.success_rate.rate. The
 *  caller owns the reference, as of all of these; p is for scratch. */
json_object *wf_figures(json_object *report, apr_pool_t *p);
/** 1 if they have one with this name. */
int wf_figure_find(json_object *figures, const char *name, double *value);

/** Can a run of this table have figures of that name: one (http_req_duration.p95), all of a
 *  metric (login.duration), or all of a step (login)? */
int wf_figure_known(const wf_metric_table_t *table, const char *name);

typedef struct wf_compare_t {
    double tolerance;        /* percent; what changed by less is the same */
    const char *const *only; /* names of figures, or of what has some (login, login.duration):
                                the others are left out … */
    int nonly;               /* … unless this is 0: then those that people look at are in */
} wf_compare_t;

#define WF_COMPARE_TOLERANCE 10 /* percent, if nobody says */

/** {execution_id, workflow_id, start_time, end_time, status: of the earlier run; tolerance,
 *  same, better, worse, changed: how many of each verdict (changed: of a figure that is
 *  neither better nor worse); worst_change: percent, 0 if none; metrics: [{metric, statistic,
 *  before, now, change, verdict}], steps: the same with step_id; new_steps, missing_steps}.
 *  Changes are in percent of what was before; of what was nothing 100. *worst (may be NULL)
 *  is worst_change. */
json_object *wf_compare(const wf_compare_t *how, json_object *figures, json_object *report,
                        double *worst, apr_pool_t *p);
/** "10%", or "10". NULL, or what is wrong. */
const char *wf_percent_parse(double *percent, const char *text);

#endif
