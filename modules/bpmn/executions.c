/* The tree of executions, row by row. What it means is told in tokens.c and scopes.c.
 *
 * Of a large instance only the part is loaded that a turn touches: the execution that a
 * call is about with those above it, and children when somebody asks for them. How many
 * children there are stands in the parent's row (CHILDREN_; kept ones do not count), so
 * that the end of one of 100,000 branches looks at no other. */
#include "bpmn/tell.h"

/* ---- links ------------------------------------------------------------------------- */

static void link_to(wf_exec_t *exec, wf_exec_t *parent)
{
    exec->parent = parent;
    exec->before = parent->last;
    exec->after = NULL;
    if (parent->last) {
        parent->last->after = exec;
    }
    else {
        parent->first = exec;
    }
    parent->last = exec;
}

static void unlink_exec(wf_exec_t *exec)
{
    wf_exec_t *parent = exec->parent;

    if (exec->before) {
        exec->before->after = exec->after;
    }
    else {
        parent->first = exec->after;
    }
    if (exec->after) {
        exec->after->before = exec->before;
    }
    else {
        parent->last = exec->before;
    }
    exec->before = exec->after = NULL;
}

static wf_exec_t *wrap(wf_instance_t *instance, wf_execution_t *row, wf_exec_t *parent)
{
    wf_exec_t *exec = apr_pcalloc(instance->turn->p, sizeof(*exec));

    exec->instance = instance;
    exec->row = row;
    exec->own = (wf_owner_t){ .turn = instance->turn, .exec = exec };
    exec->node = wf_model_node(instance->model, row->act_id);
    apr_hash_set(instance->execs, &row->id, sizeof(row->id), exec);
    if (parent) {
        link_to(exec, parent);
    }
    return exec;
}

/* Kept executions are no tokens, nor do they hold one. */
static int counts(const wf_exec_t *exec)
{
    return exec->row->role != WF_ROLE_KEPT;
}

static void count_child(wf_exec_t *parent, const wf_exec_t *child, int change)
{
    if (counts(child)) {
        parent->row->children += change;
        wf_exec_changed(parent);
    }
}

/* ---- small questions ---------------------------------------------------------------- */

void wf_exec_changed(wf_exec_t *exec)
{
    wf_uow_update(WF_UOW(exec), exec->row);
}

void wf_exec_set_active(wf_exec_t *exec, int active)
{
    if (exec->row->is_active != active) {
        exec->row->is_active = active;
        wf_exec_changed(exec);
    }
}

void wf_exec_stand(wf_exec_t *exec, const wf_node_t *node)
{
    exec->node = node;
    exec->parting = 0;
    exec->row->act_id = node->id;
    wf_exec_changed(exec);
}

int wf_exec_waits_for(const wf_exec_t *exec, wf_wait_e wait)
{
    return exec->node->behaviour->wait == wait && exec->row->is_active
           && exec->row->act_inst_id;
}

int wf_exec_is_scope_of_node(const wf_exec_t *exec)
{
    return exec->row->role == WF_ROLE_SCOPE && exec->parent
           && exec->parent->node == exec->node;
}

const wf_body_t *wf_exec_body(const wf_exec_t *scope)
{
    if (!scope->parent) {
        return &scope->instance->model->body;
    }
    return scope->row->role == WF_ROLE_SCOPE ? scope->parent->node->body : NULL;
}

/* ---- instances --------------------------------------------------------------------- */

static wf_instance_t *instance_of(wf_turn_t *turn, const wf_model_t *model,
                                  const char *definition_id)
{
    wf_instance_t *instance = apr_pcalloc(turn->p, sizeof(*instance));

    instance->turn = turn;
    instance->model = model;
    instance->definition_id = definition_id;
    instance->heard = turn->call->silent ? 0 : model->heard;
    instance->execs = apr_hash_make(turn->p);
    return instance;
}

static void add_root(wf_instance_t *instance, wf_execution_t *row)
{
    instance->root = wrap(instance, row, NULL);
    apr_hash_set(instance->turn->instances, &row->id, sizeof(row->id), instance);
}

wf_instance_t *wf_instance_create(wf_turn_t *turn, const wf_model_t *model,
                                  const char *definition_id, const char *business_key,
                                  const wf_exec_t *caller)
{
    wf_instance_t *instance = instance_of(turn, model, definition_id);
    wf_execution_t *row = wf_uow_insert(turn->call->uow, WF_TABLE_EXECUTION);

    row->proc_inst_id = row->id;
    row->root_id = caller ? caller->row->root_id : row->id;
    row->super_exec = caller ? caller->row->id : 0;
    instance->caller = caller;
    row->proc_def_id = definition_id;
    row->business_key = business_key;
    row->is_active = 1;
    row->is_scope = 1;
    row->suspension = WF_ACTIVE;
    add_root(instance, row);
    instance->root->children_loaded = 1; /* there can be none yet, nor variables */
    instance->root->own.loaded = 1;
    return instance;
}

static apr_status_t not_running(wf_id_t id, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_NOT_FOUND,
                        "no process instance with id '%" APR_INT64_T_FMT "' is running",
                        id);
}

apr_status_t wf_instance_rows(apr_array_header_t **rows, const wf_bpmn_call_t *call,
                              wf_id_t id, wf_error_t *err)
{
    apr_status_t rv =
        wf_uow_select(call->uow, WF_BY_EXECUTIONS_OF_INSTANCE, id, rows, err);

    return rv == APR_SUCCESS && !(*rows)->nelts ? not_running(id, err) : rv;
}

/* A row whose node the model does not have: the definition's file was changed by hand. */
static apr_status_t check_node(const wf_exec_t *exec, wf_error_t *err)
{
    const wf_execution_t *row = exec->row;

    return exec->node
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_INTERNAL,
                              "execution %" APR_INT64_T_FMT
                              " stands on \"%s\", which definition %s does not have",
                              row->id, row->act_id ? row->act_id : "",
                              exec->instance->definition_id);
}

apr_status_t wf_instance_load(wf_instance_t **instance, wf_turn_t *turn, wf_id_t id,
                              wf_error_t *err)
{
    const wf_model_t *model;
    wf_execution_t *row;
    apr_status_t rv;

    *instance = apr_hash_get(turn->instances, &id, sizeof(id));
    if (*instance) {
        return (*instance)->root->ended ? not_running(id, err) : APR_SUCCESS;
    }
    rv = wf_uow_get(turn->call->uow, WF_TABLE_EXECUTION, id, &row, err);
    if (rv == APR_SUCCESS && (!row || row->parent_id)) {
        rv = not_running(id, err);
    }
    if (rv == APR_SUCCESS && !turn->looks) {
        rv = wf_permit_instance(row, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_models_of(turn->call, row->proc_def_id, &model, turn->p, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *instance = instance_of(turn, model, row->proc_def_id);
    add_root(*instance, row);
    return check_node((*instance)->root, err);
}

/* ---- loading ----------------------------------------------------------------------- */

static apr_status_t adopt(wf_exec_t **exec, wf_exec_t *parent, wf_execution_t *row,
                          wf_error_t *err)
{
    *exec = apr_hash_get(parent->instance->execs, &row->id, sizeof(row->id));
    if (*exec) {
        return APR_SUCCESS;
    }
    *exec = wrap(parent->instance, row, parent);
    return check_node(*exec, err);
}

/* The rows above, from exec's up to below the root; of wf_execution_t *. */
static apr_status_t path_of(apr_array_header_t *path, wf_instance_t *instance,
                            wf_execution_t *row, wf_error_t *err)
{
    while (row->id != row->proc_inst_id) {
        wf_execution_t *parent;
        apr_status_t rv;

        APR_ARRAY_PUSH(path, wf_execution_t *) = row;
        rv = wf_uow_get(instance->turn->call->uow, WF_TABLE_EXECUTION, row->parent_id,
                        &parent, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (!parent || path->nelts > WF_XML_MAX_DEPTH * 4) {
            return wf_error_set(err, WF_ERR_INTERNAL,
                                "execution %" APR_INT64_T_FMT " has no parent", row->id);
        }
        row = parent;
    }
    return APR_SUCCESS;
}

static apr_status_t load_below(wf_exec_t **exec, wf_instance_t *instance,
                               wf_execution_t *row, wf_error_t *err)
{
    apr_array_header_t *path =
        apr_array_make(instance->turn->p, 4, sizeof(wf_execution_t *));
    apr_status_t rv = path_of(path, instance, row, err);
    int i;

    *exec = instance->root;
    for (i = path->nelts - 1; rv == APR_SUCCESS && i >= 0; i--) {
        rv = adopt(exec, *exec, APR_ARRAY_IDX(path, i, wf_execution_t *), err);
    }
    return rv;
}

apr_status_t wf_exec_load(wf_exec_t **exec, wf_turn_t *turn, wf_id_t id, wf_error_t *err)
{
    wf_instance_t *instance;
    wf_execution_t *row;
    apr_status_t rv = wf_uow_get(turn->call->uow, WF_TABLE_EXECUTION, id, &row, err);

    *exec = NULL;
    if (rv != APR_SUCCESS || !row) {
        return rv;
    }
    rv = wf_instance_load(&instance, turn, row->proc_inst_id, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *exec = apr_hash_get(instance->execs, &id, sizeof(id));
    return *exec ? APR_SUCCESS : load_below(exec, instance, row, err);
}

/* Rows come in the order of their ids; those that were loaded before find their place. */
apr_status_t wf_exec_children(wf_exec_t *exec, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv;
    int i;

    if (exec->children_loaded) {
        return APR_SUCCESS;
    }
    rv = wf_uow_select(WF_UOW(exec), WF_BY_CHILDREN_OF_EXECUTION, exec->row->id, &rows,
                       err);
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_exec_t *child;

        rv = adopt(&child, exec, APR_ARRAY_IDX(rows, i, wf_execution_t *), err);
        if (rv == APR_SUCCESS) {
            unlink_exec(child);
            link_to(child, exec);
        }
    }
    exec->children_loaded = rv == APR_SUCCESS;
    return rv;
}

apr_status_t wf_exec_all(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv = wf_exec_children(exec, err);
    wf_exec_t *child;

    for (child = exec->first; rv == APR_SUCCESS && child; child = child->after) {
        rv = wf_exec_all(child, err);
    }
    return rv;
}

/* ---- making, moving, removing -------------------------------------------------------- */

static void show_role(wf_execution_t *row, wf_role_e role)
{
    row->role = role;
    row->is_scope = role == WF_ROLE_SCOPE || role == WF_ROLE_LOOP || role == WF_ROLE_KEPT;
    row->is_concurrent =
        role == WF_ROLE_TOKEN || role == WF_ROLE_JOIN || role == WF_ROLE_ROUND;
}

wf_exec_t *wf_exec_create(wf_exec_t *parent, wf_role_e role, const wf_node_t *node)
{
    wf_execution_t *row = wf_uow_insert(WF_UOW(parent), WF_TABLE_EXECUTION);
    wf_exec_t *exec;

    row->proc_inst_id = parent->row->proc_inst_id;
    row->root_id = parent->row->root_id;
    row->proc_def_id = parent->row->proc_def_id;
    row->parent_id = parent->row->id;
    row->act_id = node->id;
    row->is_active = 1;
    row->suspension = parent->row->suspension;
    show_role(row, role);
    exec = wrap(parent->instance, row, parent);
    exec->children_loaded = 1; /* there can be none yet, nor variables */
    exec->own.loaded = 1;
    count_child(parent, exec, 1);
    WF_TELL_MADE(exec, EXECUTION, row);
    return exec;
}

void wf_exec_take_role(wf_exec_t *exec, wf_role_e role)
{
    show_role(exec->row, role);
    wf_exec_changed(exec);
}

/* Kept ones were not counted where they are. */
void wf_exec_adopt_kept(wf_exec_t *kept, wf_exec_t *thrower)
{
    unlink_exec(kept);
    link_to(kept, thrower);
    count_child(thrower, kept, 1);
    kept->row->parent_id = thrower->row->id;
    wf_exec_changed(kept);
}

void wf_exec_move(wf_exec_t *exec, wf_exec_t *parent)
{
    count_child(exec->parent, exec, -1);
    unlink_exec(exec);
    link_to(exec, parent);
    count_child(parent, exec, 1);
    exec->row->parent_id = parent->row->id;
    wf_exec_changed(exec);
}

apr_status_t wf_exec_remove(wf_exec_t *exec, wf_error_t *err)
{
    apr_status_t rv = wf_variables_delete(&exec->own, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_tell_later(exec, WF_NEWS_ENTITY_DELETED, WF_ABOUT(EXECUTION, exec->row));
    wf_uow_delete(WF_UOW(exec), exec->row);
    exec->ended = 1;
    if (exec->parent) {
        count_child(exec->parent, exec, -1);
        unlink_exec(exec);
    }
    else {
        wf_instance_gone(exec->instance);
    }
    return APR_SUCCESS;
}

/* ---- where it rests ------------------------------------------------------------------ */

static void add_activities(const wf_exec_t *exec, apr_array_header_t *activities)
{
    const wf_exec_t *child;

    if (exec->row->is_active) {
        APR_ARRAY_PUSH(activities, const char *) = exec->node->id;
    }
    for (child = exec->first; child; child = child->after) {
        add_activities(child, activities);
    }
}

apr_status_t wf_instance_activities(const wf_instance_t *instance,
                                    apr_array_header_t **activities, wf_error_t *err)
{
    apr_status_t rv;

    *activities = apr_array_make(instance->turn->p, 2, sizeof(const char *));
    if (instance->root->ended) {
        return APR_SUCCESS;
    }
    rv = wf_exec_all(instance->root, err);
    if (rv == APR_SUCCESS) {
        add_activities(instance->root, *activities);
    }
    return rv;
}
