/* A worker that carries the bytes of a stream between a client and the engine, where the
 * engine cannot have the client's socket. It ends when either side does. */
#include "http/internal.h"

#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <util_filter.h>
#include <apr_portable.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PIECE 8192
#define LOOK_MS 1000   /* a socket that another thread has closed wakes nobody */
#define ENGINE_WAITS 5 /* seconds for the engine to take what a client says */

/* All of data, or -1. The engine reads at once, unless its client does not. */
static int send_to_engine(int engine, const char *data, apr_size_t length)
{
    while (length > 0) {
        ssize_t n = send(engine, data, length, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        data += n;
        length -= (apr_size_t)n;
    }
    return 0;
}

static int carry_brigade(int engine, apr_bucket_brigade *bb)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t length;

        if (APR_BUCKET_IS_EOS(b)) {
            return -1;
        }
        if (!APR_BUCKET_IS_METADATA(b)
            && (apr_bucket_read(b, &data, &length, APR_BLOCK_READ) != APR_SUCCESS
                || send_to_engine(engine, data, length) != 0)) {
            return -1;
        }
    }
    return 0;
}

/* Everything that is there: TLS may have decrypted more than a poll of the socket shows.
 */
static int carry_in(request_rec *r, int engine, apr_bucket_brigade *bb)
{
    for (;;) {
        apr_status_t rv = ap_get_brigade(r->connection->input_filters, bb,
                                         AP_MODE_READBYTES, APR_NONBLOCK_READ, PIECE);
        int rc = 0;

        if (APR_STATUS_IS_EAGAIN(rv) || (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(bb))) {
            return 0;
        }
        rc = rv == APR_SUCCESS ? carry_brigade(engine, bb) : -1;
        apr_brigade_cleanup(bb);
        if (rc != 0) {
            return -1;
        }
    }
}

static int carry_out(request_rec *r, int engine, apr_bucket_brigade *bb)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    char bytes[PIECE];
    ssize_t n = recv(engine, bytes, sizeof(bytes), 0);
    apr_status_t rv;

    if (n < 0 && errno == EINTR) {
        return 0;
    }
    if (n <= 0) {
        return -1;
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_transient_create(bytes, (apr_size_t)n, alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(alloc));
    rv = ap_pass_brigade(r->output_filters, bb);
    apr_brigade_cleanup(bb);
    return rv == APR_SUCCESS && !r->connection->aborted ? 0 : -1;
}

/* The client's socket, -1 if it is not this request's alone. */
static int client_socket(request_rec *r)
{
    apr_socket_t *socket =
        r->connection->master ? NULL : ap_get_conn_socket(r->connection);
    int fd = -1;

    return socket && apr_os_sock_get(&fd, socket) == APR_SUCCESS ? fd : -1;
}

void wf_tunnel_run(request_rec *r, int engine, wf_tunnel_e ways)
{
    struct timeval patience = { .tv_sec = ENGINE_WAITS };
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    int both = ways == WF_TUNNEL_BOTH_WAYS;
    struct pollfd fds[] = { { .fd = engine, .events = POLLIN },
                            { .fd = client_socket(r),
                              .events = both ? POLLIN : POLLRDHUP } };
    short gone = POLLERR | POLLHUP | POLLNVAL | (both ? 0 : POLLRDHUP);

    setsockopt(engine, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    for (;;) {
        if (both && carry_in(r, engine, bb) != 0) {
            break;
        }
        if (poll(fds, 2, LOOK_MS) < 0 && errno != EINTR) {
            break;
        }
        if ((fds[0].revents && carry_out(r, engine, bb) != 0)
            || (fds[1].revents & gone)) {
            break;
        }
    }
    close(engine);
}
