/* Date patterns as Java's SimpleDateFormat has them, for form properties of type date:
 * dd/MM/yyyy, yyyy-MM-dd'T'HH:mm:ss.SSSXXX. A pattern is compiled into fields once; each
 * letter is a row of a table with a way to read and a way to print it. Reading is strict:
 * the whole text, and only dates that exist. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/forms.h"

#define MAX_FIELDS 50
#define MAX_REPEAT 20 /* of one letter */
#define MAX_NUMBER 100000000 /* before its last digit */
#define NOT_SET (-1)

/* A point in time, in pieces. */
typedef struct moment_t {
    int year, month, day, weekday; /* month from 0; weekday from Sunday, or NOT_SET */
    int hour, half_hour, pm;       /* 0..23; 1..12 and 0 or 1, or NOT_SET */
    int minute, second, ms;
    int has_offset, offset; /* seconds east of UTC */
    int dst;                /* for the server's zone, as tm_isdst */
    const char *zone;       /* its name, for printing */
} moment_t;

struct letter_t;

typedef struct field_t {
    const struct letter_t *letter; /* NULL: text */
    int count;                     /* of the letter */
    int fixed;                     /* digits follow at once: read exactly count */
    const char *text;
} field_t;

typedef struct letter_t {
    char letter;
    /** The text after what was read, NULL if it does not fit. */
    const char *(*read)(const field_t *field, const char *s, moment_t *m);
    void (*print)(const field_t *field, const moment_t *m, char *out, apr_size_t size);
    apr_size_t at; /* of the number in moment_t */
    int min, max;
    int digits; /* 0: is no number */
} letter_t;

struct wf_date_pattern_t {
    field_t fields[MAX_FIELDS];
    int count;
};

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};

#define ABBREVIATED 3 /* letters of a short name */

/* ---- numbers ----------------------------------------------------------------------- */

/* NULL if the number is too large for an int: leading zeros do not count. */
static const char *read_digits(const char *s, int least, int most, int *number)
{
    int count = 0;

    for (*number = 0; count < most && apr_isdigit(s[count]); count++) {
        if (*number >= MAX_NUMBER) {
            return NULL;
        }
        *number = *number * 10 + (s[count] - '0');
    }
    return count >= least ? s + count : NULL;
}

static int *number_at(const field_t *field, const moment_t *m)
{
    return (int *)((char *)m + field->letter->at);
}

static const char *read_number(const field_t *field, const char *s, moment_t *m)
{
    int *number = number_at(field, m);
    int most =
        field->count > field->letter->digits ? field->count : field->letter->digits;

    s = field->fixed ? read_digits(s, field->count, field->count, number)
                     : read_digits(s, 1, most > 9 ? 9 : most, number);
    return s && *number >= field->letter->min && *number <= field->letter->max ? s : NULL;
}

static void print_number(const field_t *field, const moment_t *m, char *out,
                         apr_size_t size)
{
    apr_snprintf(out, size, "%0*d", field->count, *number_at(field, m));
}

/* Two digits mean the year within 80 years back and 20 ahead. */
static int full_year(int two_digits)
{
    time_t now = time(NULL);
    struct tm tm;
    int year;

    localtime_r(&now, &tm);
    year = (tm.tm_year + 1900 - 80) / 100 * 100 + two_digits;
    return year < tm.tm_year + 1900 - 80 ? year + 100 : year;
}

static const char *read_year(const field_t *field, const char *s, moment_t *m)
{
    const char *end = read_number(field, s, m);

    if (end && field->count == 2 && end - s == 2) {
        m->year = full_year(m->year);
    }
    return end;
}

static void print_year(const field_t *field, const moment_t *m, char *out,
                       apr_size_t size)
{
    int two = field->count == 2;

    apr_snprintf(out, size, "%0*d", field->count, two ? m->year % 100 : m->year);
}

/* ---- names ------------------------------------------------------------------------- */

static const char *read_name(const char *s, const char *const *names, int count,
                             int *index)
{
    int i;

    for (i = 0; i < count; i++) {
        apr_size_t length = strlen(names[i]);

        if (strncasecmp(s, names[i], length) != 0) {
            length = ABBREVIATED;
        }
        if (strncasecmp(s, names[i], length) == 0) {
            *index = i;
            return s + length;
        }
    }
    return NULL;
}

static void print_name(const field_t *field, const char *name, char *out, apr_size_t size)
{
    apr_snprintf(out, size, "%.*s", field->count > 3 ? (int)size : ABBREVIATED, name);
}

static int is_numeric(const field_t *field)
{
    return field->letter && field->letter->digits
           && (field->letter->letter != 'M' || field->count <= 2);
}

static const char *read_month(const field_t *field, const char *s, moment_t *m)
{
    if (!is_numeric(field)) {
        return read_name(s, months, 12, &m->month);
    }
    s = read_number(field, s, m);
    m->month--;
    return s;
}

static void print_month(const field_t *field, const moment_t *m, char *out,
                        apr_size_t size)
{
    if (is_numeric(field)) {
        apr_snprintf(out, size, "%0*d", field->count, m->month + 1);
        return;
    }
    print_name(field, months[m->month], out, size);
}

static const char *read_weekday(const field_t *field, const char *s, moment_t *m)
{
    (void)field;
    return read_name(s, weekdays, 7, &m->weekday);
}

static void print_weekday(const field_t *field, const moment_t *m, char *out,
                          apr_size_t size)
{
    print_name(field, weekdays[m->weekday], out, size);
}

static const char *read_half(const field_t *field, const char *s, moment_t *m)
{
    (void)field;
    m->pm = strncasecmp(s, "PM", 2) == 0;
    return m->pm || strncasecmp(s, "AM", 2) == 0 ? s + 2 : NULL;
}

static void print_half(const field_t *field, const moment_t *m, char *out,
                       apr_size_t size)
{
    (void)field;
    apr_snprintf(out, size, "%s", m->pm ? "PM" : "AM");
}

/* ---- zones ------------------------------------------------------------------------- */

/* +hh, +hhmm or +hh:mm. */
static const char *read_offset(const char *s, int minutes, int colon, moment_t *m)
{
    int sign = *s == '-' ? -1 : 1, hour, minute = 0;

    if (*s != '+' && *s != '-') {
        return NULL;
    }
    s = read_digits(s + 1, 2, 2, &hour);
    if (s && minutes && colon) {
        s = *s == ':' ? s + 1 : NULL;
    }
    if (s && minutes) {
        s = read_digits(s, 2, 2, &minute);
    }
    m->has_offset = 1;
    m->offset = sign * (hour * 3600 + minute * 60);
    return s && hour <= 18 && minute < 60 ? s : NULL;
}

static void print_offset(const moment_t *m, int minutes, int colon, char *out,
                         apr_size_t size)
{
    int seconds = m->offset < 0 ? -m->offset : m->offset;
    int length =
        apr_snprintf(out, size, "%c%02d", m->offset < 0 ? '-' : '+', seconds / 3600);

    if (minutes) {
        apr_snprintf(out + length, size - length, "%s%02d", colon ? ":" : "",
                     seconds / 60 % 60);
    }
}

/* UTC, GMT, GMT+01:00, or a name of the server's own zone. */
static const char *read_zone(const field_t *field, const char *s, moment_t *m)
{
    int i;

    (void)field;
    if (strncmp(s, "UTC", 3) == 0 || strncmp(s, "GMT", 3) == 0) {
        m->has_offset = 1;
        m->offset = 0;
        return s[3] == '+' || s[3] == '-' ? read_offset(s + 3, 1, 1, m) : s + 3;
    }
    tzset();
    for (i = 0; i < 2; i++) {
        apr_size_t length = strlen(tzname[i]);

        if (length && strncmp(s, tzname[i], length) == 0) {
            m->dst = i;
            return s + length;
        }
    }
    return NULL;
}

static void print_zone(const field_t *field, const moment_t *m, char *out,
                       apr_size_t size)
{
    (void)field;
    apr_snprintf(out, size, "%s", m->zone);
}

static const char *read_rfc822(const field_t *field, const char *s, moment_t *m)
{
    (void)field;
    return read_offset(s, 1, 0, m);
}

static void print_rfc822(const field_t *field, const moment_t *m, char *out,
                         apr_size_t size)
{
    (void)field;
    print_offset(m, 1, 0, out, size);
}

static const char *read_iso(const field_t *field, const char *s, moment_t *m)
{
    if (*s == 'Z') {
        m->has_offset = 1;
        m->offset = 0;
        return s + 1;
    }
    return read_offset(s, field->count > 1, field->count > 2, m);
}

static void print_iso(const field_t *field, const moment_t *m, char *out, apr_size_t size)
{
    if (!m->offset) {
        apr_cpystrn(out, "Z", size);
        return;
    }
    print_offset(m, field->count > 1, field->count > 2, out, size);
}

/* ---- the table --------------------------------------------------------------------- */

#define AT(member) offsetof(moment_t, member)

/* clang-format off */
static const letter_t letters[] = {
    /* letter read          print          number         min max   digits */
    { 'y',    read_year,    print_year,    AT(year),      0,  9999, 4 },
    { 'M',    read_month,   print_month,   AT(month),     1,  12,   2 },
    { 'd',    read_number,  print_number,  AT(day),       1,  31,   2 },
    { 'E',    read_weekday, print_weekday, 0,             0,  0,    0 },
    { 'H',    read_number,  print_number,  AT(hour),      0,  23,   2 },
    { 'h',    read_number,  print_number,  AT(half_hour), 1,  12,   2 },
    { 'm',    read_number,  print_number,  AT(minute),    0,  59,   2 },
    { 's',    read_number,  print_number,  AT(second),    0,  59,   2 },
    { 'S',    read_number,  print_number,  AT(ms),        0,  999,  3 },
    { 'a',    read_half,    print_half,    0,             0,  0,    0 },
    { 'z',    read_zone,    print_zone,    0,             0,  0,    0 },
    { 'Z',    read_rfc822,  print_rfc822,  0,             0,  0,    0 },
    { 'X',    read_iso,     print_iso,     0,             0,  0,    0 },
};
/* clang-format on */

static const letter_t *find_letter(char letter)
{
    apr_size_t i;

    for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (letters[i].letter == letter) {
            return &letters[i];
        }
    }
    return NULL;
}

/* ---- compiling --------------------------------------------------------------------- */

/* Text up to the closing quote; '' is a quote, within quotes and without. */
static const char *read_quoted(const char *s, const char **text, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(s) + 1);

    *text = out;
    if (s[1] == '\'') {
        memcpy(out, "'", 2);
        return s + 2;
    }
    for (s++; *s; s++) {
        if (*s == '\'' && s[1] == '\'') {
            s++;
        }
        else if (*s == '\'') {
            *out = '\0';
            return s + 1;
        }
        *out++ = *s;
    }
    return NULL;
}

static const char *read_plain(const char *s, const char **text, apr_pool_t *p)
{
    const char *start = s;

    while (*s && *s != '\'' && !apr_isalpha(*s)) {
        s++;
    }
    *text = apr_pstrmemdup(p, start, s - start);
    return s;
}

static apr_status_t read_field(field_t *field, const char **s, const char *pattern,
                               apr_pool_t *p, wf_error_t *err)
{
    char letter = **s;

    memset(field, 0, sizeof(*field));
    if (!apr_isalpha(letter)) {
        *s = letter == '\'' ? read_quoted(*s, &field->text, p)
                            : read_plain(*s, &field->text, p);
        return *s ? APR_SUCCESS
                  : wf_error_set(err, WF_ERR_INVALID,
                                 "date pattern \"%s\": a quote is not closed", pattern);
    }
    field->letter = find_letter(letter);
    for (; **s == letter; (*s)++) {
        field->count++;
    }
    if (!field->letter) {
        return wf_error_set(
            err, WF_ERR_INVALID,
            "date pattern \"%s\": the letter %c is not supported (y M d E "
            "H h m s S a z Z X are)",
            pattern, letter);
    }
    if (field->count > (letter == 'X' ? 3 : MAX_REPEAT)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "date pattern \"%s\": the letter %c too often", pattern,
                            letter);
    }
    return APR_SUCCESS;
}

apr_status_t wf_date_pattern_parse(const wf_date_pattern_t **out, const char *text,
                                   apr_pool_t *p, wf_error_t *err)
{
    wf_date_pattern_t *pattern = apr_pcalloc(p, sizeof(*pattern));
    const char *s = text;

    while (*s) {
        field_t *field = &pattern->fields[pattern->count];
        apr_status_t rv;

        if (pattern->count == MAX_FIELDS) {
            return wf_error_set(err, WF_ERR_INVALID,
                                "date pattern \"%s\": more than %d parts", text,
                                MAX_FIELDS);
        }
        rv = read_field(field, &s, text, p, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (pattern->count++ && is_numeric(field) && is_numeric(field - 1)) {
            field[-1].fixed = 1;
        }
    }
    *out = pattern;
    return APR_SUCCESS;
}

/* ---- reading and printing ---------------------------------------------------------- */

/* 1 if the day exists and is the weekday it claims to be. */
static int exists(struct tm tm, int weekday)
{
    int month = tm.tm_mon, day = tm.tm_mday;

    timegm(&tm);
    return tm.tm_mon == month && tm.tm_mday == day
           && (weekday == NOT_SET || weekday == tm.tm_wday);
}

/* The instant of a local time: at the offset that was read, in the half of the year that
 * the name of the server's zone says, else as all texts without a zone. */
static apr_int64_t to_seconds(const moment_t *m, struct tm *tm)
{
    apr_int64_t shown[2];

    if (m->has_offset) {
        return (apr_int64_t)timegm(tm) - m->offset;
    }
    if (m->dst != NOT_SET) {
        return mktime(tm);
    }
    wf_zone_instants(timegm(tm), shown);
    return shown[0];
}

static apr_status_t to_ms(const moment_t *m, apr_int64_t *ms)
{
    struct tm tm = {.tm_year = m->year - 1900,
                    .tm_mon = m->month,
                    .tm_mday = m->day,
                    .tm_hour = m->hour,
                    .tm_min = m->minute,
                    .tm_sec = m->second,
                    .tm_isdst = m->dst};

    if (m->half_hour != NOT_SET) {
        tm.tm_hour = m->half_hour % 12 + (m->pm == 1 ? 12 : 0);
    }
    if (!exists(tm, m->weekday)) {
        return APR_EINVAL;
    }
    *ms = to_seconds(m, &tm) * 1000 + m->ms;
    return APR_SUCCESS;
}

apr_status_t wf_date_pattern_read(const wf_date_pattern_t *pattern, const char *s,
                                  apr_int64_t *ms)
{
    moment_t m = {.year = 1970,
                  .day = 1,
                  .weekday = NOT_SET,
                  .half_hour = NOT_SET,
                  .pm = NOT_SET,
                  .dst = NOT_SET};
    int i;

    for (i = 0; s && i < pattern->count; i++) {
        const field_t *field = &pattern->fields[i];
        apr_size_t length = field->text ? strlen(field->text) : 0;

        if (field->letter) {
            s = field->letter->read(field, s, &m);
        }
        else {
            s = strncmp(s, field->text, length) == 0 ? s + length : NULL;
        }
    }
    return s && !*s ? to_ms(&m, ms) : APR_EINVAL;
}

static moment_t to_moment(apr_int64_t ms, struct tm *tm)
{
    int rest;
    time_t seconds = (time_t)wf_time_seconds(ms, &rest);

    localtime_r(&seconds, tm);
    return (moment_t){.year = tm->tm_year + 1900,
                      .month = tm->tm_mon,
                      .day = tm->tm_mday,
                      .weekday = tm->tm_wday,
                      .hour = tm->tm_hour,
                      .half_hour = tm->tm_hour % 12 ? tm->tm_hour % 12 : 12,
                      .pm = tm->tm_hour >= 12,
                      .minute = tm->tm_min,
                      .second = tm->tm_sec,
                      .ms = rest,
                      .offset = (int)tm->tm_gmtoff,
                      .zone = tm->tm_zone};
}

const char *wf_date_pattern_print(const wf_date_pattern_t *pattern, apr_int64_t ms,
                                  apr_pool_t *p)
{
    struct tm tm; /* owns the zone's name on some systems */
    moment_t m = to_moment(ms, &tm);
    struct iovec pieces[MAX_FIELDS];
    int i;

    for (i = 0; i < pattern->count; i++) {
        const field_t *field = &pattern->fields[i];
        const char *part = field->text;
        char text[64];

        if (field->letter) {
            field->letter->print(field, &m, text, sizeof(text));
            part = apr_pstrdup(p, text);
        }
        pieces[i].iov_base = (void *)part;
        pieces[i].iov_len = strlen(part);
    }
    return apr_pstrcatv(p, pieces, pattern->count, NULL);
}
