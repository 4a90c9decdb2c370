/* Every column of every table: what a unit writes is what a reader finds, whether the row
 * is new or changed. */
#include "store_test.h"

#include "store/internal.h"

/* What other rows must have. */
#define DEFINITION "p:1"

static wf_id_t deployment;
static int next = 1000;

static void fill_column(void *row, const wf_column_t *c)
{
    char *member = (char *)row + c->offset;
    const char *text = apr_psprintf(pool, "%s-%d", c->name, ++next);

    switch (c->kind) {
    case WF_COL_ID:
    case WF_COL_TIME:
    case WF_COL_LONG:
    case WF_COL_DURATION:
        *(apr_int64_t *)member = next;
        break;
    case WF_COL_INT:
        *(int *)member = next;
        break;
    case WF_COL_SUSPENSION:
        *(int *)member = WF_SUSPENDED;
        break;
    case WF_COL_BOOL:
        *(int *)member = next & 1;
        break;
    case WF_COL_REAL:
        *(double *)member = next / 7.0;
        break;
    case WF_COL_TEXT:
        *(const char **)member = text;
        break;
    case WF_COL_BYTES:
        *(const void **)member = text;
        *(apr_size_t *)(member + sizeof(void *)) = strlen(text);
        break;
    case WF_COL_VALUE_TYPE:
        *(wf_value_t *)member = wf_string(text);
        break;
    default: /* REV_ and what follows from other members */
        break;
    }
}

static void fill(void *row)
{
    const wf_table_def_t *t = &wf_tables[((wf_row_t *)row)->table];

    for (int i = 0; i < t->count; i++) {
        if (!(t->columns[i].flags & (WF_COLUMN_KEY | WF_COLUMN_JOINED))) {
            fill_column(row, &t->columns[i]);
        }
    }
}

/* Keys, what a foreign key or a check asks for, and what the store itself decides. */
static void make_legal(void *row)
{
    switch (((wf_row_t *)row)->table) {
    case WF_TABLE_MEMBERSHIP:
        ((wf_membership_t *)row)->user_id = "user";
        ((wf_membership_t *)row)->group_id = "group";
        break;
    case WF_TABLE_DEFINITION:
        ((wf_definition_t *)row)->deployment_id = deployment;
        break;
    case WF_TABLE_DECISION:
        ((wf_decision_def_t *)row)->deployment_id = deployment;
        break;
    case WF_TABLE_EXECUTION:
        ((wf_execution_t *)row)->proc_def_id = DEFINITION;
        break;
    case WF_TABLE_VARIABLE:
        ((wf_variable_t *)row)->bytearray_id = 0;
        break;
    case WF_TABLE_HI_PROCINST:
        ((wf_hi_procinst_t *)row)->proc_inst_id = ((wf_hi_procinst_t *)row)->id;
        break;
    case WF_TABLE_HI_DETAIL:
        ((wf_hi_detail_t *)row)->bytearray_id = 0;
        break;
    default:
        break;
    }
}

static void *insert(wf_uow_t *uow, wf_table_e table)
{
    const wf_table_def_t *t = &wf_tables[table];
    void *row;

    if (t->key == WF_KEY_SHARED) {
        return wf_uow_insert_shared(uow, table, ++next);
    }
    row = wf_uow_insert(uow, table);
    if (t->key == WF_KEY_TEXT) {
        *(const char **)((char *)row + t->columns[0].offset) =
            apr_psprintf(pool, "key-%d", table);
    }
    return row;
}

static int differences(const void *row, const void *found)
{
    wf_cell_t want[WF_MAX_COLUMNS], got[WF_MAX_COLUMNS];
    const wf_table_def_t *t = &wf_tables[((const wf_row_t *)row)->table];
    int count = wf_row_cells(row, want, pool), wrong = 0;

    wf_row_cells(found, got, pool);
    for (int i = 0; i < count; i++) {
        if (t->columns[i].kind != WF_COL_REV && !wf_cell_equal(&want[i], &got[i])) {
            diag("%s.%s differs", t->name, t->columns[i].name);
            wrong++;
        }
    }
    return wrong;
}

static void check_stored(const void *row, const char *what)
{
    wf_error_t *err = new_error();
    wf_cell_t cells[WF_MAX_COLUMNS];
    const wf_table_def_t *t = &wf_tables[((const wf_row_t *)row)->table];
    void *found;

    wf_row_cells(row, cells, pool);
    MUST(wf_store_load(reader, ((const wf_row_t *)row)->table, cells, 0, &found, pool,
                       err),
         err);
    ok(found && !differences(row, found), "%s: %s", t->name, what);
}

static void check_table(wf_table_e table)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    void *row = insert(uow, table), *again;

    fill(row);
    make_legal(row);
    must_commit(uow, wf_tables[table].name);
    check_stored(row, "a new row");
    if (wf_tables[table].key == WF_KEY_PAIR) {
        return;
    }
    uow = new_unit();
    if (wf_table_has_id(table)) {
        MUST(wf_uow_get(uow, table, *wf_row_id(row), &again, err), err);
    }
    else {
        MUST(wf_uow_get_by_key(uow, table, wf_row_text_key(row), &again, err), err);
    }
    fill(again);
    make_legal(again);
    wf_uow_update(uow, again);
    must_commit(uow, wf_tables[table].name);
    check_stored(again, "a changed row");
}

int main(void)
{
    wf_uow_t *uow;

    begin_test();
    open_test_store();
    deployment = deploy_process();
    uow = new_unit();
    add_user(uow, "user", NULL, NULL, NULL);
    add_group(uow, "group", NULL, NULL);
    must_commit(uow, "people");
    for (int table = 0; table < WF_TABLES; table++) {
        check_table(table);
    }
    close_test_store();
    return end_test();
}
