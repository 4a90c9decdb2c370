/* The types of form properties: texts become variables when a form is submitted, and
 * variables become texts when it is shown. A new type is a row and its functions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "bpmn/forms.h"

struct wf_form_type_t {
    const char *name;
    const char *expected; /* for the message about a text that does not fit */

    /** 1 and *value if the text, never empty unless empty_counts, fits. */
    int (*read)(const wf_form_field_t *field, const char *text, wf_value_t *value);

    /** The text of a value that is neither null nor a text; NULL: as expressions print.
     */
    const char *(*print)(const wf_form_field_t *field, const wf_value_t *value,
                         apr_pool_t *p);

    int empty_counts; /* the empty text is a value, not null */
    int has_pattern, has_values;
};

static int read_string(const wf_form_field_t *field, const char *text, wf_value_t *value)
{
    (void)field;
    *value = wf_string(text);
    return 1;
}

static int read_long(const wf_form_field_t *field, const char *text, wf_value_t *value)
{
    apr_int64_t number;

    (void)field;
    if (!wf_parse_int64(text, &number)) {
        return 0;
    }
    *value = wf_long(number);
    return 1;
}

/* Decimal digits only: strtod would take hexadecimal numbers, blanks, "nan" and "inf",
 * too. The engine runs in the C locale, so the point is a point. */
static int read_double(const wf_form_field_t *field, const char *text, wf_value_t *value)
{
    char *end;
    double number;

    (void)field;
    if (text[strspn(text, "0123456789+-.eE")]) {
        return 0;
    }
    number = strtod(text, &end);
    if (*end || !isfinite(number)) {
        return 0;
    }
    *value = wf_double(number);
    return 1;
}

static int read_boolean(const wf_form_field_t *field, const char *text, wf_value_t *value)
{
    (void)field;
    *value = wf_boolean(strcasecmp(text, "true") == 0);
    return value->as.boolean || strcasecmp(text, "false") == 0;
}

static int read_date(const wf_form_field_t *field, const char *text, wf_value_t *value)
{
    apr_int64_t ms;

    if (wf_date_pattern_read(field->pattern, text, &ms) != APR_SUCCESS) {
        return 0;
    }
    *value = wf_date(ms);
    return 1;
}

static const char *print_date(const wf_form_field_t *field, const wf_value_t *value,
                              apr_pool_t *p)
{
    return value->type == WF_DATE
               ? wf_date_pattern_print(field->pattern, value->as.integer, p)
               : wf_value_print(value, WF_UEL, p);
}

static int read_enum(const wf_form_field_t *field, const char *text, wf_value_t *value)
{
    int i;

    *value = wf_string(text);
    for (i = 0; i < field->values->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(field->values, i, wf_form_value_t).id, text) == 0) {
            return 1;
        }
    }
    return 0;
}

/* clang-format off */
static const wf_form_type_t types[] = {
    /* name       expected                          read          print       empty pattern values */
    { "string",  "a text",                          read_string,  NULL,       1,    0,      0 },
    { "long",    "a whole number of 64 bits",       read_long,    NULL,       0,    0,      0 },
    { "double",  "a decimal number",                read_double,  NULL,       0,    0,      0 },
    { "boolean", "true or false",                   read_boolean, NULL,       0,    0,      0 },
    { "date",    "a date as its pattern has it",    read_date,    print_date, 0,    1,      0 },
    { "enum",    "one of its values",               read_enum,    NULL,       1,    0,      1 },
};
/* clang-format on */

const wf_form_type_t *wf_form_type_find(const char *name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].name, name) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

const char *wf_form_type_name(const wf_form_type_t *type)
{
    return type ? type->name : NULL;
}

int wf_form_type_has_pattern(const wf_form_type_t *type)
{
    return type && type->has_pattern;
}

int wf_form_type_has_values(const wf_form_type_t *type)
{
    return type && type->has_values;
}

apr_status_t wf_form_read(const wf_form_field_t *field, const char *text,
                          wf_value_t *value, wf_error_t *err)
{
    const wf_form_type_t *type = field->type ? field->type : &types[0];

    *value = wf_null();
    if (!text || (!*text && !type->empty_counts)) {
        return APR_SUCCESS;
    }
    if (!type->read(field, text, value)) {
        return wf_error_field(err, WF_ERR_INVALID, field->id,
                              "form property '%s' is no %s: %s is expected%s%s",
                              field->id, type->name, type->expected,
                              field->date_pattern ? ", " : "",
                              field->date_pattern ? field->date_pattern : "");
    }
    return APR_SUCCESS;
}

const char *wf_form_print(const wf_form_field_t *field, const wf_value_t *value,
                          apr_pool_t *p)
{
    if (value->type == WF_NULL) {
        return NULL;
    }
    if (value->type == WF_STRING) {
        return value->as.text.data;
    }
    return field->type && field->type->print ? field->type->print(field, value, p)
                                             : wf_value_print(value, WF_UEL, p);
}
