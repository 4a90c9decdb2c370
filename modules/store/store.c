/* Connections: data sources, opening and closing, and reads that are not lists. */
#include "store/internal.h"

#include <apr_strings.h>
#include <string.h>

/* What WorkflowStore may begin with. */
static const wf_driver_t *const drivers[] = {&wf_driver_sqlite};

#define DRIVERS (int)(sizeof(drivers) / sizeof(drivers[0]))

/* ---- data sources ---------------------------------------------------------------- */

static apr_status_t find_driver(const wf_driver_t **driver, const char **location,
                                const char *dsn, apr_pool_t *p, wf_error_t *err)
{
    const char *known = "";

    for (int i = 0; i < DRIVERS; i++) {
        apr_size_t n = strlen(drivers[i]->name);

        if (!strncmp(dsn, drivers[i]->name, n) && dsn[n] == ':') {
            *driver = drivers[i];
            *location = dsn + n + 1;
            return APR_SUCCESS;
        }
        known = apr_pstrcat(p, known, i ? ", " : "", drivers[i]->name, ":", NULL);
    }
    return wf_error_set(err, WF_ERR_INVALID, "store '%s' must begin with one of %s", dsn,
                        known);
}

apr_status_t wf_store_check(const char *dsn, apr_pool_t *p, wf_error_t *err)
{
    const wf_driver_t *driver;
    const char *location;
    apr_status_t rv = find_driver(&driver, &location, dsn, p, err);

    return rv == APR_SUCCESS ? driver->check(location, p, err) : rv;
}

/* ---- open and close -------------------------------------------------------------- */

static apr_status_t close_with_pool(void *data)
{
    wf_store_close(data);
    return APR_SUCCESS;
}

/* A writer is opened by one thread, used by another and lent to those that need ids, each
 * time under its lock: the lock is for the connection, the allocator for the pool. */
static apr_status_t create_store(wf_store_t **created, apr_pool_t *p, wf_error_t *err)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;
    wf_store_t *store;
    apr_status_t rv = apr_allocator_create(&allocator);

    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_UNAVAILABLE, rv, "memory for a store");
    }
    rv = apr_pool_create_ex(&pool, p, NULL, allocator);
    if (rv != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return wf_error_apr(err, WF_ERR_UNAVAILABLE, rv, "memory for a store");
    }
    apr_allocator_owner_set(allocator, pool);
    apr_pool_tag(pool, "wf_store");
    store = apr_pcalloc(pool, sizeof(*store));
    store->pool = pool;
    rv = apr_thread_mutex_create(&store->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return wf_error_apr(err, WF_ERR_UNAVAILABLE, rv, "a store's lock");
    }
    *created = store;
    return APR_SUCCESS;
}

apr_status_t wf_store_open(wf_store_t **opened, const char *dsn, wf_store_mode_e mode,
                           apr_pool_t *p, wf_error_t *err)
{
    const wf_driver_t *driver;
    const char *location;
    wf_store_t *store = NULL;
    apr_status_t rv = find_driver(&driver, &location, dsn, p, err);

    if (rv != APR_SUCCESS || (rv = driver->check(location, p, err)) != APR_SUCCESS
        || (rv = create_store(&store, p, err)) != APR_SUCCESS) {
        return rv;
    }
    store->driver = driver;
    store->location = apr_pstrdup(store->pool, location);
    store->mode = mode == WF_STORE_KNOWN ? WF_STORE_WRITE : mode;
    store->known = mode == WF_STORE_KNOWN;
    store->open = 1;
    rv = driver->open(store, err);
    if (rv == APR_SUCCESS) {
        rv = mode != WF_STORE_READ ? wf_migrate(store, err) : wf_schema_check(store, err);
    }
    if (rv != APR_SUCCESS) {
        driver->close(store);
        apr_pool_destroy(store->pool);
        return wf_error_note(err, rv, "store %s", dsn);
    }
    apr_pool_cleanup_register(store->pool, store, close_with_pool, apr_pool_cleanup_null);
    *opened = store;
    return APR_SUCCESS;
}

/* The struct stays until its pool goes, so closing twice is harmless. */
void wf_store_close(wf_store_t *store)
{
    if (store->open) {
        store->open = 0;
        store->driver->close(store);
    }
}

apr_status_t wf_store_checkpoint(wf_store_t *writer, wf_error_t *err)
{
    apr_status_t rv;

    apr_thread_mutex_lock(writer->lock);
    rv = writer->driver->checkpoint(writer, err);
    apr_thread_mutex_unlock(writer->lock);
    return rv;
}

apr_status_t wf_store_give_back(wf_store_t *writer, int pages, apr_int64_t *left,
                                wf_error_t *err)
{
    apr_status_t rv;

    apr_thread_mutex_lock(writer->lock);
    rv = writer->driver->give_back(writer, pages, left, err);
    apr_thread_mutex_unlock(writer->lock);
    return rv;
}

apr_status_t wf_store_room(wf_store_t *store, wf_room_t *room, wf_error_t *err)
{
    return store->driver->room(store, room, err);
}

/* ---- copies ---------------------------------------------------------------------- */

/* A transaction sees the store as it is at its first statement. */
apr_status_t wf_store_copy(wf_store_t *reader, const char *path, wf_copy_fn *between,
                           void *baton, wf_error_t *err)
{
    apr_status_t rv = reader->driver->transact(reader, WF_TX_READ, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = wf_store_fixed(reader, WF_SQL_SCHEMA_NUMBER, NULL, 0, NULL, err);
    if (rv == APR_SUCCESS) {
        rv = reader->driver->copy(reader, path, between, baton, err);
    }
    return wf_store_read_end(reader, rv, err);
}

const char *wf_store_copy_source(const wf_store_t *reader, const char *path,
                                 apr_pool_t *p)
{
    return apr_pstrcat(p, reader->driver->name, ":", path, NULL);
}

/* ---- running statements ---------------------------------------------------------- */

apr_status_t wf_row_number(void *baton, const wf_cell_t *cells, int count,
                           wf_error_t *err)
{
    (void)count;
    (void)err;
    *(apr_int64_t *)baton = wf_cell_to_integer(&cells[0]);
    return APR_SUCCESS;
}

wf_stmt_t **wf_store_slot(wf_store_t *store, apr_hash_t **cache, const void *key,
                          apr_size_t size)
{
    wf_stmt_t **slot;

    if (!*cache) {
        *cache = apr_hash_make(store->pool);
    }
    slot = apr_hash_get(*cache, key, size);
    if (!slot) {
        slot = apr_pcalloc(store->pool, sizeof(*slot));
        apr_hash_set(*cache, apr_pmemdup(store->pool, key, size), size, slot);
    }
    return slot;
}

apr_status_t wf_store_fixed(wf_store_t *store, wf_sql_e which, const wf_cell_t *args,
                            int count, apr_int64_t *number, wf_error_t *err)
{
    wf_stmt_t **stmt = &store->fixed[which];
    apr_int64_t unused;
    apr_status_t rv =
        WF_PREPARED(store, stmt, wf_sql_fixed(store->driver, which, store->pool), err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    number = number ? number : &unused;
    *number = 0;
    return store->driver->run(store, *stmt, args, count, wf_row_number, number, NULL,
                              err);
}

static apr_status_t take_text(void *baton, const wf_cell_t *cells, int count,
                              wf_error_t *err)
{
    apr_array_header_t *texts = baton;

    (void)count;
    (void)err;
    APR_ARRAY_PUSH(texts, const char *) = wf_cell_to_text(&cells[0], texts->pool);
    return APR_SUCCESS;
}

apr_status_t wf_store_texts(wf_store_t *store, wf_sql_e which, const wf_cell_t *args,
                            int count, apr_array_header_t *texts, wf_error_t *err)
{
    wf_stmt_t **stmt = &store->fixed[which];
    apr_status_t rv =
        WF_PREPARED(store, stmt, wf_sql_fixed(store->driver, which, store->pool), err);

    return rv == APR_SUCCESS ? store->driver->run(store, *stmt, args, count, take_text,
                                                  texts, NULL, err)
                             : rv;
}

typedef struct collect_t {
    wf_table_e table;
    apr_size_t prefix;
    apr_array_header_t *rows;
    apr_pool_t *p;
} collect_t;

static apr_status_t collect_row(void *baton, const wf_cell_t *cells, int count,
                                wf_error_t *err)
{
    collect_t *c = baton;
    void *row;
    apr_status_t rv = wf_row_read(&row, c->table, cells, c->prefix, c->p, err);

    (void)count;
    if (rv == APR_SUCCESS) {
        APR_ARRAY_PUSH(c->rows, void *) = row;
    }
    return rv;
}

apr_status_t wf_store_rows(wf_store_t *store, wf_stmt_t *stmt, wf_table_e table,
                           const wf_cell_t *args, int count, apr_size_t prefix,
                           apr_array_header_t *rows, apr_pool_t *p, wf_error_t *err)
{
    collect_t collect = {table, prefix, rows, p};

    return store->driver->run(store, stmt, args, count, collect_row, &collect, NULL, err);
}

apr_status_t wf_store_read_end(wf_store_t *store, apr_status_t rv, wf_error_t *err)
{
    wf_error_t ignored;

    if (rv == APR_SUCCESS) {
        return store->driver->transact(store, WF_TX_COMMIT, err);
    }
    /* The failure that led here is the one to tell; ending what was only read loses
     * nothing. */
    wf_error_init(&ignored, err->pool);
    store->driver->transact(store, WF_TX_ROLLBACK, &ignored);
    return rv;
}

/* ---- single rows ----------------------------------------------------------------- */

typedef struct single_t {
    wf_table_e table;
    apr_size_t prefix;
    void *row;
    apr_pool_t *p;
} single_t;

static apr_status_t take_single(void *baton, const wf_cell_t *cells, int count,
                                wf_error_t *err)
{
    single_t *s = baton;

    (void)count;
    return wf_row_read(&s->row, s->table, cells, s->prefix, s->p, err);
}

static apr_status_t run_single(wf_store_t *store, wf_stmt_t *stmt, single_t *single,
                               const wf_cell_t *args, int count, wf_error_t *err)
{
    return store->driver->run(store, stmt, args, count, take_single, single, NULL, err);
}

apr_status_t wf_store_load(wf_store_t *store, wf_table_e table, const wf_cell_t *key,
                           apr_size_t prefix, void **row, apr_pool_t *p, wf_error_t *err)
{
    single_t single = {table, prefix, NULL, p};
    wf_stmt_t **stmt = &store->get[table];
    apr_status_t rv =
        WF_PREPARED(store, stmt, wf_sql_get(store->driver, table, store->pool), err);

    if (rv == APR_SUCCESS) {
        rv = run_single(store, *stmt, &single, key,
                        wf_tables[table].key == WF_KEY_PAIR ? 2 : 1, err);
    }
    *row = single.row;
    return rv;
}

/* The caller's variable is a T *: written as bytes, since a void ** to it is no such
 * thing. */
static apr_status_t get_row(wf_store_t *store, wf_table_e table, const wf_cell_t *key,
                            void *row, apr_pool_t *p, wf_error_t *err)
{
    void *found = NULL;
    apr_status_t rv = wf_store_load(store, table, key, 0, &found, p, err);

    memcpy(row, &found, sizeof(found));
    return rv;
}

apr_status_t wf_store_get(wf_store_t *store, wf_table_e table, wf_id_t id, void *row,
                          apr_pool_t *p, wf_error_t *err)
{
    wf_cell_t key = wf_cell_integer(id);

    return get_row(store, table, &key, row, p, err);
}

apr_status_t wf_store_get_by_key(wf_store_t *store, wf_table_e table, const char *key,
                                 void *row, apr_pool_t *p, wf_error_t *err)
{
    wf_cell_t cell = wf_cell_text(key);

    return get_row(store, table, &cell, row, p, err);
}

static apr_status_t query_single(wf_store_t *store, wf_query_e query, wf_table_e table,
                                 const wf_cell_t *args, int count, void **row,
                                 apr_pool_t *p, wf_error_t *err)
{
    single_t single = {table, 0, NULL, p};
    wf_stmt_t **stmt = &store->query[query];
    apr_status_t rv =
        WF_PREPARED(store, stmt, wf_sql_query(store->driver, query, store->pool), err);

    if (rv == APR_SUCCESS) {
        rv = run_single(store, *stmt, &single, args, count, err);
    }
    *row = single.row;
    return rv;
}

const char *wf_definition_id(const char *id, apr_pool_t *p)
{
    const char *version = strchr(id, ':');
    const char *number = version ? strchr(version + 1, ':') : NULL;

    if (!number || !number[1] || number[1 + strspn(number + 1, "0123456789")]) {
        return id;
    }
    return apr_pstrmemdup(p, id, number - id);
}

apr_status_t wf_store_latest_definition(wf_store_t *store, const char *key,
                                        wf_definition_t **row, apr_pool_t *p,
                                        wf_error_t *err)
{
    wf_cell_t cell = wf_cell_text(key);
    void *found;
    apr_status_t rv = query_single(store, WF_QUERY_LATEST_DEFINITION, WF_TABLE_DEFINITION,
                                   &cell, 1, &found, p, err);

    *row = found;
    return rv;
}

apr_status_t wf_store_latest_decision(wf_store_t *store, const char *key,
                                      wf_decision_def_t **row, apr_pool_t *p,
                                      wf_error_t *err)
{
    wf_cell_t cell = wf_cell_text(key);
    void *found;
    apr_status_t rv = query_single(store, WF_QUERY_LATEST_DECISION, WF_TABLE_DECISION,
                                   &cell, 1, &found, p, err);

    *row = found;
    return rv;
}

apr_status_t wf_store_definition_beside(wf_store_t *store, const char *key,
                                        wf_id_t deployment_id, wf_definition_t **row,
                                        apr_pool_t *p, wf_error_t *err)
{
    wf_cell_t args[] = {wf_cell_text(key), wf_cell_integer(deployment_id)};
    void *found;
    apr_status_t rv = query_single(store, WF_QUERY_DEFINITION_BESIDE, WF_TABLE_DEFINITION,
                                   args, 2, &found, p, err);

    *row = found;
    return rv;
}

apr_status_t wf_store_resource(wf_store_t *store, wf_id_t deployment_id, const char *name,
                               wf_bytearray_t **row, apr_pool_t *p, wf_error_t *err)
{
    wf_cell_t args[] = {wf_cell_integer(deployment_id), wf_cell_text(name)};
    void *found;
    apr_status_t rv = query_single(store, WF_QUERY_RESOURCE, WF_TABLE_BYTEARRAY, args, 2,
                                   &found, p, err);

    *row = found;
    return rv;
}

/* ---- relations and names --------------------------------------------------------- */

apr_status_t wf_store_relation(wf_store_t *store, wf_relation_e relation,
                               const wf_cell_t *key, int count, apr_size_t prefix,
                               apr_array_header_t *rows, apr_pool_t *p, wf_error_t *err)
{
    wf_stmt_t **stmt = &store->select[relation];
    apr_status_t rv = WF_PREPARED(
        store, stmt, wf_sql_relation(store->driver, relation, store->pool), err);

    return rv == APR_SUCCESS
               ? wf_store_rows(store, *stmt, wf_relations[relation].table, key,
                               count, prefix, rows, p, err)
               : rv;
}

apr_status_t wf_store_select(wf_store_t *store, wf_relation_e relation, wf_id_t parent,
                             apr_array_header_t **rows, apr_pool_t *p, wf_error_t *err)
{
    wf_cell_t key = wf_cell_integer(parent);

    *rows = apr_array_make(p, 4, sizeof(void *));
    return wf_store_relation(store, relation, &key, 1, 0, *rows, p, err);
}

static apr_status_t take_name(void *baton, const wf_cell_t *cells, int count,
                              wf_error_t *err)
{
    apr_array_header_t *names = baton;

    (void)count;
    (void)err;
    APR_ARRAY_PUSH(names, const char *) = wf_cell_to_text(&cells[0], names->pool);
    return APR_SUCCESS;
}

apr_status_t wf_store_resource_names(wf_store_t *store, wf_id_t deployment_id,
                                     apr_array_header_t **names, apr_pool_t *p,
                                     wf_error_t *err)
{
    wf_cell_t arg = wf_cell_integer(deployment_id);
    wf_stmt_t **stmt = &store->fixed[WF_SQL_RESOURCE_NAMES];
    apr_status_t rv = WF_PREPARED(
        store, stmt, wf_sql_fixed(store->driver, WF_SQL_RESOURCE_NAMES, store->pool),
        err);

    *names = apr_array_make(p, 4, sizeof(const char *));
    return rv == APR_SUCCESS
               ? store->driver->run(store, *stmt, &arg, 1, take_name, *names, NULL, err)
               : rv;
}

/* ---- counts ---------------------------------------------------------------------- */

apr_status_t wf_store_running_instances(wf_store_t *store, wf_id_t deployment_id,
                                        apr_int64_t *count, wf_error_t *err)
{
    wf_cell_t cell = wf_cell_integer(deployment_id);

    return wf_store_fixed(store, WF_SQL_RUNNING_INSTANCES, &cell, 1, count, err);
}

apr_status_t wf_store_running_of(wf_store_t *store, const char *definition_id, int limit,
                                 apr_int64_t *count, wf_error_t *err)
{
    const wf_cell_t args[] = { wf_cell_text(definition_id), wf_cell_integer(limit) };

    return wf_store_fixed(store, WF_SQL_RUNNING_OF, args, 2, count, err);
}

apr_status_t wf_store_in_use(wf_store_t *store, int *in_use, wf_error_t *err)
{
    apr_int64_t found = 0;
    apr_status_t rv = wf_store_fixed(store, WF_SQL_IN_USE, NULL, 0, &found, err);

    *in_use = found != 0;
    return rv;
}

apr_status_t wf_store_made(wf_store_t *store, apr_int64_t *ms, wf_error_t *err)
{
    *ms = 0;
    return wf_store_fixed(store, WF_SQL_MADE, NULL, 0, ms, err);
}

apr_status_t wf_store_is_member(wf_store_t *store, const char *user, const char *type,
                                const char *const groups[3], int *member, wf_error_t *err)
{
    wf_cell_t cells[5] = { wf_cell_text(user), wf_cell_text(type), wf_cell_text(groups[0]),
                           wf_cell_text(groups[1]), wf_cell_text(groups[2]) };
    apr_int64_t count = 0;
    apr_status_t rv = wf_store_fixed(store, WF_SQL_MEMBERSHIPS, cells, 5, &count, err);

    *member = count > 0;
    return rv;
}

static apr_status_t take_group_count(void *baton, const wf_cell_t *cells, int count,
                                     wf_error_t *err)
{
    apr_array_header_t *groups = baton;
    wf_group_count_t *group = apr_array_push(groups);

    (void)count;
    (void)err;
    group->group_id = wf_cell_to_text(&cells[0], groups->pool);
    group->count = wf_cell_to_integer(&cells[1]);
    return APR_SUCCESS;
}

static apr_status_t read_summary(wf_store_t *store, const wf_cell_t *args,
                                 wf_task_summary_t *summary, apr_pool_t *p,
                                 wf_error_t *err)
{
    wf_stmt_t **stmt = &store->fixed[WF_SQL_GROUP_COUNTS];
    apr_status_t rv = wf_list_total(store, WF_LIST_TASKS, "assignee", args,
                                    &summary->assigned, p, err);

    if (rv == APR_SUCCESS) {
        rv = wf_list_total(store, WF_LIST_TASKS, "candidate", args, &summary->unassigned,
                           p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = WF_PREPARED(store, stmt,
                         wf_sql_fixed(store->driver, WF_SQL_GROUP_COUNTS, store->pool),
                         err);
    }
    return rv == APR_SUCCESS ? store->driver->run(store, *stmt, args, 2, take_group_count,
                                                  summary->groups, NULL, err)
                             : rv;
}

apr_status_t wf_store_task_summary(wf_store_t *store, const char *user,
                                   const char *group_type, wf_task_summary_t *summary,
                                   apr_pool_t *p, wf_error_t *err)
{
    wf_cell_t args[] = {wf_cell_text(user), wf_cell_text(group_type)};
    apr_status_t rv = store->driver->transact(store, WF_TX_READ, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    summary->assigned = summary->unassigned = 0;
    summary->groups = apr_array_make(p, 4, sizeof(wf_group_count_t));
    rv = read_summary(store, args, summary, p, err);
    return wf_store_read_end(store, rv, err);
}
