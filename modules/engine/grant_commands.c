/* Commands on rights on process definitions; and the question that is asked again where
 * the answer may have changed since a child asked it. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

#define MAX_KEY 255 /* bytes of a key, and of an id */

/* ---- what is asked for ----------------------------------------------------------------- */

static apr_status_t read_id(wf_work_t *work, const char *name, const char **id,
                            wf_error_t *err)
{
    apr_status_t rv = wf_args_text(work->args, name, MAX_KEY, id, err);

    if (rv == APR_SUCCESS && *id && (!**id || wf_has_control(*id))) {
        rv = wf_error_field(err, WF_ERR_INVALID, name,
                            "'%s' is empty or has control characters", name);
    }
    return rv;
}

static apr_status_t read_key(wf_work_t *work, const char **key, wf_error_t *err)
{
    apr_status_t rv = read_id(work, "processDefinitionKey", key, err);

    return rv == APR_SUCCESS && !*key
               ? wf_error_field(err, WF_ERR_INVALID, "processDefinitionKey",
                                "'processDefinitionKey' is missing")
               : rv;
}

/* Users may be httpd's and unknown here; whose groups count is told by ours alone. */
static apr_status_t read_holder(wf_work_t *work, const char **user, const char **group,
                                wf_error_t *err)
{
    wf_group_t *row = NULL;
    apr_status_t rv = read_id(work, "userId", user, err);

    if (rv == APR_SUCCESS) {
        rv = read_id(work, "groupId", group, err);
    }
    if (rv == APR_SUCCESS && !*user == !*group) {
        return wf_error_field(err, WF_ERR_INVALID, "userId",
                              "one of the fields 'userId' and 'groupId' is required%s",
                              *user ? ", not both" : "");
    }
    if (rv == APR_SUCCESS && *group) {
        rv = wf_uow_get_by_key(work->uow, WF_TABLE_GROUP, *group, &row, err);
        if (rv == APR_SUCCESS && !row) {
            return wf_error_field(err, WF_ERR_NOT_FOUND, "groupId",
                                  "no group with id '%s'", *group);
        }
    }
    return rv;
}

static apr_status_t read_rights(wf_work_t *work, int *rights, wf_error_t *err)
{
    /* clang-format off */
    static const struct { const char *name; int bits; } names[] = {
        { "start",   WF_RIGHT_START },
        { "read",    WF_RIGHT_READ },
        { "operate", WF_RIGHT_OPERATE | WF_RIGHT_READ },
    };
    /* clang-format on */
    json_object *list = wf_json_get(work->args, "rights");

    *rights = 0;
    if (!json_object_is_type(list, json_type_array)) {
        return wf_error_field(err, WF_ERR_INVALID, "rights",
                              "'rights' must be an array of start, read and operate");
    }
    for (apr_size_t i = 0; i < json_object_array_length(list); i++) {
        const char *word = json_object_get_string(json_object_array_get_idx(list, i));
        int bits = 0;

        for (apr_size_t k = 0; word && k < sizeof(names) / sizeof(names[0]); k++) {
            bits |= strcmp(names[k].name, word) == 0 ? names[k].bits : 0;
        }
        if (!bits) {
            return wf_error_field(err, WF_ERR_INVALID, "rights",
                                  "'rights' may have start, read and operate, not '%s'",
                                  word ? word : "null");
        }
        *rights |= bits;
    }
    return APR_SUCCESS;
}

/* ---- commands -------------------------------------------------------------------------- */

static int same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static apr_status_t find_grant(wf_work_t *work, const char *key, const char *user,
                               const char *group, wf_grant_t **grant, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv =
        wf_uow_select_grants(work->uow, WF_BY_GRANTS_OF_KEY, key, &rows, err);

    *grant = NULL;
    for (int i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_grant_t *row = APR_ARRAY_IDX(rows, i, wf_grant_t *);

        if (same(row->user_id, user) && same(row->group_id, group)) {
            *grant = row;
        }
    }
    return rv;
}

/* These rights and no others; none are no row. */
static apr_status_t put_grant(wf_work_t *work, const char *key, const char *user,
                              const char *group, int rights, wf_error_t *err)
{
    wf_grant_t *grant;
    apr_status_t rv = find_grant(work, key, user, group, &grant, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rights) {
        if (grant) {
            wf_uow_delete(work->uow, grant);
        }
        return APR_SUCCESS;
    }
    if (!grant) {
        grant = wf_uow_insert(work->uow, WF_TABLE_GRANT);
        grant->key = key;
        grant->user_id = user;
        grant->group_id = group;
    }
    grant->start = (rights & WF_RIGHT_START) != 0;
    grant->read = (rights & WF_RIGHT_READ) != 0;
    grant->operate = (rights & WF_RIGHT_OPERATE) != 0;
    wf_uow_update(work->uow, grant);
    return APR_SUCCESS;
}

/* grant.set {processDefinitionKey, userId or groupId, rights} */
apr_status_t wf_command_grant_set(wf_work_t *work, wf_error_t *err)
{
    const char *key, *user, *group;
    apr_status_t rv;
    int rights;

    if ((rv = read_key(work, &key, err)) != APR_SUCCESS
        || (rv = read_holder(work, &user, &group, err)) != APR_SUCCESS
        || (rv = read_rights(work, &rights, err)) != APR_SUCCESS) {
        return rv;
    }
    return put_grant(work, key, user, group, rights, err);
}

apr_status_t wf_grants_found(wf_work_t *work, const char *key, wf_error_t *err)
{
    return put_grant(work, key, work->user, NULL, WF_RIGHT_ANY, err);
}

apr_status_t wf_grants_operate(wf_work_t *work, const char *key, wf_error_t *err)
{
    int rights = 0;
    apr_status_t rv = wf_store_rights(work->reader, work->user, key, &rights, err);

    if (rv != APR_SUCCESS || (rights & WF_RIGHT_OPERATE)) {
        return rv;
    }
    return wf_error_set(err, WF_ERR_FORBIDDEN,
                        "user '%s' has no right to operate '%s', of which there are "
                        "versions already",
                        work->user, key);
}

apr_status_t wf_grants_forget(wf_work_t *work, wf_relation_e relation, const char *id,
                              wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select_grants(work->uow, relation, id, &rows, err);

    for (int i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_uow_delete(work->uow, APR_ARRAY_IDX(rows, i, wf_grant_t *));
    }
    return rv;
}

/* grant.clear {processDefinitionKey} */
apr_status_t wf_command_grant_clear(wf_work_t *work, wf_error_t *err)
{
    const char *key;
    apr_status_t rv = read_key(work, &key, err);

    return rv == APR_SUCCESS ? wf_grants_forget(work, WF_BY_GRANTS_OF_KEY, key, err) : rv;
}

/* ---- whose a task is ------------------------------------------------------------------- */

static apr_status_t is_candidate(wf_work_t *work, wf_id_t task, int *is, wf_error_t *err)
{
    apr_array_header_t *links;
    apr_status_t rv = wf_uow_select(work->uow, WF_BY_LINKS_OF_TASK, task, &links, err);

    *is = 0;
    for (int i = 0; rv == APR_SUCCESS && !*is && i < links->nelts; i++) {
        const wf_identitylink_t *link = APR_ARRAY_IDX(links, i, wf_identitylink_t *);
        wf_membership_t *membership = NULL;

        if (!same(link->type, "candidate")) {
            continue;
        }
        if (link->group_id) {
            rv = wf_uow_get_membership(work->uow, work->user, link->group_id, &membership,
                                       err);
        }
        *is = membership || (link->user_id && same(link->user_id, work->user));
    }
    return rv;
}

apr_status_t wf_permit_own_task(wf_work_t *work, wf_error_t *err)
{
    wf_id_t id = wf_json_int(work->args, "task", wf_json_int(work->args, "id", 0));
    apr_status_t rv;
    wf_task_t *task;
    int his;

    rv = wf_uow_get(work->uow, WF_TABLE_TASK, id, &task, err);
    if (rv != APR_SUCCESS || !task) {
        return rv;
    }
    his =
        work->user && (same(task->assignee, work->user) || same(task->owner, work->user));
    if (!his && !task->assignee && work->user) {
        rv = is_candidate(work, id, &his, err);
    }
    if (rv != APR_SUCCESS || his) {
        return rv;
    }
    return wf_error_set(err, WF_ERR_FORBIDDEN,
                        "task %" APR_INT64_T_FMT " is somebody else's by now", id);
}
