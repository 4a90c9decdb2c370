/* mod_workflow: a durable workflow server inside httpd. This file is wiring: directives,
 * hooks, and who is started when. The rooms in modules/ do the work; docs/architecture.md
 * shows how they fit. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <ap_listen.h>
#include <ap_mpm.h>
#include <mod_auth.h>
#include <mpm_common.h>

#include <apr_strings.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "activiti/activiti.h"
#include "auth/auth.h"
#include "bpmn/bpmn.h"
#include "client/client.h"
#include "engine/engine.h"
#include "http/http.h"
#include "workflow/workflow.h"

#ifndef WF_ENGINE_BINARY
#define WF_ENGINE_BINARY "/usr/bin/workflow-engine"
#endif

/* The only symbol that httpd looks for; all others are hidden. */
#pragma GCC visibility push(default)
AP_DECLARE_MODULE(workflow);
#pragma GCC visibility pop


/* All server-wide settings; one for the whole httpd, kept at the main server. */
typedef struct settings_t {
    int enabled;
    const char *binary;
    wf_server_config_t http;
    wf_engine_config_t engine;
    apr_array_header_t *delegates; /* const char *: members of engine.delegates */
    int max_tunnels; /* -1 = a share of the workers */
} settings_t;

/* The first WorkflowApi of this configuration, for the check that an engine serves it. */
static const char *first_api;

/* ---- configuration records ------------------------------------------------------------------- */

static void *create_server_config(apr_pool_t *p, server_rec *s)
{
    settings_t *settings = apr_pcalloc(p, sizeof(*settings));

    (void)s;
    wf_engine_config_defaults(&settings->engine);
    settings->binary = WF_ENGINE_BINARY;
    settings->max_tunnels = -1;
    settings->delegates = apr_array_make(p, 4, sizeof(const char *));
    settings->http = (wf_server_config_t){
        .command_timeout = apr_time_from_sec(WF_DEFAULT_COMMAND_TIMEOUT),
        .max_long_poll = apr_time_from_sec(WF_DEFAULT_LONG_POLL),
        .body_limit = WF_DEFAULT_BODY_LIMIT,
        .upload_limit = WF_DEFAULT_UPLOAD_LIMIT,
        .engine_name = WF_DEFAULT_ENGINE_NAME,
        .engine_version = WF_DEFAULT_ENGINE_VERSION,
        .deploy_level = WF_LEVEL_ADMIN,
        .roles = { WF_DEFAULT_ROLE_USER, WF_DEFAULT_ROLE_MANAGER, WF_DEFAULT_ROLE_ADMIN,
                   WF_DEFAULT_ROLE_TYPE },
        .assignment_type = WF_DEFAULT_ASSIGNMENT_TYPE,
    };
    return settings;
}

static void *create_dir_config(apr_pool_t *p, char *dir)
{
    (void)dir;
    return apr_pcalloc(p, sizeof(wf_dir_config_t));
}

static void *merge_dir_config(apr_pool_t *p, void *outer, void *inner)
{
    const wf_dir_config_t *out = outer, *in = inner;
    wf_dir_config_t *merged =
        apr_pmemdup(p, in->face || in->off ? in : out, sizeof(*merged));

    merged->require = in->require ? in->require : out->require;
    merged->origins = in->origins ? in->origins : out->origins;
    return merged;
}

static settings_t *settings_of(server_rec *s)
{
    return ap_get_module_config(s->module_config, &workflow_module);
}

/* ---- directives ---------------------------------------------------------------------------------- */

/* Server-wide directives act on the main server's settings and nowhere else. */
static const char *global_settings(cmd_parms *cmd, settings_t **settings)
{
    *settings = settings_of(cmd->server);
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

/* Where a directive puts its number, and what it accepts. */
typedef struct number_t {
    apr_size_t offset;
    enum { AS_INT, AS_INT64, AS_SECONDS } store;
    apr_int64_t min, max;
} number_t;

#define IN_HTTP(member) APR_OFFSETOF(settings_t, http.member)
#define IN_ENGINE(member) APR_OFFSETOF(settings_t, engine.member)

static const char *set_number(cmd_parms *cmd, void *dir, const char *arg)
{
    const number_t *number = cmd->info;
    settings_t *settings;
    apr_int64_t value;
    const char *problem = global_settings(cmd, &settings);
    char *at = (char *)settings + number->offset;

    (void)dir;
    if (problem) {
        return problem;
    }
    if (!wf_parse_int64(arg, &value) || value < number->min || value > number->max) {
        return apr_psprintf(cmd->pool,
                            "%s takes a whole number from %" APR_INT64_T_FMT
                            " to %" APR_INT64_T_FMT ", not '%s'",
                            cmd->cmd->name, number->min, number->max, arg);
    }
    switch (number->store) {
    case AS_INT:
        *(int *)at = (int)value;
        break;
    case AS_INT64:
        *(apr_int64_t *)at = value;
        break;
    case AS_SECONDS:
        *(apr_interval_time_t *)at = apr_time_from_sec(value);
        break;
    }
    return NULL;
}

static const char *set_flag(cmd_parms *cmd, void *dir, int on)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    *(int *)((char *)settings + (apr_size_t)cmd->info) = on;
    return problem;
}

static const char *set_text(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    *(const char **)((char *)settings + (apr_size_t)cmd->info) = arg;
    return problem;
}

static const char *set_store(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    wf_error_t err;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    wf_error_init(&err, cmd->pool);
    if (!problem && wf_store_check(arg, cmd->temp_pool, &err) != APR_SUCCESS) {
        problem = apr_psprintf(cmd->pool, "WorkflowStore %s: %s", arg, err.message);
    }
    settings->http.store = settings->engine.store = arg;
    return problem;
}

/* A time as httpd's own timeouts have it: 5, 5s, 500ms. */
typedef struct wf_time_rule_t {
    apr_size_t offset; /* of an apr_int64_t: milliseconds */
    apr_int64_t min_ms, max_ms;
} wf_time_rule_t;

static const char *set_time(cmd_parms *cmd, void *dir, const char *arg)
{
    const wf_time_rule_t *rule = cmd->info;
    settings_t *settings;
    apr_interval_time_t time;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    if (!problem
        && (ap_timeout_parameter_parse(arg, &time, "s") != APR_SUCCESS
            || time < apr_time_from_msec(rule->min_ms)
            || time > apr_time_from_msec(rule->max_ms))) {
        return apr_psprintf(cmd->pool,
                            "%s takes a time from %" APR_INT64_T_FMT "ms to %" APR_INT64_T_FMT
                            "s, such as 5s, not '%s'",
                            cmd->cmd->name, rule->min_ms, rule->max_ms / 1000, arg);
    }
    if (!problem) {
        *(apr_int64_t *)((char *)settings + rule->offset) = apr_time_as_msec(time);
    }
    return problem;
}

/* Where a directive puts its path, and what must be true of it. */
typedef struct path_t {
    apr_size_t offset;
    int (*check)(const char *path, apr_pool_t *scratch);
    const char *problem; /* after "Name argument: " */
    int or_off;          /* "Off" is an argument, too, and unsets it */
} path_t;

static int is_directory(const char *path, apr_pool_t *scratch)
{
    struct stat st;

    (void)scratch;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int can_be_made(const char *path, apr_pool_t *scratch)
{
    const char *slash = strrchr(path, '/');

    return is_directory(slash > path ? apr_pstrmemdup(scratch, path, slash - path) : "/",
                        scratch);
}

static int is_readable(const char *path, apr_pool_t *scratch)
{
    (void)scratch;
    return access(path, R_OK) == 0;
}

static int is_program(const char *path, apr_pool_t *scratch)
{
    (void)scratch;
    return access(path, X_OK) == 0;
}

static const char *set_path(cmd_parms *cmd, void *dir, const char *arg)
{
    const path_t *rule = cmd->info;
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);
    const char *path = ap_server_root_relative(cmd->pool, arg);

    (void)dir;
    if (problem) {
        return problem;
    }
    if (rule->or_off && !strcasecmp(arg, "Off")) {
        path = NULL;
    }
    else if (!path || !rule->check(path, cmd->temp_pool)) {
        return apr_psprintf(cmd->pool, "%s %s: %s", cmd->cmd->name, arg, rule->problem);
    }
    *(const char **)((char *)settings + rule->offset) = path;
    return NULL;
}

static const char *problem_with(cmd_parms *cmd, const char *arg, const wf_error_t *err)
{
    return apr_psprintf(cmd->pool, "%s %s: %s", cmd->cmd->name, arg, err->message);
}

/* One pattern; they add up, over several lines, too. */
static const char *add_target(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_targets_t *targets;
    settings_t *settings;
    wf_error_t err;
    const char *problem = global_settings(cmd, &settings);
    const char **list;

    (void)dir;
    wf_error_init(&err, cmd->pool);
    if (problem) {
        return problem;
    }
    if (wf_targets_parse(&targets, arg, cmd->temp_pool, &err) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, err.message);
    }
    list = (const char **)((char *)settings + (apr_size_t)cmd->info);
    *list = *list ? apr_pstrcat(cmd->pool, *list, " ", arg, NULL) : arg;
    return strlen(*list) <= WF_TARGETS_MAX_TEXT
               ? NULL
               : apr_pstrcat(cmd->pool, cmd->cmd->name, ": there are too many of them", NULL);
}

/* Names of the environment; they add up, too. */
static const char *add_env(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);
    const char **list = &settings->engine.load_env;

    (void)dir;
    if (!problem) {
        *list = *list ? apr_pstrcat(cmd->pool, *list, " ", arg, NULL) : arg;
    }
    return problem;
}

static const char *set_mail_server(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    wf_mail_server_t *server;
    settings_t *settings;
    wf_error_t err;
    const char *problem = global_settings(cmd, &settings);
    const char *text = "";

    (void)dir;
    wf_error_init(&err, cmd->pool);
    for (int i = 0; i < argc; i++) {
        text = apr_pstrcat(cmd->pool, text, i ? " " : "", argv[i], NULL);
    }
    if (!problem && wf_mail_server_parse(&server, text, cmd->temp_pool, &err) != APR_SUCCESS) {
        return problem_with(cmd, text, &err);
    }
    if (!problem && server->ca && access(server->ca, F_OK) != 0) {
        return apr_psprintf(cmd->pool, "WorkflowMailServer %s: there is no %s", text,
                            server->ca);
    }
    settings->engine.mail_server = text;
    return problem;
}

static const char *set_mail_from(cmd_parms *cmd, void *dir, const char *arg)
{
    apr_array_header_t *senders;
    settings_t *settings;
    wf_error_t err;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    wf_error_init(&err, cmd->pool);
    if (!problem
        && wf_mail_addresses_parse(&senders, "address", arg, cmd->temp_pool, &err)
               != APR_SUCCESS) {
        return problem_with(cmd, arg, &err);
    }
    if (!problem && senders->nelts != 1) {
        return "WorkflowMailFrom takes one address";
    }
    settings->engine.mail_from = arg;
    return problem;
}

/* A file of secrets. Looked at, but not read: the engine does that, as its own user. */
static const char *set_secrets(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);
    const char *path = ap_server_root_relative(cmd->pool, arg);

    (void)dir;
    if (problem) {
        return problem;
    }
    if (!path || !wf_mail_credentials_safe(path, &problem)) {
        return apr_psprintf(cmd->pool, "%s %s: %s", cmd->cmd->name, arg,
                            path ? problem : "no path");
    }
    *(const char **)((char *)settings + (apr_size_t)cmd->info) = path;
    return NULL;
}

/* Name and value of a delegate as a member of the JSON that the engine gets. */
static const char *delegate_to_json(apr_pool_t *p, const char *name, const char *kind,
                                    const char *value, const char *timeout)
{
    json_object *all = json_object_new_object(), *one = json_object_new_object();
    apr_int64_t seconds;
    const char *text;

    wf_json_add_string(one, kind, value);
    if (timeout && wf_parse_int64(timeout, &seconds)) {
        wf_json_add_int(one, "timeout", seconds);
    }
    else if (timeout) {
        wf_json_add_string(one, "timeout", timeout);
    }
    json_object_object_add(all, name, one);
    text = apr_pstrdup(p, json_object_to_json_string_ext(
                              all, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(all);
    return apr_pstrndup(p, text + 1, strlen(text) - 2);
}

static const char *keep_delegate(cmd_parms *cmd, settings_t *settings, const char *member)
{
    const char *colon = strstr(member, "\":{");
    apr_size_t length = strlen(member) + 1;

    for (int i = 0; i < settings->delegates->nelts; i++) {
        const char *other = APR_ARRAY_IDX(settings->delegates, i, const char *);

        length += strlen(other) + 1;
        if (strncmp(other, member, colon - member + 3) == 0) {
            return apr_pstrcat(cmd->pool, cmd->cmd->name, ": there is already one for ",
                               apr_pstrndup(cmd->pool, member, colon - member + 1), NULL);
        }
    }
    APR_ARRAY_PUSH(settings->delegates, const char *) = member;
    return length < WF_ENGINE_MAX_DELEGATES
               ? NULL
               : apr_pstrcat(cmd->pool, cmd->cmd->name, ": there are too many of them", NULL);
}

/* name kind value [timeout=seconds]; for the default without a name. */
static const char *add_delegate(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    const char *name = cmd->info;
    int first = name ? 0 : 1;
    const char *value, *member;
    settings_t *settings;
    wf_delegates_t *delegates;
    wf_error_t err;
    const char *problem = global_settings(cmd, &settings);
    const char *timeout = argc == first + 3 && !strncmp(argv[first + 2], "timeout=", 8)
                              ? argv[first + 2] + 8
                              : NULL;

    (void)dir;
    if (problem || argc < first + 2 || argc > first + 2 + (timeout != NULL)) {
        return problem ? problem
                       : apr_psprintf(cmd->pool, "%s takes %sa kind, a value and perhaps "
                                      "timeout=seconds", cmd->cmd->name, name ? "" : "a name, ");
    }
    value = argv[first + 1];
    if (!strcmp(argv[first], "script")) {
        value = ap_server_root_relative(cmd->pool, value);
        if (!value || access(value, F_OK) != 0) {
            return apr_psprintf(cmd->pool, "%s: there is no script %s", cmd->cmd->name,
                                argv[first + 1]);
        }
    }
    member = delegate_to_json(cmd->pool, name ? name : argv[0], argv[first], value, timeout);
    wf_error_init(&err, cmd->pool);
    if (wf_delegates_parse(&delegates, apr_pstrcat(cmd->temp_pool, "{", member, "}", NULL),
                           strlen(member) + 2, 0, cmd->temp_pool, &err)
        != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, err.message);
    }
    return keep_delegate(cmd, settings, member);
}

static const char *set_deploy_level(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    if (!strcasecmp(arg, "admin")) {
        settings->http.deploy_level = WF_LEVEL_ADMIN;
    }
    else if (!strcasecmp(arg, "user")) {
        settings->http.deploy_level = WF_LEVEL_USER;
    }
    else {
        return apr_psprintf(cmd->pool, "WorkflowDeployLevel takes admin or user, not '%s'",
                            arg);
    }
    return problem;
}

static const char *set_starters(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    settings->http.enforce_starters = !strcasecmp(arg, "enforce");
    if (!settings->http.enforce_starters && strcasecmp(arg, "advise")) {
        return apr_psprintf(cmd->pool, "WorkflowStarters takes advise or enforce, not '%s'",
                            arg);
    }
    return problem;
}

static const char *set_history_level(cmd_parms *cmd, void *dir, const char *arg)
{
    static const char *const levels[] = { "none", "activity", "audit", "full" };
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    for (apr_size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (!strcasecmp(arg, levels[i])) {
            settings->engine.history_level = levels[i];
            return problem;
        }
    }
    return apr_psprintf(
        cmd->pool, "WorkflowHistoryLevel takes none, activity, audit or full, not '%s'",
        arg);
}

#define MAX_DAYS 36500

static const char *set_history_days(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    apr_int64_t days = 0;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    if (strcasecmp(arg, "Never")
        && (!wf_parse_int64(arg, &days) || days < 1 || days > MAX_DAYS)) {
        return apr_psprintf(
            cmd->pool,
            "WorkflowHistoryTimeToLive takes Never or a number of days from "
            "1 to %d, not '%s'",
            MAX_DAYS, arg);
    }
    settings->engine.history_days = (int)days;
    return problem;
}

static const char *set_executions_kept(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    apr_int64_t kept = -1;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    if (strcasecmp(arg, "All")
        && (!wf_parse_int64(arg, &kept) || kept < 0 || kept > APR_INT32_MAX)) {
        return apr_psprintf(cmd->pool,
                            "WorkflowExecutionsKept takes All or a number, not '%s'", arg);
    }
    settings->engine.executions_kept = (int)kept;
    return problem;
}

/* Days, as history has them, or a duration with units for those who test a lot. */
static const char *set_executions_age(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    apr_int64_t days = 0, ns = 0;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    if (!strcasecmp(arg, "Never")) {
        settings->engine.executions_age = 0;
    }
    else if (wf_parse_int64(arg, &days) && days >= 1 && days <= MAX_DAYS) {
        settings->engine.executions_age = days * 86400;
    }
    else if (wf_duration_parse(&ns, arg) == APR_SUCCESS && ns >= 1000000000) {
        settings->engine.executions_age = ns / 1000000000;
    }
    else {
        return apr_psprintf(cmd->pool,
                            "WorkflowExecutionsTimeToLive takes Never, a number of days "
                            "from 1 to %d, or a duration such as 36h, not '%s'",
                            MAX_DAYS, arg);
    }
    return problem;
}

static const char *set_standalone(cmd_parms *cmd, void *dir, const char *arg)
{
    static const char *const words[] = { [WF_STANDALONE_OFF] = "Off",
                                         [WF_STANDALONE_ON] = "On",
                                         [WF_STANDALONE_AUTO] = "Auto" };
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    for (int i = 0; i <= WF_STANDALONE_AUTO; i++) {
        if (!strcasecmp(arg, words[i])) {
            settings->engine.standalone = i;
            return problem;
        }
    }
    return apr_psprintf(cmd->pool, "WorkflowStandalone takes On, Off or Auto, not '%s'", arg);
}

static const char *set_orphans(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    settings->engine.finish_orphans = !strcasecmp(arg, "Finish");
    return problem                             ? problem
           : settings->engine.finish_orphans || !strcasecmp(arg, "Stop")
               ? NULL
               : apr_psprintf(cmd->pool, "WorkflowOrphans takes Stop or Finish, not '%s'", arg);
}

static const char *set_slave_type(cmd_parms *cmd, void *dir, const char *arg)
{
    static const char *const types[] = { "worker", "gateway", "aggregator" };
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    for (apr_size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!strcasecmp(arg, types[i])) {
            settings->engine.slave_type = types[i];
            return problem;
        }
    }
    return apr_psprintf(cmd->pool,
                        "WorkflowSlaveType takes worker, gateway or aggregator, not '%s'", arg);
}

#define MAX_SLAVE_TEXT 100 /* bytes, as the master has it */

/* A text that a master shows in logs and paths. */
static const char *set_slave_word(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *c = arg;

    while (*c > ' ' && *c < 127) {
        c++;
    }
    if (*arg == '\0' || *c != '\0' || c - arg > MAX_SLAVE_TEXT) {
        return apr_psprintf(cmd->pool,
                            "%s takes 1 to %d printable characters without blanks, not '%s'",
                            cmd->cmd->name, MAX_SLAVE_TEXT, arg);
    }
    return set_text(cmd, dir, arg);
}

/* One more line of a list. */
static const char *add_line(cmd_parms *cmd, const char **list, const char *arg)
{
    if (strlen(arg) > 2 * MAX_SLAVE_TEXT || strchr(arg, '\n')) {
        return apr_psprintf(cmd->pool, "%s: '%s' is too long", cmd->cmd->name, arg);
    }
    *list = *list ? apr_pstrcat(cmd->pool, *list, "\n", arg, NULL) : arg;
    return NULL;
}

static const char *add_capability(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    return problem ? problem : add_line(cmd, &settings->engine.slave_capabilities, arg);
}

static const char *add_label(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings), *equals = strchr(arg, '=');

    (void)dir;
    if (!problem && (!equals || equals == arg)) {
        return apr_psprintf(cmd->pool, "WorkflowSlaveLabels takes name=value, not '%s'", arg);
    }
    return problem ? problem : add_line(cmd, &settings->engine.slave_labels, arg);
}

static const char *set_master(cmd_parms *cmd, void *dir, const char *arg)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    if (!problem && strncasecmp(arg, "http://", 7) && strncasecmp(arg, "https://", 8)) {
        return apr_psprintf(cmd->pool,
                            "WorkflowMaster takes a URL such as https://master.example:443, "
                            "not '%s'",
                            arg);
    }
    settings->engine.master = arg;
    return problem;
}

static const char *set_slave_certificate(cmd_parms *cmd, void *dir, const char *file,
                                         const char *key)
{
    settings_t *settings;
    const char *problem = global_settings(cmd, &settings);

    (void)dir;
    if (problem) {
        return problem;
    }
    settings->engine.slave_certificate = ap_server_root_relative(cmd->pool, file);
    settings->engine.slave_key = ap_server_root_relative(cmd->pool, key ? key : file);
    if (!settings->engine.slave_certificate
        || !is_readable(settings->engine.slave_certificate, cmd->temp_pool)) {
        return apr_psprintf(cmd->pool, "%s %s: cannot be read", cmd->cmd->name, file);
    }
    return settings->engine.slave_key
                   && is_readable(settings->engine.slave_key, cmd->temp_pool)
               ? NULL
               : apr_psprintf(cmd->pool, "%s %s: cannot be read", cmd->cmd->name, key);
}

static const char *set_api(cmd_parms *cmd, void *dir, const char *arg)
{
    static const wf_face_t *const faces[] = { &wf_activiti_face, &wf_workflow_face,
                                              &wf_health_face, &wf_ready_face };
    wf_dir_config_t *config = dir;

    if (!strcasecmp(arg, "Off")) {
        config->face = NULL;
        config->off = 1;
        return NULL;
    }
    if (!cmd->path || *cmd->path != '/' || ap_check_cmd_context(cmd, NOT_IN_DIRECTORY)) {
        return "WorkflowApi belongs into a <Location>";
    }
    for (apr_size_t i = 0; i < sizeof(faces) / sizeof(faces[0]); i++) {
        if (!strcasecmp(arg, faces[i]->name)) {
            if (!first_api) {
                first_api = apr_psprintf(cmd->pool, "%s:%d: WorkflowApi %s",
                                         cmd->directive->filename,
                                         cmd->directive->line_num, arg);
            }
            return wf_http_enable(config, faces[i], cmd->path, cmd->pool);
        }
    }
    return apr_psprintf(cmd->pool,
                        "WorkflowApi takes activiti, workflow, health, ready or Off, not '%s'",
                        arg);
}

static const char *add_require(cmd_parms *cmd, void *dir, const char *args)
{
    wf_dir_config_t *config = dir;

    return wf_require_add(&config->require, cmd, args);
}

/* An origin as browsers send it: scheme, host and port, nothing more. */
static int is_origin(const char *text)
{
    const char *host = strstr(text, "://");

    return host && host > text && host[3] && !strpbrk(host + 3, "/?#*");
}

static const char *add_origin(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_dir_config_t *config = dir;

    if (strcmp(arg, "*") != 0 && !is_origin(arg)) {
        return apr_psprintf(cmd->pool,
                            "WorkflowAllowOrigin takes * or origins such as "
                            "https://example.org:8443, not '%s'", arg);
    }
    if (!config->origins) {
        config->origins = apr_array_make(cmd->pool, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(config->origins, const char *) = arg;
    return NULL;
}

#define TIME(where, low, high) ((void *)&(const wf_time_rule_t){ where, low, high })
#define NUMBER(where, how, low, high) ((void *)&(const number_t){ where, how, low, high })
#define PATH_RULE(where, check, problem, off) ((void *)&(const path_t){ where, check, problem, off })
#define MIB (1024 * 1024)

/* clang-format off */
#define FLAG(name, where, text) AP_INIT_FLAG(name, set_flag, (void *)(where), RSRC_CONF, text)
#define NUM(name, number, text) AP_INIT_TAKE1(name, set_number, number, RSRC_CONF, text)
#define TEXT(name, where, text) AP_INIT_TAKE1(name, set_text, (void *)(where), RSRC_CONF, text)
#define PATH(name, rule, text)  AP_INIT_TAKE1(name, set_path, rule, RSRC_CONF, text)
#define OWN(name, fn, text)     AP_INIT_TAKE1(name, fn, NULL, RSRC_CONF, text)

static const command_rec directives[] = {
    FLAG("WorkflowEngine", APR_OFFSETOF(settings_t, enabled),
         "On to run the engine process; Off by default"),
    AP_INIT_TAKE1("WorkflowApi", set_api, NULL, ACCESS_CONF,
         "what a <Location> answers: activiti, workflow, health, ready or Off"),
    AP_INIT_RAW_ARGS("WorkflowRequire", add_require, NULL, ACCESS_CONF,
         "a level, user or admin, and the words of a Require line that grants it"),
    AP_INIT_ITERATE("WorkflowAllowOrigin", add_origin, NULL, ACCESS_CONF,
         "whose pages may follow executions besides this server's: origins, or * for all"),
    OWN("WorkflowStore", set_store, "where data is kept, such as sqlite:/var/lib/workflow/workflow.db"),
    PATH("WorkflowStateDir", PATH_RULE(IN_ENGINE(state_dir), can_be_made, "its parent directory does not exist", 0),
         "directory of the engine's socket and of the default store and log"),
    PATH("WorkflowEngineLog", PATH_RULE(IN_ENGINE(log_file), can_be_made, "its directory does not exist", 0),
         "log file of the engine process"),
    PATH("WorkflowEngineProgram", PATH_RULE(APR_OFFSETOF(settings_t, binary), is_program, "it cannot be executed", 0),
         "the workflow-engine program"),
    PATH("WorkflowDemoData", PATH_RULE(IN_ENGINE(demo_dir), is_directory, "neither Off nor an existing directory", 1),
         "directory of demo users and processes for an empty store, or Off"),
    OWN("WorkflowDeployLevel", set_deploy_level, "who may upload and delete deployments: admin or user"),
    OWN("WorkflowStarters", set_starters,
        "whether others than candidate starters may start a process: advise or enforce"),
    FLAG("WorkflowJobExecutor", IN_ENGINE(job_executor),
         "Off to run jobs only on request; On by default"),
    NUM("WorkflowJobLease", NUMBER(IN_ENGINE(job_lease), AS_INT, 3, 86400),
        "seconds after which a job may be taken from an engine that shows no life"),
    NUM("WorkflowJobRetries", NUMBER(IN_ENGINE(job_retries), AS_INT, 1, 1000),
        "attempts of a job whose model says nothing about them"),
    NUM("WorkflowJobRetryWait", NUMBER(IN_ENGINE(job_retry_wait), AS_INT, 0, 86400),
        "seconds until a job that has failed is tried again"),
    OWN("WorkflowHistoryLevel", set_history_level,
        "how much history is kept: none, activity, audit or full"),
    OWN("WorkflowHistoryTimeToLive", set_history_days,
        "days after which history of what has ended goes, or Never"),
    TEXT("WorkflowEngineName", IN_HTTP(engine_name), "name that the process-engine call shows"),
    TEXT("WorkflowEngineVersion", IN_HTTP(engine_version), "version that the process-engine call shows"),
    TEXT("WorkflowRoleType", IN_HTTP(roles.role_type), "type of the groups that carry rights"),
    TEXT("WorkflowUserGroup", IN_HTTP(roles.user), "group whose members may use the process engine"),
    TEXT("WorkflowManagerGroup", IN_HTTP(roles.manager), "another group whose members may use the process engine"),
    TEXT("WorkflowAdminGroup", IN_HTTP(roles.admin), "group whose members administer the process engine"),
    AP_INIT_ITERATE("WorkflowTargets", add_target, (void *)IN_ENGINE(targets), RSRC_CONF,
         "what processes may connect to: *, host, *.domain, address or network, each with :port; !network excludes"),
    AP_INIT_TAKE_ARGV("WorkflowMailServer", set_mail_server, NULL, RSRC_CONF,
         "where mail is handed in: smtp://host:port or smtps://host:port, starttls=, ca=, timeout="),
    AP_INIT_TAKE_ARGV("WorkflowDelegate", add_delegate, NULL, RSRC_CONF,
         "who does what a class or bean did: name, http|script|external|builtin|fail, value, timeout="),
    AP_INIT_TAKE_ARGV("WorkflowDelegateDefault", add_delegate, "*", RSRC_CONF,
         "who does what no other delegate does: kind, value, timeout="),
    NUM("WorkflowDelegateTimeout", NUMBER(IN_ENGINE(delegate_timeout), AS_INT, 1, 3600),
        "seconds that a delegate, an HTTP task or a program may take"),
    NUM("WorkflowDelegateMaxAnswer", NUMBER(IN_ENGINE(delegate_max_answer), AS_INT64, 1024, 1024 * MIB),
        "bytes that a delegate, an HTTP task or a program may answer"),
    FLAG("WorkflowHttpTask", IN_ENGINE(http_task), "On to do tasks of type http; Off by default"),
    FLAG("WorkflowShellTask", IN_ENGINE(shell_task), "On to do tasks of type shell; Off by default"),
    NUM("WorkflowScriptTimeout", NUMBER(IN_ENGINE(script_timeout), AS_INT, 1, 3600),
        "seconds that a script may run"),
    NUM("WorkflowScriptMemory", NUMBER(IN_ENGINE(script_memory), AS_INT64, MIB, 4096LL * MIB),
        "bytes that a script may use"),
    OWN("WorkflowMailFrom", set_mail_from, "sender of mails that name none"),
    AP_INIT_TAKE1("WorkflowMailCredentials", set_secrets, (void *)IN_ENGINE(mail_credentials), RSRC_CONF,
         "file with user:password for the mail server"),
    NUM("WorkflowExecutorThreads", NUMBER(IN_ENGINE(executor_threads), AS_INT, 1, 1024),
        "threads of the engine that run commands"),
    NUM("WorkflowQueueLimit", NUMBER(IN_ENGINE(queue_limit), AS_INT, 1, 1000000),
        "commands that may wait or run at once; more get 503"),
    NUM("WorkflowMaxConnections", NUMBER(IN_ENGINE(max_connections), AS_INT, 1, 100000),
        "connections from httpd's children to the engine"),
    NUM("WorkflowCommandTimeout", NUMBER(IN_HTTP(command_timeout), AS_SECONDS, 1, 3600),
        "seconds a request waits for the engine"),
    NUM("WorkflowMaxLongPoll", NUMBER(IN_HTTP(max_long_poll), AS_SECONDS, 0, 1800),
        "seconds that a fetch of external tasks may wait for some"),
    NUM("WorkflowLongPollLimit", NUMBER(IN_ENGINE(long_poll_limit), AS_INT, 0, 100000),
        "fetches of external tasks that wait at once"),
    NUM("WorkflowMaxBody", NUMBER(IN_HTTP(body_limit), AS_INT64, 1024, 1024 * MIB),
        "bytes of a JSON or form body"),
    NUM("WorkflowMaxUpload", NUMBER(IN_HTTP(upload_limit), AS_INT64, 1024, 1024 * MIB),
        "bytes of an uploaded deployment"),
    NUM("WorkflowStopTimeout", NUMBER(IN_ENGINE(stop_timeout), AS_INT, 2, 600),
        "seconds the engine has to finish when httpd stops"),
    NUM("WorkflowModelCache", NUMBER(IN_ENGINE(model_cache), AS_INT, 1, 1000000),
        "parsed process definitions kept in memory"),
    NUM("WorkflowMaxSteps", NUMBER(IN_ENGINE(max_steps), AS_INT, 10, 100000000),
        "operations of one call before a process counts as endless"),
    NUM("WorkflowMaxInstances", NUMBER(IN_ENGINE(max_rounds), AS_INT, 1, 100000000),
        "instances of multi-instance activities that one call begins"),
    NUM("WorkflowLoadLoops", NUMBER(IN_ENGINE(load_loops), AS_INT, 0, 256),
        "event loops of the load engine; 0 is one per core"),
    NUM("WorkflowLoadWorkers", NUMBER(IN_ENGINE(load_workers), AS_INT, 1, 1000),
        "threads for steps of load tests that block"),
    NUM("WorkflowMaxExecutions", NUMBER(IN_ENGINE(max_executions), AS_INT, 1, 10000),
        "load executions at once"),
    FLAG("WorkflowResumeExecutions", IN_ENGINE(resume_executions),
         "Off to end load executions when the engine ends; On by default"),
    OWN("WorkflowExecutionsKept", set_executions_kept,
        "load executions that stay when they are over: a number, or All"),
    OWN("WorkflowExecutionsTimeToLive", set_executions_age,
        "how long a load execution stays when it is over: days, a duration, or Never"),
    NUM("WorkflowMaxVUs", NUMBER(IN_ENGINE(max_vus), AS_INT, 1, 1000000),
        "virtual users of all load executions together"),
    AP_INIT_ITERATE("WorkflowLoadTargets", add_target, (void *)IN_ENGINE(load_targets), RSRC_CONF,
         "what load executions may connect to; as WorkflowTargets"),
    NUM("WorkflowLoadMaxRate", NUMBER(IN_ENGINE(load_max_rate), AS_INT, 0, 10000000),
        "Requests a second of one load execution, and what its sockets send; 0 for no limit"),
    AP_INIT_ITERATE("WorkflowLoadEnvironment", add_env, NULL, RSRC_CONF,
         "variables of the environment that workflow documents may read"),
    AP_INIT_TAKE1("WorkflowLoadSecrets", set_secrets, (void *)IN_ENGINE(load_secrets), RSRC_CONF,
         "file of name=value lines, the secrets of workflow documents"),
    PATH("WorkflowDataDir", PATH_RULE(IN_ENGINE(data_dir), is_directory, "not an existing directory", 0),
         "directory of the files that workflow documents may read"),
    PATH("WorkflowOutputDir", PATH_RULE(IN_ENGINE(output_dir), is_directory, "not an existing directory", 0),
         "directory of the files that outputs of load executions write"),
    NUM("WorkflowMaxStreams", NUMBER(IN_ENGINE(max_streams), AS_INT, 0, 1000000),
        "clients that follow executions at once; more get 503"),
    NUM("WorkflowMaxTunnels", NUMBER(APR_OFFSETOF(settings_t, max_tunnels), AS_INT, 0, 1000000),
        "of them, those over TLS or HTTP/2, each of which holds a worker"),
    AP_INIT_TAKE1("WorkflowClusterKey", set_secrets, (void *)IN_ENGINE(cluster_key), RSRC_CONF,
         "file with the key that masters and slaves share"),
    FLAG("WorkflowClusterCertificates", IN_ENGINE(cluster_certificates),
         "On if masters and slaves know each other by their certificates; Off by default"),
    OWN("WorkflowStandalone", set_standalone,
        "whether this server runs executions that say nothing of slaves: On, Off or Auto"),
    NUM("WorkflowMaxSlaves", NUMBER(IN_ENGINE(max_slaves), AS_INT, 0, 10000),
        "slaves of this server at once"),
    AP_INIT_TAKE1("WorkflowHeartbeatInterval", set_time, TIME(IN_ENGINE(heartbeat_interval), 50, 3600000), RSRC_CONF,
         "how often slaves tell that they are there"),
    AP_INIT_TAKE1("WorkflowHeartbeatTimeout", set_time, TIME(IN_ENGINE(heartbeat_timeout), 100, 86400000), RSRC_CONF,
         "silence after which a slave, or a master, is lost"),
    OWN("WorkflowMaster", set_master, "URL of the server whose slave this one is"),
    PATH("WorkflowMasterCA", PATH_RULE(IN_ENGINE(master_ca), is_readable, "cannot be read", 0),
         "PEM file of those who vouch for the master"),
    AP_INIT_TAKE1("WorkflowMasterCredentials", set_secrets, (void *)IN_ENGINE(master_credentials), RSRC_CONF,
         "file with name:password, or Bearer and a token, for the master's httpd"),
    AP_INIT_TAKE12("WorkflowSlaveCertificate", set_slave_certificate, NULL, RSRC_CONF,
         "PEM files of this server's certificate and its private key"),
    AP_INIT_TAKE1("WorkflowSlaveId", set_slave_word, (void *)IN_ENGINE(slave_id), RSRC_CONF,
         "the name that the master knows this slave by"),
    OWN("WorkflowSlaveType", set_slave_type, "worker, gateway or aggregator"),
    AP_INIT_TAKE1("WorkflowSlaveAddress", set_slave_word, (void *)IN_ENGINE(slave_address), RSRC_CONF,
         "host:port of this slave, as the master shows it"),
    AP_INIT_ITERATE("WorkflowSlaveCapabilities", add_capability, NULL, RSRC_CONF,
         "what this slave does: http_executor, script_executor, ..."),
    AP_INIT_ITERATE("WorkflowSlaveLabels", add_label, NULL, RSRC_CONF,
         "name=value pairs that documents choose slaves by"),
    OWN("WorkflowOrphans", set_orphans,
        "what becomes of tasks whose master is away for too long: Stop or Finish"),
    { NULL }
};
/* clang-format on */

/* ---- start-up --------------------------------------------------------------------------------------- */

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    first_api = NULL;
    return OK;
}

/* What directives say together. */
static const char *cluster_problem(const wf_engine_config_t *config)
{
    if (config->heartbeat_timeout <= config->heartbeat_interval) {
        return "WorkflowHeartbeatTimeout must be longer than WorkflowHeartbeatInterval";
    }
    if (!config->master) {
        return NULL;
    }
    if (!config->cluster_key && !config->cluster_certificates) {
        return "WorkflowMaster needs WorkflowClusterKey or WorkflowClusterCertificates";
    }
    if (!config->cluster_key && strncasecmp(config->master, "https://", 8)) {
        return "WorkflowClusterCertificates needs a WorkflowMaster with https";
    }
    return NULL;
}

/* Where httpd listens first, unless told otherwise. */
static const char *own_address(apr_pool_t *p)
{
    apr_port_t port = ap_listeners && ap_listeners->bind_addr ? ap_listeners->bind_addr->port : 0;

    return apr_psprintf(p, ":%u", (unsigned)port);
}

/* Also under `httpd -t`: looks, but touches nothing. */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *s)
{
    settings_t *settings = settings_of(s);
    const char *problem;

    (void)plog;
    (void)ptemp;
    if (!settings->enabled) {
        if (first_api) {
            ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "%s needs WorkflowEngine On", first_api);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        return OK;
    }
    problem = cluster_problem(&settings->engine);
    if (problem) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "%s", problem);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (access(settings->binary, X_OK) != 0) {
        ap_log_error(APLOG_MARK, APLOG_ERR, errno, s,
                     "WorkflowEngineProgram %s cannot be executed", settings->binary);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!settings->engine.state_dir) {
        settings->engine.state_dir = ap_runtime_dir_relative(pconf, "workflow");
    }
    if (!settings->http.store) {
        settings->http.store = settings->engine.store =
            apr_pstrcat(pconf, "sqlite:", settings->engine.state_dir, "/workflow.db", NULL);
    }
    if (!settings->engine.log_file) {
        settings->engine.log_file =
            apr_pstrcat(pconf, settings->engine.state_dir, "/engine.log", NULL);
    }
    return OK;
}

/* Clients over TLS or HTTP/2 hold a worker each, and others have to be served, too. */
#define TUNNEL_SHARE 4

static int tunnels_of(const settings_t *settings, server_rec *s)
{
    int processes = 1, threads = 1, workers;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &processes);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    workers = processes * (threads > 0 ? threads : 1);
    if (settings->max_tunnels < 0) {
        return workers > TUNNEL_SHARE ? workers / TUNNEL_SHARE : 1;
    }
    if (settings->max_tunnels >= workers) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "WorkflowMaxTunnels %d would leave none of %d workers "
                     "(MaxRequestWorkers) to others: %d it is",
                     settings->max_tunnels, workers, workers - 1);
        return workers - 1;
    }
    return settings->max_tunnels;
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                       server_rec *s)
{
    settings_t *settings = settings_of(s);
    wf_error_t err;

    (void)plog;
    wf_error_init(&err, ptemp);
    ap_add_version_component(pconf, "mod_workflow/" WF_VERSION);
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG
        || ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL) {
        return OK;
    }
    if (!settings->enabled) {
        wf_parent_stop(s, pconf);
        return OK;
    }
    settings->http.socket = wf_engine_socket_path(settings->engine.state_dir, pconf);
    settings->http.resource_url = apr_pstrcat(pconf, "file:", ap_conftree ? ap_conftree->filename : "", NULL);
    settings->engine.log_level = ap_get_server_module_loglevel(s, APLOG_MODULE_INDEX);
    settings->engine.frame_limit = settings->http.upload_limit + settings->http.body_limit;
    settings->engine.delegates = apr_pstrcat(
        pconf, "{", apr_array_pstrcat(pconf, settings->delegates, ','), "}", NULL);
    settings->engine.admin_group = settings->http.roles.admin;
    settings->engine.max_tunnels = tunnels_of(settings, s);
    if (!settings->engine.slave_address) {
        settings->engine.slave_address = own_address(pconf);
    }
    settings->engine.role_type = settings->http.roles.role_type;
    if (wf_parent_start(s, &settings->engine, settings->binary, pconf, &err)
        != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "%s", err.message);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

/* Our rooms' log lines in httpd's error log. */
static void log_line(void *baton, wf_log_level_e level, const char *text)
{
    ap_log_error(APLOG_MARK, (int)level, 0, (server_rec *)baton, "%s", text);
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    settings_t *settings = settings_of(s);
    wf_error_t err;

    if (!settings->enabled) {
        return;
    }
    wf_log_to(log_line, s);
    wf_log_set_level(ap_get_server_module_loglevel(s, APLOG_MODULE_INDEX));
    wf_error_init(&err, pchild);
    if (wf_child_create(&settings->http, pchild, &err) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "%s", err.message);
    }
}

static void register_hooks(apr_pool_t *p)
{
    static const char *const authz_first[] = { "mod_authz_core.c", NULL };

    wf_auth_register_provider(p);
    wf_http_register_filters();
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(wf_http_translate_name, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(wf_http_map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_check_access_ex(wf_http_check_access, authz_first, NULL, APR_HOOK_LAST,
                            AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_force_authn(wf_http_force_authn, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_type_checker(wf_http_type_checker, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(wf_http_handler, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_insert_error_filter(wf_http_insert_error_filter, NULL, NULL, APR_HOOK_LAST);
}

module AP_MODULE_DECLARE_DATA workflow_module = {
    STANDARD20_MODULE_STUFF,
    create_dir_config,
    merge_dir_config,
    create_server_config,
    NULL, /* server-wide settings are the main server's */
    directives,
    register_hooks,
    0 /* no flags */
};
