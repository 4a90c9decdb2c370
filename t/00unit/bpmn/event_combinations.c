/* What events, loops, calls, sub-processes, terminate ends and jobs do together. */
#include "event_files.h"

/* As CALLS, with a third process that the second one calls. */
#define CALLS_CALLS(body, called, innermost)                                             \
    DEFINITIONS DECLARED "<process id=\"p\">\n" body "</process>\n<process id=\"q\">\n"  \
                         "<startEvent id=\"qS\"/>\n" called                              \
                         "</process>\n<process id=\"r\">\n<startEvent id=\"rS\"/>\n"     \
                         innermost "</process>\n</definitions>\n"
#define CALL_R(id) "<callActivity id=\"" id "\" calledElement=\"r\"/>\n"
#define THRICE                                                                           \
    "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>"             \
    "</multiInstanceLoopCharacteristics>"
#define IN_TURN                                                                          \
    "<multiInstanceLoopCharacteristics isSequential=\"true\"><loopCardinality>2"         \
    "</loopCardinality></multiInstanceLoopCharacteristics>"
#define LOOP_SUB(id, loop, inside)                                                       \
    "<subProcess id=\"" id "\">" loop "<startEvent id=\"" id "S\"/>\n" inside            \
    "</subProcess>\n"
#define LOOP_CALL(id)                                                                    \
    "<callActivity id=\"" id "\" calledElement=\"q\">" THRICE "</callActivity>\n"
#define SCRIPT(text) "<script>" text "</script>"
#define TERMINATE_ALL(id)                                                                \
    ENDS(id, "<terminateEventDefinition activiti:terminateAll=\"true\"/>")
#define SAYS(listener, event, text)                                                      \
    "<extensionElements><activiti:" listener " event=\"" event                           \
    "\"><activiti:script scriptFormat=\"javascript\">" text                              \
    "</activiti:script></activiti:" listener "></extensionElements>"
#define THROWS "throw new BpmnError('E', 'why')"

/* clang-format off */
static const scenario_t scenarios[] = {
    /* ---- loops and what is around them or inside ---- */
    { "an error in one round ends the loop", FILE_OF(START LOOP_SUB("p1", THRICE, TASK("a") CHOICE("g") ENDS("x", ERROR("E"))
        ENDS("k", "") FLOW("p1S", "a") FLOW("a", "g") IF("g", "x", "${bad}") IF("g", "k", "${not bad}")) TASK("y") TASK("z")
        BOUNDARY("b", "p1", ERROR("E")) FLOW("s", "p1") FLOW("p1", "y") FLOW("b", "z")), "{\"bad\": false}",
      "a a a | complete a: a a | complete a {\"bad\": true}: z | complete z:", NULL },
    { "each round catches its own", FILE_OF(START LOOP_SUB("p1", THRICE, TASK("a") ENDS("x", ERROR("E")) FLOW("p1S", "a")
        FLOW("a", "x") ON("h", ERROR("E"), TASK("w") FLOW("hS", "w"))) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a a a | complete a: a a w | complete a: a w w | complete w: a w | complete a: w w | complete w: w | complete w: z", NULL },
    { "an event sub-process in each round", FILE_OF(START LOOP_SUB("p1", THRICE, TASK("a") FLOW("p1S", "a") ON("h", MESSAGE("M"),
        TASK("w") FLOW("hS", "w"))) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a a a | message M: a a w | complete a: a w | complete w: a | complete a: z", NULL },
    { "a signal for all rounds", FILE_OF(START LOOP_SUB("p1", THRICE, TASK("a") FLOW("p1S", "a") ON("h", SIGNAL("A"), TASK("w")
        FLOW("hS", "w"))) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a a a | event A: w w w | complete w: w w | complete w: w | complete w: z", NULL },
    { "events in a round and around the loop", FILE_OF(START LOOP_SUB("p1", IN_TURN, TASK("a") TASK("w") BOUNDARY("b", "a", HOUR)
        FLOW("p1S", "a") FLOW("b", "w")) TASK("z") TASK("y") BOUNDARY("c", "p1", SIGNAL("A")) FLOW("s", "p1") FLOW("p1", "z")
        FLOW("c", "y")), NULL,
      "a | timer b: w | complete w: a | timer b: w | event A: y | complete y:", NULL },
    { "a cycle beside a loop goes on from round to round", FILE_OF(START "<userTask id=\"a\">" IN_TURN "</userTask>" TASK("w")
        BESIDE("b", "a", CYCLE("R2/PT1H")) TASK("z") FLOW("s", "a") FLOW("a", "z") FLOW("b", "w")), NULL,
      "a | timer b: a w | complete a: a w | timer b: a w w | timer b: !no job | complete a: w w z", NULL },
    { "jobs of rounds and an event", FILE_OF(START "<userTask id=\"a\" activiti:async=\"true\">" THRICE "</userTask>" TASK("z")
        BOUNDARY("b", "a", SIGNAL("A")) FLOW("s", "a") FLOW("b", "z")), NULL, "a a a | job a: a a a | event A: z", NULL },
    { "one job after all rounds", FILE_OF(START "<userTask id=\"a\" activiti:asyncAfter=\"true\">" IN_TURN "</userTask>" TASK("z")
        FLOW("s", "a") FLOW("a", "z")), NULL, "a | complete a: a | complete a: a | job a: z", NULL },
    { "a loop on an event sub-process counts for nothing", FILE_OF(START TASK("a") "<subProcess id=\"h\" triggeredByEvent=\"true\">"
        THRICE "<startEvent id=\"hS\">" SIGNAL("A") "</startEvent>" TASK("z") FLOW("hS", "z") "</subProcess>" FLOW("s", "a")), NULL,
      "a | event A: z | complete z:", NULL },

    /* ---- calls ---- */
    { "an error out of one of many calls", CALLS(START FORK("f") TASK("o") LOOP_CALL("c") TASK("z") BOUNDARY("b", "c", ERROR("E"))
        FLOW("s", "f") FLOW("f", "o") FLOW("f", "c") FLOW("b", "z"), TASK("a") ENDS("x", ERROR("E")) FLOW("qS", "a") FLOW("a", "x")),
      NULL, "a a a c c c o | complete a: o z", NULL },
    { "one of many calls ends all", CALLS(START FORK("f") TASK("o") LOOP_CALL("c") FLOW("s", "f") FLOW("f", "o") FLOW("f", "c"),
        TASK("a") TERMINATE_ALL("x") FLOW("qS", "a") FLOW("a", "x")), NULL, "a a a c c c o | complete a:", NULL },
    { "one of many calls ends itself", CALLS(START FORK("f") TASK("o") LOOP_CALL("c") FLOW("s", "f") FLOW("f", "o") FLOW("f", "c"),
        TASK("a") TASK("v") TERMINATE("x") FLOW("qS", "a") FLOW("qS", "v") FLOW("a", "x")), NULL,
      "a a a c c c o v v v | complete a: a a c c o v v", NULL },
    { "an event sub-process ends a call", CALLS(START CALL("c") ON("h", SIGNAL("A"), TASK("z") FLOW("hS", "z")) FLOW("s", "c"),
        TASK("a") FLOW("qS", "a")), NULL, "a c | throw A: z | complete z:", NULL },
    { "an error in a job of what was called", CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", ERROR("E")) FLOW("s", "c")
        FLOW("b", "z"), ASYNC("a") ENDS("x", ERROR("E")) FLOW("qS", "a") FLOW("a", "x")), NULL, "a c | job a: z", NULL },
    { "a job after a call", CALLS(START "<callActivity id=\"c\" calledElement=\"q\" activiti:asyncAfter=\"true\"/>" TASK("z")
        FLOW("s", "c") FLOW("c", "z"), TASK("a") FLOW("qS", "a")), NULL, "a c | complete a: c | job c: z", NULL },
    { "an error through two calls", CALLS_CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", ERROR("E")) FLOW("s", "c") FLOW("b", "z"),
        CALL_R("d") FLOW("qS", "d"), TASK("a") ENDS("x", ERROR("E")) FLOW("rS", "a") FLOW("a", "x")), NULL,
      "a c d | complete a: z", "s c b z" },
    { "at once", CALLS_CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", ERROR("E")) FLOW("s", "c") FLOW("b", "z"),
        CALL_R("d") FLOW("qS", "d"), ENDS("x", ERROR("E")) FLOW("rS", "x")), NULL, "z", NULL },
    { "past a handler of another code", CALLS_CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", ERROR("E")) FLOW("s", "c")
        FLOW("b", "z"), CALL_R("d") TASK("y") BOUNDARY("e", "d", ERROR("F")) FLOW("qS", "d") FLOW("e", "y"),
        TASK("a") ENDS("x", ERROR("E")) FLOW("rS", "a") FLOW("a", "x")), NULL, "a c d | complete a: z", NULL },
    { "to the next one that catches all", CALLS_CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", ERROR("E")) FLOW("s", "c")
        FLOW("b", "z"), CALL_R("d") TASK("y") BOUNDARY("e", "d", "<errorEventDefinition/>") FLOW("qS", "d") FLOW("e", "y"),
        TASK("a") ENDS("x", ERROR("E")) FLOW("rS", "a") FLOW("a", "x")), NULL, "a c d | complete a: c y | complete y:", NULL },
    { "caught between the calls and thrown again", CALLS_CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", ERROR("E")) FLOW("s", "c")
        FLOW("b", "z"), CALL_R("d") TASK("o") ON("h", ERROR("E"), TASK("y") ENDS("w", ERROR("E")) FLOW("hS", "y") FLOW("y", "w"))
        FLOW("qS", "d") FLOW("qS", "o"), TASK("a") ENDS("x", ERROR("E")) FLOW("rS", "a") FLOW("a", "x")), NULL,
      "a c d o | complete a: c y | complete y: z", NULL },
    { "all that was called ends, what is beside goes on", CALLS_CALLS(START FORK("f") TASK("o") CALL("c") TASK("z")
        BOUNDARY("b", "c", ERROR("E")) FLOW("s", "f") FLOW("f", "o") FLOW("f", "c") FLOW("b", "z"), SUB("p2", CALL_R("d") TASK("v")
        FLOW("p2S", "d") FLOW("p2S", "v")) FLOW("qS", "p2"), TASK("a") TASK("u") ENDS("x", ERROR("E")) FLOW("rS", "a")
        FLOW("rS", "u") FLOW("a", "x")), NULL, "a c d o u v | complete a: o z", NULL },
    { "nobody catches it, nothing moves", CALLS_CALLS(START CALL("c") FLOW("s", "c"), CALL_R("d") FLOW("qS", "d"),
        TASK("a") ENDS("x", ERROR("E")) FLOW("rS", "a") FLOW("a", "x")), NULL, "a c d | complete a: !caught by nothing", NULL },

    /* ---- errors of scripts and listeners ---- */
    { "a script throws", FILE_OF(START "<scriptTask id=\"a\" scriptFormat=\"javascript\">" SCRIPT(THROWS) "</scriptTask>" TASK("z")
        BOUNDARY("b", "a", ERROR("E")) FLOW("s", "a") FLOW("b", "z")), NULL, "z", "s a b z" },
    { "a script in a loop throws", FILE_OF(START "<scriptTask id=\"a\" scriptFormat=\"javascript\">" THRICE SCRIPT(THROWS)
        "</scriptTask>" TASK("z") BOUNDARY("b", "a", ERROR("E")) FLOW("s", "a") FLOW("b", "z")), NULL, "z", NULL },
    { "a start listener throws", FILE_OF(START "<userTask id=\"a\">" SAYS("executionListener", "start", THROWS) "</userTask>" TASK("z")
        BOUNDARY("b", "a", ERROR("E")) FLOW("s", "a") FLOW("b", "z")), NULL, "z", NULL },
    { "an end listener throws", FILE_OF(START "<userTask id=\"a\">" SAYS("executionListener", "end", THROWS) "</userTask>" TASK("z")
        BOUNDARY("b", "a", ERROR("E")) FLOW("s", "a") FLOW("b", "z")), NULL, "a | complete a: z", "s a b z" },
    { "an end listener of a sub-process throws", FILE_OF(START "<subProcess id=\"p1\">" SAYS("executionListener", "end", THROWS)
        "<startEvent id=\"i\"/>" TASK("a") FLOW("i", "a") "</subProcess>" TASK("z") BOUNDARY("b", "p1", ERROR("E")) FLOW("s", "p1")
        FLOW("b", "z")), NULL, "a | complete a: z", NULL },
    { "a task listener throws", FILE_OF(START "<userTask id=\"a\">" SAYS("taskListener", "complete", THROWS) "</userTask>" TASK("z")
        BOUNDARY("b", "a", ERROR("E")) FLOW("s", "a") FLOW("b", "z")), NULL, "a | complete a: z", NULL },

    /* ---- terminate ---- */
    { "jobs go, too", FILE_OF(START FORK("f") TASK("a") ASYNC("c") TERMINATE("x") FLOW("s", "f") FLOW("f", "a") FLOW("f", "c")
        FLOW("a", "x")), NULL, "a c | complete a:", NULL },
    { "a handler beside ends itself", FILE_OF(START SUB("p1", TASK("a") ON_BESIDE("h", SIGNAL("A"), TASK("w") TASK("v") TERMINATE("x")
        FLOW("hS", "w") FLOW("hS", "v") FLOW("w", "x")) FLOW("p1S", "a")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a | event A: a v w | event A: a v v w w | complete w: a v w | complete a: v w | complete w: z", NULL },
    { "the handler in place of a process ends it", FILE_OF(START TASK("a") ON("h", SIGNAL("A"), TASK("w") TASK("v") TERMINATE("x")
        FLOW("hS", "w") FLOW("hS", "v") FLOW("w", "x")) FLOW("s", "a")), NULL, "a | event A: v w | complete w:", NULL },
    { "a transaction ends, and is left as usual", FILE_OF(START "<transaction id=\"p1\"><startEvent id=\"i\"/>" TASK("a") TASK("c")
        TERMINATE("x") FLOW("i", "a") FLOW("i", "c") FLOW("a", "x") "</transaction>" TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a c | complete a: z", NULL },
    { "a sub-process ends all", FILE_OF(START SUB("p1", TASK("a") TASK("c") TERMINATE_ALL("x") FLOW("p1S", "a") FLOW("p1S", "c")
        FLOW("a", "x")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL, "a c | complete a:", NULL },

    { "a compensation handler ends itself", FILE_OF(START PASS("a") "<boundaryEvent id=\"b\" attachedToRef=\"a\">"
        "<compensateEventDefinition/></boundaryEvent><association id=\"k\" sourceRef=\"b\" targetRef=\"h\"/><subProcess id=\"h\" "
        "isForCompensation=\"true\"><startEvent id=\"i\"/>" TASK("u") TASK("v") TERMINATE("x") FLOW("i", "u") FLOW("i", "v")
        FLOW("u", "x") "</subProcess>" THROW("c", "<compensateEventDefinition/>") TASK("z") FLOW("s", "a") FLOW("a", "c")
        FLOW("c", "z")), NULL, "u v | complete u: z", NULL },
    { "all while something is compensated", FILE_OF(START FORK("f") PASS("a") TASK("o") "<boundaryEvent id=\"b\" attachedToRef=\"a\">"
        "<compensateEventDefinition/></boundaryEvent><association id=\"k\" sourceRef=\"b\" targetRef=\"h\"/><userTask id=\"h\" "
        "isForCompensation=\"true\"/>" THROW("c", "<compensateEventDefinition/>") TERMINATE("x") FLOW("s", "f") FLOW("f", "a")
        FLOW("f", "o") FLOW("a", "c") FLOW("o", "x")), NULL, "h o | complete o:", NULL },

    /* ---- jobs before and behind ---- */
    { "a job in front of a terminate end", FILE_OF(START TASK("a") TASK("c") "<endEvent id=\"x\" activiti:async=\"true\">"
        "<terminateEventDefinition/></endEvent>" FLOW("s", "a") FLOW("s", "c") FLOW("a", "x")), NULL,
      "a c | complete a: c x | job x:", NULL },
    { "in front of a throw", FILE_OF(START FORK("f") CATCH("c", SIGNAL("A")) TASK("a") "<intermediateThrowEvent id=\"t\" "
        "activiti:async=\"true\">" SIGNAL("A") "</intermediateThrowEvent>" TASK("x") TASK("y") FLOW("s", "f") FLOW("f", "a")
        FLOW("f", "c") FLOW("a", "t") FLOW("t", "x") FLOW("c", "y")), NULL, "a c | complete a: c t | job t: x y", NULL },
    { "in front of an event-based gateway", FILE_OF(START "<eventBasedGateway id=\"g\" activiti:async=\"true\"/>"
        CATCH("c", SIGNAL("A")) CATCH("d", HOUR) TASK("x") FLOW("s", "g") FLOW("g", "c") FLOW("g", "d") FLOW("c", "x")), NULL,
      "g | event A: !does not wait | job g: g | event A: x", NULL },
    { "in front of an inclusive gateway", FILE_OF(START FORK("f") TASK("a") TASK("c") "<inclusiveGateway id=\"g\" "
        "activiti:async=\"true\"/>" TASK("x") FLOW("s", "f") FLOW("f", "a") FLOW("f", "c") FLOW("a", "g") FLOW("c", "g")
        FLOW("g", "x")), NULL, "a c | complete a: c g | job g: c | complete c: g | job g: x", NULL },
    { "in front of an inclusive gateway, all at once", FILE_OF(START FORK("f") PASS("a") PASS("c") "<inclusiveGateway id=\"g\" "
        "activiti:async=\"true\"/>" TASK("x") FLOW("s", "f") FLOW("f", "a") FLOW("f", "c") FLOW("a", "g") FLOW("c", "g")
        FLOW("g", "x")), NULL, "g g | job g: g | job g: x", NULL },
    { "in front and behind", FILE_OF(START FORK("f") PASS("a") TASK("c") "<inclusiveGateway id=\"g\" activiti:asyncBefore=\"true\" "
        "activiti:asyncAfter=\"true\"/>" TASK("x") FLOW("s", "f") FLOW("f", "a") FLOW("f", "c") FLOW("a", "g") FLOW("c", "g")
        FLOW("g", "x")), NULL, "c g | job g: c | complete c: g | job g: g | job g: x", NULL },
    { "an asynchronous event sub-process", FILE_OF(START TASK("a") "<subProcess id=\"h\" triggeredByEvent=\"true\" "
        "activiti:async=\"true\"><startEvent id=\"hS\">" SIGNAL("A") "</startEvent><startEvent id=\"hT\">" MESSAGE("M")
        "</startEvent>" TASK("y") TASK("z") FLOW("hS", "y") FLOW("hT", "z") "</subProcess>" FLOW("s", "a")), NULL,
      "a | message M: hT | job hT: z | complete z:", NULL },
    { "an asynchronous start of one", FILE_OF(START TASK("a") "<subProcess id=\"h\" triggeredByEvent=\"true\"><startEvent id=\"hS\" "
        "activiti:async=\"true\">" SIGNAL("A") "</startEvent>" TASK("z") FLOW("hS", "z") "</subProcess>" FLOW("s", "a")), NULL,
      "a | event A: hS | job hS: z | complete z:", NULL },
    { "behind an activity with an event: that is over", FILE_OF(START "<userTask id=\"a\" activiti:asyncAfter=\"true\"/>" TASK("y")
        TASK("z") BOUNDARY("b", "a", SIGNAL("A")) FLOW("s", "a") FLOW("a", "y") FLOW("b", "z")), NULL,
      "a | complete a: a | event A: !does not wait | job a: y", NULL },
    { "in front of a sub-process with an event: that is not yet", FILE_OF(START "<subProcess id=\"p1\" activiti:async=\"true\">"
        "<startEvent id=\"i\"/>" TASK("a") FLOW("i", "a") "</subProcess>" TASK("z") BOUNDARY("b", "p1", SIGNAL("A")) FLOW("s", "p1")
        FLOW("b", "z")), NULL, "p1 | event A: !does not wait | job p1: a | event A: z", NULL },

    { "behind a handler, a boundary event and a join", FILE_OF(START SUB("p1", TASK("a") "<subProcess id=\"h\" triggeredByEvent=\"true\" "
        "activiti:asyncAfter=\"true\"><startEvent id=\"hS\">" SIGNAL("A") "</startEvent>" TASK("w") FLOW("hS", "w") "</subProcess>"
        FLOW("p1S", "a")) "<boundaryEvent id=\"b\" attachedToRef=\"p1\" cancelActivity=\"false\" activiti:asyncAfter=\"true\">"
        MESSAGE("M") "</boundaryEvent><parallelGateway id=\"j\" activiti:asyncAfter=\"true\"/>" TASK("z") FLOW("s", "p1")
        FLOW("p1", "j") FLOW("b", "j") FLOW("j", "z")), NULL,
      "a | message M: a b | job b: a | event A: w | complete w: h | job h: j | job j: z", NULL },

    /* ---- events here and there ---- */
    { "a milestone", FILE_OF(START THROW("t", "") TASK("z") FLOW("s", "t") FLOW("t", "z")), NULL, "z", "s t z" },
    { "an event on the border of a handler", FILE_OF(START TASK("a") ON("h", SIGNAL("A"), TASK("y") FLOW("hS", "y"))
        BOUNDARY("b", "h", SIGNAL("B")) TASK("z") FLOW("b", "z") FLOW("s", "a")), NULL,
      "a | event B: !does not wait | event A: y | event B: z | complete z:", NULL },
    { "two tokens in one sub-process, each with its event", FILE_OF(START FORK("f") SUB("p1", TASK("a") FLOW("p1S", "a")) TASK("z")
        BOUNDARY("b", "p1", MESSAGE("M")) FLOW("s", "f") FLOW("f", "p1") AGAIN("f", "p1") FLOW("b", "z")), NULL,
      "a a | message M: a z | message M: z z", NULL },
    { "an event goes along when a branch becomes the last one", FILE_OF(START FORK("f") TASK("o") SUB("p1", CATCH("c", MESSAGE("M"))
        FLOW("p1S", "c")) BESIDE("b", "p1", CYCLE("R2/PT1H")) TASK("z") TASK("y") FLOW("s", "f") FLOW("f", "o") FLOW("f", "p1")
        FLOW("b", "z") FLOW("p1", "y")), NULL, "c o | complete o: c | timer b: c z | message M: y z", NULL },
    { "who starts by a timer's event is known", FILE_OF("<startEvent id=\"s\" activiti:initiator=\"who\">" HOUR "</startEvent>"
        CHOICE("g") TASK("y") TASK("z") FLOW("s", "g") IF("g", "y", "${who == 'kermit'}") IF("g", "z", "${who != 'kermit'}")), NULL,
      "y", NULL },

    /* ---- references ---- */
    { "a code by reference to nothing", FILE_OF(START SUB("p1", TASK("a") ENDS("x", "<errorEventDefinition errorRef=\"E\"/>")
        FLOW("p1S", "a") FLOW("a", "x")) TASK("y") BOUNDARY("b", "p1", ERROR("E")) FLOW("s", "p1") FLOW("b", "y")), NULL,
      "a | complete a: y", NULL },
    { "references with prefixes", DEFINITIONS DECLARED "<process id=\"p\" xmlns:t=\"test\">" START SUB("p1", CATCH("c",
        "<messageEventDefinition messageRef=\"t:mesM\"/>") ENDS("x", "<errorEventDefinition errorRef=\"t:errE\"/>") FLOW("p1S", "c")
        FLOW("c", "x")) TASK("y") BOUNDARY("b", "p1", ERROR("E")) FLOW("s", "p1") FLOW("b", "y") "</process></definitions>", NULL,
      "c | message M: y", NULL },

    /* ---- timers ---- */
    { "a cycle that ends", FILE_OF(START TASK("a") TASK("z") BESIDE("b", "a", "<timerEventDefinition><timeCycle "
        "activiti:endDate=\"2100-01-01T03:30:00Z\">R/2100-01-01T02:00:00Z/PT1H</timeCycle></timerEventDefinition>") FLOW("s", "a")
        FLOW("b", "z")), NULL, "a | timer b: a z | timer b: a z z | timer b: !no job", NULL },
    { "a calendar by an expression", FILE_OF(START CATCH("c", "<timerEventDefinition activiti:businessCalendarName=\"${k}\">"
        "<timeDuration>R/PT1H</timeDuration></timerEventDefinition>") FLOW("s", "c")), "{\"k\": \"cycle\"}", "c | timer c:", NULL },
    { "an unknown calendar", FILE_OF(START TASK("a") CATCH("c", "<timerEventDefinition activiti:businessCalendarName=\"maya\">"
        "<timeDate>2100-01-01T00:00:00</timeDate></timerEventDefinition>") FLOW("s", "a") FLOW("a", "c")), NULL,
      "a | complete a: !businessCalendarName", NULL },
    { "a timer alone starts by id, too", FILE_OF("<startEvent id=\"s\">" HOUR "</startEvent>" TASK("a") FLOW("s", "a")), NULL, "a", "s a" },

    /* ---- data objects ---- */
    { "a default", FILE_OF("<dataObject id=\"i\" name=\"d\" itemSubjectRef=\"x:int\" xmlns:x=\"http://www.w3.org/2001/XMLSchema\">"
        "<extensionElements><activiti:value>5</activiti:value></extensionElements></dataObject>" START CHOICE("g") TASK("y")
        TASK("z") FLOW("s", "g") IF("g", "y", "${d == 5}") IF("g", "z", "${d == 6}")), NULL, "y", NULL },
    { "unless the call gives it", FILE_OF("<dataObject id=\"i\" name=\"d\" itemSubjectRef=\"x:int\" xmlns:x=\"http://www.w3.org/2001/"
        "XMLSchema\"><extensionElements><activiti:value>5</activiti:value></extensionElements></dataObject>" START CHOICE("g")
        TASK("y") TASK("z") FLOW("s", "g") IF("g", "y", "${d == 5}") IF("g", "z", "${d == 6}")), "{\"d\": 6}", "z", NULL },
    { "one of a sub-process hides the outer one", FILE_OF(START SUB("p1", "<dataObject id=\"i\" name=\"d\"><extensionElements>"
        "<activiti:value>in</activiti:value></extensionElements></dataObject>" CHOICE("g") TASK("y") TASK("z") FLOW("p1S", "g")
        IF("g", "y", "${d == 'in'}") IF("g", "z", "${d != 'in'}")) CHOICE("h") TASK("u") TASK("v") FLOW("s", "p1") FLOW("p1", "h")
        IF("h", "u", "${d == 'out'}") IF("h", "v", "${d != 'out'}")), "{\"d\": \"out\"}", "y | complete y: u", NULL },
    { "and goes with it", FILE_OF(START SUB("p1", "<dataObject id=\"i\" name=\"d\"><extensionElements><activiti:value>in"
        "</activiti:value></extensionElements></dataObject>" TASK("y") FLOW("p1S", "y")) CHOICE("h") TASK("u") TASK("v")
        FLOW("s", "p1") FLOW("p1", "h") IF("h", "u", "${execution.hasVariable('d')}")
        IF("h", "v", "${not execution.hasVariable('d')}")), NULL, "y | complete y: v", NULL },
};
/* clang-format on */

int main(void)
{
    int i;

    setenv("TZ", "UTC0", 1);
    world_open();
    for (i = 0; i < (int)(sizeof(scenarios) / sizeof(scenarios[0])); i++) {
        play(&scenarios[i]);
    }
    world_close();
    return done_testing();
}
