/* Date patterns: what is printed and read, and which patterns and texts are refused. The
 * server stands in central Europe. */
#include <stdlib.h>
#include <time.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "bpmn/forms.h"
#include "tap.h"

#define MS_2026 1767225600000LL /* 2026-01-01T00:00:00Z */
#define HOUR (3600 * 1000LL)
#define SUMMER (1782900305007LL) /* 2026-07-01T12:05:05.007+02:00, a Wednesday */
#define DAY(n) (MS_2026 + (n)*24 * HOUR - HOUR) /* midnight here, in winter */

static apr_pool_t *p;

static const wf_date_pattern_t *compile(const char *text, wf_error_t *err)
{
    const wf_date_pattern_t *pattern = NULL;

    wf_error_init(err, p);
    wf_date_pattern_parse(&pattern, text, p, err);
    return pattern;
}

/* clang-format off */
static const struct {
    const char *pattern, *text;
    apr_int64_t ms;
} both_ways[] = {
    { "dd/MM/yyyy",                     "04/01/2026",                   DAY(3) },
    { "yyyy-MM-dd",                     "2026-01-31",                   DAY(30) },
    { "yyyyMMdd",                       "20260228",                     DAY(58) },
    { "d.M.yy",                         "1.2.26",                       DAY(31) },
    { "d.M.yy",                         "1.2.99",                       917823600000LL },
    { "EEE, d MMM yyyy",                "Wed, 7 Jan 2026",              DAY(6) },
    { "EEEE d MMMM y",                  "Thursday 1 January 2026",      DAY(0) },
    { "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",   "2026-07-01T12:05:05.007+02:00", SUMMER },
    { "yyyy-MM-dd HH:mm:ss.SSS z",      "2026-07-01 12:05:05.007 CEST", SUMMER },
    { "yyyy-MM-dd HH:mm:ss.SSS Z",      "2026-07-01 12:05:05.007 +0200", SUMMER },
    { "yyyy-MM-dd HH:mm:ss.SSS X",      "2026-07-01 12:05:05.007 +02",  SUMMER },
    { "yyyy-MM-dd HH:mm:ss.SSS XX",     "2026-07-01 12:05:05.007 +0200", SUMMER },
    { "yyyyMMddHHmmssSSS",              "20260701120505007",            SUMMER },
    { "d MMM yyyy, h:mm a",             "1 Jan 2026, 12:00 AM",         DAY(0) },
    { "d MMM yyyy, h:mm a",             "1 Jan 2026, 12:30 PM",         DAY(0) + 25 * HOUR / 2 },
    { "d MMM yyyy, hh:mm a",            "1 Jan 2026, 11:30 PM",         DAY(0) + 47 * HOUR / 2 },
    { "yyyy 'o''clock' HH ''''",        "2026 o'clock 00 ''",           DAY(0) },
    { "'year' yyyy",                    "year 2026",                    DAY(0) },
    { "HH:mm",                          "01:30",                        HOUR / 2 },
    { "dd.MM.yyyy",                     "29.02.2028",                   1835391600000LL },
    { "yyyy-MM-dd HH:mm:ss.SSS",        "1969-12-31 23:59:59.001",      -3600999 },
    { "\xc3\xa0 yyyy",                  "\xc3\xa0 2026",                DAY(0) },
};

static const struct {
    const char *pattern, *text;
    apr_int64_t ms;
} only_read[] = {
    { "dd/MM/yyyy",       "4/1/2026",                     DAY(3) },
    { "d MMM yyyy",       "1 JANUARY 2026",               DAY(0) },
    { "yyyy-MM-dd XXX",   "2026-01-01 Z",                 MS_2026 },
    { "yyyy-MM-dd XXX",   "2025-12-31 -05:00",            MS_2026 - 19 * HOUR },
    { "yyyy-MM-dd z",     "2026-01-01 GMT+01:00",         DAY(0) },
    { "yyyy-MM-dd z",     "2026-01-01 UTC",               MS_2026 },
    { "h a d.M.yyyy",     "11 pm 1.1.2026",               DAY(0) + 23 * HOUR },
    { "yyyy-MM-dd HH:mm", "2026-10-25 02:30",             1792888200000LL }, /* comes twice */
    { "yyyy-MM-dd HH:mm", "2026-01-01 00:00",             DAY(0) },
    { "yyyy-MM-dd HH:mm", "2026-10-25 02:30",             1792888200000LL },
    { "yyyy-MM-dd HH:mm z", "2026-10-25 02:30 CET",       1792891800000LL },
    { "yyyy-MM-dd HH:mm", "2026-03-29 02:30",             1774747800000LL }, /* left out */
    { "yyyy-MM-dd HH:mm", "2026-07-01 12:05",             1782900300000LL },
    { "yyyy-MM-dd HH:mm", "2026-03-29 02:30",             1774747800000LL },
};

static const struct {
    const char *pattern, *text;
} unreadable[] = {
    { "dd/MM/yyyy",     "" },             { "dd/MM/yyyy",     "31/02/2026" },
    { "dd/MM/yyyy",     "29/02/2026" },   { "dd/MM/yyyy",     "01/13/2026" },
    { "dd/MM/yyyy",     "00/01/2026" },   { "dd/MM/yyyy",     "01/01/2026x" },
    { "dd/MM/yyyy",     " 01/01/2026" },  { "dd/MM/yyyy",     "01/01" },
    { "dd/MM/yyyy",     "01-01-2026" },   { "dd/MM/yyyy",     "tomorrow" },
    { "yyyyyyyyyyMMdd", "42949693060102" }, { "yyyyyyyyyyyyyyyyyyyyMM", "9999999999999999999912" },
    { "yyyyMMdd",       "202602" },       { "HH:mm",          "24:00" },
    { "HH:mm",          "23:60" },        { "h a",            "13 PM" },
    { "h a",            "1 XM" },         { "EEE d.M.yyyy",   "Mon 1.1.2026" },
    { "d MMM yyyy",     "1 Foo 2026" },   { "HH z",           "10 XYZ" },
    { "HH Z",           "10 0100" },      { "HH XXX",         "10 +0100" },
    { "HH XXX",         "10 +19:00" },    { "dd/MM/yyyy",     "99999999999/01/2026" },
};

static const struct {
    const char *pattern, *why;
} refused[] = {
    { "dd/MM/YYYY",   "letter Y" },
    { "w",            "letter w" },
    { "kk:mm",        "letter k" },
    { "yyyy-MM-ddT",  "letter T" },
    { "XXXX",         "letter X too often" },
    { "'open",        "quote" },
    { "ddddddddddddddddddddd", "letter d too often" },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static void reads(const char *pattern, const char *text, apr_int64_t want)
{
    wf_error_t err;
    const wf_date_pattern_t *compiled = compile(pattern, &err);
    apr_int64_t ms = -1;

    if (!ok(compiled && wf_date_pattern_read(compiled, text, &ms) == APR_SUCCESS,
            "%s reads %s", pattern, text)) {
        diag("%s", err.message ? err.message : "it does not");
        return;
    }
    is_int(ms, want, "%s: its time", text);
}

static void too_many_parts(void)
{
    const char *pattern = "";
    wf_error_t err;
    int i;

    for (i = 0; i < 40; i++) {
        pattern = apr_pstrcat(p, pattern, "d ", NULL);
    }
    ok(!compile(pattern, &err), "eighty parts are too many");
    ok(err.message && strstr(err.message, "parts"), "and the message says so");
}

int main(void)
{
    wf_error_t err;
    apr_int64_t ms;
    apr_size_t i;

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    apr_initialize();
    apr_pool_create(&p, NULL);
    for (i = 0; i < COUNT(both_ways); i++) {
        reads(both_ways[i].pattern, both_ways[i].text, both_ways[i].ms);
        is_str(wf_date_pattern_print(compile(both_ways[i].pattern, &err), both_ways[i].ms,
                                     p),
               both_ways[i].text, "%s prints", both_ways[i].pattern);
    }
    for (i = 0; i < COUNT(only_read); i++) {
        reads(only_read[i].pattern, only_read[i].text, only_read[i].ms);
    }
    for (i = 0; i < COUNT(unreadable); i++) {
        ok(wf_date_pattern_read(compile(unreadable[i].pattern, &err), unreadable[i].text,
                                &ms)
               != APR_SUCCESS,
           "%s does not read \"%s\"", unreadable[i].pattern, unreadable[i].text);
    }
    for (i = 0; i < COUNT(refused); i++) {
        ok(!compile(refused[i].pattern, &err), "%s is refused", refused[i].pattern);
        ok(err.message && strstr(err.message, refused[i].why), "%s: the message names %s",
           refused[i].pattern, refused[i].why);
    }
    too_many_parts();
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
