/* What service tasks do: expressions, delegates by the registries, scripts, and what a
 * delegate may not do. No delegate here needs a network. */
#include "scenario.h"

#define SERVICE(id, attributes, children)                                                \
    "<serviceTask id=\"" id "\" " attributes "><extensionElements>" children             \
    "</extensionElements></serviceTask>\n"
#define ONE(attributes, children)                                                        \
    PROCESS(START SERVICE("x", attributes, children) TASK("t") FLOW("s", "x")            \
                FLOW("x", "t"))
#define FIELD(name, text)                                                                \
    "<activiti:field name=\"" name "\"><activiti:string>" text                           \
    "</activiti:string></activiti:field>"
#define COMPUTED(name, text) "<activiti:field name=\"" name "\" expression=\"" text "\"/>"
#define SCRIPT_TASK(id, attributes, text)                                                \
    "<scriptTask id=\"" id "\" " attributes "><script>" text "</script></scriptTask>"
#define SCRIPT(attributes, text)                                                         \
    PROCESS(START SCRIPT_TASK("x", attributes, text) TASK("t") FLOW("s", "x")            \
                FLOW("x", "t"))

/* Two flows leave x; a script chooses one. */
#define WAY(id, value)                                                                   \
    "<sequenceFlow id=\"" id "\" sourceRef=\"x\" targetRef=\"to-" id "\"/>" SCRIPT_TASK(    \
        "to-" id, "activiti:resultVariable=\"a\"", "${'" value "'}")                     \
        FLOW("to-" id, "t")
#define WAYS(chosen)                                                                     \
    PROCESS(START SERVICE("x", "activiti:class=\"org.acme.Way\"", FIELD("way", chosen))  \
                WAY("l", "left") WAY("r", "right") CHOICE("t") FLOW("s", "x")            \
                    TASK("u") FLOW("t", "u"))

#define FILE(caller, called)                                                             \
    DEFINITIONS "<process id=\"p\">\n" caller "</process>\n<process id=\"q\">\n" called  \
                "</process>\n</definitions>\n"
#define CALLER(inside)                                                                   \
    START "<callActivity id=\"c\" calledElement=\"q\"><extensionElements>" inside        \
          "</extensionElements></callActivity><boundaryEvent id=\"b\" "                  \
          "attachedToRef=\"c\"><errorEventDefinition "                                   \
          "errorRef=\"E\"/></boundaryEvent>" TASK("u") FLOW("s", "c") FLOW("b", "u")
#define SENDING(body)                                                                    \
    DEFINITIONS "<message id=\"m\" name=\"m\"/>\n<process id=\"p\">" body                \
                "</process></definitions>"
#define ENDS(attributes, inside)                                                         \
    "<endEvent id=\"e\"><messageEventDefinition messageRef=\"m\" " attributes            \
    "><extensionElements>" inside                                                        \
    "</extensionElements></messageEventDefinition></endEvent>"
#define DECISION(attributes)                                                             \
    PROCESS(START "<businessRuleTask id=\"x\" "                                          \
                  "xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\" " attributes     \
                  "/>" TASK("t") FLOW("s", "x") FLOW("x", "t"))

static const char server[] =
    "{\"noop\": {\"builtin\": \"noop\"}, \"org.acme.Set\": {\"builtin\": "
    "\"setVariables\"},"
    " \"org.acme.*\": {\"fail\": \"prefix\"}, \"org.acme.pay.*\": {\"fail\": \"longer "
    "prefix\"},"
    " \"org.acme.Topic\": {\"external\": \"pay\"}, \"worker\": {\"external\": \"pay\"}, \"mule:vm://in\": {\"builtin\": "
    "\"setVariables\"},"
    " \"camel:p\": {\"builtin\": \"setVariables\"}, \"rules:a,b\": {\"builtin\": "
    "\"setVariables\"},"
    " \"ws:op\": {\"fail\": \"web service\"}, \"shared\": {\"fail\": \"server\"}}";

/* clang-format off */
static const char own[] =
    "{\"shared\": {\"fail\": \"deployment\"}, \"own.*\": {\"builtin\": \"setVariables\"},"
    " \"org.acme.Js\": {\"script\": \"do.js\"}, \"org.acme.NoJs\": {\"script\": \"none.js\"},"
    " \"org.acme.Way\": {\"script\": \"way.js\"}, \"way\": {\"script\": \"way.js\"},"
    " \"calc\": {\"script\": \"calc.js\"}}";

static const char table[] =
    "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" id=\"d\" name=\"d\" namespace=\"t\">"
    "<decision id=\"size\" name=\"size\"><decisionTable id=\"t\"><input id=\"i\"><inputExpression id=\"ie\">"
    "<text>n</text></inputExpression></input><output id=\"o\" name=\"size\"/>"
    "<rule id=\"r1\"><inputEntry id=\"e1\"><text>&lt; 3</text></inputEntry><outputEntry id=\"o1\"><text>\"small\"</text></outputEntry></rule>"
    "<rule id=\"r2\"><inputEntry id=\"e2\"><text>&gt;= 3</text></inputEntry><outputEntry id=\"o2\"><text>\"large\"</text></outputEntry></rule>"
    "</decisionTable></decision></definitions>";
/* clang-format on */

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *variable, *value; /* afterwards, as JSON; NULL: not looked at */
    const char *names;            /* what the message of a failing start names */
} cases[] = {
    /* ---- expressions ---- */
    { "for its effect", ONE("activiti:expression=\"${execution.setVariable('a', 1)}\"", ""), "a", "1", NULL },
    { "for its value",  ONE("activiti:expression=\"${n + 1}\" activiti:resultVariable=\"a\"", ""), "a", "6", NULL },
    { "by the old name", ONE("activiti:expression=\"${n + 1}\" activiti:resultVariableName=\"a\"", ""), "a", "6", NULL },
    { "null as a value", ONE("activiti:expression=\"${null}\" activiti:resultVariable=\"a\"", ""), "a", "null", NULL },
    { "it fails",       ONE("activiti:expression=\"${nobody}\"", ""), NULL, NULL, "activity \"x\"" },
    { "no object",      ONE("activiti:expression=\"${execution}\" activiti:resultVariable=\"a\"", ""), NULL, NULL, "object" },
    { "twin",           ONE("camunda:expression=\"${n}\" camunda:resultVariable=\"a\" xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\"", ""), "a", "5", NULL },

    /* ---- delegates ---- */
    { "class",          ONE("activiti:class=\"org.acme.Set\"", FIELD("a", "x") COMPUTED("b", "${n * 2}")), "b", "10", NULL },
    { "fields are texts", ONE("activiti:class=\"org.acme.Set\"", FIELD("a", "${n}")), "a", "\"${n}\"", NULL },
    { "delegate expression", ONE("activiti:delegateExpression=\"${noop}\"", ""), NULL, NULL, NULL },
    { "a name as delegate",  ONE("activiti:delegateExpression=\"${'org.acme.Set'}\"", FIELD("a", "x")), "a", "\"x\"", NULL },
    { "no delegate",    ONE("activiti:delegateExpression=\"${n}\"", ""), NULL, NULL, "no delegate" },
    { "nobody's class", ONE("activiti:class=\"com.acme.None\"", ""), NULL, NULL, "com.acme.None" },
    { "nobody's bean",  ONE("activiti:delegateExpression=\"${none}\"", ""), NULL, NULL, "\"none\"" },
    { "a variable hides a bean", ONE("activiti:delegateExpression=\"${n}\"", ""), NULL, NULL, "gives integer" },
    { "prefix",         ONE("activiti:class=\"org.acme.Other\"", ""), NULL, NULL, "prefix" },
    { "longest prefix", ONE("activiti:class=\"org.acme.pay.Card\"", ""), NULL, NULL, "longer prefix" },
    { "the deployment's own", ONE("activiti:class=\"shared\"", ""), NULL, NULL, "deployment" },
    { "its prefix",     ONE("activiti:class=\"own.Set\"", FIELD("a", "x")), "a", "\"x\"", NULL },
    { "mule",           ONE("activiti:type=\"mule\"", FIELD("endpointUrl", "vm://in") FIELD("a", "m")), "a", "\"m\"", NULL },
    { "mule for nobody", ONE("activiti:type=\"mule\"", FIELD("endpointUrl", "vm://out")), NULL, NULL, "mule:vm://out" },
    { "camel",          ONE("activiti:type=\"camel\"", FIELD("a", "c")), "a", "\"c\"", NULL },
    { "bean method",    ONE("activiti:expression=\"${noop.run(n)}\" activiti:resultVariable=\"a\"", ""), "a", "null", NULL },
    { "bean property",  ONE("activiti:expression=\"${noop.value}\" activiti:resultVariable=\"a\"", ""), "a", "null", NULL },
    { "bean that fails", ONE("activiti:expression=\"${shared.run(n)}\"", ""), NULL, NULL, "deployment" },
    { "nobody's name",  ONE("activiti:expression=\"${x}\"", "") , NULL, NULL, "'x'" },
    { "bean that cannot wait", ONE("activiti:expression=\"${worker.go()}\"", "") , NULL, NULL, "cannot wait" },
    { "rules", PROCESS(START "<businessRuleTask id=\"x\" activiti:rules=\"a,b\" activiti:ruleVariablesInput=\"${n}\"/>" TASK("t")
        FLOW("s", "x") FLOW("x", "t")), "ruleVariablesInput", "5", NULL },
    { "send task", PROCESS(START "<sendTask id=\"x\" activiti:class=\"org.acme.Set\"><extensionElements>" FIELD("a", "sent")
        "</extensionElements></sendTask>" TASK("t") FLOW("s", "x") FLOW("x", "t")), "a", "\"sent\"", NULL },

    { "send task of another engine", PROCESS(START "<sendTask id=\"x\" activiti:type=\"camel\"><extensionElements>" FIELD("a", "c")
        "</extensionElements></sendTask>" TASK("t") FLOW("s", "x") FLOW("x", "t")), "a", "\"c\"", NULL },
    { "class of rules", PROCESS(START "<businessRuleTask id=\"x\" activiti:class=\"org.acme.Set\"><extensionElements>" FIELD("a", "r")
        "</extensionElements></businessRuleTask>" TASK("t") FLOW("s", "x") FLOW("x", "t")), "a", "\"r\"", NULL },
    { "rules to leave out", PROCESS(START "<businessRuleTask id=\"x\" activiti:rules=\"a,b\" activiti:exclude=\"true\"/>" TASK("t") FLOW("s", "x")
        FLOW("x", "t")), "exclude", "\"true\"", NULL },
    { "where rules leave what they find", PROCESS(START "<businessRuleTask id=\"x\" activiti:rules=\"a,b\"/>" TASK("t") FLOW("s", "x")
        FLOW("x", "t")), "org.activiti.engine.rules.OUTPUT", "null", NULL },
    { "or elsewhere", PROCESS(START "<businessRuleTask id=\"x\" activiti:rules=\"a,b\" activiti:resultVariable=\"a\"/>" TASK("t") FLOW("s", "x")
        FLOW("x", "t")), "a", "null", NULL },
    { "rules of nobody", PROCESS(START "<businessRuleTask id=\"x\" activiti:rules=\"c\"/>" TASK("t") FLOW("s", "x") FLOW("x", "t")), NULL, NULL, "rules:c" },
    { "web service", DEFINITIONS "<message id=\"m\" name=\"m\"/><interface id=\"i\" name=\"i\"><operation id=\"op\" name=\"op\"><inMessageRef>m"
        "</inMessageRef></operation></interface><process id=\"p\">" START "<serviceTask id=\"x\" implementation=\"##WebService\" operationRef=\"op\"/>"
        FLOW("s", "x") "</process></definitions>", NULL, NULL, "web service" },
    { "fields four ways", ONE("activiti:class=\"org.acme.Set\"", "<activiti:field name=\"b\" stringValue=\"1\"/><activiti:field name=\"c\" "
        "expression=\"${b == '1'}\"/><activiti:field name=\"d\"><activiti:string>${n}</activiti:string></activiti:field><activiti:field name=\"a\">"
        "<activiti:expression>${n}-${n + 1}</activiti:expression></activiti:field>"), NULL, NULL, "field \"c\"" },
    { "each of them", ONE("activiti:class=\"org.acme.Set\"", "<activiti:field name=\"b\" stringValue=\"1\"/><activiti:field name=\"a\">"
        "<activiti:expression>${n}-${n + 1}</activiti:expression></activiti:field>"), "a", "\"5-6\"", NULL },

    /* ---- scripts ---- */
    { "juel",           SCRIPT("scriptFormat=\"juel\" activiti:resultVariable=\"a\"", "${n + 1}"), "a", "6", NULL },
    { "juel by default", SCRIPT("activiti:resultVariable=\"a\"", "${n + 1}"), "a", "6", NULL },
    { "bad juel",       SCRIPT("", "${n +}"), NULL, NULL, "script of \"x\"" },
    { "javascript",     SCRIPT("scriptFormat=\"javascript\" activiti:resultVariable=\"a\"", "n + 1"), "a", "6", NULL },
    { "JavaScript",     SCRIPT("scriptFormat=\"JavaScript\" activiti:resultVariable=\"a\"", "n * 0.5"), "a", "2.5", NULL },
    { "js",             SCRIPT("scriptFormat=\"js\"", "execution.setVariable('a', [n, {x: 'y'}])"), "a", "[5,{\"x\":\"y\"}]", NULL },
    { "ecmascript",     SCRIPT("scriptFormat=\"ecmascript\" activiti:resultVariable=\"a\"", "execution.currentActivityId"), "a", "\"x\"", NULL },
    { "what is not stored", SCRIPT("scriptFormat=\"js\"", "var a = 1"), "a", NULL, NULL },
    { "what is",        SCRIPT("scriptFormat=\"js\" activiti:autoStoreVariables=\"true\"", "var a = n + 2; let b = 1"), "a", "7", NULL },
    { "its own message", SCRIPT("scriptFormat=\"js\"", "throw new Error('the oven is cold')"), NULL, NULL, "the oven is cold" },
    { "a syntax error", SCRIPT("scriptFormat=\"js\"", "n +"), NULL, NULL, "script of \"x\"" },
    { "an unknown name", SCRIPT("scriptFormat=\"js\"", "nobody + 1"), NULL, NULL, "nobody" },
    { "for ever",       SCRIPT("scriptFormat=\"js\"", "for (;;);"), NULL, NULL, "script of \"x\"" },
    { "bean in a script", SCRIPT("scriptFormat=\"js\" activiti:resultVariable=\"a\"", "noop.run(n) === null"), "a", "true", NULL },
    { "a script caught it", SCRIPT("scriptFormat=\"js\" activiti:resultVariable=\"a\"", "try { shared.run(); 1 } catch (e) { 2 }"), "a", "2", NULL },
    { "script delegate", ONE("activiti:class=\"org.acme.Js\"", FIELD("by", "3")), "a", "15", NULL },
    { "bean of a script", ONE("activiti:expression=\"${calc.times(n, 4)}\" activiti:resultVariable=\"a\"", ""), "a", "20", NULL },
    { "how a bean of a script is called", ONE("activiti:expression=\"${way.look()}\" activiti:resultVariable=\"a\"", ""), "a", "\"method way\"", NULL },
    { "and its property", ONE("activiti:expression=\"${way.look}\" activiti:resultVariable=\"a\"", ""), "a", "\"property way\"", NULL },
    { "how a script is called", ONE("activiti:class=\"org.acme.Way\"", ""), "a", "\"execute org.acme.Way\"", NULL },
    { "the flow that a script chooses", WAYS("r"), "a", "\"right\"", NULL },
    { "and another",     WAYS("l"), "a", "\"left\"", NULL },
    { "no flow of the activity", WAYS("z"), NULL, NULL, "flow \"z\" was chosen, which does not leave" },
    { "a bean chooses none", ONE("activiti:expression=\"${way.go('r')}\"", ""), NULL, NULL, "cannot choose a flow" },
    { "a flow is a text", ONE("activiti:expression=\"${way.go(5)}\"", ""), NULL, NULL, "setTransition: integer where a text" },
    { "nor does a listener", PROCESS(START "<task id=\"x\"><extensionElements><activiti:executionListener event=\"start\" class=\"org.acme.Way\">"
        FIELD("way", "r") "</activiti:executionListener></extensionElements></task>" TASK("t") FLOW("s", "x") FLOW("x", "t")), NULL, NULL, "\"r\"" },
    { "script that is not there", ONE("activiti:class=\"org.acme.NoJs\"", ""), NULL, NULL, "no resource 'none.js'" },
    { "groovy",         SCRIPT("scriptFormat=\"groovy\"", "n + 1"), NULL, NULL, "Can't find scripting engine for 'groovy'" },

    /* ---- decisions ---- */
    { "decision", DECISION("camunda:decisionRef=\"size\" camunda:mapDecisionResult=\"singleEntry\" camunda:resultVariable=\"a\""), "a", "\"large\"", NULL },
    { "result list", DECISION("camunda:decisionRef=\"${'size'}\" camunda:resultVariable=\"a\""), "a", "[{\"size\":\"large\"}]", NULL },
    { "unknown decision", DECISION("camunda:decisionRef=\"shape\""), NULL, NULL, "no decision \"shape\"" },

    /* ---- programs ---- */
    { "program", ONE("activiti:type=\"shell\"", FIELD("command", "echo") FIELD("arg1", "two words") FIELD("outputVariable", "a")), "a", "\"two words\\n\"", NULL },
    { "its exit code", ONE("activiti:type=\"shell\"", FIELD("command", "sh") FIELD("arg1", "-c") FIELD("arg2", "exit 3") FIELD("errorCodeVariable", "a")), "a", "\"3\"", NULL },
    { "killed", ONE("activiti:type=\"shell\"", FIELD("command", "sh") FIELD("arg1", "-c") FIELD("arg2", "kill -9 $$") FIELD("errorCodeVariable", "a")), "a", "\"137\"", NULL },
    { "errors in the output", ONE("activiti:type=\"shell\"", FIELD("command", "sh") FIELD("arg1", "-c") FIELD("arg2", "echo e >&amp;2") FIELD("redirectError", "true")
        FIELD("outputVariable", "a")), "a", "\"e\\n\"", NULL },
    { "errors apart", ONE("activiti:type=\"shell\"", FIELD("command", "sh") FIELD("arg1", "-c") FIELD("arg2", "echo e >&amp;2") FIELD("outputVariable", "a")), "a", "\"\"", NULL },
    { "in a directory", ONE("activiti:type=\"shell\"", FIELD("command", "pwd") FIELD("directory", "/usr") FIELD("outputVariable", "a")), "a", "\"/usr\\n\"", NULL },
    { "five arguments", ONE("activiti:type=\"shell\"", FIELD("command", "printf") FIELD("arg1", "%s.%s.%s.%s") FIELD("arg2", "2") COMPUTED("arg3", "${n}")
        FIELD("arg4", "4") FIELD("arg5", "5") FIELD("outputVariable", "a")), "a", "\"2.5.4.5\"", NULL },
    { "no more than five", ONE("activiti:type=\"shell\"", FIELD("command", "echo") FIELD("arg5", "5") FIELD("arg6", "6") FIELD("outputVariable", "a")), "a", "\"5\\n\"", NULL },
    { "a flag that is none", ONE("activiti:type=\"shell\"", FIELD("command", "echo") COMPUTED("wait", "${n}")), NULL, NULL, "field \"wait\" is \"5\"" },
    { "a computed flag", ONE("activiti:type=\"shell\"", FIELD("command", "sh") FIELD("arg1", "-c") FIELD("arg2", "echo e >&amp;2") COMPUTED("redirectError", "${n == 5}")
        FIELD("outputVariable", "a")), "a", "\"e\\n\"", NULL },
    { "in no directory", ONE("activiti:type=\"shell\"", FIELD("command", "pwd") FIELD("directory", "/nowhere")), NULL, NULL, "cannot run pwd" },
    { "an empty command", ONE("activiti:type=\"shell\"", COMPUTED("command", "${null}")), NULL, NULL, "field \"command\"" },
    { "without environment", ONE("activiti:type=\"shell\"", FIELD("command", "/usr/bin/env") FIELD("cleanEnv", "true") FIELD("outputVariable", "a")), "a", "\"\"", NULL },
    { "computed", ONE("activiti:type=\"shell\"", FIELD("command", "echo") COMPUTED("arg1", "${n + 1}") FIELD("outputVariable", "a")), "a", "\"6\\n\"", NULL },
    { "not waited for", ONE("activiti:type=\"shell\"", FIELD("command", "sleep") FIELD("arg1", "1") FIELD("wait", "false") FIELD("outputVariable", "a")), "a", NULL, NULL },
    { "bytes", ONE("activiti:type=\"shell\"", FIELD("command", "printf") FIELD("arg1", "\\377") FIELD("outputVariable", "a")), "a", "\"/w==\"", NULL },
    { "no such program", ONE("activiti:type=\"shell\"", FIELD("command", "/nowhere/at/all")), NULL, NULL, "cannot run /nowhere/at/all" },
    { "too slow", ONE("activiti:type=\"shell\"", FIELD("command", "sleep") FIELD("arg1", "30")), NULL, NULL, "takes too long" },
    { "its child, too", ONE("activiti:type=\"shell\"", FIELD("command", "sh") FIELD("arg1", "-c") FIELD("arg2", "sleep 30 &amp; wait")), NULL, NULL, "takes too long" },
    { "too much", ONE("activiti:type=\"shell\"", FIELD("command", "yes")), NULL, NULL, "more than 65536 bytes" },
    { "http is off", ONE("activiti:type=\"http\"", FIELD("requestUrl", "http://127.0.0.1/")), NULL, NULL, "WorkflowHttpTask" },
    { "no mail server", ONE("activiti:type=\"mail\"", FIELD("to", "a@example.org") FIELD("text", "x")), NULL, NULL, "mail" },
    { "failed mail forgiven", ONE("activiti:type=\"mail\"", FIELD("to", "a@example.org") FIELD("text", "x") FIELD("ignoreException", "true")
        FIELD("exceptionVariableName", "a")), NULL, NULL, NULL },
    { "text of a variable that is missing", ONE("activiti:type=\"mail\"", FIELD("to", "a@example.org") FIELD("textVar", "nothing")), NULL, NULL, "\"nothing\"" },

    /* ---- passing over ---- */
    { "skipped", PROCESS(START SERVICE("x", "activiti:expression=\"${nobody}\" activiti:skipExpression=\"${n == 5}\"", "") TASK("t")
        FLOW("s", "x") FLOW("x", "t")), NULL, NULL, "nobody" },
};

/* Scenarios in which skipping is enabled. */
#define SKIPS "{\"_ACTIVITI_SKIP_EXPRESSION_ENABLED\": true, \"n\": 5}"
static const scenario_t scenarios[] = {
    { "service task skipped", PROCESS(START SERVICE("x", "activiti:expression=\"${nobody}\" activiti:skipExpression=\"${n == 5}\"", "")
        TASK("t") FLOW("s", "x") FLOW("x", "t")), SKIPS, "t", "s x t" },
    { "script task skipped", PROCESS(START SCRIPT_TASK("x", "activiti:skipExpression=\"${true}\"", "${nobody}") TASK("t")
        FLOW("s", "x") FLOW("x", "t")), SKIPS, "t", "s x t" },
    { "user task skipped", PROCESS(START "<userTask id=\"x\" activiti:skipExpression=\"${n &gt; 1}\"/>" TASK("t") FLOW("s", "x")
        FLOW("x", "t")), SKIPS, "t", "s x t" },
    { "not enabled", PROCESS(START "<userTask id=\"x\" activiti:skipExpression=\"${n &gt; 1}\"/>" TASK("t") FLOW("s", "x")
        FLOW("x", "t")), "{\"n\": 5}", "x | complete x: t", NULL },
    { "false", PROCESS(START "<userTask id=\"x\" activiti:skipExpression=\"${n &lt; 1}\"/>" TASK("t") FLOW("s", "x")
        FLOW("x", "t")), SKIPS, "x | complete x: t", NULL },
    { "a flow that is skipped is taken", PROCESS(START CHOICE("g") TASK("t") TASK("u") FLOW("s", "g")
        "<sequenceFlow id=\"f\" sourceRef=\"g\" targetRef=\"t\" activiti:skipExpression=\"${true}\"><conditionExpression>${false}"
        "</conditionExpression></sequenceFlow>" FLOW("g", "u")), SKIPS, "t", NULL },
    { "a flow that is not", PROCESS(START CHOICE("g") TASK("t") TASK("u") FLOW("s", "g")
        "<sequenceFlow id=\"f\" sourceRef=\"g\" targetRef=\"t\" activiti:skipExpression=\"${false}\"/>" FLOW("g", "u")), SKIPS, "u", NULL },
    { "no boolean", PROCESS(START TASK("t") "<userTask id=\"x\" activiti:skipExpression=\"${n}\"/>" FLOW("s", "t") FLOW("t", "x")), SKIPS,
      "t | complete t: !skipExpression", NULL },

    { "disabled again", PROCESS(START "<userTask id=\"x\" activiti:skipExpression=\"${n &gt; 1}\"/>" TASK("t") FLOW("s", "x")
        FLOW("x", "t")), "{\"_ACTIVITI_SKIP_EXPRESSION_ENABLED\": false, \"n\": 5}", "x | complete x: t", NULL },
    { "without that variable a flow has its condition", PROCESS(START CHOICE("g") TASK("t") TASK("u") FLOW("s", "g")
        "<sequenceFlow id=\"f\" sourceRef=\"g\" targetRef=\"t\" activiti:skipExpression=\"${true}\"><conditionExpression>${false}"
        "</conditionExpression></sequenceFlow>" FLOW("g", "u")), NULL, "u", NULL },
    { "flows out of a task", PROCESS(START PASS("g") TASK("t") TASK("u") TASK("v") FLOW("s", "g")
        "<sequenceFlow id=\"f\" sourceRef=\"g\" targetRef=\"t\" activiti:skipExpression=\"${true}\"/>"
        "<sequenceFlow id=\"h\" sourceRef=\"g\" targetRef=\"u\" activiti:skipExpression=\"${false}\"/>" FLOW("g", "v")), SKIPS, "t v", NULL },
    { "each round is skipped or not", PROCESS(START "<userTask id=\"x\" activiti:skipExpression=\"${loopCounter == 1}\">"
        "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></userTask>" TASK("t") FLOW("s", "x")
        FLOW("x", "t")), SKIPS, "x x | complete x: x | complete x: t", NULL },

    /* ---- failures of what was called ---- */
    { "mapped at the call", FILE(CALLER("<activiti:mapException errorCode=\"E\"/>"), "<startEvent id=\"i\"/>"
        SERVICE("y", "activiti:class=\"org.acme.pay.X\"", "") FLOW("i", "y")), NULL, "u", "s c b u" },
    { "with a task beside it", FILE(CALLER("<activiti:mapException errorCode=\"E\"/>"), "<startEvent id=\"i\"/>" FORK("f") TASK("a")
        SERVICE("y", "activiti:class=\"org.acme.pay.X\"", "") FLOW("i", "f") FLOW("f", "a") FLOW("f", "y")), NULL, "u", NULL },
    { "another name", FILE(CALLER("<activiti:mapException errorCode=\"E\">timeout</activiti:mapException>"), "<startEvent id=\"i\"/>"
        SERVICE("y", "activiti:class=\"org.acme.pay.X\"", "") FLOW("i", "y")), NULL, "!longer prefix", NULL },
    { "later failures are its own", FILE(CALLER("<activiti:mapException errorCode=\"E\"/>"), "<startEvent id=\"i\"/>" TASK("a")
        SERVICE("y", "activiti:class=\"org.acme.pay.X\"", "") FLOW("i", "a") FLOW("a", "y")), NULL, "a c | complete a: !longer prefix", NULL },

    { "of a script", PROCESS(START "<scriptTask id=\"x\" scriptFormat=\"js\"><extensionElements><activiti:mapException errorCode=\"E\"/>"
        "</extensionElements><script>nobody</script></scriptTask><boundaryEvent id=\"b\" attachedToRef=\"x\"><errorEventDefinition errorRef=\"E\"/>"
        "</boundaryEvent>" TASK("t") TASK("u") FLOW("s", "x") FLOW("x", "t") FLOW("b", "u")), NULL, "u", "s x b u" },

    /* ---- message end events ---- */
    { "message end event", SENDING(START FORK("f") TASK("t") ENDS("activiti:class=\"noop\"", "") FLOW("s", "f") FLOW("f", "t") FLOW("f", "e")), NULL, "t", NULL },
    { "without a sender", SENDING(START FORK("f") TASK("t") ENDS("", "") FLOW("s", "f") FLOW("f", "t") FLOW("f", "e")), NULL, "t", NULL },
    { "that fails", SENDING(START TASK("t") ENDS("activiti:class=\"org.acme.pay.X\"", "") FLOW("s", "t") FLOW("t", "e")), NULL, "t | complete t: !longer prefix", NULL },

    /* ---- jobs and joins around automatic tasks ---- */
    { "a job does it", PROCESS(START SERVICE("x", "activiti:async=\"true\" activiti:expression=\"${execution.setVariable('a', 1)}\"", "")
        TASK("t") FLOW("s", "x") FLOW("x", "t")), NULL, "x | job x: t", "s x t" },
    { "a job that fails", PROCESS(START SERVICE("x", "activiti:async=\"true\" activiti:class=\"org.acme.pay.X\"", "")
        TASK("t") FLOW("s", "x") FLOW("x", "t")), NULL, "x | job x: !longer prefix", NULL },
    { "several branches", PROCESS(START FORK("f") SERVICE("x", "activiti:expression=\"${1}\"", "") SERVICE("y", "activiti:expression=\"${2}\"", "")
        FORK("j") TASK("t") FLOW("s", "f") FLOW("f", "x") FLOW("f", "y") FLOW("x", "j") FLOW("y", "j") FLOW("j", "t")), NULL, "t", NULL },
    { "a loop of rounds", PROCESS(START "<serviceTask id=\"x\" activiti:expression=\"${execution.setVariable('sum', sum + loopCounter)}\">"
        "<multiInstanceLoopCharacteristics isSequential=\"true\"><loopCardinality>4</loopCardinality></multiInstanceLoopCharacteristics>"
        "</serviceTask>" CHOICE("g") TASK("t") TASK("u") FLOW("s", "x") FLOW("x", "g") IF("g", "t", "${sum == 6}") FLOW("g", "u")),
      "{\"sum\": 0}", "t", NULL },
};
/* clang-format on */

static wf_delegates_t *parse(const char *json)
{
    wf_delegates_t *delegates;
    wf_error_t err;

    wf_error_init(&err, world.pool);
    world_check(wf_delegates_parse(&delegates, json, strlen(json), 0, world.pool, &err),
                &err, "delegates");
    return delegates;
}

static void check(int i)
{
    const wf_definition_t *definition = world_deploy(cases[i].xml);
    wf_map_t *vars = world_vars();
    wf_started_t started;
    apr_status_t rv;

    world_add(definition, WF_DELEGATES_RESOURCE, own);
    world_add(definition, "do.js", "execution.setVariable('a', n * fields.by)");
    world_add(definition, "calc.js", "method == 'times' ? args[0] * args[1] : null");
    world_add(definition, "way.js",
              "if (fields.way) delegate.setTransition(fields.way);"
              "if (args.length) delegate.setTransition(args[0]);"
              "var how = delegate.kind + ' ' + delegate.class;"
              "execution.setVariable('a', how); how");
    world_add(definition, "size.dmn", table);
    wf_map_set(vars, "n", wf_integer(5));
    rv = world_start(definition, vars, &started);
    if (!ok((rv == APR_SUCCESS) == !cases[i].names, "%s: %s", cases[i].what,
            cases[i].names ? "fails" : "starts")) {
        diag("%s", world.err.message ? world.err.message : "");
    }
    if (cases[i].names
        && !ok(world.err.message && strstr(world.err.message, cases[i].names),
               "%s: names %s", cases[i].what, cases[i].names)) {
        diag("%s", world.err.message ? world.err.message : "");
    }
    if (cases[i].variable && rv == APR_SUCCESS) {
        is_str(world_var(started.id, cases[i].variable), cases[i].value, "%s: %s",
               cases[i].what, cases[i].variable);
    }
}

/* ---- registries ------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
    const char *json, *names; /* NULL: fine */
} registries[] = {
    { "{}", NULL },
    { "{\"*\": {\"builtin\": \"noop\"}}", NULL },
    { "{\"a.b.*\": {\"http\": \"https://example.org/x\", \"timeout\": 3600}}", NULL },
    { "{\"a\": {\"script\": \"a.js\"}, \"b\": {\"external\": \"t\"}, \"c\": {\"fail\": \"no\"}}", NULL },
    { "[]", "object" },
    { "{\"a\": 5}", "\"a\"" },
    { "{\"a\": {}}", "none of http" },
    { "{\"a\": {\"http\": \"ftp://example.org\"}}", "URL" },
    { "{\"a\": {\"http\": \"/path\"}}", "URL" },
    { "{\"a\": {\"http\": 5}}", "URL" },
    { "{\"a\": {\"builtin\": \"rm\"}}", "setVariables" },
    { "{\"a\": {\"script\": \"\"}}", "script" },
    { "{\"a\": {\"java\": \"x\"}}", "\"java\"" },
    { "{\"a\": {\"fail\": \"x\", \"external\": \"y\"}}", "both" },
    { "{\"a\": {\"http\": \"http://h/\", \"timeout\": 0}}", "timeout" },
    { "{\"a\": {\"http\": \"http://h/\", \"timeout\": \"5\"}}", "timeout" },
    { "{\"a\": {\"fail\": \"x\", \"timeout\": 5}}", "timeout" },
    { "{\"a*b\": {\"fail\": \"x\"}}", "*" },
    { "{\"\": {\"fail\": \"x\"}}", "name" },
    { "{\"a\": {\"fail\": \"x\"}", "line" },
};
/* clang-format on */

static void check_registry(int i)
{
    wf_delegates_t *delegates;
    const char *json = registries[i].json;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, world.pool);
    rv = wf_delegates_parse(&delegates, json, strlen(json), 0, world.pool, &err);
    if (!ok(registries[i].names ? rv != APR_SUCCESS && err.kind == WF_ERR_INVALID
                                      && strstr(err.message, registries[i].names)
                                : rv == APR_SUCCESS,
            "registry %s", json)) {
        diag("%s", err.message ? err.message : "accepted");
    }
}

/* What nobody is registered for goes to the default, but not in conditions. */
static void check_default(void)
{
    static const char xml[] = ONE("activiti:class=\"com.acme.None\"", FIELD("a", "x"));
    static const char bean[] = ONE("activiti:expression=\"${none.run()}\"", "");
    static const char condition[] = PROCESS(START TASK("t") IF("s", "t", "${none}"));
    wf_started_t started;

    world.services.delegates = parse("{\"*\": {\"builtin\": \"setVariables\"}}");
    ok(world_start(world_deploy(xml), NULL, &started) == APR_SUCCESS,
       "default for a class");
    is_str(world_var(started.id, "a"), "\"x\"", "the default did it");
    ok(world_start(world_deploy(bean), NULL, &started) == APR_SUCCESS,
       "default for a bean");
    ok(world_start(world_deploy(condition), NULL, &started) != APR_SUCCESS,
       "not in a condition");
}

int main(void)
{
    int i;

    world_open();
    world.services = (wf_services_t){ .delegates = parse(server),
                                      .shell_task = 1,
                                      .delegate_timeout = 1,
                                      .delegate_max_answer = 65536,
                                      .script_timeout = 1 };
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        check(i);
    }
    for (i = 0; i < (int)(sizeof(scenarios) / sizeof(scenarios[0])); i++) {
        play(&scenarios[i]);
    }
    for (i = 0; i < (int)(sizeof(registries) / sizeof(registries[0])); i++) {
        check_registry(i);
    }
    check_default();
    world_close();
    return done_testing();
}
