/* All that a store says, as one text that is the same for two stores in which the same
 * has happened: generated ids, which are handed out in blocks, become their rank. */
#ifndef WF_TEST_DUMP_H
#define WF_TEST_DUMP_H

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <sqlite3.h>

#include "tap.h"

typedef struct dump_t {
    sqlite3 *db;
    apr_pool_t *p;
    apr_array_header_t *ids;  /* sqlite3_int64, sorted, each once */
    apr_array_header_t *text; /* const char * */
} dump_t;

/* What happens to each row of a query. */
typedef void dump_row_fn(dump_t *d, sqlite3_stmt *row);

static inline void dump_each(dump_t *d, const char *sql, dump_row_fn *fn)
{
    sqlite3_stmt *stmt;

    if (sqlite3_prepare_v2(d->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
        printf("Bail out! %s: %s\n", sql, sqlite3_errmsg(d->db));
        exit(1);
    }
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        fn(d, stmt);
    }
    sqlite3_finalize(stmt);
}

/* ---- ids ------------------------------------------------------------------------------- */

/* Columns with ids are called so, but for three; two of these may hold other things. */
static inline int dump_names_id(const char *column)
{
    apr_size_t length = strlen(column);

    return (length >= 3 && strcmp(column + length - 3, "ID_") == 0)
           || strcmp(column, "SUPER_EXEC_") == 0 || strcmp(column, "CONFIGURATION_") == 0
           || strcmp(column, "HANDLER_CFG_") == 0;
}

static inline int dump_is_id(sqlite3_stmt *row, int i)
{
    const char *text = (const char *)sqlite3_column_text(row, i);

    return text && *text && text[strspn(text, "0123456789")] == '\0'
           && dump_names_id(sqlite3_column_name(row, i));
}

static inline int dump_compare(const void *a, const void *b)
{
    sqlite3_int64 x = *(const sqlite3_int64 *)a, y = *(const sqlite3_int64 *)b;

    return (x > y) - (x < y);
}

static inline void dump_take_ids(dump_t *d, sqlite3_stmt *row)
{
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        if (dump_is_id(row, i)) {
            APR_ARRAY_PUSH(d->ids, sqlite3_int64) = sqlite3_column_int64(row, i);
        }
    }
}

static inline void dump_sort_ids(dump_t *d)
{
    sqlite3_int64 *ids = (sqlite3_int64 *)d->ids->elts;
    int kept = 0;

    qsort(ids, d->ids->nelts, sizeof(*ids), dump_compare);
    for (int i = 0; i < d->ids->nelts; i++) {
        if (!kept || ids[kept - 1] != ids[i]) {
            ids[kept++] = ids[i];
        }
    }
    d->ids->nelts = kept;
}

/* ---- rows ------------------------------------------------------------------------------ */

static inline const char *dump_cell(dump_t *d, sqlite3_stmt *row, int i)
{
    const sqlite3_int64 id = sqlite3_column_int64(row, i), *found;

    if (dump_is_id(row, i)) {
        found = bsearch(&id, d->ids->elts, d->ids->nelts, sizeof(id), dump_compare);
        return apr_psprintf(d->p, "#%d", (int)(found - (sqlite3_int64 *)d->ids->elts));
    }
    return sqlite3_column_type(row, i) == SQLITE_NULL
               ? "-"
               : apr_pstrdup(d->p, (const char *)sqlite3_column_text(row, i));
}

static inline void dump_take_row(dump_t *d, sqlite3_stmt *row)
{
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        APR_ARRAY_PUSH(d->text, const char *) = i ? " | " : "  ";
        APR_ARRAY_PUSH(d->text, const char *) = dump_cell(d, row, i);
    }
    APR_ARRAY_PUSH(d->text, const char *) = "\n";
}

/** The rows of tables, of const char *, in the order of their first column. path is a
 * store that is open: what stands in its log is seen, too. The result is in p. */
static inline const char *dump_tables(const char *path, const apr_array_header_t *tables,
                                      apr_pool_t *p)
{
    dump_t d = { .p = p,
                 .ids = apr_array_make(p, 200, sizeof(sqlite3_int64)),
                 .text = apr_array_make(p, 1000, sizeof(char *)) };

    if (sqlite3_open_v2(path, &d.db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        printf("Bail out! %s: %s\n", path, sqlite3_errmsg(d.db));
        exit(1);
    }
    for (int i = 0; i < tables->nelts; i++) {
        dump_each(&d,
                  apr_psprintf(p, "SELECT * FROM %s", APR_ARRAY_IDX(tables, i, char *)),
                  dump_take_ids);
    }
    dump_sort_ids(&d);
    for (int i = 0; i < tables->nelts; i++) {
        const char *table = APR_ARRAY_IDX(tables, i, char *);

        APR_ARRAY_PUSH(d.text, const char *) = table;
        APR_ARRAY_PUSH(d.text, const char *) = "\n";
        dump_each(&d, apr_psprintf(p, "SELECT * FROM %s ORDER BY 1", table),
                  dump_take_row);
    }
    sqlite3_close(d.db);
    return apr_array_pstrcat(p, d.text, 0);
}

/** The first line in which two dumps differ: say what it is in each. */
static inline void dump_diff(const char *got, const char *want)
{
    apr_size_t at = 0;

    for (apr_size_t i = 0; got[i] && got[i] == want[i]; i++) {
        at = got[i] == '\n' ? i + 1 : at;
    }
    diag("got  %.*s", (int)strcspn(got + at, "\n"), got + at);
    diag("want %.*s", (int)strcspn(want + at, "\n"), want + at);
}

/** What a query gives, a line a row. */
static inline const char *dump_query(const char *path, const char *sql, apr_pool_t *p)
{
    dump_t d = { .p = p,
                 .ids = apr_array_make(p, 1, sizeof(sqlite3_int64)),
                 .text = apr_array_make(p, 20, sizeof(char *)) };

    if (sqlite3_open_v2(path, &d.db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        printf("Bail out! %s: %s\n", path, sqlite3_errmsg(d.db));
        exit(1);
    }
    dump_each(&d, sql, dump_take_row);
    sqlite3_close(d.db);
    return apr_array_pstrcat(p, d.text, 0);
}

#endif
