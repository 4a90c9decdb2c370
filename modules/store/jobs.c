/* Jobs: which are due, and who runs one and until when nobody else may. Locks of external
 * tasks are like those of jobs; which may be fetched is in fetch.c.
 *
 * Locks are taken, kept and asked for at the commit of a unit, each by one statement that
 * looks and writes at once, and leave REV_ alone: a unit that has read the job before its
 * lock changed hands meets no conflict by that alone. What must not commit without the
 * lock says so. */
#include "store/internal.h"

/* ---- due jobs -------------------------------------------------------------------- */

/* Not an error: nobody wants to see more. */
#define WF_EENOUGH (APR_OS_START_USERERR + 74)

typedef struct walk_t {
    wf_due_fn *see;
    void *baton;
    apr_pool_t *row_pool;
} walk_t;

static apr_status_t show_job(void *baton, const wf_cell_t *cells, int count,
                             wf_error_t *err)
{
    walk_t *walk = baton;
    void *job;
    apr_status_t rv;

    (void)count;
    apr_pool_clear(walk->row_pool);
    rv = wf_row_read(&job, WF_TABLE_JOB, cells, 0, walk->row_pool, err);
    return rv == APR_SUCCESS && !walk->see(walk->baton, job) ? WF_EENOUGH : rv;
}

apr_status_t wf_store_due_jobs(wf_store_t *store, apr_int64_t now, wf_due_fn *see,
                               void *baton, apr_pool_t *p, wf_error_t *err)
{
    wf_cell_t arg = wf_cell_integer(now);
    wf_stmt_t **stmt = &store->query[WF_QUERY_DUE_JOBS];
    walk_t walk = { see, baton, NULL };
    apr_status_t rv = WF_PREPARED(
        store, stmt, wf_sql_query(store->driver, WF_QUERY_DUE_JOBS, store->pool), err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_create(&walk.row_pool, p);
    apr_pool_tag(walk.row_pool, "wf_due_jobs");
    rv = store->driver->run(store, *stmt, &arg, 1, show_job, &walk, NULL, err);
    apr_pool_destroy(walk.row_pool);
    return rv == WF_EENOUGH ? APR_SUCCESS : rv;
}

apr_status_t wf_store_next_due(wf_store_t *store, apr_int64_t now, apr_int64_t *next,
                               wf_error_t *err)
{
    wf_cell_t arg = wf_cell_integer(now);

    return wf_store_fixed(store, WF_SQL_DUE_NEXT, &arg, 1, next, err);
}

/* ---- locks ----------------------------------------------------------------------- */

apr_status_t wf_store_release_jobs(wf_store_t *writer, const char *owner, wf_error_t *err)
{
    wf_cell_t arg = wf_cell_text(owner);
    apr_status_t rv;

    apr_thread_mutex_lock(writer->lock);
    rv = wf_store_fixed(writer, WF_SQL_RELEASE_JOBS, &arg, 1, NULL, err);
    apr_thread_mutex_unlock(writer->lock);
    return rv;
}

void wf_uow_lock(wf_uow_t *uow, wf_lock_t *lock)
{
    lock->held = 0;
    APR_ARRAY_PUSH(uow->locks, wf_lock_t *) = lock;
}

static apr_status_t write_lock(wf_store_t *store, wf_lock_t *lock, wf_error_t *err)
{
    const wf_cell_t args[] = { wf_cell_integer(lock->id), wf_cell_text(lock->owner),
                               wf_cell_integer(lock->until), wf_cell_integer(lock->now),
                               wf_cell_integer(lock->rev) };
    static const struct {
        wf_sql_e sql;
        int count;
        const char *needed; /* a conflict without it; or NULL */
    } how[] = {
        [WF_LOCK_TAKE] = { WF_SQL_LOCK_TAKE, 5, NULL },
        [WF_LOCK_KEEP] = { WF_SQL_LOCK_KEEP, 3, NULL },
        [WF_LOCK_NEED] = { WF_SQL_LOCK_NEED, 2, "job" },
        [WF_LOCK_FETCH] = { WF_SQL_TASK_FETCH, 4, NULL },
        [WF_LOCK_OWN] = { WF_SQL_TASK_OWN, 2, "external task" },
        [WF_LOCK_FREE] = { WF_SQL_TASK_FREE, 3, "external task" },
    };
    apr_int64_t held = 0;
    apr_status_t rv = wf_store_fixed(store, how[lock->what].sql, args,
                                     how[lock->what].count, &held, err);

    lock->held = rv == APR_SUCCESS && held > 0;
    if (rv == APR_SUCCESS && how[lock->what].needed && !held) {
        return wf_error_set(err, WF_ERR_CONFLICT,
                            "%s %" APR_INT64_T_FMT " is not locked by %s any more",
                            how[lock->what].needed, lock->id, lock->owner);
    }
    return rv;
}

apr_status_t wf_locks_write(wf_store_t *store, wf_uow_t *uow, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < uow->locks->nelts && rv == APR_SUCCESS; i++) {
        rv = write_lock(store, APR_ARRAY_IDX(uow->locks, i, wf_lock_t *), err);
    }
    return rv;
}
