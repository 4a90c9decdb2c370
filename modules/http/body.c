/* What a request body means: its kind by Content-Type, the JSON object that handlers work
 * on, and the members that they ask for. */
#include "http/internal.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* ---- Content-Type ------------------------------------------------------------------ */

/* 1 if the parameters of a media type name a charset that is not UTF-8 (or its subset).
 */
static int foreign_charset(const char *parameters)
{
    const char *charset = strcasestr(parameters, "charset=");

    if (!charset) {
        return 0;
    }
    charset += strlen("charset=");
    charset += *charset == '"';
    return strncasecmp(charset, "utf-8", 5) != 0 && strncasecmp(charset, "utf8", 4) != 0
           && strncasecmp(charset, "us-ascii", 8) != 0;
}

wf_content_e wf_content_parse(const char *content_type)
{
    apr_size_t length;

    if (!content_type || !*content_type) {
        return WF_CONTENT_NONE;
    }
    length = strcspn(content_type, "; \t");
    if (strncasecmp(content_type, "multipart/", 10) == 0) {
        return WF_CONTENT_MULTIPART;
    }
    if (foreign_charset(content_type + length)) {
        return WF_CONTENT_CHARSET;
    }
    if ((length == 16 && strncasecmp(content_type, "application/json", 16) == 0)
        || (length > 5 && strncasecmp(content_type + length - 5, "+json", 5) == 0)) {
        return WF_CONTENT_JSON;
    }
    if (length == 33
        && strncasecmp(content_type, "application/x-www-form-urlencoded", 33) == 0) {
        return WF_CONTENT_FORM;
    }
    return WF_CONTENT_OTHER;
}

/* ---- the object -------------------------------------------------------------------- */

static apr_status_t object_from_form(json_object **object, const char *data,
                                     apr_size_t length, apr_pool_t *p, wf_error_t *err)
{
    const wf_query_t *form;
    apr_status_t rv = wf_form_parse(&form, data, length, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *object = wf_json_own(json_object_new_object(), p);
    for (int i = 0; i < form->count; i++) { /* of repeated names the first counts */
        if (!json_object_object_get_ex(*object, form->params[i].name, NULL)) {
            wf_json_add_string(*object, form->params[i].name, form->params[i].value);
        }
    }
    return APR_SUCCESS;
}

/* Bodies that hold no JSON, whatever their bytes look like. */
static apr_status_t check_content(wf_content_e content, wf_error_t *err)
{
    if (content == WF_CONTENT_MULTIPART) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "this call takes a JSON body, not multipart/form-data");
    }
    if (content == WF_CONTENT_CHARSET) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the body must be encoded in UTF-8, not in another charset");
    }
    return APR_SUCCESS;
}

apr_status_t wf_body_object(json_object **object, wf_content_e content, const char *data,
                            apr_size_t length, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = check_content(content, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (length == 0) {
        *object = wf_json_own(json_object_new_object(), p);
        return APR_SUCCESS;
    }
    /* Command line clients send JSON as a form unless they are told otherwise. */
    if (content == WF_CONTENT_FORM && *data != '{') {
        return object_from_form(object, data, length, p, err);
    }
    if ((rv = wf_json_parse(object, data, length, p, err)) != APR_SUCCESS) {
        return wf_error_note(err, rv, "the request body");
    }
    if (!json_object_is_type(*object, json_type_object)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the request body must be a JSON object");
    }
    return APR_SUCCESS;
}

/* ---- members ----------------------------------------------------------------------- */

/* JSON strings may hold \u0000, which would cut the text short for everybody after us. */
static int has_nul(json_object *string)
{
    return strlen(json_object_get_string(string))
           != (apr_size_t)json_object_get_string_len(string);
}

apr_status_t wf_body_text(json_object *object, const char *name, const char **value,
                          apr_pool_t *p, wf_error_t *err)
{
    json_object *member = wf_json_get(object, name);

    *value = NULL;
    switch (json_object_get_type(member)) {
    case json_type_null:
        return APR_SUCCESS;
    case json_type_array:
    case json_type_object:
        return wf_error_field(err, WF_ERR_INVALID, name, "field '%s' must be a string",
                              name);
    case json_type_string:
        if (has_nul(member)) {
            return wf_error_field(err, WF_ERR_INVALID, name,
                                  "field '%s' contains a NUL character", name);
        }
        *value = apr_pstrdup(p, json_object_get_string(member));
        return APR_SUCCESS;
    default:
        *value = wf_json_text(member, NULL, p);
        return APR_SUCCESS;
    }
}

apr_status_t wf_body_string(json_object *object, const char *name, const char **value,
                            apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = wf_body_text(object, name, value, p, err);

    if (rv == APR_SUCCESS && (!*value || !**value)) {
        return wf_error_field(err, WF_ERR_INVALID, name, "field '%s' is required", name);
    }
    return rv;
}

apr_status_t wf_body_bool(json_object *object, const char *name, int *value,
                          apr_pool_t *p, wf_error_t *err)
{
    const char *text;
    apr_status_t rv = wf_body_text(object, name, &text, p, err);

    if (rv != APR_SUCCESS || !text || !*text) { /* a form sends a field that is empty */
        return rv;
    }
    if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "field '%s' must be true or false", name);
    }
    *value = strcasecmp(text, "true") == 0;
    return APR_SUCCESS;
}

/* The items of an array; what names it in errors: "field 'x'". */
static apr_status_t read_strings(json_object *array, const char *field, const char *what,
                                 apr_array_header_t **values, apr_pool_t *p,
                                 wf_error_t *err)
{
    apr_size_t count = json_object_array_length(array);

    *values = apr_array_make(p, (int)count, sizeof(const char *));
    for (apr_size_t i = 0; i < count; i++) {
        json_object *item = json_object_array_get_idx(array, i);

        if (!json_object_is_type(item, json_type_string) || has_nul(item)) {
            return wf_error_field(err, WF_ERR_INVALID, field,
                                  "%s: item %d must be a string", what, (int)i + 1);
        }
        APR_ARRAY_PUSH(*values, const char *) =
            apr_pstrdup(p, json_object_get_string(item));
    }
    return APR_SUCCESS;
}

apr_status_t wf_body_strings(json_object *object, const char *name,
                             apr_array_header_t **values, apr_pool_t *p, wf_error_t *err)
{
    json_object *member = wf_json_get(object, name);

    if (!member) {
        return wf_error_field(err, WF_ERR_INVALID, name, "field '%s' is required", name);
    }
    if (!json_object_is_type(member, json_type_array)) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "field '%s' must be an array of strings", name);
    }
    return read_strings(member, name, apr_psprintf(p, "field '%s'", name), values, p, err);
}

apr_status_t wf_body_array(apr_array_header_t **values, wf_content_e content,
                           const char *data, apr_size_t length, apr_pool_t *p,
                           wf_error_t *err)
{
    json_object *array = NULL;
    apr_status_t rv = check_content(content, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (length > 0
        && (rv = wf_json_parse(&array, data, length, p, err)) != APR_SUCCESS) {
        return wf_error_note(err, rv, "the request body");
    }
    if (!json_object_is_type(array, json_type_array)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the request body must be a JSON array of strings");
    }
    return read_strings(array, NULL, "the request body", values, p, err);
}
