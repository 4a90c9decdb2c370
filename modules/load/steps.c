/* Steps: the table of types, the check of what all types share, and what a finished step
 * shows to the ones behind it. A new type is a new row and a file. */
#include "load/internal.h"

#include <stddef.h>
#include <string.h>

/* ---- types ------------------------------------------------------------------------- */

#define NOT_YET(type)                                                                    \
    {                                                                                    \
        .name = type, .later = "not supported by this version"                           \
    }

static const wf_step_type_t later_types[] = {
    NOT_YET("script"),  NOT_YET("condition"),    NOT_YET("loop"),     NOT_YET("db"),
    NOT_YET("mq"),      NOT_YET("socket"),       NOT_YET("parallel"), NOT_YET("retry"),
    NOT_YET("sleep"),   NOT_YET("wait_until"),   NOT_YET("if"),       NOT_YET("for"),
    NOT_YET("foreach"), NOT_YET("while"),        NOT_YET("break"),    NOT_YET("continue"),
    NOT_YET("call"),    NOT_YET("ref_workflow"), NOT_YET("grpc"),
};

static const wf_step_type_t *const types[] = {
    &wf_step_http,
};

const wf_step_type_t *wf_step_type_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    for (i = 0; i < sizeof(later_types) / sizeof(later_types[0]); i++) {
        if (strcmp(later_types[i].name, name) == 0) {
            return &later_types[i];
        }
    }
    return NULL;
}

/* ---- what all steps share ---------------------------------------------------------- */

typedef struct draft_t {
    wf_step_t step;
    const char *type;
    const wf_node_t *config;
} draft_t;

static const char *const on_error_words[] = {
    [WF_ON_ERROR_ABORT] = "abort",
    [WF_ON_ERROR_CONTINUE] = "continue",
    [WF_ON_ERROR_SKIP] = "skip",
    [WF_ON_ERROR_RETRY] = "retry",
    NULL,
};

/* clang-format off */
static const wf_field_t step_fields[] = {
    WF_NEEDED("id", STRING, draft_t, step.id),
    WF_FIELD("name", STRING, draft_t, step.name),
    WF_NEEDED("type", STRING, draft_t, type),
    WF_FIELD("config", MAP, draft_t, config),
    WF_FIELD("timeout", DURATION, draft_t, step.timeout_ns),
    WF_ONE_OF("on_error", on_error_words, draft_t, step.on_error),
    WF_FIELD("disabled", BOOLEAN, draft_t, step.disabled),
    WF_LATER("pre_hook", "hooks"),
    WF_LATER("post_hook", "hooks"),
    WF_LATER("condition", "conditions"),
    WF_LATER("branches", "conditions"),
    WF_LATER("children", "conditions"),
    WF_LATER("loop", "loops"),
    WF_LATER("retry", "retries"),
    WF_LATER("preProcessors", "processors"),
    WF_LATER("postProcessors", "processors"),
    WF_FIELDS_END
};
/* clang-format on */

static void compile_type(draft_t *draft, const wf_node_t *node, const wf_where_t *path,
                         wf_compile_t *c)
{
    const wf_step_type_t *type = wf_step_type_find(draft->type);
    wf_where_t at_type = { .up = path, .key = "type" };
    wf_where_t at_config = { .up = path, .key = "config" };
    const wf_node_t *at = wf_node_get(node, "type");

    if (type == NULL) {
        wf_compile_problem(c, "value", at, &at_type, "\"%.60s\" is no step type",
                           draft->type);
        return;
    }
    if (type->later != NULL) {
        wf_compile_problem(c, "unsupported", at, &at_type, "step type %s: %s", type->name,
                           type->later);
        return;
    }
    draft->step.type = type;
    type->compile(&draft->step, draft->config, &at_config, c);
}

static void check_id(const wf_step_t *step, int before, const wf_node_t *node,
                     const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t below = { .up = path, .key = "id" };
    int i;

    for (i = 0; i < before; i++) {
        const char *other = wf_plan_of(c)->steps[i].id;

        if (other != NULL && strcmp(other, step->id) == 0) {
            wf_compile_problem(c, "duplicate", wf_node_get(node, "id"), &below,
                               "steps[%d] is called \"%.60s\" too", i, step->id);
            return;
        }
    }
}

static void compile_step(int index, const wf_node_t *node, const wf_where_t *path,
                         wf_compile_t *c)
{
    wf_where_t at_on_error = { .up = path, .key = "on_error" };
    draft_t draft = { .step = { .index = index, .timeout_ns = -1, .node = node } };

    wf_schema_bind(step_fields, node, &draft, path, c);
    if (draft.step.id != NULL) {
        check_id(&draft.step, index, node, path, c);
    }
    if (draft.step.on_error == WF_ON_ERROR_RETRY) {
        wf_compile_problem(c, "unsupported", wf_node_get(node, "on_error"), &at_on_error,
                           "retries: not supported by this version");
    }
    if (draft.step.name == NULL) {
        draft.step.name = draft.step.id;
    }
    if (draft.type != NULL) {
        compile_type(&draft, node, path, c);
    }
    wf_plan_of(c)->steps[index] = draft.step;
}

void wf_steps_compile(const wf_node_t *list, const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    const wf_member_t *m;
    int i;

    if (list->count == 0) {
        wf_compile_problem(c, "required", list, path, "needs at least one step");
        return;
    }
    if (list->count > WF_PLAN_MAX_STEPS) {
        wf_compile_problem(c, "limit", list, path, "more than %d steps",
                           WF_PLAN_MAX_STEPS);
        return;
    }
    plan->steps = apr_pcalloc(c->p, list->count * sizeof(*plan->steps));
    for (m = list->first; m != NULL; m = m->next) {
        wf_where_t item = { .up = path, .index = plan->nsteps };

        compile_step(plan->nsteps, m->value, &item, c);
        plan->nsteps++;
    }
    for (i = 0; c->problems->errors == 0 && i < plan->nsteps; i++) {
        if (plan->steps[i].type->link != NULL) {
            plan->steps[i].type->link(&plan->steps[i], c);
        }
    }
}

/* ---- results as objects ------------------------------------------------------------ */

static const char *const status_names[] = {
    [WF_STEP_NONE] = "",           [WF_STEP_SUCCESS] = "success",
    [WF_STEP_FAILED] = "failed",   [WF_STEP_TIMEOUT] = "timeout",
    [WF_STEP_SKIPPED] = "skipped",
};

static wf_value_t object_value(wf_object_t *object)
{
    wf_value_t value = { .type = WF_OBJECT };

    value.as.object = object;
    return value;
}

/* ${login.status} is the step's status; members of its output follow behind. */
static int result_property(wf_object_t *self, const char *name, wf_value_t *value,
                           apr_pool_t *p, wf_error_t *err)
{
    wf_result_t *r = (wf_result_t *)((char *)self - offsetof(wf_result_t, object));

    (void)err;
    if (strcmp(name, "status") == 0) {
        *value = wf_string(status_names[r->status]);
    }
    else if (strcmp(name, "duration") == 0) {
        *value = wf_double((double)r->duration_us / 1000.0);
    }
    else if (strcmp(name, "step_id") == 0) {
        *value = wf_string(r->step->id);
    }
    else if (strcmp(name, "error") == 0) {
        *value = wf_string(r->error);
    }
    else if (strcmp(name, "output") == 0) {
        *value = object_value(&r->output);
    }
    else {
        return r->step->type->output(r, name, value, p);
    }
    return 1;
}

static int output_property(wf_object_t *self, const char *name, wf_value_t *value,
                           apr_pool_t *p, wf_error_t *err)
{
    wf_result_t *r = (wf_result_t *)((char *)self - offsetof(wf_result_t, output));

    (void)err;
    return r->step->type->output(r, name, value, p);
}

void wf_result_init(wf_result_t *result, wf_vu_t *vu, const wf_step_t *step)
{
    memset(result, 0, sizeof(*result));
    result->vu = vu;
    result->step = step;
    result->iteration = -1;
    result->object.class_name = "step result";
    result->object.property = result_property;
    result->output.class_name = "step output";
    result->output.property = output_property;
}

/* ---- names ------------------------------------------------------------------------- */

static int find_builtin(const wf_vu_t *vu, const char *name, wf_value_t *value,
                        apr_pool_t *p)
{
    if (strncmp(name, "__", 2) != 0) {
        return 0;
    }
    if (strcmp(name, "__VU") == 0) {
        *value = wf_integer(vu->number);
    }
    else if (strcmp(name, "__ITER") == 0) {
        *value = wf_integer(vu->iteration);
    }
    else if (strcmp(name, "__timestamp") == 0) {
        *value = wf_integer(wf_time_ms());
    }
    else if (strcmp(name, "__uuid") == 0) {
        *value = wf_string(wf_vu_uuid(p));
    }
    else {
        return 0;
    }
    return 1;
}

/* The result that a name begins with; *rest is behind its dot, or "" for the name alone.
 */
static wf_result_t *find_result(wf_vu_t *vu, const char *name, const char **rest)
{
    const wf_plan_t *plan = vu->shard->run->plan;
    size_t n = sizeof("response") - 1;
    int i;

    if (vu->response != NULL && strncmp(name, "response", n) == 0
        && (name[n] == '.' || name[n] == '\0')) {
        *rest = name + n + (name[n] == '.');
        return vu->response;
    }
    for (i = 0; i < plan->nsteps; i++) {
        n = strlen(plan->steps[i].id);
        if (vu->results[i].iteration == vu->iteration
            && strncmp(plan->steps[i].id, name, n) == 0
            && (name[n] == '.' || name[n] == '\0')) {
            *rest = name + n + (name[n] == '.');
            return &vu->results[i];
        }
    }
    return NULL;
}

/* Variables come before results, as everywhere in the format; a step that was not reached
 * in this iteration is an unknown name. Of dotted names only objects are answered here,
 * as maps: they are printed as JSON. Other members are found through the object. */
int wf_vu_lookup(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    wf_vu_t *vu = baton;
    const wf_value_t *variable = wf_map_get(vu->shard->run->plan->variables, name);
    wf_result_t *result;
    const char *rest;

    if (variable != NULL) {
        *value = *variable;
        return 1;
    }
    if (find_builtin(vu, name, value, p)) {
        return 1;
    }
    result = find_result(vu, name, &rest);
    if (result == NULL) {
        return 0;
    }
    if (*rest != '\0') {
        return result->step->type->map(result, rest, value, p);
    }
    *value = object_value(strcmp(name, result->step->id) == 0 ? &result->object
                                                              : &result->output);
    return 1;
}
