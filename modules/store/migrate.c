/* The schema: numbered migrations are compiled in, run once each under the lock of a
 * write transaction, and recorded in WF_SCHEMA. A store of a newer version is left alone.
 */
#include "store/internal.h"

#include <string.h>

static int last_migration(const wf_driver_t *driver)
{
    const char *name;
    int n = 0;

    while (driver->migration(n + 1, &name)) {
        n++;
    }
    return n;
}

typedef struct tables_t {
    int count;
    int has_schema;
} tables_t;

static apr_status_t see_table(void *baton, const wf_cell_t *cells, int count,
                              wf_error_t *err)
{
    tables_t *tables = baton;

    (void)count;
    (void)err;
    tables->count++;
    if (cells[0].type == WF_CELL_TEXT && !strcmp(cells[0].as.text.data, "WF_SCHEMA")) {
        tables->has_schema = 1;
    }
    return APR_SUCCESS;
}

static apr_status_t see_tables(wf_store_t *store, tables_t *tables, wf_error_t *err)
{
    wf_stmt_t *stmt;
    apr_status_t rv = store->driver->prepare(store, &stmt, store->driver->tables, err);

    memset(tables, 0, sizeof(*tables));
    return rv == APR_SUCCESS
               ? store->driver->run(store, stmt, NULL, 0, see_table, tables, NULL, err)
               : rv;
}

/* *number is the last migration of the store, 0 for an empty one. */
static apr_status_t current_number(wf_store_t *store, apr_int64_t *number,
                                   wf_error_t *err)
{
    tables_t tables;
    apr_status_t rv = see_tables(store, &tables, err);

    *number = 0;
    if (rv != APR_SUCCESS || (!tables.count && !tables.has_schema)) {
        return rv;
    }
    if (!tables.has_schema) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "this database holds other tables and is no workflow store");
    }
    return wf_store_fixed(store, WF_SQL_SCHEMA_NUMBER, NULL, 0, number, err);
}

static apr_status_t refuse_newer(wf_store_t *store, apr_int64_t number, wf_error_t *err)
{
    int last = last_migration(store->driver);

    if (number > last) {
        return wf_error_set(err, WF_ERR_UNSUPPORTED,
                            "a newer version wrote it (schema %" APR_INT64_T_FMT
                            ", this version knows up to %d)",
                            number, last);
    }
    return APR_SUCCESS;
}

static apr_status_t run_migration(wf_store_t *store, int number, wf_error_t *err)
{
    const char *name;
    const char *text = store->driver->migration(number, &name);
    apr_status_t rv = store->driver->script(store, text, err);

    if (rv == APR_SUCCESS) {
        wf_cell_t record[] = {wf_cell_integer(number), wf_cell_text(name),
                              wf_cell_integer(wf_time_ms())};

        rv = wf_store_fixed(store, WF_SQL_SCHEMA_RECORD, record, 3, NULL, err);
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "migration %s", name);
}

/* What number the schema has; an error if the store is not for us. */
static apr_status_t see_schema(wf_store_t *store, apr_int64_t *number, wf_error_t *err)
{
    apr_status_t rv = current_number(store, number, err);

    return rv == APR_SUCCESS ? refuse_newer(store, *number, err) : rv;
}

static apr_status_t run_missing(wf_store_t *store, wf_error_t *err)
{
    apr_int64_t number;
    apr_status_t rv = see_schema(store, &number, err);

    while (rv == APR_SUCCESS && number < last_migration(store->driver)) {
        rv = run_migration(store, (int)++number, err);
        if (rv == APR_SUCCESS) {
            wf_log(WF_LOG_INFO, "store %s: schema is now %d", store->location,
                   (int)number);
        }
    }
    return rv;
}

apr_status_t wf_migrate(wf_store_t *store, wf_error_t *err)
{
    apr_int64_t number;
    wf_error_t ignored;
    apr_status_t rv = see_schema(store, &number, err);

    if (rv != APR_SUCCESS || (rv = store->driver->claim(store, err)) != APR_SUCCESS
        || (rv = store->driver->transact(store, WF_TX_WRITE, err)) != APR_SUCCESS) {
        return rv;
    }
    rv = run_missing(store, err);
    if (rv == APR_SUCCESS) {
        return store->driver->transact(store, WF_TX_COMMIT, err);
    }
    wf_error_init(&ignored, err->pool);
    store->driver->transact(store, WF_TX_ROLLBACK, &ignored);
    return rv;
}

apr_status_t wf_schema_check(wf_store_t *store, wf_error_t *err)
{
    apr_int64_t number;
    apr_status_t rv = see_schema(store, &number, err);

    if (rv == APR_SUCCESS && number < last_migration(store->driver)) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE,
                            "its schema is %" APR_INT64_T_FMT
                            ", %d is needed: the engine "
                            "has not brought it up to date yet",
                            number, last_migration(store->driver));
    }
    return rv;
}
