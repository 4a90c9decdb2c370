/* What starts instances by itself: timer, message and signal start events. The newest
 * version of a process waits with its timer jobs (they belong to no execution) and its
 * event subscriptions (they belong to no execution either and name the definition). */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/tell.h"

/* ---- what stands there ------------------------------------------------------------- */

static apr_status_t delete_subscriptions(const wf_bpmn_call_t *call, const char *id,
                                         wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv =
        wf_uow_select_of_definition(call->uow, WF_TABLE_SUBSCRIPTION, id, &rows, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_uow_delete(call->uow, APR_ARRAY_IDX(rows, i, void *));
    }
    return rv;
}

/* A signal that a job is still to deliver was thrown when that version waited for it. */
static apr_status_t delete_timers(wf_turn_t *turn, const char *id, wf_error_t *err)
{
    wf_uow_t *uow = turn->call->uow;
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select_of_definition(uow, WF_TABLE_JOB, id, &rows, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_job_t *job = APR_ARRAY_IDX(rows, i, wf_job_t *);

        if (strcmp(job->handler_type, WF_JOB_TIMER_START) == 0) {
            rv = wf_job_delete(uow, job, err);
            if (rv == APR_SUCCESS) {
                rv = wf_job_tell(turn, job, WF_NEWS_JOB_CANCELED, NULL, err);
            }
        }
    }
    return rv;
}

/* ---- what comes instead -------------------------------------------------------------- */

typedef struct starting_t {
    const wf_bpmn_call_t *call;
    const wf_definition_t *definition;
    wf_problems_t *problems; /* NULL: an older version takes the place of a newer one */
} starting_t;

static void subscribe(const starting_t *s, const wf_node_t *event, const char *type)
{
    wf_subscription_t *row = wf_uow_insert(s->call->uow, WF_TABLE_SUBSCRIPTION);

    row->event_type = type;
    row->event_name = event->event->name;
    row->activity_id = event->id;
    row->configuration = s->definition->id;
    row->created = s->call->now;
}

static apr_status_t wait_for_signal(const starting_t *s, const wf_node_t *event,
                                    wf_error_t *err)
{
    (void)err;
    subscribe(s, event, WF_SUBSCRIBED_SIGNAL);
    return APR_SUCCESS;
}

/* The id of another process's definition that starts by the message, or NULL. */
static apr_status_t find_rival(const char **rival, const starting_t *s,
                               const char *message, wf_error_t *err)
{
    apr_array_header_t *rows;
    wf_definition_t *definition;
    apr_status_t rv = wf_uow_select_by_name(s->call->uow, WF_BY_SUBSCRIPTIONS_TO,
                                            WF_SUBSCRIBED_MESSAGE, message, &rows, err);
    int i;

    *rival = NULL;
    for (i = 0; rv == APR_SUCCESS && !*rival && i < rows->nelts; i++) {
        const wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        if (row->execution_id) {
            continue;
        }
        rv = wf_uow_get_by_key(s->call->uow, WF_TABLE_DEFINITION, row->configuration,
                               &definition, err);
        if (rv == APR_SUCCESS && definition
            && strcmp(definition->key, s->definition->key) != 0) {
            *rival = definition->id;
        }
    }
    return rv;
}

/* A message has one receiver. Where an older version comes back, the name may have found
 * another one meanwhile, which keeps it. */
static apr_status_t wait_for_message(const starting_t *s, const wf_node_t *event,
                                     wf_error_t *err)
{
    const char *message = event->event->name, *rival;
    apr_status_t rv = find_rival(&rival, s, message, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (rival && s->problems) {
        wf_problem_add(
            s->problems, "message-start", event->id, event->line, event->column,
            "process definition %s starts by the message \"%s\" already", rival, message);
        return APR_SUCCESS;
    }
    if (rival) {
        wf_log(WF_LOG_WARN,
               "process definition %s does not start by the message \"%s\" again: "
               "%s does",
               s->definition->id, message, rival);
        return APR_SUCCESS;
    }
    subscribe(s, event, WF_SUBSCRIBED_MESSAGE);
    return APR_SUCCESS;
}

/* A date that passed while a newer version was there has been used up. */
static apr_status_t wait_for_time(const starting_t *s, const wf_node_t *event,
                                  wf_error_t *err)
{
    const wf_host_t nowhere = { .call = s->call };
    wf_firing_t firing;
    apr_status_t rv = wf_timer_first(&firing, &nowhere, event->event->timer, 0, err);

    if (rv == APR_SUCCESS && firing.comes && (s->problems || firing.due > s->call->now)) {
        wf_job_plan_start(s->call, s->definition->id, event->id, &firing)->suspension =
            s->definition->suspension;
    }
    return rv;
}

static apr_status_t wait_for(const starting_t *s, const wf_node_t *event, wf_error_t *err)
{
    switch (event->event ? event->event->kind : WF_EVENT_NONE) {
    case WF_EVENT_TIMER:
        return wait_for_time(s, event, err);
    case WF_EVENT_SIGNAL:
        return wait_for_signal(s, event, err);
    case WF_EVENT_MESSAGE:
        return wait_for_message(s, event, err);
    default:
        return APR_SUCCESS;
    }
}

static apr_status_t wait_for_all(const starting_t *s, const wf_model_t *model,
                                 wf_error_t *err)
{
    const apr_array_header_t *starts = model->body.starts;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && starts && i < starts->nelts; i++) {
        rv = wait_for(s, APR_ARRAY_IDX(starts, i, const wf_node_t *), err);
    }
    return rv;
}

/* ---- versions ------------------------------------------------------------------------ */

apr_status_t wf_bpmn_superseded(const wf_bpmn_call_t *call,
                                const wf_definition_t *definition, wf_error_t *err)
{
    wf_turn_t turn;
    apr_status_t rv = delete_subscriptions(call, definition->id, err);

    wf_turn_init(&turn, call);
    if (rv == APR_SUCCESS) {
        rv = delete_timers(&turn, definition->id, err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(&turn, err) : rv;
}

apr_status_t wf_bpmn_deployed(const wf_bpmn_call_t *call,
                              const wf_definition_t *definition, const wf_model_t *model,
                              wf_problems_t *problems, wf_error_t *err)
{
    const starting_t s = { call, definition, problems };
    wf_turn_t turn;
    apr_status_t rv;

    wf_turn_init(&turn, call);
    rv = wf_definition_tell_made(&turn, definition, model, err);
    if (rv == APR_SUCCESS) {
        rv = wf_agenda_run(&turn, err); /* before its file is there, nothing starts */
    }
    return rv == APR_SUCCESS ? wait_for_all(&s, model, err) : rv;
}

apr_status_t wf_bpmn_undeployed(const wf_bpmn_call_t *call,
                                const wf_definition_t *previous, wf_error_t *err)
{
    const starting_t s = { .call = call, .definition = previous };
    const wf_model_t *model;
    apr_status_t rv = wf_models_get(call->models, previous, call->loader_baton, &model,
                                    wf_uow_pool(call->uow), err);

    return rv == APR_SUCCESS ? wait_for_all(&s, model, err) : rv;
}

/* ---- it has come ---------------------------------------------------------------------- */

apr_status_t wf_starting_definition(wf_definition_t **definition,
                                    const wf_bpmn_call_t *call, const char *id,
                                    wf_error_t *err)
{
    apr_status_t rv =
        wf_uow_get_by_key(call->uow, WF_TABLE_DEFINITION, id, definition, err);

    if (rv == APR_SUCCESS && !*definition) {
        rv = wf_error_set(err, WF_ERR_CONFLICT,
                          "process definition %s was deleted meanwhile", id);
    }
    if (rv == APR_SUCCESS) {
        wf_uow_expect(call->uow, *definition); /* its deployment may go meanwhile */
    }
    return rv;
}

static apr_status_t begin(wf_turn_t *turn, const char *definition_id, const char *event,
                          const wf_map_t *variables, wf_error_t *err)
{
    wf_instance_t *instance;
    wf_definition_t *definition;
    apr_status_t rv = wf_starting_definition(&definition, turn->call, definition_id, err);

    if (rv == APR_SUCCESS) {
        rv = wf_instance_start(&instance, turn, definition, event, variables, NULL, err);
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "starting %s", definition_id);
}

apr_status_t wf_start_by_subscription(wf_turn_t *turn, const wf_subscription_t *row,
                                      const wf_map_t *variables, wf_error_t *err)
{
    return begin(turn, row->configuration, row->activity_id, variables, err);
}

apr_status_t wf_start_by_event_job(wf_turn_t *turn, const wf_job_t *job, wf_error_t *err)
{
    return begin(turn, job->proc_def_id, job->handler_cfg, NULL, err);
}

/* The firing that follows in the cycle is planned in the same unit. */
static apr_status_t plan_next(const wf_bpmn_call_t *call, const wf_model_t *model,
                              const wf_job_t *job, wf_error_t *err)
{
    const wf_host_t nowhere = { .call = call };
    const wf_node_t *event = wf_model_node(model, job->handler_cfg);
    wf_firing_t firing;
    apr_status_t rv;

    if (!event || !event->event || !event->event->timer) {
        return APR_SUCCESS;
    }
    rv = wf_timer_next(&firing, &nowhere, event->event->timer, job, err);
    if (rv == APR_SUCCESS && firing.comes) {
        wf_job_plan_start(call, job->proc_def_id, event->id, &firing);
    }
    return rv;
}

apr_status_t wf_start_by_timer(wf_turn_t *turn, const wf_job_t *job, wf_error_t *err)
{
    const wf_model_t *model;
    apr_status_t rv = begin(turn, job->proc_def_id, job->handler_cfg, NULL, err);

    if (rv != APR_SUCCESS || !job->repeat) {
        return rv;
    }
    rv = wf_models_of(turn->call, job->proc_def_id, &model, turn->p, err);
    return rv == APR_SUCCESS ? plan_next(turn->call, model, job, err) : rv;
}
