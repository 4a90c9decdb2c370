/* What handlers about one object share: the object that a path names, commands about it,
 * and members of its answer. */
#include "activiti/internal.h"

#include <string.h>

/* ---- the object of a path ---------------------------------------------------------- */

apr_status_t wf_no_object(const char *kind, const char *id, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_NOT_FOUND, "no %s with id '%s'", kind, id);
}

apr_status_t wf_path_id(wf_request_t *req, const char *variable, const char *kind,
                        wf_id_t *id, wf_error_t *err)
{
    const char *text = wf_request_var(req, variable);

    return wf_id_parse(text, id) ? APR_SUCCESS : wf_no_object(kind, text, err);
}

apr_status_t wf_path_row(wf_request_t *req, const char *variable, wf_table_e table,
                         const char *kind, void *row, wf_error_t *err)
{
    wf_store_t *store;
    apr_status_t rv;
    wf_id_t id;

    if ((rv = wf_path_id(req, variable, kind, &id, err)) != APR_SUCCESS) {
        return rv;
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    rv = wf_store_get(store, table, id, row, req->pool, err);
    if (rv == APR_SUCCESS && !*(void **)row) {
        return wf_no_object(kind, wf_request_var(req, variable), err);
    }
    return rv;
}

apr_status_t wf_path_key_row(wf_request_t *req, const char *variable, wf_table_e table,
                             const char *kind, void *row, wf_error_t *err)
{
    const char *key = wf_request_var(req, variable);
    wf_store_t *store = wf_request_store(req, err);
    apr_status_t rv;

    if (!store) {
        return WF_EFAILED;
    }
    rv = wf_store_get_by_key(store, table, key, row, req->pool, err);
    if (rv == APR_SUCCESS && !*(void **)row) {
        return wf_no_object(kind, key, err);
    }
    return rv;
}

apr_status_t wf_path_definition(wf_request_t *req, wf_definition_t **definition,
                                wf_error_t *err)
{
    const char *id = wf_request_var(req, "processDefinitionId");
    wf_store_t *store = wf_request_store(req, err);
    apr_status_t rv;

    if (!store) {
        return WF_EFAILED;
    }
    rv = wf_store_get_by_key(store, WF_TABLE_DEFINITION, wf_definition_id(id, req->pool),
                             definition, req->pool, err);
    return rv == APR_SUCCESS && !*definition
               ? wf_no_object("process definition", id, err)
               : rv;
}

/* ---- commands ---------------------------------------------------------------------- */

json_object *wf_args_create(wf_request_t *req)
{
    return wf_json_own(json_object_new_object(), req->pool);
}

json_object *wf_args_of(wf_request_t *req, wf_id_t id)
{
    json_object *args = wf_args_create(req);

    wf_json_add_int(args, "id", id);
    return args;
}

apr_status_t wf_call_command(wf_request_t *req, wf_command_e command, json_object *args,
                             wf_ipc_reply_t *reply, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = command, .args = args };

    wf_rights_args(req, args);
    return wf_request_call(req, &call, reply, err);
}

apr_status_t wf_respond_command(wf_request_t *req, wf_command_e command,
                                json_object *args, wf_error_t *err)
{
    apr_status_t rv = wf_call_command(req, command, args, NULL, err);

    return rv == APR_SUCCESS ? wf_respond_success(req) : rv;
}

apr_status_t wf_respond_path_command(wf_request_t *req, const char *variable,
                                     const char *kind, wf_command_e command,
                                     wf_error_t *err)
{
    wf_id_t id;
    apr_status_t rv = wf_path_id(req, variable, kind, &id, err);

    return rv == APR_SUCCESS ? wf_respond_command(req, command, wf_args_of(req, id), err)
                             : rv;
}

apr_status_t wf_made_row(wf_request_t *req, const wf_ipc_reply_t *reply, wf_table_e table,
                         const char *kind, void *row, wf_error_t *err)
{
    wf_store_t *store = wf_request_store(req, err);
    apr_status_t rv;

    if (!store) {
        return WF_EFAILED;
    }
    rv = wf_store_get(store, table, wf_json_int(reply->json, "id", 0), row, req->pool,
                      err);
    if (rv == APR_SUCCESS && !*(void **)row) {
        return wf_error_set(err, WF_ERR_CONFLICT, "the %s was made, and is gone already",
                            kind);
    }
    return rv;
}

/* ---- members ----------------------------------------------------------------------- */

void wf_json_add_time(json_object *o, const char *name, apr_int64_t ms, apr_pool_t *p)
{
    wf_json_add_string(o, name, ms ? wf_time_iso(ms, p) : NULL);
}

void wf_json_add_duration(json_object *o, const char *name, apr_int64_t ms)
{
    json_object_object_add(o, name, ms < 0 ? NULL : json_object_new_int64(ms));
}

const char *wf_value_text(const wf_value_t *value, apr_pool_t *p)
{
    json_object *json;

    if (value->type == WF_NULL || value->type == WF_STRING) {
        return value->type == WF_STRING ? value->as.text.data : NULL;
    }
    json = wf_json_own(wf_value_to_json(value), p);
    return json_object_is_type(json, json_type_string) ? json_object_get_string(json)
                                                       : wf_json_text(json, NULL, p);
}

apr_status_t wf_json_add_rows(json_object *o, const char *name, wf_request_t *req,
                              wf_relation_e relation, wf_id_t parent,
                              json_object *(*render)(const void *row, apr_pool_t *p),
                              wf_error_t *err)
{
    wf_store_t *store = wf_request_store(req, err);
    apr_array_header_t *rows;
    json_object *list;
    apr_status_t rv;

    if (!store) {
        return WF_EFAILED;
    }
    rv = wf_store_select(store, relation, parent, &rows, req->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    list = json_object_new_array();
    for (int i = 0; i < rows->nelts; i++) {
        json_object *row = render(APR_ARRAY_IDX(rows, i, const void *), req->pool);

        if (row) {
            json_object_array_add(list, row);
        }
    }
    json_object_object_add(o, name, list);
    return APR_SUCCESS;
}

/* ---- texts of a body ---------------------------------------------------------------- */

apr_status_t wf_text_check(const char *name, const char *text, apr_size_t max,
                           wf_error_t *err)
{
    if (text && strlen(text) > max) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "field '%s' is longer than %d bytes", name, (int)max);
    }
    return APR_SUCCESS;
}

/* 1 if an ISO date-time ends in an offset: without one it would be read in the zone of
 * the server, which a client cannot know. */
static int has_offset(const char *text)
{
    const char *time = strchr(text, 'T');

    return time && strpbrk(time, "Z+- ");
}

int wf_day_parse(const char *text, int end, apr_int64_t *ms)
{
    char time[sizeof "YYYY-MM-DDThh:mm:ss.fff"];

    if (strlen(text) != sizeof "YYYY-MM-DD" - 1) {
        return has_offset(text) && wf_time_parse(ms, text) == APR_SUCCESS;
    }
    strcpy(time, text);
    strcat(time, end ? "T23:59:59.999" : "T00:00:00.000");
    return wf_time_parse(ms, time) == APR_SUCCESS;
}
