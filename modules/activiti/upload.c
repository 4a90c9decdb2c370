/* Upload and deploy: a multipart form with the file and, for the answer as a HTML page in
 * a frame, the names of two JavaScript functions to call. */
#include "activiti/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define CALLBACK_MAX 1000 /* bytes of a function name */

/* ---- names ------------------------------------------------------------------------- */

int wf_callback_valid(const char *text)
{
    for (; *text; text++) {
        if (!apr_isascii(*text)
            || (!apr_isalnum(*text) && !strchr("_$.()'\"[]-", *text))) {
            return 0;
        }
    }
    return 1;
}

int wf_upload_name_valid(const char *name)
{
    static const char *const endings[] = { ".bpmn20.xml", ".bpmn", ".dmn", ".bar",
                                           ".zip" };
    apr_size_t length = strlen(name);

    for (apr_size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        apr_size_t ending = strlen(endings[i]);

        if (length >= ending && strcmp(name + length - ending, endings[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- the form ---------------------------------------------------------------------- */

static apr_status_t check_name(const char *field, const char *filename, wf_error_t *err)
{
    if (!wf_upload_name_valid(filename)) {
        return wf_error_field(err, WF_ERR_INVALID, field,
                              "file '%s' cannot be deployed: its name must end in "
                              ".bpmn20.xml, .bpmn, .dmn, .bar or .zip",
                              filename);
    }
    return APR_SUCCESS;
}

enum { FIELD_FILE, FIELD_SUCCESS, FIELD_FAILURE, FIELDS };

static const wf_field_t fields[] = {
    [FIELD_FILE] = { "deployment", 0, check_name },
    [FIELD_SUCCESS] = { "success", CALLBACK_MAX, NULL },
    [FIELD_FAILURE] = { "failure", CALLBACK_MAX, NULL },
    [FIELDS] = { NULL, 0, NULL },
};

/* ---- deploying --------------------------------------------------------------------- */

static apr_status_t deploy(wf_request_t *req, const wf_field_value_t *file,
                           wf_ipc_reply_t *reply, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = WF_CMD_DEPLOY };
    apr_status_t rv = wf_fields_file(&fields[FIELD_FILE], file, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (file->data->length == 0) {
        return wf_error_field(err, WF_ERR_INVALID, fields[FIELD_FILE].name,
                              "file '%s' is empty", file->filename);
    }
    call.args = wf_json_own(json_object_new_object(), req->pool);
    wf_json_add_string(call.args, "name", file->filename);
    wf_json_add_bool(call.args, "limited", wf_rights_count(req));
    call.blob = file->data->data;
    call.blob_length = file->data->length;
    return wf_request_call(req, &call, reply, err);
}

/* ---- the answer as a page ---------------------------------------------------------- */

/* The two functions that a page may call; NULL = none. */
typedef struct callbacks_t {
    const char *success, *failure;
} callbacks_t;

/* The form's value goes before the query's. */
static apr_status_t read_callback(wf_request_t *req, const wf_field_value_t *values,
                                  int field, const char **name, wf_error_t *err)
{
    const char *parameter = fields[field].name;
    const wf_buffer_t *value = values[field].data;
    int given = value && value->length > 0;

    *name = given ? value->data : wf_query_text(req->query, parameter);
    if (*name
        && ((given && strlen(*name) < value->length) || !wf_callback_valid(*name))) {
        return wf_error_field(err, WF_ERR_INVALID, parameter,
                              "field '%s' is not the name of a JavaScript function",
                              parameter);
    }
    return APR_SUCCESS;
}

static apr_status_t read_callbacks(wf_request_t *req, const wf_field_value_t *values,
                                   callbacks_t *callbacks, wf_error_t *err)
{
    apr_status_t rv = read_callback(req, values, FIELD_SUCCESS, &callbacks->success, err);

    return rv == APR_SUCCESS
               ? read_callback(req, values, FIELD_FAILURE, &callbacks->failure, err)
               : rv;
}

static apr_status_t respond_script(wf_request_t *req, const char *script)
{
    wf_body_t body = { .type = "text/html;charset=UTF-8" };

    body.data = apr_pstrcat(req->pool, "<html><script type=\"text/javascript\">", script,
                            "</script></html>", NULL);
    body.length = strlen(body.data);
    return wf_respond_body(req, 200, &body);
}

/* The page runs in a hidden frame, where nobody would see a status: it tells the frame's
 * owner what happened, a failure included. */
static apr_status_t respond_page(wf_request_t *req, const callbacks_t *callbacks,
                                 apr_status_t outcome, wf_error_t *err)
{
    if (outcome == APR_SUCCESS) {
        return respond_script(req, callbacks->success ? apr_pstrcat(
                                       req->pool, callbacks->success, "();", NULL)
                                                      : "");
    }
    if (!callbacks->failure) {
        return outcome;
    }
    wf_request_log_failure(req, 200, err);
    return respond_script(req, apr_pstrcat(req->pool, callbacks->failure, "('",
                                           wf_escape_js(err->message, req->pool), "');",
                                           NULL));
}

/* {"success": true} is what Activiti 5.0 said; the rest came with 5.10. */
static apr_status_t respond_deployment(wf_request_t *req, json_object *deployed)
{
    json_object *o = json_object_new_object();

    wf_json_add_bool(o, "success", 1);
    wf_json_add_id(o, "id", wf_json_int(deployed, "id", 0));
    wf_json_add_string(o, "name", wf_json_string(deployed, "name", NULL));
    wf_json_add_time(o, "deploymentTime", wf_json_int(deployed, "deploymentTime", 0),
                     req->pool);
    return wf_respond_json(req, 200, o);
}

apr_status_t wf_deployment_upload(wf_request_t *req, wf_error_t *err)
{
    wf_field_value_t values[FIELDS] = { 0 };
    callbacks_t callbacks = { NULL, NULL };
    wf_ipc_reply_t reply = { 0 };
    apr_status_t rv = wf_fields_read(req, fields, values, err);
    wf_error_t wrong;

    if (req->fail_status) {
        return rv; /* the body could not be read: there is nobody to show a page to */
    }
    wf_error_init(&wrong, req->pool);
    if (req->format == WF_FORMAT_HTML
        && read_callbacks(req, values, &callbacks, &wrong) != APR_SUCCESS) {
        wf_error_copy(err, &wrong);
        return WF_EFAILED;
    }
    if (rv == APR_SUCCESS) {
        rv = deploy(req, &values[FIELD_FILE], &reply, err);
    }
    if (req->format == WF_FORMAT_HTML) {
        return respond_page(req, &callbacks, rv, err);
    }
    return rv == APR_SUCCESS ? respond_deployment(req, reply.json) : rv;
}
