/* Due dates: a date, or a text in ISO 8601: 2026-03-01, 2026-03-01T12:30:00 with or
 * without offset, or a duration from now such as P1DT12H. Years, months and days of a
 * duration are counted in the server's calendar (a day over a change of the clocks has 23
 * or 25 hours), hours and below in elapsed time. */
#include <string.h>
#include <time.h>

#include <apr_lib.h>

#include "bpmn/run.h"

typedef struct duration_t {
    int years, months, days;
    apr_int64_t ms;
} duration_t;

#define MAX_NUMBER 1000000 /* of one part: keeps sums within range */

/* clang-format off */
static const struct {
    char unit;
    int in_time;     /* after the T */
    apr_int64_t ms;  /* 0: a calendar unit */
} units[] = {
    { 'Y', 0, 0 }, { 'M', 0, 0 }, { 'W', 0, 0 }, { 'D', 0, 0 },
    { 'H', 1, 3600000 }, { 'M', 1, 60000 }, { 'S', 1, 1000 },
};
/* clang-format on */

#define UNITS ((int)(sizeof(units) / sizeof(units[0])))

static void add_part(duration_t *d, int unit, int number)
{
    if (units[unit].in_time) {
        d->ms += number * units[unit].ms;
        return;
    }
    switch (units[unit].unit) {
    case 'Y':
        d->years = number;
        break;
    case 'M':
        d->months = number;
        break;
    case 'W':
        d->days += 7 * number;
        break;
    default:
        d->days += number;
    }
}

/* A decimal fraction of a second, to milliseconds. */
static const char *read_fraction(const char *s, apr_int64_t *ms)
{
    int scale = 100;

    *ms = 0;
    if (*s != '.' && *s != ',') {
        return s;
    }
    for (s++; apr_isdigit(*s); s++, scale /= 10) {
        *ms += (*s - '0') * scale;
    }
    return s;
}

/* 1 if text is a duration. Units come in the order of the table, each at most once. */
static int parse_duration(const char *text, duration_t *d)
{
    const char *s = text + 1;
    int unit = 0, in_time = 0, parts = 0;

    memset(d, 0, sizeof(*d));
    while (*s) {
        apr_int64_t fraction;
        int number = 0;

        if (*s == 'T' && !in_time) {
            in_time = 1;
            s++;
        }
        if (!apr_isdigit(*s)) {
            return 0;
        }
        for (; apr_isdigit(*s); s++) {
            number = number * 10 + (*s - '0');
            if (number > MAX_NUMBER) {
                return 0;
            }
        }
        s = read_fraction(s, &fraction);
        while (unit < UNITS
               && (units[unit].unit != *s || units[unit].in_time != in_time)) {
            unit++;
        }
        if (unit == UNITS || (fraction && *s != 'S')) {
            return 0;
        }
        add_part(d, unit++, number);
        d->ms += fraction;
        parts++;
        s++;
    }
    return parts > 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month] + (month == 1 && leap);
}

/* The 31st of January plus one month is the last day of February. */
static apr_int64_t add_duration(apr_int64_t now, const duration_t *d)
{
    time_t seconds = now / 1000;
    struct tm tm;
    int months;

    localtime_r(&seconds, &tm);
    months = tm.tm_mon + d->months;
    tm.tm_year += d->years + months / 12;
    tm.tm_mon = months % 12;
    if (tm.tm_mday > days_in_month(tm.tm_year + 1900, tm.tm_mon)) {
        tm.tm_mday = days_in_month(tm.tm_year + 1900, tm.tm_mon);
    }
    tm.tm_mday += d->days;
    tm.tm_isdst = -1;
    return (apr_int64_t)mktime(&tm) * 1000 + now % 1000 + d->ms;
}

static apr_status_t parse_text(apr_int64_t *due, const char *text, apr_int64_t now)
{
    char day[sizeof("YYYY-MM-DDT00:00:00")];
    duration_t duration;

    if (*text == 'P') {
        if (!parse_duration(text, &duration)) {
            return APR_EINVAL;
        }
        *due = add_duration(now, &duration);
        return APR_SUCCESS;
    }
    if (strlen(text) == 10) {
        memcpy(day, text, 10);
        memcpy(day + 10, "T00:00:00", 10);
        return wf_time_parse(due, day);
    }
    return wf_time_parse(due, text);
}

apr_status_t wf_due_date(apr_int64_t *due, const wf_value_t *value, apr_int64_t now,
                         wf_error_t *err)
{
    *due = 0;
    if (value->type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (value->type == WF_DATE) {
        *due = value->as.integer;
        return APR_SUCCESS;
    }
    if (value->type != WF_STRING
        || parse_text(due, value->as.text.data, now) != APR_SUCCESS) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the value is no date, ISO 8601 date-time or duration");
    }
    return APR_SUCCESS;
}
