/* Suspending and activating: a definition, so that no instance of it starts, and a
 * running instance, so that nothing in it moves. */
#include "activiti/internal.h"

/* ---- definitions ------------------------------------------------------------------- */

/* From when on; absent: at once. A time that has passed is due at once. */
static apr_status_t read_date(json_object *args, json_object *body, apr_pool_t *p,
                              wf_error_t *err)
{
    const char *text;
    apr_int64_t ms;
    apr_status_t rv = wf_body_text(body, "date", &text, p, err);

    if (rv != APR_SUCCESS || !text || !*text) {
        return rv;
    }
    if (!wf_day_parse(text, 0, &ms)) {
        return wf_error_field(
            err, WF_ERR_INVALID, "date",
            "field 'date' must be a day or an ISO 8601 time with offset");
    }
    wf_json_add_int(args, "time", ms > 0 ? ms : 1);
    return APR_SUCCESS;
}

static apr_status_t set_definition(wf_request_t *req, wf_command_e command,
                                   wf_error_t *err)
{
    wf_definition_t *definition = NULL;
    json_object *args = wf_args_create(req), *body;
    int with_instances = 0;
    apr_status_t rv = APR_SUCCESS;

    if ((!wf_request_repeats(req)
         && (rv = wf_path_definition(req, &definition, err)) != APR_SUCCESS)
        || (rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_bool(body, "includeProcessInstances", &with_instances, req->pool,
                              err))
               != APR_SUCCESS
        || (rv = read_date(args, body, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_string(args, "definition", definition ? definition->id : NULL);
    wf_json_add_bool(args, "processInstances", with_instances);
    return wf_respond_command(req, command, args, err);
}

apr_status_t wf_definition_suspend(wf_request_t *req, wf_error_t *err)
{
    return set_definition(req, WF_CMD_DEF_SUSPEND, err);
}

apr_status_t wf_definition_activate(wf_request_t *req, wf_error_t *err)
{
    return set_definition(req, WF_CMD_DEF_ACTIVATE, err);
}

/* ---- instances --------------------------------------------------------------------- */

apr_status_t wf_instance_suspend(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_path_command(req, "processInstanceId", "process instance",
                                   WF_CMD_SUSPEND, err);
}

apr_status_t wf_instance_activate(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_path_command(req, "processInstanceId", "process instance",
                                   WF_CMD_ACTIVATE, err);
}
