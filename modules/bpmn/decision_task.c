/* Business rule tasks with a reference to a decision: a version of those that were
 * deployed. */
#include <apr_strings.h>

#include "bpmn/actions.h"

/** *decision is NULL if there is none of that key. */
typedef apr_status_t find_fn(const wf_host_t *seen, const wf_action_t *action,
                             const char *key, const wf_decision_t **decision,
                             wf_error_t *err);

/* The one that was deployed together with the process. */
static apr_status_t find_beside(const wf_host_t *seen, const wf_action_t *action,
                                const char *key, const wf_decision_t **decision,
                                wf_error_t *err)
{
    const char *id = seen->exec->instance->definition_id;
    wf_definition_t *definition;
    apr_status_t rv =
        wf_uow_get_by_key(seen->call->uow, WF_TABLE_DEFINITION, id, &definition, err);

    (void)action;
    if (rv == APR_SUCCESS && !definition) {
        rv = wf_error_set(err, WF_ERR_CONFLICT,
                          "process definition %s was deleted meanwhile", id);
    }
    return rv == APR_SUCCESS ? wf_models_decision(seen->call, definition->deployment_id,
                                                  key, decision, err)
                             : rv;
}

/* Those that were deployed before versions were counted are known to their own deployment
 * only. */
static apr_status_t find_latest(const wf_host_t *seen, const wf_action_t *action,
                                const char *key, const wf_decision_t **decision,
                                wf_error_t *err)
{
    wf_decision_def_t *row;
    apr_status_t rv = wf_store_latest_decision(seen->call->reader, key, &row,
                                               wf_uow_pool(seen->call->uow), err);

    if (rv != APR_SUCCESS || !row) {
        return rv == APR_SUCCESS ? find_beside(seen, action, key, decision, err) : rv;
    }
    return wf_models_decision(seen->call, row->deployment_id, key, decision, err);
}

static apr_status_t find_version(const wf_host_t *seen, const wf_action_t *action,
                                 const char *key, const wf_decision_t **decision,
                                 wf_error_t *err)
{
    wf_decision_def_t *row = NULL;
    const char *version, *id;
    apr_status_t rv = wf_host_print(seen, action->binding_version, &version, err);

    if (rv == APR_SUCCESS) {
        id = apr_pstrcat(wf_uow_pool(seen->call->uow), key, ":", version ? version : "",
                         NULL);
        rv = wf_uow_get_by_key(seen->call->uow, WF_TABLE_DECISION, id, &row, err);
    }
    if (rv == APR_SUCCESS && !row) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "no decision \"%s\" of version \"%s\" is deployed", key,
                            version ? version : "");
    }
    return rv == APR_SUCCESS
               ? wf_models_decision(seen->call, row->deployment_id, key, decision, err)
               : rv;
}

static find_fn *const bindings[] = {
    [WF_BINDING_LATEST] = find_latest,
    [WF_BINDING_DEPLOYMENT] = find_beside,
    [WF_BINDING_VERSION] = find_version,
};

static apr_status_t find(const wf_host_t *seen, const wf_action_t *action,
                         const char *key, const wf_decision_t **decision, wf_error_t *err)
{
    apr_status_t rv;

    *decision = NULL;
    rv = bindings[action->binding](seen, action, key, decision, err);
    if (rv == APR_SUCCESS && !*decision) {
        rv = wf_error_set(err, WF_ERR_EXECUTION, "no decision \"%s\" %s", key,
                          action->binding == WF_BINDING_DEPLOYMENT
                              ? "was deployed together with the process"
                              : "is deployed");
    }
    return rv;
}

apr_status_t wf_decision_run(const wf_host_t *seen, const wf_action_t *action,
                             const char *kind, wf_outcome_t *outcome, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(seen->call->uow);
    int mapping = action->map_result ? wf_decision_mapping_parse(action->map_result)
                                     : WF_DECISION_RESULT_LIST;
    const wf_decision_t *decision;
    const char *key;
    wf_list_t *results;
    wf_scope_t scope;
    apr_status_t rv = wf_host_print(seen, action->expression, &key, err);

    (void)kind;
    if (rv == APR_SUCCESS) {
        rv = find(seen, action, key ? key : "", &decision, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_host_scope(seen, &scope, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_decision_eval(decision, &scope, &results, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_decision_map(results, (wf_decision_mapping_e)mapping, &outcome->value, p,
                             err);
    }
    return rv;
}
