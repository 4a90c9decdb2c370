/* How much of history is kept, and how long: what the definition says, else what the call
 * does. */
#include <string.h>

#include "bpmn/run.h"

#define DAY_MS APR_INT64_C(86400000)

/* clang-format off */
static const char *const names[] = {
    [WF_HISTORY_NONE]     = "none",
    [WF_HISTORY_ACTIVITY] = "activity",
    [WF_HISTORY_AUDIT]    = "audit",
    [WF_HISTORY_FULL]     = "full",
};

/* What is kept, and from which level on. */
static const wf_history_e from_level[] = {
    [WF_KEEP_INSTANCES]   = WF_HISTORY_ACTIVITY,
    [WF_KEEP_VISITS]      = WF_HISTORY_ACTIVITY,
    [WF_KEEP_LAST_VALUES] = WF_HISTORY_ACTIVITY,
    [WF_KEEP_TASKS]       = WF_HISTORY_AUDIT,
    [WF_KEEP_SUBMISSIONS] = WF_HISTORY_AUDIT,
    [WF_KEEP_CHANGES]     = WF_HISTORY_FULL,
};
/* clang-format on */

wf_history_e wf_history_level(const char *name)
{
    int level;

    for (level = WF_HISTORY_NONE; level <= WF_HISTORY_FULL; level++) {
        if (strcmp(names[level], name) == 0) {
            return level;
        }
    }
    return WF_HISTORY_DEFAULT;
}

int wf_history_keeps(const wf_bpmn_call_t *call, const wf_model_t *model, wf_keep_e what)
{
    wf_history_e level =
        model && model->history_level ? model->history_level : call->history;

    return (level ? level : WF_HISTORY_AUDIT) >= from_level[what];
}

apr_int64_t wf_history_removal(const wf_bpmn_call_t *call, const wf_model_t *model)
{
    if (model && model->history_days >= 0) {
        return call->now + model->history_days * DAY_MS;
    }
    return call->history_days ? call->now + call->history_days * DAY_MS : 0;
}

const wf_model_t *wf_history_model(const wf_bpmn_call_t *call, const char *definition_id)
{
    wf_definition_t *definition = NULL;
    const wf_model_t *model;
    apr_pool_t *p = wf_uow_pool(call->uow);
    wf_error_t unknown;

    wf_error_init(&unknown, p);
    if (wf_uow_get_by_key(call->uow, WF_TABLE_DEFINITION, definition_id, &definition,
                          &unknown)
            != APR_SUCCESS
        || !definition
        || wf_models_get(call->models, definition, call->loader_baton, &model, p,
                         &unknown)
               != APR_SUCCESS) {
        return NULL;
    }
    return model;
}
