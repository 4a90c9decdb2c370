/* What files are taken, what is refused: rule, line and element of every problem. */
#include <stdlib.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "cases.h"

/* clang-format off */
static const case_t cases[] = {
    /* ---- XML ---- */
    { "empty file",              "",                                       "xml", NULL, 1, 0 },
    { "no XML",                  "hello",                                  "xml", NULL, 1, 0 },
    { "unclosed element",        "<a>\n<b>\n</a>",                         "xml", NULL, 3, 0 },
    { "text after the root",     "<a/>\nb",                                "xml", NULL, 2, 0 },
    { "undeclared prefix",       "<a>\n<x:b/></a>",                        "xml", NULL, 2, 0 },
    { "attribute twice",         "<a b=\"1\" b=\"2\"/>",                   "xml", NULL, 1, 0 },
    { "not UTF-8",               "<a>\xff</a>",                            "xml", NULL, 1, 0 },
    { "unknown encoding",        "<?xml version=\"1.0\" encoding=\"x-y\"?><a/>", "xml", NULL, 1, 0 },
    { "entity declaration",      "<!DOCTYPE a [\n<!ENTITY x \"y\">]><a>&x;</a>", "xml-entity", NULL, 2, 0 },
    { "external entity",         "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<a>&x;</a>",
                                                                           "xml-entity", NULL, 1, 0 },
    { "parameter entity",        "<!DOCTYPE a [<!ENTITY % x \"y\">]><a/>", "xml-entity", NULL, 1, 0 },
    { "entity of a foreign DTD", "<!DOCTYPE a SYSTEM \"a.dtd\"><a>\n&x;</a>", "xml-entity", NULL, 2, 0 },
    { "undefined entity",        "<a>\n&x;</a>",                           "xml", NULL, 2, 0 },

    /* ---- schema ---- */
    { "not definitions",         "<process/>",                             "no-bpmn", NULL, 1, 0 },
    { "no namespace",            "<definitions/>",                         "no-bpmn", NULL, 1, 0 },
    { "other namespace",         "<definitions xmlns=\"http://example.org\"/>", "no-bpmn", NULL, 1, 0 },
    { "unknown element",         PROCESS("<usrTask id=\"t\"/>\n"),         "unknown-element", "t", 3, 0 },
    { "unknown attribute",       PROCESS("<startEvent id=\"s\" nme=\"x\"/>\n"), "unknown-attribute", "s", 3, 0 },
    { "default of an event",     PROCESS("<startEvent id=\"s\" default=\"f\"/>\n"), "unknown-attribute", "s", 3, 0 },
    { "foreign attribute",       PROCESS("<startEvent id=\"s\" other:nme=\"x\"/>\n"), NULL, NULL, 0, 0 },
    { "foreign element",         PROCESS("<startEvent id=\"s\"/>\n<other:x/>\n"), "unknown-element", "p", 4, 0 },
    { "foreign extension",       PROCESS("<startEvent id=\"s\"><extensionElements><other:x id=\"s\"/>"
                                         "</extensionElements></startEvent>\n"), NULL, NULL, 0, 0 },
    { "misplaced element",       FILE_WITH("<startEvent id=\"s\"/>\n<process id=\"p\"/>\n"), "misplaced-element", "s", 2, 0 },
    { "condition on a task",     PROCESS("<startEvent id=\"s\"/>\n<task id=\"t\"><conditionExpression/></task>\n"),
                                                                           "misplaced-element", "t", 4, 0 },
    { "id twice",                PROCESS("<startEvent id=\"s\"/>\n<endEvent id=\"s\"/>\n"), "duplicate-id", "s", 4, 0 },
    { "id of the process twice", PROCESS("<startEvent id=\"p\"/>\n"),      "duplicate-id", "p", 3, 0 },
    { "id with a blank",         PROCESS("<startEvent id=\"a b\"/>\n"),    "invalid-id", "a b", 3, 0 },
    { "id with a digit first",   PROCESS("<startEvent id=\"1a\"/>\n"),     "invalid-id", "1a", 3, 0 },
    { "id with a colon",         PROCESS("<startEvent id=\"a:b\"/>\n"),    "invalid-id", "a:b", 3, 0 },
    { "id in another script",    PROCESS("<startEvent id=\"\xc3\xa4nderung-1.2_x\"/>\n"), NULL, NULL, 0, 0 },
    { "no id",                   PROCESS("<startEvent/>\n"),               "missing-id", "p", 3, 0 },
    { "no boolean",              FILE_WITH("<process id=\"p\" isExecutable=\"yes\"/>\n<process id=\"q\"/>\n"), "attribute-value", "p", 2, 0 },
    { "no integer",              BETWEEN("<task id=\"t\" startQuantity=\"x\"/>\n"), "attribute-value", "t", 5, 0 },
    { "type of no namespace",    FILE_WITH("<itemDefinition id=\"i\" structureRef=\"xsd:string\"/>\n<process id=\"p\"/>\n"),
                                                                           "undeclared-prefix", "i", 2, 0 },
    { "type with a namespace",   FILE_WITH("<itemDefinition id=\"i\" structureRef=\"xsd:string\" "
                                           "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"/>\n"
                                           "<process id=\"p\"><startEvent id=\"s\"/></process>\n"), NULL, NULL, 0, 0 },
    { "xsi:type without prefix", BETWEEN("<sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"e\">\n"
                                         "<conditionExpression xsi:type=\"b:tFormalExpression\">${true}"
                                         "</conditionExpression></sequenceFlow>\n"), "undeclared-prefix", "f", 6, 0 },
    { "edge with one point",     FILE_WITH("<process id=\"p\"><startEvent id=\"s\"/></process>\n<di:BPMNDiagram>"
                                           "<di:BPMNPlane><di:BPMNEdge id=\"x\"><dd:waypoint x=\"1\" y=\"2\"/>"
                                           "</di:BPMNEdge></di:BPMNPlane></di:BPMNDiagram>\n"), "edge-waypoints", "x", 3, 0 },
    { "diagram of nothing",      FILE_WITH("<process id=\"p\"><startEvent id=\"s\"/></process>\n<di:BPMNDiagram>"
                                           "<di:BPMNPlane bpmnElement=\"q\"/></di:BPMNDiagram>\n"), "diagram-reference", NULL, 3, 1 },
    { "diagram with a known id", FILE_WITH("<process id=\"p\"><startEvent id=\"s\"/></process>\n<di:BPMNDiagram>"
                                           "<di:BPMNPlane id=\"s\"/></di:BPMNDiagram>\n"), "duplicate-id", "s", 3, 0 },

    /* ---- definition ---- */
    { "no process",              FILE_WITH(""),                            "no-executable-process", NULL, 1, 0 },
    { "nothing executable",      FILE_WITH("<process id=\"p\" isExecutable=\"false\"/>\n"), "no-executable-process", "p", 2, 0 },
    { "process without id",      FILE_WITH("<process>\n<startEvent id=\"s\"/></process>\n"), "process-id", NULL, 2, 0 },
    { "no start event",          PROCESS(""),                              "no-start-event", "p", 2, 1 },
    { "two start events",        PROCESS("<startEvent id=\"s\"/>\n<startEvent id=\"r\"/>\n"), "several-start-events", "r", 4, 0 },

    /* ---- flows ---- */
    { "unknown target",          BETWEEN(FLOW("f", "s", "x")),             "unresolved-reference", "f", 5, 0 },
    { "unknown source",          BETWEEN(FLOW("f", "x", "e")),             "unresolved-reference", "f", 5, 0 },
    { "no target",               BETWEEN("<sequenceFlow id=\"f\" sourceRef=\"s\"/>\n"), "flow-ends", "f", 5, 0 },
    { "no source",               BETWEEN("<sequenceFlow id=\"f\" targetRef=\"e\"/>\n"), "flow-ends", "f", 5, 0 },
    { "target no node",          BETWEEN("<dataObjectReference id=\"d\"/>\n" FLOW("f", "s", "d")), "flow-ends", "f", 6, 0 },
    { "target in another process", FILE_WITH("<process id=\"q\"><startEvent id=\"r\"/></process>\n<process id=\"p\">\n"
                                             "<startEvent id=\"s\"/>\n" FLOW("f", "s", "r") "</process>\n"), "flow-ends", "f", 5, 0 },
    { "flow before its nodes",   PROCESS(FLOW("f", "s", "e") "<endEvent id=\"e\"/><startEvent id=\"s\"/>\n"), NULL, NULL, 0, 0 },
    { "flow without id",         BETWEEN("<sequenceFlow sourceRef=\"s\" targetRef=\"e\"/>\n"), NULL, NULL, 0, 0 },
    { "default unknown",         BETWEEN("<task id=\"t\" default=\"x\"/>\n" FLOW("f", "s", "t")), "unresolved-reference", "t", 5, 0 },
    { "default not outgoing",    BETWEEN("<task id=\"t\" default=\"f\"/>\n" FLOW("f", "s", "t")), "default-flow", "t", 5, 1 },

    /* ---- exclusive gateways ---- */
    { "gateway without flow",    BETWEEN(GATEWAY("")),                     "gateway-no-outgoing", "g", 5, 0 },
    { "condition on one flow",   BETWEEN(GATEWAY("") IF("h", "g", "e", "${true}")), "gateway-single-condition", "h", 7, 0 },
    { "condition on the default", BETWEEN(GATEWAY("default=\"h\"") IF("h", "g", "e", "${true}") IF("i", "g", "e", "${true}")),
                                                                           "gateway-default-condition", "h", 7, 0 },
    { "flow without condition",  BETWEEN(GATEWAY("") FLOW("h", "g", "e") IF("i", "g", "e", "${true}")),
                                                                           "gateway-missing-condition", "h", 7, 1 },
    { "condition of words only", BETWEEN(GATEWAY("") IF("h", "g", "e", "amount > 5") FLOW("i", "g", "e")),
                                                                           "plain-condition", "h", 7, 1 },
    { "a good gateway",          BETWEEN(GATEWAY("default=\"h\"") FLOW("h", "g", "e") IF("i", "g", "e", "${a > 1}")), NULL, NULL, 0, 0 },

    /* ---- expressions ---- */
    { "empty expression",        BETWEEN(IF("f", "s", "e", "${}")),        "expression-syntax", "f", 5, 0 },
    { "half an expression",      BETWEEN("<userTask id=\"t\" activiti:assignee=\"${a +}\"/>\n"), "expression-syntax", "t", 5, 0 },
    { "two markers",             BETWEEN("<userTask id=\"t\" name=\"${a} #{b}\"/>\n"), "expression-syntax", "t", 5, 0 },
    { "a list is no expression", BETWEEN("<userTask id=\"t\" activiti:candidateUsers=\"a, ${b,c}\"/>\n"), "expression-syntax", "t", 5, 0 },
    { "in the documentation",    BETWEEN("<userTask id=\"t\">\n<documentation>${</documentation></userTask>\n"), "expression-syntax", "t", 6, 0 },
    { "in a potential owner",    BETWEEN("<userTask id=\"t\"><potentialOwner><resourceAssignmentExpression>\n"
                                         "<formalExpression>user(${x y})</formalExpression></resourceAssignmentExpression>"
                                         "</potentialOwner></userTask>\n"), "expression-syntax", "t", 6, 0 },

    /* ---- candidate starters ---- */
    { "candidate starters",      FILE_WITH("<process id=\"p\" activiti:candidateStarterUsers=\"a\" flowable:candidateStarterGroups=\"b\">"
                                           "<extensionElements><activiti:potentialStarter/></extensionElements>"
                                           "<startEvent id=\"s\"/></process>\n"), NULL, NULL, 0, 0 },
    { "starters of a task",      BETWEEN("<task id=\"t\"><extensionElements>\n<activiti:potentialStarter/>"
                                         "</extensionElements></task>\n"), "unknown-element", "t", 6, 1 },

    /* ---- extensions ---- */
    { "unknown extension",       BETWEEN("<userTask id=\"t\" activiti:colour=\"red\"/>\n"), "unknown-attribute", "t", 5, 1 },
    { "async is no boolean",     BETWEEN("<task id=\"t\" activiti:async=\"maybe\"/>\n"), "attribute-value", "t", 5, 1 },
    { "in any case",             BETWEEN("<task id=\"t\" activiti:async=\"TRUE\" activiti:exclusive=\"False\"/>\n"), NULL, NULL, 0, 0 },
    { "retries that make no sense", BETWEEN("<task id=\"t\"><extensionElements>\n<activiti:failedJobRetryTimeCycle>5 times"
                                         "</activiti:failedJobRetryTimeCycle></extensionElements></task>\n"), "retry-cycle", "t", 6, 1 },
    { "quantity",                BETWEEN("<task id=\"t\" startQuantity=\"2\"/>\n"), "ignored-attribute", "t", 5, 1 },
    { "what nothing is known of", BETWEEN("<choreographyTask id=\"x\"/>\n"), "unsupported-element", "x", 5, 0 },
    { "a loop that is not read", BETWEEN("<task id=\"t\">\n<standardLoopCharacteristics/></task>\n"), "unsupported-element", "t", 6, 0 },
    { "a connector",             BETWEEN("<task id=\"t\"><extensionElements>\n<camunda:connector/></extensionElements></task>\n"),
                                                                           "unsupported-element", "t", 6, 0 },
    { "form of a twin",          PROCESS("<startEvent id=\"s\"><extensionElements>\n<camunda:formData/>"
                                         "</extensionElements></startEvent>\n"), "unsupported-element", "s", 4, 0 },
    { "form property of a task", BETWEEN("<task id=\"t\"><extensionElements>\n<activiti:formProperty id=\"f\"/>"
                                         "</extensionElements></task>\n"), "unsupported-element", "f", 6, 0 },
    { "history for a time",      FILE_WITH("<process id=\"p\" camunda:historyTimeToLive=\"P30D\"><startEvent id=\"s\"/></process>\n"),
                                                                           NULL, NULL, 0, 0 },
    { "history for what time",   FILE_WITH("<process id=\"p\" camunda:historyTimeToLive=\"PT1H\"><startEvent id=\"s\"/></process>\n"),
                                                                           "attribute-value", "p", 2, 0 },
    { "history of what level",   FILE_WITH("<process id=\"p\" flowable:historyLevel=\"much\"><startEvent id=\"s\"/></process>\n"),
                                                                           "attribute-value", "p", 2, 0 },

    /* ---- what has no effect is taken ---- */
    { "lanes and annotations",   BETWEEN("<laneSet id=\"l\"><lane id=\"a\"><flowNodeRef>s</flowNodeRef></lane></laneSet>"
                                         "<textAnnotation id=\"n\"><text>a <other:b/></text></textAnnotation>"
                                         "<association id=\"o\" sourceRef=\"s\" targetRef=\"nobody\"/><group id=\"q\"/>\n"), NULL, NULL, 0, 0 },
    { "a collaboration",         FILE_WITH("<collaboration id=\"c\"><participant id=\"a\" processRef=\"p\"/>"
                                           "<messageFlow id=\"m\" sourceRef=\"a\" targetRef=\"a\"/></collaboration>"
                                           "<dataStore id=\"d\"/><process id=\"p\"><startEvent id=\"s\"/>"
                                           "<dataStoreReference id=\"r\" dataStoreRef=\"d\"/></process>\n"), NULL, NULL, 0, 0 },
    { "twins",                   BETWEEN("<userTask id=\"t\" camunda:assignee=\"a\" flowable:candidateGroups=\"b\" "
                                         "flowable:async=\"true\"/>\n"),   NULL, NULL, 0, 0 },
    { "what others execute",     FILE_WITH("<process id=\"q\" isExecutable=\"false\"><subProcess id=\"x\"/></process>"
                                           "<process id=\"p\"><startEvent id=\"s\"/></process>\n"), NULL, NULL, 0, 0 },
};
/* clang-format on */

/* ---- texts of a model ------------------------------------------------------------ */

static void model_texts(void)
{
    wf_problems_t *problems;
    apr_array_header_t *models = read_file(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"
        "<b:definitions xmlns:b=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "
        "xmlns:a=\"http://activiti.org/bpmn\" targetNamespace=\"urn:c\">"
        "<b:process id=\"k\" name=\"Gr\xfc\xdf &amp; &#x41;\"><b:documentation>\n one "
        "<![CDATA[< two]]>\n</b:documentation><b:documentation>three</b:documentation>"
        "<b:startEvent id=\"s\" a:formKey=\"x/${y}.form\"/></b:process>"
        "<b:process id=\"l\"><b:startEvent id=\"t\"/></b:process></b:definitions>",
        &problems);
    const wf_model_t *model;

    is_str(wf_problems_text(problems, pool), "",
           "a file with prefixes in Latin-1 is taken");
    is_int(models->nelts, 2, "two processes");
    if (models->nelts != 2) {
        return;
    }
    model = APR_ARRAY_IDX(models, 0, const wf_model_t *);
    is_str(wf_model_key(model), "k", "key");
    is_str(wf_model_name(model), "Gr\xc3\xbc\xc3\x9f & A", "name");
    is_str(wf_model_description(model), "one < two", "the first documentation, trimmed");
    is_str(wf_model_category(model), "urn:c", "category");
    is_str(wf_model_start_form_key(model), "x/${y}.form", "start form key, verbatim");
    model = APR_ARRAY_IDX(models, 1, const wf_model_t *);
    is_str(wf_model_key(model), "l", "second key");
    ok(!wf_model_name(model) && !wf_model_description(model)
           && !wf_model_start_form_key(model),
       "what is not there is NULL");
}

/* clang-format off */
static const struct {
    const char *encoding, *bytes;
    const char *name; /* NULL: refused */
} encodings[] = {
    { "utf-8",           "\xe2\x82\xac",             "\xe2\x82\xac" },
    { "US-ASCII",        "&#8364;",                  "\xe2\x82\xac" },
    { "windows-1252",    "\x80 \xfc",                "\xe2\x82\xac \xc3\xbc" },
    { "ISO-8859-15",     "\xa4 \xfc",                "\xe2\x82\xac \xc3\xbc" },
    { "KOI8-R",          "\xc1",                     "\xd0\xb0" },
    { "windows-1252",    "\x81",                     NULL }, /* no character */
    { "Shift_JIS",       "a",                        NULL },
    { "UTF-7",           "a",                        NULL },
    { "EBCDIC-US",       "a",                        NULL },
    { "windows-1252//TRANSLIT", "a",                 NULL },
};
/* clang-format on */

static void encoded(int i)
{
    wf_problems_t *problems;
    apr_array_header_t *models = read_file(
        apr_psprintf(pool,
                     "<?xml version=\"1.0\" encoding=\"%s\"?>" FILE_WITH(
                         "<process id=\"p\" name=\"%s\"><startEvent id=\"s\"/></process>"),
                     encodings[i].encoding, encodings[i].bytes),
        &problems);
    const char *name =
        models->nelts ? wf_model_name(APR_ARRAY_IDX(models, 0, const wf_model_t *)) : NULL;

    is_str(name, encodings[i].name, "%s: %s", encodings[i].encoding,
           encodings[i].name ? encodings[i].name : "refused");
    is_int(problems->errors, !encodings[i].name, "%s: problems", encodings[i].encoding);
}

/* UTF-16 needs a mark at its beginning. */
static void wide(void)
{
    static const char text[] = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/"
                               "MODEL\"><process id=\"p\"><startEvent id=\"s\"/></process>"
                               "</definitions>";
    char bytes[2 * sizeof(text)] = "\xff\xfe";
    wf_problems_t *problems = wf_problems_create("test.bpmn20.xml", pool);
    apr_array_header_t *models;
    apr_size_t i;

    for (i = 0; i < sizeof(text) - 1; i++) {
        bytes[2 + 2 * i] = text[i];
        bytes[3 + 2 * i] = '\0';
    }
    wf_model_parse(&models, bytes, 2 * sizeof(text), problems, pool);
    is_int(models->nelts, 1, "UTF-16");
}

/* ---- who may start --------------------------------------------------------------- */

#define STARTER(text)                                                                    \
    "<activiti:potentialStarter><resourceAssignmentExpression><formalExpression>" text   \
    "</formalExpression></resourceAssignmentExpression></activiti:potentialStarter>"

/* clang-format off */
static const struct {
    const char *attributes, *children;
    const char *users, *groups;
} starters[] = {
    { "", "", "", "" },
    { "activiti:candidateStarterUsers=\"kermit\"", "", "kermit", "" },
    { "activiti:candidateStarterUsers=\" kermit ,, gonzo,kermit \" activiti:candidateStarterGroups=\"sales,${a,b}\"", "",
      "kermit gonzo", "sales ${a,b}" },
    { "", STARTER("user(kermit), group(sales), management") STARTER(" user( gonzo ),sales"),
      "kermit gonzo", "sales management" },
    { "activiti:candidateStarterUsers=\"kermit\" activiti:candidateStarterGroups=\"kermit\"", STARTER("user(kermit),kermit"),
      "kermit", "kermit" },
    { "", "<activiti:potentialStarter/>" STARTER("") STARTER("user(),group( )"), "", "" },
};
/* clang-format on */

static void who_may_start(int i)
{
    wf_problems_t *problems;
    apr_array_header_t *models = read_file(
        apr_psprintf(pool,
                     FILE_WITH("<process id=\"p\" %s><extensionElements>%s"
                               "</extensionElements><startEvent id=\"s\"/></process>"),
                     starters[i].attributes, starters[i].children),
        &problems);
    const wf_model_t *model = APR_ARRAY_IDX(models, 0, const wf_model_t *);

    is_str(wf_problems_text(problems, pool), "", "starters %d: taken", i);
    is_str(apr_array_pstrcat(pool, wf_model_starter_users(model), ' '), starters[i].users,
           "starters %d: users", i);
    is_str(apr_array_pstrcat(pool, wf_model_starter_groups(model), ' '),
           starters[i].groups, "starters %d: groups", i);
}

/* ---- what can be drawn ----------------------------------------------------------- */

#define DIAGRAM(element, inside)                                                         \
    "<di:BPMNDiagram><di:BPMNPlane bpmnElement=\"" element "\">" inside                  \
    "</di:BPMNPlane></di:BPMNDiagram>"
#define SHAPE "<di:BPMNShape bpmnElement=\"s\"/>"
#define POOL "<di:BPMNShape bpmnElement=\"one\"/>"
#define OTHER "<di:BPMNShape bpmnElement=\"nobody\"/>"
#define POOLS(process)                                                                   \
    "<collaboration id=\"c\"><participant id=\"other\"/>"                                \
    "<participant id=\"one\" processRef=\"" process "\"/></collaboration>"

/* clang-format off */
static const struct {
    const char *before, *after; /* of the process "p" */
    int drawn;
} drawings[] = {
    { "", "", 0 },
    { "", DIAGRAM("p", SHAPE), 1 },
    { "", DIAGRAM("x:p", SHAPE), 1 },
    { "", DIAGRAM("p", ""), 0 },
    { "", DIAGRAM("q", SHAPE), 1 }, /* by what lies on it */
    { "", DIAGRAM("", SHAPE), 1 },
    { "", DIAGRAM("p", OTHER), 0 },
    { "", DIAGRAM("q", OTHER), 0 },
    { "", "<di:BPMNDiagram/>", 0 },
    { "", DIAGRAM("q", SHAPE) "<di:BPMNDiagram/>" DIAGRAM("p", SHAPE), 1 },
    { POOLS("p"), DIAGRAM("c", SHAPE), 1 },
    { POOLS("t:p"), DIAGRAM("t:c", SHAPE), 1 },
    { POOLS("p"), DIAGRAM("c", POOL), 1 },
    { POOLS("q"), DIAGRAM("c", POOL), 0 },
    { POOLS("q"), DIAGRAM("c", SHAPE), 1 },
};
/* clang-format on */

static void what_can_be_drawn(int i)
{
    wf_problems_t *problems;
    apr_array_header_t *models = read_file(
        apr_psprintf(pool,
                     FILE_WITH("%s<process id=\"p\"><startEvent id=\"s\"/></process>%s"),
                     drawings[i].before, drawings[i].after),
        &problems);

    if (ok(models->nelts == 1, "drawing %d: taken", i)) {
        is_int(wf_model_has_diagram(APR_ARRAY_IDX(models, 0, const wf_model_t *)),
               drawings[i].drawn, "drawing %d", i);
    }
}

static void all_at_once(void)
{
    wf_problems_t *problems;

    read_file(PROCESS("<startEvent id=\"s\"/>\n<startEvent id=\"s2\"/>\n<nonsense/>\n"
                      "<choreographyTask id=\"x\"/>\n<userTask id=\"t\" name=\"${\"/>\n"),
              &problems);
    is_int(problems->errors, 4, "all problems are reported together");
    ok(strstr(wf_problems_text(problems, pool),
              "test.bpmn20.xml:6:1: [unsupported-element] x: "),
       "the text names file, line, column, rule and element");
}

/* ---- limits ---------------------------------------------------------------------- */

static const char *repeated(const char *text, int count)
{
    apr_size_t length = strlen(text);
    char *all = apr_palloc(pool, length * count + 1);
    int i;

    for (i = 0; i < count; i++) {
        memcpy(all + i * length, text, length);
    }
    all[length * count] = '\0';
    return all;
}

static void refused(const char *what, const char *rule, const char *xml)
{
    wf_problems_t *problems;

    read_file(xml, &problems);
    ok(problems->errors >= 1, "%s: refused", what);
    if (problems->errors) {
        is_str(APR_ARRAY_IDX(problems->items, 0, wf_problem_t).rule, rule, "%s: rule",
               what);
    }
}

static void limits(void)
{
    const char *id255 = repeated("i", 255);
    wf_problems_t *problems;
    int i;

    refused("depth", "xml-limit", repeated("<a>", 200));
    refused("elements", "xml-limit",
            apr_pstrcat(pool, "<a>", repeated("<b/>", 200001), "</a>", NULL));
    refused("value", "xml-limit",
            apr_pstrcat(pool, "<a b='", repeated("v", 70000), "'/>", NULL));
    refused("bytes", "xml-limit", repeated("x", 16 * 1024 * 1024 + 1));
    refused("description", "text-too-long",
            apr_psprintf(pool, PROCESS("<documentation>%s</documentation>\n"),
                         repeated("\xc3\xa4", 2001)));
    for (i = 0; i < 2; i++) {
        read_file(apr_psprintf(pool,
                               FILE_WITH("<process id=\"%s%s\" name=\"%s\">"
                                         "<startEvent id=\"s\"/></process>"),
                               id255, i ? "i" : "", id255),
                  &problems);
        is_int(problems->errors, i, "a key of %d characters", 255 + i);
    }
    refused("name", "text-too-long",
            apr_psprintf(pool, FILE_WITH("<process id=\"p\" name=\"%sx\"/>"), id255));
    refused("many prefixes", "xml-limit",
            repeated("<a xmlns:a='b' xmlns:c='d' xmlns:e='f' "
                     "xmlns:g='h' xmlns:i='j' xmlns:k='l' "
                     "xmlns:m='n' xmlns:o='p' xmlns:q='r' "
                     "xmlns:s='t' xmlns:u='v'>",
                     95));
}

int main(void)
{
    int i;

    cases_open();
    CHECK_CASES(cases);
    model_texts();
    for (i = 0; i < (int)(sizeof(encodings) / sizeof(encodings[0])); i++) {
        encoded(i);
    }
    wide();
    for (i = 0; i < (int)(sizeof(starters) / sizeof(starters[0])); i++) {
        who_may_start(i);
    }
    for (i = 0; i < (int)(sizeof(drawings) / sizeof(drawings[0])); i++) {
        what_can_be_drawn(i);
    }
    all_at_once();
    limits();
    return cases_close();
}
