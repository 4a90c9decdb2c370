/* How delegates are called. Private to this room. */
#ifndef WF_BPMN_DELEGATE_CALLS_H
#define WF_BPMN_DELEGATE_CALLS_H

#include "bpmn/delegates.h"
#include "bpmn/run.h"

#define WF_DELEGATE_MAX_SCRIPT (1024 * 1024) /* bytes of a file */

/** delegate_http.c: post the call as JSON, do what the answer says. */
apr_status_t wf_delegate_http(const wf_delegate_t *d, const wf_delegate_call_t *call,
                              wf_outcome_t *outcome, wf_error_t *err);

/** delegate_builtin.c: what needs nobody else. */
apr_status_t wf_delegate_builtin(const wf_delegate_t *d, const wf_delegate_call_t *call,
                                 wf_outcome_t *outcome, wf_error_t *err);

/** Names of technical failures, for activiti:mapException; delegates may give others. */
#define WF_FAILURE_TIMEOUT "timeout"
#define WF_FAILURE_CONNECTION "connection"
#define WF_FAILURE_DENIED "denied" /* the administrator does not permit the target */
#define WF_FAILURE_STATUS "status"
#define WF_FAILURE_UNREADABLE "unreadable"
#define WF_FAILURE_MAIL "mail"
#define WF_FAILURE_PROGRAM "program"
const char *wf_failure_of(wf_client_outcome_e outcome);

/** The header of requests that has it, and what repetitions of the next call to outside
 *  that is made there have in common: the key of the call into the engine, the activity
 * ("" where there is none) and how many calls it has made in this turn. What another
 * activity calls when the turn is done again, because variables have changed, is another
 * call. NULL if the call into the engine has no key. */
#define WF_KEY_HEADER "Idempotency-Key"
const char *wf_delegate_key(const wf_host_t *seen);

#endif
