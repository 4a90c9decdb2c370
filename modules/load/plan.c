/* From a document to an immutable plan. One schema and one check for YAML and JSON; every
 * fault is reported, and only a document without any becomes a plan. */
#include "load/internal.h"

#include <stddef.h>
#include <string.h>

/* ---- the top level ------------------------------------------------------------------- */

/* As written; what is a part of its own is read by its own file. */
typedef struct document_t {
    wf_plan_t plan;
    const wf_node_t *variables, *data, *metrics, *part;
} document_t;

/* clang-format off */
static const wf_field_t workflow_fields[] = {
    WF_NEEDED("id", STRING, document_t, plan.id),
    WF_NEEDED("name", STRING, document_t, plan.name),
    WF_FIELD("description", STRING, document_t, plan.description),
    WF_FIELD("variables", MAP, document_t, variables),
    WF_FIELD("data", MAP, document_t, data),
    WF_FIELD("metrics", MAP, document_t, metrics),
    WF_FIELD("setup", LIST, document_t, part),
    WF_FIELD("pre_hook", MAP, document_t, part),
    WF_FIELD("steps", LIST, document_t, part),
    WF_FIELD("post_hook", MAP, document_t, part),
    WF_FIELD("teardown", LIST, document_t, part),
    WF_FIELD("scenarios", MAP, document_t, part),
    WF_FIELD("options", MAP, document_t, part),
    WF_FIELDS_END
};
/* clang-format on */

static int is_scenario(const wf_plan_t *plan, const char *name)
{
    int i;

    for (i = 0; i < plan->nscenarios; i++) {
        if (strcmp(plan->scenarios[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Names of sources that something else has already, and scenarios that do not exist. */
static void check_data(const wf_plan_t *plan, const wf_where_t *path, wf_compile_t *c)
{
    const wf_member_t *m;
    int i;

    for (i = 0; i < plan->data.count; i++) {
        const wf_data_t *source = &plan->data.sources[i];
        wf_where_t at = { .up = path, .key = source->name };
        wf_where_t scenarios = { .up = &at, .key = "scenarios" };

        if (wf_map_get(plan->variables, source->name) != NULL
            || wf_plan_step(plan, source->name) != NULL) {
            wf_compile_problem(c, "duplicate", source->node, &at,
                               "a variable or a step has this name already");
        }
        for (m = source->scenarios ? source->scenarios->first : NULL; m; m = m->next) {
            if (!is_scenario(plan, m->value->text)) {
                wf_compile_problem(c, "value", m->value, &scenarios,
                                   "there is no scenario \"%.60s\"", m->value->text);
            }
        }
    }
}

/* ---- sections that belong to step types ------------------------------------------------ */

static size_t count_sections(const wf_plan_t *plan)
{
    size_t n = 0;

    while (plan->types->sections != NULL && plan->types->sections[n] != NULL) {
        n++;
    }
    return n;
}

static const wf_field_t *fields_of(const wf_plan_t *plan, wf_compile_t *c)
{
    size_t n = count_sections(plan), i;
    wf_field_t *more, *fields = wf_fields_extend(workflow_fields, n, &more, c);
    const wf_field_t end = more[n];

    for (i = 0; i < n; i++) {
        if (plan->types->sections[i]->name != NULL) {
            *more = (wf_field_t)WF_FIELD(NULL, MAP, document_t, part);
            (more++)->name = plan->types->sections[i]->name;
        }
    }
    *more = end;
    return fields;
}

static void create_sections(wf_plan_t *plan, wf_compile_t *c)
{
    size_t n = count_sections(plan), i;

    plan->sections = apr_pcalloc(c->p, (n + 1) * sizeof(*plan->sections));
    for (i = 0; i < n; i++) {
        plan->sections[i] = plan->types->sections[i]->create(c);
    }
}

static void read_sections(wf_plan_t *plan, const wf_node_t *root, wf_compile_t *c)
{
    size_t n = count_sections(plan), i;

    for (i = 0; i < n; i++) {
        const wf_section_t *section = plan->types->sections[i];
        const wf_node_t *node = section->name ? wf_node_get(root, section->name) : NULL;
        wf_where_t at = { .key = section->name };

        if (node != NULL && node->type == WF_NODE_MAP) {
            section->compile(plan->sections[i], node, &at, c);
        }
    }
}

void *wf_plan_section(const wf_plan_t *plan, const wf_section_t *section)
{
    size_t i = 0;

    while (plan->types->sections[i] != section) {
        i++;
    }
    return plan->sections[i];
}

/* ---- the whole --------------------------------------------------------------------------- */

static void compile_parts(document_t *doc, const wf_node_t *root, wf_compile_t *c)
{
    wf_plan_t *plan = &doc->plan;
    wf_where_t metrics = { .key = "metrics" }, options = { .key = "options" };
    wf_where_t thresholds = { .up = &options, .key = "thresholds" };
    wf_where_t baseline = { .up = &options, .key = "baseline" };
    wf_where_t steps = { .key = "steps" }, data = { .key = "data" };

    if (doc->metrics != NULL) {
        wf_measures_custom(doc->metrics, &metrics, c);
    }
    if (doc->data != NULL) {
        wf_data_compile(&plan->data, doc->data, wf_plan_of(c)->around->directory, &data,
                        c);
    }
    read_sections(plan, root, c);
    wf_scenarios_compile(root, c);
    check_data(plan, &data, c);
    if (plan->nsteps > WF_PLAN_MAX_STEPS) {
        wf_compile_problem(c, "limit", root, &steps, "more than %d steps in all",
                           WF_PLAN_MAX_STEPS);
    }
    if (c->problems->errors == 0) {
        wf_steps_link(c);
    }
    if (plan->thresholds_node != NULL) {
        wf_thresholds_compile(plan->thresholds_node, &thresholds, c);
    }
    if (plan->baseline_node != NULL) {
        wf_baseline_compile(plan->baseline_node, &baseline, c);
    }
}

static const wf_step_type_t *const no_types[] = { NULL };
static const wf_steps_t no_steps = { .types = no_types };
static const wf_surroundings_t nothing;

static void compile(wf_plan_t **out, const wf_node_t *root,
                    const wf_surroundings_t *around, wf_problems_t *problems,
                    apr_pool_t *p)
{
    document_t *doc = apr_pcalloc(p, sizeof(*doc));
    wf_plan_t *plan = &doc->plan;
    wf_compile_t c = { .made = plan, .problems = problems, .p = p };

    plan->pool = p;
    plan->around = around != NULL ? around : &nothing;
    plan->types = plan->around->steps != NULL ? plan->around->steps : &no_steps;
    plan->metrics = wf_measures_create(p);
    plan->submetrics = apr_array_make(p, 1, sizeof(wf_submetric_t));
    plan->steps = apr_pcalloc(p, WF_PLAN_MAX_STEPS * sizeof(*plan->steps));
    plan->step_ids = apr_hash_make(p);
    plan->files = apr_hash_make(p);
    plan->variables = wf_map_create(p);
    plan->segment = wf_segment_whole;
    wf_baseline_init(&plan->baseline);
    create_sections(plan, &c);
    wf_schema_bind(fields_of(plan, &c), root, doc, NULL, &c);
    if (doc->variables != NULL) {
        plan->variables = wf_node_value(doc->variables, p).as.map;
    }
    if (root->type == WF_NODE_MAP) {
        compile_parts(doc, root, &c);
    }
    *out = problems->errors == 0 ? plan : NULL;
}

void wf_plan_read(wf_plan_t **plan, const char *yaml, apr_size_t length,
                  json_object *workflow, const wf_surroundings_t *around,
                  wf_problems_t *problems, apr_pool_t *p)
{
    const wf_node_t *root = yaml != NULL ? wf_node_from_yaml(yaml, length, problems, p)
                                         : wf_node_from_json(workflow, problems, p);

    *plan = NULL;
    if (root != NULL) {
        compile(plan, root, around, problems, p);
    }
}

/* ---- what others want to know ---------------------------------------------------------- */

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
    return apr_hash_count(plan->step_ids);
}

wf_step_t *wf_plan_step(const wf_plan_t *plan, const char *id)
{
    return apr_hash_get(plan->step_ids, id, APR_HASH_KEY_STRING);
}

wf_step_t *wf_plan_step_at(const wf_plan_t *plan, int n)
{
    return n < plan->nsteps ? plan->steps[n] : NULL;
}

int wf_plan_slots(const wf_plan_t *plan)
{
    return plan->nsteps;
}

const wf_metric_table_t *wf_plan_metrics(const wf_plan_t *plan)
{
    return plan->metrics;
}

const char *wf_plan_directory(const wf_plan_t *plan)
{
    return plan->around->directory;
}

void wf_plan_read_answers(wf_plan_t *plan, int body, int headers)
{
    plan->reads_body |= body;
    plan->reads_headers |= headers;
}

int wf_plan_reads_body(const wf_plan_t *plan)
{
    return plan->reads_body;
}

int wf_plan_reads_headers(const wf_plan_t *plan)
{
    return plan->reads_headers;
}

void wf_plan_read_requests(wf_plan_t *plan, const char *text)
{
    plan->reads_requests |=
        strstr(text, "actualRequest") != NULL || strstr(text, "actual_request") != NULL;
}

int wf_plan_reads_requests(const wf_plan_t *plan)
{
    return plan->reads_requests;
}

void wf_plan_set_users(wf_plan_t *plan, const wf_user_terms_t *terms)
{
    plan->users = *terms;
}

const char *wf_plan_mode(const wf_plan_t *plan)
{
    return plan->nscenarios == 1 ? plan->scenarios->shape.executor->mode : "scenarios";
}

apr_int64_t wf_plan_vus(const wf_plan_t *plan)
{
    apr_int64_t vus = 0;
    int i;

    for (i = 0; i < plan->nscenarios && !plan->without_users; i++) {
        const wf_load_shape_t *shape = &plan->scenarios[i].shape;

        vus += wf_segment_share(&plan->segment, shape->executor->vus_max(shape));
    }
    return vus;
}

apr_int64_t wf_plan_duration_ns(const wf_plan_t *plan)
{
    apr_int64_t longest = 0;
    int i;

    for (i = 0; i < plan->nscenarios; i++) {
        const wf_scenario_t *s = &plan->scenarios[i];
        apr_int64_t lasts = s->shape.executor->lasts_ns(&s->shape);

        if (lasts == 0) {
            return 0;
        }
        longest = s->start_ns + lasts > longest ? s->start_ns + lasts : longest;
    }
    return longest;
}

apr_int64_t wf_plan_iterations(const wf_plan_t *plan)
{
    apr_int64_t all = 0;
    int i;

    for (i = 0; i < plan->nscenarios && !plan->without_users; i++) {
        const wf_load_shape_t *shape = &plan->scenarios[i].shape;

        if (wf_shape_planned(shape, &wf_segment_whole) == 0) {
            return 0;
        }
        all += wf_shape_planned(shape, &plan->segment);
    }
    return all;
}

void wf_plan_take_part(wf_plan_t *plan, const apr_int64_t *weights, int n, int mine)
{
    plan->segment = wf_segment_make(weights, n, mine, plan->pool);
}

/* ---- overriding ---------------------------------------------------------------------- */

/* The executor checks the new shape as it would that of a document. */
static apr_status_t check_shape(wf_plan_t *plan, wf_load_shape_t *shape, wf_error_t *err)
{
    wf_problems_t *problems = wf_problems_create(NULL, plan->pool);
    wf_compile_t c = { .made = plan, .problems = problems, .p = plan->pool };
    wf_node_t nothing = { .type = WF_NODE_MAP };
    wf_where_t path = { .key = "options" };

    shape->executor->check(shape, &nothing, &path, &c);
    return wf_problems_check(problems, err);
}

apr_status_t wf_plan_override(wf_plan_t *plan, const char *mode, apr_int64_t vus,
                              apr_int64_t iterations, const char *duration,
                              wf_error_t *err)
{
    wf_load_shape_t shape = plan->scenarios->shape;
    const wf_executor_t *executor = mode ? wf_executor_find(mode) : shape.executor;
    apr_int64_t ns = -1;
    apr_status_t rv;

    if (mode == NULL && vus < 0 && iterations < 0 && duration == NULL) {
        return APR_SUCCESS;
    }
    if (plan->nscenarios > 1) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "mode, vus, iterations and duration belong to each of the %d "
                            "scenarios and cannot be given for all of them",
                            plan->nscenarios);
    }
    if (executor == NULL) {
        return wf_error_field(err, WF_ERR_INVALID, "mode", "%.60s is no execution mode",
                              mode);
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
    if (mode == NULL && shape.inferred && (iterations >= 0 || duration != NULL)) {
        executor = &wf_constant_vus;
    }
    shape.executor = executor;
    shape.vus = vus >= 0 ? vus : shape.vus;
    shape.iterations = iterations >= 0 ? iterations : shape.iterations;
    shape.duration_ns = duration != NULL ? ns : shape.duration_ns;
    rv = check_shape(plan, &shape, err);
    if (rv == APR_SUCCESS) {
        plan->scenarios->shape = shape;
    }
    return rv;
}
