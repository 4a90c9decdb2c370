/* Diagrams: every element in its shape, names, marks, the choice of the plane, and what
 * is refused. Whatever is drawn must be well-formed XML without scripts and references.
 * With WF_MIWG naming a folder of the BPMN model interchange files, those are drawn as
 * well. */
#include <stdlib.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "diagram/diagram.h"
#include "tap.h"

#define MIWG_MIN 20 /* fewer files than that: the folder is another one */
#define COUNT(table) ((int)(sizeof(table) / sizeof(table[0])))

#define FILE_OF(content, planes)                                                         \
    "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "                \
    "xmlns:di=\"http://www.omg.org/spec/BPMN/20100524/DI\" "                             \
    "xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" "                               \
    "xmlns:w=\"http://www.omg.org/spec/DD/20100524/DI\" targetNamespace=\"t\">" content  \
        planes "</definitions>"
#define PLANE(of, items)                                                                 \
    "<di:BPMNDiagram><di:BPMNPlane bpmnElement=\"" of "\">" items                        \
    "</di:BPMNPlane></di:BPMNDiagram>"
#define BOUNDS(x, y, w, h)                                                               \
    "<dc:Bounds x=\"" x "\" y=\"" y "\" width=\"" w "\" height=\"" h "\"/>"
#define SHAPE(of, attributes, x, y, w, h)                                                \
    "<di:BPMNShape bpmnElement=\"" of "\" " attributes                                   \
    ">" BOUNDS(x, y, w, h) "</di:BPMNShape>"
#define POINT(x, y) "<w:waypoint x=\"" x "\" y=\"" y "\"/>"
#define EDGE(of, attributes, points)                                                     \
    "<di:BPMNEdge bpmnElement=\"" of "\" " attributes ">" points "</di:BPMNEdge>"
#define LINE POINT("0", "0") POINT("200", "0")

static apr_pool_t *p;

static apr_status_t draw(const char *xml, const char *key, const char *active,
                         const char **svg, wf_error_t *err)
{
    apr_array_header_t *ids = apr_array_make(p, 1, sizeof(const char *));

    if (active) {
        APR_ARRAY_PUSH(ids, const char *) = active;
    }
    wf_error_init(err, p);
    *svg = NULL;
    return wf_diagram_draw(xml, strlen(xml), key, ids, svg, p, err);
}

/* ---- what an SVG must and must not be ---------------------------------------------- */

static const wf_xml_t *find(const wf_xml_t *element, const char *name, const char *value)
{
    const wf_xml_t *child, *found = NULL;
    const char *its = wf_xml_attr(element, WF_NS_NONE, name);

    if (its && strcmp(its, value) == 0) {
        return element;
    }
    for (child = element->child; child && !found; child = child->next) {
        found = find(child, name, value);
    }
    return found;
}

static int count(const wf_xml_t *element, const char *name)
{
    int n = strcmp(element->name, name) == 0;
    const wf_xml_t *child;

    for (child = element->child; child; child = child->next) {
        n += count(child, name);
    }
    return n;
}

static int is_harmless(const wf_xml_t *element)
{
    static const char *const names[] = {"svg",  "g",      "title", "rect",
                                        "path", "circle", "text",  "tspan"};
    const wf_xml_attr_t *attr;
    const wf_xml_t *child;
    int i, known = 0;

    for (i = 0; i < COUNT(names); i++) {
        known |= strcmp(element->name, names[i]) == 0;
    }
    for (attr = element->attributes; attr; attr = attr->next) {
        known &= strcmp(attr->name, "href") != 0 && strncmp(attr->name, "on", 2) != 0
                 && !strstr(attr->value, "url(");
    }
    for (child = element->child; child; child = child->next) {
        known &= is_harmless(child);
    }
    if (!known) {
        diag("<%s> is not harmless", element->name);
    }
    return known;
}

/* The tree of a picture that was drawn, NULL if it is none. */
static const wf_xml_t *parse(const char *svg, const char *what)
{
    wf_problems_t *problems = wf_problems_create(what, p);
    const wf_xml_t *root = svg ? wf_xml_parse(svg, strlen(svg), problems, p) : NULL;

    if (!ok(root && strcmp(root->name, "svg") == 0, "%s: well-formed", what)) {
        diag("%s", wf_problems_text(problems, p));
        return NULL;
    }
    ok(is_harmless(root), "%s: no scripts, no references", what);
    ok(wf_xml_attr(root, WF_NS_NONE, "viewBox")
           && strcmp(wf_xml_attr(root, WF_NS_NONE, "role"), "img") == 0 && root->child
           && strcmp(root->child->name, "title") == 0,
       "%s: a picture with view box and title", what);
    return root;
}

static const wf_xml_t *drawn(const char *xml, const char *what, const char *active)
{
    const char *svg;
    wf_error_t err;

    if (!ok(draw(xml, NULL, active, &svg, &err) == APR_SUCCESS, "%s: drawn", what)) {
        diag("%s", err.message);
        return NULL;
    }
    return parse(svg, what);
}

/* ---- elements ---------------------------------------------------------------------- */

#define EVENT(name, definition) "<" name " id=\"x\"><" definition "/></" name ">"

/* clang-format off */
static const struct {
    const char *what, *xml, *attributes, *title;
    int circles, rects, paths; /* of the shape's own group */
} elements[] = {
    /* ---- events ---- */
    { "start event",        "<startEvent id=\"x\"/>", "", "Start event", 1, 0, 0 },
    { "end event",          "<endEvent id=\"x\" name=\"Done\"/>", "", "End event: Done", 1, 0, 0 },
    { "throw event",        "<intermediateThrowEvent id=\"x\"/>", "", "Intermediate throw event", 2, 0, 0 },
    { "timer start",        EVENT("startEvent", "timerEventDefinition"), "", "Start event", 1, 0, 2 },
    { "message catch",      EVENT("intermediateCatchEvent", "messageEventDefinition"), "", "Intermediate catch event", 2, 0, 2 },
    { "message end",        EVENT("endEvent", "messageEventDefinition"), "", "End event", 1, 0, 2 },
    { "error boundary",     EVENT("boundaryEvent", "errorEventDefinition"), "", "Boundary event", 2, 0, 1 },
    { "signal throw",       EVENT("intermediateThrowEvent", "signalEventDefinition"), "", "Intermediate throw event", 2, 0, 1 },
    { "terminate end",      EVENT("endEvent", "terminateEventDefinition"), "", "End event", 1, 0, 1 },
    { "cancel end",         EVENT("endEvent", "cancelEventDefinition"), "", "End event", 1, 0, 1 },
    { "compensate throw",   EVENT("intermediateThrowEvent", "compensateEventDefinition"), "", "Intermediate throw event", 2, 0, 1 },
    { "escalation end",     EVENT("endEvent", "escalationEventDefinition"), "", "End event", 1, 0, 1 },
    { "link catch",         EVENT("intermediateCatchEvent", "linkEventDefinition"), "", "Intermediate catch event", 2, 0, 1 },
    { "conditional start",  EVENT("startEvent", "conditionalEventDefinition"), "", "Start event", 1, 0, 2 },
    { "several definitions", "<startEvent id=\"x\"><messageEventDefinition/><timerEventDefinition/></startEvent>",
                                                      "", "Start event", 1, 0, 1 },
    { "all of several",     "<startEvent id=\"x\" parallelMultiple=\"true\"><messageEventDefinition/><timerEventDefinition/></startEvent>",
                                                      "", "Start event", 1, 0, 1 },
    /* ---- activities ---- */
    { "task",               "<task id=\"x\"/>", "", "Task", 0, 1, 0 },
    { "user task",          "<userTask id=\"x\" name=\"a\"/>", "", "User task: a", 0, 1, 2 },
    { "service task",       "<serviceTask id=\"x\"/>", "", "Service task", 0, 1, 2 },
    { "script task",        "<scriptTask id=\"x\"/>", "", "Script task", 0, 1, 2 },
    { "manual task",        "<manualTask id=\"x\"/>", "", "Manual task", 0, 1, 2 },
    { "receive task",       "<receiveTask id=\"x\"/>", "", "Receive task", 0, 1, 2 },
    { "send task",          "<sendTask id=\"x\"/>", "", "Send task", 0, 1, 2 },
    { "business rule task", "<businessRuleTask id=\"x\"/>", "", "Business rule task", 0, 1, 2 },
    { "parallel instances", "<task id=\"x\"><multiInstanceLoopCharacteristics/></task>", "", "Task", 0, 1, 1 },
    { "sequential instances", "<task id=\"x\"><multiInstanceLoopCharacteristics isSequential=\"true\"/></task>", "", "Task", 0, 1, 1 },
    { "loop",               "<task id=\"x\"><standardLoopCharacteristics/></task>", "", "Task", 0, 1, 1 },
    { "compensation handler", "<task id=\"x\" isForCompensation=\"true\"/>", "", "Task", 0, 1, 1 },
    { "closed sub-process", "<subProcess id=\"x\"/>", "isExpanded=\"false\"", "Sub-process", 0, 1, 2 },
    { "open sub-process",   "<subProcess id=\"x\"/>", "isExpanded=\"true\"", "Sub-process", 0, 1, 0 },
    { "empty sub-process",  "<subProcess id=\"x\"/>", "", "Sub-process", 0, 1, 2 },
    { "transaction",        "<transaction id=\"x\"/>", "isExpanded=\"true\"", "Transaction", 0, 2, 0 },
    { "ad-hoc sub-process", "<adHocSubProcess id=\"x\"/>", "isExpanded=\"true\"", "Ad-hoc sub-process", 0, 1, 1 },
    { "call activity",      "<callActivity id=\"x\"/>", "", "Call activity", 0, 1, 2 },
    { "call of a task",     "<callActivity id=\"x\" calledElement=\"g\"/>", "", "Call activity", 0, 1, 2 },
    /* ---- gateways ---- */
    { "exclusive gateway",  "<exclusiveGateway id=\"x\"/>", "", "Exclusive gateway", 0, 0, 2 },
    { "without its marker", "<exclusiveGateway id=\"x\"/>", "isMarkerVisible=\"false\"", "Exclusive gateway", 0, 0, 1 },
    { "parallel gateway",   "<parallelGateway id=\"x\"/>", "", "Parallel gateway", 0, 0, 2 },
    { "inclusive gateway",  "<inclusiveGateway id=\"x\"/>", "", "Inclusive gateway", 1, 0, 1 },
    { "complex gateway",    "<complexGateway id=\"x\"/>", "", "Complex gateway", 0, 0, 2 },
    { "event gateway",      "<eventBasedGateway id=\"x\"/>", "", "Event-based gateway", 2, 0, 2 },
    { "event gateway first", "<eventBasedGateway id=\"x\" instantiate=\"true\"/>", "", "Event-based gateway", 1, 0, 2 },
    /* ---- data, artifacts, what is not known ---- */
    { "data object",        "<dataObjectReference id=\"x\" name=\"d\"/>", "", "Data object: d", 0, 0, 1 },
    { "its state",          "<dataObjectReference id=\"x\" name=\"d\"><dataState name=\"new\"/></dataObjectReference>",
                                                      "", "Data object: d [new]", 0, 0, 1 },
    { "its state named twice", "<dataObjectReference id=\"x\" name=\"d [new]\"><dataState name=\"new\"/></dataObjectReference>",
                                                      "", "Data object: d [new]", 0, 0, 1 },
    { "data objects",       "<dataObject id=\"x\" isCollection=\"true\"/>", "", "Data object", 0, 0, 2 },
    { "data input",         "<dataInput id=\"x\"/>", "", "Data input", 0, 0, 2 },
    { "data output",        "<dataOutput id=\"x\"/>", "", "Data output", 0, 0, 2 },
    { "data store",         "<dataStoreReference id=\"x\"/>", "", "Data store", 0, 0, 1 },
    { "annotation",         "<textAnnotation id=\"x\"><text>a note</text></textAnnotation>", "", "Annotation: a note", 0, 0, 1 },
    { "group",              "<group id=\"x\" categoryValueRef=\"c\"/>", "", "Group: things", 0, 1, 0 },
    { "message",            "<message id=\"x\" name=\"m\"/>", "", "Message: m", 0, 1, 1 },
    { "conversation",       "<conversation id=\"x\"/>", "", "Conversation", 0, 0, 1 },
    { "choreography",       "<choreographyTask id=\"x\" name=\"c\"/>", "", "Element: c", 0, 1, 0 },
    /* ---- pools and lanes ---- */
    { "pool",               "<participant id=\"x\" name=\"P\" processRef=\"p\"/>", "", "Pool: P", 0, 2, 0 },
    { "upright pool",       "<participant id=\"x\" name=\"P\" processRef=\"p\"/>", "isHorizontal=\"false\"", "Pool: P", 0, 2, 0 },
    { "pool without process", "<participant id=\"x\" name=\"P\"/>", "", "Pool: P", 0, 1, 0 },
    { "many pools",         "<participant id=\"x\"><participantMultiplicity/></participant>", "", "Pool", 0, 1, 1 },
    { "lane",               "<lane id=\"x\" name=\"L\"/>", "isHorizontal=\"true\"", "Lane: L", 0, 1, 0 },
};

static const struct {
    const char *what, *xml, *attributes, *title;
    int circles, paths;
    const char *has; /* in an attribute of the line */
} edges[] = {
    { "flow",              "<sequenceFlow id=\"x\" sourceRef=\"a\" targetRef=\"b\" name=\"f\"/>", "", "Sequence flow: f", 0, 2, NULL },
    { "default flow",      "<sequenceFlow id=\"x\" sourceRef=\"g1\" targetRef=\"b\"/>", "", "Sequence flow", 0, 3, NULL },
    { "conditional flow",  "<sequenceFlow id=\"x\" sourceRef=\"a\" targetRef=\"b\"><conditionExpression/></sequenceFlow>",
                                                        "", "Sequence flow", 0, 3, NULL },
    { "a gateway's condition", "<sequenceFlow id=\"x\" sourceRef=\"g2\" targetRef=\"b\"><conditionExpression/></sequenceFlow>",
                                                        "", "Sequence flow", 0, 2, NULL },
    { "message flow",      "<messageFlow id=\"x\"/>", "", "Message flow", 1, 2, "9 6" },
    { "its message",       "<messageFlow id=\"x\"/>", "messageVisibleKind=\"initiating\"", "Message flow", 1, 4, "9 6" },
    { "association",       "<association id=\"x\"/>", "", "Association", 0, 1, "1.5 4" },
    { "with direction",    "<association id=\"x\" associationDirection=\"One\"/>", "", "Association", 0, 2, "1.5 4" },
    { "with two",          "<association id=\"x\" associationDirection=\"Both\"/>", "", "Association", 0, 3, "1.5 4" },
    { "data association",  "<dataInputAssociation id=\"x\"/>", "", "Data association", 0, 2, "1.5 4" },
    { "conversation link", "<conversationLink id=\"x\"/>", "", "Conversation link", 0, 2, NULL },
};
/* clang-format on */

#define AROUND                                                                           \
    "<task id=\"a\"/><task id=\"b\"/><exclusiveGateway id=\"g1\" default=\"x\"/>"        \
    "<exclusiveGateway id=\"g2\"/>"

static void check_group(const wf_xml_t *svg, const char *what, const char *title,
                        int circles, int rects, int paths)
{
    const wf_xml_t *group = svg ? find(svg, "data-element", "x") : NULL;

    if (!ok(group != NULL, "%s: it is there", what)) {
        return;
    }
    is_str(group->child->text, title, "%s: title", what);
    is_int(count(group, "circle"), circles, "%s: circles", what);
    is_int(count(group, "rect"), rects, "%s: rectangles", what);
    is_int(count(group, "path"), paths, "%s: paths", what);
}

static void check_element(int i)
{
    const char *xml = apr_psprintf(
        p,
        FILE_OF("<globalUserTask id=\"g\"/><category id=\"k\"><categoryValue id=\"c\" "
                "value=\"things\"/></category><process id=\"p\">%s</process>",
                PLANE("p", SHAPE("x", "%s", "10", "20", "100", "80"))),
        elements[i].xml, elements[i].attributes);

    check_group(drawn(xml, elements[i].what, NULL), elements[i].what, elements[i].title,
                elements[i].circles, elements[i].rects, elements[i].paths);
}

static void check_edge(int i)
{
    const char *xml = apr_psprintf(p,
                                   FILE_OF("<process id=\"p\">" AROUND "%s</process>",
                                           PLANE("p", EDGE("x", "%s", LINE))),
                                   edges[i].xml, edges[i].attributes);
    const wf_xml_t *svg = drawn(xml, edges[i].what, NULL);

    check_group(svg, edges[i].what, edges[i].title, edges[i].circles, 0, edges[i].paths);
    if (svg && edges[i].has) {
        ok(find(svg, "stroke-dasharray", edges[i].has) != NULL, "%s: broken line",
           edges[i].what);
    }
}

/* An event that does not interrupt, and an event sub-process, have broken lines. */
static void broken_lines(void)
{
    static const char *const files[] = {
        "<startEvent id=\"x\" isInterrupting=\"false\"/>",
        "<boundaryEvent id=\"x\" cancelActivity=\"false\"/>",
        "<subProcess id=\"x\" triggeredByEvent=\"true\"/>"};
    int i;

    for (i = 0; i < COUNT(files); i++) {
        const char *svg;
        wf_error_t err;

        draw(apr_psprintf(p,
                          FILE_OF("<process id=\"p\">%s</process>",
                                  PLANE("p", SHAPE("x", "", "0", "0", "36", "36"))),
                          files[i]),
             NULL, NULL, &svg, &err);
        ok(svg && strstr(svg, "stroke-dasharray"), "a broken line: %s", files[i]);
    }
}

/* ---- names ------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *what, *name, *width, *lines; /* joined by | */
} names[] = {
    { "short",             "Pay",                            "100", "Pay" },
    { "two lines",         "Write the monthly report",       "100", "Write the|monthly report" },
    { "blanks",            "  Write \t it ",                 "100", "Write   it" },
    { "its own lines",     "One&#10;Two",                    "100", "One|Two" },
    { "markup",            "&lt;b&gt; &amp; &quot;c&quot;",  "100", "<b> & \"c\"" },
    { "umlauts",           "Gr\xc3\xb6\xc3\x9f" "e pr\xc3\xbc" "fen", "100", "Gr\xc3\xb6\xc3\x9f" "e pr\xc3\xbc" "fen" },
    { "Chinese",           "\xe5\xae\xa1\xe6\x89\xb9\xe4\xbc\x91\xe5\x81\x87\xe7\x94\xb3\xe8\xaf\xb7\xe5\x8d\x95", "70",
                           "\xe5\xae\xa1\xe6\x89\xb9\xe4\xbc\x91\xe5\x81\x87\xe7\x94\xb3|\xe8\xaf\xb7\xe5\x8d\x95" },
    { "emoji",             "\xf0\x9f\x9a\x80 start",         "100", "\xf0\x9f\x9a\x80 start" },
    { "a word too long",   "Donaudampfschifffahrtsgesellschaft", "100", "Donaudampfschifff|ahrtsgesellschaft" },
    { "parts of a word",   "approve-vacation-request",       "70",  "approve-|vacation-|request" },
    { "much too long",     "one two three four five six seven eight nine ten eleven twelve thirteen fourteen", "40",
                           "one|two|three|four|five|six\xe2\x80\xa6" },
    { "no room at all",    "name",                           "5",   "" },
};
/* clang-format on */

static const char *lines_of(const wf_xml_t *group)
{
    const wf_xml_t *text = wf_xml_child(group, WF_NS_OTHER, "text"), *line;
    const char *all = "";

    for (line = text ? text->child : NULL; line; line = line->next) {
        all = apr_pstrcat(p, all, *all ? "|" : "", line->text, NULL);
    }
    return all;
}

static void check_name(int i)
{
    const wf_xml_t *svg = drawn(
        apr_psprintf(p,
                     FILE_OF("<process id=\"p\"><task id=\"x\" name=\"%s\"/></process>",
                             PLANE("p", SHAPE("x", "", "0", "0", "%s", "80"))),
                     names[i].name, names[i].width),
        names[i].what, NULL);
    const wf_xml_t *group = svg ? find(svg, "data-element", "x") : NULL;

    if (group) {
        is_str(lines_of(group), names[i].lines, "name: %s", names[i].what);
    }
}

static void hostile_texts(void)
{
    static const char *const texts[] = {"\"/><script>alert(1)</script>", "]]>",
                                        "&#x27; onload=&quot;x", "<!--", "${x}"};
    int i;

    for (i = 0; i < COUNT(texts); i++) {
        const char *name = apr_psprintf(p, "<![CDATA[%s]]>", texts[i]);
        const wf_xml_t *svg;

        if (strstr(texts[i], "]]>")) {
            name = "]]&gt;";
        }
        svg = drawn(
            apr_psprintf(p,
                         FILE_OF("<process id=\"p\"><textAnnotation id=\"x\"><text>%s"
                                 "</text></textAnnotation></process>",
                                 PLANE("p", SHAPE("x", "", "0", "0", "400", "80"))),
                         name),
            texts[i], NULL);
        ok(svg && count(svg, "script") == 0, "hostile text %d stays a text", i);
    }
}

/* ---- bounds ------------------------------------------------------------------------ */

static void view_box(void)
{
    const wf_xml_t *svg =
        drawn(FILE_OF("<process id=\"p\"><task id=\"x\"/><task id=\"y\"/></process>",
                      PLANE("p", SHAPE("x", "", "-50.5", "10", "100", "80")
                                     SHAPE("y", "", "300", "-20", "100", "80"))),
              "negative places", NULL);

    if (svg) {
        is_str(wf_xml_attr(svg, WF_NS_NONE, "viewBox"), "-71 -40 491 150",
               "the view box holds all shapes and a margin");
        is_str(wf_xml_attr(svg, WF_NS_NONE, "width"), "491", "its width");
    }
}

/* ---- marks ------------------------------------------------------------------------- */

#define NESTED                                                                           \
    "<process id=\"p\"><subProcess id=\"sub\"><task id=\"in\"/></subProcess>"            \
    "<task id=\"out\"/></process>"
#define NESTED_PLANE(attributes)                                                         \
    PLANE("p", SHAPE("in", "", "10", "10", "100", "80")                                  \
                   SHAPE("sub", attributes, "0", "0", "120", "100")                      \
                       SHAPE("out", "", "200", "0", "100", "80"))

/* clang-format off */
static const struct {
    const char *what, *attributes, *active;
    const char *marked; /* the only one; NULL: none */
    int inner;          /* is "in" drawn? */
} marks[] = {
    { "none",                     "isExpanded=\"true\"",  NULL,     NULL,  1 },
    { "a task",                   "isExpanded=\"true\"",  "out",    "out", 1 },
    { "inside an open scope",     "isExpanded=\"true\"",  "in",     "in",  1 },
    { "the scope itself",         "isExpanded=\"true\"",  "sub",    "sub", 1 },
    { "inside a closed scope",    "isExpanded=\"false\"", "in",     "sub", 0 },
    { "open by its content",      "",                     "in",     "in",  1 },
    { "an unknown id",            "",                     "nobody", NULL,  1 },
    { "what has no shape",        "",                     "p",      NULL,  1 },
};
/* clang-format on */

static void check_mark(int i)
{
    static const char *const ids[] = {"sub", "in", "out"};
    const wf_xml_t *svg =
        drawn(apr_psprintf(p, FILE_OF(NESTED, NESTED_PLANE("%s")), marks[i].attributes),
              marks[i].what, marks[i].active);
    int k;

    for (k = 0; svg && k < COUNT(ids); k++) {
        const wf_xml_t *group = find(svg, "data-element", ids[k]);
        int want = marks[i].marked && strcmp(marks[i].marked, ids[k]) == 0;

        if (!group) {
            ok(k == 1 && !marks[i].inner, "mark: %s: %s is hidden", marks[i].what,
               ids[k]);
            continue;
        }
        ok(k != 1 || marks[i].inner, "mark: %s: %s is shown", marks[i].what, ids[k]);
        is_int(strstr(wf_xml_attr(group, WF_NS_NONE, "class"), "wf-active") != NULL, want,
               "mark: %s: class of %s", marks[i].what, ids[k]);
        is_int(strcmp(wf_xml_attr(group, WF_NS_NONE, "stroke"), "#d9480f") == 0, want,
               "mark: %s: colour of %s", marks[i].what, ids[k]);
        is_int(strstr(group->child->text, "(active)") != NULL, want,
               "mark: %s: title of %s", marks[i].what, ids[k]);
    }
}

/* What is inside lies above what is around it, whatever the order of the file. */
static void order(void)
{
    const char *svg;
    wf_error_t err;

    draw(FILE_OF(NESTED, NESTED_PLANE("")), NULL, NULL, &svg, &err);
    ok(svg && strstr(svg, "\"sub\"") < strstr(svg, "\"in\""),
       "a sub-process is drawn before its content");
}

/* ---- planes ------------------------------------------------------------------------ */

#define ONE SHAPE("t1", "", "0", "0", "100", "80")
#define TWO SHAPE("t2", "", "0", "0", "100", "80")
#define PROCESSES                                                                        \
    "<process id=\"one\" name=\"First\"><task id=\"t1\"/></process>"                     \
    "<process id=\"two\"><task id=\"t2\"/></process>"                                    \
    "<collaboration id=\"c\"><participant id=\"a\" processRef=\"two\"/></collaboration>"

/* clang-format off */
static const struct {
    const char *what, *xml, *key;
    const char *shape; /* that is drawn; NULL: not found */
} planes[] = {
    { "its own plane",        FILE_OF(PROCESSES, PLANE("one", ONE) PLANE("two", TWO)), "two", "t2" },
    { "of a collaboration",   FILE_OF(PROCESSES, PLANE("one", ONE) PLANE("c", TWO)),   "two", "t2" },
    { "with a prefix",        FILE_OF(PROCESSES, PLANE("x:one", ONE)),                 "one", "t1" },
    { "by an element",        FILE_OF(PROCESSES, PLANE("nobody", ONE) PLANE("nobody", TWO)), "two", "t2" },
    { "its own before others", FILE_OF(PROCESSES, PLANE("nobody", ONE TWO) PLANE("two", TWO)), "two", "t2" },
    { "the first",            FILE_OF(PROCESSES, PLANE("one", ONE) PLANE("two", TWO)), NULL,  "t1" },
    { "the first with content", FILE_OF(PROCESSES, PLANE("one", "") PLANE("two", TWO)), NULL, "t2" },
    { "of another process",   FILE_OF(PROCESSES, PLANE("one", ONE)),                   "two", NULL },
    { "an unknown process",   FILE_OF(PROCESSES, PLANE("one", ONE)),                   "six", NULL },
    { "a key of a task",      FILE_OF(PROCESSES, PLANE("one", ONE)),                   "t1",  NULL },
    { "no diagram",           FILE_OF(PROCESSES, ""),                                  "one", NULL },
    { "no diagram, no key",   FILE_OF(PROCESSES, ""),                                  NULL,  NULL },
    { "an empty plane",       FILE_OF(PROCESSES, PLANE("one", "")),                    "one", NULL },
    { "only dangling shapes", FILE_OF(PROCESSES, PLANE("one", SHAPE("t9", "", "0", "0", "1", "1"))), "one", NULL },
};
/* clang-format on */

static void check_plane(int i)
{
    const char *svg;
    wf_error_t err;
    apr_status_t rv = draw(planes[i].xml, planes[i].key, NULL, &svg, &err);

    if (!planes[i].shape) {
        ok(rv != APR_SUCCESS, "plane: %s: none", planes[i].what);
        is_int(err.kind, WF_ERR_NOT_FOUND, "plane: %s: kind", planes[i].what);
        return;
    }
    if (!ok(rv == APR_SUCCESS, "plane: %s", planes[i].what)) {
        diag("%s", err.message);
        return;
    }
    ok(find(parse(svg, planes[i].what), "data-element", planes[i].shape) != NULL,
       "plane: %s: shows %s", planes[i].what, planes[i].shape);
}

/* ---- refusals ---------------------------------------------------------------------- */

#define BAD(items)                                                                       \
    FILE_OF("<process id=\"p\"><task id=\"x\"/><sequenceFlow id=\"f\"/></process>",      \
            PLANE("p", items))
#define BAD_SHAPE(x, y, w, h) BAD(SHAPE("x", "", x, y, w, h))

/* clang-format off */
static const struct {
    const char *what, *xml, *why;
} refused[] = {
    { "no XML",             "<definitions",                         "" },
    { "another root",       "<x/>",                                 "no BPMN" },
    { "no number",          BAD_SHAPE("a", "0", "1", "1"),          "x must be a number" },
    { "not a number",       BAD_SHAPE("NaN", "0", "1", "1"),        "x must be" },
    { "infinite",           BAD_SHAPE("0", "INF", "1", "1"),        "y must be" },
    { "infinite by size",   BAD_SHAPE("0", "1e999", "1", "1"),      "y must be" },
    { "hexadecimal",        BAD_SHAPE("0x10", "0", "1", "1"),       "x must be" },
    { "empty",              BAD_SHAPE("0", "0", "", "1"),           "width must be" },
    { "huge",               BAD_SHAPE("0", "0", "1", "100001"),     "height must be" },
    { "far away",           BAD_SHAPE("-1e7", "0", "1", "1"),       "x must be" },
    { "negative width",     BAD_SHAPE("0", "0", "-1", "1"),         "negative" },
    { "negative height",    BAD_SHAPE("0", "0", "1", "-0.5"),       "negative" },
    { "no bounds",          BAD("<di:BPMNShape bpmnElement=\"x\"/>"), "bounds" },
    { "half of the bounds", BAD("<di:BPMNShape bpmnElement=\"x\"><dc:Bounds x=\"1\" y=\"1\"/></di:BPMNShape>"), "width" },
    { "bounds of a label",  BAD("<di:BPMNShape bpmnElement=\"x\">" BOUNDS("0", "0", "1", "1")
                                "<di:BPMNLabel>" BOUNDS("0", "0", "x", "1") "</di:BPMNLabel></di:BPMNShape>"), "width" },
    { "one waypoint",       BAD(EDGE("f", "", POINT("0", "0"))),    "two waypoints" },
    { "no waypoint",        BAD(EDGE("f", "", "")),                 "two waypoints" },
    { "a broken waypoint",  BAD(EDGE("f", "", LINE POINT("1", "1e6"))), "y must be" },
};
/* clang-format on */

static void check_refused(int i)
{
    const char *svg;
    wf_error_t err;

    ok(draw(refused[i].xml, NULL, NULL, &svg, &err) != APR_SUCCESS, "refused: %s",
       refused[i].what);
    is_int(err.kind, WF_ERR_INVALID, "refused: %s: kind", refused[i].what);
    if (!ok(err.message && strstr(err.message, refused[i].why), "refused: %s: names it",
            refused[i].what)) {
        diag("%s", err.message);
    }
}

static void limits(void)
{
    apr_array_header_t *many = apr_array_make(p, 10001, sizeof(const char *));
    const char *svg;
    wf_error_t err;
    int i;

    for (i = 0; i < 10001; i++) {
        APR_ARRAY_PUSH(many, const char *) = SHAPE("x", "", "0", "0", "1", "1");
    }
    ok(draw(apr_psprintf(p, BAD("%s"), apr_array_pstrcat(p, many, 0)), NULL, NULL, &svg,
            &err)
           != APR_SUCCESS,
       "too many shapes");
    is_int(err.kind, WF_ERR_TOO_LARGE, "too many shapes: kind");
    many->nelts = 0;
    for (i = 0; i < 1001; i++) {
        APR_ARRAY_PUSH(many, const char *) = POINT("1", "1");
    }
    ok(draw(apr_psprintf(p, BAD(EDGE("f", "", "%s")), apr_array_pstrcat(p, many, 0)),
            NULL, NULL, &svg, &err)
           != APR_SUCCESS,
       "too many waypoints");
    many->nelts = 1000;
    ok(draw(apr_psprintf(p, BAD(EDGE("f", "", "%s")), apr_array_pstrcat(p, many, 0)),
            NULL, NULL, &svg, &err)
           == APR_SUCCESS,
       "a thousand waypoints in one place");
    parse(svg, "a thousand waypoints");
}

/* ---- model interchange files ------------------------------------------------------- */

static const char *read_text(const char *path, apr_size_t *size)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *text;

    if (apr_file_open(&file, path, APR_FOPEN_READ, 0, p) != APR_SUCCESS
        || apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS) {
        return NULL;
    }
    *size = (apr_size_t)info.size;
    text = apr_pcalloc(p, *size + 1);
    return apr_file_read_full(file, text, *size, NULL) == APR_SUCCESS ? text : NULL;
}

/* How many items of the first plane refer to an element but are not in the picture. */
static int missing(const wf_xml_t *file, const wf_xml_t *svg)
{
    const wf_xml_t *diagram = wf_xml_child(file, WF_NS_BPMNDI, "BPMNDiagram");
    const wf_xml_t *plane = wf_xml_child(diagram, WF_NS_BPMNDI, "BPMNPlane"), *di;
    int n = 0;

    for (di = plane->child; di; di = di->next) {
        const char *of = wf_xml_attr(di, WF_NS_NONE, "bpmnElement");
        const char *colon = of ? strrchr(of, ':') : NULL;

        of = colon ? colon + 1 : of;
        if (of && !find(svg, "data-element", of)) {
            diag("<%s> of %s is missing", di->name, of);
            n++;
        }
    }
    return n;
}

static void interchange_file(const char *folder, const char *name)
{
    apr_size_t size = 0;
    const char *xml = read_text(apr_pstrcat(p, folder, "/", name, NULL), &size), *svg;
    wf_problems_t *problems = wf_problems_create(name, p);
    const wf_xml_t *tree;
    wf_error_t err;

    wf_error_init(&err, p);
    if (!ok(xml && wf_diagram_draw(xml, size, NULL, NULL, &svg, p, &err) == APR_SUCCESS,
            "%s: drawn", name)) {
        diag("%s", err.message ? err.message : "cannot be read");
        return;
    }
    tree = parse(svg, name);
    is_int(missing(wf_xml_parse(xml, size, problems, p), tree), 0, "%s: all of it", name);
}

static void interchange(const char *folder)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    int files = 0;

    if (!folder) {
        ok(1, "interchange models # SKIP WF_MIWG names no folder");
        return;
    }
    if (apr_dir_open(&dir, folder, p) == APR_SUCCESS) {
        while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
            if (strstr(info.name, ".bpmn")) {
                interchange_file(folder, info.name);
                files++;
            }
        }
    }
    ok(files >= MIWG_MIN, "%d interchange models", files);
}

int main(void)
{
    int i;

    apr_initialize();
    apr_pool_create(&p, NULL);
    for (i = 0; i < COUNT(elements); i++) {
        check_element(i);
    }
    for (i = 0; i < COUNT(edges); i++) {
        check_edge(i);
    }
    broken_lines();
    for (i = 0; i < COUNT(names); i++) {
        check_name(i);
    }
    hostile_texts();
    view_box();
    for (i = 0; i < COUNT(marks); i++) {
        check_mark(i);
    }
    order();
    for (i = 0; i < COUNT(planes); i++) {
        check_plane(i);
    }
    for (i = 0; i < COUNT(refused); i++) {
        check_refused(i);
    }
    limits();
    interchange(getenv("WF_MIWG"));
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
