/* Every BPMN element this engine executes is one row here. To add one: a row, its
 * functions in a file of their own, its extension attributes in extensions.c. What is not
 * here is refused when a file is deployed. */
#include <string.h>

#include "bpmn/parse.h"
#include "bpmn/run.h"

/* clang-format off */
static const wf_behaviour_t behaviours[] = {
    /* element             activity type       parse                 enter               signal               leave */
    { "startEvent",        "startEvent",       wf_start_event_parse, wf_leave_at_once,   NULL,                wf_flows_leave },
    { "endEvent",          "endEvent",         NULL,                 wf_leave_at_once,   NULL,                wf_end_event_leave },
    { "task",              "task",             NULL,                 wf_leave_at_once,   NULL,                wf_flows_leave },
    { "manualTask",        "manualTask",       NULL,                 wf_leave_at_once,   NULL,                wf_flows_leave },
    { "userTask",          "userTask",         wf_user_task_parse,   wf_user_task_enter, wf_user_task_signal, wf_flows_leave },
    { "exclusiveGateway",  "exclusiveGateway", NULL,                 wf_leave_at_once,   NULL,                wf_exclusive_leave },
    { "parallelGateway",   "parallelGateway",  NULL,                 wf_parallel_enter,  NULL,                wf_parallel_leave },
};
/* clang-format on */

const wf_behaviour_t *wf_behaviour_find(const char *element)
{
    apr_size_t i;

    for (i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        if (strcmp(behaviours[i].element, element) == 0) {
            return &behaviours[i];
        }
    }
    return NULL;
}
