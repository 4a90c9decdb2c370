/* One exchange at a time on one easy handle. What makes it fast: no signals, no header or
 * body callback without a reader, options set again only if the call changed, the URL
 * parsed at preparation, HTTP/1.1 on kept-alive connections. */
#include "client/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
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
    wf_exchange_t *exchange = baton;

    n *= size;
    if (exchange->body.length + n > exchange->call->max_body
        || !wf_buffer_append(&exchange->body, data, n)) {
        exchange->too_large = 1;
        return 0;
    }
    return n;
}

/* A status line starts the block of the next answer: 1xx and redirects come before it. */
static size_t keep_header(char *data, size_t size, size_t n, void *baton)
{
    wf_exchange_t *exchange = baton;

    n *= size;
    if (n >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        exchange->headers.length = 0;
        return n;
    }
    return wf_buffer_append(&exchange->headers, data, n) ? n : 0;
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

int wf_exchange_permits(wf_exchange_t *exchange, int port, const char *address)
{
    const char *effective = NULL;
    char *host = NULL;
    CURLU *url;
    int yes = 0;

    if (exchange->permitted == NULL) {
        return 1;
    }
    curl_easy_getinfo(exchange->handle, CURLINFO_EFFECTIVE_URL, &effective);
    url = curl_url();
    if (url != NULL && effective != NULL
        && curl_url_set(url, CURLUPART_URL, effective, 0) == CURLUE_OK
        && curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        yes = exchange->permitted(exchange->permit_baton, host, port, address);
    }
    curl_free(host);
    curl_url_cleanup(url);
    exchange->denied |= !yes;
    return yes;
}

int wf_exchange_permits_new(wf_exchange_t *exchange, const struct curl_sockaddr *address)
{
    char text[INET6_ADDRSTRLEN];
    int port = 0;

    if (exchange->permitted == NULL) {
        return 1;
    }
    if (!address_text(address, text, sizeof(text), &port)) {
        exchange->denied = 1;
        return 0;
    }
    return wf_exchange_permits(exchange, port, text);
}

/* ---- options ----------------------------------------------------------------------- */

static void set_base_options(wf_exchange_t *exchange)
{
    CURL *h = exchange->handle;

    curl_easy_getinfo(h, CURLINFO_CAINFO, &exchange->default_ca);
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
}

static void set_settings(wf_exchange_t *exchange, const wf_client_settings_t *s)
{
    CURL *h = exchange->handle;
    long idle_s = (long)((s->idle_timeout_ms + 999) / 1000);

    curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, s->insecure ? 0L : 1L);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, s->insecure ? 0L : 2L);
    curl_easy_setopt(h, CURLOPT_CAINFO, s->ca ? s->ca : exchange->default_ca);
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

static void apply(wf_exchange_t *exchange, const wf_client_call_t *call)
{
    CURL *h = exchange->handle;

    if (exchange->settings != call->settings) {
        set_settings(exchange, call->settings);
        exchange->settings = call->stable ? call->settings : NULL;
    }
    set_method(h, call);
    curl_easy_setopt(h, CURLOPT_CURLU, call->url);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, call->keep_body ? keep_body : drop_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, call->keep_headers ? keep_header : NULL);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, call->keep_headers ? exchange : NULL);
}

/* ---- life -------------------------------------------------------------------------- */

apr_status_t wf_exchange_open(wf_exchange_t *exchange, wf_error_t *err)
{
    exchange->handle = curl_easy_init();
    if (exchange->handle == NULL) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
    }
    set_base_options(exchange);
    return APR_SUCCESS;
}

void wf_exchange_close(wf_exchange_t *exchange)
{
    curl_easy_cleanup(exchange->handle);
    wf_buffer_trim(&exchange->headers, 0);
    wf_buffer_trim(&exchange->body, 0);
}

void wf_exchange_begin(wf_exchange_t *exchange, const wf_client_call_t *call)
{
    if (!(exchange->applied && call->stable && call == exchange->call)) {
        apply(exchange, call);
        exchange->call = call;
        exchange->applied = call->stable;
    }
    exchange->denied = exchange->too_large = 0;
    exchange->headers.length = exchange->body.length = 0;
    exchange->started_us = wf_mono_us();
}

void wf_exchange_trim(wf_exchange_t *exchange)
{
    wf_buffer_trim(&exchange->headers, KEEP_BUFFER);
    wf_buffer_trim(&exchange->body, KEEP_BUFFER);
}

/* ---- the answer -------------------------------------------------------------------- */

static void judge(wf_exchange_t *exchange, CURLcode code, wf_client_response_t *response)
{
    CURLU *url = exchange->call->url;
    char *host = NULL, *port = NULL;

    if (exchange->denied) {
        response->outcome = WF_CLIENT_DENIED;
        response->error = "connections to this address are not permitted";
        return;
    }
    if (exchange->too_large) {
        response->outcome = WF_CLIENT_TOO_LARGE;
        snprintf(exchange->text, sizeof(exchange->text),
                 "the answer's body exceeds %" APR_SIZE_T_FMT " bytes",
                 exchange->call->max_body);
        response->error = exchange->text;
        return;
    }
    curl_url_get(url, CURLUPART_HOST, &host, 0);
    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    response->outcome =
        wf_outcome_of(exchange->handle, code, host ? host : "", port ? port : "",
                      &response->error, exchange->text, sizeof(exchange->text));
    curl_free(host);
    curl_free(port);
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

void wf_exchange_end(wf_exchange_t *exchange, CURLcode code,
                     wf_client_response_t *response)
{
    memset(response, 0, sizeof(*response));
    response->duration_us = wf_mono_us() - exchange->started_us;
    count(exchange->handle, response);
    if (code != CURLE_OK) {
        judge(exchange, code, response);
    }
    if (exchange->call->keep_body) {
        response->body = exchange->body.length ? exchange->body.data : "";
        response->body_length = exchange->body.length;
    }
    if (exchange->call->keep_headers) {
        response->headers = exchange->headers.length ? exchange->headers.data : "";
        response->headers_length = exchange->headers.length;
    }
}
