/* Service, send, business rule and script tasks: what they do is an action; here is what
 * becomes of its outcome. */
#include <string.h>

#include "bpmn/run.h"

/* ---- technical failures that are errors of the process -------------------------------- */

/* Java's names for any exception: the names here have no classes above them. */
static int means_any(const char *failure)
{
    static const char *const names[] = { "java.lang.Throwable", "java.lang.Exception",
                                         "java.lang.RuntimeException" };
    int i;

    for (i = 0; i < 3; i++) {
        if (strcmp(names[i], failure) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The mapping of that very name, else of any. */
static const wf_mapped_error_t *find_mapping(const apr_array_header_t *mappings,
                                             const char *failure)
{
    const wf_mapped_error_t *any = NULL;
    int i;

    for (i = 0; mappings && i < mappings->nelts; i++) {
        const wf_mapped_error_t *m = &APR_ARRAY_IDX(mappings, i, wf_mapped_error_t);

        if (m->failure && failure && strcmp(m->failure, failure) == 0) {
            return m;
        }
        if (!any && (!m->failure || means_any(m->failure))) {
            any = m;
        }
    }
    return any;
}

/* Failures that a repetition cannot cure are the process's; conflicts and our own are
 * not.
 */
static int is_technical(wf_err_kind_e kind)
{
    return kind != WF_ERR_CONFLICT && kind != WF_ERR_INTERNAL;
}

static apr_status_t map_failure(wf_exec_t *exec, apr_status_t rv, const char *failure,
                                wf_error_t *err)
{
    const wf_service_task_t *def = exec->node->details;
    const wf_mapped_error_t *mapped;
    const char *message = err->message;

    if (exec->instance->turn->thrown || !is_technical(err->kind)) {
        return rv;
    }
    mapped = find_mapping(def->mapped_errors, failure);
    if (!mapped) {
        return rv;
    }
    wf_error_init(err, err->pool);
    return wf_error_throw(exec, mapped->code, message, err);
}

/* ---- the way on -------------------------------------------------------------------------- */

/* A delegate may name the flow by which it wants to leave. */
static apr_status_t choose(wf_exec_t *exec, const char *transition, wf_error_t *err)
{
    const wf_node_t *node = exec->node;
    int i;

    if (node->async_after) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "flow \"%s\" was chosen, but the activity is left by a job",
                            transition);
    }
    for (i = 0; i < node->outgoing->nelts; i++) {
        const wf_flow_t *flow = APR_ARRAY_IDX(node->outgoing, i, const wf_flow_t *);

        if (flow->id && strcmp(flow->id, transition) == 0) {
            exec->chosen = flow;
            return APR_SUCCESS;
        }
    }
    return wf_error_set(err, WF_ERR_EXECUTION,
                        "flow \"%s\" was chosen, which does not leave the activity",
                        transition);
}

/* ---- steps ---------------------------------------------------------------------------- */

apr_status_t wf_service_task_enter(wf_exec_t *exec, wf_error_t *err)
{
    const wf_service_task_t *def = exec->node->details;
    wf_host_t seen = { .call = exec->instance->turn->call, .exec = exec };
    wf_outcome_t outcome = { 0 };
    int skip;
    apr_status_t rv = wf_skip(exec, exec->node->skip, NULL, &skip, err);

    if (rv == APR_SUCCESS && !skip) {
        rv = wf_action_run(&seen, &def->action, "execute", &outcome, err);
    }
    if (rv != APR_SUCCESS) {
        return map_failure(exec, rv, outcome.failure, err);
    }
    if (outcome.topic) {
        return wf_external_create(exec, outcome.topic, def->action.priority, err);
    }
    if (outcome.transition) {
        rv = choose(exec, outcome.transition, err);
    }
    wf_agenda_plan(exec, WF_OP_LEAVE, NULL);
    return rv;
}
