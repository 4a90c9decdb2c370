/* Events: which definitions may stand where, what they refer to, and what is read. */
#include <stdlib.h>

#include "cases.h"

/* clang-format off */
static const case_t cases[] = {
    /* ---- receive tasks and signals ---- */
    { "receive task",            BETWEEN("<receiveTask id=\"r\" activiti:async=\"true\"/>\n" FLOW("f", "s", "r")), NULL, NULL, 0, 0 },
    { "receive task that starts", BETWEEN("<receiveTask id=\"r\" instantiate=\"true\"/>\n"), "ignored-attribute", "r", 5, 1 },
    { "catch a signal",          SIGNALLED(CATCH("<signalEventDefinition signalRef=\"g\"/>\n") FLOW("f", "s", "c")), NULL, NULL, 0, 0 },
    { "signal behind the process", FILE_WITH("<process id=\"p\"><startEvent id=\"s\"/>" CATCH("<signalEventDefinition signalRef=\"g\"/>")
                                           "</process><signal id=\"g\" name=\"G\"/>\n"), NULL, NULL, 0, 0 },
    { "signal with a prefix",    SIGNALLED("<intermediateCatchEvent id=\"c\" xmlns:t=\"http://example.org/t\"><signalEventDefinition "
                                           "id=\"d\" signalRef=\"t:g\"/></intermediateCatchEvent>\n"), NULL, NULL, 0, 0 },
    { "undeclared prefix of it", SIGNALLED(CATCH("<signalEventDefinition signalRef=\"t:g\"/>\n")), "undeclared-prefix", "c", 6, 0 },
    { "no signal",               SIGNALLED(CATCH("<signalEventDefinition/>\n")), "signal-reference", "c", 6, 0 },
    { "unknown signal",          SIGNALLED(CATCH("<signalEventDefinition id=\"d\" signalRef=\"G\"/>\n")), "signal-reference", "d", 6, 0 },
    { "no signal, but a start",  SIGNALLED(CATCH("<signalEventDefinition signalRef=\"s\"/>\n")), "signal-reference", "c", 6, 0 },
    { "two signals in one event", SIGNALLED(CATCH("<signalEventDefinition signalRef=\"g\"/>\n<signalEventDefinition signalRef=\"g\"/>\n")),
                                                                           "unsupported-element", "c", 7, 0 },
    { "a signal or a timer",     SIGNALLED(CATCH("<signalEventDefinition signalRef=\"g\"/>\n<timerEventDefinition/>\n")),
                                                                           "unsupported-element", "c", 7, 0 },
    { "a timer or a signal",     SIGNALLED(CATCH("<timerEventDefinition><timeDate>x</timeDate></timerEventDefinition>\n"
                                           "<signalEventDefinition signalRef=\"g\"/>\n") FLOW("f", "s", "c")),
                                                                           "unsupported-element", "c", 7, 0 },
    { "a timer by date",         TIMER("<timeDate>2026-03-01T12:30:00</timeDate>"), NULL, NULL, 0, 0 },
    { "a timer by duration",     TIMER("<timeDuration id=\"d\">\n PT5M\n </timeDuration>"), NULL, NULL, 0, 0 },
    { "a timer by cycle",        TIMER("<timeCycle>0 0 12 * * ?</timeCycle>"), NULL, NULL, 0, 0 },
    { "a timer by expression",   TIMER("<timeDate>${due}</timeDate>"), NULL, NULL, 0, 0 },
    { "a timer that is no time", TIMER("<timeDate>tomorrow</timeDate>"), NULL, NULL, 0, 0 },
    { "a timer without time",    TIMER(""), "timer-time", "c", 6, 0 },
    { "a timer with no text",    TIMER("<timeDate/><timeDuration>\n </timeDuration>"), "timer-time", "c", 6, 0 },
    { "one text is enough",      TIMER("<timeDate/><timeCycle>R/PT1H</timeCycle>"), NULL, NULL, 0, 0 },
    { "two times",               TIMER("<timeDuration>PT1H</timeDuration>\n<timeDate>2026-03-01</timeDate>"), "ignored-element", "c", 6, 1 },
    { "a broken expression",     TIMER("\n<timeDate>${due</timeDate>"), "expression-syntax", "c", 7, 0 },
    { "catch a message",         SIGNALLED(CATCH("<messageEventDefinition/>\n")), "message-reference", "c", 6, 0 },
    { "catch nothing",           SIGNALLED(CATCH("")),                     "event-definition", "c", 5, 0 },
    { "catch what is nowhere",   SIGNALLED(CATCH("<eventDefinitionRef>x</eventDefinitionRef>\n")), "event-definition", "c", 5, 0 },
    { "signal without id",       SIGNALS("<signal name=\"G\"/>\n"),       "missing-id", NULL, 2, 0 },
    { "signal without name",     SIGNALS("<signal id=\"g\"/>\n"),         "signal-name", "g", 2, 0 },
    { "signal with empty name",  SIGNALS("<signal id=\"g\" name=\"\"/>\n"), "signal-name", "g", 2, 0 },
    { "two names of signals",    SIGNALS("<signal id=\"g\" name=\"G\"/>\n<signal id=\"h\" name=\"H\"/>\n"), NULL, NULL, 0, 0 },
    { "the same name twice",     SIGNALS("<signal id=\"g\" name=\"G\"/>\n<signal id=\"h\" name=\"G\"/>\n"), "signal-name", "h", 3, 0 },
    { "signal of an instance",   SIGNALS("<signal id=\"g\" name=\"G\" activiti:scope=\"processInstance\"/>\n"), NULL, NULL, 0, 0 },
    { "signal for all",          SIGNALS("<signal id=\"g\" name=\"G\" activiti:scope=\"global\"/>\n"), NULL, NULL, 0, 0 },
    { "signal for whom",         SIGNALS("<signal id=\"g\" name=\"G\" activiti:scope=\"planet\"/>\n"), "signal-scope", "g", 2, 0 },
    { "extension of a signal",   SIGNALS("<signal id=\"g\" name=\"G\" activiti:colour=\"red\"/>\n"), "unknown-attribute", "g", 2, 1 },
};
/* clang-format on */

int main(void)
{
    cases_open();
    CHECK_CASES(cases);
    return cases_close();
}
