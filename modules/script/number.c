/* Numbers: reading, 64 bit arithmetic that wraps, order, and the shortest texts. */
#include "script/internal.h"

#include <apr_lib.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

wf_number_t wf_number_of_integer(apr_int64_t i)
{
    return (wf_number_t){ .i = i, .d = (double)i };
}

wf_number_t wf_number_of_double(double d)
{
    return (wf_number_t){ .is_double = 1, .d = d };
}

int wf_number_of(const wf_value_t *v, wf_number_t *n)
{
    if (wf_is_integer(v)) {
        *n = wf_number_of_integer(v->as.integer);
        return 1;
    }
    if (v->type == WF_DOUBLE) {
        *n = wf_number_of_double(v->as.number);
        return 1;
    }
    return 0;
}

/* ---- reading ---------------------------------------------------------------------- */

static apr_size_t count_digits(const char *s, const char *end)
{
    apr_size_t n = 0;

    while (s + n < end && apr_isdigit(s[n])) {
        n++;
    }
    return n;
}

/* 0 no number, 1 an integer, 2 a number with fraction or exponent. */
static int classify(const char *s, const char *end)
{
    apr_size_t whole, fraction = 0;
    int form = 1;

    s += s < end && (*s == '-' || *s == '+');
    whole = count_digits(s, end);
    s += whole;
    if (s < end && *s == '.') {
        fraction = count_digits(s + 1, end);
        s += 1 + fraction;
        form = 2;
    }
    if (whole + fraction > 0 && s < end && (*s == 'e' || *s == 'E')) {
        apr_size_t digits;

        s++;
        s += s < end && (*s == '-' || *s == '+');
        digits = count_digits(s, end);
        if (digits == 0) {
            return 0;
        }
        s += digits;
        form = 2;
    }
    return whole + fraction > 0 && s == end ? form : 0;
}

int wf_number_parse(const char *text, apr_size_t length, int wide, wf_number_t *n)
{
    int form = classify(text, text + length);

    if (form == 1) {
        errno = 0;
        *n = wf_number_of_integer(strtoll(text, NULL, 10));
        if (errno == 0 || !wide) {
            return errno == 0;
        }
        form = 2;
    }
    if (form == 2) {
        *n = wf_number_of_double(strtod(text, NULL));
    }
    return form != 0;
}

/* ---- arithmetic ------------------------------------------------------------------- */

/* Unsigned, because overflow there is defined to wrap. */
static int apply_integers(wf_op_e op, apr_int64_t a, apr_int64_t b, apr_int64_t *result)
{
    apr_uint64_t x = (apr_uint64_t)a, y = (apr_uint64_t)b;

    switch (op) {
    case WF_OP_ADD:
        *result = (apr_int64_t)(x + y);
        return 1;
    case WF_OP_SUB:
        *result = (apr_int64_t)(x - y);
        return 1;
    case WF_OP_MUL:
        *result = (apr_int64_t)(x * y);
        return 1;
    default: /* the remainder by -1 would trap for the smallest number */
        *result = b == 0 || b == -1 ? 0 : a % b;
        return b != 0;
    }
}

static double apply_doubles(wf_op_e op, double a, double b)
{
    switch (op) {
    case WF_OP_ADD:
        return a + b;
    case WF_OP_SUB:
        return a - b;
    case WF_OP_MUL:
        return a * b;
    default:
        return fmod(a, b);
    }
}

int wf_number_apply(wf_op_e op, const wf_number_t *a, const wf_number_t *b,
                    const wf_rules_t *rules, wf_value_t *result)
{
    apr_int64_t i;

    if (a->is_double || b->is_double) {
        *result = wf_double(apply_doubles(op, a->d, b->d));
        return 1;
    }
    if (!apply_integers(op, a->i, b->i, &i)) {
        return 0;
    }
    *result = rules->integer(i);
    return 1;
}

/* ---- order ------------------------------------------------------------------------ */

int wf_number_order(const wf_number_t *a, const wf_number_t *b)
{
    if (!a->is_double && !b->is_double) {
        return (a->i > b->i) - (a->i < b->i);
    }
    if (isnan(a->d) || isnan(b->d)) {
        return WF_UNORDERED;
    }
    return (a->d > b->d) - (a->d < b->d);
}

int wf_order_holds(wf_op_e op, int order)
{
    switch (op) {
    case WF_OP_EQ:
        return order == 0;
    case WF_OP_NE:
        return order != 0;
    case WF_OP_LT:
        return order == -1;
    case WF_OP_GT:
        return order == 1;
    case WF_OP_LE:
        return order == -1 || order == 0;
    default:
        return order == 1 || order == 0;
    }
}

/* ---- printing --------------------------------------------------------------------- */

typedef struct digits_t {
    char text[20]; /* d1 d2 d3 … without trailing zeros */
    int count;
    int exponent; /* value = d1.d2d3… * 10^exponent */
} digits_t;

/* The fewest digits that read back as d. 15 always survive a round trip, so fewer are
 * found as trailing zeros; only denormal numbers have less than that. */
static void shortest(double d, digits_t *out)
{
    char text[WF_NUMBER_SIZE];
    int precision = d < DBL_MIN ? 1 : DBL_DIG;

    do {
        snprintf(text, sizeof(text), "%.*e", precision - 1, d);
    } while (strtod(text, NULL) != d && precision++ < 17);
    out->count = 0;
    for (const char *s = text; *s && *s != 'e'; s++) {
        if (apr_isdigit(*s)) {
            out->text[out->count++] = *s;
        }
    }
    while (out->count > 1 && out->text[out->count - 1] == '0') {
        out->count--;
    }
    out->exponent = atoi(strchr(text, 'e') + 1);
}

/* 1234.5, 0.00012: `decimals` at least that many digits after the point. */
static int print_plain(const digits_t *d, int decimals, char *out)
{
    char *s = out;
    int i = 0;

    if (d->exponent < 0) {
        *s++ = '0';
    }
    for (; i <= d->exponent; i++) {
        *s++ = i < d->count ? d->text[i] : '0';
    }
    if (d->count > i || decimals) {
        *s++ = '.';
        for (int zeros = -1; zeros > d->exponent; zeros--) {
            *s++ = '0';
        }
        if (i >= d->count) {
            *s++ = '0';
        }
        for (; i < d->count; i++) {
            *s++ = d->text[i];
        }
    }
    *s = '\0';
    return (int)(s - out);
}

static int print_scientific(const digits_t *d, int decimals, const char *mark, char *out)
{
    const char *rest = d->count > 1 ? d->text + 1 : "0";
    int nrest = d->count > 1 ? d->count - 1 : decimals;

    return snprintf(out, WF_NUMBER_SIZE - 1, "%c%s%.*s%s%d", d->text[0], nrest ? "." : "",
                    nrest, rest, mark, d->exponent);
}

static int print_special(double d, char *out)
{
    return snprintf(out, WF_NUMBER_SIZE, "%s",
                    isnan(d) ? "NaN"
                    : d > 0  ? "Infinity"
                             : "-Infinity");
}

/* As java.lang.Double.toString: plain from 10^-3 to below 10^7, at least one decimal. */
int wf_number_print_java(double d, char text[WF_NUMBER_SIZE])
{
    digits_t digits;
    int sign = signbit(d) != 0;

    if (!isfinite(d)) {
        return print_special(d, text);
    }
    text[0] = '-';
    shortest(fabs(d), &digits);
    if (d == 0 || (digits.exponent >= -3 && digits.exponent < 7)) {
        return sign + print_plain(&digits, 1, text + sign);
    }
    return sign + print_scientific(&digits, 1, "E", text + sign);
}

/* As ECMAScript's Number: plain from 10^-6 to below 10^21, no needless decimals. */
int wf_number_print_load(double d, char text[WF_NUMBER_SIZE])
{
    digits_t digits;
    int sign = d < 0;

    if (!isfinite(d)) {
        return print_special(d, text);
    }
    text[0] = '-';
    shortest(fabs(d), &digits);
    if (d == 0 || (digits.exponent >= -6 && digits.exponent < 21)) {
        return sign + print_plain(&digits, 0, text + sign);
    }
    return sign
           + print_scientific(&digits, 0, digits.exponent < 0 ? "e" : "e+", text + sign);
}
