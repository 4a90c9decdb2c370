/* The endpoints of the load engine's faces. One row an endpoint: the router, the rights,
 * the OpenAPI document and the tests read this table and nothing else. */
#include "workflow/internal.h"

/* clang-format off */
/* Open to all are the probes; the level of the rest only says that httpd may ask for
 * credentials, since this face leaves rights to httpd's own authorization. */
#define OPEN WF_LEVEL_NONE
#define USER WF_LEVEL_USER
#define JSON WF_FORMAT_JSON

/* ---- examples that several rows share -------------------------------------------------- */

#define ID "\"execution_id\":\"exec-jp7hrrz7kgdsnvtimtif\""
#define DONE(what) "{\"success\":true,\"message\":\"" what " successfully\"}"
#define EXECUTION_MEMBERS "\"id\":\"exec-jp7hrrz7kgdsnvtimtif\",\"workflow_id\":\"shop\"," \
    "\"status\":\"running\",\"progress\":0.42,\"start_time\":\"2026-01-21T13:04:05Z\""
#define EXECUTION "{" EXECUTION_MEMBERS ",\"end_time\":\"\",\"slave_states\":{\"local\":" \
    "{\"slave_id\":\"local\",\"status\":\"running\",\"completed_vus\":0," \
    "\"completed_iters\":1729,\"segment_start\":0.0,\"segment_end\":1.0}}," \
    "\"errors\":[{\"code\":\"CONNECTION_ERROR\",\"message\":\"connection refused\"," \
    "\"step_id\":\"front\",\"timestamp\":\"2026-01-21T13:04:06Z\"}]}"
#define THRESHOLDS "\"thresholds\":[{\"metric\":\"http_req_duration\"," \
    "\"condition\":\"p(95) < 500\",\"passed\":true,\"value\":24.2}]"
#define METRICS "\"metrics\":{\"http_req_duration\":{\"type\":\"trend\",\"contains\":\"time\"," \
    "\"values\":{\"count\":1729.0,\"avg\":17.2,\"p(95)\":24.2}}}"
#define HTTP_STATUS "\"http_status\":{\"200\":1729}"
#define GENERATOR "\"generator\":{\"limited\":false,\"reasons\":[\"cpu\"],\"max_lag\":\"0s\"," \
    "\"busy\":0.29,\"dropped_iterations\":0}"
#define SUMMARY "\"summary\":{\"duration_ms\":60000,\"total_iterations\":1729," \
    "\"total_requests\":1729,\"failed_requests\":0,\"qps\":28.8,\"iterations_per_sec\":28.8," \
    "\"error_rate\":0.0,\"min_ms\":4.1,\"avg_ms\":17.2,\"p50_ms\":10.3,\"p90_ms\":19.0," \
    "\"p95_ms\":24.2,\"p99_ms\":190.2,\"max_ms\":756.2,\"data_sent\":4652,\"data_received\":16160," \
    "\"max_vus\":10,\"dropped_iterations\":0,\"interrupted_iterations\":0,\"checks_passed\":1729," \
    "\"checks_failed\":0,\"thresholds_passed\":1,\"thresholds_failed\":0}"
#define DETAILS "\"step_details\":[{\"step_id\":\"front\",\"step_name\":\"Front page\"," \
    "\"type\":\"http\",\"count\":1729,\"success_count\":1729,\"failure_count\":0," \
    "\"success_rate\":1.0,\"min_ms\":4.1,\"avg_ms\":17.2,\"p50_ms\":10.3,\"p90_ms\":19.0," \
    "\"p95_ms\":24.2,\"p99_ms\":190.2,\"max_ms\":756.2,\"status\":{\"200\":1729}," \
    "\"metrics\":{\"http_status\":{\"value\":200.0,\"min\":200.0,\"max\":200.0,\"avg\":200.0}}}]"
#define SERIES "\"time_series\":[{\"timestamp\":\"2026-01-21T13:04:06Z\",\"elapsed_ms\":945," \
    "\"iterations\":29,\"active_vus\":10,\"qps\":29.2,\"error_rate\":0.0,\"avg_rt_ms\":17.2," \
    "\"p50_rt_ms\":10.3,\"p90_rt_ms\":19.0,\"p95_rt_ms\":24.2,\"p99_rt_ms\":190.2," \
    "\"data_sent_per_sec\":872.5,\"data_received_per_sec\":3030.7,\"dropped_iterations\":0}]"
#define REPORT "{" ID ",\"workflow_id\":\"shop\",\"workflow_name\":\"Shop\"," \
    "\"start_time\":\"2026-01-21T13:04:05Z\",\"end_time\":\"\",\"status\":\"running\"," SUMMARY "," DETAILS "," THRESHOLDS "," \
    "\"error_analysis\":{\"total_errors\":1,\"error_types\":[{\"type\":\"CONNECTION_ERROR\"," \
    "\"count\":1,\"percentage\":100.0}],\"top_errors\":[{\"code\":\"CONNECTION_ERROR\"," \
    "\"message\":\"connection refused\",\"step_id\":\"front\",\"count\":1," \
    "\"first_seen\":\"2026-01-21T13:04:06Z\"}]},\"checks\":[]," HTTP_STATUS "," METRICS "," \
    GENERATOR ",\"warnings\":[],\"config\":{\"mode\":\"constant-vus\",\"vus\":10}," SERIES "," \
    "\"vu_timeline\":[{\"timestamp\":\"2026-01-21T13:04:06Z\",\"elapsed_ms\":945," \
    "\"active_vus\":10}]}"
#define STATUS "{" ID ",\"workflow_id\":\"shop\",\"status\":\"running\",\"running\":true," \
    "\"paused\":false,\"stopped\":false,\"vus\":10,\"progress\":0.42,\"iterations\":1729}"
#define SLAVE "{\"id\":\"slave-1\",\"type\":\"worker\",\"address\":\"10.0.0.2\"," \
    "\"capabilities\":[\"http\"],\"labels\":{\"region\":\"eu\"}," \
    "\"resources\":{\"cpu_cores\":2,\"memory_mb\":4096,\"max_vus\":1000}," \
    "\"status\":{\"state\":\"online\",\"load\":0.5,\"active_tasks\":1," \
    "\"last_seen\":\"2026-01-21T13:04:05Z\",\"metrics\":{\"cpu_usage\":12.5," \
    "\"memory_usage\":30.1,\"active_vus\":10,\"throughput\":28.8}}}"
#define HEALTHY "{\"status\":\"healthy\",\"timestamp\":\"2026-01-21T13:04:05Z\"}"
#define READY "{\"ready\":true,\"status\":\"ready\",\"timestamp\":\"2026-01-21T13:04:05Z\"}"

/* Members whose names are data. */
#define OPEN_REPORT "metrics values http_status status"
/* Members that are there if there is something to say. */
#define SOME_REPORT "step_id count avg p(95) mode vus"

/* ---- arguments --------------------------------------------------------------------------- */

#define QUERY WF_IN_QUERY
#define BODY  WF_IN_BODY

static const wf_path_var_t path_vars[] = {
    { "id", "Id of an execution, of a workflow (its latest one), or of a slave." },
    { NULL, NULL }
};

static const wf_argument_t submit_arguments[] = {
    { "yaml",     BODY, WF_ARG_STRING, 0, NULL, NULL, "The workflow as a YAML text." },
    { "workflow", BODY, WF_ARG_OBJECT, 0, NULL, NULL,
      "The workflow as an object; one of the two is required, the text counts if both are there." },
    { NULL }
};

static const wf_argument_t list_arguments[] = {
    { "status",   QUERY, WF_ARG_STRING,  0, NULL, NULL,    "Only those with this status." },
    { "workflow", QUERY, WF_ARG_STRING,  0, NULL, NULL,    "Only those of the workflow with this id." },
    { "limit",    QUERY, WF_ARG_INTEGER, 0, NULL, "10000", "How many at most." },
    { "offset",   QUERY, WF_ARG_INTEGER, 0, NULL, "0",     "How many newer ones are left out." },
    { NULL }
};

static const wf_argument_t report_arguments[] = {
    { "format",    QUERY, WF_ARG_STRING, 0, NULL, NULL,  "html for a page; else JSON, or what the client prefers." },
    { "baseline",  QUERY, WF_ARG_STRING, 0, NULL, NULL,  "Compare with the execution that has this id." },
    { "tolerance", QUERY, WF_ARG_STRING, 0, NULL, "10%", "What changed by less is the same." },
    { NULL }
};

static const wf_argument_t scale_arguments[] = {
    { "target_vus", BODY, WF_ARG_INTEGER, 1, NULL, NULL, "How many virtual users there shall be." },
    { "scenario",   BODY, WF_ARG_STRING,  0, NULL, NULL, "Name of the scenario that gets them, if there are several." },
    { NULL }
};

static const wf_argument_t change_arguments[] = {
    { "vus",      BODY, WF_ARG_INTEGER, 0, NULL, NULL, "How many virtual users there shall be." },
    { "scenario", BODY, WF_ARG_STRING,  0, NULL, NULL, "Name of the scenario that gets them, if there are several." },
    { "paused",   BODY, WF_ARG_BOOLEAN, 0, NULL, NULL, "Whether it shall stand still." },
    { "stopped",  BODY, WF_ARG_BOOLEAN, 0, "true", NULL, "That it shall end." },
    { NULL }
};

/* ---- endpoints --------------------------------------------------------------------------------- */

static const wf_route_t routes[] = {
    { WF_POST, "/workflows", USER, JSON, WF_ROUTE_CREATED, "workflow", wf_workflow_submit,
      .summary = "Submit a workflow and start its execution",
      .arguments = submit_arguments,
      .request = "{\"workflow\":{\"id\":\"shop\",\"name\":\"Shop\",\"steps\":[{\"id\":\"front\","
                 "\"type\":\"http\",\"config\":{\"url\":\"http://shop.example/\"}}],"
                 "\"options\":{\"vus\":10,\"duration\":\"1m\"}}}",
      .response = "{" ID ",\"workflow_id\":\"shop\",\"status\":\"submitted\",\"warnings\":[]}",
      .optional = "warnings",
      .statuses = "400 413 500 503" },
    { WF_GET, "/workflows/{id}", USER, JSON, 0, "workflow", wf_workflow_get,
      .summary = "Show a workflow's latest execution",
      .response = "{\"id\":\"shop\",\"name\":\"Shop\",\"status\":\"running\"}",
      .statuses = "404" },
    { WF_DELETE, "/workflows/{id}", USER, JSON, 0, "workflow", wf_workflow_stop,
      .summary = "Stop every live execution of a workflow",
      .response = DONE("Workflow stopped"),
      .statuses = "404 500 503" },
    { WF_GET, "/executions", USER, JSON, 0, "execution", wf_execution_list,
      .summary = "List the executions, newest first",
      .arguments = list_arguments,
      .response = "{\"executions\":[{" EXECUTION_MEMBERS ",\"end_time\":\"2026-01-21T13:05:05Z\"}],\"total\":1}",
      .optional = "end_time",
      .statuses = "400" },
    { WF_GET, "/executions/{id}", USER, JSON, 0, "execution", wf_execution_get,
      .summary = "Show an execution",
      .response = EXECUTION,
      .optional = "step_id", .open = "slave_states",
      .statuses = "404" },
    { WF_DELETE, "/executions/{id}", USER, JSON, 0, "execution", wf_execution_stop,
      .summary = "Stop an execution",
      .response = DONE("Execution stopped"),
      .statuses = "404 500 503" },
    { WF_POST, "/executions/{id}/pause", USER, JSON, 0, "execution", wf_execution_pause,
      .summary = "Let an execution begin no new iterations",
      .response = DONE("Execution paused"),
      .statuses = "404 500 503" },
    { WF_POST, "/executions/{id}/resume", USER, JSON, 0, "execution", wf_execution_resume,
      .summary = "Let a paused execution go on",
      .response = DONE("Execution resumed"),
      .statuses = "404 500 503" },
    { WF_POST, "/executions/{id}/scale", USER, JSON, 0, "execution", wf_execution_scale,
      .summary = "Give an execution another number of virtual users",
      .arguments = scale_arguments,
      .request = "{\"target_vus\":7}",
      .response = DONE("Execution scaled"),
      .statuses = "400 404 413 500 503" },
    { WF_GET, "/executions/{id}/metrics", USER, JSON, 0, "execution", wf_execution_metrics,
      .summary = "Show an execution's metrics",
      .response = "{" ID ",\"total_vus\":10,\"total_iterations\":1729,\"duration\":\"1m0s\","
                  "\"step_metrics\":{\"front\":{\"step_id\":\"front\",\"count\":1729,"
                  "\"success_count\":1729,\"failure_count\":0,\"duration\":{\"min\":\"4.1ms\","
                  "\"max\":\"756.2ms\",\"avg\":\"17.2ms\",\"p50\":\"10.3ms\",\"p90\":\"19ms\","
                  "\"p95\":\"24.2ms\",\"p99\":\"190.2ms\"},\"status\":{\"200\":1729}}},"
                  THRESHOLDS "," GENERATOR ",\"warnings\":[],\"dropped_iterations\":0,"
                  "\"interrupted_iterations\":0," HTTP_STATUS "," METRICS ",\"checks\":[]}",
      .optional = SOME_REPORT, .open = "step_metrics " OPEN_REPORT,
      .statuses = "404" },
    { WF_GET, "/executions/{id}/report", USER, JSON, WF_ROUTE_HTML, "execution", wf_execution_report,
      .summary = "Show the report of an execution, as JSON or as a page",
      .arguments = report_arguments,
      .response = REPORT,
      .optional = SOME_REPORT, .open = OPEN_REPORT,
      .statuses = "400 404" },
    { WF_GET, "/executions/{id}/ws", USER, WF_FORMAT_NONE, WF_ROUTE_UPGRADE, "execution", wf_execution_websocket,
      .summary = "Follow an execution over a WebSocket",
      .statuses = "400 426 503" },
    { WF_GET, "/executions/{id}/metrics/stream", USER, WF_FORMAT_NONE, WF_ROUTE_UPGRADE, "execution", wf_execution_metrics_stream,
      .summary = "Follow an execution's metrics over a WebSocket",
      .statuses = "400 426 503" },
    { WF_GET, "/executions/{id}/events", USER, WF_FORMAT_NONE, 0, "execution", wf_execution_events,
      .summary = "Follow an execution by server-sent events",
      .media = "text/event-stream",
      .statuses = "404 503" },
    { WF_GET, "/perf/executions/{id}/status", USER, JSON, 0, "perf", wf_perf_status,
      .summary = "Show what steers an execution",
      .response = STATUS,
      .statuses = "404" },
    { WF_PATCH, "/perf/executions/{id}/status", USER, JSON, 0, "perf", wf_perf_change,
      .summary = "Scale, pause, resume or stop an execution",
      .arguments = change_arguments,
      .request = "{\"paused\":true,\"vus\":7}",
      .response = STATUS,
      .statuses = "400 404 413 500 503" },
    { WF_GET, "/perf/executions/{id}/metrics/realtime", USER, JSON, 0, "perf", wf_perf_realtime,
      .summary = "Show an execution's figures of this moment",
      .response = "{" ID ",\"status\":\"running\",\"timestamp\":\"2026-01-21T13:04:07Z\",\"vus\":10,"
                  "\"iteration\":1729,\"progress\":0.42,\"http_reqs\":{\"count\":1729,\"rate\":28.8},"
                  "\"http_req_failed\":{\"rate\":0.0},\"http_req_duration\":{\"avg\":17.2,\"min\":4.1,"
                  "\"med\":10.3,\"max\":756.2,\"p90\":19.0,\"p95\":24.2,\"p99\":190.2}}",
      .optional = "vus iteration progress http_reqs http_req_failed http_req_duration",
      .statuses = "404" },
    { WF_GET, "/perf/executions/{id}/metrics", USER, JSON, 0, "perf", wf_perf_metrics,
      .summary = "Show an execution's metrics as numbers",
      .response = "{" ID ",\"status\":\"running\"," SUMMARY "," METRICS "," HTTP_STATUS "," DETAILS "," THRESHOLDS "}",
      .optional = SOME_REPORT, .open = OPEN_REPORT,
      .statuses = "404" },
    { WF_GET, "/perf/executions/{id}/report", USER, JSON, 0, "perf", wf_perf_report,
      .summary = "Show the report of an execution",
      .arguments = &report_arguments[1],
      .response = REPORT,
      .optional = SOME_REPORT, .open = OPEN_REPORT,
      .statuses = "400 404" },
    { WF_GET, "/perf/executions/{id}/timeseries", USER, JSON, 0, "perf", wf_perf_timeseries,
      .summary = "Show the course of an execution",
      .response = "{" ID ",\"status\":\"running\"," SERIES "}",
      .statuses = "404" },
    { WF_GET, "/slaves", USER, JSON, 0, "slave", wf_slave_list,
      .summary = "List the servers that take a part of executions",
      .response = "{\"slaves\":[" SLAVE "],\"total\":1}",
      .open = "labels" },
    { WF_GET, "/slaves/{id}", USER, JSON, 0, "slave", wf_slave_get,
      .summary = "Show one of them",
      .response = SLAVE,
      .open = "labels",
      .statuses = "404 503" },
    { WF_POST, "/slaves/{id}/drain", USER, JSON, 0, "slave", wf_slave_drain,
      .summary = "Let one of them take nothing more",
      .response = DONE("Slave drain initiated"),
      .statuses = "404 500 501 503" },
    { WF_GET, "/slave-ws", USER, WF_FORMAT_NONE, WF_ROUTE_UPGRADE, "slave", wf_slave_connect,
      .summary = "Be a slave, over a WebSocket",
      .statuses = "400 404 426 503" },
    { WF_GET, "/health", OPEN, JSON, 0, "probe", wf_probe_health,
      .summary = "Does the server live",
      .response = HEALTHY },
    { WF_GET, "/ready", OPEN, JSON, 0, "probe", wf_probe_ready,
      .summary = "Does the engine take commands",
      .response = READY,
      .statuses = "503" },
    { WF_GET, "/openapi.json", USER, JSON, 0, "api", wf_openapi_get,
      .summary = "Describe this interface as an OpenAPI 3.1 document",
      .response = "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Workflow Engine REST API\","
                  "\"version\":\"0.1.0\",\"description\":\"\"},\"servers\":[{\"url\":\"/api/v1\"}],"
                  "\"tags\":[],\"paths\":{},\"components\":{}}",
      .optional = "description" },
};

static const wf_route_t health_routes[] = {
    { WF_GET, "", OPEN, JSON, 0, "probe", wf_probe_health,
      .summary = "Does the server live",
      .response = HEALTHY },
};
static const wf_route_t ready_routes[] = {
    { WF_GET, "", OPEN, JSON, 0, "probe", wf_probe_ready,
      .summary = "Does the engine take commands",
      .response = READY,
      .statuses = "503" },
};

#define FACE(face_name, face_title, table)                    \
    {                                                         \
        .name = face_name,                                    \
        .title = face_title,                                  \
        .flags = WF_FACE_SEGMENTS | WF_FACE_NO_CACHE,         \
        .realm = "Workflow",                                  \
        .path_vars = path_vars,                               \
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
