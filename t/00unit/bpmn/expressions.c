/* Every place of a file that holds an expression has its syntax checked when the file is
 * deployed: what is wrong is said with the place in the file and in the expression. */
#include "cases.h"

#define EXT(inside) "<extensionElements>" inside "</extensionElements>"
#define ROLE(element)                                                                    \
    "<userTask id=\"x\">\n<" element "><resourceAssignmentExpression><formalExpression>" \
    "%s</formalExpression></resourceAssignmentExpression></" element "></userTask>"
#define USER(attribute) "\n<userTask id=\"x\" activiti:" attribute "=\"%s\"/>"
#define SERVICE(attribute) "\n<serviceTask id=\"x\" activiti:" attribute "=\"%s\"/>"
#define FIELDS(inside)                                                                   \
    "<serviceTask id=\"x\" activiti:class=\"a.B\">\n" EXT(inside) "</serviceTask>"
#define IN_TASK(inside) "<userTask id=\"x\">\n" EXT(inside) "</userTask>"
#define CALL(inside)                                                                     \
    "<callActivity id=\"x\" calledElement=\"q\">\n" EXT(inside) "</callActivity>"
#define LOOP(attributes, inside)                                                         \
    "<task id=\"x\">\n<multiInstanceLoopCharacteristics " attributes ">" inside          \
    "</multiInstanceLoopCharacteristics></task>"
#define TIME(attributes, inside)                                                         \
    "<intermediateCatchEvent id=\"x\">\n<timerEventDefinition " attributes ">" inside    \
    "</timerEventDefinition></intermediateCatchEvent>"
#define GO(attributes, inside)                                                           \
    "\n<sequenceFlow id=\"x\" sourceRef=\"s\" targetRef=\"e\" " attributes ">" inside    \
    "</sequenceFlow>"

/* clang-format off */
static const struct {
    const char *what, *xml; /* %s: the text; it stands in line 6 */
} places[] = {
    /* ---- user tasks ---- */
    { "name",             "\n<userTask id=\"x\" name=\"%s\"/>" },
    { "documentation",    "<userTask id=\"x\">\n<documentation>%s</documentation></userTask>" },
    { "assignee",         USER("assignee") },
    { "owner",            USER("owner") },
    { "candidateUsers",   USER("candidateUsers") },
    { "candidateGroups",  USER("candidateGroups") },
    { "priority",         USER("priority") },
    { "dueDate",          USER("dueDate") },
    { "calendar of a task", USER("businessCalendarName") },
    { "category",         USER("category") },
    { "formKey",          USER("formKey") },
    { "skipExpression of a user task", USER("skipExpression") },
    { "humanPerformer",   ROLE("humanPerformer") },
    { "potentialOwner",   ROLE("potentialOwner") },
    { "customResource",   "<userTask id=\"x\">\n" EXT("<activiti:customResource activiti:name=\"n\"><resourceAssignmentExpression><formalExpression>%s"
                          "</formalExpression></resourceAssignmentExpression></activiti:customResource>") "</userTask>" },
    { "task listener",    IN_TASK("<activiti:taskListener event=\"create\" expression=\"%s\"/>") },
    { "bean of a task listener", IN_TASK("<activiti:taskListener event=\"create\" delegateExpression=\"%s\"/>") },
    { "field of a task listener", IN_TASK("<activiti:taskListener event=\"create\" class=\"a.B\"><activiti:field name=\"f\" expression=\"%s\"/></activiti:taskListener>") },
    { "form property",    "<userTask id=\"t\">\n" EXT("<activiti:formProperty id=\"x\" expression=\"%s\"/>") "</userTask>" },

    /* ---- other tasks ---- */
    { "expression",       SERVICE("expression") },
    { "delegateExpression", SERVICE("delegateExpression") },
    { "skipExpression",   "\n<serviceTask id=\"x\" activiti:class=\"a.B\" activiti:skipExpression=\"%s\"/>" },
    { "skipExpression of a script", "\n<scriptTask id=\"x\" activiti:skipExpression=\"%s\"><script>1</script></scriptTask>" },
    { "field",            FIELDS("<activiti:field name=\"f\" expression=\"%s\"/>") },
    { "field as a child", FIELDS("<activiti:field name=\"f\"><activiti:expression>%s</activiti:expression></activiti:field>") },
    { "mail",             "<serviceTask id=\"x\" activiti:type=\"mail\">\n" EXT("<activiti:field name=\"to\" expression=\"%s\"/><activiti:field name=\"text\" stringValue=\"t\"/>") "</serviceTask>" },
    { "rule input",       "\n<businessRuleTask id=\"x\" activiti:rules=\"r\" activiti:ruleVariablesInput=\"%s\"/>" },
    { "decision",         "\n<businessRuleTask id=\"x\" camunda:decisionRef=\"%s\"/>" },
    { "topic",            "\n<serviceTask id=\"x\" camunda:type=\"external\" camunda:topic=\"%s\"/>" },
    { "priority of a worker's task", "\n<serviceTask id=\"x\" camunda:type=\"external\" camunda:topic=\"t\" camunda:taskPriority=\"%s\"/>" },
    { "send task",        "\n<sendTask id=\"x\" activiti:expression=\"%s\"/>" },
    { "execution listener", IN_TASK("<activiti:executionListener event=\"end\" expression=\"%s\"/>") },
    { "bean of a listener", IN_TASK("<activiti:executionListener event=\"end\" delegateExpression=\"%s\"/>") },
    { "field of a listener", IN_TASK("<activiti:executionListener event=\"end\" class=\"a.B\"><activiti:field name=\"f\"><activiti:expression>%s"
                          "</activiti:expression></activiti:field></activiti:executionListener>") },
    { "input parameter",  IN_TASK("<camunda:inputOutput><camunda:inputParameter name=\"a\">%s</camunda:inputParameter></camunda:inputOutput>") },
    { "part of a list",   IN_TASK("<camunda:inputOutput><camunda:inputParameter name=\"a\"><camunda:list><camunda:value>%s</camunda:value></camunda:list></camunda:inputParameter></camunda:inputOutput>") },
    { "entry of a map",   IN_TASK("<camunda:inputOutput><camunda:inputParameter name=\"a\"><camunda:map><camunda:entry key=\"k\">%s</camunda:entry></camunda:map></camunda:inputParameter></camunda:inputOutput>") },
    { "output parameter", IN_TASK("<camunda:inputOutput><camunda:outputParameter name=\"a\">%s</camunda:outputParameter></camunda:inputOutput>") },

    /* ---- calls and loops ---- */
    { "calledElement",    "\n<callActivity id=\"x\" calledElement=\"%s\"/>" },
    { "source of in",     CALL("<activiti:in sourceExpression=\"%s\" target=\"t\"/>") },
    { "source of out",    CALL("<activiti:out sourceExpression=\"%s\" target=\"t\"/>") },
    { "business key",     CALL("<activiti:in businessKey=\"%s\"/>") },
    { "businessKey",      "\n<callActivity id=\"x\" calledElement=\"q\" activiti:businessKey=\"%s\"/>" },
    { "loopCardinality",  LOOP("", "<loopCardinality>%s</loopCardinality>") },
    { "collection",       LOOP("activiti:collection=\"%s\"", "") },
    { "loopDataInputRef", LOOP("", "<loopDataInputRef>%s</loopDataInputRef>") },
    { "completionCondition", LOOP("", "<loopCardinality>2</loopCardinality><completionCondition>%s</completionCondition>") },

    /* ---- flows and events ---- */
    { "condition",        GO("", "<conditionExpression>%s</conditionExpression>") },
    { "skipExpression of a flow", GO("activiti:skipExpression=\"%s\"", "") },
    { "flow listener",    GO("", EXT("<activiti:executionListener expression=\"%s\"/>")) },
    { "timeDate",         TIME("", "<timeDate>%s</timeDate>") },
    { "timeDuration",     TIME("", "<timeDuration>%s</timeDuration>") },
    { "timeCycle",        TIME("", "<timeCycle>%s</timeCycle>") },
    { "endDate",          TIME("", "<timeCycle activiti:endDate=\"%s\">R/PT1H</timeCycle>") },
    { "calendar",         TIME("activiti:businessCalendarName=\"%s\"", "<timeDate>${d}</timeDate>") },
    { "message end event", "<endEvent id=\"x\">\n<messageEventDefinition messageRef=\"m\" activiti:expression=\"%s\"/></endEvent>" },
};

static const struct {
    const char *text, *says; /* NULL: it is fine */
} texts[] = {
    { "${a + 1}", NULL },
    { "#{a}", NULL },
    { "\\${a", NULL },
    { "${}", "expression \"\", position 1" },
    { "${a +}", "expression \"a +\", position 4" },
    { "${f(x)}", "expression \"f(x)\", position 1: unknown function 'f'" },
    { "${1 + p:f(x)}", "position 5: unknown function 'p:f'" },
    { "${a;b}", "expression \"a;b\", position 2" },
    { "${(a,b)}", "position 3" },
    { "b ${a", "position 3: ${ has no closing }" },
    { "${a} #{b}", "position 6: ${ and #{ cannot be mixed" },
};
/* clang-format on */

static const wf_problem_t *problem_of(const wf_problems_t *problems)
{
    int i;

    for (i = 0; i < problems->items->nelts; i++) {
        const wf_problem_t *item = &APR_ARRAY_IDX(problems->items, i, wf_problem_t);

        if (strcmp(item->rule, "expression-syntax") == 0) {
            return item;
        }
    }
    return NULL;
}

static void check(const char *what, const char *xml, const char *text, const char *says)
{
    wf_problems_t *problems;
    const wf_problem_t *found;

    read_file(apr_psprintf(pool,
                           FILE_WITH("<message id=\"m\" name=\"M\"/><process id=\"p\">\n"
                                     "<startEvent id=\"s\"/>\n<endEvent id=\"e\"/>\n%s"
                                     "</process>"),
                           apr_psprintf(pool, xml, text)),
              &problems);
    found = problem_of(problems);
    if (!says) {
        if (!ok(!found, "%s: %s is fine", what, text)) {
            diag("%s", found->message);
        }
        return;
    }
    if (!ok(found && !found->warning && strstr(found->message, says), "%s: %s: %s", what,
            text, says)) {
        diag("%s", found ? found->message : "no problem");
        return;
    }
    is_str(found->path, "x", "%s: %s: the element", what, text);
    is_int(found->line, 6, "%s: %s: the line", what, text);
}

int main(void)
{
    int i, k;

    cases_open();
    for (i = 0; i < (int)(sizeof(places) / sizeof(places[0])); i++) {
        for (k = 0; k < (int)(sizeof(texts) / sizeof(texts[0])); k++) {
            check(places[i].what, places[i].xml, texts[k].text, texts[k].says);
        }
    }
    return cases_close();
}
