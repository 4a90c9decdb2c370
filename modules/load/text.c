/* Texts, expressions and values of a document that may look names up when they are used.
 */
#include "load/internal.h"

#include <string.h>

#define EVAL_SPENDS 128 /* bytes that an evaluation leaves in its pool, roughly */

/* Bodies and headers of answers are only kept if something in the plan asks for them. */
static void note_reads(wf_plan_t *plan, const char *text)
{
    int whole = strstr(text, "output") != NULL || strstr(text, "__step") != NULL
                || strstr(text, "parallel_results") != NULL;

    plan->reads_body |= whole || strstr(text, "body") != NULL;
    plan->reads_headers |=
        whole || strstr(text, "headers") != NULL || strstr(text, "cookies") != NULL
        || strstr(text, "bodyType") != NULL || strstr(text, "body_type") != NULL;
    wf_plan_read_requests(plan, text);
}

/* ---- what a document draws on ---------------------------------------------------------- */

static void read_file(wf_compile_t *c, const char *name, const wf_node_t *node,
                      const wf_where_t *path)
{
    wf_plan_t *plan = wf_plan_of(c);
    apr_size_t length;
    wf_error_t err;
    char *text;

    if (apr_hash_get(plan->files, name, APR_HASH_KEY_STRING) != NULL) {
        return;
    }
    wf_error_init(&err, c->p);
    if (plan->around->directory == NULL) {
        wf_compile_problem(c, "file", node, path,
                           "${file:%.60s}: no directory of files is configured", name);
    }
    else if (apr_hash_count(plan->files) == WF_PLAN_MAX_FILES) {
        wf_compile_problem(c, "limit", node, path, "more than %d files",
                           WF_PLAN_MAX_FILES);
    }
    else if (wf_file_load_below(&text, &length, plan->around->directory, name,
                                WF_PLAN_MAX_FILE, c->p, &err)
             != APR_SUCCESS) {
        wf_compile_problem(c, "file", node, path, "${file:%.60s}: %s", name, err.message);
    }
    else {
        apr_hash_set(plan->files, name, APR_HASH_KEY_STRING, text);
    }
}

/* Each once; longer ones first, as a shorter one may be a part of them. */
static void note_secret(wf_plan_t *plan, const char *secret)
{
    int at, i;

    if (plan->secrets == NULL) {
        plan->secrets = apr_array_make(plan->pool, 4, sizeof(const char *));
    }
    for (at = 0; at < plan->secrets->nelts; at++) {
        const char *other = APR_ARRAY_IDX(plan->secrets, at, const char *);

        if (strcmp(other, secret) == 0) {
            return;
        }
        if (strlen(other) < strlen(secret)) {
            break;
        }
    }
    apr_array_push(plan->secrets);
    for (i = plan->secrets->nelts - 1; i > at; i--) {
        APR_ARRAY_IDX(plan->secrets, i, const char *) =
            APR_ARRAY_IDX(plan->secrets, i - 1, const char *);
    }
    APR_ARRAY_IDX(plan->secrets, at, const char *) = secret;
}

static void check_secret(wf_compile_t *c, const char *name, const wf_node_t *node,
                         const wf_where_t *path)
{
    wf_plan_t *plan = wf_plan_of(c);
    const wf_surroundings_t *around = plan->around;
    const char *secret =
        around->secret != NULL ? around->secret(around->baton, name) : NULL;

    if (secret == NULL) {
        wf_compile_problem(c, "secret", node, path, "there is no secret \"%.60s\"", name);
        return;
    }
    note_secret(plan, secret);
}

const apr_array_header_t *wf_plan_secrets(const wf_plan_t *plan)
{
    return plan->secrets;
}

static const struct {
    const char *mark;
    void (*note)(wf_compile_t *c, const char *name, const wf_node_t *node,
                 const wf_where_t *path);
} sources[] = {
    { "${file:", read_file },
    { "${secret:", check_secret },
};

/* Files are read and secrets are missed when the document is, not in the middle of a run.
 */
static void note_sources(wf_compile_t *c, const char *text, const wf_node_t *node,
                         const wf_where_t *path)
{
    size_t i;

    for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        const char *at = text;

        while ((at = strstr(at, sources[i].mark)) != NULL) {
            size_t length;

            at += strlen(sources[i].mark);
            length = strcspn(at, "}");
            if (at[length] == '}') {
                sources[i].note(c, apr_pstrmemdup(c->p, at, length), node, path);
            }
        }
    }
}

/* ---- texts and expressions -------------------------------------------------------------- */

wf_text_t wf_compile_text(wf_compile_t *c, const char *text, const wf_node_t *node,
                          const wf_where_t *path)
{
    wf_text_t out = { .literal = text };
    wf_error_t err;

    if (strstr(text, "${") == NULL) {
        return out;
    }
    wf_error_init(&err, c->p);
    if (wf_template_parse(&out.tmpl, text, WF_LOAD, c->p, &err) != APR_SUCCESS) {
        wf_compile_problem(c, "template", node, path, "%s", err.message);
        out.tmpl = NULL;
    }
    else if (wf_template_is_literal(out.tmpl)) {
        out.tmpl = NULL;
    }
    else {
        out.literal = NULL;
        note_reads(wf_plan_of(c), text);
        note_sources(c, text, node, path);
    }
    return out;
}

apr_status_t wf_text_eval(const wf_text_t *text, wf_strand_t *strand, const char **out,
                          apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv;

    if (text->tmpl == NULL) {
        *out = text->literal;
        return APR_SUCCESS;
    }
    rv = wf_template_text(text->tmpl, &strand->scope, out, NULL, p, err);
    strand->spent += EVAL_SPENDS + (rv == APR_SUCCESS ? 2 * strlen(*out) : 0);
    return rv;
}

wf_expr_t *wf_compile_expr(wf_compile_t *c, const char *text, const wf_node_t *node,
                           const wf_where_t *path)
{
    wf_expr_t *expr = NULL;
    wf_error_t err;

    wf_error_init(&err, c->p);
    if (wf_expr_parse(&expr, text, WF_LOAD, c->p, &err) != APR_SUCCESS) {
        wf_compile_problem(c, "expression", node, path, "%s", err.message);
        return NULL;
    }
    note_reads(wf_plan_of(c), text);
    note_sources(c, text, node, path);
    return expr;
}

apr_status_t wf_expr_truth(const wf_expr_t *expr, wf_strand_t *strand, int *truth,
                           wf_error_t *err)
{
    wf_value_t value;
    apr_status_t rv = wf_expr_eval(expr, &strand->scope, &value, err->pool, err);

    strand->spent += EVAL_SPENDS;
    return rv == APR_SUCCESS ? wf_value_truth(&value, WF_LOAD, truth, err) : rv;
}

/* ---- values with templates in them --------------------------------------------------- */

struct wf_shape_t {
    wf_value_t constant; /* if nothing below is to be evaluated */
    int fixed;
    wf_text_t text;
    wf_expr_t *path; /* the text is one ${path} */
    int is_map;
    int count;
    const char **keys;
    wf_shape_t **parts;
};

/* "${a.b}" and nothing else: its value is that of the expression, type and all. */
static int is_one_path(const char *text)
{
    size_t length = strlen(text);

    return length > 3 && strncmp(text, "${", 2) == 0 && text[length - 1] == '}'
           && strchr(text + 2, '$') == NULL && strchr(text, '}') == text + length - 1;
}

static void compile_parts(wf_shape_t *shape, const wf_node_t *node,
                          const wf_where_t *path, wf_compile_t *c)
{
    const wf_member_t *m;
    int i = 0;

    shape->fixed = 1;
    shape->is_map = node->type == WF_NODE_MAP;
    shape->count = node->count;
    shape->keys = apr_pcalloc(c->p, (node->count + 1) * sizeof(*shape->keys));
    shape->parts = apr_pcalloc(c->p, (node->count + 1) * sizeof(*shape->parts));
    for (m = node->first; m != NULL; m = m->next, i++) {
        wf_where_t at = { .up = path, .key = m->key, .index = i };

        shape->keys[i] = m->key;
        shape->parts[i] = wf_compile_shape(c, m->value, &at);
        shape->fixed &= shape->parts[i]->fixed;
    }
}

wf_shape_t *wf_compile_shape(wf_compile_t *c, const wf_node_t *node,
                             const wf_where_t *path)
{
    wf_shape_t *shape = apr_pcalloc(c->p, sizeof(*shape));

    if (node->type == WF_NODE_LIST || node->type == WF_NODE_MAP) {
        compile_parts(shape, node, path, c);
    }
    else if (node->type == WF_NODE_STRING) {
        shape->text = wf_compile_text(c, node->text, node, path);
        shape->fixed = shape->text.tmpl == NULL;
        if (!shape->fixed && is_one_path(node->text)) {
            shape->path = wf_compile_expr(c, node->text, node, path);
        }
    }
    else {
        shape->fixed = 1;
    }
    if (shape->fixed) {
        shape->constant = wf_node_value(node, c->p);
    }
    return shape;
}

static apr_status_t eval_text(const wf_shape_t *shape, wf_strand_t *strand,
                              wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    wf_error_t unknown;
    const char *text;
    apr_status_t rv;

    if (shape->path != NULL) { /* an unknown name stays as it was written */
        wf_error_init(&unknown, p);
        if (wf_expr_eval(shape->path, &strand->scope, value, p, &unknown)
            == APR_SUCCESS) {
            *value = wf_result_plain(value, p);
            strand->spent += EVAL_SPENDS + wf_value_size(value);
            return APR_SUCCESS;
        }
    }
    rv = wf_text_eval(&shape->text, strand, &text, p, err);
    *value = wf_string(text);
    return rv;
}

static apr_status_t eval_parts(const wf_shape_t *shape, wf_strand_t *strand,
                               wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    wf_map_t *map = shape->is_map ? wf_map_create(p) : NULL;
    wf_list_t *list = shape->is_map ? NULL : wf_list_create(p);
    int i;

    for (i = 0; i < shape->count; i++) {
        wf_value_t part;
        apr_status_t rv = wf_shape_eval(shape->parts[i], strand, &part, p, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (map != NULL) {
            wf_map_set(map, shape->keys[i], part);
        }
        else {
            wf_list_push(list, part);
        }
    }
    *value = map ? wf_map(map) : wf_list(list);
    return APR_SUCCESS;
}

apr_status_t wf_shape_eval(const wf_shape_t *shape, wf_strand_t *strand,
                           wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    if (shape->fixed) {
        *value = shape->constant;
        return APR_SUCCESS;
    }
    return shape->parts != NULL ? eval_parts(shape, strand, value, p, err)
                                : eval_text(shape, strand, value, p, err);
}
