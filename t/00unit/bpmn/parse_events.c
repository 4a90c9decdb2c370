/* Events: which definitions may stand where, what they refer to, and what is read. */
#include <stdlib.h>

#include "cases.h"

/* What events refer to is declared behind the process, so that the body begins in line 3;
 * or in line 5, behind a start and an end event. */
#define REFERRING(body)                                                                  \
    FILE_WITH("<process id=\"p\">\n" body "</process>\n"                                 \
              "<signal id=\"g\" name=\"G\"/><message id=\"m\" name=\"M\"/>"              \
              "<message id=\"n\" name=\"N\"/><message id=\"nameless\"/>"                 \
              "<error id=\"r\" errorCode=\"R\"/><error id=\"q\"/>\n")
#define AMID(body) REFERRING("<startEvent id=\"s\"/>\n<endEvent id=\"e\"/>\n" body)

#define TIME                                                                             \
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define START(children) "<startEvent id=\"x\">\n" children "</startEvent>\n"
#define START_AT(children)                                                               \
    START("<timerEventDefinition>" children "</timerEventDefinition>")
#define START_BY(calendar, children)                                                     \
    START("<timerEventDefinition activiti:businessCalendarName=\"" calendar              \
          "\">" children "</timerEventDefinition>")
#define THROW(children)                                                                  \
    "<intermediateThrowEvent id=\"x\">\n" children "</intermediateThrowEvent>\n"
#define END(children) "<endEvent id=\"x\">\n" children "</endEvent>\n"
/* A task in a line of its own, then the event, then its children. */
#define ON(task, children)                                                               \
    "<task id=\"" task "\"/>\n<boundaryEvent id=\"b\" attachedToRef=\"" task             \
    "\">\n" children "</boundaryEvent>\n"
#define TRANSACTION "<transaction id=\"t\"><startEvent id=\"v\"/></transaction>\n"
#define CANCEL_ON(id)                                                                    \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"t\"><cancelEventDefinition/>"          \
    "</boundaryEvent>\n"

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

    /* ---- where which definition may stand ---- */
    { "start by message",        REFERRING(START("<messageEventDefinition messageRef=\"m\"/>")), NULL, NULL, 0, 0 },
    { "start by a signal",       REFERRING(START("<signalEventDefinition signalRef=\"g\"/>")), NULL, NULL, 0, 0 },
    { "start by an error",       REFERRING(START("<errorEventDefinition/>")), "start-definition", "x", 3, 0 },
    { "start by cancelling",     REFERRING(START("<cancelEventDefinition/>")), "event-definition", "x", 4, 0 },
    { "start by compensation",   REFERRING(START("<compensateEventDefinition/>")), "event-definition", "x", 4, 0 },
    { "start by a condition",    REFERRING(START("<conditionalEventDefinition><condition/></conditionalEventDefinition>")), "ignored-element", "x", 4, 1 },
    { "start by escalation",     REFERRING(START("<escalationEventDefinition/>")), "ignored-element", "x", 4, 1 },
    { "it counts as a plain one", REFERRING("<startEvent id=\"s\"/>\n" START("<escalationEventDefinition/>")), "several-start-events", "x", 4, 0 },
    { "a plain one and others",  REFERRING("<startEvent id=\"s\"/>\n" START("<messageEventDefinition messageRef=\"m\"/>")
                                         "<startEvent id=\"y\"><signalEventDefinition signalRef=\"g\"/></startEvent>"), NULL, NULL, 0, 0 },
    { "one message, two starts", REFERRING("<startEvent id=\"s\"><messageEventDefinition messageRef=\"m\"/></startEvent>\n"
                                         START("<messageEventDefinition messageRef=\"m\"/>")), "message-start", "x", 4, 0 },
    { "two messages, two starts", REFERRING("<startEvent id=\"s\"><messageEventDefinition messageRef=\"n\"/></startEvent>\n"
                                         START("<messageEventDefinition messageRef=\"m\"/>")), NULL, NULL, 0, 0 },
    { "catch an error",          AMID(CATCH("<errorEventDefinition/>")), "event-definition", "c", 6, 0 },
    { "catch compensation",      AMID(CATCH("<compensateEventDefinition/>")), "event-definition", "c", 6, 0 },
    { "catch a condition",       AMID(CATCH("<conditionalEventDefinition/>")), "event-definition", "c", 6, 0 },
    { "catch a link",            AMID(CATCH("<linkEventDefinition/>")), "event-definition", "c", 6, 0 },
    { "catch by reference",      FILE_WITH("<signal id=\"g\" name=\"G\"/><signalEventDefinition id=\"d\" signalRef=\"g\"/>"
                                           "<process id=\"p\"><startEvent id=\"s\"/>" CATCH("<eventDefinitionRef>d</eventDefinitionRef>")
                                           "</process>"), NULL, NULL, 0, 0 },
    { "throw nothing",           AMID(THROW("")), NULL, NULL, 0, 0 },
    { "throw a signal",          AMID(THROW("<signalEventDefinition signalRef=\"g\"/>")), NULL, NULL, 0, 0 },
    { "throw no signal",         AMID(THROW("<signalEventDefinition/>")), "signal-reference", "x", 6, 0 },
    { "throw a message",         AMID(THROW("<messageEventDefinition messageRef=\"m\"/>")), "event-definition", "x", 6, 0 },
    { "throw an error",          AMID(THROW("<errorEventDefinition errorRef=\"r\"/>")), "event-definition", "x", 6, 0 },
    { "throw escalation",        AMID(THROW("<escalationEventDefinition/>")), "event-definition", "x", 6, 0 },
    { "throw a link",            AMID(THROW("<linkEventDefinition/>")), "event-definition", "x", 6, 0 },
    { "end with a signal",       AMID(END("<signalEventDefinition signalRef=\"g\"/>")), NULL, NULL, 0, 0 },
    { "end with a message",      AMID(END("<messageEventDefinition messageRef=\"m\"/>")), NULL, NULL, 0, 0 },
    { "message of no kind",      AMID(END("<messageEventDefinition messageRef=\"m\" activiti:type=\"fax\"/>")), "task-type", "x", 6, 0 },
    { "message by no operation", AMID(END("<messageEventDefinition messageRef=\"m\"><operationRef>o</operationRef></messageEventDefinition>")),
                                                                           "unknown-operation", "x", 6, 0 },
    { "end with an error",       AMID(END("<errorEventDefinition errorRef=\"r\"/>")), NULL, NULL, 0, 0 },
    { "an error without a code", AMID(END("<errorEventDefinition errorRef=\"q\"/>")), "error-code", "x", 6, 0 },
    { "a code of no error",      AMID(END("<errorEventDefinition errorRef=\"LATE\"/>")), NULL, NULL, 0, 0 },
    { "an error without name",   AMID(END("<errorEventDefinition/>")), "error-code", "x", 6, 1 },
    { "end all",                 AMID(END("<terminateEventDefinition/>")), NULL, NULL, 0, 0 },
    { "end all, or what",        AMID(END("<terminateEventDefinition activiti:terminateAll=\"maybe\"/>")), "attribute-value", "x", 6, 1 },
    { "end with a condition",    AMID(END("<conditionalEventDefinition/>")), "event-definition", "x", 6, 0 },
    { "end with escalation",     AMID(END("<escalationEventDefinition/>")), "event-definition", "x", 6, 0 },
    { "cancel no transaction",   AMID(END("<cancelEventDefinition/>")), "cancel-end", "x", 5, 0 },
    { "cancel a transaction",    AMID("<transaction id=\"t\">" END("<cancelEventDefinition/>") "<startEvent id=\"u\"/></transaction>"), NULL, NULL, 0, 0 },
    { "cancel from further in",  AMID("<transaction id=\"t\"><startEvent id=\"u\"/><subProcess id=\"v\"><startEvent id=\"w\"/>\n"
                                         END("<cancelEventDefinition/>") "</subProcess></transaction>"), "cancel-end", "x", 6, 0 },
    { "behind the end",          AMID("<task id=\"t\"/>\n" FLOW("f", "s", "t") FLOW("h", "e", "t")), "end-flow", "e", 4, 1 },

    /* ---- boundary events ---- */
    { "a timer on a task",       AMID(ON("t", TIME)), NULL, NULL, 0, 0 },
    { "a message on a task",     AMID(ON("t", "<messageEventDefinition messageRef=\"m\"/>")), NULL, NULL, 0, 0 },
    { "an error on a task",      AMID(ON("t", "<errorEventDefinition/>")), NULL, NULL, 0, 0 },
    { "an error with no code",   AMID(ON("t", "<errorEventDefinition errorRef=\"q\"/>")), "error-code", "b", 7, 1 },
    { "an error beside",         AMID("<task id=\"t\"/>\n<boundaryEvent id=\"b\" attachedToRef=\"t\" cancelActivity=\"false\"><errorEventDefinition/>"
                                         "</boundaryEvent>\n"), "ignored-attribute", "b", 6, 1 },
    { "nothing on a task",       AMID(ON("t", "")), "event-definition", "b", 6, 0 },
    { "a condition on a task",   AMID(ON("t", "<conditionalEventDefinition/>")), "event-definition", "b", 7, 0 },
    { "escalation on a task",    AMID(ON("t", "<escalationEventDefinition/>")), "event-definition", "b", 7, 0 },
    { "on nothing",              AMID("<boundaryEvent id=\"b\">" TIME "</boundaryEvent>\n"), "boundary-host", "b", 5, 0 },
    { "on what is not there",    AMID("<boundaryEvent id=\"b\" attachedToRef=\"nobody\">" TIME "</boundaryEvent>\n"), "boundary-host", "b", 5, 0 },
    { "on an event",             AMID("<boundaryEvent id=\"b\" attachedToRef=\"e\">" TIME "</boundaryEvent>\n"), "boundary-host", "b", 5, 0 },
    { "on what is further out",  AMID("<task id=\"t\"/><subProcess id=\"u\"><startEvent id=\"v\"/>\n<boundaryEvent id=\"b\" attachedToRef=\"t\">"
                                         TIME "</boundaryEvent></subProcess>\n"), "boundary-host", "b", 6, 0 },
    { "on what is further in",   AMID("<subProcess id=\"u\"><startEvent id=\"v\"/><task id=\"t\"/></subProcess>\n<boundaryEvent id=\"b\" "
                                         "attachedToRef=\"t\">" TIME "</boundaryEvent>\n"), "boundary-scope", "b", 6, 1 },
    { "cancelling a task",       AMID(ON("t", "<cancelEventDefinition/>")), "cancel-boundary", "b", 6, 0 },
    { "cancelling a transaction", AMID(TRANSACTION CANCEL_ON("b")), NULL, NULL, 0, 0 },
    { "cancelling it twice",     AMID(TRANSACTION CANCEL_ON("b") CANCEL_ON("c")), "boundary-twice", "c", 7, 0 },
    { "compensating it twice",   AMID(ON("t", "<compensateEventDefinition/>") "<boundaryEvent id=\"c\" attachedToRef=\"t\"><compensateEventDefinition/>"
                                         "</boundaryEvent>\n"), "boundary-twice", "c", 8, 0 },
    { "one message twice",       AMID(ON("t", "<messageEventDefinition messageRef=\"m\"/>") "<boundaryEvent id=\"c\" attachedToRef=\"t\">"
                                         "<messageEventDefinition messageRef=\"m\"/></boundaryEvent>\n"), "boundary-twice", "c", 8, 0 },
    { "two messages",            AMID(ON("t", "<messageEventDefinition messageRef=\"m\"/>") "<boundaryEvent id=\"c\" attachedToRef=\"t\">"
                                         "<messageEventDefinition messageRef=\"n\"/></boundaryEvent>\n"), NULL, NULL, 0, 0 },
    { "two timers",              AMID(ON("t", TIME) "<boundaryEvent id=\"c\" attachedToRef=\"t\">" TIME "</boundaryEvent>\n"), NULL, NULL, 0, 0 },
    { "out of compensation",     AMID(ON("t", "<compensateEventDefinition/>") FLOW("f", "b", "e")), "compensation-flow", "b", 6, 1 },

    /* ---- timers that start instances ---- */
    { "every hour",              REFERRING(START_AT("<timeCycle>R/PT1H</timeCycle>")), NULL, NULL, 0, 0 },
    { "by a cron line",          REFERRING(START_AT("<timeCycle>0 0/5 * * * ?</timeCycle>")), NULL, NULL, 0, 0 },
    { "at a date that is gone",  REFERRING(START_AT("<timeDate>2001-01-01T00:00:00</timeDate>")), NULL, NULL, 0, 0 },
    { "until it is gone",        REFERRING(START_AT("<timeCycle>R/PT1H/2001-01-01T00:00:00</timeCycle>")), NULL, NULL, 0, 0 },
    { "by what fails",           REFERRING(START_AT("<timeDuration>${'PT' + 1 == 1 ? 'PT1M' : 'PT2M'}</timeDuration>")), "timer-start", "x", 4, 0 },
    { "by a constant",           REFERRING(START_AT("<timeDuration>${true ? 'PT1M' : 'PT2M'}</timeDuration>")), NULL, NULL, 0, 0 },
    { "by a variable",           REFERRING(START_AT("<timeDuration>${pause}</timeDuration>")), "timer-start", "x", 4, 0 },
    { "some time",               REFERRING(START_AT("<timeDate>tomorrow</timeDate>")), "timer-start", "x", 4, 0 },
    { "for some time",           REFERRING(START_AT("<timeDuration>2 hours</timeDuration>")), "timer-start", "x", 4, 0 },
    { "a broken cron line",      REFERRING(START_AT("<timeCycle>0 0 99 * * ?</timeCycle>")), "timer-start", "x", 4, 0 },
    { "a broken interval",       REFERRING(START_AT("<timeCycle>R3</timeCycle>")), "timer-start", "x", 4, 0 },
    { "until a date",            REFERRING(START_AT("<timeCycle activiti:endDate=\"2026-12-31T00:00:00\">R/PT1H</timeCycle>")), NULL, NULL, 0, 0 },
    { "until whenever",          REFERRING(START_AT("<timeCycle activiti:endDate=\"never\">R/PT1H</timeCycle>")), "timer-start", "x", 4, 0 },
    { "by a calendar",           REFERRING(START_BY("cycle", "<timeDuration>R/PT1H</timeDuration>")), NULL, NULL, 0, 0 },
    { "by no calendar",          REFERRING(START_BY("maya", "<timeDuration>PT1H</timeDuration>")), "timer-calendar", "x", 4, 0 },
    { "elsewhere it may be any", AMID(CATCH("<timerEventDefinition activiti:businessCalendarName=\"maya\"><timeDate>x</timeDate></timerEventDefinition>")), NULL, NULL, 0, 0 },

    /* ---- messages and errors at the top ---- */
    { "messages",                SIGNALS("<message id=\"a\" name=\"A\"/><message id=\"b\"/><itemDefinition id=\"i\"/><message id=\"d\" itemRef=\"i\"/>\n"), NULL, NULL, 0, 0 },
    { "a message of nothing",    SIGNALS("<message id=\"a\" itemRef=\"i\"/>\n"), "message-item", "a", 2, 0 },
    { "an error",                SIGNALS("<error id=\"a\" errorCode=\"A\"/><error id=\"b\"/>\n"), NULL, NULL, 0, 0 },
    { "an empty error code",     SIGNALS("<error id=\"a\" errorCode=\"\"/>\n"), "error-code", "a", 2, 0 },
    { "an operation",            SIGNALS("<message id=\"a\"/><interface id=\"i\"><operation id=\"o\"><inMessageRef>a</inMessageRef></operation></interface>\n"), NULL, NULL, 0, 0 },
    { "an operation on nothing", SIGNALS("<interface id=\"i\">\n<operation id=\"o\"><inMessageRef>a</inMessageRef></operation></interface>\n"), "operation-message", "o", 3, 0 },
    { "a message without name",  AMID(CATCH("<messageEventDefinition messageRef=\"nameless\"/>")), NULL, NULL, 0, 0 },
};
/* clang-format on */

/* ---- what is read ---------------------------------------------------------------- */

static const char *kinds[] = { "none",  "timer",  "signal",     "message",
                               "error", "cancel", "compensate", "terminate" };

static const char *template_text(const wf_template_t *template)
{
    return template ? wf_template_source(template) : "-";
}

/* An event and all that is set of it, as a text. */
static const char *described(const wf_node_t *node)
{
    const wf_event_t *event = node->event;
    const char *text = apr_pstrcat(pool, node->behaviour->activity_type, " ",
                                   event ? kinds[event->kind] : "plain", NULL);

#define ADD(set, ...)                                                                    \
    (text = (set) ? apr_pstrcat(pool, text, " ", __VA_ARGS__, NULL) : text)
    if (!event) {
        return text;
    }
    ADD(event->name, event->name);
    ADD(event->in_instance, "in-instance");
    ADD(event->async, "async");
    ADD(event->activity, "of ", event->activity);
    ADD(event->terminate_all, "all");
    ADD(event->code_variable, "code=", event->code_variable);
    ADD(event->message_variable, "message=", event->message_variable);
    ADD(event->send, "by ", event->send->name);
    ADD(event->timer, template_text(event->timer->text));
    ADD(event->timer && event->timer->end_date, "until ",
        template_text(event->timer->end_date));
    ADD(event->timer && event->timer->calendar, "calendar ",
        template_text(event->timer->calendar));
    ADD(node->interrupting, "interrupting");
    ADD(node->host, "on ", node->host->id);
    return text;
}

/* clang-format off */
static const struct {
    const char *xml; /* of an event with the id "x", or "b" if it stands on a task */
    const char *text;
} readings[] = {
    { START(""), "startEvent plain" },
    { START("<messageEventDefinition messageRef=\"m\"/>"), "messageStartEvent message M interrupting" },
    { START("<signalEventDefinition signalRef=\"g\"/>"), "signalStartEvent signal G interrupting" },
    { START_AT("<timeCycle activiti:endDate=\"2030-01-01\">R/PT1H</timeCycle>"), "startTimerEvent timer R/PT1H until 2030-01-01 interrupting" },
    { THROW(""), "intermediateThrowEvent plain" },
    { THROW("<signalEventDefinition signalRef=\"g\" activiti:async=\"true\"/>"), "intermediateSignalThrow signal G async" },
    { THROW("<signalEventDefinition signalRef=\"i\"/>"), "intermediateSignalThrow signal I in-instance" },
    { THROW("<compensateEventDefinition activityRef=\"t\"/>"), "intermediateThrowEvent compensate of t" },
    { THROW("<compensateEventDefinition/>"), "intermediateThrowEvent compensate" },
    { END("<errorEventDefinition errorRef=\"r\"/>"), "errorEndEvent error R" },
    { END("<errorEventDefinition errorRef=\"LATE\"/>"), "errorEndEvent error LATE" },
    { END("<errorEventDefinition/>"), "errorEndEvent error " },
    { END("<terminateEventDefinition activiti:terminateAll=\"true\"/>"), "endEvent terminate all" },
    { END("<messageEventDefinition messageRef=\"m\"/>"), "endEvent message M" },
    { END("<messageEventDefinition messageRef=\"m\" camunda:type=\"external\" camunda:topic=\"post\"/>"), "endEvent message M by external" },
    { ON("t", "<errorEventDefinition/>"), "boundaryError error interrupting on t" },
    { ON("t", "<errorEventDefinition errorRef=\"r\" camunda:errorCodeVariable=\"a\" camunda:errorMessageVariable=\"b\"/>"),
      "boundaryError error R code=a message=b interrupting on t" },
    { ON("t", "<messageEventDefinition messageRef=\"nameless\"/>"), "boundaryMessage message  interrupting on t" },
    { ON("t", "<timerEventDefinition activiti:businessCalendarName=\"${c}\"><timeDate>${d}</timeDate></timerEventDefinition>"),
      "boundaryTimer timer ${d} calendar ${c} interrupting on t" },
    { "<task id=\"t\"/><boundaryEvent id=\"b\" attachedToRef=\"t\" cancelActivity=\"false\">" TIME "</boundaryEvent>",
      "boundaryTimer timer PT1H on t" },
};
/* clang-format on */

static void read_as(int i)
{
    const wf_model_t *model = read_model(apr_psprintf(
        pool,
        FILE_WITH("<process id=\"p\">%s%s</process><signal id=\"g\" name=\"G\"/>"
                  "<signal id=\"i\" name=\"I\" activiti:scope=\"processInstance\"/>"
                  "<message id=\"m\" name=\"M\"/><message id=\"nameless\"/>"
                  "<error id=\"r\" errorCode=\"R\"/>"),
        strstr(readings[i].xml, "\"t\"") && !strstr(readings[i].xml, "<task")
            ? "<task id=\"t\"/>"
            : "",
        readings[i].xml));
    const wf_node_t *node = wf_model_node(model, "x");

    is_str(described(node ? node : node_of(model, "b")), readings[i].text, "%s",
           readings[i].text);
}

/* What start by id enters through. */
static void where_it_begins(void)
{
#define ALONE(starts) read_model(REFERRING(starts))->start->id
#define AT(id, children) "<startEvent id=\"" id "\">" children "</startEvent>"
#define BY_SIGNAL "<signalEventDefinition signalRef=\"g\"/>"
#define BY_MESSAGE(id) "<messageEventDefinition messageRef=\"" id "\"/>"
    is_str(ALONE(AT("a", TIME) AT("b", BY_MESSAGE("m")) AT("c", "")), "c",
           "the plain start event first");
    is_str(ALONE(AT("a", TIME) AT("b", BY_MESSAGE("m")) AT("c", BY_MESSAGE("n"))), "b",
           "then the first one for a message");
    is_str(ALONE(AT("s", BY_SIGNAL) AT("a", TIME)), "a", "then a timer");
    is_str(ALONE(AT("s", BY_SIGNAL)), "s", "then a signal");
    ok(!read_model(REFERRING("<task id=\"t\"/>"))->start, "nowhere without any");
}

int main(void)
{
    int i;

    cases_open();
    CHECK_CASES(cases);
    for (i = 0; i < (int)(sizeof(readings) / sizeof(readings[0])); i++) {
        read_as(i);
    }
    where_it_begins();
    return cases_close();
}
