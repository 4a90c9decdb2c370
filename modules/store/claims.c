/* Who may claim a task: OPEN_ of its candidate links, which lists and counts rely on. It
 * is 0 for a task with an assignee, 1 for the only candidate link of a task, 2 for one of
 * several; 2 is right for the only one, too, it just costs more to count.
 *
 * Most tasks come with their links in one unit: then the marks are known before anything
 * is written. Whatever else changes them, a claim above all, sets them anew with one
 * statement in the same transaction, from what the store has then. */
#include "store/internal.h"

#include <string.h>

static int is_candidate(const wf_identitylink_t *link)
{
    return link->task_id && link->type && !strcmp(link->type, "candidate");
}

static const wf_task_t *new_task(const wf_uow_t *uow, wf_id_t id)
{
    const wf_task_t *task =
        uow->tables[WF_TABLE_TASK].by_id
            ? apr_hash_get(uow->tables[WF_TABLE_TASK].by_id, &id, sizeof(id))
            : NULL;

    return task && task->row.state == WF_ROW_INSERTED ? task : NULL;
}

void wf_claims_seal(wf_uow_t *uow)
{
    apr_array_header_t *links = uow->tables[WF_TABLE_IDENTITYLINK].rows;
    apr_hash_t *first = links ? apr_hash_make(uow->pool) : NULL; /* of a task */

    for (int i = 0; links && i < links->nelts; i++) {
        wf_identitylink_t *link = APR_ARRAY_IDX(links, i, wf_identitylink_t *), *other;
        const wf_task_t *task = new_task(uow, link->task_id);

        if (link->row.state != WF_ROW_INSERTED || !task || task->assignee
            || !is_candidate(link)) {
            continue;
        }
        other = apr_hash_get(first, &link->task_id, sizeof(link->task_id));
        if (other) {
            other->open = link->open = 2;
        }
        else {
            link->open = 1;
            apr_hash_set(first, &link->task_id, sizeof(link->task_id), link);
        }
    }
}

static apr_status_t mark_links(wf_store_t *store, wf_id_t task, wf_error_t *err)
{
    wf_cell_t id = wf_cell_integer(task);

    return wf_store_fixed(store, WF_SQL_MARK_LINKS, &id, 1, NULL, err);
}

/* Claimed or released by this unit. */
static int changes_hands(const wf_task_t *task)
{
    const wf_task_t *before = WF_ENTRY_OF(task)->before;

    return task->row.state == WF_ROW_UPDATED && !task->assignee != !before->assignee;
}

apr_status_t wf_claims_write(wf_store_t *store, wf_uow_t *uow, wf_error_t *err)
{
    apr_array_header_t *tasks = uow->tables[WF_TABLE_TASK].rows;
    apr_array_header_t *links = uow->tables[WF_TABLE_IDENTITYLINK].rows;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; tasks && i < tasks->nelts && rv == APR_SUCCESS; i++) {
        const wf_task_t *task = APR_ARRAY_IDX(tasks, i, wf_task_t *);

        if (changes_hands(task)) {
            rv = mark_links(store, task->id, err);
        }
    }
    for (int i = 0; links && i < links->nelts && rv == APR_SUCCESS; i++) {
        const wf_identitylink_t *link = APR_ARRAY_IDX(links, i, wf_identitylink_t *);

        if (link->row.state == WF_ROW_INSERTED && is_candidate(link)
            && !new_task(uow, link->task_id)) {
            rv = mark_links(store, link->task_id, err);
        }
    }
    return rv;
}
