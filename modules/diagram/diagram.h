/* diagram: the diagram interchange of a BPMN file as a picture. What a process means is no
 * matter here: elements of the file are looked up by the ids that shapes and edges name. */
#ifndef WF_DIAGRAM_H
#define WF_DIAGRAM_H

#include "xml/xml.h"

/** Draw a BPMN file as SVG: the plane that shows the process with this key (NULL: the first
 *  one), the activities in active (const char * ids; may be NULL) marked.
 *  WF_ERR_NOT_FOUND if the file has no diagram of it, WF_ERR_INVALID (with the line) for
 *  sizes and places that cannot be drawn, WF_ERR_TOO_LARGE beyond 10,000 shapes. */
apr_status_t wf_diagram_draw(const char *xml, apr_size_t length, const char *process_key,
                             const apr_array_header_t *active, const char **svg,
                             apr_pool_t *p, wf_error_t *err);

/** Which planes of a file show which processes; in one walk over all of them. ids: the
 *  elements of the file, id -> const wf_xml_t *. In p. */
apr_hash_t *wf_planes_read(apr_hash_t *ids, const wf_xml_t *definitions, apr_pool_t *p);

/** The plane that shows the process best, NULL if none shows it. Without a process the
 *  first plane that shows anything. */
const wf_xml_t *wf_planes_find(apr_hash_t *planes, const wf_xml_t *process);

#endif
