/* Data objects: variables that a process or sub-process has from its beginning. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/forms.h"

/* 1, or 0 if the text is no such value. */
typedef int read_fn(const char *text, wf_value_t *value, apr_pool_t *scratch);

static int read_string(const char *text, wf_value_t *value, apr_pool_t *scratch)
{
    (void)scratch;
    *value = wf_string(text);
    return 1;
}

static int read_integer(const char *text, wf_value_t *value, apr_pool_t *scratch)
{
    apr_int64_t number;

    (void)scratch;
    if (!wf_parse_int64(text, &number) || number < INT32_MIN || number > INT32_MAX) {
        return 0;
    }
    *value = wf_integer(number);
    return 1;
}

static int read_long(const char *text, wf_value_t *value, apr_pool_t *scratch)
{
    apr_int64_t number;

    (void)scratch;
    if (!wf_parse_int64(text, &number)) {
        return 0;
    }
    *value = wf_long(number);
    return 1;
}

/* As in forms. */
static int read_double(const char *text, wf_value_t *value, apr_pool_t *scratch)
{
    const wf_form_field_t field = { .id = "value", .type = wf_form_type_find("double") };
    wf_error_t err;

    wf_error_init(&err, scratch);
    return wf_form_read(&field, text, value, &err) == APR_SUCCESS;
}

static int read_boolean(const char *text, wf_value_t *value, apr_pool_t *scratch)
{
    (void)scratch;
    *value = wf_boolean(strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
    return value->as.boolean || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static int read_date(const char *text, wf_value_t *value, apr_pool_t *scratch)
{
    apr_int64_t ms;

    (void)scratch;
    if (!wf_date_parse(&ms, text)) {
        return 0;
    }
    *value = wf_date(ms);
    return 1;
}

/* clang-format off */
static const struct {
    const char *name; /* of XML Schema; Java's own date has capitals */
    read_fn *read;
} types[] = {
    { "string",   read_string },
    { "int",      read_integer },
    { "integer",  read_integer },
    { "long",     read_long },
    { "double",   read_double },
    { "float",    read_double },
    { "boolean",  read_boolean },
    { "datetime", read_date },
    { "dateTime", read_date },
    { "date",     read_date },
};
/* clang-format on */

/* "xsd:int", or the name of an item definition with such a structure. */
static const char *type_name(wf_parser_t *parser, const wf_xml_t *xml)
{
    const char *ref = wf_xml_attr(xml, WF_NS_NONE, "itemSubjectRef"), *colon;
    const wf_xml_t *item = wf_declared_find(parser, "itemDefinition", ref);
    const char *structure = item ? wf_xml_attr(item, WF_NS_NONE, "structureRef") : NULL;

    if (structure) {
        ref = structure;
    }
    colon = ref ? strchr(ref, ':') : NULL;
    return colon ? colon + 1 : ref && *ref ? ref : "string";
}

static read_fn *find_type(const char *name)
{
    int i;

    for (i = 0; i < (int)(sizeof(types) / sizeof(types[0])); i++) {
        if (strcmp(types[i].name, name) == 0) {
            return types[i].read;
        }
    }
    return NULL;
}

static void add_data(wf_parser_t *parser, const wf_xml_t *xml, const char *name,
                     const char *text)
{
    const char *type = type_name(parser, xml);
    read_fn *read = find_type(type);
    wf_data_t *data = apr_pcalloc(parser->p, sizeof(*data));

    data->name = name;
    if (!read) {
        wf_parse_warning(parser, xml, "data-type",
                         "type \"%s\" of data object \"%s\" is not known: its value is "
                         "a text",
                         type, name);
        read = read_string;
    }
    if (!read(text, &data->value, parser->scratch)) {
        wf_parse_problem(parser, xml, "data-value",
                         "the value \"%s\" of data object \"%s\" is no %s", text, name,
                         type);
        return;
    }
    APR_ARRAY_PUSH(parser->body->data, const wf_data_t *) = data;
}

/* One without a value shows where data goes in the diagram, no more. */
void wf_data_parse(wf_parser_t *parser, const wf_xml_t *xml)
{
    const char *name = wf_parse_attr(parser, xml, "name");
    const wf_xml_t *value = wf_xml_extension(xml, "value");
    const char *text = value ? wf_xml_text(value, parser->p) : NULL;

    wf_extensions_check(parser, xml);
    if (!name || !*name) {
        wf_parse_problem(parser, xml, "data-name",
                         "a <dataObject> needs a name: it is that of a variable");
    }
    else if (text && !wf_behaviour_part("dataObject")) {
        wf_parse_problem(parser, xml, "unsupported-element",
                         "<dataObject> with a value is not supported by this server");
    }
    if (name && *name && text) {
        add_data(parser, xml, name, text);
    }
}
