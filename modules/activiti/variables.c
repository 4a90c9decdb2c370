/* Process variables in the body of a call, with the meta-data fields that let a plain
 * HTML form say what a browser cannot: types and required fields.
 *
 *   "amount": "250", "amount_type": "Integer", "amount_required": "true" */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* How a value is read under a descriptor. */
typedef apr_status_t convert_fn(wf_value_t *value, json_object *json, const char *name,
                                apr_pool_t *p, wf_error_t *err);

static apr_status_t misfit(const char *name, const char *type, wf_error_t *err)
{
    return wf_error_field(err, WF_ERR_INVALID, name, "variable '%s' is not of type %s",
                          name, type);
}

/* ---- values without descriptor -------------------------------------------------- */

static apr_status_t convert_plain(wf_value_t *value, json_object *json, const char *name,
                                  apr_pool_t *p, wf_error_t *err)
{
    (void)name;
    (void)err;
    *value = wf_value_from_json(json, p);
    return APR_SUCCESS;
}

/* ---- values with descriptor ----------------------------------------------------- */

static apr_status_t convert_integer(wf_value_t *value, json_object *json,
                                    const char *name, apr_pool_t *p, wf_error_t *err)
{
    apr_int64_t i = 0;
    double d = 0;
    int fits = 0;

    (void)p;
    switch (json_object_get_type(json)) {
    case json_type_int:
        i = json_object_get_int64(json);
        fits = 1;
        break;
    case json_type_double: /* the fraction is cut off */
        d = trunc(json_object_get_double(json));
        fits = d >= APR_INT32_MIN && d <= APR_INT32_MAX;
        i = fits ? (apr_int64_t)d : 0;
        break;
    case json_type_string:
        fits = wf_parse_int64(json_object_get_string(json), &i);
        break;
    default:
        break;
    }
    if (!fits || i < APR_INT32_MIN || i > APR_INT32_MAX) {
        return misfit(name, "Integer (32 bit)", err);
    }
    *value = wf_integer(i);
    return APR_SUCCESS;
}

static apr_status_t convert_boolean(wf_value_t *value, json_object *json,
                                    const char *name, apr_pool_t *p, wf_error_t *err)
{
    const char *text;

    (void)p;
    if (json_object_is_type(json, json_type_boolean)) {
        *value = wf_boolean(json_object_get_boolean(json));
        return APR_SUCCESS;
    }
    text =
        json_object_is_type(json, json_type_string) ? json_object_get_string(json) : "";
    if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0) {
        return misfit(name, "Boolean", err);
    }
    *value = wf_boolean(strcasecmp(text, "true") == 0);
    return APR_SUCCESS;
}

static apr_status_t convert_text(wf_value_t *value, json_object *json, const char *name,
                                 apr_pool_t *p, wf_error_t *err)
{
    switch (json_object_get_type(json)) {
    case json_type_array:
    case json_type_object:
        return misfit(name, "String", err);
    case json_type_null:
        *value = wf_null();
        return APR_SUCCESS;
    case json_type_string:
        *value = wf_string(apr_pstrdup(p, json_object_get_string(json)));
        return APR_SUCCESS;
    default:
        *value = wf_string(wf_json_text(json, NULL, p));
        return APR_SUCCESS;
    }
}

static const struct {
    const char *descriptor;
    convert_fn *convert;
} types[] = {
    /* clang-format off */
    { "Integer", convert_integer },
    { "Boolean", convert_boolean },
    { "String",  convert_text },
    { "Date",    convert_text },
    { "User",    convert_text },
    /* clang-format on */
};

/* ---- the body ---------------------------------------------------------------------- */

/* The member "<name>_<role>" of a body. */
static int find_descriptor(json_object *body, const char *name, const char *role,
                           json_object **found, apr_pool_t *p)
{
    return json_object_object_get_ex(body, apr_pstrcat(p, name, "_", role, NULL), found);
}

static apr_status_t find_conversion(convert_fn **convert, json_object *body,
                                    const char *name, apr_pool_t *p, wf_error_t *err)
{
    json_object *type;
    const char *text;

    *convert = convert_plain;
    if (!find_descriptor(body, name, "type", &type, p)) {
        return APR_SUCCESS;
    }
    text = json_object_is_type(type, json_type_string) ? json_object_get_string(type)
                                                       : wf_json_text(type, NULL, p);
    for (apr_size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].descriptor, text) == 0) {
            *convert = types[i].convert;
            return APR_SUCCESS;
        }
    }
    return wf_error_field(err, WF_ERR_INVALID, name,
                          "variable '%s' has the unknown type descriptor '%s'", name,
                          text);
}

static apr_status_t read_variable(wf_map_t *vars, json_object *body, const char *name,
                                  json_object *json, apr_pool_t *p, wf_error_t *err)
{
    convert_fn *convert;
    wf_value_t value;
    apr_status_t rv;

    if (*name == '\0' || strlen(name) > WF_VARIABLE_NAME_MAX) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the name of a variable must have 1 to %d bytes",
                            WF_VARIABLE_NAME_MAX);
    }
    if (!wf_json_is_storable(json)) {
        return wf_error_field(
            err, WF_ERR_INVALID, name,
            "variable '%s' holds a number beyond a double or a NUL character", name);
    }
    if ((rv = find_conversion(&convert, body, name, p, err)) != APR_SUCCESS
        || (rv = convert(&value, json, name, p, err)) != APR_SUCCESS) {
        return rv;
    }
    wf_map_set(vars, name, value);
    return APR_SUCCESS;
}

static int is_true(json_object *json)
{
    return json_object_is_type(json, json_type_string)
               ? strcmp(json_object_get_string(json), "true") == 0
               : json_object_is_type(json, json_type_boolean)
                     && json_object_get_boolean(json);
}

/* A member with an underscore: only "<name>_required" asks for something by itself. */
static apr_status_t check_required(json_object *body, const char *name, json_object *json,
                                   apr_pool_t *p, wf_error_t *err)
{
    const char *underscore = strchr(name, '_');
    const char *wanted;

    if (underscore == name || strcmp(underscore, "_required") != 0 || !is_true(json)) {
        return APR_SUCCESS;
    }
    wanted = apr_pstrmemdup(p, name, (apr_size_t)(underscore - name));
    if (!wf_json_get(body, wanted)) {
        return wf_error_field(err, WF_ERR_INVALID, wanted, "variable '%s' is required",
                              wanted);
    }
    return APR_SUCCESS;
}

static int is_own(const char *const *own, const char *name)
{
    for (; own && *own; own++) {
        if (strcmp(*own, name) == 0) {
            return 1;
        }
    }
    return 0;
}

apr_status_t wf_variables_read(wf_map_t **vars, json_object *body, const char *const *own,
                               apr_pool_t *p, wf_error_t *err)
{
    *vars = wf_map_create(p);
    {
        json_object_object_foreach(body, name, json)
        {
            apr_status_t rv = APR_SUCCESS;

            if (strchr(name, '_')) {
                rv = check_required(body, name, json, p, err);
            }
            else if (!is_own(own, name)) {
                rv = read_variable(*vars, body, name, json, p, err);
            }
            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
    }
    return APR_SUCCESS;
}
