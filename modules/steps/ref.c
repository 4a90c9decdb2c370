/* ref_workflow: the steps of another workflow, written within this one, in a namespace of
 * their own: they see its variables and what they are given, and nothing else. */
#include "steps/internal.h"

#include <stddef.h>
#include <string.h>

#define FENCE "the steps of another workflow end by themselves"

typedef struct named_t {
    const char *name;
    const wf_shape_t *shape; /* of a parameter */
    const wf_expr_t *expr;   /* of an output */
} named_t;

typedef struct config_t {
    const wf_map_t *variables;
    named_t *params, *outputs;
    int nparams, noutputs;
    wf_map_t *environment; /* env.NAME → value */
    wf_block_t block;
} config_t;

typedef struct state_t {
    wf_map_t *outputs; /* NULL: it did not come to its end */
    int steps;
} state_t;

/* ---- compiling --------------------------------------------------------------------- */

typedef struct draft_t {
    const wf_node_t *definition, *params, *outputs;
    const char *id, *name;
} draft_t;

typedef struct definition_t {
    const char *id, *name, *description;
    const wf_node_t *variables, *environment, *steps;
} definition_t;

/* clang-format off */
static const wf_field_t members[] = {
    WF_FIELD("workflow_definition", MAP, draft_t, definition),
    WF_FIELD("params", MAP, draft_t, params),
    WF_FIELD("outputs", MAP, draft_t, outputs),
    WF_FIELD("workflow_id", STRING, draft_t, id),
    WF_FIELD("workflow_name", STRING, draft_t, name),
    WF_FIELDS_END
};

static const wf_field_t definition_fields[] = {
    WF_FIELD("id", STRING, definition_t, id),
    WF_FIELD("name", STRING, definition_t, name),
    WF_FIELD("description", STRING, definition_t, description),
    WF_FIELD("variables", MAP, definition_t, variables),
    WF_FIELD("env_variables", MAP, definition_t, environment),
    WF_NEEDED("steps", LIST, definition_t, steps),
    WF_FIELDS_END
};
/* clang-format on */

static void compile_definition(config_t *own, const wf_node_t *node,
                               const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "steps" };
    definition_t draft = { .id = NULL };
    const wf_member_t *m;

    wf_schema_bind(definition_fields, node, &draft, path, c);
    own->environment = wf_map_create(c->p);
    if (draft.variables != NULL) {
        own->variables = wf_node_value(draft.variables, c->p).as.map;
    }
    for (m = draft.environment ? draft.environment->first : NULL; m; m = m->next) {
        wf_map_set(own->environment, apr_pstrcat(c->p, "env.", m->key, NULL),
                   wf_node_value(m->value, c->p));
    }
    if (draft.steps != NULL) {
        wf_block_compile_fenced(&own->block, draft.steps, FENCE, &at, c);
    }
}

static void compile_params(config_t *own, const wf_node_t *map, const wf_where_t *path,
                           wf_compile_t *c)
{
    const wf_member_t *m;

    own->params = apr_pcalloc(c->p, (map->count + 1) * sizeof(named_t));
    for (m = map->first; m != NULL; m = m->next) {
        wf_where_t at = { .up = path, .key = m->key };

        own->params[own->nparams++] =
            (named_t){ .name = m->key, .shape = wf_compile_shape(c, m->value, &at) };
    }
}

static void compile_outputs(config_t *own, const wf_node_t *map, const wf_where_t *path,
                            wf_compile_t *c)
{
    const wf_member_t *m;

    own->outputs = apr_pcalloc(c->p, (map->count + 1) * sizeof(named_t));
    for (m = map->first; m != NULL; m = m->next) {
        wf_where_t at = { .up = path, .key = m->key };

        if (m->value->type != WF_NODE_STRING || *m->value->text == '\0') {
            wf_compile_problem(c, "type", m->value, &at,
                               "must name a variable of the other workflow");
            continue;
        }
        own->outputs[own->noutputs++] =
            (named_t){ .name = m->key,
                       .expr =
                           wf_compile_expr(c, apr_psprintf(c->p, "${%s}", m->value->text),
                                           m->value, &at) };
    }
}

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    config_t *own = apr_pcalloc(c->p, sizeof(*own));
    draft_t draft = { .id = NULL };
    wf_where_t at;

    step->config = own;
    wf_step_bind(step, members, config, &draft, path, c);
    wf_step_member(step, config, "workflow_definition", path, &at);
    if (draft.definition == NULL) {
        wf_compile_problem(c, "required", step->node, &at,
                           "is required: write the other workflow here");
        return;
    }
    compile_definition(own, draft.definition, &at, c);
    if (draft.params != NULL) {
        wf_step_member(step, config, "params", path, &at);
        compile_params(own, draft.params, &at, c);
    }
    if (draft.outputs != NULL) {
        wf_step_member(step, config, "outputs", path, &at);
        compile_outputs(own, draft.outputs, &at, c);
    }
}

/* ---- running ----------------------------------------------------------------------- */

static void fill(wf_result_t *r, const void *data)
{
    const config_t *config = r->step->config;
    const state_t *state = data;
    apr_pool_t *p = wf_strand_pool(r->strand);
    wf_list_t *executed = wf_list_create(p);

    wf_block_tell(executed, &config->block, state->steps);
    wf_result_put(r, "step_count", wf_integer(config->block.count));
    wf_result_put(r, "steps_executed", wf_list(executed));
    wf_result_put(r, "outputs",
                  wf_map(state->outputs ? state->outputs : wf_map_create(p)));
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    apr_pool_t *p = wf_act_pool(act);
    wf_map_t *values = wf_map_create(p);
    wf_error_t err;
    int i;

    act->state = apr_pcalloc(p, sizeof(state_t));
    wf_error_init(&err, p);
    for (i = 0; i < config->nparams; i++) { /* as the outer workflow sees them */
        wf_value_t value;

        if (wf_shape_eval(config->params[i].shape, strand, &value, p, &err)
            != APR_SUCCESS) {
            return wf_act_fail(act, err.message);
        }
        wf_map_set(values, config->params[i].name, value);
    }
    wf_strand_open(strand, config->variables, 0);
    wf_strand_set_all(strand, values);
    wf_strand_set_all(strand, config->environment);
    act->block = &config->block;
    return WF_STEP_ENTERED;
}

/* What the outer variables become, read within the inner namespace. */
static apr_status_t read_outputs(const config_t *config, wf_strand_t *strand,
                                 wf_map_t *to, wf_error_t *err)
{
    int i;

    for (i = 0; i < config->noutputs; i++) {
        const named_t *output = &config->outputs[i];
        wf_value_t value;
        apr_status_t rv =
            wf_expr_eval(output->expr, wf_strand_scope(strand), &value, err->pool, err);

        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "outputs.%s", output->name);
        }
        wf_map_set(to, output->name, wf_result_plain(&value, err->pool));
    }
    return APR_SUCCESS;
}

static wf_step_progress_e leave(wf_strand_t *strand, wf_act_t *act, wf_block_end_e end)
{
    const config_t *config = act->step->config;
    state_t *state = act->state;
    wf_map_t *outputs = wf_map_create(wf_act_pool(act));
    apr_status_t rv = APR_SUCCESS;
    wf_error_t err;

    state->steps = act->at;
    wf_error_init(&err, wf_act_pool(act));
    if (end != WF_BLOCK_ABORTED) {
        rv = read_outputs(config, strand, outputs, &err);
    }
    wf_strand_close(strand);
    if (end == WF_BLOCK_ABORTED) {
        wf_act_inherit(act);
        return WF_STEP_DONE;
    }
    if (rv != APR_SUCCESS) {
        return wf_act_fail(act, err.message);
    }
    state->outputs = outputs;
    wf_strand_set_all(strand, outputs);
    return WF_STEP_DONE;
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    state_t *state = act->state;

    state->steps = act->at;
    wf_strand_close(strand);
}

const wf_step_type_t wf_step_ref_workflow = {
    .name = "ref_workflow",
    .compile = compile,
    .start = start,
    .leave = leave,
    .cancel = cancel,
    .state_size = sizeof(state_t),
    .fill = fill,
    .members = members,
};
