/* Fuzz target of statements and of dsns: what is said of a text is one of the actions, a
 * dsn is refused with a reason, and SQLite runs a statement to its end or its deadline
 * and is as good as before. */
#include "database/database.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_dsn(const char *driver, const char *text, apr_pool_t *p)
{
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_db_check(wf_db_driver_find(driver), text, p, &err) != APR_SUCCESS
        && (err.kind != WF_ERR_INVALID || *err.message == '\0')) {
        abort();
    }
}

static apr_status_t fuzz_run(wf_db_t *db, const char *sql, apr_pool_t *p, wf_error_t *err)
{
    wf_db_statement_t statement = { .sql = sql, .action = wf_db_action_of(sql) };
    wf_db_answer_t answer;

    wf_error_init(err, p);
    statement.deadline_us = wf_mono_us() + 200000;
    return wf_db_run(db, &statement, &answer, p, err);
}

static void fuzz_sqlite(const char *text, apr_pool_t *p)
{
    wf_db_terms_t terms = { NULL };
    wf_db_t *db = wf_db_create(wf_db_driver_find("sqlite"), ":memory:", &terms);
    wf_error_t err;

    if (fuzz_run(db, text, p, &err) != APR_SUCCESS && *err.message == '\0') {
        abort();
    }
    if (wf_db_in_transaction(db)) {
        fuzz_run(db, "rollback", p, &err);
    }
    if (wf_db_in_transaction(db) || fuzz_run(db, "select 1", p, &err) != APR_SUCCESS) {
        abort();
    }
    wf_db_close(db);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p;
    char *text;

    apr_initialize();
    apr_pool_create(&p, NULL);
    text = apr_pstrmemdup(p, (const char *)data, size);
    if (wf_db_action_of(text) < WF_DB_QUERY || wf_db_action_of(text) > WF_DB_ROLLBACK) {
        abort();
    }
    wf_db_asks(text);
    fuzz_dsn("sqlite", text, p);
    fuzz_dsn("postgres", text, p);
    fuzz_sqlite(text, p);
    apr_pool_destroy(p);
    apr_terminate();
    return 0;
}
