/* The tree of executions. Its shape is Activiti 5's:
 *  1. The root is the instance and the outermost scope; alone, it carries the token.
 *  2. As soon as there are several tokens, each is a concurrent child; the root is
 * inactive.
 *  3. When one child is left, the root takes its place again: its task, job, variables
 * and open history rows move up, the child's row goes.
 *  4. A token that waits at a join is an inactive execution. */
#include <string.h>

#include "bpmn/run.h"

#define UOW(exec) ((exec)->instance->turn->call->uow)

static wf_exec_t *wrap(wf_instance_t *instance, wf_execution_t *row, wf_exec_t *parent)
{
    apr_pool_t *p = instance->turn->p;
    wf_exec_t *exec = apr_pcalloc(p, sizeof(*exec));

    exec->instance = instance;
    exec->row = row;
    exec->parent = parent;
    exec->children = apr_array_make(p, 2, sizeof(wf_exec_t *));
    exec->node = wf_model_node(instance->model, row->act_id);
    if (parent) {
        APR_ARRAY_PUSH(parent->children, wf_exec_t *) = exec;
    }
    return exec;
}

static wf_exec_t *child_at(const wf_exec_t *exec, int i)
{
    return APR_ARRAY_IDX(exec->children, i, wf_exec_t *);
}

void wf_exec_changed(wf_exec_t *exec)
{
    wf_uow_update(UOW(exec), exec->row);
}

void wf_exec_set_active(wf_exec_t *exec, int active)
{
    if (exec->row->is_active != active) {
        exec->row->is_active = active;
        wf_exec_changed(exec);
    }
}

/* ---- instances --------------------------------------------------------------------- */

static wf_instance_t *instance_of(wf_turn_t *turn, const wf_model_t *model,
                                  const char *definition_id)
{
    wf_instance_t *instance = apr_pcalloc(turn->p, sizeof(*instance));

    instance->turn = turn;
    instance->model = model;
    instance->definition_id = definition_id;
    return instance;
}

wf_instance_t *wf_instance_create(wf_turn_t *turn, const wf_model_t *model,
                                  const char *definition_id, const char *business_key)
{
    wf_instance_t *instance = instance_of(turn, model, definition_id);
    wf_execution_t *row = wf_uow_insert(turn->call->uow, WF_TABLE_EXECUTION);

    row->proc_inst_id = row->id;
    row->proc_def_id = definition_id;
    row->business_key = business_key;
    row->is_active = 1;
    row->is_scope = 1;
    instance->root = wrap(instance, row, NULL);
    instance->variables_loaded = 1; /* there can be none yet */
    return instance;
}

static wf_exec_t *find_below(wf_exec_t *exec, wf_id_t id)
{
    int i;

    if (exec->row->id == id) {
        return exec;
    }
    for (i = 0; i < exec->children->nelts; i++) {
        wf_exec_t *found = find_below(child_at(exec, i), id);

        if (found) {
            return found;
        }
    }
    return NULL;
}

wf_exec_t *wf_exec_find(const wf_instance_t *instance, wf_id_t id)
{
    return find_below(instance->root, id);
}

/* Rows come in the order of their ids and a parent is older than its children, so each
 * one's parent is in the tree already. */
static apr_status_t build_tree(wf_instance_t *instance, const apr_array_header_t *rows,
                               wf_error_t *err)
{
    apr_hash_t *known = apr_hash_make(instance->turn->p);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        wf_execution_t *row = APR_ARRAY_IDX(rows, i, wf_execution_t *);
        wf_exec_t *parent = apr_hash_get(known, &row->parent_id, sizeof(row->parent_id));
        wf_exec_t *exec;

        if (row->id != row->proc_inst_id && !parent) {
            return wf_error_set(err, WF_ERR_INTERNAL,
                                "execution %" APR_INT64_T_FMT " has no parent", row->id);
        }
        exec = wrap(instance, row, parent);
        if (!exec->node) {
            return wf_error_set(err, WF_ERR_INTERNAL,
                                "execution %" APR_INT64_T_FMT " stands on \"%s\", which "
                                "definition %s does not have",
                                row->id, row->act_id ? row->act_id : "",
                                instance->definition_id);
        }
        apr_hash_set(known, &row->id, sizeof(row->id), exec);
        if (!parent) {
            instance->root = exec;
        }
    }
    return APR_SUCCESS;
}

apr_status_t wf_instance_rows(apr_array_header_t **rows, const wf_bpmn_call_t *call,
                              wf_id_t id, wf_error_t *err)
{
    apr_status_t rv =
        wf_uow_select(call->uow, WF_BY_EXECUTIONS_OF_INSTANCE, id, rows, err);

    if (rv == APR_SUCCESS && !(*rows)->nelts) {
        rv = wf_error_set(
            err, WF_ERR_NOT_FOUND,
            "no process instance with id '%" APR_INT64_T_FMT "' is running", id);
    }
    return rv;
}

apr_status_t wf_instance_load(wf_instance_t **instance, wf_turn_t *turn, wf_id_t id,
                              wf_error_t *err)
{
    const wf_model_t *model;
    const char *definition_id;
    apr_array_header_t *rows;
    apr_status_t rv = wf_instance_rows(&rows, turn->call, id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    definition_id = APR_ARRAY_IDX(rows, 0, wf_execution_t *)->proc_def_id;
    rv = wf_models_of(turn->call, definition_id, &model, turn->p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *instance = instance_of(turn, model, definition_id);
    rv = build_tree(*instance, rows, err);
    if (rv == APR_SUCCESS && !(*instance)->root) {
        rv = wf_error_set(err, WF_ERR_INTERNAL,
                          "process instance %" APR_INT64_T_FMT " has no root execution",
                          id);
    }
    return rv;
}

static void add_activities(const wf_exec_t *exec, apr_array_header_t *activities)
{
    int i;

    if (exec->row->is_active) {
        APR_ARRAY_PUSH(activities, const char *) = exec->node->id;
    }
    for (i = 0; i < exec->children->nelts; i++) {
        add_activities(child_at(exec, i), activities);
    }
}

apr_array_header_t *wf_instance_activities(const wf_instance_t *instance)
{
    apr_array_header_t *activities =
        apr_array_make(instance->turn->p, 2, sizeof(const char *));

    if (!instance->root->ended) {
        add_activities(instance->root, activities);
    }
    return activities;
}

/* ---- tokens that become more and fewer --------------------------------------------- */

static wf_exec_t *create_child(wf_exec_t *parent, const wf_node_t *node)
{
    wf_execution_t *row = wf_uow_insert(UOW(parent), WF_TABLE_EXECUTION);

    row->proc_inst_id = parent->row->proc_inst_id;
    row->proc_def_id = parent->row->proc_def_id;
    row->parent_id = parent->row->id;
    row->act_id = node->id;
    row->is_active = 1;
    row->is_concurrent = 1;
    return wrap(parent->instance, row, parent);
}

static void detach(wf_exec_t *exec)
{
    apr_array_header_t *siblings = exec->parent->children;
    int i = 0;

    while (APR_ARRAY_IDX(siblings, i, wf_exec_t *) != exec) {
        i++;
    }
    memmove(siblings->elts + i * siblings->elt_size,
            siblings->elts + (i + 1) * siblings->elt_size,
            (siblings->nelts - i - 1) * siblings->elt_size);
    siblings->nelts--;
}

/* Take exec out of the tree; its row and its own variables go. */
static apr_status_t remove_exec(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv = wf_variables_load(exec->instance, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_variables_delete(exec);
    wf_uow_delete(UOW(exec), exec->row);
    exec->ended = 1;
    if (exec->parent) {
        detach(exec);
    }
    return APR_SUCCESS;
}

/* *task is the one that was moved, NULL if there was none. */
static apr_status_t move_tasks(wf_exec_t *child, wf_task_t **task, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv =
        wf_uow_select(UOW(child), WF_BY_TASKS_OF_EXECUTION, child->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        *task = APR_ARRAY_IDX(tasks, i, wf_task_t *);
        (*task)->execution_id = child->parent->row->id;
        wf_uow_update(UOW(child), *task);
    }
    return rv;
}

static apr_status_t move_jobs(wf_exec_t *child, wf_error_t *err)
{
    apr_array_header_t *jobs;
    apr_status_t rv = wf_uow_select(UOW(child), WF_BY_JOBS_OF_INSTANCE,
                                    child->row->proc_inst_id, &jobs, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < jobs->nelts; i++) {
        wf_job_t *job = APR_ARRAY_IDX(jobs, i, wf_job_t *);

        if (job->execution_id == child->row->id) {
            job->execution_id = child->parent->row->id;
            wf_uow_update(UOW(child), job);
        }
    }
    return rv;
}

int wf_exec_waits_for(const wf_exec_t *exec, wf_wait_e wait)
{
    return exec->node->behaviour->wait == wait && exec->row->is_active
           && exec->row->act_inst_id;
}

/* What refers to the child's row refers to its parent's from now on. Only what can be
 * there is looked for: a task, a subscription or a timer while the node waits for it, a job
 * before an asynchronous node. */
static apr_status_t move_up(wf_exec_t *child, wf_error_t *err)
{
    wf_task_t *task = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (wf_exec_waits_for(child, WF_WAIT_TASK)) {
        rv = move_tasks(child, &task, err);
    }
    else if (wf_exec_waits_for(child, WF_WAIT_EVENT)) {
        rv = wf_subscriptions_hand_up(child, err);
        if (rv == APR_SUCCESS) {
            rv = move_jobs(child, err);
        }
    }
    else if (child->node->async && !child->row->act_inst_id) {
        rv = move_jobs(child, err);
    }
    return rv == APR_SUCCESS ? wf_history_hand_up(child, task, err) : rv;
}

/* Rule 3. Operations planned for the child find the parent through replaced_by. */
static apr_status_t collapse(wf_exec_t *parent, wf_error_t *err)
{
    wf_exec_t *child;
    apr_status_t rv;

    if (parent->children->nelts != 1) {
        return APR_SUCCESS;
    }
    child = child_at(parent, 0);
    rv = wf_variables_load(parent->instance, err);
    if (rv == APR_SUCCESS) {
        rv = wf_variables_hand_up(child, err);
    }
    if (rv == APR_SUCCESS) {
        rv = move_up(child, err);
    }
    if (rv == APR_SUCCESS) {
        rv = remove_exec(child, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    parent->node = child->node;
    parent->row->act_id = child->row->act_id;
    parent->row->is_active = child->row->is_active;
    parent->row->act_inst_id = child->row->act_inst_id;
    wf_exec_changed(parent);
    child->replaced_by = parent;
    return APR_SUCCESS;
}

static int waits_at(const wf_exec_t *exec, const wf_node_t *node)
{
    return !exec->row->is_active && exec->node == node;
}

int wf_exec_count_waiting(const wf_exec_t *exec)
{
    int i, count = 0;

    if (!exec->row->is_concurrent) {
        return 1;
    }
    for (i = 0; i < exec->parent->children->nelts; i++) {
        count += waits_at(child_at(exec->parent, i), exec->node);
    }
    return count;
}

apr_array_header_t *wf_exec_waiting_beside(wf_exec_t *exec)
{
    apr_array_header_t *waiting =
        apr_array_make(exec->instance->turn->p, 2, sizeof(wf_exec_t *));
    int i;

    if (!exec->row->is_concurrent) {
        APR_ARRAY_PUSH(waiting, wf_exec_t *) = exec;
        return waiting;
    }
    for (i = 0; i < exec->parent->children->nelts; i++) {
        wf_exec_t *sibling = child_at(exec->parent, i);

        if (waits_at(sibling, exec->node)) {
            APR_ARRAY_PUSH(waiting, wf_exec_t *) = sibling;
        }
    }
    return waiting;
}

/* One execution for each flow: those that came are used again, new ones are made. A lone
 * token that forks leaves its execution behind as the inactive parent (rule 2). */
static apr_array_header_t *executions_for(wf_exec_t *const *joined, int count, int flows)
{
    wf_exec_t *first = joined[0];
    apr_array_header_t *leaving =
        apr_array_make(first->instance->turn->p, flows, sizeof(wf_exec_t *));
    wf_exec_t *parent = first->parent;
    int used = 0;

    if (!first->row->is_concurrent && flows > 1) {
        wf_exec_set_active(first, 0);
        parent = first;
        count = 0;
    }
    for (; used < flows && used < count; used++) {
        wf_exec_set_active(joined[used], 1);
        APR_ARRAY_PUSH(leaving, wf_exec_t *) = joined[used];
    }
    for (; used < flows; used++) {
        APR_ARRAY_PUSH(leaving, wf_exec_t *) = create_child(parent, first->node);
    }
    return leaving;
}

apr_status_t wf_exec_split(wf_exec_t *const *joined, int count,
                           const apr_array_header_t *flows, wf_error_t *err)
{
    wf_exec_t *parent = joined[0]->row->is_concurrent ? joined[0]->parent : NULL;
    apr_array_header_t *leaving; /* wf_exec_t *, one for each flow */
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = flows->nelts > 1 ? flows->nelts : 1; rv == APR_SUCCESS && i < count; i++) {
        rv = remove_exec(joined[i], err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    leaving = executions_for(joined, count, flows->nelts);
    if (parent) {
        rv = collapse(parent, err);
    }
    if (!flows->nelts) {
        wf_agenda_plan(joined[0], WF_OP_END, NULL);
    }
    for (i = flows->nelts - 1; rv == APR_SUCCESS && i >= 0;
         i--) { /* the first one on top */
        wf_agenda_plan(APR_ARRAY_IDX(leaving, i, wf_exec_t *), WF_OP_TAKE,
                       APR_ARRAY_IDX(flows, i, const wf_flow_t *));
    }
    return rv;
}

apr_status_t wf_exec_end(wf_exec_t *exec, wf_error_t *err)
{
    wf_exec_t *parent = exec->parent;
    apr_status_t rv;

    rv = remove_exec(exec, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return parent ? collapse(parent, err)
                  : wf_history_end(exec->instance, exec->node, err);
}
