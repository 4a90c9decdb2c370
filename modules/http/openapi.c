/* The table of a face as an OpenAPI 3.1 document.
 *
 * A route is an operation; two routes with one path and method, which differ by the kind
 * of their bodies, are one together. Schemas: openapi_schema.c. */
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

#define KEY_HEADER "Idempotency-Key"

/* ---- parameters -------------------------------------------------------------------- */

static int has_parameter(json_object *parameters, const char *name)
{
    for (apr_size_t i = 0; parameters && i < json_object_array_length(parameters); i++) {
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
        parameters = parameters ? parameters : wf_doc_array(operation, "parameters");
        one = json_object_new_object();
        wf_json_add_string(one, "name", argument->name);
        wf_json_add_string(one, "in", wf_argument_place_name(argument->place));
        wf_json_add_string(one, "description", argument->text);
        wf_json_add_bool(one, "required", argument->required);
        json_object_object_add(one, "schema", wf_schema_of_argument(argument, NULL, p));
        json_object_array_add(parameters, one);
    }
}

/* Whatever changes something may be sent again with its key. */
static int takes_key(const wf_route_t *route)
{
    return route->method & (WF_POST | WF_PUT | WF_PATCH | WF_DELETE)
           && route->level != WF_LEVEL_NONE;
}

static void add_key(json_object *operation)
{
    json_object *parameters = wf_json_get(operation, "parameters");
    json_object *one = json_object_new_object(), *schema;

    parameters = parameters ? parameters : wf_doc_array(operation, "parameters");
    wf_json_add_string(one, "name", KEY_HEADER);
    wf_json_add_string(one, "in", "header");
    wf_json_add_string(one, "description",
                       "Does it once, however often it is sent with this key.");
    wf_json_add_bool(one, "required", 0);
    schema = wf_doc_object(one, "schema");
    wf_json_add_string(schema, "type", "string");
    wf_json_add_int(schema, "minLength", 1);
    wf_json_add_int(schema, "maxLength", 255);
    json_object_array_add(parameters, one);
}

/* ---- bodies ------------------------------------------------------------------------ */

static void add_content(json_object *parent, const char *type, json_object *schema,
                        json_object *example)
{
    json_object *content = wf_json_get(parent, "content");
    json_object *media;

    content = content ? content : wf_doc_object(parent, "content");
    media = wf_doc_object(content, type);
    json_object_object_add(media, "schema", schema);
    if (example) {
        json_object_object_add(media, "example", json_object_get(example));
    }
}

static void add_request(json_object *operation, const wf_route_t *route,
                        const apr_array_header_t *arguments, apr_pool_t *p)
{
    static const wf_route_t plain = { 0 };
    json_object *example = wf_example_parse(wf_route_target(route)->request, p);
    json_object *body = wf_json_get(operation, "requestBody");
    json_object *json = json_object_is_type(example, json_type_array)
                            ? wf_schema_of(example, &plain)
                            : wf_schema_of_arguments(arguments, WF_IN_BODY, example, p);
    json_object *form = route->flags & WF_ROUTE_MULTIPART
                            ? wf_schema_of_arguments(arguments, WF_IN_FORM, NULL, p)
                            : NULL;

    if (!json && !form) {
        return;
    }
    body = body ? body : wf_doc_object(operation, "requestBody");
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

static const char *stream_type(const wf_route_t *route)
{
    if (route->media) {
        return route->media;
    }
    switch (route->format) {
    case WF_FORMAT_HTML:
        return "text/html";
    case WF_FORMAT_PNG:
        return "image/png";
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
    json_object_object_add(wf_doc_object(media, "schema"), "anyOf", either);
}

/* The status of a yes. */
static const char *success_of(const wf_route_t *route)
{
    return route->flags & WF_ROUTE_EMPTY     ? "204"
           : route->flags & WF_ROUTE_CREATED ? "201"
           : route->flags & WF_ROUTE_UPGRADE ? "101"
                                             : "200";
}

static void add_answer(document_t *doc, json_object *responses, const wf_route_t *route)
{
    const wf_route_t *target = wf_route_target(route);
    json_object *example = wf_example_parse(target->response, doc->pool);
    const char *json_type = media_type(doc->face->json_type, doc->pool);
    const char *status = success_of(target);
    json_object *answer = wf_json_get(responses, status);
    int variant = answer && example;

    answer = answer ? answer : wf_doc_object(responses, status);
    wf_json_add_string(answer, "description", wf_status_description(atoi(status)));
    if (target->flags & (WF_ROUTE_EMPTY | WF_ROUTE_UPGRADE)) {
        return;
    }
    if (variant) {
        add_variant(answer, json_type, wf_schema_of(example, target));
    }
    else if (example) {
        add_content(answer, json_type, wf_schema_of(example, target), example);
    }
    if (example) {
        if (route->format == WF_FORMAT_HTML || (route->flags & WF_ROUTE_HTML)) {
            add_content(answer, "text/html", wf_schema_of_type("string", 0), NULL);
        }
        if (target->media) {
            add_content(answer, target->media, json_object_new_object(), NULL);
        }
        return;
    }
    add_content(answer, stream_type(route), json_object_new_object(), NULL);
    if (route->format == WF_FORMAT_HTML) {
        add_content(answer, json_type, json_object_new_object(), NULL);
    }
    if (route->flags & WF_ROUTE_PICTURE) {
        add_content(answer, "image/svg+xml", json_object_new_object(), NULL);
    }
}

/* A refusal has the type that the face gives it: by the format of the answer and, where
 * that is neither text nor page, by what the client accepts. */
static const char *refusal_type(document_t *doc, const wf_route_t *route,
                                wf_format_e format, int prefers_html)
{
    const wf_request_t req = { .pool = doc->pool,
                               .face = doc->face,
                               .route = route,
                               .format = format,
                               .prefers_html = prefers_html };
    wf_body_t body = { 0 };
    wf_error_t err;

    wf_error_init(&err, doc->pool);
    doc->face->error_body(&req, 404, &err, &body);
    return media_type(body.type, doc->pool);
}

static void add_refusal(document_t *doc, json_object *responses, const wf_route_t *route,
                        const char *status, const char *description)
{
    const char *types[] = {
        refusal_type(doc, route, WF_FORMAT_JSON, 0),
        refusal_type(doc, route, route->format, 1),
        refusal_type(doc, route,
                     route->flags & WF_ROUTE_HTML ? WF_FORMAT_HTML : route->format, 0)
    };
    json_object *answer = wf_json_get(responses, status), *schema;

    answer = answer ? answer : wf_doc_object(responses, status);
    wf_json_add_string(answer, "description", description);
    if (*status < '4') { /* nothing to show, or a redirection: without a body */
        return;
    }
    for (int i = 0; i < 3; i++) {
        if (wf_json_get(wf_json_get(answer, "content"), types[i])) {
            continue;
        }
        schema = json_object_new_object();
        if (i == 0) {
            wf_json_add_string(schema, "$ref", ERROR_SCHEMA);
        }
        add_content(answer, types[i], schema, NULL);
    }
}

/* What any call may be told, beside what its row says. */
static void add_common(document_t *doc, json_object *responses, const wf_route_t *route)
{
    static const struct {
        int status;
        int known, changes; /* only of calls that need a user; that change something */
    } common[] = {
        { 400, 0, 0 }, { 403, 1, 0 }, { 409, 1, 1 },
        { 422, 1, 1 }, { 429, 1, 0 }, { 503, 1, 0 },
    };

    for (apr_size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        if ((!common[i].known || route->level != WF_LEVEL_NONE)
            && (!common[i].changes || takes_key(route))) {
            add_refusal(doc, responses, route, apr_itoa(doc->pool, common[i].status),
                        wf_status_description(common[i].status));
        }
    }
}

static void add_responses(document_t *doc, json_object *operation,
                          const wf_route_t *route)
{
    const char *statuses = wf_route_target(route)->statuses;
    json_object *responses = wf_json_get(operation, "responses");
    char *rest, *words = apr_pstrdup(doc->pool, statuses ? statuses : "");

    responses = responses ? responses : wf_doc_object(operation, "responses");
    add_answer(doc, responses, route);
    if (route->level != WF_LEVEL_NONE && !wf_json_get(responses, "401")) {
        wf_json_add_string(wf_doc_object(responses, "401"), "description",
                           wf_status_description(401)); /* httpd words it */
    }
    for (char *word = apr_strtok(words, " ", &rest); word;
         word = apr_strtok(NULL, " ", &rest)) {
        add_refusal(doc, responses, route, word, wf_status_description(atoi(word)));
    }
    add_common(doc, responses, route);
    add_refusal(doc, responses, route, "default", "Anything else that went wrong.");
}

/* ---- operations -------------------------------------------------------------------- */

/* "getTaskForm". */
static const char *operation_id(const document_t *doc, const wf_route_t *route)
{
    const char *name = doc->names[route - doc->face->routes];
    char *id = apr_pstrcat(doc->pool, wf_method_key(route, doc->pool), "-", name, NULL);
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
    json_object *security = wf_doc_array(operation, "security");

    wf_json_add_string(operation, "x-level",
                       wf_level_name(wf_route_level(route, doc->deploy_level)));
    if (route->level != WF_LEVEL_NONE) {
        json_object *basic = json_object_new_object();

        wf_doc_array(basic, "basic");
        json_object_array_add(security, basic);
    }
}

static void describe(document_t *doc, json_object *operation, const wf_route_t *route)
{
    apr_array_header_t *arguments = wf_route_arguments(doc->face, route, doc->pool);

    add_parameters(operation, arguments, doc->pool);
    if (takes_key(route)
        && !has_parameter(wf_json_get(operation, "parameters"), KEY_HEADER)) {
        add_key(operation);
    }
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
    path = path ? path : wf_doc_object(doc->paths, route->template);
    operation = wf_doc_object(path, wf_method_key(route, doc->pool));
    wf_json_add_string(operation, "operationId", operation_id(doc, route));
    wf_doc_string(wf_doc_array(operation, "tags"), route->family);
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
    json_object *tags = wf_doc_array(root, "tags");

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
    return wf_schema_of(wf_example_parse(body.data, p), &plain);
}

static void add_components(json_object *root, const wf_face_t *face, apr_pool_t *p)
{
    json_object *components = wf_doc_object(root, "components");
    json_object *schemes = wf_doc_object(components, "securitySchemes");
    json_object *basic = wf_doc_object(schemes, "basic");

    wf_json_add_string(basic, "type", "http");
    wf_json_add_string(basic, "scheme", "basic");
    json_object_object_add(wf_doc_object(components, "schemas"), "Error",
                           error_schema(face, p));
}

json_object *wf_openapi_create(const wf_face_t *face, const wf_openapi_t *about,
                               apr_pool_t *p)
{
    json_object *root = json_object_new_object(), *info, *server;
    document_t doc = { .face = face, .deploy_level = about->deploy_level, .pool = p };

    wf_json_add_string(root, "openapi", "3.1.0");
    info = wf_doc_object(root, "info");
    wf_json_add_string(info, "title", about->title);
    wf_json_add_string(info, "version", about->version);
    if (about->description) {
        wf_json_add_string(info, "description", about->description);
    }
    server = json_object_new_object();
    wf_json_add_string(server, "url", about->base);
    json_object_array_add(wf_doc_array(root, "servers"), server);
    add_tags(root, face);
    doc.names = wf_route_names(face, p);
    doc.paths = wf_doc_object(root, "paths");
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
