/* Writing units of work: several in one transaction, synced once.
 *
 *  1. Nothing of a unit is visible unless all of it is.
 *  2. A unit that conflicts is undone alone; its neighbours do not notice.
 *  3. Outcomes are told only after the commit: none says "done" before it is durable.
 *  4. If the transaction breaks, every unit of it has failed.
 *  5. A sync that fails fails its transaction. What the kernel has given up on is never
 *     taken for synced: the next transaction writes the same part of the WAL again, and a
 *     checkpoint that fails moves the same pages again. Only a process that dies between
 *     the two may leave behind, as a whole, what it has refused.
 *
 * A savepoint for each unit would do for 2, but it makes SQLite keep the old image of
 * every page that a unit touches, a third of the whole work, and conflicts are rare. So a
 * batch is tried without savepoints first; if a unit fails, all is rolled back and
 * written again, each unit behind a savepoint. */
#include "store/internal.h"

#include <apr_strings.h>
#include <string.h>

/* Shapes of UPDATE statements kept for a table; beyond, all columns are written. */
#define MAX_UPDATE_SHAPES 64

#define ALL_COLUMNS 0xffffffffu

/* ---- before the transaction: values that need a byte array ----------------------- */

typedef struct value_ref_t {
    wf_value_t *value;
    wf_id_t *bytearray_id;
    const char *name, *prefix;
} value_ref_t;

static int value_of(void *row, value_ref_t *ref)
{
    wf_variable_t *variable = row;
    wf_hi_detail_t *detail = row;
    wf_hi_varinst_t *last = row;

    switch (((wf_row_t *)row)->table) {
    case WF_TABLE_VARIABLE:
        *ref = (value_ref_t){&variable->value, &variable->bytearray_id, variable->name,
                             "var-"};
        return 1;
    case WF_TABLE_HI_DETAIL:
        *ref = (value_ref_t){&detail->value, &detail->bytearray_id, detail->name,
                             "hist.detail.var-"};
        return 1;
    case WF_TABLE_HI_VARINST:
        *ref = (value_ref_t){&last->value, &last->bytearray_id, last->name, "hist.var-"};
        return 1;
    default:
        return 0;
    }
}

static void drop_content(wf_uow_t *uow, wf_id_t bytearray_id)
{
    if (bytearray_id) {
        *(wf_content_t *)apr_array_push(uow->contents) =
            (wf_content_t){.id = bytearray_id};
    }
}

static apr_status_t no_ids(const wf_uow_t *uow, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_UNAVAILABLE, "the store gives no ids at the moment%s",
                        wf_ids_problem(uow->ids, err->pool));
}

static apr_status_t seal_value(wf_uow_t *uow, const value_ref_t *ref, wf_error_t *err)
{
    wf_bytearray_t *array;
    wf_content_t content = {0};
    apr_status_t rv;

    if (!wf_value_storable(ref->value)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "variable '%s' holds a %s, which cannot be "
                            "stored",
                            ref->name, wf_type_name(ref->value->type));
    }
    if (!wf_value_has_bytes(ref->value)) {
        drop_content(uow, *ref->bytearray_id);
        *ref->bytearray_id = 0;
        return APR_SUCCESS;
    }
    rv = wf_value_bytes(ref->value, &content.data, &content.length, uow->pool, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "variable '%s'", ref->name);
    }
    if (*ref->bytearray_id) {
        content.id = *ref->bytearray_id;
        *(wf_content_t *)apr_array_push(uow->contents) = content;
        return APR_SUCCESS;
    }
    array = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);
    if (!array->id) {
        return no_ids(uow, err);
    }
    array->name = apr_pstrcat(uow->pool, ref->prefix, ref->name, NULL);
    array->bytes = content.data;
    array->length = content.length;
    *ref->bytearray_id = array->id;
    return APR_SUCCESS;
}

static apr_status_t seal_row(wf_uow_t *uow, void *row, wf_error_t *err)
{
    int state = ((wf_row_t *)row)->state;
    const wf_table_def_t *t = &wf_tables[((wf_row_t *)row)->table];
    value_ref_t ref;

    if (state == WF_ROW_DELETED && value_of(WF_ENTRY_OF(row)->before, &ref)) {
        drop_content(uow, *ref.bytearray_id);
    }
    if (state != WF_ROW_INSERTED && state != WF_ROW_UPDATED) {
        return APR_SUCCESS;
    }
    if ((t->key == WF_KEY_GENERATED || t->key == WF_KEY_SHARED) && !*wf_row_id(row)) {
        return wf_error_set(err, WF_ERR_INTERNAL, "a %s has no id", t->noun);
    }
    return value_of(row, &ref) ? seal_value(uow, &ref, err) : APR_SUCCESS;
}

apr_status_t wf_uow_seal(wf_uow_t *uow, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    if (uow->out_of_ids) {
        return no_ids(uow, err);
    }
    if (!uow->sealed) {
        rv = wf_families_check(uow, err);
    }
    for (int table = 0; table < WF_TABLES && rv == APR_SUCCESS && !uow->sealed; table++) {
        apr_array_header_t *rows = uow->tables[table].rows;

        for (int i = 0; rows && i < rows->nelts && rv == APR_SUCCESS; i++) {
            rv = seal_row(uow, APR_ARRAY_IDX(rows, i, void *), err);
        }
    }
    if (rv == APR_SUCCESS && !uow->sealed) {
        wf_claims_seal(uow);
    }
    uow->sealed = rv == APR_SUCCESS;
    return rv;
}

/* ---- statements of a row --------------------------------------------------------- */

/* What a failed statement means for the client; rv of a constraint names no row. */
static apr_status_t explain(const void *row, apr_status_t rv, int deleting,
                            wf_error_t *err)
{
    const char *label;

    if (rv != WF_EUNIQUE && rv != WF_EFOREIGN) {
        return rv;
    }
    label = wf_row_label(row, err->pool);
    if (rv == WF_EUNIQUE) {
        return wf_error_set(err, WF_ERR_CONFLICT, "%s: %s", label,
                            wf_tables[((const wf_row_t *)row)->table].taken);
    }
    return wf_error_set(err, WF_ERR_CONFLICT,
                        deleting ? "%s is still in use"
                                 : "%s refers to something that was deleted meanwhile",
                        label);
}

static apr_status_t changed_meanwhile(const void *row, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_CONFLICT, "%s was changed or deleted meanwhile",
                        wf_row_label(row, err->pool));
}

static apr_status_t insert_row(wf_store_t *store, wf_uow_t *uow, void *row,
                               wf_error_t *err)
{
    wf_table_e table = ((wf_row_t *)row)->table;
    wf_stmt_t **stmt = &store->insert[table];
    wf_cell_t cells[WF_MAX_COLUMNS];
    int count = wf_row_cells(row, cells, uow->pool);
    apr_status_t rv =
        WF_PREPARED(store, stmt, wf_sql_insert(store->driver, table, store->pool), err);

    if (rv == APR_SUCCESS) {
        rv = store->driver->run(store, *stmt, cells, count, NULL, NULL, NULL, err);
    }
    return explain(row, rv, 0, err);
}

/* Key and, where the table has it, REV_ as it was loaded, behind count arguments. */
static int add_key(const void *row, wf_cell_t *args, int count, const wf_cell_t *cells)
{
    const wf_row_t *header = row;
    const wf_table_def_t *t = &wf_tables[header->table];

    for (int i = 0; i < t->count && t->columns[i].flags & WF_COLUMN_KEY; i++) {
        args[count++] = cells[i];
    }
    if (wf_table_rev(t)) {
        args[count++] = wf_cell_integer(header->rev);
    }
    return count;
}

/* 1 if a purge of the unit has run before its deletions, and may have taken the row. */
static int was_purged(const wf_uow_t *uow)
{
    for (int i = 0; i < uow->purges->nelts; i++) {
        if (wf_purge_turn(APR_ARRAY_IDX(uow->purges, i, wf_purge_t).what)
            == WF_PURGE_FIRST) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t delete_row(wf_store_t *store, wf_uow_t *uow, void *row,
                               wf_error_t *err)
{
    wf_table_e table = ((wf_row_t *)row)->table;
    wf_stmt_t **stmt = &store->remove[table];
    wf_cell_t cells[WF_MAX_COLUMNS], args[WF_MAX_COLUMNS];
    apr_int64_t changes = 0;
    apr_status_t rv =
        WF_PREPARED(store, stmt, wf_sql_delete(store->driver, table, store->pool), err);
    int count;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_row_cells(WF_ENTRY_OF(row)->before, cells, uow->pool);
    count = add_key(row, args, 0, cells);
    rv = store->driver->run(store, *stmt, args, count, NULL, NULL, &changes, err);
    if (rv == APR_SUCCESS && changes != 1 && !was_purged(uow)) {
        return changed_meanwhile(row, err);
    }
    return explain(row, rv, 1, err);
}

/* ---- updates: only the columns that changed, so only their indexes are touched --- */

static int is_written(const wf_column_t *c)
{
    return !(c->flags & (WF_COLUMN_KEY | WF_COLUMN_JOINED)) && c->kind != WF_COL_REV;
}

/* The set of changed columns, and their cells as arguments. */
static apr_uint32_t changed_columns(const wf_table_def_t *t, const wf_cell_t *before,
                                    const wf_cell_t *now, int all, wf_cell_t *args,
                                    int *count)
{
    apr_uint32_t changed = 0;

    *count = 0;
    for (int i = 0, bit = 0; i < t->count; i++) {
        if (t->columns[i].flags & WF_COLUMN_JOINED) {
            continue;
        }
        if (is_written(&t->columns[i])
            && (all || !wf_cell_equal(&before[bit], &now[bit]))) {
            changed |= 1u << bit;
            args[(*count)++] = now[bit];
        }
        bit++;
    }
    return changed;
}

static apr_status_t update_stmt(wf_store_t *store, wf_table_e table, apr_uint32_t changed,
                                wf_stmt_t **stmt, wf_error_t *err)
{
    wf_stmt_t **slot =
        wf_store_slot(store, &store->update[table], &changed, sizeof(changed));
    apr_status_t rv = WF_PREPARED(
        store, slot, wf_sql_update(store->driver, table, changed, store->pool), err);

    *stmt = *slot;
    return rv;
}

static int knows_shape(wf_store_t *store, wf_table_e table, apr_uint32_t changed)
{
    apr_hash_t *shapes = store->update[table];

    return !shapes || apr_hash_get(shapes, &changed, sizeof(changed))
           || apr_hash_count(shapes) < MAX_UPDATE_SHAPES;
}

static apr_status_t update_row(wf_store_t *store, wf_uow_t *uow, void *row,
                               wf_error_t *err)
{
    wf_table_e table = ((wf_row_t *)row)->table;
    const wf_table_def_t *t = &wf_tables[table];
    wf_cell_t before[WF_MAX_COLUMNS], now[WF_MAX_COLUMNS], args[WF_MAX_COLUMNS + 3];
    wf_stmt_t *stmt;
    apr_uint32_t changed;
    apr_int64_t changes = 0;
    apr_status_t rv;
    int count;

    wf_row_cells(WF_ENTRY_OF(row)->before, before, uow->pool);
    wf_row_cells(row, now, uow->pool);
    changed = changed_columns(t, before, now, 0, args, &count);
    if (!changed && !wf_table_rev(t)) {
        return APR_SUCCESS;
    }
    if (!knows_shape(store, table, changed)) {
        changed = changed_columns(t, before, now, 1, args, &count);
    }
    rv = update_stmt(store, table, changed, &stmt, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    count = add_key(row, args, count, before);
    rv = store->driver->run(store, stmt, args, count, NULL, NULL, &changes, err);
    if (rv == APR_SUCCESS && changes != 1) {
        return changed_meanwhile(row, err);
    }
    return explain(row, rv, 0, err);
}

/* ---- rows that must be as they were ----------------------------------------------- */

static apr_status_t check_row(wf_store_t *store, wf_uow_t *uow, void *row,
                              wf_error_t *err)
{
    wf_table_e table = ((wf_row_t *)row)->table;
    wf_cell_t before[WF_MAX_COLUMNS], now[WF_MAX_COLUMNS];
    int count = wf_row_cells(WF_ENTRY_OF(row)->before, before, uow->pool);
    void *found;
    apr_status_t rv = wf_store_load(store, table, before, 0, &found, uow->pool, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!found) {
        return changed_meanwhile(row, err);
    }
    wf_row_cells(found, now, uow->pool);
    for (int i = 0; i < count; i++) {
        if (!wf_cell_equal(&before[i], &now[i])) {
            return changed_meanwhile(row, err);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_expected(wf_store_t *store, wf_uow_t *uow, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < uow->expected->nelts && rv == APR_SUCCESS; i++) {
        rv = check_row(store, uow, APR_ARRAY_IDX(uow->expected, i, void *), err);
    }
    return rv;
}

/* ---- a unit ---------------------------------------------------------------------- */

static apr_status_t run_purge(wf_store_t *store, const wf_purge_t *purge, wf_error_t *err)
{
    wf_cell_t id = wf_cell_integer(purge->id);
    apr_status_t rv = APR_SUCCESS;
    const char *text;

    for (int step = 0; rv == APR_SUCCESS; step++) {
        wf_stmt_t **stmt = &store->purge[purge->what][step];

        text = *stmt ? "" : wf_sql_purge(store->driver, purge->what, step, store->pool);
        if (!text) {
            break;
        }
        rv = WF_PREPARED(store, stmt, text, err);
        if (rv == APR_SUCCESS) {
            rv = store->driver->run(store, *stmt, &id, 1, NULL, NULL, NULL, err);
        }
    }
    return rv;
}

static apr_status_t run_purges(wf_store_t *store, wf_uow_t *uow, wf_purge_turn_e turn,
                               wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < uow->purges->nelts && rv == APR_SUCCESS; i++) {
        const wf_purge_t *purge = &APR_ARRAY_IDX(uow->purges, i, wf_purge_t);

        if (wf_purge_turn(purge->what) == turn) {
            rv = run_purge(store, purge, err);
        }
    }
    return rv;
}

static apr_status_t write_contents(wf_store_t *store, wf_uow_t *uow, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < uow->contents->nelts && rv == APR_SUCCESS; i++) {
        const wf_content_t *c = &APR_ARRAY_IDX(uow->contents, i, wf_content_t);
        wf_cell_t args[] = {wf_cell_bytes(c->data, c->length), wf_cell_integer(c->id)};

        rv = c->data ? wf_store_fixed(store, WF_SQL_BYTES_SET, args, 2, NULL, err)
                     : wf_store_fixed(store, WF_SQL_BYTES_DROP, &args[1], 1, NULL, err);
    }
    return rv;
}

typedef apr_status_t row_writer_fn(wf_store_t *store, wf_uow_t *uow, void *row,
                                   wf_error_t *err);

static apr_status_t write_rows(wf_store_t *store, wf_uow_t *uow, wf_table_e table,
                               int state, row_writer_fn *write, wf_error_t *err)
{
    apr_array_header_t *rows = uow->tables[table].rows;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rows && i < rows->nelts && rv == APR_SUCCESS; i++) {
        wf_row_t *row = APR_ARRAY_IDX(rows, i, wf_row_t *);

        if (row->state == state) {
            rv = write(store, uow, row, err);
        }
    }
    return rv;
}

/* Children go before their parents and come after them. Deleting first frees keys that
 * the unit gives to new rows. */
static apr_status_t write_unit(wf_store_t *store, wf_uow_t *uow, wf_error_t *err)
{
    apr_status_t rv = check_expected(store, uow, err);

    if (rv == APR_SUCCESS) {
        rv = wf_locks_write(store, uow, err);
    }
    if (rv == APR_SUCCESS) {
        rv = run_purges(store, uow, WF_PURGE_FIRST, err);
    }
    if (rv == APR_SUCCESS) {
        rv = write_contents(store, uow, err);
    }
    for (int t = WF_TABLES - 1; t >= 0 && rv == APR_SUCCESS; t--) {
        rv = write_rows(store, uow, t, WF_ROW_DELETED, delete_row, err);
    }
    for (int t = 0; t < WF_TABLES && rv == APR_SUCCESS; t++) {
        rv = write_rows(store, uow, t, WF_ROW_INSERTED, insert_row, err);
    }
    for (int t = 0; t < WF_TABLES && rv == APR_SUCCESS; t++) {
        rv = write_rows(store, uow, t, WF_ROW_UPDATED, update_row, err);
    }
    if (rv == APR_SUCCESS) {
        rv = run_purges(store, uow, WF_PURGE_LAST, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_suspends_write(store, uow, err);
    }
    return rv == APR_SUCCESS ? wf_claims_write(store, uow, err) : rv;
}

/* ---- the batch ------------------------------------------------------------------- */

typedef struct batch_t {
    wf_store_t *store;
    wf_ids_t *ids; /* may be NULL */
    wf_uow_t *const *units;
    int count;
    wf_error_t *outcomes;
    wf_reserve_t reserved;
} batch_t;

/* WF_EBROKEN if the transaction cannot go on; what becomes of the unit is its outcome. */
static apr_status_t write_behind_savepoint(batch_t *b, int i, wf_error_t *err)
{
    const wf_driver_t *driver = b->store->driver;
    apr_status_t rv = driver->transact(b->store, WF_TX_SAVEPOINT, err);

    if (rv != APR_SUCCESS) {
        return WF_EBROKEN;
    }
    rv = write_unit(b->store, b->units[i], &b->outcomes[i]);
    if (rv == APR_SUCCESS) {
        rv = driver->transact(b->store, WF_TX_RELEASE, err);
    }
    else if (rv == WF_EBROKEN) {
        wf_error_copy(err, &b->outcomes[i]);
    }
    else {
        rv = driver->transact(b->store, WF_TX_UNDO, err);
    }
    return rv == APR_SUCCESS ? APR_SUCCESS : WF_EBROKEN;
}

/* Without a savepoint: WF_EFAILED if a unit failed, and the whole transaction with it. */
static apr_status_t write_plainly(batch_t *b, int i, wf_error_t *err)
{
    wf_error_t failure;
    apr_status_t rv;

    wf_error_init(&failure, b->units[i]->pool);
    rv = write_unit(b->store, b->units[i], &failure);
    if (rv == WF_EBROKEN) {
        wf_error_copy(err, &failure);
        return WF_EBROKEN;
    }
    return rv == APR_SUCCESS ? APR_SUCCESS : WF_EFAILED;
}

static apr_status_t write_units(batch_t *b, int savepoints, wf_error_t *err)
{
    apr_status_t rv = b->store->driver->transact(b->store, WF_TX_WRITE, err);

    if (rv == APR_SUCCESS && b->ids) {
        rv = wf_ids_reserve(b->ids, b->store, &b->reserved, err);
    }
    if (rv != APR_SUCCESS) {
        return WF_EBROKEN;
    }
    for (int i = 0; i < b->count && rv == APR_SUCCESS; i++) {
        if (b->outcomes[i].kind == WF_ERR_NONE && !wf_uow_is_empty(b->units[i])) {
            rv =
                savepoints ? write_behind_savepoint(b, i, err) : write_plainly(b, i, err);
        }
    }
    return rv;
}

static void roll_back(batch_t *b, const wf_error_t *err)
{
    wf_error_t ignored;

    wf_error_init(&ignored, err->pool);
    b->store->driver->transact(b->store, WF_TX_ROLLBACK, &ignored);
}

static apr_status_t write_batch(batch_t *b, wf_error_t *err)
{
    apr_status_t rv = write_units(b, 0, err);

    if (rv == WF_EFAILED) {
        roll_back(b, err);
        rv = write_units(b, 1, err);
    }
    if (rv == APR_SUCCESS) {
        rv = b->store->driver->transact(b->store, WF_TX_COMMIT, err);
    }
    if (rv == APR_SUCCESS && b->ids) {
        wf_ids_reserved(b->ids, &b->reserved);
    }
    return rv;
}

static void fail_all(batch_t *b, const wf_error_t *err)
{
    roll_back(b, err);
    for (int i = 0; i < b->count; i++) {
        wf_error_init(&b->outcomes[i], b->outcomes[i].pool);
        wf_error_set(&b->outcomes[i], err->kind, "nothing was stored: %s", err->message);
    }
}

static apr_status_t try_to_write(wf_store_t *writer, wf_error_t *err)
{
    apr_status_t rv = writer->driver->transact(writer, WF_TX_WRITE, err);
    wf_error_t ignored;

    if (rv == APR_SUCCESS) {
        rv = wf_store_fixed(writer, WF_SQL_TRY, NULL, 0, NULL, err);
    }
    if (rv == APR_SUCCESS) {
        rv = writer->driver->transact(writer, WF_TX_COMMIT, err);
    }
    if (rv != APR_SUCCESS) {
        wf_error_init(&ignored, err->pool);
        writer->driver->transact(writer, WF_TX_ROLLBACK, &ignored);
    }
    return rv;
}

apr_status_t wf_store_try(wf_store_t *writer, wf_error_t *err)
{
    apr_status_t rv;

    apr_thread_mutex_lock(writer->lock);
    rv = writer->driver->make_room(writer, err);
    if (rv == APR_SUCCESS) {
        rv = try_to_write(writer, err);
    }
    apr_thread_mutex_unlock(writer->lock);
    return rv;
}

apr_status_t wf_store_commit(wf_store_t *writer, wf_ids_t *ids, wf_uow_t *const *units,
                             int count, wf_error_t *outcomes, wf_error_t *err)
{
    batch_t batch = {writer, ids, units, count, outcomes, {0, 0}};
    int work = 0;
    apr_status_t rv;

    for (int i = 0; i < count; i++) {
        wf_error_init(&outcomes[i], units[i]->pool);
        if (wf_uow_seal(units[i], &outcomes[i]) == APR_SUCCESS) {
            work |= !wf_uow_is_empty(units[i]);
        }
    }
    if (!work) {
        return APR_SUCCESS;
    }
    apr_thread_mutex_lock(writer->lock);
    rv = write_batch(&batch, err);
    if (rv != APR_SUCCESS) {
        fail_all(&batch, err);
        rv = WF_EFAILED;
    }
    apr_thread_mutex_unlock(writer->lock);
    return rv;
}
