/* metrics, inside: buckets, and the slots that sheets, judges and series are made of. */
#ifndef WF_METRICS_INTERNAL_H
#define WF_METRICS_INTERNAL_H

#include "metrics/metrics.h"

/* ---- histograms (histogram.c) ------------------------------------------------------ */

#define WF_HISTOGRAM_BUCKETS (WF_HISTOGRAM_PAGES * WF_HISTOGRAM_STEPS)

/** The bucket of a sample, from 0; it has 63 bits at most. */
int wf_histogram_bucket(apr_uint64_t sample);
/** The counts of a page, to be filled with something. */
apr_uint64_t *wf_histogram_page(wf_histogram_t *h, int page, apr_pool_t *p);
/** Add n samples to a bucket; count, sum, min and max are the caller's. */
void wf_histogram_fill(wf_histogram_t *h, int bucket, apr_uint64_t n, apr_pool_t *p);
/** Take the lowest page out of a set of them, such as used; -1 if it is empty. */
int wf_histogram_next_page(apr_uint64_t *pages);
/** What a bucket holds. */
apr_uint64_t wf_histogram_held(const wf_histogram_t *h, int bucket);
/** No samples; pages are kept. */
void wf_histogram_clear(wf_histogram_t *h);
/** What h has more than base into an empty one. 0: base is no earlier state of h, or the
 *  same. */
int wf_histogram_since(wf_histogram_t *into, const wf_histogram_t *h,
                       const wf_histogram_t *base, apr_pool_t *p);

/* ---- text (text.c) ----------------------------------------------------------------- */

/* What is written grows in a buffer; a failed write is remembered. */
typedef struct wf_writer_t {
    wf_buffer_t *buffer;
    int failed; /* no memory */
} wf_writer_t;

wf_writer_t wf_writer(apr_pool_t *p);
void wf_write(wf_writer_t *w, const char *text);
/** A JSON number that is read back as the same double. */
void wf_write_number(wf_writer_t *w, double number);
void wf_write_int(wf_writer_t *w, apr_int64_t number);
/** A JSON string. */
void wf_write_string(wf_writer_t *w, const char *text);
/** [sum, min, max, "…"]: the text has the buckets with samples, each told by how many lie
 *  between it and the one before, and by what it holds. */
void wf_write_histogram(wf_writer_t *w, const wf_histogram_t *h);
/** What was written; NULL without memory. */
const char *wf_written(const wf_writer_t *w);

/* Values of texts that wf_json_value has read. NULL for what is read stands for nothing. */

/** NULL if it is no object, has no such member, or null there. */
const wf_value_t *wf_read_member(const wf_value_t *object, const char *name);
/** As wf_read_member; NULL for what is no text, too. */
const char *wf_read_string(const wf_value_t *object, const char *name);
/** How many elements a list has; -1: it is none. */
int wf_read_length(const wf_value_t *value);
/** NULL if it is no list, or a shorter one. */
const wf_value_t *wf_read_element(const wf_value_t *value, int i);
/** A finite number: 1, or 0 for anything else. */
int wf_read_number(const wf_value_t *value, double *number);
/** A list of n finite numbers: the same. */
int wf_read_numbers(const wf_value_t *list, double *numbers, int n);
/** A whole number from least on: the same. */
int wf_read_int(const wf_value_t *value, apr_int64_t least, apr_int64_t *number);
/** Add what wf_write_histogram wrote: 1, or 0 for anything else (and then h may hold a
 *  part, and has to be cleared). */
int wf_read_histogram(const wf_value_t *value, wf_histogram_t *h, apr_pool_t *p);

/** How many bytes of a text are kept: max at most, cut at a whole UTF-8 character, so that
 *  equal stays equal. */
apr_size_t wf_text_kept(const char *text, apr_size_t max);
#define WF_TEXT_HASH 2166136261u /* to begin with */
apr_uint32_t wf_text_hash(apr_uint32_t hash, const char *text, apr_size_t n);
/** Is a text of ours the first n bytes of another one? */
int wf_text_same(const char *mine, const char *text, apr_size_t n);
void wf_text_keep(char *into, const char *text, apr_size_t n);
/** The text, or what of it is ASCII in the buffer if it is no UTF-8: everything after this
 *  writes JSON. */
const char *wf_text_printable(const char *text, char buffer[WF_ERROR_TEXT + 1]);

/* ---- slots: the value of one metric (slot.c) --------------------------------------- */

typedef struct wf_gauge_t {
    int set; /* has a value; else nothing here counts */
    double last, min, max;
    double sum, samples;
    apr_int64_t at_ms; /* when last was measured */
} wf_gauge_t;

typedef struct wf_tallied_t {
    int key;
    double count;
} wf_tallied_t;

typedef struct wf_tally_t {
    int n, capacity;
    wf_tallied_t *keys; /* in the order they came */
    double rest;
} wf_tally_t;

/* All zero is empty. What it points to is made when it is first used, and kept. */
typedef union wf_slot_t {
    double count;
    struct {
        double passes, total;
    } rate;
    wf_gauge_t *gauge;
    wf_histogram_t *trend;
    wf_tally_t *tally;
} wf_slot_t;

int wf_slot_empty(wf_metric_type_e type, const wf_slot_t *slot);
void wf_slot_clear(wf_metric_type_e type, wf_slot_t *slot);
void wf_slot_merge(wf_metric_type_e type, wf_slot_t *into, const wf_slot_t *from,
                   apr_pool_t *p);
void wf_slot_subtract(wf_metric_type_e type, wf_slot_t *from, const wf_slot_t *earlier);
/** now - before; 1 if that gives now again when it is added to before, as it does for whole
 *  numbers below 2^53. */
int wf_exact_difference(double *difference, double now, double before);
/** What slot has more than base into one that is empty; as wf_sheet_since (delta.c). */
int wf_slot_since(wf_metric_type_e type, wf_slot_t *into, const wf_slot_t *slot,
                  const wf_slot_t *base, apr_pool_t *p);
/** into becomes what from is. */
void wf_slot_copy(wf_metric_type_e type, wf_slot_t *into, const wf_slot_t *from,
                  apr_pool_t *p);

wf_histogram_t *wf_slot_trend(wf_slot_t *slot, apr_pool_t *p);
void wf_slot_gauge(wf_slot_t *slot, const wf_gauge_t *gauge, apr_pool_t *p);
void wf_slot_tally(wf_slot_t *slot, int key, double n, apr_pool_t *p);
double wf_slot_tallied(const wf_slot_t *slot, int key);

/** One JSON value, null for an empty slot; and back into one that is empty: 1, or 0 for
 *  anything else (codec.c). */
void wf_slot_write(wf_writer_t *w, wf_metric_type_e type, const wf_slot_t *slot);
int wf_slot_read(const wf_value_t *value, wf_metric_type_e type, wf_slot_t *slot,
                 apr_pool_t *p);

/** The slot of a metric; in the sheet. */
wf_slot_t *wf_sheet_slot_of(wf_sheet_t *sheet, int metric);
const wf_slot_t *wf_sheet_slot(const wf_sheet_t *sheet, int metric);

/* ---- statistics (stat.c) ----------------------------------------------------------- */

/** Which statistics a type has, a bit for each wf_stat_e. */
unsigned wf_metric_stats(wf_metric_type_e type);
/** "count, rate": those with names. */
const char *wf_stats_text(unsigned stats, apr_pool_t *p);
/** The statistic that a word of n bytes names; NONE for others. */
wf_stat_e wf_stat_find(const char *word, apr_size_t n);
/** As wf_sheet_stat. */
int wf_slot_stat(wf_metric_type_e type, const wf_slot_t *slot, wf_stat_e stat,
                 double percentile, double seconds, double *value);

/* ---- what thresholds name (source.c) ----------------------------------------------- */

typedef enum {
    WF_SOURCE_NONE,   /* the table has no such metric */
    WF_SOURCE_METRIC, /* http_req_duration, login.duration, login.duration.p95 */
    WF_SOURCE_SHARE,  /* login.success_rate: the first counter's part of both */
    WF_SOURCE_KEY,    /* http_req_status_503: what a tally has of a key */
    WF_SOURCE_MOMENT  /* total_vus */
} wf_source_e;

typedef struct wf_source_t {
    wf_source_e kind;
    int metrics[2]; /* that are read; -1: none */
    int key;
    wf_stat_e stat; /* if the condition names none */
    double percentile;
    int fixed; /* the name ends with the statistic */
    double (*moment)(const wf_moment_t *now);
} wf_source_t;

wf_source_t wf_source_find(const wf_metric_table_t *table, const char *metric);
/** Which statistics it has, as wf_metric_stats. */
unsigned wf_source_stats(const wf_source_t *source, const wf_metric_table_t *table);
/** The value for a condition. slots are those of source->metrics; seconds is how long they
 *  were measured. *unmeasured: a trend without samples. */
double wf_source_value(const wf_source_t *source, const wf_metric_table_t *table,
                       const wf_slot_t *const slots[2], const wf_condition_t *condition,
                       double seconds, const wf_moment_t *now, int *unmeasured);

/* ---- conditions (threshold.c) ------------------------------------------------------ */

/** p(95), p( 99.9 ), p95, at *s, which is moved behind it. NULL, or what is wrong. */
const char *wf_percentile_parse(const char **s, double *percentile);
int wf_condition_holds(const wf_condition_t *condition, double value);

/* ---- tables (table.c) -------------------------------------------------------------- */

/** As wf_metric_find, for names and steps that are parts of a text. */
int wf_metric_find_part(const wf_metric_table_t *table, const char *name,
                        apr_size_t name_length, const char *step, apr_size_t step_length);
/** The table's own text of a step's id; NULL if no metric belongs to it. */
const char *wf_metric_step(const wf_metric_table_t *table, const char *step,
                           apr_size_t length);

/* ---- errors (errors.c) ------------------------------------------------------------- */

typedef struct wf_errors_t wf_errors_t;

wf_errors_t *wf_errors_create(const wf_metric_table_t *table, apr_pool_t *p);
void wf_errors_clear(wf_errors_t *errors);
/** Add what an entry tells: e->times of it, the first at e->first_ms. */
void wf_errors_add(wf_errors_t *errors, const wf_metric_error_t *e);
/** Only counted. */
void wf_errors_count(wf_errors_t *errors, apr_int64_t times);
void wf_errors_merge(wf_errors_t *into, const wf_errors_t *from);
/** As wf_sheet_since. */
int wf_errors_since(wf_errors_t *into, const wf_errors_t *errors,
                    const wf_errors_t *base);
int wf_errors_number(const wf_errors_t *errors);
const wf_metric_error_t *wf_errors_at(const wf_errors_t *errors, int i);
apr_int64_t wf_errors_total(const wf_errors_t *errors);

/* ---- checks (checks.c) ------------------------------------------------------------- */

typedef struct wf_checks_t wf_checks_t;

wf_checks_t *wf_checks_create(const wf_metric_table_t *table, apr_pool_t *p);
void wf_checks_clear(wf_checks_t *checks);
/** Add what an entry tells. */
void wf_checks_add(wf_checks_t *checks, const wf_metric_check_t *from);
/** Only counted. */
void wf_checks_count(wf_checks_t *checks, double passes, double fails);
void wf_checks_merge(wf_checks_t *into, const wf_checks_t *from);
/** As wf_sheet_since. */
int wf_checks_since(wf_checks_t *into, const wf_checks_t *checks,
                    const wf_checks_t *base);
int wf_checks_number(const wf_checks_t *checks);
const wf_metric_check_t *wf_checks_at(const wf_checks_t *checks, int i);
int wf_checks_rest(const wf_checks_t *checks, double *passes, double *fails);

wf_checks_t *wf_sheet_check_list(const wf_sheet_t *sheet);
wf_errors_t *wf_sheet_error_list(const wf_sheet_t *sheet);
apr_pool_t *wf_sheet_pool(const wf_sheet_t *sheet);
/** Has nothing been added? */
int wf_sheet_empty(const wf_sheet_t *sheet);

#endif
