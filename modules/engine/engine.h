/* engine: the one process that outlives requests. httpd's parent starts and revives it
 * (first half of this page); it takes commands, runs them against units of work, commits
 * them in groups, runs jobs and load tests (second half).
 *
 * Of this room the module holds parent.c and config.c, the workflow-engine binary all but
 * parent.c. They share the configuration snapshot: the parent writes it as JSON, the
 * engine reads it at its start and again at each SIGHUP. */
#ifndef WF_ENGINE_H
#define WF_ENGINE_H

#include "core/core.h"
#include "store/store.h"

struct server_rec; /* httpd's */

/* ---- configuration ------------------------------------------------------------------------- */

/** All the engine knows of httpd's configuration. Members marked (start) count only when
 *  the process starts, the others also after a graceful restart. */
typedef struct wf_engine_config_t {
    const char *state_dir;      /* (start) holds socket, snapshot and default store */
    const char *store;          /* (start) data source */
    const char *log_file;
    int log_level;              /* wf_log_level_e */
    int executor_threads;       /* (start) at most this many commands at once */
    int queue_limit;            /* commands waiting for a thread; beyond: busy */
    int max_connections;        /* (start) of httpd's children */
    apr_int64_t frame_limit;    /* (start) bytes of one command */
    int stop_timeout;           /* seconds for the last commits and the checkpoint */
    int job_executor;           /* run due jobs in the background */
    int job_lease;              /* seconds a lock of a job lasts unless it is kept */
    int job_retries;            /* attempts of a job, */
    int job_retry_wait;         /* seconds from one to the next; models may say otherwise */
    const char *history_level;  /* none, activity, audit (NULL) or full, … */
    int history_days;           /* … and how long it stays, 0 = for ever; models may say
                                   otherwise */
    int long_poll_limit;        /* fetches of external tasks that wait at once */
    int max_api_keys;           /* active ones */
    apr_int64_t
        min_free_disk; /* bytes; below, nothing new is begun. 0 = whatever there is */
    apr_int64_t max_store_size; /* bytes; above, the same. 0 = no limit */
    int model_cache;            /* (start) parsed process definitions kept */
    int max_steps;              /* operations of one call before it counts as endless */
    int max_rounds;             /* that multi-instance activities begin in one call */
    int max_running;            /* instances of one definition; 0 = no limit */
    int max_variables;          /* of one execution or task */
    apr_int64_t max_value;      /* bytes of one variable */
    int archive_entries;        /* files of an uploaded archive … */
    apr_int64_t archive_size;   /* … their bytes, unpacked … */
    int archive_ratio;          /* … and how many times those of the archive; 0 = any */
    const char *demo_dir;       /* (start) demo data to import into an empty store, or NULL */
    const char *admin_group;    /* whose members are administrators, if of role_type */
    const char *role_type;
    const char *targets;        /* list for wf_targets_parse, or NULL */
    const char *mail_server;    /* text for wf_mail_server_parse, or NULL */
    const char *mail_from;      /* sender of mails that name none, or NULL */
    const char *mail_credentials; /* file with user and password, or NULL; its content is
                                   read by the engine only */
    const char *delegates;      /* JSON for wf_delegates_parse, or NULL */
    int http_task, shell_task;  /* tasks of these types are done */
    int delegate_timeout;       /* seconds */
    apr_int64_t delegate_max_answer; /* bytes */
    int script_timeout;         /* seconds */
    apr_int64_t script_memory;  /* bytes */
    int load_loops;             /* (start) event loop threads; 0 = one per core */
    int load_workers;           /* (start) threads for their steps that block */
    int max_executions;         /* (start) load executions at once */
    int resume_executions;      /* (start) those that were under way go on after a restart */
    int executions_kept;        /* of those that are over; -1 = all */
    apr_int64_t executions_age; /* … and for how long, in seconds; 0 = for ever */
    int idempotency_limit;      /* answers of requests with an Idempotency-Key, … */
    apr_int64_t idempotency_age; /* … and for how long, in ms */
    int max_vus;                /* (start) of all of them together */
    int load_max_rate;          /* (start) requests a second of one; 0 = no limit */
    const char *load_targets;   /* (start) what they may connect to; as targets */
    const char *load_env;       /* (start) names of the environment that documents see */
    const char *load_secrets;   /* (start) file of name=value lines, or NULL */
    const char *data_dir;       /* (start) files that documents may read, or NULL */
    const char *output_dir;     /* (start) files that outputs write, or NULL */
    const char *backup_dir;     /* (start) of backups; NULL = none are taken on request */
    int max_streams;            /* clients that follow executions at once */
    int max_tunnels;            /* of them, those that hold a worker of httpd */
    const char *cluster_key;    /* (start) file; with it, or with certificates, … */
    int cluster_certificates;   /* (start) … this server takes slaves, or is one: … */
    const char *master;         /* (start) … the slave of this one; NULL = it is none */
    const char *master_ca;      /* (start) PEM; NULL = whom the machine trusts */
    const char *master_credentials; /* (start) file with name:password or Bearer token */
    const char *slave_certificate, *slave_key; /* (start) PEM, or NULL */
    const char *slave_id;                   /* (start) NULL = one that is made and kept */
    const char *slave_type, *slave_address; /* (start) as told to the master */
    const char *slave_capabilities;         /* (start) one a line; NULL = all there are */
    const char *slave_labels;               /* (start) name=value, one a line; or NULL */
    int finish_orphans; /* (start) tasks go on when the master is away */
    apr_int64_t heartbeat_interval, heartbeat_timeout; /* (start) ms */
    int max_slaves;                                    /* (start) */
    int standalone;                                    /* (start) wf_standalone_e */
} wf_engine_config_t;

/* Who runs executions that say nothing of slaves. */
typedef enum {
    WF_STANDALONE_OFF,  /* slaves */
    WF_STANDALONE_ON,   /* this server */
    WF_STANDALONE_AUTO, /* slaves if there are some, else this server */
} wf_standalone_e;

/** Bytes of the delegates in a snapshot. */
#define WF_ENGINE_MAX_DELEGATES (256 * 1024)

/** Fill in the defaults; texts stay NULL. */
void wf_engine_config_defaults(wf_engine_config_t *config);

json_object *wf_engine_config_to_json(const wf_engine_config_t *config);
/** Strict: every member must be there with its type. Texts live in p. */
apr_status_t wf_engine_config_from_json(wf_engine_config_t *config, json_object *json,
                                        apr_pool_t *p, wf_error_t *err);

/** Files in the state directory. */
const char *wf_engine_socket_path(const char *state_dir, apr_pool_t *p);
const char *wf_engine_snapshot_path(const char *state_dir, apr_pool_t *p);
/** A link whose text is the store that an engine of this httpd has opened; none before
 * the first one has. */
const char *wf_engine_known_path(const char *state_dir, apr_pool_t *p);

/* ---- httpd's parent ---------------------------------------------------------------------------- */

/** In post_config, normal run: make the listening socket (once in the parent's life), write
 *  the snapshot, start the engine or, on a restart, tell the running one to read it again.
 *  binary: the workflow-engine program, opened here while the parent may be root. Registers
 *  the clean-up that stops the engine when httpd stops. Opens no store, starts no thread. */
apr_status_t wf_parent_start(struct server_rec *s, const wf_engine_config_t *config,
                             const char *binary, apr_pool_t *pconf, wf_error_t *err);

/** In post_config when the engine is switched off: stop one that a configuration before this
 *  one started. */
void wf_parent_stop(struct server_rec *s, apr_pool_t *pconf);

/* ---- stores: soundness and backups (verify.c, backup.c) ---------------------------------------------- */

/** wf_store_verify, with what the definitions in the store say. until may be NULL: asked
 * now and then, 0 breaks off. */
apr_status_t wf_engine_verify(wf_store_t *store, int (*until)(void *baton), void *baton,
                              apr_array_header_t **breaches, apr_pool_t *p,
                              wf_error_t *err);

typedef struct wf_backup_t {
    const char *file;
    apr_int64_t bytes;
    apr_int64_t us; /* it took */
    apr_array_header_t
        *breaches; /* of const wf_breach_t *: of the store, and so of the copy */
} wf_backup_t;

/** Copy a store (its data source), also while an engine writes it, to a file by its
 * absolute path. When this succeeds the copy is complete, undamaged and on disk; when it
 * fails there is no such file. WF_ERR_CONFLICT if it exists, or if another backup to it
 * is under way; WF_ERR_INTERNAL if the store is damaged; WF_ERR_UNAVAILABLE without
 * space, without rights, or when between (may be NULL) breaks off. between is asked
 * between two pieces and, with 0 pages of 0, while the copy is being verified. */
apr_status_t wf_backup_take(wf_backup_t *done, const char *store, const char *file,
                            wf_copy_fn *between, void *baton, apr_pool_t *p,
                            wf_error_t *err);

/* ---- engine process ----------------------------------------------------------------------------- */

/** `workflow-engine engine --config FILE --listen-fd N --lifeline-fd N`: serve until SIGTERM
 *  or until the parent is gone. argv begins with "engine". Returns the process's exit code. */
int wf_engine_main(int argc, const char *const *argv);

#endif
