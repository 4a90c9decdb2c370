/* Whole tables for administrators. What can be seen follows from the column descriptors:
 * Activiti's tables with its columns. Names that come from outside are looked up here and
 * never reach SQL. */
#include "store/internal.h"

#include <apr_strings.h>
#include <pthread.h>
#include <string.h>

/* The tables of Activiti 5.0. What later releases or we added is no table of its API. */
static const wf_table_e shown[] = {
    /* clang-format off */
    WF_TABLE_BYTEARRAY,  WF_TABLE_PROPERTY,   WF_TABLE_HI_ACTINST, WF_TABLE_HI_DETAIL,
    WF_TABLE_HI_PROCINST, WF_TABLE_GROUP,     WF_TABLE_MEMBERSHIP, WF_TABLE_USER,
    WF_TABLE_DEPLOYMENT, WF_TABLE_DEFINITION, WF_TABLE_EXECUTION,  WF_TABLE_IDENTITYLINK,
    WF_TABLE_JOB,        WF_TABLE_TASK,       WF_TABLE_VARIABLE,
    /* clang-format on */
};

#define VIEWS (int)(sizeof(shown) / sizeof(shown[0]))

#define MASK "'********'" /* tells neither the secret nor whether there is one */

static const wf_type_e types[] = {
    /* clang-format off */
    [WF_COL_ID]         = WF_STRING,  [WF_COL_TEXT]       = WF_STRING,
    [WF_COL_INT]        = WF_INTEGER, [WF_COL_REV]        = WF_INTEGER,
    [WF_COL_LONG]       = WF_LONG,    [WF_COL_DURATION]   = WF_LONG,
    [WF_COL_RETRIES]    = WF_INTEGER, [WF_COL_SUSPENSION] = WF_INTEGER,
    [WF_COL_BOOL]       = WF_BOOLEAN, [WF_COL_IS_SET]     = WF_BOOLEAN,
    [WF_COL_TIME]       = WF_DATE,    [WF_COL_REAL]       = WF_DOUBLE,
    [WF_COL_BYTES]      = WF_BYTES,
    [WF_COL_VALUE_TYPE] = WF_STRING,  [WF_COL_VALUE_TEXT] = WF_STRING,
    [WF_COL_VALUE_REAL] = WF_DOUBLE,  [WF_COL_VALUE_LONG] = WF_LONG,
    [WF_COL_VALUE_NULL] = WF_STRING,
    /* clang-format on */
};

/* ---- what there is ---------------------------------------------------------------- */

/* Made from the descriptors when first asked for. */
static const char *names[VIEWS + 1];
static wf_view_column_t columns[VIEWS][WF_MAX_COLUMNS + 1];
static pthread_once_t made = PTHREAD_ONCE_INIT;

static int is_shown(const wf_column_t *column)
{
    return !(column->flags & WF_COLUMN_HIDDEN);
}

static void make_views(void)
{
    for (int v = 0; v < VIEWS; v++) {
        const wf_table_def_t *t = &wf_tables[shown[v]];
        wf_view_column_t *to = columns[v];

        names[v] = t->name;
        for (int i = 0; i < t->count; i++) {
            if (is_shown(&t->columns[i])) {
                to->name = t->columns[i].name;
                to->type = types[t->columns[i].kind];
                to++;
            }
        }
    }
}

const char *const *wf_store_views(void)
{
    pthread_once(&made, make_views);
    return names;
}

/* -1 for a table that is not shown. */
static int find_view(const char *table)
{
    const char *const *all = wf_store_views();

    for (int v = 0; v < VIEWS; v++) {
        if (!strcmp(all[v], table)) {
            return v;
        }
    }
    return -1;
}

const wf_view_column_t *wf_store_view_columns(const char *table)
{
    int v = find_view(table);

    return v < 0 ? NULL : columns[v];
}

/* ---- text ------------------------------------------------------------------------ */

/* What is seen of a column, and what it sorts by. */
static const char *shown_as(const wf_column_t *column, apr_pool_t *p)
{
    if (column->flags & WF_COLUMN_SECRET) {
        return MASK;
    }
    return column->kind == WF_COL_BYTES
               ? apr_pstrcat(p, "LENGTH(r.", column->name, ")", NULL)
               : apr_pstrcat(p, "r.", column->name, NULL);
}

/* The order of creation; where rows do not remember it, that of their key. */
static const char *tie_of(const wf_table_def_t *t, apr_pool_t *p)
{
    return t->key == WF_KEY_PAIR ? apr_pstrcat(p, "r.", t->columns[0].name, ", r.",
                                               t->columns[1].name, NULL)
                                 : apr_pstrcat(p, "r.", t->order, NULL);
}

static const char *order_of(const wf_table_def_t *t, const wf_view_key_t *key,
                            apr_pool_t *p)
{
    const wf_column_t *column = &t->columns[key->column];
    const char *tie = tie_of(t, p);
    const char *by = shown_as(column, p);

    if (column->flags & WF_COLUMN_SECRET) { /* all look the same */
        return tie;
    }
    return apr_pstrcat(p, by, key->descending ? " DESC NULLS LAST" : " ASC NULLS FIRST",
                       strcmp(by, tie) ? ", " : "", strcmp(by, tie) ? tie : "", NULL);
}

const char *wf_sql_view(const wf_driver_t *d, const wf_view_key_t *key, apr_pool_t *p)
{
    const wf_table_def_t *t = &wf_tables[key->table];
    const char *text = "";

    if (key->column < 0) {
        return apr_pstrcat(p, "SELECT COUNT(*) FROM ", t->name, NULL);
    }
    for (int i = 0; i < t->count; i++) {
        if (is_shown(&t->columns[i])) {
            text = apr_pstrcat(p, text, *text ? ", " : "SELECT ",
                               shown_as(&t->columns[i], p), NULL);
        }
    }
    return wf_sql_dialect(d,
                          apr_pstrcat(p, text, " FROM ", t->name, " r ORDER BY ",
                                      order_of(t, key, p), " LIMIT ?1 OFFSET ?2", NULL),
                          p);
}

static apr_status_t statement(wf_store_t *store, const wf_view_key_t *key,
                              wf_stmt_t **stmt, wf_error_t *err)
{
    wf_stmt_t **slot = wf_store_slot(store, &store->views, key, sizeof(*key));
    apr_status_t rv =
        WF_PREPARED(store, slot, wf_sql_view(store->driver, key, store->pool), err);

    *stmt = *slot;
    return rv;
}

/* ---- rows ------------------------------------------------------------------------ */

typedef struct collect_t {
    const wf_view_column_t *columns;
    apr_array_header_t *rows;
    apr_pool_t *p;
} collect_t;

static wf_value_t text_of(const wf_cell_t *cell, apr_pool_t *p)
{
    if (cell->type == WF_CELL_INTEGER) { /* a generated id */
        return wf_string(apr_psprintf(p, "%" APR_INT64_T_FMT, cell->as.integer));
    }
    return wf_string_n(cell->as.text.data, cell->as.text.length, p);
}

static wf_value_t value_of(wf_type_e type, const wf_cell_t *cell, apr_pool_t *p)
{
    if (cell->type == WF_CELL_NULL) {
        return wf_null();
    }
    switch (type) {
    case WF_STRING:
        return text_of(cell, p);
    case WF_INTEGER:
        return wf_integer(wf_cell_to_integer(cell));
    case WF_LONG:
        return wf_long(wf_cell_to_integer(cell));
    case WF_BOOLEAN:
        return wf_boolean(wf_cell_to_integer(cell) != 0);
    case WF_DATE:
        return wf_date(wf_cell_to_integer(cell));
    case WF_DOUBLE:
        return wf_double(cell->type == WF_CELL_REAL ? cell->as.real
                                                    : (double)wf_cell_to_integer(cell));
    default:
        return wf_bytes(NULL, (apr_size_t)wf_cell_to_integer(cell));
    }
}

static apr_status_t collect_row(void *baton, const wf_cell_t *cells, int count,
                                wf_error_t *err)
{
    collect_t *c = baton;
    wf_value_t *row = apr_palloc(c->p, count * sizeof(*row));

    (void)err;
    for (int i = 0; i < count; i++) {
        row[i] = value_of(c->columns[i].type, &cells[i], c->p);
    }
    APR_ARRAY_PUSH(c->rows, wf_value_t *) = row;
    return APR_SUCCESS;
}

/* ---- reading --------------------------------------------------------------------- */

static apr_status_t look_up(int *view, const char *table, wf_error_t *err)
{
    *view = find_view(table);
    return *view < 0 ? wf_error_set(err, WF_ERR_NOT_FOUND, "no table '%s'", table)
                     : APR_SUCCESS;
}

/* The position of a column in the descriptors. */
static apr_status_t find_column(int *column, wf_table_e table, const char *name,
                                wf_error_t *err)
{
    const wf_table_def_t *t = &wf_tables[table];

    for (*column = 0; *column < t->count; (*column)++) {
        const wf_column_t *c = &t->columns[*column];

        if (is_shown(c) && (!name || !strcmp(c->name, name))) {
            return APR_SUCCESS;
        }
    }
    return wf_error_field(err, WF_ERR_INVALID, "sort", "table %s has no column '%s'",
                          t->name, name);
}

static apr_status_t count_rows(wf_store_t *store, wf_table_e table, apr_int64_t *total,
                               wf_error_t *err)
{
    wf_view_key_t key = { table, -1, 0 };
    wf_stmt_t *stmt;
    apr_status_t rv = statement(store, &key, &stmt, err);

    return rv == APR_SUCCESS
               ? store->driver->run(store, stmt, NULL, 0, wf_row_number, total, NULL, err)
               : rv;
}

apr_status_t wf_store_view_total(wf_store_t *store, const char *table, apr_int64_t *total,
                                 wf_error_t *err)
{
    int view;
    apr_status_t rv = look_up(&view, table, err);

    return rv == APR_SUCCESS ? count_rows(store, shown[view], total, err) : rv;
}

static apr_status_t read_page(wf_store_t *store, const wf_view_key_t *key,
                              const wf_page_t *page, collect_t *collect,
                              apr_int64_t *total, wf_error_t *err)
{
    wf_cell_t args[] = { wf_cell_integer(page->size > 0 ? page->size : 0),
                         wf_cell_integer(page->start > 0 ? page->start : 0) };
    wf_stmt_t *stmt;
    apr_status_t rv = statement(store, key, &stmt, err);

    if (rv == APR_SUCCESS && page->size > 0) {
        rv = store->driver->run(store, stmt, args, 2, collect_row, collect, NULL, err);
    }
    return rv == APR_SUCCESS ? count_rows(store, key->table, total, err) : rv;
}

apr_status_t wf_store_view(wf_store_t *store, const char *table, const wf_page_t *page,
                           wf_rows_t *rows, apr_pool_t *p, wf_error_t *err)
{
    wf_view_key_t key = { .descending = page->descending != 0 };
    collect_t collect = { .p = p };
    int view;
    apr_status_t rv;

    if ((rv = look_up(&view, table, err)) != APR_SUCCESS) {
        return rv;
    }
    key.table = shown[view];
    if ((rv = find_column(&key.column, key.table, page->sort, err)) != APR_SUCCESS) {
        return rv;
    }
    rows->rows = collect.rows = apr_array_make(p, 16, sizeof(wf_value_t *));
    rows->total = 0;
    collect.columns = columns[view];
    /* Page and total are of one moment. */
    if ((rv = store->driver->transact(store, WF_TX_READ, err)) != APR_SUCCESS) {
        return rv;
    }
    rv = read_page(store, &key, page, &collect, &rows->total, err);
    return wf_store_read_end(store, rv, err);
}
