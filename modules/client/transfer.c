/* Exchanges in a multi: started here, finished by multi.c, each told to its owner. */
#include "client/internal.h"

#include <netinet/in.h>
#include <sys/socket.h>

static curl_socket_t open_socket(void *baton, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    wf_client_transfer_t *transfer = baton;
    wf_client_multi_t *multi = transfer->multi;
    int fd;

    (void)purpose;
    if (!wf_exchange_permits_new(&transfer->exchange, address)) {
        return CURL_SOCKET_BAD;
    }
    fd = transfer->datagrams
             ? socket(address->family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP)
             : socket(address->family, address->socktype | SOCK_CLOEXEC,
                      address->protocol);
    if (fd >= 0) {
        multi->poller.opened(multi->poller.baton, fd);
    }
    return fd;
}

static apr_status_t transfer_close(void *data)
{
    wf_client_transfer_t *transfer = data;

    wf_client_cancel(transfer);
    wf_exchange_close(&transfer->exchange);
    return APR_SUCCESS;
}

apr_status_t wf_transfer_open(wf_client_transfer_t *transfer, wf_client_multi_t *multi,
                              wf_client_done_fn *done, void *baton, apr_pool_t *p,
                              wf_error_t *err)
{
    CURL *h;

    transfer->multi = multi;
    transfer->done = done;
    transfer->baton = baton;
    transfer->exchange.permitted = multi->permitted;
    transfer->exchange.permit_baton = multi->permit_baton;
    if (wf_exchange_open(&transfer->exchange, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    h = transfer->exchange.handle;
    curl_easy_setopt(h, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, transfer);
    /* The connection may outlive this transfer in the multi's cache, the multi not. */
    curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, wf_client_close_socket);
    curl_easy_setopt(h, CURLOPT_CLOSESOCKETDATA, multi);
    apr_pool_cleanup_register(p, transfer, transfer_close, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

apr_status_t wf_client_transfer_create(wf_client_transfer_t **out,
                                       wf_client_multi_t *multi, wf_client_done_fn *done,
                                       void *baton, apr_pool_t *p, wf_error_t *err)
{
    *out = apr_pcalloc(p, sizeof(**out));
    return wf_transfer_open(*out, multi, done, baton, p, err);
}

apr_status_t wf_client_send(wf_client_transfer_t *transfer, const wf_client_call_t *call,
                            wf_error_t *err)
{
    CURLMcode code;

    wf_exchange_begin(&transfer->exchange, call);
    code = curl_multi_add_handle(transfer->multi->handle, transfer->exchange.handle);
    if (code != CURLM_OK) {
        return wf_error_set(err, WF_ERR_INTERNAL, "libcurl: %s",
                            curl_multi_strerror(code));
    }
    transfer->running = 1;
    return APR_SUCCESS;
}

void wf_client_cancel(wf_client_transfer_t *transfer)
{
    if (transfer->running) {
        transfer->running = 0;
        curl_multi_remove_handle(transfer->multi->handle, transfer->exchange.handle);
    }
}

void wf_client_transfer_finish(wf_client_transfer_t *transfer, CURLcode code)
{
    wf_client_response_t response;

    wf_exchange_end(&transfer->exchange, code, &response);
    if (!transfer->stays || response.outcome != WF_CLIENT_OK) {
        wf_client_cancel(transfer); /* out of the multi, connection into its cache */
    }
    /* The handle may be sent again from inside done, which then owns the buffers. */
    transfer->done(transfer->baton, &response);
    if (!transfer->running) {
        wf_exchange_trim(&transfer->exchange);
    }
}
