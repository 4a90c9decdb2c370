/* Form properties: what a start event or user task says about the fields of its form, and
 * the types that convert between texts and variables. Built with the model and as
 * immutable as that. Private to this room. */
#ifndef WF_BPMN_FORMS_H
#define WF_BPMN_FORMS_H

#include "bpmn/parse.h"

typedef struct wf_form_type_t wf_form_type_t;
typedef struct wf_date_pattern_t wf_date_pattern_t;

/** An activiti:formProperty. */
typedef struct wf_form_field_t {
    const char *id;
    const char *name;           /* or NULL */
    const wf_form_type_t *type; /* NULL: none given, texts stay texts */
    const char *date_pattern;   /* of type date, else NULL */
    const wf_date_pattern_t *pattern;
    apr_array_header_t *values; /* of type enum: of wf_form_value_t; else NULL */
    int required, readable, writable;
    const char *variable;            /* its variable if that is not named like id */
    const wf_template_t *expression; /* instead of a variable, or NULL */
    const wf_template_t *fallback;   /* activiti:default, or NULL */
} wf_form_field_t;

/* ---- form_fields.c: reading the file ----------------------------------------------- */

/** The form properties of an element in document order: of const wf_form_field_t *; NULL
 *  if it has none. */
apr_array_header_t *wf_form_fields_parse(wf_parser_t *parser, const wf_xml_t *element);

/* ---- form_types.c ------------------------------------------------------------------ */

/** NULL for an unknown name. */
const wf_form_type_t *wf_form_type_find(const char *name);
const char *wf_form_type_name(const wf_form_type_t *type);
int wf_form_type_has_pattern(const wf_form_type_t *type);
int wf_form_type_has_values(const wf_form_type_t *type);

/** What a submitted text means; text NULL, and for most types the empty text, is null.
 * The value may borrow the text. WF_ERR_INVALID with the property's id as field. */
apr_status_t wf_form_read(const wf_form_field_t *field, const char *text,
                          wf_value_t *value, wf_error_t *err);

/** A value as the form shows it; NULL for null. Texts stay what they are, also where the
 *  type would have them otherwise: a variable may have had any history. */
const char *wf_form_print(const wf_form_field_t *field, const wf_value_t *value,
                          apr_pool_t *p);

/* ---- date_pattern.c: Java's SimpleDateFormat --------------------------------------- */

/** Letters y M d E H h m s S a z Z X, quoted text, '' for a quote. Names are English; a
 *  text without zone is in the server's. WF_ERR_INVALID names any other letter. */
apr_status_t wf_date_pattern_parse(const wf_date_pattern_t **pattern, const char *text,
                                   apr_pool_t *p, wf_error_t *err);

/** The whole text must fit, and the date exist; else APR_EINVAL. What the pattern leaves
 *  open is the first of January 1970, midnight. */
apr_status_t wf_date_pattern_read(const wf_date_pattern_t *pattern, const char *text,
                                  apr_int64_t *ms);

const char *wf_date_pattern_print(const wf_date_pattern_t *pattern, apr_int64_t ms,
                                  apr_pool_t *p);

#endif
