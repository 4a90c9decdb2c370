/* The rules that a process must keep beyond the schema, as a table. A rule looks at the
 * finished model of one process and reports every place that breaks it; what is merely
 * odd gives a warning. A new rule is a new row and a function. */
#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

typedef struct check_t {
    wf_parser_t *parser;
    const wf_xml_t *process;
    const wf_model_t *model;
    const char *rule;
    int warning;
} check_t;

/* Report the rule at work; for problems that belong to no element of the tree. */
static void WF_PRINTF(5, 6)
    fail_at(check_t *c, const char *id, int line, int column, const char *fmt, ...)
{
    char message[500];
    va_list args;

    va_start(args, fmt);
    apr_vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    wf_parse_cut(message, sizeof(message));
    (c->warning ? wf_problem_warn : wf_problem_add)(c->parser->problems, c->rule, id,
                                                    line, column, "%s", message);
}

#define FAIL_NODE(c, node, ...)                                                          \
    fail_at(c, (node)->id, (node)->line, (node)->column, __VA_ARGS__)
#define FAIL_FLOW(c, flow, ...)                                                          \
    fail_at(c, (flow)->id, (flow)->line, (flow)->column, __VA_ARGS__)
#define FAIL_PROCESS(c, ...)                                                             \
    fail_at(c, (c)->model->key, (c)->model->line, (c)->model->column, __VA_ARGS__)

static wf_node_t *node_at(check_t *c, int i)
{
    return APR_ARRAY_IDX(c->model->nodes, i, wf_node_t *);
}

static const wf_flow_t *outgoing(const wf_node_t *node, int i)
{
    return APR_ARRAY_IDX(node->outgoing, i, const wf_flow_t *);
}

static int is(const wf_node_t *node, const char *element)
{
    return strcmp(node->behaviour->element, element) == 0;
}

/* ---- definition -------------------------------------------------------------------- */

static int longer_than(const char *text, int limit)
{
    int count = 0;

    for (; text && *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80; /* UTF-8: not a continuation */
        if (count > limit) {
            return 1;
        }
    }
    return 0;
}

static void process_has_id(check_t *c)
{
    if (!c->model->key || !*c->model->key) {
        FAIL_PROCESS(c, "a process needs an id: it is the key of its definition");
    }
}

static void definition_texts_fit(check_t *c)
{
    const struct {
        const char *what, *text;
        int limit;
    } texts[] = {
        {"id", c->model->key, WF_BPMN_MAX_KEY},
        {"name", c->model->name, WF_BPMN_MAX_NAME},
        {"documentation", c->model->description, WF_BPMN_MAX_DESCRIPTION},
        {"target namespace", c->model->category, WF_BPMN_MAX_CATEGORY},
    };
    int i;

    for (i = 0; i < 4; i++) {
        if (longer_than(texts[i].text, texts[i].limit)) {
            fail_at(c, NULL, c->model->line, c->model->column,
                    "the %s of the process is longer than %d characters", texts[i].what,
                    texts[i].limit);
        }
    }
}

static void node_ids_fit(check_t *c)
{
    int i;

    for (i = 0; i < c->model->nodes->nelts; i++) {
        if (longer_than(node_at(c, i)->id, WF_BPMN_MAX_KEY)) {
            fail_at(c, NULL, node_at(c, i)->line, node_at(c, i)->column,
                    "the id of the <%s> is longer than %d characters",
                    node_at(c, i)->behaviour->element, WF_BPMN_MAX_KEY);
        }
    }
}

/* ---- start ------------------------------------------------------------------------- */

/* Also finds the start event, which is what start by id enters through. */
static void one_none_start(check_t *c)
{
    wf_model_t *model = c->parser->model;
    int i;

    for (i = 0; i < model->nodes->nelts; i++) {
        const wf_node_t *node = node_at(c, i);

        if (!is(node, "startEvent")) {
            continue;
        }
        if (model->start) {
            FAIL_NODE(c, node,
                      "a second none start event; \"%s\" in line %d is the first",
                      model->start->id, model->start->line);
            continue;
        }
        model->start = node;
    }
}

static void some_start(check_t *c)
{
    if (!c->model->start) {
        FAIL_PROCESS(c, "the process has no start event: no instance can be started");
    }
}

/* ---- flows ------------------------------------------------------------------------- */

/* Why a reference of a flow is no node of this process. Ids that are nowhere in the file,
 * and elements that are not supported, were reported before. */
static void explain_end(check_t *c, const wf_flow_t *flow, const char *attribute,
                        const char *ref)
{
    const wf_xml_t *element;

    if (!ref) {
        FAIL_FLOW(c, flow, "a sequence flow needs a %s", attribute);
        return;
    }
    element = apr_hash_get(c->parser->ids, ref, APR_HASH_KEY_STRING);
    if (!element) {
        return;
    }
    if (element->ns != WF_NS_BPMN || !wf_bpmn_executes(element->name)) {
        FAIL_FLOW(c, flow,
                  "%s \"%s\" is a <%s>; flows connect activities, gateways and "
                  "events",
                  attribute, ref, element->name);
    }
    else if (element->parent != c->process) {
        FAIL_FLOW(c, flow, "%s \"%s\" is in another scope; a flow may not leave its own",
                  attribute, ref);
    }
}

static void flows_connect_nodes(check_t *c)
{
    int i;

    for (i = 0; i < c->model->flows->nelts; i++) {
        const wf_flow_t *flow = APR_ARRAY_IDX(c->model->flows, i, wf_flow_t *);

        if (!flow->source) {
            explain_end(c, flow, "sourceRef", flow->source_ref);
        }
        if (!flow->target) {
            explain_end(c, flow, "targetRef", flow->target_ref);
        }
    }
}

/* A flow whose far end is broken leaves the node all the same; that was reported. */
static int leaves_by(check_t *c, const wf_node_t *node, const char *flow_id)
{
    int i;

    for (i = 0; i < c->model->flows->nelts; i++) {
        const wf_flow_t *flow = APR_ARRAY_IDX(c->model->flows, i, wf_flow_t *);

        if (flow->source == node && flow->id && strcmp(flow->id, flow_id) == 0) {
            return 1;
        }
    }
    return 0;
}

static void default_is_outgoing(check_t *c)
{
    int i;

    for (i = 0; i < c->model->nodes->nelts; i++) {
        const wf_node_t *node = node_at(c, i);

        if (node->default_ref && !node->default_flow
            && !leaves_by(c, node, node->default_ref)) {
            FAIL_NODE(c, node, "default \"%s\" is no outgoing flow of this <%s>",
                      node->default_ref, node->behaviour->element);
        }
    }
}

/* ---- exclusive gateways ------------------------------------------------------------ */

typedef void gateway_fn(check_t *c, const wf_node_t *gateway);

static void each_exclusive(check_t *c, gateway_fn *look)
{
    int i;

    for (i = 0; i < c->model->nodes->nelts; i++) {
        if (is(node_at(c, i), "exclusiveGateway")) {
            look(c, node_at(c, i));
        }
    }
}

/* A flow that hangs in the air is reported as such, so it counts here. */
static int leaves_by_broken_flow(check_t *c, const wf_node_t *gateway)
{
    int i;

    for (i = 0; i < c->model->flows->nelts; i++) {
        const wf_flow_t *flow = APR_ARRAY_IDX(c->model->flows, i, wf_flow_t *);

        if (flow->source == gateway && !flow->target) {
            return 1;
        }
    }
    return 0;
}

static void look_outgoing(check_t *c, const wf_node_t *gateway)
{
    if (!gateway->outgoing->nelts && !leaves_by_broken_flow(c, gateway)) {
        FAIL_NODE(c, gateway, "the exclusive gateway has no outgoing flow");
    }
}

static void look_single_condition(check_t *c, const wf_node_t *gateway)
{
    if (gateway->outgoing->nelts == 1 && outgoing(gateway, 0)->condition
        && !leaves_by_broken_flow(c, gateway)) {
        FAIL_FLOW(
            c, outgoing(gateway, 0),
            "the only flow out of exclusive gateway \"%s\" must not have a condition",
            gateway->id);
    }
}

static void look_default_condition(check_t *c, const wf_node_t *gateway)
{
    if (gateway->default_flow && gateway->default_flow->condition) {
        FAIL_FLOW(
            c, gateway->default_flow,
            "the default flow of exclusive gateway \"%s\" must not have a condition",
            gateway->id);
    }
}

static void look_missing_condition(check_t *c, const wf_node_t *gateway)
{
    int i;

    for (i = 0; gateway->outgoing->nelts > 1 && i < gateway->outgoing->nelts; i++) {
        const wf_flow_t *flow = outgoing(gateway, i);

        if (!flow->condition && flow != gateway->default_flow) {
            FAIL_FLOW(c, flow,
                      "a flow without condition beside others: exclusive gateway \"%s\" "
                      "never looks at flows behind it",
                      gateway->id);
        }
    }
}

static void exclusive_has_outgoing(check_t *c)
{
    each_exclusive(c, look_outgoing);
}

static void exclusive_single_flow(check_t *c)
{
    each_exclusive(c, look_single_condition);
}

static void exclusive_default_flow(check_t *c)
{
    each_exclusive(c, look_default_condition);
}

static void exclusive_conditions(check_t *c)
{
    each_exclusive(c, look_missing_condition);
}

/* ---- the table --------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *name;
    int warning;
    void (*check)(check_t *c);
} rules[] = {
    /* rule                         warning  check */
    { "process-id",                 0,       process_has_id },
    { "text-too-long",              0,       definition_texts_fit },
    { "text-too-long",              0,       node_ids_fit },
    { "several-start-events",       0,       one_none_start },
    { "no-start-event",             1,       some_start },
    { "flow-ends",                  0,       flows_connect_nodes },
    { "default-flow",               1,       default_is_outgoing },
    { "gateway-no-outgoing",        0,       exclusive_has_outgoing },
    { "gateway-single-condition",   0,       exclusive_single_flow },
    { "gateway-default-condition",  0,       exclusive_default_flow },
    { "gateway-missing-condition",  1,       exclusive_conditions },
};
/* clang-format on */

void wf_model_validate(wf_parser_t *parser, const wf_xml_t *process)
{
    check_t c = {.parser = parser, .process = process, .model = parser->model};
    apr_size_t i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        c.rule = rules[i].name;
        c.warning = rules[i].warning;
        rules[i].check(&c);
    }
}
