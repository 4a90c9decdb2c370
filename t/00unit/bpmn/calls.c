/* Call activities: instances that instances start. */
#include "scenario.h"

#define FILE(caller, called)                                                             \
    DEFINITIONS "<process id=\"p\">\n" caller "</process>\n<process id=\"q\">\n" called   \
                "</process>\n</definitions>\n"
#define CALL(attributes, inside)                                                         \
    "<callActivity id=\"c\" " attributes ">" inside "</callActivity>\n"
#define EXT(inside) "<extensionElements>" inside "</extensionElements>"
#define CALLER(call) START call TASK("z") FLOW("s", "c") FLOW("c", "z")
#define CALLED "<startEvent id=\"i\"/>" TASK("a") FLOW("i", "a")
#define LOOP(how)                                                                        \
    "<multiInstanceLoopCharacteristics isSequential=\"" how "\"><loopCardinality>2"       \
    "</loopCardinality></multiInstanceLoopCharacteristics>"

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
        FILE(CALLER(CALL("calledElement=\"q\"",
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
    is_str(((wf_execution_t *)world_row(WF_TABLE_EXECUTION, called))->business_key, "5-key",
           "its business key");
    is_int(((wf_execution_t *)world_row(WF_TABLE_EXECUTION, called))->root_id, started.id,
           "its root is the caller");
    is_int(((wf_hi_procinst_t *)world_row(WF_TABLE_HI_PROCINST, called))->super_proc_inst_id,
           started.id, "history knows the caller");
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
    for (i = 0; i < (int)(sizeof(scenarios) / sizeof(scenarios[0])); i++) {
        play(&scenarios[i]);
    }
    variables();
    inherited();
    deleted();
    ended_at_once("an error", ENDED_AT_ONCE("<errorEventDefinition errorRef=\"E\"/>"));
    ended_at_once("terminate", ENDED_AT_ONCE("<terminateEventDefinition/>"));
    ended_at_once(
        "terminate all",
        ENDED_AT_ONCE("<terminateEventDefinition activiti:terminateAll=\"true\"/>"));
    world_close();
    return done_testing();
}
