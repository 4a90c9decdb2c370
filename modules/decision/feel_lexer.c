/* Tokens of FEEL. A word may be a function's name of several words, "date and time": it
 * is taken as one if a parenthesis follows. */
#include "decision/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* So much of an expression's text is shown in a message. */
#define SHOWN_MAX 100
/* "\u0000" to its end. */
#define UNIT_LENGTH 6

/* The longest first. */
static const char *const symbols[] = { "<=", ">=", "!=", "**", "..", "<", ">",
                                       "=",  "+",  "-",  "*",  "/",  "(", ")",
                                       "[",  "]",  ",",  ".",  "?" };

const char *wf_feel_place(const char *text, apr_size_t pos, apr_pool_t *p)
{
    apr_size_t length = strlen(text), characters = 1;
    const char *shown = wf_utf8_cut(text, SHOWN_MAX, p);

    for (apr_size_t i = 0; i < pos && i < length; i++) {
        characters += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return apr_psprintf(p, "expression '%s%s', position %" APR_SIZE_T_FMT, shown,
                        strlen(shown) < length ? "…" : "", characters);
}

static apr_status_t bad(wf_feel_lexer_t *lexer, apr_size_t pos, const char *why)
{
    return wf_error_set(lexer->err, WF_ERR_INVALID, "%s: %s",
                        wf_feel_place(lexer->text, pos, lexer->pool), why);
}

/* ---- numbers ---------------------------------------------------------------------- */

/* Bytes of the number at text: 5, 1.5, .5; of "1..5" only the 1. */
static apr_size_t number_at(const char *text)
{
    apr_size_t n = 0;

    while (apr_isdigit(text[n])) {
        n++;
    }
    if (text[n] == '.' && apr_isdigit(text[n + 1])) {
        for (n++; apr_isdigit(text[n]); n++) {
        }
    }
    return n;
}

static void read_number(wf_feel_lexer_t *lexer, wf_feel_token_t *token, apr_size_t length)
{
    const char *text = apr_pstrmemdup(lexer->pool, lexer->text + lexer->pos, length);
    apr_int64_t i;

    errno = 0;
    i = strchr(text, '.') ? 0 : strtoll(text, NULL, 10);
    token->kind = WF_FEEL_LITERAL;
    token->value =
        strchr(text, '.') || errno ? wf_double(strtod(text, NULL)) : wf_integer(i);
    lexer->pos += length;
}

/* ---- texts ------------------------------------------------------------------------ */

/* The four digits behind "\u", or -1. */
static int read_unit(const char *s)
{
    int unit = 0;

    if (s[0] != '\\' || s[1] != 'u') {
        return -1;
    }
    for (int i = 2; i < UNIT_LENGTH; i++) {
        if (!apr_isxdigit(s[i])) {
            return -1;
        }
        unit =
            unit * 16 + (apr_isdigit(s[i]) ? s[i] - '0' : (apr_tolower(s[i]) - 'a' + 10));
    }
    return unit;
}

static apr_size_t put_character(char *out, int c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* \u0041, or a pair of them; the bytes read, 0 if they are no character. */
static apr_size_t read_unicode(const char *s, char *out, apr_size_t *written)
{
    int unit = read_unit(s), low;

    if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
        return 0;
    }
    if (unit < 0xd800 || unit > 0xdbff) {
        *written = put_character(out, unit);
        return UNIT_LENGTH;
    }
    low = read_unit(s + UNIT_LENGTH);
    if (low < 0xdc00 || low > 0xdfff) {
        return 0;
    }
    *written = put_character(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
    return 2 * UNIT_LENGTH;
}

/* An escape is never shorter than what it stands for. */
static apr_size_t read_escape(const char *s, char *out, apr_size_t *written)
{
    static const char from[] = "nrt\"'\\", to[] = "\n\r\t\"'\\";
    const char *found = s[1] ? strchr(from, s[1]) : NULL;

    if (found) {
        *out = to[found - from];
        *written = 1;
        return 2;
    }
    return s[1] == 'u' ? read_unicode(s, out, written) : 0;
}

static apr_status_t read_text(wf_feel_lexer_t *lexer, wf_feel_token_t *token)
{
    const char *s = lexer->text + lexer->pos + 1;
    char *out = apr_palloc(lexer->pool, lexer->length - lexer->pos);
    apr_size_t n = 0, written = 0, step;

    for (; *s && *s != '"'; s += step, n += written) {
        out[n] = *s;
        step = written = 1;
        if (*s == '\\') {
            step = read_escape(s, out + n, &written);
        }
        if (!step) {
            return bad(lexer, s - lexer->text, "unknown escape");
        }
    }
    if (!*s) {
        return bad(lexer, token->pos, "the text has no closing quote");
    }
    out[n] = '\0';
    token->kind = WF_FEEL_LITERAL;
    token->value = (wf_value_t){ .type = WF_STRING, .as.text = { out, n } };
    lexer->pos = s + 1 - lexer->text;
    return APR_SUCCESS;
}

/* ---- words and symbols ------------------------------------------------------------ */

static int is_letter(char c)
{
    return apr_isalpha(c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static void read_word(wf_feel_lexer_t *lexer, wf_feel_token_t *token)
{
    const char *text = lexer->text + lexer->pos;
    apr_size_t length = wf_feel_function_at(text, &token->text);

    token->kind = WF_FEEL_WORD;
    if (!length) {
        while (is_letter(text[length]) || apr_isdigit(text[length])) {
            length++;
        }
        token->text = apr_pstrmemdup(lexer->pool, text, length);
    }
    lexer->pos += length;
}

static apr_status_t read_symbol(wf_feel_lexer_t *lexer, wf_feel_token_t *token)
{
    const char *text = lexer->text + lexer->pos;

    for (apr_size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        apr_size_t n = strlen(symbols[i]);

        if (!strncmp(text, symbols[i], n)) {
            token->kind = WF_FEEL_SYMBOL;
            token->text = symbols[i];
            lexer->pos += n;
            return APR_SUCCESS;
        }
    }
    return bad(lexer, token->pos,
               *text == '\'' ? "texts stand in double quotes" : "unexpected character");
}

apr_status_t wf_feel_next(wf_feel_lexer_t *lexer, wf_feel_token_t *token)
{
    const char *at;
    apr_size_t digits;

    while (apr_isspace(lexer->text[lexer->pos])) {
        lexer->pos++;
    }
    memset(token, 0, sizeof(*token));
    token->pos = lexer->pos;
    at = lexer->text + lexer->pos;
    if (!*at) {
        return APR_SUCCESS;
    }
    if ((digits = number_at(at)) != 0) {
        read_number(lexer, token, digits);
        return APR_SUCCESS;
    }
    if (*at == '"') {
        return read_text(lexer, token);
    }
    if (is_letter(*at)) {
        read_word(lexer, token);
        return APR_SUCCESS;
    }
    return read_symbol(lexer, token);
}
