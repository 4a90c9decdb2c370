/* Other servers that take a part of an execution. This one runs all of it by itself, so
 * there are none: lists are empty, and there is nothing that could be drained. Clients
 * that look for slaves before they submit are told so in the form that they know. */
#include "workflow/internal.h"

apr_status_t wf_slave_list(wf_request_t *req, wf_error_t *err)
{
    json_object *o = json_object_new_object();

    (void)err;
    json_object_object_add(o, "slaves", json_object_new_array());
    wf_json_add_int(o, "total", 0);
    return wf_respond_json(req, 200, o);
}

apr_status_t wf_slave_get(wf_request_t *req, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_NOT_FOUND, "no slave with id '%s'",
                        wf_request_var(req, "id"));
}

apr_status_t wf_slave_drain(wf_request_t *req, wf_error_t *err)
{
    (void)req;
    return wf_error_set(
        err, WF_ERR_UNSUPPORTED,
        "this server runs executions by itself: it has no slaves to drain");
}
