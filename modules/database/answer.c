/* Answers: rows within limits, and the values of databases as ours. */
#include "database/internal.h"

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <string.h>

int wf_db_keeps_rows(const wf_db_statement_t *statement)
{
    return statement->action != WF_DB_COUNT && statement->action != WF_DB_EXISTS;
}

apr_status_t wf_db_answer_row(wf_db_answer_t *answer, wf_map_t *row,
                              const wf_value_t *first, wf_error_t *err)
{
    wf_value_t value;

    if (answer->count == 0 && first != NULL) {
        answer->first = *first;
    }
    answer->count++;
    if (row == NULL) {
        return APR_SUCCESS;
    }
    if (answer->count > WF_DB_MAX_ROWS) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "the answer has more than %d rows: ask for less (LIMIT)",
                            WF_DB_MAX_ROWS);
    }
    value = wf_map(row);
    answer->bytes += wf_value_size(&value);
    if (answer->bytes > WF_DB_MAX_BYTES) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "the answer has more than %d bytes: ask for less",
                            WF_DB_MAX_BYTES);
    }
    wf_list_push(answer->rows, value);
    return APR_SUCCESS;
}

wf_value_t wf_db_base64(const void *data, apr_size_t length, apr_pool_t *p)
{
    char *text = apr_palloc(p, apr_base64_encode_len((int)length));

    apr_base64_encode_binary(text, data, (int)length);
    return wf_string(text);
}

wf_value_t wf_db_text(const char *text, apr_size_t length, apr_pool_t *p)
{
    return wf_utf8_valid(text, length) ? wf_string_n(text, length, p)
                                       : wf_db_base64(text, length, p);
}

wf_value_t wf_db_json(const char *text, apr_size_t length, apr_pool_t *p)
{
    wf_value_t value;
    wf_error_t err;

    wf_error_init(&err, p);
    return wf_json_value(&value, text, length, p, &err) == APR_SUCCESS
               ? value
               : wf_db_text(text, length, p);
}

const char *wf_db_param_text(const wf_value_t *param, apr_pool_t *p)
{
    json_object *json;
    const char *text;

    if (param->type == WF_STRING) {
        return param->as.text.data;
    }
    if (param->type == WF_DOUBLE && param->as.number == floor(param->as.number)
        && fabs(param->as.number) < 9007199254740992.0) { /* an integer will do, too */
        return apr_psprintf(p, "%.0f", param->as.number);
    }
    json = wf_json_own(wf_value_to_json(param), p);
    text = param->type == WF_DATE ? wf_time_iso(param->as.integer, p)
                                  : wf_json_text(json, NULL, p);
    return text;
}

const char *wf_db_line(const char *text, apr_pool_t *p)
{
    char *line = apr_pstrmemdup(p, text, strcspn(text, "\r\n"));
    apr_size_t length = strlen(line);

    while (length > 0 && apr_isspace(line[length - 1])) {
        line[--length] = '\0';
    }
    return line;
}
