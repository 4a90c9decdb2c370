/* Texts that say how often a job that fails is tried, and how long it is left alone each
 * time. R5/PT5M is five attempts in all with a pause of five minutes, as on Activiti;
 * PT1M,PT5M,PT1H is one attempt and three more, each with its own pause before it, as on
 * Camunda 7. */
#include <limits.h>
#include <string.h>

#include "bpmn/timers.h"

#define MAX_PAUSE 64    /* bytes of a duration */
#define MAX_PAUSES 1000 /* of one list */

static int read_period(wf_period_t *period, const char *text, apr_size_t length)
{
    char copy[MAX_PAUSE];

    if (length >= sizeof(copy)) {
        return 0;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return wf_period_parse(period, copy);
}

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

static apr_size_t length_of(const char *item)
{
    apr_size_t length = strcspn(item, ",");

    while (length > 0 && strchr(" \t\r\n", item[length - 1])) {
        length--;
    }
    return length;
}

/* The duration of a list before attempt number `attempt` (the second is 1), the last one
 * for those behind it; how many there are, 0 if one is none. */
static int read_list(const char *text, int attempt, wf_period_t *period)
{
    int count = 0;

    for (const char *item = text; item; item = strchr(item, ',')) {
        wf_period_t next;

        item = skip_blanks(item + (count > 0));
        if (count == MAX_PAUSES || !read_period(&next, item, length_of(item))) {
            return 0;
        }
        if (count++ < attempt) {
            *period = next;
        }
    }
    return count;
}

static int read_cycle(const char *text, apr_int64_t now, int *retries,
                      wf_period_t *period)
{
    wf_interval_t cycle;

    if (!wf_interval_parse(&cycle, text, now) || !cycle.from_now || cycle.has_end) {
        return 0;
    }
    *retries = cycle.times > 0 ? (int)cycle.times : INT_MAX;
    *period = cycle.period;
    return 1;
}

int wf_retry_parse(const char *text, int left, apr_int64_t now, int *retries,
                   apr_int64_t *pause_ms)
{
    wf_period_t period;

    text = skip_blanks(text);
    if (*text == 'R') {
        if (!read_cycle(text, now, retries, &period)) {
            return 0;
        }
    }
    else {
        int count = read_list(text, INT_MAX, &period);
        int attempt = left ? count + 2 - left : 1;

        if (!count) {
            return 0;
        }
        *retries = count + 1;
        read_list(text, attempt > 1 ? attempt : 1, &period);
    }
    *pause_ms = wf_period_add(now, &period, 1) - now;
    return 1;
}
