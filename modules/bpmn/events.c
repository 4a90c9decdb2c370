/* None start and end events. */
#include "bpmn/forms.h"
#include "bpmn/run.h"

void wf_start_event_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_start_event_t *start = apr_pcalloc(parser->p, sizeof(*start));

    start->initiator = wf_parse_extension(parser, xml, "initiator");
    start->form_key = wf_parse_extension(parser, xml, "formKey");
    node->details = start;
    node->form = wf_form_fields_parse(parser, xml);
}

/* Flows out of an end event are never taken. */
apr_status_t wf_end_event_leave(wf_exec_t *exec, wf_error_t *err)
{
    (void)err;
    wf_agenda_plan(exec, WF_OP_END, NULL);
    return APR_SUCCESS;
}
