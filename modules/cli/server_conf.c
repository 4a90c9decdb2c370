/* The configuration of a server that a command starts, as an administrator would write
 * it. */
#include "cli/internal.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S APR_INT64_C(1000000000)
#define NO_LIMIT_S 86400 /* httpd knows no "none": a day */

#ifndef WF_HTTPD_MODULES
#define WF_HTTPD_MODULES "/usr/lib/apache2/modules"
#endif

static const char *const modules[] = { "authn_core", "authz_core", "authz_host",
                                       "authz_user", "auth_basic", "reqtimeout" };

static const char *const log_levels[] = {
    [WF_LEVEL_DEBUG] = "debug", [WF_LEVEL_INFO] = "info",  [WF_LEVEL_WARN] = "warn",
    [WF_LEVEL_ERROR] = "error", [WF_LEVEL_FATAL] = "crit",
};

static void put_modules(FILE *out, const wf_server_t *server)
{
    size_t i;

    fprintf(out,
            "<IfModule !mpm_event_module>\n"
            "    LoadModule mpm_event_module \"" WF_HTTPD_MODULES "/mod_mpm_event.so\"\n"
            "</IfModule>\n"
            "<IfModule !unixd_module>\n"
            "    LoadModule unixd_module \"" WF_HTTPD_MODULES "/mod_unixd.so\"\n"
            "</IfModule>\n");
    for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        fprintf(out, "LoadModule %s_module \"" WF_HTTPD_MODULES "/mod_%s.so\"\n",
                modules[i], modules[i]);
    }
    fprintf(out, "LoadModule workflow_module \"%s\"\n\n", server->module);
}

static void put_server(FILE *out, const wf_server_t *server)
{
    const wf_settings_t *s = server->settings;

    fprintf(out,
            "ServerName localhost\nServerRoot \"%s\"\nDefaultRuntimeDir \"%s\"\n"
            "PidFile \"%s/httpd.pid\"\n",
            server->state, server->state, server->state);
    if (server->user != NULL) {
        fprintf(out, "User %s\nGroup %s\n", server->user, server->group);
    }
    fprintf(out, "Listen %s\n\n", s->address[0] == ':' ? s->address + 1 : s->address);
    fprintf(out, "ErrorLog \"%s\"\n", server->log);
    fprintf(out, "LogLevel warn workflow:%s\n\n", log_levels[s->log_level]);
}

static apr_int64_t seconds(apr_int64_t ns)
{
    return (ns + NS_PER_S - 1) / NS_PER_S;
}

static void put_limits(FILE *out, const wf_settings_t *s)
{
    apr_int64_t in = seconds(s->read_timeout);
    apr_int64_t to = s->write_timeout ? seconds(s->write_timeout) : NO_LIMIT_S;

    fprintf(
        out,
        "# A request comes within so many seconds (0: no limit), nobody is waited for "
        "longer\n# than Timeout while sending.\n"
        "RequestReadTimeout header=%" APR_INT64_T_FMT " body=%" APR_INT64_T_FMT "\n"
        "Timeout %" APR_INT64_T_FMT "\n"
        "StartServers 2\nThreadsPerChild 64\nMaxRequestWorkers 256\n"
        "MaxKeepAliveRequests 0\n\n",
        in, in, to);
}

static void put_access(FILE *out, const wf_server_t *server)
{
    int i;

    if (server->everybody) {
        fprintf(out, "    Require all granted\n");
        return;
    }
    fprintf(out, "    Require local\n");
    for (i = 0; i < server->allow.count; i++) {
        fprintf(out, "    Require ip %s\n", server->allow.texts[i]);
    }
}

static apr_int64_t milliseconds(apr_int64_t ns)
{
    return ns / (NS_PER_S / 1000);
}

static void put_engine(FILE *out, const wf_server_t *server)
{
    const wf_settings_t *s = server->settings;

    fprintf(out,
            "WorkflowEngine On\nWorkflowEngineProgram \"%s\"\nWorkflowStateDir "
            "\"%s/engine\"\nWorkflowClusterKey \"%s\"\n"
            "WorkflowHeartbeatInterval %" APR_INT64_T_FMT "ms\n"
            "WorkflowHeartbeatTimeout %" APR_INT64_T_FMT "ms\n",
            server->program, server->state, server->cluster_key,
            milliseconds(s->heartbeat_interval), milliseconds(s->heartbeat_timeout));
}

static void put_master(FILE *out, const wf_server_t *server)
{
    const wf_settings_t *s = server->settings;

    fprintf(out,
            "WorkflowMaxExecutions %" APR_INT64_T_FMT
            "\nWorkflowMaxSlaves %" APR_INT64_T_FMT "\nWorkflowStandalone %s\n\n"
            "# Whoever may submit workflows may send traffic in this server's name.\n"
            "<Location \"/api/v1\">\n    WorkflowApi workflow\n",
            server->max_executions, s->max_slaves, server->standalone ? "On" : "Auto");
    if (server->api_key != NULL) {
        fprintf(out, "    WorkflowApiKeyFile \"%s\" api_key\n", server->api_key);
    }
    if (server->jwt_key != NULL) {
        fprintf(out, "    WorkflowJwtKey HS256 \"%s\"\n", server->jwt_key);
    }
    if (server->api_key == NULL && server->jwt_key == NULL) {
        fprintf(out, "    WorkflowAllowAnonymous On\n");
    }
    put_access(out, server);
    if (s->cors) {
        fprintf(out, "    WorkflowAllowOrigin *\n");
    }
    fprintf(out, "</Location>\n");
}

/* A directive with a word, if there is one. */
static void put_word(FILE *out, const char *directive, const char *word)
{
    if (word != NULL) {
        fprintf(out, "%s \"%s\"\n", directive, word);
    }
}

static void put_slave(FILE *out, const wf_server_t *server)
{
    const wf_settings_t *s = server->settings;
    const apr_array_header_t *labels = apr_table_elts(s->labels);
    int i;

    put_word(out, "WorkflowMaster", server->master);
    put_word(out, "WorkflowMasterCA", server->master_ca);
    put_word(out, "WorkflowMasterCredentials", server->credentials);
    put_word(out, "WorkflowSlaveCertificate", server->certificate);
    put_word(out, "WorkflowSlaveId", server->slave_id);
    put_word(out, "WorkflowSlaveType", wf_settings_slave_types[s->slave_type]);
    put_word(out, "WorkflowSlaveAddress", s->address);
    fprintf(out, "WorkflowMaxVUs %" APR_INT64_T_FMT "\n", s->max_vus);
    for (i = 0; i < s->capabilities->nelts; i++) {
        put_word(out, "WorkflowSlaveCapabilities",
                 APR_ARRAY_IDX(s->capabilities, i, const char *));
    }
    for (i = 0; i < labels->nelts; i++) {
        const apr_table_entry_t *label = &APR_ARRAY_IDX(labels, i, apr_table_entry_t);

        fprintf(out, "WorkflowSlaveLabels \"%s=%s\"\n", label->key, label->val);
    }
}

static void put_probes(FILE *out, const wf_server_t *server)
{
    fprintf(out, "\n<Directory />\n    AllowOverride None\n    Require all denied\n"
                 "</Directory>\n"
                 "<Location \"/health\">\n    WorkflowApi health\n"
                 "    Require all granted\n</Location>\n"
                 "<Location \"/ready\">\n    WorkflowApi ready\n"
                 "    Require all granted\n</Location>\n\n"
                 "# Authentication, TLS and what else this server needs: files that stay "
                 "as they are.\n");
    fprintf(out, "IncludeOptional \"%s/conf.d/*.conf\"\n", server->state);
}

/* Texts that come from outside stand in quotes. */
static apr_status_t check_words(const wf_server_t *server, apr_pool_t *p, wf_error_t *err)
{
    const wf_settings_t *s = server->settings;
    const apr_array_header_t *labels = apr_table_elts(s->labels);
    apr_array_header_t *words = apr_array_copy(p, s->capabilities);
    int i;

    for (i = 0; i < labels->nelts; i++) {
        const apr_table_entry_t *label = &APR_ARRAY_IDX(labels, i, apr_table_entry_t);

        APR_ARRAY_PUSH(words, const char *) = label->key;
        APR_ARRAY_PUSH(words, const char *) = label->val;
    }
    APR_ARRAY_PUSH(words, const char *) = server->master ? server->master : "";
    APR_ARRAY_PUSH(words, const char *) = server->slave_id ? server->slave_id : "";
    for (i = 0; i < words->nelts; i++) {
        if (!wf_is_quotable(APR_ARRAY_IDX(words, i, const char *))) {
            return wf_error_set(err, WF_ERR_INVALID,
                                "%s: quotes, backslashes, ${ and control characters "
                                "cannot be in a configuration",
                                APR_ARRAY_IDX(words, i, const char *));
        }
    }
    return APR_SUCCESS;
}

apr_status_t wf_server_configure(const wf_server_t *server, apr_pool_t *p,
                                 wf_error_t *err)
{
    const char *path = apr_pstrcat(p, server->state, "/httpd.conf", NULL);
    const char *made = apr_pstrcat(p, path, ".new", NULL);
    FILE *out;
    int failed;

    if (check_words(server, p, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    out = fopen(made, "we");
    if (out == NULL) {
        return wf_error_apr(err, WF_ERR_INVALID, APR_FROM_OS_ERROR(errno), "writing %s",
                            made);
    }
    fprintf(out,
            "# Written by \"workflow-engine %s\" at each start. Changes belong into "
            "conf.d/*.conf\n# beside this file. Started as:\n"
            "#   %s -d \"%s\" -f \"%s\" -DFOREGROUND\n\n",
            server->command, server->httpd, server->state, path);
    put_modules(out, server);
    put_server(out, server);
    put_limits(out, server->settings);
    put_engine(out, server);
    if (server->is_slave) {
        put_slave(out, server);
    }
    else {
        put_master(out, server);
    }
    put_probes(out, server);
    failed = ferror(out);
    failed |= fclose(out);
    if (failed || rename(made, path) != 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno), "writing %s",
                            path);
    }
    return APR_SUCCESS;
}

/* ---- what it cannot say --------------------------------------------------------------------- */

void wf_server_tell_of_logs(const wf_server_t *server)
{
    if (server->settings->log_format == WF_FORMAT_JSON) {
        fputs("workflow-engine: logging.format: servers write httpd's format, not JSON\n",
              stderr);
    }
    if (strcmp(server->settings->log_output, "stdout") == 0) {
        fputs("workflow-engine: logging.output: servers log into files, not to stdout\n",
              stderr);
    }
}
