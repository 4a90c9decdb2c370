/* Strands: the machine that executes steps. A strand is a stack of activations; each of
 * them goes through the phases drawn in internal.h, and every level of nesting goes
 * through the same ones. Nothing here recurses: a phase pushes an activation or says what
 * comes next, and the loop at the end of this file goes on until something has to wait.
 */
#include "load/internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void go(wf_strand_t *strand);
static void on_timer(void *baton);
static void on_pause(void *baton);

apr_pool_t *wf_strand_pool(wf_strand_t *strand)
{
    if (strand->pool == NULL) {
        apr_pool_create(&strand->pool, strand->vu->shard->part->pool);
        apr_pool_tag(strand->pool, "wf_strand");
    }
    return strand->pool;
}

apr_pool_t *wf_act_pool(const wf_act_t *act)
{
    return wf_strand_pool(act->strand);
}

/* ---- the stack --------------------------------------------------------------------- */

static void init_act(wf_act_t *act, wf_strand_t *strand, const wf_step_t *step)
{
    memset(act, 0, sizeof(*act));
    act->strand = strand;
    act->step = step;
    wf_timer_init(&act->timer, on_timer, act);
    wf_timer_init(&act->pause, on_pause, act);
}

static void push(wf_strand_t *strand, const wf_step_t *step, wf_act_phase_e part)
{
    wf_part_t *mine = strand->vu->shard->part;
    wf_act_t *act = mine->spare;

    if (act != NULL) {
        mine->spare = act->up;
    }
    else {
        act = apr_palloc(mine->pool, sizeof(*act));
    }
    init_act(act, strand, step);
    act->part = part;
    act->up = strand->top;
    strand->top = act;
    strand->credit--;
}

static void stop_timers(wf_act_t *act)
{
    wf_timers_t *timers = wf_strand_timers(act->strand);

    wf_timer_cancel(timers, &act->timer);
    wf_timer_cancel(timers, &act->pause);
}

/* Take the top off. The root stays where it is. */
static void pop(wf_strand_t *strand)
{
    wf_part_t *mine = strand->vu->shard->part;
    wf_act_t *act = strand->top;

    stop_timers(act);
    strand->top = act->up;
    if (act != &strand->root) {
        act->up = mine->spare;
        mine->spare = act;
    }
}

/* End what the activation is doing, from outside. */
static void interrupt(wf_act_t *act)
{
    const wf_step_t *step = act->step;
    int running = act->phase == WF_ACT_WALK || (act->phase == WF_ACT_RUN && act->waiting);

    stop_timers(act);
    if (step != NULL && running && step->type->cancel != NULL) {
        step->type->cancel(act->strand, act);
    }
    act->waiting = 0;
}

static void unwind(wf_strand_t *strand, wf_act_t *to)
{
    while (strand->top != to) {
        interrupt(strand->top);
        pop(strand);
    }
    strand->target = NULL;
    if (strand->yielded) {
        strand->yielded = 0;
        wf_loop_unready(strand->vu->shard->loop, &strand->turn);
    }
}

/* ---- attempts ---------------------------------------------------------------------- */

static wf_result_t *make_result(wf_strand_t *strand, const wf_step_t *step)
{
    wf_result_t *result = apr_palloc(wf_strand_pool(strand), sizeof(*result));

    strand->spent += sizeof(*result) + 256;
    wf_result_init(result, strand, step);
    return result;
}

static void begin_attempt(wf_act_t *act)
{
    const wf_step_t *step = act->step;

    act->result = make_result(act->strand, step);
    act->result->attempts = ++act->attempt;
    act->began_us = wf_mono_us();
    act->failed = 0;
    act->state = NULL;
    act->phase = WF_ACT_BEFORE;
    act->block = &step->before;
    act->at = 0;
    if (step->timeout_ns > 0 && !(step->type->flags & WF_TYPE_OWN_TIMEOUT)) {
        wf_timer_set(wf_strand_timers(act->strand), &act->timer,
                     act->began_us + step->timeout_ns / 1000);
    }
}

/* The type is done with it: others may see the result. */
static void publish(wf_act_t *act)
{
    if (act->step->type->fill != NULL) {
        act->result->own = act->state;
    }
    act->strand->locals->results[act->step->index] = act->result;
}

/* The type has nothing more to do, or is to be asked again. 1: go on. */
static int proceed(wf_act_t *act, wf_step_progress_e progress)
{
    wf_result_t *result = act->result;

    act->waiting = progress == WF_STEP_WAITING;
    if (progress == WF_STEP_WAITING) {
        act->phase = WF_ACT_RUN;
        return 0;
    }
    act->at = 0;
    if (progress == WF_STEP_ENTERED) {
        act->phase = WF_ACT_WALK;
        return 1;
    }
    if (result->status == WF_STEP_NONE) {
        result->status = WF_STEP_SUCCESS;
    }
    publish(act);
    act->phase = wf_result_failed(result) ? WF_ACT_JUDGE : WF_ACT_AFTER;
    act->block = &act->step->after;
    return 1;
}

/* How the walk through an activation's block ended. */
static int end_block(wf_act_t *act, wf_block_end_e end)
{
    if (act->step == NULL) {
        act->failed = end == WF_BLOCK_ABORTED;
        act->phase = WF_ACT_POST;
        return 1;
    }
    return proceed(act, act->step->type->leave(act->strand, act, end));
}

void wf_act_inherit(wf_act_t *act)
{
    const wf_result_t *from = act->failure;

    wf_result_fail(act->result, WF_STEP_FAILED, NULL, "step \"%s\": %s",
                   from->step->id ? from->step->id : from->step->name,
                   from->error ? from->error : "failed");
}

wf_step_progress_e wf_act_fail(wf_act_t *act, const char *text)
{
    wf_result_fail(act->result, WF_STEP_FAILED, "EXECUTION_ERROR", "%s", text);
    return WF_STEP_DONE;
}

void wf_act_pause(wf_act_t *act, apr_int64_t ns)
{
    wf_timer_set(wf_strand_timers(act->strand), &act->pause, wf_mono_us() + ns / 1000);
}

/* ---- the phases: 1 = go on, 0 = something has to happen first ------------------------ */

static int do_pre(wf_strand_t *strand, wf_act_t *act)
{
    const wf_step_t *hook = act->step ? act->step->pre_hook : strand->pre_hook;

    if (hook != NULL) {
        push(strand, hook, WF_ACT_PRE);
    }
    else if (act->step != NULL) {
        begin_attempt(act);
    }
    else {
        act->phase = WF_ACT_WALK;
    }
    return 1;
}

static int do_processors(wf_strand_t *strand, wf_act_t *act)
{
    if (act->at < act->block->count) {
        push(strand, act->block->steps[act->at++], act->phase);
    }
    else {
        act->phase = act->phase == WF_ACT_BEFORE ? WF_ACT_RUN : WF_ACT_JUDGE;
    }
    return 1;
}

static int do_run(wf_strand_t *strand, wf_act_t *act)
{
    return proceed(act, act->step->type->start(strand, act));
}

static int think(wf_strand_t *strand, wf_act_t *act)
{
    const wf_scenario_t *scenario = strand->vu->shard->scenario;
    apr_int64_t span = scenario->think_max_ns - scenario->think_min_ns;
    apr_int64_t ns = scenario->think_min_ns;

    if (scenario->think_max_ns == 0 || act->at == 0 || act->attempt == act->at) {
        return 0;
    }
    act->attempt = act->at;
    if (span > 0) {
        ns += (apr_int64_t)((double)span * wf_strand_random(strand));
    }
    act->waiting = 1;
    wf_timer_set(wf_strand_timers(strand), &act->timer, wf_mono_us() + ns / 1000);
    return 1;
}

static int do_walk(wf_strand_t *strand, wf_act_t *act)
{
    while (act->at < act->block->count && act->block->steps[act->at]->disabled) {
        act->at++;
    }
    if (act->at == act->block->count) {
        return end_block(act, WF_BLOCK_COMPLETED);
    }
    if (act->step == NULL && strand->parent == NULL && think(strand, act)) {
        return 0;
    }
    push(strand, act->block->steps[act->at++], WF_ACT_WALK);
    return 1;
}

/* What a hook or a processor does is told at its step. */
static const char *told_id(const wf_act_t *act)
{
    const char *id = act->step ? act->step->id : NULL;

    while (id == NULL && act->up != NULL) {
        act = act->up;
        id = act->step ? act->step->id : NULL;
    }
    return id;
}

void wf_strand_check(wf_strand_t *strand, const char *name, int passes, int fails)
{
    wf_measures_check(wf_strand_sheet(strand), told_id(strand->top), name, passes, fails);
}

static void count_result(wf_act_t *act)
{
    wf_result_t *result = act->result;
    const char *id = told_id(act);
    wf_sheet_t *sheet = wf_strand_sheet(act->strand);

    if (result->code != NULL) {
        wf_sheet_error(sheet, id, result->code, result->error, wf_time_ms());
    }
    if (wf_result_failed(result) && act->step->on_error == WF_ON_ERROR_SKIP) {
        act->failed = 1;
        result->status = WF_STEP_SKIPPED;
    }
    wf_measures_result(sheet, result);
}

static int do_judge(wf_strand_t *strand, wf_act_t *act)
{
    const wf_step_t *step = act->step;
    wf_result_t *result = act->result;

    stop_timers(act);
    if (result->duration_us == 0) {
        result->duration_us = wf_mono_us() - act->began_us;
    }
    strand->locals->results[step->index] = result;
    act->failed = wf_result_failed(result);
    count_result(act);
    act->phase = WF_ACT_POST;
    if (act->failed && step->on_error == WF_ON_ERROR_RETRY
        && act->attempt < step->retry.max_attempts) {
        act->phase = WF_ACT_DELAY;
        act->waiting = 1;
        wf_timer_set(wf_strand_timers(strand), &act->timer,
                     wf_mono_us() + wf_retry_delay_ns(&step->retry, act->attempt) / 1000);
        return 0;
    }
    return 1;
}

static void tell_post_hook(wf_strand_t *strand, const wf_act_t *act)
{
    wf_result_t *result = act->step ? act->result : act->failure;
    const char *name = act->step ? "__step_error" : "__workflow_error";
    wf_value_t value;

    if (act->step != NULL) {
        value = wf_result_summary(result, wf_strand_pool(strand));
        wf_strand_set(strand, "__step_result", &value);
    }
    if (act->failed && result != NULL) {
        value = wf_string(result->error ? result->error : "failed");
        wf_strand_set(strand, name, &value);
    }
    else {
        wf_strand_unset(strand, name);
    }
}

static int do_post(wf_strand_t *strand, wf_act_t *act)
{
    const wf_step_t *hook = act->step ? act->step->post_hook : strand->post_hook;

    act->phase = WF_ACT_GONE;
    if (hook != NULL) {
        tell_post_hook(strand, act);
        push(strand, hook, WF_ACT_POST);
    }
    return 1;
}

/* ---- a step of an activation has ended ----------------------------------------------- */

static int pre_ended(wf_act_t *act, const wf_act_t *child)
{
    act->failure = child->result;
    if (child->failed) {
        act->failed = 1;
        act->phase = WF_ACT_POST;
        if (act->step != NULL) {
            act->result = make_result(act->strand, act->step);
            act->result->attempts = 1;
            wf_result_fail(act->result, WF_STEP_SKIPPED, NULL, "pre_hook: %s",
                           child->result->error ? child->result->error : "failed");
            act->strand->locals->results[act->step->index] = act->result;
            wf_measures_result(wf_strand_sheet(act->strand), act->result);
        }
    }
    else if (act->step != NULL) {
        begin_attempt(act);
    }
    else {
        act->phase = WF_ACT_WALK;
    }
    return 1;
}

static int processor_ended(wf_act_t *act, const wf_act_t *child)
{
    if (child->failed) {
        act->failure = child->result;
        wf_result_fail(act->result, child->result->status, NULL, "%s",
                       child->result->error ? child->result->error : "failed");
        act->phase = WF_ACT_JUDGE;
    }
    return 1;
}

static int step_ended(wf_act_t *act, const wf_act_t *child)
{
    wf_strand_t *strand = act->strand;

    if (strand->target != NULL && strand->target != act->step) {
        return end_block(act, WF_BLOCK_LEFT);
    }
    if (strand->target != NULL) {
        strand->target = NULL;
        return end_block(act, strand->signal);
    }
    if (!child->failed || child->step->on_error == WF_ON_ERROR_CONTINUE) {
        return 1;
    }
    if (child->step->on_error == WF_ON_ERROR_SKIP) {
        return act->step == NULL && strand->parent == NULL
                   ? 1
                   : end_block(act, WF_BLOCK_SKIPPED);
    }
    act->failure = child->result;
    return end_block(act, WF_BLOCK_ABORTED);
}

static void give_back(wf_strand_t *strand)
{
    while (strand->taken != NULL) {
        wf_taken_t *taken = strand->taken;

        strand->taken = taken->next;
        taken->give_back(strand, taken);
    }
}

static int do_gone(wf_strand_t *strand, wf_act_t *act)
{
    wf_act_t child = *act, *up = act->up;

    pop(strand);
    if (up == NULL) {
        give_back(strand);
        strand->ended(strand); /* the strand may be gone now */
        return 0;
    }
    switch (child.part) {
    case WF_ACT_PRE:
        return pre_ended(up, &child);
    case WF_ACT_BEFORE:
    case WF_ACT_AFTER:
        return processor_ended(up, &child);
    case WF_ACT_WALK:
        return step_ended(up, &child);
    default:
        return 1; /* a post hook changes nothing */
    }
}

/* ---- going on ---------------------------------------------------------------------- */

typedef int phase_fn(wf_strand_t *strand, wf_act_t *act);

static phase_fn *const phases[WF_ACT_PHASES] = {
    [WF_ACT_PRE] = do_pre,   [WF_ACT_BEFORE] = do_processors, [WF_ACT_RUN] = do_run,
    [WF_ACT_WALK] = do_walk, [WF_ACT_AFTER] = do_processors,  [WF_ACT_JUDGE] = do_judge,
    [WF_ACT_DELAY] = NULL, /* waits */
    [WF_ACT_POST] = do_post, [WF_ACT_GONE] = do_gone,
};

static void go(wf_strand_t *strand)
{
    int more;

    do {
        wf_act_t *act = strand->top;

        if (strand->credit <= 0) {
            strand->yielded = 1;
            wf_loop_ready(strand->vu->shard->loop, &strand->turn);
            return;
        }
        more = phases[act->phase](strand, act);
    } while (more);
}

static void take_turn(void *baton)
{
    wf_strand_t *strand = baton;

    strand->yielded = 0;
    strand->credit = WF_WALK_CREDIT;
    go(strand);
}

/* Time is over for a step, or a delay or think time is. */
static void on_timer(void *baton)
{
    wf_act_t *act = baton;
    wf_strand_t *strand = act->strand;

    strand->credit = WF_WALK_CREDIT;
    if (act->phase == WF_ACT_DELAY) {
        act->waiting = 0;
        begin_attempt(act);
    }
    else if (act->step == NULL) {
        act->waiting = 0;
    }
    else {
        unwind(strand, act);
        interrupt(act);
        wf_result_fail(act->result, WF_STEP_TIMEOUT, "TIMEOUT_ERROR",
                       "timed out after %s",
                       wf_duration_text(act->step->timeout_ns, wf_strand_pool(strand)));
        publish(act);
        act->phase = WF_ACT_JUDGE;
    }
    go(strand);
}

static void on_pause(void *baton)
{
    wf_act_t *act = baton;
    wf_strand_t *strand = act->strand;

    wf_strand_resume(strand, act, act->step->type->wake(strand, act));
}

void wf_strand_resume(wf_strand_t *strand, wf_act_t *act, wf_step_progress_e progress)
{
    assert(strand->top == act && act->waiting);
    strand->credit = WF_WALK_CREDIT;
    if (proceed(act, progress)) {
        go(strand);
    }
}

void wf_strand_done(wf_strand_t *strand)
{
    wf_strand_resume(strand, strand->top, WF_STEP_DONE);
}

/* ---- life -------------------------------------------------------------------------- */

void wf_strand_init(wf_strand_t *strand, wf_vu_t *vu, void (*ended)(wf_strand_t *strand))
{
    memset(strand, 0, sizeof(*strand));
    strand->vu = vu;
    strand->ended = ended;
    strand->turn.take = take_turn;
    strand->turn.baton = strand;
    strand->scope.baton = strand;
    strand->scope.get = wf_strand_lookup;
    strand->scope.behind = wf_strand_behind;
}

static void prepare(wf_strand_t *strand, const wf_block_t *block)
{
    assert(strand->top == NULL);
    if (strand->pool != NULL) {
        apr_pool_clear(strand->pool);
    }
    strand->spent = 0;
    strand->tidy_at = WF_STRAND_TIDY;
    strand->locals = NULL;
    strand->target = NULL;
    strand->credit = WF_WALK_CREDIT;
    init_act(&strand->root, strand, NULL);
    strand->root.block = block;
    strand->top = &strand->root;
}

void wf_strand_begin(wf_strand_t *strand, const wf_map_t *initial,
                     const wf_block_t *block, const wf_step_t *pre_hook,
                     const wf_step_t *post_hook)
{
    prepare(strand, block);
    strand->pre_hook = pre_hook;
    strand->post_hook = post_hook;
    wf_strand_open(strand, initial, 0);
    go(strand);
}

void wf_strand_branch(wf_strand_t *strand, wf_act_t *parent, const wf_block_t *block)
{
    prepare(strand, block);
    strand->parent = parent->strand;
    strand->parent_act = parent;
    wf_strand_open(strand, NULL, 0);
    strand->locals->reads = parent->strand->locals;
    strand->yielded = 1;
    wf_loop_ready(strand->vu->shard->loop, &strand->turn);
}

wf_strand_t *wf_strand_borrow(const wf_strand_t *strand,
                              void (*ended)(wf_strand_t *strand))
{
    wf_vu_t *vu = strand->vu;
    wf_strand_t *branch = vu->spare;

    if (branch == NULL) {
        branch = apr_palloc(vu->shard->part->pool, sizeof(*branch));
        wf_strand_init(branch, vu, ended);
        return branch;
    }
    vu->spare = branch->parent;
    branch->parent = NULL;
    branch->ended = ended;
    return branch;
}

void wf_strand_give_back(wf_strand_t *strand)
{
    wf_strand_cut(strand);
    apr_pool_clear(strand->pool);
    strand->locals = NULL;
    strand->parent_act = NULL;
    strand->parent = strand->vu->spare;
    strand->vu->spare = strand;
}

void wf_strand_cut(wf_strand_t *strand)
{
    if (strand->top == NULL) {
        return;
    }
    unwind(strand, &strand->root);
    interrupt(&strand->root);
    give_back(strand);
    strand->top = NULL;
}
