/* Commands that suspend and activate: an instance, or a definition. */
#include "engine/internal.h"

static apr_status_t set_instance(wf_work_t *work, int state, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);

    return wf_bpmn_suspend_instance(&call, wf_json_int(work->args, "id", 0), state, err);
}

/* process.suspend {id} */
apr_status_t wf_command_suspend(wf_work_t *work, wf_error_t *err)
{
    return set_instance(work, WF_SUSPENDED, err);
}

/* process.activate {id} */
apr_status_t wf_command_activate(wf_work_t *work, wf_error_t *err)
{
    return set_instance(work, WF_ACTIVE, err);
}

static apr_status_t set_definition(wf_work_t *work, int state, wf_error_t *err)
{
    wf_bpmn_call_t call = wf_engine_bpmn_call(work);
    wf_definition_t *definition;
    apr_status_t rv = wf_args_definition(work, "definition", &definition, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_bpmn_suspend_definition(&call, definition, state,
                                      wf_json_bool(work->args, "processInstances", 0),
                                      wf_json_int(work->args, "time", 0), err);
}

/* definition.suspend {definition, processInstances, time} */
apr_status_t wf_command_def_suspend(wf_work_t *work, wf_error_t *err)
{
    return set_definition(work, WF_SUSPENDED, err);
}

/* definition.activate {definition, processInstances, time} */
apr_status_t wf_command_def_activate(wf_work_t *work, wf_error_t *err)
{
    return set_definition(work, WF_ACTIVE, err);
}
