/* All that a deployment is refused for, group by group, each fault alone in its file; and
 * what old files do wrong and is taken all the same. What is read of an element, and
 * where its problems lie, is tested in parse_*.c. */
#include <stdlib.h>

#include "cases.h"

#define TOP                                                                              \
    "<signal id=\"g\" name=\"G\"/><message id=\"m\" name=\"M\"/><message id=\"u\"/>"     \
    "<error id=\"r\" errorCode=\"R\"/>"
#define FILE_TOP(body) FILE_WITH(TOP "<process id=\"p\">" body "</process>")
#define IN(body) FILE_TOP("<startEvent id=\"s\"/>" body)
#define DECLARED(top) FILE_WITH(top "<process id=\"p\"><startEvent id=\"s\"/></process>")
#define EXT(children) "<extensionElements>" children "</extensionElements>"
#define FIELD(name, value) "<activiti:field name=\"" name "\" stringValue=\"" value "\"/>"
#define TIME                                                                             \
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define EVENT(element, attributes, definition)                                           \
    "<" element " id=\"x\" " attributes ">" definition "</" element ">"
#define BOUNDARY(id, definition)                                                         \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"t\">" definition "</boundaryEvent>"
#define MESSAGE "<messageEventDefinition messageRef=\"m\"/>"
#define SUB(attributes, children)                                                        \
    "<subProcess id=\"x\" " attributes ">" children "</subProcess>"
#define BY_EVENT(definition)                                                             \
    IN(SUB("triggeredByEvent=\"true\"",                                                  \
           "<startEvent id=\"y\">" definition "</startEvent>"))
#define T255                                                                             \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaa"                                                                                \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaa"                                                                                \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaa"                                                                                \
    "aaaaaaaaaaaa"
#define T2040 T255 T255 T255 T255 T255 T255 T255 T255

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *rule; /* of the only error; NULL: it is taken, maybe with a warning */
} cases[] = {
    /* definition */
    { "id too long",                 FILE_WITH("<process id=\"" T255 "a\"><startEvent id=\"s\"/></process>"), "text-too-long" },
    { "name too long",               FILE_WITH("<process id=\"p\" name=\"" T255 "a\"><startEvent id=\"s\"/></process>"), "text-too-long" },
    { "description too long",        FILE_TOP("<documentation>" T2040 "</documentation><startEvent id=\"s\"/>"), "text-too-long" },
    { "namespace too long",          "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" targetNamespace=\"" T255 "a\">"
                                     "<process id=\"p\"><startEvent id=\"s\"/></process></definitions>", "text-too-long" },
    { "id of a node too long",       IN("<task id=\"" T255 "a\"/>"), "text-too-long" },
    { "nothing executable",          FILE_WITH("<process id=\"p\" isExecutable=\"false\"/>"), "no-executable-process" },

    /* start */
    { "two none starts",             IN("<startEvent id=\"x\"/>"), "several-start-events" },
    { "error start of a process",    IN(EVENT("startEvent", "", "<errorEventDefinition/>")), "start-definition" },
    { "cancel start of a process",   FILE_TOP(EVENT("startEvent", "", "<cancelEventDefinition/>")), "event-definition" },
    { "two starts of a sub-process", IN(SUB("", "<startEvent id=\"y\"/><startEvent id=\"z\"/>")), "sub-process-start" },
    { "timer start of one",          IN(SUB("", "<startEvent id=\"y\">" TIME "</startEvent>")), "sub-process-start" },
    { "compensation start of an event sub-process", BY_EVENT("<compensateEventDefinition/>"), "event-definition" },
    { "conditional start of one",    BY_EVENT("<conditionalEventDefinition/>"), "event-definition" },
    { "start timer with no time",    IN(EVENT("startEvent", "", "<timerEventDefinition><timeDate>soon</timeDate></timerEventDefinition>")), "timer-start" },
    { "start timer with a variable", IN(EVENT("startEvent", "", "<timerEventDefinition><timeDate>${d}</timeDate></timerEventDefinition>")), "timer-start" },

    /* flows */
    { "flow without source",         IN("<sequenceFlow id=\"f\" targetRef=\"s\"/>"), "flow-ends" },
    { "flow without target",         IN("<sequenceFlow id=\"f\" sourceRef=\"s\"/>"), "flow-ends" },
    { "flow from nowhere",           IN("<endEvent id=\"e\"/>" FLOW("f", "x", "e")), "unresolved-reference" },
    { "flow to nowhere",             IN(FLOW("f", "s", "x")), "unresolved-reference" },
    { "flow to another scope",       IN(SUB("", "<startEvent id=\"y\"/>") FLOW("f", "s", "y")), "flow-ends" },

    /* gateways */
    { "exclusive without flow",      IN("<exclusiveGateway id=\"x\"/>" FLOW("f", "s", "x")), "gateway-no-outgoing" },
    { "a condition alone",           IN("<exclusiveGateway id=\"x\"/>" IF("f", "x", "s", "${a}")), "gateway-single-condition" },
    { "a condition by default",      IN("<exclusiveGateway id=\"x\" default=\"f\"/>" IF("f", "x", "s", "${a}") IF("h", "x", "s", "${a}")), "gateway-default-condition" },
    { "no event behind the gateway", IN("<eventBasedGateway id=\"x\"/><task id=\"t\"/>" FLOW("f", "x", "t")), "gateway-target" },

    /* listeners */
    { "execution listener",          IN("<task id=\"x\">" EXT("<activiti:executionListener event=\"end\"/>") "</task>"), "listener-implementation" },
    { "task listener",               IN("<userTask id=\"x\">" EXT("<activiti:taskListener event=\"create\"/>") "</userTask>"), "listener-implementation" },
    { "event listener",              IN(EXT("<activiti:eventListener events=\"TIMER_FIRED\"/>")), "event-listener" },
    { "event listener by expression", IN(EXT("<activiti:eventListener expression=\"${a}\"/>")), "event-listener" },
    { "event listener's throw",      IN(EXT("<activiti:eventListener throwEvent=\"ball\"/>")), "event-listener" },
    { "event listener's event",      IN(EXT("<activiti:eventListener class=\"a.B\" events=\"X\"/>")), "event-listener" },

    /* service, send and script tasks */
    { "service by nobody",           IN("<serviceTask id=\"x\"/>"), "no-implementation" },
    { "service of unknown type",     IN("<serviceTask id=\"x\" activiti:type=\"a\"/>"), "task-type" },
    { "result of a class",           IN("<serviceTask id=\"x\" activiti:class=\"a.B\" activiti:resultVariableName=\"r\"/>"), "result-variable" },
    { "result of a delegate",        IN("<serviceTask id=\"x\" activiti:delegateExpression=\"${b}\" activiti:resultVariableName=\"r\"/>"), "result-variable" },
    { "service's operation",         IN("<serviceTask id=\"x\" implementation=\"##WebService\" operationRef=\"o\"/>"), "unknown-operation" },
    { "send by nobody",              IN("<sendTask id=\"x\"/>"), "no-implementation" },
    { "send of unknown type",        IN("<sendTask id=\"x\" activiti:type=\"a\"/>"), "task-type" },
    { "send's operation",            IN("<sendTask id=\"x\" operationRef=\"o\"/>"), "unknown-operation" },
    { "no script",                   IN("<scriptTask id=\"x\" scriptFormat=\"juel\"/>"), "script-text" },

    /* mail, shell */
    { "mail to nobody",              IN("<serviceTask id=\"x\" activiti:type=\"mail\">" EXT(FIELD("text", "a")) "</serviceTask>"), "missing-field" },
    { "mail of nothing",             IN("<serviceTask id=\"x\" activiti:type=\"mail\">" EXT(FIELD("to", "a@b")) "</serviceTask>"), "missing-field" },
    { "shell without command",       IN("<serviceTask id=\"x\" activiti:type=\"shell\"/>"), "missing-field" },
    { "shell's flag",                IN("<serviceTask id=\"x\" activiti:type=\"shell\">" EXT(FIELD("command", "a") FIELD("wait", "no")) "</serviceTask>"), "field-value" },

    /* multi-instance */
    { "loop without number",         IN("<task id=\"x\"><multiInstanceLoopCharacteristics/></task>"), "loop-count" },

    /* boundary events */
    { "unknown host",                IN("<boundaryEvent id=\"b\" attachedToRef=\"t\">" TIME "</boundaryEvent>"), "boundary-host" },
    { "boundary without definition", IN("<task id=\"t\"/>" BOUNDARY("b", "")), "event-definition" },
    { "boundary with another",       IN("<task id=\"t\"/>" BOUNDARY("b", "<terminateEventDefinition/>")), "event-definition" },
    { "cancel on a task",            IN("<task id=\"t\"/>" BOUNDARY("b", "<cancelEventDefinition/>")), "cancel-boundary" },
    { "two cancels",                 IN("<transaction id=\"t\"><startEvent id=\"y\"/></transaction>" BOUNDARY("b", "<cancelEventDefinition/>") BOUNDARY("c", "<cancelEventDefinition/>")), "boundary-twice" },
    { "two compensations",           IN("<task id=\"t\"/>" BOUNDARY("b", "<compensateEventDefinition/>") BOUNDARY("c", "<compensateEventDefinition/>")), "boundary-twice" },
    { "one message twice",           IN("<task id=\"t\"/>" BOUNDARY("b", MESSAGE) BOUNDARY("c", MESSAGE)), "boundary-twice" },

    /* intermediate and end events */
    { "catch nothing",               IN(EVENT("intermediateCatchEvent", "", "")), "event-definition" },
    { "catch an error",              IN(EVENT("intermediateCatchEvent", "", "<errorEventDefinition/>")), "event-definition" },
    { "throw a message",             IN(EVENT("intermediateThrowEvent", "", MESSAGE)), "event-definition" },
    { "throw a timer",               IN(EVENT("intermediateThrowEvent", "", TIME)), "event-definition" },
    { "cancel outside",              IN(EVENT("endEvent", "", "<cancelEventDefinition/>")), "cancel-end" },

    /* timers, errors, messages, signals */
    { "timer without time",          IN(EVENT("intermediateCatchEvent", "", "<timerEventDefinition/>")), "timer-time" },
    { "start timer's calendar",      IN(EVENT("startEvent", "", "<timerEventDefinition activiti:businessCalendarName=\"a\"><timeDate>2026-01-01</timeDate></timerEventDefinition>")), "timer-calendar" },
    { "empty error code",            DECLARED("<error id=\"a\" errorCode=\"\"/>"), "error-code" },
    { "no messageRef",               IN(EVENT("intermediateCatchEvent", "", "<messageEventDefinition/>")), "message-reference" },
    { "unknown message",             IN(EVENT("intermediateCatchEvent", "", "<messageEventDefinition messageRef=\"a\"/>")), "message-reference" },
    { "unknown item",                DECLARED("<message id=\"a\" itemRef=\"b\"/>"), "message-item" },
    { "one message, two starts",     IN("<startEvent id=\"x\">" MESSAGE "</startEvent><startEvent id=\"y\">" MESSAGE "</startEvent>"), "message-start" },
    { "signal without id",           DECLARED("<signal name=\"A\"/>"), "missing-id" },
    { "signal without name",         DECLARED("<signal id=\"a\"/>"), "signal-name" },
    { "two signals, one name",       DECLARED("<signal id=\"a\" name=\"A\"/><signal id=\"b\" name=\"A\"/>"), "signal-name" },
    { "no signalRef",                IN(EVENT("intermediateThrowEvent", "", "<signalEventDefinition/>")), "signal-reference" },
    { "unknown signal",              IN(EVENT("intermediateThrowEvent", "", "<signalEventDefinition signalRef=\"a\"/>")), "signal-reference" },
    { "another scope of a signal",   DECLARED("<signal id=\"a\" name=\"A\" activiti:scope=\"world\"/>"), "signal-scope" },

    /* compensation, data, forms, expressions */
    { "compensate nobody",           IN(EVENT("intermediateThrowEvent", "", "<compensateEventDefinition activityRef=\"a\"/>")), "compensated-activity" },
    { "association without target",  IN("<task id=\"x\"><dataOutputAssociation><sourceRef>a</sourceRef></dataOutputAssociation></task>"), "data-association" },
    { "data without name",           IN("<dataObject id=\"x\"/>"), "data-name" },
    { "data of a sub-process",       IN(SUB("", "<startEvent id=\"y\"/><dataObject id=\"d\"/>")), "data-name" },
    { "form property's type",        IN("<userTask id=\"x\">" EXT("<activiti:formProperty id=\"a\" type=\"b\"/>") "</userTask>"), "form-type" },
    { "broken assignee",             IN("<userTask id=\"x\" activiti:assignee=\"${a\"/>"), "expression-syntax" },
    { "broken timer",                IN(EVENT("intermediateCatchEvent", "", "<timerEventDefinition><timeDate>${}</timeDate></timerEventDefinition>")), "expression-syntax" },
    { "broken field",                IN("<serviceTask id=\"x\" activiti:class=\"a.B\">" EXT("<activiti:field name=\"a\" expression=\"${a +}\"/>") "</serviceTask>"), "expression-syntax" },
    { "broken listener",             IN("<task id=\"x\">" EXT("<activiti:executionListener event=\"end\" expression=\"${a b}\"/>") "</task>"), "expression-syntax" },
    { "broken mapping",              IN("<callActivity id=\"x\" calledElement=\"q\">" EXT("<activiti:in sourceExpression=\"${f(x)}\" target=\"a\"/>") "</callActivity>"), "expression-syntax" },
    { "broken collection",           IN("<task id=\"x\"><multiInstanceLoopCharacteristics activiti:collection=\"${a,b}\"/></task>"), "expression-syntax" },

    /* what is taken */
    { "message without name",        IN(EVENT("intermediateCatchEvent", "", "<messageEventDefinition messageRef=\"u\"/>")), NULL },
    { "assignee and performer",      IN("<userTask id=\"x\" activiti:assignee=\"a\"><humanPerformer><resourceAssignmentExpression><formalExpression>b</formalExpression>"
                                     "</resourceAssignmentExpression></humanPerformer></userTask>"), NULL },
    { "unknown listener event",      IN("<task id=\"x\">" EXT("<activiti:executionListener event=\"a\" class=\"a.B\"/>") "</task>"), NULL },
    { "call of nothing",             IN("<callActivity id=\"x\"/>"), NULL },
    { "host in an inner scope",      IN(SUB("", "<startEvent id=\"y\"/><task id=\"t\"/>") BOUNDARY("b", TIME)), NULL },
    { "association to nobody",       IN("<association id=\"x\" sourceRef=\"s\" targetRef=\"a\"/>"), NULL },
    { "field given twice",           IN("<serviceTask id=\"x\" activiti:class=\"a.B\">" EXT(FIELD("a", "1") FIELD("a", "2")) "</serviceTask>"), NULL },
    { "none start of an event sub-process", BY_EVENT(""), NULL },
    { "error end by code",           IN(EVENT("endEvent", "", "<errorEventDefinition errorRef=\"a\"/>")), NULL },
    { "conditional start",           FILE_TOP(EVENT("startEvent", "", "<conditionalEventDefinition><condition/></conditionalEventDefinition>")), NULL },
    { "several executable processes", FILE_WITH("<process id=\"p\"><startEvent id=\"s\"/></process><process id=\"q\" isExecutable=\"false\"><serviceTask id=\"x\"/>"
                                     "</process>"), NULL },
    { "property of the betas",       IN("<property id=\"x\" name=\"a\"/>"), NULL },
    { "web service's data",          IN("<ioSpecification><inputSet/><outputSet/></ioSpecification>"), NULL },
    { "flow without condition",      IN("<exclusiveGateway id=\"x\"/>" FLOW("f", "x", "s") IF("h", "x", "s", "${a}")), NULL },
};
/* clang-format on */

/* The rules of the file's errors, but for what is merely not executed yet. */
static const char *rules_of(const wf_problems_t *problems)
{
    const char *text = NULL;
    int i;

    for (i = 0; i < problems->items->nelts; i++) {
        const wf_problem_t *item = &APR_ARRAY_IDX(problems->items, i, wf_problem_t);

        if (!item->warning && strncmp(item->rule, "unsupported-", 12) != 0) {
            text = text ? apr_pstrcat(pool, text, " ", item->rule, NULL) : item->rule;
        }
    }
    return text;
}

int main(void)
{
    int i;

    cases_open();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        wf_problems_t *problems;

        read_file(cases[i].xml, &problems);
        if (!is_str(rules_of(problems), cases[i].rule, "%s", cases[i].what)) {
            diag("%s", wf_problems_text(problems, pool));
        }
    }
    return cases_close();
}
