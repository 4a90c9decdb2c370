/* Streams, and links of slaves: how a request becomes one. The engine serves it; this
 * side shakes hands.
 *
 *   1. the request is in order: a page of this site, a WebSocket handshake (RFC 6455)
 *   2. the engine keeps a place, or the client gets an ordinary 503
 *   3. the head of the response goes out: 101, or 200 with text/event-stream
 *   4. the engine gets the connection
 *
 * A plain TCP connection is given away: the engine gets a duplicate of the socket, and
 * this worker is free. Where httpd has to keep a hand in it, because it encrypts (TLS) or
 * shares the connection among requests (HTTP/2), the engine gets one end of a pair of
 * sockets, and this worker carries bytes from the other to the client and back
 * (tunnel.c). */
#include "http/internal.h"

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_ssl.h>
#include <util_filter.h>
#include <apr_base64.h>
#include <apr_portable.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

APLOG_USE_MODULE(workflow);
extern module AP_MODULE_DECLARE_DATA workflow_module;

#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */
#define WEBSOCKET_VERSION "13"
#define KEY_LENGTH 24   /* 16 bytes in base64 */
#define EARLY_MAX 65536 /* bytes of a client that does not wait for our answer */

/* ---- pages of other sites ---------------------------------------------------------- */

/* A browser lets a page of any site open a WebSocket here, with the password that it
 * keeps for us, and lets it read what comes. */
static apr_status_t check_page(wf_request_t *req, wf_error_t *err)
{
    return wf_origin_may_call(req)
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_FORBIDDEN,
                              "a page of another site may not open a WebSocket here");
}

/* ---- the handshake ----------------------------------------------------------------- */

static apr_status_t upgrade_required(wf_request_t *req, const char *why, wf_error_t *err)
{
    apr_table_t *headers = req->r->headers_out;

    apr_table_setn(headers, "Upgrade", "websocket");
    apr_table_setn(headers, "Connection", "Upgrade");
    apr_table_setn(headers, "Sec-WebSocket-Version", WEBSOCKET_VERSION);
    req->fail_status = HTTP_UPGRADE_REQUIRED;
    req->fail_code = "upgrade_required";
    return wf_error_set(err, WF_ERR_INVALID, "%s", why);
}

static int has_token(const request_rec *r, const char *header, const char *token)
{
    const char *value = apr_table_get(r->headers_in, header);

    return value && ap_find_token(r->pool, value, token);
}

static int is_key(const char *key)
{
    return key && strlen(key) == KEY_LENGTH
           && strspn(key,
                     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
                  == KEY_LENGTH - 2
           && strcmp(key + KEY_LENGTH - 2, "==") == 0;
}

static apr_status_t check_handshake(wf_request_t *req, wf_error_t *err)
{
    const request_rec *r = req->r;
    const char *version = apr_table_get(r->headers_in, "Sec-WebSocket-Version");

    if (r->connection->master || r->proto_num < HTTP_VERSION(1, 1)) {
        return upgrade_required(req, "a WebSocket begins with HTTP/1.1 here", err);
    }
    if (r->header_only || !has_token(r, "Upgrade", "websocket")
        || !has_token(r, "Connection", "upgrade")) {
        return upgrade_required(req, "this is a WebSocket: ask for an upgrade", err);
    }
    if (!version || strcmp(version, WEBSOCKET_VERSION) != 0) {
        return upgrade_required(req, "the WebSocket protocol is spoken in version 13",
                                err);
    }
    if (!is_key(apr_table_get(r->headers_in, "Sec-WebSocket-Key"))) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the header Sec-WebSocket-Key must be 16 bytes in base64");
    }
    return APR_SUCCESS;
}

static const char *accept_value(const request_rec *r)
{
    const char *text = apr_pstrcat(
        r->pool, apr_table_get(r->headers_in, "Sec-WebSocket-Key"), WEBSOCKET_GUID, NULL);
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    char *value = apr_palloc(r->pool, (apr_size_t)apr_base64_encode_len(sizeof(digest)));
    apr_sha1_ctx_t sha1;

    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, text, (unsigned)strlen(text));
    apr_sha1_final(digest, &sha1);
    apr_base64_encode_binary(value, digest, sizeof(digest));
    return value;
}

/* From here on the connection has nothing of HTTP: no chunks, no compression. */
static void send_switch(request_rec *r)
{
    conn_rec *c = r->connection;

    apr_table_clear(r->headers_out);
    apr_table_clear(r->err_headers_out);
    apr_table_setn(r->headers_out, "Upgrade", "websocket");
    apr_table_setn(r->headers_out, "Connection", "Upgrade");
    apr_table_setn(r->headers_out, "Sec-WebSocket-Accept", accept_value(r));
    r->status = HTTP_SWITCHING_PROTOCOLS;
    r->status_line = ap_get_status_line(HTTP_SWITCHING_PROTOCOLS);
    ap_send_interim_response(r, 1);
    c->keepalive = AP_CONN_CLOSE;
    r->input_filters = r->proto_input_filters = c->input_filters;
    r->output_filters = r->proto_output_filters = c->output_filters;
}

/* ---- the connection ---------------------------------------------------------------- */

/* Does httpd only carry bytes between request and socket? Everything else that looks at a
 * connection, TLS of any module first of all, needs a worker that goes on carrying. */
static int is_plain(const conn_rec *c)
{
    static const char *const carriers[] = { "core", "core_in", "log_input_output",
                                            "reqtimeout", "remoteip_input" };
    const ap_filter_t *const chains[] = { c->input_filters, c->output_filters };

    for (int chain = 0; chain < 2; chain++) {
        for (const ap_filter_t *f = chains[chain]; f; f = f->next) {
            apr_size_t i = 0;

            while (i < sizeof(carriers) / sizeof(carriers[0])
                   && strcmp(f->frec->name, carriers[i]) != 0) {
                i++;
            }
            if (i == sizeof(carriers) / sizeof(carriers[0])) {
                return 0;
            }
        }
    }
    return !c->master;
}

/* What the engine calls the two things that can become of a request. */
typedef struct commands_t {
    wf_command_e reserve, open;
} commands_t;

static const commands_t streams = { WF_CMD_STREAM_RESERVE, WF_CMD_STREAM_OPEN };
static const commands_t links = { WF_CMD_LINK_RESERVE, WF_CMD_LINK_OPEN };

/* *ticket is 0 if the client has heard all there is. */
static apr_status_t reserve(wf_request_t *req, const commands_t *commands,
                            json_object *args, apr_int64_t *ticket, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = commands->reserve, .args = args };
    wf_ipc_reply_t reply;
    apr_status_t rv = wf_request_call(req, &call, &reply, err);

    *ticket = rv == APR_SUCCESS ? wf_json_int(reply.json, "ticket", 0) : 0;
    return rv;
}

static apr_status_t open_stream(wf_request_t *req, const commands_t *commands,
                                apr_int64_t ticket, int fd, const char *early,
                                apr_size_t length, wf_error_t *err)
{
    wf_ipc_call_t call = { .command = commands->open,
                           .args = wf_json_own(json_object_new_object(), req->pool),
                           .blob = early,
                           .blob_length = length,
                           .fd = &fd };

    wf_json_add_int(call.args, "ticket", ticket);
    return wf_request_call(req, &call, NULL, err);
}

/* What httpd has read beyond the request. */
static apr_size_t read_early(request_rec *r, char **early)
{
    conn_rec *c = r->connection;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, c->bucket_alloc);
    apr_size_t length = EARLY_MAX;

    *early = NULL;
    if (ap_get_brigade(c->input_filters, bb, AP_MODE_READBYTES, APR_NONBLOCK_READ,
                       EARLY_MAX)
            == APR_SUCCESS
        && apr_brigade_pflatten(bb, early, &length, r->pool) != APR_SUCCESS) {
        *early = NULL;
    }
    apr_brigade_destroy(bb);
    return *early ? length : 0;
}

/* The head is out: the client can be told nothing more, if this fails, but by the end of
 * the connection. */
static void give_socket(wf_request_t *req, const commands_t *commands, apr_int64_t ticket)
{
    conn_rec *c = req->r->connection;
    char *early;
    apr_size_t length = read_early(req->r, &early);
    wf_error_t err;
    int fd;

    wf_error_init(&err, req->pool);
    if (c->aborted || apr_os_sock_get(&fd, ap_get_conn_socket(c)) != APR_SUCCESS) {
        return;
    }
    if (open_stream(req, commands, ticket, fd, early, length, &err) != APR_SUCCESS) {
        wf_request_log_failure(req, req->r->status, &err);
        return;
    }
    /* The socket is the engine's as well now: httpd closes its descriptor, but it must
     * neither write to it nor shut it down. */
    c->aborted = 1;
}

/* A pair of sockets, one end of which is the engine's. */
static apr_status_t open_tunnel(wf_request_t *req, const commands_t *commands,
                                apr_int64_t ticket, int *fd, wf_error_t *err)
{
    int fds[2];
    apr_status_t rv;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "no sockets for a stream");
    }
    rv = open_stream(req, commands, ticket, fds[1], NULL, 0, err);
    close(fds[1]);
    if (rv != APR_SUCCESS) {
        close(fds[0]);
        return rv;
    }
    *fd = fds[0];
    return APR_SUCCESS;
}

/* ---- WebSockets -------------------------------------------------------------------- */

static apr_status_t switch_protocols(wf_request_t *req, const commands_t *commands,
                                     json_object *args, wf_error_t *err)
{
    request_rec *r = req->r;
    int tunnelled = !is_plain(r->connection), fd = -1;
    apr_int64_t ticket;
    apr_status_t rv;

    wf_json_add_bool(args, "tunnelled", tunnelled);
    if ((rv = check_handshake(req, err)) != APR_SUCCESS
        || (rv = check_page(req, err)) != APR_SUCCESS
        || (rv = reserve(req, commands, args, &ticket, err)) != APR_SUCCESS
        || (tunnelled
            && (rv = open_tunnel(req, commands, ticket, &fd, err)) != APR_SUCCESS)) {
        return rv;
    }
    send_switch(r);
    ap_remove_input_filter_byhandle(r->connection->input_filters, "reqtimeout");
    if (tunnelled) {
        wf_tunnel_run(r, fd, WF_TUNNEL_BOTH_WAYS);
    }
    else {
        give_socket(req, commands, ticket);
    }
    return APR_SUCCESS;
}

apr_status_t wf_respond_websocket(wf_request_t *req, json_object *args, wf_error_t *err)
{
    wf_json_add_string(args, "protocol", "websocket");
    return switch_protocols(req, &streams, args, err);
}

int wf_request_has_certificate(const wf_request_t *req)
{
    request_rec *r = req->r;
    const char *verified =
        ap_ssl_var_lookup(r->pool, r->server, r->connection, r, "SSL_CLIENT_VERIFY");

    return verified && strcmp(verified, "SUCCESS") == 0;
}

apr_status_t wf_respond_link(wf_request_t *req, json_object *args, wf_error_t *err)
{
    return switch_protocols(req, &links, args, err);
}

/* ---- server-sent events ------------------------------------------------------------ */

/* Nobody on the way may keep parts back: neither a compressor here nor a proxy there. */
static void describe_events(wf_request_t *req)
{
    request_rec *r = req->r;

    wf_respond_prepare(req);
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache, no-transform");
    apr_table_setn(r->headers_out, "X-Accel-Buffering", "no");
    apr_table_setn(r->subprocess_env, "no-gzip", "1");
    apr_table_setn(r->subprocess_env, "no-brotli", "1");
    r->status = HTTP_OK;
    ap_set_content_type(r, "text/event-stream");
}

/* The head alone. A connection that is to be given away ends with the stream, so that
 * what follows needs no chunks. */
static void send_head(request_rec *r, int tunnelled)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, alloc);

    if (!tunnelled) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(alloc));
    ap_pass_brigade(r->output_filters, bb);
}

apr_status_t wf_respond_events(wf_request_t *req, json_object *args, wf_error_t *err)
{
    request_rec *r = req->r;
    int tunnelled = !is_plain(r->connection), fd = -1;
    const char *last = apr_table_get(r->headers_in, "Last-Event-ID");
    const wf_body_t nothing = { 0 };
    apr_int64_t ticket;
    apr_status_t rv;

    if (r->header_only) {
        describe_events(req);
        return APR_SUCCESS;
    }
    wf_json_add_string(args, "protocol", "events");
    wf_json_add_bool(args, "tunnelled", tunnelled);
    if (last && wf_utf8_valid(last, strlen(last))) {
        wf_json_add_string(args, "last", last);
    }
    rv = reserve(req, &streams, args, &ticket, err);
    if (rv == APR_SUCCESS && ticket == 0) {
        /* Browsers come back whenever such a stream has ended, until they hear this. */
        return wf_respond_body(req, HTTP_NO_CONTENT, &nothing);
    }
    if (rv != APR_SUCCESS
        || (tunnelled
            && (rv = open_tunnel(req, &streams, ticket, &fd, err)) != APR_SUCCESS)) {
        return rv;
    }
    describe_events(req);
    send_head(r, tunnelled);
    if (tunnelled) {
        wf_tunnel_run(r, fd, WF_TUNNEL_OUT);
    }
    else {
        give_socket(req, &streams, ticket);
    }
    return APR_SUCCESS;
}
