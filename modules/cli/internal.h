/* cli, inside: what commands complain of (options.c), the engine that they ask (ask.c),
 * settings (settings.c, logging.c), what run.c shows, and how (report.c, summary.c),
 * servers that commands start (server.c, server_conf.c). */
#ifndef WF_CLI_INTERNAL_H
#define WF_CLI_INTERNAL_H

#include "cli/cli.h"
#include "ipc/ipc.h"
#include "load/load.h"

#include <apr_tables.h>
#include <stdio.h>
#include <sys/types.h>

/* ---- complaints ------------------------------------------------------------------------ */

/** Read the options of a command that takes nothing else; help is its flag among them. -1
 * if it is to go on, else it is done: an exit code. */
int wf_cli_read(const wf_option_t *options, void *target, const int *help,
                const char *command, const char *what, int argc, const char *const *argv);
/** Tell what went wrong, or what is wrong with an option's value; an exit code. */
int wf_cli_fail(const wf_error_t *err);
int wf_cli_refuse(const char *option, const char *text, const char *fault);

/* ---- the engine of a running server (ask.c) -------------------------------------------- */

#define WF_DEFAULT_STATE_DIR "/var/lib/workflow"

/** Its socket, if this user may use it: known before anybody types something for nothing. */
apr_status_t wf_cli_find_engine(const char **socket, const char *dir, apr_pool_t *p,
                                wf_error_t *err);
/** Ask it; the reply is released with p. */
apr_status_t wf_cli_ask(json_object **reply, const char *socket, wf_command_e command,
                        json_object *args, apr_pool_t *p, wf_error_t *err);
/** Add a text of the command line, if it is there. WF_ERR_INVALID unless it is UTF-8. */
apr_status_t wf_cli_add_text(json_object *args, const char *name, const char *text,
                             wf_error_t *err);
/** Tell what went wrong, and if there is no engine, which option names another state
 *  directory than dir; an exit code. */
int wf_cli_fail_asking(const wf_error_t *err, const char *option, const char *dir);

/* ---- settings -------------------------------------------------------------------------- */

typedef enum {
    WF_LEVEL_DEBUG,
    WF_LEVEL_INFO,
    WF_LEVEL_WARN,
    WF_LEVEL_ERROR,
    WF_LEVEL_FATAL
} wf_level_e;

typedef enum { WF_FORMAT_JSON, WF_FORMAT_TEXT } wf_format_e;

/** The configuration file, the environment and defaults together. */
typedef struct wf_settings_t {
    const char *address;                     /* host:port or :port */
    apr_int64_t read_timeout, write_timeout; /* nanoseconds; 0 = none */
    int cors, auth;
    const char *auth_type, *api_key, *jwt_secret;      /* or NULL */
    apr_int64_t heartbeat_interval, heartbeat_timeout; /* nanoseconds */
    apr_int64_t max_slaves;
    int slave_type;                   /* of wf_settings_slave_types */
    apr_array_header_t *capabilities; /* of const char * */
    apr_table_t *labels;
    apr_int64_t max_vus;
    const char *master_addr;
    const char *cluster_key;                     /* or NULL */
    const void *capabilities_node, *labels_node; /* as they are written */
    int log_level, log_format; /* wf_level_e, wf_format_e */
    const char *log_output;    /* stdout, stderr or a file */
    apr_int64_t unused;        /* where keys go that change nothing */
} wf_settings_t;

/** Read them: the environment counts before the file, this before the defaults. path
 *  NULL: the usual file, if there is one; a file that is named has to exist. All faults
 *  are told on stderr, with line and column; notes: so are keys that change nothing.
 *  WF_ERR_INVALID if there are faults. */
apr_status_t wf_settings_load(wf_settings_t *settings, const char *path, int notes,
                              apr_pool_t *p, wf_error_t *err);

#define WF_TYPE_WORKER 0
extern const char *const wf_settings_slave_types[]; /* closed by NULL */

/** What is wrong with an address to listen on, or with a number of users, or NULL. */
const char *wf_address_fault(const char *text);
const char *wf_vus_fault(apr_int64_t vus);
/** Take over a heartbeat timeout; what is wrong with it, or NULL. */
const char *wf_timeout_fault(wf_settings_t *settings, const char *text);

/** A path below the directory that a variable of the XDG base directories names; if it
 *  names none, below root's one, or for others below home in their own; NULL without a
 *  home. */
const char *wf_home_path(const char *variable, const char *root, const char *home,
                         const char *name, apr_pool_t *p);

/** From now on this process logs as the settings say. */
apr_status_t wf_logging_begin(const wf_settings_t *settings, wf_error_t *err);

/** A file of at most 4 MiB. */
apr_status_t wf_file_read(const char **text, apr_size_t *length, const char *path,
                          apr_pool_t *p, wf_error_t *err);

/* ---- servers --------------------------------------------------------------------------- */

/** An httpd of one's own, and what its configuration is made of. */
typedef struct wf_server_t {
    const char *command; /* that starts it: "master start" */
    const wf_settings_t *settings;
    wf_option_texts_t allow; /* networks, checked; "all" among them: everybody */
    int everybody;
    apr_int64_t max_executions;
    int standalone;
    int is_slave;
    const char *master, *slave_id; /* of a slave; the latter or NULL */
    const char *master_ca, *certificate, *credentials; /* files, absolute, or NULL */
    /* found */
    const char *httpd, *module, *program;
    const char *state;        /* directory, absolute */
    const char *log;          /* httpd's, absolute */
    const char *cluster_key;  /* file, absolute */
    const char *api_key, *jwt_key; /* files, absolute; NULL: none are taken */
    const char *user, *group; /* of the children of a root, else NULL */
    uid_t uid;
    gid_t gid;
} wf_server_t;

/** Write the keys of the settings into files, for put_master and the engine of a slave.
 *  WF_ERR_INVALID names the setting that lacks. */
apr_status_t wf_server_find_auth(wf_server_t *server, apr_pool_t *p, wf_error_t *err);

/** Say which settings of logs only `run` can follow. */
void wf_server_tell_of_logs(const wf_server_t *server);

/** 0 for what would end a text or begin a variable in httpd's configuration. */
int wf_is_quotable(const char *text);

/** Write httpd.conf into it. */
apr_status_t wf_server_configure(const wf_server_t *server, apr_pool_t *p,
                                 wf_error_t *err);

/** From the beginning: find httpd (HTTPD of the environment, or the one that this was
 * built for), the module and this program; make the state directory (NULL: the user's
 * own, with usual at its end), which nobody else has then as long as this server lives;
 * find the key that masters and slaves of a user share (key, else that of the settings,
 * else one of the user's own, which is made if there is none); write the configuration;
 * and become httpd, in the foreground. Returns only if it cannot: an exit code, having
 * told why. */
int wf_server_start(wf_server_t *server, const char *state, const char *usual,
                    const char *key, void (*show_banner)(const wf_server_t *server),
                    apr_pool_t *p);

/* ---- run ------------------------------------------------------------------------------- */

void wf_show_banner(const wf_plan_t *plan, apr_pool_t *p);

/** One progress line; on a terminal it replaces the one before. */
void wf_show_progress(const wf_run_snapshot_t *snapshot, apr_pool_t *p);

/** End the progress line and print the result; report: the final one of its record. */
void wf_show_summary(const wf_run_snapshot_t *snapshot, json_object *report,
                     apr_pool_t *p);

/** Of the time that counts. */
double wf_requests_per_second(const wf_run_snapshot_t *snapshot);

/** Write the result as one JSON object. */
apr_status_t wf_write_summary(const char *path, const wf_run_snapshot_t *snapshot,
                              const char *workflow_name, apr_pool_t *p, wf_error_t *err);

/** -execution-segment and -execution-segment-sequence (or NULL): take that part of a
 * plan, after everything else that is changed of it (segment.c). */
apr_status_t wf_take_segment(wf_plan_t *plan, const char *text, const char *sequence,
                             apr_pool_t *p, wf_error_t *err);

#endif
