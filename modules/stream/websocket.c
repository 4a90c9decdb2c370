/* A WebSocket after its handshake: libwslay makes and reads the frames, answers pings,
 * checks masks, lengths and UTF-8, and keeps what the socket does not take at once.
 *
 * What a client sends means nothing to us, so its messages are not kept. But it may send
 * pings faster than it reads our pongs, or bytes faster than they can be looked at: both
 * are bounded below. */
#include "stream/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <wslay/wslay.h>

/* Messages that wait for the client before nothing more is read from it. */
#define QUEUE_MAX 16
/* Bytes read in one turn of the loop; there are other clients. */
#define TURN_BYTES 65536

typedef struct websocket_t {
    wslay_event_context_ptr context;
    apr_size_t left; /* bytes of this turn */
    int gone;        /* the client has hung up */
    int leaves;      /* a close frame follows what is queued */
    wf_end_e why;
    int shut; /* our side of the connection is closed */
} websocket_t;

/* clang-format off */
static const struct {
    apr_uint16_t code;
    const char *reason;
} ends[WF_END_KINDS] = {
    [WF_END_COMPLETE]   = { WSLAY_CODE_NORMAL_CLOSURE,   "completed" },
    [WF_END_UNKNOWN]    = { WSLAY_CODE_POLICY_VIOLATION, "unknown" },
    [WF_END_GOING_AWAY] = { WSLAY_CODE_GOING_AWAY,       "the engine stops" },
};
/* clang-format on */

/* ---- what libwslay calls ----------------------------------------------------------- */

static ssize_t on_receive(wslay_event_context_ptr context, uint8_t *to, size_t length,
                          int flags, void *data)
{
    wf_stream_t *stream = data;
    websocket_t *ws = stream->state;
    ssize_t n = 0;

    (void)flags;
    if (ws->left > 0 && wslay_event_get_queued_msg_count(context) < QUEUE_MAX) {
        n = wf_stream_read(stream, to, length < ws->left ? length : ws->left);
    }
    if (n > 0) {
        ws->left -= (apr_size_t)n;
        return n;
    }
    ws->gone = n < 0;
    wslay_event_set_error(context,
                          n == 0 ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t on_send(wslay_event_context_ptr context, const uint8_t *data,
                       size_t length, int flags, void *baton)
{
    ssize_t n = wf_stream_write(baton, data, length, flags & WSLAY_MSG_MORE);

    if (n > 0) {
        return n;
    }
    wslay_event_set_error(context,
                          n == 0 ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

/* ---- life -------------------------------------------------------------------------- */

static int begin(wf_stream_t *stream)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_receive,
        .send_callback = on_send,
    };
    websocket_t *ws = calloc(1, sizeof(*ws));

    if (!ws || wslay_event_context_server_init(&ws->context, &callbacks, stream) != 0) {
        free(ws);
        return -1;
    }
    wslay_event_config_set_no_buffering(ws->context, 1);
    wslay_event_config_set_max_recv_msg_length(ws->context, WF_STREAM_MESSAGE);
    stream->state = ws;
    return 0;
}

static void end(wf_stream_t *stream)
{
    websocket_t *ws = stream->state;

    wslay_event_context_free(ws->context);
    free(ws);
}

/* ---- out --------------------------------------------------------------------------- */

/* After a close frame nothing may follow: what is said then is lost, and that is right.
 */
static int queued(int rc)
{
    return rc == 0 || rc == WSLAY_ERR_NO_MORE_MSG ? 0 : -1;
}

static int say(wf_stream_t *stream, wf_message_e kind, const char *text)
{
    websocket_t *ws = stream->state;
    struct wslay_event_msg message = { .opcode = WSLAY_TEXT_FRAME,
                                       .msg = (const uint8_t *)text,
                                       .msg_length = strlen(text) };

    (void)kind; /* the text says it */
    return queued(wslay_event_queue_msg(ws->context, &message));
}

/* libwslay lets a close frame overtake messages, and drops these then. So it is queued
 * when they have gone. */
static int leave(wf_stream_t *stream, wf_end_e why)
{
    websocket_t *ws = stream->state;

    ws->leaves = 1;
    ws->why = why;
    return 0;
}

static int queue_close(websocket_t *ws)
{
    ws->leaves = 0;
    return queued(wslay_event_queue_close(ws->context, ends[ws->why].code,
                                          (const uint8_t *)ends[ws->why].reason,
                                          strlen(ends[ws->why].reason)));
}

static int has_unsent(const wf_stream_t *stream)
{
    const websocket_t *ws = stream->state;

    return ws->leaves || wslay_event_want_write(ws->context);
}

static int send_queued(wf_stream_t *stream)
{
    websocket_t *ws = stream->state;

    if (wslay_event_send(ws->context) != 0) {
        return -1;
    }
    if (ws->leaves && !wslay_event_want_write(ws->context)
        && (queue_close(ws) != 0 || wslay_event_send(ws->context) != 0)) {
        return -1;
    }
    /* The client did not keep to the rules: it has been told so, and that is all. */
    if (wslay_event_get_close_sent(ws->context) && !ws->shut
        && !wslay_event_get_read_enabled(ws->context)) {
        ws->shut = 1;
        shutdown(stream->fd, SHUT_WR);
    }
    return 0;
}

/* ---- in ---------------------------------------------------------------------------- */

/* A connection that is closed while it has bytes unread is reset, and the client loses
 * our last words. */
static int discard(wf_stream_t *stream)
{
    websocket_t *ws = stream->state;
    char bytes[4096];
    ssize_t n = 0;

    while (ws->left > 0 && (n = wf_stream_read(stream, bytes, sizeof(bytes))) > 0) {
        ws->left -= (apr_size_t)n < ws->left ? (apr_size_t)n : ws->left;
    }
    return n < 0 ? -1 : 0;
}

static int receive(wf_stream_t *stream)
{
    websocket_t *ws = stream->state;

    ws->left = TURN_BYTES;
    if (!wslay_event_get_read_enabled(ws->context)) {
        return discard(stream);
    }
    /* Without the client's fault it fails only for want of memory. */
    if (wslay_event_recv(ws->context) != 0
        && (ws->gone || wslay_event_get_read_enabled(ws->context))) {
        return -1;
    }
    if (!wslay_event_get_read_enabled(ws->context) && !stream->leaving) {
        stream->leaving = 1;
        stream->leave_until = wf_mono_us() + WF_STREAM_CLOSING;
    }
    return 0;
}

static int wants_input(const wf_stream_t *stream)
{
    const websocket_t *ws = stream->state;

    return !wslay_event_get_read_enabled(ws->context)
           || wslay_event_get_queued_msg_count(ws->context) < QUEUE_MAX;
}

static int is_over(const wf_stream_t *stream)
{
    const websocket_t *ws = stream->state;

    return wslay_event_get_close_sent(ws->context)
           && wslay_event_get_close_received(ws->context);
}

const wf_protocol_t wf_websocket_protocol = {
    .name = "websocket",
    .begin = begin,
    .end = end,
    .say = say,
    .leave = leave,
    .receive = receive,
    .send = send_queued,
    .has_unsent = has_unsent,
    .wants_input = wants_input,
    .is_over = is_over,
};
