/* What may begin, and what may move. Suspended definitions start nothing, suspended
 * instances stay as they are; definitions may name candidate starters. Everything that
 * starts an instance asks wf_permit_definition, every turn that moves one comes through
 * wf_instance_load, which asks wf_permit_instance. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/tell.h"

/* ---- suspension: refusing -------------------------------------------------------------- */

apr_status_t wf_permit_definition(const wf_definition_t *definition, wf_error_t *err)
{
    return definition->suspension == WF_SUSPENDED
               ? wf_error_set(err, WF_ERR_CONFLICT,
                              "process definition '%s' is suspended", definition->id)
               : APR_SUCCESS;
}

apr_status_t wf_permit_instance(const wf_execution_t *root, wf_error_t *err)
{
    return root->suspension == WF_SUSPENDED
               ? wf_error_set(err, WF_ERR_CONFLICT,
                              "process instance '%" APR_INT64_T_FMT "' is suspended",
                              root->id)
               : APR_SUCCESS;
}

apr_status_t wf_permit_task(const wf_task_t *task, wf_error_t *err)
{
    return task->suspension == WF_SUSPENDED ? wf_error_set(
               err, WF_ERR_CONFLICT, "task '%" APR_INT64_T_FMT "' is suspended", task->id)
                                            : APR_SUCCESS;
}

/* ---- suspension: setting ---------------------------------------------------------------- */

static apr_status_t is_so_already(const char *kind, const char *id, int state,
                                  wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_CONFLICT, "process %s '%s' is already %s", kind, id,
                        state == WF_SUSPENDED ? "suspended" : "active");
}

apr_status_t wf_bpmn_suspend_instance(const wf_bpmn_call_t *call, wf_id_t instance,
                                      int state, wf_error_t *err)
{
    const char *id = apr_psprintf(wf_uow_pool(call->uow), "%" APR_INT64_T_FMT, instance);
    wf_execution_t *root;
    apr_status_t rv = wf_uow_get(call->uow, WF_TABLE_EXECUTION, instance, &root, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!root || root->parent_id) {
        return wf_error_set(err, WF_ERR_NOT_FOUND,
                            "no process instance with id '%s' is running", id);
    }
    if (root->suspension == state) {
        return is_so_already("instance", id, state, err);
    }
    wf_uow_suspend_instance(call->uow, instance, state);
    return wf_instance_tell_state(call, instance, state, err);
}

/* ---- suspension: at a time --------------------------------------------------------------- */

/* What a job's configuration says beside its handler, as in Activiti. */
#define WITH_INSTANCES "includeProcessInstances"

static void set_later(const wf_bpmn_call_t *call, const char *definition_id, int state,
                      int with_instances, apr_int64_t time)
{
    wf_job_t *job = wf_uow_insert(call->uow, WF_TABLE_JOB);

    job->type = "timer";
    job->handler_type = state == WF_SUSPENDED ? WF_JOB_SUSPEND : WF_JOB_ACTIVATE;
    job->handler_cfg = apr_psprintf(wf_uow_pool(call->uow), "{\"%s\":%s}", WITH_INSTANCES,
                                    with_instances ? "true" : "false");
    job->proc_def_id = definition_id;
    job->due_date = time;
    job->retries = wf_job_retries(call);
}

apr_status_t wf_suspension_fire(wf_turn_t *turn, const wf_job_t *job, wf_error_t *err)
{
    json_object *json;
    wf_definition_t *definition;
    int state = strcmp(job->handler_type, WF_JOB_SUSPEND) == 0 ? WF_SUSPENDED : WF_ACTIVE;
    apr_status_t rv =
        wf_json_parse(&json, job->handler_cfg ? job->handler_cfg : "",
                      job->handler_cfg ? strlen(job->handler_cfg) : 0, turn->p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_uow_suspend_definition(turn->call->uow, job->proc_def_id,
                              wf_json_bool(json, WITH_INSTANCES, 0), state);
    rv = wf_uow_get_by_key(turn->call->uow, WF_TABLE_DEFINITION, job->proc_def_id,
                           &definition, err);
    return rv == APR_SUCCESS && definition
               ? wf_definition_tell_state(turn, definition, state, err)
               : rv;
}

apr_status_t wf_bpmn_suspend_definition(const wf_bpmn_call_t *call,
                                        const wf_definition_t *definition, int state,
                                        int with_instances, apr_int64_t time,
                                        wf_error_t *err)
{
    wf_turn_t turn;
    apr_status_t rv;

    if (time) {
        set_later(call, definition->id, state, with_instances, time);
        return APR_SUCCESS;
    }
    if (definition->suspension == state && !with_instances) {
        return is_so_already("definition", definition->id, state, err);
    }
    wf_uow_suspend_definition(call->uow, definition->id, with_instances, state);
    wf_turn_init(&turn, call);
    rv = wf_definition_tell_state(&turn, definition, state, err);
    return rv == APR_SUCCESS ? wf_agenda_run(&turn, err) : rv;
}

/* ---- who may start ----------------------------------------------------------------------- */

static apr_status_t is_user(const wf_bpmn_call_t *call, const char *user,
                            const char *group, int *is, wf_error_t *err)
{
    wf_membership_t *membership = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (group) {
        rv = wf_uow_get_membership(call->uow, call->user, group, &membership, err);
    }
    *is = membership || (user && strcmp(user, call->user) == 0);
    return rv;
}

static apr_status_t permit_candidate(const wf_bpmn_call_t *call,
                                     const wf_definition_t *definition, wf_error_t *err)
{
    apr_array_header_t *links;
    apr_status_t rv;
    int i, named = 0;

    rv = wf_uow_select_of_definition(call->uow, WF_TABLE_IDENTITYLINK, definition->id,
                                     &links, err);
    for (i = 0; rv == APR_SUCCESS && !named && i < links->nelts; i++) {
        const wf_identitylink_t *link = APR_ARRAY_IDX(links, i, wf_identitylink_t *);

        rv = is_user(call, link->user_id, link->group_id, &named, err);
    }
    if (rv != APR_SUCCESS || named || !links->nelts) {
        return rv;
    }
    return wf_error_set(
        err, WF_ERR_FORBIDDEN,
        "process definition '%s' may be started by its candidate starters "
        "only",
        definition->id);
}

/* Add what the user may by grants for a key. */
static apr_status_t add_rights(const wf_bpmn_call_t *call, const char *key, int *rights,
                               wf_error_t *err)
{
    apr_array_header_t *grants;
    apr_status_t rv =
        wf_uow_select_grants(call->uow, WF_BY_GRANTS_OF_KEY, key, &grants, err);

    for (int i = 0; rv == APR_SUCCESS && i < grants->nelts; i++) {
        const wf_grant_t *grant = APR_ARRAY_IDX(grants, i, wf_grant_t *);
        int his;

        rv = is_user(call, grant->user_id, grant->group_id, &his, err);
        if (rv == APR_SUCCESS && his) {
            *rights |= (grant->start ? WF_RIGHT_START : 0)
                       | (grant->read ? WF_RIGHT_READ : 0)
                       | (grant->operate ? WF_RIGHT_OPERATE : 0);
        }
    }
    return rv;
}

static apr_status_t permit_granted(const wf_bpmn_call_t *call,
                                   const wf_definition_t *definition, wf_error_t *err)
{
    int rights = 0;
    apr_status_t rv = add_rights(call, definition->key, &rights, err);

    if (rv == APR_SUCCESS) {
        rv = add_rights(call, WF_EVERY_KEY, &rights, err);
    }
    if (rv != APR_SUCCESS || (rights & WF_RIGHT_START)) {
        return rv;
    }
    return rights ? wf_error_set(err, WF_ERR_FORBIDDEN,
                                 "you have no right to start process definition '%s'",
                                 definition->id)
                  : wf_error_set(err, WF_ERR_NOT_FOUND, "no such process definition");
}

apr_status_t wf_permit_starter(const wf_bpmn_call_t *call,
                               const wf_definition_t *definition, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    if (call->granted_only && call->user) {
        rv = permit_granted(call, definition, err);
    }
    if (rv == APR_SUCCESS && call->starters_only && call->user) {
        rv = permit_candidate(call, definition, err);
    }
    return rv;
}
