/* Inside of settings: kinds of directives with their rules, and directives of their own.
 */
#ifndef WF_SETTINGS_INTERNAL_H
#define WF_SETTINGS_INTERNAL_H

#include "settings/settings.h"

/* A rule says where a value goes: an offset in wf_settings_t. */
#define IN_SETTINGS(member) APR_OFFSETOF(wf_settings_t, member)
#define IN_HTTP(member) IN_SETTINGS(http.member)
#define IN_ENGINE(member) IN_SETTINGS(engine.member)

/** The settings that a server-wide directive acts on; NULL, or it must not stand here. */
const char *wf_global_settings(cmd_parms *cmd, wf_settings_t **settings);

/* ---- kinds (kinds.c); cmd->info is the rule ------------------------------------------- */

typedef struct wf_number_rule_t {
    apr_size_t offset;
    enum { AS_INT, AS_SECONDS } store;
    apr_int64_t min, max;
} wf_number_rule_t;

/** A number of bytes: 65536, 64K, 64M, 2G. 0 beside the range if it is allowed. */
typedef struct wf_size_rule_t {
    apr_size_t offset; /* of an apr_int64_t */
    apr_int64_t min, max;
    int or_zero;
} wf_size_rule_t;

/** A time as httpd's own timeouts have it: 5, 5s, 500ms. */
typedef struct wf_time_rule_t {
    apr_size_t offset; /* of an apr_int64_t: milliseconds */
    apr_int64_t min_ms, max_ms;
} wf_time_rule_t;

/** Where a directive puts its path, and what must be true of it. */
typedef struct wf_path_rule_t {
    apr_size_t offset;
    int (*check)(const char *path, apr_pool_t *scratch);
    const char *problem; /* after "Name argument: " */
    int or_off;          /* "Off" is an argument, too, and unsets it */
} wf_path_rule_t;

/** One of some words, in any case: its text, or its place in the list plus first. */
typedef struct wf_word_rule_t {
    apr_size_t offset;
    const char *const *words; /* closed by NULL */
    int first;
    int as_text;
} wf_word_rule_t;

const char *wf_set_number(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_set_size(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_set_time(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_set_path(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_set_word(cmd_parms *cmd, void *dir, const char *arg);

/* Here cmd->info is the offset itself. */
const char *wf_set_flag(cmd_parms *cmd, void *dir, int on);
const char *wf_set_text(cmd_parms *cmd, void *dir, const char *arg);
/** A file of secrets: looked at, but not read. The engine does that, as its own user. */
const char *wf_set_secrets(cmd_parms *cmd, void *dir, const char *arg);

int wf_path_is_directory(const char *path, apr_pool_t *scratch);
int wf_path_can_be_made(const char *path, apr_pool_t *scratch);
int wf_path_is_readable(const char *path, apr_pool_t *scratch);
int wf_path_is_program(const char *path, apr_pool_t *scratch);

/* ---- directives of their own -------------------------------------------------------------- */

/* outside.c: the store, and what the engine connects to. */
const char *wf_set_store(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_add_target(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_add_env(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_set_mail_server(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *wf_set_mail_from(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_add_delegate(cmd_parms *cmd, void *dir, int argc, char *const argv[]);

/* kept.c: how long what has ended is kept. */
const char *wf_set_history_days(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_set_executions_kept(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_set_executions_age(cmd_parms *cmd, void *dir, const char *arg);

/* cluster.c: masters and slaves. */
const char *wf_set_slave_word(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_add_capability(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_add_label(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_set_master(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_set_slave_certificate(cmd_parms *cmd, void *dir, const char *file,
                                     const char *key);
/** What they say together. */
const char *wf_cluster_problem(const wf_engine_config_t *config);

/* places.c: those of a <Location>; dir is its wf_dir_config_t. */
const char *wf_set_api(cmd_parms *cmd, void *dir, const char *arg);
const char *wf_add_require(cmd_parms *cmd, void *dir, const char *args);
const char *wf_add_origin(cmd_parms *cmd, void *dir, const char *arg);
/** On or Off, at an offset in wf_dir_config_t. */
const char *wf_set_choice(cmd_parms *cmd, void *dir, int on);
const char *wf_add_key_file(cmd_parms *cmd, void *dir, const char *file,
                            const char *owner, const char *rights);
const char *wf_add_jwt_key(cmd_parms *cmd, void *dir, const char *algorithm,
                           const char *file, const char *kid);
const char *wf_set_jwt_leeway(cmd_parms *cmd, void *dir, const char *arg);
/** A text that is not empty, at an offset in wf_dir_config_t. */
const char *wf_set_dir_text(cmd_parms *cmd, void *dir, const char *arg);
/** What is wrong with places that answer without knowing whom; NULL = nothing. */
const char *wf_places_problem(apr_pool_t *p);
/** The first Location that answers something, as an error names it; NULL = none. */
const char *wf_places_first(void);

#endif
