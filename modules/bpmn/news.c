/* The engine's own events, as one table. Who reads files, who tells and who listens goes
 * by it. */
#include <string.h>

#include "bpmn/news.h"

#define NONE WF_ENTITY_NONE
#define JOB WF_ENTITY_JOB
#define TASK WF_ENTITY_TASK
#define INSTANCE WF_ENTITY_INSTANCE

/* clang-format off */
const wf_news_row_t wf_news_rows[WF_NEWS_KINDS] = {
    /*                                      name                                      about               comes detail */
    [WF_NEWS_ENTITY_CREATED]            = { "ENTITY_CREATED",                         NONE,               1, NULL },
    [WF_NEWS_ENTITY_INITIALIZED]        = { "ENTITY_INITIALIZED",                     NONE,               1, NULL },
    [WF_NEWS_ENTITY_UPDATED]            = { "ENTITY_UPDATED",                         NONE,               1, NULL },
    [WF_NEWS_ENTITY_DELETED]            = { "ENTITY_DELETED",                         NONE,               1, NULL },
    [WF_NEWS_ENTITY_SUSPENDED]          = { "ENTITY_SUSPENDED",                       NONE,               1, NULL },
    [WF_NEWS_ENTITY_ACTIVATED]          = { "ENTITY_ACTIVATED",                       NONE,               1, NULL },
    [WF_NEWS_TIMER_FIRED]               = { "TIMER_FIRED",                            JOB,                1, NULL },
    [WF_NEWS_JOB_CANCELED]              = { "JOB_CANCELED",                           JOB,                1, NULL },
    [WF_NEWS_JOB_EXECUTION_SUCCESS]     = { "JOB_EXECUTION_SUCCESS",                  JOB,                1, NULL },
    [WF_NEWS_JOB_EXECUTION_FAILURE]     = { "JOB_EXECUTION_FAILURE",                  JOB,                1, "exceptionMessage" },
    [WF_NEWS_JOB_RETRIES_DECREMENTED]   = { "JOB_RETRIES_DECREMENTED",                JOB,                1, NULL },
    [WF_NEWS_CUSTOM]                    = { "CUSTOM",                                 NONE,               0, NULL },
    [WF_NEWS_ENGINE_CREATED]            = { "ENGINE_CREATED",                         NONE,               0, NULL },
    [WF_NEWS_ENGINE_CLOSED]             = { "ENGINE_CLOSED",                          NONE,               0, NULL },
    [WF_NEWS_ACTIVITY_STARTED]          = { "ACTIVITY_STARTED",                       NONE,               1, NULL },
    [WF_NEWS_ACTIVITY_COMPLETED]        = { "ACTIVITY_COMPLETED",                     NONE,               1, NULL },
    [WF_NEWS_ACTIVITY_CANCELLED]        = { "ACTIVITY_CANCELLED",                     NONE,               1, "cause" },
    [WF_NEWS_ACTIVITY_SIGNALED]         = { "ACTIVITY_SIGNALED",                      NONE,               1, "signalName" },
    [WF_NEWS_ACTIVITY_COMPENSATE]       = { "ACTIVITY_COMPENSATE",                    NONE,               1, NULL },
    [WF_NEWS_ACTIVITY_MESSAGE_RECEIVED] = { "ACTIVITY_MESSAGE_RECEIVED",              NONE,               1, "messageName" },
    [WF_NEWS_ACTIVITY_ERROR_RECEIVED]   = { "ACTIVITY_ERROR_RECEIVED",                NONE,               1, "errorCode" },
    [WF_NEWS_HISTORIC_ACTIVITY_CREATED] = { "HISTORIC_ACTIVITY_INSTANCE_CREATED",     NONE,               1, NULL },
    [WF_NEWS_HISTORIC_ACTIVITY_ENDED]   = { "HISTORIC_ACTIVITY_INSTANCE_ENDED",       NONE,               1, NULL },
    [WF_NEWS_SEQUENCEFLOW_TAKEN]        = { "SEQUENCEFLOW_TAKEN",                     WF_ENTITY_FLOW,     1, NULL },
    [WF_NEWS_UNCAUGHT_BPMN_ERROR]       = { "UNCAUGHT_BPMN_ERROR",                    NONE,               1, "errorCode" },
    [WF_NEWS_VARIABLE_CREATED]          = { "VARIABLE_CREATED",                       WF_ENTITY_VARIABLE, 1, NULL },
    [WF_NEWS_VARIABLE_UPDATED]          = { "VARIABLE_UPDATED",                       WF_ENTITY_VARIABLE, 1, NULL },
    [WF_NEWS_VARIABLE_DELETED]          = { "VARIABLE_DELETED",                       WF_ENTITY_VARIABLE, 1, NULL },
    [WF_NEWS_TASK_CREATED]              = { "TASK_CREATED",                           TASK,               1, NULL },
    [WF_NEWS_TASK_ASSIGNED]             = { "TASK_ASSIGNED",                          TASK,               1, NULL },
    [WF_NEWS_TASK_COMPLETED]            = { "TASK_COMPLETED",                         TASK,               1, NULL },
    [WF_NEWS_PROCESS_STARTED]           = { "PROCESS_STARTED",                        INSTANCE,           1, NULL },
    [WF_NEWS_PROCESS_COMPLETED]         = { "PROCESS_COMPLETED",                      INSTANCE,           1, NULL },
    [WF_NEWS_PROCESS_ENDED_BY_ERROR]    = { "PROCESS_COMPLETED_WITH_ERROR_END_EVENT", INSTANCE,           1, "errorCode" },
    [WF_NEWS_PROCESS_CANCELLED]         = { "PROCESS_CANCELLED",                      INSTANCE,           1, "cause" },
    [WF_NEWS_HISTORIC_PROCESS_CREATED]  = { "HISTORIC_PROCESS_INSTANCE_CREATED",      NONE,               1, NULL },
    [WF_NEWS_HISTORIC_PROCESS_ENDED]    = { "HISTORIC_PROCESS_INSTANCE_ENDED",        NONE,               1, NULL },
    [WF_NEWS_MEMBERSHIP_CREATED]        = { "MEMBERSHIP_CREATED",                     NONE,               0, NULL },
    [WF_NEWS_MEMBERSHIP_DELETED]        = { "MEMBERSHIP_DELETED",                     NONE,               0, NULL },
    [WF_NEWS_MEMBERSHIPS_DELETED]       = { "MEMBERSHIPS_DELETED",                    NONE,               0, NULL },
};

#define BIT(what) WF_NEWS_BIT(WF_NEWS_##what)
#define MADE (BIT(ENTITY_CREATED) | BIT(ENTITY_INITIALIZED))
#define GONE BIT(ENTITY_DELETED)
#define CHANGED BIT(ENTITY_UPDATED)
#define STOPPED (BIT(ENTITY_SUSPENDED) | BIT(ENTITY_ACTIVATED))

/* Which of ENTITY_… come about what. Nobody outlives his definition to hear that it goes. */
static const struct {
    const char *name;
    wf_news_mask_t comes;
} entities[WF_ENTITY_KINDS] = {
    [WF_ENTITY_INSTANCE]   = { "process-instance",   MADE | CHANGED | GONE | STOPPED },
    [WF_ENTITY_EXECUTION]  = { "execution",          MADE | GONE },
    [WF_ENTITY_TASK]       = { "task",               MADE | CHANGED | GONE | STOPPED },
    [WF_ENTITY_JOB]        = { "job",                MADE | CHANGED | GONE },
    [WF_ENTITY_DEFINITION] = { "process-definition", MADE | STOPPED },
    [WF_ENTITY_LINK]       = { "identity-link",      MADE | GONE },
    [WF_ENTITY_ATTACHMENT] = { "attachment",         MADE | GONE },
    [WF_ENTITY_COMMENT]    = { "comment",            0 },
};
/* clang-format on */

int wf_news_find(const char *name)
{
    int what = WF_NEWS_KINDS - 1;

    while (what >= 0 && strcmp(wf_news_rows[what].name, name) != 0) {
        what--;
    }
    return what;
}

wf_entity_e wf_entity_find(const char *name)
{
    int entity = WF_ENTITY_KINDS - 1;

    while (entity > 0
           && (!entities[entity].name || strcmp(entities[entity].name, name) != 0)) {
        entity--;
    }
    return entity;
}

const char *wf_entity_name(wf_entity_e entity)
{
    return entities[entity].name;
}

int wf_entity_is(wf_entity_e entity, wf_entity_e asked)
{
    return entity == asked
           || (entity == WF_ENTITY_INSTANCE && asked == WF_ENTITY_EXECUTION);
}

wf_news_mask_t wf_news_about(wf_entity_e asked)
{
    wf_news_mask_t mask = 0;
    int what, entity;

    for (what = 0; what < WF_NEWS_KINDS; what++) {
        if (wf_news_rows[what].comes
            && (asked == WF_ENTITY_NONE
                || wf_entity_is(wf_news_rows[what].entity, asked))) {
            mask |= WF_NEWS_BIT(what);
        }
    }
    for (entity = WF_ENTITY_NONE + 1; entity < WF_ENTITY_KINDS; entity++) {
        if (wf_entity_is(entity, asked)) {
            mask |= entities[entity].comes;
        }
    }
    return mask;
}
