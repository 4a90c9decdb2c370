/* A BPMN file becomes models in one pass over its tree; document order is kept, because
 * flows are tried in it. What the schema allows but this engine cannot execute is refused
 * here, so that nothing that changes a process is passed over in silence. */
#include <stdarg.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/diagram.h"
#include "bpmn/parse.h"

/* ---- what all parts use ------------------------------------------------------------ */

void wf_parse_cut(char *text, apr_size_t size)
{
    apr_size_t end = strlen(text);

    if (end < size - 1) {
        return;
    }
    while (end && (text[end - 1] & 0x80)) {
        text[--end] = '\0';
    }
}

/* The id of the element or, where it has none, of the nearest one around it. */
static const char *path_of(const wf_xml_t *element, char *path, apr_size_t size)
{
    for (; element; element = element->parent) {
        const char *id = wf_xml_attr(element, WF_NS_NONE, "id");

        if (id) {
            apr_cpystrn(path, id, size);
            wf_parse_cut(path, size);
            return path;
        }
    }
    return NULL;
}

typedef void problem_fn(wf_problems_t *problems, const char *rule, const char *path,
                        int line, int column, const char *fmt, ...);

static void report(problem_fn *add, wf_parser_t *parser, const wf_xml_t *element,
                   const char *rule, const char *fmt, va_list args)
{
    char message[500], path[WF_BPMN_MAX_KEY + 1];

    apr_vsnprintf(message, sizeof(message), fmt, args);
    wf_parse_cut(message, sizeof(message));
    add(parser->problems, rule, path_of(element, path, sizeof(path)), element->line,
        element->column, "%s", message);
}

void wf_parse_problem(wf_parser_t *parser, const wf_xml_t *element, const char *rule,
                      const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    report(wf_problem_add, parser, element, rule, fmt, args);
    va_end(args);
}

void wf_parse_warning(wf_parser_t *parser, const wf_xml_t *element, const char *rule,
                      const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    report(wf_problem_warn, parser, element, rule, fmt, args);
    va_end(args);
}

const char *wf_parse_attr(wf_parser_t *parser, const wf_xml_t *element, const char *name)
{
    return apr_pstrdup(parser->p, wf_xml_attr(element, WF_NS_NONE, name));
}

const char *wf_parse_extension(wf_parser_t *parser, const wf_xml_t *element,
                               const char *name)
{
    const char *value = wf_xml_attr(element, WF_NS_EXTENSION, name);

    return value && *value ? apr_pstrdup(parser->p, value) : NULL;
}

const wf_template_t *wf_parse_template(wf_parser_t *parser, const wf_xml_t *element,
                                       const char *what, const char *text)
{
    wf_template_t *template = NULL;
    wf_error_t err;

    if (!text) {
        return NULL;
    }
    wf_error_init(&err, parser->p);
    text = apr_pstrdup(parser->p, text);
    if (wf_template_parse(&template, text, WF_UEL, parser->p, &err) != APR_SUCCESS) {
        wf_parse_problem(parser, element, "expression-syntax", "%s of <%s>: %s", what,
                         element->name, err.message);
        return NULL;
    }
    return template;
}

/* The length of the first part of a comma list; a comma inside ${…} does not end it, nor
 * does a brace inside a quoted text of the expression. */
static apr_size_t part_length(const char *text)
{
    int depth = 0;
    char quote = 0;
    apr_size_t i;

    for (i = 0; text[i]; i++) {
        if (quote) {
            if (text[i] == '\\' && text[i + 1]) {
                i++;
            }
            else if (text[i] == quote) {
                quote = 0;
            }
        }
        else if (depth && (text[i] == '\'' || text[i] == '"')) {
            quote = text[i];
        }
        else if (text[i] == '{') {
            depth++;
        }
        else if (text[i] == '}' && depth) {
            depth--;
        }
        else if (text[i] == ',' && !depth) {
            break;
        }
    }
    return i;
}

apr_array_header_t *wf_split_list(const char *text, apr_pool_t *p)
{
    apr_array_header_t *parts = apr_array_make(p, 4, sizeof(const char *));

    for (;;) {
        apr_size_t length = part_length(text), end = length;
        const char *start = text;

        while (end && apr_isspace(*start)) {
            start++;
            end--;
        }
        while (end && apr_isspace(start[end - 1])) {
            end--;
        }
        if (end) {
            APR_ARRAY_PUSH(parts, const char *) = apr_pstrmemdup(p, start, end);
        }
        if (!text[length]) {
            return parts;
        }
        text += length + 1;
    }
}

void wf_parse_template_list(wf_parser_t *parser, const wf_xml_t *element,
                            const char *what, const char *text, apr_array_header_t *list)
{
    apr_array_header_t *parts;
    int i;

    if (!text) {
        return;
    }
    parts = wf_split_list(text, parser->scratch);
    for (i = 0; i < parts->nelts; i++) {
        const wf_template_t *part = wf_parse_template(
            parser, element, what, APR_ARRAY_IDX(parts, i, const char *));

        if (part) {
            APR_ARRAY_PUSH(list, const wf_template_t *) = part;
        }
    }
}

int wf_parse_flag(const char *value, int fallback)
{
    if (!value) {
        return fallback;
    }
    return strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
}

/* ---- nodes and flows --------------------------------------------------------------- */

/* Children that change how the element runs. known is the one that its behaviour is made
 * for, or NULL. */
static void refuse_children(wf_parser_t *parser, const wf_xml_t *element,
                            const wf_xml_t *known)
{
    const wf_xml_t *child;

    for (child = element->child; child; child = child->next) {
        if (child != known && child->ns == WF_NS_BPMN && wf_bpmn_executes(child->name)) {
            wf_parse_problem(parser, child, "unsupported-element",
                             "<%s> in <%s> is not supported by this server", child->name,
                             element->name);
        }
    }
}

/* Attributes of activities that would change how they run. */
static void refuse_attributes(wf_parser_t *parser, const wf_xml_t *element)
{
    static const char *const quantities[] = {"startQuantity", "completionQuantity"};
    int i;

    if (wf_parse_flag(wf_xml_attr(element, WF_NS_NONE, "isForCompensation"), 0)) {
        wf_parse_problem(parser, element, "unsupported-attribute",
                         "isForCompensation=\"true\" is not supported by this server");
    }
    for (i = 0; i < 2; i++) {
        const char *value = wf_xml_attr(element, WF_NS_NONE, quantities[i]);

        if (value && strcmp(value, "1") != 0) {
            wf_parse_warning(parser, element, "ignored-attribute",
                             "%s=\"%s\" has no effect: tokens come one at a time",
                             quantities[i], value);
        }
    }
}

static void parse_flag_extension(wf_parser_t *parser, const wf_xml_t *xml,
                                 const char *name, int *flag)
{
    const char *value = wf_parse_extension(parser, xml, name);

    if (!value) {
        return;
    }
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
        wf_parse_problem(parser, xml, "attribute-value",
                         "attribute activiti:%s is \"%s\", not true or false", name,
                         value);
        return;
    }
    *flag = wf_parse_flag(value, 0);
}

static void parse_node(wf_parser_t *parser, const wf_xml_t *xml, const wf_xml_t *event,
                       const wf_behaviour_t *behaviour)
{
    wf_node_t *node = apr_pcalloc(parser->p, sizeof(*node));

    node->behaviour = behaviour;
    node->id = wf_parse_attr(parser, xml, "id");
    node->name = wf_parse_attr(parser, xml, "name");
    node->default_ref = wf_parse_attr(parser, xml, "default");
    node->line = xml->line;
    node->column = xml->column;
    node->exclusive = 1;
    node->outgoing = apr_array_make(parser->p, 2, sizeof(wf_flow_t *));
    node->incoming = apr_array_make(parser->p, 2, sizeof(wf_flow_t *));
    if (!node->id) {
        wf_parse_problem(parser, xml, "missing-id", "<%s> has no id", xml->name);
        return;
    }
    refuse_children(parser, xml, behaviour->event ? event : NULL);
    refuse_attributes(parser, xml);
    wf_extensions_check(parser, xml);
    parse_flag_extension(parser, xml, "async", &node->async);
    parse_flag_extension(parser, xml, "exclusive", &node->exclusive);
    if (behaviour->parse) {
        behaviour->parse(parser, xml, node);
    }
    APR_ARRAY_PUSH(parser->model->nodes, wf_node_t *) = node;
    apr_hash_set(parser->model->nodes_by_id, node->id, APR_HASH_KEY_STRING, node);
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
    wf_extensions_check(parser, xml);
    if (condition) {
        flow->condition = wf_parse_template(parser, condition, "the text",
                                            wf_xml_text(condition, parser->scratch));
    }
    APR_ARRAY_PUSH(parser->model->flows, wf_flow_t *) = flow;
}

/* An element, or an event with this definition, that has no behaviour. */
static void refuse_element(wf_parser_t *parser, const wf_xml_t *element,
                           const wf_xml_t *event)
{
    if (!wf_behaviour_has_events(element->name)) {
        wf_parse_problem(parser, element, "unsupported-element",
                         "<%s> is not supported by this server", element->name);
    }
    else if (event) {
        wf_parse_problem(parser, event, "unsupported-element",
                         "<%s> in <%s> is not supported by this server", event->name,
                         element->name);
    }
    else {
        wf_parse_problem(parser, element, "unsupported-element",
                         "<%s> without an event definition of its own is not supported by "
                         "this server",
                         element->name);
    }
}

static void parse_flow_element(wf_parser_t *parser, const wf_xml_t *element)
{
    const wf_xml_t *event = wf_bpmn_event_definition(element);
    const wf_behaviour_t *behaviour =
        wf_behaviour_find(element->name, event ? event->name : NULL);

    if (!behaviour) {
        behaviour = wf_behaviour_find(element->name, NULL); /* the definition is refused */
    }
    if (behaviour) {
        parse_node(parser, element, event, behaviour);
    }
    else if (strcmp(element->name, "sequenceFlow") == 0) {
        parse_flow(parser, element);
    }
    else if (wf_bpmn_executes(element->name)) {
        refuse_element(parser, element, event);
    }
}

static void parse_flow_elements(wf_parser_t *parser, const wf_xml_t *process)
{
    const wf_xml_t *child;

    for (child = process->child; child; child = child->next) {
        if (child->ns == WF_NS_BPMN) {
            parse_flow_element(parser, child);
        }
    }
}

/* Flows and their nodes find each other; a flow without one end stays unlinked and is
 * reported by the rules. */
static void link_flows(wf_model_t *model)
{
    int i, k;

    for (i = 0; i < model->flows->nelts; i++) {
        wf_flow_t *flow = APR_ARRAY_IDX(model->flows, i, wf_flow_t *);
        wf_node_t *source, *target;

        source = flow->source_ref ? apr_hash_get(model->nodes_by_id, flow->source_ref,
                                                 APR_HASH_KEY_STRING)
                                  : NULL;
        target = flow->target_ref ? apr_hash_get(model->nodes_by_id, flow->target_ref,
                                                 APR_HASH_KEY_STRING)
                                  : NULL;
        flow->source = source;
        flow->target = target;
        if (source && target) {
            APR_ARRAY_PUSH(source->outgoing, wf_flow_t *) = flow;
            APR_ARRAY_PUSH(target->incoming, wf_flow_t *) = flow;
        }
    }
    for (i = 0; i < model->nodes->nelts; i++) {
        wf_node_t *node = APR_ARRAY_IDX(model->nodes, i, wf_node_t *);

        for (k = 0; node->default_ref && k < node->outgoing->nelts; k++) {
            const wf_flow_t *flow = APR_ARRAY_IDX(node->outgoing, k, wf_flow_t *);

            if (flow->id && strcmp(flow->id, node->default_ref) == 0) {
                node->default_flow = flow;
            }
        }
    }
}

/* ---- processes and files ----------------------------------------------------------- */

static wf_model_t *parse_process(wf_parser_t *parser, const wf_xml_t *process)
{
    wf_model_t *model = apr_pcalloc(parser->p, sizeof(*model));
    const wf_xml_t *documentation;

    parser->model = model;
    model->key = wf_parse_attr(parser, process, "id");
    model->name = wf_parse_attr(parser, process, "name");
    model->category = wf_parse_attr(parser, parser->definitions, "targetNamespace");
    documentation = wf_xml_child(process, WF_NS_BPMN, "documentation");
    model->description = documentation ? wf_xml_text(documentation, parser->p) : NULL;
    model->line = process->line;
    model->column = process->column;
    model->nodes = apr_array_make(parser->p, 8, sizeof(wf_node_t *));
    model->flows = apr_array_make(parser->p, 8, sizeof(wf_flow_t *));
    model->nodes_by_id = apr_hash_make(parser->p);
    wf_extensions_check(parser, process);
    wf_starters_parse(parser, process);
    parse_flow_elements(parser, process);
    link_flows(model);
    wf_model_validate(parser, process);
    return model;
}

static void parse_definitions(wf_parser_t *parser, apr_array_header_t *models)
{
    const wf_xml_t *root = parser->definitions, *process;
    apr_hash_t *planes;

    if (!wf_xml_is(root, WF_NS_BPMN, "definitions")) {
        wf_parse_problem(parser, root, "no-bpmn",
                         "the root is <%s>, not <definitions> of the BPMN 2.0 namespace "
                         "http://www.omg.org/spec/BPMN/20100524/MODEL",
                         root->name);
        return;
    }
    wf_bpmn_schema_check(parser, root);
    wf_signals_check(parser);
    planes = wf_planes_read(parser->ids, root, parser->scratch);
    for (process = wf_xml_child(root, WF_NS_BPMN, "process"); process;
         process = wf_xml_next(process, WF_NS_BPMN, "process")) {
        if (wf_parse_flag(wf_xml_attr(process, WF_NS_NONE, "isExecutable"), 1)) {
            wf_model_t *model = parse_process(parser, process);

            model->has_diagram = wf_planes_find(planes, process) != NULL;
            APR_ARRAY_PUSH(models, wf_model_t *) = model;
        }
    }
    if (!models->nelts) {
        wf_parse_problem(parser, root, "no-executable-process",
                         "the file has no executable process");
    }
}

void wf_model_parse(apr_array_header_t **models, const char *xml, apr_size_t length,
                    wf_problems_t *problems, apr_pool_t *p)
{
    wf_parser_t parser = {.p = p, .problems = problems};

    *models = apr_array_make(p, 1, sizeof(wf_model_t *));
    apr_pool_create(&parser.scratch, p);
    apr_pool_tag(parser.scratch, "wf_bpmn_parse");
    parser.ids = apr_hash_make(parser.scratch);
    parser.definitions = wf_xml_parse(xml, length, problems, parser.scratch);
    if (parser.definitions) {
        parse_definitions(&parser, *models);
    }
    apr_pool_destroy(parser.scratch);
}

/* ---- what others may ask a model --------------------------------------------------- */

const char *wf_model_key(const wf_model_t *model)
{
    return model->key;
}

const char *wf_model_name(const wf_model_t *model)
{
    return model->name;
}

const char *wf_model_description(const wf_model_t *model)
{
    return model->description;
}

const char *wf_model_category(const wf_model_t *model)
{
    return model->category;
}

const char *wf_model_start_form_key(const wf_model_t *model)
{
    const wf_start_event_t *start = model->start ? model->start->details : NULL;

    return start ? start->form_key : NULL;
}

int wf_model_has_diagram(const wf_model_t *model)
{
    return model->has_diagram;
}

const apr_array_header_t *wf_model_starter_users(const wf_model_t *model)
{
    return model->starter_users;
}

const apr_array_header_t *wf_model_starter_groups(const wf_model_t *model)
{
    return model->starter_groups;
}

const wf_node_t *wf_model_node(const wf_model_t *model, const char *id)
{
    return id ? apr_hash_get(model->nodes_by_id, id, APR_HASH_KEY_STRING) : NULL;
}
