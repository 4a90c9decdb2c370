/* The parts of which sheets and points are written as text: numbers, strings, histograms.
 * A histogram's buckets are one string, because a run has many of them and a JSON number
 * each would cost more than the rest. */
#include "metrics/internal.h"

#include <math.h>
#include <float.h>
#include <stdio.h>
#include <string.h>

#define MORE 32 /* than one digit (of a bucket) */

/* ---- writing ----------------------------------------------------------------------- */

wf_writer_t wf_writer(apr_pool_t *p)
{
    return (wf_writer_t){ .buffer = wf_buffer_create(p) };
}

static void append(wf_writer_t *w, const char *text, apr_size_t n)
{
    if (!w->failed && !wf_buffer_append(w->buffer, text, n)) {
        w->failed = 1;
    }
}

void wf_write(wf_writer_t *w, const char *text)
{
    append(w, text, strlen(text));
}

const char *wf_written(const wf_writer_t *w)
{
    return w->failed ? NULL : w->buffer->data;
}

/* In front of end; where they begin. */
static char *put_digits(char *end, apr_uint64_t number)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

static void write_digits(wf_writer_t *w, apr_uint64_t number)
{
    char digits[24], *end = digits + sizeof(digits), *from = put_digits(end, number);

    append(w, from, (apr_size_t)(end - from));
}

void wf_write_int(wf_writer_t *w, apr_int64_t number)
{
    if (number < 0) {
        wf_write(w, "-");
    }
    write_digits(w, number < 0 ? 0 - (apr_uint64_t)number : (apr_uint64_t)number);
}

/* JSON has no infinity: a sum that became so is the largest number. */
void wf_write_number(wf_writer_t *w, double number)
{
    char text[40];

    if (isnan(number)) {
        number = 0;
    }
    if (isinf(number)) {
        number = number > 0 ? DBL_MAX : -DBL_MAX;
    }
    if (number == floor(number) && fabs(number) < 1e15) {
        wf_write_int(w, (apr_int64_t)number);
        return;
    }
    snprintf(text, sizeof(text), "%.17g", number);
    wf_write(w, text);
}

void wf_write_string(wf_writer_t *w, const char *text)
{
    json_object *json = json_object_new_string(text);

    wf_write(w, json_object_to_json_string_ext(
                    json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
}

/* Digits of five bits, the lowest first; the sixth bit says that another one follows.
 * Most numbers are a single character then, and none needs an escape in JSON. Source maps
 * have their numbers like that. */
static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *put_number(char *to, apr_uint64_t number)
{
    for (; number >= MORE; number /= MORE) {
        *to++ = alphabet[MORE + number % MORE];
    }
    *to = alphabet[number];
    return to + 1;
}

static void write_bucket(wf_writer_t *w, int gap, apr_uint64_t count)
{
    char text[32], *end = put_number(put_number(text, (apr_uint64_t)gap), count);

    append(w, text, (apr_size_t)(end - text));
}

static void write_page(wf_writer_t *w, const apr_uint64_t *counts, int page, int *before)
{
    int i;

    for (i = 0; i < WF_HISTOGRAM_STEPS; i++) {
        if (counts[i] > 0) {
            int bucket = page * WF_HISTOGRAM_STEPS + i;

            write_bucket(w, bucket - *before - 1, counts[i]);
            *before = bucket;
        }
    }
}

void wf_write_histogram(wf_writer_t *w, const wf_histogram_t *h)
{
    apr_uint64_t pages = h->used;
    int page, before = -1;

    wf_write(w, "[");
    wf_write_number(w, h->sum);
    wf_write(w, ",");
    write_digits(w, h->min);
    wf_write(w, ",");
    write_digits(w, h->max);
    wf_write(w, ",\"");
    while ((page = wf_histogram_next_page(&pages)) >= 0) {
        write_page(w, h->pages[page], page, &before);
    }
    wf_write(w, "\"]");
}

/* ---- reading ----------------------------------------------------------------------- */

const wf_value_t *wf_read_member(const wf_value_t *object, const char *name)
{
    const wf_value_t *member = object != NULL && object->type == WF_MAP
                                   ? wf_map_get(object->as.map, name)
                                   : NULL;

    return member != NULL && member->type != WF_NULL ? member : NULL;
}

const char *wf_read_string(const wf_value_t *object, const char *name)
{
    const wf_value_t *member = wf_read_member(object, name);

    return member != NULL && member->type == WF_STRING ? member->as.text.data : NULL;
}

int wf_read_length(const wf_value_t *value)
{
    return value != NULL && value->type == WF_LIST ? wf_list_count(value->as.list) : -1;
}

const wf_value_t *wf_read_element(const wf_value_t *value, int i)
{
    return value != NULL && value->type == WF_LIST ? wf_list_at(value->as.list, i) : NULL;
}

int wf_read_number(const wf_value_t *value, double *number)
{
    if (value == NULL || (!wf_is_integer(value) && value->type != WF_DOUBLE)) {
        return 0;
    }
    *number = value->type == WF_DOUBLE ? value->as.number : (double)value->as.integer;
    return isfinite(*number);
}

int wf_read_numbers(const wf_value_t *list, double *numbers, int n)
{
    int i;

    if (wf_read_length(list) != n) {
        return 0;
    }
    for (i = 0; i < n; i++) {
        if (!wf_read_number(wf_read_element(list, i), &numbers[i])) {
            return 0;
        }
    }
    return 1;
}

int wf_read_int(const wf_value_t *value, apr_int64_t least, apr_int64_t *number)
{
    if (value == NULL || !wf_is_integer(value)) {
        return 0;
    }
    *number = value->as.integer;
    return *number >= least;
}

static unsigned digit_at(const char *s)
{
    return (unsigned)(unsigned char)*s - '0'; /* what is none is larger than 9 */
}

/* Decimal digits up to a delimiter: 1, or 0 for anything else and what is too large. */
static int read_digits(const char **s, apr_uint64_t *number)
{
    const char *from = *s;

    for (*number = 0; digit_at(*s) < 10; ++*s) {
        if (__builtin_mul_overflow(*number, 10, number)
            || __builtin_add_overflow(*number, digit_at(*s), number)) {
            return 0;
        }
    }
    return *s > from;
}

/* Of the alphabet, plus 1; 0 for other characters. */
static const unsigned char digits[256] = {
    /* clang-format off */
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
    ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
    ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
    ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
    ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
    ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
    ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
    ['/'] = 64,
    /* clang-format on */
};

/* What put_number wrote, and only in the way it does: no zeros at the end. */
static int take_long_number(const char **s, apr_uint64_t *number)
{
    unsigned shift = 0, digit;

    *number = 0;
    do {
        digit = digits[(unsigned char)*(*s)++] - 1u; /* what is none is too large */
        if (digit >= 2 * MORE || shift > 60 || (shift == 60 && digit % MORE > 15)) {
            return 0;
        }
        *number |= (apr_uint64_t)(digit % MORE) << shift;
        shift += 5;
    } while (digit >= MORE);
    return digit > 0;
}

static inline int take_number(const char **s, apr_uint64_t *number)
{
    unsigned digit = digits[(unsigned char)**s] - 1u;

    if (digit >= MORE) {
        return take_long_number(s, number);
    }
    *number = digit;
    ++*s;
    return 1;
}

typedef int take_fn(const char **s, int first, apr_uint64_t *gap, apr_uint64_t *n);

static inline int take_bucket(const char **s, int first, apr_uint64_t *gap,
                              apr_uint64_t *n)
{
    (void)first;
    return take_number(s, gap) && take_number(s, n);
}

/* "gap:count gap:count": so earlier versions have written it. */
static inline int take_old_bucket(const char **s, int first, apr_uint64_t *gap,
                                  apr_uint64_t *n)
{
    return (first || *(*s)++ == ' ') && read_digits(s, gap) && *(*s)++ == ':'
           && read_digits(s, n);
}

static inline int read_buckets(const char *s, take_fn *take, wf_histogram_t *h,
                               int *first, int *last, apr_uint64_t *total, apr_pool_t *p)
{
    apr_uint64_t gap, n, *counts = NULL;
    int page = -1;

    *first = *last = -1;
    *total = 0;
    while (*s != '\0') {
        if (!take(&s, *last < 0, &gap, &n) || n == 0
            || gap >= (apr_uint64_t)(WF_HISTOGRAM_BUCKETS - 1 - *last)
            || __builtin_add_overflow(*total, n, total)) {
            return 0;
        }
        *last += (int)gap + 1;
        *first = *first < 0 ? *last : *first;
        if (*last / WF_HISTOGRAM_STEPS != page) {
            page = *last / WF_HISTOGRAM_STEPS;
            counts = wf_histogram_page(h, page, p);
        }
        counts[*last % WF_HISTOGRAM_STEPS] += n;
    }
    return 1;
}

static int read_bucket_text(const char *s, wf_histogram_t *h, int *first, int *last,
                            apr_uint64_t *total, apr_pool_t *p)
{
    return strchr(s, ':') == NULL
               ? read_buckets(s, take_bucket, h, first, last, total, p)
               : read_buckets(s, take_old_bucket, h, first, last, total, p);
}

/* An average must lie between the extremes; those of a difference are as near as a
 * bucket's middle. */
static int plausible(double sum, apr_uint64_t n, apr_uint64_t min, apr_uint64_t max)
{
    double average = sum / (double)n;

    return average >= (double)min * 0.99 - 1 && average <= (double)max * 1.01 + 1;
}

int wf_read_histogram(const wf_value_t *value, wf_histogram_t *h, apr_pool_t *p)
{
    const wf_value_t *text;
    apr_int64_t min, max;
    apr_uint64_t n;
    double sum;
    int first, last;

    if (wf_read_length(value) != 4 || !wf_read_number(wf_read_element(value, 0), &sum)
        || !wf_read_int(wf_read_element(value, 1), 0, &min)
        || !wf_read_int(wf_read_element(value, 2), min, &max)) {
        return 0;
    }
    text = wf_read_element(value, 3);
    if (text->type != WF_STRING || strlen(text->as.text.data) != text->as.text.length
        || !read_bucket_text(text->as.text.data, h, &first, &last, &n, p)) {
        return 0;
    }
    if (n == 0) {
        return sum == 0 && max == 0;
    }
    if (first != wf_histogram_bucket((apr_uint64_t)min)
        || last != wf_histogram_bucket((apr_uint64_t)max)
        || !plausible(sum, n, (apr_uint64_t)min, (apr_uint64_t)max)) {
        return 0;
    }
    h->min = h->count == 0 || (apr_uint64_t)min < h->min ? (apr_uint64_t)min : h->min;
    h->max = h->count == 0 || (apr_uint64_t)max > h->max ? (apr_uint64_t)max : h->max;
    h->count += n;
    h->sum += sum;
    return 1;
}

/* ---- texts from anywhere ------------------------------------------------------------ */

apr_size_t wf_text_kept(const char *text, apr_size_t max)
{
    apr_size_t n = strlen(text);

    if (n <= max) {
        return n;
    }
    for (n = max; n > 0 && (text[n] & 0xc0) == 0x80; n--) {
    }
    return n;
}

/* FNV-1a. */
apr_uint32_t wf_text_hash(apr_uint32_t hash, const char *text, apr_size_t n)
{
    apr_size_t i;

    for (i = 0; i < n; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    }
    return (hash ^ 0x100) * 16777619u; /* "a", "bc" is not "ab", "c" */
}

int wf_text_same(const char *mine, const char *text, apr_size_t n)
{
    return strncmp(mine, text, n) == 0 && mine[n] == '\0';
}

void wf_text_keep(char *into, const char *text, apr_size_t n)
{
    memcpy(into, text, n);
    into[n] = '\0';
}

const char *wf_text_printable(const char *text, char buffer[WF_ERROR_TEXT + 1])
{
    apr_size_t i, n = strlen(text);

    if (wf_utf8_valid(text, n)) {
        return text;
    }
    n = n > WF_ERROR_TEXT ? WF_ERROR_TEXT : n;
    for (i = 0; i < n; i++) {
        buffer[i] = text[i] & 0x80 ? '?' : text[i];
    }
    buffer[n] = '\0';
    return buffer;
}
