/* Fuzz target of times as texts. The first byte chooses the zone ('0' UTC, else one that
 * changes its clocks), the rest is read as time, date, duration, period and number.
 * Whatever it is: nothing, or what can be written and read again to the same. */
#include "fuzz.h"

/* Whatever is read; behind these an offset may lead beyond 64 bits. */
#define FIRST_MS (INT64_MIN + 86400000)
#define LAST_MS (INT64_MAX - 86400000)

static void check_text(apr_int64_t ms, apr_pool_t *p)
{
    const char *text = wf_time_iso(ms, p);
    apr_int64_t again;

    fuzz_check(ms < FIRST_MS || ms > LAST_MS
               || (wf_time_parse(&again, text) == APR_SUCCESS && again == ms));
}

static void fuzz_times(const char *text, apr_pool_t *p)
{
    apr_int64_t ms, again;

    if (wf_time_parse(&ms, text) == APR_SUCCESS) {
        check_text(ms, p);
        fuzz_check(wf_date_parse(&again, text) == 0 || again == ms);
    }
    if (wf_date_parse(&ms, text)) {
        check_text(ms, p);
    }
}

static void fuzz_durations(const char *text, apr_pool_t *p)
{
    wf_period_t period;
    apr_int64_t ns, again;

    if (wf_duration_parse(&ns, text) == APR_SUCCESS) {
        fuzz_check(wf_duration_parse(&again, wf_duration_text(ns, p)) == APR_SUCCESS
                   && again == ns);
    }
    if (wf_period_parse(&period, text)) {
        fuzz_check(wf_period_add(0, &period, 0) == 0);
        fuzz_check(wf_period_add(0, &period, 3) >= wf_period_add(0, &period, 2));
        wf_period_add(1774745999000, &period, -100);
        wf_period_add(1774745999000, &period, 100);
    }
    if (wf_parse_int64(text, &ns)) {
        fuzz_check(!strcmp(apr_psprintf(p, "%" APR_INT64_T_FMT, ns), text) || *text == '0'
                   || !strncmp(text, "-0", 2));
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const char *text = fuzz_text(data, size, p);

    if (size > 0) {
        fuzz_zone(data[0] != '0');
        fuzz_times(text, p);
        fuzz_durations(text, p);
    }
}
