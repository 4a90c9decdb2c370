/* Fuzz target of the streams: what a client sends. The first byte says over which
 * protocol, how much of it came before the socket was given away, and whether the client
 * reads. What follows are frames, or anything. The stream ends in any case, and the next
 * client gets one. */
#include "stream/stream.h"
#include "no_leaks.h"

#include <apr_general.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_US 10000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wf_streams_t *streams;
static apr_pool_t *pool;

static wf_stream_state_e look(void *baton, const char *topic, int format,
                              wf_stream_news_t *news, apr_pool_t *p)
{
    (void)baton;
    (void)topic;
    (void)format;
    (void)p;
    news->update = "{\"type\":\"metrics\"}";
    return WF_STREAM_NEWS;
}

static void start(void)
{
    wf_streams_options_t options = { .look = look, .limit = 100, .period = 1000 };
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_error_init(&err, pool);
    wf_log_set_level(0);
    if (wf_streams_create(&streams, &options, pool, &err) != APR_SUCCESS) {
        abort();
    }
}

static void end(void)
{
    wf_streams_stop(streams);
    wf_streams_destroy(streams);
    apr_pool_destroy(pool);
}

/* A client's end of a new stream. */
static int connect_with(wf_stream_protocol_e protocol, const uint8_t *early,
                        size_t length, apr_pool_t *p)
{
    wf_stream_place_t place = { .topic = "t", .protocol = protocol };
    apr_int64_t ticket = 0;
    wf_error_t err;
    int fds[2];

    wf_error_init(&err, p);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0
        || wf_streams_reserve(streams, &place, &ticket, &err) != APR_SUCCESS
        || wf_streams_open(streams, ticket, fds[1], (const char *)early, length, &err)
               != APR_SUCCESS) {
        abort();
    }
    fcntl(fds[0], F_SETFL, fcntl(fds[0], F_GETFL) | O_NONBLOCK);
    return fds[0];
}

/* Send everything, throw away what comes; then hang up halfway and see the end. */
static void talk(int fd, const uint8_t *data, size_t size, int reads)
{
    apr_int64_t until = wf_mono_us() + LIMIT_US;
    char bytes[4096];
    int open = 1;

    while (wf_mono_us() < until) {
        struct pollfd poller = { .fd = fd, .events = POLLIN | (size > 0 ? POLLOUT : 0) };
        ssize_t n;

        poll(&poller, 1, 10);
        n = size > 0 ? send(fd, data, size, MSG_NOSIGNAL) : 0;
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
        if (open && (size == 0 || (n < 0 && poller.revents & POLLHUP))) {
            open = 0;
            size = 0;
            shutdown(fd, SHUT_WR);
        }
        if (reads || !open) {
            n = recv(fd, bytes, sizeof(bytes), 0);
            if (n == 0) {
                return;
            }
        }
    }
    abort(); /* the stream does not end */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wf_stream_protocol_e protocol;
    size_t early;
    apr_pool_t *p;
    int fd;

    if (!streams) {
        start();
        atexit(end);
    }
    if (size == 0) {
        return 0;
    }
    protocol = data[0] & 1 ? WF_STREAM_EVENTS : WF_STREAM_WEBSOCKET;
    early = (data[0] >> 2) % size;
    apr_pool_create(&p, NULL);
    fd = connect_with(protocol, data + 1, early, p);
    talk(fd, data + 1 + early, size - 1 - early, data[0] & 2);
    close(fd);
    apr_pool_destroy(p);
    return 0;
}
