/* Timers: what an event waits for, and the job that ends the wait. An event with a timer
 * definition, of whatever place, is read by wf_timer_parse and armed by wf_timer_arm. */
#include "bpmn/parse.h"
#include "bpmn/run.h"

static const char *const children[WF_TIME_KINDS] = {
    [WF_TIME_DATE] = "timeDate",
    [WF_TIME_CYCLE] = "timeCycle",
    [WF_TIME_DURATION] = "timeDuration",
};

/* ---- reading ----------------------------------------------------------------------- */

/* The text of a child; NULL if it is missing or empty. */
static const char *read_child(wf_parser_t *parser, const wf_xml_t *definition,
                              wf_time_kind_e kind, const wf_xml_t **child)
{
    *child = wf_xml_child(definition, WF_NS_BPMN, children[kind]);
    if (!*child) {
        return NULL;
    }
    wf_extensions_check(parser, *child);
    return wf_xml_text(*child, parser->scratch);
}

wf_timer_t *wf_timer_parse(wf_parser_t *parser, const wf_xml_t *definition)
{
    wf_timer_t *timer = apr_pcalloc(parser->p, sizeof(*timer));
    int kind, found = 0;

    wf_extensions_check(parser, definition);
    for (kind = 0; kind < WF_TIME_KINDS; kind++) {
        const wf_xml_t *child;
        const char *text = read_child(parser, definition, kind, &child);

        if (text && found++) {
            wf_parse_warning(parser, child, "ignored-element",
                             "<%s> has no effect beside <%s>", children[kind],
                             children[timer->kind]);
        }
        else if (text) {
            timer->kind = kind;
            timer->text = wf_parse_template(parser, child, "the text", text);
        }
    }
    if (!found) {
        wf_parse_problem(parser, definition, "timer-time",
                         "a <timerEventDefinition> needs a <timeDate>, <timeDuration> or "
                         "<timeCycle> with a text");
    }
    return timer;
}

/* ---- running ----------------------------------------------------------------------- */

apr_status_t wf_timer_arm(wf_exec_t *exec, const wf_node_t *event, wf_error_t *err)
{
    const wf_timer_t *timer = event->event->timer;
    wf_value_t value;
    apr_int64_t due;
    apr_status_t rv = wf_exec_eval(exec, timer->text, &value, err);

    if (rv == APR_SUCCESS && value.type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv =
            wf_timer_due(&due, timer->kind, &value, exec->instance->turn->call->now, err);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "cannot resolve due date, %s \"%s\"",
                             children[timer->kind], wf_template_source(timer->text));
    }
    wf_job_plan(exec, event, due);
    return APR_SUCCESS;
}

/* ---- intermediate catch event ------------------------------------------------------ */

void wf_timer_catch_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_event_t *event = apr_pcalloc(parser->p, sizeof(*event));

    event->kind = WF_EVENT_TIMER;
    event->timer = wf_timer_parse(parser, wf_bpmn_event_definition(xml));
    node->event = event;
}
