/* Time: clocks, ISO 8601 texts, and the durations of load workflows. */
#include "core/core.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_SECOND 1000000000LL

apr_int64_t wf_time_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (apr_int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

apr_int64_t wf_mono_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (apr_int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

apr_int64_t wf_steady_ms(void)
{
    static apr_int64_t ahead; /* of the monotonic clock */
    apr_int64_t mono = wf_mono_us() / 1000, unknown = 0, mine;

    if (__atomic_load_n(&ahead, __ATOMIC_RELAXED) == 0) {
        mine = wf_time_ms() - mono;
        __atomic_compare_exchange_n(&ahead, &unknown, mine ? mine : 1, 0,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    return mono + __atomic_load_n(&ahead, __ATOMIC_RELAXED);
}

static int wait_by(clockid_t clock, pthread_cond_t *cond, pthread_mutex_t *lock,
                   apr_int64_t at_us)
{
    struct timespec at = { .tv_sec = at_us / 1000000, .tv_nsec = at_us % 1000000 * 1000 };

    return pthread_cond_clockwait(cond, lock, clock, &at) == 0;
}

int wf_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, apr_int64_t at_us)
{
    return wait_by(CLOCK_MONOTONIC, cond, lock, at_us);
}

int wf_cond_wait_for_date(pthread_cond_t *cond, pthread_mutex_t *lock, apr_int64_t at_ms)
{
    return wait_by(CLOCK_REALTIME, cond, lock, at_ms * 1000);
}

apr_int64_t wf_time_seconds(apr_int64_t ms, int *rest)
{
    int behind = (int)(ms % 1000);

    *rest = behind < 0 ? behind + 1000 : behind;
    return ms / 1000 - (behind < 0);
}

int wf_days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month] + (month == 1 && leap);
}

/* ISO 8601 has four digits of a year, and more behind a sign. */
static const char *date_text(const struct tm *tm, apr_pool_t *p)
{
    int year = tm->tm_year + 1900; /* 64 bits of milliseconds are less than 3e8 of them */

    return apr_psprintf(p, "%s%04d-%02d-%02d",
                        year < 0      ? "-"
                        : year > 9999 ? "+"
                                      : "",
                        year < 0 ? -year : year, tm->tm_mon + 1, tm->tm_mday);
}

const char *wf_time_iso(apr_int64_t ms, apr_pool_t *p)
{
    struct tm tm;
    time_t seconds, local;
    int rest, offset;
    const char *zone = "Z";

    seconds = (time_t)wf_time_seconds(ms, &rest);
    /* In whole minutes, as offsets are written: the one of a town's own time, which it
     * had before there were zones, has seconds, and the text is to mean the same instant.
     */
    offset = wf_zone_offset(seconds) / 60;
    local = seconds + offset * 60;
    gmtime_r(&local, &tm);
    if (offset) {
        int minutes = offset < 0 ? -offset : offset;

        zone = apr_psprintf(p, "%c%02d:%02d", offset < 0 ? '-' : '+', minutes / 60,
                            minutes % 60);
    }
    return apr_psprintf(p, "%sT%02d:%02d:%02d.%03d%s", date_text(&tm, p), tm.tm_hour,
                        tm.tm_min, tm.tm_sec, rest, zone);
}

const char *wf_time_utc(apr_int64_t ms, apr_pool_t *p)
{
    struct tm tm;
    time_t seconds;
    int rest;

    seconds = (time_t)wf_time_seconds(ms, &rest);
    gmtime_r(&seconds, &tm);
    return apr_psprintf(p, "%sT%02d:%02d:%02dZ", date_text(&tm, p), tm.tm_hour, tm.tm_min,
                        tm.tm_sec);
}

static const char *read_digits(const char *s, int count, int *value)
{
    *value = 0;
    while (count-- > 0) {
        if (*s < '0' || *s > '9') {
            return NULL;
        }
        *value = *value * 10 + (*s++ - '0');
    }
    return s;
}

static const char *read_char(const char *s, char c)
{
    return s && *s == c ? s + 1 : NULL;
}

/* Four digits, or up to nine behind a sign. A blank may be a plus that a form decoder has
 * turned into one. */
static const char *read_year(const char *s, int *year)
{
    int sign = *s == '-' ? -1 : 1, digits = 4;

    if (*s == '-' || *s == '+' || *s == ' ') {
        for (digits = 0, s++; digits < 9 && s[digits] >= '0' && s[digits] <= '9';) {
            digits++;
        }
    }
    s = digits >= 4 ? read_digits(s, digits, year) : NULL;
    *year *= s ? sign : 1;
    return s;
}

static const char *read_date_time(const char *s, struct tm *tm)
{
    static const struct {
        int digits;
        char after;
    } parts[] = { { 0, '-' }, { 2, '-' }, { 2, 'T' }, { 2, ':' }, { 2, ':' }, { 2, 0 } };
    int values[6] = { 0 };

    for (int i = 0; i < 6 && s; i++) {
        s = i == 0 ? read_year(s, &values[0])
                   : read_digits(s, parts[i].digits, &values[i]);
        if (s && parts[i].after) {
            s = read_char(s, parts[i].after);
        }
    }
    if (!s) {
        return NULL;
    }
    tm->tm_year = values[0] - 1900;
    tm->tm_mon = values[1] - 1;
    tm->tm_mday = values[2];
    tm->tm_hour = values[3];
    tm->tm_min = values[4];
    tm->tm_sec = values[5];
    return s;
}

/* Milliseconds of ".120"; further digits are below our resolution. */
static const char *read_fraction(const char *s, int *ms)
{
    int scale = 100;

    *ms = 0;
    if (*s != '.') {
        return s;
    }
    if (*++s < '0' || *s > '9') {
        return NULL;
    }
    for (; *s >= '0' && *s <= '9'; s++, scale /= 10) {
        *ms += (*s - '0') * scale;
    }
    return s;
}

/* "Z" or "+hh:mm"; a form decoder may have turned the plus into a blank. */
static const char *read_offset(const char *s, int *seconds)
{
    int hours, minutes, sign = *s == '-' ? -1 : 1;

    *seconds = 0;
    if (*s == 'Z') {
        return s + 1;
    }
    if (*s != '+' && *s != '-' && *s != ' ') {
        return NULL;
    }
    s = read_digits(s + 1, 2, &hours);
    s = s ? read_char(s, ':') : NULL;
    s = s ? read_digits(s, 2, &minutes) : NULL;
    if (!s || hours > 18 || minutes > 59) {
        return NULL;
    }
    *seconds = sign * (hours * 3600 + minutes * 60);
    return s;
}

static int in_range(const struct tm *tm)
{
    return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1
           && tm->tm_mday <= wf_days_in_month(tm->tm_year + 1900, tm->tm_mon)
           && tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

apr_status_t wf_time_parse(apr_int64_t *ms, const char *text)
{
    struct tm tm = { .tm_isdst = 0 };
    int fraction, offset;
    apr_int64_t seconds, shown[2];
    const char *s = read_date_time(text, &tm);

    if (!s || !in_range(&tm) || !(s = read_fraction(s, &fraction))) {
        return APR_EINVAL;
    }
    if (!*s) {
        wf_zone_instants(timegm(&tm), shown);
        seconds = shown[0];
    }
    else {
        s = read_offset(s, &offset);
        if (!s || *s) {
            return APR_EINVAL;
        }
        seconds = timegm(&tm) - offset;
    }
    return __builtin_mul_overflow(seconds, 1000, ms)
                   || __builtin_add_overflow(*ms, fraction, ms)
               ? APR_EINVAL
               : APR_SUCCESS;
}

/* ---- durations ---------------------------------------------------------------------------- */

/* Longer names first: "ms" before "m". */
static const struct {
    const char *name;
    apr_int64_t ns;
} units[] = {
    { "ns", 1 },       { "us", 1000 },          { "\xc2\xb5s", 1000 },
    { "\xce\xbcs", 1000 }, { "ms", 1000000 },   { "s", NS_PER_SECOND },
    { "m", 60 * NS_PER_SECOND }, { "h", 3600 * NS_PER_SECOND },
};

static const char *read_unit(const char *s, apr_int64_t *ns)
{
    for (apr_size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        apr_size_t n = strlen(units[i].name);

        if (!strncmp(s, units[i].name, n)) {
            *ns = units[i].ns;
            return s + n;
        }
    }
    return NULL;
}

/* One "1.5h": whole digits times the unit, then the fraction digit by digit, exactly. */
static const char *read_term(const char *s, apr_int64_t *total, int *overflow)
{
    const char *whole = s, *fraction = NULL, *unit, *d;
    apr_int64_t ns, amount = 0, part;

    while (*s >= '0' && *s <= '9') {
        s++;
    }
    if (*s == '.') {
        fraction = s + 1;
        for (s++; *s >= '0' && *s <= '9'; s++) {
        }
    }
    if (s == whole || (fraction && s == whole + 1)) {
        return NULL;
    }
    unit = read_unit(s, &ns);
    if (!unit) {
        return NULL;
    }
    for (d = whole; d < s && *d != '.'; d++) {
        *overflow |= __builtin_mul_overflow(amount, 10, &amount)
                     || __builtin_add_overflow(amount, *d - '0', &amount);
    }
    *overflow |= __builtin_mul_overflow(amount, ns, &amount);
    for (d = fraction, part = ns; d && d < s; d++) {
        part /= 10;
        *overflow |= __builtin_add_overflow(amount, (*d - '0') * part, &amount);
    }
    *overflow |= __builtin_add_overflow(*total, amount, total);
    return unit;
}

apr_status_t wf_duration_parse(apr_int64_t *ns, const char *text)
{
    const char *s = text;
    apr_int64_t total = 0;
    int negative = 0, overflow = 0;

    if (*s == '+' || *s == '-') {
        negative = *s++ == '-';
    }
    if (!strcmp(s, "0")) {
        *ns = 0;
        return APR_SUCCESS;
    }
    do {
        s = read_term(s, &total, &overflow);
    } while (s && *s);
    if (!s) {
        return APR_EINVAL;
    }
    if (overflow) {
        return APR_ERANGE;
    }
    *ns = negative ? -total : total;
    return APR_SUCCESS;
}

/* amount / unit with its fraction, trailing zeros cut: 1500000 of ms is "1.5". */
static const char *decimal(apr_int64_t amount, apr_int64_t unit, apr_pool_t *p)
{
    char fraction[20];
    apr_size_t n;
    int digits = 0;

    for (apr_int64_t u = unit; u > 1; u /= 10) {
        digits++;
    }
    if (amount % unit == 0) {
        return apr_psprintf(p, "%" APR_INT64_T_FMT, amount / unit);
    }
    n = snprintf(fraction, sizeof(fraction), "%0*lld", digits, (long long)(amount % unit));
    while (n > 0 && fraction[n - 1] == '0') {
        fraction[--n] = '\0';
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT ".%s", amount / unit, fraction);
}

const char *wf_duration_text(apr_int64_t ns, apr_pool_t *p)
{
    const char *sign = ns < 0 ? "-" : "";
    apr_int64_t minutes;

    if (ns < 0) {
        ns = -ns;
    }
    if (ns == 0) {
        return "0s";
    }
    if (ns < 1000) {
        return apr_psprintf(p, "%s%" APR_INT64_T_FMT "ns", sign, ns);
    }
    if (ns < 1000000) {
        return apr_pstrcat(p, sign, decimal(ns, 1000, p), "\xc2\xb5s", NULL);
    }
    if (ns < NS_PER_SECOND) {
        return apr_pstrcat(p, sign, decimal(ns, 1000000, p), "ms", NULL);
    }
    minutes = ns / (60 * NS_PER_SECOND);
    if (minutes == 0) {
        return apr_pstrcat(p, sign, decimal(ns, NS_PER_SECOND, p), "s", NULL);
    }
    if (minutes < 60) {
        return apr_psprintf(p, "%s%" APR_INT64_T_FMT "m%ss", sign, minutes,
                            decimal(ns % (60 * NS_PER_SECOND), NS_PER_SECOND, p));
    }
    return apr_psprintf(p, "%s%" APR_INT64_T_FMT "h%" APR_INT64_T_FMT "m%ss", sign,
                        minutes / 60, minutes % 60,
                        decimal(ns % (60 * NS_PER_SECOND), NS_PER_SECOND, p));
}
