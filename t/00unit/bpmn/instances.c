/* Deleting instances: no runtime row stays, history is closed and says why. */
#include "world.h"

#define SIGNAL "<signal id=\"sig\" name=\"A\"/>\n"
#define CATCH                                                                            \
    "<intermediateCatchEvent id=\"c\"><signalEventDefinition signalRef=\"sig\"/>"        \
    "</intermediateCatchEvent>\n"

/* clang-format off */
static const struct {
    const char *what, *xml;
} cases[] = {
    { "a task", PROCESS(START "<userTask id=\"t\" activiti:candidateGroups=\"a,b\"/>" FLOW("s", "t")) },
    { "a receive task", PROCESS(START "<receiveTask id=\"r\"/>" FLOW("s", "r")) },
    { "a job", PROCESS(START ASYNC("x") FLOW("s", "x")) },
    { "branches and a join", PROCESS(START FORK("f") PASS("a") TASK("b") TASK("t") FORK("j") FLOW("s", "f") FLOW("f", "a")
        FLOW("f", "b") FLOW("f", "t") FLOW("a", "j") FLOW("b", "j") FLOW("t", "j")) },
    { "a signal", DEFINITIONS SIGNAL "<process id=\"p\">" START CATCH TASK("t") FLOW("s", "c") FLOW("s", "t")
        "</process></definitions>" },
};

static const wf_relation_e runtime[] = {
    WF_BY_EXECUTIONS_OF_INSTANCE, WF_BY_TASKS_OF_INSTANCE, WF_BY_VARIABLES_OF_INSTANCE,
    WF_BY_JOBS_OF_INSTANCE, WF_BY_SUBSCRIPTIONS_OF_INSTANCE,
};
/* clang-format on */

static int rows_left(wf_id_t instance)
{
    int i, count = 0;

    for (i = 0; i < (int)(sizeof(runtime) / sizeof(runtime[0])); i++) {
        count += world_select(runtime[i], instance)->nelts;
    }
    return count;
}

static apr_status_t delete_instance(wf_id_t instance, const char *reason)
{
    return world_end(
        wf_bpmn_delete_instance(world_begin(), instance, reason, &world.err));
}

/* Every visit and every task has an end; tasks that were open tell the reason. */
static void check_closed(const char *what, wf_id_t instance, const char *reason)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance);
    const wf_hi_procinst_t *row;
    int i, open = 0;

    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_actinst_t *visit = APR_ARRAY_IDX(rows, i, wf_hi_actinst_t *);

        open +=
            !visit->end_time || visit->duration != visit->end_time - visit->start_time;
    }
    ok(rows->nelts && !open, "%s: every visit has an end", what);
    rows = world_select(WF_BY_HI_TASKS_OF_INSTANCE, instance);
    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_taskinst_t *task = APR_ARRAY_IDX(rows, i, wf_hi_taskinst_t *);

        open += !task->end_time || task->duration != task->end_time - task->start_time;
        is_str(task->delete_reason, reason, "%s: reason of task %s", what,
               task->task_def_key);
    }
    ok(!open, "%s: every task has an end", what);
    row = world_row(WF_TABLE_HI_PROCINST, instance);
    ok(row->end_time && row->duration == row->end_time - row->start_time,
       "%s: the instance has an end", what);
    is_str(row->delete_reason, reason, "%s: its reason", what);
    is_str(row->end_act_id, NULL, "%s: no activity was its last", what);
}

static wf_map_t *variables(void)
{
    wf_map_t *vars = world_vars();

    wf_map_set(vars, "n", wf_integer(1));
    wf_map_set(vars, "l", wf_list(wf_list_create(world.pool)));
    return vars;
}

static void check_case(int i)
{
    const char *what = cases[i].what;
    const wf_definition_t *definition = world_deploy(cases[i].xml);
    wf_started_t started, other;
    int rows;

    world_start(definition, variables(), &other);
    world_start(definition, variables(), &started);
    rows = rows_left(other.id);
    ok(delete_instance(started.id, i ? "no money" : NULL) == APR_SUCCESS, "%s: deletes",
       what);
    is_int(rows_left(started.id), 0, "%s: nothing is left", what);
    check_closed(what, started.id, i ? "no money" : "deleted");
    is_int(rows_left(other.id), rows, "%s: the other instance runs on", what);
    ok(delete_instance(started.id, NULL) != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND,
       "%s: once only", what);
}

/* ---- refusals ---------------------------------------------------------------------- */

static void refusals(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START TASK("a") TASK("b") FLOW("s", "a") FLOW("s", "b")));
    char *reason = apr_palloc(world.pool, WF_TASK_MAX_TEXT + 2);
    wf_started_t started;

    memset(reason, 'x', WF_TASK_MAX_TEXT + 1);
    reason[WF_TASK_MAX_TEXT + 1] = '\0';
    world_start(definition, NULL, &started);
    ok(delete_instance(started.id, reason) != APR_SUCCESS
           && world.err.kind == WF_ERR_INVALID,
       "a reason that is too long");
    is_str(world.err.field, "reason", "the field at fault");
    ok(delete_instance(started.id + 1, NULL) != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND,
       "an execution is no instance");
    ok(delete_instance(0, NULL) != APR_SUCCESS && world.err.kind == WF_ERR_NOT_FOUND,
       "nor is nothing");
    is_str(world_tasks(started.id), "a b", "all of it still runs");
}

/* ---- more than one ----------------------------------------------------------------- */

/* As a call activity would do it: the second instance belongs to the first. */
static void called(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START TASK("t") FLOW("s", "t")));
    wf_started_t started[3];
    wf_execution_t *row;
    int i;

    for (i = 0; i < 3; i++) {
        world_start(definition, variables(), &started[i]);
    }
    world_begin();
    for (i = 1; i < 3; i++) {
        wf_uow_get(world.uow, WF_TABLE_EXECUTION, started[i].id, &row, &world.err);
        row->super_exec = started[i - 1].id;
        wf_uow_update(world.uow, row);
    }
    world_check(world_end(APR_SUCCESS), &world.err, "call");
    ok(delete_instance(started[0].id, "no money") == APR_SUCCESS, "called: deletes");
    for (i = 0; i < 3; i++) {
        is_int(rows_left(started[i].id), 0, "called: nothing is left of %d", i);
        check_closed("called", started[i].id, "no money");
    }
}

/* An instance that cannot run on can still be ended. */
static void unreadable(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START TASK("t") FLOW("s", "t")));
    apr_array_header_t *resources;
    wf_bytearray_t *resource;
    wf_started_t started;

    world_start(definition, NULL, &started);
    resources = world_select(WF_BY_RESOURCES_OF_DEPLOYMENT, definition->deployment_id);
    resource = APR_ARRAY_IDX(resources, 0, wf_bytearray_t *);
    resource->bytes = "<x/>";
    resource->length = 4;
    wf_uow_update(world.uow, resource);
    world_check(world_end(APR_SUCCESS), &world.err, "spoil the file");
    wf_models_forget(world.models, definition->id);
    ok(world_complete(started.id, "t", NULL) != APR_SUCCESS,
       "unreadable: it cannot go on");
    ok(delete_instance(started.id, NULL) == APR_SUCCESS, "unreadable: but end");
    is_int(rows_left(started.id), 0, "unreadable: nothing is left");
}

/* Runs the only job of an instance in a unit of its own, while another one is open. */
static void run_job(wf_id_t instance)
{
    apr_pool_t *p;
    wf_uow_t *uow;
    wf_bpmn_call_t call = world.call;
    apr_array_header_t *jobs;
    wf_error_t outcome, err;

    apr_pool_create(&p, world.pool);
    wf_error_init(&outcome, p);
    wf_error_init(&err, p);
    call.uow = uow = wf_uow_create(world.reader, world.ids, p);
    world_check(wf_uow_select(uow, WF_BY_JOBS_OF_INSTANCE, instance, &jobs, &err), &err,
                "jobs");
    world_check(wf_bpmn_execute_job(&call, APR_ARRAY_IDX(jobs, 0, wf_job_t *), &err),
                &err, "the job");
    world_check(wf_store_commit(world.writer, world.ids, &uow, 1, &outcome, &err), &err,
                "commit");
    is_int(outcome.kind, WF_ERR_NONE, "crossed: the job is done");
    apr_pool_destroy(p);
}

/* A job that is not exclusive is done between the look at the instance and its end. */
static void crossed(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START "<userTask id=\"t\" activiti:async=\"true\" "
                                   "activiti:exclusive=\"false\"/>" FLOW("s", "t")));
    wf_started_t started;
    apr_status_t rv;

    world_start(definition, NULL, &started);
    rv = wf_bpmn_delete_instance(world_begin(), started.id, NULL, &world.err);
    ok(rv == APR_SUCCESS, "crossed: deletes");
    run_job(started.id);
    ok(world_end(rv) != APR_SUCCESS && world.err.kind == WF_ERR_CONFLICT,
       "crossed: not what it has not seen");
    is_str(world_tasks(started.id), "t", "crossed: the job's task is there");
    ok(delete_instance(started.id, NULL) == APR_SUCCESS, "crossed: deletes again");
    is_int(rows_left(started.id), 0, "crossed: nothing is left");
    check_closed("crossed", started.id, "deleted");
}

/* What was attached to a task stays with history. */
static void attachments(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START TASK("t") FLOW("s", "t")));
    wf_attachment_t *attachment;
    wf_started_t started;
    wf_id_t task, id;

    world_start(definition, NULL, &started);
    task = world_task(started.id, "t");
    world_begin();
    attachment = wf_uow_insert(world.uow, WF_TABLE_ATTACHMENT);
    id = attachment->id;
    attachment->task_id = task;
    attachment->proc_inst_id = started.id;
    attachment->url = "http://example.org/";
    world_check(world_end(APR_SUCCESS), &world.err, "attach");
    ok(delete_instance(started.id, NULL) == APR_SUCCESS, "attachments: deletes");
    ok(world_row(WF_TABLE_ATTACHMENT, id) != NULL, "attachments: it is still there");
}

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        check_case(i);
    }
    refusals();
    called();
    unreadable();
    attachments();
    crossed();
    world_close();
    return done_testing();
}
