/* Transactions: a strand keeps the connection of each that it has begun, until it ends it
 * or comes to its own end. One that is lost (its connection, or the time of a statement)
 * leaves a mark, so that what belongs to it does not run by itself. */
#include "steps/db_step.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static wf_lease_t *lease_of(const wf_taken_t *taken)
{
    return (wf_lease_t *)((char *)taken - offsetof(wf_lease_t, taken));
}

/* ---- rolled back ----------------------------------------------------------------------- */

static void run_rollback(wf_chore_t *chore)
{
    wf_lease_t **lease = chore->baton;

    wf_db_roll_back(*lease);
    *lease = NULL;
}

/* The chore has not been run: the load engine ends. */
static apr_status_t drop_rollback(void *data)
{
    wf_lease_t **lease = data;

    if (*lease != NULL) {
        wf_db_give_back(*lease);
    }
    return APR_SUCCESS;
}

/* The strand ends, its transaction does not: a worker rolls it back. */
static void forget_open(wf_strand_t *strand, wf_taken_t *taken)
{
    wf_chore_t *chore = wf_chore_create_alone(strand);
    wf_lease_t **lease = apr_palloc(chore->pool, sizeof(*lease));

    *lease = lease_of(taken);
    chore->baton = lease;
    chore->run = run_rollback;
    apr_pool_cleanup_register(chore->pool, lease, drop_rollback, apr_pool_cleanup_null);
    wf_chore_hold_up_none(chore, strand);
    wf_chore_begin(chore);
}

/* ---- lost ------------------------------------------------------------------------------ */

static void free_lost(wf_lease_t *lost)
{
    free((char *)lost->dsn);
    free(lost);
}

static void forget_lost(wf_strand_t *strand, wf_taken_t *taken)
{
    (void)strand;
    free_lost(lease_of(taken));
}

void wf_db_transaction_lose(wf_strand_t *strand, wf_lease_t *lease)
{
    wf_lease_t *lost = calloc(1, sizeof(*lost));
    char *dsn = strdup(lease->dsn);

    if (lost == NULL || dsn == NULL) {
        abort();
    }
    lost->driver = lease->driver;
    lost->dsn = dsn;
    memcpy(lost->tx_id, lease->tx_id, sizeof(lost->tx_id));
    lost->taken.give_back = forget_lost;
    wf_strand_release(strand, &lease->taken);
    wf_strand_take(strand, &lost->taken);
}

/* ---- kept ------------------------------------------------------------------------------ */

void wf_db_transaction_keep(wf_strand_t *strand, wf_lease_t *lease, const char *tx_id)
{
    apr_cpystrn(lease->tx_id, tx_id, sizeof(lease->tx_id));
    lease->taken.give_back = forget_open;
    wf_strand_take(strand, &lease->taken);
}

wf_lease_t *wf_db_transaction_find(const wf_strand_t *strand, const wf_db_step_t *own,
                                   const char *dsn, const char *tx_id)
{
    const wf_taken_t *taken;

    for (taken = wf_strand_taken(strand); taken != NULL; taken = taken->next) {
        int ours = taken->give_back == forget_open || taken->give_back == forget_lost;
        wf_lease_t *lease = ours ? lease_of(taken) : NULL;

        if (lease != NULL && lease->driver == own->driver && strcmp(lease->dsn, dsn) == 0
            && (*tx_id == '\0' || strcmp(lease->tx_id, tx_id) == 0)) {
            return lease;
        }
    }
    return NULL;
}

void wf_db_transaction_end(wf_strand_t *strand, wf_lease_t *lease)
{
    wf_strand_release(strand, &lease->taken);
    if (lease->db == NULL) {
        free_lost(lease);
    }
}
