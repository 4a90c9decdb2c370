/* random: one of several blocks, by weight: what Locust's tasks and k6's random choices
 * are for. The choices are blocks with names, or the steps of one list with their weights
 * on them. */
#include "steps/internal.h"

#include <stddef.h>
#include <string.h>

#define WEIGHT_MAX 1000000

typedef struct choice_t {
    const char *name;
    apr_int64_t weight;
    wf_block_t block;
} choice_t;

typedef struct config_t {
    choice_t *choices;
    int count;
    apr_int64_t sum; /* of the weights */
} config_t;

typedef struct state_t {
    int choice, steps;
} state_t;

/* ---- compiling --------------------------------------------------------------------- */

typedef struct draft_t {
    const wf_node_t *choices, *steps;
} draft_t;

typedef struct choice_draft_t {
    const char *name;
    apr_int64_t weight;
    const wf_node_t *steps;
} choice_draft_t;

/* clang-format off */
static const wf_field_t members[] = {
    WF_FIELD("choices", LIST, draft_t, choices),
    WF_FIELD("steps", LIST, draft_t, steps),
    WF_FIELDS_END
};

static const wf_field_t choice_fields[] = {
    WF_FIELD("name", STRING, choice_draft_t, name),
    WF_FIELD("weight", INTEGER, choice_draft_t, weight),
    WF_NEEDED("steps", LIST, choice_draft_t, steps),
    WF_FIELDS_END
};
/* clang-format on */

static void add_weight(config_t *own, apr_int64_t weight, const wf_node_t *node,
                       const wf_where_t *up, wf_compile_t *c)
{
    wf_where_t at = { .up = up, .key = "weight" };

    if (weight < 0 || weight > WEIGHT_MAX) {
        wf_compile_problem(c, "range", wf_node_get(node, "weight"), &at,
                           "must be 0 to %d", WEIGHT_MAX);
        return;
    }
    own->sum += weight;
}

static void compile_choices(config_t *own, const wf_node_t *list, const wf_where_t *path,
                            wf_compile_t *c)
{
    const wf_member_t *m;

    own->choices = apr_pcalloc(c->p, (list->count + 1) * sizeof(*own->choices));
    for (m = list->first; m != NULL; m = m->next) {
        wf_where_t item = { .up = path, .index = own->count };
        wf_where_t at = { .up = &item, .key = "steps" };
        choice_t *choice = &own->choices[own->count++];
        choice_draft_t draft = { .weight = 1 };

        wf_schema_bind(choice_fields, m->value, &draft, &item, c);
        choice->name = draft.name;
        choice->weight = draft.weight;
        add_weight(own, draft.weight, m->value, &item, c);
        if (draft.steps != NULL) {
            wf_block_compile(&choice->block, draft.steps, 0, &at, c);
        }
    }
}

/* Each step is a choice. */
static void compile_steps(config_t *own, const wf_node_t *list, const wf_where_t *path,
                          wf_compile_t *c)
{
    wf_block_t all = { .count = 0 };
    int i;

    wf_block_compile_choices(&all, list, path, c);
    own->count = all.count;
    own->choices = apr_pcalloc(c->p, (all.count + 1) * sizeof(*own->choices));
    for (i = 0; i < all.count; i++) {
        wf_where_t item = { .up = path, .index = i };
        choice_t *choice = &own->choices[i];

        choice->name = all.steps[i]->id;
        choice->weight = all.steps[i]->weight;
        choice->block = (wf_block_t){ .steps = &all.steps[i], .count = 1 };
        add_weight(own, choice->weight, all.steps[i]->node, &item, c);
    }
}

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    config_t *own = apr_pcalloc(c->p, sizeof(*own));
    draft_t draft = { NULL, NULL };
    const wf_node_t *node;
    wf_where_t at;

    step->config = own;
    wf_step_bind(step, members, config, &draft, path, c);
    node = wf_step_member(step, config, draft.steps ? "steps" : "choices", path, &at);
    if ((draft.choices == NULL) == (draft.steps == NULL)) {
        wf_compile_problem(c, "required", step->node, &at,
                           draft.steps ? "either choices or steps, not both"
                                       : "choices or steps is required");
        return;
    }
    if (draft.choices != NULL) {
        compile_choices(own, draft.choices, &at, c);
    }
    else {
        compile_steps(own, draft.steps, &at, c);
    }
    if (own->sum == 0) {
        wf_compile_problem(c, "range", node, &at, "needs a choice with a weight above 0");
    }
}

/* ---- running ----------------------------------------------------------------------- */

static void fill(wf_result_t *r, const void *data)
{
    const config_t *config = r->step->config;
    const state_t *state = data;
    const choice_t *choice = &config->choices[state->choice];
    wf_list_t *executed = wf_list_create(wf_strand_pool(r->strand));

    wf_block_tell(executed, &choice->block, state->steps);
    wf_result_put(r, "choice", wf_integer(state->choice));
    wf_result_put(r, "name", choice->name ? wf_string(choice->name) : wf_null());
    wf_result_put(r, "steps_executed", wf_list(executed));
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    state_t *state = apr_pcalloc(wf_act_pool(act), sizeof(*state));
    double at = wf_strand_random(strand) * (double)config->sum;
    int last = 0, i;

    for (i = 0; i < config->count; i++) {
        if (config->choices[i].weight == 0) {
            continue;
        }
        last = i;
        at -= (double)config->choices[i].weight;
        if (at < 0) {
            break;
        }
    }
    state->choice = last;
    act->state = state;
    act->result->extras[0] = last;
    act->block = &config->choices[last].block;
    return WF_STEP_ENTERED;
}

static wf_step_progress_e leave(wf_strand_t *strand, wf_act_t *act, wf_block_end_e end)
{
    state_t *state = act->state;

    (void)strand;
    state->steps = act->at;
    if (end == WF_BLOCK_ABORTED) {
        wf_act_inherit(act);
    }
    return WF_STEP_DONE;
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    leave(strand, act, WF_BLOCK_LEFT);
}

const wf_step_type_t wf_step_random = {
    .name = "random",
    .compile = compile,
    .start = start,
    .leave = leave,
    .cancel = cancel,
    .state_size = sizeof(state_t),
    .fill = fill,
    .members = members,
};
