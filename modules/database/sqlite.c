/* SQLite: files below the administrator's directory, and databases in memory that belong
 * to one connection. A statement that takes long is asked every few thousand operations
 * whether it is still wanted; one that finds the database locked waits as long. */
#include "database/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define OPERATIONS_PER_LOOK 2000
#define BUSY_FIRST_US 200
#define BUSY_LONGEST_US 10000

static int is_memory(const char *dsn)
{
    return strcmp(dsn, ":memory:") == 0;
}

/* ---- opening ------------------------------------------------------------------------------- */

/* "shop.db", and as others write it: sqlite://shop.db, sqlite:shop.db, file:shop.db. */
static const char *name_in(const char *dsn)
{
    static const char *const schemes[] = { "sqlite://", "sqlite3://",
                                           "sqlite:", "file:" };
    size_t i;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncmp(dsn, schemes[i], strlen(schemes[i])) == 0) {
            return dsn + strlen(schemes[i]);
        }
    }
    return dsn;
}

static apr_status_t check(const char *dsn, apr_pool_t *p, wf_error_t *err)
{
    const char *name = name_in(dsn);

    (void)p;
    if (*name == '\0') {
        return wf_error_set(err, WF_ERR_INVALID, "names no file");
    }
    if (strchr(name, '?') != NULL || strchr(name, '#') != NULL) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "a database file is named without parameters");
    }
    if (*name == '/' || strstr(name, "..") != NULL) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the file has to be relative to WorkflowDataDir, without "
                            "\"..\"");
    }
    if (*name == ':' && !is_memory(dsn)) {
        return wf_error_set(err, WF_ERR_INVALID, "only :memory: begins with a colon");
    }
    return APR_SUCCESS;
}

static int on_progress(void *baton)
{
    return wf_db_is_late(baton);
}

static int on_busy(void *baton, int times)
{
    int us = BUSY_FIRST_US << (times < 6 ? times : 6);

    if (wf_db_is_late(baton)) {
        return 0;
    }
    usleep((useconds_t)(us < BUSY_LONGEST_US ? us : BUSY_LONGEST_US));
    return 1;
}

static apr_status_t fail(wf_db_t *db, sqlite3 *handle, const char *what, apr_pool_t *p,
                         wf_error_t *err)
{
    if (*db->denied != '\0') {
        return wf_error_set(err, WF_ERR_EXECUTION, "%s: not allowed here", db->denied);
    }
    return wf_error_set(err, WF_ERR_EXECUTION, "%sSQLite error %d: %s", what,
                        handle ? sqlite3_extended_errcode(handle) : SQLITE_NOMEM,
                        handle ? wf_db_line(sqlite3_errmsg(handle), p) : "out of memory");
}

static apr_status_t open_sqlite(wf_db_t *db, apr_pool_t *p, wf_error_t *err)
{
    int memory = is_memory(db->dsn);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
                | SQLITE_OPEN_EXRESCODE;
    const char *path = ":memory:";
    sqlite3 *handle = NULL;
    int rc;

    if (!memory) {
        apr_status_t rv = wf_db_path_below(&path, db, name_in(db->dsn), 1, p, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        flags |= SQLITE_OPEN_NOFOLLOW;
    }
    rc = sqlite3_open_v2(path, &handle, flags, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_handler(handle, on_busy, db);
        sqlite3_progress_handler(handle, OPERATIONS_PER_LOOK, on_progress, db);
        rc = wf_db_sqlite_guard(handle, db, memory);
    }
    if (rc != SQLITE_OK) {
        fail(db, handle, "cannot open the database: ", p, err);
        sqlite3_close(handle);
        return WF_EFAILED;
    }
    db->handle = handle;
    return APR_SUCCESS;
}

/* ---- parameters ------------------------------------------------------------------------------ */

/* $2, :2 and @2 are names for SQLite, numbers for the author; ? counts by itself. */
static int param_of(sqlite3_stmt *statement, int at)
{
    const char *name = sqlite3_bind_parameter_name(statement, at);
    apr_int64_t number;

    if (name == NULL || *name == '?') {
        return at;
    }
    return wf_parse_int64(name + 1, &number) && number > 0 && number <= WF_DB_MAX_PARAMS
               ? (int)number
               : at;
}

static int params_needed(sqlite3_stmt *statement)
{
    int n = sqlite3_bind_parameter_count(statement);
    int i, needed = 0;

    for (i = 1; i <= n; i++) {
        int number = param_of(statement, i);

        needed = number > needed ? number : needed;
    }
    return needed;
}

static int bind_one(sqlite3_stmt *statement, int at, const wf_value_t *v, apr_pool_t *p)
{
    switch (v->type) {
    case WF_NULL:
        return sqlite3_bind_null(statement, at);
    case WF_BOOLEAN:
        return sqlite3_bind_int(statement, at, v->as.boolean);
    case WF_SHORT:
    case WF_INTEGER:
    case WF_LONG:
        return sqlite3_bind_int64(statement, at, v->as.integer);
    case WF_DOUBLE:
        return sqlite3_bind_double(statement, at, v->as.number);
    case WF_BYTES:
        return sqlite3_bind_blob64(statement, at, v->as.text.data, v->as.text.length,
                                   SQLITE_STATIC);
    default:
        return sqlite3_bind_text(statement, at, wf_db_param_text(v, p), -1,
                                 SQLITE_STATIC);
    }
}

static apr_status_t bind_all(wf_db_t *db, sqlite3_stmt *statement,
                             const wf_db_statement_t *asked, apr_pool_t *p,
                             wf_error_t *err)
{
    int needed = params_needed(statement);
    int i, n = sqlite3_bind_parameter_count(statement);

    if (needed != asked->nparams) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the statement has %d parameters, but %d are given", needed,
                            asked->nparams);
    }
    for (i = 1; i <= n; i++) {
        const wf_value_t *v = &asked->params[param_of(statement, i) - 1];

        if (bind_one(statement, i, v, p) != SQLITE_OK) {
            return fail(db, db->handle, "", p, err);
        }
    }
    return APR_SUCCESS;
}

/* ---- rows -------------------------------------------------------------------------------------- */

static int is_boolean(sqlite3_stmt *statement, int column)
{
    const char *declared = sqlite3_column_decltype(statement, column);

    return declared != NULL && sqlite3_strnicmp(declared, "bool", 4) == 0;
}

static wf_value_t integer_of(sqlite3_stmt *statement, int column)
{
    apr_int64_t i = sqlite3_column_int64(statement, column);

    return (i == 0 || i == 1) && is_boolean(statement, column) ? wf_boolean((int)i)
                                                               : wf_integer(i);
}

static wf_value_t value_of(sqlite3_stmt *statement, int column, apr_pool_t *p)
{
    double number;

    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return integer_of(statement, column);
    case SQLITE_FLOAT:
        number = sqlite3_column_double(statement, column);
        return isfinite(number) ? wf_double(number)
                                : wf_string(number > 0 ? "Infinity" : "-Infinity");
    case SQLITE_TEXT:
        return wf_db_text((const char *)sqlite3_column_text(statement, column),
                          (apr_size_t)sqlite3_column_bytes(statement, column), p);
    case SQLITE_BLOB:
        return wf_db_base64(sqlite3_column_blob(statement, column),
                            (apr_size_t)sqlite3_column_bytes(statement, column), p);
    default:
        return wf_null();
    }
}

static apr_status_t add_row(sqlite3_stmt *statement, int keep, wf_db_answer_t *answer,
                            apr_pool_t *p, wf_error_t *err)
{
    int i, n = sqlite3_column_count(statement);
    wf_map_t *row = keep ? wf_map_create(p) : NULL;
    wf_value_t first = wf_null();

    for (i = 0; keep && i < n; i++) {
        const char *name = sqlite3_column_name(statement, i);

        wf_map_set(row, name ? name : "", value_of(statement, i, p));
    }
    if (answer->count == 0 && n == 1) {
        first = value_of(statement, 0, p);
    }
    return wf_db_answer_row(answer, row, &first, err);
}

/* ---- running ----------------------------------------------------------------------------------- */

/* Why a step did not go on. */
static apr_status_t stopped(wf_db_t *db, int rc, wf_db_answer_t *answer, apr_pool_t *p,
                            wf_error_t *err)
{
    if ((rc == SQLITE_INTERRUPT || (rc & 0xff) == SQLITE_BUSY) && wf_db_is_late(db)) {
        return wf_db_late(db, answer, err);
    }
    return fail(db, db->handle, "", p, err);
}

static apr_status_t step_all(wf_db_t *db, sqlite3_stmt *statement,
                             const wf_db_statement_t *asked, wf_db_answer_t *answer,
                             apr_pool_t *p, wf_error_t *err)
{
    int keep = wf_db_keeps_rows(asked);
    apr_status_t rv = APR_SUCCESS;
    int rc = SQLITE_ROW;

    while (rv == APR_SUCCESS && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        rv = add_row(statement, keep, answer, p, err);
    }
    return rv != APR_SUCCESS || rc == SQLITE_DONE ? rv : stopped(db, rc, answer, p, err);
}

/* Nothing but blanks, semicolons and comments. */
static int is_all(sqlite3 *handle, const char *rest)
{
    sqlite3_stmt *more = NULL;
    int rc = SQLITE_OK;

    while (rc == SQLITE_OK && more == NULL && *rest != '\0') {
        rc = sqlite3_prepare_v2(handle, rest, -1, &more, &rest);
    }
    sqlite3_finalize(more);
    return rc == SQLITE_OK && more == NULL;
}

static apr_status_t prepare(wf_db_t *db, sqlite3_stmt **statement, const char *sql,
                            wf_db_answer_t *answer, apr_pool_t *p, wf_error_t *err)
{
    const char *rest;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, statement, &rest);

    if (rc != SQLITE_OK) {
        return stopped(db, rc, answer, p, err);
    }
    if (*statement == NULL) {
        return wf_error_set(err, WF_ERR_EXECUTION, "there is no statement");
    }
    if (!is_all(db->handle, rest)) {
        return wf_error_set(err, WF_ERR_EXECUTION, "a step runs one statement");
    }
    return APR_SUCCESS;
}

static apr_status_t run(wf_db_t *db, const wf_db_statement_t *asked,
                        wf_db_answer_t *answer, apr_pool_t *p, wf_error_t *err)
{
    sqlite3 *handle = db->handle;
    sqlite3_int64 before = sqlite3_total_changes64(handle);
    sqlite3_stmt *statement = NULL;
    apr_status_t rv = prepare(db, &statement, asked->sql, answer, p, err);

    if (rv == APR_SUCCESS) {
        rv = bind_all(db, statement, asked, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = step_all(db, statement, asked, answer, p, err);
    }
    sqlite3_finalize(statement);
    if (rv == APR_SUCCESS && sqlite3_total_changes64(handle) != before) {
        answer->affected = sqlite3_changes64(handle);
    }
    return rv;
}

static int in_transaction(const wf_db_t *db)
{
    return !sqlite3_get_autocommit(db->handle);
}

static void close_sqlite(wf_db_t *db)
{
    sqlite3_progress_handler(db->handle, 0, NULL, NULL);
    sqlite3_close(db->handle);
}

const wf_db_driver_t wf_db_sqlite = {
    .name = "sqlite",
    .check = check,
    .open = open_sqlite,
    .run = run,
    .in_transaction = in_transaction,
    .close = close_sqlite,
};
