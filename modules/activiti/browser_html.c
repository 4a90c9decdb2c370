/* The pages of the API browser. Plain HTML that works without scripts: details fold,
 * forms call. What comes from elsewhere goes through %s of wf_html_add, which escapes it.
 */
#include "activiti/browser.h"

#include <apr_strings.h>
#include <string.h>

/* ---- the frame of a page ----------------------------------------------------------- */

static wf_html_t *begin_page(wf_request_t *req, const char *title)
{
    wf_html_t *html = wf_html_create(req->pool);

    wf_html_add(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<title>%s – %s</title>\n<link rel=\"stylesheet\" href=\"%s\">\n"
        "</head>\n<body>\n",
        title, req->face->title, wf_browser_address(req, "style.css"));
    wf_html_add(html,
                "<header>\n<a class=\"brand\" href=\"%s\">%s</a>\n"
                "<nav aria-label=\"API browser\">\n<a href=\"%s\">All endpoints</a>\n"
                "<a href=\"%s\">Packages</a>\n<a href=\"%s/openapi.json\">OpenAPI</a>\n"
                "</nav>\n</header>\n<main>\n",
                wf_browser_address(req, ""), req->face->title,
                wf_browser_address(req, "all"),
                wf_browser_address(req, "package/" WF_BROWSER_ROOT), req->base);
    return html;
}

static apr_status_t end_page(wf_request_t *req, wf_html_t *html, wf_error_t *err)
{
    wf_html_add(html, "</main>\n<footer>%s</footer>\n</body>\n</html>\n", WF_SERVER_LINE);
    return wf_respond_html(req, html, err);
}

static const char *endings(int count)
{
    return count == 1 ? "" : "s";
}

static void add_links(wf_html_t *html, const wf_request_t *req,
                      const apr_array_header_t *links)
{
    wf_html_add(html, "<ul class=\"links\">\n");
    for (int i = 0; i < links->nelts; i++) {
        const wf_browser_link_t *link = &APR_ARRAY_IDX(links, i, wf_browser_link_t);

        wf_html_add(html,
                    "<li><a href=\"%s\">%s</a> <span class=\"count\">%d<span> "
                    "endpoint%s</span></span></li>\n",
                    wf_browser_address(req, link->path), link->text, link->count,
                    endings(link->count));
    }
    wf_html_add(html, "</ul>\n");
}

/* ---- one endpoint ------------------------------------------------------------------ */

/* A GET that needs nothing filled in can be a link. */
static int is_live(const wf_endpoint_t *endpoint)
{
    for (int i = 0; i < endpoint->arguments->nelts; i++) {
        if (APR_ARRAY_IDX(endpoint->arguments, i, wf_argument_t).required) {
            return 0;
        }
    }
    return endpoint->route->method == WF_GET;
}

static void add_heading(wf_html_t *html, const wf_request_t *req,
                        const wf_endpoint_t *endpoint)
{
    const char *template = endpoint->route->template;
    const char *shown = *template ? template : "(the base itself)";

    wf_html_add(html, "<h3><span class=\"method %s\">%s</span> ", endpoint->method,
                endpoint->method);
    if (is_live(endpoint)) {
        wf_html_add(html, "<a href=\"%s%s\"><code>%s</code></a>", req->base, template,
                    shown);
    }
    else {
        wf_html_add(html, "<code>%s</code>", shown);
    }
    wf_html_add(html, "<span class=\"level %s\">%s</span></h3>\n",
                wf_level_name(endpoint->level), wf_level_name(endpoint->level));
}

/* "/tasks?assignee={assignee}&start={start}": the address with all it may have. */
static void add_url(wf_html_t *html, const wf_endpoint_t *endpoint)
{
    char separator = '?';

    wf_html_add(html, "<dt>Address</dt><dd><code>%s", endpoint->route->template);
    for (int i = 0; i < endpoint->arguments->nelts; i++) {
        const wf_argument_t *argument =
            &APR_ARRAY_IDX(endpoint->arguments, i, wf_argument_t);

        if (argument->place == WF_IN_QUERY) {
            const char joint[] = { separator, '\0' };

            wf_html_add(html, "<wbr>%s%s={%s}", joint, argument->name, argument->name);
            separator = '&';
        }
    }
    wf_html_add(html, "</code></dd>\n");
}

static void add_facts(wf_html_t *html, const wf_request_t *req,
                      const wf_endpoint_t *endpoint)
{
    const wf_route_t *route = endpoint->route;
    const char *format = wf_format_name(route->format);

    wf_html_add(html, "<dl>\n");
    add_url(html, endpoint);
    if (endpoint->target != route) {
        wf_html_add(html, "<dt>Alias of</dt><dd><code>%s</code></dd>\n",
                    endpoint->target->template);
    }
    wf_html_add(html, "<dt>Authentication</dt><dd>%s%s</dd>\n",
                wf_level_name(endpoint->level),
                route->flags & WF_ROUTE_DEPLOY ? " (by WorkflowDeployLevel)" : "");
    wf_html_add(html,
                "<dt>Format style</dt><dd>%s</dd>\n<dt>Default format</dt>"
                "<dd>%s</dd>\n",
                route->flags & WF_ROUTE_EXTENSION ? "any" : "argument",
                format ? format : "that of the stored file");
    wf_html_add(html, "<dt>Package</dt><dd><a href=\"%s\">%s</a></dd>\n",
                wf_browser_address(
                    req, apr_pstrcat(req->pool, "package/", endpoint->package, NULL)),
                endpoint->package);
    wf_html_add(
        html, "<dt>Id</dt><dd><a href=\"%s\">%s</a></dd>\n</dl>\n",
        wf_browser_address(req, apr_pstrcat(req->pool, "call/", endpoint->id, NULL)),
        endpoint->id);
}

static void add_argument(wf_html_t *html, const wf_argument_t *argument)
{
    wf_html_add(html,
                "<tr><th scope=\"row\"><code>%s</code></th><td>%s</td><td>%s</td><td>%s",
                argument->name, wf_argument_place_name(argument->place),
                wf_argument_type_name(argument->type), argument->text);
    if (argument->required) {
        wf_html_add(html, " <strong>Required.</strong>");
    }
    if (argument->values) {
        wf_html_add(html, " One of: <code>%s</code>.", argument->values);
    }
    if (argument->fallback) {
        wf_html_add(html, " Default: <code>%s</code>.", argument->fallback);
    }
    wf_html_add(html, "</td></tr>\n");
}

static void add_arguments(wf_html_t *html, const wf_endpoint_t *endpoint)
{
    if (endpoint->arguments->nelts == 0) {
        return;
    }
    wf_html_add(html,
                "<table>\n<caption>Arguments</caption>\n"
                "<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">In</th>"
                "<th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr></thead>\n"
                "<tbody>\n");
    for (int i = 0; i < endpoint->arguments->nelts; i++) {
        add_argument(html, &APR_ARRAY_IDX(endpoint->arguments, i, wf_argument_t));
    }
    wf_html_add(html, "</tbody>\n</table>\n");
}

const char *wf_browser_pretty(const char *json, apr_pool_t *p)
{
    return json_object_to_json_string_ext(wf_example_parse(json, p),
                                          JSON_C_TO_STRING_PRETTY
                                              | JSON_C_TO_STRING_SPACED
                                              | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void add_example(wf_html_t *html, const wf_request_t *req, const char *what,
                        const char *json)
{
    if (json) {
        wf_html_add(html, "<h4>%s</h4>\n<pre>%s</pre>\n", what,
                    wf_browser_pretty(json, req->pool));
    }
}

static void add_endpoint(wf_html_t *html, const wf_browser_page_t *page,
                         const wf_endpoint_t *endpoint)
{
    const wf_request_t *req = page->req;

    wf_html_add(html, "<article id=\"%s\">\n", endpoint->name);
    add_heading(html, req, endpoint);
    wf_html_add(html, "<p>%s.</p>\n<details%s>\n<summary>Details of %s</summary>\n",
                endpoint->target->summary, page->open ? " open" : "", endpoint->name);
    add_facts(html, req, endpoint);
    add_arguments(html, endpoint);
    wf_browser_form(html, req, endpoint, page->action);
    add_example(html, req, "An answer", endpoint->target->response);
    if (endpoint->target->statuses) {
        wf_html_add(html, "<p class=\"statuses\">Other statuses: %s</p>\n",
                    endpoint->target->statuses);
    }
    wf_html_add(html, "</details>\n</article>\n");
}

/* ---- pages ------------------------------------------------------------------------- */

/* Endpoints in the order of the table, with a heading wherever the package changes. */
static void add_endpoints(wf_html_t *html, const wf_browser_page_t *page)
{
    const char *package = NULL;

    for (int i = 0; i < page->shown->nelts; i++) {
        const wf_endpoint_t *endpoint =
            APR_ARRAY_IDX(page->shown, i, const wf_endpoint_t *);

        if (!package || strcmp(package, endpoint->package) != 0) {
            package = endpoint->package;
            wf_html_add(
                html, "<h2><a href=\"%s\">%s</a></h2>\n",
                wf_browser_address(
                    page->req, apr_pstrcat(page->req->pool, "package/", package, NULL)),
                package);
        }
        add_endpoint(html, page, endpoint);
    }
}

apr_status_t wf_browser_show(const wf_browser_page_t *page, wf_error_t *err)
{
    wf_html_t *html = begin_page(page->req, page->title);

    wf_html_add(html, "<p class=\"up\"><a href=\"%s\">↑ %s</a></p>\n<h1>%s</h1>\n",
                wf_browser_address(page->req, page->parent ? page->parent : ""),
                page->parent ? strchr(page->parent, '/') + 1 : "Home", page->title);
    if (!page->open) {
        wf_html_add(html, "<p class=\"count\">%d endpoint%s</p>\n", page->shown->nelts,
                    endings(page->shown->nelts));
    }
    if (page->links && page->links->nelts > 0) {
        add_links(html, page->req, page->links);
    }
    add_endpoints(html, page);
    return end_page(page->req, html, err);
}

static void add_part(wf_html_t *html, wf_request_t *req, const char *title,
                     const apr_array_header_t *links)
{
    wf_html_add(html, "<section>\n<h2>%s</h2>\n", title);
    add_links(html, req, links);
    wf_html_add(html, "</section>\n");
}

apr_status_t wf_browser_show_home(wf_request_t *req, apr_array_header_t *packages,
                                  apr_array_header_t *uris, apr_array_header_t *families,
                                  int total, wf_error_t *err)
{
    wf_html_t *html = begin_page(req, "Home");

    wf_html_add(html,
                "<h1>%s</h1>\n<p class=\"lead\">%s</p>\n"
                "<p>Served by %s.</p>\n<p><a class=\"button\" href=\"%s\">Browse all %d "
                "endpoints</a></p>\n<div class=\"parts\">\n",
                req->face->title, req->face->about ? req->face->about : "",
                WF_SERVER_LINE, wf_browser_address(req, "all"), total);
    add_part(html, req, "By package", packages);
    add_part(html, req, "By family", families);
    add_part(html, req, "By URI", uris);
    wf_html_add(html, "</div>\n");
    return end_page(req, html, err);
}
