/* Rights on process definitions: what somebody may do, and which tasks are his. Lists
 * filter by the same tables (visibleTo, list_sql.c). */
#include "store/internal.h"

apr_status_t wf_store_rights(wf_store_t *store, const char *user, const char *key,
                             int *rights, wf_error_t *err)
{
    wf_cell_t args[] = { wf_cell_text(user), wf_cell_text(key) };
    apr_int64_t bits = 0;
    apr_status_t rv = wf_store_fixed(store, WF_SQL_RIGHTS, args, 2, &bits, err);

    *rights = (int)bits;
    return rv;
}

apr_status_t wf_store_granted_keys(wf_store_t *store, const char *user, int right,
                                   apr_array_header_t **keys, apr_pool_t *p,
                                   wf_error_t *err)
{
    wf_cell_t args[] = { wf_cell_text(user), wf_cell_integer(right) };

    *keys = apr_array_make(p, 4, sizeof(const char *));
    return wf_store_texts(store, WF_SQL_GRANTED_KEYS, args, 2, *keys, err);
}

apr_status_t wf_store_has_task(wf_store_t *store, const char *user, wf_id_t task,
                               int taken_too, int *has, wf_error_t *err)
{
    wf_cell_t args[] = { wf_cell_text(user), wf_cell_integer(task),
                         wf_cell_integer(taken_too != 0) };
    apr_int64_t found = 0;
    apr_status_t rv = wf_store_fixed(store, WF_SQL_HAS_TASK, args, 3, &found, err);

    *has = found != 0;
    return rv;
}
