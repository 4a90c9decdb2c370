/* Commands on tasks, of a process or without one, and on their attachments.
 *
 * A task of a process queues up with its instance. All tasks below one task queue up with
 * that: completing it ends them, too. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

/* ---- lanes ------------------------------------------------------------------------------------ */

/* Parents never change, so the lane is still the right one when it is entered; if the task
 * or one above it has ended meanwhile, its command finds no task. */
static apr_status_t lane_of(wf_work_t *work, wf_id_t id, wf_lane_t *lane, wf_error_t *err)
{
    wf_task_t *task, *above;
    apr_status_t rv = wf_store_get(work->reader, WF_TABLE_TASK, id, &task, work->pool, err);

    if (rv == APR_SUCCESS && !task) {
        return wf_error_set(err, WF_ERR_NOT_FOUND,
                            "no task with id '%" APR_INT64_T_FMT "'", id);
    }
    while (rv == APR_SUCCESS && task->parent_task_id) {
        rv = wf_store_get(work->reader, WF_TABLE_TASK, task->parent_task_id, &above,
                          work->pool, err);
        if (rv != APR_SUCCESS || !above) {
            break;
        }
        task = above;
    }
    if (rv == APR_SUCCESS && task->proc_inst_id) {
        return wf_lane_of_instance_id(work, task->proc_inst_id, lane, err);
    }
    *lane = (wf_lane_t){ WF_LANE_TASK, task->id };
    return rv;
}

apr_status_t wf_lane_of_task(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    wf_id_t id;
    apr_status_t rv = wf_args_id(work->args, "id", &id, err);

    return rv == APR_SUCCESS ? lane_of(work, id, lane, err) : rv;
}

/* A new task without a parent meets nobody. */
apr_status_t wf_lane_of_parent(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    wf_id_t id;
    apr_status_t rv;

    if (!wf_json_get(work->args, "parent")) {
        return APR_SUCCESS;
    }
    rv = wf_args_id(work->args, "parent", &id, err);
    return rv == APR_SUCCESS ? lane_of(work, id, lane, err) : rv;
}

apr_status_t wf_lane_of_attaching(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    wf_id_t id;
    apr_status_t rv = wf_args_id(work->args, "task", &id, err);

    return rv == APR_SUCCESS ? lane_of(work, id, lane, err) : rv;
}

/* An attachment may outlive its task; its id is no task's. */
apr_status_t wf_lane_of_attachment(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    lane->kind = WF_LANE_TASK;
    return wf_args_id(work->args, "id", &lane->id, err);
}

static wf_id_t id_of(wf_work_t *work)
{
    return wf_json_int(work->args, "id", 0); /* checked with the lane */
}

/* ---- whose it is, and its end ----------------------------------------------------------------- */

/* task.claim {id} */
apr_status_t wf_command_claim(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);

    return wf_bpmn_claim(&call, id_of(work), work->user, err);
}

/* task.unclaim {id} */
apr_status_t wf_command_unclaim(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);

    return wf_bpmn_assign(&call, id_of(work), NULL, err);
}

/* task.assign {id, userId} */
apr_status_t wf_command_assign(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    const char *user;
    apr_status_t rv = APR_SUCCESS;

    if (!json_object_object_get_ex(work->args, "userId", NULL)) {
        rv = wf_error_field(err, WF_ERR_INVALID, "userId",
                            "'userId' is missing; null gives the task to nobody");
    }
    if (rv == APR_SUCCESS) {
        rv = wf_args_text(work->args, "userId", WF_TASK_MAX_NAME, &user, err);
    }
    return rv == APR_SUCCESS ? wf_bpmn_assign(&call, id_of(work), user, err) : rv;
}

/* task.complete {id, variables} */
apr_status_t wf_command_complete(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_map_t *variables;
    apr_status_t rv = wf_args_vars(work, &variables, err);

    return rv == APR_SUCCESS ? wf_bpmn_complete(&call, id_of(work), variables, err) : rv;
}

/* ---- tasks by themselves ---------------------------------------------------------------------- */

typedef struct member_t member_t;

/** Take a member that is there, null included, into to, which is what offset points at. */
typedef apr_status_t take_fn(wf_work_t *work, const member_t *member, void *to,
                             wf_error_t *err);

struct member_t {
    const char *name;
    unsigned bit;
    take_fn *take;
    apr_size_t offset; /* in wf_task_change_t */
    apr_size_t limit;  /* bytes of a text */
};

static apr_status_t take_text(wf_work_t *work, const member_t *member, void *to,
                              wf_error_t *err)
{
    return wf_args_text(work->args, member->name, member->limit, to, err);
}

static apr_status_t take_number(wf_work_t *work, const member_t *member, apr_int64_t fallback,
                                apr_int64_t *number, wf_error_t *err)
{
    json_object *value = wf_json_get(work->args, member->name);

    *number = wf_json_int(work->args, member->name, fallback);
    if (value && !json_object_is_type(value, json_type_int)) {
        return wf_error_field(err, WF_ERR_INVALID, member->name, "'%s' must be an integer",
                              member->name);
    }
    return APR_SUCCESS;
}

static apr_status_t take_priority(wf_work_t *work, const member_t *member, void *to,
                                  wf_error_t *err)
{
    apr_int64_t number;
    apr_status_t rv = take_number(work, member, WF_TASK_DEFAULT_PRIORITY, &number, err);

    if (rv == APR_SUCCESS && (number < INT32_MIN || number > INT32_MAX)) {
        rv = wf_error_field(err, WF_ERR_INVALID, member->name,
                            "'%s' must be an integer of 32 bits", member->name);
    }
    *(int *)to = (int)number;
    return rv;
}

static apr_status_t take_time(wf_work_t *work, const member_t *member, void *to,
                              wf_error_t *err)
{
    return take_number(work, member, 0, to, err);
}

static apr_status_t take_id(wf_work_t *work, const member_t *member, void *to,
                            wf_error_t *err)
{
    return wf_args_id(work->args, member->name, to, err);
}

#define AT(member) offsetof(wf_task_change_t, member)

static const member_t members[] = {
    /* clang-format off */
    { "name",        WF_TASK_NAME,        take_text,     AT(name),        WF_TASK_MAX_NAME },
    { "description", WF_TASK_DESCRIPTION, take_text,     AT(description), WF_TASK_MAX_TEXT },
    { "assignee",    WF_TASK_ASSIGNEE,    take_text,     AT(assignee),    WF_TASK_MAX_NAME },
    { "owner",       WF_TASK_OWNER,       take_text,     AT(owner),       WF_TASK_MAX_NAME },
    { "category",    WF_TASK_CATEGORY,    take_text,     AT(category),    WF_TASK_MAX_NAME },
    { "priority",    WF_TASK_PRIORITY,    take_priority, AT(priority),    0 },
    { "dueDate",     WF_TASK_DUE_DATE,    take_time,     AT(due_date),    0 },
    { "parent",      WF_TASK_PARENT,      take_id,       AT(parent),      0 },
    /* clang-format on */
};

/* null takes a value away, what is absent stays. No parent is the same as an absent one. */
static apr_status_t read_change(wf_work_t *work, wf_task_change_t *change, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    memset(change, 0, sizeof(*change));
    for (apr_size_t i = 0; rv == APR_SUCCESS && i < sizeof(members) / sizeof(members[0]); i++) {
        const member_t *member = &members[i];
        json_object *value;

        if (!json_object_object_get_ex(work->args, member->name, &value)
            || (!value && member->bit == WF_TASK_PARENT)) {
            continue;
        }
        change->set |= member->bit;
        rv = member->take(work, member, (char *)change + member->offset, err);
    }
    return rv;
}

/* task.create {name, description, assignee, owner, category, priority, dueDate, parent} */
apr_status_t wf_command_task_create(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_task_change_t change;
    wf_task_t *task;
    apr_status_t rv = read_change(work, &change, err);

    if (rv == APR_SUCCESS) {
        rv = wf_bpmn_create_task(&call, &change, &task, err);
    }
    if (rv == APR_SUCCESS) {
        wf_reply_id(work, task->id);
    }
    return rv;
}

/* task.change {id, name, description, assignee, owner, category, priority, dueDate} */
apr_status_t wf_command_task_change(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_task_change_t change;
    wf_task_t *task;
    apr_status_t rv = read_change(work, &change, err);

    return rv == APR_SUCCESS ? wf_bpmn_change_task(&call, id_of(work), &change, &task, err)
                             : rv;
}

/* task.delete {id} */
apr_status_t wf_command_task_delete(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);

    return wf_bpmn_delete_task(&call, id_of(work), err);
}

/* ---- variables -------------------------------------------------------------------------------- */

/* Whether they are there already. */
static apr_status_t read_must(wf_work_t *work, wf_task_must_e *must, wf_error_t *err)
{
    static const struct {
        const char *word;
        wf_task_must_e must;
    } words[] = {
        { "any", WF_TASK_MAY_BE },
        { "new", WF_TASK_MUST_BE_NEW },
        { "there", WF_TASK_MUST_BE_THERE },
    };
    const char *word = wf_json_string(work->args, "must", "any");

    for (apr_size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcmp(words[i].word, word)) {
            *must = words[i].must;
            return APR_SUCCESS;
        }
    }
    return wf_error_field(err, WF_ERR_INVALID, "must", "'must' is any, new or there");
}

/* task.variables {id, local, global, must} */
apr_status_t wf_command_task_variables(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_map_t *local, *global;
    wf_task_must_e must = WF_TASK_MAY_BE;
    apr_status_t rv = read_must(work, &must, err);

    if (rv == APR_SUCCESS) {
        rv = wf_vars_from_json(&local, wf_json_get(work->args, "local"), work->pool, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_vars_from_json(&global, wf_json_get(work->args, "global"), work->pool, err);
    }
    return rv == APR_SUCCESS ? wf_bpmn_set_task_variables(&call, id_of(work), local, global,
                                                          must, err)
                             : rv;
}

/* task.forget {id, name, global}: without a name all that are the task's own */
apr_status_t wf_command_task_forget(wf_work_t *work, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    int global = wf_json_bool(work->args, "global", 0);

    return wf_bpmn_remove_task_variable(&call, id_of(work),
                                        global ? WF_TASK_GLOBAL : WF_TASK_LOCAL,
                                        wf_json_string(work->args, "name", NULL), err);
}

/* ---- attachments ------------------------------------------------------------------------------ */

#define MAX_URL 4000 /* bytes */
#define UNNAMED_FILE "attachment"

static apr_status_t read_attachment(wf_work_t *work, wf_attachment_t *row, wf_error_t *err)
{
    const struct {
        const char *name;
        apr_size_t limit;
        const char **to;
    } texts[] = {
        { "name", WF_TASK_MAX_NAME, &row->name },
        { "description", WF_TASK_MAX_TEXT, &row->description },
        { "type", WF_TASK_MAX_NAME, &row->type },
        { "url", MAX_URL, &row->url },
    };
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < 4; i++) {
        rv = wf_args_text(work->args, texts[i].name, texts[i].limit, texts[i].to, err);
    }
    if (rv == APR_SUCCESS && row->url && work->request->blob_length) {
        rv = wf_error_field(err, WF_ERR_INVALID, "url",
                            "an attachment is a file or a link, not both");
    }
    return rv;
}

static const char *name_of_link(const char *url, apr_pool_t *p)
{
    apr_size_t length = strnlen(url, WF_TASK_MAX_NAME);

    while (!wf_utf8_valid(url, length)) { /* cut within a character */
        length--;
    }
    return apr_pstrmemdup(p, url, length);
}

/* Without an url it is a file, which may be empty. */
static void add_content(wf_work_t *work, wf_attachment_t *row)
{
    wf_bytearray_t *content = wf_uow_insert(work->uow, WF_TABLE_BYTEARRAY);

    content->name = row->name;
    content->bytes = work->request->blob_length ? work->request->blob : "";
    content->length = work->request->blob_length;
    row->content_id = content->id;
}

/* attachment.create {task, name, description, type, url} or the file's bytes */
apr_status_t wf_command_attach(wf_work_t *work, wf_error_t *err)
{
    wf_id_t id = wf_json_int(work->args, "task", 0); /* checked with the lane */
    wf_attachment_t *row = wf_uow_insert(work->uow, WF_TABLE_ATTACHMENT);
    wf_task_t *task;
    wf_bpmn_call_t call;
    apr_status_t rv = read_attachment(work, row, err);

    if (rv == APR_SUCCESS) {
        rv = wf_uow_get(work->uow, WF_TABLE_TASK, id, &task, err);
    }
    if (rv == APR_SUCCESS && !task) {
        rv = wf_error_set(err, WF_ERR_NOT_FOUND,
                          "no task with id '%" APR_INT64_T_FMT "'", id);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* Its deployment may go meanwhile, with all attachments: then this is a conflict. */
    wf_uow_update(work->uow, task);
    if (!row->name || !*row->name) {
        row->name = row->url ? name_of_link(row->url, work->pool) : UNNAMED_FILE;
    }
    row->user_id = work->user;
    row->task_id = task->id;
    row->proc_inst_id = task->proc_inst_id;
    if (!row->url) {
        add_content(work, row);
    }
    wf_reply_id(work, row->id);
    call = wf_engine_bpmn_call(work);
    return wf_bpmn_attached(&call, row, 1, err);
}

/* attachment.delete {id} */
apr_status_t wf_command_detach(wf_work_t *work, wf_error_t *err)
{
    wf_bytearray_t *content = NULL;
    wf_attachment_t *row;
    wf_bpmn_call_t call;
    apr_status_t rv = wf_uow_get(work->uow, WF_TABLE_ATTACHMENT, id_of(work), &row, err);

    if (rv == APR_SUCCESS && !row) {
        rv = wf_error_set(err, WF_ERR_NOT_FOUND,
                          "no attachment with id '%" APR_INT64_T_FMT "'", id_of(work));
    }
    if (rv == APR_SUCCESS && row->content_id) {
        rv = wf_uow_get(work->uow, WF_TABLE_BYTEARRAY, row->content_id, &content, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (content) {
        wf_uow_delete(work->uow, content);
    }
    wf_uow_delete(work->uow, row);
    call = wf_engine_bpmn_call(work);
    return wf_bpmn_attached(&call, row, 0, err);
}
