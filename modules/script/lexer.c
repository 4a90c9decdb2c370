/* Tokens of both dialects. What is an operator, which words are taken, how numbers and
 * backslashes read is said by the dialect's rules; here is only the reading. */
#include "script/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* So much of an expression's text is shown in a message. */
#define SHOWN_MAX 100

static int is_name_start(const wf_lexer_t *lexer, char c)
{
    return apr_isalpha(c) || c == '_' || (unsigned char)c >= 0x80
           || (c == '$' && lexer->rules->dollar_names);
}

int wf_text_shown(const char *text, apr_size_t length, int max)
{
    if (length <= (apr_size_t)max) {
        return (int)length;
    }
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80) {
        max--;
    }
    return max;
}

const char *wf_position_text(const char *what, const char *text, apr_size_t pos,
                             apr_pool_t *p)
{
    apr_size_t length = strlen(text), characters = 1;
    int shown = wf_text_shown(text, length, SHOWN_MAX);

    for (apr_size_t i = 0; i < pos && i < length; i++) {
        characters += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return apr_psprintf(p, "%s \"%.*s%s\", position %" APR_SIZE_T_FMT, what, shown, text,
                        (apr_size_t)shown < length ? "…" : "", characters);
}

static apr_status_t bad(wf_lexer_t *lexer, apr_size_t pos, const char *why)
{
    return wf_error_set(lexer->err, WF_ERR_INVALID, "%s: %s",
                        wf_position_text("expression", lexer->text, pos, lexer->pool),
                        why);
}

static int same_word(const wf_lexer_t *lexer, const char *word, apr_size_t pos,
                     apr_size_t length)
{
    const char *text = lexer->text + pos;

    return strlen(word) == length
           && (lexer->rules->fold_case ? !strncasecmp(word, text, length)
                                       : !strncmp(word, text, length));
}

static void keep_symbol(wf_token_t *token, const wf_symbol_t *symbol)
{
    static const struct {
        const char *word;
        wf_value_t value;
    } constants[] = {
        { "true", { .type = WF_BOOLEAN, .as.boolean = 1 } },
        { "false", { .type = WF_BOOLEAN, .as.boolean = 0 } },
        { "null", { .type = WF_NULL } },
    };

    token->kind = symbol->kind;
    token->symbol = symbol;
    for (int i = 0; symbol->kind == WF_TOKEN_LITERAL && i < 3; i++) {
        if (!strcmp(symbol->text, constants[i].word)) {
            token->value = constants[i].value;
        }
    }
}

static void read_word(wf_lexer_t *lexer, wf_token_t *token)
{
    apr_size_t end = lexer->pos;

    while (end < lexer->length
           && (is_name_start(lexer, lexer->text[end]) || apr_isdigit(lexer->text[end]))) {
        end++;
    }
    lexer->pos = end;
    for (const wf_symbol_t *s = lexer->rules->symbols; s->text; s++) {
        if (same_word(lexer, s->text, token->pos, end - token->pos)) {
            keep_symbol(token, s);
            return;
        }
    }
    token->kind = WF_TOKEN_NAME;
    token->text = apr_pstrmemdup(lexer->pool, lexer->text + token->pos, end - token->pos);
}

/* The offset of the closing quote, or 0. */
static apr_size_t find_quote(const wf_lexer_t *lexer, char quote)
{
    for (apr_size_t i = lexer->pos + 1; i < lexer->length; i++) {
        if (lexer->text[i] == quote) {
            return i;
        }
        i += lexer->text[i] == '\\';
    }
    return 0;
}

static apr_status_t read_text(wf_lexer_t *lexer, wf_token_t *token)
{
    char quote = lexer->text[lexer->pos];
    apr_size_t end = find_quote(lexer, quote), n = 0;
    char *out;

    if (!end) {
        return bad(lexer, token->pos, "the text has no closing quote");
    }
    out = apr_palloc(lexer->pool, end - lexer->pos);
    for (apr_size_t i = lexer->pos + 1; i < end; i++) {
        wf_escape_e escape = WF_ESCAPE_PLAIN;

        if (lexer->text[i] == '\\') {
            escape = lexer->rules->escape(lexer->text[i + 1], quote);
        }
        if (escape == WF_ESCAPE_BAD) {
            return bad(lexer, i, "only a quote or a backslash may follow a backslash");
        }
        if (escape == WF_ESCAPE_BOTH) {
            out[n++] = '\\';
        }
        i += escape != WF_ESCAPE_PLAIN;
        out[n++] = lexer->text[i];
    }
    out[n] = '\0';
    token->kind = WF_TOKEN_LITERAL;
    token->value = (wf_value_t){ .type = WF_STRING, .as.text = { out, n } };
    lexer->pos = end + 1;
    return APR_SUCCESS;
}

static apr_status_t read_path(wf_lexer_t *lexer, wf_token_t *token)
{
    const char *start = lexer->text + lexer->pos + 2;
    const char *end = memchr(start, '}', lexer->length - lexer->pos - 2);

    if (!end) {
        return bad(lexer, token->pos, "${ has no closing }");
    }
    token->kind = WF_TOKEN_PATH;
    token->text = apr_pstrmemdup(lexer->pool, start, end - start);
    lexer->pos = end + 1 - lexer->text;
    return APR_SUCCESS;
}

static apr_status_t read_symbol(wf_lexer_t *lexer, wf_token_t *token)
{
    const wf_symbol_t *longest = NULL;
    apr_size_t rest = lexer->length - lexer->pos, length = 0;

    for (const wf_symbol_t *s = lexer->rules->symbols; s->text; s++) {
        apr_size_t n = strlen(s->text);

        if (n > length && n <= rest && !memcmp(s->text, lexer->text + lexer->pos, n)) {
            longest = s;
            length = n;
        }
    }
    if (!longest) {
        return bad(lexer, token->pos, "unexpected character");
    }
    keep_symbol(token, longest);
    lexer->pos += length;
    return APR_SUCCESS;
}

static apr_status_t read_number(wf_lexer_t *lexer, wf_token_t *token, apr_size_t length)
{
    wf_number_t number;

    if (!wf_number_parse(lexer->text + lexer->pos, length, 0, &number)) {
        return bad(lexer, token->pos, "the number does not fit 64 bits");
    }
    token->kind = WF_TOKEN_LITERAL;
    token->value =
        number.is_double ? wf_double(number.d) : lexer->rules->integer(number.i);
    lexer->pos += length;
    return APR_SUCCESS;
}

static apr_status_t read_token(wf_lexer_t *lexer, wf_token_t *token)
{
    const char *at = lexer->text + lexer->pos;
    apr_size_t digits = lexer->rules->number(at);

    if (digits) {
        return read_number(lexer, token, digits);
    }
    if (*at == '\'' || *at == '"') {
        return read_text(lexer, token);
    }
    if (lexer->rules->paths && at[0] == '$' && at[1] == '{') {
        return read_path(lexer, token);
    }
    if (is_name_start(lexer, *at)) {
        read_word(lexer, token);
        return APR_SUCCESS;
    }
    return read_symbol(lexer, token);
}

apr_status_t wf_lexer_next(wf_lexer_t *lexer, wf_token_t *token)
{
    apr_status_t rv = APR_SUCCESS;

    while (lexer->pos < lexer->length && apr_isspace(lexer->text[lexer->pos])) {
        lexer->pos++;
    }
    memset(token, 0, sizeof(*token));
    token->pos = lexer->pos;
    if (lexer->pos < lexer->length) {
        rv = read_token(lexer, token);
    }
    token->end = lexer->pos;
    return rv;
}
