/* Pages of lists: what a call asks for, checked against the list's table in list_sql.c,
 * and the statements that answer it. */
#include "store/internal.h"

#include <apr_strings.h>
#include <string.h>

const char *const *wf_store_sort_keys(wf_list_e list)
{
    return wf_lists[list].keys;
}

/* ---- statements ------------------------------------------------------------------ */

/* One statement of a list with what it is given. */
typedef struct call_t {
    wf_list_key_t key;
    wf_cell_t cells[WF_MAX_FILTERS + WF_MAX_FANS + 2]; /* values of filters, texts of the
                                                          fan, size and start */
    int args;
} call_t;

static apr_status_t find_statement(wf_store_t *store, const wf_list_key_t *key,
                                   wf_stmt_t **stmt, wf_error_t *err)
{
    wf_stmt_t **slot = wf_store_slot(store, &store->lists, key, sizeof(*key));
    apr_status_t rv =
        WF_PREPARED(store, slot, wf_sql_list(store->driver, key, store->pool), err);

    *stmt = *slot;
    return rv;
}

/* Put the texts of the fan behind the filters' values, if the statement needs any. */
static apr_status_t spread_fan(wf_store_t *store, call_t *call, apr_pool_t *p,
                               wf_error_t *err)
{
    int arg;
    const wf_filter_def_t *f = wf_list_fan(&call->key, &arg);
    apr_array_header_t *texts;
    wf_cell_t args[2];
    apr_status_t rv;

    if (!f) {
        return APR_SUCCESS;
    }
    texts = apr_array_make(p, 8, sizeof(const char *));
    args[0] = call->cells[arg];
    args[1] = wf_cell_integer(WF_MAX_FANS + 1);
    rv = wf_store_texts(store, f->fan_texts, args, 2, texts, err);
    if (texts->nelts > WF_MAX_FANS) {
        call->key.fans = -1;
        return rv;
    }
    call->key.fans = texts->nelts;
    for (int i = 0; i < texts->nelts; i++) {
        call->cells[call->args++] = wf_cell_text(APR_ARRAY_IDX(texts, i, const char *));
    }
    return rv;
}

static apr_status_t prepare_call(wf_store_t *store, call_t *call, wf_stmt_t **stmt,
                                 apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = spread_fan(store, call, p, err);

    return rv == APR_SUCCESS ? find_statement(store, &call->key, stmt, err) : rv;
}

static apr_status_t count_rows(wf_store_t *store, const call_t *filters,
                               apr_int64_t *total, apr_pool_t *p, wf_error_t *err)
{
    call_t call = *filters;
    wf_stmt_t *stmt;
    apr_status_t rv;

    call.key.sort = -1;
    call.key.descending = 0;
    rv = prepare_call(store, &call, &stmt, p, err);
    return rv == APR_SUCCESS ? store->driver->run(store, stmt, call.cells, call.args,
                                                  wf_row_number, total, NULL, err)
                             : rv;
}

apr_status_t wf_list_total(wf_store_t *store, wf_list_e list, const char *filter,
                           const wf_cell_t *value, apr_int64_t *total, apr_pool_t *p,
                           wf_error_t *err)
{
    call_t call;

    memset(&call.key, 0, sizeof(call.key));
    call.key.list = list;
    call.key.filters = wf_list_filter(list, filter);
    call.cells[0] = *value;
    call.args = 1;
    return count_rows(store, &call, total, p, err);
}

/* ---- what a call asks for -------------------------------------------------------- */

static int find_sort(wf_list_e list, const char *key)
{
    for (int i = 0; wf_lists[list].keys[i]; i++) {
        if (!strcmp(wf_lists[list].keys[i], key)) {
            return i;
        }
    }
    return -1;
}

static apr_status_t read_order(call_t *call, const wf_page_t *page, wf_error_t *err)
{
    int newest_first = wf_lists[call->key.list].newest_first;

    call->key.sort = page->sort ? find_sort(call->key.list, page->sort) : 0;
    if (call->key.sort < 0) {
        return wf_error_field(err, WF_ERR_INVALID, "sort", "cannot sort by '%s'",
                              page->sort);
    }
    call->key.descending = page->descending || (!page->sort && newest_first);
    return APR_SUCCESS;
}

static int is_given(const wf_filter_t *filter)
{
    return filter->value.type != WF_NULL
           && (filter->value.type != WF_BOOLEAN || filter->value.as.boolean);
}

static int fits(wf_filter_e kind, const wf_value_t *value)
{
    switch (kind) {
    case WF_FILTER_NUMBER:
        return wf_is_integer(value);
    case WF_FILTER_DATE:
        return value->type == WF_DATE;
    case WF_FILTER_FLAG:
        return value->type == WF_BOOLEAN;
    default:
        return value->type == WF_STRING;
    }
}

/* "50%" is searched as it is written: % and _ mean nothing, case does not matter. */
static const char *pattern_of(const char *part, apr_pool_t *p)
{
    char *pattern = apr_palloc(p, 2 * strlen(part) + 3);
    char *to = pattern;

    *to++ = '%';
    for (; *part; part++) {
        if (strchr("%_\\", *part)) {
            *to++ = '\\';
        }
        *to++ = *part;
    }
    *to++ = '%';
    *to = '\0';
    return pattern;
}

static wf_cell_t cell_of(wf_filter_e kind, const wf_value_t *value, apr_pool_t *p)
{
    switch (kind) {
    case WF_FILTER_TEXT:
        return wf_cell_text(value->as.text.data);
    case WF_FILTER_PART:
        return wf_cell_text(pattern_of(value->as.text.data, p));
    default:
        return wf_cell_integer(value->as.integer);
    }
}

/* The value of the filter in the call, NULL if it is not given. Of two the last counts.
 */
static const wf_value_t *value_of(const char *name, const wf_filter_t *filters, int count)
{
    while (count-- > 0) {
        if (!strcmp(filters[count].name, name)) {
            return is_given(&filters[count]) ? &filters[count].value : NULL;
        }
    }
    return NULL;
}

static apr_status_t check_names(wf_list_e list, const wf_filter_t *filters, int count,
                                wf_error_t *err)
{
    for (int i = 0; i < count; i++) {
        if (!wf_list_filter(list, filters[i].name)) {
            return wf_error_field(err, WF_ERR_INVALID, filters[i].name,
                                  "the list has no filter '%s'", filters[i].name);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t refuse_whole(const wf_list_def_t *def, wf_error_t *err)
{
    const char *names = "";

    for (int i = 0; def->filters[i].name; i++) {
        if (def->leads & 1u << i) {
            names = apr_pstrcat(err->pool, names, *names ? ", " : "",
                                def->filters[i].name, NULL);
        }
    }
    return wf_error_set(err, WF_ERR_INVALID, "one of the filters %s is required", names);
}

static apr_status_t read_filters(call_t *call, const wf_filter_t *filters, int count,
                                 apr_pool_t *p, wf_error_t *err)
{
    const wf_list_def_t *def = &wf_lists[call->key.list];
    apr_status_t rv = check_names(call->key.list, filters, count, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; def->filters && def->filters[i].name; i++) {
        const wf_filter_def_t *f = &def->filters[i];
        const wf_value_t *value = value_of(f->name, filters, count);

        if (value && !fits(f->kind, value)) {
            return wf_error_field(err, WF_ERR_INVALID, f->name,
                                  "filter '%s' does not take a value of type %s", f->name,
                                  wf_type_name(value->type));
        }
        if (value) {
            call->key.filters |= 1u << i;
        }
        if (value && f->kind != WF_FILTER_FLAG) {
            call->cells[call->args++] = cell_of(f->kind, value, p);
        }
    }
    return def->leads && !(def->leads & call->key.filters) ? refuse_whole(def, err)
                                                           : APR_SUCCESS;
}

/* ---- pages ----------------------------------------------------------------------- */

static apr_status_t read_rows(wf_store_t *store, const call_t *filters, apr_int64_t size,
                              apr_int64_t start, apr_array_header_t *rows, apr_pool_t *p,
                              wf_error_t *err)
{
    call_t call = *filters;
    wf_stmt_t *stmt;
    apr_status_t rv = prepare_call(store, &call, &stmt, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    call.cells[call.args++] = wf_cell_integer(size);
    call.cells[call.args++] = wf_cell_integer(start);
    return wf_store_rows(store, stmt, wf_lists[call.key.list].table, call.cells,
                         call.args, 0, rows, p, err);
}

static apr_status_t read_page(wf_store_t *store, const call_t *filters,
                              const wf_page_t *page, wf_rows_t *rows, apr_pool_t *p,
                              wf_error_t *err)
{
    apr_int64_t start = page->start > 0 ? page->start : 0;
    apr_int64_t size = page->size > 0 ? page->size : 0;
    apr_status_t rv =
        size ? read_rows(store, filters, size, start, rows->rows, p, err) : APR_SUCCESS;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* A page that is not full is the last one: what lies before it is known. */
    if (rows->rows->nelts < size && (rows->rows->nelts || !start)) {
        rows->total = start + rows->rows->nelts;
        return APR_SUCCESS;
    }
    return count_rows(store, filters, &rows->total, p, err);
}

apr_status_t wf_store_list(wf_store_t *store, wf_list_e list, const wf_filter_t *filters,
                           int count, const wf_page_t *page, wf_rows_t *rows,
                           apr_pool_t *p, wf_error_t *err)
{
    call_t call;
    apr_status_t rv;

    memset(&call.key, 0, sizeof(call.key));
    call.key.list = list;
    call.args = 0;
    rv = read_order(&call, page, err);
    if (rv == APR_SUCCESS) {
        rv = read_filters(&call, filters, count, p, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rows->rows = apr_array_make(p, 16, sizeof(void *));
    rows->total = 0;
    /* Page and total are of one moment. */
    rv = store->driver->transact(store, WF_TX_READ, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = read_page(store, &call, page, rows, p, err);
    return wf_store_read_end(store, rv, err);
}
