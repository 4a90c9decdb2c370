/* Shared by the files of this room.
 *
 *   key.c     keys, and proofs of having one
 *   clock.c   the other side's clock
 *   link.c    one link: greeting, messages, its end
 *   links.c   the thread, its epoll loop and mailbox
 *   dial.c    how a client comes to its server
 *   tunnel.c  … over TLS
 *
 * A link belongs to the thread; what others ask for comes as a letter. On the wire the
 * owner's messages are text, and what the links say to each other are binary frames, so
 * that neither can be taken for the other. All of them are JSON objects. */
#ifndef WF_LINK_INTERNAL_H
#define WF_LINK_INTERNAL_H

#include "link/link.h"

#include <curl/curl.h>
#include <pthread.h>
#include <wslay/wslay.h>

/* ---- key.c ------------------------------------------------------------------------- */

#define WF_LINK_NONCE 32 /* hexadecimal digits */
#define WF_LINK_PROOF 64

/** Random digits. */
apr_status_t wf_link_nonce(char nonce[WF_LINK_NONCE + 1], wf_error_t *err);
/** What only who has the key can say: HMAC-SHA256 over the side ("server", "client"), both
 *  nonces and the client's name. Without a key it is "". */
apr_status_t wf_link_proof(char proof[WF_LINK_PROOF + 1], const wf_link_key_t *key,
                           const char *side, const char *client_nonce,
                           const char *server_nonce, const char *name, wf_error_t *err);
/** 1 if they are equal; takes the same time wherever they differ. */
int wf_link_proof_equal(const char *a, const char *b);

/* ---- link.c ------------------------------------------------------------------------ */

typedef struct wf_one_link_t wf_one_link_t;

typedef enum {
    WF_LINK_GREETS, /* nobody has proved anything yet */
    WF_LINK_OPEN,
    WF_LINK_ENDS /* our farewell is queued; closed() was called */
} wf_link_state_e;

struct wf_one_link_t {
    wf_links_t *links;
    wf_link_t id;
    int fd, client; /* client: this is its end */
    wf_link_state_e state;
    wslay_event_context_ptr ws;
    char *early; /* bytes that came before the socket was ours */
    apr_size_t early_length, early_read;
    apr_size_t left; /* bytes that may be read in this turn */
    int pings;       /* since the last tick */
    int gone;    /* the socket is of no use any more */
    unsigned watched; /* epoll events */
    char name[WF_LINK_NAME + 1];
    char own_nonce[WF_LINK_NONCE + 1], their_nonce[WF_LINK_NONCE + 1];
    apr_int64_t born_us, heard_us, asked_us, ends_us; /* wf_mono_us */
    wf_link_clock_t clock; /* with the links' lock */
    wf_one_link_t *next;
};

/** 1 for what a client may be called: it stands in logs. */
int wf_link_name_valid(const char *name);
/** Takes fd and early (malloc) over. NULL without memory, then both are the caller's. */
wf_one_link_t *wf_one_link_create(wf_links_t *links, wf_link_t id, int fd,
                                  const char *name, char *early, apr_size_t length);
void wf_one_link_destroy(wf_one_link_t *link);
/** The client begins. */
void wf_one_link_greet(wf_one_link_t *link);
/** The socket has something, or takes something. */
void wf_one_link_handle(wf_one_link_t *link, unsigned events);
/** Time has passed: ask for theirs, notice silence. */
void wf_one_link_tick(wf_one_link_t *link, apr_int64_t now_us);
void wf_one_link_send(wf_one_link_t *link, const char *text, apr_size_t length);
/** Say farewell; closed() is called unless it was. */
void wf_one_link_end(wf_one_link_t *link, const char *why);
/** There is nothing left to wait for. */
int wf_one_link_is_over(const wf_one_link_t *link, apr_int64_t now_us);
unsigned wf_one_link_wishes(const wf_one_link_t *link);

/* ---- links.c ----------------------------------------------------------------------- */

typedef struct wf_letter_t wf_letter_t;

typedef struct wf_place_t {
    apr_int64_t ticket, until_us;
    struct wf_place_t *next;
} wf_place_t;

struct wf_links_t {
    wf_links_options_t options;
    apr_pool_t *pool;
    apr_pool_t *scratch; /* the thread's, cleared after each message */
    apr_int64_t quiet_until_us; /* about those who are not let in */
    pthread_t thread;
    int epoll, bell;     /* bell: an eventfd, rung for letters */

    pthread_mutex_t lock;
    wf_letter_t *letters, **last_letter;
    wf_place_t *places;
    wf_one_link_t *all; /* changed by the thread alone */
    int count;          /* links and places */
    apr_int64_t next_id;
    int quit;
};

/* ---- tunnel.c ---------------------------------------------------------------------- */

/** A socket for a link from libcurl's connection, whose own is outside; the handle belongs
 *  to the tunnel on success. The tunnel ends with either of its ends, or with p. */
apr_status_t wf_link_tunnel(int *fd, CURL *handle, int outside, apr_pool_t *p,
                            wf_error_t *err);

#endif
