/* Periods of ISO 8601: which texts are some, and where they lead from a date. */
#include "core/core.h"
#include "tap.h"

#include <apr_general.h>
#include <stdlib.h>
#include <time.h>

/* clang-format off */
static const struct {
    const char *from, *period;
    int times;
    const char *to;
} sums[] = {
    { "2026-01-31T10:00:00Z", "P1M",        1,  "2026-02-28T10:00:00Z" },
    { "2026-01-31T10:00:00Z", "P1M",        3,  "2026-04-30T10:00:00Z" },
    { "2026-11-30T10:00:00Z", "P14M",       1,  "2028-01-30T10:00:00Z" },
    { "2026-03-31T10:00:00Z", "P1M",       -1,  "2026-02-28T10:00:00Z" },
    { "2026-01-15T10:00:00Z", "P1M",       -1,  "2025-12-15T10:00:00Z" },
    { "2026-01-15T10:00:00Z", "P1M",       -13, "2024-12-15T10:00:00Z" },
    { "2026-12-31T10:00:00Z", "P12M",      -1,  "2025-12-31T10:00:00Z" },
    { "2024-02-29T10:00:00Z", "P1Y",       -1,  "2023-02-28T10:00:00Z" },
    { "2026-03-01T10:00:00Z", "P1D",       -1,  "2026-02-28T10:00:00Z" },
    { "2026-03-01T10:00:00Z", "P1W",        2,  "2026-03-15T10:00:00Z" },
    { "2026-03-01T10:00:00Z", "PT1H1M1.5S", -2, "2026-03-01T07:57:57Z" },
    { "1970-01-01T00:00:00Z", "P1Y1DT1H",  -1,  "1968-12-30T23:00:00Z" },
};

static const struct {
    const char *text;
    int good;
} texts[] = {
    { "P1Y2M3DT4H5M6S", 1 }, { "P2W", 1 },  { "PT0.5S", 1 }, { "PT1,5M", 1 }, { "P0D", 1 },
    { "P", 0 },  { "PT", 0 },  { "", 0 },   { "1D", 0 },  { "-P1D", 0 },  { "P1", 0 },
    { "P1H", 0 }, { "PT1D", 0 }, { "P1D1Y", 0 }, { "P1.5D", 0 }, { "PT1.S", 0 },
    { "P1000001D", 0 }, { "P1DT", 0 }, { "P1D ", 0 },
};
/* clang-format on */

int main(void)
{
    apr_pool_t *p;
    wf_period_t period;

    setenv("TZ", "UTC0", 1);
    tzset();
    apr_initialize();
    apr_pool_create(&p, NULL);
    for (apr_size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        apr_int64_t from = 0;

        ok(wf_period_parse(&period, sums[i].period)
               && wf_time_parse(&from, sums[i].from) == APR_SUCCESS,
           "%s and %s are read", sums[i].from, sums[i].period);
        is_str(wf_time_utc(wf_period_add(from, &period, sums[i].times), p), sums[i].to,
               "%s and %d times %s", sums[i].from, sums[i].times, sums[i].period);
    }
    for (apr_size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        is_int(wf_period_parse(&period, texts[i].text), texts[i].good, "\"%s\"",
               texts[i].text);
    }
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
