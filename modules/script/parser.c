/* The parser: one function per shape of the grammar, levels from the dialect's table.
 *
 *   choice  = chain(1) [ ? choice : choice ]
 *   chain(n) = prefix { operator of level >= n, chain(its level + 1) }
 *   prefix  = prefix operator, prefix of its operand level | suffix
 *   suffix  = primary { .name | [ choice ] | .name ( choice, … ) }
 *   primary = literal | name | path | ( choice ) | [ name : ] name ( choice, … )
 *
 * A dialect whose table has no ?, . or [ has no choice and no suffixes. In c ? a : f(x) the
 * table of functions decides whether a:f is one. */
#include "script/internal.h"

#include <apr_strings.h>
#include <string.h>

/* Any level; operators start at 1. */
#define LOWEST 1

/* So much of an unexpected token is shown. */
#define FOUND_MAX 40

typedef struct parser_t {
    wf_lexer_t lexer;
    wf_token_t token; /* the next one, not consumed */
    const wf_rules_t *rules;
    apr_pool_t *pool;
    wf_error_t *err;
    int nesting;
    int choices; /* around the next token, whose ':' has not come */
} parser_t;

static apr_status_t parse_choice(parser_t *ps, const wf_node_t **node);
static apr_status_t parse_args(parser_t *ps, wf_link_t *link);
static apr_status_t parse_chain(parser_t *ps, int level, const wf_node_t **node);

/* ---- errors and tokens ------------------------------------------------------------ */

static const char *where(parser_t *ps, apr_size_t pos)
{
    return wf_position_text("expression", ps->lexer.text, pos, ps->pool);
}

/* What was found, as a person would name it. */
static const char *found(parser_t *ps)
{
    const wf_token_t *t = &ps->token;
    const char *text = ps->lexer.text + t->pos;

    if (t->kind == WF_TOKEN_END) {
        return "the end";
    }
    return apr_psprintf(ps->pool, "'%.*s'",
                        wf_text_shown(text, t->end - t->pos, FOUND_MAX), text);
}

static apr_status_t unexpected(parser_t *ps, const char *wanted)
{
    if (ps->token.kind == WF_TOKEN_RESERVED) {
        return wf_error_set(ps->err, WF_ERR_INVALID, "%s: '%s' is a reserved word",
                            where(ps, ps->token.pos), ps->token.symbol->text);
    }
    return wf_error_set(ps->err, WF_ERR_INVALID, "%s: expected %s, found %s",
                        where(ps, ps->token.pos), wanted, found(ps));
}

static apr_status_t advance(parser_t *ps)
{
    return wf_lexer_next(&ps->lexer, &ps->token);
}

static int at_mark(const parser_t *ps, const char *mark)
{
    return ps->token.kind == WF_TOKEN_MARK && !strcmp(ps->token.symbol->text, mark);
}

static apr_status_t expect(parser_t *ps, const char *mark)
{
    if (!at_mark(ps, mark)) {
        return unexpected(ps, apr_psprintf(ps->pool, "'%s'", mark));
    }
    return advance(ps);
}

static apr_status_t enter(parser_t *ps)
{
    if (++ps->nesting > WF_EXPR_NESTING_MAX) {
        return wf_error_set(ps->err, WF_ERR_TOO_LARGE,
                            "%s: more than %d levels of nesting",
                            where(ps, ps->token.pos), WF_EXPR_NESTING_MAX);
    }
    return APR_SUCCESS;
}

static void leave(parser_t *ps)
{
    ps->nesting--;
}

static wf_node_t *make_node(parser_t *ps, wf_node_e kind, apr_size_t pos)
{
    wf_node_t *node = apr_pcalloc(ps->pool, sizeof(*node));

    node->kind = kind;
    node->pos = pos;
    return node;
}

/* Append to a chain; tail is where its last link ends. */
static wf_link_t *make_link(parser_t *ps, wf_link_t ***tail, apr_size_t pos)
{
    wf_link_t *link = apr_pcalloc(ps->pool, sizeof(*link));

    link->pos = pos;
    **tail = link;
    *tail = &link->next;
    return link;
}

/* ---- primary ---------------------------------------------------------------------- */

static apr_status_t parse_literal(parser_t *ps, const wf_node_t **node)
{
    wf_node_t *leaf = make_node(ps, WF_NODE_LITERAL, ps->token.pos);

    leaf->as.literal = ps->token.value;
    *node = leaf;
    return advance(ps);
}

static apr_status_t unknown_function(parser_t *ps, apr_size_t pos, const char *name)
{
    return wf_error_set(ps->err, WF_ERR_INVALID, "%s: unknown function '%s'",
                        where(ps, pos), name);
}

/* At the parenthesis of a call. */
static apr_status_t parse_function(parser_t *ps, apr_size_t pos, const char *name,
                                   const wf_function_t *function, const wf_node_t **node)
{
    wf_node_t *call = make_node(ps, WF_NODE_FUNCTION, pos);
    wf_link_t *link = apr_pcalloc(ps->pool, sizeof(*link));
    apr_status_t rv;

    *node = call;
    call->as.call = link;
    link->name = name;
    link->function = function;
    rv = parse_args(ps, link);
    if (rv == APR_SUCCESS && (link->nargs < function->min || link->nargs > function->max)) {
        return wf_error_set(ps->err, WF_ERR_INVALID,
                            "%s: function '%s' does not take %d arguments", where(ps, pos),
                            name, link->nargs);
    }
    if (rv == APR_SUCCESS && function->of_name && link->args[0]->kind == WF_NODE_NAME) {
        wf_node_t *literal = make_node(ps, WF_NODE_LITERAL, link->args[0]->pos);

        literal->as.literal = wf_string(link->args[0]->as.name);
        link->args[0] = literal;
    }
    return rv;
}

/* At the ':' behind a name: the function p:f, if the table has it; else what comes is left
 * as it is. */
static apr_status_t parse_prefixed(parser_t *ps, apr_size_t pos, const char *prefix,
                                   const wf_node_t **node)
{
    parser_t before = *ps;
    apr_status_t rv = advance(ps);
    const char *name = ps->token.text;
    const wf_function_t *function = NULL;

    if (rv == APR_SUCCESS && ps->token.kind == WF_TOKEN_NAME) {
        rv = advance(ps);
        if (rv == APR_SUCCESS && at_mark(ps, "(")) {
            const char *full = apr_pstrcat(ps->pool, prefix, ":", name, NULL);

            function = wf_function_find(prefix, name);
            if (function) {
                return parse_function(ps, pos, full, function, node);
            }
            if (before.choices == 0) {
                return unknown_function(ps, pos, full);
            }
        }
    }
    *ps = before;
    return rv;
}

static apr_status_t parse_name(parser_t *ps, const wf_node_t **node)
{
    wf_node_t *leaf = make_node(ps, WF_NODE_NAME, ps->token.pos);
    apr_status_t rv;

    leaf->as.name = ps->token.text;
    *node = leaf;
    rv = advance(ps);
    if (rv == APR_SUCCESS && at_mark(ps, "(")) {
        const wf_function_t *function =
            ps->rules->functions ? wf_function_find(NULL, leaf->as.name) : NULL;

        return function ? parse_function(ps, leaf->pos, leaf->as.name, function, node)
                        : unknown_function(ps, leaf->pos, leaf->as.name);
    }
    return rv == APR_SUCCESS && ps->rules->functions && at_mark(ps, ":")
               ? parse_prefixed(ps, leaf->pos, leaf->as.name, node)
               : rv;
}

static apr_status_t parse_path(parser_t *ps, const wf_node_t **node)
{
    wf_node_t *leaf = make_node(ps, WF_NODE_PATH, ps->token.pos);

    leaf->as.path = wf_path_compile(ps->token.text, strlen(ps->token.text), ps->pool);
    if (!leaf->as.path) {
        return unexpected(ps, "a path such as ${name.member[0]}");
    }
    *node = leaf;
    return advance(ps);
}

static apr_status_t parse_primary(parser_t *ps, const wf_node_t **node)
{
    apr_status_t rv;

    switch (ps->token.kind) {
    case WF_TOKEN_LITERAL:
        return parse_literal(ps, node);
    case WF_TOKEN_NAME:
        return parse_name(ps, node);
    case WF_TOKEN_PATH:
        return parse_path(ps, node);
    default:
        break;
    }
    if (!at_mark(ps, "(")) {
        return unexpected(ps, "a value");
    }
    rv = advance(ps);
    if (rv == APR_SUCCESS) {
        rv = parse_choice(ps, node);
    }
    return rv == APR_SUCCESS ? expect(ps, ")") : rv;
}

/* ---- suffixes --------------------------------------------------------------------- */

static apr_status_t parse_args(parser_t *ps, wf_link_t *link)
{
    apr_status_t rv = advance(ps); /* ( */

    link->args = apr_pcalloc(ps->pool, WF_EXPR_ARGS_MAX * sizeof(*link->args));
    if (rv == APR_SUCCESS && at_mark(ps, ")")) {
        return advance(ps);
    }
    while (rv == APR_SUCCESS) {
        if (link->nargs == WF_EXPR_ARGS_MAX) {
            return wf_error_set(ps->err, WF_ERR_TOO_LARGE, "%s: more than %d arguments",
                                where(ps, ps->token.pos), WF_EXPR_ARGS_MAX);
        }
        rv = parse_choice(ps, &link->args[link->nargs++]);
        if (rv != APR_SUCCESS || !at_mark(ps, ",")) {
            break;
        }
        rv = advance(ps);
    }
    return rv == APR_SUCCESS ? expect(ps, ")") : rv;
}

static apr_status_t parse_member(parser_t *ps, wf_link_t *link)
{
    apr_status_t rv = advance(ps); /* . */

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (ps->token.kind != WF_TOKEN_NAME) {
        return unexpected(ps, "a name");
    }
    link->name = ps->token.text;
    rv = advance(ps);
    return rv == APR_SUCCESS && at_mark(ps, "(") ? parse_args(ps, link) : rv;
}

static apr_status_t parse_index(parser_t *ps, wf_link_t *link)
{
    apr_status_t rv = advance(ps); /* [ */

    if (rv == APR_SUCCESS) {
        rv = parse_choice(ps, &link->operand);
    }
    return rv == APR_SUCCESS ? expect(ps, "]") : rv;
}

static apr_status_t parse_suffix(parser_t *ps, const wf_node_t **node)
{
    const wf_node_t *first = NULL;
    wf_link_t *links = NULL, **tail = &links;
    apr_status_t rv = parse_primary(ps, &first);

    while (rv == APR_SUCCESS && (at_mark(ps, ".") || at_mark(ps, "["))) {
        int member = at_mark(ps, ".");
        wf_link_t *link = make_link(ps, &tail, ps->token.pos);

        rv = member ? parse_member(ps, link) : parse_index(ps, link);
    }
    *node = first;
    if (rv == APR_SUCCESS && links) {
        wf_node_t *chain = make_node(ps, WF_NODE_SUFFIX, first->pos);

        chain->as.chain.first = first;
        chain->as.chain.links = links;
        *node = chain;
    }
    return rv;
}

/* ---- operators -------------------------------------------------------------------- */

/* An operator that binds weaker than its surroundings may not begin an operand: there is
 * no 1 * NOT x where NOT is weaker than *. */
static apr_status_t parse_prefix(parser_t *ps, int level, const wf_node_t **node)
{
    const wf_symbol_t *symbol = ps->token.symbol;
    wf_node_t *prefix;
    apr_status_t rv;

    if (ps->token.kind != WF_TOKEN_OPERATOR || !symbol->prefix_level
        || symbol->prefix_level < level) {
        return parse_suffix(ps, node);
    }
    prefix = make_node(ps, WF_NODE_PREFIX, ps->token.pos);
    prefix->as.prefix.op = symbol->prefix;
    *node = prefix;
    rv = enter(ps);
    if (rv == APR_SUCCESS) {
        rv = advance(ps);
    }
    if (rv == APR_SUCCESS) {
        rv = parse_chain(ps, symbol->operand, &prefix->as.prefix.operand);
    }
    leave(ps);
    return rv;
}

static int infix_level(const parser_t *ps)
{
    return ps->token.kind == WF_TOKEN_OPERATOR ? ps->token.symbol->infix_level : 0;
}

/* All operators of one level that follow one another. */
static apr_status_t parse_links(parser_t *ps, const wf_node_t **node)
{
    int level = infix_level(ps);
    wf_op_e op = ps->token.symbol->infix;
    wf_node_t *chain =
        make_node(ps, op == WF_OP_AND || op == WF_OP_OR ? WF_NODE_LOGIC : WF_NODE_CHAIN,
                  ps->token.pos);
    wf_link_t *links = NULL, **tail = &links;
    apr_status_t rv = APR_SUCCESS;

    chain->as.chain.first = *node;
    while (rv == APR_SUCCESS && infix_level(ps) == level) {
        wf_link_t *link;

        if (links && level == ps->rules->unchained_level) {
            return wf_error_set(ps->err, WF_ERR_INVALID,
                                "%s: comparisons cannot be chained, use parentheses",
                                where(ps, ps->token.pos));
        }
        link = make_link(ps, &tail, ps->token.pos);
        link->op = ps->token.symbol->infix;
        rv = advance(ps);
        if (rv == APR_SUCCESS) {
            rv = parse_chain(ps, level + 1, &link->operand);
        }
    }
    chain->as.chain.links = links;
    *node = chain;
    return rv;
}

static apr_status_t parse_chain(parser_t *ps, int level, const wf_node_t **node)
{
    apr_status_t rv = parse_prefix(ps, level, node);

    while (rv == APR_SUCCESS && infix_level(ps) >= level) {
        rv = parse_links(ps, node);
    }
    return rv;
}

static apr_status_t parse_choice(parser_t *ps, const wf_node_t **node)
{
    wf_node_t *choice;
    apr_status_t rv = enter(ps);

    if (rv == APR_SUCCESS) {
        rv = parse_chain(ps, LOWEST, node);
    }
    if (rv != APR_SUCCESS || !at_mark(ps, "?")) {
        leave(ps);
        return rv;
    }
    choice = make_node(ps, WF_NODE_CHOICE, ps->token.pos);
    choice->as.choice.condition = *node;
    *node = choice;
    rv = advance(ps);
    if (rv == APR_SUCCESS) {
        ps->choices++;
        rv = parse_choice(ps, &choice->as.choice.yes);
        ps->choices--;
    }
    if (rv == APR_SUCCESS) {
        rv = expect(ps, ":");
    }
    if (rv == APR_SUCCESS) {
        rv = parse_choice(ps, &choice->as.choice.no);
    }
    leave(ps);
    return rv;
}

/* ---- entry ------------------------------------------------------------------------ */

static apr_status_t check_text(const char *text, apr_size_t length, wf_error_t *err)
{
    if (length > WF_EXPR_TEXT_MAX) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "an expression is longer than %d bytes", WF_EXPR_TEXT_MAX);
    }
    if (!wf_utf8_valid(text, length)) {
        return wf_error_set(err, WF_ERR_INVALID, "an expression is not valid UTF-8");
    }
    return APR_SUCCESS;
}

apr_status_t wf_expr_parse(wf_expr_t **expr, const char *text, wf_dialect_e dialect,
                           apr_pool_t *p, wf_error_t *err)
{
    apr_size_t length = strlen(text);
    parser_t ps = {
        .rules = wf_rules_of(dialect),
        .pool = p,
        .err = err,
        .nesting = -1, /* the whole text is no nesting yet */
    };
    wf_expr_t *made;
    apr_status_t rv = check_text(text, length, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    made = apr_pcalloc(p, sizeof(*made));
    made->text = apr_pstrmemdup(p, text, length);
    made->rules = ps.rules;
    ps.lexer = (wf_lexer_t){ ps.rules, made->text, length, 0, p, err };
    rv = advance(&ps);
    if (rv == APR_SUCCESS) {
        rv = parse_choice(&ps, &made->root);
    }
    if (rv == APR_SUCCESS && ps.token.kind != WF_TOKEN_END) {
        return unexpected(&ps, "an operator or the end");
    }
    if (rv == APR_SUCCESS) {
        *expr = made;
    }
    return rv;
}
