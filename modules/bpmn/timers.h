/* Texts that name times: dates, durations, repeating intervals, cron lines. Pure
 * functions: only the text, the instant given and the server's zone decide. Instants are
 * milliseconds since 1970 UTC. Private to this room. */
#ifndef WF_BPMN_TIMERS_H
#define WF_BPMN_TIMERS_H

#include <stdint.h>

#include "core/core.h"

/* ---- due.c: dates and durations ---------------------------------------------------- */

/** A due date from a date, or from a text: ISO 8601 date, date-time, or duration from
 *  now. 0 for null. WF_ERR_EXECUTION for anything else. */
apr_status_t wf_due_date(apr_int64_t *due, const wf_value_t *value, apr_int64_t now,
                         wf_error_t *err);

/* ---- interval.c: repeating intervals of ISO 8601 ------------------------------------- */

/** R3/PT10H, R/PT1H, R3/2026-03-01T00:00:00/PT1H, R/PT1H/2026-12-31T00:00:00, and start,
 *  period and end together. */
typedef struct wf_interval_t {
    apr_int64_t times; /* firings in all; 0: without limit */
    apr_int64_t start;
    int from_now; /* no start was given: the first firing is one period after now */
    wf_period_t period;
    int has_end;
    apr_int64_t end; /* no firing after that */
} wf_interval_t;

/** 1, or 0 if the text is no repeating interval; a period of nothing is none. */
int wf_interval_parse(wf_interval_t *interval, const char *text, apr_int64_t now);

/** 1 and the first firing after an instant, or 0 if there is none. Firings are counted
 * from the start, so a month's last day stays one and nothing drifts. */
int wf_interval_next(const wf_interval_t *interval, apr_int64_t after, apr_int64_t *at);

/** How many of its firings come after an instant, if they are counted; its end does not
 * matter. */
apr_int64_t wf_interval_left(const wf_interval_t *interval, apr_int64_t after);

/* ---- cron.c: cron lines as Quartz has them ------------------------------------------- */

#define WF_CRON_FIELDS 7 /* second minute hour day month weekday [year] */
#define WF_CRON_LAST_YEAR 2199
#define WF_CRON_RULES 16

/** A rule that depends on the month: L, L-3, LW, 15W, 6L, 6#3. */
typedef struct wf_cron_rule_t {
    int kind;
    int day; /* of the month, of the week from 1 = SUN, or back from the last one */
    int nth;
} wf_cron_rule_t;

typedef struct wf_cron_t {
    uint64_t sets[WF_CRON_FIELDS][4]; /* bit v - least: the field has the value v */
    wf_cron_rule_t rules[WF_CRON_RULES];
    int nrules;
    int day_field; /* which one chooses the days; -1: every day */
    int every_hour;
} wf_cron_t;

/** A line of 6 or 7 fields. One of day of month and day of week is ? or *.
 * WF_ERR_EXECUTION names the field at fault. */
apr_status_t wf_cron_parse(wf_cron_t *cron, const char *text, wf_error_t *err);

/** 1 and the first time after an instant, or 0 if there is none until the end of
 *  WF_CRON_LAST_YEAR. A time that is left out when the clocks are set forward comes as
 * much later; one that comes twice when they are set back counts once, twice in a line
 * that fires in every hour. */
int wf_cron_next(const wf_cron_t *cron, apr_int64_t after, apr_int64_t *at);

/* ---- retry_text.c: failedJobRetryTimeCycle -------------------------------------------- */

/** How many attempts a job has in all, and the pause behind one that fails now. left: what
 *  was left before that, 0 if it is the first one. 1, or 0 if the text is none. */
int wf_retry_parse(const char *text, int left, apr_int64_t now, int *retries,
                   apr_int64_t *pause_ms);

/* ---- timer_text.c -------------------------------------------------------------------- */

/** The children of a timerEventDefinition; the first one that is there counts. */
typedef enum {
    WF_TIME_DATE,
    WF_TIME_CYCLE,
    WF_TIME_DURATION,
    WF_TIME_KINDS
} wf_time_kind_e;

/** When a timer fires first, by the value of its date, duration or cycle: a text, or a
 * date that an expression gave. WF_ERR_EXECUTION for any other value, and for a cycle
 * that never fires after now. */
apr_status_t wf_timer_due(apr_int64_t *due, wf_time_kind_e kind, const wf_value_t *value,
                          apr_int64_t now, wf_error_t *err);

/** Whether wf_timer_due could understand such a value, whatever the time is. */
apr_status_t wf_timer_check(wf_time_kind_e kind, const wf_value_t *value,
                            wf_error_t *err);

/* ---- repeat.c: one firing after the other -------------------------------------------- */

/** One firing of a timer. */
typedef struct wf_firing_t {
    int comes;          /* 0: there is none */
    apr_int64_t due;    /* ms */
    const char *repeat; /* ACT_RU_JOB.REPEAT_: how it goes on, this firing counted among
                           those left; NULL: it does not */
} wf_firing_t;

/** The first firing of a timer that may fire more than once, as wf_timer_due. A cycle that
 *  never fires after now has none. */
apr_status_t wf_firing_first(wf_firing_t *firing, wf_time_kind_e kind,
                             const wf_value_t *value, apr_int64_t now, apr_pool_t *p,
                             wf_error_t *err);

/** The firing after the one of repeat, later than an instant: on the grid that the first
 *  one began, so nothing drifts; those that were missed are left out, and count as none.
 * WF_ERR_EXECUTION if repeat is no such text. */
apr_status_t wf_firing_next(wf_firing_t *firing, const char *repeat, apr_int64_t after,
                            apr_pool_t *p, wf_error_t *err);

#endif
