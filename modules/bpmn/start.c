/* Starting a process instance. */
#include <apr_strings.h>

#include "bpmn/run.h"

static apr_status_t set_initiator(wf_instance_t *instance, const wf_node_t *node,
                                  wf_error_t *err)
{
    const wf_start_event_t *start = node->details;
    wf_value_t user = wf_string(instance->turn->call->user);

    if (!start->initiator) {
        return APR_SUCCESS;
    }
    return wf_variable_set(instance->root, start->initiator, &user, err);
}

apr_status_t wf_bpmn_start(const wf_bpmn_call_t *call, const wf_definition_t *definition,
                           const wf_map_t *variables, const char *business_key,
                           wf_started_t *started, wf_error_t *err)
{
    wf_turn_t turn;
    const wf_model_t *model;
    wf_instance_t *instance;
    apr_status_t rv;

    wf_turn_init(&turn, call);
    rv = wf_models_get(call->models, definition, call->loader_baton, &model, turn.p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!model->start) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "definition %s has no start event to begin with",
                            definition->id);
    }
    instance = wf_instance_create(&turn, model, apr_pstrdup(turn.p, definition->id),
                                  apr_pstrdup(turn.p, business_key));
    wf_history_start(instance, model->start);
    rv = set_initiator(instance, model->start, err);
    if (rv == APR_SUCCESS) {
        rv = wf_variables_set(instance->root, variables, err);
    }
    if (rv == APR_SUCCESS) {
        wf_agenda_arrive(instance->root, model->start);
        rv = wf_agenda_run(&turn, err);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "starting %s", definition->id);
    }
    started->id = instance->root->row->id;
    started->definition_id = instance->definition_id;
    started->activities = wf_instance_activities(instance);
    started->ended = instance->root->ended;
    return APR_SUCCESS;
}
