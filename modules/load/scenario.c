/* Scenarios: what options and scenarios say about who runs the steps, when and how often.
 * Which members a mode reads, and what it refuses, its executor says. */
#include "load/internal.h"

#include <stddef.h>
#include <string.h>

typedef struct draft_t {
    wf_load_shape_t shape;
    const char *mode;
    const wf_node_t *stages, *ramp_up, *thresholds, *think_time, *steps, *tags, *outputs;
    apr_int64_t start_ns, pacing_ns, warmup_ns;
    const wf_node_t *pre_hook, *post_hook;
    const wf_node_t *baseline;
    int engine, sampling;
    wf_placement_draft_t placement;
} draft_t;

static const char *const http_engines[] = { "fasthttp", "standard", NULL };
static const char *const sampling_modes[] = { "none", "errors", "smart", NULL };

/* clang-format off */
#define SHAPE_FIELDS                                                                     \
    WF_FIELD("vus", INTEGER, draft_t, shape.vus),                                        \
    WF_FIELD("duration", DURATION, draft_t, shape.duration_ns),                          \
    WF_FIELD("iterations", INTEGER, draft_t, shape.iterations),                          \
    WF_FIELD("graceful_stop", DURATION, draft_t, shape.graceful_stop_ns),                \
    WF_FIELD("graceful_ramp", DURATION, draft_t, shape.graceful_ramp_ns),                \
    WF_FIELD("start_vus", INTEGER, draft_t, shape.start_vus),                            \
    WF_FIELD("stages", LIST, draft_t, stages),                                           \
    WF_FIELD("rate", INTEGER, draft_t, shape.rate),                                      \
    WF_FIELD("start_rate", INTEGER, draft_t, shape.start_rate),                          \
    WF_FIELD("time_unit", DURATION, draft_t, shape.time_unit_ns),                        \
    WF_FIELD("pre_allocated_vus", INTEGER, draft_t, shape.pre_allocated_vus),            \
    WF_FIELD("max_vus", INTEGER, draft_t, shape.max_vus),                                \
    WF_FIELD("think_time", NODE, draft_t, think_time),                                   \
    WF_FIELD("pacing", DURATION, draft_t, pacing_ns),                                    \
    WF_FIELD("tags", MAP, draft_t, tags)

static const wf_field_t options_fields[] = {
    SHAPE_FIELDS,
    WF_FIELD("mode", STRING, draft_t, mode),
    WF_FIELD("executor", STRING, draft_t, mode),
    WF_FIELD("ramp_up", MAP, draft_t, ramp_up),
    WF_FIELD("thresholds", NODE, draft_t, thresholds),
    WF_FIELD("warmup", DURATION, draft_t, warmup_ns),
    WF_ONE_OF("http_engine", http_engines, draft_t, engine),
    WF_ONE_OF("sampling_mode", sampling_modes, draft_t, sampling),
    WF_FIELD("baseline", NODE, draft_t, baseline),
    WF_FIELD("target_slaves", MAP, draft_t, placement.target_slaves),
    WF_ONE_OF("slave_type", wf_slave_types, draft_t, placement.slave_type),
    WF_ONE_OF("on_slave_loss", wf_loss_policies, draft_t, placement.on_slave_loss),
    WF_FIELD("outputs", LIST, draft_t, outputs),
    WF_FIELDS_END
};

static const wf_field_t ramp_fields[] = {
    WF_FIELD("stages", LIST, draft_t, stages),
    WF_FIELD("start_vus", INTEGER, draft_t, shape.start_vus),
    WF_FIELD("graceful_stop", DURATION, draft_t, shape.graceful_stop_ns),
    WF_FIELD("graceful_ramp", DURATION, draft_t, shape.graceful_ramp_ns),
    WF_FIELDS_END
};

static const wf_field_t scenario_fields[] = {
    SHAPE_FIELDS,
    WF_FIELD("mode", STRING, draft_t, mode),
    WF_FIELD("executor", STRING, draft_t, mode),
    WF_FIELD("start_time", DURATION, draft_t, start_ns),
    WF_FIELD("steps", LIST, draft_t, steps),
    WF_FIELD("pre_hook", NODE, draft_t, pre_hook),
    WF_FIELD("post_hook", NODE, draft_t, post_hook),
    WF_FIELDS_END
};

static const wf_field_t stage_fields[] = {
    WF_NEEDED("duration", DURATION, wf_stage_t, duration_ns),
    WF_NEEDED("target", INTEGER, wf_stage_t, target),
    WF_FIELD("name", STRING, wf_stage_t, name),
    WF_FIELDS_END
};

typedef struct span_t {
    apr_int64_t min_ns, max_ns;
} span_t;

static const wf_field_t span_fields[] = {
    WF_FIELD("min", DURATION, span_t, min_ns),
    WF_NEEDED("max", DURATION, span_t, max_ns),
    WF_FIELDS_END
};

static const wf_field_t duration_field[] = {
    WF_FIELD("duration", DURATION, span_t, max_ns), WF_FIELDS_END
};
/* clang-format on */

static void init_draft(draft_t *draft)
{
    wf_load_shape_t *shape = &draft->shape;

    memset(draft, 0, sizeof(*draft));
    draft->placement.slave_type = -1;
    shape->executor = &wf_constant_vus;
    shape->vus = shape->duration_ns = shape->iterations = -1;
    shape->rate = shape->pre_allocated_vus = shape->max_vus = -1;
    shape->start_vus = -1;
    shape->time_unit_ns = NS_PER_S;
    shape->graceful_stop_ns = shape->graceful_ramp_ns = WF_GRACEFUL_STOP_NS;
}

/* ---- parts ------------------------------------------------------------------------- */

/* What a sample is marked with: names and texts. Numbers count as their text. */
static wf_map_t *compile_tags(const wf_node_t *tags, const wf_where_t *path,
                              wf_compile_t *c)
{
    wf_where_t up = { .up = path, .key = "tags" };
    const wf_member_t *m;

    if (tags == NULL) {
        return NULL;
    }
    for (m = tags->first; m != NULL; m = m->next) {
        wf_where_t at = { .up = &up, .key = m->key };

        if (wf_node_text(m->value, c->p) == NULL) {
            wf_compile_problem(c, "type", m->value, &at,
                               "must be text, a number or true/false, not %s",
                               wf_node_type_name(m->value->type));
        }
    }
    return wf_node_value(tags, c->p).as.map;
}

static void compile_stages(draft_t *draft, const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "stages" };
    const wf_member_t *m;
    wf_stage_t *stages;
    int n = 0;

    if (draft->stages == NULL) {
        return;
    }
    if (draft->stages->count > WF_PLAN_MAX_STAGES) {
        wf_compile_problem(c, "limit", draft->stages, &at, "more than %d stages",
                           WF_PLAN_MAX_STAGES);
        return;
    }
    stages = apr_pcalloc(c->p, (draft->stages->count + 1) * sizeof(*stages));
    for (m = draft->stages->first; m != NULL; m = m->next, n++) {
        wf_where_t item = { .up = &at, .index = n };
        wf_where_t target = { .up = &item, .key = "target" };

        wf_schema_bind(stage_fields, m->value, &stages[n], &item, c);
        if (stages[n].target > WF_PLAN_MAX_VUS) {
            wf_compile_problem(c, "limit", wf_node_get(m->value, "target"), &target,
                               "more than %d", WF_PLAN_MAX_VUS);
        }
    }
    draft->shape.stages = stages;
    draft->shape.nstages = n;
}

/* think_time: 2s, or {min: 1s, max: 3s}. */
static void compile_think_time(wf_scenario_t *scenario, const draft_t *draft,
                               const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "think_time" };
    const wf_node_t *node = draft->think_time;
    span_t span = { 0, 0 };

    if (node == NULL) {
        return;
    }
    if (node->type == WF_NODE_MAP) {
        wf_schema_bind(span_fields, node, &span, &at, c);
        if (span.min_ns > span.max_ns) {
            wf_compile_problem(c, "range", node, &at, "min is more than max");
        }
    }
    else {
        wf_member_t only = { .key = "duration", .value = node };
        wf_node_t map = { .type = WF_NODE_MAP, .first = &only, .count = 1 };

        only.line = map.line = node->line;
        only.column = map.column = node->column;
        wf_schema_bind(duration_field, &map, &span, &at, c);
        span.min_ns = span.max_ns;
    }
    scenario->think_min_ns = span.min_ns;
    scenario->think_max_ns = span.max_ns;
}

static void check_limits(const wf_load_shape_t *shape, const wf_node_t *node,
                         const wf_where_t *path, wf_compile_t *c)
{
    const struct {
        const char *name;
        apr_int64_t value;
    } counts[] = {
        { "vus", shape->vus },
        { "max_vus", shape->max_vus },
        { "pre_allocated_vus", shape->pre_allocated_vus },
        { "start_vus", shape->start_vus },
        { "rate", shape->rate },
        { "start_rate", shape->start_rate },
    };
    size_t i;

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        wf_where_t at = { .up = path, .key = counts[i].name };

        if (counts[i].value > WF_PLAN_MAX_VUS) {
            wf_compile_problem(c, "limit", wf_node_get(node, counts[i].name), &at,
                               "more than %d", WF_PLAN_MAX_VUS);
        }
    }
}

/* Without a mode stages mean ramping-vus, unless something else says how much there is to
 * do. */
static const wf_executor_t *default_mode(wf_load_shape_t *shape)
{
    shape->inferred =
        shape->nstages > 0 && shape->duration_ns < 0 && shape->iterations < 0;
    return shape->inferred ? &wf_ramping_vus : &wf_constant_vus;
}

static void compile_mode(draft_t *draft, const wf_node_t *node, const wf_where_t *path,
                         wf_compile_t *c)
{
    const char *key = node && wf_node_get(node, "executor") ? "executor" : "mode";
    wf_where_t at = { .up = path, .key = key };
    const wf_executor_t *executor =
        draft->mode ? wf_executor_find(draft->mode) : default_mode(&draft->shape);

    if (executor == NULL) {
        wf_compile_problem(c, "value", wf_node_get(node, key), &at,
                           "\"%.60s\" is no execution mode; there are %s", draft->mode,
                           wf_executor_names(c->p));
        return;
    }
    draft->shape.executor = executor;
    executor->check(&draft->shape, node, path, c);
}

/* What a scenario and the plain options have in common. */
static void finish(wf_scenario_t *scenario, draft_t *draft, const wf_node_t *node,
                   const wf_where_t *path, wf_compile_t *c)
{
    compile_stages(draft, path, c);
    if (node != NULL) {
        check_limits(&draft->shape, node, path, c);
    }
    compile_mode(draft, node, path, c);
    compile_think_time(scenario, draft, path, c);
    scenario->shape = draft->shape;
    scenario->pacing_ns = draft->shape.executor->scheduled ? 0 : draft->pacing_ns;
    scenario->start_ns = draft->start_ns;
}

/* ---- the plain form: options and steps ------------------------------------------------ */

static void refuse_samples(const draft_t *draft, const wf_node_t *node,
                           const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "sampling_mode" };

    wf_compile_problem(
        c, "unsupported", wf_node_get(node, at.key), &at,
        "\"%s\": single exchanges are not kept, only \"none\" is supported",
        sampling_modes[draft->sampling]);
}

/* Members of ramp_up may stand in the options themselves, but not in both places. */
static void refuse_twice(const wf_node_t *options, const wf_node_t *ramp_up,
                         const wf_where_t *path, wf_compile_t *c)
{
    const wf_field_t *field;

    for (field = ramp_fields; field->name != NULL; field++) {
        wf_where_t at = { .up = path, .key = field->name };
        const wf_node_t *node = wf_node_get(ramp_up, field->name);

        if (node != NULL && wf_node_get(options, field->name) != NULL) {
            wf_compile_problem(c, "duplicate", node, &at, "options has %s, too: give one",
                               field->name);
        }
    }
}

static void compile_options(draft_t *draft, const wf_node_t *node, const wf_where_t *path,
                            wf_compile_t *c)
{
    wf_where_t ramp = { .up = path, .key = "ramp_up" };
    wf_where_t outputs = { .up = path, .key = "outputs" };
    wf_plan_t *plan = wf_plan_of(c);

    init_draft(draft);
    if (node != NULL) {
        wf_schema_bind(options_fields, node, draft, path, c);
    }
    if (draft->ramp_up != NULL) {
        refuse_twice(node, draft->ramp_up, &ramp, c);
        wf_schema_bind(ramp_fields, draft->ramp_up, draft, &ramp, c);
    }
    plan->warmup_ns = draft->warmup_ns;
    plan->thresholds_node = draft->thresholds;
    plan->baseline_node = draft->baseline;
    wf_placement_compile(&draft->placement, path, c);
    if (draft->sampling > 0) {
        refuse_samples(draft, node, path, c);
    }
    plan->tags = compile_tags(draft->tags, path, c);
    if (draft->outputs != NULL) {
        wf_plan_outputs(draft->outputs, &outputs, c);
    }
}

static wf_step_t *hook(const wf_node_t *node, const char *key, const wf_where_t *path,
                       wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = key };

    return node && node->type == WF_NODE_MAP ? wf_hook_compile(node, &at, c) : NULL;
}

/* ---- scenarios --------------------------------------------------------------------- */

/* Members of options that only mean something without scenarios. */
static void refuse_shape(const wf_node_t *options, wf_compile_t *c)
{
    static const char *const names[] = { "mode",      "vus",        "duration",
                                         "stages",    "iterations", "ramp_up",
                                         "rate",      "max_vus",    "pre_allocated_vus",
                                         "start_vus", "pacing",     "think_time",
                                         "time_unit", "start_rate", "graceful_stop",
                                         "graceful_ramp", NULL };
    wf_where_t up = { .key = "options" };
    int i;

    for (i = 0; options != NULL && names[i] != NULL; i++) {
        wf_where_t at = { .up = &up, .key = names[i] };
        const wf_node_t *node = wf_node_get(options, names[i]);

        if (node != NULL) {
            wf_compile_problem(c, "value", node, &at,
                               "belongs to a scenario, as there is a scenarios section");
        }
    }
}

static void compile_scenario(wf_scenario_t *scenario, const wf_member_t *m,
                             const wf_where_t *up, const wf_block_t *common,
                             wf_compile_t *c)
{
    wf_where_t path = { .up = up, .key = m->key };
    wf_where_t steps = { .up = &path, .key = "steps" };
    draft_t draft;

    init_draft(&draft);
    wf_schema_bind(scenario_fields, m->value, &draft, &path, c);
    scenario->name = m->key;
    if (m->value->type != WF_NODE_MAP) {
        return;
    }
    finish(scenario, &draft, m->value, &path, c);
    scenario->tags = compile_tags(draft.tags, &path, c);
    scenario->pre_hook = hook(draft.pre_hook, "pre_hook", &path, c);
    if (draft.steps != NULL) {
        wf_block_compile(&scenario->steps, draft.steps, 0, &steps, c);
    }
    else if (common->count > 0) {
        scenario->steps = *common;
    }
    else {
        wf_compile_problem(c, "required", m->value, &steps,
                           "is required, as the workflow has no steps of its own");
    }
    scenario->post_hook = hook(draft.post_hook, "post_hook", &path, c);
}

/* One user who makes one iteration: setup and teardown. */
static wf_scenario_t *single(const wf_node_t *list, const char *key, wf_compile_t *c)
{
    wf_scenario_t *scenario;
    wf_where_t at = { .key = key };
    draft_t draft;

    if (list == NULL || list->type != WF_NODE_LIST) {
        return NULL;
    }
    scenario = apr_pcalloc(c->p, sizeof(*scenario));
    init_draft(&draft);
    draft.shape.executor = &wf_per_vu_iterations;
    draft.shape.vus = draft.shape.iterations = 1;
    draft.shape.duration_ns = WF_SINGLE_NS;
    scenario->name = key;
    scenario->index = -1;
    scenario->shape = draft.shape;
    wf_block_compile(&scenario->steps, list, 0, &at, c);
    return scenario;
}

static void number_users(wf_plan_t *plan)
{
    apr_int64_t first = 0;
    int i;

    for (i = 0; i < plan->nscenarios; i++) {
        wf_scenario_t *s = &plan->scenarios[i];

        s->index = i;
        s->first_number = first;
        s->planned_vus = s->shape.executor->vus_max(&s->shape);
        first += s->planned_vus;
    }
    for (i = 0; i < plan->nscenarios; i++) {
        plan->scenarios[i].next_number = first + i + 1;
        plan->scenarios[i].stride = plan->nscenarios;
    }
}

apr_int64_t wf_scenario_number(const wf_scenario_t *scenario, apr_int64_t user)
{
    apr_int64_t more = user - scenario->planned_vus;

    return more <= 0 || scenario->stride == 0
               ? scenario->first_number + user
               : scenario->next_number + (more - 1) * scenario->stride;
}

void wf_scenarios_compile(const wf_node_t *root, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    const wf_node_t *options = wf_node_get(root, "options");
    const wf_node_t *steps = wf_node_get(root, "steps");
    const wf_node_t *list = wf_node_get(root, "scenarios");
    wf_where_t at_options = { .key = "options" }, at_list = { .key = "scenarios" };
    wf_where_t at_steps = { .key = "steps" };
    wf_block_t common = { NULL, 0 };
    const wf_member_t *m;
    draft_t whole;

    options = options && options->type == WF_NODE_MAP ? options : NULL;
    compile_options(&whole, options, &at_options, c);
    plan->setup = single(wf_node_get(root, "setup"), "setup", c);
    plan->pre_hook = hook(wf_node_get(root, "pre_hook"), "pre_hook", NULL, c);
    if (steps != NULL && steps->type == WF_NODE_LIST) {
        wf_block_compile(&common, steps, 0, &at_steps, c);
    }
    else if (steps == NULL && list == NULL) {
        wf_compile_problem(c, "required", root, &at_steps, "is required");
    }
    plan->post_hook = hook(wf_node_get(root, "post_hook"), "post_hook", NULL, c);
    plan->teardown = single(wf_node_get(root, "teardown"), "teardown", c);

    if (list == NULL || list->type != WF_NODE_MAP) {
        plan->scenarios = apr_pcalloc(c->p, sizeof(*plan->scenarios));
        plan->nscenarios = 1;
        plan->scenarios->name = "";
        plan->scenarios->steps = common;
        finish(plan->scenarios, &whole, options, &at_options, c);
        plan->scenarios->tags = plan->tags;
    }
    else if (list->count == 0 || list->count > WF_PLAN_MAX_SCENARIOS) {
        wf_compile_problem(c, "limit", list, &at_list, "needs 1 to %d scenarios",
                           WF_PLAN_MAX_SCENARIOS);
    }
    else {
        refuse_shape(options, c);
        plan->scenarios = apr_pcalloc(c->p, list->count * sizeof(*plan->scenarios));
        for (m = list->first; m != NULL; m = m->next) {
            compile_scenario(&plan->scenarios[plan->nscenarios++], m, &at_list, &common,
                             c);
        }
    }
    for (int i = 0; i < plan->nscenarios; i++) {
        wf_scenario_t *s = &plan->scenarios[i];

        s->pre_hook = s->pre_hook ? s->pre_hook : plan->pre_hook;
        s->post_hook = s->post_hook ? s->post_hook : plan->post_hook;
    }
    if (c->problems->errors == 0) {
        number_users(plan);
    }
}
