/* The face's own table, error bodies, and the names of uploads. */
#include "activiti/internal.h"
#include "tap.h"

#include <apr_strings.h>

static apr_pool_t *pool;

/* ---- routes ------------------------------------------------------------------------ */

static void test_routes(void)
{
    /* clang-format off */
    static const struct {
        unsigned method;
        const char *path;
        int multipart;
        wf_handler_fn *handler; /* NULL = none */
    } cases[] = {
        { WF_POST,   "/deployment",                     1, wf_deployment_upload },
        { WF_POST,   "/deployment.html",                1, wf_deployment_upload },
        { WF_POST,   "/deployment.json",                1, wf_deployment_upload },
        { WF_POST,   "/deployments",                    1, wf_deployment_upload },
        { WF_POST,   "/deployments",                    0, wf_deployment_delete_all },
        { WF_POST,   "/deployments/delete",             0, wf_deployment_delete_all },
        { WF_GET,    "/deployments",                    0, wf_deployment_list },
        { WF_DELETE, "/deployment/10",                  0, wf_deployment_delete },
        { WF_GET,    "/deployment/10/resource/a/b.xml", 0, wf_deployment_resource },
        { WF_GET,    "/process-engine",                 0, wf_engine_info },
        { WF_GET,    "/process-definitions",            0, wf_definition_list },
        { WF_GET,    "/process-definition/a:1",         0, wf_definition_get },
        { WF_POST,   "/process-instance",               0, wf_process_start },
        { WF_GET,    "/tasks-summary",                  0, wf_tasks_summary },
        { WF_GET,    "/tasks",                          0, wf_task_list },
        { WF_GET,    "/task/5",                         0, wf_task_get },
        { WF_PUT,    "/task/5/claim",                   0, wf_task_operation },
        { WF_PUT,    "/task/5/nothing",                 0, wf_task_operation },
        { WF_PUT,    "/task/5/url",                     0, wf_attachment_link },
        { WF_PUT,    "/task/5/attachment",              1, wf_attachment_upload },
        { WF_PUT,    "/task/5/attachment",              0, wf_attachment_upload },
        { WF_POST,   "/task/5/attachment",              1, wf_attachment_upload },
        { WF_PUT,    "/task",                           0, wf_task_create },
        { WF_POST,   "/task/5",                         0, wf_task_change },
        { WF_DELETE, "/task/5",                         0, wf_task_delete },
        { WF_GET,    "/task/5/form",                    0, wf_task_form },
        { WF_GET,    "/form/5/properties",              0, wf_task_properties },
        { WF_POST,   "/form/form-data",                 0, wf_form_submit },
        { WF_GET,    "/history/5/form-properties",      0, wf_history_form_properties },
        { WF_GET,    "/attachment/5",                   0, wf_attachment_get },
        { WF_DELETE, "/attachment/5",                   0, wf_attachment_delete },
        { WF_GET,    "/deployment/10/resources",        0, wf_deployment_resources },
        { WF_GET,    "/process-definition/a:1/form",    0, wf_definition_form },
        { WF_GET,    "/process-definition/a:1/properties", 0, wf_definition_properties },
        { WF_GET,    "/process-definition/a:1/diagram", 0, wf_definition_diagram },
        { WF_GET,    "/process-instances",              0, wf_instance_list },
        { WF_GET,    "/process-instance/5",             0, wf_instance_get },
        { WF_DELETE, "/process-instance/5",             0, wf_instance_delete },
        { WF_GET,    "/process-instance/5/tasks",       0, wf_instance_tasks },
        { WF_GET,    "/process-instance/5/diagram",     0, wf_instance_diagram },
        { WF_GET,    "/processInstance/5/diagram",      0, wf_instance_diagram },
        { WF_POST,   "/process-instance/5/signal",      0, wf_instance_signal },
        { WF_POST,   "/process-instance/5/event/a/b c", 0, wf_instance_event },
        { WF_POST,   "/login",                          0, wf_login },
        { WF_POST,   "/login.json",                     0, wf_login },
        { WF_GET,    "/index",                          0, wf_browser_home },
        { WF_GET,    "/",                               0, wf_browser_home },
        { WF_GET,    "",                                0, wf_browser_home },
        { WF_GET,    "/index/all",                      0, wf_browser_all },
        { WF_GET,    "/index/package/org/activiti",     0, wf_browser_package },
        { WF_GET,    "/index/uri/task/{taskId}",        0, wf_browser_uri },
        { WF_GET,    "/index/call/a/b/task.get",        0, wf_browser_call },
        { WF_POST,   "/index/call/a/b/task.get",        0, wf_browser_send },
        { WF_GET,    "/openapi.json",                   0, wf_openapi_get },
        { WF_GET,    "/deployment/10",                  0, NULL },
        { WF_GET,    "/nothing",                        0, NULL },
    };
    /* clang-format on */
    const char *problem;
    wf_router_t *router = wf_router_create(&wf_activiti_face, &problem, pool);

    for (apr_size_t i = 0; router && i < sizeof cases / sizeof cases[0]; i++) {
        wf_match_t match;

        wf_route_find(router, cases[i].method, cases[i].path, cases[i].multipart, &match);
        ok((match.route ? match.route->handler : NULL) == cases[i].handler, "%u %s%s",
           cases[i].method, cases[i].path, cases[i].multipart ? " (multipart)" : "");
    }
    for (int i = 0; i < wf_activiti_face.route_count; i++) {
        const wf_route_t *route = &wf_activiti_face.routes[i];

        ok(route->handler && *route->summary && *route->family
               && (*route->template == '/' || !*route->template),
           "row %d, %s, is complete", i, route->template);
        ok(!(route->flags & WF_ROUTE_DEPLOY) || route->level == WF_LEVEL_ADMIN,
           "row %d: deploying is the administrator's by default", i);
    }
}

/* ---- errors ------------------------------------------------------------------------ */

static void test_statuses(void)
{
    static const int want[WF_ERR_KINDS] = {
        [WF_ERR_NONE] = 500,        [WF_ERR_INVALID] = 400,     [WF_ERR_NOT_FOUND] = 404,
        [WF_ERR_CONFLICT] = 409,    [WF_ERR_FORBIDDEN] = 403,   [WF_ERR_TOO_LARGE] = 413,
        [WF_ERR_UNSUPPORTED] = 501, [WF_ERR_UNAVAILABLE] = 503, [WF_ERR_EXECUTION] = 500,
        [WF_ERR_INTERNAL] = 500,    [WF_ERR_IN_FLIGHT] = 409,   [WF_ERR_REUSED] = 422,
    };

    for (int kind = 0; kind < WF_ERR_KINDS; kind++) {
        wf_error_t err = { .kind = (wf_err_kind_e)kind };

        is_int(wf_activiti_status(NULL, &err), want[kind], "status of %s",
               wf_err_name((wf_err_kind_e)kind));
    }
}

static wf_body_t body_of(const wf_route_t *route, wf_format_e format, int prefers_html,
                         int status, const char *message)
{
    wf_request_t req = { .pool = pool,
                         .face = &wf_activiti_face,
                         .route = route,
                         .format = format,
                         .prefers_html = prefers_html };
    wf_error_t err = { .pool = pool, .message = message };
    wf_body_t body = { 0 };

    err.kind = message ? WF_ERR_NOT_FOUND : WF_ERR_NONE;
    wf_activiti_error_body(&req, status, &err, &body);
    return body;
}

static void test_json_body(void)
{
    static const wf_route_t route = { .format = WF_FORMAT_JSON };
    wf_body_t body = body_of(&route, WF_FORMAT_JSON, 1, 404, "no task with id '<4711>'");
    json_object *json, *status;
    wf_error_t err;

    wf_error_init(&err, pool);
    is_str(body.type, "application/json;charset=UTF-8", "type of a JSON error");
    if (!ok(wf_json_parse(&json, body.data, body.length, pool, &err) == APR_SUCCESS,
            "the body is JSON")) {
        return;
    }
    status = wf_json_get(json, "status");
    is_int(wf_json_int(status, "code", 0), 404, "status.code");
    is_str(wf_json_string(status, "name", NULL), "Not Found", "status.name");
    ok(*wf_json_string(status, "description", ""), "status.description");
    is_str(wf_json_string(json, "message", NULL), "no task with id '<4711>'", "message");
    is_str(wf_json_string(json, "exception", NULL), "", "exception");
    is_str(wf_json_text(wf_json_get(json, "callstack"), NULL, pool), "[]", "callstack");
    ok(strstr(wf_json_string(json, "server", ""), " v" WF_VERSION " schema "), "server");
    ok(strlen(wf_json_string(json, "time", "")) > 20, "time: %s",
       wf_json_string(json, "time", ""));
    is_int(json_object_object_length(json), 6, "and nothing else");
}

static void test_bodies(void)
{
    static const wf_route_t json_route = { .format = WF_FORMAT_JSON };
    static const wf_route_t file_route = { .format = WF_FORMAT_NONE };
    static const struct {
        const wf_route_t *route;
        wf_format_e format;
        int prefers_html, status;
        const char *want; /* beginning of the type; NULL = no body */
    } cases[] = {
        /* clang-format off */
        { &json_route, WF_FORMAT_JSON, 0, 403, "application/json" },
        { &json_route, WF_FORMAT_JSON, 1, 403, "application/json" },
        { &json_route, WF_FORMAT_HTML, 0, 400, "text/html" },
        { &file_route, WF_FORMAT_NONE, 0, 404, "text/html" },
        { &file_route, WF_FORMAT_JSON, 1, 404, "application/json" },
        { NULL,        WF_FORMAT_NONE, 0, 404, "application/json" },
        { NULL,        WF_FORMAT_NONE, 1, 405, "text/html" },
        { &json_route, WF_FORMAT_JSON, 0, 401, NULL },
        { &file_route, WF_FORMAT_NONE, 0, 401, NULL },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wf_body_t body = body_of(cases[i].route, cases[i].format, cases[i].prefers_html,
                                 cases[i].status, NULL);

        if (!cases[i].want) {
            ok(!body.type && body.length == 0, "case %d has no body", (int)i);
            continue;
        }
        ok(body.type && strncmp(body.type, cases[i].want, strlen(cases[i].want)) == 0,
           "case %d is %s", (int)i, body.type ? body.type : "(none)");
        ok(strstr(body.data, wf_status_description(cases[i].status)) != NULL,
           "case %d says what the status means", (int)i);
    }
    ok(strstr(body_of(&file_route, WF_FORMAT_NONE, 0, 404, "<b>").data, "&lt;b&gt;")
           != NULL,
       "an HTML page escapes the message");
}

/* ---- uploads ----------------------------------------------------------------------- */

static void test_upload_names(void)
{
    static const struct {
        const char *filename, *base;
        int fine;
    } cases[] = {
        /* clang-format off */
        { "a.bpmn20.xml",            "a.bpmn20.xml", 1 },
        { "/home/k/a.bar",           "a.bar",        1 },
        { "a.bpmn",                  "a.bpmn",       1 },
        { "C:\\dir\\a.zip",          "a.zip",        1 },
        { "C:\\dir/x\\a.zip",        "a.zip",        1 },
        { "a.xml",                   "a.xml",        0 },
        { "a.BAR",                   "a.BAR",        0 },
        { "a.bar.exe",               "a.bar.exe",    0 },
        { "bar",                     "bar",          0 },
        { "dir/",                    "",             0 },
        { "../../a.bar",             "a.bar",        1 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *base = wf_upload_base_name(cases[i].filename);

        is_str(base, cases[i].base, "base of %s", cases[i].filename);
        is_int(wf_upload_name_valid(base), cases[i].fine, "%s can be deployed", base);
    }
}

static void test_callbacks(void)
{
    static const struct {
        const char *text;
        int fine;
    } cases[] = {
        /* clang-format off */
        { "parent.uploadDone",                           1 },
        { "top.App.registry.get('x').onDone",            1 },
        { "a[\"b-c\"].$d_1",                             1 },
        { "alert(1);x",                                  0 },
        { "a b",                                         0 },
        { "</script>",                                   0 },
        { "a=b",                                         0 },
        { "a\\u0028",                                    0 },
        { "a\n",                                         0 },
        { "\xc3\xa4",                                    0 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_int(wf_callback_valid(cases[i].text), cases[i].fine, "callback %s",
               cases[i].text);
    }
}

static void test_ids(void)
{
    wf_id_t id;

    ok(wf_id_parse("231", &id) && id == 231, "a decimal id");
    ok(!wf_id_parse("0", &id) && !wf_id_parse("-1", &id), "ids are positive");
    ok(!wf_id_parse("", &id) && !wf_id_parse("5a", &id) && !wf_id_parse("5/form", &id),
       "anything else is no id");
    ok(!wf_id_parse("99999999999999999999", &id), "nor is a number beyond 64 bits");
    ok(!wf_id_parse("0231", &id), "nor one that was never handed out like this");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_routes();
    test_statuses();
    test_json_body();
    test_bodies();
    test_upload_names();
    test_callbacks();
    test_ids();
    apr_pool_destroy(pool);
    return done_testing();
}
