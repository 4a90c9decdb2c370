/* External tasks: activities that wait for a worker. Steps of their own: take (worker w
 * locks it), done, error and fail (w reports; the JSON is its variables, its error or its
 * failure), retries. */
#include "scenario.h"

#define WORK_AS(id, attributes)                                                          \
    "<serviceTask id=\"" id "\" activiti:type=\"external\" " attributes "/>\n"
#define WORK(id) WORK_AS(id, "activiti:topic=\"pay\"")
#define ERROR_AT(id, host, code)                                                         \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host "\"><errorEventDefinition "     \
    "errorRef=\"" code "\" activiti:errorCodeVariable=\"caught\" "                       \
    "activiti:errorMessageVariable=\"why\"/></boundaryEvent>\n"
#define ONE(attributes)                                                                  \
    PROCESS(START WORK_AS("x", attributes) TASK("t") FLOW("s", "x") FLOW("x", "t"))
#define BROKEN DEFINITIONS "<error id=\"bad\" errorCode=\"BAD\"/>\n<process id=\"p\">\n"
#define OUTER                                                                            \
    BROKEN START "<subProcess id=\"u\">"                                                 \
                 "<startEvent id=\"v\"/>" WORK("x")                                      \
                     FLOW("v", "x") "</subProcess>" ERROR_AT("b", "u", "bad") TASK("t")  \
                         TASK("h") FLOW("s", "u") FLOW("u", "t")                         \
                             FLOW("b", "h") "</process></definitions>"
#define BORDER                                                                           \
    BROKEN START WORK("x") ERROR_AT("b", "x", "bad") TASK("t") TASK("h") FLOW("s", "x")  \
        FLOW("x", "t") FLOW("b", "h") "</process></definitions>"
#define ROUNDS                                                                           \
    PROCESS(START "<serviceTask id=\"x\" activiti:type=\"external\" "                    \
                  "activiti:topic=\"pay\"><multiInstanceLoopCharacteristics "            \
                  "isSequential=\"false\"><loopCardinality>2</loopCardinality>"          \
                  "</multiInstanceLoopCharacteristics></serviceTask>" TASK("t")          \
                      FLOW("s", "x") FLOW("x", "t"))

/* clang-format off */
static const scenario_t scenarios[] = {
    { "a worker does it", ONE("activiti:topic=\"pay\""), NULL,
      "x | take x: x | done x {\"paid\": true}: t | complete t:", "s x t" },
    { "nobody has it", ONE("activiti:topic=\"pay\""), NULL,
      "x | done x: !not locked by worker 'w' | error x {\"code\": \"BAD\"}: !not locked | fail x: !not locked", NULL },
    { "a gateway sees its variables", PROCESS(START WORK("x") CHOICE("g") TASK("a") TASK("b") FLOW("s", "x")
        FLOW("x", "g") IF("g", "a", "${n gt 5}") IF("g", "b", "${n le 5}")), NULL,
      "x | take x: x | done x {\"n\": 7}: a", NULL },
    { "topic and priority of expressions", ONE("activiti:topic=\"${'t'.concat(n)}\" activiti:taskPriority=\"${n + 1}\""),
      "{\"n\": 5}", "x | take x: x | done x: t", NULL },
    { "no topic", ONE("activiti:topic=\"${null}\""), NULL, "!the topic is empty", NULL },
    { "a priority that is none", ONE("activiti:topic=\"pay\" activiti:taskPriority=\"${'high'}\""), NULL,
      "!taskPriority", NULL },
    { "asynchronous", PROCESS(START WORK_AS("x", "activiti:topic=\"pay\" activiti:async=\"true\"") TASK("t") FLOW("s", "x")
        FLOW("x", "t")), NULL, "x | job x: x | take x: x | done x: t", NULL },
    { "left by a job", PROCESS(START WORK_AS("x", "activiti:topic=\"pay\" activiti:asyncAfter=\"true\"") TASK("t")
        FLOW("s", "x") FLOW("x", "t")), NULL, "x | take x: x | done x: x | job x: t", NULL },
    { "a class that is mapped to a topic", PROCESS(START "<serviceTask id=\"x\" activiti:class=\"org.acme.Topic\"/>" TASK("t")
        FLOW("s", "x") FLOW("x", "t")), NULL, "x | take x: x | done x: t", NULL },
    { "a send task", PROCESS(START "<sendTask id=\"x\" activiti:type=\"external\" activiti:topic=\"pay\"/>" TASK("t")
        FLOW("s", "x") FLOW("x", "t")), NULL, "x | take x: x | done x: t", NULL },

    { "a message end event", DEFINITIONS "<message id=\"m\" name=\"M\"/><process id=\"p\">" START
        "<endEvent id=\"x\"><messageEventDefinition messageRef=\"m\" activiti:type=\"external\""
        " activiti:topic=\"pay\"/></endEvent>" FLOW("s", "x") "</process></definitions>", NULL, "x | take x: x | done x:", "s x" },
    { "branches", PROCESS(START FORK("f") WORK("x") WORK("y") FORK("j") TASK("t") FLOW("s", "f") FLOW("f", "x")
        FLOW("f", "y") FLOW("x", "j") FLOW("y", "j") FLOW("j", "t")), NULL,
      "x y | take x: x y | take y: x y | done y: x | done x: t", NULL },
    { "a branch ends, the other one moves up", PROCESS(START FORK("f") TASK("a") WORK("x") TASK("t") FLOW("s", "f")
        FLOW("f", "a") FLOW("f", "x") FLOW("x", "t")), NULL,
      "a x | take x: a x | fail x {\"retries\": 0}: a x | complete a: x | retries x {\"n\": 1}: x | done x: t", NULL },
    { "rounds", ROUNDS, NULL, "x x | take x: x x | take 2nd x: x x | done x: x | done x: t", NULL },

    { "an error caught on its border", BORDER, NULL,
      "x | take x: x | error x {\"code\": \"BAD\", \"message\": \"no money\"}: h | complete h:", "s x b h" },
    { "an error caught further out", OUTER, NULL, "x | take x: x | error x {\"code\": \"BAD\"}: h", "s u v x b h" },
    { "an error caught by nothing", OUTER, NULL,
      "x | take x: x | error x {\"code\": \"OTHER\"}: !caught by nothing | error x: !errorCode | done x: t", NULL },
    { "interrupted by a branch that fails", BROKEN START "<subProcess id=\"u\"><startEvent id=\"v\"/>" FORK("f") WORK("x")
        TASK("a") "<endEvent id=\"z\"><errorEventDefinition errorRef=\"bad\"/></endEvent>" FLOW("v", "f") FLOW("f", "x")
        FLOW("f", "a") FLOW("a", "z") "</subProcess>" ERROR_AT("b", "u", "bad") TASK("t") FLOW("s", "u") FLOW("b", "t")
        "</process></definitions>", NULL,
      "a x | take x: a x | fail x {\"retries\": 0, \"details\": \"trace\"}: a x | complete a: t | done x: !no external task", NULL },

    { "failures", ONE("activiti:topic=\"pay\""), NULL,
      "x | take x: x | fail x {\"retries\": 2, \"message\": \"no\", \"details\": \"trace\"}: x"
      " | fail x {\"retries\": 0, \"message\": \"never\"}: x | fail x {\"retries\": -1}: !retries"
      " | retries x {\"n\": -1}: !retries | retries x {\"n\": 3}: x | done x: t", NULL },
    { "a failure brings variables", PROCESS(START WORK("x") CHOICE("g") TASK("a") TASK("b") FLOW("s", "x")
        FLOW("x", "g") IF("g", "a", "${n gt 5}") IF("g", "b", "${n le 5}")), NULL,
      "x | take x: x | fail x {\"retries\": 1, \"variables\": {\"n\": 6}}: x | done x: a", NULL },
};
/* clang-format on */

static const char delegates[] = "{\"org.acme.Topic\": {\"external\": \"pay\"}}";

/* ---- rows -------------------------------------------------------------------------------- */

/* The nth external task at an activity, of the whole family; 0 if there is none. */
static wf_id_t nth_work(const char *activity, int nth)
{
    wf_filter_t filter = { "activityId", wf_string(activity) };
    wf_page_t page = { .size = 100 };
    wf_rows_t rows;
    int i;

    world_begin();
    world_check(wf_store_list(world.reader, WF_LIST_EXTERNAL_TASKS, &filter, 1, &page,
                              &rows, world.unit_pool, &world.err),
                &world.err, "external tasks");
    for (i = 0; i < rows.rows->nelts; i++) {
        const wf_external_task_t *task =
            APR_ARRAY_IDX(rows.rows, i, const wf_external_task_t *);
        int k;

        for (k = 0; k < family->nelts; k++) {
            if (APR_ARRAY_IDX(family, k, wf_id_t) == task->proc_inst_id && --nth == 0) {
                return task->id;
            }
        }
    }
    return 0;
}

static const char *text_of(const wf_map_t *vars, const char *name)
{
    const wf_value_t *value = vars ? wf_map_get(vars, name) : NULL;

    return value ? value->as.text.data : NULL;
}

static apr_int64_t number_of(const wf_map_t *vars, const char *name)
{
    const wf_value_t *value = vars ? wf_map_get(vars, name) : NULL;

    return value ? value->as.integer : 0;
}

static apr_status_t work(const char *action, const char *name, int nth,
                         const wf_map_t *vars)
{
    wf_id_t id = nth_work(name, nth);
    const wf_bpmn_call_t *call = world_begin();
    const wf_value_t *set = vars ? wf_map_get(vars, "variables") : NULL;
    wf_external_report_t report = { .worker = "w",
                                    .variables = set ? set->as.map : NULL,
                                    .code = text_of(vars, "code"),
                                    .message = text_of(vars, "message"),
                                    .details = text_of(vars, "details"),
                                    .retries = (int)number_of(vars, "retries"),
                                    .pause = number_of(vars, "pause") };

    if (strcmp(action, "take") == 0) {
        return world_end(wf_bpmn_external_lock(call, id, "w", 1000, &world.err));
    }
    if (strcmp(action, "done") == 0) {
        report.variables = vars;
        return world_end(wf_bpmn_external_complete(call, id, &report, &world.err));
    }
    if (strcmp(action, "error") == 0) {
        return world_end(wf_bpmn_external_error(call, id, &report, &world.err));
    }
    if (strcmp(action, "retries") == 0) {
        return world_end(wf_bpmn_external_set_retries(call, id, (int)number_of(vars, "n"),
                                                      &world.err));
    }
    return world_end(wf_bpmn_external_failure(call, id, &report, &world.err));
}

/* ---- what the rows hold --------------------------------------------------------------------- */

static wf_external_task_t *row_now(wf_id_t id)
{
    return world_row(WF_TABLE_EXTERNAL_TASK, id);
}

static int count_of(wf_list_e list, wf_id_t instance)
{
    wf_filter_t filter = { "processInstanceId", wf_long(instance) };
    wf_page_t page = { .size = 0 };
    wf_rows_t rows;

    world_check(wf_store_list(world.reader, list, &filter, 1, &page, &rows,
                              world.unit_pool, &world.err),
                &world.err, "list");
    return (int)rows.total;
}

static wf_id_t begin_one(const char *xml, const char *vars)
{
    wf_started_t started;

    world_check(world_start(deploy_all(xml), vars_of(vars), &started), &world.err,
                "start");
    find_family(started.id);
    return started.id;
}

static apr_status_t lock(wf_id_t id, const char *worker, apr_int64_t ms)
{
    const wf_bpmn_call_t *call = world_begin();

    return world_end(wf_bpmn_external_lock(call, id, worker, ms, &world.err));
}

static apr_status_t extend(wf_id_t id, const char *worker, apr_int64_t ms)
{
    const wf_bpmn_call_t *call = world_begin();

    return world_end(wf_bpmn_external_extend(call, id, worker, ms, &world.err));
}

static void created(void)
{
    wf_id_t instance = begin_one(
        ONE("activiti:topic=\"${'t'.concat(n)}\" activiti:taskPriority=\"${n * 2}\""),
        "{\"n\": 5}");
    wf_id_t id = nth_work("x", 1);
    const wf_external_task_t *task = row_now(id);

    is_str(task->topic, "t5", "the topic is evaluated");
    is_int(task->priority, 10, "so is the priority");
    ok(task->proc_inst_id == instance && task->execution_id == instance
           && task->act_inst_id && task->created,
       "the row knows where it belongs");
    is_int(task->retries, -1, "no retries are set yet");
    ok(!task->worker_id && !task->lock_exp_time, "nobody has it");
}

/* Who holds a lock, and when it is over. */
static void locks(void)
{
    wf_id_t id;

    begin_one(ONE("activiti:topic=\"pay\""), NULL);
    id = nth_work("x", 1);
    ok(lock(id, "a", 1000) == APR_SUCCESS, "a locks it");
    ok(row_now(id)->lock_exp_time == world.now + 1000, "for that long");
    ok(lock(id, "b", 1000) != APR_SUCCESS && world.err.kind == WF_ERR_INVALID,
       "b cannot meanwhile");
    ok(extend(id, "b", 1000) != APR_SUCCESS, "nor extend the lock");
    ok(lock(id, "a", 500) == APR_SUCCESS, "a can lock it again");
    ok(extend(id, "a", 5000) == APR_SUCCESS, "and extend the lock");
    ok(row_now(id)->lock_exp_time == world.now + 5000, "from now on");
    ok(lock(id, "a", 0) != APR_SUCCESS && extend(id, "a", 0) != APR_SUCCESS,
       "a span must be one");
    ok(lock(id, "", 1) != APR_SUCCESS && lock(id, NULL, 1) != APR_SUCCESS,
       "a worker must have a name");
    world.now += 5000;
    ok(extend(id, "a", 1000) != APR_SUCCESS && strstr(world.err.message, "over") != NULL,
       "a lock that is over is not extended");
    ok(lock(id, "b", 1000) == APR_SUCCESS, "then b may have it");
    world_begin();
    ok(world_end(wf_bpmn_external_unlock(&world.call, id, &world.err)) == APR_SUCCESS,
       "anybody may unlock it");
    ok(!row_now(id)->worker_id && !row_now(id)->lock_exp_time, "then nobody has it");
    ok(lock(id + 1000, "a", 1) != APR_SUCCESS && world.err.kind == WF_ERR_NOT_FOUND,
       "no such task");
}

/* A lock that is over and not taken by another one still counts. */
static void late(void)
{
    wf_external_report_t report = { .worker = "a" };
    wf_id_t id;

    begin_one(ONE("activiti:topic=\"pay\""), NULL);
    id = nth_work("x", 1);
    lock(id, "a", 100);
    world.now += 1000;
    lock(id, "b", 100);
    world_begin();
    ok(world_end(wf_bpmn_external_complete(&world.call, id, &report, &world.err))
           != APR_SUCCESS,
       "too late: somebody else has taken it");
    world.now += 1000;
    report.worker = "b";
    world_begin();
    ok(world_end(wf_bpmn_external_complete(&world.call, id, &report, &world.err))
           == APR_SUCCESS,
       "late, but nobody has taken it");
    world_begin();
    ok(world_end(wf_bpmn_external_complete(&world.call, id, &report, &world.err))
               != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND,
       "once");
}

static void fail(wf_id_t id, int retries, apr_int64_t pause, const char *message,
                 const char *details)
{
    wf_external_report_t report = { .worker = "w",
                                    .retries = retries,
                                    .pause = pause,
                                    .message = message,
                                    .details = details };

    world_begin();
    world_check(world_end(wf_bpmn_external_failure(&world.call, id, &report, &world.err)),
                &world.err, "failure");
}

static int trace_is(wf_id_t id, const char *text)
{
    const wf_bytearray_t *trace = world_row(WF_TABLE_BYTEARRAY, id);

    return trace ? text && trace->length == strlen(text)
                       && memcmp(trace->bytes, text, trace->length) == 0
                 : !text;
}

static void failures(void)
{
    wf_id_t instance = begin_one(ONE("activiti:topic=\"pay\""), NULL);
    wf_id_t id = nth_work("x", 1), trace;
    const wf_external_task_t *task;

    lock(id, "w", 1000);
    fail(id, 2, 700, "no connection", "first trace");
    task = row_now(id);
    is_int(task->retries, 2, "a failure says how many retries are left");
    is_str(task->error_msg, "no connection", "and why");
    ok(task->lock_exp_time == world.now + 700, "the pause is a lock");
    trace = task->error_details_id;
    ok(trace_is(trace, "first trace"), "the details are kept");
    is_int(count_of(WF_LIST_INCIDENTS, instance), 0, "no incident yet");
    fail(id, 0, 0, "gave up", NULL);
    ok(!row_now(id)->error_details_id && trace_is(trace, NULL), "old details go");
    ok(!row_now(id)->lock_exp_time, "no pause, no lock");
    is_int(count_of(WF_LIST_INCIDENTS, instance), 1, "an incident");
    fail(id, 0, 0, "gave up again", "last trace");
    is_int(count_of(WF_LIST_INCIDENTS, instance), 1, "just one");
    trace = row_now(id)->error_details_id;
    world_begin();
    world_check(world_end(wf_bpmn_external_set_retries(&world.call, id, 4, &world.err)),
                &world.err, "retries");
    is_int(count_of(WF_LIST_INCIDENTS, instance), 0, "new retries end it");
    is_int(row_now(id)->retries, 4, "and count");
    world_begin();
    world_check(world_end(wf_bpmn_external_set_retries(&world.call, id, 0, &world.err)),
                &world.err, "retries");
    is_int(count_of(WF_LIST_INCIDENTS, instance), 1, "none make one");
    world_begin();
    world_check(
        world_end(wf_bpmn_delete_instance(&world.call, instance, NULL, &world.err)),
        &world.err, "delete");
    ok(count_of(WF_LIST_INCIDENTS, instance) == 0
           && count_of(WF_LIST_EXTERNAL_TASKS, instance) == 0 && trace_is(trace, NULL),
       "nothing is left of a deleted instance");
}

/* A message of any length fits; its end goes. */
static void long_message(void)
{
    char *text = apr_palloc(world.pool, 10001);
    wf_id_t id;

    memset(text, 'm', 10000);
    text[10000] = '\0';
    begin_one(ONE("activiti:topic=\"pay\""), NULL);
    id = nth_work("x", 1);
    lock(id, "w", 1000);
    fail(id, 1, 0, text, text);
    is_int(strlen(row_now(id)->error_msg), WF_EXTERNAL_MAX_MESSAGE, "messages are cut");
    ok(trace_is(row_now(id)->error_details_id, text), "details are not");
}

static void caught(void)
{
    wf_id_t instance = begin_one(BORDER, NULL), id = nth_work("x", 1);
    wf_map_t *vars = world_vars();
    wf_external_report_t report = {
        .worker = "w", .code = "BAD", .message = "no money", .variables = vars
    };

    wf_map_set(vars, "left", wf_integer(3));
    lock(id, "w", 1000);
    world_begin();
    ok(world_end(wf_bpmn_external_error(&world.call, id, &report, &world.err))
           == APR_SUCCESS,
       "an error of a worker");
    is_str(world_var(instance, "caught"), "\"BAD\"", "its code");
    is_str(world_var(instance, "why"), "\"no money\"", "its message");
    is_str(world_var(instance, "left"), "3", "and its variables");
}

/* Local variables belong to the round that the task is in. */
static void local(void)
{
    wf_id_t instance = begin_one(ROUNDS, NULL), id = nth_work("x", 1);
    wf_map_t *vars = world_vars(), *own = world_vars();
    wf_external_report_t report = { .worker = "w", .variables = vars, .local = own };

    wf_map_set(vars, "kept", wf_integer(1));
    wf_map_set(own, "gone", wf_integer(2));
    lock(id, "w", 1000);
    world_begin();
    world_check(
        world_end(wf_bpmn_external_complete(&world.call, id, &report, &world.err)),
        &world.err, "complete");
    is_str(world_var(instance, "kept"), "1", "a variable is the instance's");
    id = nth_work("x", 1);
    lock(id, "w", 1000);
    world_begin();
    world_check(
        world_end(wf_bpmn_external_complete(&world.call, id, &report, &world.err)),
        &world.err, "complete");
    is_str(world_var(instance, "gone"), NULL, "a local one goes with its round");
}

static void suspended(void)
{
    wf_id_t instance = begin_one(ONE("activiti:topic=\"pay\""), NULL);
    wf_id_t id = nth_work("x", 1);
    wf_external_report_t report = { .worker = "w" };

    lock(id, "w", 1000);
    world_begin();
    wf_uow_suspend_instance(world.uow, instance, WF_SUSPENDED);
    world_check(world_end(APR_SUCCESS), &world.err, "suspend");
    world_begin();
    ok(world_end(wf_bpmn_external_complete(&world.call, id, &report, &world.err))
               != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "a suspended instance waits");
    world_begin();
    wf_uow_suspend_instance(world.uow, instance, WF_ACTIVE);
    world_check(world_end(APR_SUCCESS), &world.err, "activate");
    world_begin();
    ok(world_end(wf_bpmn_external_complete(&world.call, id, &report, &world.err))
           == APR_SUCCESS,
       "until it is activated");
}

static void priorities(void)
{
    wf_id_t id;

    begin_one(ONE("activiti:topic=\"pay\" activiti:taskPriority=\"7\""), NULL);
    id = nth_work("x", 1);
    is_int(row_now(id)->priority, 7, "a priority as a number");
    world_begin();
    world_check(world_end(wf_bpmn_external_set_priority(&world.call, id, -3, &world.err)),
                &world.err, "priority");
    is_int(row_now(id)->priority, -3, "another one");
}

int main(void)
{
    wf_delegates_t *registry;
    int i;

    world_open();
    wf_error_init(&world.err, world.pool);
    world_check(wf_delegates_parse(&registry, delegates, strlen(delegates), 0, world.pool,
                                   &world.err),
                &world.err, "delegates");
    world.services.delegates = registry;
    more_steps = work;
    for (i = 0; i < (int)(sizeof(scenarios) / sizeof(scenarios[0])); i++) {
        play(&scenarios[i]);
    }
    created();
    locks();
    late();
    failures();
    long_message();
    caught();
    local();
    suspended();
    priorities();
    world_close();
    return done_testing();
}
