/* load, inside: what runs a plan. Lifetimes:
 *
 *   plan       the pool handed to wf_load_start: plan, run, metrics; loops write nothing
 *              of it but the metrics of their own shard
 *   shard      on the loop that owns it: virtual users, connections, timers
 *   iteration  of a virtual user, cleared when its next iteration begins
 */
#ifndef WF_LOAD_INTERNAL_H
#define WF_LOAD_INTERNAL_H

#include "load/metrics.h"

#include <apr_strings.h>
#include <pthread.h>

#define WF_VUS_PER_MULTI 64 /* more on one multi handle slow libcurl down */

typedef struct wf_shard_t wf_shard_t;
typedef struct wf_run_t wf_run_t;
typedef struct wf_loop_t wf_loop_t;

/* ---- executors: one row and one file per mode (executors.c) ------------------------ */

struct wf_executor_t {
    const char *mode;
    const char *later; /* NULL, or why it is refused */

    /** Iterations that the whole run will make; 0 = only the time bounds it. */
    apr_int64_t (*planned)(const wf_options_t *options);

    /** On the loop: may this virtual user begin another iteration? */
    int (*next)(wf_shard_t *shard, wf_vu_t *vu);
};

/** What the document says, or 1 if it bounds neither iterations nor time; 0 = no bound.
 */
apr_int64_t wf_options_iterations(const wf_options_t *options);

const wf_executor_t *wf_executor_find(const char *mode);
extern const wf_executor_t wf_constant_vus, wf_shared_iterations;

/* ---- loops (loop.c, timers.c) ------------------------------------------------------ */

typedef struct wf_timer_t {
    apr_int64_t due_us;
    int slot; /* in the heap, -1: not set */
    void (*fire)(void *baton);
    void *baton;
} wf_timer_t;

typedef struct wf_timers_t {
    wf_timer_t **heap;
    int count, capacity;
} wf_timers_t;

void wf_timer_init(wf_timer_t *timer, void (*fire)(void *baton), void *baton);
void wf_timer_set(wf_timers_t *timers, wf_timer_t *timer, apr_int64_t due_us);
void wf_timer_cancel(wf_timers_t *timers, wf_timer_t *timer);
/** Fire what was due at now_us when the call began. */
void wf_timers_run(wf_timers_t *timers, apr_int64_t now_us);
/** Milliseconds until the next one, rounded up; -1 without timers. */
int wf_timers_wait_ms(const wf_timers_t *timers, apr_int64_t now_us);
void wf_timers_free(wf_timers_t *timers);

typedef enum { WF_MSG_START, WF_MSG_STOP, WF_MSG_COLLECT, WF_MSG_QUIT, WF_MSGS } wf_msg_e;

/* A letter to a loop. Embedded in what it is about, so sending never allocates; the
 * sender leaves it alone until it was read. */
typedef struct wf_message_t {
    wf_msg_e type;
    void *about; /* shard, collect or NULL */
    apr_int64_t amount;
    struct wf_message_t *next;
} wf_message_t;

/** Start a thread that takes no signals: those belong to the process's own threads. */
apr_status_t wf_load_thread(pthread_t *thread, void *(*run)(void *), void *data);

apr_status_t wf_loop_create(wf_loop_t **loop, int index, apr_pool_t *p, wf_error_t *err);
void wf_loop_destroy(wf_loop_t *loop);                     /* ends and joins the thread */
void wf_loop_send(wf_loop_t *loop, wf_message_t *message); /* any thread */

/* On the loop's thread only: */
wf_timers_t *wf_loop_timers(wf_loop_t *loop);
apr_pool_t *wf_loop_pool(wf_loop_t *loop);
void wf_loop_ready(wf_loop_t *loop, wf_vu_t *vu);          /* run vu in the next turn */
void wf_loop_finished(wf_loop_t *loop, wf_shard_t *shard); /* end shard after this turn */

/* Some virtual users of one shard and their connections: one multi handle. */
typedef struct wf_group_t {
    wf_loop_t *loop;
    wf_client_multi_t *multi;
    wf_timer_t timer;
} wf_group_t;

apr_status_t wf_group_create(wf_group_t **group, wf_loop_t *loop,
                             wf_client_permit_fn *permitted, void *baton, apr_pool_t *p,
                             wf_error_t *err);

/* ---- virtual users (vu.c) ---------------------------------------------------------- */

/* clang-format off */
/*   IDLE ──begin──▶ STEPPING ◀──done── WAITING       IDLE: in the ready queue
 *     ▲               │  └────start──────▲           WAITING: a step will call back
 *     └──end──────────┘                              GONE: retired or cut, for good
 *   IDLE, WAITING ──▶ GONE                                                               */
/* clang-format on */
typedef enum { WF_VU_IDLE, WF_VU_STEPPING, WF_VU_WAITING, WF_VU_GONE } wf_vu_state_e;

struct wf_vu_t {
    wf_shard_t *shard;
    wf_vu_state_e state;
    apr_int64_t number;       /* __VU, from 1 */
    apr_int64_t iteration;    /* __ITER, from 0; the next one while IDLE */
    apr_int64_t iteration_us; /* when it began */
    int step;                 /* index of the current step */
    int failed;               /* the iteration met an error that aborts */
    apr_pool_t *pool;         /* the iteration's, made on first use */
    wf_group_t *group;
    wf_client_transfer_t *transfer; /* made on first use */
    wf_result_t *results;           /* one per step */
    wf_result_t *response;          /* of the latest http step of this iteration */
    wf_scope_t scope;
    wf_vu_t *next_ready;
};

void wf_vu_turn(wf_vu_t *vu);          /* from the ready queue */
void wf_vu_step_done(wf_vu_t *vu);     /* a waiting step has filled its result */
void wf_vu_cut(wf_vu_t *vu);           /* interrupt and retire */
const char *wf_vu_uuid(apr_pool_t *p); /* ${__uuid}: random, RFC 9562 version 4 */
apr_pool_t *wf_vu_pool(wf_vu_t *vu);

/* ---- shards: the part of a run on one loop (shard.c) ------------------------------- */

typedef enum { WF_SHARD_RUNNING, WF_SHARD_DRAINING, WF_SHARD_DONE } wf_shard_phase_e;

struct wf_shard_t {
    /* set by the run before the start, then only read */
    wf_run_t *run;
    wf_loop_t *loop;
    apr_int64_t first_vu, stride; /* its users are first_vu, first_vu + stride … */
    int nvus;
    wf_message_t start_msg, stop_msg, cut_msg; /* each is sent once at most */

    /* the loop's */
    wf_metrics_t *metrics; /* in the run's pool; read by others after DONE */
    wf_shard_phase_e phase;
    apr_pool_t *pool;
    wf_vu_t *vus;
    int live;           /* virtual users that are not GONE */
    apr_int64_t credit; /* shared-iterations: claimed, not yet begun */
    wf_timer_t deadline, grace;
    int stopped; /* drained by a stop, not by its own end */
    wf_shard_t *next_finished;
};

void wf_shard_start(wf_shard_t *shard);
/** No new iterations; what still runs after grace_ns is cut. */
void wf_shard_stop(wf_shard_t *shard, apr_int64_t grace_ns);
void wf_shard_vu_gone(wf_shard_t *shard);
void wf_shard_end(wf_shard_t *shard); /* after the turn in which the last VU left */

/* ---- runs (run.c, status.c) -------------------------------------------------------- */

typedef enum {
    WF_EV_START,
    WF_EV_PAUSE,
    WF_EV_RESUME,
    WF_EV_FINISH,
    WF_EV_FAIL,
    WF_EV_STOP,
    WF_EVS
} wf_run_event_e;

/** The state that an event leads to, or -1 if the state does not allow it. */
int wf_run_next_status(wf_run_status_e from, wf_run_event_e event);

struct wf_run_t {
    struct wf_load_t *load;
    apr_pool_t *pool; /* the plan's */
    const wf_plan_t *plan;
    const char *id;
    wf_shard_t *shards;
    int nshards;
    apr_int64_t planned; /* iterations, 0 = open */
    apr_int64_t claimed; /* shared-iterations: atomic, taken in lots by loops */

    /* guarded by the load engine's lock */
    wf_run_status_e status;
    apr_int64_t start_ms, end_ms, start_us, end_us;
    int shards_live;
    int stopping;             /* stop or abort was asked for */
    wf_run_event_e outcome;   /* the event that the end of a stopped run is */
    int broken;               /* a shard could not run */
    const char *abort_reason; /* threshold that ended the run, in pool */
    apr_int64_t vus_min, vus_max, vus_sum, vus_samples;
    apr_int64_t judged_us; /* when abort_on_fail was looked at last */
    int reported;          /* progress was told once: its owner knows that it runs */
    int users;             /* threads that hold a reference */
    wf_run_t *next;
};

/** Create the run and its shards; nothing runs yet. */
wf_run_t *wf_run_create(struct wf_load_t *load, wf_plan_t *plan, const char *id,
                        apr_pool_t *p);
/** The one function that changes a run's status. The load engine's lock is held. 0:
 *  refused. */
int wf_run_transit(wf_run_t *run, wf_run_event_e event);
/** Send the start to all loops. The lock is held. */
void wf_run_start(wf_run_t *run);
/** Send the stop to all loops; the run will end by outcome (STOP or FAIL). The lock is
 *  held. 0: it has ended or is stopping already. */
int wf_run_stop(wf_run_t *run, wf_run_event_e outcome, apr_int64_t grace_ns);
/** Cut every running iteration, also while stopping. Once. The lock is held. */
void wf_run_cut(wf_run_t *run);
/** A shard has ended, or cannot run at all (on its loop). The run may be gone afterwards.
 */
void wf_run_shard_ended(wf_run_t *run, int broken);
/** Ask all loops and render. The caller holds a reference, not the lock. */
void wf_run_snapshot(wf_run_t *run, wf_run_snapshot_t *snapshot, apr_pool_t *p);
/** The same from the progress thread, which also samples the gauges and ends the run for
 *  an abort_on_fail threshold. */
void wf_run_tick(wf_run_t *run, wf_run_snapshot_t *snapshot, apr_pool_t *p);

/* A question to all loops: add your counters to total. */
typedef struct wf_collect_t wf_collect_t;
void wf_collect_answer(wf_collect_t *collect, int index);

/* ---- the load engine (load.c) ------------------------------------------------------ */

struct wf_load_t {
    apr_pool_t *pool;
    wf_load_options_t options;
    wf_loop_t **loops;
    int nloops;
    pthread_t progress_thread;

    /* lock: taken by any thread for short times, never while a loop is waited for */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a run ended, a reference was given back, closing */
    wf_run_t *runs;         /* until their final progress call */
    int nruns;              /* those that have not ended */
    apr_int64_t vus;        /* configured, of all that have not ended */
    unsigned sequence;      /* spreads small runs over the loops */
    int closing;
};

#endif
