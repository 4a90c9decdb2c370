/* Routes: which template a path meets, in which order, and what a miss knows. */
#include "http/http.h"
#include "tap.h"

#include <apr_strings.h>

static const wf_route_t text_rows[] = {
    { .method = WF_GET, .template = "/task/{taskId}" },
    { .method = WF_PUT, .template = "/task/{taskId}/{operation}" },
    { .method = WF_GET, .template = "/task/{taskId}/form" },
    { .method = WF_GET, .template = "/deployment/{id}/resource/{name}" },
    { .method = WF_DELETE, .template = "/deployment/{id}" },
    { .method = WF_POST, .template = "/deployments" },
    { .method = WF_POST, .template = "/deployments", .flags = WF_ROUTE_MULTIPART },
    { .method = WF_GET, .template = "/deployments" },
    { .method = WF_POST,
      .template = "/deployment",
      .flags = WF_ROUTE_MULTIPART | WF_ROUTE_EXTENSION },
    { .method = WF_GET, .template = "/pair/{a}-{b}/end" },
};
static const wf_face_t text_face = { .name = "text",
                                     .routes = text_rows,
                                     .route_count =
                                         sizeof text_rows / sizeof text_rows[0] };

static const wf_route_t segment_rows[] = {
    { .method = WF_GET, .template = "/executions/{id}" },
    { .method = WF_GET, .template = "/executions" },
    { .method = WF_GET, .template = "/executions/{id}/metrics" },
    { .method = WF_GET, .template = "/executions/latest" },
    { .method = WF_GET, .template = "" },
};
static const wf_face_t segment_face = { .name = "segments",
                                        .flags = WF_FACE_SEGMENTS,
                                        .routes = segment_rows,
                                        .route_count = sizeof segment_rows
                                                       / sizeof segment_rows[0] };

typedef struct case_t {
    unsigned method;
    const char *path;
    int row;          /* index of the expected row, -1 = none */
    const char *vars; /* the variables, each in brackets */
    unsigned allowed; /* without a row */
    int multipart;
    const char *extension;
} case_t;

/* clang-format off */
static const case_t text_cases[] = {
    { WF_GET,  "/task/5",              0, "[5]",          0, 0, NULL },
    { WF_GET,  "/task/",               0, "[]",           0, 0, NULL },
    { WF_GET,  "/task",               -1, "",             0, 0, NULL },
    { WF_GET,  "/task/5/form",         2, "[5]",          0, 0, NULL },
    { WF_GET,  "/task//form",          2, "[]",           0, 0, NULL },
    { WF_GET,  "/task/5/formula",      0, "[5/formula]",  0, 0, NULL },
    { WF_PUT,  "/task/5/claim",        1, "[5][claim]",   0, 0, NULL },
    { WF_PUT,  "/task/5/",             1, "[5][]",        0, 0, NULL },
    { WF_PUT,  "/task//",              1, "[][]",         0, 0, NULL },
    { WF_PUT,  "/task/5/a/b",          1, "[5][a/b]",     0, 0, NULL },
    { WF_PUT,  "/task/5",             -1, "",   WF_GET,      0, NULL },
    { WF_POST, "/task/5/claim",       -1, "",   WF_GET | WF_PUT, 0, NULL },
    { WF_OPTIONS, "/deployments",     -1, "",   WF_GET | WF_POST, 0, NULL },
    { WF_GET,  "/deployment/10/resource/org/a.xml", 3, "[10][org/a.xml]", 0, 0, NULL },
    { WF_GET,  "/deployment/1/resource/x/resource/", 3, "[1][x/resource/]", 0, 0, NULL },
    { WF_GET,  "/deployment//resource/", 3, "[][]",       0, 0, NULL },
    { WF_DELETE, "/deployment/10",     4, "[10]",         0, 0, NULL },
    { WF_DELETE, "/deployment/a/b",    4, "[a/b]",        0, 0, NULL },
    { WF_POST, "/deployments",         5, "",             0, 0, NULL },
    { WF_POST, "/deployments",         6, "",             0, 1, NULL },
    { WF_GET,  "/deployments",         7, "",             0, 0, NULL },
    { WF_GET,  "/deployments/",       -1, "",             0, 0, NULL },
    { WF_GET,  "/Deployments",        -1, "",             0, 0, NULL },
    { WF_POST, "/deployment",          8, "",             0, 1, NULL },
    { WF_POST, "/deployment",          8, "",             0, 0, NULL },
    { WF_POST, "/deployment.html",     8, "",             0, 1, "html" },
    { WF_POST, "/deployment.",        -1, "",             0, 1, NULL },
    { WF_POST, "/deployment.much-too-long", -1, "",       0, 1, NULL },
    { WF_POST, "/deployment.a/b",     -1, "",             0, 1, NULL },
    { WF_POST, "/deployments.json",   -1, "",             0, 0, NULL },
    { WF_GET,  "/pair/x-y-z/end",      9, "[x][y-z]",     0, 0, NULL },
    { WF_GET,  "/pair/-/end",          9, "[][]",         0, 0, NULL },
    { WF_GET,  "/pair//end",          -1, "",             0, 0, NULL },
    { WF_GET,  "/pair/end",           -1, "",             0, 0, NULL },
    { WF_GET,  "",                    -1, "",             0, 0, NULL },
    { WF_GET,  "/",                   -1, "",             0, 0, NULL },
    { 0,       "/task/5",             -1, "",   WF_GET,      0, NULL },
};

static const case_t segment_cases[] = {
    { WF_GET,  "/executions/e1",          0, "[e1]",   0, 0, NULL },
    { WF_GET,  "/executions/e1/",         0, "[e1]",   0, 0, NULL },
    { WF_GET,  "/executions",             1, "",       0, 0, NULL },
    { WF_GET,  "/executions/",            1, "",       0, 0, NULL },
    { WF_GET,  "/executions//",           1, "",       0, 0, NULL },
    { WF_GET,  "/executions/e1/metrics",  2, "[e1]",   0, 0, NULL },
    { WF_GET,  "/executions/e1/metrics/", 2, "[e1]",   0, 0, NULL },
    { WF_GET,  "/executions//metrics",   -1, "",       0, 0, NULL },
    { WF_GET,  "/executions/e1/other",   -1, "",       0, 0, NULL },
    { WF_GET,  "/executions/latest",      3, "",       0, 0, NULL },
    { WF_GET,  "/executions/latest2",     0, "[latest2]", 0, 0, NULL },
    { WF_GET,  "/executions.json",       -1, "",       0, 0, NULL },
    { WF_PUT,  "/executions/e1",         -1, "",       WF_GET, 0, NULL },
    { WF_GET,  "",                        4, "",       0, 0, NULL },
    { WF_GET,  "/",                       4, "",       0, 0, NULL },
};
/* clang-format on */

static const char *vars_text(const wf_match_t *match, apr_pool_t *p)
{
    const char *text = "";

    for (int i = 0; match->route && i < WF_ROUTE_VARS && match->starts[i]; i++) {
        text =
            apr_psprintf(p, "%s[%.*s]", text, (int)match->lengths[i], match->starts[i]);
    }
    return text;
}

static void run(const wf_face_t *face, const case_t *cases, int count, apr_pool_t *p)
{
    const char *problem;
    wf_router_t *router = wf_router_create(face, &problem, p);

    ok(router != NULL, "%s: the table compiles", face->name);
    for (int i = 0; router && i < count; i++) {
        const case_t *c = &cases[i];
        wf_match_t match;
        int found = wf_route_find(router, c->method, c->path, c->multipart, &match);
        int row = match.route ? (int)(match.route - face->routes) : -1;

        is_int(row, c->row, "%s: %u %s%s meets row %d", face->name, c->method, c->path,
               c->multipart ? " (multipart)" : "", c->row);
        ok(found == (c->row >= 0), "%s: found says so", face->name);
        is_str(vars_text(&match, p), c->vars, "%s: variables %s", face->name, c->vars);
        if (c->row < 0) {
            is_int(match.allowed, c->allowed, "%s: allowed methods", face->name);
        }
        else {
            is_str(match.extension, c->extension, "%s: extension", face->name);
        }
    }
}

static void test_bad_templates(apr_pool_t *p)
{
    static const char *const bad[] = { "/a/{", "/a/{}", "/a/{x}{y}", "/a/{x",
                                       "/{a}/{b}/{c}/{d}/{e}" };
    const char *problem;

    for (apr_size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wf_route_t row = { .method = WF_GET, .template = bad[i] };
        wf_face_t face = { .name = "bad", .routes = &row, .route_count = 1 };
        wf_router_t *router = wf_router_create(&face, &problem, p);

        ok(!router && problem, "%s is refused: %s", bad[i], problem ? problem : "taken");
    }
}

static void test_names(apr_pool_t *p)
{
    is_int(wf_route_var(&text_rows[1], "taskId"), 0, "first variable by name");
    is_int(wf_route_var(&text_rows[1], "operation"), 1, "second variable by name");
    is_int(wf_route_var(&text_rows[1], "task"), -1, "a part of a name is no name");
    is_int(wf_route_var(&text_rows[5], "x"), -1, "a template without variables");
    is_str(wf_methods_text(WF_GET | WF_PUT, p), "GET, HEAD, PUT, OPTIONS", "Allow");
    is_str(wf_methods_text(0, p), "OPTIONS", "Allow of nothing");
    is_int(wf_method_parse("HEAD"), WF_GET, "HEAD is GET");
    is_int(wf_method_parse("BREW"), 0, "unknown method");
    is_int(wf_method_parse("get"), 0, "methods are case-sensitive");
}

int main(void)
{
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    run(&text_face, text_cases, sizeof text_cases / sizeof text_cases[0], p);
    run(&segment_face, segment_cases, sizeof segment_cases / sizeof segment_cases[0], p);
    test_bad_templates(p);
    test_names(p);
    apr_pool_destroy(p);
    return done_testing();
}
