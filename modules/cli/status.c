/* workflow-engine master status, slave status: ask a server how it is. */
#include "cli/internal.h"
#include "client/client.h"

#include <apr_strings.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MASTER "http://localhost:8080"
#define SLAVE "http://localhost:9091"
#define TIMEOUT_MS 10000
#define MAX_BODY (1024 * 1024)

typedef struct status_options_t {
    const char *address;
    int help;
} status_options_t;

/* clang-format off */
#define OPTIONS(usual)                                                                             \
    { "address", NULL, WF_OPTION_TEXT, offsetof(status_options_t, address), "URL",                 \
      "the server; default " usual },                                                              \
    { "help",    "h",  WF_OPTION_FLAG, offsetof(status_options_t, help),    NULL,                  \
      "print this text" },                                                                         \
    WF_OPTIONS_END

const wf_option_t wf_cli_master_status_options[] = { OPTIONS(MASTER) };
const wf_option_t wf_cli_slave_status_options[] = { OPTIONS(SLAVE) };
/* clang-format on */

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
                                    .max_body = MAX_BODY };
    wf_client_response_t *response = NULL;
    wf_client_call_t *call;
    wf_error_t ignored;
    apr_status_t rv;

    wf_client_settings_init(&how);
    how.timeout_ms = TIMEOUT_MS;
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

static void show_slave(json_object *slave)
{
    json_object *status = wf_json_get(slave, "status");
    json_object *load = wf_json_get(status, "load");

    printf("  %-24s %-9s %-10s %5.0f%%  %s\n", wf_json_string(slave, "id", "-"),
           wf_json_string(status, "state", "-"), wf_json_string(slave, "type", "-"),
           load ? json_object_get_double(load) * 100 : 0,
           wf_json_string(slave, "address", "-"));
}

static apr_status_t show_slaves(const char *base, apr_pool_t *p, wf_error_t *err)
{
    json_object *json = NULL, *slaves;
    int status = 0;
    size_t i, n;
    apr_status_t rv = ask(&status, &json, base, "/api/v1/slaves", p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (status != 200) {
        printf("slaves   answered %d %s\n", status, wf_client_reason(status));
        return APR_SUCCESS;
    }
    slaves = wf_json_get(json, "slaves");
    n = json_object_is_type(slaves, json_type_array) ? json_object_array_length(slaves)
                                                     : 0;
    printf("slaves   %lu\n", (unsigned long)n);
    if (n > 0) {
        printf("  %-24s %-9s %-10s %6s  %s\n", "ID", "STATE", "TYPE", "LOAD", "ADDRESS");
    }
    for (i = 0; i < n; i++) {
        show_slave(json_object_array_get_idx(slaves, i));
    }
    return APR_SUCCESS;
}

/* json: of /ready */
static void show_master(json_object *json)
{
    printf("master   %s\n", wf_json_get(json, "connected") == NULL
                                ? "none: it is no slave"
                            : wf_json_bool(json, "connected", 0) ? "connected"
                                                                 : "not connected");
}

static apr_status_t show_status(int *good, const char *base, int slave, apr_pool_t *p,
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
    if (slave) {
        show_master(json);
        return APR_SUCCESS;
    }
    return show_slaves(base, p, err);
}

static int show(int slave, const wf_option_t *options, const char *usual, int argc,
                const char *const *argv)
{
    status_options_t o = { .address = usual };
    apr_pool_t *p;
    wf_error_t err;
    int good = 0;
    int code = wf_cli_read(options, &o, &o.help, slave ? "slave status" : "master status",
                           slave ? "Asks a slave whether it is alive and ready, and "
                                   "whether its master knows it."
                                 : "Asks a server whether it is alive and takes "
                                   "commands, and for its slaves.",
                           argc, argv);

    if (code >= 0) {
        return code;
    }
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    if (wf_client_global_init(&err) != APR_SUCCESS
        || show_status(&good, base_of(o.address, p), slave, p, &err) != APR_SUCCESS) {
        code = wf_cli_fail(&err);
    }
    else {
        code = good ? WF_EXIT_OK : WF_EXIT_FAILED;
    }
    apr_pool_destroy(p);
    return code;
}

int wf_cli_master_status(int argc, const char *const *argv)
{
    return show(0, wf_cli_master_status_options, MASTER, argc, argv);
}

int wf_cli_slave_status(int argc, const char *const *argv)
{
    return show(1, wf_cli_slave_status_options, SLAVE, argc, argv);
}
