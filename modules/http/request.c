/* One request on a face: its record, its body, and the services a handler calls. The part
 * of the room that touches httpd's request_rec on the way in; respond.c is the way out.
 */
#include "http/internal.h"

#include <httpd.h>
#include <ap_mpm.h>
#include <apr_portable.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

APLOG_USE_MODULE(workflow);

#define PIECE 65536 /* bytes asked of the input filters at once */
#define TUNNEL_PARAMETER "alf_method"

/* ---- the record -------------------------------------------------------------------- */

const char *wf_http_enable(wf_dir_config_t *dir, const wf_face_t *face, const char *path,
                           apr_pool_t *p)
{
    const char *problem;
    apr_size_t length = path ? strlen(path) : 0;

    if (length == 0 || *path != '/' || strpbrk(path, "*?[")) {
        return "a face needs a <Location> with a plain path that starts with a slash";
    }
    while (length > 0 && path[length - 1] == '/') {
        length--;
    }
    dir->router = wf_router_create(face, &problem, p);
    if (!dir->router) {
        return apr_pstrcat(p, "route table of face ", face->name, ": ", problem, NULL);
    }
    dir->face = face;
    dir->base = apr_pstrmemdup(p, path, length);
    dir->off = 0;
    return NULL;
}

/* What a POST says it really is; NULL if nothing. A query that cannot be read is refused
 * later, by whoever the POST is for. */
static const char *tunnelled_method(const request_rec *r)
{
    const char *method = apr_table_get(r->headers_in, "X-HTTP-Method-Override");
    const wf_query_t *query;
    wf_error_t ignored;

    if (method || !r->args || !strstr(r->args, TUNNEL_PARAMETER)) {
        return method;
    }
    wf_error_init(&ignored, r->pool);
    return wf_query_parse(&query, r->args, r->pool, &ignored) == APR_SUCCESS
               ? wf_query_text(query, TUNNEL_PARAMETER)
               : NULL;
}

static const char *method_of(const request_rec *r, const wf_face_t *face)
{
    const char *tunnelled = r->method_number == M_POST && (face->flags & WF_FACE_TUNNEL)
                                ? tunnelled_method(r)
                                : NULL;

    return tunnelled ? tunnelled : r->method;
}

const char *wf_request_content_type(const wf_request_t *req)
{
    return apr_table_get(req->r->headers_in, "Content-Type");
}

wf_content_e wf_request_content(const wf_request_t *req)
{
    return wf_content_parse(wf_request_content_type(req));
}

static void find_route(wf_request_t *req, const wf_dir_config_t *dir)
{
    int multipart = wf_request_content(req) == WF_CONTENT_MULTIPART;
    wf_match_t match;

    req->method_name = method_of(req->r, req->face);
    req->method = wf_method_parse(req->method_name);
    if (wf_route_find(dir->router, req->method, req->path, multipart, &match)) {
        req->route = match.route;
        req->format = match.route->format;
        req->extension = match.extension;
        for (int i = 0; i < WF_ROUTE_VARS; i++) {
            req->vars[i] = match.starts[i] ? apr_pstrmemdup(req->pool, match.starts[i],
                                                            match.lengths[i])
                                           : NULL;
        }
    }
    else {
        req->allowed = match.allowed;
    }
}

/* The body that another call of ours gave to this one. */
static void take_forwarded(wf_request_t *req)
{
    const wf_request_t *from =
        req->r->prev
            ? ap_get_module_config(req->r->prev->request_config, &workflow_module)
            : NULL;

    if (from) {
        req->body = from->forwarded;
        req->api_key = from->api_key;
        req->token = from->token;
    }
}

wf_request_t *wf_request_of(request_rec *r)
{
    wf_request_t *req = ap_get_module_config(r->request_config, &workflow_module);
    const wf_dir_config_t *dir =
        ap_get_module_config(r->per_dir_config, &workflow_module);
    apr_size_t length;

    if (req || !dir || !dir->face || !r->uri) {
        return req;
    }
    length = strlen(dir->base);
    if (strncmp(r->uri, dir->base, length) != 0) {
        return NULL; /* a rewritten URI in the Location of another one */
    }
    req = apr_pcalloc(r->pool, sizeof *req);
    req->r = r;
    req->pool = r->pool;
    req->face = dir->face;
    req->base = dir->base;
    req->path = r->uri + length;
    req->child = wf_child_current();
    req->config = req->child ? req->child->config : NULL;
    req->prefers_html = wf_accept_prefers_html(apr_table_get(r->headers_in, "Accept"));
    req->rights = WF_KEY_ADMIN;
    find_route(req, dir);
    take_forwarded(req);
    wf_credentials_hide(req);
    ap_set_module_config(r->request_config, &workflow_module, req);
    return req;
}

/* ---- services ---------------------------------------------------------------------- */

const char *wf_request_var(const wf_request_t *req, const char *name)
{
    int i = wf_route_var(req->route, name);

    return i >= 0 ? req->vars[i] : NULL;
}

wf_store_t *wf_request_store(wf_request_t *req, wf_error_t *err)
{
    wf_repeat_reads(req);
    return wf_child_store(req->child, err);
}

apr_status_t wf_request_call(wf_request_t *req, wf_ipc_call_t *call,
                             wf_ipc_reply_t *reply, wf_error_t *err)
{
    wf_ipc_reply_t ignored;
    apr_status_t rv;

    if (!reply) {
        reply = &ignored;
    }
    memset(reply, 0, sizeof *reply);
    call->user = req->user;
    call->once = wf_repeat_command(req, call);
    if (wf_repeat_reply(req, call->once, reply)) {
        return APR_SUCCESS;
    }
    if (call->timeout == 0) {
        call->timeout = req->config->command_timeout;
    }
    rv = wf_ipc_call(req->child->ipc, call, reply, req->pool, err);
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, req->r, "command %s: %s",
                  wf_command_name(call->command),
                  rv == APR_SUCCESS ? "done" : wf_err_name(err->kind));
    return rv;
}

/* ---- calls that take long ------------------------------------------------------------ */

/* A worker that was killed has closed its end. What shares a connection with other requests
 * (HTTP/2) cannot be told so; there only a connection that is known to be broken counts. */
static int client_is_gone(request_rec *r)
{
    struct pollfd poller = { .fd = -1, .events = POLLRDHUP };
    apr_socket_t *socket = r->connection->master ? NULL : ap_get_conn_socket(r->connection);

    if (r->connection->aborted) {
        return 1;
    }
    if (!socket || apr_os_sock_get(&poller.fd, socket) != APR_SUCCESS) {
        return 0;
    }
    return poll(&poller, 1, 0) > 0;
}

int wf_request_is_over(void *req)
{
    int state = AP_MPMQ_RUNNING;

    ap_mpm_query(AP_MPMQ_MPM_STATE, &state);
    return state == AP_MPMQ_STOPPING || client_is_gone(((wf_request_t *)req)->r);
}

/* ---- forwarding ---------------------------------------------------------------------- */

/* The filters below have delivered this request's body; the headers must not promise it
 * to the next one. */
static void describe_body(apr_table_t *headers, const wf_body_t *body)
{
    apr_table_unset(headers, "Content-Length");
    apr_table_unset(headers, "Transfer-Encoding");
    apr_table_unset(headers, "X-HTTP-Method-Override");
    if (body->type) {
        apr_table_setn(headers, "Content-Type", body->type);
    }
    else {
        apr_table_unset(headers, "Content-Type");
    }
}

apr_status_t wf_request_forward(wf_request_t *req, const char *method, const char *uri,
                                const wf_body_t *body)
{
    request_rec *r = req->r;

    req->forwarded = body;
    describe_body(r->headers_in, body);
    r->method = method;
    r->method_number = ap_method_number_of(method);
    ap_internal_redirect(uri, r);
    return APR_SUCCESS;
}

/* ---- bodies ------------------------------------------------------------------------ */

static apr_status_t too_large(wf_error_t *err, apr_int64_t limit, const char *limit_name)
{
    return wf_error_set(err, WF_ERR_TOO_LARGE,
                        "the request body is larger than %s, %" APR_INT64_T_FMT " bytes",
                        limit_name, limit);
}

/* What a failure of the input filters means to the client. */
static apr_status_t read_failed(wf_request_t *req, apr_status_t rv, wf_error_t *err)
{
    req->fail_status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
    if (req->fail_status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "the request body is larger than LimitRequestBody");
    }
    if (APR_STATUS_IS_INCOMPLETE(rv)) {
        return wf_error_set(err, WF_ERR_INVALID, "the request body ends too early");
    }
    return wf_error_apr(err, WF_ERR_INVALID, rv, "the request body cannot be read");
}

/* One brigade of the body: *eos becomes 1 at the end. */
static apr_status_t take_brigade(apr_bucket_brigade *bb, apr_int64_t *left, int *eos,
                                 wf_body_piece_fn *piece, void *baton, wf_error_t *err)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t length;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(b)) {
            *eos = 1;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(b)) {
            continue;
        }
        rv = apr_bucket_read(b, &data, &length, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        *left -= (apr_int64_t)length;
        if (*left >= 0) {
            rv = piece(baton, data, length, err);
        }
        if (*left < 0 || rv != APR_SUCCESS) {
            return WF_EFAILED;
        }
    }
    return APR_SUCCESS;
}

apr_status_t wf_body_read(wf_request_t *req, apr_int64_t limit, const char *limit_name,
                          wf_body_piece_fn *piece, void *baton, wf_error_t *err)
{
    request_rec *r = req->r;
    const char *declared = apr_table_get(r->headers_in, "Content-Length");
    apr_bucket_brigade *bb;
    apr_int64_t left = limit, length;
    int eos = 0;

    if (req->body) {
        if ((apr_int64_t)req->body->length > limit) {
            return too_large(err, limit, limit_name);
        }
        return req->body->length > 0
                   ? piece(baton, req->body->data, req->body->length, err)
                   : APR_SUCCESS;
    }
    if (declared && wf_parse_int64(declared, &length) && length > limit) {
        return too_large(err, limit, limit_name);
    }
    bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    while (!eos) {
        apr_status_t rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES,
                                         APR_BLOCK_READ, PIECE);

        if (rv == APR_SUCCESS) {
            rv = take_brigade(bb, &left, &eos, piece, baton, err);
        }
        apr_brigade_cleanup(bb);
        if (left < 0) {
            return too_large(err, limit, limit_name);
        }
        if (rv == WF_EFAILED) {
            return rv;
        }
        if (rv != APR_SUCCESS) {
            return read_failed(req, rv, err);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t append_piece(void *baton, const char *data, apr_size_t length,
                                 wf_error_t *err)
{
    if (!wf_buffer_append(baton, data, length)) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory for the request body");
    }
    return APR_SUCCESS;
}

apr_status_t wf_request_body(wf_request_t *req, const char **data, apr_size_t *length,
                             wf_error_t *err)
{
    wf_buffer_t *buffer = wf_buffer_create(req->pool);
    apr_status_t rv = wf_body_read(req, req->config->body_limit, "WorkflowMaxBody",
                                   append_piece, buffer, err);

    *data = buffer->data;
    *length = buffer->length;
    return rv;
}

apr_status_t wf_request_object(wf_request_t *req, json_object **object, wf_error_t *err)
{
    wf_content_e content = wf_request_content(req);
    const char *data;
    apr_size_t length;
    apr_status_t rv = wf_request_body(req, &data, &length, err);

    return rv == APR_SUCCESS
               ? wf_body_object(object, content, data, length, req->pool, err)
               : rv;
}

apr_status_t wf_request_array(wf_request_t *req, apr_array_header_t **values,
                              wf_error_t *err)
{
    wf_content_e content = wf_request_content(req);
    const char *data;
    apr_size_t length;
    apr_status_t rv = wf_request_body(req, &data, &length, err);

    return rv == APR_SUCCESS
               ? wf_body_array(values, content, data, length, req->pool, err)
               : rv;
}

apr_status_t wf_request_require_json(wf_request_t *req, wf_error_t *err)
{
    wf_content_e content = wf_request_content(req);

    if (content != WF_CONTENT_JSON && content != WF_CONTENT_NONE) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the Content-Type of the request must be application/json");
    }
    return APR_SUCCESS;
}

static apr_status_t feed_piece(void *baton, const char *data, apr_size_t length,
                               wf_error_t *err)
{
    return wf_multipart_feed(baton, data, length, err);
}

apr_status_t wf_request_multipart(wf_request_t *req, const wf_multipart_sink_t *sink,
                                  wf_error_t *err)
{
    wf_multipart_t *mp;
    apr_status_t rv =
        wf_multipart_create(&mp, wf_request_content_type(req), sink, req->pool, err);

    if (rv == APR_SUCCESS) {
        rv = wf_body_read(req, req->config->upload_limit, "WorkflowMaxUpload", feed_piece,
                          mp, err);
    }
    return rv == APR_SUCCESS ? wf_multipart_finish(mp, err) : rv;
}
