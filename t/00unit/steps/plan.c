/* Plans: what a document becomes, and what the command line changes in it. */
#include "../tap.h"
#include "load/plan.h"
#include "steps/http.h"
#include "read.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;

#define HEAD "id: w\nname: W\n"
#define STEPS "steps:\n- {id: a, type: http, config: {url: 'http://h/'}}\n"

static int same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static wf_plan_t *compile(const char *yaml)
{
    wf_problems_t *problems = wf_problems_create("w.yaml", pool);
    wf_plan_t *plan;

    plan_from_yaml(&plan, yaml, strlen(yaml), problems, pool);
    if (plan == NULL) {
        diag("%s", wf_problems_text(problems, pool));
    }
    return plan;
}

static void identity(void)
{
    wf_plan_t *plan =
        compile("id: w-1\nname: Name\ndescription: Text\nvariables: {a: 1}\n" STEPS);

    is_str(wf_plan_id(plan), "w-1", "id");
    is_str(wf_plan_name(plan), "Name", "name");
    is_str(wf_plan_description(plan), "Text", "description");
    is_int(wf_plan_step_count(plan), 1, "steps");
    is_str(plan->steps[0]->name, "a", "a step's name is its id");
    is_int(wf_map_count(plan->variables), 1, "variables");
    is_str(wf_plan_description(compile(HEAD STEPS)), NULL, "no description");
}

#define STAGES "stages: [{duration: 2s, target: 5}]"

/* ---- options and overrides ------------------------------------------------------ */

static const struct {
    const char *what, *options;
    const char *mode;
    apr_int64_t vus, iterations;
    const char *duration;
    const char *want_mode;
    apr_int64_t want_vus, want_iterations, want_duration;
} overrides[] = {
    /* clang-format off */
    { "nothing given",        "",                    NULL, -1, -1, NULL,     "constant-vus", 1, 1, 0 },
    { "a duration",           "duration: 30s",       NULL, -1, -1, NULL,     "constant-vus", 1, 0, 30 },
    { "iterations per VU",    "vus: 3, iterations: 5", NULL, -1, -1, NULL,   "constant-vus", 3, 15, 0 },
    { "both",                 "iterations: 5, duration: 9s", NULL, -1, -1, NULL, "constant-vus", 1, 5, 9 },
    { "zeros are not given",  "iterations: 0, duration: 0", NULL, -1, -1, NULL, "constant-vus", 1, 1, 0 },
    { "shared",               "mode: shared-iterations, vus: 3, iterations: 7", NULL, -1, -1, NULL, "shared-iterations", 3, 7, 0 },
    { "shared, only time",    "mode: shared-iterations, duration: 5s", NULL, -1, -1, NULL, "shared-iterations", 1, 1, 5 },
    { "other mode",           "vus: 3, iterations: 7", "shared-iterations", -1, -1, NULL, "shared-iterations", 3, 7, 0 },
    { "more VUs",             "vus: 3, iterations: 2", NULL, 10, -1, NULL,   "constant-vus", 10, 20, 0 },
    { "other iterations",     "vus: 3, iterations: 2", NULL, -1, 4, NULL,    "constant-vus", 3, 12, 0 },
    { "stages alone",         STAGES,                NULL, -1, -1, NULL,     "ramping-vus", 5, 0, 2 },
    { "time, not stages",     STAGES,                NULL, -1, -1, "9s",     "constant-vus", 1, 0, 9 },
    { "iterations, not stages", STAGES,              NULL, 2, 3, NULL,       "constant-vus", 2, 6, 0 },
    { "a mode that was said", "mode: ramping-vus, " STAGES, NULL, -1, -1, "9s", "ramping-vus", 5, 0, 2 },
    { "time instead",         "vus: 3",              NULL, -1, -1, "1m30s",  "constant-vus", 3, 0, 90 },
    /* clang-format on */
};

static void overriding(void)
{
    size_t i;

    for (i = 0; i < sizeof(overrides) / sizeof(overrides[0]); i++) {
        const char *what = overrides[i].what;
        wf_plan_t *plan = compile(
            apr_psprintf(pool, HEAD STEPS "options: {%s}\n", overrides[i].options));
        wf_error_t err;

        wf_error_init(&err, pool);
        is_int(wf_plan_override(plan, overrides[i].mode, overrides[i].vus,
                                overrides[i].iterations, overrides[i].duration, &err),
               APR_SUCCESS, "%s", what);
        is_str(wf_plan_mode(plan), overrides[i].want_mode, "%s: mode", what);
        is_int(wf_plan_vus(plan), overrides[i].want_vus, "%s: VUs", what);
        is_int(wf_plan_iterations(plan), overrides[i].want_iterations, "%s: iterations",
               what);
        is_int(wf_plan_duration_ns(plan), overrides[i].want_duration * NS_PER_S,
               "%s: duration", what);
    }
}

static const struct {
    const char *mode;
    apr_int64_t vus;
    const char *duration, *field;
    wf_err_kind_e kind;
} refused[] = {
    { "fast", -1, NULL, "mode", WF_ERR_INVALID },
    { NULL, WF_PLAN_MAX_VUS + 1, NULL, "vus", WF_ERR_INVALID },
    { NULL, -1, "30", "duration", WF_ERR_INVALID },
    { NULL, -1, "-5s", "duration", WF_ERR_INVALID },
};

static void refusing(void)
{
    wf_plan_t *plan = compile(HEAD STEPS "options: {vus: 2}\n");
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        wf_error_t err;

        wf_error_init(&err, pool);
        ok(wf_plan_override(plan, refused[i].mode, refused[i].vus, 77,
                            refused[i].duration, &err)
                   != APR_SUCCESS
               && err.kind == refused[i].kind && same(err.field, refused[i].field),
           "refused: %s", err.message);
    }
    is_int(wf_plan_iterations(plan), 2, "a refused override changes nothing");
}

/* ---- http steps ----------------------------------------------------------------- */

static const struct {
    const char *what, *section, *config, *step;
    int connect, idle, whole; /* ms */
} limits[] = {
    /* clang-format off */
    { "defaults",              "",                          "",                        "",               10000, 30000, 60000 },
    { "of the section",        "timeout: {connect: 1s, read: 2s, write: 3s, request: 4s}", "", "",       1000, 3000, 4000 },
    { "the step overrides",    "timeout: {connect: 1s, request: 4s}", "timeout: {request: 9s}", "",      1000, 0, 9000 },
    { "step timeout wins",     "timeout: {request: 4s}",    "timeout: {request: 9s}",  ", timeout: 70s", 10000, 0, 70000 },
    { "and keeps a read limit", "timeout: {read: 5s}",      "",                        ", timeout: 70s", 10000, 5000, 70000 },
    { "never rounded to none", "",                          "timeout: {request: 1us}", "",               10000, 0, 1 },
    /* clang-format on */
};

static void settings(void)
{
    size_t i;

    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const char *what = limits[i].what;
        wf_plan_t *plan =
            compile(apr_psprintf(pool,
                                 HEAD "http: {%s}\nsteps:\n- {id: a, type: http%s, "
                                      "config: {url: 'http://h/', %s}}\n",
                                 limits[i].section, limits[i].step, limits[i].config));
        const wf_client_settings_t *s =
            &((const wf_http_step_t *)plan->steps[0]->config)->settings;

        is_int(s->connect_timeout_ms, limits[i].connect, "%s: connect", what);
        is_int(s->idle_timeout_ms, limits[i].idle, "%s: silence", what);
        is_int(s->timeout_ms, limits[i].whole, "%s: whole exchange", what);
    }
}

static void inheritance(void)
{
    wf_plan_t *plan = compile(
        HEAD
        "http: {ssl: {verify: false, ca: /a}, redirect: {max_redirects: 2}}\nsteps:\n"
        "- {id: a, type: http, config: {url: 'http://h/'}}\n"
        "- {id: b, type: http, config: {url: 'http://h/', ssl: {verify: true, cert: /c}, "
        "redirect: {follow: false}}}\n");
    const wf_client_settings_t *a =
        &((const wf_http_step_t *)plan->steps[0]->config)->settings;
    const wf_client_settings_t *b =
        &((const wf_http_step_t *)plan->steps[1]->config)->settings;

    ok(a->insecure && same(a->ca, "/a") && a->certificate == NULL, "ssl of the section");
    ok(a->follow_redirects && a->max_redirects == 2, "redirect of the section");
    ok(!b->insecure && same(b->ca, "/a") && same(b->certificate, "/c"),
       "a step overrides field by field");
    ok(!b->follow_redirects && b->max_redirects == 2, "redirects too");
}

/* A request without templates is prepared with the plan; answers are kept only for
 * readers. */
static void preparation(void)
{
    static const struct {
        const char *what, *config;
        int prepared, body, headers, requests;
    } cases[] = {
        { "literal", "url: 'http://h/', query: {a: 1}, body: {x: [1]}", 1, 0, 0, 0 },
        { "template in the url", "url: 'http://h/${x}'", 0, 0, 0, 0 },
        { "template in a header", "url: 'http://h/', headers: {A: '${x}'}", 0, 0, 0, 0 },
        { "template in the query", "url: 'http://h/', query: {a: '${x}'}", 0, 0, 0, 0 },
        { "template in the body", "url: 'http://h/', body: {x: ['${a.body.y}']}", 0, 1,
          0, 0 },
        { "reads a header", "url: 'http://h/${a.headers.Location}'", 0, 0, 1, 0 },
        { "reads a request", "url: 'http://h/${a.actualRequest.url}'", 0, 0, 0, 1 },
        { "text about one", "url: 'http://h/actualRequest'", 1, 0, 0, 0 },
        { "reads an output", "url: 'http://h/${a.output}'", 0, 1, 1, 0 },
        { "text about a body", "url: 'http://h/body/headers/output'", 1, 0, 0, 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_plan_t *plan = compile(apr_psprintf(
            pool, HEAD "steps:\n- {id: a, type: http, config: {%s}}\n", cases[i].config));
        const wf_http_step_t *http = plan->steps[0]->config;

        is_int(http->call != NULL, cases[i].prepared, "%s: prepared", cases[i].what);
        is_int(plan->reads_body, cases[i].body, "%s: keeps bodies", cases[i].what);
        is_int(plan->reads_headers, cases[i].headers, "%s: keeps headers", cases[i].what);
        is_int(plan->reads_requests, cases[i].requests, "%s: keeps requests",
               cases[i].what);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    identity();
    overriding();
    refusing();
    settings();
    inheritance();
    preparation();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
