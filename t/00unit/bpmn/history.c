/* History: one row an instance, a row per visit of a node, a row per task, with times. */
#include "world.h"

/* Visits are numbered in the order of their beginning, between the ids of an instance's
 * first and last row. */
static const char *visits_of(wf_id_t instance)
{
    const char *all = "";
    wf_id_t id;

    for (id = instance; id < instance + 60; id++) {
        const wf_hi_actinst_t *row = world_row(WF_TABLE_HI_ACTINST, id);

        if (row && row->proc_inst_id == instance) {
            all = apr_pstrcat(world.pool, all, *all ? " " : "", row->act_id,
                              row->end_time ? "" : "*", NULL);
        }
    }
    return all;
}

static const wf_hi_actinst_t *visit_of(wf_id_t instance, const char *node)
{
    wf_id_t id;

    for (id = instance; id < instance + 60; id++) {
        const wf_hi_actinst_t *row = world_row(WF_TABLE_HI_ACTINST, id);

        if (row && row->proc_inst_id == instance && strcmp(row->act_id, node) == 0) {
            return row;
        }
    }
    return NULL;
}

/* ---- an instance from start to end --------------------------------------------------
 */

static void whole_life(void)
{
    const wf_definition_t *definition = world_deploy(PROCESS(
        "<startEvent id=\"s\" activiti:initiator=\"starter\"/>"
        "<userTask id=\"a\" name=\"Do it\" activiti:assignee=\"gonzo\"/>" END FLOW(
            "s", "a") FLOW("a", "e")));
    const wf_hi_procinst_t *instance;
    const wf_hi_actinst_t *visit;
    const wf_hi_taskinst_t *task;
    wf_started_t started;
    apr_int64_t begun;
    wf_id_t id;

    ok(world_start(definition, NULL, &started) == APR_SUCCESS, "starts");
    begun = world.call.now;
    is_str(world_var(started.id, "starter"), "\"kermit\"", "the initiator is kept");
    is_str(visits_of(started.id), "s a*", "visits while the task waits");
    instance = world_row(WF_TABLE_HI_PROCINST, started.id);
    is_str(instance->proc_def_id, definition->id, "instance: definition");
    is_str(instance->start_user_id, "kermit", "instance: who started it");
    is_str(instance->start_act_id, "s", "instance: where");
    is_int(instance->start_time, begun, "instance: when");
    is_int(instance->duration, -1, "instance: open");
    visit = visit_of(started.id, "s");
    is_str(visit->act_type, "startEvent", "visit: type");
    is_int(visit->duration, 0, "visit: entered and left at once");
    id = world_task(started.id, "a");
    visit = visit_of(started.id, "a");
    is_str(visit->act_name, "Do it", "visit: name");
    is_str(visit->act_type, "userTask", "visit: type of a task");
    is_str(visit->assignee, "gonzo", "visit: assignee");
    is_int(visit->task_id, id, "visit: task");
    is_int(visit->execution_id, started.id, "visit: execution");
    task = world_row(WF_TABLE_HI_TASKINST, id);
    is_str(task->task_def_key, "a", "task: definition key");
    is_int(task->duration, -1, "task: open");

    ok(world_complete(started.id, "a", NULL) == APR_SUCCESS, "completes");
    is_str(visits_of(started.id), "s a e", "visits at the end");
    instance = world_row(WF_TABLE_HI_PROCINST, started.id);
    is_int(instance->end_time, world.call.now, "instance: its end");
    is_int(instance->duration, world.call.now - begun, "instance: its duration");
    is_str(instance->end_act_id, "e", "instance: its last node");
    visit = visit_of(started.id, "a");
    is_int(visit->duration, visit->end_time - visit->start_time, "visit: duration");
    ok(visit->duration > 0, "visit: lasted");
    task = world_row(WF_TABLE_HI_TASKINST, id);
    is_int(task->end_time, visit->end_time, "task: ended with its visit");
}

/* ---- visits ---------------------------------------------------------------------------
 */

/* clang-format off */
static const struct {
    const char *what, *xml, *complete, *visits;
} cases[] = {
    { "all at once", PROCESS(START PASS("a") CHOICE("g") END FLOW("s", "a") FLOW("a", "g") FLOW("g", "e")),
      NULL, "s a g e" },
    { "a row per arriving token", PROCESS(START FORK("f") PASS("a") PASS("b") FORK("j") END FLOW("s", "f")
        FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "e")),
      NULL, "s f a j b j e" },
    { "a branch runs until it rests", PROCESS(START TASK("a") PASS("x") TASK("b") TASK("c") FLOW("s", "a")
        FLOW("s", "x") FLOW("x", "b") FLOW("s", "c")),
      NULL, "s a* x b* c*" },
    { "a row per visit", PROCESS(START "<userTask id=\"a\" default=\"a-e\"/>" END FLOW("s", "a") FLOW("a", "e")
        "<sequenceFlow id=\"again\" sourceRef=\"a\" targetRef=\"a\"><conditionExpression>"
        "${not execution.hasVariable('done')}</conditionExpression></sequenceFlow>"),
      "a", "s a a*" },
    { "an asynchronous node is not entered", PROCESS(START ASYNC("x") FLOW("s", "x")), NULL, "s" },
};
/* clang-format on */

static void check_visits(int i)
{
    wf_started_t started;

    if (!ok(world_start(world_deploy(cases[i].xml), NULL, &started) == APR_SUCCESS,
            "%s: starts", cases[i].what)) {
        return;
    }
    if (cases[i].complete) {
        world_complete(started.id, cases[i].complete, NULL);
    }
    is_str(visits_of(started.id), cases[i].visits, "%s", cases[i].what);
}

/* ---- when branches fall back to the instance ------------------------------------ */

static void moves_up(void)
{
    const wf_definition_t *definition = world_deploy(PROCESS(START FORK("f") TASK(
        "a") TASK("b") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b")));
    wf_started_t started;
    wf_id_t task;

    world_start(definition, NULL, &started);
    task = world_task(started.id, "b");
    ok(visit_of(started.id, "b")->execution_id != started.id, "a branch is an execution");
    world_complete(started.id, "a", NULL);
    is_int(visit_of(started.id, "b")->execution_id, started.id,
           "the open visit moves up");
    is_int(((wf_hi_taskinst_t *)world_row(WF_TABLE_HI_TASKINST, task))->execution_id,
           started.id, "the open task moves up");
    ok(world_complete(started.id, "b", NULL) == APR_SUCCESS, "and can be completed");
    is_str(visits_of(started.id), "s f a b", "every visit has an end");
}

/* ---- claiming shows ------------------------------------------------------------- */

static void claimed(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START TASK("a") FLOW("s", "a")));
    wf_started_t started;
    wf_id_t task;

    world_start(definition, NULL, &started);
    task = world_task(started.id, "a");
    ok(world_end(wf_bpmn_claim(world_begin(), task, "gonzo", &world.err)) == APR_SUCCESS,
       "claims");
    is_str(visit_of(started.id, "a")->assignee, "gonzo", "the visit has the assignee");
}

/* ---- jobs ----------------------------------------------------------------------- */

static void jobs(void)
{
    const wf_definition_t *definition = world_deploy(PROCESS(START ASYNC(
        "x") "<userTask id=\"a\" activiti:async=\"true\" "
             "activiti:exclusive=\"false\" name=\"${authenticatedUserId}\"/>" FLOW(
                 "s", "x") FLOW("x", "a")));
    wf_started_t started;
    wf_job_t *job;
    wf_task_t *task;

    world_start(definition, NULL, &started);
    job = APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, started.id), 0, wf_job_t *);
    is_str(job->type, "message", "job: type");
    is_str(job->handler_type, "async-continuation", "job: handler");
    is_str(job->handler_cfg, "x", "job: node");
    is_int(job->retries, 3, "job: retries");
    is_int(job->exclusive, 1, "job: exclusive");
    is_int(job->due_date, 0, "job: due at once");
    is_int(job->execution_id, started.id, "job: execution");
    is_str(job->proc_def_id, definition->id, "job: definition");
    ok(world_job(started.id) == APR_SUCCESS, "the first job runs");
    job = APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, started.id), 0, wf_job_t *);
    is_str(job->handler_cfg, "a", "and leaves the next one");
    is_int(job->exclusive, 0, "which is not exclusive");
    ok(world_job(started.id) == APR_SUCCESS, "the second job runs");
    task = world_row(WF_TABLE_TASK, world_task(started.id, "a"));
    is_str(task->name, NULL, "a job has no user");
    is_int(world_job(started.id), APR_NOTFOUND, "no job is left");
}

static void bad_jobs(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START ASYNC("x") FLOW("s", "x")));
    wf_started_t started;
    wf_job_t *job;

    world_start(definition, NULL, &started);
    job = APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, started.id), 0, wf_job_t *);
    job->handler_type = "witchcraft";
    ok(wf_bpmn_execute_job(&world.call, job, &world.err) != APR_SUCCESS
           && world.err.kind == WF_ERR_UNSUPPORTED,
       "unknown handler: %s", world.err.message);
    job = APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, started.id), 0, wf_job_t *);
    job->handler_cfg = "elsewhere";
    ok(wf_bpmn_execute_job(&world.call, job, &world.err) != APR_SUCCESS
           && world.err.kind == WF_ERR_INTERNAL,
       "another node: %s", world.err.message);
    job = APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, started.id), 0, wf_job_t *);
    job->execution_id = 1;
    ok(wf_bpmn_execute_job(&world.call, job, &world.err) != APR_SUCCESS
           && world.err.kind == WF_ERR_INTERNAL,
       "no execution: %s", world.err.message);
}

/* ---- business keys -------------------------------------------------------------- */

static void business_keys(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START TASK("a") FLOW("s", "a")));
    wf_started_t started;
    const wf_bpmn_call_t *call = world_begin();

    ok(world_end(wf_bpmn_start(call, definition, NULL, "k1", &started, &world.err))
           == APR_SUCCESS,
       "starts with a business key");
    is_str(((wf_execution_t *)world_row(WF_TABLE_EXECUTION, started.id))->business_key,
           "k1", "the execution has it");
    is_str(
        ((wf_hi_procinst_t *)world_row(WF_TABLE_HI_PROCINST, started.id))->business_key,
        "k1", "the history has it");
    call = world_begin();
    ok(world_end(wf_bpmn_start(call, definition, NULL, "k1", &started, &world.err))
               != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "a key can be used once");
}

int main(void)
{
    int i;

    world_open();
    whole_life();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        check_visits(i);
    }
    moves_up();
    claimed();
    jobs();
    bad_jobs();
    business_keys();
    world_close();
    return done_testing();
}
