/* Call activities: instances that instances start. */
#include "scenario.h"

#define FILE(caller, called)                                                             \
    DEFINITIONS "<process id=\"p\">\n" caller "</process>\n<process id=\"q\">\n" called  \
                "</process>\n</definitions>\n"
#define CALL(attributes, inside)                                                         \
    "<callActivity id=\"c\" " attributes ">" inside "</callActivity>\n"
#define EXT(inside) "<extensionElements>" inside "</extensionElements>"
#define CALLER(call) START call TASK("z") FLOW("s", "c") FLOW("c", "z")
#define CALLED "<startEvent id=\"i\"/>" TASK("a") FLOW("i", "a")
#define LOOP(how)                                                                        \
    "<multiInstanceLoopCharacteristics isSequential=\"" how "\"><loopCardinality>2"      \
    "</loopCardinality></multiInstanceLoopCharacteristics>"

#define BOUND(id, inside)                                                                \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"c\">" inside "</boundaryEvent>\n"
#define TIMER                                                                            \
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define END_SETS(name)                                                                   \
    "<activiti:executionListener event=\"end\" "                                         \
    "expression=\"${execution.setVariable('" name "', true)}\"/>"
#define IN_SUB(inside) "<subProcess id=\"sub\">" inside "</subProcess>"
#define SUB_WITH(call, more) IN_SUB("<startEvent id=\"u\"/>" call FLOW("u", "c") more)
#define LOOP_OF(how, count, done)                                                        \
    "<multiInstanceLoopCharacteristics isSequential=\"" how "\">"                        \
    "<loopCardinality>" count "</loopCardinality>" done                                  \
    "</multiInstanceLoopCharacteristics>"
#define DONE(condition) "<completionCondition>" condition "</completionCondition>"
#define MIDDLE                                                                           \
    "<startEvent id=\"ms\"/><callActivity id=\"mc\" calledElement=\"q\"/>" FLOW(         \
        "ms", "mc") TASK("mz") FLOW("mc", "mz")
#define BESIDE                                                                           \
    START FORK("f") CALL("calledElement=\"q\"", "") TASK("b") TASK("z") FLOW("s", "f")   \
        FLOW("f", "c") FLOW("f", "b") FLOW("c", "z")

/* clang-format off */
static const scenario_t scenarios[] = {
    { "a call", FILE(CALLER(CALL("calledElement=\"q\"", "")), CALLED), NULL,
      "a c | complete a: z | complete z:", "s c z" },
    { "by an expression", FILE(CALLER(CALL("calledElement=\"${key}\"", "")), CALLED), "{\"key\": \"q\"}",
      "a c | complete a: z", NULL },
    { "of what ends at once", FILE(CALLER(CALL("calledElement=\"q\"", "")), "<startEvent id=\"i\"/>"), NULL,
      "z", NULL },
    { "of nothing", FILE(CALLER(CALL("", "")), CALLED), NULL, "!names no process", NULL },
    { "of what there is not", FILE(CALLER(CALL("calledElement=\"nobody\"", "")), CALLED), NULL,
      "!no process with the key \"nobody\"", NULL },
    { "in a branch", FILE(START FORK("f") CALL("calledElement=\"q\"", "") TASK("b") FORK("j") TASK("z")
        FLOW("s", "f") FLOW("f", "c") FLOW("f", "b") FLOW("c", "j") FLOW("b", "j") FLOW("j", "z"), CALLED), NULL,
      "a b c | complete b: a c | complete a: z", NULL },
    { "the last branch of its instance", FILE(START FORK("f") CALL("calledElement=\"q\"", "") TASK("b")
        TASK("z") FLOW("s", "f") FLOW("f", "c") FLOW("f", "b") FLOW("c", "z"), CALLED), NULL,
      "a b c | complete b: a c | complete a: z", NULL },
    { "all rounds at once", FILE(CALLER(CALL("calledElement=\"q\"", LOOP("false"))), CALLED), NULL,
      "a a c c | complete a: a c | complete a: z", "s c c z" },
    { "one round after the other", FILE(CALLER(CALL("calledElement=\"q\"", LOOP("true"))), CALLED), NULL,
      "a c | complete a: a c | complete a: z", "s c c z" },
    { "a job", FILE(CALLER(CALL("calledElement=\"q\" activiti:async=\"true\"", "")), CALLED), NULL,
      "c | job c: a c | complete a: z", NULL },
    { "terminate in the called one", FILE(CALLER(CALL("calledElement=\"q\"", "")), "<startEvent id=\"i\"/>"
        TASK("a") TASK("b") "<endEvent id=\"x\"><terminateEventDefinition/></endEvent>" FLOW("i", "a")
        FLOW("i", "b") FLOW("a", "x")), NULL, "a b c | complete a: z", NULL },
    { "terminate them all", FILE(CALLER(CALL("calledElement=\"q\"", "")), "<startEvent id=\"i\"/>"
        TASK("a") TASK("b") "<endEvent id=\"x\"><terminateEventDefinition activiti:terminateAll=\"true\"/>"
        "</endEvent>" FLOW("i", "a") FLOW("i", "b") FLOW("a", "x")), NULL, "a b c | complete a:", "s c" },
    { "terminate the caller", FILE(START FORK("f") CALL("calledElement=\"q\"", "") TASK("b")
        "<endEvent id=\"x\"><terminateEventDefinition/></endEvent>" FLOW("s", "f") FLOW("f", "c")
        FLOW("f", "b") FLOW("b", "x"), CALLED), NULL, "a b c | complete b:", NULL },

    /* What was called is deleted. */
    { "deleted, and nothing else is there", FILE(CALLER(CALL("calledElement=\"q\"", "")), CALLED), NULL,
      "a c | delete q:", "s c" },
    { "deleted beside a task", FILE(BESIDE, CALLED), NULL, "a b c | delete q: b | complete b:", "s f c b" },
    { "deleted with events on its border", FILE(START FORK("f") CALL("calledElement=\"q\"", "") BOUND("t", TIMER)
        TASK("b") TASK("z") FLOW("s", "f") FLOW("f", "c") FLOW("f", "b") FLOW("c", "z") FLOW("t", "z"), CALLED), NULL,
      "a b c | delete q: b | timer t: !no job | complete b:", NULL },
    { "deleted before a join", FILE(START FORK("f") CALL("calledElement=\"q\"", "") TASK("b") FORK("j") TASK("z")
        FLOW("s", "f") FLOW("f", "c") FLOW("f", "b") FLOW("c", "j") FLOW("b", "j") FLOW("j", "z"), CALLED), NULL,
      "a b c | delete q: b | complete b:", NULL },
    { "deleted before an inclusive join", FILE(START FORK("f") CALL("calledElement=\"q\"", "") TASK("b")
        "<inclusiveGateway id=\"j\"/>" TASK("z") FLOW("s", "f") FLOW("f", "c") FLOW("f", "b") FLOW("c", "j")
        FLOW("b", "j") FLOW("j", "z"), CALLED), NULL, "a b c | complete b: a c | delete q: z", NULL },
    { "deleted in a sub-process", FILE(START SUB_WITH(CALL("calledElement=\"q\"", ""), "") TASK("z") FLOW("s", "sub")
        FLOW("sub", "z"), CALLED), NULL, "a c | delete q:", "s sub u c" },
    { "deleted in a sub-process beside a task", FILE(START FORK("f") SUB_WITH(CALL("calledElement=\"q\"", ""), "")
        TASK("b") TASK("z") FLOW("s", "f") FLOW("f", "sub") FLOW("f", "b") FLOW("sub", "z"), CALLED), NULL,
      "a b c | delete q: b | complete b:", NULL },
    { "deleted beside a task in a sub-process", FILE(START SUB_WITH(CALL("calledElement=\"q\"", ""), TASK("b")
        FLOW("u", "b")) TASK("z") FLOW("s", "sub") FLOW("sub", "z"), CALLED), NULL,
      "a b c | delete q: b | complete b: z", NULL },
    { "deleted in an interrupting event sub-process", FILE(START TASK("b") FLOW("s", "b")
        "<subProcess id=\"sub\" triggeredByEvent=\"true\"><startEvent id=\"u\">" TIMER "</startEvent>"
        CALL("calledElement=\"q\"", "") FLOW("u", "c") "</subProcess>", CALLED), NULL,
      "b | timer u: a c | delete q:", NULL },
    { "deleted in an event sub-process beside a task", FILE(START TASK("b") FLOW("s", "b")
        "<subProcess id=\"sub\" triggeredByEvent=\"true\"><startEvent id=\"u\" isInterrupting=\"false\">" TIMER
        "</startEvent>" CALL("calledElement=\"q\"", "") FLOW("u", "c") "</subProcess>", CALLED), NULL,
      "b | timer u: a b c | delete q: b | complete b:", NULL },
    { "one of all rounds deleted", FILE(CALLER(CALL("calledElement=\"q\"", LOOP_OF("false", "3", ""))), CALLED), NULL,
      "a a a c c c | delete 2nd q: a a c c | complete a: a c | complete a: z", NULL },
    { "the last of all rounds deleted", FILE(CALLER(CALL("calledElement=\"q\"", LOOP_OF("false", "2", ""))), CALLED),
      NULL, "a a c c | complete a: a c | delete q: z", NULL },
    { "all rounds deleted", FILE(CALLER(CALL("calledElement=\"q\"", LOOP_OF("false", "2", ""))), CALLED), NULL,
      "a a c c | delete q: a c | delete q:", NULL },
    { "all rounds deleted beside a task", FILE(START FORK("f") CALL("calledElement=\"q\"", LOOP_OF("false", "2", ""))
        TASK("b") TASK("z") FLOW("s", "f") FLOW("f", "c") FLOW("f", "b") FLOW("c", "z"), CALLED), NULL,
      "a a b c c | delete q: a b c | delete q: b | complete b:", NULL },
    { "a deleted round makes enough", FILE(CALLER(CALL("calledElement=\"q\"", LOOP_OF("false", "3",
        DONE("${nrOfCompletedInstances / nrOfInstances &gt;= 0.5}")))), CALLED), NULL,
      "a a a c c c | complete a: a a c c | delete q: z", NULL },
    { "a deleted round does not count", FILE(CALLER(CALL("calledElement=\"q\"", LOOP_OF("false", "3",
        DONE("${nrOfCompletedInstances == 1 &amp;&amp; nrOfActiveInstances == 1 &amp;&amp; nrOfInstances == 2}")))),
        CALLED), NULL, "a a a c c c | delete q: a a c c | complete a: z", NULL },
    { "one round after the other, the first deleted", FILE(CALLER(CALL("calledElement=\"q\"",
        LOOP_OF("true", "3", ""))), CALLED), NULL, "a c | delete q: a c | complete a: a c | complete a: z", "s c c c z" },
    { "one round after the other, the last deleted", FILE(CALLER(CALL("calledElement=\"q\"",
        LOOP_OF("true", "2", ""))), CALLED), NULL, "a c | complete a: a c | delete q: z", "s c c z" },
    { "one round after the other, all deleted", FILE(CALLER(CALL("calledElement=\"q\"",
        LOOP_OF("true", "2", ""))), CALLED), NULL, "a c | delete q: a c | delete q:", "s c c" },
    { "deleted in a round of a sub-process", FILE(START IN_SUB(LOOP("false") "<startEvent id=\"u\"/>"
        CALL("calledElement=\"q\"", "") FLOW("u", "c")) TASK("z") FLOW("s", "sub") FLOW("sub", "z"), CALLED), NULL,
      "a a c c | delete q: a c | complete a: z", NULL },
    { "a compensation handler's call deleted", FILE(START TASK("b") "<boundaryEvent id=\"k\" attachedToRef=\"b\">"
        "<compensateEventDefinition/></boundaryEvent><callActivity id=\"c\" calledElement=\"q\" "
        "isForCompensation=\"true\"/><association id=\"as\" sourceRef=\"k\" targetRef=\"c\"/>"
        "<intermediateThrowEvent id=\"th\"><compensateEventDefinition/></intermediateThrowEvent>" TASK("z")
        FLOW("s", "b") FLOW("b", "th") FLOW("th", "z"), CALLED), NULL, "b | complete b: a c | delete q: z", NULL },
    { "two calls deep", DEFINITIONS "<process id=\"p\">" CALLER(CALL("calledElement=\"m\"", "")) "</process>"
        "<process id=\"m\">" MIDDLE "</process><process id=\"q\">" CALLED
        "</process></definitions>", NULL, "a c mc | delete q:", "s c" },
    { "two calls deep, beside a task", DEFINITIONS "<process id=\"p\">" START FORK("f")
        CALL("calledElement=\"m\"", "") TASK("b") TASK("z") FLOW("s", "f") FLOW("f", "c") FLOW("f", "b")
        FLOW("c", "z") "</process><process id=\"m\">" MIDDLE
        "</process><process id=\"q\">" CALLED "</process></definitions>", NULL,
      "a b c mc | delete q: b | complete b:", "s f c b" },
    { "two calls deep, the one in the middle deleted", DEFINITIONS "<process id=\"p\">" START FORK("f")
        CALL("calledElement=\"m\"", "") TASK("b") TASK("z") FLOW("s", "f") FLOW("f", "c") FLOW("f", "b")
        FLOW("c", "z") "</process><process id=\"m\">" MIDDLE
        "</process><process id=\"q\">" CALLED "</process></definitions>", NULL, "a b c mc | delete m: b", NULL },
};
/* clang-format on */

/* ---- what goes in and comes out -------------------------------------------------------- */

static wf_id_t called_by(wf_id_t caller)
{
    find_family(caller);
    return family->nelts > 1 ? APR_ARRAY_IDX(family, 1, wf_id_t) : 0;
}

static void variables(void)
{
    const wf_definition_t *definition = deploy_all(
        FILE(CALLER(CALL(
                 "calledElement=\"q\"",
                 EXT("<activiti:in source=\"x\" target=\"y\"/>"
                     "<activiti:in sourceExpression=\"${x + 1}\" target=\"more\"/>"
                     "<activiti:in source=\"missing\" target=\"nothing\"/>"
                     "<activiti:out source=\"y\" target=\"back\"/>"
                     "<activiti:out sourceExpression=\"${y * 2}\" target=\"twice\"/>"))),
             CALLED));
    wf_started_t started;
    wf_map_t *out = world_vars();
    wf_id_t called;

    world_start(definition, vars_of("{\"x\": 5, \"secret\": 1}"), &started);
    called = called_by(started.id);
    is_str(world_var(called, "y"), "5", "in: a variable");
    is_str(world_var(called, "more"), "6", "in: an expression");
    is_str(world_var(called, "nothing"), "null", "in: a missing one is null");
    is_str(world_var(called, "secret"), NULL, "in: no others");
    wf_map_set(out, "y", wf_integer(7));
    world_complete(called, "a", out);
    is_str(world_var(started.id, "back"), "7", "out: a variable");
    is_str(world_var(started.id, "twice"), "14", "out: an expression");
    is_str(world_var(started.id, "y"), NULL, "out: no others");
}

static void inherited(void)
{
    const wf_definition_t *definition = deploy_all(
        FILE(CALLER(CALL("calledElement=\"q\" activiti:inheritVariables=\"true\" "
                         "activiti:businessKey=\"${x}-key\"",
                         "")),
             CALLED));
    wf_started_t started;
    wf_id_t called;

    world_start(definition, vars_of("{\"x\": 5}"), &started);
    called = called_by(started.id);
    is_str(world_var(called, "x"), "5", "inherited: all variables");
    is_str(((wf_execution_t *)world_row(WF_TABLE_EXECUTION, called))->business_key,
           "5-key", "its business key");
    is_int(((wf_execution_t *)world_row(WF_TABLE_EXECUTION, called))->root_id, started.id,
           "its root is the caller");
    is_int(
        ((wf_hi_procinst_t *)world_row(WF_TABLE_HI_PROCINST, called))->super_proc_inst_id,
        started.id, "history knows the caller");
}

/* "delete 2nd q": of the instances of that process that an instance of the family has
 * called. */
static apr_status_t delete_called(const char *action, const char *name, int nth,
                                  const wf_map_t *vars)
{
    wf_id_t id = 0;
    int i;

    (void)action;
    (void)vars;
    for (i = 0; i < family->nelts && !id; i++) {
        wf_id_t one = APR_ARRAY_IDX(family, i, wf_id_t);
        const wf_execution_t *row = world_row(WF_TABLE_EXECUTION, one);

        id = row && strncmp(row->proc_def_id, name, strlen(name)) == 0 && --nth == 0 ? one
                                                                                     : 0;
    }
    world_begin();
    return world_end(wf_bpmn_delete_instance(&world.call, id, "no more", &world.err));
}

static const char *reason_of(wf_id_t instance)
{
    return ((wf_hi_procinst_t *)world_row(WF_TABLE_HI_PROCINST, instance))->delete_reason;
}

/* What is heard of it, and said about it. */
static void deleted_below(void)
{
    const wf_definition_t *definition =
        deploy_all(FILE(EXT(END_SETS("over")) START FORK("f")
                            CALL("calledElement=\"q\"", EXT(END_SETS("heard"))) TASK("b")
                                FLOW("s", "f") FLOW("f", "c") FLOW("f", "b"),
                        CALLED));
    wf_started_t started;
    wf_id_t called;

    world_start(definition, NULL, &started);
    called = called_by(started.id);
    world_begin();
    world_end(wf_bpmn_delete_instance(&world.call, called, "no more", &world.err));
    is_int(world_executions(called), 0, "a called instance is deleted");
    is_str(reason_of(called), "no more", "with its reason");
    is_str(world_var(started.id, "heard"), "true",
           "the call activity's listener hears it");
    is_str(world_tasks(started.id), "b", "the caller goes on");
    is_str(reason_of(started.id), NULL, "it was not deleted");
    is_str(world_var(started.id, "over"), NULL, "nor has it ended");
}

static void deleted_with_its_caller(void)
{
    const wf_definition_t *definition =
        deploy_all(FILE(CALLER(CALL("calledElement=\"q\"", "")), CALLED));
    wf_started_t started;

    world_start(definition, NULL, &started);
    world_begin();
    world_end(wf_bpmn_delete_instance(&world.call, called_by(started.id), "no more",
                                      &world.err));
    is_int(world_executions(started.id), 0, "its caller had nothing else");
    is_str(reason_of(started.id), "no more", "and goes for the same reason");
}

/* It may go on in one of the two. */
static void deleted_below_a_suspended_one(const char *call, wf_err_kind_e outcome,
                                          const char *left)
{
    const wf_definition_t *definition = deploy_all(apr_pstrcat(
        world.pool, DEFINITIONS "<process id=\"p\">" START FORK("f"), call,
        TASK("b") TASK("z") FLOW("s", "f") FLOW("f", "c") FLOW("f", "b")
            FLOW("c", "z") "</process>"
                           "<process id=\"q\">" CALLED "</process></definitions>",
        NULL));
    wf_started_t started;
    wf_id_t called;

    world_start(definition, NULL, &started);
    called = called_by(started.id);
    world_begin();
    wf_uow_suspend_instance(world.uow, started.id, WF_SUSPENDED);
    world_end(APR_SUCCESS);
    world_begin();
    world_end(wf_bpmn_delete_instance(&world.call, called, NULL, &world.err));
    is_int(world.err.kind, outcome, "deleting what a suspended one has called: %s",
           world.err.message ? world.err.message : "fine");
    find_family(started.id);
    is_str(state_now(), left, "what is left");
    check_rows("suspended");
    world_begin();
    is_int(world_end(wf_bpmn_delete_instance(&world.call, started.id, NULL, &world.err)),
           APR_SUCCESS, "the caller may always be deleted");
    is_int(world_executions(called), 0, "with what it called");
}

/* Whose business key the called instance has. */
static void business_keys(void)
{
    static const struct {
        const char *what, *attributes, *inside, *key;
    } cases[] = {
        { "none", "", "", NULL },
        { "its caller's", "activiti:inheritBusinessKey=\"true\"", "", "key" },
        { "not its caller's", "activiti:inheritBusinessKey=\"false\"", "", NULL },
        { "its own", "activiti:businessKey=\"${x}!\"", "", "5!" },
        { "its own comes first",
          "activiti:inheritBusinessKey=\"true\" activiti:businessKey=\"own\"", "",
          "own" },
        { "a mapping", "", EXT("<activiti:in businessKey=\"${x}?\"/>"), "5?" },
        { "of null", "activiti:businessKey=\"${null}\"", "", NULL },
    };
    wf_started_t started;
    int i;

    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        const wf_definition_t *definition = deploy_all(apr_psprintf(
            world.pool, FILE(CALLER(CALL("calledElement=\"q\" %s", "%s")), CALLED),
            cases[i].attributes, cases[i].inside));
        const wf_bpmn_call_t *call = world_begin();

        world_end(wf_bpmn_start(call, definition, vars_of("{\"x\": 5}"), "key", &started,
                                &world.err));
        is_str(((wf_execution_t *)world_row(WF_TABLE_EXECUTION, called_by(started.id)))
                   ->business_key,
               cases[i].key, "business key: %s", cases[i].what);
    }
}

/* What comes out of an instance that was terminated, and of the rounds of a loop. */
static void out_of_the_ordinary(void)
{
    const char *terminated = FILE(
        CALLER(CALL("calledElement=\"q\"",
                    EXT("<activiti:out sourceExpression=\"${1 + 1}\" target=\"two\"/>"
                        "<activiti:out source=\"missing\" target=\"nothing\"/>"))),
        "<startEvent id=\"i\"/>" TASK("a")
            TASK("b") "<endEvent id=\"x\"><terminateEventDefinition/></endEvent>" FLOW(
                "i", "a") FLOW("i", "b") FLOW("a", "x"));
    const char *looped =
        FILE(CALLER(CALL("calledElement=\"q\"",
                         EXT("<activiti:in source=\"e\" target=\"mine\"/>"
                             "<activiti:out sourceExpression=\"${mine}\" "
                             "target=\"last\"/>") "<multiInstanceLoopCharacteristics "
                                                  "isSequential=\"true\" "
                                                  "activiti:collection=\"l\" "
                                                  "activiti:elementVariable=\"e\"/>")),
             CALLED);
    wf_started_t started;

    world_start(deploy_all(terminated), NULL, &started);
    world_complete(called_by(started.id), "a", NULL);
    is_str(world_var(started.id, "two"), "2", "out: of a terminated instance");
    is_str(world_var(started.id, "nothing"), "null", "out: what is missing is null");
    world_start(deploy_all(looped), vars_of("{\"l\": [\"x\", \"y\"]}"), &started);
    is_str(world_var(called_by(started.id), "mine"), "\"x\"", "in: the first element");
    world_complete(called_by(started.id), "a", NULL);
    is_str(world_var(started.id, "last"), "\"x\"", "out: of the first round");
    is_str(world_var(called_by(started.id), "mine"), "\"y\"", "in: the second element");
    world_complete(called_by(started.id), "a", NULL);
    is_str(world_var(started.id, "last"), "\"y\"", "out: of the second round");
    is_str(world_var(started.id, "e"), NULL, "the element is gone");
}

static void deleted(void)
{
    const wf_definition_t *definition =
        deploy_all(FILE(CALLER(CALL("calledElement=\"q\"", "")), CALLED));
    wf_started_t started;
    wf_id_t called;

    world_start(definition, NULL, &started);
    called = called_by(started.id);
    world_begin();
    world_end(wf_bpmn_delete_instance(&world.call, started.id, "no more", &world.err));
    is_int(world_executions(called), 0, "deleting the caller ends what it called");
    is_str(((wf_hi_procinst_t *)world_row(WF_TABLE_HI_PROCINST, called))->delete_reason,
           "no more", "for the same reason");
}

/* Instances that begin and are ended in one call leave nothing: neither what they wait
 * for nor their variables. */
#define ENDED_AT_ONCE(definition)                                                        \
    FILE(                                                                                \
        START "<callActivity id=\"c\" calledElement=\"q\" "                              \
              "activiti:inheritVariables=\"true\"/>"                                     \
              "<boundaryEvent id=\"b\" "                                                 \
              "attachedToRef=\"c\"><errorEventDefinition/></boundaryEvent>" TASK("z")    \
                  FLOW("s", "c") FLOW("b", "z"),                                         \
        "<startEvent id=\"i\"/><subProcess id=\"h\" "                                    \
        "triggeredByEvent=\"true\"><startEvent id=\"k\">"                                \
        "<timerEventDefinition><timeDuration>PT1H</timeDuration></"                      \
        "timerEventDefinition></startEvent>"                                             \
        "</subProcess><subProcess id=\"g\" triggeredByEvent=\"true\"><startEvent "       \
        "id=\"l\">"                                                                      \
        "<messageEventDefinition messageRef=\"m\"/></startEvent></subProcess>" TASK(     \
            "t") "<serviceTask id=\"w\" activiti:type=\"external\" "                     \
                 "activiti:topic=\"x\"/>" ASYNC("y") "<endEvent id=\"x\">" definition    \
                                                     "</endEvent>" FLOW("i", "t") FLOW(  \
                                                         "i", "w") FLOW("i", "y")        \
                                                         FLOW("i",                       \
                                                              "x") "</process><message " \
                                                                   "id=\"m\" "           \
                                                                   "name=\"M\"/"         \
                                                                   "><process id=\"r\">" \
                                                                   "<startEvent "        \
                                                                   "id=\"rs\"/>")

static wf_id_t called_in_history(wf_id_t caller)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_ACTIVITIES_OF_INSTANCE, caller);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_actinst_t *row = APR_ARRAY_IDX(rows, i, wf_hi_actinst_t *);

        if (strcmp(row->act_id, "c") == 0) {
            return row->called_inst_id;
        }
    }
    return 0;
}

static void ended_at_once(const char *what, const char *xml)
{
    static const struct {
        const char *what;
        wf_relation_e relation;
    } rows[] = {
        { "executions", WF_BY_EXECUTIONS_OF_INSTANCE },
        { "tasks", WF_BY_TASKS_OF_INSTANCE },
        { "jobs", WF_BY_JOBS_OF_INSTANCE },
        { "subscriptions", WF_BY_SUBSCRIPTIONS_OF_INSTANCE },
        { "variables", WF_BY_VARIABLES_OF_INSTANCE },

    };
    wf_started_t started;
    wf_id_t called;
    int i;

    world_start(deploy_all(xml), vars_of("{\"n\": 1, \"l\": [1, 2]}"), &started);
    called = called_in_history(started.id);
    ok(called != 0, "%s: a call was made: %s", what,
       world.err.message ? world.err.message : "");
    for (i = 0; i < (int)(sizeof(rows) / sizeof(rows[0])); i++) {
        is_int(world_select(rows[i].relation, called)->nelts, 0, "%s: no %s are left",
               what, rows[i].what);
    }
}

int main(void)
{
    int i;

    world_open();
    more_steps = delete_called;
    for (i = 0; i < (int)(sizeof(scenarios) / sizeof(scenarios[0])); i++) {
        play(&scenarios[i]);
    }
    variables();
    inherited();
    business_keys();
    out_of_the_ordinary();
    deleted();
    ended_at_once("an error", ENDED_AT_ONCE("<errorEventDefinition errorRef=\"E\"/>"));
    ended_at_once("terminate", ENDED_AT_ONCE("<terminateEventDefinition/>"));
    ended_at_once(
        "terminate all",
        ENDED_AT_ONCE("<terminateEventDefinition activiti:terminateAll=\"true\"/>"));
    deleted_below();
    deleted_with_its_caller();
    deleted_below_a_suspended_one(CALL("calledElement=\"q\"", ""), WF_ERR_NONE, "b");
    deleted_below_a_suspended_one(CALL("calledElement=\"q\"", LOOP("true")),
                                  WF_ERR_CONFLICT, "a b c");
    world_close();
    return done_testing();
}
