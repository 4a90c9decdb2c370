/* Whether a file says how a process is drawn (BPMN 2.0, chapter 12: diagram interchange).
 * Only the planes are looked at here: diagram.c reads what lies on them. */
#include <string.h>

#include "bpmn/parse.h"

/* References are qualified names, and the prefix is seldom the right one. */
static int refers_to(const wf_xml_t *element, const char *attribute, const char *id)
{
    const char *reference = wf_xml_attr(element, WF_NS_NONE, attribute);
    const char *colon = reference ? strchr(reference, ':') : NULL;

    return reference && strcmp(colon ? colon + 1 : reference, id) == 0;
}

/* 1 if the plane is of a collaboration that the process plays a part in. */
static int shows_pools(const wf_xml_t *definitions, const wf_xml_t *plane,
                       const char *process)
{
    const wf_xml_t *group = wf_xml_child(definitions, WF_NS_BPMN, "collaboration");
    const wf_xml_t *pool;

    for (; group; group = wf_xml_next(group, WF_NS_BPMN, "collaboration")) {
        const char *id = wf_xml_attr(group, WF_NS_NONE, "id");

        if (!id || !refers_to(plane, "bpmnElement", id)) {
            continue;
        }
        for (pool = wf_xml_child(group, WF_NS_BPMN, "participant"); pool;
             pool = wf_xml_next(pool, WF_NS_BPMN, "participant")) {
            if (refers_to(pool, "processRef", process)) {
                return 1;
            }
        }
    }
    return 0;
}

int wf_planes_show(const wf_xml_t *definitions, const char *process)
{
    const wf_xml_t *diagram = wf_xml_child(definitions, WF_NS_BPMNDI, "BPMNDiagram");

    for (; process && diagram;
         diagram = wf_xml_next(diagram, WF_NS_BPMNDI, "BPMNDiagram")) {
        const wf_xml_t *plane = wf_xml_child(diagram, WF_NS_BPMNDI, "BPMNPlane");

        if (plane && plane->child
            && (refers_to(plane, "bpmnElement", process)
                || shows_pools(definitions, plane, process))) {
            return 1;
        }
    }
    return 0;
}
