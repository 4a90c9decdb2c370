/* Units of work: an identity map over the rows that one command reads and changes. A row
 * is in memory once, so all parts of the command see each other's changes; what the unit
 * has read or made itself is not read again. Nothing is written here: see commit.c. */
#include "store/internal.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

wf_uow_t *wf_uow_create(wf_store_t *reader, wf_ids_t *ids, apr_pool_t *p)
{
    wf_uow_t *uow = apr_pcalloc(p, sizeof(*uow));

    uow->pool = p;
    uow->reader = reader;
    uow->ids = ids;
    uow->purges = apr_array_make(p, 1, sizeof(wf_purge_t));
    uow->suspends = apr_array_make(p, 1, sizeof(wf_suspend_t));
    uow->contents = apr_array_make(p, 1, sizeof(wf_content_t));
    uow->expected = apr_array_make(p, 1, sizeof(void *));
    uow->locks = apr_array_make(p, 1, sizeof(wf_lock_t *));
    return uow;
}

apr_pool_t *wf_uow_pool(wf_uow_t *uow)
{
    return uow->pool;
}

wf_id_t wf_uow_next_id(wf_uow_t *uow)
{
    wf_id_t id = wf_ids_next(uow->ids);

    if (!id) {
        uow->out_of_ids = 1;
    }
    return id;
}

/* ---- identity map ---------------------------------------------------------------- */

int wf_row_is_gone(const void *row)
{
    int state = ((const wf_row_t *)row)->state;

    return state == WF_ROW_DELETED || state == WF_ROW_VANISHED;
}

static void *row_at(const wf_uow_t *uow, wf_table_e table, int i)
{
    return APR_ARRAY_IDX(uow->tables[table].rows, i, void *);
}

static int row_count(const wf_uow_t *uow, wf_table_e table)
{
    return uow->tables[table].rows ? uow->tables[table].rows->nelts : 0;
}

int wf_table_has_id(wf_table_e table)
{
    return wf_tables[table].key == WF_KEY_GENERATED
           || wf_tables[table].key == WF_KEY_SHARED;
}

/* Rows with an id go into the hash; others are found by walking (they are few). */
static void add_row(wf_uow_t *uow, void *row)
{
    wf_table_e table = ((wf_row_t *)row)->table;
    wf_entry_t *entry = WF_ENTRY_OF(row);

    if (!uow->tables[table].rows) {
        uow->tables[table].rows = apr_array_make(uow->pool, 8, sizeof(void *));
        uow->tables[table].by_id = apr_hash_make(uow->pool);
    }
    APR_ARRAY_PUSH(uow->tables[table].rows, void *) = row;
    entry->key = wf_table_has_id(table) ? *wf_row_id(row) : 0;
    if (entry->key) {
        apr_hash_set(uow->tables[table].by_id, &entry->key, sizeof(entry->key), row);
    }
}

void *wf_uow_find(const wf_uow_t *uow, wf_table_e table, wf_id_t id)
{
    return uow->tables[table].by_id
               ? apr_hash_get(uow->tables[table].by_id, &id, sizeof(id))
               : NULL;
}

const char *wf_row_text_key(const void *row)
{
    const char *key;

    memcpy(&key,
           (const char *)row
               + wf_tables[((const wf_row_t *)row)->table].columns[0].offset,
           sizeof(key));
    return key;
}

/* A living row is preferred: the unit may have deleted a row and made another instead. */
void *wf_uow_find_key(const wf_uow_t *uow, wf_table_e table, const char *key)
{
    void *found = NULL;

    for (int i = 0; i < row_count(uow, table); i++) {
        void *row = row_at(uow, table, i);

        if (wf_row_text_key(row) && !strcmp(wf_row_text_key(row), key) && (!found || wf_row_is_gone(found))) {
            found = row;
        }
    }
    return found;
}

void wf_uow_adopt(wf_uow_t *uow, void *row)
{
    wf_row_t *header = row;

    header->state = WF_ROW_LOADED;
    WF_ENTRY_OF(row)->before = apr_pmemdup(uow->pool, row, wf_tables[header->table].size);
    add_row(uow, row);
}

/* ---- reading --------------------------------------------------------------------- */

static void give(void *out, void *row)
{
    memcpy(out, &row, sizeof(row)); /* out is a T **, which no void ** may stand for */
}

static apr_status_t load(wf_uow_t *uow, wf_table_e table, const wf_cell_t *key, void *out,
                         wf_error_t *err)
{
    void *row;
    apr_status_t rv =
        wf_store_load(uow->reader, table, key, WF_ENTRY_SIZE, &row, uow->pool, err);

    if (rv == APR_SUCCESS && row) {
        wf_uow_adopt(uow, row);
    }
    give(out, row);
    return rv;
}

apr_status_t wf_uow_get(wf_uow_t *uow, wf_table_e table, wf_id_t id, void *out,
                        wf_error_t *err)
{
    wf_cell_t key = wf_cell_integer(id);
    void *row;

    assert(wf_table_has_id(table));
    row = wf_uow_find(uow, table, id);
    if (row) {
        give(out, wf_row_is_gone(row) ? NULL : row);
        return APR_SUCCESS;
    }
    return load(uow, table, &key, out, err);
}

apr_status_t wf_uow_get_by_key(wf_uow_t *uow, wf_table_e table, const char *key,
                               void *out, wf_error_t *err)
{
    wf_cell_t cell = wf_cell_text(key);
    void *row;

    assert(wf_tables[table].key == WF_KEY_TEXT);
    row = wf_uow_find_key(uow, table, key);
    if (row) {
        give(out, wf_row_is_gone(row) ? NULL : row);
        return APR_SUCCESS;
    }
    return load(uow, table, &cell, out, err);
}

apr_status_t wf_uow_get_membership(wf_uow_t *uow, const char *user, const char *group,
                                   wf_membership_t **out, wf_error_t *err)
{
    wf_cell_t key[] = {wf_cell_text(user), wf_cell_text(group)};
    wf_membership_t *found = NULL;

    /* As with text keys a living row goes before one that was deleted. */
    for (int i = 0; i < row_count(uow, WF_TABLE_MEMBERSHIP); i++) {
        wf_membership_t *row = row_at(uow, WF_TABLE_MEMBERSHIP, i);

        if ((!found || wf_row_is_gone(found)) && row->user_id && !strcmp(row->user_id, user)
            && row->group_id && !strcmp(row->group_id, group)) {
            found = row;
        }
    }
    if (found) {
        *out = wf_row_is_gone(found) ? NULL : found;
        return APR_SUCCESS;
    }
    return load(uow, WF_TABLE_MEMBERSHIP, key, out, err);
}

/* ---- changing -------------------------------------------------------------------- */

/* What is not zero in a new row. */
static void set_defaults(void *row, const wf_table_def_t *t)
{
    for (int i = 0; i < t->count; i++) {
        char *member = (char *)row + t->columns[i].offset;

        if (t->columns[i].kind == WF_COL_DURATION) {
            *(apr_int64_t *)member = -1;
        }
        else if (t->columns[i].kind == WF_COL_RETRIES) {
            *(int *)member = -1;
        }
        else if (t->columns[i].kind == WF_COL_SUSPENSION) {
            *(int *)member = WF_ACTIVE;
        }
    }
}

static void *insert_row(wf_uow_t *uow, wf_table_e table, wf_id_t id)
{
    const wf_table_def_t *t = &wf_tables[table];
    wf_row_t *row = (wf_row_t *)((char *)apr_pcalloc(uow->pool, WF_ENTRY_SIZE + t->size)
                                 + WF_ENTRY_SIZE);

    row->table = table;
    row->rev = 1;
    row->state = WF_ROW_INSERTED;
    set_defaults(row, t);
    if (id) {
        *wf_row_id(row) = id;
    }
    add_row(uow, row);
    return row;
}

void *wf_uow_insert(wf_uow_t *uow, wf_table_e table)
{
    assert(wf_tables[table].key != WF_KEY_SHARED);
    return insert_row(
        uow, table, wf_tables[table].key == WF_KEY_GENERATED ? wf_uow_next_id(uow) : 0);
}

void *wf_uow_insert_shared(wf_uow_t *uow, wf_table_e table, wf_id_t id)
{
    assert(wf_tables[table].key == WF_KEY_SHARED);
    return insert_row(uow, table, id);
}

void wf_uow_expect(wf_uow_t *uow, void *row)
{
    wf_entry_t *entry = WF_ENTRY_OF(row);

    assert(((wf_row_t *)row)->state != WF_ROW_FREE);
    if (entry->before && !entry->expected) {
        entry->expected = 1;
        APR_ARRAY_PUSH(uow->expected, void *) = row;
    }
}

void wf_uow_update(wf_uow_t *uow, void *row)
{
    wf_row_t *header = row;

    assert(header->state != WF_ROW_FREE);
    if (header->state == WF_ROW_LOADED) {
        header->state = WF_ROW_UPDATED;
    }
    wf_families_update(uow, row);
}

void wf_uow_delete(wf_uow_t *uow, void *row)
{
    wf_row_t *header = row;

    (void)uow;
    assert(header->state != WF_ROW_FREE);
    if (!wf_row_is_gone(row)) {
        header->state =
            header->state == WF_ROW_INSERTED ? WF_ROW_VANISHED : WF_ROW_DELETED;
    }
}

void wf_uow_purge(wf_uow_t *uow, wf_purge_e what, wf_id_t id)
{
    wf_purge_t *purge = apr_array_push(uow->purges);

    purge->what = what;
    purge->id = id;
}

int wf_uow_writes(const wf_uow_t *uow, wf_table_e table)
{
    for (int i = 0; i < row_count(uow, table); i++) {
        int state = ((wf_row_t *)row_at(uow, table, i))->state;

        if (state == WF_ROW_INSERTED || state == WF_ROW_UPDATED
            || state == WF_ROW_DELETED) {
            return 1;
        }
    }
    return 0;
}

void wf_uow_see_written(const wf_uow_t *uow, wf_table_e table,
                        void (*see)(void *baton, const void *row), void *baton)
{
    for (int i = 0; i < row_count(uow, table); i++) {
        int state = ((wf_row_t *)row_at(uow, table, i))->state;

        if (state == WF_ROW_INSERTED || state == WF_ROW_UPDATED) {
            see(baton, row_at(uow, table, i));
        }
    }
}

int wf_uow_suspends(const wf_uow_t *uow)
{
    return uow->suspends->nelts > 0;
}

int wf_uow_is_empty(const wf_uow_t *uow)
{
    for (int table = 0; table < WF_TABLES; table++) {
        if (wf_uow_writes(uow, table)) {
            return 0;
        }
    }
    return !uow->purges->nelts && !uow->suspends->nelts && !uow->locks->nelts;
}
