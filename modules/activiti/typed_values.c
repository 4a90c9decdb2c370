/* Variables as Camunda 7 writes them, for the workers that speak its API:
 *
 *     "amount": { "type": "Integer", "value": 250, "valueInfo": {} }
 *
 * Lists and maps are of type Json, a text. The first letter of a type may be small. */
#include "activiti/internal.h"

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- times ------------------------------------------------------------------------- */

const char *wf_camunda_time(apr_int64_t ms, apr_pool_t *p)
{
    char *text = apr_pstrdup(p, wf_time_iso(ms, p));
    apr_size_t length = strlen(text);

    if (text[length - 1] == 'Z') {
        return apr_pstrcat(p, apr_pstrmemdup(p, text, length - 1), "+0000", NULL);
    }
    memmove(text + length - 3, text + length - 2, 3); /* the colon of the offset */
    return text;
}

/* An offset may lack its colon. */
static int parse_time(const char *text, apr_int64_t *ms, apr_pool_t *p)
{
    apr_size_t length = strlen(text);
    const char *sign = length > 5 ? text + length - 5 : "";

    if ((*sign == '+' || *sign == '-') && strchr(text, 'T')
        && strspn(sign + 1, "0123456789") == 4) {
        text = apr_pstrcat(p, apr_pstrmemdup(p, text, length - 2), ":", text + length - 2,
                           NULL);
    }
    return wf_time_parse(ms, text) == APR_SUCCESS;
}

/* ---- writing ----------------------------------------------------------------------- */

/* clang-format off */
static const char *const names[WF_TYPES] = {
    [WF_NULL]    = "Null",
    [WF_BOOLEAN] = "Boolean",
    [WF_SHORT]   = "Short",
    [WF_INTEGER] = "Integer",
    [WF_LONG]    = "Long",
    [WF_DOUBLE]  = "Double",
    [WF_STRING]  = "String",
    [WF_DATE]    = "Date",
    [WF_BYTES]   = "Bytes",
    [WF_LIST]    = "Json",
    [WF_MAP]     = "Json",
    [WF_OBJECT]  = "Object",
};
/* clang-format on */

json_object *wf_typed_to_json(const wf_value_t *value, apr_pool_t *p)
{
    json_object *o = json_object_new_object(), *plain;

    wf_json_add_string(o, "type", names[value->type]);
    if (value->type == WF_DATE) {
        wf_json_add_string(o, "value", wf_camunda_time(value->as.integer, p));
    }
    else if (value->type == WF_LIST || value->type == WF_MAP) {
        plain = wf_json_own(wf_value_to_json(value), p);
        wf_json_add_string(o, "value", wf_json_text(plain, NULL, p));
    }
    else {
        json_object_object_add(o, "value", wf_value_to_json(value));
    }
    json_object_object_add(o, "valueInfo", json_object_new_object());
    return o;
}

/* ---- reading ----------------------------------------------------------------------- */

typedef struct typed_t {
    const char *name; /* of the variable */
    const char *type;
    json_object *value; /* NULL: null */
    json_object *info;  /* or NULL */
    apr_pool_t *p;
} typed_t;

/** Take a value that is not null. */
typedef apr_status_t read_fn(wf_value_t *value, const typed_t *typed, wf_error_t *err);

static apr_status_t misfit(const typed_t *typed, wf_error_t *err)
{
    return wf_error_field(err, WF_ERR_INVALID, typed->name,
                          "the value of variable '%s' is not of type %s", typed->name,
                          typed->type);
}

/* Its text, NULL for arrays and objects: numbers and flags may be written as texts, and
 * the other way round. */
static const char *text_of(const typed_t *typed)
{
    switch (json_object_get_type(typed->value)) {
    case json_type_string:
        return json_object_get_string(typed->value);
    case json_type_array:
    case json_type_object:
        return NULL;
    default:
        return wf_json_text(typed->value, NULL, typed->p);
    }
}

static apr_status_t read_string(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    const char *text = text_of(typed);

    *value = wf_string(text ? apr_pstrdup(typed->p, text) : NULL);
    return text ? APR_SUCCESS : misfit(typed, err);
}

static apr_status_t read_whole(wf_value_t *value, const typed_t *typed, apr_int64_t least,
                               apr_int64_t most, wf_type_e type, wf_error_t *err)
{
    const char *text = text_of(typed);
    apr_int64_t number;

    if (!text || !wf_parse_int64(text, &number) || number < least || number > most) {
        return misfit(typed, err);
    }
    *value = wf_long(number);
    value->type = type;
    return APR_SUCCESS;
}

static apr_status_t read_short(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    return read_whole(value, typed, INT16_MIN, INT16_MAX, WF_SHORT, err);
}

static apr_status_t read_integer(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    return read_whole(value, typed, INT32_MIN, INT32_MAX, WF_INTEGER, err);
}

static apr_status_t read_long(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    return read_whole(value, typed, INT64_MIN, INT64_MAX, WF_LONG, err);
}

/* Only what JSON calls a number: no "inf", no "0x10". */
static apr_status_t read_double(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    const char *text = text_of(typed);
    json_object *number = typed->value;
    wf_error_t wrong;

    wf_error_init(&wrong, typed->p);
    if (!text
        || (json_object_is_type(number, json_type_string)
            && wf_json_parse(&number, text, strlen(text), typed->p, &wrong)
                   != APR_SUCCESS)
        || !(json_object_is_type(number, json_type_double)
             || json_object_is_type(number, json_type_int))
        || !isfinite(json_object_get_double(number))) {
        return misfit(typed, err);
    }
    *value = wf_double(json_object_get_double(number));
    return APR_SUCCESS;
}

static apr_status_t read_boolean(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    const char *text = text_of(typed);

    if (!text || (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)) {
        return misfit(typed, err);
    }
    *value = wf_boolean(strcasecmp(text, "true") == 0);
    return APR_SUCCESS;
}

static apr_status_t read_date(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    apr_int64_t ms;

    if (!json_object_is_type(typed->value, json_type_string)
        || !parse_time(json_object_get_string(typed->value), &ms, typed->p)) {
        return misfit(typed, err);
    }
    *value = wf_date(ms);
    return APR_SUCCESS;
}

static int is_base64(const char *text)
{
    apr_size_t letters =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    apr_size_t pads = strspn(text + letters, "=");

    return !text[letters + pads] && pads <= 2 && (letters + pads) % 4 == 0;
}

static apr_status_t read_bytes(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    const char *text = json_object_is_type(typed->value, json_type_string)
                           ? json_object_get_string(typed->value)
                           : NULL;
    unsigned char *bytes;

    if (!text || !is_base64(text)) {
        return misfit(typed, err);
    }
    bytes = apr_palloc(typed->p, apr_base64_decode_len(text) + 1);
    *value = wf_bytes(bytes, apr_base64_decode_binary(bytes, text));
    return APR_SUCCESS;
}

/* A text that is JSON; JSON itself is taken, too. */
static apr_status_t read_json(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    json_object *json = typed->value;
    apr_status_t rv = APR_SUCCESS;

    if (json_object_is_type(json, json_type_string)) {
        const char *text = json_object_get_string(json);

        rv = wf_json_parse(&json, text, strlen(text), typed->p, err);
        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "variable '%s' of type %s", typed->name,
                                 typed->type);
        }
        if (!wf_json_is_storable(json)) {
            return misfit(typed, err);
        }
    }
    *value = wf_value_from_json(json, typed->p);
    return rv;
}

/* Objects are taken if they come as JSON: there is no Java here to read anything else. */
static apr_status_t read_object(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    const char *format =
        wf_json_string(typed->info, "serializationDataFormat", "application/json");

    if (strcmp(format, "application/json") != 0) {
        return wf_error_field(
            err, WF_ERR_INVALID, typed->name,
            "variable '%s' is serialized as '%s'; only application/json "
            "is read",
            typed->name, format);
    }
    return read_json(value, typed, err);
}

static apr_status_t read_null(wf_value_t *value, const typed_t *typed, wf_error_t *err)
{
    (void)value;
    return misfit(typed, err);
}

/* clang-format off */
static const struct {
    const char *name;
    read_fn *read;
} types[] = {
    { "String",  read_string },
    { "Integer", read_integer },
    { "Long",    read_long },
    { "Short",   read_short },
    { "Double",  read_double },
    { "Boolean", read_boolean },
    { "Date",    read_date },
    { "Bytes",   read_bytes },
    { "Json",    read_json },
    { "Object",  read_object },
    { "Null",    read_null },
};
/* clang-format on */

/* Without a type the value speaks for itself. */
static apr_status_t find_type(read_fn **read, typed_t *typed, wf_error_t *err)
{
    *read = read_json;
    if (!typed->type) {
        *read =
            json_object_is_type(typed->value, json_type_string) ? read_string : read_json;
        typed->type = "Json";
        return APR_SUCCESS;
    }
    for (apr_size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (apr_toupper(typed->type[0]) == types[i].name[0]
            && strcmp(typed->type + 1, types[i].name + 1) == 0) {
            *read = types[i].read;
            typed->type = types[i].name;
            return APR_SUCCESS;
        }
    }
    return wf_error_field(err, WF_ERR_INVALID, typed->name,
                          "variable '%s' is of type '%s', which is not supported",
                          typed->name, typed->type);
}

static apr_status_t open_typed(typed_t *typed, const char *name, json_object *json,
                               apr_pool_t *p, wf_error_t *err)
{
    *typed = (typed_t){ .name = name, .p = p };
    if (!json_object_is_type(json, json_type_object)) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "variable '%s' must be an object with value and type",
                              name);
    }
    typed->value = wf_json_get(json, "value");
    typed->type = wf_json_string(json, "type", NULL);
    typed->info = wf_json_get(json, "valueInfo");
    if (!*name || strlen(name) > WF_VARIABLE_NAME_MAX) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the name of a variable must have 1 to %d bytes",
                            WF_VARIABLE_NAME_MAX);
    }
    if (wf_json_bool(typed->info, "transient", 0)) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "variable '%s' is transient, which is not supported", name);
    }
    return wf_json_is_storable(typed->value) ? APR_SUCCESS : misfit(typed, err);
}

apr_status_t wf_typed_read(wf_map_t **vars, json_object *body, const char *member,
                           apr_pool_t *p, wf_error_t *err)
{
    json_object *given = wf_json_get(body, member);

    *vars = wf_map_create(p);
    if (!given) {
        return APR_SUCCESS;
    }
    if (!json_object_is_type(given, json_type_object)) {
        return wf_error_field(err, WF_ERR_INVALID, member, "'%s' must be an object",
                              member);
    }
    json_object_object_foreach(given, name, json)
    {
        wf_value_t value = wf_null();
        read_fn *read;
        typed_t typed;
        apr_status_t rv = open_typed(&typed, name, json, p, err);

        if (rv == APR_SUCCESS) {
            rv = find_type(&read, &typed, err);
        }
        if (rv == APR_SUCCESS && typed.value) {
            rv = read(&value, &typed, err);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        wf_map_set(*vars, name, value);
    }
    return APR_SUCCESS;
}
