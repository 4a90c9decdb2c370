/* Tasks: one phase of a part of a plan, run for somebody who has the whole. */
#include "load/internal.h"

#include <string.h>

/* Thresholds, outputs and the baseline are about the whole: who has that sees to them. */
static void leave_whole(wf_plan_t *plan)
{
    plan->nthresholds = 0;
    plan->outputs = NULL;
    plan->baseline.execution = NULL;
    plan->baseline.figures = NULL;
    plan->baseline.max_regression = -1;
}

apr_status_t wf_plan_take_task(wf_plan_t *plan, const wf_load_task_t *task,
                               wf_error_t *err)
{
    int phase = wf_run_phase_find(task->phase);

    if (phase < 0) {
        return wf_error_field(err, WF_ERR_INVALID, "phase", "\"%.60s\" is no phase",
                              task->phase);
    }
    if ((phase == WF_RUN_SETUP && plan->setup == NULL)
        || (phase == WF_RUN_TEARDOWN && plan->teardown == NULL)) {
        return wf_error_field(err, WF_ERR_INVALID, "phase", "the workflow has no %s",
                              task->phase);
    }
    leave_whole(plan);
    if (phase == WF_RUN_MAIN) {
        wf_plan_take_part(plan, task->weights, task->n, task->mine);
    }
    plan->without_users = phase != WF_RUN_MAIN;
    return APR_SUCCESS;
}

static apr_status_t read_variables(wf_run_t *run, const char *text, wf_error_t *err)
{
    json_object *o;
    apr_status_t rv = wf_json_read(&o, text, strlen(text), run->pool, err);

    if (rv == APR_SUCCESS && !json_object_is_type(o, json_type_object)) {
        rv = wf_error_set(err, WF_ERR_INVALID, "no object");
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "the variables of the setup");
    }
    run->initial = wf_value_from_json(o, run->pool).as.map;
    return APR_SUCCESS;
}

apr_status_t wf_run_take_task(wf_run_t *run, const wf_load_task_t *task, wf_error_t *err)
{
    run->first = run->last = (wf_run_phase_e)wf_run_phase_find(task->phase);
    run->progress = task->progress;
    run->progress_baton = task->baton;
    return task->variables != NULL ? read_variables(run, task->variables, err)
                                   : APR_SUCCESS;
}
