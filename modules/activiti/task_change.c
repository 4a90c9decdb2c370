/* User tasks as they are changed: operations on a task, and tasks without a process. */
#include "activiti/internal.h"

#include <string.h>

/* ---- operations -------------------------------------------------------------------- */

typedef struct operation_t {
    const char *name;
    int command; /* wf_command_e; -1 = a reserved name, not done */
    /** What of the body goes into the arguments; NULL = nothing. */
    apr_status_t (*read)(json_object *args, json_object *body, wf_map_t *vars,
                         apr_pool_t *p, wf_error_t *err);
} operation_t;

static apr_status_t read_variables(json_object *args, json_object *body, wf_map_t *vars,
                                   apr_pool_t *p, wf_error_t *err)
{
    (void)body;
    (void)p;
    (void)err;
    json_object_object_add(args, "variables", wf_vars_to_json(vars));
    return APR_SUCCESS;
}

/* A user, or null for nobody. */
static apr_status_t read_user(json_object *args, json_object *body, wf_map_t *vars,
                              apr_pool_t *p, wf_error_t *err)
{
    static const char name[] = "userId";
    json_object *member;
    const char *user;
    apr_status_t rv;

    (void)vars;
    if (json_object_object_get_ex(body, name, &member) && !member) {
        json_object_object_add(args, name, NULL);
        return APR_SUCCESS;
    }
    if ((rv = wf_body_string(body, name, &user, p, err)) != APR_SUCCESS
        || (rv = wf_text_check(name, user, WF_NAME_MAX, err)) != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_string(args, name, user);
    return APR_SUCCESS;
}

static const operation_t operations[] = {
    /* clang-format off */
    { "claim",    WF_CMD_CLAIM,    NULL },
    { "complete", WF_CMD_COMPLETE, read_variables },
    { "unclaim",  WF_CMD_UNCLAIM,  NULL },
    { "assign",   WF_CMD_ASSIGN,   read_user },
    { "start",    -1,              NULL },
    { "stop",     -1,              NULL },
    { "revoke",   -1,              NULL },
    { "suspend",  -1,              NULL },
    { "resume",   -1,              NULL },
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
    static const char *const own[] = { "taskId", NULL };
    const operation_t *operation = find_operation(wf_request_var(req, "operation"), err);
    json_object *args = wf_args_create(req), *body;
    wf_map_t *vars;
    apr_status_t rv;
    wf_id_t id;

    if (!operation) {
        return WF_EFAILED;
    }
    /* The rules of the body hold for every operation, also one that stores nothing. */
    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_variables_read(&vars, body, own, req->pool, err)) != APR_SUCCESS) {
        return rv;
    }
    if (operation->read) {
        rv = operation->read(args, body, vars, req->pool, err);
    }
    if (rv != APR_SUCCESS
        || (rv = wf_path_id(req, "taskId", "task", &id, err)) != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_int(args, "id", id);
    return wf_respond_command(req, (wf_command_e)operation->command, args, err);
}

/* ---- members of a task in a body --------------------------------------------------- */

#define DEFAULT_PRIORITY 50

typedef struct member_t member_t;

/** Take a member that is there into the arguments of a command. text is NULL if the
 * member is null. */
typedef apr_status_t take_fn(const member_t *member, json_object *args, const char *text,
                             wf_error_t *err);

struct member_t {
    const char *name;     /* in the body */
    const char *argument; /* of the command */
    take_fn *take;
    apr_size_t max; /* bytes */
    int only_new;   /* not of a task that exists */
};

static apr_status_t take_text(const member_t *member, json_object *args, const char *text,
                              wf_error_t *err)
{
    apr_status_t rv = wf_text_check(member->name, text, member->max, err);

    if (rv == APR_SUCCESS) {
        /* A form sends a field that is left empty: nobody is called "". */
        wf_json_add_string(args, member->argument, text && *text ? text : NULL);
    }
    return rv;
}

static apr_status_t take_priority(const member_t *member, json_object *args,
                                  const char *text, wf_error_t *err)
{
    apr_int64_t priority = DEFAULT_PRIORITY;

    if (text
        && (!wf_parse_int64(text, &priority) || priority < APR_INT32_MIN
            || priority > APR_INT32_MAX)) {
        return wf_error_field(err, WF_ERR_INVALID, member->name,
                              "field '%s' must be a 32-bit integer", member->name);
    }
    wf_json_add_int(args, member->argument, priority);
    return APR_SUCCESS;
}

static apr_status_t take_day(const member_t *member, json_object *args, const char *text,
                             wf_error_t *err)
{
    apr_int64_t ms;

    if (!text || !*text) {
        json_object_object_add(args, member->argument, NULL);
        return APR_SUCCESS;
    }
    if (!wf_day_parse(text, 0, &ms)) {
        return wf_error_field(err, WF_ERR_INVALID, member->name,
                              "field '%s' must be a day like 2010-11-02 or a date like "
                              "2010-11-02T09:05:00.120+01:00",
                              member->name);
    }
    wf_json_add_int(args, member->argument, ms);
    return APR_SUCCESS;
}

static apr_status_t take_parent(const member_t *member, json_object *args,
                                const char *text, wf_error_t *err)
{
    wf_id_t id;

    if (!text || !*text) {
        return APR_SUCCESS;
    }
    if (!wf_id_parse(text, &id)) {
        return wf_no_object("task", text, err);
    }
    wf_json_add_int(args, member->argument, id);
    return APR_SUCCESS;
}

static const member_t members[] = {
    /* clang-format off */
    { "name",         "name",        take_text,     WF_NAME_MAX, 0 },
    { "taskName",     "name",        take_text,     WF_NAME_MAX, 0 }, /* as 5.10 calls it */
    { "description",  "description", take_text,     WF_TEXT_MAX, 0 },
    { "assignee",     "assignee",    take_text,     WF_NAME_MAX, 0 },
    { "owner",        "owner",       take_text,     WF_NAME_MAX, 0 },
    { "category",     "category",    take_text,     WF_NAME_MAX, 0 },
    { "priority",     "priority",    take_priority, 0,           0 },
    { "dueDate",      "dueDate",     take_day,      0,           0 },
    { "parentTaskId", "parent",      take_parent,   0,           1 },
    /* clang-format on */
};

static apr_status_t read_task(wf_request_t *req, json_object *args, int is_new,
                              wf_error_t *err)
{
    json_object *body;
    const char *text;
    apr_status_t rv = wf_request_object(req, &body, err);

    for (apr_size_t i = 0; i < sizeof members / sizeof members[0] && rv == APR_SUCCESS;
         i++) {
        const member_t *member = &members[i];

        if (!json_object_object_get_ex(body, member->name, NULL)
            || (member->only_new && !is_new)) {
            continue;
        }
        rv = wf_body_text(body, member->name, &text, req->pool, err);
        if (rv == APR_SUCCESS) {
            rv = member->take(member, args, text, err);
        }
    }
    return rv;
}

/* ---- tasks without a process ------------------------------------------------------- */

apr_status_t wf_task_create(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req);
    wf_ipc_reply_t reply;
    wf_task_t *task;
    apr_status_t rv;

    if ((rv = read_task(req, args, 1, err)) != APR_SUCCESS
        || (wf_json_get(args, "parent")
            && (rv = wf_rights_task(req, wf_json_int(args, "parent", 0), WF_RIGHT_OPERATE,
                                    err))
                   != APR_SUCCESS)
        || (rv = wf_call_command(req, WF_CMD_TASK_CREATE, args, &reply, err))
               != APR_SUCCESS
        || (rv = wf_made_row(req, &reply, WF_TABLE_TASK, "task", &task, err))
               != APR_SUCCESS) {
        return rv;
    }
    return wf_respond_task(req, task, err);
}

apr_status_t wf_task_change(wf_request_t *req, wf_error_t *err)
{
    json_object *args;
    apr_status_t rv;
    wf_id_t id;

    if ((rv = wf_path_id(req, "taskId", "task", &id, err)) != APR_SUCCESS) {
        return rv;
    }
    args = wf_args_of(req, id);
    rv = read_task(req, args, 0, err);
    return rv == APR_SUCCESS ? wf_respond_command(req, WF_CMD_TASK_CHANGE, args, err)
                             : rv;
}

apr_status_t wf_task_delete(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_path_command(req, "taskId", "task", WF_CMD_TASK_DELETE, err);
}
