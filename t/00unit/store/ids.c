/* The id sequence: blocks are written down before an id of theirs is given, ids are never
 * given twice, threads that find none left get more. */
#include "store_test.h"

#include <pthread.h>

#include "store/internal.h"

static apr_int64_t next_dbid(int *rev)
{
    wf_error_t *err = new_error();
    wf_property_t *row;

    MUST(wf_store_get_by_key(reader, WF_TABLE_PROPERTY, "next.dbid", &row, pool, err),
         err);
    *rev = row->row.rev;
    return atoll(row->value);
}

static void check_blocks(void)
{
    wf_error_t *err = new_error();
    apr_int64_t high;
    int rev;

    high = next_dbid(&rev);
    is_int((high - 1) % 100, 0, "whole blocks are reserved");
    is_int((high - 1) / 100, rev - 1, "REV_ counts blocks");
    is_int(wf_ids_next(ids), 1, "the first id of a new store");
    MUST(wf_ids_skip_to(ids, 10, err), err);
    is_int(wf_ids_next(ids), 10, "demo data begins at 10");
    MUST(wf_ids_skip_to(ids, 5, err), err);
    is_int(wf_ids_next(ids), 11, "never back");
    MUST(wf_ids_skip_to(ids, 123456, err), err);
    is_int(wf_ids_next(ids), 123456, "far ahead");
    for (int i = 0; i < 5000; i++) {
        wf_id_t id = wf_ids_next(ids);

        if (id != 123457 + i || id >= next_dbid(&rev)) {
            ok(0, "id %lld of %lld", (long long)id, (long long)next_dbid(&rev));
            return;
        }
    }
    ok(1, "5,000 ids without a commit: in order, each below next.dbid");
}

static void check_reopen(void)
{
    wf_error_t *err = new_error();
    wf_id_t last = 0;
    int rev, good = 1;

    for (int i = 0; i < 5; i++) {
        wf_id_t first;

        wf_store_close(writer);
        MUST(wf_store_open(&writer, test_dsn, WF_STORE_WRITE, pool, err), err);
        MUST(wf_ids_create(&ids, writer, pool, err), err);
        first = wf_ids_next(ids);
        good &= first > last && (first < next_dbid(&rev));
        for (int n = 0; n < 333; n++) {
            last = wf_ids_next(ids);
        }
    }
    ok(good, "after each opening the ids go on behind the last ones");
}

/* Two writers on one store take turns without ever giving the same id. */
static void check_two_writers(void)
{
    wf_error_t *err = new_error();
    wf_store_t *other;
    wf_ids_t *others;
    char *seen;
    wf_id_t first = wf_ids_next(ids);
    int twice = 0;

    seen = apr_pcalloc(pool, 20000);
    MUST(wf_store_open(&other, test_dsn, WF_STORE_WRITE, pool, err), err);
    MUST(wf_ids_create(&others, other, pool, err), err);
    for (int i = 0; i < 2000; i++) {
        wf_id_t id = wf_ids_next(i % 3 ? ids : others) - first;

        twice += id < 0 || id >= 20000 || seen[id]++;
    }
    is_int(twice, 0, "two writers: 2,000 different ids");
    wf_store_close(other);
}

/* ---- threads --------------------------------------------------------------------- */

#define THREADS 8
#define EACH 20000

static wf_id_t taken[THREADS][EACH];
static int wakes;

static void *take_many(void *data)
{
    wf_id_t *mine = data;

    for (int i = 0; i < EACH; i++) {
        mine[i] = wf_ids_next(ids);
    }
    return NULL;
}

static void wake(void *baton)
{
    __atomic_add_fetch((int *)baton, 1, __ATOMIC_RELAXED);
}

static int compare(const void *a, const void *b)
{
    wf_id_t x = *(const wf_id_t *)a, y = *(const wf_id_t *)b;

    return x < y ? -1 : x > y;
}

/* Threads take ids while the writer commits and refills, or while it does nothing at all.
 */
static void check_threads(int with_commits)
{
    wf_error_t *err = new_error();
    pthread_t thread[THREADS];
    wf_id_t *all = &taken[0][0];
    int good = 1, rev;

    wakes = 0;
    wf_ids_on_low(ids, wake, &wakes);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&thread[i], NULL, take_many, taken[i]);
    }
    for (int i = 0; with_commits && i < 200; i++) {
        wf_uow_t *uow = new_unit();

        add_deployment(uow, "while threads take ids");
        must_commit(uow, "commit");
        MUST(wf_ids_refill(ids, err), err);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        for (int n = 1; n < EACH; n++) {
            good &= taken[i][n] > taken[i][n - 1];
        }
    }
    ok(good, "each thread sees rising ids");
    qsort(all, THREADS * EACH, sizeof(wf_id_t), compare);
    for (int i = 1; i < THREADS * EACH; i++) {
        good &= all[i] != all[i - 1];
    }
    ok(good && all[0] > 0, "%d threads: no id twice, none missing%s", THREADS,
       with_commits ? ", beside commits" : "");
    ok(all[THREADS * EACH - 1] < next_dbid(&rev), "all below next.dbid");
    ok(wakes > 0, "the writer was told that ids run low (%d times)", wakes);
}

/* Once the writer knows how many ids a commit takes, nobody has to wait for one. */
static void check_keeps_up(void)
{
    wf_error_t *err = new_error();
    int rev, before = 0, after;
    apr_int64_t high, reserved = 0;

    for (int round = 0; round < 50; round++) {
        wf_uow_t *uow = new_unit();

        for (int i = 0; i < 150; i++) {
            wf_id_t id = wf_uow_next_id(uow);

            high = next_dbid(&rev);
            reserved = high - id;
        }
        add_deployment(uow, "mark");
        must_commit(uow, "commit");
        if (round == 5) {
            before = wakes;
        }
        MUST(wf_ids_refill(ids, err), err);
    }
    after = wakes;
    is_int(after - before, 0, "150 ids a commit: the writer need not be told");
    ok(reserved < 20 * 150, "… and the reserve is bounded (%lld)", (long long)reserved);
}

int main(void)
{
    begin_test();
    open_test_store();
    check_blocks();
    check_reopen();
    check_two_writers();
    check_threads(0);
    check_threads(1);
    check_keeps_up();
    close_test_store();
    return end_test();
}
