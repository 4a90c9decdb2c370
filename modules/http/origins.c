/* Pages of other sites: whose may call here (CORS, https://fetch.spec.whatwg.org), and
 * what a browser must not be talked into. */
#include "http/internal.h"

#include <httpd.h>
#include <http_config.h>
#include <apr_strings.h>

extern module AP_MODULE_DECLARE_DATA workflow_module;

#define MAX_AGE "86400" /* seconds that a browser may remember a permission */

static const char *header(const wf_request_t *req, const char *name)
{
    return apr_table_get(req->r->headers_in, name);
}

const char *wf_origin_permitted(const wf_request_t *req)
{
    const wf_dir_config_t *dir =
        ap_get_module_config(req->r->per_dir_config, &workflow_module);
    const char *origin = header(req, "Origin");

    for (int i = 0; origin && dir->origins && i < dir->origins->nelts; i++) {
        const char *allowed = APR_ARRAY_IDX(dir->origins, i, const char *);

        if (strcmp(allowed, "*") == 0 || strcasecmp(allowed, origin) == 0) {
            return allowed;
        }
    }
    return NULL;
}

int wf_origin_may_call(const wf_request_t *req)
{
    return wf_origin_permitted(req)
           || wf_origin_is_own(header(req, "Sec-Fetch-Site"), header(req, "Origin"),
                               header(req, "Host"), header(req, "X-Forwarded-Host"));
}

/* A page of another site can make a browser send something here with the password that it
 * keeps for us, and need not ask before if that looks like a form or has no type at all.
 */
apr_status_t wf_origin_check(const wf_request_t *req, wf_error_t *err)
{
    int changes = req->r->method_number != M_GET && req->r->method_number != M_OPTIONS;

    return !changes || wf_origin_may_call(req)
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_FORBIDDEN,
                              "a page of another site may not do this");
}

/* Also on errors that httpd makes, or the page could not tell why. No credentials: what a
 * browser keeps for us is not for others to use. */
void wf_origin_permit(const wf_request_t *req)
{
    const wf_dir_config_t *dir =
        ap_get_module_config(req->r->per_dir_config, &workflow_module);
    const char *permitted = wf_origin_permitted(req);
    apr_table_t *headers = req->r->err_headers_out;

    if (dir->origins) {
        apr_table_mergen(headers, "Vary", "Origin");
    }
    if (permitted) {
        apr_table_setn(headers, "Access-Control-Allow-Origin",
                       strcmp(permitted, "*") == 0 ? "*" : header(req, "Origin"));
        apr_table_setn(headers, "Access-Control-Expose-Headers",
                       "ETag, Idempotency-Replayed, Location, Retry-After");
    }
}

void wf_origin_answer_preflight(const wf_request_t *req)
{
    apr_table_t *headers = req->r->headers_out;

    if (!wf_origin_permitted(req) || !header(req, "Access-Control-Request-Method")) {
        return;
    }
    apr_table_setn(headers, "Access-Control-Allow-Methods",
                   wf_methods_text(req->allowed, req->pool));
    apr_table_setn(headers, "Access-Control-Allow-Headers",
                   "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, "
                   "If-None-Match, Origin, X-API-Key, X-HTTP-Method-Override");
    apr_table_setn(headers, "Access-Control-Max-Age", MAX_AGE);
}
