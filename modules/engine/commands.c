/* The table of commands: what the children may ask for, and who does it. */
#include "engine/internal.h"

static wf_work_fn command_status;

static int always(json_object *args)
{
    (void)args;
    return 1;
}

/* A form of a definition starts an instance, that of a task completes it. */
static int if_it_starts(json_object *args)
{
    return wf_json_get(args, "definition") != NULL;
}

/* clang-format off */
static const struct {
    wf_work_fn *run;
    apr_status_t (*find_lane)(wf_work_t *, wf_lane_t *, wf_error_t *);
    void (*after)(wf_work_t *);
    void (*dropped)(wf_work_t *);
    /* Whether it begins something new, so that it is refused when there is no room for more
     * (space.c). NULL = it goes on with what is there, ends it, or only reads. */
    int (*grows)(json_object *args);
    void (*begin)(wf_engine_t *, wf_ipc_request_t *); /* instead, if it is not one work */
} handlers[WF_COMMAND_COUNT] = {
    /* command                    run                          lane                     after, dropped, grows */
    [WF_CMD_ENGINE_STATUS]    = { command_status,              NULL,                    NULL, NULL },
    [WF_CMD_DEPLOY]           = { wf_command_deploy,           wf_lane_of_deployments,  NULL, NULL, always },
    [WF_CMD_UNDEPLOY]         = { wf_command_undeploy,         wf_lane_of_deployments,  wf_after_undeploy, NULL },
    [WF_CMD_START]            = { wf_command_start,            NULL,                    NULL, NULL, always },
    [WF_CMD_INSTANCE_DELETE]  = { wf_command_delete_instance,  wf_lane_of_instance,     NULL, NULL },
    [WF_CMD_SIGNAL]           = { wf_command_signal,           wf_lane_of_instance,     NULL, NULL },
    [WF_CMD_EVENT]            = { wf_command_event,            wf_lane_of_instance,     NULL, NULL },
    [WF_CMD_MIGRATE]          = { wf_command_migrate,          wf_lane_of_instance,     NULL, NULL },
    [WF_CMD_MIGRATION_GENERATE] = { wf_command_migration_generate, NULL,                NULL, NULL },
    [WF_CMD_MIGRATION_CHECK]  = { wf_command_migration_check,  NULL,                    NULL, NULL },
    [WF_CMD_SUSPEND]          = { wf_command_suspend,          wf_lane_of_instance,     NULL, NULL },
    [WF_CMD_ACTIVATE]         = { wf_command_activate,         wf_lane_of_instance,     NULL, NULL },
    [WF_CMD_DEF_SUSPEND]      = { wf_command_def_suspend,      wf_lane_of_deployments,  NULL, NULL },
    [WF_CMD_DEF_ACTIVATE]     = { wf_command_def_activate,     wf_lane_of_deployments,  NULL, NULL },
    [WF_CMD_THROW]            = { wf_command_throw,            NULL,                    NULL, NULL },
    [WF_CMD_SIGNAL_TO]        = { wf_command_signal_to,        wf_lane_of_receiver,     NULL, NULL },
    [WF_CMD_MESSAGE]          = { wf_command_message,          wf_lane_of_receiver,     NULL, NULL },
    [WF_CMD_CLAIM]            = { wf_command_claim,            wf_lane_of_task,         NULL, NULL },
    [WF_CMD_UNCLAIM]          = { wf_command_unclaim,          wf_lane_of_task,         NULL, NULL },
    [WF_CMD_ASSIGN]           = { wf_command_assign,           wf_lane_of_task,         NULL, NULL },
    [WF_CMD_COMPLETE]         = { wf_command_complete,         wf_lane_of_task,         NULL, NULL },
    [WF_CMD_TASK_CREATE]      = { wf_command_task_create,      wf_lane_of_parent,       NULL, NULL, always },
    [WF_CMD_TASK_CHANGE]      = { wf_command_task_change,      wf_lane_of_task,         NULL, NULL },
    [WF_CMD_TASK_DELETE]      = { wf_command_task_delete,      wf_lane_of_task,         NULL, NULL },
    [WF_CMD_TASK_VARIABLES]   = { wf_command_task_variables,   wf_lane_of_task,         NULL, NULL },
    [WF_CMD_TASK_FORGET]      = { wf_command_task_forget,      wf_lane_of_task,         NULL, NULL },
    [WF_CMD_ATTACH]           = { wf_command_attach,           wf_lane_of_attaching,    NULL, NULL, always },
    [WF_CMD_DETACH]           = { wf_command_detach,           wf_lane_of_attachment,   NULL, NULL },
    [WF_CMD_FORM_RENDER]      = { wf_command_form_render,      wf_lane_of_form,         NULL, NULL },
    [WF_CMD_FORM_PROPERTIES]  = { wf_command_form_properties,  wf_lane_of_form,         NULL, NULL },
    [WF_CMD_FORM_SUBMIT]      = { wf_command_form_submit,      wf_lane_of_form,         NULL, NULL, if_it_starts },
    [WF_CMD_DIAGRAM]          = { wf_command_diagram,          wf_lane_of_diagram,      NULL, NULL },
    [WF_CMD_JOB_EXECUTE]      = { wf_command_execute_job,      wf_lane_of_job,          wf_job_executed, wf_job_executed },
    [WF_CMD_JOB_RETRIES]      = { wf_command_job_retries,      wf_lane_of_job,          NULL, NULL },
    [WF_CMD_JOB_DELETE]       = { wf_command_delete_job,       wf_lane_of_job,          NULL, NULL },
    [WF_CMD_EXTERNAL_FETCH]   = { .begin = wf_command_fetch },
    [WF_CMD_EXTERNAL_COMPLETE] = { wf_command_external_complete, wf_lane_of_external,   NULL, NULL },
    [WF_CMD_EXTERNAL_ERROR]   = { wf_command_external_error,   wf_lane_of_external,     NULL, NULL },
    [WF_CMD_EXTERNAL_FAILURE] = { wf_command_external_failure, wf_lane_of_external,     NULL, NULL },
    [WF_CMD_EXTERNAL_LOCK]    = { wf_command_external_lock,    wf_lane_of_external,     NULL, NULL },
    [WF_CMD_EXTERNAL_EXTEND]  = { wf_command_external_extend,  wf_lane_of_external,     NULL, NULL },
    [WF_CMD_EXTERNAL_UNLOCK]  = { wf_command_external_unlock,  wf_lane_of_external,     NULL, NULL },
    [WF_CMD_EXTERNAL_RETRIES] = { wf_command_external_retries, wf_lane_of_external,     NULL, NULL },
    [WF_CMD_EXTERNAL_PRIORITY] = { wf_command_external_priority, wf_lane_of_external,   NULL, NULL },
    [WF_CMD_USER_CREATE]      = { wf_command_user_create,      wf_lane_of_identity,     NULL, NULL, always },
    [WF_CMD_USER_CHANGE]      = { wf_command_user_change,      wf_lane_of_identity,     NULL, NULL },
    [WF_CMD_USER_DELETE]      = { wf_command_user_delete,      wf_lane_of_identity,     NULL, NULL },
    [WF_CMD_USER_PICTURE]     = { wf_command_user_picture,     wf_lane_of_identity,     NULL, NULL, always },
    [WF_CMD_USER_PASSWORD]    = { wf_command_user_password,    wf_lane_of_identity,     NULL, NULL },
    [WF_CMD_GROUP_CREATE]     = { wf_command_group_create,     wf_lane_of_identity,     NULL, NULL, always },
    [WF_CMD_GROUP_DELETE]     = { wf_command_group_delete,     wf_lane_of_identity,     NULL, NULL },
    [WF_CMD_JOIN]             = { wf_command_join,             wf_lane_of_identity,     NULL, NULL },
    [WF_CMD_LEAVE]            = { wf_command_leave,            wf_lane_of_identity,     NULL, NULL },
    [WF_CMD_GRANT_SET]        = { wf_command_grant_set,        wf_lane_of_identity,     NULL, NULL },
    [WF_CMD_GRANT_CLEAR]      = { wf_command_grant_clear,      wf_lane_of_identity,     NULL, NULL },
    [WF_CMD_KEY_CREATE]       = { wf_command_key_create,       wf_lane_of_identity,     wf_after_key_create, NULL, always },
    [WF_CMD_KEY_REVOKE]       = { wf_command_key_revoke,       wf_lane_of_identity,     wf_after_key_revoke, NULL },
    [WF_CMD_KEY_LIST]         = { wf_command_key_list,         NULL,                    NULL, NULL },
    [WF_CMD_SUBMIT]           = { wf_command_submit,           NULL,                    wf_after_submit, wf_drop_submission, always },
    [WF_CMD_EXECUTION]        = { wf_command_execution,        wf_lane_of_execution,    NULL, NULL },
    [WF_CMD_METRICS]          = { wf_command_metrics,          wf_lane_of_execution,    NULL, NULL },
    [WF_CMD_STOP]             = { wf_command_stop,             wf_lane_of_execution,    NULL, NULL },
    [WF_CMD_PAUSE]            = { wf_command_pause,            wf_lane_of_execution,    NULL, NULL },
    [WF_CMD_RESUME]           = { wf_command_resume,           wf_lane_of_execution,    NULL, NULL },
    [WF_CMD_SCALE]            = { wf_command_scale,            wf_lane_of_execution,    NULL, NULL },
    [WF_CMD_LOAD_STATUS]      = { wf_command_load_status,      wf_lane_of_execution,    NULL, NULL },
    [WF_CMD_REPORT]           = { wf_command_report,           wf_lane_of_execution,    NULL, NULL },
    [WF_CMD_STREAM_RESERVE]   = { .begin = wf_command_reserve_stream },
    [WF_CMD_STREAM_OPEN]      = { .begin = wf_command_open_stream },
    [WF_CMD_LINK_RESERVE]     = { .begin = wf_command_reserve_link },
    [WF_CMD_LINK_OPEN]        = { .begin = wf_command_open_link },
    [WF_CMD_BACKUP]           = { .begin = wf_command_backup },
    [WF_CMD_ANSWERED]         = { wf_command_answered,         NULL,                    NULL, NULL },
    [WF_CMD_SLAVES]           = { wf_command_slaves,           NULL,                    NULL, NULL },
    [WF_CMD_SLAVE_DRAIN]      = { wf_command_drain_slave,      NULL,                    NULL, NULL },
};
/* clang-format on */

/* Goes through the executor on purpose: an engine that answers this takes commands. */
static apr_status_t command_status(wf_work_t *work, wf_error_t *err)
{
    wf_engine_t *engine = work->engine;
    json_object *reply = json_object_new_object();
    wf_error_t reason;
    const char *fault = wf_committer_fault(engine->committer, work->pool);

    (void)err;
    wf_error_init(&reason, work->pool);
    if (fault) {
        wf_error_set(&reason, WF_ERR_UNAVAILABLE, "nothing can be written: %s", fault);
    }
    else {
        wf_space_look(engine, work->reader, &reason);
    }
    work->reply = wf_json_own(reply, work->pool);
    wf_json_add_bool(reply, "ready", reason.kind == WF_ERR_NONE);
    wf_json_add_string(reply, "reason", reason.kind ? reason.message : NULL);
    wf_json_add_string(reply, "version", WF_VERSION);
    wf_json_add_int(reply, "started", engine->started);
    wf_json_add_int(reply, "pending", wf_executor_pending(engine->executor));
    wf_json_add_int(reply, "streams", wf_streams_count(engine->streams));
    wf_cluster_describe(engine->cluster, reply);
    return APR_SUCCESS;
}

/* Whoever holds the lane of a task's command asks again whether it is still the caller's
 * if the child has let him through because it was. */
static apr_status_t run_as_own(wf_work_t *work, wf_error_t *err)
{
    apr_status_t rv = wf_permit_own_task(work, err);

    return rv == APR_SUCCESS ? handlers[work->request->command].run(work, err) : rv;
}

int wf_engine_knows(wf_command_e command)
{
    return handlers[command].run != NULL || handlers[command].begin != NULL;
}

/* 1 if the request's key, if it has one, is the command's now. */
static int take_key(wf_engine_t *engine, wf_ipc_request_t *request)
{
    wf_error_t err;

    if (!wf_command_is_kept(request->command)) {
        request->once = NULL; /* nobody would give the key back */
    }
    if (!request->once || wf_keys_take(engine->keys_taken, request->once->key)) {
        return 1;
    }
    wf_error_init(&err, request->pool);
    wf_error_set(&err, WF_ERR_IN_FLIGHT,
                 "a request with this Idempotency-Key is being worked on");
    wf_ipc_fail(request, &err);
    return 0;
}

void wf_engine_on_command(void *baton, wf_ipc_request_t *request)
{
    wf_engine_t *engine = baton;
    wf_work_t *work;

    if (!take_key(engine, request)) {
        return;
    }
    if (handlers[request->command].begin) {
        handlers[request->command].begin(engine, request);
        return;
    }
    work = apr_pcalloc(request->pool, sizeof(*work));
    work->engine = engine;
    work->pool = request->pool;
    work->request = request;
    work->deadline = request->deadline;
    work->user = request->user;
    work->args = request->args;
    work->once = request->once;
    work->run = wf_json_bool(request->args, "ownTask", 0)
                    ? run_as_own
                    : handlers[request->command].run;
    work->find_lane = handlers[request->command].find_lane;
    work->after = handlers[request->command].after;
    work->dropped = handlers[request->command].dropped;
    work->grows = handlers[request->command].grows
                  && handlers[request->command].grows(request->args);
    wf_error_init(&work->err, work->pool);
    wf_executor_submit(engine->executor, work);
}
