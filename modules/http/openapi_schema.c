/* Schemas for the OpenAPI document: of answers from their examples, so that there is
 * nothing to keep in step by hand, and of what callers pass from the arguments of the
 * rows. What an example cannot tell is assumed in the wide sense: a scalar member may be
 * null. */
#include "http/internal.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* ---- building ---------------------------------------------------------------------- */

json_object *wf_doc_object(json_object *parent, const char *name)
{
    json_object *child = json_object_new_object();

    json_object_object_add(parent, name, child);
    return child;
}

json_object *wf_doc_array(json_object *parent, const char *name)
{
    json_object *child = json_object_new_array();

    json_object_object_add(parent, name, child);
    return child;
}

void wf_doc_string(json_object *array, const char *text)
{
    json_object_array_add(array, json_object_new_string(text));
}

/* ---- from examples ----------------------------------------------------------------- */

static int is_date(const char *text)
{
    apr_int64_t ms;

    return strchr(text, 'T') && wf_time_parse(&ms, text) == APR_SUCCESS;
}

json_object *wf_schema_of_type(const char *type, int nullable)
{
    json_object *schema = json_object_new_object();

    if (type && nullable) {
        json_object *types = wf_doc_array(schema, "type");

        wf_doc_string(types, type);
        wf_doc_string(types, "null");
    }
    else if (type) {
        wf_json_add_string(schema, "type", type);
    }
    return schema;
}

/* Members whose names are data: any of them looks like one of the example's. */
static json_object *open_schema(json_object *example, const wf_route_t *route)
{
    json_object *schema = json_object_new_object();
    json_object *any = json_object_new_array();

    wf_json_add_string(schema, "type", "object");
    json_object_object_foreach(example, name, member)
    {
        json_object *one = wf_schema_of(member, route);
        int known = 0;

        (void)name;
        for (apr_size_t i = 0; i < json_object_array_length(any); i++) {
            known |= json_object_equal(json_object_array_get_idx(any, i), one);
        }
        if (known) {
            json_object_put(one);
        }
        else {
            json_object_array_add(any, one);
        }
    }
    if (json_object_array_length(any) == 0) {
        json_object_put(any); /* an empty example tells nothing */
    }
    else if (json_object_array_length(any) == 1) {
        json_object_object_add(schema, "additionalProperties",
                               json_object_get(json_object_array_get_idx(any, 0)));
        json_object_put(any);
    }
    else {
        json_object_object_add(wf_doc_object(schema, "additionalProperties"), "anyOf",
                               any);
    }
    return schema;
}

static json_object *array_schema(json_object *example, const wf_route_t *route, int open)
{
    json_object *schema = json_object_new_object();
    json_object *first =
        json_object_array_length(example) ? json_object_array_get_idx(example, 0) : NULL;

    wf_json_add_string(schema, "type", "array");
    if (first) {
        json_object_object_add(schema, "items",
                               open && json_object_is_type(first, json_type_object)
                                   ? open_schema(first, route)
                                   : wf_schema_of(first, route));
    }
    return schema;
}

static json_object *member_schema(const char *name, json_object *member,
                                  const wf_route_t *route)
{
    int open = wf_words_have(route->open, name);

    if (wf_words_have(route->any, name)) {
        return json_object_new_object();
    }
    if (open && json_object_is_type(member, json_type_object)) {
        return open_schema(member, route);
    }
    return json_object_is_type(member, json_type_array)
               ? array_schema(member, route, open)
               : wf_schema_of(member, route);
}

static json_object *object_schema(json_object *example, const wf_route_t *route)
{
    json_object *schema = json_object_new_object();
    json_object *properties, *required = json_object_new_array();

    wf_json_add_string(schema, "type", "object");
    properties = wf_doc_object(schema, "properties");
    json_object_object_foreach(example, name, member)
    {
        json_object_object_add(properties, name, member_schema(name, member, route));
        if (!wf_words_have(route->optional, name)) {
            wf_doc_string(required, name);
        }
    }
    json_object_object_add(schema, "required", required);
    return schema;
}

json_object *wf_schema_of(json_object *example, const wf_route_t *route)
{
    json_object *schema;

    switch (json_object_get_type(example)) {
    case json_type_object:
        return object_schema(example, route);
    case json_type_array:
        return array_schema(example, route, 0);
    case json_type_boolean:
        return wf_schema_of_type("boolean", 0);
    case json_type_int:
        return wf_schema_of_type("integer", 1);
    case json_type_double:
        return wf_schema_of_type("number", 1);
    case json_type_string:
        schema = wf_schema_of_type("string", 1);
        if (is_date(json_object_get_string(example))) {
            wf_json_add_string(schema, "format", "date-time");
        }
        return schema;
    default: /* null tells nothing */
        return json_object_new_object();
    }
}

/* ---- from arguments ---------------------------------------------------------------- */

static const struct {
    const char *type, *format;
} types[WF_ARG_TYPES] = {
    /* clang-format off */
    [WF_ARG_STRING]    = { "string",  NULL },
    [WF_ARG_INTEGER]   = { "integer", "int32" },
    [WF_ARG_BOOLEAN]   = { "boolean", NULL },
    [WF_ARG_DATE]      = { "string",  "date-time" },
    [WF_ARG_DAY]       = { "string",  NULL },
    [WF_ARG_STRINGS]   = { "array",   NULL },
    [WF_ARG_OBJECTS]   = { "array",   NULL },
    [WF_ARG_OBJECT]    = { "object",  NULL },
    [WF_ARG_MAP]       = { "object",  NULL },
    [WF_ARG_ANY]       = { NULL,      NULL },
    [WF_ARG_FILE]      = { "string",  "binary" },
    [WF_ARG_VARIABLES] = { "object",  NULL },
    /* clang-format on */
};

static json_object *typed_value(const wf_argument_t *argument, const char *text)
{
    switch (argument->type) {
    case WF_ARG_INTEGER:
        return json_object_new_int64(atoi(text));
    case WF_ARG_BOOLEAN:
        return json_object_new_boolean(strcmp(text, "true") == 0);
    default:
        return json_object_new_string(text);
    }
}

static void add_enum(json_object *schema, const wf_argument_t *argument, apr_pool_t *p)
{
    json_object *list = wf_doc_array(schema, "enum");
    char *rest, *words = apr_pstrdup(p, argument->values);

    for (const char *word = apr_strtok(words, " ", &rest); word;
         word = apr_strtok(NULL, " ", &rest)) {
        json_object_array_add(list, typed_value(argument, word));
    }
}

/* A day may be a date or a time. */
static void add_day(json_object *schema)
{
    json_object *any = wf_doc_array(schema, "anyOf");

    for (int i = 0; i < 2; i++) {
        json_object *one = json_object_new_object();

        wf_json_add_string(one, "format", i ? "date-time" : "date");
        json_object_array_add(any, one);
    }
}

/* example: of a body that has the argument as a member, or NULL. */
json_object *wf_schema_of_argument(const wf_argument_t *argument, json_object *example,
                                   apr_pool_t *p)
{
    static const wf_route_t plain = { 0 };
    json_object *schema = wf_schema_of_type(
        types[argument->type].type, argument->place == WF_IN_BODY && !argument->required);
    json_object *objects = example ? wf_json_get(example, argument->name) : NULL;

    if (argument->type == WF_ARG_OBJECT && objects) {
        json_object_put(schema);
        schema = wf_schema_of(objects, &plain);
    }
    if (types[argument->type].format) {
        wf_json_add_string(schema, "format", types[argument->type].format);
    }
    if (argument->type == WF_ARG_DAY) {
        add_day(schema);
    }
    if (argument->type == WF_ARG_STRINGS) {
        wf_json_add_string(wf_doc_object(schema, "items"), "type", "string");
    }
    if (argument->type == WF_ARG_OBJECTS) {
        json_object_object_add(
            schema, "items",
            objects && json_object_array_length(objects)
                ? wf_schema_of(json_object_array_get_idx(objects, 0), &plain)
                : wf_schema_of_type("object", 0));
    }
    if (argument->values) {
        add_enum(schema, argument, p);
    }
    if (argument->fallback) {
        json_object_object_add(schema, "default",
                               typed_value(argument, argument->fallback));
    }
    return schema;
}

/* The object that a body's arguments make; NULL if there are none in this place. */
json_object *wf_schema_of_arguments(const apr_array_header_t *arguments,
                                    wf_argument_place_e place, json_object *example,
                                    apr_pool_t *p)
{
    json_object *schema = NULL, *properties = NULL, *required = json_object_new_array();

    for (int i = 0; i < arguments->nelts; i++) {
        const wf_argument_t *argument = &APR_ARRAY_IDX(arguments, i, wf_argument_t);
        json_object *one;

        if (argument->place != place) {
            continue;
        }
        if (!schema) {
            schema = wf_schema_of_type("object", 0);
            properties = wf_doc_object(schema, "properties");
        }
        if (argument->type == WF_ARG_VARIABLES) {
            wf_json_add_string(wf_doc_object(schema, "additionalProperties"),
                               "description", argument->text);
            continue;
        }
        one = wf_schema_of_argument(argument, example, p);
        wf_json_add_string(one, "description", argument->text);
        json_object_object_add(properties, argument->name, one);
        if (argument->required) {
            wf_doc_string(required, argument->name);
        }
    }
    if (schema && json_object_array_length(required)) {
        json_object_object_add(schema, "required", json_object_get(required));
    }
    json_object_put(required);
    return schema;
}
