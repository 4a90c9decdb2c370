/* condition and if: one of several blocks, in the same namespace. Both are a list of
 * choices; the first one whose expression is true is walked. */
#include "steps/internal.h"

#include <stddef.h>
#include <string.h>

typedef struct choice_t {
    const char *text;      /* of the expression */
    const wf_expr_t *expr; /* NULL: always */
    const char *taken;     /* value of branch_taken */
    int group;             /* of a condition with branches: else belongs to its if */
    wf_block_t block;
} choice_t;

typedef struct choices_t {
    apr_array_header_t *list; /* of choice_t */
    int groups;               /* independent ifs follow one another */
} choices_t;

/* A choice that was taken. */
typedef struct taken_t {
    int choice, steps; /* how far its block was walked */
} taken_t;

typedef struct state_t {
    int next;  /* choice to look at */
    int count; /* of taken: one in each group at most */
    taken_t taken[];
} state_t;

static const char *const extra_names[] = { "condition_result", "branch_steps_count",
                                           NULL };

/* ---- compiling --------------------------------------------------------------------- */

static choice_t *add_choice(choices_t *choices, const char *taken)
{
    choice_t *choice = apr_array_push(choices->list);

    memset(choice, 0, sizeof(*choice));
    choice->taken = taken;
    return choice;
}

static void set_expression(choice_t *choice, const wf_node_t *node,
                           const wf_where_t *path, wf_compile_t *c)
{
    if (node->type != WF_NODE_STRING) {
        wf_compile_problem(c, "type", node, path, "must be an expression, not %s",
                           wf_node_type_name(node->type));
    }
    else if (*node->text == '\0') {
        wf_compile_problem(c, "required", node, path, "must not be empty");
    }
    else {
        choice->text = node->text;
        choice->expr = wf_compile_expr(c, node->text, node, path);
    }
}

static void compile_block(choice_t *choice, const wf_node_t *list, int may_be_empty,
                          const char *key, const wf_where_t *up, wf_compile_t *c)
{
    wf_where_t at = { .up = up, .key = key };

    wf_block_compile(&choice->block, list, may_be_empty, &at, c);
}

typedef struct form_a_t {
    const wf_node_t *expression, *then_steps, *else_steps;
} form_a_t;

/* clang-format off */
static const wf_field_t form_a_fields[] = {
    WF_NEEDED("expression", NODE, form_a_t, expression),
    WF_NEEDED("then", LIST, form_a_t, then_steps),
    WF_FIELD("else", LIST, form_a_t, else_steps),
    WF_FIELDS_END
};

typedef struct branch_t {
    const char *id, *name, *kind;
    const wf_node_t *expression, *steps;
} branch_t;

static const wf_field_t branch_fields[] = {
    WF_FIELD("id", STRING, branch_t, id),
    WF_FIELD("name", STRING, branch_t, name),
    WF_FIELD("kind", STRING, branch_t, kind),
    WF_FIELD("expression", NODE, branch_t, expression),
    WF_NEEDED("steps", LIST, branch_t, steps),
    WF_FIELDS_END
};

typedef struct condition_t {
    const wf_node_t *condition, *branches, *children;
} condition_t;

static const wf_field_t condition_members[] = {
    WF_FIELD("condition", MAP, condition_t, condition),
    WF_FIELD("branches", LIST, condition_t, branches),
    WF_FIELD("children", LIST, condition_t, children),
    WF_FIELDS_END
};
/* clang-format on */

static void compile_form_a(choices_t *choices, const wf_node_t *node,
                           const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "expression" };
    form_a_t form = { NULL, NULL, NULL };
    choice_t *choice;

    wf_schema_bind(form_a_fields, node, &form, path, c);
    choice = add_choice(choices, "then");
    if (form.expression != NULL) {
        set_expression(choice, form.expression, &at, c);
    }
    if (form.then_steps != NULL) {
        compile_block(choice, form.then_steps, 0, "then", path, c);
    }
    if (form.else_steps != NULL) {
        choice = add_choice(choices, "else");
        compile_block(choice, form.else_steps, 1, "else", path, c);
    }
}

static const char *const kinds[] = { "if", "else_if", "else", NULL };

static void compile_branch(choices_t *choices, const wf_node_t *node,
                           const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at_kind = { .up = path, .key = "kind" };
    wf_where_t at = { .up = path, .key = "expression" };
    branch_t branch = { .kind = NULL };
    choice_t *choice;
    int kind = 0;

    wf_schema_bind(branch_fields, node, &branch, path, c);
    while (branch.kind != NULL && *branch.kind && kinds[kind] != NULL
           && strcmp(kinds[kind], branch.kind) != 0) {
        kind++;
    }
    if (kinds[kind] == NULL || (kind > 0 && choices->groups == 0)) {
        wf_compile_problem(c, "value", wf_node_get(node, "kind"), &at_kind,
                           kinds[kind] ? "there is no if before"
                                       : "must be one of: if, else_if, else");
        return;
    }
    choices->groups += kind == 0;
    choice = add_choice(choices, kinds[kind]);
    choice->group = choices->groups;
    if (branch.expression != NULL && kind < 2) {
        set_expression(choice, branch.expression, &at, c);
    }
    else if (kind < 2) {
        wf_compile_problem(c, "required", node, &at, "is required for %s", kinds[kind]);
    }
    if (branch.steps != NULL) {
        compile_block(choice, branch.steps, 1, "steps", path, c);
    }
}

static choices_t *make_choices(wf_step_t *step, wf_compile_t *c)
{
    choices_t *choices = apr_pcalloc(c->p, sizeof(*choices));

    choices->list = apr_array_make(c->p, 4, sizeof(choice_t));
    step->config = choices;
    return choices;
}

static void compile_condition(wf_step_t *step, const wf_node_t *config,
                              const wf_where_t *path, wf_compile_t *c)
{
    choices_t *choices = make_choices(step, c);
    condition_t draft = { NULL, NULL, NULL };
    wf_where_t at, steps;
    const wf_member_t *m;
    int i = 0;

    wf_step_bind(step, condition_members, config, &draft, path, c);
    if ((draft.condition == NULL) == (draft.branches == NULL)) {
        wf_step_member(step, config, "condition", path, &at);
        wf_compile_problem(c, "required", step->node, &at,
                           draft.branches ? "either condition or branches, not both"
                                          : "condition or branches is required");
        return;
    }
    if (draft.condition != NULL) {
        wf_step_member(step, config, "condition", path, &at);
        compile_form_a(choices, draft.condition, &at, c);
    }
    else {
        wf_step_member(step, config, "branches", path, &at);
        if (draft.branches->count == 0) {
            wf_compile_problem(c, "required", draft.branches, &at,
                               "needs at least one branch");
        }
        for (m = draft.branches->first; m != NULL; m = m->next, i++) {
            wf_where_t item = { .up = &at, .index = i };

            compile_branch(choices, m->value, &item, c);
        }
    }
    if (draft.children != NULL) {
        const wf_node_t *node = wf_step_member(step, config, "children", path, &steps);

        wf_compile_problem(c, "unsupported", node, &steps,
                           "write the steps under condition.then");
    }
}

typedef struct if_t {
    const wf_node_t *condition, *then_steps, *else_if, *else_steps;
} if_t;

typedef struct else_if_t {
    const wf_node_t *condition, *steps;
} else_if_t;

/* clang-format off */
static const wf_field_t if_members[] = {
    WF_FIELD("condition", NODE, if_t, condition),
    WF_FIELD("then", LIST, if_t, then_steps),
    WF_FIELD("else_if", LIST, if_t, else_if),
    WF_FIELD("else", LIST, if_t, else_steps),
    WF_FIELDS_END
};

static const wf_field_t else_if_fields[] = {
    WF_NEEDED("condition", NODE, else_if_t, condition),
    WF_NEEDED("steps", LIST, else_if_t, steps),
    WF_FIELDS_END
};
/* clang-format on */

static void compile_else_ifs(choices_t *choices, const wf_node_t *list,
                             const wf_where_t *path, wf_compile_t *c)
{
    const wf_member_t *m;
    int i = 0;

    for (m = list->first; m != NULL; m = m->next, i++) {
        wf_where_t item = { .up = path, .index = i };
        wf_where_t at = { .up = &item, .key = "condition" };
        else_if_t draft = { NULL, NULL };
        choice_t *choice = add_choice(choices, "else_if");

        wf_schema_bind(else_if_fields, m->value, &draft, &item, c);
        if (draft.condition != NULL) {
            set_expression(choice, draft.condition, &at, c);
        }
        if (draft.steps != NULL) {
            compile_block(choice, draft.steps, 1, "steps", &item, c);
        }
    }
}

static void compile_if(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                       wf_compile_t *c)
{
    choices_t *choices = make_choices(step, c);
    if_t draft = { NULL, NULL, NULL, NULL };
    choice_t *choice = add_choice(choices, "then");
    wf_where_t at;

    wf_step_bind(step, if_members, config, &draft, path, c);
    wf_step_member(step, config, "condition", path, &at);
    if (draft.condition == NULL) {
        wf_compile_problem(c, "required", step->node, &at, "is required");
    }
    else {
        set_expression(choice, draft.condition, &at, c);
    }
    wf_step_member(step, config, "then", path, &at);
    if (draft.then_steps == NULL) {
        wf_compile_problem(c, "required", step->node, &at, "is required");
    }
    else {
        wf_block_compile(&choice->block, draft.then_steps, 0, &at, c);
    }
    if (draft.else_if != NULL) {
        wf_step_member(step, config, "else_if", path, &at);
        compile_else_ifs(choices, draft.else_if, &at, c);
    }
    if (draft.else_steps != NULL) {
        wf_step_member(step, config, "else", path, &at);
        choice = add_choice(choices, "else");
        wf_block_compile(&choice->block, draft.else_steps, 1, &at, c);
    }
}

/* ---- running ----------------------------------------------------------------------- */

static const choice_t *choice_at(const choices_t *choices, int i)
{
    return &APR_ARRAY_IDX(choices->list, i, choice_t);
}

/* The latest choice that was taken, or NULL. */
static const choice_t *latest(const choices_t *choices, const state_t *state)
{
    return state->count > 0 ? choice_at(choices, state->taken[state->count - 1].choice)
                            : NULL;
}

static void fill(wf_result_t *result, const void *data)
{
    const choices_t *choices = result->step->config;
    const state_t *state = data;
    const choice_t *choice = latest(choices, state);
    wf_list_t *executed = wf_list_create(wf_strand_pool(result->strand));
    int i;

    for (i = 0; i < state->count; i++) {
        wf_block_tell(executed, &choice_at(choices, state->taken[i].choice)->block,
                      state->taken[i].steps);
    }
    wf_result_put(result, "expression", wf_string(choice_at(choices, 0)->text));
    wf_result_put(result, "result", wf_boolean(choice != NULL && choice->expr != NULL));
    wf_result_put(result, "branch_taken", wf_string(choice ? choice->taken : "none"));
    wf_result_put(result, "branch_index",
                  wf_integer(choice ? state->taken[state->count - 1].choice : -1));
    wf_result_put(result, "steps_executed", wf_list(executed));
}

/* Its numbers, which are samples of metrics. */
static void sum_up(wf_act_t *act)
{
    const choice_t *choice = latest(act->step->config, act->state);
    const state_t *state = act->state;
    int i;

    act->result->extras[0] = choice != NULL && choice->expr != NULL;
    act->result->extras[1] = 0;
    for (i = 0; i < state->count; i++) {
        act->result->extras[1] += state->taken[i].steps;
    }
}

/* The next choice that holds, among those of groups in which none was taken yet. */
static wf_step_progress_e choose(wf_strand_t *strand, wf_act_t *act)
{
    const choices_t *choices = act->step->config;
    state_t *state = act->state;
    const choice_t *before = latest(choices, state);
    wf_error_t err;

    for (; state->next < choices->list->nelts; state->next++) {
        const choice_t *choice = choice_at(choices, state->next);
        int yes = 1;

        if (before != NULL && choice->group == before->group) {
            continue;
        }
        wf_error_init(&err, wf_strand_pool(strand));
        if (choice->expr != NULL
            && wf_expr_truth(choice->expr, strand, &yes, &err) != APR_SUCCESS) {
            return wf_act_fail(act, err.message);
        }
        if (yes) {
            state->taken[state->count++] = (taken_t){ .choice = state->next++ };
            act->block = &choice->block;
            return WF_STEP_ENTERED;
        }
    }
    sum_up(act);
    return WF_STEP_DONE;
}

static apr_size_t state_size(const choices_t *choices)
{
    return sizeof(state_t) + (choices->groups + 1) * sizeof(taken_t);
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    act->state = apr_pcalloc(wf_act_pool(act), state_size(act->step->config));
    return choose(strand, act);
}

static wf_step_progress_e leave(wf_strand_t *strand, wf_act_t *act, wf_block_end_e end)
{
    state_t *state = act->state;

    state->taken[state->count - 1].steps = act->at;
    if (end == WF_BLOCK_COMPLETED || end == WF_BLOCK_SKIPPED) {
        return choose(strand, act);
    }
    sum_up(act);
    if (end == WF_BLOCK_ABORTED) {
        wf_act_inherit(act);
    }
    return WF_STEP_DONE;
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    state_t *state = act->state;

    (void)strand;
    state->taken[state->count - 1].steps = act->at;
    sum_up(act);
}

static void move(wf_act_t *act, apr_pool_t *p)
{
    act->state = apr_pmemdup(p, act->state, state_size(act->step->config));
}

#define CHOICE_TYPE(word, compiler, fields)                                              \
    {                                                                                    \
        .name = word, .compile = compiler, .start = start, .leave = leave,               \
        .cancel = cancel, .move = move, .fill = fill, .extras = extra_names,             \
        .members = fields                                                                \
    }

const wf_step_type_t wf_step_condition =
    CHOICE_TYPE("condition", compile_condition, condition_members);
const wf_step_type_t wf_step_if = CHOICE_TYPE("if", compile_if, if_members);
