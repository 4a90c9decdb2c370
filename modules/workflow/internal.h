/* Shared by the files of this room. */
#ifndef WF_WORKFLOW_INTERNAL_H
#define WF_WORKFLOW_INTERNAL_H

#include "workflow/workflow.h"

wf_handler_fn wf_workflow_submit;
wf_handler_fn wf_workflow_get, wf_workflow_stop;
wf_handler_fn wf_execution_list, wf_execution_get, wf_execution_stop,
    wf_execution_metrics, wf_execution_websocket, wf_execution_metrics_stream,
    wf_execution_events, wf_execution_pause, wf_execution_resume, wf_execution_scale;
wf_handler_fn wf_perf_status, wf_perf_change, wf_perf_realtime, wf_perf_timeseries,
    wf_perf_metrics, wf_perf_report, wf_execution_report;
wf_handler_fn wf_slave_connect, wf_slave_list, wf_slave_get, wf_slave_drain;
wf_handler_fn wf_probe_health, wf_probe_ready;

int wf_workflow_status(const wf_request_t *req, const wf_error_t *err);
void wf_workflow_error_body(const wf_request_t *req, int status, const wf_error_t *err,
                            wf_body_t *body);

/** Set what the client is told about err beside its message, and return WF_EFAILED. */
apr_status_t wf_fail_as(wf_request_t *req, int status, const char *code);

/** {"success": true, "message": …} */
apr_status_t wf_respond_done(wf_request_t *req, const char *message);

/** The record of an execution, NULL if there is none with this id. */
apr_status_t wf_execution_load(wf_request_t *req, const char *id, wf_run_t **run,
                               wf_error_t *err);

/** The execution that the path names. WF_ERR_NOT_FOUND if there is none. */
apr_status_t wf_execution_find(wf_request_t *req, wf_run_t **run, wf_error_t *err);

/** The engine's answer about a live execution in *live, whose reference is the caller's; or
 *  NULL when the record has to do: then the record is read again, because the execution may
 *  have ended between the two. *run is NULL if it was deleted meanwhile. */
apr_status_t wf_execution_ask(wf_request_t *req, wf_command_e command, wf_run_t **run,
                              json_object **live, wf_error_t *err);

/** A command on a live execution; args (NULL: none) get its id, reply may be NULL.
 *  WF_ERR_CONFLICT if it has ended. */
apr_status_t wf_execution_send(wf_request_t *req, wf_command_e command,
                               const wf_run_t *run, json_object *args,
                               wf_ipc_reply_t *reply, wf_error_t *err);

/** No execution has this id: WF_ERR_NOT_FOUND. */
apr_status_t wf_no_execution(const char *id, wf_error_t *err);

/** 1 if executions may have this status. */
int wf_run_is_status(const char *status);

/** 1 if an execution with this status changes no more. */
int wf_run_is_final(const char *status);

/** An execution as the API shows it. detail: all members; else the short form of lists.
 */
json_object *wf_run_to_json(const wf_run_t *run, int detail, apr_pool_t *p);

/** {status, WF_RUN_LIVE: figures} as the engine tells of a live one; of the record, which
 *  may have no figures yet. The caller owns the reference. */
json_object *wf_run_live_to_json(const wf_run_t *run, apr_pool_t *p);

/** The metrics of an execution's record; zeros if it has none yet. */
json_object *wf_run_metrics_to_json(const wf_run_t *run, apr_pool_t *p);

#endif
