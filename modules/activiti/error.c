/* Error answers of the process engine's face: the JSON document of Activiti 5.0, or an
 * HTML page where the endpoint does not answer in JSON. A 401 has no body. */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <string.h>

/* clang-format off */
static const int statuses[WF_ERR_KINDS] = {
    [WF_ERR_NONE]        = 500,
    [WF_ERR_INVALID]     = 400,
    [WF_ERR_NOT_FOUND]   = 404,
    [WF_ERR_CONFLICT]    = 409,
    [WF_ERR_FORBIDDEN]   = 403,
    [WF_ERR_TOO_LARGE]   = 413,
    [WF_ERR_UNSUPPORTED] = 501,
    [WF_ERR_UNAVAILABLE] = 503,
    [WF_ERR_IN_FLIGHT]   = 409,
    [WF_ERR_REUSED]      = 422,
    [WF_ERR_EXECUTION]   = 500,
    [WF_ERR_INTERNAL]    = 500,
};
/* clang-format on */

int wf_activiti_status(const wf_request_t *req, const wf_error_t *err)
{
    (void)req;
    return statuses[err->kind];
}

/* "Nov 2, 2010 9:05:00 AM", in the server's zone. */
static const char *time_text(apr_time_t now, apr_pool_t *p)
{
    apr_time_exp_t t;

    apr_time_exp_lt(&t, now);
    return apr_psprintf(p, "%s %d, %d %d:%02d:%02d %s", apr_month_snames[t.tm_mon],
                        t.tm_mday, 1900 + t.tm_year, t.tm_hour % 12 ? t.tm_hour % 12 : 12,
                        t.tm_min, t.tm_sec, t.tm_hour < 12 ? "AM" : "PM");
}

static json_object *error_json(int status, const char *message, apr_pool_t *p)
{
    json_object *body = json_object_new_object();
    json_object *name = json_object_new_object();

    wf_json_add_int(name, "code", status);
    wf_json_add_string(name, "name", wf_status_name(status));
    wf_json_add_string(name, "description", wf_status_description(status));
    json_object_object_add(body, "status", name);
    wf_json_add_string(body, "message", message);
    wf_json_add_string(body, "exception", "");
    json_object_object_add(body, "callstack", json_object_new_array());
    wf_json_add_string(body, "server", WF_SERVER_LINE);
    wf_json_add_string(body, "time", time_text(apr_time_now(), p));
    return body;
}

/* Clients of Camunda look for type, message and code beside each other. */
static int is_external(const wf_request_t *req)
{
    const char *family = req->route ? req->route->family : NULL;

    return family && strcmp(family, WF_EXTERNAL_FAMILY) == 0;
}

static void add_camunda(json_object *body, int status)
{
    wf_json_add_string(body, "type",
                       status == 400 ? "InvalidRequestException" : "RestException");
    wf_json_add_int(body, "code", 0); /* of no particular kind */
}

static const char *error_html(int status, const char *message, apr_pool_t *p)
{
    return apr_psprintf(
        p,
        "<!DOCTYPE html>\n<html><head><title>%d %s</title></head>\n<body>\n"
        "<h1>%d %s</h1>\n<p>%s</p>\n<p><strong>%s</strong></p>\n<p>%s<br>%s</p>\n"
        "</body></html>\n",
        status, wf_status_name(status), status, wf_status_name(status),
        wf_status_description(status), wf_escape_html(message, p), WF_SERVER_LINE,
        time_text(apr_time_now(), p));
}

/* A route that answers in JSON or HTML refuses in the same, one that sends a stream in
 * HTML. Where neither is natural, the client's Accept decides. */
static int wants_html(const wf_request_t *req, int *by_accept)
{
    *by_accept = !req->route || req->format == WF_FORMAT_PNG || req->format == WF_FORMAT_SVG;
    return *by_accept ? req->prefers_html : req->format != WF_FORMAT_JSON;
}

void wf_activiti_error_body(const wf_request_t *req, int status, const wf_error_t *err,
                            wf_body_t *body)
{
    const char *message = err->message ? err->message : wf_status_description(status);
    json_object *json;

    if (status == 401) {
        return;
    }
    if (wants_html(req, &body->by_accept)) {
        body->type = "text/html;charset=UTF-8";
        body->data = error_html(status, message, req->pool);
        body->length = strlen(body->data);
        return;
    }
    json = wf_json_own(error_json(status, message, req->pool), req->pool);
    if (is_external(req)) {
        add_camunda(json, status);
    }
    body->type = is_external(req) ? WF_EXTERNAL_JSON : req->face->json_type;
    body->data = wf_json_text(json, &body->length, req->pool);
}
