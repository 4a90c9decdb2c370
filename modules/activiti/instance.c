/* Process instances: list, one with its history, delete, its tasks. Start: process.c,
 * picture: diagram.c, what it waits for: event.c. */
#include "activiti/internal.h"

#include <string.h>

#define KIND "process instance"

/* Running or ended, as history has it. One of which clean-up has taken a part is not shown:
 * nobody could tell that it is not the whole. */
static apr_status_t find_instance(wf_request_t *req, wf_hi_procinst_t **instance,
                                  wf_error_t *err)
{
    apr_status_t rv = wf_path_row(req, "processInstanceId", WF_TABLE_HI_PROCINST, KIND,
                                  instance, err);

    if (rv == APR_SUCCESS && (*instance)->removal_time == WF_HALF_GONE) {
        rv = wf_no_object(KIND, wf_request_var(req, "processInstanceId"), err);
    }
    return rv;
}

/* ---- list -------------------------------------------------------------------------- */

static json_object *render_row(const void *row, apr_pool_t *p)
{
    const wf_hi_procinst_t *instance = row;
    json_object *o = json_object_new_object();

    wf_json_add_id(o, "id", instance->id);
    wf_json_add_string(o, "businessKey", instance->business_key);
    wf_json_add_string(o, "processDefinitionId", instance->proc_def_id);
    wf_json_add_time(o, "startTime", instance->start_time, p);
    wf_json_add_string(o, "startUserId", instance->start_user_id);
    wf_json_add_bool(o, "suspended", instance->suspension == WF_SUSPENDED);
    return o;
}

apr_status_t wf_instance_list(wf_request_t *req, wf_error_t *err)
{
    static const char *const names[] = { "processDefinitionId", "businessKey" };
    wf_filter_t filters[2];

    for (int i = 0; i < 2; i++) {
        filters[i].name = names[i];
        filters[i].value = wf_string(wf_query_text(req->query, names[i]));
    }
    return wf_respond_page(req, filters, 2, render_row, err);
}

/* ---- one instance ------------------------------------------------------------------ */

static void add_span(json_object *o, apr_int64_t start, apr_int64_t end,
                     apr_int64_t duration, apr_pool_t *p)
{
    wf_json_add_time(o, "startTime", start, p);
    wf_json_add_bool(o, "completed", end != 0);
    wf_json_add_time(o, "endTime", end, p);
    wf_json_add_duration(o, "duration", end ? duration : -1);
}

static json_object *render_task(const void *row, apr_pool_t *p)
{
    const wf_hi_taskinst_t *task = row;
    json_object *o = json_object_new_object();

    wf_json_add_id(o, "taskId", task->id);
    wf_json_add_string(o, "taskName", task->name);
    wf_json_add_string(o, "owner", task->owner);
    wf_json_add_string(o, "assignee", task->assignee);
    wf_json_add_string(o, "category", task->category);
    add_span(o, task->start_time, task->end_time, task->duration, p);
    return o;
}

static json_object *render_activity(const void *row, apr_pool_t *p)
{
    const wf_hi_actinst_t *activity = row;
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "activityId", activity->act_id);
    wf_json_add_string(o, "activityName", activity->act_name);
    wf_json_add_string(o, "activityType", activity->act_type);
    add_span(o, activity->start_time, activity->end_time, activity->duration, p);
    return o;
}

static json_object *variable_json(const char *name, const wf_value_t *value,
                                  apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "variableName", name);
    wf_json_add_string(o, "variableValue", wf_value_text(value, p));
    wf_json_add_string(o, "variableType", wf_type_name(value->type));
    return o;
}

/* Those of the instance itself; scopes within it keep theirs to themselves. */
static json_object *render_variable(const void *row, apr_pool_t *p)
{
    const wf_variable_t *variable = row;

    return variable->execution_id == variable->proc_inst_id
               ? variable_json(variable->name, &variable->value, p)
               : NULL;
}

/* The same once the instance has ended. */
static json_object *render_last_value(const void *row, apr_pool_t *p)
{
    const wf_hi_varinst_t *last = row;

    return last->execution_id == last->proc_inst_id && !last->task_id
               ? variable_json(last->name, &last->value, p)
               : NULL;
}

/* A variable that was removed and set again has left two last values: the newer counts.
 */
static void drop_older(json_object *o, const char *member, apr_pool_t *p)
{
    json_object *all = wf_json_get(o, member), *newest = json_object_new_array();
    apr_hash_t *at = apr_hash_make(p); /* name → what has it last */
    apr_size_t i, count = json_object_array_length(all);

    for (i = 0; i < count; i++) {
        json_object *variable = json_object_array_get_idx(all, i);

        apr_hash_set(at, wf_json_string(variable, "variableName", ""),
                     APR_HASH_KEY_STRING, variable);
    }
    for (i = 0; i < count; i++) {
        json_object *variable = json_object_array_get_idx(all, i);

        if (apr_hash_get(at, wf_json_string(variable, "variableName", ""),
                         APR_HASH_KEY_STRING)
            == variable) {
            json_object_array_add(newest, json_object_get(variable));
        }
    }
    json_object_object_add(o, member, newest);
}

static json_object *render_update(const void *row, apr_pool_t *p)
{
    const wf_hi_detail_t *detail = row;
    json_object *o;

    if (strcmp(detail->type, "VariableUpdate") != 0) {
        return NULL;
    }
    o = variable_json(detail->name, &detail->value, p);
    wf_json_add_int(o, "revision", detail->revision);
    wf_json_add_time(o, "time", detail->time, p);
    return o;
}

static json_object *render_instance(const wf_hi_procinst_t *instance, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_id(o, "processInstanceId", instance->id);
    wf_json_add_string(o, "businessKey", instance->business_key);
    wf_json_add_string(o, "processDefinitionId", instance->proc_def_id);
    wf_json_add_time(o, "startTime", instance->start_time, p);
    wf_json_add_string(o, "startActivityId", instance->start_act_id);
    wf_json_add_string(o, "startUserId", instance->start_user_id);
    wf_json_add_bool(o, "completed", instance->end_time != 0);
    wf_json_add_bool(o, "suspended", instance->suspension == WF_SUSPENDED);
    if (instance->end_time) {
        wf_json_add_time(o, "endTime", instance->end_time, p);
        wf_json_add_string(o, "endActivityId", instance->end_act_id);
        wf_json_add_duration(o, "duration", instance->duration);
    }
    return o;
}

/* Lists without rows are left out. */
static apr_status_t add_lists(json_object *o, wf_request_t *req,
                              const wf_hi_procinst_t *instance, wf_error_t *err)
{
    enum { ALWAYS, RUNNING, ENDED };
    /* clang-format off */
    static const struct {
        const char *member;
        wf_relation_e relation;
        json_object *(*render)(const void *row, apr_pool_t *p);
        int when;
    } lists[] = {
        { "tasks",            WF_BY_HI_TASKS_OF_INSTANCE,      render_task,       ALWAYS },
        { "activities",       WF_BY_HI_ACTIVITIES_OF_INSTANCE, render_activity,   ALWAYS },
        { "variables",        WF_BY_VARIABLES_OF_INSTANCE,     render_variable,   RUNNING },
        { "variables",        WF_BY_HI_VARIABLES_OF_INSTANCE,  render_last_value, ENDED },
        { "historyVariables", WF_BY_HI_DETAILS_OF_INSTANCE,    render_update,     ALWAYS },
    };
    /* clang-format on */
    int now = instance->end_time ? ENDED : RUNNING;

    for (apr_size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const char *member = lists[i].member;
        apr_status_t rv;

        if (lists[i].when != ALWAYS && lists[i].when != now) {
            continue;
        }
        rv = wf_json_add_rows(o, member, req, lists[i].relation, instance->id,
                              lists[i].render, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (lists[i].when == ENDED) {
            drop_older(o, member, req->pool);
        }
        if (json_object_array_length(wf_json_get(o, member)) == 0) {
            json_object_object_del(o, member);
        }
    }
    return APR_SUCCESS;
}

apr_status_t wf_instance_get(wf_request_t *req, wf_error_t *err)
{
    wf_hi_procinst_t *instance;
    json_object *o;
    apr_status_t rv = find_instance(req, &instance, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    o = wf_json_own(render_instance(instance, req->pool), req->pool);
    rv = add_lists(o, req, instance, err);
    return rv == APR_SUCCESS ? wf_respond_json(req, 200, json_object_get(o)) : rv;
}

apr_status_t wf_instance_delete(wf_request_t *req, wf_error_t *err)
{
    const char *reason = wf_query_text(req->query, "deleteReason");
    json_object *args;
    wf_id_t id;
    apr_status_t rv;

    if ((rv = wf_path_id(req, "processInstanceId", KIND, &id, err)) != APR_SUCCESS
        || (rv = wf_text_check("deleteReason", reason, WF_TEXT_MAX, err))
               != APR_SUCCESS) {
        return rv;
    }
    args = wf_args_of(req, id);
    wf_json_add_string(args, "reason", reason ? reason : "deleted");
    return wf_respond_command(req, WF_CMD_INSTANCE_DELETE, args, err);
}

apr_status_t wf_instance_tasks(wf_request_t *req, wf_error_t *err)
{
    wf_hi_procinst_t *instance;
    wf_filter_t filter = { .name = "process-instance" };
    apr_status_t rv = find_instance(req, &instance, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    filter.value = wf_long(instance->id);
    return wf_respond_page(req, &filter, 1, wf_task_render, err);
}
