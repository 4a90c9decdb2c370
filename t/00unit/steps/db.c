/* db steps with SQLite: what they leave for later steps, transactions of users, the pool
 * that they share, deadlines and stops that cut, and what is refused. */
#include "../tap.h"
#include "run.h"
#include "load/plan.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

static runner_t r;
static char dir[] = "/tmp/wf-db.XXXXXX";

/* ---- running --------------------------------------------------------------------------------- */

static const char *secret_of(void *baton, const char *name)
{
    (void)baton;
    return strcmp(name, "pin") == 0 ? "s3cr3t" : NULL;
}

static wf_plan_t *read_plan(const char *yaml, const char **problems, apr_pool_t *p)
{
    wf_surroundings_t *around = apr_pcalloc(p, sizeof(*around));
    wf_problems_t *found = wf_problems_create("test.yaml", p);
    wf_plan_t *plan;

    around->steps = &wf_steps;
    around->directory = dir;
    around->secret = secret_of;
    wf_plan_read(&plan, yaml, strlen(yaml), NULL, around, found, p);
    *problems = wf_problems_text(found, r.pool);
    return plan;
}

static void begin(const char *id, const char *yaml)
{
    apr_pool_t *p;
    const char *problems;
    wf_plan_t *plan;
    wf_error_t err;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, r.pool);
    plan = read_plan(yaml, &problems, p);
    r.ended = 0;
    if (plan == NULL || wf_load_start(r.load, plan, p, id, &err) != APR_SUCCESS) {
        printf("Bail out! %s\n", plan ? err.message : problems);
        exit(1);
    }
}

static int run(const char *yaml)
{
    begin(apr_psprintf(r.pool, "exec-%d", r.runs++), yaml);
    return runner_wait(&r) && r.last.status == WF_RUN_COMPLETED;
}

static const char *error_of(int i)
{
    json_object *entry = json_object_array_get_idx(r.last.errors, i);

    return entry ? wf_json_string(entry, "message", "") : NULL;
}

static const char *code_of(int i)
{
    json_object *entry = json_object_array_get_idx(r.last.errors, i);

    return entry ? wf_json_string(entry, "code", "") : NULL;
}

static apr_int64_t successes(const char *step)
{
    return wf_json_int(runner_step(&r, step), "success_count", -1);
}

static apr_int64_t failures(const char *step)
{
    return wf_json_int(runner_step(&r, step), "failure_count", -1);
}

/* What a file says, asked without the engine. */
static int ask(const char *file, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int value = -1;

    if (sqlite3_open(apr_pstrcat(r.pool, dir, "/", file, NULL), &db) == SQLITE_OK
        && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
        value =
            sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    return value;
}

#define HEAD "id: w\nname: w\n"
#define DB(id, more) "  - {id: " id ", type: db, config: {driver: sqlite, " more "}}\n"
#define SHOP "dsn: shop.db, "
#define ENDLESS                                                                          \
    "'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) "  \
    "from n'"
#define ASSERT(id, text)                                                                 \
    "  - {id: " id ", type: if, config: {condition: '" text "', then: [{id: " id         \
    "_yes, type: sleep, config: {duration: 0s}}]}}\n"

/* ---- outputs --------------------------------------------------------------------------- */

/* clang-format off */
static void test_outputs(void)
{
    ok(run(HEAD "variables: {min: 2, who: \"o'hara\"}\nsteps:\n"
        DB("make", "sql: 'create table t (id integer, name text, paid boolean)'")
        DB("put", "sql: \"insert into t values (1, 'a', 1), (2, $1, 0), (3, null, 1)\", "
                  "params: ['${who}']")
        DB("q", "sql: 'select * from t where id >= ? order by id', params: ['${min}']")
        DB("n", "action: count, sql: 'select count(*) from t'")
        DB("n2", "action: count, sql: 'select id from t'")
        DB("e", "action: exists, sql: 'select exists (select 1 from t where id = 9)'")
        DB("e2", "action: exists, query: 'select id from t where id = 1'")
        ASSERT("a1", "${put.rowsAffected} == 3 AND ${put.rows_affected} == 3")
        ASSERT("a2", "${q.count} == 2 AND ${q.success} AND ${q.exists}")
        ASSERT("a3", "${q.data[0].id} == 2 AND ${q.data[1].name} == null")
        ASSERT("a4", "${q.data[0].name} == ${who}")
        ASSERT("a5", "NOT ${q.data[0].paid} AND ${q.data[1].paid}")
        ASSERT("a6", "${n.count} == 3 AND ${n2.count} == 3")
        ASSERT("a7", "NOT ${e.exists} AND ${e2.exists}")
        ASSERT("a8", "${q.action} == \"query\" AND ${put.action} == \"execute\"")
        ASSERT("a9", "${q.driver} == \"sqlite\" AND ${q.txId} == null")
        "  - {id: all, type: foreach, config: {items: '${q.data}', item_var: row, steps: "
        "[{id: each, type: db, config: {sql: 'delete from t where id = ?', params: "
        "['${row.id}']}}]}}\n"
        DB("left", "action: count, sql: 'select count(*) from t'")
        ASSERT("a10", "${left.count} == 1")),
       "a run");
    for (int i = 1; i <= 10; i++) {
        const char *id = apr_psprintf(r.pool, "a%d_yes", i);

        is_int(successes(id), 1, "what a%d says", i);
    }
    is_int(successes("each"), 2, "rows can be walked");
    is_str(error_of(0), NULL, "no errors");
}

/* The one connection of a memory database belongs to the execution. */
static void test_memory(void)
{
    ok(run(HEAD "setup:\n"
        DB("make", "sql: 'create table t (vu integer)'")
        "options: {mode: per-vu-iterations, vus: 6, iterations: 5}\nsteps:\n"
        DB("put", "sql: 'insert into t values (?)', params: ['${__VU}']")
        "teardown:\n"
        DB("n", "action: count, sql: 'select count(*) from t'")
        ASSERT("all", "${n.count} == 30")),
       "a database in memory");
    is_int(successes("all_yes"), 1, "is shared by all users, setup and teardown");
}
/* clang-format on */

/* ---- failures ----------------------------------------------------------------------------------- */

static const struct {
    const char *config, *code, *error;
} failing[] = {
    { "sql: 'selec 1'", "EXECUTION_ERROR",
      "SQLite error 1: near \"selec\": syntax error" },
    { "sql: 'select ?'", "EXECUTION_ERROR",
      "the statement has 1 parameters, but 0 are given" },
    { "sql: 'attach ? as x', params: [/tmp/x]", "EXECUTION_ERROR",
      "ATTACH, DETACH and VACUUM: not allowed here" },
    { "dsn: '${name}', sql: select 1", "CONFIG_ERROR",
      "dsn: the file has to be relative to WorkflowDataDir, without \"..\"" },
    { "dsn: 'nowhere/x.db', sql: select 1", "EXECUTION_ERROR",
      "file nowhere/x.db: there is no such file" },
    { "action: commit", "EXECUTION_ERROR", "no such transaction is open" },
    { "sql: select 1, tx_id: tx-1", "EXECUTION_ERROR", "no such transaction is open" },
    { "action: query, sql: '${begin}'", "CONFIG_ERROR",
      "action query, but sql is a begin" },
    { "sql: 'select * from t where pin = ${secret:pin}'", "EXECUTION_ERROR",
      "SQLite error 1 (no more is told, as the step uses a secret)" },
    { "timeout: 200ms, sql: 'with recursive n(i) as (select 1 union all select i + 1 "
      "from n) "
      "select count(*) from n'",
      "TIMEOUT_ERROR", "timed out after 200ms" },
};

static void test_failures(void)
{
    for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        run(apr_psprintf(r.pool,
                         HEAD "variables: {name: /etc/passwd, begin: begin}\nsteps:\n"
                              "  - {id: s, type: db, on_error: continue, config: {%s}}\n"
                              "  - {id: after, type: db, config: {sql: select 1}}\n",
                         failing[i].config));
        is_str(error_of(0), failing[i].error, "%s", failing[i].config);
        is_str(code_of(0), failing[i].code, "its code");
        is_int(failures("s"), 1, "a failure");
        is_int(successes("after"), 1, "and what comes behind it runs");
    }
}

static const struct {
    const char *config, *problem;
} refused[] = {
    { "{driver: mysql, sql: select 1}",
      "driver mysql: not supported by this version; sqlite and postgres are" },
    { "{driver: redis, sql: select 1}",
      "driver redis: not supported by this version; sqlite and postgres are" },
    { "{driver: oracle, sql: select 1}", "config.driver: must be sqlite or postgres" },
    { "{driver: postgres, sql: select 1}", "config.dsn: is required" },
    { "{driver: postgres, dsn: 'host=a user=b sslkey=/etc/key', sql: select 1}",
      "config.dsn: sslkey: not allowed here" },
    { "{dsn: ../x, sql: select 1}", "config.dsn: the file has to be relative" },
    { "{}", "config.sql: is required" },
    { "{sql: ' '}", "config.sql: must not be empty" },
    { "{sql: select 1, query: select 1}", "config.query: sql and query are the same" },
    { "{sql: select 1, action: guess}", "config.action" },
    { "{sql: select 1, action: commit}",
      "config.action: is not what sql does: leave it out" },
    { "{sql: begin, action: execute}", "config.action: is not what sql does" },
    { "{sql: select 1, params: 7}", "config.params" },
    { "{sql: select 1, max_connections: 0}",
      "config.max_connections: must be 1 to 1000" },
    { "{sql: select 1, timeout: soon}", "config.timeout" },
    { "{sql: select 1, table: t}", "table" },
};

static void test_refused(void)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const char *problems;
        wf_plan_t *plan = read_plan(apr_psprintf(p,
                                                 HEAD "steps:\n  - {id: s, type: db, "
                                                      "config: %s}\n",
                                                 refused[i].config),
                                    &problems, p);

        ok(plan == NULL && strstr(problems, refused[i].problem), "refused: %s",
           refused[i].config);
        if (plan != NULL || !strstr(problems, refused[i].problem)) {
            diag("%s", problems);
        }
    }
    apr_pool_destroy(p);
}

/* ---- transactions ---------------------------------------------------------------------- */

/* clang-format off */
static void test_transactions(void)
{
    ok(run(HEAD "steps:\n" DB("make", SHOP "sql: 'create table t (vu integer)'")),
       "a file is made");
    ok(run(HEAD "options: {mode: per-vu-iterations, vus: 8, iterations: 5}\nsteps:\n"
        DB("b", SHOP "sql: begin immediate, timeout: 15s")
        DB("i", SHOP "sql: 'insert into t values (?)', params: ['${__VU}']")
        DB("k", SHOP "action: count, sql: 'select count(*) from t where vu = ?', params: "
                "['${__VU}'], tx_id: '${b.txId}'")
        ASSERT("mine", "${k.count} == ${__ITER} + 1 AND ${k.txId} == ${b.txId}")
        DB("c", SHOP "action: commit")),
       "each user has his own");
    is_int(successes("c"), 40, "all are committed");
    is_int(successes("mine_yes"), 40, "and see what they did");
    is_int(ask("shop.db", "select count(*) from t"), 40, "in the file, too");
}

static void test_forgotten(void)
{
    run(HEAD "steps:\n"
        DB("b", SHOP "action: begin, tx_id: order")
        DB("i", SHOP "sql: 'insert into t values (99)', tx_id: order"));
    ok(run(HEAD "steps:\n" DB("w", SHOP "sql: 'delete from t where vu = 99'")),
       "who does not commit");
    is_int(successes("w"), 1, "locks nobody out");
    is_int(ask("shop.db", "select count(*) from t where vu = 99"), 0,
           "and changes nothing");

    ok(run(HEAD "options: {mode: shared-iterations, vus: 4, iterations: 40}\nsteps:\n"
        DB("b", "action: begin")
        DB("r", "sql: 'create table x (a)'")
        "  - {id: stop, type: db, on_error: skip, config: {sql: nonsense}}\n"),
       "a memory database with transactions that nobody ends");
    is_int(successes("r"), 40, "is rolled back each time");

    run(HEAD "steps:\n"
        DB("b", SHOP "action: begin")
        DB("i", SHOP "sql: 'insert into t values (77)'")
        "  - {id: slow, type: db, on_error: continue, timeout: 100ms, config: {" SHOP
        "sql: " ENDLESS "}}\n"
        "  - {id: more, type: db, on_error: continue, config: {" SHOP
        "sql: 'insert into t values (77)'}}\n"
        "  - {id: c, type: db, on_error: continue, config: {" SHOP "action: commit}}\n"
        DB("again", SHOP "action: begin")
        DB("fine", SHOP "sql: 'insert into t values (78)'")
        DB("done", SHOP "action: commit"));
    is_str(error_of(1), "the transaction was lost, and is rolled back",
           "a timeout ends the transaction");
    is_int(failures("more") + failures("c"), 2, "nothing goes on without it");
    is_int(ask("shop.db", "select count(*) from t where vu = 77"), 0, "so nothing is left");
    is_int(ask("shop.db", "select count(*) from t where vu = 78"), 1, "before the next one");

    ok(run(HEAD "steps:\n"
        DB("b", SHOP "action: begin")
        "  - {id: slow, type: db, on_error: continue, timeout: 100ms, config: {" SHOP
        "sql: " ENDLESS "}}\n"
        DB("back", SHOP "action: rollback")
        DB("alone", SHOP "sql: 'insert into t values (79)'")),
       "who rolls back what is lost");
    is_int(successes("back") + successes("alone"), 2, "is on his own again");
}

/* ---- the pool -------------------------------------------------------------------------- */

static void test_pool(void)
{
    ok(run(HEAD "options: {mode: per-vu-iterations, vus: 20, iterations: 5}\nsteps:\n"
        DB("b", SHOP "action: begin, max_connections: 2, timeout: 20s")
        DB("q", SHOP "max_connections: 2, sql: 'with recursive n(i) as (select 1 union all "
                "select i + 1 from n limit 2000) select count(*) from n'")
        DB("c", SHOP "max_connections: 2, action: commit")),
       "20 users share two connections");
    is_int(successes("c"), 100, "and all get their turn");

    run(HEAD "options: {vus: 2, iterations: 1}\nsteps:\n"
        DB("b", SHOP "action: begin, max_connections: 1, timeout: 300ms")
        "  - {id: hold, type: sleep, config: {duration: 1s}}\n");
    is_int(failures("b"), 1, "who waits too long for a connection");
    is_str(code_of(0), "TIMEOUT_ERROR", "is told");
}

/* More users wait for a lock than there are workers; who holds it still gets one. */
static void test_locks(void)
{
    ok(run(HEAD "options: {mode: per-vu-iterations, vus: 12, iterations: 3}\nsteps:\n"
        DB("b", SHOP "sql: begin immediate, max_connections: 12, timeout: 15s")
        DB("i", SHOP "sql: 'insert into t values (5)'")
        DB("c", SHOP "action: commit")),
       "locks that more users wait for than workers can");
    is_int(successes("c"), 36, "are released");
}

/* ---- stops ----------------------------------------------------------------------------- */

static void test_stops(void)
{
    apr_int64_t began;
    wf_error_t err;

    wf_error_init(&err, r.pool);
    begin("stopped", HEAD
        "options: {vus: 6, duration: 60s, graceful_stop: 0s}\nsteps:\n"
        DB("b", SHOP "action: begin, max_connections: 3, timeout: 30s")
        DB("q", SHOP "timeout: 30s, sql: " ENDLESS));
    usleep(300000);
    began = wf_mono_us();
    wf_load_stop(r.load, "stopped", &err);
    ok(runner_wait(&r) && wf_mono_us() - began < 3000000,
       "a stop cuts endless statements");
    ok(run(HEAD "steps:\n" DB("w", SHOP "sql: 'insert into t values (1)'")),
       "and their transactions are over");
}
/* clang-format on */

int main(void)
{
    wf_load_options_t options = {
        .loops = 2, .workers = 4, .max_executions = 3, .max_vus = 1000
    };

    apr_initialize();
    if (mkdtemp(dir) == NULL) {
        printf("Bail out! no directory\n");
        return 1;
    }
    runner_open_with(&r, &options);
    test_outputs();
    test_memory();
    test_failures();
    test_refused();
    test_transactions();
    test_forgotten();
    test_pool();
    test_locks();
    test_stops();
    if (system(apr_psprintf(r.pool, "rm -rf %s", dir)) != 0) {
        diag("%s stays", dir);
    }
    runner_close(&r);
    return done_testing();
}
