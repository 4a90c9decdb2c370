/* Tables of the store as Activiti 5.0 names them, for administrators: which there are,
 * what columns they have, what is in them. Only known tables and columns reach the store.
 */
#include "activiti/internal.h"

#include <string.h>

/* ---- names ------------------------------------------------------------------------- */

static const char *class_of(wf_type_e type)
{
    /* clang-format off */
    static const char *const classes[WF_TYPES] = {
        [WF_STRING]  = "class java.lang.String",
        [WF_INTEGER] = "class java.lang.Integer",
        [WF_LONG]    = "class java.lang.Long",
        [WF_DOUBLE]  = "class java.lang.Double",
        [WF_BOOLEAN] = "class java.lang.Boolean",
        [WF_DATE]    = "class java.sql.Timestamp",
        [WF_BYTES]   = "class [B",
    };
    /* clang-format on */

    return classes[type];
}

/* The columns of the path's table. */
static apr_status_t path_columns(wf_request_t *req, const wf_view_column_t **columns,
                                 wf_error_t *err)
{
    const char *table = wf_request_var(req, "tableName");

    *columns = wf_store_view_columns(table);
    return *columns ? APR_SUCCESS
                    : wf_error_set(err, WF_ERR_NOT_FOUND, "no table '%s'", table);
}

/* ---- tables ------------------------------------------------------------------------ */

apr_status_t wf_table_list(wf_request_t *req, wf_error_t *err)
{
    wf_store_t *store = wf_request_store(req, err);
    json_object *data, *answer;

    if (!store) {
        return WF_EFAILED;
    }
    data = json_object_new_array();
    answer = wf_json_own(json_object_new_object(), req->pool);
    json_object_object_add(answer, "data", data);
    for (const char *const *table = wf_store_views(); *table; table++) {
        json_object *row = json_object_new_object();
        apr_int64_t total = 0;
        apr_status_t rv = wf_store_view_total(store, *table, &total, err);

        json_object_array_add(data, row);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        wf_json_add_string(row, "tableName", *table);
        wf_json_add_int(row, "noOfResults", total);
        wf_json_add_int(row, "total", total); /* the name that other clients look for */
    }
    return wf_respond_json(req, 200, json_object_get(answer));
}

apr_status_t wf_table_get(wf_request_t *req, wf_error_t *err)
{
    const wf_view_column_t *columns;
    json_object *answer, *names, *types;
    apr_status_t rv = path_columns(req, &columns, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    answer = json_object_new_object();
    names = json_object_new_array();
    types = json_object_new_array();
    for (; columns->name; columns++) {
        json_object_array_add(names, json_object_new_string(columns->name));
        json_object_array_add(types, json_object_new_string(class_of(columns->type)));
    }
    wf_json_add_string(answer, "tableName", wf_request_var(req, "tableName"));
    json_object_object_add(answer, "columnNames", names);
    json_object_object_add(answer, "columnTypes", types);
    return wf_respond_json(req, 200, answer);
}

/* ---- data -------------------------------------------------------------------------- */

/* A row with what it needs to be rendered. */
typedef struct view_row_t {
    const wf_view_column_t *columns;
    const wf_value_t *values;
} view_row_t;

/* Scalars are texts, whatever they are, and of bytes only their number is shown. */
static json_object *render_value(const wf_value_t *value, apr_pool_t *p)
{
    const char *text;

    if (value->type == WF_BYTES) {
        return json_object_new_int64((apr_int64_t)value->as.text.length);
    }
    text = wf_value_text(value, p);
    return text ? json_object_new_string(text) : NULL;
}

static json_object *render_row(const void *data, apr_pool_t *p)
{
    const view_row_t *row = data;
    json_object *o = json_object_new_object();

    for (int i = 0; row->columns[i].name; i++) {
        json_object_object_add(o, row->columns[i].name, render_value(&row->values[i], p));
    }
    return o;
}

/* Put each row together with the columns. */
static void join_columns(wf_rows_t *rows, const wf_view_column_t *columns, apr_pool_t *p)
{
    for (int i = 0; i < rows->rows->nelts; i++) {
        view_row_t *row = apr_palloc(p, sizeof *row);

        row->columns = columns;
        row->values = APR_ARRAY_IDX(rows->rows, i, const wf_value_t *);
        APR_ARRAY_IDX(rows->rows, i, view_row_t *) = row;
    }
}

/* Unlike other lists: sorted by any column, and in every order that is not "asc"
 * downwards. */
static apr_status_t read_paging(wf_request_t *req, const wf_view_column_t *columns,
                                wf_paging_t *paging, wf_error_t *err)
{
    const char *sort = wf_query_text(req->query, "sort");
    const char *order = wf_query_text(req->query, "order");
    apr_int64_t start = 0, size = WF_PAGE_SIZE;
    apr_status_t rv;

    if ((rv = wf_query_int(req->query, "start", &start, err)) != APR_SUCCESS
        || (rv = wf_query_int(req->query, "size", &size, err)) != APR_SUCCESS) {
        return rv;
    }
    if (size > req->config->max_page) {
        size = req->config->max_page;
    }
    paging->start = start;
    paging->sort = sort ? sort : columns[0].name;
    paging->page =
        (wf_page_t){ start, size, paging->sort, order && strcmp(order, "asc") != 0 };
    paging->order = paging->page.descending ? "desc" : "asc";
    return APR_SUCCESS;
}

apr_status_t wf_table_data(wf_request_t *req, wf_error_t *err)
{
    const wf_view_column_t *columns;
    wf_paging_t paging;
    wf_rows_t rows;
    wf_store_t *store;
    apr_status_t rv;

    if ((rv = path_columns(req, &columns, err)) != APR_SUCCESS
        || (rv = read_paging(req, columns, &paging, err)) != APR_SUCCESS) {
        return rv;
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    rv = wf_store_view(store, wf_request_var(req, "tableName"), &paging.page, &rows,
                       req->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    join_columns(&rows, columns, req->pool);
    return wf_respond_json(req, 200,
                           wf_page_to_json(&paging, &rows, render_row, req->pool));
}
