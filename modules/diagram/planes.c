/* Which plane of a file shows a process (BPMN 2.0, chapter 12: diagram interchange). Only
 * the planes are chosen here; diagram.c reads what lies on them. */
#include "diagram/internal.h"

static const wf_xml_t *shown_by(apr_hash_t *ids, const wf_xml_t *di)
{
    return wf_xml_referred(ids, wf_xml_attr(di, WF_NS_NONE, "bpmnElement"));
}

/* The plane of a process. */
typedef struct choice_t {
    const wf_xml_t *process; /* NULL: whatever the file shows */
    const wf_xml_t *plane;
    int rank;
} choice_t;

/* How well a plane shows a process. */
enum {
    PART = 1, /* it holds a part of it */
    WHOLE     /* it is the plane of it, or of a collaboration with it */
};

/* 1 if the plane is better than what was there: of equal ones the first is taken. */
static int offer(apr_hash_t *planes, const wf_xml_t *process, const wf_xml_t *plane,
                 int rank)
{
    choice_t *choice = apr_hash_get(planes, &process, sizeof(process));

    if (!choice) {
        choice = apr_pcalloc(apr_hash_pool_get(planes), sizeof(*choice));
        choice->process = process;
        apr_hash_set(planes, &choice->process, sizeof(process), choice);
    }
    if (rank <= choice->rank) {
        return 0;
    }
    choice->plane = plane;
    choice->rank = rank;
    return 1;
}

/* A child of the root: for what lies within a process, that. */
static const wf_xml_t *outermost(const wf_xml_t *element)
{
    while (element->parent && element->parent->parent) {
        element = element->parent;
    }
    return element;
}

/* The processes that play a part in a collaboration. */
static void offer_pools(apr_hash_t *planes, apr_hash_t *ids, const wf_xml_t *element,
                        const wf_xml_t *plane)
{
    const wf_xml_t *pool = wf_xml_child(element, WF_NS_BPMN, "participant");

    for (; pool; pool = wf_xml_next(pool, WF_NS_BPMN, "participant")) {
        const wf_xml_t *process =
            wf_xml_referred(ids, wf_xml_attr(pool, WF_NS_NONE, "processRef"));

        if (process) {
            offer(planes, process, plane, WHOLE);
        }
    }
}

/* Each collaboration is gone through once, for the first plane that shows it: a file may
 * have as many planes of one as it likes. */
static void read_plane(apr_hash_t *planes, apr_hash_t *ids, const wf_xml_t *plane)
{
    const wf_xml_t *element = shown_by(ids, plane), *di;
    int empty = 1;

    for (di = plane->child; di; di = di->next) {
        const wf_xml_t *shown = shown_by(ids, di);

        if (shown) {
            offer(planes, outermost(shown), plane, PART);
            empty = 0;
        }
    }
    if (empty) {
        return;
    }
    offer(planes, NULL, plane, WHOLE);
    if (element && offer(planes, element, plane, WHOLE)) {
        offer_pools(planes, ids, element, plane);
    }
}

apr_hash_t *wf_planes_read(apr_hash_t *ids, const wf_xml_t *definitions, apr_pool_t *p)
{
    apr_hash_t *planes = apr_hash_make(p);
    const wf_xml_t *diagram = wf_xml_child(definitions, WF_NS_BPMNDI, "BPMNDiagram");

    for (; diagram; diagram = wf_xml_next(diagram, WF_NS_BPMNDI, "BPMNDiagram")) {
        const wf_xml_t *plane = wf_xml_child(diagram, WF_NS_BPMNDI, "BPMNPlane");

        if (plane) {
            read_plane(planes, ids, plane);
        }
    }
    return planes;
}

const wf_xml_t *wf_planes_find(apr_hash_t *planes, const wf_xml_t *process)
{
    const choice_t *choice = apr_hash_get(planes, &process, sizeof(process));

    return choice ? choice->plane : NULL;
}
