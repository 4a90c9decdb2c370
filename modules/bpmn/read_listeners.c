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
/* What a listener may throw, and the attribute that names it. */
static const struct {
    const char *what, *attribute;
    wf_throws_e throws;
} throws[] = {
    { "signal",       "signalName",  WF_THROWS_SIGNAL },
    { "globalSignal", "signalName",  WF_THROWS_GLOBAL_SIGNAL },
    { "message",      "messageName", WF_THROWS_MESSAGE },
    { "error",        "errorCode",   WF_THROWS_ERROR },
};
/* clang-format on */

/* What is asked for in vain is no fault: the listener hears the rest, or nothing. */
static wf_news_mask_t parse_event_name(wf_parser_t *parser, const wf_xml_t *xml,
                                       const char *name, wf_entity_e entity)
{
    int what = wf_news_find(name);

    if (what < 0) {
        wf_parse_problem(parser, xml, "event-listener",
                         "\"%s\" is no event of the engine", name);
        return 0;
    }
    if (!wf_news_rows[what].comes) {
        wf_parse_warning(parser, xml, "event-listener",
                         "the event \"%s\" never comes to a listener of a process", name);
    }
    else if (!(wf_news_about(entity) & WF_NEWS_BIT(what))) {
        wf_parse_warning(parser, xml, "event-listener",
                         "the event \"%s\" is never about an entity of type \"%s\"", name,
                         wf_entity_name(entity));
    }
    return WF_NEWS_BIT(what);
}

static wf_news_mask_t parse_event_names(wf_parser_t *parser, const wf_xml_t *xml,
                                        wf_entity_e entity)
{
    const char *text = wf_parse_own(parser, xml, "events");
    wf_news_mask_t mask = 0;
    apr_array_header_t *names;
    int i;

    if (!text) {
        return wf_news_about(entity);
    }
    names = wf_split_list(text, parser->scratch);
    for (i = 0; i < names->nelts; i++) {
        mask |=
            parse_event_name(parser, xml, APR_ARRAY_IDX(names, i, const char *), entity);
    }
    return mask & wf_news_about(entity);
}

static void parse_what_it_hears(wf_parser_t *parser, const wf_xml_t *xml,
                                wf_event_listener_t *listener)
{
    const char *type = wf_parse_own(parser, xml, "entityType");

    listener->entity = type ? wf_entity_find(type) : WF_ENTITY_NONE;
    listener->hears = parse_event_names(parser, xml, listener->entity);
    if (type && listener->entity == WF_ENTITY_NONE) {
        wf_parse_warning(parser, xml, "event-listener",
                         "entityType \"%s\" is not known: the listener hears nothing",
                         type);
        listener->hears = 0;
    }
    else if (type && !wf_news_about(listener->entity)) {
        wf_parse_warning(parser, xml, "event-listener",
                         "there is nothing of entityType \"%s\": the listener hears "
                         "nothing",
                         type);
    }
}

/* 0 if the listener throws nothing. */
static int parse_throw(wf_parser_t *parser, const wf_xml_t *xml,
                       wf_event_listener_t *listener)
{
    const char *what = wf_parse_own(parser, xml, "throwEvent");
    int i;

    for (i = 0; what && i < (int)(sizeof(throws) / sizeof(throws[0])); i++) {
        if (strcmp(throws[i].what, what) == 0) {
            listener->throws = throws[i].throws;
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

    listener->line = xml->line;
    parse_what_it_hears(parser, xml, listener);
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

void wf_event_listeners_parse(wf_parser_t *parser, const wf_xml_t *process)
{
    const wf_xml_t *child = wf_xml_extension(process, "eventListener");
    wf_model_t *model = parser->model;

    for (; child; child = wf_xml_next(child, WF_NS_EXTENSION, "eventListener")) {
        const wf_event_listener_t *listener = parse_event_listener(parser, child);

        model->heard |= listener->hears;
        wf_parse_push(parser, &model->event_listeners, listener);
    }
}
