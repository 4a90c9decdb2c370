/* wait_until: ask a condition every now and then until it is true. Steps may stand before
 * each question: what they find out is what it asks about. */
#include "steps/internal.h"

#include <stddef.h>
#include <string.h>

#define TIMEOUT_NS (30 * NS_PER_S)
#define INTERVAL_NS NS_PER_S

typedef struct config_t {
    const wf_expr_t *condition;
    apr_int64_t interval_ns;
    wf_block_t block; /* may be empty */
} config_t;

typedef struct state_t {
    apr_int64_t attempts;
    const char *ended; /* terminated_by */
    int met;
    apr_int64_t took_us;
} state_t;

/* ---- compiling --------------------------------------------------------------------- */

typedef struct draft_t {
    const char *condition;
    apr_int64_t timeout_ns, interval_ns;
    const wf_node_t *steps;
} draft_t;

/* clang-format off */
#define OWN_FIELDS                                                                       \
    WF_FIELD("condition", STRING, draft_t, condition),                                   \
    WF_FIELD("interval", DURATION, draft_t, interval_ns),                                \
    WF_FIELD("steps", LIST, draft_t, steps)

/* On the step itself timeout is that of every step. */
static const wf_field_t members[] = { OWN_FIELDS, WF_FIELDS_END };

static const wf_field_t fields[] = {
    OWN_FIELDS,
    WF_FIELD("timeout", DURATION, draft_t, timeout_ns),
    WF_FIELDS_END
};
/* clang-format on */

static void compile_condition(config_t *own, const draft_t *draft, const wf_step_t *step,
                              const wf_node_t *config, const wf_where_t *path,
                              wf_compile_t *c)
{
    wf_where_t at;
    const wf_node_t *node = wf_step_member(step, config, "condition", path, &at);

    if (draft->condition == NULL || *draft->condition == '\0') {
        wf_compile_problem(c, "required", node ? node : step->node, &at, "is required");
        return;
    }
    own->condition = wf_compile_expr(c, draft->condition, node, &at);
}

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    config_t *own = apr_pcalloc(c->p, sizeof(*own));
    draft_t draft = { .timeout_ns = TIMEOUT_NS, .interval_ns = INTERVAL_NS };
    wf_where_t at;

    step->config = own;
    if (config != NULL) {
        wf_schema_bind(fields, config, &draft, path, c);
    }
    wf_step_bind(step, members, NULL, &draft, path, c);
    own->interval_ns = draft.interval_ns;
    step->timeout_ns = step->timeout_ns > 0 ? step->timeout_ns : draft.timeout_ns;
    compile_condition(own, &draft, step, config, path, c);
    if (draft.steps == NULL && draft.interval_ns == 0) {
        const wf_node_t *node = wf_step_member(step, config, "interval", path, &at);

        wf_compile_problem(c, "range", node, &at,
                           "must be more than 0 where there are no steps");
    }
    if (draft.steps != NULL) {
        wf_step_member(step, config, "steps", path, &at);
        wf_block_compile(&own->block, draft.steps, 0, &at, c);
    }
}

/* ---- running ----------------------------------------------------------------------- */

static void fill(wf_result_t *r, const void *data)
{
    const state_t *state = data;

    wf_result_put(r, "condition_met", wf_boolean(state->met));
    wf_result_put(r, "attempts", wf_long(state->attempts));
    wf_result_put(r, "duration", wf_double((double)state->took_us / 1000.0));
    wf_result_put(r, "terminated_by", wf_string(state->ended));
}

static wf_step_progress_e finish(wf_act_t *act, const char *ended)
{
    state_t *state = act->state;

    state->ended = ended;
    state->took_us = wf_mono_us() - act->began_us;
    act->result->extras[0] = (double)state->attempts;
    return WF_STEP_DONE;
}

static wf_step_progress_e ask(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    state_t *state = act->state;
    wf_error_t err;

    wf_error_init(&err, wf_strand_pool(strand));
    state->attempts++;
    if (wf_expr_truth(config->condition, strand, &state->met, &err) != APR_SUCCESS) {
        wf_act_fail(act, err.message);
        return finish(act, "error");
    }
    if (state->met) {
        return finish(act, "condition");
    }
    wf_strand_tidy(strand);
    wf_act_pause(act, config->interval_ns);
    return WF_STEP_WAITING;
}

static wf_step_progress_e look(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;

    if (config->block.count == 0) {
        return ask(strand, act);
    }
    act->block = &config->block;
    return WF_STEP_ENTERED;
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    act->state = apr_pcalloc(wf_act_pool(act), sizeof(state_t));
    return look(strand, act);
}

static wf_step_progress_e leave(wf_strand_t *strand, wf_act_t *act, wf_block_end_e end)
{
    switch (end) {
    case WF_BLOCK_ABORTED:
        wf_act_inherit(act);
        return finish(act, "error");
    case WF_BLOCK_LEFT:
        return finish(act, "break");
    default:
        return ask(strand, act);
    }
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    (void)strand;
    finish(act, "timeout");
}

static const char *const extra_names[] = { "wait_attempts", NULL };

const wf_step_type_t wf_step_wait_until = {
    .name = "wait_until",
    .compile = compile,
    .start = start,
    .leave = leave,
    .wake = look,
    .cancel = cancel,
    .state_size = sizeof(state_t),
    .fill = fill,
    .extras = extra_names,
    .members = members,
};
