/* One exchange at a time on one easy handle: its life, and what libcurl calls meanwhile.
 * An answer that nobody reads is only counted. */
#include "client/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define KEEP_BUFFER (64 * 1024) /* a larger buffer is given back after its exchange */

/* ---- the answer's body and header ---------------------------------------------------- */

/* The sum is of what a reader would get: an answer of a few bytes may decode to many. */
static int fits(wf_exchange_t *exchange, size_t n)
{
    apr_int64_t limit = exchange->call->settings->max_read;

    exchange->size += (apr_int64_t)n;
    if (limit > 0 && exchange->size > limit) {
        exchange->excess = WF_BODY_READ;
        return 0;
    }
    return 1;
}

size_t wf_exchange_drop_body(char *data, size_t size, size_t n, void *baton)
{
    (void)data;
    return fits(baton, size * n) ? size * n : 0;
}

size_t wf_exchange_keep_body(char *data, size_t size, size_t n, void *baton)
{
    wf_exchange_t *exchange = baton;

    n *= size;
    if (!fits(exchange, n)) {
        return 0;
    }
    if (exchange->body.length + n > exchange->call->max_body
        || !wf_buffer_append(&exchange->body, data, n)) {
        exchange->excess = WF_BODY_KEPT;
        return 0;
    }
    return n;
}

/* Sending ends with the last byte of a streamed body, but not before the answer begins.
 */
static void begin_answer(wf_exchange_t *exchange, apr_int64_t now)
{
    apr_int64_t sent =
        exchange->sent_us > exchange->ready_us ? exchange->sent_us : exchange->ready_us;

    exchange->sending_us += sent - exchange->ready_us;
    exchange->waiting_us += now - sent;
    exchange->first_us = now;
}

/* RFC 9110 section 15.4.4: 303 leads to something else that is asked for by GET, whatever
 * the method was. libcurl would repeat a method that was set by name. */
static void on_status_line(wf_exchange_t *exchange, const char *line, size_t n)
{
    const char *blank = memchr(line, ' ', n);
    const char *status = blank != NULL && line + n - blank >= 4 ? blank + 1 : "000";

    exchange->headed = 0;
    exchange->headers.length = 0;
    if (!exchange->interim) {
        begin_answer(exchange, wf_mono_us());
    }
    exchange->interim = *status == '1';
    if (exchange->by_name && memcmp(status, "303", 3) == 0) {
        curl_easy_setopt(exchange->handle, CURLOPT_CUSTOMREQUEST, NULL);
        exchange->applied = 0;
    }
}

/* A status line starts the block of the next answer: 1xx and redirects come before it. An
 * empty line ends it; libcurl itself takes a block that was cut off for an answer. */
size_t wf_exchange_on_header(char *data, size_t size, size_t n, void *baton)
{
    wf_exchange_t *exchange = baton;

    n *= size;
    if (n >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        on_status_line(exchange, data, n);
        return n;
    }
    if (n <= 2) {
        exchange->headed = 1;
    }
    else if (exchange->has_cookies && n > 11
             && strncasecmp(data, "Set-Cookie:", 11) == 0) {
        exchange->user->dirty = 1;
    }
    if (!exchange->call->keep_headers) {
        return n;
    }
    return wf_buffer_append(&exchange->headers, data, n) ? n : 0;
}

/* ---- the request's body ----------------------------------------------------------------- */

size_t wf_exchange_read_body(char *out, size_t size, size_t n, void *baton)
{
    wf_exchange_t *exchange = baton;
    const wf_client_call_t *call = exchange->call;
    size_t room = size * n, done = 0;

    while (done < room && exchange->piece < call->npieces) {
        const wf_body_piece_t *piece = &call->pieces[exchange->piece];
        size_t part = piece->length - exchange->offset;

        if (part > room - done) {
            part = room - done;
        }
        memcpy(out + done, piece->data + exchange->offset, part);
        done += part;
        exchange->offset += part;
        if (exchange->offset == piece->length) {
            exchange->piece++;
            exchange->offset = 0;
        }
    }
    if (exchange->piece == call->npieces) {
        exchange->sent_us = wf_mono_us();
    }
    return done;
}

/* Asked for the beginning when a request has to be sent again: a redirect, a connection
 * that was closed while it was idle. */
int wf_exchange_seek_body(void *baton, curl_off_t offset, int origin)
{
    wf_exchange_t *exchange = baton;
    const wf_client_call_t *call = exchange->call;
    int i = 0;

    if (origin != SEEK_SET || offset < 0 || (apr_size_t)offset > call->body_length) {
        return CURL_SEEKFUNC_FAIL;
    }
    while (i < call->npieces && (apr_size_t)offset >= call->pieces[i].length) {
        offset -= (curl_off_t)call->pieces[i++].length;
    }
    exchange->piece = i;
    exchange->offset = (apr_size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* ---- what was really sent ----------------------------------------------------------------- */

static int has_whole_head(const wf_exchange_t *exchange)
{
    const wf_buffer_t *b = &exchange->request;

    return exchange->request_head >= 4
           && memcmp(b->data + exchange->request_head - 4, "\r\n\r\n", 4) == 0;
}

/* libcurl tells pieces of what it has handed to the connection; a head behind a whole one
 * is that of another request: a redirect, or the same once more. */
int wf_exchange_on_debug(CURL *handle, curl_infotype type, char *data, size_t n,
                         void *baton)
{
    wf_exchange_t *exchange = baton;
    apr_size_t room;

    (void)handle;
    if (type != CURLINFO_HEADER_OUT && type != CURLINFO_DATA_OUT) {
        return 0;
    }
    if (type == CURLINFO_HEADER_OUT && has_whole_head(exchange)) {
        exchange->request.length = exchange->request_head = 0;
    }
    room = WF_CLIENT_SENT_MAX - exchange->request.length;
    if (!wf_buffer_append(&exchange->request, data, n < room ? n : room)) {
        return 0; /* without memory less is known, and the exchange goes on */
    }
    if (type == CURLINFO_HEADER_OUT) {
        exchange->request_head = exchange->request.length;
    }
    return 0;
}

/* ---- permission --------------------------------------------------------------------------- */

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

/* The URL of the current hop, parsed; NULL if there is none. */
static CURLU *current_url(wf_exchange_t *exchange)
{
    const char *effective = NULL;
    CURLU *url = curl_url();

    curl_easy_getinfo(exchange->handle, CURLINFO_EFFECTIVE_URL, &effective);
    if (url != NULL && effective != NULL
        && curl_url_set(url, CURLUPART_URL, effective, 0) == CURLUE_OK) {
        return url;
    }
    curl_url_cleanup(url);
    return NULL;
}

int wf_exchange_permits(wf_exchange_t *exchange, int port, const char *address)
{
    char *host = NULL, *asked = NULL;
    CURLU *url;
    int yes = 0;

    if (exchange->permitted == NULL) {
        return 1;
    }
    url = current_url(exchange);
    if (url != NULL && curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK
        && curl_url_get(url, CURLUPART_PORT, &asked, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        yes = exchange->permitted(exchange->permit_baton,
                                  wf_override_find(exchange->call, host, atoi(asked)),
                                  port, address);
    }
    curl_free(host);
    curl_free(asked);
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

/* ---- before a request ------------------------------------------------------------------------ */

static int same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *x = NULL, *y = NULL;
    int same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK
               && curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK
               && strcasecmp(x, y) == 0;

    curl_free(x);
    curl_free(y);
    return same;
}

/* Cookies that the request brought are meant for its own host: a redirect to another one
 * must not carry them there. */
static void keep_cookies_at_home(wf_exchange_t *exchange)
{
    CURLU *home = exchange->call->url;
    CURLU *url = current_url(exchange);

    if (url == NULL || !same_part(url, home, CURLUPART_HOST)
        || !same_part(url, home, CURLUPART_PORT)
        || !same_part(url, home, CURLUPART_SCHEME)) {
        curl_easy_setopt(exchange->handle, CURLOPT_COOKIE, NULL);
        exchange->applied = 0;
    }
    curl_url_cleanup(url);
}

int wf_exchange_before_request(void *baton, char *address, char *local, int port,
                               int local_port)
{
    wf_exchange_t *exchange = baton;

    (void)local;
    (void)local_port;
    exchange->ready_us = wf_mono_us();
    exchange->first_us = exchange->sent_us = 0;
    if (exchange->ask_always && !wf_exchange_permits(exchange, port, address)) {
        return CURL_PREREQFUNC_ABORT;
    }
    if (exchange->call->cookies != NULL) {
        keep_cookies_at_home(exchange);
    }
    return CURL_PREREQFUNC_OK;
}

/* ---- life -------------------------------------------------------------------------------------- */

apr_status_t wf_exchange_open(wf_exchange_t *exchange, wf_error_t *err)
{
    exchange->handle = curl_easy_init();
    if (exchange->handle == NULL) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
    }
    wf_options_base(exchange);
    return APR_SUCCESS;
}

void wf_exchange_close(wf_exchange_t *exchange)
{
    wf_user_join(exchange, NULL);
    curl_easy_cleanup(exchange->handle);
    wf_buffer_trim(&exchange->headers, 0);
    wf_buffer_trim(&exchange->body, 0);
    wf_buffer_trim(&exchange->request, 0);
}

void wf_exchange_begin(wf_exchange_t *exchange, const wf_client_call_t *call)
{
    if (!(exchange->applied && call->stable && call == exchange->call)) {
        wf_options_apply(exchange, call);
        exchange->call = call;
        exchange->applied = call->stable;
    }
    wf_options_buffer(exchange);
    if (exchange->has_cookies) {
        wf_user_begin(exchange);
    }
    exchange->denied = exchange->headed = exchange->interim = 0;
    exchange->excess = WF_FITS;
    exchange->piece = 0;
    exchange->offset = 0;
    exchange->ready_us = exchange->sent_us = exchange->first_us = 0;
    exchange->sending_us = exchange->waiting_us = exchange->size = 0;
    exchange->headers.length = exchange->body.length = 0;
    exchange->request.length = exchange->request_head = 0;
    exchange->started_us = wf_mono_us();
}

void wf_exchange_trim(wf_exchange_t *exchange)
{
    wf_buffer_trim(&exchange->headers, KEEP_BUFFER);
    wf_buffer_trim(&exchange->body, KEEP_BUFFER);
    wf_buffer_trim(&exchange->request, KEEP_BUFFER);
}
