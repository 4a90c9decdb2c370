/* What the rows of the table say about themselves: that it is there, and that it can be
 * right. Documents are made of it. */
#include "activiti/internal.h"
#include "tap.h"

#include <apr_strings.h>
#include <stdlib.h>

static apr_pool_t *pool;

static json_object *parse(const char *text)
{
    json_object *json = NULL;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_json_parse(&json, text, strlen(text), pool, &err);
    return json;
}

static const char *shown(const wf_route_t *route)
{
    return apr_pstrcat(pool, wf_method_name(route->method), " ", route->template, NULL);
}

/* ---- documentation ----------------------------------------------------------------- */

static int is_sentence(const char *text)
{
    return text && *text && text[strlen(text) - 1] == '.';
}

static void test_statuses(const wf_route_t *route)
{
    char *rest, *words = apr_pstrdup(pool, route->statuses ? route->statuses : "");
    int last = 0, ordered = 1, named = 1;

    for (const char *word = apr_strtok(words, " ", &rest); word;
         word = apr_strtok(NULL, " ", &rest)) {
        ordered &= atoi(word) > last;
        last = atoi(word);
        named &= !strstr(wf_status_name(last), " Failed") && last > 200;
    }
    ok(route->statuses && ordered && named, "%s: its statuses, %s", shown(route),
       route->statuses);
}

/* Every argument is told once, in a sentence; those of one call differ in name. */
static void test_arguments(const wf_route_t *route)
{
    apr_array_header_t *arguments = wf_route_arguments(&wf_activiti_face, route, pool);

    for (int i = 0; i < arguments->nelts; i++) {
        const wf_argument_t *argument = &APR_ARRAY_IDX(arguments, i, wf_argument_t);
        int others = 0;

        for (int k = 0; k < arguments->nelts; k++) {
            const wf_argument_t *other = &APR_ARRAY_IDX(arguments, k, wf_argument_t);

            others += strcmp(other->name, argument->name) == 0
                      && other->place == argument->place;
        }
        ok(is_sentence(argument->text) && others == 1, "%s: argument '%s'", shown(route),
           argument->name);
        ok(!argument->fallback || !argument->values
               || wf_words_have(argument->values, argument->fallback),
           "%s: the default of '%s' is one of its values", shown(route), argument->name);
    }
}

static const wf_argument_t *body_argument(const wf_route_t *route, const char *name)
{
    const wf_argument_t *found = NULL;

    for (const wf_argument_t *a = route->arguments; a && a->name; a++) {
        if (a->place == WF_IN_BODY
            && (strcmp(a->name, name) == 0 || a->type == WF_ARG_VARIABLES)) {
            found = found ? found : a;
        }
    }
    return found;
}

/* The example of a body has what is required and nothing that is not told. */
static void test_request(const wf_route_t *route)
{
    json_object *example = parse(route->request);

    ok(json_object_is_type(example, json_type_object)
           || json_object_is_type(example, json_type_array),
       "%s: the example of a body is JSON", shown(route));
    if (json_object_is_type(example, json_type_object)) {
        json_object_object_foreach(example, name, member)
        {
            (void)member;
            ok(body_argument(route, name) != NULL, "%s: '%s' of the example is told",
               shown(route), name);
        }
    }
    for (const wf_argument_t *a = route->arguments; a && a->name; a++) {
        if (a->place == WF_IN_BODY && a->required) {
            ok(json_object_object_get_ex(example, a->name, NULL),
               "%s: the example has '%s', which is required", shown(route), a->name);
        }
    }
}

static int has_body_arguments(const wf_route_t *route)
{
    for (const wf_argument_t *a = route->arguments; a && a->name; a++) {
        if (a->place == WF_IN_BODY) {
            return 1;
        }
    }
    return 0;
}

static void test_row(const wf_route_t *route)
{
    const wf_route_t *target = wf_route_target(route);

    test_arguments(route);
    if (target != route) {
        ok(target->method == route->method && target->handler == route->handler,
           "%s is an alias of %s", shown(route), shown(target));
        ok(!route->pages && !route->arguments && !route->request && !route->response
               && !route->statuses,
           "%s leaves its documentation to its target", shown(route));
        return;
    }
    test_statuses(route);
    if (route->request) {
        test_request(route);
    }
    ok(!has_body_arguments(route) || route->request, "%s: an example of its body",
       shown(route));
    ok(!route->response || parse(route->response), "%s: its answer is JSON",
       shown(route));
    ok(route->flags & WF_ROUTE_EMPTY
           ? !route->response
           : route->response || route->format != WF_FORMAT_JSON,
       "%s: an example of its answer, if it has one", shown(route));
}

/* ---- names ------------------------------------------------------------------------- */

static void test_names(void)
{
    /* clang-format off */
    static const struct {
        unsigned method;
        const char *template, *name;
    } cases[] = {
        { WF_GET,    "/tasks",                                        "tasks" },
        { WF_GET,    "/task/{taskId}",                                "task" },
        { WF_GET,    "/task/{taskId}/form",                           "task-form" },
        { WF_PUT,    "/task/{taskId}/{operation}",                    "task-operation" },
        { WF_GET,    "/deployment/{deploymentId}/resource/{resourceName}",
                     "deployment-resource" },
        { WF_GET,    "/process-definition/{processDefinitionId}",     "process-definition" },
        { WF_GET,    "",                                              "root-2" },
        { WF_GET,    "/",                                             "root" },
        { WF_GET,    "/openapi.json",                                 "openapi-json" },
    };
    /* clang-format on */
    const wf_face_t *face = &wf_activiti_face;
    const char *const *names = wf_route_names(face, pool);

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int k = 0; k < face->route_count; k++) {
            if (face->routes[k].method == cases[i].method
                && strcmp(face->routes[k].template, cases[i].template) == 0) {
                is_str(names[k], cases[i].name, "the name of %s", cases[i].template);
            }
        }
    }
    for (int i = 0; i < face->route_count; i++) {
        for (int k = 0; k < i; k++) {
            if (face->routes[i].method == face->routes[k].method
                && strcmp(names[i], names[k]) == 0) {
                ok(0, "rows %d and %d have one name", i, k);
            }
        }
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < wf_activiti_face.route_count; i++) {
        test_row(&wf_activiti_face.routes[i]);
    }
    test_names();
    apr_pool_destroy(pool);
    return done_testing();
}
