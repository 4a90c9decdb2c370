/* The attributes and elements of the Activiti namespace (and its Camunda and Flowable
 * twins). What is known to change how a process runs, but is not done here, refuses the
 * file; what nobody knows has no effect and gives a warning. */
#include <string.h>

#include "bpmn/parse.h"

typedef struct extension_t {
    const char *element; /* NULL: any executable element */
    const char *name;
    int done;
} extension_t;

/* clang-format off */
static const extension_t attributes[] = {
    /* element        attribute                 done */
    { NULL,           "async",                  1 },
    { NULL,           "exclusive",              1 },
    { "startEvent",   "initiator",              1 },
    { "startEvent",   "formKey",                1 },
    { "userTask",     "assignee",               1 },
    { "userTask",     "candidateUsers",         1 },
    { "userTask",     "candidateGroups",        1 },
    { "userTask",     "owner",                  1 },
    { "userTask",     "priority",               1 },
    { "userTask",     "dueDate",                1 },
    { "userTask",     "formKey",                1 },
    { "userTask",     "businessCalendarName",   0 },
    { "userTask",     "category",               0 },
    { "userTask",     "skipExpression",         0 },
    { "sequenceFlow", "skipExpression",         0 },
    { "process",      "candidateStarterUsers",  1 },
    { "process",      "candidateStarterGroups", 1 },
    { "signal",       "scope",                  1 },
    { "timeCycle",    "endDate",                0 },
    { "timerEventDefinition", "businessCalendarName", 0 },
};

static const extension_t elements[] = {
    /* element        child                     done */
    { NULL,           "executionListener",      0 },
    { NULL,           "eventListener",          0 },
    { "process",      "potentialStarter",       1 },
    { NULL,           "taskListener",           0 },
    { "startEvent",   "formProperty",           1 },
    { "userTask",     "formProperty",           1 },
    { NULL,           "formProperty",           0 },
    { NULL,           "formData",               0 },
    { NULL,           "customResource",         0 },
    { NULL,           "failedJobRetryTimeCycle", 0 },
    { NULL,           "inputOutput",            0 },
};
/* clang-format on */

static const extension_t *find(const extension_t *table, int count, const char *element,
                               const char *name)
{
    int i;

    for (i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0
            && (!table[i].element || strcmp(table[i].element, element) == 0)) {
            return &table[i];
        }
    }
    return NULL;
}

#define FIND(table, element, name)                                                       \
    find(table, (int)(sizeof(table) / sizeof(table[0])), element, name)

static void check_attribute(wf_parser_t *parser, const wf_xml_t *element,
                            const wf_xml_attr_t *attr)
{
    const extension_t *known = FIND(attributes, element->name, attr->name);

    if (!known) {
        wf_parse_warning(parser, element, "unknown-attribute",
                         "attribute activiti:%s of <%s> is not known and has no effect",
                         attr->name, element->name);
    }
    else if (!known->done) {
        wf_parse_problem(parser, element, "unsupported-attribute",
                         "attribute activiti:%s of <%s> is not supported by this server",
                         attr->name, element->name);
    }
}

static void check_child(wf_parser_t *parser, const wf_xml_t *element,
                        const wf_xml_t *child)
{
    const extension_t *known = FIND(elements, element->name, child->name);

    if (!known) {
        wf_parse_warning(parser, child, "unknown-element",
                         "<activiti:%s> in <%s> is not known and has no effect",
                         child->name, element->name);
    }
    else if (!known->done) {
        wf_parse_problem(parser, child, "unsupported-element",
                         "<activiti:%s> in <%s> is not supported by this server",
                         child->name, element->name);
    }
}

void wf_extensions_check(wf_parser_t *parser, const wf_xml_t *element)
{
    const wf_xml_attr_t *attr;
    const wf_xml_t *holder, *child;

    for (attr = element->attributes; attr; attr = attr->next) {
        if (attr->ns == WF_NS_EXTENSION) {
            check_attribute(parser, element, attr);
        }
    }
    holder = wf_xml_child(element, WF_NS_BPMN, "extensionElements");
    for (child = holder ? holder->child : NULL; child; child = child->next) {
        if (child->ns == WF_NS_EXTENSION) {
            check_child(parser, element, child);
        }
    }
}
