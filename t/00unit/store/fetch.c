/* External tasks for workers: which may be fetched and in which order, when to look
 * again, what they cost among very many others, and what happens when two fetch the same.
 */
#include "store_test.h"

#include <sqlite3.h>

#include "store/internal.h"

#define NOW 100000

static wf_execution_t *instance;

static wf_external_task_t *add_external(wf_uow_t *uow, const char *topic, int priority)
{
    wf_external_task_t *row = wf_uow_insert(uow, WF_TABLE_EXTERNAL_TASK);

    row->topic = topic;
    row->priority = priority;
    row->execution_id = row->proc_inst_id = instance->id;
    row->proc_def_id = "p:1";
    row->created = NOW;
    return row;
}

static apr_array_header_t *fetch(const wf_fetch_t *how, apr_int64_t *next)
{
    wf_error_t *err = new_error();
    apr_array_header_t *tasks;

    MUST(wf_store_fetchable(reader, how, &tasks, next, pool, err), err);
    return tasks;
}

/* ---- which, and in which order ----------------------------------------------------- */

/* Numbered as they are made. */
static const struct {
    const char *topic;
    int priority;
    apr_int64_t lock;
    int retries, suspension;
} rows[] = {
    { "pay", 50, 0, -1, WF_ACTIVE },          /* 0 */
    { "pay", 70, 0, 3, WF_ACTIVE },           /* 1 */
    { "pay", 50, NOW - 5, 1, WF_ACTIVE },     /* 2: its lock has expired */
    { "pay", 50, NOW, -1, WF_ACTIVE },        /* 3: … just now */
    { "pay", 90, NOW + 30, -1, WF_ACTIVE },   /* 4: locked */
    { "pay", 90, 0, 0, WF_ACTIVE },           /* 5: stopped */
    { "pay", 90, 0, -1, WF_SUSPENDED },       /* 6 */
    { "pay", 90, NOW - 1, -1, WF_SUSPENDED }, /* 7 */
    { "pay", -5, 0, -1, WF_ACTIVE },          /* 8 */
    { "ship", 60, 0, -1, WF_ACTIVE },         /* 9 */
    { "ship", 50, NOW + 10, 2, WF_ACTIVE },   /* 10: locked */
    { "ship", 80, NOW - 1, 2, WF_ACTIVE },    /* 11: expired */
    { "mail", 99, NOW + 1, 0, WF_ACTIVE },    /* 12: locked and stopped */
    { "mail", 50, 0, -1, WF_ACTIVE },         /* 13 */
    { "mail", 50, 0, -1, WF_ACTIVE },         /* 14 */
};

#define ROWS (int)(sizeof(rows) / sizeof(rows[0]))

static wf_id_t id[ROWS];

static int is_even(void *baton, const wf_external_task_t *task)
{
    for (int i = 0; i < ROWS; i++) {
        if (id[i] == task->id) {
            ++*(int *)baton;
            return i % 2 == 0;
        }
    }
    return 0;
}

static const struct {
    const char *topics[3];
    int limit;
    int even; /* only those with an even number are wanted */
    const char *found;
    int next; /* after NOW; 0 = none */
} fetches[] = {
    { { "pay" }, 100, 0, "1 0 2 3 8", 30 },
    { { "pay" }, 2, 0, "1 0", 30 },
    { { "pay" }, 4, 0, "1 0 2 3", 30 },
    { { "pay" }, 0, 0, "", 0 },
    { { "ship" }, 100, 0, "11 9", 10 },
    { { "pay", "ship" }, 100, 0, "11 1 9 0 2 3 8", 10 },
    { { "ship", "pay" }, 3, 0, "11 1 9", 10 },
    { { "pay", "pay" }, 100, 0, "1 0 2 3 8", 30 },
    { { "mail" }, 100, 0, "13 14", 0 },
    { { "mail" }, 1, 0, "13", 0 },
    { { "nothing" }, 100, 0, "", 0 },
    { { NULL }, 100, 0, "", 0 },
    { { "pay" }, 100, 1, "0 2 8", 30 },
    { { "pay" }, 2, 1, "0 2", 30 },
    { { "mail", "ship", "pay" }, 1, 1, "0", 10 },
};

static const char *numbers(const apr_array_header_t *tasks)
{
    const char *text = "";

    for (int t = 0; t < tasks->nelts; t++) {
        for (int i = 0; i < ROWS; i++) {
            if (APR_ARRAY_IDX(tasks, t, wf_external_task_t *)->id == id[i]) {
                text = apr_psprintf(pool, "%s%s%d", text, t ? " " : "", i);
            }
        }
    }
    return text;
}

static void check_fetches(void)
{
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < ROWS; i++) {
        wf_external_task_t *row = add_external(uow, rows[i].topic, rows[i].priority);

        is_int(row->retries, -1, "a new task has no retries set");
        id[i] = row->id;
        row->lock_exp_time = rows[i].lock;
        row->worker_id = rows[i].lock ? "somebody" : NULL;
        row->retries = rows[i].retries;
        row->suspension = rows[i].suspension;
    }
    must_commit(uow, "external tasks");
    for (size_t i = 0; i < sizeof(fetches) / sizeof(fetches[0]); i++) {
        int seen = 0;
        wf_fetch_t how = { .topics = fetches[i].topics,
                           .now = NOW,
                           .limit = fetches[i].limit,
                           .baton = &seen };
        apr_int64_t next;

        while (how.count < 3 && fetches[i].topics[how.count]) {
            how.count++;
        }
        how.wanted = fetches[i].even ? is_even : NULL;
        is_str(numbers(fetch(&how, &next)), fetches[i].found, "fetch %d", (int)i);
        is_int(next, fetches[i].next ? NOW + fetches[i].next : 0, "… when to look again");
        ok(!fetches[i].even == !seen, "… asked if there was somebody to ask");
    }
}

/* ---- locks at the commit, topics ------------------------------------------------------ */

static const struct {
    const char *what;
    int row;
    wf_lock_e lock;
    const char *owner;
    apr_int64_t until;
    wf_err_kind_e outcome;
    int held;
} locks[] = {
    { "ready", 8, WF_LOCK_FETCH, "me", NOW + 50, WF_ERR_NONE, 1 },
    { "locked by me just now", 8, WF_LOCK_FETCH, "me", NOW + 50, WF_ERR_NONE, 0 },
    { "mine", 8, WF_LOCK_OWN, "me", 0, WF_ERR_NONE, 1 },
    { "not another one's", 8, WF_LOCK_OWN, "you", 0, WF_ERR_CONFLICT, 0 },
    { "free for me", 8, WF_LOCK_FREE, "me", NOW, WF_ERR_NONE, 1 },
    { "not for another one", 8, WF_LOCK_FREE, "you", NOW, WF_ERR_CONFLICT, 0 },
    { "until the lock ends", 8, WF_LOCK_FREE, "you", NOW + 50, WF_ERR_NONE, 1 },
    { "expired", 2, WF_LOCK_FETCH, "me", NOW + 50, WF_ERR_NONE, 1 },
    { "locked by somebody", 4, WF_LOCK_FETCH, "me", NOW + 50, WF_ERR_NONE, 0 },
    { "stopped", 5, WF_LOCK_FETCH, "me", NOW + 50, WF_ERR_NONE, 0 },
    { "suspended", 6, WF_LOCK_FETCH, "me", NOW + 50, WF_ERR_NONE, 0 },
    { "nobody's", 0, WF_LOCK_OWN, "me", 0, WF_ERR_CONFLICT, 0 },
    { "nobody's is free", 0, WF_LOCK_FREE, "me", NOW, WF_ERR_NONE, 1 },
};

static void check_locks(void)
{
    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
        wf_uow_t *uow = new_unit();
        wf_lock_t lock = { .what = locks[i].lock,
                           .id = id[locks[i].row],
                           .owner = locks[i].owner,
                           .until = locks[i].until,
                           .now = NOW };

        wf_uow_lock(uow, &lock);
        is_int(commit_unit(uow), locks[i].outcome, "%s: outcome", locks[i].what);
        is_int(lock.held, locks[i].held, "%s: held", locks[i].what);
    }
}

/* Who has read a task that is fetched meanwhile meets no conflict by that. */
static void check_beside(void)
{
    wf_uow_t *one = new_unit(), *two = new_unit();
    wf_lock_t lock = {
        .what = WF_LOCK_FETCH, .id = id[9], .owner = "me", .until = NOW + 50, .now = NOW
    };
    wf_external_task_t *row;
    wf_error_t *err = new_error();

    MUST(wf_uow_get(one, WF_TABLE_EXTERNAL_TASK, id[9], &row, err), err);
    wf_uow_lock(two, &lock);
    must_commit(two, "fetch");
    row->priority = 61;
    wf_uow_update(one, row);
    is_int(commit_unit(one), WF_ERR_NONE, "a change beside a fetch");
    MUST(wf_store_get(reader, WF_TABLE_EXTERNAL_TASK, id[9], &row, pool, err), err);
    ok(row->priority == 61 && row->lock_exp_time == NOW + 50, "both are there");
}

static const char *topics(unsigned flags)
{
    wf_error_t *err = new_error();
    apr_array_header_t *names;

    MUST(wf_store_topics(reader, flags, NOW, NULL, &names, pool, err), err);
    return apr_array_pstrcat(pool, names, ' ');
}

static void check_topics(void)
{
    is_str(topics(0), "mail pay ship", "all topics");
    is_str(topics(WF_TOPICS_LOCKED), "mail pay ship", "those with locked tasks");
    is_str(topics(WF_TOPICS_UNLOCKED), "mail pay ship", "those with free ones");
    is_str(topics(WF_TOPICS_LOCKED | WF_TOPICS_RETRIES), "pay ship",
           "those with locked ones that may be tried again");
}

static void count_row(void *baton, const void *row)
{
    (void)row;
    ++*(int *)baton;
}

static int written(const wf_uow_t *uow)
{
    int count = 0;

    wf_uow_see_written(uow, WF_TABLE_EXTERNAL_TASK, count_row, &count);
    return count;
}

static void check_written(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_external_task_t *row, *other;

    ok(!wf_uow_suspends(uow) && !written(uow), "nothing yet");
    row = add_external(uow, "mail", 1);
    MUST(wf_uow_get(uow, WF_TABLE_EXTERNAL_TASK, id[14], &other, err), err);
    is_int(written(uow), 1, "a new row is written, one that was read is not");
    wf_uow_update(uow, other);
    is_int(written(uow), 2, "a changed one is");
    wf_uow_delete(uow, row);
    is_int(written(uow), 1, "a deleted one is not");
    wf_uow_suspend_instance(uow, instance->id, WF_SUSPENDED);
    ok(wf_uow_suspends(uow), "it suspends");
}

/* ---- two workers, and what belongs to an execution ----------------------------------- */

static void lock(wf_uow_t *uow, wf_id_t task, const char *worker)
{
    wf_error_t *err = new_error();
    wf_external_task_t *row;

    MUST(wf_uow_get(uow, WF_TABLE_EXTERNAL_TASK, task, &row, err), err);
    row->worker_id = worker;
    row->lock_exp_time = NOW + 1000;
    wf_uow_update(uow, row);
}

static void check_race(void)
{
    wf_uow_t *one = new_unit(), *two = new_unit();
    const char *topic = "mail";
    wf_fetch_t how = { .topics = &topic, .count = 1, .now = NOW, .limit = 10 };
    apr_int64_t next;

    lock(one, id[13], "one");
    lock(two, id[13], "two");
    is_int(commit_unit(one), WF_ERR_NONE, "a worker locks a task");
    is_int(commit_unit(two), WF_ERR_CONFLICT, "… another one too late");
    is_str(numbers(fetch(&how, &next)), "14", "it is not fetched again");
    is_int(next, NOW + 1000, "… until its lock expires");
}

static void check_relations(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_execution_t *other = add_instance(uow, "p:1");
    wf_external_task_t *task = add_external(uow, "pay", 1);
    wf_incident_t *incident = wf_uow_insert(uow, WF_TABLE_INCIDENT);
    apr_array_header_t *found;

    task->execution_id = task->proc_inst_id = other->id;
    incident->type = "failedExternalTask";
    incident->time = NOW;
    incident->configuration = task->id;
    incident->proc_inst_id = incident->execution_id = other->id;
    must_commit(uow, "another instance");
    uow = new_unit();
    MUST(wf_uow_select(uow, WF_BY_EXTERNAL_TASKS_OF_EXECUTION, other->id, &found, err),
         err);
    is_int(found->nelts, 1, "tasks of an execution");
    MUST(wf_uow_select(uow, WF_BY_INCIDENTS_OF_CONFIGURATION, task->id, &found, err),
         err);
    is_int(found->nelts, 1, "incidents of a task");
    MUST(wf_uow_select(uow, WF_BY_INCIDENTS_OF_INSTANCE, other->id, &found, err), err);
    is_int(found->nelts, 1, "… of an instance");
    MUST(wf_uow_select(uow, WF_BY_INCIDENTS_OF_INSTANCE, instance->id, &found, err), err);
    is_int(found->nelts, 0, "… of another");
    wf_uow_purge(uow, WF_PURGE_INSTANCE_RUNTIME, other->id);
    must_commit(uow, "purge");
}

/* ---- among many ---------------------------------------------------------------------- */

#define MANY 100000
#define FEW 20

/* Steps for a row, which has 16 columns, or for an end that is found. */
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

/* Ready tasks of many other topics, and locked ones of every kind of this one. */
static void add_many(void)
{
    raw(apr_psprintf(
        pool,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO ACT_RU_EXT_TASK (ID_, REV_, TOPIC_NAME_, EXECUTION_ID_,"
        " PROC_INST_ID_, PRIORITY_, LOCK_EXP_TIME_, SUSPENSION_STATE_, RETRIES_)"
        " SELECT 1000000 + i, 1, CASE i %% 2 WHEN 0 THEN 'x' || i %% 10 ELSE 'rare' END,"
        " i, i, 100, CASE i %% 6 WHEN 1 THEN %d + i END, CASE i %% 6 WHEN 3 THEN 2 ELSE 1"
        " END, CASE i %% 6 WHEN 5 THEN 0 END FROM n",
        MANY, NOW));
    raw(apr_psprintf(
        pool,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO ACT_RU_EXT_TASK (ID_, REV_, TOPIC_NAME_, EXECUTION_ID_,"
        " PROC_INST_ID_, PRIORITY_) SELECT 2000000 + i, 1, 'rare', i, i, i %% 7 FROM n",
        FEW));
}

static int steps_of(const char *sql, int limit)
{
    sqlite3_stmt *stmt;
    int steps, n = 0;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
        diag("%s", sqlite3_errmsg(db));
        return -1;
    }
    sqlite3_bind_text(stmt, 1, "rare", -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, NOW);
    sqlite3_bind_int(stmt, 3, WF_MAX_EXPIRED);
    while (n < limit && sqlite3_step(stmt) == SQLITE_ROW) {
        n++;
    }
    steps = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(stmt);
    return steps;
}

static void check_many(void)
{
    const wf_driver_t *d = &wf_driver_sqlite;
    const char *topic = "rare";
    wf_fetch_t how = { .topics = &topic, .count = 1, .now = NOW, .limit = 10 };
    apr_int64_t next;
    int steps;

    sqlite3_open(test_dsn + strlen("sqlite:"), &db);
    raw("PRAGMA synchronous = OFF");
    add_many();
    is_int(fetch(&how, &next)->nelts, 10, "ten among %d", MANY);
    is_int(next, NOW + 1, "when to look again");
    steps = steps_of(wf_sql_query(d, WF_QUERY_READY_TASKS, pool), 10);
    ok(steps > 0 && steps < 10 * STEPS_A_ROW, "%d steps for ten ready ones", steps);
    steps = steps_of(wf_sql_query(d, WF_QUERY_EXPIRED_TASKS, pool), 10);
    ok(steps > 0 && steps < STEPS_A_ROW, "%d steps for no expired ones", steps);
    steps = steps_of(wf_sql_fixed(d, WF_SQL_LOCKS_NEXT, pool), 1);
    ok(steps > 0 && steps < STEPS_A_ROW, "%d steps for the next lock", steps);

    /* All locks are over: no more than a number of them is looked at. */
    raw(apr_psprintf(pool,
                     "UPDATE ACT_RU_EXT_TASK SET LOCK_EXP_TIME_ = %d"
                     " WHERE LOCK_EXP_TIME_ > %d",
                     NOW - 1, NOW));
    steps = steps_of(wf_sql_query(d, WF_QUERY_EXPIRED_TASKS, pool), 10);
    ok(steps > 0 && steps < WF_MAX_EXPIRED * STEPS_A_ROW, "%d steps for expired ones",
       steps);
    sqlite3_close(db);
}

int main(void)
{
    wf_uow_t *uow;

    begin_test();
    open_test_store();
    deploy_process();
    uow = new_unit();
    instance = add_instance(uow, "p:1");
    must_commit(uow, "instance");
    check_fetches();
    check_locks();
    check_beside();
    check_topics();
    check_written();
    check_race();
    check_relations();
    check_many();
    close_test_store();
    return end_test();
}
