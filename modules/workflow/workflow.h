/* workflow: the face of the load engine: submit workflows, watch and stop executions,
 * health and readiness. */
#ifndef WF_WORKFLOW_H
#define WF_WORKFLOW_H

#include "http/http.h"

/** "workflow"; its usual place is <Location "/api/v1">. */
extern const wf_face_t wf_workflow_face;

/** "health" and "ready": one probe each, at the very path of the <Location> ("/health",
 *  "/ready"), for load balancers that cannot be told a longer one. */
extern const wf_face_t wf_health_face;
extern const wf_face_t wf_ready_face;

#endif
