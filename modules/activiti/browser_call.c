/* Calling an endpoint from its page, without scripts.
 *
 * A form can only GET or POST, and cannot put what is typed into a path. So:
 *   - a GET without path variables is a form on the endpoint itself;
 *   - a GET with some goes to /index/call/{id}, which sends the browser to the address;
 *   - an upload is a form on the endpoint, with the method in the query; if it has path
 *     variables a first form asks for them, and /index/call/{id} shows the second one;
 *   - all others are posted to /index/call/{id}, which passes the call on inside the
 *     server: httpd authorizes it again at its own address, and its answer is shown. */
#include "activiti/browser.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

typedef enum {
    FORM_DIRECT, /* GET on the endpoint */
    FORM_GO,     /* GET on /index/call: to be sent to the endpoint, or to its form */
    FORM_UPLOAD, /* multipart/form-data to the endpoint */
    FORM_CALL    /* POST on /index/call */
} form_e;

static form_e form_of(const wf_endpoint_t *endpoint, const char *action)
{
    int has_path = strchr(endpoint->route->template, '{') != NULL;

    if (endpoint->route->flags & WF_ROUTE_MULTIPART) {
        return has_path && !action ? FORM_GO : FORM_UPLOAD;
    }
    if (endpoint->route->method != WF_GET) {
        return FORM_CALL;
    }
    return has_path ? FORM_GO : FORM_DIRECT;
}

/* ---- writing the form -------------------------------------------------------------- */

static void add_option(wf_html_t *html, const char *value, const char *text)
{
    wf_html_add(html, "<option value=\"%s\">%s</option>", value, text);
}

static void add_select(wf_html_t *html, const wf_argument_t *argument, const char *values,
                       apr_pool_t *p)
{
    char *rest, *words = apr_pstrdup(p, values);

    add_option(html, "",
               argument->fallback ? apr_pstrcat(p, argument->fallback, " (default)", NULL)
                                  : "–");
    for (const char *word = apr_strtok(words, " ", &rest); word;
         word = apr_strtok(NULL, " ", &rest)) {
        add_option(html, word, word);
    }
}

static void add_input(wf_html_t *html, const wf_argument_t *argument, const char *id,
                      const char *field, apr_pool_t *p)
{
    const char *values =
        argument->type == WF_ARG_BOOLEAN ? "true false" : argument->values;
    const char *required = argument->required ? " required" : "";

    if (values) {
        wf_html_add(html, "<select id=\"%s\" name=\"%s\"%s>", id, field, required);
        add_select(html, argument, values, p);
        wf_html_add(html, "</select>");
        return;
    }
    wf_html_add(html, "<input id=\"%s\" name=\"%s\" type=\"%s\"%s", id, field,
                argument->type == WF_ARG_INTEGER ? "number"
                : argument->type == WF_ARG_FILE  ? "file"
                                                 : "text",
                required);
    if (argument->fallback || argument->type == WF_ARG_DATE
        || argument->type == WF_ARG_DAY) {
        wf_html_add(html, " placeholder=\"%s\"",
                    argument->fallback             ? argument->fallback
                    : argument->type == WF_ARG_DAY ? "2010-11-02"
                                                   : "2010-11-02T09:05:00Z");
    }
    wf_html_add(html, ">");
}

/* Fields for the arguments in one place; their names get a prefix. */
static void add_fields(wf_html_t *html, const wf_endpoint_t *endpoint,
                       wf_argument_place_e place, const char *prefix, apr_pool_t *p)
{
    for (int i = 0; i < endpoint->arguments->nelts; i++) {
        const wf_argument_t *argument =
            &APR_ARRAY_IDX(endpoint->arguments, i, wf_argument_t);
        const char *id;

        if (argument->place != place) {
            continue;
        }
        id = apr_psprintf(p, "%s-%d", endpoint->name, i);
        wf_html_add(html, "<p class=\"field\"><label for=\"%s\">%s%s</label>\n", id,
                    argument->name, argument->required ? " *" : "");
        add_input(html, argument, id, apr_pstrcat(p, prefix, argument->name, NULL), p);
        wf_html_add(html, "</p>\n");
    }
}

static void add_body_field(wf_html_t *html, const wf_endpoint_t *endpoint, apr_pool_t *p)
{
    if (endpoint->target->request) {
        wf_html_add(
            html,
            "<p class=\"field body\"><label for=\"%s-body\">JSON body</label>\n"
            "<textarea id=\"%s-body\" name=\"" WF_FIELD_BODY
            "\" rows=\"8\" cols=\"60\" spellcheck=\"false\">\n%s</textarea></p>\n",
            endpoint->name, endpoint->name,
            wf_browser_pretty(endpoint->target->request, p));
    }
}

static void begin_form(wf_html_t *html, const char *method, const char *action,
                       int upload)
{
    wf_html_add(html, "<form method=\"%s\" action=\"%s\"", method, action);
    if (upload) {
        wf_html_add(html, " enctype=\"multipart/form-data\"");
    }
    wf_html_add(html, ">\n<div class=\"fields\">\n");
}

void wf_browser_form(wf_html_t *html, const wf_request_t *req,
                     const wf_endpoint_t *endpoint, const char *action)
{
    apr_pool_t *p = req->pool;
    form_e form = form_of(endpoint, action);
    const char *own = apr_pstrcat(p, req->base, endpoint->route->template, NULL);
    const char *call =
        wf_browser_address(req, apr_pstrcat(p, "call/", endpoint->id, NULL));
    const char *button = endpoint->method;

    wf_html_add(html, "<h4>Try it</h4>\n");
    switch (form) {
    case FORM_DIRECT:
        begin_form(html, "get", own, 0);
        add_fields(html, endpoint, WF_IN_QUERY, "", p);
        break;
    case FORM_GO:
        begin_form(html, "get", call, 0);
        add_fields(html, endpoint, WF_IN_PATH, WF_FIELD_PATH, p);
        if (endpoint->route->flags & WF_ROUTE_MULTIPART) {
            button = "Next";
            break;
        }
        add_fields(html, endpoint, WF_IN_QUERY, WF_FIELD_QUERY, p);
        break;
    case FORM_UPLOAD:
        begin_form(html, "post", action ? action : own, 1);
        add_fields(html, endpoint, WF_IN_FORM, "", p);
        break;
    case FORM_CALL:
        begin_form(html, "post", call, 0);
        add_fields(html, endpoint, WF_IN_PATH, WF_FIELD_PATH, p);
        add_fields(html, endpoint, WF_IN_QUERY, WF_FIELD_QUERY, p);
        add_body_field(html, endpoint, p);
        break;
    }
    wf_html_add(html,
                "</div>\n<p><button type=\"submit\" class=\"%s\">%s</button></p>\n"
                "</form>\n",
                endpoint->method, button);
}

/* ---- from a form to an address ----------------------------------------------------- */

/* Dots as a segment of a path would lead elsewhere. */
static int is_segment(const char *text)
{
    while (*text) {
        apr_size_t length = strcspn(text, "/");

        if ((length == 1 && text[0] == '.')
            || (length == 2 && text[0] == '.' && text[1] == '.')) {
            return 0;
        }
        text += length + (text[length] == '/');
    }
    return 1;
}

/* The path with what the form says for its variables. */
static apr_status_t fill_path(const char **path, const wf_request_t *req,
                              const wf_endpoint_t *endpoint, const wf_query_t *form,
                              wf_error_t *err)
{
    const char *rest = endpoint->route->template, *open;

    *path = req->base;
    while ((open = strchr(rest, '{'))) {
        const char *name = apr_pstrmemdup(req->pool, open + 1, strcspn(open + 1, "}"));
        const char *field = apr_pstrcat(req->pool, WF_FIELD_PATH, name, NULL);
        const char *value;

        if (wf_query_required(form, field, &value, err) != APR_SUCCESS) {
            return WF_EFAILED;
        }
        if (!is_segment(value)) {
            return wf_error_field(err, WF_ERR_INVALID, field,
                                  "'%s' cannot be part of a path", value);
        }
        *path = apr_pstrcat(req->pool, *path,
                            apr_pstrmemdup(req->pool, rest, (apr_size_t)(open - rest)),
                            apr_pescape_path(req->pool, value, 1), NULL);
        rest = strchr(open, '}') + 1;
    }
    *path = apr_pstrcat(req->pool, *path, rest, NULL);
    return APR_SUCCESS;
}

static const char *add_query(const char *path, const wf_endpoint_t *endpoint,
                             const wf_query_t *form, apr_pool_t *p)
{
    const char *joint = "?";

    for (int i = 0; i < endpoint->arguments->nelts; i++) {
        const wf_argument_t *argument =
            &APR_ARRAY_IDX(endpoint->arguments, i, wf_argument_t);
        const char *value = argument->place == WF_IN_QUERY
                                ? wf_query_text(form, apr_pstrcat(p, WF_FIELD_QUERY,
                                                                  argument->name, NULL))
                                : NULL;

        if (value) {
            path = apr_pstrcat(p, path, joint, argument->name, "=",
                               apr_pescape_urlencoded(p, value), NULL);
            joint = "&";
        }
    }
    return path;
}

/* ---- handlers ---------------------------------------------------------------------- */

static apr_status_t find_endpoint(const wf_endpoint_t **endpoint, wf_request_t *req,
                                  wf_error_t *err)
{
    const char *id = wf_request_var(req, "callId");

    *endpoint = wf_browser_find(req, id);
    return *endpoint
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_NOT_FOUND, "no endpoint with id '%s'", id);
}

/* 1 if the form has a field that fills in a path. */
static int is_filled(const wf_request_t *req, const wf_endpoint_t *endpoint)
{
    for (int i = 0; i < endpoint->arguments->nelts; i++) {
        const wf_argument_t *argument =
            &APR_ARRAY_IDX(endpoint->arguments, i, wf_argument_t);

        if (argument->place == WF_IN_PATH
            && wf_query_text(req->query, apr_pstrcat(req->pool, WF_FIELD_PATH,
                                                     argument->name, NULL))) {
            return 1;
        }
    }
    return 0;
}

apr_status_t wf_browser_call(wf_request_t *req, wf_error_t *err)
{
    wf_browser_page_t page = { .req = req, .open = 1 };
    const wf_endpoint_t *endpoint;
    const char *path;

    if (find_endpoint(&endpoint, req, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (is_filled(req, endpoint) && form_of(endpoint, NULL) == FORM_GO) {
        if (fill_path(&path, req, endpoint, req->query, err) != APR_SUCCESS) {
            return WF_EFAILED;
        }
        if (endpoint->route->method == WF_GET) {
            return wf_respond_see_other(req,
                                        add_query(path, endpoint, req->query, req->pool));
        }
        page.action =
            apr_pstrcat(req->pool, path, "?alf_method=", endpoint->method, NULL);
    }
    page.title = endpoint->name;
    page.parent = apr_pstrcat(req->pool, "package/", endpoint->package, NULL);
    page.shown = apr_array_make(req->pool, 1, sizeof endpoint);
    APR_ARRAY_PUSH(page.shown, const wf_endpoint_t *) = endpoint;
    return wf_browser_respond(&page, err);
}

apr_status_t wf_browser_send(wf_request_t *req, wf_error_t *err)
{
    const wf_endpoint_t *endpoint;
    const wf_query_t *form;
    const char *data, *path, *text;
    apr_size_t length;
    wf_body_t body = { 0 };

    if (find_endpoint(&endpoint, req, err) != APR_SUCCESS
        || wf_request_body(req, &data, &length, err) != APR_SUCCESS
        || wf_form_parse(&form, data, length, req->pool, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (form_of(endpoint, NULL) != FORM_CALL) {
        return wf_error_set(err, WF_ERR_INVALID, "%s is called by a form of its own",
                            endpoint->name);
    }
    if (fill_path(&path, req, endpoint, form, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    text = wf_query_text(form, WF_FIELD_BODY);
    if (text) {
        body = (wf_body_t){ .type = "application/json",
                            .data = text,
                            .length = strlen(text) };
    }
    return wf_request_forward(req, endpoint->method,
                              add_query(path, endpoint, form, req->pool), &body);
}
