/* From a JSON text straight to a value, without a tree of json-c in between: answers of
 * load tests are read so often that the tree would cost more than all else. The grammar
 * has been checked before, so what stands here can only be right. */
#include "core/internal.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffd /* for half of a surrogate pair, as json-c has it */

typedef struct reader_t {
    const char *at;
    apr_pool_t *pool;
} reader_t;

static wf_value_t read_value(reader_t *r);

static void skip_blanks(reader_t *r)
{
    while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t') {
        r->at++;
    }
}

/* ---- texts ------------------------------------------------------------------------- */

static apr_uint32_t read_hex4(const char *s)
{
    apr_uint32_t unit = 0;
    int i;

    for (i = 0; i < 4; i++) {
        unit = unit << 4
               | (apr_uint32_t)(s[i] <= '9' ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10);
    }
    return unit;
}

/* At the first digit behind \u. */
static apr_uint32_t read_unicode(reader_t *r)
{
    apr_uint32_t c = read_hex4(r->at), low;

    r->at += 4;
    if (c < 0xd800 || c > 0xdfff) {
        return c;
    }
    if (c > 0xdbff || r->at[0] != '\\' || r->at[1] != 'u') {
        return REPLACEMENT;
    }
    low = read_hex4(r->at + 2);
    if (low < 0xdc00 || low > 0xdfff) {
        return REPLACEMENT;
    }
    r->at += 6;
    return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static char *put_character(char *to, apr_uint32_t c)
{
    static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    int length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

    if (length == 1) {
        *to = (char)c;
        return to + 1;
    }
    for (i = length - 1; i > 0; i--, c >>= 6) {
        to[i] = (char)(0x80 | (c & 0x3f));
    }
    to[0] = (char)(first[length] | c);
    return to + length;
}

const char *wf_json_join_pairs(const char *text, apr_size_t *length, apr_pool_t *p)
{
    const char *end = text + *length;
    char *joined = apr_palloc(p, *length + 1), *to = joined;

    while (text < end) {
        reader_t r = { .at = text + 2 };
        apr_uint32_t c = *text == '\\' && text[1] == 'u' ? read_unicode(&r) : 0;

        if (c >= 0x10000) {
            to = put_character(to, c);
            text = r.at;
            continue;
        }
        if (*text == '\\') { /* what follows it may be another one */
            *to++ = *text++;
        }
        *to++ = *text++;
    }
    *to = '\0';
    *length = (apr_size_t)(to - joined);
    return joined;
}

/* Behind a backslash. */
static char *put_escape(reader_t *r, char *to)
{
    static const char from[] = "bfnrt", meant[] = "\b\f\n\r\t";
    char c = *r->at++;
    const char *known = strchr(from, c);

    if (c == 'u') {
        return put_character(to, read_unicode(r));
    }
    *to = known ? meant[known - from] : c;
    return to + 1;
}

/* Up to the closing quote at end. No text gets longer by reading its escapes. */
static char *read_escaped(reader_t *r, const char *end, apr_size_t *length)
{
    char *text, *to;

    text = to = apr_palloc(r->pool, (apr_size_t)(end - r->at) + 1);
    while (r->at < end) {
        apr_size_t plain = strcspn(r->at, "\\\"");

        memcpy(to, r->at, plain);
        to += plain;
        r->at += plain;
        if (r->at < end) {
            r->at++;
            to = put_escape(r, to);
        }
    }
    *to = '\0';
    *length = (apr_size_t)(to - text);
    return text;
}

/* At the opening quote. Most texts have no escapes. */
static char *read_text(reader_t *r, apr_size_t *length)
{
    const char *from = ++r->at, *end = strchr(from, '"');
    char *text;

    if (memchr(from, '\\', (apr_size_t)(end - from)) == NULL) {
        *length = (apr_size_t)(end - from);
        text = apr_pstrmemdup(r->pool, from, *length);
    }
    else {
        for (end = from; *end != '"';) {
            end += *end == '\\' ? 2 : 1;
        }
        text = read_escaped(r, end, length);
    }
    r->at = end + 1;
    return text;
}

static wf_value_t read_string(reader_t *r)
{
    wf_value_t value = { .type = WF_STRING };

    value.as.text.data = read_text(r, &value.as.text.length);
    return value;
}

/* ---- numbers and words ---------------------------------------------------------------- */

static wf_value_t read_number(reader_t *r)
{
    const char *from = r->at;
    apr_size_t n = strspn(from, "-0123456789.eE+");
    apr_size_t whole = strspn(from, "-0123456789");
    char *end;

    r->at += n;
    if (whole == n) {
        return wf_integer(strtoll(from, &end, 10));
    }
    return wf_double(strtod(from, &end));
}

static wf_value_t read_word(reader_t *r)
{
    char c = *r->at;

    r->at += c == 'f' ? 5 : 4;
    return c == 'n' ? wf_null() : wf_boolean(c == 't');
}

/* ---- lists and maps -------------------------------------------------------------------- */

static wf_value_t read_list(reader_t *r)
{
    wf_list_t *list = wf_list_create(r->pool);

    r->at++;
    skip_blanks(r);
    while (*r->at != ']') {
        wf_list_push(list, read_value(r));
        skip_blanks(r);
        r->at += *r->at == ',';
    }
    r->at++;
    return wf_list(list);
}

static wf_value_t read_map(reader_t *r)
{
    wf_map_t *map = wf_map_create(r->pool);
    apr_size_t length;

    r->at++;
    skip_blanks(r);
    while (*r->at != '}') {
        const char *key = read_text(r, &length);

        skip_blanks(r);
        r->at++; /* the colon */
        wf_map_set(map, key, read_value(r));
        skip_blanks(r);
        r->at += *r->at == ',';
        skip_blanks(r);
    }
    r->at++;
    return wf_map(map);
}

/* As deep as the check has allowed. */
static wf_value_t read_value(reader_t *r)
{
    skip_blanks(r);
    switch (*r->at) {
    case '{':
        return read_map(r);
    case '[':
        return read_list(r);
    case '"':
        return read_string(r);
    case 't':
    case 'f':
    case 'n':
        return read_word(r);
    default:
        return read_number(r);
    }
}

wf_value_t wf_json_build(const char *text, apr_pool_t *p)
{
    reader_t r = { .at = text, .pool = p };

    return read_value(&r);
}
