/* How something is done, as tasks and listeners say it: by an expression, a class or bean
 * for the registry of delegates, a type that is built in, a script, an operation. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

/* ---- fields ---------------------------------------------------------------------- */

/* activiti:string or stringValue is the value itself, activiti:expression or expression
 * is evaluated at each call. */
static const wf_template_t *field_value(wf_parser_t *parser, const wf_xml_t *field)
{
    const wf_xml_t *child = wf_xml_child(field, WF_NS_EXTENSION, "string");
    const char *text = child ? wf_xml_text(child, parser->scratch)
                             : wf_parse_own(parser, field, "stringValue");

    if (child || text) {
        return wf_template_literal(text ? text : "", parser->p);
    }
    child = wf_xml_child(field, WF_NS_EXTENSION, "expression");
    text = child ? wf_xml_text(child, parser->scratch)
                 : wf_parse_own(parser, field, "expression");
    return text ? wf_parse_template(parser, child ? child : field, "the text", text)
                : wf_template_literal("", parser->p);
}

/* Of two fields with one name the later one counts. */
static void set_field(wf_parser_t *parser, wf_action_t *action, const char *name,
                      const wf_template_t *value)
{
    int i;

    if (!action->fields) {
        action->fields = apr_array_make(parser->p, 4, sizeof(wf_field_t));
    }
    for (i = 0; i < action->fields->nelts; i++) {
        wf_field_t *field = &APR_ARRAY_IDX(action->fields, i, wf_field_t);

        if (strcmp(field->name, name) == 0) {
            field->value = value;
            return;
        }
    }
    APR_ARRAY_PUSH(action->fields, wf_field_t) = (wf_field_t){ name, value };
}

static void parse_fields(wf_parser_t *parser, const wf_xml_t *first, wf_action_t *action)
{
    const wf_xml_t *field;
    int count = 0;

    for (field = first; field; field = wf_xml_next(field, WF_NS_EXTENSION, "field")) {
        const char *name = wf_parse_own(parser, field, "name");
        const wf_template_t *value = field_value(parser, field);

        if (!name) {
            wf_parse_warning(parser, field, "ignored-element",
                             "<activiti:field> without a name has no effect");
        }
        else if (++count > WF_BPMN_MAX_FIELDS) {
            wf_parse_problem(parser, field, "too-many-fields",
                             "more than %d fields in one element", WF_BPMN_MAX_FIELDS);
            return;
        }
        else if (value) {
            set_field(parser, action, name, value);
        }
    }
}

static const wf_template_t *find_field(const wf_action_t *action, const char *name)
{
    int i;

    for (i = 0; action->fields && i < action->fields->nelts; i++) {
        const wf_field_t *field = &APR_ARRAY_IDX(action->fields, i, wf_field_t);

        if (strcmp(field->name, name) == 0) {
            return field->value;
        }
    }
    return NULL;
}

const char *wf_action_field(const wf_action_t *action, const char *name)
{
    const wf_template_t *value = find_field(action, name);

    return value && wf_template_is_literal(value) ? wf_template_source(value) : NULL;
}

/* ---- scripts --------------------------------------------------------------------- */

const char *wf_parse_script(wf_parser_t *parser, const wf_xml_t *element)
{
    if (!element || !wf_xml_text(element, parser->scratch)) {
        return NULL;
    }
    return apr_pstrmemdup(parser->p, element->text, element->text_length);
}

const char *wf_parse_own_script(wf_parser_t *parser, const wf_xml_t *script,
                                const char **language)
{
    if (wf_parse_own(parser, script, "resource")) {
        wf_parse_problem(parser, script, "unsupported-attribute",
                         "attribute resource of <script> is not supported by this "
                         "server: write the script into the element");
    }
    *language = wf_parse_own(parser, script, "scriptFormat");
    if (!*language) {
        *language = "juel";
    }
    return wf_parse_script(parser, script);
}

/* camunda:script in a listener. */
static int parse_script_child(wf_parser_t *parser, const wf_xml_t *element,
                              wf_action_t *action)
{
    const wf_xml_t *script = wf_xml_child(element, WF_NS_EXTENSION, "script");

    if (!script) {
        return 0;
    }
    action->kind = WF_ACTION_SCRIPT;
    action->script = wf_parse_own_script(parser, script, &action->name);
    return action->script != NULL;
}

/* Activiti's own listeners that run a script are built in. */
static void make_script(wf_action_t *action)
{
    static const char *const classes[] = {
        "org.activiti.engine.impl.bpmn.listener.ScriptExecutionListener",
        "org.activiti.engine.impl.bpmn.listener.ScriptTaskListener",
    };
    const char *script = wf_action_field(action, "script");
    const char *language = wf_action_field(action, "language");
    int i;

    for (i = 0; i < 2; i++) {
        if (script && strcmp(action->name, classes[i]) == 0) {
            action->kind = WF_ACTION_SCRIPT;
            action->name = language ? language : "juel";
            action->script = script;
            action->result_variable = wf_action_field(action, "resultVariable");
            return;
        }
    }
}

/* ---- what does it ---------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *attribute;
    wf_action_e kind;
} ways[] = { /* the first one that is there counts */
    { "type",               WF_ACTION_TYPE },
    { "class",              WF_ACTION_CLASS },
    { "expression",         WF_ACTION_EXPRESSION },
    { "delegateExpression", WF_ACTION_DELEGATE },
};
/* clang-format on */

static void parse_way(wf_parser_t *parser, const wf_xml_t *element, int own,
                      wf_action_t *action)
{
    int i, first = own ? 1 : 0; /* a listener has no type */

    for (i = first; i < (int)(sizeof(ways) / sizeof(ways[0])); i++) {
        const char *name = ways[i].attribute;
        const char *text =
            (own ? wf_parse_own : wf_parse_extension)(parser, element, name);

        if (!text) {
            continue;
        }
        if (action->kind != WF_ACTION_NONE) {
            wf_parse_warning(parser, element, "ignored-attribute",
                             "attribute %s has no effect beside \"%s\"", name,
                             action->name);
            continue;
        }
        action->kind = ways[i].kind;
        action->name = text;
        if (action->kind == WF_ACTION_EXPRESSION || action->kind == WF_ACTION_DELEGATE) {
            action->expression = wf_parse_template(parser, element, name, text);
        }
    }
}

void wf_action_parse(wf_parser_t *parser, const wf_xml_t *element, int own,
                     wf_action_t *action)
{
    action->line = element->line;
    action->column = element->column;
    parse_fields(parser,
                 own ? wf_xml_child(element, WF_NS_EXTENSION, "field")
                     : wf_xml_extension(element, "field"),
                 action);
    parse_way(parser, element, own, action);
    if (own && action->kind == WF_ACTION_CLASS) {
        make_script(action);
    }
    if (own && action->kind == WF_ACTION_NONE
        && !parse_script_child(parser, element, action)) {
        action->kind = WF_ACTION_NONE;
    }
    if (!own) {
        action->topic = wf_parse_extension_template(parser, element, "topic");
        action->priority = wf_parse_extension_template(parser, element, "taskPriority");
    }
}

/* ---- tasks ----------------------------------------------------------------------- */

apr_array_header_t *wf_mapped_errors_parse(wf_parser_t *parser, const wf_xml_t *element)
{
    const wf_xml_t *child = wf_xml_extension(element, "mapException");
    apr_array_header_t *errors;

    if (!child) {
        return NULL;
    }
    errors = apr_array_make(parser->p, 2, sizeof(wf_mapped_error_t));
    for (; child; child = wf_xml_next(child, WF_NS_EXTENSION, "mapException")) {
        wf_mapped_error_t mapped = { .code = wf_parse_own(parser, child, "errorCode"),
                                     .failure = wf_xml_text(child, parser->p) };

        if (mapped.code) {
            APR_ARRAY_PUSH(errors, wf_mapped_error_t) = mapped;
        }
        else {
            wf_parse_warning(parser, child, "ignored-element",
                             "<activiti:mapException> without an errorCode has no "
                             "effect");
        }
    }
    return errors;
}

static const char *result_variable(wf_parser_t *parser, const wf_xml_t *xml)
{
    const char *name = wf_parse_extension(parser, xml, "resultVariable");

    return name ? name : wf_parse_extension(parser, xml, "resultVariableName");
}

static void parse_operation(wf_parser_t *parser, const wf_xml_t *xml, wf_action_t *action)
{
    const char *ref = wf_parse_attr(parser, xml, "operationRef");

    if (action->kind != WF_ACTION_NONE || !ref) {
        return;
    }
    action->kind = WF_ACTION_OPERATION;
    action->name = ref;
    if (!wf_declared_find(parser, "operation", ref)) {
        wf_parse_problem(parser, xml, "unknown-operation",
                         "operationRef \"%s\" is no <operation> of this file", ref);
    }
}

static wf_service_task_t *parse_task(wf_parser_t *parser, const wf_xml_t *xml,
                                     wf_node_t *node)
{
    wf_service_task_t *task = apr_pcalloc(parser->p, sizeof(*task));
    wf_action_t *action = &task->action;

    wf_action_parse(parser, xml, 0, action);
    parse_operation(parser, xml, action);
    action->result_variable = result_variable(parser, xml);
    task->mapped_errors = wf_mapped_errors_parse(parser, xml);
    node->details = task;
    return task;
}

void wf_service_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_action_t *action = &parse_task(parser, xml, node)->action;

    if (action->kind == WF_ACTION_NONE) {
        wf_parse_problem(parser, xml, "no-implementation",
                         "a <%s> needs something that does it: one of activiti:class, "
                         "delegateExpression, expression, type, or an operationRef",
                         xml->name);
    }
    if (action->result_variable
        && (action->kind == WF_ACTION_CLASS || action->kind == WF_ACTION_DELEGATE)) {
        wf_parse_problem(parser, xml, "result-variable",
                         "a result variable needs activiti:expression: a class or "
                         "delegate sets its variables itself");
    }
    wf_task_type_check(parser, xml, action);
}

void wf_script_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_service_task_t *task = apr_pcalloc(parser->p, sizeof(*task));
    wf_action_t *action = &task->action;
    const wf_xml_t *script = wf_xml_child(xml, WF_NS_BPMN, "script");
    const char *language = wf_parse_attr(parser, xml, "scriptFormat");

    action->kind = WF_ACTION_SCRIPT;
    action->name = language && *language ? language : "juel";
    action->script = wf_parse_script(parser, script);
    action->result_variable = result_variable(parser, xml);
    action->store_variables =
        wf_parse_extension_flag(parser, xml, "autoStoreVariables", 0);
    action->line = script ? script->line : xml->line;
    action->column = script ? script->column : xml->column;
    task->mapped_errors = wf_mapped_errors_parse(parser, xml);
    node->details = task;
    if (!action->script) {
        wf_parse_problem(parser, xml, "script-text", "a <scriptTask> needs a <script>");
    }
}

/* ---- business rules -------------------------------------------------------------- */

#define RULES_RESULT "org.activiti.engine.rules.OUTPUT"

/* Rules of the deployment are somebody else's to run: a delegate that is handed what the
 * attributes say. */
static void parse_rules(wf_parser_t *parser, const wf_xml_t *xml, wf_action_t *action)
{
    static const char *const names[] = { "ruleVariablesInput", "rules", "exclude" };
    int i;

    action->kind = WF_ACTION_TYPE;
    action->name = "rules";
    for (i = 0; i < 3; i++) {
        const wf_template_t *value = wf_parse_extension_template(parser, xml, names[i]);

        if (value) {
            set_field(parser, action, names[i], value);
        }
    }
    if (!action->result_variable) {
        action->result_variable = RULES_RESULT;
    }
}

static void parse_binding(wf_parser_t *parser, const wf_xml_t *xml, wf_action_t *action)
{
    action->binding = wf_parse_binding(parser, xml, "decisionRefBinding");
    action->binding_version =
        wf_parse_extension_template(parser, xml, "decisionRefVersion");
    if (action->binding == WF_BINDING_VERSION && !action->binding_version) {
        wf_parse_problem(parser, xml, "binding",
                         "decisionRefBinding=\"version\" needs a decisionRefVersion");
    }
}

static void parse_map_result(wf_parser_t *parser, const wf_xml_t *xml,
                             wf_action_t *action)
{
    static const char *const maps[] = { "singleEntry", "singleResult", "collectEntries",
                                        "resultList" };
    const char *text = wf_parse_extension(parser, xml, "mapDecisionResult");
    int i;

    for (i = 0; text && i < 4; i++) {
        if (strcmp(maps[i], text) == 0) {
            action->map_result = maps[i];
            return;
        }
    }
    if (text) {
        wf_parse_problem(parser, xml, "attribute-value",
                         "attribute mapDecisionResult is \"%s\", not singleEntry, "
                         "singleResult, collectEntries or resultList",
                         text);
    }
}

void wf_business_rule_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_action_t *action = &parse_task(parser, xml, node)->action;
    const char *decision = wf_parse_extension(parser, xml, "decisionRef");

    if (decision) {
        action->kind = WF_ACTION_DECISION;
        action->name = decision;
        action->expression = wf_parse_template(parser, xml, "decisionRef", decision);
        parse_map_result(parser, xml, action);
        parse_binding(parser, xml, action);
    }
    else if (action->kind == WF_ACTION_NONE) {
        parse_rules(parser, xml, action);
    }
    wf_task_type_check(parser, xml, action);
}
