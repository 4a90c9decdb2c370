/* Upload and deploy: a multipart form with the file and, for the answer as a HTML page in
 * a frame, the names of two JavaScript functions to call. */
#include "activiti/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define CALLBACK_MAX 1000 /* bytes of a function name */

typedef enum { FIELD_OTHER, FIELD_FILE, FIELD_SUCCESS, FIELD_FAILURE, FIELDS } field_e;

static const char *const field_names[FIELDS] = {
    [FIELD_FILE] = "deployment",
    [FIELD_SUCCESS] = "success",
    [FIELD_FAILURE] = "failure",
};

/* The form while it arrives. */
typedef struct form_t {
    apr_pool_t *pool;
    field_e current;
    const char *filename;
    wf_buffer_t *values[FIELDS]; /* NULL = field not seen */
} form_t;

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

const char *wf_upload_base_name(const char *filename)
{
    const char *base = filename;

    for (; *filename; filename++) {
        if (*filename == '/' || *filename == '\\') {
            base = filename + 1;
        }
    }
    return base;
}

int wf_upload_name_valid(const char *name)
{
    static const char *const endings[] = { ".bpmn20.xml", ".bar", ".zip" };
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

static apr_status_t take_file_name(form_t *form, const wf_part_t *part, wf_error_t *err)
{
    if (!part->filename || !*part->filename) {
        return wf_error_field(err, WF_ERR_INVALID, part->name,
                              "field '%s' must be a file with a name", part->name);
    }
    form->filename = apr_pstrdup(form->pool, wf_upload_base_name(part->filename));
    if (!wf_upload_name_valid(form->filename)) {
        return wf_error_field(err, WF_ERR_INVALID, part->name,
                              "file '%s' cannot be deployed: its name must end in "
                              ".bpmn20.xml, .bar or .zip",
                              form->filename);
    }
    return APR_SUCCESS;
}

static apr_status_t begin_field(void *baton, const wf_part_t *part, wf_error_t *err)
{
    form_t *form = baton;

    form->current = FIELD_OTHER;
    for (int i = FIELD_FILE; i < FIELDS; i++) {
        if (strcmp(part->name, field_names[i]) == 0) {
            form->current = (field_e)i;
        }
    }
    if (form->current == FIELD_OTHER) {
        return APR_SUCCESS;
    }
    if (form->values[form->current]) {
        return wf_error_field(err, WF_ERR_INVALID, part->name,
                              "field '%s' is given twice", part->name);
    }
    form->values[form->current] = wf_buffer_create(form->pool);
    return form->current == FIELD_FILE ? take_file_name(form, part, err) : APR_SUCCESS;
}

static apr_status_t add_data(void *baton, const char *data, apr_size_t length,
                             wf_error_t *err)
{
    form_t *form = baton;
    wf_buffer_t *value = form->values[form->current];

    if (form->current == FIELD_OTHER) {
        return APR_SUCCESS;
    }
    if (form->current != FIELD_FILE && value->length + length > CALLBACK_MAX) {
        return wf_error_field(err, WF_ERR_INVALID, field_names[form->current],
                              "field '%s' is longer than %d bytes",
                              field_names[form->current], CALLBACK_MAX);
    }
    if (!wf_buffer_append(value, data, length)) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory for the upload");
    }
    return APR_SUCCESS;
}

static apr_status_t end_field(void *baton, wf_error_t *err)
{
    (void)baton;
    (void)err;
    return APR_SUCCESS;
}

/* ---- deploying --------------------------------------------------------------------- */

static apr_status_t deploy(wf_request_t *req, const form_t *form, wf_error_t *err)
{
    const wf_buffer_t *file = form->values[FIELD_FILE];
    wf_ipc_call_t call = { .command = WF_CMD_DEPLOY };

    if (!file) {
        return wf_error_field(err, WF_ERR_INVALID, field_names[FIELD_FILE],
                              "the form has no file field '%s'", field_names[FIELD_FILE]);
    }
    if (file->length == 0) {
        return wf_error_field(err, WF_ERR_INVALID, field_names[FIELD_FILE],
                              "file '%s' is empty", form->filename);
    }
    call.args = wf_json_own(json_object_new_object(), req->pool);
    wf_json_add_string(call.args, "name", form->filename);
    call.blob = file->data;
    call.blob_length = file->length;
    return wf_request_call(req, &call, NULL, err);
}

/* ---- the answer as a page ---------------------------------------------------------- */

/* The two functions that a page may call; NULL = none. */
typedef struct callbacks_t {
    const char *success, *failure;
} callbacks_t;

/* The form's value goes before the query's. */
static apr_status_t read_callback(wf_request_t *req, const form_t *form, field_e field,
                                  const char **name, wf_error_t *err)
{
    const wf_buffer_t *value = form->values[field];
    int given = value && value->length > 0;

    *name = given ? value->data : wf_query_text(req->query, field_names[field]);
    if (*name
        && ((given && strlen(*name) < value->length) || !wf_callback_valid(*name))) {
        return wf_error_field(err, WF_ERR_INVALID, field_names[field],
                              "field '%s' is not the name of a JavaScript function",
                              field_names[field]);
    }
    return APR_SUCCESS;
}

static apr_status_t read_callbacks(wf_request_t *req, const form_t *form,
                                   callbacks_t *callbacks, wf_error_t *err)
{
    apr_status_t rv = read_callback(req, form, FIELD_SUCCESS, &callbacks->success, err);

    return rv == APR_SUCCESS
               ? read_callback(req, form, FIELD_FAILURE, &callbacks->failure, err)
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

apr_status_t wf_deployment_upload(wf_request_t *req, wf_error_t *err)
{
    form_t form = { .pool = req->pool };
    wf_multipart_sink_t sink = { begin_field, add_data, end_field, &form };
    callbacks_t callbacks = { NULL, NULL };
    apr_status_t rv = wf_request_multipart(req, &sink, err);
    wf_error_t wrong;

    if (req->fail_status) {
        return rv; /* the body could not be read: there is nobody to show a page to */
    }
    wf_error_init(&wrong, req->pool);
    if (req->format == WF_FORMAT_HTML
        && read_callbacks(req, &form, &callbacks, &wrong) != APR_SUCCESS) {
        wf_error_copy(err, &wrong);
        return WF_EFAILED;
    }
    if (rv == APR_SUCCESS) {
        rv = deploy(req, &form, err);
    }
    if (req->format == WF_FORMAT_HTML) {
        return respond_page(req, &callbacks, rv, err);
    }
    return rv == APR_SUCCESS ? wf_respond_success(req) : rv;
}
