/* Service, send, business rule and script tasks, and message end events: what they do is
 * an action; here is what becomes of its outcome. */
#include <string.h>

#include "bpmn/run.h"

/* ---- what may be done ------------------------------------------------------------------ */

static const wf_action_t *action_of(const wf_node_t *node)
{
    const wf_service_task_t *def = node->details;

    if (node->behaviour->enter == wf_message_end_enter) {
        return node->event->send;
    }
    return node->behaviour->enter == wf_service_task_enter ? &def->action : NULL;
}

void wf_model_check_services(const wf_model_t *model, const wf_services_t *services,
                             wf_problems_t *problems)
{
    const struct {
        const char *type, *directive;
        int on;
    } types[] = { { "http", "WorkflowHttpTask", services->http_task },
                  { "shell", "WorkflowShellTask", services->shell_task } };
    int i, t;

    for (i = 0; i < model->nodes->nelts; i++) {
        const wf_node_t *node = APR_ARRAY_IDX(model->nodes, i, const wf_node_t *);
        const wf_action_t *action = action_of(node);

        for (t = 0; action && action->kind == WF_ACTION_TYPE && t < 2; t++) {
            if (!types[t].on && strcmp(types[t].type, action->name) == 0) {
                wf_problem_add(problems, "task-type", node->id, action->line,
                               action->column, "tasks of type %s are switched off (%s)",
                               types[t].type, types[t].directive);
            }
        }
    }
}

/* ---- steps ---------------------------------------------------------------------------- */

static apr_status_t act(wf_exec_t *exec, const wf_action_t *action, wf_error_t *err)
{
    wf_host_t seen = { .call = exec->instance->turn->call, .exec = exec };
    wf_outcome_t outcome;
    apr_status_t rv = wf_action_run(&seen, action, "execute", &outcome, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (outcome.topic) {
        return wf_external_create(exec, outcome.topic, action->priority, err);
    }
    if (outcome.transition) {
        rv = wf_flow_prefer(exec, outcome.transition, err);
    }
    wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
    return rv;
}

apr_status_t wf_service_task_enter(wf_exec_t *exec, wf_error_t *err)
{
    const wf_service_task_t *def = exec->node->details;
    int skip;
    apr_status_t rv = wf_skip(exec, exec->node->skip, NULL, &skip, err);

    if (rv == APR_SUCCESS && skip) {
        wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = act(exec, &def->action, err);
    }
    return rv == APR_SUCCESS ? rv : wf_error_map(exec, def->mapped_errors, rv, err);
}

/* A message end event does what a send task does; without anybody who sends it is a plain
 * one. */
apr_status_t wf_message_end_enter(wf_exec_t *exec, wf_error_t *err)
{
    const wf_action_t *send = exec->node->event->send;

    if (send) {
        return act(exec, send, err);
    }
    wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
    return APR_SUCCESS;
}
