/* What clients do with tasks on their own: make them without a process, change what they
 * say, delete them. The members of a change are rows of two tables. */
#include <stddef.h>
#include <string.h>

#include <apr_strings.h>

#include "bpmn/run.h"

/* clang-format off */
static const struct {
    unsigned bit;
    const char *field;
    size_t from, to; /* a const char * in the change, and in the task */
    apr_size_t limit;
    int person;      /* nobody is called "" */
} texts[] = {
    { WF_TASK_NAME,        "name",        offsetof(wf_task_change_t, name),        offsetof(wf_task_t, name),        WF_TASK_MAX_NAME, 0 },
    { WF_TASK_DESCRIPTION, "description", offsetof(wf_task_change_t, description), offsetof(wf_task_t, description), WF_TASK_MAX_TEXT, 0 },
    { WF_TASK_ASSIGNEE,    "assignee",    offsetof(wf_task_change_t, assignee),    offsetof(wf_task_t, assignee),    WF_TASK_MAX_NAME, 1 },
    { WF_TASK_OWNER,       "owner",       offsetof(wf_task_change_t, owner),       offsetof(wf_task_t, owner),       WF_TASK_MAX_NAME, 1 },
    { WF_TASK_CATEGORY,    "category",    offsetof(wf_task_change_t, category),    offsetof(wf_task_t, category),    WF_TASK_MAX_NAME, 0 },
};
/* clang-format on */

#define TEXTS ((int)(sizeof(texts) / sizeof(texts[0])))

static const char *text_of(const wf_task_change_t *change, int i)
{
    const char *text = *(const char *const *)((const char *)change + texts[i].from);

    return text && (*text || !texts[i].person) ? text : NULL;
}

static apr_status_t check(const wf_task_change_t *change, wf_error_t *err)
{
    int i;

    for (i = 0; i < TEXTS; i++) {
        const char *text = change->set & texts[i].bit ? text_of(change, i) : NULL;

        if (text && strlen(text) > texts[i].limit) {
            return wf_error_field(err, WF_ERR_INVALID, texts[i].field,
                                  "%s has at most %d bytes", texts[i].field,
                                  (int)texts[i].limit);
        }
    }
    return APR_SUCCESS;
}

static void apply(wf_task_t *task, const wf_task_change_t *change, apr_pool_t *p)
{
    int i;

    for (i = 0; i < TEXTS; i++) {
        if (change->set & texts[i].bit) {
            *(const char **)((char *)task + texts[i].to) =
                apr_pstrdup(p, text_of(change, i));
        }
    }
    if (change->set & WF_TASK_PRIORITY) {
        task->priority = change->priority;
    }
    if (change->set & WF_TASK_DUE_DATE) {
        task->due_date = change->due_date;
    }
}

/* ---- creating ---------------------------------------------------------------------- */

/* The parent must be open and not be too deep below others. It counts as changed: if its
 * deployment goes meanwhile, which is another lane, the new task must not stay. */
static apr_status_t check_parent(const wf_bpmn_call_t *call, wf_id_t parent,
                                 wf_error_t *err)
{
    wf_task_t *task;
    apr_status_t rv = wf_task_load(&task, call, parent, err);
    int depth;

    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "parent of a task");
    }
    wf_uow_update(call->uow, task);
    for (depth = 2; rv == APR_SUCCESS && task && task->parent_task_id; depth++) {
        if (depth >= WF_TASK_MAX_DEPTH) {
            return wf_error_field(err, WF_ERR_INVALID, "parent",
                                  "tasks may be sub-tasks over %d levels at most",
                                  WF_TASK_MAX_DEPTH);
        }
        rv = wf_uow_get(call->uow, WF_TABLE_TASK, task->parent_task_id, &task, err);
    }
    return rv;
}

apr_status_t wf_bpmn_create_task(const wf_bpmn_call_t *call,
                                 const wf_task_change_t *change, wf_task_t **task,
                                 wf_error_t *err)
{
    wf_task_t *row;
    apr_status_t rv = check(change, err);

    if (rv == APR_SUCCESS && (change->set & WF_TASK_PARENT)) {
        rv = check_parent(call, change->parent, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    row = wf_uow_insert(call->uow, WF_TABLE_TASK);
    row->create_time = call->now;
    row->priority = WF_TASK_DEFAULT_PRIORITY;
    row->parent_task_id = change->set & WF_TASK_PARENT ? change->parent : 0;
    apply(row, change, wf_uow_pool(call->uow));
    *task = row;
    return wf_history_task_added(call, row, err);
}

/* ---- changing and deleting --------------------------------------------------------- */

apr_status_t wf_bpmn_change_task(const wf_bpmn_call_t *call, wf_id_t id,
                                 const wf_task_change_t *change, wf_task_t **task,
                                 wf_error_t *err)
{
    apr_status_t rv = check(change, err);
    const char *before;

    if (rv == APR_SUCCESS && (change->set & WF_TASK_PARENT)) {
        rv = wf_error_field(err, WF_ERR_INVALID, "parent",
                            "a task keeps the parent that it was made with");
    }
    if (rv == APR_SUCCESS) {
        rv = wf_task_load_active(task, call, id, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    before = (*task)->assignee;
    apply(*task, change, wf_uow_pool(call->uow));
    if (!wf_task_is_of(*task, before)) {
        return wf_task_reassigned(call, *task, 0, err);
    }
    return wf_task_changed(call, *task, err);
}

apr_status_t wf_bpmn_delete_task(const wf_bpmn_call_t *call, wf_id_t id, wf_error_t *err)
{
    wf_turn_t turn;
    wf_task_t *task;
    apr_status_t rv = wf_task_load(&task, call, id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (task->proc_inst_id) {
        return wf_error_set(err, WF_ERR_CONFLICT,
                            "task '%" APR_INT64_T_FMT
                            "' belongs to a running process: it "
                            "can be completed, not deleted",
                            id);
    }
    wf_turn_init(&turn, call);
    return wf_task_end(&turn, NULL, task, "deleted", err);
}
