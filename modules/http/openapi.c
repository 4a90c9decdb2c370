/* The table of a face as an OpenAPI 3.1 document.
 *
 * Paths, parameters and bodies come from the rows; the schemas of answers from their
 * examples, so that there is nothing to keep in step by hand. What an example cannot tell
 * is assumed in the wide sense: a scalar member may be null. */
#include "http/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define ERROR_SCHEMA "#/components/schemas/Error"

typedef struct document_t {
    const wf_face_t *face;
    wf_level_e deploy_level;
    const char *const *names; /* of the routes */
    json_object *paths;
    apr_pool_t *pool;
} document_t;

static json_object *put_object(json_object *parent, const char *name)
{
    json_object *child = json_object_new_object();

    json_object_object_add(parent, name, child);
    return child;
}

static json_object *put_array(json_object *parent, const char *name)
{
    json_object *child = json_object_new_array();

    json_object_object_add(parent, name, child);
    return child;
}

static void push_string(json_object *array, const char *text)
{
    json_object_array_add(array, json_object_new_string(text));
}

/* An example of the table; NULL if there is none. The unit tests see to it that they are
 * JSON. */
static json_object *parse_example(const char *text, apr_pool_t *p)
{
    json_object *json = NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    return text && wf_json_parse(&json, text, strlen(text), p, &err) == APR_SUCCESS
               ? json
               : NULL;
}

/* ---- schemas from examples --------------------------------------------------------- */

static json_object *schema_of(json_object *example, const wf_route_t *route);

static int is_date(const char *text)
{
    apr_int64_t ms;

    return strchr(text, 'T') && wf_time_parse(&ms, text) == APR_SUCCESS;
}

static json_object *scalar_schema(const char *type, int nullable)
{
    json_object *schema = json_object_new_object();

    if (nullable) {
        json_object *types = put_array(schema, "type");

        push_string(types, type);
        push_string(types, "null");
    }
    else {
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
        json_object *one = schema_of(member, route);
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
        json_object_object_add(put_object(schema, "additionalProperties"), "anyOf", any);
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
                                   : schema_of(first, route));
    }
    return schema;
}

static json_object *member_schema(const char *name, json_object *member,
                                  const wf_route_t *route)
{
    int open = wf_words_have(route->open, name);

    if (open && json_object_is_type(member, json_type_object)) {
        return open_schema(member, route);
    }
    return json_object_is_type(member, json_type_array)
               ? array_schema(member, route, open)
               : schema_of(member, route);
}

static json_object *object_schema(json_object *example, const wf_route_t *route)
{
    json_object *schema = json_object_new_object();
    json_object *properties, *required = json_object_new_array();

    wf_json_add_string(schema, "type", "object");
    properties = put_object(schema, "properties");
    json_object_object_foreach(example, name, member)
    {
        json_object_object_add(properties, name, member_schema(name, member, route));
        if (!wf_words_have(route->optional, name)) {
            push_string(required, name);
        }
    }
    json_object_object_add(schema, "required", required);
    return schema;
}

static json_object *schema_of(json_object *example, const wf_route_t *route)
{
    json_object *schema;

    switch (json_object_get_type(example)) {
    case json_type_object:
        return object_schema(example, route);
    case json_type_array:
        return array_schema(example, route, 0);
    case json_type_boolean:
        return scalar_schema("boolean", 0);
    case json_type_int:
        return scalar_schema("integer", 1);
    case json_type_double:
        return scalar_schema("number", 1);
    case json_type_string:
        schema = scalar_schema("string", 1);
        if (is_date(json_object_get_string(example))) {
            wf_json_add_string(schema, "format", "date-time");
        }
        return schema;
    default: /* null tells nothing */
        return json_object_new_object();
    }
}

/* ---- arguments --------------------------------------------------------------------- */

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
    json_object *list = put_array(schema, "enum");
    char *rest, *words = apr_pstrdup(p, argument->values);

    for (const char *word = apr_strtok(words, " ", &rest); word;
         word = apr_strtok(NULL, " ", &rest)) {
        json_object_array_add(list, typed_value(argument, word));
    }
}

/* A day may be a date or a time. */
static void add_day(json_object *schema)
{
    json_object *any = put_array(schema, "anyOf");

    for (int i = 0; i < 2; i++) {
        json_object *one = json_object_new_object();

        wf_json_add_string(one, "format", i ? "date-time" : "date");
        json_object_array_add(any, one);
    }
}

/* example: of a body that has the argument as a member, or NULL. */
static json_object *argument_schema(const wf_argument_t *argument, json_object *example,
                                    apr_pool_t *p)
{
    static const wf_route_t plain = { 0 };
    json_object *schema = scalar_schema(
        types[argument->type].type, argument->place == WF_IN_BODY && !argument->required);
    json_object *objects = example ? wf_json_get(example, argument->name) : NULL;

    if (types[argument->type].format) {
        wf_json_add_string(schema, "format", types[argument->type].format);
    }
    if (argument->type == WF_ARG_DAY) {
        add_day(schema);
    }
    if (argument->type == WF_ARG_STRINGS) {
        wf_json_add_string(put_object(schema, "items"), "type", "string");
    }
    if (argument->type == WF_ARG_OBJECTS) {
        json_object_object_add(
            schema, "items",
            objects && json_object_array_length(objects)
                ? schema_of(json_object_array_get_idx(objects, 0), &plain)
                : scalar_schema("object", 0));
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

static int has_parameter(json_object *parameters, const char *name)
{
    for (apr_size_t i = 0; i < json_object_array_length(parameters); i++) {
        json_object *one = json_object_array_get_idx(parameters, i);

        if (strcmp(wf_json_string(one, "name", ""), name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void add_parameters(json_object *operation, const apr_array_header_t *arguments,
                           apr_pool_t *p)
{
    json_object *parameters = wf_json_get(operation, "parameters");

    for (int i = 0; i < arguments->nelts; i++) {
        const wf_argument_t *argument = &APR_ARRAY_IDX(arguments, i, wf_argument_t);
        json_object *one;

        if ((argument->place != WF_IN_PATH && argument->place != WF_IN_QUERY)
            || (parameters && has_parameter(parameters, argument->name))) {
            continue;
        }
        parameters = parameters ? parameters : put_array(operation, "parameters");
        one = json_object_new_object();
        wf_json_add_string(one, "name", argument->name);
        wf_json_add_string(one, "in", wf_argument_place_name(argument->place));
        wf_json_add_string(one, "description", argument->text);
        wf_json_add_bool(one, "required", argument->required);
        json_object_object_add(one, "schema", argument_schema(argument, NULL, p));
        json_object_array_add(parameters, one);
    }
}

/* ---- bodies ------------------------------------------------------------------------ */

/* The object that a body's arguments make; NULL if there are none in this place. */
static json_object *arguments_schema(const apr_array_header_t *arguments,
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
            schema = scalar_schema("object", 0);
            properties = put_object(schema, "properties");
        }
        if (argument->type == WF_ARG_VARIABLES) {
            wf_json_add_string(put_object(schema, "additionalProperties"), "description",
                               argument->text);
            continue;
        }
        one = argument_schema(argument, example, p);
        wf_json_add_string(one, "description", argument->text);
        json_object_object_add(properties, argument->name, one);
        if (argument->required) {
            push_string(required, argument->name);
        }
    }
    if (schema && json_object_array_length(required)) {
        json_object_object_add(schema, "required", json_object_get(required));
    }
    json_object_put(required);
    return schema;
}

static void add_content(json_object *parent, const char *type, json_object *schema,
                        json_object *example)
{
    json_object *content = wf_json_get(parent, "content");
    json_object *media;

    content = content ? content : put_object(parent, "content");
    media = put_object(content, type);
    json_object_object_add(media, "schema", schema);
    if (example) {
        json_object_object_add(media, "example", json_object_get(example));
    }
}

static void add_request(json_object *operation, const wf_route_t *route,
                        const apr_array_header_t *arguments, apr_pool_t *p)
{
    static const wf_route_t plain = { 0 };
    json_object *example = parse_example(wf_route_target(route)->request, p);
    json_object *body = wf_json_get(operation, "requestBody");
    json_object *json = json_object_is_type(example, json_type_array)
                            ? schema_of(example, &plain)
                            : arguments_schema(arguments, WF_IN_BODY, example, p);
    json_object *form = route->flags & WF_ROUTE_MULTIPART
                            ? arguments_schema(arguments, WF_IN_FORM, NULL, p)
                            : NULL;

    if (!json && !form) {
        return;
    }
    body = body ? body : put_object(operation, "requestBody");
    if (json) {
        wf_json_add_bool(body, "required",
                         wf_json_get(json, "required") != NULL
                             || json_object_is_type(example, json_type_array));
        add_content(body, "application/json", json, example);
    }
    if (form) {
        add_content(body, "multipart/form-data", form, NULL);
    }
}

/* ---- answers ----------------------------------------------------------------------- */

/* The media type without its parameters. */
static const char *media_type(const char *type, apr_pool_t *p)
{
    return apr_pstrmemdup(p, type, strcspn(type, "; "));
}

static const char *stream_type(wf_format_e format)
{
    switch (format) {
    case WF_FORMAT_HTML:
        return "text/html";
    case WF_FORMAT_PNG:
        return "image/png";
    case WF_FORMAT_SVG:
        return "image/svg+xml";
    default:
        return "application/octet-stream";
    }
}

/* A second example of one operation, of the row for the other kind of body. */
static void add_variant(json_object *answer, const char *type, json_object *schema)
{
    json_object *media = wf_json_get(wf_json_get(answer, "content"), type);
    json_object *old = wf_json_get(media, "schema"), *either;

    if (json_object_equal(old, schema)) {
        json_object_put(schema);
        return;
    }
    json_object_get(old);
    either = json_object_new_array();
    json_object_array_add(either, old);
    json_object_array_add(either, schema);
    json_object_object_add(put_object(media, "schema"), "anyOf", either);
}

static void add_answer(document_t *doc, json_object *responses, const wf_route_t *route)
{
    const wf_route_t *target = wf_route_target(route);
    json_object *example = parse_example(target->response, doc->pool);
    const char *json_type = media_type(doc->face->json_type, doc->pool);
    json_object *answer = wf_json_get(responses, "200");

    if (answer && example) {
        add_variant(answer, json_type, schema_of(example, target));
        return;
    }
    answer = put_object(responses, "200");
    wf_json_add_string(answer, "description", wf_status_description(200));
    if (example) {
        add_content(answer, json_type, schema_of(example, target), example);
        if (route->format == WF_FORMAT_HTML || (route->flags & WF_ROUTE_HTML)) {
            add_content(answer, "text/html", scalar_schema("string", 0), NULL);
        }
        return;
    }
    add_content(answer, stream_type(route->format), json_object_new_object(), NULL);
    if (route->format == WF_FORMAT_HTML) {
        add_content(answer, json_type, json_object_new_object(), NULL);
    }
    if (route->flags & WF_ROUTE_PICTURE) {
        add_content(answer, stream_type(WF_FORMAT_SVG), json_object_new_object(), NULL);
    }
}

static void add_refusal(document_t *doc, json_object *responses, const char *status,
                        const char *description)
{
    json_object *answer, *schema = json_object_new_object();

    if (wf_json_get(responses, status)) {
        json_object_put(schema);
        return;
    }
    answer = put_object(responses, status);
    wf_json_add_string(answer, "description", description);
    if (*status == '3') { /* a redirection has no body */
        json_object_put(schema);
        return;
    }
    wf_json_add_string(schema, "$ref", ERROR_SCHEMA);
    add_content(answer, media_type(doc->face->json_type, doc->pool), schema, NULL);
}

static void add_responses(document_t *doc, json_object *operation,
                          const wf_route_t *route)
{
    const char *statuses = wf_route_target(route)->statuses;
    json_object *responses = wf_json_get(operation, "responses");
    char *rest, *words = apr_pstrdup(doc->pool, statuses ? statuses : "");

    responses = responses ? responses : put_object(operation, "responses");
    add_answer(doc, responses, route);
    if (route->level != WF_LEVEL_NONE) {
        if (!wf_json_get(responses, "401")) {
            wf_json_add_string(put_object(responses, "401"), "description",
                               wf_status_description(401));
        }
        add_refusal(doc, responses, "403", wf_status_description(403));
    }
    for (const char *word = apr_strtok(words, " ", &rest); word;
         word = apr_strtok(NULL, " ", &rest)) {
        add_refusal(doc, responses, word, wf_status_description(atoi(word)));
    }
    add_refusal(doc, responses, "default", "Anything else that went wrong.");
}

/* ---- operations -------------------------------------------------------------------- */

/* "get". */
static const char *method_key(const wf_route_t *route, apr_pool_t *p)
{
    char *key = apr_pstrdup(p, wf_method_name(route->method));

    for (char *s = key; *s; s++) {
        *s = (char)apr_tolower(*s);
    }
    return key;
}

/* "getTaskForm". */
static const char *operation_id(const document_t *doc, const wf_route_t *route)
{
    const char *name = doc->names[route - doc->face->routes];
    char *id = apr_pstrcat(doc->pool, method_key(route, doc->pool), "-", name, NULL);
    char *to = id;

    for (const char *s = id; *s; s++) {
        if (*s == '-' && s[1]) {
            s++;
            *to++ = (char)apr_toupper(*s);
        }
        else {
            *to++ = *s;
        }
    }
    *to = '\0';
    return id;
}

/* The other row with this method and template, for another kind of body. */
static const wf_route_t *sibling(const wf_face_t *face, const wf_route_t *route)
{
    for (int i = 0; i < face->route_count; i++) {
        const wf_route_t *other = &face->routes[i];

        if (other != route && other->method == route->method
            && strcmp(other->template, route->template) == 0) {
            return other;
        }
    }
    return NULL;
}

static void add_security(const document_t *doc, json_object *operation,
                         const wf_route_t *route)
{
    json_object *security = put_array(operation, "security");

    wf_json_add_string(operation, "x-level",
                       wf_level_name(wf_route_level(route, doc->deploy_level)));
    if (route->level != WF_LEVEL_NONE) {
        json_object *basic = json_object_new_object();

        put_array(basic, "basic");
        json_object_array_add(security, basic);
    }
}

static void describe(document_t *doc, json_object *operation, const wf_route_t *route)
{
    apr_array_header_t *arguments = wf_route_arguments(doc->face, route, doc->pool);

    add_parameters(operation, arguments, doc->pool);
    add_request(operation, route, arguments, doc->pool);
    add_responses(doc, operation, route);
}

static void add_operation(document_t *doc, const wf_route_t *route)
{
    const wf_route_t *other = sibling(doc->face, route);
    const wf_route_t *target = wf_route_target(route);
    json_object *path = wf_json_get(doc->paths, route->template), *operation;

    if (*route->template != '/' || (other && (route->flags & WF_ROUTE_MULTIPART))) {
        return; /* cannot be written as a path; told with its sibling */
    }
    path = path ? path : put_object(doc->paths, route->template);
    operation = put_object(path, method_key(route, doc->pool));
    wf_json_add_string(operation, "operationId", operation_id(doc, route));
    push_string(put_array(operation, "tags"), route->family);
    wf_json_add_string(operation, "summary", target->summary);
    if (other) {
        wf_json_add_string(operation, "description",
                           apr_pstrcat(doc->pool, "With multipart/form-data: ",
                                       wf_route_target(other)->summary, ".", NULL));
    }
    if (target != route) {
        wf_json_add_string(operation, "x-alias-of", operation_id(doc, target));
    }
    add_security(doc, operation, route);
    describe(doc, operation, route);
    if (other) {
        describe(doc, operation, other);
    }
}

/* ---- the document ------------------------------------------------------------------ */

static void add_tags(json_object *root, const wf_face_t *face)
{
    json_object *tags = put_array(root, "tags");

    for (int i = 0; i < face->route_count; i++) {
        const char *family = face->routes[i].family;
        json_object *tag;
        int known = 0;

        for (int k = 0; k < i; k++) {
            known |= strcmp(face->routes[k].family, family) == 0;
        }
        if (!known) {
            tag = json_object_new_object();
            wf_json_add_string(tag, "name", family);
            json_object_array_add(tags, tag);
        }
    }
}

/* The face knows best how it refuses: the schema is that of a refusal. */
static json_object *error_schema(const wf_face_t *face, apr_pool_t *p)
{
    static const wf_route_t plain = { 0 };
    const wf_request_t req = { .pool = p, .face = face };
    wf_body_t body = { 0 };
    wf_error_t err;

    wf_error_init(&err, p);
    wf_error_set(&err, WF_ERR_NOT_FOUND, "no such object");
    face->error_body(&req, 404, &err, &body);
    return schema_of(parse_example(body.data, p), &plain);
}

static void add_components(json_object *root, const wf_face_t *face, apr_pool_t *p)
{
    json_object *components = put_object(root, "components");
    json_object *schemes = put_object(components, "securitySchemes");
    json_object *basic = put_object(schemes, "basic");

    wf_json_add_string(basic, "type", "http");
    wf_json_add_string(basic, "scheme", "basic");
    json_object_object_add(put_object(components, "schemas"), "Error",
                           error_schema(face, p));
}

json_object *wf_openapi_create(const wf_face_t *face, const wf_openapi_t *about,
                               apr_pool_t *p)
{
    json_object *root = json_object_new_object(), *info, *server;
    document_t doc = { .face = face, .deploy_level = about->deploy_level, .pool = p };

    wf_json_add_string(root, "openapi", "3.1.0");
    info = put_object(root, "info");
    wf_json_add_string(info, "title", about->title);
    wf_json_add_string(info, "version", about->version);
    if (about->description) {
        wf_json_add_string(info, "description", about->description);
    }
    server = json_object_new_object();
    wf_json_add_string(server, "url", about->base);
    json_object_array_add(put_array(root, "servers"), server);
    add_tags(root, face);
    doc.names = wf_route_names(face, p);
    doc.paths = put_object(root, "paths");
    for (int i = 0; i < face->route_count; i++) {
        add_operation(&doc, &face->routes[i]);
    }
    add_components(root, face, p);
    return root;
}

apr_status_t wf_openapi_get(wf_request_t *req, wf_error_t *err)
{
    const wf_openapi_t about = {
        .title = req->face->title,
        .version = WF_VERSION,
        .description = req->face->about,
        .base = *req->base ? req->base : "/",
        .deploy_level = req->config->deploy_level,
    };

    (void)err;
    return wf_respond_json(req, 200, wf_openapi_create(req->face, &about, req->pool));
}
