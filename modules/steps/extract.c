/* Extractors of a step: what they find becomes variables of the iteration. */
#include "steps/processors.h"

#include <string.h>

typedef struct extract_t {
    const wf_extraction_t *extractions;
    int count;
} extract_t;

/* ---- running ------------------------------------------------------------------------- */

/* NULL, or what went wrong. */
static const char *run(const wf_extraction_t *x, wf_strand_t *strand, apr_pool_t *p)
{
    wf_value_t value;
    wf_error_t err;
    int found;

    wf_error_init(&err, p);
    if (wf_look(&x->look, strand, &value, &found, p, &err) != APR_SUCCESS) {
        return err.message;
    }
    if (!found && x->fallback == NULL) {
        return apr_psprintf(p, "%s was not found", x->look.what);
    }
    if (!found && wf_shape_eval(x->fallback, strand, &value, p, &err) != APR_SUCCESS) {
        return err.message;
    }
    wf_strand_set(strand, x->to, &value);
    return NULL;
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const extract_t *own = act->step->config;
    const char *wrong = NULL;
    apr_pool_t *p;
    int i;

    apr_pool_create(&p, wf_strand_pool(strand));
    apr_pool_tag(p, "wf_extract");
    for (i = 0; i < own->count && wrong == NULL; i++) {
        wrong = run(&own->extractions[i], strand, p);
        if (wrong != NULL) {
            wf_result_fail(act->result, WF_STEP_FAILED, "EXECUTION_ERROR",
                           "cannot extract %s: %s", own->extractions[i].to, wrong);
        }
    }
    apr_pool_destroy(p);
    return WF_STEP_DONE;
}

static const wf_step_type_t extract_type = { .name = "extract", .start = start };

/* ---- compiling ----------------------------------------------------------------------- */

wf_step_t *wf_extract_step(const wf_extraction_t *extractions, int count,
                           const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_step_t *step = wf_step_add(node, path, c);
    extract_t *own = apr_pcalloc(c->p, sizeof(*own));

    own->extractions = extractions;
    own->count = count;
    step->type = &extract_type;
    step->config = own;
    step->name = "extract";
    return step;
}

const char *wf_scoped_name(const char *name, const char *scope, const wf_node_t *node,
                           const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "scope" };

    if (scope == NULL || strcmp(scope, "temp") == 0) {
        return name;
    }
    if (strcmp(scope, "env") == 0) {
        return apr_pstrcat(c->p, "env.", name, NULL);
    }
    wf_compile_problem(c, "value", wf_node_get(node, "scope"), &at,
                       "\"%.60s\" is not one of: temp, env", scope);
    return NULL;
}

typedef struct draft_t {
    const char *to, *variable, *name, *expression, *scope;
    const wf_node_t *fallback, *status, *body;
    wf_look_draft_t look;
} draft_t;

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("to", STRING, draft_t, to),
    WF_FIELD("variableName", STRING, draft_t, variable),
    WF_FIELD("name", STRING, draft_t, name),
    WF_FIELD("expression", STRING, draft_t, expression),
    WF_FIELD("scope", STRING, draft_t, scope),
    WF_FIELD("default", NODE, draft_t, fallback),
    WF_FIELD("status", NODE, draft_t, status),
    WF_FIELD("body", NODE, draft_t, body),
    WF_LOOK_FIELDS(draft_t, look),
    WF_FIELDS_END
};
/* clang-format on */

/* The member is there, with null as its value, too. */
static const wf_node_t *member_of(const wf_node_t *map, const char *key)
{
    const wf_member_t *m;

    for (m = map->first; m != NULL; m = m->next) {
        if (strcmp(m->key, key) == 0) {
            return m->value;
        }
    }
    return NULL;
}

/* A text alone: status, body, a query from $ on, or a pattern. */
static void look_by_text(wf_look_t *look, const char *text, const char *member,
                         const wf_look_draft_t *draft, const wf_node_t *node,
                         const wf_where_t *path, wf_compile_t *c)
{
    if (strcmp(text, "status") == 0 || strcmp(text, "body") == 0) {
        wf_look_at_part(look, *text == 's' ? WF_PART_STATUS : WF_PART_BODY, c);
        return;
    }
    wf_look_for(look, *text == '$' ? WF_FIND_JSON : WF_FIND_REGEX, text, member, draft,
                node, path, c);
}

/* What the parameters say, whatever the keyword. */
static void look_by_draft(wf_extraction_t *x, const draft_t *draft, const wf_node_t *node,
                          const wf_where_t *path, wf_compile_t *c)
{
    int before = c->problems->errors;
    int ways = wf_look_compile(&x->look, &draft->look, node, path, c);

    ways += (draft->expression != NULL) + (draft->status != NULL) + (draft->body != NULL);
    if (c->problems->errors > before) {
        return; /* told already */
    }
    if (ways != 1) {
        wf_compile_problem(c, "required", node, path,
                           "needs one of json_path, regex, header, cookie, status, body "
                           "and expression");
    }
    else if (draft->expression != NULL) {
        look_by_text(&x->look, draft->expression, "expression", &draft->look, node, path,
                     c);
    }
    else if (draft->status != NULL || draft->body != NULL) {
        wf_look_at_part(&x->look, draft->status ? WF_PART_STATUS : WF_PART_BODY, c);
    }
}

/* Variable, scope and default of a map. */
static void set_target(wf_extraction_t *x, const draft_t *draft, const char *to,
                       const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "default" };
    const wf_node_t *fallback = member_of(node, "default");

    to = to ? to : draft->to ? draft->to : draft->variable;
    if (to == NULL || *to == '\0') {
        wf_where_t at_to = { .up = path, .key = "to" };

        wf_compile_problem(c, "required", node, &at_to, "is required: the variable");
        return;
    }
    x->to = wf_scoped_name(to, draft->scope, node, path, c);
    if (fallback != NULL) {
        x->fallback = wf_compile_shape(c, fallback, &at);
    }
}

static void compile_entry(wf_extraction_t *x, const char *to, const wf_node_t *node,
                          const wf_where_t *path, wf_compile_t *c)
{
    draft_t draft = { 0 };

    wf_look_init(&draft.look);
    if (to != NULL && node->type == WF_NODE_STRING) {
        x->to = to;
        look_by_text(&x->look, node->text, NULL, &draft.look, node, path, c);
        return;
    }
    wf_schema_bind(fields, node, &draft, path, c);
    if (node->type == WF_NODE_MAP) {
        look_by_draft(x, &draft, node, path, c);
        set_target(x, &draft, to, node, path, c);
    }
}

wf_step_t *wf_extract_compile(const wf_node_t *node, const wf_where_t *path,
                              wf_compile_t *c)
{
    wf_extraction_t *all;
    const wf_member_t *m;
    int n = 0;

    if (node->type != WF_NODE_MAP && node->type != WF_NODE_LIST) {
        wf_compile_problem(c, "type", node, path, "must be a map or a list, not %s",
                           wf_node_type_name(node->type));
        return NULL;
    }
    if (node->count > WF_CHECKS_MAX) {
        wf_compile_problem(c, "limit", node, path, "more than %d", WF_CHECKS_MAX);
        return NULL;
    }
    all = apr_pcalloc(c->p, (node->count + 1) * sizeof(*all));
    for (m = node->first; m != NULL; m = m->next, n++) {
        wf_where_t item = { .up = path, .key = m->key, .index = n };

        compile_entry(&all[n], m->key, m->value, &item, c);
    }
    return wf_extract_step(all, n, node, path, c);
}

/* ---- keywords ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    int kind;    /* wf_find_e, or -1: what the parameters say */
    int by_name; /* the parameter "name" says what to look for */
} keywords[] = {
    { "json_path", WF_FIND_JSON, 0 },
    { "regex", WF_FIND_REGEX, 0 },
    { "header", WF_FIND_HEADER, 1 },
    { "cookie", WF_FIND_COOKIE, 1 },
    { "status", WF_FIND_WHOLE, 0 },
    { "body", WF_FIND_WHOLE, 0 },
    { "extract", -1, 0 },
};

/* The one text that a keyword looks for, under whichever of its names it was given. */
static const char *subject(const draft_t *draft, int kind, const char **member)
{
    const struct {
        int kind;
        const char *text, *member;
    } names[] = {
        { WF_FIND_JSON, draft->look.json_path, "json_path" },
        { WF_FIND_JSON, draft->look.jsonpath, "jsonpath" },
        { WF_FIND_REGEX, draft->look.regex, "regex" },
        { WF_FIND_REGEX, draft->look.pattern, "pattern" },
        { WF_FIND_HEADER, draft->look.header, "header" },
        { WF_FIND_HEADER, draft->name, "name" },
        { WF_FIND_COOKIE, draft->look.cookie, "cookie" },
        { WF_FIND_COOKIE, draft->name, "name" },
        { kind, draft->expression, "expression" },
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].kind == kind && names[i].text != NULL) {
            *member = names[i].member;
            return names[i].text;
        }
    }
    return NULL;
}

static void look_by_keyword(wf_extraction_t *x, size_t row, const draft_t *draft,
                            const wf_node_t *node, const wf_where_t *path,
                            wf_compile_t *c)
{
    int kind = keywords[row].kind;
    const char *member = NULL, *text;

    if (kind < 0) {
        look_by_draft(x, draft, node, path, c);
        return;
    }
    if (kind == WF_FIND_WHOLE) {
        wf_look_at_part(&x->look,
                        *keywords[row].name == 's' ? WF_PART_STATUS : WF_PART_BODY, c);
        return;
    }
    text = subject(draft, kind, &member);
    if (text == NULL) {
        wf_where_t at = { .up = path,
                          .key = keywords[row].by_name ? "name" : "expression" };

        wf_compile_problem(c, "required", node, &at, "is required");
        return;
    }
    wf_look_for(&x->look, (wf_find_e)kind, text, member, &draft->look, node, path, c);
}

wf_step_t *wf_extract_keyword(const char *keyword, const wf_node_t *config, int *known,
                              const wf_where_t *path, wf_compile_t *c)
{
    wf_extraction_t *x = apr_pcalloc(c->p, sizeof(*x));
    draft_t draft = { 0 };
    size_t i;

    wf_look_init(&draft.look);
    for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (strcmp(keywords[i].name, keyword) != 0) {
            continue;
        }
        *known = 1;
        wf_schema_bind(fields, config, &draft, path, c);
        look_by_keyword(x, i, &draft, config, path, c);
        set_target(x, &draft, NULL, config, path, c);
        return wf_extract_step(x, 1, config, path, c);
    }
    *known = 0;
    return NULL;
}
