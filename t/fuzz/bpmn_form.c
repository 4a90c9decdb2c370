/* Fuzz target of what submitted forms hold, and of delegates.json. The first byte
 * chooses: 'd' a registry of delegates; 's' string, 'l' long, 'n' double, 'b' boolean,
 * 't' date, 'e' enum: the text of a form property. Whatever it is: a value that prints as
 * a text that is read as the same value, a registry, or an error that names the property
 * or delegate. */
#include "bpmn/bpmn.h"
#include "bpmn/forms.h"
#include "fuzz.h"

static const char *type_of(char c)
{
    static const struct {
        char c;
        const char *name;
    } types[] = { { 's', "string" },  { 'l', "long" }, { 'n', "double" },
                  { 'b', "boolean" }, { 't', "date" }, { 'e', "enum" } };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].c == c) {
            return types[i].name;
        }
    }
    return NULL;
}

static void fuzz_field(const char *type, const char *text, apr_pool_t *p)
{
    wf_form_field_t field = { .id = "field", .type = wf_form_type_find(type) };
    wf_value_t value, again;
    const char *shown;
    wf_error_t err;

    wf_error_init(&err, p);
    field.values = apr_array_make(p, 1, sizeof(wf_form_value_t));
    ((wf_form_value_t *)apr_array_push(field.values))->id = "red";
    if (wf_form_type_has_pattern(field.type)) {
        field.date_pattern = "yyyy-MM-dd'T'HH:mm:ss.SSSZ";
        wf_date_pattern_parse(&field.pattern, field.date_pattern, p, &err);
    }
    if (wf_form_read(&field, text, &value, &err) != APR_SUCCESS) {
        fuzz_refused(&err);
        fuzz_check(err.field && !strcmp(err.field, "field"));
        return;
    }
    shown = wf_form_print(&field, &value, p);
    fuzz_check(!shown == (value.type == WF_NULL));
    /* A pattern's four letters are the least that a year has, not the most. */
    if (shown && value.type != WF_DATE) {
        fuzz_check(wf_form_read(&field, shown, &again, &err) == APR_SUCCESS
                   && wf_value_equal(&value, &again));
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const char *text = fuzz_text(data, size, p), *type;
    wf_delegates_t *delegates;
    wf_error_t err;

    wf_error_init(&err, p);
    if (size == 0 || !wf_utf8_valid(text, strlen(text))) {
        return; /* what reaches them is UTF-8 */
    }
    type = type_of((char)data[0]);
    if (type) {
        fuzz_field(type, text, p);
    }
    else if (data[0] == 'd'
             && wf_delegates_parse(&delegates, text, size - 1, 7, p, &err)
                    != APR_SUCCESS) {
        fuzz_refused(&err);
    }
}
