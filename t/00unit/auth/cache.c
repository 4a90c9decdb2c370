/* The cache of verified passwords: what it remembers, for how long, and of whom. */
#include "auth/auth.h"
#include "tap.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <string.h>

#define THREADS 4
#define ROUNDS 20000

static wf_auth_cache_t *cache;

static int say_yes(const char *password, const char *hash)
{
    (void)password;
    (void)hash;
    return 1;
}

static int say_no(const char *password, const char *hash)
{
    return !say_yes(password, hash);
}

static int has(const char *user, const char *hash, const char *password, int seconds)
{
    return wf_auth_cache_check(cache, user, hash, password, apr_time_from_sec(seconds),
                               say_no);
}

static void put(const char *user, const char *hash, const char *password, int seconds)
{
    wf_auth_cache_check(cache, user, hash, password, apr_time_from_sec(seconds), say_yes);
}

static void test_entries(void)
{
    ok(!has("kermit", "h", "secret", 1), "an empty cache knows nobody");
    put("kermit", "h", "secret", 1);
    ok(has("kermit", "h", "secret", 1), "a verified password is remembered");
    ok(has("kermit", "h", "secret", 60), "until its time is over");
    ok(!has("kermit", "h", "secret", 61), "and no longer");
    ok(!has("kermit", "h", "Secret", 1), "another password is not");
    ok(!has("kermit", "h2", "secret", 1), "nor the same for a new hash");
    ok(!has("gonzo", "h", "secret", 1), "nor for another user");
    ok(!has("kermit", "hs", "ecret", 1), "texts keep their boundaries");
    ok(!has("kermi", "th", "secret", 1), "all of them");
    ok(!has("", "", "", 1), "an empty entry is no match for empty texts");
}

static void test_many_users(void)
{
    int known = 0;
    char user[20];

    for (int i = 0; i < 10 * WF_AUTH_CACHE_ENTRIES; i++) {
        apr_snprintf(user, sizeof user, "user%d", i);
        put(user, "h", "secret", 2);
        known += has(user, "h", "secret", 2);
        if (has(user, "h", "wrong", 2)) {
            ok(0, "%s is known with a wrong password", user);
        }
    }
    is_int(known, 10 * WF_AUTH_CACHE_ENTRIES, "the newest user always finds a place");
}

static void *APR_THREAD_FUNC hammer(apr_thread_t *thread, void *data)
{
    int *wrong = data;
    char user[20];

    for (int i = 0; i < ROUNDS; i++) {
        apr_snprintf(user, sizeof user, "user%d", i % 300);
        put(user, "h", "secret", 3);
        *wrong += has(user, "h", "wrong", 3);
    }
    (void)thread;
    return NULL;
}

static void test_threads(apr_pool_t *p)
{
    apr_thread_t *threads[THREADS];
    int wrong[THREADS] = { 0 }, total = 0;
    apr_status_t rv;

    for (int i = 0; i < THREADS; i++) {
        apr_thread_create(&threads[i], NULL, hammer, &wrong[i], p);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
        total += wrong[i];
    }
    is_int(total, 0, "threads never see a wrong password as known");
}

/* Threads that ask for the same at once: one verifies, all get its answer. */
#define ASKERS 8

static int asking; /* threads that are at the check; atomic */
static int slow;   /* how many of the slow verifications ran; atomic */

typedef struct asker_t {
    const char *password;
    int right;
} asker_t;

static int verify_slowly(const char *password, const char *hash)
{
    apr_int64_t until = wf_mono_us() + 10 * 1000000;

    (void)hash;
    __atomic_add_fetch(&slow, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&asking, __ATOMIC_ACQUIRE) < ASKERS && wf_mono_us() < until) {
        apr_sleep(1000);
    }
    apr_sleep(50000); /* the few instructions from there to the wait */
    return strcmp(password, "right") == 0;
}

static void *APR_THREAD_FUNC ask(apr_thread_t *thread, void *data)
{
    asker_t *asker = data;

    (void)thread;
    __atomic_add_fetch(&asking, 1, __ATOMIC_RELEASE);
    asker->right = wf_auth_cache_check(cache, "animal", "h", asker->password,
                                       apr_time_from_sec(5), verify_slowly);
    return NULL;
}

static void test_one_verifies(const char *password, int want, apr_pool_t *p)
{
    apr_thread_t *threads[ASKERS];
    asker_t askers[ASKERS];
    int right = 0;
    apr_status_t rv;

    asking = slow = 0;
    for (int i = 0; i < ASKERS; i++) {
        askers[i].password = password;
        apr_thread_create(&threads[i], NULL, ask, &askers[i], p);
    }
    for (int i = 0; i < ASKERS; i++) {
        apr_thread_join(&rv, threads[i]);
        right += askers[i].right;
    }
    is_int(slow, 1, "%s: %d threads, one verification", password, ASKERS);
    is_int(right, want, "%s: its answer for all", password);
}

int main(void)
{
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    cache = wf_auth_cache_create(60, p);
    ok(cache != NULL, "a cache");
    test_entries();
    test_many_users();
    test_threads(p);
    test_one_verifies("right", ASKERS, p);
    test_one_verifies("wrong", 0, p);
    apr_pool_destroy(p);
    return done_testing();
}
