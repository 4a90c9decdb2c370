/* csv: a file with a row for each step in each interval in which it was reached (RFC 4180
 * quoting). */
#include "output/internal.h"

#include <string.h>

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("file_path", STRING, wf_output_t, url),
    WF_FIELD("interval", DURATION, wf_output_t, interval_ns),
    WF_FIELD("overwrite", BOOLEAN, wf_output_t, overwrite),
    WF_FIELD("delimiter", STRING, wf_output_t, delimiter),
    WF_FIELD("include_header", BOOLEAN, wf_output_t, header),
    WF_FIELDS_END
};

static const struct {
    const char *name;
    wf_stat_e stat;
    double percentile;
} times[] = {
    { "min_ms", WF_STAT_MIN, 0 },         { "max_ms", WF_STAT_MAX, 0 },
    { "avg_ms", WF_STAT_AVG, 0 },         { "p50_ms", WF_STAT_PERCENTILE, 50 },
    { "p90_ms", WF_STAT_PERCENTILE, 90 }, { "p95_ms", WF_STAT_PERCENTILE, 95 },
    { "p99_ms", WF_STAT_PERCENTILE, 99 },
};
/* clang-format on */

#define TIMES (sizeof(times) / sizeof(times[0]))

static void put_header(wf_buffer_t *buffer, const char *delimiter)
{
    static const char *const before[] = { "timestamp", "step_id", "count",
                                          "success_count", "failure_count" };
    static const char *const after[] = { "cpu_usage", "memory_usage", "goroutine_count" };
    size_t i;

    for (i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        wf_put(buffer, i > 0 ? delimiter : "");
        wf_put(buffer, before[i]);
    }
    for (i = 0; i < TIMES; i++) {
        wf_put(buffer, delimiter);
        wf_put(buffer, times[i].name);
    }
    for (i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
        wf_put(buffer, delimiter);
        wf_put(buffer, after[i]);
    }
    wf_put(buffer, "\n");
}

static void put_text(wf_buffer_t *buffer, const char *text, const char *delimiter)
{
    if (strpbrk(text, "\"\r\n") == NULL && strchr(text, *delimiter) == NULL) {
        wf_put(buffer, text);
        return;
    }
    wf_put(buffer, "\"");
    for (; *text; text++) {
        char one[3] = { *text, *text == '"' ? '"' : '\0', '\0' };

        wf_put(buffer, one);
    }
    wf_put(buffer, "\"");
}

static void put_column(wf_buffer_t *buffer, const char *delimiter, double number)
{
    wf_put(buffer, delimiter);
    wf_put_number(buffer, number);
}

static double thousandths(double number)
{
    return (double)(apr_int64_t)(number * 1000 + 0.5) / 1000;
}

static void put_step(wf_buffer_t *buffer, const wf_output_t *output,
                     const wf_batch_t *batch, const wf_output_step_t *step)
{
    const char *delimiter = output->delimiter;
    double value;
    size_t i;

    wf_put(buffer, wf_time_utc(batch->time_ms, batch->p));
    wf_put(buffer, delimiter);
    put_text(buffer, step->id, delimiter);
    put_column(buffer, delimiter, wf_sheet_counter(batch->news, step->count));
    put_column(buffer, delimiter, wf_sheet_counter(batch->news, step->success));
    put_column(buffer, delimiter, wf_sheet_counter(batch->news, step->failure));
    for (i = 0; i < TIMES; i++) {
        wf_sheet_stat(batch->news, step->duration, times[i].stat, times[i].percentile,
                      batch->seconds, &value);
        put_column(buffer, delimiter, thousandths(value));
    }
    put_column(buffer, delimiter, thousandths(batch->cpu));
    put_column(buffer, delimiter, thousandths(batch->memory));
    put_column(buffer, delimiter, batch->threads);
    wf_put(buffer, "\n");
}

static void render(wf_sink_t *sink, const wf_batch_t *batch)
{
    const wf_output_run_t *run = wf_sink_run(sink);
    wf_buffer_t *buffer = wf_buffer_create(batch->p);
    int i;

    if (!sink->written && sink->output.header) {
        put_header(buffer, sink->output.delimiter);
    }
    for (i = 0; i < run->nsteps; i++) {
        if (wf_sheet_counter(batch->news, run->steps[i].count) > 0) {
            put_step(buffer, &sink->output, batch, &run->steps[i]);
        }
    }
    wf_sink_post(sink, buffer);
}

static void check(wf_output_t *output, const wf_where_t *path, wf_compile_t *c)
{
    wf_file_check(output, path, c);
    if (strlen(output->delimiter) != 1 || strchr("\"\r\n", *output->delimiter) != NULL) {
        wf_output_problem(output, "delimiter", "value", path, c,
                          "must be one character, and neither a quote nor a line end");
    }
}

const wf_output_type_t wf_output_csv = {
    .name = "csv",
    .fields = fields,
    .writes_file = 1,
    .defaults = { .url = "metrics_${time}_${execution_id}.csv",
                  .interval_ns = 1000 * NS_PER_MS,
                  .attempts = 3,
                  .retry_delay_ns = 1000 * NS_PER_MS,
                  .delimiter = ",",
                  .header = 1 },
    .check = check,
    .open = wf_file_open,
    .render = render,
    .deliver = wf_file_deliver,
    .close = wf_file_close,
};
