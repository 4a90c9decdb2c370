/* How long a large BPMN file takes to become a model, next to what expat alone needs to
 * read it.
 *
 *     parse [rounds]
 *
 * The file is made here: 1 MB, 1,000 nodes of all common kinds and 1,000 flows, with
 * conditions, listeners and a diagram. Prints wall and CPU time of one reading, the best
 * of the rounds: what the machine does meanwhile only ever adds. */
#include <apr_general.h>
#include <apr_strings.h>
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bpmn/bpmn.h"

#define NODES 1000 /* and as many flows */
#define ROUNDS 10

typedef struct timing_t {
    double wall_us, cpu_us;
} timing_t;

static void die(const char *what)
{
    fprintf(stderr, "parse: %s\n", what);
    exit(1);
}

/* ---- the file -------------------------------------------------------------------- */

#define FLOWS "<incoming>flow-7F3A9C1E-%d</incoming><outgoing>flow-7F3A9C1E-%d</outgoing>"

static const char *const kinds[] = {
    "<userTask id=\"node-7F3A9C1E-%d\" name=\"Check ${order} of ${customer}\" "
    "activiti:assignee=\"${owner}\" activiti:candidateGroups=\"sales, ${group}\">"
    "<documentation>What has to be done here, in a sentence or two, as modellers "
    "write it: with ${details} that the task will show, and a word on what happens "
    "if nobody does it in time.</documentation>"
    "<extensionElements><activiti:taskListener event=\"create\" "
    "expression=\"${task.setPriority(70)}\"/></extensionElements>" FLOWS "</userTask>\n",
    "<exclusiveGateway id=\"node-7F3A9C1E-%d\" name=\"Decide\">" FLOWS
    "</exclusiveGateway>\n",
    "<task id=\"node-7F3A9C1E-%d\" name=\"Nothing much\" activiti:async=\"true\">" FLOWS
    "</task>\n",
    "<subProcess id=\"node-7F3A9C1E-%d\" name=\"Inside\">" FLOWS
    "<startEvent id=\"s%d\"/></subProcess>\n",
    "<inclusiveGateway id=\"node-7F3A9C1E-%d\" name=\"Some of them\">" FLOWS
    "</inclusiveGateway>\n",
    "<callActivity id=\"node-7F3A9C1E-%d\" calledElement=\"another\"><extensionElements>"
    "<activiti:in source=\"a\" target=\"b\"/></extensionElements>" FLOWS
    "</callActivity>\n",
    "<parallelGateway id=\"node-7F3A9C1E-%d\">" FLOWS "</parallelGateway>\n",
};

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static void add(wf_buffer_t *file, apr_pool_t *p, const char *fmt, ...)
{
    va_list args;
    const char *text;

    va_start(args, fmt);
    text = apr_pvsprintf(p, fmt, args);
    va_end(args);
    wf_buffer_append(file, text, strlen(text));
}

static void add_process(wf_buffer_t *file, apr_pool_t *p)
{
    add(file, p,
        "<process id=\"large\" name=\"Large\">\n<startEvent id=\"node-7F3A9C1E-0\"/>\n");
    for (int i = 1; i < NODES; i++) {
        add(file, p, kinds[i % KINDS], i, i, i + 1, i);
        add(file, p,
            "<sequenceFlow id=\"flow-7F3A9C1E-%d\" sourceRef=\"node-7F3A9C1E-%d\" "
            "targetRef=\"node-7F3A9C1E-%d\">",
            i, i - 1, i);
        if (i > 1 && (i - 1) % KINDS == 0) {
            add(file, p,
                "<conditionExpression xsi:type=\"tFormalExpression\">"
                "<![CDATA[${amount > %d && ready}]]></conditionExpression>",
                i);
        }
        add(file, p, "</sequenceFlow>\n");
    }
    add(file, p, "</process>\n");
}

static void add_diagram(wf_buffer_t *file, apr_pool_t *p)
{
    add(file, p,
        "<di:BPMNDiagram id=\"d\"><di:BPMNPlane id=\"q\" bpmnElement=\"large\">");
    for (int i = 0; i < NODES; i++) {
        add(file, p,
            "<di:BPMNShape id=\"node-7F3A9C1E-%d_di\" "
            "bpmnElement=\"node-7F3A9C1E-%d\">\n  "
            "<dc:Bounds x=\"%d.0\" y=\"120.0\" width=\"100.0\" height=\"80.0\"/>\n  "
            "<di:BPMNLabel>\n    <dc:Bounds x=\"%d.0\" y=\"205.0\" width=\"88.0\" "
            "height=\"14.0\"/>\n  </di:BPMNLabel>\n</di:BPMNShape>\n",
            i, i, 150 * i, 150 * i + 6);
        if (i) {
            add(file, p,
                "<di:BPMNEdge id=\"flow-7F3A9C1E-%d_di\" "
                "bpmnElement=\"flow-7F3A9C1E-%d\">\n  "
                "<dd:waypoint x=\"%d.0\" y=\"160.0\"/>\n  <dd:waypoint x=\"%d.0\" "
                "y=\"160.0\"/>\n  <dd:waypoint x=\"%d.0\" y=\"220.0\"/>\n  "
                "<dd:waypoint x=\"%d.0\" y=\"220.0\"/>\n  <di:BPMNLabel>\n    "
                "<dc:Bounds x=\"%d.0\" y=\"205.0\" width=\"88.0\" height=\"14.0\"/>\n  "
                "</di:BPMNLabel>\n</di:BPMNEdge>\n",
                i, i, 150 * i - 50, 150 * i - 30, 150 * i - 30, 150 * i, 150 * i - 44);
        }
    }
    add(file, p, "</di:BPMNPlane></di:BPMNDiagram>\n");
}

static wf_buffer_t *make_file(apr_pool_t *p)
{
    wf_buffer_t *file = wf_buffer_create(p);

    add(file, p,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "
        "xmlns:activiti=\"http://activiti.org/bpmn\" "
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
        "xmlns:di=\"http://www.omg.org/spec/BPMN/20100524/DI\" "
        "xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" "
        "xmlns:dd=\"http://www.omg.org/spec/DD/20100524/DI\" targetNamespace=\"t\">\n");
    add_process(file, p);
    add_diagram(file, p);
    add(file, p, "</definitions>\n");
    return file;
}

/* ---- readings -------------------------------------------------------------------- */

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static void keep_best(timing_t *best, double wall_us, double cpu)
{
    best->wall_us = best->wall_us && best->wall_us < wall_us ? best->wall_us : wall_us;
    best->cpu_us = best->cpu_us && best->cpu_us < cpu ? best->cpu_us : cpu;
}

static void XMLCALL on_start(void *count, const XML_Char *name, const XML_Char **attrs)
{
    (void)name, (void)attrs;
    ++*(int *)count;
}

static void read_with_expat(timing_t *best, const wf_buffer_t *file)
{
    apr_int64_t wall = wf_mono_us();
    double cpu = cpu_us();
    int elements = 0;
    XML_Parser expat = XML_ParserCreateNS(NULL, '\n');

    XML_SetUserData(expat, &elements);
    XML_SetStartElementHandler(expat, on_start);
    if (XML_Parse(expat, file->data, (int)file->length, 1) != XML_STATUS_OK) {
        die("expat does not read it");
    }
    XML_ParserFree(expat);
    keep_best(best, wf_mono_us() - wall, cpu_us() - cpu);
}

/* Elements that are read, but not executed yet, cost what the others do. */
static void read_model(timing_t *best, const wf_buffer_t *file, apr_pool_t *p)
{
    wf_problems_t *problems = wf_problems_create("large", p);
    apr_int64_t wall = wf_mono_us();
    double cpu = cpu_us();
    apr_array_header_t *models;

    wf_model_parse(&models, file->data, file->length, problems, p);
    keep_best(best, wf_mono_us() - wall, cpu_us() - cpu);
    if (models->nelts != 1) {
        die("it is not read");
    }
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    timing_t expat = { 0 }, model = { 0 };
    apr_pool_t *pool, *scratch;
    const wf_buffer_t *file;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&scratch, pool);
    file = make_file(pool);
    for (int i = 0; i < rounds; i++) {
        read_with_expat(&expat, file);
        read_model(&model, file, scratch);
        apr_pool_clear(scratch);
    }
    printf("bytes %lu\n", (unsigned long)file->length);
    printf("expat %.0f %.0f\n", expat.wall_us, expat.cpu_us);
    printf("model %.0f %.0f\n", model.wall_us, model.cpu_us);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
