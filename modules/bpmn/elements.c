/* Every BPMN element that may stand in a process is one row here; an event has a row for
 * each definition that it may have. To add one: a row, its functions in files of their
 * own, its extension attributes in extensions.c. What is not here, or has no enter, is
 * refused when a file is deployed. docs/bpmn.md says the same; t/docs/bpmn.t compares. */
#include <string.h>

#include "bpmn/parse.h"
#include "bpmn/run.h"

#define SIGNAL "signalEventDefinition"
#define TIMER "timerEventDefinition"
#define MESSAGE "messageEventDefinition"
#define ERROR "errorEventDefinition"
#define CANCEL "cancelEventDefinition"
#define COMPENSATE "compensateEventDefinition"
#define TERMINATE "terminateEventDefinition"

/* clang-format off */
static const wf_behaviour_t behaviours[] = {
    /* element                  event       activity type               waits for
     * parse                    enter                   signal                  leave                arm   fire */
    { "startEvent",             NULL,       "startEvent",               WF_WAIT_NONE,
      wf_start_event_parse,     wf_leave_at_once,       NULL,                   wf_flows_leave,      NULL, NULL },
    { "startEvent",             TIMER,      "startTimerEvent",          WF_WAIT_NONE,
      wf_start_event_parse,     wf_leave_at_once,       NULL,                   wf_flows_leave,      wf_timer_arm, wf_handler_fire },
    { "startEvent",             MESSAGE,    "messageStartEvent",        WF_WAIT_NONE,
      wf_start_event_parse,     wf_leave_at_once,       NULL,                   wf_flows_leave,      wf_message_arm, wf_handler_fire },
    { "startEvent",             SIGNAL,     "signalStartEvent",         WF_WAIT_NONE,
      wf_start_event_parse,     wf_leave_at_once,       NULL,                   wf_flows_leave,      wf_signal_arm, wf_handler_fire },
    { "startEvent",             ERROR,      "startEvent",               WF_WAIT_NONE,
      wf_start_event_parse,     wf_leave_at_once,       NULL,                   wf_flows_leave,      NULL, wf_handler_fire },

    { "endEvent",               NULL,       "endEvent",                 WF_WAIT_NONE,
      NULL,                     wf_leave_at_once,       NULL,                   wf_end_event_leave,  NULL, NULL },
    { "endEvent",               ERROR,      "errorEndEvent",            WF_WAIT_NONE,
      wf_event_parse,           wf_error_end_enter,     NULL,                   wf_end_event_leave,  NULL, NULL },
    { "endEvent",               CANCEL,     "cancelEndEvent",           WF_WAIT_NONE,
      wf_event_parse,           wf_cancel_end_enter,    wf_cancel_end_signal,   wf_end_event_leave,  NULL, NULL },
    { "endEvent",               TERMINATE,  "endEvent",                 WF_WAIT_NONE,
      wf_event_parse,           wf_terminate_enter,     NULL,                   wf_end_event_leave,  NULL, NULL },
    { "endEvent",               SIGNAL,     "endEvent",                 WF_WAIT_NONE,
      wf_event_parse,           wf_signal_throw_enter,  NULL,                   wf_end_event_leave,  NULL, NULL },
    { "endEvent",               MESSAGE,    "endEvent",                 WF_WAIT_WORKER,
      wf_event_parse,           wf_message_end_enter,   NULL,                   wf_end_event_leave,  NULL, NULL },
    { "endEvent",               COMPENSATE, "endEvent",                 WF_WAIT_HANDLERS,
      wf_event_parse,           wf_compensate_enter,    wf_leave_at_once,       wf_end_event_leave,  NULL, NULL },

    { "intermediateCatchEvent", TIMER,      "intermediateTimer",        WF_WAIT_EVENT,
      wf_event_parse,           wf_catch_enter,         NULL,                   wf_flows_leave,      wf_timer_arm, wf_catch_fire },
    { "intermediateCatchEvent", SIGNAL,     "intermediateSignalCatch",  WF_WAIT_EVENT,
      wf_event_parse,           wf_catch_enter,         NULL,                   wf_flows_leave,      wf_signal_arm, wf_catch_fire },
    { "intermediateCatchEvent", MESSAGE,    "intermediateMessageCatch", WF_WAIT_EVENT,
      wf_event_parse,           wf_catch_enter,         NULL,                   wf_flows_leave,      wf_message_arm, wf_catch_fire },

    { "intermediateThrowEvent", NULL,       "intermediateThrowEvent",   WF_WAIT_NONE,
      NULL,                     wf_leave_at_once,       NULL,                   wf_flows_leave,      NULL, NULL },
    { "intermediateThrowEvent", SIGNAL,     "intermediateSignalThrow",  WF_WAIT_NONE,
      wf_event_parse,           wf_signal_throw_enter,  NULL,                   wf_flows_leave,      NULL, NULL },
    { "intermediateThrowEvent", COMPENSATE, "intermediateThrowEvent",   WF_WAIT_HANDLERS,
      wf_event_parse,           wf_compensate_enter,    wf_leave_at_once,       wf_flows_leave,      NULL, NULL },

    { "boundaryEvent",          TIMER,      "boundaryTimer",            WF_WAIT_NONE,
      wf_boundary_event_parse,  wf_leave_at_once,       NULL,                   wf_flows_leave,      wf_timer_arm, wf_boundary_fire },
    { "boundaryEvent",          ERROR,      "boundaryError",            WF_WAIT_NONE,
      wf_boundary_event_parse,  wf_leave_at_once,       NULL,                   wf_flows_leave,      NULL, wf_boundary_fire },
    { "boundaryEvent",          SIGNAL,     "boundarySignal",           WF_WAIT_NONE,
      wf_boundary_event_parse,  wf_leave_at_once,       NULL,                   wf_flows_leave,      wf_signal_arm, wf_boundary_fire },
    { "boundaryEvent",          MESSAGE,    "boundaryMessage",          WF_WAIT_NONE,
      wf_boundary_event_parse,  wf_leave_at_once,       NULL,                   wf_flows_leave,      wf_message_arm, wf_boundary_fire },
    { "boundaryEvent",          CANCEL,     "cancelBoundaryCatch",      WF_WAIT_NONE,
      wf_boundary_event_parse,  wf_leave_at_once,       NULL,                   wf_flows_leave,      NULL, wf_boundary_fire },
    { "boundaryEvent",          COMPENSATE, "compensationBoundaryCatch", WF_WAIT_NONE,
      wf_boundary_event_parse,  wf_leave_at_once,       NULL,                   wf_flows_leave,      NULL, NULL },

    { "task",                   NULL,       "task",                     WF_WAIT_NONE,
      NULL,                     wf_leave_at_once,       NULL,                   wf_flows_leave,      NULL, NULL },
    { "manualTask",             NULL,       "manualTask",               WF_WAIT_NONE,
      NULL,                     wf_leave_at_once,       NULL,                   wf_flows_leave,      NULL, NULL },
    { "userTask",               NULL,       "userTask",                 WF_WAIT_TASK,
      wf_user_task_parse,       wf_user_task_enter,     wf_user_task_signal,    wf_flows_leave,      NULL, NULL },
    { "receiveTask",            NULL,       "receiveTask",              WF_WAIT_CALL,
      wf_receive_task_parse,    wf_receive_task_enter,  wf_leave_at_once,       wf_flows_leave,      NULL, NULL },
    { "scriptTask",             NULL,       "scriptTask",               WF_WAIT_NONE,
      wf_script_task_parse,     wf_service_task_enter,  NULL,                   wf_flows_leave,      NULL, NULL },
    { "serviceTask",            NULL,       "serviceTask",              WF_WAIT_WORKER,
      wf_service_task_parse,    wf_service_task_enter,  NULL,                   wf_flows_leave,      NULL, NULL },
    { "sendTask",               NULL,       "sendTask",                 WF_WAIT_WORKER,
      wf_service_task_parse,    wf_service_task_enter,  NULL,                   wf_flows_leave,      NULL, NULL },
    { "businessRuleTask",       NULL,       "businessRuleTask",         WF_WAIT_WORKER,
      wf_business_rule_parse,   wf_service_task_enter,  NULL,                   wf_flows_leave,      NULL, NULL },
    { "callActivity",           NULL,       "callActivity",             WF_WAIT_CALLED,
      wf_call_activity_parse,   wf_call_activity_enter, wf_leave_at_once,       wf_flows_leave,      NULL, NULL },
    { "subProcess",             NULL,       "subProcess",               WF_WAIT_NONE,
      wf_sub_process_parse,     wf_body_enter,          NULL,                   wf_flows_leave,      NULL, NULL },
    { "transaction",            NULL,       "transaction",              WF_WAIT_NONE,
      wf_sub_process_parse,     wf_body_enter,          NULL,                   wf_flows_leave,      NULL, NULL },

    { "exclusiveGateway",       NULL,       "exclusiveGateway",         WF_WAIT_NONE,
      NULL,                     wf_leave_at_once,       NULL,                   wf_exclusive_leave,  NULL, NULL },
    { "complexGateway",         NULL,       "exclusiveGateway",         WF_WAIT_NONE,
      NULL,                     wf_leave_at_once,       NULL,                   wf_exclusive_leave,  NULL, NULL },
    { "parallelGateway",        NULL,       "parallelGateway",          WF_WAIT_NONE,
      NULL,                     wf_parallel_enter,      NULL,                   wf_parallel_leave,   NULL, NULL },
    { "inclusiveGateway",       NULL,       "inclusiveGateway",         WF_WAIT_NONE,
      NULL,                     wf_inclusive_enter,     NULL,                   wf_inclusive_leave,  NULL, NULL },
    { "eventBasedGateway",      NULL,       "eventBasedGateway",        WF_WAIT_GATE,
      NULL,                     wf_gate_enter,          NULL,                   wf_flows_leave,      NULL, NULL },
};

/* What is no node, but changes how a process runs. A row that is not done is read and
 * checked like the others, then refused. */
static const struct {
    const char *word;
    int done;
} parts[] = {
    { "dataObject",                       1 },
    { "isForCompensation",                1 },
    { "multiInstanceLoopCharacteristics", 1 },
    { "standardLoopCharacteristics",      0 }, /* nothing of this is read */
    { "triggeredByEvent",                 1 },
};
/* clang-format on */

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

const wf_behaviour_t *wf_behaviour_find(const char *element, const char *event)
{
    int i;

    for (i = 0; i < COUNT(behaviours); i++) {
        const wf_behaviour_t *b = &behaviours[i];

        if (strcmp(b->element, element) == 0 && !b->event == !event
            && (!event || strcmp(b->event, event) == 0)) {
            return b;
        }
    }
    return NULL;
}

int wf_behaviour_has_events(const char *element)
{
    int i;

    for (i = 0; i < COUNT(behaviours); i++) {
        if (behaviours[i].event && strcmp(behaviours[i].element, element) == 0) {
            return 1;
        }
    }
    return 0;
}

int wf_behaviour_part(const char *word)
{
    int i;

    for (i = 0; i < COUNT(parts); i++) {
        if (strcmp(parts[i].word, word) == 0) {
            return parts[i].done;
        }
    }
    return 0;
}
