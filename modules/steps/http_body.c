/* Bodies of http steps: a text, the JSON itself, or the typed form {type, raw, …} that
 * editors write. They become pieces, or parts of a multipart body. */
#include "steps/http.h"

#include <apr_base64.h>
#include <stddef.h>
#include <string.h>

#define MAX_FILE (64 * 1024 * 1024) /* bytes of a file that is sent */

static const char no_bytes[] = "";

/* ---- pieces ------------------------------------------------------------------------ */

static void add_piece(apr_array_header_t *body, wf_text_t text, int spelling,
                      wf_compile_t *c)
{
    wf_piece_t *piece = apr_array_push(body);

    memset(piece, 0, sizeof(*piece));
    piece->tmpl = text.tmpl;
    piece->spelling = spelling;
    if (text.tmpl == NULL) {
        piece->literal = wf_http_spell(spelling, text.literal, c->p);
        piece->length = strlen(piece->literal);
    }
}

static void add_plain(apr_array_header_t *body, const char *text, wf_compile_t *c)
{
    add_piece(body, (wf_text_t){ .literal = text }, WF_AS_IS, c);
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
        add_piece(body, wf_compile_text(c, node->text, node, path), WF_AS_JSON, c);
        return;
    }
    if (node->type != WF_NODE_LIST && node->type != WF_NODE_MAP) {
        value = wf_node_value(node, c->p);
        add_plain(body,
                  wf_json_text(wf_json_own(wf_value_to_json(&value), c->p), NULL, c->p),
                  c);
        return;
    }
    add_plain(body, node->type == WF_NODE_MAP ? "{" : "[", c);
    for (m = node->first; m != NULL; m = m->next, i++) {
        wf_where_t at = { .up = path, .key = m->key, .index = i };

        if (i > 0) {
            add_plain(body, ",", c);
        }
        if (m->key != NULL) {
            add_plain(body, apr_pstrcat(c->p, wf_json_quote(m->key, c->p), ":", NULL), c);
        }
        add_json(body, m->value, &at, c);
    }
    add_plain(body, node->type == WF_NODE_MAP ? "}" : "]", c);
}

/* Neighbouring literals from i on become one; the first one that is none. */
static int join_literals(apr_array_header_t *out, const apr_array_header_t *body, int i,
                         apr_pool_t *p)
{
    apr_size_t total = 0;
    wf_piece_t *joined;
    char *at;
    int end;

    for (end = i; end < body->nelts && APR_ARRAY_IDX(body, end, wf_piece_t).tmpl == NULL;
         end++) {
        total += APR_ARRAY_IDX(body, end, wf_piece_t).length;
    }
    joined = apr_array_push(out);
    memset(joined, 0, sizeof(*joined));
    joined->literal = at = apr_palloc(p, total + 1);
    joined->length = total;
    for (; i < end; i++) {
        const wf_piece_t *piece = &APR_ARRAY_IDX(body, i, wf_piece_t);

        memcpy(at, piece->literal, piece->length);
        at += piece->length;
    }
    *at = '\0';
    return end;
}

static apr_array_header_t *joined(const apr_array_header_t *body, apr_pool_t *p)
{
    apr_array_header_t *out = apr_array_make(p, body->nelts + 1, sizeof(wf_piece_t));
    int i = 0;

    while (i < body->nelts) {
        if (APR_ARRAY_IDX(body, i, wf_piece_t).tmpl != NULL) {
            APR_ARRAY_PUSH(out, wf_piece_t) = APR_ARRAY_IDX(body, i++, wf_piece_t);
        }
        else {
            i = join_literals(out, body, i, p);
        }
    }
    return out;
}

/* ---- the typed form ------------------------------------------------------------------ */

typedef struct draft_t {
    const char *type, *base64, *file;
    const wf_node_t *raw, *form_data, *urlencoded;
} draft_t;

/* clang-format off */
static const wf_field_t fields[] = {
    WF_NEEDED("type", STRING, draft_t, type),
    WF_FIELD("raw", NODE, draft_t, raw),
    WF_FIELD("formData", NODE, draft_t, form_data),
    WF_FIELD("form_data", NODE, draft_t, form_data),
    WF_FIELD("urlencoded", NODE, draft_t, urlencoded),
    WF_FIELD("base64", STRING, draft_t, base64),
    WF_FIELD("file", STRING, draft_t, file),
    WF_FIELDS_END
};
/* clang-format on */

/* One body while it is compiled. */
typedef struct body_t {
    wf_http_step_t *http;
    apr_array_header_t *pieces;
    draft_t draft;
    const wf_node_t *node;
    const wf_where_t *path;
    wf_compile_t *c;
} body_t;

static void wrong(const body_t *b, const char *member, const char *text)
{
    wf_where_t at = { .up = b->path, .key = member };
    const wf_node_t *node = wf_node_get(b->node, member);

    wf_compile_problem(b->c, "value", node ? node : b->node, &at, "%s", text);
}

static void raw_text(body_t *b)
{
    wf_where_t at = { .up = b->path, .key = "raw" };
    const char *text = b->draft.raw ? wf_node_text(b->draft.raw, b->c->p) : "";

    if (text == NULL) {
        wrong(b, "raw", "must be text");
        return;
    }
    add_piece(b->pieces, wf_compile_text(b->c, text, b->draft.raw, &at), WF_AS_IS, b->c);
}

static void raw_json(body_t *b)
{
    wf_where_t at = { .up = b->path, .key = "raw" };

    if (b->draft.raw == NULL || b->draft.raw->type == WF_NODE_STRING) {
        raw_text(b);
        return;
    }
    add_json(b->pieces, b->draft.raw, &at, b->c);
}

/* A text is a query unless it is the JSON of a request; a query may begin with a brace,
 * but no name in it is quoted. */
static void raw_graphql(body_t *b)
{
    const wf_node_t *raw = b->draft.raw;
    wf_where_t at = { .up = b->path, .key = "raw" };
    const char *text = raw && raw->type == WF_NODE_STRING ? raw->text : NULL;
    size_t n = text ? strspn(text, " \t\r\n") : 0;

    if (raw == NULL) {
        wrong(b, "raw", "is required: a query, or {query, variables, operationName}");
        return;
    }
    if (text == NULL
        || (text[n] == '{' && text[n + 1 + strspn(text + n + 1, " \t\r\n")] == '"')) {
        raw_json(b);
        return;
    }
    add_plain(b->pieces, "{\"query\":", b->c);
    add_piece(b->pieces, wf_compile_text(b->c, text, raw, &at), WF_AS_JSON, b->c);
    add_plain(b->pieces, "}", b->c);
}

/* ---- bytes that are no text ------------------------------------------------------------ */

/* Strict, as a character that decodes to nothing would change a file unseen. */
const char *wf_base64_decode(const char *text, apr_size_t *length, apr_pool_t *p)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789+/";
    char *clean = apr_palloc(p, strlen(text) + 1), *out, *to = clean;
    size_t n, ends;

    for (; *text != '\0'; text++) {
        if (strchr(" \t\r\n", *text) == NULL) {
            *to++ = *text;
        }
    }
    *to = '\0';
    n = strspn(clean, alphabet);
    ends = strspn(clean + n, "=");
    if (clean[n + ends] != '\0' || (n + ends) % 4 != 0 || ends > 2) {
        return NULL;
    }
    out = apr_palloc(p, n + 4);
    *length = (apr_size_t)apr_base64_decode_binary((unsigned char *)out, clean);
    return out;
}

static const char *load_file(const char *name, apr_size_t *length, const wf_where_t *path,
                             const wf_node_t *node, wf_compile_t *c)
{
    const char *directory = wf_plan_directory(wf_plan_of(c));
    wf_error_t err;
    char *data;

    if (directory == NULL) {
        wf_compile_problem(c, "file", node, path,
                           "no directory of files is configured (WorkflowDataDir); use "
                           "base64");
        return NULL;
    }
    wf_error_init(&err, c->p);
    if (wf_file_load_below(&data, length, directory, name, MAX_FILE, c->p, &err)
        != APR_SUCCESS) {
        wf_compile_problem(c, "file", node, path, "%s", err.message);
        return NULL;
    }
    return data;
}

/* The bytes of base64 or file, NULL if neither is given or with a problem. */
static const char *read_bytes(const char *base64, const char *file, apr_size_t *length,
                              const wf_node_t *node, const wf_where_t *path,
                              wf_compile_t *c)
{
    wf_where_t encoded = { .up = path, .key = "base64" };
    wf_where_t name = { .up = path, .key = "file" };
    const char *data;

    if (file != NULL) {
        return load_file(file, length, &name, wf_node_get(node, "file"), c);
    }
    if (base64 == NULL) {
        return NULL;
    }
    data = wf_base64_decode(base64, length, c->p);
    if (data == NULL) {
        wf_compile_problem(c, "value", wf_node_get(node, "base64"), &encoded,
                           "is no base64");
    }
    return data;
}

static void binary(body_t *b)
{
    const draft_t *d = &b->draft;
    wf_piece_t *piece;
    apr_size_t length;
    const char *data;

    if (d->base64 == NULL && d->file == NULL) {
        raw_text(b);
        return;
    }
    data = read_bytes(d->base64, d->file, &length, b->node, b->path, b->c);
    if (data != NULL) {
        piece = apr_array_push(b->pieces);
        memset(piece, 0, sizeof(*piece));
        piece->literal = data;
        piece->length = length;
    }
}

/* ---- forms ----------------------------------------------------------------------------- */

static void add_form_field(apr_array_header_t *pieces, const char *name, wf_text_t value,
                           const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    (void)node;
    (void)path;
    if (pieces->nelts > 0) {
        add_plain(pieces, "&", c);
    }
    add_piece(pieces, (wf_text_t){ .literal = name }, WF_AS_FORM, c);
    add_plain(pieces, "=", c);
    add_piece(pieces, value, WF_AS_FORM, c);
}

static void form(body_t *b)
{
    wf_where_t at = { .up = b->path, .key = "urlencoded" };

    if (b->draft.urlencoded == NULL) {
        raw_text(b);
        return;
    }
    wf_http_pairs(b->pieces, add_form_field, b->draft.urlencoded, &at, b->c);
}

/* A field, or a file: with a file name, or bytes that are no text. */
typedef struct part_draft_t {
    const char *key, *filename, *content_type, *content, *base64, *file;
    const wf_node_t *value;
    int enabled, is_file;
} part_draft_t;

static const char *const part_words[] = { "text", "file", NULL };

/* clang-format off */
static const wf_field_t part_fields[] = {
    WF_NEEDED("key", STRING, part_draft_t, key),
    WF_FIELD("value", NODE, part_draft_t, value),
    WF_ONE_OF("type", part_words, part_draft_t, is_file),
    WF_FIELD("enabled", BOOLEAN, part_draft_t, enabled),
    WF_FIELD("filename", STRING, part_draft_t, filename),
    WF_FIELD("fileName", STRING, part_draft_t, filename),
    WF_FIELD("content_type", STRING, part_draft_t, content_type),
    WF_FIELD("contentType", STRING, part_draft_t, content_type),
    WF_FIELD("content", STRING, part_draft_t, content),
    WF_FIELD("base64", STRING, part_draft_t, base64),
    WF_FIELD("file", STRING, part_draft_t, file),
    WF_FIELDS_END
};
/* clang-format on */

static void add_field_part(apr_array_header_t *parts, const char *name, wf_text_t value,
                           const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_http_part_t *part = apr_array_push(parts);

    (void)node;
    (void)path;
    (void)c;
    memset(part, 0, sizeof(*part));
    part->name = name;
    part->value = value;
}

static wf_text_t part_text(const char *text, const char *member, const wf_node_t *item,
                           const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = member };

    return text ? wf_compile_text(c, text, wf_node_get(item, member), &at)
                : (wf_text_t){ NULL, NULL };
}

/* The last part of a path, as browsers tell no more. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void set_part(wf_http_part_t *part, const part_draft_t *d, const wf_node_t *item,
                     const wf_where_t *path, wf_compile_t *c)
{
    const char *text = d->content ? d->content
                       : d->value ? wf_node_text(d->value, c->p)
                                  : "";
    int is_file = d->is_file || d->base64 || d->file;
    const char *filename = d->filename ? d->filename
                           : d->file   ? base_name(d->file)
                           : is_file   ? d->key
                                       : NULL;

    memset(part, 0, sizeof(*part));
    part->name = d->key;
    part->filename = part_text(filename, "filename", item, path, c);
    part->type = part_text(d->content_type, "content_type", item, path, c);
    if (d->base64 != NULL || d->file != NULL) {
        part->data = read_bytes(d->base64, d->file, &part->length, item, path, c);
        part->data = part->data ? part->data : no_bytes;
        return;
    }
    if (text == NULL) {
        wf_where_t at = { .up = path, .key = "value" };

        wf_compile_problem(c, "type", d->value, &at,
                           "must be text, a number or true/false, not %s",
                           wf_node_type_name(d->value->type));
        text = "";
    }
    part->value = part_text(text, d->content ? "content" : "value", item, path, c);
}

static void form_data_item(body_t *b, const wf_node_t *item, const wf_where_t *path)
{
    part_draft_t draft = { .enabled = 1 };

    wf_schema_bind(part_fields, item, &draft, path, b->c);
    if (draft.key != NULL && draft.enabled) {
        set_part(apr_array_push(b->http->parts), &draft, item, path, b->c);
    }
}

static void form_data(body_t *b)
{
    wf_where_t at = { .up = b->path, .key = "form_data" };
    const wf_node_t *node = b->draft.form_data;
    const wf_member_t *m;
    int i = 0;

    b->http->parts = apr_array_make(b->c->p, 4, sizeof(wf_http_part_t));
    if (node == NULL) {
        wrong(b, "form_data", "is required");
        return;
    }
    if (node->type != WF_NODE_LIST) {
        wf_http_pairs(b->http->parts, add_field_part, node, &at, b->c);
        return;
    }
    for (m = node->first; m != NULL; m = m->next, i++) {
        wf_where_t item = { .up = &at, .index = i };

        form_data_item(b, m->value, &item);
    }
}

/* ---- types ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char
        *media; /* its Content-Type; NULL: the client writes it, or there is none */
    void (*compile)(body_t *b); /* NULL: no body */
} types[] = {
    /* clang-format off */
    { "none",                  NULL,                                NULL },
    { "json",                  "application/json",                  raw_json },
    { "xml",                   "application/xml",                   raw_text },
    { "text",                  "text/plain; charset=utf-8",         raw_text },
    { "graphql",               "application/json",                  raw_graphql },
    { "x-www-form-urlencoded", "application/x-www-form-urlencoded", form },
    { "form-data",             NULL,                                form_data },
    { "binary",                "application/octet-stream",          binary },
    /* clang-format on */
};

static int type_of(const char *name)
{
    int i;

    for (i = 0; i < (int)(sizeof(types) / sizeof(types[0])); i++) {
        if (strcmp(types[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Its type is one of ours, and there is no member that the form does not have: anything
 * else is a document to be sent. */
static int is_typed(const wf_node_t *node)
{
    const wf_node_t *type = node->type == WF_NODE_MAP ? wf_node_get(node, "type") : NULL;
    const wf_member_t *m;
    int i;

    if (type == NULL || type->type != WF_NODE_STRING || type_of(type->text) < 0) {
        return 0;
    }
    for (m = node->first; m != NULL; m = m->next) {
        for (i = 0; fields[i].name != NULL && strcmp(fields[i].name, m->key) != 0; i++) {
        }
        if (fields[i].name == NULL) {
            return 0;
        }
    }
    return node->count > 1 || strcmp(type->text, "none") == 0;
}

static void default_type(wf_http_step_t *http, const char *media)
{
    wf_pair_t *pair;

    if (media != NULL && wf_http_header_find(http->headers, "Content-Type") == NULL) {
        pair = apr_array_push(http->headers);
        pair->name = "Content-Type";
        pair->value = (wf_text_t){ .literal = media };
    }
}

void wf_http_body_compile(wf_http_step_t *http, const wf_node_t *node,
                          const wf_where_t *path, wf_compile_t *c)
{
    body_t b = { .http = http, .node = node, .path = path, .c = c };
    const char *media = "application/json";
    int type;

    b.pieces = apr_array_make(c->p, 8, sizeof(wf_piece_t));
    if (is_typed(node)) {
        wf_schema_bind(fields, node, &b.draft, path, c);
        type = type_of(b.draft.type);
        media = types[type].media;
        if (types[type].compile == NULL) {
            return;
        }
        types[type].compile(&b);
    }
    else if (node->type == WF_NODE_STRING) {
        add_piece(b.pieces, wf_compile_text(c, node->text, node, path), WF_AS_IS, c);
    }
    else {
        add_json(b.pieces, node, path, c);
    }
    if (http->parts == NULL) {
        http->body = joined(b.pieces, c->p);
    }
    default_type(http, media);
}
