/* The evaluator of FEEL: walks the nodes. Every failure is given its place here, once. */
#include "decision/internal.h"

#include <apr_strings.h>
#include <stdarg.h>

static apr_status_t eval(wf_feel_run_t *run, const wf_feel_node_t *node,
                         wf_value_t *value);

apr_status_t wf_feel_fail(wf_feel_run_t *run, const char *fmt, ...)
{
    va_list args;
    const char *text;

    va_start(args, fmt);
    text = apr_pvsprintf(run->err->pool, fmt, args);
    va_end(args);
    return wf_error_set(run->err, WF_ERR_EXECUTION, "%s", text);
}

apr_status_t wf_feel_work(wf_feel_run_t *run, apr_size_t bytes)
{
    if (bytes > WF_FEEL_WORK_MAX - run->work) {
        return wf_feel_fail(run, "more than %d MiB of texts were made",
                            WF_FEEL_WORK_MAX >> 20);
    }
    run->work += bytes;
    return APR_SUCCESS;
}

/* Where it went wrong; a failure further in has said so already. */
static apr_status_t place(wf_feel_run_t *run, const wf_feel_node_t *node, apr_status_t rv)
{
    if (rv != APR_SUCCESS && !run->err->trace) {
        return wf_error_note(run->err, rv, "%s",
                             wf_feel_place(run->text, node->pos, run->pool));
    }
    return rv;
}

static apr_status_t eval_name(wf_feel_run_t *run, const wf_feel_node_t *node,
                              wf_value_t *value)
{
    if (run->scope && run->scope->get(run->scope->baton, node->name, value, run->pool)) {
        return APR_SUCCESS;
    }
    return place(run, node, wf_feel_fail(run, "there is no variable '%s'", node->name));
}

static apr_status_t eval_member(wf_feel_run_t *run, const wf_feel_node_t *node,
                                wf_value_t *value)
{
    wf_value_t whole, *member;
    apr_status_t rv = eval(run, node->left, &whole);
    int found = 0;

    *value = wf_null();
    if (rv != APR_SUCCESS || whole.type == WF_NULL) {
        return rv;
    }
    if (whole.type == WF_MAP) {
        member = wf_map_get(whole.as.map, node->name);
        *value = member ? *member : wf_null();
        return APR_SUCCESS;
    }
    if (whole.type == WF_OBJECT) {
        found = whole.as.object->property(whole.as.object, node->name, value, run->pool,
                                          run->err);
    }
    if (found == 0) {
        wf_feel_fail(run, "a value of type %s has no member '%s'", wf_feel_kind(&whole),
                     node->name);
    }
    return found > 0 ? APR_SUCCESS : place(run, node, WF_EFAILED);
}

static apr_status_t eval_list(wf_feel_run_t *run, const wf_feel_node_t *node,
                              wf_value_t *value)
{
    wf_list_t *list = wf_list_create(run->pool);

    *value = wf_list(list);
    for (int i = 0; i < node->nitems; i++) {
        wf_value_t item;
        apr_status_t rv = eval(run, node->items[i], &item);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        wf_list_push(list, item);
    }
    return APR_SUCCESS;
}

static apr_status_t eval_call(wf_feel_run_t *run, const wf_feel_node_t *node,
                              wf_value_t *value)
{
    wf_value_t *args = apr_palloc(run->pool, sizeof(*args) * (node->nitems + 1));

    for (int i = 0; i < node->nitems; i++) {
        apr_status_t rv = eval(run, node->items[i], &args[i]);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return place(run, node, node->function->call(run, args, value));
}

/* 1, 0, or -1 for null; any other value is refused. */
static apr_status_t truth_of(wf_feel_run_t *run, const wf_feel_node_t *node,
                             const wf_value_t *value, int *truth)
{
    *truth = value->type == WF_BOOLEAN ? value->as.boolean != 0 : -1;
    if (value->type == WF_BOOLEAN || value->type == WF_NULL) {
        return APR_SUCCESS;
    }
    return place(run, node,
                 wf_feel_fail(run, "a value of type %s is neither true nor false",
                              wf_feel_kind(value)));
}

/* Three-valued: what null might be decides only if the other side leaves it open. */
static apr_status_t eval_logic(wf_feel_run_t *run, const wf_feel_node_t *node,
                               wf_value_t *value)
{
    int decisive = node->op == WF_FEEL_OR, left, right;
    apr_status_t rv;

    *value = wf_boolean(decisive);
    if ((rv = eval(run, node->left, value)) != APR_SUCCESS
        || (rv = truth_of(run, node->left, value, &left)) != APR_SUCCESS
        || left == decisive) {
        return rv;
    }
    if ((rv = eval(run, node->right, value)) != APR_SUCCESS
        || (rv = truth_of(run, node->right, value, &right)) != APR_SUCCESS
        || right == decisive) {
        return rv;
    }
    *value = left < 0 || right < 0 ? wf_null() : wf_boolean(!decisive);
    return APR_SUCCESS;
}

static apr_status_t eval_binary(wf_feel_run_t *run, const wf_feel_node_t *node,
                                wf_value_t *value)
{
    wf_value_t left, right;
    apr_status_t rv;

    if (node->op == WF_FEEL_OR || node->op == WF_FEEL_AND) {
        return eval_logic(run, node, value);
    }
    if ((rv = eval(run, node->left, &left)) != APR_SUCCESS
        || (rv = eval(run, node->right, &right)) != APR_SUCCESS) {
        return rv;
    }
    rv = node->op < WF_FEEL_ADD ? wf_feel_compare(run, node->op, &left, &right, value)
                                : wf_feel_arithmetic(run, node->op, &left, &right, value);
    return place(run, node, rv);
}

static apr_status_t eval_negate(wf_feel_run_t *run, const wf_feel_node_t *node,
                                wf_value_t *value)
{
    wf_value_t operand;
    apr_status_t rv = eval(run, node->left, &operand);

    return rv == APR_SUCCESS ? place(run, node, wf_feel_negate(run, &operand, value))
                             : rv;
}

static apr_status_t eval(wf_feel_run_t *run, const wf_feel_node_t *node,
                         wf_value_t *value)
{
    switch (node->kind) {
    case WF_FEEL_VALUE:
        *value = node->literal;
        return APR_SUCCESS;
    case WF_FEEL_NAME:
        return eval_name(run, node, value);
    case WF_FEEL_INPUT:
        *value = run->input;
        return APR_SUCCESS;
    case WF_FEEL_MEMBER:
        return eval_member(run, node, value);
    case WF_FEEL_LIST:
        return eval_list(run, node, value);
    case WF_FEEL_NEGATE:
        return eval_negate(run, node, value);
    case WF_FEEL_BINARY:
        return eval_binary(run, node, value);
    case WF_FEEL_CALL:
        return eval_call(run, node, value);
    default: /* the parser lets tests stand nowhere else */
        return wf_error_set(run->err, WF_ERR_INTERNAL, "a test within an expression");
    }
}

apr_status_t wf_feel_eval(wf_feel_run_t *run, const wf_feel_t *feel, wf_value_t *value)
{
    run->text = feel->text;
    return eval(run, feel->expression, value);
}

/* ---- tests ------------------------------------------------------------------------ */

static apr_status_t test_order(wf_feel_run_t *run, const wf_feel_node_t *node,
                               wf_feel_op_e op, const wf_feel_node_t *operand,
                               int *result)
{
    wf_value_t value, truth;
    apr_status_t rv = eval(run, operand, &value);

    if (rv == APR_SUCCESS) {
        rv = place(run, node, wf_feel_compare(run, op, &run->input, &value, &truth));
    }
    if (rv == APR_SUCCESS) {
        *result = truth.type == WF_BOOLEAN ? truth.as.boolean : -1;
    }
    return rv;
}

static apr_status_t test_range(wf_feel_run_t *run, const wf_feel_node_t *node,
                               int *result)
{
    wf_feel_op_e low = node->open_left ? WF_FEEL_GT : WF_FEEL_GE;
    wf_feel_op_e high = node->open_right ? WF_FEEL_LT : WF_FEEL_LE;
    apr_status_t rv = test_order(run, node, low, node->left, result);

    return rv == APR_SUCCESS && *result == 1
               ? test_order(run, node, high, node->right, result)
               : rv;
}

static int in_list(const wf_list_t *list, const wf_value_t *value)
{
    for (int i = 0; i < wf_list_count(list); i++) {
        if (wf_feel_equal(wf_list_at(list, i), value)) {
            return 1;
        }
    }
    return 0;
}

/* A test that compares or names the input says by itself whether it holds; any other one
 * is a value that the input must be, or a list that it must be in. */
static int is_condition(const wf_feel_node_t *node)
{
    return node->about_input || (node->kind == WF_FEEL_BINARY && node->op < WF_FEEL_ADD)
           || (node->kind == WF_FEEL_CALL
               && node->function == wf_feel_function_find("not"));
}

/* 1, 0, or -1: null leaves it open. */
static apr_status_t test_one(wf_feel_run_t *run, const wf_feel_node_t *node, int *result)
{
    wf_value_t value;
    apr_status_t rv;

    if (node->kind == WF_FEEL_ORDERED) {
        return test_order(run, node, node->op, node->right, result);
    }
    if (node->kind == WF_FEEL_RANGE) {
        return test_range(run, node, result);
    }
    if ((rv = eval(run, node, &value)) != APR_SUCCESS) {
        return rv;
    }
    if (is_condition(node)) {
        return truth_of(run, node, &value, result);
    }
    *result = wf_feel_equal(&run->input, &value)
              || (value.type == WF_LIST && in_list(value.as.list, &run->input));
    return APR_SUCCESS;
}

apr_status_t wf_feel_test(wf_feel_run_t *run, const wf_feel_t *feel, int *holds)
{
    int one = feel->ntests == 0, unknown = 0;

    run->text = feel->text;
    for (int i = 0; i < feel->ntests && one != 1; i++) {
        apr_status_t rv = test_one(run, feel->tests[i], &one);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        unknown |= one < 0;
    }
    *holds = feel->negated ? one != 1 && !unknown : one == 1;
    return APR_SUCCESS;
}
