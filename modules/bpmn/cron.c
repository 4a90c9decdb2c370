/* Cron lines with seconds, as Quartz reads them: second, minute, hour, day of month,
 * month, day of week (1 = SUN) and perhaps year; lists, ranges (also over the end:
 * FRI-MON), steps, names in any case, ? for the day field that does not choose. */
#include <string.h>
#include <time.h>

#include <apr_lib.h>

#include "bpmn/timers.h"

enum { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR };

/* Kinds of rules; see day_fits. */
enum { LAST, LAST_WORKDAY, NEAREST_WORKDAY, LAST_OF_WEEKDAY, NTH_OF_WEEKDAY };

#define NAME 3 /* letters of a name */
#define MAX_LINE 1000
#define DAY_SECONDS (24 * 60 * 60)

/* clang-format off */
static const struct {
    const char *name;
    int least, most;
    const char *names; /* of the values from least on */
} fields[WF_CRON_FIELDS] = {
    [SECOND]  = { "second",       0,    59,                NULL },
    [MINUTE]  = { "minute",       0,    59,                NULL },
    [HOUR]    = { "hour",         0,    23,                NULL },
    [DAY]     = { "day of month", 1,    31,                NULL },
    [MONTH]   = { "month",        1,    12,                "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC" },
    [WEEKDAY] = { "day of week",  1,    7,                 "SUNMONTUEWEDTHUFRISAT" },
    [YEAR]    = { "year",         1970, WF_CRON_LAST_YEAR, NULL },
};
/* clang-format on */

static int has(const wf_cron_t *cron, int field, int value)
{
    int bit = value - fields[field].least;

    return value <= fields[field].most && (cron->sets[field][bit / 64] >> bit % 64 & 1);
}

static void set(wf_cron_t *cron, int field, int value)
{
    int bit = value - fields[field].least;

    cron->sets[field][bit / 64] |= (uint64_t)1 << bit % 64;
}

/* ---- reading ----------------------------------------------------------------------- */

typedef struct reader_t {
    wf_cron_t *cron;
    const char *s; /* what is still to be read, in upper case */
    int field;
    int open; /* the field is * or ? and chooses no day */
    int question;
    wf_error_t *err;
} reader_t;

static apr_status_t fail(reader_t *r, const char *what)
{
    return wf_error_set(r->err, WF_ERR_EXECUTION, "cron line, %s: %s",
                        fields[r->field].name, what);
}

static int take(reader_t *r, char c)
{
    if (*r->s != c) {
        return 0;
    }
    r->s++;
    return 1;
}

/* 1 and a number that is not negative. */
static int read_number(reader_t *r, int *number)
{
    int digits;

    *number = 0;
    for (digits = 0; apr_isdigit(*r->s) && digits < 5; digits++) {
        *number = *number * 10 + (*r->s++ - '0');
    }
    return digits > 0 && digits < 5;
}

static int read_name(reader_t *r, int *value)
{
    const char *name = fields[r->field].names;
    int i;

    for (i = 0; name && name[i]; i += NAME) {
        if (strncmp(r->s, name + i, NAME) == 0) {
            *value = fields[r->field].least + i / NAME;
            r->s += NAME;
            return 1;
        }
    }
    return 0;
}

static apr_status_t read_value(reader_t *r, int *value)
{
    if (read_name(r, value)) {
        return APR_SUCCESS;
    }
    if (!read_number(r, value)) {
        return fail(r, "a value is missing or has unknown characters");
    }
    if (*value < fields[r->field].least || *value > fields[r->field].most) {
        return fail(r, "a value is out of range");
    }
    return APR_SUCCESS;
}

/* What may follow a step or stand for itself. */
static int at_end(const reader_t *r)
{
    return !*r->s || *r->s == ',' || *r->s == ' ';
}

static apr_status_t add_rule(reader_t *r, int kind, int day, int nth)
{
    if (!at_end(r)) {
        return fail(r, "something unknown follows a value");
    }
    if (r->cron->nrules == WF_CRON_RULES) {
        return fail(r, "too many values with L, W or #");
    }
    r->cron->rules[r->cron->nrules++] =
        (wf_cron_rule_t){ .kind = kind, .day = day, .nth = nth };
    return APR_SUCCESS;
}

/* Every step-th value from first to last, over the end of the field if need be. */
static apr_status_t add_range(reader_t *r, int first, int last, int step)
{
    int least = fields[r->field].least, size = fields[r->field].most - least + 1;
    int i, span = last - first;

    if (span < 0 && r->field == YEAR) {
        return fail(r, "a range ends before it begins");
    }
    span += span < 0 ? size : 0;
    for (i = 0; i <= span; i += step) {
        set(r->cron, r->field, least + (first - least + i) % size);
    }
    return APR_SUCCESS;
}

/* "/5" behind a value, a range or *. */
static apr_status_t read_step(reader_t *r, int *step)
{
    *step = 1;
    if (!take(r, '/')) {
        return APR_SUCCESS;
    }
    if (!read_number(r, step) || *step < 1 || *step > fields[r->field].most) {
        return fail(r, "a step is missing or out of range");
    }
    return APR_SUCCESS;
}

/* "*", "* /5", "/5". */
static apr_status_t read_all(reader_t *r)
{
    int step;
    apr_status_t rv;

    take(r, '*');
    rv = read_step(r, &step);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!at_end(r)) {
        return fail(r, "something unknown follows *");
    }
    r->open |= step == 1;
    return add_range(r, fields[r->field].least, fields[r->field].most, step);
}

/* L, L-3, LW, L-3W as days of a month; as day of a week it is Saturday. */
static apr_status_t read_last(reader_t *r)
{
    int back = 0;

    if (r->field == WEEKDAY) {
        set(r->cron, WEEKDAY, fields[WEEKDAY].most);
        return at_end(r) ? APR_SUCCESS : fail(r, "something unknown follows L");
    }
    if (take(r, '-') && (!read_number(r, &back) || back >= fields[DAY].most)) {
        return fail(r, "a number from 1 to 30 has to follow L-");
    }
    return add_rule(r, take(r, 'W') ? LAST_WORKDAY : LAST, back, 0);
}

/* A value with what may follow it: -5, /5, and on days W, L, #2. */
static apr_status_t read_values(reader_t *r)
{
    int first, last, step, nth;
    apr_status_t rv = read_value(r, &first);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (r->field == DAY && take(r, 'W')) {
        return add_rule(r, NEAREST_WORKDAY, first, 0);
    }
    if (r->field == WEEKDAY && take(r, 'L')) {
        return add_rule(r, LAST_OF_WEEKDAY, first, 0);
    }
    if (r->field == WEEKDAY && take(r, '#')) {
        return read_number(r, &nth) && nth >= 1 && nth <= 5
                   ? add_rule(r, NTH_OF_WEEKDAY, first, nth)
                   : fail(r, "a number from 1 to 5 has to follow #");
    }
    last = *r->s == '/' ? fields[r->field].most : first;
    if (take(r, '-')) {
        rv = read_value(r, &last);
    }
    if (rv == APR_SUCCESS) {
        rv = read_step(r, &step);
    }
    if (rv == APR_SUCCESS && !at_end(r)) {
        rv = fail(r, "something unknown follows a value");
    }
    return rv == APR_SUCCESS ? add_range(r, first, last, step) : rv;
}

static apr_status_t read_item(reader_t *r)
{
    int is_day = r->field == DAY || r->field == WEEKDAY;

    if (*r->s == '*' || *r->s == '/') {
        return read_all(r);
    }
    if (is_day && take(r, 'L')) {
        return read_last(r);
    }
    return read_values(r);
}

static apr_status_t read_field(reader_t *r)
{
    apr_status_t rv = APR_SUCCESS;

    r->open = r->question = (r->field == DAY || r->field == WEEKDAY) && take(r, '?');
    if (r->question && *r->s && *r->s != ' ') {
        rv = fail(r, "something follows ?");
    }
    while (rv == APR_SUCCESS && !r->question) {
        rv = read_item(r);
        if (!take(r, ',')) {
            break;
        }
    }
    while (rv == APR_SUCCESS && take(r, ' ')) {
    }
    return rv;
}

/* Blanks become spaces; 0 if the line is too long. */
static int copy_line(char line[MAX_LINE], const char *text)
{
    int length;

    while (apr_isspace(*text)) {
        text++;
    }
    for (length = 0; text[length] && length < MAX_LINE; length++) {
        line[length] = apr_isspace(text[length]) ? ' ' : apr_toupper(text[length]);
    }
    if (length == MAX_LINE) {
        return 0;
    }
    while (length && line[length - 1] == ' ') {
        length--;
    }
    line[length] = '\0';
    return 1;
}

static apr_status_t choose_days(reader_t *r, int day_open, int weekday_open)
{
    if (!day_open && !weekday_open) {
        return fail(r, "either this or the day of month has to be ?");
    }
    r->cron->day_field = !day_open ? DAY : !weekday_open ? WEEKDAY : -1;
    return APR_SUCCESS;
}

apr_status_t wf_cron_parse(wf_cron_t *cron, const char *text, wf_error_t *err)
{
    char line[MAX_LINE];
    int open[WF_CRON_FIELDS] = { 0 }, questions = 0;
    reader_t r = { .cron = cron, .s = line, .err = err };
    apr_status_t rv = APR_SUCCESS;

    memset(cron, 0, sizeof(*cron));
    if (!copy_line(line, text)) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "a cron line has at most %d characters", MAX_LINE - 1);
    }
    for (; rv == APR_SUCCESS && *r.s && r.field < WF_CRON_FIELDS; r.field++) {
        rv = read_field(&r);
        open[r.field] = r.open;
        questions += r.question;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (*r.s || r.field < YEAR) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "a cron line has 6 or 7 fields: second, minute, hour, day of "
                            "month, month, day of week, year");
    }
    if (r.field == YEAR) {
        add_range(&r, fields[YEAR].least, fields[YEAR].most, 1);
    }
    r.field = WEEKDAY;
    cron->every_hour = cron->sets[HOUR][0] == ((uint64_t)1 << 24) - 1;
    return questions > 1 ? fail(&r, "only one of this and the day of month may be ?")
                         : choose_days(&r, open[DAY], open[WEEKDAY]);
}

/* ---- days -------------------------------------------------------------------------- */

static int last_of_month(const struct tm *day)
{
    return wf_days_in_month(day->tm_year + 1900, day->tm_mon);
}

/* The working day next to a day, in the same month. */
static int nearest_workday(const struct tm *day, int wanted)
{
    int weekday = ((day->tm_wday + wanted - day->tm_mday) % 7 + 7) % 7;

    if (weekday == 6) {
        return wanted == 1 ? wanted + 2 : wanted - 1;
    }
    if (weekday == 0) {
        return wanted == last_of_month(day) ? wanted - 2 : wanted + 1;
    }
    return wanted;
}

static int rule_field(const wf_cron_rule_t *rule)
{
    return rule->kind <= NEAREST_WORKDAY ? DAY : WEEKDAY;
}

static int rule_fits(const wf_cron_rule_t *rule, const struct tm *day)
{
    int last = last_of_month(day);

    switch (rule->kind) {
    case LAST:
        return day->tm_mday == last - rule->day;
    case LAST_WORKDAY:
        return last > rule->day && day->tm_mday == nearest_workday(day, last - rule->day);
    case NEAREST_WORKDAY:
        return rule->day <= last && day->tm_mday == nearest_workday(day, rule->day);
    case LAST_OF_WEEKDAY:
        return day->tm_wday + 1 == rule->day && day->tm_mday + 7 > last;
    default:
        return day->tm_wday + 1 == rule->day && (day->tm_mday - 1) / 7 + 1 == rule->nth;
    }
}

static int day_fits(const wf_cron_t *cron, const struct tm *day)
{
    int i;

    if (cron->day_field < 0) {
        return 1;
    }
    if (has(cron, cron->day_field,
            cron->day_field == DAY ? day->tm_mday : day->tm_wday + 1)) {
        return 1;
    }
    for (i = 0; i < cron->nrules; i++) {
        if (rule_field(&cron->rules[i]) == cron->day_field
            && rule_fits(&cron->rules[i], day)) {
            return 1;
        }
    }
    return 0;
}

/* ---- times ------------------------------------------------------------------------- */

/* The least value of a field that is at least from; -1 if there is none. */
static int least_from(const wf_cron_t *cron, int field, int from)
{
    for (; from <= fields[field].most; from++) {
        if (has(cron, field, from)) {
            return from;
        }
    }
    return -1;
}

/* The first second of a day that is at least from; -1 if there is none. */
static int second_of_day(const wf_cron_t *cron, int from)
{
    int hour = from / 3600, minute = from / 60 % 60, second = from % 60, h, m, s;

    for (h = least_from(cron, HOUR, hour); h >= 0; h = least_from(cron, HOUR, h + 1)) {
        if (h > hour) {
            minute = second = 0;
        }
        for (m = least_from(cron, MINUTE, minute); m >= 0;
             m = least_from(cron, MINUTE, m + 1)) {
            s = least_from(cron, SECOND, m > minute ? 0 : second);
            if (s >= 0) {
                return h * 3600 + m * 60 + s;
            }
        }
    }
    return -1;
}

/* The first second of the next day on which the line can fire: the year or month after
 * this one if this one is not among the line's. */
static apr_int64_t following_day(const wf_cron_t *cron, const struct tm *day)
{
    struct tm next = { .tm_year = day->tm_year,
                       .tm_mon = day->tm_mon,
                       .tm_mday = day->tm_mday + 1 };

    if (!has(cron, YEAR, day->tm_year + 1900)) {
        next.tm_year++;
        next.tm_mon = 0;
        next.tm_mday = 1;
    }
    else if (!has(cron, MONTH, day->tm_mon + 1)) {
        next.tm_mon++;
        next.tm_mday = 1;
    }
    return timegm(&next);
}

/* The first local time after *local that fits; local times are seconds since 1970 as if
 * they were UTC, so every day has 24 hours. */
static int next_local(const wf_cron_t *cron, apr_int64_t *local)
{
    time_t t = (time_t)*local + 1;
    struct tm day;

    if (t < 0) {
        t = 0; /* 1970, the first year of a line */
    }
    while (gmtime_r(&t, &day) && day.tm_year + 1900 <= fields[YEAR].most) {
        if (has(cron, YEAR, day.tm_year + 1900) && has(cron, MONTH, day.tm_mon + 1)
            && day_fits(cron, &day)) {
            int second = second_of_day(cron, (int)(t % DAY_SECONDS));

            if (second >= 0) {
                *local = t - t % DAY_SECONDS + second;
                return 1;
            }
        }
        t = (time_t)following_day(cron, &day);
    }
    return 0;
}

/* ---- the server's zone ------------------------------------------------------------- */

static int lowest_offset(apr_int64_t around)
{
    int day, lowest = wf_zone_offset(around);

    for (day = -1; day <= 2; day++) {
        int offset = wf_zone_offset(around + day * DAY_SECONDS);

        lowest = offset < lowest ? offset : lowest;
    }
    return lowest;
}

static int highest_offset(apr_int64_t around)
{
    int before = wf_zone_offset(around - DAY_SECONDS);
    int after = wf_zone_offset(around + DAY_SECONDS);

    return before > after ? before : after;
}

/* Local times follow each other, the instants at which clocks show them need not when the
 * clocks are changed: a time that is left out comes later than the one behind it. So
 * local times are tried until none can come before the best instant; without a change
 * nearby that is the first one. */
int wf_cron_next(const wf_cron_t *cron, apr_int64_t after, apr_int64_t *at)
{
    int i, rest, count, found = 0;
    apr_int64_t from = wf_time_seconds(after, &rest);
    apr_int64_t local = from + lowest_offset(from), best = 0, shown[2];

    while (next_local(cron, &local)) {
        count = wf_zone_instants(local, shown);
        count = count == 2 && cron->every_hour ? 2 : 1;
        for (i = 0; i < count; i++) {
            if (shown[i] > from && (!found || shown[i] < best)) {
                best = shown[i];
                found = 1;
            }
        }
        if (found && local - highest_offset(local) >= best) {
            break;
        }
    }
    *at = best * 1000;
    return found;
}
