/* The rules that a process must keep beyond the schema, as tables: those of the process
 * as a whole, of each body (process or sub-process) and of each flow; those of nodes are
 * in validate_nodes.c. A rule looks at the linked model and reports every place that
 * breaks it; what is merely odd gives a warning. A new rule is a new row and a function.
 */
#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

/* ---- reporting ------------------------------------------------------------------- */

static void fail_at(const wf_rule_t *rule, const char *id, int line, int column,
                    const char *fmt, va_list args)
{
    char message[500];

    apr_vsnprintf(message, sizeof(message), fmt, args);
    wf_parse_cut(message, sizeof(message));
    (rule->warning ? wf_problem_warn : wf_problem_add)(rule->parser->problems, rule->name,
                                                       id, line, column, "%s", message);
}

void wf_rule_fail(const wf_rule_t *rule, const wf_node_t *node, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fail_at(rule, node->id, node->line, node->column, fmt, args);
    va_end(args);
}

void wf_rule_fail_flow(const wf_rule_t *rule, const wf_flow_t *flow, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fail_at(rule, flow->id, flow->line, flow->column, fmt, args);
    va_end(args);
}

static void WF_PRINTF(3, 4)
    fail_process(const wf_rule_t *rule, const char *id, const char *fmt, ...)
{
    const wf_model_t *model = rule->parser->model;
    va_list args;

    va_start(args, fmt);
    fail_at(rule, id, model->line, model->column, fmt, args);
    va_end(args);
}

/* ---- definition ------------------------------------------------------------------ */

int wf_text_longer(const char *text, int limit)
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

static void process_has_id(const wf_rule_t *rule)
{
    const char *key = rule->parser->model->key;

    if (!key || !*key) {
        fail_process(rule, key, "a process needs an id: it is the key of its definition");
    }
}

static void definition_texts_fit(const wf_rule_t *rule)
{
    const wf_model_t *model = rule->parser->model;
    const struct {
        const char *what, *text;
        int limit;
    } texts[] = {
        { "id", model->key, WF_BPMN_MAX_KEY },
        { "name", model->name, WF_BPMN_MAX_NAME },
        { "documentation", model->description, WF_BPMN_MAX_DESCRIPTION },
        { "target namespace", model->category, WF_BPMN_MAX_CATEGORY },
    };
    int i;

    for (i = 0; i < 4; i++) {
        if (wf_text_longer(texts[i].text, texts[i].limit)) {
            fail_process(rule, NULL, "the %s of the process is longer than %d characters",
                         texts[i].what, texts[i].limit);
        }
    }
}

static void hosts_exist(const wf_rule_t *rule)
{
    const apr_array_header_t *attachments = rule->parser->attachments;
    int i;

    for (i = 0; i < attachments->nelts; i++) {
        const wf_attached_t *a = &APR_ARRAY_IDX(attachments, i, wf_attached_t);

        if (!a->host || !*a->host) {
            wf_rule_fail(rule, a->node, "a <boundaryEvent> needs an attachedToRef");
        }
        else if (!a->node->host) {
            wf_rule_fail(rule, a->node,
                         "attachedToRef \"%s\" is no activity of the scope in which the "
                         "event stands",
                         a->host);
        }
    }
}

/* ---- start events ---------------------------------------------------------------- */

static int is_start(const wf_node_t *node)
{
    return strcmp(node->behaviour->element, "startEvent") == 0;
}

static const wf_node_t *node_of(const wf_body_t *body, int i)
{
    return APR_ARRAY_IDX(body->nodes, i, const wf_node_t *);
}

static const wf_node_t *start_of(const wf_body_t *body, int i)
{
    return APR_ARRAY_IDX(body->starts, i, const wf_node_t *);
}

static void one_none_start(const wf_rule_t *rule, const wf_body_t *body)
{
    int i;

    for (i = 0; !body->owner && i < body->nodes->nelts; i++) {
        const wf_node_t *node = node_of(body, i);

        if (is_start(node) && !node->event && node != body->start) {
            wf_rule_fail(rule, node,
                         "a second none start event; \"%s\" in line %d is the first",
                         body->start->id, body->start->line);
        }
    }
}

static void no_error_start(const wf_rule_t *rule, const wf_body_t *body)
{
    int i;

    for (i = 0; !body->owner && i < body->starts->nelts; i++) {
        if (start_of(body, i)->event->kind == WF_EVENT_ERROR) {
            wf_rule_fail(rule, start_of(body, i),
                         "only an event sub-process starts with an error; a process "
                         "starts with a timer, message or signal");
        }
    }
}

static void one_message_each(const wf_rule_t *rule, const wf_body_t *body)
{
    int i;

    for (i = 0; !body->owner && i < body->starts->nelts; i++) {
        const wf_node_t *node = start_of(body, i);
        const char *name = node->event->name;

        if (node->event->kind != WF_EVENT_MESSAGE || !name || !*name) {
            continue;
        }
        if (apr_hash_get(rule->seen, name, APR_HASH_KEY_STRING)) {
            wf_rule_fail(rule, node, "a second start event for the message \"%s\"", name);
        }
        apr_hash_set(rule->seen, name, APR_HASH_KEY_STRING, node);
    }
}

static void sub_process_starts_plainly(const wf_rule_t *rule, const wf_body_t *body)
{
    const wf_node_t *first = NULL;
    int i;

    for (i = 0; body->owner && !body->triggered && i < body->nodes->nelts; i++) {
        const wf_node_t *node = node_of(body, i);

        if (!is_start(node)) {
            continue;
        }
        if (node->event) {
            wf_rule_fail(rule, node,
                         "the start event of a sub-process has no definition, unless "
                         "the sub-process is triggeredByEvent");
        }
        else if (first) {
            wf_rule_fail(rule, node,
                         "a second start event of sub-process \"%s\"; \"%s\" in line %d "
                         "is the first",
                         body->owner->id, first->id, first->line);
        }
        first = first ? first : node;
    }
}

static void event_starts_event_sub_process(const wf_rule_t *rule, const wf_body_t *body)
{
    if (body->triggered && body->start) {
        wf_rule_fail(rule, body->start,
                     "a none start event in an event sub-process never fires");
    }
    else if (body->triggered && !body->starts->nelts) {
        wf_rule_fail(rule, body->owner,
                     "the event sub-process has no start event: it never begins");
    }
}

static void some_start(const wf_rule_t *rule, const wf_body_t *body)
{
    if (body->start || body->triggered) {
        return;
    }
    if (body->owner) {
        wf_rule_fail(rule, body->owner,
                     "sub-process \"%s\" has no start event: it fails when it is reached",
                     body->owner->id);
    }
    else if (!body->starts->nelts) {
        fail_process(rule, rule->parser->model->key,
                     "the process has no start event: no instance can be started");
    }
}

/* ---- flows ----------------------------------------------------------------------- */

/* The process, sub-processes included, in which element stands. */
static const wf_xml_t *process_of(const wf_xml_t *element)
{
    while (element && !wf_xml_is(element, WF_NS_BPMN, "process")) {
        element = element->parent;
    }
    return element;
}

static int connects(wf_parser_t *parser, const wf_xml_t *element)
{
    return element->ns == WF_NS_BPMN && wf_bpmn_executes(parser, element->name)
           && strcmp(element->name, "dataObject") != 0;
}

/* Why a reference of a flow is no node of this process. Ids that are nowhere in the file,
 * and elements that are not supported, were reported before. */
static void explain_end(const wf_rule_t *rule, const wf_flow_t *flow,
                        const char *attribute, const char *ref)
{
    const wf_xml_t *element;

    if (!ref) {
        wf_rule_fail_flow(rule, flow, "a sequence flow needs a %s", attribute);
        return;
    }
    element = apr_hash_get(rule->parser->ids, ref, APR_HASH_KEY_STRING);
    if (!element) {
        return;
    }
    if (!connects(rule->parser, element)) {
        wf_rule_fail_flow(rule, flow,
                          "%s \"%s\" is a <%s>; flows connect activities, gateways and "
                          "events",
                          attribute, ref, element->name);
    }
    else if (process_of(element) != rule->parser->process) {
        wf_rule_fail_flow(rule, flow, "%s \"%s\" is in another process", attribute, ref);
    }
}

static void flow_connects_nodes(const wf_rule_t *rule, const wf_flow_t *flow)
{
    if (!flow->source) {
        explain_end(rule, flow, "sourceRef", flow->source_ref);
    }
    if (!flow->target) {
        explain_end(rule, flow, "targetRef", flow->target_ref);
    }
    if (flow->source && flow->target && flow->source->within != flow->target->within) {
        wf_rule_fail_flow(
            rule, flow,
            "sourceRef \"%s\" and targetRef \"%s\" are in different scopes; "
            "a flow may not cross the border of a sub-process",
            flow->source_ref, flow->target_ref);
    }
}

/* ---- the tables ------------------------------------------------------------------ */

/* clang-format off */
static const struct {
    const char *name;
    int warning;
    void (*check)(const wf_rule_t *rule);
} process_rules[] = {
    /* rule                    warning  check */
    { "process-id",            0,       process_has_id },
    { "text-too-long",         0,       definition_texts_fit },
    { "boundary-host",         0,       hosts_exist },
};

static const struct {
    const char *name;
    int warning;
    void (*check)(const wf_rule_t *rule, const wf_body_t *body);
} body_rules[] = {
    { "several-start-events",  0,       one_none_start },
    { "start-definition",      0,       no_error_start },
    { "message-start",         0,       one_message_each },
    { "sub-process-start",     0,       sub_process_starts_plainly },
    { "event-sub-process",     1,       event_starts_event_sub_process },
    { "no-start-event",        1,       some_start },
};

static const struct {
    const char *name;
    int warning;
    void (*check)(const wf_rule_t *rule, const wf_flow_t *flow);
} flow_rules[] = {
    { "flow-ends",             0,       flow_connects_nodes },
};
/* clang-format on */

#define EACH(i, table) (i = 0; i < (int)(sizeof(table) / sizeof((table)[0])); i++)

static wf_rule_t begin(wf_parser_t *parser, const char *name, int warning)
{
    return (wf_rule_t){ parser, name, warning, apr_hash_make(parser->scratch) };
}

static void check_process(wf_parser_t *parser)
{
    int i;

    for
        EACH(i, process_rules)
        {
            const wf_rule_t rule =
                begin(parser, process_rules[i].name, process_rules[i].warning);

            process_rules[i].check(&rule);
        }
}

static void check_bodies(wf_parser_t *parser)
{
    int i, k;

    for
        EACH(i, body_rules)
        {
            const wf_rule_t rule =
                begin(parser, body_rules[i].name, body_rules[i].warning);

            for (k = 0; k < parser->bodies->nelts; k++) {
                body_rules[i].check(&rule,
                                    APR_ARRAY_IDX(parser->bodies, k, const wf_body_t *));
            }
        }
}

static void check_flows(wf_parser_t *parser)
{
    const apr_array_header_t *flows = parser->model->flows;
    int i, k;

    for
        EACH(i, flow_rules)
        {
            const wf_rule_t rule =
                begin(parser, flow_rules[i].name, flow_rules[i].warning);

            for (k = 0; k < flows->nelts; k++) {
                flow_rules[i].check(&rule, APR_ARRAY_IDX(flows, k, const wf_flow_t *));
            }
        }
}

void wf_model_validate(wf_parser_t *parser)
{
    check_process(parser);
    check_bodies(parser);
    check_flows(parser);
    wf_nodes_validate(parser);
}
