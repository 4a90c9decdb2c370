/* Two units that work on one instance at the same time, as jobs that are not exclusive
 * and signals from other instances do: the one that is committed later meets a conflict
 * wherever it has not seen what the first one did, and is right when it is begun again.
 */
#include "world.h"

#define SIGNALS "<signal id=\"sigA\" name=\"A\"/>\n"
#define FILE_OF(body)                                                                    \
    DEFINITIONS SIGNALS "<process id=\"p\">\n" body "</process>\n</definitions>\n"
#define CATCH(id)                                                                        \
    "<intermediateCatchEvent id=\"" id "\"><signalEventDefinition signalRef=\"sigA\"/>"  \
    "</intermediateCatchEvent>\n"
#define BOUNDARY(id, host)                                                               \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host "\"><signalEventDefinition "    \
    "signalRef=\"sigA\"/></boundaryEvent>\n"
#define INCLUSIVE(id) "<inclusiveGateway id=\"" id "\"/>\n"

typedef struct unit_t {
    wf_uow_t *uow;
    wf_bpmn_call_t call;
} unit_t;

static unit_t begin(void)
{
    unit_t unit;

    world_begin();
    unit.uow = wf_uow_create(world.reader, world.ids, world.pool);
    unit.call = world.call;
    unit.call.uow = unit.uow;
    return unit;
}

static wf_err_kind_e commit(unit_t *unit)
{
    wf_error_t outcome, err;

    wf_error_init(&err, world.pool);
    wf_error_init(&outcome, world.pool);
    world_check(wf_store_commit(world.writer, world.ids, &unit->uow, 1, &outcome, &err),
                &err, "commit");
    return outcome.kind;
}

static void complete(unit_t *unit, wf_id_t task)
{
    world_check(wf_bpmn_complete(&unit->call, task, NULL, &world.err), &world.err,
                "complete");
}

static void throw(unit_t * unit)
{
    world_check(wf_bpmn_throw(&unit->call, "A", NULL, 0, &world.err), &world.err,
                "throw");
}

static void execute(unit_t *unit, wf_id_t id)
{
    wf_job_t *job;

    world_check(wf_uow_get(unit->uow, WF_TABLE_JOB, id, &job, &world.err), &world.err,
                "job");
    world_check(wf_bpmn_execute_job(&unit->call, job, &world.err), &world.err, "execute");
}

static wf_started_t start(const char *xml)
{
    wf_started_t started;

    world_check(world_start(world_deploy(xml), NULL, &started), &world.err, "start");
    return started;
}

static wf_id_t job_of(wf_id_t instance, int nth)
{
    return APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, instance), nth, wf_job_t *)
        ->id;
}

/* ---- joins --------------------------------------------------------------------------- */

#define LOOSE(id)                                                                        \
    "<task id=\"" id "\" activiti:async=\"true\" activiti:exclusive=\"false\"/>\n"

static void two_at_a_join(const char *what, const char *xml)
{
    wf_started_t started = start(xml);
    wf_id_t first = job_of(started.id, 0), second = job_of(started.id, 1);
    unit_t one = begin(), two = begin();

    execute(&one, first);
    execute(&two, second);
    is_int(commit(&one), WF_ERR_NONE, "%s: the first one arrives", what);
    is_int(commit(&two), WF_ERR_CONFLICT, "%s: the second one must look again", what);
    two = begin();
    execute(&two, second);
    is_int(commit(&two), WF_ERR_NONE, "%s: it arrives, too", what);
    is_str(world_tasks(started.id), "z", "%s: and both go on as one", what);
}

/* One comes to the join, the other one leaves for where it cannot come from. */
static void one_leaves(void)
{
    wf_started_t started = start(
        FILE_OF(START FORK("f") TASK("a") CATCH("c") TASK("y") INCLUSIVE("j") TASK("z")
                    CHOICE("g") FLOW("s", "f") FLOW("f", "a") FLOW("f", "c")
                        FLOW("a", "j") FLOW("c", "g") IF("g", "y", "${true}")
                            IF("g", "j", "${false}") FLOW("j", "z")));
    wf_id_t task = world_task(started.id, "a");
    unit_t one = begin(), two = begin();

    complete(&one, task);
    throw(&two);
    is_int(commit(&one), WF_ERR_NONE, "inclusive: one token waits for the other");
    is_int(commit(&two), WF_ERR_CONFLICT, "inclusive: which leaves at the same time");
    two = begin();
    throw(&two);
    is_int(commit(&two), WF_ERR_NONE, "inclusive: again");
    is_str(world_tasks(started.id), "y z", "inclusive: nobody waits for ever");
}

/* ---- signals from elsewhere ------------------------------------------------------------ */

#define INTERRUPTED                                                                      \
    FILE_OF(START TASK("a") BOUNDARY("b", "a") TASK("y") TASK("z") FLOW("s", "a")         \
                FLOW("a", "y") FLOW("b", "z"))

static void a_task_ends_meanwhile(void)
{
    wf_started_t started = start(INTERRUPTED);
    wf_id_t task = world_task(started.id, "a");
    unit_t one = begin(), two = begin();

    complete(&one, task);
    throw(&two);
    is_int(commit(&one), WF_ERR_NONE, "a task is completed");
    is_int(commit(&two), WF_ERR_CONFLICT, "while a signal would interrupt it");
    two = begin();
    throw(&two);
    is_int(wf_uow_is_empty(two.uow), 1, "nobody waits for it any more");
    is_str(world_tasks(started.id), "y", "the process went on");
}

static void the_signal_is_first(void)
{
    wf_started_t started = start(INTERRUPTED);
    wf_id_t task = world_task(started.id, "a");
    unit_t one = begin(), two = begin();

    complete(&one, task);
    throw(&two);
    is_int(commit(&two), WF_ERR_NONE, "a signal interrupts a task");
    is_int(commit(&one), WF_ERR_CONFLICT, "that somebody completes");
    one = begin();
    ok(wf_bpmn_complete(&one.call, task, NULL, &world.err) != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND,
       "it is gone");
    is_str(world_tasks(started.id), "z", "the signal won");
}

static void two_signals(void)
{
    wf_started_t started =
        start(FILE_OF(START CATCH("c") TASK("z") FLOW("s", "c") FLOW("c", "z")));
    unit_t one = begin(), two = begin();

    throw(&one);
    throw(&two);
    is_int(commit(&one), WF_ERR_NONE, "of two signals");
    is_int(commit(&two), WF_ERR_CONFLICT, "one is received");
    is_str(world_tasks(started.id), "z", "once");
}

/* A unit that announces a signal has no row in common with one that ends or suspends who
 * waits, and would leave a job that nobody waits for, or one that is not suspended. */
static unit_t announce(void)
{
    unit_t unit = begin();

    world_check(wf_bpmn_throw(&unit.call, "A", NULL, 1, &world.err), &world.err, "throw");
    return unit;
}

static void nobody_is_left_to_tell(void)
{
    start(FILE_OF(START CATCH("c") FLOW("s", "c")));
    unit_t one = announce(), two = begin();

    throw(&two);
    is_int(commit(&two), WF_ERR_NONE, "a signal ends an instance");
    is_int(commit(&one), WF_ERR_CONFLICT, "for which another one is announced");
    one = announce();
    is_int(wf_uow_is_empty(one.uow), 1, "nobody waits for it");
}

static void who_waits_is_suspended(void)
{
    wf_started_t started =
        start(FILE_OF(START CATCH("c") TASK("z") FLOW("s", "c") FLOW("c", "z")));
    unit_t one = announce(), two = begin();

    world_check(wf_bpmn_suspend_instance(&two.call, started.id, WF_SUSPENDED, &world.err),
                &world.err, "suspend");
    is_int(commit(&two), WF_ERR_NONE, "an instance is suspended");
    is_int(commit(&one), WF_ERR_CONFLICT, "for which a signal is announced");
    one = announce();
    is_int(wf_uow_is_empty(one.uow), 1, "it gets none");
    one = begin();
    world_check(wf_bpmn_suspend_instance(&one.call, started.id, WF_ACTIVE, &world.err),
                &world.err, "activate");
    is_int(commit(&one), WF_ERR_NONE, "active again");
    one = announce();
    is_int(commit(&one), WF_ERR_NONE, "it does");
    one = begin();
    execute(&one, job_of(started.id, 0));
    is_int(commit(&one), WF_ERR_NONE, "and goes on");
    is_str(world_tasks(started.id), "z", "to its task");
}

/* ---- definitions that go --------------------------------------------------------------- */

static void what_is_called_goes_meanwhile(void)
{
    const wf_definition_t *called = world_deploy_as(
        DEFINITIONS "<process id=\"called\">\n" START TASK("x") FLOW("s", "x")
            "</process>\n</definitions>\n",
        "called");
    wf_started_t started =
        start(FILE_OF(START TASK("a") "<callActivity id=\"c\" calledElement=\"called\"/>"
                          FLOW("s", "a") FLOW("a", "c")));
    wf_id_t task = world_task(started.id, "a");
    unit_t one = begin(), two = begin();
    wf_definition_t *row;

    complete(&one, task);
    world_check(wf_uow_get_by_key(two.uow, WF_TABLE_DEFINITION, called->id, &row,
                                  &world.err),
                &world.err, "definition");
    wf_uow_delete(two.uow, row);
    is_int(commit(&two), WF_ERR_NONE, "a definition is deleted");
    is_int(commit(&one), WF_ERR_CONFLICT, "while a call activity takes it");
    is_str(world_tasks(started.id), "a", "nothing was called");
}

int main(void)
{
    world_open();
    two_at_a_join("parallel",
                  FILE_OF(START FORK("f") LOOSE("a") LOOSE("b") FORK("j") TASK("z")
                              FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j")
                                  FLOW("b", "j") FLOW("j", "z")));
    two_at_a_join("inclusive",
                  FILE_OF(START FORK("f") LOOSE("a") LOOSE("b") INCLUSIVE("j") TASK("z")
                              FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j")
                                  FLOW("b", "j") FLOW("j", "z")));
    one_leaves();
    a_task_ends_meanwhile();
    the_signal_is_first();
    two_signals();
    nobody_is_left_to_tell();
    who_waits_is_suspended();
    what_is_called_goes_meanwhile();
    world_close();
    return done_testing();
}
