/* The API browser: pages for newcomers that show the endpoints of this very table, all of
 * them or by package, URI and family, each with its documentation and a form to call it.
 * This file chooses what a page shows; ?format=json gives the same as a document. */
#include "activiti/browser.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

/* ---- endpoints --------------------------------------------------------------------- */

static const wf_endpoint_t *make_endpoint(wf_request_t *req, const wf_route_t *route,
                                          const char *name)
{
    wf_endpoint_t *endpoint = apr_pcalloc(req->pool, sizeof *endpoint);

    endpoint->route = route;
    endpoint->target = wf_route_target(route);
    endpoint->method = wf_method_name(route->method);
    endpoint->name =
        apr_pstrcat(req->pool, name, ".", wf_method_key(route, req->pool), NULL);
    endpoint->package = apr_pstrcat(req->pool, WF_BROWSER_ROOT "/", route->family, NULL);
    endpoint->id = apr_pstrcat(req->pool, endpoint->package, "/", endpoint->name, NULL);
    endpoint->level = wf_route_level(route, req->config->deploy_level);
    endpoint->arguments = wf_route_arguments(req->face, route, req->pool);
    return endpoint;
}

/* Of const wf_endpoint_t *. */
static apr_array_header_t *all_endpoints(wf_request_t *req)
{
    apr_array_header_t *all =
        apr_array_make(req->pool, req->face->route_count, sizeof(const wf_endpoint_t *));
    const char *const *names = wf_route_names(req->face, req->pool);

    for (int i = 0; i < req->face->route_count; i++) {
        APR_ARRAY_PUSH(all, const wf_endpoint_t *) =
            make_endpoint(req, &req->face->routes[i], names[i]);
    }
    return all;
}

static const wf_endpoint_t *at(const apr_array_header_t *endpoints, int i)
{
    return APR_ARRAY_IDX(endpoints, i, const wf_endpoint_t *);
}

const wf_endpoint_t *wf_browser_find(wf_request_t *req, const char *id)
{
    const apr_array_header_t *all = all_endpoints(req);

    for (int i = 0; i < all->nelts; i++) {
        if (strcmp(at(all, i)->id, id) == 0) {
            return at(all, i);
        }
    }
    return NULL;
}

const char *wf_browser_address(const wf_request_t *req, const char *path)
{
    return apr_pstrcat(req->pool, req->base, "/index", *path ? "/" : "",
                       apr_pescape_path(req->pool, path, 1), NULL);
}

/* ---- as a document ----------------------------------------------------------------- */

static json_object *argument_json(const wf_argument_t *argument)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "name", argument->name);
    wf_json_add_string(o, "in", wf_argument_place_name(argument->place));
    wf_json_add_string(o, "type", wf_argument_type_name(argument->type));
    wf_json_add_bool(o, "required", argument->required);
    wf_json_add_string(o, "values", argument->values);
    wf_json_add_string(o, "default", argument->fallback);
    wf_json_add_string(o, "description", argument->text);
    return o;
}

static void add_example(json_object *o, const char *name, const char *text, apr_pool_t *p)
{
    json_object_object_add(o, name, json_object_get(wf_example_parse(text, p)));
}

static json_object *endpoint_json(const wf_endpoint_t *endpoint, const wf_request_t *req)
{
    const wf_route_t *route = endpoint->route, *target = endpoint->target;
    json_object *o = json_object_new_object();
    json_object *arguments = json_object_new_array();

    wf_json_add_string(o, "id", endpoint->id);
    wf_json_add_string(o, "name", endpoint->name);
    wf_json_add_string(o, "method", endpoint->method);
    wf_json_add_string(o, "template", route->template);
    wf_json_add_string(o, "summary", target->summary);
    wf_json_add_string(o, "level", wf_level_name(endpoint->level));
    wf_json_add_string(o, "formatStyle",
                       route->flags & WF_ROUTE_EXTENSION ? "any" : "argument");
    wf_json_add_string(o, "defaultFormat", wf_format_name(route->format));
    wf_json_add_string(o, "family", route->family);
    wf_json_add_string(o, "package", endpoint->package);
    wf_json_add_bool(o, "multipart", (route->flags & WF_ROUTE_MULTIPART) != 0);
    wf_json_add_string(o, "aliasOf",
                       target == route
                           ? NULL
                           : apr_pstrcat(req->pool, wf_method_name(target->method), " ",
                                         target->template, NULL));
    for (int i = 0; i < endpoint->arguments->nelts; i++) {
        json_object_array_add(arguments, argument_json(&APR_ARRAY_IDX(endpoint->arguments,
                                                                      i, wf_argument_t)));
    }
    json_object_object_add(o, "arguments", arguments);
    wf_json_add_bool(o, "paged", target->pages != 0);
    add_example(o, "request", target->request, req->pool);
    add_example(o, "response", target->response, req->pool);
    wf_json_add_string(o, "optional", target->optional);
    wf_json_add_string(o, "open", target->open);
    wf_json_add_string(o, "statuses", target->statuses);
    return o;
}

static apr_status_t respond_document(wf_request_t *req, const apr_array_header_t *shown)
{
    json_object *o = json_object_new_object();
    json_object *endpoints = json_object_new_array();

    wf_json_add_string(o, "title", req->face->title);
    wf_json_add_string(o, "server", WF_SERVER_LINE);
    wf_json_add_int(o, "total", shown->nelts);
    for (int i = 0; i < shown->nelts; i++) {
        json_object_array_add(endpoints, endpoint_json(at(shown, i), req));
    }
    json_object_object_add(o, "endpoints", endpoints);
    return wf_respond_json(req, 200, o);
}

apr_status_t wf_browser_respond(const wf_browser_page_t *page, wf_error_t *err)
{
    return page->req->format == WF_FORMAT_JSON ? respond_document(page->req, page->shown)
                                               : wf_browser_show(page, err);
}

/* ---- choosing ---------------------------------------------------------------------- */

/* 1 if text is path or lies below it: "task/form" below "task", but not "tasks". */
static int is_below(const char *text, const char *path)
{
    apr_size_t length = strlen(path);

    return strncmp(text, path, length) == 0
           && (text[length] == '\0' || text[length] == '/');
}

/* What a page about a path asks of an endpoint, NULL if it has none. */
typedef const char *part_fn(const wf_endpoint_t *endpoint);

static const char *package_of(const wf_endpoint_t *endpoint)
{
    return endpoint->package;
}

static const char *family_of(const wf_endpoint_t *endpoint)
{
    return endpoint->route->family;
}

static const char *uri_of(const wf_endpoint_t *endpoint)
{
    return endpoint->route->template + (*endpoint->route->template == '/');
}

/* Count an endpoint for the link that leads to it. */
static void count_link(apr_array_header_t *links, const char *path, const char *text)
{
    wf_browser_link_t *link;

    for (int i = 0; i < links->nelts; i++) {
        link = &APR_ARRAY_IDX(links, i, wf_browser_link_t);
        if (strcmp(link->path, path) == 0) {
            link->count++;
            return;
        }
    }
    link = apr_array_push(links);
    link->path = path;
    link->text = text;
    link->count = 1;
}

/* Links to the parts right below a path ("" = the first parts), such as "package/" and
 * the sub-packages of it. */
static apr_array_header_t *links_below(const apr_array_header_t *all, const char *kind,
                                       part_fn *part, const char *path)
{
    apr_pool_t *p = all->pool;
    apr_array_header_t *links = apr_array_make(p, 8, sizeof(wf_browser_link_t));
    apr_size_t length = strlen(path);

    for (int i = 0; i < all->nelts; i++) {
        const char *whole = part(at(all, i)), *rest = whole + length;

        if ((length > 0 && !is_below(whole, path)) || *rest == '\0') {
            continue;
        }
        rest += *rest == '/' && length > 0;
        whole = apr_pstrmemdup(p, whole, (apr_size_t)(rest - whole) + strcspn(rest, "/"));
        count_link(links, apr_pstrcat(p, kind, whole, NULL), whole);
    }
    return links;
}

/* Endpoints of a path, with those below it if deep. */
static apr_array_header_t *select_part(const apr_array_header_t *all, part_fn *part,
                                       const char *path, int deep)
{
    apr_array_header_t *found =
        apr_array_make(all->pool, all->nelts, sizeof(const wf_endpoint_t *));

    for (int i = 0; i < all->nelts; i++) {
        const char *whole = part(at(all, i));

        if (deep ? is_below(whole, path) : strcmp(whole, path) == 0) {
            APR_ARRAY_PUSH(found, const wf_endpoint_t *) = at(all, i);
        }
    }
    return found;
}

/* ---- handlers ---------------------------------------------------------------------- */

apr_status_t wf_browser_home(wf_request_t *req, wf_error_t *err)
{
    apr_array_header_t *all = all_endpoints(req);

    if (req->format == WF_FORMAT_JSON) {
        return respond_document(req, all);
    }
    return wf_browser_show_home(
        req, links_below(all, "package/", package_of, WF_BROWSER_ROOT),
        links_below(all, "uri/", uri_of, ""), links_below(all, "family/", family_of, ""),
        all->nelts, err);
}

/* 1 if text begins with what a filter asks for. */
static int passes(wf_request_t *req, const char *filter, const char *text)
{
    const char *prefix = wf_query_text(req->query, filter);

    return !prefix || strncmp(text, prefix, strlen(prefix)) == 0;
}

apr_status_t wf_browser_all(wf_request_t *req, wf_error_t *err)
{
    const apr_array_header_t *all = all_endpoints(req);
    wf_browser_page_t page = { .req = req, .title = "All endpoints" };

    page.shown = apr_array_make(req->pool, all->nelts, sizeof(const wf_endpoint_t *));
    for (int i = 0; i < all->nelts; i++) {
        const wf_endpoint_t *endpoint = at(all, i);

        if (passes(req, "package", endpoint->package)
            && passes(req, "url", endpoint->route->template)
            && passes(req, "family", endpoint->route->family)) {
            APR_ARRAY_PUSH(page.shown, const wf_endpoint_t *) = endpoint;
        }
    }
    return wf_browser_respond(&page, err);
}

/* The path above "a/b/c" with its kind in front; NULL if there is none. */
static const char *parent_of(const char *kind, const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');

    return slash ? apr_pstrcat(p, kind,
                               apr_pstrmemdup(p, path, (apr_size_t)(slash - path)), NULL)
                 : NULL;
}

static apr_status_t respond_part(wf_request_t *req, const char *variable,
                                 const char *kind, part_fn *part, int deep,
                                 wf_error_t *err)
{
    const char *path = wf_request_var(req, variable);
    const apr_array_header_t *all = all_endpoints(req);
    wf_browser_page_t page = { .req = req };

    page.shown = select_part(all, part, path, deep);
    page.links = links_below(all, kind, part, path);
    if (page.shown->nelts == 0 && page.links->nelts == 0) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "no endpoints in '%s'", path);
    }
    page.title = part == uri_of ? apr_pstrcat(req->pool, "/", path, NULL) : path;
    page.parent = parent_of(kind, path, req->pool);
    return wf_browser_respond(&page, err);
}

apr_status_t wf_browser_package(wf_request_t *req, wf_error_t *err)
{
    return respond_part(req, "packagePath", "package/", package_of, 0, err);
}

apr_status_t wf_browser_uri(wf_request_t *req, wf_error_t *err)
{
    return respond_part(req, "uriPath", "uri/", uri_of, 1, err);
}

apr_status_t wf_browser_family(wf_request_t *req, wf_error_t *err)
{
    return respond_part(req, "familyName", "family/", family_of, 0, err);
}

apr_status_t wf_browser_style(wf_request_t *req, wf_error_t *err)
{
    wf_body_t body = { .type = "text/css;charset=UTF-8", .data = wf_browser_css };

    (void)err;
    body.length = strlen(body.data);
    return wf_respond_body(req, 200, &body);
}
