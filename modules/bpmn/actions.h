/* The ways in which actions are done, beside those of actions.c. Private to this room. */
#ifndef WF_BPMN_ACTIONS_H
#define WF_BPMN_ACTIONS_H

#include "bpmn/delegate_calls.h"
#include "bpmn/run.h"

/** decision_task.c: evaluate the decision table that the action names. */
apr_status_t wf_decision_run(const wf_host_t *seen, const wf_action_t *action,
                             const char *kind, wf_outcome_t *outcome, wf_error_t *err);

/** What a type of tasks does with its fields, which are evaluated. */
typedef apr_status_t wf_type_fn(const wf_host_t *seen, const wf_map_t *fields,
                                wf_outcome_t *outcome, wf_error_t *err);

wf_type_fn wf_mail_run;  /* mail_task.c */
wf_type_fn wf_http_run;  /* http_task.c */
wf_type_fn wf_shell_run; /* shell_task.c */

/* ---- actions.c: fields and limits ---------------------------------------------------- */

/** A field as text; NULL if it is absent, null or empty. */
const char *wf_field_text(const wf_map_t *fields, const char *name, apr_pool_t *p);

/** A field as a flag; anything but true, false and nothing is an error. */
apr_status_t wf_field_flag(const wf_map_t *fields, const char *name, int fallback,
                           int *flag, wf_error_t *err);

/** Set the variable whose name is the value of a field; nothing without that. */
apr_status_t wf_field_set(const wf_host_t *seen, const wf_map_t *fields, const char *name,
                          const wf_value_t *value, wf_error_t *err);

/** A task has failed (rv): if the field ignoreException says so, that is put down in the
 *  variable exceptionVariableName, if any, and the process goes on. */
apr_status_t wf_field_forgive(const wf_host_t *seen, const wf_map_t *fields,
                              apr_status_t rv, wf_error_t *err);

/** Before the thread waits for something outside. */
void wf_action_waits(const wf_services_t *services);

/** Seconds that something outside may take. */
int wf_action_timeout(const wf_services_t *services);

/** Bytes that may come from outside at once. */
apr_size_t wf_action_max_bytes(const wf_services_t *services);

/** Bytes from outside as a value: a text if they are one in UTF-8. */
wf_value_t wf_action_bytes(const char *bytes, apr_size_t length);

#endif
