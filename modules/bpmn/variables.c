/* Variables belong to executions, and to tasks. Reading looks outwards: from a task to
 * the execution that waits for it, from an execution to the instance; setting changes the
 * innermost one that exists and creates on the instance otherwise. Those of an owner and
 * of all around it are read the first time a turn needs one of them. */
#include <apr_strings.h>

#include "bpmn/tell.h"

#define VALUES_MAX (256 * 1024 * 1024) /* bytes that a turn may set in all */

static const wf_bpmn_call_t *call_of(const wf_owner_t *owner)
{
    return owner->turn->call;
}

/* NULL around an instance, and around a task without one. */
static wf_owner_t *around(const wf_owner_t *owner)
{
    wf_exec_t *exec = owner->task ? owner->exec : owner->exec->parent;

    return exec ? &exec->own : NULL;
}

/* The visit in which whoever stands there changes something. */
static wf_id_t visit_of(const wf_owner_t *owner)
{
    return owner->exec ? owner->exec->row->act_inst_id : 0;
}

/* A task without a process has nobody to tell. */
static void tell_later(const wf_owner_t *owner, wf_news_e what, const wf_variable_t *row)
{
    if (owner->exec) {
        wf_tell_later(owner->exec, what, WF_ABOUT(VARIABLE, row));
    }
}

static void attach(wf_owner_t *owner, wf_variable_t *row)
{
    if (!owner->rows) {
        owner->rows = apr_hash_make(owner->turn->p);
    }
    apr_hash_set(owner->rows, row->name, APR_HASH_KEY_STRING, row);
}

static apr_status_t load_own(wf_owner_t *owner, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv =
        owner->task ? wf_uow_select(call_of(owner)->uow, WF_BY_VARIABLES_OF_TASK,
                                    owner->task->id, &rows, err)
                    : wf_uow_select(call_of(owner)->uow, WF_BY_VARIABLES_OF_EXECUTION,
                                    owner->exec->row->id, &rows, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        attach(owner, APR_ARRAY_IDX(rows, i, wf_variable_t *));
    }
    owner->loaded = rv == APR_SUCCESS;
    return rv;
}

apr_status_t wf_variables_load(wf_owner_t *at, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (; rv == APR_SUCCESS && at; at = around(at)) {
        rv = at->loaded ? APR_SUCCESS : load_own(at, err);
    }
    return rv;
}

/* A token may carry its task to another execution. */
wf_owner_t *wf_task_owner(wf_turn_t *turn, const wf_task_t *task, wf_exec_t *exec)
{
    wf_owner_t *owner = apr_hash_get(turn->tasks, &task->id, sizeof(task->id));

    if (!owner) {
        owner = apr_pcalloc(turn->p, sizeof(*owner));
        owner->turn = turn;
        owner->task = task;
        apr_hash_set(turn->tasks, &task->id, sizeof(task->id), owner);
    }
    if (exec) {
        owner->exec = exec;
    }
    return owner;
}

/* ---- reading ----------------------------------------------------------------------- */

static wf_variable_t *own(const wf_owner_t *owner, const char *name)
{
    return owner->rows ? apr_hash_get(owner->rows, name, APR_HASH_KEY_STRING) : NULL;
}

/* The innermost owner that has it; *row NULL if none has. */
static wf_owner_t *holder(wf_owner_t *at, const char *name, wf_variable_t **row)
{
    for (; at; at = around(at)) {
        *row = own(at, name);
        if (*row) {
            return at;
        }
    }
    *row = NULL;
    return NULL;
}

/* ---- lists and maps in the hands of expressions ------------------------------------ */

typedef struct lent_t {
    wf_owner_t *owner;
    wf_variable_t *row; /* key */
    wf_value_t original;
    wf_id_t visit; /* of the node where it was lent */
} lent_t;

/* The unit compares a row with what was read, so the original stays as it is and the
 * expression gets a copy of it, once a turn. */
static const wf_value_t *lend(wf_owner_t *owner, wf_variable_t *row, const wf_owner_t *to)
{
    wf_turn_t *turn = owner->turn;
    lent_t *lent;

    if ((row->value.type != WF_LIST && row->value.type != WF_MAP)
        || apr_hash_get(turn->lent, &row, sizeof(row))) {
        return &row->value;
    }
    lent = apr_palloc(turn->p, sizeof(*lent));
    lent->owner = owner;
    lent->row = row;
    lent->original = row->value;
    lent->visit = visit_of(to);
    row->value = wf_value_copy(&lent->original, turn->p);
    apr_hash_set(turn->lent, &lent->row, sizeof(lent->row), lent);
    return &row->value;
}

/* A token may have carried its task to another execution. */
static int is_over(const wf_owner_t *owner)
{
    return owner->exec
           && (owner->task ? wf_exec_current(owner->exec) : owner->exec)->ended;
}

static apr_status_t check_size(wf_turn_t *turn, const char *name, const wf_value_t *value,
                               wf_error_t *err);

/* A row that was lent is as it was, or changed. Those of an instance that was ended from
 * outside are gone. */
static apr_status_t settle(lent_t *lent, wf_error_t *err)
{
    wf_owner_t *owner = lent->owner;
    apr_status_t rv;

    if (is_over(owner) || wf_value_equal(&lent->row->value, &lent->original)) {
        lent->row->value = lent->original;
        return APR_SUCCESS;
    }
    rv = check_size(owner->turn, lent->row->name, &lent->row->value, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_uow_update(call_of(owner)->uow, lent->row);
    tell_later(owner, WF_NEWS_VARIABLE_UPDATED, lent->row);
    return wf_history_variable(owner, lent->row, lent->visit, 0, err);
}

apr_status_t wf_variables_settle(wf_turn_t *turn, wf_error_t *err)
{
    apr_hash_index_t *i;
    apr_status_t rv = APR_SUCCESS;

    for (i = apr_hash_first(turn->p, turn->lent); rv == APR_SUCCESS && i;
         i = apr_hash_next(i)) {
        rv = settle(apr_hash_this_val(i), err);
    }
    apr_hash_clear(turn->lent);
    return rv;
}

/* Whoever has it must not change the row any more; NULL: nobody. */
static lent_t *take_back(wf_owner_t *owner, wf_variable_t *row)
{
    apr_hash_t *all = owner->turn->lent;
    lent_t *lent = apr_hash_get(all, &row, sizeof(row));

    apr_hash_set(all, &row, sizeof(row), NULL);
    return lent;
}

const wf_value_t *wf_variable_get(wf_owner_t *at, const char *name)
{
    wf_variable_t *row;
    wf_owner_t *owner = holder(at, name, &row);

    return owner ? lend(owner, row, at) : NULL;
}

const wf_value_t *wf_variable_get_local(wf_owner_t *at, const char *name)
{
    wf_variable_t *row = own(at, name);

    return row ? lend(at, row, at) : NULL;
}

static void add_own(wf_map_t *variables, wf_owner_t *owner, const wf_owner_t *to)
{
    apr_hash_index_t *i =
        owner->rows ? apr_hash_first(owner->turn->p, owner->rows) : NULL;

    for (; i; i = apr_hash_next(i)) {
        wf_variable_t *row = apr_hash_this_val(i);

        if (!wf_map_get(variables, row->name)) {
            wf_map_set(variables, row->name, *lend(owner, row, to));
        }
    }
}

wf_map_t *wf_variables_visible(wf_owner_t *at)
{
    wf_map_t *visible = wf_map_create(at->turn->p);
    wf_owner_t *owner;

    for (owner = at; owner; owner = around(owner)) {
        add_own(visible, owner, at);
    }
    return visible;
}

wf_map_t *wf_variables_local(wf_owner_t *at)
{
    wf_map_t *own_ones = wf_map_create(at->turn->p);

    add_own(own_ones, at, at);
    return own_ones;
}

/* ---- writing ----------------------------------------------------------------------- */

/* Where a value goes, and who sets it. */
typedef struct target_t {
    wf_owner_t *owner;
    const wf_owner_t *by; /* who sets it */
} target_t;

static apr_status_t check_size(wf_turn_t *turn, const char *name, const wf_value_t *value,
                               wf_error_t *err)
{
    apr_int64_t most = turn->call->max_value;
    apr_size_t size = most ? wf_value_size(value) : 0;

    return size <= (apr_size_t)most
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_TOO_LARGE, name,
                                "variable '%s' has %" APR_SIZE_T_FMT
                                " bytes, at most %" APR_INT64_T_FMT
                                " are allowed (WorkflowMaxVariableSize)",
                                name, size, most);
}

static apr_status_t check_count(const wf_owner_t *owner, const char *name,
                                wf_error_t *err)
{
    int most = owner->turn->call->max_variables;

    return !most || !owner->rows || apr_hash_count(owner->rows) < (unsigned)most
               ? APR_SUCCESS
               : wf_error_field(err, WF_ERR_TOO_LARGE, name,
                                "variable '%s' would be one more than the %d that %s may "
                                "have (WorkflowMaxVariables)",
                                name, most, owner->task ? "a task" : "an execution");
}

/* The pool of the unit gives nothing back before its end, so it counts what was set, also
 * when it was replaced. */
static apr_status_t charge(wf_turn_t *turn, const char *name, const wf_value_t *value,
                           wf_error_t *err)
{
    turn->value_bytes += wf_value_size(value);
    return turn->value_bytes <= VALUES_MAX
               ? check_size(turn, name, value, err)
               : wf_error_set(err, WF_ERR_EXECUTION,
                              "variable \"%s\": values of more than %d MiB are set "
                              "without a wait state",
                              name, VALUES_MAX >> 20);
}

/* History first: what listeners do comes after it. */
static apr_status_t record(const target_t *target, wf_variable_t *row, int is_new,
                           wf_error_t *err)
{
    wf_news_e what = is_new ? WF_NEWS_VARIABLE_CREATED : WF_NEWS_VARIABLE_UPDATED;
    wf_exec_t *by = target->by->exec;
    apr_status_t rv =
        wf_history_variable(target->owner, row, visit_of(target->by), is_new, err);

    return rv == APR_SUCCESS && by ? wf_tell(by, what, WF_ABOUT(VARIABLE, row), err) : rv;
}

/* A value that did not change writes nothing. */
static apr_status_t change(const target_t *target, wf_variable_t *row,
                           const wf_value_t *value, wf_error_t *err)
{
    wf_owner_t *owner = target->owner;
    wf_value_t copy;
    apr_status_t rv;

    if (row->value.type == value->type && wf_value_equal(&row->value, value)) {
        return APR_SUCCESS;
    }
    rv = charge(owner->turn, row->name, value, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    copy = wf_value_copy(value, owner->turn->p);
    take_back(owner, row); /* what was changed in place is replaced */
    row->value = copy;
    wf_uow_update(call_of(owner)->uow, row);
    return record(target, row, 0, err);
}

/* A row names the one that it belongs to, execution or task, and the instance of both. */
static apr_status_t create(const target_t *target, const char *name,
                           const wf_value_t *value, wf_error_t *err)
{
    wf_owner_t *owner = target->owner;
    apr_pool_t *p = owner->turn->p;
    wf_variable_t *row;
    apr_status_t rv = check_count(owner, name, err);

    if (rv == APR_SUCCESS) {
        rv = charge(owner->turn, name, value, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    row = wf_uow_insert(call_of(owner)->uow, WF_TABLE_VARIABLE);
    row->name = apr_pstrdup(p, name);
    row->value = wf_value_copy(value, p);
    row->task_id = owner->task ? owner->task->id : 0;
    row->execution_id = owner->task ? 0 : owner->exec->row->id;
    row->proc_inst_id =
        owner->task ? owner->task->proc_inst_id : owner->exec->row->proc_inst_id;
    attach(owner, row);
    return record(target, row, 1, err);
}

static apr_status_t check(const char *name, const wf_value_t *value, wf_error_t *err)
{
    if (!*name) {
        return wf_error_set(err, WF_ERR_INVALID, "a variable needs a name");
    }
    if (value->type == WF_OBJECT) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "variable \"%s\" cannot hold an object of the engine", name);
    }
    return APR_SUCCESS;
}

apr_status_t wf_variables_check(const wf_map_t *variables, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && variables && i < wf_map_count(variables); i++) {
        rv = check(wf_map_key(variables, i), wf_map_at(variables, i), err);
    }
    return rv;
}

static apr_status_t set(const target_t *target, const char *name, const wf_value_t *value,
                        wf_error_t *err)
{
    wf_variable_t *row = own(target->owner, name);
    apr_status_t rv = check(name, value, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return row ? change(target, row, value, err) : create(target, name, value, err);
}

apr_status_t wf_variable_set_local(wf_owner_t *at, const char *name,
                                   const wf_value_t *value, wf_error_t *err)
{
    target_t target = { at, at };

    return set(&target, name, value, err);
}

apr_status_t wf_variable_set(wf_owner_t *at, const char *name, const wf_value_t *value,
                             wf_error_t *err)
{
    wf_variable_t *row;
    wf_owner_t *owner = holder(at, name, &row);
    target_t target = { owner      ? owner
                        : at->exec ? &at->exec->instance->root->own
                                   : at,
                        at };

    return set(&target, name, value, err);
}

apr_status_t wf_variables_set(wf_owner_t *at, const wf_map_t *variables, wf_error_t *err)
{
    apr_status_t rv;
    int i;

    if (!variables || !wf_map_count(variables)) {
        return APR_SUCCESS;
    }
    rv = wf_variables_load(at, err);
    for (i = 0; rv == APR_SUCCESS && i < wf_map_count(variables); i++) {
        rv = wf_variable_set(at, wf_map_key(variables, i), wf_map_at(variables, i), err);
    }
    return rv;
}

apr_status_t wf_variables_set_local(wf_owner_t *at, const wf_map_t *variables,
                                    wf_error_t *err)
{
    apr_status_t rv = variables ? wf_variables_load(at, err) : APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && variables && i < wf_map_count(variables); i++) {
        rv = wf_variable_set_local(at, wf_map_key(variables, i), wf_map_at(variables, i),
                                   err);
    }
    return rv;
}

/* ---- removing ---------------------------------------------------------------------- */

/* History keeps the last value. */
static apr_status_t remove_row(wf_owner_t *owner, wf_variable_t *row, wf_error_t *err)
{
    lent_t *lent = take_back(owner, row);
    apr_status_t rv = lent ? settle(lent, err) : APR_SUCCESS;

    tell_later(owner, WF_NEWS_VARIABLE_DELETED, row);
    wf_uow_delete(call_of(owner)->uow, row);
    return rv;
}

apr_status_t wf_variable_remove_local(wf_owner_t *at, const char *name, wf_error_t *err)
{
    wf_variable_t *row = own(at, name);

    if (!row) {
        return APR_SUCCESS;
    }
    apr_hash_set(at->rows, name, APR_HASH_KEY_STRING, NULL);
    return remove_row(at, row, err);
}

apr_status_t wf_variable_remove(wf_owner_t *at, const char *name, wf_error_t *err)
{
    wf_variable_t *row;
    wf_owner_t *owner = holder(at, name, &row);

    return owner ? wf_variable_remove_local(owner, name, err) : APR_SUCCESS;
}

apr_status_t wf_variables_delete(wf_owner_t *at, wf_error_t *err)
{
    apr_hash_index_t *i;
    apr_status_t rv = at->loaded ? APR_SUCCESS : load_own(at, err);

    if (rv != APR_SUCCESS || !at->rows) {
        return rv;
    }
    for (i = apr_hash_first(at->turn->p, at->rows); rv == APR_SUCCESS && i;
         i = apr_hash_next(i)) {
        rv = remove_row(at, apr_hash_this_val(i), err);
    }
    at->rows = NULL;
    return rv;
}

/* What listeners have set is not written beside rows that are purged at the same time. */
apr_status_t wf_variables_forget(wf_instance_t *instance, wf_error_t *err)
{
    apr_pool_t *p = instance->turn->p;
    apr_hash_index_t *i;
    apr_status_t rv = APR_SUCCESS;

    for (i = apr_hash_first(p, instance->execs); rv == APR_SUCCESS && i;
         i = apr_hash_next(i)) {
        wf_owner_t *own_ones = &((wf_exec_t *)apr_hash_this_val(i))->own;

        rv = own_ones->loaded ? wf_variables_delete(own_ones, err) : APR_SUCCESS;
    }
    for (i = apr_hash_first(p, instance->turn->tasks); rv == APR_SUCCESS && i;
         i = apr_hash_next(i)) {
        wf_owner_t *task = apr_hash_this_val(i);

        if (task->exec && task->exec->instance == instance && task->loaded) {
            rv = wf_variables_delete(task, err);
        }
    }
    return rv;
}

static apr_status_t copy(wf_owner_t *from, wf_owner_t *to, wf_error_t *err)
{
    apr_hash_index_t *i;
    apr_status_t rv = wf_variables_load(from, err);

    if (rv == APR_SUCCESS) {
        rv = wf_variables_load(to, err);
    }
    if (rv != APR_SUCCESS || !from->rows) {
        return rv;
    }
    for (i = apr_hash_first(from->turn->p, from->rows); i && rv == APR_SUCCESS;
         i = apr_hash_next(i)) {
        const wf_variable_t *row = apr_hash_this_val(i);

        rv = wf_variable_set_local(to, row->name, &row->value, err);
    }
    return rv;
}

apr_status_t wf_variables_copy(wf_owner_t *from, wf_owner_t *to, wf_error_t *err)
{
    wf_instance_t *instance = from->exec->instance;
    wf_news_mask_t heard = instance->heard;
    apr_status_t rv;

    instance->heard = 0;
    rv = copy(from, to, err);
    instance->heard = heard;
    return rv;
}

apr_status_t wf_variables_move(wf_owner_t *from, wf_owner_t *to, wf_error_t *err)
{
    wf_instance_t *instance = from->exec->instance;
    wf_news_mask_t heard = instance->heard;
    apr_status_t rv;

    instance->heard = 0;
    rv = copy(from, to, err);
    if (rv == APR_SUCCESS) {
        rv = wf_variables_delete(from, err);
    }
    instance->heard = heard;
    return rv;
}
