/* Errors of the load engine's face: {"error": code, "message": text}. */
#include "workflow/internal.h"

/* clang-format off */
static const struct { int status; const char *code; } kinds[WF_ERR_KINDS] = {
    [WF_ERR_NONE]        = { 500, "internal_error" },
    [WF_ERR_INVALID]     = { 400, "invalid_request" },
    [WF_ERR_NOT_FOUND]   = { 404, "not_found" },
    [WF_ERR_CONFLICT]    = { 409, "conflict" },
    [WF_ERR_FORBIDDEN]   = { 403, "forbidden" },
    [WF_ERR_TOO_LARGE]   = { 413, "request_too_large" },
    [WF_ERR_UNSUPPORTED] = { 501, "not_implemented" },
    [WF_ERR_UNAVAILABLE] = { 503, "service_unavailable" },
    [WF_ERR_IN_FLIGHT]   = { 409, "request_in_flight" },
    [WF_ERR_REUSED]      = { 422, "idempotency_key_reused" },
    [WF_ERR_EXECUTION]   = { 500, "internal_error" },
    [WF_ERR_INTERNAL]    = { 500, "internal_error" },
};

/* Codes of statuses that have no kind, or that httpd answered by itself. */
static const struct { int status; const char *code; } codes[] = {
    { 400, "invalid_request" },
    { 401, "unauthorized" },
    { 403, "forbidden" },
    { 404, "not_found" },
    { 405, "method_not_allowed" },
    { 408, "request_timeout" },
    { 413, "request_too_large" },
    { 429, "too_many_requests" },
    { 501, "not_implemented" },
    { 503, "service_unavailable" },
};
/* clang-format on */

int wf_workflow_status(const wf_request_t *req, const wf_error_t *err)
{
    (void)req;
    return kinds[err->kind].status;
}

apr_status_t wf_fail_as(wf_request_t *req, int status, const char *code)
{
    req->fail_status = status;
    req->fail_code = code;
    return WF_EFAILED;
}

static const char *code_of(const wf_request_t *req, int status, const wf_error_t *err)
{
    if (req->fail_code) {
        return req->fail_code;
    }
    if (err->kind != WF_ERR_NONE && kinds[err->kind].status == status) {
        return kinds[err->kind].code;
    }
    for (apr_size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].status == status) {
            return codes[i].code;
        }
    }
    return status < 500 ? "invalid_request" : "internal_error";
}

void wf_workflow_error_body(const wf_request_t *req, int status, const wf_error_t *err,
                            wf_body_t *body)
{
    json_object *o = wf_json_own(json_object_new_object(), req->pool);

    wf_json_add_string(o, "error", code_of(req, status, err));
    wf_json_add_string(o, "message",
                       err->message ? err->message : wf_status_description(status));
    body->type = req->face->json_type;
    body->data = wf_json_text(o, &body->length, req->pool);
}

apr_status_t wf_respond_done(wf_request_t *req, const char *message)
{
    json_object *o = json_object_new_object();

    wf_json_add_bool(o, "success", 1);
    wf_json_add_string(o, "message", message);
    return wf_respond_json(req, 200, o);
}
