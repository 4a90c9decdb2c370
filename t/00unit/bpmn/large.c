/* Files made to cost much: what a file of some megabytes may say must not keep a thread
 * busy for minutes, nor fill the memory. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#include "bpmn/bpmn.h"
#include "diagram/diagram.h"
#include "tap.h"

#define SECONDS 8 /* more than any of them takes, also under the sanitizers */
#define MANY 40000

#define HEAD                                                                             \
    "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "                \
    "xmlns:activiti=\"http://activiti.org/bpmn\" "                                       \
    "xmlns:di=\"http://www.omg.org/spec/BPMN/20100524/DI\" "                             \
    "xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" targetNamespace=\"t\">"
#define PROCESS "<process id=\"p\"><startEvent id=\"s\"/></process>"
#define PLANE(content)                                                                   \
    "<di:BPMNDiagram><di:BPMNPlane bpmnElement=\"c\">" content "</di:BPMNPlane>"         \
    "</di:BPMNDiagram>"

static apr_pool_t *pool;
static wf_buffer_t *file;

static void add(const char *fmt, ...)
{
    va_list args;
    const char *text;

    va_start(args, fmt);
    text = apr_pvsprintf(pool, fmt, args);
    va_end(args);
    wf_buffer_append(file, text, strlen(text));
}

/* The same text so many times, with a number in it. */
static void repeat(int times, const char *fmt)
{
    char text[256];

    for (int i = 0; i < times; i++) {
        apr_snprintf(text, sizeof(text), fmt, i);
        wf_buffer_append(file, text, strlen(text));
    }
}

static void begin(void)
{
    apr_pool_clear(pool);
    file = wf_buffer_create(pool);
    add(HEAD);
}

/* Reads the file: its problems, in time. */
static wf_problems_t *read_in_time(const char *what, apr_array_header_t **models)
{
    wf_problems_t *problems = wf_problems_create("large", pool);
    apr_int64_t begun = wf_mono_us();

    add("</definitions>");
    wf_model_parse(models, file->data, file->length, problems, pool);
    ok(wf_mono_us() - begun < SECONDS * 1000000, "%s: in time", what);
    return problems;
}

static apr_array_header_t *parse(const char *what)
{
    apr_array_header_t *models;

    is_int(read_in_time(what, &models)->errors, 0, "%s: no errors", what);
    return models;
}

static int first_has_diagram(const apr_array_header_t *models)
{
    return models->nelts && wf_model_has_diagram(APR_ARRAY_IDX(models, 0, wf_model_t *));
}

static void planes_of_a_collaboration(void)
{
    begin();
    add("<collaboration id=\"c\">");
    repeat(MANY, "<participant id=\"a%d\" processRef=\"q\"/>");
    add("</collaboration>" PROCESS);
    repeat(MANY / 2, PLANE("<di:BPMNShape id=\"x%d\" bpmnElement=\"c\"/>"));
    ok(!first_has_diagram(parse("planes of a collaboration")), "none shows the process");
    begin();
    add("<collaboration id=\"c\">");
    repeat(MANY, "<participant id=\"a%d\" processRef=\"q\"/>");
    add("<participant id=\"a\" processRef=\"p\"/></collaboration>" PROCESS);
    add(PLANE("<di:BPMNShape bpmnElement=\"a\"/>"));
    ok(first_has_diagram(parse("many pools")), "one pool is its own");
}

static void processes_and_planes(void)
{
    begin();
    for (int i = 0; i < MANY; i++) {
        add("<process id=\"p%d\"><startEvent id=\"s%d\"/></process>", i, i);
    }
    repeat(MANY / 2, PLANE("<di:BPMNShape id=\"x%d\" bpmnElement=\"s1\"/>"));
    ok(!first_has_diagram(parse("processes and planes")), "none shows the first one");
}

static void form_properties(void)
{
    begin();
    add("<process id=\"p\"><startEvent id=\"s\"><extensionElements>");
    repeat(2 * MANY, "<activiti:formProperty id=\"f%d\"/>");
    add("</extensionElements></startEvent></process>");
    parse("form properties");
}

/* Rules that look from one node to others do so without walking over all of them. */
static void nodes_and_flows(void)
{
    begin();
    add("<process id=\"p\"><startEvent id=\"s\"/>");
    repeat(MANY / 2, "<exclusiveGateway id=\"g%d\"/>");
    for (int i = 0; i < MANY / 2; i++) {
        add("<sequenceFlow id=\"f%d\" sourceRef=\"g%d\" targetRef=\"g%d\"/>", i, i,
            (i + 1) % (MANY / 2));
    }
    add("</process>");
    parse("gateways and flows");
}

static void broken_flows(void)
{
    apr_array_header_t *models;

    begin();
    add("<process id=\"p\"><startEvent id=\"s\"/>");
    for (int i = 0; i < MANY / 2; i++) {
        add("<exclusiveGateway id=\"g%d\" default=\"f%d\"/>", i, i);
        add("<sequenceFlow id=\"f%d\" sourceRef=\"g%d\" targetRef=\"x%d\"/>", i, i, i);
    }
    add("</process>");
    ok(read_in_time("flows to nowhere", &models)->errors >= 100, "they are reported");
}

static void events_on_one_border(void)
{
    apr_array_header_t *models;

    begin();
    repeat(MANY / 2, "<message id=\"m%d\" name=\"M\"/>");
    add("<process id=\"p\"><startEvent id=\"s\"/><task id=\"t\"/>");
    for (int i = 0; i < MANY / 2; i++) {
        add("<boundaryEvent id=\"b%d\" attachedToRef=\"t\">"
            "<messageEventDefinition messageRef=\"m%d\"/></boundaryEvent>",
            i, i);
    }
    add("</process>");
    ok(read_in_time("events on one border", &models)->errors >= 100, "one message only");
}

static void handlers(void)
{
    begin();
    add("<process id=\"p\"><startEvent id=\"s\"/>");
    for (int i = 0; i < MANY / 4; i++) {
        add("<subProcess id=\"u%d\"><startEvent id=\"v%d\"/></subProcess>", i, i);
        add("<boundaryEvent id=\"b%d\" attachedToRef=\"u%d\"><compensateEventDefinition/>"
            "</boundaryEvent><task id=\"h%d\" isForCompensation=\"true\"/>"
            "<association id=\"a%d\" sourceRef=\"b%d\" targetRef=\"h%d\"/>",
            i, i, i, i, i, i);
    }
    add("</process>");
    parse("handlers of sub-processes");
}

/* From where a token may come costs a look at every node, for each of these. */
static void inclusive_gateways(void)
{
    apr_array_header_t *models;

    begin();
    add("<process id=\"p\"><startEvent id=\"s\"/>");
    repeat(MANY, "<inclusiveGateway id=\"g%d\"/>");
    add("</process>");
    ok(read_in_time("inclusive gateways", &models)->errors, "they are too many");
    begin();
    add("<process id=\"p\"><startEvent id=\"s\"/>");
    repeat(5000, "<inclusiveGateway id=\"g%d\"/>");
    for (int i = 0; i < 5000; i++) {
        add("<sequenceFlow sourceRef=\"g%d\" targetRef=\"g%d\"/>", i, (i + 1) % 5000);
    }
    add("</process>");
    read_in_time("a ring of gateways", &models);
}

/* Many shapes of one element with a long name: the picture would have 640 MB. */
static void picture(void)
{
    char *name;
    const char *svg = NULL;
    wf_error_t err;

    begin();
    wf_error_init(&err, pool);
    name = memset(apr_palloc(pool, 64001), 'x', 64000);
    name[64000] = '\0';
    add("<process id=\"c\"><startEvent id=\"s\" name=\"%s\"/></process>"
        "<di:BPMNDiagram><di:BPMNPlane bpmnElement=\"c\">",
        name);
    repeat(10000,
           "<di:BPMNShape bpmnElement=\"s\"><dc:Bounds x=\"%d\" y=\"0\" width=\"9\" "
           "height=\"9\"/></di:BPMNShape>");
    add("</di:BPMNPlane></di:BPMNDiagram></definitions>");
    ok(wf_diagram_draw(file->data, file->length, "c", NULL, &svg, pool, &err) != APR_SUCCESS,
       "a picture that would be too large");
    is_int(err.kind, WF_ERR_TOO_LARGE, "kind");
    ok(err.message && strstr(err.message, "16 MiB"), "says how large it may be");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    planes_of_a_collaboration();
    processes_and_planes();
    form_properties();
    nodes_and_flows();
    broken_flows();
    events_on_one_border();
    handlers();
    inclusive_gateways();
    picture();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
