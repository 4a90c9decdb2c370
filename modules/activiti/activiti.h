/* activiti: the face of the process engine, the REST API of Activiti 5.0. One table row
 * per endpoint; handlers parse, send one command or read the store, render one reply. */
#ifndef WF_ACTIVITI_H
#define WF_ACTIVITI_H

#include "http/http.h"

/** "activiti"; its usual place is <Location "/activiti-rest/service">. */
extern const wf_face_t wf_activiti_face;

#endif
