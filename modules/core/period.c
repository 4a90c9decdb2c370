/* Periods and dates of ISO 8601 in the server's calendar. */
#include "core/core.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <time.h>

#define MAX_NUMBER 1000000 /* of one part: keeps sums within range */
#define FRACTION 1000000000

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

typedef struct part_t {
    int number;
    int fraction; /* in 1 / FRACTION */
    int has_fraction;
} part_t;

static void add_part(wf_period_t *period, int unit, const part_t *part)
{
    if (units[unit].in_time) {
        period->ms +=
            part->number * units[unit].ms + part->fraction * units[unit].ms / FRACTION;
        return;
    }
    switch (units[unit].unit) {
    case 'Y':
        period->years = part->number;
        break;
    case 'M':
        period->months = part->number;
        break;
    case 'W':
        period->days += 7 * part->number;
        break;
    default:
        period->days += part->number;
    }
}

/* "1" or "1.5", with a comma as well; NULL if there is none. */
static const char *read_part(const char *s, part_t *part)
{
    int scale = FRACTION / 10;

    memset(part, 0, sizeof(*part));
    if (!apr_isdigit(*s)) {
        return NULL;
    }
    for (; apr_isdigit(*s); s++) {
        part->number = part->number * 10 + (*s - '0');
        if (part->number > MAX_NUMBER) {
            return NULL;
        }
    }
    if (*s != '.' && *s != ',') {
        return s;
    }
    part->has_fraction = 1;
    if (!apr_isdigit(*++s)) {
        return NULL;
    }
    for (; apr_isdigit(*s); s++, scale /= 10) {
        part->fraction += (*s - '0') * scale;
    }
    return s;
}

/* Units come in the order of the table, each at most once. */
int wf_period_parse(wf_period_t *period, const char *text)
{
    const char *s = text;
    int unit = 0, in_time = 0, parts = 0;
    part_t part = { 0 };

    memset(period, 0, sizeof(*period));
    if (*s++ != 'P') {
        return 0;
    }
    while (*s) {
        if (*s == 'T' && !in_time) {
            in_time = 1;
            s++;
        }
        if (part.has_fraction || !(s = read_part(s, &part))) {
            return 0;
        }
        while (unit < UNITS
               && (units[unit].unit != *s || units[unit].in_time != in_time)) {
            unit++;
        }
        if (unit == UNITS || (part.has_fraction && !in_time)) {
            return 0;
        }
        add_part(period, unit++, &part);
        parts++;
        s++;
    }
    return parts > 0;
}

/* ---- the calendar ------------------------------------------------------------------ */

apr_int64_t wf_period_add(apr_int64_t from, const wf_period_t *period, apr_int64_t times)
{
    int rest, last;
    apr_int64_t seconds = wf_time_seconds(from, &rest), shown[2], months;
    time_t local = seconds + wf_zone_offset(seconds);
    struct tm tm;

    if (!period->years && !period->months && !period->days) {
        return from + times * period->ms; /* also within an hour that comes twice */
    }
    gmtime_r(&local, &tm);
    months = tm.tm_mon + period->months * times;
    tm.tm_year += period->years * times + months / 12 - (months % 12 < 0);
    tm.tm_mon = (int)(months % 12 + (months % 12 < 0 ? 12 : 0));
    last = wf_days_in_month(tm.tm_year + 1900, tm.tm_mon);
    if (tm.tm_mday > last) {
        tm.tm_mday = last;
    }
    tm.tm_mday += period->days * times;
    wf_zone_instants(timegm(&tm), shown);
    return shown[0] * 1000 + rest + times * period->ms;
}

/* ---- dates ------------------------------------------------------------------------- */

int wf_date_parse(apr_int64_t *ms, const char *text)
{
    char full[sizeof("YYYY-MM-DDThh:mm:00+hh:mm")];
    apr_size_t length = strlen(text);

    if (length == 10) {
        apr_snprintf(full, sizeof(full), "%sT00:00:00", text);
        text = full;
    }
    else if (length >= 16 && length <= 22 && strchr("Z+- ", text[16])) {
        apr_snprintf(full, sizeof(full), "%.16s:00%s", text, text + 16);
        text = full;
    }
    return wf_time_parse(ms, text) == APR_SUCCESS;
}
