/* BPMN errors. A step throws one by its code and fails; the agenda then looks outwards
 * from where it was thrown: in each scope first the event sub-processes, then the
 * boundary events of the activity around, a handler of that very code before one of any
 * code; at the top goes on where the instance was called. What the catching scope holds
 * is cancelled. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/tell.h"

apr_status_t wf_error_throw(wf_exec_t *exec, const char *code, const char *message,
                            wf_error_t *err)
{
    wf_turn_t *turn = exec->instance->turn;

    turn->thrown = code;
    turn->thrown_message = message;
    return wf_error_set(err, WF_ERR_EXECUTION,
                        "the BPMN error \"%s\"%s%s is caught by nothing around", code,
                        message ? ": " : "", message ? message : "");
}

apr_status_t wf_error_end_enter(wf_exec_t *exec, wf_error_t *err)
{
    return wf_error_throw(exec, exec->node->event->name, NULL, err);
}

/* ---- who catches --------------------------------------------------------------------- */

/* The handler of code among events; one of any code if none has that very one. */
static const wf_node_t *best(const apr_array_header_t *events, const char *code)
{
    const wf_node_t *any = NULL;
    int i;

    for (i = 0; events && i < events->nelts; i++) {
        const wf_node_t *node = APR_ARRAY_IDX(events, i, const wf_node_t *);

        if (node->event->kind != WF_EVENT_ERROR) {
            continue;
        }
        if (!node->event->name) {
            any = any ? any : node;
        }
        else if (strcmp(node->event->name, code) == 0) {
            return node;
        }
    }
    return any;
}

/* What an event sub-process throws is not caught by another one of the same scope: its
 * scope is being left by then. */
static const wf_node_t *catcher_in(const wf_exec_t *scope, const wf_exec_t *from,
                                   const char *code)
{
    const wf_body_t *body = wf_exec_body(scope);
    const wf_exec_t *token = from && from->row->role == WF_ROLE_TOKEN ? from : scope;
    int within = from && token->node->body && token->node->body->triggered;

    return body && !within ? best(body->handlers, code) : NULL;
}

static const wf_node_t *catcher_around(const wf_exec_t *scope, const char *code)
{
    int at_border =
        scope->parent
        && (scope->row->role == WF_ROLE_LOOP
            || (scope->row->role == WF_ROLE_SCOPE && !scope->parent->node->loop));

    return at_border ? best(scope->parent->node->boundary, code) : NULL;
}

/* The scope where the error is caught, and the event; NULL if that is not in this
 * instance.
 */
static wf_exec_t *find_catcher(wf_exec_t *exec, const char *code, const wf_node_t **event)
{
    const wf_exec_t *from = NULL;

    for (; exec; from = exec, exec = exec->parent) {
        *event = catcher_in(exec, from, code);
        if (!*event) {
            *event = catcher_around(exec, code);
        }
        if (*event) {
            return exec;
        }
    }
    return NULL;
}

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

/* The mapping of that very name (NULL: it has none), else of any. */
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

/* Conflicts are met by beginning again, and what is our fault is nobody's business. */
static int is_technical(const wf_turn_t *turn, const wf_error_t *err)
{
    return !turn->thrown && err->kind != WF_ERR_CONFLICT && err->kind != WF_ERR_INTERNAL;
}

apr_status_t wf_error_map(wf_exec_t *exec, const apr_array_header_t *mappings,
                          apr_status_t rv, wf_error_t *err)
{
    wf_turn_t *turn = exec->instance->turn;
    const wf_mapped_error_t *mapped =
        is_technical(turn, err) ? find_mapping(mappings, turn->failure) : NULL;
    const char *message = err->message;

    if (!mapped) {
        return rv;
    }
    turn->failure = NULL;
    wf_error_init(err, err->pool);
    return wf_error_throw(exec, mapped->code, message, err);
}

/* ---- on its way ------------------------------------------------------------------------ */

static apr_status_t keep(wf_exec_t *exec, const char *name, const char *text,
                         wf_error_t *err)
{
    wf_value_t value = wf_string(text);

    return name ? wf_variable_set(&exec->own, name, &value, err) : APR_SUCCESS;
}

static apr_status_t catch_at(wf_exec_t *scope, const wf_node_t *event, const char *code,
                             const char *message, wf_error_t *err)
{
    apr_status_t rv = wf_variables_load(&scope->own, err);

    if (rv == APR_SUCCESS) {
        rv = wf_tell(scope, WF_NEWS_ACTIVITY_ERROR_RECEIVED, WF_AT(event->id, code), err);
    }
    if (rv == APR_SUCCESS) {
        rv = event->behaviour->fire(scope, event, err);
    }
    if (rv == APR_SUCCESS) {
        scope = event->host ? scope->parent : scope;
        rv = keep(scope, event->event->code_variable, code, err);
    }
    return rv == APR_SUCCESS ? keep(scope, event->event->message_variable, message, err)
                             : rv;
}

/* The execution whose call activity started the instance, which is ended then; NULL if
 * nobody called it. */
static apr_status_t leave_instance(wf_exec_t **caller, wf_exec_t *exec, const char *code,
                                   wf_error_t *err)
{
    const wf_execution_t *root = exec->instance->root->row;
    apr_status_t rv = APR_SUCCESS;

    *caller = NULL;
    if (root->super_exec) {
        rv = wf_exec_load(caller, exec->instance->turn, root->super_exec, err);
    }
    if (rv == APR_SUCCESS && *caller) {
        rv = wf_instance_abort_by_error(exec->instance->turn, root->id, code, err);
    }
    return rv;
}

/* The call fails, whatever listeners do. */
static void tell_uncaught(wf_exec_t *from, const char *code, wf_error_t *err)
{
    if (from->instance->model->heard & WF_NEWS_BIT(WF_NEWS_UNCAUGHT_BPMN_ERROR)
        && wf_news_tell(from, WF_NEWS_UNCAUGHT_BPMN_ERROR, WF_AT(NULL, code), err)
               != APR_SUCCESS) {
        wf_log(WF_LOG_WARN, "the BPMN error \"%s\" is not caught, and: %s", code,
               err->message);
    }
}

apr_status_t wf_error_catch(wf_exec_t *exec, wf_error_t *err)
{
    wf_turn_t *turn = exec->instance->turn;
    const char *code = turn->thrown, *message = turn->thrown_message;
    wf_exec_t *from = exec;
    const wf_node_t *event;
    wf_error_t uncaught = *err;

    turn->thrown = turn->thrown_message = NULL;
    wf_error_init(err, turn->p);
    while (exec) {
        wf_exec_t *scope = find_catcher(exec, code, &event);
        apr_status_t rv;

        if (scope) {
            return catch_at(scope, event, code, message, err);
        }
        rv = leave_instance(&exec, exec, code, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    tell_uncaught(from, code, err);
    *err = uncaught;
    return WF_EFAILED;
}

/* As on Activiti only for what fails in the very call that started the instance: later
 * failures are those of its own jobs and tasks. */
apr_status_t wf_error_map_called(wf_exec_t *exec, apr_status_t rv, wf_error_t *err)
{
    wf_turn_t *turn = exec->instance->turn;
    wf_instance_t *called = exec->instance;

    while (called->caller) {
        wf_exec_t *caller = wf_exec_current((wf_exec_t *)called->caller);
        const wf_call_activity_t *def = caller->node->details;

        rv = wf_error_map(caller, def->mapped_errors, rv, err);
        if (turn->thrown) {
            rv = wf_instance_abort(turn, called->root->row->id, "technical failure", err);
            return rv == APR_SUCCESS ? wf_error_catch(caller, err) : rv;
        }
        called = caller->instance;
    }
    return rv;
}
