/* Directives of masters and slaves, and what they say together. */
#include "settings/internal.h"

#include <apr_strings.h>

#define MAX_SLAVE_TEXT 100 /* bytes, as the master has it */

/* A text that a master shows in logs and paths. */
const char *wf_set_slave_word(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *c = arg;

    while (*c > ' ' && *c < 127) {
        c++;
    }
    if (*arg == '\0' || *c != '\0' || c - arg > MAX_SLAVE_TEXT) {
        return apr_psprintf(
            cmd->pool, "%s takes 1 to %d printable characters without blanks, not '%s'",
            cmd->cmd->name, MAX_SLAVE_TEXT, arg);
    }
    return wf_set_text(cmd, dir, arg);
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

const char *wf_add_capability(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    return problem ? problem : add_line(cmd, &settings->engine.slave_capabilities, arg);
}

const char *wf_add_label(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings), *equals = strchr(arg, '=');

    (void)dir;
    if (!problem && (!equals || equals == arg)) {
        return apr_psprintf(cmd->pool, "WorkflowSlaveLabels takes name=value, not '%s'",
                            arg);
    }
    return problem ? problem : add_line(cmd, &settings->engine.slave_labels, arg);
}

const char *wf_set_master(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    if (!problem && strncasecmp(arg, "http://", 7) && strncasecmp(arg, "https://", 8)) {
        return apr_psprintf(
            cmd->pool,
            "WorkflowMaster takes a URL such as https://master.example:443, "
            "not '%s'",
            arg);
    }
    settings->engine.master = arg;
    return problem;
}

const char *wf_set_slave_certificate(cmd_parms *cmd, void *dir, const char *file,
                                     const char *key)
{
    wf_settings_t *settings;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    if (problem) {
        return problem;
    }
    settings->engine.slave_certificate = ap_server_root_relative(cmd->pool, file);
    settings->engine.slave_key = ap_server_root_relative(cmd->pool, key ? key : file);
    if (!settings->engine.slave_certificate
        || !wf_path_is_readable(settings->engine.slave_certificate, cmd->temp_pool)) {
        return apr_psprintf(cmd->pool, "%s %s: cannot be read", cmd->cmd->name, file);
    }
    return settings->engine.slave_key
                   && wf_path_is_readable(settings->engine.slave_key, cmd->temp_pool)
               ? NULL
               : apr_psprintf(cmd->pool, "%s %s: cannot be read", cmd->cmd->name, key);
}

/* What directives say together. */
const char *wf_cluster_problem(const wf_engine_config_t *config)
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
