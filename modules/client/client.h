/* client: outgoing HTTP and mail through libcurl: requests prepared once and sent often,
 * transfers that reuse one handle, a group of transfers (multi) that is driven by its
 * owner's event loop, what users of a multi have for themselves (cookies, connections),
 * streams of bytes, exchanges and mails that their thread waits for, and which targets
 * are permitted. The room starts no thread and holds no lock: a multi and its transfers
 * belong to one thread; prepared calls, settings, targets and mail servers are immutable
 * and may be shared by all. No libcurl type leaves the room. */
#ifndef WF_CLIENT_H
#define WF_CLIENT_H

#include "core/core.h"

/** Initialise libcurl, once per process, before threads that use it are started. Calling
 *  it again is harmless. */
apr_status_t wf_client_global_init(wf_error_t *err);

/* ---- what to ask ------------------------------------------------------------------- */

#define WF_CLIENT_CONNECT_TIMEOUT_MS 10000
#define WF_CLIENT_IDLE_TIMEOUT_MS 30000
#define WF_CLIENT_TIMEOUT_MS 60000
#define WF_CLIENT_MAX_REDIRECTS 10
#define WF_CLIENT_MAX_BODY (16 * 1024 * 1024)
#define WF_CLIENT_MAX_READ ((apr_int64_t)1024 * 1024 * 1024)
#define WF_CLIENT_MAX_HEADER (300 * 1024) /* an answer's header, libcurl's own limit */
#define WF_CLIENT_STREAM (64 * 1024)      /* larger bodies are sent piece by piece */

typedef enum {
    WF_HTTP_1_1,     /* never anything else */
    WF_HTTP_AUTO,    /* HTTP/2 where the server offers it over TLS (ALPN), else 1.1 */
    WF_HTTP_2,       /* the same, and offered by Upgrade where there is no TLS */
    WF_HTTP_2_PRIOR, /* HTTP/2 from the first byte, also without TLS */
    WF_HTTP_VERSIONS
} wf_http_version_e;

/** Connect to an address instead of looking a name up. */
typedef struct wf_client_resolve_t {
    const char *host;    /* of a URL, also of a redirect's */
    int port;            /* of the URL; 0 = any */
    const char *address; /* IPv4 or IPv6, without brackets */
} wf_client_resolve_t;

/** How to talk to a target. Immutable while a call refers to it. */
typedef struct wf_client_settings_t {
    int insecure;             /* 1: accept any certificate and host name */
    const char *ca;           /* PEM file of trusted issuers instead of the
                                 system's, or NULL */
    const char *certificate;  /* client certificate (PEM) and its key, or NULL */
    const char *key;          /* NULL: in the certificate's file */
    const char *key_password; /* or NULL */
    const char *server_name; /* name that TLS asks for (SNI) and that the certificate must
                                have, instead of the URL's host; or NULL */
    const apr_array_header_t *resolve; /* of wf_client_resolve_t, or NULL. The permission
                                          hook is then given the address as host */
    wf_http_version_e version;
    int compression;   /* 1: ask for gzip, deflate, br or zstd. What comes encoded is
                          decoded then, and also where the request has an Accept-Encoding
                          of its own */
    int no_keep_alive; /* 1: a connection for this exchange alone */
    int no_cookies;    /* 1: leave the user's cookies alone */
    int follow_redirects;
    int max_redirects;              /* one more is WF_CLIENT_REDIRECTS */
    apr_int64_t connect_timeout_ms; /* name, TCP and TLS; 0 = only the whole limit */
    apr_int64_t idle_timeout_ms;    /* longest silence; rounded up to seconds; 0 = none */
    apr_int64_t timeout_ms;         /* the whole exchange; 0 = none */
    apr_int64_t max_read; /* bytes of a body, decoded; more is WF_CLIENT_TOO_LARGE, also
                             where it is not kept; 0 = no limit */
} wf_client_settings_t;

/** The defaults above: HTTP/1.1 on kept connections, verify, follow 10 redirects, 10 s,
 *  30 s, 60 s, 1 GiB. */
void wf_client_settings_init(wf_client_settings_t *settings);

/** A part of a multipart/form-data body (RFC 7578): a field, or a file if it has a file
 *  name. Texts and data are borrowed by the call. */
typedef struct wf_client_part_t {
    const char *name;     /* UTF-8 */
    const char *filename; /* UTF-8, or NULL */
    const char *type;     /* media type; NULL: none for a field, and for a file
                             application/octet-stream */
    const char *data;
    apr_size_t length;
} wf_client_part_t;

/** One request. */
typedef struct wf_client_request_t {
    const char *method;                /* upper case */
    const char *url;                   /* absolute, http or https */
    const apr_array_header_t *headers; /* of wf_client_header_t, or NULL. Cookies of a
                                          Cookie header are sent besides the user's, and
                                          to the first host alone */
    const char *body;                  /* NULL = no body; borrowed by the call */
    apr_size_t body_length;
    const apr_array_header_t *parts; /* of wf_client_part_t: the body is a multipart one
                                        and gets its Content-Type; NULL = none */
    const wf_client_settings_t *settings; /* borrowed by the call */
    int keep_headers;                     /* else the answer's headers are only counted */
    int keep_body;                        /* else the answer's body is only counted */
    int keep_request;                     /* else nobody asks what was really sent */
    apr_size_t max_body;                  /* a longer kept body is WF_CLIENT_TOO_LARGE */
    int stable; /* the call and its settings outlive every transfer
                   that sends it: sent twice in a row, no option is
                   set again */
} wf_client_request_t;

typedef struct wf_client_header_t {
    const char *name, *value;
} wf_client_header_t;

/** A request ready to be sent any number of times, from any thread. */
typedef struct wf_client_call_t wf_client_call_t;

/** Check and prepare a request: URL, method, headers (RFC 9110 section 5), parts. The
 * call lives in p. WF_ERR_INVALID says what is wrong, without quoting values. */
apr_status_t wf_client_prepare(wf_client_call_t **call,
                               const wf_client_request_t *request, apr_pool_t *p,
                               wf_error_t *err);

/** 1 if the text is a header name, or may stand as a header value. */
int wf_client_header_name_valid(const char *name);
int wf_client_header_value_valid(const char *value);

/** 1 if the text is an IPv4 or IPv6 address, without brackets. */
int wf_client_address_valid(const char *address);

/* ---- what came back ---------------------------------------------------------------- */

typedef enum {
    WF_CLIENT_OK,        /* an answer arrived, whatever its status */
    WF_CLIENT_TIMEOUT,   /* one of the settings' limits, or of the terms' */
    WF_CLIENT_CONNECT,   /* name not found, connection refused or broken */
    WF_CLIENT_TLS,       /* handshake or certificate */
    WF_CLIENT_DENIED,    /* the permission hook refused the address */
    WF_CLIENT_REDIRECTS, /* too many, or to something that is not http(s) */
    WF_CLIENT_TOO_LARGE, /* a kept body beyond max_body, any beyond max_read, a header */
    WF_CLIENT_PROTOCOL,  /* the answer is no HTTP, or not encoded as it says */
    WF_CLIENT_OUTCOMES
} wf_client_outcome_e;

/** Where the time of an exchange went, in microseconds, redirects included; together its
 *  duration. What did not happen is 0: looking up, connecting and tls on a kept
 *  connection, sending where the request left in one write. */
typedef struct wf_client_timings_t {
    apr_int64_t blocked;    /* until libcurl had a connection to use or to open */
    apr_int64_t looking_up; /* the name */
    apr_int64_t connecting; /* TCP */
    apr_int64_t tls;        /* handshake */
    apr_int64_t sending;    /* the body */
    apr_int64_t waiting;    /* for the first byte of the answer */
    apr_int64_t receiving;  /* until its last one */
} wf_client_timings_t;

#define WF_CLIENT_SENT_MAX (64 * 1024)

/** Given to a done function: valid during its call only. */
typedef struct wf_client_response_t {
    wf_client_outcome_e outcome;
    const char *error; /* without changing parts, so that equal failures have equal
                          texts; NULL if WF_CLIENT_OK */
    int status;        /* of the last answer, 0 if there was none */
    const char *body;  /* NUL terminated; NULL if not kept */
    apr_size_t body_length;
    const char *headers; /* the last answer's lines "Name: value\r\n"; NULL if not kept */
    apr_size_t headers_length;
    const char *request; /* the last request as it was sent: its line, its headers, an empty
                            line, its body (WF_CLIENT_SENT_MAX bytes in all, at most); NULL
                            if not kept, or none was sent */
    apr_size_t request_length;
    apr_size_t request_head; /* of these, without the body */
    apr_int64_t sent, received; /* bytes of all hops, headers included */
    apr_int64_t size;           /* bytes of the body, decoded */
    apr_int64_t wire_size;      /* as they came */
    apr_int64_t duration_us;    /* from the send call to the last byte */
    wf_client_timings_t timings;
    const char *url; /* of the last request, after redirects */
    int redirects;   /* followed */
    int reused;      /* 1: no connection had to be opened */
    int version;     /* of the last answer: 10, 11, 20; 0 if there was none */
} wf_client_response_t;

/** "HTTP/1.1" for 11, "HTTP/2" for 20; "" for 0. */
const char *wf_client_version_name(int version);

/** The standard phrase of a status ("Not Found"), "" for an unknown one. */
const char *wf_client_reason(int status);

/** Read the next line of a header block; 0 at its end. Start with *at = headers. */
int wf_client_header_next(const char **at, const char *end, const char **name,
                          apr_size_t *name_length, const char **value,
                          apr_size_t *value_length);

/** May a connection to this address be opened? host is the name in the URL, address the
 *  number it resolved to. Asked before every new connection, redirects included. */
typedef int wf_client_permit_fn(void *baton, const char *host, int port,
                                const char *address);

/* ---- a group of transfers on its owner's loop -------------------------------------- */

#define WF_CLIENT_READ 1
#define WF_CLIENT_WRITE 2

/** What the owner's loop does for a multi. Called on the owner's thread, out of the
 *  multi's functions below; they must not call back into the multi. */
typedef struct wf_client_poller_t {
    void *baton;

    /** From now on call wf_client_multi_ready for these events of fd (level triggered);
     *  0 = none. */
    void (*watch)(void *baton, int fd, int events);

    /** fd is the socket of a new connection, and is about to be closed. Between the two
     *  the loop may keep it registered while nothing is wanted. Descriptors that were not
     *  announced by opened (name lookups) vanish after watch(fd, 0). */
    void (*opened)(void *baton, int fd);
    void (*closed)(void *baton, int fd);

    /** Call wf_client_multi_timeout once after so many milliseconds; this replaces the
     *  wish before; < 0 = not at all. */
    void (*timer)(void *baton, long delay_ms);
} wf_client_poller_t;

typedef struct wf_client_multi_t wf_client_multi_t;

/** connections: how many stay open for reuse. permitted may be NULL. Closed with p. */
apr_status_t wf_client_multi_create(wf_client_multi_t **multi,
                                    const wf_client_poller_t *poller, int connections,
                                    wf_client_permit_fn *permitted, void *permit_baton,
                                    apr_pool_t *p, wf_error_t *err);

/** Another number of connections that stay open for reuse. */
void wf_client_multi_keep(wf_client_multi_t *multi, int connections);

/** At most so many connections to one host and port (of one user, if he has his own);
 *  exchanges beyond it wait for one. 0 = no limit, as at first. */
void wf_client_multi_limit(wf_client_multi_t *multi, int per_host);

/** An event of fd, or the timer. Done functions run inside. */
void wf_client_multi_ready(wf_client_multi_t *multi, int fd, int events);
void wf_client_multi_timeout(wf_client_multi_t *multi);

/** One exchange at a time, over and over: a virtual user, a worker. */
typedef struct wf_client_transfer_t wf_client_transfer_t;

/** The exchange is over. The transfer may be sent again at once, also from inside, but
 *  not destroyed there. */
typedef void wf_client_done_fn(void *baton, const wf_client_response_t *response);

/** Ended with p, which must not outlive the multi's pool. */
apr_status_t wf_client_transfer_create(wf_client_transfer_t **transfer,
                                       wf_client_multi_t *multi, wf_client_done_fn *done,
                                       void *baton, apr_pool_t *p, wf_error_t *err);

/** Somebody whose transfers share what others do not see: cookies, as a browser keeps
 * them (RFC 6265), and if own_connections is not 0, connections. */
typedef struct wf_client_user_t wf_client_user_t;

/** Cheap until the first exchange. Ended with p, which must not outlive the multi's pool:
 *  then none of his transfers may be running, and they go on without him. */
void wf_client_user_create(wf_client_user_t **user, wf_client_multi_t *multi,
                           int own_connections, apr_pool_t *p);

/** The transfer's next exchanges are this user's. Without a user there are no cookies,
 *  and connections are everybody's. The transfer must not be running. */
void wf_client_transfer_join(wf_client_transfer_t *transfer, wf_client_user_t *user);

/** Forget all cookies, as of the user's next exchange. None of his may be running. */
void wf_client_forget_cookies(wf_client_user_t *user);

/** Start a call; it must live until done or cancel. Never calls done itself. */
apr_status_t wf_client_send(wf_client_transfer_t *transfer, const wf_client_call_t *call,
                            wf_error_t *err);

/** End a running exchange without done; nothing happens if there is none. */
void wf_client_cancel(wf_client_transfer_t *transfer);

/* ---- streams: bytes to and from somebody ------------------------------------------- */

/** One connection at a time over TCP, TLS or UDP, without a protocol above: what is made
 * of its bytes is up to its owner. It does one thing at a time. Nothing has a time limit
 * of its own: who has waited for long enough cancels. */
typedef struct wf_client_stream_t wf_client_stream_t;

/** Whom to connect to. */
typedef struct wf_client_peer_t {
    const char *host; /* see wf_client_host_valid */
    int port;
    int tls; /* from the first byte */
    int udp; /* datagrams, and then no tls */
    const wf_client_settings_t
        *settings; /* whom to trust, who we are, where names lead to;
                      the rest is of HTTP. Borrowed until done */
} wf_client_peer_t;

/** 1 for a host name or an address, IPv6 without brackets. */
int wf_client_host_valid(const char *host);

#define WF_CLIENT_NO_DELIMITER (-1)

/** What to receive: exactly length bytes; or, if that is 0, up to the delimiter and with
 *  it; or, if there is none, what has come, something at least: of UDP a datagram. */
typedef struct wf_client_want_t {
    apr_size_t length;
    int delimiter;      /* 0 to 255, or WF_CLIENT_NO_DELIMITER */
    apr_size_t at_most; /* bytes; a delimiter that is not among them is
                           WF_CLIENT_TOO_LARGE. Not for length */
} wf_client_want_t;

/** What a stream has done: valid until its next call. */
typedef struct wf_client_moved_t {
    wf_client_outcome_e outcome;
    const char *error;          /* as in wf_client_response_t */
    apr_size_t bytes;           /* sent, received */
    const char *data;           /* received */
    const char *local, *remote; /* connected: "127.0.0.1:4711", "[::1]:80" */
} wf_client_moved_t;

typedef void wf_client_moved_fn(void *baton, const wf_client_moved_t *moved);

/** Ended with p, which must not outlive the multi's pool. The stream may be used again
 *  inside done. Streams count for no limit of connections, and open none for others. */
apr_status_t wf_client_stream_create(wf_client_stream_t **stream,
                                     wf_client_multi_t *multi, wf_client_moved_fn *done,
                                     void *baton, apr_pool_t *p, wf_error_t *err);

/** Connect, after closing what was open. done comes later, never from inside; p must live
 *  until then, or until cancel or close. WF_ERR_INVALID names the field of peer. */
apr_status_t wf_client_stream_connect(wf_client_stream_t *stream,
                                      const wf_client_peer_t *peer, apr_pool_t *p,
                                      wf_error_t *err);

/** If it is connected to this peer already, and the other side has not closed it: what
 *  connecting said, else NULL. Hosts are compared as they are written. */
const wf_client_moved_t *wf_client_stream_kept(wf_client_stream_t *stream,
                                               const wf_client_peer_t *peer);

/** Send all of the data, over UDP as one datagram; receive. NULL: done comes later, and
 * the data must live until then. Else it is over already, and done is not called. Only on
 * an open stream that is not busy. A failure closes the stream, but for one of UDP and
 * for bytes that are too many. */
const wf_client_moved_t *wf_client_stream_send(wf_client_stream_t *stream,
                                               const char *data, apr_size_t length);
const wf_client_moved_t *wf_client_stream_receive(wf_client_stream_t *stream,
                                                  const wf_client_want_t *want);

/** 1 if it is connected; 1 if something is under way. */
int wf_client_stream_is_open(const wf_client_stream_t *stream);
int wf_client_stream_is_busy(const wf_client_stream_t *stream);

/** End what is under way, without done; how many bytes it has sent. What has come so far
 * is for the next receive. A stream that was connecting or had sent a part is closed. */
apr_size_t wf_client_stream_cancel(wf_client_stream_t *stream);

/** Close it, whatever it is doing, without done. 1 if it was open. */
int wf_client_stream_close(wf_client_stream_t *stream);

/* ---- blocking calls ---------------------------------------------------------------- */

/** What a blocking call keeps to, besides limits of its own. All zero: nothing. */
typedef struct wf_client_terms_t {
    wf_client_permit_fn *permitted; /* also asked before each request on a kept
                                       connection; NULL = all */
    void *permit_baton;
    apr_int64_t deadline; /* wf_mono_us; 0 = none */
    const int *stop;      /* looked at about once a second, atomically: the call is broken
                             off once it is not 0. May be NULL */
} wf_client_terms_t;

/** One exchange on the calling thread, which keeps its connections for the next one. Any
 *  answer and any failure on the way is a success here: (*response)->outcome tells them
 *  apart, and its texts live in p. WF_ERR_INTERNAL without memory. terms may be NULL. */
apr_status_t wf_client_exchange(wf_client_response_t **response,
                                const wf_client_call_t *call,
                                const wf_client_terms_t *terms, apr_pool_t *p,
                                wf_error_t *err);

/* ---- which targets are permitted --------------------------------------------------- */

#define WF_TARGETS_MAX_TEXT (16 * 1024) /* bytes of a list */

/** A list of targets, parsed once. */
typedef struct wf_targets_t wf_targets_t;

/** Parse patterns divided by blanks: "*", a host name, "*.domain" (any name below it), an
 *  address, a network in CIDR notation, each with an optional ":port" (IPv6 then in
 *  brackets). "!" before an address or a network excludes it; a name cannot be excluded,
 *  as others may lead to the same address. NULL, empty, and exclusions alone permit the
 *  rest of the world. Lives in p. WF_ERR_INVALID (field "targets") names the pattern. */
apr_status_t wf_targets_parse(wf_targets_t **targets, const char *text, apr_pool_t *p,
                              wf_error_t *err);

/** A wf_client_permit_fn; baton is a wf_targets_t. Names are compared with host,
 * addresses and networks with the address that is really connected to. Link-local,
 * multicast, reserved and unspecified addresses and those of cloud metadata services are
 * permitted only by an address or a network within them, never by "*" or by a name. */
wf_client_permit_fn wf_targets_permit;

/* ---- mail -------------------------------------------------------------------------- */

#define WF_MAIL_TIMEOUT_S 30
#define WF_MAIL_MAX_TIMEOUT_S 3600
#define WF_MAIL_MAX_RECIPIENTS 1000
#define WF_MAIL_MAX_ATTACHMENTS 100
#define WF_MAIL_MAX_HEADER 1000              /* bytes of a subject or of one name */
#define WF_MAIL_MAX_BYTES (25 * 1024 * 1024) /* of texts and attachments together */

typedef enum {
    WF_MAIL_PLAIN,    /* never encrypted */
    WF_MAIL_TRY,      /* STARTTLS if the server offers it, whatever its certificate; with
                         a password like WF_MAIL_STARTTLS */
    WF_MAIL_STARTTLS, /* STARTTLS with a valid certificate, or no mail */
    WF_MAIL_TLS       /* TLS from the first byte, with a valid certificate */
} wf_mail_tls_e;

/** Where mail is handed in. */
typedef struct wf_mail_server_t {
    const char *host; /* a name or an address; IPv6 in brackets */
    int port;
    wf_mail_tls_e tls;
    const char *ca;         /* PEM file of trusted issuers instead of the system's */
    apr_int64_t timeout_ms; /* of one mail */
    const char *from;       /* sender of mails that name none, or NULL */
    const char *user;       /* NULL: no login */
    const char *password;
    const char *problem; /* why no mail can be sent at present, or NULL */
} wf_mail_server_t;

/** Parse "smtp://host[:port] [starttls=off|try|require] [ca=file] [timeout=seconds]" or
 *  the same with smtps:// and without starttls. Ports are 25 and 465, starttls is try,
 * the timeout WF_MAIL_TIMEOUT_S. Lives in p. WF_ERR_INVALID says what is wrong. */
apr_status_t wf_mail_server_parse(wf_mail_server_t **server, const char *text,
                                  apr_pool_t *p, wf_error_t *err);

/** 1 if path is a regular file that others than its owner and group cannot read, as one
 *  that holds a password has to be; else *problem says what is wrong. */
int wf_mail_credentials_safe(const char *path, const char **problem);

/** Read user and password from such a file: "user:password" in its first line. The
 *  message of an error does not quote it. */
apr_status_t wf_mail_credentials_read(wf_mail_server_t *server, const char *path,
                                      apr_pool_t *p, wf_error_t *err);

typedef struct wf_mail_address_t {
    const char *name;    /* UTF-8, or NULL */
    const char *address; /* local@domain, ASCII */
} wf_mail_address_t;

/** Parse a comma list of addresses (RFC 5322 section 3.4, without groups and comments):
 *  a@b, "N, M" <c@d>. *list gets wf_mail_address_t; NULL and blanks give an empty one.
 *  WF_ERR_INVALID names field. */
apr_status_t wf_mail_addresses_parse(apr_array_header_t **list, const char *field,
                                     const char *text, apr_pool_t *p, wf_error_t *err);

typedef struct wf_mail_attachment_t {
    const char *name; /* UTF-8, or NULL */
    const char *type; /* media type; NULL = application/octet-stream */
    const void *data;
    apr_size_t length;
} wf_mail_attachment_t;

/** A mail; texts are UTF-8, and all but text and html are one line each. */
typedef struct wf_mail_t {
    const char *from;          /* one address; NULL = the server's */
    const char *to, *cc, *bcc; /* comma lists or NULL; at least one address in all */
    const char *subject;       /* or NULL */
    const char *text, *html;   /* the same content twice, or one of them NULL */
    const char *charset; /* of text and html in the mail. NULL = UTF-8, which is also
                            used if this one lacks a character */
    const apr_array_header_t *attachments; /* of wf_mail_attachment_t, or NULL */
    const char *key; /* mails of the same key have the same Message-ID, so that who gets a
                        repeated one can tell; NULL = a new one */
} wf_mail_t;

/** Send a mail over SMTP (RFC 5321) on the calling thread. It goes to all recipients or,
 *  if the server refuses one, to none. WF_ERR_INVALID names the field at fault, as does
 *  WF_ERR_TOO_LARGE; WF_ERR_UNSUPPORTED without a server; WF_ERR_UNAVAILABLE if the
 * server cannot be reached or puts it off; WF_ERR_EXECUTION with its answer if it
 * refuses. Of the terms, which may be NULL, deadline and stop count. */
apr_status_t wf_mail_send(const wf_mail_t *mail, const wf_mail_server_t *server,
                          const wf_client_terms_t *terms, apr_pool_t *p, wf_error_t *err);

#endif
