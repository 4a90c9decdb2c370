/* Which plane of a file shows a process (BPMN 2.0, chapter 12: diagram interchange). Only
 * the planes are chosen here; diagram.c reads what lies on them. */
#include <string.h>

#include "bpmn/diagram.h"

const wf_xml_t *wf_plane_element(apr_hash_t *ids, const char *reference)
{
    const char *colon = reference ? strrchr(reference, ':') : NULL;

    return reference
               ? apr_hash_get(ids, colon ? colon + 1 : reference, APR_HASH_KEY_STRING)
               : NULL;
}

static const wf_xml_t *shown_by(apr_hash_t *ids, const wf_xml_t *di)
{
    return wf_plane_element(ids, wf_xml_attr(di, WF_NS_NONE, "bpmnElement"));
}

/* 1 if the element is a collaboration that the process plays a part in. */
static int shows_pool_of(apr_hash_t *ids, const wf_xml_t *element,
                         const wf_xml_t *process)
{
    const wf_xml_t *pool = wf_xml_child(element, WF_NS_BPMN, "participant");

    for (; pool; pool = wf_xml_next(pool, WF_NS_BPMN, "participant")) {
        if (wf_plane_element(ids, wf_xml_attr(pool, WF_NS_NONE, "processRef"))
            == process) {
            return 1;
        }
    }
    return 0;
}

static int is_within(const wf_xml_t *element, const wf_xml_t *scope)
{
    while (element && element != scope) {
        element = element->parent;
    }
    return element != NULL;
}

/* How well a plane shows the process: 2 it is the plane of it, or of a collaboration with
 * it, 1 it holds a part of it. A plane that shows nothing is none. */
static int rank(apr_hash_t *ids, const wf_xml_t *plane, const wf_xml_t *process)
{
    const wf_xml_t *element = shown_by(ids, plane), *di;
    int its_own = !process || element == process
                  || (element && shows_pool_of(ids, element, process));

    for (di = plane->child; di; di = di->next) {
        const wf_xml_t *shown = shown_by(ids, di);

        if (shown && its_own) {
            return 2;
        }
        if (shown && is_within(shown, process)) {
            return 1;
        }
    }
    return 0;
}

const wf_xml_t *wf_plane_find(apr_hash_t *ids, const wf_xml_t *definitions,
                              const wf_xml_t *process)
{
    const wf_xml_t *diagram = wf_xml_child(definitions, WF_NS_BPMNDI, "BPMNDiagram");
    const wf_xml_t *best = NULL;
    int best_rank = 0;

    for (; diagram; diagram = wf_xml_next(diagram, WF_NS_BPMNDI, "BPMNDiagram")) {
        const wf_xml_t *plane = wf_xml_child(diagram, WF_NS_BPMNDI, "BPMNPlane");
        int its_rank = plane ? rank(ids, plane, process) : 0;

        if (its_rank > best_rank) {
            best = plane;
            best_rank = its_rank;
        }
    }
    return best;
}
