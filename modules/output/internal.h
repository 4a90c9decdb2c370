/* output, inside: outputs as they are configured, sinks that write them, and what they
 * write: the samples of an interval, made into parcels that are delivered one by one. */
#ifndef WF_OUTPUT_INTERNAL_H
#define WF_OUTPUT_INTERNAL_H

#include "output/output.h"

#include <apr_strings.h>
#include <pthread.h>

#define NS_PER_MS ((apr_int64_t)1000000)
#define WF_OUTPUT_MAX_TIMEOUT_NS (60 * 1000 * NS_PER_MS)
#define WF_OUTPUT_MAX_BATCH 100000
#define WF_OUTPUT_RETRY_MAX_US (30 * 1000000LL) /* longest pause between attempts */

typedef struct wf_output_type_t wf_output_type_t;
typedef struct wf_sink_t wf_sink_t;
typedef struct wf_figure_t wf_figure_t;

/* ---- configuration (outputs.c) ----------------------------------------------------- */

/* How a file of JSON is written. */
typedef enum {
    WF_JSON_ARRAY, /* one array of points */
    WF_JSON_LINES  /* as k6 writes it: a record a line, also of metrics and totals */
} wf_json_format_e;

/* An output with all its texts made up. Each type reads some of it. */
typedef struct wf_output_t {
    const wf_output_type_t *type;
    const wf_output_names_t *names;
    const wf_node_t *node; /* as written, texts made up */
    const char *url;       /* or file */
    apr_int64_t interval_ns, timeout_ns;
    apr_int64_t batch_size;
    apr_int64_t attempts, retry_delay_ns;

    const char *delimiter;
    int header, overwrite; /* files */
    int format;            /* json: wf_json_format_e, or -1: as the file is called */
    const char *job;       /* prometheus */
    const wf_node_t *labels;
    int delete_on_close;
    const char *token, *org, *bucket, *db, *user, *password; /* influxdb */
    const wf_node_t *tags;
    const char *method; /* webhook */
    const wf_node_t *headers;
} wf_output_t;

struct wf_outputs_t {
    const wf_node_t **nodes; /* as written */
    const char **labels;     /* for messages: output 1 (json) */
    int count;
    const wf_output_names_t *names;
};

/** What names mean in a run; run NULL: in a check, where those of a run are made up. */
typedef struct wf_output_around_t {
    const wf_output_names_t *names;
    const wf_output_run_t *run;
} wf_output_around_t;

/** Make up the texts of a node and read it. 1, or 0 with problems in c. */
int wf_output_read(wf_output_t *output, const wf_node_t *node,
                   const wf_output_around_t *around, const wf_where_t *path,
                   wf_compile_t *c);
/** A problem with an option, or with the URL if it is NULL, where that is written. */
void wf_output_problem(const wf_output_t *output, const char *option, const char *rule,
                       const wf_where_t *path, wf_compile_t *c, const char *fmt, ...)
    WF_PRINTF(6, 7);
/** The texts of a map of tags, labels or headers: anything but texts, numbers and
 *  booleans is a problem. */
void wf_output_check_texts(const wf_node_t *map, const char *key, const wf_where_t *path,
                           wf_compile_t *c);

/* ---- sinks (feed.c) ---------------------------------------------------------------- */

/* A name and a text that belong to each figure of a run. */
typedef struct wf_tag_t {
    const char *key, *value;
} wf_tag_t;

/* What is on its way. */
typedef struct wf_parcel_t {
    const char *data;
    apr_size_t length;
} wf_parcel_t;

/* An interval. */
typedef struct wf_batch_t {
    const wf_sheet_t *news, *totals;
    double seconds, total_seconds; /* pauses left out */
    apr_int64_t time_ms;           /* its end */
    int last;                      /* of the run */
    double cpu, memory;            /* percent of a core; of the machine's memory */
    int threads;                   /* of this process */
    apr_pool_t *p;                 /* lives until its parcels are delivered */
} wf_batch_t;

/* What happened to a parcel. */
typedef enum {
    WF_SENT,
    WF_SENT_NOT, /* it may be tried again */
    WF_REFUSED   /* it need not */
} wf_sent_e;

struct wf_output_type_t {
    const char *name;
    const wf_field_t *fields; /* of options, in a wf_output_t */
    wf_output_t defaults;
    int writes_file;
    /** More than fields can say. */
    void (*check)(wf_output_t *output, const wf_where_t *path, wf_compile_t *c);
    /** On the sink's thread, before the first batch. */
    apr_status_t (*open)(wf_sink_t *sink, wf_error_t *err);
    /** Make parcels of a batch by wf_sink_post. */
    void (*render)(wf_sink_t *sink, const wf_batch_t *batch);
    wf_sent_e (*deliver)(wf_sink_t *sink, const wf_parcel_t *parcel, apr_pool_t *p,
                         wf_error_t *err);
    /** After the last batch, or without one. May be NULL. */
    apr_status_t (*close)(wf_sink_t *sink, apr_pool_t *p, wf_error_t *err);
};

/* One output of one run, and its thread. */
struct wf_sink_t {
    wf_feed_t *feed;
    const char *label;
    int index;
    pthread_t thread;
    int started;

    /* the thread's */
    wf_output_t output;
    apr_pool_t *pool;
    const wf_tag_t *tags; /* of the run, then of the output */
    int ntags;
    apr_array_header_t *parcels; /* of wf_parcel_t */
    wf_client_settings_t settings;
    const char *address;  /* what is posted to */
    int fd;               /* of a file, or -1 */
    int written;          /* of a file: it has lines already */
    apr_int64_t sequence; /* of bodies that were made */

    /* with the feed's lock */
    char *failure;              /* the latest, or NULL; malloc */
    apr_int64_t failures, lost; /* attempts that failed; parcels that were given up */
};

const wf_output_run_t *wf_sink_run(const wf_sink_t *sink);
const wf_figure_t *wf_sink_figures(const wf_sink_t *sink);
/** Files go on from an earlier part of the run. */
int wf_sink_continues(const wf_sink_t *sink);
/** The bytes of a buffer in the batch's pool are to be delivered. */
void wf_sink_post(wf_sink_t *sink, const wf_buffer_t *buffer);
/** What exchanges keep to: the run's targets, and that they end when nobody waits. */
wf_client_terms_t wf_sink_terms(const wf_sink_t *sink);

/* ---- samples (samples.c) ----------------------------------------------------------- */

#define WF_SAMPLE_STATS 8

/* What one series did in an interval. */
typedef struct wf_sample_t {
    const char *metric; /* http_reqs, step_duration, custom_http_status */
    wf_metric_type_e type;
    wf_metric_unit_e unit;
    const wf_output_step_t *step; /* or NULL */
    const char *status;           /* of a tally: 200; or NULL */
    int n;
    struct {
        const char *name; /* count, p(95) */
        double value;
    } stats[WF_SAMPLE_STATS];
} wf_sample_t;

typedef void wf_sample_fn(void *baton, const wf_sample_t *sample);

/* How a metric of the table is called outside. */
struct wf_figure_t {
    const char *name; /* NULL: it is told with another one */
    const wf_output_step_t *step;
    wf_metric_type_e type;
    int others; /* -1, or the counter that this one is the share of, together with it */
};

/** By index in the run's table. */
const wf_figure_t *wf_figures_create(const wf_output_run_t *run, apr_pool_t *p);

/** Call fn for all series that have samples on a sheet. */
void wf_samples_walk(const wf_sheet_t *sheet, const wf_figure_t *figures, double seconds,
                     apr_pool_t *p, wf_sample_fn *fn, void *baton);
/** A statistic of a sample, 0 if it has none of that name. */
double wf_sample_stat(const wf_sample_t *sample, const char *name);

/* ---- texts (text.c) ---------------------------------------------------------------- */

/* Appending without memory leaves the buffer as it is: abort, as pools do. */
void wf_put(wf_buffer_t *buffer, const char *text);
/** The shortest decimal that is read back as the same number; 0 for what is none. */
void wf_put_number(wf_buffer_t *buffer, double number);
void wf_put_int(wf_buffer_t *buffer, apr_int64_t number);
void wf_put_json(wf_buffer_t *buffer, const char *text);
/** Put a backslash before each of the characters; a line end becomes the text given. */
void wf_put_escaped(wf_buffer_t *buffer, const char *text, const char *characters,
                    const char *line_end);
/** Percent-encoded, but for unreserved characters (RFC 3986). */
void wf_put_percent(wf_buffer_t *buffer, const char *text);
/** {"key":"value",…}: tags of the run, the sample's step and status, and its statistic
 *  unless stat is NULL. */
void wf_put_tags(wf_buffer_t *buffer, const wf_sink_t *sink, const wf_sample_t *sample,
                 const char *stat);

/* ---- files (file.c) ---------------------------------------------------------------- */

void wf_file_check(wf_output_t *output, const wf_where_t *path, wf_compile_t *c);
apr_status_t wf_file_open(wf_sink_t *sink, wf_error_t *err);
/** The same for a file that is one JSON array at any moment: a parcel is some of its
 *  elements, each on a line, with commas between them. */
apr_status_t wf_file_open_array(wf_sink_t *sink, wf_error_t *err);
wf_sent_e wf_file_deliver_array(wf_sink_t *sink, const wf_parcel_t *parcel, apr_pool_t *p,
                                wf_error_t *err);
apr_status_t wf_file_close_array(wf_sink_t *sink, apr_pool_t *p, wf_error_t *err);
wf_sent_e wf_file_deliver(wf_sink_t *sink, const wf_parcel_t *parcel, apr_pool_t *p,
                          wf_error_t *err);
apr_status_t wf_file_close(wf_sink_t *sink, apr_pool_t *p, wf_error_t *err);

/* ---- http (post.c) ----------------------------------------------------------------- */

/** Is the URL one that can be asked? Else a problem. */
void wf_post_check(const wf_output_t *output, const char *url, const wf_where_t *path,
                   wf_compile_t *c);
apr_status_t wf_post_open(wf_sink_t *sink, wf_error_t *err);
/** One request, 2xx is an answer. headers: of wf_client_header_t, or NULL. */
wf_sent_e wf_post(wf_sink_t *sink, const char *method, const wf_parcel_t *parcel,
                  const apr_array_header_t *headers, apr_pool_t *p, wf_error_t *err);
/** The value of a query parameter of a URL, decoded; NULL if there is none. */
const char *wf_url_parameter(const char *url, const char *name, apr_pool_t *p);
/** A URL without its query, and without slashes at its end. */
const char *wf_url_base(const char *url, apr_pool_t *p);

/* ---- types ------------------------------------------------------------------------- */

extern const wf_output_type_t wf_output_json, wf_output_csv, wf_output_prometheus,
    wf_output_influxdb, wf_output_webhook;

#endif
