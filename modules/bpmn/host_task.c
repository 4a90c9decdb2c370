/* The object `task`: what task listeners and forms see of a task, and what listeners and
 * delegates may change. Members that can be set, and people, are rows of tables. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/host.h"
#include "bpmn/tell.h"
#include "bpmn/parse.h"

/* ---- properties ---------------------------------------------------------------------- */

#define MEMBER(type, of, at) (*(const type *)((const char *)(of)->seen.task + (at)))

static wf_value_t get_text(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)p;
    return wf_string(MEMBER(char *const, of, at));
}

static wf_value_t get_id(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    return wf_host_id(MEMBER(wf_id_t, of, at), p);
}

static wf_value_t get_time(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    apr_int64_t ms = MEMBER(apr_int64_t, of, at);

    (void)p;
    return ms ? wf_date(ms) : wf_null();
}

static wf_value_t get_priority(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return wf_integer(of->seen.task->priority);
}

static wf_value_t get_execution(wf_objects_t *of, apr_size_t at, apr_pool_t *p)
{
    (void)at, (void)p;
    return (wf_value_t){ .type = WF_OBJECT, .as.object = &of->execution.object };
}

#define AT(member) offsetof(wf_task_t, member)
#define OWN offsetof(wf_objects_t, task)

/* clang-format off */
const wf_property_row_t wf_task_properties[] = {
    { "id",                  get_id,                 AT(id) },
    { "name",                get_text,               AT(name) },
    { "description",         get_text,               AT(description) },
    { "assignee",            get_text,               AT(assignee) },
    { "owner",               get_text,               AT(owner) },
    { "priority",            get_priority,           0 },
    { "dueDate",             get_time,               AT(due_date) },
    { "createTime",          get_time,               AT(create_time) },
    { "category",            get_text,               AT(category) },
    { "formKey",             get_text,               AT(form_key) },
    { "delegationState",     get_text,               AT(delegation) },
    { "parentTaskId",        get_id,                 AT(parent_task_id) },
    { "executionId",         get_id,                 AT(execution_id) },
    { "processInstanceId",   get_id,                 AT(proc_inst_id) },
    { "processDefinitionId", get_text,               AT(proc_def_id) },
    { "taskDefinitionKey",   get_text,               AT(task_def_key) },
    { "eventName",           wf_host_event,          0 },
    { "tenantId",            wf_host_tenant,         0 },
    { "execution",           get_execution,          0 },
    { "variables",           wf_host_variables,      OWN },
    { "variableNames",       wf_host_variable_names, OWN },
    { "variablesLocal",      wf_host_local_variables, OWN },
    { "variableNamesLocal",  wf_host_local_names,    OWN },
    { NULL, NULL, 0 },
};
/* clang-format on */

/* ---- members that can be set ----------------------------------------------------------- */

static apr_status_t set_text(const wf_host_t *seen, apr_size_t at,
                             const wf_value_t *value, apr_size_t limit, wf_error_t *err)
{
    const char *text = wf_host_text(value, wf_uow_pool(seen->call->uow));

    if (text && strlen(text) > limit) {
        return wf_error_set(err, WF_ERR_EXECUTION, "the text has more than %d bytes",
                            (int)limit);
    }
    *(const char **)((char *)seen->task + at) = text;
    return APR_SUCCESS;
}

/* Nobody is called "". */
static apr_status_t set_person(const wf_host_t *seen, apr_size_t at,
                               const wf_value_t *value, apr_size_t limit, wf_error_t *err)
{
    int nobody = value->type == WF_STRING && !value->as.text.length;
    wf_value_t person = nobody ? wf_null() : *value;

    return set_text(seen, at, &person, limit, err);
}

static apr_status_t set_priority(const wf_host_t *seen, apr_size_t at,
                                 const wf_value_t *value, apr_size_t limit,
                                 wf_error_t *err)
{
    (void)at, (void)limit;
    return wf_task_priority(&seen->task->priority, value, err);
}

static apr_status_t set_due_date(const wf_host_t *seen, apr_size_t at,
                                 const wf_value_t *value, apr_size_t limit,
                                 wf_error_t *err)
{
    (void)at, (void)limit;
    return wf_due_date(&seen->task->due_date, value, seen->call->now, err);
}

/* clang-format off */
static const struct {
    const char *name;
    apr_status_t (*set)(const wf_host_t *seen, apr_size_t at, const wf_value_t *value,
                        apr_size_t limit, wf_error_t *err);
    apr_size_t at, limit;
} members[] = {
    { "name",        set_text,     AT(name),        WF_TASK_MAX_NAME },
    { "description", set_text,     AT(description), WF_TASK_MAX_TEXT },
    { "assignee",    set_person,   AT(assignee),    WF_TASK_MAX_NAME },
    { "owner",       set_person,   AT(owner),       WF_TASK_MAX_NAME },
    { "category",    set_text,     AT(category),    WF_TASK_MAX_NAME },
    { "formKey",     set_person,   AT(form_key),    WF_TASK_MAX_TEXT },
    { "priority",    set_priority, 0,               0 },
    { "dueDate",     set_due_date, 0,               0 },
};
/* clang-format on */

#define MEMBERS ((int)(sizeof(members) / sizeof(members[0])))

/* History follows; who listens hears of a new assignee. */
static apr_status_t changed(const wf_host_t *seen, const char *before, wf_error_t *err)
{
    apr_status_t rv;

    wf_uow_update(seen->call->uow, seen->task);
    rv = wf_history_task_changed(seen->call, seen->task, 0, err);
    if (rv == APR_SUCCESS && seen->task->assignee && !wf_task_is_of(seen->task, before)) {
        rv = wf_task_tell(seen->exec, seen->task, "assignment", WF_NEWS_TASK_ASSIGNED,
                          err);
    }
    return rv == APR_SUCCESS ? wf_tell(seen->exec, WF_NEWS_ENTITY_UPDATED,
                                       WF_ABOUT(TASK, seen->task), err)
                             : rv;
}

apr_status_t wf_host_task_set(const wf_host_t *seen, const char *member,
                              const wf_value_t *value, int *known, wf_error_t *err)
{
    const char *before = seen->task->assignee;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < MEMBERS && strcmp(members[i].name, member) != 0; i++) {
    }
    *known = i < MEMBERS;
    if (!*known) {
        return APR_SUCCESS;
    }
    rv = members[i].set(seen, members[i].at, value, members[i].limit, err);
    return rv == APR_SUCCESS ? changed(seen, before, err)
                             : wf_error_note(err, rv, "%s of the task", member);
}

/* ---- people ---------------------------------------------------------------------------- */

static const char *whom(const wf_identitylink_t *link, int group)
{
    return group ? link->group_id : link->user_id;
}

static apr_status_t find_link(const wf_host_t *seen, const char *id, int group,
                              wf_identitylink_t **link, wf_error_t *err)
{
    apr_array_header_t *links;
    apr_status_t rv =
        wf_uow_select(seen->call->uow, WF_BY_LINKS_OF_TASK, seen->task->id, &links, err);
    int i;

    *link = NULL;
    for (i = 0; rv == APR_SUCCESS && i < links->nelts; i++) {
        wf_identitylink_t *row = APR_ARRAY_IDX(links, i, wf_identitylink_t *);

        if (strcmp(row->type, "candidate") == 0 && whom(row, group)
            && strcmp(whom(row, group), id) == 0) {
            *link = row;
        }
    }
    return rv;
}

static apr_status_t add_one(const wf_host_t *seen, const char *id, int group,
                            wf_error_t *err)
{
    wf_identitylink_t *link;
    apr_status_t rv = find_link(seen, id, group, &link, err);

    if (rv != APR_SUCCESS || link) {
        return rv;
    }
    link = wf_uow_insert(seen->call->uow, WF_TABLE_IDENTITYLINK);
    link->type = "candidate";
    link->task_id = seen->task->id;
    *(group ? &link->group_id : &link->user_id) = id;
    wf_uow_update(seen->call->uow, link);
    WF_TELL_MADE(seen->exec, LINK, link);
    return wf_history_link_added(seen->call, link, err);
}

static apr_status_t delete_one(const wf_host_t *seen, const char *id, int group,
                               wf_error_t *err)
{
    wf_identitylink_t *link;
    apr_status_t rv = find_link(seen, id, group, &link, err);

    if (rv != APR_SUCCESS || !link) {
        return rv;
    }
    wf_tell_later(seen->exec, WF_NEWS_ENTITY_DELETED, WF_ABOUT(LINK, link));
    wf_uow_delete(seen->call->uow, link);
    return wf_history_link_removed(seen->call, link, err);
}

/* clang-format off */
static const struct {
    const char *method;
    apr_status_t (*change)(const wf_host_t *seen, const char *id, int group,
                           wf_error_t *err);
    int group;
} people[] = {
    { "addCandidateUser",      add_one,    0 },
    { "addCandidateUsers",     add_one,    0 },
    { "addCandidateGroup",     add_one,    1 },
    { "addCandidateGroups",    add_one,    1 },
    { "deleteCandidateUser",   delete_one, 0 },
    { "deleteCandidateUsers",  delete_one, 0 },
    { "deleteCandidateGroup",  delete_one, 1 },
    { "deleteCandidateGroups", delete_one, 1 },
};
/* clang-format on */

#define PEOPLE ((int)(sizeof(people) / sizeof(people[0])))

/* The text may be a comma list. */
static apr_status_t change_people(const wf_host_t *seen, int row, const wf_value_t *value,
                                  wf_error_t *err)
{
    apr_array_header_t *ids;
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (value->type != WF_STRING) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "%s where a text or a list of texts is expected",
                            value->type == WF_NULL ? "null" : wf_type_name(value->type));
    }
    ids = wf_split_list(wf_host_text(value, wf_uow_pool(seen->call->uow)),
                        wf_uow_pool(seen->call->uow));
    for (i = 0; rv == APR_SUCCESS && i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);

        if (strlen(id) > WF_TASK_MAX_NAME) {
            return wf_error_set(err, WF_ERR_EXECUTION, "an id has at most %d bytes",
                                WF_TASK_MAX_NAME);
        }
        rv = *id ? people[row].change(seen, id, people[row].group, err) : APR_SUCCESS;
    }
    return rv;
}

static apr_status_t change_list(const wf_host_t *seen, int row, const wf_value_t *value,
                                wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (value->type != WF_LIST) {
        return change_people(seen, row, value, err);
    }
    for (i = 0; rv == APR_SUCCESS && i < wf_list_count(value->as.list); i++) {
        rv = change_people(seen, row, wf_list_at(value->as.list, i), err);
    }
    return rv;
}

/* ---- methods --------------------------------------------------------------------------- */

apr_status_t wf_host_task_change(const wf_host_t *seen, const char *method,
                                 const wf_value_t *value, int *known, wf_error_t *err)
{
    char *member;
    int row;

    *known = 1;
    for (row = 0; row < PEOPLE; row++) {
        if (strcmp(people[row].method, method) == 0) {
            return change_list(seen, row, value, err);
        }
    }
    *known = strncmp(method, "set", 3) == 0 && method[3];
    if (!*known) {
        return APR_SUCCESS;
    }
    member = apr_pstrdup(wf_uow_pool(seen->call->uow), method + 3);
    *member = apr_tolower(*member);
    return wf_host_task_set(seen, member, value, known, err);
}
