/* Other servers that take a part of executions: who they are, as the engine knows them,
 * and how one of them comes in. A server that takes none has an empty list. */
#include "workflow/internal.h"

apr_status_t wf_slave_connect(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_json_own(json_object_new_object(), req->pool);

    wf_json_add_bool(args, "certificate", wf_request_has_certificate(req));
    return wf_respond_link(req, args, err);
}

apr_status_t wf_slave_list(wf_request_t *req, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = WF_CMD_SLAVES };
    wf_ipc_reply_t reply;
    json_object *slaves, *o;
    apr_status_t rv = wf_request_call(req, &call, &reply, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    slaves = wf_json_get(reply.json, "slaves");
    o = json_object_new_object();
    json_object_object_add(o, "slaves", json_object_get(slaves));
    wf_json_add_int(o, "total", (apr_int64_t)json_object_array_length(slaves));
    return wf_respond_json(req, 200, o);
}

/* A command on the slave that the path names. */
static apr_status_t call_of_slave(wf_request_t *req, wf_command_e command,
                                  wf_ipc_reply_t *reply, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = command,
                           .args = wf_json_own(json_object_new_object(), req->pool) };

    wf_json_add_string(call.args, "id", wf_request_var(req, "id"));
    return wf_request_call(req, &call, reply, err);
}

apr_status_t wf_slave_get(wf_request_t *req, wf_error_t *err)
{
    wf_ipc_reply_t reply;
    apr_status_t rv = call_of_slave(req, WF_CMD_SLAVES, &reply, err);

    return rv == APR_SUCCESS ? wf_respond_json(req, 200, json_object_get(reply.json))
                             : rv;
}

apr_status_t wf_slave_drain(wf_request_t *req, wf_error_t *err)
{
    wf_ipc_reply_t reply;
    apr_status_t rv = call_of_slave(req, WF_CMD_SLAVE_DRAIN, &reply, err);

    return rv == APR_SUCCESS ? wf_respond_done(req, "Slave drain initiated successfully")
                             : rv;
}
