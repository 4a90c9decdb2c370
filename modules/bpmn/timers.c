/* Timers: an event with a timer definition, of whatever place, is armed by wf_timer_arm;
 * what its job does is a handler of its own in jobs.c. */
#include "bpmn/run.h"

static const char *const children[WF_TIME_KINDS] = {
    [WF_TIME_DATE] = "timeDate",
    [WF_TIME_CYCLE] = "timeCycle",
    [WF_TIME_DURATION] = "timeDuration",
};

apr_status_t wf_timer_arm(wf_exec_t *exec, const wf_node_t *event, wf_error_t *err)
{
    const wf_timer_t *timer = event->event->timer;
    wf_value_t value;
    apr_int64_t due;
    apr_status_t rv = wf_exec_eval(exec, timer->text, &value, err);

    if (rv == APR_SUCCESS && value.type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv =
            wf_timer_due(&due, timer->kind, &value, exec->instance->turn->call->now, err);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "cannot resolve due date, %s \"%s\"",
                             children[timer->kind], wf_template_source(timer->text));
    }
    wf_job_plan(exec, event, due);
    return APR_SUCCESS;
}
