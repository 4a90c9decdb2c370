/* Repeating intervals of ISO 8601, as timeCycle has them. */
#include <string.h>

#include <apr_lib.h>

#include "bpmn/timers.h"

#define PARTS 4
#define MAX_PART 64
#define MAX_TIMES 1000000000

#define HOUR ((apr_int64_t)60 * 60 * 1000)
#define DAY (24 * HOUR)

/* ---- reading ----------------------------------------------------------------------- */

/* How many parts there are between slashes; 0 if they are too many or too long. */
static int split(const char *text, char parts[PARTS][MAX_PART])
{
    int count;

    for (count = 0; count < PARTS; count++) {
        apr_size_t length = strcspn(text, "/");

        if (length >= MAX_PART) {
            return 0;
        }
        memcpy(parts[count], text, length);
        parts[count][length] = '\0';
        if (!text[length]) {
            return count + 1;
        }
        text += length + 1;
    }
    return 0;
}

/* "R", "R3". */
static int read_times(const char *s, apr_int64_t *times)
{
    *times = 0;
    if (*s++ != 'R') {
        return 0;
    }
    if (!*s) {
        return 1;
    }
    for (; apr_isdigit(*s); s++) {
        *times = *times * 10 + (*s - '0');
        if (*times > MAX_TIMES) {
            return 0;
        }
    }
    return !*s && *times > 0;
}

/* The shortest time that it can be in elapsed time. */
static apr_int64_t shortest(const wf_period_t *period)
{
    return period->years * 365 * DAY + period->months * 28 * DAY
           + period->days * 23 * HOUR + period->ms;
}

/* The parts behind the first: start/period, period/end, or all three. */
static int read_parts(wf_interval_t *interval, char parts[PARTS][MAX_PART], int count,
                      apr_int64_t now)
{
    int at = 1;

    interval->from_now = *parts[1] == 'P';
    interval->start = now;
    if (!interval->from_now && !wf_date_parse(&interval->start, parts[at++])) {
        return 0;
    }
    if (at == count || !wf_period_parse(&interval->period, parts[at++])) {
        return 0;
    }
    interval->has_end = at < count;
    return at == count
           || (wf_date_parse(&interval->end, parts[at]) && at + 1 == count);
}

int wf_interval_parse(wf_interval_t *interval, const char *text, apr_int64_t now)
{
    char parts[PARTS][MAX_PART];
    int count = split(text, parts);

    memset(interval, 0, sizeof(*interval));
    return count >= 2 && read_times(parts[0], &interval->times)
           && read_parts(interval, parts, count, now) && shortest(&interval->period) > 0;
}

/* ---- firings ----------------------------------------------------------------------- */

static apr_int64_t firing(const wf_interval_t *interval, apr_int64_t number)
{
    return wf_period_add(interval->start, &interval->period, number);
}

/* The number of the first firing after an instant. Numbers grow with time, and no period
 * is shorter than its shortest: so the last one that can be it is known. */
static apr_int64_t first_after(const wf_interval_t *interval, apr_int64_t least,
                               apr_int64_t after)
{
    apr_int64_t low = least, high;

    if (firing(interval, least) > after) {
        return least;
    }
    high = (after - interval->start) / shortest(&interval->period) + 2;
    while (high - low > 1) {
        apr_int64_t middle = low + (high - low) / 2;

        if (firing(interval, middle) > after) {
            high = middle;
        }
        else {
            low = middle;
        }
    }
    return high;
}

apr_int64_t wf_interval_left(const wf_interval_t *interval, apr_int64_t after)
{
    apr_int64_t least = interval->from_now ? 1 : 0;
    apr_int64_t passed = first_after(interval, least, after) - least;

    return passed < interval->times ? interval->times - passed : 0;
}

int wf_interval_next(const wf_interval_t *interval, apr_int64_t after, apr_int64_t *at)
{
    apr_int64_t least = interval->from_now ? 1 : 0;
    apr_int64_t number = first_after(interval, least, after);

    if (interval->times && number >= least + interval->times) {
        return 0;
    }
    *at = firing(interval, number);
    return !interval->has_end || *at <= interval->end;
}
