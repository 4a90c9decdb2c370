/* The execution modes. An executor only says when a virtual user may begin its next
 * iteration; a new one is a row here and a file. */
#include "load/internal.h"

#include <string.h>

#define NOT_YET(name)                                                                    \
    {                                                                                    \
        .mode = name, .later = "not supported by this version"                           \
    }

static const wf_executor_t later_executors[] = {
    NOT_YET("ramping-vus"),           NOT_YET("constant-arrival-rate"),
    NOT_YET("ramping-arrival-rate"),  NOT_YET("per-vu-iterations"),
    NOT_YET("externally-controlled"),
};

static const wf_executor_t *const executors[] = {
    &wf_constant_vus,
    &wf_shared_iterations,
};

const wf_executor_t *wf_executor_find(const char *mode)
{
    size_t i;

    for (i = 0; i < sizeof(executors) / sizeof(executors[0]); i++) {
        if (strcmp(executors[i]->mode, mode) == 0) {
            return executors[i];
        }
    }
    for (i = 0; i < sizeof(later_executors) / sizeof(later_executors[0]); i++) {
        if (strcmp(later_executors[i].mode, mode) == 0) {
            return &later_executors[i];
        }
    }
    return NULL;
}

apr_int64_t wf_options_iterations(const wf_options_t *options)
{
    if (options->iterations > 0) {
        return options->iterations;
    }
    return options->duration_ns > 0 ? 0 : 1;
}
