/* Texts are UTF-8 here and UTF-16 in Java: this file counts, compares, hashes and folds
 * them as Java does. */
#include "script/internal.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wctype.h>

/* A character of n UTF-8 bytes grows to at most this many by a change of case. */
#define CASE_GROWTH 2

int wf_text_order(const wf_value_t *a, const wf_value_t *b)
{
    apr_size_t na = a->as.text.length, nb = b->as.text.length;
    int order = memcmp(a->as.text.data, b->as.text.data, na < nb ? na : nb);

    return order ? (order > 0) - (order < 0) : (na > nb) - (na < nb);
}

/* ---- characters ------------------------------------------------------------------- */

apr_uint32_t wf_utf8_decode(const char *s, apr_size_t n, apr_size_t *step)
{
    const unsigned char *u = (const unsigned char *)s;
    apr_size_t length = u[0] < 0xc2 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
    apr_uint32_t c;

    *step = 1;
    if (length == 1 || length > n || u[0] > 0xf4) {
        return u[0];
    }
    c = u[0] & (0x7f >> length);
    for (apr_size_t i = 1; i < length; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            return u[0];
        }
        c = c << 6 | (u[i] & 0x3f);
    }
    *step = length;
    return c;
}

apr_size_t wf_utf8_encode(apr_uint32_t c, char *out)
{
    static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    apr_size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    if (length == 1) {
        *out = (char)c;
        return 1;
    }
    for (apr_size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (char)(first[length] | c);
    return length;
}

static int units_of(apr_uint32_t c)
{
    return c > 0xffff ? 2 : 1;
}

apr_size_t wf_utf16_length(const char *s, apr_size_t n)
{
    apr_size_t units = 0, step;

    for (apr_size_t i = 0; i < n; i += step) {
        units += units_of(wf_utf8_decode(s + i, n - i, &step));
    }
    return units;
}

apr_ssize_t wf_utf16_offset(const char *s, apr_size_t n, apr_int64_t units)
{
    apr_size_t i = 0, step;

    if (units < 0) {
        return -1;
    }
    while (units > 0 && i < n) {
        units -= units_of(wf_utf8_decode(s + i, n - i, &step));
        if (units < 0) { /* the second half of a pair */
            return (apr_ssize_t)i;
        }
        i += step;
    }
    return units == 0 ? (apr_ssize_t)i : -1;
}

/* Reads units one by one; a pair's second half waits in low. */
typedef struct units_t {
    const char *s;
    apr_size_t n;
    int low;
} units_t;

static int next_unit(units_t *u)
{
    apr_size_t step;
    apr_uint32_t c;

    if (u->low) {
        int low = u->low;

        u->low = 0;
        return low;
    }
    if (u->n == 0) {
        return -1;
    }
    c = wf_utf8_decode(u->s, u->n, &step);
    u->s += step;
    u->n -= step;
    if (c <= 0xffff) {
        return (int)c;
    }
    u->low = (int)(0xdc00 | ((c - 0x10000) & 0x3ff));
    return (int)(0xd800 | (c - 0x10000) >> 10);
}

static units_t units(const wf_value_t *v)
{
    return (units_t){ v->as.text.data, v->as.text.length, 0 };
}

int wf_utf16_compare(const wf_value_t *a, const wf_value_t *b)
{
    units_t x = units(a), y = units(b);

    for (;;) {
        units_t rest_x = x, rest_y = y;
        int cx = next_unit(&x), cy = next_unit(&y);

        if (cx < 0 || cy < 0) {
            return (int)wf_utf16_length(rest_x.s, rest_x.n)
                   - (int)wf_utf16_length(rest_y.s, rest_y.n);
        }
        if (cx != cy) {
            return cx - cy;
        }
    }
}

apr_int64_t wf_utf16_hash(const wf_value_t *v)
{
    units_t u = units(v);
    apr_uint32_t hash = 0;
    int c;

    while ((c = next_unit(&u)) >= 0) {
        hash = 31 * hash + (apr_uint32_t)c;
    }
    return (apr_int32_t)hash;
}

/* ---- case ------------------------------------------------------------------------- */

static locale_t unicode;
static pthread_once_t unicode_once = PTHREAD_ONCE_INIT;

/* The C library's Unicode tables, whatever locale the server runs in. Without that locale
 * on the system only ASCII letters have two cases. */
static void open_unicode(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!unicode) {
        unicode = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
    }
}

static wf_value_t fold(const wf_value_t *v, wint_t (*change)(wint_t, locale_t),
                       apr_pool_t *p)
{
    const char *s = v->as.text.data;
    apr_size_t n = v->as.text.length, length = 0, step;
    char *out = apr_palloc(p, n * CASE_GROWTH + 1);

    pthread_once(&unicode_once, open_unicode);
    for (apr_size_t i = 0; i < n; i += step) {
        apr_uint32_t c = wf_utf8_decode(s + i, n - i, &step);

        if (step == 1 && c >= 0x80) { /* malformed: kept */
            out[length++] = s[i];
        }
        else if (c == 0xdf && change == towupper_l) { /* sharp s has no capital in Java */
            out[length++] = 'S';
            out[length++] = 'S';
        }
        else {
            length += wf_utf8_encode(change(c, unicode), out + length);
        }
    }
    out[length] = '\0';
    return (wf_value_t){ .type = WF_STRING, .as.text = { out, length } };
}

wf_value_t wf_text_upper(const wf_value_t *v, apr_pool_t *p)
{
    return fold(v, towupper_l, p);
}

wf_value_t wf_text_lower(const wf_value_t *v, apr_pool_t *p)
{
    return fold(v, towlower_l, p);
}
