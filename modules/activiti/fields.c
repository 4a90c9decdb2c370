/* Multipart forms read whole into memory: the fields a call knows, each at most once;
 * what else the form holds is skipped. */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <string.h>

/* The form while it arrives. */
typedef struct form_t {
    apr_pool_t *pool;
    const wf_field_t *fields; /* closed by a row without name */
    wf_field_value_t *values;
    int current;      /* the field that arrives; -1 = none of ours */
    wf_error_t wrong; /* the first field that cannot be taken */
} form_t;

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

static int find_field(const wf_field_t *fields, const char *name)
{
    for (int i = 0; fields[i].name; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static apr_status_t take_file(form_t *form, const wf_field_t *field,
                              wf_field_value_t *value, const wf_part_t *part,
                              wf_error_t *err)
{
    if (!part->filename || !*part->filename) {
        return wf_error_field(err, WF_ERR_INVALID, field->name,
                              "field '%s' must be a file with a name", field->name);
    }
    value->filename = apr_pstrdup(form->pool, wf_upload_base_name(part->filename));
    value->type = apr_pstrdup(form->pool, part->type);
    return field->check ? field->check(field->name, value->filename, err) : APR_SUCCESS;
}

static apr_status_t take_field(form_t *form, const wf_part_t *part, wf_error_t *err)
{
    const wf_field_t *field = &form->fields[form->current];
    wf_field_value_t *value = &form->values[form->current];

    if (value->data) {
        return wf_error_field(err, WF_ERR_INVALID, field->name,
                              "field '%s' is given twice", field->name);
    }
    value->data = wf_buffer_create(form->pool);
    return field->max ? APR_SUCCESS : take_file(form, field, value, part, err);
}

/* A field that cannot be taken is skipped, and the form read on: what stands behind it
 * may say how the client wants to hear of that. */
static apr_status_t begin_field(void *baton, const wf_part_t *part, wf_error_t *err)
{
    form_t *form = baton;

    (void)err;
    form->current = find_field(form->fields, part->name);
    if (form->current >= 0 && take_field(form, part, &form->wrong) != APR_SUCCESS) {
        form->current = -1;
    }
    return APR_SUCCESS;
}

static apr_status_t add_data(void *baton, const char *data, apr_size_t length,
                             wf_error_t *err)
{
    form_t *form = baton;
    const wf_field_t *field;
    wf_buffer_t *value;

    if (form->current < 0) {
        return APR_SUCCESS;
    }
    field = &form->fields[form->current];
    value = form->values[form->current].data;
    if (field->max && value->length + length > field->max) {
        wf_error_field(&form->wrong, WF_ERR_INVALID, field->name,
                       "field '%s' is longer than %d bytes", field->name,
                       (int)field->max);
        form->values[form->current].data = NULL;
        form->current = -1;
        return APR_SUCCESS;
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

apr_status_t wf_fields_read(wf_request_t *req, const wf_field_t *fields,
                            wf_field_value_t *values, wf_error_t *err)
{
    form_t form = {
        .pool = req->pool, .fields = fields, .values = values, .current = -1
    };
    wf_multipart_sink_t sink = { begin_field, add_data, end_field, &form };
    apr_status_t rv;

    wf_error_init(&form.wrong, req->pool);
    rv = wf_request_multipart(req, &sink, err);
    if (rv == APR_SUCCESS && form.wrong.kind != WF_ERR_NONE) {
        wf_error_copy(err, &form.wrong);
        rv = WF_EFAILED;
    }
    return rv;
}

apr_status_t wf_fields_file(const wf_field_t *field, const wf_field_value_t *value,
                            wf_error_t *err)
{
    return value->data ? APR_SUCCESS
                       : wf_error_field(err, WF_ERR_INVALID, field->name,
                                        "the form has no file field '%s'", field->name);
}

apr_status_t wf_fields_text(const wf_field_t *field, const wf_field_value_t *value,
                            const char **text, wf_error_t *err)
{
    *text = NULL;
    if (!value->data || value->data->length == 0) {
        return APR_SUCCESS;
    }
    if (!wf_utf8_valid(value->data->data, value->data->length)) {
        return wf_error_field(err, WF_ERR_INVALID, field->name,
                              "field '%s' is not UTF-8 text", field->name);
    }
    *text = value->data->data;
    return APR_SUCCESS;
}
