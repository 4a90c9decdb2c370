/* link: one connection between two servers that know each other: a WebSocket (RFC 6455)
 * that one of them opens, and over which both send JSON objects.
 *
 * One thread with an epoll loop has all links of a process, however many. Before anything
 * else is said both sides prove that they have the same key, without sending it. The links
 * find out by themselves how far the clocks are apart, and close when the other side falls
 * silent: a process that is stopped, a cable that is cut.
 *
 * Who opened a link is its client. Connecting again is the owner's affair. */
#ifndef WF_LINK_H
#define WF_LINK_H

#include "core/core.h"

#include <sys/types.h>

#define WF_LINK_VERSION 1
#define WF_LINK_GREETING 10000000   /* microseconds until both have proved their key */
#define WF_LINK_RESERVATION 30000000 /* … that a place is kept for a client */
#define WF_LINK_MESSAGE (64 * 1024 * 1024) /* bytes of one, at most */
#define WF_LINK_UNSENT (96 * 1024 * 1024)  /* that wait for a slow reader, at most */
#define WF_LINK_NAME 100                   /* bytes of a name */

/* ---- keys (key.c) ------------------------------------------------------------------ */

#define WF_LINK_KEY_MIN 16 /* bytes */
#define WF_LINK_KEY_MAX 4096

typedef struct wf_link_key_t {
    const char *bytes;
    apr_size_t length;
} wf_link_key_t;

/** Read a key: the bytes of a file, without the line end of its last line. Lives in p.
 *  WF_ERR_INVALID if others than its owner and group may read it, or if it is too short or
 *  too long; no message quotes it. */
apr_status_t wf_link_key_read(wf_link_key_t *key, const char *path, apr_pool_t *p,
                              wf_error_t *err);
/** Make such a file with a random key, readable by its owner alone (-1: who asks). Of
 * several who do so at once one makes it: WF_ERR_CONFLICT if there is one. */
apr_status_t wf_link_key_make(const char *path, uid_t owner, apr_pool_t *p,
                              wf_error_t *err);

/* ---- clocks (clock.c) -------------------------------------------------------------- */

#define WF_LINK_SAMPLES 16 /* exchanges that are remembered */
#define WF_LINK_TIME_MAX                                                                 \
    (APR_INT64_MAX / 4) /* microseconds: a clock tells less than that */

/* What the exchanges of a link tell of the other side's clock. All zero: nothing. */
typedef struct wf_link_clock_t {
    struct {
        apr_int64_t offset_us, error_us;
    } samples[WF_LINK_SAMPLES];
    unsigned count; /* of all exchanges */
} wf_link_clock_t;

/** An exchange: asked at t0 by our clock, answered at t1 by theirs, heard at t2 by ours;
 *  microseconds. One whose answer came before its question is none. */
void wf_link_clock_add(wf_link_clock_t *clock, apr_int64_t t0, apr_int64_t t1,
                       apr_int64_t t2);
/** Their clock is so far ahead of ours, give or take the error: that of the quickest of the
 *  latest exchanges. 0 if nothing is known. */
int wf_link_clock_read(const wf_link_clock_t *clock, apr_int64_t *offset_us,
                       apr_int64_t *error_us);

/* ---- links (links.c) --------------------------------------------------------------- */

typedef struct wf_links_t wf_links_t;
typedef apr_int64_t wf_link_t; /* a number that is never used twice; 0: none */

/* Called on the links' thread; they may send and close, and must not block. */
typedef struct wf_link_owner_t {
    void *baton;
    /** The other side has proved its key. name: the client's, at the server; else NULL. */
    void (*opened)(void *baton, wf_link_t link, const char *name);
    /** A message, borrowed. */
    void (*message)(void *baton, wf_link_t link, json_object *message);
    /** It is over, also one that never opened; why is for a log. */
    void (*closed)(void *baton, wf_link_t link, const char *why);
} wf_link_owner_t;

typedef struct wf_links_options_t {
    wf_link_owner_t owner;
    wf_link_key_t key;
    int trusted;       /* there is no key: nobody has to prove anything, and nobody can */
    int limit;         /* links at once, reserved places included */
    apr_interval_time_t silence;  /* microseconds without a word, then it is over; 0: never */
    apr_interval_time_t greeting; /* 0: WF_LINK_GREETING */
    apr_int64_t (*now)(void);     /* wall clock, microseconds; NULL: that of the machine */
} wf_links_options_t;

/** Start the thread. The key is copied. WF_ERR_INVALID without a key, unless that is
 * meant. */
apr_status_t wf_links_create(wf_links_t **links, const wf_links_options_t *options,
                             apr_pool_t *p, wf_error_t *err);
/** Close all links, without waiting for the slow, and end the thread. */
void wf_links_destroy(wf_links_t *links);

/* Any thread, never blocking: */

/** Keep a place for a client whose upgrade is about to be accepted; the ticket opens its
 *  link. WF_ERR_UNAVAILABLE beyond the limit. */
apr_status_t wf_links_reserve(wf_links_t *links, apr_int64_t *ticket, wf_error_t *err);
/** The server's end of a link: fd is the connection after the head of the response, and
 *  belongs to the links on success; early (copied) is what was read from it already.
 *  WF_ERR_NOT_FOUND for a ticket that is unknown, used or too old. */
apr_status_t wf_links_open(wf_links_t *links, apr_int64_t ticket, int fd,
                           const char *early, apr_size_t length, wf_link_t *link,
                           wf_error_t *err);
/** The client's end, after the upgrade (wf_link_dial gives such an fd); name tells the
 *  server who we are. */
apr_status_t wf_links_join(wf_links_t *links, int fd, const char *name, wf_link_t *link,
                           wf_error_t *err);

/** Send to a link that is open. What cannot be sent any more, because it is closed, is
 *  dropped: closed() has said so or will. The caller keeps its reference. */
void wf_link_send(wf_links_t *links, wf_link_t link, json_object *message);
/** End it; the other side is told why. What the socket has not taken yet is dropped. */
void wf_link_close(wf_links_t *links, wf_link_t link, const char *why);
/** The other side's clock, as wf_link_clock_read. */
int wf_link_offset(wf_links_t *links, wf_link_t link, apr_int64_t *offset_us,
                   apr_int64_t *error_us);
int wf_links_count(wf_links_t *links);

/* ---- the way to a server (dial.c) --------------------------------------------------- */

#define WF_LINK_PATH "/api/v1/slave-ws"
#define WF_LINK_DIALING 30000000 /* microseconds for the whole way, unless told otherwise */

typedef struct wf_link_target_t {
    const char *url;   /* http[s]://host[:port][/path], to which what is missing of
                          WF_LINK_PATH is added; without a scheme it is http */
    const char *user;  /* "name:password", for httpd's authentication; or NULL */
    const char *api_key; /* the header X-API-Key; or NULL */
    const char *token; /* the same by a bearer's token; or NULL */
    const char *ca_file; /* PEM; NULL: whom the machine trusts */
    const char *certificate, *private_key; /* PEM, ours; or NULL */
    apr_interval_time_t timeout; /* 0: WF_LINK_DIALING */
    const int *cancelled; /* read atomically; not 0: give up, within seconds; or NULL */
} wf_link_target_t;

/** Connect to a server, which takes its time, and ask it for the upgrade: fd is the
 *  caller's, for wf_links_join. Over TLS what it leads to ends with p, at the latest.
 *  WF_ERR_INVALID for a URL that is none; WF_ERR_FORBIDDEN, WF_ERR_NOT_FOUND or
 *  WF_ERR_UNAVAILABLE tell what the server said, or why it could not be reached. Proxies
 *  of the environment are not used. */
apr_status_t wf_link_dial(int *fd, const wf_link_target_t *target, apr_pool_t *p,
                          wf_error_t *err);

#endif
