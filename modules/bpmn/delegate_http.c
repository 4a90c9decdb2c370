/* Delegates behind HTTP: a call is posted as JSON; the answer may set variables, throw a
 * BPMN error, choose a flow, change a task. No transaction is open meanwhile. Whoever
 * gets a call again, because a job failed or two met, knows it by its Idempotency-Key. */
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "bpmn/actions.h"
#include "bpmn/host.h"
#include "bpmn/tell.h"

/* An event listener may run where there is no activity. */
const char *wf_delegate_key(const wf_host_t *seen)
{
    wf_turn_t *turn = wf_host_instance(seen)->turn;
    const char *key = turn->call->key;
    const char *activity = seen->exec ? seen->exec->node->id : "";
    int *count = apr_hash_get(turn->calls, activity, APR_HASH_KEY_STRING);

    if (!count) {
        count = apr_pcalloc(turn->p, sizeof(*count));
        apr_hash_set(turn->calls, activity, APR_HASH_KEY_STRING, count);
    }
    ++*count;
    return key ? apr_psprintf(turn->p, "%s-%s-%d", key,
                              apr_pescape_path_segment(turn->p, activity), *count)
               : NULL;
}

/* ---- the request --------------------------------------------------------------------------- */

static void add_id(json_object *json, const char *name, wf_id_t id, apr_pool_t *p)
{
    wf_json_add_string(json, name, id ? apr_psprintf(p, "%" APR_INT64_T_FMT, id) : NULL);
}

/* Members of a map as plain JSON; what is an object of the engine is left out. */
static json_object *plain(const wf_map_t *map)
{
    json_object *json = json_object_new_object();
    int i;

    for (i = 0; map && i < wf_map_count(map); i++) {
        const wf_value_t *value = wf_map_at(map, i);

        if (value->type != WF_OBJECT) {
            json_object_object_add(json, wf_map_key(map, i), wf_value_to_json(value));
        }
    }
    return json;
}

/* With their types; dates are texts, as everywhere else in the call. */
static json_object *typed(const wf_map_t *vars)
{
    json_object *json = json_object_new_object();
    int i;

    for (i = 0; i < wf_map_count(vars); i++) {
        const wf_value_t *value = wf_map_at(vars, i);
        json_object *one = json_object_new_object();

        wf_json_add_string(one, "type", wf_type_name(value->type));
        json_object_object_add(one, "value", wf_value_to_json(value));
        json_object_object_add(json, wf_map_key(vars, i), one);
    }
    return json;
}

static json_object *task_to_json(const wf_host_t *seen, apr_pool_t *p)
{
    wf_objects_t of = { .seen = *seen };
    json_object *json = json_object_new_object();
    const wf_property_row_t *row;

    for (row = wf_task_properties; row->name; row++) {
        if (strcmp(row->name, "execution") != 0
            && strncmp(row->name, "variable", 8) != 0) {
            wf_value_t value = row->get(&of, row->at, p);

            json_object_object_add(json, row->name, wf_value_to_json(&value));
        }
    }
    return json;
}

/* What is told of a definition is in no instance, what is told when an instance has ended
 * in no execution. */
static void add_place(json_object *json, const wf_host_t *seen, apr_pool_t *p)
{
    const wf_instance_t *instance = wf_host_instance(seen);
    const wf_exec_t *exec = seen->exec, *root = instance->root;

    wf_json_add_string(json, "processDefinitionId", instance->definition_id);
    wf_json_add_string(json, "processDefinitionKey", instance->model->key);
    add_id(json, "processInstanceId", root ? root->row->id : 0, p);
    add_id(json, "executionId", exec ? exec->row->id : 0, p);
    wf_json_add_string(json, "activityId", exec ? exec->node->id : NULL);
    wf_json_add_string(json, "activityName", exec ? exec->node->name : NULL);
    wf_json_add_string(json, "businessKey", root ? root->row->business_key : NULL);
}

static void add_member(json_object *json, const wf_delegate_call_t *call)
{
    json_object *arguments = json_object_new_array();
    int i;

    for (i = 0; i < call->nargs; i++) {
        json_object_array_add(arguments, wf_value_to_json(&call->args[i]));
    }
    wf_json_add_string(json, call->kind, call->member);
    json_object_object_add(json, "arguments", arguments);
}

static apr_status_t write_call(const wf_delegate_call_t *call, const char **body,
                               apr_size_t *length, apr_pool_t *p, wf_error_t *err)
{
    json_object *json = wf_json_own(json_object_new_object(), p);
    wf_owner_t *owner = wf_host_owner(call->seen);
    apr_status_t rv = wf_variables_load(owner, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_string(json, "kind", call->kind);
    wf_json_add_string(json, "class", call->name);
    wf_json_add_string(json, "eventName", call->seen->event);
    add_place(json, call->seen, p);
    json_object_object_add(json, "fields", plain(call->fields));
    json_object_object_add(json, "variables",
                           typed(owner ? wf_variables_visible(owner) : wf_map_create(p)));
    if (call->member) {
        add_member(json, call);
    }
    if (call->seen->news) {
        json_object_object_add(json, "event",
                               plain(wf_news_members(call->seen->news, p)));
    }
    if (call->seen->task) {
        json_object_object_add(json, "task", task_to_json(call->seen, p));
    }
    *body = wf_json_text(json, length, p);
    return APR_SUCCESS;
}

static void add_header(apr_array_header_t *headers, const char *name, const char *value)
{
    APR_ARRAY_PUSH(headers, wf_client_header_t) = (wf_client_header_t){ name, value };
}

static apr_array_header_t *headers_of(const wf_host_t *seen)
{
    apr_array_header_t *headers = apr_array_make(wf_uow_pool(seen->call->uow), 3,
                                                 sizeof(wf_client_header_t));
    const char *key = wf_delegate_key(seen);

    add_header(headers, "Content-Type", "application/json");
    add_header(headers, "Accept", "application/json");
    if (key) {
        add_header(headers, WF_KEY_HEADER, key);
    }
    return headers;
}

static apr_status_t exchange(const wf_delegate_t *d, const wf_delegate_call_t *call,
                             wf_client_response_t **response, wf_error_t *err)
{
    wf_turn_t *turn = wf_host_instance(call->seen)->turn;
    const wf_services_t *services = &turn->call->services;
    int seconds = d->timeout ? d->timeout : wf_action_timeout(services);
    wf_client_settings_t settings;
    wf_client_request_t request = {
        .method = "POST", .url = d->value, .settings = &settings, .keep_body = 1
    };
    wf_client_call_t *prepared;
    apr_status_t rv = write_call(call, &request.body, &request.body_length, turn->p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_client_settings_init(&settings);
    settings.follow_redirects = 0;
    settings.timeout_ms = (apr_int64_t)seconds * 1000;
    settings.idle_timeout_ms = 0; /* it may think for as long as it may take */
    request.headers = headers_of(call->seen);
    request.max_body = wf_action_max_bytes(services);
    rv = wf_client_prepare(&prepared, &request, turn->p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_action_waits(services);
    return wf_client_exchange(response, prepared, &services->terms, turn->p, err);
}

/* ---- the answer ---------------------------------------------------------------------------- */

static apr_status_t check_storable(json_object *json, const char *what, const char *name,
                                   wf_error_t *err)
{
    return wf_json_is_storable(json)
               ? APR_SUCCESS
               : wf_error_set(
                   err, WF_ERR_EXECUTION,
                   "%s\"%s\" in the answer holds a number beyond a double or a "
                   "NUL character",
                   what, name);
}

/* {"type": …, "value": …} with a type that there is, or any JSON as it comes. No value is
 * null, whatever the type. */
static apr_status_t read_variable(wf_map_t *variables, const char *name,
                                  json_object *json, apr_pool_t *p, wf_error_t *err)
{
    json_object *one;
    wf_map_t *read;
    apr_status_t rv = check_storable(json, "variable ", name, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!json_object_is_type(json, json_type_object)
        || wf_type_parse(wf_json_string(json, "type", NULL)) < 0
        || json_object_object_length(json)
               != 1 + json_object_object_get_ex(json, "value", NULL)) {
        wf_map_set(variables, name, wf_value_from_json(json, p));
        return APR_SUCCESS;
    }
    if (!wf_json_get(json, "value")) {
        wf_map_set(variables, name, wf_null());
        return APR_SUCCESS;
    }
    one = wf_json_own(json_object_new_object(), p);
    json_object_object_add(one, name, json_object_get(json));
    rv = wf_vars_from_json(&read, one, p, err);
    if (rv == APR_SUCCESS) {
        wf_map_set(variables, name, *wf_map_at(read, 0));
    }
    return rv;
}

static apr_status_t read_variables(wf_map_t **variables, json_object *answer,
                                   const char *member, apr_pool_t *p, wf_error_t *err)
{
    json_object *json = wf_json_get(answer, member);
    apr_status_t rv = APR_SUCCESS;

    *variables = wf_map_create(p);
    if (json && !json_object_is_type(json, json_type_object)) {
        return wf_error_set(err, WF_ERR_EXECUTION, "\"%s\" in the answer is no object",
                            member);
    }
    if (json) {
        json_object_object_foreach(json, name, value)
        {
            if (rv == APR_SUCCESS) {
                rv = read_variable(*variables, name, value, p, err);
            }
        }
    }
    return rv;
}

static apr_status_t set_variables(wf_owner_t *owner, json_object *answer, apr_pool_t *p,
                                  wf_error_t *err)
{
    wf_map_t *variables, *local;
    apr_status_t rv = read_variables(&variables, answer, "variables", p, err);

    if (rv == APR_SUCCESS) {
        rv = read_variables(&local, answer, "localVariables", p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_variables_set_local(owner, local, err);
    }
    return rv == APR_SUCCESS ? wf_variables_set(owner, variables, err) : rv;
}

/* Members of the answer's task are properties, and people to add or delete. */
static apr_status_t change_task(const wf_host_t *seen, json_object *task, apr_pool_t *p,
                                wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    if (!json_object_is_type(task, json_type_object) || !seen->task) {
        return wf_error_set(err, WF_ERR_EXECUTION, "%s",
                            seen->task ? "\"task\" in the answer is no object"
                                       : "the answer changes a task, but there is none");
    }
    json_object_object_foreach(task, name, member)
    {
        wf_value_t value = wf_value_from_json(member, p);
        int known = 0;

        if (rv == APR_SUCCESS) {
            rv = check_storable(member, "task.", name, err);
        }
        if (rv == APR_SUCCESS) {
            rv = wf_host_task_change(seen, name, &value, &known, err);
        }
        if (rv == APR_SUCCESS && !known) {
            rv = wf_host_task_set(seen, name, &value, &known, err);
        }
        if (rv == APR_SUCCESS && !known) {
            rv = wf_error_set(err, WF_ERR_EXECUTION,
                              "\"task.%s\" in the answer is nothing that can be changed",
                              name);
        }
    }
    return rv;
}

static const char *text_of(json_object *json, const char *member, apr_pool_t *p)
{
    const char *text = wf_json_string(json, member, NULL);

    return text ? apr_pstrdup(p, text) : NULL;
}

/* "message", or {"name": …, "message": …}. */
static apr_status_t fail(json_object *failure, wf_outcome_t *outcome, apr_pool_t *p,
                         wf_error_t *err)
{
    const char *message = json_object_is_type(failure, json_type_string)
                              ? apr_pstrdup(p, json_object_get_string(failure))
                              : text_of(failure, "message", p);

    outcome->failure = text_of(failure, "name", p);
    return wf_error_set(err, WF_ERR_EXECUTION, "%s",
                        message            ? message
                        : outcome->failure ? outcome->failure
                                           : "it failed without a message");
}

static apr_status_t throw(wf_exec_t * exec, json_object *error, apr_pool_t *p,
                          wf_error_t *err)
{
    const char *code = text_of(error, "code", p);

    if (!code || !*code) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "\"bpmnError\" in the answer has no code");
    }
    return wf_error_throw(exec, code, text_of(error, "message", p), err);
}

static apr_status_t read_transition(const char **transition, json_object *answer,
                                    apr_pool_t *p, wf_error_t *err)
{
    *transition = text_of(answer, "transition", p);
    return *transition || !wf_json_get(answer, "transition")
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_EXECUTION,
                              "\"transition\" in the answer is no text");
}

/* Where there is no execution, there is nothing to be done. */
static apr_status_t obey_nowhere(json_object *answer, wf_outcome_t *outcome,
                                 apr_pool_t *p, wf_error_t *err)
{
    static const char *const members[] = { "variables", "localVariables", "task",
                                           "bpmnError" };
    int i;

    for (i = 0; i < 4; i++) {
        if (wf_json_get(answer, members[i])) {
            return wf_error_set(err, WF_ERR_EXECUTION,
                                "\"%s\" in the answer, but there is no execution",
                                members[i]);
        }
    }
    outcome->value = wf_value_from_json(wf_json_get(answer, "result"), p);
    return APR_SUCCESS;
}

static apr_status_t obey(const wf_delegate_call_t *call, json_object *answer,
                         wf_outcome_t *outcome, apr_pool_t *p, wf_error_t *err)
{
    wf_exec_t *exec = call->seen->exec;
    json_object *failure = wf_json_get(answer, "failure");
    json_object *error = wf_json_get(answer, "bpmnError");
    json_object *task = wf_json_get(answer, "task");
    apr_status_t rv = check_storable(wf_json_get(answer, "result"), "", "result", err);

    if (rv != APR_SUCCESS) {
        return rv;
    }

    if (failure) {
        return fail(failure, outcome, p, err);
    }
    if (!exec) {
        return obey_nowhere(answer, outcome, p, err);
    }
    rv = set_variables(wf_host_owner(call->seen), answer, p, err);
    if (rv == APR_SUCCESS && task) {
        rv = change_task(call->seen, task, p, err);
    }
    if (rv == APR_SUCCESS && error) {
        rv = throw(exec, error, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_transition(&outcome->transition, answer, p, err);
    }
    outcome->value = wf_value_from_json(wf_json_get(answer, "result"), p);
    return rv;
}

/* Nothing at all is an answer, too. */
static apr_status_t read_answer(const wf_delegate_call_t *call,
                                const wf_client_response_t *response,
                                wf_outcome_t *outcome, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(call->seen->call->uow);
    json_object *answer;
    wf_error_t fault;

    if (!response->body_length) {
        return APR_SUCCESS;
    }
    outcome->failure = WF_FAILURE_UNREADABLE;
    wf_error_init(&fault, p);
    if (wf_json_parse(&answer, response->body, response->body_length, p, &fault)
        != APR_SUCCESS) {
        return wf_error_set(err, WF_ERR_EXECUTION, "the answer is no JSON: %s",
                            fault.message);
    }
    if (!json_object_is_type(answer, json_type_object)) {
        return wf_error_set(err, WF_ERR_EXECUTION, "the answer is no JSON object");
    }
    return obey(call, answer, outcome, p, err);
}

/* clang-format off */
static const char *const failures[WF_CLIENT_OUTCOMES] = {
    [WF_CLIENT_TIMEOUT]   = WF_FAILURE_TIMEOUT,
    [WF_CLIENT_CONNECT]   = WF_FAILURE_CONNECTION,
    [WF_CLIENT_TLS]       = WF_FAILURE_CONNECTION,
    [WF_CLIENT_DENIED]    = WF_FAILURE_DENIED,
    [WF_CLIENT_REDIRECTS] = WF_FAILURE_STATUS,
    [WF_CLIENT_TOO_LARGE] = WF_FAILURE_UNREADABLE,
    [WF_CLIENT_PROTOCOL]  = WF_FAILURE_UNREADABLE,
};
/* clang-format on */

const char *wf_failure_of(wf_client_outcome_e outcome)
{
    return failures[outcome];
}

apr_status_t wf_delegate_http(const wf_delegate_t *d, const wf_delegate_call_t *call,
                              wf_outcome_t *outcome, wf_error_t *err)
{
    wf_client_response_t *response;
    apr_status_t rv = exchange(d, call, &response, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (response->outcome != WF_CLIENT_OK) {
        outcome->failure = wf_failure_of(response->outcome);
        return wf_error_set(err, WF_ERR_EXECUTION, "%s", response->error);
    }
    if (response->status < 200 || response->status > 299) {
        outcome->failure = WF_FAILURE_STATUS;
        return wf_error_set(err, WF_ERR_EXECUTION, "it answered with status %d %s",
                            response->status, wf_client_reason(response->status));
    }
    rv = read_answer(call, response, outcome, err);
    if (rv == APR_SUCCESS) {
        outcome->failure = NULL;
    }
    return rv;
}
