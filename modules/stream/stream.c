/* One socket of a client: reading and writing, what it is told and what it misses. */
#include "stream/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the kernel keeps for a reader that does not keep up should be little, or the
 * client gets minutes of old news when it wakes up. Of unsent bytes about three updates:
 */
#define UNSENT_BYTES 1024
#define TUNNEL_BUFFER 4096

/* clang-format off */
static const wf_protocol_t *const protocols[WF_STREAM_PROTOCOLS] = {
    [WF_STREAM_WEBSOCKET] = &wf_websocket_protocol,
    [WF_STREAM_EVENTS]    = &wf_events_protocol,
};
/* clang-format on */

const char *wf_stream_protocol_name(wf_stream_protocol_e protocol)
{
    return protocols[protocol]->name;
}

int wf_stream_protocol_parse(const char *name)
{
    for (int i = 0; name && i < WF_STREAM_PROTOCOLS; i++) {
        if (strcmp(protocols[i]->name, name) == 0) {
            return i;
        }
    }
    return -1;
}

const wf_protocol_t *wf_stream_protocol(wf_stream_protocol_e protocol)
{
    return protocols[protocol];
}

/* ---- life -------------------------------------------------------------------------- */

/* Failures cost comfort only: another kind of socket has no such options. */
static void set_options(int fd)
{
    int domain = 0, on = 1, unsent = UNSENT_BYTES, stall = WF_STREAM_STALL,
        buffer = TUNNEL_BUFFER;
    socklen_t length = sizeof(domain);

    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length);
    if (domain == AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
    /* A client that is gone without a word, or takes nothing for so long, is hung up. */
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &stall, sizeof(stall));
}

wf_stream_t *wf_stream_create(int fd, const wf_protocol_t *protocol, int tunnelled,
                              char *early, apr_size_t early_length)
{
    wf_stream_t *stream = calloc(1, sizeof(*stream));

    if (!stream) {
        return NULL;
    }
    stream->fd = fd;
    stream->protocol = protocol;
    stream->tunnelled = tunnelled;
    if (protocol->begin(stream) != 0) {
        free(stream);
        return NULL;
    }
    stream->early = early;
    stream->early_length = early_length;
    set_options(fd);
    return stream;
}

void wf_stream_destroy(wf_stream_t *stream)
{
    stream->protocol->end(stream);
    close(stream->fd);
    free(stream->early);
    free(stream);
}

/* ---- bytes ------------------------------------------------------------------------- */

static int has_early(const wf_stream_t *stream)
{
    return stream->early_read < stream->early_length;
}

ssize_t wf_stream_read(wf_stream_t *stream, void *to, apr_size_t length)
{
    apr_size_t early = stream->early_length - stream->early_read;
    ssize_t n;

    if (early > 0) {
        length = length < early ? length : early;
        memcpy(to, stream->early + stream->early_read, length);
        stream->early_read += length;
        return (ssize_t)length;
    }
    do {
        n = recv(stream->fd, to, length, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n == 0) {
        return -1;
    }
    return n < 0 && errno == EAGAIN ? 0 : n;
}

ssize_t wf_stream_write(wf_stream_t *stream, const void *data, apr_size_t length,
                        int more_follows)
{
    int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more_follows ? MSG_MORE : 0);
    ssize_t n;

    do {
        n = send(stream->fd, data, length, flags);
    } while (n < 0 && errno == EINTR);
    return n < 0 && errno == EAGAIN ? 0 : n;
}

/* ---- the loop's view --------------------------------------------------------------- */

static int send_and_look(wf_stream_t *stream)
{
    const wf_protocol_t *protocol = stream->protocol;

    if (protocol->has_unsent(stream) && protocol->send(stream) != 0) {
        return -1;
    }
    return !protocol->has_unsent(stream) && protocol->is_over(stream) ? -1 : 0;
}

int wf_stream_handle(wf_stream_t *stream, unsigned events)
{
    const wf_protocol_t *protocol = stream->protocol;
    int readable = events & (EPOLLIN | EPOLLHUP);

    if (events & EPOLLERR) {
        return -1;
    }
    do { /* of early bytes the socket will not tell */
        if ((readable || has_early(stream)) && protocol->receive(stream) != 0) {
            return -1;
        }
        if (send_and_look(stream) != 0) {
            return -1;
        }
    } while (has_early(stream) && protocol->wants_input(stream));
    return 0;
}

unsigned wf_stream_wishes(const wf_stream_t *stream)
{
    return (stream->protocol->wants_input(stream) ? EPOLLIN : 0)
           | (stream->protocol->has_unsent(stream) ? EPOLLOUT : 0);
}

int wf_stream_tell(wf_stream_t *stream, const char *text, apr_int64_t now)
{
    if (stream->leaving || stream->protocol->has_unsent(stream)) {
        return 0;
    }
    stream->told_at = now;
    if (stream->protocol->say(stream, WF_MESSAGE_UPDATE, text) != 0) {
        return -1;
    }
    return send_and_look(stream);
}

int wf_stream_idle(wf_stream_t *stream)
{
    if (!stream->protocol->idle || stream->leaving
        || stream->protocol->has_unsent(stream)) {
        return 0;
    }
    return stream->protocol->idle(stream) == 0 ? send_and_look(stream) : -1;
}

int wf_stream_leave(wf_stream_t *stream, const char *update, const char *last,
                    wf_end_e why, apr_int64_t now)
{
    const wf_protocol_t *protocol = stream->protocol;
    wf_message_e kind = why == WF_END_UNKNOWN ? WF_MESSAGE_ERROR : WF_MESSAGE_COMPLETE;

    if (stream->leaving) {
        return 0;
    }
    /* An update that still waits is as good: the last message has the final figures. */
    if ((update && !protocol->has_unsent(stream)
         && protocol->say(stream, WF_MESSAGE_UPDATE, update) != 0)
        || (last && protocol->say(stream, kind, last) != 0)
        || protocol->leave(stream, why) != 0) {
        return -1;
    }
    stream->leaving = 1;
    stream->leave_until = now + WF_STREAM_CLOSING;
    return send_and_look(stream);
}
