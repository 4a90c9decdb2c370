/* What comes to those who wait: receive tasks go on, signals and messages arrive; and
 * what an instance waits for. */
#include "activiti/internal.h"

#include <string.h>

#define KIND "process instance"

/* What is no fault of the request but of the moment: nothing waits for it. */
static apr_status_t respond_not_waiting(wf_request_t *req, const char *reason)
{
    json_object *o = json_object_new_object();

    wf_json_add_bool(o, "success", 0);
    wf_json_add_string(o, "failureReason", reason);
    return wf_respond_json(req, 200, o);
}

static apr_status_t deliver(wf_request_t *req, wf_command_e command, json_object *args,
                            wf_error_t *err)
{
    wf_error_t failure;

    wf_error_init(&failure, req->pool);
    if (wf_call_command(req, command, args, NULL, &failure) == APR_SUCCESS) {
        return wf_respond_success(req);
    }
    if (failure.kind == WF_ERR_CONFLICT) {
        return respond_not_waiting(req, failure.message);
    }
    wf_error_copy(err, &failure);
    return WF_EFAILED;
}

/* ---- instances --------------------------------------------------------------------- */

static apr_status_t find_instance(wf_request_t *req, wf_hi_procinst_t **instance,
                                  wf_error_t *err)
{
    return wf_path_row(req, "processInstanceId", WF_TABLE_HI_PROCINST, KIND, instance,
                       err);
}

apr_status_t wf_instance_signal(wf_request_t *req, wf_error_t *err)
{
    static const char *const own[] = { "activityId", NULL };
    wf_hi_procinst_t *instance = NULL;
    const char *activity;
    json_object *args, *body;
    wf_map_t *vars;
    apr_status_t rv;
    wf_id_t id;

    if ((rv = wf_path_id(req, "processInstanceId", KIND, &id, err)) != APR_SUCCESS
        || (!wf_request_repeats(req)
            && (rv = find_instance(req, &instance, err)) != APR_SUCCESS)
        || (rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_text(body, own[0], &activity, req->pool, err)) != APR_SUCCESS
        || (rv = wf_variables_read(&vars, body, own, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    if (instance && instance->end_time) {
        return wf_no_object("running " KIND, wf_request_var(req, "processInstanceId"),
                            err);
    }
    if (!activity || !*activity) {
        return respond_not_waiting(req, "field 'activityId' is required");
    }
    args = wf_args_of(req, id);
    wf_json_add_string(args, "activityId", activity);
    json_object_object_add(args, "variables", wf_vars_to_json(vars));
    return deliver(req, WF_CMD_SIGNAL, args, err);
}

apr_status_t wf_instance_event(wf_request_t *req, wf_error_t *err)
{
    json_object *args, *body;
    wf_map_t *vars;
    apr_status_t rv;
    wf_id_t id;

    if ((rv = wf_path_id(req, "processInstanceId", KIND, &id, err)) != APR_SUCCESS
        || (rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_variables_read(&vars, body, NULL, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    args = wf_args_of(req, id);
    wf_json_add_string(args, "signal", wf_request_var(req, "signalName"));
    json_object_object_add(args, "variables", wf_vars_to_json(vars));
    return deliver(req, WF_CMD_EVENT, args, err);
}

static json_object *render_subscription(const void *row, apr_pool_t *p)
{
    const wf_subscription_t *subscription = row;
    json_object *o;

    if (strcmp(subscription->event_type, "compensate") == 0) {
        return NULL; /* nothing that anybody could bring */
    }
    o = json_object_new_object();
    wf_json_add_id(o, "id", subscription->id);
    wf_json_add_string(o, "eventType", subscription->event_type);
    wf_json_add_string(o, "eventName", subscription->event_name);
    wf_json_add_id(o, "executionId", subscription->execution_id);
    wf_json_add_string(o, "activityId", subscription->activity_id);
    wf_json_add_time(o, "created", subscription->created, p);
    return o;
}

apr_status_t wf_instance_subscriptions(wf_request_t *req, wf_error_t *err)
{
    wf_hi_procinst_t *instance;
    json_object *o;
    apr_status_t rv = find_instance(req, &instance, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    o = wf_json_own(json_object_new_object(), req->pool);
    rv = wf_json_add_rows(o, "data", req, WF_BY_SUBSCRIPTIONS_OF_INSTANCE, instance->id,
                          render_subscription, err);
    return rv == APR_SUCCESS ? wf_respond_json(req, 200, json_object_get(o)) : rv;
}

/* ---- executions, and everybody ------------------------------------------------------- */

/* The body's variables, and the name of what comes from the path. */
static apr_status_t read_event(wf_request_t *req, json_object *args, const char *member,
                               const char *path_var, wf_error_t *err)
{
    json_object *body;
    wf_map_t *vars;
    apr_status_t rv = wf_request_object(req, &body, err);

    if (rv == APR_SUCCESS) {
        rv = wf_variables_read(&vars, body, NULL, req->pool, err);
    }
    if (rv == APR_SUCCESS) {
        wf_json_add_string(args, member, wf_request_var(req, path_var));
        json_object_object_add(args, "variables", wf_vars_to_json(vars));
    }
    return rv;
}

static apr_status_t to_execution(wf_request_t *req, wf_command_e command,
                                 const char *member, const char *path_var,
                                 wf_error_t *err)
{
    json_object *args;
    apr_status_t rv;
    wf_id_t id;

    if ((rv = wf_path_id(req, "executionId", "execution", &id, err)) != APR_SUCCESS) {
        return rv;
    }
    args = wf_args_of(req, id);
    rv = read_event(req, args, member, path_var, err);
    return rv == APR_SUCCESS ? deliver(req, command, args, err) : rv;
}

apr_status_t wf_execution_message(wf_request_t *req, wf_error_t *err)
{
    return to_execution(req, WF_CMD_MESSAGE, "message", "messageName", err);
}

apr_status_t wf_execution_signal(wf_request_t *req, wf_error_t *err)
{
    return to_execution(req, WF_CMD_SIGNAL_TO, "signal", "signalName", err);
}

apr_status_t wf_throw_signal(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req);
    int async = 0;
    apr_status_t rv = wf_query_bool(req->query, "async", &async, err);

    if (rv == APR_SUCCESS) {
        rv = read_event(req, args, "signal", "signalName", err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_bool(args, "async", async);
    return wf_respond_command(req, WF_CMD_THROW, args, err);
}
