/* Commands on users, groups and memberships. All of them queue up on one lane, so each
 * sees what the one before it has written; between engines on one store the unique keys
 * hold. Passwords arrive as hashes. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

#define MAX_ID 255       /* bytes */
#define MAX_TEXT 255     /* characters */
#define MAX_MEMBERS 1000 /* ids of one command, and memberships that it makes */
#define ADMIN_GROUP_NAME "System administrator"

apr_status_t wf_lane_of_identity(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    (void)work;
    (void)err;
    lane->kind = WF_LANE_IDENTITY;
    return APR_SUCCESS;
}

/* ---- texts ------------------------------------------------------------------------------------ */

/* Ids are free text within reason. A colon would end the user's name in Basic
 * credentials. */
static apr_status_t check_new_id(const char *id, int of_user, wf_error_t *err)
{
    const char *noun = of_user ? "user" : "group";

    if (!*id) {
        return wf_error_field(err, WF_ERR_INVALID, "id", "a %s needs an id", noun);
    }
    if (strlen(id) > MAX_ID) {
        return wf_error_field(err, WF_ERR_INVALID, "id",
                              "the id of the %s is longer than %d bytes", noun, MAX_ID);
    }
    if (wf_has_control(id)) {
        return wf_error_field(err, WF_ERR_INVALID, "id",
                              "the id of the %s contains control characters", noun);
    }
    if (of_user && strchr(id, ':')) {
        return wf_error_field(err, WF_ERR_INVALID, "id",
                              "the id of a user cannot contain a colon");
    }
    return APR_SUCCESS;
}

/* A member of the arguments, if it is there: null takes the text away. */
static apr_status_t take_text(wf_work_t *work, const char *name, const char **text,
                              wf_error_t *err)
{
    json_object *value;
    const char *given;

    if (!json_object_object_get_ex(work->args, name, &value)) {
        return APR_SUCCESS;
    }
    given = wf_json_string(work->args, name, NULL);
    if (value && !given) {
        return wf_error_field(err, WF_ERR_INVALID, name, "field '%s' must be a text",
                              name);
    }
    if (given && wf_utf8_cut(given, MAX_TEXT, work->pool) != given) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "field '%s' is longer than %d characters", name, MAX_TEXT);
    }
    *text = apr_pstrdup(work->pool, given);
    return APR_SUCCESS;
}

/* ---- rows ------------------------------------------------------------------------------------- */

static const char *argument(wf_work_t *work, const char *name)
{
    return wf_json_string(work->args, name, "");
}

static apr_status_t find_user(wf_work_t *work, const char *id, wf_user_t **user,
                              wf_error_t *err)
{
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_USER, id, user, err);

    if (rv == APR_SUCCESS && !*user) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "no user with id '%s'", id);
    }
    return rv;
}

static apr_status_t find_group(wf_work_t *work, const char *id, wf_group_t **group,
                               wf_error_t *err)
{
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_GROUP, id, group, err);

    if (rv == APR_SUCCESS && !*group) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "no group with id '%s'", id);
    }
    return rv;
}

/* What the arguments say of a user, the id aside. */
static apr_status_t fill_user(wf_work_t *work, wf_user_t *user, wf_error_t *err)
{
    /* clang-format off */
    static const struct { const char *name; apr_size_t offset; } texts[] = {
        { "firstName",    offsetof(wf_user_t, first_name) },
        { "lastName",     offsetof(wf_user_t, last_name) },
        { "email",        offsetof(wf_user_t, email) },
        { "passwordHash", offsetof(wf_user_t, password_hash) },
    };
    /* clang-format on */
    apr_status_t rv = APR_SUCCESS;

    for (apr_size_t i = 0; rv == APR_SUCCESS && i < sizeof(texts) / sizeof(texts[0]);
         i++) {
        rv = take_text(work, texts[i].name,
                       (const char **)((char *)user + texts[i].offset), err);
    }
    if (rv == APR_SUCCESS && user->password_hash
        && !wf_password_is_hash(user->password_hash)) {
        return wf_error_field(err, WF_ERR_INVALID, "passwordHash",
                              "passwords are stored as bcrypt hashes only");
    }
    return rv;
}

static wf_user_t *new_user(wf_work_t *work, const char *id)
{
    wf_user_t *user = wf_uow_insert(work->uow, WF_TABLE_USER);

    user->id = apr_pstrdup(work->pool, id);
    return user;
}

static apr_status_t drop_picture(wf_work_t *work, wf_user_t *user, wf_error_t *err)
{
    wf_bytearray_t *picture = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (user->picture_id) {
        rv = wf_uow_get(work->uow, WF_TABLE_BYTEARRAY, user->picture_id, &picture, err);
    }
    if (rv == APR_SUCCESS && picture) {
        wf_uow_delete(work->uow, picture);
    }
    user->picture_id = 0;
    return rv;
}

/* ---- users ------------------------------------------------------------------------------------ */

/* user.create {id, firstName, lastName, email, passwordHash} */
apr_status_t wf_command_user_create(wf_work_t *work, wf_error_t *err)
{
    const char *id = argument(work, "id");
    wf_user_t *user;
    apr_status_t rv = check_new_id(id, 1, err);

    if (rv == APR_SUCCESS) {
        rv = wf_uow_get_by_key(work->uow, WF_TABLE_USER, id, &user, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (user) {
        return wf_error_field(err, WF_ERR_CONFLICT, "id", "there is a user with id '%s'",
                              id);
    }
    return fill_user(work, new_user(work, id), err);
}

/* user.change {id, …}: members that are absent stay as they are. */
apr_status_t wf_command_user_change(wf_work_t *work, wf_error_t *err)
{
    wf_user_t *user;
    apr_status_t rv = find_user(work, argument(work, "id"), &user, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_uow_update(work->uow, user);
    return fill_user(work, user, err);
}

/* user.delete {id}: memberships and rights go along. */
apr_status_t wf_command_user_delete(wf_work_t *work, wf_error_t *err)
{
    wf_user_t *user;
    apr_status_t rv = find_user(work, argument(work, "id"), &user, err);

    if (rv == APR_SUCCESS) {
        rv = drop_picture(work, user, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_grants_forget(work, WF_BY_GRANTS_OF_USER, user->id, err);
    }
    if (rv == APR_SUCCESS) {
        wf_uow_delete(work->uow, user);
    }
    return rv;
}

/* user.picture {id, type} with the picture's bytes, or {id} to take it away. */
apr_status_t wf_command_user_picture(wf_work_t *work, wf_error_t *err)
{
    const char *id = argument(work, "id"), *type = argument(work, "type");
    const wf_ipc_request_t *request = work->request;
    wf_bytearray_t *picture;
    wf_user_t *user;
    apr_status_t rv = find_user(work, id, &user, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!request->blob_length && !user->picture_id) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "user '%s' has no picture", id);
    }
    rv = drop_picture(work, user, err);
    if (rv == APR_SUCCESS && request->blob_length) {
        picture = wf_uow_insert(work->uow, WF_TABLE_BYTEARRAY);
        picture->name = apr_pstrdup(work->pool, type);
        picture->bytes = request->blob;
        picture->length = request->blob_length;
        user->picture_id = picture->id;
    }
    wf_uow_update(work->uow, user);
    return rv;
}

/* ---- groups ----------------------------------------------------------------------------------- */

static wf_group_t *new_group(wf_work_t *work, const char *id)
{
    wf_group_t *group = wf_uow_insert(work->uow, WF_TABLE_GROUP);

    group->id = apr_pstrdup(work->pool, id);
    return group;
}

/* group.create {id, name, type} */
apr_status_t wf_command_group_create(wf_work_t *work, wf_error_t *err)
{
    const char *id = argument(work, "id");
    wf_group_t *group;
    apr_status_t rv = check_new_id(id, 0, err);

    if (rv == APR_SUCCESS) {
        rv = wf_uow_get_by_key(work->uow, WF_TABLE_GROUP, id, &group, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (group) {
        return wf_error_field(err, WF_ERR_CONFLICT, "id", "there is a group with id '%s'",
                              id);
    }
    group = new_group(work, id);
    rv = take_text(work, "name", &group->name, err);
    return rv == APR_SUCCESS ? take_text(work, "type", &group->type, err) : rv;
}

/* group.delete {id}: memberships and rights go along. */
apr_status_t wf_command_group_delete(wf_work_t *work, wf_error_t *err)
{
    wf_group_t *group;
    apr_status_t rv = find_group(work, argument(work, "id"), &group, err);

    if (rv == APR_SUCCESS) {
        rv = wf_grants_forget(work, WF_BY_GRANTS_OF_GROUP, group->id, err);
    }
    if (rv == APR_SUCCESS) {
        wf_uow_delete(work->uow, group);
    }
    return rv;
}

/* ---- memberships ------------------------------------------------------------------------------ */

/* Who is a member already stays one. */
static apr_status_t join(wf_work_t *work, const char *user, const char *group,
                         wf_error_t *err)
{
    wf_membership_t *membership;
    apr_status_t rv = wf_uow_get_membership(work->uow, user, group, &membership, err);

    if (rv == APR_SUCCESS && !membership) {
        membership = wf_uow_insert(work->uow, WF_TABLE_MEMBERSHIP);
        membership->user_id = user;
        membership->group_id = group;
    }
    return rv;
}

/* The rows behind an array of ids, each of which must be there; of T *. */
static apr_status_t find_all(wf_work_t *work, const char *name, wf_table_e table,
                             apr_array_header_t **rows, wf_error_t *err)
{
    json_object *ids = wf_json_get(work->args, name);
    apr_status_t rv = APR_SUCCESS;
    apr_size_t count;

    if (!json_object_is_type(ids, json_type_array)) {
        return wf_error_field(err, WF_ERR_INVALID, name, "'%s' must be an array of ids",
                              name);
    }
    count = json_object_array_length(ids);
    if (count > MAX_MEMBERS) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "more than %d ids in one call",
                            MAX_MEMBERS);
    }
    *rows = apr_array_make(work->pool, (int)count, sizeof(void *));
    for (apr_size_t i = 0; rv == APR_SUCCESS && i < count; i++) {
        const char *id = json_object_get_string(json_object_array_get_idx(ids, i));
        void *row = apr_array_push(*rows);

        rv = table == WF_TABLE_USER ? find_user(work, id ? id : "", row, err)
                                    : find_group(work, id ? id : "", row, err);
    }
    return rv;
}

/* membership.create {users, groups}: each of the users joins each of the groups. */
apr_status_t wf_command_join(wf_work_t *work, wf_error_t *err)
{
    apr_array_header_t *users, *groups;
    apr_status_t rv = find_all(work, "users", WF_TABLE_USER, &users, err);

    if (rv == APR_SUCCESS) {
        rv = find_all(work, "groups", WF_TABLE_GROUP, &groups, err);
    }
    if (rv == APR_SUCCESS && users->nelts * groups->nelts > MAX_MEMBERS) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "more than %d memberships in one call",
                            MAX_MEMBERS);
    }
    for (int u = 0; rv == APR_SUCCESS && u < users->nelts; u++) {
        for (int g = 0; rv == APR_SUCCESS && g < groups->nelts; g++) {
            rv = join(work, APR_ARRAY_IDX(users, u, wf_user_t *)->id,
                      APR_ARRAY_IDX(groups, g, wf_group_t *)->id, err);
        }
    }
    return rv;
}

/* membership.delete {user, group} */
apr_status_t wf_command_leave(wf_work_t *work, wf_error_t *err)
{
    const char *user = argument(work, "user"), *group = argument(work, "group");
    wf_membership_t *membership;
    apr_status_t rv = wf_uow_get_membership(work->uow, user, group, &membership, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!membership) {
        return wf_error_set(err, WF_ERR_NOT_FOUND,
                            "user '%s' is not a member of group '%s'", user, group);
    }
    wf_uow_delete(work->uow, membership);
    return APR_SUCCESS;
}

/* ---- the first administrator ------------------------------------------------------------------ */

/* The group that the configuration names, which is made if need be. One of another type
 * would be of no use, and its type is somebody's decision. */
static apr_status_t join_admins(wf_work_t *work, wf_user_t *user, const char **joined,
                                wf_error_t *err)
{
    const char *id = __atomic_load_n(&work->engine->admin_group, __ATOMIC_ACQUIRE);
    const char *type = __atomic_load_n(&work->engine->role_type, __ATOMIC_ACQUIRE);
    wf_group_t *group;
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_GROUP, id, &group, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (group && (!group->type || strcmp(group->type, type) != 0)) {
        return wf_error_set(
            err, WF_ERR_CONFLICT,
            "group '%s' is of type '%s' and gives no rights; only the type "
            "'%s' does",
            id, group->type ? group->type : "", type);
    }
    if (!group) {
        group = new_group(work, id);
        group->name = ADMIN_GROUP_NAME;
        group->type = type;
    }
    *joined = id;
    return join(work, user->id, group->id, err);
}

/* user.password {id, passwordHash, admin, …}: sets the password of a user, who is made if
 * need be, and with admin becomes an administrator. The reply says what was made. */
apr_status_t wf_command_user_password(wf_work_t *work, wf_error_t *err)
{
    const char *id = argument(work, "id"), *joined = NULL;
    wf_user_t *user;
    json_object *reply;
    int created;
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_USER, id, &user, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    created = !user;
    if (created && (rv = check_new_id(id, 1, err)) != APR_SUCCESS) {
        return rv;
    }
    if (created) {
        user = new_user(work, id);
    }
    wf_uow_update(work->uow, user);
    rv = fill_user(work, user, err);
    if (rv == APR_SUCCESS && wf_json_bool(work->args, "admin", 0)) {
        rv = join_admins(work, user, &joined, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    reply = work->reply = wf_json_own(json_object_new_object(), work->pool);
    wf_json_add_bool(reply, "created", created);
    wf_json_add_string(reply, "group", joined);
    return APR_SUCCESS;
}
