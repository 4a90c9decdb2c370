/* Executions of load workflows, live: what the streams of the clients are told, and the
 * commands by which a client's socket gets there.
 *
 * A running execution is asked of the load engine. Its end is told from its record, when
 * that is on disk: what has been told stays true when the engine dies in that moment. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>

/* ---- messages ---------------------------------------------------------------------- */

/* What a message says besides its type. Objects are borrowed. */
typedef struct message_t {
    const char *id;
    const char *status;
    json_object *data;    /* wf_live_data */
    json_object *metrics; /* the Metrics object of the API */
} message_t;

static json_object *begin_message(const char *type, apr_pool_t *p)
{
    json_object *o = wf_json_own(json_object_new_object(), p);

    wf_json_add_string(o, "type", type);
    return o;
}

static void add_time(json_object *o, apr_pool_t *p)
{
    wf_json_add_string(o, "timestamp", wf_time_utc(wf_time_ms(), p));
}

static const char *data_message(const char *type, const message_t *m, apr_pool_t *p)
{
    json_object *o = begin_message(type, p);

    add_time(o, p);
    wf_json_add_string(o, "execution_id", m->id);
    wf_json_add_string(o, "status", m->status);
    json_object_object_add(o, "data", json_object_get(m->data));
    return wf_json_text(o, NULL, p);
}

static const char *metrics_message(const char *type, const message_t *m, apr_pool_t *p)
{
    json_object *o = begin_message(type, p);

    wf_json_add_string(o, "execution_id", m->id);
    add_time(o, p);
    wf_json_add_string(o, "status", m->status);
    json_object_object_add(o, "metrics", json_object_get(m->metrics));
    return wf_json_text(o, NULL, p);
}

static const char *error_message(const char *id, const char *text, apr_pool_t *p)
{
    json_object *o = begin_message("error", p);

    add_time(o, p);
    wf_json_add_string(o, "execution_id", id);
    wf_json_add_string(o, "error", text);
    return wf_json_text(o, NULL, p);
}

/* clang-format off */
static const struct {
    const char *name;
    const char *(*message)(const char *type, const message_t *m, apr_pool_t *p);
} formats[] = {
    { "data",    data_message },    /* a few figures of the whole */
    { "metrics", metrics_message }, /* the Metrics object, with every step */
};
/* clang-format on */

static int find_format(const char *name)
{
    for (apr_size_t i = 0; name && i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* ---- figures ----------------------------------------------------------------------- */

/* Three decimals are plenty, and the text stays short. */
static void add_number(json_object *o, const char *name, double number)
{
    wf_json_add_double(o, name, round(number * 1000) / 1000);
}

static double ratio(apr_int64_t part, double whole)
{
    return whole > 0 ? (double)part / whole : 0;
}

static json_object *add_object(json_object *o, const char *name)
{
    json_object *member = json_object_new_object();

    json_object_object_add(o, name, member);
    return member;
}

json_object *wf_live_data(const wf_run_snapshot_t *now)
{
    const wf_run_times_t *times = &now->http_req_duration;
    json_object *data = json_object_new_object(), *o;

    wf_json_add_int(data, "vus", now->active_vus);
    wf_json_add_int(data, "iteration", now->iterations);
    add_number(data, "progress", now->progress);
    o = add_object(data, "http_reqs");
    wf_json_add_int(o, "count", now->http_reqs);
    add_number(o, "rate", ratio(now->http_reqs, (double)now->counted_ms / 1000));
    add_number(add_object(data, "http_req_failed"), "rate",
               ratio(now->http_failed, (double)now->http_reqs));
    o = add_object(data, "http_req_duration");
    add_number(o, "avg", times->avg);
    add_number(o, "min", times->min);
    add_number(o, "med", times->med);
    add_number(o, "max", times->max);
    add_number(o, "p90", times->p90);
    add_number(o, "p95", times->p95);
    add_number(o, "p99", times->p99);
    return data;
}

/* ---- what there is to tell: on the streams' thread --------------------------------- */

/* The record is read through a connection of this thread's own. */
static apr_status_t read_run(wf_live_t *live, const char *id, wf_run_t **run,
                             apr_pool_t *p, wf_error_t *err)
{
    *run = NULL;
    if (!live->reader
        && wf_store_open(&live->reader, live->engine->config.store, WF_STORE_READ,
                         live->pool, err)
               != APR_SUCCESS) {
        live->reader = NULL;
        apr_pool_clear(live->pool); /* it is tried again and again */
        return WF_EFAILED;
    }
    return wf_store_get_by_key(live->reader, WF_TABLE_RUN, id, run, p, err);
}

/* Metrics as the record has them; those of nothing if it has none. */
static json_object *recorded_metrics(const wf_run_t *run, apr_pool_t *p)
{
    json_object *metrics = NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    if (run->metrics
        && wf_json_read(&metrics, run->metrics, strlen(run->metrics), p, &err)
               == APR_SUCCESS
        && json_object_is_type(metrics, json_type_object)) {
        return metrics;
    }
    metrics = wf_json_own(json_object_new_object(), p);
    wf_json_add_string(metrics, "execution_id", run->id);
    wf_json_add_int(metrics, "total_vus", 0);
    wf_json_add_int(metrics, "total_iterations", 0);
    wf_json_add_string(metrics, "duration", "0s");
    add_object(metrics, "step_metrics");
    json_object_object_add(metrics, "thresholds", json_object_new_array());
    return metrics;
}

static void tell_record(const wf_run_t *run, int format, wf_stream_news_t *news,
                        apr_pool_t *p)
{
    wf_run_snapshot_t nothing = { .id = run->id };
    message_t m = { run->id, run->status, NULL, recorded_metrics(run, p) };

    m.data = wf_json_get(m.metrics, WF_RUN_LIVE);
    m.data = m.data ? wf_json_own(json_object_get(m.data), p)
                    : wf_json_own(wf_live_data(&nothing), p);
    json_object_object_del(m.metrics, WF_RUN_LIVE);
    news->update = formats[format].message("metrics", &m, p);
    news->last = formats[format].message("complete", &m, p);
}

static wf_stream_state_e look_at_record(wf_live_t *live, const char *id, int format,
                                        wf_stream_news_t *news, apr_pool_t *p)
{
    wf_error_t err;
    wf_run_t *run;

    wf_error_init(&err, p);
    if (read_run(live, id, &run, p, &err) != APR_SUCCESS) {
        wf_log(WF_LOG_DEBUG, "execution %s cannot be shown: %s", id, err.message);
        return WF_STREAM_SILENT;
    }
    if (!run) {
        news->last =
            error_message(id, apr_psprintf(p, "no execution with id '%s'", id), p);
        return WF_STREAM_UNKNOWN;
    }
    if (!wf_run_is_over(run)) {
        return WF_STREAM_SILENT; /* begins, or its end is not on disk yet */
    }
    tell_record(run, format, news, p);
    return WF_STREAM_OVER;
}

wf_stream_state_e wf_live_look(void *baton, const char *id, int format,
                               wf_stream_news_t *news, apr_pool_t *p)
{
    wf_live_t *live = baton;
    wf_run_snapshot_t now;
    wf_error_t err;
    message_t m;

    wf_error_init(&err, p);
    if (wf_load_snapshot(live->engine->load, id, &now, p, &err) != APR_SUCCESS
        || wf_run_status_final(now.status)) {
        return look_at_record(live, id, format, news, p);
    }
    m = (message_t){ id, wf_run_status_name(now.status),
                     wf_json_own(wf_live_data(&now), p), now.metrics };
    news->update = formats[format].message("metrics", &m, p);
    return WF_STREAM_NEWS;
}

/* ---- life -------------------------------------------------------------------------- */

apr_status_t wf_live_create(wf_engine_t *engine, wf_error_t *err)
{
    wf_live_t *live = apr_pcalloc(engine->pool, sizeof(*live));
    wf_streams_options_t options = { .look = wf_live_look,
                                     .baton = live,
                                     .limit = engine->config.max_streams,
                                     .tunnel_limit = engine->config.max_tunnels };

    live->engine = engine;
    live->pool = wf_pool_create("wf_live", 0);
    engine->live = live;
    return wf_streams_create(&engine->streams, &options, engine->pool, err);
}

void wf_live_destroy(wf_live_t *live)
{
    wf_streams_destroy(live->engine->streams);
    apr_pool_destroy(live->pool); /* closes the reader */
}

/* ---- commands: on the ipc loop's thread -------------------------------------------- */

static apr_status_t reserve(wf_engine_t *engine, wf_ipc_request_t *request,
                            json_object *reply, wf_error_t *err)
{
    const char *id = wf_json_string(request->args, "id", "");
    int format = find_format(wf_json_string(request->args, "format", NULL));
    int protocol =
        wf_stream_protocol_parse(wf_json_string(request->args, "protocol", NULL));
    wf_stream_place_t place = { .topic = id,
                                .format = format,
                                .tunnelled =
                                    wf_json_bool(request->args, "tunnelled", 0) };
    apr_int64_t ticket = 0;
    apr_status_t rv;

    if (strlen(id) > WF_STREAM_NAME) {
        return wf_error_field(err, WF_ERR_INVALID, "id",
                              "the id of an execution has at most %d bytes",
                              WF_STREAM_NAME);
    }
    if (format < 0 || protocol < 0) {
        return wf_error_field(err, WF_ERR_INVALID, format < 0 ? "format" : "protocol",
                              "unknown %s of a stream",
                              format < 0 ? "format" : "protocol");
    }
    place.protocol = (wf_stream_protocol_e)protocol;
    if (protocol == WF_STREAM_EVENTS
        && strcmp(wf_json_string(request->args, "last", ""), WF_STREAM_LAST_ID) == 0) {
        return APR_SUCCESS; /* without a ticket */
    }
    rv = wf_streams_reserve(engine->streams, &place, &ticket, err);
    if (rv == APR_SUCCESS) {
        wf_json_add_int(reply, "ticket", ticket);
    }
    return rv;
}

/* stream.reserve {id, format, protocol, tunnelled, last}: a ticket, or none if `last`,
 * the id of the last event that the client has heard, is that of the end. */
void wf_command_reserve_stream(wf_engine_t *engine, wf_ipc_request_t *request)
{
    json_object *reply = wf_json_own(json_object_new_object(), request->pool);
    wf_error_t err;

    wf_error_init(&err, request->pool);
    if (reserve(engine, request, reply, &err) == APR_SUCCESS) {
        wf_ipc_reply(request, reply, NULL, 0);
    }
    else {
        wf_ipc_fail(request, &err);
    }
}

/* stream.open {ticket}, with the socket and what came from it already */
void wf_command_open_stream(wf_engine_t *engine, wf_ipc_request_t *request)
{
    wf_error_t err;

    wf_error_init(&err, request->pool);
    if (request->fd < 0) {
        wf_error_set(&err, WF_ERR_INVALID, "a stream without its socket");
    }
    else if (wf_streams_open(engine->streams, wf_json_int(request->args, "ticket", 0),
                             request->fd, request->blob, request->blob_length, &err)
             == APR_SUCCESS) {
        request->fd = -1;
        wf_ipc_reply(request, NULL, NULL, 0);
        return;
    }
    wf_ipc_fail(request, &err);
}
