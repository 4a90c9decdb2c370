/* Shared by the files of this room. */
#ifndef WF_ACTIVITI_INTERNAL_H
#define WF_ACTIVITI_INTERNAL_H

#include "activiti/activiti.h"

/* ---- handlers, by resource --------------------------------------------------------- */

wf_handler_fn wf_deployment_upload, wf_deployment_list, wf_deployment_resource,
    wf_deployment_delete, wf_deployment_delete_all;
wf_handler_fn wf_engine_info, wf_definition_list, wf_definition_get, wf_process_start;
wf_handler_fn wf_tasks_summary, wf_task_list, wf_task_get, wf_task_operation;
wf_handler_fn wf_login;

/* ---- errors ------------------------------------------------------------------------ */

int wf_activiti_status(const wf_request_t *req, const wf_error_t *err);
void wf_activiti_error_body(const wf_request_t *req, int status, const wf_error_t *err,
                            wf_body_t *body);

/* ---- uploads ----------------------------------------------------------------------- */

/** 1 if text may be called as a JavaScript function from the answer of an upload:
 * letters, digits and the characters of a property path, so that nothing else can be
 * smuggled in. */
int wf_callback_valid(const char *text);

/** The part of a client's path after its last directory, and whether its ending is one
 * that can be deployed. */
const char *wf_upload_base_name(const char *filename);
int wf_upload_name_valid(const char *name);

/* ---- variables --------------------------------------------------------------------- */

#define WF_VARIABLE_NAME_MAX 255 /* bytes; what the name column of variables holds */

/** The process variables of a body. A member without underscore in its name is a
 * variable; "x_type" says how x is to be read (Integer, Boolean, String, Date or User),
 * "x_required" set to true demands x; other names with an underscore are ignored. `own`
 * is the call's own member and no variable. WF_ERR_INVALID names variable and descriptor.
 */
apr_status_t wf_variables_read(wf_map_t **vars, json_object *body, const char *own,
                               apr_pool_t *p, wf_error_t *err);

/* ---- values ------------------------------------------------------------------------ */

/** A generated id in a path or body: 1 and *id if it is one, 0 if no object can have it.
 */
int wf_id_parse(const char *text, wf_id_t *id);

/** Add an id as JSON string ("217"), null for 0. */
void wf_json_add_id(json_object *o, const char *name, wf_id_t id);

/** Answer {"success": true}. */
apr_status_t wf_respond_success(wf_request_t *req);

/** A page of the list that the route's row names: paging parameters, store, envelope. */
apr_status_t wf_respond_page(wf_request_t *req, const wf_filter_t *filters, int count,
                             json_object *(*render)(const void *row, apr_pool_t *p),
                             wf_error_t *err);

#endif
