/* The types of inputs and outputs, by the names of typeRef: a row each. What has no
 * counterpart in a type is refused, as a table would otherwise go wrong in silence. */
#include "decision/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53: up to here doubles are exact integers */
#define ELEMENT_WORK 16              /* what looking at one element is accounted with */

static int to_string(wf_value_t *value, apr_pool_t *p)
{
    const wf_feel_duration_t *duration = wf_feel_duration(value);

    if (value->type == WF_STRING) {
        return 1;
    }
    if (duration) {
        *value = wf_string(wf_feel_duration_text(duration, p));
        return 1;
    }
    if (value->type == WF_DATE) {
        *value = wf_string(wf_time_iso(value->as.integer, p));
        return 1;
    }
    if (value->type == WF_BOOLEAN || value->type == WF_DOUBLE || wf_is_integer(value)) {
        *value = wf_string(wf_value_print(value, WF_UEL, p));
        return 1;
    }
    return 0;
}

static int to_boolean(wf_value_t *value, apr_pool_t *p)
{
    int truth = -1;

    (void)p;
    if (value->type == WF_BOOLEAN) {
        return 1;
    }
    if (value->type == WF_STRING) {
        truth = !strcasecmp(value->as.text.data, "true")    ? 1
                : !strcasecmp(value->as.text.data, "false") ? 0
                                                            : -1;
    }
    *value = wf_boolean(truth);
    return truth >= 0;
}

/* A decimal number as XML Schema writes it; nothing of C's hexadecimal or "nan". */
static int read_double(const char *text, double *d)
{
    char *end;

    if (!*text || text[strspn(text, "0123456789+-.eE")]) {
        return 0;
    }
    *d = strtod(text, &end);
    return !*end && isfinite(*d);
}

static int to_number(wf_value_t *value, apr_pool_t *p)
{
    apr_int64_t i;
    double d;

    (void)p;
    if (wf_is_integer(value) || value->type == WF_DOUBLE) {
        return 1;
    }
    if (value->type != WF_STRING) {
        return 0;
    }
    if (wf_parse_int64(value->as.text.data, &i)) {
        *value = wf_integer(i);
        return 1;
    }
    if (!read_double(value->as.text.data, &d)) {
        return 0;
    }
    *value = wf_double(d);
    return 1;
}

static int to_double(wf_value_t *value, apr_pool_t *p)
{
    if (!to_number(value, p)) {
        return 0;
    }
    if (value->type != WF_DOUBLE) {
        *value = wf_double((double)value->as.integer);
    }
    return 1;
}

static int to_long(wf_value_t *value, apr_pool_t *p)
{
    if (!to_number(value, p)) {
        return 0;
    }
    if (value->type == WF_DOUBLE) {
        double d = value->as.number;

        if (!(fabs(d) <= EXACT_MAX) || d != floor(d)) {
            return 0;
        }
        *value = wf_integer((apr_int64_t)d);
    }
    *value = wf_long(value->as.integer);
    return 1;
}

static int to_integer(wf_value_t *value, apr_pool_t *p)
{
    if (!to_long(value, p)) {
        return 0;
    }
    *value = wf_integer(value->as.integer);
    return value->type == WF_INTEGER;
}

static int to_date(wf_value_t *value, apr_pool_t *p)
{
    apr_int64_t ms;

    (void)p;
    if (value->type == WF_STRING && wf_date_parse(&ms, value->as.text.data)) {
        *value = wf_date(ms);
    }
    return value->type == WF_DATE;
}

static int to_duration(wf_value_t *value, apr_pool_t *p)
{
    return wf_feel_duration(value)
           || (value->type == WF_STRING
               && wf_feel_duration_parse(value, value->as.text.data, p));
}

static int to_any(wf_value_t *value, apr_pool_t *p)
{
    (void)value, (void)p;
    return 1;
}

/* clang-format off */
static const wf_decision_type_t types[] = {
    { "string",                    to_string },
    { "boolean",                   to_boolean },
    { "integer",                   to_integer },
    { "long",                      to_long },
    { "double",                    to_double },
    { "number",                    to_number },
    { "date",                      to_date },
    { "dateTime",                  to_date },
    { "date and time",             to_date },
    { "dayTimeDuration",           to_duration },
    { "yearMonthDuration",         to_duration },
    { "days and time duration",    to_duration },
    { "years and months duration", to_duration },
    { "Any",                       to_any },
};
/* clang-format on */

const wf_decision_type_t *wf_decision_type_find(const char *name)
{
    for (apr_size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!strcmp(types[i].name, name)) {
            return &types[i];
        }
    }
    return NULL;
}

apr_status_t wf_decision_convert(const wf_decision_type_t *type, wf_value_t *value,
                                 apr_pool_t *p, wf_error_t *err)
{
    const char *kind = wf_feel_kind(value);

    if (!type || value->type == WF_NULL || type->convert(value, p)) {
        return APR_SUCCESS;
    }
    return wf_error_set(err, WF_ERR_EXECUTION,
                        "the value, of type %s, cannot be taken as %s", kind, type->name);
}

/* ---- what may leave --------------------------------------------------------------- */

static apr_status_t release_list(wf_feel_run_t *run, wf_value_t *value)
{
    wf_list_t *list = wf_list_create(run->pool);
    apr_status_t rv =
        wf_feel_work(run, (apr_size_t)wf_list_count(value->as.list) * ELEMENT_WORK);

    for (int i = 0; rv == APR_SUCCESS && i < wf_list_count(value->as.list); i++) {
        wf_value_t item = *wf_list_at(value->as.list, i);

        if ((rv = wf_decision_release(run, &item)) == APR_SUCCESS) {
            wf_list_push(list, item);
        }
    }
    *value = wf_list(list);
    return rv;
}

static apr_status_t release_map(wf_feel_run_t *run, wf_value_t *value)
{
    wf_map_t *map = wf_map_create(run->pool);
    apr_status_t rv =
        wf_feel_work(run, (apr_size_t)wf_map_count(value->as.map) * ELEMENT_WORK);

    for (int i = 0; rv == APR_SUCCESS && i < wf_map_count(value->as.map); i++) {
        wf_value_t item = *wf_map_at(value->as.map, i);

        if ((rv = wf_decision_release(run, &item)) == APR_SUCCESS) {
            wf_map_set(map, wf_map_key(value->as.map, i), item);
        }
    }
    *value = wf_map(map);
    return rv;
}

apr_status_t wf_decision_release(wf_feel_run_t *run, wf_value_t *value)
{
    if (value->type == WF_LIST) {
        return release_list(run, value);
    }
    if (value->type == WF_MAP) {
        return release_map(run, value);
    }
    if (value->type == WF_OBJECT && !wf_feel_duration(value)) {
        return wf_feel_fail(run, "an object of type %s is no result",
                            value->as.object->class_name);
    }
    return value->type == WF_OBJECT && !to_string(value, run->pool) ? WF_EFAILED
                                                                    : APR_SUCCESS;
}
