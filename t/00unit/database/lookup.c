/* Names of PostgreSQL's hosts, with a resolver that the test has in place of libc's: slow
 * ones are waited for no longer than a statement may take, and the permission is asked
 * about the address that is connected to. */
#include "../tap.h"
#include "database/database.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define ALL 80  /* look-ups at once … */
#define MOST 64 /* … of which so many threads may wait */

static apr_pool_t *pool;
static int asked, under_way, most, released; /* atomic */

typedef int getaddrinfo_fn(const char *host, const char *service,
                           const struct addrinfo *hints, struct addrinfo **all);

/* slow.example leads to the loopback address, once the test says so. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **all)
{
    getaddrinfo_fn *real = (getaddrinfo_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
    int numeric = hints != NULL && (hints->ai_flags & AI_NUMERICHOST);
    int now, before;

    if (numeric || host == NULL || strstr(host, ".example") == NULL) {
        return real(host, service, hints, all);
    }
    __atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST);
    now = __atomic_add_fetch(&under_way, 1, __ATOMIC_SEQ_CST);
    before = __atomic_load_n(&most, __ATOMIC_SEQ_CST);
    while (before < now
           && !__atomic_compare_exchange_n(&most, &before, now, 0, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST)) {
    }
    while (strcmp(host, "slow.example") == 0
           && !__atomic_load_n(&released, __ATOMIC_SEQ_CST)) {
        usleep(1000);
    }
    __atomic_sub_fetch(&under_way, 1, __ATOMIC_SEQ_CST);
    return strcmp(host, "none.example") == 0 ? EAI_NONAME
                                             : real("127.0.0.1", service, hints, all);
}

static const char *seen; /* what the permission was asked about */

static int refuse(void *baton, const char *host, int port, const char *address)
{
    seen = apr_psprintf(baton, "%s:%d %s", host, port, address);
    return 0;
}

static apr_status_t run(wf_db_t *db, int ms, wf_error_t *err, wf_db_answer_t *answer,
                        apr_pool_t *p)
{
    wf_db_statement_t statement = { .sql = "select 1",
                                    .action = WF_DB_QUERY,
                                    .deadline_us = wf_mono_us() + ms * 1000LL };

    wf_error_init(err, p);
    return wf_db_run(db, &statement, answer, p, err);
}

static wf_db_t *server(const char *host, const wf_db_terms_t *terms, apr_pool_t *p)
{
    const char *dsn = apr_psprintf(p, "host=%s port=5433 user=u", host);

    return wf_db_create(wf_db_driver_find("postgres"), dsn, terms);
}

static void test_names(void)
{
    static const struct {
        const char *host, *says, *asked;
    } rows[] = {
        { "quick.example", "connections to this address are not permitted",
          "quick.example:5433 127.0.0.1" },
        { "127.0.0.1", "connections to this address are not permitted",
          "127.0.0.1:5433 127.0.0.1" },
        { "none.example", "cannot look the host up: Name or service not known", NULL },
    };
    wf_db_terms_t terms = { .permitted = refuse, .baton = pool };
    wf_db_answer_t answer;
    wf_error_t err;
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wf_db_t *db = server(rows[i].host, &terms, pool);

        seen = NULL;
        ok(run(db, 10000, &err, &answer, pool) != APR_SUCCESS, "%s", rows[i].host);
        is_str(err.message, rows[i].says, "%s: what is told", rows[i].host);
        is_str(seen, rows[i].asked, "%s: who is asked about what", rows[i].host);
        wf_db_close(db);
    }
}

static void *hurry(void *baton)
{
    while (!__atomic_load_n(&asked, __ATOMIC_SEQ_CST)) {
        usleep(1000);
    }
    wf_db_hurry(baton);
    return NULL;
}

static void test_hurry(void)
{
    wf_db_t *db = server("slow.example", &(wf_db_terms_t){ 0 }, pool);
    wf_db_answer_t answer;
    wf_error_t err;
    pthread_t thread;

    __atomic_store_n(&asked, 0, __ATOMIC_SEQ_CST);
    pthread_create(&thread, NULL, hurry, db);
    ok(run(db, 60000, &err, &answer, pool) == WF_ERR_UNAVAILABLE || answer.late,
       "broken off by another thread");
    pthread_join(thread, NULL);
    ok(answer.late, "it says so");
    wf_db_close(db);
}

/* A user who waits for a name. */
static void *wait_for_name(void *baton)
{
    wf_db_answer_t answer;
    wf_error_t err;
    apr_pool_t *p = wf_pool_create("waits", 0);
    wf_db_t *db = server("slow.example", &(wf_db_terms_t){ 0 }, p);
    apr_status_t rv = run(db, 300, &err, &answer, p);

    *(int *)baton = rv != APR_SUCCESS && answer.late;
    wf_db_close(db);
    apr_pool_destroy(p);
    return NULL;
}

static void test_slow(void)
{
    pthread_t threads[ALL];
    int late[ALL], i, all = 0;
    apr_int64_t began = wf_mono_us();

    for (i = 0; i < ALL; i++) {
        pthread_create(&threads[i], NULL, wait_for_name, &late[i]);
    }
    for (i = 0; i < ALL; i++) {
        pthread_join(threads[i], NULL);
        all += late[i];
    }
    is_int(all, ALL, "statements whose host is not found in time end at their deadline");
    ok(!__atomic_load_n(&released, __ATOMIC_SEQ_CST),
       "and do not wait for the resolver: %d ms", (int)((wf_mono_us() - began) / 1000));
    is_int(__atomic_load_n(&most, __ATOMIC_SEQ_CST), MOST, "which has a limit");
    __atomic_store_n(&released, 1, __ATOMIC_SEQ_CST);
    for (i = 0; i < 10000 && __atomic_load_n(&under_way, __ATOMIC_SEQ_CST) > 0; i++) {
        usleep(1000);
    }
    is_int(__atomic_load_n(&under_way, __ATOMIC_SEQ_CST), 0, "what comes late ends");
}

/* What was late holds no place afterwards. */
static void test_after(void)
{
    wf_db_terms_t terms = { .permitted = refuse, .baton = pool };
    wf_db_t *db = server("slow.example", &terms, pool);
    wf_db_answer_t answer;
    wf_error_t err;

    seen = NULL;
    run(db, 10000, &err, &answer, pool);
    is_str(seen, "slow.example:5433 127.0.0.1", "the next one is found");
    wf_db_close(db);
}

int main(void)
{
    apr_initialize();
    pool = wf_pool_create("test", 0);
    test_names();
    test_hurry();
    test_slow();
    test_after();
    apr_pool_destroy(pool);
    return done_testing();
}
