/* Submission of a workflow, as a YAML text or as an object. The engine compiles it and
 * starts its execution; the answer arrives before the run has done anything. */
#include "workflow/internal.h"

#include <string.h>

/* {"yaml": text} or {"workflow": object} as arguments; with both, the text counts. */
static apr_status_t read_document(wf_request_t *req, json_object *body, json_object *args,
                                  wf_error_t *err)
{
    json_object *yaml = wf_json_get(body, "yaml");
    json_object *workflow = wf_json_get(body, "workflow");
    const char *text;
    apr_status_t rv;

    if (yaml) {
        if (!json_object_is_type(yaml, json_type_string)) {
            return wf_error_field(err, WF_ERR_INVALID, "yaml", "'yaml' must be a string");
        }
        rv = wf_body_text(body, "yaml", &text, req->pool, err); /* refuses NUL */
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (*text) {
            json_object_object_add(args, "yaml", json_object_get(yaml));
            return APR_SUCCESS;
        }
    }
    if (!workflow) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "Either 'workflow' or 'yaml' must be provided");
    }
    if (!json_object_is_type(workflow, json_type_object)) {
        return wf_error_field(err, WF_ERR_INVALID, "workflow",
                              "'workflow' must be an object");
    }
    json_object_object_add(args, "workflow", json_object_get(workflow));
    return APR_SUCCESS;
}

/* What a refusal of the engine means here. An engine that cannot be reached, or that
 * takes nothing for now and says when to come again, is another matter than one that has
 * too many executions: then the submission has failed. */
static apr_status_t submission_failed(wf_request_t *req, const wf_ipc_reply_t *reply,
                                      const wf_error_t *err)
{
    if (err->kind == WF_ERR_INVALID) {
        return wf_fail_as(req, 400, "invalid_workflow");
    }
    if (err->kind == WF_ERR_TOO_LARGE
        || (err->kind == WF_ERR_UNAVAILABLE && (!reply->json || err->retry_after > 0))) {
        return WF_EFAILED;
    }
    return wf_fail_as(req, 500, "submission_failed");
}

static apr_status_t respond_submitted(wf_request_t *req, json_object *submitted)
{
    json_object *o = json_object_new_object();
    json_object *warnings = wf_json_get(submitted, "warnings");

    wf_json_add_string(o, "execution_id",
                       wf_json_string(submitted, "execution_id", NULL));
    wf_json_add_string(o, "workflow_id", wf_json_string(submitted, "workflow_id", NULL));
    wf_json_add_string(o, "status", "submitted");
    if (warnings != NULL) {
        json_object_object_add(o, "warnings", json_object_get(warnings));
    }
    return wf_respond_json(req, 201, o);
}

/* Editors of some systems begin files with it; RFC 8259 lets readers pass it over. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define MARK_LENGTH (sizeof(BYTE_ORDER_MARK) - 1)

/* Of two members with one name JSON keeps the last: in a workflow the other one would be lost
 * without a word. */
static apr_status_t read_body(wf_request_t *req, json_object **body, const char **text,
                              apr_size_t *text_length, wf_error_t *err)
{
    const char *data;
    apr_size_t length;
    apr_status_t rv;

    if ((rv = wf_request_require_json(req, err)) != APR_SUCCESS
        || (rv = wf_request_body(req, &data, &length, err)) != APR_SUCCESS) {
        return rv;
    }
    if (length >= MARK_LENGTH && memcmp(data, BYTE_ORDER_MARK, MARK_LENGTH) == 0) {
        data += MARK_LENGTH;
        length -= MARK_LENGTH;
    }
    *text = data;
    *text_length = length;
    rv = wf_body_object(body, WF_CONTENT_JSON, data, length, req->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = wf_json_check_names(data, length, req->pool, err);
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "the request body");
}

apr_status_t wf_workflow_submit(wf_request_t *req, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = WF_CMD_SUBMIT };
    wf_ipc_reply_t reply;
    json_object *body;
    const char *text;
    apr_size_t length;
    apr_status_t rv;

    if ((rv = read_body(req, &body, &text, &length, err)) != APR_SUCCESS) {
        return rv;
    }
    call.args = wf_json_own(json_object_new_object(), req->pool);
    if ((rv = read_document(req, body, call.args, err)) != APR_SUCCESS) {
        return rv;
    }
    if (wf_json_get(call.args, "workflow") != NULL) {
        call.blob = text; /* where its faults are */
        call.blob_length = length;
    }
    if (wf_request_call(req, &call, &reply, err) != APR_SUCCESS) {
        return submission_failed(req, &reply, err);
    }
    return respond_submitted(req, reply.json);
}
