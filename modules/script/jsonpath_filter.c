/* JSONPath: whether a filter's condition holds for a value. A comparison sees values, or
 * Nothing where a query found none; an absent member is not null. */
#include "script/jsonpath.h"

#include <string.h>

/* ---- equality --------------------------------------------------------------------- */

static int same(const wf_value_t *a, const wf_value_t *b, int depth);

static int same_lists(const wf_list_t *a, const wf_list_t *b, int depth)
{
    int count = wf_list_count(a);

    if (count != wf_list_count(b)) {
        return 0;
    }
    for (int i = 0; i < count; i++) {
        if (!same(wf_list_at(a, i), wf_list_at(b, i), depth)) {
            return 0;
        }
    }
    return 1;
}

static int same_maps(const wf_map_t *a, const wf_map_t *b, int depth)
{
    int count = wf_map_count(a);

    if (count != wf_map_count(b)) {
        return 0;
    }
    for (int i = 0; i < count; i++) {
        const wf_value_t *other = wf_map_get(b, wf_map_key(a, i));

        if (other == NULL || !same(wf_map_at(a, i), other, depth)) {
            return 0;
        }
    }
    return 1;
}

static int same(const wf_value_t *a, const wf_value_t *b, int depth)
{
    wf_number_t x, y;

    if (depth > WF_JP_DEPTH_MAX) {
        return 0;
    }
    if (wf_number_of(a, &x) && wf_number_of(b, &y)) {
        return wf_number_order(&x, &y) == 0;
    }
    if (a->type != b->type) {
        return 0;
    }
    switch (a->type) {
    case WF_LIST:
        return same_lists(a->as.list, b->as.list, depth + 1);
    case WF_MAP:
        return same_maps(a->as.map, b->as.map, depth + 1);
    default:
        return wf_value_equal(a, b);
    }
}

int wf_json_same(const wf_value_t *a, const wf_value_t *b)
{
    return same(a, b, 1);
}

int wf_json_order(const wf_value_t *a, const wf_value_t *b)
{
    wf_number_t x, y;

    if (wf_number_of(a, &x) && wf_number_of(b, &y)) {
        return wf_number_order(&x, &y);
    }
    return a->type == WF_STRING && b->type == WF_STRING ? wf_text_order(a, b)
                                                        : WF_UNORDERED;
}

int wf_value_number(const wf_value_t *v, wf_value_t *number)
{
    wf_number_t n;

    if (!wf_number_of(v, &n)
        && (v->type != WF_STRING
            || !wf_number_parse(v->as.text.data, v->as.text.length, 1, &n))) {
        return 0;
    }
    *number = n.is_double ? wf_double(n.d) : wf_integer(n.i);
    return 1;
}

/* ---- operands --------------------------------------------------------------------- */

static apr_status_t count_one(void *baton, const wf_value_t *value)
{
    wf_jp_arg_t *arg = baton;

    arg->value = value;
    arg->count++;
    return APR_SUCCESS;
}

static apr_status_t stop_at_first(void *baton, const wf_value_t *value)
{
    wf_jp_arg_t *arg = baton;

    arg->value = value;
    arg->count = 1;
    return WF_JP_ENOUGH;
}

static apr_status_t call_function(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                                  const wf_value_t *current, wf_value_t *result,
                                  int *found);

/* A literal, a query or a function that gives a value; made is for the latter. */
static apr_status_t operand(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                            const wf_value_t *current, wf_value_t *made, wf_jp_arg_t *arg)
{
    apr_status_t rv;
    int found;

    memset(arg, 0, sizeof(*arg));
    if (expr->kind == WF_JP_LITERAL) {
        arg->value = &expr->literal;
        return APR_SUCCESS;
    }
    if (expr->kind == WF_JP_QUERY) {
        return wf_jp_walk(w, expr->query, current, count_one, arg);
    }
    rv = call_function(w, expr, current, made, &found);
    arg->value = rv == APR_SUCCESS && found ? made : NULL;
    return rv;
}

static apr_status_t call_function(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                                  const wf_value_t *current, wf_value_t *result,
                                  int *found)
{
    wf_jp_arg_t args[WF_JP_ARGS_MAX];
    wf_value_t made[WF_JP_ARGS_MAX];
    apr_status_t rv;

    for (int i = 0; i < expr->function->nargs; i++) {
        rv = operand(w, expr->args[i], current, &made[i], &args[i]);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return expr->function->call(w, expr, args, result, found);
}

/* ---- comparisons ------------------------------------------------------------------ */

static int less(const wf_value_t *a, const wf_value_t *b)
{
    return a != NULL && b != NULL && wf_json_order(a, b) == -1;
}

static int equal(const wf_value_t *a, const wf_value_t *b)
{
    return a == NULL || b == NULL ? a == b : wf_json_same(a, b);
}

/* Section 2.3.5.2.2. */
static int compare(wf_op_e op, const wf_value_t *a, const wf_value_t *b)
{
    switch (op) {
    case WF_OP_EQ:
        return equal(a, b);
    case WF_OP_NE:
        return !equal(a, b);
    case WF_OP_LT:
        return less(a, b);
    case WF_OP_GT:
        return less(b, a);
    case WF_OP_LE:
        return less(a, b) || equal(a, b);
    default:
        return less(b, a) || equal(a, b);
    }
}

static apr_status_t comparison(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                               const wf_value_t *current, int *holds)
{
    wf_value_t made[2];
    wf_jp_arg_t sides[2];

    for (int i = 0; i < 2; i++) {
        apr_status_t rv = operand(w, expr->args[i], current, &made[i], &sides[i]);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    *holds = compare(expr->op, sides[0].value, sides[1].value);
    return APR_SUCCESS;
}

/* ---- conditions ------------------------------------------------------------------- */

static apr_status_t chain(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                          const wf_value_t *current, int *holds)
{
    int stop = expr->kind == WF_JP_OR;
    apr_status_t rv = APR_SUCCESS;

    *holds = !stop;
    for (const wf_jp_expr_t *e = expr->parts;
         e != NULL && rv == APR_SUCCESS && *holds != stop; e = e->next) {
        rv = wf_jp_holds(w, e, current, holds);
    }
    return rv;
}

apr_status_t wf_jp_holds(wf_jp_walk_t *w, const wf_jp_expr_t *expr,
                         const wf_value_t *current, int *holds)
{
    wf_jp_arg_t arg = { 0 };
    wf_value_t unused;
    apr_status_t rv;

    *holds = 0;
    switch (expr->kind) {
    case WF_JP_COMPARISON:
        return comparison(w, expr, current, holds);
    case WF_JP_NOT:
        rv = wf_jp_holds(w, expr->args[0], current, holds);
        *holds = !*holds;
        return rv;
    case WF_JP_AND:
    case WF_JP_OR:
        return chain(w, expr, current, holds);
    case WF_JP_FUNCTION:
        rv = call_function(w, expr, current, &unused, holds);
        *holds = *holds != 0;
        return rv;
    default:
        rv = wf_jp_walk(w, expr->query, current, stop_at_first, &arg);
        *holds = arg.count > 0;
        return rv;
    }
}
