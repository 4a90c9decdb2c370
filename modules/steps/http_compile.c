/* The http section and the config of http steps: checked and compiled into what a step
 * needs to build its request. A request without anything to evaluate is prepared here
 * once and then only sent. */
#include "steps/http.h"

#include <apr_lib.h>
#include <stddef.h>
#include <string.h>

/* ---- schemas ----------------------------------------------------------------------- */

/* A step's config as written. */
typedef struct draft_t {
    const char *method, *url, *domain;
    const wf_node_t *headers, *query, *params, *body;
    int fail_on_status;
    wf_http_options_t options;
} draft_t;

/* clang-format off */
static const wf_field_t step_fields[] = {
    WF_FIELD("method", STRING, draft_t, method),
    WF_FIELD("url", STRING, draft_t, url),
    WF_FIELD("domain", STRING, draft_t, domain),
    WF_FIELD("headers", NODE, draft_t, headers),
    WF_FIELD("query", NODE, draft_t, query),
    WF_FIELD("params", NODE, draft_t, params),
    WF_FIELD("body", NODE, draft_t, body),
    WF_FIELD("fail_on_status", BOOLEAN, draft_t, fail_on_status),
    WF_HTTP_OPTION_FIELDS(draft_t),
    WF_FIELDS_END
};

/* One header or parameter in the list form. */
typedef struct pair_draft_t {
    const char *key;
    const wf_node_t *value;
    int enabled;
} pair_draft_t;

static const wf_field_t pair_fields[] = {
    WF_NEEDED("key", STRING, pair_draft_t, key),
    WF_NEEDED("value", NODE, pair_draft_t, value),
    WF_FIELD("enabled", BOOLEAN, pair_draft_t, enabled),
    WF_FIELDS_END
};
/* clang-format on */

/* ---- headers and parameters: a map, or a list of {key, value, enabled} ------------- */

static void pair_text(apr_array_header_t *pairs, wf_pair_fn *add, const char *name,
                      const wf_node_t *value, const wf_where_t *path, wf_compile_t *c)
{
    const char *text = wf_node_text(value, c->p);

    if (text == NULL) {
        wf_compile_problem(c, "type", value, path,
                           "must be text, a number or true/false, not %s",
                           wf_node_type_name(value->type));
        return;
    }
    add(pairs, name, wf_compile_text(c, text, value, path), value, path, c);
}

static void pair_item(apr_array_header_t *pairs, wf_pair_fn *add, const wf_node_t *item,
                      const wf_where_t *path, wf_compile_t *c)
{
    pair_draft_t draft = { .enabled = 1 };
    wf_where_t at = { .up = path, .key = "value" };

    wf_schema_bind(pair_fields, item, &draft, path, c);
    if (draft.key != NULL && draft.value != NULL && draft.enabled) {
        pair_text(pairs, add, draft.key, draft.value, &at, c);
    }
}

void wf_http_pairs(apr_array_header_t *pairs, wf_pair_fn *add, const wf_node_t *node,
                   const wf_where_t *path, wf_compile_t *c)
{
    const wf_member_t *m;
    int i = 0;

    if (node == NULL) {
        return;
    }
    if (node->type != WF_NODE_MAP && node->type != WF_NODE_LIST) {
        wf_compile_problem(c, "type", node, path, "must be a map, not %s",
                           wf_node_type_name(node->type));
        return;
    }
    for (m = node->first; m != NULL; m = m->next, i++) {
        wf_where_t at = { .up = path, .key = m->key, .index = i };

        if (m->key != NULL) {
            pair_text(pairs, add, m->key, m->value, &at, c);
        }
        else {
            pair_item(pairs, add, m->value, &at, c);
        }
    }
}

wf_pair_t *wf_http_header_find(apr_array_header_t *headers, const char *name)
{
    int i;

    for (i = 0; i < headers->nelts; i++) {
        wf_pair_t *pair = &APR_ARRAY_IDX(headers, i, wf_pair_t);

        if (strcasecmp(pair->name, name) == 0) {
            return pair;
        }
    }
    return NULL;
}

/* Names are case-insensitive, and a later header replaces an earlier one: the step's
 * replaces the section's. */
static void add_header(apr_array_header_t *headers, const char *name, wf_text_t value,
                       const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_pair_t *pair = wf_http_header_find(headers, name);

    if (!wf_client_header_name_valid(name)) {
        wf_compile_problem(c, "header", node, path, "not a header name");
        return;
    }
    if (value.literal != NULL && !wf_client_header_value_valid(value.literal)) {
        wf_compile_problem(c, "header", node, path,
                           "contains a line break or a control character");
        return;
    }
    if (pair == NULL) {
        pair = apr_array_push(headers);
    }
    pair->name = name;
    pair->value = value;
}

/* RFC 3986: everything but the unreserved characters. */
static const char *percent_encode(const char *text, apr_pool_t *p)
{
    apr_array_header_t *out = apr_array_make(p, (int)strlen(text) + 16, 1);

    wf_percent_append(out, text);
    APR_ARRAY_PUSH(out, char) = '\0';
    return out->elts;
}

static void add_cookie(apr_array_header_t *cookies, const char *name, wf_text_t value,
                       const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_pair_t *pair;

    if (!wf_client_header_name_valid(name)
        || (value.literal != NULL && !wf_http_cookie_valid(value.literal))) {
        wf_compile_problem(c, "cookie", node, path,
                           "a cookie's name is a token, its value has no blanks, commas, "
                           "semicolons, quotes or backslashes");
        return;
    }
    pair = wf_http_header_find(cookies, name);
    if (pair == NULL) {
        pair = apr_array_push(cookies);
    }
    pair->name = name;
    pair->value = value;
}

static void add_parameter(apr_array_header_t *query, const char *name, wf_text_t value,
                          const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_pair_t *pair = apr_array_push(query);

    (void)node;
    (void)path;
    pair->name = percent_encode(name, c->p);
    pair->value = value;
}

/* ---- where to ---------------------------------------------------------------------- */

static const char *base_text(const draft_t *draft, const wf_node_t *config,
                             const wf_where_t *path, wf_compile_t *c)
{
    const wf_http_section_t *section = wf_http_section_of(c);
    const wf_node_t *node = wf_node_get(config, "domain"), *url;
    wf_where_t at = { .up = path, .key = "domain" };

    if (draft->domain == NULL) {
        return section->base_url;
    }
    url = wf_node_get(section->domains, draft->domain);
    if (url != NULL && url->type == WF_NODE_STRING) {
        return url->text;
    }
    if (section->base_url == NULL) {
        wf_compile_problem(c, "value", node, &at,
                           "http.domains has no URL \"%.60s\" and there is no base_url",
                           draft->domain);
        return NULL;
    }
    wf_problem_warn(c->problems, "value", wf_where_text(&at, c->p), node->line,
                    node->column, "http.domains has no URL \"%.60s\", base_url is used",
                    draft->domain);
    return section->base_url;
}

static void compile_url(wf_http_step_t *http, const draft_t *draft,
                        const wf_node_t *config, const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "url" };
    const wf_node_t *node = wf_node_get(config, "url");
    const char *base = base_text(draft, config, path, c);

    if (draft->url == NULL && draft->domain == NULL) {
        wf_compile_problem(c, "required", config, &at, "url or domain is required");
        return;
    }
    http->url = wf_compile_text(c, draft->url ? draft->url : "", node, &at);
    if (base != NULL) {
        http->base = wf_compile_text(c, base, node, &at);
    }
    else if (draft->domain == NULL && http->url.literal != NULL
             && !wf_http_is_absolute(http->url.literal)) {
        wf_compile_problem(
            c, "value", node, &at,
            "must begin with http:// or https://, there is no http.base_url");
    }
}

static void compile_method(wf_http_step_t *http, const draft_t *draft,
                           const wf_node_t *config, const wf_where_t *path,
                           wf_compile_t *c)
{
    static const char *const methods[] = { "GET",   "POST", "PUT",     "DELETE",
                                           "PATCH", "HEAD", "OPTIONS", NULL };
    wf_where_t at = { .up = path, .key = "method" };
    int i;

    http->method = "GET";
    if (draft->method == NULL) {
        return;
    }
    for (i = 0; methods[i] != NULL; i++) {
        if (strcasecmp(methods[i], draft->method) == 0) {
            http->method = methods[i];
            return;
        }
    }
    wf_compile_problem(
        c, "value", wf_node_get(config, "method"), &at,
        "\"%.20s\" is not one of: GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS",
        draft->method);
}

/* ---- a step ------------------------------------------------------------------------ */

/* The section's headers: compiled once, so that their problems are told once. */
static apr_array_header_t *section_headers(wf_compile_t *c)
{
    wf_http_section_t *section = wf_http_section_of(c);
    wf_where_t up = { .key = "http" };
    wf_where_t at = { .up = &up, .key = "headers" };

    if (section->pairs == NULL) {
        section->pairs = apr_array_make(c->p, 8, sizeof(wf_pair_t));
        wf_http_pairs(section->pairs, add_header, section->headers, &at, c);
    }
    return section->pairs;
}

static void compile_parts(wf_http_step_t *http, const draft_t *draft,
                          const wf_node_t *config, const wf_where_t *path,
                          wf_compile_t *c)
{
    wf_where_t headers = { .up = path, .key = "headers" };
    wf_where_t query = { .up = path, .key = "query" };
    wf_where_t params = { .up = path, .key = "params" };
    wf_where_t body = { .up = path, .key = "body" };
    wf_where_t cookies = { .up = path, .key = "cookies" };
    const wf_node_t *common = wf_http_section_of(c)->options.cookies;

    http->headers = apr_array_copy(c->p, section_headers(c));
    http->query = apr_array_make(c->p, 4, sizeof(wf_pair_t));
    compile_method(http, draft, config, path, c);
    compile_url(http, draft, config, path, c);
    wf_http_pairs(http->headers, add_header, draft->headers, &headers, c);
    wf_http_pairs(http->query, add_parameter, draft->query, &query, c);
    wf_http_pairs(http->query, add_parameter, draft->params, &params, c);
    http->cookies = apr_array_make(c->p, 2, sizeof(wf_pair_t));
    if (common != NULL && common->type == WF_NODE_MAP) {
        wf_http_pairs(http->cookies, add_cookie, common, &cookies, c);
    }
    if (draft->options.cookies != common && draft->options.cookies != NULL
        && draft->options.cookies->type != WF_NODE_BOOLEAN) {
        wf_http_pairs(http->cookies, add_cookie, draft->options.cookies, &cookies, c);
    }
    if (draft->body != NULL) {
        wf_http_body_compile(http, draft->body, &body, c);
    }
}

void wf_http_compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                     wf_compile_t *c)
{
    wf_http_step_t *http = apr_pcalloc(c->p, sizeof(*http));
    draft_t draft = { .options = wf_http_section_of(c)->options };

    step->config = http;
    if (config == NULL) {
        wf_where_t at = { .up = path, .key = "url" };

        wf_compile_problem(c, "required", step->node, &at, "url or domain is required");
        return;
    }
    c->open = 1;
    wf_schema_bind(step_fields, config, &draft, path, c);
    c->open = 0;
    compile_parts(http, &draft, config, path, c);
    http->fail_on_status = draft.fail_on_status;
    wf_http_settings(http, &draft.options, step, path, c);
}

wf_http_step_t *wf_http_compile_section(wf_compile_t *c)
{
    const wf_http_section_t *section = wf_http_section_of(c);
    wf_http_step_t *http = apr_pcalloc(c->p, sizeof(*http));
    const wf_step_t none = { .timeout_ns = -1, .node = NULL };
    wf_where_t up = { .key = "http" };
    wf_where_t at = { .up = &up, .key = "base_url" };

    http->headers = section_headers(c);
    http->cookies = http->query = apr_array_make(c->p, 1, sizeof(wf_pair_t));
    if (section->base_url != NULL) {
        http->base = wf_compile_text(c, section->base_url, NULL, &at);
    }
    wf_http_settings(http, &section->options, &none, &up, c);
    return http;
}

/* ---- requests that never change ---------------------------------------------------- */

static int pairs_literal(const apr_array_header_t *pairs)
{
    int i;

    for (i = 0; i < pairs->nelts; i++) {
        if (APR_ARRAY_IDX(pairs, i, wf_pair_t).value.tmpl != NULL) {
            return 0;
        }
    }
    return 1;
}

static int text_literal(const wf_text_t *text)
{
    return text->tmpl == NULL;
}

static int parts_literal(const apr_array_header_t *parts)
{
    int i;

    for (i = 0; parts != NULL && i < parts->nelts; i++) {
        const wf_http_part_t *part = &APR_ARRAY_IDX(parts, i, wf_http_part_t);

        if (!text_literal(&part->filename) || !text_literal(&part->type)
            || !text_literal(&part->value)) {
            return 0;
        }
    }
    return 1;
}

static int is_literal(const wf_http_step_t *http)
{
    return text_literal(&http->url) && text_literal(&http->base)
           && pairs_literal(http->headers) && pairs_literal(http->query)
           && pairs_literal(http->cookies) && parts_literal(http->parts)
           && (http->body == NULL || http->body->nelts == 0
               || (http->body->nelts == 1
                   && APR_ARRAY_IDX(http->body, 0, wf_piece_t).literal));
}

void wf_http_link(wf_step_t *step, wf_compile_t *c)
{
    wf_http_step_t *http = step->config;
    wf_where_t item = { .key = step->where };
    wf_where_t config = { .up = &item, .key = "config" };
    wf_where_t at = { .up = &config };
    const wf_node_t *node;
    wf_error_t err;

    if (!is_literal(http)) {
        return;
    }
    wf_error_init(&err, c->p);
    if (wf_http_call(&http->call, step, wf_plan_of(c), NULL, c->p, &err) != APR_SUCCESS) {
        at.key = err.field ? err.field : "url";
        node = wf_node_get(wf_node_get(step->node, "config"), at.key);
        wf_compile_problem(c, "value", node ? node : step->node, &at, "%s", err.message);
    }
}
