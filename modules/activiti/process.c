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
    /* As Activiti 5.0 has them, then what 5.10 added. */
    wf_json_add_string(o, "id", definition->id);
    wf_json_add_string(o, "key", definition->key);
    wf_json_add_int(o, "version", definition->version);
    wf_json_add_string(o, "name", definition->name);
    wf_json_add_string(o, "resourceName", definition->resource_name);
    wf_json_add_id(o, "deploymentId", definition->deployment_id);
    wf_json_add_string(o, "startFormResourceKey", definition->start_form_key);
    wf_json_add_string(o, "diagramResourceName", definition->diagram_resource_name);
    wf_json_add_string(o, "category", definition->category);
    wf_json_add_bool(o, "graphicNotationDefined", definition->has_diagram);
    wf_json_add_bool(o, "suspended", definition->suspension == WF_SUSPENDED);
    return o;
}

apr_status_t wf_definition_list(wf_request_t *req, wf_error_t *err)
{
    wf_filter_t filters[] = {
        { "startableByUser", wf_string(wf_query_text(req->query, "startableByUser")) },
    };

    return wf_respond_page(req, filters, 1, render_definition, err);
}

apr_status_t wf_definition_get(wf_request_t *req, wf_error_t *err)
{
    wf_definition_t *definition;
    apr_status_t rv = wf_path_definition(req, &definition, err);

    return rv == APR_SUCCESS
               ? wf_respond_json(req, 200, render_definition(definition, req->pool))
               : rv;
}

/* ---- instances --------------------------------------------------------------------- */

apr_status_t wf_respond_started(wf_request_t *req, json_object *started)
{
    json_object *o = json_object_new_object();
    json_object *names = wf_json_get(started, "activityNames");
    wf_id_t id = wf_json_int(started, "id", 0);

    wf_json_add_id(o, "id", id);
    wf_json_add_id(o, "processInstanceId", id);
    wf_json_add_string(o, "processDefinitionId",
                       wf_json_string(started, "processDefinitionId", NULL));
    wf_json_add_string(o, "businessKey", wf_json_string(started, "businessKey", NULL));
    json_object_object_add(o, "activityNames",
                           names ? json_object_get(names) : json_object_new_array());
    wf_json_add_bool(o, "ended", wf_json_bool(started, "ended", 0));
    return wf_respond_json(req, 200, o);
}

apr_status_t wf_read_business_key(json_object *args, json_object *body, apr_pool_t *p,
                                  wf_error_t *err)
{
    const char *key;
    apr_status_t rv = wf_body_text(body, "businessKey", &key, p, err);

    if (rv == APR_SUCCESS) {
        rv = wf_text_check("businessKey", key, WF_NAME_MAX, err);
    }
    if (rv == APR_SUCCESS && key && *key) { /* a form sends a field that is left empty */
        wf_json_add_string(args, "businessKey", key);
    }
    return rv;
}

apr_status_t wf_read_starter(wf_request_t *req, json_object *args, wf_error_t *err)
{
    wf_error_t refused;

    if (wf_rights_count(req)) {
        wf_json_add_bool(args, "grantedOnly", 1);
    }
    if (!req->config->enforce_starters) {
        return APR_SUCCESS;
    }
    wf_error_init(&refused, req->pool);
    if (wf_request_check_level(req, WF_LEVEL_ADMIN, &refused) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if (refused.kind != WF_ERR_FORBIDDEN) {
        wf_error_copy(err, &refused);
        return WF_EFAILED;
    }
    wf_json_add_bool(args, "startersOnly", 1);
    return APR_SUCCESS;
}

/* Beside a definition, a member of that name is a variable as any other. */
static apr_status_t read_message(json_object *args, json_object *body, apr_pool_t *p,
                                 wf_error_t *err)
{
    const char *message;
    apr_status_t rv = wf_body_text(body, "message", &message, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!message || !*message) {
        return wf_error_field(err, WF_ERR_INVALID, "processDefinitionId",
                              "one of the fields 'processDefinitionId', "
                              "'processDefinitionKey' and 'message' is required");
    }
    wf_json_add_string(args, "message", message);
    return APR_SUCCESS;
}

/* One version by its id, or the newest of a key. */
static apr_status_t read_definition(json_object *args, json_object *body, apr_pool_t *p,
                                    wf_error_t *err)
{
    static const char id_name[] = "processDefinitionId",
                      key_name[] = "processDefinitionKey";
    const char *id, *key;
    apr_status_t rv;

    if ((rv = wf_body_text(body, id_name, &id, p, err)) != APR_SUCCESS
        || (rv = wf_body_text(body, key_name, &key, p, err)) != APR_SUCCESS) {
        return rv;
    }
    if ((!id || !*id) && (!key || !*key)) {
        return read_message(args, body, p, err);
    }
    if ((id && *id) == (key && *key)) {
        return wf_error_field(err, WF_ERR_INVALID, id_name,
                              "one of the fields '%s' and '%s' is required, not both",
                              id_name, key_name);
    }
    wf_json_add_string(args, id && *id ? id_name : key_name, id && *id ? id : key);
    return APR_SUCCESS;
}

/* What starts by a message only the engine knows. */
static apr_status_t permit_start(wf_request_t *req, json_object *args, wf_error_t *err)
{
    const char *id = wf_json_string(args, "processDefinitionId", NULL);
    const char *key = wf_json_string(args, "processDefinitionKey", NULL);

    return id || key ? wf_rights_start(req, id, key, err) : APR_SUCCESS;
}

apr_status_t wf_process_start(wf_request_t *req, wf_error_t *err)
{
    static const char *const by_message[] = { "message", "businessKey", NULL };
    static const char *const by_definition[] = { "processDefinitionId",
                                                 "processDefinitionKey", "businessKey",
                                                 NULL };
    json_object *args = wf_args_create(req), *body;
    wf_ipc_reply_t reply;
    wf_map_t *vars;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = read_definition(args, body, req->pool, err)) != APR_SUCCESS
        || (rv = wf_read_business_key(args, body, req->pool, err)) != APR_SUCCESS
        || (rv = wf_read_starter(req, args, err)) != APR_SUCCESS
        || (rv = permit_start(req, args, err)) != APR_SUCCESS
        || (rv = wf_variables_read(
                &vars, body, wf_json_get(args, "message") ? by_message : by_definition,
                req->pool, err))
               != APR_SUCCESS) {
        return rv;
    }
    json_object_object_add(args, "variables", wf_vars_to_json(vars));
    rv = wf_call_command(req, WF_CMD_START, args, &reply, err);
    return rv == APR_SUCCESS ? wf_respond_started(req, reply.json) : rv;
}
