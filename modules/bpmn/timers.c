/* Timers: an event with a timer definition, of whatever place, is armed by wf_timer_arm,
 * which plans its job; what the job does is in jobs.c. */
#include <string.h>

#include "bpmn/run.h"

static const char *const children[WF_TIME_KINDS] = {
    [WF_TIME_DATE] = "timeDate",
    [WF_TIME_CYCLE] = "timeCycle",
    [WF_TIME_DURATION] = "timeDuration",
};

/* ---- when it fires ------------------------------------------------------------------- */

static const char *const calendars[WF_TIME_KINDS] = {
    [WF_TIME_DATE] = "dueDate",
    [WF_TIME_CYCLE] = "cycle",
    [WF_TIME_DURATION] = "duration",
};

apr_status_t wf_calendar_find(wf_time_kind_e *kind, const wf_host_t *seen,
                              const wf_template_t *calendar, wf_error_t *err)
{
    wf_value_t name;
    apr_status_t rv;
    int i;

    if (!calendar) {
        return APR_SUCCESS;
    }
    rv = wf_host_eval(seen, calendar, &name, err);
    if (rv != APR_SUCCESS || name.type == WF_NULL) {
        return rv;
    }
    for (i = 0; i < WF_TIME_KINDS; i++) {
        if (name.type == WF_STRING && strcmp(calendars[i], name.as.text.data) == 0) {
            *kind = i;
            return APR_SUCCESS;
        }
    }
    return wf_error_set(err, WF_ERR_EXECUTION,
                        "activiti:businessCalendarName is \"%s\", not duration, dueDate "
                        "or cycle",
                        wf_value_print(&name, WF_UEL, wf_uow_pool(seen->call->uow)));
}

/* activiti:endDate: what comes later does not come. */
static apr_status_t cut_off(wf_firing_t *firing, const wf_host_t *seen,
                            const wf_timer_t *timer, wf_error_t *err)
{
    apr_int64_t end;
    wf_value_t value;
    apr_status_t rv;

    if (!timer->end_date || !firing->comes) {
        return APR_SUCCESS;
    }
    rv = wf_host_eval(seen, timer->end_date, &value, err);
    if (rv == APR_SUCCESS) {
        rv = wf_due_date(&end, &value, seen->call->now, err);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "cannot resolve end date \"%s\"",
                             wf_template_source(timer->end_date));
    }
    firing->comes = value.type == WF_NULL || firing->due <= end;
    return APR_SUCCESS;
}

static apr_status_t first_of_value(wf_firing_t *firing, const wf_host_t *seen,
                                   const wf_timer_t *timer, int must_come,
                                   wf_error_t *err)
{
    wf_time_kind_e kind = timer->kind;
    wf_value_t value;
    apr_status_t rv = wf_host_eval(seen, timer->text, &value, err);

    *firing = (wf_firing_t){ 0 };
    if (rv != APR_SUCCESS || value.type == WF_NULL) {
        return rv;
    }
    rv = wf_calendar_find(&kind, seen, timer->calendar, err);
    if (rv == APR_SUCCESS) {
        rv = wf_firing_first(firing, kind, &value, seen->call->now,
                             wf_uow_pool(seen->call->uow), err);
    }
    if (rv == APR_SUCCESS) {
        rv = cut_off(firing, seen, timer, err);
    }
    if (rv == APR_SUCCESS && !firing->comes && must_come) {
        rv = wf_error_set(err, WF_ERR_EXECUTION, "it does not fire any more");
    }
    return rv;
}

apr_status_t wf_timer_first(wf_firing_t *firing, const wf_host_t *seen,
                            const wf_timer_t *timer, int must_come, wf_error_t *err)
{
    apr_status_t rv = first_of_value(firing, seen, timer, must_come, err);

    if (rv != APR_SUCCESS) {
        rv = wf_error_note(err, rv, "cannot resolve due date, %s \"%s\"",
                           children[timer->kind], wf_template_source(timer->text));
    }
    return rv;
}

/* Who runs a job before its time has had that firing. */
apr_status_t wf_timer_next(wf_firing_t *firing, const wf_host_t *seen,
                           const wf_timer_t *timer, const wf_job_t *job, wf_error_t *err)
{
    apr_int64_t now = seen->call->now;
    apr_status_t rv =
        wf_firing_next(firing, job->repeat, job->due_date > now ? job->due_date : now,
                       wf_uow_pool(seen->call->uow), err);

    return rv == APR_SUCCESS ? cut_off(firing, seen, timer, err) : rv;
}

/* ---- jobs -------------------------------------------------------------------------------- */

/* An event around a scope comes as often as its timer fires, unless it interrupts. */
static int comes_again(const wf_exec_t *exec, const wf_node_t *event)
{
    return wf_event_is_around(exec, event) && !event->interrupting;
}

static void plan(wf_exec_t *exec, const wf_node_t *event, const wf_firing_t *firing)
{
    if (firing->comes) {
        wf_job_plan(exec, event, firing->due)->repeat =
            comes_again(exec, event) ? firing->repeat : NULL;
    }
}

apr_status_t wf_timer_arm(wf_exec_t *exec, const wf_node_t *event, wf_error_t *err)
{
    const wf_host_t seen = { .call = exec->instance->turn->call, .exec = exec };
    wf_firing_t firing;
    int must_come = !wf_event_is_around(exec, event); /* or its token waits for ever */
    apr_status_t rv = wf_timer_first(&firing, &seen, event->event->timer, must_come, err);

    if (rv == APR_SUCCESS) {
        plan(exec, event, &firing);
    }
    return rv;
}

apr_status_t wf_timer_arm_again(wf_exec_t *exec, const wf_job_t *job, wf_error_t *err)
{
    const wf_host_t seen = { .call = exec->instance->turn->call, .exec = exec };
    const wf_node_t *event = wf_model_node(exec->instance->model, job->handler_cfg);
    wf_firing_t firing;
    apr_status_t rv;

    if (!job->repeat || !event || !event->event || !event->event->timer) {
        return APR_SUCCESS;
    }
    rv = wf_timer_next(&firing, &seen, event->event->timer, job, err);
    if (rv == APR_SUCCESS) {
        plan(exec, event, &firing);
    }
    return rv;
}
