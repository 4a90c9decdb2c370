/* Units of work: an identity map over the rows that one command reads and changes. A row
 * is in memory once, so all parts of the command see each other's changes; what the unit
 * has read or made itself is not read again. Nothing is written here: see commit.c. */
#include "store/internal.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A relation that was read: from then on this unit's rows are all there are. */
typedef struct selected_t {
    wf_relation_e relation;
    wf_id_t parent;
} selected_t;

wf_uow_t *wf_uow_create(wf_store_t *reader, wf_ids_t *ids, apr_pool_t *p)
{
    wf_uow_t *uow = apr_pcalloc(p, sizeof(*uow));

    uow->pool = p;
    uow->reader = reader;
    uow->ids = ids;
    uow->selected = apr_array_make(p, 4, sizeof(selected_t));
    uow->purges = apr_array_make(p, 1, sizeof(wf_purge_t));
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

static int is_gone(const void *row)
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

static int has_id(wf_table_e table)
{
    return wf_tables[table].key == WF_KEY_GENERATED
           || wf_tables[table].key == WF_KEY_SHARED;
}

/* Rows whose id is known go into the hash; others are found by walking (they are few). */
static void add_row(wf_uow_t *uow, void *row)
{
    wf_table_e table = ((wf_row_t *)row)->table;
    wf_entry_t *entry = WF_ENTRY_OF(row);

    if (!uow->tables[table].rows) {
        uow->tables[table].rows = apr_array_make(uow->pool, 8, sizeof(void *));
        uow->tables[table].by_id = apr_hash_make(uow->pool);
    }
    APR_ARRAY_PUSH(uow->tables[table].rows, void *) = row;
    entry->key = has_id(table) ? *wf_row_id(row) : 0;
    if (entry->key) {
        apr_hash_set(uow->tables[table].by_id, &entry->key, sizeof(entry->key), row);
    }
}

/* A row that the unit has under that id, gone or not. */
static void *find_id(const wf_uow_t *uow, wf_table_e table, wf_id_t id)
{
    void *row = uow->tables[table].by_id
                    ? apr_hash_get(uow->tables[table].by_id, &id, sizeof(id))
                    : NULL;

    /* The id of a history row is another row's: the caller sets it after the insert. */
    for (int i = 0;
         !row && wf_tables[table].key == WF_KEY_SHARED && i < row_count(uow, table);
         i++) {
        void *candidate = row_at(uow, table, i);

        if (!WF_ENTRY_OF(candidate)->key && *wf_row_id(candidate) == id) {
            row = candidate;
        }
    }
    return row;
}

static const char *text_key(const void *row)
{
    const char *key;

    memcpy(&key,
           (const char *)row
               + wf_tables[((const wf_row_t *)row)->table].columns[0].offset,
           sizeof(key));
    return key;
}

/* A living row is preferred: the unit may have deleted a row and made another instead. */
static void *find_key(const wf_uow_t *uow, wf_table_e table, const char *key)
{
    void *found = NULL;

    for (int i = 0; i < row_count(uow, table); i++) {
        void *row = row_at(uow, table, i);

        if (text_key(row) && !strcmp(text_key(row), key) && (!found || is_gone(found))) {
            found = row;
        }
    }
    return found;
}

static void adopt(wf_uow_t *uow, void *row)
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
        adopt(uow, row);
    }
    give(out, row);
    return rv;
}

apr_status_t wf_uow_get(wf_uow_t *uow, wf_table_e table, wf_id_t id, void *out,
                        wf_error_t *err)
{
    wf_cell_t key = wf_cell_integer(id);
    void *row;

    assert(has_id(table));
    row = find_id(uow, table, id);
    if (row) {
        give(out, is_gone(row) ? NULL : row);
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
    row = find_key(uow, table, key);
    if (row) {
        give(out, is_gone(row) ? NULL : row);
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

        if ((!found || is_gone(found)) && row->user_id && !strcmp(row->user_id, user)
            && row->group_id && !strcmp(row->group_id, group)) {
            found = row;
        }
    }
    if (found) {
        *out = is_gone(found) ? NULL : found;
        return APR_SUCCESS;
    }
    return load(uow, WF_TABLE_MEMBERSHIP, key, out, err);
}

/* ---- relations ------------------------------------------------------------------- */

/* 1 if the rows of a relation need not be read: they were, or the parent is so new that
 * nobody else can refer to it. */
static int is_known(const wf_uow_t *uow, wf_relation_e relation, wf_id_t parent)
{
    void *row;

    for (int i = 0; i < uow->selected->nelts; i++) {
        const selected_t *s = &APR_ARRAY_IDX(uow->selected, i, selected_t);

        if (s->relation == relation && s->parent == parent) {
            return 1;
        }
    }
    row = find_id(uow, wf_relations[relation].parent, parent);
    return row
           && (((wf_row_t *)row)->state == WF_ROW_INSERTED
               || ((wf_row_t *)row)->state == WF_ROW_VANISHED);
}

static apr_status_t read_relation(wf_uow_t *uow, wf_relation_e relation, wf_id_t parent,
                                  wf_error_t *err)
{
    wf_table_e table = wf_relations[relation].table;
    apr_array_header_t *rows = apr_array_make(uow->pool, 8, sizeof(void *));
    selected_t *selected;
    apr_status_t rv = wf_store_relation(uow->reader, relation, parent, WF_ENTRY_SIZE,
                                        rows, uow->pool, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; i < rows->nelts; i++) {
        void *row = APR_ARRAY_IDX(rows, i, void *);

        if (!(has_id(table) ? find_id(uow, table, *wf_row_id(row))
                            : find_key(uow, table, text_key(row)))) {
            adopt(uow, row);
        }
    }
    selected = apr_array_push(uow->selected);
    selected->relation = relation;
    selected->parent = parent;
    return APR_SUCCESS;
}

static int by_id(const void *a, const void *b)
{
    wf_id_t x = *wf_row_id(*(void *const *)a), y = *wf_row_id(*(void *const *)b);

    return x < y ? -1 : x > y;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(text_key(*(void *const *)a), text_key(*(void *const *)b));
}

apr_status_t wf_uow_select(wf_uow_t *uow, wf_relation_e relation, wf_id_t parent,
                           apr_array_header_t **rows, wf_error_t *err)
{
    const wf_relation_def_t *def = &wf_relations[relation];
    int offset = wf_table_column(&wf_tables[def->table], def->column)->offset;
    apr_status_t rv = APR_SUCCESS;

    if (!is_known(uow, relation, parent)) {
        rv = read_relation(uow, relation, parent, err);
    }
    *rows = apr_array_make(uow->pool, 8, sizeof(void *));
    for (int i = 0; rv == APR_SUCCESS && i < row_count(uow, def->table); i++) {
        void *row = row_at(uow, def->table, i);

        if (!is_gone(row) && *(wf_id_t *)((char *)row + offset) == parent) {
            APR_ARRAY_PUSH(*rows, void *) = row;
        }
    }
    qsort((*rows)->elts, (*rows)->nelts, sizeof(void *),
          has_id(def->table) ? by_id : by_key);
    return rv;
}

/* ---- changing -------------------------------------------------------------------- */

void *wf_uow_insert(wf_uow_t *uow, wf_table_e table)
{
    const wf_table_def_t *t = &wf_tables[table];
    wf_row_t *row = (wf_row_t *)((char *)apr_pcalloc(uow->pool, WF_ENTRY_SIZE + t->size)
                                 + WF_ENTRY_SIZE);

    row->table = table;
    row->rev = 1;
    row->state = WF_ROW_INSERTED;
    for (int i = 0; i < t->count; i++) {
        if (t->columns[i].kind == WF_COL_DURATION) {
            *(apr_int64_t *)((char *)row + t->columns[i].offset) = -1;
        }
    }
    if (t->key == WF_KEY_GENERATED) {
        *wf_row_id(row) = wf_uow_next_id(uow);
    }
    add_row(uow, row);
    return row;
}

void wf_uow_expect(wf_uow_t *uow, void *row)
{
    assert(((wf_row_t *)row)->state != WF_ROW_FREE);
    if (WF_ENTRY_OF(row)->before) {
        APR_ARRAY_PUSH(uow->expected, void *) = row;
    }
}

void wf_uow_update(wf_uow_t *uow, void *row)
{
    wf_row_t *header = row;

    (void)uow;
    assert(header->state != WF_ROW_FREE);
    if (header->state == WF_ROW_LOADED) {
        header->state = WF_ROW_UPDATED;
    }
}

void wf_uow_delete(wf_uow_t *uow, void *row)
{
    wf_row_t *header = row;

    (void)uow;
    assert(header->state != WF_ROW_FREE);
    if (!is_gone(row)) {
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

int wf_uow_is_empty(const wf_uow_t *uow)
{
    for (int table = 0; table < WF_TABLES; table++) {
        if (wf_uow_writes(uow, table)) {
            return 0;
        }
    }
    return !uow->purges->nelts && !uow->locks->nelts;
}
