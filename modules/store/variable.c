/* Values of variables over the columns TYPE_, LONG_, DOUBLE_, TEXT_ and a byte array, as
 * Activiti lays them out: whole numbers, dates and booleans in LONG_, whole numbers as
 * text in TEXT_ too, decimals in DOUBLE_. Lists and maps are "serializable": their JSON
 * is the byte array's content. */
#include "store/internal.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>

#define SERIALIZABLE "serializable"

/* Deeper lists and maps could not be read back: the JSON parser stops at 64 levels. */
#define MAX_DEPTH 60

static const char *type_text(wf_type_e type)
{
    return type == WF_LIST || type == WF_MAP ? SERIALIZABLE : wf_type_name(type);
}

int wf_value_has_bytes(const wf_value_t *value)
{
    return value->type == WF_BYTES || value->type == WF_LIST || value->type == WF_MAP;
}

int wf_value_storable(const wf_value_t *value)
{
    return (unsigned)value->type < WF_OBJECT;
}

/* ---- writing --------------------------------------------------------------------- */

static wf_cell_t text_cell(const wf_value_t *value, apr_pool_t *p)
{
    if (value->type == WF_STRING) {
        return (wf_cell_t){.type = WF_CELL_TEXT,
                           .as.text = {value->as.text.data, value->as.text.length}};
    }
    if (wf_is_integer(value)) {
        return wf_cell_text(apr_psprintf(p, "%" APR_INT64_T_FMT, value->as.integer));
    }
    return wf_cell_null();
}

static wf_cell_t long_cell(const wf_value_t *value)
{
    if (value->type == WF_BOOLEAN) {
        return wf_cell_integer(!!value->as.boolean);
    }
    if (wf_is_integer(value) || value->type == WF_DATE) {
        return wf_cell_integer(value->as.integer);
    }
    return wf_cell_null();
}

void wf_value_cell(wf_column_e kind, const wf_value_t *value, wf_cell_t *cell,
                   apr_pool_t *p)
{
    switch (kind) {
    case WF_COL_VALUE_TYPE:
        *cell = wf_cell_text(type_text(value->type));
        break;
    case WF_COL_VALUE_REAL:
        *cell =
            value->type == WF_DOUBLE ? wf_cell_real(value->as.number) : wf_cell_null();
        break;
    case WF_COL_VALUE_LONG:
        *cell = long_cell(value);
        break;
    case WF_COL_VALUE_TEXT:
        *cell = text_cell(value, p);
        break;
    default:
        *cell = wf_cell_null();
    }
}

static int too_deep(const wf_value_t *value, int left)
{
    if (!left) {
        return 1;
    }
    for (int i = 0; value->type == WF_LIST && i < wf_list_count(value->as.list); i++) {
        if (too_deep(wf_list_at(value->as.list, i), left - 1)) {
            return 1;
        }
    }
    for (int i = 0; value->type == WF_MAP && i < wf_map_count(value->as.map); i++) {
        if (too_deep(wf_map_at(value->as.map, i), left - 1)) {
            return 1;
        }
    }
    return 0;
}

apr_status_t wf_value_bytes(const wf_value_t *value, const char **data,
                            apr_size_t *length, apr_pool_t *p, wf_error_t *err)
{
    if (value->type == WF_BYTES) {
        *data = value->as.text.length ? value->as.text.data : "";
        *length = value->as.text.length;
        return APR_SUCCESS;
    }
    if (too_deep(value, MAX_DEPTH)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "lists and maps may not be nested deeper than %d levels",
                            MAX_DEPTH);
    }
    *data = wf_json_text(wf_json_own(wf_value_to_json(value), p), length, p);
    return APR_SUCCESS;
}

/* ---- reading --------------------------------------------------------------------- */

static apr_status_t take_type(const wf_cell_t *cell, wf_value_t *value, wf_error_t *err)
{
    const char *name = cell->type == WF_CELL_TEXT ? cell->as.text.data : "null";
    int type = !strcmp(name, SERIALIZABLE) ? WF_LIST : wf_type_parse(name);

    if (type < 0) {
        return wf_error_set(err, WF_ERR_INTERNAL, "unknown type '%s' in the store", name);
    }
    memset(value, 0, sizeof(*value));
    value->type = type;
    return APR_SUCCESS;
}

static void take_long(const wf_cell_t *cell, wf_value_t *value)
{
    if (value->type == WF_BOOLEAN) {
        value->as.boolean = wf_cell_to_integer(cell) != 0;
    }
    else if (wf_is_integer(value) || value->type == WF_DATE) {
        value->as.integer = wf_cell_to_integer(cell);
    }
}

/* SQL has no NaN: SQLite keeps null for it. */
static void take_real(const wf_cell_t *cell, wf_value_t *value)
{
    if (value->type == WF_DOUBLE) {
        value->as.number = cell->type == WF_CELL_REAL      ? cell->as.real
                           : cell->type == WF_CELL_INTEGER ? (double)cell->as.integer
                                                           : NAN;
    }
}

static void take_text(const wf_cell_t *cell, wf_value_t *value, apr_pool_t *p)
{
    if (value->type == WF_STRING) {
        *value = cell->type == WF_CELL_TEXT
                     ? wf_string_n(cell->as.text.data, cell->as.text.length, p)
                     : wf_string("");
    }
}

static apr_status_t take_content(const wf_cell_t *cell, wf_value_t *value, apr_pool_t *p,
                                 wf_error_t *err)
{
    json_object *json;
    apr_status_t rv;

    if (!wf_value_has_bytes(value)) {
        return APR_SUCCESS;
    }
    if (cell->type != WF_CELL_BYTES) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "the byte array of the value is missing");
    }
    if (value->type == WF_BYTES) {
        *value = wf_bytes(apr_pmemdup(p, cell->as.text.data, cell->as.text.length),
                          cell->as.text.length);
        return APR_SUCCESS;
    }
    rv = wf_json_read(&json, cell->as.text.data, cell->as.text.length, p, err);
    if (rv == APR_SUCCESS) {
        *value = wf_value_from_json(json, p);
    }
    return rv;
}

apr_status_t wf_value_take(wf_column_e kind, const wf_cell_t *cell, wf_value_t *value,
                           apr_pool_t *p, wf_error_t *err)
{
    switch (kind) {
    case WF_COL_VALUE_TYPE:
        return take_type(cell, value, err);
    case WF_COL_VALUE_LONG:
        take_long(cell, value);
        return APR_SUCCESS;
    case WF_COL_VALUE_REAL:
        take_real(cell, value);
        return APR_SUCCESS;
    case WF_COL_VALUE_TEXT:
        take_text(cell, value, p);
        return APR_SUCCESS;
    case WF_COL_VALUE_BYTES:
        return take_content(cell, value, p, err);
    default:
        return APR_SUCCESS;
    }
}
