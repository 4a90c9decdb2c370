/* News: what the engine tells the event listeners of a process. They have Activiti's
 * names of engine events; an event here is one of BPMN. Private to this room. */
#ifndef WF_BPMN_NEWS_H
#define WF_BPMN_NEWS_H

#include <apr.h>

/** What happens; each is a row of wf_news_rows. */
typedef enum {
    WF_NEWS_ENTITY_CREATED,
    WF_NEWS_ENTITY_INITIALIZED,
    WF_NEWS_ENTITY_UPDATED,
    WF_NEWS_ENTITY_DELETED,
    WF_NEWS_ENTITY_SUSPENDED,
    WF_NEWS_ENTITY_ACTIVATED,
    WF_NEWS_TIMER_FIRED,
    WF_NEWS_JOB_CANCELED,
    WF_NEWS_JOB_EXECUTION_SUCCESS,
    WF_NEWS_JOB_EXECUTION_FAILURE,
    WF_NEWS_JOB_RETRIES_DECREMENTED,
    WF_NEWS_CUSTOM,
    WF_NEWS_ENGINE_CREATED,
    WF_NEWS_ENGINE_CLOSED,
    WF_NEWS_ACTIVITY_STARTED,
    WF_NEWS_ACTIVITY_COMPLETED,
    WF_NEWS_ACTIVITY_CANCELLED,
    WF_NEWS_ACTIVITY_SIGNALED,
    WF_NEWS_ACTIVITY_COMPENSATE,
    WF_NEWS_ACTIVITY_MESSAGE_RECEIVED,
    WF_NEWS_ACTIVITY_ERROR_RECEIVED,
    WF_NEWS_HISTORIC_ACTIVITY_CREATED,
    WF_NEWS_HISTORIC_ACTIVITY_ENDED,
    WF_NEWS_SEQUENCEFLOW_TAKEN,
    WF_NEWS_UNCAUGHT_BPMN_ERROR,
    WF_NEWS_VARIABLE_CREATED,
    WF_NEWS_VARIABLE_UPDATED,
    WF_NEWS_VARIABLE_DELETED,
    WF_NEWS_TASK_CREATED,
    WF_NEWS_TASK_ASSIGNED,
    WF_NEWS_TASK_COMPLETED,
    WF_NEWS_PROCESS_STARTED,
    WF_NEWS_PROCESS_COMPLETED,
    WF_NEWS_PROCESS_ENDED_BY_ERROR,
    WF_NEWS_PROCESS_CANCELLED,
    WF_NEWS_HISTORIC_PROCESS_CREATED,
    WF_NEWS_HISTORIC_PROCESS_ENDED,
    WF_NEWS_MEMBERSHIP_CREATED,
    WF_NEWS_MEMBERSHIP_DELETED,
    WF_NEWS_MEMBERSHIPS_DELETED,
    WF_NEWS_KINDS /* at most 64 */
} wf_news_e;

/** What it is about. */
typedef enum {
    WF_ENTITY_NONE,
    WF_ENTITY_INSTANCE, /* this one and the next: its execution, wf_execution_t */
    WF_ENTITY_EXECUTION,
    WF_ENTITY_TASK,       /* wf_task_t */
    WF_ENTITY_JOB,        /* wf_job_t */
    WF_ENTITY_DEFINITION, /* wf_definition_t */
    WF_ENTITY_LINK,       /* wf_identitylink_t */
    WF_ENTITY_ATTACHMENT, /* wf_attachment_t */
    WF_ENTITY_COMMENT,    /* there are none */
    WF_ENTITY_VARIABLE,   /* wf_variable_t; this one and the next: no entityType */
    WF_ENTITY_FLOW,       /* wf_flow_t */
    WF_ENTITY_KINDS
} wf_entity_e;

/** A set of news. */
typedef apr_uint64_t wf_news_mask_t;
#define WF_NEWS_BIT(what) ((wf_news_mask_t)1 << (what))

typedef struct wf_news_row_t {
    const char *name;   /* in files */
    wf_entity_e entity; /* what it is always about; WF_ENTITY_NONE: nothing, or of
                           ENTITY_…: it differs */
    int comes;          /* 0: never to the listener of a process */
    const char *detail; /* what wf_about_t.text is called, or NULL */
} wf_news_row_t;

extern const wf_news_row_t wf_news_rows[WF_NEWS_KINDS];

/** By name; -1 if there is none. */
int wf_news_find(const char *name);

/** An entityType that files name; WF_ENTITY_NONE if there is none of that name. */
wf_entity_e wf_entity_find(const char *name);
const char *wf_entity_name(wf_entity_e entity); /* NULL: it has none */

/** All news that may be about an entity; WF_ENTITY_NONE: all that come at all. */
wf_news_mask_t wf_news_about(wf_entity_e entity);

/** 1 if who asks for entities of one kind hears what is about another one: an instance is
 *  an execution, too. */
int wf_entity_is(wf_entity_e entity, wf_entity_e asked);

#endif
