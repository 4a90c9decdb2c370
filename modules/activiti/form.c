/* Forms of start events and tasks: the rendered text, the declared properties, and the
 * submission of properties. */
#include "activiti/internal.h"

/* ---- whose form -------------------------------------------------------------------- */

/* The object of the path, as argument of a form command. */
static json_object *definition_args(wf_request_t *req)
{
    json_object *args = wf_args_create(req);

    wf_json_add_string(args, "definition", wf_request_var(req, "processDefinitionId"));
    return args;
}

static apr_status_t task_args(wf_request_t *req, json_object **args, wf_error_t *err)
{
    wf_id_t id;
    apr_status_t rv = wf_path_id(req, "taskId", "task", &id, err);

    if (rv == APR_SUCCESS) {
        *args = wf_args_create(req);
        wf_json_add_int(*args, "task", id);
    }
    return rv;
}

/* ---- the text ---------------------------------------------------------------------- */

/* The text is whatever was deployed: the format that is asked for names its type, and
 * that of an error. */
static apr_status_t respond_form(wf_request_t *req, json_object *args, wf_error_t *err)
{
    int json = req->format == WF_FORMAT_JSON;
    wf_ipc_reply_t reply;
    apr_status_t rv = wf_call_command(req, WF_CMD_FORM_RENDER, args, &reply, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_respond_content(req,
                              json ? req->face->json_type : "text/html;charset=UTF-8",
                              reply.blob, reply.blob_length);
}

apr_status_t wf_definition_form(wf_request_t *req, wf_error_t *err)
{
    return respond_form(req, definition_args(req), err);
}

apr_status_t wf_task_form(wf_request_t *req, wf_error_t *err)
{
    json_object *args;
    apr_status_t rv = task_args(req, &args, err);

    return rv == APR_SUCCESS ? respond_form(req, args, err) : rv;
}

/* ---- the properties ---------------------------------------------------------------- */

static apr_status_t respond_properties(wf_request_t *req, json_object *args,
                                       wf_error_t *err)
{
    wf_ipc_reply_t reply;
    json_object *o, *properties;
    apr_status_t rv = wf_call_command(req, WF_CMD_FORM_PROPERTIES, args, &reply, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    o = json_object_new_object();
    properties = wf_json_get(reply.json, "properties");
    json_object_object_add(
        o, "data", properties ? json_object_get(properties) : json_object_new_array());
    return wf_respond_json(req, 200, o);
}

apr_status_t wf_definition_properties(wf_request_t *req, wf_error_t *err)
{
    return respond_properties(req, definition_args(req), err);
}

apr_status_t wf_task_properties(wf_request_t *req, wf_error_t *err)
{
    json_object *args;
    apr_status_t rv = task_args(req, &args, err);

    return rv == APR_SUCCESS ? respond_properties(req, args, err) : rv;
}

/* ---- submission -------------------------------------------------------------------- */

/* One {"id": …, "value": …} of the array. Without a value, or with null, the variable
 * becomes null. */
static apr_status_t read_property(json_object *values, json_object *item, int position,
                                  apr_pool_t *p, wf_error_t *err)
{
    const char *id, *value;
    apr_status_t rv;

    if (!json_object_is_type(item, json_type_object)) {
        return wf_error_field(err, WF_ERR_INVALID, "properties",
                              "field 'properties': item %d must be an object", position);
    }
    if ((rv = wf_body_string(item, "id", &id, p, err)) != APR_SUCCESS
        || (rv = wf_body_text(item, "value", &value, p, err)) != APR_SUCCESS) {
        return wf_error_note(err, rv, "field 'properties', item %d", position);
    }
    if (json_object_object_get_ex(values, id, NULL)) {
        return wf_error_field(err, WF_ERR_INVALID, id, "property '%s' is given twice",
                              id);
    }
    wf_json_add_string(values, id, value);
    return APR_SUCCESS;
}

static apr_status_t read_properties(json_object *args, json_object *body, apr_pool_t *p,
                                    wf_error_t *err)
{
    json_object *list = wf_json_get(body, "properties");
    json_object *values = json_object_new_object();
    apr_status_t rv = APR_SUCCESS;

    json_object_object_add(args, "properties", values);
    if (list && !json_object_is_type(list, json_type_array)) {
        return wf_error_field(err, WF_ERR_INVALID, "properties",
                              "field 'properties' must be an array of objects");
    }
    for (apr_size_t i = 0;
         list && i < json_object_array_length(list) && rv == APR_SUCCESS; i++) {
        rv =
            read_property(values, json_object_array_get_idx(list, i), (int)i + 1, p, err);
    }
    return rv;
}

/* A task by its id or the start of a definition. */
static apr_status_t read_target(json_object *args, json_object *body, int *starts,
                                apr_pool_t *p, wf_error_t *err)
{
    const char *task, *definition;
    apr_status_t rv;
    wf_id_t id;

    if ((rv = wf_body_text(body, "taskId", &task, p, err)) != APR_SUCCESS
        || (rv = wf_body_text(body, "processDefinitionId", &definition, p, err))
               != APR_SUCCESS) {
        return rv;
    }
    if ((task && *task) == (definition && *definition)) {
        return wf_error_field(err, WF_ERR_INVALID, "taskId",
                              "one of the fields 'taskId' and 'processDefinitionId' is "
                              "required%s",
                              task && *task ? ", not both" : "");
    }
    *starts = !(task && *task);
    if (*starts) {
        wf_json_add_string(args, "definition", definition);
        return APR_SUCCESS;
    }
    if (!wf_id_parse(task, &id)) {
        return wf_no_object("task", task, err);
    }
    wf_json_add_int(args, "task", id);
    return APR_SUCCESS;
}

static apr_status_t permit_target(wf_request_t *req, json_object *args, wf_error_t *err)
{
    wf_id_t task = wf_json_int(args, "task", 0);

    return task ? wf_rights_task(req, task, WF_RIGHT_OPERATE, err)
                : wf_rights_start(req, wf_json_string(args, "definition", ""), NULL, err);
}

apr_status_t wf_form_submit(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req), *body;
    wf_ipc_reply_t reply;
    apr_status_t rv;
    int starts;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = read_target(args, body, &starts, req->pool, err)) != APR_SUCCESS
        || (rv = wf_read_business_key(args, body, req->pool, err)) != APR_SUCCESS
        || (rv = read_properties(args, body, req->pool, err)) != APR_SUCCESS
        || (rv = wf_read_starter(req, args, err)) != APR_SUCCESS
        || (rv = permit_target(req, args, err)) != APR_SUCCESS
        || (rv = wf_call_command(req, WF_CMD_FORM_SUBMIT, args, &reply, err))
               != APR_SUCCESS) {
        return rv;
    }
    return starts ? wf_respond_started(req, reply.json) : wf_respond_success(req);
}
