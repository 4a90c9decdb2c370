/* What a file says about user tasks. */
#include <string.h>

#include "bpmn/forms.h"

static apr_array_header_t *template_list(wf_parser_t *parser)
{
    return apr_array_make(parser->p, 2, sizeof(wf_template_t *));
}

static void parse_candidates(wf_parser_t *parser, const wf_xml_t *xml,
                             wf_user_task_t *task)
{
    const wf_xml_t *role;

    task->candidate_users = template_list(parser);
    task->candidate_groups = template_list(parser);
    wf_parse_template_list(parser, xml, "candidateUsers",
                           wf_parse_extension(parser, xml, "candidateUsers"),
                           task->candidate_users);
    wf_parse_template_list(parser, xml, "candidateGroups",
                           wf_parse_extension(parser, xml, "candidateGroups"),
                           task->candidate_groups);
    for (role = wf_xml_child(xml, WF_NS_BPMN, "potentialOwner"); role;
         role = wf_xml_next(role, WF_NS_BPMN, "potentialOwner")) {
        wf_parse_people(parser, role, task->candidate_users, task->candidate_groups);
    }
}

/* activiti:assignee, or else a humanPerformer. */
static const wf_template_t *parse_assignee(wf_parser_t *parser, const wf_xml_t *xml)
{
    const wf_xml_t *role = wf_xml_child(xml, WF_NS_BPMN, "humanPerformer"), *place;
    const char *text;

    if (wf_parse_extension(parser, xml, "assignee") || !role) {
        return wf_parse_extension_template(parser, xml, "assignee");
    }
    text = wf_parse_assignment(parser, role, &place);
    return wf_parse_template(parser, place, "the text", text);
}

static apr_array_header_t *parse_links(wf_parser_t *parser, const wf_xml_t *xml)
{
    const wf_xml_t *child = wf_xml_extension(xml, "customResource");
    apr_array_header_t *links;

    if (!child) {
        return NULL;
    }
    links = apr_array_make(parser->p, 2, sizeof(wf_custom_link_t));
    for (; child; child = wf_xml_next(child, WF_NS_EXTENSION, "customResource")) {
        wf_custom_link_t link = { .type = wf_parse_own(parser, child, "name"),
                                  .users = template_list(parser),
                                  .groups = template_list(parser) };

        if (!link.type) {
            wf_parse_warning(parser, child, "ignored-element",
                             "<activiti:customResource> without a name has no effect");
            continue;
        }
        wf_parse_people(parser, child, link.users, link.groups);
        APR_ARRAY_PUSH(links, wf_custom_link_t) = link;
    }
    return links;
}

void wf_user_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node)
{
    wf_user_task_t *task = apr_pcalloc(parser->p, sizeof(*task));
    const wf_xml_t *documentation = wf_xml_child(xml, WF_NS_BPMN, "documentation");

    node->details = task;
    task->name = wf_parse_template(parser, xml, "name", node->name);
    task->description = documentation ? wf_parse_text(parser, documentation) : NULL;
    task->assignee = parse_assignee(parser, xml);
    task->owner = wf_parse_extension_template(parser, xml, "owner");
    task->priority = wf_parse_extension_template(parser, xml, "priority");
    task->due_date = wf_parse_extension_template(parser, xml, "dueDate");
    task->calendar = wf_parse_extension_template(parser, xml, "businessCalendarName");
    task->category = wf_parse_extension_template(parser, xml, "category");
    task->form_key = wf_parse_extension_template(parser, xml, "formKey");
    parse_candidates(parser, xml, task);
    task->links = parse_links(parser, xml);
    task->task_listeners = wf_listeners_parse(parser, xml, "taskListener", NULL);
    node->form = wf_form_fields_parse(parser, xml);
}
