/* JSONPath: characters, texts and numbers of a query. */
#include "script/jsonpath.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

void *wf_jp_bad_at(wf_jp_reader_t *r, apr_size_t pos, const char *why)
{
    wf_error_set(r->err, WF_ERR_INVALID, "%s: %s",
                 wf_position_text("JSONPath", r->text, pos, r->pool), why);
    return NULL;
}

void *wf_jp_bad(wf_jp_reader_t *r, const char *why)
{
    return wf_jp_bad_at(r, r->pos, why);
}

int wf_jp_enter(wf_jp_reader_t *r)
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

int wf_jp_take(wf_jp_reader_t *r, const char *mark)
{
    apr_size_t n = strlen(mark);

    if (strncmp(r->text + r->pos, mark, n) != 0) {
        return 0;
    }
    r->pos += n;
    return 1;
}

void wf_jp_skip_blanks(wf_jp_reader_t *r)
{
    r->pos += strspn(r->text + r->pos, " \t\r\n");
}

static apr_size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* ---- texts ------------------------------------------------------------------------ */

static int read_hex4(wf_jp_reader_t *r, apr_uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, r->pos++) {
        int c = wf_jp_peek(r);

        if (!apr_isxdigit(c)) {
            wf_jp_bad(r, "expected four hexadecimal digits after \\u");
            return 0;
        }
        *unit = *unit << 4
                | (apr_uint32_t)(apr_isdigit(c) ? c - '0' : apr_tolower(c) - 'a' + 10);
    }
    return 1;
}

/* Behind \u: one unit, or the two of a pair. */
static int read_unicode(wf_jp_reader_t *r, apr_uint32_t *c)
{
    apr_size_t from = r->pos;
    apr_uint32_t low;

    if (!read_hex4(r, c)) {
        return 0;
    }
    if (*c < 0xd800 || *c > 0xdfff) {
        return 1;
    }
    if (*c > 0xdbff || !wf_jp_take(r, "\\u")) {
        wf_jp_bad_at(r, from, "half of a surrogate pair");
        return 0;
    }
    if (!read_hex4(r, &low)) {
        return 0;
    }
    if (low < 0xdc00 || low > 0xdfff) {
        wf_jp_bad_at(r, from, "half of a surrogate pair");
        return 0;
    }
    *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
    return 1;
}

static int read_escape(wf_jp_reader_t *r, char quote, apr_uint32_t *c)
{
    static const char from[] = "bfnrt/\\", to[] = "\b\f\n\r\t/\\";
    const char *known = wf_jp_peek(r) ? strchr(from, wf_jp_peek(r)) : NULL;

    if (known != NULL || wf_jp_peek(r) == quote) {
        *c = (unsigned char)(known ? to[known - from] : quote);
        r->pos++;
        return 1;
    }
    if (wf_jp_take(r, "u")) {
        return read_unicode(r, c);
    }
    wf_jp_bad(r, "no such escape");
    return 0;
}

/* A quoted text; it may hold NULs by \u0000. */
int wf_jp_read_text(wf_jp_reader_t *r, wf_value_t *value)
{
    char quote = r->text[r->pos++];
    char *out = apr_palloc(r->pool, strlen(r->text + r->pos) + 1);
    apr_size_t n = 0;

    while (wf_jp_peek(r) != quote) {
        unsigned char byte = (unsigned char)wf_jp_peek(r);
        apr_uint32_t c;

        if (byte < 0x20) {
            wf_jp_bad(r, byte ? "control characters have to be escaped"
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
int wf_jp_read_integer(wf_jp_reader_t *r, apr_int64_t *i)
{
    apr_size_t from = r->pos, sign = wf_jp_peek(r) == '-', n;

    n = digits(r->text + from + sign);
    r->pos += sign + n;
    if (n == 0) {
        wf_jp_bad(r, "expected a whole number");
    }
    else if (r->text[from + sign] == '0' && n + sign > 1) {
        wf_jp_bad_at(r, from, "a whole number has no leading zeros, and 0 no sign");
    }
    else if (!wf_parse_int64(apr_pstrmemdup(r->pool, r->text + from, sign + n), i)
             || *i > WF_JP_NUMBER_MAX || *i < -WF_JP_NUMBER_MAX) {
        wf_jp_bad_at(r, from, "the number is beyond 2^53 - 1");
    }
    else {
        return 1;
    }
    return 0;
}

/* A number as JSON has it. */
int wf_jp_read_number(wf_jp_reader_t *r, wf_value_t *value)
{
    const char *from = r->text + r->pos, *s = from + (*from == '-');
    apr_size_t whole = digits(s), n;
    wf_number_t number;

    s += whole;
    if (whole == 0 || (whole > 1 && s[-(apr_ssize_t)whole] == '0')) {
        wf_jp_bad(r, whole ? "a number has no leading zeros" : "expected a number");
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
        wf_jp_bad(r, "expected a number");
        return 0;
    }
    *value = number.is_double ? wf_double(number.d) : wf_integer(number.i);
    r->pos += (apr_size_t)(s - from);
    return 1;
}
