/* Variables and details: every type of value survives, also when a variable changes its
 * type and needs a byte array or no longer does. */
#include "store_test.h"

#include <limits.h>
#include <math.h>

#include "store/internal.h"

#define LAST_VALUE 21

static wf_value_t list_value(void)
{
    wf_list_t *list = wf_list_create(pool);
    wf_map_t *map = wf_map_create(pool);

    wf_map_set(map, "a", wf_integer(1));
    wf_map_set(map, "b", wf_string("zwei"));
    wf_list_push(list, wf_map(map));
    wf_list_push(list, wf_double(2.0));
    wf_list_push(list, wf_null());
    wf_list_push(list, wf_boolean(1));
    wf_list_push(list, wf_long(1LL << 40));
    return wf_list(list);
}

static wf_value_t map_value(void)
{
    wf_map_t *map = wf_map_create(pool);

    wf_map_set(map, "list", list_value());
    wf_map_set(map, "text", wf_string("\"/\xc3\xa4\n"));
    return wf_map(map);
}

/* Value number i; each type with its edges. */
static wf_value_t value(int i)
{
    static const char bytes[] = {0, 1, (char)0xff, 'x', 0};
    wf_value_t shorty = wf_integer(-32768);

    shorty.type = WF_SHORT;
    switch (i) {
    case 0:
        return wf_null();
    case 1:
        return wf_boolean(1);
    case 2:
        return wf_boolean(0);
    case 3:
        return shorty;
    case 4:
        return wf_integer(INT_MIN);
    case 5:
        return wf_integer(0);
    case 6:
        return wf_long(5);
    case 7:
        return wf_long(INT64_MIN);
    case 8:
        return wf_long(INT64_MAX);
    case 9:
        return wf_double(0.1);
    case 10:
        return wf_double(3.0);
    case 11:
        return wf_double(-INFINITY);
    case 12:
        return wf_string("");
    case 13:
        return wf_string("123");
    case 14:
        return wf_string("K\xc3\xb6nig '\" ; DROP TABLE ACT_RU_TASK --");
    case 15:
        return wf_date(0);
    case 16:
        return wf_date(1288688700120);
    case 17:
        return wf_date(-1);
    case 18:
        return wf_bytes(bytes, sizeof(bytes));
    case 19:
        return wf_bytes("", 0);
    case 20:
        return list_value();
    default:
        return map_value();
    }
}

static wf_variable_t *stored(wf_id_t id)
{
    wf_error_t *err = new_error();
    wf_variable_t *row;

    MUST(wf_store_get(reader, WF_TABLE_VARIABLE, id, &row, pool, err), err);
    return row;
}

/* The number of content rows that belong to no deployment. */
static apr_int64_t contents(void)
{
    wf_error_t *err = new_error();
    wf_stmt_t *stmt;
    apr_int64_t n;

    MUST(reader->driver->prepare(reader, &stmt, "SELECT COUNT(*) FROM ACT_GE_BYTEARRAY",
                                 err),
         err);
    MUST(reader->driver->run(reader, stmt, NULL, 0, wf_row_number, &n, NULL, err), err);
    return n;
}

static void check_round_trip(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_execution_t *instance = add_instance(uow, "p:1");
    wf_variable_t *rows[LAST_VALUE + 1];
    wf_hi_detail_t *details[LAST_VALUE + 1], *detail;
    wf_hi_varinst_t *last;

    for (int i = 0; i <= LAST_VALUE; i++) {
        rows[i] = add_variable(uow, instance, apr_psprintf(pool, "v%d", i), value(i));
        details[i] = wf_uow_insert(uow, WF_TABLE_HI_DETAIL);
        details[i]->type = "VariableUpdate";
        details[i]->proc_inst_id = details[i]->execution_id = instance->id;
        details[i]->name = rows[i]->name;
        details[i]->value = value(i);
        details[i]->revision = i;
        details[i]->time = 1;
        last = wf_uow_insert_shared(uow, WF_TABLE_HI_VARINST, rows[i]->id);
        last->proc_inst_id = last->execution_id = instance->id;
        last->name = rows[i]->name;
        last->value = value(i);
    }
    must_commit(uow, "variables");
    for (int i = 0; i <= LAST_VALUE; i++) {
        wf_value_t want = value(i);
        wf_variable_t *got = stored(rows[i]->id);

        is_int(got->value.type, want.type, "value %d: type", i);
        ok(wf_value_equal(&got->value, &want), "… content");
        is_str(got->name, rows[i]->name, "… name");
        ok(!got->bytearray_id == !wf_value_has_bytes(&want), "… a byte array if need be");
        MUST(wf_store_get(reader, WF_TABLE_HI_DETAIL, details[i]->id, &detail, pool, err),
             err);
        ok(wf_value_equal(&detail->value, &want) && detail->revision == i,
           "… as a detail");
        MUST(wf_store_get(reader, WF_TABLE_HI_VARINST, rows[i]->id, &last, pool, err),
             err);
        ok(wf_value_equal(&last->value, &want) && !strcmp(last->name, rows[i]->name),
           "… as the last one");
    }
    uow = new_unit();
    add_variable(uow, instance, "nan", wf_double(NAN));
    must_commit(uow, "not a number");
    uow = new_unit();
    {
        apr_array_header_t *all;
        wf_variable_t *last;

        MUST(wf_uow_select(uow, WF_BY_VARIABLES_OF_INSTANCE, instance->id, &all, err),
             err);
        is_int(all->nelts, LAST_VALUE + 2, "all variables of the instance");
        last = APR_ARRAY_IDX(all, all->nelts - 1, wf_variable_t *);
        ok(last->value.type == WF_DOUBLE && isnan(last->value.as.number), "not a number");
    }
}

/* What other tools see in the columns. */
static const struct {
    int value;
    const char *columns; /* TYPE_, LONG_, DOUBLE_, TEXT_ */
} layouts[] = {
    {0, "null|-|-|-"},
    {1, "boolean|1|-|-"},
    {3, "short|-32768|-|-32768"},
    {5, "integer|0|-|0"},
    {6, "long|5|-|5"},
    {9, "double|-|0.1|-"},
    {13, "string|-|-|123"},
    {16, "date|1288688700120|-|-"},
    {18, "bytes|-|-|-"},
    {20, "serializable|-|-|-"},
};

static apr_status_t take_text(void *baton, const wf_cell_t *cells, int n, wf_error_t *err)
{
    (void)n;
    (void)err;
    *(const char **)baton = wf_cell_to_text(&cells[0], pool);
    return APR_SUCCESS;
}

static void check_layout(void)
{
    wf_error_t *err = new_error();
    wf_stmt_t *stmt;

    MUST(reader->driver->prepare(reader, &stmt,
                                 "SELECT TYPE_ || '|' || COALESCE(LONG_, '-') || '|' || "
                                 "COALESCE(DOUBLE_, '-') || '|' || COALESCE(TEXT_, '-') "
                                 "FROM ACT_RU_VARIABLE WHERE ID_ = ?1",
                                 err),
         err);
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        wf_uow_t *uow = new_unit();
        wf_variable_t *row =
            add_variable(uow, add_instance(uow, "p:1"), "v", value(layouts[i].value));
        wf_cell_t arg = wf_cell_integer(row->id);
        const char *text = NULL;

        must_commit(uow, "a variable");
        MUST(reader->driver->run(reader, stmt, &arg, 1, take_text, &text, NULL, err),
             err);
        is_str(text, layouts[i].columns, "columns of value %d", layouts[i].value);
    }
}

/* From every kind of value to every other: content rows come, change and go. */
static void check_changes(void)
{
    static const int kinds[] = {0, 5, 12, 18, 20, 21};
    const int n = sizeof(kinds) / sizeof(kinds[0]);
    wf_error_t *err = new_error();
    apr_int64_t before = contents();

    for (int from = 0; from < n; from++) {
        for (int to = 0; to < n; to++) {
            wf_uow_t *uow = new_unit();
            wf_value_t want = value(kinds[to]);
            wf_variable_t *row =
                add_variable(uow, add_instance(uow, "p:1"), "v", value(kinds[from]));
            wf_id_t id = row->id;

            must_commit(uow, "before");
            uow = new_unit();
            MUST(wf_uow_get(uow, WF_TABLE_VARIABLE, id, &row, err), err);
            row->value = want;
            wf_uow_update(uow, row);
            must_commit(uow, "after");
            row = stored(id);
            ok(wf_value_equal(&row->value, &want), "from value %d to %d", kinds[from],
               kinds[to]);
            is_int(contents() - before, wf_value_has_bytes(&want), "… content rows");
            uow = new_unit();
            MUST(wf_uow_get(uow, WF_TABLE_VARIABLE, id, &row, err), err);
            row->value = wf_string("changed before it is deleted");
            wf_uow_delete(uow, row);
            must_commit(uow, "delete");
            is_int(contents(), before, "… none after the variable is deleted");
        }
    }
}

/* The last value changes with its variable, in a byte array of its own, and stays. */
static void check_last_value(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_variable_t *row = add_variable(uow, add_instance(uow, "p:1"), "v", value(20));
    wf_hi_varinst_t *last = wf_uow_insert_shared(uow, WF_TABLE_HI_VARINST, row->id);
    wf_id_t id = row->id;
    apr_int64_t before = contents();
    apr_array_header_t *rows;

    last->name = row->name;
    last->value = row->value;
    last->proc_inst_id = row->proc_inst_id;
    must_commit(uow, "a variable");
    is_int(contents() - before, 2, "two contents");
    uow = new_unit();
    MUST(wf_uow_get(uow, WF_TABLE_VARIABLE, id, &row, err), err);
    MUST(wf_uow_get(uow, WF_TABLE_HI_VARINST, id, &last, err), err);
    wf_uow_delete(uow, row);
    last->value = value(21);
    wf_uow_update(uow, last);
    must_commit(uow, "the last value");
    is_int(contents() - before, 1, "one after the variable went");
    uow = new_unit();
    MUST(wf_uow_select(uow, WF_BY_HI_VARIABLES_OF_INSTANCE, last->proc_inst_id, &rows,
                       err),
         err);
    last = rows->nelts ? APR_ARRAY_IDX(rows, 0, wf_hi_varinst_t *) : NULL;
    ok(last && last->value.type == WF_MAP && last->row.rev == 2, "… the last one");
    wf_uow_delete(uow, last);
    must_commit(uow, "delete");
    is_int(contents(), before, "none after that");
}

/* A list that was changed in place is written although its address is the same. */
static void check_change_in_place(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_variable_t *row = add_variable(uow, add_instance(uow, "p:1"), "v", list_value());
    wf_id_t id = row->id;
    int count = wf_list_count(row->value.as.list);

    must_commit(uow, "before");
    uow = new_unit();
    MUST(wf_uow_get(uow, WF_TABLE_VARIABLE, id, &row, err), err);
    wf_list_push(row->value.as.list, wf_string("more"));
    wf_uow_update(uow, row);
    must_commit(uow, "after");
    is_int(wf_list_count(stored(id)->value.as.list), count + 1, "one item more");
}

static void check_resource(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_deployment_t *deployment = add_deployment(uow, "files");
    const apr_size_t size = 3 * 1024 * 1024;
    char *big = apr_palloc(pool, size);
    wf_bytearray_t *row, *empty;

    memset(big, 0x5a, size);
    row = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);
    row->deployment_id = deployment->id;
    row->name = "org/big.png";
    row->bytes = big;
    row->length = size;
    empty = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);
    empty->deployment_id = deployment->id;
    empty->name = "org/empty.form";
    empty->bytes = "";
    must_commit(uow, "resources");
    MUST(wf_store_resource(reader, deployment->id, "org/big.png", &row, pool, err), err);
    ok(row && row->length == size && !memcmp(row->bytes, big, size), "a large resource");
    MUST(wf_store_resource(reader, deployment->id, "org/empty.form", &row, pool, err),
         err);
    ok(row && row->length == 0, "an empty resource");
    MUST(wf_store_resource(reader, deployment->id, "big.png", &row, pool, err), err);
    ok(!row, "names are whole names");
    MUST(wf_store_resource(reader, deployment->id + 1, "org/big.png", &row, pool, err),
         err);
    ok(!row, "of this deployment only");
}

int main(void)
{
    begin_test();
    open_test_store();
    deploy_process();
    check_round_trip();
    check_layout();
    check_changes();
    check_last_value();
    check_change_in_place();
    check_resource();
    close_test_store();
    return end_test();
}
