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

apr_status_t wf_list_statement(wf_store_t *store, const wf_list_key_t *key,
                               wf_stmt_t **stmt, wf_error_t *err)
{
    apr_status_t rv;

    if (!store->lists) {
        store->lists = apr_hash_make(store->pool);
    }
    *stmt = apr_hash_get(store->lists, key, sizeof(*key));
    if (*stmt) {
        return APR_SUCCESS;
    }
    rv = store->driver->prepare(store, stmt, wf_sql_list(store->driver, key, store->pool),
                                err);
    if (rv == APR_SUCCESS) {
        apr_hash_set(store->lists, apr_pmemdup(store->pool, key, sizeof(*key)),
                     sizeof(*key), *stmt);
    }
    return rv;
}

apr_status_t wf_list_total(wf_store_t *store, const wf_list_key_t *key,
                           const wf_cell_t *args, int count, apr_int64_t *total,
                           wf_error_t *err)
{
    wf_list_key_t counting = {key->list, key->filters, -1, 0};
    wf_stmt_t *stmt;
    apr_status_t rv = wf_list_statement(store, &counting, &stmt, err);

    return rv == APR_SUCCESS ? store->driver->run(store, stmt, args, count, wf_row_number,
                                                  total, NULL, err)
                             : rv;
}

/* ---- what a call asks for -------------------------------------------------------- */

typedef struct request_t {
    wf_list_key_t key;
    apr_int64_t start, size;
    wf_cell_t cells[WF_MAX_FILTERS + 2]; /* values of filters, then size and start */
    int args;                            /* without size and start */
} request_t;

static int find_sort(wf_list_e list, const char *key)
{
    for (int i = 0; wf_lists[list].keys[i]; i++) {
        if (!strcmp(wf_lists[list].keys[i], key)) {
            return i;
        }
    }
    return -1;
}

static apr_status_t read_page_options(request_t *r, const wf_page_t *page,
                                      wf_error_t *err)
{
    int newest_first = wf_lists[r->key.list].newest_first;

    r->key.sort = page->sort ? find_sort(r->key.list, page->sort) : 0;
    if (r->key.sort < 0) {
        return wf_error_field(err, WF_ERR_INVALID, "sort", "cannot sort by '%s'",
                              page->sort);
    }
    r->key.descending = page->descending || (!page->sort && newest_first);
    r->start = page->start > 0 ? page->start : 0;
    r->size = page->size > 0 ? page->size : 0;
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

/* The value of the filter in the call, NULL if it is not given. Of two the last counts. */
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

static apr_status_t read_filters(request_t *r, const wf_filter_t *filters, int count,
                                 apr_pool_t *p, wf_error_t *err)
{
    const wf_list_def_t *def = &wf_lists[r->key.list];
    apr_status_t rv = check_names(r->key.list, filters, count, err);

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
            r->key.filters |= 1u << i;
        }
        if (value && f->kind != WF_FILTER_FLAG) {
            r->cells[r->args++] = cell_of(f->kind, value, p);
        }
    }
    return def->leads && !(def->leads & r->key.filters) ? refuse_whole(def, err)
                                                        : APR_SUCCESS;
}

/* ---- pages ----------------------------------------------------------------------- */

static apr_status_t read_rows(wf_store_t *store, request_t *r, wf_rows_t *rows,
                              apr_pool_t *p, wf_error_t *err)
{
    wf_stmt_t *stmt;
    apr_status_t rv = wf_list_statement(store, &r->key, &stmt, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    r->cells[r->args] = wf_cell_integer(r->size);
    r->cells[r->args + 1] = wf_cell_integer(r->start);
    return wf_store_rows(store, stmt, wf_lists[r->key.list].table, r->cells, r->args + 2,
                         0, rows->rows, p, err);
}

static apr_status_t read_page(wf_store_t *store, request_t *r, wf_rows_t *rows,
                              apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = r->size ? read_rows(store, r, rows, p, err) : APR_SUCCESS;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* A page that is not full is the last one: what lies before it is known. */
    if (rows->rows->nelts < r->size && (rows->rows->nelts || !r->start)) {
        rows->total = r->start + rows->rows->nelts;
        return APR_SUCCESS;
    }
    return wf_list_total(store, &r->key, r->cells, r->args, &rows->total, err);
}

apr_status_t wf_store_list(wf_store_t *store, wf_list_e list, const wf_filter_t *filters,
                           int count, const wf_page_t *page, wf_rows_t *rows,
                           apr_pool_t *p, wf_error_t *err)
{
    request_t request;
    apr_status_t rv;

    memset(&request, 0, sizeof(request)); /* the key is hashed by its bytes */
    request.key.list = list;
    rv = read_page_options(&request, page, err);
    if (rv == APR_SUCCESS) {
        rv = read_filters(&request, filters, count, p, err);
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
    rv = read_page(store, &request, rows, p, err);
    return wf_store_read_end(store, rv, err);
}
