/* Tasks, listeners, loops, call activities: what is refused of them, and what is read. */
#include <stdlib.h>

#include "cases.h"

#define TASK(element, attributes, children)                                              \
    "<" element " id=\"x\" " attributes ">\n" children "</" element ">\n"
#define EXTENSIONS(children) "<extensionElements>" children "</extensionElements>"
#define SERVICE(attributes) BETWEEN(TASK("serviceTask", attributes, ""))
#define TYPED(type, fields)                                                              \
    BETWEEN(TASK("serviceTask", "activiti:type=\"" type "\"", EXTENSIONS(fields)))
#define FIELD(name, value) "<activiti:field name=\"" name "\" stringValue=\"" value "\"/>"
#define EXPR(name, value) "<activiti:field name=\"" name "\" expression=\"" value "\"/>"
#define LISTENER(attributes, children)                                                   \
    BETWEEN(TASK("userTask", "",                                                         \
                 EXTENSIONS("<activiti:executionListener " attributes ">" children       \
                            "</activiti:executionListener>")))
#define TASK_LISTENER(attributes)                                                        \
    BETWEEN(TASK("userTask", "", EXTENSIONS("<activiti:taskListener " attributes "/>")))
#define EVENT_LISTENER(attributes)                                                       \
    PROCESS(EXTENSIONS("<activiti:eventListener " attributes                             \
                       "/>") "<startEvent id=\"s\"/>\n")
#define LOOPED(attributes, children)                                                     \
    BETWEEN(TASK("userTask", "",                                                         \
                 "<multiInstanceLoopCharacteristics " attributes ">" children            \
                 "</multiInstanceLoopCharacteristics>"))
#define CALL(attributes, extensions)                                                     \
    BETWEEN(TASK("callActivity", attributes, EXTENSIONS(extensions)))
#define PARAMETER(value)                                                                 \
    BETWEEN(TASK("task", "",                                                             \
                 EXTENSIONS("<camunda:inputOutput><camunda:inputParameter name=\"a\">"   \
                            value "</camunda:inputParameter></camunda:inputOutput>")))
#define TEN(text) text text text text text text text text text text
#define LISTS_AROUND(inside)                                                             \
    TEN("<camunda:list>") TEN("<camunda:list>") inside TEN("</camunda:list>")            \
        TEN("</camunda:list>")
#define WITH_OPERATION(body)                                                             \
    FILE_WITH("<process id=\"p\">\n<startEvent id=\"s\"/>\n" body                        \
              "</process><message id=\"m\"/><interface id=\"i\"><operation id=\"op\">"   \
              "<inMessageRef>m</inMessageRef></operation></interface>\n")

/* clang-format off */
static const case_t cases[] = {
    /* ---- service tasks ---- */
    { "by an expression",        SERVICE("activiti:expression=\"${a}\" activiti:resultVariableName=\"r\""), NULL, NULL, 0, 0 },
    { "by a class",              SERVICE("activiti:class=\"a.B\""), NULL, NULL, 0, 0 },
    { "by a bean",               SERVICE("activiti:delegateExpression=\"${b}\" activiti:extensionId=\"e\""), NULL, NULL, 0, 0 },
    { "by nothing",              SERVICE(""), "no-implementation", "x", 5, 0 },
    { "by an empty class",       SERVICE("activiti:class=\"\""), "no-implementation", "x", 5, 0 },
    { "by two",                  SERVICE("activiti:class=\"a.B\" activiti:expression=\"${a}\""), "ignored-attribute", "x", 5, 1 },
    { "a broken expression",     SERVICE("activiti:expression=\"${a\""), "expression-syntax", "x", 5, 0 },
    { "a result of a class",     SERVICE("activiti:class=\"a.B\" activiti:resultVariable=\"r\""), "result-variable", "x", 5, 0 },
    { "a result of a bean",      SERVICE("activiti:delegateExpression=\"${b}\" activiti:resultVariableName=\"r\""), "result-variable", "x", 5, 0 },
    { "of an unknown type",      SERVICE("activiti:type=\"fax\""), "task-type", "x", 5, 0 },
    { "mule and camel",          BETWEEN("<serviceTask id=\"a\" activiti:type=\"mule\"/><sendTask id=\"b\" activiti:type=\"camel\"/>"), NULL, NULL, 0, 0 },
    { "a web service",           WITH_OPERATION(TASK("serviceTask", "implementation=\"##WebService\" operationRef=\"op\"", "")), NULL, NULL, 0, 0 },
    { "an unknown operation",    WITH_OPERATION(TASK("serviceTask", "implementation=\"##WebService\" operationRef=\"oq\"", "")), "unknown-operation", "x", 4, 0 },
    { "without operation",       SERVICE("implementation=\"##WebService\""), "no-implementation", "x", 5, 0 },
    { "for workers",             SERVICE("camunda:type=\"external\" camunda:topic=\"${t}\" camunda:taskPriority=\"7\""), NULL, NULL, 0, 0 },
    { "for workers of nothing",  SERVICE("camunda:type=\"external\""), "missing-topic", "x", 5, 0 },
    { "mapped errors",           BETWEEN(TASK("serviceTask", "activiti:class=\"a.B\"", EXTENSIONS("<activiti:mapException errorCode=\"e\">a.C</activiti:mapException>"))), NULL, NULL, 0, 0 },
    { "mapped to nothing",       BETWEEN(TASK("serviceTask", "activiti:class=\"a.B\"", EXTENSIONS("<activiti:mapException>a.C</activiti:mapException>"))), "ignored-element", "x", 6, 1 },
    { "mapped of a user",        BETWEEN(TASK("userTask", "", EXTENSIONS("<activiti:mapException errorCode=\"e\">a.C</activiti:mapException>"))), "unknown-element", "x", 6, 1 },
    { "skipped",                 BETWEEN("<userTask id=\"a\" activiti:skipExpression=\"${b}\"/><sendTask id=\"c\" activiti:class=\"d\" activiti:skipExpression=\"${b}\"/>"), NULL, NULL, 0, 0 },
    { "not to be skipped",       BETWEEN(TASK("receiveTask", "activiti:skipExpression=\"${b}\"", "")), "unknown-attribute", "x", 5, 1 },
    { "nor is a call",           CALL("calledElement=\"q\" activiti:skipExpression=\"${b}\"", ""), "unknown-attribute", "x", 5, 1 },
    { "data to nowhere",         BETWEEN(TASK("serviceTask", "activiti:class=\"a.B\"", "<dataInputAssociation><sourceRef>s</sourceRef></dataInputAssociation>")), "data-association", "x", 6, 0 },
    { "a field twice",           TYPED("shell", FIELD("command", "a") FIELD("command", "b")), NULL, NULL, 0, 0 },
    { "a field without name",    TYPED("shell", FIELD("command", "a") "<activiti:field stringValue=\"b\"/>"), "ignored-element", "x", 6, 1 },

    /* ---- send, script and rule tasks ---- */
    { "send by nothing",         BETWEEN(TASK("sendTask", "", "")), "no-implementation", "x", 5, 0 },
    { "send by shell",           BETWEEN(TASK("sendTask", "activiti:type=\"shell\"", EXTENSIONS(FIELD("command", "a")))), "task-type", "x", 5, 0 },
    { "send by no operation",    WITH_OPERATION(TASK("sendTask", "operationRef=\"oq\"", "")), "unknown-operation", "x", 4, 0 },
    { "send by an operation",    WITH_OPERATION(TASK("sendTask", "operationRef=\"op\" messageRef=\"m\"", "")), NULL, NULL, 0, 0 },
    { "a script",                BETWEEN(TASK("scriptTask", "scriptFormat=\"cobol\"", "<script>${ }</script>")), NULL, NULL, 0, 0 },
    { "no script",               BETWEEN(TASK("scriptTask", "", "")), "script-text", "x", 5, 0 },
    { "an empty script",         BETWEEN(TASK("scriptTask", "", "<script> \n </script>")), "script-text", "x", 5, 0 },
    { "rules",                   BETWEEN(TASK("businessRuleTask", "activiti:rules=\"a, b\" activiti:ruleVariablesInput=\"${c}\"", "")), NULL, NULL, 0, 0 },
    { "a decision",              BETWEEN(TASK("businessRuleTask", "camunda:decisionRef=\"d\" camunda:mapDecisionResult=\"singleEntry\"", "")), NULL, NULL, 0, 0 },
    { "mapped how",              BETWEEN(TASK("businessRuleTask", "camunda:decisionRef=\"d\" camunda:mapDecisionResult=\"some\"", "")), "attribute-value", "x", 5, 0 },
    { "bound how",               BETWEEN(TASK("businessRuleTask", "camunda:decisionRef=\"d\" camunda:decisionRefBinding=\"versionTag\"", "")), "binding", "x", 5, 0 },
    { "which version",           BETWEEN(TASK("businessRuleTask", "camunda:decisionRef=\"d\" camunda:decisionRefBinding=\"version\"", "")), "binding", "x", 5, 0 },

    /* ---- types that are built in ---- */
    { "a mail",                  TYPED("mail", FIELD("to", "a@b") EXPR("text", "${t}")), NULL, NULL, 0, 0 },
    { "a mail by a variable",    TYPED("mail", FIELD("to", "a@b") FIELD("htmlVar", "v")), NULL, NULL, 0, 0 },
    { "a mail to nobody",        TYPED("mail", FIELD("text", "t")), "missing-field", "x", 5, 0 },
    { "a mail to nobody at all", TYPED("mail", FIELD("to", "") FIELD("text", "t")), "missing-field", "x", 5, 0 },
    { "a mail about nothing",    TYPED("mail", FIELD("to", "a@b") FIELD("subject", "s")), "missing-field", "x", 5, 0 },
    { "a mail sent",             BETWEEN(TASK("sendTask", "activiti:type=\"mail\"", EXTENSIONS(FIELD("to", "a@b")))), "missing-field", "x", 5, 0 },
    { "a command",               TYPED("shell", FIELD("command", "ls") FIELD("wait", "false") EXPR("cleanEnv", "${c}")), NULL, NULL, 0, 0 },
    { "no command",              TYPED("shell", FIELD("arg1", "-l")), "missing-field", "x", 5, 0 },
    { "to wait or not",          TYPED("shell", FIELD("command", "ls") FIELD("wait", "maybe")), "field-value", "x", 5, 0 },
    { "errors or not",           TYPED("shell", FIELD("command", "ls") FIELD("redirectError", "1")), "field-value", "x", 5, 0 },
    { "an environment or not",   TYPED("shell", FIELD("command", "ls") FIELD("cleanEnv", "yes")), "field-value", "x", 5, 0 },
    { "a request",               TYPED("http", FIELD("requestUrl", "http://a/") FIELD("requestMethod", "PUT") FIELD("requestTimeout", "500")), NULL, NULL, 0, 0 },
    { "a request to nowhere",    TYPED("http", FIELD("requestMethod", "GET")), "missing-field", "x", 5, 0 },
    { "a request how",           TYPED("http", FIELD("requestUrl", "http://a/") FIELD("requestMethod", "FETCH")), "field-value", "x", 5, 0 },
    { "a request for how long",  TYPED("http", FIELD("requestUrl", "http://a/") FIELD("requestTimeout", "soon")), "field-value", "x", 5, 0 },

    /* ---- listeners ---- */
    { "a listener",              LISTENER("event=\"start\" class=\"a.B\"", FIELD("f", "v")), NULL, NULL, 0, 0 },
    { "a prefixed one",          LISTENER("activiti:event=\"end\" activiti:expression=\"${a}\"", ""), NULL, NULL, 0, 0 },
    { "one that does nothing",   LISTENER("event=\"start\"", ""), "listener-implementation", "x", 6, 0 },
    { "one of an unknown event", LISTENER("event=\"never\" class=\"a.B\"", ""), "listener-event", "x", 6, 1 },
    { "one of no event",         LISTENER("class=\"a.B\"", ""), "listener-event", "x", 6, 1 },
    { "a script as listener",    LISTENER("event=\"start\"", "<camunda:script scriptFormat=\"javascript\">a</camunda:script>"), NULL, NULL, 0, 0 },
    { "a script from a file",    LISTENER("event=\"start\"", "<camunda:script scriptFormat=\"javascript\" resource=\"a.js\">a</camunda:script>"), "unsupported-attribute", "x", 6, 0 },
    { "a listener of a flow",    BETWEEN("<sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"e\">" EXTENSIONS("<activiti:executionListener class=\"a.B\"/>") "</sequenceFlow>\n"), NULL, NULL, 0, 0 },
    { "a flow's does nothing",   BETWEEN("<sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"e\">\n" EXTENSIONS("<activiti:executionListener/>") "</sequenceFlow>\n"), "listener-implementation", "f", 6, 0 },
    { "the process's nothing",   PROCESS(EXTENSIONS("\n<activiti:executionListener event=\"end\"/>") "<startEvent id=\"s\"/>"), "listener-implementation", "p", 4, 0 },
    { "a task listener",         TASK_LISTENER("event=\"assignment\" delegateExpression=\"${b}\""), NULL, NULL, 0, 0 },
    { "all of a task",           TASK_LISTENER("event=\"all\" expression=\"${b}\""), NULL, NULL, 0, 0 },
    { "a task's does nothing",   TASK_LISTENER("event=\"create\""), "listener-implementation", "x", 6, 0 },
    { "a task's unknown event",  TASK_LISTENER("event=\"timeout\" expression=\"${b}\""), "listener-event", "x", 6, 1 },
    { "engine events",           EVENT_LISTENER("events=\"ENTITY_CREATED, TASK_CREATED\" class=\"a.B\" entityType=\"task\""), NULL, NULL, 0, 0 },
    { "one of something else",   EVENT_LISTENER("events=\"TIMER_FIRED, TASK_CREATED\" class=\"a.B\" entityType=\"task\""), "event-listener", "p", 3, 1 },
    { "one that never comes",    EVENT_LISTENER("events=\"ENGINE_CREATED\" class=\"a.B\""), "event-listener", "p", 3, 1 },
    { "an entity there is none", EVENT_LISTENER("entityType=\"comment\" class=\"a.B\""), "event-listener", "p", 3, 1 },
    { "all engine events",       EVENT_LISTENER("delegateExpression=\"${b}\""), NULL, NULL, 0, 0 },
    { "an unknown engine event", EVENT_LISTENER("events=\"TASK_FORGOTTEN\" class=\"a.B\""), "event-listener", "p", 3, 0 },
    { "nothing on events",       EVENT_LISTENER("events=\"TASK_CREATED\""), "event-listener", "p", 3, 0 },
    { "an expression on events", EVENT_LISTENER("expression=\"${a}\""), "event-listener", "p", 3, 0 },
    { "an unknown entity",       EVENT_LISTENER("entityType=\"elf\" class=\"a.B\""), "event-listener", "p", 3, 1 },
    { "throw a signal",          EVENT_LISTENER("throwEvent=\"globalSignal\" signalName=\"g\""), NULL, NULL, 0, 0 },
    { "throw what",              EVENT_LISTENER("throwEvent=\"stone\""), "event-listener", "p", 3, 0 },
    { "throw no name",           EVENT_LISTENER("throwEvent=\"error\""), "event-listener", "p", 3, 1 },

    /* ---- loops ---- */
    { "so many times",           LOOPED("", "<loopCardinality>${n}</loopCardinality>"), NULL, NULL, 0, 0 },
    { "for each",                LOOPED("activiti:collection=\"l\" activiti:elementVariable=\"e\"", ""), NULL, NULL, 0, 0 },
    { "for each by reference",   LOOPED("isSequential=\"true\"", "<loopDataInputRef>l</loopDataInputRef><inputDataItem name=\"e\"/>"), NULL, NULL, 0, 0 },
    { "how many times",          LOOPED("", ""), "loop-count", "x", 6, 0 },
    { "no times",                LOOPED("", "<loopCardinality/>"), "loop-count", "x", 6, 0 },
    { "a broken number",         LOOPED("", "<loopCardinality>${n</loopCardinality>"), "expression-syntax", "x", 6, 0 },
    { "jobs of the rounds",      LOOPED("camunda:asyncBefore=\"true\" camunda:exclusive=\"false\"", "<loopCardinality>2</loopCardinality>"), NULL, NULL, 0, 0 },
    { "jobs after the rounds",   LOOPED("camunda:asyncAfter=\"true\"", "<loopCardinality>2</loopCardinality>"), "unsupported-attribute", "x", 6, 0 },
    { "a broken end",            LOOPED("", "<loopCardinality>2</loopCardinality><completionCondition>${</completionCondition>"), "expression-syntax", "x", 6, 0 },

    /* ---- call activities ---- */
    { "a call",                  CALL("calledElement=\"q\" activiti:inheritVariables=\"true\"", "<activiti:in source=\"a\" target=\"b\"/>"), NULL, NULL, 0, 0 },
    { "a call of nothing",       CALL("", ""), "called-element", "x", 5, 1 },
    { "a broken call",           CALL("calledElement=\"${q\"", ""), "expression-syntax", "x", 5, 0 },
    { "a version of it",         CALL("calledElement=\"q\" camunda:calledElementBinding=\"version\" camunda:calledElementVersion=\"3\"", ""), NULL, NULL, 0, 0 },
    { "which version of it",     CALL("calledElement=\"q\" camunda:calledElementBinding=\"version\"", ""), "binding", "x", 5, 0 },
    { "nothing to hand over",    CALL("calledElement=\"q\"", "<activiti:in source=\"a\"/>"), "ignored-element", "x", 6, 1 },
    { "from nowhere",            CALL("calledElement=\"q\"", "<activiti:out target=\"a\"/>"), "ignored-element", "x", 6, 1 },
    { "a broken source",         CALL("calledElement=\"q\"", "<activiti:out sourceExpression=\"${\" target=\"a\"/>"), "expression-syntax", "x", 6, 0 },
    { "local variables",         CALL("calledElement=\"q\"", "<camunda:in variables=\"all\" local=\"true\"/>"), "unsupported-attribute", "x", 6, 0 },

    /* ---- parameters ---- */
    { "parameters",              BETWEEN(TASK("task", "", EXTENSIONS("<camunda:inputOutput><camunda:inputParameter name=\"a\">${b}</camunda:inputParameter>"
                                         "<camunda:outputParameter name=\"c\"/></camunda:inputOutput>"))), NULL, NULL, 0, 0 },
    { "a nameless parameter",    BETWEEN(TASK("task", "", EXTENSIONS("<camunda:inputOutput><camunda:inputParameter>1</camunda:inputParameter></camunda:inputOutput>"))),
                                                                           "parameter-name", "x", 6, 0 },
    { "a list as parameter", PARAMETER("<camunda:list/>"), NULL, NULL, 0, 0 },
    { "a list of all kinds", PARAMETER("<camunda:list><camunda:value>1</camunda:value><camunda:value/><camunda:list/><camunda:map/><camunda:script>${1}</camunda:script></camunda:list>"), NULL, NULL, 0, 0 },
    { "a map of all kinds", PARAMETER("<camunda:map><camunda:entry key=\"a\">1</camunda:entry><camunda:entry key=\"b\"/><camunda:entry key=\"c\"><camunda:list/></camunda:entry></camunda:map>"), NULL, NULL, 0, 0 },
    { "a script as parameter", PARAMETER("<camunda:script scriptFormat=\"js\">1</camunda:script>"), NULL, NULL, 0, 0 },
    { "a script of a file", PARAMETER("<camunda:script scriptFormat=\"js\" resource=\"a.js\"/>"), "unsupported-attribute", "x", 6, 0 },
    { "an empty script", PARAMETER("<camunda:script scriptFormat=\"js\"/>"), "script-text", "x", 6, 0 },
    { "no such kind", PARAMETER("<camunda:set/>"), "parameter-value", "x", 6, 0 },
    { "none in a list", PARAMETER("<camunda:list><camunda:entry key=\"a\">1</camunda:entry></camunda:list>"), "parameter-value", "x", 6, 0 },
    { "none in a value", PARAMETER("<camunda:list><camunda:value><camunda:set/></camunda:value></camunda:list>"), "parameter-value", "x", 6, 0 },
    { "no entry", PARAMETER("<camunda:map><camunda:value>1</camunda:value></camunda:map>"), "parameter-value", "x", 6, 0 },
    { "an entry without key", PARAMETER("<camunda:map><camunda:entry>1</camunda:entry></camunda:map>"), "parameter-name", "x", 6, 0 },
    { "two values", PARAMETER("<camunda:list/><camunda:list/>"), "parameter-value", "x", 6, 0 },
    { "a bad expression in a list", PARAMETER("<camunda:list><camunda:value>${</camunda:value></camunda:list>"), "expression-syntax", "x", 6, 0 },
    { "20 levels", PARAMETER(LISTS_AROUND("<camunda:value>1</camunda:value>")), NULL, NULL, 0, 0 },
    { "21 levels", PARAMETER(LISTS_AROUND("<camunda:map/>")), "parameter-depth", "x", 6, 0 },
    { "a bad expression in a map", PARAMETER("<camunda:map><camunda:entry key=\"a\">${1 +}</camunda:entry></camunda:map>"), "expression-syntax", "x", 6, 0 },
};
/* clang-format on */

/* ---- what is read ---------------------------------------------------------------- */

static const char *text_of(const wf_template_t *template)
{
    return template ? wf_template_source(template) : "-";
}

#define ADD(text, set, ...)                                                              \
    (text = (set) ? apr_pstrcat(pool, text, " ", __VA_ARGS__, NULL) : text)

static const char *described(const wf_action_t *action)
{
    static const char *const kinds[] = { "none", "expression", "delegate",  "class",
                                         "type", "script",     "operation", "decision" };
    const char *text = kinds[action->kind];
    int i;

    ADD(text, action->name, action->name);
    ADD(text, action->script, "{", action->script, "}");
    for (i = 0; action->fields && i < action->fields->nelts; i++) {
        const wf_field_t *field = &APR_ARRAY_IDX(action->fields, i, wf_field_t);

        ADD(text, 1, field->name, wf_template_is_literal(field->value) ? "=" : "~",
            text_of(field->value));
    }
    ADD(text, action->result_variable, "-> ", action->result_variable);
    ADD(text, action->store_variables, "stores");
    ADD(text, action->topic, "topic ", text_of(action->topic));
    ADD(text, action->priority, "priority ", text_of(action->priority));
    ADD(text, action->map_result, action->map_result);
    ADD(text, action->binding == WF_BINDING_DEPLOYMENT, "deployed");
    ADD(text, action->binding_version, "version ", text_of(action->binding_version));
    return text;
}

/* clang-format off */
static const struct {
    const char *xml; /* with a task "x" */
    const char *text;
} actions[] = {
    { SERVICE("activiti:expression=\"${a}\" activiti:resultVariable=\"r\""), "expression ${a} -> r" },
    { SERVICE("activiti:expression=\"${a}\" activiti:resultVariableName=\"r\""), "expression ${a} -> r" },
    { SERVICE("flowable:delegateExpression=\"${b}\""), "delegate ${b}" },
    { SERVICE("camunda:class=\"a.B\" activiti:expression=\"${a}\""), "class a.B" },
    { SERVICE("camunda:type=\"external\" camunda:topic=\"${t}\" camunda:taskPriority=\"7\""), "type external topic ${t} priority 7" },
    { WITH_OPERATION(TASK("sendTask", "operationRef=\"op\"", "")), "operation op" },
    { TYPED("shell", FIELD("command", "${x}") EXPR("arg1", "${y}") FIELD("command", "#{z}")), "type shell command=#{z} arg1~${y}" },
    { TYPED("mail", "<activiti:field name=\"to\"><activiti:string>a@b</activiti:string></activiti:field>"
                    "<activiti:field name=\"html\"><activiti:expression><![CDATA[<b>${t}</b>]]></activiti:expression></activiti:field>"), "type mail to=a@b html~<b>${t}</b>" },
    { BETWEEN(TASK("scriptTask", "scriptFormat=\"javascript\" activiti:resultVariable=\"r\" activiti:autoStoreVariables=\"true\"", "<script>var a = '${b}';\n</script>")),
      "script javascript {var a = '${b}';\n} -> r stores" },
    { BETWEEN(TASK("scriptTask", "", "<script>${a}</script>")), "script juel {${a}}" },
    { BETWEEN(TASK("businessRuleTask", "activiti:rules=\"a, b\" activiti:ruleVariablesInput=\"${c}\" activiti:exclude=\"true\"", "")),
      "type rules ruleVariablesInput~${c} rules=a, b exclude=true -> org.activiti.engine.rules.OUTPUT" },
    { BETWEEN(TASK("businessRuleTask", "activiti:class=\"a.B\"", "")), "class a.B" },
    { BETWEEN(TASK("businessRuleTask", "camunda:decisionRef=\"d\" camunda:mapDecisionResult=\"singleEntry\" camunda:resultVariable=\"r\"", "")), "decision d -> r singleEntry" },
    { BETWEEN(TASK("businessRuleTask", "camunda:decisionRef=\"${d}\" camunda:decisionRefBinding=\"version\" camunda:decisionRefVersion=\"${v}\"", "")), "decision ${d} version ${v}" },
    { BETWEEN(TASK("businessRuleTask", "camunda:decisionRef=\"d\" camunda:decisionRefBinding=\"deployment\"", "")), "decision d deployed" },
};

#define SCRIPTED "class=\"org.activiti.engine.impl.bpmn.listener.ScriptExecutionListener\""
static const struct {
    const char *xml; /* with a task "x" */
    const char *text;
} listeners[] = {
    { LISTENER("event=\"start\" class=\"a.B\"", FIELD("f", "v") EXPR("g", "${w}")), "start: class a.B f=v g~${w}" },
    { LISTENER("activiti:event=\"end\" activiti:expression=\"${a}\"", ""), "end: expression ${a}" },
    { LISTENER("event=\"start\" " SCRIPTED, FIELD("script", "a") FIELD("language", "javascript") FIELD("resultVariable", "r")),
      "start: script javascript {a} script=a language=javascript resultVariable=r -> r" },
    { LISTENER("event=\"start\" " SCRIPTED, EXPR("script", "${a}")),
      "start: class org.activiti.engine.impl.bpmn.listener.ScriptExecutionListener script~${a}" },
    { LISTENER("event=\"start\"", "<camunda:script scriptFormat=\"javascript\">a</camunda:script>"), "start: script javascript {a}" },
};
/* clang-format on */

static const char *listener_text(const apr_array_header_t *list)
{
    const char *text = "";
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        const wf_listener_t *listener = &APR_ARRAY_IDX(list, i, wf_listener_t);

        text = apr_pstrcat(pool, text, i ? ", " : "", listener->event, ": ",
                           described(&listener->action), NULL);
    }
    return text;
}

static void read_actions(void)
{
    int i;

    for (i = 0; i < (int)(sizeof(actions) / sizeof(actions[0])); i++) {
        const wf_node_t *node = node_of(read_model(actions[i].xml), "x");

        is_str(described(&((const wf_service_task_t *)node->details)->action),
               actions[i].text, "%s", actions[i].text);
    }
    for (i = 0; i < (int)(sizeof(listeners) / sizeof(listeners[0])); i++) {
        is_str(listener_text(node_of(read_model(listeners[i].xml), "x")->listeners),
               listeners[i].text, "%s", listeners[i].text);
    }
}

static void read_other_listeners(void)
{
    const wf_model_t *model = read_model(PROCESS(
        EXTENSIONS("<activiti:executionListener event=\"end\" class=\"a.B\"/>"
                   "<activiti:eventListener events=\"TIMER_FIRED, TASK_CREATED\" "
                   "throwEvent=\"signal\" signalName=\"g\"/>")
            TASK("userTask", "",
                 EXTENSIONS("<activiti:taskListener event=\"all\" class=\"a.C\"/>")) //
        "<startEvent id=\"s\"/><sequenceFlow id=\"f\" sourceRef=\"s\" "
        "targetRef=\"x\">" EXTENSIONS(
            "<activiti:executionListener "
            "event=\"start\" class=\"a.D\"/>") "</sequenceFlow>"));
    const wf_user_task_t *task = node_of(model, "x")->details;
    const wf_flow_t *flow =
        APR_ARRAY_IDX(node_of(model, "s")->outgoing, 0, const wf_flow_t *);
    const wf_event_listener_t *listener =
        APR_ARRAY_IDX(model->event_listeners, 0, const wf_event_listener_t *);

    is_str(listener_text(model->listeners), "end: class a.B", "listener of the process");
    is_str(listener_text(task->task_listeners), "all: class a.C", "task listener");
    is_str(listener_text(flow->listeners), "take: class a.D",
           "a flow's listener hears that it is taken, whatever it says");
    ok(listener->hears
           == (WF_NEWS_BIT(WF_NEWS_TIMER_FIRED) | WF_NEWS_BIT(WF_NEWS_TASK_CREATED)),
       "two engine events");
    ok(model->heard == listener->hears, "the model knows them");
    is_int(listener->throws, WF_THROWS_SIGNAL, "they throw a signal");
    is_str(listener->name, "g", "its name");
}

/* ---- loops, calls, parameters ---------------------------------------------------- */

static void read_loops(void)
{
    const wf_node_t *node;
    const wf_loop_t *loop =
        node_of(read_model(LOOPED("isSequential=\"true\" activiti:collection=\"${l}\" "
                                  "activiti:elementVariable=\"e\" "
                                  "activiti:elementIndexVariable=\"i\"",
                                  "<completionCondition>${done}</completionCondition>")),
                "x")
            ->loop;

    ok(loop->sequential && !loop->cardinality, "sequential, no number");
    is_str(text_of(loop->collection), "${l}", "collection");
    is_str(loop->element_variable, "e", "element variable");
    is_str(loop->index_variable, "i", "index variable");
    is_str(text_of(loop->completion), "${done}", "completion condition");
    loop = node_of(read_model(LOOPED("", "<loopCardinality> 3 </loopCardinality>"
                                         "<inputDataItem name=\"e\"/>")),
                   "x")
               ->loop;
    ok(!loop->sequential && !loop->collection, "parallel, no collection");
    is_str(text_of(loop->cardinality), "3", "cardinality");
    is_str(loop->element_variable, "e", "data item");
    is_str(loop->index_variable, "loopCounter", "index variable by default");
    node = node_of(read_model(LOOPED("camunda:asyncBefore=\"true\" "
                                     "camunda:exclusive=\"false\"",
                                     "<loopCardinality>3</loopCardinality>")),
                   "x");
    ok(node->async && !node->exclusive, "jobs of the instances");
}

static const char *mappings(const apr_array_header_t *list)
{
    const char *text = "";
    int i;

    for (i = 0; i < list->nelts; i++) {
        const wf_mapping_t *m = &APR_ARRAY_IDX(list, i, wf_mapping_t);

        ADD(text, 1, m->target ? m->target : "all", "=",
            m->source ? m->source : text_of(m->expression));
    }
    return text;
}

static void read_calls(void)
{
    const wf_call_activity_t *call =
        node_of(read_model(CALL("calledElement=\"${q}\" "
                                "activiti:inheritBusinessKey=\"true\" "
                                "activiti:inheritVariables=\"true\" "
                                "camunda:calledElementBinding=\"version\" "
                                "camunda:calledElementVersion=\"${v}\"",
                                "<activiti:in source=\"a\" target=\"b\"/>"
                                "<activiti:in sourceExpression=\"${c}\" target=\"d\"/>"
                                "<camunda:in businessKey=\"${k}\"/>"
                                "<camunda:out variables=\"all\"/>"
                                "<activiti:mapException errorCode=\"e\"/>")),
                "x")
            ->details;
    const wf_mapped_error_t *mapped =
        &APR_ARRAY_IDX(call->mapped_errors, 0, wf_mapped_error_t);

    is_str(text_of(call->called), "${q}", "called");
    is_str(text_of(call->version), "${v}", "version");
    is_int(call->binding, WF_BINDING_VERSION, "binding");
    is_str(text_of(call->business_key), "${k}", "business key");
    ok(call->inherit_business_key && call->inherit_variables, "what is inherited");
    is_str(mappings(call->in), " b=a d=${c}", "in");
    is_str(mappings(call->out), " all=-", "out");
    ok(mapped->code && !mapped->failure, "any failure is mapped");
}

static void read_common(void)
{
    const wf_node_t *node = node_of(
        read_model(BETWEEN(TASK(
            "task",
            "camunda:asyncBefore=\"TRUE\" camunda:asyncAfter=\"true\" "
            "activiti:exclusive=\"False\" activiti:skipExpression=\"${skip}\" "
            "isForCompensation=\"true\"",
            EXTENSIONS("<camunda:inputOutput>"
                       "<camunda:inputParameter name=\"a\">${b}</camunda:inputParameter>"
                       "<camunda:outputParameter name=\"c\"/></camunda:inputOutput>"
                       "<camunda:failedJobRetryTimeCycle>R5/PT1M</"
                       "camunda:failedJobRetryTimeCycle><camunda:properties/>")))),
        "x");
    const wf_parameter_t *in = &APR_ARRAY_IDX(node->inputs, 0, wf_parameter_t);
    const wf_parameter_t *out = &APR_ARRAY_IDX(node->outputs, 0, wf_parameter_t);

    ok(node->async && node->async_after && !node->exclusive, "jobs");
    ok(node->for_compensation, "a compensation handler");
    is_str(text_of(node->skip), "${skip}", "skip expression");
    is_str(text_of(node->retries->text), "R5/PT1M", "retries");
    is_str(in->name, "a", "input");
    is_str(text_of(in->value), "${b}", "its value");
    ok(!out->value, "an output of null");
}

static void read_user_task(void)
{
    const wf_user_task_t *task =
        node_of(
            read_model(BETWEEN(TASK(
                "userTask",
                "activiti:category=\"${c}\" activiti:businessCalendarName=\"b\" "
                "activiti:assignee=\"a\"",
                EXTENSIONS("<activiti:customResource activiti:name=\"boss\">"
                           "<resourceAssignmentExpression><formalExpression>user(u), g, "
                           "group(${h})</formalExpression></resourceAssignmentExpression>"
                           "</activiti:customResource>") "<humanPerformer>"
                                                         "<resourceAssignmentExpression>"
                                                         "<formalExpression>z</"
                                                         "formalExpression></"
                                                         "resourceAssignmentExpression>"
                                                         "</humanPerformer>"))),
            "x")
            ->details;
    const wf_custom_link_t *link = &APR_ARRAY_IDX(task->links, 0, wf_custom_link_t);

    is_str(text_of(task->assignee), "a", "the attribute before the performer");
    is_str(text_of(task->category), "${c}", "category");
    is_str(text_of(task->calendar), "b", "calendar");
    is_str(link->type, "boss", "a link of its own");
    is_int(link->users->nelts, 1, "its users");
    is_int(link->groups->nelts, 2, "its groups");
}

int main(void)
{
    cases_open();
    CHECK_CASES(cases);
    read_actions();
    read_other_listeners();
    read_loops();
    read_calls();
    read_common();
    read_user_task();
    return cases_close();
}
