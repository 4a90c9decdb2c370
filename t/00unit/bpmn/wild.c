/* Random processes that nobody would draw: any node leads to any other, handlers stand in
 * the way, loops have no end, event listeners throw what may end the step they are told
 * of. Whatever the parser takes is walked at random. A step may fail, and then nothing
 * has changed; but nothing crashes, the rows fit together after each step, and nothing is
 * left of an instance that ends or is deleted.
 *
 * The seed is fixed; WF_SEED tries another one, WF_WALKS more of them. */
#include <sqlite3.h>

#include "scenario.h"

#define WALKS 150
#define MOVES 40
#define ROUNDS 200000
#define ROUNDS_LISTENED 1000 /* each of them may throw something */
#define CROWD 100 /* executions; then it has been let alone long enough */

static apr_uint64_t chance_state;

static int chance(int below)
{
    chance_state = chance_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((chance_state >> 33) % (apr_uint64_t)below);
}

/* ---- making a file ----------------------------------------------------------------------- */

typedef struct body_t {
    apr_array_header_t *nodes;      /* const char *: what flows may lead to */
    apr_array_header_t *sources;    /* … and what they may come from */
    apr_array_header_t *activities; /* what events may stand on */
    apr_array_header_t *handlers;   /* activities for compensation */
    int transaction, depth;
} body_t;

static apr_array_header_t *text;
static int next;

static void put(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    APR_ARRAY_PUSH(text, const char *) = apr_pvsprintf(world.pool, format, args);
    va_end(args);
}

static const char *new_id(const char *kind)
{
    return apr_psprintf(world.pool, "%s%d", kind, next++);
}

static const char *any(const apr_array_header_t *ids)
{
    return APR_ARRAY_IDX(ids, chance(ids->nelts), const char *);
}

static const char *one_of(const char *const *texts, int count)
{
    return texts[chance(count)];
}

#define ONE_OF(texts) one_of(texts, (int)(sizeof(texts) / sizeof(texts[0])))

/* clang-format off */
static const char *const conditions[] = {
    "", "", "", "<conditionExpression>${true}</conditionExpression>",
    "<conditionExpression>${a}</conditionExpression>", "<conditionExpression>${not a}</conditionExpression>",
};

static const char *const loops[] = {
    "", "", "", "", "", "",
    "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>",
    "<multiInstanceLoopCharacteristics isSequential=\"true\"><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>",
    "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality><completionCondition>${nrOfCompletedInstances == 2}"
    "</completionCondition></multiInstanceLoopCharacteristics>",
    "<multiInstanceLoopCharacteristics isSequential=\"true\"><loopCardinality>3</loopCardinality><completionCondition>${a}"
    "</completionCondition></multiInstanceLoopCharacteristics>",
};

static const char *const jobs[] = {
    "", "", "", "", "", "activiti:async=\"true\"", "activiti:asyncAfter=\"true\"",
    "activiti:async=\"true\" activiti:asyncAfter=\"true\"",
};

static const char *const waits[] = {
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
    "<signalEventDefinition signalRef=\"sA\"/>", "<signalEventDefinition signalRef=\"sB\"/>",
    "<messageEventDefinition messageRef=\"mM\"/>",
};

static const char *const around[] = {
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
    "<timerEventDefinition><timeCycle>R2/PT1H</timeCycle></timerEventDefinition>",
    "<signalEventDefinition signalRef=\"sA\"/>", "<signalEventDefinition signalRef=\"sB\"/>",
    "<errorEventDefinition errorRef=\"E\"/>", "<errorEventDefinition/>",
};

static const char *const throws[] = {
    "<signalEventDefinition signalRef=\"sA\"/>", "<signalEventDefinition signalRef=\"sB\" activiti:async=\"true\"/>",
    "<compensateEventDefinition/>", "<compensateEventDefinition/>", "",
};

static const char *const ends[] = {
    "", "", "", "<terminateEventDefinition/>", "<terminateEventDefinition activiti:terminateAll=\"true\"/>",
    "<errorEventDefinition errorRef=\"E\"/>", "<errorEventDefinition errorRef=\"F\"/>", "<compensateEventDefinition/>",
    "<signalEventDefinition signalRef=\"sA\"/>",
};

static const char *const gateways[] = {
    "parallelGateway", "parallelGateway", "inclusiveGateway", "inclusiveGateway", "exclusiveGateway",
};

static const char *const told[] = {
    "", "events=\"ACTIVITY_STARTED\"", "events=\"ACTIVITY_COMPLETED, SEQUENCEFLOW_TAKEN\"", "events=\"ACTIVITY_CANCELLED\"",
    "events=\"TASK_CREATED, TASK_COMPLETED\"", "events=\"ENTITY_CREATED, ENTITY_DELETED\" entityType=\"execution\"",
    "events=\"ENTITY_CREATED\" entityType=\"task\"", "events=\"VARIABLE_CREATED, VARIABLE_DELETED\"",
    "events=\"TIMER_FIRED, JOB_EXECUTION_SUCCESS, JOB_CANCELED\"", "events=\"ACTIVITY_SIGNALED, ACTIVITY_MESSAGE_RECEIVED\"",
    "events=\"ACTIVITY_ERROR_RECEIVED, ACTIVITY_COMPENSATE\"", "events=\"PROCESS_STARTED, PROCESS_COMPLETED, PROCESS_CANCELLED\"",
};

static const char *const answers[] = {
    "throwEvent=\"signal\" signalName=\"A\"", "throwEvent=\"signal\" signalName=\"B\"", "throwEvent=\"globalSignal\" signalName=\"A\"",
    "throwEvent=\"message\" messageName=\"M\"", "throwEvent=\"error\" errorCode=\"E\"", "throwEvent=\"error\" errorCode=\"F\"",
    "class=\"noop\"", "class=\"noop\"",
};

static const char *const tasks[] = { "task", "userTask", "userTask", "receiveTask" };
/* clang-format on */

static void add_node(body_t *body, const char *id, int is_activity)
{
    APR_ARRAY_PUSH(body->nodes, const char *) = id;
    APR_ARRAY_PUSH(body->sources, const char *) = id;
    if (is_activity) {
        APR_ARRAY_PUSH(body->activities, const char *) = id;
    }
}

static void make_task(body_t *body)
{
    const char *id = new_id("n"), *element = ONE_OF(tasks);
    int handler = chance(6) == 0;

    put("<%s id=\"%s\" %s %s>%s</%s>\n", element, id, ONE_OF(jobs),
        handler ? "isForCompensation=\"true\"" : "", ONE_OF(loops), element);
    if (handler) {
        APR_ARRAY_PUSH(body->handlers, const char *) = id;
    }
    if (!handler || chance(4) == 0) {
        add_node(body, id, 1);
    }
}

static void make_call(body_t *body)
{
    const char *id = new_id("c");

    put("<callActivity id=\"%s\" calledElement=\"%s\" %s>%s</callActivity>\n", id,
        chance(8) ? "q" : "p", ONE_OF(jobs), ONE_OF(loops));
    add_node(body, id, 1);
}

static void make_gateway(body_t *body)
{
    const char *id = new_id("g");

    put("<%s id=\"%s\" %s/>\n", ONE_OF(gateways), id, ONE_OF(jobs));
    add_node(body, id, 0);
}

static void make_catch(body_t *body)
{
    const char *id = new_id("w");

    put("<intermediateCatchEvent id=\"%s\" %s>%s</intermediateCatchEvent>\n", id,
        ONE_OF(jobs), ONE_OF(waits));
    add_node(body, id, 0);
}

static void make_gate(body_t *body)
{
    const char *id = new_id("e");
    int i;

    put("<eventBasedGateway id=\"%s\" %s/>\n", id, ONE_OF(jobs));
    APR_ARRAY_PUSH(body->nodes, const char *) = id;
    for (i = 0; i < 2; i++) {
        make_catch(body);
        put("<sequenceFlow sourceRef=\"%s\" targetRef=\"%s\"/>\n", id,
            APR_ARRAY_IDX(body->nodes, body->nodes->nelts - 1, const char *));
    }
}

static void make_throw(body_t *body)
{
    const char *id = new_id("t");

    put("<intermediateThrowEvent id=\"%s\" %s>%s</intermediateThrowEvent>\n", id,
        ONE_OF(jobs), ONE_OF(throws));
    add_node(body, id, 0);
}

static void make_end(body_t *body)
{
    const char *id = new_id("x");

    put("<endEvent id=\"%s\">%s</endEvent>\n", id,
        body->transaction && chance(2) ? "<cancelEventDefinition/>" : ONE_OF(ends));
    APR_ARRAY_PUSH(body->nodes, const char *) = id;
}

static void make_body(int depth, int transaction, const char *start);

static void make_sub_process(body_t *body)
{
    const char *id = new_id("p");
    int transaction = chance(3) == 0, handler = chance(8) == 0;
    const char *element = transaction ? "transaction" : "subProcess";

    put("<%s id=\"%s\" %s %s>%s\n", element, id, ONE_OF(jobs),
        handler ? "isForCompensation=\"true\"" : "", ONE_OF(loops));
    make_body(body->depth - 1, transaction, "");
    put("</%s>\n", element);
    if (handler) {
        APR_ARRAY_PUSH(body->handlers, const char *) = id;
        return;
    }
    add_node(body, id, 1);
    if (transaction && chance(4)) {
        const char *event = new_id("b");

        put("<boundaryEvent id=\"%s\" attachedToRef=\"%s\"><cancelEventDefinition/>"
            "</boundaryEvent>\n",
            event, id);
        APR_ARRAY_PUSH(body->sources, const char *) = event;
    }
}

static void make_event_sub_process(body_t *body)
{
    const char *interrupting = chance(2) ? "true" : "false";

    put("<subProcess id=\"%s\" triggeredByEvent=\"true\">\n", new_id("h"));
    make_body(body->depth - 1, 0,
              apr_psprintf(world.pool, "isInterrupting=\"%s\">%s<", interrupting,
                           ONE_OF(around)));
    put("</subProcess>\n");
}

typedef void make_fn(body_t *body);

static make_fn *const makers[] = {
    make_task,        make_task,        make_task,  make_task, make_call,
    make_gateway,     make_gateway,     make_catch, make_gate, make_throw,
    make_sub_process, make_sub_process, make_end,   make_end,
};

static void make_node(body_t *body)
{
    make_fn *make = makers[chance(sizeof(makers) / sizeof(makers[0]))];

    (make == make_sub_process && !body->depth ? make_task : make)(body);
}

static void make_border(body_t *body)
{
    const char *id = new_id("b"), *host = any(body->activities);

    put("<boundaryEvent id=\"%s\" attachedToRef=\"%s\" cancelActivity=\"%s\">%s"
        "</boundaryEvent>\n",
        id, host, chance(2) ? "true" : "false", ONE_OF(around));
    APR_ARRAY_PUSH(body->sources, const char *) = id;
}

static void make_undoing(body_t *body)
{
    const char *id = new_id("b");
    int i = chance(body->activities->nelts);

    put("<boundaryEvent id=\"%s\" attachedToRef=\"%s\"><compensateEventDefinition/>"
        "</boundaryEvent><association id=\"%s\" sourceRef=\"%s\" targetRef=\"%s\"/>\n",
        id, APR_ARRAY_IDX(body->activities, i, const char *), new_id("a"), id,
        any(body->handlers));
}

static void make_flows(body_t *body)
{
    int i;

    for (i = 0; i < body->sources->nelts; i++) {
        int count = 1 + (chance(3) == 0);

        while (count--) {
            put("<sequenceFlow sourceRef=\"%s\" targetRef=\"%s\">%s</sequenceFlow>\n",
                APR_ARRAY_IDX(body->sources, i, const char *), any(body->nodes),
                ONE_OF(conditions));
        }
    }
}

/* start: the rest of the start event's tag, its definition and "<"; or nothing. */
static void make_body(int depth, int transaction, const char *start)
{
    body_t body = { apr_array_make(world.pool, 8, sizeof(char *)),
                    apr_array_make(world.pool, 8, sizeof(char *)),
                    apr_array_make(world.pool, 8, sizeof(char *)),
                    apr_array_make(world.pool, 8, sizeof(char *)),
                    transaction,
                    depth };
    const char *id = new_id("s");
    int i, count = 2 + chance(5);

    put(*start ? "<startEvent id=\"%s\" %s/startEvent>\n" : "<startEvent id=\"%s\"/>%s\n",
        id, start);
    APR_ARRAY_PUSH(body.sources, const char *) = id;
    make_task(&body);
    for (i = 0; i < count; i++) {
        make_node(&body);
    }
    if (depth && chance(3) == 0) {
        make_event_sub_process(&body);
    }
    for (i = chance(3); body.activities->nelts && i; i--) {
        make_border(&body);
    }
    if (body.activities->nelts && body.handlers->nelts) {
        make_undoing(&body);
    }
    if (body.nodes->nelts) {
        make_flows(&body);
    }
}

/* What listeners throw comes from within: anything may happen in any step. */
static void make_listeners(void)
{
    int i;

    put("<extensionElements>");
    for (i = 1 + chance(3); i; i--) {
        put("<activiti:eventListener %s %s/>", ONE_OF(told), ONE_OF(answers));
    }
    put("</extensionElements>\n");
}

static const char *make_file(int listened)
{
    text = apr_array_make(world.pool, 100, sizeof(char *));
    next = 0;
    put(DEFINITIONS "<signal id=\"sA\" name=\"A\"/><signal id=\"sB\" name=\"B\"/>"
                    "<message id=\"mM\" name=\"M\"/><error id=\"E\" errorCode=\"E\"/>"
                    "<error id=\"F\" errorCode=\"F\"/>\n<process id=\"p\">\n");
    if (listened) {
        make_listeners();
    }
    make_body(2, 0, "");
    put("</process>\n<process id=\"q\">\n");
    if (listened) {
        make_listeners();
    }
    make_body(1, 0, "");
    put("</process>\n</definitions>\n");
    return apr_array_pstrcat(world.pool, text, 0);
}

/* ---- what must be true ------------------------------------------------------------------- */

/* A kept execution without the row that compensates it, or the other way round. */
static const char *unkept(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_EXECUTIONS_OF_INSTANCE, instance),
                       *subs;
    int i, k, kept = 0;

    wf_uow_select(world.uow, WF_BY_SUBSCRIPTIONS_OF_INSTANCE, instance, &subs,
                  &world.err);
    for (i = 0; i < rows->nelts; i++) {
        kept += APR_ARRAY_IDX(rows, i, wf_execution_t *)->role == 6;
    }
    for (k = 0; k < subs->nelts; k++) {
        const wf_subscription_t *row = APR_ARRAY_IDX(subs, k, wf_subscription_t *);
        const wf_execution_t *named;

        if (strcmp(row->event_type, "compensate") != 0 || !row->configuration) {
            continue;
        }
        named = row_of(rows, apr_atoi64(row->configuration));
        if (!named || named->role != 6) {
            return complain("nothing is kept for subscription", row->id);
        }
        kept--;
    }
    return kept ? complain("kept in vain, executions of", instance) : NULL;
}

/* An execution of which nothing can ever come: no child, no token, not waiting. */
static const char *dead(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_EXECUTIONS_OF_INSTANCE, instance);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_execution_t *row = APR_ARRAY_IDX(rows, i, wf_execution_t *);

        if (row->role != 6 && !row->is_active && !row->children && !row->arrived) {
            return complain("nothing moves execution", row->id);
        }
    }
    return NULL;
}

static const char *first_unfit(void)
{
    const char *found = NULL;
    int i;

    for (i = 0; i < family->nelts && !found; i++) {
        wf_id_t instance = APR_ARRAY_IDX(family, i, wf_id_t);

        found = misfit(instance);
        found = found ? found : unkept(instance);
        found = found ? found : dead(instance);
    }
    return found;
}

/* Rows of instances that are gone, as the file has them: also of those that came and went
 * within one step. */
static const char *orphans(void)
{
    static const char *const tables[] = {
        "ACT_RU_EVENT_SUBSCR WHERE EXECUTION_ID_", "ACT_RU_JOB WHERE EXECUTION_ID_",
        "ACT_RU_VARIABLE WHERE EXECUTION_ID_",     "ACT_RU_TASK WHERE EXECUTION_ID_",
        "ACT_RU_EXECUTION WHERE PARENT_ID_",       "ACT_RU_EXECUTION WHERE SUPER_EXEC_",
    };
    const char *found = NULL;
    sqlite3 *file;
    apr_size_t i;

    if (sqlite3_open(strchr(world.dsn, '/'), &file) != SQLITE_OK) {
        return "the store cannot be read";
    }
    for (i = 0; i < sizeof(tables) / sizeof(tables[0]) && !found; i++) {
        sqlite3_stmt *query;

        sqlite3_prepare_v2(
            file,
            apr_pstrcat(world.pool, "SELECT 1 FROM ", tables[i],
                        " NOT IN (SELECT ID_ FROM ACT_RU_EXECUTION) LIMIT 1", NULL),
            -1, &query, NULL);
        found = sqlite3_step(query) == SQLITE_DONE ? NULL : tables[i];
        sqlite3_finalize(query);
    }
    sqlite3_close(file);
    return found;
}

/* ---- walking ------------------------------------------------------------------------------ */

static const char *random_task(void)
{
    apr_array_header_t *found = apr_array_make(world.pool, 4, sizeof(char *));
    int i, k;

    for (i = 0; i < family->nelts; i++) {
        apr_array_header_t *rows =
            world_select(WF_BY_EXECUTIONS_OF_INSTANCE, APR_ARRAY_IDX(family, i, wf_id_t));

        for (k = 0; k < rows->nelts; k++) {
            const wf_execution_t *row = APR_ARRAY_IDX(rows, k, wf_execution_t *);

            if (row->is_active) {
                APR_ARRAY_PUSH(found, const char *) =
                    apr_pstrdup(world.pool, row->act_id);
            }
        }
    }
    return found->nelts ? any(found) : "none";
}

static apr_status_t move(const char *action, const char *name, const wf_map_t *vars)
{
    if (getenv("WF_SHOW")) {
        diag("at %s: %s %s", state_now(), action, name);
    }
    return take_step(action, name, 1, vars);
}

static apr_status_t run_any_job(void)
{
    apr_array_header_t *rows;
    const char *activity;
    int i, k = chance(family->nelts);

    for (i = 0; i < family->nelts; i++) {
        rows = world_select(WF_BY_JOBS_OF_INSTANCE,
                            APR_ARRAY_IDX(family, (i + k) % family->nelts, wf_id_t));
        if (rows->nelts) {
            const wf_job_t *job = APR_ARRAY_IDX(rows, chance(rows->nelts), wf_job_t *);

            activity = strcmp(job->handler_type, "event") == 0
                           ? "event"
                           : apr_pstrdup(world.pool, job->handler_cfg);
            return move("job", activity, NULL);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t make_move(void)
{
    wf_map_t *vars = world_vars();
    const char *where = random_task();

    wf_map_set(vars, "a", wf_boolean(chance(2)));
    switch (chance(12)) {
    case 0:
        return move("throw", chance(2) ? "A" : "B", NULL);
    case 1:
        return move("message", "M", vars);
    case 2:
    case 3:
        return move("signal", where, vars);
    case 4:
    case 5:
    case 6:
        return run_any_job();
    default:
        return move("complete", where, vars);
    }
}

static int count_all(void)
{
    int i, count = 0;

    for (i = 0; i < family->nelts; i++) {
        count += world_executions(APR_ARRAY_IDX(family, i, wf_id_t));
    }
    return count;
}

/* What is wrong with instances that were there: with the first one all of them end. */
static const char *left_behind(const apr_array_header_t *before, wf_id_t root)
{
    const char *found = NULL;
    int i;

    for (i = 0; i < before->nelts && !found; i++) {
        wf_id_t id = APR_ARRAY_IDX(before, i, wf_id_t);

        found = misfit(id);
        if (!found && !world_executions(root) && world_executions(id)) {
            found = complain("left alone is instance", id);
        }
    }
    return found;
}

/* What is wrong; NULL if nothing is. */
static const char *walk(const wf_definition_t *definition)
{
    wf_map_t *vars = world_vars();
    wf_started_t started;
    const char *wrong = NULL, *before;
    apr_array_header_t *were;
    wf_id_t root;
    int i;

    wf_map_set(vars, "a", wf_boolean(chance(2)));
    if (world_start(definition, vars, &started) != APR_SUCCESS) {
        return world.err.kind == WF_ERR_EXECUTION ? NULL : world.err.message;
    }
    root = started.id;
    find_family(root);
    for (i = 0; i < MOVES && !wrong && world_executions(root) && count_all() < CROWD;
         i++) {
        wrong = first_unfit();
        if (!wrong && i % VERIFY_EACH == 0) {
            wrong = world_unsound();
        }
        before = state_now();
        were = apr_array_copy(world.pool, family);
        if (!wrong && make_move() != APR_SUCCESS) {
            if (world.err.kind == WF_ERR_INTERNAL) {
                return world.err.message;
            }
            wrong = strcmp(before, state_now()) ? "a step that failed changed it" : NULL;
        }
        find_family(root);
        wrong = wrong ? wrong : left_behind(were, root);
    }
    if (wrong || !world_executions(root)) {
        return wrong ? wrong : first_unfit();
    }
    world_begin();
    if (world_end(wf_bpmn_delete_instance(&world.call, root, "enough", &world.err))
        != APR_SUCCESS) {
        /* A listener may say no. */
        return world.err.kind == WF_ERR_EXECUTION ? NULL : world.err.message;
    }
    return left_behind(family, root);
}

static void try_one(int number, apr_uint64_t seed, int listened)
{
    wf_problems_t *problems = wf_problems_create("wild", world.pool);
    apr_array_header_t *models;
    const char *xml, *wrong;

    chance_state = seed;
    xml = make_file(listened);
    if (getenv("WF_SHOW")) {
        diag("%s", xml);
    }
    wf_model_parse(&models, xml, strlen(xml), problems, world.pool);
    if (problems->errors) {
        if (getenv("WF_SHOW")) {
            diag("%s", wf_problems_text(problems, world.pool));
        }
        return;
    }
    wrong = walk(deploy_all(xml));
    wrong = wrong ? wrong : orphans();
    wrong = wrong || number % VERIFY_EACH ? wrong : world_unsound();
    ok(!wrong, "walk %d: %s", number, wrong ? wrong : "it fits");
    if (wrong) {
        diag("seed %" APR_UINT64_T_FMT "%s\n%s", seed, listened ? ", listened to" : "",
             xml);
    }
}

int main(void)
{
    const char *seed = getenv("WF_SEED"), *walks = getenv("WF_WALKS");
    apr_uint64_t first = seed ? strtoull(seed, NULL, 10) : 19820201;
    const char noop[] = "{\"noop\": {\"builtin\": \"noop\"}}";
    wf_delegates_t *delegates;
    int i, count = walks ? atoi(walks) : WALKS;

    world_open();
    world.max_steps = 150;
    world_check(
        wf_delegates_parse(&delegates, noop, strlen(noop), 0, world.pool, &world.err),
        &world.err, "delegates");
    world.services.delegates = delegates;
    for (i = 0; i < count; i++) {
        world.max_rounds = ROUNDS;
        try_one(i, first + i * 7919, 0);
        world.max_rounds = ROUNDS_LISTENED;
        try_one(i, first + i * 7919, 1);
    }
    world_close();
    return done_testing();
}
