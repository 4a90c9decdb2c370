/* Pools of connections. They are an execution's, shared by its loops and the workers of
 * its chores, so all of it happens with one lock that is held for a few instructions:
 * connections are opened by who leases them, and closed outside of it. The pools live as
 * long as the execution or the last lease, which a worker may still have when everything
 * else is gone. */
#include "steps/db_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ROLLBACK_US 5000000 /* what a forgotten transaction gets to be rolled back */

struct wf_db_pool_t {
    wf_db_pools_t *all;
    wf_db_target_t target;
    apr_int64_t open; /* leases, idle ones included */
    wf_lease_t *idle; /* the latest first: the others may go to sleep */
    wf_db_wish_t *wishes, **wishes_end;
    struct wf_db_pool_t *next;
};

typedef struct wf_db_pool_t pool_t;

struct wf_db_pools_t {
    apr_pool_t *pool; /* its own */
    pthread_mutex_t lock;
    pool_t *pools;
    int npools;
    int held; /* by the execution and by each lease */
    int closing;
};

/* ---- life --------------------------------------------------------------------------------- */

static void free_lease(wf_lease_t *lease)
{
    wf_db_close(lease->db);
    free(lease);
}

/* With the lock, which goes with the last holder. */
static void let_go(wf_db_pools_t *all)
{
    int last = --all->held == 0;

    pthread_mutex_unlock(&all->lock);
    if (last) {
        pthread_mutex_destroy(&all->lock);
        apr_pool_destroy(all->pool);
    }
}

static apr_status_t close_all(void *data)
{
    wf_db_pools_t *all = data;
    wf_lease_t *idle = NULL, *next;
    pool_t *pool;

    pthread_mutex_lock(&all->lock);
    all->closing = 1;
    for (pool = all->pools; pool != NULL; pool = pool->next) {
        while ((next = pool->idle) != NULL) {
            pool->idle = next->next;
            pool->open--;
            next->next = idle;
            idle = next;
        }
    }
    let_go(all);
    for (; idle != NULL; idle = next) {
        next = idle->next;
        free_lease(idle);
    }
    return APR_SUCCESS;
}

wf_db_pools_t *wf_db_pools_create(apr_pool_t *p)
{
    apr_pool_t *own = wf_pool_create("wf_db_pools", 0);
    wf_db_pools_t *all;

    if (own == NULL) {
        abort();
    }
    all = apr_pcalloc(own, sizeof(*all));
    all->pool = own;
    all->held = 1;
    pthread_mutex_init(&all->lock, NULL);
    apr_pool_cleanup_register(p, all, close_all, apr_pool_cleanup_null);
    return all;
}

/* ---- taking ------------------------------------------------------------------------------- */

static pool_t *add_pool(wf_db_pools_t *all, const wf_db_target_t *target)
{
    pool_t *pool;

    if (all->npools == WF_DB_POOLS_MAX) {
        return NULL;
    }
    pool = apr_pcalloc(all->pool, sizeof(*pool));
    pool->all = all;
    pool->target = *target;
    pool->target.dsn = apr_pstrdup(all->pool, target->dsn);
    pool->target.terms.directory = apr_pstrdup(all->pool, target->terms.directory);
    pool->target.max = 1;
    pool->wishes_end = &pool->wishes;
    pool->next = all->pools;
    all->pools = pool;
    all->npools++;
    return pool;
}

static pool_t *pool_of(wf_db_pools_t *all, const wf_db_target_t *target)
{
    pool_t *pool = all->pools;

    while (pool != NULL
           && (pool->target.driver != target->driver
               || strcmp(pool->target.dsn, target->dsn) != 0)) {
        pool = pool->next;
    }
    if (pool == NULL) {
        pool = add_pool(all, target);
    }
    if (pool != NULL && target->max > pool->target.max
        && !wf_db_is_private(target->driver, target->dsn)) {
        pool->target.max = target->max;
    }
    return pool;
}

/* A place is free: it opens when it is used. */
static wf_lease_t *make_lease(pool_t *pool)
{
    wf_lease_t *lease = calloc(1, sizeof(*lease));

    if (lease == NULL) {
        abort();
    }
    lease->pool = pool;
    lease->driver = pool->target.driver;
    lease->dsn = pool->target.dsn;
    lease->db = wf_db_create(lease->driver, lease->dsn, &pool->target.terms);
    pool->open++;
    return lease;
}

/* Somebody has it from now on. */
static void hand_over(wf_lease_t *lease)
{
    lease->pool->all->held++;
    lease->next = NULL;
    lease->tx_id[0] = '\0';
    wf_db_calm(lease->db);
}

static wf_lease_t *take_lease(pool_t *pool)
{
    wf_lease_t *lease = pool->idle;

    if (lease != NULL) {
        pool->idle = lease->next;
    }
    else if (pool->open < pool->target.max) {
        lease = make_lease(pool);
    }
    if (lease != NULL) {
        hand_over(lease);
    }
    return lease;
}

static void on_letter(wf_loop_t *loop, wf_message_t *letter)
{
    wf_db_wish_t *wish = letter->about;

    (void)loop;
    if (!wish->taken_back) {
        wish->granted(wish);
        return;
    }
    wf_db_give_back(wish->lease);
    wish->forgotten(wish);
}

static void queue_wish(pool_t *pool, wf_loop_t *loop, wf_db_wish_t *wish)
{
    wish->loop = loop;
    wish->letter = (wf_message_t){ .read = on_letter, .about = wish };
    wish->pool = pool;
    wish->waiting = 1;
    wish->taken_back = 0;
    wish->next = NULL;
    wish->at = pool->wishes_end;
    *pool->wishes_end = wish;
    pool->wishes_end = &wish->next;
}

static void unqueue_wish(wf_db_wish_t *wish)
{
    *wish->at = wish->next;
    if (wish->next != NULL) {
        wish->next->at = wish->at;
    }
    else {
        wish->pool->wishes_end = wish->at;
    }
    wish->waiting = 0;
}

int wf_db_lease(wf_db_pools_t *all, const wf_db_target_t *target, wf_loop_t *loop,
                wf_db_wish_t *wish)
{
    wf_lease_t *lease;
    pool_t *pool;

    pthread_mutex_lock(&all->lock);
    pool = pool_of(all, target);
    wish->lease = lease = pool ? take_lease(pool) : NULL;
    if (pool != NULL && lease == NULL) {
        queue_wish(pool, loop, wish);
    }
    pthread_mutex_unlock(&all->lock); /* the wish may be fulfilled from here on */
    return lease ? 1 : pool ? 0 : -1;
}

int wf_db_lease_cancel(wf_db_wish_t *wish)
{
    wf_db_pools_t *all = wish->pool->all;
    int waiting;

    pthread_mutex_lock(&all->lock);
    waiting = wish->waiting;
    if (waiting) {
        unqueue_wish(wish);
    }
    wish->taken_back = 1; /* the letter's reader, on the same loop, sees it */
    pthread_mutex_unlock(&all->lock);
    return waiting;
}

/* ---- giving back ------------------------------------------------------------------------------ */

static void roll_back(wf_db_t *db)
{
    wf_db_statement_t statement = { .sql = "ROLLBACK", .action = WF_DB_ROLLBACK };
    apr_pool_t *p = wf_pool_create("wf_db_rollback", 0);
    wf_db_answer_t answer;
    wf_error_t err;

    if (p == NULL) {
        abort();
    }
    wf_error_init(&err, p);
    wf_db_calm(db);
    statement.deadline_us = wf_mono_us() + ROLLBACK_US;
    wf_db_run(db, &statement, &answer, p, &err); /* what it leaves open is seen below */
    apr_pool_destroy(p);
}

/* With the lock: who has waited longest gets it. */
static void serve(pool_t *pool, wf_lease_t *lease)
{
    wf_db_wish_t *wish = pool->wishes;

    if (wish == NULL) {
        lease->next = pool->idle;
        pool->idle = lease;
        return;
    }
    unqueue_wish(wish);
    hand_over(lease);
    wish->lease = lease;
    wf_loop_send(wish->loop, &wish->letter);
}

void wf_db_give_back(wf_lease_t *lease)
{
    pool_t *pool = lease->pool;
    wf_db_pools_t *all = pool->all;
    wf_lease_t *useless = NULL;

    if (wf_db_in_transaction(lease->db) && wf_db_is_private(lease->driver, lease->dsn)) {
        roll_back(lease->db); /* without it the database would be gone */
    }
    pthread_mutex_lock(&all->lock);
    if (all->closing || wf_db_is_broken(lease->db) || wf_db_in_transaction(lease->db)) {
        useless = lease;
        pool->open--;
        lease = !all->closing && pool->wishes != NULL ? make_lease(pool) : NULL;
    }
    if (lease != NULL) {
        serve(pool, lease);
    }
    let_go(all);
    if (useless != NULL) {
        free_lease(useless);
    }
}

void wf_db_roll_back(wf_lease_t *lease)
{
    if (!wf_db_is_broken(lease->db) && wf_db_in_transaction(lease->db)) {
        roll_back(lease->db);
    }
    wf_db_give_back(lease);
}
