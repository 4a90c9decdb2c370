/* Locks of jobs: who runs one, and until when nobody else may. They are taken, kept and
 * asked for at the commit of a unit, each by one statement that looks and writes at once,
 * and leave REV_ alone: a unit that has read the job before its lock changed hands meets
 * no conflict by that alone. What must not commit without the lock says so. */
#include "store/internal.h"

void wf_uow_lock(wf_uow_t *uow, wf_lock_t *lock)
{
    lock->held = 0;
    APR_ARRAY_PUSH(uow->locks, wf_lock_t *) = lock;
}

static apr_status_t write_lock(wf_store_t *store, wf_lock_t *lock, wf_error_t *err)
{
    const wf_cell_t args[] = { wf_cell_integer(lock->job), wf_cell_text(lock->owner),
                               wf_cell_integer(lock->until), wf_cell_integer(lock->now),
                               wf_cell_integer(lock->rev) };
    static const struct {
        wf_sql_e sql;
        int count;
    } how[] = {
        [WF_LOCK_TAKE] = { WF_SQL_LOCK_TAKE, 5 },
        [WF_LOCK_KEEP] = { WF_SQL_LOCK_KEEP, 3 },
        [WF_LOCK_NEED] = { WF_SQL_LOCK_NEED, 2 },
    };
    apr_int64_t held = 0;
    apr_status_t rv = wf_store_fixed(store, how[lock->what].sql, args,
                                     how[lock->what].count, &held, err);

    lock->held = rv == APR_SUCCESS && held > 0;
    if (rv == APR_SUCCESS && lock->what == WF_LOCK_NEED && !held) {
        return wf_error_set(err, WF_ERR_CONFLICT,
                            "job %" APR_INT64_T_FMT " is not locked by %s any more",
                            lock->job, lock->owner);
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
