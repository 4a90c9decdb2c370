/* The http section and the config of http steps: checked and compiled into what a step
 * needs to build its request. A request without anything to evaluate is prepared here
 * once and then only sent. */
#include "load/http.h"

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

typedef void pair_fn(apr_array_header_t *pairs, const char *name, wf_text_t value,
                     const wf_node_t *node, const wf_where_t *path, wf_compile_t *c);

static void pair_text(apr_array_header_t *pairs, pair_fn *add, const char *name,
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

static void pair_item(apr_array_header_t *pairs, pair_fn *add, const wf_node_t *item,
                      const wf_where_t *path, wf_compile_t *c)
{
    pair_draft_t draft = { .enabled = 1 };
    wf_where_t at = { .up = path, .key = "value" };

    wf_schema_bind(pair_fields, item, &draft, path, c);
    if (draft.key != NULL && draft.value != NULL && draft.enabled) {
        pair_text(pairs, add, draft.key, draft.value, &at, c);
    }
}

static void compile_pairs(apr_array_header_t *pairs, pair_fn *add, const wf_node_t *node,
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

static wf_pair_t *header_find(apr_array_header_t *headers, const char *name)
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
    wf_pair_t *pair = header_find(headers, name);

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
    pair = header_find(cookies, name);
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

/* ---- bodies ------------------------------------------------------------------------ */

static void add_piece(apr_array_header_t *body, wf_text_t text, int quote,
                      wf_compile_t *c)
{
    wf_piece_t *piece = apr_array_push(body);

    memset(piece, 0, sizeof(*piece));
    piece->tmpl = text.tmpl;
    piece->quote = quote;
    if (text.tmpl == NULL) {
        piece->literal = quote ? wf_json_quote(text.literal, c->p) : text.literal;
        piece->length = strlen(piece->literal);
    }
}

static void add_json_text(apr_array_header_t *body, const char *json, wf_compile_t *c)
{
    add_piece(body, (wf_text_t){ .literal = json }, 0, c);
}

/* Structure is literal, texts may be templates: their result is quoted when it is known.
 */
static void add_json(apr_array_header_t *body, const wf_node_t *node,
                     const wf_where_t *path, wf_compile_t *c)
{
    const wf_member_t *m;
    wf_value_t value;
    int i = 0;

    if (node->type == WF_NODE_STRING) {
        add_piece(body, wf_compile_text(c, node->text, node, path), 1, c);
        return;
    }
    if (node->type != WF_NODE_LIST && node->type != WF_NODE_MAP) {
        value = wf_node_value(node, c->p);
        add_json_text(
            body, wf_json_text(wf_json_own(wf_value_to_json(&value), c->p), NULL, c->p),
            c);
        return;
    }
    add_json_text(body, node->type == WF_NODE_MAP ? "{" : "[", c);
    for (m = node->first; m != NULL; m = m->next, i++) {
        wf_where_t at = { .up = path, .key = m->key, .index = i };

        if (i > 0) {
            add_json_text(body, ",", c);
        }
        if (m->key != NULL) {
            add_json_text(body, apr_pstrcat(c->p, wf_json_quote(m->key, c->p), ":", NULL),
                          c);
        }
        add_json(body, m->value, &at, c);
    }
    add_json_text(body, node->type == WF_NODE_MAP ? "}" : "]", c);
}

/* Neighbouring literals become one. */
static apr_array_header_t *joined(const apr_array_header_t *body, apr_pool_t *p)
{
    apr_array_header_t *out = apr_array_make(p, body->nelts, sizeof(wf_piece_t));
    int i;

    for (i = 0; i < body->nelts; i++) {
        const wf_piece_t *piece = &APR_ARRAY_IDX(body, i, wf_piece_t);
        wf_piece_t *last =
            out->nelts ? &APR_ARRAY_IDX(out, out->nelts - 1, wf_piece_t) : NULL;
        int k = i;
        apr_size_t total = 0;

        if (piece->tmpl != NULL) {
            APR_ARRAY_PUSH(out, wf_piece_t) = *piece;
            continue;
        }
        while (k < body->nelts && APR_ARRAY_IDX(body, k, wf_piece_t).tmpl == NULL) {
            total += APR_ARRAY_IDX(body, k++, wf_piece_t).length;
        }
        last = apr_array_push(out);
        memset(last, 0, sizeof(*last));
        last->literal = apr_palloc(p, total + 1);
        last->length = total;
        for (total = 0; i < k; i++) {
            piece = &APR_ARRAY_IDX(body, i, wf_piece_t);
            memcpy((char *)last->literal + total, piece->literal, piece->length);
            total += piece->length;
        }
        ((char *)last->literal)[total] = '\0';
        i--;
    }
    return out;
}

/* The typed form {type, raw, …} that some editors write. */
static int is_typed_body(const wf_node_t *node)
{
    static const char *const members[] = { "type",      "raw",        "formData",
                                           "form_data", "urlencoded", NULL };
    const wf_member_t *m;
    int i;

    for (m = node->first; m != NULL; m = m->next) {
        for (i = 0; members[i] != NULL && strcmp(members[i], m->key) != 0; i++) {
        }
        if (members[i] == NULL) {
            return 0;
        }
    }
    return wf_node_get(node, "type") != NULL && node->count > 1;
}

static void compile_body(wf_http_step_t *http, const wf_node_t *node,
                         const wf_where_t *path, wf_compile_t *c)
{
    apr_array_header_t *body = apr_array_make(c->p, 8, sizeof(wf_piece_t));

    if (node->type == WF_NODE_STRING) {
        add_piece(body, wf_compile_text(c, node->text, node, path), 0, c);
    }
    else if (node->type == WF_NODE_MAP && is_typed_body(node)) {
        wf_compile_problem(
            c, "unsupported", node, path,
            "bodies with a type: not supported by this version, give text or "
            "the JSON itself");
        return;
    }
    else {
        add_json(body, node, path, c);
    }
    http->body = joined(body, c->p);
    if (header_find(http->headers, "Content-Type") == NULL) {
        wf_pair_t *pair = apr_array_push(http->headers);

        pair->name = "Content-Type";
        pair->value = (wf_text_t){ .literal = "application/json" };
    }
}

/* ---- where to ---------------------------------------------------------------------- */

static const char *base_text(const draft_t *draft, const wf_node_t *config,
                             const wf_where_t *path, wf_compile_t *c)
{
    const wf_http_section_t *section = &wf_plan_of(c)->http;
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
    wf_http_section_t *section = &wf_plan_of(c)->http;
    wf_where_t up = { .key = "http" };
    wf_where_t at = { .up = &up, .key = "headers" };

    if (section->pairs == NULL) {
        section->pairs = apr_array_make(c->p, 8, sizeof(wf_pair_t));
        compile_pairs(section->pairs, add_header, section->headers, &at, c);
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
    const wf_node_t *common = wf_plan_of(c)->http.options.cookies;

    http->headers = apr_array_copy(c->p, section_headers(c));
    http->query = apr_array_make(c->p, 4, sizeof(wf_pair_t));
    compile_method(http, draft, config, path, c);
    compile_url(http, draft, config, path, c);
    compile_pairs(http->headers, add_header, draft->headers, &headers, c);
    compile_pairs(http->query, add_parameter, draft->query, &query, c);
    compile_pairs(http->query, add_parameter, draft->params, &params, c);
    http->cookies = apr_array_make(c->p, 2, sizeof(wf_pair_t));
    if (common != NULL && common->type == WF_NODE_MAP) {
        compile_pairs(http->cookies, add_cookie, common, &cookies, c);
    }
    if (draft->options.cookies != common && draft->options.cookies != NULL
        && draft->options.cookies->type != WF_NODE_BOOLEAN) {
        compile_pairs(http->cookies, add_cookie, draft->options.cookies, &cookies, c);
    }
    if (draft->body != NULL) {
        compile_body(http, draft->body, &body, c);
    }
}

void wf_http_compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                     wf_compile_t *c)
{
    wf_http_step_t *http = apr_pcalloc(c->p, sizeof(*http));
    draft_t draft = { .options = wf_plan_of(c)->http.options };

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
    const wf_http_section_t *section = &wf_plan_of(c)->http;
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

static int is_literal(const wf_http_step_t *http)
{
    return http->url.tmpl == NULL && http->base.tmpl == NULL
           && pairs_literal(http->headers) && pairs_literal(http->query)
           && pairs_literal(http->cookies)
           && (http->body == NULL
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
