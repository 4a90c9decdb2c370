/* How fast units of work become durable, next to what SQLite itself makes of the same
 * rows.
 *
 *     commit [directory] [units]
 *
 * A unit is the start of a one-task process: 7 rows in 6 tables. Both sides write the
 * same rows to the same schema with the same settings, in transactions of 1, 8, 32 and
 * 128 units, each synced; "raw" binds and steps prepared statements in a loop, without
 * units, savepoints or revisions. Rounds alternate and the best of each side counts,
 * since a disk that is shared with others only ever makes things slower. */
#include <apr_strings.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

#define ROUNDS 3
#define MAX_BATCH 128
#define DEFAULT_UNITS 20000

static const int batches[] = {1, 8, 32, 128};

typedef struct bench_t {
    apr_pool_t *pool, *scratch;
    const char *path, *dsn;
    wf_store_t *writer, *reader;
    wf_ids_t *ids;
    sqlite3 *db;
    sqlite3_stmt *stmt[8];
    apr_int64_t next_id; /* of the raw side; far above the store's */
} bench_t;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "commit: %s: %s\n", what, why ? why : "?");
    exit(1);
}

/* ---- through the store ----------------------------------------------------------- */

static wf_uow_t *start_unit(bench_t *b)
{
    wf_uow_t *uow = wf_uow_create(b->reader, b->ids, b->scratch);
    wf_execution_t *execution = wf_uow_insert(uow, WF_TABLE_EXECUTION);
    wf_task_t *task = wf_uow_insert(uow, WF_TABLE_TASK);
    wf_identitylink_t *link = wf_uow_insert(uow, WF_TABLE_IDENTITYLINK);
    wf_hi_procinst_t *instance =
        wf_uow_insert_shared(uow, WF_TABLE_HI_PROCINST, execution->id);
    wf_hi_actinst_t *begin = wf_uow_insert(uow, WF_TABLE_HI_ACTINST);
    wf_hi_actinst_t *wait = wf_uow_insert(uow, WF_TABLE_HI_ACTINST);
    wf_hi_taskinst_t *done = wf_uow_insert_shared(uow, WF_TABLE_HI_TASKINST, task->id);

    execution->proc_inst_id = execution->root_id = instance->proc_inst_id = execution->id;
    execution->proc_def_id = task->proc_def_id = instance->proc_def_id = "bench:1";
    execution->act_id = task->task_def_key = wait->act_id = done->task_def_key = "review";
    execution->is_active = execution->is_scope = 1;
    task->execution_id = task->proc_inst_id = execution->id;
    task->name = done->name = wait->act_name = "Review";
    task->priority = done->priority = 50;
    link->task_id = wait->task_id = task->id;
    link->group_id = "accountancy";
    link->type = "candidate";
    begin->proc_def_id = wait->proc_def_id = done->proc_def_id = "bench:1";
    begin->proc_inst_id = wait->proc_inst_id = done->proc_inst_id = execution->id;
    begin->execution_id = wait->execution_id = done->execution_id = execution->id;
    begin->act_id = "start";
    begin->act_type = "startEvent";
    wait->act_type = "userTask";
    task->create_time = instance->start_time = begin->start_time = begin->end_time =
        wait->start_time = done->start_time = 1288688700120;
    begin->duration = 0;
    instance->start_user_id = "kermit";
    instance->start_act_id = "start";
    return uow;
}

/* Seconds that the commits took; *built gets those for making the units. */
static double run_store(bench_t *b, int units, int batch, double *built)
{
    apr_int64_t commit_us = 0, build_us = 0, start;

    for (int done = 0; done < units; done += batch) {
        wf_uow_t *unit[MAX_BATCH];
        wf_error_t outcomes[MAX_BATCH], err;

        wf_error_init(&err, b->scratch);
        start = wf_mono_us();
        for (int i = 0; i < batch; i++) {
            unit[i] = start_unit(b);
        }
        build_us += wf_mono_us() - start;
        start = wf_mono_us();
        if (wf_store_commit(b->writer, b->ids, unit, batch, outcomes, &err) != APR_SUCCESS
            || outcomes[batch - 1].kind != WF_ERR_NONE) {
            die("commit", err.message ? err.message : outcomes[batch - 1].message);
        }
        commit_us += wf_mono_us() - start;
        apr_pool_clear(b->scratch);
    }
    *built = build_us / 1e6;
    return commit_us / 1e6;
}

/* ---- without it ------------------------------------------------------------------ */

static const char *const raw_sql[] = {
    "BEGIN IMMEDIATE",
    "COMMIT",
    "INSERT INTO ACT_RU_EXECUTION VALUES"
    " (?1, 1, ?1, NULL, NULL, 'bench:1', NULL, 'review', 1, 0, 1, NULL,"
    " 0, 0, ?1, 0, 1)",
    "INSERT INTO ACT_RU_TASK VALUES (?2, 1, ?1, ?1, 'bench:1', 'Review', NULL, 'review',"
    " NULL, 50, 1288688700120, NULL, NULL, NULL, NULL, NULL, 1, NULL)",
    "INSERT INTO ACT_RU_IDENTITYLINK VALUES"
    " (?3, 1, 'accountancy', 'candidate', NULL, ?2, NULL, 1)",
    "INSERT INTO ACT_HI_PROCINST VALUES (?1, ?1, NULL, 'bench:1', 1288688700120, NULL, "
    "NULL,"
    " 'kermit', 'start', NULL, NULL, NULL, NULL)",
    "INSERT INTO ACT_HI_ACTINST VALUES (?4, 'bench:1', ?1, ?1, ?5, ?6, ?7, NULL,"
    " 1288688700120, ?8, ?9, ?10, NULL)",
    "INSERT INTO ACT_HI_TASKINST VALUES (?2, 'bench:1', 'review', ?1, ?1, 'Review', NULL,"
    " NULL, NULL, 1288688700120, NULL, NULL, NULL, NULL, 50, NULL, NULL, NULL, NULL,"
    " NULL)",
};

static void step(bench_t *b, int which)
{
    if (sqlite3_step(b->stmt[which]) != SQLITE_DONE) {
        die(raw_sql[which], sqlite3_errmsg(b->db));
    }
    sqlite3_reset(b->stmt[which]);
}

static void bind_text(sqlite3_stmt *stmt, int n, const char *text)
{
    sqlite3_bind_text(stmt, n, text, -1, SQLITE_STATIC);
}

static void raw_unit(bench_t *b)
{
    apr_int64_t execution = b->next_id++, task = b->next_id++, link = b->next_id++;
    sqlite3_stmt *activity = b->stmt[6];

    for (int i = 2; i < 8; i++) {
        sqlite3_bind_int64(b->stmt[i], 1, execution);
        if (sqlite3_bind_parameter_count(b->stmt[i]) > 1) {
            sqlite3_bind_int64(b->stmt[i], 2, task);
        }
    }
    sqlite3_bind_int64(b->stmt[4], 3, link);
    sqlite3_bind_int64(activity, 4, b->next_id++);
    bind_text(activity, 5, "start");
    sqlite3_bind_null(activity, 6);
    bind_text(activity, 7, "startEvent");
    sqlite3_bind_int64(activity, 8, 1288688700120);
    sqlite3_bind_int64(activity, 9, 0);
    sqlite3_bind_null(activity, 10);
    for (int i = 2; i < 8; i++) {
        step(b, i);
    }
    sqlite3_bind_int64(activity, 4, b->next_id++);
    bind_text(activity, 5, "review");
    bind_text(activity, 6, "Review");
    bind_text(activity, 7, "userTask");
    sqlite3_bind_null(activity, 8);
    sqlite3_bind_null(activity, 9);
    sqlite3_bind_int64(activity, 10, task);
    step(b, 6);
}

static double run_raw(bench_t *b, int units, int batch)
{
    apr_int64_t start = wf_mono_us();

    for (int done = 0; done < units; done += batch) {
        step(b, 0);
        for (int i = 0; i < batch; i++) {
            raw_unit(b);
        }
        step(b, 1);
    }
    return (wf_mono_us() - start) / 1e6;
}

static void open_raw(bench_t *b)
{
    static const char settings[] =
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = OFF;"
        "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;"
        "PRAGMA wal_autocheckpoint = 8000";

    if (sqlite3_open_v2(b->path, &b->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL)
            != SQLITE_OK
        || sqlite3_exec(b->db, settings, NULL, NULL, NULL) != SQLITE_OK) {
        die(b->path, sqlite3_errmsg(b->db));
    }
    for (int i = 0; i < 8; i++) {
        if (sqlite3_prepare_v3(b->db, raw_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &b->stmt[i], NULL)
            != SQLITE_OK) {
            die(raw_sql[i], sqlite3_errmsg(b->db));
        }
    }
}

/* ---- runs ------------------------------------------------------------------------ */

static void open_store(bench_t *b)
{
    wf_error_t err, outcome;
    wf_uow_t *uow;
    wf_deployment_t *deployment;
    wf_definition_t *definition;

    wf_error_init(&err, b->pool);
    if (wf_store_open(&b->writer, b->dsn, WF_STORE_WRITE, b->pool, &err) != APR_SUCCESS
        || wf_ids_create(&b->ids, b->writer, b->pool, &err) != APR_SUCCESS
        || wf_store_open(&b->reader, b->dsn, WF_STORE_READ, b->pool, &err)
               != APR_SUCCESS) {
        die(b->dsn, err.message);
    }
    uow = wf_uow_create(b->reader, b->ids, b->pool);
    deployment = wf_uow_insert(uow, WF_TABLE_DEPLOYMENT);
    definition = wf_uow_insert(uow, WF_TABLE_DEFINITION);
    definition->id = "bench:1";
    definition->key = "bench";
    definition->version = 1;
    definition->deployment_id = deployment->id;
    if (wf_store_commit(b->writer, b->ids, &uow, 1, &outcome, &err) != APR_SUCCESS
        || outcome.kind != WF_ERR_NONE) {
        die("deploying", outcome.message);
    }
}

/* Each measurement starts with an empty store of its own. */
static double measure(bench_t *b, int raw, int units, int batch, double *built)
{
    double seconds;

    apr_pool_create(&b->pool, NULL);
    apr_pool_create(&b->scratch, b->pool);
    b->next_id = 1000000;
    open_store(b);
    if (raw) {
        open_raw(b);
        seconds = run_raw(b, units, batch);
        for (int i = 0; i < 8; i++) {
            sqlite3_finalize(b->stmt[i]);
        }
        sqlite3_close(b->db);
    }
    else {
        seconds = run_store(b, units, batch, built);
    }
    apr_pool_destroy(b->pool);
    for (int i = 0; i < 3; i++) {
        char file[4096];

        snprintf(file, sizeof(file), "%s%s", b->path,
                 (const char *const[]){"", "-wal", "-shm"}[i]);
        unlink(file);
    }
    return units / seconds;
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : "/tmp";
    int all = argc > 2 ? atoi(argv[2]) : DEFAULT_UNITS;
    char path[4000], dsn[4096];
    bench_t b = {0};

    snprintf(path, sizeof(path), "%s/wf-bench-%d.db", directory, (int)getpid());
    snprintf(dsn, sizeof(dsn), "sqlite:%s", path);
    b.path = path;
    b.dsn = dsn;
    apr_initialize();
    printf("%-12s %14s %14s %8s %16s\n", "units/commit", "raw units/s", "store units/s",
           "ratio", "building, us/unit");
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        int units = batches[i] == 1 ? all / 8 : all;
        double raw = 0, store = 0, built = 0;

        units -= units % batches[i];
        for (int round = 0; round < ROUNDS; round++) {
            double r = measure(&b, 1, units, batches[i], NULL);
            double s = measure(&b, 0, units, batches[i], &built);

            raw = r > raw ? r : raw;
            store = s > store ? s : store;
        }
        printf("%-12d %14.0f %14.0f %8.2f %16.1f\n", batches[i], raw, store, store / raw,
               built / units * 1e6);
        fflush(stdout);
    }
    apr_terminate();
    return 0;
}
