/* retry: a block, again and again until it comes through, with delays between. What a
 * step's own on_error: retry does for one step, this does for several. */
#include "steps/internal.h"

#include <stddef.h>
#include <string.h>

typedef struct config_t {
    wf_retry_t retry;
    wf_block_t block;
} config_t;

typedef struct state_t {
    int attempts;
    const char *last_error; /* of the latest failure, or NULL */
    const char *ended;      /* terminated_by */
    int success;
} state_t;

/* ---- compiling --------------------------------------------------------------------- */

typedef struct draft_t {
    wf_retry_t retry;
    const wf_node_t *steps;
} draft_t;

static const char *const backoff_words[] = {
    [WF_BACKOFF_FIXED] = "fixed",
    [WF_BACKOFF_LINEAR] = "linear",
    [WF_BACKOFF_EXPONENTIAL] = "exponential",
    NULL,
};

/* clang-format off */
static const wf_field_t members[] = {
    WF_FIELD("max_attempts", INTEGER, draft_t, retry.max_attempts),
    WF_FIELD("delay", DURATION, draft_t, retry.delay_ns),
    WF_ONE_OF("backoff", backoff_words, draft_t, retry.backoff),
    WF_FIELD("max_delay", DURATION, draft_t, retry.max_delay_ns),
    WF_FIELD("steps", LIST, draft_t, steps),
    WF_FIELDS_END
};
/* clang-format on */

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    config_t *own = apr_pcalloc(c->p, sizeof(*own));
    draft_t draft = { .steps = NULL };
    wf_where_t at;

    step->config = own;
    wf_retry_init(&draft.retry);
    wf_step_bind(step, members, config, &draft, path, c);
    own->retry = draft.retry;
    if (wf_step_member(step, config, "max_attempts", path, &at) != NULL) {
        wf_retry_check(&own->retry, at.up == path ? config : step->node, at.up, c);
    }
    wf_step_member(step, config, "steps", path, &at);
    if (draft.steps == NULL) {
        wf_compile_problem(c, "required", step->node, &at, "is required");
        return;
    }
    wf_block_compile(&own->block, draft.steps, 0, &at, c);
}

/* ---- running ----------------------------------------------------------------------- */

static void fill(wf_result_t *r, const void *data)
{
    const config_t *config = r->step->config;
    const state_t *state = data;
    wf_list_t *delays = wf_list_create(wf_strand_pool(r->strand));
    int i;

    for (i = 1; i < state->attempts; i++) {
        apr_int64_t ns = wf_retry_delay_ns(&config->retry, i);

        wf_list_push(delays, ns % NS_PER_MS == 0 ? wf_long(ns / NS_PER_MS)
                                                 : wf_double((double)ns / NS_PER_MS));
    }
    wf_result_put(r, "attempts", wf_integer(state->attempts));
    wf_result_put(r, "success", wf_boolean(state->success));
    wf_result_put(r, "last_error",
                  state->last_error ? wf_string(state->last_error) : wf_null());
    wf_result_put(r, "delays", wf_list(delays));
    wf_result_put(r, "terminated_by", wf_string(state->ended));
}

static wf_step_progress_e attempt(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    state_t *state = act->state;

    (void)strand;
    state->attempts++;
    act->block = &config->block;
    return WF_STEP_ENTERED;
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    act->state = apr_pcalloc(wf_act_pool(act), sizeof(state_t));
    return attempt(strand, act);
}

static wf_step_progress_e finish(wf_act_t *act, const char *ended, int success)
{
    state_t *state = act->state;

    state->ended = ended;
    state->success = success;
    act->result->extras[0] = state->attempts;
    return WF_STEP_DONE;
}

static wf_step_progress_e failed(wf_act_t *act)
{
    const config_t *config = act->step->config;
    const wf_result_t *failure = act->failure;
    state_t *state = act->state;

    state->last_error =
        apr_pstrdup(wf_act_pool(act), failure->error ? failure->error : "failed");
    if (state->attempts >= config->retry.max_attempts) {
        wf_act_inherit(act);
        return finish(act, "max_attempts", 0);
    }
    wf_act_pause(act, wf_retry_delay_ns(&config->retry, state->attempts));
    return WF_STEP_WAITING;
}

static wf_step_progress_e leave(wf_strand_t *strand, wf_act_t *act, wf_block_end_e end)
{
    (void)strand;
    return end == WF_BLOCK_ABORTED ? failed(act)
           : end == WF_BLOCK_LEFT  ? finish(act, "break", 1)
                                   : finish(act, "success", 1);
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    (void)strand;
    finish(act, "timeout", 0);
}

static void move(wf_act_t *act, apr_pool_t *p)
{
    state_t *state = apr_pmemdup(p, act->state, sizeof(*state));

    state->last_error = apr_pstrdup(p, state->last_error);
    act->state = state;
}

static const char *const extra_names[] = { "retry_attempts", NULL };

const wf_step_type_t wf_step_retry = {
    .name = "retry",
    .compile = compile,
    .start = start,
    .leave = leave,
    .wake = attempt,
    .cancel = cancel,
    .move = move,
    .fill = fill,
    .extras = extra_names,
    .members = members,
};
