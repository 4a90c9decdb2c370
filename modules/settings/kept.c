/* Directives of how long what has ended is kept. */
#include "settings/internal.h"

#include <apr_strings.h>

#define MAX_DAYS 36500

const char *wf_set_history_days(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    apr_int64_t days = 0;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    if (strcasecmp(arg, "Never")
        && (!wf_parse_int64(arg, &days) || days < 1 || days > MAX_DAYS)) {
        return apr_psprintf(
            cmd->pool,
            "WorkflowHistoryTimeToLive takes Never or a number of days from "
            "1 to %d, not '%s'",
            MAX_DAYS, arg);
    }
    settings->engine.history_days = (int)days;
    return problem;
}

const char *wf_set_executions_kept(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    apr_int64_t kept = -1;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    if (strcasecmp(arg, "All")
        && (!wf_parse_int64(arg, &kept) || kept < 0 || kept > APR_INT32_MAX)) {
        return apr_psprintf(
            cmd->pool, "WorkflowExecutionsKept takes All or a number, not '%s'", arg);
    }
    settings->engine.executions_kept = (int)kept;
    return problem;
}

/* Days, as history has them, or a duration with units for those who test a lot. */
const char *wf_set_executions_age(cmd_parms *cmd, void *dir, const char *arg)
{
    wf_settings_t *settings;
    apr_int64_t days = 0, ns = 0;
    const char *problem = wf_global_settings(cmd, &settings);

    (void)dir;
    if (!strcasecmp(arg, "Never")) {
        settings->engine.executions_age = 0;
    }
    else if (wf_parse_int64(arg, &days) && days >= 1 && days <= MAX_DAYS) {
        settings->engine.executions_age = days * 86400;
    }
    else if (wf_duration_parse(&ns, arg) == APR_SUCCESS && ns >= 1000000000) {
        settings->engine.executions_age = ns / 1000000000;
    }
    else {
        return apr_psprintf(cmd->pool,
                            "WorkflowExecutionsTimeToLive takes Never, a number of days "
                            "from 1 to %d, or a duration such as 36h, not '%s'",
                            MAX_DAYS, arg);
    }
    return problem;
}
