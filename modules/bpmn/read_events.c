/* Event definitions, of start, catch, throw, end and boundary events alike. Which of them
 * may stand where is said by the rows of elements.c; here they are read. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/forms.h"
#include "bpmn/parse.h"

/* What is read: the definition of an event of node. */
typedef struct reading_t {
    wf_parser_t *parser;
    const wf_xml_t *definition;
    const wf_node_t *node;
    wf_event_t *event;
} reading_t;

static int is(const wf_node_t *node, const char *element)
{
    return strcmp(node->behaviour->element, element) == 0;
}

/* The element to which the definition must refer; NULL after a problem. */
static const wf_xml_t *referred(const reading_t *r, const char *attribute,
                                const char *type)
{
    const char *ref = wf_xml_attr(r->definition, WF_NS_NONE, attribute);
    const wf_xml_t *found = wf_declared_find(r->parser, type, ref);

    if (!ref || !*ref) {
        wf_parse_problem(r->parser, r->definition,
                         apr_pstrcat(r->parser->p, type, "-reference", NULL),
                         "a <%s> needs a %s", r->definition->name, attribute);
    }
    else if (!found) {
        wf_parse_problem(r->parser, r->definition,
                         apr_pstrcat(r->parser->p, type, "-reference", NULL),
                         "%s \"%s\" is no <%s> of this file", attribute, ref, type);
    }
    return found;
}

/* ---- one function a definition --------------------------------------------------- */

static void read_timer(const reading_t *r)
{
    wf_timer_t *timer = wf_timer_parse(r->parser, r->definition);

    r->event->timer = timer;
    if (is(r->node, "startEvent") && !r->parser->body->owner) {
        wf_timer_check_start(r->parser, r->definition, timer);
    }
}

static void read_signal(const reading_t *r)
{
    const wf_xml_t *signal = referred(r, "signalRef", "signal");
    const char *scope;

    if (!signal) {
        return;
    }
    scope = wf_xml_attr(signal, WF_NS_EXTENSION, "scope");
    r->event->name = wf_parse_attr(r->parser, signal, "name");
    r->event->in_instance = scope && strcmp(scope, "processInstance") == 0;
    r->event->async = wf_parse_extension_flag(r->parser, r->definition, "async", 0);
}

static void read_operation(const reading_t *r, wf_action_t *send)
{
    const wf_xml_t *child = wf_xml_child(r->definition, WF_NS_BPMN, "operationRef");
    const char *ref = child ? wf_xml_text(child, r->parser->scratch) : NULL;

    if (!ref || send->kind != WF_ACTION_NONE) {
        return;
    }
    if (!wf_declared_find(r->parser, "operation", ref)) {
        wf_parse_problem(r->parser, child, "unknown-operation",
                         "operationRef \"%s\" is no <operation> of this file", ref);
        return;
    }
    send->kind = WF_ACTION_OPERATION;
    send->name = apr_pstrdup(r->parser->p, ref);
}

static void read_message(const reading_t *r)
{
    const wf_xml_t *message = referred(r, "messageRef", "message");
    wf_action_t *send;

    if (message) {
        const char *name = wf_parse_attr(r->parser, message, "name");

        r->event->name = name ? name : "";
    }
    if (!is(r->node, "endEvent")) {
        return;
    }
    send = apr_pcalloc(r->parser->p, sizeof(*send));
    wf_action_parse(r->parser, r->definition, 0, send);
    read_operation(r, send);
    if (send->kind != WF_ACTION_NONE) {
        wf_task_type_check(r->parser, r->definition, send);
        r->event->send = send;
    }
}

/* What is caught may be any error; what is thrown has a code. A reference to nothing is
 * the code itself. */
static void read_error(const reading_t *r)
{
    const char *ref = wf_parse_attr(r->parser, r->definition, "errorRef");
    const wf_xml_t *error = wf_declared_find(r->parser, "error", ref);
    int thrown = is(r->node, "endEvent");

    r->event->name = ref && *ref ? ref : NULL;
    if (error) {
        r->event->name = wf_parse_attr(r->parser, error, "errorCode");
    }
    if (!r->event->name && error && thrown) {
        wf_parse_problem(r->parser, r->definition, "error-code",
                         "the <error> \"%s\" is thrown, so it needs an errorCode", ref);
    }
    else if (!r->event->name && thrown) {
        wf_parse_warning(r->parser, r->definition, "error-code",
                         "an error without errorRef has no code: only events that catch "
                         "every error catch it");
        r->event->name = "";
    }
    else if (!r->event->name && error) {
        wf_parse_warning(r->parser, r->definition, "error-code",
                         "the <error> \"%s\" has no errorCode: every error is caught",
                         ref);
    }
    r->event->code_variable =
        wf_parse_extension(r->parser, r->definition, "errorCodeVariable");
    r->event->message_variable =
        wf_parse_extension(r->parser, r->definition, "errorMessageVariable");
}

static void read_compensation(const reading_t *r)
{
    const char *ref = wf_parse_attr(r->parser, r->definition, "activityRef");
    const char *colon = ref ? strchr(ref, ':') : NULL;

    if (!wf_parse_flag(wf_xml_attr(r->definition, WF_NS_NONE, "waitForCompletion"), 1)) {
        wf_parse_warning(r->parser, r->definition, "ignored-attribute",
                         "waitForCompletion=\"false\" has no effect: the event goes on "
                         "when all handlers are done");
    }
    r->event->activity = colon ? colon + 1 : ref;
}

static void read_terminate(const reading_t *r)
{
    r->event->terminate_all =
        wf_parse_extension_flag(r->parser, r->definition, "terminateAll", 0);
}

/* clang-format off */
static const struct {
    const char *definition;
    wf_event_e kind;
    void (*read)(const reading_t *r);
} definitions[] = {
    { "timerEventDefinition",      WF_EVENT_TIMER,      read_timer },
    { "signalEventDefinition",     WF_EVENT_SIGNAL,     read_signal },
    { "messageEventDefinition",    WF_EVENT_MESSAGE,    read_message },
    { "errorEventDefinition",      WF_EVENT_ERROR,      read_error },
    { "cancelEventDefinition",     WF_EVENT_CANCEL,     NULL },
    { "compensateEventDefinition", WF_EVENT_COMPENSATE, read_compensation },
    { "terminateEventDefinition",  WF_EVENT_TERMINATE,  read_terminate },
};
/* clang-format on */

static const wf_event_t *read_definition(wf_parser_t *parser, const wf_xml_t *definition,
                                         const wf_node_t *node)
{
    wf_event_t *event = apr_pcalloc(parser->p, sizeof(*event));
    const reading_t r = { parser, definition, node, event };
    int i;

    wf_extensions_check(parser, definition);
    for (i = 0; i < (int)(sizeof(definitions) / sizeof(definitions[0])); i++) {
        if (strcmp(definitions[i].definition, definition->name) == 0) {
            event->kind = definitions[i].kind;
            if (definitions[i].read) {
                definitions[i].read(&r);
            }
        }
    }
    return event;
}

int wf_event_ignored(const wf_xml_t *definition)
{
    static const char *const names[] = { "conditionalEventDefinition",
                                         "escalationEventDefinition",
                                         "linkEventDefinition" };
    int i;

    for (i = 0; i < 3; i++) {
        if (strcmp(names[i], definition->name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- events ---------------------------------------------------------------------- */

void wf_event_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    node->event =
        read_definition(parser, wf_bpmn_event_definition(parser, xml, NULL), node);
}

/* An error always interrupts what it is caught around. */
static int interrupts(wf_parser_t *parser, const wf_xml_t *xml, const wf_node_t *node,
                      const char *attribute)
{
    int flag = wf_parse_flag(wf_xml_attr(xml, WF_NS_NONE, attribute), 1);

    if (!flag && node->event && node->event->kind == WF_EVENT_ERROR) {
        wf_parse_warning(parser, xml, "ignored-attribute",
                         "%s=\"false\" has no effect: an error always interrupts",
                         attribute);
        return 1;
    }
    return flag;
}

void wf_start_event_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_start_event_t *start = apr_pcalloc(parser->p, sizeof(*start));

    start->initiator = wf_parse_extension(parser, xml, "initiator");
    start->form_key = wf_parse_extension(parser, xml, "formKey");
    node->details = start;
    node->form = wf_form_fields_parse(parser, xml);
    if (node->behaviour->event) {
        wf_event_parse(parser, xml, node);
    }
    node->interrupting = interrupts(parser, xml, node, "isInterrupting");
}

void wf_boundary_event_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_attached_t *attachment = apr_array_push(parser->attachments);

    attachment->node = node;
    attachment->host = wf_parse_attr(parser, xml, "attachedToRef");
    wf_event_parse(parser, xml, node);
    node->interrupting = interrupts(parser, xml, node, "cancelActivity");
}
