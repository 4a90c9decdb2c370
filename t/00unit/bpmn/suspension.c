/* Suspended definitions start nothing, suspended instances do not move; candidate
 * starters where they are asked for. */
#include "scenario.h"

#define SIGNALLED                                                                        \
    DEFINITIONS "<signal id=\"go\" name=\"go\"/>\n<process id=\"p\">\n" START FORK("f")  \
        TASK("t") "<receiveTask id=\"r\"/>" ASYNC(                                       \
            "j") "<intermediateCatchEvent id=\"c\"><signalEventDefinition "              \
                 "signalRef=\"go\"/>"                                                    \
                 "</intermediateCatchEvent>\n"                                           \
                 "<callActivity id=\"k\" calledElement=\"q\"/>\n" FLOW("s", "f")         \
                     FLOW("f", "t") FLOW("f", "r") FLOW("f", "j") FLOW("f", "c")         \
                         FLOW("f", "k") "</process>\n<process id=\"q\">\n<startEvent "   \
                                        "id=\"i\"/>" TASK("a") FLOW(                     \
                                            "i", "a") "</process>\n</definitions>\n"

static const char *told(void)
{
    return world.err.message ? world.err.message : "-";
}

static apr_status_t set_instance(wf_id_t id, int state)
{
    const wf_bpmn_call_t *call = world_begin();

    return world_end(wf_bpmn_suspend_instance(call, id, state, &world.err));
}

static apr_status_t set_definition(const wf_definition_t *definition, int state,
                                   int with_instances, apr_int64_t time)
{
    const wf_bpmn_call_t *call = world_begin();
    wf_definition_t *row = NULL;

    wf_uow_get_by_key(world.uow, WF_TABLE_DEFINITION, definition->id, &row, &world.err);
    return world_end(
        wf_bpmn_suspend_definition(call, row, state, with_instances, time, &world.err));
}

/* The definition as it is now. */
static const wf_definition_t *now(const wf_definition_t *definition)
{
    wf_definition_t *row = NULL, *copy;

    world_begin();
    wf_uow_get_by_key(world.uow, WF_TABLE_DEFINITION, definition->id, &row, &world.err);
    copy = apr_pmemdup(world.pool, definition, sizeof(*definition));
    copy->suspension = row->suspension;
    return copy;
}

/* ---- instances ------------------------------------------------------------------------- */

static apr_status_t do_claim(void)
{
    wf_id_t task = nth_task("t", 1);

    return world_end(wf_bpmn_claim(world_begin(), task, "fozzie", &world.err));
}

static apr_status_t do_assign(void)
{
    wf_id_t task = nth_task("t", 1);

    return world_end(wf_bpmn_assign(world_begin(), task, "fozzie", &world.err));
}

static apr_status_t do_change(void)
{
    const wf_task_change_t change = { .set = WF_TASK_PRIORITY, .priority = 7 };
    wf_id_t task = nth_task("t", 1);
    wf_task_t *row;

    return world_end(wf_bpmn_change_task(world_begin(), task, &change, &row, &world.err));
}

static apr_status_t do_submit(void)
{
    wf_id_t task = nth_task("t", 1);
    const wf_bpmn_call_t *call = world_begin();

    return world_end(wf_bpmn_submit_task(call, task, world_vars(), &world.err));
}

static apr_status_t do_complete(void)
{
    return take_step("complete", "t", 1, NULL);
}

static apr_status_t do_complete_called(void)
{
    return take_step("complete", "a", 1, NULL);
}

static apr_status_t do_signal(void)
{
    return take_step("signal", "r", 1, NULL);
}

static apr_status_t do_event(void)
{
    return take_step("event", "go", 1, NULL);
}

static apr_status_t do_job(void)
{
    return take_step("job", "j", 1, NULL);
}

static const struct {
    const char *what;
    apr_status_t (*act)(void);
} acts[] = {
    { "claim", do_claim },       { "assign", do_assign },
    { "change", do_change },     { "submit", do_submit },
    { "complete", do_complete }, { "complete in what it called", do_complete_called },
    { "signal", do_signal },     { "event", do_event },
    { "job", do_job },
};

static void instances(void)
{
    const wf_definition_t *definition = deploy_all(SIGNALLED);
    apr_array_header_t *properties;
    const wf_bpmn_call_t *call;
    wf_started_t started;
    const char *before;
    wf_id_t task;
    apr_size_t i;

    ok(world_start(definition, NULL, &started) == APR_SUCCESS, "it starts: %s", told());
    find_family(started.id);
    before = state_now();
    ok(set_instance(started.id, WF_SUSPENDED) == APR_SUCCESS, "suspend");
    ok(set_instance(started.id, WF_SUSPENDED) != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "suspend again");
    for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        ok(acts[i].act() != APR_SUCCESS && world.err.kind == WF_ERR_CONFLICT
               && strstr(world.err.message, "suspended"),
           "%s: refused: %s", acts[i].what, told());
        is_str(state_now(), before, "%s: nothing moved", acts[i].what);
    }
    task = nth_task("t", 1);
    call = world_begin();
    ok(wf_bpmn_task_properties(call, task, &properties, &world.err) == APR_SUCCESS,
       "a form may be looked at");
    ok(set_instance(started.id, WF_ACTIVE) == APR_SUCCESS, "activate");
    ok(set_instance(started.id, WF_ACTIVE) != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "activate again");
    ok(do_claim() == APR_SUCCESS, "claim");
    ok(do_job() == APR_SUCCESS && do_event() == APR_SUCCESS && do_signal() == APR_SUCCESS
           && do_complete() == APR_SUCCESS && do_complete_called() == APR_SUCCESS,
       "all goes on: %s", told());
    is_str(state_now(), "", "to the end");
    ok(set_instance(started.id, WF_SUSPENDED) != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND,
       "what has ended is not suspended");
}

static void deleted(void)
{
    wf_started_t started;
    const wf_bpmn_call_t *call;

    world_start(deploy_all(SIGNALLED), NULL, &started);
    set_instance(started.id, WF_SUSPENDED);
    call = world_begin();
    ok(world_end(wf_bpmn_delete_instance(call, started.id, NULL, &world.err))
           == APR_SUCCESS,
       "a suspended instance may be deleted");
    is_int(world_executions(started.id), 0, "and is gone");
}

/* The caller is suspended, what it called is active: its end is held back. */
static void caller_alone(void)
{
    wf_started_t started;

    world_start(deploy_all(SIGNALLED), NULL, &started);
    set_instance(started.id, WF_SUSPENDED);
    find_family(started.id);
    ok(set_instance(APR_ARRAY_IDX(family, 1, wf_id_t), WF_ACTIVE) == APR_SUCCESS,
       "activate what was called");
    ok(do_complete_called() != APR_SUCCESS && world.err.kind == WF_ERR_CONFLICT,
       "it cannot return");
}

/* ---- definitions ----------------------------------------------------------------------- */

static void definitions(void)
{
    const wf_definition_t *p = deploy_all(SIGNALLED);
    wf_started_t first, second;

    world_start(p, NULL, &first);
    ok(set_definition(p, WF_SUSPENDED, 0, 0) == APR_SUCCESS, "suspend a definition");
    ok(world_start(now(p), NULL, &second) != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "it starts nothing");
    ok(set_definition(p, WF_SUSPENDED, 0, 0) != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "suspend it again");
    find_family(first.id);
    ok(do_claim() == APR_SUCCESS, "its instances go on");
    ok(set_definition(p, WF_SUSPENDED, 1, 0) == APR_SUCCESS, "now with its instances");
    ok(do_complete() != APR_SUCCESS && do_complete_called() != APR_SUCCESS,
       "they and what they called do not move");
    ok(set_definition(p, WF_ACTIVE, 1, 0) == APR_SUCCESS, "activate them all");
    ok(do_complete() == APR_SUCCESS && do_complete_called() == APR_SUCCESS
           && world_start(now(p), NULL, &second) == APR_SUCCESS,
       "all is as before");
}

static void called_definition(void)
{
    const wf_definition_t *p = deploy_all(SIGNALLED);
    wf_definition_t *q;
    wf_started_t started;
    apr_status_t rv;

    world_check(wf_store_latest_definition(world.reader, "q", &q, world.pool, &world.err),
                &world.err, "q");
    set_definition(q, WF_SUSPENDED, 0, 0);
    rv = world_start(p, NULL, &started);
    ok(rv != APR_SUCCESS && strstr(world.err.message, "suspended"),
       "a call activity does not start it: %s", told());
    set_definition(q, WF_ACTIVE, 0, 0);
}

/* The oldest job of a definition that belongs to no instance, run when it is due. */
static apr_status_t run_planned(const wf_definition_t *definition, apr_int64_t due)
{
    apr_array_header_t *jobs;

    world.now = due;
    world_begin();
    world.call.user = NULL;
    world_check(wf_uow_select_of_definition(world.uow, WF_TABLE_JOB, definition->id,
                                            &jobs, &world.err),
                &world.err, "jobs");
    if (jobs->nelts != 1 || APR_ARRAY_IDX(jobs, 0, wf_job_t *)->due_date != due
        || APR_ARRAY_IDX(jobs, 0, wf_job_t *)->suspension != WF_ACTIVE) {
        return WF_EFAILED;
    }
    return world_end(
        wf_bpmn_execute_job(&world.call, APR_ARRAY_IDX(jobs, 0, wf_job_t *), &world.err));
}

static void at_a_time(void)
{
    const wf_definition_t *p = deploy_all(SIGNALLED);
    apr_int64_t later = world.now + 1000000;
    wf_started_t started;
    apr_status_t rv;

    world_start(p, NULL, &started);
    find_family(started.id);
    ok(set_definition(p, WF_SUSPENDED, 1, later) == APR_SUCCESS, "suspend it later");
    is_int(now(p)->suspension, WF_ACTIVE, "not yet");
    rv = run_planned(p, later);
    ok(rv == APR_SUCCESS, "the job comes: %s", told());
    is_int(now(p)->suspension, WF_SUSPENDED, "it is suspended");
    ok(do_complete() != APR_SUCCESS, "with its instances");
    ok(set_definition(p, WF_ACTIVE, 0, later + 5000) == APR_SUCCESS, "activate it later");
    ok(run_planned(p, later + 5000) == APR_SUCCESS, "a suspended definition's job comes");
    is_int(now(p)->suspension, WF_ACTIVE, "it is active");
    ok(do_complete() != APR_SUCCESS, "its instances are not");
}

/* ---- candidate starters ------------------------------------------------------------------ */

#define STARTERS_ONLY(attributes)                                                        \
    DEFINITIONS "<process id=\"p\" " attributes ">\n" START TASK("t")                    \
        FLOW("s", "t") "</process>\n</definitions>\n"

static const wf_definition_t *deploy_for(const char *user, const char *group)
{
    const wf_definition_t *definition = world_deploy(STARTERS_ONLY(""));
    const char *names[] = { user, group };
    int i;

    world_begin();
    for (i = 0; i < 2; i++) {
        if (names[i]) {
            wf_identitylink_t *link = wf_uow_insert(world.uow, WF_TABLE_IDENTITYLINK);

            link->type = "candidate";
            link->proc_def_id = definition->id;
            *(i ? &link->group_id : &link->user_id) = names[i];
        }
    }
    world_check(world_end(APR_SUCCESS), &world.err, "links");
    return definition;
}

static void add_membership(const char *user, const char *group)
{
    wf_membership_t *membership;
    wf_group_t *row;
    wf_user_t *person;

    world_begin();
    row = wf_uow_insert(world.uow, WF_TABLE_GROUP);
    row->id = group;
    person = wf_uow_insert(world.uow, WF_TABLE_USER);
    person->id = user;
    membership = wf_uow_insert(world.uow, WF_TABLE_MEMBERSHIP);
    membership->user_id = user;
    membership->group_id = group;
    world_check(world_end(APR_SUCCESS), &world.err, "membership");
}

static void starters(void)
{
    static const struct {
        const char *user, *group; /* candidate starters */
        const char *who;
        int only, starts;
    } cases[] = {
        { NULL, NULL, "gonzo", 1, 1 },        { "kermit", NULL, "kermit", 1, 1 },
        { "kermit", NULL, "gonzo", 1, 0 },    { "kermit", NULL, "gonzo", 0, 1 },
        { NULL, "sales", "gonzo", 1, 1 },     { NULL, "sales", "kermit", 1, 0 },
        { "kermit", "sales", "gonzo", 1, 1 }, { NULL, "gonzo", "gonzo", 1, 0 },
        { "sales", NULL, "gonzo", 1, 0 },
    };
    apr_size_t i;

    add_membership("gonzo", "sales");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const wf_definition_t *definition = deploy_for(cases[i].user, cases[i].group);
        wf_started_t started;
        apr_status_t rv;

        world_begin();
        world.call.user = cases[i].who;
        world.call.starters_only = cases[i].only;
        rv = world_end(
            wf_bpmn_start(&world.call, definition, NULL, NULL, &started, &world.err));
        is_int(rv == APR_SUCCESS, cases[i].starts,
               "user %s, group %s, only %d: %s starts",
               cases[i].user ? cases[i].user : "-", cases[i].group ? cases[i].group : "-",
               cases[i].only, cases[i].who);
        if (!cases[i].starts) {
            is_int(world.err.kind, WF_ERR_FORBIDDEN, "forbidden");
        }
    }
}

int main(void)
{
    world_open();
    instances();
    deleted();
    caller_alone();
    definitions();
    called_definition();
    at_a_time();
    starters();
    world_close();
    return done_testing();
}
