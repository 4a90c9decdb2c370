/* Deployments: list, download of a resource, delete one or several. Uploads: upload.c. */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <string.h>

static json_object *render_deployment(const void *row, apr_pool_t *p)
{
    const wf_deployment_t *deployment = row;
    json_object *o = json_object_new_object();

    wf_json_add_id(o, "id", deployment->id);
    wf_json_add_string(o, "name", deployment->name);
    wf_json_add_time(o, "deploymentTime", deployment->deploy_time, p);
    return o;
}

apr_status_t wf_deployment_list(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_page(req, NULL, 0, render_deployment, err);
}

/* ---- resources --------------------------------------------------------------------- */

apr_status_t wf_deployment_resources(wf_request_t *req, wf_error_t *err)
{
    wf_deployment_t *deployment;
    apr_array_header_t *names;
    json_object *o, *resources;
    apr_status_t rv = wf_path_row(req, "deploymentId", WF_TABLE_DEPLOYMENT, "deployment",
                                  &deployment, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_resource_names(wf_request_store(req, err), deployment->id, &names,
                                     req->pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    resources = json_object_new_array();
    for (int i = 0; i < names->nelts; i++) {
        json_object_array_add(
            resources, json_object_new_string(APR_ARRAY_IDX(names, i, const char *)));
    }
    o = render_deployment(deployment, req->pool);
    json_object_object_add(o, "resources", resources);
    return wf_respond_json(req, 200, o);
}

const char *wf_resource_type(const char *name)
{
    /* clang-format off */
    static const struct { const char *ending, *type; } types[] = {
        { ".xml",  "text/xml" },
        { ".bpmn", "text/xml" },
        { ".dmn", "text/xml" },
        { ".png",  "image/png" },
        { ".jpg",  "image/jpeg" },
        { ".gif",  "image/gif" },
        { ".svg",  "image/svg+xml" },
        { ".html", "text/html" },
        { ".form", "text/html" },
        { ".txt",  "text/plain" },
        { ".json", "application/json" },
    };
    /* clang-format on */
    const char *dot = strrchr(name, '.');

    for (apr_size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(dot, types[i].ending) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

apr_status_t wf_deployment_resource(wf_request_t *req, wf_error_t *err)
{
    const char *deployment = wf_request_var(req, "deploymentId");
    const char *name = wf_request_var(req, "resourceName");
    wf_store_t *store = wf_request_store(req, err);
    wf_bytearray_t *resource = NULL;
    apr_status_t rv;
    wf_id_t id;

    if (!store) {
        return WF_EFAILED;
    }
    if (wf_id_parse(deployment, &id)) {
        rv = wf_store_resource(store, id, name, &resource, req->pool, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (!resource) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "deployment '%s' has no resource '%s'",
                            deployment, name);
    }
    return wf_respond_file(req, resource->name, wf_resource_type(name), resource->bytes,
                           resource->length);
}

/* ---- deletion ---------------------------------------------------------------------- */

/* One command. An id that nothing has is as good as deleted. */
static apr_status_t delete_one(wf_request_t *req, const char *id_text, int cascade,
                               wf_error_t *err)
{
    wf_ipc_call_t call = { .command = WF_CMD_UNDEPLOY };
    wf_error_t failure;
    wf_id_t id;

    if (!wf_id_parse(id_text, &id)) {
        return APR_SUCCESS;
    }
    call.args = wf_json_own(json_object_new_object(), req->pool);
    wf_json_add_int(call.args, "id", id);
    wf_json_add_bool(call.args, "cascade", cascade);
    wf_error_init(&failure, req->pool);
    if ((wf_rights_undeploy(req, id, &failure) == APR_SUCCESS
         && wf_request_call(req, &call, NULL, &failure) == APR_SUCCESS)
        || failure.kind == WF_ERR_NOT_FOUND) {
        return APR_SUCCESS;
    }
    wf_error_copy(err, &failure);
    return WF_EFAILED;
}

apr_status_t wf_deployment_delete(wf_request_t *req, wf_error_t *err)
{
    int cascade = 0;
    apr_status_t rv = wf_query_bool(req->query, "cascade", &cascade, err);

    if (rv == APR_SUCCESS) {
        rv = delete_one(req, wf_request_var(req, "deploymentId"), cascade, err);
    }
    return rv == APR_SUCCESS ? wf_respond_success(req) : rv;
}

/* Each deletion stands for itself: the first failure ends the call, what was deleted
 * before stays deleted. */
apr_status_t wf_deployment_delete_all(wf_request_t *req, wf_error_t *err)
{
    apr_array_header_t *ids;
    json_object *body;
    int cascade = 0;
    apr_status_t rv;

    if ((rv = wf_query_bool(req->query, "cascade", &cascade, err)) != APR_SUCCESS
        || (rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_strings(body, "deploymentIds", &ids, req->pool, err))
               != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; i < ids->nelts; i++) {
        rv = delete_one(req, APR_ARRAY_IDX(ids, i, const char *), cascade, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return wf_respond_success(req);
}
