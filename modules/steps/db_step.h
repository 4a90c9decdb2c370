/* steps, inside: the db step: what its document says (db_compile.c). */
#ifndef WF_STEPS_DB_STEP_H
#define WF_STEPS_DB_STEP_H

#include "steps/db_pool.h"

#define WF_DB_TIMEOUT_NS (30 * NS_PER_S)
#define WF_DB_CONNECTIONS 10
#define WF_DB_CONNECTIONS_MAX 1000

typedef struct wf_db_step_t {
    const wf_db_driver_t *driver;
    wf_db_pools_t *pools; /* of the plan */
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

#endif
