/* Telling event listeners: the places where something happens say so, here. Private to
 * this room. */
#ifndef WF_BPMN_TELL_H
#define WF_BPMN_TELL_H

#include "bpmn/run.h"

/* ---- event_listeners.c --------------------------------------------------------------- */

/** What news are about. */
typedef struct wf_about_t {
    wf_entity_e entity;   /* what row is; WF_ENTITY_NONE: there is none */
    const void *row;      /* of the unit, or of the model */
    const char *activity; /* id of the node; NULL: where exec stands */
    const char *text;     /* what wf_news_row_t.detail says, or NULL */
} wf_about_t;

#define WF_ABOUT(entity, row) ((wf_about_t){ WF_ENTITY_##entity, (row), NULL, NULL })
#define WF_AT(activity, text) ((wf_about_t){ WF_ENTITY_NONE, NULL, (activity), (text) })

/** News on their way to listeners. */
typedef struct wf_news_t {
    wf_news_e what;
    wf_about_t about;
    const wf_instance_t *of; /* whose listeners hear them */
    wf_exec_t *exec;         /* where it happened; NULL: nowhere in an instance */
    int depth;               /* listeners that have led to them */
} wf_news_t;

apr_status_t wf_news_tell(wf_exec_t *exec, wf_news_e what, wf_about_t about,
                          wf_error_t *err);
void wf_news_add(wf_exec_t *exec, wf_news_e what, wf_about_t about);

static inline int wf_is_heard(const wf_exec_t *exec, wf_news_e what)
{
    return exec->instance->heard >> what & 1;
}

/** Tell the listeners of exec's instance, at once, after all that is still to be told.
 *  What fails is any error but a BPMN error: what listeners throw comes when the step
 *  is done. */
static inline apr_status_t wf_tell(wf_exec_t *exec, wf_news_e what, wf_about_t about,
                                   wf_error_t *err)
{
    return wf_is_heard(exec, what) ? wf_news_tell(exec, what, about, err) : APR_SUCCESS;
}

/** The same when the step is done, or something else is told: for places where the tree
 *  of executions is being changed. */
static inline void wf_tell_later(wf_exec_t *exec, wf_news_e what, wf_about_t about)
{
    if (wf_is_heard(exec, what)) {
        wf_news_add(exec, what, about);
    }
}

/** An entity was made: it is there, and it has all its members. */
#define WF_TELL_MADE(exec, kind, row)                                                    \
    (wf_tell_later(exec, WF_NEWS_ENTITY_CREATED, WF_ABOUT(kind, row)),                   \
     wf_tell_later(exec, WF_NEWS_ENTITY_INITIALIZED, WF_ABOUT(kind, row)))

/** Tell listeners of a definition, or of an instance that has ended, what happened in no
 *  execution. */
apr_status_t wf_tell_nowhere(const wf_instance_t *of, wf_news_e what, wf_about_t about,
                             wf_error_t *err);

/** A definition for that. */
wf_instance_t *wf_news_definition(wf_turn_t *turn, const wf_model_t *model,
                                  const char *definition_id);

/** Tell what is still to be told. */
apr_status_t wf_news_flush(wf_turn_t *turn, wf_error_t *err);

/** A step is done: tell what is still to be told, and do what listeners have thrown.
 *  WF_ERR_EXECUTION for an error that cannot be thrown, or that nothing catches. */
apr_status_t wf_news_finish(wf_turn_t *turn, wf_error_t *err);

static inline apr_status_t wf_news_settle(wf_turn_t *turn, wf_error_t *err)
{
    return turn->news ? wf_news_finish(turn, err) : APR_SUCCESS;
}

/* ---- news_beside.c: what happens beside the agenda ----------------------------------- */

/** Tell whoever hears of a job, at once: the instance of its execution, or its
 *  definition. text may be NULL. The caller settles. */
apr_status_t wf_job_tell(wf_turn_t *turn, const wf_job_t *job, wf_news_e what,
                         const char *text, wf_error_t *err);

/** A job, an instance with its tasks, have changed in this unit: the same, settled. state
 *  is WF_SUSPENDED or WF_ACTIVE. */
apr_status_t wf_job_tell_changed(const wf_bpmn_call_t *call, const wf_job_t *job,
                                 wf_error_t *err);
apr_status_t wf_instance_tell_state(const wf_bpmn_call_t *call, wf_id_t instance,
                                    int state, wf_error_t *err);

/** The same for a definition; the caller settles. */
apr_status_t wf_definition_tell_state(wf_turn_t *turn, const wf_definition_t *definition,
                                      int state, wf_error_t *err);
apr_status_t wf_definition_tell_made(wf_turn_t *turn, const wf_definition_t *definition,
                                     const wf_model_t *model, wf_error_t *err);

/* ---- news_members.c ------------------------------------------------------------------ */

/** What delegates see of news, as `event`. */
wf_map_t *wf_news_members(const wf_news_t *news, apr_pool_t *p);

/* ---- listeners.c, tasks.c, jobs.c: together with listeners of the file ---------------- */

/** Run the listeners of a task, then tell event listeners of the same. */
apr_status_t wf_task_tell(wf_exec_t *exec, wf_task_t *task, const char *event,
                          wf_news_e what, wf_error_t *err);

/** A task of exec, and its links, are about to go. */
apr_status_t wf_task_tell_end(wf_exec_t *exec, const wf_task_t *task, wf_error_t *err);

/** A job of exec is about to go, not having run. */
void wf_job_tell_cancelled(wf_exec_t *exec, const wf_job_t *job);

/** What event listeners are told of the end of an instance. */
typedef struct wf_ending_t {
    wf_news_e what;   /* WF_NEWS_PROCESS_CANCELLED, or …_ENDED_BY_ERROR … */
    const char *text; /* … and its text */
} wf_ending_t;

/** An instance is about to be ended from outside, for a reason: tell the listeners of its
 * open tasks and visits, and event listeners. Does nothing for one whose definition is
 * gone. */
apr_status_t wf_instance_notify_end(wf_turn_t *turn, wf_id_t instance,
                                    const wf_ending_t *ending, const char *reason,
                                    wf_error_t *err);

/** Tell event listeners of an instance that it is about to go by itself, with its
 *  variables; nothing more is told of it then. */
apr_status_t wf_instance_tell_gone(wf_instance_t *instance, wf_error_t *err);

#endif
