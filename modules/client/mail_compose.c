/* A mail put together: checked, then header fields, envelope and a tree of parts.
 *
 *   multipart/mixed              with attachments only
 *   ├─ multipart/alternative     without them this is the whole body
 *   │  ├─ text/plain
 *   │  └─ text/html              the richer one comes last (RFC 2046 section 5.1.4)
 *   └─ attachments */
#include "client/internal.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <apr_time.h>
#include <string.h>

/* A mail on its way from what was asked for to what is sent. */
typedef struct composer_t {
    wf_message_t *message;
    const wf_mail_t *mail;
    apr_array_header_t *from, *to, *cc, *bcc; /* of wf_mail_address_t */
    CURL *handle;
    apr_pool_t *p;
    wf_error_t *err;
} composer_t;

static apr_status_t no_memory(wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
}

/* ---- checks ----------------------------------------------------------------------------- */

/* Blanks and line ends around a value are the layout of the file it comes from. */
static const char *trim(const char *text, apr_pool_t *p)
{
    apr_size_t n;

    if (text == NULL) {
        return "";
    }
    text += strspn(text, " \t\r\n");
    for (n = strlen(text); n > 0 && strchr(" \t\r\n", text[n - 1]); n--) {
    }
    return apr_pstrmemdup(p, text, n);
}

static apr_status_t read_people(composer_t *c, const char *default_sender)
{
    const wf_mail_t *mail = c->mail;
    const char *from = trim(mail->from, c->p);
    const struct {
        const char *field, *text;
        apr_array_header_t **list;
    } rows[] = {
        { "from", *from ? from : trim(default_sender, c->p), &c->from },
        { "to", trim(mail->to, c->p), &c->to },
        { "cc", trim(mail->cc, c->p), &c->cc },
        { "bcc", trim(mail->bcc, c->p), &c->bcc },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (wf_mail_addresses_parse(rows[i].list, rows[i].field, rows[i].text, c->p,
                                    c->err)
            != APR_SUCCESS) {
            return WF_EFAILED;
        }
    }
    if (c->from->nelts != 1) {
        return wf_error_field(c->err, WF_ERR_INVALID, "from", "from: %s",
                              c->from->nelts ? "a mail has one sender"
                                             : "neither the mail nor the server's "
                                               "configuration names a sender");
    }
    if (c->to->nelts + c->cc->nelts + c->bcc->nelts == 0) {
        return wf_error_field(c->err, WF_ERR_INVALID, "to",
                              "to: a mail needs a recipient");
    }
    if (c->to->nelts + c->cc->nelts + c->bcc->nelts > WF_MAIL_MAX_RECIPIENTS) {
        return wf_error_field(c->err, WF_ERR_TOO_LARGE, "to",
                              "to, cc, bcc: a mail has at most %d recipients",
                              WF_MAIL_MAX_RECIPIENTS);
    }
    return APR_SUCCESS;
}

/* A line that goes into a header. */
static apr_status_t check_line(composer_t *c, const char *field, const char *text)
{
    if (!wf_mail_line_valid(text)) {
        return wf_error_field(
            c->err, WF_ERR_INVALID, field,
            "%s: it contains a line break or a control character, or is "
            "no UTF-8",
            field);
    }
    if (strlen(text) > WF_MAIL_MAX_HEADER) {
        return wf_error_field(c->err, WF_ERR_TOO_LARGE, field,
                              "%s: it is longer than %d bytes", field,
                              WF_MAIL_MAX_HEADER);
    }
    return APR_SUCCESS;
}

static int is_media_type(const char *type)
{
    const char *slash = strchr(type, '/');

    return slash != NULL && slash > type && apr_isalnum(type[0]) && apr_isalnum(slash[1])
           && strncasecmp(type, "multipart/", 10) != 0;
}

static apr_status_t check_attachments(composer_t *c, apr_size_t *total)
{
    const apr_array_header_t *list = c->mail->attachments;
    int i;

    if (list != NULL && list->nelts > WF_MAIL_MAX_ATTACHMENTS) {
        return wf_error_field(c->err, WF_ERR_TOO_LARGE, "attachments",
                              "attachments: a mail has at most %d",
                              WF_MAIL_MAX_ATTACHMENTS);
    }
    for (i = 0; list != NULL && i < list->nelts; i++) {
        const wf_mail_attachment_t *a = &APR_ARRAY_IDX(list, i, wf_mail_attachment_t);

        if (check_line(c, "attachments", a->name ? a->name : "") != APR_SUCCESS
            || check_line(c, "attachments", a->type ? a->type : "") != APR_SUCCESS) {
            return WF_EFAILED;
        }
        if (a->type != NULL && !is_media_type(a->type)) {
            return wf_error_field(c->err, WF_ERR_INVALID, "attachments",
                                  "attachments: '%.100s' is no media type", a->type);
        }
        *total += a->length;
    }
    return APR_SUCCESS;
}

static apr_status_t check_content(composer_t *c)
{
    const wf_mail_t *mail = c->mail;
    apr_size_t total =
        (mail->text ? strlen(mail->text) : 0) + (mail->html ? strlen(mail->html) : 0);

    if (mail->text == NULL && mail->html == NULL) {
        return wf_error_field(c->err, WF_ERR_INVALID, "text",
                              "text: a mail needs a text or an html");
    }
    if ((mail->text && !wf_utf8_valid(mail->text, strlen(mail->text)))
        || (mail->html && !wf_utf8_valid(mail->html, strlen(mail->html)))) {
        return wf_error_field(c->err, WF_ERR_INVALID, "text", "text: it is no UTF-8");
    }
    if (check_attachments(c, &total) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    return total <= WF_MAIL_MAX_BYTES
               ? APR_SUCCESS
               : wf_error_field(
                   c->err, WF_ERR_TOO_LARGE, "attachments",
                   "attachments: texts and attachments of a mail have at most "
                   "%d bytes",
                   WF_MAIL_MAX_BYTES);
}

/* ---- envelope and header -------------------------------------------------------------------- */

static int add(struct curl_slist **list, const char *line)
{
    struct curl_slist *head = curl_slist_append(*list, line);

    if (head != NULL) {
        *list = head;
    }
    return head != NULL;
}

static const char *date_text(apr_pool_t *p)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, apr_time_now());
    return apr_psprintf(p, "Date: %s, %d %s %d %02d:%02d:%02d +0000",
                        apr_day_snames[t.tm_wday], t.tm_mday, apr_month_snames[t.tm_mon],
                        t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

/* A digest keeps a key's signs out of the header, and its length. */
static const char *message_id(const char *key, const char *sender, apr_pool_t *p)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    const char *unique = key;
    apr_sha1_ctx_t sha1;

    if (key == NULL) {
        unique = wf_id_random("", p);
    }
    else {
        apr_sha1_init(&sha1);
        apr_sha1_update(&sha1, key, (unsigned int)strlen(key));
        apr_sha1_final(digest, &sha1);
        unique = apr_pescape_hex(p, digest, sizeof(digest), 0);
    }
    return apr_pstrcat(p, "Message-ID: <", unique, strrchr(sender, '@'), ">", NULL);
}

static int add_recipients(wf_message_t *message, const apr_array_header_t *list,
                          apr_pool_t *p)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        const char *address = APR_ARRAY_IDX(list, i, wf_mail_address_t).address;

        if (!add(&message->recipients, apr_pstrcat(p, "<", address, ">", NULL))) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t write_header(composer_t *c)
{
    wf_message_t *m = c->message;
    const char *subject = trim(c->mail->subject, c->p);
    struct curl_slist **headers = &m->headers;
    int good;

    if (check_line(c, "subject", subject) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    m->sender = APR_ARRAY_IDX(c->from, 0, wf_mail_address_t).address;
    good = add_recipients(m, c->to, c->p) && add_recipients(m, c->cc, c->p)
           && add_recipients(m, c->bcc, c->p) && add(headers, date_text(c->p))
           && add(headers, message_id(c->mail->key, m->sender, c->p))
           && add(headers, wf_mail_address_header("From", c->from, c->p))
           && (!c->to->nelts || add(headers, wf_mail_address_header("To", c->to, c->p)))
           && (!c->cc->nelts || add(headers, wf_mail_address_header("Cc", c->cc, c->p)))
           && (!*subject || add(headers, wf_mail_header("Subject", subject, c->p)))
           /* So that no absence notice comes back (RFC 3834 section 5). */
           && add(headers, "Auto-Submitted: auto-generated");
    return good ? APR_SUCCESS : no_memory(c->err);
}

/* ---- parts ------------------------------------------------------------------------------------- */

/* Mostly ASCII stays readable; the rest is shorter in base64. */
static const char *encoder_of(const char *body, apr_size_t length)
{
    apr_size_t high = 0, i;

    for (i = 0; i < length; i++) {
        high += (body[i] & 0x80) != 0;
    }
    return high > length / 4 ? "base64" : "quoted-printable";
}

static apr_status_t fill_text(composer_t *c, curl_mimepart *part, const char *type,
                              const char *text)
{
    const char *charset = c->mail->charset ? trim(c->mail->charset, c->p) : "UTF-8";
    const char *body;
    apr_size_t length;

    if (wf_mail_body(&body, &length, &charset, text, c->p, c->err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    type = apr_pstrcat(c->p, type, "; charset=", charset, NULL);
    if (part == NULL || curl_mime_data(part, body, length) != CURLE_OK
        || curl_mime_type(part, type) != CURLE_OK
        || curl_mime_encoder(part, encoder_of(body, length)) != CURLE_OK) {
        return no_memory(c->err);
    }
    return APR_SUCCESS;
}

static apr_status_t add_texts(composer_t *c, curl_mime *alternatives)
{
    const wf_mail_t *mail = c->mail;
    apr_status_t rv = APR_SUCCESS;

    if (mail->text != NULL) {
        rv = fill_text(c, curl_mime_addpart(alternatives), "text/plain", mail->text);
    }
    if (rv == APR_SUCCESS && mail->html != NULL) {
        rv = fill_text(c, curl_mime_addpart(alternatives), "text/html", mail->html);
    }
    return rv;
}

static apr_status_t add_attachment(composer_t *c, const wf_mail_attachment_t *attachment)
{
    const char *name =
        attachment->name && *attachment->name ? attachment->name : "attachment";
    curl_mimepart *part = curl_mime_addpart(c->message->mime);
    struct curl_slist *lines = NULL;

    if (part == NULL || !add(&lines, wf_mail_disposition(name, c->p))
        || curl_mime_headers(part, lines, 1) != CURLE_OK) {
        curl_slist_free_all(lines);
        return no_memory(c->err);
    }
    if (curl_mime_data(part, attachment->length ? attachment->data : "",
                       attachment->length)
            != CURLE_OK
        || curl_mime_type(part, attachment->type ? attachment->type
                                                 : "application/octet-stream")
               != CURLE_OK
        || curl_mime_encoder(part, "base64") != CURLE_OK) {
        return no_memory(c->err);
    }
    return APR_SUCCESS;
}

/* The texts as the first of the parts. */
static apr_status_t add_alternatives(composer_t *c)
{
    curl_mime *alternatives = curl_mime_init(c->handle);
    curl_mimepart *part = curl_mime_addpart(c->message->mime);

    if (alternatives == NULL || part == NULL
        || curl_mime_subparts(part, alternatives) != CURLE_OK) {
        curl_mime_free(alternatives);
        return no_memory(c->err);
    }
    if (curl_mime_type(part, "multipart/alternative") != CURLE_OK) {
        return no_memory(c->err);
    }
    return add_texts(c, alternatives);
}

static apr_status_t write_parts(composer_t *c)
{
    const apr_array_header_t *list = c->mail->attachments;
    apr_status_t rv;
    int i;

    c->message->mime = curl_mime_init(c->handle);
    if (c->message->mime == NULL) {
        return no_memory(c->err);
    }
    if (list == NULL || list->nelts == 0) {
        rv = add_texts(c, c->message->mime);
        if (rv == APR_SUCCESS
            && !add(&c->message->headers, "Content-Type: multipart/alternative")) {
            return no_memory(c->err);
        }
        return rv;
    }
    rv = add_alternatives(c);
    for (i = 0; i < list->nelts && rv == APR_SUCCESS; i++) {
        rv = add_attachment(c, &APR_ARRAY_IDX(list, i, wf_mail_attachment_t));
    }
    return rv;
}

static apr_status_t release_message(void *data)
{
    wf_message_t *message = data;

    curl_slist_free_all(message->recipients);
    curl_slist_free_all(message->headers);
    curl_mime_free(message->mime);
    return APR_SUCCESS;
}

apr_status_t wf_message_compose(wf_message_t *message, const wf_mail_t *mail,
                                const char *default_sender, CURL *handle, apr_pool_t *p,
                                wf_error_t *err)
{
    composer_t c = {
        .message = message, .mail = mail, .handle = handle, .p = p, .err = err
    };
    apr_status_t rv;

    memset(message, 0, sizeof(*message));
    apr_pool_cleanup_register(p, message, release_message, apr_pool_cleanup_null);
    rv = read_people(&c, default_sender);
    if (rv == APR_SUCCESS) {
        rv = check_content(&c);
    }
    if (rv == APR_SUCCESS) {
        rv = write_header(&c);
    }
    if (rv == APR_SUCCESS) {
        rv = write_parts(&c);
    }
    return rv;
}
