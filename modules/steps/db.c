/* db: one statement at a database. It is a chore: a worker waits for the answer. Users
 * share the connections of a pool; who has begun a transaction keeps one until it ends,
 * or until the iteration does. */
#include "steps/db_step.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_US ((apr_int64_t)86400 * 1000000) /* of a statement without a timeout */

/* ---- what is asked ---------------------------------------------------------------------------- */

typedef struct work_t {
    wf_db_statement_t statement;
    const char *dsn, *tx_id; /* tx_id: as the step says, or empty */
    wf_lease_t *lease;       /* NULL: waiting for one */
    int owns;                /* the lease is this work's to give back */
    wf_db_wish_t wish;
    wf_chore_t *chore;
    int secret; /* the database's own words may tell one */

    /* what came of it */
    apr_status_t rv;
    wf_db_answer_t answer;
    wf_error_t err;
} work_t;

static apr_status_t eval_params(work_t *work, const wf_db_step_t *own,
                                wf_strand_t *strand)
{
    apr_pool_t *p = work->chore->pool;
    wf_value_t *params = apr_pcalloc(p, (own->nparams + 1) * sizeof(*params));
    int i;

    for (i = 0; i < own->nparams; i++) {
        wf_value_t value;

        if (wf_shape_eval(own->params[i], strand, &value, p, &work->err) != APR_SUCCESS) {
            return wf_error_note(&work->err, WF_EFAILED, "params[%d]", i);
        }
        params[i] = wf_result_plain(&value, p); /* it leaves the loop */
    }
    work->statement.params = params;
    work->statement.nparams = own->nparams;
    return APR_SUCCESS;
}

static apr_status_t eval_text(const char **out, const wf_text_t *text,
                              wf_strand_t *strand, work_t *work)
{
    return wf_text_eval(text, strand, out, work->chore->pool, &work->err);
}

/* Transactions are begun and ended by action alone: the pool has to know of them. */
static apr_status_t choose_action(work_t *work, const wf_db_step_t *own)
{
    wf_db_action_e verb = wf_db_action_of(work->statement.sql);
    int action = own->action >= 0 ? own->action : (int)verb;

    work->statement.action = action;
    if ((verb >= WF_DB_BEGIN || action >= WF_DB_BEGIN) && (int)verb != action) {
        return wf_error_set(&work->err, WF_ERR_INVALID, "action %s, but sql is a %s",
                            wf_db_action_name(action),
                            verb >= WF_DB_BEGIN ? wf_db_action_name(verb)
                                                : "statement of another kind");
    }
    return APR_SUCCESS;
}

static apr_status_t check_tx_id(const char *tx_id, wf_error_t *err)
{
    return strlen(tx_id) <= WF_METRIC_NAME_MAX
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_INVALID, "tx_id: longer than %d bytes",
                              WF_METRIC_NAME_MAX);
}

static apr_status_t eval(work_t *work, const wf_db_step_t *own, wf_strand_t *strand)
{
    apr_status_t rv = eval_text(&work->dsn, &own->dsn, strand, work);

    work->statement.sql = "";
    work->tx_id = "";
    if (rv == APR_SUCCESS) {
        rv = eval_text(&work->statement.sql, &own->sql, strand, work);
    }
    if (rv == APR_SUCCESS) { /* the worker may have it longer than there is a plan */
        work->statement.sql = apr_pstrdup(work->chore->pool, work->statement.sql);
        rv = eval_text(&work->tx_id, &own->tx_id, strand, work);
    }
    if (rv == APR_SUCCESS) {
        rv = check_tx_id(work->tx_id, &work->err);
    }
    if (rv == APR_SUCCESS) {
        rv = choose_action(work, own);
    }
    if (rv == APR_SUCCESS && own->dsn.tmpl != NULL) {
        rv = wf_db_check(own->driver, work->dsn, work->chore->pool, &work->err);
        rv = rv == APR_SUCCESS ? rv : wf_error_note(&work->err, rv, "dsn");
    }
    return rv == APR_SUCCESS ? eval_params(work, own, strand) : rv;
}

/* ---- what comes back ---------------------------------------------------------------------------- */

static void fail(wf_result_t *result, const work_t *work)
{
    const char *message = work->err.message;

    if (work->answer.late) {
        wf_result_fail(
            result, WF_STEP_TIMEOUT, "TIMEOUT_ERROR", "timed out after %s",
            wf_duration_text(result->step->timeout_ns, wf_strand_pool(result->strand)));
        return;
    }
    if (work->secret && work->err.kind == WF_ERR_EXECUTION) {
        message = apr_psprintf(wf_strand_pool(result->strand),
                               "%.*s (no more is told, as the step uses a secret)",
                               (int)strcspn(message, ":"), message);
    }
    wf_result_fail(result, WF_STEP_FAILED,
                   work->err.kind == WF_ERR_INVALID ? "CONFIG_ERROR"
                   : work->err.kind == WF_ERR_UNAVAILABLE
                           || work->err.kind == WF_ERR_FORBIDDEN
                       ? "CONNECTION_ERROR"
                       : "EXECUTION_ERROR",
                   "%s", message);
}

/* What select count(…) and select exists (…) say is the answer; of other statements it is
 * how many rows there are. */
static void put_answer(wf_result_t *result, const work_t *work)
{
    const wf_db_answer_t *answer = &work->answer;
    int one = answer->count == 1;
    apr_int64_t count = answer->count;
    int exists = count > 0;

    if (work->statement.action == WF_DB_COUNT && one && wf_is_integer(&answer->first)) {
        count = answer->first.as.integer;
        exists = count > 0;
    }
    if (work->statement.action == WF_DB_EXISTS && one
        && wf_db_asks(work->statement.sql)) {
        exists = answer->first.type == WF_BOOLEAN
                     ? answer->first.as.boolean
                     : wf_is_integer(&answer->first) && answer->first.as.integer != 0;
    }
    wf_result_put(
        result, "data",
        wf_list(answer->rows ? answer->rows : wf_list_create(work->chore->pool)));
    wf_result_put(result, "rowsAffected", wf_integer(answer->affected));
    wf_result_put(result, "count", wf_integer(count));
    wf_result_put(result, "exists", wf_boolean(exists));
    result->extras[0] = (double)answer->count;
    result->extras[1] = (double)answer->affected;
}

static void settle(wf_result_t *result, const work_t *work, const char *tx_id)
{
    const wf_db_step_t *own = result->step->config;
    const char *sql = own->secret_sql ? own->sql_written : work->statement.sql;

    wf_result_put(result, "success", wf_boolean(work->rv == APR_SUCCESS));
    wf_result_put(result, "action", wf_string(wf_db_action_name(work->statement.action)));
    wf_result_put(result, "driver", wf_string(wf_db_driver_name(own->driver)));
    wf_result_put(result, "actualSql", wf_string(sql));
    wf_result_put(result, "txId", *tx_id ? wf_string(tx_id) : wf_null());
    if (work->rv == APR_SUCCESS) {
        put_answer(result, work);
    }
    else {
        fail(result, work);
    }
}

/* ---- as a chore ---------------------------------------------------------------------------------- */

static void run(wf_chore_t *chore)
{
    work_t *work = chore->baton;

    work->rv = wf_db_run(work->lease->db, &work->statement, &work->answer, chore->pool,
                         &work->err);
}

static void hurry(wf_chore_t *chore)
{
    work_t *work = chore->baton;

    wf_db_hurry(work->lease->db);
}

static apr_status_t clean_up(void *data)
{
    work_t *work = data;

    if (work->owns) {
        wf_db_give_back(work->lease);
    }
    return APR_SUCCESS;
}

/* Whose is the connection now? The id of the transaction that it was about, or "". */
static const char *pass_lease(wf_strand_t *strand, work_t *work)
{
    wf_lease_t *lease = work->lease;
    int usable = !work->answer.late && !wf_db_is_broken(lease->db);
    const char *tx_id = apr_pstrdup(work->chore->pool, lease->tx_id);

    if (work->owns && work->statement.action == WF_DB_BEGIN && work->rv == APR_SUCCESS) {
        tx_id = *work->tx_id ? work->tx_id : wf_id_random("tx-", work->chore->pool);
        wf_db_transaction_keep(strand, lease, tx_id);
        work->owns = 0;
    }
    else if (!work->owns && !(usable && wf_db_in_transaction(lease->db))) {
        if (usable && work->statement.action > WF_DB_BEGIN) {
            wf_db_transaction_end(strand, lease);
        }
        else {
            wf_db_transaction_lose(strand, lease);
        }
        work->owns = 1;
    }
    return tx_id;
}

static wf_step_progress_e done(wf_strand_t *strand, wf_act_t *act, wf_chore_t *chore)
{
    work_t *work = chore->baton;
    const char *tx_id = pass_lease(strand, work);

    settle(act->result, work, tx_id);
    return WF_STEP_DONE;
}

/* ---- starting and ending ----------------------------------------------------------------------------- */

static void granted(wf_db_wish_t *wish)
{
    work_t *work = wish->baton;

    work->lease = wish->lease;
    work->owns = 1;
    wf_chore_begin(work->chore);
}

static void forgotten(wf_db_wish_t *wish)
{
    wf_chore_drop(((work_t *)wish->baton)->chore);
}

/* A connection of the pool. 1: there is one; 0: it comes later; -1: there is none to be
 * had. */
static int lease(work_t *work, wf_strand_t *strand, const wf_db_step_t *own)
{
    const wf_plan_t *plan = wf_strand_plan(strand);
    wf_db_target_t target = { .driver = own->driver,
                              .dsn = work->dsn,
                              .max = own->max_connections,
                              .terms = { .directory = wf_plan_directory(plan) } };
    int there;

    target.terms.permitted = wf_strand_permitted(strand, &target.terms.baton);
    work->wish =
        (wf_db_wish_t){ .granted = granted, .forgotten = forgotten, .baton = work };
    there = wf_db_lease(own->pools, &target, wf_strand_loop(strand), &work->wish);
    if (there < 0) {
        wf_error_set(&work->err, WF_ERR_EXECUTION, "more than %d databases",
                     WF_DB_POOLS_MAX);
    }
    else if (there > 0) {
        work->lease = work->wish.lease;
        work->owns = 1;
    }
    return there;
}

typedef enum { REFUSED = -1, LATER, READY, OVER } place_e;

/* What can still be done with a transaction that is lost: forget it. */
static place_e leave_lost(work_t *work, wf_strand_t *strand, const wf_db_step_t *own,
                          wf_lease_t *lost)
{
    wf_db_action_e action = work->statement.action;

    if (action < WF_DB_BEGIN || action == WF_DB_COMMIT) {
        wf_error_set(&work->err, WF_ERR_EXECUTION,
                     "the transaction was lost, and is rolled back");
    }
    if (action >= WF_DB_BEGIN) {
        wf_db_transaction_end(strand, lost);
    }
    return action == WF_DB_BEGIN      ? (place_e)lease(work, strand, own)
           : action == WF_DB_ROLLBACK ? OVER
                                      : REFUSED;
}

/* Where the statement runs: in an open transaction, or wherever there is a connection.
 * Who has a transaction may hold locks that all others wait for, workers included. */
static place_e find_place(work_t *work, wf_strand_t *strand, const wf_db_step_t *own)
{
    wf_lease_t *held = wf_db_transaction_find(strand, own, work->dsn, work->tx_id);
    wf_db_action_e action = work->statement.action;

    if (held != NULL && held->db == NULL) {
        return leave_lost(work, strand, own, held);
    }
    if (held != NULL && action == WF_DB_BEGIN) {
        wf_error_set(&work->err, WF_ERR_EXECUTION,
                     "a transaction is open: another one needs a tx_id of its own");
        return REFUSED;
    }
    if (held != NULL) {
        work->lease = held;
        wf_chore_hold_up_none(work->chore, strand);
        return READY;
    }
    if (action > WF_DB_BEGIN || (action < WF_DB_BEGIN && *work->tx_id != '\0')) {
        wf_error_set(&work->err, WF_ERR_EXECUTION, "no such transaction is open");
        return REFUSED;
    }
    return (place_e)lease(work, strand, own);
}

static work_t *make_work(wf_act_t *act)
{
    wf_chore_t *chore = wf_chore_create(act);
    work_t *work = apr_pcalloc(chore->pool, sizeof(*work));
    const wf_db_step_t *own = act->step->config;
    apr_int64_t us = act->step->timeout_ns / 1000;

    chore->baton = work;
    chore->run = run;
    chore->done = done;
    chore->hurry = hurry;
    work->chore = chore;
    work->secret = own->secret_sql || own->secret_params;
    work->statement.deadline_us = act->began_us + (us > 0 ? us : LONGEST_US);
    wf_error_init(&work->err, chore->pool);
    apr_pool_cleanup_register(chore->pool, work, clean_up, apr_pool_cleanup_null);
    return work;
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const wf_db_step_t *own = act->step->config;
    work_t *work = make_work(act);
    place_e place = REFUSED;

    work->rv = eval(work, own, strand);
    if (work->rv == APR_SUCCESS) {
        place = find_place(work, strand, own);
    }
    if (place == REFUSED || place == OVER) {
        work->rv = place == OVER ? APR_SUCCESS : WF_EFAILED;
        settle(act->result, work, work->tx_id);
        wf_chore_drop(work->chore);
        return WF_STEP_DONE;
    }
    act->state = work;
    return place == READY ? wf_chore_begin(work->chore) : WF_STEP_WAITING;
}

/* A transaction whose statement is broken off goes with it: nobody else may use its
 * connection before the worker is through. */
static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    work_t *work = act->state;

    if (work->lease == NULL) {
        if (wf_db_lease_cancel(&work->wish)) {
            wf_chore_drop(work->chore);
        }
        return;
    }
    if (!work->owns) {
        wf_db_transaction_lose(strand, work->lease);
        work->owns = 1;
    }
    wf_chore_drop(work->chore);
}

/* ---- output ---------------------------------------------------------------------------------------- */

/* The names of other step types are written like this. */
static const char *own_name(const char *name)
{
    return strcmp(name, "rows_affected") == 0 ? "rowsAffected"
           : strcmp(name, "tx_id") == 0       ? "txId"
           : strcmp(name, "actual_sql") == 0  ? "actualSql"
                                              : name;
}

static int output(wf_result_t *result, const char *name, wf_value_t *value, apr_pool_t *p)
{
    const wf_value_t *kept =
        result->values ? wf_map_get(result->values, own_name(name)) : NULL;

    (void)p;
    if (kept == NULL) {
        return 0;
    }
    *value = *kept;
    return 1;
}

static int map(wf_result_t *result, const char *name, wf_value_t *value, apr_pool_t *p)
{
    if (strcmp(name, "output") != 0) {
        return 0;
    }
    *value = wf_map(result->values ? result->values : wf_map_create(p));
    return 1;
}

static const char *const extra_names[WF_STEP_EXTRAS + 1] = { "db_rows",
                                                             "db_rows_affected", NULL };

const wf_step_type_t wf_step_db = {
    .name = "db",
    .capability = "db_executor",
    .compile = wf_db_compile,
    .start = start,
    .cancel = cancel,
    .output = output,
    .map = map,
    .extras = extra_names,
};
