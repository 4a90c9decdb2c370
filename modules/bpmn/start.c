/* Starting a process instance. */
#include <apr_strings.h>

#include "bpmn/run.h"

/* Asked of the store once a turn: what the turn itself begins and ends is counted. */
static apr_status_t running_of(int **running, wf_turn_t *turn, const char *definition_id,
                               wf_error_t *err)
{
    apr_int64_t count = 0;
    apr_status_t rv;

    if (!turn->running) {
        turn->running = apr_hash_make(turn->p);
    }
    *running = apr_hash_get(turn->running, definition_id, APR_HASH_KEY_STRING);
    if (*running) {
        return APR_SUCCESS;
    }
    rv = wf_store_running_of(turn->call->reader, definition_id, turn->call->max_running,
                             &count, err);
    if (rv == APR_SUCCESS) {
        *running = apr_palloc(turn->p, sizeof **running);
        **running = (int)count;
        apr_hash_set(turn->running, apr_pstrdup(turn->p, definition_id),
                     APR_HASH_KEY_STRING, *running);
    }
    return rv;
}

apr_status_t wf_instance_admit(wf_turn_t *turn, const char *definition_id,
                               wf_error_t *err)
{
    int limit = turn->call->max_running, *running;
    apr_status_t rv;

    if (!limit) {
        return APR_SUCCESS;
    }
    rv = running_of(&running, turn, definition_id, err);
    if (rv == APR_SUCCESS && *running >= limit) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE,
                            "%d instances of process definition %s run: no more may "
                            "(WorkflowMaxInstancesPerDefinition)",
                            limit, definition_id);
    }
    if (rv == APR_SUCCESS) {
        ++*running;
    }
    return rv;
}

void wf_instance_gone(const wf_instance_t *instance)
{
    apr_hash_t *all = instance->turn->running;
    int *running =
        all ? apr_hash_get(all, instance->definition_id, APR_HASH_KEY_STRING) : NULL;

    if (running) {
        --*running;
    }
}

apr_status_t wf_instance_start(wf_instance_t **instance, wf_turn_t *turn,
                               const wf_definition_t *definition, const char *start,
                               const wf_map_t *variables, const char *business_key,
                               wf_error_t *err)
{
    const wf_model_t *model;
    apr_status_t rv = wf_definition_model(turn, definition, &model, err);

    if (rv == APR_SUCCESS) {
        rv = wf_instance_admit(turn, definition->id, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *instance = wf_instance_create(turn, model, apr_pstrdup(turn->p, definition->id),
                                   apr_pstrdup(turn->p, business_key), NULL);
    return wf_instance_begin(
        *instance, start ? wf_model_node(model, start) : model->start, variables, err);
}

/* ---- from outside ------------------------------------------------------------------ */

static apr_status_t start(wf_turn_t *turn, const wf_definition_t *definition,
                          const char *event, const wf_map_t *variables,
                          const char *business_key, wf_started_t *started,
                          wf_error_t *err)
{
    wf_instance_t *instance;
    apr_status_t rv = wf_permit_starter(turn->call, definition, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = wf_instance_start(&instance, turn, definition, event, variables, business_key,
                           err);
    if (rv == APR_SUCCESS) {
        rv = wf_agenda_run(turn, err);
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

apr_status_t wf_bpmn_start(const wf_bpmn_call_t *call, const wf_definition_t *definition,
                           const wf_map_t *variables, const char *business_key,
                           wf_started_t *started, wf_error_t *err)
{
    wf_turn_t turn;

    wf_turn_init(&turn, call);
    return start(&turn, definition, NULL, variables, business_key, started, err);
}

static apr_status_t starts_nothing(const char *message, wf_error_t *err)
{
    return wf_error_field(err, WF_ERR_NOT_FOUND, "message",
                          "no process definition starts by the message '%s'", message);
}

/* The definition that waits for the message: there is one at most, see starts.c. */
static apr_status_t find_waiting(const wf_subscription_t **found,
                                 const wf_bpmn_call_t *call, const char *message,
                                 wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select_by_name(call->uow, WF_BY_SUBSCRIPTIONS_TO,
                                            WF_SUBSCRIBED_MESSAGE, message, &rows, err);
    int i;

    *found = NULL;
    for (i = 0; rv == APR_SUCCESS && !*found && i < rows->nelts; i++) {
        const wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        *found = row->execution_id ? NULL : row;
    }
    if (rv == APR_SUCCESS && !*found) {
        rv = starts_nothing(message, err);
    }
    return rv;
}

apr_status_t wf_bpmn_start_by_message(const wf_bpmn_call_t *call, const char *message,
                                      const wf_map_t *variables, const char *business_key,
                                      wf_started_t *started, wf_error_t *err)
{
    const wf_subscription_t *row;
    wf_definition_t *definition;
    wf_turn_t turn;
    apr_status_t rv;

    if (!message || !*message) {
        return wf_error_field(err, WF_ERR_INVALID, "message", "a message needs a name");
    }
    wf_turn_init(&turn, call);
    rv = find_waiting(&row, call, message, err);
    if (rv == APR_SUCCESS) {
        rv = wf_starting_definition(&definition, call, row->configuration, err);
    }
    if (rv == APR_SUCCESS) {
        rv = start(&turn, definition, row->activity_id, variables, business_key, started,
                   err);
    }
    /* Who may not see the definition is not told that there is one. */
    if (rv != APR_SUCCESS && call->granted_only && err->kind == WF_ERR_NOT_FOUND) {
        wf_error_init(err, err->pool);
        return starts_nothing(message, err);
    }
    return rv;
}
