/* The registry of slaves. Few of them, asked seldom: a list behind one lock. Each has a
 * pool of its own, so one that registers anew takes no more memory. */
#include "cluster/internal.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry_t {
    wf_slave_t slave;
    apr_pool_t *pool;
    int draining, silent; /* what its state follows from, besides its users */
    struct entry_t *next; /* by id */
} entry_t;

struct wf_registry_t {
    pthread_mutex_t lock;
    int max_slaves, count;
    apr_int64_t timeout_ms;
    entry_t *all;
};

/* ---- life -------------------------------------------------------------------------- */

apr_status_t wf_registry_create(wf_registry_t **out, int max_slaves,
                                apr_int64_t timeout_ms, apr_pool_t *p, wf_error_t *err)
{
    wf_registry_t *registry = apr_pcalloc(p, sizeof(*registry));

    registry->max_slaves = max_slaves;
    registry->timeout_ms = timeout_ms;
    if (pthread_mutex_init(&registry->lock, NULL) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL, "the lock of the registry");
    }
    *out = registry;
    return APR_SUCCESS;
}

void wf_registry_destroy(wf_registry_t *registry)
{
    entry_t *entry, *next;

    for (entry = registry->all; entry != NULL; entry = next) {
        next = entry->next;
        apr_pool_destroy(entry->pool);
    }
    pthread_mutex_destroy(&registry->lock);
}

/* ---- copies ------------------------------------------------------------------------ */

static void copy_slave(wf_slave_t *to, const wf_slave_t *from, apr_pool_t *p)
{
    *to = *from;
    to->id = apr_pstrdup(p, from->id);
    to->address = apr_pstrdup(p, from->address);
    to->instance = apr_pstrdup(p, from->instance ? from->instance : "");
    to->capabilities = wf_names_copy(from->capabilities, p);
    to->labels = from->labels ? apr_table_clone(p, from->labels) : apr_table_make(p, 1);
}

/* ---- what a slave may say ------------------------------------------------------------- */

/* Printable ASCII without blanks at most so long; ids and addresses are shown in logs, in
 * paths and in messages. */
static int is_word(const char *text)
{
    const char *c;

    for (c = text; c != NULL && *c > ' ' && *c < 127; c++) {
    }
    return text != NULL && *text != '\0' && *c == '\0' && c - text <= WF_SLAVE_TEXT;
}

static int is_short(const char *text)
{
    return strlen(text) <= WF_SLAVE_TEXT && wf_utf8_valid(text, strlen(text));
}

static apr_status_t check_lists(const wf_slave_t *slave, wf_error_t *err)
{
    const apr_array_header_t *labels =
        slave->labels ? apr_table_elts(slave->labels) : NULL;
    int i;

    for (i = 0; slave->capabilities != NULL && i < slave->capabilities->nelts; i++) {
        if (i >= WF_SLAVE_LIST
            || !is_word(APR_ARRAY_IDX(slave->capabilities, i, const char *))) {
            return wf_error_field(err, WF_ERR_INVALID, "capabilities",
                                  "at most %d names of at most %d bytes", WF_SLAVE_LIST,
                                  WF_SLAVE_TEXT);
        }
    }
    for (i = 0; labels != NULL && i < labels->nelts; i++) {
        const apr_table_entry_t *label = &APR_ARRAY_IDX(labels, i, apr_table_entry_t);

        if (i >= WF_SLAVE_LIST || *label->key == '\0' || !is_short(label->key)
            || !is_short(label->val)) {
            return wf_error_field(err, WF_ERR_INVALID, "labels",
                                  "at most %d, names and values of at most %d bytes",
                                  WF_SLAVE_LIST, WF_SLAVE_TEXT);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check(const wf_slave_t *slave, wf_error_t *err)
{
    const char *field = !is_word(slave->id)        ? "slave_id"
                        : !is_word(slave->address) ? "address"
                                                   : NULL;

    if (field != NULL) {
        return wf_error_field(err, WF_ERR_INVALID, field,
                              "%s: 1 to %d printable characters without blanks", field,
                              WF_SLAVE_TEXT);
    }
    if (slave->max_vus < 0 || slave->cpu_cores < 0 || slave->memory_mb < 0
        || slave->max_vus > WF_SLAVE_VUS || slave->memory_mb > WF_SLAVE_VUS) {
        return wf_error_field(err, WF_ERR_INVALID, "resources",
                              "less than nothing, or more than %d", WF_SLAVE_VUS);
    }
    return check_lists(slave, err);
}

/* ---- inside: with the lock ------------------------------------------------------------- */

static entry_t *find(const wf_registry_t *registry, const char *id)
{
    entry_t *entry = registry->all;

    while (entry != NULL && strcmp(entry->slave.id, id) != 0) {
        entry = entry->next;
    }
    return entry;
}

static void settle(entry_t *entry)
{
    wf_slave_t *slave = &entry->slave;

    slave->state = entry->silent                         ? WF_SLAVE_OFFLINE
                   : entry->draining                     ? WF_SLAVE_DRAINING
                   : slave->active_vus >= slave->max_vus ? WF_SLAVE_BUSY
                                                         : WF_SLAVE_ONLINE;
}

static void take_out(wf_registry_t *registry, entry_t *entry)
{
    entry_t **at = &registry->all;

    while (*at != entry) {
        at = &(*at)->next;
    }
    *at = entry->next;
    registry->count--;
    apr_pool_destroy(entry->pool);
}

static void put_in(wf_registry_t *registry, entry_t *entry)
{
    entry_t **at = &registry->all;

    while (*at != NULL && strcmp((*at)->slave.id, entry->slave.id) < 0) {
        at = &(*at)->next;
    }
    entry->next = *at;
    *at = entry;
    registry->count++;
}

/* One that has been away for longest, or NULL. */
static entry_t *longest_away(const wf_registry_t *registry)
{
    entry_t *entry, *found = NULL;

    for (entry = registry->all; entry != NULL; entry = entry->next) {
        if (entry->silent
            && (found == NULL || entry->slave.last_seen_ms < found->slave.last_seen_ms)) {
            found = entry;
        }
    }
    return found;
}

static apr_status_t unknown(const char *id, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_NOT_FOUND, "no slave with id '%.100s'", id);
}

/* ---- what happens to them ---------------------------------------------------------------- */

/* A process that was drained, perhaps while it was away. */
static int stays_drained(const entry_t *before, const wf_slave_t *slave)
{
    return before != NULL && before->draining && slave->instance != NULL
           && *slave->instance != '\0' && strcmp(before->slave.id, slave->id) == 0
           && strcmp(before->slave.instance, slave->instance) == 0;
}

static apr_status_t add(wf_registry_t *registry, const wf_slave_t *slave,
                        apr_int64_t now_ms, wf_error_t *err)
{
    entry_t *entry = find(registry, slave->id);
    apr_pool_t *pool;
    int draining;

    if (entry == NULL && registry->count >= registry->max_slaves) {
        entry = longest_away(registry);
        if (entry == NULL) {
            return wf_error_set(err, WF_ERR_UNAVAILABLE, "%d slaves are there, the limit",
                                registry->count);
        }
    }
    draining = slave->draining || stays_drained(entry, slave);
    if (entry != NULL) {
        take_out(registry, entry);
    }
    pool = wf_pool_create("wf_slave", 0);
    if (pool == NULL) {
        abort();
    }
    entry = apr_pcalloc(pool, sizeof(*entry));
    entry->pool = pool;
    copy_slave(&entry->slave, slave, pool);
    entry->slave.last_seen_ms = now_ms;
    entry->draining = draining;
    settle(entry);
    put_in(registry, entry);
    return APR_SUCCESS;
}

apr_status_t wf_registry_add(wf_registry_t *registry, const wf_slave_t *slave,
                             apr_int64_t now_ms, wf_error_t *err)
{
    apr_status_t rv = check(slave, err);

    if (rv == APR_SUCCESS) {
        pthread_mutex_lock(&registry->lock);
        rv = add(registry, slave, now_ms, err);
        pthread_mutex_unlock(&registry->lock);
    }
    return rv;
}

apr_status_t wf_registry_beat(wf_registry_t *registry, const char *id,
                              const wf_slave_t *heard, apr_int64_t now_ms,
                              wf_error_t *err)
{
    entry_t *entry;

    pthread_mutex_lock(&registry->lock);
    entry = find(registry, id);
    if (entry != NULL) {
        entry->slave.active_vus = heard->active_vus;
        entry->slave.active_tasks = heard->active_tasks;
        entry->slave.cpu_usage = heard->cpu_usage;
        entry->slave.memory_usage = heard->memory_usage;
        entry->slave.throughput = heard->throughput;
        entry->slave.last_seen_ms = now_ms;
        entry->silent = 0;
        settle(entry);
    }
    pthread_mutex_unlock(&registry->lock);
    return entry != NULL ? APR_SUCCESS : unknown(id, err);
}

apr_status_t wf_registry_drain(wf_registry_t *registry, const char *id, wf_error_t *err)
{
    entry_t *entry;

    pthread_mutex_lock(&registry->lock);
    entry = find(registry, id);
    if (entry != NULL) {
        entry->draining = 1;
        settle(entry);
    }
    pthread_mutex_unlock(&registry->lock);
    return entry != NULL ? APR_SUCCESS : unknown(id, err);
}

void wf_registry_lose(wf_registry_t *registry, const char *id)
{
    entry_t *entry;

    pthread_mutex_lock(&registry->lock);
    entry = find(registry, id);
    if (entry != NULL) {
        entry->silent = 1;
        settle(entry);
    }
    pthread_mutex_unlock(&registry->lock);
}

void wf_registry_remove(wf_registry_t *registry, const char *id)
{
    entry_t *entry;

    pthread_mutex_lock(&registry->lock);
    entry = find(registry, id);
    if (entry != NULL) {
        take_out(registry, entry);
    }
    pthread_mutex_unlock(&registry->lock);
}

apr_array_header_t *wf_registry_expire(wf_registry_t *registry, apr_int64_t now_ms,
                                       apr_pool_t *p)
{
    apr_array_header_t *ids = apr_array_make(p, 4, sizeof(const char *));
    entry_t *entry;

    pthread_mutex_lock(&registry->lock);
    for (entry = registry->all; entry != NULL; entry = entry->next) {
        if (!entry->silent && now_ms - entry->slave.last_seen_ms > registry->timeout_ms) {
            entry->silent = 1;
            settle(entry);
            APR_ARRAY_PUSH(ids, const char *) = apr_pstrdup(p, entry->slave.id);
        }
    }
    pthread_mutex_unlock(&registry->lock);
    return ids;
}

/* ---- asking ---------------------------------------------------------------------------------- */

apr_array_header_t *wf_registry_list(wf_registry_t *registry, apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 8, sizeof(wf_slave_t));
    const entry_t *entry;

    pthread_mutex_lock(&registry->lock);
    for (entry = registry->all; entry != NULL; entry = entry->next) {
        copy_slave(&APR_ARRAY_PUSH(all, wf_slave_t), &entry->slave, p);
    }
    pthread_mutex_unlock(&registry->lock);
    return all;
}

apr_status_t wf_registry_get(wf_registry_t *registry, const char *id, wf_slave_t *slave,
                             apr_pool_t *p, wf_error_t *err)
{
    const entry_t *entry;

    pthread_mutex_lock(&registry->lock);
    entry = find(registry, id);
    if (entry != NULL) {
        copy_slave(slave, &entry->slave, p);
    }
    pthread_mutex_unlock(&registry->lock);
    return entry != NULL ? APR_SUCCESS : unknown(id, err);
}
