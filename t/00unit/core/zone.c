/* When clocks show a local time, around their changes. */
#include "core/core.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <time.h>

#define HOUR 3600

/* clang-format off */
static const struct {
    const char *zone, *local; /* the time as if it were UTC */
    int shown;
    const char *first; /* in UTC */
    int apart; /* s between the first time and the second */
} cases[] = {
    { "UTC0",                "2026-03-29T02:30:00Z", 1, "2026-03-29T02:30:00Z", 0 },
    { "Europe/Berlin",       "2026-01-15T12:00:00Z", 1, "2026-01-15T11:00:00Z", 0 },
    { "Europe/Berlin",       "2026-07-15T12:00:00Z", 1, "2026-07-15T10:00:00Z", 0 },
    { "Europe/Berlin",       "2026-03-29T01:59:59Z", 1, "2026-03-29T00:59:59Z", 0 },
    { "Europe/Berlin",       "2026-03-29T02:00:00Z", 0, "2026-03-29T01:00:00Z", 0 },
    { "Europe/Berlin",       "2026-03-29T02:59:59Z", 0, "2026-03-29T01:59:59Z", 0 },
    { "Europe/Berlin",       "2026-03-29T03:00:00Z", 1, "2026-03-29T01:00:00Z", 0 },
    { "Europe/Berlin",       "2026-10-25T01:59:59Z", 1, "2026-10-24T23:59:59Z", 0 },
    { "Europe/Berlin",       "2026-10-25T02:00:00Z", 2, "2026-10-25T00:00:00Z", HOUR },
    { "Europe/Berlin",       "2026-10-25T02:59:59Z", 2, "2026-10-25T00:59:59Z", HOUR },
    { "Europe/Berlin",       "2026-10-25T03:00:00Z", 1, "2026-10-25T02:00:00Z", 0 },
    { "America/New_York",    "2026-03-08T02:30:00Z", 0, "2026-03-08T07:30:00Z", 0 },
    { "America/New_York",    "2026-11-01T01:30:00Z", 2, "2026-11-01T05:30:00Z", HOUR },
    { "Australia/Lord_Howe", "2026-10-04T02:15:00Z", 0, "2026-10-03T15:45:00Z", 0 },
    { "Australia/Lord_Howe", "2026-04-05T01:45:00Z", 2, "2026-04-04T14:45:00Z", HOUR / 2 },
    { "Asia/Kathmandu",      "1969-12-31T23:59:59Z", 1, "1969-12-31T18:29:59Z", 0 },
};
/* clang-format on */

static apr_int64_t seconds(const char *text)
{
    apr_int64_t ms;

    return wf_time_parse(&ms, text) == APR_SUCCESS ? ms / 1000 : -1;
}

static void check(int i)
{
    apr_int64_t local = seconds(cases[i].local), at[2] = { 0, 0 }, ms;
    char text[sizeof("2026-03-29T02:30:00")];

    setenv("TZ", cases[i].zone, 1);
    tzset();
    is_int(wf_zone_instants(local, at), cases[i].shown, "%s in %s: how often",
           cases[i].local, cases[i].zone);
    is_int(at[0], seconds(cases[i].first), "first");
    if (cases[i].shown) {
        is_int(wf_zone_offset(at[0]), local - at[0], "offset");
    }
    if (cases[i].shown == 2) {
        is_int(at[1] - at[0], cases[i].apart, "second");
        is_int(wf_zone_offset(at[1]), local - at[1], "its offset");
    }
    apr_cpystrn(text, cases[i].local, sizeof(text));
    ok(wf_time_parse(&ms, text) == APR_SUCCESS && ms == at[0] * 1000,
       "a text without offset means the first");
}

int main(void)
{
    int i;

    apr_initialize();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        check(i);
    }
    apr_terminate();
    return done_testing();
}
