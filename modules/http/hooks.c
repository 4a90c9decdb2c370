/* httpd's hooks: from the URI to the handler.
 *
 *   translate_name   the URI lies in a face's Location: find the route, claim the URI
 *   map_to_storage   ours is no file: skip the directory walk
 *   check_access_ex  httpd needs a user: settle what needs none
 *   (httpd authenticates and authorizes)
 *   handler          check the level, the format and the variables, call the route */
#include "http/internal.h"

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

extern module AP_MODULE_DECLARE_DATA workflow_module;

/* ---- claiming ---------------------------------------------------------------------- */

int wf_http_translate_name(request_rec *r)
{
    wf_request_t *req = wf_request_of(r);

    if (!req) {
        return DECLINED;
    }
    /* Other modules take a file name for granted; this one has no directory, no extension
     * and no meaning. */
    r->filename = apr_pstrdup(r->pool, "workflow");
    r->handler = "workflow";
    wf_origin_permit(req);
    /* On errors, too: what a browser takes for a page may be what somebody uploaded. */
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
    return OK;
}

/* The record of a URI that was claimed above. Must not look at the configuration: while
 * map_to_storage runs, r->per_dir_config is not that of the Location. */
static wf_request_t *claimed(request_rec *r)
{
    return ap_get_module_config(r->request_config, &workflow_module);
}

int wf_http_map_to_storage(request_rec *r)
{
    return claimed(r) ? OK : DECLINED;
}

int wf_http_type_checker(request_rec *r)
{
    return claimed(r) ? OK : DECLINED;
}

/* ---- before credentials --------------------------------------------------------- */

/* Answers and commands are JSON, which has no place for anything but UTF-8. */
static int is_text(const char *text)
{
    return wf_utf8_valid(text, strlen(text));
}

/* Requests without a route: unknown path, wrong method, or OPTIONS. */
static int answer_without_route(wf_request_t *req)
{
    wf_body_t empty = { 0 };
    wf_error_t err;

    wf_error_init(&err, req->pool);
    if (!is_text(req->r->uri)) {
        wf_error_set(&err, WF_ERR_INVALID, "the path is not UTF-8 text");
        return wf_respond_error(req, &err);
    }
    if (req->allowed == 0) {
        wf_error_set(&err, WF_ERR_NOT_FOUND, "there is no '%s' here", req->r->uri);
        return wf_respond_error(req, &err);
    }
    apr_table_setn(req->r->headers_out, "Allow",
                   wf_methods_text(req->allowed, req->pool));
    if (req->method == WF_OPTIONS) {
        wf_origin_answer_preflight(req);
        wf_respond_body(req, HTTP_OK, &empty);
        return OK;
    }
    req->fail_status = HTTP_METHOD_NOT_ALLOWED;
    wf_error_set(&err, WF_ERR_UNSUPPORTED, "'%s' does not support the method %s",
                 req->r->uri,
                 is_text(req->method_name) ? req->method_name : req->r->method);
    return wf_respond_error(req, &err);
}

int wf_http_check_access(request_rec *r)
{
    wf_request_t *req = claimed(r);

    if (!req) {
        return DECLINED;
    }
    if (!req->route) {
        int rc;

        if (r->main) { /* a lookup of another module: it reads the status, not a body */
            return req->allowed ? HTTP_METHOD_NOT_ALLOWED : HTTP_NOT_FOUND;
        }
        rc = answer_without_route(req);
        return rc == OK ? DONE : rc;
    }
    return req->route->level == WF_LEVEL_NONE ? OK : DECLINED;
}

/* A level is that of somebody; where there are none it is enough to be known, and a place
 * may do without. */
static int needs_user(const wf_request_t *req)
{
    const wf_dir_config_t *dir =
        ap_get_module_config(req->r->per_dir_config, &workflow_module);

    return req->route->level != WF_LEVEL_NONE
           && ((req->face->flags & WF_FACE_AUTHORIZE) || dir->anonymous != WF_ON);
}

int wf_http_force_authn(request_rec *r)
{
    wf_request_t *req = claimed(r);
    const char *type;

    if (!req || !req->route || !needs_user(req)) {
        return DECLINED;
    }
    if (wf_credentials_taken(ap_get_module_config(r->per_dir_config, &workflow_module))) {
        return OK;
    }
    type = ap_auth_type(r);
    return type && strcasecmp(type, "none") != 0 ? OK : DECLINED;
}

/* ---- the handler ------------------------------------------------------------------- */

apr_status_t wf_request_check_level(wf_request_t *req, wf_level_e level, wf_error_t *err)
{
    const wf_dir_config_t *dir =
        ap_get_module_config(req->r->per_dir_config, &workflow_module);
    wf_store_t *store;

    if (dir->require) {
        return wf_require_check(dir->require, req->r, level, err);
    }
    store = wf_child_store(req->child, err);
    return store ? wf_auth_check_level(store, &req->config->roles, req->user, level, err)
                 : WF_EFAILED;
}

/* APR_SUCCESS, or the caller may not do this. A missing user is no error of kind
 * FORBIDDEN: fail_status says so. */
static apr_status_t authorize(wf_request_t *req, wf_error_t *err)
{
    wf_level_e level = wf_route_level(req->route, req->config->deploy_level);

    if (!needs_user(req)) {
        return APR_SUCCESS;
    }
    if (!req->user) {
        wf_credentials_challenge(req);
        req->fail_status = HTTP_UNAUTHORIZED;
        return wf_error_set(err, WF_ERR_FORBIDDEN, "credentials are needed");
    }
    if (wf_credentials_check(req, level, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    return req->face->flags & WF_FACE_AUTHORIZE ? wf_request_check_level(req, level, err)
                                                : APR_SUCCESS;
}

/* ?format=x or the path extension, as far as the route understands it. */
static apr_status_t choose_format(wf_request_t *req, wf_error_t *err)
{
    const char *asked = wf_query_text(req->query, "format");

    if (asked && req->extension) {
        return wf_error_field(err, WF_ERR_INVALID, "format",
                              "the format is given both as parameter and as extension");
    }
    asked = asked ? asked : req->extension;
    if (asked && !wf_route_format(req->route, asked, &req->format)) {
        return wf_error_field(err, WF_ERR_INVALID, "format",
                              "format '%s' is not available here", asked);
    }
    return APR_SUCCESS;
}

static apr_status_t check_vars(wf_request_t *req, wf_error_t *err)
{
    const char *name = strchr(req->route->template, '{');

    for (int i = 0; name; i++, name = strchr(name + 1, '{')) {
        if (*req->vars[i] == '\0') {
            return wf_error_set(err, WF_ERR_INVALID, "the path lacks the %.*s",
                                (int)strcspn(name + 1, "}"), name + 1);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_texts(wf_request_t *req, wf_error_t *err)
{
    if (!is_text(req->r->uri)) {
        return wf_error_set(err, WF_ERR_INVALID, "the path is not UTF-8 text");
    }
    if (req->user && !is_text(req->user)) {
        return wf_error_set(err, WF_ERR_FORBIDDEN, "the user's name is not UTF-8 text");
    }
    return APR_SUCCESS;
}

static apr_status_t handle(wf_request_t *req, wf_error_t *err)
{
    int kept;
    apr_status_t rv = wf_repeat_begin(req, &kept, err);

    /* Also what was answered before: a right may have been withdrawn since. */
    if (rv == APR_SUCCESS && req->face->permit) {
        rv = req->face->permit(req, err);
    }
    if (rv == APR_SUCCESS) {
        rv = kept ? wf_repeat_answer(req, err) : req->route->handler(req, err);
    }
    if (rv != APR_SUCCESS) {
        wf_repeat_failed(req, err);
    }
    return rv;
}

/* The query comes first, because it names the format of a refusal, too; what is wrong
 * with it is told only to those who may call. */
static apr_status_t serve(wf_request_t *req, wf_error_t *err)
{
    apr_status_t rv, queried;
    wf_error_t fault;

    req->user = req->r->user;
    if (!req->child) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "this server process is not ready");
    }
    wf_error_init(&fault, req->pool);
    queried = wf_query_parse(&req->query, req->r->args, req->pool, &fault);
    if (queried == APR_SUCCESS) {
        queried = choose_format(req, &fault);
    }
    if ((rv = wf_origin_check(req, err)) != APR_SUCCESS
        || (rv = authorize(req, err)) != APR_SUCCESS
        || (rv = check_texts(req, err)) != APR_SUCCESS) {
        return rv;
    }
    if (queried != APR_SUCCESS) {
        wf_error_copy(err, &fault);
        return queried;
    }
    rv = check_vars(req, err);
    return rv == APR_SUCCESS ? handle(req, err) : rv;
}

int wf_http_handler(request_rec *r)
{
    wf_request_t *req = wf_request_of(r);
    wf_error_t err;

    if (!req) {
        return DECLINED;
    }
    if (!req->route) {
        return answer_without_route(req);
    }
    wf_error_init(&err, r->pool);
    return serve(req, &err) == APR_SUCCESS ? OK : wf_respond_error(req, &err);
}
