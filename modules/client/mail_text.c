/* A mail's words: header fields in ASCII, bodies in the charset that was asked for.
 * Header fields are always encoded from UTF-8, which every mail program of today reads.
 */
#include "client/internal.h"

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>

#define LINE_MAX_BYTES 76 /* of a header line with encoded words, RFC 2047 section 2 */
#define WORD_START "=?UTF-8?B?"
#define WORD_END "?="
#define WORD_FRAME ((int)(sizeof(WORD_START) + sizeof(WORD_END) - 2))
#define CHARSET_MAX 40

/* ---- header fields ---------------------------------------------------------------------- */

/* The longest beginning of a text with at most so many bytes that cuts no character. */
static apr_size_t whole_characters(const char *text, apr_size_t limit)
{
    apr_size_t n = strlen(text);

    if (n <= limit) {
        return n;
    }
    for (n = limit; n > 0 && (text[n] & 0xC0) == 0x80; n--) {
    }
    return n;
}

static const char *encode_word(const char *text, apr_size_t n, apr_pool_t *p)
{
    char *base64 = apr_palloc(p, apr_base64_encode_len((int)n));

    apr_base64_encode(base64, text, (int)n);
    return apr_pstrcat(p, WORD_START, base64, WORD_END, NULL);
}

/* column: what stands before it in its line. */
static const char *encode_words(const char *text, int column, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(const char *));

    while (*text != '\0') {
        int room = (LINE_MAX_BYTES - column - WORD_FRAME) / 4 * 3;
        apr_size_t n = whole_characters(text, room > 6 ? (apr_size_t)room : 6);

        APR_ARRAY_PUSH(words, const char *) = encode_word(text, n, p);
        APR_ARRAY_PUSH(words, const char *) = "\r\n ";
        text += n;
        column = 1;
    }
    apr_array_pop(words);
    return apr_array_pstrcat(p, words, 0);
}

static int is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text & 0x80) {
            return 0;
        }
    }
    return 1;
}

/* It can stand as it is: short, ASCII, and does not look like an encoded word. */
static int is_plain(const char *text, int column)
{
    return is_ascii(text) && strstr(text, "=?") == NULL
           && column + (int)strlen(text) <= LINE_MAX_BYTES;
}

const char *wf_mail_header(const char *name, const char *text, apr_pool_t *p)
{
    int column = (int)strlen(name) + 2;

    return apr_pstrcat(p, name, ": ",
                       is_plain(text, column) ? text : encode_words(text, column, p),
                       NULL);
}

static const char *quote(const char *text, apr_pool_t *p)
{
    char *quoted = apr_palloc(p, 2 * strlen(text) + 3);
    char *out = quoted;

    *out++ = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *out++ = '\\';
        }
        *out++ = *text;
    }
    *out++ = '"';
    *out = '\0';
    return quoted;
}

static const char *mailbox_text(const wf_mail_address_t *mailbox, int column,
                                apr_pool_t *p)
{
    const char *name = mailbox->name;

    if (name == NULL || *name == '\0') {
        return mailbox->address;
    }
    return apr_pstrcat(
        p, is_plain(name, column) ? quote(name, p) : encode_words(name, column, p), " <",
        mailbox->address, ">", NULL);
}

const char *wf_mail_address_header(const char *name, const apr_array_header_t *list,
                                   apr_pool_t *p)
{
    apr_array_header_t *pieces = apr_array_make(p, 4, sizeof(const char *));
    int column = (int)strlen(name) + 2;
    int i;

    APR_ARRAY_PUSH(pieces, const char *) = apr_pstrcat(p, name, ": ", NULL);
    for (i = 0; i < list->nelts; i++) {
        const wf_mail_address_t *mailbox = &APR_ARRAY_IDX(list, i, wf_mail_address_t);

        if (i > 0) {
            APR_ARRAY_PUSH(pieces, const char *) = ",\r\n ";
            column = 1;
        }
        APR_ARRAY_PUSH(pieces, const char *) = mailbox_text(mailbox, column, p);
    }
    return apr_array_pstrcat(p, pieces, 0);
}

/* attribute-char of RFC 5987, which is that of RFC 2231. */
static const char *percent_encode(const char *text, apr_pool_t *p)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = apr_palloc(p, 3 * strlen(text) + 1);
    char *out = encoded;

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x80 && (apr_isalnum(c) || strchr("!#$&+-.^_`|~", c))) {
            *out++ = (char)c;
            continue;
        }
        *out++ = '%';
        *out++ = digits[c >> 4];
        *out++ = digits[c & 15];
    }
    *out = '\0';
    return encoded;
}

const char *wf_mail_disposition(const char *name, apr_pool_t *p)
{
    static const char start[] = "Content-Disposition: attachment;\r\n filename";

    return is_ascii(name)
               ? apr_pstrcat(p, start, "=", quote(name, p), NULL)
               : apr_pstrcat(p, start, "*=UTF-8''", percent_encode(name, p), NULL);
}

/* ---- bodies ------------------------------------------------------------------------------ */

static const char *with_crlf(const char *text, apr_size_t *length, apr_pool_t *p)
{
    char *lines = apr_palloc(p, 2 * strlen(text) + 1);
    char *out = lines;

    for (; *text != '\0'; text++) {
        if (*text == '\r' && text[1] == '\n') {
            continue;
        }
        if (*text == '\r' || *text == '\n') {
            *out++ = '\r';
            *out++ = '\n';
            continue;
        }
        *out++ = *text;
    }
    *out = '\0';
    *length = (apr_size_t)(out - lines);
    return lines;
}

static int is_charset_name(const char *name)
{
    const char *c;

    for (c = name; *c != '\0'; c++) {
        if (!apr_isalnum(*c) && strchr("-_.:+", *c) == NULL) {
            return 0;
        }
    }
    return c > name && c - name <= CHARSET_MAX;
}

/* From UTF-8; NULL if the charset lacks a character. Four bytes a character is what the
 * widest one takes, and a stateful one may need some to switch. */
static const char *convert(iconv_t to, const char *text, apr_size_t *length,
                           apr_pool_t *p)
{
    apr_size_t room = 4 * *length + 64, left = *length;
    char *start = apr_palloc(p, room);
    char *in = (char *)text, *out = start;

    /* A positive result counts characters that were replaced by similar ones. */
    if (iconv(to, &in, &left, &out, &room) != 0
        || iconv(to, NULL, NULL, &out, &room) != 0) {
        return NULL;
    }
    *length = (apr_size_t)(out - start);
    return start;
}

/* A mail's lines end with these two bytes in whatever charset (RFC 2046 section 4.1.1).
 */
static int keeps_line_ends(iconv_t to, apr_pool_t *p)
{
    apr_size_t length = 2;
    const char *line_end = convert(to, "\r\n", &length, p);

    return line_end != NULL && length == 2 && memcmp(line_end, "\r\n", 2) == 0;
}

apr_status_t wf_mail_body(const char **body, apr_size_t *length, const char **charset,
                          const char *text, apr_pool_t *p, wf_error_t *err)
{
    const char *converted = NULL;
    iconv_t to;

    *body = with_crlf(text, length, p);
    if (strcasecmp(*charset, "UTF-8") == 0) {
        return APR_SUCCESS;
    }
    to = is_charset_name(*charset) ? iconv_open(*charset, "UTF-8") : (iconv_t)-1;
    if (to == (iconv_t)-1) {
        return wf_error_field(err, WF_ERR_INVALID, "charset",
                              "charset: '%.*s' is not known here", CHARSET_MAX, *charset);
    }
    if (!keeps_line_ends(to, p)) {
        iconv_close(to);
        return wf_error_field(err, WF_ERR_INVALID, "charset",
                              "charset: mail cannot be written in '%s'", *charset);
    }
    converted = convert(to, *body, length, p);
    iconv_close(to);
    if (converted == NULL) {
        *charset = "UTF-8";
        return APR_SUCCESS;
    }
    *body = converted;
    return APR_SUCCESS;
}
