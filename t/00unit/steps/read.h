/* Workflow documents whose steps are of the types of the room steps, and that draw on
 * nothing else. */
#ifndef T_STEPS_READ_H
#define T_STEPS_READ_H

#include "steps/steps.h"

static const wf_surroundings_t steps_only = { .steps = &wf_steps };

static inline void plan_from_yaml(wf_plan_t **plan, const char *text, apr_size_t length,
                                  wf_problems_t *problems, apr_pool_t *p)
{
    wf_plan_read(plan, text, length, NULL, &steps_only, problems, p);
}

static inline void plan_from_json(wf_plan_t **plan, json_object *workflow,
                                  wf_problems_t *problems, apr_pool_t *p)
{
    wf_plan_read(plan, NULL, 0, workflow, &steps_only, problems, p);
}

#endif
