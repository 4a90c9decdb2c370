/* The attributes and elements of the Activiti namespace (and its Camunda and Flowable
 * twins). What is known to change how a process runs, but is not done here, refuses the
 * file; what nobody knows has no effect and gives a warning. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/parse.h"

typedef struct extension_t {
    const char *element; /* NULL: any executable element */
    const char *name;
    int done; /* 0: it is read and checked, then refused; docs/bpmn.md says the same */
} extension_t;

/* clang-format off */
static const extension_t attributes[] = {
    /* element                            attribute                  done */
    { "multiInstanceLoopCharacteristics", "asyncAfter",              0 }, /* not read */
    { NULL,                               "async",                   1 },
    { NULL,                               "asyncBefore",             1 },
    { NULL,                               "asyncAfter",              1 },
    { NULL,                               "exclusive",               1 },
    { NULL,                               "jobPriority",             0 },

    { "userTask",                         "skipExpression",          1 },
    { "scriptTask",                       "skipExpression",          1 },
    { "serviceTask",                      "skipExpression",          1 },
    { "sendTask",                         "skipExpression",          1 },
    { "businessRuleTask",                 "skipExpression",          1 },
    { "sequenceFlow",                     "skipExpression",          1 },

    { "process",                          "candidateStarterUsers",   1 },
    { "process",                          "candidateStarterGroups",  1 },
    { "process",                          "historyTimeToLive",       1 },
    { "process",                          "historyLevel",            1 },
    { "signal",                           "scope",                   1 },

    { "startEvent",                       "initiator",               1 },
    { "startEvent",                       "formKey",                 1 },
    { "timerEventDefinition",             "businessCalendarName",    1 },
    { "timeCycle",                        "endDate",                 1 },
    { "errorEventDefinition",             "errorCodeVariable",       1 },
    { "errorEventDefinition",             "errorMessageVariable",    1 },
    { "terminateEventDefinition",         "terminateAll",            1 },
    { "terminateEventDefinition",         "terminateMultiInstance",  0 }, /* not read */
    { "messageEventDefinition",           "type",                    1 },
    { "messageEventDefinition",           "class",                   1 },
    { "messageEventDefinition",           "expression",              1 },
    { "messageEventDefinition",           "delegateExpression",      1 },
    { "messageEventDefinition",           "topic",                   1 },
    { "messageEventDefinition",           "taskPriority",            1 },

    { "userTask",                         "assignee",                1 },
    { "userTask",                         "candidateUsers",          1 },
    { "userTask",                         "candidateGroups",         1 },
    { "userTask",                         "owner",                   1 },
    { "userTask",                         "priority",                1 },
    { "userTask",                         "dueDate",                 1 },
    { "userTask",                         "formKey",                 1 },
    { "userTask",                         "businessCalendarName",    1 },
    { "userTask",                         "category",                1 },

    { "scriptTask",                       "resultVariable",          1 },
    { "scriptTask",                       "resultVariableName",      1 },
    { "scriptTask",                       "autoStoreVariables",      1 },
    { "scriptTask",                       "resource",                0 }, /* not read */
    { "serviceTask",                      "type",                    1 },
    { "serviceTask",                      "class",                   1 },
    { "serviceTask",                      "expression",              1 },
    { "serviceTask",                      "delegateExpression",      1 },
    { "serviceTask",                      "resultVariable",          1 },
    { "serviceTask",                      "resultVariableName",      1 },
    { "serviceTask",                      "topic",                   1 },
    { "serviceTask",                      "taskPriority",            1 },
    { "serviceTask",                      "extensionId",             1 }, /* no effect */
    { "sendTask",                         "type",                    1 },
    { "sendTask",                         "class",                   1 },
    { "sendTask",                         "expression",              1 },
    { "sendTask",                         "delegateExpression",      1 },
    { "sendTask",                         "resultVariable",          1 },
    { "sendTask",                         "resultVariableName",      1 },
    { "sendTask",                         "topic",                   1 },
    { "sendTask",                         "taskPriority",            1 },
    { "businessRuleTask",                 "ruleVariablesInput",      1 },
    { "businessRuleTask",                 "rules",                   1 },
    { "businessRuleTask",                 "exclude",                 1 },
    { "businessRuleTask",                 "type",                    1 },
    { "businessRuleTask",                 "class",                   1 },
    { "businessRuleTask",                 "expression",              1 },
    { "businessRuleTask",                 "delegateExpression",      1 },
    { "businessRuleTask",                 "resultVariable",          1 },
    { "businessRuleTask",                 "resultVariableName",      1 },
    { "businessRuleTask",                 "topic",                   1 },
    { "businessRuleTask",                 "taskPriority",            1 },
    { "businessRuleTask",                 "decisionRef",             1 },
    { "businessRuleTask",                 "decisionRefBinding",      1 },
    { "businessRuleTask",                 "decisionRefVersion",      1 },
    { "businessRuleTask",                 "mapDecisionResult",       1 },

    { "callActivity",                     "businessKey",             1 },
    { "callActivity",                     "inheritBusinessKey",      1 },
    { "callActivity",                     "inheritVariables",        1 },
    { "callActivity",                     "calledElementBinding",    1 },
    { "callActivity",                     "calledElementVersion",    1 },
    { "callActivity",                     "calledElementVersionTag", 0 }, /* not read */
    { "callActivity",                     "caseRef",                 0 }, /* not read */
    { "callActivity",                     "variableMappingClass",    0 }, /* not read */
    { "callActivity",                     "variableMappingDelegateExpression", 0 }, /* not read */

    { "multiInstanceLoopCharacteristics", "collection",              1 },
    { "multiInstanceLoopCharacteristics", "elementVariable",         1 },
    { "multiInstanceLoopCharacteristics", "elementIndexVariable",    1 },
};

static const extension_t elements[] = {
    /* element                            child                      done */
    { NULL,                               "executionListener",       1 },
    { NULL,                               "failedJobRetryTimeCycle", 1 },
    { NULL,                               "inputOutput",             1 },
    { NULL,                               "connector",               0 }, /* not read */
    { NULL,                               "properties",              1 }, /* no effect */

    { "process",                          "eventListener",           1 },
    { "process",                          "potentialStarter",        1 },
    { "process",                          "historyLevel",            1 },
    { "dataObject",                       "value",                   1 },

    { "startEvent",                       "formProperty",            1 },
    { "userTask",                         "formProperty",            1 },
    { NULL,                               "formProperty",            0 }, /* not read */
    { NULL,                               "formData",                0 }, /* not read */
    { "userTask",                         "taskListener",            1 },
    { "userTask",                         "customResource",          1 },

    { "serviceTask",                      "field",                   1 },
    { "sendTask",                         "field",                   1 },
    { "businessRuleTask",                 "field",                   1 },
    { "messageEventDefinition",           "field",                   1 },
    { "serviceTask",                      "mapException",            1 },
    { "sendTask",                         "mapException",            1 },
    { "businessRuleTask",                 "mapException",            1 },
    { "scriptTask",                       "mapException",            1 },
    { "callActivity",                     "mapException",            1 },
    { "callActivity",                     "in",                      1 },
    { "callActivity",                     "out",                     1 },
};
/* clang-format on */

/* What a modeller may use in the place of what is refused. */
static const struct {
    const char *name, *instead;
} others[] = {
    { "formData", "formProperty elements, or a formKey" },
    { "connector", "type=\"http\", or type=\"external\" with a topic" },
};

static const char *instead_of(wf_parser_t *parser, const char *name)
{
    int i;

    for (i = 0; i < (int)(sizeof(others) / sizeof(others[0])); i++) {
        if (strcmp(others[i].name, name) == 0) {
            return apr_pstrcat(parser->scratch, "; use ", others[i].instead, NULL);
        }
    }
    return "";
}

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
                         "<activiti:%s> in <%s> is not supported by this server%s",
                         child->name, element->name, instead_of(parser, child->name));
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
