/* Where checks and extractors look: at a value of the document, at a part of the latest
 * answer, or at what a query, a pattern or a name finds there. */
#include "steps/processors.h"

#include <limits.h>
#include <string.h>

static const struct {
    const char *path, *what;
} parts[WF_PARTS] = {
    [WF_PART_STATUS] = { "${response.status_code}", "status" },
    [WF_PART_BODY] = { "${response.body}", "body" },
    [WF_PART_TEXT] = { "${response.body_raw}", "body" },
    [WF_PART_HEADERS] = { "${response.headers}", "headers" },
    [WF_PART_TIME] = { "${response.duration}", "response time (ms)" },
};

void wf_look_init(wf_look_draft_t *draft)
{
    memset(draft, 0, sizeof(*draft));
    draft->index = draft->group = -1;
}

/* ---- values -------------------------------------------------------------------------- */

void wf_look_at_part(wf_look_t *look, wf_part_e part, wf_compile_t *c)
{
    look->what = parts[part].what;
    look->source = wf_compile_expr(c, parts[part].path, NULL, NULL);
}

/* "${a.b}" is shown as a.b, other texts as they are. */
static const char *shown(const wf_node_t *node, apr_pool_t *p)
{
    const char *text = node->type == WF_NODE_STRING ? node->text : NULL;
    size_t n = text ? strlen(text) : 0;

    if (text == NULL) {
        return "the value";
    }
    if (n > 3 && strncmp(text, "${", 2) == 0 && strchr(text, '}') == text + n - 1) {
        return apr_pstrmemdup(p, text + 2, n - 3);
    }
    return wf_utf8_cut(text, 80, p);
}

void wf_look_at_value(wf_look_t *look, const wf_node_t *node, const wf_where_t *path,
                      wf_compile_t *c)
{
    look->what = shown(node, c->p);
    look->shape = wf_compile_shape(c, node, path);
    if (node->type == WF_NODE_STRING) {
        look->secret = strstr(node->text, "secret:") != NULL;
        look->literal = strncmp(node->text, "${", 2) == 0 ? node->text : NULL;
    }
}

/* ---- finding ------------------------------------------------------------------------- */

static int is_source_name(const char *s)
{
    return *s != '\0' && strcspn(s, "${}\"'") == strlen(s);
}

/* response.data is another name of response.body; other names are variables. */
static void set_source(wf_look_t *look, const wf_look_draft_t *draft, wf_find_e kind,
                       const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at_source = { .up = path, .key = "source" };
    wf_where_t at_data = { .up = path, .key = "data" };
    const char *what = look->what, *source = draft->source;

    if (draft->data != NULL) {
        wf_look_at_value(look, draft->data, &at_data, c);
        look->what = what;
        return;
    }
    if (source == NULL || strcmp(source, "response.body") == 0
        || strcmp(source, "response.data") == 0) {
        wf_look_at_part(look,
                        kind == WF_FIND_JSON    ? WF_PART_BODY
                        : kind == WF_FIND_REGEX ? WF_PART_TEXT
                                                : WF_PART_HEADERS,
                        c);
        look->what = what;
        return;
    }
    if (!is_source_name(source)) {
        wf_compile_problem(c, "value", wf_node_get(node, "source"), &at_source,
                           "must be response.body, response.headers or the name of a "
                           "variable");
        return;
    }
    look->finder->headers = strcmp(source, "response.headers") == 0;
    look->source = wf_compile_expr(c, apr_pstrcat(c->p, "${", source, "}", NULL),
                                   wf_node_get(node, "source"), &at_source);
}

static void refuse(const char *member, const wf_node_t *node, const wf_where_t *path,
                   wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = member };

    wf_compile_problem(c, "value", wf_node_get(node, member), &at, "has no meaning here");
}

/* Parameters that the kind does not have. */
static void check_parameters(const wf_look_draft_t *draft, wf_find_e kind,
                             const wf_node_t *node, const wf_where_t *path,
                             wf_compile_t *c)
{
    int named = kind == WF_FIND_HEADER || kind == WF_FIND_COOKIE;

    if (draft->group >= 0 && kind != WF_FIND_REGEX) {
        refuse("group", node, path, c);
    }
    if (draft->index >= 0 && named) {
        refuse("index", node, path, c);
    }
    if (draft->source != NULL && (named || draft->data != NULL)) {
        refuse("source", node, path, c);
    }
    if (draft->data != NULL && named) {
        refuse("data", node, path, c);
    }
}

void wf_look_for(wf_look_t *look, wf_find_e kind, const char *text, const char *member,
                 const wf_look_draft_t *draft, const wf_node_t *node,
                 const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = member };
    const wf_node_t *where = node->type == WF_NODE_MAP ? wf_node_get(node, member) : node;
    int index = draft->index > INT_MAX ? INT_MAX : (int)draft->index;
    int group = draft->group > INT_MAX ? INT_MAX : (int)draft->group;
    wf_error_t err;

    wf_error_init(&err, c->p);
    check_parameters(draft, kind, node, path, c);
    if (wf_finder_create(&look->finder, kind, text, index, group < 0 ? 0 : group, c->p,
                         &err)
        != APR_SUCCESS) {
        wf_compile_problem(c, "value", where, member ? &at : path, "%s", err.message);
        return;
    }
    look->loose = kind != WF_FIND_JSON;
    look->what = kind == WF_FIND_JSON ? text : wf_finder_describe(look->finder, c->p);
    set_source(look, draft, kind, node, path, c);
}

int wf_look_compile(wf_look_t *look, const wf_look_draft_t *draft, const wf_node_t *node,
                    const wf_where_t *path, wf_compile_t *c)
{
    const struct {
        const char *text, *member;
        wf_find_e kind;
    } ways[] = {
        { draft->json_path, "json_path", WF_FIND_JSON },
        { draft->jsonpath, "jsonpath", WF_FIND_JSON },
        { draft->regex, "regex", WF_FIND_REGEX },
        { draft->pattern, "pattern", WF_FIND_REGEX },
        { draft->header, "header", WF_FIND_HEADER },
        { draft->cookie, "cookie", WF_FIND_COOKIE },
    };
    const char *before = NULL;
    size_t i;

    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        wf_where_t at = { .up = path, .key = ways[i].member };

        if (ways[i].text == NULL) {
            continue;
        }
        if (before != NULL) {
            wf_compile_problem(c, "value", wf_node_get(node, ways[i].member), &at,
                               "there is %s already", before);
            return 1;
        }
        before = ways[i].member;
        wf_look_for(look, ways[i].kind, ways[i].text, before, draft, node, path, c);
    }
    return before != NULL;
}

/* ---- looking ------------------------------------------------------------------------- */

/* A name that nobody knows is null: is_null is true of it. */
static apr_status_t look_at(const wf_look_t *look, wf_strand_t *strand, wf_value_t *value,
                            apr_pool_t *p, wf_error_t *err)
{
    wf_error_t unknown;
    apr_status_t rv;

    if (look->source != NULL) {
        wf_error_init(&unknown, p);
        if (wf_expr_eval(look->source, wf_strand_scope(strand), value, p, &unknown)
            != APR_SUCCESS) {
            *value = wf_null();
        }
        return APR_SUCCESS;
    }
    rv = wf_shape_eval(look->shape, strand, value, p, err);
    if (rv == APR_SUCCESS && look->literal != NULL && value->type == WF_STRING
        && strcmp(value->as.text.data, look->literal) == 0) {
        *value = wf_null();
    }
    return rv;
}

apr_status_t wf_look(const wf_look_t *look, wf_strand_t *strand, wf_value_t *value,
                     int *found, apr_pool_t *p, wf_error_t *err)
{
    wf_value_t source;
    apr_status_t rv = look_at(look, strand, &source, p, err);

    *value = wf_null();
    *found = 0;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (source.type == WF_OBJECT) { /* a whole result; bodies are values, and stay */
        source = wf_result_plain(&source, p);
    }
    if (look->finder == NULL) {
        *value = source;
        *found = source.type != WF_NULL;
        return APR_SUCCESS;
    }
    return wf_finder_find(look->finder, &source, value, found, p, err);
}
