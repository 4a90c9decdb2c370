/* Streams: libcurl makes the connection (names, permission, TLS) and then leaves it alone
 * (CURLOPT_CONNECT_ONLY); bytes go through its handle, which stays in the multi as long
 * as the connection is open. A socket of UDP it takes for one of TCP that was quickly
 * connected; datagrams are none of its business. */
#include "client/internal.h"

#include <apr_strings.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define CHUNK (16 * 1024)        /* bytes that are read at once */
#define DATAGRAM_MAX (64 * 1024) /* no datagram is longer */
#define HOST_MAX 256             /* more than a name of DNS has, or an address */
#define ADDRESS_TEXT 64          /* "[address]:port" */

typedef enum { NOTHING, CONNECTING, SENDING, RECEIVING } doing_e;

struct wf_client_stream_t {
    wf_client_transfer_t transfer; /* its connection, while it is in the multi */
    wf_client_moved_fn *done;
    void *baton;
    apr_pool_t *pool; /* lives as long */
    doing_e doing;
    int fd;              /* -1: not open */
    char host[HOST_MAX]; /* of the peer, with its port … */
    int port, tls, udp;
    int again; /* libcurl has lost the connection that it had just made */
    int ended; /* the other side sends no more */
    const wf_client_call_t *call; /* while it connects */
    const char *out;              /* what is being sent */
    apr_size_t out_length, sent;
    wf_client_want_t want;
    wf_buffer_t in;    /* what has come, */
    apr_size_t given;  /* of this, was received by the owner, */
    apr_size_t looked; /* has no delimiter in it */
    wf_client_moved_t moved;
    char local[ADDRESS_TEXT], remote[ADDRESS_TEXT];
    char text[WF_EXCHANGE_TEXT];
};

static void on_connected(void *baton, const wf_client_response_t *response);

/* ---- how something ends ------------------------------------------------------------- */

static void watch(wf_client_stream_t *stream, int events)
{
    wf_client_poller_t *poller = &stream->transfer.multi->poller;

    poller->watch(poller->baton, stream->fd, events);
}

static const wf_client_moved_t *over(wf_client_stream_t *stream)
{
    if (stream->fd >= 0) {
        watch(stream, 0);
    }
    stream->doing = NOTHING;
    return &stream->moved;
}

static const wf_client_moved_t *fail(wf_client_stream_t *stream,
                                     wf_client_outcome_e outcome, const char *error)
{
    int lost = !stream->udp && outcome != WF_CLIENT_TOO_LARGE;

    stream->moved = (wf_client_moved_t){ .outcome = outcome, .error = error };
    over(stream);
    if (lost) {
        wf_client_stream_close(stream);
    }
    return &stream->moved;
}

/* What libcurl says of a connection that it has made. It does not know one any more that
 * was closed behind its back. */
static const wf_client_moved_t *fail_curl(wf_client_stream_t *stream, CURLcode code)
{
    const wf_exchange_t *exchange = &stream->transfer.exchange;
    const char *error = NULL;
    wf_client_outcome_e outcome;

    if (code == CURLE_OUT_OF_MEMORY) {
        return fail(stream, WF_CLIENT_TOO_LARGE, "out of memory");
    }
    outcome = wf_outcome_of(
        exchange->handle, code == CURLE_UNSUPPORTED_PROTOCOL ? CURLE_RECV_ERROR : code,
        exchange->detail, "", "", &error, stream->text, sizeof(stream->text));
    return fail(stream, outcome, error);
}

/* A datagram that found nobody comes back as an error of a later call. */
static const wf_client_moved_t *fail_os(wf_client_stream_t *stream, const char *what,
                                        int error)
{
    char reason[96];

    if (error == EMSGSIZE) {
        return fail(stream, WF_CLIENT_TOO_LARGE, "longer than a datagram may be");
    }
    snprintf(stream->text, sizeof(stream->text), "%s: %s", what,
             apr_strerror(APR_FROM_OS_ERROR(error), reason, sizeof(reason)));
    return fail(stream, WF_CLIENT_CONNECT, stream->text);
}

static int would_block(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* ---- receiving ---------------------------------------------------------------------- */

typedef enum { CAME, NOT_YET, ENDED, BROKEN } came_e;

/* One datagram; an empty one says nothing. */
static came_e read_datagram(wf_client_stream_t *stream)
{
    char chunk[DATAGRAM_MAX];
    ssize_t n;

    do {
        n = recv(stream->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    } while (n == 0);
    if (n < 0 && would_block(errno)) {
        return NOT_YET;
    }
    if (n < 0) {
        fail_os(stream, "receiving failed", errno);
        return BROKEN;
    }
    if (!wf_buffer_append(&stream->in, chunk, (apr_size_t)n)) {
        fail(stream, WF_CLIENT_TOO_LARGE, "out of memory");
        return BROKEN;
    }
    return CAME;
}

static came_e read_some(wf_client_stream_t *stream, CURLcode *code)
{
    char chunk[CHUNK];
    size_t n = 0;

    *code = curl_easy_recv(stream->transfer.exchange.handle, chunk, sizeof(chunk), &n);
    if (*code == CURLE_AGAIN) {
        return NOT_YET;
    }
    if (*code != CURLE_OK) {
        return BROKEN;
    }
    stream->ended = n == 0;
    if (!wf_buffer_append(&stream->in, chunk, n)) {
        *code = CURLE_OUT_OF_MEMORY;
        return BROKEN;
    }
    return stream->ended ? ENDED : CAME;
}

static came_e read_more(wf_client_stream_t *stream)
{
    CURLcode code;
    came_e came;

    if (stream->udp) {
        return read_datagram(stream);
    }
    if (stream->ended) {
        return ENDED;
    }
    came = read_some(stream, &code);
    if (came == BROKEN) {
        fail_curl(stream, code);
    }
    return came;
}

/* How many of the bytes that are there are what is wanted, or 0. */
static apr_size_t enough(wf_client_stream_t *stream)
{
    const wf_client_want_t *want = &stream->want;
    apr_size_t have = stream->in.length;
    const char *at;

    if (want->length > 0) {
        return have >= want->length ? want->length : 0;
    }
    if (want->delimiter == WF_CLIENT_NO_DELIMITER) {
        return have >= want->at_most || (stream->udp && have > 0)
                   ? (have < want->at_most ? have : want->at_most)
                   : 0;
    }
    at = have > stream->looked ? memchr(stream->in.data + stream->looked, want->delimiter,
                                        have - stream->looked)
                               : NULL;
    stream->looked = have;
    return at ? (apr_size_t)(at - stream->in.data) + 1 : 0;
}

static const wf_client_moved_t *give(wf_client_stream_t *stream, apr_size_t n)
{
    stream->moved = (wf_client_moved_t){ .bytes = n, .data = stream->in.data };
    stream->given = n;
    return over(stream);
}

static const wf_client_moved_t *too_large(wf_client_stream_t *stream)
{
    snprintf(stream->text, sizeof(stream->text), "no delimiter within %lu bytes",
             (unsigned long)stream->want.at_most);
    return fail(stream, WF_CLIENT_TOO_LARGE, stream->text);
}

/* Nothing more comes, for now or for ever. */
static const wf_client_moved_t *settle(wf_client_stream_t *stream, came_e came)
{
    const wf_client_want_t *want = &stream->want;
    int any = want->length == 0 && want->delimiter == WF_CLIENT_NO_DELIMITER;

    if (came == BROKEN) {
        return &stream->moved;
    }
    if (any && stream->in.length > 0) {
        return give(stream, stream->in.length);
    }
    if (came == ENDED) {
        return fail(stream, WF_CLIENT_CONNECT,
                    stream->in.length > 0
                        ? "closed by the other side before all of it had come"
                        : "closed by the other side");
    }
    watch(stream, WF_CLIENT_READ);
    return NULL;
}

/* Read until there is enough, or nothing more to read: TLS may have decrypted bytes of
 * which the descriptor knows nothing. */
static const wf_client_moved_t *go_on_receiving(wf_client_stream_t *stream)
{
    for (;;) {
        apr_size_t n = enough(stream);
        came_e came;

        if (stream->want.length == 0
            && (n > stream->want.at_most
                || (n == 0 && stream->in.length > stream->want.at_most))) {
            return too_large(stream);
        }
        if (n > 0) {
            return give(stream, n);
        }
        came = read_more(stream);
        if (came != CAME) {
            return settle(stream, came);
        }
    }
}

/* The owner has read what was given to it. */
static void forget_given(wf_client_stream_t *stream)
{
    apr_size_t left = stream->in.length - stream->given;

    if (left == 0) {
        wf_buffer_trim(&stream->in, 0); /* most streams are idle most of the time */
    }
    else if (stream->given > 0) {
        memmove(stream->in.data, stream->in.data + stream->given, left + 1);
        stream->in.length = left;
    }
    stream->given = stream->looked = 0;
}

const wf_client_moved_t *wf_client_stream_receive(wf_client_stream_t *stream,
                                                  const wf_client_want_t *want)
{
    forget_given(stream);
    stream->want = *want;
    stream->doing = RECEIVING;
    return go_on_receiving(stream);
}

/* ---- sending ------------------------------------------------------------------------ */

static const wf_client_moved_t *sent_all(wf_client_stream_t *stream)
{
    stream->moved = (wf_client_moved_t){ .bytes = stream->sent };
    return over(stream);
}

static const wf_client_moved_t *wait_to_send(wf_client_stream_t *stream)
{
    watch(stream, WF_CLIENT_WRITE);
    return NULL;
}

static const wf_client_moved_t *send_datagram(wf_client_stream_t *stream)
{
    ssize_t n =
        send(stream->fd, stream->out, stream->out_length, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && would_block(errno)) {
        return wait_to_send(stream);
    }
    if (n < 0) {
        return fail_os(stream, "sending failed", errno);
    }
    stream->sent = (apr_size_t)n;
    return sent_all(stream);
}

static const wf_client_moved_t *go_on_sending(wf_client_stream_t *stream)
{
    while (!stream->udp && stream->sent < stream->out_length) {
        size_t n = 0;
        CURLcode code =
            curl_easy_send(stream->transfer.exchange.handle, stream->out + stream->sent,
                           stream->out_length - stream->sent, &n);

        if (code == CURLE_AGAIN) {
            return wait_to_send(stream);
        }
        if (code != CURLE_OK) {
            return fail_curl(stream, code);
        }
        stream->sent += n;
    }
    return stream->udp ? send_datagram(stream) : sent_all(stream);
}

const wf_client_moved_t *wf_client_stream_send(wf_client_stream_t *stream,
                                               const char *data, apr_size_t length)
{
    forget_given(stream);
    stream->out = data;
    stream->out_length = length;
    stream->sent = 0;
    stream->doing = SENDING;
    return go_on_sending(stream);
}

void wf_client_stream_ready(wf_client_stream_t *stream)
{
    const wf_client_moved_t *moved = NULL;

    if (stream->doing == SENDING) {
        moved = go_on_sending(stream);
    }
    else if (stream->doing == RECEIVING) {
        moved = go_on_receiving(stream);
    }
    else {
        watch(stream, 0);
    }
    if (moved != NULL) {
        stream->done(stream->baton, moved);
    }
}

/* ---- connecting --------------------------------------------------------------------- */

int wf_client_host_valid(const char *host)
{
    return wf_client_address_valid(host) || wf_host_name_valid(host, strlen(host));
}

static apr_status_t check_peer(const wf_client_peer_t *peer, wf_error_t *err)
{
    if (!wf_client_host_valid(peer->host)) {
        return wf_error_field(err, WF_ERR_INVALID, "host",
                              "\"%.100s\" is neither a host name nor an address",
                              peer->host);
    }
    if (peer->port < 1 || peer->port > 65535) {
        return wf_error_field(err, WF_ERR_INVALID, "port",
                              "a port is a number from 1 to 65535");
    }
    return APR_SUCCESS;
}

/* Of the settings only what connecting needs. */
static wf_client_settings_t *settings_of(const wf_client_peer_t *peer, apr_pool_t *p)
{
    wf_client_settings_t *settings =
        apr_pmemdup(p, peer->settings, sizeof(*peer->settings));

    settings->version = WF_HTTP_1_1;
    settings->no_cookies = 1;
    settings->compression = settings->no_keep_alive = settings->follow_redirects = 0;
    settings->connect_timeout_ms = settings->idle_timeout_ms = settings->timeout_ms = 0;
    return settings;
}

/* libcurl knows where to connect to from a URL, and wants to know nothing more. */
static apr_status_t prepare(wf_client_stream_t *stream, const wf_client_peer_t *peer,
                            apr_pool_t *p, wf_error_t *err)
{
    int bare = strchr(peer->host, ':') != NULL;
    wf_client_request_t request = {
        .method = "GET",
        .url = apr_psprintf(p, "%s://%s%s%s:%d/", peer->tls ? "https" : "http",
                            bare ? "[" : "", peer->host, bare ? "]" : "", peer->port),
        .settings = settings_of(peer, p),
    };
    wf_client_call_t *call = NULL;
    apr_status_t rv = wf_client_prepare(&call, &request, p, err);

    stream->call = call;
    return rv;
}

static apr_status_t start(wf_client_stream_t *stream, wf_error_t *err)
{
    wf_exchange_t *exchange = &stream->transfer.exchange;
    apr_status_t rv = wf_client_send(&stream->transfer, stream->call, err);

    exchange->headed = 1; /* no answer is missed */
    return rv;
}

apr_status_t wf_client_stream_connect(wf_client_stream_t *stream,
                                      const wf_client_peer_t *peer, apr_pool_t *p,
                                      wf_error_t *err)
{
    apr_status_t rv = check_peer(peer, err);

    wf_client_stream_close(stream);
    if (rv == APR_SUCCESS) {
        rv = prepare(stream, peer, p, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_cpystrn(stream->host, peer->host, sizeof(stream->host));
    stream->port = peer->port;
    stream->tls = peer->tls;
    stream->udp = stream->transfer.datagrams = peer->udp;
    stream->again = 0;
    rv = start(stream, err);
    if (rv == APR_SUCCESS) {
        stream->doing = CONNECTING;
    }
    return rv;
}

static void tell_address(char *text,
                         int (*ask)(int fd, struct sockaddr *restrict address,
                                    socklen_t *restrict length),
                         int fd)
{
    struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
    socklen_t length = sizeof(address);
    char host[ADDRESS_TEXT - 10], port[8];

    *text = '\0';
    if (ask(fd, (struct sockaddr *)&address, &length) == 0
        && getnameinfo((struct sockaddr *)&address, length, host, sizeof(host), port,
                       sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV)
               == 0) {
        snprintf(text, ADDRESS_TEXT, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s",
                 host, port);
    }
}

/* From the first read on libcurl counts the connection as used. Until then a transfer
 * that looks for old connections may close it, if the other side speaks first: then it is
 * made once more. 0: that, or a failure in stream->moved. */
static int claim(wf_client_stream_t *stream)
{
    wf_error_t err;
    CURLcode code;

    if (stream->udp || read_some(stream, &code) != BROKEN) {
        return 1;
    }
    if (code == CURLE_UNSUPPORTED_PROTOCOL && !stream->again) {
        wf_error_init(&err, stream->pool);
        stream->again = 1;
        wf_client_cancel(&stream->transfer);
        if (start(stream, &err) == APR_SUCCESS) {
            stream->doing = CONNECTING;
            return 0;
        }
    }
    fail_curl(stream, code);
    return 0;
}

static const wf_client_moved_t *connected(wf_client_stream_t *stream)
{
    stream->moved =
        (wf_client_moved_t){ .local = stream->local, .remote = stream->remote };
    return &stream->moved;
}

static void open_up(wf_client_stream_t *stream)
{
    wf_client_transfer_t *transfer = &stream->transfer;
    curl_socket_t fd = CURL_SOCKET_BAD;

    curl_easy_getinfo(transfer->exchange.handle, CURLINFO_ACTIVESOCKET, &fd);
    stream->fd = fd;
    apr_hash_set(transfer->multi->streams, &stream->fd, sizeof(stream->fd), stream);
    tell_address(stream->local, getsockname, fd);
    tell_address(stream->remote, getpeername, fd);
    connected(stream);
}

static void on_connected(void *baton, const wf_client_response_t *response)
{
    wf_client_stream_t *stream = baton;

    stream->doing = NOTHING;
    stream->ended = 0;
    if (response->outcome != WF_CLIENT_OK) {
        stream->moved =
            (wf_client_moved_t){ .outcome = response->outcome, .error = response->error };
    }
    else {
        if (!claim(stream) && stream->doing == CONNECTING) {
            return;
        }
        if (stream->transfer.running) {
            open_up(stream);
        }
    }
    wf_options_forget(&stream->transfer.exchange);
    stream->done(stream->baton, &stream->moved);
}

/* What was said before the end is of no use to somebody who wants to go on. */
static int is_lost(const wf_client_stream_t *stream)
{
    struct pollfd look = { .fd = stream->fd, .events = POLLRDHUP };

    return !stream->udp
           && (stream->ended
               || (poll(&look, 1, 0) > 0
                   && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0));
}

const wf_client_moved_t *wf_client_stream_kept(wf_client_stream_t *stream,
                                               const wf_client_peer_t *peer)
{
    int same = stream->fd >= 0 && stream->port == peer->port && stream->tls == peer->tls
               && stream->udp == peer->udp && strcasecmp(stream->host, peer->host) == 0;

    return same && !is_lost(stream) ? connected(stream) : NULL;
}

/* ---- life --------------------------------------------------------------------------- */

static apr_status_t release(void *data)
{
    wf_client_stream_t *stream = data;

    wf_client_stream_close(stream);
    return APR_SUCCESS;
}

apr_status_t wf_client_stream_create(wf_client_stream_t **out, wf_client_multi_t *multi,
                                     wf_client_moved_fn *done, void *baton, apr_pool_t *p,
                                     wf_error_t *err)
{
    wf_client_stream_t *stream = apr_pcalloc(p, sizeof(*stream));
    wf_client_transfer_t *transfer = &stream->transfer;
    wf_client_user_t *alone;
    apr_status_t rv;

    stream->done = done;
    stream->baton = baton;
    stream->pool = p;
    stream->fd = -1;
    transfer->stays = 1;
    rv = wf_transfer_open(transfer, multi, on_connected, stream, p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    curl_easy_setopt(transfer->exchange.handle, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(transfer->exchange.handle, CURLOPT_SSL_ENABLE_ALPN, 0L);
    /* Connections of its own: a limit of those to one host does not count them. */
    wf_client_user_create(&alone, multi, 1, p);
    wf_client_transfer_join(transfer, alone);
    apr_pool_cleanup_register(p, stream, release, apr_pool_cleanup_null);
    *out = stream;
    return APR_SUCCESS;
}

int wf_client_stream_is_open(const wf_client_stream_t *stream)
{
    return stream->fd >= 0;
}

int wf_client_stream_is_busy(const wf_client_stream_t *stream)
{
    return stream->doing != NOTHING;
}

apr_size_t wf_client_stream_cancel(wf_client_stream_t *stream)
{
    doing_e doing = stream->doing;
    apr_size_t sent = doing == SENDING ? stream->sent : 0;

    if (doing == CONNECTING || sent > 0) {
        wf_client_stream_close(stream);
    }
    else if (doing != NOTHING) {
        over(stream);
    }
    return sent;
}

int wf_client_stream_close(wf_client_stream_t *stream)
{
    int was_open = stream->fd >= 0;

    if (was_open) {
        apr_hash_set(stream->transfer.multi->streams, &stream->fd, sizeof(stream->fd),
                     NULL);
        watch(stream, 0);
        stream->fd = -1;
    }
    if (stream->transfer.running) {
        wf_client_cancel(&stream->transfer);
        wf_options_forget(&stream->transfer.exchange);
    }
    wf_buffer_trim(&stream->in, 0);
    stream->given = stream->looked = 0;
    stream->ended = 0;
    stream->doing = NOTHING;
    return was_open;
}
