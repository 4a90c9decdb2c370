/* Inside the engine process: what its files share. Nobody else includes this.
 *
 * A command's way, with the thread that runs each step:
 *   ipc loop       wf_executor_submit: refuse if late or too many wait
 *   executor       gate (commands on one process instance queue up), handler, unit of work
 *   committer      many units in one transaction, one sync
 *   committer      after(), reply, lane given to the next
 * A work that changed nothing is answered by the executor thread itself. */
#ifndef WF_ENGINE_INTERNAL_H
#define WF_ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "bpmn/bpmn.h"
#include "client/client.h"
#include "cluster/cluster.h"
#include "ipc/ipc.h"
#include "load/load.h"
#include "store/store.h"
#include "stream/stream.h"

typedef struct wf_executor_t wf_executor_t;
typedef struct wf_gate_t wf_gate_t;
typedef struct wf_committer_t wf_committer_t;
typedef struct wf_jobs_t wf_jobs_t;
typedef struct wf_cleaner_t wf_cleaner_t;
typedef struct wf_running_t wf_running_t;
typedef struct wf_polls_t wf_polls_t;
typedef struct wf_work_t wf_work_t;
typedef struct wf_live_t wf_live_t;
typedef struct wf_cluster_t wf_cluster_t;
typedef struct wf_backups_t wf_backups_t;
typedef struct wf_keys_t wf_keys_t;

/** The engine process: wired in process.c, read by everybody. */
typedef struct wf_engine_t {
    apr_pool_t *pool;
    wf_engine_config_t config;  /* members marked (start): fixed */
    const char *node;           /* lock owner of this engine's jobs */
    apr_int64_t started;        /* ms */
    wf_store_t *writer;         /* the committer's after start-up */
    apr_int64_t store_made;     /* ms; tells its jobs from those of other stores */
    wf_ids_t *ids;
    wf_models_t *models;
    wf_executor_t *executor;
    wf_committer_t *committer;
    wf_jobs_t *jobs;
    wf_cleaner_t *cleaner;
    wf_backups_t *backups;
    wf_running_t *running;
    wf_polls_t *polls;
    wf_keys_t *keys_taken; /* idempotency.c: requests on their way */
    wf_load_t *load;
    const wf_surroundings_t *around; /* surroundings.c: what documents may draw on */
    wf_targets_t *load_targets;      /* what executions may connect to */
    wf_live_t *live;
    wf_streams_t *streams;
    wf_cluster_t *cluster; /* never NULL */
    wf_ipc_server_t *server;
    int stopping;               /* atomic: no new work */
    /* Reloaded by SIGHUP, read with __atomic_load_n. */
    int queue_limit, job_executor, max_steps, max_rounds;
    int max_running, max_variables; /* of a definition; of an execution or task */
    apr_int64_t max_value;          /* bytes */
    int archive_entries, archive_ratio;
    apr_int64_t archive_size;
    int job_lease, job_retry_wait; /* seconds */
    int job_retries;
    int history, history_days;     /* wf_history_e; 0 = for ever */
    int executions_kept;        /* of those that are over; -1 = all */
    apr_int64_t executions_age; /* seconds; 0 = for ever */
    int answers_kept;           /* of requests with an Idempotency-Key, at most … */
    apr_int64_t answers_age;    /* … and so long, in ms */
    int long_poll_limit;        /* fetches of external tasks that wait at once */
    int max_api_keys;           /* active ones */
    apr_int64_t min_free_disk, max_store_size; /* bytes; 0 = no limit */
    const char *admin_group, *role_type;
    const wf_targets_t *targets;   /* outgoing.c: what processes may connect to */
    const wf_mail_server_t *mail;  /* NULL = none is configured */
    const char *targets_text;      /* for comparison, at a reload */
    const wf_delegates_t *delegates; /* services.c: who does what classes and beans did */
    const char *delegates_text;
    int http_task, shell_task, delegate_timeout, script_timeout;
    apr_int64_t delegate_max_answer, script_memory;
    apr_uint64_t keys;          /* atomic: given to commands so far, services.c */
    int space;                  /* atomic: space.c's, how it was when it last looked */
    int breaks_off;             /* atomic: outgoing calls that still run are to end now */
} wf_engine_t;

/* ---- work: one command or job on its way ------------------------------------------------------- */

/* How often a work is begun that meets conflicts: at its commit, where only somebody else's
 * progress is in its way, and in all if it finds them by itself. */
#define WF_WORK_TRIES 20
#define WF_WORK_REFUSALS 5
/* After so many tries, one of which has met a conflict at its commit, it is tried alone: no
 * other unit of this engine is committed from before its first read until its own commit, so
 * what it has read is what its commit finds. Waiting outside ends that. */
#define WF_WORK_LOSSES 3

/* How often it is tried to record that a work has failed. */
#define WF_WORK_RECORDS 2

/** Run on an executor thread with work->uow and work->reader set. On success the unit is
 *  committed, then work->reply is sent. */
typedef apr_status_t wf_work_fn(wf_work_t *work, wf_error_t *err);

/** What must not run at the same time. All zero = anything may. */
typedef struct wf_lane_t {
    enum {
        WF_LANE_NONE,
        WF_LANE_INSTANCE, /* the one at the top of a chain of calls */
        WF_LANE_TASK, /* the topmost of tasks without a process; an attachment */
        WF_LANE_JOB,  /* one that is not exclusive in its instance */
        WF_LANE_DEPLOYMENTS,
        WF_LANE_IDENTITY,
        WF_LANE_PNG,
        WF_LANE_RUN
    } kind;
    wf_id_t id;
} wf_lane_t;

struct wf_work_t {
    wf_engine_t *engine;
    apr_pool_t *pool;            /* one thread at a time */
    wf_ipc_request_t *request;   /* NULL for the engine's own work */
    apr_int64_t deadline;        /* wf_mono_us; 0 = none */
    apr_int64_t came_us;         /* wf_mono_us; of a request */
    const char *user;
    json_object *args;           /* NULL for the engine's own work */

    apr_status_t (*find_lane)(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
    wf_work_fn *run;
    /** Set by run if a conflict is not the caller's fault: run is begun again, up to
     *  WF_WORK_TRIES times in all (WF_WORK_REFUSALS if run itself failed by it), in a fresh
     *  unit of work and still on the lane. */
    int tries_again;
    int grows; /* it begins something that stays: refused without room */
    int tries;                   /* how often run was begun */
    int refusals;                /* how often it failed */
    int yields;                  /* set by run: it would rather fail than be tried alone */
    int alone;                   /* it is tried alone now, or waits for that */
    int too_slow;                /* it was, and others had to wait: not once more */
    int in_background;           /* a job of the job executor: its threads are bounded */
    /** When run or its commit has failed for good: record that, in a fresh unit of work and
     *  still on the lane. `failure` stays the outcome, which goes out when the record is
     *  durable. Set by run; may be NULL. */
    wf_work_fn *failed;
    wf_error_t *failure;         /* while failed runs, and after it has recorded */
    int unwritten;               /* the store could not take its unit: nobody's fault, and
                                    nothing to be recorded */
    int records;                 /* how often failed was begun, WF_WORK_RECORDS at most: if it
                                    or its commit fails, it is begun again */
    /** After the commit, on the committer's thread; short. May be NULL. May still fail the
     *  command by setting work->err. */
    void (*after)(wf_work_t *work);
    /** Instead of after, when the unit could not be committed. May be NULL. */
    void (*dropped)(wf_work_t *work);
    /** For the engine's own work: how it ended, in place of a reply. err->kind says it. */
    void (*done)(wf_work_t *work, const wf_error_t *err);
    void *baton;                 /* run's and the hooks' */

    const char *key;             /* the same whenever it is begun; NULL until asked for */
    const wf_once_t *once;       /* its request has an Idempotency-Key, which is taken until
                                    the answer; NULL = none */
    const char *once_id;         /* of its row */
    wf_id_t once_seq;
    int repeated;                /* the reply is that of an earlier one: nothing was done */
    wf_store_t *reader;          /* while it runs */
    wf_uow_t *uow;
    json_object *reply;          /* {} if NULL; released with pool */
    const void *blob;            /* bytes beside the reply, in pool; NULL = none */
    apr_size_t blob_length;
    int reads;                   /* the unit is never written, whatever is in it */
    wf_error_t err;
    wf_lane_t lane;
    int lane_held;
    wf_work_t *next;             /* in a queue of the gate's or the committer's */
};

/** A work of the engine's own, in a pool of its own that goes after done(). */
wf_work_t *wf_work_create(wf_engine_t *engine, const char *tag);

/** work is about to wait for something other than the processor or the store. baton is the
 *  work; on its thread, while it runs. */
void wf_work_waits_outside(void *baton);

/* ---- gate ---------------------------------------------------------------------------------------- */

/* Which works may run now; any thread. A work that may not is parked in the gate: hands off.
 * Works that are given get a thread of the executor as soon as one is free. */

wf_gate_t *wf_gate_create(int threads, apr_pool_t *p);

/** 1 if work may have a thread, 0 if it is parked. */
int wf_gate_admit(wf_gate_t *gate, wf_work_t *work);
/** An admitted work needs its thread no longer, until it is admitted again. Who may have one
 *  instead, or NULL. */
wf_work_t *wf_gate_leave_thread(wf_gate_t *gate, int in_background);

/** 1 if work holds work->lane now, 0 if it is parked. */
int wf_gate_enter_lane(wf_gate_t *gate, wf_work_t *work);
/** work is over. Who has its lane now, admitted; NULL if nobody has. */
wf_work_t *wf_gate_leave_lane(wf_gate_t *gate, wf_work_t *work);

/** 1 if it is work's turn to be alone, 0 if it is parked. */
int wf_gate_ask_alone(wf_gate_t *gate, wf_work_t *work);
/** That is over. Whose turn it is now, not yet admitted, or NULL. */
wf_work_t *wf_gate_end_alone(wf_gate_t *gate, wf_work_t *work);

/* ---- executor ------------------------------------------------------------------------------------- */

apr_status_t wf_executor_create(wf_executor_t **executor, wf_engine_t *engine,
                                wf_error_t *err);
/** Hand over a work; any thread. It is answered in any case. */
void wf_executor_submit(wf_executor_t *executor, wf_work_t *work);
/** Hand over a work whose unit is complete: it needs no thread, only the committer. Without
 *  a lane; any thread. */
void wf_executor_commit(wf_executor_t *executor, wf_work_t *work);
/** The same for a thread of its own (none of the executor's, nor the committer's), which
 *  waits until the unit is on disk, or gets why it is not. Sets work's baton and done. */
apr_status_t wf_executor_commit_and_wait(wf_executor_t *executor, wf_work_t *work,
                                         wf_error_t *err);
/** The committer is through with a work: hooks, reply, lane. */
void wf_executor_finish(wf_executor_t *executor, wf_work_t *work);
/** Works that wait or run. */
int wf_executor_pending(wf_executor_t *executor);
/** Wait until nothing is pending (at most until the wf_mono_us deadline). */
void wf_executor_drain(wf_executor_t *executor, apr_int64_t deadline);
void wf_executor_destroy(wf_executor_t *executor);

/* ---- committer --------------------------------------------------------------------------------------- */

apr_status_t wf_committer_create(wf_committer_t **committer, wf_engine_t *engine,
                                 wf_error_t *err);
/** Queue a work whose unit is complete; wf_executor_finish follows. */
void wf_committer_submit(wf_committer_t *committer, wf_work_t *work);
/** Wait until no other unit is committed before work's own, and hold it like that; nothing
 *  if the committer is about to end. For one work at a time, on its thread. Lasts until
 *  work's unit is committed, until it is released, or for some seconds: whoever holds waits
 *  for nothing but the processor, the store and ids, which are refilled meanwhile. */
void wf_committer_hold(wf_committer_t *committer, wf_work_t *work);
/** Let go, if it is work that holds; any thread. 0 if it has held for too long. */
int wf_committer_release(wf_committer_t *committer, wf_work_t *work);
/** Give up to so many free pages of the store back, between two batches, and wait for that.
 *  How many more could be; 0 if it fails (it is logged). For one thread at a time. */
apr_int64_t wf_committer_give_back(wf_committer_t *committer, int pages);
/** Why nothing can be written at the moment; NULL if it can. From the first failure on
 * the committer tries again each second, whether or not anybody comes. Any thread. */
const char *wf_committer_fault(wf_committer_t *committer, apr_pool_t *p);
/** Commit what is queued and end the thread. */
void wf_committer_destroy(wf_committer_t *committer);

/* ---- commands ------------------------------------------------------------------------------------------ */

/** The ipc server's handler. baton is the engine. */
void wf_engine_on_command(void *baton, wf_ipc_request_t *request);
/** 1 if somebody does it: for the test that no command was forgotten in the table. */
int wf_engine_knows(wf_command_e command);

/* idempotency.c: commands of requests that may come again */

wf_keys_t *wf_keys_create(apr_pool_t *p);
/** Let key, which lives until it is given back, be taken. 0 if it is already. Any thread. */
int wf_keys_take(wf_keys_t *keys, const char *key);
void wf_keys_give(wf_keys_t *keys, const char *key);

/** Is the command done already? Then work->reply is what it has replied. WF_ERR_REUSED if
 *  the key belongs to another request. On work's thread, with its reader. */
apr_status_t wf_once_find(wf_work_t *work, const wf_once_t *once, int *done,
                          wf_error_t *err);
/** Add the reply (NULL = {}) to work's unit; after wf_once_find. */
void wf_once_keep(wf_work_t *work, const wf_once_t *once, json_object *reply);
/** work, which is committed, has failed all the same: delete what was kept of it. Its key stays
 *  taken until that is on disk. In `after`. */
void wf_once_take_back(wf_work_t *work);
wf_work_fn wf_command_answered;

/* arguments.c */

/** A member that must be an id. WF_ERR_INVALID with its name for anything else. */
apr_status_t wf_args_id(json_object *args, const char *name, wf_id_t *id, wf_error_t *err);
/** A text of at most limit bytes, NULL if it is absent or null. WF_ERR_INVALID with its
 *  name for a longer one and for anything else. */
apr_status_t wf_args_text(json_object *args, const char *name, apr_size_t limit,
                          const char **text, wf_error_t *err);
/** 1 if a text has control characters of Unicode. */
int wf_has_control(const char *text);
/** The definition whose id is a member. WF_ERR_NOT_FOUND if there is none. */
apr_status_t wf_args_definition(wf_work_t *work, const char *name,
                                wf_definition_t **definition, wf_error_t *err);
/** The member "variables"; absent is empty. */
apr_status_t wf_args_vars(wf_work_t *work, wf_map_t **vars, wf_error_t *err);
/** The reply {id}; members may be added. */
void wf_reply_id(wf_work_t *work, wf_id_t id);

/* deploy.c */
apr_status_t wf_lane_of_deployments(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
wf_work_fn wf_command_deploy, wf_command_undeploy;
void wf_after_undeploy(wf_work_t *work);

/* lanes.c */

/** The instance at the top of the chain of calls that an instance belongs to; itself if it
 *  is gone or nobody called it. */
apr_status_t wf_root_of_instance(wf_store_t *reader, wf_id_t instance, wf_id_t *root,
                                 apr_pool_t *p, wf_error_t *err);
/** Its lane: that of the top. */
apr_status_t wf_lane_of_instance_id(wf_work_t *work, wf_id_t instance, wf_lane_t *lane,
                                    wf_error_t *err);
/** The same of the instance whose id is the member "id". */
apr_status_t wf_lane_of_instance(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);

/* process_commands.c */
#define WF_BUSINESS_KEY_MAX 255 /* bytes */
/** The instance of the execution whose id is the member "id". */
apr_status_t wf_lane_of_receiver(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
wf_work_fn wf_command_throw, wf_command_message, wf_command_signal_to;
wf_work_fn wf_command_start, wf_command_delete_instance, wf_command_signal,
    wf_command_event;
/** The reply to whatever starts an instance. business_key may be NULL. */
void wf_reply_started(wf_work_t *work, const wf_started_t *started,
                      const char *business_key);

/* migration_commands.c */
wf_work_fn wf_command_migrate, wf_command_migration_generate, wf_command_migration_check;

/* suspend_commands.c */
wf_work_fn wf_command_suspend, wf_command_activate, wf_command_def_suspend,
    wf_command_def_activate;

/* task_commands.c */

/** The lane of the task whose id is the member "id", or "parent", or "task": its
 *  instance's, or that of the topmost task above it. */
apr_status_t wf_lane_of_task(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
apr_status_t wf_lane_of_parent(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
apr_status_t wf_lane_of_attaching(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
apr_status_t wf_lane_of_attachment(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
wf_work_fn wf_command_claim, wf_command_unclaim, wf_command_assign, wf_command_complete,
    wf_command_task_create, wf_command_task_change, wf_command_task_delete,
    wf_command_task_variables, wf_command_task_forget,
    wf_command_attach, wf_command_detach;

/* form_commands.c */
apr_status_t wf_lane_of_form(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
wf_work_fn wf_command_form_render, wf_command_form_properties, wf_command_form_submit;

/* diagram_commands.c */
apr_status_t wf_lane_of_diagram(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
wf_work_fn wf_command_diagram;

/* picture.c */

/** SVG as PNG; *png lives in p. Large pictures are scaled down to 8192 pixels a side and 32
 *  million in all. WF_ERR_UNSUPPORTED without librsvg. Any thread; one draws at a time. */
apr_status_t wf_picture_png(const char *svg, apr_size_t length, const void **png,
                            apr_size_t *png_length, apr_pool_t *p, wf_error_t *err);
/** Load librsvg under this name unless it is there. A failure is not remembered: once the
 *  package is installed, pictures work without a restart. */
apr_status_t wf_picture_load(const char *library, wf_error_t *err);

/** A call into the process engine on behalf of work; conflicts that it meets are nobody's
 *  fault. */
wf_bpmn_call_t wf_engine_bpmn_call(wf_work_t *work);

/** One file of a deployment. */
typedef struct wf_file_t {
    const char *name;
    const void *data;
    apr_size_t length;
} wf_file_t;

/** Deploy files under a name: resources, definitions, versions. WF_ERR_INVALID lists all
 *  problems of all files. */
apr_status_t wf_engine_deploy(wf_work_t *work, const char *name,
                              const apr_array_header_t *files, wf_deployment_t **deployment,
                              wf_error_t *err);

/** XML of a definition for wf_models_create; baton: a wf_store_t. */
apr_status_t wf_engine_load_model(void *baton, const wf_definition_t *definition,
                                  const char **xml, apr_size_t *length, apr_pool_t *p,
                                  wf_error_t *err);

/* load_commands.c */
apr_status_t wf_lane_of_execution(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
void wf_after_submit(wf_work_t *work);
void wf_drop_submission(wf_work_t *work);
wf_work_fn wf_command_submit, wf_command_execution, wf_command_metrics,
    wf_command_load_status, wf_command_report, wf_command_stop, wf_command_pause, wf_command_resume,
    wf_command_scale;

/* load_records.c */

/** wf_load_options_t.progress: write the record. baton is the engine. */
void wf_engine_on_progress(void *baton, const wf_run_snapshot_t *snapshot);
/** Write how a live execution stands, and what it goes on from, with work's unit; nothing if
 *  it is not live any more. On its lane. */
apr_status_t wf_load_write(wf_work_t *work, const char *id, wf_error_t *err);
/** Write that an execution could not begin. */
void wf_load_record_failure(wf_engine_t *engine, const char *id, const char *message);
/** The lane of an execution of a load workflow. */
void wf_lane_of_run(wf_lane_t *lane, const char *id);
/** An entry of an execution's errors, at the moment. */
void wf_load_add_error(json_object *errors, const char *message, apr_pool_t *p);

/* load_baseline.c */

/** Bring the figures of the execution that options.baseline names to a plan; *figures is what
 *  the record keeps of them, NULL if there are none. WF_ERR_INVALID if there is no such
 *  execution, or it has not ended. */
apr_status_t wf_load_find_baseline(wf_work_t *work, wf_plan_t *plan, const char **figures,
                                   wf_error_t *err);

/* load_restart.c */

/** At start, once all parts run and before commands are taken: executions that were under way
 *  go on (WorkflowResumeExecutions), or are over, and their record says why. */
apr_status_t wf_engine_restart_runs(wf_engine_t *engine, wf_error_t *err);

/** 1 if a record says that its execution is over. */
int wf_run_is_over(const wf_run_t *run);

/* live.c */

/** What looks at executions for the clients' streams. */
struct wf_live_t {
    wf_engine_t *engine;
    apr_pool_t *pool;   /* of the reader; the streams' thread's, as it */
    wf_store_t *reader; /* NULL = not open yet */
};

/** The figures of an execution that a live message shows, and that its record keeps as
 *  WF_RUN_LIVE. The caller owns the reference. */
json_object *wf_live_data(const wf_run_snapshot_t *now);
/** wf_stream_look_fn on the id of an execution; baton: a wf_live_t. */
wf_stream_look_fn wf_live_look;
/** Start the streams: engine->live, engine->streams. After the load engine. */
apr_status_t wf_live_create(wf_engine_t *engine, wf_error_t *err);
/** After wf_streams_stop, when no other thread asks for streams any more. */
void wf_live_destroy(wf_live_t *live);
/** Commands that need no work, on the ipc loop's thread. */
void wf_command_reserve_stream(wf_engine_t *engine, wf_ipc_request_t *request);
void wf_command_open_stream(wf_engine_t *engine, wf_ipc_request_t *request);

/* cluster.c: this server as a master, as a slave, or as neither */

/** Take slaves, or look for the master. After the load engine. What does not allow that,
 * such as a key that cannot be read, is logged, and the server does without: nobody gets
 * in. */
apr_status_t wf_cluster_create(wf_engine_t *engine, wf_error_t *err);
/** A slave says goodbye, and a master says nothing any more. Before wf_load_close. */
void wf_cluster_stop(wf_cluster_t *cluster);
/** When no work asks any more. */
void wf_cluster_destroy(wf_cluster_t *cluster);

/** A plan, whose pool is taken over, under an id. */
typedef struct wf_execute_t {
    const char *id;
    const char *definition; /* its document … */
    int is_json;            /* … in which form */
    wf_plan_t *plan;
    apr_pool_t *plan_pool;
} wf_execute_t;

/** Start it where it belongs, as wf_load_start: here, or on slaves. WF_ERR_UNAVAILABLE
 * also if slaves are missing. */
apr_status_t wf_cluster_run(wf_cluster_t *cluster, const wf_execute_t *what,
                            wf_error_t *err);
/** Let it go on after a restart, as wf_load_continue, where it was; from NULL: it had not
 *  begun. */
apr_status_t wf_cluster_continue(wf_cluster_t *cluster, const wf_execute_t *what,
                                 const wf_run_from_t *from, wf_error_t *err);
/** {role: master or slave; slaves: how many are online, or connected: does the master
 * know us}: members of the status of a server that is one of the two. */
void wf_cluster_describe(const wf_cluster_t *cluster, json_object *status);
void wf_command_reserve_link(wf_engine_t *engine, wf_ipc_request_t *request);
void wf_command_open_link(wf_engine_t *engine, wf_ipc_request_t *request);
wf_work_fn wf_command_slaves, wf_command_drain_slave;

/* ---- archive, demo ---------------------------------------------------------------------------------------- */

/** What an archive may have. */
typedef struct wf_archive_limits_t {
    int entries;      /* folders included */
    apr_size_t bytes; /* of all files, unpacked */
    int ratio;        /* bytes unpacked for one of the archive, beyond the first MiB;
                         0 = any */
} wf_archive_limits_t;

/** The files of a .bar or .zip; of wf_file_t. Sizes are counted while reading; names must
 *  be relative, without "..", backslash or colon, at most 255 bytes, each once.
 *  WF_ERR_INVALID or WF_ERR_TOO_LARGE names the entry, and the directive of a limit. */
apr_status_t wf_archive_read(apr_array_header_t **files, const void *data,
                             apr_size_t length, const wf_archive_limits_t *limits,
                             apr_pool_t *p, wf_error_t *err);

/** Import users, groups and processes from a directory if the store has
 *  neither users nor deployments yet. */
apr_status_t wf_demo_import(wf_engine_t *engine, const char *dir, wf_error_t *err);

/* identity_commands.c */
apr_status_t wf_lane_of_identity(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
wf_work_fn wf_command_user_create, wf_command_user_change, wf_command_user_delete,
    wf_command_user_picture, wf_command_user_password, wf_command_group_create,
    wf_command_group_delete, wf_command_join, wf_command_leave;

/* grant_commands.c */
wf_work_fn wf_command_grant_set, wf_command_grant_clear;
/** Give the user of a work all rights on a definition's key that has none yet. */
apr_status_t wf_grants_found(wf_work_t *work, const char *key, wf_error_t *err);
/** WF_ERR_FORBIDDEN unless he may operate it: asked for what takes the place of others'.
 */
apr_status_t wf_grants_operate(wf_work_t *work, const char *key, wf_error_t *err);
/** Delete the grants of a user or group that goes. */
apr_status_t wf_grants_forget(wf_work_t *work, wf_relation_e relation, const char *id,
                              wf_error_t *err);
/** WF_ERR_FORBIDDEN unless the task of the arguments ("id" or "task") is the user's: he is
 *  its assignee or owner, or a candidate while it is nobody's. A task that is gone is left
 *  to its command. */
apr_status_t wf_permit_own_task(wf_work_t *work, wf_error_t *err);

/* key_commands.c */
wf_work_fn wf_command_key_create, wf_command_key_revoke, wf_command_key_list;
void wf_after_key_create(wf_work_t *work);
void wf_after_key_revoke(wf_work_t *work);

/* ---- jobs -------------------------------------------------------------------------------------------------- */

apr_status_t wf_jobs_create(wf_jobs_t **jobs, wf_engine_t *engine, wf_error_t *err);
/** Something was committed that may have made or freed a job. */
void wf_jobs_wake(wf_jobs_t *jobs);
void wf_jobs_destroy(wf_jobs_t *jobs);

/* job.c: one attempt of a job, by the job executor or by a command */

typedef struct wf_attempt_t {
    wf_id_t job;
    const char *owner; /* whose lock the job must have; NULL = run it whatever it has */
    wf_id_t instance;  /* of the lane, if it must be alone there; else 0 */
    int rounds;        /* conflicts are no failure so often: it is tried again, alone */
    int alone;         /* as others got in its way */
    wf_lock_t need;    /* its owner's, when the outcome is committed */
    const char *cause; /* why it has failed, once that is told; NULL before */
    struct wf_attempt_t *next; /* in hand */
} wf_attempt_t;

/** Run the job that work->baton, a wf_attempt_t, names, and delete it. If that fails, all of
 *  it is undone, and retries, message and trace are recorded. WF_ERR_NOT_FOUND if it is
 *  gone; that is no failure if an owner is asked for. */
wf_work_fn wf_job_attempt;

apr_status_t wf_no_job(wf_id_t id, wf_error_t *err);

/* job_commands.c */
apr_status_t wf_lane_of_job(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
wf_work_fn wf_command_execute_job, wf_command_job_retries, wf_command_delete_job;
/** Hook of the first, however it ended. */
void wf_job_executed(wf_work_t *work);

/* running.c: the jobs that this engine has in hand; any thread */

wf_running_t *wf_running_create(apr_pool_t *p);
/** 1 if the job is not in hand, and fewer than limit are whose lane is that of the instance
 *  (0 = none). */
int wf_running_takes(wf_running_t *running, wf_id_t job, wf_id_t instance, int limit);
/** 1 if jobs of that lane got in each other's way, so that none should run beside others. */
int wf_running_crowded(wf_running_t *running, wf_id_t instance);
/** Before it looks at its job, and when its outcome is on disk or it has none. */
void wf_running_enter(wf_running_t *running, wf_attempt_t *attempt);
void wf_running_leave(wf_running_t *running, wf_attempt_t *attempt);
/** Locks to keep until then; of wf_lock_t. */
apr_array_header_t *wf_running_locks(wf_running_t *running, apr_int64_t until,
                                     apr_pool_t *p);

/* ---- external tasks ------------------------------------------------------------------------------------------ */

apr_status_t wf_lane_of_external(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);
wf_work_fn wf_command_external_complete, wf_command_external_error,
    wf_command_external_failure, wf_command_external_lock, wf_command_external_extend,
    wf_command_external_unlock, wf_command_external_retries, wf_command_external_priority;

#define WF_FETCH_MAX_TASKS 1000
#define WF_FETCH_MAX_TOPICS 1000

/** What a worker wants of one topic; NULL: whatever it is. */
typedef struct wf_poll_topic_t {
    const char *name;
    apr_int64_t lock_ms;
    int picky; /* one of: */
    const char *business_key;
    apr_array_header_t *definition_ids, *definition_keys; /* of const char * */
    wf_map_t *variables; /* of the instance, with these values */
} wf_poll_topic_t;

/** A fetch, from its request to its reply. */
typedef struct wf_poll_t {
    wf_engine_t *engine;
    wf_ipc_request_t *request;
    const char *worker;
    int most;                   /* tasks */
    int by_priority;
    int picky;                  /* one of its topics is */
    apr_array_header_t *topics; /* of wf_poll_topic_t */
    apr_int64_t until;          /* wf_mono_us; then it is answered, whatever there is */

    /* polls.c's, under its lock. */
    struct wf_poll_t *before, *after, *next_awake;
    int waits;
    int woken;            /* since it waits for the first time */
    int looks_again;      /* something has come since it began to look */
    apr_int64_t again_at; /* ms; when a lock ends; 0 = not known */
} wf_poll_t;

/** wf_command_e external.fetch, begun on the ipc loop's thread. */
void wf_command_fetch(wf_engine_t *engine, wf_ipc_request_t *request);

/** Look for tasks on an executor thread; any thread. What comes of it answers the poll, or
 *  lets it wait. */
void wf_poll_look(wf_poll_t *poll);

/* polls.c: those that are not answered yet; any thread */

apr_status_t wf_polls_create(wf_polls_t **polls, wf_engine_t *engine, wf_error_t *err);
/** Answer those that wait, let none wait any more. */
void wf_polls_stop(wf_polls_t *polls);
void wf_polls_destroy(wf_polls_t *polls);

void wf_polls_enter(wf_polls_t *polls, wf_poll_t *poll);
/** leaves_some: there may be tasks for others. */
void wf_polls_leave(wf_polls_t *polls, wf_poll_t *poll, int leaves_some);

/** How many wait. */
int wf_polls_waiting(wf_polls_t *polls);

/** A look begins: what comes from now on counts. */
void wf_polls_begin_look(wf_polls_t *polls, wf_poll_t *poll);

/** A look has found nothing; the lock of some task ends at again_at (ms, 0 = none).
 *  WF_POLL_WAIT: the poll is in other hands. */
typedef enum { WF_POLL_WAIT, WF_POLL_LOOK, WF_POLL_ANSWER } wf_poll_next_e;
wf_poll_next_e wf_polls_wait(wf_polls_t *polls, wf_poll_t *poll, apr_int64_t again_at);

/** 1 if no other look has the task in hand. id stays where it is until the claim ends; if
 *  the task is free then, others hear of its topic (else NULL). */
int wf_polls_claim(wf_polls_t *polls, const wf_id_t *id);
void wf_polls_unclaim(wf_polls_t *polls, const wf_id_t *id, const char *topic);

/** A unit was committed: who waits for what is in it looks. */
void wf_polls_see(wf_polls_t *polls, const wf_uow_t *uow);
/** The lock of a task of the topic ends then (ms). */
void wf_polls_announce(wf_polls_t *polls, const char *topic, apr_int64_t at);

/* ---- clean-up of history ------------------------------------------------------------------------------------- */

apr_status_t wf_cleaner_create(wf_cleaner_t **cleaner, wf_engine_t *engine,
                               wf_error_t *err);
/** Look at once: what is to go may have changed. */
void wf_cleaner_wake(wf_cleaner_t *cleaner);
void wf_cleaner_destroy(wf_cleaner_t *cleaner);

/* ---- room for more (space.c) --------------------------------------------------------------------------------- */

/** Is there room for what makes the store larger? If not, err says why
 *  (WF_ERR_UNAVAILABLE). When that changes it is logged. Any thread, with a store
 * connection of its own. */
apr_status_t wf_space_look(wf_engine_t *engine, wf_store_t *store, wf_error_t *err);

/* ---- backups --------------------------------------------------------------------------------------------------- */

wf_backups_t *wf_backups_create(wf_engine_t *engine);
/** wf_command_e store.backup, begun on the ipc loop's thread. One at a time. */
void wf_command_backup(wf_engine_t *engine, wf_ipc_request_t *request);
/** Wait for the one that is under way; it breaks off when the engine stops. */
void wf_backups_destroy(wf_backups_t *backups);

/* ---- outgoing calls ------------------------------------------------------------------------------------------ */

/** What workflow documents may draw on, read once. */
const wf_surroundings_t *wf_surroundings_read(const wf_engine_config_t *config,
                                              apr_pool_t *p);

/** Take over targets and mail server of a configuration. Credentials that cannot be read
 *  are logged, and every mail tells of them. Start-up and the ipc loop. */
apr_status_t wf_engine_set_outgoing(wf_engine_t *engine, const wf_engine_config_t *config,
                                    wf_error_t *err);

/** What an exchange or mail on behalf of a work has to keep to: permitted targets, an end
 *  in time for the command's reply, and to break off when the engine cannot wait longer.
 *  For one call; any executor thread. */
wf_client_terms_t wf_engine_terms(const wf_work_t *work);

/* ---- services ------------------------------------------------------------------------------------------------ */

/** Take over what processes may use, of a configuration. Start-up and the ipc loop. */
apr_status_t wf_engine_set_services(wf_engine_t *engine, const wf_engine_config_t *config,
                                    wf_error_t *err);

/** What a work's processes may use, for one call; any executor thread. */
wf_services_t wf_engine_services(wf_work_t *work);

/** What delegates see of work: the same whenever it is begun. job: the job that it runs, which
 *  may be begun by several works; 0 = none. */
const char *wf_engine_key(wf_work_t *work, wf_id_t job);

/* ---- log --------------------------------------------------------------------------------------------------- */

/** Send wf_log and stderr to a file, appended; again to re-open it. */
apr_status_t wf_engine_log_open(const char *path, wf_error_t *err);

#endif
