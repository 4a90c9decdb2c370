/* Sub-processes, inclusive gateways, terminate ends, asynchronous continuations: what stands
 * between a token and the end of its instance. */
#include "scenario.h"

#define SUB(id, inside) "<subProcess id=\"" id "\">\n<startEvent id=\"" id "S\"/>\n" inside "</subProcess>\n"
#define INCLUSIVE(id) "<inclusiveGateway id=\"" id "\"/>\n"
#define TERMINATE(id) "<endEvent id=\"" id "\"><terminateEventDefinition/></endEvent>\n"

/* clang-format off */
static const scenario_t scenarios[] = {
    /* ---- embedded ---- */
    { "a sub-process", PROCESS(START SUB("p1", TASK("a") "<endEvent id=\"i\"/>" FLOW("p1S", "a")
        FLOW("a", "i")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a | complete a: z | complete z:", "s p1 p1S a i z" },
    { "branches inside", PROCESS(START SUB("p1", TASK("a") TASK("b") FLOW("p1S", "a") FLOW("p1S", "b"))
        TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a b | complete b: a | complete a: z", NULL },
    { "branches inside and outside", PROCESS(START FORK("f") SUB("p1", TASK("a") TASK("b")
        FLOW("p1S", "a") FLOW("p1S", "b")) TASK("c") FORK("j") TASK("z") FLOW("s", "f") FLOW("f", "p1")
        FLOW("f", "c") FLOW("p1", "j") FLOW("c", "j") FLOW("j", "z")), NULL,
      "a b c | complete c: a b | complete a: b | complete b: z", NULL },
    { "one in another", PROCESS(START SUB("p1", SUB("p2", TASK("a") FLOW("p2S", "a")) TASK("b")
        FLOW("p1S", "p2") FLOW("p2", "b")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a | complete a: b | complete b: z", "s p1 p1S p2 p2S a b z" },
    { "nothing to wait for inside", PROCESS(START SUB("p1", PASS("a") FLOW("p1S", "a")) TASK("z")
        FLOW("s", "p1") FLOW("p1", "z")), NULL, "z", "s p1 p1S a z" },
    { "the last thing", PROCESS(START SUB("p1", TASK("a") FLOW("p1S", "a")) FLOW("s", "p1")), NULL,
      "a | complete a:", NULL },
    { "a join inside is of its own scope", PROCESS(START FORK("f") SUB("p1", FORK("g") TASK("a") TASK("b")
        FORK("h") TASK("c") FLOW("p1S", "g") FLOW("g", "a") FLOW("g", "b") FLOW("a", "h") FLOW("b", "h")
        FLOW("h", "c")) TASK("d") FLOW("s", "f") FLOW("f", "p1") FLOW("f", "d")), NULL,
      "a b d | complete d: a b | complete a: b | complete b: c | complete c:", NULL },
    { "no start event in it", PROCESS(START "<subProcess id=\"p1\">" TASK("a") "</subProcess>" FLOW("s", "p1")),
      NULL, "!no none start event", NULL },
    { "several ways out", PROCESS(START SUB("p1", TASK("a") FLOW("p1S", "a")) TASK("y") TASK("z")
        FLOW("s", "p1") FLOW("p1", "y") FLOW("p1", "z")), NULL, "a | complete a: y z", NULL },
    { "a transaction that works", PROCESS(START "<transaction id=\"p1\"><startEvent id=\"i\"/>" TASK("a")
        FLOW("i", "a") "</transaction>" TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a | complete a: z", NULL },

    /* ---- jobs ---- */
    { "an asynchronous sub-process", PROCESS(START "<subProcess id=\"p1\" activiti:async=\"true\">"
        "<startEvent id=\"i\"/>" TASK("a") FLOW("i", "a") "</subProcess>" TASK("z") FLOW("s", "p1")
        FLOW("p1", "z")), NULL, "p1 | job p1: a | complete a: z", NULL },
    { "an asynchronous gateway", PROCESS(START "<exclusiveGateway id=\"g\" activiti:async=\"true\"/>" TASK("z")
        FLOW("s", "g") FLOW("g", "z")), NULL, "g | job g: z", NULL },
    { "asynchronous afterwards", PROCESS(START "<task id=\"t\" activiti:asyncAfter=\"true\"/>" TASK("z")
        FLOW("s", "t") FLOW("t", "z")), NULL, "t | job t: z", "s t z" },
    { "before and afterwards", PROCESS(START "<userTask id=\"t\" activiti:asyncBefore=\"true\" "
        "activiti:asyncAfter=\"true\"/>" TASK("z") FLOW("s", "t") FLOW("t", "z")), NULL,
      "t | job t: t | complete t: t | job t: z", "s t z" },
    { "an asynchronous join", PROCESS(START FORK("f") TASK("a") TASK("b") "<parallelGateway id=\"j\" "
        "activiti:async=\"true\"/>" TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j")
        FLOW("b", "j") FLOW("j", "z")), NULL,
      "a b | complete a: b j | job j: b | complete b: j | job j: z", NULL },

    /* ---- inclusive gateways ---- */
    { "all true ways", PROCESS(START INCLUSIVE("g") TASK("a") TASK("b") TASK("c") FLOW("s", "g")
        IF("g", "a", "${true}") IF("g", "b", "${false}") FLOW("g", "c")), NULL, "a c", NULL },
    { "the default", PROCESS(START "<inclusiveGateway id=\"g\" default=\"g-b\"/>" TASK("a") TASK("b")
        FLOW("s", "g") IF("g", "a", "${false}") FLOW("g", "b")), NULL, "b", NULL },
    { "no way", PROCESS(START INCLUSIVE("g") TASK("a") FLOW("s", "g") IF("g", "a", "${false}")), NULL,
      "!no outgoing flow of the inclusive gateway", NULL },
    { "join of what was split", PROCESS(START INCLUSIVE("g") TASK("a") TASK("b") TASK("c") INCLUSIVE("j") TASK("z")
        FLOW("s", "g") IF("g", "a", "${n > 0}") IF("g", "b", "${n > 1}") IF("g", "c", "${n > 2}")
        FLOW("a", "j") FLOW("b", "j") FLOW("c", "j") FLOW("j", "z")), "{\"n\": 2}",
      "a b | complete a: b | complete b: z | complete z:", NULL },
    { "one branch alone", PROCESS(START INCLUSIVE("g") TASK("a") TASK("b") INCLUSIVE("j") TASK("z")
        FLOW("s", "g") IF("g", "a", "${true}") IF("g", "b", "${false}")
        FLOW("a", "j") FLOW("b", "j") FLOW("j", "z")), NULL, "a | complete a: z", NULL },
    { "all at once", PROCESS(START INCLUSIVE("g") PASS("a") PASS("b") INCLUSIVE("j") TASK("z")
        FLOW("s", "g") FLOW("g", "a") FLOW("g", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "z")), NULL,
      "z", NULL },
    { "the other one ends elsewhere", PROCESS(START FORK("f") TASK("a") TASK("b") CHOICE("c") INCLUSIVE("j")
        TASK("y") END TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "c")
        IF("c", "j", "${back}") IF("c", "e", "${not back}") FLOW("j", "z")), "{\"back\": false}",
      "a b | complete a: b | complete b: z", NULL },
    { "the other one goes where it cannot come back from", PROCESS(START FORK("f") TASK("a") TASK("b")
        CHOICE("c") INCLUSIVE("j") TASK("y") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b")
        FLOW("a", "j") FLOW("b", "c") IF("c", "j", "${back}") IF("c", "y", "${not back}") FLOW("j", "z")),
      "{\"back\": false}", "a b | complete a: b | complete b: y z", NULL },
    { "a loop before it", PROCESS(START FORK("f") TASK("a") TASK("b") CHOICE("c") INCLUSIVE("j") TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "c") IF("c", "b", "${again}")
        IF("c", "j", "${not again}") FLOW("j", "z")), "{\"again\": true}",
      "a b | complete a: b | complete b: b | complete b {\"again\": false}: z", NULL },
    { "a loop around it", PROCESS(START INCLUSIVE("j") FORK("f") TASK("a") TASK("b") INCLUSIVE("k")
        CHOICE("c") END FLOW("s", "j") FLOW("j", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "k") FLOW("b", "k")
        FLOW("k", "c") IF("c", "j", "${again}") IF("c", "e", "${not again}")), "{\"again\": true}",
      "a b | complete a: b | complete b: a b | complete b: a | complete a {\"again\": false}:", NULL },
    { "a token inside a sub-process can still come", PROCESS(START FORK("f") TASK("a") SUB("p1", TASK("b")
        FLOW("p1S", "b")) INCLUSIVE("j") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "p1")
        FLOW("a", "j") FLOW("p1", "j") FLOW("j", "z")), NULL, "a b | complete a: b | complete b: z", NULL },
    { "inside a sub-process only its own tokens count", PROCESS(START FORK("f") TASK("o") SUB("p1", FORK("g")
        TASK("a") TASK("b") INCLUSIVE("j") TASK("z") FLOW("p1S", "g") FLOW("g", "a") FLOW("g", "b")
        FLOW("a", "j") FLOW("b", "j") FLOW("j", "z")) FLOW("s", "f") FLOW("f", "o") FLOW("f", "p1")), NULL,
      "a b o | complete a: b o | complete b: o z", NULL },
    { "two joins in a row", PROCESS(START FORK("f") TASK("a") TASK("b") TASK("c") INCLUSIVE("j") INCLUSIVE("k")
        TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("f", "c") FLOW("a", "j") FLOW("b", "j")
        FLOW("j", "k") FLOW("c", "k") FLOW("k", "z")), NULL,
      "a b c | complete c: a b | complete a: b | complete b: z", NULL },

    { "two joins in a row, the second one waits first", PROCESS(START FORK("f") TASK("c") TASK("a") TASK("b")
        INCLUSIVE("j") INCLUSIVE("k") TASK("z") FLOW("s", "f") FLOW("f", "c") FLOW("f", "a") FLOW("f", "b")
        FLOW("a", "j") FLOW("b", "j") FLOW("j", "k") FLOW("c", "k") FLOW("k", "z")), NULL,
      "a b c | complete c: a b | complete a: b | complete b: z", NULL },
    { "joins that wait for each other", PROCESS(START FORK("f") TASK("a") TASK("b") INCLUSIVE("j") CHOICE("x")
        INCLUSIVE("k") CHOICE("y") END FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "k")
        FLOW("j", "x") IF("x", "k", "${true}") IF("x", "e", "${false}") FLOW("k", "y") IF("y", "j", "${false}")
        IF("y", "e", "${true}")), NULL, "a b | complete a: b | complete b:", NULL },

    /* ---- parameters ---- */
    { "parameters of an activity", PROCESS(START "<userTask id=\"t\"><extensionElements><camunda:inputOutput "
        "xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\"><camunda:inputParameter name=\"mine\">${x + 1}"
        "</camunda:inputParameter><camunda:inputParameter name=\"more\">${mine * 2}</camunda:inputParameter>"
        "<camunda:outputParameter name=\"out\">${more + y}</camunda:outputParameter></camunda:inputOutput>"
        "</extensionElements></userTask>" CHOICE("g") TASK("a") TASK("b") FLOW("s", "t") FLOW("t", "g")
        IF("g", "a", "${out == 112 and not execution.hasVariable('mine')}")
        IF("g", "b", "${out != 112 or execution.hasVariable('more')}")), "{\"x\": 5}",
      "t | complete t {\"y\": 100}: a | complete a:", "s t g a" },
    { "parameters of each round", PROCESS(START "<userTask id=\"t\"><extensionElements><camunda:inputOutput "
        "xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\"><camunda:inputParameter name=\"mine\">"
        "${loopCounter}</camunda:inputParameter><camunda:outputParameter name=\"last\">${mine}"
        "</camunda:outputParameter></camunda:inputOutput></extensionElements><multiInstanceLoopCharacteristics>"
        "<loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask>" CHOICE("g") TASK("a")
        TASK("b") FLOW("s", "t") FLOW("t", "g") IF("g", "a", "${last == 1}") IF("g", "b", "${last != 1}")), NULL,
      "t t | complete t: t | complete t: a", NULL },

    /* ---- boundary events on what is further inside ---- */
    { "an inner scope is left with what it is in", PROCESS(START FORK("f") SUB("p1", SUB("p2", TASK("a") TASK("b")
        FLOW("p2S", "a") FLOW("p2S", "b")) FLOW("p1S", "p2")) TASK("c") "<boundaryEvent id=\"x\" attachedToRef=\"a\">"
        "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>" TASK("z")
        FLOW("s", "f") FLOW("f", "p1") FLOW("f", "c") FLOW("x", "z")), NULL,
      "a b c | timer x: c z | complete z: c | complete c:", NULL },
    { "or gets a token beside it", PROCESS(START SUB("p1", TASK("a") FLOW("p1S", "a"))
        "<boundaryEvent id=\"x\" attachedToRef=\"a\" cancelActivity=\"false\"><timerEventDefinition>"
        "<timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>" TASK("z")
        FLOW("s", "p1") FLOW("x", "z")), NULL,
      "a | timer x: a z | complete a: z | complete z:", NULL },
    { "all rounds of it", PROCESS(START "<subProcess id=\"p1\"><multiInstanceLoopCharacteristics><loopCardinality>2"
        "</loopCardinality></multiInstanceLoopCharacteristics><startEvent id=\"i\"/>" TASK("a") FLOW("i", "a")
        "</subProcess><boundaryEvent id=\"x\" attachedToRef=\"a\"><timerEventDefinition><timeDuration>PT1H"
        "</timeDuration></timerEventDefinition></boundaryEvent>" TASK("z") FLOW("s", "p1") FLOW("x", "z")), NULL,
      "a a | timer x: z | complete z:", NULL },

    /* ---- the end of it all ---- */
    { "terminate", PROCESS(START FORK("f") TASK("a") TASK("b") TERMINATE("x") FLOW("s", "f") FLOW("f", "a")
        FLOW("f", "b") FLOW("a", "x")), NULL, "a b | complete a:", "s f a b x" },
    { "terminate alone", PROCESS(START TERMINATE("x") FLOW("s", "x")), NULL, "", "s x" },
    { "terminate a sub-process", PROCESS(START SUB("p1", TASK("a") TASK("b") TERMINATE("x") FLOW("p1S", "a")
        FLOW("p1S", "b") FLOW("a", "x")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a b | complete a: z", NULL },
    { "terminate around a sub-process", PROCESS(START FORK("f") SUB("p1", TASK("a") TASK("b") FLOW("p1S", "a")
        FLOW("p1S", "b")) TASK("c") TERMINATE("x") FLOW("s", "f") FLOW("f", "p1") FLOW("f", "c")
        FLOW("c", "x")), NULL, "a b c | complete c:", NULL },
    { "terminate one round", PROCESS(START "<subProcess id=\"p1\"><multiInstanceLoopCharacteristics>"
        "<loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics><startEvent id=\"i\"/>" TASK("a")
        TASK("b") TERMINATE("x") FLOW("i", "a") FLOW("i", "b") FLOW("a", "x") "</subProcess>" TASK("z")
        FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a a b b | complete a: a b | complete a: z", NULL },
};
/* clang-format on */

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(scenarios) / sizeof(scenarios[0])); i++) {
        play(&scenarios[i]);
    }
    world_close();
    return done_testing();
}
