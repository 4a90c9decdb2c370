/* json: a file with a Point for each statistic of an interval. They are one array; or
 * lines as k6 writes them, with a Metric for each metric before them, and behind them a
 * Total for each statistic of the run. */
#include "output/internal.h"

#include <string.h>

static const char *const formats[] = { "array", "lines", NULL };

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("file_path", STRING, wf_output_t, url),
    WF_FIELD("interval", DURATION, wf_output_t, interval_ns),
    WF_FIELD("overwrite", BOOLEAN, wf_output_t, overwrite),
    WF_ONE_OF("format", formats, wf_output_t, format),
    WF_FIELDS_END
};
/* clang-format on */

typedef struct lines_t {
    const wf_sink_t *sink;
    wf_buffer_t *buffer;
    const char *type;   /* Point or Total */
    const char *before; /* what is between this record and the one before */
    apr_int64_t time_ms;
} lines_t;

static const char *contains(wf_metric_unit_e unit)
{
    return unit == WF_UNIT_MS ? "time" : unit == WF_UNIT_BYTES ? "data" : "default";
}

static void put_metrics(wf_buffer_t *buffer, const wf_sink_t *sink, apr_pool_t *p)
{
    const wf_metric_table_t *table = wf_sink_run(sink)->table;
    const wf_figure_t *figures = wf_sink_figures(sink);
    apr_hash_t *told = apr_hash_make(p);
    int i;

    for (i = 0; i < wf_metric_count(table); i++) {
        const char *name = figures[i].name;
        wf_metric_type_e type =
            figures[i].type == WF_TALLY ? WF_COUNTER : figures[i].type;

        if (name == NULL || apr_hash_get(told, name, APR_HASH_KEY_STRING) != NULL) {
            continue; /* steps share their metrics' names */
        }
        apr_hash_set(told, name, APR_HASH_KEY_STRING, name);
        wf_put(buffer, "{\"type\":\"Metric\",\"metric\":");
        wf_put_json(buffer, name);
        wf_put(buffer, ",\"data\":{\"name\":");
        wf_put_json(buffer, name);
        wf_put(buffer, ",\"type\":\"");
        wf_put(buffer, wf_metric_type_name(type));
        wf_put(buffer, "\",\"contains\":\"");
        wf_put(buffer, contains(wf_metric_at(table, i)->unit));
        wf_put(buffer, "\"}}\n");
    }
}

static void put_sample(void *baton, const wf_sample_t *sample)
{
    lines_t *l = baton;
    int i;

    for (i = 0; i < sample->n; i++) {
        wf_put(l->buffer, l->before);
        wf_put(l->buffer, "{\"type\":\"");
        wf_put(l->buffer, l->type);
        wf_put(l->buffer, "\",\"metric\":");
        wf_put_json(l->buffer, sample->metric);
        wf_put(l->buffer, ",\"data\":{\"time\":");
        wf_put_int(l->buffer, l->time_ms);
        wf_put(l->buffer, ",\"value\":");
        wf_put_number(l->buffer, sample->stats[i].value);
        wf_put(l->buffer, ",\"tags\":");
        wf_put_tags(l->buffer, l->sink, sample, sample->stats[i].name);
        wf_put(l->buffer, "}}");
        l->before = l->sink->output.format == WF_JSON_ARRAY ? ",\n" : "\n";
    }
}

static void render_lines(wf_sink_t *sink, const wf_batch_t *batch, lines_t *l)
{
    if (!sink->written) {
        put_metrics(l->buffer, sink, batch->p);
    }
    wf_samples_walk(batch->news, wf_sink_figures(sink), batch->seconds, batch->p,
                    put_sample, l);
    if (batch->last) {
        l->type = "Total";
        wf_samples_walk(batch->totals, wf_sink_figures(sink), batch->total_seconds,
                        batch->p, put_sample, l);
    }
    wf_put(l->buffer, l->before);
}

static void render(wf_sink_t *sink, const wf_batch_t *batch)
{
    lines_t l = { .sink = sink,
                  .buffer = wf_buffer_create(batch->p),
                  .type = "Point",
                  .before = "",
                  .time_ms = batch->time_ms };

    if (sink->output.format == WF_JSON_LINES) {
        render_lines(sink, batch, &l);
    }
    else {
        wf_samples_walk(batch->news, wf_sink_figures(sink), batch->seconds, batch->p,
                        put_sample, &l);
    }
    wf_sink_post(sink, l.buffer);
}

/* ---- files ------------------------------------------------------------------------- */

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Files of lines have names of their own by custom. */
static void check(wf_output_t *output, const wf_where_t *path, wf_compile_t *c)
{
    wf_file_check(output, path, c);
    if (output->format < 0) {
        output->format =
            ends_with(output->url, ".jsonl") || ends_with(output->url, ".ndjson")
                ? WF_JSON_LINES
                : WF_JSON_ARRAY;
    }
}

static apr_status_t open_json(wf_sink_t *sink, wf_error_t *err)
{
    return sink->output.format == WF_JSON_LINES ? wf_file_open(sink, err)
                                                : wf_file_open_array(sink, err);
}

static wf_sent_e deliver(wf_sink_t *sink, const wf_parcel_t *parcel, apr_pool_t *p,
                         wf_error_t *err)
{
    return sink->output.format == WF_JSON_LINES
               ? wf_file_deliver(sink, parcel, p, err)
               : wf_file_deliver_array(sink, parcel, p, err);
}

static apr_status_t close_json(wf_sink_t *sink, apr_pool_t *p, wf_error_t *err)
{
    return sink->output.format == WF_JSON_LINES ? wf_file_close(sink, p, err)
                                                : wf_file_close_array(sink, p, err);
}

const wf_output_type_t wf_output_json = {
    .name = "json",
    .fields = fields,
    .writes_file = 1,
    .defaults = { .url = "metrics_${time}_${execution_id}.json",
                  .format = -1,
                  .interval_ns = 1000 * NS_PER_MS,
                  .attempts = 3,
                  .retry_delay_ns = 1000 * NS_PER_MS },
    .check = check,
    .open = open_json,
    .render = render,
    .deliver = deliver,
    .close = close_json,
};
