/* Method calls on values: a table per type, Java's parameter types, and the methods of
 * numbers, booleans and dates. */
#include "script/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

/* What an element of a list or map weighs besides its texts. */
#define ELEMENT_WEIGHT 32

apr_size_t wf_value_weight(const wf_value_t *v)
{
    apr_size_t weight = ELEMENT_WEIGHT;

    switch (v->type) {
    case WF_STRING:
    case WF_BYTES:
        return v->as.text.length;
    case WF_LIST:
        for (int i = 0; i < wf_list_count(v->as.list); i++) {
            weight += ELEMENT_WEIGHT + wf_value_weight(wf_list_at(v->as.list, i));
        }
        return weight;
    case WF_MAP:
        for (int i = 0; i < wf_map_count(v->as.map); i++) {
            weight += ELEMENT_WEIGHT + strlen(wf_map_key(v->as.map, i))
                      + wf_value_weight(wf_map_at(v->as.map, i));
        }
        return weight;
    default:
        return 0;
    }
}

/* ---- arguments -------------------------------------------------------------------- */

apr_status_t wf_arg_int(wf_eval_t *e, const wf_value_t *arg, apr_int64_t *i)
{
    wf_number_t n = wf_number_of_integer(0);
    int known = arg->type == WF_NULL || wf_number_of(arg, &n);

    if (!known && arg->type == WF_STRING) {
        known = wf_number_parse(arg->as.text.data, arg->as.text.length, 0, &n);
    }
    if (!known || !(n.d >= -0x1p62 && n.d <= 0x1p62)) {
        return wf_eval_fail(e, "an argument of type %s is no integer",
                            wf_type_name(arg->type));
    }
    *i = n.is_double ? (apr_int64_t)n.d : n.i;
    return APR_SUCCESS;
}

apr_status_t wf_arg_text(wf_eval_t *e, const wf_value_t *arg, wf_value_t *text)
{
    apr_status_t rv = wf_eval_work(e, wf_value_weight(arg));

    if (rv == APR_SUCCESS) {
        *text = e->rules->print(arg, e->pool);
    }
    return rv;
}

/* ---- shared ----------------------------------------------------------------------- */

apr_status_t wf_method_to_string(wf_eval_t *e, const wf_value_t *self,
                                 const wf_value_t *args, int nargs, wf_value_t *result)
{
    (void)args;
    (void)nargs;
    return wf_arg_text(e, self, result);
}

apr_status_t wf_method_equals(wf_eval_t *e, const wf_value_t *self,
                              const wf_value_t *args, int nargs, wf_value_t *result)
{
    (void)nargs;
    *result = wf_boolean(wf_value_equal(self, &args[0]));
    return wf_eval_work(e, wf_value_weight(self));
}

/* ---- numbers ---------------------------------------------------------------------- */

/* Java's narrowing: integers lose their upper half, doubles stop at the ends. */
WF_METHOD(int_value)
{
    double d = self->as.number;

    result->type = WF_INTEGER;
    if (self->type != WF_DOUBLE) {
        result->as.integer = (int32_t)self->as.integer;
    }
    else {
        result->as.integer = isnan(d)         ? 0
                             : d >= INT32_MAX ? INT32_MAX
                             : d <= INT32_MIN ? INT32_MIN
                                              : (int32_t)d;
    }
    return APR_SUCCESS;
}

WF_METHOD(long_value)
{
    double d = self->as.number;

    if (self->type != WF_DOUBLE) {
        *result = wf_long(self->as.integer);
    }
    else {
        *result = wf_long(isnan(d)       ? 0
                          : d >= 0x1p63  ? INT64_MAX
                          : d <= -0x1p63 ? INT64_MIN
                                         : (apr_int64_t)d);
    }
    return APR_SUCCESS;
}

WF_METHOD(double_value)
{
    *result =
        wf_double(self->type == WF_DOUBLE ? self->as.number : (double)self->as.integer);
    return APR_SUCCESS;
}

WF_METHOD(number_compare)
{
    wf_number_t a, b;
    int known = wf_number_of(&args[0], &b);

    wf_number_of(self, &a);
    if (!known && args[0].type == WF_STRING) {
        known = wf_number_parse(args[0].as.text.data, args[0].as.text.length, 0, &b);
    }
    if (!known) {
        return wf_eval_fail(e, "an argument of type %s is no number",
                            wf_type_name(args[0].type));
    }
    *result = wf_integer(wf_number_order(&a, &b));
    if (result->as.integer == WF_UNORDERED) { /* Java puts NaN last */
        *result = wf_integer(isnan(a.d) - isnan(b.d));
    }
    return APR_SUCCESS;
}

/* ---- booleans and dates ----------------------------------------------------------- */

WF_METHOD(boolean_value)
{
    *result = *self;
    return APR_SUCCESS;
}

WF_METHOD(get_time)
{
    *result = wf_long(self->as.integer);
    return APR_SUCCESS;
}

static apr_status_t date_order(wf_eval_t *e, const wf_value_t *self,
                               const wf_value_t *arg, wf_op_e op, wf_value_t *result)
{
    if (arg->type != WF_DATE) {
        return wf_eval_fail(e, "an argument of type %s is no date",
                            wf_type_name(arg->type));
    }
    *result = wf_boolean(op == WF_OP_LT ? self->as.integer < arg->as.integer
                                        : self->as.integer > arg->as.integer);
    return APR_SUCCESS;
}

WF_METHOD(date_compare)
{
    if (args[0].type != WF_DATE) {
        return wf_eval_fail(e, "an argument of type %s is no date",
                            wf_type_name(args[0].type));
    }
    *result = wf_integer((self->as.integer > args[0].as.integer)
                         - (self->as.integer < args[0].as.integer));
    return APR_SUCCESS;
}

/* Parts of a date in the server's zone, numbered as by java.util.Date. */
static apr_status_t date_part(wf_eval_t *e, const wf_value_t *self, apr_size_t member,
                              wf_value_t *result)
{
    int rest;
    time_t seconds = (time_t)wf_time_seconds(self->as.integer, &rest);
    struct tm tm;

    if (!localtime_r(&seconds, &tm)) {
        return wf_eval_fail(e, "the year of a date is out of range");
    }
    *result = wf_integer(*(const int *)((const char *)&tm + member));
    return APR_SUCCESS;
}

#define DATE_PART(name, member)                                                          \
    WF_METHOD(name)                                                                      \
    {                                                                                    \
        return date_part(e, self, offsetof(struct tm, member), result);                  \
    }

DATE_PART(get_year, tm_year)   /* since 1900 */
DATE_PART(get_month, tm_mon)   /* from 0 */
DATE_PART(get_date, tm_mday)   /* from 1 */
DATE_PART(get_day, tm_wday)    /* Sunday is 0 */
DATE_PART(get_hours, tm_hour)
DATE_PART(get_minutes, tm_min)
DATE_PART(get_seconds, tm_sec)

WF_METHOD(before)
{
    return date_order(e, self, &args[0], WF_OP_LT, result);
}

WF_METHOD(after)
{
    return date_order(e, self, &args[0], WF_OP_GT, result);
}

/* ---- tables ----------------------------------------------------------------------- */

/* clang-format off */
static const wf_method_t number_methods[] = {
    { "intValue",     0, 0, int_value },
    { "longValue",    0, 0, long_value },
    { "doubleValue",  0, 0, double_value },
    { "compareTo",    1, 1, number_compare },
    { "equals",       1, 1, wf_method_equals },
    { "toString",     0, 0, wf_method_to_string },
    { 0 },
};

static const wf_method_t boolean_methods[] = {
    { "booleanValue", 0, 0, boolean_value },
    { "equals",       1, 1, wf_method_equals },
    { "toString",     0, 0, wf_method_to_string },
    { 0 },
};

static const wf_method_t date_methods[] = {
    { "getTime",      0, 0, get_time },
    { "before",       1, 1, before },
    { "after",        1, 1, after },
    { "compareTo",    1, 1, date_compare },
    { "getYear",      0, 0, get_year },
    { "getMonth",     0, 0, get_month },
    { "getDate",      0, 0, get_date },
    { "getDay",       0, 0, get_day },
    { "getHours",     0, 0, get_hours },
    { "getMinutes",   0, 0, get_minutes },
    { "getSeconds",   0, 0, get_seconds },
    { "equals",       1, 1, wf_method_equals },
    { "toString",     0, 0, wf_method_to_string },
    { 0 },
};

static const wf_method_t no_methods[] = { { 0 } };

static const wf_method_t *const methods[WF_TYPES] = {
    [WF_NULL]    = no_methods,
    [WF_BOOLEAN] = boolean_methods,
    [WF_SHORT]   = number_methods,
    [WF_INTEGER] = number_methods,
    [WF_LONG]    = number_methods,
    [WF_DOUBLE]  = number_methods,
    [WF_STRING]  = wf_string_methods,
    [WF_DATE]    = date_methods,
    [WF_BYTES]   = no_methods,
    [WF_LIST]    = wf_list_methods,
    [WF_MAP]     = wf_map_methods,
    [WF_OBJECT]  = no_methods,
};
/* clang-format on */

static const wf_method_t *find(wf_type_e type, const char *name)
{
    for (const wf_method_t *m = methods[type]; m->name; m++) {
        if (!strcmp(m->name, name)) {
            return m;
        }
    }
    return NULL;
}

apr_status_t wf_method_call(wf_eval_t *e, const wf_value_t *self, const char *name,
                            const wf_value_t *args, int nargs, wf_value_t *result)
{
    const wf_method_t *m = find(self->type, name);

    if (!m) {
        return wf_eval_fail(e, "a value of type %s has no method '%s'",
                            wf_type_name(self->type), name);
    }
    if (nargs < m->min || nargs > m->max) {
        return wf_eval_fail(e, "method '%s' of type %s does not take %d arguments", name,
                            wf_type_name(self->type), nargs);
    }
    *result = wf_null();
    return m->call(e, self, args, nargs, result);
}

int wf_method_getter(wf_eval_t *e, const wf_value_t *self, const char *property,
                     wf_value_t *result, apr_status_t *rv)
{
    char *name = apr_pstrcat(e->pool, "get", property, NULL);
    const wf_method_t *m;

    name[3] = (char)apr_toupper(name[3]);
    m = find(self->type, name);
    if (!m || m->min > 0) {
        return 0;
    }
    *rv = m->call(e, self, NULL, 0, result);
    return 1;
}
