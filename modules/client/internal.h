/* client, inside: the structs behind client.h. */
#ifndef WF_CLIENT_INTERNAL_H
#define WF_CLIENT_INTERNAL_H

#include "client/client.h"

#include <curl/curl.h>

struct wf_client_call_t {
    const char *method;
    CURLU *url; /* parsed once; libcurl copies it per exchange */
    struct curl_slist *headers;
    const char *body;
    apr_size_t body_length;
    const wf_client_settings_t *settings;
    apr_size_t max_body;
    int keep_headers, keep_body, stable;
};

struct wf_client_multi_t {
    CURLM *handle;
    wf_client_poller_t poller;
    wf_client_permit_fn *permitted;
    void *permit_baton;
};

struct wf_client_transfer_t {
    CURL *handle;
    wf_client_multi_t *multi;
    wf_client_done_fn *done;
    void *baton;
    const wf_client_call_t *call; /* the last one, see applied */
    const wf_client_settings_t
        *settings;         /* whose options the handle carries; NULL: set them */
    char *default_ca;      /* libcurl's own list of issuers */
    int applied;           /* the handle carries all options of call */
    int running;           /* is in the multi */
    int denied, too_large; /* why a callback ended the exchange */
    apr_int64_t started_us;
    wf_buffer_t headers, body; /* keep their memory from exchange to exchange */
};

/** The multi says that this transfer ended. (transfer.c) */
void wf_client_transfer_finish(wf_client_transfer_t *transfer, CURLcode code);

/** Ask the permission hook for a new connection's address. (transfer.c, for sockets) */
curl_socket_t wf_client_open_socket(void *baton, curlsocktype purpose,
                                    struct curl_sockaddr *address);
int wf_client_close_socket(void *baton, curl_socket_t fd);

#endif
