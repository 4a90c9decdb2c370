/* Business rule tasks with a reference to a decision: one of the files deployed together
 * with the process. */
#include <apr_strings.h>

#include "bpmn/actions.h"

static apr_status_t find(const wf_host_t *seen, const char *key,
                         const wf_decision_t **decision, wf_error_t *err)
{
    const char *id = seen->exec->instance->definition_id;
    wf_definition_t *definition;
    apr_status_t rv =
        wf_uow_get_by_key(seen->call->uow, WF_TABLE_DEFINITION, id, &definition, err);

    if (rv == APR_SUCCESS && !definition) {
        rv = wf_error_set(err, WF_ERR_CONFLICT,
                          "process definition %s was deleted meanwhile", id);
    }
    if (rv == APR_SUCCESS) {
        rv =
            wf_models_decision(seen->call, definition->deployment_id, key, decision, err);
    }
    if (rv == APR_SUCCESS && !*decision) {
        rv = wf_error_set(err, WF_ERR_EXECUTION,
                          "the deployment of %s has no decision \"%s\"", id, key);
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
        rv = find(seen, key ? key : "", &decision, err);
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
