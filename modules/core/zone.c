/* The server's time zone: what its clocks show, and when they show it. Twice a year a
 * local time comes twice or not at all, and mktime() leaves open what it makes of those;
 * whoever plans in local time asks here instead. */
#include "core/core.h"

#include <time.h>

/* No zone sets its clocks twice within so short a time. */
#define AROUND (24 * 60 * 60)

int wf_zone_offset(apr_int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    return localtime_r(&t, &tm) ? (int)tm.tm_gmtoff : 0;
}

int wf_zone_instants(apr_int64_t local, apr_int64_t at[2])
{
    int before = wf_zone_offset(local - AROUND);
    int after = wf_zone_offset(local + AROUND);
    int count = 0;

    if (wf_zone_offset(local - before) == before) {
        at[count++] = local - before;
    }
    if (after != before && wf_zone_offset(local - after) == after) {
        at[count++] = local - after;
    }
    if (!count) {
        at[0] = local - before;
    }
    return count;
}
