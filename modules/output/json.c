/* json: a file of JSON lines as k6 writes them: a Metric for each metric, then a Point
 * for each statistic of an interval; at the end a Total for each statistic of the run. */
#include "output/internal.h"

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("file_path", STRING, wf_output_t, url),
    WF_FIELD("interval", DURATION, wf_output_t, interval_ns),
    WF_FIELD("overwrite", BOOLEAN, wf_output_t, overwrite),
    WF_FIELDS_END
};
/* clang-format on */

typedef struct lines_t {
    const wf_sink_t *sink;
    wf_buffer_t *buffer;
    const char *type; /* Point or Total */
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
        wf_put(l->buffer, "}}\n");
    }
}

static void render(wf_sink_t *sink, const wf_batch_t *batch)
{
    lines_t l = { .sink = sink,
                  .buffer = wf_buffer_create(batch->p),
                  .type = "Point",
                  .time_ms = batch->time_ms };

    if (!sink->written) {
        put_metrics(l.buffer, sink, batch->p);
    }
    wf_samples_walk(batch->news, wf_sink_figures(sink), batch->seconds, batch->p,
                    put_sample, &l);
    if (batch->last) {
        l.type = "Total";
        wf_samples_walk(batch->totals, wf_sink_figures(sink), batch->total_seconds,
                        batch->p, put_sample, &l);
    }
    wf_sink_post(sink, l.buffer);
}

const wf_output_type_t wf_output_json = {
    .name = "json",
    .fields = fields,
    .writes_file = 1,
    .defaults = { .url = "metrics_${time}_${execution_id}.json",
                  .interval_ns = 1000 * NS_PER_MS,
                  .attempts = 3,
                  .retry_delay_ns = 1000 * NS_PER_MS },
    .check = wf_file_check,
    .open = wf_file_open,
    .render = render,
    .deliver = wf_file_deliver,
    .close = wf_file_close,
};
