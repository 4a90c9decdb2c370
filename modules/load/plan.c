/* From a document to an immutable plan. One schema and one check for YAML and JSON; every
 * fault is reported, and only a document without any becomes a plan. */
#include "load/internal.h"

#include <stddef.h>
#include <string.h>

/* ---- schemas ----------------------------------------------------------------------- */

/* The options as written. */
typedef struct options_draft_t {
    wf_options_t values;
    const char *mode;
    const wf_node_t *thresholds;
    int engine, sampling;
} options_draft_t;

/* The document's top level as written. */
typedef struct document_t {
    wf_plan_t plan;
    options_draft_t options;
    const wf_node_t *variables, *steps;
} document_t;

static const char *const http_engines[] = { "fasthttp", "standard", NULL };
static const char *const sampling_modes[] = { "none", NULL };

/* clang-format off */
static const wf_field_t options_fields[] = {
    WF_FIELD("vus", INTEGER, options_draft_t, values.vus),
    WF_FIELD("duration", DURATION, options_draft_t, values.duration_ns),
    WF_FIELD("iterations", INTEGER, options_draft_t, values.iterations),
    WF_FIELD("graceful_stop", DURATION, options_draft_t, values.graceful_stop_ns),
    WF_FIELD("mode", STRING, options_draft_t, mode),
    WF_FIELD("thresholds", LIST, options_draft_t, thresholds),
    WF_ONE_OF("http_engine", http_engines, options_draft_t, engine),
    WF_ONE_OF("sampling_mode", sampling_modes, options_draft_t, sampling),
    WF_LATER("stages", "ramping modes"),
    WF_LATER("ramp_up", "ramping modes"),
    WF_LATER("start_vus", "ramping modes"),
    WF_LATER("graceful_ramp", "ramping modes"),
    WF_LATER("rate", "arrival-rate modes"),
    WF_LATER("time_unit", "arrival-rate modes"),
    WF_LATER("pre_allocated_vus", "arrival-rate modes"),
    WF_LATER("max_vus", "modes with a changing number of VUs"),
    WF_LATER("target_slaves", "distributed runs"),
    WF_LATER("slave_type", "distributed runs"),
    WF_LATER("tags", "outputs of samples"),
    WF_LATER("outputs", "outputs of samples"),
    WF_FIELDS_END
};

static const wf_field_t workflow_fields[] = {
    WF_NEEDED("id", STRING, document_t, plan.id),
    WF_NEEDED("name", STRING, document_t, plan.name),
    WF_FIELD("description", STRING, document_t, plan.description),
    WF_FIELD("variables", MAP, document_t, variables),
    WF_MADE_OF("http", wf_http_section_fields, document_t, plan.http),
    WF_NEEDED("steps", LIST, document_t, steps),
    WF_MADE_OF("options", options_fields, document_t, options),
    WF_LATER("pre_hook", "hooks"),
    WF_LATER("post_hook", "hooks"),
    WF_FIELDS_END
};
/* clang-format on */

/* ---- texts ------------------------------------------------------------------------- */

/* Bodies and headers of answers are only kept if something in the plan asks for them. */
static void note_reads(wf_plan_t *plan, const char *text)
{
    int whole = strstr(text, "output") != NULL;

    plan->reads_body |= whole || strstr(text, "body") != NULL;
    plan->reads_headers |= whole || strstr(text, "headers") != NULL;
}

wf_text_t wf_compile_text(wf_compile_t *c, const char *text, const wf_node_t *node,
                          const wf_where_t *path)
{
    wf_text_t out = { .literal = text };
    wf_error_t err;

    if (strstr(text, "${") == NULL) {
        return out;
    }
    wf_error_init(&err, c->p);
    if (wf_template_parse(&out.tmpl, text, WF_LOAD, c->p, &err) != APR_SUCCESS) {
        wf_compile_problem(c, "template", node, path, "%s", err.message);
        out.tmpl = NULL;
    }
    else if (wf_template_is_literal(out.tmpl)) {
        out.tmpl = NULL;
    }
    else {
        out.literal = NULL;
        note_reads(wf_plan_of(c), text);
    }
    return out;
}

apr_status_t wf_text_eval(const wf_text_t *text, wf_vu_t *vu, const char **out,
                          apr_pool_t *p, wf_error_t *err)
{
    if (text->tmpl == NULL) {
        *out = text->literal;
        return APR_SUCCESS;
    }
    return wf_template_text(text->tmpl, &vu->scope, out, NULL, p, err);
}

/* ---- options ----------------------------------------------------------------------- */

static void init_options(wf_options_t *options)
{
    options->executor = &wf_constant_vus;
    options->vus = 1;
    options->duration_ns = options->iterations = -1;
    options->graceful_stop_ns = WF_GRACEFUL_STOP_NS;
}

static void check_mode(const char *mode, const wf_node_t *node, const wf_where_t *path,
                       wf_compile_t *c)
{
    wf_where_t below = { .up = path, .key = "mode" };
    const wf_executor_t *executor = mode ? wf_executor_find(mode) : &wf_constant_vus;

    if (executor == NULL) {
        wf_compile_problem(c, "value", node, &below, "\"%.60s\" is no execution mode",
                           mode);
    }
    else if (executor->later != NULL) {
        wf_compile_problem(c, "unsupported", node, &below,
                           "mode %s: not supported by this version", mode);
    }
    else {
        wf_plan_of(c)->options.executor = executor;
    }
}

static void check_options(const document_t *doc, const wf_node_t *root, wf_compile_t *c)
{
    const wf_node_t *node = wf_node_get(root, "options");
    wf_where_t path = { .key = "options" };
    wf_where_t vus = { .up = &path, .key = "vus" };
    wf_where_t thresholds = { .up = &path, .key = "thresholds" };

    wf_plan_of(c)->options = doc->options.values;
    check_mode(doc->options.mode, wf_node_get(node, "mode"), &path, c);
    if (wf_plan_of(c)->options.vus > WF_PLAN_MAX_VUS) {
        wf_compile_problem(c, "limit", wf_node_get(node, "vus"), &vus, "more than %d",
                           WF_PLAN_MAX_VUS);
    }
    if (doc->options.thresholds != NULL) {
        wf_thresholds_compile(doc->options.thresholds, &thresholds, c);
    }
}

/* ---- the whole --------------------------------------------------------------------- */

static void compile(wf_plan_t **out, const wf_node_t *root, wf_problems_t *problems,
                    apr_pool_t *p)
{
    document_t *doc = apr_pcalloc(p, sizeof(*doc));
    wf_plan_t *plan = &doc->plan;
    wf_compile_t c = { .made = plan, .problems = problems, .p = p };
    wf_where_t steps = { .key = "steps" };

    plan->pool = p;
    init_options(&doc->options.values);
    wf_http_section_init(&plan->http);
    wf_schema_bind(workflow_fields, root, doc, NULL, &c);
    plan->variables = wf_map_create(p);
    if (doc->variables != NULL) {
        plan->variables = wf_node_value(doc->variables, p).as.map;
    }
    if (root->type == WF_NODE_MAP) {
        check_options(doc, root, &c);
    }
    if (doc->steps != NULL) {
        wf_steps_compile(doc->steps, &steps, &c);
    }
    *out = problems->errors == 0 ? plan : NULL;
}

void wf_plan_from_yaml(wf_plan_t **plan, const char *text, apr_size_t length,
                       wf_problems_t *problems, apr_pool_t *p)
{
    const wf_node_t *root = wf_node_from_yaml(text, length, problems, p);

    *plan = NULL;
    if (root != NULL) {
        compile(plan, root, problems, p);
    }
}

void wf_plan_from_json(wf_plan_t **plan, json_object *workflow, wf_problems_t *problems,
                       apr_pool_t *p)
{
    const wf_node_t *root = wf_node_from_json(workflow, problems, p);

    *plan = NULL;
    if (root != NULL) {
        compile(plan, root, problems, p);
    }
}

const char *wf_plan_id(const wf_plan_t *plan)
{
    return plan->id;
}

const char *wf_plan_name(const wf_plan_t *plan)
{
    return plan->name;
}

const char *wf_plan_description(const wf_plan_t *plan)
{
    return plan->description;
}

int wf_plan_step_count(const wf_plan_t *plan)
{
    return plan->nsteps;
}

const char *wf_plan_mode(const wf_plan_t *plan)
{
    return plan->options.executor->mode;
}

apr_int64_t wf_plan_vus(const wf_plan_t *plan)
{
    return plan->options.vus;
}

apr_int64_t wf_plan_duration_ns(const wf_plan_t *plan)
{
    return plan->options.duration_ns > 0 ? plan->options.duration_ns : 0;
}

apr_int64_t wf_plan_iterations(const wf_plan_t *plan)
{
    return plan->options.executor->planned(&plan->options);
}

apr_status_t wf_plan_override(wf_plan_t *plan, const char *mode, apr_int64_t vus,
                              apr_int64_t iterations, const char *duration,
                              wf_error_t *err)
{
    const wf_executor_t *executor =
        mode ? wf_executor_find(mode) : plan->options.executor;
    apr_int64_t ns = -1;

    if (executor == NULL) {
        return wf_error_field(err, WF_ERR_INVALID, "mode", "%.60s is no execution mode",
                              mode);
    }
    if (executor->later != NULL) {
        return wf_error_field(err, WF_ERR_UNSUPPORTED, "mode",
                              "mode %s: not supported by this version", mode);
    }
    if (vus > WF_PLAN_MAX_VUS) {
        return wf_error_field(err, WF_ERR_INVALID, "vus", "vus: more than %d",
                              WF_PLAN_MAX_VUS);
    }
    if (duration != NULL && (wf_duration_parse(&ns, duration) != APR_SUCCESS || ns < 0)) {
        return wf_error_field(err, WF_ERR_INVALID, "duration",
                              "\"%.60s\" is no duration; write 250ms, 30s, 1m30s",
                              duration);
    }
    plan->options.executor = executor;
    plan->options.vus = vus >= 0 ? vus : plan->options.vus;
    plan->options.iterations = iterations >= 0 ? iterations : plan->options.iterations;
    plan->options.duration_ns = duration != NULL ? ns : plan->options.duration_ns;
    return APR_SUCCESS;
}
