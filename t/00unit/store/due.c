/* Due jobs among 1,000,000 waiting timers: nobody looks at those that wait. Counted in
 * steps of SQLite's virtual machine, as in large.c. */
#include "store_test.h"

#include <sqlite3.h>
#include <time.h>

#include "store/internal.h"

#define FEW 1000
#define MANY 1000000

#define NOW 1000000000
#define DUE 20
#define LOCKED 5
#define SUSPENDED 5000

/* A tree is a level or two higher; a scan would be a thousand times more. */
#define GROWTH 2

/* Of a row that is read; so the suspended ones can't be among those looked at. */
#define STEPS_A_ROW 100

static sqlite3 *db;

static void raw(const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        printf("Bail out! %s: %s\n", message, sql);
        exit(1);
    }
}

/* Timers from first on, one every 10 ms from NOW + 1 s. */
static void add_timers(int first, int count)
{
    raw(apr_psprintf(
        pool,
        "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO ACT_RU_JOB (ID_, REV_, TYPE_, EXCLUSIVE_, EXECUTION_ID_,"
        " PROCESS_INSTANCE_ID_, RETRIES_, DUEDATE_, HANDLER_TYPE_, PROC_DEF_ID_)"
        " SELECT 100000 + i, 1, 'timer', 1, 5000000 + i, 5000000 + i, 3,"
        " %d + 1000 + i * 10, 'timer', 'p:1' FROM n",
        first, first + count - 1, NOW));
}

/* Some are due, some of these locked; many are suspended, due or not. */
static void add_due(void)
{
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < DUE + SUSPENDED; i++) {
        wf_job_t *job = wf_uow_insert(uow, WF_TABLE_JOB);

        job->type = "timer";
        job->retries = 3;
        job->due_date = NOW - i % 100;
        if (i >= DUE) {
            job->suspension = WF_SUSPENDED;
            job->due_date = NOW + (i % 2 ? -i : i % 500);
        }
        else if (i < LOCKED) {
            job->lock_owner = "node-1";
            job->lock_exp_time = NOW + 5000;
        }
    }
    must_commit(uow, "due jobs");
}

static int steps_of(const char *sql, const char *owner)
{
    sqlite3_stmt *stmt;
    int steps;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
        diag("%s", sqlite3_errmsg(db));
        return -1;
    }
    if (owner) {
        sqlite3_bind_text(stmt, 1, owner, -1, SQLITE_STATIC);
    }
    else {
        sqlite3_bind_int64(stmt, 1, NOW);
    }
    while (sqlite3_step(stmt) == SQLITE_ROW) {
    }
    steps = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(stmt);
    return steps;
}

static const char *const what[] = { "what is due", "when to look again",
                                    "whose locks are given up" };

static void measure(int steps[3])
{
    const wf_driver_t *d = &wf_driver_sqlite;

    steps[0] = steps_of(wf_sql_query(d, WF_QUERY_DUE_JOBS, pool), NULL);
    steps[1] = steps_of(wf_sql_fixed(d, WF_SQL_DUE_NEXT, pool), NULL);
    steps[2] = steps_of(wf_sql_fixed(d, WF_SQL_RELEASE_JOBS, pool), "nobody");
}

static void check_due(void)
{
    wf_error_t *err = new_error();
    apr_int64_t next;

    MUST(wf_store_next_due(reader, NOW, &next, err), err);
    is_int(due_jobs(NOW, 1000)->nelts, DUE - LOCKED, "those that are due and free");
    is_int(next, NOW + 1000, "when the next one is");
}

static apr_int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (apr_int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* What an engine does with the store before it works. */
static void start_again(void)
{
    wf_error_t *err = new_error();
    apr_int64_t start;

    close_test_store();
    start = cpu_us();
    open_test_store();
    MUST(wf_store_release_jobs(writer, "node-1", err), err);
    diag("opened in %.1f ms", (cpu_us() - start) / 1000.0);
}

int main(void)
{
    int few[3], many[3];

    begin_test();
    open_test_store();
    sqlite3_open(test_dsn + strlen("sqlite:"), &db);
    raw("PRAGMA synchronous = OFF");
    add_timers(0, FEW);
    add_due();
    check_due();
    measure(few);
    ok(few[0] < STEPS_A_ROW * DUE, "%d steps for %d rows: no suspended ones", few[0],
       DUE);
    add_timers(FEW, MANY - FEW);
    start_again();
    measure(many);
    for (int i = 0; i < 3; i++) {
        if (!ok(few[i] > 0 && many[i] > 0 && many[i] <= GROWTH * few[i],
                "%s: as quick with %d timers", what[i], MANY)) {
            diag("%d steps with %d timers, %d with %d", few[i], FEW, many[i], MANY);
        }
    }
    sqlite3_close(db);
    close_test_store();
    return end_test();
}
