/* Server-sent events: a text that does not end (the HTML standard, "Server-sent events").
 * The client sends nothing more; whatever comes is thrown away, and its hanging up ends
 * the stream.
 *
 * A browser comes back when such a stream ends. The id of the last event tells the server
 * by the header Last-Event-ID that there is nothing more to come back for. */
#include "stream/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TURN_READS 16 /* in one turn of the loop; there are other clients */

/* clang-format off */
static const char *const names[WF_MESSAGE_KINDS] = {
    [WF_MESSAGE_UPDATE]   = "metrics",
    [WF_MESSAGE_COMPLETE] = "complete",
    [WF_MESSAGE_ERROR]    = "error",
};
/* clang-format on */

typedef struct events_t {
    char *out; /* what the client has not taken yet; NULL = nothing */
    apr_size_t length, sent;
    apr_uint32_t count; /* of events, for their ids */
    int left;           /* nothing follows */
    int shut;           /* and the client can see that */
} events_t;

/* ---- text -------------------------------------------------------------------------- */

static char *add(char *at, const char *text, apr_size_t length)
{
    memcpy(at, text, length);
    return at + length;
}

static char *add_field(char *at, const char *name, const char *value, apr_size_t length)
{
    at = add(at, name, strlen(name));
    at = add(at, ": ", 2);
    at = add(at, value, length);
    return add(at, "\n", 1);
}

/* Lines end with CR, LF or both. */
static const char *next_line(const char *end)
{
    if (end[0] == '\r' && end[1] == '\n') {
        return end + 2;
    }
    return *end ? end + 1 : NULL;
}

char *wf_event_text(const char *event, const char *id, const char *data,
                    apr_size_t *length)
{
    apr_size_t most = strlen(event) + strlen(id) + strlen(data) + 64;
    char *text, *at;

    for (const char *s = data; *s; s++) {
        most += *s == '\r' || *s == '\n' ? sizeof("data: \n") : 0;
    }
    text = at = malloc(most);
    if (!text) {
        return NULL;
    }
    at = add_field(at, "id", id, strlen(id));
    at = add_field(at, "event", event, strlen(event));
    for (const char *line = data; line;) {
        apr_size_t n = strcspn(line, "\r\n");

        at = add_field(at, "data", line, n);
        line = next_line(line + n);
    }
    at = add(at, "\n", 1);
    *length = (apr_size_t)(at - text);
    return text;
}

/* ---- out --------------------------------------------------------------------------- */

/* Takes text over. */
static int append(wf_stream_t *stream, char *text, apr_size_t length)
{
    events_t *events = stream->state;
    apr_size_t rest = events->length - events->sent;
    char *joined;

    if (!text) {
        return -1;
    }
    if (!events->out) {
        events->out = text;
        events->length = length;
        events->sent = 0;
        return 0;
    }
    joined = malloc(rest + length);
    if (joined) {
        add(add(joined, events->out + events->sent, rest), text, length);
        free(events->out);
        events->out = joined;
        events->length = rest + length;
        events->sent = 0;
    }
    free(text);
    return joined ? 0 : -1;
}

static int say(wf_stream_t *stream, wf_message_e kind, const char *data)
{
    events_t *events = stream->state;
    apr_size_t length = 0;
    char id[16];
    char *text;

    snprintf(id, sizeof(id), "%u", ++events->count);
    text = wf_event_text(names[kind], kind == WF_MESSAGE_UPDATE ? id : WF_STREAM_LAST_ID,
                         data, &length);
    return append(stream, text, length);
}

static int idle(wf_stream_t *stream)
{
    return append(stream, strdup(":\n\n"), 3);
}

static int leave(wf_stream_t *stream, wf_end_e why)
{
    events_t *events = stream->state;

    (void)why; /* the end of the text is the only farewell there is */
    events->left = 1;
    return 0;
}

/* Closing at once would reset the connection if the client has sent something that nobody
 * has read, and it would lose the end. */
static void shut_when_sent(wf_stream_t *stream)
{
    events_t *events = stream->state;

    if (events->left && !events->out && !events->shut) {
        events->shut = 1;
        shutdown(stream->fd, SHUT_WR);
    }
}

static int has_unsent(const wf_stream_t *stream)
{
    const events_t *events = stream->state;

    return events->out != NULL || (events->left && !events->shut);
}

static int send_rest(wf_stream_t *stream)
{
    events_t *events = stream->state;

    if (events->out) {
        ssize_t n = wf_stream_write(stream, events->out + events->sent,
                                    events->length - events->sent, 0);

        if (n < 0) {
            return -1;
        }
        events->sent += (apr_size_t)n;
        if (events->sent == events->length) {
            free(events->out);
            events->out = NULL;
            events->length = events->sent = 0;
        }
    }
    shut_when_sent(stream);
    return 0;
}

/* ---- life -------------------------------------------------------------------------- */

static int begin(wf_stream_t *stream)
{
    static const char head[] = "retry: 2000\n\n"; /* milliseconds */

    stream->state = calloc(1, sizeof(events_t));
    if (!stream->state) {
        return -1;
    }
    if (append(stream, strdup(head), sizeof(head) - 1) != 0) {
        free(stream->state);
        return -1;
    }
    return 0;
}

static void end(wf_stream_t *stream)
{
    events_t *events = stream->state;

    free(events->out);
    free(events);
}

static int receive(wf_stream_t *stream)
{
    char bytes[4096];
    ssize_t n = 1;

    for (int i = 0; n > 0 && i < TURN_READS; i++) {
        n = wf_stream_read(stream, bytes, sizeof(bytes));
    }
    return n < 0 ? -1 : 0;
}

static int wants_input(const wf_stream_t *stream)
{
    (void)stream;
    return 1;
}

/* It is over when the client hangs up, which is seen by reading. */
static int is_over(const wf_stream_t *stream)
{
    (void)stream;
    return 0;
}

const wf_protocol_t wf_events_protocol = {
    .name = "events",
    .begin = begin,
    .end = end,
    .say = say,
    .idle = idle,
    .leave = leave,
    .receive = receive,
    .send = send_rest,
    .has_unsent = has_unsent,
    .wants_input = wants_input,
    .is_over = is_over,
};
