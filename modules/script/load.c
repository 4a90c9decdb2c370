/* The dialect of load workflows. Numeric texts compare as numbers, everything else as
 * text; arithmetic takes numbers and numeric texts only. */
#include "script/internal.h"

#include <apr_lib.h>
#include <math.h>
#include <string.h>

enum { OR = 1, AND, NOT, COMPARE, ADD, MULTIPLY, UNARY, PRIMARY };

/* clang-format off */
#define INFIX(text, op, level) { text, WF_TOKEN_OPERATOR, op, level, WF_OP_NONE, 0, 0 }
#define PREFIX(text, op, level) { text, WF_TOKEN_OPERATOR, WF_OP_NONE, 0, op, level, level }
#define WORD(text, kind) { text, kind, WF_OP_NONE, 0, WF_OP_NONE, 0, 0 }

static const wf_symbol_t symbols[] = {
    INFIX("OR",  WF_OP_OR,  OR),      INFIX("||",  WF_OP_OR,  OR),
    INFIX("AND", WF_OP_AND, AND),     INFIX("&&",  WF_OP_AND, AND),
    PREFIX("NOT", WF_OP_NOT, NOT),    PREFIX("!",  WF_OP_NOT, NOT),
    INFIX("==",  WF_OP_EQ,  COMPARE), INFIX("===", WF_OP_EQ,  COMPARE),
    INFIX("!=",  WF_OP_NE,  COMPARE), INFIX("!==", WF_OP_NE,  COMPARE),
    INFIX("<",   WF_OP_LT,  COMPARE), INFIX("<=",  WF_OP_LE,  COMPARE),
    INFIX(">",   WF_OP_GT,  COMPARE), INFIX(">=",  WF_OP_GE,  COMPARE),
    INFIX("+",   WF_OP_ADD, ADD),
    { "-", WF_TOKEN_OPERATOR, WF_OP_SUB, ADD, WF_OP_NEG, UNARY, PRIMARY },
    INFIX("*",   WF_OP_MUL, MULTIPLY),
    INFIX("/",   WF_OP_DIV, MULTIPLY),
    INFIX("%",   WF_OP_MOD, MULTIPLY),
    WORD("(", WF_TOKEN_MARK),         WORD(")", WF_TOKEN_MARK),
    WORD("true", WF_TOKEN_LITERAL),   WORD("false", WF_TOKEN_LITERAL),
    WORD("null", WF_TOKEN_LITERAL),
    { 0 },
};
/* clang-format on */

/* 12, 2.5: a fraction needs digits, there are no exponents. */
static apr_size_t number_at(const char *text)
{
    apr_size_t n = 0;

    while (apr_isdigit(text[n])) {
        n++;
    }
    if (n > 0 && text[n] == '.' && apr_isdigit(text[n + 1])) {
        n++;
        while (apr_isdigit(text[n])) {
            n++;
        }
    }
    return n;
}

static wf_escape_e escape(char c, char quote)
{
    return c == quote || c == '\\' ? WF_ESCAPE_ALONE : WF_ESCAPE_BOTH;
}

/* ---- coercions -------------------------------------------------------------------- */

static apr_status_t text_truth(wf_eval_t *e, const char *text, int *result)
{
    static const struct {
        const char *word;
        int truth;
    } words[] = { { "true", 1 }, { "1", 1 }, { "false", 0 }, { "0", 0 }, { "", 0 } };

    for (apr_size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcasecmp(text, words[i].word)) {
            *result = words[i].truth;
            return APR_SUCCESS;
        }
    }
    return wf_eval_fail(e, "a string is neither true nor false");
}

static apr_status_t truth(wf_eval_t *e, const wf_value_t *v, int *result)
{
    wf_number_t n;

    if (wf_number_of(v, &n)) {
        *result = n.d != 0;
        return APR_SUCCESS;
    }
    switch (v->type) {
    case WF_NULL:
        *result = 0;
        return APR_SUCCESS;
    case WF_BOOLEAN:
        *result = v->as.boolean;
        return APR_SUCCESS;
    case WF_STRING:
        return text_truth(e, v->as.text.data, result);
    default:
        return wf_eval_fail(e, "a value of type %s is neither true nor false",
                            wf_type_name(v->type));
    }
}

static int numeric(const wf_value_t *v, wf_number_t *n)
{
    return wf_number_of(v, n)
           || (v->type == WF_STRING
               && wf_number_parse(v->as.text.data, v->as.text.length, 1, n));
}

static apr_status_t to_number(wf_eval_t *e, const wf_value_t *v, wf_number_t *n)
{
    return numeric(v, n) ? APR_SUCCESS
                         : wf_eval_fail(e, "a value of type %s is used as a number",
                                        wf_type_name(v->type));
}

static apr_status_t negate(wf_eval_t *e, const wf_value_t *v, wf_value_t *result)
{
    wf_number_t n;
    apr_status_t rv = to_number(e, v, &n);

    if (rv == APR_SUCCESS) {
        *result = n.is_double ? wf_double(-n.d)
                              : wf_integer((apr_int64_t)(0 - (apr_uint64_t)n.i));
    }
    return rv;
}

static apr_status_t arithmetic(wf_eval_t *e, wf_op_e op, const wf_value_t *a,
                               const wf_value_t *b, wf_value_t *result)
{
    wf_number_t x, y;
    apr_status_t rv = to_number(e, a, &x);

    if (rv == APR_SUCCESS) {
        rv = to_number(e, b, &y);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((op == WF_OP_DIV || op == WF_OP_MOD) && y.d == 0) {
        return wf_eval_fail(e, "division by zero");
    }
    if (op == WF_OP_DIV) {
        *result = wf_double(x.d / y.d);
        return APR_SUCCESS;
    }
    wf_number_apply(op, &x, &y, &wf_rules_load, result);
    return APR_SUCCESS;
}

/* ---- comparisons ------------------------------------------------------------------ */

static apr_status_t compare_null(wf_eval_t *e, wf_op_e op, int both, int *result)
{
    if (op != WF_OP_EQ && op != WF_OP_NE) {
        return wf_eval_fail(e,
                            "null has no order, it can only be compared with == and !=");
    }
    *result = both == (op == WF_OP_EQ);
    return APR_SUCCESS;
}

static apr_status_t compare(wf_eval_t *e, wf_op_e op, const wf_value_t *a,
                            const wf_value_t *b, int *result)
{
    wf_number_t x, y;
    wf_value_t s, t;

    if (a->type == WF_NULL || b->type == WF_NULL) {
        return compare_null(e, op, a->type == b->type, result);
    }
    if (numeric(a, &x) && numeric(b, &y)) {
        *result = wf_order_holds(op, wf_number_order(&x, &y));
        return APR_SUCCESS;
    }
    s = wf_print_load(a, e->pool);
    t = wf_print_load(b, e->pool);
    *result = wf_order_holds(op, wf_text_order(&s, &t));
    return APR_SUCCESS;
}

const wf_rules_t wf_rules_load = {
    .symbols = symbols,
    .fold_case = 1,
    .paths = 1,
    .unchained_level = COMPARE,
    .number = number_at,
    .escape = escape,
    .integer = wf_integer,
    .truth = truth,
    .negate = negate,
    .arithmetic = arithmetic,
    .compare = compare,
    .print = wf_print_load,
    .print_double = wf_number_print_load,
};
