/* Parameters of an activity (camunda:inputOutput): variables that it has for itself while
 * it runs, and variables of its surroundings that are set when it is done. */
#include "bpmn/run.h"

static apr_status_t evaluate(wf_exec_t *exec, const wf_parameter_t *parameter,
                             wf_value_t *value, wf_error_t *err)
{
    apr_status_t rv;

    *value = wf_null();
    if (!parameter->value) {
        return APR_SUCCESS;
    }
    rv = wf_exec_eval(exec, parameter->value, value, err);
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "parameter \"%s\"", parameter->name);
}

/* A later one sees those before it. */
apr_status_t wf_parameters_in(wf_exec_t *exec, wf_error_t *err)
{
    const apr_array_header_t *inputs = exec->node->inputs;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && inputs && i < inputs->nelts; i++) {
        const wf_parameter_t *parameter = &APR_ARRAY_IDX(inputs, i, wf_parameter_t);
        wf_value_t value;

        rv = evaluate(exec, parameter, &value, err);
        if (rv == APR_SUCCESS) {
            rv = wf_variable_set_local(&exec->own, parameter->name, &value, err);
        }
    }
    return rv;
}

apr_status_t wf_parameters_out(wf_exec_t *exec, wf_error_t *err)
{
    const apr_array_header_t *outputs = exec->node->outputs;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && outputs && i < outputs->nelts; i++) {
        const wf_parameter_t *parameter = &APR_ARRAY_IDX(outputs, i, wf_parameter_t);
        wf_value_t value;

        rv = evaluate(exec, parameter, &value, err);
        if (rv == APR_SUCCESS) {
            rv = wf_variable_set(&exec->parent->own, parameter->name, &value, err);
        }
    }
    return rv;
}
