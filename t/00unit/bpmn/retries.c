/* What failedJobRetryTimeCycle says: the texts, and the jobs of nodes that have one. */
#include "bpmn/timers.h"
#include "world.h"

#define S 1000
#define MIN (60 * S)

/* clang-format off */
static const struct {
    const char *text;
    int left;    /* before this failure; 0: the first */
    int retries; /* 0: the text is none */
    apr_int64_t pause;
} texts[] = {
    { "R5/PT5M",              0, 5,          5 * MIN },
    { "R5/PT5M",              1, 5,          5 * MIN },
    { "R1/PT0.5S",            0, 1,          500 },
    { "R/PT1S",               0, 2147483647, S },
    { "R3/P1D",               0, 3,          24 * 60 * MIN },
    { "PT1M",                 0, 2,          MIN },
    { "PT1M,PT5M,PT1H",       0, 4,          MIN },
    { "PT1M,PT5M,PT1H",       4, 4,          MIN },
    { "PT1M,PT5M,PT1H",       3, 4,          5 * MIN },
    { "PT1M,PT5M,PT1H",       2, 4,          60 * MIN },
    { "PT1M,PT5M,PT1H",       1, 4,          60 * MIN },
    { "PT1M,PT5M,PT1H",     100, 4,          MIN },      /* somebody has set them */
    { "PT1M , PT5M",          2, 3,          5 * MIN },
    { "PT0S,PT5M",            0, 3,          0 },
    { "",                     0, 0,          0 },
    { "R",                    0, 0,          0 },
    { "R0/PT5M",              0, 0,          0 },
    { "R5",                   0, 0,          0 },
    { "R5/",                  0, 0,          0 },
    { "R5/PT0S",              0, 0,          0 },
    { "R5/PT5M/2026-01-01",   0, 0,          0 },
    { "R5/2026-01-01T00:00:00/PT5M", 0, 0,   0 },
    { "5",                    0, 0,          0 },
    { "PT1M,",                0, 0,          0 },
    { ",PT1M",                0, 0,          0 },
    { "PT1M,,PT5M",           0, 0,          0 },
    { "PT1M;PT5M",            0, 0,          0 },
    { "PT1M,R3/PT5M",         0, 0,          0 },
    { "soon",                 0, 0,          0 },
};
/* clang-format on */

static void check_texts(void)
{
    const char *many = "PT1S";

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        apr_int64_t pause = 0;
        int retries = 0;
        int good = wf_retry_parse(texts[i].text, texts[i].left, 0, &retries, &pause);

        is_int(good ? retries : 0, texts[i].retries, "\"%s\", %d left: attempts",
               texts[i].text, texts[i].left);
        is_int(good ? pause : 0, texts[i].pause, "... pause");
    }
    for (int i = 0; i < 1000; i++) {
        many = apr_pstrcat(world.pool, many, ",PT1S", NULL);
    }
    ok(!wf_retry_parse(many, 0, 0, &(int){ 0 }, &(apr_int64_t){ 0 }), "too many of them");
}

/* ---- of jobs ------------------------------------------------------------------------------ */

#define CYCLE(text)                                                                      \
    "<extensionElements><activiti:failedJobRetryTimeCycle>" text                         \
    "</activiti:failedJobRetryTimeCycle></extensionElements>"
#define PROCESS_WITH(node) HEAD node TAIL
#define HEAD DEFINITIONS "<process id=\"p\">" START FLOW("s", "t")
#define TAIL "</process></definitions>"
#define NODE(text) "<task id=\"t\" activiti:async=\"true\">" CYCLE(text) "</task>\n"

static const struct {
    const char *what, *node;
    int retries;
    apr_int64_t pause;
    const char *message; /* it fails */
} nodes[] = {
    { "a text", NODE("R7/PT1M"), 7, MIN, NULL },
    { "an expression", NODE("${cycle}"), 4, 2 * S, NULL },
    { "part of one", NODE("R${2 + 1}/PT1M"), 3, MIN, NULL },
    { "null", NODE("${null}"), 0, 0, NULL },
    { "nothing", "<task id=\"t\" activiti:async=\"true\"/>", 0, 0, NULL },
    { "an unknown name", NODE("${nobody}"), 0, 0, "nobody" },
    { "no text", NODE("${5}"), 0, 0, "R5/PT5M" },
    { "another text", NODE("${'often'}"), 0, 0, "R5/PT5M" },
};

static void check_node(int i)
{
    const wf_definition_t *definition =
        world_deploy(apr_pstrcat(world.pool, HEAD, nodes[i].node, TAIL, NULL));
    wf_map_t *vars = world_vars();
    wf_started_t started;
    const wf_job_t *job;
    apr_int64_t pause = 0;
    apr_status_t rv;
    int retries = 0;

    wf_map_set(vars, "cycle", wf_string("R4/PT2S"));
    world_check(world_start(definition, vars, &started), &world.err, "start");
    job = APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, started.id), 0, wf_job_t *);
    rv = wf_bpmn_retry_cycle(&world.call, job, &retries, &pause, &world.err);
    is_int(rv == APR_SUCCESS, !nodes[i].message, "%s", nodes[i].what);
    is_int(retries, nodes[i].retries, "... attempts");
    is_int(retries ? pause : 0, nodes[i].pause, "... pause");
    if (nodes[i].message) {
        ok(strstr(world.err.message, nodes[i].message) != NULL, "... %s",
           world.err.message);
    }
}

/* Jobs are made with the number of the call. */
static void check_made(void)
{
    static const int wants[][2] = { { 0, 3 }, { 1, 1 }, { 9, 9 } };
    const wf_definition_t *definition = world_deploy(PROCESS_WITH(NODE("R7/PT1M")));

    for (int i = 0; i < 3; i++) {
        wf_started_t started;
        wf_bpmn_call_t *call;

        world_begin();
        call = &world.call;
        call->job_retries = wants[i][0];
        world_check(
            world_end(wf_bpmn_start(call, definition, NULL, NULL, &started, &world.err)),
            &world.err, "start");
        is_int(
            APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, started.id), 0, wf_job_t *)
                ->retries,
            wants[i][1], "a new job, told %d", wants[i][0]);
    }
}

/* ---- incidents ------------------------------------------------------------------------------ */

static const wf_incident_t *incident_of(wf_id_t instance, int count)
{
    apr_array_header_t *rows = world_select(WF_BY_INCIDENTS_OF_INSTANCE, instance);

    is_int(rows->nelts, count, "... so many incidents");
    return rows->nelts ? APR_ARRAY_IDX(rows, 0, wf_incident_t *) : NULL;
}

static void set_retries(wf_id_t job, int retries, const char *message)
{
    const wf_bpmn_call_t *call = world_begin();
    wf_job_t *row;

    world_check(wf_uow_get(world.uow, WF_TABLE_JOB, job, &row, &world.err), &world.err,
                "job");
    row->exception_msg = message;
    world_check(world_end(wf_bpmn_set_retries(call, row, retries, &world.err)),
                &world.err, "set retries");
}

/* One as long as there are no attempts left; it tells of the last failure. */
static void check_incidents(void)
{
    static const struct {
        int retries;
        const char *message;
        int incidents;
    } steps[] = {
        { 2, "first", 0 }, { 0, "second", 1 }, { -1, "third", 1 },
        { 5, "third", 0 }, { 4, "fourth", 0 }, { 0, "fifth", 1 },
    };
    const wf_definition_t *definition = world_deploy(PROCESS_WITH(NODE("R7/PT1M")));
    const wf_incident_t *incident;
    const wf_bpmn_call_t *call;
    apr_int64_t since = 0;
    wf_started_t started;
    wf_job_t *job;
    wf_id_t id;

    world_check(world_start(definition, NULL, &started), &world.err, "start");
    id = APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, started.id), 0, wf_job_t *)
             ->id;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        set_retries(id, steps[i].retries, steps[i].message);
        incident = incident_of(started.id, steps[i].incidents);
        if (incident) {
            is_str(incident->message, steps[i].message, "... its message");
            is_str(incident->type, "failedJob", "... type");
            is_str(incident->activity_id, "t", "... place");
            is_int(incident->configuration, id, "... job");
            ok(incident->time > since || steps[i].retries < 0, "... since when");
            since = incident->time;
        }
    }
    call = world_begin();
    world_check(wf_uow_get(world.uow, WF_TABLE_JOB, id, &job, &world.err), &world.err,
                "job");
    world_check(world_end(wf_bpmn_execute_job(call, job, &world.err)), &world.err, "run");
    incident_of(started.id, 0);
}

/* A text that can never be right has no effect: a warning. */
static void check_file(void)
{
    static const char *const wrong[] = { "soon", "R0/PT5M", "PT1M,5" };

    for (int i = 0; i < 3; i++) {
        const char *xml = apr_psprintf(world.pool, PROCESS_WITH(NODE("%s")), wrong[i]);
        wf_problems_t *problems = wf_problems_create("test", world.pool);
        apr_array_header_t *models;

        wf_model_parse(&models, xml, strlen(xml), problems, world.pool);
        is_int(problems->errors, 0, "taken: %s", wrong[i]);
        is_int(problems->items->nelts, 1, "with a warning: %s", wrong[i]);
        ok(strstr(wf_problems_text(problems, world.pool), "failedJobRetryTimeCycle"),
           "... by name");
    }
}

int main(void)
{
    world_open();
    check_texts();
    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        check_node((int)i);
    }
    check_made();
    check_incidents();
    check_file();
    world_close();
    return done_testing();
}
