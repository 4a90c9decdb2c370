/* Due dates: a date, or a text in ISO 8601: 2026-03-01, 2026-03-01T12:30:00 with or
 * without offset, or a duration from now such as P1DT12H. */
#include "bpmn/timers.h"

static int parse_text(apr_int64_t *due, const char *text, apr_int64_t now)
{
    wf_period_t period;

    if (wf_period_parse(&period, text)) {
        *due = wf_period_add(now, &period, 1);
        return 1;
    }
    return wf_date_parse(due, text);
}

apr_status_t wf_due_date(apr_int64_t *due, const wf_value_t *value, apr_int64_t now,
                         wf_error_t *err)
{
    *due = 0;
    if (value->type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (value->type == WF_DATE) {
        *due = value->as.integer;
        return APR_SUCCESS;
    }
    if (value->type != WF_STRING || !parse_text(due, value->as.text.data, now)) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the value is no date, ISO 8601 date-time or duration");
    }
    return APR_SUCCESS;
}
