/* Which decisions require which, and the order in which they are evaluated: what is
 * required comes first, each once. Circles are refused. */
#include "decision/internal.h"

#include <apr_strings.h>
#include <string.h>

typedef enum { UNSEEN, OPEN, DONE } mark_e;

typedef struct walk_t {
    const wf_decision_file_t *file;
    apr_array_header_t **required; /* of int, for each decision */
    mark_e marks[WF_DECISIONS_MAX];
    const wf_decision_t **order;
    int norder;
} walk_t;

static int index_of(const wf_decision_file_t *file, const wf_decision_t *decision)
{
    for (int i = 0; i < file->count; i++) {
        if (file->decisions[i] == decision) {
            return i;
        }
    }
    return -1;
}

/* "#id"; what is in another file is not known here. */
static int find_required(wf_decision_reader_t *r, const wf_decision_file_t *file,
                         const wf_xml_t *reference)
{
    const char *href = wf_xml_attr(reference, WF_NS_NONE, "href");
    const wf_decision_t *decision =
        href && *href == '#' ? wf_decision_find(file, href + 1) : NULL;

    if (!decision) {
        wf_decision_problem(r, reference, "requirement",
                            "the required decision '%s' is not in this file",
                            href ? href : "");
        return -1;
    }
    return index_of(file, decision);
}

static apr_array_header_t *read_required(wf_decision_reader_t *r,
                                         const wf_decision_file_t *file,
                                         const wf_xml_t *element)
{
    apr_array_header_t *required = apr_array_make(r->scratch, 2, sizeof(int));
    const wf_xml_t *info = wf_xml_child(element, WF_NS_DMN, "informationRequirement");

    for (; info; info = wf_xml_next(info, WF_NS_DMN, "informationRequirement")) {
        const wf_xml_t *reference = wf_xml_child(info, WF_NS_DMN, "requiredDecision");
        int i = reference ? find_required(r, file, reference) : -1;

        if (i >= 0) {
            APR_ARRAY_PUSH(required, int) = i;
        }
    }
    return required;
}

/* 0: i is required by what it requires. The depth is at most that of all decisions. */
static int visit(walk_t *walk, int i)
{
    if (walk->marks[i] != UNSEEN) {
        return walk->marks[i] == DONE;
    }
    walk->marks[i] = OPEN;
    for (int n = 0; n < walk->required[i]->nelts; n++) {
        if (!visit(walk, APR_ARRAY_IDX(walk->required[i], n, int))) {
            return 0;
        }
    }
    walk->marks[i] = DONE;
    walk->order[walk->norder++] = walk->file->decisions[i];
    return 1;
}

void wf_decision_read_requirements(wf_decision_reader_t *r, wf_decision_file_t *file,
                                   const wf_xml_t **elements)
{
    apr_array_header_t *required[WF_DECISIONS_MAX];

    for (int i = 0; i < file->count; i++) {
        required[i] = read_required(r, file, elements[i]);
    }
    for (int i = 0; i < file->count; i++) {
        walk_t walk = { .file = file, .required = required };

        walk.order = apr_pcalloc(r->p, sizeof(*walk.order) * file->count);
        if (!visit(&walk, i)) {
            wf_decision_problem(r, elements[i], "requirement",
                                "the decision requires itself, maybe through others");
        }
        file->decisions[i]->order = walk.order;
        file->decisions[i]->norder = walk.norder;
    }
}
