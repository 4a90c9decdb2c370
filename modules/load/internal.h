/* load, inside: what runs a plan. Lifetimes:
 *
 *   plan       the pool handed to wf_load_start: plan, run, sheets; loops write nothing of
 *              it but the sheet of their own part
 *   part       what a loop has of a run: the shards of its scenarios, a pool for them
 *   strand     a virtual user's line of control; its pool is cleared when its next
 *              iteration begins, and changed for a smaller one within long loops
 */
#ifndef WF_LOAD_INTERNAL_H
#define WF_LOAD_INTERNAL_H

#include "load/plan.h"

#include <pthread.h>

#define WF_VUS_PER_MULTI 64 /* more with connections of their own slow libcurl down */
#define WF_WALK_CREDIT 2000 /* steps that a strand takes before others have their turn */
#define WF_STRAND_TIDY (512 * 1024) /* bytes that a loop may leave behind, roughly */

typedef struct wf_shard_t wf_shard_t;
typedef struct wf_part_t wf_part_t;
typedef struct wf_vu_t wf_vu_t;
typedef struct wf_run_t wf_run_t;

/* ---- loops (loop.c, timers.c) ------------------------------------------------------ */

struct wf_timers_t {
    wf_timer_t **heap;
    int count, capacity;
    int exact; /* so many of them are */
};

/** Fire what was due at now_us when the call began. */
void wf_timers_run(wf_timers_t *timers, apr_int64_t now_us);
/** Microseconds until the next one, -1 without timers. Rounded up to milliseconds unless
 *  some are exact, so that one awakening serves several. */
apr_int64_t wf_timers_wait_us(const wf_timers_t *timers, apr_int64_t now_us);
void wf_timers_free(wf_timers_t *timers);

/** Start a thread that takes no signals: those belong to the process's own threads. */
apr_status_t wf_load_thread(pthread_t *thread, void *(*run)(void *), void *data);

apr_status_t wf_loop_create(wf_loop_t **loop, int index, apr_pool_t *p, wf_error_t *err);
void wf_loop_destroy(wf_loop_t *loop);                     /* ends and joins the thread */
/** A letter of one's own: made, sent, and freed once read. */
void wf_loop_tell(wf_loop_t *loop, void (*read)(wf_loop_t *loop, wf_message_t *message),
                  void *about, apr_int64_t amount, apr_int64_t more);

/* Something that wants the loop in its next turn. In the queue once at most. */
typedef struct wf_turn_t {
    void (*take)(void *baton);
    void *baton;
    struct wf_turn_t *next, **at; /* at: NULL while it is not queued */
} wf_turn_t;

/* On the loop's thread only: */
wf_timers_t *wf_loop_timers(wf_loop_t *loop);
apr_pool_t *wf_loop_pool(wf_loop_t *loop);
void wf_loop_ready(wf_loop_t *loop, wf_turn_t *turn);
void wf_loop_unready(wf_loop_t *loop, wf_turn_t *turn);
void wf_loop_finished(wf_loop_t *loop, wf_shard_t *shard); /* end shard after this turn */
/** How the loop itself fares: the worst lateness of a timer in the last second of the
 *  clock, and the share of it that the thread was busy (0..1). Any thread. */
void wf_loop_strain(wf_loop_t *loop, apr_int64_t *late_us, double *busy);

/* Some virtual users of one shard, or all of a part if they share their connections: one
 * multi handle. */
typedef struct wf_group_t {
    wf_loop_t *loop;
    wf_client_multi_t *multi;
    wf_timer_t timer;
    int users;
} wf_group_t;

apr_status_t wf_group_create(wf_group_t **group, wf_loop_t *loop,
                             wf_client_permit_fn *permitted, void *baton, apr_pool_t *p,
                             wf_error_t *err);
/** One more user. */
void wf_group_join(wf_group_t *group);

/* ---- strands: lines of control (strand.c, names.c) --------------------------------- */

/* What names mean. A type such as ref_workflow puts one of its own on the strand while its
 * block is walked. */
typedef struct wf_locals_t {
    struct wf_locals_t *outer; /* comes back afterwards */
    const struct wf_locals_t *reads; /* its variables are seen, too; or NULL */
    const wf_map_t *initial;         /* shared by all, never written */
    wf_map_t *variables;             /* what was set; hides initial */
    wf_result_t **results;           /* by step index; NULL: not reached */
    wf_result_t *response;           /* of the latest http step */
    const wf_act_t *floor;           /* loops from here upwards are not seen */
} wf_locals_t;

struct wf_strand_t {
    wf_vu_t *vu;
    wf_act_t *top;
    wf_act_t root;
    wf_strand_t *parent; /* that waits for this one, in a parallel step, or NULL; of a
                            spare one the next */
    wf_act_t *parent_act;
    apr_pool_t *pool;
    apr_size_t spent, tidy_at; /* bytes of the pool, roughly: tidied up beyond that */
    const wf_step_t *pre_hook, *post_hook;
    wf_locals_t *locals;
    wf_scope_t scope; /* of expressions and templates */
    wf_client_transfer_t *transfer; /* made on first use, in the shard's pool */
    wf_taken_t *taken; /* to be given back, the latest first */
    int credit;
    int yielded;    /* waits for its turn only */
    wf_turn_t turn;

    /* A break or continue step is on its way to its loop. */
    const wf_step_t *target;
    wf_block_end_e signal;

    /** The root is off; its failure is root.failure, or the pre hook's. */
    void (*ended)(wf_strand_t *strand);
};

/** Prepare a strand; pool and locals come with wf_strand_begin. */
void wf_strand_init(wf_strand_t *strand, wf_vu_t *vu,
                    void (*ended)(wf_strand_t *strand));
/** Walk a block from its first step, with hooks around it or NULL. The pool is cleared. */
void wf_strand_begin(wf_strand_t *strand, const wf_map_t *initial,
                     const wf_block_t *block, const wf_step_t *pre_hook,
                     const wf_step_t *post_hook);
/** Give up at once; ended() is not called. */
void wf_strand_cut(wf_strand_t *strand);
#define WF_LOAD_HOLDERS 1000 /* threads for chores that others may be waiting for */

typedef struct wf_chores_t wf_chores_t;
/** Threads are started when they are needed. 0: the default, WF_LOAD_WORKERS. */
wf_chores_t *wf_chores_create(int workers, apr_pool_t *p);
/** All chores are dropped already; waits for those that are under way. */
void wf_chores_destroy(wf_chores_t *chores);

/* ---- how fast an execution may send requests (pace.c) ---------------------------------- */

/** So many requests a second, 0 = any number. Held by p. */
wf_pace_t *wf_pace_create(int rate, apr_pool_t *p);
/* ---- virtual users (vu.c) ---------------------------------------------------------- */

/* clang-format off */
/*   READY ──begin──▶ BUSY            READY: in the loop's queue
 *     ▲ ▲             │ end          BUSY: its strand is in an iteration
 *     │ └──wake── IDLE ◀┘            IDLE: the executor has nothing for it, or it paces
 *     └───────────────┘              GONE: for good                                        */
/* clang-format on */
typedef enum { WF_VU_READY, WF_VU_BUSY, WF_VU_IDLE, WF_VU_GONE } wf_vu_state_e;

struct wf_vu_t {
    wf_shard_t *shard;
    wf_vu_state_e state;
    apr_int64_t number;      /* within its scenario, from 1 … */
    apr_int64_t place;       /* … and among those of the run, from 1 */
    apr_int64_t iteration;   /* __ITER, from 0; the next one while not BUSY */
    apr_int64_t began_us;    /* when the iteration was meant to begin */
    apr_int64_t intended_us; /* set by an executor that has a schedule; 0: now */
    wf_timer_t timer;        /* pacing; end of a user that is too many */
    int parked;
    wf_group_t *group;
    wf_client_user_t *client; /* cookies and connections; made by the first http step */
    wf_client_stream_t *stream; /* made by the first step that wants it */
    wf_strand_t *talking;       /* whose step waits for it, or NULL … */
    wf_moved_fn *moved;         /* … and what is called then */
    wf_turn_t turn;
    wf_strand_t strand;
    wf_strand_t *spare; /* strands of branches that are not in use */
    wf_data_hold_t *holds; /* by source of the plan's data; NULL: takes none */
    wf_vu_t *next_idle;
};

void wf_vu_init(wf_vu_t *vu, wf_shard_t *shard, apr_int64_t place, wf_group_t *group);
void wf_vu_cut(wf_vu_t *vu);           /* interrupt; it is idle then */
void wf_vu_wake(wf_vu_t *vu);          /* an idle one gets ready */
void wf_vu_leave(wf_vu_t *vu);         /* an idle or ready one is gone */

/* ---- executors: one row and one file per mode (executors.c) ------------------------ */

typedef enum {
    WF_NEXT_GO,   /* begin an iteration */
    WF_NEXT_IDLE, /* not now: wf_vu_wake will say when */
    WF_NEXT_LEAVE /* never again */
} wf_next_e;

struct wf_executor_t {
    const char *mode;

    /** Check and complete what the document says. node may lack members that are set:
     *  the command line's. */
    void (*check)(wf_load_shape_t *shape, const wf_node_t *node, const wf_where_t *path,
                  wf_compile_t *c);

    /** Iterations that a part of the scenario will make; NULL, 0 of the whole: only the time
     *  bounds it. */
    apr_int64_t (*planned)(const wf_load_shape_t *shape, const wf_segment_t *part);
    /** How long it lasts, pauses left out; 0 = until its iterations are made. */
    apr_int64_t (*lasts_ns)(const wf_load_shape_t *shape);
    /** Most virtual users that it has at once, without scaling. */
    apr_int64_t (*vus_max)(const wf_load_shape_t *shape);

    /** On the loop. The scenario begins here: make users, set shard->tick. */
    void (*begin)(wf_shard_t *shard);
    /** May this virtual user begin an iteration? */
    wf_next_e (*next)(wf_shard_t *shard, wf_vu_t *vu);
    /** shard->tick has fired. May be NULL. */
    void (*tick)(wf_shard_t *shard);
    /** A user has ended an iteration; before next() is asked. May be NULL. */
    void (*finished)(wf_shard_t *shard, wf_vu_t *vu);
    /** Time goes on after a pause: set shard->tick anew. May be NULL. */
    void (*resumed)(wf_shard_t *shard);
    /** A new number of users for the whole scenario. NULL: the mode cannot scale. */
    void (*scale)(wf_shard_t *shard, apr_int64_t vus);
    /** More than so many become so many when it is scaled. NULL: only the engine's limit. */
    apr_int64_t (*vus_limit)(const wf_load_shape_t *shape);
    /** What scaling sets does not last, so users for the whole of it stay booked. */
    int scale_passes;
    /** Iterations begin by a schedule: users have no pace of their own. */
    int scheduled;
    /** It goes on without users, until its time is over or somebody stops it. */
    int endures;
};

/** What the document says, or 1 if it bounds neither iterations nor time; 0 = no bound. */
apr_int64_t wf_shape_iterations(const wf_load_shape_t *shape);
/** What the document says, or 1. */
apr_int64_t wf_shape_iterations_or_one(const wf_load_shape_t *shape);
apr_int64_t wf_shape_lasts(const wf_load_shape_t *shape); /* its duration, or 0 */
apr_int64_t wf_shape_vus(const wf_load_shape_t *shape);
/** What its executor plans for a part. */
apr_int64_t wf_shape_planned(const wf_load_shape_t *shape, const wf_segment_t *part);

/* Modes of the closed model, in which users run iterations back to back: which members
 * they read; all users begin at once; what nothing else bounds always goes on. */
void wf_closed_check(wf_load_shape_t *shape, const wf_node_t *node,
                     const wf_where_t *path, wf_compile_t *c);
void wf_closed_begin(wf_shard_t *shard);
wf_next_e wf_closed_next(wf_shard_t *shard, wf_vu_t *vu);

/** How long the stages last together. */
apr_int64_t wf_shape_stages_last(const wf_load_shape_t *shape);
/** There are stages and they last; 0 with a problem. */
int wf_shape_check_stages(const wf_load_shape_t *shape, const wf_node_t *node,
                          const wf_where_t *path, wf_compile_t *c);
/** The users of a ramp at a moment, the stage that it is in and when that ends. */
apr_int64_t wf_ramp_vus(const wf_load_shape_t *shape, apr_int64_t elapsed_us, int *stage,
                        apr_int64_t *until_us);

/* Members that only some modes read. */
#define WF_READS_ITERATIONS 0x001u
#define WF_READS_STAGES 0x002u
#define WF_READS_RAMP 0x004u
#define WF_READS_RATE 0x008u
#define WF_READS_ARRIVALS 0x010u
#define WF_READS_MAX_VUS 0x020u
#define WF_READS_VUS 0x040u
#define WF_READS_DURATION 0x080u
#define WF_READS_PACING 0x100u
#define WF_READS_START_RATE 0x200u
#define WF_READS_LOOPS                                                                   \
    (WF_READS_ITERATIONS | WF_READS_VUS | WF_READS_DURATION | WF_READS_PACING)
/** Warn of members that are given and not read. */
void wf_shape_refuse(const wf_load_shape_t *shape, unsigned reads, const wf_node_t *node,
                     const wf_where_t *path, wf_compile_t *c);

const wf_executor_t *wf_executor_find(const char *mode);
/** All modes, comma separated, for messages. */
const char *wf_executor_names(apr_pool_t *p);
extern const wf_executor_t wf_constant_vus, wf_shared_iterations, wf_per_vu_iterations,
    wf_ramping_vus, wf_constant_arrival_rate, wf_ramping_arrival_rate,
    wf_externally_controlled;

/* ---- shards: the part of a scenario on one loop (shard.c) -------------------------- */

/*   WAITING ──start offset──▶ RUNNING ──deadline or stop──▶ DRAINING ──last user──▶ DONE
 *                                └─────────last user left─────────────────────────▲   */
typedef enum {
    WF_SHARD_WAITING,
    WF_SHARD_RUNNING,
    WF_SHARD_DRAINING,
    WF_SHARD_DONE
} wf_shard_phase_e;

struct wf_shard_t {
    /* set by the run before the start, then only read */
    wf_part_t *part;
    wf_run_t *run;
    wf_loop_t *loop;
    const wf_scenario_t *scenario;
    wf_sheet_t *sheet;    /* the part's, or that of its scenario */
    wf_segment_t segment; /* what the run has of the scenario … */
    int index, stride;    /* … of which this shard has those at index, index + stride … */

    /* the loop's */
    wf_shard_phase_e phase;
    wf_vu_t **vus; /* those made so far */
    int nvus, capacity;
    int live;           /* not GONE */
    int used;           /* it had a user once; atomic */
    int over;           /* it ends after this turn */
    int ended;          /* with the load engine's lock */
    int busy;           /* in an iteration */
    int parked;         /* IDLE, because there are too many or nothing is to be done */
    apr_int64_t target; /* users of the whole scenario that may begin iterations */
    apr_int64_t vus_done;
    apr_int64_t done; /* iterations that have ended, in this process */
    int severed;      /* the whole run is cut: what is under way is not done */
    apr_int64_t credit; /* shared-iterations: claimed, not yet begun */
    wf_group_t *group;  /* for the next user, if users have connections of their own */
    wf_vu_t *idle;      /* list of an executor that starts them itself, latest first */
    int nidle;
    apr_int64_t spare;  /* those and users that may still be made; atomic */
    apr_int64_t scaled; /* users that were asked for before it began, or -1 */
    void *state;        /* the executor's, in the part's pool */
    wf_timer_t tick, deadline, grace, offset;
    apr_int64_t began_us; /* when its scenario began, on the run's clock: before a restart,
                             perhaps */
    int stopped;           /* drained by a stop, not by its own end */
    apr_int64_t kept_us[3]; /* while paused: when its timers are due, on the run's clock */
    wf_shard_t *next_finished;
};

void wf_shard_start(wf_shard_t *shard);
/** No new iterations; what still runs after grace_ns is cut. */
void wf_shard_stop(wf_shard_t *shard, apr_int64_t grace_ns);
void wf_shard_pause(wf_shard_t *shard);
void wf_shard_resume(wf_shard_t *shard);
/** Users may begin iterations: not paused, not draining. */
int wf_shard_open(const wf_shard_t *shard);
/** From now on the scenario has so many users: those that are missing are made, idle ones
 *  begin, those with a higher number end with their iteration. */
void wf_shard_aim(wf_shard_t *shard, apr_int64_t vus);
/** Make users up to that number of the scenario; they come to their first turn. */
void wf_shard_make(wf_shard_t *shard, apr_int64_t vus);
/** Users beyond the target end their iteration within grace_us or are cut. */
void wf_shard_retire(wf_shard_t *shard, apr_int64_t grace_us);
/** One more user than there are, or NULL without memory or beyond the engine's limit. */
wf_vu_t *wf_shard_add(wf_shard_t *shard);
/** Give the scenario another number of users, also before it begins. */
void wf_shard_scale(wf_shard_t *shard, apr_int64_t vus);
/** Microseconds since the scenario began, pauses left out; the time before a restart is in
 *  it, so that schedules go on where they were. */
apr_int64_t wf_shard_elapsed_us(const wf_shard_t *shard);
/** Call tick when the scenario is so old. */
void wf_shard_tick_at(wf_shard_t *shard, apr_int64_t elapsed_us);
/** Nobody will come any more: users leave when they end their iteration. */
void wf_shard_finish(wf_shard_t *shard);
/** Rows of data are used up: users leave when they end their iteration, for which they have
 *  the time that the scenario has. */
void wf_shard_exhaust(wf_shard_t *shard);
void wf_shard_vu_gone(wf_shard_t *shard);
/** End the shard if nobody is left who could do something. */
void wf_shard_settle(wf_shard_t *shard);
void wf_shard_end(wf_shard_t *shard); /* after the turn in which the last user left */

/* What a loop has of a run. */
struct wf_part_t {
    wf_run_t *run;
    wf_loop_t *loop;
    apr_pool_t *pool; /* the loop's, made with the first shard, gone with the last */
    wf_sheet_t *sheet, *warm; /* in the run's pool; read by others through the loop */
    wf_sheet_t **sheets;      /* by scenario, beside them; NULL: nobody asks for that */
    int live;                 /* shards that are not DONE */
    wf_act_t *spare;          /* activations that are not in use */
    wf_group_t *group; /* of users that share their connections, of all shards; or NULL */
    apr_int64_t max_connections; /* to one host, of a user or of that group; 0: any */
    unsigned short seed[3];   /* of its random numbers */
    int paused;
    int warming; /* samples are not counted yet */
    wf_timer_t warmup;
    apr_int64_t warm_until_us; /* on the run's clock */
    apr_int64_t warm_iterations;
    apr_int64_t paused_us; /* when */
    apr_int64_t shift_us;  /* the run's clock stood still for so long */
    apr_int64_t age_us;    /* how old the phase was when it began here: after a restart */
    apr_int64_t origin_us; /* when the phase began on that clock: before a restart, perhaps */
    wf_shard_t *shards;    /* of the current phase of the run */
    int nshards;
    wf_shard_t *coming; /* the same as the run sees them, with the load engine's lock */
    int ncoming;
};

/** Sheets of the scenarios, if the plan has metrics of some alone (submetrics.c); the one
 *  that a scenario counts on; all of them, added up; failures of a rate on all of them. */
void wf_submetrics_sheets(wf_part_t *part, apr_pool_t *p);
wf_sheet_t *wf_submetrics_sheet(const wf_part_t *part, const wf_scenario_t *scenario);
void wf_submetrics_merge(wf_sheet_t *into, const wf_part_t *part);
double wf_submetrics_failed(const wf_part_t *part, int rate);

/** All its shards are DONE: its pool goes. */
void wf_part_end(wf_part_t *part);
/* Letters about a part: start, stop (amount: grace in ns, -1 for each scenario's own; more:
 * 1 from outside), pause, resume, scale (users, scenario), and that a scenario's other
 * shards have ended. */
void wf_part_on_start(wf_loop_t *loop, wf_message_t *message);
void wf_part_on_stop(wf_loop_t *loop, wf_message_t *message);
void wf_part_on_pause(wf_loop_t *loop, wf_message_t *message);
void wf_part_on_resume(wf_loop_t *loop, wf_message_t *message);
void wf_part_on_scale(wf_loop_t *loop, wf_message_t *message);
void wf_part_on_alone(wf_loop_t *loop, wf_message_t *message);

/** Now on the run's clock, which stands still while it is paused. */
apr_int64_t wf_part_now_us(const wf_part_t *part);

/* ---- crews: who does the work of a run (crew_loops.c) ------------------------------ */

typedef struct wf_view_t wf_view_t;

/* Called with the load engine's lock, but for collect, and none of them waits. */
typedef struct wf_crew_t {
    /** Take what it needs from the run's pool. */
    void (*create)(wf_run_t *run);
    /** Begin run->phase, which is that old already: after a restart. Its end is told with
     *  wf_run_phase_over. */
    void (*begin)(wf_run_t *run, apr_int64_t age_us);
    /** No new iterations; those that are under way get their graceful stop. */
    void (*stop)(wf_run_t *run);
    void (*cut)(wf_run_t *run); /* everything ends now */
    void (*pause)(wf_run_t *run);
    void (*resume)(wf_run_t *run);
    /** The run goes on after a restart and is paused; nothing has begun yet. */
    void (*stay)(wf_run_t *run);
    /** A new number of users of the whole scenario. */
    void (*scale)(wf_run_t *run, int scenario, apr_int64_t vus);
    /** Iterations that have failed since the run began here, and those that are not made
     *  because who should have made them is lost. */
    double (*failed)(const wf_run_t *run);
    /** Add what was done to a view. It may wait for answers; the caller holds a reference
     *  of the run. */
    void (*collect)(wf_run_t *run, wf_view_t *view, apr_pool_t *p);
} wf_crew_t;

extern const wf_crew_t wf_crew_loops;   /* the loops of this process */
extern const wf_crew_t wf_crew_members; /* others, of a spread run (members.c) */

/** Before the start, and before wf_members_restore: who they are. The lock is held. */
void wf_members_create(wf_run_t *run, const wf_spread_t *spread);
/** Go on from what wf_members_json gave. The lock is held. */
apr_status_t wf_members_restore(wf_run_t *run, json_object *json, wf_error_t *err);
/** Add their figures. */
void wf_members_merge(const wf_run_t *run, wf_sheet_t *into);
/** {name: {slave_id, status, …}} of all that took part. */
json_object *wf_members_states(const wf_view_t *view);

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

typedef enum { WF_RUN_SETUP, WF_RUN_MAIN, WF_RUN_TEARDOWN, WF_RUN_PHASES } wf_run_phase_e;

/* How the loops and the process fared during a run (generator.c). */
typedef struct wf_strain_t {
    int seconds; /* looked at; of these: */
    int late_seconds, busy_seconds, full_seconds;
    double busy; /* sum of the busiest loop's shares */
    apr_int64_t max_lag_us;
    apr_int64_t looked_us; /* the last time … */
    double cpu;            /* … and what the process had used then */
} wf_strain_t;
typedef struct wf_resumed_t {
    apr_int64_t done;    /* iterations that had ended */
    apr_int64_t vus;     /* as somebody has set it, -1: nobody has */
    apr_int64_t *counts; /* the same of its first users */
    int ncounts;
} wf_resumed_t;

/* What a run goes on from (record.c). Never written once it was read. */
typedef struct wf_resume_t {
    wf_run_phase_e phase;
    apr_int64_t start_ms;   /* of the run */
    apr_int64_t elapsed_us; /* of it, pauses left out */
    apr_int64_t main_us;    /* of the main phase's beginning */
    apr_int64_t recorded_ms, warm_iterations;
    int whole;              /* nothing was under way when it was recorded */
    int stopping, flushing; /* flushing: only outputs were not written */
    wf_run_event_e outcome; /* of one that is stopping */
    const wf_map_t *variables; /* of all iterations, setup's among them; NULL: the plan's */
    apr_int64_t *rows_taken;   /* by source of the plan's data */
    wf_resumed_t *scenarios;
    apr_int64_t vus_active, vus_done; /* then */
    wf_strain_t strain;               /* until then */
    json_object *members;             /* of a spread run, or NULL */
} wf_resume_t;

struct wf_run_t {
    struct wf_load_t *load;
    const wf_crew_t *crew;
    apr_pool_t *pool; /* the plan's */
    const wf_plan_t *plan;
    const char *id;
    wf_run_phase_e first, last;   /* phases: all of the plan, or that of a task */
    wf_run_progress_fn *progress; /* the load engine's or a task's own; may be NULL */
    void *progress_baton;
    wf_part_t *parts; /* of the crew of loops, else none */
    int nparts;
    struct wf_members_t *members; /* of a spread run, or NULL */
    const wf_map_t *initial; /* variables of every iteration; setup adds to the plan's */
    wf_pace_t *pace;         /* of its requests */
    apr_int64_t *claimed;    /* by scenario; shared-iterations: atomic, taken in lots */
    apr_int64_t *rows_taken; /* by source of the plan's data; atomic */
    apr_uint64_t seed;       /* of the order of rows; the same after a restart */
    apr_int64_t *vus;        /* by scenario: how many the whole of it has at most; with the
                                lock */
    apr_int64_t **counts;    /* by scenario: iterations of its first users, each written
                                by its loop alone */
    int *ncounts;            /* WF_RECORD_USERS at most */
    const wf_resume_t *resume; /* what it goes on from, or NULL */
    int *open;               /* by scenario: shards that have not ended; with the lock */
    apr_int64_t planned;     /* iterations, 0 = open */
    apr_int64_t lasts_ns;    /* longest scenario, start offsets included; 0 = open */
    apr_int64_t vus_booked;  /* of the engine's limit */

    /* guarded by the load engine's lock */
    wf_run_phase_e phase;
    wf_run_status_e status;
    apr_int64_t start_ms, end_ms, start_us, end_us;
    apr_int64_t paused_us, shift_us; /* when it was paused, or 0; earlier pauses */
    apr_int64_t warm_from_us, warm_to_us; /* the warm-up, in elapsed time */
    int shards_live;
    int stopping;             /* stop or abort was asked for */
    int cutting;              /* everything ends now, teardown included */
    wf_run_event_e outcome;   /* the event that the end of a stopped run is */
    int broken;               /* it could not be set up */
    int held;                 /* it goes on after a restart: its end is nobody's business */
    apr_int64_t *scaled;      /* by scenario: users that somebody asked for, or -1 */
    apr_int64_t main_us;      /* when its main phase began, on its clock */
    apr_int64_t sequence;     /* of its records */
    const char *abort_reason; /* threshold that ended the run, in pool */
    wf_strain_t strain;
    wf_sheet_t *sheet;        /* what the run itself measures: the gauges of its users */
    wf_judge_t *judge;
    wf_series_t *series;
    int known_generation;     /* of the series: what the owner has */
    apr_int64_t known_point;
    pthread_mutex_t judging; /* of the four; never taken with the lock */
    apr_int64_t judged_us;    /* when abort_on_fail was looked at last */
    int reported; /* progress was told once: its owner knows that it runs */
    apr_int64_t record_us; /* when its next record is due, of a spread run */
    int users;    /* threads that hold a reference */
    wf_feed_t *feed; /* of outputs, or NULL; made before the first phase */
    int flushing;    /* nothing runs any more, outputs are being written */
    int flush_seen;  /* the progress thread knows it */
    int fed_last;    /* the progress thread's: outputs have had all figures */
    wf_run_t *next;
};

/** A reference to a live run, to be given back; NULL if there is none. Takes the lock, as
 *  the second does. */
wf_run_t *wf_run_hold_on(struct wf_load_t *load, const char *id);
void wf_run_let_go(wf_run_t *run);
/** Create the run and its parts; nothing runs yet. */
wf_run_t *wf_run_create(struct wf_load_t *load, wf_plan_t *plan, const char *id,
                        const wf_crew_t *crew, apr_pool_t *p);
/** Is it one phase of a part, for somebody who has the whole? */
int wf_run_is_task(const wf_run_t *run);
/** What is known of its members, for a record; the caller owns the reference. NULL if the
 *  run is in another phase by now: then nothing of it is a record. */
json_object *wf_members_json(const wf_run_t *run, wf_run_phase_e phase, apr_pool_t *p);
/** A pool for what fills on a thread or with a lock of its own; gone with the run's. */
apr_pool_t *wf_run_pool(wf_run_t *run, const char *tag);
/** How long it has lasted, pauses left out. The load engine's lock is held. */
apr_int64_t wf_run_elapsed_us(const wf_run_t *run);
/** How much of such a time was warm-up. The lock is held. */
apr_int64_t wf_run_warm_us(const wf_run_t *run, apr_int64_t elapsed_us);
/** Before the start: it goes on from there. The lock is held, for the pool. */
apr_status_t wf_run_restore(wf_run_t *run, const wf_run_from_t *from, wf_error_t *err);
/** The one function that changes a run's status. The load engine's lock is held. 0:
 *  refused. */
int wf_run_transit(wf_run_t *run, wf_run_event_e event);
/** Leave of a plan what belongs to a task. Before wf_run_create. */
apr_status_t wf_plan_take_task(wf_plan_t *plan, const wf_load_task_t *task,
                               wf_error_t *err);
/** Before the start and wf_run_restore: it is a task. The lock is held, for the pool. */
apr_status_t wf_run_take_task(wf_run_t *run, const wf_load_task_t *task, wf_error_t *err);
/** Begin with the first phase, or where it was. The lock is held. */
void wf_run_start(wf_run_t *run, int paused);
/** The process is about to end, but the run is not: it stands still. The lock is held. */
void wf_run_hold(wf_run_t *run);
/** The last iteration of a paused shard has ended (on its loop). */
void wf_run_calmed(wf_run_t *run);
/** 1 if iterations are under way. As wf_run_snapshot. */
int wf_run_is_busy(wf_run_t *run, apr_pool_t *p);
/** Tell all loops to stop; the run will end by outcome (STOP or FAIL). The lock is held.
 *  0: it has ended or is stopping already. */
int wf_run_stop(wf_run_t *run, wf_run_event_e outcome);
/** End it as failed because of what the text says. Takes the lock. */
void wf_run_abort(wf_run_t *run, const char *reason);
/** It has ended as outcome says, and everything about it is written. The lock is held. */
void wf_run_over(wf_run_t *run);
/** Pause, resume; the lock is held. 0: its status does not allow it. */
int wf_run_pause(wf_run_t *run);
int wf_run_resume(wf_run_t *run);
/** Set the number of users of a scenario, which may have at_most from now on. The lock is
 *  held. */
void wf_run_scale(wf_run_t *run, const wf_scenario_t *scenario, apr_int64_t vus,
                  apr_int64_t at_most);
/** Cut every running iteration, also while stopping. The lock is held. */
void wf_run_cut(wf_run_t *run);
/** The crew has done all of its phase: the next one begins, or the run ends. The lock is
 *  held; the run may be gone once it is not. */
void wf_run_phase_over(wf_run_t *run);
/** A shard has ended (on its loop). The run may be gone afterwards. */
void wf_run_shard_ended(wf_run_t *run, wf_shard_t *shard);
/** The one iteration of setup or teardown has ended (on its loop). */
void wf_run_single_ended(wf_run_t *run, wf_strand_t *strand, int failed);
/** It was cut instead, for its time was over or the run is to end now. */
void wf_run_single_cut(wf_run_t *run, const wf_scenario_t *scenario);
/** Ask all loops and render, also its record if with_record. The caller holds a reference,
 *  not the lock. */
void wf_run_snapshot(wf_run_t *run, wf_run_snapshot_t *snapshot, int with_record,
                     apr_pool_t *p);
/** The same from the progress thread, which also samples the gauges and ends the run for
 *  an abort_on_fail threshold. */
void wf_run_tick(wf_run_t *run, wf_run_snapshot_t *snapshot, apr_pool_t *p);

/* ---- the whole run at one instant (view.c, report.c) ------------------------------- */

struct wf_view_t {
    const wf_run_t *run;
    const wf_plan_t *plan;
    wf_sheet_t *sheet; /* of the run and its crew */
    wf_sheet_t *own;   /* of a spread run: without its members; else NULL */
    const char *execution_id;
    wf_run_status_e status;
    apr_int64_t elapsed_us; /* pauses left out */
    apr_int64_t main_elapsed_us; /* of these, since the scenarios began */
    apr_int64_t warm_us;    /* of these, before samples were counted */
    apr_int64_t vus_active, vus_done, vus_shown; /* shown: active, then configured */
    apr_int64_t iterations; /* finished, those of the warm-up included */
    double progress;
    wf_verdict_t *verdicts; /* by threshold */
    json_object *comparison; /* with the baseline, or NULL */
    double regression;       /* percent that its worst figure is worse */
    wf_strain_t strain;
    const char *strained; /* of a spread run: which member that is, or NULL */
    double missed; /* starts of a schedule that found no user */
    double missing;         /* of a spread run: iterations that nobody makes */
    int flushing, cutting;  /* of the run when it was looked at */
    apr_int64_t *done;      /* by scenario: iterations that have ended; restarts included */
    int busy;               /* iterations that are under way */
    struct {                /* for a record. What is from before the loops were asked: */
        wf_run_phase_e phase;
        int stopping, held;
        wf_run_event_e outcome;
        apr_int64_t main_us;
        const wf_map_t *initial;
        apr_int64_t *scaled, *rows_taken;
        apr_int64_t **counts; /* and of the same instant as the loops' figures */
    } then;
    apr_int64_t sequence;   /* of the look: later ones have seen what earlier ones have */
};

/** Look how the run's loops fare; once a second, on the progress thread. */
void wf_run_strain(wf_run_t *run);
/** What that came to: {limited, reasons, max_lag, busy, dropped_iterations}, of a spread run
 *  with slave_id, the member that fares worst; the reasons as
 *  warnings; and an error entry of a run that has ended and was limited. */
json_object *wf_generator_json(const wf_view_t *view, apr_pool_t *p);
json_object *wf_generator_warnings(const wf_view_t *view, apr_pool_t *p);
void wf_generator_note(wf_view_t *view, apr_pool_t *p);
/** {name: {type, contains, values}} of all metrics that belong to no step, as k6's summary
 *  has them. The caller owns the reference, as of all of these. */
json_object *wf_summary_metrics(const wf_view_t *view);
/** {"200": 17, …} of a tally. */
json_object *wf_summary_tally(const wf_sheet_t *sheet, int tally, apr_pool_t *p);
/** The final report, without the time series; snapshot is rendered already. */
json_object *wf_summary_report(const wf_run_snapshot_t *snapshot, const wf_view_t *view,
                               apr_pool_t *p);

/** [{step_id, name, passes, fails, rate}] of all checks, in the order of the steps. */
json_object *wf_summary_checks(const wf_view_t *view, apr_pool_t *p);
/** {metrics, step_details} of a report, for a comparison. */
json_object *wf_summary_figures(const wf_view_t *view, apr_pool_t *p);
/** Compare a view with the plan's baseline (baseline.c). */
void wf_view_compare(wf_view_t *view, apr_pool_t *p);
/** How much worse it may be, as a threshold: NULL if nobody has said. */
json_object *wf_baseline_threshold(const wf_view_t *view, int *passed, apr_pool_t *p);
/** Warn if there is nothing to compare with. */
void wf_baseline_warn(const wf_view_t *view, json_object *warnings);

/** Render a view. */
void wf_report(wf_run_snapshot_t *snapshot, const wf_view_t *view, apr_pool_t *p);

/* ---- outputs (outputs.c) ----------------------------------------------------------- */

/** Begin to feed the plan's outputs. The lock is held. */
void wf_run_open_outputs(wf_run_t *run);
/** The last shard has ended: the run is over when its outputs are written. 0: it has none.
 *  The lock is held. */
int wf_run_flush(wf_run_t *run, wf_run_event_e outcome);
/** Give a view to the outputs. On the progress thread. */
void wf_run_feed(wf_run_t *run, const wf_view_t *view);
/** What went wrong with them, as errors on the view's sheet. */
void wf_view_output_failures(wf_view_t *view, apr_pool_t *p);

/* ---- records: what a run goes on from after a restart (record.c) --------------------- */

#define WF_RECORD_USERS 1000 /* of a scenario, whose iterations are known one by one; what
                                the others have done is spread evenly over them */
#define WF_RECORD_VARIABLES (256 * 1024) /* bytes; beyond that setup is repeated */

/** Phases by their names in records and tasks; -1 for what is none. */
int wf_run_phase_find(const char *name);
/** The record of a view, in p. */
wf_run_record_t *wf_record_make(wf_run_t *run, const wf_view_t *view,
                                const wf_run_snapshot_t *snapshot, apr_pool_t *p);
/** Read the state of a record. WF_ERR_INVALID for what is none. */
apr_status_t wf_record_read(wf_resume_t **resume, const wf_plan_t *plan, const char *state,
                            apr_pool_t *p, wf_error_t *err);
/** How many iterations the user at a place had made before the restart. */
apr_int64_t wf_resume_iterations(const wf_run_t *run, int scenario, apr_int64_t place);

/* ---- the load engine (load.c) ------------------------------------------------------ */

struct wf_load_t {
    apr_pool_t *pool;
    wf_load_options_t options;
    wf_loop_t **loops;
    int nloops;
    wf_chores_t *chores;
    wf_chores_t *holders; /* of wf_chore_hold_up_none */
    pthread_t progress_thread;

    /* lock: taken by any thread for short times, never while a loop is waited for */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a run ended, a reference was given back, closing */
    wf_run_t *runs;         /* until their final progress call */
    int nruns;              /* those that have not ended */
    apr_int64_t vus;        /* booked by all that have not ended */
    unsigned sequence;      /* spreads small runs over the loops */
    int holding; /* nothing begins any more: what is started is left to the next process */
    int closing;
    int telling; /* a progress call is wanted now, of all */
    unsigned calmed; /* so often, somewhere, the last iteration of a pause or phase ended */
};

#endif
