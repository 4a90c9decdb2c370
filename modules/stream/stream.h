/* stream: news for clients that stay connected, over WebSocket (RFC 6455) or as
 * server-sent events (the HTML standard's EventSource). One thread with an epoll loop has
 * all sockets; none of them holds a thread elsewhere.
 *
 * What there is to tell the room does not know: its owner hands it a function that is
 * asked about a topic about once a second, once for all streams of that topic. A stream
 * gets the first answer at once, then one a period, the last one when the topic is over.
 * A reader that is slower than that misses updates: at most one waits for it here, and
 * the newest comes when there is room again.
 *
 * A place is reserved before a client is told that it will get a stream, so that whoever
 * comes too late can still be told by an ordinary answer. */
#ifndef WF_STREAM_H
#define WF_STREAM_H

#include "core/core.h"

#define WF_STREAM_PERIOD 1000000 /* microseconds from update to update */
#define WF_STREAM_RESERVATION                                                            \
    30000000                      /* microseconds that a place is kept for a client */
#define WF_STREAM_CLOSING 5000000 /* for a client to take the end and to hang up */
#define WF_STREAM_STALL 60000     /* milliseconds without any progress of a reader */
#define WF_STREAM_MESSAGE 65536   /* bytes of a client's message; they mean nothing */
#define WF_STREAM_NAME 255        /* bytes of a topic */

/** As wf_stream_protocol_parse reads them: "websocket", "events". */
typedef enum {
    WF_STREAM_WEBSOCKET,
    WF_STREAM_EVENTS,
    WF_STREAM_PROTOCOLS
} wf_stream_protocol_e;
const char *wf_stream_protocol_name(wf_stream_protocol_e protocol);
int wf_stream_protocol_parse(const char *name); /* -1 if unknown */

/** The id of the last server-sent event: a client that comes back with it (Last-Event-ID)
 *  has heard all there is. */
#define WF_STREAM_LAST_ID "end"

/** How a topic stands. */
typedef enum {
    WF_STREAM_SILENT, /* nothing can be told at the moment: asked again soon */
    WF_STREAM_NEWS,   /* an update */
    WF_STREAM_OVER,   /* a last update, then the end */
    WF_STREAM_UNKNOWN /* there is no such topic: nothing but an error message */
} wf_stream_state_e;

/** What there is to tell: JSON texts, in the pool that came with the question. */
typedef struct wf_stream_news_t {
    const char *update; /* of NEWS and OVER */
    const char *last;   /* of OVER and UNKNOWN */
} wf_stream_news_t;

/** Asked on the streams' thread; all streams wait meanwhile. format is one of the owner's
 *  own, for topics that have news in several forms. */
typedef wf_stream_state_e wf_stream_look_fn(void *baton, const char *topic, int format,
                                            wf_stream_news_t *news, apr_pool_t *p);

typedef struct wf_streams_options_t {
    wf_stream_look_fn *look;
    void *baton;
    int limit;        /* streams at once, reserved places included */
    int tunnel_limit; /* of them, those that hold a thread of somebody else */
    /* Microseconds; 0 = as above. Tests have less time. */
    apr_interval_time_t period, reservation;
} wf_streams_options_t;

typedef struct wf_streams_t wf_streams_t;

/** Start the thread. */
apr_status_t wf_streams_create(wf_streams_t **streams,
                               const wf_streams_options_t *options, apr_pool_t *p,
                               wf_error_t *err);

/** Tell everybody that the server goes away (WebSocket close code 1001), wait a moment
 *  for the slow, end the thread. Places are refused from now on. */
void wf_streams_stop(wf_streams_t *streams);

/** After that, when no other thread calls any more. */
void wf_streams_destroy(wf_streams_t *streams);

/* Any thread, never blocking: */

void wf_streams_set_limits(wf_streams_t *streams, int limit, int tunnel_limit);

/** What a client asked for. */
typedef struct wf_stream_place_t {
    const char *topic;
    int format;
    wf_stream_protocol_e protocol;
    int tunnelled; /* its socket is a thread's, which passes everything on */
} wf_stream_place_t;

/** Keep a place; *ticket opens the stream later. An unused one is free again after
 *  WF_STREAM_RESERVATION. WF_ERR_UNAVAILABLE beyond the limits and while stopping,
 *  WF_ERR_INVALID for a topic that is too long. */
apr_status_t wf_streams_reserve(wf_streams_t *streams, const wf_stream_place_t *place,
                                apr_int64_t *ticket, wf_error_t *err);

/** Begin: fd is the connection after the head of the response. On success it belongs to
 * the streams, which close it. early (copied) is what was read from it already, at most
 *  WF_STREAM_EARLY bytes. WF_ERR_NOT_FOUND for a ticket that is unknown, used or too old.
 */
#define WF_STREAM_EARLY 65536
apr_status_t wf_streams_open(wf_streams_t *streams, apr_int64_t ticket, int fd,
                             const char *early, apr_size_t length, wf_error_t *err);

/** There is something new on a topic: look now. */
void wf_streams_wake(wf_streams_t *streams, const char *topic);

/** How many are open or reserved. */
int wf_streams_count(wf_streams_t *streams);

#endif
