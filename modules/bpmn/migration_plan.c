/* Which node of one model becomes which of another. A node is a match if it behaves the
 * same, stands in the scope that the other's scope becomes, and is repeated the same way:
 * then every row that belongs to an execution there means the same afterwards. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/migration.h"

apr_status_t wf_migrating_init(wf_migrating_t *m, const wf_bpmn_call_t *call,
                               const wf_migration_t *plan, wf_problems_t *problems,
                               wf_error_t *err)
{
    apr_status_t rv;
    int i;

    *m = (wf_migrating_t){
        .call = call, .plan = plan, .problems = problems, .p = wf_uow_pool(call->uow)
    };
    m->rules = apr_hash_make(m->p);
    for (i = 0; plan->rules && i < plan->rules->nelts; i++) {
        const wf_migration_rule_t *rule =
            &APR_ARRAY_IDX(plan->rules, i, wf_migration_rule_t);

        apr_hash_set(m->rules, rule->source, APR_HASH_KEY_STRING, rule);
    }
    rv = wf_models_get(call->models, plan->source, call->loader_baton, &m->source, m->p,
                       err);
    return rv == APR_SUCCESS ? wf_models_get(call->models, plan->target,
                                             call->loader_baton, &m->target, m->p, err)
                             : rv;
}

/* ---- what matches ---------------------------------------------------------------------- */

static const wf_migration_rule_t *rule_of(const wf_migrating_t *m, const wf_node_t *node)
{
    return apr_hash_get(m->rules, node->id, APR_HASH_KEY_STRING);
}

/* The node that a rule names or, without one, the node of the same id; NULL: none. */
static const wf_node_t *named(const wf_migrating_t *m, const wf_node_t *node)
{
    const wf_migration_rule_t *rule = rule_of(m, node);

    return wf_model_node(m->target, rule ? rule->target : node->id);
}

/* 1 if to is what from becomes; both NULL: the process. */
static int becomes(const wf_migrating_t *m, const wf_node_t *from, const wf_node_t *to)
{
    return from ? to && wf_migration_image(m, from) == to : !to;
}

static int same_loop(const wf_node_t *from, const wf_node_t *to)
{
    return !from->loop == !to->loop
           && (!from->loop || from->loop->sequential == to->loop->sequential);
}

/* Why from cannot become to; NULL if it can. */
static const char *misfit(const wf_migrating_t *m, const wf_node_t *from,
                          const wf_node_t *to)
{
    const char *pair = apr_psprintf(m->p, "\"%s\" and \"%s\"", from->id, to->id);

    if (from->behaviour != to->behaviour) {
        return apr_psprintf(m->p, "\"%s\" is of type %s, \"%s\" of type %s", from->id,
                            from->behaviour->activity_type, to->id,
                            to->behaviour->activity_type);
    }
    if (!same_loop(from, to)) {
        return apr_pstrcat(m->p, pair, " are not repeated in the same way", NULL);
    }
    if (!becomes(m, from->within->owner, to->within->owner)) {
        return apr_pstrcat(m->p, pair, " do not stand in the same scope", NULL);
    }
    if (!becomes(m, from->host, to->host)) {
        return apr_pstrcat(m->p, pair, " do not stand on the same activity", NULL);
    }
    if ((from->body && from->body->triggered != to->body->triggered)
        || from->for_compensation != to->for_compensation) {
        return apr_pstrcat(m->p, pair, " are not begun in the same way", NULL);
    }
    return NULL;
}

const wf_node_t *wf_migration_image(const wf_migrating_t *m, const wf_node_t *node)
{
    const wf_node_t *to = named(m, node);

    return to && !misfit(m, node, to) ? to : NULL;
}

static void add_problem(const wf_migrating_t *m, const char *rule, const char *activity,
                        const char *text)
{
    int i;

    for (i = 0; i < m->problems->items->nelts; i++) {
        const wf_problem_t *known = &APR_ARRAY_IDX(m->problems->items, i, wf_problem_t);

        if (known->path && strcmp(known->path, activity) == 0) {
            return;
        }
    }
    wf_problem_add(m->problems, rule, activity, 0, 0, "%s", text);
}

const wf_node_t *wf_migration_require(const wf_migrating_t *m, const wf_node_t *node)
{
    const wf_migration_rule_t *rule = rule_of(m, node);
    const wf_node_t *to = named(m, node);
    const char *why = to ? misfit(m, node, to) : NULL;

    if (!to) {
        add_problem(m, "no-counterpart", node->id,
                    apr_psprintf(m->p, "process definition %s has no activity \"%s\"",
                                 m->plan->target->id, rule ? rule->target : node->id));
    }
    if (why) {
        add_problem(m, "no-match", node->id, why);
    }
    return why ? NULL : to;
}

int wf_migration_renews(const wf_migrating_t *m, const wf_node_t *event)
{
    const wf_migration_rule_t *rule = rule_of(m, event);

    return rule && rule->renew;
}

/* ---- plans ------------------------------------------------------------------------------ */

/* 1 if something of a running instance can be at node, or wait for it. */
static int holds_something(const wf_node_t *node)
{
    const wf_behaviour_t *b = node->behaviour;

    return b->wait != WF_WAIT_NONE || b->fire || b->enter == wf_parallel_enter
           || node->reach || node->body || node->async || node->async_after
           || node->for_compensation;
}

apr_status_t wf_bpmn_migration_generate(const wf_bpmn_call_t *call,
                                        const wf_definition_t *source,
                                        const wf_definition_t *target, int renew,
                                        apr_array_header_t **rules, wf_error_t *err)
{
    const wf_migration_t plan = { .source = source, .target = target };
    wf_migrating_t m;
    apr_status_t rv = wf_migrating_init(&m, call, &plan, NULL, err);
    int i;

    *rules = apr_array_make(wf_uow_pool(call->uow), 8, sizeof(wf_migration_rule_t));
    for (i = 0; rv == APR_SUCCESS && i < m.source->nodes->nelts; i++) {
        const wf_node_t *node = APR_ARRAY_IDX(m.source->nodes, i, const wf_node_t *);

        if (holds_something(node) && wf_migration_image(&m, node)) {
            APR_ARRAY_PUSH(*rules, wf_migration_rule_t) =
                (wf_migration_rule_t){ node->id, node->id,
                                       renew && node->behaviour->arm };
        }
    }
    return rv;
}

static void check_rule(const wf_migrating_t *m, const wf_migration_rule_t *rule)
{
    const wf_node_t *node = wf_model_node(m->source, rule->source);

    if (!node) {
        add_problem(m, "unknown-source", rule->source,
                    apr_psprintf(m->p, "process definition %s has no activity \"%s\"",
                                 m->plan->source->id, rule->source));
    }
    else if (rule_of(m, node) != rule) {
        add_problem(m, "given-twice", rule->source,
                    apr_psprintf(m->p, "\"%s\" has several instructions", rule->source));
    }
    else if (wf_migration_require(m, node) && rule->renew && !node->behaviour->arm) {
        add_problem(
            m, "no-event", rule->source,
            apr_psprintf(m->p, "\"%s\" is no event with a trigger", rule->source));
    }
}

apr_status_t wf_bpmn_migration_check(const wf_bpmn_call_t *call,
                                     const wf_migration_t *plan, wf_problems_t *problems,
                                     wf_error_t *err)
{
    wf_migrating_t m;
    apr_status_t rv = wf_migrating_init(&m, call, plan, problems, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && plan->rules && i < plan->rules->nelts; i++) {
        check_rule(&m, &APR_ARRAY_IDX(plan->rules, i, wf_migration_rule_t));
    }
    return rv;
}
