/* workflow-engine master: start a server of the load engine in the foreground, ask one
 * how it is. */
#include "cli/internal.h"
#include "client/client.h"

#include <apr_network_io.h>
#include <apr_strings.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MAX_EXECUTIONS 10000 /* as WorkflowMaxExecutions */
#define USUAL_ADDRESS "http://localhost:8080"
#define STATUS_TIMEOUT_MS 10000
#define STATUS_MAX_BODY (1024 * 1024)

/* ---- start: options ---------------------------------------------------------------------- */

typedef struct start_options_t {
    const char *config, *address, *state, *grpc;
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
    { "standalone",     NULL, WF_OPTION_FLAG,   offsetof(start_options_t, standalone),     NULL,
      "run executions on this server itself; it always does" },
    { "grpc-address",   NULL, WF_OPTION_TEXT,   offsetof(start_options_t, grpc),           "ADDRESS",
      "obsolete, ignored" },
    { "help",           "h",  WF_OPTION_FLAG,   offsetof(start_options_t, help),           NULL,
      "print this text" },
    WF_OPTIONS_END
    /* clang-format on */
};

static int fail(const wf_error_t *err)
{
    fprintf(stderr, "workflow-engine: %s\n", err->message);
    return WF_EXIT_FAILED;
}

static int usage(FILE *out, const char *command, const char *what,
                 const wf_option_t *options)
{
    fprintf(out, "Usage: workflow-engine master %s [options]\n\n", command);
    if (out == stdout) {
        printf("%s\n\n", what);
        wf_options_print(options);
    }
    return out == stdout ? WF_EXIT_OK : WF_EXIT_FAILED;
}

static int refuse(const char *option, const char *text, const char *fault)
{
    fprintf(stderr, "workflow-engine: -%s %s: %s\n", option, text, fault);
    return WF_EXIT_OPTION;
}

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
            return refuse("address", o->address, fault);
        }
        settings->address = o->address;
    }
    if (o->max_executions < 1 || o->max_executions > MAX_EXECUTIONS) {
        return refuse("max-executions",
                      apr_psprintf(p, "%" APR_INT64_T_FMT, o->max_executions),
                      "must be 1 to 10000");
    }
    for (i = 0; i < o->allow.count; i++) {
        if (strcmp(o->allow.texts[i], "all") == 0) {
            server->everybody = 1;
        }
        else if (!is_network(o->allow.texts[i], p)) {
            return refuse("allow", o->allow.texts[i],
                          "must be an address, a network such as 10.0.0.0/8, or all");
        }
    }
    server->allow = o->allow;
    server->max_executions = o->max_executions;
    return WF_EXIT_OK;
}

/* ---- start -------------------------------------------------------------------------------- */

/* What only `run` can do. */
static void tell_of_logs(const wf_settings_t *settings)
{
    if (settings->log_format == WF_FORMAT_JSON) {
        fputs("workflow-engine: logging.format: servers write httpd's format, not JSON\n",
              stderr);
    }
    if (strcmp(settings->log_output, "stdout") == 0) {
        fputs("workflow-engine: logging.output: servers log into files, not to stdout\n",
              stderr);
    }
}

static void show_banner(const wf_server_t *server)
{
    const char *address = server->settings->address;

    printf("load engine  http://%s%s/api/v1\n", address[0] == ':' ? "localhost" : "",
           address);
    printf("serves       %s\n", server->everybody         ? "everybody"
                                : server->allow.count > 0 ? "this machine, and -allow"
                                                          : "this machine");
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
        return fail(&err);
    }
    code = take_options(&server, &settings, o, p);
    if (code != WF_EXIT_OK) {
        return code;
    }
    if (wf_server_find(&server, p, &err) != APR_SUCCESS
        || wf_server_prepare(&server, o->state, "/workflow-engine", p, &err)
               != APR_SUCCESS
        || wf_server_configure(&server, p, &err) != APR_SUCCESS) {
        return fail(&err);
    }
    tell_of_logs(&settings);
    show_banner(&server);
    wf_server_exec(&server, p, &err); /* returns only if it fails */
    return fail(&err);
}

int wf_cli_master_start(int argc, const char *const *argv)
{
    start_options_t o = { .max_executions = 100 };
    apr_pool_t *p;
    int rest = 1, code;

    code = wf_options_read(wf_cli_master_start_options, &o, argc, argv, &rest);
    if (code != WF_EXIT_OK) {
        return code;
    }
    if (o.help || rest != argc) {
        return usage(o.help ? stdout : stderr, "start",
                     "Starts a server of the load engine in the foreground.",
                     wf_cli_master_start_options);
    }
    apr_pool_create(&p, NULL);
    code = start(&o, p);
    apr_pool_destroy(p);
    return code;
}

/* ---- status ------------------------------------------------------------------------------- */

typedef struct status_options_t {
    const char *address;
    int help;
} status_options_t;

const wf_option_t wf_cli_master_status_options[] = {
    /* clang-format off */
    { "address", NULL, WF_OPTION_TEXT, offsetof(status_options_t, address), "URL",
      "the server; default " USUAL_ADDRESS },
    { "help",    "h",  WF_OPTION_FLAG, offsetof(status_options_t, help),    NULL,
      "print this text" },
    WF_OPTIONS_END
    /* clang-format on */
};

/* Addresses as they are written for listening are understood, too. */
static const char *base_of(const char *address, apr_pool_t *p)
{
    char *base = apr_pstrcat(p,
                             strstr(address, "://") ? ""
                             : address[0] == ':'    ? "http://localhost"
                                                    : "http://",
                             address, NULL);
    size_t n = strlen(base);

    while (n > 0 && base[n - 1] == '/') {
        base[--n] = '\0';
    }
    return base;
}

/* An answer of any status, with its object, or NULL if it is none. */
static apr_status_t ask(int *status, json_object **json, const char *base,
                        const char *path, apr_pool_t *p, wf_error_t *err)
{
    wf_client_settings_t how;
    wf_client_request_t request = { .method = "GET",
                                    .url = apr_pstrcat(p, base, path, NULL),
                                    .settings = &how,
                                    .keep_body = 1,
                                    .max_body = STATUS_MAX_BODY };
    wf_client_response_t *response = NULL;
    wf_client_call_t *call;
    wf_error_t ignored;
    apr_status_t rv;

    wf_client_settings_init(&how);
    how.timeout_ms = STATUS_TIMEOUT_MS;
    rv = wf_client_prepare(&call, &request, p, err);
    if (rv == APR_SUCCESS) {
        rv = wf_client_exchange(&response, call, NULL, p, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (response->outcome != WF_CLIENT_OK) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "%s does not answer: %s", base,
                            response->error);
    }
    wf_error_init(&ignored, p);
    *status = response->status;
    if (wf_json_read(json, response->body, response->body_length, p, &ignored)
        != APR_SUCCESS) {
        *json = NULL;
    }
    return APR_SUCCESS;
}

static const char *said(int status, json_object *json, apr_pool_t *p)
{
    const char *text = wf_json_string(json, "status", NULL);

    return text != NULL
               ? text
               : apr_psprintf(p, "answered %d %s", status, wf_client_reason(status));
}

static void show_slaves(json_object *slaves)
{
    size_t n = json_object_is_type(slaves, json_type_array)
                   ? json_object_array_length(slaves)
                   : 0;

    printf("slaves   %lu\n", (unsigned long)n);
    for (size_t i = 0; i < n; i++) {
        json_object *slave = json_object_array_get_idx(slaves, i);

        printf("  %-20s %-10s %-11s %s\n", wf_json_string(slave, "id", "-"),
               wf_json_string(wf_json_get(slave, "status"), "state", "-"),
               wf_json_string(slave, "type", "-"), wf_json_string(slave, "address", "-"));
    }
}

static apr_status_t show_status(int *good, const char *base, apr_pool_t *p,
                                wf_error_t *err)
{
    static const char *const probes[] = { "/health", "/ready" };
    json_object *json = NULL;
    apr_status_t rv;
    int status = 0;
    size_t i;

    *good = 1;
    for (i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
        if ((rv = ask(&status, &json, base, probes[i], p, err)) != APR_SUCCESS) {
            return rv;
        }
        if (i == 0) {
            printf("address  %s\n", base);
        }
        printf("%-8s %s\n", probes[i] + 1, said(status, json, p));
        *good &= status == 200;
    }
    if ((rv = ask(&status, &json, base, "/api/v1/slaves", p, err)) != APR_SUCCESS) {
        return rv;
    }
    if (status == 200) {
        show_slaves(wf_json_get(json, "slaves"));
    }
    else {
        printf("slaves   answered %d %s\n", status, wf_client_reason(status));
    }
    return APR_SUCCESS;
}

int wf_cli_master_status(int argc, const char *const *argv)
{
    status_options_t o = { .address = USUAL_ADDRESS };
    apr_pool_t *p;
    wf_error_t err;
    int rest = 1, good = 0, code;

    code = wf_options_read(wf_cli_master_status_options, &o, argc, argv, &rest);
    if (code != WF_EXIT_OK) {
        return code;
    }
    if (o.help || rest != argc) {
        return usage(o.help ? stdout : stderr, "status",
                     "Asks a server whether it is alive and takes commands, and for its "
                     "slaves.",
                     wf_cli_master_status_options);
    }
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    if (wf_client_global_init(&err) != APR_SUCCESS
        || show_status(&good, base_of(o.address, p), p, &err) != APR_SUCCESS) {
        code = fail(&err);
    }
    else {
        code = good ? WF_EXIT_OK : WF_EXIT_FAILED;
    }
    apr_pool_destroy(p);
    return code;
}
