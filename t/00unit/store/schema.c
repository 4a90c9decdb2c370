/* Opening and migrating: what is created, what is refused, what a reader may see. */
#include "store_test.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "store/internal.h"

/* Columns as Activiti 5.0 has them, in its order: what table views will show. */
static const struct {
    wf_table_e table;
    const char *columns;
} activiti[] = {
    {WF_TABLE_BYTEARRAY, "ID_ REV_ NAME_ DEPLOYMENT_ID_ BYTES_"},
    {WF_TABLE_PROPERTY, "NAME_ VALUE_ REV_"},
    {WF_TABLE_HI_ACTINST,
     "ID_ PROC_DEF_ID_ PROC_INST_ID_ EXECUTION_ID_ ACT_ID_ ACT_NAME_ ACT_TYPE_ ASSIGNEE_ "
     "START_TIME_ END_TIME_ DURATION_"},
    {WF_TABLE_HI_DETAIL,
     "ID_ TYPE_ PROC_INST_ID_ EXECUTION_ID_ ACT_INST_ID_ NAME_ VAR_TYPE_ REV_ TIME_ "
     "BYTEARRAY_ID_ DOUBLE_ LONG_ TEXT_ TEXT2_"},
    {WF_TABLE_HI_PROCINST,
     "ID_ PROC_INST_ID_ BUSINESS_KEY_ PROC_DEF_ID_ START_TIME_ END_TIME_ DURATION_ "
     "START_USER_ID_ START_ACT_ID_ END_ACT_ID_"},
    {WF_TABLE_GROUP, "ID_ REV_ NAME_ TYPE_"},
    {WF_TABLE_MEMBERSHIP, "USER_ID_ GROUP_ID_"},
    {WF_TABLE_USER, "ID_ REV_ FIRST_ LAST_ EMAIL_ PWD_"},
    {WF_TABLE_DEPLOYMENT, "ID_ NAME_ DEPLOY_TIME_"},
    {WF_TABLE_DEFINITION, "ID_ CATEGORY_ NAME_ KEY_ VERSION_ DEPLOYMENT_ID_ "
                          "RESOURCE_NAME_ DGRM_RESOURCE_NAME_ "
                          "HAS_START_FORM_KEY_"},
    {WF_TABLE_EXECUTION,
     "ID_ REV_ PROC_INST_ID_ BUSINESS_KEY_ PARENT_ID_ PROC_DEF_ID_ SUPER_EXEC_ ACT_ID_ "
     "IS_ACTIVE_ IS_CONCURRENT_ IS_SCOPE_"},
    {WF_TABLE_IDENTITYLINK, "ID_ REV_ GROUP_ID_ TYPE_ USER_ID_ TASK_ID_"},
    {WF_TABLE_JOB,
     "ID_ REV_ TYPE_ LOCK_EXP_TIME_ LOCK_OWNER_ EXCLUSIVE_ EXECUTION_ID_ "
     "PROCESS_INSTANCE_ID_ RETRIES_ EXCEPTION_STACK_ID_ EXCEPTION_MSG_ DUEDATE_ REPEAT_ "
     "HANDLER_TYPE_ HANDLER_CFG_"},
    {WF_TABLE_TASK,
     "ID_ REV_ EXECUTION_ID_ PROC_INST_ID_ PROC_DEF_ID_ NAME_ DESCRIPTION_ TASK_DEF_KEY_ "
     "ASSIGNEE_ PRIORITY_ CREATE_TIME_"},
    {WF_TABLE_VARIABLE,
     "ID_ REV_ TYPE_ NAME_ EXECUTION_ID_ PROC_INST_ID_ BYTEARRAY_ID_ DOUBLE_ LONG_ TEXT_ "
     "TEXT2_"},
};

static sqlite3 *open_raw(void)
{
    sqlite3 *db;

    if (sqlite3_open(test_dsn + strlen("sqlite:"), &db) != SQLITE_OK) {
        printf("Bail out! raw SQLite\n");
        exit(1);
    }
    return db;
}

static void raw(const char *sql)
{
    sqlite3 *db = open_raw();
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        printf("Bail out! %s: %s\n", sql, message);
        exit(1);
    }
    sqlite3_close(db);
}

static const char *raw_text(const char *sql)
{
    sqlite3 *db = open_raw();
    sqlite3_stmt *stmt;
    const char *text = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK
        && sqlite3_step(stmt) == SQLITE_ROW) {
        text = apr_pstrdup(pool, (const char *)sqlite3_column_text(stmt, 0));
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return text;
}

static void check_open(wf_store_mode_e mode, wf_err_kind_e want, const char *what)
{
    wf_error_t *err = new_error();
    wf_store_t *store;

    if (wf_store_open(&store, test_dsn, mode, pool, err) == APR_SUCCESS) {
        wf_store_close(store);
    }
    is_str(wf_err_name(err->kind), wf_err_name(want), "%s (%s)", what,
           err->message ? err->message : "no message");
}

static void check_sources(void)
{
    const struct {
        const char *dsn;
        int good;
        const char *says;
    } cases[] = {
        {test_dsn, 1, NULL},
        {"sqlite:relative.db", 0, "absolute"},
        {"sqlite:", 0, "absolute"},
        {"sqlite:/", 0, "absolute"},
        {"sqlite:/nowhere/at/all/t.db", 0, "/nowhere/at/all"},
        {"sqlite:/etc/passwd/t.db", 0, "/etc/passwd"},
        {"sqlite:/tmp/", 0, "absolute"},
        {"sqlite:/usr/bin", 0, "regular"},
        {"oracle:/tmp/t.db", 0, "sqlite:"},
        {"/tmp/t.db", 0, "sqlite:"},
    };
    struct stat st;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_error_t *err = new_error();
        apr_status_t rv = wf_store_check(cases[i].dsn, pool, err);

        ok((rv == APR_SUCCESS) == cases[i].good, "check %s", cases[i].dsn);
        if (cases[i].says) {
            ok(err->message && strstr(err->message, cases[i].says), "… says %s: %s",
               cases[i].says, err->message);
        }
    }
    ok(stat(test_dsn + 7, &st) != 0, "checking creates nothing");
}

static void check_creation(void)
{
    struct stat st;
    mode_t mask;

    check_open(WF_STORE_READ, WF_ERR_UNAVAILABLE,
               "no store yet: a reader is told to come again");
    close(open(test_dsn + 7, O_CREAT | O_WRONLY, 0600));
    check_open(WF_STORE_READ, WF_ERR_UNAVAILABLE, "the same while it is still empty");
    unlink(test_dsn + 7);

    mask = umask(0);
    check_open(WF_STORE_WRITE, WF_ERR_NONE, "a writer creates it");
    umask(mask);
    stat(test_dsn + 7, &st);
    is_int(st.st_mode & 07777, 0600, "mode with umask 0");
    unlink(test_dsn + 7);
    mask = umask(0777);
    check_open(WF_STORE_WRITE, WF_ERR_NONE, "… also with umask 0777");
    umask(mask);
    stat(test_dsn + 7, &st);
    is_int(st.st_mode & 07777, 0600, "mode with umask 0777");
    check_open(WF_STORE_READ, WF_ERR_NONE, "now a reader may open it");
    is_str(raw_text("SELECT GROUP_CONCAT(NUMBER_ || ' ' || NAME_) FROM WF_SCHEMA"),
           "1 001_schema.sql,2 002_tasks_and_events.sql,3 003_schema_version.sql,"
           "4 004_execution_tree.sql,5 005_suspension.sql,"
           "6 006_external_tasks.sql,7 007_history.sql,8 008_history_ages.sql,"
           "9 009_task_category.sql,10 010_task_variables.sql,11 011_decisions.sql,"
           "12 012_link_history.sql,13 013_checkpoints.sql,14 014_baselines.sql,"
           "15 015_api_keys.sql,16 016_idempotency.sql,17 017_grants.sql",
           "the migrations are recorded");
    is_str(raw_text("SELECT GROUP_CONCAT(NAME_ || '=' || VALUE_ || '/' || REV_) "
                    "FROM ACT_GE_PROPERTY"),
           "next.dbid=1/1,schema.version=5.0/1", "properties of a new store");
    is_str(raw_text("PRAGMA journal_mode"), "wal", "journal");
    is_str(raw_text("PRAGMA auto_vacuum"), "2", "free pages can be given back");
    check_open(WF_STORE_WRITE, WF_ERR_NONE, "opening again migrates nothing");
    is_str(raw_text("SELECT COUNT(*) FROM WF_SCHEMA"), "17", "… and records nothing");
}

static void check_refusals(void)
{
    raw("INSERT INTO WF_SCHEMA VALUES (999, '999_future.sql', 0)");
    check_open(WF_STORE_WRITE, WF_ERR_UNSUPPORTED, "newer: no writer");
    check_open(WF_STORE_READ, WF_ERR_UNSUPPORTED, "newer: no reader");
    raw("DELETE FROM WF_SCHEMA");
    check_open(WF_STORE_READ, WF_ERR_UNAVAILABLE, "older: a reader waits for the engine");

    unlink(test_dsn + 7);
    raw("CREATE TABLE invoices (id INTEGER)");
    check_open(WF_STORE_WRITE, WF_ERR_INVALID, "somebody else's database is left alone");
    is_str(raw_text("SELECT GROUP_CONCAT(name) FROM sqlite_master"), "invoices",
           "… as it was");
    is_str(raw_text("PRAGMA journal_mode"), "delete", "… and in its own journal mode");

    unlink(test_dsn + 7);
    if (system(apr_psprintf(pool, "head -c 20000 /dev/urandom >%s", test_dsn + 7)) == 0) {
        check_open(WF_STORE_WRITE, WF_ERR_INTERNAL, "no database at all");
    }
    unlink(test_dsn + 7);
}

/* Two engines that start at once: one migrates, the other finds it done. */
static void check_two_at_once(void)
{
    wf_error_t *err = new_error();
    wf_store_t *store;
    int status = 0, good = 0;
    pid_t child[4];

    for (int i = 0; i < 4; i++) {
        child[i] = fork();
        if (!child[i]) {
            _exit(wf_store_open(&store, test_dsn, WF_STORE_WRITE, pool, err)
                  != APR_SUCCESS);
        }
    }
    for (int i = 0; i < 4; i++) {
        good += waitpid(child[i], &status, 0) == child[i] && status == 0;
    }
    is_int(good, 4, "four writers open a new store at the same time");
    is_str(raw_text("SELECT COUNT(*) FROM WF_SCHEMA"), "17", "… and one migrates it");
}

static void check_columns(void)
{
    for (size_t i = 0; i < sizeof(activiti) / sizeof(activiti[0]); i++) {
        const wf_table_def_t *t = &wf_tables[activiti[i].table];
        const char *names = "", *physical;

        for (int c = 0; c < t->count; c++) {
            if (!(t->columns[c].flags & WF_COLUMN_HIDDEN)) {
                names =
                    apr_pstrcat(pool, names, *names ? " " : "", t->columns[c].name, NULL);
            }
        }
        is_str(names, activiti[i].columns, "%s: visible columns", t->name);
        physical = raw_text(apr_psprintf(
            pool, "SELECT GROUP_CONCAT(name, ' ') FROM PRAGMA_TABLE_INFO('%s')",
            t->name));
        ok(physical && !strncmp(physical, names, strlen(names)),
           "%s: Activiti's columns come first", t->name);
    }
}

/* Reading a row relies on the order of its descriptors. */
static void check_descriptors(void)
{
    for (int i = 0; i < WF_TABLES; i++) {
        const wf_table_def_t *t = &wf_tables[i];
        int typed = 0, good = 1;

        for (int c = 0; c < t->count; c++) {
            wf_column_e kind = t->columns[c].kind;

            typed |= kind == WF_COL_VALUE_TYPE;
            good &= kind < WF_COL_VALUE_TYPE || typed;
            good &= t->columns[c].offset < (int)t->size;
        }
        ok(good && t->count <= WF_MAX_COLUMNS, "%s: descriptors", t->name);
        ok(t->columns[0].flags & WF_COLUMN_KEY, "%s: the key comes first", t->name);
        is_str(raw_text(apr_psprintf(pool,
                                     "SELECT COUNT(*) FROM sqlite_master "
                                     "WHERE type = 'table' AND name = '%s'",
                                     t->name)),
               "1", "%s exists", t->name);
    }
}

int main(void)
{
    begin_test();
    check_sources();
    check_creation();
    check_refusals();
    check_two_at_once();
    check_columns();
    check_descriptors();
    return end_test();
}
