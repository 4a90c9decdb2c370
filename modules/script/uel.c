/* The dialect of process models: the unified expression language (JSP 2.1, JSR 245) with
 * the coercions of its section 1.18. */
#include "script/internal.h"

#include <apr_lib.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { OR = 1, AND, EQUAL, ORDER, ADD, MULTIPLY, UNARY };

/* clang-format off */
#define INFIX(text, op, level) { text, WF_TOKEN_OPERATOR, op, level, WF_OP_NONE, 0, 0 }
#define PREFIX(text, op) { text, WF_TOKEN_OPERATOR, WF_OP_NONE, 0, op, UNARY, UNARY }
#define WORD(text, kind) { text, kind, WF_OP_NONE, 0, WF_OP_NONE, 0, 0 }

static const wf_symbol_t symbols[] = {
    INFIX("||",  WF_OP_OR,  OR),       INFIX("or",  WF_OP_OR,  OR),
    INFIX("&&",  WF_OP_AND, AND),      INFIX("and", WF_OP_AND, AND),
    INFIX("==",  WF_OP_EQ,  EQUAL),    INFIX("eq",  WF_OP_EQ,  EQUAL),
    INFIX("!=",  WF_OP_NE,  EQUAL),    INFIX("ne",  WF_OP_NE,  EQUAL),
    INFIX("<",   WF_OP_LT,  ORDER),    INFIX("lt",  WF_OP_LT,  ORDER),
    INFIX(">",   WF_OP_GT,  ORDER),    INFIX("gt",  WF_OP_GT,  ORDER),
    INFIX("<=",  WF_OP_LE,  ORDER),    INFIX("le",  WF_OP_LE,  ORDER),
    INFIX(">=",  WF_OP_GE,  ORDER),    INFIX("ge",  WF_OP_GE,  ORDER),
    INFIX("+",   WF_OP_ADD, ADD),
    { "-", WF_TOKEN_OPERATOR, WF_OP_SUB, ADD, WF_OP_NEG, UNARY, UNARY },
    INFIX("*",   WF_OP_MUL, MULTIPLY),
    INFIX("/",   WF_OP_DIV, MULTIPLY), INFIX("div", WF_OP_DIV, MULTIPLY),
    INFIX("%",   WF_OP_MOD, MULTIPLY), INFIX("mod", WF_OP_MOD, MULTIPLY),
    PREFIX("!",  WF_OP_NOT),           PREFIX("not", WF_OP_NOT),
    PREFIX("empty", WF_OP_EMPTY),
    WORD("(", WF_TOKEN_MARK),          WORD(")", WF_TOKEN_MARK),
    WORD("[", WF_TOKEN_MARK),          WORD("]", WF_TOKEN_MARK),
    WORD(".", WF_TOKEN_MARK),          WORD(",", WF_TOKEN_MARK),
    WORD("?", WF_TOKEN_MARK),          WORD(":", WF_TOKEN_MARK),
    WORD("true", WF_TOKEN_LITERAL),    WORD("false", WF_TOKEN_LITERAL),
    WORD("null", WF_TOKEN_LITERAL),    WORD("instanceof", WF_TOKEN_RESERVED),
    { 0 },
};
/* clang-format on */

/* ---- reading ---------------------------------------------------------------------- */

static apr_size_t digits_at(const char *s)
{
    apr_size_t n = 0;

    while (apr_isdigit(s[n])) {
        n++;
    }
    return n;
}

/* 12, 2.5, 2., .5, 1e3, 1.5E-3 */
static apr_size_t number_at(const char *text)
{
    apr_size_t whole = digits_at(text), fraction = 0, n = whole, exponent;

    if (text[n] == '.') {
        fraction = digits_at(text + n + 1);
        n += 1 + fraction;
    }
    if (whole + fraction == 0) {
        return 0;
    }
    if (text[n] == 'e' || text[n] == 'E') {
        exponent = n + 1 + (text[n + 1] == '-' || text[n + 1] == '+');
        if (digits_at(text + exponent)) {
            n = exponent + digits_at(text + exponent);
        }
    }
    return n;
}

static wf_escape_e escape(char c, char quote)
{
    (void)quote;
    return c == '\\' || c == '\'' || c == '"' ? WF_ESCAPE_ALONE : WF_ESCAPE_BAD;
}

/* ---- coercions -------------------------------------------------------------------- */

static int is_text(const wf_value_t *v, const char *word)
{
    return v->as.text.length == strlen(word) && !strcasecmp(v->as.text.data, word);
}

static apr_status_t truth(wf_eval_t *e, const wf_value_t *v, int *result)
{
    switch (v->type) {
    case WF_NULL:
        *result = 0;
        return APR_SUCCESS;
    case WF_BOOLEAN:
        *result = v->as.boolean;
        return APR_SUCCESS;
    case WF_STRING:
        *result = is_text(v, "true");
        return APR_SUCCESS;
    default:
        return wf_eval_fail(e, "a value of type %s is neither true nor false",
                            wf_type_name(v->type));
    }
}

/* null and '' count as 0, texts as the number they spell. */
static apr_status_t to_number(wf_eval_t *e, const wf_value_t *v, wf_number_t *n)
{
    if (wf_number_of(v, n)) {
        return APR_SUCCESS;
    }
    if (v->type == WF_NULL || (v->type == WF_STRING && v->as.text.length == 0)) {
        *n = wf_number_of_integer(0);
        return APR_SUCCESS;
    }
    if (v->type == WF_STRING) {
        return wf_number_parse(v->as.text.data, v->as.text.length, 0, n)
                   ? APR_SUCCESS
                   : wf_eval_fail(e, "a string that is no number is used as one");
    }
    return wf_eval_fail(e, "a value of type %s is used as a number",
                        wf_type_name(v->type));
}

static apr_status_t negate(wf_eval_t *e, const wf_value_t *v, wf_value_t *result)
{
    wf_number_t n;
    apr_status_t rv = to_number(e, v, &n);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (n.is_double) {
        *result = wf_double(-n.d);
        return APR_SUCCESS;
    }
    *result = wf_long((apr_int64_t)(0 - (apr_uint64_t)n.i));
    if (v->type == WF_INTEGER || v->type == WF_SHORT) { /* Java keeps the small types */
        result->type = v->type;
        result->as.integer = v->type == WF_SHORT ? (int16_t)result->as.integer
                                                 : (int32_t)result->as.integer;
    }
    return APR_SUCCESS;
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
    if (a->type == WF_NULL && b->type == WF_NULL) {
        *result = wf_long(0);
        return APR_SUCCESS;
    }
    if (op == WF_OP_DIV) {
        *result = wf_double(x.d / y.d);
        return APR_SUCCESS;
    }
    if (!wf_number_apply(op, &x, &y, &wf_rules_uel, result)) {
        return wf_eval_fail(e, "the remainder of a division by zero");
    }
    return APR_SUCCESS;
}

/* ---- comparisons ------------------------------------------------------------------ */

static int is_number(const wf_value_t *v)
{
    return wf_is_integer(v) || v->type == WF_DOUBLE;
}

static apr_status_t compare_numbers(wf_eval_t *e, wf_op_e op, const wf_value_t *a,
                                    const wf_value_t *b, int *result)
{
    wf_number_t x, y;
    apr_status_t rv = to_number(e, a, &x);

    if (rv == APR_SUCCESS) {
        rv = to_number(e, b, &y);
    }
    if (rv == APR_SUCCESS) {
        *result = wf_order_holds(op, wf_number_order(&x, &y));
    }
    return rv;
}

static apr_status_t compare_booleans(wf_eval_t *e, wf_op_e op, const wf_value_t *a,
                                     const wf_value_t *b, int *result)
{
    int x, y;
    apr_status_t rv = truth(e, a, &x);

    if (rv == APR_SUCCESS) {
        rv = truth(e, b, &y);
    }
    if (rv == APR_SUCCESS) {
        *result = wf_order_holds(op, x - y);
    }
    return rv;
}

static int compare_texts(wf_eval_t *e, wf_op_e op, const wf_value_t *a,
                         const wf_value_t *b)
{
    wf_value_t x = wf_print_uel(a, e->pool), y = wf_print_uel(b, e->pool);

    return wf_order_holds(op, wf_text_order(&x, &y));
}

static int is_equality(wf_op_e op)
{
    return op == WF_OP_EQ || op == WF_OP_NE;
}

/* In the order of the specification (1.18.5, 1.18.6): numbers win over booleans, booleans
 * over texts. Order among booleans and dates is that of their Java classes. */
static apr_status_t compare(wf_eval_t *e, wf_op_e op, const wf_value_t *a,
                            const wf_value_t *b, int *result)
{
    int both_boolean = a->type == WF_BOOLEAN && b->type == WF_BOOLEAN;

    if (a->type == WF_NULL || b->type == WF_NULL) {
        *result = is_equality(op) && (a->type == b->type) == (op == WF_OP_EQ);
        return APR_SUCCESS;
    }
    if (is_number(a) || is_number(b)) {
        return compare_numbers(e, op, a, b, result);
    }
    if (both_boolean
        || (is_equality(op) && (a->type == WF_BOOLEAN || b->type == WF_BOOLEAN))) {
        return compare_booleans(e, op, a, b, result);
    }
    if (a->type == WF_STRING || b->type == WF_STRING) {
        *result = compare_texts(e, op, a, b);
        return APR_SUCCESS;
    }
    if (is_equality(op)) {
        *result = wf_value_equal(a, b) == (op == WF_OP_EQ);
        return APR_SUCCESS;
    }
    if (a->type == WF_DATE && b->type == WF_DATE) {
        *result = wf_order_holds(op, (a->as.integer > b->as.integer)
                                         - (a->as.integer < b->as.integer));
        return APR_SUCCESS;
    }
    return wf_eval_fail(e, "values of type %s and %s have no order",
                        wf_type_name(a->type), wf_type_name(b->type));
}

const wf_rules_t wf_rules_uel = {
    .symbols = symbols,
    .dollar_names = 1,
    .functions = 1,
    .number = number_at,
    .escape = escape,
    .integer = wf_long,
    .truth = truth,
    .negate = negate,
    .arithmetic = arithmetic,
    .compare = compare,
    .print = wf_print_uel,
    .print_double = wf_number_print_java,
};
