/* Listeners: of nodes, flows and processes, of tasks, and of the engine's own events. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

static int is_one_of(const char *const *words, const char *word)
{
    for (; *words; words++) {
        if (strcmp(*words, word) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- execution and task listeners ------------------------------------------------ */

/* An event that never comes is no fault: the listener is kept and hears nothing. */
static void check_event(wf_parser_t *parser, const wf_xml_t *xml, const char *event)
{
    static const char *const of_executions[] = { "start", "end", "take", NULL };
    static const char *const of_tasks[] = { "create", "assignment", "complete",
                                            "delete", "all",        NULL };
    const char *const *known =
        strcmp(xml->name, "taskListener") == 0 ? of_tasks : of_executions;

    if (!event || !is_one_of(known, event)) {
        wf_parse_warning(parser, xml, "listener-event",
                         "the event \"%s\" never comes to a <%s>", event ? event : "",
                         xml->name);
    }
}

static void parse_listener(wf_parser_t *parser, const wf_xml_t *xml, const char *event,
                           apr_array_header_t *list)
{
    wf_listener_t listener = { .event = event };

    if (!event) {
        listener.event = wf_parse_own(parser, xml, "event");
        check_event(parser, xml, listener.event);
    }
    wf_action_parse(parser, xml, 1, &listener.action);
    if (listener.action.kind == WF_ACTION_NONE) {
        wf_parse_problem(parser, xml, "listener-implementation",
                         "<activiti:%s> needs a class, expression, delegateExpression or "
                         "script",
                         xml->name);
    }
    else if (listener.event) {
        APR_ARRAY_PUSH(list, wf_listener_t) = listener;
    }
}

apr_array_header_t *wf_listeners_parse(wf_parser_t *parser, const wf_xml_t *element,
                                       const char *name, const char *event)
{
    const wf_xml_t *child = wf_xml_extension(element, name);
    apr_array_header_t *list;

    if (!child) {
        return NULL;
    }
    list = apr_array_make(parser->p, 2, sizeof(wf_listener_t));
    for (; child; child = wf_xml_next(child, WF_NS_EXTENSION, name)) {
        parse_listener(parser, child, event, list);
    }
    return list;
}

/* ---- listeners of the engine's events -------------------------------------------- */

/* clang-format off */
static const char *const engine_events[] = {
    "ENTITY_CREATED", "ENTITY_INITIALIZED", "ENTITY_UPDATED", "ENTITY_DELETED",
    "ENTITY_SUSPENDED", "ENTITY_ACTIVATED", "TIMER_FIRED", "JOB_CANCELED",
    "JOB_EXECUTION_SUCCESS", "JOB_EXECUTION_FAILURE", "JOB_RETRIES_DECREMENTED", "CUSTOM",
    "ENGINE_CREATED", "ENGINE_CLOSED", "ACTIVITY_STARTED", "ACTIVITY_COMPLETED",
    "ACTIVITY_CANCELLED", "ACTIVITY_SIGNALED", "ACTIVITY_COMPENSATE",
    "ACTIVITY_MESSAGE_RECEIVED", "ACTIVITY_ERROR_RECEIVED",
    "HISTORIC_ACTIVITY_INSTANCE_CREATED", "HISTORIC_ACTIVITY_INSTANCE_ENDED",
    "SEQUENCEFLOW_TAKEN", "UNCAUGHT_BPMN_ERROR", "VARIABLE_CREATED", "VARIABLE_UPDATED",
    "VARIABLE_DELETED", "TASK_CREATED", "TASK_ASSIGNED", "TASK_COMPLETED",
    "PROCESS_STARTED", "PROCESS_COMPLETED", "PROCESS_COMPLETED_WITH_ERROR_END_EVENT",
    "PROCESS_CANCELLED", "HISTORIC_PROCESS_INSTANCE_CREATED",
    "HISTORIC_PROCESS_INSTANCE_ENDED", "MEMBERSHIP_CREATED", "MEMBERSHIP_DELETED",
    "MEMBERSHIPS_DELETED", NULL
};

static const char *const entities[] = {
    "process-instance", "task", "job", "execution", "process-definition",
    "identity-link", "attachment", "comment", NULL
};

/* What a listener may throw, and the attribute that names it. */
static const struct {
    const char *what, *attribute;
} throws[] = {
    { "signal",       "signalName" },
    { "globalSignal", "signalName" },
    { "message",      "messageName" },
    { "error",        "errorCode" },
};
/* clang-format on */

static apr_array_header_t *parse_event_names(wf_parser_t *parser, const wf_xml_t *xml)
{
    const char *text = wf_parse_own(parser, xml, "events");
    apr_array_header_t *names;
    int i;

    if (!text) {
        return NULL;
    }
    names = wf_split_list(text, parser->p);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!is_one_of(engine_events, name)) {
            wf_parse_problem(parser, xml, "event-listener",
                             "\"%s\" is no event of the engine", name);
        }
    }
    return names;
}

/* 0 if the listener throws nothing. */
static int parse_throw(wf_parser_t *parser, const wf_xml_t *xml,
                       wf_event_listener_t *listener)
{
    const char *what = wf_parse_own(parser, xml, "throwEvent");
    int i;

    for (i = 0; what && i < (int)(sizeof(throws) / sizeof(throws[0])); i++) {
        if (strcmp(throws[i].what, what) == 0) {
            listener->throws = throws[i].what;
            listener->name = wf_parse_own(parser, xml, throws[i].attribute);
            if (!listener->name) {
                wf_parse_warning(parser, xml, "event-listener",
                                 "throwEvent=\"%s\" without a %s reaches nobody", what,
                                 throws[i].attribute);
                listener->name = "";
            }
            return 1;
        }
    }
    if (what) {
        wf_parse_problem(parser, xml, "event-listener",
                         "throwEvent \"%s\" is not signal, globalSignal, message or "
                         "error",
                         what);
    }
    return what != NULL;
}

static const wf_event_listener_t *parse_event_listener(wf_parser_t *parser,
                                                       const wf_xml_t *xml)
{
    wf_event_listener_t *listener = apr_pcalloc(parser->p, sizeof(*listener));

    listener->events = parse_event_names(parser, xml);
    listener->entity = wf_parse_own(parser, xml, "entityType");
    if (listener->entity && !is_one_of(entities, listener->entity)) {
        wf_parse_warning(parser, xml, "event-listener",
                         "entityType \"%s\" is not known: the listener hears nothing",
                         listener->entity);
    }
    if (parse_throw(parser, xml, listener)) {
        return listener;
    }
    wf_action_parse(parser, xml, 1, &listener->action);
    if (listener->action.kind != WF_ACTION_CLASS
        && listener->action.kind != WF_ACTION_DELEGATE) {
        wf_parse_problem(parser, xml, "event-listener",
                         "<activiti:eventListener> needs a class, delegateExpression or "
                         "throwEvent");
    }
    return listener;
}

apr_array_header_t *wf_event_listeners_parse(wf_parser_t *parser, const wf_xml_t *process)
{
    const wf_xml_t *child = wf_xml_extension(process, "eventListener");
    apr_array_header_t *list = NULL;

    for (; child; child = wf_xml_next(child, WF_NS_EXTENSION, "eventListener")) {
        wf_parse_push(parser, &list, parse_event_listener(parser, child));
    }
    return list;
}
