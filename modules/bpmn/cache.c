/* A bounded cache of things that are read from the store and shared by threads. Making
 * one happens outside the lock: two threads that miss at the same time both do it, and
 * the second one's work is thrown away. An entry lives in an unmanaged pool of its own,
 * because the thread that drops the last use frees it. */
#include <stdlib.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "bpmn/cache.h"

typedef struct entry_t {
    wf_cache_t *cache;
    apr_pool_t *pool;
    const char *id;
    void *thing;
    int users; /* with cache->lock held, as all below; being listed counts as one */
    struct entry_t *newer, *older; /* by last use */
} entry_t;

struct wf_cache_t {
    apr_thread_mutex_t *lock; /* taken alone; nothing is called while it is held */
    apr_hash_t *entries;      /* id -> entry_t */
    entry_t *newest, *oldest;
    int capacity;
    unsigned forgotten; /* how often something was: keys are given again */
};

/* ---- entries, under the lock ------------------------------------------------------- */

static void unlink_entry(wf_cache_t *cache, entry_t *entry)
{
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void link_newest(wf_cache_t *cache, entry_t *entry)
{
    entry->older = cache->newest;
    if (cache->newest) {
        cache->newest->newer = entry;
    }
    cache->newest = entry;
    if (!cache->oldest) {
        cache->oldest = entry;
    }
}

/* Give up one use. Returns the entry if it was the last one: to be freed outside the
 * lock. */
static entry_t *give_up(entry_t *entry)
{
    return --entry->users == 0 ? entry : NULL;
}

static entry_t *unlist(wf_cache_t *cache, entry_t *entry)
{
    apr_hash_set(cache->entries, entry->id, APR_HASH_KEY_STRING, NULL);
    unlink_entry(cache, entry);
    return give_up(entry);
}

static void free_entry(entry_t *entry)
{
    if (entry) {
        apr_pool_destroy(entry->pool);
    }
}

/* ---- uses -------------------------------------------------------------------------- */

static apr_status_t release(void *baton)
{
    entry_t *entry = baton, *unused;
    wf_cache_t *cache = entry->cache;

    apr_thread_mutex_lock(cache->lock);
    unused = give_up(entry);
    apr_thread_mutex_unlock(cache->lock);
    free_entry(unused);
    return APR_SUCCESS;
}

static void *use(entry_t *entry, apr_pool_t *p)
{
    apr_pool_cleanup_register(p, entry, release, apr_pool_cleanup_null);
    return entry->thing;
}

/* NULL if it must be made; *forgotten is for add_entry, or NULL. */
static void *find(wf_cache_t *cache, const char *id, unsigned *forgotten, apr_pool_t *p)
{
    entry_t *entry;

    apr_thread_mutex_lock(cache->lock);
    if (forgotten) {
        *forgotten = cache->forgotten;
    }
    entry = apr_hash_get(cache->entries, id, APR_HASH_KEY_STRING);
    if (entry) {
        entry->users++;
        unlink_entry(cache, entry);
        link_newest(cache, entry);
    }
    apr_thread_mutex_unlock(cache->lock);
    return entry ? use(entry, p) : NULL;
}

/* The entry itself, or the one another thread put there first. If something was forgotten
 * since this was read (at which time `forgotten` was the count), it may be this one, and
 * its key something else's by now: then the entry is the caller's alone. */
static void *add_entry(wf_cache_t *cache, entry_t *entry, unsigned forgotten,
                       apr_pool_t *p)
{
    entry_t *first, *unused = NULL;

    apr_thread_mutex_lock(cache->lock);
    first = apr_hash_get(cache->entries, entry->id, APR_HASH_KEY_STRING);
    if (cache->forgotten != forgotten) {
        entry->users = 1;
    }
    else if (first) {
        unused = entry;
        entry = first;
        entry->users++;
    }
    else {
        if ((int)apr_hash_count(cache->entries) >= cache->capacity && cache->oldest) {
            unused = unlist(cache, cache->oldest);
        }
        entry->users = 2; /* the cache and the caller */
        apr_hash_set(cache->entries, entry->id, APR_HASH_KEY_STRING, entry);
        link_newest(cache, entry);
    }
    apr_thread_mutex_unlock(cache->lock);
    free_entry(unused);
    return use(entry, p);
}

/* ---- making ------------------------------------------------------------------------ */

static apr_status_t make_entry(entry_t **made, wf_cache_t *cache, const char *key,
                               wf_cache_make_fn *make, void *baton, apr_pool_t *scratch,
                               wf_error_t *err)
{
    apr_pool_t *pool;
    apr_status_t rv = apr_pool_create_unmanaged_ex(&pool, NULL, NULL);

    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "no memory for a cache");
    }
    apr_pool_tag(pool, "wf_cache_entry");
    *made = apr_pcalloc(pool, sizeof(**made));
    (*made)->cache = cache;
    (*made)->pool = pool;
    (*made)->id = apr_pstrdup(pool, key);
    rv = make(baton, &(*made)->thing, pool, scratch, err);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(pool);
    }
    return rv;
}

void *wf_cache_find(wf_cache_t *cache, const char *key, apr_pool_t *p)
{
    return find(cache, key, NULL, p);
}

apr_status_t wf_cache_get(wf_cache_t *cache, const char *key, wf_cache_make_fn *make,
                          void *baton, void **thing, apr_pool_t *p, wf_error_t *err)
{
    apr_pool_t *scratch;
    entry_t *entry = NULL;
    unsigned forgotten;
    apr_status_t rv;

    *thing = find(cache, key, &forgotten, p);
    if (*thing) {
        return APR_SUCCESS;
    }
    apr_pool_create(&scratch, p);
    apr_pool_tag(scratch, "wf_cache_get");
    rv = make_entry(&entry, cache, key, make, baton, scratch, err);
    apr_pool_destroy(scratch);
    if (rv == APR_SUCCESS) {
        *thing = add_entry(cache, entry, forgotten, p);
    }
    return rv;
}

/* ---- the cache --------------------------------------------------------------------- */

/* Things still in use are freed by their last user, but nobody may use them after that.
 */
static apr_status_t empty_cache(void *baton)
{
    wf_cache_t *cache = baton;

    while (cache->oldest) {
        free_entry(unlist(cache, cache->oldest));
    }
    return APR_SUCCESS;
}

wf_cache_t *wf_cache_create(int capacity, apr_pool_t *p)
{
    wf_cache_t *cache = apr_pcalloc(p, sizeof(*cache));

    cache->entries = apr_hash_make(p);
    cache->capacity = capacity > 0 ? capacity : 1;
    if (apr_thread_mutex_create(&cache->lock, APR_THREAD_MUTEX_DEFAULT, p)
        != APR_SUCCESS) {
        abort(); /* the system has no mutex to give: nothing would run */
    }
    apr_pool_pre_cleanup_register(p, cache, empty_cache);
    return cache;
}

void wf_cache_forget(wf_cache_t *cache, const char *key)
{
    entry_t *entry, *unused = NULL;

    apr_thread_mutex_lock(cache->lock);
    cache->forgotten++;
    entry = apr_hash_get(cache->entries, key, APR_HASH_KEY_STRING);
    if (entry) {
        unused = unlist(cache, entry);
    }
    apr_thread_mutex_unlock(cache->lock);
    free_entry(unused);
}
