/* Rows and cells: a row struct becomes the arguments of a statement, a result becomes a
 * row struct, column by column as tables.c describes it. */
#include "store/internal.h"

#include <apr_strings.h>
#include <string.h>

wf_cell_t wf_cell_null(void)
{
    return (wf_cell_t){.type = WF_CELL_NULL};
}

wf_cell_t wf_cell_integer(apr_int64_t i)
{
    return (wf_cell_t){.type = WF_CELL_INTEGER, .as.integer = i};
}

wf_cell_t wf_cell_real(double d)
{
    return (wf_cell_t){.type = WF_CELL_REAL, .as.real = d};
}

wf_cell_t wf_cell_text(const char *s)
{
    if (!s) {
        return wf_cell_null();
    }
    return (wf_cell_t){.type = WF_CELL_TEXT, .as.text = {s, strlen(s)}};
}

wf_cell_t wf_cell_bytes(const void *data, apr_size_t length)
{
    if (!data) {
        return wf_cell_null();
    }
    return (wf_cell_t){.type = WF_CELL_BYTES, .as.text = {data, length}};
}

int wf_cell_equal(const wf_cell_t *a, const wf_cell_t *b)
{
    if (a->type != b->type) {
        return 0;
    }
    switch (a->type) {
    case WF_CELL_NULL:
        return 1;
    case WF_CELL_INTEGER:
        return a->as.integer == b->as.integer;
    case WF_CELL_REAL:
        return !memcmp(&a->as.real, &b->as.real, sizeof(double)); /* NaN equals itself */
    default:
        return a->as.text.length == b->as.text.length
               && !memcmp(a->as.text.data, b->as.text.data, a->as.text.length);
    }
}

apr_int64_t wf_cell_to_integer(const wf_cell_t *cell)
{
    return cell->type == WF_CELL_INTEGER ? cell->as.integer : 0;
}

const char *wf_cell_to_text(const wf_cell_t *cell, apr_pool_t *p)
{
    return cell->type == WF_CELL_TEXT
               ? apr_pstrmemdup(p, cell->as.text.data, cell->as.text.length)
               : NULL;
}

/* ---- writing --------------------------------------------------------------------- */

static wf_cell_t integer_unless(apr_int64_t i, apr_int64_t null)
{
    return i == null ? wf_cell_null() : wf_cell_integer(i);
}

static void cell_of(const wf_column_t *c, const void *row, wf_cell_t *cell, apr_pool_t *p)
{
    const void *member = (const char *)row + c->offset;

    switch (c->kind) {
    case WF_COL_ID:
    case WF_COL_TIME:
        *cell = integer_unless(*(const apr_int64_t *)member, 0);
        break;
    case WF_COL_DURATION:
        *cell = integer_unless(*(const apr_int64_t *)member, -1);
        break;
    case WF_COL_RETRIES:
        *cell = integer_unless(*(const int *)member, -1);
        break;
    case WF_COL_LONG:
        *cell = wf_cell_integer(*(const apr_int64_t *)member);
        break;
    case WF_COL_INT:
    case WF_COL_SUSPENSION:
    case WF_COL_REV:
        *cell = wf_cell_integer(*(const int *)member);
        break;
    case WF_COL_BOOL:
        *cell = wf_cell_integer(!!*(const int *)member);
        break;
    case WF_COL_REAL:
        *cell = wf_cell_real(*(const double *)member);
        break;
    case WF_COL_TEXT:
        *cell = wf_cell_text(*(const char *const *)member);
        break;
    case WF_COL_IS_SET:
        *cell = wf_cell_integer(*(const char *const *)member != NULL);
        break;
    case WF_COL_BYTES:
        *cell =
            wf_cell_bytes(*(const void *const *)member,
                          *(const apr_size_t *)((const char *)member + sizeof(void *)));
        break;
    default:
        wf_value_cell(c->kind, member, cell, p);
    }
}

int wf_row_cells(const void *row, wf_cell_t *cells, apr_pool_t *p)
{
    const wf_table_def_t *t = &wf_tables[((const wf_row_t *)row)->table];
    int n = 0;

    for (int i = 0; i < t->count; i++) {
        if (!(t->columns[i].flags & WF_COLUMN_JOINED)) {
            cell_of(&t->columns[i], row, &cells[n++], p);
        }
    }
    return n;
}

/* ---- reading --------------------------------------------------------------------- */

static void take_bytes(const wf_cell_t *cell, void *member, apr_pool_t *p)
{
    int any = cell->type == WF_CELL_BYTES || cell->type == WF_CELL_TEXT;
    const void *bytes =
        any ? apr_pmemdup(p, cell->as.text.data, cell->as.text.length) : NULL;
    apr_size_t length = any ? cell->as.text.length : 0;

    memcpy(member, &bytes, sizeof(bytes));
    memcpy((char *)member + sizeof(bytes), &length, sizeof(length));
}

static apr_status_t take_cell(const wf_column_t *c, const wf_cell_t *cell, void *row,
                              apr_pool_t *p, wf_error_t *err)
{
    void *member = (char *)row + c->offset;

    switch (c->kind) {
    case WF_COL_ID:
    case WF_COL_TIME:
    case WF_COL_LONG:
        *(apr_int64_t *)member = wf_cell_to_integer(cell);
        break;
    case WF_COL_DURATION:
        *(apr_int64_t *)member =
            cell->type == WF_CELL_NULL ? -1 : wf_cell_to_integer(cell);
        break;
    case WF_COL_RETRIES:
        *(int *)member = cell->type == WF_CELL_NULL ? -1 : (int)wf_cell_to_integer(cell);
        break;
    case WF_COL_INT:
    case WF_COL_SUSPENSION:
    case WF_COL_REV:
    case WF_COL_BOOL:
        *(int *)member = (int)wf_cell_to_integer(cell);
        break;
    case WF_COL_REAL:
        *(double *)member =
            cell->type == WF_CELL_REAL ? cell->as.real : (double)wf_cell_to_integer(cell);
        break;
    case WF_COL_TEXT:
        *(const char **)member = wf_cell_to_text(cell, p);
        break;
    case WF_COL_BYTES:
        take_bytes(cell, member, p);
        break;
    case WF_COL_IS_SET:
        break;
    default:
        return wf_value_take(c->kind, cell, member, p, err);
    }
    return APR_SUCCESS;
}

apr_status_t wf_row_read(void **row, wf_table_e table, const wf_cell_t *cells,
                         apr_size_t prefix, apr_pool_t *p, wf_error_t *err)
{
    const wf_table_def_t *t = &wf_tables[table];
    wf_row_t *read = (wf_row_t *)((char *)apr_pcalloc(p, prefix + t->size) + prefix);

    read->table = table;
    read->rev = 1;
    for (int i = 0; i < t->count; i++) {
        apr_status_t rv = take_cell(&t->columns[i], &cells[i], read, p, err);

        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "%s", wf_row_label(read, p));
        }
    }
    *row = read;
    return APR_SUCCESS;
}
