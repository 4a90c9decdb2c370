/* client, inside: the structs behind client.h, and what its files share. */
#ifndef WF_CLIENT_INTERNAL_H
#define WF_CLIENT_INTERNAL_H

#include "client/client.h"

#include <apr_hash.h>
#include <curl/curl.h>

/* ---- request.c, multipart.c, overrides.c: calls ------------------------------------------ */

/** A piece of a body. */
typedef struct wf_body_piece_t {
    const char *data;
    apr_size_t length;
} wf_body_piece_t;

/** Where connections to a host really go. */
typedef struct wf_override_t {
    const char *host;
    int port;              /* 0 = any */
    const char *permitted; /* what the permission hook is told instead of host */
} wf_override_t;

struct wf_client_call_t {
    const char *method;
    CURLU *url; /* parsed once; libcurl copies it per exchange */
    struct curl_slist *headers;
    const char *cookies; /* of a Cookie header, or NULL */
    struct curl_slist *connect_to;
    apr_array_header_t *overrides; /* of wf_override_t, what connect_to says; or NULL */
    const wf_body_piece_t *pieces; /* the body; NULL = none */
    int npieces;
    apr_size_t body_length;
    const wf_client_settings_t *settings;
    apr_size_t max_body;
    int keep_headers, keep_body, keep_request, stable;
    int decode;       /* content encodings */
    int typed, named; /* the request has a Content-Type, a User-Agent */
    int zoned;        /* the URL's host has a zone (RFC 6874) */
};

/** A name or value as curl_slist; 0 without memory. */
int wf_slist_add(struct curl_slist **list, const char *line);

/** The Content-Type of a body of parts; given is the request's own one or NULL. *boundary
 *  gets what divides them. WF_ERR_INVALID if given is none of a multipart body. */
apr_status_t wf_multipart_type(const char **type, const char **boundary,
                               const char *given, apr_pool_t *p, wf_error_t *err);
/** Fill the call's pieces. WF_ERR_INVALID (field "parts"). */
apr_status_t wf_multipart_encode(wf_client_call_t *call, const apr_array_header_t *parts,
                                 const char *boundary, apr_pool_t *p, wf_error_t *err);

/** What the settings say about where to connect and which name TLS uses; may change the
 *  call's URL, and then *host gets the value of the Host header that it should have. */
apr_status_t wf_overrides_add(wf_client_call_t *call, const char **host, apr_pool_t *p,
                              wf_error_t *err);
/** What the permission hook is told for a host of a URL. */
const char *wf_override_find(const wf_client_call_t *call, const char *host, int port);

/* ---- exchange.c, options.c, answer.c: one exchange after the other on a handle ----------- */

#define WF_EXCHANGE_TEXT 320 /* bytes of a failure's text */

typedef enum { WF_FITS, WF_BODY_KEPT, WF_BODY_READ } wf_excess_e;

/** What a transfer of a multi and a blocking call have in common. */
typedef struct wf_exchange_t {
    CURL *handle;
    wf_client_permit_fn *permitted; /* NULL: all */
    void *permit_baton;
    int ask_always; /* ask the hook before each request, not just for new connections */
    wf_client_user_t *user;       /* or NULL */
    const wf_client_call_t *call; /* the last one, see applied */
    const wf_client_settings_t
        *settings;    /* whose options the handle carries; NULL: set them */
    long buffer;      /* bytes that the handle reads at once; 0: not set yet */
    char *default_ca; /* libcurl's own list of issuers */
    int applied;      /* the handle carries all options of call */
    int has_cookies;  /* the handle has the user's */
    struct wf_exchange_t *next_of_user;
    int by_name; /* the method was set by its name */
    int headed;  /* the last answer's header is complete */
    int interim; /* it was a 1xx */
    int denied;  /* why a callback ended the exchange */
    wf_excess_e excess;
    int piece; /* next byte of the body: piece and offset in it */
    apr_size_t offset;
    apr_int64_t started_us;
    /* Of the last request: a connection was there, the last byte of a streamed body was
     * taken, the answer began; 0 = not yet. */
    apr_int64_t ready_us, sent_us, first_us;
    apr_int64_t sending_us, waiting_us; /* of all requests whose answers have begun */
    apr_int64_t size;                   /* of the answer's body, decoded */
    wf_buffer_t headers, body;          /* keep their memory from exchange to exchange */
    wf_buffer_t request;                /* what was sent, if the call keeps it … */
    apr_size_t request_head;            /* … and how much of that is not body */
    int tells;                          /* the handle tells what it sends */
    char text[WF_EXCHANGE_TEXT];
    char detail[CURL_ERROR_SIZE]; /* libcurl's own words, for what its codes don't tell */
} wf_exchange_t;

/** Make the handle. exchange is all zero but for the permission hook. */
apr_status_t wf_exchange_open(wf_exchange_t *exchange, wf_error_t *err);
void wf_exchange_close(wf_exchange_t *exchange);

/** Set the handle up for a call; the clock starts. */
void wf_exchange_begin(wf_exchange_t *exchange, const wf_client_call_t *call);

/** What became of it. The response points into the exchange and lasts until the next
 *  begin or trim. */
void wf_exchange_end(wf_exchange_t *exchange, CURLcode code,
                     wf_client_response_t *response);

/** Give back buffers that have grown large. */
void wf_exchange_trim(wf_exchange_t *exchange);

/** Ask the hook about a connection of the current hop, whose host a redirect may have
 *  changed; remembers a refusal. address is a number in text form. */
int wf_exchange_permits(wf_exchange_t *exchange, int port, const char *address);
/** The same for the address of a new connection. */
int wf_exchange_permits_new(wf_exchange_t *exchange, const struct curl_sockaddr *address);

/** A new handle's options that no call changes. (options.c) */
void wf_options_base(wf_exchange_t *exchange);
/** All options of a call. (options.c) */
void wf_options_apply(wf_exchange_t *exchange, const wf_client_call_t *call);
/** A buffer as the size of the last answer lets expect. (options.c) */
void wf_options_buffer(wf_exchange_t *exchange);
/** No option refers to the call any more. (options.c) */
void wf_options_forget(wf_exchange_t *exchange);

/** libcurl's callbacks; baton is the exchange. */
size_t wf_exchange_drop_body(char *data, size_t size, size_t n, void *baton);
size_t wf_exchange_keep_body(char *data, size_t size, size_t n, void *baton);
size_t wf_exchange_on_header(char *data, size_t size, size_t n, void *baton);
int wf_exchange_on_debug(CURL *handle, curl_infotype type, char *data, size_t n,
                         void *baton);
size_t wf_exchange_read_body(char *out, size_t size, size_t n, void *baton);
int wf_exchange_seek_body(void *baton, curl_off_t offset, int origin);
int wf_exchange_before_request(void *baton, char *address, char *local, int port,
                               int local_port);

/* ---- outcome.c: what libcurl's result means ------------------------------------------ */

/** The outcome of a failed exchange, and its text without changing parts: a constant, or
 *  written to text. host and port are those that were asked for. */
wf_client_outcome_e wf_outcome_of(CURL *handle, CURLcode code, const char *detail,
                                  const char *host, const char *port, const char **error,
                                  char *text, apr_size_t size);

/* ---- multi.c, transfer.c, user.c, stream.c ------------------------------------------------------ */

struct wf_client_multi_t {
    CURLM *handle;
    wf_client_poller_t poller;
    wf_client_permit_fn *permitted;
    void *permit_baton;
    unsigned users;      /* with connections of their own, so far */
    apr_hash_t *streams; /* descriptor → wf_client_stream_t *, of those that are open */
};

struct wf_client_user_t {
    CURLSH *cookies;          /* made by the first exchange that wants them */
    unsigned scope;           /* see set_scope in options.c; 0 = all others' */
    int dirty;                /* the jar may hold cookies */
    int forget;               /* them, before the next exchange */
    wf_exchange_t *exchanges; /* of his transfers */
};

/** Make the exchange a user's, or nobody's. (user.c) */
void wf_user_join(wf_exchange_t *exchange, wf_client_user_t *user);
/** Let the exchange's handle have the user's cookies or leave them. (user.c) */
void wf_user_cookies(wf_exchange_t *exchange, int wanted);
/** Before each exchange: cookies that are to be forgotten. (user.c) */
void wf_user_begin(wf_exchange_t *exchange);

struct wf_client_transfer_t {
    wf_exchange_t exchange;
    wf_client_multi_t *multi;
    wf_client_done_fn *done;
    void *baton;
    int running;   /* is in the multi */
    int stays;     /* there, once it is connected: a stream's */
    int datagrams; /* its sockets are of UDP */
};

/** All but its memory, which is all zero; closed with p. */
apr_status_t wf_transfer_open(wf_client_transfer_t *transfer, wf_client_multi_t *multi,
                              wf_client_done_fn *done, void *baton, apr_pool_t *p,
                              wf_error_t *err);

/** The multi says that this transfer ended. (transfer.c) */
void wf_client_transfer_finish(wf_client_transfer_t *transfer, CURLcode code);

/** An event of an open stream's descriptor. (stream.c) */
void wf_client_stream_ready(wf_client_stream_t *stream);

/** The last thing a connection does. (multi.c) */
int wf_client_close_socket(void *baton, curl_socket_t fd);

/* ---- memory.c: libcurl's memory --------------------------------------------------------- */

/** Start libcurl, with memory as below. Once, before any other use of it. */
CURLcode wf_memory_init(void);
/** The calling thread runs multis from now on: what libcurl allocates on it comes from a
 *  heap of the thread. */
void wf_memory_adopt(void);
/** What libcurl calls for it. */
void *wf_memory_get(size_t n);
void wf_memory_free(void *data);
void *wf_memory_resize(void *data, size_t n);
/** Bytes of the calling thread's heap, used or not; 0 with sanitizers, as there is none.
 */
size_t wf_memory_held(void);

/* ---- terms.c: what a blocking call keeps to -------------------------------------------- */

/** What is left of limit_ms (0 = none) before the terms' deadline: 0 = no limit, < 0 =
 *  it is over. */
long wf_terms_left_ms(const wf_client_terms_t *terms, apr_int64_t limit_ms);

/** Make the handle end its work, with CURLE_ABORTED_BY_CALLBACK, when terms->stop is set.
 *  terms must outlive the work. */
void wf_terms_watch(CURL *handle, const wf_client_terms_t *terms);

/* ---- hosts.c: also in httpd, as is what includes it -------------------------------------- */

/** 1 for a host name of letters, digits, '-' and '_' that could not be an address: an
 *  internationalized one is written in its xn-- form. */
int wf_host_name_valid(const char *name, apr_size_t length);

/** 1 for UTF-8 without a line break or another control character (tabs are fine): it can
 *  begin no line of its own in a header. */
int wf_mail_line_valid(const char *text);

/* ---- mail_text.c: a mail's words ----------------------------------------------------------- */

/** "Name: text" as a header field, in encoded words where needed (RFC 2047). */
const char *wf_mail_header(const char *name, const char *text, apr_pool_t *p);
/** "Name: mailbox,\r\n mailbox": a header field of wf_mail_address_t. */
const char *wf_mail_address_header(const char *name, const apr_array_header_t *list,
                                   apr_pool_t *p);
/** "Content-Disposition: attachment" with a file's name (RFC 2183, RFC 2231). */
const char *wf_mail_disposition(const char *name, apr_pool_t *p);

/** A body's text: line ends as CRLF, written in *charset. That becomes UTF-8 if it lacks
 * a character of the text. WF_ERR_INVALID (field "charset") if mail cannot carry it. */
apr_status_t wf_mail_body(const char **body, apr_size_t *length, const char **charset,
                          const char *text, apr_pool_t *p, wf_error_t *err);

/* ---- mail_compose.c: a mail as libcurl takes it --------------------------------------------- */

typedef struct wf_message_t {
    const char *sender; /* of the envelope */
    struct curl_slist *recipients, *headers;
    curl_mime *mime;
} wf_message_t;

/** Check a mail and put it together for a handle; freed with p. Errors as wf_mail_send.
 */
apr_status_t wf_message_compose(wf_message_t *message, const wf_mail_t *mail,
                                const char *default_sender, CURL *handle, apr_pool_t *p,
                                wf_error_t *err);

#endif
