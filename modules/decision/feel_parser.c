/* The parser of FEEL: operators by a table of levels, everything else by one function.
 *
 *   tests   = "-" | "not" "(" test { "," test } ")" | test { "," test }
 *   test    = ordering operator, level(ADD) | level(OR)
 *   level   = prefix { operator of a level >= it, level(that + 1) }
 *   prefix  = "-" prefix | primary { "." name }
 *   primary = literal | name | "?" | function "(" list ")" | "(" level(OR) ")"
 *           | "[" list "]" | opening level(OR) ".." level(OR) closing
 *
 * An interval may stand where a test does and nowhere else. */
#include "decision/internal.h"

#include <apr_strings.h>
#include <string.h>

typedef struct parser_t {
    wf_feel_lexer_t lexer;
    wf_feel_token_t token;
    const char *input; /* another name of "?"; NULL: there is no input */
    int tests;         /* "?" is known */
    int nesting;
    apr_pool_t *p;
    wf_error_t *err;
} parser_t;

/* clang-format off */
enum { LEVEL_OR = 1, LEVEL_AND, LEVEL_ORDER, LEVEL_ADD, LEVEL_MUL, LEVEL_POW };

static const struct {
    const char *text;
    wf_feel_op_e op;
    int level;
} operators[] = {
    { "or",  WF_FEEL_OR,  LEVEL_OR    },
    { "and", WF_FEEL_AND, LEVEL_AND   },
    { "=",   WF_FEEL_EQ,  LEVEL_ORDER },
    { "!=",  WF_FEEL_NE,  LEVEL_ORDER },
    { "<",   WF_FEEL_LT,  LEVEL_ORDER },
    { "<=",  WF_FEEL_LE,  LEVEL_ORDER },
    { ">",   WF_FEEL_GT,  LEVEL_ORDER },
    { ">=",  WF_FEEL_GE,  LEVEL_ORDER },
    { "+",   WF_FEEL_ADD, LEVEL_ADD   },
    { "-",   WF_FEEL_SUB, LEVEL_ADD   },
    { "*",   WF_FEEL_MUL, LEVEL_MUL   },
    { "/",   WF_FEEL_DIV, LEVEL_MUL   },
    { "**",  WF_FEEL_POW, LEVEL_POW   },
};

#define OPERATORS ((int)(sizeof(operators) / sizeof(operators[0])))

/* Words of FEEL that mean nothing in S-FEEL. */
static const char *const reserved[] = {
    "if", "then", "else", "for", "return", "in", "some", "every", "satisfies", "between",
    "instance", "of", "function", "external",
};

static const struct {
    const char *word;
    wf_value_t value;
} constants[] = {
    { "true",  { .type = WF_BOOLEAN, .as.boolean = 1 } },
    { "false", { .type = WF_BOOLEAN, .as.boolean = 0 } },
    { "null",  { .type = WF_NULL } },
};
/* clang-format on */

static apr_status_t parse_level(parser_t *ps, int level, const wf_feel_node_t **node);

/* ---- helpers ---------------------------------------------------------------------- */

static apr_status_t refuse(parser_t *ps, wf_err_kind_e kind, apr_size_t pos,
                           const char *fmt, const char *what)
{
    const char *why = apr_psprintf(ps->p, fmt, what);

    return wf_error_set(ps->err, kind, "%s: %s",
                        wf_feel_place(ps->lexer.text, pos, ps->p), why);
}

static apr_status_t bad(parser_t *ps, apr_size_t pos, const char *why)
{
    return refuse(ps, WF_ERR_INVALID, pos, "%s", why);
}

static apr_status_t unexpected(parser_t *ps)
{
    if (ps->token.kind == WF_FEEL_END) {
        return bad(ps, ps->token.pos, "the expression ends too early");
    }
    if (ps->token.kind == WF_FEEL_LITERAL) {
        return bad(ps, ps->token.pos, "a value is not expected here");
    }
    return refuse(ps, WF_ERR_INVALID, ps->token.pos, "'%s' is not expected here",
                  ps->token.text);
}

static apr_status_t advance(parser_t *ps)
{
    return wf_feel_next(&ps->lexer, &ps->token);
}

static int at_symbol(const parser_t *ps, const char *text)
{
    return ps->token.kind == WF_FEEL_SYMBOL && !strcmp(ps->token.text, text);
}

static int at_word(const parser_t *ps, const char *text)
{
    return ps->token.kind == WF_FEEL_WORD && !strcmp(ps->token.text, text);
}

static apr_status_t expect(parser_t *ps, const char *symbol)
{
    return at_symbol(ps, symbol) ? advance(ps) : unexpected(ps);
}

static wf_feel_node_t *make(parser_t *ps, wf_feel_node_e kind, apr_size_t pos)
{
    wf_feel_node_t *node = apr_pcalloc(ps->p, sizeof(*node));

    node->kind = kind;
    node->pos = pos;
    node->depth = 1;
    return node;
}

/* Take a child in: nothing but a value, and not too deep, as evaluation recurses. */
static apr_status_t adopt(parser_t *ps, wf_feel_node_t *node, const wf_feel_node_t *child)
{
    if (child->kind == WF_FEEL_RANGE) {
        return bad(ps, child->pos, "an interval can only stand as a test of its own");
    }
    if (child->depth >= WF_FEEL_NESTING_MAX) {
        return refuse(ps, WF_ERR_TOO_LARGE, child->pos, "more than %s levels or terms",
                      APR_STRINGIFY(WF_FEEL_NESTING_MAX));
    }
    if (node->depth <= child->depth) {
        node->depth = child->depth + 1;
    }
    node->about_input |= child->about_input;
    return APR_SUCCESS;
}

/* ---- primaries -------------------------------------------------------------------- */

/* Expressions with commas, up to the closing symbol, into node; the first one may have
 * been read already. */
static apr_status_t parse_items(parser_t *ps, wf_feel_node_t *node,
                                const wf_feel_node_t *first, const char *closing)
{
    apr_array_header_t *items = apr_array_make(ps->p, 4, sizeof(wf_feel_node_t *));
    apr_status_t rv = APR_SUCCESS;

    if (first && (rv = adopt(ps, node, first)) == APR_SUCCESS) {
        APR_ARRAY_PUSH(items, const wf_feel_node_t *) = first;
    }
    while (rv == APR_SUCCESS && !at_symbol(ps, closing)) {
        const wf_feel_node_t *item;

        if (items->nelts && (rv = expect(ps, ",")) != APR_SUCCESS) {
            return rv;
        }
        if (items->nelts >= WF_FEEL_ITEMS_MAX) {
            return refuse(ps, WF_ERR_TOO_LARGE, ps->token.pos, "more than %s items",
                          APR_STRINGIFY(WF_FEEL_ITEMS_MAX));
        }
        if ((rv = parse_level(ps, LEVEL_OR, &item)) == APR_SUCCESS
            && (rv = adopt(ps, node, item)) == APR_SUCCESS) {
            APR_ARRAY_PUSH(items, const wf_feel_node_t *) = item;
        }
    }
    node->items = (const wf_feel_node_t **)items->elts;
    node->nitems = items->nelts;
    return rv == APR_SUCCESS ? advance(ps) : rv;
}

/* date("2026-03-01") is a value: known now, and wrong now if it is wrong. */
static apr_status_t fold_call(parser_t *ps, wf_feel_node_t *node)
{
    wf_feel_run_t run = { .pool = ps->p, .err = ps->err };
    wf_value_t *args = apr_pcalloc(ps->p, sizeof(*args) * node->nitems);

    for (int i = 0; i < node->nitems; i++) {
        if (node->items[i]->kind != WF_FEEL_VALUE) {
            return APR_SUCCESS;
        }
        args[i] = node->items[i]->literal;
    }
    if (node->function->call(&run, args, &node->literal) != APR_SUCCESS) {
        const char *why = ps->err->message;

        wf_error_init(ps->err, ps->err->pool);
        return bad(ps, node->pos, why);
    }
    node->kind = WF_FEEL_VALUE;
    node->depth = 1;
    return APR_SUCCESS;
}

static apr_status_t parse_call(parser_t *ps, const char *name, wf_feel_node_t *node)
{
    apr_status_t rv;

    node->kind = WF_FEEL_CALL;
    node->function = wf_feel_function_find(name);
    if (!node->function) {
        return refuse(ps, WF_ERR_UNSUPPORTED, node->pos,
                      "the function '%s' is not supported", name);
    }
    if ((rv = advance(ps)) != APR_SUCCESS
        || (rv = parse_items(ps, node, NULL, ")")) != APR_SUCCESS) {
        return rv;
    }
    if (node->nitems != node->function->arguments) {
        return refuse(ps, WF_ERR_INVALID, node->pos,
                      "'%s' takes another number of arguments", name);
    }
    return fold_call(ps, node);
}

static apr_status_t parse_word(parser_t *ps, wf_feel_node_t *node)
{
    const char *word = ps->token.text;
    apr_status_t rv;

    for (apr_size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (!strcmp(word, reserved[i])) {
            return refuse(ps, WF_ERR_UNSUPPORTED, node->pos,
                          "'%s' is not supported: expressions are S-FEEL", word);
        }
    }
    for (apr_size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
        if (!strcmp(word, constants[i].word)) {
            node->literal = constants[i].value;
            return advance(ps);
        }
    }
    if (!strcmp(word, "and") || !strcmp(word, "or")) {
        return unexpected(ps);
    }
    if ((rv = advance(ps)) != APR_SUCCESS) {
        return rv;
    }
    if (at_symbol(ps, "(")) {
        return parse_call(ps, word, node);
    }
    node->kind = WF_FEEL_NAME;
    node->name = word;
    if (ps->input && !strcmp(word, ps->input)) {
        node->kind = WF_FEEL_INPUT;
        node->about_input = 1;
    }
    return APR_SUCCESS;
}

/* At the ".." of an interval, after its lower end. */
static apr_status_t parse_range(parser_t *ps, const wf_feel_node_t *low,
                                wf_feel_node_t *node)
{
    apr_status_t rv;

    node->kind = WF_FEEL_RANGE;
    node->left = low;
    if ((rv = adopt(ps, node, low)) != APR_SUCCESS || (rv = advance(ps)) != APR_SUCCESS
        || (rv = parse_level(ps, LEVEL_OR, &node->right)) != APR_SUCCESS
        || (rv = adopt(ps, node, node->right)) != APR_SUCCESS) {
        return rv;
    }
    node->open_right = !at_symbol(ps, "]");
    return at_symbol(ps, "]") || at_symbol(ps, "[") ? advance(ps) : expect(ps, ")");
}

/* What begins with a bracket: a parenthesis, an interval, or a list. */
static apr_status_t parse_bracket(parser_t *ps, const wf_feel_node_t **result)
{
    const char opening = *ps->token.text;
    wf_feel_node_t *node = make(ps, WF_FEEL_LIST, ps->token.pos);
    const wf_feel_node_t *first;
    apr_status_t rv = advance(ps);

    *result = node;
    if (rv != APR_SUCCESS || (opening == '[' && at_symbol(ps, "]"))) {
        return rv == APR_SUCCESS ? advance(ps) : rv;
    }
    if ((rv = parse_level(ps, LEVEL_OR, &first)) != APR_SUCCESS) {
        return rv;
    }
    if (at_symbol(ps, "..")) {
        node->open_left = opening != '[';
        return parse_range(ps, first, node);
    }
    if (opening == '[') {
        return parse_items(ps, node, first, "]");
    }
    if (opening == ']') {
        return unexpected(ps);
    }
    *result = first;
    return (rv = adopt(ps, node, first)) == APR_SUCCESS ? expect(ps, ")") : rv;
}

static apr_status_t parse_primary(parser_t *ps, const wf_feel_node_t **result)
{
    wf_feel_node_t *node;

    if (at_symbol(ps, "(") || at_symbol(ps, "[") || at_symbol(ps, "]")) {
        return parse_bracket(ps, result);
    }
    *result = node = make(ps, WF_FEEL_VALUE, ps->token.pos);
    if (ps->token.kind == WF_FEEL_WORD) {
        return parse_word(ps, node);
    }
    if (ps->token.kind == WF_FEEL_LITERAL) {
        node->literal = ps->token.value;
        return advance(ps);
    }
    if (ps->tests && at_symbol(ps, "?")) {
        node->kind = WF_FEEL_INPUT;
        node->about_input = 1;
        return advance(ps);
    }
    return unexpected(ps);
}

/* ---- operators -------------------------------------------------------------------- */

static apr_status_t parse_members(parser_t *ps, const wf_feel_node_t **node)
{
    apr_status_t rv = parse_primary(ps, node);

    while (rv == APR_SUCCESS && at_symbol(ps, ".")) {
        wf_feel_node_t *member = make(ps, WF_FEEL_MEMBER, ps->token.pos);

        member->left = *node;
        if ((rv = adopt(ps, member, *node)) != APR_SUCCESS
            || (rv = advance(ps)) != APR_SUCCESS) {
            return rv;
        }
        if (ps->token.kind != WF_FEEL_WORD) {
            return unexpected(ps);
        }
        member->name = ps->token.text;
        *node = member;
        rv = advance(ps);
    }
    return rv;
}

/* A number's sign is part of it, so that -5 is a value like others. */
static void fold_sign(wf_feel_node_t *node)
{
    const wf_value_t *value = &node->left->literal;

    if (node->left->kind != WF_FEEL_VALUE) {
        return;
    }
    if (wf_is_integer(value) && value->as.integer != APR_INT64_MIN) {
        node->literal = wf_integer(-value->as.integer);
        node->kind = WF_FEEL_VALUE;
    }
    else if (value->type == WF_DOUBLE) {
        node->literal = wf_double(-value->as.number);
        node->kind = WF_FEEL_VALUE;
    }
}

static apr_status_t parse_prefix(parser_t *ps, const wf_feel_node_t **result)
{
    wf_feel_node_t *node;
    apr_status_t rv;

    if (!at_symbol(ps, "-")) {
        return parse_members(ps, result);
    }
    if (++ps->nesting > WF_FEEL_NESTING_MAX) {
        return bad(ps, ps->token.pos, "nested too deeply");
    }
    *result = node = make(ps, WF_FEEL_NEGATE, ps->token.pos);
    if ((rv = advance(ps)) == APR_SUCCESS
        && (rv = parse_prefix(ps, &node->left)) == APR_SUCCESS
        && (rv = adopt(ps, node, node->left)) == APR_SUCCESS) {
        fold_sign(node);
    }
    ps->nesting--;
    return rv;
}

static int operator_at(const parser_t *ps)
{
    for (int i = 0; i < OPERATORS; i++) {
        if (at_symbol(ps, operators[i].text) || at_word(ps, operators[i].text)) {
            return i;
        }
    }
    return -1;
}

static apr_status_t parse_binary(parser_t *ps, int at, const wf_feel_node_t **result)
{
    wf_feel_node_t *node = make(ps, WF_FEEL_BINARY, ps->token.pos);
    apr_status_t rv;

    node->op = operators[at].op;
    node->left = *result;
    *result = node;
    if ((rv = adopt(ps, node, node->left)) != APR_SUCCESS
        || (rv = advance(ps)) != APR_SUCCESS
        || (rv = parse_level(ps, operators[at].level + 1, &node->right)) != APR_SUCCESS
        || (rv = adopt(ps, node, node->right)) != APR_SUCCESS) {
        return rv;
    }
    if (operators[at].level == LEVEL_ORDER && (at = operator_at(ps)) >= 0
        && operators[at].level == LEVEL_ORDER) {
        return bad(ps, ps->token.pos, "comparisons do not follow one another");
    }
    return APR_SUCCESS;
}

static apr_status_t parse_level(parser_t *ps, int level, const wf_feel_node_t **node)
{
    apr_status_t rv;
    int at;

    if (++ps->nesting > WF_FEEL_NESTING_MAX) {
        return refuse(ps, WF_ERR_TOO_LARGE, ps->token.pos, "more than %s levels",
                      APR_STRINGIFY(WF_FEEL_NESTING_MAX));
    }
    rv = parse_prefix(ps, node);
    while (rv == APR_SUCCESS && (at = operator_at(ps)) >= 0
           && operators[at].level >= level) {
        rv = parse_binary(ps, at, node);
    }
    ps->nesting--;
    return rv;
}

/* ---- tests ------------------------------------------------------------------------ */

static apr_status_t parse_test(parser_t *ps, const wf_feel_node_t **result)
{
    int at = ps->token.kind == WF_FEEL_SYMBOL ? operator_at(ps) : -1;
    wf_feel_node_t *node;
    apr_status_t rv;

    if (at < 0 || operators[at].level != LEVEL_ORDER) {
        return parse_level(ps, LEVEL_OR, result);
    }
    *result = node = make(ps, WF_FEEL_ORDERED, ps->token.pos);
    node->op = operators[at].op;
    if ((rv = advance(ps)) != APR_SUCCESS
        || (rv = parse_level(ps, LEVEL_ADD, &node->right)) != APR_SUCCESS) {
        return rv;
    }
    return adopt(ps, node, node->right);
}

static apr_status_t parse_test_list(parser_t *ps, wf_feel_t *feel)
{
    apr_array_header_t *tests = apr_array_make(ps->p, 4, sizeof(wf_feel_node_t *));
    apr_status_t rv;

    while ((rv = parse_test(ps, apr_array_push(tests))) == APR_SUCCESS
           && at_symbol(ps, ",")) {
        if (tests->nelts >= WF_FEEL_ITEMS_MAX) {
            return refuse(ps, WF_ERR_TOO_LARGE, ps->token.pos, "more than %s tests",
                          APR_STRINGIFY(WF_FEEL_ITEMS_MAX));
        }
        if ((rv = advance(ps)) != APR_SUCCESS) {
            return rv;
        }
    }
    feel->tests = (const wf_feel_node_t **)tests->elts;
    feel->ntests = tests->nelts;
    return rv;
}

/* "-" and nothing else */
static int at_dash(const parser_t *ps)
{
    const char *rest = ps->lexer.text + ps->lexer.pos;

    return at_symbol(ps, "-") && !rest[strspn(rest, " \t\r\n")];
}

/* not(1, 2) holds if none of the tests does; not(a) and b is no such thing. */
static apr_status_t parse_tests(parser_t *ps, wf_feel_t *feel)
{
    apr_status_t rv;

    if (at_dash(ps)) {
        return advance(ps);
    }
    if (!at_word(ps, "not")) {
        return parse_test_list(ps, feel);
    }
    feel->negated = 1;
    if ((rv = advance(ps)) == APR_SUCCESS && (rv = expect(ps, "(")) == APR_SUCCESS
        && (rv = parse_test_list(ps, feel)) == APR_SUCCESS) {
        rv = expect(ps, ")");
    }
    return rv;
}

/* ---- the two entries -------------------------------------------------------------- */

static apr_status_t start(parser_t *ps, wf_feel_t **feel, const char *text)
{
    if (strlen(text) > WF_FEEL_TEXT_MAX) {
        return wf_error_set(ps->err, WF_ERR_TOO_LARGE,
                            "the expression is longer than %d KiB",
                            WF_FEEL_TEXT_MAX / 1024);
    }
    *feel = apr_pcalloc(ps->p, sizeof(**feel));
    (*feel)->text = apr_pstrdup(ps->p, text);
    ps->lexer = (wf_feel_lexer_t){
        .text = (*feel)->text, .length = strlen(text), .pool = ps->p, .err = ps->err
    };
    return advance(ps);
}

static apr_status_t finish(parser_t *ps)
{
    return ps->token.kind == WF_FEEL_END ? APR_SUCCESS : unexpected(ps);
}

apr_status_t wf_feel_parse(wf_feel_t **feel, const char *text, apr_pool_t *p,
                           wf_error_t *err)
{
    parser_t ps = { .p = p, .err = err };
    const wf_feel_node_t *root = NULL;
    apr_status_t rv;

    if ((rv = start(&ps, feel, text)) != APR_SUCCESS
        || (rv = parse_level(&ps, LEVEL_OR, &root)) != APR_SUCCESS
        || (rv = finish(&ps)) != APR_SUCCESS) {
        return rv;
    }
    if (root->kind == WF_FEEL_RANGE) {
        return bad(&ps, root->pos, "an interval can only stand as a test");
    }
    (*feel)->expression = root;
    return APR_SUCCESS;
}

apr_status_t wf_feel_parse_tests(wf_feel_t **feel, const char *text, const char *input,
                                 apr_pool_t *p, wf_error_t *err)
{
    parser_t ps = { .p = p, .err = err, .input = input, .tests = 1 };
    apr_status_t rv;

    if ((rv = start(&ps, feel, text)) != APR_SUCCESS
        || (rv = parse_tests(&ps, *feel)) != APR_SUCCESS) {
        return rv;
    }
    return finish(&ps);
}
