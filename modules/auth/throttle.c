/* Who fails again and again has to wait longer and longer.
 *
 * A table in memory that httpd's children share, without locks: an entry is a hash under
 * a key of this server, a count and a time. Two writers at once may lose a failure, or
 * one of two names that share a place; whoever guesses gains a try by that, and nobody
 * waits for a lock. */
#include "auth/auth.h"

#include <apr_general.h>
#include <apr_shm.h>
#include <apr_siphash.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>

#define SETS 2048
#define WAYS 4                                 /* places that a name may lie in */
#define FORGET_US (10 * 60 * APR_USEC_PER_SEC) /* after so long without a failure */
#define LONGEST_S 60
#define ADDRESS_FACTOR 10 /* many users may share an address */

typedef struct entry_t {
    apr_uint64_t tag; /* 0: free */
    apr_int64_t last_us;
    apr_int64_t failures;
} entry_t;

typedef struct table_t {
    unsigned char key[APR_SIPHASH_KSIZE];
    entry_t entries[SETS][WAYS];
} table_t;

struct wf_throttle_t {
    table_t *table;
};

apr_status_t wf_throttle_create(wf_throttle_t **out, apr_pool_t *p, wf_error_t *err)
{
    wf_throttle_t *throttle = apr_palloc(p, sizeof *throttle);
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, sizeof(table_t), NULL, p);

    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "no shared memory");
    }
    throttle->table = apr_shm_baseaddr_get(shm);
    memset(throttle->table, 0, sizeof(table_t));
    rv = apr_generate_random_bytes(throttle->table->key, sizeof throttle->table->key);
    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "no random bytes");
    }
    *out = throttle;
    return APR_SUCCESS;
}

/* The key has the size of what lies there: another version of this module may have put
 * it. */
apr_status_t wf_throttle_keep(wf_throttle_t **out, apr_pool_t *p, wf_error_t *err)
{
    const char *key = apr_psprintf(p, "mod_workflow:throttle:%" APR_SIZE_T_FMT ":%d:%d",
                                   sizeof(table_t), SETS, WAYS);
    void *kept = NULL;
    apr_status_t rv;

    apr_pool_userdata_get(&kept, key, p);
    if (kept) {
        *out = kept;
        return APR_SUCCESS;
    }
    rv = wf_throttle_create(out, p, err);
    if (rv == APR_SUCCESS) {
        apr_pool_userdata_set(*out, key, NULL, p);
    }
    return rv;
}

/* ---- entries -------------------------------------------------------------------------- */

#define GET(member) __atomic_load_n(&(member), __ATOMIC_RELAXED)
#define SET(member, value) __atomic_store_n(&(member), value, __ATOMIC_RELAXED)

/* For IPv6 its network: a host there has as many addresses as it likes. */
static apr_uint64_t hash_address(const table_t *table, const char *address)
{
    struct in6_addr v6;

    return inet_pton(AF_INET6, address, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6)
               ? apr_siphash24(&v6, 8, table->key)
               : apr_siphash24(address, strlen(address), table->key);
}

/* Never 0. user NULL: the address alone. */
static apr_uint64_t tag_of(const table_t *table, const char *address, const char *user)
{
    apr_uint64_t parts[3] = {
        hash_address(table, address),
        user ? apr_siphash24(user, strlen(user), table->key) : 0,
        user != NULL,
    };

    return apr_siphash24(parts, sizeof parts, table->key) | 1;
}

static entry_t *find(table_t *table, apr_uint64_t tag)
{
    entry_t *set = table->entries[tag / 2 % SETS];

    for (int i = 0; i < WAYS; i++) {
        if (GET(set[i].tag) == tag) {
            return &set[i];
        }
    }
    return NULL;
}

/* Its own place, or that of whoever failed longest ago. */
static entry_t *take(table_t *table, apr_uint64_t tag)
{
    entry_t *set = table->entries[tag / 2 % SETS], *victim = find(table, tag);

    if (victim) {
        return victim;
    }
    victim = set;
    for (int i = 1; i < WAYS; i++) {
        if (GET(set[i].last_us) < GET(victim->last_us)) {
            victim = &set[i];
        }
    }
    SET(victim->failures, 0);
    SET(victim->tag, tag);
    return victim;
}

static apr_int64_t failures_of(const entry_t *entry, apr_int64_t now_us)
{
    return now_us - GET(entry->last_us) < FORGET_US ? GET(entry->failures) : 0;
}

/* 1, 2, 4 … seconds after the last failure, once there are limit of them. */
static apr_int64_t wait_of(const entry_t *entry, apr_int64_t limit, apr_int64_t now_us)
{
    apr_int64_t over = entry ? failures_of(entry, now_us) - limit : -1, seconds, until_us;

    if (over < 0) {
        return 0;
    }
    seconds = over < 6 ? 1 << over : LONGEST_S;
    until_us = GET(entry->last_us)
               + (seconds < LONGEST_S ? seconds : LONGEST_S) * APR_USEC_PER_SEC;
    return until_us > now_us ? until_us - now_us : 0;
}

static void add(table_t *table, apr_uint64_t tag, apr_int64_t now_us)
{
    entry_t *entry = take(table, tag);
    apr_int64_t failures = failures_of(entry, now_us);

    SET(entry->failures, failures + 1);
    SET(entry->last_us, now_us);
}

/* ---- attempts --------------------------------------------------------------------------- */

apr_int64_t wf_throttle_wait(wf_throttle_t *throttle, int limit, const char *address,
                             const char *user, apr_int64_t now_us)
{
    table_t *table = throttle->table;
    apr_int64_t own = wait_of(find(table, tag_of(table, address, user)), limit, now_us);
    apr_int64_t shared = wait_of(find(table, tag_of(table, address, NULL)),
                                 (apr_int64_t)limit * ADDRESS_FACTOR, now_us);

    return own > shared ? own : shared;
}

void wf_throttle_failed(wf_throttle_t *throttle, const char *address, const char *user,
                        apr_int64_t now_us)
{
    add(throttle->table, tag_of(throttle->table, address, user), now_us);
    add(throttle->table, tag_of(throttle->table, address, NULL), now_us);
}

/* An address from where many come, such as a proxy, is not held up by a few who err. */
void wf_throttle_succeeded(wf_throttle_t *throttle, const char *address, const char *user)
{
    entry_t *own = find(throttle->table, tag_of(throttle->table, address, user));
    entry_t *shared = find(throttle->table, tag_of(throttle->table, address, NULL));

    if (own) {
        SET(own->failures, 0);
    }
    if (shared && GET(shared->failures) > 0) {
        SET(shared->failures, GET(shared->failures) - 1);
    }
}
