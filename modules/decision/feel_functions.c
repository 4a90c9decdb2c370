/* The functions of S-FEEL that are there: a row each. */
#include "decision/internal.h"

#include <apr_lib.h>
#include <string.h>

static apr_status_t call_not(wf_feel_run_t *run, const wf_value_t *args,
                             wf_value_t *result)
{
    *result = args[0].type == WF_BOOLEAN ? wf_boolean(!args[0].as.boolean) : wf_null();
    if (args[0].type == WF_BOOLEAN || args[0].type == WF_NULL) {
        return APR_SUCCESS;
    }
    return wf_feel_fail(run, "not() takes a boolean, not a value of type %s",
                        wf_feel_kind(&args[0]));
}

/* A date stays, null stays, a text is read. */
static apr_status_t to_date(wf_feel_run_t *run, const wf_value_t *args, int has_time,
                            wf_value_t *result)
{
    const char *text = args[0].type == WF_STRING ? args[0].as.text.data : NULL;
    apr_int64_t ms;

    *result = args[0];
    if (args[0].type == WF_DATE || args[0].type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (!text) {
        return wf_feel_fail(run, "a date is made of a text, not of a value of type %s",
                            wf_feel_kind(&args[0]));
    }
    if ((!has_time && strchr(text, 'T')) || !wf_date_parse(&ms, text)) {
        return wf_feel_fail(run, "no date%s of ISO 8601", has_time ? " and time" : "");
    }
    *result = wf_date(ms);
    return APR_SUCCESS;
}

static apr_status_t call_date(wf_feel_run_t *run, const wf_value_t *args,
                              wf_value_t *result)
{
    return to_date(run, args, 0, result);
}

static apr_status_t call_date_and_time(wf_feel_run_t *run, const wf_value_t *args,
                                       wf_value_t *result)
{
    return to_date(run, args, 1, result);
}

static apr_status_t call_duration(wf_feel_run_t *run, const wf_value_t *args,
                                  wf_value_t *result)
{
    *result = args[0];
    if (wf_feel_duration(&args[0]) || args[0].type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (args[0].type != WF_STRING
        || !wf_feel_duration_parse(result, args[0].as.text.data, run->pool)) {
        return wf_feel_fail(run, "no duration of ISO 8601 by either months or days");
    }
    return APR_SUCCESS;
}

static apr_status_t call_string(wf_feel_run_t *run, const wf_value_t *args,
                                wf_value_t *result)
{
    *result = args[0];
    return wf_decision_convert(wf_decision_type_find("string"), result, run->pool,
                               run->err);
}

/* clang-format off */
static const wf_feel_function_t functions[] = {
    { "date",          1, call_date },
    { "date and time", 1, call_date_and_time },
    { "duration",      1, call_duration },
    { "not",           1, call_not },
    { "string",        1, call_string },
};
/* clang-format on */

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

const wf_feel_function_t *wf_feel_function_find(const char *name)
{
    for (apr_size_t i = 0; i < FUNCTIONS; i++) {
        if (!strcmp(functions[i].name, name)) {
            return &functions[i];
        }
    }
    return NULL;
}

/* Bytes of blanks at s. */
static apr_size_t blanks(const char *s)
{
    return strspn(s, " \t\r\n");
}

/* Bytes of name at text, where one blank of the name stands for any number of them. */
static apr_size_t match(const char *text, const char *name)
{
    const char *s = text;

    for (; *name; name++) {
        if (*name == ' ') {
            if (!blanks(s)) {
                return 0;
            }
            s += blanks(s);
        }
        else if (*s++ != *name) {
            return 0;
        }
    }
    return s[blanks(s)] == '(' ? (apr_size_t)(s - text) : 0;
}

apr_size_t wf_feel_function_at(const char *text, const char **name)
{
    for (apr_size_t i = 0; i < FUNCTIONS; i++) {
        apr_size_t length =
            strchr(functions[i].name, ' ') ? match(text, functions[i].name) : 0;

        if (length) {
            *name = functions[i].name;
            return length;
        }
    }
    return 0;
}
