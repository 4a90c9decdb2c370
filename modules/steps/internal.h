/* steps, inside: the rows of the table of types. */
#ifndef WF_STEPS_INTERNAL_H
#define WF_STEPS_INTERNAL_H

#include "load/step.h"

extern const wf_step_type_t wf_step_http, wf_step_condition, wf_step_if, wf_step_loop,
    wf_step_for, wf_step_foreach, wf_step_while, wf_step_break, wf_step_continue,
    wf_step_sleep, wf_step_parallel, wf_step_retry, wf_step_random, wf_step_wait_until,
    wf_step_call, wf_step_ref_workflow, wf_step_script, wf_step_db, wf_step_socket;

/* What a plan holds for them: the sections http and scripts of the document, and the
 * connections of db steps. */
extern const wf_section_t wf_http_section, wf_fragment_section, wf_db_section;

/** The label of a loop, or NULL. */
const char *wf_loop_label(const wf_step_t *step);

#endif
