/* Durations, of months or of milliseconds. A host object for the evaluation, so that they
 * travel as values do; what leaves the room is their text. */
#include "decision/internal.h"

#include <apr_strings.h>
#include <string.h>

#define MONTHS_OF_YEAR 12
#define MS_OF_SECOND 1000LL
#define MS_OF_MINUTE (60 * MS_OF_SECOND)
#define MS_OF_HOUR (60 * MS_OF_MINUTE)
#define MS_OF_DAY (24 * MS_OF_HOUR)

static int no_property(wf_object_t *self, const char *name, wf_value_t *value,
                       apr_pool_t *p, wf_error_t *err)
{
    (void)self, (void)name, (void)value, (void)p, (void)err;
    return 0;
}

static int no_method(wf_object_t *self, const char *method, const wf_value_t *args,
                     int nargs, wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    (void)self, (void)method, (void)args, (void)nargs, (void)value, (void)p, (void)err;
    return 0;
}

const wf_feel_duration_t *wf_feel_duration(const wf_value_t *value)
{
    if (value->type != WF_OBJECT || value->as.object->property != no_property) {
        return NULL;
    }
    return (const wf_feel_duration_t *)value->as.object; /* its first member */
}

wf_value_t wf_feel_duration_value(int by_months, apr_int64_t amount, apr_pool_t *p)
{
    wf_feel_duration_t *duration = apr_palloc(p, sizeof(*duration));

    duration->object = (wf_object_t){ .class_name = "duration",
                                      .property = no_property,
                                      .call = no_method };
    duration->by_months = by_months;
    duration->amount = amount;
    return (wf_value_t){ .type = WF_OBJECT, .as.object = &duration->object };
}

int wf_feel_duration_parse(wf_value_t *value, const char *text, apr_pool_t *p)
{
    int negative = *text == '-', by_months;
    wf_period_t period;
    apr_int64_t months, ms;

    if (!wf_period_parse(&period, text + negative)) {
        return 0;
    }
    months = (apr_int64_t)period.years * MONTHS_OF_YEAR + period.months;
    ms = period.days * MS_OF_DAY + period.ms;
    if (months && ms) {
        return 0;
    }
    by_months = !strpbrk(text, "WDT");
    *value = wf_feel_duration_value(by_months, (negative ? -1 : 1) * (months + ms), p);
    return 1;
}

/* "3H" behind what is there already; nothing for 0. */
static const char *add_part(const char *text, apr_int64_t number, char unit,
                            apr_pool_t *p)
{
    return number ? apr_psprintf(p, "%s%" APR_INT64_T_FMT "%c", text, number, unit)
                  : text;
}

static const char *time_text(apr_int64_t ms, apr_pool_t *p)
{
    const char *text = add_part("T", ms / MS_OF_HOUR, 'H', p);

    text = add_part(text, ms % MS_OF_HOUR / MS_OF_MINUTE, 'M', p);
    ms %= MS_OF_MINUTE;
    if (ms % MS_OF_SECOND == 0) {
        return add_part(text, ms / MS_OF_SECOND, 'S', p);
    }
    return apr_psprintf(p, "%s%d.%03dS", text, (int)(ms / MS_OF_SECOND),
                        (int)(ms % MS_OF_SECOND));
}

const char *wf_feel_duration_text(const wf_feel_duration_t *duration, apr_pool_t *p)
{
    apr_int64_t amount = duration->amount < 0 ? -duration->amount : duration->amount;
    const char *text = duration->amount < 0 ? "-P" : "P";

    if (amount == 0) {
        return duration->by_months ? "P0M" : "PT0S";
    }
    if (duration->by_months) {
        text = add_part(text, amount / MONTHS_OF_YEAR, 'Y', p);
        return add_part(text, amount % MONTHS_OF_YEAR, 'M', p);
    }
    text = add_part(text, amount / MS_OF_DAY, 'D', p);
    return amount % MS_OF_DAY
               ? apr_pstrcat(p, text, time_text(amount % MS_OF_DAY, p), NULL)
               : text;
}

/* A day is one of the calendar, also when the clocks are changed in it. */
apr_int64_t wf_feel_date_add(apr_int64_t date, const wf_feel_duration_t *duration,
                             int sign)
{
    wf_period_t period = { 0 };

    if (duration->by_months) {
        period.months = (int)duration->amount;
    }
    else {
        period.days = (int)(duration->amount / MS_OF_DAY);
        period.ms = duration->amount % MS_OF_DAY;
    }
    return wf_period_add(date, &period, sign);
}
