/* steps, inside: the connections of an execution's db steps. One pool for each database;
 * users share its connections and wait for one where all are in use, holding no thread.
 */
#ifndef WF_STEPS_DB_POOL_H
#define WF_STEPS_DB_POOL_H

#include "steps/internal.h"
#include "database/database.h"

#define WF_DB_POOLS_MAX 100 /* databases of one execution: a dsn may be a template */

typedef struct wf_db_pools_t wf_db_pools_t;

/** Those of an execution. Closed with p; connections that are in use then are closed when
 *  they are given back. */
wf_db_pools_t *wf_db_pools_create(apr_pool_t *p);

/* A connection in somebody's hands: one thread's at a time. */
typedef struct wf_lease_t {
    wf_db_t *db;
    const wf_db_driver_t *driver;
    const char *dsn;
    struct wf_db_pool_t *pool;

    /* of a transaction: the strand's */
    wf_taken_t taken;
    char tx_id[WF_METRIC_NAME_MAX + 1];

    struct wf_lease_t *next; /* while idle */
} wf_lease_t;

/* Who wants a connection. */
typedef struct wf_db_wish_t {
    wf_lease_t *lease; /* what was found */
    /** On the loop: lease is set. Not called for a wish that was taken back. */
    void (*granted)(struct wf_db_wish_t *wish);
    /** On the loop, instead: it was taken back meanwhile, the lease is gone, and so may
     * the wish be. */
    void (*forgotten)(struct wf_db_wish_t *wish);
    void *baton;

    /* the pool's */
    wf_loop_t *loop;
    wf_message_t letter;
    struct wf_db_pool_t *pool;
    int waiting, taken_back;
    struct wf_db_wish_t *next, **at;
} wf_db_wish_t;

/** What a step asks for. */
typedef struct wf_db_target_t {
    const wf_db_driver_t *driver;
    const char *dsn;
    apr_int64_t max; /* connections to it; of several steps the most counts */
    wf_db_terms_t terms;
} wf_db_target_t;

/** 1: wish->lease is set. 0: granted() will be called, on this loop. -1: beyond
 *  WF_DB_POOLS_MAX. The wish stays where it is until then. */
int wf_db_lease(wf_db_pools_t *pools, const wf_db_target_t *target, wf_loop_t *loop,
                wf_db_wish_t *wish);
/** A wish that waits is none any more: 1 if it is free, 0 if forgotten() will be called.
 */
int wf_db_lease_cancel(wf_db_wish_t *wish);
/** To the next who waits, or to the idle ones. One that is lost or has a transaction open
 * is closed, which ends the transaction. Any thread; at once. */
void wf_db_give_back(wf_lease_t *lease);
/** The same after its transaction was rolled back; that may take a while. */
void wf_db_roll_back(wf_lease_t *lease);

#endif
