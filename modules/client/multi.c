/* A multi handle on its owner's loop: libcurl tells which sockets and which timer it
 * waits for, the owner tells when they are ready, finished transfers are handed out in
 * between. */
#include "client/internal.h"

#include <sys/socket.h>
#include <unistd.h>

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *baton, void *unused)
{
    wf_client_multi_t *multi = baton;
    int events = 0;

    (void)easy;
    (void)unused;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) {
        events |= WF_CLIENT_READ;
    }
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) {
        events |= WF_CLIENT_WRITE;
    }
    multi->poller.watch(multi->poller.baton, fd, events);
    return 0;
}

static int on_timer(CURLM *handle, long delay_ms, void *baton)
{
    wf_client_multi_t *multi = baton;

    (void)handle;
    multi->poller.timer(multi->poller.baton, delay_ms);
    return 0;
}

static apr_status_t multi_close(void *data)
{
    wf_client_multi_t *multi = data;

    curl_multi_cleanup(multi->handle);
    return APR_SUCCESS;
}

apr_status_t wf_client_multi_create(wf_client_multi_t **out,
                                    const wf_client_poller_t *poller, int connections,
                                    wf_client_permit_fn *permitted, void *permit_baton,
                                    apr_pool_t *p, wf_error_t *err)
{
    wf_client_multi_t *multi = apr_pcalloc(p, sizeof(*multi));

    multi->poller = *poller;
    multi->permitted = permitted;
    multi->permit_baton = permit_baton;
    wf_memory_adopt();
    multi->streams = apr_hash_make(p);
    multi->handle = curl_multi_init();
    if (multi->handle == NULL) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
    }
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi);
    curl_multi_setopt(multi->handle, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    wf_client_multi_keep(multi, connections);
    apr_pool_cleanup_register(p, multi, multi_close, apr_pool_cleanup_null);
    *out = multi;
    return APR_SUCCESS;
}

void wf_client_multi_keep(wf_client_multi_t *multi, int connections)
{
    curl_multi_setopt(multi->handle, CURLMOPT_MAXCONNECTS, (long)connections);
}

void wf_client_multi_limit(wf_client_multi_t *multi, int per_host)
{
    curl_multi_setopt(multi->handle, CURLMOPT_MAX_HOST_CONNECTIONS, (long)per_host);
}

/* The message is void once its handle leaves the multi, so it is copied first; the done
 * function may have put the handle back in when the next message is read. */
static void hand_out_finished(wf_client_multi_t *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi->handle, &left)) != NULL) {
        wf_client_transfer_t *transfer = NULL;
        CURLcode result = message->data.result;

        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        wf_client_transfer_finish(transfer, result);
    }
}

void wf_client_multi_ready(wf_client_multi_t *multi, int fd, int events)
{
    wf_client_stream_t *stream = apr_hash_get(multi->streams, &fd, sizeof(fd));
    int mask = 0;
    int running;

    if (stream != NULL) {
        wf_client_stream_ready(stream);
        return;
    }
    if (events & WF_CLIENT_READ) {
        mask |= CURL_CSELECT_IN;
    }
    if (events & WF_CLIENT_WRITE) {
        mask |= CURL_CSELECT_OUT;
    }
    curl_multi_socket_action(multi->handle, fd, mask, &running);
    hand_out_finished(multi);
}

void wf_client_multi_timeout(wf_client_multi_t *multi)
{
    int running;

    curl_multi_socket_action(multi->handle, CURL_SOCKET_TIMEOUT, 0, &running);
    hand_out_finished(multi);
}

int wf_client_close_socket(void *baton, curl_socket_t fd)
{
    wf_client_multi_t *multi = baton;

    multi->poller.closed(multi->poller.baton, fd);
    return close(fd);
}
