/* The endpoints of the load engine's faces, and their errors: {"error": code, "message"}.
 */
#include "workflow/internal.h"

#include <apr_strings.h>

/* clang-format off */
/* Open to all are the probes; the level of the rest only says that httpd may ask for
 * credentials, since this face leaves rights to httpd's own authorization. */
#define OPEN WF_LEVEL_NONE
#define USER WF_LEVEL_USER
#define JSON WF_FORMAT_JSON

#define QUERY(name, type, fallback, text) { name, WF_IN_QUERY, WF_ARG_##type, 0, NULL, fallback, text }

static const wf_argument_t list_arguments[] = {
    QUERY("status",   STRING,  NULL,  "Only those with this status."),
    QUERY("workflow", STRING,  NULL,  "Only those of the workflow with this id."),
    QUERY("limit",    INTEGER, "10000", "How many at most."),
    QUERY("offset",   INTEGER, "0",   "How many newer ones are left out."),
    { NULL }
};

static const wf_argument_t report_arguments[] = {
    QUERY("format",    STRING, NULL,  "html for a page; else JSON, or what the client prefers."),
    QUERY("baseline",  STRING, NULL,  "Compare with the execution that has this id."),
    QUERY("tolerance", STRING, "10%", "What changed by less is the same."),
    { NULL }
};

static const wf_route_t routes[] = {
    { WF_POST,   "/workflows",               USER, JSON, 0, "workflow",
      wf_workflow_submit,   .summary = "Submit a workflow and start its execution" },
    { WF_GET,    "/workflows/{id}",          USER, JSON, 0, "workflow",
      wf_workflow_get,      .summary = "Show a workflow's latest execution" },
    { WF_DELETE, "/workflows/{id}",          USER, JSON, 0, "workflow",
      wf_workflow_stop,     .summary = "Stop every live execution of a workflow" },
    { WF_GET,    "/executions",              USER, JSON, 0, "execution",
      wf_execution_list,    .summary = "List the executions, newest first",
      .arguments = list_arguments },
    { WF_GET,    "/executions/{id}",         USER, JSON, 0, "execution",
      wf_execution_get,     .summary = "Show an execution" },
    { WF_DELETE, "/executions/{id}",         USER, JSON, 0, "execution",
      wf_execution_stop,    .summary = "Stop an execution" },
    { WF_POST,   "/executions/{id}/pause",   USER, JSON, 0, "execution",
      wf_execution_pause,   .summary = "Let an execution begin no new iterations" },
    { WF_POST,   "/executions/{id}/resume",  USER, JSON, 0, "execution",
      wf_execution_resume,  .summary = "Let a paused execution go on" },
    { WF_POST,   "/executions/{id}/scale",   USER, JSON, 0, "execution",
      wf_execution_scale,   .summary = "Give an execution another number of virtual users" },
    { WF_GET,    "/executions/{id}/metrics", USER, JSON, 0, "execution",
      wf_execution_metrics, .summary = "Show an execution's metrics" },
    { WF_GET,    "/executions/{id}/report",  USER, JSON, WF_ROUTE_HTML, "execution",
      wf_execution_report,  .summary = "Show the report of an execution, as JSON or as a page",
      .arguments = report_arguments },
    { WF_GET,    "/executions/{id}/ws",      USER, WF_FORMAT_NONE, 0, "execution",
      wf_execution_websocket, .summary = "Follow an execution over a WebSocket" },
    { WF_GET,    "/executions/{id}/metrics/stream", USER, WF_FORMAT_NONE, 0, "execution",
      wf_execution_metrics_stream, .summary = "Follow an execution's metrics over a WebSocket" },
    { WF_GET,    "/executions/{id}/events",  USER, WF_FORMAT_NONE, 0, "execution",
      wf_execution_events,  .summary = "Follow an execution by server-sent events" },
    { WF_GET,    "/perf/executions/{id}/status", USER, JSON, 0, "perf",
      wf_perf_status,       .summary = "Show what steers an execution" },
    { WF_PATCH,  "/perf/executions/{id}/status", USER, JSON, 0, "perf",
      wf_perf_change,       .summary = "Scale, pause, resume or stop an execution" },
    { WF_GET,    "/perf/executions/{id}/metrics/realtime", USER, JSON, 0, "perf",
      wf_perf_realtime,     .summary = "Show an execution's figures of this moment" },
    { WF_GET,    "/perf/executions/{id}/metrics", USER, JSON, 0, "perf",
      wf_perf_metrics,      .summary = "Show an execution's metrics as numbers" },
    { WF_GET,    "/perf/executions/{id}/report", USER, JSON, 0, "perf",
      wf_perf_report,       .summary = "Show the report of an execution" },
    { WF_GET,    "/perf/executions/{id}/timeseries", USER, JSON, 0, "perf",
      wf_perf_timeseries,   .summary = "Show the course of an execution" },
    { WF_GET,    "/slaves",                  USER, JSON, 0, "slave",
      wf_slave_list,        .summary = "List the servers that take a part of executions" },
    { WF_GET,    "/slaves/{id}",             USER, JSON, 0, "slave",
      wf_slave_get,         .summary = "Show one of them" },
    { WF_POST,   "/slaves/{id}/drain",       USER, JSON, 0, "slave",
      wf_slave_drain,       .summary = "Let one of them take nothing more" },
    { WF_GET,    "/slave-ws",                USER, WF_FORMAT_NONE, 0, "slave",
      wf_slave_connect,     .summary = "Be a slave, over a WebSocket" },
    { WF_GET,    "/health",                  OPEN, JSON, 0, "probe",
      wf_probe_health,      .summary = "Does the server live" },
    { WF_GET,    "/ready",                   OPEN, JSON, 0, "probe",
      wf_probe_ready,       .summary = "Does the engine take commands" },
};

static const wf_route_t health_routes[] = {
    { WF_GET, "", OPEN, JSON, 0, "probe",
      wf_probe_health, .summary = "Does the server live" },
};
static const wf_route_t ready_routes[] = {
    { WF_GET, "", OPEN, JSON, 0, "probe",
      wf_probe_ready, .summary = "Does the engine take commands" },
};

#define FACE(face_name, face_title, table)                    \
    {                                                         \
        .name = face_name,                                    \
        .title = face_title,                                  \
        .flags = WF_FACE_SEGMENTS | WF_FACE_NO_CACHE,         \
        .realm = "Workflow",                                  \
        .json_type = "application/json",                      \
        .routes = table,                                      \
        .route_count = sizeof table / sizeof table[0],        \
        .status = wf_workflow_status,                         \
        .error_body = wf_workflow_error_body,                 \
    }
/* clang-format on */

const wf_face_t wf_workflow_face = FACE("workflow", "Workflow Engine REST API", routes);
const wf_face_t wf_health_face = FACE("health", "Health probe", health_routes);
const wf_face_t wf_ready_face = FACE("ready", "Readiness probe", ready_routes);

/* ---- errors ------------------------------------------------------------------------ */

/* clang-format off */
static const struct { int status; const char *code; } kinds[WF_ERR_KINDS] = {
    [WF_ERR_NONE]        = { 500, "internal_error" },
    [WF_ERR_INVALID]     = { 400, "invalid_request" },
    [WF_ERR_NOT_FOUND]   = { 404, "not_found" },
    [WF_ERR_CONFLICT]    = { 409, "conflict" },
    [WF_ERR_FORBIDDEN]   = { 403, "forbidden" },
    [WF_ERR_TOO_LARGE]   = { 413, "request_too_large" },
    [WF_ERR_UNSUPPORTED] = { 501, "not_implemented" },
    [WF_ERR_UNAVAILABLE] = { 503, "service_unavailable" },
    [WF_ERR_IN_FLIGHT]   = { 409, "request_in_flight" },
    [WF_ERR_REUSED]      = { 422, "idempotency_key_reused" },
    [WF_ERR_EXECUTION]   = { 500, "internal_error" },
    [WF_ERR_INTERNAL]    = { 500, "internal_error" },
};

/* Codes of statuses that have no kind, or that httpd answered by itself. */
static const struct { int status; const char *code; } codes[] = {
    { 400, "invalid_request" },
    { 401, "unauthorized" },
    { 403, "forbidden" },
    { 404, "not_found" },
    { 405, "method_not_allowed" },
    { 408, "request_timeout" },
    { 413, "request_too_large" },
    { 429, "too_many_requests" },
    { 501, "not_implemented" },
    { 503, "service_unavailable" },
};
/* clang-format on */

int wf_workflow_status(const wf_request_t *req, const wf_error_t *err)
{
    (void)req;
    return kinds[err->kind].status;
}

apr_status_t wf_fail_as(wf_request_t *req, int status, const char *code)
{
    req->fail_status = status;
    req->fail_code = code;
    return WF_EFAILED;
}

static const char *code_of(const wf_request_t *req, int status, const wf_error_t *err)
{
    if (req->fail_code) {
        return req->fail_code;
    }
    if (err->kind != WF_ERR_NONE && kinds[err->kind].status == status) {
        return kinds[err->kind].code;
    }
    for (apr_size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].status == status) {
            return codes[i].code;
        }
    }
    return status < 500 ? "invalid_request" : "internal_error";
}

void wf_workflow_error_body(const wf_request_t *req, int status, const wf_error_t *err,
                            wf_body_t *body)
{
    json_object *o = wf_json_own(json_object_new_object(), req->pool);

    wf_json_add_string(o, "error", code_of(req, status, err));
    wf_json_add_string(o, "message",
                       err->message ? err->message : wf_status_description(status));
    body->type = req->face->json_type;
    body->data = wf_json_text(o, &body->length, req->pool);
}

apr_status_t wf_respond_done(wf_request_t *req, const char *message)
{
    json_object *o = json_object_new_object();

    wf_json_add_bool(o, "success", 1);
    wf_json_add_string(o, "message", message);
    return wf_respond_json(req, 200, o);
}
