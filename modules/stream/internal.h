/* Shared by the files of this room.
 *
 *   streams.c    places and tickets, which other threads ask for; the loop; topics
 *   stream.c     one socket from its first byte to its last
 *   websocket.c  what goes over it, by protocol
 *   events.c
 *
 * Everything but the reservations belongs to the loop's thread. */
#ifndef WF_STREAM_INTERNAL_H
#define WF_STREAM_INTERNAL_H

#include "stream/stream.h"

typedef struct wf_stream_t wf_stream_t;

typedef enum {
    WF_MESSAGE_UPDATE,
    WF_MESSAGE_COMPLETE,
    WF_MESSAGE_ERROR,
    WF_MESSAGE_KINDS
} wf_message_e;

/** Why a stream ends. */
typedef enum {
    WF_END_COMPLETE,
    WF_END_UNKNOWN,
    WF_END_GOING_AWAY,
    WF_END_KINDS
} wf_end_e;

/** A protocol. What it is given to send it keeps until the socket takes it. Functions
 * that return int: 0, or -1 when the connection is lost. */
typedef struct wf_protocol_t {
    const char *name;
    int (*begin)(wf_stream_t *stream);
    void (*end)(wf_stream_t *stream); /* free what begin made */
    /** Queue a message; text is copied. */
    int (*say)(wf_stream_t *stream, wf_message_e kind, const char *text);
    /** There is nothing to say; NULL if that needs no saying. */
    int (*idle)(wf_stream_t *stream);
    /** Queue the farewell: nothing is said afterwards. */
    int (*leave)(wf_stream_t *stream, wf_end_e why);
    int (*receive)(
        wf_stream_t *stream);         /* the socket has bytes, or there are early ones */
    int (*send)(wf_stream_t *stream); /* as much as the socket takes */
    int (*has_unsent)(const wf_stream_t *stream);
    int (*wants_input)(const wf_stream_t *stream);
    /** The client has said farewell, too, or it needs none. */
    int (*is_over)(const wf_stream_t *stream);
} wf_protocol_t;

extern const wf_protocol_t wf_websocket_protocol, wf_events_protocol;

struct wf_stream_t {
    int fd;
    const wf_protocol_t *protocol;
    void *state; /* the protocol's */
    char *early; /* bytes that came before the socket was ours */
    apr_size_t early_length, early_read;
    int tunnelled;
    int leaving;               /* the farewell is queued */
    apr_int64_t leave_until;   /* wf_mono_us; then the socket is closed anyway */
    apr_int64_t told_at;       /* when an update was queued last; 0 = never */
    unsigned watched;          /* epoll events */
    wf_stream_t *next, **link; /* of its topic, or of those that leave */
};

/* ---- stream.c ---------------------------------------------------------------------- */

const wf_protocol_t *wf_stream_protocol(wf_stream_protocol_e protocol);

/** A stream on fd, which it closes; takes early over (malloc). NULL without memory, then
 *  both are the caller's. */
wf_stream_t *wf_stream_create(int fd, const wf_protocol_t *protocol, int tunnelled,
                              char *early, apr_size_t early_length);
void wf_stream_destroy(wf_stream_t *stream);

/** Read at most length bytes, early ones first. > 0; 0 = nothing there now; -1 = the
 * client has hung up or the connection is broken. */
ssize_t wf_stream_read(wf_stream_t *stream, void *to, apr_size_t length);
/** Write what the socket takes: >= 0, or -1 when it is broken. */
ssize_t wf_stream_write(wf_stream_t *stream, const void *data, apr_size_t length,
                        int more_follows);

/** All the loop needs: after each of these -1 means that the stream is to be destroyed.
 */
int wf_stream_handle(wf_stream_t *stream, unsigned events);
/** What it should be watched for (epoll events). */
unsigned wf_stream_wishes(const wf_stream_t *stream);

/** Say an update, unless one still waits for the client: then it is left out. */
int wf_stream_tell(wf_stream_t *stream, const char *text, apr_int64_t now);
int wf_stream_idle(wf_stream_t *stream);
/** Say the last things (either may be NULL) and farewell. */
int wf_stream_leave(wf_stream_t *stream, const char *update, const char *last,
                    wf_end_e why, apr_int64_t now);

/* ---- events.c ---------------------------------------------------------------------- */

/** One event of a text/event-stream: every line of data in a field of its own. malloc;
 *  NULL without memory. */
char *wf_event_text(const char *event, const char *id, const char *data,
                    apr_size_t *length);

#endif
