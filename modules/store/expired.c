/* History whose time has come, for clean-up: which it is, and how much. */
#include "store/internal.h"

/* clang-format off */
static const struct {
    wf_query_e query;
    wf_table_e table;
    int aged; /* by the time of its end; else by its removal time */
} sources[] = {
    { WF_QUERY_EXPIRED,       WF_TABLE_HI_PROCINST, 0 },
    { WF_QUERY_EXPIRED_ALONE, WF_TABLE_HI_TASKINST, 0 },
    { WF_QUERY_AGED,          WF_TABLE_HI_PROCINST, 1 },
    { WF_QUERY_AGED_ALONE,    WF_TABLE_HI_TASKINST, 1 },
};
/* clang-format on */

#define SOURCES (int)(sizeof(sources) / sizeof(sources[0]))

static wf_expired_t of_row(const void *row, apr_int64_t ended)
{
    const wf_hi_procinst_t *instance = row;
    const wf_hi_taskinst_t *task = row;
    wf_expired_t expired;

    if (instance->row.table == WF_TABLE_HI_PROCINST) {
        expired = (wf_expired_t){ WF_PURGE_INSTANCE_HISTORY, instance->id,
                                  instance->removal_time };
    }
    else {
        expired = (wf_expired_t){ WF_PURGE_TASK_HISTORY, task->id, task->removal_time };
    }
    expired.time = expired.time ? expired.time : ended;
    return expired;
}

/* Rows of a query by one value and a limit. */
static apr_status_t list(wf_store_t *store, wf_query_e query, wf_table_e table,
                         apr_int64_t value, int limit, apr_array_header_t *rows,
                         apr_pool_t *p, wf_error_t *err)
{
    wf_cell_t args[] = { wf_cell_integer(value), wf_cell_integer(limit) };
    wf_stmt_t **stmt = &store->query[query];
    apr_status_t rv =
        WF_PREPARED(store, stmt, wf_sql_query(store->driver, query, store->pool), err);

    return rv == APR_SUCCESS
               ? wf_store_rows(store, *stmt, table, args, 2, 0, rows, p, err)
               : rv;
}

apr_status_t wf_store_expired(wf_store_t *store, apr_int64_t until, apr_int64_t ended,
                              int limit, apr_array_header_t **expired, apr_pool_t *p,
                              wf_error_t *err)
{
    apr_array_header_t *rows = apr_array_make(p, 8, sizeof(void *));
    apr_status_t rv = APR_SUCCESS;

    *expired = apr_array_make(p, 8, sizeof(wf_expired_t));
    for (int i = 0; rv == APR_SUCCESS && i < SOURCES; i++) {
        if (!sources[i].aged || ended) {
            rv = list(store, sources[i].query, sources[i].table,
                      sources[i].aged ? ended : until, limit, rows, p, err);
        }
    }
    for (int i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        APR_ARRAY_PUSH(*expired, wf_expired_t) =
            of_row(APR_ARRAY_IDX(rows, i, const void *), ended);
    }
    return rv;
}

static void add_runs(apr_array_header_t *expired, const apr_array_header_t *rows)
{
    for (int i = 0; i < rows->nelts; i++) {
        const wf_run_t *run = APR_ARRAY_IDX(rows, i, const wf_run_t *);

        APR_ARRAY_PUSH(expired, wf_expired_t) =
            (wf_expired_t){ WF_PURGE_RUN, run->seq, run->end_time };
    }
}

apr_status_t wf_store_old_runs(wf_store_t *store, apr_int64_t ended, apr_int64_t kept,
                               int limit, apr_array_header_t **expired, apr_pool_t *p,
                               wf_error_t *err)
{
    apr_array_header_t *rows = apr_array_make(p, 8, sizeof(void *));
    apr_status_t rv = APR_SUCCESS;

    *expired = apr_array_make(p, 8, sizeof(wf_expired_t));
    if (ended > 0) {
        rv = list(store, WF_QUERY_OLD_RUNS, WF_TABLE_RUN, ended, limit, rows, p, err);
    }
    if (rv == APR_SUCCESS && kept >= 0 && rows->nelts == 0) {
        rv = list(store, WF_QUERY_SURPLUS_RUNS, WF_TABLE_RUN, kept, limit, rows, p, err);
    }
    if (rv == APR_SUCCESS) {
        add_runs(*expired, rows);
    }
    return rv;
}

apr_status_t wf_store_old_keys(wf_store_t *store, apr_int64_t until, int limit,
                               apr_array_header_t **expired, apr_pool_t *p,
                               wf_error_t *err)
{
    apr_array_header_t *rows = apr_array_make(p, 8, sizeof(void *));
    apr_status_t rv =
        list(store, WF_QUERY_OLD_KEYS, WF_TABLE_API_KEY, until, limit, rows, p, err);

    *expired = apr_array_make(p, 8, sizeof(wf_expired_t));
    for (int i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        const wf_api_key_t *key = APR_ARRAY_IDX(rows, i, const wf_api_key_t *);

        APR_ARRAY_PUSH(*expired, wf_expired_t) =
            (wf_expired_t){ WF_PURGE_API_KEY, key->id,
                            key->revoked ? key->revoked : key->expires };
    }
    return rv;
}

apr_status_t wf_store_old_answers(wf_store_t *store, apr_int64_t before, apr_int64_t kept,
                                  int limit, apr_int64_t *seq, wf_error_t *err)
{
    wf_cell_t aged[] = { wf_cell_integer(before), wf_cell_integer(limit) };
    wf_cell_t surplus[] = { wf_cell_integer(kept), wf_cell_integer(limit) };
    apr_int64_t other = 0;
    apr_status_t rv = wf_store_fixed(store, WF_SQL_OLD_ANSWERS, aged, 2, seq, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_fixed(store, WF_SQL_SURPLUS_ANSWERS, surplus, 2, &other, err);
    }
    *seq = other > *seq ? other : *seq;
    return rv;
}

apr_status_t wf_store_history_size(wf_store_t *store, wf_id_t instance, int limit,
                                   apr_int64_t *rows, wf_error_t *err)
{
    wf_cell_t args[] = { wf_cell_integer(instance), wf_cell_integer(limit) };

    return wf_store_fixed(store, WF_SQL_HISTORY_SIZE, args, 2, rows, err);
}
