/* Fuzz target of the texts of timers. The first byte chooses zone and kind ('0' date, '1'
 * cycle, '2' duration, '3' attempts of a job; '4' to '7' the same in a zone that changes
 * its clocks), the rest is the text. Whatever it is: a time, or an error that says why
 * not; a cycle fires after the instant it was asked for, and what fires next comes later
 * still. */
#include "bpmn/timers.h"
#include "fuzz.h"

#define NOW 1774745999000 /* 2026-03-29T02:59:59+02:00: not shown by clocks in Berlin */
#define FIRINGS 3

static void fuzz_cycle(wf_time_kind_e kind, const char *text, apr_pool_t *p)
{
    wf_value_t value = wf_string(text);
    apr_int64_t now = NOW, due;
    int i;

    for (i = 0; i < FIRINGS; i++, now = due) {
        wf_error_t err;

        wf_error_init(&err, p);
        if (wf_timer_due(&due, kind, &value, now, &err) != APR_SUCCESS) {
            if (err.kind != WF_ERR_EXECUTION || !err.message
                || !wf_utf8_valid(err.message, strlen(err.message))) {
                abort();
            }
            return;
        }
        if (kind == WF_TIME_CYCLE && due <= now) {
            abort();
        }
    }
}

/* What a job keeps can be read again, and each firing comes after the one before. */
static void fuzz_repeat(wf_time_kind_e kind, const char *text, apr_pool_t *p)
{
    wf_value_t value = wf_string(text);
    wf_firing_t firing, next;
    wf_error_t err;
    int i;

    wf_error_init(&err, p);
    if (wf_firing_first(&firing, kind, &value, NOW, p, &err) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < FIRINGS && firing.comes && firing.repeat; i++, firing = next) {
        if (wf_firing_next(&next, firing.repeat, firing.due, p, &err) != APR_SUCCESS
            || (next.comes && next.due <= firing.due)) {
            abort();
        }
    }
}

/* There is an attempt, and a pause before the next one. */
static void fuzz_retry(const char *text)
{
    int left, retries;
    apr_int64_t pause;

    for (left = 0; left < 4; left++) {
        if (wf_retry_parse(text, left, NOW, &retries, &pause)
            && (retries < 1 || pause < 0)) {
            abort();
        }
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const char *text;

    if (size == 0) {
        return;
    }
    fuzz_zone(data[0] >> 2 & 1);
    text = apr_pstrmemdup(p, (const char *)data + 1, size - 1);
    if ((data[0] & 3) == WF_TIME_KINDS) {
        fuzz_retry(text);
    }
    else {
        fuzz_cycle(data[0] & 3, text, p);
        fuzz_repeat(data[0] & 3, text, p);
    }
}
