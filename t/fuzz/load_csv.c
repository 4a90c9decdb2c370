/* Fuzz target of CSV. The first byte is the delimiter, the rest is the text. Whatever it
 * is: a table that reads the same when it is written again, or problems that name lines.
 */
#include "load/data.h"
#include "fuzz.h"

static void fuzz_write(wf_buffer_t *out, const char *text, char after)
{
    wf_buffer_append(out, "\"", 1);
    for (; *text; text++) {
        wf_buffer_append(out, text, 1);
        if (*text == '"') {
            wf_buffer_append(out, text, 1);
        }
    }
    wf_buffer_append(out, "\"", 1);
    wf_buffer_append(out, &after, 1);
}

static wf_buffer_t *fuzz_write_table(const wf_table_t *table, char delimiter,
                                     apr_pool_t *p)
{
    wf_buffer_t *out = wf_buffer_create(p);

    for (int i = 0; i < table->ncolumns; i++) {
        fuzz_write(out, table->columns[i], i + 1 < table->ncolumns ? delimiter : '\n');
    }
    for (apr_int64_t i = 0; i < table->nrows * table->ncolumns; i++) {
        fuzz_write(out, table->cells[i].as.text.data,
                   (i + 1) % table->ncolumns ? delimiter : '\n');
    }
    return out;
}

static wf_table_t *fuzz_read(char *text, size_t length, char delimiter, apr_pool_t *p)
{
    wf_compile_t c = { .problems = wf_problems_create(NULL, p), .p = p };
    wf_csv_t csv = { .delimiter = delimiter };
    wf_table_t *table = wf_table_from_csv(text, length, &csv, NULL, &c);

    if ((table == NULL) != (c.problems->errors > 0)) {
        abort();
    }
    return table;
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    wf_table_t *table, *again;
    wf_buffer_t *written;

    if (size == 0 || data[0] == '"' || data[0] == '\n' || data[0] == '\r' || data[0] == 0
        || data[0] >= 0x80) {
        return;
    }
    table = fuzz_read(apr_pstrmemdup(p, (const char *)data + 1, size - 1), size - 1,
                      (char)data[0], p);
    if (table != NULL) {
        written = fuzz_write_table(table, (char)data[0], p);
        again = fuzz_read(written->data, written->length, (char)data[0], p);
        if (again == NULL || again->nrows != table->nrows
            || again->ncolumns != table->ncolumns) {
            abort();
        }
        for (apr_int64_t i = 0; i < table->nrows * table->ncolumns; i++) {
            if (!wf_value_equal(&table->cells[i], &again->cells[i])) {
                abort();
            }
        }
    }
}
