/* Cycles, firing by firing. A job keeps in REPEAT_ what its successor needs, as Activiti
 * shows it: R2/2026-03-01T00:00:00.000Z/PT1H are two firings more, this one included, on
 * a grid from that start; a cron line is a grid by itself. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/timers.h"

static wf_firing_t once(apr_int64_t due)
{
    return (wf_firing_t){ .comes = 1, .due = due };
}

/* ---- intervals --------------------------------------------------------------------- */

static apr_status_t no_interval(wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_EXECUTION,
                        "the value is no repeating interval such as R3/PT10H, "
                        "R/2026-03-01T00:00:00/PT1H or R/PT1H/2026-12-31T00:00:00");
}

/* The text of an interval with so many firings left (0: no limit), its start said. */
static const char *interval_text(const wf_interval_t *interval, apr_int64_t left,
                                 const char *text, apr_pool_t *p)
{
    const char *rest = strchr(text, '/') + 1;
    const char *count = left ? apr_psprintf(p, "R%" APR_INT64_T_FMT, left) : "R";

    return interval->from_now ? apr_pstrcat(
               p, count, "/", wf_time_iso(interval->start, p), "/", rest, NULL)
                              : apr_pstrcat(p, count, "/", rest, NULL);
}

static apr_status_t first_of_interval(wf_firing_t *firing, const char *text,
                                      apr_int64_t now, apr_pool_t *p, wf_error_t *err)
{
    wf_interval_t interval;

    if (!wf_interval_parse(&interval, text, now)) {
        return no_interval(err);
    }
    firing->comes = wf_interval_next(&interval, now, &firing->due);
    firing->repeat = interval_text(&interval, wf_interval_left(&interval, now), text, p);
    return APR_SUCCESS;
}

static apr_status_t next_of_interval(wf_firing_t *firing, const char *repeat,
                                     apr_int64_t after, apr_pool_t *p, wf_error_t *err)
{
    wf_interval_t interval;
    apr_int64_t left;

    if (!wf_interval_parse(&interval, repeat, after)) {
        return no_interval(err);
    }
    left = interval.times;
    interval.times = 0; /* missed firings do not count */
    if (left == 1 || !wf_interval_next(&interval, after, &firing->due)) {
        return APR_SUCCESS;
    }
    firing->comes = 1;
    firing->repeat = interval_text(&interval, left ? left - 1 : 0, repeat, p);
    return APR_SUCCESS;
}

/* ---- cron lines ---------------------------------------------------------------------- */

static apr_status_t next_of_cron(wf_firing_t *firing, const char *text, apr_int64_t after,
                                 apr_pool_t *p, wf_error_t *err)
{
    wf_cron_t cron;
    apr_status_t rv = wf_cron_parse(&cron, text, err);

    if (rv == APR_SUCCESS) {
        firing->comes = wf_cron_next(&cron, after, &firing->due);
        firing->repeat = apr_pstrdup(p, text);
    }
    return rv;
}

/* ---- both ---------------------------------------------------------------------------- */

apr_status_t wf_firing_first(wf_firing_t *firing, wf_time_kind_e kind,
                             const wf_value_t *value, apr_int64_t now, apr_pool_t *p,
                             wf_error_t *err)
{
    const char *text = value->type == WF_STRING ? value->as.text.data : NULL;
    apr_int64_t due;
    apr_status_t rv;

    *firing = (wf_firing_t){ 0 };
    if (kind == WF_TIME_CYCLE && text) {
        return (*text == 'R' ? first_of_interval : next_of_cron)(firing, text, now, p,
                                                                 err);
    }
    rv = wf_timer_due(&due, kind, value, now, err);
    *firing = once(due);
    return rv;
}

apr_status_t wf_firing_next(wf_firing_t *firing, const char *repeat, apr_int64_t after,
                            apr_pool_t *p, wf_error_t *err)
{
    *firing = (wf_firing_t){ 0 };
    return (*repeat == 'R' ? next_of_interval : next_of_cron)(firing, repeat, after, p,
                                                              err);
}
