/* JSONPath: conditions of filters, read by the grammar of section 2.3.5 and checked by
 * the types of section 2.4.3. */
#include "script/jsonpath.h"

#include <apr_lib.h>
#include <string.h>

/* ---- operands --------------------------------------------------------------------- */

static wf_jp_expr_t *new_expr(wf_jp_reader_t *r, wf_jp_expr_e kind)
{
    wf_jp_expr_t *e = apr_pcalloc(r->pool, sizeof(*e));

    e->kind = kind;
    e->pos = r->pos;
    return e;
}

static wf_jp_expr_t *read_operand(wf_jp_reader_t *r);

/* May it stand where a type is asked for? Section 2.4.3. */
static int is_a(const wf_jp_expr_t *e, wf_jp_type_e type)
{
    if (e->kind == WF_JP_FUNCTION) {
        return e->function->gives == type;
    }
    if (e->kind == WF_JP_QUERY) {
        return type != WF_JP_VALUE || e->query->singular;
    }
    return type == WF_JP_VALUE;
}

static const char *wanted(wf_jp_type_e type)
{
    return type == WF_JP_VALUE ? "expected a literal, a query for one value (names and "
                                 "indexes only) or a function that gives a value"
                               : "expected a query";
}

/* Behind the opening parenthesis. */
static int read_args(wf_jp_reader_t *r, wf_jp_expr_t *e)
{
    const wf_jp_function_t *f = e->function;

    for (int i = 0; i < f->nargs; i++) {
        wf_jp_skip_blanks(r);
        if (i > 0 && !wf_jp_take(r, ",")) {
            wf_jp_bad(r, "expected a comma and a further argument");
            return 0;
        }
        wf_jp_skip_blanks(r);
        e->args[i] = read_operand(r);
        if (e->args[i] == NULL) {
            return 0;
        }
        if (!is_a(e->args[i], f->takes[i])) {
            wf_jp_bad_at(r, e->args[i]->pos, wanted(f->takes[i]));
            return 0;
        }
    }
    wf_jp_skip_blanks(r);
    if (!wf_jp_take(r, ")")) {
        wf_jp_bad(r, "expected )");
        return 0;
    }
    return 1;
}

/* A pattern that never changes is compiled now; one that is none matches nothing. */
static void prepare_pattern(wf_jp_reader_t *r, wf_jp_expr_t *e)
{
    const wf_value_t *text = &e->args[1]->literal;
    wf_pattern_t *pattern;
    wf_error_t ignored;

    if (e->args[1]->kind != WF_JP_LITERAL || text->type != WF_STRING) {
        return;
    }
    wf_error_init(&ignored, r->pool);
    if (wf_pattern_parse(&pattern, text->as.text.data, text->as.text.length,
                         e->function->whole, r->pool, &ignored)
        == APR_SUCCESS) {
        e->pattern = pattern;
    }
}

static wf_jp_expr_t *read_function(wf_jp_reader_t *r, apr_size_t length)
{
    wf_jp_expr_t *e = new_expr(r, WF_JP_FUNCTION);

    e->function = wf_jp_function_find(r->text + r->pos, length);
    if (e->function == NULL) {
        return wf_jp_bad(
            r, "no such function; there are length, count, match, search, value");
    }
    if (!wf_jp_enter(r)) {
        return NULL;
    }
    r->pos += length + 1;
    if (!read_args(r, e)) {
        return NULL;
    }
    r->nesting--;
    if (e->function->whole >= 0) {
        prepare_pattern(r, e);
    }
    return e;
}

/* true, false, null or a function. */
static wf_jp_expr_t *read_word(wf_jp_reader_t *r)
{
    static const struct {
        const char *word;
        wf_value_t value;
    } constants[] = {
        { "true", { .type = WF_BOOLEAN, .as.boolean = 1 } },
        { "false", { .type = WF_BOOLEAN, .as.boolean = 0 } },
        { "null", { .type = WF_NULL } },
    };
    const char *word = r->text + r->pos;
    apr_size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (n > 0 && word[n] == '(') {
        return read_function(r, n);
    }
    for (int i = 0; i < 3; i++) {
        if (strlen(constants[i].word) == n && !strncmp(word, constants[i].word, n)) {
            wf_jp_expr_t *e = new_expr(r, WF_JP_LITERAL);

            e->literal = constants[i].value;
            r->pos += n;
            return e;
        }
    }
    return wf_jp_bad(r, "expected @, $, a literal or a function");
}

static wf_jp_expr_t *read_operand(wf_jp_reader_t *r)
{
    char c = wf_jp_peek(r);
    wf_jp_expr_t *e;

    if (c == '@' || c == '$') {
        e = new_expr(r, WF_JP_QUERY);
        e->query = wf_jp_read_query(r);
        return e->query ? e : NULL;
    }
    if (c == '\'' || c == '"') {
        e = new_expr(r, WF_JP_LITERAL);
        return wf_jp_read_text(r, &e->literal) ? e : NULL;
    }
    if (c == '-' || apr_isdigit(c)) {
        e = new_expr(r, WF_JP_LITERAL);
        return wf_jp_read_number(r, &e->literal) ? e : NULL;
    }
    return read_word(r);
}

/* ---- conditions ------------------------------------------------------------------- */

static wf_op_e read_comparison_operator(wf_jp_reader_t *r)
{
    static const struct {
        const char *text;
        wf_op_e op;
    } operators[] = {
        { "==", WF_OP_EQ }, { "!=", WF_OP_NE }, { "<=", WF_OP_LE },
        { ">=", WF_OP_GE }, { "<", WF_OP_LT },  { ">", WF_OP_GT },
    };

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (wf_jp_take(r, operators[i].text)) {
            return operators[i].op;
        }
    }
    return WF_OP_NONE;
}

/* Behind the operator. */
static wf_jp_expr_t *read_comparison(wf_jp_reader_t *r, wf_jp_expr_t *left, wf_op_e op)
{
    wf_jp_expr_t *e = new_expr(r, WF_JP_COMPARISON);

    wf_jp_skip_blanks(r);
    e->op = op;
    e->args[0] = left;
    e->args[1] = read_operand(r);
    if (e->args[1] == NULL) {
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        if (!is_a(e->args[i], WF_JP_VALUE)) {
            return wf_jp_bad_at(r, e->args[i]->pos, wanted(WF_JP_VALUE));
        }
    }
    return e;
}

static wf_jp_expr_t *read_parenthesis(wf_jp_reader_t *r)
{
    wf_jp_expr_t *e;

    if (!wf_jp_enter(r)) {
        return NULL;
    }
    wf_jp_skip_blanks(r);
    e = wf_jp_read_condition(r);
    if (e == NULL) {
        return NULL;
    }
    wf_jp_skip_blanks(r);
    if (!wf_jp_take(r, ")")) {
        return wf_jp_bad(r, "expected && || or )");
    }
    r->nesting--;
    return e;
}

/* An existence test or a function that is true or false. */
static wf_jp_expr_t *check_test(wf_jp_reader_t *r, wf_jp_expr_t *e)
{
    if (!is_a(e, WF_JP_LOGICAL)) {
        return wf_jp_bad_at(r, e->pos,
                            "neither true nor false: compare it with something");
    }
    return e;
}

static wf_jp_expr_t *read_not(wf_jp_reader_t *r)
{
    wf_jp_expr_t *e = new_expr(r, WF_JP_NOT), *inner;

    wf_jp_skip_blanks(r);
    if (wf_jp_take(r, "(")) {
        inner = read_parenthesis(r);
    }
    else {
        inner = read_operand(r);
        inner = inner ? check_test(r, inner) : NULL;
    }
    e->args[0] = inner;
    return inner ? e : NULL;
}

static wf_jp_expr_t *read_basic(wf_jp_reader_t *r)
{
    wf_jp_expr_t *e;
    apr_size_t after;
    wf_op_e op;

    if (wf_jp_take(r, "!")) {
        return read_not(r);
    }
    if (wf_jp_take(r, "(")) {
        return read_parenthesis(r);
    }
    e = read_operand(r);
    if (e == NULL) {
        return NULL;
    }
    after = r->pos;
    wf_jp_skip_blanks(r);
    op = read_comparison_operator(r);
    if (op != WF_OP_NONE) {
        return read_comparison(r, e, op);
    }
    r->pos = after;
    return check_test(r, e);
}

/* A list of parts with one operator between them; a single part is itself. */
static wf_jp_expr_t *read_chain(wf_jp_reader_t *r, wf_jp_expr_e kind, const char *mark,
                                wf_jp_expr_t *(*read_part)(wf_jp_reader_t *))
{
    wf_jp_expr_t *all = new_expr(r, kind), *first, *last;

    first = last = read_part(r);
    while (last != NULL) {
        apr_size_t after = r->pos;

        wf_jp_skip_blanks(r);
        if (!wf_jp_take(r, mark)) {
            r->pos = after;
            all->parts = first;
            return first->next ? all : first;
        }
        wf_jp_skip_blanks(r);
        last->next = read_part(r);
        last = last->next;
    }
    return NULL;
}

static wf_jp_expr_t *read_and(wf_jp_reader_t *r)
{
    return read_chain(r, WF_JP_AND, "&&", read_basic);
}

wf_jp_expr_t *wf_jp_read_condition(wf_jp_reader_t *r)
{
    return read_chain(r, WF_JP_OR, "||", read_and);
}
