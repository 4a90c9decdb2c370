/* The rules that nodes must keep, as a table: which element a row is about (NULL: any),
 * and the function that looks at one of them. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

static const wf_flow_t *outgoing(const wf_node_t *node, int i)
{
    return APR_ARRAY_IDX(node->outgoing, i, const wf_flow_t *);
}

static int is(const wf_node_t *node, const char *element)
{
    return strcmp(node->behaviour->element, element) == 0;
}

static int has_event(const wf_node_t *node, wf_event_e kind)
{
    return node->event && node->event->kind == kind;
}

/* A flow that hangs in the air leaves the node all the same; that was reported. */
static int leaves_by_broken_flow(const wf_rule_t *rule, const wf_node_t *node)
{
    return apr_hash_get(rule->parser->ragged, node->id, APR_HASH_KEY_STRING) != NULL;
}

/* ---- all nodes ------------------------------------------------------------------- */

static void id_fits(const wf_rule_t *rule, const wf_node_t *node)
{
    wf_node_t nameless = *node;

    if (wf_text_longer(node->id, WF_BPMN_MAX_KEY)) {
        nameless.id = NULL;
        wf_rule_fail(rule, &nameless, "the id of the <%s> is longer than %d characters",
                     node->behaviour->element, WF_BPMN_MAX_KEY);
    }
}

static void default_is_outgoing(const wf_rule_t *rule, const wf_node_t *node)
{
    const wf_xml_t *flow;
    const char *source;

    if (!node->default_ref || node->default_flow) {
        return;
    }
    flow = apr_hash_get(rule->parser->ids, node->default_ref, APR_HASH_KEY_STRING);
    source = flow ? wf_xml_attr(flow, WF_NS_NONE, "sourceRef") : NULL;
    if (!source || strcmp(source, node->id) != 0) {
        wf_rule_fail(rule, node, "default \"%s\" is no outgoing flow of this <%s>",
                     node->default_ref, node->behaviour->element);
    }
}

/* Nothing but compensation brings a token there. */
static void handler_stands_alone(const wf_rule_t *rule, const wf_node_t *node)
{
    if (node->for_compensation && (node->incoming->nelts || node->outgoing->nelts)) {
        wf_rule_fail(rule, node,
                     "\"%s\" is a compensation handler: it should have no flows",
                     node->id);
    }
}

/* ---- gateways -------------------------------------------------------------------- */

static void some_flow_leaves(const wf_rule_t *rule, const wf_node_t *gateway)
{
    if (!gateway->outgoing->nelts && !leaves_by_broken_flow(rule, gateway)) {
        wf_rule_fail(rule, gateway, "the exclusive gateway has no outgoing flow");
    }
}

static void single_flow_is_open(const wf_rule_t *rule, const wf_node_t *gateway)
{
    if (gateway->outgoing->nelts == 1 && outgoing(gateway, 0)->condition
        && !leaves_by_broken_flow(rule, gateway)) {
        wf_rule_fail_flow(
            rule, outgoing(gateway, 0),
            "the only flow out of exclusive gateway \"%s\" must not have a condition",
            gateway->id);
    }
}

static void default_flow_is_open(const wf_rule_t *rule, const wf_node_t *gateway)
{
    if (gateway->default_flow && gateway->default_flow->condition) {
        wf_rule_fail_flow(
            rule, gateway->default_flow,
            "the default flow of exclusive gateway \"%s\" must not have a condition",
            gateway->id);
    }
}

static void other_flows_are_not(const wf_rule_t *rule, const wf_node_t *gateway)
{
    int i;

    for (i = 0; gateway->outgoing->nelts > 1 && i < gateway->outgoing->nelts; i++) {
        const wf_flow_t *flow = outgoing(gateway, i);

        if (!flow->condition && flow != gateway->default_flow) {
            wf_rule_fail_flow(rule, flow,
                              "a flow without condition beside others: exclusive gateway "
                              "\"%s\" never looks at flows behind it",
                              gateway->id);
        }
    }
}

static void complex_is_exclusive(const wf_rule_t *rule, const wf_node_t *gateway)
{
    wf_rule_fail(rule, gateway, "a complex gateway is executed as an exclusive one");
}

static void conditions_count(const wf_rule_t *rule, const wf_node_t *gateway)
{
    int i;

    for (i = 0; i < gateway->outgoing->nelts; i++) {
        if (outgoing(gateway, i)->condition) {
            wf_rule_fail_flow(rule, outgoing(gateway, i),
                              "a condition out of \"%s\" has no effect: a <%s> asks none",
                              gateway->id, gateway->behaviour->element);
        }
    }
}

static void targets_are_caught(const wf_rule_t *rule, const wf_node_t *gateway)
{
    int i;

    for (i = 0; i < gateway->outgoing->nelts; i++) {
        const wf_flow_t *flow = outgoing(gateway, i);

        if (!is(flow->target, "intermediateCatchEvent")) {
            wf_rule_fail_flow(rule, flow,
                              "event-based gateway \"%s\" leads to <%s> \"%s\"; only an "
                              "<intermediateCatchEvent> may follow it",
                              gateway->id, flow->target->behaviour->element,
                              flow->target->id);
        }
    }
}

static void targets_have_one_flow(const wf_rule_t *rule, const wf_node_t *gateway)
{
    int i;

    for (i = 0; i < gateway->outgoing->nelts; i++) {
        const wf_node_t *target = outgoing(gateway, i)->target;

        if (is(target, "intermediateCatchEvent") && target->incoming->nelts > 1) {
            wf_rule_fail(rule, target,
                         "the event behind gateway \"%s\" should have no other incoming "
                         "flow",
                         gateway->id);
        }
    }
}

/* ---- events ---------------------------------------------------------------------- */

static int is_transaction(const wf_node_t *node)
{
    return node && is(node, "transaction");
}

static void cancel_ends_transaction(const wf_rule_t *rule, const wf_node_t *event)
{
    if (has_event(event, WF_EVENT_CANCEL) && !is_transaction(event->within->owner)) {
        wf_rule_fail(rule, event, "a cancel end event may stand in a <transaction> only");
    }
}

static void cancel_is_on_transaction(const wf_rule_t *rule, const wf_node_t *event)
{
    if (has_event(event, WF_EVENT_CANCEL) && event->host
        && !is_transaction(event->host)) {
        wf_rule_fail(rule, event,
                     "a cancel event may stand on the border of a <transaction> only");
    }
}

/* 1 if the host had an event of that kind and name before. */
static int seen_on_host(const wf_rule_t *rule, const wf_node_t *event)
{
    const char *name = event->event->kind == WF_EVENT_MESSAGE ? event->event->name : "";
    const char *key = apr_psprintf(rule->parser->scratch, "%s %d %s", event->host->id,
                                   event->event->kind, name);
    int seen = apr_hash_get(rule->seen, key, APR_HASH_KEY_STRING) != NULL;

    apr_hash_set(rule->seen, key, APR_HASH_KEY_STRING, event);
    return seen;
}

static void one_on_border(const wf_rule_t *rule, const wf_node_t *event)
{
    int cancel = has_event(event, WF_EVENT_CANCEL);

    if (event->host && (cancel || has_event(event, WF_EVENT_COMPENSATE))
        && seen_on_host(rule, event)) {
        wf_rule_fail(rule, event, "a second %s event on the border of \"%s\"",
                     cancel ? "cancel" : "compensation", event->host->id);
    }
}

static void one_message_on_border(const wf_rule_t *rule, const wf_node_t *event)
{
    if (event->host && has_event(event, WF_EVENT_MESSAGE) && event->event->name
        && *event->event->name && seen_on_host(rule, event)) {
        wf_rule_fail(rule, event,
                     "a second event for the message \"%s\" on the border of \"%s\"",
                     event->event->name, event->host->id);
    }
}

static void host_is_in_scope(const wf_rule_t *rule, const wf_node_t *event)
{
    if (event->host && event->host->within != event->within) {
        wf_rule_fail(rule, event,
                     "\"%s\" is in a scope within that of its boundary event",
                     event->host->id);
    }
}

static void compensation_has_no_flow(const wf_rule_t *rule, const wf_node_t *event)
{
    if (has_event(event, WF_EVENT_COMPENSATE) && event->outgoing->nelts) {
        wf_rule_fail(rule, event,
                     "flows out of a compensation event are never taken: an association "
                     "leads to its handler");
    }
}

static void compensation_has_handler(const wf_rule_t *rule, const wf_node_t *event)
{
    if (has_event(event, WF_EVENT_COMPENSATE) && event->host && !event->host->handler) {
        wf_rule_fail(rule, event,
                     "no association leads from it to an activity with "
                     "isForCompensation=\"true\": it has no effect");
    }
}

static void end_ends(const wf_rule_t *rule, const wf_node_t *event)
{
    if (event->outgoing->nelts) {
        wf_rule_fail(rule, event, "flows out of an end event are never taken");
    }
}

/* ---- sub-processes and compensation ---------------------------------------------- */

static void event_sub_process_stands_alone(const wf_rule_t *rule, const wf_node_t *node)
{
    if (node->body->triggered && (node->incoming->nelts || node->outgoing->nelts)) {
        wf_rule_fail(rule, node,
                     "\"%s\" is started by its event: it should have no flows", node->id);
    }
}

static int is_within(const wf_body_t *body, const wf_body_t *outer)
{
    while (body != outer && body->owner) {
        body = body->owner->within;
    }
    return body == outer;
}

/* What an event sub-process may compensate lies around it. */
static void compensated_exists(const wf_rule_t *rule, const wf_node_t *event)
{
    const char *ref = event->event ? event->event->activity : NULL;
    const wf_body_t *scope = event->within;
    const wf_node_t *activity;

    if (!has_event(event, WF_EVENT_COMPENSATE) || !ref) {
        return;
    }
    if (scope->triggered) {
        scope = scope->owner->within;
    }
    activity = wf_model_node(rule->parser->model, ref);
    if (!activity || !is_within(activity->within, scope)
        || !wf_bpmn_is_activity(rule->parser, activity->behaviour->element)) {
        wf_rule_fail(rule, event, "activityRef \"%s\" is no activity of this scope", ref);
    }
}

/* ---- the table ------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *name;
    int warning;
    const char *element;
    void (*check)(const wf_rule_t *rule, const wf_node_t *node);
} rules[] = {
    /* rule                       warning  element                   check */
    { "text-too-long",            0,       NULL,                     id_fits },
    { "default-flow",             1,       NULL,                     default_is_outgoing },
    { "compensation-flow",        1,       NULL,                     handler_stands_alone },
    { "gateway-no-outgoing",      0,       "exclusiveGateway",       some_flow_leaves },
    { "gateway-single-condition", 0,       "exclusiveGateway",       single_flow_is_open },
    { "gateway-default-condition", 0,      "exclusiveGateway",       default_flow_is_open },
    { "gateway-missing-condition", 1,      "exclusiveGateway",       other_flows_are_not },
    { "gateway-no-outgoing",      0,       "complexGateway",         some_flow_leaves },
    { "complex-gateway",          1,       "complexGateway",         complex_is_exclusive },
    { "ignored-condition",        1,       "parallelGateway",        conditions_count },
    { "ignored-condition",        1,       "eventBasedGateway",      conditions_count },
    { "gateway-target",           0,       "eventBasedGateway",      targets_are_caught },
    { "gateway-target-flows",     1,       "eventBasedGateway",      targets_have_one_flow },
    { "cancel-end",               0,       "endEvent",               cancel_ends_transaction },
    { "end-flow",                 1,       "endEvent",               end_ends },
    { "cancel-boundary",          0,       "boundaryEvent",          cancel_is_on_transaction },
    { "boundary-twice",           0,       "boundaryEvent",          one_on_border },
    { "boundary-twice",           0,       "boundaryEvent",          one_message_on_border },
    { "boundary-scope",           1,       "boundaryEvent",          host_is_in_scope },
    { "compensation-flow",        1,       "boundaryEvent",          compensation_has_no_flow },
    { "compensation-handler",     1,       "boundaryEvent",          compensation_has_handler },
    { "event-sub-process",        1,       "subProcess",             event_sub_process_stands_alone },
    { "compensated-activity",     0,       "intermediateThrowEvent", compensated_exists },
    { "compensated-activity",     0,       "endEvent",               compensated_exists },
};
/* clang-format on */

void wf_nodes_validate(wf_parser_t *parser)
{
    const apr_array_header_t *nodes = parser->model->nodes;
    int i, k;

    for (i = 0; i < (int)(sizeof(rules) / sizeof(rules[0])); i++) {
        const wf_rule_t rule = { parser, rules[i].name, rules[i].warning,
                                 apr_hash_make(parser->scratch) };

        for (k = 0; k < nodes->nelts; k++) {
            const wf_node_t *node = APR_ARRAY_IDX(nodes, k, const wf_node_t *);

            if (!rules[i].element || is(node, rules[i].element)) {
                rules[i].check(&rule, node);
            }
        }
    }
}
