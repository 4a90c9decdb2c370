/* Listeners: what a file wants to have done when a process, an activity or a task begins
 * or ends, when a flow is taken, when a task gets an assignee. They run in document
 * order, within the call; what fails, fails the call. */
#include <string.h>

#include "bpmn/run.h"

/* Listeners of tasks that cause each other (an assignment that assigns …). */
#define DEPTH_MAX 20

static apr_status_t run(const wf_host_t *seen, const wf_listener_t *listener,
                        const char *kind, wf_error_t *err)
{
    wf_outcome_t outcome;
    apr_status_t rv = wf_action_run(seen, &listener->action, kind, &outcome, err);

    if (rv == APR_SUCCESS && outcome.topic) {
        rv = wf_error_set(err, WF_ERR_EXECUTION,
                          "a listener cannot wait for workers of the topic \"%s\"",
                          outcome.topic);
    }
    if (rv == APR_SUCCESS && outcome.transition) {
        rv = wf_error_set(err, WF_ERR_EXECUTION,
                          "a listener cannot choose a flow, here \"%s\"",
                          outcome.transition);
    }
    return rv == APR_SUCCESS ? rv
                             : wf_error_note(err, rv, "%s listener (line %d)",
                                             seen->event, listener->action.line);
}

/* ---- executions and flows ---------------------------------------------------------------- */

apr_status_t wf_listeners_notify(wf_exec_t *exec, const apr_array_header_t *listeners,
                                 const char *event, wf_error_t *err)
{
    wf_host_t seen = { .exec = exec, .event = event };
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && listeners && i < listeners->nelts; i++) {
        const wf_listener_t *listener = &APR_ARRAY_IDX(listeners, i, wf_listener_t);

        if (strcmp(listener->event, event) == 0) {
            seen.call = exec->instance->turn->call;
            rv = run(&seen, listener, "notify", err);
        }
    }
    return rv;
}

apr_status_t wf_visit_begin(wf_exec_t *exec, wf_error_t *err)
{
    exec->parting = 0;
    wf_history_enter(exec);
    return wf_listeners_notify(exec, exec->node->listeners, "start", err);
}

/* Once a visit: an error that one of them throws may interrupt the activity, which ends
 * the visit again. */
apr_status_t wf_visit_part(wf_exec_t *exec, wf_error_t *err)
{
    if (exec->parting) {
        return APR_SUCCESS;
    }
    exec->parting = 1;
    return wf_listeners_notify(exec, exec->node->listeners, "end", err);
}

apr_status_t wf_visit_end(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv = exec->row->act_inst_id ? wf_visit_part(exec, err) : APR_SUCCESS;

    return rv == APR_SUCCESS ? wf_history_leave(exec, err) : rv;
}

/* ---- tasks ------------------------------------------------------------------------------- */

static const apr_array_header_t *task_listeners(const wf_node_t *node)
{
    const wf_user_task_t *def = node->details;

    return node->behaviour->wait == WF_WAIT_TASK ? def->task_listeners : NULL;
}

static apr_status_t notify_all(const wf_host_t *seen, const apr_array_header_t *listeners,
                               wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < listeners->nelts; i++) {
        const wf_listener_t *listener = &APR_ARRAY_IDX(listeners, i, wf_listener_t);

        if (strcmp(listener->event, seen->event) == 0
            || strcmp(listener->event, "all") == 0) {
            rv = run(seen, listener, "task", err);
        }
    }
    return rv;
}

apr_status_t wf_task_listeners_notify(wf_exec_t *exec, wf_task_t *task, const char *event,
                                      wf_error_t *err)
{
    const apr_array_header_t *listeners = exec ? task_listeners(exec->node) : NULL;
    wf_turn_t *turn = listeners ? exec->instance->turn : NULL;
    wf_host_t seen = { .exec = exec, .task = task, .event = event };
    apr_status_t rv;

    if (!listeners || task->id == turn->refused_end) {
        return APR_SUCCESS;
    }
    if (turn->listening >= DEPTH_MAX) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "%s listeners of a task call each other for ever", event);
    }
    seen.call = turn->call;
    turn->listening++;
    rv = notify_all(&seen, listeners, err);
    turn->listening--;
    if (rv != APR_SUCCESS && strcmp(event, "delete") == 0) {
        turn->refused_end = task->id;
    }
    return rv;
}

apr_status_t wf_task_listeners_of(wf_exec_t **exec, wf_turn_t *turn,
                                  const wf_task_t *task, wf_error_t *err)
{
    const wf_model_t *model;
    const wf_node_t *node;
    apr_status_t rv;

    *exec = NULL;
    if (!task->proc_inst_id || !task->task_def_key) {
        return APR_SUCCESS;
    }
    rv = wf_models_of(turn->call, task->proc_def_id, &model, turn->p, err);
    node = rv == APR_SUCCESS ? wf_model_node(model, task->task_def_key) : NULL;
    return node && task_listeners(node) ? wf_task_waiting(exec, turn, task, err) : rv;
}

/* ---- ending from outside ------------------------------------------------------------------ */

static int hears(const apr_array_header_t *listeners, const char *event)
{
    int i;

    for (i = 0; listeners && i < listeners->nelts; i++) {
        const char *heard = APR_ARRAY_IDX(listeners, i, wf_listener_t).event;

        if (strcmp(heard, event) == 0 || strcmp(heard, "all") == 0) {
            return 1;
        }
    }
    return 0;
}

/* Most processes have none: then nothing is loaded for them. */
static int anybody_hears(const wf_model_t *model)
{
    int i, found = hears(model->listeners, "end");

    for (i = 0; !found && i < model->nodes->nelts; i++) {
        const wf_node_t *node = APR_ARRAY_IDX(model->nodes, i, const wf_node_t *);

        found = hears(node->listeners, "end") || hears(task_listeners(node), "delete");
    }
    return found;
}

static apr_status_t notify_tasks(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv =
        wf_uow_select(WF_UOW(exec), WF_BY_TASKS_OF_EXECUTION, exec->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        rv = wf_task_listeners_notify(exec, APR_ARRAY_IDX(tasks, i, wf_task_t *),
                                      "delete", err);
    }
    return rv;
}

static apr_status_t notify_one(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv =
        wf_exec_waits_for(exec, WF_WAIT_TASK) ? notify_tasks(exec, err) : APR_SUCCESS;

    return rv == APR_SUCCESS && exec->row->act_inst_id ? wf_visit_part(exec, err) : rv;
}

/* Inner ones first; the tree is as deep as sub-processes of the file are. */
static apr_status_t notify_tree(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    wf_exec_t *child;

    for (child = exec->first; rv == APR_SUCCESS && child; child = child->after) {
        rv = notify_tree(child, err);
    }
    return rv == APR_SUCCESS ? notify_one(exec, err) : rv;
}

apr_status_t wf_instance_notify_end(wf_turn_t *turn, wf_id_t id, wf_error_t *err)
{
    wf_instance_t *instance;
    wf_error_t unknown;
    apr_status_t rv;

    wf_error_init(&unknown, turn->p);
    if (wf_instance_load(&instance, turn, id, &unknown) != APR_SUCCESS
        || !anybody_hears(instance->model)) {
        return APR_SUCCESS;
    }
    rv = wf_exec_all(instance->root, err);
    if (rv == APR_SUCCESS) {
        rv = notify_tree(instance->root, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_listeners_notify(instance->root, instance->model->listeners, "end", err);
    }
    return rv == APR_SUCCESS ? wf_variables_forget(instance, err) : rv;
}
