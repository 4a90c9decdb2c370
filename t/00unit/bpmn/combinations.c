/* Features of processes that meet: loops, calls, transactions, handlers, joins and events
 * within, around and behind each other. Engines differ in these more than in any of them
 * alone. */
#include "scenario.h"

#define DECLARED                                                                         \
    "<signal id=\"sigA\" name=\"A\"/><signal id=\"sigB\" name=\"B\"/>"                   \
    "<message id=\"mesM\" name=\"M\"/><error id=\"errE\" errorCode=\"E\"/>"              \
    "<error id=\"errF\" errorCode=\"F\"/>\n"
#define FILE_OF(body)                                                                    \
    DEFINITIONS DECLARED "<process id=\"p\" name=\"P\">\n" body                          \
                         "</process>\n</definitions>\n"
/* The first process calls the second one, that one the third one. */
#define CALLS(body, called)                                                              \
    DEFINITIONS DECLARED "<process id=\"p\">\n" body "</process>\n<process id=\"q\">\n"  \
                         "<startEvent id=\"qS\"/>\n" called                              \
                         "</process>\n</definitions>\n"
#define CALLS_TWO(body, called, last)                                                    \
    DEFINITIONS DECLARED "<process id=\"p\">\n" body "</process>\n<process id=\"q\">\n"  \
                         "<startEvent id=\"qS\"/>\n" called                              \
                         "</process>\n<process id=\"r\">\n"                              \
                         "<startEvent id=\"rS\"/>\n" last "</process>\n</definitions>\n"

#define SIGNAL(ref) "<signalEventDefinition signalRef=\"sig" ref "\"/>"
#define MESSAGE(ref) "<messageEventDefinition messageRef=\"mes" ref "\"/>"
#define ERROR(ref) "<errorEventDefinition errorRef=\"err" ref "\"/>"
#define HOUR                                                                             \
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define TERMINATE "<terminateEventDefinition/>"
#define CANCEL "<cancelEventDefinition/>"
#define COMPENSATE(attributes) "<compensateEventDefinition " attributes "/>"

#define CATCH(id, def)                                                                   \
    "<intermediateCatchEvent id=\"" id "\">" def "</intermediateCatchEvent>\n"
#define THROW(id, def)                                                                   \
    "<intermediateThrowEvent id=\"" id "\">" def "</intermediateThrowEvent>\n"
#define ENDS(id, def) "<endEvent id=\"" id "\">" def "</endEvent>\n"
#define BOUNDARY(id, host, def)                                                          \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host "\">" def "</boundaryEvent>\n"
#define BESIDE(id, host, def)                                                            \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host                                 \
    "\" cancelActivity=\"false\">" def "</boundaryEvent>\n"
#define ON(id, def, inside)                                                              \
    "<subProcess id=\"" id "\" triggeredByEvent=\"true\"><startEvent id=\"" id           \
    "S\">" def "</startEvent>\n" inside "</subProcess>\n"
#define ON_BESIDE(id, def, inside)                                                       \
    "<subProcess id=\"" id "\" triggeredByEvent=\"true\"><startEvent id=\"" id           \
    "S\" isInterrupting=\"false\">" def "</startEvent>\n" inside "</subProcess>\n"
#define SUB(id, inside)                                                                  \
    "<subProcess id=\"" id "\">\n<startEvent id=\"" id "S\"/>\n" inside "</"             \
                                                                        "subProcess>\n"
#define SUBS(id, loop, inside)                                                           \
    "<subProcess id=\"" id "\">\n" loop "<startEvent id=\"" id "S\"/>\n" inside          \
    "</subProcess>\n"
#define TRANSACTION(id, loop, inside)                                                    \
    "<transaction id=\"" id "\">\n" loop "<startEvent id=\"" id "S\"/>\n" inside         \
    "</transaction>\n"
#define INCLUSIVE(id) "<inclusiveGateway id=\"" id "\"/>\n"
#define GATE(id) "<eventBasedGateway id=\"" id "\"/>\n"
#define CALL(id, key, loop)                                                              \
    "<callActivity id=\"" id "\" calledElement=\"" key "\">" loop "</callActivity>\n"
#define LOOP(how, inside)                                                                \
    "<multiInstanceLoopCharacteristics isSequential=\"" how "\">" inside                 \
    "</multiInstanceLoopCharacteristics>"
#define TIMES(n) LOOP("false", "<loopCardinality>" n "</loopCardinality>")
#define IN_TURN(n) LOOP("true", "<loopCardinality>" n "</loopCardinality>")
#define UNTIL(n, text)                                                                   \
    LOOP("false", "<loopCardinality>" n "</loopCardinality><completionCondition>" text   \
                  "</completionCondition>")
#define IN_TURN_UNTIL(n, text)                                                           \
    LOOP("true", "<loopCardinality>" n "</loopCardinality><completionCondition>" text    \
                 "</completionCondition>")
#define LOOPED(id, attributes, loop)                                                     \
    "<userTask id=\"" id "\" " attributes ">" loop "</userTask>\n"
#define UNDO(id, handler)                                                                \
    "<boundaryEvent id=\"" id "B\" attachedToRef=\"" id                                  \
    "\"><compensateEventDefinition/>"                                                    \
    "</boundaryEvent><association id=\"" id "A\" sourceRef=\"" id                        \
    "B\" targetRef=\"" handler "\"/>\n"
#define HANDLER(id) "<userTask id=\"" id "\" isForCompensation=\"true\"/>\n"

/* clang-format off */
static const scenario_t gateways[] = {
    /* ---- what an inclusive join waits for ---- */
    { "a loop on a branch comes twice", FILE_OF(START FORK("f") TASK("a") TASK("b") INCLUSIVE("j") CHOICE("x") TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "x") IF("x", "b", "${again}") IF("x", "j", "${not again}")
        FLOW("j", "z")), "{\"again\": true}",
      "a b | complete b: a b | complete a: b | complete b: b | complete b {\"again\": false}: z", NULL },
    { "a loop behind the join that leads back before it", FILE_OF(START INCLUSIVE("g") TASK("a") TASK("b") INCLUSIVE("j") CHOICE("x") TASK("z")
        FLOW("s", "g") FLOW("g", "a") IF("g", "b", "${both}") FLOW("a", "j") FLOW("b", "j") FLOW("j", "x") IF("x", "g", "${again}")
        IF("x", "z", "${not again}")), "{\"both\": true, \"again\": true}",
      "a b | complete a: b | complete b {\"both\": false}: a | complete a: a | complete a {\"again\": false}: z", NULL },
    { "a split and a join in one gateway, in a loop", FILE_OF(START INCLUSIVE("g") TASK("a") TASK("b") CHOICE("x") TASK("z")
        FLOW("s", "g") FLOW("g", "a") FLOW("g", "b") FLOW("a", "x") FLOW("b", "x") IF("x", "g", "${again}") IF("x", "z", "${not again}")),
      "{\"again\": true}", "a b | complete a: b | complete b: a b | complete a {\"again\": false}: b z | complete b {\"again\": true}: a b z", NULL },
    { "nested splits", FILE_OF(START INCLUSIVE("g") TASK("a") INCLUSIVE("h") TASK("b") TASK("c") INCLUSIVE("k") INCLUSIVE("j") TASK("z")
        FLOW("s", "g") FLOW("g", "a") FLOW("g", "h") IF("h", "b", "${true}") IF("h", "c", "${n > 1}") FLOW("b", "k") FLOW("c", "k")
        FLOW("k", "j") FLOW("a", "j") FLOW("j", "z")), "{\"n\": 2}",
      "a b c | complete a: b c | complete b: c | complete c: z", NULL },
    { "nested in a sub-process", FILE_OF(START INCLUSIVE("g") TASK("a") SUB("p1", INCLUSIVE("h") TASK("b") TASK("c") INCLUSIVE("k")
        TASK("d") FLOW("p1S", "h") FLOW("h", "b") FLOW("h", "c") FLOW("b", "k") FLOW("c", "k") FLOW("k", "d")) INCLUSIVE("j") TASK("z")
        FLOW("s", "g") FLOW("g", "a") FLOW("g", "p1") FLOW("a", "j") FLOW("p1", "j") FLOW("j", "z")), NULL,
      "a b c | complete a: b c | complete b: c | complete c: d | complete d: z", NULL },
    { "in each round of a sub-process", FILE_OF(START SUBS("p1", TIMES("2"), INCLUSIVE("h") TASK("b") TASK("c") INCLUSIVE("k")
        TASK("d") FLOW("p1S", "h") FLOW("h", "b") FLOW("h", "c") FLOW("b", "k") FLOW("c", "k") FLOW("k", "d")) TASK("z")
        FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "b b c c | complete b: b c c | complete c: b c d | complete b: c d | complete c: d d | complete d: d | complete d: z", NULL },
    { "rounds of a loop may still come", FILE_OF(START FORK("f") TASK("a") LOOPED("t", "", TIMES("2")) INCLUSIVE("j") TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "t") FLOW("a", "j") FLOW("t", "j") FLOW("j", "z")), NULL,
      "a t t | complete a: t t | complete t: t | complete t: z", NULL },
    { "a called instance may still come back", CALLS(START FORK("f") TASK("a") CALL("c", "q", "") INCLUSIVE("j") TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "c") FLOW("a", "j") FLOW("c", "j") FLOW("j", "z"), TASK("b") FLOW("qS", "b")), NULL,
      "a b c | complete a: b c | complete b: z", NULL },
    { "an event on a border may still lead there", FILE_OF(START FORK("f") TASK("a") TASK("b") BOUNDARY("x", "b", SIGNAL("A")) TASK("y")
        INCLUSIVE("j") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "y") FLOW("x", "j") FLOW("j", "z")), NULL,
      "a b | complete a: b | complete b: y z", NULL },
    { "and does", FILE_OF(START FORK("f") TASK("a") TASK("b") BOUNDARY("x", "b", SIGNAL("A")) TASK("y")
        INCLUSIVE("j") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "y") FLOW("x", "j") FLOW("j", "z")), NULL,
      "a b | complete a: b | event A: z", NULL },
    { "what comes beside the host is one more", FILE_OF(START FORK("f") TASK("a") TASK("b") BESIDE("x", "b", SIGNAL("A"))
        INCLUSIVE("j") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("x", "j") FLOW("j", "z")), NULL,
      "a b | complete a: b | event A: b | event A: b | complete b: z", NULL },
    { "a job may still come", FILE_OF(START FORK("f") TASK("a") ASYNC("b") INCLUSIVE("j") TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "z")), NULL,
      "a b | complete a: b | job b: z", NULL },
    { "a parallel join before it holds what comes", FILE_OF(START FORK("f") TASK("a") TASK("b") TASK("c") FORK("k") INCLUSIVE("j") TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("f", "c") FLOW("a", "j") FLOW("b", "k") FLOW("c", "k") FLOW("k", "j") FLOW("j", "z")), NULL,
      "a b c | complete b: a c | complete a: c | complete c: z", NULL },
    { "a terminated sub-process comes at once", FILE_OF(START FORK("f") TASK("a") SUB("p1", TASK("b") TASK("c") ENDS("x", TERMINATE)
        FLOW("p1S", "b") FLOW("p1S", "c") FLOW("b", "x")) INCLUSIVE("j") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "p1")
        FLOW("a", "j") FLOW("p1", "j") FLOW("j", "z")), NULL,
      "a b c | complete a: b c | complete b: z", NULL },
    { "the last other one ends inside a sub-process without a way on", FILE_OF(START FORK("f") TASK("a") SUB("p1", TASK("b") FLOW("p1S", "b"))
        BOUNDARY("x", "p1", SIGNAL("A")) INCLUSIVE("j") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "p1") FLOW("a", "j") FLOW("x", "j")
        FLOW("j", "z")), NULL, "a b | complete a: b | complete b: z", NULL },
    { "an asynchronous one", FILE_OF(START FORK("f") TASK("a") TASK("b") "<inclusiveGateway id=\"j\" activiti:async=\"true\"/>" TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "z")), NULL,
      "a b | complete a: b j | job j: b | complete b: j | job j: z", NULL },
    { "an event sub-process does not come", FILE_OF(START FORK("f") TASK("a") TASK("b") INCLUSIVE("j") TASK("z") ON_BESIDE("h", SIGNAL("A"),
        TASK("y") FLOW("hS", "y")) FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "z")), NULL,
      "a b | event A: a b y | complete a: b y | complete b: y z", NULL },

    /* ---- other gateways ---- */
    { "a parallel join in each round", FILE_OF(START SUBS("p1", TIMES("2"), FORK("g") TASK("a") TASK("b") FORK("k") TASK("c")
        FLOW("p1S", "g") FLOW("g", "a") FLOW("g", "b") FLOW("a", "k") FLOW("b", "k") FLOW("k", "c")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a a b b | complete a: a b b | complete a: b b | complete b: b c | complete b: c c", NULL },
    { "a wait for events in each round", FILE_OF(START SUBS("p1", TIMES("2"), GATE("g") CATCH("c", SIGNAL("A")) CATCH("d", HOUR) TASK("x") TASK("y")
        FLOW("p1S", "g") FLOW("g", "c") FLOW("g", "d") FLOW("c", "x") FLOW("d", "y")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "g g | timer d: g y | event A: x y | complete x: y | complete y: z", NULL },
    { "conditions behind a wait for events mean nothing", FILE_OF(START GATE("g") CATCH("c", SIGNAL("A")) CATCH("d", HOUR) TASK("x")
        TASK("y") FLOW("s", "g") IF("g", "c", "${false}") IF("g", "d", "${nobody}") FLOW("c", "x") FLOW("d", "y")), NULL, "g | event A: x", NULL },
    { "the default of an inclusive gateway beside a true flow", FILE_OF(START "<inclusiveGateway id=\"g\" default=\"g-b\"/>" TASK("a") TASK("b")
        FLOW("s", "g") IF("g", "a", "${true}") FLOW("g", "b")), NULL, "a", NULL },
    { "a condition of an inclusive gateway that fails", FILE_OF(START INCLUSIVE("g") TASK("a") TASK("b") FLOW("s", "g") IF("g", "a", "${1}")
        FLOW("g", "b")), NULL, "!gives long", NULL },
    { "a complex gateway chooses", FILE_OF(START "<complexGateway id=\"g\" default=\"g-b\"/>" TASK("a") TASK("b") FLOW("s", "g")
        IF("g", "a", "${false}") FLOW("g", "b")), NULL, "b", "s g b" },
    { "it does not join", FILE_OF(START FORK("f") TASK("a") TASK("b") "<complexGateway id=\"g\"/>" TASK("z") FLOW("s", "f") FLOW("f", "a")
        FLOW("f", "b") FLOW("a", "g") FLOW("b", "g") FLOW("g", "z")), NULL, "a b | complete a: b z | complete b: z z", NULL },
    { "a condition of another prefix, with blanks", DEFINITIONS "<process id=\"p\" xmlns:b=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">" START TASK("a") TASK("b") "<sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"a\">"
        "<conditionExpression xsi:type=\"b:tFormalExpression\">\n  <![CDATA[ ${n > 1} ]]>\n</conditionExpression></sequenceFlow>"
        IF("s", "b", "\n ${n &lt; 1}\n") "</process></definitions>", "{\"n\": 2}", "a", NULL },
};

static const scenario_t loops[] = {
    /* ---- events around loops ---- */
    { "a timer ends all rounds of a call", CALLS(START CALL("c", "q", TIMES("2")) TASK("z") BOUNDARY("x", "c", HOUR) FLOW("s", "c")
        FLOW("x", "z"), TASK("a") CATCH("d", SIGNAL("A")) FLOW("qS", "a") FLOW("qS", "d")), NULL,
      "a a c c d d | complete a: a c c d d | timer x: z | throw A: z | complete z:", "s c c x z" },
    { "an error of one called instance ends all", CALLS(START CALL("c", "q", TIMES("3")) TASK("z") BOUNDARY("x", "c", ERROR("E")) FLOW("s", "c")
        FLOW("x", "z"), TASK("a") ENDS("e", ERROR("E")) FLOW("qS", "a") FLOW("a", "e")), NULL,
      "a a a c c c | complete 2nd a: z", "s c c c x z" },
    { "of calls one after the other", CALLS(START CALL("c", "q", IN_TURN("3")) TASK("y") TASK("z") BOUNDARY("x", "c", ERROR("E"))
        BESIDE("n", "c", SIGNAL("A")) FLOW("s", "c") FLOW("c", "y") FLOW("x", "z") FLOW("n", "y"), TASK("a") CHOICE("g") ENDS("bad", ERROR("E"))
        FLOW("qS", "a") FLOW("a", "g") IF("g", "bad", "${bad}") IF("g", "e", "${not bad}") END), NULL,
      "a c | throw A: a c y | complete a {\"bad\": false}: a c y | complete a {\"bad\": true}: y z | throw A: y z", NULL },
    { "until a condition holds: other calls end", CALLS(START CALL("c", "q", UNTIL("3", "${nrOfCompletedInstances == 1}")) TASK("z")
        BOUNDARY("x", "c", HOUR) FLOW("s", "c") FLOW("c", "z"), TASK("a") FLOW("qS", "a")), NULL,
      "a a a c c c | complete 2nd a: z | timer x: !no job", NULL },
    { "a signal in one round of a sub-process", FILE_OF(START SUBS("p1", TIMES("2"), TASK("a") TASK("b") BOUNDARY("x", "a", SIGNAL("A"))
        FLOW("p1S", "a") FLOW("x", "b")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a a | complete a: a | event A: b | complete b: z", NULL },
    { "an error in one round, caught in it", FILE_OF(START SUBS("p1", TIMES("2"), SUB("p2", TASK("a") ENDS("e", ERROR("E")) FLOW("p2S", "a")
        FLOW("a", "e")) BOUNDARY("x", "p2", ERROR("E")) TASK("b") FLOW("p1S", "p2") FLOW("x", "b")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a a | complete a: a b | complete b: a | complete a: b | complete b: z", NULL },
    { "an event sub-process in each round", FILE_OF(START SUBS("p1", TIMES("2"), TASK("a") ENDS("e", ERROR("E")) ON("h", ERROR("E"), TASK("b")
        FLOW("hS", "b")) FLOW("p1S", "a") FLOW("a", "e")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a a | complete a: a b | complete a: b b | complete b: b | complete b: z", NULL },
    { "one round, caught around all", FILE_OF(START SUBS("p1", IN_TURN("3"), TASK("a") CHOICE("g") ENDS("e", ERROR("E")) "<endEvent id=\"f\"/>"
        FLOW("p1S", "a") FLOW("a", "g") IF("g", "e", "${bad}") IF("g", "f", "${not bad}")) BOUNDARY("x", "p1", ERROR("E")) TASK("y") TASK("z")
        FLOW("s", "p1") FLOW("p1", "y") FLOW("x", "z")), "{\"bad\": false}",
      "a | complete a: a | complete a {\"bad\": true}: z", NULL },
    { "no rounds: nothing is armed", FILE_OF(START LOOPED("t", "", TIMES("0")) BOUNDARY("x", "t", SIGNAL("A")) TASK("y") TASK("z") FLOW("s", "t")
        FLOW("t", "y") FLOW("x", "z")), NULL, "y | event A: !does not wait", "s y" },
    { "a message interrupts a loop of tasks", FILE_OF(START LOOPED("t", "", IN_TURN("3")) BOUNDARY("x", "t", MESSAGE("M")) TASK("y") TASK("z")
        FLOW("s", "t") FLOW("t", "y") FLOW("x", "z")), NULL,
      "t | complete t: t | message M: z | complete z:", "s t t x z" },
    { "receive tasks in rounds", FILE_OF(START "<receiveTask id=\"t\">" TIMES("2") "</receiveTask>" TASK("z") FLOW("s", "t") FLOW("t", "z")), NULL,
      "t t | signal t: t | signal t: z", NULL },

    /* ---- rounds that are jobs ---- */
    { "jobs one after the other", FILE_OF(START "<task id=\"t\" activiti:async=\"true\">" IN_TURN("3") "</task>" TASK("z") FLOW("s", "t")
        FLOW("t", "z")), NULL, "t | job t: t | job t: t | job t: z | job t: !no job", "s t t t z" },
    { "jobs until a condition holds", FILE_OF(START "<task id=\"t\" activiti:async=\"true\">" UNTIL("4", "${nrOfCompletedInstances >= 2}")
        "</task>" TASK("z") FLOW("s", "t") FLOW("t", "z")), NULL, "t t t t | job t: t t t | job t: z | job t: !no job", "s t t z" },
    { "jobs one after the other, until it holds", FILE_OF(START "<userTask id=\"t\" activiti:async=\"true\">" IN_TURN_UNTIL("4",
        "${loopCounter >= 1}") "</userTask>" TASK("z") FLOW("s", "t") FLOW("t", "z")), NULL,
      "t | job t: t | complete t: t | job t: t | complete t: z | job t: !no job", NULL },
    { "a job of the next round while one waits", FILE_OF(START "<userTask id=\"t\" activiti:async=\"true\">" UNTIL("3",
        "${nrOfCompletedInstances == 1}") "</userTask>" TASK("z") FLOW("s", "t") FLOW("t", "z")), NULL,
      "t t t | job t: t t t | job t: t t t | complete t: z | job t: !no job", NULL },
    { "a job of a call in rounds", CALLS(START "<callActivity id=\"c\" calledElement=\"q\" activiti:async=\"true\">" TIMES("2") "</callActivity>"
        TASK("z") BOUNDARY("x", "c", SIGNAL("A")) FLOW("s", "c") FLOW("c", "z"), TASK("a") FLOW("qS", "a")), NULL,
      "c c | job c: a c c | complete a: c | job c: a c | complete a: z", NULL },
    { "interrupted before they are done", FILE_OF(START "<task id=\"t\" activiti:async=\"true\">" TIMES("3") "</task>" BOUNDARY("x", "t", SIGNAL("A"))
        TASK("z") FLOW("s", "t") FLOW("x", "z")), NULL, "t t t | job t: t t | event A: z | job t: !no job", NULL },
    { "afterwards a job", FILE_OF(START "<userTask id=\"t\" activiti:asyncAfter=\"true\">" TIMES("2") "</userTask>" TASK("z") FLOW("s", "t")
        FLOW("t", "z")), NULL, "t t | complete t: t | complete t: t | job t: z", NULL },

    /* ---- loops in loops ---- */
    { "counters of one in turn", FILE_OF(START LOOPED("t", "", IN_TURN_UNTIL("3", "${nrOfActiveInstances == 1 and nrOfInstances == 3 and "
        "nrOfCompletedInstances == 2 and loopCounter == 1}")) TASK("z") FLOW("s", "t") FLOW("t", "z")), NULL, "t | complete t: t | complete t: z", NULL },
    { "what a round sets, the next one sees", FILE_OF(START "<scriptTask id=\"t\"><script>${execution.setVariable('n', n * 2 + loopCounter)}</script>"
        IN_TURN("3") "</scriptTask>" CHOICE("g") TASK("y") TASK("z") FLOW("s", "t") FLOW("t", "g") IF("g", "y", "${n == 12}") FLOW("g", "z")),
      "{\"n\": 1}", "y", NULL },
    { "a list that grows while rounds go on", FILE_OF(START "<userTask id=\"t\"><multiInstanceLoopCharacteristics isSequential=\"true\" "
        "activiti:collection=\"l\" activiti:elementVariable=\"x\"/></userTask>" TASK("z") FLOW("s", "t") FLOW("t", "z")), "{\"l\": [1, 2]}",
      "t | complete t {\"l\": [1, 2, 3]}: t | complete t: z", NULL },
    { "a list that is gone meanwhile", FILE_OF(START "<userTask id=\"t\"><multiInstanceLoopCharacteristics isSequential=\"true\" "
        "activiti:collection=\"l\" activiti:elementVariable=\"x\"/></userTask>" TASK("z") FLOW("s", "t") FLOW("t", "z")), "{\"l\": [1, 2]}",
      "t | complete t {\"l\": null}: !not a list | complete t: t | complete t: z", NULL },
    { "the inner counter hides the outer one", FILE_OF(START SUBS("p1", IN_TURN("2"), LOOPED("t", "", UNTIL("3", "${loopCounter == 2}"))
        TASK("u") FLOW("p1S", "t") FLOW("t", "u")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "t t t | complete t: t t | complete 2nd t: u | complete u: t t t | complete 3rd t: u | complete u: z", NULL },
    { "a sub-process in rounds around one in turn", FILE_OF(START SUBS("p1", TIMES("2"), SUBS("p2", IN_TURN("2"), TASK("a") FLOW("p2S", "a"))
        FLOW("p1S", "p2")) TASK("z") BOUNDARY("x", "p1", SIGNAL("A")) FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a a | complete a: a a | complete 2nd a: a | complete a: a | complete a: z", NULL },
    { "a condition of a sub-process's rounds ends what is in them", FILE_OF(START SUBS("p1", UNTIL("3", "${done}"), TASK("a")
        CATCH("c", SIGNAL("A")) FLOW("p1S", "a") FLOW("a", "c")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), "{\"done\": true}",
      "a a a | complete a: a a c | event A: z | event A: !does not wait", NULL },
    { "a condition that fails", FILE_OF(START LOOPED("t", "", UNTIL("2", "${nobody}")) FLOW("s", "t")), NULL,
      "t t | complete t: !completionCondition", NULL },
    { "a condition of null", FILE_OF(START LOOPED("t", "", UNTIL("2", "${null}")) FLOW("s", "t")), NULL,
      "t t | complete t: !true or false", NULL },
    { "a condition of a text", FILE_OF(START LOOPED("t", "", UNTIL("2", "true")) FLOW("s", "t")), NULL,
      "t t | complete t: !true or false", NULL },
    { "by reference", FILE_OF(START "<userTask id=\"t\">" LOOP("true", "<loopDataInputRef>l</loopDataInputRef><inputDataItem name=\"x\"/>"
        "<completionCondition>${x == 'b'}</completionCondition>") "</userTask>" TASK("z") FLOW("s", "t") FLOW("t", "z")),
      "{\"l\": [\"a\", \"b\", \"c\"]}", "t | complete t: t | complete t: z", NULL },
    { "no collection is null", FILE_OF(START "<userTask id=\"t\">" LOOP("false", "<loopDataInputRef>${l}</loopDataInputRef>") "</userTask>"
        FLOW("s", "t")), "{\"l\": null}", "!not a list", NULL },
    { "a fraction of an instance", FILE_OF(START LOOPED("t", "", TIMES("${n}")) FLOW("s", "t")), "{\"n\": 2.5}", "!not a number", NULL },
    { "terminate a round with a call in it", CALLS(START SUBS("p1", TIMES("2"), TASK("a") CALL("c", "q", "") ENDS("x", TERMINATE)
        FLOW("p1S", "a") FLOW("p1S", "c") FLOW("a", "x")) TASK("z") FLOW("s", "p1") FLOW("p1", "z"), TASK("b") FLOW("qS", "b")), NULL,
      "a a b b c c | complete a: a b c | complete b: a | complete a: z", NULL },
};

static const scenario_t calls[] = {
    { "terminated, its caller's timer is gone", CALLS(START CALL("c", "q", "") TASK("y") TASK("z") BOUNDARY("x", "c", HOUR)
        BOUNDARY("e", "c", ERROR("E")) FLOW("s", "c") FLOW("c", "y") FLOW("x", "z") FLOW("e", "z"), TASK("a") TASK("b") ENDS("t", TERMINATE)
        FLOW("qS", "a") FLOW("qS", "b") FLOW("a", "t")), NULL, "a b c | complete a: y | timer x: !no job", "s c y" },
    { "an error ends it, its caller catches", CALLS(START CALL("c", "q", "") TASK("y") TASK("z") BOUNDARY("x", "c", HOUR)
        BOUNDARY("e", "c", ERROR("E")) FLOW("s", "c") FLOW("c", "y") FLOW("e", "z"), TASK("a") TASK("b") ENDS("t", ERROR("E"))
        FLOW("qS", "a") FLOW("qS", "b") FLOW("a", "t")), NULL, "a b c | complete a: z | timer x: !no job", "s c e z" },
    { "an error through two calls", CALLS_TWO(START CALL("c", "q", "") TASK("z") BOUNDARY("e", "c", ERROR("E")) FLOW("s", "c") FLOW("e", "z"),
        CALL("d", "r", "") TASK("y") BOUNDARY("f", "d", ERROR("F")) FLOW("qS", "d") FLOW("f", "y"), TASK("a") ENDS("t", ERROR("E"))
        FLOW("rS", "a") FLOW("a", "t")), NULL, "a c d | complete a: z | complete z:", "s c e z" },
    { "caught half-way", CALLS_TWO(START CALL("c", "q", "") TASK("z") BOUNDARY("e", "c", ERROR("E")) FLOW("s", "c") FLOW("c", "z"),
        CALL("d", "r", "") TASK("y") BOUNDARY("f", "d", "<errorEventDefinition/>") FLOW("qS", "d") FLOW("f", "y"), TASK("a") ENDS("t", ERROR("E"))
        FLOW("rS", "a") FLOW("a", "t")), NULL, "a c d | complete a: c y | complete y: z", NULL },
    { "caught around the sub-process that calls", CALLS(START SUB("p1", CALL("c", "q", "") TASK("o") FLOW("p1S", "c") FLOW("p1S", "o"))
        TASK("z") BOUNDARY("e", "p1", ERROR("E")) FLOW("s", "p1") FLOW("e", "z"), TASK("a") ENDS("t", ERROR("E")) FLOW("qS", "a") FLOW("a", "t")),
      NULL, "a c o | complete a: z", NULL },
    { "by an event sub-process of the caller", CALLS(START CALL("c", "q", "") ON("h", ERROR("E"), TASK("z") FLOW("hS", "z")) FLOW("s", "c"),
        TASK("a") ENDS("t", ERROR("E")) FLOW("qS", "a") FLOW("a", "t")), NULL, "a c | complete a: z | complete z:", NULL },
    { "caught by nobody anywhere", CALLS_TWO(START CALL("c", "q", "") FLOW("s", "c"), CALL("d", "r", "") FLOW("qS", "d"), TASK("a")
        ENDS("t", ERROR("E")) FLOW("rS", "a") FLOW("a", "t")), NULL, "a c d | complete a: !the BPMN error \"E\"", NULL },
    { "an error in the very start", CALLS_TWO(START CALL("c", "q", "") TASK("z") BOUNDARY("e", "c", ERROR("E")) FLOW("s", "c") FLOW("e", "z"),
        CALL("d", "r", "") FLOW("qS", "d"), ENDS("t", ERROR("E")) FLOW("rS", "t")), NULL, "z | complete z:", "s c e z" },
    { "a chain that ends at once", CALLS_TWO(START CALL("c", "q", "") TASK("z") FLOW("s", "c") FLOW("c", "z"), CALL("d", "r", TIMES("3"))
        FLOW("qS", "d"), PASS("x") FLOW("rS", "x")), NULL, "z", "s c z" },
    { "terminate all from two calls deep", CALLS_TWO(START FORK("f") TASK("o") CALL("c", "q", "") FLOW("s", "f") FLOW("f", "o") FLOW("f", "c"),
        CALL("d", "r", "") TASK("y") FLOW("qS", "d") FLOW("qS", "y"), TASK("a") ENDS("t", "<terminateEventDefinition activiti:terminateAll=\"true\"/>")
        FLOW("rS", "a") FLOW("a", "t")), NULL, "a c d o y | complete a:", NULL },
    { "a timer around ends two calls deep", CALLS_TWO(START CALL("c", "q", "") TASK("z") BOUNDARY("x", "c", HOUR) FLOW("s", "c") FLOW("x", "z"),
        CALL("d", "r", "") FLOW("qS", "d"), ASYNC("b") TASK("a") FLOW("rS", "a") FLOW("rS", "b")), NULL, "a b c d | timer x: z | job b: !no job", NULL },
    { "a signal from the called one beside its loop of callers", CALLS(START CALL("c", "q", TIMES("2")) TASK("z") BESIDE("x", "c", SIGNAL("A"))
        FLOW("s", "c") FLOW("x", "z"), TASK("a") THROW("t", SIGNAL("A")) FLOW("qS", "a") FLOW("a", "t")), NULL,
      "a a c c | complete a: a c z | complete a: z z", NULL },
    { "a process that calls itself", CALLS(START CALL("c", "q", "") TASK("z") FLOW("s", "c") FLOW("c", "z"), CHOICE("g") TASK("a")
        "<callActivity id=\"d\" calledElement=\"q\"><extensionElements><activiti:in sourceExpression=\"${more - 1}\" target=\"n\"/>"
        "</extensionElements></callActivity>" "<scriptTask id=\"k\" activiti:resultVariable=\"more\"><script>${empty execution.getVariable('n') ? 2 : n}"
        "</script></scriptTask>" FLOW("qS", "k") FLOW("k", "g") IF("g", "d", "${more > 0}") IF("g", "a", "${more == 0}")), NULL,
      "a c d d | complete a: z", NULL },
};

static const scenario_t undoing[] = {
    /* ---- whose handlers run ---- */
    { "a throw inside is of its own scope", FILE_OF(START PASS("o") UNDO("o", "uo") HANDLER("uo") SUB("p1", PASS("a") UNDO("a", "ua")
        HANDLER("ua") THROW("c", COMPENSATE("")) TASK("y") FLOW("p1S", "a") FLOW("a", "c") FLOW("c", "y")) TASK("z") FLOW("s", "o") FLOW("o", "p1")
        FLOW("p1", "z")), NULL, "ua | complete ua: y | complete y: z", NULL },
    { "an error compensates nothing", FILE_OF(START SUB("p1", PASS("a") UNDO("a", "ua") HANDLER("ua") TASK("b") ENDS("x", ERROR("E"))
        FLOW("p1S", "a") FLOW("a", "b") FLOW("b", "x")) BOUNDARY("e", "p1", ERROR("E")) THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "p1")
        FLOW("e", "c") FLOW("c", "z")), NULL, "b | complete b: z", NULL },
    { "nor does a timer", FILE_OF(START SUB("p1", PASS("a") UNDO("a", "ua") HANDLER("ua") TASK("b") FLOW("p1S", "a") FLOW("a", "b"))
        BOUNDARY("e", "p1", HOUR) THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "p1") FLOW("e", "c") FLOW("c", "z")), NULL, "b | timer e: z", NULL },
    { "terminating compensates nothing, but it is complete", FILE_OF(START SUB("p1", PASS("a") UNDO("a", "ua") HANDLER("ua") TASK("b") TASK("d")
        ENDS("x", TERMINATE) FLOW("p1S", "a") FLOW("a", "b") FLOW("a", "d") FLOW("b", "x")) TASK("t") THROW("c", COMPENSATE("")) TASK("z")
        FLOW("s", "p1") FLOW("p1", "t") FLOW("t", "c") FLOW("c", "z")), NULL, "b d | complete b: t | complete t: ua | complete ua: z", NULL },
    { "newest first over groups", FILE_OF(START SUB("p1", PASS("a") UNDO("a", "ua") "<task id=\"ua\" isForCompensation=\"true\"/>" PASS("b")
        UNDO("b", "ub") "<task id=\"ub\" isForCompensation=\"true\"/>" FLOW("p1S", "a") FLOW("a", "b")) PASS("d") UNDO("d", "ud")
        "<task id=\"ud\" isForCompensation=\"true\"/>" THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "d") FLOW("d", "p1") FLOW("p1", "c")
        FLOW("c", "z")), NULL, "z", "s d p1 p1S a b c ub ua ud z" },
    { "one sub-process by its name", FILE_OF(START SUB("p1", PASS("a") UNDO("a", "ua") HANDLER("ua") FLOW("p1S", "a")) SUB("p2", PASS("b")
        UNDO("b", "ub") HANDLER("ub") FLOW("p2S", "b")) THROW("c", COMPENSATE("activityRef=\"p1\"")) THROW("d", COMPENSATE("")) TASK("z")
        FLOW("s", "p1") FLOW("p1", "p2") FLOW("p2", "c") FLOW("c", "d") FLOW("d", "z")), NULL, "ua | complete ua: ub | complete ub: z", NULL },
    { "what was done twice is undone twice", FILE_OF(START SUB("p1", PASS("a") UNDO("a", "ua") HANDLER("ua") FLOW("p1S", "a")) TASK("t")
        CHOICE("g") THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "p1") FLOW("p1", "t") FLOW("t", "g") IF("g", "p1", "${again}")
        IF("g", "c", "${not again}") FLOW("c", "z")), NULL,
      "t | complete t {\"again\": true}: t | complete t {\"again\": false}: ua ua | complete ua: ua | complete ua: z", NULL },
    { "two throw at once: the second one finds nothing", FILE_OF(START PASS("a") UNDO("a", "ua") HANDLER("ua") FORK("f") THROW("c", COMPENSATE(""))
        THROW("d", COMPENSATE("")) TASK("y") TASK("z") FLOW("s", "a") FLOW("a", "f") FLOW("f", "c") FLOW("f", "d") FLOW("c", "y") FLOW("d", "z")), NULL,
      "ua z | complete ua: y z", NULL },

    /* ---- looped sub-processes ---- */
    { "each round of a sub-process, with handlers that wait", FILE_OF(START SUBS("p1", TIMES("2"), PASS("a") PASS("b") UNDO("a", "ua")
        UNDO("b", "ub") HANDLER("ua") HANDLER("ub") FLOW("p1S", "a") FLOW("a", "b")) THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "p1")
        FLOW("p1", "c") FLOW("c", "z")), NULL,
      "ua ua ub ub | complete ub: ua ua ub | complete 2nd ua: ua ub | complete ua: ub | complete ub: z | complete z:", NULL },
    { "of one in turn", FILE_OF(START SUBS("p1", IN_TURN("2"), TASK("a") UNDO("a", "ua") HANDLER("ua") FLOW("p1S", "a")) THROW("c",
        COMPENSATE("activityRef=\"p1\"")) TASK("z") FLOW("s", "p1") FLOW("p1", "c") FLOW("c", "z")), NULL,
      "a | complete a: a | complete a: ua ua | complete ua: ua | complete ua: z", NULL },
    { "only rounds that were complete", FILE_OF(START SUBS("p1", UNTIL("3", "${nrOfCompletedInstances == 1}"), PASS("a") UNDO("a", "ua")
        HANDLER("ua") TASK("b") FLOW("p1S", "a") FLOW("a", "b")) THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "p1") FLOW("p1", "c")
        FLOW("c", "z")), NULL, "b b b | complete b: ua | complete ua: z", NULL },
    { "a sub-process in rounds with a handler of its own", FILE_OF(START SUBS("p1", TIMES("2"), PASS("a") UNDO("a", "ua") HANDLER("ua")
        FLOW("p1S", "a")) UNDO("p1", "up") HANDLER("up") THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "p1") FLOW("p1", "c") FLOW("c", "z")), NULL,
      "up up | complete up: up | complete up: z", NULL },
    { "a timer beside a looped one that waits for its handlers", FILE_OF(START SUB("p0", SUBS("p1", TIMES("2"), PASS("a") UNDO("a", "ua")
        HANDLER("ua") FLOW("p1S", "a")) THROW("c", COMPENSATE("")) FLOW("p0S", "p1") FLOW("p1", "c")) BOUNDARY("x", "p0", HOUR) TASK("z")
        FLOW("s", "p0") FLOW("x", "z")), NULL, "ua ua | complete ua: ua | timer x: z | complete z:", NULL },
    { "while handlers wait all is terminated", FILE_OF(START FORK("f") TASK("t") ENDS("x", TERMINATE) SUBS("p1", TIMES("2"), PASS("a")
        UNDO("a", "ua") HANDLER("ua") FLOW("p1S", "a")) THROW("c", COMPENSATE("")) FLOW("s", "f") FLOW("f", "t") FLOW("t", "x") FLOW("f", "p1")
        FLOW("p1", "c")), NULL, "t ua ua | complete ua: t ua | complete t:", NULL },
    { "kept ones go with what is interrupted", FILE_OF(START SUB("p0", SUBS("p1", TIMES("2"), PASS("a") UNDO("a", "ua") HANDLER("ua")
        FLOW("p1S", "a")) TASK("t") FLOW("p0S", "p1") FLOW("p1", "t")) BOUNDARY("x", "p0", SIGNAL("A")) THROW("c", COMPENSATE("")) TASK("z")
        FLOW("s", "p0") FLOW("x", "c") FLOW("c", "z")), NULL, "t | event A: z", NULL },

    /* ---- handlers of all kinds ---- */
    { "a call as handler", CALLS(START PASS("a") UNDO("a", "h") "<callActivity id=\"h\" calledElement=\"q\" isForCompensation=\"true\"/>"
        THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "z"), TASK("b") FLOW("qS", "b")), NULL,
      "b h | complete b: z", NULL },
    { "a job as handler", FILE_OF(START PASS("a") UNDO("a", "h") "<task id=\"h\" isForCompensation=\"true\" activiti:async=\"true\"/>"
        THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "z")), NULL, "h | job h: z", NULL },
    { "a job behind a handler", FILE_OF(START PASS("a") UNDO("a", "h") "<task id=\"h\" isForCompensation=\"true\" activiti:asyncAfter=\"true\"/>"
        THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "z")), NULL, "h | job h: z", NULL },
    { "a loop as handler", FILE_OF(START PASS("a") UNDO("a", "h") "<userTask id=\"h\" isForCompensation=\"true\">" TIMES("2") "</userTask>"
        THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "z")), NULL, "h h | complete h: h | complete h: z", NULL },
    { "a handler with a timer that is left by it", FILE_OF(START PASS("a") UNDO("a", "h") HANDLER("h") BOUNDARY("x", "h", HOUR) PASS("y")
        THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "z") FLOW("x", "y")), NULL, "h | timer x: z", NULL },
    { "a handler with a timer beside it", FILE_OF(START PASS("a") UNDO("a", "h") HANDLER("h") BESIDE("x", "h", HOUR) TASK("y")
        THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "z") FLOW("x", "y")), NULL,
      "h | timer x: h y | complete h: y | complete y: z", NULL },
    { "it ends last", FILE_OF(START PASS("a") UNDO("a", "h") HANDLER("h") BESIDE("x", "h", HOUR) TASK("y")
        THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "z") FLOW("x", "y")), NULL,
      "h | timer x: h y | complete y: h | complete h: z", NULL },
    { "a handler that is a sub-process, left by a signal into branches", FILE_OF(START PASS("a") PASS("b") UNDO("b", "ub") HANDLER("ub") UNDO("a", "h")
        "<subProcess id=\"h\" isForCompensation=\"true\"><startEvent id=\"i\"/>" TASK("t") FLOW("i", "t") "</subProcess>" BOUNDARY("x", "h", SIGNAL("A"))
        FORK("f") TASK("v") TASK("w") THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "b") FLOW("b", "c") FLOW("c", "z") FLOW("x", "f")
        FLOW("f", "v") FLOW("f", "w")), NULL, "t ub | event A: ub v w | complete v: ub w | complete w: ub | complete ub: z", NULL },
    { "what a handler has done is not undone", FILE_OF(START PASS("a") UNDO("a", "h") "<subProcess id=\"h\" isForCompensation=\"true\">"
        "<startEvent id=\"i\"/>" PASS("b") UNDO("b", "ub") HANDLER("ub") SUB("p2", PASS("d") UNDO("d", "ud") HANDLER("ud") FLOW("p2S", "d")) FLOW("i", "b")
        FLOW("b", "p2") "</subProcess>" THROW("c", COMPENSATE("")) THROW("w", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "c") FLOW("c", "w")
        FLOW("w", "z")), NULL, "z | complete z:", NULL },
    { "nor is it by itself", FILE_OF(START HANDLER("a") UNDO("a", "a") THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "a") FLOW("a", "c")
        FLOW("c", "z")), NULL, "a | complete a: a | complete a: z | complete z:", NULL },
    { "an error of a handler leaves the scope", FILE_OF(START SUB("p1", PASS("a") UNDO("a", "h") "<subProcess id=\"h\" isForCompensation=\"true\">"
        "<startEvent id=\"i\"/>" TASK("t") ENDS("x", ERROR("E")) FLOW("i", "t") FLOW("t", "x") "</subProcess>" THROW("c", COMPENSATE(""))
        FLOW("p1S", "a") FLOW("a", "c")) BOUNDARY("e", "p1", ERROR("E")) TASK("z") FLOW("s", "p1") FLOW("e", "z")), NULL, "t | complete t: z", NULL },
    { "a call with a handler", CALLS(START CALL("k", "q", "") UNDO("k", "uk") HANDLER("uk") THROW("c", COMPENSATE("")) TASK("z") FLOW("s", "k")
        FLOW("k", "c") FLOW("c", "z"), TASK("b") FLOW("qS", "b")), NULL, "b k | complete b: uk | complete uk: z", NULL },
    { "a call in rounds with a handler", CALLS(START CALL("k", "q", TIMES("2")) UNDO("k", "uk") HANDLER("uk") THROW("c", COMPENSATE("")) TASK("z")
        FLOW("s", "k") FLOW("k", "c") FLOW("c", "z"), TASK("b") FLOW("qS", "b")), NULL,
      "b b k k | complete b: b k | complete b: uk uk | complete uk: uk | complete uk: z", NULL },

    { "a handler that tokens reach, too", FILE_OF(START HANDLER("h") TASK("z") FLOW("s", "h") FLOW("h", "z")), NULL,
      "h | complete h: z | complete z:", NULL },
    { "what is registered stays while its activity waits for a job", FILE_OF(START "<subProcess id=\"p1\" activiti:async=\"true\">"
        "<startEvent id=\"i\"/>" PASS("a") UNDO("a", "ua") HANDLER("ua") FLOW("i", "a") "</subProcess>" TASK("t") CHOICE("g") THROW("c", COMPENSATE(""))
        TASK("z") ON_BESIDE("h", SIGNAL("A"), TASK("y") FLOW("hS", "y")) FLOW("s", "p1") FLOW("p1", "t") FLOW("t", "g") IF("g", "p1", "${again}")
        IF("g", "c", "${not again}") FLOW("c", "z")), NULL,
      "p1 | job p1: t | complete t {\"again\": true}: p1 | event A: p1 y | job p1: t y | complete t {\"again\": false}: ua ua y"
      " | complete ua: ua y | complete ua: y z", NULL },

    /* ---- transactions ---- */
    { "an error leaves without compensating", FILE_OF(START TRANSACTION("x", "", PASS("a") UNDO("a", "ua") HANDLER("ua") TASK("b")
        ENDS("n", ERROR("E")) FLOW("xS", "a") FLOW("a", "b") FLOW("b", "n")) BOUNDARY("k", "x", CANCEL) BOUNDARY("e", "x", ERROR("E")) TASK("y")
        TASK("z") FLOW("s", "x") FLOW("k", "y") FLOW("e", "z")), NULL, "b | complete b: z | complete z:", NULL },
    { "one in another: only the inner one", FILE_OF(START TRANSACTION("x", "", PASS("o") UNDO("o", "uo") HANDLER("uo") TRANSACTION("w", "",
        PASS("a") UNDO("a", "ua") HANDLER("ua") TASK("b") ENDS("n", CANCEL) FLOW("wS", "a") FLOW("a", "b") FLOW("b", "n"))
        BOUNDARY("k", "w", CANCEL) TASK("y") FLOW("xS", "o") FLOW("o", "w") FLOW("k", "y")) TASK("z") FLOW("s", "x") FLOW("x", "z")), NULL,
      "b | complete b: ua | complete ua: y | complete y: z", NULL },
    { "the outer one undoes what the inner one did", FILE_OF(START TRANSACTION("x", "", TRANSACTION("w", "", PASS("a") UNDO("a", "ua")
        HANDLER("ua") FLOW("wS", "a")) TASK("b") ENDS("n", CANCEL) FLOW("xS", "w") FLOW("w", "b") FLOW("b", "n"))
        BOUNDARY("k", "x", CANCEL) TASK("z") FLOW("s", "x") FLOW("k", "z")), NULL, "b | complete b: ua | complete ua: z", NULL },
    { "a sub-process in it that was complete, one that was not", FILE_OF(START TRANSACTION("x", "", FORK("f") SUB("p1", PASS("a") UNDO("a", "ua")
        HANDLER("ua") FLOW("p1S", "a")) SUB("p2", PASS("d") UNDO("d", "ud") HANDLER("ud") TASK("t") FLOW("p2S", "d") FLOW("d", "t")) TASK("b")
        ENDS("n", CANCEL) FLOW("xS", "f") FLOW("f", "p2") FLOW("f", "p1") FLOW("p1", "b") FLOW("b", "n")) BOUNDARY("k", "x", CANCEL) TASK("z")
        FLOW("s", "x") FLOW("k", "z")), NULL, "b t | complete b: ua | complete ua: z", NULL },
    { "in turn: one round cancels those before it", FILE_OF(START TRANSACTION("x", IN_TURN("3"), PASS("a") UNDO("a", "ua") HANDLER("ua") TASK("b")
        CHOICE("g") ENDS("n", CANCEL) END FLOW("xS", "a") FLOW("a", "b") FLOW("b", "g") IF("g", "n", "${stop}") IF("g", "e", "${not stop}"))
        BOUNDARY("k", "x", CANCEL) TASK("y") TASK("z") FLOW("s", "x") FLOW("x", "y") FLOW("k", "z")), "{\"stop\": false}",
      "b | complete b: b | complete b {\"stop\": true}: ua ua | complete ua: ua | complete ua: z | complete z:", NULL },
    { "in rounds with calls and timers", CALLS(START TRANSACTION("x", TIMES("2"), PASS("a") UNDO("a", "ua") HANDLER("ua") CALL("d", "q", "")
        CATCH("w", HOUR) TASK("b") ENDS("n", CANCEL) FLOW("xS", "a") FLOW("a", "b") FLOW("a", "d") FLOW("a", "w") FLOW("b", "n"))
        BOUNDARY("k", "x", CANCEL) BOUNDARY("v", "x", HOUR) TASK("z") FLOW("s", "x") FLOW("k", "z"), TASK("t") FLOW("qS", "t")), NULL,
      "b b d d t t w w | complete b: ua ua | complete 2nd ua: ua | complete ua: z | timer v: !no job | timer w: !no job", NULL },
    { "no timer interrupts what is undone", FILE_OF(START TRANSACTION("x", "", PASS("a") UNDO("a", "ua") HANDLER("ua") TASK("b") ENDS("n", CANCEL)
        FLOW("xS", "a") FLOW("a", "b") FLOW("b", "n")) BOUNDARY("k", "x", CANCEL) BOUNDARY("v", "x", HOUR) TASK("y") TASK("z") FLOW("s", "x")
        FLOW("k", "y") FLOW("v", "z")), NULL, "b | complete b: ua | timer v: !no job | complete ua: y", NULL },
    { "an event sub-process no longer interrupts what is undone", FILE_OF(START TRANSACTION("x", "", PASS("a") UNDO("a", "ua") HANDLER("ua")
        TASK("b") ENDS("n", CANCEL) ON("h", SIGNAL("A"), TASK("w") FLOW("hS", "w")) FLOW("xS", "a") FLOW("a", "b") FLOW("b", "n"))
        BOUNDARY("k", "x", CANCEL) TASK("z") FLOW("s", "x") FLOW("k", "z")), NULL, "b | complete b: ua | event A: !does not wait | complete ua: z", NULL },
    { "an error of what undoes it is caught", FILE_OF(START TRANSACTION("x", "", PASS("a") UNDO("a", "h") "<subProcess id=\"h\" "
        "isForCompensation=\"true\"><startEvent id=\"i\"/>" TASK("t") ENDS("u", ERROR("E")) FLOW("i", "t") FLOW("t", "u") "</subProcess>" TASK("b")
        ENDS("n", CANCEL) FLOW("xS", "a") FLOW("a", "b") FLOW("b", "n")) BOUNDARY("k", "x", CANCEL) BOUNDARY("e", "x", ERROR("E")) TASK("y") TASK("z")
        FLOW("s", "x") FLOW("k", "y") FLOW("e", "z")), NULL, "b | complete b: t | complete t: z | complete z:", NULL },
    { "two cancel it in one call", FILE_OF(START TRANSACTION("x", "", PASS("a") UNDO("a", "ua") HANDLER("ua") TASK("b") FORK("f") ENDS("n", CANCEL)
        ENDS("m", CANCEL) FLOW("xS", "a") FLOW("a", "b") FLOW("b", "f") FLOW("f", "n") FLOW("f", "m")) BOUNDARY("k", "x", CANCEL) TASK("z")
        FLOW("s", "x") FLOW("k", "z")), NULL, "b | complete b: ua | complete ua: z", NULL },
    { "called in a transaction that is cancelled", CALLS(START TRANSACTION("x", "", CALL("d", "q", "") UNDO("d", "ud") HANDLER("ud") TASK("b")
        ENDS("n", CANCEL) FLOW("xS", "d") FLOW("d", "b") FLOW("b", "n")) BOUNDARY("k", "x", CANCEL) TASK("z") FLOW("s", "x") FLOW("k", "z"),
        TASK("t") FLOW("qS", "t")), NULL, "d t | complete t: b | complete b: ud | complete ud: z", NULL },
};
/* clang-format on */

/* ---- what handlers of rounds see --------------------------------------------------------- */

/* The names of open tasks, sorted. */
static const char *names(wf_id_t instance)
{
    apr_array_header_t *tasks = world_select(WF_BY_TASKS_OF_INSTANCE, instance);
    apr_array_header_t *all = apr_array_make(world.pool, 4, sizeof(char *));
    int i;

    for (i = 0; i < tasks->nelts; i++) {
        APR_ARRAY_PUSH(all, const char *) = APR_ARRAY_IDX(tasks, i, wf_task_t *)->name;
    }
    qsort(all->elts, all->nelts, sizeof(char *), by_text);
    return apr_array_pstrcat(world.pool, all, ' ');
}

#define ROUNDS(how, after)                                                               \
    FILE_OF(                                                                             \
        START                                                                            \
        "<subProcess id=\"p1\"><multiInstanceLoopCharacteristics isSequential=\"" how    \
        "\" activiti:collection=\"l\" activiti:elementVariable=\"x\"/><startEvent "      \
        "id=\"i\"/>"                                                                     \
        "<dataObject id=\"d\" name=\"v\"><extensionElements><activiti:value>own"         \
        "</activiti:value></extensionElements></dataObject>" TASK("a")                   \
            UNDO("a", "ua") "<userTask id=\"ua\" name=\"${v}-${x}-${loopCounter}\" "     \
                            "isForCompensation=\"true\"/>" FLOW(                         \
                                "i", "a") "</subProcess>" after FLOW("s", "p1"))

static void kept_rounds(const char *what, const char *xml, int more)
{
    wf_started_t started;

    world_start(deploy_all(xml), vars_of("{\"l\": [\"j\", \"k\"]}"), &started);
    world_complete(started.id, "a", NULL);
    world_complete(started.id, "a", NULL);
    if (more) {
        world_complete(started.id, "b", NULL);
    }
    is_str(names(started.id), "own-j-0 own-k-1", "handlers of %s see their round", what);
    world_complete(started.id, "ua", NULL);
    world_complete(started.id, "ua", NULL);
    is_int(world_executions(started.id), 0, "nothing is left of %s", what);
}

#define PLAY(table)                                                                      \
    do {                                                                                 \
        for (i = 0; i < (int)(sizeof(table) / sizeof(table[0])); i++) {                  \
            play(&table[i]);                                                             \
        }                                                                                \
    } while (0)

int main(void)
{
    int i;

    world_open();
    PLAY(gateways);
    PLAY(loops);
    PLAY(calls);
    PLAY(undoing);
    kept_rounds("rounds at once",
                ROUNDS("false", THROW("c", COMPENSATE("")) FLOW("p1", "c")), 0);
    kept_rounds("rounds in turn",
                ROUNDS("true", TASK("b") THROW("c", COMPENSATE("")) FLOW("p1", "b")
                                   FLOW("b", "c")),
                1);
    world_close();
    return done_testing();
}
