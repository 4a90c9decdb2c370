/* Users, groups and memberships. Unlike everywhere else, texts that are not there are
 * shown as "" and not as null. Pictures of users: picture.c. */
#include "activiti/internal.h"

#include <string.h>

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static json_object *render_user(const void *row, apr_pool_t *p)
{
    const wf_user_t *user = row;
    json_object *o = json_object_new_object();

    (void)p;
    wf_json_add_string(o, "id", user->id);
    wf_json_add_string(o, "firstName", text_of(user->first_name));
    wf_json_add_string(o, "lastName", text_of(user->last_name));
    wf_json_add_string(o, "email", text_of(user->email));
    return o;
}

static json_object *render_group(const void *row, apr_pool_t *p)
{
    const wf_group_t *group = row;
    json_object *o = json_object_new_object();

    (void)p;
    wf_json_add_string(o, "id", group->id);
    wf_json_add_string(o, "name", text_of(group->name));
    wf_json_add_string(o, "type", text_of(group->type));
    return o;
}

/* ---- reading ----------------------------------------------------------------------- */

apr_status_t wf_path_user(wf_request_t *req, wf_user_t **user, wf_error_t *err)
{
    return wf_path_key_row(req, "userId", WF_TABLE_USER, "user", user, err);
}

apr_status_t wf_user_get(wf_request_t *req, wf_error_t *err)
{
    wf_user_t *user;
    apr_status_t rv = wf_path_user(req, &user, err);

    return rv == APR_SUCCESS ? wf_respond_json(req, 200, render_user(user, req->pool))
                             : rv;
}

apr_status_t wf_group_get(wf_request_t *req, wf_error_t *err)
{
    wf_group_t *group;
    apr_status_t rv =
        wf_path_key_row(req, "groupId", WF_TABLE_GROUP, "group", &group, err);

    return rv == APR_SUCCESS ? wf_respond_json(req, 200, render_group(group, req->pool))
                             : rv;
}

apr_status_t wf_user_groups(wf_request_t *req, wf_error_t *err)
{
    const wf_filter_t filters[] = {
        { "user", wf_string(wf_request_var(req, "userId")) },
        { "type", wf_string(wf_query_text(req->query, "type")) },
    };

    return wf_respond_page(req, filters, 2, render_group, err);
}

apr_status_t wf_group_users(wf_request_t *req, wf_error_t *err)
{
    const wf_filter_t filter = { "group", wf_string(wf_request_var(req, "groupId")) };

    return wf_respond_page(req, &filter, 1, render_user, err);
}

/* The text to look for may be a part of the path or a parameter; none finds all. */
static wf_filter_t search_filter(const wf_request_t *req)
{
    const char *text = wf_request_var(req, "searchText");

    return (wf_filter_t){
        "searchText", wf_string(text ? text : wf_query_text(req->query, "searchText"))
    };
}

apr_status_t wf_user_list(wf_request_t *req, wf_error_t *err)
{
    const wf_filter_t filter = search_filter(req);

    return wf_respond_page(req, &filter, 1, render_user, err);
}

apr_status_t wf_group_list(wf_request_t *req, wf_error_t *err)
{
    const wf_filter_t filter = search_filter(req);

    return wf_respond_page(req, &filter, 1, render_group, err);
}

/* ---- users ------------------------------------------------------------------------- */

/* A member of the body that is there becomes an argument, also if it is null. */
static apr_status_t pass_text(wf_request_t *req, json_object *body, const char *name,
                              json_object *args, wf_error_t *err)
{
    const char *text;
    apr_status_t rv;

    if (!json_object_object_get_ex(body, name, NULL)) {
        return APR_SUCCESS;
    }
    if ((rv = wf_body_text(body, name, &text, req->pool, err)) == APR_SUCCESS) {
        wf_json_add_string(args, name, text);
    }
    return rv;
}

/* A password is hashed here and goes no further. */
static apr_status_t pass_password(wf_request_t *req, json_object *body, json_object *args,
                                  wf_error_t *err)
{
    const char *password, *hash = NULL;
    apr_status_t rv;

    if (!json_object_object_get_ex(body, "password", NULL)) {
        return APR_SUCCESS;
    }
    rv = wf_body_text(body, "password", &password, req->pool, err);
    if (rv == APR_SUCCESS && password) {
        rv = wf_password_hash(&hash, password, req->pool, err);
    }
    if (rv == APR_SUCCESS) {
        wf_json_add_string(args, "passwordHash", hash);
    }
    return rv;
}

static apr_status_t send_user(wf_request_t *req, wf_command_e command, const char *id,
                              json_object *body, wf_error_t *err)
{
    static const char *const names[] = { "firstName", "lastName", "email" };
    json_object *args = wf_args_create(req);
    apr_status_t rv = APR_SUCCESS;

    wf_json_add_string(args, "id", id);
    for (apr_size_t i = 0; rv == APR_SUCCESS && i < sizeof names / sizeof names[0]; i++) {
        rv = pass_text(req, body, names[i], args, err);
    }
    if (rv == APR_SUCCESS) {
        rv = pass_password(req, body, args, err);
    }
    return rv == APR_SUCCESS ? wf_respond_command(req, command, args, err) : rv;
}

apr_status_t wf_user_create(wf_request_t *req, wf_error_t *err)
{
    json_object *body;
    const char *id;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_string(body, "id", &id, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    return send_user(req, WF_CMD_USER_CREATE, id, body, err);
}

apr_status_t wf_user_change(wf_request_t *req, wf_error_t *err)
{
    const char *id = wf_request_var(req, "userId"), *other;
    json_object *body;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_text(body, "id", &other, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    if (other && strcmp(other, id) != 0) {
        return wf_error_field(err, WF_ERR_INVALID, "id",
                              "field 'id': the id of a user cannot be changed");
    }
    return send_user(req, WF_CMD_USER_CHANGE, id, body, err);
}

static apr_status_t delete_by_id(wf_request_t *req, wf_command_e command,
                                 const char *variable, wf_error_t *err)
{
    json_object *args = wf_args_create(req);

    wf_json_add_string(args, "id", wf_request_var(req, variable));
    return wf_respond_command(req, command, args, err);
}

apr_status_t wf_user_delete(wf_request_t *req, wf_error_t *err)
{
    return delete_by_id(req, WF_CMD_USER_DELETE, "userId", err);
}

/* ---- groups ------------------------------------------------------------------------ */

apr_status_t wf_group_create(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req), *body;
    const char *id, *name, *type;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_string(body, "id", &id, req->pool, err)) != APR_SUCCESS
        || (rv = wf_body_text(body, "name", &name, req->pool, err)) != APR_SUCCESS
        || (rv = wf_body_text(body, "type", &type, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_string(args, "id", id);
    wf_json_add_string(args, "name", name);
    wf_json_add_string(args, "type", type ? type : req->config->assignment_type);
    return wf_respond_command(req, WF_CMD_GROUP_CREATE, args, err);
}

apr_status_t wf_group_delete(wf_request_t *req, wf_error_t *err)
{
    return delete_by_id(req, WF_CMD_GROUP_DELETE, "groupId", err);
}

/* ---- memberships ------------------------------------------------------------------- */

static void add_ids(json_object *args, const char *name, const apr_array_header_t *ids)
{
    json_object *array = json_object_new_array();

    for (int i = 0; i < ids->nelts; i++) {
        json_object_array_add(
            array, json_object_new_string(APR_ARRAY_IDX(ids, i, const char *)));
    }
    json_object_object_add(args, name, array);
}

/* The object of the path on one side, the ids of the body on the other. */
static apr_status_t join(wf_request_t *req, const char *variable, const char *one,
                         const char *many, wf_error_t *err)
{
    apr_array_header_t *owner = apr_array_make(req->pool, 1, sizeof(const char *)), *ids;
    json_object *args = wf_args_create(req);
    apr_status_t rv = wf_request_array(req, &ids, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    APR_ARRAY_PUSH(owner, const char *) = wf_request_var(req, variable);
    add_ids(args, one, owner);
    add_ids(args, many, ids);
    return wf_respond_command(req, WF_CMD_JOIN, args, err);
}

apr_status_t wf_user_join(wf_request_t *req, wf_error_t *err)
{
    return join(req, "userId", "users", "groups", err);
}

apr_status_t wf_group_join(wf_request_t *req, wf_error_t *err)
{
    return join(req, "groupId", "groups", "users", err);
}

apr_status_t wf_membership_delete(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req);

    wf_json_add_string(args, "user", wf_request_var(req, "userId"));
    wf_json_add_string(args, "group", wf_request_var(req, "groupId"));
    return wf_respond_command(req, WF_CMD_LEAVE, args, err);
}
