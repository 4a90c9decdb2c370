/* Shared by the files of this room. */
#ifndef WF_ACTIVITI_INTERNAL_H
#define WF_ACTIVITI_INTERNAL_H

#include "activiti/activiti.h"

/** Edition, version and schema number in one line, as clients of Activiti know it. */
#define WF_SERVER_LINE "mod_workflow v" WF_VERSION " schema 50"

/* ---- handlers, by resource --------------------------------------------------------- */

wf_handler_fn wf_deployment_upload, wf_deployment_list, wf_deployment_resources,
    wf_deployment_resource, wf_deployment_delete, wf_deployment_delete_all;
wf_handler_fn wf_engine_info, wf_definition_list, wf_definition_get, wf_process_start;
wf_handler_fn wf_definition_diagram, wf_instance_diagram;
wf_handler_fn wf_definition_form, wf_task_form, wf_definition_properties,
    wf_task_properties, wf_form_submit, wf_history_form_properties;
wf_handler_fn wf_definition_suspend, wf_definition_activate, wf_instance_suspend,
    wf_instance_activate;
wf_handler_fn wf_migration_generate, wf_migration_validate, wf_migration_execute;
wf_handler_fn wf_instance_list, wf_instance_get, wf_instance_delete, wf_instance_tasks,
    wf_instance_signal, wf_instance_event, wf_instance_subscriptions,
    wf_execution_message, wf_execution_signal, wf_throw_signal;
wf_handler_fn wf_tasks_summary, wf_task_list, wf_task_get;
wf_handler_fn wf_task_operation, wf_task_create, wf_task_change, wf_task_delete;
wf_handler_fn wf_task_variables, wf_task_variable, wf_task_variables_create,
    wf_task_variable_change, wf_task_variable_delete, wf_task_variables_delete;
wf_handler_fn wf_attachment_upload, wf_attachment_link, wf_attachment_get,
    wf_attachment_delete;
wf_handler_fn wf_login;
wf_handler_fn wf_user_list, wf_user_get, wf_user_groups, wf_user_create, wf_user_change,
    wf_user_delete, wf_user_join;
wf_handler_fn wf_group_list, wf_group_get, wf_group_users, wf_group_create,
    wf_group_delete, wf_group_join, wf_membership_delete;
wf_handler_fn wf_grant_list, wf_grant_set, wf_grant_clear;
wf_handler_fn wf_key_list, wf_key_create, wf_key_revoke;
wf_handler_fn wf_picture_get, wf_picture_put, wf_picture_delete;
wf_handler_fn wf_job_list, wf_job_get, wf_job_execute, wf_job_execute_all, wf_job_retries,
    wf_job_act, wf_job_delete;
wf_handler_fn wf_incident_list, wf_incident_get;
wf_handler_fn wf_external_list, wf_external_count, wf_external_topics, wf_external_get,
    wf_external_details, wf_external_operation, wf_external_fetch;
wf_handler_fn wf_table_list, wf_table_get, wf_table_data;
wf_handler_fn wf_backup_create;
wf_handler_fn wf_browser_home, wf_browser_all, wf_browser_package, wf_browser_uri,
    wf_browser_family, wf_browser_call, wf_browser_send, wf_browser_style;

/* ---- rights on process definitions (rights.c) -------------------------------------- */

/** What a route is about, for wf_route_t.needs. */
typedef enum {
    WF_OF_UNTOLD, /* whoever is not an administrator gets 403 then */
    WF_OF_NONE,   /* nothing that belongs to definitions */
    WF_OF_LIST,   /* rows that wf_rights_filter chooses */
    WF_OF_BODY,   /* what the body names: the handler asks */
    WF_OF_ALL,    /* instances of any definition */
    WF_OF_DEFINITION,
    WF_OF_DEPLOYMENT, /* all its definitions */
    WF_OF_INSTANCE,
    WF_OF_EXECUTION,
    WF_OF_TASK,
    WF_OF_OLD_TASK, /* may have ended */
    WF_OF_ATTACHMENT,
    WF_OF_EXTERNAL_TASK
} wf_needs_e;

/** The needs of a route: a right (WF_RIGHT_…) on the definition of an object. */
#define WF_NEEDS(object, right) ((object) << 3 | (right))

/** wf_face_t.permit. With WorkflowDefinitionRights, for callers who are no
 * administrators: what they have no right to see is WF_ERR_NOT_FOUND, in the words for
 * what is not there; what they see but may not do is WF_ERR_FORBIDDEN. Who has a task may
 * see it and work on it, whatever its definition. Tasks without a process, and sub-tasks
 * of these, are everybody's. */
apr_status_t wf_rights_permit(wf_request_t *req, wf_error_t *err);

/** 1 if rights count for the caller: the calls below do nothing otherwise. */
int wf_rights_count(const wf_request_t *req);

/** The same for what a body names: a task; a definition that is to be started, by its id
 * or (the other one NULL) its key. */
apr_status_t wf_rights_task(wf_request_t *req, wf_id_t id, int right, wf_error_t *err);
apr_status_t wf_rights_start(wf_request_t *req, const char *id, const char *key,
                             wf_error_t *err);

/** A deployment that is to be deleted: the right to operate all its definitions. One that
 * is not there may be. */
apr_status_t wf_rights_undeploy(wf_request_t *req, wf_id_t id, wf_error_t *err);

/** Fill a filter so that the rows of a list are those that the caller may see. */
void wf_rights_filter(const wf_request_t *req, wf_list_e list, wf_filter_t *filter);

/** The user whose rights limit what is seen, NULL if nothing does. */
const char *wf_rights_viewer(const wf_request_t *req);

/** Keys of definitions on which the caller has a right; NULL: of all. Of const char *. */
apr_status_t wf_rights_keys(wf_request_t *req, int right, apr_array_header_t **keys,
                            wf_error_t *err);

/** What the engine is to ask once more, in the arguments of a command. */
void wf_rights_args(const wf_request_t *req, json_object *args);

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

/** A field of a multipart form that a call knows. */
typedef struct wf_field_t {
    const char *name;
    apr_size_t max; /* bytes of a text; 0 = a file, as large as the body may be */
    /** Whether a file of this base name may come, before its bytes are read; or NULL. */
    apr_status_t (*check)(const char *field, const char *filename, wf_error_t *err);
} wf_field_t;

typedef struct wf_field_value_t {
    wf_buffer_t *data;    /* NULL: not in the form */
    const char *filename; /* of a file: its base name */
    const char *type;     /* of a file: the Content-Type of its part, or NULL */
} wf_field_value_t;

/** Read the request's form: fields (closed by a row without name) into values of the same
 * order, all zero before. WF_ERR_INVALID names a field that is given twice, too long, or no
 * file with a name; the fields that can be taken, before and behind it, are in values. */
apr_status_t wf_fields_read(wf_request_t *req, const wf_field_t *fields,
                            wf_field_value_t *values, wf_error_t *err);

/** WF_ERR_INVALID unless the form had the file; it may be empty. */
apr_status_t wf_fields_file(const wf_field_t *field, const wf_field_value_t *value,
                            wf_error_t *err);

/** A text field; NULL if it is absent or empty. WF_ERR_INVALID if it is no UTF-8. */
apr_status_t wf_fields_text(const wf_field_t *field, const wf_field_value_t *value,
                            const char **text, wf_error_t *err);

/** The media type of a picture by its first bytes: PNG, JPEG, GIF or WebP, else NULL. */
const char *wf_picture_type(const char *data, apr_size_t length);

/* ---- variables --------------------------------------------------------------------- */

#define WF_VARIABLE_NAME_MAX 255 /* bytes; what the name column of variables holds */

/** The process variables of a body. A member without underscore in its name is a
 * variable; "x_type" says how x is to be read (Integer, Boolean, String, Date or User),
 * "x_required" set to true demands x; other names with an underscore are ignored. `own`
 * are the call's own members (closed by NULL; NULL = none), which are no variables.
 * WF_ERR_INVALID names variable and descriptor. */
apr_status_t wf_variables_read(wf_map_t **vars, json_object *body, const char *const *own,
                               apr_pool_t *p, wf_error_t *err);

/* ---- variables and times as Camunda 7 writes them, for workers ----------------------- */

/** {"type", "value", "valueInfo"}. The caller owns the reference. */
json_object *wf_typed_to_json(const wf_value_t *value, apr_pool_t *p);

/** The variables of a member of a body; an empty map if it is absent. WF_ERR_INVALID names
 *  the variable. */
apr_status_t wf_typed_read(wf_map_t **vars, json_object *body, const char *member,
                           apr_pool_t *p, wf_error_t *err);

/** "2026-01-21T13:04:05.000+0100", in the server's zone. */
const char *wf_camunda_time(apr_int64_t ms, apr_pool_t *p);

/* ---- external tasks ------------------------------------------------------------------ */

/** The family of endpoints that speak Camunda's API, and how it calls its JSON. */
#define WF_EXTERNAL_FAMILY "external-task"
#define WF_EXTERNAL_JSON "application/json"
#define WF_EXTERNAL_LIST_MAX 1000 /* rows of one answer */

/** Answer JSON, of which the reference is taken; or 204. */
apr_status_t wf_external_respond(wf_request_t *req, json_object *json);
apr_status_t wf_external_respond_empty(wf_request_t *req);

/** A task without its variables. The caller owns the reference. */
json_object *wf_external_render(wf_store_t *store, const wf_external_task_t *task,
                                apr_pool_t *p);

/* ---- values ------------------------------------------------------------------------ */

/** A generated id in a path or body: 1 and *id if it is one, 0 if no object can have it.
 */
int wf_id_parse(const char *text, wf_id_t *id);

/** What a list is filtered by: what is no id belongs to nothing; null for NULL. */
wf_value_t wf_id_value(const char *text);

/** Add an id as JSON string ("217"), null for 0. */
void wf_json_add_id(json_object *o, const char *name, wf_id_t id);

/** Add a time as ISO 8601, null for 0; a duration in ms, null for one that is open. */
void wf_json_add_time(json_object *o, const char *name, apr_int64_t ms, apr_pool_t *p);
void wf_json_add_duration(json_object *o, const char *name, apr_int64_t ms);

/** A variable's value as one text: dates in ISO 8601, lists and maps as JSON; NULL for the
 * null value. */
const char *wf_value_text(const wf_value_t *value, apr_pool_t *p);

/** Add an array with what render makes of the rows of a parent, in id order; a row that it
 * makes NULL of is left out. */
apr_status_t wf_json_add_rows(json_object *o, const char *name, wf_request_t *req,
                              wf_relation_e relation, wf_id_t parent,
                              json_object *(*render)(const void *row, apr_pool_t *p),
                              wf_error_t *err);

/** A day (YYYY-MM-DD, in the server's zone) or an ISO 8601 time with its offset: 1 and the
 * day's first or (end) last millisecond, or the time itself. */
int wf_day_parse(const char *text, int end, apr_int64_t *ms);

/** Longest texts of bodies, in bytes, as Activiti's columns hold them. */
#define WF_NAME_MAX 255
#define WF_TEXT_MAX 4000

/** WF_ERR_INVALID if the text (or NULL) of a field is longer than max bytes. */
apr_status_t wf_text_check(const char *name, const char *text, apr_size_t max,
                           wf_error_t *err);

/* ---- one object -------------------------------------------------------------------- */

/** WF_ERR_NOT_FOUND: no object of this kind ("task") has this id. */
apr_status_t wf_no_object(const char *kind, const char *id, wf_error_t *err);

/** The generated id in a path variable. */
apr_status_t wf_path_id(wf_request_t *req, const char *variable, const char *kind,
                        wf_id_t *id, wf_error_t *err);

/** The row it belongs to; row is a T **. */
apr_status_t wf_path_row(wf_request_t *req, const char *variable, wf_table_e table,
                         const char *kind, void *row, wf_error_t *err);

/** The same for a table whose rows clients know by a key, such as a user's id. */
apr_status_t wf_path_key_row(wf_request_t *req, const char *variable, wf_table_e table,
                             const char *kind, void *row, wf_error_t *err);

/** The process definition of a path, {processDefinitionId}. */
apr_status_t wf_path_definition(wf_request_t *req, wf_definition_t **definition,
                                wf_error_t *err);

/** The user of a path, {userId}. */
apr_status_t wf_path_user(wf_request_t *req, wf_user_t **user, wf_error_t *err);

/** Arguments of a command: none yet, or the id of its object. Released with the request. */
json_object *wf_args_create(wf_request_t *req);
json_object *wf_args_of(wf_request_t *req, wf_id_t id);

/** Send a command without bytes. reply may be NULL. */
apr_status_t wf_call_command(wf_request_t *req, wf_command_e command, json_object *args,
                             wf_ipc_reply_t *reply, wf_error_t *err);

/** The same, then answer {"success": true}. */
apr_status_t wf_respond_command(wf_request_t *req, wf_command_e command,
                                json_object *args, wf_error_t *err);

/** The same for a command that needs nothing but the generated id in a path variable. */
apr_status_t wf_respond_path_command(wf_request_t *req, const char *variable,
                                     const char *kind, wf_command_e command,
                                     wf_error_t *err);

/** The row that a command made, by the id in its reply; row is a T **. WF_ERR_CONFLICT if
 * it is gone already. */
apr_status_t wf_made_row(wf_request_t *req, const wf_ipc_reply_t *reply, wf_table_e table,
                         const char *kind, void *row, wf_error_t *err);

/* ---- answers ----------------------------------------------------------------------- */

/** Answer {"success": true}. */
apr_status_t wf_respond_success(wf_request_t *req);

/** Answer an instance that was started, as the reply of its command tells. */
apr_status_t wf_respond_started(wf_request_t *req, json_object *started);

/** An incident, the same everywhere. */
json_object *wf_incident_render(const void *row, apr_pool_t *p);

/** A task row as a member of a list, an attachment as one of a task; for wf_respond_page. */
json_object *wf_task_render(const void *row, apr_pool_t *p);
json_object *wf_attachment_render(const void *row, apr_pool_t *p);

/** Answer a task with its lists. */
apr_status_t wf_respond_task(wf_request_t *req, const wf_task_t *task, wf_error_t *err);

/** Whom the engine lets start by a command: say so in its arguments if only candidate
 * starters, or those with the right to, and administrators may. */
apr_status_t wf_read_starter(wf_request_t *req, json_object *args, wf_error_t *err);

/** Take businessKey of a body, if there is one, into the arguments of a start. */
apr_status_t wf_read_business_key(json_object *args, json_object *body, apr_pool_t *p,
                                  wf_error_t *err);

/** Media type of a resource by the end of its name. */
const char *wf_resource_type(const char *name);

/** A page of the list that the route's row names: paging parameters, store, envelope. */
apr_status_t wf_respond_page(wf_request_t *req, const wf_filter_t *filters, int count,
                             json_object *(*render)(const void *row, apr_pool_t *p),
                             wf_error_t *err);

#endif
