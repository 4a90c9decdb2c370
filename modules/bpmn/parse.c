/* A BPMN file becomes models in one pass over its tree: the file, its processes, and what
 * all files that read it use. */
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/parse.h"
#include "diagram/diagram.h"

/* ---- what all parts use ---------------------------------------------------------- */

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

const wf_template_t *wf_parse_text(wf_parser_t *parser, const wf_xml_t *element)
{
    return wf_parse_template(parser, element, "the text",
                             wf_xml_text(element, parser->scratch));
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

void wf_parse_push(wf_parser_t *parser, apr_array_header_t **list, const void *item)
{
    if (!*list) {
        *list = apr_array_make(parser->p, 2, sizeof(const void *));
    }
    APR_ARRAY_PUSH(*list, const void *) = item;
}

/* ---- extension attributes -------------------------------------------------------- */

static const char *unless_empty(wf_parser_t *parser, const char *value)
{
    return value && *value ? apr_pstrdup(parser->p, value) : NULL;
}

const char *wf_parse_extension(wf_parser_t *parser, const wf_xml_t *element,
                               const char *name)
{
    return unless_empty(parser, wf_xml_attr(element, WF_NS_EXTENSION, name));
}

const char *wf_parse_own(wf_parser_t *parser, const wf_xml_t *element, const char *name)
{
    const char *value = wf_xml_attr(element, WF_NS_NONE, name);

    return value ? unless_empty(parser, value)
                 : wf_parse_extension(parser, element, name);
}

const wf_template_t *wf_parse_extension_template(wf_parser_t *parser,
                                                 const wf_xml_t *element,
                                                 const char *name)
{
    return wf_parse_template(parser, element, name,
                             wf_parse_extension(parser, element, name));
}

int wf_parse_word_flag(wf_parser_t *parser, const wf_xml_t *element, const char *name,
                       const char *value, int fallback)
{
    if (!value) {
        return fallback;
    }
    if (strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0) {
        return strcasecmp(value, "true") == 0;
    }
    wf_parse_warning(parser, element, "attribute-value",
                     "attribute %s is \"%s\", not true or false; it counts as %s", name,
                     value, fallback ? "true" : "false");
    return fallback;
}

int wf_parse_extension_flag(wf_parser_t *parser, const wf_xml_t *element,
                            const char *name, int fallback)
{
    return wf_parse_word_flag(parser, element, name,
                              wf_parse_extension(parser, element, name), fallback);
}

/* ---- processes and files --------------------------------------------------------- */

/* "P30D", or a number of days. */
static int parse_days(wf_parser_t *parser, const wf_xml_t *process)
{
    const char *text = wf_parse_extension(parser, process, "historyTimeToLive");
    wf_period_t period;
    apr_int64_t days = -1;

    if (!text) {
        return -1;
    }
    if (wf_parse_int64(text, &days) && days >= 0 && days <= WF_BPMN_MAX_DAYS) {
        return (int)days;
    }
    if (wf_period_parse(&period, text) && !period.years && !period.months && !period.ms) {
        return period.days;
    }
    wf_parse_problem(parser, process, "attribute-value",
                     "attribute activiti:historyTimeToLive is \"%s\", not a number of "
                     "days such as 30 or P30D",
                     text);
    return -1;
}

static wf_history_e parse_level(wf_parser_t *parser, const wf_xml_t *process)
{
    const wf_xml_t *child = wf_xml_extension(process, "historyLevel");
    const char *text = child ? wf_xml_text(child, parser->scratch)
                             : wf_parse_extension(parser, process, "historyLevel");
    wf_history_e level = text ? wf_history_level(text) : WF_HISTORY_DEFAULT;

    if (text && !level) {
        wf_parse_problem(parser, child ? child : process, "attribute-value",
                         "historyLevel is \"%s\", not none, activity, audit or full",
                         text);
    }
    return level;
}

static wf_model_t *create_model(wf_parser_t *parser, const wf_xml_t *process)
{
    const wf_xml_t *documentation = wf_xml_child(process, WF_NS_BPMN, "documentation");
    wf_model_t *model = apr_pcalloc(parser->p, sizeof(*model));

    model->key = wf_parse_attr(parser, process, "id");
    model->name = wf_parse_attr(parser, process, "name");
    model->category = wf_parse_attr(parser, parser->definitions, "targetNamespace");
    model->description = documentation ? wf_xml_text(documentation, parser->p) : NULL;
    model->line = process->line;
    model->column = process->column;
    model->nodes = apr_array_make(parser->p, 8, sizeof(wf_node_t *));
    model->flows = apr_array_make(parser->p, 8, sizeof(wf_flow_t *));
    model->nodes_by_id = apr_hash_make(parser->p);
    return model;
}

static wf_model_t *parse_process(wf_parser_t *parser, const wf_xml_t *process)
{
    wf_model_t *model = create_model(parser, process);

    parser->model = model;
    parser->process = process;
    parser->bodies = apr_array_make(parser->scratch, 4, sizeof(wf_body_t *));
    parser->attachments = apr_array_make(parser->scratch, 4, sizeof(wf_attached_t));
    parser->associations = apr_array_make(parser->scratch, 4, sizeof(wf_xml_t *));
    parser->ragged = apr_hash_make(parser->scratch);
    wf_extensions_check(parser, process);
    wf_starters_parse(parser, process);
    model->history_days = parse_days(parser, process);
    model->history_level = parse_level(parser, process);
    model->listeners = wf_listeners_parse(parser, process, "executionListener", NULL);
    wf_event_listeners_parse(parser, process);
    wf_body_parse(parser, process, &model->body);
    wf_model_link(parser);
    wf_model_validate(parser);
    wf_reach_fill(parser);
    return model;
}

/* Modellers leave isExecutable="false" in new files: say whose it is. */
static void none_is_executable(wf_parser_t *parser, const wf_xml_t *root)
{
    const wf_xml_t *process = wf_xml_child(root, WF_NS_BPMN, "process");
    const char *id = process ? wf_xml_attr(process, WF_NS_NONE, "id") : NULL;

    if (!process) {
        wf_parse_problem(parser, root, "no-executable-process",
                         "the file has no process");
        return;
    }
    wf_parse_problem(parser, process, "no-executable-process",
                     "the file has no executable process: \"%s\" has "
                     "isExecutable=\"false\"",
                     id ? id : "");
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
    wf_declared_check(parser);
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
        none_is_executable(parser, root);
    }
}

void wf_model_parse(apr_array_header_t **models, const char *xml, apr_size_t length,
                    wf_problems_t *problems, apr_pool_t *p)
{
    wf_parser_t parser = { .p = p, .problems = problems };

    *models = apr_array_make(p, 1, sizeof(wf_model_t *));
    apr_pool_create(&parser.scratch, p);
    apr_pool_tag(parser.scratch, "wf_bpmn_parse");
    parser.ids = apr_hash_make(parser.scratch);
    wf_bpmn_schema_load(&parser);
    parser.definitions = wf_xml_parse(xml, length, problems, parser.scratch);
    if (parser.definitions) {
        parse_definitions(&parser, *models);
    }
    apr_pool_destroy(parser.scratch);
}

/* ---- what others may ask a model ------------------------------------------------- */

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
