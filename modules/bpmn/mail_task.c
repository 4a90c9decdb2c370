/* Tasks of type mail: their fields become a mail, which is sent before anything is
 * written. A repetition has the same Message-ID. */
#include <stddef.h>
#include <string.h>

#include <apr_strings.h>

#include "bpmn/actions.h"
#include "bpmn/host.h"
#include "bpmn/parse.h"

#define NAME_UNKNOWN "attachment"

/* ---- texts ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
    const char *field;
    apr_size_t at; /* const char * in the mail */
} texts[] = {
    { "from",    offsetof(wf_mail_t, from) },
    { "to",      offsetof(wf_mail_t, to) },
    { "cc",      offsetof(wf_mail_t, cc) },
    { "bcc",     offsetof(wf_mail_t, bcc) },
    { "subject", offsetof(wf_mail_t, subject) },
    { "text",    offsetof(wf_mail_t, text) },
    { "html",    offsetof(wf_mail_t, html) },
    { "charset", offsetof(wf_mail_t, charset) },
};
/* clang-format on */

static void read_texts(const wf_map_t *fields, wf_mail_t *mail, apr_pool_t *p)
{
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *(const char **)((char *)mail + texts[i].at) =
            wf_field_text(fields, texts[i].field, p);
    }
}

/* textVar, htmlVar: the variable of that name has the content. */
static apr_status_t read_variable(const wf_host_t *seen, const wf_map_t *fields,
                                  const char *field, const char **text, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(seen->call->uow);
    const char *name = wf_field_text(fields, field, p);
    const wf_value_t *value = name ? wf_variable_get(wf_host_owner(seen), name) : NULL;

    if (!name) {
        return APR_SUCCESS;
    }
    *text = value ? wf_host_text(value, p) : NULL;
    return *text ? APR_SUCCESS
                 : wf_error_set(err, WF_ERR_EXECUTION,
                                "field \"%s\": the variable \"%s\" is missing or null",
                                field, name);
}

/* ---- attachments ------------------------------------------------------------------------ */

typedef struct attaching_t {
    const wf_host_t *seen;
    apr_array_header_t *list; /* of wf_mail_attachment_t */
    apr_pool_t *p;
    wf_error_t *err;
} attaching_t;

static apr_status_t attach(attaching_t *a, const char *name, const char *type,
                           const wf_value_t *content)
{
    wf_mail_attachment_t *attachment;

    if (!content || (content->type != WF_BYTES && content->type != WF_STRING)) {
        return wf_error_set(a->err, WF_ERR_EXECUTION,
                            "attachment \"%s\": bytes or a text are needed, not %s", name,
                            content ? wf_type_name(content->type) : "nothing");
    }
    attachment = apr_array_push(a->list);
    attachment->name = name;
    attachment->type = type                        ? type
                       : content->type == WF_BYTES ? NULL
                                                   : "text/plain; charset=utf-8";
    attachment->data = content->as.text.data;
    attachment->length = content->as.text.length;
    return APR_SUCCESS;
}

static const char *text_in(const attaching_t *a, const wf_map_t *map, const char *key)
{
    const wf_value_t *value = wf_map_get(map, key);

    return value ? wf_host_text(value, a->p) : NULL;
}

/* Names of variables. */
static apr_status_t attach_variables(attaching_t *a, const wf_value_t *value)
{
    apr_array_header_t *names = wf_split_list(wf_host_text(value, a->p), a->p);
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        rv = attach(a, name, NULL, wf_variable_get(wf_host_owner(a->seen), name));
    }
    return rv;
}

/* {name, type, content}, as a variable may hold it. */
static apr_status_t attach_map(attaching_t *a, const wf_map_t *map)
{
    const char *name = text_in(a, map, "name");

    return attach(a, name ? name : NAME_UNKNOWN, text_in(a, map, "type"),
                  wf_map_get(map, "content"));
}

static apr_status_t attach_value(attaching_t *a, const wf_value_t *value)
{
    switch (value->type) {
    case WF_NULL:
        return APR_SUCCESS;
    case WF_STRING:
        return attach_variables(a, value);
    case WF_MAP:
        return attach_map(a, value->as.map);
    default:
        return attach(a, NAME_UNKNOWN, NULL, value);
    }
}

static apr_status_t read_attachments(const wf_host_t *seen, const wf_map_t *fields,
                                     wf_mail_t *mail, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(seen->call->uow);
    attaching_t a = { seen, apr_array_make(p, 1, sizeof(wf_mail_attachment_t)), p, err };
    const wf_value_t *value = wf_map_get(fields, "attachments");
    apr_status_t rv = APR_SUCCESS;
    int i;

    mail->attachments = a.list;
    if (value && value->type != WF_LIST) {
        rv = attach_value(&a, value);
    }
    for (i = 0; rv == APR_SUCCESS && value && value->type == WF_LIST
                && i < wf_list_count(value->as.list);
         i++) {
        rv = attach_value(&a, wf_list_at(value->as.list, i));
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "field \"attachments\"");
}

/* ---- sending ---------------------------------------------------------------------------- */

static apr_status_t compose(const wf_host_t *seen, const wf_map_t *fields,
                            wf_mail_t *mail, wf_error_t *err)
{
    apr_status_t rv = wf_variables_load(wf_host_owner(seen), err);

    read_texts(fields, mail, wf_uow_pool(seen->call->uow));
    if (rv == APR_SUCCESS) {
        rv = read_variable(seen, fields, "textVar", &mail->text, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_variable(seen, fields, "htmlVar", &mail->html, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_attachments(seen, fields, mail, err);
    }
    if (rv == APR_SUCCESS && !mail->to) {
        rv = wf_error_set(err, WF_ERR_EXECUTION, "field \"to\" is empty");
    }
    if (rv == APR_SUCCESS && !mail->text && !mail->html) {
        rv = wf_error_set(err, WF_ERR_EXECUTION, "the mail has neither text nor html");
    }
    return rv;
}

apr_status_t wf_mail_run(const wf_host_t *seen, const wf_map_t *fields,
                         wf_outcome_t *outcome, wf_error_t *err)
{
    const wf_services_t *services = &seen->call->services;
    wf_mail_t mail = { .key = wf_delegate_key(seen) };
    apr_status_t rv = compose(seen, fields, &mail, err);

    if (rv == APR_SUCCESS) {
        wf_action_waits(services);
        rv = wf_mail_send(&mail, services->mail, &services->terms,
                          wf_uow_pool(seen->call->uow), err);
    }
    if (rv != APR_SUCCESS) {
        outcome->failure = WF_FAILURE_MAIL;
        wf_error_note(err, rv, "mail");
    }
    return wf_field_forgive(seen, fields, rv, err);
}
