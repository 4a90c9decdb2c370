/* Kinds of directives: those that only put a checked value somewhere. Each takes its rule
 * as the row's data. */
#include "settings/internal.h"

#include <apr_strings.h>
#include <apr_lib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/client.h"

/* Server-wide directives act on the main server's settings and nowhere else. */
const char *wf_global_settings(cmd_parms *cmd, wf_settings_t **settings)
{
    *settings = wf_settings_of(cmd->server);
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

const char *wf_set_number(cmd_parms *cmd, void *dir, const char *arg)
{
    const wf_number_rule_t *number = cmd->info;
    wf_settings_t *settings;
    apr_int64_t value;
    const char *problem = wf_global_settings(cmd, &settings);
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
    case AS_SECONDS:
        *(apr_interval_time_t *)at = apr_time_from_sec(value);
        break;
    }
    return NULL;
}

/* A whole number with K, M or G, or none of them, behind it. */
static int parse_size(const char *arg, apr_pool_t *p, apr_int64_t *bytes)
{
    static const char units[] = "KMG";
    apr_size_t digits = strspn(arg, "0123456789");
    const char *unit = arg[digits] ? strchr(units, apr_toupper(arg[digits])) : NULL;
    int shift = unit ? 10 * (int)(unit - units + 1) : 0;

    if (!wf_parse_int64(apr_pstrmemdup(p, arg, digits), bytes)
        || arg[digits + (unit != NULL)] || *bytes > APR_INT64_MAX >> shift) {
        return 0;
    }
    *bytes <<= shift;
    return 1;
}

const char *wf_set_size(cmd_parms *cmd, void *dir, const char *arg)
{
    const wf_size_rule_t *rule = cmd->info;
    wf_settings_t *settings;
    apr_int64_t bytes;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    if (problem) {
        return problem;
    }
    if (!parse_size(arg, cmd->temp_pool, &bytes) || bytes > rule->max
        || (bytes < rule->min && (bytes || !rule->or_zero))) {
        return apr_psprintf(cmd->pool,
                            "%s takes a number of bytes from %" APR_INT64_T_FMT
                            " to %" APR_INT64_T_FMT "%s, such as 64M, not '%s'",
                            cmd->cmd->name, rule->min, rule->max,
                            rule->or_zero ? ", or 0" : "", arg);
    }
    *(apr_int64_t *)((char *)settings + rule->offset) = bytes;
    return NULL;
}

const char *wf_set_flag(cmd_parms *cmd, void *dir, int on)
{
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    *(int *)((char *)settings + (apr_size_t)cmd->info) = on;
    return problem;
}

const char *wf_set_text(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    *(const char **)((char *)settings + (apr_size_t)cmd->info) = arg;
    return problem;
}

const char *wf_set_time(cmd_parms *cmd, void *dir, const char *arg)
{
    const wf_time_rule_t *rule = cmd->info;
    wf_settings_t *settings;
    apr_interval_time_t time;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    if (!problem
        && (ap_timeout_parameter_parse(arg, &time, "s") != APR_SUCCESS
            || time < apr_time_from_msec(rule->min_ms)
            || time > apr_time_from_msec(rule->max_ms))) {
        return apr_psprintf(cmd->pool,
                            "%s takes a time from %" APR_INT64_T_FMT
                            "ms to %" APR_INT64_T_FMT "s, such as 5s, not '%s'",
                            cmd->cmd->name, rule->min_ms, rule->max_ms / 1000, arg);
    }
    if (!problem) {
        *(apr_int64_t *)((char *)settings + rule->offset) = apr_time_as_msec(time);
    }
    return problem;
}

int wf_path_is_directory(const char *path, apr_pool_t *scratch)
{
    struct stat st;

    (void)scratch;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int wf_path_can_be_made(const char *path, apr_pool_t *scratch)
{
    const char *slash = strrchr(path, '/');

    return wf_path_is_directory(
        slash > path ? apr_pstrmemdup(scratch, path, slash - path) : "/", scratch);
}

int wf_path_is_readable(const char *path, apr_pool_t *scratch)
{
    (void)scratch;
    return access(path, R_OK) == 0;
}

int wf_path_is_program(const char *path, apr_pool_t *scratch)
{
    (void)scratch;
    return access(path, X_OK) == 0;
}

const char *wf_set_path(cmd_parms *cmd, void *dir, const char *arg)
{
    const wf_path_rule_t *rule = cmd->info;
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings);
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

/* One of some words. */
const char *wf_set_word(cmd_parms *cmd, void *dir, const char *arg)
{
    const wf_word_rule_t *rule = cmd->info;
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings), *list = "";
    char *at = (char *)settings + rule->offset;

    (void)dir;
    for (int i = 0; rule->words[i]; i++) {
        const char *before = i == 0 ? "" : rule->words[i + 1] ? ", " : " or ";

        if (!strcasecmp(arg, rule->words[i])) {
            if (rule->as_text) {
                *(const char **)at = rule->words[i];
            }
            else {
                *(int *)at = i + rule->first;
            }
            return problem;
        }
        list = apr_pstrcat(cmd->temp_pool, list, before, rule->words[i], NULL);
    }
    return apr_psprintf(cmd->pool, "%s takes %s, not '%s'", cmd->cmd->name, list, arg);
}

/* A file of secrets. Looked at, but not read: the engine does that, as its own user. */
const char *wf_set_secrets(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings);
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
