/* The grammar of RFC 8259, checked before json-c builds the tree. json-c's own strict mode
 * takes single quotes around names, NaN, "1." and (before 0.18) raw control characters,
 * turns integers beyond 64 bits silently into the largest one, and in 0.18 refuses every
 * character beyond ASCII; so it is not used. */
#include "core/internal.h"

#include <string.h>

typedef struct scanner_t {
    const char *at, *end;
    const char *problem;
    int pairs; /* there are halves of surrogate pairs */
} scanner_t;

static int fail(scanner_t *s, const char *problem)
{
    if (!s->problem) {
        s->problem = s->at == s->end ? "unexpected end of text" : problem;
    }
    return 0;
}

static void skip_blanks(scanner_t *s)
{
    while (s->at < s->end
           && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t')) {
        s->at++;
    }
}

static int take(scanner_t *s, char c)
{
    if (s->at < s->end && *s->at == c) {
        s->at++;
        return 1;
    }
    return 0;
}

static int take_digits(scanner_t *s)
{
    const char *from = s->at;

    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') {
        s->at++;
    }
    return s->at > from ? 1 : fail(s, "a digit is missing");
}

static int take_escape(scanner_t *s)
{
    if (s->at == s->end || !memchr("\"\\/bfnrtu", *s->at, 9)) {
        return fail(s, "unknown escape sequence");
    }
    if (*s->at++ != 'u') {
        return 1;
    }
    for (int i = 0; i < 4; i++, s->at++) {
        if (s->at == s->end || !memchr("0123456789abcdefABCDEF", *s->at, 22)) {
            return fail(s, "\\u needs four hexadecimal digits");
        }
    }
    s->pairs |= (s->at[-4] | 0x20) == 'd' && s->at[-3] > '7';
    return 1;
}

/* What in a string does not stand for itself. */
static const unsigned char special[256] = { [0 ... 0x1f] = 1, ['"'] = 1, ['\\'] = 1 };

/* After the opening quote. */
static int take_string(scanner_t *s)
{
    for (;;) {
        const char *at = s->at;

        while (at < s->end && !special[(unsigned char)*at]) {
            at++;
        }
        s->at = at;
        if (!take(s, '\\')) {
            break;
        }
        if (!take_escape(s)) {
            return 0;
        }
    }
    if (s->at < s->end && (unsigned char)*s->at < 0x20) {
        return fail(s, "control character in a string");
    }
    return take(s, '"') ? 1 : fail(s, "string without end");
}

/* The largest magnitudes of a 64-bit integer, as digits. */
static int fits_64_bits(const char *digits, apr_size_t n, int negative)
{
    const char *limit = negative ? "9223372036854775808" : "9223372036854775807";

    return n < 19 || (n == 19 && memcmp(digits, limit, 19) <= 0);
}

static int take_number(scanner_t *s)
{
    int negative = take(s, '-');
    const char *digits = s->at;
    int whole = 1;

    if (!take_digits(s)) {
        return 0;
    }
    if (*digits == '0' && s->at > digits + 1) {
        s->at = digits;
        return fail(s, "number with a leading zero");
    }
    if (take(s, '.')) {
        whole = 0;
        if (!take_digits(s)) {
            return 0;
        }
    }
    if (take(s, 'e') || take(s, 'E')) {
        whole = 0;
        if (!take(s, '+')) {
            take(s, '-');
        }
        if (!take_digits(s)) {
            return 0;
        }
    }
    if (whole && !fits_64_bits(digits, s->at - digits, negative)) {
        s->at = digits;
        return fail(s, "integer beyond 64 bits");
    }
    return 1;
}

static int take_word(scanner_t *s, const char *word)
{
    apr_size_t n = strlen(word);

    if ((apr_size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0) {
        return fail(s, "unexpected character");
    }
    s->at += n;
    return 1;
}

static int take_name(scanner_t *s)
{
    skip_blanks(s);
    if (!take(s, '"')) {
        return fail(s, "a member's name in double quotes is missing");
    }
    if (!take_string(s)) {
        return 0;
    }
    skip_blanks(s);
    return take(s, ':') ? 1 : fail(s, "':' is missing");
}

static int take_scalar(scanner_t *s)
{
    switch (s->at < s->end ? *s->at : '\0') {
    case '"':
        s->at++;
        return take_string(s);
    case 't':
        return take_word(s, "true");
    case 'f':
        return take_word(s, "false");
    case 'n':
        return take_word(s, "null");
    case '-': case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        return take_number(s);
    default:
        return fail(s, "unexpected character");
    }
}

/* One bit a level tells objects from arrays, so that depth costs no C stack. */
typedef struct nesting_t {
    char open[WF_JSON_MAX_DEPTH];
    int depth, limit;
} nesting_t;

/* A value's beginning. 1 if a value is complete now, 2 if a container was opened. */
static int take_value(scanner_t *s, nesting_t *stack)
{
    char c;

    skip_blanks(s);
    c = s->at < s->end ? *s->at : '\0';
    if (c != '{' && c != '[') {
        return take_scalar(s);
    }
    if (stack->depth == stack->limit) {
        return fail(s, "nested too deeply");
    }
    s->at++;
    skip_blanks(s);
    if (take(s, c == '{' ? '}' : ']')) {
        return 1;
    }
    stack->open[stack->depth++] = c;
    return c == '{' && !take_name(s) ? 0 : 2;
}

/* After a value within a container: on to the next one, or out. As take_value. */
static int take_next(scanner_t *s, nesting_t *stack)
{
    char c = stack->open[stack->depth - 1];

    skip_blanks(s);
    if (take(s, ',')) {
        return c == '{' && !take_name(s) ? 0 : 2;
    }
    if (take(s, c == '{' ? '}' : ']')) {
        stack->depth--;
        return 1;
    }
    return fail(s, c == '{' ? "',' or '}' is missing" : "',' or ']' is missing");
}

const char *wf_json_check(const char *text, apr_size_t length, int depth,
                          apr_size_t *offset, int *pairs)
{
    scanner_t s = { .problem = NULL };
    nesting_t stack = { .limit = depth };
    int state;

    *offset = 0;
    if (length == 0) {
        return "unexpected end of text"; /* there may be no text at all */
    }
    *offset = wf_utf8_prefix(text, length);
    if (*offset < length) {
        return "not UTF-8, or a NUL character";
    }
    s.at = text;
    s.end = text + length;
    do {
        state = take_value(&s, &stack);
        while (state == 1 && stack.depth > 0) {
            state = take_next(&s, &stack);
        }
    } while (state == 2);
    if (state == 1) {
        skip_blanks(&s);
        if (s.at < s.end) {
            fail(&s, "text after the value");
        }
    }
    *offset = s.at - text;
    if (pairs) {
        *pairs = s.pairs;
    }
    return s.problem;
}
