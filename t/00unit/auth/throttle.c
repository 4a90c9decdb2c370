/* Who fails again and again waits longer and longer; others do not. */
#include "auth/auth.h"
#include "tap.h"

#include <apr_strings.h>

#define LIMIT 3
#define S APR_USEC_PER_SEC
#define NOW (1000 * S)

static wf_throttle_t *fresh(apr_pool_t *p)
{
    wf_throttle_t *throttle = NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    ok(wf_throttle_create(&throttle, p, &err) == APR_SUCCESS, "a table");
    return throttle;
}

static apr_int64_t wait_of(wf_throttle_t *t, const char *address, const char *user,
                           apr_int64_t now)
{
    return wf_throttle_wait(t, LIMIT, address, user, now);
}

static void fail(wf_throttle_t *t, const char *address, const char *user, int times,
                 apr_int64_t now)
{
    while (times-- > 0) {
        wf_throttle_failed(t, address, user, now);
    }
}

/* What a pool has, it keeps; another one has its own. */
static void is_kept(apr_pool_t *p)
{
    wf_throttle_t *first = NULL, *second = NULL, *other = NULL;
    wf_error_t err;
    apr_pool_t *pool;

    wf_error_init(&err, p);
    apr_pool_create(&pool, p);
    ok(wf_throttle_keep(&first, p, &err) == APR_SUCCESS, "a table to keep");
    fail(first, "10.0.9.1", "kermit", LIMIT, NOW);
    ok(wf_throttle_keep(&second, p, &err) == APR_SUCCESS && second == first, "is kept");
    ok(wait_of(second, "10.0.9.1", "kermit", NOW) > 0, "with who has failed");
    ok(wf_throttle_keep(&other, pool, &err) == APR_SUCCESS && other != first,
       "elsewhere none");
    is_int(wait_of(other, "10.0.9.1", "kermit", NOW), 0, "nobody has failed there");
    apr_pool_destroy(pool);
}

static void grows(apr_pool_t *p)
{
    static const int seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
    wf_throttle_t *t = fresh(p);

    is_int(wait_of(t, "10.0.0.1", "kermit", NOW), 0, "nobody has failed");
    fail(t, "10.0.0.1", "kermit", LIMIT - 1, NOW);
    is_int(wait_of(t, "10.0.0.1", "kermit", NOW), 0, "not often enough");
    for (int i = 0; i < (int)(sizeof seconds / sizeof seconds[0]); i++) {
        fail(t, "10.0.0.1", "kermit", 1, NOW);
        is_int(wait_of(t, "10.0.0.1", "kermit", NOW), seconds[i] * S, "so long");
        is_int(wait_of(t, "10.0.0.1", "kermit", NOW + S / 2), seconds[i] * S - S / 2,
               "half a second later");
        is_int(wait_of(t, "10.0.0.1", "kermit", NOW + seconds[i] * S), 0, "then no more");
    }
    is_int(wait_of(t, "10.0.0.1", "piggy", NOW), 0, "another user does not wait");
    is_int(wait_of(t, "10.0.0.2", "kermit", NOW), 0, "nor does he from another address");
    wf_throttle_succeeded(t, "10.0.0.1", "kermit");
    is_int(wait_of(t, "10.0.0.1", "kermit", NOW), 0, "it was right at last");
}

static void forgets(apr_pool_t *p)
{
    wf_throttle_t *t = fresh(p);

    fail(t, "10.0.0.1", "kermit", 20, NOW);
    fail(t, "10.0.0.1", "kermit", 1, NOW + 700 * S);
    is_int(wait_of(t, "10.0.0.1", "kermit", NOW + 700 * S), 0,
           "after ten minutes it begins anew");
}

static void shares(apr_pool_t *p)
{
    wf_throttle_t *t = fresh(p);

    for (int i = 0; i < LIMIT * 10; i++) {
        fail(t, "10.0.0.1", apr_psprintf(p, "user%d", i), 1, NOW);
    }
    is_int(wait_of(t, "10.0.0.1", "kermit", NOW), S,
           "many users of an address make all wait");
    is_int(wait_of(t, "10.0.0.2", "kermit", NOW), 0, "those of another do not");
    wf_throttle_succeeded(t, "10.0.0.1", "piggy");
    is_int(wait_of(t, "10.0.0.1", "kermit", NOW), 0, "unless others are right");
}

static const struct {
    const char *first, *second;
    int same;
} networks[] = {
    { "2001:db8::1", "2001:db8::2", 1 },
    { "2001:db8:0:0:1:2:3:4", "2001:db8::ffff", 1 },
    { "2001:db8:0:1::1", "2001:db8::1", 0 },
    { "::ffff:10.0.0.1", "::ffff:10.0.0.2", 0 },
    { "10.0.0.1", "10.0.0.2", 0 },
    { "", "10.0.0.2", 0 },
};

static void knows_networks(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        wf_throttle_t *t = fresh(p);

        fail(t, networks[i].first, "kermit", LIMIT, NOW);
        is_int(wait_of(t, networks[i].second, "kermit", NOW) > 0, networks[i].same, "%s",
               networks[i].second);
    }
}

/* More names than there are places: those who fail now are remembered. */
static void stays_small(apr_pool_t *p)
{
    wf_throttle_t *t = fresh(p);

    for (int i = 0; i < 100000; i++) {
        fail(t, apr_psprintf(p, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255), "kermit",
             1, NOW + i);
    }
    fail(t, "192.0.2.1", "kermit", LIMIT, NOW + S);
    is_int(wait_of(t, "192.0.2.1", "kermit", NOW + S), S, "a full table takes newcomers");
}

int main(void)
{
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    is_kept(p);
    grows(p);
    forgets(p);
    shares(p);
    knows_networks(p);
    stays_small(p);
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
