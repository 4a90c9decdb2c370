/* What a statement is by its verb, whatever stands before it. */
#include "../tap.h"
#include "database/database.h"

#include <apr_general.h>

static const struct {
    const char *sql;
    wf_db_action_e action;
} verbs[] = {
    { "select 1", WF_DB_QUERY },
    { "  SELECT 1", WF_DB_QUERY },
    { "values (1)", WF_DB_QUERY },
    { "insert into t values (1)", WF_DB_EXECUTE },
    { "insert into t values (1) returning id", WF_DB_EXECUTE },
    { "create table selected (a int)", WF_DB_EXECUTE },
    { "-- insert\nselect 1", WF_DB_QUERY },
    { "/* a /* b */ update */ select 1", WF_DB_QUERY },
    { "/* never closed select 1", WF_DB_EXECUTE },
    { "((select 1) union (select 2))", WF_DB_QUERY },
    { ";; delete from t", WF_DB_EXECUTE },
    { "with a as (delete from t returning *) select * from a", WF_DB_QUERY },
    { "with recursive a(n) as (select 1 union select n + 1 from a) update t set x = 1",
      WF_DB_EXECUTE },
    { "with a as (select ')' || \"select)\" from t) delete from t", WF_DB_EXECUTE },
    { "with a as (select $q$ ) insert $q$) select 1", WF_DB_QUERY },
    { "with a as materialized (select 'it''s (') /* insert */ select 1", WF_DB_QUERY },
    { "with a as (select 1", WF_DB_EXECUTE },
    { "explain delete from t", WF_DB_QUERY },
    { "pragma table_info(t)", WF_DB_QUERY },
    { "begin immediate", WF_DB_BEGIN },
    { "start transaction isolation level serializable", WF_DB_BEGIN },
    { "commit", WF_DB_COMMIT },
    { "END", WF_DB_COMMIT },
    { "rollback", WF_DB_ROLLBACK },
    { "abort work", WF_DB_ROLLBACK },
    { "rollback to savepoint a", WF_DB_EXECUTE },
    { "rollback work to a", WF_DB_EXECUTE },
    { "savepoint a", WF_DB_EXECUTE },
    { "", WF_DB_EXECUTE },
    { "'select'", WF_DB_EXECUTE },
    { "$1", WF_DB_EXECUTE },
};

static const struct {
    const char *sql;
    int asks;
} questions[] = {
    { "select exists (select 1)", 1 },
    { "SELECT NOT /* */ EXISTS(select 1)", 1 },
    { "with a as (select 1) select exists (select 1 from a)", 1 },
    { "select 1 where exists (select 1)", 0 },
    { "insert into exists values (1)", 0 },
    { "select", 0 },
    { "", 0 },
};

static const struct {
    const char *driver, *dsn, *problem; /* NULL: none */
} dsns[] = {
    { "sqlite", "shop.db", NULL },
    { "sqlite", "sqlite://below/shop.db", NULL },
    { "sqlite", ":memory:", NULL },
    { "sqlite", "/etc/passwd",
      "the file has to be relative to WorkflowDataDir, without \"..\"" },
    { "sqlite", "file:../shop.db",
      "the file has to be relative to WorkflowDataDir, without \"..\"" },
    { "sqlite", "file:shop.db?vfs=unix-none",
      "a database file is named without parameters" },
    { "sqlite", ":other:", "only :memory: begins with a colon" },
    { "sqlite", "file:", "names no file" },
    { "postgres", "postgresql://u:p@db.example/shop?sslmode=require", NULL },
    { "postgresql", "host=db user=u password='a b' port=6432", NULL },
    { "postgres", "host=db user=u sslrootcert=ca.pem", NULL },
    { "postgres", "user=u", "host: is required" },
    { "postgres", "host=db", "user: is required" },
    { "postgres", "host=/var/run/postgresql user=u",
      "host: sockets of this machine are not for load tests: name a host" },
    { "postgres", "host=@abstract user=u",
      "host: sockets of this machine are not for load tests: name a host" },
    { "postgres", "host=a,b user=u", "host: names more than one host" },
    { "postgres", "host=a user=u port=5432,5433",
      "port: must be a number from 1 to 65535" },
    { "postgres", "host=a user=u port=0", "port: must be a number from 1 to 65535" },
    { "postgres", "host=a user=u connect_timeout=soon",
      "connect_timeout: must be a number from 0 to 3600" },
    { "postgres", "host=a hostaddr=169.254.169.254 user=u",
      "hostaddr: not allowed here" },
    { "postgres", "host=a user=u passfile=/root/.pgpass", "passfile: not allowed here" },
    { "postgres", "host=a user=u sslkey=/etc/ssl/private/key.pem",
      "sslkey: not allowed here" },
    { "postgres", "host=a user=u service=shop", "service: not allowed here" },
    { "postgres", "host=a user=u s3cret",
      "is neither postgresql://user:password@host/database nor keyword=value words of "
      "PostgreSQL" },
    { "postgres", "postgresql://u:s3cret@[::1/shop",
      "is neither postgresql://user:password@host/database nor keyword=value words of "
      "PostgreSQL" },
};

int main(void)
{
    apr_pool_t *p;
    size_t i;

    apr_initialize();
    apr_pool_create(&p, NULL);
    for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        is_str(wf_db_action_name(wf_db_action_of(verbs[i].sql)),
               wf_db_action_name(verbs[i].action), "%s", verbs[i].sql);
    }
    for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        is_int(wf_db_asks(questions[i].sql), questions[i].asks, "asks: %s",
               questions[i].sql);
    }
    for (i = 0; i < sizeof(dsns) / sizeof(dsns[0]); i++) {
        wf_error_t err;
        apr_status_t rv;

        wf_error_init(&err, p);
        rv = wf_db_check(wf_db_driver_find(dsns[i].driver), dsns[i].dsn, p, &err);
        is_str(rv == APR_SUCCESS ? NULL : err.message, dsns[i].problem, "dsn %s",
               dsns[i].dsn);
    }
    ok(wf_db_driver_find("mysql") == NULL && wf_db_driver_is_missing("mysql"),
       "mysql is known and missing");
    ok(wf_db_driver_find("oracle") == NULL && !wf_db_driver_is_missing("oracle"),
       "oracle is not known");
    apr_pool_destroy(p);
    return done_testing();
}
