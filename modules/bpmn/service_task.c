/* Service, send, business rule and script tasks, and message end events: what they do is
 * an action; here is what becomes of its outcome. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/delegates.h"
#include "bpmn/run.h"

/* What the name of a bean is made of. */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$"

/* ---- what may be done ------------------------------------------------------------------ */

static const wf_action_t *action_of(const wf_node_t *node)
{
    const wf_service_task_t *def = node->details;

    if (node->behaviour->enter == wf_message_end_enter) {
        return node->event->send;
    }
    return node->behaviour->enter == wf_service_task_enter ? &def->action : NULL;
}

static void check_types(const wf_model_t *model, const wf_services_t *services,
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

/* The class, or the bean that an expression such as ${bean} names; NULL if only running
 * it tells. */
static const char *delegate_of(const wf_action_t *action, apr_pool_t *p)
{
    const char *text;
    apr_size_t length;

    if (action->kind == WF_ACTION_CLASS) {
        return action->name;
    }
    if (action->kind != WF_ACTION_DELEGATE) {
        return NULL;
    }
    text = wf_template_source(action->expression);
    length = strlen(text);
    return length > 3 && text[1] == '{' && text[length - 1] == '}'
                   && strspn(text + 2, LETTERS) == length - 3
               ? apr_pstrmemdup(p, text + 2, length - 3)
               : NULL;
}

static int is_done(const wf_delegates_t *delegates, const char *name)
{
    return delegates
           && (wf_delegates_exact(delegates, name) || wf_delegates_prefix(delegates, name)
               || delegates->fallback);
}

static void check_listeners(const wf_model_t *model, const wf_delegates_t *server,
                            const wf_delegates_t *own, wf_problems_t *problems)
{
    const apr_array_header_t *listeners = model->event_listeners;
    int i;

    for (i = 0; listeners && i < listeners->nelts; i++) {
        const wf_action_t *action =
            &APR_ARRAY_IDX(listeners, i, const wf_event_listener_t *)->action;
        const char *name = delegate_of(action, problems->items->pool);

        if (name && !is_done(own, name) && !is_done(server, name)) {
            wf_problem_warn(problems, "event-listener", model->key, action->line,
                            action->column,
                            "nobody is registered for the class or bean \"%s\": the "
                            "event listener does nothing",
                            name);
        }
    }
}

void wf_model_check_services(const wf_model_t *model, const wf_services_t *services,
                             const wf_delegates_t *own, wf_problems_t *problems)
{
    check_types(model, services, problems);
    check_listeners(model, services->delegates, own, problems);
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
