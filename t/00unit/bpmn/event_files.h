/* Files for scenarios with events: what they declare, and their elements. */
#ifndef WF_TEST_EVENT_FILES_H
#define WF_TEST_EVENT_FILES_H

#include "scenario.h"

/* clang-format off */
#define SUB(id, inside) "<subProcess id=\"" id "\">\n<startEvent id=\"" id "S\"/>\n" inside "</subProcess>\n"
#define DECLARED                                                                         \
    "<signal id=\"sigA\" name=\"A\"/><signal id=\"sigB\" name=\"B\"/>"                   \
    "<signal id=\"sigI\" name=\"I\" activiti:scope=\"processInstance\"/>"                \
    "<message id=\"mesM\" name=\"M\"/><message id=\"mesN\" name=\"N\"/>"                 \
    "<error id=\"errE\" errorCode=\"E\"/><error id=\"errF\" errorCode=\"F\"/>\n"
#define FILE_OF(body)                                                                    \
    DEFINITIONS DECLARED "<process id=\"p\" name=\"P\">\n" body "</process>\n</definitions>\n"

#define SIGNAL(ref) "<signalEventDefinition signalRef=\"sig" ref "\"/>"
#define MESSAGE(ref) "<messageEventDefinition messageRef=\"mes" ref "\"/>"
#define ERROR(ref) "<errorEventDefinition errorRef=\"err" ref "\"/>"
#define HOUR "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define CYCLE(text) "<timerEventDefinition><timeCycle>" text "</timeCycle></timerEventDefinition>"

#define CATCH(id, def) "<intermediateCatchEvent id=\"" id "\">" def "</intermediateCatchEvent>\n"
#define THROW(id, def) "<intermediateThrowEvent id=\"" id "\">" def "</intermediateThrowEvent>\n"
#define ENDS(id, def) "<endEvent id=\"" id "\">" def "</endEvent>\n"
#define BOUNDARY(id, host, def)                                                          \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host "\">" def "</boundaryEvent>\n"
#define BESIDE(id, host, def)                                                            \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host "\" cancelActivity=\"false\">" def "</boundaryEvent>\n"
#define ON(id, def, inside)                                                              \
    "<subProcess id=\"" id "\" triggeredByEvent=\"true\"><startEvent id=\"" id "S\">" def "</startEvent>\n" inside \
    "</subProcess>\n"
#define ON_BESIDE(id, def, inside)                                                       \
    "<subProcess id=\"" id "\" triggeredByEvent=\"true\"><startEvent id=\"" id "S\" isInterrupting=\"false\">" def \
    "</startEvent>\n" inside "</subProcess>\n"
#define GATE(id) "<eventBasedGateway id=\"" id "\"/>\n"
#define TERMINATE(id) ENDS(id, "<terminateEventDefinition/>")
#define AGAIN(from, to)                                                                  \
    "<sequenceFlow id=\"again-" from "\" sourceRef=\"" from "\" targetRef=\"" to "\"/>\n"

/* Two processes: the first one calls the second one. */
#define CALLS(body, called)                                                              \
    DEFINITIONS DECLARED "<process id=\"p\">\n" body "</process>\n<process id=\"q\">\n" \
                         "<startEvent id=\"qS\"/>\n" called "</process>\n</definitions>\n"
#define CALL(id) "<callActivity id=\"" id "\" calledElement=\"q\"/>\n"
/* clang-format on */

#endif
