/* How http steps talk to their targets: the options of the http section, which each step
 * may replace one by one, become the client's settings. */
#include "steps/http.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define UNSET ((apr_int64_t)-1)
#define MAX_REDIRECTS 1000
#define MAX_RESOLVED 100

static const char *const connections_words[] = { "per_vu", "shared", NULL };

/* clang-format off */
const wf_field_t wf_http_ssl_fields[] = {
    WF_FIELD("verify", BOOLEAN, wf_http_options_t, verify),
    WF_FIELD("cert", STRING, wf_http_options_t, cert),
    WF_FIELD("key", STRING, wf_http_options_t, key),
    WF_FIELD("key_password", STRING, wf_http_options_t, key_password),
    WF_FIELD("ca", STRING, wf_http_options_t, ca),
    WF_FIELD("server_name", STRING, wf_http_options_t, server_name),
    WF_FIELDS_END
};

const wf_field_t wf_http_redirect_fields[] = {
    WF_FIELD("follow", BOOLEAN, wf_http_options_t, follow),
    WF_FIELD("max_redirects", INTEGER, wf_http_options_t, max_redirects),
    WF_FIELDS_END
};

const wf_field_t wf_http_timeout_fields[] = {
    WF_FIELD("connect", DURATION, wf_http_options_t, connect_ns),
    WF_FIELD("read", DURATION, wf_http_options_t, read_ns),
    WF_FIELD("write", DURATION, wf_http_options_t, write_ns),
    WF_FIELD("request", DURATION, wf_http_options_t, request_ns),
    WF_FIELDS_END
};

static const wf_field_t section_fields[] = {
    WF_FIELD("base_url", STRING, wf_http_section_t, base_url),
    WF_FIELD("domains", MAP, wf_http_section_t, domains),
    WF_FIELD("headers", NODE, wf_http_section_t, headers),
    WF_HTTP_OPTION_FIELDS(wf_http_section_t),
    WF_ONE_OF("connections", connections_words, wf_http_section_t, users.shared_connections),
    WF_FIELD("max_connections", INTEGER, wf_http_section_t, users.max_connections),
    WF_FIELD("keep_cookies", BOOLEAN, wf_http_section_t, users.keep_cookies),
    WF_FIELDS_END
};
/* clang-format on */

static void *create_section(wf_compile_t *c)
{
    wf_http_section_t *section = apr_pcalloc(c->p, sizeof(*section));
    wf_http_options_t *o = &section->options;

    o->verify = o->follow = o->keep_alive = 1;
    o->max_redirects = WF_CLIENT_MAX_REDIRECTS;
    o->max_response_size = UNSET;
    o->connect_ns = o->read_ns = o->write_ns = o->request_ns = UNSET;
    return section;
}

/* Names for URLs; what a template will give is only known when it is sent. */
static void check_domains(const wf_node_t *domains, const wf_where_t *path,
                          wf_compile_t *c)
{
    wf_where_t up = { .up = path, .key = "domains" };
    const wf_member_t *m;

    for (m = domains != NULL ? domains->first : NULL; m != NULL; m = m->next) {
        wf_where_t at = { .up = &up, .key = m->key };

        if (m->value->type != WF_NODE_STRING) {
            wf_compile_problem(c, "type", m->value, &at, "must be a URL, not %s",
                               wf_node_type_name(m->value->type));
        }
        else if (strstr(m->value->text, "${") == NULL
                 && !wf_http_is_absolute(m->value->text)) {
            wf_compile_problem(c, "value", m->value, &at,
                               "must begin with http:// or https://");
        }
    }
}

static void compile_section(void *data, const wf_node_t *map, const wf_where_t *path,
                            wf_compile_t *c)
{
    wf_http_section_t *section = data;

    wf_schema_bind(section_fields, map, section, path, c);
    check_domains(section->domains, path, c);
    wf_plan_set_users(wf_plan_of(c), &section->users);
}

const wf_section_t wf_http_section = {
    .name = "http",
    .create = create_section,
    .compile = compile_section,
};

wf_http_section_t *wf_http_section_of(const wf_compile_t *c)
{
    return wf_plan_section(wf_plan_of(c), &wf_http_section);
}

/* ---- whose option it is ------------------------------------------------------------- */

/* Where a step's options are told of when they are wrong: its own at the step, those of
 * the section there, and only by the first step that inherits them. */
typedef struct place_t {
    const wf_where_t *path;
    wf_compile_t *c;
} place_t;

typedef struct places_t {
    wf_where_t section;
    wf_compile_t quiet;
    place_t own, inherited;
} places_t;

static void find_places(places_t *places, const wf_where_t *path, wf_compile_t *c)
{
    wf_http_section_t *section = wf_http_section_of(c);

    memset(places, 0, sizeof(*places));
    places->section.key = "http";
    places->quiet = *c;
    places->quiet.problems = wf_problems_create(NULL, c->p);
    places->own = (place_t){ path, c };
    places->inherited =
        (place_t){ &places->section, section->checked ? &places->quiet : c };
    section->checked = 1;
}

/* Options are the section's until the step says something else. */
static const place_t *place_of(const places_t *places, const void *option,
                               const void *common)
{
    return option == common ? &places->inherited : &places->own;
}

/* ---- words ------------------------------------------------------------------------- */

static const struct {
    const char *text;
    wf_http_version_e version;
} versions[] = {
    { "auto", WF_HTTP_AUTO },
    { "1.1", WF_HTTP_1_1 },
    { "2", WF_HTTP_2 },
    { "2-prior-knowledge", WF_HTTP_2_PRIOR },
};

/* As in the peers: HTTP/2 where a server offers it. 1.1 and 2 are numbers to YAML. */
static wf_http_version_e version_of(const wf_node_t *node, const place_t *place)
{
    wf_where_t at = { .up = place->path, .key = "http_version" };
    const char *text = node ? wf_node_text(node, place->c->p) : "auto";
    size_t i;

    for (i = 0; text != NULL && i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (strcmp(versions[i].text, text) == 0) {
            return versions[i].version;
        }
    }
    wf_compile_problem(place->c, "value", node, &at,
                       "must be one of: auto, 1.1, 2, 2-prior-knowledge");
    return WF_HTTP_AUTO;
}

static int wants_jar(const wf_node_t *node, const place_t *place)
{
    wf_where_t at = { .up = place->path, .key = "cookies" };

    if (node == NULL || node->type == WF_NODE_MAP || node->type == WF_NODE_LIST) {
        return 1;
    }
    if (node->type != WF_NODE_BOOLEAN) {
        wf_compile_problem(place->c, "type", node, &at,
                           "must be true, false or a map of cookies, not %s",
                           wf_node_type_name(node->type));
        return 1;
    }
    return node->integer != 0;
}

/* ---- texts that are the same for all users -------------------------------------------- */

static int known_name(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    return wf_plan_constant(baton, name, value);
}

/* Connections are made with them before any user has variables, so only those of the
 * document count. */
static const char *fixed_text(const char *text, const char *name, const place_t *place)
{
    wf_compile_t *c = place->c;
    wf_scope_t scope = { .baton = wf_plan_of(c), .get = known_name };
    wf_where_t ssl = { .up = place->path, .key = "ssl" };
    wf_where_t at = { .up = &ssl, .key = name };
    wf_text_t compiled;
    const char *out = NULL;
    wf_error_t err;

    if (text == NULL) {
        return NULL;
    }
    compiled = wf_compile_text(c, text, NULL, &at);
    if (compiled.tmpl == NULL) {
        return text;
    }
    wf_error_init(&err, c->p);
    if (wf_template_text(compiled.tmpl, &scope, &out, NULL, c->p, &err) != APR_SUCCESS
        || strstr(out, "${") != NULL) {
        wf_compile_problem(c, "template", NULL, &at,
                           "can only name variables of the workflow, secrets, files and "
                           "the environment");
    }
    return out;
}

/* ---- addresses for names ------------------------------------------------------------- */

/* "host:port:address" as for curl; "*" is any port. */
static int read_resolve(wf_client_resolve_t *r, const char *text, apr_pool_t *p)
{
    const char *port = strchr(text, ':');
    const char *address = port ? strchr(port + 1, ':') : NULL;
    apr_int64_t number = 0;
    apr_size_t n;

    if (address == NULL || port == text) {
        return 0;
    }
    r->host = apr_pstrmemdup(p, text, port - text);
    port = apr_pstrmemdup(p, port + 1, address - port - 1);
    if (strcmp(port, "*") != 0
        && (!wf_parse_int64(port, &number) || number < 1 || number > 65535)) {
        return 0;
    }
    r->port = (int)number;
    n = strlen(++address);
    r->address = *address == '[' && n > 2 && address[n - 1] == ']'
                     ? apr_pstrmemdup(p, address + 1, n - 2)
                     : address;
    return wf_client_address_valid(r->address);
}

static apr_array_header_t *resolved(const wf_node_t *list, const place_t *place)
{
    wf_where_t up = { .up = place->path, .key = "resolve" };
    wf_compile_t *c = place->c;
    apr_array_header_t *out;
    const wf_member_t *m;
    int i = 0;

    if (list == NULL) {
        return NULL;
    }
    if (list->count > MAX_RESOLVED) {
        wf_compile_problem(c, "limit", list, &up, "more than %d entries", MAX_RESOLVED);
        return NULL;
    }
    out = apr_array_make(c->p, list->count, sizeof(wf_client_resolve_t));
    for (m = list->first; m != NULL; m = m->next, i++) {
        wf_where_t at = { .up = &up, .index = i };

        if (m->value->type != WF_NODE_STRING
            || !read_resolve(apr_array_push(out), m->value->text, c->p)) {
            wf_compile_problem(c, "value", m->value, &at,
                               "must be host:port:address, such as "
                               "shop.example:443:127.0.0.1");
        }
    }
    return out;
}

/* ---- limits ------------------------------------------------------------------------ */

/* A limit that was given never becomes 0, which would mean none. */
static apr_int64_t to_ms(apr_int64_t ns, apr_int64_t fallback)
{
    return ns > 0 ? (ns + NS_PER_MS - 1) / NS_PER_MS : fallback;
}

/* The step's own timeout counts for the whole exchange; the default silence limit must
 * then not cut earlier. */
static void set_times(wf_client_settings_t *settings, const wf_http_options_t *o,
                      const wf_step_t *step)
{
    apr_int64_t idle = o->read_ns > o->write_ns ? o->read_ns : o->write_ns;

    settings->connect_timeout_ms = to_ms(o->connect_ns, WF_CLIENT_CONNECT_TIMEOUT_MS);
    settings->timeout_ms = to_ms(o->request_ns, WF_CLIENT_TIMEOUT_MS);
    settings->idle_timeout_ms = to_ms(idle, WF_CLIENT_IDLE_TIMEOUT_MS);
    if (step->timeout_ns > 0) {
        settings->timeout_ms = to_ms(step->timeout_ns, WF_CLIENT_TIMEOUT_MS);
        settings->idle_timeout_ms = to_ms(idle, 0);
    }
    if (settings->idle_timeout_ms >= settings->timeout_ms) {
        settings->idle_timeout_ms = 0;
    }
}

/* What is said at all counts for bodies that are kept and for those that are dropped. */
static void set_sizes(wf_http_step_t *http, const wf_http_options_t *o)
{
    int given = o->max_response_size > 0;

    http->settings.max_read = given ? o->max_response_size : WF_CLIENT_MAX_READ;
    http->max_body = given ? (apr_size_t)o->max_response_size : WF_CLIENT_MAX_BODY;
}

static void set_tls(wf_client_settings_t *settings, const wf_http_options_t *o,
                    const wf_http_options_t *common, const places_t *places)
{
#define TEXT(member)                                                                     \
    fixed_text(o->member, #member, place_of(places, o->member, common->member))
    settings->insecure = !o->verify;
    settings->ca = TEXT(ca);
    settings->certificate = TEXT(cert);
    settings->key = TEXT(key);
    settings->key_password = TEXT(key_password);
    settings->server_name = TEXT(server_name);
#undef TEXT
}

void wf_http_tls(wf_client_settings_t *settings, const wf_http_options_t *options,
                 const wf_where_t *path, wf_compile_t *c)
{
    places_t places = { .own = { path, c }, .inherited = { path, c } };

    set_tls(settings, options, options, &places);
}

void wf_http_settings(wf_http_step_t *http, const wf_http_options_t *o,
                      const wf_step_t *step, const wf_where_t *path, wf_compile_t *c)
{
    const wf_http_options_t *common = &wf_http_section_of(c)->options;
    wf_client_settings_t *settings = &http->settings;
    places_t places;

    find_places(&places, path, c);
    wf_client_settings_init(settings);
    set_tls(settings, o, common, &places);
    set_times(settings, o, step);
    set_sizes(http, o);
    settings->resolve =
        resolved(o->resolve, place_of(&places, o->resolve, common->resolve));
    settings->version =
        version_of(o->version, place_of(&places, o->version, common->version));
    settings->compression = o->compression;
    settings->no_keep_alive = !o->keep_alive;
    settings->no_cookies =
        !wants_jar(o->cookies, place_of(&places, o->cookies, common->cookies));
    settings->follow_redirects = o->follow;
    settings->max_redirects =
        (int)(o->max_redirects > MAX_REDIRECTS ? MAX_REDIRECTS : o->max_redirects);
}
