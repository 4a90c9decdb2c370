/* Health and readiness. /health answers as long as httpd lives; /ready follows the
 * engine, by its status for load balancers and by its body for clients of the API. */
#include "workflow/internal.h"

#define READY_TIMEOUT apr_time_from_sec(1) /* for the engine's answer to a probe */

static json_object *with_time(json_object *o, apr_pool_t *p)
{
    wf_json_add_string(o, "timestamp", wf_time_utc(wf_time_ms(), p));
    return o;
}

apr_status_t wf_probe_health(wf_request_t *req, wf_error_t *err)
{
    json_object *o = json_object_new_object();

    (void)err;
    wf_json_add_string(o, "status", "healthy");
    return wf_respond_json(req, 200, with_time(o, req->pool));
}

apr_status_t wf_probe_ready(wf_request_t *req, wf_error_t *err)
{
    /* Of the engine's status, where a server is one of several. */
    static const char *const shown[] = { "role", "slaves", "connected" };
    wf_ipc_call_t call = { .command = WF_CMD_ENGINE_STATUS, .timeout = READY_TIMEOUT };
    wf_ipc_reply_t reply;
    json_object *o = json_object_new_object();
    wf_error_t failure;
    int ready;

    (void)err;
    wf_error_init(&failure, req->pool); /* not ready is an answer, not an error */
    ready = wf_request_call(req, &call, &reply, &failure) == APR_SUCCESS
            && wf_json_bool(reply.json, "ready", 0);
    wf_json_add_bool(o, "ready", ready);
    wf_json_add_string(o, "status", ready ? "ready" : "not_ready");
    if (!ready) {
        wf_json_add_string(o, "reason",
                           failure.kind == WF_ERR_NONE
                               ? wf_json_string(reply.json, "reason", "")
                               : "the engine does not answer");
    }
    for (size_t i = 0; ready && i < sizeof(shown) / sizeof(shown[0]); i++) {
        json_object *member = wf_json_get(reply.json, shown[i]);

        if (member != NULL) {
            json_object_object_add(o, shown[i], json_object_get(member));
        }
    }
    return wf_respond_json(req, ready ? 200 : 503, with_time(o, req->pool));
}
