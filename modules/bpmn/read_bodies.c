/* What holds nodes, and the nodes and flows themselves: processes and sub-processes are
 * read alike, one within the other; document order is kept, because flows are tried in
 * it. What the schema allows but this engine does not execute is read and checked as far
 * as it is known, and refused: nothing that changes a process is passed over in silence.
 */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

/* ---- what is refused ------------------------------------------------------------- */

static void refuse(wf_parser_t *parser, const wf_xml_t *element, const char *within)
{
    wf_parse_problem(parser, element, "unsupported-element",
                     "<%s>%s%s%s is not supported by this server", element->name,
                     within ? " in <" : "", within ? within : "", within ? ">" : "");
}

/* Children that change how the element runs, beyond the definition that its behaviour is
 * made for and what may stand in a sub-process. */
static void refuse_children(wf_parser_t *parser, const wf_xml_t *element,
                            const wf_xml_t *known)
{
    const wf_xml_t *child;

    for (child = element->child; child; child = child->next) {
        if (child == known || child->ns != WF_NS_BPMN
            || !wf_bpmn_executes(parser, child->name)
            || wf_bpmn_is_flow_element(parser, child->name)
            || wf_behaviour_part(child->name)) {
            continue;
        }
        refuse(parser, child, element->name);
    }
}

static void refuse_flag(wf_parser_t *parser, const wf_xml_t *element, const char *name)
{
    if (wf_parse_flag(wf_xml_attr(element, WF_NS_NONE, name), 0)
        && !wf_behaviour_part(name)) {
        wf_parse_problem(parser, element, "unsupported-attribute",
                         "%s=\"true\" is not supported by this server", name);
    }
}

static void warn_of_quantities(wf_parser_t *parser, const wf_xml_t *element)
{
    static const char *const quantities[] = { "startQuantity", "completionQuantity" };
    int i;

    for (i = 0; i < 2; i++) {
        const char *value = wf_xml_attr(element, WF_NS_NONE, quantities[i]);

        if (value && strcmp(value, "1") != 0) {
            wf_parse_warning(parser, element, "ignored-attribute",
                             "%s=\"%s\" has no effect: tokens come one at a time",
                             quantities[i], value);
        }
    }
}

static void check_associations(wf_parser_t *parser, const wf_xml_t *element)
{
    const wf_xml_t *child;

    for (child = element->child; child; child = child->next) {
        if ((wf_xml_is(child, WF_NS_BPMN, "dataInputAssociation")
             || wf_xml_is(child, WF_NS_BPMN, "dataOutputAssociation"))
            && !wf_xml_child(child, WF_NS_BPMN, "targetRef")) {
            wf_parse_problem(parser, child, "data-association",
                             "a <%s> needs a <targetRef>", child->name);
        }
    }
}

/* An event with a definition, or with none, that no behaviour is made for. */
static void refuse_definition(wf_parser_t *parser, const wf_xml_t *element,
                              const wf_xml_t *definition)
{
    if (definition) {
        wf_parse_problem(parser, definition, "event-definition",
                         "<%s> in <%s> is not executed", definition->name, element->name);
    }
    else {
        wf_parse_problem(parser, element, "event-definition",
                         "a <%s> needs a definition of its event, such as "
                         "<timerEventDefinition>",
                         element->name);
    }
}

/* ---- nodes ----------------------------------------------------------------------- */

static wf_node_t *create_node(wf_parser_t *parser, const wf_xml_t *xml,
                              const wf_behaviour_t *behaviour)
{
    wf_node_t *node = apr_pcalloc(parser->p, sizeof(*node));

    node->behaviour = behaviour;
    node->id = wf_parse_attr(parser, xml, "id");
    node->name = wf_parse_attr(parser, xml, "name");
    node->default_ref = wf_parse_attr(parser, xml, "default");
    node->line = xml->line;
    node->column = xml->column;
    node->within = parser->body;
    node->outgoing = apr_array_make(parser->p, 2, sizeof(wf_flow_t *));
    node->incoming = apr_array_make(parser->p, 2, sizeof(wf_flow_t *));
    return node;
}

/* A sub-process is known before what stands in it: indexes follow the document. */
static void add_node(wf_parser_t *parser, wf_node_t *node)
{
    node->index = parser->model->nodes->nelts;
    APR_ARRAY_PUSH(parser->model->nodes, wf_node_t *) = node;
    APR_ARRAY_PUSH(parser->body->nodes, const wf_node_t *) = node;
    apr_hash_set(parser->model->nodes_by_id, node->id, APR_HASH_KEY_STRING, node);
    if (strcmp(node->behaviour->element, "inclusiveGateway") == 0) {
        parser->body->has_inclusive = 1;
    }
}

static void read_common(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_extensions_check(parser, xml);
    node->async = wf_parse_extension_flag(
        parser, xml, "async", wf_parse_extension_flag(parser, xml, "asyncBefore", 0));
    node->async_after = wf_parse_extension_flag(parser, xml, "asyncAfter", 0);
    node->exclusive = wf_parse_extension_flag(parser, xml, "exclusive", 1);
    node->listeners = wf_listeners_parse(parser, xml, "executionListener", NULL);
    node->retries = wf_retries_parse(parser, xml);
    wf_parameters_parse(parser, xml, node);
}

static void parse_node(wf_parser_t *parser, const wf_xml_t *xml,
                       const wf_behaviour_t *behaviour, const wf_xml_t *definition)
{
    wf_node_t *node = create_node(parser, xml, behaviour);

    if (!node->id) {
        wf_parse_problem(parser, xml, "missing-id", "<%s> has no id", xml->name);
        return;
    }
    if (!behaviour->enter) {
        refuse(parser, behaviour->event ? definition : xml,
               behaviour->event ? xml->name : NULL);
    }
    add_node(parser, node);
    read_common(parser, xml, node);
    if (wf_bpmn_is_activity(parser, xml->name)) {
        refuse_flag(parser, xml, "isForCompensation");
        warn_of_quantities(parser, xml);
        check_associations(parser, xml);
        wf_activity_parse(parser, xml, node);
    }
    if (behaviour->parse) {
        behaviour->parse(parser, xml, node);
    }
}

/* ---- flows ----------------------------------------------------------------------- */

static void warn_of_language(wf_parser_t *parser, const wf_xml_t *condition)
{
    const char *language = wf_xml_attr(condition, WF_NS_NONE, "language");

    if (language && *language && !strstr(language, "juel") && !strstr(language, "uel")
        && !strstr(language, "http")) {
        wf_parse_warning(parser, condition, "ignored-attribute",
                         "language=\"%s\" has no effect: a condition is an expression "
                         "such as ${amount > 100}",
                         language);
    }
}

/* Without a marker it is a text, never true or false: Activiti takes such files, too. */
static void warn_of_plain_text(wf_parser_t *parser, const wf_xml_t *condition,
                               const wf_template_t *text)
{
    if (text && wf_template_is_literal(text)) {
        wf_parse_warning(parser, condition, "plain-condition",
                         "the condition \"%s\" is no expression such as ${amount > 100}: "
                         "it fails when it is reached",
                         wf_template_source(text));
    }
}

static void parse_flow(wf_parser_t *parser, const wf_xml_t *xml)
{
    const wf_xml_t *condition = wf_xml_child(xml, WF_NS_BPMN, "conditionExpression");
    wf_flow_t *flow = apr_pcalloc(parser->p, sizeof(*flow));

    flow->id = wf_parse_attr(parser, xml, "id");
    flow->source_ref = wf_parse_attr(parser, xml, "sourceRef");
    flow->target_ref = wf_parse_attr(parser, xml, "targetRef");
    flow->line = xml->line;
    flow->column = xml->column;
    flow->skip = wf_parse_extension_template(parser, xml, "skipExpression");
    flow->listeners = wf_listeners_parse(parser, xml, "executionListener", "take");
    wf_extensions_check(parser, xml);
    if (condition) {
        warn_of_language(parser, condition);
        flow->condition = wf_parse_text(parser, condition);
        warn_of_plain_text(parser, condition, flow->condition);
    }
    APR_ARRAY_PUSH(parser->model->flows, wf_flow_t *) = flow;
}

/* ---- bodies ---------------------------------------------------------------------- */

/* The behaviour of an element; a start event with a definition that means nothing here
 * is a plain one. NULL if it is to be refused. */
static const wf_behaviour_t *find_behaviour(wf_parser_t *parser, const wf_xml_t *element,
                                            const wf_xml_t *definition,
                                            const wf_xml_t **at)
{
    const wf_behaviour_t *found =
        wf_behaviour_find(element->name, definition ? definition->name : NULL);
    const wf_behaviour_t *plain = wf_behaviour_find(element->name, NULL);

    if (found || !definition || !plain) {
        return found;
    }
    if (strcmp(element->name, "startEvent") == 0 && !parser->body->owner
        && wf_event_ignored(definition)) {
        wf_parse_warning(parser, definition, "ignored-element",
                         "<%s> in <startEvent> has no effect: the event counts as a "
                         "plain one",
                         definition->name);
        return plain;
    }
    refuse_definition(parser, element, definition);
    *at = definition;
    return plain;
}

static void parse_flow_element(wf_parser_t *parser, const wf_xml_t *element)
{
    const wf_xml_t *at = NULL;
    const wf_xml_t *definition = wf_bpmn_event_definition(parser, element, &at);
    const wf_behaviour_t *behaviour = find_behaviour(parser, element, definition, &at);

    if (behaviour) {
        refuse_children(parser, element, at);
        parse_node(parser, element, behaviour, definition);
    }
    else if (wf_behaviour_has_events(element->name)) {
        refuse_definition(parser, element, definition);
    }
    else if (strcmp(element->name, "sequenceFlow") == 0) {
        parse_flow(parser, element);
    }
    else if (strcmp(element->name, "dataObject") == 0) {
        wf_data_parse(parser, element);
    }
    else if (wf_bpmn_executes(parser, element->name)) {
        refuse(parser, element, NULL);
    }
}

static void parse_flow_elements(wf_parser_t *parser, const wf_xml_t *element)
{
    const wf_xml_t *child;

    for (child = element->child; child; child = child->next) {
        if (child->ns != WF_NS_BPMN) {
            continue;
        }
        if (wf_bpmn_is_flow_element(parser, child->name)) {
            parse_flow_element(parser, child);
        }
        else if (strcmp(child->name, "association") == 0) {
            APR_ARRAY_PUSH(parser->associations, const wf_xml_t *) = child;
        }
    }
}

void wf_body_parse(wf_parser_t *parser, const wf_xml_t *element, wf_body_t *body)
{
    wf_body_t *around = parser->body;

    body->nodes = apr_array_make(parser->p, 8, sizeof(wf_node_t *));
    body->starts = apr_array_make(parser->p, 1, sizeof(wf_node_t *));
    body->handlers = apr_array_make(parser->p, 1, sizeof(wf_node_t *));
    body->data = apr_array_make(parser->p, 1, sizeof(wf_data_t *));
    APR_ARRAY_PUSH(parser->bodies, wf_body_t *) = body;
    parser->body = body;
    parse_flow_elements(parser, element);
    parser->body = around;
}

/* Each event begins it anew: there is nothing to count. */
static void drop_loop(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    const wf_xml_t *loop =
        wf_xml_child(xml, WF_NS_BPMN, "multiInstanceLoopCharacteristics");

    if (loop && node->body->triggered) {
        wf_parse_warning(parser, loop, "ignored-element",
                         "<%s> has no effect on an event sub-process", loop->name);
        node->loop = NULL;
    }
}

void wf_sub_process_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    const char *triggered = wf_xml_attr(xml, WF_NS_NONE, "triggeredByEvent");

    node->body = apr_pcalloc(parser->p, sizeof(*node->body));
    node->body->owner = node;
    node->body->transaction = strcmp(xml->name, "transaction") == 0;
    if (strcmp(xml->name, "subProcess") == 0) {
        node->body->triggered = wf_parse_flag(triggered, 0);
        refuse_flag(parser, xml, "triggeredByEvent");
        drop_loop(parser, xml, node);
    }
    else if (wf_parse_flag(triggered, 0)) {
        wf_parse_warning(parser, xml, "ignored-attribute",
                         "triggeredByEvent=\"true\" has no effect on a <%s>", xml->name);
    }
    wf_body_parse(parser, xml, node->body);
}
