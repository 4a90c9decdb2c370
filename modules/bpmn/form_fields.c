/* Reading activiti:formProperty elements. */
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "bpmn/forms.h"

/* Activiti's own pattern where the file names none. */
#define DEFAULT_DATE_PATTERN "dd/MM/yyyy"

static int flag(wf_parser_t *parser, const wf_xml_t *xml, const char *name, int fallback)
{
    return wf_parse_word_flag(parser, xml, name, wf_parse_own(parser, xml, name),
                              fallback);
}

static void parse_pattern(wf_parser_t *parser, const wf_xml_t *xml,
                          wf_form_field_t *field)
{
    wf_error_t err;

    field->date_pattern = wf_parse_own(parser, xml, "datePattern");
    if (!field->date_pattern) {
        field->date_pattern = DEFAULT_DATE_PATTERN;
    }
    wf_error_init(&err, parser->p);
    if (wf_date_pattern_parse(&field->pattern, field->date_pattern, parser->p, &err)
        != APR_SUCCESS) {
        wf_parse_problem(parser, xml, "date-pattern", "%s", err.message);
    }
}

static void parse_values(wf_parser_t *parser, const wf_xml_t *xml, wf_form_field_t *field)
{
    const wf_xml_t *child;

    field->values = apr_array_make(parser->p, 4, sizeof(wf_form_value_t));
    for (child = wf_xml_child(xml, WF_NS_EXTENSION, "value"); child;
         child = wf_xml_next(child, WF_NS_EXTENSION, "value")) {
        wf_form_value_t value = { .id = wf_parse_own(parser, child, "id"),
                                  .name = wf_parse_own(parser, child, "name") };

        if (!value.id) {
            wf_parse_problem(parser, child, "missing-id", "<activiti:value> has no id");
            continue;
        }
        APR_ARRAY_PUSH(field->values, wf_form_value_t) = value;
    }
    if (!field->values->nelts) {
        wf_parse_warning(parser, xml, "form-values",
                         "the form property \"%s\" is an enum without values", field->id);
    }
}

static void parse_type(wf_parser_t *parser, const wf_xml_t *xml, wf_form_field_t *field)
{
    const char *name = wf_parse_own(parser, xml, "type");

    if (!name) {
        return;
    }
    field->type = wf_form_type_find(name);
    if (!field->type) {
        wf_parse_problem(parser, xml, "form-type",
                         "type \"%s\" of form property \"%s\" is not known (string, "
                         "long, double, boolean, date and enum are)",
                         name, field->id);
    }
    if (wf_form_type_has_pattern(field->type)) {
        parse_pattern(parser, xml, field);
    }
    if (wf_form_type_has_values(field->type)) {
        parse_values(parser, xml, field);
    }
}

static const wf_form_field_t *parse_field(wf_parser_t *parser, const wf_xml_t *xml)
{
    wf_form_field_t *field = apr_pcalloc(parser->p, sizeof(*field));

    field->id = wf_parse_own(parser, xml, "id");
    if (!field->id) {
        wf_parse_problem(parser, xml, "missing-id", "<activiti:formProperty> has no id");
        return NULL;
    }
    field->name = wf_parse_own(parser, xml, "name");
    field->required = flag(parser, xml, "required", 0);
    field->readable = flag(parser, xml, "readable", 1);
    field->writable = flag(parser, xml, "writable", 1);
    field->variable = wf_parse_own(parser, xml, "variable");
    field->expression = wf_parse_template(parser, xml, "expression",
                                          wf_parse_own(parser, xml, "expression"));
    field->fallback =
        wf_parse_template(parser, xml, "default", wf_parse_own(parser, xml, "default"));
    parse_type(parser, xml, field);
    return field;
}

apr_array_header_t *wf_form_fields_parse(wf_parser_t *parser, const wf_xml_t *element)
{
    const wf_xml_t *child = wf_xml_extension(element, "formProperty");
    apr_array_header_t *fields;
    apr_hash_t *seen = apr_hash_make(parser->scratch);

    if (!child) {
        return NULL;
    }
    fields = apr_array_make(parser->p, 4, sizeof(const wf_form_field_t *));
    for (; child; child = wf_xml_next(child, WF_NS_EXTENSION, "formProperty")) {
        const wf_form_field_t *field = parse_field(parser, child);

        if (!field) {
            continue;
        }
        if (apr_hash_get(seen, field->id, APR_HASH_KEY_STRING)) {
            wf_parse_warning(parser, child, "duplicate-id",
                             "a second form property with the id \"%s\" has no effect",
                             field->id);
            continue;
        }
        apr_hash_set(seen, field->id, APR_HASH_KEY_STRING, field);
        APR_ARRAY_PUSH(fields, const wf_form_field_t *) = field;
    }
    return fields;
}
