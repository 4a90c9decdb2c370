/* What workers and administrators do with external tasks, in the words of Camunda 7:
 * fetch and lock, complete, report errors and failures, locks, retries, priority.
 *
 * The engine answers a fetch with ids; what a task looks like and its variables are read
 * here, from the store, like everything else that is read. */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <string.h>

#define MAX_POLL_MS 1800000 /* what Camunda takes */

/* ---- bodies -------------------------------------------------------------------------- */

/* What a body may have: a word of a list that is closed by NULL. */
static apr_status_t check_members(json_object *body, const char *const *known,
                                  wf_error_t *err)
{
    json_object_object_foreach(body, name, value)
    {
        const char *const *word = known;

        (void)value;
        while (*word && strcmp(*word, name) != 0) {
            word++;
        }
        if (!*word) {
            return wf_error_field(err, WF_ERR_INVALID, name, "'%s' is not known here",
                                  name);
        }
    }
    return APR_SUCCESS;
}

/* A whole number; the fallback for null and what is absent. */
static apr_status_t read_number(json_object *body, const char *name, apr_int64_t fallback,
                                apr_int64_t *number, wf_error_t *err)
{
    json_object *value = wf_json_get(body, name);

    *number = wf_json_int(body, name, fallback);
    return !value || json_object_is_type(value, json_type_int)
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_INVALID, name, "'%s' must be a whole number",
                                name);
}

static apr_status_t add_number(json_object *args, json_object *body, const char *name,
                               wf_error_t *err)
{
    apr_int64_t number;
    apr_status_t rv = read_number(body, name, 0, &number, err);

    if (rv == APR_SUCCESS && wf_json_get(body, name)) {
        wf_json_add_int(args, name, number);
    }
    return rv;
}

static apr_status_t read_flag(json_object *body, const char *name, int *flag,
                              wf_error_t *err)
{
    json_object *value = wf_json_get(body, name);

    *flag = wf_json_bool(body, name, 0);
    return !value || json_object_is_type(value, json_type_boolean)
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_INVALID, name, "'%s' must be true or false",
                                name);
}

static apr_status_t add_text(json_object *args, json_object *body, const char *name,
                             apr_pool_t *p, wf_error_t *err)
{
    const char *text;
    apr_status_t rv = wf_body_text(body, name, &text, p, err);

    if (rv == APR_SUCCESS && text) {
        wf_json_add_string(args, name, text);
    }
    return rv;
}

static apr_status_t add_vars(json_object *args, json_object *body, const char *name,
                             apr_pool_t *p, wf_error_t *err)
{
    wf_map_t *vars;
    apr_status_t rv = wf_typed_read(&vars, body, name, p, err);

    if (rv == APR_SUCCESS && wf_map_count(vars)) {
        json_object_object_add(args, name, wf_vars_to_json(vars));
    }
    return rv;
}

/* ---- calls about one task: a row each ------------------------------------------------ */

typedef enum { TEXT, NUMBER, VARS } member_e;

typedef struct operation_t {
    const char *name; /* last word of the path */
    wf_command_e command;
    const char *members[9]; /* of the body, closed by NULL */
    member_e kinds[8];
} operation_t;

/* clang-format off */
static const operation_t operations[] = {
    { "complete",   WF_CMD_EXTERNAL_COMPLETE,
      { "workerId", "variables", "localVariables" },
      { TEXT,       VARS,        VARS } },
    { "bpmnError",  WF_CMD_EXTERNAL_ERROR,
      { "workerId", "errorCode", "errorMessage", "variables" },
      { TEXT,       TEXT,        TEXT,           VARS } },
    { "failure",    WF_CMD_EXTERNAL_FAILURE,
      { "workerId", "errorMessage", "errorDetails", "retries", "retryTimeout", "variables", "localVariables" },
      { TEXT,       TEXT,           TEXT,           NUMBER,    NUMBER,         VARS,        VARS } },
    { "lock",       WF_CMD_EXTERNAL_LOCK,
      { "workerId", "lockDuration" },
      { TEXT,       NUMBER } },
    { "extendLock", WF_CMD_EXTERNAL_EXTEND,
      { "workerId", "newDuration" },
      { TEXT,       NUMBER } },
    { "unlock",     WF_CMD_EXTERNAL_UNLOCK,  { NULL }, { TEXT } },
    { "retries",    WF_CMD_EXTERNAL_RETRIES, { "retries" },  { NUMBER } },
    { "priority",   WF_CMD_EXTERNAL_PRIORITY, { "priority" }, { NUMBER } },
};
/* clang-format on */

static apr_status_t read_arguments(const operation_t *op, json_object *args,
                                   json_object *body, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = check_members(body, op->members, err);

    for (int i = 0; rv == APR_SUCCESS && op->members[i]; i++) {
        switch (op->kinds[i]) {
        case TEXT:
            rv = add_text(args, body, op->members[i], p, err);
            break;
        case NUMBER:
            rv = add_number(args, body, op->members[i], err);
            break;
        case VARS:
            rv = add_vars(args, body, op->members[i], p, err);
            break;
        }
    }
    return rv;
}

static const operation_t *operation_of(const wf_request_t *req)
{
    const char *word = strrchr(req->route->template, '/') + 1;
    const operation_t *op = operations;

    while (strcmp(op->name, word) != 0) {
        op++; /* the table of routes has no others */
    }
    return op;
}

apr_status_t wf_external_operation(wf_request_t *req, wf_error_t *err)
{
    const operation_t *op = operation_of(req);
    json_object *args, *body;
    wf_id_t id;
    apr_status_t rv = wf_path_id(req, "externalTaskId", "external task", &id, err);

    if (rv == APR_SUCCESS) {
        rv = wf_request_object(req, &body, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    args = wf_args_of(req, id);
    rv = read_arguments(op, args, body, req->pool, err);
    if (rv == APR_SUCCESS) {
        rv = wf_call_command(req, op->command, args, NULL, err);
    }
    return rv == APR_SUCCESS ? wf_external_respond_empty(req) : rv;
}

/* ---- fetch: what is asked for ---------------------------------------------------------- */

/* How a topic's tasks are shown. */
typedef struct topic_t {
    json_object *variables; /* names; NULL: all */
    int local;              /* only those of the task's own scope */
} topic_t;

static apr_status_t not_supported(const char *name, wf_error_t *err)
{
    return wf_error_field(err, WF_ERR_INVALID, name, "'%s' is not supported", name);
}

static int is_texts(json_object *list)
{
    for (apr_size_t i = 0; i < json_object_array_length(list); i++) {
        if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_string)) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t get_texts(json_object *body, const char *name, json_object **list,
                              wf_error_t *err)
{
    *list = wf_json_get(body, name);
    return !*list || (json_object_is_type(*list, json_type_array) && is_texts(*list))
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_INVALID, name, "'%s' must be a list of texts",
                                name);
}

static int has_text(json_object *list, const char *text)
{
    for (apr_size_t i = 0; i < json_object_array_length(list); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text)
            == 0) {
            return 1;
        }
    }
    return 0;
}

/* One name and a list of names, both of which must hold, as one list. */
static apr_status_t add_names(json_object *args, json_object *topic, const char *one,
                              const char *many, apr_pool_t *p, wf_error_t *err)
{
    json_object *list, *names;
    const char *text;
    apr_status_t rv = wf_body_text(topic, one, &text, p, err);

    if (rv == APR_SUCCESS) {
        rv = get_texts(topic, many, &list, err);
    }
    if (rv != APR_SUCCESS || (!text && !list)) {
        return rv;
    }
    if (!text) {
        json_object_object_add(args, many, json_object_get(list));
        return APR_SUCCESS;
    }
    names = json_object_new_array();
    if (!list || has_text(list, text)) {
        json_object_array_add(names, json_object_new_string(text));
    }
    json_object_object_add(args, many, names);
    return APR_SUCCESS;
}

/* {"amount": 250}: plain values that variables of the instance must have. */
static apr_status_t add_conditions(json_object *args, json_object *topic, apr_pool_t *p,
                                   wf_error_t *err)
{
    json_object *given = wf_json_get(topic, "processVariables");
    wf_map_t *vars = wf_map_create(p);

    if (!given) {
        return APR_SUCCESS;
    }
    if (!json_object_is_type(given, json_type_object)) {
        return wf_error_field(err, WF_ERR_INVALID, "processVariables",
                              "'processVariables' must be an object");
    }
    json_object_object_foreach(given, name, value)
    {
        wf_map_set(vars, name, wf_value_from_json(value, p));
    }
    json_object_object_add(args, "processVariables", wf_vars_to_json(vars));
    return APR_SUCCESS;
}

/* Without a condition there is nothing to refuse. */
static apr_status_t check_absent(json_object *topic, wf_error_t *err)
{
    static const char *const flags[] = { "includeExtensionProperties", "withoutTenantId",
                                         "deserializeValues" };
    json_object *tenants = wf_json_get(topic, "tenantIdIn");
    int on;

    for (apr_size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        apr_status_t rv = read_flag(topic, flags[i], &on, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (wf_json_get(topic, "processDefinitionVersionTag")) {
        return not_supported("processDefinitionVersionTag", err);
    }
    if (wf_json_bool(topic, "includeExtensionProperties", 0)) {
        return not_supported("includeExtensionProperties", err);
    }
    if (tenants
        && !(json_object_is_type(tenants, json_type_array)
             && json_object_array_length(tenants) == 0)) {
        return not_supported("tenantIdIn", err);
    }
    return APR_SUCCESS;
}

static apr_status_t read_topic(topic_t *topic, json_object *args, json_object *body,
                               apr_pool_t *p, wf_error_t *err)
{
    static const char *const known[] = { "topicName",
                                         "lockDuration",
                                         "variables",
                                         "localVariables",
                                         "businessKey",
                                         "processDefinitionId",
                                         "processDefinitionIdIn",
                                         "processDefinitionKey",
                                         "processDefinitionKeyIn",
                                         "processDefinitionVersionTag",
                                         "processVariables",
                                         "withoutTenantId",
                                         "tenantIdIn",
                                         "deserializeValues",
                                         "includeExtensionProperties",
                                         NULL };
    apr_status_t rv;

    if (!json_object_is_type(body, json_type_object)) {
        return wf_error_field(err, WF_ERR_INVALID, "topics",
                              "'topics' must be a list of objects");
    }
    if ((rv = check_members(body, known, err)) != APR_SUCCESS
        || (rv = read_flag(body, "localVariables", &topic->local, err)) != APR_SUCCESS
        || (rv = check_absent(body, err)) != APR_SUCCESS
        || (rv = get_texts(body, "variables", &topic->variables, err)) != APR_SUCCESS
        || (rv = add_text(args, body, "topicName", p, err)) != APR_SUCCESS
        || (rv = add_number(args, body, "lockDuration", err)) != APR_SUCCESS
        || (rv = add_text(args, body, "businessKey", p, err)) != APR_SUCCESS
        || (rv = add_names(args, body, "processDefinitionId", "processDefinitionIdIn", p,
                           err))
               != APR_SUCCESS
        || (rv = add_names(args, body, "processDefinitionKey", "processDefinitionKeyIn",
                           p, err))
               != APR_SUCCESS) {
        return rv;
    }
    return add_conditions(args, body, p, err);
}

static apr_status_t read_topics(apr_array_header_t *topics, json_object *args,
                                json_object *body, apr_pool_t *p, wf_error_t *err)
{
    json_object *given = wf_json_get(body, "topics"), *list = json_object_new_array();
    apr_status_t rv = APR_SUCCESS;

    json_object_object_add(args, "topics", list);
    if (given && !json_object_is_type(given, json_type_array)) {
        return wf_error_field(err, WF_ERR_INVALID, "topics", "'topics' must be a list");
    }
    for (apr_size_t i = 0;
         rv == APR_SUCCESS && given && i < json_object_array_length(given); i++) {
        json_object *topic = json_object_new_object();

        json_object_array_add(list, topic);
        rv = read_topic(apr_array_push(topics), topic,
                        json_object_array_get_idx(given, i), p, err);
    }
    return rv;
}

/* Oldest first is how tasks come anyway. */
static apr_status_t check_sorting(json_object *body, wf_error_t *err)
{
    json_object *list = wf_json_get(body, "sorting");

    if (list && !json_object_is_type(list, json_type_array)) {
        return wf_error_field(err, WF_ERR_INVALID, "sorting", "'sorting' must be a list");
    }
    for (apr_size_t i = 0; list && i < json_object_array_length(list); i++) {
        json_object *key = json_object_array_get_idx(list, i);

        if (strcmp(wf_json_string(key, "sortBy", ""), "createTime") != 0
            || strcmp(wf_json_string(key, "sortOrder", "asc"), "asc") != 0) {
            return wf_error_field(
                err, WF_ERR_INVALID, "sorting",
                "tasks are fetched oldest first; 'sorting' can only be by "
                "createTime, asc");
        }
    }
    return APR_SUCCESS;
}

/* How long this call may wait: no longer than the administrator allows. */
static apr_status_t read_wait(const wf_request_t *req, json_object *body,
                              apr_int64_t *wait, wf_error_t *err)
{
    apr_int64_t most = req->config->max_long_poll / 1000;
    apr_status_t rv = read_number(body, "asyncResponseTimeout", 0, wait, err);

    if (rv == APR_SUCCESS && (*wait < 0 || *wait > MAX_POLL_MS)) {
        rv = wf_error_field(err, WF_ERR_INVALID, "asyncResponseTimeout",
                            "'asyncResponseTimeout' must be 0 to %d milliseconds",
                            MAX_POLL_MS);
    }
    *wait = *wait < most ? *wait : most;
    return rv;
}

static apr_status_t read_fetch(const wf_request_t *req, json_object *body,
                               json_object *args, apr_array_header_t *topics,
                               apr_int64_t *wait, wf_error_t *err)
{
    static const char *const known[] = { "workerId",    "maxTasks",
                                         "usePriority", "asyncResponseTimeout",
                                         "topics",      "sorting",
                                         NULL };
    int by_priority = 0;
    apr_status_t rv;

    if ((rv = check_members(body, known, err)) != APR_SUCCESS
        || (rv = check_sorting(body, err)) != APR_SUCCESS
        || (rv = read_flag(body, "usePriority", &by_priority, err)) != APR_SUCCESS
        || (rv = add_text(args, body, "workerId", req->pool, err)) != APR_SUCCESS
        || (rv = add_number(args, body, "maxTasks", err)) != APR_SUCCESS
        || (rv = read_wait(req, body, wait, err)) != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_int(args, "wait", *wait);
    wf_json_add_bool(args, "usePriority", by_priority);
    return read_topics(topics, args, body, req->pool, err);
}

/* ---- fetch: what is given ---------------------------------------------------------------- */

static void add_own(json_object *vars, const apr_array_header_t *rows,
                    const topic_t *topic, apr_pool_t *p)
{
    for (int i = 0; i < rows->nelts; i++) {
        const wf_variable_t *row = APR_ARRAY_IDX(rows, i, const wf_variable_t *);

        if ((!topic->variables || has_text(topic->variables, row->name))
            && !json_object_object_get_ex(vars, row->name, NULL)) {
            json_object_object_add(vars, row->name, wf_typed_to_json(&row->value, p));
        }
    }
}

/* Those that are seen from the task, inner ones first. */
static apr_status_t add_variables(json_object *o, wf_store_t *store,
                                  const wf_external_task_t *task, const topic_t *topic,
                                  apr_pool_t *p, wf_error_t *err)
{
    json_object *vars = json_object_new_object();
    wf_id_t id = task->execution_id;
    int wanted = !topic->variables || json_object_array_length(topic->variables) > 0;
    apr_status_t rv = APR_SUCCESS;

    json_object_object_add(o, "variables", vars);
    while (rv == APR_SUCCESS && wanted && id) {
        apr_array_header_t *rows;
        wf_execution_t *execution = NULL;

        rv = wf_store_select(store, WF_BY_VARIABLES_OF_EXECUTION, id, &rows, p, err);
        if (rv == APR_SUCCESS) {
            add_own(vars, rows, topic, p);
            rv = wf_store_get(store, WF_TABLE_EXECUTION, id, &execution, p, err);
        }
        id = rv == APR_SUCCESS && execution && !topic->local ? execution->parent_id : 0;
    }
    return rv;
}

static apr_status_t add_details(json_object *o, wf_store_t *store,
                                const wf_external_task_t *task, apr_pool_t *p,
                                wf_error_t *err)
{
    wf_bytearray_t *details = NULL;
    apr_status_t rv = task->error_details_id
                          ? wf_store_get(store, WF_TABLE_BYTEARRAY,
                                         task->error_details_id, &details, p, err)
                          : APR_SUCCESS;

    json_object_object_add(
        o, "errorDetails",
        details ? json_object_new_string_len(details->bytes, (int)details->length)
                : NULL);
    return rv;
}

/* A task that was taken away since it was locked is left out. */
static apr_status_t add_task(json_object *list, wf_store_t *store, wf_id_t id,
                             const char *worker, const topic_t *topic, apr_pool_t *p,
                             wf_error_t *err)
{
    wf_external_task_t *task;
    json_object *o;
    apr_status_t rv = wf_store_get(store, WF_TABLE_EXTERNAL_TASK, id, &task, p, err);

    if (rv != APR_SUCCESS || !task || !task->worker_id
        || strcmp(task->worker_id, worker) != 0) {
        return rv;
    }
    o = wf_external_render(store, task, p);
    json_object_array_add(list, o);
    json_object_object_add(o, "extensionProperties", json_object_new_object());
    rv = add_details(o, store, task, p, err);
    return rv == APR_SUCCESS ? add_variables(o, store, task, topic, p, err) : rv;
}

static apr_status_t respond_tasks(wf_request_t *req, json_object *tasks,
                                  const char *worker, const apr_array_header_t *topics,
                                  wf_error_t *err)
{
    json_object *list = wf_json_own(json_object_new_array(), req->pool);
    wf_store_t *store = wf_request_store(req, err);
    apr_status_t rv = store ? APR_SUCCESS : WF_EFAILED;

    for (apr_size_t i = 0; rv == APR_SUCCESS && i < json_object_array_length(tasks);
         i++) {
        json_object *task = json_object_array_get_idx(tasks, i);
        int topic = (int)wf_json_int(task, "topic", 0);

        rv = add_task(list, store, wf_json_int(task, "id", 0), worker,
                      &APR_ARRAY_IDX(topics, topic, topic_t), req->pool, err);
    }
    return rv == APR_SUCCESS ? wf_external_respond(req, json_object_get(list)) : rv;
}

/* A worker gets tasks of definitions that he may operate, and of those the ones he asks
 * for. */
static apr_status_t limit_topics(wf_request_t *req, json_object *args, wf_error_t *err)
{
    static const char name[] = "processDefinitionKeyIn";
    json_object *topics = wf_json_get(args, "topics");
    apr_array_header_t *keys;
    apr_status_t rv = wf_rights_keys(req, WF_RIGHT_OPERATE, &keys, err);

    if (rv != APR_SUCCESS || !keys) {
        return rv;
    }
    for (apr_size_t i = 0; topics && i < json_object_array_length(topics); i++) {
        json_object *topic = json_object_array_get_idx(topics, i);
        json_object *asked = wf_json_get(topic, name), *kept = json_object_new_array();

        for (int k = 0; k < keys->nelts; k++) {
            const char *key = APR_ARRAY_IDX(keys, k, const char *);

            if (!asked || has_text(asked, key)) {
                json_object_array_add(kept, json_object_new_string(key));
            }
        }
        json_object_object_add(topic, name, kept);
    }
    return APR_SUCCESS;
}

apr_status_t wf_external_fetch(wf_request_t *req, wf_error_t *err)
{
    apr_array_header_t *topics = apr_array_make(req->pool, 4, sizeof(topic_t));
    json_object *body, *args = wf_args_create(req);
    wf_ipc_call_t call = { .command = WF_CMD_EXTERNAL_FETCH, .args = args };
    wf_ipc_reply_t reply;
    wf_error_t failure;
    apr_int64_t wait;
    apr_status_t rv = wf_request_object(req, &body, err);

    if (rv == APR_SUCCESS) {
        rv = read_fetch(req, body, args, topics, &wait, err);
    }
    if (rv == APR_SUCCESS) {
        rv = limit_topics(req, args, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_error_init(&failure, req->pool);
    call.timeout = req->config->command_timeout + wait * 1000;
    call.breaks_off = wait > 0 ? wf_request_is_over : NULL;
    call.baton = req;
    rv = wf_request_call(req, &call, &reply, &failure);
    if (rv == APR_SUCCESS) {
        return respond_tasks(req, wf_json_get(reply.json, "tasks"),
                             wf_json_string(args, "workerId", ""), topics, err);
    }
    if (wait > 0 && wf_request_is_over(req)) {
        return wf_external_respond(req, json_object_new_array()); /* ask again */
    }
    wf_error_copy(err, &failure);
    return rv;
}
