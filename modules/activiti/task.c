/* User tasks: counts, lists, one task, claim and complete. */
#include "activiti/internal.h"

#include <string.h>

/* ---- summary ----------------------------------------------------------------------- */

static json_object *render_summary(const wf_task_summary_t *summary)
{
    json_object *o = json_object_new_object();
    json_object *assigned = json_object_new_object();
    json_object *unassigned = json_object_new_object();
    json_object *groups = json_object_new_object();

    for (int i = 0; i < summary->groups->nelts; i++) {
        const wf_group_count_t *group =
            &APR_ARRAY_IDX(summary->groups, i, wf_group_count_t);

        wf_json_add_int(groups, group->group_id, group->count);
    }
    wf_json_add_int(assigned, "total", summary->assigned);
    wf_json_add_int(unassigned, "total", summary->unassigned);
    json_object_object_add(unassigned, "groups", groups);
    json_object_object_add(o, "assigned", assigned);
    json_object_object_add(o, "unassigned", unassigned);
    return o;
}

apr_status_t wf_tasks_summary(wf_request_t *req, wf_error_t *err)
{
    wf_task_summary_t summary;
    wf_store_t *store;
    const char *user;
    apr_status_t rv = wf_query_required(req->query, "user", &user, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    rv = wf_store_task_summary(store, user, req->config->assignment_type, &summary,
                               req->pool, err);
    return rv == APR_SUCCESS ? wf_respond_json(req, 200, render_summary(&summary)) : rv;
}

/* ---- lists ------------------------------------------------------------------------- */

/* id and executionId are numbers, all other ids of the interface are strings: that is how
 * the documentation of Activiti 5.0 shows them. */
static json_object *render_task(const void *row, apr_pool_t *p)
{
    const wf_task_t *task = row;
    json_object *o = json_object_new_object();

    (void)p;
    wf_json_add_int(o, "id", task->id);
    wf_json_add_string(o, "name", task->name);
    wf_json_add_string(o, "description", task->description);
    wf_json_add_int(o, "priority", task->priority);
    wf_json_add_string(o, "assignee", task->assignee);
    wf_json_add_int(o, "executionId", task->execution_id);
    wf_json_add_id(o, "processInstanceId", task->proc_inst_id);
    wf_json_add_string(o, "formResourceKey", task->form_key);
    return o;
}

apr_status_t wf_task_list(wf_request_t *req, wf_error_t *err)
{
    static const char *const names[] = { "assignee", "candidate", "candidate-group" };

    for (apr_size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        wf_filter_t filter = { names[i], wf_string(wf_query_text(req->query, names[i])) };

        if (filter.value.type != WF_NULL) {
            return wf_respond_page(req, &filter, 1, render_task, err);
        }
    }
    return wf_error_set(err, WF_ERR_INVALID,
                        "one of the query parameters 'assignee', 'candidate' and "
                        "'candidate-group' is required");
}

/* ---- one task ---------------------------------------------------------------------- */

static apr_status_t no_task(const char *id, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_NOT_FOUND, "no task with id '%s'", id);
}

apr_status_t wf_task_get(wf_request_t *req, wf_error_t *err)
{
    const char *text = wf_request_var(req, "taskId");
    wf_store_t *store;
    wf_task_t *task;
    apr_status_t rv;
    wf_id_t id;

    if (!wf_id_parse(text, &id)) {
        return no_task(text, err);
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    rv = wf_store_get(store, WF_TABLE_TASK, id, &task, req->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return task ? wf_respond_json(req, 200, render_task(task, req->pool))
                : no_task(text, err);
}

/* ---- operations -------------------------------------------------------------------- */

typedef struct operation_t {
    const char *name;
    int command;   /* wf_command_e; -1 = a reserved name, not done */
    int variables; /* the command stores the body's variables */
} operation_t;

static const operation_t operations[] = {
    /* clang-format off */
    { "claim",    WF_CMD_CLAIM,    0 },
    { "complete", WF_CMD_COMPLETE, 1 },
    { "start",    -1,              0 },
    { "stop",     -1,              0 },
    { "revoke",   -1,              0 },
    { "suspend",  -1,              0 },
    { "resume",   -1,              0 },
    /* clang-format on */
};

static const operation_t *find_operation(const char *name, wf_error_t *err)
{
    for (apr_size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            if (operations[i].command >= 0) {
                return &operations[i];
            }
            wf_error_set(err, WF_ERR_UNSUPPORTED, "task operation '%s' is not supported",
                         name);
            return NULL;
        }
    }
    wf_error_set(err, WF_ERR_INVALID, "unknown task operation '%s'", name);
    return NULL;
}

apr_status_t wf_task_operation(wf_request_t *req, wf_error_t *err)
{
    const char *text = wf_request_var(req, "taskId");
    const operation_t *operation = find_operation(wf_request_var(req, "operation"), err);
    wf_ipc_call_t call = { 0 };
    json_object *body;
    wf_map_t *vars;
    apr_status_t rv;
    wf_id_t id;

    if (!operation) {
        return WF_EFAILED;
    }
    /* The rules of the body hold for every operation, also one that stores nothing. */
    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_variables_read(&vars, body, "taskId", req->pool, err))
               != APR_SUCCESS) {
        return rv;
    }
    if (!wf_id_parse(text, &id)) {
        return no_task(text, err);
    }
    call.command = (wf_command_e)operation->command;
    call.args = wf_json_own(json_object_new_object(), req->pool);
    wf_json_add_int(call.args, "id", id);
    if (operation->variables) {
        json_object_object_add(call.args, "variables", wf_vars_to_json(vars));
    }
    rv = wf_request_call(req, &call, NULL, err);
    return rv == APR_SUCCESS ? wf_respond_success(req) : rv;
}
