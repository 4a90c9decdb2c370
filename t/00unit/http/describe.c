/* What documents say about routes: formats, names, arguments; and the OpenAPI document of
 * a small face. */
#include "http/http.h"
#include "tap.h"

#include <apr_strings.h>
#include <stdlib.h>

static apr_pool_t *pool;

/* ---- a face ------------------------------------------------------------------------ */

static void error_body(const wf_request_t *req, int status, const wf_error_t *err,
                       wf_body_t *body)
{
    (void)status;
    body->type = "application/json";
    body->data = apr_psprintf(req->pool, "{\"message\":\"%s\"}", err->message);
    body->length = strlen(body->data);
}

static const wf_path_var_t path_vars[] = { { "taskId", "A task." }, { NULL, NULL } };

static const wf_argument_t list_arguments[] = {
    { "assignee", WF_IN_QUERY, WF_ARG_STRING, 1, NULL, NULL, "Whose." },
    { "open", WF_IN_QUERY, WF_ARG_BOOLEAN, 0, NULL, "true", "Not done." },
    { NULL }
};
static const wf_argument_t change_arguments[] = {
    { "name", WF_IN_BODY, WF_ARG_STRING, 1, NULL, NULL, "Its name." },
    { "level", WF_IN_BODY, WF_ARG_INTEGER, 0, "1 2", "1", "How high." },
    { "items", WF_IN_BODY, WF_ARG_OBJECTS, 0, NULL, NULL, "Its items." },
    { "variables", WF_IN_BODY, WF_ARG_VARIABLES, 0, NULL, NULL, "Others." },
    { NULL }
};
static const wf_argument_t upload_arguments[] = {
    { "file", WF_IN_FORM, WF_ARG_FILE, 1, NULL, NULL, "The file." }, { NULL }
};

/* clang-format off */
static const wf_route_t routes[] = {
    { WF_GET,  "/tasks",            WF_LEVEL_USER,  WF_FORMAT_JSON, 0, "task", .summary = "List",
      .pages = WF_PAGES(WF_LIST_DEPLOYMENTS), .arguments = list_arguments,
      .response = "{\"data\":[{\"id\":\"1\",\"when\":\"2010-11-02T09:05:00.120+01:00\"}],\"counts\":{\"a\":1},"
                  "\"more\":1.5,\"done\":true,\"nothing\":null}",
      .statuses = "400", .optional = "more", .open = "counts" },
    { WF_GET,  "/all-tasks",        WF_LEVEL_USER,  WF_FORMAT_JSON, WF_ROUTE_ALIAS, "task",
      .handler = NULL },
    { WF_GET,  "/Tasks",            WF_LEVEL_USER,  WF_FORMAT_JSON, WF_ROUTE_ALIAS, "task",
      .handler = NULL },
    { WF_POST, "/task/{taskId}",    WF_LEVEL_ADMIN, WF_FORMAT_JSON, WF_ROUTE_MULTIPART | WF_ROUTE_DEPLOY, "task",
      .summary = "Upload", .arguments = upload_arguments, .response = "{\"id\":\"1\"}" },
    { WF_POST, "/task/{taskId}",    WF_LEVEL_ADMIN, WF_FORMAT_JSON, WF_ROUTE_DEPLOY, "task", .summary = "Change",
      .arguments = change_arguments, .request = "{\"name\":\"x\",\"items\":[{\"id\":1}]}",
      .response = "{\"success\":true}", .statuses = "400 404" },
    { WF_GET,  "/task/{taskId}",    WF_LEVEL_NONE,  WF_FORMAT_PNG,  WF_ROUTE_PICTURE, "picture", .summary = "Draw" },
    { WF_GET,  "/task",             WF_LEVEL_NONE,  WF_FORMAT_NONE, 0, "picture", .summary = "All" },
};
/* clang-format on */

static const wf_face_t face = {
    .name = "test",
    .title = "Test",
    .json_type = "application/json;charset=UTF-8",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .path_vars = path_vars,
    .error_body = error_body,
};

/* ---- formats ----------------------------------------------------------------------- */

static void test_formats(void)
{
    static const struct {
        wf_format_e format;
        unsigned flags;
        const char *names; /* those of all that may be asked for */
    } cases[] = {
        /* clang-format off */
        { WF_FORMAT_JSON, 0,                "json" },
        { WF_FORMAT_JSON, WF_ROUTE_HTML,    "json html" },
        { WF_FORMAT_HTML, 0,                "json html" },
        { WF_FORMAT_NONE, 0,                "json html" },
        { WF_FORMAT_PNG,  0,                "json png" },
        { WF_FORMAT_PNG,  WF_ROUTE_PICTURE, "json png svg" },
        { WF_FORMAT_NONE, WF_ROUTE_PICTURE, "json html png svg" },
        /* clang-format on */
    };
    static const char *const names[] = {
        "json", "html", "png", "svg", "xml", "", "JSON"
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const wf_route_t route = { .format = cases[i].format, .flags = cases[i].flags };

        for (apr_size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
            wf_format_e format = WF_FORMAT_NONE;
            int may = wf_route_format(&route, names[k], &format);

            is_int(may, *names[k] && wf_words_have(cases[i].names, names[k]),
                   "case %d: %s", (int)i, names[k]);
            ok(!may || strcmp(wf_format_name(format), names[k]) == 0, "its name");
        }
    }
    ok(wf_format_name(WF_FORMAT_NONE) == NULL, "a stream has no name");
}

static void test_words(void)
{
    ok(wf_words_have("a bc d", "a") && wf_words_have("a bc d", "bc")
           && wf_words_have("a bc d", "d"),
       "words of a list");
    ok(!wf_words_have("a bc d", "b") && !wf_words_have("a bc d", "c d")
           && !wf_words_have("", "a") && !wf_words_have(NULL, "a"),
       "other words");
}

/* ---- names and arguments ----------------------------------------------------------- */

static void test_names(void)
{
    static const char *const names[] = { "tasks",  "all-tasks",    "tasks-2", "task",
                                         "task-2", "task-task-id", "task" };

    for (int i = 0; i < face.route_count; i++) {
        is_str(wf_route_names(&face, pool)[i], names[i], "name of row %d", i);
    }
    ok(wf_route_target(&routes[2]) == &routes[0]
           && wf_route_target(&routes[1]) == &routes[0]
           && wf_route_target(&routes[0]) == &routes[0],
       "aliases of one route");
}

static const char *names_of(const apr_array_header_t *arguments)
{
    const char *names = "";

    for (int i = 0; i < arguments->nelts; i++) {
        const wf_argument_t *argument = &APR_ARRAY_IDX(arguments, i, wf_argument_t);

        names = apr_pstrcat(pool, names, *names ? " " : "",
                            wf_argument_place_name(argument->place), ":", argument->name,
                            NULL);
    }
    return names;
}

static void test_arguments(void)
{
    apr_array_header_t *list = wf_route_arguments(&face, &routes[0], pool);
    const wf_argument_t *sort;

    is_str(names_of(list),
           "query:assignee query:open query:start query:size query:sort query:order",
           "of a list");
    sort = &APR_ARRAY_IDX(list, 4, wf_argument_t);
    is_str(sort->values, "id name deploymentTime", "sort keys");
    is_str(names_of(wf_route_arguments(&face, &routes[1], pool)), names_of(list),
           "an alias has those of its target");
    is_str(names_of(wf_route_arguments(&face, &routes[5], pool)),
           "path:taskId query:format", "of a picture");
    is_str(
        APR_ARRAY_IDX(wf_route_arguments(&face, &routes[5], pool), 0, wf_argument_t).text,
        "A task.", "text of a variable");
}

/* ---- the document ------------------------------------------------------------------ */

/* The value at "a/b/c"; a slash within a name is written "~". */
static const char *at(json_object *json, const char *path)
{
    char *rest, *copy = apr_pstrdup(pool, path);

    for (char *name = apr_strtok(copy, "/", &rest); name && json;
         name = apr_strtok(NULL, "/", &rest)) {
        for (char *s = name; *s; s++) {
            *s = *s == '~' ? '/' : *s;
        }
        json = json_object_is_type(json, json_type_array)
                   ? json_object_array_get_idx(json, (size_t)atoi(name))
                   : wf_json_get(json, name);
    }
    return json ? wf_json_text(json, NULL, pool) : NULL;
}

static void test_document(void)
{
    static const wf_openapi_t about = { "Test", "1.0", NULL, "/base", WF_LEVEL_USER };
    /* clang-format off */
    static const struct {
        const char *path, *want;
    } cases[] = {
        { "openapi",                                                  "\"3.1.0\"" },
        { "info",                                                     "{\"title\":\"Test\",\"version\":\"1.0\"}" },
        { "servers",                                                  "[{\"url\":\"/base\"}]" },
        { "tags",                                                     "[{\"name\":\"task\"},{\"name\":\"picture\"}]" },
        { "paths/~tasks/get/operationId",                             "\"getTasks\"" },
        { "paths/~tasks/get/security",                                "[{\"basic\":[]}]" },
        { "paths/~tasks/get/parameters/0/required",                   "true" },
        { "paths/~tasks/get/parameters/1/schema",                     "{\"type\":\"boolean\",\"default\":true}" },
        { "paths/~tasks/get/parameters/3/schema/default",             "10" },
        { "paths/~tasks/get/parameters/5/schema/enum",                "[\"asc\",\"desc\"]" },
        { "paths/~tasks/get/responses/200/content/application~json/schema/required",
          "[\"data\",\"counts\",\"done\",\"nothing\"]" },
        { "paths/~tasks/get/responses/200/content/application~json/schema/properties/counts",
          "{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"integer\",\"null\"]}}" },
        { "paths/~tasks/get/responses/200/content/application~json/schema/properties/done", "{\"type\":\"boolean\"}" },
        { "paths/~tasks/get/responses/200/content/application~json/schema/properties/nothing", "{}" },
        { "paths/~tasks/get/responses/200/content/application~json/schema/properties/data/items/properties/when",
          "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}" },
        { "paths/~tasks/get/responses/401",                           "{\"description\":\"Valid credentials are needed.\"}" },
        { "paths/~tasks/get/responses/400/content/application~json/schema",
          "{\"$ref\":\"#/components/schemas/Error\"}" },
        { "paths/~Tasks/get/x-alias-of",                              "\"getTasks\"" },
        { "paths/~Tasks/get/operationId",                             "\"getTasks2\"" },
        { "paths/~all-tasks/get/summary",                             "\"List\"" },
        { "paths/~task~{taskId}/post/operationId",                    "\"postTask2\"" },
        { "paths/~task~{taskId}/post/x-level",                        "\"user\"" },
        { "paths/~task~{taskId}/post/requestBody/content/application~json/schema/required", "[\"name\"]" },
        { "paths/~task~{taskId}/post/requestBody/content/application~json/schema/properties/level",
          "{\"type\":[\"integer\",\"null\"],\"format\":\"int32\",\"enum\":[1,2],\"default\":1,\"description\":\"How high.\"}" },
        { "paths/~task~{taskId}/post/requestBody/content/application~json/schema/properties/items/items/required",
          "[\"id\"]" },
        { "paths/~task~{taskId}/post/requestBody/content/application~json/schema/additionalProperties",
          "{\"description\":\"Others.\"}" },
        { "paths/~task~{taskId}/post/requestBody/content/multipart~form-data/schema/properties/file/format", "\"binary\"" },
        { "paths/~task~{taskId}/post/responses/200/content/application~json/schema/anyOf/1/required", "[\"id\"]" },
        { "paths/~task~{taskId}/get/security",                        "[]" },
        { "paths/~task~{taskId}/get/responses/401",                   NULL },
        { "paths/~task~{taskId}/get/responses/200/content/image~svg+xml", "{\"schema\":{}}" },
        { "paths/~task/get/responses/200/content/application~octet-stream", "{\"schema\":{}}" },
        { "components/schemas/Error/required",                        "[\"message\"]" },
    };
    /* clang-format on */
    json_object *doc = wf_json_own(wf_openapi_create(&face, &about, pool), pool);

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_str(at(doc, cases[i].path), cases[i].want, "%s", cases[i].path);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_formats();
    test_words();
    test_names();
    test_arguments();
    test_document();
    apr_pool_destroy(pool);
    return done_testing();
}
