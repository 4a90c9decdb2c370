/* Variables of tasks, as the later releases of Activiti show them: those of the task
 * itself are local, those that it sees of its process are global.
 *
 *     { "name": "amount", "scope": "local", "type": "integer", "value": 250 } */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <string.h>

#define LOCAL "local"
#define GLOBAL "global"

/* ---- showing ----------------------------------------------------------------------- */

static json_object *render(const wf_variable_t *variable, const char *scope)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "name", variable->name);
    wf_json_add_string(o, "scope", scope);
    wf_json_add_string(o, "type", wf_type_name(variable->value.type));
    json_object_object_add(o, "value", wf_value_to_json(&variable->value));
    return o;
}

/* What is shown of a task, and where it goes. */
typedef struct listing_t {
    wf_store_t *store;
    apr_pool_t *p;
    const char *scope; /* NULL: both */
    const char *name;  /* NULL: all */
    json_object *rows;
    apr_hash_t *seen; /* names of global ones: inner executions hide outer ones */
} listing_t;

static int is_wanted(const listing_t *listing, const char *scope)
{
    return !listing->scope || strcmp(listing->scope, scope) == 0;
}

static void add_row(listing_t *listing, const wf_variable_t *row, const char *scope)
{
    if (!listing->name || strcmp(listing->name, row->name) == 0) {
        json_object_array_add(listing->rows, render(row, scope));
    }
}

static apr_status_t add_local(listing_t *listing, const wf_task_t *task, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_store_select(listing->store, WF_BY_VARIABLES_OF_TASK, task->id,
                                      &rows, listing->p, err);

    for (int i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        add_row(listing, APR_ARRAY_IDX(rows, i, const wf_variable_t *), LOCAL);
    }
    return rv;
}

static void add_global_row(listing_t *listing, const wf_variable_t *row)
{
    if (!apr_hash_get(listing->seen, row->name, APR_HASH_KEY_STRING)) {
        apr_hash_set(listing->seen, row->name, APR_HASH_KEY_STRING, row);
        add_row(listing, row, GLOBAL);
    }
}

/* From the task's execution outwards. */
static apr_status_t add_global(listing_t *listing, const wf_task_t *task, wf_error_t *err)
{
    wf_id_t id = task->execution_id;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && id) {
        apr_array_header_t *rows;
        wf_execution_t *execution = NULL;

        rv = wf_store_select(listing->store, WF_BY_VARIABLES_OF_EXECUTION, id, &rows,
                             listing->p, err);
        for (int i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
            add_global_row(listing, APR_ARRAY_IDX(rows, i, const wf_variable_t *));
        }
        if (rv == APR_SUCCESS) {
            rv = wf_store_get(listing->store, WF_TABLE_EXECUTION, id, &execution,
                              listing->p, err);
        }
        id = rv == APR_SUCCESS && execution ? execution->parent_id : 0;
    }
    return rv;
}

/* Local ones first. */
static apr_status_t list(wf_request_t *req, const char *scope, const char *name,
                         json_object **rows, wf_error_t *err)
{
    listing_t listing = { .p = req->pool, .scope = scope, .name = name };
    wf_task_t *task;
    apr_status_t rv = wf_path_row(req, "taskId", WF_TABLE_TASK, "task", &task, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    listing.store = wf_request_store(req, err);
    listing.rows = *rows = wf_json_own(json_object_new_array(), req->pool);
    listing.seen = apr_hash_make(req->pool);
    if (is_wanted(&listing, LOCAL)) {
        rv = add_local(&listing, task, err);
    }
    return rv == APR_SUCCESS && is_wanted(&listing, GLOBAL)
               ? add_global(&listing, task, err)
               : rv;
}

/* "local", "global", or NULL if nothing is said. */
static apr_status_t check_scope(const char *text, const char **scope, wf_error_t *err)
{
    *scope = text && *text ? text : NULL;
    return !*scope || strcmp(*scope, LOCAL) == 0 || strcmp(*scope, GLOBAL) == 0
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_INVALID, "scope",
                                "'scope' is local or global, not '%s'", *scope);
}

static apr_status_t no_variable(wf_request_t *req, wf_error_t *err)
{
    return wf_no_object("variable of the task", wf_request_var(req, "variableName"), err);
}

apr_status_t wf_task_variables(wf_request_t *req, wf_error_t *err)
{
    const char *scope;
    json_object *rows;
    apr_status_t rv = check_scope(wf_query_text(req->query, "scope"), &scope, err);

    if (rv == APR_SUCCESS) {
        rv = list(req, scope, NULL, &rows, err);
    }
    return rv == APR_SUCCESS ? wf_respond_json(req, 200, json_object_get(rows)) : rv;
}

static apr_status_t respond_one(wf_request_t *req, const char *scope, wf_error_t *err)
{
    json_object *rows, *row;
    apr_status_t rv = list(req, scope, wf_request_var(req, "variableName"), &rows, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    row = json_object_array_get_idx(rows, 0);
    return row ? wf_respond_json(req, 200, json_object_get(row)) : no_variable(req, err);
}

apr_status_t wf_task_variable(wf_request_t *req, wf_error_t *err)
{
    const char *scope;
    apr_status_t rv = check_scope(wf_query_text(req->query, "scope"), &scope, err);

    return rv == APR_SUCCESS ? respond_one(req, scope, err) : rv;
}

/* ---- reading what is sent ------------------------------------------------------------ */

/* Where the variables of a body go. */
typedef struct sent_t {
    json_object *scopes[2]; /* args of the command: local, global */
    wf_map_t *read[2];
    apr_pool_t *p;
} sent_t;

/* A list or map comes as JSON; the other types are read as those of workers. */
static apr_status_t read_value(wf_map_t **read, const char *name, json_object *json,
                               apr_pool_t *p, wf_error_t *err)
{
    static const char *const plain[] = { "list", "map", "serializable" };
    const char *type = wf_json_string(json, "type", NULL);
    json_object *body = wf_json_own(json_object_new_object(), p);
    json_object *vars = json_object_new_object(), *typed = json_object_new_object();

    for (apr_size_t i = 0; type && i < sizeof plain / sizeof plain[0]; i++) {
        type = strcmp(type, plain[i]) == 0 ? "json" : type;
    }
    if (type && strcmp(type, "binary") == 0) {
        type = "bytes";
    }
    json_object_object_add(body, "variables", vars);
    json_object_object_add(vars, name, typed);
    json_object_object_add(typed, "value", json_object_get(wf_json_get(json, "value")));
    if (type) {
        wf_json_add_string(typed, "type", type);
    }
    return wf_typed_read(read, body, "variables", p, err);
}

/* name: of the path, or NULL if the body says it. */
static apr_status_t read_one(sent_t *sent, json_object *json, const char *name,
                             wf_error_t *err)
{
    const char *scope;
    wf_map_t *read;
    int global;
    apr_status_t rv;

    if (!json_object_is_type(json, json_type_object)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "a variable is an object with name, scope, type and value");
    }
    if (!name && !(name = wf_json_string(json, "name", NULL))) {
        return wf_error_field(err, WF_ERR_INVALID, "name",
                              "a variable needs a 'name', a text");
    }
    if ((rv = check_scope(wf_json_string(json, "scope", NULL), &scope, err))
            != APR_SUCCESS
        || (rv = read_value(&read, name, json, sent->p, err)) != APR_SUCCESS) {
        return rv;
    }
    global = scope && strcmp(scope, GLOBAL) == 0;
    wf_map_set(sent->read[global], name, *wf_map_at(read, 0));
    return APR_SUCCESS;
}

static apr_status_t read_body(wf_request_t *req, json_object **json, wf_error_t *err)
{
    const char *data;
    apr_size_t length;
    apr_status_t rv = wf_request_require_json(req, err);

    if (rv == APR_SUCCESS) {
        rv = wf_request_body(req, &data, &length, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_json_parse(json, data, length, req->pool, err);
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "the request body");
}

static apr_status_t read_all(sent_t *sent, json_object *json, const char *name,
                             wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    if (name || !json_object_is_type(json, json_type_array)) {
        return read_one(sent, json, name, err);
    }
    for (apr_size_t i = 0; rv == APR_SUCCESS && i < json_object_array_length(json); i++) {
        rv = read_one(sent, json_object_array_get_idx(json, i), NULL, err);
    }
    return rv;
}

/* ---- changing ----------------------------------------------------------------------- */

static apr_status_t set(wf_request_t *req, json_object *json, const char *name,
                        const char *must, wf_error_t *err)
{
    sent_t sent = { .p = req->pool,
                    .read = { wf_map_create(req->pool), wf_map_create(req->pool) } };
    json_object *args;
    apr_status_t rv;
    wf_id_t id;

    if ((rv = wf_path_id(req, "taskId", "task", &id, err)) != APR_SUCCESS
        || (rv = read_all(&sent, json, name, err)) != APR_SUCCESS) {
        return rv;
    }
    args = wf_args_of(req, id);
    json_object_object_add(args, "local", wf_vars_to_json(sent.read[0]));
    json_object_object_add(args, "global", wf_vars_to_json(sent.read[1]));
    wf_json_add_string(args, "must", must);
    return wf_call_command(req, WF_CMD_TASK_VARIABLES, args, NULL, err);
}

/* One variable, or an array of them. */
apr_status_t wf_task_variables_create(wf_request_t *req, wf_error_t *err)
{
    json_object *json;
    apr_status_t rv = read_body(req, &json, err);

    if (rv == APR_SUCCESS) {
        rv = set(req, json, NULL, "new", err);
    }
    return rv == APR_SUCCESS ? wf_respond_success(req) : rv;
}

apr_status_t wf_task_variable_change(wf_request_t *req, wf_error_t *err)
{
    const char *name = wf_request_var(req, "variableName");
    json_object *json;
    apr_status_t rv = read_body(req, &json, err);

    if (rv == APR_SUCCESS) {
        rv = set(req, json, name, "there", err);
    }
    return rv == APR_SUCCESS ? wf_respond_success(req) : rv;
}

static apr_status_t forget(wf_request_t *req, const char *name, int global,
                           wf_error_t *err)
{
    json_object *args;
    apr_status_t rv;
    wf_id_t id;

    if ((rv = wf_path_id(req, "taskId", "task", &id, err)) != APR_SUCCESS) {
        return rv;
    }
    args = wf_args_of(req, id);
    wf_json_add_bool(args, "global", global);
    if (name) {
        wf_json_add_string(args, "name", name);
    }
    return wf_respond_command(req, WF_CMD_TASK_FORGET, args, err);
}

apr_status_t wf_task_variable_delete(wf_request_t *req, wf_error_t *err)
{
    const char *scope;
    apr_status_t rv = check_scope(wf_query_text(req->query, "scope"), &scope, err);

    return rv == APR_SUCCESS ? forget(req, wf_request_var(req, "variableName"),
                                      scope && strcmp(scope, GLOBAL) == 0, err)
                             : rv;
}

apr_status_t wf_task_variables_delete(wf_request_t *req, wf_error_t *err)
{
    return forget(req, NULL, 0, err);
}
