/* External tasks as Camunda 7 shows them: one, lists, counts, topics. What workers do
 * with them is in external_work.c. */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define KIND "external task"

/* ---- answers: clients of Camunda know JSON by its bare type ------------------------ */

apr_status_t wf_external_respond(wf_request_t *req, json_object *json)
{
    wf_body_t body = { .type = WF_EXTERNAL_JSON };

    body.data = wf_json_text(wf_json_own(json, req->pool), &body.length, req->pool);
    return wf_respond_body(req, 200, &body);
}

apr_status_t wf_external_respond_empty(wf_request_t *req)
{
    wf_body_t empty = { 0 };

    return wf_respond_body(req, 204, &empty);
}

static void add_time(json_object *o, const char *name, apr_int64_t ms, apr_pool_t *p)
{
    wf_json_add_string(o, name, ms ? wf_camunda_time(ms, p) : NULL);
}

/* What stands in other rows. NULL where those are gone. */
static void add_surroundings(json_object *o, wf_store_t *store,
                             const wf_external_task_t *task, apr_pool_t *p)
{
    wf_definition_t *definition = NULL;
    wf_execution_t *instance = NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    wf_store_get_by_key(store, WF_TABLE_DEFINITION, task->proc_def_id, &definition, p,
                        &err);
    wf_store_get(store, WF_TABLE_EXECUTION, task->proc_inst_id, &instance, p, &err);
    wf_json_add_string(o, "processDefinitionKey", definition ? definition->key : NULL);
    wf_json_add_string(o, "processDefinitionVersionTag",
                       NULL); /* models have none here */
    wf_json_add_string(o, "businessKey", instance ? instance->business_key : NULL);
}

json_object *wf_external_render(wf_store_t *store, const wf_external_task_t *task,
                                apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_id(o, "id", task->id);
    wf_json_add_string(o, "topicName", task->topic);
    wf_json_add_string(o, "workerId", task->worker_id);
    add_time(o, "lockExpirationTime", task->lock_exp_time, p);
    add_time(o, "createTime", task->created, p);
    json_object_object_add(o, "retries",
                           task->retries < 0 ? NULL : json_object_new_int(task->retries));
    wf_json_add_int(o, "priority", task->priority);
    wf_json_add_string(o, "errorMessage", task->error_msg);
    wf_json_add_bool(o, "suspended", task->suspension == WF_SUSPENDED);
    wf_json_add_string(o, "activityId", task->act_id);
    wf_json_add_id(o, "activityInstanceId", task->act_inst_id);
    wf_json_add_id(o, "executionId", task->execution_id);
    wf_json_add_id(o, "processInstanceId", task->proc_inst_id);
    wf_json_add_string(o, "processDefinitionId", task->proc_def_id);
    add_surroundings(o, store, task, p);
    wf_json_add_string(o, "tenantId", NULL); /* there are no tenants */
    return o;
}

/* ---- one ---------------------------------------------------------------------------- */

static apr_status_t find_task(wf_request_t *req, wf_external_task_t **task,
                              wf_error_t *err)
{
    return wf_path_row(req, "externalTaskId", WF_TABLE_EXTERNAL_TASK, KIND, task, err);
}

apr_status_t wf_external_get(wf_request_t *req, wf_error_t *err)
{
    wf_external_task_t *task;
    apr_status_t rv = find_task(req, &task, err);

    return rv == APR_SUCCESS ? wf_external_respond(
               req, wf_external_render(wf_request_store(req, err), task, req->pool))
                             : rv;
}

apr_status_t wf_external_details(wf_request_t *req, wf_error_t *err)
{
    wf_bytearray_t *details = NULL;
    wf_external_task_t *task;
    wf_body_t body = { .type = "text/plain;charset=UTF-8" };
    apr_status_t rv = find_task(req, &task, err);

    if (rv == APR_SUCCESS && task->error_details_id) {
        rv = wf_store_get(wf_request_store(req, err), WF_TABLE_BYTEARRAY,
                          task->error_details_id, &details, req->pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!details) {
        return wf_external_respond_empty(req);
    }
    body.data = details->bytes;
    body.length = details->length;
    return wf_respond_body(req, 200, &body);
}

/* ---- filters: from a query, or from the members of a body ---------------------------- */

typedef enum { ID, TEXT, FLAG, NOW } filter_e; /* NOW: a flag that takes the time */

/* clang-format off */
static const struct {
    const char *name;
    filter_e kind;
} filter_defs[] = {
    { "externalTaskId",      ID },
    { "topicName",           TEXT },
    { "workerId",            TEXT },
    { "locked",              NOW },
    { "notLocked",           NOW },
    { "withRetriesLeft",     FLAG },
    { "noRetriesLeft",       FLAG },
    { "executionId",         ID },
    { "processInstanceId",   ID },
    { "processDefinitionId", TEXT },
    { "activityId",          TEXT },
    { "active",              FLAG },
    { "suspended",           FLAG },
};

/* What Camunda knows besides; refused, so that nobody gets more than was asked for. */
static const char *const others[] = {
    "externalTaskIdIn", "processInstanceIdIn", "activityIdIn", "tenantIdIn",
    "lockExpirationBefore", "lockExpirationAfter", "priorityHigherThanOrEquals",
    "priorityLowerThanOrEquals", "variables",
};
/* clang-format on */

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Where the arguments of a list come from. */
typedef struct asked_t {
    wf_request_t *req;
    json_object *body; /* NULL: the query */
    int sorts;         /* the body may say in which order */
} asked_t;

static apr_status_t get_text(const asked_t *asked, const char *name, const char **text,
                             wf_error_t *err)
{
    if (asked->body) {
        return wf_body_text(asked->body, name, text, asked->req->pool, err);
    }
    *text = wf_query_text(asked->req->query, name);
    return APR_SUCCESS;
}

static apr_status_t read_flag(const char *name, const char *text, wf_value_t given,
                              wf_value_t *value, wf_error_t *err)
{
    int on = text && strcasecmp(text, "true") == 0;

    *value = on ? given : wf_null();
    return !text || on || strcasecmp(text, "false") == 0
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_INVALID, name, "'%s' must be true or false",
                                name);
}

static apr_status_t read_filter(const asked_t *asked, apr_size_t i, wf_filter_t *filter,
                                wf_error_t *err)
{
    const char *text;
    wf_id_t id = -1;
    apr_status_t rv;

    filter->name = filter_defs[i].name;
    filter->value = wf_null();
    rv = get_text(asked, filter->name, &text, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    switch (filter_defs[i].kind) {
    case ID: /* what is no id is nobody's */
        filter->value = text ? wf_long(wf_id_parse(text, &id) ? id : -1) : wf_null();
        return APR_SUCCESS;
    case FLAG:
        return read_flag(filter->name, text, wf_boolean(1), &filter->value, err);
    case NOW:
        return read_flag(filter->name, text, wf_date(wf_time_ms()), &filter->value, err);
    case TEXT:
        break;
    }
    filter->value = wf_string(text);
    return APR_SUCCESS;
}

static int is_known(const char *name)
{
    for (apr_size_t i = 0; i < COUNT(filter_defs); i++) {
        if (strcmp(filter_defs[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t not_supported(const char *name, wf_error_t *err)
{
    return wf_error_field(err, WF_ERR_INVALID, name, "'%s' is not supported", name);
}

static apr_status_t check_names(const asked_t *asked, wf_error_t *err)
{
    for (apr_size_t i = 0; !asked->body && i < COUNT(others); i++) {
        if (wf_query_text(asked->req->query, others[i])) {
            return not_supported(others[i], err);
        }
    }
    if (asked->body) {
        json_object_object_foreach(asked->body, name, value)
        {
            if (value && !is_known(name)
                && !(asked->sorts && strcmp(name, "sorting") == 0)) {
                return not_supported(name, err);
            }
        }
    }
    return APR_SUCCESS;
}

static apr_status_t read_filters(const asked_t *asked, wf_filter_t *filters,
                                 wf_error_t *err)
{
    apr_status_t rv = check_names(asked, err);

    for (apr_size_t i = 0; rv == APR_SUCCESS && i < COUNT(filter_defs); i++) {
        rv = read_filter(asked, i, &filters[i], err);
    }
    return rv;
}

/* ---- pages: always of the query, the order may be in the body -------------------------- */

static apr_status_t read_number(const wf_query_t *query, const char *name,
                                apr_int64_t most, apr_int64_t *number, wf_error_t *err)
{
    const char *text = wf_query_text(query, name);

    if (!text) {
        return APR_SUCCESS;
    }
    if (!wf_parse_int64(text, number) || *number < 0 || *number > most) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "'%s' must be a number from 0 to %" APR_INT64_T_FMT, name,
                              most);
    }
    return APR_SUCCESS;
}

static apr_status_t read_order(const char *by, const char *order, wf_page_t *page,
                               wf_error_t *err)
{
    const char *const *keys = wf_store_sort_keys(WF_LIST_EXTERNAL_TASKS);

    if (!by != !order) {
        return wf_error_field(err, WF_ERR_INVALID, by ? "sortOrder" : "sortBy",
                              "'sortBy' and 'sortOrder' belong together");
    }
    while (by && *keys && strcmp(*keys, by) != 0) {
        keys++;
    }
    if (by && !*keys) {
        return wf_error_field(err, WF_ERR_INVALID, "sortBy", "'sortBy' cannot be '%s'", by);
    }
    if (order && strcmp(order, "asc") != 0 && strcmp(order, "desc") != 0) {
        return wf_error_field(err, WF_ERR_INVALID, "sortOrder",
                              "'sortOrder' must be asc or desc");
    }
    page->sort = by;
    page->descending = order && strcmp(order, "desc") == 0;
    return APR_SUCCESS;
}

/* "sorting" of a body is a list; one key is enough, ties go by age. */
static apr_status_t read_sorting(const asked_t *asked, wf_page_t *page, wf_error_t *err)
{
    json_object *sorting = asked->body ? wf_json_get(asked->body, "sorting") : NULL;
    const wf_query_t *query = asked->req->query;
    json_object *first;

    if (!sorting) {
        return read_order(wf_query_text(query, "sortBy"),
                          wf_query_text(query, "sortOrder"), page, err);
    }
    if (!json_object_is_type(sorting, json_type_array)
        || json_object_array_length(sorting) > 1) {
        return wf_error_field(err, WF_ERR_INVALID, "sorting",
                              "'sorting' must be a list with at most one key");
    }
    first = json_object_array_get_idx(sorting, 0);
    return read_order(wf_json_string(first, "sortBy", NULL),
                      wf_json_string(first, "sortOrder", NULL), page, err);
}

static apr_status_t read_asked(wf_request_t *req, asked_t *asked, int sorts,
                               wf_filter_t *filters, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    *asked = (asked_t){ .req = req, .sorts = sorts };
    if (req->method == WF_POST) {
        rv = wf_request_object(req, &asked->body, err);
    }
    return rv == APR_SUCCESS ? read_filters(asked, filters, err) : rv;
}

static apr_status_t read_rows(wf_request_t *req, const wf_filter_t *filters,
                              const wf_page_t *page, wf_rows_t *rows, wf_error_t *err)
{
    wf_store_t *store = wf_request_store(req, err);
    wf_filter_t all[COUNT(filter_defs) + 1];

    memcpy(all, filters, COUNT(filter_defs) * sizeof all[0]);
    wf_rights_filter(req, WF_LIST_EXTERNAL_TASKS, &all[COUNT(filter_defs)]);
    return store ? wf_store_list(store, WF_LIST_EXTERNAL_TASKS, all, COUNT(all), page,
                                 rows, req->pool, err)
                 : WF_EFAILED;
}

apr_status_t wf_external_list(wf_request_t *req, wf_error_t *err)
{
    wf_filter_t filters[COUNT(filter_defs)];
    wf_page_t page = { .size = WF_EXTERNAL_LIST_MAX };
    wf_rows_t rows;
    json_object *list;
    asked_t asked;
    apr_status_t rv = read_asked(req, &asked, 1, filters, err);

    if (rv == APR_SUCCESS) {
        rv = read_number(req->query, "firstResult", INT32_MAX, &page.start, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_number(req->query, "maxResults", WF_EXTERNAL_LIST_MAX, &page.size, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_sorting(&asked, &page, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_rows(req, filters, &page, &rows, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    list = json_object_new_array();
    for (int i = 0; i < rows.rows->nelts; i++) {
        json_object_array_add(
            list, wf_external_render(wf_request_store(req, err),
                                     APR_ARRAY_IDX(rows.rows, i, wf_external_task_t *),
                                     req->pool));
    }
    return wf_external_respond(req, list);
}

apr_status_t wf_external_count(wf_request_t *req, wf_error_t *err)
{
    wf_filter_t filters[COUNT(filter_defs)];
    wf_page_t page = { .size = 0 };
    wf_rows_t rows;
    json_object *o;
    asked_t asked;
    apr_status_t rv = read_asked(req, &asked, 0, filters, err);

    if (rv == APR_SUCCESS) {
        rv = read_rows(req, filters, &page, &rows, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    o = json_object_new_object();
    wf_json_add_int(o, "count", rows.total);
    return wf_external_respond(req, o);
}

/* ---- topics -------------------------------------------------------------------------- */

apr_status_t wf_external_topics(wf_request_t *req, wf_error_t *err)
{
    /* clang-format off */
    static const struct {
        const char *name;
        unsigned flag;
    } flags[] = {
        { "withLockedTasks",   WF_TOPICS_LOCKED },
        { "withUnlockedTasks", WF_TOPICS_UNLOCKED },
        { "withRetriesLeft",   WF_TOPICS_RETRIES },
    };
    /* clang-format on */
    wf_store_t *store = wf_request_store(req, err);
    apr_array_header_t *names;
    json_object *list;
    unsigned asked = 0;
    apr_status_t rv = store ? APR_SUCCESS : WF_EFAILED;

    for (apr_size_t i = 0; rv == APR_SUCCESS && i < COUNT(flags); i++) {
        int on = 0;

        rv = wf_query_bool(req->query, flags[i].name, &on, err);
        asked |= on ? flags[i].flag : 0;
    }
    if (rv == APR_SUCCESS) {
        rv = wf_store_topics(store, asked, wf_time_ms(), wf_rights_viewer(req), &names,
                             req->pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    list = json_object_new_array();
    for (int i = 0; i < names->nelts; i++) {
        json_object_array_add(
            list, json_object_new_string(APR_ARRAY_IDX(names, i, const char *)));
    }
    return wf_external_respond(req, list);
}
