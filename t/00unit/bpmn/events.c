/* Events that are waited for and thrown: boundary events, event sub-processes, event-based
 * gateways, signals and messages, timers that fire more than once, errors. */
#include "event_files.h"

/* clang-format off */
static const scenario_t scenarios[] = {
    /* ---- boundary events on a task ---- */
    { "a timer interrupts a task", FILE_OF(START TASK("a") TASK("y") TASK("z") BOUNDARY("b", "a", HOUR)
        FLOW("s", "a") FLOW("a", "y") FLOW("b", "z")), NULL,
      "a | timer b: z | complete z:", "s a b z" },
    { "the task is faster", FILE_OF(START TASK("a") TASK("y") TASK("z") BOUNDARY("b", "a", HOUR)
        FLOW("s", "a") FLOW("a", "y") FLOW("b", "z")), NULL,
      "a | complete a: y | timer b: !no job | complete y:", "s a y" },
    { "a signal interrupts a task", FILE_OF(START TASK("a") TASK("z") BOUNDARY("b", "a", SIGNAL("A"))
        FLOW("s", "a") FLOW("b", "z")), NULL, "a | event A: z | event A: !does not wait", "s a b z" },
    { "a message interrupts a task", FILE_OF(START TASK("a") TASK("z") BOUNDARY("b", "a", MESSAGE("M"))
        FLOW("s", "a") FLOW("b", "z")), NULL, "a | message N: !does not wait | message M: z", "s a b z" },
    { "a timer beside a task", FILE_OF(START TASK("a") TASK("y") TASK("z") BESIDE("b", "a", HOUR)
        FLOW("s", "a") FLOW("a", "y") FLOW("b", "z")), NULL,
      "a | timer b: a z | timer b: !no job | complete a: y z | complete z: y", "s a b z y" },
    { "a signal beside a task, again and again", FILE_OF(START TASK("a") TASK("z") BESIDE("b", "a", SIGNAL("A"))
        FLOW("s", "a") FLOW("b", "z")), NULL,
      "a | event A: a z | event A: a z z | complete a: z z | event A: !does not wait", "s a b z b z" },
    { "a message beside a task", FILE_OF(START TASK("a") TASK("z") BESIDE("b", "a", MESSAGE("M"))
        FLOW("s", "a") FLOW("b", "z")), NULL, "a | message M: a z | message M: a z z | complete a: z z", NULL },
    { "a cycle beside a task fires three times", FILE_OF(START TASK("a") TASK("z") BESIDE("b", "a", CYCLE("R3/PT1H"))
        FLOW("s", "a") FLOW("b", "z")), NULL,
      "a | timer b: a z | timer b: a z z | timer b: a z z z | timer b: !no job | complete a: z z z", NULL },
    { "a cycle that interrupts fires once", FILE_OF(START TASK("a") TASK("z") BOUNDARY("b", "a", CYCLE("R3/PT1H"))
        FLOW("s", "a") FLOW("b", "z")), NULL, "a | timer b: z | timer b: !no job", NULL },
    { "a cycle that is over", FILE_OF(START TASK("a") TASK("z") BESIDE("b", "a", CYCLE("R3/1969-12-31T00:00:00Z/PT1H"))
        FLOW("s", "a") FLOW("b", "z")), NULL, "a | timer b: !no job | complete a:", NULL },
    { "a time of null", FILE_OF(START TASK("a") TASK("z") BESIDE("b", "a",
        "<timerEventDefinition><timeDate>${null}</timeDate></timerEventDefinition>")
        FLOW("s", "a") FLOW("b", "z")), NULL, "a | timer b: !no job | complete a:", NULL },
    { "a boundary event without a way on", FILE_OF(START TASK("a") BOUNDARY("b", "a", SIGNAL("A")) FLOW("s", "a")), NULL,
      "a | event A:", "s a b" },
    { "two events on one task", FILE_OF(START TASK("a") TASK("y") TASK("z") BOUNDARY("b", "a", SIGNAL("A"))
        BOUNDARY("c", "a", MESSAGE("M")) FLOW("s", "a") FLOW("b", "y") FLOW("c", "z")), NULL,
      "a | message M: z | event A: !does not wait", "s a c z" },
    { "two events of one signal at once", FILE_OF(START TASK("a") TASK("y") TASK("z") BESIDE("b", "a", SIGNAL("A"))
        BOUNDARY("c", "a", SIGNAL("A")) FLOW("s", "a") FLOW("b", "y") FLOW("c", "z")), NULL,
      "a | event A: y z", "s a b y c z" },
    { "the one that interrupts comes first", FILE_OF(START TASK("a") TASK("y") TASK("z") BOUNDARY("c", "a", SIGNAL("A"))
        BESIDE("b", "a", SIGNAL("A")) FLOW("s", "a") FLOW("b", "y") FLOW("c", "z")), NULL,
      "a | event A: z", NULL },
    { "of two that interrupt the first one does", FILE_OF(START TASK("a") TASK("y") TASK("z") BOUNDARY("b", "a", SIGNAL("A"))
        BOUNDARY("c", "a", SIGNAL("A")) FLOW("s", "a") FLOW("b", "y") FLOW("c", "z")), NULL,
      "a | event A: y", NULL },
    { "a task in a fork", FILE_OF(START FORK("f") TASK("a") TASK("o") TASK("z") BOUNDARY("b", "a", HOUR) FORK("j") TASK("x")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "o") FLOW("b", "z") FLOW("z", "j") FLOW("o", "j") FLOW("j", "x")), NULL,
      "a o | timer b: o z | complete o: z | complete z: x", NULL },
    { "beside a task in a fork", FILE_OF(START FORK("f") TASK("a") TASK("o") TASK("z") BESIDE("b", "a", SIGNAL("A")) FORK("j")
        TASK("x") FLOW("s", "f") FLOW("f", "a") FLOW("f", "o") FLOW("b", "z") FLOW("a", "j") FLOW("o", "j") FLOW("j", "x")), NULL,
      "a o | event A: a o z | complete a: o z | complete o: x z | complete z: x", NULL },
    { "a lone branch with a timer falls back", FILE_OF(START FORK("f") TASK("a") TASK("o") TASK("z") BOUNDARY("b", "a", HOUR)
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "o") FLOW("b", "z")), NULL,
      "a o | complete o: a | timer b: z | complete z:", NULL },
    { "an asynchronous boundary event", FILE_OF(START TASK("a") TASK("z")
        "<boundaryEvent id=\"b\" attachedToRef=\"a\" activiti:async=\"true\">" SIGNAL("A") "</boundaryEvent>"
        FLOW("s", "a") FLOW("b", "z")), NULL, "a | event A: b | job b: z", "s a b z" },
    { "an asynchronous event in a fork moves up", FILE_OF(START FORK("f") TASK("a") TASK("o") TASK("z")
        "<boundaryEvent id=\"b\" attachedToRef=\"a\" activiti:async=\"true\">" SIGNAL("A") "</boundaryEvent>"
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "o") FLOW("b", "z")), NULL,
      "a o | event A: b o | complete o: b | job b: z", NULL },
    { "the host is asynchronous", FILE_OF(START "<userTask id=\"a\" activiti:async=\"true\"/>" TASK("z")
        BOUNDARY("b", "a", SIGNAL("A")) FLOW("s", "a") FLOW("b", "z")), NULL,
      "a | event A: !does not wait | job a: a | event A: z", NULL },
    { "a receive task with a timer", FILE_OF(START "<receiveTask id=\"a\"/>" TASK("y") TASK("z") BOUNDARY("b", "a", HOUR)
        FLOW("s", "a") FLOW("a", "y") FLOW("b", "z")), NULL, "a | signal a: y | timer b: !no job", NULL },
    { "back to the host", FILE_OF(START TASK("a") BOUNDARY("b", "a", SIGNAL("A")) PASS("x") FLOW("s", "a") FLOW("b", "x")
        FLOW("x", "a")), NULL, "a | event A: a | event A: a | complete a:", "s a b x a b x a" },

    /* ---- on a sub-process ---- */
    { "a timer interrupts a sub-process", FILE_OF(START SUB("p1", TASK("a") TASK("c") CATCH("d", SIGNAL("A"))
        FLOW("p1S", "a") FLOW("p1S", "c") FLOW("p1S", "d")) TASK("z") BOUNDARY("b", "p1", HOUR)
        FLOW("s", "p1") FLOW("b", "z")), NULL, "a c d | timer b: z | event A: !does not wait | complete z:", NULL },
    { "a signal beside a sub-process", FILE_OF(START SUB("p1", TASK("a") TASK("c") FLOW("p1S", "a") FLOW("p1S", "c"))
        TASK("y") TASK("z") BESIDE("b", "p1", SIGNAL("A")) FLOW("s", "p1") FLOW("p1", "y") FLOW("b", "z")), NULL,
      "a c | event A: a c z | complete a: c z | event A: c z z | complete c: y z z", NULL },
    { "events on a task and on what is around it", FILE_OF(START SUB("p1", TASK("a") TASK("y") BOUNDARY("c", "a", SIGNAL("B"))
        FLOW("p1S", "a") FLOW("c", "y")) TASK("z") BOUNDARY("b", "p1", SIGNAL("A")) FLOW("s", "p1") FLOW("b", "z")), NULL,
      "a | event B: y | event A: z", NULL },
    { "one signal for both: the outer one is heard", FILE_OF(START SUB("p1", TASK("a") TASK("y") BOUNDARY("c", "a", SIGNAL("A"))
        FLOW("p1S", "a") FLOW("c", "y")) TASK("z") BOUNDARY("b", "p1", SIGNAL("A")) FLOW("s", "p1") FLOW("b", "z")), NULL,
      "a | event A: z", NULL },
    { "nested scopes with branches beside", FILE_OF(START FORK("f") SUB("p1", SUB("p2", TASK("a") TASK("c") FLOW("p2S", "a")
        FLOW("p2S", "c")) TASK("y") BOUNDARY("d", "p2", SIGNAL("B")) FLOW("p1S", "p2") FLOW("d", "y")) TASK("o") TASK("z")
        BESIDE("b", "p1", SIGNAL("A")) FORK("j") TASK("x") FLOW("s", "f") FLOW("f", "p1") FLOW("f", "o") FLOW("p1", "j")
        FLOW("o", "j") FLOW("j", "x") FLOW("b", "z")), NULL,
      "a c o | event A: a c o z | complete z: a c o | event B: o y | event A: o y z | complete o: y z | complete y: x z", NULL },
    { "a sub-process in a fork is interrupted", FILE_OF(START FORK("f") SUB("p1", TASK("a") TASK("c") FLOW("p1S", "a")
        FLOW("p1S", "c")) TASK("o") FORK("j") TASK("x") BOUNDARY("b", "p1", SIGNAL("A")) PASS("y") FLOW("s", "f") FLOW("f", "p1")
        FLOW("f", "o") FLOW("p1", "y") FLOW("b", "y") FLOW("y", "j") FLOW("o", "j") FLOW("j", "x")), NULL,
      "a c o | event A: o | complete o: x", NULL },

    /* ---- intermediate events ---- */
    { "catch a message", FILE_OF(START CATCH("c", MESSAGE("M")) TASK("z") FLOW("s", "c") FLOW("c", "z")), NULL,
      "c | event M: !does not wait | message M {\"x\": 1}: z", "s c z" },
    { "throw a signal to nobody", FILE_OF(START THROW("t", SIGNAL("A")) TASK("z") FLOW("s", "t") FLOW("t", "z")), NULL,
      "z", "s t z" },
    { "throw a signal to another branch", FILE_OF(START FORK("f") TASK("a") THROW("t", SIGNAL("A")) CATCH("c", SIGNAL("A"))
        TASK("y") TASK("z") FLOW("s", "f") FLOW("f", "c") FLOW("f", "a") FLOW("a", "t") FLOW("t", "y") FLOW("c", "z")), NULL,
      "a c | complete a: y z", "s f c a t z y" },
    { "nothing is kept for who comes later", FILE_OF(START THROW("t", SIGNAL("A")) CATCH("c", SIGNAL("A")) TASK("z")
        FLOW("s", "t") FLOW("t", "c") FLOW("c", "z")), NULL, "c | throw A: z", "s t c z" },
    { "nor after a fork", FILE_OF(START THROW("t", SIGNAL("A")) FORK("f") TASK("y") CATCH("c", SIGNAL("A")) TASK("z")
        FLOW("s", "t") FLOW("t", "f") FLOW("f", "y") FLOW("f", "c") FLOW("c", "z")), NULL, "c y | throw A: y z", NULL },
    { "a branch on its way hears it", FILE_OF(START FORK("f") THROW("t", SIGNAL("A")) PASS("x") CATCH("c", SIGNAL("A")) TASK("z")
        FLOW("s", "f") FLOW("f", "t") FLOW("f", "x") FLOW("x", "c") FLOW("c", "z")), NULL, "z", "s f t x c z" },
    { "a branch in a sub-process hears it", FILE_OF(START FORK("f") THROW("t", SIGNAL("A")) SUB("p1", CATCH("c", SIGNAL("A"))
        TASK("z") FLOW("p1S", "c") FLOW("c", "z")) FLOW("s", "f") FLOW("f", "t") FLOW("f", "p1")), NULL, "z", NULL },
    { "it hears it once", FILE_OF(START FORK("f") THROW("t", SIGNAL("A")) PASS("x") CATCH("c", SIGNAL("A")) FLOW("s", "f")
        FLOW("f", "t") FLOW("f", "x") FLOW("x", "c") FLOW("c", "x")), NULL, "c | throw A: c", NULL },
    { "who joined the thrower does not", FILE_OF(START FORK("f") THROW("t", SIGNAL("A")) PASS("x") FORK("j") CATCH("c", SIGNAL("A"))
        TASK("z") FLOW("s", "f") FLOW("f", "t") FLOW("f", "x") FLOW("t", "j") FLOW("x", "j") FLOW("j", "c") FLOW("c", "z")), NULL,
      "c | throw A: z", NULL },
    { "a gateway reached later hears it", FILE_OF(START FORK("f") THROW("t", SIGNAL("A")) GATE("g") CATCH("d", HOUR)
        CATCH("c", SIGNAL("A")) TASK("y") TASK("z") FLOW("s", "f") FLOW("f", "t") FLOW("f", "g") FLOW("g", "d") FLOW("g", "c")
        FLOW("d", "y") FLOW("c", "z")), NULL, "z", "s f t g c z" },
    { "another signal is not heard", FILE_OF(START FORK("f") THROW("t", SIGNAL("B")) CATCH("c", SIGNAL("A")) TASK("z")
        FLOW("s", "f") FLOW("f", "t") FLOW("f", "c") FLOW("c", "z")), NULL, "c", NULL },
    { "two signals in one transaction", FILE_OF(START FORK("f") TASK("a") THROW("t", SIGNAL("A")) THROW("u", SIGNAL("B"))
        CATCH("c", SIGNAL("A")) CATCH("d", SIGNAL("B")) TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "c") FLOW("a", "t")
        FLOW("t", "u") FLOW("c", "d") FLOW("d", "z")), NULL, "a c | complete a: z", "s f a c t d u z" },
    { "one signal twice for who is beside", FILE_OF(START FORK("f") TASK("a") TASK("o") BESIDE("b", "o", SIGNAL("A"))
        THROW("t", SIGNAL("A")) THROW("u", SIGNAL("A")) TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "o") FLOW("a", "t")
        FLOW("t", "u") FLOW("b", "z")), NULL, "a o | complete a: o z z", NULL },
    { "a signal end event", FILE_OF(START FORK("f") TASK("a") ENDS("t", SIGNAL("A")) CATCH("c", SIGNAL("A")) TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "c") FLOW("a", "t") FLOW("c", "z")), NULL, "a c | complete a: z", NULL },
    { "a signal that interrupts its thrower", FILE_OF(START SUB("p1", TASK("a") THROW("t", SIGNAL("A")) TASK("y") FLOW("p1S", "a")
        FLOW("a", "t") FLOW("t", "y")) TASK("z") BOUNDARY("b", "p1", SIGNAL("A")) FLOW("s", "p1") FLOW("b", "z")), NULL,
      "a | complete a: z", "s p1 p1S a t b z" },
    { "a signal beside its thrower", FILE_OF(START SUB("p1", TASK("a") THROW("t", SIGNAL("A")) TASK("y") FLOW("p1S", "a")
        FLOW("a", "t") FLOW("t", "y")) TASK("z") BESIDE("b", "p1", SIGNAL("A")) FLOW("s", "p1") FLOW("b", "z")), NULL,
      "a | complete a: y z", NULL },
    { "delivered by jobs", FILE_OF(START FORK("f") TASK("a") THROW("t", "<signalEventDefinition signalRef=\"sigA\" "
        "activiti:async=\"true\"/>") CATCH("c", SIGNAL("A")) TASK("o") BESIDE("b", "o", SIGNAL("A")) TASK("y") TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "c") FLOW("f", "o") FLOW("a", "t") FLOW("c", "z") FLOW("b", "y")), NULL,
      "a c o | complete a: c o | job event: o z | job event: o y z | job event: !no job", NULL },
    { "who is gone needs no job", FILE_OF(START FORK("f") TASK("a") THROW("t", "<signalEventDefinition signalRef=\"sigA\" "
        "activiti:async=\"true\"/>") TASK("o") BESIDE("b", "o", SIGNAL("A")) CATCH("d", MESSAGE("M")) TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "o") FLOW("a", "t") FLOW("t", "d") FLOW("b", "z")), NULL,
      "a o | complete a: d o | complete o: d | job event: !no job | message M:", NULL },

    /* ---- event-based gateways ---- */
    { "the signal is first", FILE_OF(START GATE("g") CATCH("c", SIGNAL("A")) CATCH("d", HOUR) CATCH("m", MESSAGE("M")) TASK("x")
        TASK("y") TASK("z") FLOW("s", "g") FLOW("g", "c") FLOW("g", "d") FLOW("g", "m") FLOW("c", "x") FLOW("d", "y") FLOW("m", "z")),
      NULL, "g | event A: x | timer d: !no job | message M: !does not wait | complete x:", "s g c x" },
    { "the timer is first", FILE_OF(START GATE("g") CATCH("c", SIGNAL("A")) CATCH("d", HOUR) TASK("x") TASK("y") FLOW("s", "g")
        FLOW("g", "c") FLOW("g", "d") FLOW("c", "x") FLOW("d", "y")), NULL, "g | timer d: y | event A: !does not wait", "s g d y" },
    { "the message is first, in a fork", FILE_OF(START FORK("f") TASK("o") GATE("g") CATCH("c", SIGNAL("A")) CATCH("m", MESSAGE("M"))
        TASK("x") TASK("y") FLOW("s", "f") FLOW("f", "o") FLOW("f", "g") FLOW("g", "c") FLOW("g", "m") FLOW("c", "x") FLOW("m", "y")),
      NULL, "g o | complete o: g | message M: y | complete y:", NULL },
    { "an asynchronous event behind it", FILE_OF(START GATE("g") "<intermediateCatchEvent id=\"c\" activiti:asyncAfter=\"true\">"
        SIGNAL("A") "</intermediateCatchEvent>" CATCH("d", HOUR) TASK("x") FLOW("s", "g") FLOW("g", "c") FLOW("g", "d")
        FLOW("c", "x")), NULL, "g | event A: c | job c: x", NULL },
    { "a gateway in an interrupted sub-process", FILE_OF(START SUB("p1", GATE("g") CATCH("c", SIGNAL("A")) CATCH("d", HOUR)
        FLOW("p1S", "g") FLOW("g", "c") FLOW("g", "d")) TASK("z") BOUNDARY("b", "p1", SIGNAL("B")) FLOW("s", "p1") FLOW("b", "z")),
      NULL, "g | event B: z | event A: !does not wait | timer d: !no job", NULL },
    { "one signal for two events: the first flow", FILE_OF(START GATE("g") CATCH("c", SIGNAL("A")) CATCH("d", SIGNAL("A")) TASK("x")
        TASK("y") FLOW("s", "g") FLOW("g", "c") FLOW("g", "d") FLOW("c", "x") FLOW("d", "y")), NULL, "g | event A: x", "s g c x" },
    { "twice through it", FILE_OF(START GATE("g") CATCH("c", SIGNAL("A")) CATCH("d", HOUR) FLOW("s", "g") FLOW("g", "c")
        FLOW("g", "d") FLOW("c", "g")), NULL, "g | event A: g | event A: g | timer d:", "s g c g c g d" },

    /* ---- event sub-processes ---- */
    { "a signal interrupts a process", FILE_OF(START TASK("a") ON("h", SIGNAL("A"), TASK("z") FLOW("hS", "z")) FLOW("s", "a")), NULL,
      "a | event A: z | event A: !does not wait | complete z:", "s a h hS z" },
    { "a message interrupts a process", FILE_OF(START TASK("a") TASK("c") ON("h", MESSAGE("M"), TASK("z") FLOW("hS", "z"))
        FLOW("s", "a") FLOW("s", "c")), NULL, "a c | message M: z | complete z:", NULL },
    { "a timer interrupts a process", FILE_OF(START TASK("a") ON("h", HOUR, TASK("z") FLOW("hS", "z")) FLOW("s", "a")), NULL,
      "a | timer h: !no job | timer hS: z | complete z:", NULL },
    { "the process ends without it", FILE_OF(START TASK("a") ON("h", SIGNAL("A"), TASK("z") FLOW("hS", "z")) FLOW("s", "a")), NULL,
      "a | complete a:", "s a" },
    { "beside a process, again and again", FILE_OF(START TASK("a") ON_BESIDE("h", SIGNAL("A"), TASK("z") FLOW("hS", "z"))
        FLOW("s", "a")), NULL, "a | event A: a z | event A: a z z | complete a: z z | event A: z z z | complete z: z z", NULL },
    { "a message for a process that waits for it in two ways", FILE_OF(START CATCH("c", MESSAGE("M")) TASK("z")
        ON_BESIDE("h", MESSAGE("M"), TASK("y") FLOW("hS", "y")) FLOW("s", "c") FLOW("c", "z")), NULL,
      "c | message M: z | message M: y z | message M: y y z | complete z: y y", NULL },
    { "a cycle beside a process", FILE_OF(START TASK("a") ON_BESIDE("h", CYCLE("R2/PT1H"), TASK("z") FLOW("hS", "z"))
        FLOW("s", "a")), NULL, "a | timer hS: a z | timer hS: a z z | timer hS: !no job | complete a: z z", NULL },
    { "in a sub-process: what is around goes on", FILE_OF(START SUB("p1", TASK("a") TASK("c") ON("h", SIGNAL("A"), TASK("z")
        FLOW("hS", "z")) FLOW("p1S", "a") FLOW("p1S", "c")) TASK("y") FLOW("s", "p1") FLOW("p1", "y")), NULL,
      "a c | event A: z | complete z: y", "s p1 p1S a c h hS z y" },
    { "beside a sub-process's tokens", FILE_OF(START SUB("p1", TASK("a") ON_BESIDE("h", SIGNAL("A"), TASK("z")
        FLOW("hS", "z")) FLOW("p1S", "a")) TASK("y") FLOW("s", "p1") FLOW("p1", "y")), NULL,
      "a | event A: a z | complete a: z | complete z: y", NULL },
    { "of two the first one wins", FILE_OF(START TASK("a") ON("h", SIGNAL("A"), TASK("y") FLOW("hS", "y")) ON("k", SIGNAL("B"),
        TASK("z") FLOW("kS", "z")) FLOW("s", "a")), NULL, "a | event A: y | event B: !does not wait | complete y:", NULL },
    { "one signal for two of them: the first of the file", FILE_OF(START TASK("a") ON("h", SIGNAL("A"), TASK("y") FLOW("hS", "y"))
        ON("k", SIGNAL("A"), TASK("z") FLOW("kS", "z")) FLOW("s", "a")), NULL, "a | event A: y | complete y:", NULL },
    { "one signal beside it and inside it", FILE_OF(START SUB("p1", CATCH("c", SIGNAL("A")) TASK("w") ON_BESIDE("h", SIGNAL("A"),
        TASK("y") FLOW("hS", "y")) FLOW("p1S", "c") FLOW("c", "w")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "c | event A: w y | complete y: w | complete w: z", NULL },
    { "the border of what it interrupts stays armed", FILE_OF(START SUB("p1", TASK("a") ON("h", SIGNAL("A"), TASK("y")
        FLOW("hS", "y")) FLOW("p1S", "a")) TASK("z") BOUNDARY("b", "p1", SIGNAL("B")) FLOW("s", "p1") FLOW("b", "z")), NULL,
      "a | event A: y | event B: z", NULL },
    { "a signal of its own scope interrupts the thrower", FILE_OF(START TASK("a") THROW("t", SIGNAL("A")) TASK("y")
        ON("h", SIGNAL("A"), TASK("z") FLOW("hS", "z")) FLOW("s", "a") FLOW("a", "t") FLOW("t", "y")), NULL,
      "a | complete a: z", NULL },
    { "a boundary event within a handler", FILE_OF(START TASK("a") ON("h", SIGNAL("A"), TASK("y") BOUNDARY("b", "y", SIGNAL("B"))
        TASK("z") FLOW("hS", "y") FLOW("b", "z")) FLOW("s", "a")), NULL, "a | event A: y | event B: z | complete z:", NULL },
    { "a handler in a handler", FILE_OF(START TASK("a") ON("h", SIGNAL("A"), TASK("y") ON("k", SIGNAL("B"), TASK("z") FLOW("kS", "z"))
        FLOW("hS", "y")) FLOW("s", "a")), NULL, "a | event B: !does not wait | event A: y | event B: z | complete z:", NULL },

    /* ---- errors ---- */
    { "an error end event in a sub-process", FILE_OF(START SUB("p1", TASK("a") ENDS("x", ERROR("E")) TASK("c") FLOW("p1S", "a")
        FLOW("p1S", "c") FLOW("a", "x")) TASK("z") BOUNDARY("b", "p1", ERROR("E")) FLOW("s", "p1") FLOW("b", "z")), NULL,
      "a c | complete a: z", "s p1 p1S a c x b z" },
    { "that very code before any", FILE_OF(START SUB("p1", TASK("a") ENDS("x", ERROR("E")) FLOW("p1S", "a") FLOW("a", "x"))
        TASK("y") TASK("z") BOUNDARY("b", "p1", "<errorEventDefinition/>") BOUNDARY("c", "p1", ERROR("E")) FLOW("s", "p1")
        FLOW("b", "y") FLOW("c", "z")), NULL, "a | complete a: z", NULL },
    { "any code", FILE_OF(START SUB("p1", TASK("a") ENDS("x", ERROR("F")) FLOW("p1S", "a") FLOW("a", "x"))
        TASK("y") TASK("z") BOUNDARY("b", "p1", "<errorEventDefinition/>") BOUNDARY("c", "p1", ERROR("E")) FLOW("s", "p1")
        FLOW("b", "y") FLOW("c", "z")), NULL, "a | complete a: y", NULL },
    { "another code goes further out", FILE_OF(START SUB("p1", SUB("p2", TASK("a") ENDS("x", ERROR("F")) FLOW("p2S", "a")
        FLOW("a", "x")) TASK("y") BOUNDARY("c", "p2", ERROR("E")) FLOW("p1S", "p2") FLOW("c", "y")) TASK("z")
        BOUNDARY("b", "p1", ERROR("F")) FLOW("s", "p1") FLOW("b", "z")), NULL, "a | complete a: z", NULL },
    { "an event sub-process before the border", FILE_OF(START SUB("p1", TASK("a") ENDS("x", ERROR("E")) ON("h", ERROR("E"),
        TASK("y") FLOW("hS", "y")) FLOW("p1S", "a") FLOW("a", "x")) TASK("w") TASK("z") BOUNDARY("b", "p1", ERROR("E"))
        FLOW("s", "p1") FLOW("p1", "w") FLOW("b", "z")), NULL, "a | complete a: y | complete y: w", NULL },
    { "what a handler throws leaves its scope", FILE_OF(START SUB("p1", TASK("a") ENDS("x", ERROR("E")) ON("h", ERROR("E"),
        TASK("y") ENDS("w", ERROR("E")) FLOW("hS", "y") FLOW("y", "w")) FLOW("p1S", "a") FLOW("a", "x")) TASK("z")
        BOUNDARY("b", "p1", ERROR("E")) FLOW("s", "p1") FLOW("b", "z")), NULL, "a | complete a: y | complete y: z", NULL },
    { "an event sub-process of the process", FILE_OF(START SUB("p1", TASK("a") ENDS("x", ERROR("E")) FLOW("p1S", "a")
        FLOW("a", "x")) TASK("o") ON("h", ERROR("E"), TASK("z") FLOW("hS", "z")) FLOW("s", "p1") FLOW("s", "o")), NULL,
      "a o | complete a: z | complete z:", NULL },
    { "one of several sub-processes", FILE_OF(START FORK("f") SUB("p1", TASK("a") ENDS("x", ERROR("E")) FLOW("p1S", "a")
        FLOW("a", "x")) SUB("p2", TASK("c") FLOW("p2S", "c")) TASK("z") BOUNDARY("b", "p1", ERROR("E")) FLOW("s", "f")
        FLOW("f", "p1") FLOW("f", "p2") FLOW("b", "z")), NULL, "a c | complete a: c z", NULL },
    { "nobody catches it", FILE_OF(START TASK("a") ENDS("x", ERROR("E")) FLOW("s", "a") FLOW("a", "x")), NULL,
      "a | complete a: !the BPMN error \"E\" is caught by nothing", "s a" },
    { "its code in a variable", DEFINITIONS DECLARED "<process id=\"p\">" START SUB("p1", TASK("a") ENDS("x", ERROR("E"))
        FLOW("p1S", "a") FLOW("a", "x")) CHOICE("g") TASK("y") TASK("z") BOUNDARY("b", "p1",
        "<errorEventDefinition activiti:errorCodeVariable=\"code\"/>") FLOW("s", "p1") FLOW("b", "g")
        IF("g", "y", "${code == 'F'}") IF("g", "z", "${code == 'E'}") "</process></definitions>", NULL,
      "a | complete a: z", NULL },

    /* ---- over call activities ---- */
    { "a called instance interrupts its call", CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", SIGNAL("A")) FLOW("s", "c")
        FLOW("b", "z"), TASK("a") THROW("t", SIGNAL("A")) TASK("y") FLOW("qS", "a") FLOW("a", "t") FLOW("t", "y")), NULL,
      "a c | complete a: z | complete z:", "s c b z" },
    { "a called instance throws beside its call", CALLS(START CALL("c") TASK("z") BESIDE("b", "c", SIGNAL("A")) FLOW("s", "c")
        FLOW("b", "z"), TASK("a") THROW("t", SIGNAL("A")) TASK("y") FLOW("qS", "a") FLOW("a", "t") FLOW("t", "y")), NULL,
      "a c | complete a: c y z | complete y: z", NULL },
    { "a called instance hears its caller", CALLS(START FORK("f") TASK("a") THROW("t", SIGNAL("A")) CALL("c") FLOW("s", "f")
        FLOW("f", "a") FLOW("a", "t") FLOW("f", "c"), CATCH("d", SIGNAL("A")) TASK("z") FLOW("qS", "d") FLOW("d", "z")), NULL,
      "a c d | complete a: c z | complete z:", NULL },
    { "not what stays within the instance", CALLS(START FORK("f") TASK("a") THROW("t", SIGNAL("I")) CATCH("e", SIGNAL("I")) CALL("c")
        FLOW("s", "f") FLOW("f", "a") FLOW("a", "t") FLOW("f", "c") FLOW("f", "e"), CATCH("d", SIGNAL("I")) FLOW("qS", "d")), NULL,
      "a c d e | complete a: c d | throw I:", NULL },
    { "a message for a called instance", CALLS(START CALL("c") TASK("z") FLOW("s", "c") FLOW("c", "z"),
        CATCH("d", MESSAGE("M")) FLOW("qS", "d")), NULL, "c d | message M: z", NULL },
    { "a signal ends a call that waits for it, too", CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", SIGNAL("A"))
        FLOW("s", "c") FLOW("b", "z"), TASK("k") ON_BESIDE("h", SIGNAL("A"), TASK("y") FLOW("hS", "y")) FLOW("qS", "k")),
      NULL, "c k | throw A: z | complete z:", "s c b z" },
    { "and again before it is written", CALLS(START CALL("c") THROW("t", SIGNAL("A")) TASK("z") BOUNDARY("b", "c", SIGNAL("A"))
        FLOW("s", "c") FLOW("b", "t") FLOW("t", "z"), TASK("k") ON_BESIDE("h", SIGNAL("A"), TASK("y") FLOW("hS", "y"))
        FLOW("qS", "k")), NULL, "c k | throw A: z | complete z:", "s c b t z" },
    { "a timer ends a call with what it waits for", CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", HOUR) FLOW("s", "c")
        FLOW("b", "z"), GATE("g") CATCH("d", MESSAGE("M")) CATCH("h", SIGNAL("A")) FLOW("qS", "g") FLOW("g", "d") FLOW("g", "h")), NULL,
      "c g | timer b: z | throw A: z", NULL },
    { "a called instance ends all", CALLS(START FORK("f") TASK("o") CALL("c") TASK("z") FLOW("s", "f") FLOW("f", "o") FLOW("f", "c")
        FLOW("c", "z"), TASK("a") TASK("y") ENDS("x", "<terminateEventDefinition activiti:terminateAll=\"true\"/>") FLOW("qS", "a")
        FLOW("qS", "y") FLOW("a", "x")), NULL, "a c o y | complete a:", NULL },
    { "a called instance ends itself", CALLS(START FORK("f") TASK("o") CALL("c") TASK("z") FLOW("s", "f") FLOW("f", "o") FLOW("f", "c")
        FLOW("c", "z"), TASK("a") TASK("y") TERMINATE("x") FLOW("qS", "a") FLOW("qS", "y") FLOW("a", "x")), NULL,
      "a c o y | complete a: o z", NULL },
    { "an event on a multi-instance call is of the whole loop", CALLS(START "<callActivity id=\"c\" calledElement=\"q\">"
        "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></callActivity>"
        TASK("y") TASK("z") BESIDE("n", "c", MESSAGE("M")) BOUNDARY("b", "c", SIGNAL("A")) FLOW("s", "c") FLOW("n", "y") FLOW("b", "z"),
        TASK("a") FLOW("qS", "a")), NULL,
      "a a a c c c | message M: a a a c c c y | complete a: a a c c y | throw A: y z", NULL },

    /* ---- terminate ---- */
    { "terminate disarms everything", FILE_OF(START FORK("f") TASK("a") TASK("c") BOUNDARY("b", "c", HOUR) GATE("g")
        CATCH("d", SIGNAL("A")) CATCH("m", MESSAGE("M")) ON("h", SIGNAL("B"), TASK("z") FLOW("hS", "z")) TERMINATE("x")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "c") FLOW("f", "g") FLOW("g", "d") FLOW("g", "m") FLOW("a", "x")), NULL,
      "a c g | complete a:", NULL },
    { "terminate in nested sub-processes", FILE_OF(START SUB("p1", SUB("p2", TASK("a") TASK("c") TERMINATE("x") FLOW("p2S", "a")
        FLOW("p2S", "c") FLOW("a", "x")) TASK("o") TASK("y") BOUNDARY("b", "p2", HOUR) FLOW("p1S", "p2") FLOW("p1S", "o")
        FLOW("p2", "y")) TASK("z") FLOW("s", "p1") FLOW("p1", "z")), NULL,
      "a c o | complete a: o y | timer b: !no job | complete y: o | complete o: z", NULL },
    { "terminate in a handler ends the handler", FILE_OF(START TASK("a") ON_BESIDE("h", SIGNAL("A"), TASK("y") TASK("w")
        TERMINATE("x") FLOW("hS", "y") FLOW("hS", "w") FLOW("y", "x")) FLOW("s", "a")), NULL,
      "a | event A: a w y | complete y: a | complete a:", NULL },

    /* ---- what is brought by jobs ---- */
    { "told twice, heard once", FILE_OF(START CATCH("c", SIGNAL("A")) TASK("z") FLOW("s", "c") FLOW("c", "z")), NULL,
      "c | later A: c | later A: c | job event: z | job event: !no job | complete z:", NULL },
    { "told by a job, heard from elsewhere", FILE_OF(START CATCH("c", SIGNAL("A")) FLOW("s", "c")), NULL,
      "c | later A: c | event A: | job event: !no job", NULL },
    { "told twice, heard twice", FILE_OF(START TASK("a") ON_BESIDE("h", SIGNAL("A"), TASK("z") FLOW("hS", "z"))
        FLOW("s", "a")), NULL,
      "a | later A: a | later A: a | job event: a z | job event: a z z | complete a: z z", NULL },

    /* ---- an instance ends in the step that changes it ---- */
    { "an error of a step that sets variables", CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", ERROR("E"))
        FLOW("s", "c") FLOW("b", "z"), TASK("k") TASK("l") ENDS("x", ERROR("E")) FLOW("qS", "k") FLOW("k", "l")
        FLOW("l", "x")), NULL,
      "c k | complete k {\"v\": 1}: c l | complete l {\"v\": 2, \"w\": [3]}: z | complete z:", NULL },
    { "an error of a step that begins to wait", CALLS(START CALL("c") TASK("z") BOUNDARY("b", "c", ERROR("E"))
        FLOW("s", "c") FLOW("b", "z"), TASK("k") FORK("f") CATCH("g", SIGNAL("A")) CATCH("h", HOUR) ENDS("x", ERROR("E"))
        FLOW("qS", "k") FLOW("k", "f") FLOW("f", "g") FLOW("f", "h") FLOW("f", "x")), NULL,
      "c k | complete k: z | throw A: z | complete z:", NULL },
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
