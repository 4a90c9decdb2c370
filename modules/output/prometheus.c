/* prometheus: the figures of the run so far in the text format 0.0.4, to a push gateway:
 * POST /metrics/job/<job>/<label>/<value>, which replaces what it had. */
#include "output/internal.h"

#include <apr_base64.h>
#include <apr_lib.h>
#include <string.h>

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("push_gateway_url", STRING, wf_output_t, url),
    WF_FIELD("job_name", STRING, wf_output_t, job),
    WF_FIELD("labels", MAP, wf_output_t, labels),
    WF_FIELD("push_interval", DURATION, wf_output_t, interval_ns),
    WF_FIELD("timeout", DURATION, wf_output_t, timeout_ns),
    WF_FIELD("delete_on_close", BOOLEAN, wf_output_t, delete_on_close),
    WF_FIELD("retry_attempts", INTEGER, wf_output_t, attempts),
    WF_FIELD("retry_delay", DURATION, wf_output_t, retry_delay_ns),
    WF_FIELDS_END
};
/* clang-format on */

/* ---- lines ------------------------------------------------------------------------- */

typedef struct page_t {
    const wf_sink_t *sink;
    const wf_batch_t *batch;
    wf_buffer_t *buffer;
} page_t;

/* Letters, digits and _ stay; the first is no digit. */
static const char *plain_name(const char *text, apr_pool_t *p)
{
    char *name = apr_pstrcat(p, apr_isdigit(*text) || !*text ? "_" : "", text, NULL);
    char *at;

    for (at = name; *at; at++) {
        *at = apr_isalnum(*at) ? *at : '_';
    }
    return name;
}

static void put_label(const page_t *page, const char **before, const char *key,
                      const char *value)
{
    if (value == NULL) {
        return;
    }
    wf_put(page->buffer, *before);
    wf_put(page->buffer, plain_name(key, page->batch->p));
    wf_put(page->buffer, "=\"");
    wf_put_escaped(page->buffer, value, "\\\"", "\\n");
    wf_put(page->buffer, "\"");
    *before = ",";
}

static void put_line(const page_t *page, const char *name, const char *suffix,
                     const wf_output_step_t *step, const char *key, const char *value,
                     double number)
{
    const char *before = "{";
    int i;

    wf_put(page->buffer, name);
    wf_put(page->buffer, suffix);
    for (i = 0; i < page->sink->ntags; i++) {
        put_label(page, &before, page->sink->tags[i].key, page->sink->tags[i].value);
    }
    if (step != NULL) {
        put_label(page, &before, "step_id", step->id);
        put_label(page, &before, "step_name", step->name);
    }
    put_label(page, &before, key, value);
    wf_put(page->buffer, *before == ',' ? "} " : " ");
    wf_put_number(page->buffer, number);
    wf_put(page->buffer, "\n");
}

static void put_type(const page_t *page, const char *name, const char *suffix,
                     const char *type)
{
    wf_put(page->buffer, "# TYPE ");
    wf_put(page->buffer, name);
    wf_put(page->buffer, suffix);
    wf_put(page->buffer, " ");
    wf_put(page->buffer, type);
    wf_put(page->buffer, "\n");
}

/* ---- trends ------------------------------------------------------------------------ */

/* One series of a summary, and of the gauges beside it. */
typedef struct trend_t {
    const wf_output_step_t *step;
    int index;
} trend_t;

static double stat(const page_t *page, int index, wf_stat_e what, double percentile)
{
    double value;

    wf_sheet_stat(page->batch->totals, index, what, percentile,
                  page->batch->total_seconds, &value);
    return value;
}

/* name is without the unit, by which figures are divided. */
static void put_trends(const page_t *page, const char *name, const char *unit,
                       double divisor, const trend_t *trends, int n)
{
    static const struct {
        const char *text;
        double percent;
    } quantiles[] = { { "0.5", 50 }, { "0.9", 90 }, { "0.95", 95 }, { "0.99", 99 } };
    static const struct {
        const char *text;
        wf_stat_e stat;
    } gauges[] = { { "_min", WF_STAT_MIN },
                   { "_max", WF_STAT_MAX },
                   { "_avg", WF_STAT_AVG } };
    const char *whole = apr_pstrcat(page->batch->p, name, unit, NULL);
    size_t g;
    int i;

    put_type(page, whole, "", "summary");
    for (i = 0; i < n; i++) {
        double count = stat(page, trends[i].index, WF_STAT_COUNT, 0);
        double sum = stat(page, trends[i].index, WF_STAT_AVG, 0) * count / divisor;

        for (g = 0; g < sizeof(quantiles) / sizeof(quantiles[0]); g++) {
            put_line(page, whole, "", trends[i].step, "quantile", quantiles[g].text,
                     stat(page, trends[i].index, WF_STAT_PERCENTILE, quantiles[g].percent)
                         / divisor);
        }
        put_line(page, whole, "_sum", trends[i].step, NULL, NULL, sum);
        put_line(page, whole, "_count", trends[i].step, NULL, NULL, count);
    }
    for (g = 0; g < sizeof(gauges) / sizeof(gauges[0]); g++) {
        const char *suffix = apr_pstrcat(page->batch->p, gauges[g].text, unit, NULL);

        put_type(page, name, suffix, "gauge");
        for (i = 0; i < n; i++) {
            put_line(page, name, suffix, trends[i].step, NULL, NULL,
                     stat(page, trends[i].index, gauges[g].stat, 0) / divisor);
        }
    }
}

/* ---- steps: families of their own -------------------------------------------------- */

static int is_reached(const page_t *page, const wf_output_step_t *step)
{
    return wf_sheet_counter(page->batch->totals, step->count) > 0;
}

static void put_step_counters(const page_t *page, const char *name, size_t offset)
{
    const wf_output_run_t *run = wf_sink_run(page->sink);
    int i;

    put_type(page, name, "", "counter");
    for (i = 0; i < run->nsteps; i++) {
        const wf_output_step_t *step = &run->steps[i];
        int index = *(const int *)((const char *)step + offset);

        if (is_reached(page, step)) {
            put_line(page, name, "", step, NULL, NULL,
                     wf_sheet_counter(page->batch->totals, index));
        }
    }
}

static void put_steps(const page_t *page)
{
    const wf_output_run_t *run = wf_sink_run(page->sink);
    trend_t *trends = apr_pcalloc(page->batch->p, (run->nsteps + 1) * sizeof(*trends));
    int i, n = 0;

    for (i = 0; i < run->nsteps; i++) {
        if (is_reached(page, &run->steps[i])) {
            trends[n++] = (trend_t){ &run->steps[i], run->steps[i].duration };
        }
    }
    if (n == 0) {
        return;
    }
    put_step_counters(page, "workflow_requests_total", offsetof(wf_output_step_t, count));
    put_step_counters(page, "workflow_requests_success_total",
                      offsetof(wf_output_step_t, success));
    put_step_counters(page, "workflow_requests_failed_total",
                      offsetof(wf_output_step_t, failure));
    put_trends(page, "workflow_request_duration", "_seconds", 1000, trends, n);
}

/* ---- all other metrics, by their names --------------------------------------------- */

/* Series that share a name: one a step, or one for each status. */
typedef struct family_t {
    const char *name;
    apr_array_header_t *samples; /* of wf_sample_t */
} family_t;

typedef struct families_t {
    apr_array_header_t *list; /* of family_t */
    apr_hash_t *by_name;      /* name → samples */
    apr_pool_t *p;
} families_t;

static void add_sample(void *baton, const wf_sample_t *sample)
{
    families_t *f = baton;
    apr_array_header_t *samples =
        apr_hash_get(f->by_name, sample->metric, APR_HASH_KEY_STRING);

    if (samples == NULL) {
        samples = apr_array_make(f->p, 4, sizeof(wf_sample_t));
        apr_hash_set(f->by_name, sample->metric, APR_HASH_KEY_STRING, samples);
        APR_ARRAY_PUSH(f->list, family_t) = (family_t){ sample->metric, samples };
    }
    APR_ARRAY_PUSH(samples, wf_sample_t) = *sample;
}

static void put_numbers(const page_t *page, const char *name, const char *type,
                        const char *value_of, const apr_array_header_t *samples)
{
    int i;

    put_type(page, name, "", type);
    for (i = 0; i < samples->nelts; i++) {
        const wf_sample_t *sample = &APR_ARRAY_IDX(samples, i, wf_sample_t);

        put_line(page, name, "", sample->step, sample->status ? "status" : NULL,
                 sample->status, wf_sample_stat(sample, value_of));
    }
}

static int index_of(const page_t *page, const wf_sample_t *sample)
{
    const wf_figure_t *figures = wf_sink_figures(page->sink);
    int i;

    for (i = 0; figures[i].name != sample->metric || figures[i].step != sample->step;) {
        i++;
    }
    return i;
}

static void put_family(const page_t *page, const family_t *family)
{
    const wf_sample_t *first = &APR_ARRAY_IDX(family->samples, 0, wf_sample_t);
    apr_pool_t *p = page->batch->p;
    const char *name = apr_pstrcat(p, "workflow_", plain_name(family->name, p), NULL);
    const char *bytes = first->unit == WF_UNIT_BYTES ? "_bytes" : "";
    trend_t trend = { first->step, 0 };

    switch (first->type) {
    case WF_COUNTER:
        put_numbers(page, apr_pstrcat(p, name, bytes, "_total", NULL), "counter", "count",
                    family->samples);
        break;
    case WF_GAUGE:
        put_numbers(page, apr_pstrcat(p, name, bytes, NULL), "gauge", "value",
                    family->samples);
        break;
    case WF_RATE:
        put_numbers(page, apr_pstrcat(p, name, "_rate", NULL), "gauge", "rate",
                    family->samples);
        break;
    default: /* trends without a step have a name of their own */
        trend.index = index_of(page, first);
        put_trends(page, name, first->unit == WF_UNIT_MS ? "_seconds" : bytes,
                   first->unit == WF_UNIT_MS ? 1000 : 1, &trend, 1);
    }
}

/* Those of steps are told already. */
static int is_step_family(const char *name)
{
    return strcmp(name, "step_reqs") == 0 || strcmp(name, "step_failed") == 0
           || strcmp(name, "step_duration") == 0;
}

static void render(wf_sink_t *sink, const wf_batch_t *batch)
{
    page_t page = { sink, batch, wf_buffer_create(batch->p) };
    families_t f = { .list = apr_array_make(batch->p, 32, sizeof(family_t)),
                     .by_name = apr_hash_make(batch->p),
                     .p = batch->p };
    int i;

    put_steps(&page);
    wf_samples_walk(batch->totals, wf_sink_figures(sink), batch->total_seconds, batch->p,
                    add_sample, &f);
    for (i = 0; i < f.list->nelts; i++) {
        if (!is_step_family(APR_ARRAY_IDX(f.list, i, family_t).name)) {
            put_family(&page, &APR_ARRAY_IDX(f.list, i, family_t));
        }
    }
    put_type(&page, "workflow_cpu_usage_percent", "", "gauge");
    put_line(&page, "workflow_cpu_usage_percent", "", NULL, NULL, NULL, batch->cpu);
    put_type(&page, "workflow_memory_usage_percent", "", "gauge");
    put_line(&page, "workflow_memory_usage_percent", "", NULL, NULL, NULL, batch->memory);
    wf_sink_post(sink, page.buffer);
}

/* ---- the gateway ------------------------------------------------------------------- */

/* A value with a slash, or none, is sent in base64 (RFC 4648 section 5): the path could
 * not hold it. */
static void put_group(wf_buffer_t *b, const char *label, const char *value, apr_pool_t *p)
{
    char *coded, *at;

    wf_put(b, "/");
    wf_put_percent(b, label);
    if (*value != '\0' && strchr(value, '/') == NULL) {
        wf_put(b, "/");
        wf_put_percent(b, value);
        return;
    }
    coded = apr_palloc(p, (apr_size_t)apr_base64_encode_len((int)strlen(value)));
    apr_base64_encode(coded, value, (int)strlen(value));
    for (at = coded; *at; at++) {
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    }
    wf_put(b, "@base64/");
    wf_put(b, *coded ? coded : "=");
}

static const char *address_of(const wf_output_t *o, apr_pool_t *p)
{
    wf_buffer_t *b = wf_buffer_create(p);
    const wf_member_t *m;

    wf_put(b, wf_url_base(o->url, p));
    wf_put(b, "/metrics");
    put_group(b, "job", o->job, p);
    for (m = o->labels ? o->labels->first : NULL; m != NULL; m = m->next) {
        const char *value = wf_node_text(m->value, p);

        put_group(b, m->key, value ? value : "", p);
    }
    return b->data;
}

static void check(wf_output_t *output, const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t options = { .up = path, .key = "options" };
    wf_where_t labels = { .up = &options, .key = "labels" };
    const wf_member_t *m;

    wf_output_check_texts(output->labels, "labels", path, c);
    for (m = output->labels ? output->labels->first : NULL; m != NULL; m = m->next) {
        wf_where_t at = { .up = &labels, .key = m->key };

        if (strcmp(plain_name(m->key, c->p), m->key) != 0 || strcmp(m->key, "job") == 0) {
            wf_compile_problem(c, "value", m->value, &at,
                               "a label's name is a letter or _, then letters, digits "
                               "and _, and not job");
        }
    }
    if (*output->job == '\0') {
        wf_output_problem(output, "job_name", "value", path, c, "must not be empty");
    }
    wf_post_check(output, address_of(output, c->p), path, c);
}

static apr_status_t open_gateway(wf_sink_t *sink, wf_error_t *err)
{
    sink->address = address_of(&sink->output, sink->pool);
    return wf_post_open(sink, err);
}

static wf_sent_e deliver(wf_sink_t *sink, const wf_parcel_t *parcel, apr_pool_t *p,
                         wf_error_t *err)
{
    apr_array_header_t *headers = apr_array_make(p, 1, sizeof(wf_client_header_t));

    APR_ARRAY_PUSH(headers, wf_client_header_t) =
        (wf_client_header_t){ "Content-Type",
                              "text/plain; version=0.0.4; charset=utf-8" };
    return wf_post(sink, "POST", parcel, headers, p, err);
}

static apr_status_t close_gateway(wf_sink_t *sink, apr_pool_t *p, wf_error_t *err)
{
    if (!sink->output.delete_on_close) {
        return APR_SUCCESS;
    }
    return wf_post(sink, "DELETE", NULL, NULL, p, err) == WF_SENT ? APR_SUCCESS
                                                                  : WF_EFAILED;
}

const wf_output_type_t wf_output_prometheus = {
    .name = "prometheus",
    .fields = fields,
    .defaults = { .url = "http://localhost:9091",
                  .job = "workflow_engine",
                  .delete_on_close = 1,
                  .interval_ns = 10 * 1000 * NS_PER_MS,
                  .timeout_ns = 5 * 1000 * NS_PER_MS,
                  .batch_size = 1,
                  .attempts = 3,
                  .retry_delay_ns = 1000 * NS_PER_MS },
    .check = check,
    .open = open_gateway,
    .render = render,
    .deliver = deliver,
    .close = close_gateway,
};
