/* Listeners: what a file wants to have done when a process, an activity or a task begins
 * or ends, when a flow is taken, when a task gets an assignee. They run in document
 * order, within the call; what fails, fails the call. */
#include <string.h>

#include "bpmn/tell.h"

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

static apr_status_t tell_history(wf_exec_t *exec, wf_news_e what, wf_error_t *err)
{
    const wf_instance_t *instance = exec->instance;

    return wf_is_heard(exec, what)
                   && wf_history_keeps(instance->turn->call, instance->model,
                                       WF_KEEP_VISITS)
               ? wf_tell(exec, what, WF_AT(NULL, NULL), err)
               : APR_SUCCESS;
}

apr_status_t wf_visit_begin(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv;

    exec->parting = 0;
    wf_history_enter(exec);
    rv = tell_history(exec, WF_NEWS_HISTORIC_ACTIVITY_CREATED, err);
    if (rv == APR_SUCCESS) {
        rv = wf_listeners_notify(exec, exec->node->listeners, "start", err);
    }
    return rv == APR_SUCCESS
               ? wf_tell(exec, WF_NEWS_ACTIVITY_STARTED, WF_AT(NULL, NULL), err)
               : rv;
}

apr_status_t wf_visit_close(wf_exec_t *exec, wf_error_t *err)
{
    int was_open = exec->row->act_inst_id != 0;
    apr_status_t rv = wf_history_leave(exec, err);

    return rv == APR_SUCCESS && was_open
               ? tell_history(exec, WF_NEWS_HISTORIC_ACTIVITY_ENDED, err)
               : rv;
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

static apr_status_t end_visit(wf_exec_t *exec, wf_news_e what, const char *reason,
                              wf_error_t *err)
{
    apr_status_t rv;

    if (!exec->row->act_inst_id) {
        return APR_SUCCESS;
    }
    rv = wf_visit_part(exec, err);
    if (rv == APR_SUCCESS) {
        rv = wf_visit_close(exec, err);
    }
    return rv == APR_SUCCESS ? wf_tell(exec, what, WF_AT(NULL, reason), err) : rv;
}

apr_status_t wf_visit_end(wf_exec_t *exec, wf_error_t *err)
{
    return end_visit(exec, WF_NEWS_ACTIVITY_COMPLETED, NULL, err);
}

apr_status_t wf_visit_cancel(wf_exec_t *exec, const char *reason, wf_error_t *err)
{
    return end_visit(exec, WF_NEWS_ACTIVITY_CANCELLED, reason, err);
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

apr_status_t wf_task_tell(wf_exec_t *exec, wf_task_t *task, const char *event,
                          wf_news_e what, wf_error_t *err)
{
    apr_status_t rv = wf_task_listeners_notify(exec, task, event, err);

    return rv == APR_SUCCESS ? wf_tell(exec, what, WF_ABOUT(TASK, task), err) : rv;
}

#define TASK_CHANGES                                                                     \
    (WF_NEWS_BIT(WF_NEWS_TASK_ASSIGNED) | WF_NEWS_BIT(WF_NEWS_ENTITY_UPDATED))

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
    return node && (task_listeners(node) || (model->heard & TASK_CHANGES))
               ? wf_task_waiting(exec, turn, task, err)
               : rv;
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
    int i, found = model->heard || hears(model->listeners, "end");

    for (i = 0; !found && i < model->nodes->nelts; i++) {
        const wf_node_t *node = APR_ARRAY_IDX(model->nodes, i, const wf_node_t *);

        found = hears(node->listeners, "end") || hears(task_listeners(node), "delete");
    }
    return found;
}

/* Those that the execution, or its task, has. */
static apr_status_t tell_variables(wf_owner_t *of, wf_error_t *err)
{
    wf_exec_t *exec = of->exec;
    apr_hash_index_t *i;
    apr_status_t rv;

    if (!wf_is_heard(exec, WF_NEWS_VARIABLE_DELETED)) {
        return APR_SUCCESS;
    }
    rv = wf_variables_load(of, err);
    i = of->rows ? apr_hash_first(of->turn->p, of->rows) : NULL;
    for (; rv == APR_SUCCESS && i; i = apr_hash_next(i)) {
        wf_tell_later(exec, WF_NEWS_VARIABLE_DELETED,
                      WF_ABOUT(VARIABLE, apr_hash_this_val(i)));
    }
    return rv;
}

static apr_status_t notify_tasks(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv =
        wf_uow_select(WF_UOW(exec), WF_BY_TASKS_OF_EXECUTION, exec->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        wf_task_t *task = APR_ARRAY_IDX(tasks, i, wf_task_t *);

        rv = wf_task_listeners_notify(exec, task, "delete", err);
        if (rv == APR_SUCCESS) {
            rv = tell_variables(wf_task_owner(exec->instance->turn, task, exec), err);
        }
        if (rv == APR_SUCCESS) {
            rv = wf_task_tell_end(exec, task, err);
        }
    }
    return rv;
}

static apr_status_t notify_visit(wf_exec_t *exec, const char *reason, wf_error_t *err)
{
    apr_status_t rv = wf_visit_part(exec, err);

    if (rv == APR_SUCCESS) {
        rv = tell_history(exec, WF_NEWS_HISTORIC_ACTIVITY_ENDED, err);
    }
    return rv == APR_SUCCESS
               ? wf_tell(exec, WF_NEWS_ACTIVITY_CANCELLED, WF_AT(NULL, reason), err)
               : rv;
}

static apr_status_t tell_jobs(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *jobs;
    apr_status_t rv;
    int i;

    if (!wf_is_heard(exec, WF_NEWS_JOB_CANCELED)
        && !wf_is_heard(exec, WF_NEWS_ENTITY_DELETED)) {
        return APR_SUCCESS;
    }
    rv = wf_uow_select(WF_UOW(exec), WF_BY_JOBS_OF_EXECUTION, exec->row->id, &jobs, err);
    for (i = 0; rv == APR_SUCCESS && i < jobs->nelts; i++) {
        wf_job_tell_cancelled(exec, APR_ARRAY_IDX(jobs, i, wf_job_t *));
    }
    return rv;
}


static apr_status_t notify_one(wf_exec_t *exec, const char *reason, wf_error_t *err)
{
    apr_status_t rv =
        wf_exec_waits_for(exec, WF_WAIT_TASK) ? notify_tasks(exec, err) : APR_SUCCESS;

    if (rv == APR_SUCCESS) {
        rv = tell_jobs(exec, err);
    }
    if (rv == APR_SUCCESS && exec->row->act_inst_id) {
        rv = notify_visit(exec, reason, err);
    }
    if (rv == APR_SUCCESS && exec->parent) {
        rv = tell_variables(&exec->own, err);
        wf_tell_later(exec, WF_NEWS_ENTITY_DELETED, WF_ABOUT(EXECUTION, exec->row));
    }
    return rv;
}

/* Inner ones first; the tree is as deep as sub-processes of the file are. */
static apr_status_t notify_tree(wf_exec_t *exec, const char *reason, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    wf_exec_t *child;

    for (child = exec->first; rv == APR_SUCCESS && child; child = child->after) {
        rv = notify_tree(child, reason, err);
    }
    return rv == APR_SUCCESS ? notify_one(exec, reason, err) : rv;
}

static apr_status_t notify_process(wf_exec_t *root, const wf_ending_t *ending,
                                   wf_error_t *err)
{
    wf_about_t about = { WF_ENTITY_INSTANCE, root->row, NULL, ending->text };
    apr_status_t rv =
        wf_listeners_notify(root, root->instance->model->listeners, "end", err);

    return rv == APR_SUCCESS ? wf_tell(root, ending->what, about, err) : rv;
}

apr_status_t wf_instance_notify_end(wf_turn_t *turn, wf_id_t id,
                                    const wf_ending_t *ending, const char *reason,
                                    wf_error_t *err)
{
    int looked = turn->looks;
    wf_instance_t *instance;
    wf_error_t unknown;
    apr_status_t rv;

    wf_error_init(&unknown, turn->p);
    turn->looks = 1; /* a suspended one ends, too */
    rv = wf_instance_load(&instance, turn, id, &unknown);
    turn->looks = looked;
    if (rv != APR_SUCCESS || !anybody_hears(instance->model)) {
        return APR_SUCCESS;
    }
    rv = wf_exec_all(instance->root, err);
    if (rv == APR_SUCCESS) {
        rv = notify_tree(instance->root, reason, err);
    }
    if (rv == APR_SUCCESS) {
        rv = notify_process(instance->root, ending, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_instance_tell_gone(instance, err);
    }
    return rv == APR_SUCCESS ? wf_variables_forget(instance, err) : rv;
}

apr_status_t wf_instance_tell_gone(wf_instance_t *instance, wf_error_t *err)
{
    wf_exec_t *root = instance->root;
    apr_status_t rv = tell_variables(&root->own, err);

    if (rv == APR_SUCCESS
        && wf_history_keeps(instance->turn->call, instance->model, WF_KEEP_INSTANCES)) {
        rv = wf_tell(root, WF_NEWS_HISTORIC_PROCESS_ENDED, WF_AT(NULL, NULL), err);
    }
    wf_tell_later(root, WF_NEWS_ENTITY_DELETED, WF_ABOUT(INSTANCE, root->row));
    if (rv == APR_SUCCESS) {
        rv = wf_news_flush(instance->turn, err);
    }
    instance->heard = 0;
    return rv;
}
