/* Tables: rows read from CSV or from lists of maps. */
#include "load/data.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ----------------------------------------------------------------------- */

const wf_value_t *wf_table_cell(const wf_table_t *table, apr_int64_t row,
                                const char *column)
{
    int i;

    for (i = 0; i < table->ncolumns; i++) {
        if (strcmp(table->columns[i], column) == 0) {
            return &table->cells[row * table->ncolumns + i];
        }
    }
    return NULL;
}

wf_value_t wf_table_row(const wf_table_t *table, apr_int64_t row, apr_pool_t *p)
{
    wf_map_t *map = wf_map_create(p);
    int i;

    for (i = 0; i < table->ncolumns; i++) {
        wf_map_set(map, table->columns[i], table->cells[row * table->ncolumns + i]);
    }
    return wf_map(map);
}

/* ---- what both forms share --------------------------------------------------------- */

/* Names of columns: none empty, none twice. */
static int check_columns(const wf_table_t *table, const wf_where_t *path, wf_compile_t *c)
{
    apr_hash_t *seen = apr_hash_make(c->p);
    int i;

    if (table->ncolumns > WF_DATA_MAX_COLUMNS) {
        wf_compile_problem(c, "limit", NULL, path, "more than %d columns",
                           WF_DATA_MAX_COLUMNS);
        return 0;
    }
    for (i = 0; i < table->ncolumns; i++) {
        const char *name = table->columns[i];

        if (*name == '\0' || apr_hash_get(seen, name, APR_HASH_KEY_STRING)) {
            wf_compile_problem(c, "csv", NULL, path,
                               *name ? "column %d is called \"%.60s\", as one before it"
                                     : "column %d has no name",
                               i + 1, name);
            return 0;
        }
        apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
    }
    return 1;
}

/* ---- CSV --------------------------------------------------------------------------- */

typedef struct csv_t {
    char *at, *end;
    char delimiter;
    apr_int64_t line; /* of at */
    const wf_where_t *path;
    wf_compile_t *c;
    wf_table_t *table;
    apr_int64_t capacity; /* cells */
    int failed;
} csv_t;

static void bad_row(csv_t *r, apr_int64_t line, const char *why)
{
    wf_compile_problem(r->c, "csv", NULL, r->path, "line %" APR_INT64_T_FMT ": %s", line,
                       why);
    r->failed = 1;
}

/* Behind the opening quote: the text is put together in place. NULL: never closed. */
static char *read_quoted(csv_t *r)
{
    char *start = r->at, *to = r->at;

    for (; r->at < r->end; r->at++) {
        if (*r->at == '"') {
            if (r->at + 1 == r->end || r->at[1] != '"') {
                r->at++;
                *to = '\0';
                return start;
            }
            r->at++;
        }
        r->line += *r->at == '\n';
        *to++ = *r->at;
    }
    return NULL;
}

static int at_row_end(const csv_t *r)
{
    return r->at == r->end || *r->at == '\n'
           || (*r->at == '\r' && (r->at + 1 == r->end || r->at[1] == '\n'));
}

/* A field; whoever steps over what ends it puts a NUL there. */
static char *read_field(csv_t *r, const char **wrong)
{
    char *field = r->at;

    if (r->at < r->end && *r->at == '"') {
        r->at++;
        field = read_quoted(r);
        if (field == NULL) {
            *wrong = "a quote is never closed";
        }
        else if (!at_row_end(r) && *r->at != r->delimiter) {
            *wrong = "text follows a closing quote; a quote within a field is written "
                     "twice";
        }
        return field;
    }
    while (!at_row_end(r) && *r->at != r->delimiter) {
        if (*r->at == '"') {
            *wrong = "a quote within a field that does not begin with one";
        }
        r->at++;
    }
    return field;
}

static void skip_line(csv_t *r)
{
    while (r->at < r->end && *r->at != '\n') {
        r->at++;
    }
}

/* Step over the end of a line; the field before it gets its end. */
static void end_row(csv_t *r)
{
    if (r->at < r->end) {
        char *end = r->at;

        r->at += *r->at == '\r';
        r->at += r->at < r->end;
        *end = '\0';
    }
    r->line++;
}

/* The fields of a row, at most max of them stored; their number, -1 if it is bad. */
static int read_row(csv_t *r, const char **fields, int max)
{
    apr_int64_t line = r->line;
    const char *wrong = NULL;
    int n = 0;

    for (;;) {
        char *field = read_field(r, &wrong);
        int last = at_row_end(r);

        if (wrong != NULL) {
            bad_row(r, line, wrong);
            skip_line(r);
            end_row(r);
            return -1;
        }
        if (n < max) {
            fields[n] = field;
        }
        n++;
        if (last) {
            end_row(r);
            return n;
        }
        *r->at++ = '\0'; /* the delimiter */
    }
}

static int is_blank_line(csv_t *r)
{
    if (!at_row_end(r) || r->at == r->end) {
        return 0;
    }
    end_row(r);
    return 1;
}

/* Room for one more row. */
static wf_value_t *next_cells(csv_t *r)
{
    wf_table_t *t = r->table;
    apr_int64_t used = t->nrows * t->ncolumns;

    if (used + t->ncolumns > r->capacity) {
        apr_int64_t capacity = 2 * r->capacity + 64 * (apr_int64_t)t->ncolumns;
        wf_value_t *cells = realloc(t->cells, (size_t)capacity * sizeof(*cells));

        if (cells == NULL) {
            return NULL;
        }
        t->cells = cells;
        r->capacity = capacity;
    }
    return t->cells + used;
}

static int add_row(csv_t *r, const char **fields)
{
    wf_table_t *t = r->table;
    wf_value_t *cells;
    int i;

    if ((t->nrows + 1) * t->ncolumns > WF_DATA_MAX_CELLS
        || (cells = next_cells(r)) == NULL) {
        wf_compile_problem(r->c, "limit", NULL, r->path,
                           "more than %d values (rows times columns)", WF_DATA_MAX_CELLS);
        r->failed = 1;
        return 0;
    }
    for (i = 0; i < t->ncolumns; i++) {
        cells[i] = wf_string(fields[i]);
    }
    t->nrows++;
    return 1;
}

static int read_header(csv_t *r, const wf_csv_t *csv)
{
    wf_table_t *t = r->table;
    const char **names;

    if (csv->columns != NULL) {
        t->columns =
            apr_pmemdup(r->c->p, csv->columns, csv->ncolumns * sizeof(*csv->columns));
        t->ncolumns = csv->ncolumns;
    }
    else {
        while (is_blank_line(r)) {
        }
        names = apr_palloc(r->c->p, WF_DATA_MAX_COLUMNS * sizeof(*names));
        t->columns = names;
        t->ncolumns = r->at < r->end ? read_row(r, names, WF_DATA_MAX_COLUMNS) : 0;
    }
    if (t->ncolumns == 0) {
        wf_compile_problem(r->c, "csv", NULL, r->path,
                           "is empty: the first line names the columns");
    }
    return t->ncolumns > 0 && check_columns(t, r->path, r->c);
}

static void read_rows(csv_t *r)
{
    int n, columns = r->table->ncolumns;
    const char **fields = apr_palloc(r->c->p, columns * sizeof(*fields));

    while (r->at < r->end) {
        apr_int64_t line = r->line;

        if (is_blank_line(r)) {
            continue;
        }
        n = read_row(r, fields, columns);
        if (n >= 0 && n != columns) {
            bad_row(r, line,
                    apr_psprintf(r->c->p, "has %d fields instead of %d", n, columns));
        }
        else if (n == columns && !r->failed && !add_row(r, fields)) {
            return;
        }
        if (r->c->problems->dropped > 0) {
            return; /* nobody reads more of them */
        }
    }
}

/* The line of the first byte that is no UTF-8. */
static int check_utf8(csv_t *r)
{
    const char *at = r->at, *line_end;
    apr_int64_t line = 1;

    if (wf_utf8_valid(at, (apr_size_t)(r->end - at))) {
        return 1;
    }
    for (; at < r->end; at = line_end + 1, line++) {
        line_end = memchr(at, '\n', (apr_size_t)(r->end - at));
        line_end = line_end ? line_end : r->end;
        if (!wf_utf8_valid(at, (apr_size_t)(line_end - at))) {
            break;
        }
    }
    bad_row(r, line, "is not UTF-8 text");
    return 0;
}

static apr_status_t free_cells(void *table)
{
    free(((wf_table_t *)table)->cells);
    return APR_SUCCESS;
}

wf_table_t *wf_table_from_csv(char *text, apr_size_t length, const wf_csv_t *csv,
                              const wf_where_t *path, wf_compile_t *c)
{
    csv_t r = { .delimiter = csv->delimiter, .line = 1, .path = path, .c = c };

    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        length -= 3;
    }
    r.at = text;
    r.end = text + length;
    r.table = apr_pcalloc(c->p, sizeof(*r.table));
    apr_pool_cleanup_register(c->p, r.table, free_cells, apr_pool_cleanup_null);
    if (!check_utf8(&r) || !read_header(&r, csv)) {
        return NULL;
    }
    read_rows(&r);
    if (!r.failed && r.table->nrows == 0) {
        wf_compile_problem(c, "csv", NULL, path, "has no rows");
        return NULL;
    }
    return r.failed ? NULL : r.table;
}

/* ---- lists of maps ----------------------------------------------------------------- */

/* Columns in the order in which they are met. */
static void collect_columns(wf_table_t *t, const wf_list_t *rows, apr_pool_t *p)
{
    wf_map_t *names = wf_map_create(p);
    apr_int64_t row;
    int i;

    for (row = 0; row < t->nrows; row++) {
        const wf_map_t *map = wf_list_at(rows, (int)row)->as.map;

        for (i = 0; i < wf_map_count(map); i++) {
            wf_map_set(names, wf_map_key(map, i), wf_null());
        }
    }
    t->ncolumns = wf_map_count(names);
    t->columns = apr_palloc(p, (t->ncolumns + 1) * sizeof(*t->columns));
    for (i = 0; i < t->ncolumns; i++) {
        t->columns[i] = wf_map_key(names, i);
    }
}

static int check_rows(const wf_value_t *rows, const wf_where_t *path, wf_compile_t *c)
{
    int i, count;

    if (rows->type != WF_LIST || wf_list_count(rows->as.list) == 0) {
        wf_compile_problem(c, "type", NULL, path,
                           rows->type == WF_LIST ? "has no rows"
                                                 : "must be a list of maps");
        return 0;
    }
    count = wf_list_count(rows->as.list);
    for (i = 0; i < count; i++) {
        if (wf_list_at(rows->as.list, i)->type != WF_MAP) {
            wf_where_t at = { .up = path, .index = i };

            wf_compile_problem(c, "type", NULL, &at, "must be a map, as every row");
            return 0;
        }
    }
    return 1;
}

wf_table_t *wf_table_from_value(const wf_value_t *rows, const wf_where_t *path,
                                wf_compile_t *c)
{
    wf_table_t *t = apr_pcalloc(c->p, sizeof(*t));
    apr_int64_t row;
    int i;

    if (!check_rows(rows, path, c)) {
        return NULL;
    }
    t->nrows = wf_list_count(rows->as.list);
    collect_columns(t, rows->as.list, c->p);
    if (t->ncolumns == 0 || !check_columns(t, path, c)) {
        wf_compile_problem(c, "value", NULL, path, "has no columns");
        return NULL;
    }
    if (t->nrows * t->ncolumns > WF_DATA_MAX_CELLS) {
        wf_compile_problem(c, "limit", NULL, path,
                           "more than %d values (rows times columns)", WF_DATA_MAX_CELLS);
        return NULL;
    }
    t->cells =
        apr_pcalloc(c->p, (apr_size_t)(t->nrows * t->ncolumns) * sizeof(*t->cells));
    for (row = 0; row < t->nrows; row++) {
        const wf_map_t *map = wf_list_at(rows->as.list, (int)row)->as.map;

        for (i = 0; i < t->ncolumns; i++) {
            const wf_value_t *cell = wf_map_get(map, t->columns[i]);

            t->cells[row * t->ncolumns + i] = cell ? *cell : wf_null();
        }
    }
    return t;
}
