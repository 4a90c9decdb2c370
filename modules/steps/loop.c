/* loop, for, foreach and while: one block, pass after pass, in the same namespace. They
 * differ in how they are written and in what they tell afterwards; the passes are one
 * machine. Names such as loop.index live as long as the loop: the one around it shows its
 * own again when this one ends. */
#include "steps/internal.h"

#include <stddef.h>
#include <string.h>

#define MAX_ITERATIONS 1000 /* of a while that does not say */
#define EXECUTED_MAX 1000   /* ids that steps_executed tells, at most */

typedef enum { KIND_COUNT, KIND_RANGE, KIND_EACH, KIND_WHILE } kind_e;

typedef struct wf_loop_step_t {
    kind_e kind;
    const wf_shape_t *count;            /* COUNT */
    const wf_shape_t *start, *end, *by; /* RANGE */
    const wf_shape_t *items;            /* EACH */
    const char *item_var, *index_var;   /* or NULL */
    const wf_expr_t *condition;         /* WHILE */
    apr_int64_t max_passes;             /* WHILE */
    const wf_expr_t *break_if, *continue_if;
    wf_block_t block;
    const char *label, *mode;
} config_t;

/* Passes one after the other that went equally far. */
typedef struct stretch_t {
    int steps; /* of the block */
    apr_int64_t passes;
} stretch_t;

typedef struct state_t {
    apr_int64_t pass;      /* from 0 */
    apr_int64_t total;     /* passes, -1: not known */
    apr_int64_t value, by; /* RANGE: the number of this pass */
    wf_list_t *items;
    wf_value_t item;
    int broke;
    const char *ended; /* terminated_by, once known */
    apr_int64_t took_us;
    apr_array_header_t *walked; /* of stretch_t; NULL: none yet */
    int nwalked;                /* steps in all, until EXECUTED_MAX */
} state_t;

static const char *const extra_names[] = { "loop_iterations_total", "loop_duration_ms",
                                           NULL };

/* ---- compiling --------------------------------------------------------------------- */

typedef struct draft_t {
    const char *mode, *item_var, *index_var, *label;
    const wf_node_t *count, *items, *start, *end, *step, *condition, *break_if,
        *continue_if, *max, *steps;
} draft_t;

/* clang-format off */
#define BODY WF_FIELD("steps", LIST, draft_t, steps)

static const wf_field_t loop_fields[] = {
    WF_NEEDED("mode", STRING, draft_t, mode),
    WF_FIELD("count", NODE, draft_t, count),
    WF_FIELD("items", NODE, draft_t, items),
    WF_FIELD("item_var", STRING, draft_t, item_var),
    WF_FIELD("condition", NODE, draft_t, condition),
    WF_FIELD("max_iterations", NODE, draft_t, max),
    WF_FIELD("break_condition", NODE, draft_t, break_if),
    WF_FIELD("continue_condition", NODE, draft_t, continue_if),
    BODY,
    WF_FIELDS_END
};

static const wf_field_t loop_members[] = {
    WF_FIELD("loop", MAP, draft_t, steps),
    WF_FIELDS_END
};

static const wf_field_t for_members[] = {
    WF_FIELD("start", NODE, draft_t, start),
    WF_FIELD("end", NODE, draft_t, end),
    WF_FIELD("step", NODE, draft_t, step),
    WF_FIELD("index_var", STRING, draft_t, index_var),
    WF_FIELD("label", STRING, draft_t, label),
    BODY,
    WF_FIELDS_END
};

static const wf_field_t foreach_members[] = {
    WF_FIELD("items", NODE, draft_t, items),
    WF_FIELD("item_var", STRING, draft_t, item_var),
    WF_FIELD("index_var", STRING, draft_t, index_var),
    WF_FIELD("label", STRING, draft_t, label),
    BODY,
    WF_FIELDS_END
};

static const wf_field_t while_members[] = {
    WF_FIELD("condition", NODE, draft_t, condition),
    WF_FIELD("max_iterations", NODE, draft_t, max),
    WF_FIELD("label", STRING, draft_t, label),
    BODY,
    WF_FIELDS_END
};
/* clang-format on */

/* Where the keys of one loop are written. */
typedef struct place_t {
    wf_step_t *step;
    const wf_node_t *config;
    const wf_where_t *path;
    const wf_node_t *loop; /* the loop object of type loop, or NULL */
    const wf_where_t *loop_path;
} place_t;

static const wf_node_t *where(const place_t *place, const char *key, wf_where_t *at)
{
    if (place->loop != NULL) {
        *at = (wf_where_t){ .up = place->loop_path, .key = key };
        return wf_node_get(place->loop, key);
    }
    return wf_step_member(place->step, place->config, key, place->path, at);
}

static void needed(const place_t *place, const char *key, wf_compile_t *c)
{
    wf_where_t at;

    where(place, key, &at);
    wf_compile_problem(c, "required", place->loop ? place->loop : place->step->node, &at,
                       "is required");
}

static const wf_expr_t *expression(const wf_node_t *node, const char *key,
                                   const place_t *place, wf_compile_t *c)
{
    wf_where_t at;

    where(place, key, &at);
    if (node == NULL) {
        return NULL;
    }
    if (node->type != WF_NODE_STRING || *node->text == '\0') {
        wf_compile_problem(c, "type", node, &at, "must be an expression");
        return NULL;
    }
    return wf_compile_expr(c, node->text, node, &at);
}

/* A whole number, or a template that will give one. */
static const wf_shape_t *number(const wf_node_t *node, const char *key,
                                const place_t *place, wf_compile_t *c)
{
    wf_where_t at;

    where(place, key, &at);
    if (node == NULL) {
        return NULL;
    }
    if (node->type != WF_NODE_INTEGER
        && (node->type != WF_NODE_STRING || strstr(node->text, "${") == NULL)) {
        wf_compile_problem(c, "type", node, &at, "must be a whole number or ${…}, not %s",
                           wf_node_type_name(node->type));
        return NULL;
    }
    return wf_compile_shape(c, node, &at);
}

static void compile_items(config_t *config, const draft_t *draft, const place_t *place,
                          wf_compile_t *c)
{
    wf_where_t at;

    if (draft->items == NULL) {
        needed(place, "items", c);
        return;
    }
    where(place, "items", &at);
    if (place->loop == NULL && draft->items->type != WF_NODE_LIST
        && (draft->items->type != WF_NODE_STRING
            || strstr(draft->items->text, "${") == NULL)) {
        wf_compile_problem(c, "type", draft->items, &at,
                           "must be a list or ${…}, not %s",
                           wf_node_type_name(draft->items->type));
        return;
    }
    config->items = wf_compile_shape(c, draft->items, &at);
}

static void compile_while(config_t *config, const draft_t *draft, const place_t *place,
                          wf_compile_t *c)
{
    wf_where_t at;

    if (draft->condition == NULL) {
        needed(place, "condition", c);
        return;
    }
    config->condition = expression(draft->condition, "condition", place, c);
    where(place, "max_iterations", &at);
    if (draft->max == NULL) {
        return;
    }
    if (draft->max->type != WF_NODE_INTEGER) {
        wf_compile_problem(c, "type", draft->max, &at, "must be a whole number, not %s",
                           wf_node_type_name(draft->max->type));
    }
    else if (draft->max->integer > 0) {
        config->max_passes = draft->max->integer;
    }
}

static void compile_body(config_t *config, const draft_t *draft, const place_t *place,
                         wf_compile_t *c)
{
    wf_where_t at;

    config->label = draft->label;
    config->item_var = draft->item_var             ? draft->item_var
                       : config->kind == KIND_EACH ? "item"
                                                   : NULL;
    config->index_var = draft->index_var;
    if (draft->steps == NULL) {
        needed(place, "steps", c);
        return;
    }
    where(place, "steps", &at);
    wf_block_compile_loop(&config->block, draft->steps, place->step, &at, c);
}

static config_t *make_config(wf_step_t *step, kind_e kind, wf_compile_t *c)
{
    config_t *config = apr_pcalloc(c->p, sizeof(*config));

    config->kind = kind;
    config->max_passes = MAX_ITERATIONS;
    step->config = config;
    return config;
}

static int kind_of(const char *mode)
{
    return strcmp(mode, "for") == 0       ? KIND_COUNT
           : strcmp(mode, "foreach") == 0 ? KIND_EACH
           : strcmp(mode, "while") == 0   ? KIND_WHILE
                                          : -1;
}

/* A step of 0 that the document says; one that a template gives fails when it is run. */
static void refuse_standstill(const wf_node_t *node, const place_t *place,
                              wf_compile_t *c)
{
    wf_where_t at;

    if (node != NULL && node->type == WF_NODE_INTEGER && node->integer == 0) {
        where(place, "step", &at);
        wf_compile_problem(c, "range", node, &at, "must not be 0");
    }
}

static void compile_by_kind(config_t *config, const draft_t *draft, const place_t *place,
                            wf_compile_t *c)
{
    switch (config->kind) {
    case KIND_COUNT:
        config->count = number(draft->count, "count", place, c);
        break;
    case KIND_RANGE:
        config->start = number(draft->start, "start", place, c);
        config->end = number(draft->end, "end", place, c);
        config->by = number(draft->step, "step", place, c);
        if (draft->end == NULL) {
            needed(place, "end", c);
        }
        refuse_standstill(draft->step, place, c);
        break;
    case KIND_EACH:
        compile_items(config, draft, place, c);
        break;
    case KIND_WHILE:
        compile_while(config, draft, place, c);
        break;
    }
    config->break_if = expression(draft->break_if, "break_condition", place, c);
    config->continue_if = expression(draft->continue_if, "continue_condition", place, c);
    compile_body(config, draft, place, c);
}

static void compile_loop(wf_step_t *step, const wf_node_t *config_node,
                         const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at, at_mode;
    const wf_node_t *loop = wf_step_member(step, config_node, "loop", path, &at);
    config_t *config = make_config(step, KIND_COUNT, c);
    place_t place = { .step = step, .loop = loop, .loop_path = &at };
    draft_t draft = { .mode = NULL };

    if (loop == NULL || loop->type != WF_NODE_MAP) {
        wf_compile_problem(c, "required", step->node, &at,
                           loop ? "must be a map" : "is required");
        return;
    }
    wf_schema_bind(loop_fields, loop, &draft, &at, c);
    if (draft.mode == NULL) {
        return;
    }
    if (kind_of(draft.mode) < 0) {
        where(&place, "mode", &at_mode);
        wf_compile_problem(c, "value", wf_node_get(loop, "mode"), &at_mode,
                           "\"%.60s\" is not one of: for, foreach, while", draft.mode);
        return;
    }
    config->kind = (kind_e)kind_of(draft.mode);
    config->mode = draft.mode;
    compile_by_kind(config, &draft, &place, c);
}

static void compile_flow(wf_step_t *step, kind_e kind, const wf_field_t *members,
                         const wf_node_t *config_node, const wf_where_t *path,
                         wf_compile_t *c)
{
    place_t place = { .step = step, .config = config_node, .path = path };
    config_t *config = make_config(step, kind, c);
    draft_t draft = { .mode = NULL };

    wf_step_bind(step, members, config_node, &draft, path, c);
    compile_by_kind(config, &draft, &place, c);
}

static void compile_for(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                        wf_compile_t *c)
{
    compile_flow(step, KIND_RANGE, for_members, config, path, c);
}

static void compile_foreach(wf_step_t *step, const wf_node_t *config,
                            const wf_where_t *path, wf_compile_t *c)
{
    compile_flow(step, KIND_EACH, foreach_members, config, path, c);
}

static void compile_while_step(wf_step_t *step, const wf_node_t *config,
                               const wf_where_t *path, wf_compile_t *c)
{
    compile_flow(step, KIND_WHILE, while_members, config, path, c);
}

const char *wf_loop_label(const wf_step_t *step)
{
    const config_t *config = step->config;

    return config->label;
}

/* ---- the passes -------------------------------------------------------------------- */

static wf_list_t *executed(const wf_result_t *r, const state_t *state)
{
    const config_t *config = r->step->config;
    wf_list_t *list = wf_list_create(wf_strand_pool(r->strand));
    int i;

    for (i = 0; state->walked != NULL && i < state->walked->nelts; i++) {
        const stretch_t *stretch = &APR_ARRAY_IDX(state->walked, i, stretch_t);
        apr_int64_t pass;

        for (pass = 0; pass < stretch->passes && wf_list_count(list) < EXECUTED_MAX;
             pass++) {
            wf_block_tell(list, &config->block, stretch->steps);
        }
    }
    return list;
}

static void fill(wf_result_t *r, const void *data)
{
    const config_t *config = r->step->config;
    const state_t *state = data;

    if (config->mode != NULL) {
        wf_result_put(r, "mode", wf_string(config->mode));
        wf_result_put(r, "total_iterations", wf_long(state->pass));
        wf_result_put(r, "break_triggered", wf_boolean(state->broke));
        wf_result_put(r, "steps_executed", wf_list(executed(r, state)));
        wf_result_put(r, "duration_ms", wf_double((double)state->took_us / 1000.0));
        return;
    }
    wf_result_put(r, "iterations", wf_long(state->pass));
    wf_result_put(r, "terminated_by", wf_string(state->ended));
    if (config->kind == KIND_EACH) {
        wf_result_put(r, "total_items", wf_long(state->total));
    }
}

static wf_step_progress_e finish(wf_act_t *act, const char *ended)
{
    state_t *state = act->state;

    state->ended = ended;
    state->took_us = wf_mono_us() - act->began_us;
    act->result->extras[0] = (double)state->pass;
    act->result->extras[1] = (double)state->took_us / 1000.0;
    return WF_STEP_DONE;
}

/* Is there another pass? -1: an expression failed. */
static int more(wf_strand_t *strand, wf_act_t *act, wf_error_t *err)
{
    const config_t *config = act->step->config;
    state_t *state = act->state;
    int truth = 0;

    if (config->kind != KIND_WHILE) {
        return state->pass < state->total;
    }
    if (wf_expr_truth(config->condition, strand, &truth, err) != APR_SUCCESS) {
        return -1;
    }
    return truth;
}

static void set_pass(const config_t *config, state_t *state)
{
    if (config->kind == KIND_EACH && state->pass < state->total) {
        state->item = *wf_list_at(state->items, (int)state->pass);
    }
}

/* The pass has come so far; the memory of it is bounded. */
static void note_walked(wf_act_t *act, state_t *state)
{
    const config_t *config = act->step->config;
    stretch_t *last;

    if (config->mode == NULL || state->nwalked >= EXECUTED_MAX) {
        return;
    }
    if (state->walked == NULL) {
        state->walked = apr_array_make(wf_act_pool(act), 4, sizeof(stretch_t));
    }
    last = state->walked->nelts > 0
               ? &APR_ARRAY_IDX(state->walked, state->walked->nelts - 1, stretch_t)
               : NULL;
    if (last == NULL || last->steps != act->at) {
        last = apr_array_push(state->walked);
        *last = (stretch_t){ .steps = act->at };
    }
    last->passes++;
    state->nwalked += act->at;
}

/* What a break_condition or continue_condition says; -1: it failed. */
static int asks(const wf_expr_t *expr, wf_strand_t *strand, wf_error_t *err)
{
    int truth = 0;

    if (expr != NULL && wf_expr_truth(expr, strand, &truth, err) != APR_SUCCESS) {
        return -1;
    }
    return truth;
}

/* Limits, break and continue conditions before a pass; passes that are skipped count. */
static wf_step_progress_e next_pass(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    state_t *state = act->state;
    wf_error_t err;
    int yes;

    act->phase = WF_ACT_WALK; /* its names are known to the expressions */
    wf_error_init(&err, wf_strand_pool(strand));
    for (;; state->pass++) {
        set_pass(config, state);
        yes = more(strand, act, &err);
        if (yes > 0 && config->kind == KIND_WHILE && state->pass >= config->max_passes) {
            if (config->mode == NULL) {
                return finish(act, "max_iterations");
            }
            finish(act, "max_iterations");
            return wf_act_fail(
                act, apr_psprintf(wf_strand_pool(strand),
                                  "still true after max_iterations, %" APR_INT64_T_FMT,
                                  config->max_passes));
        }
        if (yes == 0) {
            return finish(act, config->kind == KIND_WHILE ? "condition" : "completed");
        }
        if (yes > 0) {
            yes = asks(config->break_if, strand, &err);
            if (yes > 0) {
                state->broke = 1;
                return finish(act, "break");
            }
        }
        if (yes == 0) {
            yes = asks(config->continue_if, strand, &err);
        }
        if (yes < 0) {
            finish(act, "error");
            return wf_act_fail(act, err.message);
        }
        if (yes == 0) {
            break;
        }
        if (wf_strand_tired(strand)) { /* nothing but skipped passes */
            wf_act_pause(act, 0);
            state->pass++;
            return WF_STEP_WAITING;
        }
    }
    act->block = &config->block;
    return WF_STEP_ENTERED;
}

static apr_status_t whole_number(const wf_shape_t *shape, apr_int64_t otherwise,
                                 const char *key, wf_strand_t *strand,
                                 apr_int64_t *number, wf_error_t *err)
{
    apr_pool_t *p = wf_strand_pool(strand);
    wf_value_t value;
    apr_status_t rv;
    const char *text;
    char *end;

    *number = otherwise;
    if (shape == NULL) {
        return APR_SUCCESS;
    }
    rv = wf_shape_eval(shape, strand, &value, p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    text = wf_value_print(&value, WF_LOAD, p);
    *number = apr_strtoi64(text, &end, 10);
    if (*text == '\0' || *end != '\0') {
        return wf_error_set(err, WF_ERR_EXECUTION, "%s: \"%.60s\" is no whole number",
                            key, text);
    }
    return APR_SUCCESS;
}

static apr_status_t begin_range(const config_t *config, wf_strand_t *strand,
                                state_t *state, wf_error_t *err)
{
    apr_int64_t end;
    apr_status_t rv;

    if ((rv = whole_number(config->start, 0, "start", strand, &state->value, err))
            != APR_SUCCESS
        || (rv = whole_number(config->end, 0, "end", strand, &end, err)) != APR_SUCCESS
        || (rv = whole_number(config->by, 1, "step", strand, &state->by, err))
               != APR_SUCCESS) {
        return rv;
    }
    if (state->by == 0) {
        return wf_error_set(err, WF_ERR_EXECUTION, "step: must not be 0");
    }
    state->total = state->by > 0 ? end - state->value : state->value - end;
    state->total = state->total < 0
                       ? 0
                       : state->total / (state->by > 0 ? state->by : -state->by) + 1;
    return APR_SUCCESS;
}

/* A list is its elements, another value is the only one; a text that names nothing known
 * fails. */
static apr_status_t begin_each(const config_t *config, wf_strand_t *strand,
                               state_t *state, wf_error_t *err)
{
    apr_pool_t *p = wf_strand_pool(strand);
    wf_value_t value;
    apr_status_t rv = wf_shape_eval(config->items, strand, &value, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (value.type == WF_NULL
        || (value.type == WF_STRING && strncmp(value.as.text.data, "${", 2) == 0)) {
        return wf_error_set(err, WF_ERR_EXECUTION, "items: %s is no list",
                            value.type == WF_NULL ? "null" : value.as.text.data);
    }
    if (value.type != WF_LIST && config->mode == NULL) {
        return wf_error_set(err, WF_ERR_EXECUTION, "items: must be a list");
    }
    state->items = value.type == WF_LIST ? value.as.list : wf_list_create(p);
    if (value.type != WF_LIST) {
        wf_list_push(state->items, value);
    }
    state->total = wf_list_count(state->items);
    return APR_SUCCESS;
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    state_t *state = apr_pcalloc(wf_act_pool(act), sizeof(*state));
    apr_status_t rv = APR_SUCCESS;
    wf_error_t err;

    state->total = -1;
    state->item = wf_null();
    act->state = state;
    wf_error_init(&err, wf_strand_pool(strand));
    if (config->kind == KIND_COUNT) {
        rv = whole_number(config->count, 0, "count", strand, &state->total, &err);
    }
    else if (config->kind == KIND_RANGE) {
        rv = begin_range(config, strand, state, &err);
    }
    else if (config->kind == KIND_EACH) {
        rv = begin_each(config, strand, state, &err);
    }
    return rv == APR_SUCCESS ? next_pass(strand, act) : wf_act_fail(act, err.message);
}

static wf_step_progress_e leave(wf_strand_t *strand, wf_act_t *act, wf_block_end_e end)
{
    state_t *state = act->state;

    note_walked(act, state);
    state->pass++;
    state->value += state->by;
    switch (end) {
    case WF_BLOCK_ABORTED:
        wf_act_inherit(act);
        return finish(act, "error");
    case WF_BLOCK_BREAK:
    case WF_BLOCK_LEFT:
        state->broke = 1;
        return finish(act, "break");
    default:
        wf_strand_tidy(strand);
        return next_pass(strand, act);
    }
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    (void)strand;
    if (act->phase == WF_ACT_WALK) {
        note_walked(act, act->state);
    }
    finish(act, "timeout");
}

/* ---- names ------------------------------------------------------------------------- */

static int lookup(wf_act_t *act, const char *name, wf_value_t *value, apr_pool_t *p)
{
    const config_t *config = act->step->config;
    const state_t *state = act->state;

    (void)p;
    if (config->item_var != NULL && strcmp(name, config->item_var) == 0) {
        *value = state->item;
        return 1;
    }
    if (config->index_var != NULL && strcmp(name, config->index_var) == 0) {
        *value = wf_long(config->kind == KIND_RANGE ? state->value : state->pass);
        return 1;
    }
    if (strncmp(name, "loop.", 5) != 0) {
        return 0;
    }
    name += 5;
    if (strcmp(name, "index") == 0) {
        *value = wf_integer(state->pass);
    }
    else if (strcmp(name, "iteration") == 0) {
        *value = wf_integer(state->pass + 1);
    }
    else if (strcmp(name, "count") == 0 && state->total >= 0) {
        *value = wf_integer(state->total);
    }
    else if (strcmp(name, "item") == 0 && config->kind == KIND_EACH) {
        *value = state->item;
    }
    else {
        return 0;
    }
    return 1;
}

static void move(wf_act_t *act, apr_pool_t *p)
{
    const config_t *config = act->step->config;
    state_t *state = apr_pmemdup(p, act->state, sizeof(*state));
    wf_value_t items = wf_list(state->items);

    if (state->walked != NULL) {
        state->walked = apr_array_copy(p, state->walked);
    }
    if (config->kind == KIND_EACH) {
        state->items = wf_value_copy(&items, p).as.list;
        wf_strand_spend(act->strand, wf_value_size(&items));
        set_pass(config, state);
    }
    act->state = state;
}

/* ---- rows -------------------------------------------------------------------------- */

#define LOOP_TYPE(word, compiler, fields)                                                \
    {                                                                                    \
        .name = word, .compile = compiler, .start = start, .leave = leave,               \
        .wake = next_pass, .cancel = cancel, .lookup = lookup, .move = move,             \
        .fill = fill, .extras = extra_names, .members = fields, .flags = WF_TYPE_LOOP    \
    }

const wf_step_type_t wf_step_loop = LOOP_TYPE("loop", compile_loop, loop_members);
const wf_step_type_t wf_step_for = LOOP_TYPE("for", compile_for, for_members);
const wf_step_type_t wf_step_foreach =
    LOOP_TYPE("foreach", compile_foreach, foreach_members);
const wf_step_type_t wf_step_while =
    LOOP_TYPE("while", compile_while_step, while_members);
