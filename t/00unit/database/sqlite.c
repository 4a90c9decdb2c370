/* SQLite: values, parameters, limits; what statements may not do; deadlines that cut;
 * where files may be. */
#include "../tap.h"
#include "database/database.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static apr_pool_t *pool;
static wf_db_answer_t answer;
static wf_error_t err;

static apr_status_t run_with(wf_db_t *db, wf_db_action_e action, const char *sql,
                             const wf_value_t *params, int nparams, int ms)
{
    wf_db_statement_t statement = { .sql = sql,
                                    .action = action,
                                    .params = params,
                                    .nparams = nparams,
                                    .deadline_us = wf_mono_us() + ms * 1000LL };

    wf_error_init(&err, pool);
    return wf_db_run(db, &statement, &answer, pool, &err);
}

static apr_status_t run(wf_db_t *db, const char *sql)
{
    return run_with(db, wf_db_action_of(sql), sql, NULL, 0, 20000);
}

static const char *rows(void)
{
    wf_value_t list = wf_list(answer.rows);

    return wf_json_text(wf_json_own(wf_value_to_json(&list), pool), NULL, pool);
}

static wf_db_t *open_db(const char *dsn, const char *directory)
{
    wf_db_terms_t terms = { .directory = directory };

    return wf_db_create(wf_db_driver_find("sqlite"), dsn, &terms);
}

/* ---- values ---------------------------------------------------------------------------- */

static void test_values(wf_db_t *db)
{
    const wf_value_t params[] = { wf_integer(7), wf_string("o'hara; drop"),
                                  wf_null(),     wf_double(0.5),
                                  wf_boolean(1), wf_long(9007199254740993) };

    ok(run(db, "select 1 i, 1.5 d, 'a' t, null n, x'00ff' b, cast(x'ff' as text) c") == 0,
       "a query");
    is_str(rows(),
           "[{\"i\":1,\"d\":1.5,\"t\":\"a\",\"n\":null,\"b\":\"AP8=\",\"c\":\"/w==\"}]",
           "types stay");
    ok(run(db, "create table flags (a boolean, b integer)") == 0, "a table");
    is_int(answer.affected, 0, "that is no row");
    ok(run(db, "insert into flags values (1, 1), (0, 0), (7, 7)") == 0, "an insert");
    is_int(answer.affected, 3, "of three rows");
    ok(run(db, "select a, b from flags") == 0, "of boolean columns");
    is_str(rows(), "[{\"a\":true,\"b\":1},{\"a\":false,\"b\":0},{\"a\":7,\"b\":7}]",
           "0 and 1 are truths");
    ok(run_with(db, WF_DB_QUERY, "select ? i, ? t, ? n, ? d, ? b, ? l", params, 6, 1000)
           == 0,
       "parameters");
    is_str(rows(),
           "[{\"i\":7,\"t\":\"o'hara; drop\",\"n\":null,\"d\":0.5,\"b\":1,"
           "\"l\":9007199254740993}]",
           "are bound as what they are");
    ok(run_with(db, WF_DB_QUERY, "select $2 a, $1 b, $2 c", params, 2, 1000) == 0,
       "numbered as in PostgreSQL");
    is_str(rows(), "[{\"a\":\"o'hara; drop\",\"b\":7,\"c\":\"o'hara; drop\"}]",
           "by their numbers");
    ok(run_with(db, WF_DB_QUERY, "select ?", params, 2, 1000) != 0, "too many");
    is_str(err.message, "the statement has 1 parameters, but 2 are given", "are told");
    ok(run(db, "insert into flags values (5, 5) returning b") == 0, "returning");
    is_str(rows(), "[{\"b\":5}]", "has rows");
    is_int(answer.affected, 1, "and changes one");
}

static void test_counts(wf_db_t *db)
{
    ok(run_with(db, WF_DB_COUNT, "select count(*) from flags", NULL, 0, 1000) == 0,
       "a count");
    is_int(answer.count, 1, "is one row");
    is_int(answer.first.as.integer, 4, "with a number");
    is_int(wf_list_count(answer.rows), 0, "and no rows are kept");
}

/* ---- failures and limits ----------------------------------------------------------------- */

static const struct {
    const char *sql, *error;
} refused[] = {
    { "attach '/tmp/other.db' as other", "ATTACH, DETACH and VACUUM: not allowed here" },
    { "vacuum into '/tmp/copy.db'", "ATTACH, DETACH and VACUUM: not allowed here" },
    { "select load_extension('/tmp/evil.so')", "load_extension(): not allowed here" },
    { "pragma temp_store_directory = '/tmp'",
      "PRAGMA temp_store_directory: not allowed here" },
    { "pragma writable_schema = on", "PRAGMA writable_schema: not allowed here" },
    { "pragma max_page_count = 1073741823", "PRAGMA max_page_count: not allowed here" },
    { "pragma database_list", "PRAGMA database_list: not allowed here" },
    { "select * from pragma_database_list", "PRAGMA database_list: not allowed here" },
    { "pragma busy_timeout = 1", "PRAGMA busy_timeout: not allowed here" },
    { "select 1; select 2", "a step runs one statement" },
    { "select 1; nonsense", "a step runs one statement" },
    { " -- nothing\n;", "there is no statement" },
    { "selec 1", "SQLite error 1: near \"selec\": syntax error" },
    { "insert into uniq values (1)",
      "SQLite error 2067: UNIQUE constraint failed: uniq.a" },
    { "select zeroblob(100000000)", "SQLite error 18: string or blob too big" },
    { "with recursive n(i) as (select 1 union all select i + 1 from n limit 10001) "
      "select * "
      "from n",
      "the answer has more than 10000 rows: ask for less (LIMIT)" },
    { "with recursive n(i) as (select 1 union all select i + 1 from n limit 400) select "
      "hex(zeroblob(50000)) from n",
      "the answer has more than 16777216 bytes: ask for less" },
};

static void test_refused(wf_db_t *db)
{
    size_t i;

    ok(run(db, "create table uniq (a int unique)") == 0
           && run(db, "insert into uniq values (1)") == 0,
       "a table with a rule");
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ok(run(db, refused[i].sql) != 0, "%s", refused[i].sql);
        is_str(err.message, refused[i].error, "its error");
    }
    ok(run(db, "select 1; -- and a comment\n ;") == 0, "one statement and a comment");
    ok(run(db, "pragma table_info(uniq)") == 0 && wf_list_count(answer.rows) == 1,
       "a harmless pragma");
}

/* ---- deadlines ----------------------------------------------------------------------------- */

#define ENDLESS                                                                          \
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) "   \
    "from n"

static void *hurry_soon(void *db)
{
    usleep(100000);
    wf_db_hurry(db);
    return NULL;
}

static void test_deadlines(wf_db_t *db)
{
    apr_int64_t began = wf_mono_us();
    pthread_t thread;

    ok(run_with(db, WF_DB_QUERY, ENDLESS, NULL, 0, 200) != 0, "an endless statement");
    ok(answer.late && wf_mono_us() - began < 2000000, "ends with its deadline");
    began = wf_mono_us();
    pthread_create(&thread, NULL, hurry_soon, db);
    ok(run_with(db, WF_DB_QUERY, ENDLESS, NULL, 0, 20000) != 0,
       "and when somebody hurries");
    ok(answer.late && wf_mono_us() - began < 2000000, "at once");
    pthread_join(thread, NULL);
    wf_db_calm(db);
    ok(run(db, "select 1") == 0, "the connection is as good as before");
}

/* ---- files ------------------------------------------------------------------------------------ */

static void test_files(const char *dir)
{
    wf_db_t *one = open_db("shop.db", dir), *two = open_db("sqlite://shop.db", dir);
    wf_db_t *away;
    apr_int64_t began;
    struct stat info;

    ok(run(one, "create table t (a int)") == 0, "a new file: %s", err.message);
    ok(stat(apr_pstrcat(pool, dir, "/shop.db", NULL), &info) == 0 && !(info.st_mode & 07),
       "which is nobody else's");
    ok(run(one, "begin immediate") == 0 && wf_db_in_transaction(one), "a transaction");
    began = wf_mono_us();
    ok(run_with(two, WF_DB_EXECUTE, "insert into t values (2)", NULL, 0, 300) != 0,
       "somebody else");
    ok(answer.late && wf_mono_us() - began >= 290000, "waits as long as he may");
    ok(run(one, "insert into t values (1)") == 0, "an insert");
    wf_db_close(one);
    ok(run(two, "select count(*) n from t") == 0, "closing");
    is_str(rows(), "[{\"n\":0}]", "rolls back");
    wf_db_close(two);

    is_int(symlink("/etc/passwd", apr_pstrcat(pool, dir, "/link.db", NULL)), 0, "a link");
    away = open_db("link.db", dir);
    ok(run(away, "select 1") != 0 && err.kind == WF_ERR_FORBIDDEN,
       "a link that leads away: %s", err.message);
    wf_db_close(away);
    mkdir(apr_pstrcat(pool, dir, "/sub", NULL), 0700);
    away = open_db("sub", dir);
    ok(run(away, "select 1") != 0 && err.kind == WF_ERR_FORBIDDEN, "a directory");
    wf_db_close(away);
    away = open_db("missing/shop.db", dir);
    ok(run(away, "select 1") != 0 && err.kind == WF_ERR_NOT_FOUND, "a missing one: %s",
       err.message);
    wf_db_close(away);
    away = open_db("shop.db", NULL);
    ok(run(away, "select 1") != 0, "without a directory");
    is_str(err.message, "no directory of files is configured (WorkflowDataDir)",
           "no files");
    wf_db_close(away);
}

/* Only the page limit keeps a statement from filling the disk. */
static void test_growth(wf_db_t *db)
{
    ok(run(db, "create table big (a)") == 0, "a table that grows");
    ok(run(db,
           "with recursive n(i) as (select 1 union all select i + 1 from n limit 300) "
           "insert into big select zeroblob(1000000) from n")
           != 0,
       "beyond the limit of memory");
    is_str(err.message, "SQLite error 13: database or disk is full", "is refused");
}

int main(void)
{
    char dir[] = "/tmp/wf-sqlite.XXXXXX";
    wf_db_t *db;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (mkdtemp(dir) == NULL) {
        printf("Bail out! no directory\n");
        return 1;
    }
    db = open_db(":memory:", NULL);
    test_values(db);
    test_counts(db);
    test_refused(db);
    test_deadlines(db);
    test_growth(db);
    wf_db_close(db);
    test_files(dir);
    if (system(apr_psprintf(pool, "rm -rf %s", dir)) != 0) {
        diag("%s stays", dir);
    }
    apr_pool_destroy(pool);
    return done_testing();
}
