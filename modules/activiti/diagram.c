/* Diagrams: of a definition, the picture that was deployed beside its file or one that is
 * drawn; of an instance, drawn with the activities marked where it stands. */
#include "activiti/internal.h"

#include <string.h>

/* ---- drawing ----------------------------------------------------------------------- */

/* what ("definition" or "instance") is in args. */
static apr_status_t draw(wf_request_t *req, json_object *args, wf_error_t *err)
{
    int svg = req->format == WF_FORMAT_SVG;
    wf_ipc_reply_t reply;
    apr_status_t rv;

    wf_json_add_string(args, "format", svg ? "svg" : "png");
    rv = wf_call_command(req, WF_CMD_DIAGRAM, args, &reply, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_respond_content(req, svg ? "image/svg+xml" : "image/png", reply.blob,
                              reply.blob_length);
}

/* ---- the stored picture ------------------------------------------------------------ */

/* May the answer be a picture of this type? Of any, unless a kind of picture is asked
 * for. */
static int may_answer(const wf_request_t *req, const char *type)
{
    switch (wf_query_text(req->query, "format") ? req->format : WF_FORMAT_NONE) {
    case WF_FORMAT_PNG:
        return strcmp(type, "image/png") == 0;
    case WF_FORMAT_SVG:
        return strcmp(type, "image/svg+xml") == 0;
    default:
        return 1;
    }
}

/* *picture is NULL if there is none of a type that may be the answer. */
static apr_status_t find_picture(wf_request_t *req, const wf_definition_t *definition,
                                 wf_bytearray_t **picture, wf_error_t *err)
{
    const char *name = definition->diagram_resource_name;
    wf_store_t *store;

    *picture = NULL;
    if (!name || !may_answer(req, wf_resource_type(name))) {
        return APR_SUCCESS;
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    return wf_store_resource(store, definition->deployment_id, name, picture, req->pool,
                             err);
}

/* ---- handlers ---------------------------------------------------------------------- */

apr_status_t wf_definition_diagram(wf_request_t *req, wf_error_t *err)
{
    wf_definition_t *definition;
    wf_bytearray_t *picture;
    json_object *args;
    apr_status_t rv;

    if ((rv = wf_path_definition(req, &definition, err)) != APR_SUCCESS
        || (rv = find_picture(req, definition, &picture, err)) != APR_SUCCESS) {
        return rv;
    }
    if (picture) {
        return wf_respond_content(req, wf_resource_type(picture->name), picture->bytes,
                                  picture->length);
    }
    args = wf_args_create(req);
    wf_json_add_string(args, "definition", definition->id);
    return draw(req, args, err);
}

apr_status_t wf_instance_diagram(wf_request_t *req, wf_error_t *err)
{
    wf_id_t id;
    json_object *args;
    apr_status_t rv = wf_path_id(req, "processInstanceId", "process instance", &id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    args = wf_args_create(req);
    wf_json_add_int(args, "instance", id);
    return draw(req, args, err);
}
