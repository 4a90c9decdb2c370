/* Steps: the check of what all types share. Which types there are is told by who reads
 * the document. */
#include "load/plan.h"

#include <stddef.h>
#include <string.h>

/* ---- types ------------------------------------------------------------------------- */

const wf_step_type_t *wf_step_type_find(const wf_plan_t *plan, const char *name)
{
    const wf_step_type_t *const *type = plan->types->types;

    for (; *type != NULL; type++) {
        if (strcmp((*type)->name, name) == 0) {
            return *type;
        }
    }
    return NULL;
}

/* "http or script" */
/* The names of the types that have all of the flags and run here. */
static const char *type_names(const wf_plan_t *plan, unsigned flags, const char *between,
                              apr_pool_t *p)
{
    const wf_step_type_t *const *type = plan->types->types;
    const char *all = "";

    for (; *type != NULL; type++) {
        if (((*type)->flags & flags) == flags && (*type)->later == NULL) {
            all = apr_pstrcat(p, all, *all ? between : "", (*type)->name, NULL);
        }
    }
    return all;
}

/* ---- retries ----------------------------------------------------------------------- */

#define RETRY_MAX_ATTEMPTS 1000

static const char *const backoff_words[] = {
    [WF_BACKOFF_FIXED] = "fixed",
    [WF_BACKOFF_LINEAR] = "linear",
    [WF_BACKOFF_EXPONENTIAL] = "exponential",
    NULL,
};

/* clang-format off */
const wf_field_t wf_retry_fields[] = {
    WF_FIELD("max_attempts", INTEGER, wf_retry_t, max_attempts),
    WF_FIELD("delay", DURATION, wf_retry_t, delay_ns),
    WF_ONE_OF("backoff", backoff_words, wf_retry_t, backoff),
    WF_FIELD("max_delay", DURATION, wf_retry_t, max_delay_ns),
    WF_FIELDS_END
};
/* clang-format on */

void wf_retry_init(wf_retry_t *retry)
{
    memset(retry, 0, sizeof(*retry));
    retry->max_attempts = 3;
    retry->delay_ns = NS_PER_S;
}

void wf_retry_check(const wf_retry_t *retry, const wf_node_t *node,
                    const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "max_attempts" };

    if (retry->max_attempts < 1 || retry->max_attempts > RETRY_MAX_ATTEMPTS) {
        wf_compile_problem(c, "range", wf_node_get(node, "max_attempts"), &at,
                           "must be 1 to %d", RETRY_MAX_ATTEMPTS);
    }
}

apr_int64_t wf_retry_delay_ns(const wf_retry_t *retry, int attempt)
{
    double factor = retry->backoff == WF_BACKOFF_FIXED    ? 1
                    : retry->backoff == WF_BACKOFF_LINEAR ? attempt
                                                          : 0;
    double ns;
    int i;

    if (retry->backoff == WF_BACKOFF_EXPONENTIAL) {
        for (factor = 1, i = 1; i < attempt && factor < 1e12; i++) {
            factor *= 2;
        }
    }
    ns = (double)retry->delay_ns * factor;
    if (retry->max_delay_ns > 0 && ns > (double)retry->max_delay_ns) {
        ns = (double)retry->max_delay_ns;
    }
    return ns > 9e18 ? (apr_int64_t)9e18 : (apr_int64_t)ns;
}

/* ---- what all steps share ---------------------------------------------------------- */

typedef struct draft_t {
    wf_step_t step;
    const char *type;
    const wf_node_t *config, *pre_hook, *post_hook;
    wf_retry_t retry;
    const wf_node_t *retry_node;
    const wf_node_t *own; /* members that others know: they read them by their names */
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
    WF_FIELD("retry", MAP, draft_t, retry_node),
    WF_FIELD("disabled", BOOLEAN, draft_t, step.disabled),
    WF_FIELD("weight", INTEGER, draft_t, step.weight),
    WF_FIELD("pre_hook", NODE, draft_t, pre_hook),
    WF_FIELD("post_hook", NODE, draft_t, post_hook),
    WF_FIELDS_END
};

static const wf_field_t hook_fields[] = {
    WF_NEEDED("type", STRING, draft_t, type),
    WF_FIELD("config", MAP, draft_t, config),
    WF_FIELD("timeout", DURATION, draft_t, step.timeout_ns),
    WF_FIELDS_END
};
/* clang-format on */

static size_t count_fields(const wf_field_t *fields)
{
    size_t n = 0;

    while (fields != NULL && fields[n].name != NULL) {
        n++;
    }
    return n;
}

wf_field_t *wf_fields_extend(const wf_field_t *fields, size_t n, wf_field_t **more,
                             wf_compile_t *c)
{
    size_t known = count_fields(fields);
    wf_field_t *all = apr_palloc(c->p, (known + n + 1) * sizeof(*all));

    memcpy(all, fields, known * sizeof(*all));
    all[known + n] = fields[known]; /* the row that closes the table */
    *more = all + known;
    return all;
}

static void add_fields(wf_field_t **to, const wf_field_t *fields)
{
    for (; fields != NULL && fields->name != NULL; fields++, (*to)++) {
        **to = (wf_field_t)WF_FIELD(NULL, NODE, draft_t, own);
        (*to)->name = fields->name;
    }
}

/* The members of every step, those of its type, and those that become processors. */
static const wf_field_t *fields_of(const wf_step_type_t *type, wf_compile_t *c)
{
    const wf_field_t *own = type != NULL && type->later == NULL ? type->members : NULL;
    const wf_field_t *common = wf_plan_of(c)->types->members;
    wf_field_t *fields, *to;

    fields =
        wf_fields_extend(step_fields, count_fields(own) + count_fields(common), &to, c);
    add_fields(&to, own);
    add_fields(&to, common);
    return fields;
}

/* A map's members with the names of a table. */
static const wf_node_t *members_of(const wf_node_t *node, const wf_field_t *fields,
                                   wf_compile_t *c)
{
    wf_node_t *part = apr_pmemdup(c->p, node, sizeof(*node));
    const wf_member_t *m;
    const wf_field_t *field;

    part->first = part->last = NULL;
    part->count = 0;
    for (m = node->first; m != NULL; m = m->next) {
        for (field = fields; field->name != NULL && strcmp(field->name, m->key) != 0;
             field++) {
        }
        if (field->name != NULL) {
            wf_member_t *copy = apr_pmemdup(c->p, m, sizeof(*m));

            copy->next = NULL;
            *(part->last ? &part->last->next : &part->first) = copy;
            part->last = copy;
            part->count++;
        }
    }
    return part;
}

void wf_step_bind(const wf_step_t *step, const wf_field_t *fields,
                  const wf_node_t *config, void *target, const wf_where_t *path,
                  wf_compile_t *c)
{
    if (config != NULL) {
        wf_schema_bind(fields, config, target, path, c);
    }
    wf_schema_bind(fields, members_of(step->node, fields, c), target, path->up, c);
}

const wf_node_t *wf_step_member(const wf_step_t *step, const wf_node_t *config,
                                const char *name, const wf_where_t *path, wf_where_t *at)
{
    const wf_node_t *node = config ? wf_node_get(config, name) : NULL;

    *at = (wf_where_t){ .up = node ? path : path->up, .key = name };
    return node ? node : wf_node_get(step->node, name);
}

/* ---- compiling --------------------------------------------------------------------- */

wf_step_t *wf_step_add(const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    wf_step_t *step = apr_pcalloc(c->p, sizeof(*step));

    step->timeout_ns = step->metric = -1;
    step->weight = 1;
    step->name = "";
    step->node = node;
    step->where = wf_where_text(path, c->p);
    step->index = plan->nsteps;
    if (plan->nsteps < WF_PLAN_MAX_STEPS) {
        plan->steps[plan->nsteps] = step;
    }
    plan->nsteps++; /* the limit is told once, at the end */
    return step;
}

static void compile_type(wf_step_t *step, const char *name, const wf_node_t *config,
                         unsigned flags, const wf_where_t *path, wf_compile_t *c)
{
    const wf_step_type_t *type = wf_step_type_find(wf_plan_of(c), name);
    wf_where_t at_type = { .up = path, .key = "type" };
    wf_where_t at_config = { .up = path, .key = "config" };
    const wf_node_t *at = wf_node_get(step->node, "type");

    if (type == NULL) {
        wf_compile_problem(c, "value", at, &at_type,
                           "\"%.60s\" is no step type; there are %s", name,
                           type_names(wf_plan_of(c), flags, ", ", c->p));
    }
    else if (type->later != NULL) {
        wf_compile_problem(c, "unsupported", at, &at_type, "step type %s: %s", type->name,
                           type->later);
    }
    else if ((type->flags & flags) != flags) {
        wf_compile_problem(c, "value", at, &at_type, "a hook is of type %s",
                           type_names(wf_plan_of(c), WF_TYPE_HOOK, " or ", c->p));
    }
    else {
        step->type = type;
        type->compile(step, config, &at_config, c);
    }
}

wf_step_t *wf_hook_compile(const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    draft_t draft = { .step = { .timeout_ns = -1 } };
    wf_step_t *step = wf_step_add(node, path, c);

    wf_schema_bind(hook_fields, node, &draft, path, c);
    step->name = path->key;
    step->timeout_ns = draft.step.timeout_ns;
    if (draft.type != NULL) {
        compile_type(step, draft.type, draft.config, WF_TYPE_HOOK, path, c);
    }
    return step;
}

static void check_id(wf_step_t *step, const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    const wf_node_t *node = wf_node_get(step->node, "id");
    wf_where_t below = { .up = path, .key = "id" };
    const wf_step_t *other;

    if (strlen(step->id) > WF_METRIC_NAME_MAX) {
        wf_compile_problem(c, "limit", node, &below, "longer than %d bytes",
                           WF_METRIC_NAME_MAX);
        return;
    }
    other = apr_hash_get(plan->step_ids, step->id, APR_HASH_KEY_STRING);
    if (other != NULL) {
        wf_compile_problem(c, "duplicate", node, &below, "%s is called \"%.60s\" too",
                           other->where, step->id);
        return;
    }
    apr_hash_set(plan->step_ids, step->id, APR_HASH_KEY_STRING, step);
}

static void check_retry(const draft_t *draft, wf_step_t *step, const wf_where_t *path,
                        wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "retry" };

    wf_retry_init(&step->retry);
    if (draft->retry_node == NULL) {
        return;
    }
    wf_schema_bind(wf_retry_fields, draft->retry_node, &step->retry, &at, c);
    wf_retry_check(&step->retry, draft->retry_node, &at, c);
    if (step->on_error != WF_ON_ERROR_RETRY) {
        wf_compile_problem(c, "value", draft->retry_node, &at,
                           "only has a meaning with on_error: retry");
    }
}

static wf_step_t *hook_of(const wf_node_t *node, const char *key, const wf_where_t *path,
                          wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = key };

    return node ? wf_hook_compile(node, &at, c) : NULL;
}

static wf_step_t *compile_step(const wf_node_t *node, const wf_where_t *path,
                               wf_compile_t *c)
{
    const wf_steps_t *types = wf_plan_of(c)->types;
    wf_step_t *step = wf_step_add(node, path, c);
    const wf_node_t *type_node =
        node->type == WF_NODE_MAP ? wf_node_get(node, "type") : NULL;
    const char *type =
        type_node && type_node->type == WF_NODE_STRING ? type_node->text : "";
    draft_t draft = { .step = *step };
    int index = step->index;

    wf_schema_bind(fields_of(wf_step_type_find(wf_plan_of(c), type), c), node, &draft,
                   path, c);
    *step = draft.step;
    step->index = index;
    if (step->id != NULL) {
        check_id(step, path, c);
        step->name = *step->name ? step->name : step->id;
    }
    if (node->type != WF_NODE_MAP) {
        return step;
    }
    check_retry(&draft, step, path, c);
    step->pre_hook = hook_of(draft.pre_hook, "pre_hook", path, c);
    if (draft.type != NULL) {
        compile_type(step, draft.type, draft.config, 0, path, c);
    }
    if (types->process != NULL) {
        types->process(step, path, c);
    }
    step->post_hook = hook_of(draft.post_hook, "post_hook", path, c);
    return step;
}

static void check_weight(const wf_step_t *step, int weighing, const wf_where_t *path,
                         wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "weight" };
    const wf_node_t *node =
        step->node->type == WF_NODE_MAP ? wf_node_get(step->node, "weight") : NULL;

    if (node != NULL && !weighing) {
        wf_compile_problem(c, "value", node, &at,
                           "only has a meaning directly within a random step");
    }
}

void wf_block_compile(wf_block_t *block, const wf_node_t *list, int may_be_empty,
                      const wf_where_t *path, wf_compile_t *c)
{
    int weighing = wf_plan_of(c)->weighing;
    const wf_member_t *m;

    wf_plan_of(c)->weighing = 0;
    if (list->type != WF_NODE_LIST) {
        wf_compile_problem(c, "type", list, path, "must be a list, not %s",
                           wf_node_type_name(list->type));
        return;
    }
    if (list->count == 0 && !may_be_empty) {
        wf_compile_problem(c, "required", list, path, "needs at least one step");
        return;
    }
    if (list->count > WF_PLAN_MAX_STEPS
        || wf_plan_of(c)->nesting >= WF_PLAN_MAX_NESTING) {
        wf_compile_problem(c, "limit", list, path,
                           "more than %d steps or nested deeper than %d blocks",
                           WF_PLAN_MAX_STEPS, WF_PLAN_MAX_NESTING);
        return;
    }
    wf_plan_of(c)->nesting++;
    block->steps = apr_pcalloc(c->p, (list->count + 1) * sizeof(*block->steps));
    for (m = list->first; m != NULL; m = m->next) {
        wf_where_t item = { .up = path, .index = block->count };

        block->steps[block->count] = compile_step(m->value, &item, c);
        check_weight(block->steps[block->count++], weighing, &item, c);
    }
    wf_plan_of(c)->nesting--;
}

void wf_block_compile_fenced(wf_block_t *block, const wf_node_t *list, const char *fence,
                             const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    const wf_step_t *inner = plan->inner;
    const char *around = plan->fence;

    plan->inner = NULL;
    plan->fence = fence;
    wf_block_compile(block, list, 0, path, c);
    plan->inner = inner;
    plan->fence = around;
}

void wf_block_compile_loop(wf_block_t *block, const wf_node_t *list, wf_step_t *step,
                           const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);

    step->enclosing = plan->inner;
    plan->inner = step;
    wf_block_compile(block, list, 0, path, c);
    plan->inner = step->enclosing;
}

void wf_block_compile_choices(wf_block_t *block, const wf_node_t *list,
                              const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_of(c)->weighing = 1;
    wf_block_compile(block, list, 0, path, c);
}

const wf_step_t *wf_block_loop(const wf_compile_t *c, const char **fence)
{
    const wf_plan_t *plan = wf_plan_of(c);

    *fence = plan->fence;
    return plan->inner;
}

void wf_steps_link(wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);
    int i;

    for (i = 0; i < plan->nsteps; i++) {
        wf_step_t *step = plan->steps[i];

        if (step->id != NULL) {
            wf_measures_step(plan->metrics, step, c->p);
        }
    }
    for (i = 0; i < plan->nsteps; i++) {
        if (plan->steps[i]->type->link != NULL) {
            plan->steps[i]->type->link(plan->steps[i], c);
        }
    }
}
