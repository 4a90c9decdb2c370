/* Pictures of users. Whatever a client says it sends, the bytes must be those of one of a
 * few kinds of pictures that are nothing else: no page and no script can come back later
 * under the name of a picture. */
#include "activiti/internal.h"

#include <string.h>
#include <strings.h>

#define PICTURE_MAX (1024 * 1024) /* bytes */

/* clang-format off */
static const struct {
    const char *type;
    const char *magic;     /* how such a file begins */
    const char *magic_at8; /* and what stands at its byte 8; or NULL */
} kinds[] = {
    { "image/png",  "\x89PNG\r\n\x1a\n", NULL },
    { "image/jpeg", "\xff\xd8\xff",      NULL },
    { "image/gif",  "GIF87a",            NULL },
    { "image/gif",  "GIF89a",            NULL },
    { "image/webp", "RIFF",              "WEBP" },
};
/* clang-format on */

static int has_at(const char *data, apr_size_t length, apr_size_t at, const char *text)
{
    apr_size_t n = strlen(text);

    return length >= at + n && memcmp(data + at, text, n) == 0;
}

const char *wf_picture_type(const char *data, apr_size_t length)
{
    for (apr_size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (has_at(data, length, 0, kinds[i].magic)
            && (!kinds[i].magic_at8 || has_at(data, length, 8, kinds[i].magic_at8))) {
            return kinds[i].type;
        }
    }
    return NULL;
}

/* 1 if a declared media type, parameters aside, is this one. */
static int is_type(const char *declared, const char *type)
{
    apr_size_t n = strlen(type);

    return strncasecmp(declared, type, n) == 0 && strcspn(declared + n, "; \t") == 0;
}

static int is_image(const char *declared)
{
    return declared && strncasecmp(declared, "image/", strlen("image/")) == 0;
}

/* ---- what was sent ----------------------------------------------------------------- */

typedef struct sent_t {
    const char *data;
    apr_size_t length;
    const char *declared; /* media type, or NULL */
} sent_t;

static apr_status_t read_form(wf_request_t *req, sent_t *sent, wf_error_t *err)
{
    static const wf_field_t fields[] = { { "file", 0, NULL }, { NULL, 0, NULL } };
    wf_field_value_t file = { 0 };
    apr_status_t rv = wf_fields_read(req, fields, &file, err);

    if (rv == APR_SUCCESS) {
        rv = wf_fields_file(fields, &file, err);
    }
    if (rv == APR_SUCCESS) {
        *sent = (sent_t){ file.data->data, file.data->length, file.type };
    }
    return rv;
}

static apr_status_t read_sent(wf_request_t *req, sent_t *sent, wf_error_t *err)
{
    const char *type = wf_request_content_type(req);

    if (wf_content_parse(type) == WF_CONTENT_MULTIPART) {
        return read_form(req, sent, err);
    }
    if (!is_image(type)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "a picture is sent as multipart/form-data, or by itself with "
                            "its type as Content-Type, such as image/png");
    }
    sent->declared = type;
    return wf_request_body(req, &sent->data, &sent->length, err);
}

static apr_status_t check_sent(const sent_t *sent, const char **type, wf_error_t *err)
{
    if (sent->length > PICTURE_MAX) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "the picture is larger than %d bytes",
                            PICTURE_MAX);
    }
    *type = sent->length ? wf_picture_type(sent->data, sent->length) : NULL;
    if (!*type) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the picture is no PNG, JPEG, GIF or WebP file");
    }
    if (is_image(sent->declared) && !is_type(sent->declared, *type)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the picture is %s, but calls itself something else", *type);
    }
    return APR_SUCCESS;
}

/* ---- calls ------------------------------------------------------------------------- */

apr_status_t wf_picture_put(wf_request_t *req, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = WF_CMD_USER_PICTURE };
    sent_t sent = { 0 };
    const char *type = NULL;
    apr_status_t rv;

    if ((rv = read_sent(req, &sent, err)) != APR_SUCCESS
        || (rv = check_sent(&sent, &type, err)) != APR_SUCCESS) {
        return rv;
    }
    call.args = wf_args_create(req);
    wf_json_add_string(call.args, "id", wf_request_var(req, "userId"));
    wf_json_add_string(call.args, "type", type);
    call.blob = sent.data;
    call.blob_length = sent.length;
    rv = wf_request_call(req, &call, NULL, err);
    return rv == APR_SUCCESS ? wf_respond_success(req) : rv;
}

apr_status_t wf_picture_delete(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req);

    wf_json_add_string(args, "id", wf_request_var(req, "userId"));
    return wf_respond_command(req, WF_CMD_USER_PICTURE, args, err);
}

apr_status_t wf_picture_get(wf_request_t *req, wf_error_t *err)
{
    wf_bytearray_t *picture = NULL;
    wf_user_t *user;
    apr_status_t rv = wf_path_user(req, &user, err);

    if (rv == APR_SUCCESS && user->picture_id) {
        rv = wf_store_get(wf_request_store(req, err), WF_TABLE_BYTEARRAY,
                          user->picture_id, &picture, req->pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return picture
               ? wf_respond_content(req, picture->name, picture->bytes, picture->length)
               : wf_error_set(err, WF_ERR_NOT_FOUND, "user '%s' has no picture",
                              user->id);
}
