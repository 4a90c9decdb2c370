/* One exchange at a time on one easy handle. What makes it fast: no signals, no header or
 * body callback without a reader, options set again only if the call changed, the URL
 * parsed at preparation, HTTP/1.1 on kept-alive connections. */
#include "client/internal.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define KEEP_BUFFER (64 * 1024) /* a larger buffer is given back after its exchange */
#define CONNECTION_IDLE_S 90L   /* an older idle connection is not reused */
#define RECEIVE_BUFFER (16 * 1024L)

/* ---- libcurl's callbacks ----------------------------------------------------------- */

static size_t drop_body(char *data, size_t size, size_t n, void *baton)
{
    (void)data;
    (void)baton;
    return size * n;
}

static size_t keep_body(char *data, size_t size, size_t n, void *baton)
{
    wf_client_transfer_t *transfer = baton;

    n *= size;
    if (transfer->body.length + n > transfer->call->max_body
        || !wf_buffer_append(&transfer->body, data, n)) {
        transfer->too_large = 1;
        return 0;
    }
    return n;
}

/* A status line starts the block of the next answer: 1xx and redirects come before it. */
static size_t keep_header(char *data, size_t size, size_t n, void *baton)
{
    wf_client_transfer_t *transfer = baton;

    n *= size;
    if (n >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        transfer->headers.length = 0;
        return n;
    }
    return wf_buffer_append(&transfer->headers, data, n) ? n : 0;
}

static int address_text(const struct curl_sockaddr *address, char *text, size_t size,
                        int *port)
{
    /* curl_sockaddr holds its address in a struct sockaddr that is larger than it looks.
     */
    union {
        struct sockaddr_storage any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } copy;

    memset(&copy, 0, sizeof(copy));
    memcpy(&copy, (const char *)address + offsetof(struct curl_sockaddr, addr),
           address->addrlen < sizeof(copy) ? address->addrlen : sizeof(copy));
    if (address->family == AF_INET) {
        *port = ntohs(copy.in.sin_port);
        return inet_ntop(AF_INET, &copy.in.sin_addr, text, size) != NULL;
    }
    if (address->family == AF_INET6) {
        *port = ntohs(copy.in6.sin6_port);
        return inet_ntop(AF_INET6, &copy.in6.sin6_addr, text, size) != NULL;
    }
    return 0;
}

/* The host of the hop that is being connected, which a redirect may have changed. */
static int permitted(wf_client_transfer_t *transfer, const struct curl_sockaddr *address)
{
    wf_client_multi_t *multi = transfer->multi;
    char text[INET6_ADDRSTRLEN];
    const char *effective = NULL;
    char *host = NULL;
    CURLU *url;
    int port = 0, yes = 0;

    if (!address_text(address, text, sizeof(text), &port)) {
        return 0;
    }
    curl_easy_getinfo(transfer->handle, CURLINFO_EFFECTIVE_URL, &effective);
    url = curl_url();
    if (url != NULL && effective != NULL
        && curl_url_set(url, CURLUPART_URL, effective, 0) == CURLUE_OK
        && curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        yes = multi->permitted(multi->permit_baton, host, port, text);
    }
    curl_free(host);
    curl_url_cleanup(url);
    return yes;
}

curl_socket_t wf_client_open_socket(void *baton, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    wf_client_transfer_t *transfer = baton;
    wf_client_multi_t *multi = transfer->multi;
    int fd;

    (void)purpose;
    if (multi->permitted != NULL && !permitted(transfer, address)) {
        transfer->denied = 1;
        return CURL_SOCKET_BAD;
    }
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0) {
        multi->poller.opened(multi->poller.baton, fd);
    }
    return fd;
}

/* ---- options ----------------------------------------------------------------------- */

static void set_base_options(wf_client_transfer_t *transfer)
{
    CURL *h = transfer->handle;

    curl_easy_getinfo(h, CURLINFO_CAINFO, &transfer->default_ca);
    curl_easy_setopt(h, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_USERAGENT, "workflow-engine/" WF_VERSION);
    curl_easy_setopt(h, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_S);
    curl_easy_setopt(h, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
    /* A cut exchange must not wait for a name server that does not answer. */
    curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, wf_client_open_socket);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, transfer);
    /* The connection may outlive this transfer in the multi's cache, the multi not. */
    curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, wf_client_close_socket);
    curl_easy_setopt(h, CURLOPT_CLOSESOCKETDATA, transfer->multi);
}

static void set_settings(wf_client_transfer_t *transfer, const wf_client_settings_t *s)
{
    CURL *h = transfer->handle;
    long idle_s = (long)((s->idle_timeout_ms + 999) / 1000);

    curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, s->insecure ? 0L : 1L);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, s->insecure ? 0L : 2L);
    curl_easy_setopt(h, CURLOPT_CAINFO, s->ca ? s->ca : transfer->default_ca);
    curl_easy_setopt(h, CURLOPT_SSLCERT, s->certificate);
    curl_easy_setopt(h, CURLOPT_SSLKEY, s->key);
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, s->follow_redirects ? 1L : 0L);
    curl_easy_setopt(h, CURLOPT_MAXREDIRS, (long)s->max_redirects);
    curl_easy_setopt(
        h, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(s->connect_timeout_ms ? s->connect_timeout_ms : s->timeout_ms));
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
    curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, idle_s ? 1L : 0L);
    curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, idle_s);
}

/* GET, HEAD and POST in libcurl's own way, so that it treats redirects as RFC 9110
 * section 15.4 says; any other method by name. */
static void set_method(CURL *h, const wf_client_call_t *call)
{
    const char *method = call->method;

    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(h, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
    if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
        return;
    }
    if (call->body != NULL || strcmp(method, "POST") == 0) {
        curl_easy_setopt(h, CURLOPT_POST, 1L);
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, call->body ? call->body : "");
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_length);
        if (strcmp(method, "POST") != 0) {
            curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
        }
        return;
    }
    if (strcmp(method, "GET") != 0) {
        curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
    }
}

static void apply(wf_client_transfer_t *transfer, const wf_client_call_t *call)
{
    CURL *h = transfer->handle;

    if (transfer->settings != call->settings) {
        set_settings(transfer, call->settings);
        transfer->settings = call->stable ? call->settings : NULL;
    }
    set_method(h, call);
    curl_easy_setopt(h, CURLOPT_CURLU, call->url);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, call->keep_body ? keep_body : drop_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, call->keep_headers ? keep_header : NULL);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, call->keep_headers ? transfer : NULL);
}

/* ---- life -------------------------------------------------------------------------- */

static apr_status_t transfer_close(void *data)
{
    wf_client_transfer_t *transfer = data;

    wf_client_cancel(transfer);
    curl_easy_cleanup(transfer->handle);
    wf_buffer_trim(&transfer->headers, 0);
    wf_buffer_trim(&transfer->body, 0);
    return APR_SUCCESS;
}

apr_status_t wf_client_transfer_create(wf_client_transfer_t **out,
                                       wf_client_multi_t *multi, wf_client_done_fn *done,
                                       void *baton, apr_pool_t *p, wf_error_t *err)
{
    wf_client_transfer_t *transfer = apr_pcalloc(p, sizeof(*transfer));

    transfer->multi = multi;
    transfer->done = done;
    transfer->baton = baton;
    transfer->handle = curl_easy_init();
    if (transfer->handle == NULL) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
    }
    set_base_options(transfer);
    apr_pool_cleanup_register(p, transfer, transfer_close, apr_pool_cleanup_null);
    *out = transfer;
    return APR_SUCCESS;
}

apr_status_t wf_client_send(wf_client_transfer_t *transfer, const wf_client_call_t *call,
                            wf_error_t *err)
{
    CURLMcode code;

    if (!(transfer->applied && call->stable && call == transfer->call)) {
        apply(transfer, call);
        transfer->call = call;
        transfer->applied = call->stable;
    }
    transfer->denied = transfer->too_large = 0;
    transfer->headers.length = transfer->body.length = 0;
    transfer->started_us = wf_mono_us();
    code = curl_multi_add_handle(transfer->multi->handle, transfer->handle);
    if (code != CURLM_OK) {
        return wf_error_set(err, WF_ERR_INTERNAL, "libcurl: %s",
                            curl_multi_strerror(code));
    }
    transfer->running = 1;
    return APR_SUCCESS;
}

void wf_client_cancel(wf_client_transfer_t *transfer)
{
    if (transfer->running) {
        transfer->running = 0;
        curl_multi_remove_handle(transfer->multi->handle, transfer->handle);
    }
}

/* ---- the answer -------------------------------------------------------------------- */

typedef struct outcome_row_t {
    CURLcode code;
    wf_client_outcome_e outcome;
    const char *text; /* NULL: libcurl's own */
} outcome_row_t;

static const outcome_row_t outcomes[] = {
    /* clang-format off */
    { CURLE_OPERATION_TIMEDOUT,         WF_CLIENT_TIMEOUT,   "no complete answer in time" },
    { CURLE_COULDNT_RESOLVE_HOST,       WF_CLIENT_CONNECT,   NULL },
    { CURLE_COULDNT_CONNECT,            WF_CLIENT_CONNECT,   NULL },
    { CURLE_SEND_ERROR,                 WF_CLIENT_CONNECT,   "connection lost while sending" },
    { CURLE_RECV_ERROR,                 WF_CLIENT_CONNECT,   "connection lost while receiving" },
    { CURLE_GOT_NOTHING,                WF_CLIENT_CONNECT,   "connection closed without an answer" },
    { CURLE_PARTIAL_FILE,               WF_CLIENT_CONNECT,   "connection closed within the answer" },
    { CURLE_SSL_CONNECT_ERROR,          WF_CLIENT_TLS,       NULL },
    { CURLE_PEER_FAILED_VERIFICATION,   WF_CLIENT_TLS,       NULL },
    { CURLE_SSL_CERTPROBLEM,            WF_CLIENT_TLS,       NULL },
    { CURLE_SSL_CACERT_BADFILE,         WF_CLIENT_TLS,       NULL },
    { CURLE_SSL_CIPHER,                 WF_CLIENT_TLS,       NULL },
    { CURLE_TOO_MANY_REDIRECTS,         WF_CLIENT_REDIRECTS, "too many redirects" },
    { CURLE_UNSUPPORTED_PROTOCOL,       WF_CLIENT_REDIRECTS, "redirected to another protocol" },
    { CURLE_URL_MALFORMAT,              WF_CLIENT_REDIRECTS, "redirected to a malformed URL" },
    /* clang-format on */
};

static const char *connect_text(wf_client_transfer_t *transfer, CURLcode code, char *text,
                                size_t size)
{
    long os_errno = 0;
    char *host = NULL, *port = NULL;
    CURLU *url = transfer->call->url;

    curl_easy_getinfo(transfer->handle, CURLINFO_OS_ERRNO, &os_errno);
    curl_url_get(url, CURLUPART_HOST, &host, 0);
    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (code == CURLE_COULDNT_RESOLVE_HOST) {
        snprintf(text, size, "host name %s not found", host ? host : "");
    }
    else {
        char reason[96];

        snprintf(text, size, "no connection to %s:%s: %s", host ? host : "",
                 port ? port : "",
                 os_errno ? apr_strerror(APR_FROM_OS_ERROR((int)os_errno), reason,
                                         sizeof(reason))
                          : curl_easy_strerror(code));
    }
    curl_free(host);
    curl_free(port);
    return text;
}

static void judge(wf_client_transfer_t *transfer, CURLcode code,
                  wf_client_response_t *response, char *text, size_t size)
{
    size_t i;

    if (transfer->denied) {
        response->outcome = WF_CLIENT_DENIED;
        response->error = "connections to this address are not permitted";
        return;
    }
    if (transfer->too_large) {
        response->outcome = WF_CLIENT_TOO_LARGE;
        snprintf(text, size, "the answer's body exceeds %" APR_SIZE_T_FMT " bytes",
                 transfer->call->max_body);
        response->error = text;
        return;
    }
    response->outcome = WF_CLIENT_PROTOCOL;
    response->error = curl_easy_strerror(code);
    for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        if (outcomes[i].code != code) {
            continue;
        }
        response->outcome = outcomes[i].outcome;
        if (outcomes[i].text != NULL) {
            response->error = outcomes[i].text;
        }
        else if (outcomes[i].outcome == WF_CLIENT_CONNECT) {
            response->error = connect_text(transfer, code, text, size);
        }
        return;
    }
}

static void count(CURL *handle, wf_client_response_t *response)
{
    long request = 0, headers = 0, status = 0;
    curl_off_t up = 0, down = 0;

    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &request);
    curl_easy_getinfo(handle, CURLINFO_HEADER_SIZE, &headers);
    curl_easy_getinfo(handle, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(handle, CURLINFO_SIZE_DOWNLOAD_T, &down);
    response->status = (int)status;
    response->sent = request + up;
    response->received = headers + down;
    response->size = down;
}

void wf_client_transfer_finish(wf_client_transfer_t *transfer, CURLcode code)
{
    wf_client_response_t response = { 0 };
    char text[320];

    response.duration_us = wf_mono_us() - transfer->started_us;
    count(transfer->handle, &response);
    if (code != CURLE_OK) {
        judge(transfer, code, &response, text, sizeof(text));
    }
    if (transfer->call->keep_body) {
        response.body = transfer->body.length ? transfer->body.data : "";
        response.body_length = transfer->body.length;
    }
    if (transfer->call->keep_headers) {
        response.headers = transfer->headers.length ? transfer->headers.data : "";
        response.headers_length = transfer->headers.length;
    }
    wf_client_cancel(transfer); /* out of the multi, connection into its cache */
    /* The handle may be sent again from inside done, which then owns the buffers. */
    transfer->done(transfer->baton, &response);
    if (!transfer->running) {
        wf_buffer_trim(&transfer->headers, KEEP_BUFFER);
        wf_buffer_trim(&transfer->body, KEEP_BUFFER);
    }
}
