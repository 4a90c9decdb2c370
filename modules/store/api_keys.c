/* API keys: which one it is, and what has become of it. */
#include "store/internal.h"

static const char *const states[WF_KEY_STATES] = {
    [WF_KEY_ACTIVE] = "active",
    [WF_KEY_EXPIRED] = "expired",
    [WF_KEY_REVOKED] = "revoked",
};

wf_key_state_e wf_api_key_state(const wf_api_key_t *key, apr_int64_t now)
{
    if (key->revoked) {
        return WF_KEY_REVOKED;
    }
    return key->expires && key->expires <= now ? WF_KEY_EXPIRED : WF_KEY_ACTIVE;
}

const char *wf_key_state_name(wf_key_state_e state)
{
    return states[state];
}

static apr_status_t find(wf_store_t *store, wf_query_e query, const char *text,
                         wf_api_key_t **key, apr_pool_t *p, wf_error_t *err)
{
    apr_array_header_t *rows = apr_array_make(p, 1, sizeof(void *));
    wf_cell_t arg = wf_cell_text(text);
    wf_stmt_t **stmt = &store->query[query];
    apr_status_t rv =
        WF_PREPARED(store, stmt, wf_sql_query(store->driver, query, store->pool), err);

    *key = NULL;
    if (rv == APR_SUCCESS) {
        rv = wf_store_rows(store, *stmt, WF_TABLE_API_KEY, &arg, 1, 0, rows, p, err);
    }
    if (rv == APR_SUCCESS && rows->nelts > 0) {
        *key = APR_ARRAY_IDX(rows, 0, wf_api_key_t *);
    }
    return rv;
}

apr_status_t wf_store_api_key(wf_store_t *store, const char *hash, wf_api_key_t **key,
                              apr_pool_t *p, wf_error_t *err)
{
    return find(store, WF_QUERY_API_KEY, hash, key, p, err);
}

apr_status_t wf_store_api_key_named(wf_store_t *store, const char *name,
                                    wf_api_key_t **key, apr_pool_t *p, wf_error_t *err)
{
    return find(store, WF_QUERY_API_KEY_NAMED, name, key, p, err);
}

apr_status_t wf_store_active_keys(wf_store_t *store, apr_int64_t now, apr_int64_t *count,
                                  wf_error_t *err)
{
    wf_cell_t arg = wf_cell_integer(now);

    return wf_store_fixed(store, WF_SQL_ACTIVE_KEYS, &arg, 1, count, err);
}
