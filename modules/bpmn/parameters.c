/* Parameters of an activity (camunda:inputOutput): variables that it has for itself while
 * it runs, and variables of its surroundings that are set when it is done. */
#include <apr_strings.h>

#include "bpmn/run.h"

/** Give a parameter's value, seen from an execution. */
typedef apr_status_t value_fn(wf_exec_t *exec, const wf_parameter_t *parameter,
                              wf_value_t *value, wf_error_t *err);

static value_fn evaluate;

static apr_status_t text_value(wf_exec_t *exec, const wf_parameter_t *parameter,
                               wf_value_t *value, wf_error_t *err)
{
    return parameter->value ? wf_exec_eval(exec, parameter->value, value, err)
                            : APR_SUCCESS;
}

static apr_status_t script_value(wf_exec_t *exec, const wf_parameter_t *parameter,
                                 wf_value_t *value, wf_error_t *err)
{
    wf_host_t seen = { .call = exec->instance->turn->call, .exec = exec };
    wf_script_t script = { .name =
                               apr_psprintf(exec->instance->turn->p,
                                            "script of a parameter of \"%s\" (line %d)",
                                            exec->node->id, parameter->line),
                           .language = parameter->language,
                           .text = parameter->script,
                           .wants_value = 1 };

    return wf_script_run(&seen, &script, value, err);
}

/* The whole is checked when a variable is set, but not what is in it. */
static apr_status_t part_value(wf_exec_t *exec, const wf_parameter_t *part,
                               wf_value_t *value, wf_error_t *err)
{
    apr_status_t rv = evaluate(exec, part, value, err);

    return rv == APR_SUCCESS && value->type == WF_OBJECT ? wf_error_set(
               err, WF_ERR_EXECUTION, "a list or map cannot hold an object of the engine")
                                                         : rv;
}

static apr_status_t list_value(wf_exec_t *exec, const wf_parameter_t *parameter,
                               wf_value_t *value, wf_error_t *err)
{
    wf_list_t *list = wf_list_create(exec->instance->turn->p);
    const apr_array_header_t *parts = parameter->parts;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && parts && i < parts->nelts; i++) {
        wf_value_t part;

        rv = part_value(exec, &APR_ARRAY_IDX(parts, i, wf_parameter_t), &part, err);
        if (rv == APR_SUCCESS) {
            wf_list_push(list, part);
        }
    }
    *value = wf_list(list);
    return rv;
}

/* Of two entries with one key the last counts. */
static apr_status_t map_value(wf_exec_t *exec, const wf_parameter_t *parameter,
                              wf_value_t *value, wf_error_t *err)
{
    wf_map_t *map = wf_map_create(exec->instance->turn->p);
    const apr_array_header_t *parts = parameter->parts;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && parts && i < parts->nelts; i++) {
        const wf_parameter_t *entry = &APR_ARRAY_IDX(parts, i, wf_parameter_t);
        wf_value_t part;

        rv = part_value(exec, entry, &part, err);
        if (rv == APR_SUCCESS) {
            wf_map_set(map, entry->name, part);
        }
        else {
            wf_error_note(err, rv, "entry \"%s\"", entry->name);
        }
    }
    *value = wf_map(map);
    return rv;
}

static value_fn *const kinds[] = {
    [WF_PARAMETER_TEXT] = text_value,
    [WF_PARAMETER_LIST] = list_value,
    [WF_PARAMETER_MAP] = map_value,
    [WF_PARAMETER_SCRIPT] = script_value,
};

static apr_status_t evaluate(wf_exec_t *exec, const wf_parameter_t *parameter,
                             wf_value_t *value, wf_error_t *err)
{
    *value = wf_null();
    return kinds[parameter->kind](exec, parameter, value, err);
}

static apr_status_t evaluate_named(wf_exec_t *exec, const wf_parameter_t *parameter,
                                   wf_value_t *value, wf_error_t *err)
{
    apr_status_t rv = evaluate(exec, parameter, value, err);

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

        rv = evaluate_named(exec, parameter, &value, err);
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

        rv = evaluate_named(exec, parameter, &value, err);
        if (rv == APR_SUCCESS) {
            rv = wf_variable_set(&exec->parent->own, parameter->name, &value, err);
        }
    }
    return rv;
}
