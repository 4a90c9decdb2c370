/* Starting a process instance. */
#include <apr_strings.h>

#include "bpmn/run.h"

apr_status_t wf_bpmn_start(const wf_bpmn_call_t *call, const wf_definition_t *definition,
                           const wf_map_t *variables, const char *business_key,
                           wf_started_t *started, wf_error_t *err)
{
    wf_turn_t turn;
    const wf_model_t *model;
    wf_instance_t *instance;
    apr_status_t rv;

    wf_turn_init(&turn, call);
    rv = wf_permit_starter(call, definition, err);
    if (rv == APR_SUCCESS) {
        rv = wf_definition_model(&turn, definition, &model, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    instance = wf_instance_create(&turn, model, apr_pstrdup(turn.p, definition->id),
                                  apr_pstrdup(turn.p, business_key), NULL);
    rv = wf_instance_begin(instance, model->start, variables, err);
    if (rv == APR_SUCCESS) {
        rv = wf_agenda_run(&turn, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_instance_activities(instance, &started->activities, err);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "starting %s", definition->id);
    }
    started->id = instance->root->row->id;
    started->definition_id = instance->definition_id;
    started->ended = instance->root->ended;
    return APR_SUCCESS;
}
