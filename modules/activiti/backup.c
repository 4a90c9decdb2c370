/* A backup of the store, taken by the engine for an administrator. */
#include "activiti/internal.h"

/* Seconds that a request waits for one. The engine finishes it, whoever waits. */
#define TIMEOUT_S 3600

apr_status_t wf_backup_create(wf_request_t *req, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = WF_CMD_BACKUP,
                           .timeout = apr_time_from_sec(TIMEOUT_S),
                           .breaks_off = wf_request_is_over,
                           .baton = req };
    wf_ipc_reply_t reply;
    json_object *body;
    const char *name;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_text(body, "name", &name, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    call.args = wf_json_own(json_object_new_object(), req->pool);
    if (name) {
        wf_json_add_string(call.args, "name", name);
    }
    rv = wf_request_call(req, &call, &reply, err);
    return rv == APR_SUCCESS ? wf_respond_json(req, 200, json_object_get(reply.json))
                             : rv;
}
