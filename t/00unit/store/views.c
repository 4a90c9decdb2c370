/* Whole tables as administrators see them, and the reads of relations and names. */
#include "store_test.h"

/* As Activiti 5.0 has them: S text, I integer, L long, D double, B boolean, T time,
 * X bytes. */
static const struct {
    const char *table, *columns;
} tables[] = {
    { "ACT_GE_BYTEARRAY", "ID_ S, REV_ I, NAME_ S, DEPLOYMENT_ID_ S, BYTES_ X" },
    { "ACT_GE_PROPERTY", "NAME_ S, VALUE_ S, REV_ I" },
    { "ACT_HI_ACTINST",
      "ID_ S, PROC_DEF_ID_ S, PROC_INST_ID_ S, EXECUTION_ID_ S, ACT_ID_ S, "
      "ACT_NAME_ S, ACT_TYPE_ S, ASSIGNEE_ S, START_TIME_ T, END_TIME_ T, "
      "DURATION_ L" },
    { "ACT_HI_DETAIL",
      "ID_ S, TYPE_ S, PROC_INST_ID_ S, EXECUTION_ID_ S, ACT_INST_ID_ S, "
      "NAME_ S, VAR_TYPE_ S, REV_ I, TIME_ T, BYTEARRAY_ID_ S, DOUBLE_ D, "
      "LONG_ L, TEXT_ S, TEXT2_ S" },
    { "ACT_HI_PROCINST", "ID_ S, PROC_INST_ID_ S, BUSINESS_KEY_ S, PROC_DEF_ID_ S, "
                         "START_TIME_ T, END_TIME_ T, DURATION_ L, START_USER_ID_ S, "
                         "START_ACT_ID_ S, END_ACT_ID_ S" },
    { "ACT_ID_GROUP", "ID_ S, REV_ I, NAME_ S, TYPE_ S" },
    { "ACT_ID_MEMBERSHIP", "USER_ID_ S, GROUP_ID_ S" },
    { "ACT_ID_USER", "ID_ S, REV_ I, FIRST_ S, LAST_ S, EMAIL_ S, PWD_ S" },
    { "ACT_RE_DEPLOYMENT", "ID_ S, NAME_ S, DEPLOY_TIME_ T" },
    { "ACT_RE_PROCDEF",
      "ID_ S, CATEGORY_ S, NAME_ S, KEY_ S, VERSION_ I, DEPLOYMENT_ID_ S, "
      "RESOURCE_NAME_ S, DGRM_RESOURCE_NAME_ S, HAS_START_FORM_KEY_ B" },
    { "ACT_RU_EXECUTION",
      "ID_ S, REV_ I, PROC_INST_ID_ S, BUSINESS_KEY_ S, PARENT_ID_ S, "
      "PROC_DEF_ID_ S, SUPER_EXEC_ S, ACT_ID_ S, IS_ACTIVE_ B, "
      "IS_CONCURRENT_ B, IS_SCOPE_ B" },
    { "ACT_RU_IDENTITYLINK",
      "ID_ S, REV_ I, GROUP_ID_ S, TYPE_ S, USER_ID_ S, TASK_ID_ S" },
    { "ACT_RU_JOB",
      "ID_ S, REV_ I, TYPE_ S, LOCK_EXP_TIME_ T, LOCK_OWNER_ S, EXCLUSIVE_ B, "
      "EXECUTION_ID_ S, PROCESS_INSTANCE_ID_ S, RETRIES_ I, "
      "EXCEPTION_STACK_ID_ S, EXCEPTION_MSG_ S, DUEDATE_ T, REPEAT_ S, "
      "HANDLER_TYPE_ S, HANDLER_CFG_ S" },
    { "ACT_RU_TASK",
      "ID_ S, REV_ I, EXECUTION_ID_ S, PROC_INST_ID_ S, PROC_DEF_ID_ S, "
      "NAME_ S, DESCRIPTION_ S, TASK_DEF_KEY_ S, ASSIGNEE_ S, PRIORITY_ I, "
      "CREATE_TIME_ T" },
    { "ACT_RU_VARIABLE",
      "ID_ S, REV_ I, TYPE_ S, NAME_ S, EXECUTION_ID_ S, PROC_INST_ID_ S, "
      "BYTEARRAY_ID_ S, DOUBLE_ D, LONG_ L, TEXT_ S, TEXT2_ S" },
};

#define TABLES (int)(sizeof(tables) / sizeof(tables[0]))

static char letter_of(wf_type_e type)
{
    static const char letters[WF_TYPES] = {
        [WF_STRING] = 'S',  [WF_INTEGER] = 'I', [WF_LONG] = 'L', [WF_DOUBLE] = 'D',
        [WF_BOOLEAN] = 'B', [WF_DATE] = 'T',    [WF_BYTES] = 'X'
    };

    return letters[type] ? letters[type] : '?';
}

static void check_columns(void)
{
    const char *const *names = wf_store_views();
    static const char *const others[] = { "ACT_HI_TASKINST",
                                          "WF_EXECUTION",
                                          "WF_SCHEMA",
                                          "act_ru_task",
                                          "sqlite_master",
                                          "",
                                          "ACT_RU_TASK; DROP TABLE ACT_RU_TASK" };

    for (int i = 0; i < TABLES; i++) {
        const wf_view_column_t *c = wf_store_view_columns(tables[i].table);
        const char *text = "";

        is_str(*names, tables[i].table, "table %d", i);
        names += *names != NULL;
        for (; c && c->name; c++) {
            text = apr_psprintf(pool, "%s%s%s %c", text, *text ? ", " : "", c->name,
                                letter_of(c->type));
        }
        is_str(text, tables[i].columns, "… its columns");
    }
    ok(!*names, "no more tables");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        wf_error_t *err = new_error();
        wf_page_t page = { .size = 1 };
        wf_rows_t rows;
        apr_int64_t total;

        ok(!wf_store_view_columns(others[i]), "'%s' is none", others[i]);
        ok(wf_store_view_total(reader, others[i], &total, err) != APR_SUCCESS
               && err->kind == WF_ERR_NOT_FOUND,
           "… has no total");
        err = new_error();
        ok(wf_store_view(reader, others[i], &page, &rows, pool, err) != APR_SUCCESS
               && err->kind == WF_ERR_NOT_FOUND,
           "… no rows");
    }
}

/* ---- rows ------------------------------------------------------------------------ */

static wf_id_t deployment_id, first_task;

static void add_rows(void)
{
    wf_uow_t *uow = new_unit();
    wf_execution_t *instance;
    wf_bytearray_t *file;
    wf_task_t *task;
    wf_user_t *user;
    wf_error_t *err = new_error();

    add_user(uow, "kermit", "Kermit", NULL, NULL);
    add_user(uow, "fozzie", "Fozzie", NULL, NULL);
    MUST(wf_uow_get_by_key(uow, WF_TABLE_USER, "kermit", &user, err), err);
    user->password_hash = "$2y$secret";
    add_group(uow, "b", NULL, NULL);
    add_group(uow, "a", NULL, NULL);
    add_member(uow, "kermit", "b");
    add_member(uow, "kermit", "a");
    add_member(uow, "fozzie", "b");
    file = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);
    file->name = "z.form";
    file->deployment_id = deployment_id;
    file->bytes = "12345";
    file->length = 5;
    file = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);
    file->name = "a.form";
    file->deployment_id = deployment_id;
    file->bytes = "";
    instance = add_instance(uow, "p:1");
    for (int i = 0; i < 3; i++) {
        task = add_task(uow, instance, i ? "B" : "A");
        task->priority = 10 * i;
        first_task = first_task ? first_task : task->id;
    }
    add_variable(uow, instance, "d", wf_double(2.5));
    add_variable(uow, instance, "n", wf_null());
    add_variable(uow, instance, "l", wf_long(5000000000));
    must_commit(uow, "rows");
}

static const char *value_text(const wf_value_t *v)
{
    switch (v->type) {
    case WF_NULL:
        return "-";
    case WF_STRING:
        return v->as.text.data;
    case WF_DOUBLE:
        return apr_psprintf(pool, "%g", v->as.number);
    case WF_BOOLEAN:
        return v->as.boolean ? "yes" : "no";
    case WF_BYTES:
        return apr_psprintf(pool, "%d bytes%s", (int)v->as.text.length,
                            v->as.text.data ? " shown" : "");
    case WF_DATE:
        return apr_psprintf(pool, "@%d", (int)v->as.integer);
    default:
        return apr_psprintf(pool, "%" APR_INT64_T_FMT, v->as.integer);
    }
}

static int column_at(const char *table, const char *name)
{
    const wf_view_column_t *c = wf_store_view_columns(table);
    int i = 0;

    while (strcmp(c[i].name, name)) {
        i++;
    }
    return i;
}

/* One column of all rows of a page. */
static const char *seen(const char *table, const char *column, const wf_page_t *page,
                        apr_int64_t *total)
{
    int at = column_at(table, column);
    wf_error_t *err = new_error();
    const char *text = "";
    wf_rows_t rows;

    MUST(wf_store_view(reader, table, page, &rows, pool, err), err);
    for (int i = 0; i < rows.rows->nelts; i++) {
        const wf_value_t *row = APR_ARRAY_IDX(rows.rows, i, wf_value_t *);

        text = apr_pstrcat(pool, text, i ? " " : "", value_text(&row[at]), NULL);
    }
    *total = rows.total;
    return text;
}

static const struct {
    const char *table, *column;
    wf_page_t page;
    const char *text;
    int total;
} cases[] = {
    { "ACT_ID_MEMBERSHIP", "GROUP_ID_", { 0, 9, NULL, 0 }, "b a b", 3 },
    { "ACT_ID_MEMBERSHIP",
      "USER_ID_",
      { 0, 9, "GROUP_ID_", 0 },
      "kermit fozzie kermit",
      3 },
    { "ACT_ID_MEMBERSHIP",
      "USER_ID_",
      { 0, 9, "GROUP_ID_", 1 },
      "fozzie kermit kermit",
      3 },
    { "ACT_ID_USER", "ID_", { 0, 9, NULL, 0 }, "fozzie kermit", 2 },
    { "ACT_ID_USER", "PWD_", { 0, 9, NULL, 0 }, "******** ********", 2 },
    { "ACT_ID_USER",
      "ID_",
      { 0, 9, "PWD_", 1 },
      "kermit fozzie",
      2 }, /* as they were made */
    { "ACT_RU_TASK", "NAME_", { 0, 9, NULL, 0 }, "A B B", 3 },
    { "ACT_RU_TASK", "PRIORITY_", { 0, 9, "NAME_", 1 }, "10 20 0", 3 },
    { "ACT_RU_TASK", "PRIORITY_", { 1, 1, "NAME_", 1 }, "20", 3 },
    { "ACT_RU_TASK", "PRIORITY_", { 7, 1, NULL, 0 }, "", 3 },
    { "ACT_RU_TASK", "PRIORITY_", { 0, 0, NULL, 0 }, "", 3 },
    { "ACT_RU_TASK", "PRIORITY_", { -3, 1, NULL, 0 }, "0", 3 },
    { "ACT_RU_TASK", "CREATE_TIME_", { 0, 1, NULL, 0 }, "@5", 3 },
    { "ACT_RU_EXECUTION", "IS_ACTIVE_", { 0, 9, NULL, 0 }, "yes", 1 },
    { "ACT_RU_EXECUTION", "IS_CONCURRENT_", { 0, 9, NULL, 0 }, "no", 1 },
    { "ACT_RU_VARIABLE", "TYPE_", { 0, 9, "NAME_", 0 }, "double long null", 3 },
    { "ACT_RU_VARIABLE", "DOUBLE_", { 0, 9, "NAME_", 0 }, "2.5 - -", 3 },
    { "ACT_RU_VARIABLE", "LONG_", { 0, 9, "NAME_", 0 }, "- 5000000000 -", 3 },
    { "ACT_GE_BYTEARRAY", "BYTES_", { 0, 9, NULL, 0 }, "5 bytes 0 bytes", 2 },
    { "ACT_GE_BYTEARRAY", "NAME_", { 0, 9, "BYTES_", 0 }, "a.form z.form", 2 },
    { "ACT_GE_PROPERTY", "NAME_", { 0, 9, NULL, 0 }, "next.dbid schema.version", 2 },
    { "ACT_RE_PROCDEF", "HAS_START_FORM_KEY_", { 0, 9, NULL, 0 }, "no", 1 },
    { "ACT_HI_DETAIL", "ID_", { 0, 9, NULL, 0 }, "", 0 },
};

static void check_rows(void)
{
    wf_error_t *err = new_error();
    apr_int64_t total;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_str(seen(cases[i].table, cases[i].column, &cases[i].page, &total),
               cases[i].text, "%s of %s by %s", cases[i].column, cases[i].table,
               cases[i].page.sort ? cases[i].page.sort : "default");
        is_int(total, cases[i].total, "… total");
        MUST(wf_store_view_total(reader, cases[i].table, &total, err), err);
        is_int(total, cases[i].total, "… counted alone");
    }
    is_str(seen("ACT_RU_TASK", "ID_", &(wf_page_t){ .size = 1 }, &total),
           apr_psprintf(pool, "%d", (int)first_task), "ids are texts");
}

/* Every column sorts in both directions; hidden ones and SQL do not. */
static void check_sorts(void)
{
    static const char *const bad[] = {
        "name_", "OWNER_", "SEQ_", "rowid", "", "ID_ DESC", "ID_; DROP TABLE ACT_RU_TASK",
        "BYTES_"
    };

    for (const char *const *t = wf_store_views(); *t; t++) {
        for (const wf_view_column_t *c = wf_store_view_columns(*t); c->name; c++) {
            wf_error_t *err = new_error();
            wf_page_t page = { .size = 2, .sort = c->name, .descending = 1 };
            wf_rows_t rows;

            ok(wf_store_view(reader, *t, &page, &rows, pool, err) == APR_SUCCESS,
               "%s by %s", *t, c->name);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        wf_error_t *err = new_error();
        wf_page_t page = { .size = 2, .sort = bad[i] };
        wf_rows_t rows;

        ok(wf_store_view(reader, "ACT_RU_TASK", &page, &rows, pool, err) != APR_SUCCESS
               && err->kind == WF_ERR_INVALID && !strcmp(err->field, "sort"),
           "not by '%s'", bad[i]);
    }
}

/* ---- relations and names --------------------------------------------------------- */

static void check_names(void)
{
    wf_error_t *err = new_error();
    apr_array_header_t *names;

    MUST(wf_store_resource_names(reader, deployment_id, &names, pool, err), err);
    is_int(names->nelts, 2, "resources of a deployment");
    is_str(APR_ARRAY_IDX(names, 0, const char *), "a.form", "… sorted");
    is_str(APR_ARRAY_IDX(names, 1, const char *), "z.form", "… by name");
    MUST(wf_store_resource_names(reader, 999999, &names, pool, err), err);
    is_int(names->nelts, 0, "… of none");
}

static void check_relations(void)
{
    wf_error_t *err = new_error();
    apr_array_header_t *rows;
    wf_task_t *task;

    MUST(wf_store_get(reader, WF_TABLE_TASK, first_task, &task, pool, err), err);
    MUST(wf_store_select(reader, WF_BY_TASKS_OF_INSTANCE, task->proc_inst_id, &rows, pool,
                         err),
         err);
    is_int(rows->nelts, 3, "tasks of an instance");
    for (int i = 1; i < rows->nelts; i++) {
        ok(APR_ARRAY_IDX(rows, i - 1, wf_task_t *)->id
               < APR_ARRAY_IDX(rows, i, wf_task_t *)->id,
           "… in the order of their ids");
    }
    MUST(wf_store_select(reader, WF_BY_TASKS_OF_INSTANCE, 0, &rows, pool, err), err);
    is_int(rows->nelts, 0, "… of none");
}

int main(void)
{
    begin_test();
    open_test_store();
    deployment_id = deploy_process();
    add_rows();
    check_columns();
    check_rows();
    check_sorts();
    check_names();
    check_relations();
    close_test_store();
    return end_test();
}
