/* User tasks: the task row made when a token arrives. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"
#include "bpmn/tell.h"

/* ---- texts of a new task ----------------------------------------------------------- */

/* A name or description that cannot be evaluated is shown as it was written: somebody has
 * to see the task to put it right. */
static const char *text_or_source(wf_exec_t *exec, const wf_template_t *expression)
{
    const char *text;
    wf_error_t err;

    wf_error_init(&err, exec->instance->turn->p);
    if (wf_exec_text(exec, expression, &text, &err) != APR_SUCCESS) {
        wf_log(WF_LOG_DEBUG, "task of activity %s: %s", exec->node->id, err.message);
        exec->instance->turn->thrown = NULL;
        return wf_template_source(expression);
    }
    return text;
}

/* NULL for null and for the empty text: nobody is called "". */
static apr_status_t somebody(wf_exec_t *exec, const wf_template_t *expression,
                             const char *what, const char **id, wf_error_t *err)
{
    apr_status_t rv = wf_exec_text(exec, expression, id, err);

    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "%s", what);
    }
    if (*id && !**id) {
        *id = NULL;
    }
    return APR_SUCCESS;
}

apr_status_t wf_task_priority(int *priority, const wf_value_t *value, wf_error_t *err)
{
    apr_int64_t number = WF_TASK_DEFAULT_PRIORITY;
    int ok = 1;

    if (wf_is_integer(value)) {
        number = value->as.integer;
    }
    else if (value->type == WF_DOUBLE) {
        ok = value->as.number > -2147483649.0 && value->as.number < 2147483648.0;
        number = ok ? (apr_int64_t)value->as.number : 0;
    }
    else if (value->type == WF_STRING) {
        ok = wf_parse_int64(value->as.text.data, &number);
    }
    else {
        ok = value->type == WF_NULL;
    }
    if (!ok || number < -2147483647 - 1 || number > 2147483647) {
        return wf_error_set(err, WF_ERR_EXECUTION, "the value is no 32-bit number");
    }
    *priority = (int)number;
    return APR_SUCCESS;
}

/* Null is no due date. */
static apr_status_t set_due_date(wf_exec_t *exec, const wf_user_task_t *def,
                                 wf_task_t *task, wf_error_t *err)
{
    const wf_bpmn_call_t *call = exec->instance->turn->call;
    wf_host_t seen = { .call = call, .exec = exec };
    wf_time_kind_e kind = WF_TIME_DATE;
    wf_value_t value;
    apr_status_t rv = wf_exec_eval(exec, def->due_date, &value, err);

    if (rv == APR_SUCCESS && value.type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = wf_calendar_find(&kind, &seen, def->calendar, err);
    }
    return rv == APR_SUCCESS ? wf_timer_due(&task->due_date, kind, &value, call->now, err)
                             : rv;
}

static apr_status_t set_numbers(wf_exec_t *exec, const wf_user_task_t *def,
                                wf_task_t *task, wf_error_t *err)
{
    wf_value_t value;
    apr_status_t rv = APR_SUCCESS;

    task->priority = WF_TASK_DEFAULT_PRIORITY;
    if (def->due_date) {
        rv = set_due_date(exec, def, task, err);
        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "dueDate");
        }
    }
    if (def->priority) {
        rv = wf_exec_eval(exec, def->priority, &value, err);
        if (rv == APR_SUCCESS) {
            rv = wf_task_priority(&task->priority, &value, err);
        }
        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "priority");
        }
    }
    return APR_SUCCESS;
}

static apr_status_t set_category(wf_exec_t *exec, const wf_user_task_t *def,
                                 wf_task_t *task, wf_error_t *err)
{
    apr_status_t rv = wf_exec_text(exec, def->category, &task->category, err);

    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "category");
}

/* ---- candidates -------------------------------------------------------------------- */

typedef struct candidates_t {
    wf_exec_t *exec;
    const wf_task_t *task;
    const char *type; /* of the links */
    int groups;       /* group ids, not user ids */
    const char *what; /* the attribute, for errors */
    apr_hash_t *seen;
} candidates_t;

static void add_candidate(candidates_t *c, const char *id)
{
    wf_identitylink_t *link;

    if (!*id || apr_hash_get(c->seen, id, APR_HASH_KEY_STRING)) {
        return;
    }
    apr_hash_set(c->seen, id, APR_HASH_KEY_STRING, id);
    link = wf_uow_insert(c->exec->instance->turn->call->uow, WF_TABLE_IDENTITYLINK);
    link->type = c->type;
    link->task_id = c->task->id;
    if (c->groups) {
        link->group_id = id;
    }
    else {
        link->user_id = id;
    }
    wf_history_link_created(c->exec, link);
    WF_TELL_MADE(c->exec, LINK, link);
}

/* The text of an expression may again be a comma list. */
static apr_status_t add_value(candidates_t *c, const wf_value_t *value, wf_error_t *err)
{
    apr_array_header_t *ids;
    int i;

    if (value->type != WF_STRING) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "%s: %s where a text or a list of texts is expected", c->what,
                            wf_type_name(value->type));
    }
    ids = wf_split_list(value->as.text.data, c->exec->instance->turn->p);
    for (i = 0; i < ids->nelts; i++) {
        add_candidate(c, APR_ARRAY_IDX(ids, i, const char *));
    }
    return APR_SUCCESS;
}

static apr_status_t add_part(candidates_t *c, const wf_template_t *part, wf_error_t *err)
{
    wf_value_t value;
    apr_status_t rv = wf_exec_eval(c->exec, part, &value, err);
    int i;

    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "%s", c->what);
    }
    if (value.type != WF_LIST) {
        return add_value(c, &value, err);
    }
    for (i = 0; rv == APR_SUCCESS && i < wf_list_count(value.as.list); i++) {
        rv = add_value(c, wf_list_at(value.as.list, i), err);
    }
    return rv;
}

static apr_status_t add_parts(candidates_t c, const apr_array_header_t *parts,
                              wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    c.seen = apr_hash_make(c.exec->instance->turn->p);
    for (i = 0; rv == APR_SUCCESS && i < parts->nelts; i++) {
        rv = add_part(&c, APR_ARRAY_IDX(parts, i, const wf_template_t *), err);
    }
    return rv;
}

/* The users and groups of one type of link. */
static apr_status_t add_links(wf_exec_t *exec, const wf_task_t *task,
                              const wf_custom_link_t *links, wf_error_t *err)
{
    apr_pool_t *p = exec->instance->turn->p;
    candidates_t users = { .exec = exec,
                           .task = task,
                           .type = links->type,
                           .what = apr_pstrcat(p, links->type, "Users", NULL) };
    candidates_t groups = { .exec = exec,
                            .task = task,
                            .type = links->type,
                            .groups = 1,
                            .what = apr_pstrcat(p, links->type, "Groups", NULL) };
    apr_status_t rv = add_parts(users, links->users, err);

    if (rv == APR_SUCCESS) {
        rv = add_parts(groups, links->groups, err);
    }
    return rv;
}

static apr_status_t set_people(wf_exec_t *exec, const wf_user_task_t *def,
                               wf_task_t *task, wf_error_t *err)
{
    wf_custom_link_t candidates = { "candidate", def->candidate_users,
                                    def->candidate_groups };
    int i;
    apr_status_t rv = somebody(exec, def->assignee, "assignee", &task->assignee, err);

    if (rv == APR_SUCCESS) {
        rv = somebody(exec, def->owner, "owner", &task->owner, err);
    }
    if (rv == APR_SUCCESS) {
        rv = add_links(exec, task, &candidates, err);
    }
    for (i = 0; rv == APR_SUCCESS && def->links && i < def->links->nelts; i++) {
        rv = add_links(exec, task, &APR_ARRAY_IDX(def->links, i, wf_custom_link_t), err);
    }
    return rv;
}

apr_status_t wf_user_task_rename(wf_exec_t *exec, wf_task_t *task, wf_error_t *err)
{
    const wf_user_task_t *def = exec->node->details;
    apr_status_t rv = wf_exec_text(exec, def->form_key, &task->form_key, err);

    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "form of task \"%s\"", exec->node->id);
    }
    task->proc_def_id = exec->row->proc_def_id;
    task->task_def_key = exec->node->id;
    wf_uow_update(WF_UOW(exec), task);
    return wf_history_task_renamed(exec->instance->turn->call, task, err);
}

/* ---- steps ------------------------------------------------------------------------- */

static apr_status_t fill(wf_exec_t *exec, wf_task_t *task, wf_error_t *err)
{
    const wf_user_task_t *def = exec->node->details;
    apr_status_t rv;

    task->execution_id = exec->row->id;
    task->proc_inst_id = exec->row->proc_inst_id;
    task->proc_def_id = exec->row->proc_def_id;
    task->task_def_key = exec->node->id;
    task->create_time = exec->instance->turn->call->now;
    task->name = text_or_source(exec, def->name);
    task->description = text_or_source(exec, def->description);
    wf_tell_later(exec, WF_NEWS_ENTITY_CREATED, WF_ABOUT(TASK, task));
    rv = set_numbers(exec, def, task, err);
    if (rv == APR_SUCCESS) {
        rv = set_category(exec, def, task, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_exec_text(exec, def->form_key, &task->form_key, err);
    }
    return rv == APR_SUCCESS ? set_people(exec, def, task, err) : rv;
}

/* Who listens hears of the assignee that the file names before the task is created. */
static apr_status_t tell(wf_exec_t *exec, wf_task_t *task, wf_error_t *err)
{
    apr_status_t rv = wf_history_task_created(exec, task, err);

    if (rv == APR_SUCCESS && task->assignee) {
        rv = wf_task_tell(exec, task, "assignment", WF_NEWS_TASK_ASSIGNED, err);
    }
    wf_tell_later(exec, WF_NEWS_ENTITY_INITIALIZED, WF_ABOUT(TASK, task));
    return rv == APR_SUCCESS
               ? wf_task_tell(exec, task, "create", WF_NEWS_TASK_CREATED, err)
               : rv;
}

apr_status_t wf_user_task_enter(wf_exec_t *exec, wf_error_t *err)
{
    wf_task_t *task;
    int skip;
    apr_status_t rv = wf_skip(exec, exec->node->skip, NULL, &skip, err);

    if (rv != APR_SUCCESS || skip) {
        wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
        return rv;
    }
    task = wf_uow_insert(WF_UOW(exec), WF_TABLE_TASK);
    rv = fill(exec, task, err);
    return rv == APR_SUCCESS ? tell(exec, task, err) : rv;
}

/* The task was completed (tasks.c). */
apr_status_t wf_user_task_signal(wf_exec_t *exec, wf_error_t *err)
{
    (void)err;
    wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
    return APR_SUCCESS;
}
