/* Every BPMN element this engine executes is one row here; an event has a row for each
 * definition that it may have. To add one: a row, its functions in a file of their own,
 * its extension attributes in extensions.c. What is not here is refused when a file is
 * deployed. */
#include <string.h>

#include "bpmn/parse.h"
#include "bpmn/run.h"

/* clang-format off */
static const wf_behaviour_t behaviours[] = {
    /* element                   event definition         activity type              waits for
     * parse                     enter                    signal                     leave
     * arm                       fire */
    { "startEvent",              NULL,                    "startEvent",              WF_WAIT_NONE,
      wf_start_event_parse,      wf_leave_at_once,        NULL,                      wf_flows_leave,     NULL, NULL },
    { "endEvent",                NULL,                    "endEvent",                WF_WAIT_NONE,
      NULL,                      wf_leave_at_once,        NULL,                      wf_end_event_leave,     NULL, NULL },
    { "intermediateCatchEvent",  "signalEventDefinition", "intermediateSignalCatch", WF_WAIT_EVENT,
      wf_signal_catch_parse,     wf_catch_enter,          NULL,                      wf_flows_leave,
      wf_signal_arm,             wf_catch_fire },
    { "intermediateCatchEvent",  "timerEventDefinition",  "intermediateTimer",       WF_WAIT_EVENT,
      wf_timer_catch_parse,      wf_catch_enter,          NULL,                      wf_flows_leave,
      wf_timer_arm,              wf_catch_fire },
    { "task",                    NULL,                    "task",                    WF_WAIT_NONE,
      NULL,                      wf_leave_at_once,        NULL,                      wf_flows_leave,     NULL, NULL },
    { "manualTask",              NULL,                    "manualTask",              WF_WAIT_NONE,
      NULL,                      wf_leave_at_once,        NULL,                      wf_flows_leave,     NULL, NULL },
    { "userTask",                NULL,                    "userTask",                WF_WAIT_TASK,
      wf_user_task_parse,        wf_user_task_enter,      wf_user_task_signal,       wf_flows_leave,     NULL, NULL },
    { "receiveTask",             NULL,                    "receiveTask",             WF_WAIT_CALL,
      wf_receive_task_parse,     wf_receive_task_enter,   wf_leave_at_once,          wf_flows_leave,     NULL, NULL },
    { "exclusiveGateway",        NULL,                    "exclusiveGateway",        WF_WAIT_NONE,
      NULL,                      wf_leave_at_once,        NULL,                      wf_exclusive_leave,     NULL, NULL },
    { "parallelGateway",         NULL,                    "parallelGateway",         WF_WAIT_NONE,
      NULL,                      wf_parallel_enter,       NULL,                      wf_parallel_leave,     NULL, NULL },
};
/* clang-format on */

#define BEHAVIOURS ((int)(sizeof(behaviours) / sizeof(behaviours[0])))

const wf_behaviour_t *wf_behaviour_find(const char *element, const char *event)
{
    int i;

    for (i = 0; i < BEHAVIOURS; i++) {
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

    for (i = 0; i < BEHAVIOURS; i++) {
        if (behaviours[i].event && strcmp(behaviours[i].element, element) == 0) {
            return 1;
        }
    }
    return 0;
}
