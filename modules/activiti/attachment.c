/* Attachments of tasks: files and links. A file is never shown in its place, whatever it
 * calls itself: it is a download. */
#include "activiti/internal.h"

#include <apr_lib.h>
#include <string.h>
#include <strings.h>

json_object *wf_attachment_render(const void *row, apr_pool_t *p)
{
    const wf_attachment_t *attachment = row;
    json_object *o = json_object_new_object();

    (void)p;
    wf_json_add_id(o, "id", attachment->id);
    wf_json_add_string(o, "name", attachment->name);
    wf_json_add_string(o, "description", attachment->description);
    wf_json_add_string(o, "type", attachment->type);
    wf_json_add_id(o, "taskId", attachment->task_id);
    wf_json_add_id(o, "processInstanceId", attachment->proc_inst_id);
    wf_json_add_string(o, "url", attachment->url);
    return o;
}

/* ---- making one -------------------------------------------------------------------- */

/* Send the command, answer the attachment. */
static apr_status_t attach(wf_request_t *req, json_object *args, const wf_buffer_t *file,
                           wf_error_t *err)
{
    wf_ipc_call_t call = { .command = WF_CMD_ATTACH, .args = args };
    wf_attachment_t *attachment;
    wf_ipc_reply_t reply;
    apr_status_t rv;

    wf_rights_args(req, args);
    if (file) {
        call.blob = file->data;
        call.blob_length = file->length;
    }
    if ((rv = wf_request_call(req, &call, &reply, err)) != APR_SUCCESS
        || (rv = wf_made_row(req, &reply, WF_TABLE_ATTACHMENT, "attachment", &attachment,
                             err))
               != APR_SUCCESS) {
        return rv;
    }
    return wf_respond_json(req, 200, wf_attachment_render(attachment, req->pool));
}

/* ---- files ------------------------------------------------------------------------- */

enum { FIELD_FILE, FIELD_NAME, FIELD_DESCRIPTION, FIELD_TYPE, FIELDS };

static const wf_field_t fields[] = {
    [FIELD_FILE] = { "file", 0, NULL },
    [FIELD_NAME] = { "name", WF_NAME_MAX, NULL },
    [FIELD_DESCRIPTION] = { "description", WF_TEXT_MAX, NULL },
    [FIELD_TYPE] = { "type", WF_NAME_MAX, NULL },
    [FIELDS] = { NULL, 0, NULL },
};

static apr_status_t read_texts(json_object *args, const wf_field_value_t *values,
                               wf_error_t *err)
{
    for (int i = FIELD_NAME; i < FIELDS; i++) {
        const char *text;
        apr_status_t rv = wf_fields_text(&fields[i], &values[i], &text, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        wf_json_add_string(args, fields[i].name, text);
    }
    return APR_SUCCESS;
}

/* What the form does not say of the file, the file says. */
static void default_texts(json_object *args, const wf_field_value_t *file)
{
    if (!wf_json_get(args, "name")) {
        wf_json_add_string(args, "name", file->filename);
    }
    if (!wf_json_get(args, "type")) {
        wf_json_add_string(args, "type", file->type);
    }
}

apr_status_t wf_attachment_upload(wf_request_t *req, wf_error_t *err)
{
    wf_field_value_t values[FIELDS] = { 0 };
    const wf_field_value_t *file = &values[FIELD_FILE];
    json_object *args = wf_args_create(req);
    apr_status_t rv;
    wf_id_t task;

    if ((rv = wf_path_id(req, "taskId", "task", &task, err)) != APR_SUCCESS
        || (rv = wf_fields_read(req, fields, values, err)) != APR_SUCCESS
        || (rv = wf_fields_file(&fields[FIELD_FILE], file, err)) != APR_SUCCESS
        || (rv = read_texts(args, values, err)) != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_int(args, "task", task);
    default_texts(args, file);
    return attach(req, args, file->data, err);
}

/* ---- links ------------------------------------------------------------------------- */

/* A link is followed by whoever sees the task: only schemes that fetch or write, none
 * that runs something, and no characters that could hide where it leads. */
static int url_valid(const char *url)
{
    static const char *const schemes[] = { "http://", "https://", "ftp://", "mailto:" };

    for (const char *s = url; *s; s++) {
        if (apr_iscntrl(*s) || strchr(" <>\"\\^`{|}", *s)) {
            return 0;
        }
    }
    for (apr_size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        apr_size_t length = strlen(schemes[i]);

        if (strncasecmp(url, schemes[i], length) == 0 && url[length]) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t read_link_text(json_object *args, json_object *body, const char *name,
                                   apr_size_t max, apr_pool_t *p, wf_error_t *err)
{
    const char *text;
    apr_status_t rv = wf_body_text(body, name, &text, p, err);

    if (rv == APR_SUCCESS) {
        rv = wf_text_check(name, text, max, err);
    }
    if (rv == APR_SUCCESS) {
        wf_json_add_string(args, name, text && *text ? text : NULL);
    }
    return rv;
}

apr_status_t wf_attachment_link(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req), *body;
    apr_pool_t *p = req->pool;
    const char *url;
    apr_status_t rv;
    wf_id_t task;

    if ((rv = wf_path_id(req, "taskId", "task", &task, err)) != APR_SUCCESS
        || (rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_string(body, "url", &url, p, err)) != APR_SUCCESS
        || (rv = read_link_text(args, body, "url", WF_TEXT_MAX, p, err)) != APR_SUCCESS
        || (rv = read_link_text(args, body, "name", WF_NAME_MAX, p, err)) != APR_SUCCESS
        || (rv = read_link_text(args, body, "type", WF_NAME_MAX, p, err)) != APR_SUCCESS
        || (rv = read_link_text(args, body, "description", WF_TEXT_MAX, p, err))
               != APR_SUCCESS) {
        return rv;
    }
    if (!url_valid(url)) {
        return wf_error_field(err, WF_ERR_INVALID, "url",
                              "field 'url' must be a http, https, ftp or mailto address");
    }
    wf_json_add_int(args, "task", task);
    return attach(req, args, NULL, err);
}

/* ---- one attachment ---------------------------------------------------------------- */

/* The client that made an attachment said its type; only a media type (RFC 9110, 8.3.1)
 * can go into a header. */
static const char *media_type(const char *type)
{
    static const char unknown[] = "application/octet-stream";
    const char *slash = type ? strchr(type, '/') : NULL;

    if (!slash || slash == type || !slash[1]) {
        return unknown;
    }
    for (const char *s = type; *s; s++) {
        if (!apr_isascii(*s)
            || !(apr_isalnum(*s) || (s > type && strchr("/!#$&^_.+-;= \"", *s)))) {
            return unknown;
        }
    }
    return type;
}

static apr_status_t respond_file(wf_request_t *req, const wf_attachment_t *attachment,
                                 wf_error_t *err)
{
    wf_bytearray_t *content;
    apr_status_t rv = wf_store_get(wf_request_store(req, err), WF_TABLE_BYTEARRAY,
                                   attachment->content_id, &content, req->pool, err);

    if (rv == APR_SUCCESS && !content) {
        return wf_no_object("attachment", wf_request_var(req, "attachmentId"), err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_respond_file(req, attachment->name ? attachment->name : "attachment",
                           media_type(attachment->type), content->bytes, content->length);
}

apr_status_t wf_attachment_get(wf_request_t *req, wf_error_t *err)
{
    wf_attachment_t *attachment;
    apr_status_t rv = wf_path_row(req, "attachmentId", WF_TABLE_ATTACHMENT, "attachment",
                                  &attachment, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return attachment->content_id
               ? respond_file(req, attachment, err)
               : wf_respond_json(req, 200, wf_attachment_render(attachment, req->pool));
}

apr_status_t wf_attachment_delete(wf_request_t *req, wf_error_t *err)
{
    return wf_respond_path_command(req, "attachmentId", "attachment", WF_CMD_DETACH, err);
}
