/* The life of an execution: every event in every state. */
#include "../tap.h"
#include "load/internal.h"

#include <apr_general.h>

static const char *const events[WF_EVS] = {
    [WF_EV_START] = "start",   [WF_EV_PAUSE] = "pause", [WF_EV_RESUME] = "resume",
    [WF_EV_FINISH] = "finish", [WF_EV_FAIL] = "fail",   [WF_EV_STOP] = "stop",
};

/* What is not listed is refused. */
static const struct {
    const char *from;
    wf_run_event_e event;
    const char *to;
} moves[] = {
    { "pending", WF_EV_START, "running" }, { "running", WF_EV_PAUSE, "paused" },
    { "paused", WF_EV_RESUME, "running" }, { "running", WF_EV_FINISH, "completed" },
    { "pending", WF_EV_FAIL, "failed" },   { "running", WF_EV_FAIL, "failed" },
    { "paused", WF_EV_FAIL, "failed" },    { "pending", WF_EV_STOP, "aborted" },
    { "running", WF_EV_STOP, "aborted" },  { "paused", WF_EV_STOP, "aborted" },
};

static const char *expected(const char *from, wf_run_event_e event)
{
    size_t i;

    for (i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        if (strcmp(moves[i].from, from) == 0 && moves[i].event == event) {
            return moves[i].to;
        }
    }
    return "refused";
}

int main(void)
{
    int from, event;

    apr_initialize();
    for (from = 0; from < WF_RUN_STATES; from++) {
        const char *name = wf_run_status_name(from);
        int leaves = 0;

        for (event = 0; event < WF_EVS; event++) {
            int to = wf_run_next_status(from, event);

            leaves |= to >= 0;
            is_str(to < 0 ? "refused" : wf_run_status_name(to), expected(name, event),
                   "%s, %s", name, events[event]);
        }
        is_int(wf_run_status_final(from), !leaves, "%s is%s final", name,
               leaves ? " not" : "");
    }
    apr_terminate();
    return done_testing();
}
