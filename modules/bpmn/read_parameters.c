/* Parameters of an activity (camunda:inputOutput). A value is a text or expression, a
 * script, or a list or map of such values. */
#include <string.h>

#include "bpmn/parse.h"

/** What stands in an element becomes the parameter's value. Depth: of lists and maps
 * around it. */
typedef void value_fn(wf_parser_t *parser, const wf_xml_t *xml, wf_parameter_t *parameter,
                      int depth);

static void parse_value(wf_parser_t *parser, const wf_xml_t *xml,
                        wf_parameter_t *parameter, int depth);
static void parse_kind(wf_parser_t *parser, const wf_xml_t *xml,
                       wf_parameter_t *parameter, int depth);

static wf_parameter_t *add(wf_parser_t *parser, const wf_xml_t *xml,
                           apr_array_header_t **list)
{
    wf_parameter_t *parameter;

    if (!*list) {
        *list = apr_array_make(parser->p, 4, sizeof(wf_parameter_t));
    }
    if ((*list)->nelts == WF_BPMN_MAX_PARAMETERS) {
        wf_parse_problem(parser, xml, "too-many-parameters",
                         "more than %d parameters in one element",
                         WF_BPMN_MAX_PARAMETERS);
        return NULL;
    }
    parameter = apr_array_push(*list);
    memset(parameter, 0, sizeof(*parameter));
    parameter->line = xml->line;
    return parameter;
}

/* ---- kinds of values --------------------------------------------------------------- */

static void parse_script(wf_parser_t *parser, const wf_xml_t *xml,
                         wf_parameter_t *parameter, int depth)
{
    (void)depth;
    parameter->kind = WF_PARAMETER_SCRIPT;
    parameter->script = wf_parse_own_script(parser, xml, &parameter->language);
    if (!parameter->script && !wf_parse_own(parser, xml, "resource")) {
        wf_parse_problem(parser, xml, "script-text", "a <script> needs a text");
    }
}

static int is_too_deep(wf_parser_t *parser, const wf_xml_t *xml, int depth)
{
    if (depth < WF_BPMN_MAX_NESTING) {
        return 0;
    }
    wf_parse_problem(parser, xml, "parameter-depth",
                     "lists and maps of parameters may be nested over %d levels at most",
                     WF_BPMN_MAX_NESTING);
    return 1;
}

/* A <value>, or a list, map or script that stands where a <value> could. */
static void parse_list(wf_parser_t *parser, const wf_xml_t *xml,
                       wf_parameter_t *parameter, int depth)
{
    const wf_xml_t *child;

    parameter->kind = WF_PARAMETER_LIST;
    for (child = is_too_deep(parser, xml, depth) ? NULL : xml->child; child;
         child = child->next) {
        wf_parameter_t *part = add(parser, child, &parameter->parts);

        if (part && wf_xml_is(child, WF_NS_EXTENSION, "value")) {
            parse_value(parser, child, part, depth + 1);
        }
        else if (part) {
            parse_kind(parser, child, part, depth + 1);
        }
    }
}

static void parse_entry(wf_parser_t *parser, const wf_xml_t *xml,
                        wf_parameter_t *parameter, int depth)
{
    const char *key = wf_parse_own(parser, xml, "key");
    wf_parameter_t *part;

    if (!wf_xml_is(xml, WF_NS_EXTENSION, "entry")) {
        wf_parse_problem(parser, xml, "parameter-value",
                         "a <map> has entries, but <%s> is none", xml->name);
    }
    else if (!key) {
        wf_parse_problem(parser, xml, "parameter-name", "an <entry> needs a key");
    }
    else if ((part = add(parser, xml, &parameter->parts)) != NULL) {
        part->name = key;
        parse_value(parser, xml, part, depth + 1);
    }
}

static void parse_map(wf_parser_t *parser, const wf_xml_t *xml, wf_parameter_t *parameter,
                      int depth)
{
    const wf_xml_t *child;

    parameter->kind = WF_PARAMETER_MAP;
    for (child = is_too_deep(parser, xml, depth) ? NULL : xml->child; child;
         child = child->next) {
        parse_entry(parser, child, parameter, depth);
    }
}

/* clang-format off */
static const struct {
    const char *element;
    value_fn *parse;
} kinds[] = {
    { "script", parse_script },
    { "list",   parse_list },
    { "map",    parse_map },
};
/* clang-format on */

static void parse_kind(wf_parser_t *parser, const wf_xml_t *xml,
                       wf_parameter_t *parameter, int depth)
{
    int i;

    for (i = 0; i < (int)(sizeof(kinds) / sizeof(kinds[0])); i++) {
        if (wf_xml_is(xml, WF_NS_EXTENSION, kinds[i].element)) {
            kinds[i].parse(parser, xml, parameter, depth);
            return;
        }
    }
    wf_parse_problem(parser, xml, "parameter-value",
                     "a value is a text, an expression, a <script>, a <list> or a <map>: "
                     "<%s> is not known",
                     xml->name);
}

/* What an element holds that is a value by its place. */
static void parse_value(wf_parser_t *parser, const wf_xml_t *xml,
                        wf_parameter_t *parameter, int depth)
{
    if (!xml->child) {
        parameter->kind = WF_PARAMETER_TEXT;
        parameter->value = wf_parse_text(parser, xml);
        return;
    }
    if (xml->child->next) {
        wf_parse_problem(parser, xml->child->next, "parameter-value",
                         "<%s> holds one value, not several", xml->name);
        return;
    }
    parse_kind(parser, xml->child, parameter, depth);
}

/* ---- parameters -------------------------------------------------------------------- */

static void parse_parameter(wf_parser_t *parser, const wf_xml_t *xml,
                            apr_array_header_t **list)
{
    const char *name = wf_parse_own(parser, xml, "name");
    wf_parameter_t *parameter;

    if (!name) {
        wf_parse_problem(parser, xml, "parameter-name", "<%s> needs a name", xml->name);
    }
    else if ((parameter = add(parser, xml, list)) != NULL) {
        parameter->name = name;
        parse_value(parser, xml, parameter, 0);
    }
}

void wf_parameters_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    const wf_xml_t *holder = wf_xml_extension(xml, "inputOutput"), *child;

    for (child = holder ? holder->child : NULL; child; child = child->next) {
        if (wf_xml_is(child, WF_NS_EXTENSION, "inputParameter")) {
            parse_parameter(parser, child, &node->inputs);
        }
        else if (wf_xml_is(child, WF_NS_EXTENSION, "outputParameter")) {
            parse_parameter(parser, child, &node->outputs);
        }
    }
}
