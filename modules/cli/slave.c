/* workflow-engine slave start: a server that does parts of a master's executions, in the
 * foreground. */
#include "cli/internal.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define USUAL_ADDRESS ":9091"
#define NOT_GIVEN (-1)

typedef struct slave_options_t {
    const char *config, *id, *type, *address, *master, *capabilities, *labels;
    const char *state, *key, *ca, *certificate, *credentials;
    apr_int64_t max_vus;
    int help;
} slave_options_t;

const wf_option_t wf_cli_slave_start_options[] = {
    /* clang-format off */
    { "config",       NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, config),       "FILE",
      "configuration" },
    { "id",           NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, id),           "ID",
      "its name; without it one that is made once and kept" },
    { "type",         NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, type),         "TYPE",
      "worker, gateway or aggregator; default worker" },
    { "address",      NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, address),      "ADDRESS",
      "where to answer probes: host:port, or :port; default " USUAL_ADDRESS },
    { "master",       NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, master),       "URL",
      "the master; default http://localhost:8080" },
    { "max-vus",      NULL, WF_OPTION_NUMBER, offsetof(slave_options_t, max_vus),      "N",
      "virtual users at once; default 100" },
    { "capabilities", NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, capabilities), "NAMES",
      "what it can do: http_executor,script_executor is the default" },
    { "labels",       NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, labels),       "PAIRS",
      "what it can be chosen by: name=value,name=value" },
    { "state",        NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, state),        "DIR",
      "directory of logs and httpd's configuration" },
    { "cluster-key",  NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, key),          "FILE",
      "key that the master has, too; without it that of this user" },
    { "master-ca",    NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, ca),           "FILE",
      "certificates that vouch for a master with https" },
    { "certificate",  NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, certificate),  "FILE",
      "certificate and private key that this slave shows" },
    { "credentials",  NULL, WF_OPTION_TEXT,   offsetof(slave_options_t, credentials),  "FILE",
      "name:password for the master's httpd, or Bearer and a token" },
    { "help",         "h",  WF_OPTION_FLAG,   offsetof(slave_options_t, help),         NULL,
      "print this text" },
    WF_OPTIONS_END
    /* clang-format on */
};

/* ---- options ------------------------------------------------------------------------- */

/* Of "a,b", without what is empty. */
static apr_array_header_t *words_of(const char *text, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(const char *));
    char *last, *word;

    for (word = apr_strtok(apr_pstrdup(p, text), ", ", &last); word != NULL;
         word = apr_strtok(NULL, ", ", &last)) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    return words;
}

/* NULL, or the pair that is none. */
static const char *read_labels(apr_table_t **labels, const char *text, apr_pool_t *p)
{
    char *last, *pair;

    *labels = apr_table_make(p, 4);
    for (pair = apr_strtok(apr_pstrdup(p, text), ",", &last); pair != NULL;
         pair = apr_strtok(NULL, ",", &last)) {
        char *equals = strchr(pair, '=');

        if (equals == NULL || equals == pair) {
            return pair;
        }
        *equals = '\0';
        apr_table_set(*labels, pair, equals + 1);
    }
    return NULL;
}

static int take_lists(wf_settings_t *s, const slave_options_t *o, apr_pool_t *p)
{
    if (o->capabilities != NULL) {
        s->capabilities = words_of(o->capabilities, p);
    }
    if (o->labels != NULL && read_labels(&s->labels, o->labels, p) != NULL) {
        return wf_cli_refuse("labels", o->labels, "must be name=value,name=value");
    }
    if (s->slave_type == WF_TYPE_WORKER && s->capabilities->nelts == 0) {
        return wf_cli_refuse("capabilities", o->capabilities ? o->capabilities : "",
                             "a worker can do something");
    }
    return WF_EXIT_OK;
}

static int take_type(wf_settings_t *s, const slave_options_t *o)
{
    int i;

    if (o->type == NULL) {
        return WF_EXIT_OK;
    }
    for (i = 0; wf_settings_slave_types[i] != NULL; i++) {
        if (strcmp(o->type, wf_settings_slave_types[i]) == 0) {
            s->slave_type = i;
            return WF_EXIT_OK;
        }
    }
    return wf_cli_refuse("type", o->type, "must be worker, gateway or aggregator");
}

static int take_options(wf_server_t *server, wf_settings_t *s, const slave_options_t *o,
                        apr_pool_t *p)
{
    const char *fault;
    int code;

    s->address = o->address != NULL ? o->address : USUAL_ADDRESS;
    fault = wf_address_fault(s->address);
    if (fault != NULL) {
        return wf_cli_refuse("address", s->address, fault);
    }
    if (o->max_vus != NOT_GIVEN) {
        s->max_vus = o->max_vus;
    }
    fault = wf_vus_fault(s->max_vus);
    if (fault != NULL) {
        return wf_cli_refuse("max-vus", apr_psprintf(p, "%" APR_INT64_T_FMT, s->max_vus),
                             fault);
    }
    if (o->id != NULL && strpbrk(o->id, " \"\\") != NULL) {
        return wf_cli_refuse("id", o->id, "must be a name without blanks and quotes");
    }
    server->slave_id = o->id;
    s->master_addr = o->master != NULL ? o->master : s->master_addr;
    code = take_type(s, o);
    return code == WF_EXIT_OK ? take_lists(s, o, p) : code;
}

/* Paths are meant as seen from here. */
static apr_status_t take_file(const char **to, const char *option, const char *path,
                              apr_pool_t *p, wf_error_t *err)
{
    char *whole;
    apr_status_t rv;

    if (path == NULL) {
        return APR_SUCCESS;
    }
    rv = apr_filepath_merge(&whole, NULL, path, 0, p);
    *to = whole;
    return rv == APR_SUCCESS
               ? rv
               : wf_error_apr(err, WF_ERR_INVALID, rv, "-%s %s", option, path);
}

static apr_status_t take_files(wf_server_t *server, const slave_options_t *o,
                               apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = take_file(&server->master_ca, "master-ca", o->ca, p, err);

    if (rv == APR_SUCCESS) {
        rv = take_file(&server->certificate, "certificate", o->certificate, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = take_file(&server->credentials, "credentials", o->credentials, p, err);
    }
    return rv;
}

/* ---- start --------------------------------------------------------------------------- */

/* A directory for each address: two slaves of a user cannot have the same one. */
static const char *usual_state(const char *address, apr_pool_t *p)
{
    char *name = apr_pstrcat(p, "/workflow-engine/slave-",
                             address[0] == ':' ? address + 1 : address, NULL);
    char *c;

    for (c = name + strlen("/workflow-engine/"); *c; c++) {
        if (strchr("/[]:%", *c) != NULL) {
            *c = '-';
        }
    }
    return name;
}

static void show_banner(const wf_server_t *server)
{
    printf("slave of     %s\n", server->master);
    printf("answers at   %s\n", server->settings->address);
    printf("key          %s\n", server->cluster_key);
    printf("state        %s\n", server->state);
    printf("logs         %s, %s/engine/engine.log\n", server->log, server->state);
    printf("httpd        %s -f %s/httpd.conf\n\nCtrl-C stops it.\n", server->httpd,
           server->state);
}

static int start(const slave_options_t *o, apr_pool_t *p)
{
    const char *config = o->config && *o->config ? o->config : NULL;
    wf_settings_t settings;
    wf_server_t server = { .command = "slave start",
                           .is_slave = 1,
                           .settings = &settings };
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
    /* Written without a scheme in older configurations. */
    server.master = strstr(settings.master_addr, "://")
                        ? settings.master_addr
                        : apr_pstrcat(p, "http://", settings.master_addr, NULL);
    if (take_files(&server, o, p, &err) != APR_SUCCESS) {
        return wf_cli_fail(&err);
    }
    return wf_server_start(&server, o->state, usual_state(settings.address, p), o->key,
                           show_banner, p);
}

int wf_cli_slave_start(int argc, const char *const *argv)
{
    slave_options_t o = { .max_vus = NOT_GIVEN };
    apr_pool_t *p;
    int code = wf_cli_read(wf_cli_slave_start_options, &o, &o.help, "slave start",
                           "Starts a server that does parts of a master's executions, "
                           "in the foreground.",
                           argc, argv);

    if (code < 0) {
        apr_pool_create(&p, NULL);
        code = start(&o, p);
        apr_pool_destroy(p);
    }
    return code;
}
