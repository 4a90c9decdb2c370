/* JSONPath: reading a query by the grammar of RFC 9535. What the standard calls "not
 * well-typed" is refused here, too, so that a walk has nothing left to check. */
#include "script/jsonpath.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

typedef struct reader_t {
    const char *text;
    apr_size_t pos;
    int nesting, filters;
    apr_pool_t *pool;
    wf_error_t *err;
} reader_t;

static wf_jp_query_t *read_query(reader_t *r);
static wf_jp_expr_t *read_or(reader_t *r);

/* All readers return NULL (or 0) when they have filled the error. */
static void *bad_at(reader_t *r, apr_size_t pos, const char *why)
{
    wf_error_set(r->err, WF_ERR_INVALID, "%s: %s",
                 wf_position_text("JSONPath", r->text, pos, r->pool), why);
    return NULL;
}

static void *bad(reader_t *r, const char *why)
{
    return bad_at(r, r->pos, why);
}

static int enter(reader_t *r)
{
    if (++r->nesting > WF_JP_NESTING_MAX) {
        wf_error_set(r->err, WF_ERR_TOO_LARGE, "%s: nested deeper than %d levels",
                     wf_position_text("JSONPath", r->text, r->pos, r->pool),
                     WF_JP_NESTING_MAX);
        return 0;
    }
    return 1;
}

/* ---- characters ------------------------------------------------------------------- */

static char peek(const reader_t *r)
{
    return r->text[r->pos];
}

static int take(reader_t *r, const char *mark)
{
    apr_size_t n = strlen(mark);

    if (strncmp(r->text + r->pos, mark, n) != 0) {
        return 0;
    }
    r->pos += n;
    return 1;
}

static void skip_blanks(reader_t *r)
{
    r->pos += strspn(r->text + r->pos, " \t\r\n");
}

static apr_size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* ---- texts ------------------------------------------------------------------------ */

static int read_hex4(reader_t *r, apr_uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, r->pos++) {
        int c = peek(r);

        if (!apr_isxdigit(c)) {
            bad(r, "expected four hexadecimal digits after \\u");
            return 0;
        }
        *unit = *unit << 4
                | (apr_uint32_t)(apr_isdigit(c) ? c - '0' : apr_tolower(c) - 'a' + 10);
    }
    return 1;
}

/* Behind \u: one unit, or the two of a pair. */
static int read_unicode(reader_t *r, apr_uint32_t *c)
{
    apr_size_t from = r->pos;
    apr_uint32_t low;

    if (!read_hex4(r, c)) {
        return 0;
    }
    if (*c < 0xd800 || *c > 0xdfff) {
        return 1;
    }
    if (*c > 0xdbff || !take(r, "\\u")) {
        bad_at(r, from, "half of a surrogate pair");
        return 0;
    }
    if (!read_hex4(r, &low)) {
        return 0;
    }
    if (low < 0xdc00 || low > 0xdfff) {
        bad_at(r, from, "half of a surrogate pair");
        return 0;
    }
    *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
    return 1;
}

static int read_escape(reader_t *r, char quote, apr_uint32_t *c)
{
    static const char from[] = "bfnrt/\\", to[] = "\b\f\n\r\t/\\";
    const char *known = peek(r) ? strchr(from, peek(r)) : NULL;

    if (known != NULL || peek(r) == quote) {
        *c = (unsigned char)(known ? to[known - from] : quote);
        r->pos++;
        return 1;
    }
    if (take(r, "u")) {
        return read_unicode(r, c);
    }
    bad(r, "no such escape");
    return 0;
}

/* A quoted text; it may hold NULs by \u0000. */
static int read_text(reader_t *r, wf_value_t *value)
{
    char quote = r->text[r->pos++];
    char *out = apr_palloc(r->pool, strlen(r->text + r->pos) + 1);
    apr_size_t n = 0;

    while (peek(r) != quote) {
        unsigned char byte = (unsigned char)peek(r);
        apr_uint32_t c;

        if (byte < 0x20) {
            bad(r, byte ? "control characters have to be escaped"
                        : "the text has no closing quote");
            return 0;
        }
        r->pos++;
        if (byte != '\\') {
            out[n++] = (char)byte;
        }
        else if (read_escape(r, quote, &c)) {
            n += wf_utf8_encode(c, out + n);
        }
        else {
            return 0;
        }
    }
    r->pos++;
    out[n] = '\0';
    *value = (wf_value_t){ .type = WF_STRING, .as.text = { out, n } };
    return 1;
}

/* ---- numbers ---------------------------------------------------------------------- */

/* An index or a part of a slice: no leading zeros, no -0. */
static int read_integer(reader_t *r, apr_int64_t *i)
{
    apr_size_t from = r->pos, sign = peek(r) == '-', n;

    n = digits(r->text + from + sign);
    r->pos += sign + n;
    if (n == 0) {
        bad(r, "expected a whole number");
    }
    else if (r->text[from + sign] == '0' && n + sign > 1) {
        bad_at(r, from, "a whole number has no leading zeros, and 0 no sign");
    }
    else if (!wf_parse_int64(apr_pstrmemdup(r->pool, r->text + from, sign + n), i)
             || *i > WF_JP_NUMBER_MAX || *i < -WF_JP_NUMBER_MAX) {
        bad_at(r, from, "the number is beyond 2^53 - 1");
    }
    else {
        return 1;
    }
    return 0;
}

/* A number as JSON has it. */
static int read_number(reader_t *r, wf_value_t *value)
{
    const char *from = r->text + r->pos, *s = from + (*from == '-');
    apr_size_t whole = digits(s), n;
    wf_number_t number;

    s += whole;
    if (whole == 0 || (whole > 1 && s[-(apr_ssize_t)whole] == '0')) {
        bad(r, whole ? "a number has no leading zeros" : "expected a number");
        return 0;
    }
    if (*s == '.' && (n = digits(s + 1)) > 0) {
        s += 1 + n;
    }
    if (*s == 'e' || *s == 'E') {
        apr_size_t sign = s[1] == '+' || s[1] == '-';

        n = digits(s + 1 + sign);
        s += n ? 1 + sign + n : 0;
    }
    if (!wf_number_parse(from, (apr_size_t)(s - from), 1, &number)) {
        bad(r, "expected a number");
        return 0;
    }
    *value = number.is_double ? wf_double(number.d) : wf_integer(number.i);
    r->pos += (apr_size_t)(s - from);
    return 1;
}

/* ---- selectors -------------------------------------------------------------------- */

static int read_slice_rest(reader_t *r, wf_jp_selector_t *s)
{
    s->kind = WF_JP_SLICE;
    s->step = 1;
    skip_blanks(r);
    if (peek(r) == '-' || apr_isdigit(peek(r))) {
        s->has_end = 1;
        if (!read_integer(r, &s->end)) {
            return 0;
        }
        skip_blanks(r);
    }
    if (take(r, ":")) {
        skip_blanks(r);
        if ((peek(r) == '-' || apr_isdigit(peek(r))) && !read_integer(r, &s->step)) {
            return 0;
        }
    }
    return 1;
}

/* An index or a slice: blanks may stand before the colon. */
static int read_position(reader_t *r, wf_jp_selector_t *s)
{
    apr_size_t after;

    s->kind = WF_JP_INDEX;
    if (peek(r) != ':') {
        if (!read_integer(r, &s->start)) {
            return 0;
        }
        s->has_start = 1;
    }
    after = r->pos;
    skip_blanks(r);
    if (take(r, ":")) {
        return read_slice_rest(r, s);
    }
    r->pos = after;
    return 1;
}

static int read_filter(reader_t *r, wf_jp_selector_t *s)
{
    s->kind = WF_JP_FILTER;
    if (++r->filters > WF_JP_FILTERS_MAX) {
        wf_error_set(r->err, WF_ERR_TOO_LARGE, "%s: more than %d filters in one another",
                     wf_position_text("JSONPath", r->text, r->pos, r->pool),
                     WF_JP_FILTERS_MAX);
        return 0;
    }
    skip_blanks(r);
    s->condition = read_or(r);
    r->filters--;
    return s->condition != NULL;
}

static int set_name(wf_jp_selector_t *s, const wf_value_t *text)
{
    s->kind = WF_JP_NAME;
    s->name =
        strlen(text->as.text.data) == text->as.text.length ? text->as.text.data : NULL;
    return 1;
}

static wf_jp_selector_t *read_selector(reader_t *r)
{
    wf_jp_selector_t *s = apr_pcalloc(r->pool, sizeof(*s));
    char c = peek(r);
    wf_value_t text;
    int fine;

    if (c == '\'' || c == '"') {
        fine = read_text(r, &text) && set_name(s, &text);
    }
    else if (take(r, "*")) {
        s->kind = WF_JP_WILDCARD;
        fine = 1;
    }
    else if (take(r, "?")) {
        fine = read_filter(r, s);
    }
    else if (c == '-' || c == ':' || apr_isdigit(c)) {
        fine = read_position(r, s);
    }
    else {
        return bad(r, "expected a quoted name, an index, a slice, * or ?");
    }
    return fine ? s : NULL;
}

static int read_brackets(reader_t *r, wf_jp_segment_t *segment)
{
    wf_jp_selector_t **last = &segment->selectors;

    do {
        skip_blanks(r);
        *last = read_selector(r);
        if (*last == NULL) {
            return 0;
        }
        last = &(*last)->next;
        skip_blanks(r);
    } while (take(r, ","));
    if (!take(r, "]")) {
        bad(r, "expected , or ]");
        return 0;
    }
    return 1;
}

static int is_name_first(char c)
{
    return apr_isalpha(c) || c == '_' || (c & 0x80);
}

/* Behind a dot: a name without quotes, or *. */
static int read_shorthand(reader_t *r, wf_jp_segment_t *segment)
{
    wf_jp_selector_t *s = apr_pcalloc(r->pool, sizeof(*s));
    apr_size_t from = r->pos;

    segment->selectors = s;
    if (take(r, "*")) {
        s->kind = WF_JP_WILDCARD;
        return 1;
    }
    if (!is_name_first(peek(r))) {
        bad(r, "expected a name or *; other names are written ['like this']");
        return 0;
    }
    while (is_name_first(peek(r)) || apr_isdigit(peek(r))) {
        r->pos++;
    }
    s->kind = WF_JP_NAME;
    s->name = apr_pstrmemdup(r->pool, r->text + from, r->pos - from);
    return 1;
}

/* ---- queries ---------------------------------------------------------------------- */

/* 1 read, 0 failed, -1: there is none. */
static int read_segment(reader_t *r, wf_jp_segment_t **segment)
{
    apr_size_t from = r->pos;
    wf_jp_segment_t *s;

    skip_blanks(r);
    if (peek(r) != '[' && peek(r) != '.') {
        r->pos = from; /* blanks belong to a segment that follows */
        return -1;
    }
    s = *segment = apr_pcalloc(r->pool, sizeof(*s));
    s->descendant = take(r, "..");
    if (take(r, "[")) {
        return read_brackets(r, s);
    }
    if (!s->descendant) {
        take(r, ".");
    }
    return read_shorthand(r, s);
}

static int is_single(const wf_jp_segment_t *s)
{
    return !s->descendant && s->selectors->next == NULL
           && (s->selectors->kind == WF_JP_NAME || s->selectors->kind == WF_JP_INDEX);
}

/* At $ or @. */
static wf_jp_query_t *read_query(reader_t *r)
{
    wf_jp_query_t *query = apr_pcalloc(r->pool, sizeof(*query));
    wf_jp_segment_t **last = &query->segments;
    int count = 0, more;

    query->relative = r->text[r->pos++] == '@';
    query->singular = 1;
    while ((more = read_segment(r, last)) > 0) {
        query->singular = query->singular && is_single(*last);
        last = &(*last)->next;
        if (++count > WF_JP_SEGMENTS_MAX) {
            wf_error_set(r->err, WF_ERR_TOO_LARGE, "%s: more than %d segments",
                         wf_position_text("JSONPath", r->text, r->pos, r->pool),
                         WF_JP_SEGMENTS_MAX);
            return NULL;
        }
    }
    return more < 0 ? query : NULL;
}

/* ---- operands --------------------------------------------------------------------- */

static wf_jp_expr_t *new_expr(reader_t *r, wf_jp_expr_e kind)
{
    wf_jp_expr_t *e = apr_pcalloc(r->pool, sizeof(*e));

    e->kind = kind;
    e->pos = r->pos;
    return e;
}

static wf_jp_expr_t *read_operand(reader_t *r);

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
static int read_args(reader_t *r, wf_jp_expr_t *e)
{
    const wf_jp_function_t *f = e->function;

    for (int i = 0; i < f->nargs; i++) {
        skip_blanks(r);
        if (i > 0 && !take(r, ",")) {
            bad(r, "expected a comma and a further argument");
            return 0;
        }
        skip_blanks(r);
        e->args[i] = read_operand(r);
        if (e->args[i] == NULL) {
            return 0;
        }
        if (!is_a(e->args[i], f->takes[i])) {
            bad_at(r, e->args[i]->pos, wanted(f->takes[i]));
            return 0;
        }
    }
    skip_blanks(r);
    if (!take(r, ")")) {
        bad(r, "expected )");
        return 0;
    }
    return 1;
}

/* A pattern that never changes is compiled now; one that is none matches nothing. */
static void prepare_pattern(reader_t *r, wf_jp_expr_t *e)
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

static wf_jp_expr_t *read_function(reader_t *r, apr_size_t length)
{
    wf_jp_expr_t *e = new_expr(r, WF_JP_FUNCTION);

    e->function = wf_jp_function_find(r->text + r->pos, length);
    if (e->function == NULL) {
        return bad(r, "no such function; there are length, count, match, search, value");
    }
    if (!enter(r)) {
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
static wf_jp_expr_t *read_word(reader_t *r)
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
    return bad(r, "expected @, $, a literal or a function");
}

static wf_jp_expr_t *read_operand(reader_t *r)
{
    char c = peek(r);
    wf_jp_expr_t *e;

    if (c == '@' || c == '$') {
        e = new_expr(r, WF_JP_QUERY);
        e->query = read_query(r);
        return e->query ? e : NULL;
    }
    if (c == '\'' || c == '"') {
        e = new_expr(r, WF_JP_LITERAL);
        return read_text(r, &e->literal) ? e : NULL;
    }
    if (c == '-' || apr_isdigit(c)) {
        e = new_expr(r, WF_JP_LITERAL);
        return read_number(r, &e->literal) ? e : NULL;
    }
    return read_word(r);
}

/* ---- conditions ------------------------------------------------------------------- */

static wf_op_e read_comparison_operator(reader_t *r)
{
    static const struct {
        const char *text;
        wf_op_e op;
    } operators[] = {
        { "==", WF_OP_EQ }, { "!=", WF_OP_NE }, { "<=", WF_OP_LE },
        { ">=", WF_OP_GE }, { "<", WF_OP_LT },  { ">", WF_OP_GT },
    };

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (take(r, operators[i].text)) {
            return operators[i].op;
        }
    }
    return WF_OP_NONE;
}

/* Behind the operator. */
static wf_jp_expr_t *read_comparison(reader_t *r, wf_jp_expr_t *left, wf_op_e op)
{
    wf_jp_expr_t *e = new_expr(r, WF_JP_COMPARISON);

    skip_blanks(r);
    e->op = op;
    e->args[0] = left;
    e->args[1] = read_operand(r);
    if (e->args[1] == NULL) {
        return NULL;
    }
    for (int i = 0; i < 2; i++) {
        if (!is_a(e->args[i], WF_JP_VALUE)) {
            return bad_at(r, e->args[i]->pos, wanted(WF_JP_VALUE));
        }
    }
    return e;
}

static wf_jp_expr_t *read_parenthesis(reader_t *r)
{
    wf_jp_expr_t *e;

    if (!enter(r)) {
        return NULL;
    }
    skip_blanks(r);
    e = read_or(r);
    if (e == NULL) {
        return NULL;
    }
    skip_blanks(r);
    if (!take(r, ")")) {
        return bad(r, "expected && || or )");
    }
    r->nesting--;
    return e;
}

/* An existence test or a function that is true or false. */
static wf_jp_expr_t *check_test(reader_t *r, wf_jp_expr_t *e)
{
    if (!is_a(e, WF_JP_LOGICAL)) {
        return bad_at(r, e->pos, "neither true nor false: compare it with something");
    }
    return e;
}

static wf_jp_expr_t *read_not(reader_t *r)
{
    wf_jp_expr_t *e = new_expr(r, WF_JP_NOT), *inner;

    skip_blanks(r);
    if (take(r, "(")) {
        inner = read_parenthesis(r);
    }
    else {
        inner = read_operand(r);
        inner = inner ? check_test(r, inner) : NULL;
    }
    e->args[0] = inner;
    return inner ? e : NULL;
}

static wf_jp_expr_t *read_basic(reader_t *r)
{
    wf_jp_expr_t *e;
    apr_size_t after;
    wf_op_e op;

    if (take(r, "!")) {
        return read_not(r);
    }
    if (take(r, "(")) {
        return read_parenthesis(r);
    }
    e = read_operand(r);
    if (e == NULL) {
        return NULL;
    }
    after = r->pos;
    skip_blanks(r);
    op = read_comparison_operator(r);
    if (op != WF_OP_NONE) {
        return read_comparison(r, e, op);
    }
    r->pos = after;
    return check_test(r, e);
}

/* A list of parts with one operator between them; a single part is itself. */
static wf_jp_expr_t *read_chain(reader_t *r, wf_jp_expr_e kind, const char *mark,
                                wf_jp_expr_t *(*read_part)(reader_t *))
{
    wf_jp_expr_t *all = new_expr(r, kind), *first, *last;

    first = last = read_part(r);
    while (last != NULL) {
        apr_size_t after = r->pos;

        skip_blanks(r);
        if (!take(r, mark)) {
            r->pos = after;
            all->parts = first;
            return first->next ? all : first;
        }
        skip_blanks(r);
        last->next = read_part(r);
        last = last->next;
    }
    return NULL;
}

static wf_jp_expr_t *read_and(reader_t *r)
{
    return read_chain(r, WF_JP_AND, "&&", read_basic);
}

static wf_jp_expr_t *read_or(reader_t *r)
{
    return read_chain(r, WF_JP_OR, "||", read_and);
}

/* ---- the whole -------------------------------------------------------------------- */

apr_status_t wf_jsonpath_parse(wf_jsonpath_t **path, const char *text, apr_pool_t *p,
                               wf_error_t *err)
{
    apr_size_t length = strlen(text);
    reader_t r = { .pool = p, .err = err };

    if (length > WF_JP_TEXT_MAX) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "JSONPath: longer than %d bytes",
                            WF_JP_TEXT_MAX);
    }
    if (!wf_utf8_valid(text, length)) {
        return wf_error_set(err, WF_ERR_INVALID, "JSONPath: not UTF-8");
    }
    *path = apr_pcalloc(p, sizeof(**path));
    r.text = (*path)->text = apr_pstrmemdup(p, text, length);
    if (*text != '$') {
        bad(&r, "a query begins with $");
        return WF_EFAILED;
    }
    (*path)->query = read_query(&r);
    if ((*path)->query == NULL) {
        return WF_EFAILED;
    }
    if (r.pos < length) {
        bad(&r, "expected . or [ or the end");
        return WF_EFAILED;
    }
    return APR_SUCCESS;
}

int wf_jsonpath_singular(const wf_jsonpath_t *path)
{
    return path->query->singular;
}
