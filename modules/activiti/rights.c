/* Rights on process definitions: the one place that decides, from the needs in the table
 * of routes, what a caller may see and do. Levels were checked before; an administrator
 * may everything. */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <string.h>

/* A caller for whom rights count. */
typedef struct limited_t {
    int everywhere; /* rights on all definitions */
    int own_task;   /* he gets through because a task is his: the engine asks again */
} limited_t;

/* What an object belongs to. */
typedef struct owner_t {
    const char *definition; /* NULL: to no definition, and to everybody */
    int his;                /* a task that he has … */
    int shown;              /* … or had been a candidate for, before somebody took it */
} owner_t;

static limited_t *limited_of(const wf_request_t *req)
{
    return (limited_t *)req->permitted;
}

int wf_rights_count(const wf_request_t *req)
{
    return req->permitted != NULL;
}

/* Keys have no colon, so this is right also when the definition itself is gone. */
static const char *key_of(const char *definition, apr_pool_t *p)
{
    const char *id = wf_definition_id(definition, p), *colon = strrchr(id, ':');

    return colon ? apr_pstrmemdup(p, id, (apr_size_t)(colon - id)) : id;
}

/* ---- the answer ---------------------------------------------------------------------- */

static apr_status_t refuse(int right, const char *definition, wf_error_t *err)
{
    const char *what = right == WF_RIGHT_START     ? "start"
                       : right == WF_RIGHT_OPERATE ? "operate"
                                                   : "read";

    return definition ? wf_error_set(err, WF_ERR_FORBIDDEN,
                                     "this call needs the right to %s process definition "
                                     "'%s'",
                                     what, definition)
                      : wf_error_set(err, WF_ERR_FORBIDDEN,
                                     "this call needs the right to %s all process "
                                     "definitions",
                                     what);
}

/* seen_by: rights that show the object. */
static apr_status_t judge(wf_request_t *req, const owner_t *owner, int right, int seen_by,
                          int *seen, wf_error_t *err)
{
    limited_t *limited = limited_of(req);
    wf_store_t *store = wf_request_store(req, err);
    int rights = WF_RIGHT_ANY;
    apr_status_t rv = store ? APR_SUCCESS : WF_EFAILED;

    if (rv == APR_SUCCESS && owner->definition) {
        rv = wf_store_rights(store, req->user, key_of(owner->definition, req->pool),
                             &rights, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rights |= owner->shown ? WF_RIGHT_READ : 0;
    if (owner->his && (rights & right) != right) {
        limited->own_task = right == WF_RIGHT_OPERATE;
        rights |= WF_RIGHT_READ | WF_RIGHT_OPERATE;
    }
    *seen = (rights & seen_by) != 0;
    return !*seen || (rights & right) ? APR_SUCCESS
                                      : refuse(right, owner->definition, err);
}

/* ---- whose an object is -------------------------------------------------------------- */

/* Sub-tasks belong where the task above them all does. */
static apr_status_t definition_of_task(wf_store_t *store, const wf_task_t *task,
                                       const char **definition, apr_pool_t *p,
                                       wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && task && !task->proc_def_id && task->parent_task_id) {
        wf_task_t *above;

        rv = wf_store_get(store, WF_TABLE_TASK, task->parent_task_id, &above, p, err);
        task = above;
    }
    *definition = task ? task->proc_def_id : NULL;
    return rv;
}

static apr_status_t definition_of_old_task(wf_store_t *store,
                                           const wf_hi_taskinst_t *task,
                                           const char **definition, apr_pool_t *p,
                                           wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && task && !task->proc_def_id && task->parent_task_id) {
        wf_hi_taskinst_t *above;

        rv = wf_store_get(store, WF_TABLE_HI_TASKINST, task->parent_task_id, &above, p,
                          err);
        task = above;
    }
    *definition = task ? task->proc_def_id : NULL;
    return rv;
}

/** Who owns a row, for a caller who wants a right on it. */
typedef apr_status_t owner_fn(wf_request_t *req, const void *row, int right,
                              owner_t *owner, wf_error_t *err);

static apr_status_t owner_of_instance(wf_request_t *req, const void *row, int right,
                                      owner_t *owner, wf_error_t *err)
{
    (void)req, (void)right, (void)err;
    owner->definition = ((const wf_hi_procinst_t *)row)->proc_def_id;
    return APR_SUCCESS;
}

static apr_status_t owner_of_execution(wf_request_t *req, const void *row, int right,
                                       owner_t *owner, wf_error_t *err)
{
    (void)req, (void)right, (void)err;
    owner->definition = ((const wf_execution_t *)row)->proc_def_id;
    return APR_SUCCESS;
}

static apr_status_t owner_of_external(wf_request_t *req, const void *row, int right,
                                      owner_t *owner, wf_error_t *err)
{
    (void)req, (void)right, (void)err;
    owner->definition = ((const wf_external_task_t *)row)->proc_def_id;
    return APR_SUCCESS;
}

/* A candidate sees a task also when somebody else has it, but no longer works on it. */
static apr_status_t owner_of_task(wf_request_t *req, const void *row, int right,
                                  owner_t *owner, wf_error_t *err)
{
    const wf_task_t *task = row;
    wf_store_t *store = wf_request_store(req, err);
    apr_status_t rv = definition_of_task(store, task, &owner->definition, req->pool, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_has_task(store, req->user, task->id, 1, &owner->shown, err);
    }
    if (rv == APR_SUCCESS && owner->shown && right != WF_RIGHT_READ) {
        rv = wf_store_has_task(store, req->user, task->id, 0, &owner->his, err);
    }
    return rv;
}

static apr_status_t owner_of_old_task(wf_request_t *req, const void *row, int right,
                                      owner_t *owner, wf_error_t *err)
{
    const wf_hi_taskinst_t *task = row;

    (void)right;
    owner->his = (task->assignee && strcmp(task->assignee, req->user) == 0)
                 || (task->owner && strcmp(task->owner, req->user) == 0);
    return definition_of_old_task(wf_request_store(req, err), task, &owner->definition,
                                  req->pool, err);
}

/* It belongs to its task, which may have ended. */
static apr_status_t owner_of_attachment(wf_request_t *req, const void *row, int right,
                                        owner_t *owner, wf_error_t *err)
{
    const wf_attachment_t *attachment = row;
    wf_store_t *store = wf_request_store(req, err);
    wf_hi_taskinst_t *old = NULL;
    wf_hi_procinst_t *instance = NULL;
    wf_task_t *task;
    apr_status_t rv =
        wf_store_get(store, WF_TABLE_TASK, attachment->task_id, &task, req->pool, err);

    if (rv == APR_SUCCESS && task) {
        return owner_of_task(req, task, right, owner, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_store_get(store, WF_TABLE_HI_TASKINST, attachment->task_id, &old,
                          req->pool, err);
    }
    if (rv == APR_SUCCESS && old) {
        return owner_of_old_task(req, old, right, owner, err);
    }
    if (rv == APR_SUCCESS && attachment->proc_inst_id) {
        rv = wf_store_get(store, WF_TABLE_HI_PROCINST, attachment->proc_inst_id,
                          &instance, req->pool, err);
        owner->definition = instance ? instance->proc_def_id : "";
    }
    return rv;
}

/* ---- what a path names --------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *variable, *kind;
    wf_table_e table;
    owner_fn *owner;
} objects[] = {
    [WF_OF_INSTANCE]      = { "processInstanceId", "process instance", WF_TABLE_HI_PROCINST,
                              owner_of_instance },
    [WF_OF_EXECUTION]     = { "executionId", "execution", WF_TABLE_EXECUTION,
                              owner_of_execution },
    [WF_OF_TASK]          = { "taskId", "task", WF_TABLE_TASK, owner_of_task },
    [WF_OF_OLD_TASK]      = { "taskId", "task", WF_TABLE_HI_TASKINST, owner_of_old_task },
    [WF_OF_ATTACHMENT]    = { "attachmentId", "attachment", WF_TABLE_ATTACHMENT,
                              owner_of_attachment },
    [WF_OF_EXTERNAL_TASK] = { "externalTaskId", "external task", WF_TABLE_EXTERNAL_TASK,
                              owner_of_external },
};
/* clang-format on */

static apr_status_t permit_row(wf_request_t *req, wf_needs_e object, const void *row,
                               const char *id, int right, wf_error_t *err)
{
    owner_t owner = { 0 };
    int seen = 0;
    apr_status_t rv = objects[object].owner(req, row, right, &owner, err);

    if (rv == APR_SUCCESS) {
        rv = judge(req, &owner, right, WF_RIGHT_READ, &seen, err);
    }
    return rv != APR_SUCCESS || seen ? rv : wf_no_object(objects[object].kind, id, err);
}

/* What a request that comes again is about may be gone by what it did the first time. */
static apr_status_t unless_done(wf_request_t *req, apr_status_t rv, wf_error_t *err)
{
    if (rv != APR_SUCCESS && err->kind == WF_ERR_NOT_FOUND && wf_request_repeats(req)) {
        wf_error_init(err, err->pool);
        return APR_SUCCESS;
    }
    return rv;
}

static apr_status_t permit_object(wf_request_t *req, wf_needs_e object, int right,
                                  wf_error_t *err)
{
    const char *variable = objects[object].variable;
    void *row;
    apr_status_t rv = wf_path_row(req, variable, objects[object].table,
                                  objects[object].kind, &row, err);

    return rv == APR_SUCCESS
               ? permit_row(req, object, row, wf_request_var(req, variable), right, err)
               : unless_done(req, rv, err);
}

/* Any right shows a definition: who may start it wants to know what it is. */
static apr_status_t permit_definition(wf_request_t *req, wf_error_t *err)
{
    wf_definition_t *definition;
    owner_t owner = { 0 };
    int seen = 0;
    apr_status_t rv = wf_path_definition(req, &definition, err);

    if (rv == APR_SUCCESS) {
        owner.definition = definition->id;
        rv = judge(req, &owner, WF_RIGHT_ANY, WF_RIGHT_ANY, &seen, err);
    }
    return rv != APR_SUCCESS || seen
               ? rv
               : wf_no_object("process definition",
                              wf_request_var(req, "processDefinitionId"), err);
}

/* Its files tell of all its definitions. Of several that are seen and one that is not,
 * nothing is told. */
static apr_status_t permit_definitions_of(wf_request_t *req, wf_id_t deployment,
                                          int right, wf_error_t *err)
{
    wf_store_t *store = wf_request_store(req, err);
    apr_array_header_t *definitions;
    apr_status_t rv = store ? wf_store_select(store, WF_BY_DEFINITIONS_OF_DEPLOYMENT,
                                              deployment, &definitions, req->pool, err)
                            : WF_EFAILED;
    wf_error_t refused;
    int forbidden = 0;

    wf_error_init(&refused, req->pool);
    for (int i = 0; rv == APR_SUCCESS && i < definitions->nelts; i++) {
        owner_t owner = { APR_ARRAY_IDX(definitions, i, wf_definition_t *)->id, 0, 0 };
        int seen;

        rv = judge(req, &owner, right, WF_RIGHT_ANY, &seen, &refused);
        if (rv != APR_SUCCESS && refused.kind == WF_ERR_FORBIDDEN) {
            forbidden = 1;
            rv = APR_SUCCESS;
        }
        else if (rv == APR_SUCCESS && !seen) {
            return wf_no_object("deployment",
                                apr_psprintf(req->pool, "%" APR_INT64_T_FMT, deployment),
                                err);
        }
    }
    if (rv != APR_SUCCESS || forbidden) {
        wf_error_copy(err, &refused);
        return WF_EFAILED;
    }
    return APR_SUCCESS;
}

static apr_status_t permit_deployment(wf_request_t *req, wf_error_t *err)
{
    wf_deployment_t *deployment;
    apr_status_t rv = wf_path_row(req, "deploymentId", WF_TABLE_DEPLOYMENT, "deployment",
                                  &deployment, err);

    return rv == APR_SUCCESS
               ? permit_definitions_of(req, deployment->id, WF_RIGHT_ANY, err)
               : rv;
}

/* ---- the caller ---------------------------------------------------------------------- */

static apr_status_t limit(wf_request_t *req, wf_error_t *err)
{
    limited_t *limited;
    wf_store_t *store;
    wf_error_t refused;

    if (!req->config->definition_rights || req->route->level == WF_LEVEL_NONE) {
        return APR_SUCCESS;
    }
    wf_error_init(&refused, req->pool);
    if (wf_request_check_level(req, WF_LEVEL_ADMIN, &refused) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if (refused.kind != WF_ERR_FORBIDDEN) {
        wf_error_copy(err, &refused);
        return WF_EFAILED;
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    req->permitted = limited = apr_pcalloc(req->pool, sizeof *limited);
    return wf_store_rights(store, req->user, WF_EVERY_KEY, &limited->everywhere, err);
}

apr_status_t wf_rights_permit(wf_request_t *req, wf_error_t *err)
{
    int needs = wf_route_target(req->route)->needs;
    wf_needs_e object = (wf_needs_e)(needs >> 3);
    int right = needs & WF_RIGHT_ANY;
    apr_status_t rv = limit(req, err);

    if (rv != APR_SUCCESS || !wf_rights_count(req)) {
        return rv;
    }
    switch (object) {
    case WF_OF_NONE:
    case WF_OF_LIST:
    case WF_OF_BODY:
        return APR_SUCCESS;
    case WF_OF_ALL:
        return limited_of(req)->everywhere & right ? APR_SUCCESS
                                                   : refuse(right, NULL, err);
    case WF_OF_DEFINITION:
        return permit_definition(req, err);
    case WF_OF_DEPLOYMENT:
        return permit_deployment(req, err);
    case WF_OF_UNTOLD:
        return wf_auth_refuse(WF_LEVEL_ADMIN, err);
    default:
        return permit_object(req, object, right, err);
    }
}

/* ---- what a body names --------------------------------------------------------------- */

apr_status_t wf_rights_task(wf_request_t *req, wf_id_t id, int right, wf_error_t *err)
{
    const char *text = apr_psprintf(req->pool, "%" APR_INT64_T_FMT, id);
    wf_store_t *store;
    wf_task_t *task;
    apr_status_t rv;

    if (!wf_rights_count(req)) {
        return APR_SUCCESS;
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    rv = wf_store_get(store, WF_TABLE_TASK, id, &task, req->pool, err);
    if (rv != APR_SUCCESS || !task) {
        return rv == APR_SUCCESS ? wf_no_object("task", text, err) : rv;
    }
    return permit_row(req, WF_OF_TASK, task, text, right, err);
}

apr_status_t wf_rights_undeploy(wf_request_t *req, wf_id_t id, wf_error_t *err)
{
    return wf_rights_count(req) ? permit_definitions_of(req, id, WF_RIGHT_OPERATE, err)
                                : APR_SUCCESS;
}

apr_status_t wf_rights_start(wf_request_t *req, const char *id, const char *key,
                             wf_error_t *err)
{
    /* Rights go by the key: any version stands for all. */
    owner_t owner = { id ? id : apr_pstrcat(req->pool, key, ":1", NULL), 0, 0 };
    int seen = 0;
    apr_status_t rv;

    if (!wf_rights_count(req)) {
        return APR_SUCCESS;
    }
    rv = judge(req, &owner, WF_RIGHT_START, WF_RIGHT_ANY, &seen, err);
    if (rv != APR_SUCCESS || seen) {
        return rv;
    }
    return wf_error_field(
        err, WF_ERR_NOT_FOUND, id ? "processDefinitionId" : "processDefinitionKey",
        "no process definition with %s '%s'", id ? "id" : "key", id ? id : key);
}

/* ---- lists, and the engine ----------------------------------------------------------- */

const char *wf_rights_viewer(const wf_request_t *req)
{
    const limited_t *limited = limited_of(req);

    return limited && !(limited->everywhere & WF_RIGHT_READ) ? req->user : NULL;
}

void wf_rights_filter(const wf_request_t *req, wf_list_e list, wf_filter_t *filter)
{
    int by_any = list == WF_LIST_DEFINITIONS || list == WF_LIST_DEPLOYMENTS;
    const char *viewer = wf_rights_viewer(req);

    if (viewer && by_any && limited_of(req)->everywhere) {
        viewer = NULL;
    }
    filter->name = WF_FILTER_VISIBLE;
    filter->value = wf_string(viewer);
}

apr_status_t wf_rights_keys(wf_request_t *req, int right, apr_array_header_t **keys,
                            wf_error_t *err)
{
    const limited_t *limited = limited_of(req);
    wf_store_t *store;

    *keys = NULL;
    if (!limited || (limited->everywhere & right)) {
        return APR_SUCCESS;
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    return wf_store_granted_keys(store, req->user, right, keys, req->pool, err);
}

void wf_rights_args(const wf_request_t *req, json_object *args)
{
    if (wf_rights_count(req) && limited_of(req)->own_task) {
        wf_json_add_bool(args, "ownTask", 1);
    }
}
