/* Instances that start by themselves: timer, message and signal start events of the
 * newest version, what a new version and the end of one change. */
#include "world.h"

#define DECLARED                                                                         \
    "<signal id=\"sigA\" name=\"A\"/><message id=\"mesM\" name=\"M\"/>"                  \
    "<message id=\"mesN\" name=\"N\"/>\n"
#define PROCESS_OF(key, body)                                                            \
    DEFINITIONS DECLARED "<process id=\"" key "\">\n" body "</process>\n</"              \
                                                           "definitions>\n"
#define ON(id, def) "<startEvent id=\"" id "\">" def "</startEvent>\n"
#define SIGNAL "<signalEventDefinition signalRef=\"sigA\"/>"
#define MESSAGE(ref) "<messageEventDefinition messageRef=\"mes" ref "\"/>"
#define TIMER(kind, text)                                                                \
    "<timerEventDefinition><" kind ">" text "</" kind "></timerEventDefinition>"
#define THROW "<intermediateThrowEvent id=\"throw\">" SIGNAL "</intermediateThrowEvent>\n"

/* ---- deploying ----------------------------------------------------------------------- */

static const char *refusal; /* why the last one was refused */

/* A new version beside previous (NULL: none), as the engine does it; NULL if refused. */
static const wf_definition_t *deploy(const char *xml, const char *key,
                                     const wf_definition_t *previous)
{
    const wf_definition_t *definition = world_deploy_as(xml, key);
    wf_problems_t *problems = wf_problems_create("test", world.pool);
    apr_array_header_t *models;
    const wf_bpmn_call_t *call;

    wf_model_parse(&models, xml, strlen(xml), problems, world.pool);
    problems = wf_problems_create("test", world.pool);
    call = world_begin();
    if (previous) {
        world_check(wf_bpmn_superseded(call, previous, &world.err), &world.err,
                    "supersede");
    }
    world_check(wf_bpmn_deployed(call, definition, APR_ARRAY_IDX(models, 0, wf_model_t *),
                                 problems, &world.err),
                &world.err, "deploy");
    refusal = wf_problems_text(problems, world.pool);
    if (problems->errors) {
        return NULL;
    }
    world_check(world_end(APR_SUCCESS), &world.err, "deploy");
    return definition;
}

/* The definition goes; previous comes back. */
static void undeploy(const wf_definition_t *definition, const wf_definition_t *previous)
{
    const wf_bpmn_call_t *call = world_begin();

    wf_uow_purge(world.uow, WF_PURGE_DEPLOYMENT_RUNTIME, definition->deployment_id);
    world_check(wf_bpmn_undeployed(call, previous, &world.err), &world.err, "undeploy");
    world_check(world_end(APR_SUCCESS), &world.err, "undeploy");
}

/* ---- looking ------------------------------------------------------------------------- */

static apr_array_header_t *rows_of(const wf_definition_t *definition, wf_table_e table)
{
    apr_array_header_t *rows;

    world_begin();
    world_check(
        wf_uow_select_of_definition(world.uow, table, definition->id, &rows, &world.err),
        &world.err, "select");
    return rows;
}

/* "signal A@s message M@t" */
static const char *waits(const wf_definition_t *definition)
{
    apr_array_header_t *rows = rows_of(definition, WF_TABLE_SUBSCRIPTION);
    const char *all = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        all = apr_pstrcat(world.pool, all, i ? " " : "", row->event_type, " ",
                          row->event_name, "@", row->activity_id, NULL);
    }
    return all;
}

static int timers(const wf_definition_t *definition)
{
    return rows_of(definition, WF_TABLE_JOB)->nelts;
}

/* How many instances of a definition ever were. */
static apr_int64_t instances(const wf_definition_t *definition)
{
    const wf_filter_t filter = { .name = "processDefinitionId",
                                 .value = wf_string(definition->id) };
    const wf_page_t page = { 0 };
    wf_rows_t rows;

    world_begin();
    world_check(wf_store_list(world.reader, WF_LIST_INSTANCES, &filter, 1, &page, &rows,
                              world.unit_pool, &world.err),
                &world.err, "list");
    return rows.total;
}

/* Run the definition's oldest job at its due date or later. */
static apr_status_t fire(const wf_definition_t *definition, apr_int64_t late)
{
    apr_array_header_t *jobs = rows_of(definition, WF_TABLE_JOB);
    wf_job_t *job;
    wf_id_t id;

    if (!jobs->nelts) {
        return APR_NOTFOUND;
    }
    id = APR_ARRAY_IDX(jobs, 0, wf_job_t *)->id;
    world.now = APR_ARRAY_IDX(jobs, 0, wf_job_t *)->due_date + late;
    world_begin();
    world.call.user = NULL;
    world_check(wf_uow_get(world.uow, WF_TABLE_JOB, id, &job, &world.err), &world.err,
                "job");
    return world_end(wf_bpmn_execute_job(&world.call, job, &world.err));
}

static apr_status_t throw(const char *name, const wf_map_t *vars, int async)
{
    const wf_bpmn_call_t *call = world_begin();

    return world_end(wf_bpmn_throw(call, name, vars, async, &world.err));
}

static apr_status_t start_by(const char *message, wf_started_t *started)
{
    const wf_bpmn_call_t *call = world_begin();
    wf_map_t *vars = world_vars();

    wf_map_set(vars, "x", wf_integer(1));
    return world_end(
        wf_bpmn_start_by_message(call, message, vars, "key", started, &world.err));
}

/* ---- messages ------------------------------------------------------------------------- */

static void messages(void)
{
    const char *xml = PROCESS_OF("m", START ON("t", MESSAGE("M")) TASK("a") TASK("b")
                                          FLOW("s", "a") FLOW("t", "b"));
    const wf_definition_t *one = deploy(xml, "m", NULL), *two, *other;
    wf_started_t started;

    is_str(waits(one), "message M@t", "a definition waits for its message");
    ok(start_by("M", &started) == APR_SUCCESS, "the message starts it");
    is_str(world_places(&started), "b", "through its own start event");
    is_str(started.definition_id, one->id, "of that definition");
    is_str(world_var(started.id, "x"), "1", "with its variables");
    ok(world_start(one, NULL, &started) == APR_SUCCESS, "it starts by id");
    is_str(world_places(&started), "a", "through the none start event");

    ok(!deploy(PROCESS_OF("rival", ON("t", MESSAGE("M")) TASK("a") FLOW("t", "a")),
               "rival", NULL),
       "another process must not start by it");
    ok(strstr(refusal, "test:4:1: [message-start] t: "), "that is refused: %s", refusal);
    ok(strstr(refusal, one->id) && strstr(refusal, "\"M\""), "with the reason");

    two =
        deploy(PROCESS_OF("m", ON("t", MESSAGE("N")) TASK("a") FLOW("t", "a")), "m", one);
    is_str(waits(one), "", "the older version waits no more");
    is_str(waits(two), "message N@t", "the newer one does");
    ok(start_by("M", &started) != APR_SUCCESS && world.err.kind == WF_ERR_NOT_FOUND,
       "nobody starts by the old name");
    ok(world_start(two, NULL, &started) == APR_SUCCESS, "by id: its message start event");
    is_str(world_places(&started), "a", "which leads on");

    undeploy(two, one);
    is_str(waits(one), "message M@t",
           "when the newer one goes, the older one waits again");
    two = deploy(PROCESS_OF("m", START), "m", one);
    other = deploy(PROCESS_OF("rival", ON("t", MESSAGE("M")) TASK("a") FLOW("t", "a")),
                   "rival", NULL);
    undeploy(two, one);
    is_str(waits(one), "", "but not for a message that found another process meanwhile");
    is_str(waits(other), "message M@t", "which keeps it");
    ok(start_by("", &started) != APR_SUCCESS && world.err.kind == WF_ERR_INVALID,
       "a message needs a name");
}

/* ---- signals -------------------------------------------------------------------------- */

static void signals(void)
{
    const char *xml = PROCESS_OF("sig", ON("t", SIGNAL) TASK("b") FLOW("t", "b"));
    const wf_definition_t *one = deploy(xml, "sig", NULL), *two;
    const wf_definition_t *beside = deploy(
        PROCESS_OF("beside", ON("t", SIGNAL) TASK("b") FLOW("t", "b")), "beside", NULL);
    const wf_definition_t *thrower =
        world_deploy_as(PROCESS_OF("thrower", START THROW FLOW("s", "throw")), "thrower");
    wf_map_t *vars = world_vars();
    wf_started_t started;

    ok(throw("nobody", NULL, 0) == APR_SUCCESS, "nobody waits for a signal");
    ok(throw("", NULL, 0) != APR_SUCCESS && world.err.kind == WF_ERR_INVALID,
       "a signal needs a name");
    wf_map_set(vars, "x", wf_integer(1));
    ok(throw("A", vars, 0) == APR_SUCCESS, "a signal is thrown");
    is_int(instances(one), 1, "it starts one definition");
    is_int(instances(beside), 1, "and another one");
    two = deploy(xml, "sig", one);
    ok(world_start(thrower, NULL, &started) == APR_SUCCESS && started.ended,
       "a process throws it");
    is_int(instances(one), 1, "the older version does not start");
    is_int(instances(two), 1, "the newer one does");

    ok(throw("A", vars, 1) != APR_SUCCESS && world.err.kind == WF_ERR_INVALID,
       "no variables by jobs");
    ok(throw("A", NULL, 1) == APR_SUCCESS, "delivered by jobs");
    is_int(instances(two), 1, "not at once");
    is_int(timers(two), 1, "there is a job");
    one = deploy(xml, "sig", two);
    is_int(timers(two), 1, "which a new version does not take");
    ok(fire(two, 0) == APR_SUCCESS, "it runs");
    is_int(instances(two), 2, "and starts the version that waited then");
    is_int(timers(two), 0, "once");
}

/* ---- timers ---------------------------------------------------------------------------- */

static void timer_starts(void)
{
    const char *xml = PROCESS_OF("tim", START ON("t", TIMER("timeCycle", "R3/PT1H")) TASK(
                                            "a") TASK("b") FLOW("s", "a") FLOW("t", "b"));
    const wf_definition_t *one = deploy(xml, "tim", NULL), *two;
    apr_int64_t armed = world.now, due;
    wf_job_t *job = APR_ARRAY_IDX(rows_of(one, WF_TABLE_JOB), 0, wf_job_t *);

    is_int(timers(one), 1, "a definition has a timer job");
    job = APR_ARRAY_IDX(rows_of(one, WF_TABLE_JOB), 0, wf_job_t *);
    is_int(job->proc_inst_id, 0, "it belongs to no instance");
    due = job->due_date;
    is_int(due - armed < 3600000 + 10 && due - armed >= 3600000 - 100, 1,
           "due in an hour");
    ok(!strncmp(job->repeat, "R3/1970-01-01T", 14), "three firings: %s", job->repeat);
    ok(fire(one, 0) == APR_SUCCESS, "it fires");
    is_int(instances(one), 1, "and starts an instance");
    job = APR_ARRAY_IDX(rows_of(one, WF_TABLE_JOB), 0, wf_job_t *);
    ok(!strncmp(job->repeat, "R2/", 3), "two are left: %s", job->repeat);
    is_int(job->due_date - due, 3600000, "on the hour");
    ok(fire(one, 5 * 3600000 + 1) == APR_SUCCESS, "five hours late it fires");
    is_int(instances(one), 2, "once");
    job = APR_ARRAY_IDX(rows_of(one, WF_TABLE_JOB), 0, wf_job_t *);
    is_int((job->due_date - due) % 3600000, 0, "the next one is on the grid");
    is_int(job->due_date - due, 7 * 3600000, "after now");
    ok(fire(one, 0) == APR_SUCCESS, "the third one");
    is_int(instances(one), 3, "fires");
    is_int(timers(one), 0, "and it was the last one");

    one = deploy(xml, "tim", one);
    is_int(timers(one), 1, "a new version begins anew");
    two = deploy(PROCESS_OF("tim", ON("t", TIMER("timeDate", "1970-01-02T00:00:00Z"))
                                       TASK("b") FLOW("t", "b")),
                 "tim", one);
    is_int(timers(one), 0, "another one takes its timer away");
    is_int(timers(two), 1, "and has its own");
    undeploy(two, one);
    is_int(timers(one), 1, "which comes back");
}

static void timers_that_do_not_come(void)
{
    const wf_definition_t *one, *two;

    world.now = 100 * 86400000LL;
    one = deploy(PROCESS_OF("never",
                            ON("t", TIMER("timeCycle", "R2/1969-01-01T00:00:00Z/PT1H"))
                                TASK("b") FLOW("t", "b")),
                 "never", NULL);
    is_int(timers(one), 0, "a cycle that is over");
    one = deploy(PROCESS_OF("past", ON("t", TIMER("timeDate", "1970-01-02T00:00:00Z"))
                                        TASK("b") FLOW("t", "b")),
                 "past", NULL);
    is_int(timers(one), 1, "a date in the past fires at once");
    two = deploy(PROCESS_OF("past", START), "past", one);
    undeploy(two, one);
    is_int(timers(one), 0, "but not again when the version comes back");
}

static void a_start_that_fails(void)
{
    const wf_definition_t *one = deploy(
        PROCESS_OF(
            "bad",
            ON("t", TIMER("timeCycle", "R/PT1H")) CHOICE("g") TASK("b") FLOW("t", "g") IF(
                "g", "b",
                "${nobody}") "<sequenceFlow id=\"x\" sourceRef=\"g\" targetRef=\"b\"/>"),
        "bad", NULL);

    ok(fire(one, 0) != APR_SUCCESS, "a start that fails");
    ok(strstr(world.err.message, one->id) != NULL || strstr(world.err.message, "\"g\""),
       "says where");
    is_int(timers(one), 1, "its job is still there, and no other one");
}

int main(void)
{
    setenv("TZ", "UTC0", 1);
    world_open();
    messages();
    signals();
    timer_starts();
    timers_that_do_not_come();
    a_start_that_fails();
    world_close();
    return done_testing();
}
