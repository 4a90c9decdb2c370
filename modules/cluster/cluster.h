/* cluster: servers that run executions together. Here are those that have told that they
 * are there (the registry), who of them is chosen for an execution, and the two sides of
 * what they do together: the agent of a slave, and the coordinator of a master. */
#ifndef WF_CLUSTER_H
#define WF_CLUSTER_H

#include "link/link.h"
#include "load/load.h"

/* ---- slaves ------------------------------------------------------------------------ */

/* clang-format off */
/*             heartbeat: users left     heartbeat: none left
 *          ┌────────────▶ ONLINE ◀──────────────▶ BUSY
 *          │                │ drain                │ drain
 *          │                ▼                      ▼
 *          │             DRAINING: stays so until it registers anew
 *          │                │
 *       OFFLINE ◀───────────┴── silent, or its connection has ended                       */
/* clang-format on */
typedef enum {
    WF_SLAVE_ONLINE,
    WF_SLAVE_BUSY,
    WF_SLAVE_DRAINING,
    WF_SLAVE_OFFLINE,
    WF_SLAVE_STATES
} wf_slave_state_e;
const char *wf_slave_state_name(wf_slave_state_e state);

typedef enum {
    WF_SLAVE_WORKER,
    WF_SLAVE_GATEWAY, /* those two are chosen only by their ids */
    WF_SLAVE_AGGREGATOR,
    WF_SLAVE_TYPES
} wf_slave_type_e;
const char *wf_slave_type_name(wf_slave_type_e type);
int wf_slave_type_parse(const char *name); /* -1 if unknown */

#define WF_SLAVE_TEXT 100 /* bytes of an id, an address, a label's name or value */
#define WF_SLAVE_LIST 100 /* capabilities; labels */
#define WF_SLAVE_VUS 1000000000 /* users, cores, megabytes: of more nobody believes it   \
                                 */

/* What a slave says of itself, and how it stands. */
typedef struct wf_slave_t {
    const char *id, *address;
    const char *instance; /* of the process; "" or NULL if it does not say */
    wf_slave_type_e type;
    const apr_array_header_t *capabilities; /* of const char *: http_executor, … */
    const apr_table_t *labels;              /* names in any case */
    int cpu_cores;
    apr_int64_t memory_mb, max_vus;
    int draining; /* it was told so before: it takes nothing more as long as it lives */

    /* as its heartbeats tell */
    apr_int64_t active_vus, active_tasks;
    double cpu_usage, memory_usage; /* 0..1 */
    double throughput;              /* requests a second */

    /* the registry's */
    wf_slave_state_e state;
    apr_int64_t last_seen_ms; /* wf_cluster_ms */
} wf_slave_t;

/** Milliseconds by a clock that nobody sets: nobody is lost when the machine's own jumps.
 */
apr_int64_t wf_cluster_ms(void);

/** Virtual users that it has room for, of its max_vus: 0..1. */
double wf_slave_load(const wf_slave_t *slave);
/** {id, type, address, capabilities, labels, resources, status: {state, load,
 * active_tasks, last_seen, …}}. The caller owns the reference; p is for scratch. */
json_object *wf_slave_json(const wf_slave_t *slave, apr_pool_t *p);

/* ---- the machine (machine.c) ---------------------------------------------------------- */

/* All zero before the first measurement. */
typedef struct wf_machine_t {
    int cores; /* that this process may use */
    apr_int64_t memory_mb;
    double cpu_usage, memory_usage; /* 0..1; of processors since the measurement before */
    double busy, total;             /* what was measured then */
} wf_machine_t;

/** Measure it. root stands before /proc and /sys: "" but in tests. Quick. */
void wf_machine_measure(wf_machine_t *machine, const char *root);

/* ---- the registry (registry.c) ------------------------------------------------------- */

#define WF_HEARTBEAT_INTERVAL_MS 5000
#define WF_HEARTBEAT_TIMEOUT_MS 15000
#define WF_MAX_SLAVES 100

/* All slaves, by id. Any thread; times are those of wf_cluster_ms. */
typedef struct wf_registry_t wf_registry_t;

apr_status_t wf_registry_create(wf_registry_t **registry, int max_slaves,
                                apr_int64_t timeout_ms, apr_pool_t *p, wf_error_t *err);
void wf_registry_destroy(wf_registry_t *registry);

/** It is there, or there again: what was known of that id is replaced, but the same
 *  process stays drained, also if it did not hear of that. Everything is copied.
 * WF_ERR_INVALID names the field at fault; WF_ERR_UNAVAILABLE beyond max_slaves, all of
 * which are there (one that is not makes room). */
apr_status_t wf_registry_add(wf_registry_t *registry, const wf_slave_t *slave,
                             apr_int64_t now_ms, wf_error_t *err);
/** A heartbeat: of heard only what heartbeats tell is read. WF_ERR_NOT_FOUND: it has to
 *  register. */
apr_status_t wf_registry_beat(wf_registry_t *registry, const char *id,
                              const wf_slave_t *heard, apr_int64_t now_ms,
                              wf_error_t *err);
/** It gets nothing more to do; what it does it may finish. */
apr_status_t wf_registry_drain(wf_registry_t *registry, const char *id, wf_error_t *err);
/** Its connection has ended: offline until it is heard again. Unknown ones are ignored.
 */
void wf_registry_lose(wf_registry_t *registry, const char *id);
/** It says goodbye. */
void wf_registry_remove(wf_registry_t *registry, const char *id);
/** Those that were not heard for longer than the timeout are offline now: their ids
 * (const char *), each once, in p. */
apr_array_header_t *wf_registry_expire(wf_registry_t *registry, apr_int64_t now_ms,
                                       apr_pool_t *p);

/** All of them (of wf_slave_t), by their ids; and one, or WF_ERR_NOT_FOUND. Copies in p.
 */
apr_array_header_t *wf_registry_list(wf_registry_t *registry, apr_pool_t *p);
apr_status_t wf_registry_get(wf_registry_t *registry, const char *id, wf_slave_t *slave,
                             apr_pool_t *p, wf_error_t *err);

/* ---- who is chosen (select.c) --------------------------------------------------------- */

/* What an execution wants of those who run it. */
typedef struct wf_wanted_t {
    const apr_array_header_t *capabilities; /* that its steps need, of const char * */
    apr_int64_t vus;                        /* at once, together */
} wf_wanted_t;

/** Choose from a list of wf_slave_t: *chosen gets const wf_slave_t *, those with least to
 *  do first (MANUAL: as they were named), and never more than there are users. Only who
 * is online, is a worker (or was named) and can do all steps is chosen.
 * WF_ERR_UNAVAILABLE says what is missing: nobody is there, too few, or too few users
 * together. */
apr_status_t wf_select(apr_array_header_t **chosen, const apr_array_header_t *slaves,
                       const wf_selector_t *selector, const wf_wanted_t *wanted,
                       apr_pool_t *p, wf_error_t *err);
/** In what proportion they share the work: by the users that each has room for. In p. */
apr_int64_t *wf_select_weights(const apr_array_header_t *chosen, apr_pool_t *p);

/* ---- the slave's side (agent.c) ------------------------------------------------------ */

#define WF_AGENT_RETRY_FIRST 5000000 /* microseconds to the next attempt to connect … */
#define WF_AGENT_RETRY_LAST 60000000 /* … doubled up to that */
#define WF_AGENT_REPORT 1000000      /* from one report of a task to the next */
#define WF_AGENT_KEPT                                                                    \
    1000 /* tasks that have ended and that a master does not know of; of                 \
            more, older ones are forgotten, and are done again */
#define WF_MOVE_PATIENCE                                                                 \
    30000000 /* a task that is to go on elsewhere stands still for so long, then it      \
                stays */

/* An agent keeps one link to a master, does what comes over it, and tells how that goes. */
typedef struct wf_agent_t wf_agent_t;

typedef struct wf_agent_options_t {
    wf_load_t *load;
    const wf_surroundings_t *around; /* of the documents */
    wf_slave_t self; /* what it registers as; cores and memory are measured */
    wf_link_key_t key;
    int trusted; /* without a key: whoever dial() leads to is the master */
    /** Connect to the master, and shake hands: fd is the link's; what it leads through
     * lives in p, which goes when the link is over. On a thread of its own, which waits.
     */
    apr_status_t (*dial)(void *baton, int *fd, apr_pool_t *p, wf_error_t *err);
    void *baton;
    apr_interval_time_t retry_first, retry_last; /* 0: as above, as for report */
    apr_interval_time_t report;
    apr_interval_time_t patience; /* 0: WF_MOVE_PATIENCE */
    /** Microseconds without a word of the master; then its tasks are orphans. If the
     * master has a shorter timeout, that counts. 0: never. */
    apr_interval_time_t timeout;
    /** Orphans go on to their end, and the results wait for the master: else they end. */
    int finish_orphans;
    apr_int64_t (*now)(void); /* wall clock, microseconds; NULL: that of the machine */
} wf_agent_options_t;

/** Start its threads. Options and what they point to outlive it. */
apr_status_t wf_agent_create(wf_agent_t **agent, const wf_agent_options_t *options,
                             apr_pool_t *p, wf_error_t *err);
/** Does the master know it at the moment? Any thread. */
int wf_agent_is_registered(const wf_agent_t *agent);
/** Say goodbye, and cut what is under way. Waits for an attempt to connect, which is up
 * to dial() to cut short. */
void wf_agent_destroy(wf_agent_t *agent);

/* ---- the master's side (coordinator.c) --------------------------------------------------- */

#define WF_START_AHEAD 500000 /* microseconds from the order to begin to the common start */

typedef struct wf_coordinator_t wf_coordinator_t;

typedef struct wf_coordinator_options_t {
    wf_load_t *load;
    wf_registry_t *registry;
    wf_link_key_t key;
    int trusted; /* without a key: who gets as far as to a link is a slave */
    const char *master_id;
    int max_links;
    apr_int64_t heartbeat_ms; /* that slaves are to keep; 0: WF_HEARTBEAT_INTERVAL_MS */
    apr_int64_t timeout_ms;   /* as the registry's: then a slave is lost */
    /** An execution of wf_coordinator_continue could not begin; on the coordinator's
     * thread, with its lock. */
    void (*failed)(void *baton, const char *id, const char *why);
    void *baton;
} wf_coordinator_options_t;

apr_status_t wf_coordinator_create(wf_coordinator_t **coordinator,
                                   const wf_coordinator_options_t *options,
                                   apr_pool_t *p, wf_error_t *err);
/** Let a slave have nothing more, as wf_registry_drain; it hears of it, and says so
 * whenever it registers. */
apr_status_t wf_coordinator_drain(wf_coordinator_t *coordinator, const char *id,
                                  wf_error_t *err);
/** Let slaves end at once what they do for executions that will not go on. */
void wf_coordinator_cut(wf_coordinator_t *coordinator);
/** Before the load engine is closed: nobody is told anything more, and slaves go on until
 *  their own timeout. What is started from now on is accepted, and left to the next
 * process. */
void wf_coordinator_close(wf_coordinator_t *coordinator);
/** When nobody asks any more, and after wf_load_close, which still has orders; closes it
 * first, if that was not done. */
void wf_coordinator_destroy(wf_coordinator_t *coordinator);
/** Where its slaves' connections go. */
wf_links_t *wf_coordinator_links(wf_coordinator_t *coordinator);

/* Slaves that come late. The parts of an execution are fixed when it begins, so one that
 * lets slaves join has more of them than it has slaves: each slave gets several, and
 * whoever registers later gets some of those who have most. A part is moved without loss:
 * its task stands still until all iterations under way have ended, tells what it did, and
 * goes on from there as a task of the newcomer; only the time of that part stands still
 * meanwhile. If its iterations take too long (WF_MOVE_PATIENCE) it stays where it is. A
 * slave that was lost and comes back is a newcomer, too. A part that nobody can take over
 * waits for one as long as a slave may be silent, once more, before it is given up.
 * Slaves that are drained give nothing away: they finish what they have. */
#define WF_PARTS_LEAST 12    /* parts of an execution that lets slaves join … */
#define WF_PARTS_PER_SLAVE 4 /* … or so many for each slave, if that is more … */
#define WF_PARTS_MOST 64     /* … but no more than that, than one each, or than users */

/* An execution for several slaves. */
typedef struct wf_distribute_t {
    const char *id;
    const char *workflow;     /* the document … */
    int is_json;              /* … in which form */
    const wf_selector_t *selector;
    const wf_wanted_t *wanted;
    wf_loss_e loss;
    int late_joiners;
} wf_distribute_t;

/** Choose slaves and begin. The plan is taken over as by wf_load_start, also on failure.
 *  Errors are those of wf_select and wf_load_spread. */
apr_status_t wf_coordinator_start(wf_coordinator_t *coordinator, wf_plan_t *plan,
                                  apr_pool_t *plan_pool, const wf_distribute_t *what,
                                  wf_error_t *err);

/** The same after a restart of the master. With a record (of a spread run) it goes on
 * with the slaves that had its parts: those that come back within the timeout go on with
 * what they do, the others are lost as ever. Without one it begins as soon as there are
 * slaves to choose; failed() is told if there are none within the timeout. from is read
 * during the call, what is copied. */
apr_status_t wf_coordinator_continue(wf_coordinator_t *coordinator, wf_plan_t *plan,
                                     apr_pool_t *plan_pool, const wf_distribute_t *what,
                                     const wf_run_from_t *from, wf_error_t *err);

#endif
