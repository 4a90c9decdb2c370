/* One point of a time series: joining, the text that is stored, the members that clients
 * see. */
#include "metrics/internal.h"

#include <math.h>

#define VERSION 1

void wf_point_join(wf_point_t *into, const wf_point_t *next, apr_pool_t *p)
{
    into->time_ms = next->time_ms;
    into->elapsed_ms = next->elapsed_ms;
    into->span_ms += next->span_ms;
    into->active_vus = next->active_vus;
    into->iterations += next->iterations;
    into->http_reqs += next->http_reqs;
    into->failed += next->failed;
    into->dropped += next->dropped;
    into->sent += next->sent;
    into->received += next->received;
    wf_histogram_merge(&into->duration, &next->duration, p);
}

/* ---- text -------------------------------------------------------------------------- */

#define COUNTS 6

static double *count_at(wf_point_t *point, int i)
{
    double *counts[COUNTS] = { &point->iterations, &point->http_reqs, &point->failed,
                               &point->dropped,    &point->sent,      &point->received };

    return counts[i];
}

static void write_member(wf_writer_t *w, const char *name, apr_int64_t number)
{
    wf_write(w, ",\"");
    wf_write(w, name);
    wf_write(w, "\":");
    wf_write_int(w, number);
}

const char *wf_point_encode(const wf_point_t *point, apr_pool_t *p)
{
    wf_writer_t w = wf_writer(p);
    wf_point_t copy = *point;
    int i;

    wf_write(&w, "{\"version\":");
    wf_write_int(&w, VERSION);
    write_member(&w, "number", point->number);
    write_member(&w, "time", point->time_ms);
    write_member(&w, "elapsed", point->elapsed_ms);
    write_member(&w, "span", point->span_ms);
    wf_write(&w, ",\"vus\":");
    wf_write_number(&w, point->active_vus);
    for (i = 0; i < COUNTS; i++) {
        wf_write(&w, i ? "," : ",\"counts\":[");
        wf_write_number(&w, *count_at(&copy, i));
    }
    wf_write(&w, "],\"duration\":");
    wf_write_histogram(&w, &point->duration);
    wf_write(&w, "}");
    return wf_written(&w);
}

static int read_times(const wf_value_t *value, wf_point_t *point)
{
    return wf_read_int(wf_read_member(value, "number"), 0, &point->number)
           && wf_read_int(wf_read_member(value, "time"), APR_INT64_MIN, &point->time_ms)
           && wf_read_int(wf_read_member(value, "elapsed"), 0, &point->elapsed_ms)
           && wf_read_int(wf_read_member(value, "span"), 0, &point->span_ms)
           && point->span_ms <= point->elapsed_ms;
}

static int read_point(const wf_value_t *value, wf_point_t *point, apr_pool_t *p)
{
    double counts[COUNTS];
    apr_int64_t version;
    int i;

    if (!wf_read_int(wf_read_member(value, "version"), VERSION, &version)
        || version > VERSION || !read_times(value, point)
        || !wf_read_numbers(wf_read_member(value, "counts"), counts, COUNTS)) {
        return 0;
    }
    for (i = 0; i < COUNTS; i++) {
        if (counts[i] < 0) {
            return 0;
        }
        *count_at(point, i) = counts[i];
    }
    return wf_read_number(wf_read_member(value, "vus"), &point->active_vus)
           && point->active_vus >= 0
           && wf_read_histogram(wf_read_member(value, "duration"), &point->duration, p);
}

apr_status_t wf_point_decode(wf_point_t *point, const char *text, apr_size_t length,
                             apr_pool_t *p, wf_error_t *err)
{
    wf_value_t value;
    apr_status_t rv = wf_json_value(&value, text, length, p, err);

    *point = (wf_point_t){ 0 };
    if (rv == APR_SUCCESS && !read_point(&value, point, p)) {
        *point = (wf_point_t){ 0 };
        rv = wf_error_set(err, WF_ERR_INVALID, "no point of a time series");
    }
    return rv;
}

/* ---- what clients see -------------------------------------------------------------- */

static double a_second(const wf_point_t *point, double n)
{
    return point->span_ms > 0 ? n * 1000.0 / (double)point->span_ms : 0;
}

static void add_ms(json_object *o, const char *name, double us)
{
    wf_json_add_double(o, name, round(us) / 1000.0);
}

static void add_durations(json_object *o, const wf_histogram_t *h)
{
    static const struct {
        const char *name;
        double percent;
    } percentiles[] = {
        { "p50_rt_ms", 50 }, { "p90_rt_ms", 90 }, { "p95_rt_ms", 95 }, { "p99_rt_ms", 99 }
    };
    size_t i;

    add_ms(o, "avg_rt_ms", h->count ? h->sum / (double)h->count : 0);
    for (i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++) {
        add_ms(o, percentiles[i].name,
               (double)wf_histogram_percentile(h, percentiles[i].percent));
    }
}

json_object *wf_point_json(const wf_point_t *point, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "timestamp", wf_time_utc(point->time_ms, p));
    wf_json_add_int(o, "elapsed_ms", point->elapsed_ms);
    wf_json_add_int(o, "iterations", (apr_int64_t)point->iterations);
    wf_json_add_int(o, "active_vus", (apr_int64_t)point->active_vus);
    wf_json_add_double(o, "qps", a_second(point, point->http_reqs));
    wf_json_add_double(o, "error_rate",
                       point->http_reqs > 0 ? point->failed * 100.0 / point->http_reqs
                                            : 0);
    add_durations(o, &point->duration);
    wf_json_add_double(o, "data_sent_per_sec", a_second(point, point->sent));
    wf_json_add_double(o, "data_received_per_sec", a_second(point, point->received));
    wf_json_add_int(o, "dropped_iterations", (apr_int64_t)point->dropped);
    return o;
}
