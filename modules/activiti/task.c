/* User tasks as they are read: counts, lists, one task. Changes: task_change.c. */
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
    if (wf_rights_viewer(req) && strcmp(user, req->user) != 0) {
        return wf_error_field(err, WF_ERR_FORBIDDEN, "user",
                              "only administrators and those who may read all process "
                              "definitions count the tasks of somebody else");
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    rv = wf_store_task_summary(store, user, req->config->assignment_type, &summary,
                               req->pool, err);
    return rv == APR_SUCCESS ? wf_respond_json(req, 200, render_summary(&summary)) : rv;
}

/* ---- one row ----------------------------------------------------------------------- */

/* A task without a process has no execution. */
static json_object *execution_json(const wf_task_t *task)
{
    return task->execution_id ? json_object_new_int64(task->execution_id) : NULL;
}

/* id and executionId are numbers, all other ids of the interface are strings: that is how
 * the documentation of Activiti 5.0 shows them. Its members come first, then those that
 * 5.10 added. */
json_object *wf_task_render(const void *row, apr_pool_t *p)
{
    const wf_task_t *task = row;
    json_object *o = json_object_new_object();

    wf_json_add_int(o, "id", task->id);
    wf_json_add_string(o, "name", task->name);
    wf_json_add_string(o, "description", task->description);
    wf_json_add_int(o, "priority", task->priority);
    wf_json_add_string(o, "assignee", task->assignee);
    json_object_object_add(o, "executionId", execution_json(task));
    wf_json_add_id(o, "processInstanceId", task->proc_inst_id);
    wf_json_add_string(o, "formResourceKey", task->form_key);

    wf_json_add_time(o, "createTime", task->create_time, p);
    wf_json_add_time(o, "dueDate", task->due_date, p);
    wf_json_add_string(o, "owner", task->owner);
    wf_json_add_string(o, "delegationState", task->delegation);
    wf_json_add_id(o, "parentTaskId", task->parent_task_id);
    wf_json_add_string(o, "processDefinitionId", task->proc_def_id);
    wf_json_add_string(o, "taskDefinitionKey", task->task_def_key);
    wf_json_add_string(o, "category", task->category);
    wf_json_add_bool(o, "suspended", task->suspension == WF_SUSPENDED);
    return o;
}

/* ---- lists ------------------------------------------------------------------------- */

/* Whose tasks: the first of these that is given counts. */
static apr_status_t read_person(wf_filter_t *filter, const wf_query_t *query,
                                wf_error_t *err)
{
    static const char *const names[] = { "assignee", "owner", "involved", "candidate",
                                         "candidate-group" };

    for (apr_size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = wf_query_text(query, names[i]);

        if (value) {
            filter->name = names[i];
            filter->value = wf_string(value);
            return APR_SUCCESS;
        }
    }
    return wf_error_set(err, WF_ERR_INVALID,
                        "one of the query parameters 'assignee', 'owner', 'involved', "
                        "'candidate' and 'candidate-group' is required");
}

static apr_status_t read_priority(wf_filter_t *filter, const wf_query_t *query,
                                  wf_error_t *err)
{
    apr_int64_t priority = 0;
    apr_status_t rv = wf_query_int(query, filter->name, &priority, err);

    filter->value = wf_query_text(query, filter->name) ? wf_integer(priority) : wf_null();
    return rv;
}

/* Narrow a range by the day or time of a parameter; *from and *to may be NULL. */
static apr_status_t read_due(const wf_query_t *query, const char *name, apr_int64_t *from,
                             apr_int64_t *to, wf_error_t *err)
{
    const char *text = wf_query_text(query, name);
    apr_int64_t first, last;

    if (!text) {
        return APR_SUCCESS;
    }
    if (!wf_day_parse(text, 0, &first) || !wf_day_parse(text, 1, &last)) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "query parameter '%s' must be a day like 2010-11-02 or a "
                              "date like 2010-11-02T09:05:00.120+01:00, not '%s'",
                              name, text);
    }
    if (from && first > *from) {
        *from = first;
    }
    if (to && last < *to) {
        *to = last;
    }
    return APR_SUCCESS;
}

/* A task is due on a day if it is due at any time of it, so all three parameters become
 * the two ends of one range. */
static apr_status_t read_due_range(wf_filter_t *min, wf_filter_t *max,
                                   const wf_query_t *query, wf_error_t *err)
{
    apr_int64_t from = APR_INT64_MIN, to = APR_INT64_MAX;
    apr_status_t rv;

    if ((rv = read_due(query, "dueDate", &from, &to, err)) != APR_SUCCESS
        || (rv = read_due(query, "minDueDate", &from, NULL, err)) != APR_SUCCESS
        || (rv = read_due(query, "maxDueDate", NULL, &to, err)) != APR_SUCCESS) {
        return rv;
    }
    min->value = from > APR_INT64_MIN ? wf_date(from) : wf_null();
    max->value = to < APR_INT64_MAX ? wf_date(to) : wf_null();
    return APR_SUCCESS;
}

apr_status_t wf_task_list(wf_request_t *req, wf_error_t *err)
{
    enum {
        PERSON,
        CATEGORY,
        PRIORITY,
        MIN_PRIORITY,
        MAX_PRIORITY,
        MIN_DUE,
        MAX_DUE,
        FILTERS
    };
    wf_filter_t filters[FILTERS] = {
        [CATEGORY] = { .name = "category",
                       .value = wf_string(wf_query_text(req->query, "category")) },
        [PRIORITY] = { .name = "priority" },
        [MIN_PRIORITY] = { .name = "minPriority" },
        [MAX_PRIORITY] = { .name = "maxPriority" },
        [MIN_DUE] = { .name = "minDueDate" },
        [MAX_DUE] = { .name = "maxDueDate" },
    };
    apr_status_t rv = read_person(&filters[PERSON], req->query, err);

    for (int i = PRIORITY; i <= MAX_PRIORITY && rv == APR_SUCCESS; i++) {
        rv = read_priority(&filters[i], req->query, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_due_range(&filters[MIN_DUE], &filters[MAX_DUE], req->query, err);
    }
    return rv == APR_SUCCESS ? wf_respond_page(req, filters, FILTERS, wf_task_render, err)
                             : rv;
}

/* ---- one task ---------------------------------------------------------------------- */

static json_object *render_link(const void *row, apr_pool_t *p)
{
    const wf_identitylink_t *link = row;
    json_object *o = json_object_new_object();

    (void)p;
    wf_json_add_string(o, "type", link->type);
    wf_json_add_string(o, "userId", link->user_id);
    wf_json_add_string(o, "groupId", link->group_id);
    return o;
}

apr_status_t wf_respond_task(wf_request_t *req, const wf_task_t *task, wf_error_t *err)
{
    /* clang-format off */
    static const struct {
        const char *member;
        wf_relation_e relation;
        json_object *(*render)(const void *row, apr_pool_t *p);
    } lists[] = {
        { "subTaskList",      WF_BY_SUBTASKS_OF_TASK,    wf_task_render },
        { "identityLinkList", WF_BY_LINKS_OF_TASK,       render_link },
        { "attachmentList",   WF_BY_ATTACHMENTS_OF_TASK, wf_attachment_render },
    };
    /* clang-format on */
    json_object *o = wf_json_own(wf_task_render(task, req->pool), req->pool);

    for (apr_size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        apr_status_t rv = wf_json_add_rows(o, lists[i].member, req, lists[i].relation,
                                           task->id, lists[i].render, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return wf_respond_json(req, 200, json_object_get(o));
}

apr_status_t wf_task_get(wf_request_t *req, wf_error_t *err)
{
    wf_task_t *task;
    apr_status_t rv = wf_path_row(req, "taskId", WF_TABLE_TASK, "task", &task, err);

    return rv == APR_SUCCESS ? wf_respond_task(req, task, err) : rv;
}
