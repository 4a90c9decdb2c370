/* The life of an execution.
 *
 *   PENDING ──start──▶ RUNNING ──finish──▶ COMPLETED
 *                      │    ▲
 *                    pause resume          fail: FAILED,  stop: ABORTED,
 *                      ▼    │              from every state that is not final
 *                      PAUSED
 */
#include "load/internal.h"

#define PENDING WF_RUN_PENDING
#define RUNNING WF_RUN_RUNNING
#define PAUSED WF_RUN_PAUSED
#define COMPLETED WF_RUN_COMPLETED
#define FAILED WF_RUN_FAILED
#define ABORTED WF_RUN_ABORTED
#define NO (-1)

/* clang-format off */
static const signed char next_status[WF_EVS][WF_RUN_STATES] = {
    /*                PENDING    RUNNING    PAUSED     COMPLETED  FAILED  ABORTED */
    [WF_EV_START]  = { RUNNING,  NO,        NO,        NO,        NO,     NO },
    [WF_EV_PAUSE]  = { NO,       PAUSED,    NO,        NO,        NO,     NO },
    [WF_EV_RESUME] = { NO,       NO,        RUNNING,   NO,        NO,     NO },
    [WF_EV_FINISH] = { NO,       COMPLETED, NO,        NO,        NO,     NO },
    [WF_EV_FAIL]   = { FAILED,   FAILED,    FAILED,    NO,        NO,     NO },
    [WF_EV_STOP]   = { ABORTED,  ABORTED,   ABORTED,   NO,        NO,     NO },
};

static const char *const names[WF_RUN_STATES] = {
    [PENDING] = "pending",     [RUNNING] = "running", [PAUSED] = "paused",
    [COMPLETED] = "completed", [FAILED] = "failed",   [ABORTED] = "aborted",
};
/* clang-format on */

int wf_run_next_status(wf_run_status_e from, wf_run_event_e event)
{
    return next_status[event][from];
}

const char *wf_run_status_name(wf_run_status_e status)
{
    return names[status];
}

int wf_run_status_final(wf_run_status_e status)
{
    return status == COMPLETED || status == FAILED || status == ABORTED;
}

int wf_run_transit(wf_run_t *run, wf_run_event_e event)
{
    int to = wf_run_next_status(run->status, event);

    if (to == NO) {
        return 0;
    }
    wf_log(WF_LOG_DEBUG, "load: execution %s: %s -> %s", run->id, names[run->status],
           names[to]);
    run->status = to;
    if (to == RUNNING && run->start_ms == 0) {
        run->start_ms = wf_time_ms();
        run->start_us = wf_mono_us();
    }
    if (wf_run_status_final(to) && run->end_ms == 0) {
        run->end_ms = wf_time_ms();
        run->end_us = wf_mono_us();
    }
    return 1;
}
