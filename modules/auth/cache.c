/* Verified passwords, remembered for a minute.
 *
 * An entry is a 128-bit keyed digest (two SipHash-2-4 under two random keys of this
 * process) of user, stored hash and password. Neither the password nor the user can be
 * read from it. Only successes are kept: a wrong password always pays for bcrypt. */
#include "auth/auth.h"

#include <apr_general.h>
#include <apr_siphash.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <string.h>

#define WAYS 4 /* entries a user's digest may lie in */
#define KEYS 3 /* two for the digest, one that spreads users over the entries */

typedef struct digest_t {
    apr_uint64_t half[2];
} digest_t;

typedef struct entry_t {
    digest_t digest;
    apr_int64_t expires; /* wf_mono_us clock; 0 = empty */
} entry_t;

/* A verification that runs, and those who wait for it. Free while nobody has it. */
typedef struct flight_t {
    digest_t digest;
    int holders;
    int over, right;
} flight_t;

#define FLIGHTS 16 /* with more at once, further ones verify by themselves */

struct wf_auth_cache_t {
    unsigned char keys[KEYS][APR_SIPHASH_KSIZE];
    apr_int64_t ttl_us;
    apr_thread_mutex_t *lock; /* of what follows; held for a few comparisons */
    apr_thread_cond_t *landed;
    flight_t flights[FLIGHTS];
    entry_t entries[WF_AUTH_CACHE_ENTRIES];
};

wf_auth_cache_t *wf_auth_cache_create(int ttl_seconds, apr_pool_t *p)
{
    wf_auth_cache_t *cache = apr_pcalloc(p, sizeof *cache);

    cache->ttl_us = apr_time_from_sec(ttl_seconds);
    if (apr_generate_random_bytes(&cache->keys[0][0], sizeof cache->keys) != APR_SUCCESS
        || apr_thread_mutex_create(&cache->lock, APR_THREAD_MUTEX_DEFAULT, p)
               != APR_SUCCESS
        || apr_thread_cond_create(&cache->landed, p) != APR_SUCCESS) {
        return NULL;
    }
    return cache;
}

/* A digest of the three digests: nothing is copied, and no boundary between the texts can
 * be shifted. */
static apr_uint64_t half_digest(const unsigned char *key, const char *user,
                                const char *hash, const char *password)
{
    apr_uint64_t parts[3] = {
        apr_siphash24(user, strlen(user), key),
        apr_siphash24(hash, strlen(hash), key),
        apr_siphash24(password, strlen(password), key),
    };

    return apr_siphash24(parts, sizeof parts, key);
}

static digest_t digest_of(const wf_auth_cache_t *cache, const char *user,
                          const char *hash, const char *password)
{
    digest_t digest = { { half_digest(cache->keys[0], user, hash, password),
                          half_digest(cache->keys[1], user, hash, password) } };

    return digest;
}

/* Comparing both halves whatever the first one says takes the same time for all. */
static int same(const digest_t *a, const digest_t *b)
{
    return ((a->half[0] ^ b->half[0]) | (a->half[1] ^ b->half[1])) == 0;
}

static entry_t *set_of(wf_auth_cache_t *cache, const char *user)
{
    apr_uint64_t spread = apr_siphash24(user, strlen(user), cache->keys[2]);

    return &cache->entries[spread % (WF_AUTH_CACHE_ENTRIES / WAYS) * WAYS];
}

/* ---- under the lock ---------------------------------------------------------------- */

static int is_known(const entry_t *set, const digest_t *digest, apr_int64_t now_us)
{
    int found = 0;

    for (int i = 0; i < WAYS; i++) {
        found |= set[i].expires > now_us && same(&set[i].digest, digest);
    }
    return found;
}

/* The same password again takes its own place, else that of the oldest entry. */
static void remember(entry_t *set, const digest_t *digest, apr_int64_t expires)
{
    entry_t *victim = set;

    for (int i = 0; i < WAYS; i++) {
        if (same(&set[i].digest, digest)) {
            victim = &set[i];
            break;
        }
        if (set[i].expires < victim->expires) {
            victim = &set[i];
        }
    }
    victim->digest = *digest;
    victim->expires = expires;
}

static flight_t *find_flight(wf_auth_cache_t *cache, const digest_t *digest)
{
    for (int i = 0; i < FLIGHTS; i++) {
        if (cache->flights[i].holders > 0 && same(&cache->flights[i].digest, digest)) {
            return &cache->flights[i];
        }
    }
    return NULL;
}

static flight_t *begin_flight(wf_auth_cache_t *cache, const digest_t *digest)
{
    for (int i = 0; i < FLIGHTS; i++) {
        if (cache->flights[i].holders == 0) {
            cache->flights[i] = (flight_t){ .digest = *digest, .holders = 1 };
            return &cache->flights[i];
        }
    }
    return NULL;
}

static int join_flight(wf_auth_cache_t *cache, flight_t *flight)
{
    int right;

    flight->holders++;
    while (!flight->over) {
        apr_thread_cond_wait(cache->landed, cache->lock);
    }
    right = flight->right;
    flight->holders--;
    return right;
}

/* ---- the check ---------------------------------------------------------------------- */

int wf_auth_cache_check(wf_auth_cache_t *cache, const char *user, const char *hash,
                        const char *password, apr_int64_t now_us,
                        wf_auth_verify_fn *verify)
{
    digest_t digest = digest_of(cache, user, hash, password);
    entry_t *set = set_of(cache, user);
    flight_t *flight;
    int right;

    apr_thread_mutex_lock(cache->lock);
    right = is_known(set, &digest, now_us);
    flight = right ? NULL : find_flight(cache, &digest);
    if (flight) {
        right = join_flight(cache, flight);
    }
    if (right || flight) {
        apr_thread_mutex_unlock(cache->lock);
        return right;
    }
    flight = begin_flight(cache, &digest);
    apr_thread_mutex_unlock(cache->lock);

    right = verify(password, hash);

    apr_thread_mutex_lock(cache->lock);
    if (right) {
        remember(set, &digest, now_us + cache->ttl_us);
    }
    if (flight) {
        flight->right = right;
        flight->over = 1;
        flight->holders--;
        apr_thread_cond_broadcast(cache->landed);
    }
    apr_thread_mutex_unlock(cache->lock);
    return right;
}
