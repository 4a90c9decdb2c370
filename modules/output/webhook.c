/* webhook: JSON objects {"records": […], "count": n} are posted to a URL. A record is a
 * metric's interval with all its statistics. */
#include "output/internal.h"

#include <string.h>

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("url", STRING, wf_output_t, url),
    WF_FIELD("method", STRING, wf_output_t, method),
    WF_FIELD("headers", MAP, wf_output_t, headers),
    WF_FIELD("batch_size", INTEGER, wf_output_t, batch_size),
    WF_FIELD("flush_interval", DURATION, wf_output_t, interval_ns),
    WF_FIELD("timeout", DURATION, wf_output_t, timeout_ns),
    WF_FIELD("retry_attempts", INTEGER, wf_output_t, attempts),
    WF_FIELD("retry_delay", DURATION, wf_output_t, retry_delay_ns),
    WF_FIELDS_END
};
/* clang-format on */

/* The body that grows. */
typedef struct body_t {
    wf_sink_t *sink;
    const wf_batch_t *batch;
    wf_buffer_t *buffer; /* NULL: none has begun */
    int count;
} body_t;

static void put_member(wf_buffer_t *buffer, const char *name, const char *text)
{
    wf_put(buffer, ",\"");
    wf_put(buffer, name);
    wf_put(buffer, "\":");
    wf_put_json(buffer, text);
}

static void end_body(body_t *body)
{
    const wf_output_run_t *run = wf_sink_run(body->sink);

    if (body->buffer == NULL) {
        return;
    }
    wf_put(body->buffer, "],\"count\":");
    wf_put_int(body->buffer, body->count);
    put_member(body->buffer, "execution_id", run->execution_id);
    put_member(body->buffer, "workflow_id", run->workflow_id);
    wf_put(body->buffer, ",\"sequence\":");
    wf_put_int(body->buffer, ++body->sink->sequence);
    wf_put(body->buffer, "}");
    wf_sink_post(body->sink, body->buffer);
    body->buffer = NULL;
}

static void put_record(void *baton, const wf_sample_t *sample)
{
    body_t *body = baton;
    int i;

    if (body->buffer == NULL) {
        body->buffer = wf_buffer_create(body->batch->p);
        body->count = 0;
        wf_put(body->buffer, "{\"records\":[");
    }
    wf_put(body->buffer, body->count++ > 0 ? "," : "");
    wf_put(body->buffer, "{\"time\":");
    wf_put_int(body->buffer, body->batch->time_ms);
    put_member(body->buffer, "metric", sample->metric);
    put_member(body->buffer, "type", wf_metric_type_name(sample->type));
    wf_put(body->buffer, ",\"tags\":");
    wf_put_tags(body->buffer, body->sink, sample, NULL);
    wf_put(body->buffer, ",\"values\":{");
    for (i = 0; i < sample->n; i++) {
        wf_put(body->buffer, i > 0 ? "," : "");
        wf_put_json(body->buffer, sample->stats[i].name);
        wf_put(body->buffer, ":");
        wf_put_number(body->buffer, sample->stats[i].value);
    }
    wf_put(body->buffer, "}}");
    if (body->count == body->sink->output.batch_size) {
        end_body(body);
    }
}

static void render(wf_sink_t *sink, const wf_batch_t *batch)
{
    body_t body = { .sink = sink, .batch = batch };

    wf_samples_walk(batch->news, wf_sink_figures(sink), batch->seconds, batch->p,
                    put_record, &body);
    end_body(&body);
}

static void check(wf_output_t *output, const wf_where_t *path, wf_compile_t *c)
{
    static const char *const methods[] = { "POST", "PUT", "PATCH" };
    wf_where_t options = { .up = path, .key = "options" };
    wf_where_t headers = { .up = &options, .key = "headers" };
    const wf_member_t *m;
    size_t i, n = sizeof(methods) / sizeof(methods[0]);

    wf_post_check(output, output->url, path, c);
    wf_output_check_texts(output->headers, "headers", path, c);
    for (i = 0; i < n && strcmp(methods[i], output->method) != 0;) {
        i++;
    }
    if (i == n) {
        wf_output_problem(output, "method", "value", path, c,
                          "must be POST, PUT or PATCH");
    }
    for (m = output->headers ? output->headers->first : NULL; m != NULL; m = m->next) {
        wf_where_t at = { .up = &headers, .key = m->key };
        const char *text = wf_node_text(m->value, c->p);

        if (!wf_client_header_name_valid(m->key)
            || (text != NULL && !wf_client_header_value_valid(text))) {
            wf_compile_problem(c, "value", m->value, &at, "is no header");
        }
    }
}

static apr_status_t open_hook(wf_sink_t *sink, wf_error_t *err)
{
    sink->address = sink->output.url;
    return wf_post_open(sink, err);
}

static const apr_array_header_t *headers_of(const wf_sink_t *sink, apr_pool_t *p)
{
    apr_array_header_t *headers = apr_array_make(p, 4, sizeof(wf_client_header_t));
    const wf_node_t *map = sink->output.headers;
    const wf_member_t *m;
    int typed = 0;

    for (m = map ? map->first : NULL; m != NULL; m = m->next) {
        APR_ARRAY_PUSH(headers, wf_client_header_t) =
            (wf_client_header_t){ m->key, wf_node_text(m->value, p) };
        typed |= strcasecmp(m->key, "Content-Type") == 0;
    }
    if (!typed) {
        APR_ARRAY_PUSH(headers, wf_client_header_t) =
            (wf_client_header_t){ "Content-Type", "application/json" };
    }
    return headers;
}

static wf_sent_e deliver(wf_sink_t *sink, const wf_parcel_t *parcel, apr_pool_t *p,
                         wf_error_t *err)
{
    return wf_post(sink, sink->output.method, parcel, headers_of(sink, p), p, err);
}

const wf_output_type_t wf_output_webhook = {
    .name = "webhook",
    .fields = fields,
    .defaults = { .interval_ns = 10 * 1000 * NS_PER_MS,
                  .timeout_ns = 10 * 1000 * NS_PER_MS,
                  .batch_size = 10,
                  .attempts = 3,
                  .retry_delay_ns = 1000 * NS_PER_MS,
                  .method = "POST" },
    .check = check,
    .open = open_hook,
    .render = render,
    .deliver = deliver,
};
