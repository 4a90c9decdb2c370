/* cluster, inside: what the two files of the agent share. All of it belongs to the
 * agent's thread, but for letters and the last words of tasks. */
#ifndef WF_CLUSTER_AGENT_H
#define WF_CLUSTER_AGENT_H

#include "cluster/internal.h"

#include <pthread.h>

/* TASK_WAITS for its start, RUNS, has ENDED but the master does not know all of that yet;
 * UNWANTED: nobody will ask for it, it only has to end. */
typedef enum { TASK_WAITS, TASK_RUNS, TASK_ENDED, TASK_UNWANTED } task_state_e;

/* What a task says of itself; texts in some pool. */
typedef struct wf_said_t {
    apr_int64_t sequence;
    const char *state, *sheet;
} wf_said_t;

typedef struct wf_agent_task_t {
    wf_agent_t *agent;
    wf_task_name_t name;
    const char *id; /* of its run */
    task_state_e state;
    apr_pool_t *pool;
    wf_plan_t *plan; /* while it waits; with its pool */
    apr_pool_t *plan_pool;
    wf_load_task_t what;
    wf_run_from_t from;
    json_object *orders;             /* given before it began; or NULL */
    apr_int64_t start_us;            /* wf_mono_us */
    wf_sheet_t *now, *known, *added; /* known: what the master has confirmed, as of … */
    apr_int64_t known_sequence;      /* … this; 0: nothing */
    apr_int64_t told;                /* sequence of what is on its way */
    apr_int64_t vus;
    apr_int64_t requests, beaten_requests; /* so far; at the latest heartbeat */
    int orphan; /* it was cut, as its master was away: it is not done */
    apr_int64_t ended_us;
    int paused;              /* so it was ordered */
    apr_int64_t leave_by_us; /* wf_mono_us: it is to go on elsewhere, if it is quiet by
                                then; 0: nobody asks for that */
    int leaving;             /* and it stands still for that … */
    int moved;               /* … and has: its last words are of that moment */

    /* its last words, from a thread of the load engine */
    apr_pool_t *last_pool;
    wf_said_t last;
    apr_int64_t last_requests;
    const char *variables;
    wf_run_status_e status;
    int final; /* atomic */
    struct wf_agent_task_t *next;
} wf_agent_task_t;

typedef struct wf_agent_letter_t wf_agent_letter_t;

/* dialer.c */

typedef struct wf_dialer_t wf_dialer_t;

/** An attempt is over, on the dialer's thread: fd is the listener's, or -1, and why not.
 */
typedef void wf_dialed_fn(void *baton, int fd, const char *why);

/** Start its thread; options->dial is what it calls. */
apr_status_t wf_dialer_create(wf_dialer_t **dialer, const wf_agent_options_t *options,
                              wf_dialed_fn *dialed, void *baton, apr_pool_t *p,
                              wf_error_t *err);
/** Begin an attempt: the link of the one before is over. Any thread. */
void wf_dialer_dial(wf_dialer_t *dialer);
/** End the thread, after the attempt that is under way. */
void wf_dialer_stop(wf_dialer_t *dialer);
/** After that, and when the link is over. */
void wf_dialer_destroy(wf_dialer_t *dialer);

struct wf_agent_t {
    wf_agent_options_t options;
    wf_links_t *links;
    wf_dialer_t *dialer;
    pthread_t thread;
    pthread_mutex_t lock; /* letters, quit */
    pthread_cond_t changed;
    wf_agent_letter_t *letters, **last_letter;
    int quit, ended; /* ended: some run has */

    /* the thread's */
    apr_pool_t *pool; /* cleared in each turn */
    wf_link_t link;   /* 0: none */
    int open, registered; /* the latter also for others, atomically */
    int dialing;
    apr_int64_t retry_us, retry_at_us;
    apr_int64_t beat_us, beat_at_us, report_at_us;
    apr_int64_t told_us; /* when we introduced ourselves */
    apr_int64_t
        heard_us; /* when the latest was said that the master has heard for sure */
    apr_int64_t beaten_us; /* when the latest heartbeat was */
    char instance[17];     /* of this process: its id alone may be another's, too */
    wf_machine_t machine;
    apr_int64_t timeout_us; /* ours, or the master's; 0: none */
    const char *complaint;  /* the latest one, told once; in … */
    apr_pool_t *complaint_pool;
    wf_agent_task_t *tasks;
};

/** Tell the master, if it is connected; takes the reference. */
void wf_agent_tell(wf_agent_t *agent, json_object *message);

/* agent_tasks.c: what the master says of tasks … */

void wf_agent_on_assign(wf_agent_t *agent, json_object *message);
void wf_agent_on_order(wf_agent_t *agent, json_object *message);
void wf_agent_on_have(wf_agent_t *agent, json_object *message);
void wf_agent_on_done(wf_agent_t *agent, json_object *message);
void wf_agent_on_leave(wf_agent_t *agent, json_object *message);

/* … and what the agent does with them. */

/** Does it wait for nothing but its time? One of the same name that nobody wants any more
 * has to end before. */
int wf_agent_may_start(const wf_agent_t *agent, const wf_agent_task_t *task);
/** Its time has come; it may be gone then. */
void wf_agent_start_task(wf_agent_t *agent, wf_agent_task_t *task);
/** It is to go on elsewhere: look whether it can. */
void wf_agent_leave_task(wf_agent_t *agent, wf_agent_task_t *task, apr_int64_t now_us);
/** Tell how it stands. */
void wf_agent_report_task(wf_agent_t *agent, wf_agent_task_t *task);
/** End it now. One that waits is gone then, one that runs has ended soon. */
void wf_agent_cut_task(wf_agent_t *agent, wf_agent_task_t *task);
/** Its run has ended, or never began. */
void wf_agent_free_task(wf_agent_t *agent, wf_agent_task_t *task);

#endif
