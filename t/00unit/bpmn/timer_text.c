/* Texts that name times: durations, intervals and cron lines, in zones with and without
 * changes of the clocks. A case gives a zone, an instant and a text, and the firings that
 * follow it, as the clocks of that zone show them. */
#include <stdlib.h>
#include <time.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "bpmn/timers.h"
#include "tap.h"

#define UTC "UTC0"
#define BERLIN "Europe/Berlin"
#define NEW_YORK "America/New_York"
#define LORD_HOWE "Australia/Lord_Howe" /* half an hour */

static apr_pool_t *pool;

static void set_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

/* "2026-03-29 03:00:00 +0200", with milliseconds if there are any. */
static const char *show(apr_int64_t ms)
{
    time_t seconds = (ms - (ms % 1000 + 1000) % 1000) / 1000;
    char text[40], zone[8];
    struct tm tm;

    localtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
    strftime(zone, sizeof(zone), "%z", &tm);
    return ms % 1000
               ? apr_psprintf(pool, "%s.%03d %s", text, (int)((ms % 1000 + 1000) % 1000), zone)
               : apr_psprintf(pool, "%s %s", text, zone);
}

static apr_int64_t instant(const char *text)
{
    apr_int64_t ms = 0;

    if (wf_time_parse(&ms, text) != APR_SUCCESS) {
        printf("Bail out! %s is no time\n", text);
        exit(1);
    }
    return ms;
}

/* ---- what fires when --------------------------------------------------------------- */

#define MAX_FIRINGS 6
#define STEP (5 * 60 * 1000)

/* clang-format off */
static const struct {
    const char *zone, *now;
    wf_time_kind_e kind;
    const char *text;
    const char *due; /* NULL: an error */
} dues[] = {
    /* dates */
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-01T12:30:00", "2026-03-01 12:30:00 +0000" },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-01T12:30:00", "2026-03-01 12:30:00 +0100" },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-07-01T12:30:00", "2026-07-01 12:30:00 +0200" },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-07-01T12:30:00Z", "2026-07-01 14:30:00 +0200" },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-07-01T12:30:00.25-05:00", "2026-07-01 19:30:00.250 +0200" },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-07-01", "2026-07-01 00:00:00 +0200" },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-29T02:30:00", "2026-03-29 03:30:00 +0200" },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-10-25T02:30:00", "2026-10-25 02:30:00 +0200" },
    { NEW_YORK, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-08T02:30:00", "2026-03-08 03:30:00 -0400" },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "1969-12-31T23:59:59.5", "1969-12-31 23:59:59.500 +0000" },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2024-02-29", "2024-02-29 00:00:00 +0000" },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "PT1H", "2026-01-01 01:00:00 +0000" },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-02-29", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-13-01T00:00:00", NULL },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-01T12:30", "2026-03-01 12:30:00 +0100" },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-01T12:30Z", "2026-03-01 13:30:00 +0100" },
    { BERLIN, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-01T12:30-05:00", "2026-03-01 18:30:00 +0100" },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-01T12:60", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-01T12:30x", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-01T12:30.5", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "2026-03-01T12", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "tomorrow", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DATE, "R/PT1H", NULL },

    /* durations */
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "PT5M", "2026-01-31 10:05:00 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "PT0S", "2026-01-31 10:00:00 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "P2DT3H", "2026-02-02 13:00:00 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "P1Y2M3DT4H5M6S", "2027-04-03 14:05:06 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "P2W", "2026-02-14 10:00:00 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "PT36H", "2026-02-01 22:00:00 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "PT0.5S", "2026-01-31 10:00:00.500 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "PT1,0015S", "2026-01-31 10:00:01.001 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "PT1.5H", "2026-01-31 11:30:00 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "PT1H0.25M", "2026-01-31 11:00:15 +0000" },
    { UTC, "2026-01-31T10:00:00.75Z", WF_TIME_DURATION, "PT0.5S", "2026-01-31 10:00:01.250 +0000" },
    { UTC, "2026-01-31T10:00:00Z", WF_TIME_DURATION, "P1M", "2026-02-28 10:00:00 +0000" },
    { UTC, "2024-01-31T10:00:00Z", WF_TIME_DURATION, "P1M", "2024-02-29 10:00:00 +0000" },
    { UTC, "2024-02-29T10:00:00Z", WF_TIME_DURATION, "P1Y", "2025-02-28 10:00:00 +0000" },
    { UTC, "2024-02-29T10:00:00Z", WF_TIME_DURATION, "P4Y", "2028-02-29 10:00:00 +0000" },
    { UTC, "2026-11-30T10:00:00Z", WF_TIME_DURATION, "P3M", "2027-02-28 10:00:00 +0000" },
    { UTC, "2026-12-31T10:00:00Z", WF_TIME_DURATION, "P25M", "2029-01-31 10:00:00 +0000" },
    { UTC, "1969-12-31T23:59:59.250Z", WF_TIME_DURATION, "P1DT0.5S", "1970-01-01 23:59:59.750 +0000" },
    { BERLIN, "2026-03-28T12:00:00+01:00", WF_TIME_DURATION, "P1D", "2026-03-29 12:00:00 +0200" },
    { BERLIN, "2026-03-28T12:00:00+01:00", WF_TIME_DURATION, "PT24H", "2026-03-29 13:00:00 +0200" },
    { BERLIN, "2026-03-28T02:30:00+01:00", WF_TIME_DURATION, "P1D", "2026-03-29 03:30:00 +0200" },
    { BERLIN, "2026-10-24T12:00:00+02:00", WF_TIME_DURATION, "P1D", "2026-10-25 12:00:00 +0100" },
    { BERLIN, "2026-10-24T12:00:00+02:00", WF_TIME_DURATION, "PT24H", "2026-10-25 11:00:00 +0100" },
    { BERLIN, "2026-10-25T02:30:00+02:00", WF_TIME_DURATION, "PT1H", "2026-10-25 02:30:00 +0100" },
    { BERLIN, "2026-10-25T02:30:00+01:00", WF_TIME_DURATION, "PT5M", "2026-10-25 02:35:00 +0100" },
    { NEW_YORK, "2026-03-07T12:00:00-05:00", WF_TIME_DURATION, "P1D", "2026-03-08 12:00:00 -0400" },
    { NEW_YORK, "2026-10-31T12:00:00-04:00", WF_TIME_DURATION, "P1DT1H", "2026-11-01 13:00:00 -0500" },
    { NEW_YORK, "2026-02-08T02:30:00-05:00", WF_TIME_DURATION, "P1M", "2026-03-08 03:30:00 -0400" },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "P1000000D", "4763-11-29 00:00:00 +0000" },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "P", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "P1DT", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "P1H", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT1D", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT1S1M", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT1M1M", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT5", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT.5S", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT5.S", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "P0.5D", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT1.5H3M", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT1000001S", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT-5M", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "-PT5M", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "PT5M ", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "pt5m", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "5 minutes", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_DURATION, "2026-03-01T12:30:00", NULL },

    /* what is no cycle */
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "PT1H", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "2026-03-01T12:30:00", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3/", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R0/PT1H", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R-1/PT1H", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R1000000001/PT1H", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3/PT0S", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3/PT0.0001S", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3/1 hour", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3/2026-03-01T00:00:00", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3/2026-03-01T00:00:00/2026-04-01T00:00:00", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3/PT1H/PT2H", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3/PT1H/2026-12-31T00:00:00/x", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "r3/PT1H", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R3/2020-03-01T00:00:00/PT1H", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "R/PT1H/2025-12-31T00:00:00", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "0 0 12 * * ? 2025", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "0 0 12 30 2 ?", NULL },
    { UTC, "2026-01-01T00:00:00Z", WF_TIME_CYCLE, "0 0 12 ? 2 2#5 2026", NULL },
};

static const struct {
    const char *zone, *now, *text;
    const char *firings[MAX_FIRINGS]; /* all if there are fewer */
} cycles[] = {
    /* intervals */
    { UTC, "2026-01-01T00:00:00Z", "R3/PT10H",
      { "2026-01-01 10:00:00 +0000", "2026-01-01 20:00:00 +0000", "2026-01-02 06:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "R1/PT10H", { "2026-01-01 10:00:00 +0000" } },
    { UTC, "2026-01-31T00:00:00Z", "R5/P1M",
      { "2026-02-28 00:00:00 +0000", "2026-03-31 00:00:00 +0000", "2026-04-30 00:00:00 +0000",
        "2026-05-31 00:00:00 +0000", "2026-06-30 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "R3/2026-03-01T00:00:00/PT1H",
      { "2026-03-01 00:00:00 +0000", "2026-03-01 01:00:00 +0000", "2026-03-01 02:00:00 +0000" } },
    { UTC, "2026-03-01T00:30:00Z", "R3/2026-03-01T00:00:00/PT1H",
      { "2026-03-01 01:00:00 +0000", "2026-03-01 02:00:00 +0000" } },
    { UTC, "2026-03-01T00:00:00Z", "R2/2026-03-01/P1D", { "2026-03-02 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "R/PT10H/2026-01-02T06:00:00",
      { "2026-01-01 10:00:00 +0000", "2026-01-01 20:00:00 +0000", "2026-01-02 06:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "R2/PT10H/2026-12-31",
      { "2026-01-01 10:00:00 +0000", "2026-01-01 20:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "R/PT1H",
      { "2026-01-01 01:00:00 +0000", "2026-01-01 02:00:00 +0000", "2026-01-01 03:00:00 +0000",
        "2026-01-01 04:00:00 +0000", "2026-01-01 05:00:00 +0000", "2026-01-01 06:00:00 +0000" } },
    { UTC, "2026-07-25T12:00:00.0005Z", "R3/1970-01-01T00:00:00Z/PT0.001S", { NULL } },
    { UTC, "2026-07-25T12:00:00Z", "R4/2026-07-25T11:59:59.999/PT0.001S",
      { "2026-07-25 12:00:00.001 +0000", "2026-07-25 12:00:00.002 +0000" } },
    { BERLIN, "2026-03-27T12:00:00+01:00", "R3/P1D",
      { "2026-03-28 12:00:00 +0100", "2026-03-29 12:00:00 +0200", "2026-03-30 12:00:00 +0200" } },
    { BERLIN, "2026-03-27T02:30:00+01:00", "R3/P1D",
      { "2026-03-28 02:30:00 +0100", "2026-03-29 03:30:00 +0200", "2026-03-30 02:30:00 +0200" } },
    { BERLIN, "2026-10-25T00:30:00+02:00", "R4/PT1H",
      { "2026-10-25 01:30:00 +0200", "2026-10-25 02:30:00 +0200", "2026-10-25 02:30:00 +0100",
        "2026-10-25 03:30:00 +0100" } },

    /* cron: plain fields, lists, ranges, steps, names */
    { UTC, "2026-01-01T00:00:00Z", "0 0/5 * * * ?",
      { "2026-01-01 00:05:00 +0000", "2026-01-01 00:10:00 +0000", "2026-01-01 00:15:00 +0000",
        "2026-01-01 00:20:00 +0000", "2026-01-01 00:25:00 +0000", "2026-01-01 00:30:00 +0000" } },
    { UTC, "2026-01-01T00:00:00.999Z", "* * * * * ?",
      { "2026-01-01 00:00:01 +0000", "2026-01-01 00:00:02 +0000", "2026-01-01 00:00:03 +0000",
        "2026-01-01 00:00:04 +0000", "2026-01-01 00:00:05 +0000", "2026-01-01 00:00:06 +0000" } },
    { UTC, "2025-12-31T23:59:58Z", "* * * * * *",
      { "2025-12-31 23:59:59 +0000", "2026-01-01 00:00:00 +0000", "2026-01-01 00:00:01 +0000",
        "2026-01-01 00:00:02 +0000", "2026-01-01 00:00:03 +0000", "2026-01-01 00:00:04 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "15,45 0 12 1/10 * ? 2026-2027",
      { "2026-01-01 12:00:15 +0000", "2026-01-01 12:00:45 +0000", "2026-01-11 12:00:15 +0000",
        "2026-01-11 12:00:45 +0000", "2026-01-21 12:00:15 +0000", "2026-01-21 12:00:45 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 8-18/4 ? * MON-FRI",
      { "2026-01-01 08:00:00 +0000", "2026-01-01 12:00:00 +0000", "2026-01-01 16:00:00 +0000",
        "2026-01-02 08:00:00 +0000", "2026-01-02 12:00:00 +0000", "2026-01-02 16:00:00 +0000" } },
    { UTC, "2026-01-02T17:00:00Z", "0 0 8-18/4 ? * 2-6", { "2026-01-05 08:00:00 +0000",
        "2026-01-05 12:00:00 +0000", "2026-01-05 16:00:00 +0000", "2026-01-06 08:00:00 +0000",
        "2026-01-06 12:00:00 +0000", "2026-01-06 16:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 22-2/2 ? * fri-mon",
      { "2026-01-02 00:00:00 +0000", "2026-01-02 02:00:00 +0000", "2026-01-02 22:00:00 +0000",
        "2026-01-03 00:00:00 +0000", "2026-01-03 02:00:00 +0000", "2026-01-03 22:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 30 6 1 JAN,Jul ? 2026/2",
      { "2026-01-01 06:30:00 +0000", "2026-07-01 06:30:00 +0000", "2028-01-01 06:30:00 +0000",
        "2028-07-01 06:30:00 +0000", "2030-01-01 06:30:00 +0000", "2030-07-01 06:30:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 1 nov-feb ? 2026",
      { "2026-02-01 00:00:00 +0000", "2026-11-01 00:00:00 +0000", "2026-12-01 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", " 0\t0   12 *\n* MON  ",
      { "2026-01-05 12:00:00 +0000", "2026-01-12 12:00:00 +0000", "2026-01-19 12:00:00 +0000",
        "2026-01-26 12:00:00 +0000", "2026-02-02 12:00:00 +0000", "2026-02-09 12:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 */30 */12 31 * *",
      { "2026-01-31 00:00:00 +0000", "2026-01-31 00:30:00 +0000", "2026-01-31 12:00:00 +0000",
        "2026-01-31 12:30:00 +0000", "2026-03-31 00:00:00 +0000", "2026-03-31 00:30:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "/30 0 0 1 1 ? 2027", { "2027-01-01 00:00:00 +0000", "2027-01-01 00:00:30 +0000" } },
    { UTC, "2199-12-31T23:59:58Z", "* * * * * ?", { "2199-12-31 23:59:59 +0000" } },
    { UTC, "1969-12-31T23:59:58.5Z", "0 0 * * * ? 1970",
      { "1970-01-01 00:00:00 +0000", "1970-01-01 01:00:00 +0000", "1970-01-01 02:00:00 +0000",
        "1970-01-01 03:00:00 +0000", "1970-01-01 04:00:00 +0000", "1970-01-01 05:00:00 +0000" } },

    /* cron: L, W, # and leap years */
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 L * ?",
      { "2026-01-31 00:00:00 +0000", "2026-02-28 00:00:00 +0000", "2026-03-31 00:00:00 +0000",
        "2026-04-30 00:00:00 +0000", "2026-05-31 00:00:00 +0000", "2026-06-30 00:00:00 +0000" } },
    { UTC, "2025-12-31T00:00:00Z", "0 0 0 L-30 * ? 2026",
      { "2026-01-01 00:00:00 +0000", "2026-03-01 00:00:00 +0000", "2026-05-01 00:00:00 +0000",
        "2026-07-01 00:00:00 +0000", "2026-08-01 00:00:00 +0000", "2026-10-01 00:00:00 +0000" } },
    { UTC, "2024-01-01T00:00:00Z", "0 0 0 L-2 2 ? 2024-2026",
      { "2024-02-27 00:00:00 +0000", "2025-02-26 00:00:00 +0000", "2026-02-26 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 LW * ? 2026",
      { "2026-01-30 00:00:00 +0000", "2026-02-27 00:00:00 +0000", "2026-03-31 00:00:00 +0000",
        "2026-04-30 00:00:00 +0000", "2026-05-29 00:00:00 +0000", "2026-06-30 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 L-3W 1,2,3 ? 2026",
      { "2026-01-28 00:00:00 +0000", "2026-02-25 00:00:00 +0000", "2026-03-27 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 15W * ? 2026",
      { "2026-01-15 00:00:00 +0000", "2026-02-16 00:00:00 +0000", "2026-03-16 00:00:00 +0000",
        "2026-04-15 00:00:00 +0000", "2026-05-15 00:00:00 +0000", "2026-06-15 00:00:00 +0000" } },
    { UTC, "2026-07-01T00:00:00Z", "0 0 0 1W 8,11 ? 2026", /* a Saturday and a Sunday */
      { "2026-08-03 00:00:00 +0000", "2026-11-02 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 31W 4,5 ? 2026", { "2026-05-29 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 1,15W,L 2 ? 2026",
      { "2026-02-01 00:00:00 +0000", "2026-02-16 00:00:00 +0000", "2026-02-28 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 ? * 6L 2026",
      { "2026-01-30 00:00:00 +0000", "2026-02-27 00:00:00 +0000", "2026-03-27 00:00:00 +0000",
        "2026-04-24 00:00:00 +0000", "2026-05-29 00:00:00 +0000", "2026-06-26 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 ? 1-3 FRIL 2026",
      { "2026-01-30 00:00:00 +0000", "2026-02-27 00:00:00 +0000", "2026-03-27 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 ? 1 L 2026",
      { "2026-01-03 00:00:00 +0000", "2026-01-10 00:00:00 +0000", "2026-01-17 00:00:00 +0000",
        "2026-01-24 00:00:00 +0000", "2026-01-31 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 ? 1-3 6#3 2026",
      { "2026-01-16 00:00:00 +0000", "2026-02-20 00:00:00 +0000", "2026-03-20 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 ? * MON#5 2026",
      { "2026-03-30 00:00:00 +0000", "2026-06-29 00:00:00 +0000", "2026-08-31 00:00:00 +0000",
        "2026-11-30 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 ? 1 MON#1,WED,SUNL 2026",
      { "2026-01-05 00:00:00 +0000", "2026-01-07 00:00:00 +0000", "2026-01-14 00:00:00 +0000",
        "2026-01-21 00:00:00 +0000", "2026-01-25 00:00:00 +0000", "2026-01-28 00:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 12 29 2 ?",
      { "2028-02-29 12:00:00 +0000", "2032-02-29 12:00:00 +0000", "2036-02-29 12:00:00 +0000",
        "2040-02-29 12:00:00 +0000", "2044-02-29 12:00:00 +0000", "2048-02-29 12:00:00 +0000" } },
    { UTC, "2096-03-01T00:00:00Z", "0 0 12 29 2 ?", /* 2100 is none */
      { "2104-02-29 12:00:00 +0000", "2108-02-29 12:00:00 +0000", "2112-02-29 12:00:00 +0000",
        "2116-02-29 12:00:00 +0000", "2120-02-29 12:00:00 +0000", "2124-02-29 12:00:00 +0000" } },
    { UTC, "2026-01-01T00:00:00Z", "0 0 0 ? 2 1#5", /* five Sundays in February */
      { "2032-02-29 00:00:00 +0000", "2060-02-29 00:00:00 +0000", "2088-02-29 00:00:00 +0000",
        "2128-02-29 00:00:00 +0000", "2156-02-29 00:00:00 +0000", "2184-02-29 00:00:00 +0000" } },

    /* cron: the clocks are set forward */
    { BERLIN, "2026-03-28T03:00:00+01:00", "0 30 2 * * ?",
      { "2026-03-29 03:30:00 +0200", "2026-03-30 02:30:00 +0200", "2026-03-31 02:30:00 +0200",
        "2026-04-01 02:30:00 +0200", "2026-04-02 02:30:00 +0200", "2026-04-03 02:30:00 +0200" } },
    { BERLIN, "2026-03-29T01:40:00+01:00", "0 0/20 * * * ?",
      { "2026-03-29 03:00:00 +0200", "2026-03-29 03:20:00 +0200", "2026-03-29 03:40:00 +0200",
        "2026-03-29 04:00:00 +0200", "2026-03-29 04:20:00 +0200", "2026-03-29 04:40:00 +0200" } },
    { BERLIN, "2026-03-29T00:30:00+01:00", "0 15,45 1-3 * * ?",
      { "2026-03-29 01:15:00 +0100", "2026-03-29 01:45:00 +0100", "2026-03-29 03:15:00 +0200",
        "2026-03-29 03:45:00 +0200", "2026-03-30 01:15:00 +0200", "2026-03-30 01:45:00 +0200" } },
    { BERLIN, "2026-03-29T01:59:59+01:00", "* * 2 29 3 ? 2026",
      { "2026-03-29 03:00:00 +0200", "2026-03-29 03:00:01 +0200", "2026-03-29 03:00:02 +0200",
        "2026-03-29 03:00:03 +0200", "2026-03-29 03:00:04 +0200", "2026-03-29 03:00:05 +0200" } },
    { BERLIN, "2026-03-28T12:00:00+01:00", "0 0 12 * * ?",
      { "2026-03-29 12:00:00 +0200", "2026-03-30 12:00:00 +0200", "2026-03-31 12:00:00 +0200",
        "2026-04-01 12:00:00 +0200", "2026-04-02 12:00:00 +0200", "2026-04-03 12:00:00 +0200" } },
    { NEW_YORK, "2026-03-08T00:00:00-05:00", "0 30 0-4 8 3 ? 2026",
      { "2026-03-08 00:30:00 -0500", "2026-03-08 01:30:00 -0500", "2026-03-08 03:30:00 -0400",
        "2026-03-08 04:30:00 -0400" } },
    { LORD_HOWE, "2026-10-04T01:40:00+10:30", "0 0/10 2 4 10 ? 2026", /* 02:00 to 02:30 is left out */
      { "2026-10-04 02:30:00 +1100", "2026-10-04 02:40:00 +1100", "2026-10-04 02:50:00 +1100" } },
    { LORD_HOWE, "2026-10-04T01:40:00+10:30", "0 5,35 2 4 10 ? 2026",
      { "2026-10-04 02:35:00 +1100" } },
    { LORD_HOWE, "2026-10-04T01:40:00+10:30", "0 25,31 2 4 10 ? 2026", /* not in the order of the clock */
      { "2026-10-04 02:31:00 +1100", "2026-10-04 02:55:00 +1100" } },

    /* cron: the clocks are set back */
    { BERLIN, "2026-10-24T03:00:00+02:00", "0 30 2 * * ?",
      { "2026-10-25 02:30:00 +0200", "2026-10-26 02:30:00 +0100", "2026-10-27 02:30:00 +0100",
        "2026-10-28 02:30:00 +0100", "2026-10-29 02:30:00 +0100", "2026-10-30 02:30:00 +0100" } },
    { BERLIN, "2026-10-25T02:30:00+01:00", "0 30 2 * * ?",
      { "2026-10-26 02:30:00 +0100", "2026-10-27 02:30:00 +0100", "2026-10-28 02:30:00 +0100",
        "2026-10-29 02:30:00 +0100", "2026-10-30 02:30:00 +0100", "2026-10-31 02:30:00 +0100" } },
    { BERLIN, "2026-10-25T01:30:00+02:00", "0 0/30 * * * ?",
      { "2026-10-25 02:00:00 +0200", "2026-10-25 02:30:00 +0200", "2026-10-25 02:00:00 +0100",
        "2026-10-25 02:30:00 +0100", "2026-10-25 03:00:00 +0100", "2026-10-25 03:30:00 +0100" } },
    { BERLIN, "2026-10-25T02:10:00+01:00", "0 0/20 * * * ?",
      { "2026-10-25 02:20:00 +0100", "2026-10-25 02:40:00 +0100", "2026-10-25 03:00:00 +0100",
        "2026-10-25 03:20:00 +0100", "2026-10-25 03:40:00 +0100", "2026-10-25 04:00:00 +0100" } },
    { BERLIN, "2026-10-25T00:30:00+02:00", "0 15 1-3 25 10 ? 2026",
      { "2026-10-25 01:15:00 +0200", "2026-10-25 02:15:00 +0200", "2026-10-25 03:15:00 +0100" } },
    { NEW_YORK, "2026-11-01T00:30:00-04:00", "0 0 0/1 1 11 ? 2026",
      { "2026-11-01 01:00:00 -0400", "2026-11-01 01:00:00 -0500", "2026-11-01 02:00:00 -0500",
        "2026-11-01 03:00:00 -0500", "2026-11-01 04:00:00 -0500", "2026-11-01 05:00:00 -0500" } },
    { LORD_HOWE, "2026-04-05T01:25:00+11:00", "0 0/15 * 5 4 ? 2026", /* 01:30 to 02:00 comes twice */
      { "2026-04-05 01:30:00 +1100", "2026-04-05 01:45:00 +1100", "2026-04-05 01:30:00 +1030",
        "2026-04-05 01:45:00 +1030", "2026-04-05 02:00:00 +1030", "2026-04-05 02:15:00 +1030" } },
};

static const struct {
    const char *text;
    const char *says; /* part of the message */
} broken[] = {
    { "0 0 12 * *",            "6 or 7 fields" },
    { "0 0 12 * * ? 2026 1",   "6 or 7 fields" },
    { "hourly",                "second: a value is missing" },
    { "60 0 12 * * ?",         "second: a value is out of range" },
    { "0 60 12 * * ?",         "minute: a value is out of range" },
    { "0 0 24 * * ?",          "hour: a value is out of range" },
    { "0 0 12 0 * ?",          "day of month: a value is out of range" },
    { "0 0 12 32 * ?",         "day of month: a value is out of range" },
    { "0 0 12 1 13 ?",         "month: a value is out of range" },
    { "0 0 12 1 0 ?",          "month: a value is out of range" },
    { "0 0 12 ? * 8",          "day of week: a value is out of range" },
    { "0 0 12 ? * 0",          "day of week: a value is out of range" },
    { "0 0 12 1 * ? 1969",     "year: a value is out of range" },
    { "0 0 12 1 * ? 2200",     "year: a value is out of range" },
    { "0 0 12 1 * ? 2027-2026", "year: a range ends before it begins" },
    { "0 0 12 1 * ? 99999",    "year: a value is missing" },
    { "0 0 12 1 MAY-XYZ ?",    "month: a value is missing" },
    { "0 0 12 1 JANUARY ?",    "month: something unknown follows" },
    { "0 0 12 ? * MON-",       "day of week: a value is missing" },
    { "0 0 12 ? * MON,",       "day of week: a value is missing" },
    { "0 0,,5 12 * * ?",       "minute: a value is missing" },
    { "0 0/0 12 * * ?",        "minute: a step is missing or out of range" },
    { "0 0/60 12 * * ?",       "minute: a step is missing or out of range" },
    { "0 0/ 12 * * ?",         "minute: a step is missing or out of range" },
    { "0 */x 12 * * ?",        "minute: a step is missing or out of range" },
    { "0 *5 12 * * ?",         "minute: something unknown follows *" },
    { "0 0 12 ? * ?",          "day of week: only one of this and the day of month" },
    { "0 0 12 1 * MON",        "day of week: either this or the day of month" },
    { "? 0 12 1 * ?",          "second: a value is missing" },
    { "0 0 12 1 ? *",          "month: a value is missing" },
    { "0 0 12 ?,1 * MON",      "day of month: something follows ?" },
    { "0 0 12 1,? * MON",      "day of month: a value is missing" },
    { "0 0 12 ?/2 * MON",      "day of month: something follows ?" },
    { "0 0 12 L- * ?",         "day of month: a number from 1 to 30" },
    { "0 0 12 L-31 * ?",       "day of month: a number from 1 to 30" },
    { "0 0 12 LX * ?",         "day of month: something unknown follows" },
    { "0 0 12 15WW * ?",       "day of month: something unknown follows" },
    { "0 0 12 10-15W * ?",     "day of month: something unknown follows" },
    { "0 0 12 15L * ?",        "day of month: something unknown follows" },
    { "0 0 12 15#2 * ?",       "day of month: something unknown follows" },
    { "0 0 12 ? * 6W",         "day of week: something unknown follows" },
    { "0 0 12 ? * 6#",         "day of week: a number from 1 to 5" },
    { "0 0 12 ? * 6#6",        "day of week: a number from 1 to 5" },
    { "0 0 12 ? * 6#0",        "day of week: a number from 1 to 5" },
    { "0 0 12 ? * LW",         "day of week: something unknown follows L" },
    { "0 0 12 ? 5L MON",       "month: something unknown follows" },
    { "0 -5 12 * * ?",         "minute: a value is missing" },
    { "0 5.5 12 * * ?",        "minute: something unknown follows" },
    { "0 0 12 1W,2W,3W,4W,5W,6W,7W,8W,9W,10W,11W,12W,13W,14W,15W,16W,17W * ?",
                               "day of month: too many values" },
};
/* clang-format on */

static void check_due(int i)
{
    wf_value_t value = wf_string(dues[i].text);
    apr_int64_t due = 0;
    apr_status_t rv;
    wf_error_t err;

    wf_error_init(&err, pool);
    set_zone(dues[i].zone);
    rv = wf_timer_due(&due, dues[i].kind, &value, instant(dues[i].now), &err);
    if (!dues[i].due) {
        ok(rv != APR_SUCCESS && err.kind == WF_ERR_EXECUTION, "\"%s\" fails: %s",
           dues[i].text, err.message ? err.message : show(due));
        return;
    }
    is_str(rv == APR_SUCCESS ? show(due) : err.message, dues[i].due, "%s after %s in %s",
           dues[i].text, dues[i].now, dues[i].zone);
}

static int next_firing(const char *text, apr_int64_t now, apr_int64_t after,
                       apr_int64_t *at)
{
    wf_interval_t interval;
    wf_cron_t cron;
    wf_error_t err;

    wf_error_init(&err, pool);
    if (*text == 'R') {
        return wf_interval_parse(&interval, text, now)
               && wf_interval_next(&interval, after, at);
    }
    return wf_cron_parse(&cron, text, &err) == APR_SUCCESS
           && wf_cron_next(&cron, after, at);
}

/* As a repeating timer asks: each firing is looked for from the one before. */
static void check_cycle(int i)
{
    apr_int64_t now, after, at = 0;
    int k;

    set_zone(cycles[i].zone);
    now = after = instant(cycles[i].now);
    for (k = 0; k < MAX_FIRINGS; k++, after = at) {
        int fires = next_firing(cycles[i].text, now, after, &at);

        is_str(fires ? show(at) : NULL, cycles[i].firings[k], "%s after %s in %s: %d",
               cycles[i].text, cycles[i].now, cycles[i].zone, k + 1);
        if (!fires || !cycles[i].firings[k]) {
            return;
        }
    }
}

/* The same, firing by firing, with nothing but the text that a job keeps. */
static void check_repeat(int i)
{
    wf_value_t text = wf_string(cycles[i].text);
    wf_firing_t firing;
    wf_error_t err;
    int k;

    set_zone(cycles[i].zone);
    wf_error_init(&err, pool);
    wf_firing_first(&firing, WF_TIME_CYCLE, &text, instant(cycles[i].now), pool, &err);
    for (k = 0; k < MAX_FIRINGS; k++) {
        is_str(firing.comes ? show(firing.due) : NULL, cycles[i].firings[k],
               "%s after %s in %s, by jobs: %d", cycles[i].text, cycles[i].now,
               cycles[i].zone, k + 1);
        if (!firing.comes
            || wf_firing_next(&firing, firing.repeat, firing.due, pool, &err)
                   != APR_SUCCESS) {
            return;
        }
    }
}

/* clang-format off */
static const struct {
    const char *zone, *repeat, *after;
    const char *due, *next; /* NULL: the cycle is over */
} repeats[] = {
    { UTC, "R3/2026-01-01T00:00:00.000Z/PT1H", "2026-01-01T01:00:00Z", "2026-01-01 02:00:00 +0000",
      "R2/2026-01-01T00:00:00.000Z/PT1H" },
    { UTC, "R3/2026-01-01T00:00:00.000Z/PT1H", "2026-01-01T04:30:00Z", "2026-01-01 05:00:00 +0000",
      "R2/2026-01-01T00:00:00.000Z/PT1H" }, /* three were missed */
    { UTC, "R1/2026-01-01T00:00:00.000Z/PT1H", "2026-01-01T01:00:00Z", NULL, NULL },
    { UTC, "R/2026-01-01T00:00:00.000Z/PT1H", "2029-01-01T01:59:59.999Z", "2029-01-01 02:00:00 +0000",
      "R/2026-01-01T00:00:00.000Z/PT1H" },
    { UTC, "R/2026-01-01T00:00:00.000Z/PT1H/2026-01-01T02:00:00", "2026-01-01T01:00:00Z", "2026-01-01 02:00:00 +0000",
      "R/2026-01-01T00:00:00.000Z/PT1H/2026-01-01T02:00:00" },
    { UTC, "R/2026-01-01T00:00:00.000Z/PT1H/2026-01-01T02:00:00", "2026-01-01T02:00:00Z", NULL, NULL },
    { UTC, "R5/2026-01-31T00:00:00.000Z/P1M", "2026-02-28T00:00:00Z", "2026-03-31 00:00:00 +0000",
      "R4/2026-01-31T00:00:00.000Z/P1M" },
    { UTC, "0 0 12 * * ?", "2026-01-01T12:00:00Z", "2026-01-02 12:00:00 +0000", "0 0 12 * * ?" },
    { UTC, "0 0 12 1 1 ? 2026", "2026-01-01T12:00:00Z", NULL, NULL },
    { BERLIN, "R9/2026-03-27T12:00:00.000+01:00/P1D", "2026-03-28T12:00:00+01:00", "2026-03-29 12:00:00 +0200",
      "R8/2026-03-27T12:00:00.000+01:00/P1D" }, /* clocks forward */
    { BERLIN, "R9/2026-03-27T12:00:00.000+01:00/PT24H", "2026-03-28T12:00:00+01:00", "2026-03-29 13:00:00 +0200",
      "R8/2026-03-27T12:00:00.000+01:00/PT24H" },
    { BERLIN, "R9/2026-10-24T02:30:00.000+02:00/P1D", "2026-10-24T02:30:00+02:00", "2026-10-25 02:30:00 +0200",
      "R8/2026-10-24T02:30:00.000+02:00/P1D" }, /* back: the first of the two */
    { BERLIN, "R9/2026-10-24T02:30:00.000+02:00/P1D", "2026-10-25T02:30:00+02:00", "2026-10-26 02:30:00 +0100",
      "R8/2026-10-24T02:30:00.000+02:00/P1D" },
    { BERLIN, "0 30 2 * * ?", "2026-10-25T02:30:00+02:00", "2026-10-26 02:30:00 +0100", "0 30 2 * * ?" },
};
/* clang-format on */

static void check_next(int i)
{
    wf_firing_t firing;
    wf_error_t err;
    const char *repeat = repeats[i].repeat;

    set_zone(repeats[i].zone);
    wf_error_init(&err, pool);
    ok(wf_firing_next(&firing, repeat, instant(repeats[i].after), pool, &err)
           == APR_SUCCESS,
       "%s after %s", repeat, repeats[i].after);
    is_str(firing.comes ? show(firing.due) : NULL, repeats[i].due, "%s: due", repeat);
    is_str(firing.comes ? firing.repeat : NULL, repeats[i].next, "%s: goes on", repeat);
}

static void broken_repeats(void)
{
    static const char *const texts[] = { "R3", "Rx/PT1H", "", "tomorrow",
                                         "R2/2026-01-01T00:00:00Z/P1D/x" };
    wf_firing_t firing;
    wf_error_t err;
    int i;

    for (i = 0; i < 5; i++) {
        wf_error_init(&err, pool);
        ok(wf_firing_next(&firing, texts[i], 0, pool, &err) != APR_SUCCESS
               && err.kind == WF_ERR_EXECUTION,
           "\"%s\" repeats nothing", texts[i]);
    }
}

static void check_broken(int i)
{
    wf_cron_t cron;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, pool);
    rv = wf_cron_parse(&cron, broken[i].text, &err);
    ok(rv != APR_SUCCESS && err.kind == WF_ERR_EXECUTION
           && strstr(err.message, broken[i].says),
       "\"%s\": %s", broken[i].text, rv == APR_SUCCESS ? "taken" : err.message);
}

/* ---- further ----------------------------------------------------------------------- */

static void values(void)
{
    static const wf_type_e types[] = { WF_BOOLEAN, WF_INTEGER, WF_DOUBLE };
    wf_value_t date = wf_date(123456789), other;
    apr_int64_t due = 0;
    wf_error_t err;
    int kind, i;

    for (kind = 0; kind < WF_TIME_KINDS; kind++) {
        wf_error_init(&err, pool);
        ok(wf_timer_due(&due, kind, &date, 5, &err) == APR_SUCCESS && due == 123456789,
           "a date, for kind %d", kind);
        for (i = 0; i < 3; i++) {
            other = (wf_value_t){ .type = types[i] };
            wf_error_init(&err, pool);
            ok(wf_timer_due(&due, kind, &other, 5, &err) != APR_SUCCESS
                   && err.kind == WF_ERR_EXECUTION,
               "%s, for kind %d", wf_type_name(types[i]), kind);
        }
    }
}

/* A line as long as allowed, and one that is too long. */
static void long_lines(void)
{
    char *line = apr_palloc(pool, 1100);
    wf_cron_t cron;
    wf_error_t err;
    int i;

    strcpy(line, "0 0 0 1 1 ");
    for (i = 10; i < 998; i += 2) {
        memcpy(line + i, "2,", 3);
    }
    strcpy(line + 998, "2");
    wf_error_init(&err, pool);
    ok(wf_cron_parse(&cron, line, &err) != APR_SUCCESS
           && strstr(err.message, "has to be ?"),
       "999 characters are read: %s", err.message);
    strcpy(line + 998, "2 ");
    ok(strlen(line) == 1000, "one more");
    wf_error_init(&err, pool);
    ok(wf_cron_parse(&cron, line, &err) != APR_SUCCESS && strstr(err.message, "at most"),
       "too long: %s", err.message);
}

/* What fires every five minutes does so over a whole year, whatever the clocks do. */
static void every_five_minutes(const char *zone)
{
    apr_int64_t at, after;
    wf_cron_t cron;
    wf_error_t err;
    int bad = 0, i;

    set_zone(zone);
    wf_error_init(&err, pool);
    wf_cron_parse(&cron, "0 0/5 * * * ?", &err);
    after = instant("2026-01-01T00:00:00Z");
    for (i = 0; i < 365 * 24 * 12; i++, after = at) {
        if (!wf_cron_next(&cron, after, &at) || at != after + STEP) {
            bad++;
            at = after + STEP;
        }
    }
    is_int(bad, 0, "a year in %s", zone);
}

int main(void)
{
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < (int)(sizeof(dues) / sizeof(dues[0])); i++) {
        check_due(i);
    }
    for (i = 0; i < (int)(sizeof(cycles) / sizeof(cycles[0])); i++) {
        check_cycle(i);
        check_repeat(i);
    }
    for (i = 0; i < (int)(sizeof(repeats) / sizeof(repeats[0])); i++) {
        check_next(i);
    }
    broken_repeats();
    for (i = 0; i < (int)(sizeof(broken) / sizeof(broken[0])); i++) {
        check_broken(i);
    }
    values();
    long_lines();
    every_five_minutes(BERLIN);
    every_five_minutes(NEW_YORK);
    every_five_minutes(LORD_HOWE);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
