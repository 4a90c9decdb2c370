/* What a commit promises: readers see whole units at once and are never turned away, a
 * killed writer loses nothing that it had acknowledged, a disk that fails undoes all. */
#include "store_test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#define DEADLINE_S 300

/* A unit of two rows that belong together. */
static wf_uow_t *pair_unit(wf_store_t *through, apr_pool_t *p, wf_id_t *id)
{
    wf_uow_t *uow = wf_uow_create(through, ids, p);
    wf_deployment_t *deployment = wf_uow_insert(uow, WF_TABLE_DEPLOYMENT);
    wf_definition_t *definition = wf_uow_insert(uow, WF_TABLE_DEFINITION);

    deployment->name = "pair";
    definition->id = apr_psprintf(p, "pair:%d", (int)deployment->id);
    definition->key = "pair";
    definition->version = (int)deployment->id;
    definition->deployment_id = deployment->id;
    *id = deployment->id;
    return uow;
}

static apr_int64_t total(wf_store_t *store, wf_list_e list, apr_pool_t *p)
{
    wf_error_t err;
    wf_page_t page = {.size = 0};
    wf_rows_t rows;

    wf_error_init(&err, p);
    return wf_store_list(store, list, NULL, 0, &page, &rows, p, &err) == APR_SUCCESS
               ? rows.total
               : -1;
}

/* ---- readers beside the writer --------------------------------------------------- */

static int stop_reading;

typedef struct reading_t {
    int rounds, failures, backwards, halves;
} reading_t;

static void *keep_reading(void *data)
{
    reading_t *r = data;
    apr_pool_t *mine, *p;
    wf_store_t *store;
    wf_error_t err;
    apr_int64_t last = 0;

    apr_pool_create(&mine, NULL);
    apr_pool_create(&p, mine);
    wf_error_init(&err, mine);
    if (wf_store_open(&store, test_dsn, WF_STORE_READ, mine, &err) != APR_SUCCESS) {
        r->failures++;
        return NULL;
    }
    do {
        apr_int64_t deployments = total(store, WF_LIST_DEPLOYMENTS, p);
        apr_int64_t definitions = total(store, WF_LIST_DEFINITIONS, p);

        r->rounds++;
        r->failures += deployments < 0 || definitions < 0;
        r->backwards += deployments < last;
        r->halves += definitions < deployments; /* they were read later */
        last = deployments;
        apr_pool_clear(p);
    } while (!__atomic_load_n(&stop_reading, __ATOMIC_ACQUIRE));
    wf_store_close(store);
    apr_pool_destroy(mine);
    return NULL;
}

static void check_readers(void)
{
    reading_t readings[3] = {{0}};
    pthread_t thread[3];
    apr_pool_t *p;
    int failed = 0;
    apr_int64_t start, longest = 0;

    apr_pool_create(&p, NULL);
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread[i], NULL, keep_reading, &readings[i]);
    }
    for (int i = 0; i < 500; i++) {
        wf_error_t outcome, err;
        wf_id_t id;
        wf_uow_t *uow = pair_unit(reader, p, &id);

        wf_error_init(&err, p);
        start = wf_mono_us();
        failed += wf_store_commit(writer, ids, &uow, 1, &outcome, &err) != APR_SUCCESS
                  || outcome.kind != WF_ERR_NONE;
        start = wf_mono_us() - start;
        longest = start > longest ? start : longest;
        apr_pool_clear(p);
    }
    __atomic_store_n(&stop_reading, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        is_int(readings[i].failures, 0, "reader %d: no failure", i);
        is_int(readings[i].backwards + readings[i].halves, 0,
               "… sees whole units, and never fewer than before");
        ok(readings[i].rounds > 0, "… %d times", readings[i].rounds);
    }
    is_int(failed, 0, "the writer: no failure");
    diag("longest commit beside readers: %lld us", (long long)longest);
    is_int(total(reader, WF_LIST_DEPLOYMENTS, pool), 500, "all are there");
    apr_pool_destroy(p);
}

/* ---- a killed writer ------------------------------------------------------------- */

/* Commit until killed; each acknowledged id goes into the pipe. Batches of three units,
 * so that the kill also falls into half-written transactions. */
static void commit_until_killed(int out)
{
    wf_error_t *err = new_error();

    apr_pool_create(&pool, NULL);
    open_test_store();
    for (;;) {
        wf_error_t outcomes[3];
        wf_uow_t *units[3];
        wf_id_t id[3];

        for (int i = 0; i < 3; i++) {
            units[i] = pair_unit(reader, pool, &id[i]);
        }
        if (wf_store_commit(writer, ids, units, 3, outcomes, err) != APR_SUCCESS
            || write(out, id, sizeof(id)) != sizeof(id)) {
            _exit(1);
        }
    }
}

static int kill_after(int acknowledged, wf_id_t *seen)
{
    wf_id_t id[3];
    int fd[2], count = 0;
    pid_t child;

    if (pipe(fd) != 0 || (child = fork()) < 0) {
        return 0;
    }
    if (!child) {
        close(fd[0]);
        commit_until_killed(fd[1]);
    }
    close(fd[1]);
    while (read(fd[0], id, sizeof(id)) == sizeof(id)) {
        memcpy(seen + count, id, sizeof(id));
        count += 3;
        if (count == acknowledged) {
            kill(child, SIGKILL);
        }
    }
    close(fd[0]);
    waitpid(child, NULL, 0);
    return count;
}

static void check_acknowledged(wf_store_t *store, const wf_id_t *seen, int count,
                               const char *who)
{
    wf_error_t *err = new_error();
    int missing = 0;
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    for (int i = 0; i < count; i++) {
        wf_deployment_t *deployment;
        wf_definition_t *definition;
        const char *key = apr_psprintf(p, "pair:%d", (int)seen[i]);

        MUST(wf_store_get(store, WF_TABLE_DEPLOYMENT, seen[i], &deployment, p, err), err);
        MUST(wf_store_get_by_key(store, WF_TABLE_DEFINITION, key, &definition, p, err),
             err);
        missing += !deployment || !definition;
    }
    is_int(missing, 0, "%s: all %d acknowledged units are there", who, count);
    is_int(total(store, WF_LIST_DEPLOYMENTS, p), total(store, WF_LIST_DEFINITIONS, p),
           "… and no half of another");
    apr_pool_destroy(p);
}

static void check_kills(void)
{
    static wf_id_t seen[100000];
    wf_error_t *err = new_error();
    int count = 0, before;

    for (int round = 0; round < 6; round++) {
        before = count;
        count += kill_after(3 * (1 + 40 * round), seen + count);
        ok(count > before, "round %d: killed after %d acknowledged units", round,
           count - before);
        /* Nobody has cleaned up: the reader meets the WAL as the writer left it. */
        MUST(wf_store_open(&reader, test_dsn, WF_STORE_READ, pool, err), err);
        check_acknowledged(reader, seen, count, "reader");
        MUST(wf_store_open(&writer, test_dsn, WF_STORE_WRITE, pool, err), err);
        MUST(wf_ids_create(&ids, writer, pool, err), err);
        check_acknowledged(writer, seen, count, "next writer");
        ok(wf_ids_next(ids) > seen[count - 1], "ids go on behind the last one");
        wf_store_close(writer);
        wf_store_close(reader);
    }
}

/* ---- a clean stop ---------------------------------------------------------------- */

static void check_clean_stop(void)
{
    wf_error_t *err = new_error();
    const char *wal = apr_pstrcat(pool, test_dsn + strlen("sqlite:"), "-wal", NULL);
    apr_int64_t before;
    wf_uow_t *uow;
    wf_id_t id;
    struct stat st;

    open_test_store();
    before = total(reader, WF_LIST_DEPLOYMENTS, pool);
    uow = pair_unit(reader, pool, &id);
    must_commit(uow, "pair");
    MUST(wf_store_checkpoint(writer, err), err);
    ok(stat(wal, &st) == 0 && st.st_size == 0, "a checkpoint empties the WAL");
    wf_store_close(writer);
    is_int(total(reader, WF_LIST_DEPLOYMENTS, pool), before + 1,
           "an open reader reads on when the writer has gone");
    wf_store_close(reader);
    MUST(wf_store_open(&reader, test_dsn, WF_STORE_READ, pool, err), err);
    is_int(total(reader, WF_LIST_DEPLOYMENTS, pool), before + 1,
           "a new reader without writer");
    MUST(wf_store_open(&writer, test_dsn, WF_STORE_WRITE, pool, err), err);
    MUST(wf_ids_create(&ids, writer, pool, err), err);
    must_commit(pair_unit(reader, pool, &id), "pair");
    is_int(total(reader, WF_LIST_DEPLOYMENTS, pool), before + 2,
           "it sees the next writer's");
    close_test_store();
}

/* ---- a disk that fails ----------------------------------------------------------- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void check_full_disk(void)
{
    wf_error_t outcomes[4], *err = new_error();
    wf_uow_t *units[4], *starved;
    const apr_size_t size = 4 * 1024 * 1024;
    apr_int64_t before;
    int told = 0, good = 0, taken = 0;

    signal(SIGXFSZ, SIG_IGN);
    open_test_store();
    before = total(reader, WF_LIST_DEPLOYMENTS, pool);
    for (int i = 0; i < 4; i++) {
        wf_id_t id;
        wf_bytearray_t *resource;

        units[i] = pair_unit(reader, pool, &id);
        resource = wf_uow_insert(units[i], WF_TABLE_BYTEARRAY);
        resource->deployment_id = id;
        resource->name = "big";
        resource->bytes = memset(apr_palloc(pool, size), i, size);
        resource->length = size;
    }
    limit_files(2 * 1024 * 1024);
    ok(wf_store_commit(writer, ids, units, 4, outcomes, err) != APR_SUCCESS,
       "no space: the commit fails");
    ok(err->message && *err->message, "… and says why: %s", err->message);
    for (int i = 0; i < 4; i++) {
        told += outcomes[i].kind == WF_ERR_UNAVAILABLE;
    }
    is_int(told, 4, "… every unit is told (%s)", outcomes[3].message);
    is_int(total(reader, WF_LIST_DEPLOYMENTS, pool), before, "… nothing is visible");

    limit_files(4096);
    while (wf_ids_next(ids) && taken < 1000000) {
        taken++;
    }
    ok(taken < 1000000, "ids that cannot be reserved are not given (after %d)", taken);
    starved = new_unit();
    add_deployment(starved, "without id");
    is_int(commit_unit(starved), WF_ERR_UNAVAILABLE, "… and a unit without id fails");

    limit_files(RLIM_INFINITY);
    wf_error_init(err, pool);
    is_int(wf_store_commit(writer, ids, units, 4, outcomes, err), APR_SUCCESS,
           "space again: the same units succeed");
    for (int i = 0; i < 4; i++) {
        good += outcomes[i].kind == WF_ERR_NONE;
    }
    is_int(good, 4, "… all four");
    is_int(total(reader, WF_LIST_DEPLOYMENTS, pool), before + 4, "… and are visible");
    ok(wf_ids_next(ids) > 0, "… and ids are given");
    close_test_store();
}

/* ---- the log does not grow without bound ----------------------------------------- */

static void check_log_size(void)
{
    const char *wal = apr_pstrcat(pool, test_dsn + strlen("sqlite:"), "-wal", NULL);
    const apr_size_t size = 1024 * 1024;
    char *bytes = memset(apr_palloc(pool, size), 7, size);
    apr_int64_t largest = 0;
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    open_test_store();
    for (int i = 0; i < 80; i++) {
        wf_uow_t *uow = wf_uow_create(reader, ids, p);
        wf_bytearray_t *row = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);
        struct stat st;

        row->bytes = bytes;
        row->length = size;
        must_commit(uow, "a megabyte");
        stat(wal, &st);
        largest = st.st_size > largest ? st.st_size : largest;
        apr_pool_clear(p);
    }
    ok(largest < 48 * 1024 * 1024, "80 MB written, the WAL stayed below 48 MB (%lld KB)",
       (long long)largest / 1024);
    close_test_store();
}

int main(void)
{
    begin_test();
    alarm(DEADLINE_S);
    open_test_store();
    check_readers();
    close_test_store();
    check_kills();
    check_clean_stop();
    check_full_disk();
    check_log_size();
    return end_test();
}
