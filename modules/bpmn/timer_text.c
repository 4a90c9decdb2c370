/* What the children of a timerEventDefinition may say. */
#include "bpmn/timers.h"

static apr_status_t date_due(apr_int64_t *due, const char *text, apr_int64_t now,
                             wf_error_t *err)
{
    wf_value_t value = wf_string(text);

    return wf_due_date(due, &value, now, err);
}

static apr_status_t duration_due(apr_int64_t *due, const char *text, apr_int64_t now,
                                 wf_error_t *err)
{
    wf_period_t period;

    if (!wf_period_parse(&period, text)) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the value is no ISO 8601 duration such as P1DT12H");
    }
    *due = wf_period_add(now, &period, 1);
    return APR_SUCCESS;
}

static apr_status_t next_of_interval(apr_int64_t *due, const char *text, apr_int64_t now,
                                     int *fires, wf_error_t *err)
{
    wf_interval_t interval;

    if (!wf_interval_parse(&interval, text, now)) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the value is no repeating interval such as R3/PT10H, "
                            "R/2026-03-01T00:00:00/PT1H or R/PT1H/2026-12-31T00:00:00");
    }
    *fires = wf_interval_next(&interval, now, due);
    return APR_SUCCESS;
}

static apr_status_t next_of_cron(apr_int64_t *due, const char *text, apr_int64_t now,
                                 int *fires, wf_error_t *err)
{
    wf_cron_t cron;
    apr_status_t rv = wf_cron_parse(&cron, text, err);

    if (rv == APR_SUCCESS) {
        *fires = wf_cron_next(&cron, now, due);
    }
    return rv;
}

static apr_status_t cycle_due(apr_int64_t *due, const char *text, apr_int64_t now,
                              wf_error_t *err)
{
    int fires = 0;
    apr_status_t rv =
        (*text == 'R' ? next_of_interval : next_of_cron)(due, text, now, &fires, err);

    if (rv == APR_SUCCESS && !fires) {
        return wf_error_set(err, WF_ERR_EXECUTION, "it does not fire any more");
    }
    return rv;
}

typedef apr_status_t due_fn(apr_int64_t *due, const char *text, apr_int64_t now,
                            wf_error_t *err);

static due_fn *const kinds[WF_TIME_KINDS] = {
    [WF_TIME_DATE] = date_due,
    [WF_TIME_CYCLE] = cycle_due,
    [WF_TIME_DURATION] = duration_due,
};

apr_status_t wf_timer_due(apr_int64_t *due, wf_time_kind_e kind, const wf_value_t *value,
                          apr_int64_t now, wf_error_t *err)
{
    if (value->type == WF_DATE) {
        *due = value->as.integer;
        return APR_SUCCESS;
    }
    if (value->type != WF_STRING) {
        return wf_error_set(err, WF_ERR_EXECUTION, "the value is neither text nor date");
    }
    return kinds[kind](due, value->as.text.data, now, err);
}

/* What never fires any more was a time once: a file stays as good as it was. */
apr_status_t wf_timer_check(wf_time_kind_e kind, const wf_value_t *value, wf_error_t *err)
{
    const char *text = value->type == WF_STRING ? value->as.text.data : NULL;
    apr_int64_t due;
    int fires;

    if (!text || kind != WF_TIME_CYCLE) {
        return wf_timer_due(&due, kind, value, 0, err);
    }
    return (*text == 'R' ? next_of_interval : next_of_cron)(&due, text, 0, &fires, err);
}
