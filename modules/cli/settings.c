/* The configuration file (YAML), the environment over it, defaults below it: one table of
 * keys, read by the schemas of room document. A text of the environment, and a default,
 * becomes a node and is bound as if it stood in the file. */
#include "cli/internal.h"
#include "client/client.h"
#include "document/document.h"

#include <apr_strings.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "/workflow-engine/config.yaml"
#define NS_PER_S APR_INT64_C(1000000000)
#define MAX_PORT 65535

static const char *const levels[] = { "debug", "info", "warn", "error", "fatal", NULL };
static const char *const formats[] = { "json", "text", NULL };
const char *const wf_settings_slave_types[] = { "worker", "gateway", "aggregator", NULL };

/* ---- rules: what may be wrong with a value of the right type, or NULL --------------- */

typedef const char *rule_fn(const void *slot);

const char *wf_address_fault(const char *text)
{
    const char *colon = strrchr(text, ':');
    apr_int64_t port;
    char host[256];
    size_t n = colon ? (size_t)(colon - text) : 0;

    if (colon == NULL || !wf_parse_int64(colon + 1, &port) || port < 1
        || port > MAX_PORT) {
        return "must be host:port or :port";
    }
    if (n > 1 && text[0] == '[' && text[n - 1] == ']') { /* IPv6 */
        text++;
        n -= 2;
    }
    else if (memchr(text, ':', n) != NULL) {
        return "must have an IPv6 address in brackets: [::1]:8080";
    }
    if (n >= sizeof(host)) {
        return "must not have such a long name";
    }
    memcpy(host, text, n);
    host[n] = '\0';
    return n == 0 || wf_client_host_valid(host) ? NULL : "must begin with a host's name";
}

static const char *address(const void *slot)
{
    return wf_address_fault(*(const char *const *)slot);
}

static const char *whole_second(const void *slot)
{
    apr_int64_t ns = *(const apr_int64_t *)slot;

    return ns == 0 || ns >= NS_PER_S ? NULL : "must be 0 or at least 1s";
}

static const char *not_empty(const void *slot)
{
    return **(const char *const *)slot ? NULL : "must not be empty";
}

/* As the directives have them. */
#define INTERVAL_MIN (50 * NS_PER_S / 1000)
#define INTERVAL_MAX (3600 * NS_PER_S)
#define TIMEOUT_MAX (86400 * NS_PER_S)
#define MAX_SLAVES 10000
#define MAX_VUS 1000000

static const char *interval(const void *slot)
{
    apr_int64_t ns = *(const apr_int64_t *)slot;

    return ns >= INTERVAL_MIN && ns <= INTERVAL_MAX ? NULL : "must be 50ms to 1h";
}

static const char *timeout(const void *slot)
{
    apr_int64_t ns = *(const apr_int64_t *)slot;

    return ns > INTERVAL_MIN && ns <= TIMEOUT_MAX ? NULL : "must be at most 24h";
}

static const char *slaves(const void *slot)
{
    return *(const apr_int64_t *)slot <= MAX_SLAVES ? NULL : "must be 0 to 10000";
}

const char *wf_vus_fault(apr_int64_t vus)
{
    return vus >= 1 && vus <= MAX_VUS ? NULL : "must be 1 to 1000000";
}

static const char *users(const void *slot)
{
    return wf_vus_fault(*(const apr_int64_t *)slot);
}

/* A list; in the environment a text with commas. */
static const char *names(const void *slot)
{
    const wf_node_t *node = *(const wf_node_t *const *)slot;
    const wf_member_t *m;

    if (node->type == WF_NODE_STRING) {
        return NULL;
    }
    for (m = node->type == WF_NODE_LIST ? node->first : NULL; m != NULL; m = m->next) {
        if (m->value->type != WF_NODE_STRING) {
            return "must be a list of names";
        }
    }
    return node->type == WF_NODE_LIST ? NULL : "must be a list of names";
}

static const char *pairs(const void *slot)
{
    const wf_node_t *node = *(const wf_node_t *const *)slot;
    const wf_member_t *m;

    for (m = node->first; m != NULL; m = m->next) {
        if (m->value->type == WF_NODE_MAP || m->value->type == WF_NODE_LIST
            || m->value->type == WF_NODE_NULL) {
            return "must have texts, numbers or flags as values";
        }
    }
    return NULL;
}

static const char *auth_type(const void *slot)
{
    const char *text = *(const char *const *)slot;

    return strcmp(text, "api_key") == 0 || strcmp(text, "jwt") == 0
               ? NULL
               : "must be api_key or jwt";
}

/* ---- the table ------------------------------------------------------------------------ */

typedef struct setting_t {
    const char *key; /* sections and name, divided by dots */
    wf_field_type_e type;
    apr_size_t offset;
    const char *value;       /* the default, as in the environment; or NULL */
    const char *environment; /* or NULL */
    const char *const *words;
    rule_fn *rule;
    const char *note; /* told where the key is used: why it changes nothing */
} setting_t;

#define AT(member) offsetof(wf_settings_t, member)
#define UNUSED offsetof(wf_settings_t, unused)
#define NO_GRPC "ignored: obsolete, there is no gRPC"

static const setting_t settings[] = {
    /* clang-format off */
    { "server.address",             WF_FIELD_STRING,   AT(address),       ":8080", "WE_SERVER_ADDRESS",         NULL, address, NULL },
    { "server.read_timeout",        WF_FIELD_DURATION, AT(read_timeout),  "30s",   "WE_SERVER_READ_TIMEOUT",    NULL, whole_second, NULL },
    { "server.write_timeout",       WF_FIELD_DURATION, AT(write_timeout), "30s",   "WE_SERVER_WRITE_TIMEOUT",   NULL, whole_second, NULL },
    { "server.enable_cors",         WF_FIELD_BOOLEAN,  AT(cors),          "false", "WE_SERVER_ENABLE_CORS",     NULL, NULL, NULL },
    { "server.enable_swagger",      WF_FIELD_BOOLEAN,  UNUSED,            NULL,    "WE_SERVER_ENABLE_SWAGGER",  NULL, NULL, "ignored: there is no such page" },
    { "server.auth.enabled",        WF_FIELD_BOOLEAN,  AT(auth),          "false", "WE_AUTH_ENABLED",           NULL, NULL, NULL },
    { "server.auth.type",           WF_FIELD_STRING,   AT(auth_type),     NULL,    "WE_AUTH_TYPE",              NULL, auth_type, NULL },
    { "server.auth.api_key",        WF_FIELD_STRING,   AT(api_key),       NULL,    "WE_AUTH_API_KEY",           NULL, not_empty, NULL },
    { "server.auth.jwt_secret",     WF_FIELD_STRING,   AT(jwt_secret),    NULL,    "WE_AUTH_JWT_SECRET",        NULL, not_empty, NULL },
    { "grpc.address",               WF_FIELD_STRING,   UNUSED,            NULL,    NULL,                        NULL, NULL, NO_GRPC },
    { "grpc.max_recv_msg_size",     WF_FIELD_INTEGER,  UNUSED,            NULL,    NULL,                        NULL, NULL, NO_GRPC },
    { "grpc.max_send_msg_size",     WF_FIELD_INTEGER,  UNUSED,            NULL,    NULL,                        NULL, NULL, NO_GRPC },
    { "grpc.connection_timeout",    WF_FIELD_DURATION, UNUSED,            NULL,    NULL,                        NULL, NULL, NO_GRPC },
    { "master.heartbeat_interval",  WF_FIELD_DURATION, AT(heartbeat_interval), "5s",  "WE_MASTER_HEARTBEAT_INTERVAL", NULL, interval, NULL },
    { "master.heartbeat_timeout",   WF_FIELD_DURATION, AT(heartbeat_timeout), "15s",  "WE_MASTER_HEARTBEAT_TIMEOUT", NULL, timeout, NULL },
    { "master.task_queue_size",     WF_FIELD_INTEGER,  UNUSED,            NULL,    "WE_MASTER_TASK_QUEUE_SIZE", NULL, NULL, "ignored: tasks do not wait here" },
    { "master.max_slaves",          WF_FIELD_INTEGER,  AT(max_slaves),    "100",   "WE_MASTER_MAX_SLAVES",      NULL, slaves, NULL },
    { "slave.type",                 WF_FIELD_WORD,     AT(slave_type),    "worker", "WE_SLAVE_TYPE",            wf_settings_slave_types, NULL, NULL },
    { "slave.capabilities",         WF_FIELD_NODE,     AT(capabilities_node), "http_executor,script_executor", "WE_SLAVE_CAPABILITIES", NULL, names, NULL },
    { "slave.labels",               WF_FIELD_MAP,      AT(labels_node),   NULL,    NULL,                        NULL, pairs, NULL },
    { "slave.max_vus",              WF_FIELD_INTEGER,  AT(max_vus),       "100",   "WE_SLAVE_MAX_VUS",          NULL, users, NULL },
    { "slave.master_addr",          WF_FIELD_STRING,   AT(master_addr),   "http://localhost:8080", "WE_SLAVE_MASTER_ADDR", NULL, not_empty, NULL },
    { "cluster.key",                WF_FIELD_STRING,   AT(cluster_key),   NULL,    "WE_CLUSTER_KEY",            NULL, not_empty, NULL },
    { "logging.level",              WF_FIELD_WORD,     AT(log_level),     "info",  "WE_LOG_LEVEL",              levels, NULL, NULL },
    { "logging.format",             WF_FIELD_WORD,     AT(log_format),    "text",  "WE_LOG_FORMAT",             formats, NULL, NULL },
    { "logging.output",             WF_FIELD_STRING,   AT(log_output),    "stderr", "WE_LOG_OUTPUT",            NULL, not_empty, NULL },
    /* clang-format on */
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* ---- the file --------------------------------------------------------------------------- */

/* The fields of a section, those of its inner ones with them. prefix: "server." */
static const wf_field_t *fields_of(const char *prefix, apr_pool_t *p)
{
    wf_field_t *fields = apr_pcalloc(p, (SETTINGS + 1) * sizeof(*fields));
    size_t length = strlen(prefix), i;
    int n = 0;

    for (i = 0; i < SETTINGS; i++) {
        wf_field_t *field = &fields[n];
        const char *name, *dot;

        if (strncmp(settings[i].key, prefix, length) != 0) {
            continue;
        }
        name = settings[i].key + length;
        dot = strchr(name, '.');
        if (dot == NULL) {
            field->name = name;
            field->type = settings[i].type;
            field->offset = settings[i].offset;
            field->words = settings[i].words;
            n++;
            continue;
        }
        name = apr_pstrmemdup(p, name, dot - name);
        if (n > 0 && strcmp(fields[n - 1].name, name) == 0) {
            continue; /* a section's keys stand together */
        }
        field->name = name;
        field->type = WF_FIELD_OBJECT;
        field->fields = fields_of(apr_pstrcat(p, prefix, name, ".", NULL), p);
        n++;
    }
    return fields;
}

static const wf_node_t *find(const wf_node_t *node, const char *key, apr_pool_t *p)
{
    char *rest = apr_pstrdup(p, key), *name = apr_strtok(rest, ".", &rest);

    for (; node != NULL && name != NULL; name = apr_strtok(NULL, ".", &rest)) {
        node = wf_node_get(node, name);
    }
    return node;
}

/* What a type cannot say, of a value that was given. */
static void judge(const setting_t *s, const wf_settings_t *target, const wf_node_t *node,
                  const char *name, wf_compile_t *c)
{
    wf_where_t where = { .key = name };
    const char *fault =
        s->rule != NULL ? s->rule((const char *)target + s->offset) : NULL;

    if (fault != NULL) {
        wf_compile_problem(c, "value", node, &where, "%s", fault);
    }
    else if (s->note != NULL) {
        wf_problem_warn(c->problems, "unused", name, node->line, node->column, "%s",
                        s->note);
    }
}

static void bind_file(wf_settings_t *target, const wf_node_t *root, wf_compile_t *c)
{
    size_t i;

    if (root->type == WF_NODE_NULL) {
        return; /* nothing but comments */
    }
    wf_schema_bind(fields_of("", c->p), root, target, NULL, c);
    for (i = 0; i < SETTINGS; i++) {
        const wf_node_t *node = find(root, settings[i].key, c->p);

        if (node != NULL) {
            judge(&settings[i], target, node, settings[i].key, c);
        }
    }
}

static apr_status_t read_file(wf_settings_t *target, const char *path, wf_compile_t *c,
                              wf_error_t *err)
{
    const char *text = NULL;
    apr_size_t length = 0;
    const wf_node_t *root;
    apr_status_t rv = wf_file_read(&text, &length, path, c->p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    root = wf_node_from_yaml(text, length, c->problems, c->p);
    if (root != NULL) {
        bind_file(target, root, c);
    }
    return APR_SUCCESS;
}

const char *wf_home_path(const char *variable, const char *root, const char *home,
                         const char *name, apr_pool_t *p)
{
    const char *base = getenv(variable);

    if (base == NULL || *base != '/') { /* others are not valid there */
        base = getenv("HOME");
        base = geteuid() == 0                 ? root
               : base != NULL && *base == '/' ? apr_pstrcat(p, base, home, NULL)
                                              : NULL;
    }
    return base ? apr_pstrcat(p, base, name, NULL) : NULL;
}

/* ---- the environment, defaults ------------------------------------------------------------ */

static wf_node_t *node_of(const setting_t *s, const char *text, apr_pool_t *p)
{
    wf_node_t *node = apr_pcalloc(p, sizeof(*node));

    node->type = WF_NODE_STRING;
    node->text = text;
    if (s->type == WF_FIELD_INTEGER && wf_parse_int64(text, &node->integer)) {
        node->type = WF_NODE_INTEGER;
    }
    else if (s->type == WF_FIELD_DURATION && strcmp(text, "0") == 0) {
        node->type = WF_NODE_INTEGER;
    }
    else if (s->type == WF_FIELD_BOOLEAN
             && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        node->type = WF_NODE_BOOLEAN;
        node->integer = strcmp(text, "true") == 0;
    }
    return node;
}

/* Bind a text as the value of a map with this one member. */
static void bind_text(const setting_t *s, wf_settings_t *target, const char *name,
                      const char *text, wf_compile_t *c)
{
    wf_node_t *node = node_of(s, text, c->p);
    wf_member_t member = { .key = name, .value = node };
    wf_node_t map = {
        .type = WF_NODE_MAP, .first = &member, .last = &member, .count = 1
    };
    wf_field_t fields[] = { { name, s->type, s->offset, 0, s->words, NULL },
                            WF_FIELDS_END };
    int errors = c->problems->errors;

    wf_schema_bind(fields, &map, target, NULL, c);
    if (c->problems->errors == errors) {
        judge(s, target, node, name, c);
    }
}

static void bind_environment(wf_settings_t *target, wf_compile_t *c)
{
    const char *text;
    size_t i;

    for (i = 0; i < SETTINGS; i++) {
        text = settings[i].environment ? getenv(settings[i].environment) : NULL;
        if (text != NULL && *text != '\0') {
            bind_text(&settings[i], target, settings[i].environment, text, c);
        }
    }
}

static void bind_defaults(wf_settings_t *target, wf_compile_t *c)
{
    size_t i;

    for (i = 0; i < SETTINGS; i++) {
        if (settings[i].value != NULL) {
            bind_text(&settings[i], target, settings[i].key, settings[i].value, c);
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------ */

static apr_status_t tell(const wf_problems_t *problems, int notes, apr_pool_t *p,
                         wf_error_t *err)
{
    if (problems->items->nelts > 0 && (problems->errors > 0 || notes)) {
        fprintf(stderr, "%s\n", wf_problems_text(problems, p));
    }
    if (problems->errors == 0) {
        return APR_SUCCESS;
    }
    return wf_error_set(err, WF_ERR_INVALID, "%s: %d %s", problems->resource,
                        problems->errors, problems->errors == 1 ? "problem" : "problems");
}

/* Nodes become lists. */
static void read_lists(wf_settings_t *target, apr_pool_t *p)
{
    const wf_node_t *names = target->capabilities_node, *pairs = target->labels_node;
    const wf_member_t *m;

    target->capabilities = apr_array_make(p, 4, sizeof(const char *));
    target->labels = apr_table_make(p, 4);
    if (names->type == WF_NODE_STRING) {
        char *last, *word;

        for (word = apr_strtok(apr_pstrdup(p, names->text), ", ", &last); word != NULL;
             word = apr_strtok(NULL, ", ", &last)) {
            APR_ARRAY_PUSH(target->capabilities, const char *) = word;
        }
    }
    for (m = names->type == WF_NODE_LIST ? names->first : NULL; m != NULL; m = m->next) {
        APR_ARRAY_PUSH(target->capabilities, const char *) = m->value->text;
    }
    for (m = pairs != NULL ? pairs->first : NULL; m != NULL; m = m->next) {
        apr_table_set(target->labels, m->key, wf_node_text(m->value, p));
    }
}

static const char *too_short(const wf_settings_t *settings)
{
    return settings->heartbeat_timeout > settings->heartbeat_interval
               ? NULL
               : "must be longer than master.heartbeat_interval";
}

const char *wf_timeout_fault(wf_settings_t *settings, const char *text)
{
    const char *fault;

    if (wf_duration_parse(&settings->heartbeat_timeout, text) != APR_SUCCESS) {
        return "must be a duration, such as 30s";
    }
    fault = timeout(&settings->heartbeat_timeout);
    return fault != NULL ? fault : too_short(settings);
}

apr_status_t wf_settings_load(wf_settings_t *target, const char *path, int notes,
                              apr_pool_t *p, wf_error_t *err)
{
    wf_problems_t *ignored = wf_problems_create(NULL, p);
    wf_compile_t c = { .problems = ignored, .p = p };
    apr_status_t rv;

    memset(target, 0, sizeof(*target));
    bind_defaults(target, &c);
    if (path == NULL) {
        path = wf_home_path("XDG_CONFIG_HOME", "/etc", "/.config", FILE_NAME, p);
        path = path != NULL && access(path, F_OK) == 0 ? path : NULL;
    }
    if (path != NULL) {
        c.problems = wf_problems_create(path, p);
        rv = read_file(target, path, &c, err);
        if (rv != APR_SUCCESS || (rv = tell(c.problems, notes, p, err)) != APR_SUCCESS) {
            return rv;
        }
    }
    c.problems = wf_problems_create("environment", p);
    bind_environment(target, &c);
    rv = tell(c.problems, notes, p, err);
    if (rv == APR_SUCCESS && too_short(target) != NULL) {
        rv = wf_error_set(err, WF_ERR_INVALID, "master.heartbeat_timeout: %s",
                          too_short(target));
    }
    if (rv == APR_SUCCESS) {
        read_lists(target, p);
    }
    return rv;
}
