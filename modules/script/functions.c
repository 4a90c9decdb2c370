/* Functions of process expressions. Activiti has none; these are those of its relatives
 * that models call: now() and currentUser() of Camunda, and the functions on variables of
 * Flowable, which ask for a variable by name and take a missing one for null:
 * ${variables:get(amount)}, ${vars:exists('amount')}, ${var:equals(state, 'open')}. */
#include "script/internal.h"

#include <string.h>

/* A name of the table, prefixed by any of these. */
static const char *const variable_prefixes[] = { "variables", "vars", "var" };

/* ---- now and who ------------------------------------------------------------------ */

WF_FUNCTION(now)
{
    *result = wf_date(wf_time_ms());
    return APR_SUCCESS;
}

static void find(wf_eval_t *e, const char *name, wf_value_t *value)
{
    *value = wf_null();
    if (e->scope && e->scope->get
        && e->scope->get(e->scope->baton, name, value, e->pool) <= 0) {
        *value = wf_null();
    }
}

WF_FUNCTION(current_user)
{
    find(e, "authenticatedUserId", result);
    return APR_SUCCESS;
}

/* ---- variables -------------------------------------------------------------------- */

/* The variable that the first argument names; as in Flowable, one that is missing and one
 * that is null are the same. */
static apr_status_t variable(wf_eval_t *e, const wf_value_t *args, wf_value_t *value)
{
    if (args[0].type != WF_STRING) {
        *value = wf_null();
        return wf_eval_fail(e, "the name of a variable is a string");
    }
    find(e, args[0].as.text.data, value);
    return APR_SUCCESS;
}

WF_FUNCTION(get)
{
    return variable(e, args, result);
}

WF_FUNCTION(get_or_default)
{
    apr_status_t rv = variable(e, args, result);

    if (result->type == WF_NULL) {
        *result = args[1];
    }
    return rv;
}

WF_FUNCTION(exists)
{
    apr_status_t rv = variable(e, args, result);

    *result = wf_boolean(result->type != WF_NULL);
    return rv;
}

WF_FUNCTION(is_empty)
{
    apr_status_t rv = variable(e, args, result);

    *result = wf_boolean(wf_value_is_empty(result));
    return rv;
}

WF_FUNCTION(is_not_empty)
{
    apr_status_t rv = is_empty(e, args, nargs, result);

    result->as.boolean = !result->as.boolean;
    return rv;
}

/* A missing variable equals null only, and has no order. */
static apr_status_t compare(wf_eval_t *e, wf_op_e op, const wf_value_t *args,
                            wf_value_t *result)
{
    wf_value_t value;
    int truth = 0;
    apr_status_t rv = variable(e, args, &value);

    if (rv == APR_SUCCESS) {
        rv = wf_eval_work(e, wf_value_weight(&value) + wf_value_weight(&args[1]));
    }
    if (rv == APR_SUCCESS) {
        rv = e->rules->compare(e, op, &value, &args[1], &truth);
    }
    *result = wf_boolean(truth);
    return rv;
}

WF_FUNCTION(equals)
{
    return compare(e, WF_OP_EQ, args, result);
}

WF_FUNCTION(not_equals)
{
    return compare(e, WF_OP_NE, args, result);
}

WF_FUNCTION(lower)
{
    return compare(e, WF_OP_LT, args, result);
}

WF_FUNCTION(lower_or_equal)
{
    return compare(e, WF_OP_LE, args, result);
}

WF_FUNCTION(greater)
{
    return compare(e, WF_OP_GT, args, result);
}

WF_FUNCTION(greater_or_equal)
{
    return compare(e, WF_OP_GE, args, result);
}

/* In a text or a list. */
static apr_status_t contains_one(wf_eval_t *e, wf_value_t *value, const wf_value_t *arg,
                                 wf_value_t *result)
{
    if (value->type != WF_STRING && value->type != WF_LIST) {
        *result = wf_boolean(0);
        return APR_SUCCESS;
    }
    return wf_method_call(e, value, "contains", arg, 1, result);
}

static apr_status_t contains_several(wf_eval_t *e, const wf_value_t *args, int nargs,
                                     int any, wf_value_t *result)
{
    wf_value_t value;
    apr_status_t rv = variable(e, args, &value);

    *result = wf_boolean(!any);
    for (int i = 1; i < nargs && rv == APR_SUCCESS && result->as.boolean == !any; i++) {
        rv = contains_one(e, &value, &args[i], result);
    }
    return rv;
}

WF_FUNCTION(contains)
{
    return contains_several(e, args, nargs, 0, result);
}

WF_FUNCTION(contains_any)
{
    return contains_several(e, args, nargs, 1, result);
}

/* ---- tables ----------------------------------------------------------------------- */

/* clang-format off */
static const wf_function_t plain[] = {
    { "now",                  0, 0,                0, now },
    { "currentUser",          0, 0,                0, current_user },
    { 0 },
};

static const wf_function_t on_variables[] = {
    { "get",                  1, 1,                1, get },
    { "getOrDefault",         2, 2,                1, get_or_default },
    { "exists",               1, 1,                1, exists },
    { "exist",                1, 1,                1, exists },
    { "isEmpty",              1, 1,                1, is_empty },
    { "isNotEmpty",           1, 1,                1, is_not_empty },
    { "notEmpty",             1, 1,                1, is_not_empty },
    { "equals",               2, 2,                1, equals },
    { "notEquals",            2, 2,                1, not_equals },
    { "contains",             2, WF_EXPR_ARGS_MAX, 1, contains },
    { "containsAny",          2, WF_EXPR_ARGS_MAX, 1, contains_any },
    { "lowerThan",            2, 2,                1, lower },
    { "lessThan",             2, 2,                1, lower },
    { "lowerThanOrEquals",    2, 2,                1, lower_or_equal },
    { "lessThanOrEquals",     2, 2,                1, lower_or_equal },
    { "lte",                  2, 2,                1, lower_or_equal },
    { "greaterThan",          2, 2,                1, greater },
    { "greaterThanOrEquals",  2, 2,                1, greater_or_equal },
    { "gte",                  2, 2,                1, greater_or_equal },
    { 0 },
};
/* clang-format on */

static const wf_function_t *find_row(const wf_function_t *rows, const char *name)
{
    for (; rows->name; rows++) {
        if (!strcmp(rows->name, name)) {
            return rows;
        }
    }
    return NULL;
}

const wf_function_t *wf_function_find(const char *prefix, const char *name)
{
    if (!prefix) {
        return find_row(plain, name);
    }
    for (unsigned i = 0; i < sizeof(variable_prefixes) / sizeof(variable_prefixes[0]);
         i++) {
        if (!strcmp(variable_prefixes[i], prefix)) {
            return find_row(on_variables, name);
        }
    }
    return NULL;
}
