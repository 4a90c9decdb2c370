/* load: workflow documents become immutable plans, plans run as executions of virtual
 * users (VUs). A VU is a state machine on an event loop, never a thread; each loop owns
 * its VUs, connections, timers and counters, and others read a merged copy. Knows no HTTP
 * serving and no store: its owner (engine process or command line) keeps the records. */
#ifndef WF_LOAD_H
#define WF_LOAD_H

#include "metrics/metrics.h"

#include <apr_tables.h>

/* ---- plans ------------------------------------------------------------------------- */

typedef struct wf_plan_t wf_plan_t;

/* What steps can be (load/step.h); the room steps has one. */
typedef struct wf_steps_t wf_steps_t;

/** What a document may draw on beside its own text; a member that is NULL gives nothing. It
 *  is asked while documents are compiled and, from any loop, while plans run, so it has to
 *  outlive both and must not change. */
typedef struct wf_surroundings_t {
    const wf_steps_t *steps; /* the types of its steps */
    const char *directory; /* of files: ${file:…}, rows of data */
    const char *output_directory; /* of files that outputs write; "": anywhere */
    /** ${env:NAME} and ${secret:NAME}: NULL if documents may not see it. */
    const char *(*env)(void *baton, const char *name);
    const char *(*secret)(void *baton, const char *name);
    void *baton;
} wf_surroundings_t;

/** Compile a document, a text or an object (the other is NULL). All faults (path such as
 *  steps[2].config.url, line, column) go into problems; *plan is set only without errors.
 *  The plan lives in p. */
void wf_plan_read(wf_plan_t **plan, const char *yaml, apr_size_t length,
                  json_object *workflow, const wf_surroundings_t *around,
                  wf_problems_t *problems, apr_pool_t *p);

/** The earlier execution that options.baseline wants the run to be compared with: its id, or
 *  the latest completed one of the same workflow; NULL: none. */
#define WF_BASELINE_LATEST "latest"
const char *wf_plan_baseline(const wf_plan_t *plan);
/** Its figures (wf_figures of its report, as text), before the start. Without them there is
 *  nothing to compare with, and the run says so. WF_ERR_INVALID for what are none. */
apr_status_t wf_plan_compare(wf_plan_t *plan, const char *figures, wf_error_t *err);
/** Why the execution that options.baseline names is none to compare with, as a problem of
 *  the document. */
void wf_plan_refuse_baseline(const wf_plan_t *plan, wf_problems_t *problems,
                             const char *why);

const char *wf_plan_id(const wf_plan_t *plan);
const char *wf_plan_name(const wf_plan_t *plan);
const char *wf_plan_description(const wf_plan_t *plan); /* or NULL */
int wf_plan_step_count(const wf_plan_t *plan);
/** The metrics that its runs have; as long as the plan. */
const wf_metric_table_t *wf_plan_metrics(const wf_plan_t *plan);
const char *wf_plan_mode(const wf_plan_t *plan);
apr_int64_t wf_plan_vus(const wf_plan_t *plan); /* these and iterations: of its part */
apr_int64_t wf_plan_duration_ns(const wf_plan_t *plan); /* 0 = not bounded by time */
apr_int64_t wf_plan_iterations(const wf_plan_t *plan);  /* of all VUs; 0 = not bounded */

/** Command line overrides; < 0 or NULL leaves the document's value. Before the start. */
apr_status_t wf_plan_override(wf_plan_t *plan, const char *mode, apr_int64_t vus,
                              apr_int64_t iterations, const char *duration,
                              wf_error_t *err);

/** Run only a part of the plan: that of one of n members, by their weights, all of which are
 *  more than 0. Users, iterations, starts and rows of data are dealt out so that the parts
 *  of all members are the whole; setup and teardown are not divided. Before the start. */
void wf_plan_take_part(wf_plan_t *plan, const apr_int64_t *weights, int n, int mine);

/** One more output than the document has, before the start: a type of them, and its url or
 *  file (NULL: the usual one). A file that exists is replaced. WF_ERR_INVALID says why it is
 *  no output. */
apr_status_t wf_plan_add_output(wf_plan_t *plan, const char *type, const char *url,
                                wf_error_t *err);

/* ---- who runs it ------------------------------------------------------------------- */

typedef enum {
    WF_SELECT_AUTO,       /* all slaves that can */
    WF_SELECT_MANUAL,     /* these */
    WF_SELECT_LABEL,      /* those that have all these labels */
    WF_SELECT_CAPABILITY, /* … capabilities */
    WF_SELECT_LOCAL,      /* none: this server by itself */
    WF_SELECT_MODES
} wf_select_mode_e;

/* Which slaves: labels and capabilities count in every mode but MANUAL. */
typedef struct wf_selector_t {
    wf_select_mode_e mode;
    const apr_array_header_t *ids;          /* MANUAL: of const char *, in that order */
    const apr_table_t *labels;              /* or NULL */
    const apr_array_header_t *capabilities; /* of const char *; or NULL */
    const char *type; /* slaves of this type; NULL: workers, MANUAL: any */
    int min_slaves;   /* 0: 1; not for MANUAL, as the next */
    int max_slaves;   /* 0: any number */
} wf_selector_t;

/* What becomes of a part whose slave is lost. */
typedef enum {
    WF_LOSS_REDISTRIBUTE, /* another one goes on with it */
    WF_LOSS_CONTINUE,     /* the others go on without it */
    WF_LOSS_ABORT,        /* the execution fails */
    WF_LOSS_POLICIES
} wf_loss_e;

/* options.target_slaves, slave_type and on_slave_loss (placement.c). */
typedef struct wf_placement_t {
    int given; /* the document asks for slaves, or for none (LOCAL) */
    wf_selector_t selector;
    wf_loss_e loss;
    int late_joiners; /* slaves that come later take a part, too */
} wf_placement_t;

/** As long as the plan. */
const wf_placement_t *wf_plan_placement(const wf_plan_t *plan);
/** What a server needs to run its steps (http_executor, …), of const char *, in p. */
apr_array_header_t *wf_plan_capabilities(const wf_plan_t *plan, apr_pool_t *p);
/** All that steps of these types may need. */
apr_array_header_t *wf_steps_capabilities(const wf_steps_t *steps, apr_pool_t *p);

/* ---- the load engine --------------------------------------------------------------- */

typedef struct wf_load_t wf_load_t;

typedef enum {
    WF_RUN_PENDING,
    WF_RUN_RUNNING,
    WF_RUN_PAUSED,
    WF_RUN_COMPLETED,
    WF_RUN_FAILED,
    WF_RUN_ABORTED,
    WF_RUN_STATES
} wf_run_status_e;
const char *wf_run_status_name(wf_run_status_e status);
int wf_run_status_final(wf_run_status_e status);

/** Times of a kind of event, milliseconds; all 0 without samples. */
typedef struct wf_run_times_t {
    apr_int64_t count;
    double min, avg, med, max, p90, p95, p99;
} wf_run_times_t;

/** A point of the time series as text for the store (wf_point_encode). */
typedef struct wf_run_change_t {
    apr_int64_t number;
    const char *text;
} wf_run_change_t;

/** What an execution goes on from after a restart: opaque texts and the points of its time
 *  series that the owner does not have yet (wf_load_recorded). Bounded, whatever the run has
 *  done. */
typedef struct wf_run_record_t {
    apr_int64_t sequence; /* rises, over restarts, too: a later one has all of an earlier */
    const char *state, *sheet, *judge;
    const apr_array_header_t *points; /* of wf_run_change_t, by their numbers */
    int all_points;                   /* these are all: any others are gone */
    int generation;                   /* for wf_load_recorded … */
    apr_int64_t last_point;           /* … the same */
    json_object *report;              /* as it is now: the final one at the end */
    const char *variables; /* of a setup task that has ended: what it has left, as a JSON
                              object; else NULL */
} wf_run_record_t;

/** A consistent copy of an execution's state; texts and JSON live in the pool it was made
 *  in (JSON references are released with it). */
typedef struct wf_run_snapshot_t {
    const char *id, *workflow_id;
    wf_run_status_e status;
    double progress;                  /* 0..1 */
    apr_int64_t start_time, end_time; /* ms since 1970; 0 = not yet */
    apr_int64_t elapsed_ms;
    apr_int64_t counted_ms; /* without the warm-up: what rates a second are of */
    apr_int64_t active_vus, vus, iterations; /* vus: configured */
    apr_int64_t http_reqs, http_failed; /* exchanges, of these errors and status >= 400 */
    apr_int64_t data_sent, data_received; /* bytes */
    wf_run_times_t http_req_duration;     /* of the whole run, merged exactly */
    json_object *metrics;                 /* the Metrics object of the API */
    json_object *slave_states;            /* {"local": …} */
    json_object *errors;                  /* array of {code,message,step_id,timestamp} */
    int thresholds_passed, thresholds_failed;
    const wf_run_record_t *record; /* or NULL: of wf_load_snapshot, and of a spread run's
                                      progress now and then */
} wf_run_snapshot_t;

/** Called from an own thread of the load engine for every live execution: when it has
 *  begun, then about once a second, and once more at its end (final status). Must not
 *  block long. */
typedef void wf_run_progress_fn(void *baton, const wf_run_snapshot_t *snapshot);

/** May VUs connect to this address? host is the name in the URL, address the number it
 *  resolved to. Asked on loop threads before every new connection; must be quick. */
typedef int wf_run_permit_fn(void *baton, const char *host, int port,
                             const char *address);

#define WF_LOAD_WORKERS 16

typedef struct wf_load_options_t {
    int loops;                    /* event loop threads; 0 = one per online core */
    int workers;                  /* threads for steps that block; 0: WF_LOAD_WORKERS */
    int max_executions;           /* concurrent, not finished ones */
    int max_vus;                  /* of all executions together */
    wf_run_progress_fn *progress; /* may be NULL */
    void *baton;
    wf_run_permit_fn *permitted;  /* NULL: every target */
    void *permit_baton;
    int max_rate; /* requests, connects and sends a second of one execution; 0 = no limit */
} wf_load_options_t;

/** Start the loops (threads). libcurl must be initialised by the caller's process. */
apr_status_t wf_load_create(wf_load_t **load, const wf_load_options_t *options,
                            apr_pool_t *p, wf_error_t *err);

/** Before wf_load_close, if executions are to go on after a restart: no new iterations, the
 *  running ones have so long to end, then each has a last progress call that is not final.
 *  What still runs then is lost to the record, and begins again after the restart. What is
 *  started from now on is left to the next process: it is accepted and does nothing. */
void wf_load_hold(wf_load_t *load, apr_int64_t timeout_us);

/** Stop every execution that is not on hold (aborted), deliver the last progress calls, end
 *  the threads. Nothing can be started or found any more, but others may still ask. From the
 *  thread that created it. */
void wf_load_close(wf_load_t *load);

/** When nobody asks any more, such as who had the last progress calls; closes it first, if
 *  that was not done. */
void wf_load_destroy(wf_load_t *load);

/** Run a plan under an id. The plan's pool must live until after the final progress call:
 *  the load engine takes plan_pool over and destroys it then (also on failure).
 *  WF_ERR_UNAVAILABLE beyond max_executions or max_vus. */
apr_status_t wf_load_start(wf_load_t *load, wf_plan_t *plan, apr_pool_t *plan_pool,
                           const char *id, wf_error_t *err);

/** What a run goes on from: of one wf_run_record_t and the progress call that brought it. */
typedef struct wf_run_from_t {
    apr_int64_t sequence;
    const char *state, *sheet, *judge;
    const apr_array_header_t *points; /* all of them: of const char *, by their numbers */
    int paused;                       /* its status was that, and stays */
} wf_run_from_t;

/** The same in the middle of a run, with the plan of the same document: what remains of its
 *  time, stages and iterations; setup is not repeated if it was done. One that was stopping
 *  has its teardown and ends. Its errors tell of the restart. Also WF_ERR_INVALID if from is
 *  not such a record. */
apr_status_t wf_load_continue(wf_load_t *load, wf_plan_t *plan, apr_pool_t *plan_pool,
                              const char *id, const wf_run_from_t *from, wf_error_t *err);

/* What a member does of an execution that several servers run together: one phase of its
 * part. What concerns the whole, its thresholds, outputs and baseline, is left to whoever
 * has given it out. */
typedef struct wf_load_task_t {
    const char *phase;          /* "setup", "main" or "teardown" */
    const apr_int64_t *weights; /* of n members, of which it is that of … */
    int n, mine;                /* … this one; of main only (wf_plan_take_part) */
    const char *variables;      /* what setup has left, a JSON object; NULL: no setup */
    const wf_run_from_t
        *from; /* it goes on from there, perhaps elsewhere begun; or NULL */
    wf_run_progress_fn *progress; /* instead of the load engine's */
    void *baton;
} wf_load_task_t;

/** Run a task as an execution of its own, under an id of its own. As wf_load_continue,
 * but nothing is left to the next process: WF_ERR_UNAVAILABLE while this one is ending.
 * Also WF_ERR_INVALID for variables that are none, or a phase that the plan does not
 * have. */
apr_status_t wf_load_start_task(wf_load_t *load, wf_plan_t *plan, apr_pool_t *plan_pool,
                                const char *id, const wf_load_task_t *task,
                                wf_error_t *err);

/* ---- executions that others run ---------------------------------------------------- */

/* Of a spread execution phases, thresholds, outputs, figures and records are here, and
 * its iterations are made elsewhere: by members, each of which has a task. Whoever owns
 * the load engine carries orders to them, and what they tell back. */

typedef enum {
    WF_ORDER_BEGIN, /* a phase: some members have tasks */
    WF_ORDER_STOP,  /* no new iterations; those under way get their graceful stop */
    WF_ORDER_CUT,   /* everything ends now */
    WF_ORDER_PAUSE,
    WF_ORDER_RESUME,
    WF_ORDER_SCALE
} wf_order_e;

/** To all members whose tasks are not over. Valid during the call. */
typedef struct wf_order_t {
    wf_order_e order;
    const char *phase;     /* BEGIN: as in wf_load_task_t … */
    const char *variables; /* … the same; or NULL */
    int n;                /* BEGIN: members, and by member … */
    const apr_int64_t *tasks; /* … the number of its task; 0: it has none */
    int again;            /* BEGIN, after a restart: tasks may be under way already */
    int paused;           /* BEGIN: and they are to be paused */
    const char *scenario; /* SCALE: its name … */
    apr_int64_t vus;      /* … and the users of the whole of it */
} wf_order_t;

/** Called with the load engine's lock: it may take a note, and nothing else. */
typedef void wf_order_fn(void *baton, const char *id, const wf_order_t *order);

typedef struct wf_spread_t {
    int n; /* members, at least 1; after a restart as many as there were */
    const char *const *names;
    const apr_int64_t *weights; /* as in wf_load_task_t */
    wf_order_fn *order;
    void *baton;
} wf_spread_t;

/** As wf_load_start, or wf_load_continue if from is given: of such a record members have
 *  the names that they had. Users are the members' affair: only max_executions limits it.
 *  A member without users has a task if only time ends a scenario, so that it may be scaled;
 *  where users end with their iterations it has none, also after scaling. Progress calls
 *  bring a record now and then, so that those of hundreds of members cost little; whenever a
 *  phase begins, and at the end, they do. */
apr_status_t wf_load_spread(wf_load_t *load, wf_plan_t *plan, apr_pool_t *plan_pool,
                            const char *id, const wf_run_from_t *from,
                            const wf_spread_t *spread, wf_error_t *err);

/** Who the members of a record are: fills in n, names and weights, in p; n is 0 if it is
 * not that of a spread run. WF_ERR_INVALID if it is no record. */
apr_status_t wf_load_members_of(const wf_run_from_t *from, wf_spread_t *spread,
                                apr_pool_t *p, wf_error_t *err);

/** What a member's task tells of itself: of a progress call's record. */
typedef struct wf_member_news_t {
    int member;           /* from 0 */
    apr_int64_t task;     /* its number */
    apr_int64_t sequence; /* of the record */
    apr_int64_t base;     /* the figures are what was added since that one; 0: all */
    const char *figures;  /* wf_sheet_encode, of what wf_sheet_since gave */
    const char *state;
} wf_member_news_t;

/** Count what is new. *have is what is known afterwards of the task, 0 if nothing:
 * figures that come twice, late, or after others were lost change nothing, and their
 * sender has to base the next ones on that. Of a task that is over, or is somebody else's
 * now, *have is -1. WF_ERR_NOT_FOUND for no such execution or member, WF_ERR_INVALID for
 * what is no record, and then nothing is counted. */
apr_status_t wf_load_member_news(wf_load_t *load, const char *id,
                                 const wf_member_news_t *news, apr_int64_t *have,
                                 wf_error_t *err);

/* How a member's clock differs from this machine's, and how far from the agreed instant
 * its task began: microseconds, less than 0 is too early. */
typedef struct wf_member_clock_t {
    apr_int64_t offset_us, error_us; /* theirs is ahead by so much, give or take that */
    apr_int64_t skew_us;
} wf_member_clock_t;

/** A task has begun its main phase: what slave_states show of it. WF_ERR_NOT_FOUND for no
 * such execution or member. */
apr_status_t wf_load_member_began(wf_load_t *load, const char *id, int member,
                                  const wf_member_clock_t *clock, wf_error_t *err);

/** A task has ended, and everything that it had to tell has come. variables: of setup;
 * else NULL. What is said of a task that is over already changes nothing. */
apr_status_t wf_load_member_over(wf_load_t *load, const char *id, int member,
                                 apr_int64_t task, wf_run_status_e status,
                                 const char *variables, wf_error_t *err);

/** A member is lost. What is known of its task counts; with a successor (a name) the part
 *  goes on as a task of that one, whose number is *task, and without one the rest of it is
 *  not done; an execution of which nobody is left has failed. *task is 0 if nobody goes on:
 *  also of an execution that is being stopped. Its errors tell. WF_ERR_CONFLICT if the task
 *  is over. */
apr_status_t wf_load_member_lost(wf_load_t *load, const char *id, int member,
                                 const char *reason, const char *successor,
                                 apr_int64_t *task, wf_error_t *err);

/** A task has ended before its time, so that the part goes on elsewhere: everything that
 * it had to tell has come, its last record is of one that was paused and quiet, and
 * nothing is lost or done twice. *next is the number of the next task, which is
 * successor's; 0 if the execution is being stopped, and the part has ended with it.
 * WF_ERR_CONFLICT if the task is over. */
apr_status_t wf_load_member_moved(wf_load_t *load, const char *id, int member,
                                  apr_int64_t task, const char *successor,
                                  apr_int64_t *next, wf_error_t *err);

/** End an execution as failed, as wf_load_stop ends it: its errors say why. */
apr_status_t wf_load_abort(wf_load_t *load, const char *id, const char *reason,
                           wf_error_t *err);

/** What the next task of a part goes on from, in p. state is NULL if nothing is known: it
 *  begins (and is to be paused then, if paused says so). */
apr_status_t wf_load_member_record(wf_load_t *load, const char *id, int member,
                                   wf_run_from_t *from, apr_pool_t *p, wf_error_t *err);

/** A record is on disk: its points need not be told again. */
void wf_load_recorded(wf_load_t *load, const char *id, const wf_run_record_t *record);

/** Stop: no new iterations, the running ones get their graceful_stop, then are cut; then
 *  comes the teardown. Returns at once. For all commands: WF_ERR_NOT_FOUND if it is not
 *  live here, WF_ERR_CONFLICT if its state does not allow it. */
apr_status_t wf_load_stop(wf_load_t *load, const char *id, wf_error_t *err);

/** The same at once: what is under way is cut, and there is no teardown. */
apr_status_t wf_load_cut(wf_load_t *load, const char *id, wf_error_t *err);

/** No new iterations, and time stands still; running iterations end. And go on. */
apr_status_t wf_load_pause(wf_load_t *load, const char *id, wf_error_t *err);
apr_status_t wf_load_resume(wf_load_t *load, const char *id, wf_error_t *err);
/** Is it paused, and have all iterations ended that were under way? Its record is exact
 *  then. */
int wf_load_is_quiet(wf_load_t *load, const char *id);

/** Give a scenario (NULL: the only one) a new number of VUs. Also WF_ERR_CONFLICT for modes
 *  that cannot, WF_ERR_UNAVAILABLE beyond max_vus. */
apr_status_t wf_load_scale(wf_load_t *load, const char *id, const char *scenario,
                           apr_int64_t vus, wf_error_t *err);

/** Has it begun, and has its last progress call not returned yet? */
int wf_load_is_live(wf_load_t *load, const char *id);
/** The state right now, counted by all loops. WF_ERR_NOT_FOUND: not live here. The second has
 *  a record, too. */
apr_status_t wf_load_snapshot(wf_load_t *load, const char *id,
                              wf_run_snapshot_t *snapshot, apr_pool_t *p,
                              wf_error_t *err);
apr_status_t wf_load_record(wf_load_t *load, const char *id, wf_run_snapshot_t *snapshot,
                            apr_pool_t *p, wf_error_t *err);

#endif
