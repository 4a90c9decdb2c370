/* The table of step types. A new type is a file and a row. */
#include "steps/steps.h"
#include "steps/internal.h"
#include "steps/processors.h"

#define NOT_YET(word)                                                                    \
    {                                                                                    \
        .name = word, .later = "not supported by this version"                           \
    }

static const wf_step_type_t later[] = {
    NOT_YET("mq"),
    NOT_YET("grpc"),
};

/* clang-format off */
static const wf_step_type_t *const types[] = {
    &wf_step_http, &wf_step_script, &wf_step_db, &wf_step_socket,
    &wf_step_condition, &wf_step_if,
    &wf_step_loop, &wf_step_for, &wf_step_foreach, &wf_step_while,
    &wf_step_break, &wf_step_continue,
    &wf_step_retry, &wf_step_random, &wf_step_parallel,
    &wf_step_sleep, &wf_step_wait_until,
    &wf_step_call, &wf_step_ref_workflow,
    &later[0], &later[1],
    NULL,
};
/* clang-format on */

static const wf_section_t *const sections[] = {
    &wf_http_section,
    &wf_fragment_section, /* its steps inherit from http */
    &wf_db_section,
    NULL,
};

const wf_steps_t wf_steps = {
    .types = types,
    .sections = sections,
    .members = wf_processing_fields,
    .process = wf_processors_compile,
};
