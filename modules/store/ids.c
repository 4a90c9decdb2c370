/* The id sequence. next.dbid in ACT_GE_PROPERTY is where the next block of 100 begins;
 * what lies before it may have been handed out. So a block is written down first, and an
 * id of it given only when that is durable: after a crash the rest of the blocks is a
 * gap.
 *
 * Blocks are reserved in the transactions of commits, as many as the last ones used up,
 * so that threads do not wait. One that finds nothing left reserves by itself, under the
 * writer's lock. */
#include "store/internal.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#define BLOCK 100
#define MIN_KEEP (2 * BLOCK)
#define MAX_KEEP (100 * BLOCK)

/* Reserved for as many times the ids that went between two looks. */
#define LOOKS_AHEAD 4

typedef struct range_t {
    wf_id_t next, end; /* empty if equal */
} range_t;

struct wf_ids_t {
    wf_store_t *writer;

    apr_thread_mutex_t *lock; /* the rest; held for a few instructions, last in order */
    range_t current;          /* ids are taken from here, */
    range_t spare;            /* then from here, when another writer came in between */
    apr_int64_t used;         /* since the last look */
    apr_int64_t keep;         /* what should be in reserve */
    int told;                 /* the writer was woken and did not come yet */
    char problem[200];        /* why the last attempt failed; "" = it did not */

    int failing; /* the last attempt failed and was logged; under the writer's lock */

    void (*wake)(void *);
    void *baton;
};

static apr_int64_t left(const wf_ids_t *ids)
{
    return ids->current.end - ids->current.next + ids->spare.end - ids->spare.next;
}

/* Blocks worth reserving now; at a commit or when the writer was woken. */
static apr_int64_t look(wf_ids_t *ids)
{
    apr_int64_t blocks = 0;
    apr_int64_t need = ids->used * LOOKS_AHEAD;

    /* Up at once, down slowly: a pause between two bursts is no reason to forget. */
    ids->keep -= ids->keep / 16;
    ids->keep = need > ids->keep ? need : ids->keep;
    ids->keep = ids->keep < MIN_KEEP   ? MIN_KEEP
                : ids->keep > MAX_KEEP ? MAX_KEEP
                                       : ids->keep;
    ids->used = 0;
    ids->told = 0;
    if (left(ids) <= ids->keep / 2 && ids->spare.next == ids->spare.end) {
        blocks = (ids->keep - left(ids) + BLOCK - 1) / BLOCK;
    }
    return blocks;
}

apr_status_t wf_ids_reserve(wf_ids_t *ids, wf_store_t *writer, wf_reserve_t *reserved,
                            wf_error_t *err)
{
    wf_cell_t args[2];
    apr_int64_t blocks, end;
    apr_status_t rv;

    apr_thread_mutex_lock(ids->lock);
    blocks = look(ids);
    apr_thread_mutex_unlock(ids->lock);
    reserved->first = reserved->end = 0;
    if (!blocks) {
        return APR_SUCCESS;
    }
    args[0] = wf_cell_integer(blocks * BLOCK);
    args[1] = wf_cell_integer(blocks);
    rv = wf_store_fixed(writer, WF_SQL_IDS_RESERVE, args, 2, &end, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (end <= blocks * BLOCK) {
        return wf_error_set(err, WF_ERR_INTERNAL, "next.dbid is missing from the store");
    }
    reserved->first = end - blocks * BLOCK;
    reserved->end = end;
    return APR_SUCCESS;
}

void wf_ids_reserved(wf_ids_t *ids, const wf_reserve_t *reserved)
{
    range_t *spare = &ids->spare;

    if (reserved->first == reserved->end) {
        return;
    }
    apr_thread_mutex_lock(ids->lock);
    if (ids->current.next == ids->current.end) {
        ids->current = *spare;
        *spare = (range_t){0, 0};
    }
    if (ids->current.next == ids->current.end) {
        ids->current = (range_t){reserved->first, reserved->end};
    }
    else if (ids->current.end == reserved->first) {
        ids->current.end = reserved->end;
    }
    else {
        *spare = (range_t){reserved->first, reserved->end};
    }
    apr_thread_mutex_unlock(ids->lock);
}

/* A transaction for ids alone; the writer's lock is held. */
static apr_status_t reserve_alone(wf_ids_t *ids, wf_error_t *err)
{
    const wf_driver_t *driver = ids->writer->driver;
    wf_reserve_t reserved;
    wf_error_t ignored;
    apr_status_t rv = driver->transact(ids->writer, WF_TX_WRITE, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = wf_ids_reserve(ids, ids->writer, &reserved, err);
    if (rv == APR_SUCCESS) {
        rv = driver->transact(ids->writer, WF_TX_COMMIT, err);
    }
    if (rv == APR_SUCCESS) {
        wf_ids_reserved(ids, &reserved);
        return APR_SUCCESS;
    }
    wf_error_init(&ignored, err->pool);
    driver->transact(ids->writer, WF_TX_ROLLBACK, &ignored);
    return rv;
}

static int is_low(wf_ids_t *ids)
{
    int low;

    apr_thread_mutex_lock(ids->lock);
    low = left(ids) <= ids->keep / 2;
    apr_thread_mutex_unlock(ids->lock);
    return low;
}

apr_status_t wf_ids_refill(wf_ids_t *ids, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(ids->writer->lock);
    if (is_low(ids)) {
        rv = reserve_alone(ids, err);
    }
    apr_thread_mutex_unlock(ids->writer->lock);
    return rv;
}

/* ---- handing out ----------------------------------------------------------------- */

/* 0 if there is none. *low: time to wake the writer. */
static wf_id_t take(wf_ids_t *ids, int *low)
{
    wf_id_t id = 0;

    apr_thread_mutex_lock(ids->lock);
    if (ids->current.next == ids->current.end) {
        ids->current = ids->spare;
        ids->spare = (range_t){0, 0};
    }
    if (ids->current.next < ids->current.end) {
        id = ids->current.next++;
        ids->used++;
    }
    *low = !ids->told && left(ids) <= ids->keep / LOOKS_AHEAD;
    ids->told |= *low;
    apr_thread_mutex_unlock(ids->lock);
    return id;
}

/* The writer's lock is held. A disk that stays full is one line in the log, not one for
 * each that asks. */
static apr_status_t fetch_locked(wf_ids_t *ids)
{
    apr_status_t rv = APR_SUCCESS;
    wf_error_t err;
    apr_pool_t *p;
    int empty;

    apr_thread_mutex_lock(ids->lock);
    empty = left(ids) == 0;
    apr_thread_mutex_unlock(ids->lock);
    if (!empty) {
        return APR_SUCCESS;
    }
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    rv = reserve_alone(ids, &err);
    if (rv != APR_SUCCESS && !ids->failing) {
        wf_log(WF_LOG_ERR, "no ids can be reserved: %s", err.message);
    }
    ids->failing = rv != APR_SUCCESS;
    apr_thread_mutex_lock(ids->lock);
    apr_cpystrn(ids->problem, ids->failing ? err.message : "", sizeof(ids->problem));
    apr_thread_mutex_unlock(ids->lock);
    apr_pool_destroy(p);
    return rv;
}

/* Nothing is left. Waits for a commit that is under way, which may have brought more. */
static apr_status_t fetch(wf_ids_t *ids)
{
    apr_status_t rv;

    apr_thread_mutex_lock(ids->writer->lock);
    rv = fetch_locked(ids);
    apr_thread_mutex_unlock(ids->writer->lock);
    return rv;
}

wf_id_t wf_ids_next(wf_ids_t *ids)
{
    wf_id_t id;
    int low;

    do {
        id = take(ids, &low);
        if (low && ids->wake) {
            ids->wake(ids->baton);
        }
    } while (!id && fetch(ids) == APR_SUCCESS);
    return id;
}

const char *wf_ids_problem(wf_ids_t *ids, apr_pool_t *p)
{
    const char *text;

    apr_thread_mutex_lock(ids->lock);
    text = *ids->problem ? apr_pstrcat(p, ": ", ids->problem, NULL) : "";
    apr_thread_mutex_unlock(ids->lock);
    return text;
}

void wf_ids_on_low(wf_ids_t *ids, void (*wake)(void *), void *baton)
{
    ids->wake = wake;
    ids->baton = baton;
}

/* ---- set up ---------------------------------------------------------------------- */

apr_status_t wf_ids_create(wf_ids_t **created, wf_store_t *writer, apr_pool_t *p,
                           wf_error_t *err)
{
    wf_ids_t *ids = apr_pcalloc(p, sizeof(*ids));
    apr_status_t rv = apr_thread_mutex_create(&ids->lock, APR_THREAD_MUTEX_DEFAULT, p);

    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_UNAVAILABLE, rv, "the lock of the ids");
    }
    ids->writer = writer;
    rv = wf_ids_refill(ids, err);
    *created = ids;
    return rv;
}

static apr_status_t raise_to(wf_ids_t *ids, wf_id_t id, wf_error_t *err)
{
    wf_cell_t arg = wf_cell_integer(id);
    apr_status_t rv;

    apr_thread_mutex_lock(ids->writer->lock);
    rv = wf_store_fixed(ids->writer, WF_SQL_IDS_RAISE, &arg, 1, NULL, err);
    apr_thread_mutex_unlock(ids->writer->lock);
    return rv;
}

apr_status_t wf_ids_skip_to(wf_ids_t *ids, wf_id_t id, wf_error_t *err)
{
    int inside;
    apr_status_t rv;

    apr_thread_mutex_lock(ids->lock);
    inside = id < ids->current.end;
    if (!inside) {
        ids->current = ids->spare = (range_t){0, 0};
    }
    else if (id > ids->current.next) {
        ids->current.next = id;
    }
    apr_thread_mutex_unlock(ids->lock);
    if (inside) {
        return APR_SUCCESS;
    }
    rv = raise_to(ids, id, err);
    return rv == APR_SUCCESS ? wf_ids_refill(ids, err) : rv;
}
