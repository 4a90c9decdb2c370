/* The parts of a plan: together they are the whole, for any weights, at any count. */
#include "load/segment.h"
#include "tap.h"

#include <stdlib.h>

#define MEMBERS_MAX 64

static apr_pool_t *pool;

typedef struct cluster_t {
    int n;
    apr_int64_t weights[MEMBERS_MAX];
    wf_segment_t parts[MEMBERS_MAX];
} cluster_t;

static void make(cluster_t *c)
{
    for (int i = 0; i < c->n; i++) {
        c->parts[i] = wf_segment_make(c->weights, c->n, i, pool);
    }
}

/* ---- shares that people expect --------------------------------------------------------- */

static const struct {
    int n;
    apr_int64_t weights[4];
    apr_int64_t q;
    apr_int64_t shares[4];
} shares[] = {
    { 1, { 7 }, 10, { 10 } },
    { 2, { 1, 1 }, 10, { 5, 5 } },
    { 2, { 100, 100 }, 5, { 2, 3 } },
    { 3, { 1, 1, 1 }, 10, { 3, 3, 4 } },
    { 3, { 1, 1, 1 }, 30000, { 10000, 10000, 10000 } },
    { 2, { 100, 300 }, 10, { 2, 8 } },
    { 3, { 1, 2, 1 }, 8, { 2, 4, 2 } },
    { 3, { 1, 1, 1 }, 1, { 0, 0, 1 } },
    { 3, { 1, 1, 1 }, 0, { 0, 0, 0 } },
    { 2, { 1, 65535 }, 65536, { 1, 65535 } },
    { 2, { 1, 1000000000 }, 65537, { 1, 65536 } }, /* rounded */
    { 4, { 3, 3, 3, 6 }, 5, { 1, 1, 1, 2 } },
};

static void test_shares(void)
{
    for (unsigned i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        cluster_t c = { .n = shares[i].n };

        memcpy(c.weights, shares[i].weights, sizeof(shares[i].weights));
        make(&c);
        for (int m = 0; m < c.n; m++) {
            is_int(wf_segment_share(&c.parts[m], shares[i].q), shares[i].shares[m],
                   "row %u: member %d of %d has its share of %d", i, m, c.n,
                   (int)shares[i].q);
        }
    }
}

/* ---- without gaps and overlaps --------------------------------------------------------- */

/* Each element has one owner, nth and share agree, shares are even. */
static int is_partition(const cluster_t *c, apr_int64_t elements, int *even)
{
    apr_int64_t taken[MEMBERS_MAX] = { 0 };
    double sum = 0;

    for (int m = 0; m < c->n; m++) {
        sum += (double)c->weights[m];
    }
    for (apr_int64_t k = 0; k < elements; k++) {
        int owners = 0;
        apr_int64_t all = 0;

        for (int m = 0; m < c->n; m++) {
            double due = (double)(k + 1) * (double)c->weights[m] / sum;

            if (wf_segment_nth(&c->parts[m], taken[m]) == k) {
                taken[m]++;
                owners++;
            }
            if (wf_segment_share(&c->parts[m], k + 1) != taken[m]) {
                return 0;
            }
            all += taken[m];
            *even &= (double)taken[m] - due < c->n && due - (double)taken[m] < c->n;
        }
        if (owners != 1 || all != k + 1) {
            return 0;
        }
    }
    return 1;
}

static void test_partitions(void)
{
    unsigned short seed[3] = { 1, 2, 3 };

    for (int round = 0; round < 60; round++) {
        cluster_t c = { .n = 1 + (int)(nrand48(seed) % (round < 50 ? 6 : MEMBERS_MAX)) };
        int even = 1;

        for (int m = 0; m < c.n; m++) {
            c.weights[m] = 1 + nrand48(seed) % (round % 2 ? 5 : 300);
        }
        make(&c);
        ok(is_partition(&c, 3000, &even), "round %d: %d members share without gaps",
           round, c.n);
        ok(even, "… and evenly");
    }
}

/* ---- what users do ------------------------------------------------------------------- */

/* However few users there are, all iterations are somebody's who has one. */
static void test_users(void)
{
    for (int n = 1; n <= 7; n++) {
        for (apr_int64_t vus = 1; vus <= 12; vus++) {
            cluster_t c = { .n = n };
            apr_int64_t users = 0, iterations = 0;
            int idle = 0;

            for (int m = 0; m < n; m++) {
                c.weights[m] = 1 + m % 3;
            }
            make(&c);
            for (int m = 0; m < n; m++) {
                wf_segment_t dealt = wf_segment_of_users(&c.parts[m], vus);
                apr_int64_t own = wf_segment_share(&c.parts[m], vus);
                apr_int64_t work = wf_segment_share(&dealt, 1000);

                users += own;
                iterations += work;
                idle |= own == 0 && work > 0;
                idle |= own > 0 && work == 0;
            }
            ok(users == vus && iterations == 1000 && !idle,
               "%d users of %d members do 1000 iterations", (int)vus, n);
        }
    }
}

static void test_whole(void)
{
    wf_segment_t none = wf_segment_of_users(&wf_segment_whole, 5);
    apr_int64_t two[] = { 1, 1 };
    wf_segment_t lazy = wf_segment_make(two, 2, 0, pool);

    is_int(wf_segment_share(&wf_segment_whole, 12345), 12345, "all of it");
    is_int(wf_segment_nth(&wf_segment_whole, 12345), 12345, "each of them");
    is_int(wf_segment_share(&none, 7), 7, "also of users");
    lazy = wf_segment_of_users(&lazy, 1);
    is_int(wf_segment_nth(&lazy, 0), -1, "who has no user has nothing");
    is_int(wf_segment_share(&lazy, 1000), 0, "at all");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_shares();
    test_partitions();
    test_users();
    test_whole();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
