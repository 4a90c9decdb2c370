/* Compensation and transactions. */
#include "scenario.h"

#define UNDO(id, handler)                                                                \
    "<boundaryEvent id=\"" id "B\" attachedToRef=\"" id "\"><compensateEventDefinition/>"  \
    "</boundaryEvent><association id=\"" id "A\" sourceRef=\"" id "B\" targetRef=\"" handler \
    "\"/>\n"
#define HANDLER(id) "<userTask id=\"" id "\" name=\"" id "\" isForCompensation=\"true\"/>\n"
#define THROW(id, attributes)                                                            \
    "<intermediateThrowEvent id=\"" id "\"><compensateEventDefinition " attributes "/>"   \
    "</intermediateThrowEvent>\n"
#define CANCEL(id) "<endEvent id=\"" id "\"><cancelEventDefinition/></endEvent>\n"
#define CANCELLED(id, host)                                                              \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host "\"><cancelEventDefinition/>"     \
    "</boundaryEvent>\n"

/* clang-format off */
static const scenario_t scenarios[] = {
    { "nothing to undo", PROCESS(START THROW("c", "") TASK("z") FLOW("s", "c") FLOW("c", "z")), NULL,
      "z", "s c z" },
    { "one thing", PROCESS(START TASK("a") UNDO("a", "u") HANDLER("u") THROW("c", "") TASK("z")
        FLOW("s", "a") FLOW("a", "c") FLOW("c", "z")), NULL,
      "a | complete a: u | complete u: z | complete z:", "s a c u z" },
    { "handlers that need nobody", PROCESS(START PASS("a") PASS("b") UNDO("a", "ua") UNDO("b", "ub")
        "<task id=\"ua\" isForCompensation=\"true\"/><task id=\"ub\" isForCompensation=\"true\"/>" THROW("c", "")
        TASK("z") FLOW("s", "a") FLOW("a", "b") FLOW("b", "c") FLOW("c", "z")), NULL,
      "z", "s a b c ub ua z" },
    { "each once", PROCESS(START PASS("a") UNDO("a", "ua") "<task id=\"ua\" isForCompensation=\"true\"/>"
        THROW("c", "") THROW("d", "") TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "d") FLOW("d", "z")),
      NULL, "z", "s a c ua d z" },
    { "all wait at once", PROCESS(START PASS("a") PASS("b") UNDO("a", "ua") UNDO("b", "ub") HANDLER("ua")
        HANDLER("ub") THROW("c", "") TASK("z") FLOW("s", "a") FLOW("a", "b") FLOW("b", "c") FLOW("c", "z")), NULL,
      "ua ub | complete ua: ub | complete ub: z", NULL },
    { "one activity only", PROCESS(START PASS("a") PASS("b") UNDO("a", "ua") UNDO("b", "ub") HANDLER("ua")
        HANDLER("ub") THROW("c", "activityRef=\"a\"") TASK("z") FLOW("s", "a") FLOW("a", "b") FLOW("b", "c")
        FLOW("c", "z")), NULL, "ua | complete ua: z", NULL },
    { "what was not done is not undone", PROCESS(START CHOICE("g") PASS("a") PASS("b") UNDO("a", "ua")
        UNDO("b", "ub") HANDLER("ua") HANDLER("ub") THROW("c", "") TASK("z") FLOW("s", "g")
        IF("g", "a", "${true}") IF("g", "b", "${false}") FLOW("a", "c") FLOW("b", "c") FLOW("c", "z")), NULL,
      "ua | complete ua: z", NULL },
    { "beside another branch", PROCESS(START FORK("f") PASS("a") TASK("b") UNDO("a", "ua") HANDLER("ua")
        THROW("c", "") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "c") FLOW("c", "z")),
      NULL, "b ua | complete ua: b z | complete b: z", NULL },
    { "the other branch ends meanwhile", PROCESS(START FORK("f") PASS("a") TASK("b") UNDO("a", "ua") HANDLER("ua")
        THROW("c", "") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "c") FLOW("c", "z")),
      NULL, "b ua | complete b: ua | complete ua: z", NULL },
    { "each round", PROCESS(START "<task id=\"a\"><multiInstanceLoopCharacteristics><loopCardinality>2"
        "</loopCardinality></multiInstanceLoopCharacteristics></task>" UNDO("a", "ua") HANDLER("ua")
        THROW("c", "") TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "z")), NULL,
      "ua ua | complete ua: ua | complete ua: z", NULL },
    { "a completed sub-process", PROCESS(START "<subProcess id=\"p1\"><startEvent id=\"i\"/>" PASS("a") PASS("b")
        UNDO("a", "ua") UNDO("b", "ub") HANDLER("ua") HANDLER("ub") FLOW("i", "a") FLOW("a", "b")
        "</subProcess>" TASK("t") THROW("c", "") TASK("z") FLOW("s", "p1") FLOW("p1", "t") FLOW("t", "c")
        FLOW("c", "z")), NULL,
      "t | complete t: ua ub | complete ub: ua | complete ua: z | complete z:", NULL },
    { "one inside another", PROCESS(START "<subProcess id=\"p1\"><startEvent id=\"i\"/><subProcess id=\"p2\">"
        "<startEvent id=\"k\"/>" PASS("a") UNDO("a", "ua") HANDLER("ua") FLOW("k", "a") "</subProcess>"
        FLOW("i", "p2") "</subProcess>" THROW("c", "") TASK("z") FLOW("s", "p1") FLOW("p1", "c")
        FLOW("c", "z")), NULL, "ua | complete ua: z", NULL },
    { "a sub-process with a handler of its own", PROCESS(START "<subProcess id=\"p1\"><startEvent id=\"i\"/>"
        PASS("a") UNDO("a", "ua") HANDLER("ua") FLOW("i", "a") "</subProcess>" UNDO("p1", "up") HANDLER("up")
        THROW("c", "") TASK("z") FLOW("s", "p1") FLOW("p1", "c") FLOW("c", "z")), NULL,
      "up | complete up: z", NULL },
    { "a sub-process as handler", PROCESS(START PASS("a") UNDO("a", "h")
        "<subProcess id=\"h\" isForCompensation=\"true\"><startEvent id=\"i\"/>" TASK("u") TASK("v")
        FLOW("i", "u") FLOW("u", "v") "</subProcess>" THROW("c", "") TASK("z") FLOW("s", "a")
        FLOW("a", "c") FLOW("c", "z")), NULL, "u | complete u: v | complete v: z", NULL },
    { "at the end", PROCESS(START PASS("a") UNDO("a", "ua") HANDLER("ua") "<endEvent id=\"x\">"
        "<compensateEventDefinition/></endEvent>" FLOW("s", "a") FLOW("a", "x")), NULL,
      "ua | complete ua:", NULL },
    { "never asked for", PROCESS(START "<subProcess id=\"p1\"><startEvent id=\"i\"/>" PASS("a") UNDO("a", "ua")
        HANDLER("ua") FLOW("i", "a") "</subProcess>" TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "z | complete z:", NULL },

    /* ---- transactions ---- */
    { "cancelled", PROCESS(START "<transaction id=\"x\"><startEvent id=\"i\"/>" TASK("a") UNDO("a", "ua")
        HANDLER("ua") CANCEL("n") FLOW("i", "a") FLOW("a", "n") "</transaction>" CANCELLED("k", "x") TASK("y")
        TASK("z") FLOW("s", "x") FLOW("x", "y") FLOW("k", "z")), NULL,
      "a | complete a: ua | complete ua: z | complete z:", "s x i a n ua k z" },
    { "cancelled with nothing to undo", PROCESS(START "<transaction id=\"x\"><startEvent id=\"i\"/>" TASK("a")
        CANCEL("n") FLOW("i", "a") FLOW("a", "n") "</transaction>" CANCELLED("k", "x") TASK("z")
        FLOW("s", "x") FLOW("k", "z")), NULL, "a | complete a: z", NULL },
    { "other tokens in it end", PROCESS(START "<transaction id=\"x\"><startEvent id=\"i\"/>" TASK("a") TASK("b")
        UNDO("a", "ua") HANDLER("ua") UNDO("b", "ub") HANDLER("ub") CANCEL("n") FLOW("i", "a") FLOW("i", "b")
        FLOW("a", "n") "</transaction>" CANCELLED("k", "x") TASK("z") FLOW("s", "x") FLOW("k", "z")), NULL,
      "a b | complete a: ua | complete ua: z", NULL },
    { "nobody catches it", PROCESS(START "<transaction id=\"x\"><startEvent id=\"i\"/>" TASK("a") CANCEL("n")
        FLOW("i", "a") FLOW("a", "n") "</transaction>" FLOW("s", "x")), NULL,
      "a | complete a: !no boundary event", NULL },
    { "not cancelled, undone from outside", PROCESS(START "<transaction id=\"x\"><startEvent id=\"i\"/>" PASS("a")
        UNDO("a", "ua") HANDLER("ua") FLOW("i", "a") "</transaction>" THROW("c", "") TASK("z") FLOW("s", "x")
        FLOW("x", "c") FLOW("c", "z")), NULL, "ua | complete ua: z", NULL },
    { "one round cancels them all", PROCESS(START "<transaction id=\"x\"><multiInstanceLoopCharacteristics>"
        "<loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics><startEvent id=\"i\"/>"
        TASK("a") UNDO("a", "ua") HANDLER("ua") TASK("b") CHOICE("g") CANCEL("n") END FLOW("i", "a")
        FLOW("a", "b") FLOW("b", "g") IF("g", "n", "${stop}") IF("g", "e", "${not stop}") "</transaction>"
        CANCELLED("k", "x") TASK("z") FLOW("s", "x") FLOW("k", "z")), "{\"stop\": false}",
      "a a a | complete a: a a b | complete b: a a | complete a: a b"
      " | complete b {\"stop\": true}: ua ua | complete ua: ua | complete ua: z", NULL },
};
/* clang-format on */

/* Handlers of a completed sub-process see its variables as they were. */
static void kept_variables(void)
{
    const wf_definition_t *definition = world_deploy(PROCESS(
        START "<subProcess id=\"p1\"><startEvent id=\"i\"/>"
              "<dataObject id=\"d\" name=\"v\"><extensionElements>"
              "<activiti:value>kept</activiti:value></extensionElements></dataObject>" PASS("a")
                  UNDO("a", "ua") "<userTask id=\"ua\" name=\"${v}\" isForCompensation=\"true\"/>"
                      FLOW("i", "a") "</subProcess>" THROW("c", "") FLOW("s", "p1")
                          FLOW("p1", "c")));
    wf_started_t started;
    wf_id_t task;

    world_start(definition, NULL, &started);
    task = world_task(started.id, "ua");
    is_str(((wf_task_t *)world_row(WF_TABLE_TASK, task))->name, "kept",
           "a handler sees the variables of its sub-process");
    world_complete(started.id, "ua", NULL);
    is_int(world_executions(started.id), 0, "nothing is left");
}

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(scenarios) / sizeof(scenarios[0])); i++) {
        play(&scenarios[i]);
    }
    kept_variables();
    world_close();
    return done_testing();
}
