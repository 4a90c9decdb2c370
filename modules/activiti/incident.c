/* Incidents: jobs and external tasks that have no attempts left. Members are those of
 * Camunda 7. */
#include "activiti/internal.h"

json_object *wf_incident_render(const void *row, apr_pool_t *p)
{
    const wf_incident_t *incident = row;
    json_object *o = json_object_new_object();

    wf_json_add_id(o, "id", incident->id);
    wf_json_add_string(o, "processDefinitionId", incident->proc_def_id);
    wf_json_add_id(o, "processInstanceId", incident->proc_inst_id);
    wf_json_add_id(o, "executionId", incident->execution_id);
    wf_json_add_time(o, "incidentTimestamp", incident->time, p);
    wf_json_add_string(o, "incidentType", incident->type);
    wf_json_add_string(o, "activityId", incident->activity_id);
    wf_json_add_string(o, "failedActivityId", incident->activity_id);
    wf_json_add_id(o, "causeIncidentId", incident->id);
    wf_json_add_id(o, "rootCauseIncidentId", incident->id);
    wf_json_add_id(o, "configuration", incident->configuration);
    wf_json_add_string(o, "incidentMessage", incident->message);
    return o;
}

static const struct {
    const char *name;
    int is_id;
} filter_defs[] = {
    { "incidentId", 1 },        { "incidentType", 0 },        { "executionId", 1 },
    { "processInstanceId", 1 }, { "processDefinitionId", 0 }, { "activityId", 0 },
    { "configuration", 1 },
};

#define FILTERS (sizeof filter_defs / sizeof filter_defs[0])

apr_status_t wf_incident_list(wf_request_t *req, wf_error_t *err)
{
    wf_filter_t filters[FILTERS];

    for (apr_size_t i = 0; i < FILTERS; i++) {
        const char *text = wf_query_text(req->query, filter_defs[i].name);

        filters[i].name = filter_defs[i].name;
        filters[i].value = filter_defs[i].is_id ? wf_id_value(text) : wf_string(text);
    }
    return wf_respond_page(req, filters, FILTERS, wf_incident_render, err);
}

apr_status_t wf_incident_get(wf_request_t *req, wf_error_t *err)
{
    wf_incident_t *incident;
    apr_status_t rv =
        wf_path_row(req, "incidentId", WF_TABLE_INCIDENT, "incident", &incident, err);

    return rv == APR_SUCCESS
               ? wf_respond_json(req, 200, wf_incident_render(incident, req->pool))
               : rv;
}
