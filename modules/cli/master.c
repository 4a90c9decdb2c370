/* workflow-engine master start: a server of the load engine, in the foreground. */
#include "cli/internal.h"

#include <apr_network_io.h>
#include <apr_strings.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MAX_EXECUTIONS 10000 /* as WorkflowMaxExecutions */

/* ---- options ---------------------------------------------------------------------- */

typedef struct start_options_t {
    const char *config, *address, *state, *key, *timeout, *grpc;
    wf_option_texts_t allow;
    apr_int64_t max_executions;
    int standalone, help;
} start_options_t;

const wf_option_t wf_cli_master_start_options[] = {
    /* clang-format off */
    { "config",         NULL, WF_OPTION_TEXT,   offsetof(start_options_t, config),         "FILE",
      "configuration" },
    { "address",        NULL, WF_OPTION_TEXT,   offsetof(start_options_t, address),        "ADDRESS",
      "where to listen: host:port, or :port; default :8080" },
    { "allow",          NULL, WF_OPTION_TEXTS,  offsetof(start_options_t, allow),          "NETWORK",
      "who may use it besides this machine: 10.0.0.0/8, or all" },
    { "max-executions", NULL, WF_OPTION_NUMBER, offsetof(start_options_t, max_executions), "N",
      "executions at once; default 100" },
    { "state",          NULL, WF_OPTION_TEXT,   offsetof(start_options_t, state),          "DIR",
      "directory of data, logs and httpd's configuration" },
    { "cluster-key",    NULL, WF_OPTION_TEXT,   offsetof(start_options_t, key),            "FILE",
      "key that slaves share; without it that of this user, which is made" },
    { "heartbeat-timeout", NULL, WF_OPTION_TEXT, offsetof(start_options_t, timeout),       "DURATION",
      "silence after which a slave is lost; default 15s" },
    { "standalone",     NULL, WF_OPTION_FLAG,   offsetof(start_options_t, standalone),     NULL,
      "run executions on this server itself, also if there are slaves" },
    { "grpc-address",   NULL, WF_OPTION_TEXT,   offsetof(start_options_t, grpc),           "ADDRESS",
      "obsolete, ignored" },
    { "help",           "h",  WF_OPTION_FLAG,   offsetof(start_options_t, help),           NULL,
      "print this text" },
    WF_OPTIONS_END
    /* clang-format on */
};

static int is_network(const char *text, apr_pool_t *p)
{
    char *address = apr_pstrdup(p, text), *mask = strchr(address, '/');
    apr_ipsubnet_t *network;

    if (mask != NULL) {
        *mask++ = '\0';
    }
    return apr_ipsubnet_create(&network, address, mask, p) == APR_SUCCESS;
}

static int take_options(wf_server_t *server, wf_settings_t *settings,
                        const start_options_t *o, apr_pool_t *p)
{
    const char *fault;
    int i;

    if (o->address != NULL && *o->address != '\0') {
        fault = wf_address_fault(o->address);
        if (fault != NULL) {
            return wf_cli_refuse("address", o->address, fault);
        }
        settings->address = o->address;
    }
    if (o->timeout != NULL) {
        fault = wf_timeout_fault(settings, o->timeout);
        if (fault != NULL) {
            return wf_cli_refuse("heartbeat-timeout", o->timeout, fault);
        }
    }
    if (o->max_executions < 1 || o->max_executions > MAX_EXECUTIONS) {
        return wf_cli_refuse("max-executions",
                             apr_psprintf(p, "%" APR_INT64_T_FMT, o->max_executions),
                             "must be 1 to 10000");
    }
    for (i = 0; i < o->allow.count; i++) {
        if (strcmp(o->allow.texts[i], "all") == 0) {
            server->everybody = 1;
        }
        else if (!is_network(o->allow.texts[i], p)) {
            return wf_cli_refuse(
                "allow", o->allow.texts[i],
                "must be an address, a network such as 10.0.0.0/8, or all");
        }
    }
    server->allow = o->allow;
    server->max_executions = o->max_executions;
    server->standalone = o->standalone;
    return WF_EXIT_OK;
}

/* ---- start -------------------------------------------------------------------------------- */

static void show_banner(const wf_server_t *server)
{
    const char *address = server->settings->address;

    printf("load engine  http://%s%s/api/v1\n", address[0] == ':' ? "localhost" : "",
           address);
    printf("serves       %s\n", server->everybody         ? "everybody"
                                : server->allow.count > 0 ? "this machine, and -allow"
                                                          : "this machine");
    printf("slaves       with the key %s\n", server->cluster_key);
    printf("state        %s\n", server->state);
    printf("logs         %s, %s/engine/engine.log\n", server->log, server->state);
    printf("httpd        %s -f %s/httpd.conf\n\nCtrl-C stops it.\n", server->httpd,
           server->state);
}

static int start(const start_options_t *o, apr_pool_t *p)
{
    const char *config = o->config && *o->config ? o->config : NULL;
    wf_settings_t settings;
    wf_server_t server = { .command = "master start", .settings = &settings };
    wf_error_t err;
    int code;

    wf_error_init(&err, p);
    if (wf_settings_load(&settings, config, 1, p, &err) != APR_SUCCESS) {
        return wf_cli_fail(&err);
    }
    code = take_options(&server, &settings, o, p);
    if (code != WF_EXIT_OK) {
        return code;
    }
    return wf_server_start(&server, o->state, "/workflow-engine", o->key, show_banner, p);
}

int wf_cli_master_start(int argc, const char *const *argv)
{
    start_options_t o = { .max_executions = 100 };
    apr_pool_t *p;
    int code =
        wf_cli_read(wf_cli_master_start_options, &o, &o.help, "master start",
                    "Starts a server of the load engine in the foreground.", argc, argv);

    if (code < 0) {
        apr_pool_create(&p, NULL);
        code = start(&o, p);
        apr_pool_destroy(p);
    }
    return code;
}
