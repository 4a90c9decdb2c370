/* Who runs an execution: what options say of slaves, and what its steps need of them. */
#include "load/internal.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

/* As in contracts between servers: none of them reads more of a text. */
#define MAX_TEXT 100
#define MAX_LIST 1000

typedef struct draft_t {
    int mode; /* -1: it follows from what is given */
    const wf_node_t *slave_ids, *labels, *capabilities;
    apr_int64_t min_slaves, max_slaves;
    int late_joiners;
} draft_t;

static const char *const modes[] = {
    [WF_SELECT_AUTO] = "auto",   [WF_SELECT_MANUAL] = "manual",
    [WF_SELECT_LABEL] = "label", [WF_SELECT_CAPABILITY] = "capability",
    [WF_SELECT_LOCAL] = "local", [WF_SELECT_MODES] = NULL,
};

const char *const wf_loss_policies[] = {
    [WF_LOSS_REDISTRIBUTE] = "redistribute",
    [WF_LOSS_CONTINUE] = "continue",
    [WF_LOSS_ABORT] = "abort",
    [WF_LOSS_POLICIES] = NULL,
};

const char *const wf_slave_types[] = { "worker", "gateway", "aggregator", NULL };

/* clang-format off */
static const wf_field_t fields[] = {
    WF_ONE_OF("mode", modes, draft_t, mode),
    WF_FIELD("slave_ids", LIST, draft_t, slave_ids),
    WF_FIELD("labels", MAP, draft_t, labels),
    WF_FIELD("capabilities", LIST, draft_t, capabilities),
    WF_FIELD("min_slaves", INTEGER, draft_t, min_slaves),
    WF_FIELD("max_slaves", INTEGER, draft_t, max_slaves),
    WF_FIELD("late_joiners", BOOLEAN, draft_t, late_joiners),
    WF_FIELDS_END
};
/* clang-format on */

/* ---- lists ------------------------------------------------------------------------- */

static const char *read_text(const wf_node_t *node, const wf_where_t *at, wf_compile_t *c)
{
    const char *text = wf_node_text(node, c->p);

    if (text == NULL || *text == '\0' || strlen(text) > MAX_TEXT) {
        wf_compile_problem(c, "type", node, at, "must be a text of 1 to %d bytes",
                           MAX_TEXT);
        return NULL;
    }
    return text;
}

static void refuse_size(const wf_node_t *node, const wf_where_t *at, wf_compile_t *c)
{
    if (node->count == 0 || node->count > MAX_LIST) {
        wf_compile_problem(c, "limit", node, at, "needs 1 to %d of them", MAX_LIST);
    }
}

static apr_array_header_t *read_names(const wf_node_t *list, const char *key,
                                      const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t up = { .up = path, .key = key };
    apr_array_header_t *names;
    const wf_member_t *m;
    int i = 0;

    if (list == NULL) {
        return NULL;
    }
    refuse_size(list, &up, c);
    names = apr_array_make(c->p, 4, sizeof(const char *));
    for (m = list->first; m != NULL; m = m->next) {
        wf_where_t at = { .up = &up, .index = i++ };

        APR_ARRAY_PUSH(names, const char *) = read_text(m->value, &at, c);
    }
    return names;
}

static apr_table_t *read_labels(const wf_node_t *map, const wf_where_t *path,
                                wf_compile_t *c)
{
    wf_where_t up = { .up = path, .key = "labels" };
    apr_table_t *labels;
    const wf_member_t *m;

    if (map == NULL) {
        return NULL;
    }
    refuse_size(map, &up, c);
    labels = apr_table_make(c->p, 4);
    for (m = map->first; m != NULL; m = m->next) {
        wf_where_t at = { .up = &up, .key = m->key };
        const char *text = read_text(m->value, &at, c);

        if (text != NULL) {
            apr_table_set(labels, m->key, text);
        }
    }
    return labels;
}

static int read_count(apr_int64_t count, const char *key, const wf_node_t *node,
                      const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = key };

    if (count > INT_MAX) {
        wf_compile_problem(c, "limit", wf_node_get(node, key), &at, "more than %d",
                           INT_MAX);
        return 0;
    }
    return (int)count;
}

/* ---- what goes together ------------------------------------------------------------ */

/* A selector that says by what it selects needs no mode. */
static int mode_of(const draft_t *draft)
{
    return draft->mode >= 0              ? draft->mode
           : draft->slave_ids != NULL    ? WF_SELECT_MANUAL
           : draft->labels != NULL       ? WF_SELECT_LABEL
           : draft->capabilities != NULL ? WF_SELECT_CAPABILITY
                                         : WF_SELECT_AUTO;
}

/* Which members a mode needs, and which mean nothing to it. */
enum { IDS = 1, LABELS = 2, CAPABILITIES = 4, COUNTS = 8, LATE = 16 };

static const struct {
    const char *name;
    int bit;
} members[] = {
    { "slave_ids", IDS },     { "labels", LABELS },     { "capabilities", CAPABILITIES },
    { "min_slaves", COUNTS }, { "max_slaves", COUNTS }, { "late_joiners", LATE },
};

static const struct {
    int needs, refuses;
} rules[WF_SELECT_MODES] = {
    /* clang-format off */
    [WF_SELECT_AUTO]       = { 0,            IDS },
    [WF_SELECT_MANUAL]     = { IDS,          LABELS | CAPABILITIES | COUNTS | LATE },
    [WF_SELECT_LABEL]      = { LABELS,       IDS },
    [WF_SELECT_CAPABILITY] = { CAPABILITIES, IDS },
    [WF_SELECT_LOCAL]      = { 0,            IDS | LABELS | CAPABILITIES | COUNTS | LATE },
    /* clang-format on */
};

static void check_members(int mode, const wf_node_t *node, const wf_where_t *path,
                          wf_compile_t *c)
{
    size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const wf_node_t *member = wf_node_get(node, members[i].name);
        wf_where_t at = { .up = path, .key = members[i].name };

        if (member == NULL && (rules[mode].needs & members[i].bit)) {
            wf_compile_problem(c, "required", node, &at, "is required by mode %s",
                               modes[mode]);
        }
        if (member != NULL && (rules[mode].refuses & members[i].bit)) {
            wf_compile_problem(c, "value", member, &at, "means nothing in mode %s",
                               modes[mode]);
        }
    }
}

static void check_counts(const wf_selector_t *selector, const wf_node_t *node,
                         const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "min_slaves" };

    if (selector->max_slaves > 0 && selector->min_slaves > selector->max_slaves) {
        wf_compile_problem(c, "range", wf_node_get(node, at.key), &at,
                           "is more than max_slaves");
    }
}

static void compile_target(wf_placement_t *placement, const wf_node_t *node,
                           const wf_where_t *path, wf_compile_t *c)
{
    wf_selector_t *selector = &placement->selector;
    draft_t draft = { .mode = -1 };

    wf_schema_bind(fields, node, &draft, path, c);
    selector->mode = (wf_select_mode_e)mode_of(&draft);
    selector->ids = read_names(draft.slave_ids, "slave_ids", path, c);
    selector->labels = read_labels(draft.labels, path, c);
    selector->capabilities = read_names(draft.capabilities, "capabilities", path, c);
    selector->min_slaves = read_count(draft.min_slaves, "min_slaves", node, path, c);
    selector->max_slaves = read_count(draft.max_slaves, "max_slaves", node, path, c);
    placement->late_joiners = draft.late_joiners;
    check_members(selector->mode, node, path, c);
    check_counts(selector, node, path, c);
}

void wf_placement_compile(const wf_placement_draft_t *draft, const wf_where_t *options,
                          wf_compile_t *c)
{
    wf_placement_t *placement = &wf_plan_of(c)->placement;
    wf_where_t path = { .up = options, .key = "target_slaves" };

    placement->loss = (wf_loss_e)draft->on_slave_loss;
    if (draft->slave_type >= 0) {
        placement->given = 1;
        placement->selector.type = wf_slave_types[draft->slave_type];
    }
    if (draft->target_slaves != NULL) {
        placement->given = 1;
        compile_target(placement, draft->target_slaves, &path, c);
    }
}

/* ---- what steps need --------------------------------------------------------------- */

static void add_capability(apr_array_header_t *list, const wf_step_type_t *type)
{
    int i;

    if (type->capability == NULL) {
        return;
    }
    for (i = 0; i < list->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(list, i, const char *), type->capability) == 0) {
            return;
        }
    }
    APR_ARRAY_PUSH(list, const char *) = type->capability;
}

const wf_placement_t *wf_plan_placement(const wf_plan_t *plan)
{
    return &plan->placement;
}

apr_array_header_t *wf_plan_capabilities(const wf_plan_t *plan, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(const char *));
    int i;

    for (i = 0; i < plan->nsteps; i++) {
        add_capability(list, plan->steps[i]->type);
    }
    return list;
}

apr_array_header_t *wf_steps_capabilities(const wf_steps_t *steps, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(const char *));
    int i;

    for (i = 0; steps->types[i] != NULL; i++) {
        add_capability(list, steps->types[i]);
    }
    return list;
}
