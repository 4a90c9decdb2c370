/* influxdb: line protocol with times in milliseconds, to /write of version 1 or to
 * /api/v2/write. A measurement for each metric, a field for each statistic. */
#include "output/internal.h"

#include <apr_base64.h>
#include <string.h>

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("url", STRING, wf_output_t, url),
    WF_FIELD("db", STRING, wf_output_t, db),
    WF_FIELD("username", STRING, wf_output_t, user),
    WF_FIELD("password", STRING, wf_output_t, password),
    WF_FIELD("token", STRING, wf_output_t, token),
    WF_FIELD("organization", STRING, wf_output_t, org),
    WF_FIELD("org", STRING, wf_output_t, org),
    WF_FIELD("bucket", STRING, wf_output_t, bucket),
    WF_FIELD("tags", MAP, wf_output_t, tags),
    WF_FIELD("batch_size", INTEGER, wf_output_t, batch_size),
    WF_FIELD("flush_interval", DURATION, wf_output_t, interval_ns),
    WF_FIELD("timeout", DURATION, wf_output_t, timeout_ns),
    WF_FIELD("retry_attempts", INTEGER, wf_output_t, attempts),
    WF_FIELD("retry_delay", DURATION, wf_output_t, retry_delay_ns),
    WF_FIELDS_END
};
/* clang-format on */

/* ---- lines ------------------------------------------------------------------------- */

typedef struct lines_t {
    wf_sink_t *sink;
    const wf_batch_t *batch;
    wf_buffer_t *buffer; /* NULL: none has begun */
    int count;
} lines_t;

static const char *without_backslashes_at_end(const char *text, apr_pool_t *p)
{
    apr_size_t n = strlen(text);

    while (n > 0 && text[n - 1] == '\\') {
        n--;
    }
    return apr_pstrmemdup(p, text, n);
}

/* The protocol has no empty values, and a backslash at the end would take the comma
 * behind it. */
static void put_tag(const lines_t *l, const char *key, const char *value)
{
    value = value ? without_backslashes_at_end(value, l->batch->p) : "";
    key = without_backslashes_at_end(key, l->batch->p);
    if (*value == '\0' || *key == '\0') {
        return;
    }
    wf_put(l->buffer, ",");
    wf_put_escaped(l->buffer, key, ",= ", " ");
    wf_put(l->buffer, "=");
    wf_put_escaped(l->buffer, value, ",= ", "\\ ");
}

static void put_tags(const lines_t *l, const wf_sample_t *sample)
{
    const wf_output_run_t *run = wf_sink_run(l->sink);
    const wf_node_t *own = l->sink->output.tags;
    const wf_member_t *m;
    int i;

    put_tag(l, "execution_id", run->execution_id);
    put_tag(l, "workflow_id", run->workflow_id);
    for (i = 0; i < l->sink->ntags; i++) {
        put_tag(l, l->sink->tags[i].key, l->sink->tags[i].value);
    }
    for (m = own ? own->first : NULL; m != NULL; m = m->next) {
        put_tag(l, m->key, wf_node_text(m->value, l->batch->p));
    }
    if (sample->step != NULL) {
        put_tag(l, "step_id", sample->step->id);
        put_tag(l, "step_name", sample->step->name);
    }
    put_tag(l, "status", sample->status);
}

static void end_lines(lines_t *l)
{
    if (l->buffer != NULL) {
        wf_sink_post(l->sink, l->buffer);
        l->buffer = NULL;
    }
}

/* p(95) becomes p95: parentheses would have to be quoted in queries. */
static void put_field(wf_buffer_t *buffer, const char *name, double value)
{
    char plain[16];
    size_t i, n = 0;

    for (i = 0; name[i] != '\0' && n < sizeof(plain) - 1; i++) {
        if (name[i] != '(' && name[i] != ')') {
            plain[n++] = name[i];
        }
    }
    plain[n] = '\0';
    wf_put(buffer, plain);
    wf_put(buffer, "=");
    wf_put_number(buffer, value);
}

static void put_line(void *baton, const wf_sample_t *sample)
{
    lines_t *l = baton;
    int i;

    if (l->buffer == NULL) {
        l->buffer = wf_buffer_create(l->batch->p);
        l->count = 0;
    }
    wf_put_escaped(l->buffer, sample->metric, ", ", " ");
    put_tags(l, sample);
    for (i = 0; i < sample->n; i++) {
        wf_put(l->buffer, i > 0 ? "," : " ");
        put_field(l->buffer, sample->stats[i].name, sample->stats[i].value);
    }
    wf_put(l->buffer, " ");
    wf_put_int(l->buffer, l->batch->time_ms);
    wf_put(l->buffer, "\n");
    if (++l->count == l->sink->output.batch_size) {
        end_lines(l);
    }
}

static void render(wf_sink_t *sink, const wf_batch_t *batch)
{
    lines_t l = { .sink = sink, .batch = batch };

    wf_samples_walk(batch->news, wf_sink_figures(sink), batch->seconds, batch->p,
                    put_line, &l);
    end_lines(&l);
}

/* ---- where to ---------------------------------------------------------------------- */

static void from_url(const char **option, const char *url, const char *name,
                     apr_pool_t *p)
{
    const char *text = *option == NULL ? wf_url_parameter(url, name, p) : NULL;

    *option = text != NULL ? text : *option;
}

/* http://host:8086/name is a database, too: so k6 writes it. */
static void path_is_db(wf_output_t *o, apr_pool_t *p)
{
    const char *base = wf_url_base(o->url, p);
    const char *host = strstr(base, "://");
    char *slash = host ? strchr(host + 3, '/') : NULL;

    if (o->db == NULL && o->bucket == NULL && slash != NULL) {
        o->db = slash + 1;
        o->url = apr_pstrmemdup(p, base, (apr_size_t)(slash - base));
    }
}

static void find_options(wf_output_t *o, apr_pool_t *p)
{
    from_url(&o->db, o->url, "db", p);
    from_url(&o->token, o->url, "token", p);
    from_url(&o->org, o->url, "org", p);
    from_url(&o->bucket, o->url, "bucket", p);
    path_is_db(o, p);
    if (o->db == NULL) {
        o->org = o->org ? o->org : "default";
        o->bucket = o->bucket ? o->bucket : "workflow_metrics";
    }
}

static const char *address_of(const wf_output_t *o, apr_pool_t *p)
{
    wf_buffer_t *b = wf_buffer_create(p);

    wf_put(b, wf_url_base(o->url, p));
    if (o->db != NULL) {
        wf_put(b, "/write?precision=ms&db=");
        wf_put_percent(b, o->db);
    }
    else {
        wf_put(b, "/api/v2/write?precision=ms&org=");
        wf_put_percent(b, o->org);
        wf_put(b, "&bucket=");
        wf_put_percent(b, o->bucket);
    }
    return b->data;
}

static const char *credentials(const wf_output_t *o, apr_pool_t *p)
{
    const char *text;
    char *coded;

    if (o->token != NULL) {
        return apr_pstrcat(p, "Token ", o->token, NULL);
    }
    if (o->user == NULL) {
        return NULL;
    }
    text = apr_pstrcat(p, o->user, ":", o->password ? o->password : "", NULL);
    coded = apr_palloc(p, (apr_size_t)apr_base64_encode_len((int)strlen(text)));
    apr_base64_encode(coded, text, (int)strlen(text));
    return apr_pstrcat(p, "Basic ", coded, NULL);
}

static void check(wf_output_t *output, const wf_where_t *path, wf_compile_t *c)
{
    const char *text;

    find_options(output, c->p);
    text = credentials(output, c->p);
    wf_post_check(output, address_of(output, c->p), path, c);
    wf_output_check_texts(output->tags, "tags", path, c);
    if (text != NULL && !wf_client_header_value_valid(text)) {
        wf_output_problem(output, output->token ? "token" : "username", "value", path, c,
                          "may not stand in a header");
    }
}

static apr_status_t open_influx(wf_sink_t *sink, wf_error_t *err)
{
    sink->address = address_of(&sink->output, sink->pool);
    return wf_post_open(sink, err);
}

static wf_sent_e deliver(wf_sink_t *sink, const wf_parcel_t *parcel, apr_pool_t *p,
                         wf_error_t *err)
{
    apr_array_header_t *headers = apr_array_make(p, 2, sizeof(wf_client_header_t));
    const char *text = credentials(&sink->output, p);

    APR_ARRAY_PUSH(headers, wf_client_header_t) =
        (wf_client_header_t){ "Content-Type", "text/plain; charset=utf-8" };
    if (text != NULL) {
        APR_ARRAY_PUSH(headers, wf_client_header_t) =
            (wf_client_header_t){ "Authorization", text };
    }
    return wf_post(sink, "POST", parcel, headers, p, err);
}

const wf_output_type_t wf_output_influxdb = {
    .name = "influxdb",
    .fields = fields,
    .defaults = { .url = "http://localhost:8086",
                  .interval_ns = 1000 * NS_PER_MS,
                  .timeout_ns = 5 * 1000 * NS_PER_MS,
                  .batch_size = 1000,
                  .attempts = 3,
                  .retry_delay_ns = 1000 * NS_PER_MS },
    .check = check,
    .open = open_influx,
    .render = render,
    .deliver = deliver,
};
