/* call: the steps of a fragment, with parameters and results. Fragments are what the
 * workflow's member scripts declares; each is compiled once, whoever calls it. Its steps
 * see the names around the call, and set names of their own, which go with it. */
#include "steps/internal.h"

#include <stddef.h>
#include <string.h>

#define FENCE "a fragment ends by itself"
#define FRAGMENTS_MAX 200

typedef struct param_t {
    const char *name;
    int type; /* index of type_words */
    int required;
    const wf_shape_t *otherwise; /* its default, or NULL */
} param_t;

typedef struct named_t {
    const char *name;
    const wf_shape_t *shape;
} named_t;

typedef struct fragment_t {
    const char *name;
    const wf_node_t *steps, *returns_node; /* as written */
    param_t *params;
    int nparams;
    wf_block_t block;
    named_t *returns;
    int nreturns;
    apr_array_header_t *calls; /* of wf_fragment_t *: those that its steps call */
    int seen;                  /* 1: on the way that is being followed, 2: done */
} fragment_t;

typedef struct section_t {
    apr_hash_t *fragments;       /* name → fragment_t * */
    const fragment_t *compiling; /* whose steps are being compiled, or NULL */
} section_t;

typedef struct config_t {
    const fragment_t *fragment;
    const wf_shape_t **arguments; /* by parameter; NULL: not given */
    named_t *results;             /* variable ← return: name is the variable's */
    const char **sources;         /* the return of each */
    int nresults;
} config_t;

typedef struct state_t {
    wf_map_t *returns; /* NULL: it did not come to its end */
    int steps;
} state_t;

/* ---- fragments --------------------------------------------------------------------- */

static const char *const type_words[] = { "any",   "string", "number", "boolean",
                                          "array", "object", NULL };
enum { ANY, STRING, NUMBER, BOOLEAN, ARRAY, OBJECT };

typedef struct fragment_draft_t {
    const char *description;
    const wf_node_t *params, *steps, *returns;
} fragment_draft_t;

typedef struct param_draft_t {
    const char *name, *description;
    int type, required;
    const wf_node_t *otherwise;
} param_draft_t;

typedef struct return_draft_t {
    const char *name;
    const wf_node_t *value;
} return_draft_t;

/* clang-format off */
static const wf_field_t fragment_fields[] = {
    WF_FIELD("description", STRING, fragment_draft_t, description),
    WF_FIELD("params", LIST, fragment_draft_t, params),
    WF_NEEDED("steps", LIST, fragment_draft_t, steps),
    WF_FIELD("returns", LIST, fragment_draft_t, returns),
    WF_FIELDS_END
};

static const wf_field_t param_fields[] = {
    WF_NEEDED("name", STRING, param_draft_t, name),
    WF_FIELD("description", STRING, param_draft_t, description),
    WF_ONE_OF("type", type_words, param_draft_t, type),
    WF_FIELD("default", NODE, param_draft_t, otherwise),
    WF_FIELD("required", BOOLEAN, param_draft_t, required),
    WF_FIELDS_END
};

static const wf_field_t return_fields[] = {
    WF_NEEDED("name", STRING, return_draft_t, name),
    WF_NEEDED("value", NODE, return_draft_t, value),
    WF_FIELDS_END
};
/* clang-format on */

static int is_of_type(const wf_value_t *value, int type)
{
    switch (type) {
    case STRING:
        return value->type == WF_STRING;
    case NUMBER:
        return value->type >= WF_SHORT && value->type <= WF_DOUBLE;
    case BOOLEAN:
        return value->type == WF_BOOLEAN;
    case ARRAY:
        return value->type == WF_LIST;
    case OBJECT:
        return value->type == WF_MAP;
    default:
        return 1;
    }
}

/* A value without templates is judged when the document is read. */
static void check_literal(const wf_node_t *node, int type, const wf_where_t *path,
                          wf_compile_t *c)
{
    wf_value_t value = wf_node_value(node, c->p);

    if (node->type == WF_NODE_STRING && strstr(node->text, "${") != NULL) {
        return;
    }
    if (!is_of_type(&value, type)) {
        wf_compile_problem(c, "type", node, path, "must be of type %s, not %s",
                           type_words[type], wf_node_type_name(node->type));
    }
}

static int find_param(const fragment_t *fragment, const char *name)
{
    int i;

    for (i = 0; i < fragment->nparams; i++) {
        if (fragment->params[i].name != NULL
            && strcmp(fragment->params[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static void read_params(fragment_t *fragment, const wf_node_t *list,
                        const wf_where_t *path, wf_compile_t *c)
{
    const wf_member_t *m;
    int i = 0;

    fragment->params = apr_pcalloc(c->p, (list->count + 1) * sizeof(param_t));
    for (m = list->first; m != NULL; m = m->next, i++) {
        wf_where_t item = { .up = path, .index = i };
        wf_where_t at = { .up = &item, .key = "default" };
        wf_where_t at_name = { .up = &item, .key = "name" };
        param_draft_t draft = { .type = ANY };
        param_t *param = &fragment->params[fragment->nparams];

        wf_schema_bind(param_fields, m->value, &draft, &item, c);
        if (draft.name == NULL) {
            continue;
        }
        if (find_param(fragment, draft.name) >= 0) {
            wf_compile_problem(c, "duplicate", m->value, &at_name,
                               "there is such a parameter already");
        }
        param->name = draft.name;
        param->type = draft.type;
        param->required = draft.required;
        if (draft.otherwise != NULL) {
            check_literal(draft.otherwise, draft.type, &at, c);
            param->otherwise = wf_compile_shape(c, draft.otherwise, &at);
        }
        fragment->nparams++;
    }
}

static void declare(section_t *section, const wf_member_t *m, const wf_where_t *path,
                    wf_compile_t *c)
{
    fragment_t *fragment = apr_pcalloc(c->p, sizeof(*fragment));
    wf_where_t at = { .up = path, .key = m->key };
    wf_where_t at_params = { .up = &at, .key = "params" };
    fragment_draft_t draft = { NULL, NULL, NULL, NULL };

    fragment->name = m->key;
    fragment->calls = apr_array_make(c->p, 4, sizeof(fragment_t *));
    wf_schema_bind(fragment_fields, m->value, &draft, &at, c);
    fragment->steps = draft.steps;
    fragment->returns_node = draft.returns;
    if (draft.params != NULL) {
        read_params(fragment, draft.params, &at_params, c);
    }
    apr_hash_set(section->fragments, m->key, APR_HASH_KEY_STRING, fragment);
}

static void read_returns(fragment_t *fragment, const wf_where_t *path, wf_compile_t *c)
{
    const wf_node_t *list = fragment->returns_node;
    const wf_member_t *m;
    int i = 0;

    fragment->returns = apr_pcalloc(c->p, (list->count + 1) * sizeof(named_t));
    for (m = list->first; m != NULL; m = m->next, i++) {
        wf_where_t item = { .up = path, .index = i };
        wf_where_t at = { .up = &item, .key = "value" };
        return_draft_t draft = { NULL, NULL };

        wf_schema_bind(return_fields, m->value, &draft, &item, c);
        if (draft.name != NULL && draft.value != NULL) {
            fragment->returns[fragment->nreturns++] =
                (named_t){ .name = draft.name,
                           .shape = wf_compile_shape(c, draft.value, &at) };
        }
    }
}

static void compile_fragment(section_t *section, fragment_t *fragment,
                             const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = fragment->name };
    wf_where_t at_steps = { .up = &at, .key = "steps" };
    wf_where_t at_returns = { .up = &at, .key = "returns" };

    section->compiling = fragment;
    if (fragment->steps != NULL) {
        wf_block_compile_fenced(&fragment->block, fragment->steps, FENCE, &at_steps, c);
    }
    if (fragment->returns_node != NULL) {
        read_returns(fragment, &at_returns, c);
    }
    section->compiling = NULL;
}

/* Follow the calls; way is how we came here, a -> b. Fragments call each other at most as
 * deep as there are fragments, so this ends. */
static int find_cycle(fragment_t *fragment, const char *way, const wf_node_t *node,
                      const wf_where_t *path, wf_compile_t *c)
{
    int i, found = 0;

    way = apr_pstrcat(c->p, way, *way ? " -> " : "", fragment->name, NULL);
    if (fragment->seen == 1) {
        wf_compile_problem(c, "recursion", node, path, "fragments call each other: %s",
                           way);
        return 1;
    }
    if (fragment->seen == 2) {
        return 0;
    }
    fragment->seen = 1;
    for (i = 0; i < fragment->calls->nelts && !found; i++) {
        found = find_cycle(APR_ARRAY_IDX(fragment->calls, i, fragment_t *), way, node,
                           path, c);
    }
    fragment->seen = 2;
    return found;
}

static void *create_section(wf_compile_t *c)
{
    section_t *section = apr_pcalloc(c->p, sizeof(*section));

    section->fragments = apr_hash_make(c->p);
    return section;
}

static void compile_section(void *data, const wf_node_t *scripts, const wf_where_t *path,
                            wf_compile_t *c)
{
    section_t *section = data;
    apr_hash_t *all = section->fragments;
    const wf_member_t *m;

    if (scripts->count > FRAGMENTS_MAX) {
        wf_compile_problem(c, "limit", scripts, path, "more than %d fragments",
                           FRAGMENTS_MAX);
        return;
    }
    for (m = scripts->first; m != NULL; m = m->next) {
        declare(section, m, path, c);
    }
    for (m = scripts->first; m != NULL; m = m->next) {
        compile_fragment(section, apr_hash_get(all, m->key, APR_HASH_KEY_STRING), path,
                         c);
    }
    for (m = scripts->first; m != NULL; m = m->next) {
        wf_where_t at = { .up = path, .key = m->key };

        find_cycle(apr_hash_get(all, m->key, APR_HASH_KEY_STRING), "", m->value, &at, c);
    }
}

const wf_section_t wf_fragment_section = {
    .name = "scripts",
    .create = create_section,
    .compile = compile_section,
};

/* ---- calls ------------------------------------------------------------------------- */

typedef struct draft_t {
    const char *script;
    const wf_node_t *params, *results;
} draft_t;

/* clang-format off */
static const wf_field_t members[] = {
    WF_FIELD("script", STRING, draft_t, script),
    WF_FIELD("params", MAP, draft_t, params),
    WF_FIELD("results", MAP, draft_t, results),
    WF_FIELDS_END
};
/* clang-format on */

static void compile_arguments(config_t *own, const wf_node_t *params,
                              const wf_step_t *step, const wf_where_t *path,
                              wf_compile_t *c)
{
    const fragment_t *fragment = own->fragment;
    const wf_member_t *m;
    int i;

    for (m = params ? params->first : NULL; m != NULL; m = m->next) {
        wf_where_t at = { .up = path, .key = m->key };

        i = find_param(fragment, m->key);
        if (i < 0) {
            wf_compile_problem(c, "unknown-member", m->value, &at,
                               "fragment \"%.60s\" has no such parameter",
                               fragment->name);
            continue;
        }
        check_literal(m->value, fragment->params[i].type, &at, c);
        own->arguments[i] = wf_compile_shape(c, m->value, &at);
    }
    for (i = 0; i < fragment->nparams; i++) {
        const param_t *param = &fragment->params[i];
        wf_where_t at = { .up = path, .key = param->name };

        if (own->arguments[i] == NULL && param->otherwise == NULL && param->required) {
            wf_compile_problem(c, "required", step->node, &at, "is required");
        }
    }
}

static int has_return(const fragment_t *fragment, const char *name)
{
    const wf_member_t *m = fragment->returns_node ? fragment->returns_node->first : NULL;

    for (; m != NULL; m = m->next) {
        const wf_node_t *known =
            m->value->type == WF_NODE_MAP ? wf_node_get(m->value, "name") : NULL;

        if (known != NULL && known->type == WF_NODE_STRING
            && strcmp(known->text, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void compile_results(config_t *own, const wf_node_t *results,
                            const wf_where_t *path, wf_compile_t *c)
{
    const wf_member_t *m;

    own->results = apr_pcalloc(c->p, (results->count + 1) * sizeof(named_t));
    own->sources = apr_pcalloc(c->p, (results->count + 1) * sizeof(*own->sources));
    for (m = results->first; m != NULL; m = m->next) {
        wf_where_t at = { .up = path, .key = m->key };

        if (m->value->type != WF_NODE_STRING || *m->value->text == '\0') {
            wf_compile_problem(c, "type", m->value, &at, "must name a variable");
        }
        else if (!has_return(own->fragment, m->key)) {
            wf_compile_problem(c, "unknown-member", m->value, &at,
                               "fragment \"%.60s\" returns no such value",
                               own->fragment->name);
        }
        else {
            own->sources[own->nresults] = m->key;
            own->results[own->nresults++].name = m->value->text;
        }
    }
}

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    const section_t *section = wf_plan_section(wf_plan_of(c), &wf_fragment_section);
    config_t *own = apr_pcalloc(c->p, sizeof(*own));
    draft_t draft = { NULL, NULL, NULL };
    const wf_node_t *node;
    wf_where_t at;

    step->config = own;
    wf_step_bind(step, members, config, &draft, path, c);
    node = wf_step_member(step, config, "script", path, &at);
    own->fragment =
        draft.script ? apr_hash_get(section->fragments, draft.script, APR_HASH_KEY_STRING)
                     : NULL;
    if (own->fragment == NULL) {
        wf_compile_problem(
            c, draft.script ? "value" : "required", node ? node : step->node, &at,
            draft.script ? "there is no fragment \"%.60s\" in scripts" : "is required",
            draft.script);
        return;
    }
    if (section->compiling != NULL) {
        APR_ARRAY_PUSH(section->compiling->calls, const fragment_t *) = own->fragment;
    }
    own->arguments =
        apr_pcalloc(c->p, (own->fragment->nparams + 1) * sizeof(*own->arguments));
    wf_step_member(step, config, "params", path, &at);
    compile_arguments(own, draft.params, step, &at, c);
    if (draft.results != NULL) {
        wf_step_member(step, config, "results", path, &at);
        compile_results(own, draft.results, &at, c);
    }
}

/* ---- running ----------------------------------------------------------------------- */

static void fill(wf_result_t *r, const void *data)
{
    const config_t *config = r->step->config;
    const state_t *state = data;

    wf_result_put(r, "success", wf_boolean(state->returns != NULL));
    wf_result_put(r, "script", wf_string(config->fragment->name));
    wf_result_put(r, "returns",
                  wf_map(state->returns ? state->returns
                                        : wf_map_create(wf_strand_pool(r->strand))));
    wf_result_put(r, "step_count", wf_integer(state->steps));
}

/* The parameters as the caller sees their values. */
static apr_status_t evaluate(const config_t *config, wf_strand_t *strand, wf_map_t *to,
                             wf_error_t *err)
{
    int i;

    for (i = 0; i < config->fragment->nparams; i++) {
        const param_t *param = &config->fragment->params[i];
        const wf_shape_t *shape =
            config->arguments[i] ? config->arguments[i] : param->otherwise;
        wf_value_t value = wf_null();
        apr_status_t rv = APR_SUCCESS;

        if (shape != NULL) {
            rv = wf_shape_eval(shape, strand, &value, err->pool, err);
        }
        if (rv == APR_SUCCESS && shape != NULL && !is_of_type(&value, param->type)) {
            rv = wf_error_set(err, WF_ERR_EXECUTION, "params.%s: must be of type %s",
                              param->name, type_words[param->type]);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        wf_map_set(to, param->name, value);
    }
    return APR_SUCCESS;
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    apr_pool_t *p = wf_act_pool(act);
    wf_map_t *values = wf_map_create(p);
    wf_error_t err;

    act->state = apr_pcalloc(p, sizeof(state_t));
    wf_error_init(&err, p);
    if (evaluate(config, strand, values, &err) != APR_SUCCESS) {
        return wf_act_fail(act, err.message);
    }
    wf_strand_open(strand, NULL, 1);
    wf_strand_set_all(strand, values);
    act->block = &config->fragment->block;
    return WF_STEP_ENTERED;
}

/* Its names go; the answer of its latest request stays known as response. */
static void close_names(wf_strand_t *strand)
{
    wf_result_t *response = wf_strand_response(strand, 0);

    wf_strand_close(strand);
    if (response != NULL) {
        wf_strand_answered(strand, response);
    }
}

static apr_status_t evaluate_returns(const fragment_t *fragment, wf_strand_t *strand,
                                     wf_map_t *to, wf_error_t *err)
{
    int i;

    for (i = 0; i < fragment->nreturns; i++) {
        wf_value_t value;
        apr_status_t rv =
            wf_shape_eval(fragment->returns[i].shape, strand, &value, err->pool, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        wf_map_set(to, fragment->returns[i].name, value);
    }
    return APR_SUCCESS;
}

static wf_step_progress_e leave(wf_strand_t *strand, wf_act_t *act, wf_block_end_e end)
{
    const config_t *config = act->step->config;
    state_t *state = act->state;
    wf_map_t *returns = wf_map_create(wf_act_pool(act));
    apr_status_t rv = APR_SUCCESS;
    wf_error_t err;
    int i;

    state->steps = act->at;
    wf_error_init(&err, wf_act_pool(act));
    if (end != WF_BLOCK_ABORTED) {
        rv = evaluate_returns(config->fragment, strand, returns, &err);
    }
    close_names(strand);
    if (end == WF_BLOCK_ABORTED) {
        wf_act_inherit(act);
        return WF_STEP_DONE;
    }
    if (rv != APR_SUCCESS) {
        return wf_act_fail(act, err.message);
    }
    state->returns = returns;
    for (i = 0; i < config->nresults; i++) {
        wf_strand_set(strand, config->results[i].name,
                      wf_map_get(returns, config->sources[i]));
    }
    return WF_STEP_DONE;
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    state_t *state = act->state;

    state->steps = act->at;
    close_names(strand);
}

const wf_step_type_t wf_step_call = {
    .name = "call",
    .compile = compile,
    .start = start,
    .leave = leave,
    .cancel = cancel,
    .state_size = sizeof(state_t),
    .fill = fill,
    .members = members,
};
