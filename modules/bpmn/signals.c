/* Signals: what a file declares at its top, and events that wait for one. The element's
 * id only ties the file together; what an execution waits for is the name. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"
#include "bpmn/run.h"

/* ---- declarations ------------------------------------------------------------------ */

/* "global" and "processInstance" say how far a thrown signal reaches. */
static void check_scope(wf_parser_t *parser, const wf_xml_t *signal)
{
    const char *scope = wf_parse_extension(parser, signal, "scope");

    if (scope && strcmp(scope, "global") != 0 && strcmp(scope, "processInstance") != 0) {
        wf_parse_problem(parser, signal, "signal-scope",
                         "attribute activiti:scope is \"%s\", not global or "
                         "processInstance",
                         scope);
    }
}

static void check_name(wf_parser_t *parser, const wf_xml_t *signal, const char *name,
                       apr_hash_t *by_name)
{
    const wf_xml_t *first = apr_hash_get(by_name, name, APR_HASH_KEY_STRING);

    if (!*name) {
        wf_parse_problem(parser, signal, "signal-name", "a <signal> needs a name");
    }
    else if (first) {
        wf_parse_problem(parser, signal, "signal-name",
                         "the <signal> in line %d has the name \"%s\", too", first->line,
                         name);
    }
    else {
        apr_hash_set(by_name, name, APR_HASH_KEY_STRING, signal);
    }
}

void wf_signals_check(wf_parser_t *parser)
{
    apr_hash_t *by_name = apr_hash_make(parser->scratch);
    const wf_xml_t *signal = wf_xml_child(parser->definitions, WF_NS_BPMN, "signal");

    for (; signal; signal = wf_xml_next(signal, WF_NS_BPMN, "signal")) {
        const char *id = wf_xml_attr(signal, WF_NS_NONE, "id");
        const char *name = wf_xml_attr(signal, WF_NS_NONE, "name");

        check_name(parser, signal, name ? name : "", by_name);
        check_scope(parser, signal);
        wf_extensions_check(parser, signal);
        if (!id || !*id) {
            wf_parse_problem(parser, signal, "missing-id", "a <signal> needs an id");
        }
    }
}

/* The name of the signal that an event definition refers to, by a qualified name; NULL
 * after a problem. */
static const char *name_of_reference(wf_parser_t *parser, const wf_xml_t *definition)
{
    const char *ref = wf_xml_attr(definition, WF_NS_NONE, "signalRef");
    const wf_xml_t *signal = wf_xml_referred(parser->ids, ref);

    if (!ref || !*ref) {
        wf_parse_problem(parser, definition, "signal-reference",
                         "a <signalEventDefinition> needs a signalRef");
        return NULL;
    }
    if (!signal || !wf_xml_is(signal, WF_NS_BPMN, "signal")) {
        wf_parse_problem(parser, definition, "signal-reference",
                         "signalRef \"%s\" is no <signal> of this file", ref);
        return NULL;
    }
    return apr_pstrdup(parser->p, wf_xml_attr(signal, WF_NS_NONE, "name"));
}

/* ---- events -------------------------------------------------------------------------- */

void wf_signal_catch_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    const wf_xml_t *definition = wf_bpmn_event_definition(xml);
    wf_event_t *event = apr_pcalloc(parser->p, sizeof(*event));

    wf_extensions_check(parser, definition);
    event->kind = WF_EVENT_SIGNAL;
    event->name = name_of_reference(parser, definition);
    node->event = event;
}
