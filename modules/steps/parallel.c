/* parallel: branches that a virtual user walks at the same time, each a strand of its
 * own. A branch is a step of the list, or a block with a name. While they are under way
 * their step waits, so what they see of its names cannot change; what they set stays
 * theirs. */
#include "steps/internal.h"

#include <stddef.h>
#include <string.h>

#define MAX_CONCURRENT 10
#define CONCURRENT_LIMIT 1000
#define FENCE "a branch of a parallel step ends by itself"

typedef struct config_t {
    wf_block_t *branches;
    int count;
    apr_int64_t max_concurrent;
    int fail_fast;
} config_t;

typedef struct state_t {
    wf_strand_t **strands; /* by branch; NULL: not under way */
    int next, running;
    int completed, failed;
    int nresults;
    wf_result_t **results; /* by step index; others see them when all branches are over */
    wf_result_t *response; /* of those, the latest of an http step */
    wf_result_t *aborted;  /* the first failure that aborts */
    const char *ended;     /* terminated_by */
} state_t;

/* ---- compiling --------------------------------------------------------------------- */

typedef struct draft_t {
    const wf_node_t *steps, *branches;
    apr_int64_t max_concurrent;
    int fail_fast;
} draft_t;

typedef struct branch_t {
    const char *name;
    const wf_node_t *steps;
} branch_t;

/* clang-format off */
static const wf_field_t members[] = {
    WF_FIELD("steps", LIST, draft_t, steps),
    WF_FIELD("branches", LIST, draft_t, branches),
    WF_FIELD("max_concurrent", INTEGER, draft_t, max_concurrent),
    WF_FIELD("fail_fast", BOOLEAN, draft_t, fail_fast),
    WF_FIELDS_END
};

static const wf_field_t branch_fields[] = {
    WF_FIELD("name", STRING, branch_t, name),
    WF_NEEDED("steps", LIST, branch_t, steps),
    WF_FIELDS_END
};
/* clang-format on */

/* Each step is a branch. */
static void compile_steps(config_t *own, const wf_node_t *list, const wf_where_t *path,
                          wf_compile_t *c)
{
    wf_block_t all = { .count = 0 };
    int i;

    wf_block_compile_fenced(&all, list, FENCE, path, c);
    own->branches = apr_pcalloc(c->p, (all.count + 1) * sizeof(*own->branches));
    for (i = 0; i < all.count; i++) {
        if (!all.steps[i]->disabled) {
            own->branches[own->count++] =
                (wf_block_t){ .steps = &all.steps[i], .count = 1 };
        }
    }
}

static void compile_branches(config_t *own, const wf_node_t *list, const wf_where_t *path,
                             wf_compile_t *c)
{
    const wf_member_t *m;

    if (list->count == 0) {
        wf_compile_problem(c, "required", list, path, "needs at least one branch");
    }
    own->branches = apr_pcalloc(c->p, (list->count + 1) * sizeof(*own->branches));
    for (m = list->first; m != NULL; m = m->next) {
        wf_where_t item = { .up = path, .index = own->count };
        wf_where_t at = { .up = &item, .key = "steps" };
        branch_t draft = { NULL, NULL };

        wf_schema_bind(branch_fields, m->value, &draft, &item, c);
        if (draft.steps != NULL) {
            wf_block_compile_fenced(&own->branches[own->count], draft.steps, FENCE, &at,
                                    c);
        }
        own->count++;
    }
}

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    config_t *own = apr_pcalloc(c->p, sizeof(*own));
    draft_t draft = { .max_concurrent = MAX_CONCURRENT };
    const wf_node_t *node;
    wf_where_t at;

    step->config = own;
    wf_step_bind(step, members, config, &draft, path, c);
    own->max_concurrent = draft.max_concurrent;
    own->fail_fast = draft.fail_fast;
    node = wf_step_member(step, config, "max_concurrent", path, &at);
    if (draft.max_concurrent < 1 || draft.max_concurrent > CONCURRENT_LIMIT) {
        wf_compile_problem(c, "range", node, &at, "must be 1 to %d", CONCURRENT_LIMIT);
    }
    wf_step_member(step, config, draft.branches ? "branches" : "steps", path, &at);
    if ((draft.steps == NULL) == (draft.branches == NULL)) {
        wf_compile_problem(c, "required", step->node, &at,
                           draft.steps ? "either steps or branches, not both"
                                       : "is required");
    }
    else if (draft.steps != NULL) {
        compile_steps(own, draft.steps, &at, c);
    }
    else {
        compile_branches(own, draft.branches, &at, c);
    }
}

/* ---- what branches leave behind ------------------------------------------------------ */

static wf_result_t *adopt(wf_strand_t *strand, wf_result_t *from)
{
    wf_result_t *result = wf_result_copy(from, wf_strand_pool(strand));

    result->strand = strand;
    wf_strand_spend(strand, wf_result_weight(result));
    return result;
}

/* Keep what a branch leaves behind: its own memory goes. */
static void keep_results(wf_strand_t *strand, state_t *state, const wf_strand_t *branch)
{
    int i;

    for (i = 0; i < state->nresults; i++) {
        wf_result_t *result = wf_strand_result(branch, i);

        if (result != NULL) {
            state->results[i] = adopt(strand, result);
            if (result == wf_strand_response(branch, 0)) {
                state->response = state->results[i];
            }
        }
    }
}

/* Results of the branches' steps become those of the strand that waits. */
static void merge_results(wf_strand_t *strand, const state_t *state)
{
    int i;

    for (i = 0; i < state->nresults; i++) {
        if (state->results[i] != NULL) {
            wf_strand_keep(strand, state->results[i]);
        }
    }
    if (state->response != NULL) {
        wf_strand_answered(strand, state->response);
    }
}

static int has_failed(const wf_strand_t *branch, const wf_block_t *block)
{
    int failed = wf_strand_failure(branch) != NULL, i;

    for (i = 0; i < block->count; i++) {
        const wf_result_t *r = wf_strand_result(branch, block->steps[i]->index);

        failed |= r != NULL && wf_result_failed(r);
    }
    return failed;
}

/* parallel_results: by step id, of the branches' own steps. */
static void tell_results(wf_strand_t *strand, const config_t *config)
{
    apr_pool_t *p = wf_strand_pool(strand);
    wf_map_t *all = wf_map_create(p);
    wf_value_t value;
    int b, i;

    for (b = 0; b < config->count; b++) {
        for (i = 0; i < config->branches[b].count; i++) {
            const wf_step_t *step = config->branches[b].steps[i];
            wf_result_t *r = wf_strand_result(strand, step->index);

            if (r != NULL) {
                wf_map_set(all, step->id, wf_result_summary(r, p));
            }
        }
    }
    value = wf_map(all);
    wf_strand_set(strand, "parallel_results", &value);
}

static void fill(wf_result_t *r, const void *data)
{
    const config_t *config = r->step->config;
    const state_t *state = data;

    wf_result_put(r, "total_steps", wf_integer(config->count));
    wf_result_put(r, "completed", wf_integer(state->completed));
    wf_result_put(r, "failed", wf_integer(state->failed));
    wf_result_put(r, "terminated_by", wf_string(state->ended));
}

/* ---- running ----------------------------------------------------------------------- */

static void on_ended(wf_strand_t *branch);

static void begin_more(wf_act_t *act)
{
    const config_t *config = act->step->config;
    state_t *state = act->state;

    while (state->next < config->count && state->running < config->max_concurrent) {
        wf_strand_t *branch = wf_strand_borrow(act->strand, on_ended);

        state->strands[state->next] = branch;
        state->running++;
        wf_strand_branch(branch, act, &config->branches[state->next++]);
    }
}

/* Those that are still under way end now. */
static void end_all(wf_act_t *act, const char *ended)
{
    const config_t *config = act->step->config;
    state_t *state = act->state;
    int i;

    for (i = 0; i < config->count; i++) {
        if (state->strands[i] != NULL) {
            wf_strand_give_back(state->strands[i]);
            state->strands[i] = NULL;
        }
    }
    merge_results(act->strand, state);
    state->running = 0;
    state->ended = ended;
    act->result->extras[0] = config->count;
    act->result->extras[1] = state->failed;
}

static void finish(wf_act_t *act, const char *ended)
{
    state_t *state = act->state;

    end_all(act, ended);
    tell_results(act->strand, act->step->config);
    if (state->aborted != NULL) {
        act->failure = state->aborted;
        wf_act_inherit(act);
    }
    wf_strand_resume(act->strand, act, WF_STEP_DONE);
}

/* A branch is over. It was at the bottom of the loop's stack, so its step may go on. */
static void on_ended(wf_strand_t *branch)
{
    wf_act_t *act = wf_strand_parent(branch);
    const config_t *config = act->step->config;
    wf_result_t *failure = wf_strand_failure(branch);
    state_t *state = act->state;
    int i = 0;

    while (state->strands[i] != branch) {
        i++;
    }
    keep_results(act->strand, state, branch);
    if (has_failed(branch, &config->branches[i])) {
        state->failed++;
    }
    else {
        state->completed++;
    }
    if (failure != NULL && state->aborted == NULL) {
        state->aborted = adopt(act->strand, failure);
    }
    wf_strand_give_back(branch);
    state->strands[i] = NULL;
    state->running--;
    if (state->aborted != NULL && config->fail_fast) {
        finish(act, "fail_fast");
        return;
    }
    begin_more(act);
    if (state->running == 0) {
        finish(act, "completed");
    }
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    state_t *state = apr_pcalloc(wf_act_pool(act), sizeof(*state));

    state->strands =
        apr_pcalloc(wf_act_pool(act), (config->count + 1) * sizeof(*state->strands));
    state->nresults = wf_plan_slots(wf_strand_plan(strand));
    state->results =
        apr_pcalloc(wf_act_pool(act), state->nresults * sizeof(*state->results));
    wf_strand_spend(strand,
                    sizeof(*state) + (state->nresults + config->count) * sizeof(void *));
    act->state = state;
    if (config->count == 0) { /* all are disabled */
        state->ended = "completed";
        return WF_STEP_DONE;
    }
    begin_more(act);
    return WF_STEP_WAITING;
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    (void)strand;
    end_all(act, "timeout");
}

static const char *const extra_names[] = { "parallel_branches", "parallel_failed", NULL };

const wf_step_type_t wf_step_parallel = {
    .name = "parallel",
    .compile = compile,
    .start = start,
    .cancel = cancel,
    .fill = fill,
    .extras = extra_names,
    .members = members,
};
