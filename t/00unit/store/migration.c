/* A store of any older version is brought up to date with everything in it. */
#include "store_test.h"

#include <sqlite3.h>

#include "store/internal.h"

#define ROWS 3 /* of each table */

static sqlite3 *db;
static int from; /* the schema that the old store has */

static void raw(const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        printf("Bail out! %s: %s\n", message, sql);
        exit(1);
    }
}

/* The cells of all rows, separated. */
static const char *raw_text(const char *sql)
{
    sqlite3_stmt *stmt;
    const char *text = "";

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
        printf("Bail out! %s: %s\n", sqlite3_errmsg(db), sql);
        exit(1);
    }
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *cell = (const char *)sqlite3_column_text(stmt, i);

            text = apr_pstrcat(pool, text, *text ? " " : "", cell ? cell : "-", NULL);
        }
    }
    sqlite3_finalize(stmt);
    return text;
}

static apr_array_header_t *words_of(const char *text)
{
    apr_array_header_t *words = apr_array_make(pool, 16, sizeof(char *));
    char *word, *last, *copy = apr_pstrdup(pool, text);

    for (word = apr_strtok(copy, " ", &last); word; word = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(words, char *) = word;
    }
    return words;
}

/* ---- the old store --------------------------------------------------------------- */

static void create_old(void)
{
    const char *name;

    sqlite3_open(test_dsn + strlen("sqlite:"), &db);
    for (int n = 1; n <= from; n++) {
        raw(wf_driver_sqlite.migration(n, &name));
        raw(apr_psprintf(pool, "INSERT INTO WF_SCHEMA VALUES (%d, '%s', 1)", n, name));
    }
}

/* A row with something in each column: numbers that differ, also as texts. */
static void add_row(const char *table, const apr_array_header_t *columns, int row)
{
    const char *values = "";

    for (int i = 0; i < columns->nelts; i++) {
        values = apr_psprintf(pool, "%s%s'%d'", values, i ? ", " : "", 10 * row + i);
    }
    /* Its id is its instance's id: a rule of that table. */
    if (!strcmp(table, "ACT_HI_PROCINST")) {
        values = apr_psprintf(pool, "%d, %d%s", 10 * row, 10 * row,
                              strchr(strchr(values, ',') + 1, ','));
    }
    raw(apr_psprintf(pool, "INSERT INTO %s VALUES (%s)", table, values));
}

/* Who may claim what: task 500 is nobody's, 501 is kermit's. */
static void add_claims(void)
{
    raw("INSERT INTO ACT_RU_TASK (ID_, REV_, PRIORITY_) VALUES (500, 1, 50)");
    raw("INSERT INTO ACT_RU_TASK (ID_, REV_, PRIORITY_, ASSIGNEE_) VALUES"
        " (501, 1, 50, 'kermit'), (502, 1, 50, NULL)");
    raw("INSERT INTO ACT_RU_IDENTITYLINK (ID_, REV_, GROUP_ID_, USER_ID_, TYPE_, "
        "TASK_ID_,"
        " PROC_DEF_ID_) VALUES (510, 1, 'sales', NULL, 'candidate', 500, NULL),"
        " (511, 1, NULL, 'gonzo', 'candidate', 500, NULL),"
        " (512, 1, 'sales', NULL, 'candidate', 501, NULL),"
        " (513, 1, 'sales', NULL, 'candidate', 502, NULL),"
        " (514, 1, NULL, 'gonzo', 'participant', 502, NULL),"
        " (515, 1, 'sales', NULL, 'candidate', NULL, 'p:1')");
    if (from >= 2) {
        raw("UPDATE ACT_RU_IDENTITYLINK SET OPEN_ = 2 WHERE TASK_ID_ = 500");
        raw("UPDATE ACT_RU_IDENTITYLINK SET OPEN_ = 1 WHERE ID_ = 513");
    }
}

/* Two definitions, one of which can be drawn. */
static void add_definitions(void)
{
    raw("INSERT INTO ACT_RE_DEPLOYMENT (ID_) VALUES (600)");
    raw("INSERT INTO ACT_GE_BYTEARRAY (ID_, REV_, NAME_, DEPLOYMENT_ID_, BYTES_) VALUES"
        " (601, 1, 'a.bpmn', 600, CAST('<process/><bpmndi:BPMNShape/>' AS BLOB)),"
        " (602, 1, 'b.bpmn', 600, CAST('<process/>' AS BLOB))");
    raw("INSERT INTO ACT_RE_PROCDEF (ID_, KEY_, VERSION_, DEPLOYMENT_ID_, RESOURCE_NAME_,"
        " HAS_START_FORM_KEY_) VALUES ('drawn:1', 'drawn', 1, 600, 'a.bpmn', 0),"
        " ('plain:1', 'plain', 1, 600, 'b.bpmn', 0)");
    if (from >= 2) {
        raw("UPDATE ACT_RE_PROCDEF SET HAS_DIAGRAM_ = ID_ = 'drawn:1'");
    }
}

/* An instance of four executions: 700 has two children, the first of them one. */
static void add_executions(void)
{
    raw("INSERT INTO ACT_RU_EXECUTION (ID_, REV_, PROC_INST_ID_, PARENT_ID_,"
        " PROC_DEF_ID_, IS_ACTIVE_, IS_CONCURRENT_, IS_SCOPE_) VALUES"
        " (700, 1, 700, NULL, 'plain:1', 0, 0, 1), (701, 1, 700, 700, 'plain:1', 0, 1, 0),"
        " (702, 1, 700, 701, 'plain:1', 1, 0, 0), (703, 1, 700, 700, 'plain:1', 1, 1, 0)");
    if (from >= 4) {
        raw("UPDATE ACT_RU_EXECUTION SET ROOT_ID_ = 700, CHILDREN_ = CASE ID_"
            " WHEN 700 THEN 2 WHEN 701 THEN 1 ELSE 0 END WHERE ID_ >= 700");
    }
}

/* ---- before and after ------------------------------------------------------------ */

typedef struct table_t {
    const char *name, *columns; /* of the old schema */
    const char *rows;
} table_t;

/* All but the version of the schema, which is no data. */
static const char *rows_of(const table_t *table)
{
    int properties = !strcmp(table->name, "ACT_GE_PROPERTY");

    return raw_text(apr_psprintf(pool, "SELECT %s FROM %s%s ORDER BY 1", table->columns,
                                 table->name,
                                 properties ? " WHERE NAME_ <> 'schema.version'" : ""));
}

static apr_array_header_t *fill(void)
{
    apr_array_header_t *names = words_of(raw_text(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'WF_SCHEMA'"));
    apr_array_header_t *tables = apr_array_make(pool, 16, sizeof(table_t));

    for (int t = 0; t < names->nelts; t++) {
        table_t *table = apr_array_push(tables);
        apr_array_header_t *columns;

        table->name = APR_ARRAY_IDX(names, t, char *);
        columns = words_of(raw_text(
            apr_psprintf(pool, "SELECT name FROM pragma_table_info('%s')", table->name)));
        table->columns = apr_array_pstrcat(pool, columns, ',');
        for (int row = 1; row <= ROWS; row++) {
            add_row(table->name, columns, row);
        }
    }
    add_claims();
    add_definitions();
    add_executions();
    for (int t = 0; t < tables->nelts; t++) {
        table_t *table = &APR_ARRAY_IDX(tables, t, table_t);

        table->rows = rows_of(table);
    }
    return tables;
}

static void check_rows(const apr_array_header_t *tables)
{
    ok(tables->nelts >= 17, "%d tables of the old schema", tables->nelts);
    for (int t = 0; t < tables->nelts; t++) {
        const table_t *table = &APR_ARRAY_IDX(tables, t, table_t);

        ok(words_of(table->rows)->nelts >= ROWS, "%s had rows", table->name);
        is_str(rows_of(table), table->rows, "… and has them still");
    }
    is_str(raw_text("PRAGMA integrity_check"), "ok", "the file is sound");
}

static void check_claims(void)
{
    wf_error_t *err = new_error();
    wf_page_t page = { .size = 10 };
    wf_filter_t sales = { "candidate-group", wf_string("sales") };
    wf_filter_t gonzo = { "candidate", wf_string("gonzo") };
    wf_rows_t rows;

    is_str(
        raw_text("SELECT ID_, OPEN_ FROM ACT_RU_IDENTITYLINK WHERE ID_ > 500 ORDER BY 1"),
        "510 2 511 2 512 0 513 1 514 0 515 0", "links know what may be claimed");
    MUST(wf_store_list(reader, WF_LIST_TASKS, &sales, 1, &page, &rows, pool, err), err);
    is_int(rows.total, 2, "tasks of a group");
    MUST(wf_store_list(reader, WF_LIST_TASKS, &gonzo, 1, &page, &rows, pool, err), err);
    is_int(rows.total, 1, "tasks of a candidate");
}

static void check_definitions(void)
{
    is_str(raw_text("SELECT ID_ FROM ACT_RE_PROCDEF WHERE HAS_DIAGRAM_"), "drawn:1",
           "definitions know whether they can be drawn");
}

static void check_executions(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_execution_t *row;
    apr_array_header_t *rows;

    is_str(raw_text("SELECT ID_, CHILDREN_, ROOT_ID_, SUSPENSION_STATE_ FROM"
                    " ACT_RU_EXECUTION WHERE ID_ >= 700 ORDER BY 1"),
           "700 2 700 1 701 1 700 1 702 0 700 1 703 0 700 1",
           "executions know their children and their top instance");
    is_str(raw_text("SELECT SUSPENSION_STATE_ FROM ACT_RU_TASK WHERE ID_ = 500 UNION ALL"
                    " SELECT SUSPENSION_STATE_ FROM ACT_RE_PROCDEF WHERE ID_ = 'plain:1'"),
           "1 1", "nothing is suspended");
    MUST(wf_uow_select(uow, WF_BY_CHILDREN_OF_EXECUTION, 700, &rows, err), err);
    is_int(rows->nelts, 2, "… and are found by their parent");
    MUST(wf_uow_get(uow, WF_TABLE_EXECUTION, 702, &row, err), err);
    row->role = WF_ROLE_JOIN;
    wf_uow_update(uow, row);
    is_int(commit_unit(uow), WF_ERR_NONE, "… and can be changed");
}

/* Rows that were there are rows like any other. */
static void check_use(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_task_t *task;
    wf_user_t *user;

    MUST(wf_uow_get(uow, WF_TABLE_TASK, 500, &task, err), err);
    ok(task && !task->parent_task_id && !task->delegation,
       "an old task, new columns empty");
    task->assignee = "gonzo";
    task->parent_task_id = 501;
    wf_uow_update(uow, task);
    MUST(wf_uow_get_by_key(uow, WF_TABLE_USER, "10", &user, err), err);
    user->picture_id = 7;
    wf_uow_update(uow, user);
    is_int(commit_unit(uow), WF_ERR_NONE, "… can be changed");
    is_str(raw_text("SELECT OPEN_ FROM ACT_RU_IDENTITYLINK WHERE TASK_ID_ = 500"), "0 0",
           "… and leaves the lists of its candidates");
}

static void check_upgrade(void)
{
    apr_array_header_t *tables;
    const char *last;
    wf_error_t *err = new_error();

    diag("from schema %d", from);
    test_dsn = apr_psprintf(pool, "sqlite:%s/from-%d.db", test_dir, from);
    create_old();
    tables = fill();
    MUST(wf_store_open(&writer, test_dsn, WF_STORE_WRITE, pool, err), err);
    last = raw_text("SELECT MAX(NUMBER_) FROM WF_SCHEMA");
    ok(atoi(last) > from, "the schema was %d and is now %s", from, last);
    is_str(raw_text("SELECT VALUE_ FROM ACT_GE_PROPERTY WHERE NAME_ = 'schema.version'"),
           "5.0", "… which clients know as Activiti's");
    check_rows(tables); /* before ids are reserved, which is a change */
    wf_store_close(writer);
    open_test_store();
    check_claims();
    check_definitions();
    check_executions();
    check_use();
    sqlite3_close(db);
    close_test_store();
}

int main(void)
{
    const char *name;

    begin_test();
    for (from = 1; wf_driver_sqlite.migration(from + 1, &name); from++) {
        check_upgrade();
    }
    return end_test();
}
