/* steps, inside: the db step: what its document says (db_compile.c), and the transactions
 * of who runs it. */
#ifndef WF_STEPS_DB_STEP_H
#define WF_STEPS_DB_STEP_H

#include "steps/db_pool.h"

#define WF_DB_TIMEOUT_NS (30 * NS_PER_S)
#define WF_DB_CONNECTIONS 10
#define WF_DB_CONNECTIONS_MAX 1000

typedef struct wf_db_step_t {
    const wf_db_driver_t *driver;
    wf_db_pools_t *pools;      /* of the plan */
    wf_text_t dsn, sql, tx_id; /* tx_id: empty if there is none */
    const char *sql_written;
    int action; /* wf_db_action_e; -1: the verb says */
    wf_shape_t **params;
    int nparams;
    apr_int64_t max_connections;
    int secret_sql, secret_params; /* a ${secret:…} is in them */
} wf_db_step_t;

void wf_db_compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                   wf_compile_t *c);

/* ---- transactions of a strand (db_transaction.c) ----------------------------------------- */

/** The strand has it from now on, until it ends: then it is rolled back. */
void wf_db_transaction_keep(wf_strand_t *strand, wf_lease_t *lease, const char *tx_id);
/** The one with this id, or without one ("") the latest at this dsn; or NULL. One that
 * was lost has no db. */
wf_lease_t *wf_db_transaction_find(const wf_strand_t *strand, const wf_db_step_t *own,
                                   const char *dsn, const char *tx_id);
/** It is over; the lease is the caller's, unless it had no db. */
void wf_db_transaction_end(wf_strand_t *strand, wf_lease_t *lease);
/** The same for one that its steps do not know to be over: what they do must not happen
 *  outside of it, so that it can be found still. */
void wf_db_transaction_lose(wf_strand_t *strand, wf_lease_t *lease);

#endif
