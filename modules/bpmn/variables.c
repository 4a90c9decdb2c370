/* Variables belong to executions. Reading looks outwards from an execution to the
 * instance; setting changes the innermost one that exists and creates on the instance
 * otherwise. Those of an execution and of all around it are read the first time a turn
 * needs one of them. */
#include <apr_strings.h>

#include "bpmn/run.h"

static void attach(wf_exec_t *exec, wf_variable_t *row)
{
    if (!exec->variables) {
        exec->variables = apr_hash_make(exec->instance->turn->p);
    }
    apr_hash_set(exec->variables, row->name, APR_HASH_KEY_STRING, row);
}

static apr_status_t load_own(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select(WF_UOW(exec), WF_BY_VARIABLES_OF_EXECUTION,
                                    exec->row->id, &rows, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        attach(exec, APR_ARRAY_IDX(rows, i, wf_variable_t *));
    }
    exec->variables_loaded = rv == APR_SUCCESS;
    return rv;
}

apr_status_t wf_variables_load(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (; rv == APR_SUCCESS && exec; exec = exec->parent) {
        rv = exec->variables_loaded ? APR_SUCCESS : load_own(exec, err);
    }
    return rv;
}

/* ---- reading ----------------------------------------------------------------------- */

static wf_variable_t *own(const wf_exec_t *exec, const char *name)
{
    return exec->variables ? apr_hash_get(exec->variables, name, APR_HASH_KEY_STRING)
                           : NULL;
}

/* The innermost scope that has it; *row NULL if none has. */
static wf_exec_t *holder(wf_exec_t *exec, const char *name, wf_variable_t **row)
{
    for (; exec; exec = exec->parent) {
        *row = own(exec, name);
        if (*row) {
            return exec;
        }
    }
    *row = NULL;
    return NULL;
}

/* ---- lists and maps in the hands of expressions ------------------------------------ */

typedef struct lent_t {
    wf_exec_t *exec;    /* whose it is */
    wf_variable_t *row; /* key */
    wf_value_t original;
    wf_id_t visit; /* of the node where it was lent */
} lent_t;

/* The unit compares a row with what was read, so the original stays as it is and the
 * expression gets a copy of it, once a turn. */
static const wf_value_t *lend(wf_exec_t *exec, wf_variable_t *row, const wf_exec_t *to)
{
    wf_turn_t *turn = exec->instance->turn;
    lent_t *lent;

    if ((row->value.type != WF_LIST && row->value.type != WF_MAP)
        || apr_hash_get(turn->lent, &row, sizeof(row))) {
        return &row->value;
    }
    lent = apr_palloc(turn->p, sizeof(*lent));
    lent->exec = exec;
    lent->row = row;
    lent->original = row->value;
    lent->visit = to->row->act_inst_id;
    row->value = wf_value_copy(&lent->original, turn->p);
    apr_hash_set(turn->lent, &lent->row, sizeof(lent->row), lent);
    return &row->value;
}

/* A row that was lent is as it was, or changed. Those of an instance that was ended from
 * outside are gone. */
static apr_status_t settle(lent_t *lent, wf_error_t *err)
{
    wf_exec_t *exec = lent->exec;

    if (exec->ended || wf_value_equal(&lent->row->value, &lent->original)) {
        lent->row->value = lent->original;
        return APR_SUCCESS;
    }
    wf_uow_update(WF_UOW(exec), lent->row);
    return wf_history_variable(exec->instance, lent->row, lent->visit, 0, err);
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
static lent_t *take_back(wf_exec_t *exec, wf_variable_t *row)
{
    apr_hash_t *all = exec->instance->turn->lent;
    lent_t *lent = apr_hash_get(all, &row, sizeof(row));

    apr_hash_set(all, &row, sizeof(row), NULL);
    return lent;
}

const wf_value_t *wf_variable_get(wf_exec_t *exec, const char *name)
{
    wf_variable_t *row;
    wf_exec_t *scope = holder(exec, name, &row);

    return scope ? lend(scope, row, exec) : NULL;
}

const wf_value_t *wf_variable_get_local(wf_exec_t *exec, const char *name)
{
    wf_variable_t *row = own(exec, name);

    return row ? lend(exec, row, exec) : NULL;
}

static void add_own(wf_map_t *variables, wf_exec_t *exec, const wf_exec_t *to)
{
    apr_hash_index_t *i =
        exec->variables ? apr_hash_first(exec->instance->turn->p, exec->variables) : NULL;

    for (; i; i = apr_hash_next(i)) {
        wf_variable_t *row = apr_hash_this_val(i);

        if (!wf_map_get(variables, row->name)) {
            wf_map_set(variables, row->name, *lend(exec, row, to));
        }
    }
}

wf_map_t *wf_variables_visible(wf_exec_t *exec)
{
    wf_map_t *visible = wf_map_create(exec->instance->turn->p);
    const wf_exec_t *to = exec;

    for (; exec; exec = exec->parent) {
        add_own(visible, exec, to);
    }
    return visible;
}

wf_map_t *wf_variables_local(wf_exec_t *exec)
{
    wf_map_t *own_ones = wf_map_create(exec->instance->turn->p);

    add_own(own_ones, exec, exec);
    return own_ones;
}

/* ---- writing ----------------------------------------------------------------------- */

/* Where a value goes, and who sets it. */
typedef struct target_t {
    wf_exec_t *exec;
    wf_id_t visit; /* of the node where whoever sets it is */
} target_t;

/* A value that did not change writes nothing. */
static apr_status_t change(const target_t *target, wf_variable_t *row,
                           const wf_value_t *value, wf_error_t *err)
{
    wf_exec_t *exec = target->exec;
    wf_value_t copy;

    if (row->value.type == value->type && wf_value_equal(&row->value, value)) {
        return APR_SUCCESS;
    }
    copy = wf_value_copy(value, exec->instance->turn->p);
    take_back(exec, row); /* what was changed in place is replaced */
    row->value = copy;
    wf_uow_update(WF_UOW(exec), row);
    return wf_history_variable(exec->instance, row, target->visit, 0, err);
}

static apr_status_t create(const target_t *target, const char *name,
                           const wf_value_t *value, wf_error_t *err)
{
    wf_exec_t *exec = target->exec;
    apr_pool_t *p = exec->instance->turn->p;
    wf_variable_t *row = wf_uow_insert(WF_UOW(exec), WF_TABLE_VARIABLE);

    row->name = apr_pstrdup(p, name);
    row->value = wf_value_copy(value, p);
    row->execution_id = exec->row->id;
    row->proc_inst_id = exec->row->proc_inst_id;
    attach(exec, row);
    return wf_history_variable(exec->instance, row, target->visit, 1, err);
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
    wf_variable_t *row = own(target->exec, name);
    apr_status_t rv = check(name, value, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return row ? change(target, row, value, err) : create(target, name, value, err);
}

apr_status_t wf_variable_set_local(wf_exec_t *exec, const char *name,
                                   const wf_value_t *value, wf_error_t *err)
{
    target_t target = { exec, exec->row->act_inst_id };

    return set(&target, name, value, err);
}

apr_status_t wf_variable_set(wf_exec_t *exec, const char *name, const wf_value_t *value,
                             wf_error_t *err)
{
    wf_variable_t *row;
    wf_exec_t *scope = holder(exec, name, &row);
    target_t target = { scope ? scope : exec->instance->root, exec->row->act_inst_id };

    return set(&target, name, value, err);
}

apr_status_t wf_variables_set(wf_exec_t *exec, const wf_map_t *variables, wf_error_t *err)
{
    apr_status_t rv;
    int i;

    if (!variables || !wf_map_count(variables)) {
        return APR_SUCCESS;
    }
    rv = wf_variables_load(exec, err);
    for (i = 0; rv == APR_SUCCESS && i < wf_map_count(variables); i++) {
        rv =
            wf_variable_set(exec, wf_map_key(variables, i), wf_map_at(variables, i), err);
    }
    return rv;
}

apr_status_t wf_variables_set_local(wf_exec_t *exec, const wf_map_t *variables,
                                    wf_error_t *err)
{
    apr_status_t rv = variables ? wf_variables_load(exec, err) : APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && variables && i < wf_map_count(variables); i++) {
        rv = wf_variable_set_local(exec, wf_map_key(variables, i),
                                   wf_map_at(variables, i), err);
    }
    return rv;
}

/* ---- removing ---------------------------------------------------------------------- */

/* History keeps the last value. */
static apr_status_t remove_row(wf_exec_t *exec, wf_variable_t *row, wf_error_t *err)
{
    lent_t *lent = take_back(exec, row);
    apr_status_t rv = lent ? settle(lent, err) : APR_SUCCESS;

    wf_uow_delete(WF_UOW(exec), row);
    return rv;
}

apr_status_t wf_variable_remove_local(wf_exec_t *exec, const char *name, wf_error_t *err)
{
    wf_variable_t *row = own(exec, name);

    if (!row) {
        return APR_SUCCESS;
    }
    apr_hash_set(exec->variables, name, APR_HASH_KEY_STRING, NULL);
    return remove_row(exec, row, err);
}

apr_status_t wf_variable_remove(wf_exec_t *exec, const char *name, wf_error_t *err)
{
    wf_variable_t *row;
    wf_exec_t *scope = holder(exec, name, &row);

    return scope ? wf_variable_remove_local(scope, name, err) : APR_SUCCESS;
}

apr_status_t wf_variables_delete(wf_exec_t *exec, wf_error_t *err)
{
    apr_hash_index_t *i;
    apr_status_t rv = exec->variables_loaded ? APR_SUCCESS : load_own(exec, err);

    if (rv != APR_SUCCESS || !exec->variables) {
        return rv;
    }
    for (i = apr_hash_first(exec->instance->turn->p, exec->variables);
         rv == APR_SUCCESS && i; i = apr_hash_next(i)) {
        rv = remove_row(exec, apr_hash_this_val(i), err);
    }
    exec->variables = NULL;
    return rv;
}

apr_status_t wf_variables_copy(wf_exec_t *exec, wf_exec_t *to, wf_error_t *err)
{
    apr_hash_index_t *i;
    apr_status_t rv = wf_variables_load(exec, err);

    if (rv == APR_SUCCESS) {
        rv = wf_variables_load(to, err);
    }
    if (rv != APR_SUCCESS || !exec->variables) {
        return rv;
    }
    for (i = apr_hash_first(exec->instance->turn->p, exec->variables);
         i && rv == APR_SUCCESS; i = apr_hash_next(i)) {
        const wf_variable_t *row = apr_hash_this_val(i);

        rv = wf_variable_set_local(to, row->name, &row->value, err);
    }
    return rv;
}
