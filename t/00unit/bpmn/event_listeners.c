/* Event listeners of processes: which engine events they hear, in which order, what they
 * see, what they throw, and what becomes of it when they fail. Each listener of the class
 * "rec" is a script that writes one line, which is caught here. */
#include "scenario.h"

#include <unistd.h>

/* What `rec` writes: the event, and what is most worth knowing about it. */
static const char rec[] =
    "var e = event, parts = [e.eventName];\n"
    "if (e.variableName !== undefined) parts.push(e.variableName + '=' + "
    "e.variableValue);\n"
    "else if (e.sequenceFlowId) parts.push(e.sequenceFlowId);\n"
    "else if (e.entityType && e.eventName.startsWith('ENTITY')) "
    "parts.push(e.entityType);\n"
    "else if (e.activityId) parts.push(e.activityId);\n"
    "var more = e.signalName || e.messageName || e.errorCode || e.cause || "
    "e.exceptionMessage || e.userId || e.groupId;\n"
    "if (more) parts.push(more);\n"
    "print('@' + parts.join(':'));\n";

/* What `place` writes: where the listener is. */
static const char place[] = "print('@' + (typeof execution === 'undefined' ? 'nowhere' : "
                            "execution.currentActivityId + '/' + execution.eventName)"
                            " + (typeof task === 'undefined' ? '' : '/' + task.name));\n";

#define EXT(children) "<extensionElements>" children "</extensionElements>"
#define LISTENER(attributes) "<activiti:eventListener " attributes "/>"
#define EVENTS(names) EXT(LISTENER("class=\"rec\" events=\"" names "\""))
#define OF(type, names)                                                                  \
    EXT(LISTENER("class=\"rec\" entityType=\"" type "\" events=\"" names "\""))
#define THROW(names, attributes) LISTENER("events=\"" names "\" throwEvent=" attributes)
#define FILE_OF(declared, body)                                                          \
    DEFINITIONS declared "<process id=\"p\">" body "</process></definitions>"
#define TWO(body, called)                                                                \
    DEFINITIONS "<process id=\"p\">" body "</process><process id=\"q\">" called          \
                "</process></definitions>"
#define G "<signal id=\"g\" name=\"G\"/>"
#define M "<message id=\"m\" name=\"M\"/>"
#define ON_G "<signalEventDefinition signalRef=\"g\"/>"
#define ON_M "<messageEventDefinition messageRef=\"m\"/>"
#define ON_ERROR(code) "<errorEventDefinition errorRef=\"" code "\"/>"
#define ON_TIME                                                                          \
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define CATCH(id, definition)                                                            \
    "<intermediateCatchEvent id=\"" id "\">" definition "</intermediateCatchEvent>"
#define BOUNDARY(id, host, attributes, definition)                                       \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host "\" " attributes ">" definition \
    "</boundaryEvent>"
#define ENDS(id, definition) "<endEvent id=\"" id "\">" definition "</endEvent>"
#define START_OF(id) "<startEvent id=\"" id "\"/>"
#define SUB(id, body) "<subProcess id=\"" id "\">" body "</subProcess>"
#define AROUND(id, definition, body)                                                     \
    "<subProcess id=\"" id "\" triggeredByEvent=\"true\"><startEvent id=\"" id           \
    "s\" isInterrupting=\"false\">" definition "</startEvent>" body "</subProcess>"
#define SET(id, text) "<serviceTask id=\"" id "\" activiti:expression=\"${" text "}\"/>"
#define OFFERED(id, who) "<userTask id=\"" id "\" name=\"" id "\" " who "/>"
#define SIMPLE START TASK("t") END FLOW("s", "t") FLOW("t", "e")
#define QUICK START_OF("s2") TASK("t") ENDS("e2", "") FLOW("s2", "t") FLOW("t", "e2")
#define CALL(id) "<callActivity id=\"" id "\" calledElement=\"q\"/>"
#define COMPENSATED                                                                      \
    PASS("a")                                                                            \
    BOUNDARY("cb", "a", "", "<compensateEventDefinition/>")                              \
    "<task id=\"undo\" "                                                                 \
    "isForCompensation=\"true\"/><association "                                          \
    "id=\"as\" "                                                                         \
    "sourceRef=\"cb\" targetRef=\"undo\"/>"                                              \
    "<intermediateThrowEvent "                                                           \
    "id=\"th\"><compensateEventDefinition/>"                                             \
    "</intermediateThrowEvent>"

typedef struct heard_t {
    scenario_t scenario;
    const char *told;
} heard_t;

/* clang-format off */
static const heard_t cases[] = {
    /* ---- activities and flows ---- */
    { { "activities", PROCESS(EVENTS("ACTIVITY_STARTED, ACTIVITY_COMPLETED") SIMPLE), NULL, "t | complete t:", NULL },
      "ACTIVITY_STARTED:s ACTIVITY_COMPLETED:s ACTIVITY_STARTED:t ACTIVITY_COMPLETED:t ACTIVITY_STARTED:e ACTIVITY_COMPLETED:e" },
    { { "cancelled", PROCESS(EVENTS("ACTIVITY_CANCELLED") START TASK("t") BOUNDARY("b", "t", "", ON_TIME) FLOW("s", "t")), NULL, "t | timer b:", NULL },
      "ACTIVITY_CANCELLED:t:boundary event b" },
    { { "cancelled with all inside", PROCESS(EVENTS("ACTIVITY_CANCELLED") START SUB("p1", START_OF("s1") TASK("t") "<sequenceFlow id=\"i\" sourceRef=\"s1\" targetRef=\"t\"/>")
        BOUNDARY("b", "p1", "", ON_TIME) FLOW("s", "p1")), NULL, "t | timer b:", NULL },
      "ACTIVITY_CANCELLED:t:boundary event b ACTIVITY_CANCELLED:p1:boundary event b" },
    { { "not cancelled", PROCESS(EVENTS("ACTIVITY_CANCELLED") START TASK("t") BOUNDARY("b", "t", "cancelActivity=\"false\"", ON_TIME) FLOW("s", "t")), NULL, "t | timer b: t", NULL }, "" },
    { { "cancelled by a terminate end", PROCESS(EVENTS("ACTIVITY_CANCELLED,ACTIVITY_COMPLETED") START FORK("f") TASK("t") TASK("u") ENDS("x", "<terminateEventDefinition/>")
        FLOW("s", "f") FLOW("f", "t") FLOW("f", "u") FLOW("t", "x")), NULL, "t u | complete t:", NULL },
      "ACTIVITY_COMPLETED:s ACTIVITY_COMPLETED:f ACTIVITY_COMPLETED:t ACTIVITY_COMPLETED:x ACTIVITY_CANCELLED:u:terminate end event fired" },
    { { "an asynchronous one", PROCESS(EVENTS("ACTIVITY_STARTED") START ASYNC("a") FLOW("s", "a")), NULL, "a | job a:", NULL },
      "ACTIVITY_STARTED:s ACTIVITY_STARTED:a" },
    { { "a join", PROCESS(EVENTS("ACTIVITY_STARTED, ACTIVITY_COMPLETED") START FORK("f") FORK("j") "<sequenceFlow id=\"x\" sourceRef=\"f\" targetRef=\"j\"/>"
        "<sequenceFlow id=\"y\" sourceRef=\"f\" targetRef=\"j\"/>" FLOW("s", "f")), NULL, "", NULL },
      "ACTIVITY_STARTED:s ACTIVITY_COMPLETED:s ACTIVITY_STARTED:f ACTIVITY_COMPLETED:f ACTIVITY_STARTED:j ACTIVITY_STARTED:j ACTIVITY_COMPLETED:j" },
    { { "signalled", FILE_OF(G, EVENTS("ACTIVITY_SIGNALED") START CATCH("c", ON_G) FLOW("s", "c")), NULL, "c | throw G:", NULL }, "ACTIVITY_SIGNALED:c:G" },
    { { "signalled at the border", FILE_OF(G, EVENTS("ACTIVITY_SIGNALED, ACTIVITY_CANCELLED") START TASK("t") BOUNDARY("b", "t", "", ON_G) FLOW("s", "t")), NULL, "t | event G:", NULL },
      "ACTIVITY_SIGNALED:b:G ACTIVITY_CANCELLED:t:boundary event b" },
    { { "receive task", PROCESS(EVENTS("ACTIVITY_SIGNALED") START "<receiveTask id=\"r\"/>" FLOW("s", "r")), NULL, "r | signal r:", NULL }, "ACTIVITY_SIGNALED:r" },
    { { "message", FILE_OF(M, EVENTS("ACTIVITY_MESSAGE_RECEIVED") START CATCH("c", ON_M) FLOW("s", "c")), NULL, "c | message M:", NULL }, "ACTIVITY_MESSAGE_RECEIVED:c:M" },
    { { "error", PROCESS(EVENTS("ACTIVITY_ERROR_RECEIVED") START SUB("p1", START_OF("s1") ENDS("x", ON_ERROR("E")) "<sequenceFlow id=\"i\" sourceRef=\"s1\" targetRef=\"x\"/>")
        BOUNDARY("b", "p1", "", ON_ERROR("E")) TASK("t") FLOW("s", "p1") FLOW("b", "t")), NULL, "t", NULL }, "ACTIVITY_ERROR_RECEIVED:b:E" },
    { { "an error that nothing catches", PROCESS(EVENTS("UNCAUGHT_BPMN_ERROR") START ENDS("x", ON_ERROR("E")) FLOW("s", "x")), NULL, "!caught by nothing", NULL },
      "UNCAUGHT_BPMN_ERROR:x:E" },
    { { "compensation", PROCESS(EVENTS("ACTIVITY_COMPENSATE, ACTIVITY_STARTED") START COMPENSATED FLOW("s", "a") FLOW("a", "th")), NULL, "", NULL },
      "ACTIVITY_STARTED:s ACTIVITY_STARTED:a ACTIVITY_STARTED:th ACTIVITY_COMPENSATE:undo ACTIVITY_STARTED:undo" },
    { { "flows", PROCESS(EVENTS("SEQUENCEFLOW_TAKEN") SIMPLE), NULL, "t | complete t:", NULL }, "SEQUENCEFLOW_TAKEN:s-t SEQUENCEFLOW_TAKEN:t-e" },
    { { "history", PROCESS(EVENTS("HISTORIC_ACTIVITY_INSTANCE_CREATED, HISTORIC_ACTIVITY_INSTANCE_ENDED, HISTORIC_PROCESS_INSTANCE_CREATED, HISTORIC_PROCESS_INSTANCE_ENDED")
        START TASK("t") FLOW("s", "t")), NULL, "t | complete t:", NULL },
      "HISTORIC_PROCESS_INSTANCE_CREATED:s HISTORIC_ACTIVITY_INSTANCE_CREATED:s HISTORIC_ACTIVITY_INSTANCE_ENDED:s HISTORIC_ACTIVITY_INSTANCE_CREATED:t "
      "HISTORIC_ACTIVITY_INSTANCE_ENDED:t HISTORIC_PROCESS_INSTANCE_ENDED:t" },
    { { "no history", DEFINITIONS "<process id=\"p\" activiti:historyLevel=\"none\">" EVENTS("HISTORIC_ACTIVITY_INSTANCE_CREATED, HISTORIC_ACTIVITY_INSTANCE_ENDED,"
        "HISTORIC_PROCESS_INSTANCE_CREATED, HISTORIC_PROCESS_INSTANCE_ENDED, PROCESS_COMPLETED") SIMPLE "</process></definitions>", NULL, "t | complete t:", NULL }, "PROCESS_COMPLETED:e" },

    /* ---- instances ---- */
    { { "an instance", PROCESS(EVENTS("PROCESS_STARTED, PROCESS_COMPLETED, PROCESS_CANCELLED") SIMPLE), NULL, "t | complete t:", NULL }, "PROCESS_STARTED:s PROCESS_COMPLETED:e" },
    { { "deleted", PROCESS(EVENTS("PROCESS_COMPLETED, PROCESS_CANCELLED, ACTIVITY_CANCELLED, JOB_CANCELED, VARIABLE_DELETED") START TASK("t") BOUNDARY("b", "t", "", ON_TIME) FLOW("s", "t")),
        "{\"x\": 1}", "t | delete why:", NULL }, "JOB_CANCELED:t ACTIVITY_CANCELLED:t:why PROCESS_CANCELLED:t:why VARIABLE_DELETED:x=1" },
    { { "deleted while suspended", PROCESS(EVENTS("PROCESS_CANCELLED") SIMPLE), NULL, "t | suspend it: t | delete why:", NULL }, "PROCESS_CANCELLED:t:why" },
    { { "a called one", TWO(START CALL("c") FLOW("s", "c"), EVENTS("PROCESS_STARTED, PROCESS_COMPLETED") QUICK), NULL, "c t | complete t:", NULL }, "PROCESS_STARTED:s2 PROCESS_COMPLETED:e2" },
    { { "a called one cancelled", TWO(EVENTS("PROCESS_CANCELLED") START CALL("c") BOUNDARY("b", "c", "", ON_TIME) FLOW("s", "c"), EVENTS("PROCESS_CANCELLED") QUICK), NULL,
        "c t | timer b:", NULL }, "PROCESS_CANCELLED:t:boundary event b" },
    { { "ended by an error", TWO(EVENTS("ACTIVITY_ERROR_RECEIVED") START CALL("c") BOUNDARY("b", "c", "", ON_ERROR("E")) TASK("u") FLOW("s", "c") FLOW("b", "u"),
        EVENTS("PROCESS_COMPLETED, PROCESS_CANCELLED, PROCESS_COMPLETED_WITH_ERROR_END_EVENT") START_OF("s2") TASK("t") ENDS("x", ON_ERROR("E")) FLOW("s2", "t") FLOW("t", "x")), NULL,
        "c t | complete t: u", NULL }, "PROCESS_COMPLETED_WITH_ERROR_END_EVENT:x:E ACTIVITY_ERROR_RECEIVED:b:E" },

    /* ---- variables ---- */
    { { "variables", PROCESS(EVENTS("VARIABLE_CREATED, VARIABLE_UPDATED, VARIABLE_DELETED") START SET("a", "execution.setVariable('x', 2)") SET("b", "execution.removeVariable('x')")
        TASK("t") FLOW("s", "a") FLOW("a", "b") FLOW("b", "t")), "{\"x\": 1}", "t | complete t {\"y\": 3}:", NULL },
      "VARIABLE_CREATED:x=1 VARIABLE_UPDATED:x=2 VARIABLE_DELETED:x=2 VARIABLE_CREATED:y=3 VARIABLE_DELETED:y=3" },
    { { "a value that stays", PROCESS(EVENTS("VARIABLE_UPDATED") SIMPLE), "{\"x\": 1}", "t | complete t {\"x\": 1}:", NULL }, "" },
    { { "a list that grows", PROCESS(EVENTS("VARIABLE_UPDATED") START SET("a", "x.add(2)") TASK("t") FLOW("s", "a") FLOW("a", "t")), "{\"x\": [1]}", "t", NULL }, "VARIABLE_UPDATED:x=[1, 2]" },
    { { "tokens that become one move theirs", PROCESS(EVENTS("VARIABLE_CREATED, VARIABLE_DELETED") START FORK("f") SET("a", "execution.setVariableLocal('x', 1)") TASK("t") TASK("u")
        FLOW("s", "f") FLOW("f", "a") FLOW("a", "t") FLOW("f", "u")), NULL, "t u | complete u: t | complete t:", NULL }, "VARIABLE_CREATED:x=1 VARIABLE_DELETED:x=1" },

    { { "variables of a task", PROCESS(EVENTS("VARIABLE_CREATED, VARIABLE_UPDATED, VARIABLE_DELETED") SIMPLE), NULL, "t | own x1: t | own x2: t | complete t:", NULL },
      "VARIABLE_CREATED:own=x1 VARIABLE_UPDATED:own=x2 VARIABLE_DELETED:own=x2" },
    { { "deleted with their task", PROCESS(EVENTS("VARIABLE_DELETED") SIMPLE), NULL, "t | own x1: t | delete why:", NULL }, "VARIABLE_DELETED:own=x1" },
    { { "taken away", PROCESS(EVENTS("VARIABLE_DELETED") SIMPLE), NULL, "t | own x1: t | disown it: t", NULL }, "VARIABLE_DELETED:own=x1" },

    /* ---- tasks ---- */
    { { "a task", PROCESS(EVENTS("TASK_CREATED, TASK_ASSIGNED, TASK_COMPLETED") START OFFERED("t", "activiti:assignee=\"kermit\"") FLOW("s", "t")), NULL, "t | complete t:", NULL },
      "TASK_ASSIGNED:t TASK_CREATED:t TASK_COMPLETED:t" },
    { { "claimed and given away", PROCESS(EVENTS("TASK_CREATED, TASK_ASSIGNED") SIMPLE), NULL, "t | claim kermit: t | assign gonzo: t | assign -: t", NULL },
      "TASK_CREATED:t TASK_ASSIGNED:t TASK_ASSIGNED:t" },
    { { "its entity", PROCESS(OF("task", "ENTITY_CREATED, ENTITY_INITIALIZED, ENTITY_UPDATED, ENTITY_DELETED") SIMPLE), NULL,
        "t | claim kermit: t | change new: t | complete t:", NULL }, "ENTITY_CREATED:task ENTITY_INITIALIZED:task ENTITY_UPDATED:task ENTITY_UPDATED:task ENTITY_DELETED:task" },
    { { "cancelled", PROCESS(OF("task", "ENTITY_DELETED,TASK_COMPLETED") START TASK("t") BOUNDARY("b", "t", "", ON_TIME) FLOW("s", "t")), NULL, "t | timer b:", NULL }, "ENTITY_DELETED:task" },
    { { "people", PROCESS(OF("identity-link", "ENTITY_CREATED, ENTITY_INITIALIZED, ENTITY_DELETED") START OFFERED("t", "activiti:candidateUsers=\"kermit\" activiti:candidateGroups=\"g\"") FLOW("s", "t")), NULL,
        "t | complete t:", NULL }, "ENTITY_CREATED:identity-link:kermit ENTITY_INITIALIZED:identity-link:kermit ENTITY_CREATED:identity-link:g ENTITY_INITIALIZED:identity-link:g "
      "ENTITY_DELETED:identity-link:kermit ENTITY_DELETED:identity-link:g" },
    { { "attachments", PROCESS(OF("attachment", "ENTITY_CREATED, ENTITY_INITIALIZED, ENTITY_DELETED") SIMPLE), NULL, "t | attach it: t | detach it: t", NULL },
      "ENTITY_CREATED:attachment ENTITY_INITIALIZED:attachment ENTITY_DELETED:attachment" },

    /* ---- jobs ---- */
    { { "a timer", PROCESS(EVENTS("TIMER_FIRED, JOB_EXECUTION_SUCCESS, JOB_CANCELED") START CATCH("c", ON_TIME) TASK("t") FLOW("s", "c") FLOW("c", "t")), NULL, "c | timer c: t", NULL },
      "TIMER_FIRED:c JOB_EXECUTION_SUCCESS:t" },
    { { "a job that ends the instance", PROCESS(EVENTS("JOB_EXECUTION_SUCCESS, TIMER_FIRED, PROCESS_COMPLETED") START ASYNC("a") FLOW("s", "a")), NULL, "a | job a:", NULL },
      "PROCESS_COMPLETED:a JOB_EXECUTION_SUCCESS:a" },
    { { "a job that fails", PROCESS(EVENTS("JOB_EXECUTION_SUCCESS, JOB_EXECUTION_FAILURE, JOB_RETRIES_DECREMENTED") START ASYNC("a") FLOW("s", "a")), NULL, "a | fail a: a", NULL },
      "JOB_EXECUTION_FAILURE:a:broken JOB_RETRIES_DECREMENTED:a" },
    { { "not needed any more", PROCESS(EVENTS("JOB_CANCELED, TIMER_FIRED") START TASK("t") BOUNDARY("b", "t", "", ON_TIME) FLOW("s", "t")), NULL, "t | complete t:", NULL }, "JOB_CANCELED:t" },
    { { "deleted by somebody", PROCESS(EVENTS("JOB_CANCELED") START ASYNC("a") FLOW("s", "a")), NULL, "a | cancel a: a", NULL }, "JOB_CANCELED:a" },
    { { "its entity", PROCESS(OF("job", "ENTITY_CREATED, ENTITY_INITIALIZED, ENTITY_UPDATED, ENTITY_DELETED") START ASYNC("a") FLOW("s", "a")), NULL, "a | fail a: a | job a:", NULL },
      "ENTITY_CREATED:job ENTITY_INITIALIZED:job ENTITY_UPDATED:job ENTITY_DELETED:job" },

    /* ---- entities ---- */
    { { "of an instance", PROCESS(OF("process-instance", "ENTITY_CREATED, ENTITY_INITIALIZED, ENTITY_UPDATED, ENTITY_DELETED, PROCESS_STARTED") START FORK("f") TASK("t") TASK("u")
        FLOW("s", "f") FLOW("f", "t") FLOW("f", "u")), NULL, "t u | complete t: u | complete u:", NULL },
      "ENTITY_CREATED:process-instance ENTITY_INITIALIZED:process-instance PROCESS_STARTED:s ENTITY_DELETED:process-instance" },
    { { "of executions", PROCESS(OF("execution", "ENTITY_CREATED, ENTITY_DELETED, PROCESS_STARTED") START FORK("f") TASK("t") TASK("u") FLOW("s", "f") FLOW("f", "t") FLOW("f", "u")), NULL,
        "t u | complete t: u", NULL },
      "ENTITY_CREATED:process-instance PROCESS_STARTED:s ENTITY_CREATED:execution ENTITY_CREATED:execution ENTITY_DELETED:execution ENTITY_DELETED:execution" },
    { { "suspended and activated", PROCESS(EVENTS("ENTITY_SUSPENDED, ENTITY_ACTIVATED") SIMPLE), NULL, "t | suspend it: t | activate it: t", NULL },
      "ENTITY_SUSPENDED:process-instance ENTITY_SUSPENDED:task ENTITY_ACTIVATED:process-instance ENTITY_ACTIVATED:task" },
    { { "all of another kind are silent", PROCESS(EXT(LISTENER("class=\"rec\" entityType=\"attachment\"")) SIMPLE), NULL, "t | complete t:", NULL }, "" },
    { { "migrated", PROCESS(EVENTS("ENTITY_UPDATED") SIMPLE), NULL, "t | migrate it: t", NULL }, "ENTITY_UPDATED:process-instance" },

    /* ---- what listeners see, and do ---- */
    { { "where they are", PROCESS(EXT(LISTENER("class=\"place\" events=\"ACTIVITY_STARTED, TASK_CREATED, TASK_COMPLETED\"")) SIMPLE), NULL, "t | complete t:", NULL },
      "s/ACTIVITY_STARTED t/ACTIVITY_STARTED t/TASK_CREATED/t t/TASK_COMPLETED/t e/ACTIVITY_STARTED" },
    { { "where an instance has ended", PROCESS(EXT(LISTENER("class=\"place\" events=\"JOB_EXECUTION_SUCCESS\"")) START ASYNC("a") FLOW("s", "a")), NULL, "a | job a:", NULL }, "nowhere" },
    { { "document order", PROCESS(EXT(LISTENER("class=\"place\" events=\"PROCESS_STARTED\"") LISTENER("class=\"rec\" events=\"PROCESS_STARTED\"")) SIMPLE), NULL, "t", NULL },
      "s/PROCESS_STARTED PROCESS_STARTED:s" },
    { { "a bean", PROCESS(EXT(LISTENER("delegateExpression=\"${rec}\" events=\"PROCESS_STARTED\"")) SIMPLE), NULL, "t", NULL }, "PROCESS_STARTED:s" },
    { { "nobody's class does nothing", PROCESS(EXT(LISTENER("class=\"org.acme.None\" events=\"PROCESS_STARTED\"") LISTENER("class=\"rec\" events=\"PROCESS_STARTED\"")) SIMPLE), NULL, "t", NULL },
      "PROCESS_STARTED:s" },
    { { "a variable of a listener", PROCESS(EXT("<activiti:eventListener class=\"set\" events=\"PROCESS_STARTED\"><activiti:field name=\"x\" stringValue=\"y\"/></activiti:eventListener>"
        LISTENER("class=\"rec\" events=\"VARIABLE_CREATED, VARIABLE_DELETED\"")) SIMPLE), NULL, "t | complete t:", NULL }, "VARIABLE_CREATED:x=y VARIABLE_DELETED:x=y" },
    { { "a task changed by one", PROCESS(EXT(LISTENER("class=\"rename\" events=\"TASK_CREATED\"") LISTENER("class=\"place\" events=\"TASK_COMPLETED\"")) SIMPLE), NULL, "t | complete t:", NULL },
      "t/TASK_COMPLETED/renamed" },

    /* ---- what they throw ---- */
    { { "signal", FILE_OF(G, EXT(THROW("TASK_COMPLETED", "\"signal\" signalName=\"G\"")) START FORK("f") TASK("t") CATCH("c", ON_G) TASK("u") TASK("v") FLOW("s", "f") FLOW("f", "t")
        FLOW("f", "c") FLOW("t", "u") FLOW("c", "v")), NULL, "c t | complete t: u v", NULL }, "" },
    { { "a signal that interrupts its own step", FILE_OF(G, EXT(THROW("ACTIVITY_STARTED", "\"signal\" signalName=\"G\"")) START TASK("t") BOUNDARY("b", "t", "", ON_G) TASK("u")
        FLOW("s", "t") FLOW("b", "u")), NULL, "u", NULL }, "" },
    { { "a signal while a task is made", FILE_OF(G, EXT(THROW("ENTITY_CREATED", "\"signal\" signalName=\"G\" entityType=\"task\"")) START SUB("p1", START_OF("s1") FORK("f") TASK("t") TASK("w")
        "<sequenceFlow id=\"i1\" sourceRef=\"s1\" targetRef=\"f\"/><sequenceFlow id=\"i2\" sourceRef=\"f\" targetRef=\"t\"/><sequenceFlow id=\"i3\" sourceRef=\"f\" targetRef=\"w\"/>")
        BOUNDARY("b", "p1", "", ON_G) PASS("u") FLOW("s", "p1") FLOW("b", "u")), NULL, "", NULL }, "" },
    { { "a signal for nobody", PROCESS(EXT(THROW("PROCESS_STARTED, PROCESS_COMPLETED", "\"signal\" signalName=\"G\"")) SIMPLE), NULL, "t | complete t:", NULL }, "" },
    { { "without a name", PROCESS(EXT(THROW("PROCESS_STARTED", "\"error\"")) SIMPLE), NULL, "t", NULL }, "" },
    { { "message", FILE_OF(M, EXT(THROW("TASK_COMPLETED", "\"message\" messageName=\"M\"")) START FORK("f") TASK("t") CATCH("c", ON_M) CATCH("d", ON_M) TASK("v") FLOW("s", "f") FLOW("f", "t")
        FLOW("f", "c") FLOW("f", "d") FLOW("c", "v")), NULL, "c d t | complete t: d v", NULL }, "" },
    { { "a signal by a client's variable", FILE_OF(G, EXT(THROW("VARIABLE_CREATED", "\"signal\" signalName=\"G\"")) START TASK("t") BOUNDARY("b", "t", "", ON_G) TASK("u")
        FLOW("s", "t") FLOW("b", "u")), NULL, "t | own x1: u", NULL }, "" },
    { { "error", PROCESS(EXT(THROW("TASK_ASSIGNED", "\"error\" errorCode=\"E\"")) START TASK("t") BOUNDARY("b", "t", "", ON_ERROR("E")) TASK("u") FLOW("s", "t") FLOW("b", "u")), NULL,
        "t | claim kermit: u", NULL }, "" },
    { { "an error in the step that makes the task", PROCESS(EXT(THROW("TASK_CREATED", "\"error\" errorCode=\"E\"")) START SUB("p1", START_OF("s1") TASK("t")
        "<sequenceFlow id=\"i\" sourceRef=\"s1\" targetRef=\"t\"/>") BOUNDARY("b", "p1", "", ON_ERROR("E")) PASS("u") FLOW("s", "p1") FLOW("b", "u")), NULL, "", NULL }, "" },
    { { "an error of a delegate", PROCESS(EXT(LISTENER("class=\"throw\" events=\"TASK_COMPLETED\"")) START SUB("p1", START_OF("s1") TASK("t") TASK("w")
        "<sequenceFlow id=\"i\" sourceRef=\"s1\" targetRef=\"t\"/><sequenceFlow id=\"k\" sourceRef=\"t\" targetRef=\"w\"/>") BOUNDARY("b", "p1", "", ON_ERROR("D")) TASK("u") FLOW("s", "p1") FLOW("b", "u")),
        NULL, "t | complete t: u", NULL }, "" },
    { { "an error in another branch", PROCESS(EXT(THROW("TIMER_FIRED", "\"error\" errorCode=\"E\"")) START TASK("t") BOUNDARY("b", "t", "cancelActivity=\"false\"", ON_TIME)
        BOUNDARY("x", "t", "", ON_ERROR("E")) PASS("v") TASK("u") FLOW("s", "t") FLOW("b", "v") FLOW("x", "u")), NULL, "t | timer b: u", NULL }, "" },
    { { "an error that nothing catches", PROCESS(EXT(THROW("TASK_COMPLETED", "\"error\" errorCode=\"E\"")) SIMPLE), NULL, "t | complete t: !caught by nothing", NULL }, "" },
    { { "an error when all is over", PROCESS(EXT(THROW("PROCESS_COMPLETED", "\"error\" errorCode=\"E\"")) SIMPLE), NULL, "t | complete t: !the process instance has ended", NULL }, "" },
    { { "an error in a suspended instance", PROCESS(EXT(THROW("ENTITY_SUSPENDED", "\"error\" errorCode=\"E\"")) SIMPLE), NULL, "t | suspend it: !the process instance is suspended", NULL }, "" },

    /* ---- what fails ---- */
    { { "a failing listener", PROCESS(EXT(LISTENER("class=\"broken\" events=\"TASK_COMPLETED\"")) SIMPLE), NULL, "t | complete t: !listener of TASK_COMPLETED (line 3)", NULL }, "" },
    { { "at a claim", PROCESS(EXT(LISTENER("class=\"broken\" events=\"TASK_ASSIGNED\"")) SIMPLE), NULL, "t | claim kermit: !out of order", NULL }, "" },
    { { "at a change", PROCESS(EXT(LISTENER("class=\"broken\" events=\"ENTITY_UPDATED\"")) SIMPLE), NULL, "t | change new: !out of order", NULL }, "" },
    { { "at a deletion", PROCESS(EXT(LISTENER("class=\"broken\" events=\"PROCESS_CANCELLED\"")) SIMPLE), NULL, "t | delete why: !out of order", NULL }, "" },
    { { "of a failing job", PROCESS(EXT(LISTENER("class=\"broken\" events=\"JOB_EXECUTION_FAILURE\"")) START ASYNC("a") FLOW("s", "a")), NULL, "a | fail a: !out of order", NULL }, "" },
    { { "variables for ever", PROCESS(EXT("<activiti:eventListener class=\"set\" events=\"VARIABLE_CREATED, VARIABLE_UPDATED\">"
        "<activiti:field name=\"x\" expression=\"${x + 1}\"/></activiti:eventListener>") SIMPLE), NULL, "t | complete t {\"x\": 1}: !call each other for ever", NULL }, "" },
    { { "signals for ever", FILE_OF(G, EXT(THROW("ACTIVITY_STARTED", "\"signal\" signalName=\"G\"")) START AROUND("h", ON_G, "") TASK("t") FLOW("s", "t")), NULL, "!more than 500 steps", NULL }, "" },
    { { "a topic", PROCESS(EXT(LISTENER("class=\"topic\" events=\"PROCESS_STARTED\"")) SIMPLE), NULL, "!cannot wait for workers", NULL }, "" },
};
/* clang-format on */

/* ---- what was told --------------------------------------------------------------------- */

static char told[16384];

static void note(void *baton, wf_log_level_e level, const char *text)
{
    const char *at = strchr(text, '@');

    (void)baton;
    if (level == WF_LOG_INFO && at) {
        apr_cpystrn(told + strlen(told), *told ? " " : "", 2);
        apr_cpystrn(told + strlen(told), at + 1, sizeof(told) - strlen(told));
    }
}

/* ---- more steps ------------------------------------------------------------------------ */

static wf_id_t root(void)
{
    return APR_ARRAY_IDX(family, 0, wf_id_t);
}

static wf_id_t first_task(void)
{
    apr_array_header_t *tasks = world_select(WF_BY_TASKS_OF_INSTANCE, root());

    return tasks->nelts ? APR_ARRAY_IDX(tasks, 0, wf_task_t *)->id : 0;
}

static apr_status_t claim(const char *name)
{
    wf_id_t task = first_task();

    return wf_bpmn_claim(world_begin(), task, name, &world.err);
}

static apr_status_t assign(const char *name)
{
    wf_id_t task = first_task();

    return wf_bpmn_assign(world_begin(), task, strcmp(name, "-") == 0 ? NULL : name,
                          &world.err);
}

static apr_status_t change(const char *name)
{
    const wf_task_change_t what = { .set = WF_TASK_NAME, .name = name };
    wf_id_t task = first_task();
    wf_task_t *row;

    return wf_bpmn_change_task(world_begin(), task, &what, &row, &world.err);
}

static apr_status_t own(const char *value)
{
    wf_id_t task = first_task();
    const wf_bpmn_call_t *call = world_begin();
    wf_map_t *local = world_vars();

    wf_map_set(local, "own", wf_string(value));
    return wf_bpmn_set_task_variables(call, task, local, NULL, WF_TASK_MAY_BE,
                                      &world.err);
}

static apr_status_t disown(const char *name)
{
    wf_id_t task = first_task();

    (void)name;
    return wf_bpmn_remove_task_variable(world_begin(), task, WF_TASK_LOCAL, "own",
                                        &world.err);
}

static apr_status_t delete_it(const char *name)
{
    return wf_bpmn_delete_instance(world_begin(), root(), name, &world.err);
}

static apr_status_t suspend(const char *name)
{
    (void)name;
    return wf_bpmn_suspend_instance(world_begin(), root(), WF_SUSPENDED, &world.err);
}

static apr_status_t activate(const char *name)
{
    (void)name;
    return wf_bpmn_suspend_instance(world_begin(), root(), WF_ACTIVE, &world.err);
}

static wf_id_t attached;

static apr_status_t attach(const char *name)
{
    wf_id_t task = first_task(), instance = root();
    const wf_bpmn_call_t *call = world_begin();
    wf_attachment_t *row = wf_uow_insert(world.uow, WF_TABLE_ATTACHMENT);

    row->name = name;
    row->task_id = task;
    row->proc_inst_id = instance;
    attached = row->id;
    return wf_bpmn_attached(call, row, 1, &world.err);
}

static apr_status_t detach(const char *name)
{
    const wf_bpmn_call_t *call = world_begin();
    wf_attachment_t *row;

    (void)name;
    world_check(wf_uow_get(world.uow, WF_TABLE_ATTACHMENT, attached, &row, &world.err),
                &world.err, "attachment");
    wf_uow_delete(world.uow, row);
    return wf_bpmn_attached(call, row, 0, &world.err);
}

static wf_job_t *job_at(const char *name)
{
    apr_int64_t due;
    wf_id_t id = nth_job(name, 1, &due);
    wf_job_t *job;

    world_begin();
    world_check(wf_uow_get(world.uow, WF_TABLE_JOB, id, &job, &world.err), &world.err,
                "job");
    return job;
}

/* As the engine notes it. */
static apr_status_t fail(const char *name)
{
    wf_job_t *job = job_at(name);
    apr_status_t rv = wf_bpmn_set_retries(&world.call, job, job->retries - 1, &world.err);

    return rv == APR_SUCCESS ? wf_bpmn_job_failed(&world.call, job, "broken", &world.err)
                             : rv;
}

static apr_status_t cancel(const char *name)
{
    wf_job_t *job = job_at(name);

    return wf_bpmn_delete_job(&world.call, job, &world.err);
}

/* To the same file, deployed once more. */
static const heard_t *playing;

static apr_status_t migrate(const char *name)
{
    wf_problems_t *problems = wf_problems_create("migration", world.pool);
    const wf_definition_t *target = world_deploy(playing->scenario.xml);
    wf_execution_t *row = world_row(WF_TABLE_EXECUTION, root());
    wf_definition_t source = { .id = apr_pstrdup(world.pool, row->proc_def_id) };
    const wf_migration_t plan = { .source = &source, .target = target };
    const wf_bpmn_call_t *call = world_begin();
    wf_definition_t *from;

    (void)name;
    world_check(
        wf_uow_get_by_key(world.uow, WF_TABLE_DEFINITION, source.id, &from, &world.err),
        &world.err, "definition");
    source = *from;
    return wf_bpmn_migrate(call, &plan, root(), problems, &world.err);
}

static const struct {
    const char *action;
    apr_status_t (*run)(const char *name);
} steps[] = {
    { "claim", claim },      { "assign", assign },   { "change", change },
    { "delete", delete_it }, { "suspend", suspend }, { "activate", activate },
    { "attach", attach },    { "detach", detach },   { "fail", fail },
    { "own", own },          { "disown", disown },   { "cancel", cancel },
    { "migrate", migrate },
};

static apr_status_t do_more(const char *action, const char *name, int nth,
                            const wf_map_t *vars)
{
    int i;

    (void)nth, (void)vars;
    for (i = 0; i < (int)(sizeof(steps) / sizeof(steps[0])); i++) {
        if (strcmp(steps[i].action, action) == 0) {
            return world_end(steps[i].run(apr_pstrdup(world.pool, name)));
        }
    }
    printf("Bail out! no step is called %s\n", action);
    exit(1);
}

/* ---- definitions ------------------------------------------------------------------------ */

#define START_TIMER                                                                      \
    "<startEvent id=\"s\"><timerEventDefinition><timeCycle>R3/PT1H</timeCycle>"          \
    "</timerEventDefinition></startEvent>" TASK("t") FLOW("s", "t")

static const wf_model_t *model_of(const char *xml)
{
    wf_problems_t *problems = wf_problems_create("test", world.pool);
    apr_array_header_t *models;

    wf_model_parse(&models, xml, strlen(xml), problems, world.pool);
    return APR_ARRAY_IDX(models, 0, const wf_model_t *);
}

/* As the engine deploys a new version. */
static apr_status_t deployed(const wf_definition_t *definition,
                             const wf_definition_t *previous, const char *xml)
{
    wf_problems_t *problems = wf_problems_create("test", world.pool);
    const wf_bpmn_call_t *call = world_begin();
    wf_definition_t *row;

    world_check(wf_uow_get_by_key(world.uow, WF_TABLE_DEFINITION, definition->id, &row,
                                  &world.err),
                &world.err, "definition");
    if (previous) {
        world_check(wf_bpmn_superseded(call, previous, &world.err), &world.err,
                    "old one");
    }
    return world_end(wf_bpmn_deployed(call, row, model_of(xml), problems, &world.err));
}

static wf_job_t *start_timer(const wf_definition_t *definition)
{
    apr_array_header_t *rows;

    world_begin();
    world_check(wf_uow_select_of_definition(world.uow, WF_TABLE_JOB, definition->id,
                                            &rows, &world.err),
                &world.err, "jobs");
    return rows->nelts ? APR_ARRAY_IDX(rows, 0, wf_job_t *) : NULL;
}

static apr_status_t suspend_definition(const wf_definition_t *definition, int state)
{
    const wf_bpmn_call_t *call = world_begin();
    wf_definition_t *row;

    world_check(wf_uow_get_by_key(world.uow, WF_TABLE_DEFINITION, definition->id, &row,
                                  &world.err),
                &world.err, "definition");
    return world_end(wf_bpmn_suspend_definition(call, row, state, 0, 0, &world.err));
}

static void check_definitions(void)
{
    const char *xml = PROCESS(
        EXT(LISTENER("class=\"rec\" events=\"ENTITY_CREATED, ENTITY_INITIALIZED\" "
                     "entityType=\"process-definition\"")
                LISTENER("class=\"rec\" events=\"ENTITY_SUSPENDED, "
                         "ENTITY_ACTIVATED, TIMER_FIRED, JOB_CANCELED, "
                         "JOB_EXECUTION_SUCCESS, JOB_EXECUTION_FAILURE, "
                         "PROCESS_STARTED\"")) START_TIMER);
    const wf_definition_t *first = world_deploy(xml), *second;
    wf_job_t *job;

    *told = '\0';
    ok(deployed(first, NULL, xml) == APR_SUCCESS, "a definition is deployed");
    is_str(told,
           "ENTITY_CREATED:process-definition ENTITY_INITIALIZED:process-definition",
           "its listener hears that");
    *told = '\0';
    suspend_definition(first, WF_SUSPENDED);
    suspend_definition(first, WF_ACTIVE);
    is_str(told,
           "ENTITY_SUSPENDED:process-definition ENTITY_ACTIVATED:process-definition",
           "and that it is suspended and activated");
    *told = '\0';
    job = start_timer(first);
    ok(world_end(wf_bpmn_job_failed(&world.call, job, "broken", &world.err))
           == APR_SUCCESS,
       "its timer fails");
    job = start_timer(first);
    ok(world_end(wf_bpmn_execute_job(&world.call, job, &world.err)) == APR_SUCCESS,
       "its timer fires");
    is_str(told,
           "JOB_EXECUTION_FAILURE:broken TIMER_FIRED PROCESS_STARTED:s "
           "JOB_EXECUTION_SUCCESS",
           "that, too");
    *told = '\0';
    second = world_deploy(xml);
    ok(deployed(second, first, xml) == APR_SUCCESS, "a new version");
    is_str(told,
           "JOB_CANCELED ENTITY_CREATED:process-definition "
           "ENTITY_INITIALIZED:process-definition",
           "the timer of the old one is not needed");
}

/* Where there is no instance, nothing can be set or thrown. */
static void check_nowhere(const char *what, const char *listener, const char *names)
{
    const char *xml = apr_psprintf(world.pool, PROCESS("%s" START_TIMER),
                                   apr_psprintf(world.pool, EXT("%s"), listener));
    const wf_definition_t *definition = world_deploy(xml);

    ok(deployed(definition, NULL, xml) != APR_SUCCESS, "%s at a deployment fails", what);
    if (!ok(strstr(world.err.message, names) != NULL, "%s: %s", what, names)) {
        diag("%s", world.err.message);
    }
}

/* ---- other instances -------------------------------------------------------------------- */

#define WAITS(throws)                                                                    \
    FILE_OF(G, EXT(THROW("TASK_COMPLETED", throws)) START FORK("f") TASK("t")            \
                   CATCH("c", ON_G) FLOW("s", "f") FLOW("f", "t") FLOW("f", "c"))

static int completes_both(const char *xml)
{
    const wf_definition_t *definition = world_deploy(xml);
    wf_started_t one, other;

    world_check(world_start(definition, NULL, &one), &world.err, "start");
    world_check(world_start(definition, NULL, &other), &world.err, "start");
    world_check(world_complete(one.id, "t", NULL), &world.err, "complete");
    ok(!world_executions(one.id), "the instance that throws receives it");
    return world_executions(other.id) == 3; /* its tokens wait */
}

/* With a silent call nobody is told. */
static void check_silence(void)
{
    const wf_definition_t *definition = world_deploy(
        PROCESS(EXT(LISTENER("class=\"broken\" events=\"JOB_EXECUTION_FAILURE, "
                             "ENTITY_UPDATED\"")) START ASYNC("a") FLOW("s", "a")));
    wf_started_t started;
    apr_array_header_t *jobs;
    wf_job_t *job;

    world_check(world_start(definition, NULL, &started), &world.err, "start");
    jobs = world_select(WF_BY_JOBS_OF_INSTANCE, started.id);
    job = APR_ARRAY_IDX(jobs, 0, wf_job_t *);
    world.call.silent = 1;
    ok(wf_bpmn_set_retries(&world.call, job, 2, &world.err) == APR_SUCCESS
           && world_end(wf_bpmn_job_failed(&world.call, job, "broken", &world.err))
                  == APR_SUCCESS,
       "a failure is noted in silence");
}

/* ---- the world ------------------------------------------------------------------------- */

static const char *script(const char *name, const char *text)
{
    const char *path = apr_psprintf(world.pool, "%s/%s.js", world.folder, name);
    FILE *file = fopen(path, "w");

    if (!file || fputs(text, file) < 0 || fclose(file)) {
        printf("Bail out! cannot write %s\n", path);
        exit(1);
    }
    return apr_psprintf(world.pool, "\"%s\": {\"script\": \"%s\"}", name, path);
}

static void register_delegates(void)
{
    wf_delegates_t *delegates;
    const char *json =
        apr_pstrcat(world.pool, "{", script("rec", rec), ", ", script("place", place),
                    ", ", script("rename", "task.setName('renamed')"), ", ",
                    script("throw", "throw new BpmnError('D', 'by a delegate')"),
                    ", \"set\": {\"builtin\": \"setVariables\"}, \"broken\": {\"fail\": "
                    "\"out of order\"},"
                    " \"topic\": {\"external\": \"x\"}}",
                    NULL);

    world_check(
        wf_delegates_parse(&delegates, json, strlen(json), 0, world.pool, &world.err),
        &world.err, "delegates");
    world.services.delegates = delegates;
}

int main(void)
{
    int i;

    world_open();
    world.max_steps = 500;
    world.services.script_timeout = 5;
    wf_error_init(&world.err, world.pool);
    register_delegates();
    wf_log_to(note, NULL);
    wf_log_set_level(WF_LOG_INFO);
    more_steps = do_more;
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        playing = &cases[i];
        *told = '\0';
        play(&playing->scenario);
        is_str(told, playing->told, "%s: told", playing->scenario.what);
    }
    check_definitions();
    check_nowhere(
        "a variable",
        "<activiti:eventListener class=\"set\" events=\"ENTITY_CREATED\">"
        "<activiti:field name=\"x\" stringValue=\"y\"/></activiti:eventListener>",
        "there is no execution");
    check_nowhere("a signal", THROW("ENTITY_CREATED", "\"signal\" signalName=\"G\""),
                  "there is no process instance");
    check_nowhere("an error", THROW("ENTITY_CREATED", "\"error\" errorCode=\"E\""),
                  "there is no process instance");
    check_nowhere("a failing listener",
                  LISTENER("class=\"broken\" events=\"ENTITY_CREATED\""), "out of order");
    ok(completes_both(WAITS("\"signal\" signalName=\"G\"")), "the other one does not");
    ok(!completes_both(WAITS("\"globalSignal\" signalName=\"G\"")),
       "a global signal reaches the other one");
    check_silence();
    world_close();
    return done_testing();
}
