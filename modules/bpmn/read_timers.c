/* Reading timer definitions. What their texts may say is in timer_text.c; when they are
 * evaluated, in timers.c. */
#include <string.h>

#include "bpmn/parse.h"

static const char *const children[WF_TIME_KINDS] = {
    [WF_TIME_DATE] = "timeDate",
    [WF_TIME_CYCLE] = "timeCycle",
    [WF_TIME_DURATION] = "timeDuration",
};

/* The child of that kind if it says something. */
static const wf_xml_t *find_child(wf_parser_t *parser, const wf_xml_t *definition,
                                  wf_time_kind_e kind)
{
    const wf_xml_t *child = wf_xml_child(definition, WF_NS_BPMN, children[kind]);

    if (!child) {
        return NULL;
    }
    wf_extensions_check(parser, child);
    return wf_xml_text(child, parser->scratch) ? child : NULL;
}

wf_timer_t *wf_timer_parse(wf_parser_t *parser, const wf_xml_t *definition)
{
    wf_timer_t *timer = apr_pcalloc(parser->p, sizeof(*timer));
    int kind, found = 0;

    for (kind = 0; kind < WF_TIME_KINDS; kind++) {
        const wf_xml_t *child = find_child(parser, definition, kind);

        if (child && found++) {
            wf_parse_warning(parser, child, "ignored-element",
                             "<%s> has no effect beside <%s>", children[kind],
                             children[timer->kind]);
        }
        else if (child) {
            timer->kind = kind;
            timer->text = wf_parse_text(parser, child);
            timer->end_date = wf_parse_extension_template(parser, child, "endDate");
        }
    }
    if (!found) {
        wf_parse_problem(parser, definition, "timer-time",
                         "a <timerEventDefinition> needs a <timeDate>, <timeDuration> or "
                         "<timeCycle> with a text");
    }
    timer->calendar =
        wf_parse_extension_template(parser, definition, "businessCalendarName");
    return timer;
}

/* ---- timers that start instances ------------------------------------------------- */

static int no_variable(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    (void)baton, (void)name, (void)value, (void)p;
    return 0;
}

/* 1, or 0 after a problem; there is no value without a template. */
static int evaluate(wf_parser_t *parser, const wf_xml_t *definition,
                    const wf_template_t *template, wf_value_t *value)
{
    static const wf_scope_t nothing = { .get = no_variable };
    wf_error_t err;

    *value = wf_null();
    if (!template) {
        return 1;
    }
    wf_error_init(&err, parser->p);
    if (wf_template_eval(template, &nothing, value, parser->scratch, &err)
        != APR_SUCCESS) {
        wf_parse_problem(parser, definition, "timer-start",
                         "a timer that starts instances has no variables: %s",
                         err.message);
        return 0;
    }
    return 1;
}

static void check_calendar(wf_parser_t *parser, const wf_xml_t *definition,
                           const wf_value_t *name, wf_time_kind_e *kind)
{
    static const struct {
        const char *name;
        wf_time_kind_e kind;
    } calendars[] = { { "dueDate", WF_TIME_DATE },
                      { "duration", WF_TIME_DURATION },
                      { "cycle", WF_TIME_CYCLE } };
    int i;

    for (i = 0; i < 3; i++) {
        if (name->type == WF_STRING
            && strcmp(calendars[i].name, name->as.text.data) == 0) {
            *kind = calendars[i].kind;
            return;
        }
    }
    wf_parse_problem(parser, definition, "timer-calendar",
                     "activiti:businessCalendarName is \"%s\", not duration, dueDate or "
                     "cycle",
                     wf_value_print(name, WF_UEL, parser->scratch));
}

void wf_timer_check_start(wf_parser_t *parser, const wf_xml_t *definition,
                          const wf_timer_t *timer)
{
    wf_time_kind_e kind = timer->kind;
    wf_value_t text, name, end;
    wf_error_t err;

    if (!timer->text || !evaluate(parser, definition, timer->text, &text)
        || !evaluate(parser, definition, timer->calendar, &name)
        || !evaluate(parser, definition, timer->end_date, &end)) {
        return;
    }
    if (timer->calendar) {
        check_calendar(parser, definition, &name, &kind);
    }
    wf_error_init(&err, parser->p);
    if (wf_timer_check(kind, &text, &err) != APR_SUCCESS
        || (timer->end_date && wf_timer_check(WF_TIME_DATE, &end, &err) != APR_SUCCESS)) {
        wf_parse_problem(parser, definition, "timer-start", "<%s> \"%s\": %s",
                         children[timer->kind], wf_template_source(timer->text),
                         err.message);
    }
}
