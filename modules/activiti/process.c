/* The process engine, process definitions, and the start of an instance. */
#include "activiti/internal.h"

/* ---- the engine -------------------------------------------------------------------- */

apr_status_t wf_engine_info(wf_request_t *req, wf_error_t *err)
{
    json_object *o = json_object_new_object();

    (void)err;
    wf_json_add_string(o, "name", req->config->engine_name);
    wf_json_add_string(o, "resourceUrl", req->config->resource_url);
    wf_json_add_string(o, "exception",
                       NULL); /* an engine that failed to start is a 503 */
    wf_json_add_string(o, "version", req->config->engine_version);
    return wf_respond_json(req, 200, o);
}

/* ---- definitions ------------------------------------------------------------------- */

static json_object *render_definition(const void *row, apr_pool_t *p)
{
    const wf_definition_t *definition = row;
    json_object *o = json_object_new_object();

    (void)p;
    wf_json_add_string(o, "id", definition->id);
    wf_json_add_string(o, "key", definition->key);
    wf_json_add_int(o, "version", definition->version);
    wf_json_add_string(o, "name", definition->name);
    wf_json_add_string(o, "resourceName", definition->resource_name);
    wf_json_add_id(o, "deploymentId", definition->deployment_id);
    wf_json_add_string(o, "startFormResourceKey", definition->start_form_key);
    return o;
}

apr_status_t wf_definition_list(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_page(req, NULL, 0, render_definition, err);
}

apr_status_t wf_definition_get(wf_request_t *req, wf_error_t *err)
{
    const char *id = wf_request_var(req, "processDefinitionId");
    wf_store_t *store = wf_request_store(req, err);
    wf_definition_t *definition;
    apr_status_t rv;

    if (!store) {
        return WF_EFAILED;
    }
    rv = wf_store_get_by_key(store, WF_TABLE_DEFINITION, id, &definition, req->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!definition) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "no process definition with id '%s'",
                            id);
    }
    return wf_respond_json(req, 200, render_definition(definition, req->pool));
}

/* ---- instances --------------------------------------------------------------------- */

static apr_status_t respond_instance(wf_request_t *req, json_object *started)
{
    json_object *o = json_object_new_object();
    json_object *names = wf_json_get(started, "activityNames");

    wf_json_add_id(o, "id", wf_json_int(started, "id", 0));
    wf_json_add_string(o, "processDefinitionId",
                       wf_json_string(started, "processDefinitionId", NULL));
    json_object_object_add(o, "activityNames",
                           names ? json_object_get(names) : json_object_new_array());
    wf_json_add_bool(o, "ended", wf_json_bool(started, "ended", 0));
    return wf_respond_json(req, 200, o);
}

apr_status_t wf_process_start(wf_request_t *req, wf_error_t *err)
{
    static const char own[] = "processDefinitionId";
    wf_ipc_call_t call = { .command = WF_CMD_START };
    wf_ipc_reply_t reply;
    json_object *body;
    const char *definition;
    wf_map_t *vars;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_string(body, own, &definition, req->pool, err)) != APR_SUCCESS
        || (rv = wf_variables_read(&vars, body, own, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    call.args = wf_json_own(json_object_new_object(), req->pool);
    wf_json_add_string(call.args, own, definition);
    json_object_object_add(call.args, "variables", wf_vars_to_json(vars));
    rv = wf_request_call(req, &call, &reply, err);
    return rv == APR_SUCCESS ? respond_instance(req, reply.json) : rv;
}
