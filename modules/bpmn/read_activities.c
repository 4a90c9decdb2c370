/* What activities have in common, and call activities. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"
#include "bpmn/timers.h"

/* ---- loops ----------------------------------------------------------------------- */

static const wf_template_t *child_template(wf_parser_t *parser, const wf_xml_t *element,
                                           const char *name)
{
    const wf_xml_t *child = wf_xml_child(element, WF_NS_BPMN, name);

    return child ? wf_parse_text(parser, child) : NULL;
}

static const wf_template_t *parse_collection(wf_parser_t *parser, const wf_xml_t *xml)
{
    const wf_template_t *collection =
        wf_parse_extension_template(parser, xml, "collection");

    return collection ? collection : child_template(parser, xml, "loopDataInputRef");
}

static const char *parse_element_variable(wf_parser_t *parser, const wf_xml_t *xml)
{
    const char *name = wf_parse_extension(parser, xml, "elementVariable");
    const wf_xml_t *item = wf_xml_child(xml, WF_NS_BPMN, "inputDataItem");

    return name || !item ? name : wf_parse_attr(parser, item, "name");
}

static const wf_loop_t *parse_loop(wf_parser_t *parser, const wf_xml_t *xml)
{
    wf_loop_t *loop = apr_pcalloc(parser->p, sizeof(*loop));
    int problems = parser->problems->errors;

    wf_extensions_check(parser, xml);
    loop->line = xml->line;
    loop->column = xml->column;
    loop->sequential = wf_parse_flag(wf_xml_attr(xml, WF_NS_NONE, "isSequential"), 0);
    loop->cardinality = child_template(parser, xml, "loopCardinality");
    loop->collection = parse_collection(parser, xml);
    loop->completion = child_template(parser, xml, "completionCondition");
    loop->element_variable = parse_element_variable(parser, xml);
    loop->index_variable = wf_parse_extension(parser, xml, "elementIndexVariable");
    if (!loop->index_variable) {
        loop->index_variable = "loopCounter";
    }
    if (!loop->cardinality && !loop->collection && problems == parser->problems->errors) {
        wf_parse_problem(parser, xml, "loop-count",
                         "a multi-instance activity needs a <loopCardinality> or a "
                         "collection");
    }
    return loop;
}

/* ---- retries --------------------------------------------------------------------- */

const wf_retries_t *wf_retries_parse(wf_parser_t *parser, const wf_xml_t *xml)
{
    const wf_xml_t *child = wf_xml_extension(xml, "failedJobRetryTimeCycle");
    const wf_template_t *text = child ? wf_parse_text(parser, child) : NULL;
    wf_retries_t *retries;
    apr_int64_t pause;
    int count;

    if (!text) {
        return NULL;
    }
    if (wf_template_is_literal(text)
        && !wf_retry_parse(wf_template_source(text), 0, 0, &count, &pause)) {
        wf_parse_warning(parser, child, "retry-cycle",
                         "<failedJobRetryTimeCycle> \"%s\" has no effect: it is not like "
                         "R5/PT5M or PT1M,PT5M",
                         wf_template_source(text));
    }
    retries = apr_pcalloc(parser->p, sizeof(*retries));
    retries->text = text;
    return retries;
}

/* ---- activities ------------------------------------------------------------------ */

void wf_activity_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    const wf_xml_t *loop =
        wf_xml_child(xml, WF_NS_BPMN, "multiInstanceLoopCharacteristics");

    node->for_compensation =
        wf_parse_flag(wf_xml_attr(xml, WF_NS_NONE, "isForCompensation"), 0);
    node->skip = wf_parse_extension_template(parser, xml, "skipExpression");
    if (loop) {
        node->loop = parse_loop(parser, loop);
        /* Camunda's place for the jobs of the instances, which are all there are here */
        node->async |= wf_parse_extension_flag(parser, loop, "asyncBefore", 0);
        node->exclusive &= wf_parse_extension_flag(parser, loop, "exclusive", 1);
        if (!node->retries) {
            node->retries = wf_retries_parse(parser, loop);
        }
    }
}

void wf_receive_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    (void)node;
    if (wf_parse_flag(wf_xml_attr(xml, WF_NS_NONE, "instantiate"), 0)) {
        wf_parse_warning(parser, xml, "ignored-attribute",
                         "instantiate=\"true\" has no effect: only start events begin an "
                         "instance");
    }
}

/* ---- call activities ------------------------------------------------------------- */

wf_binding_e wf_parse_binding(wf_parser_t *parser, const wf_xml_t *xml,
                              const char *attribute)
{
    static const char *const names[] = { [WF_BINDING_LATEST] = "latest",
                                         [WF_BINDING_DEPLOYMENT] = "deployment",
                                         [WF_BINDING_VERSION] = "version" };
    const char *text = wf_parse_extension(parser, xml, attribute);
    int i;

    for (i = 0; text && i < 3; i++) {
        if (strcmp(names[i], text) == 0) {
            return i;
        }
    }
    if (text) {
        wf_parse_problem(parser, xml, "binding",
                         "attribute %s is \"%s\", not latest, deployment or version",
                         attribute, text);
    }
    return WF_BINDING_LATEST;
}

static int is_true(wf_parser_t *parser, const wf_xml_t *xml, const char *name)
{
    const char *value = wf_parse_own(parser, xml, name);

    return value && strcmp(value, "true") == 0;
}

static int is_all(wf_parser_t *parser, const wf_xml_t *xml)
{
    const char *value = wf_parse_own(parser, xml, "variables");

    return value && strcmp(value, "all") == 0;
}

static void parse_mapping(wf_parser_t *parser, const wf_xml_t *xml,
                          apr_array_header_t *list)
{
    wf_mapping_t mapping = { .source = wf_parse_own(parser, xml, "source"),
                             .target = wf_parse_own(parser, xml, "target") };
    const char *expression = wf_parse_own(parser, xml, "sourceExpression");

    mapping.expression = wf_parse_template(parser, xml, "sourceExpression", expression);
    if (is_true(parser, xml, "local")) {
        wf_parse_problem(parser, xml, "unsupported-attribute",
                         "attribute local of <%s> is not supported by this server",
                         xml->name);
    }
    if (is_all(parser, xml)) {
        mapping = (wf_mapping_t){ 0 };
    }
    else if (!mapping.target || (!mapping.source && !expression)) {
        wf_parse_warning(parser, xml, "ignored-element",
                         "<activiti:%s> has no effect without a target and a source or "
                         "sourceExpression",
                         xml->name);
        return;
    }
    APR_ARRAY_PUSH(list, wf_mapping_t) = mapping;
}

/* camunda:in with a businessKey is no mapping. */
static void parse_in(wf_parser_t *parser, const wf_xml_t *xml, wf_call_activity_t *call)
{
    const char *key = wf_parse_own(parser, xml, "businessKey");

    if (key) {
        call->business_key = wf_parse_template(parser, xml, "businessKey", key);
        return;
    }
    parse_mapping(parser, xml, call->in);
}

static void parse_mappings(wf_parser_t *parser, const wf_xml_t *xml,
                           wf_call_activity_t *call)
{
    const wf_xml_t *child;

    call->in = apr_array_make(parser->p, 2, sizeof(wf_mapping_t));
    call->out = apr_array_make(parser->p, 2, sizeof(wf_mapping_t));
    for (child = wf_xml_extension(xml, "in"); child;
         child = wf_xml_next(child, WF_NS_EXTENSION, "in")) {
        parse_in(parser, child, call);
    }
    for (child = wf_xml_extension(xml, "out"); child;
         child = wf_xml_next(child, WF_NS_EXTENSION, "out")) {
        parse_mapping(parser, child, call->out);
    }
}

void wf_call_activity_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_call_activity_t *call = apr_pcalloc(parser->p, sizeof(*call));
    const char *called = wf_xml_attr(xml, WF_NS_NONE, "calledElement");

    node->details = call;
    if (called && *called) {
        call->called = wf_parse_template(parser, xml, "calledElement", called);
    }
    else {
        wf_parse_warning(parser, xml, "called-element",
                         "a <callActivity> without calledElement fails when it is "
                         "reached");
    }
    call->binding = wf_parse_binding(parser, xml, "calledElementBinding");
    call->version = wf_parse_extension_template(parser, xml, "calledElementVersion");
    if (call->binding == WF_BINDING_VERSION && !call->version) {
        wf_parse_problem(parser, xml, "binding",
                         "calledElementBinding=\"version\" needs a calledElementVersion");
    }
    call->business_key = wf_parse_extension_template(parser, xml, "businessKey");
    call->inherit_business_key =
        wf_parse_extension_flag(parser, xml, "inheritBusinessKey", 0);
    call->inherit_variables = wf_parse_extension_flag(parser, xml, "inheritVariables", 0);
    call->mapped_errors = wf_mapped_errors_parse(parser, xml);
    parse_mappings(parser, xml, call);
}
