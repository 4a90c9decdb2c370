/* The load engine's face: its table, error codes, and executions as the API shows them.
 */
#include "workflow/internal.h"
#include "tap.h"

#include <apr_strings.h>

static apr_pool_t *pool;

#define API &wf_workflow_face
#define HEALTH &wf_health_face
#define READY &wf_ready_face

static void test_routes(void)
{
    /* clang-format off */
    static const struct {
        const wf_face_t *face;
        unsigned method;
        const char *path;
        wf_handler_fn *handler; /* NULL = none */
        wf_level_e level;
    } cases[] = {
        { API,    WF_POST,   "/workflows",            wf_workflow_submit,   1 },
        { API,    WF_GET,    "/workflows/test",       wf_workflow_get,      1 },
        { API,    WF_DELETE, "/workflows/test/",      wf_workflow_stop,     1 },
        { API,    WF_GET,    "/executions/",          wf_execution_list,    1 },
        { API,    WF_GET,    "/executions/e",         wf_execution_get,     1 },
        { API,    WF_DELETE, "/executions/e",         wf_execution_stop,    1 },
        { API,    WF_GET,    "/executions/e/metrics", wf_execution_metrics, 1 },
        { API,    WF_GET,    "/slaves",               wf_slave_list,        1 },
        { API,    WF_GET,    "/slaves/s",             wf_slave_get,         1 },
        { API,    WF_POST,   "/slaves/s/drain",       wf_slave_drain,       1 },
        { API,    WF_GET,    "/health",               wf_probe_health,      0 },
        { API,    WF_GET,    "/ready",                wf_probe_ready,       0 },
        { API,    WF_GET,    "/executions/e/x",       NULL,                 0 },
        { API,    WF_POST,   "/health",               NULL,                 0 },
        { HEALTH, WF_GET,    "",                      wf_probe_health,      0 },
        { HEALTH, WF_GET,    "/",                     wf_probe_health,      0 },
        { HEALTH, WF_GET,    "/x",                    NULL,                 0 },
        { READY,  WF_GET,    "",                      wf_probe_ready,       0 },
    };
    /* clang-format on */

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *problem;
        wf_router_t *router = wf_router_create(cases[i].face, &problem, pool);
        wf_match_t match;

        wf_route_find(router, cases[i].method, cases[i].path, 0, &match);
        ok((match.route ? match.route->handler : NULL) == cases[i].handler, "%s: %u %s",
           cases[i].face->name, cases[i].method, cases[i].path);
        if (match.route) {
            is_int(match.route->level, cases[i].level, "its level");
        }
    }
}

static void test_errors(void)
{
    static const struct {
        wf_err_kind_e kind;
        int status;       /* 0 = the kind's own */
        const char *code; /* the handler's, or NULL */
        const char *message;
        int want_status;
        const char *want; /* code */
    } cases[] = {
        /* clang-format off */
        { WF_ERR_INVALID,     0,   NULL, "m", 400, "invalid_request" },
        { WF_ERR_NOT_FOUND,   0,   NULL, "m", 404, "not_found" },
        { WF_ERR_UNAVAILABLE, 0,   NULL, "m", 503, "service_unavailable" },
        { WF_ERR_INTERNAL,    0,   NULL, "m", 500, "internal_error" },
        { WF_ERR_CONFLICT,    500, "stop_failed", "m", 500, "stop_failed" },
        { WF_ERR_UNSUPPORTED, 405, NULL, "m", 405, "method_not_allowed" },
        { WF_ERR_INVALID,     408, NULL, "m", 408, "request_timeout" },
        { WF_ERR_NONE,        401, NULL, NULL, 401, "unauthorized" },
        { WF_ERR_NONE,        418, NULL, "m", 418, "invalid_request" },
        { WF_ERR_NONE,        504, NULL, "m", 504, "internal_error" },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wf_request_t req = { .pool = pool,
                             .face = &wf_workflow_face,
                             .fail_code = cases[i].code };
        wf_error_t err = { .pool = pool,
                           .kind = cases[i].kind,
                           .message = cases[i].message };
        int status = cases[i].status ? cases[i].status : wf_workflow_status(&req, &err);
        wf_body_t body = { 0 };

        wf_workflow_error_body(&req, status, &err, &body);
        is_int(status, cases[i].want_status, "status of case %d", (int)i);
        is_str(body.data,
               apr_psprintf(pool, "{\"error\":\"%s\",\"message\":\"%s\"}", cases[i].want,
                            cases[i].message ? cases[i].message
                                             : wf_status_description(status)),
               "body of case %d", (int)i);
        is_str(body.type, "application/json", "type of case %d", (int)i);
    }
}

static const char *text_of(json_object *json)
{
    return wf_json_text(wf_json_own(json, pool), NULL, pool);
}

static void test_runs(void)
{
    wf_run_t run = { .id = "exec-1",
                     .workflow_id = "test",
                     .status = "running",
                     .progress = 0.5,
                     .start_time = 1767607200000LL };

    is_str(text_of(wf_run_to_json(&run, 0, pool)),
           "{\"id\":\"exec-1\",\"workflow_id\":\"test\",\"status\":\"running\","
           "\"progress\":0.5,\"start_time\":\"2026-01-05T10:00:00Z\"}",
           "a live execution in a list");
    is_str(text_of(wf_run_to_json(&run, 1, pool)),
           "{\"id\":\"exec-1\",\"workflow_id\":\"test\",\"status\":\"running\","
           "\"progress\":0.5,\"start_time\":\"2026-01-05T10:00:00Z\",\"end_time\":\"\","
           "\"slave_states\":{},\"errors\":[]}",
           "a live execution in detail");
    is_str(text_of(wf_run_metrics_to_json(&run, pool)),
           "{\"execution_id\":\"exec-1\",\"total_vus\":0,\"total_iterations\":0,"
           "\"duration\":\"0s\",\"step_metrics\":{},\"thresholds\":[]}",
           "metrics before the first checkpoint");
    run.status = "completed";
    run.progress = 1;
    run.end_time = run.start_time + 300000;
    run.slave_states = "{\"local\":{\"slave_id\":\"local\"}}";
    run.errors = "[{\"code\":\"TIMEOUT_ERROR\"}]";
    run.metrics = "{\"execution_id\":\"exec-1\",\"total_vus\":5}";
    is_str(text_of(wf_run_to_json(&run, 1, pool)),
           "{\"id\":\"exec-1\",\"workflow_id\":\"test\",\"status\":\"completed\","
           "\"progress\":1.0,\"start_time\":\"2026-01-05T10:00:00Z\","
           "\"end_time\":\"2026-01-05T10:05:00Z\","
           "\"slave_states\":{\"local\":{\"slave_id\":\"local\"}},"
           "\"errors\":[{\"code\":\"TIMEOUT_ERROR\"}]}",
           "a finished execution");
    is_str(text_of(wf_run_metrics_to_json(&run, pool)),
           "{\"execution_id\":\"exec-1\",\"total_vus\":5}", "its metrics as stored");
    run.errors = "{\"not\":\"an array\"}";
    run.slave_states = "broken";
    ok(strstr(text_of(wf_run_to_json(&run, 1, pool)),
              "\"slave_states\":{},\"errors\":[]"),
       "what was stored wrongly shows as empty");
}

static void test_final(void)
{
    static const char *const live[] = { "pending", "running", "paused" };
    static const char *const final[] = { "completed", "failed", "aborted" };

    for (int i = 0; i < 3; i++) {
        ok(!wf_run_is_final(live[i]), "%s may change", live[i]);
        ok(wf_run_is_final(final[i]), "%s is final", final[i]);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_routes();
    test_errors();
    test_runs();
    test_final();
    apr_pool_destroy(pool);
    return done_testing();
}
