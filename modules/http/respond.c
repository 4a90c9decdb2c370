/* What leaves a face: JSON, texts, files and error answers; and the filter that puts the
 * face's error body in the place of httpd's own error pages. */
#include "http/internal.h"

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>
#include <apr_strings.h>
#include <string.h>

APLOG_USE_MODULE(workflow);

#define RETRY_AFTER "1" /* seconds; the engine is revived within about one */
#define ERROR_FILTER "WORKFLOW_ERROR"

/* ---- sending ----------------------------------------------------------------------- */

static void forbid_caching(apr_table_t *headers)
{
    apr_table_setn(headers, "Cache-Control", "no-cache");
    apr_table_setn(headers, "Pragma", "no-cache");
    apr_table_setn(headers, "Expires", "Thu, 01 Jan 1970 00:00:00 GMT");
}

static apr_status_t send_data(request_rec *r, int status, const char *type,
                              const char *data, apr_size_t length)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, alloc);

    r->status = status;
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)length);
    if (length > 0) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_pool_create(data, length, r->pool, alloc));
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    /* A client that has gone away is no failure of ours. */
    ap_pass_brigade(r->output_filters, bb);
    return APR_SUCCESS;
}

/* httpd's filter would cut any answer of 200, to whatever method. A part is what GET may
 * ask for (RFC 9110, 14.2), and makes sense of files alone: those of wf_respond_file. */
static void forbid_ranges(request_rec *r)
{
    apr_table_unset(r->headers_in, "Range");
    apr_table_setn(r->headers_out, "Accept-Ranges", "none");
}

void wf_respond_prepare(wf_request_t *req)
{
    if (req->face->flags & WF_FACE_NO_CACHE) {
        forbid_caching(req->r->headers_out);
    }
}

apr_status_t wf_respond_body(wf_request_t *req, int status, const wf_body_t *body)
{
    wf_respond_prepare(req);
    forbid_ranges(req->r);
    wf_repeat_end(req, status, body);
    if (status == HTTP_SERVICE_UNAVAILABLE
        && !apr_table_get(req->r->headers_out, "Retry-After")) {
        apr_table_setn(req->r->headers_out, "Retry-After", RETRY_AFTER);
    }
    return send_data(req->r, status, body->type, body->data, body->length);
}

apr_status_t wf_respond_json(wf_request_t *req, int status, json_object *json)
{
    wf_body_t body = { .type = req->face->json_type };

    body.data = wf_json_text(json, &body.length, req->pool);
    json_object_put(json);
    return wf_respond_body(req, status, &body);
}

apr_status_t wf_respond_file(wf_request_t *req, const char *filename, const char *type,
                             const void *data, apr_size_t length)
{
    apr_table_t *headers = req->r->headers_out;

    apr_table_setn(headers, "Cache-Control", "max-age=0, must-revalidate");
    apr_table_setn(headers, "Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT");
    apr_table_setn(headers, "Content-Disposition",
                   wf_attachment_text(filename, req->pool));
    return send_data(req->r, HTTP_OK, type, data, length);
}

apr_status_t wf_respond_content(wf_request_t *req, const char *type, const void *data,
                                apr_size_t length)
{
    wf_body_t body = { .type = type, .data = data, .length = length };
    apr_table_t *headers = req->r->headers_out;

    apr_table_setn(headers, "Content-Security-Policy", "sandbox");
    return wf_respond_body(req, HTTP_OK, &body);
}

#define PAGE_POLICY                                                                      \
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "        \
    "frame-ancestors 'none'"

#define DOCUMENT_POLICY                                                                  \
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "                   \
    "form-action 'none'; frame-ancestors 'none'"

static apr_status_t respond_page(wf_request_t *req, const wf_html_t *html,
                                 const char *policy, wf_error_t *err)
{
    apr_table_t *headers = req->r->headers_out;
    wf_body_t body = { .type = "text/html;charset=UTF-8" };

    body.data = wf_html_text(html, &body.length);
    if (!body.data) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory for the page");
    }
    apr_table_setn(headers, "Content-Security-Policy", policy);
    apr_table_setn(headers, "Referrer-Policy", "same-origin");
    return wf_respond_body(req, HTTP_OK, &body);
}

apr_status_t wf_respond_html(wf_request_t *req, const wf_html_t *html, wf_error_t *err)
{
    return respond_page(req, html, PAGE_POLICY, err);
}

apr_status_t wf_respond_document(wf_request_t *req, const wf_html_t *html,
                                 const char *name, wf_error_t *err)
{
    apr_table_setn(req->r->headers_out, "Content-Disposition",
                   apr_pstrcat(req->pool, "inline; filename=\"", name, "\"", NULL));
    return respond_page(req, html, DOCUMENT_POLICY, err);
}

apr_status_t wf_respond_see_other(wf_request_t *req, const char *uri)
{
    wf_body_t empty = { 0 };

    apr_table_setn(req->r->headers_out, "Location", uri);
    return wf_respond_body(req, HTTP_SEE_OTHER, &empty);
}

/* ---- error answers ----------------------------------------------------------------- */

void wf_request_log_failure(const wf_request_t *req, int status, const wf_error_t *err)
{
    static apr_uint32_t away, denied; /* when it was warned last */

    if (err->kind == WF_ERR_INTERNAL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, req->r, "WF0101: %s %s: %s",
                      req->r->method, req->r->uri, err->message);
    }
    else if (err->kind == WF_ERR_UNAVAILABLE && wf_once_a_second(&away)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, req->r, "WF0102: %s %s: %s",
                      req->r->method, req->r->uri, err->message);
    }
    else if (err->kind == WF_ERR_FORBIDDEN && wf_once_a_second(&denied)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, req->r, "WF0104: %s %s: %s",
                      req->r->method, req->r->uri, err->message);
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, req->r, "%d for %s %s: %s", status,
                      req->r->method, req->r->uri, err->message);
    }
}

int wf_respond_error(wf_request_t *req, const wf_error_t *err)
{
    int status = req->fail_status ? req->fail_status : req->face->status(req, err);
    wf_body_t body = { 0 };

    wf_request_log_failure(req, status, err);
    if (!ap_is_HTTP_ERROR(status)) {
        return status; /* a filter has answered already: AP_FILTER_ERROR and its like */
    }
    req->face->error_body(req, status, err, &body);
    if (body.by_accept) {
        apr_table_mergen(req->r->headers_out, "Vary", "Accept");
    }
    if (err->retry_after > 0) {
        apr_table_setn(req->r->headers_out, "Retry-After",
                       apr_itoa(req->pool, err->retry_after));
    }
    if (err->kind == WF_ERR_IN_FLIGHT) {
        apr_table_setn(req->r->headers_out, "Retry-After", RETRY_AFTER);
    }
    wf_respond_body(req, status, &body);
    return OK;
}

/* ---- httpd's own error pages ---------------------------------------------------- */

/* Drop what httpd wrote as error page; with its end of stream our body goes out. */
static apr_status_t error_filter(ap_filter_t *f, apr_bucket_brigade *bb)
{
    request_rec *r = f->r;
    wf_body_t *body = f->ctx;

    for (apr_bucket *b = APR_BRIGADE_FIRST(bb), *next; b != APR_BRIGADE_SENTINEL(bb);
         b = next) {
        next = APR_BUCKET_NEXT(b);
        if (APR_BUCKET_IS_EOS(b)) {
            if (body->length > 0) {
                APR_BUCKET_INSERT_BEFORE(b, apr_bucket_pool_create(body->data,
                                                                   body->length, r->pool,
                                                                   bb->bucket_alloc));
            }
            ap_set_content_type(r, body->type);
            ap_set_content_length(r, (apr_off_t)body->length);
            ap_remove_output_filter(f);
            return ap_pass_brigade(f->next, bb);
        }
        if (!APR_BUCKET_IS_METADATA(b)) {
            apr_bucket_delete(b);
        }
    }
    return APR_SUCCESS; /* flush buckets wait too: the headers are not ready yet */
}

void wf_http_register_filters(void)
{
    ap_register_output_filter(ERROR_FILTER, error_filter, NULL, AP_FTYPE_CONTENT_SET);
}

void wf_http_insert_error_filter(request_rec *r)
{
    wf_request_t *req = wf_request_of(r);
    wf_error_t none;
    wf_body_t *body;

    if (!req || !ap_is_HTTP_ERROR(r->status)) {
        return;
    }
    if (r->status == HTTP_INTERNAL_SERVER_ERROR
        && apr_table_get(r->notes, WF_AUTH_UNAVAILABLE_NOTE)) {
        r->status = HTTP_SERVICE_UNAVAILABLE;
        r->status_line = NULL;
    }
    wf_error_init(&none, r->pool);
    none.message = req->refusal;
    if (r->status == HTTP_UNAUTHORIZED) {
        wf_credentials_note_refusal(req);
    }
    body = apr_pcalloc(r->pool, sizeof *body);
    req->face->error_body(req, r->status, &none, body);
    if (body->by_accept) {
        apr_table_mergen(r->err_headers_out, "Vary", "Accept");
    }
    if (req->face->flags & WF_FACE_NO_CACHE) {
        forbid_caching(r->err_headers_out);
    }
    if (r->status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER);
    }
    ap_add_output_filter(ERROR_FILTER, body, r, r->connection);
}
