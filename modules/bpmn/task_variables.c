/* What clients do with the variables of a task: its own, and those of the process that it
 * sees. */
#include <apr_strings.h>

#include "bpmn/run.h"

typedef struct opened_t {
    wf_turn_t turn;
    wf_task_t *task;
    wf_exec_t *exec; /* NULL: the task belongs to no process */
} opened_t;

static apr_status_t open_task(opened_t *opened, const wf_bpmn_call_t *call, wf_id_t id,
                              wf_error_t *err)
{
    apr_status_t rv = wf_task_load_active(&opened->task, call, id, err);

    opened->exec = NULL;
    wf_turn_init(&opened->turn, call);
    return rv == APR_SUCCESS && opened->task->proc_inst_id
               ? wf_task_waiting(&opened->exec, &opened->turn, opened->task, err)
               : rv;
}

static apr_status_t owner_of(wf_owner_t **owner, opened_t *opened,
                             wf_task_variables_e whose, wf_error_t *err)
{
    *owner = whose == WF_TASK_LOCAL
                 ? wf_task_owner(&opened->turn, opened->task, opened->exec)
             : opened->exec ? &opened->exec->own
                            : NULL;
    return *owner ? wf_variables_load(*owner, err)
                  : wf_error_field(err, WF_ERR_INVALID, "scope",
                                   "task '%" APR_INT64_T_FMT
                                   "' belongs to no process: it has only local variables",
                                   opened->task->id);
}

static int has(wf_owner_t *owner, const char *name)
{
    return (owner->task ? wf_variable_get_local(owner, name)
                        : wf_variable_get(owner, name))
           != NULL;
}

static apr_status_t no_variable(const opened_t *opened, const char *name, wf_error_t *err)
{
    return wf_error_field(err, WF_ERR_NOT_FOUND, name,
                          "task '%" APR_INT64_T_FMT
                          "' has no variable '%s' in that scope",
                          opened->task->id, name);
}

static apr_status_t check(const opened_t *opened, wf_owner_t *owner,
                          const wf_map_t *variables, wf_task_must_e must, wf_error_t *err)
{
    int i;

    for (i = 0; i < wf_map_count(variables); i++) {
        const char *name = wf_map_key(variables, i);

        if (must == WF_TASK_MUST_BE_NEW && has(owner, name)) {
            return wf_error_field(err, WF_ERR_CONFLICT, name,
                                  "task '%" APR_INT64_T_FMT
                                  "' has a variable '%s' already",
                                  opened->task->id, name);
        }
        if (must == WF_TASK_MUST_BE_THERE && !has(owner, name)) {
            return no_variable(opened, name, err);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t set(opened_t *opened, wf_task_variables_e whose,
                        const wf_map_t *variables, wf_task_must_e must, wf_error_t *err)
{
    wf_owner_t *owner;
    apr_status_t rv;

    if (!variables || !wf_map_count(variables)) {
        return APR_SUCCESS;
    }
    rv = owner_of(&owner, opened, whose, err);
    if (rv == APR_SUCCESS) {
        rv = check(opened, owner, variables, must, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return owner->task ? wf_variables_set_local(owner, variables, err)
                       : wf_variables_set(owner, variables, err);
}

apr_status_t wf_bpmn_set_task_variables(const wf_bpmn_call_t *call, wf_id_t id,
                                        const wf_map_t *local, const wf_map_t *global,
                                        wf_task_must_e must, wf_error_t *err)
{
    opened_t opened;
    apr_status_t rv = open_task(&opened, call, id, err);

    if (rv == APR_SUCCESS) {
        rv = set(&opened, WF_TASK_LOCAL, local, must, err);
    }
    if (rv == APR_SUCCESS) {
        rv = set(&opened, WF_TASK_GLOBAL, global, must, err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(&opened.turn, err) : rv;
}

apr_status_t wf_bpmn_remove_task_variable(const wf_bpmn_call_t *call, wf_id_t id,
                                          wf_task_variables_e whose, const char *name,
                                          wf_error_t *err)
{
    opened_t opened;
    wf_owner_t *owner;
    apr_status_t rv = open_task(&opened, call, id, err);

    if (rv == APR_SUCCESS) {
        rv = owner_of(&owner, &opened, name ? whose : WF_TASK_LOCAL, err);
    }
    if (rv == APR_SUCCESS && name && !has(owner, name)) {
        rv = no_variable(&opened, name, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = !name         ? wf_variables_delete(owner, err)
         : owner->task ? wf_variable_remove_local(owner, name, err)
                       : wf_variable_remove(owner, name, err);
    return rv == APR_SUCCESS ? wf_agenda_run(&opened.turn, err) : rv;
}
