/* Exchanges that their thread waits for. Each thread has one handle, with its own few
 * connections, made at its first exchange and closed when the thread ends: nothing is
 * shared, so nothing is locked. */
#include "client/internal.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#define CONNECTIONS 8L /* kept open by a thread */

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_result;

static void thread_ends(void *data)
{
    wf_exchange_close(data);
    free(data);
}

static void make_key(void)
{
    key_result = pthread_key_create(&key, thread_ends);
}

/* ---- whom we talk to ------------------------------------------------------------------- */

static curl_socket_t open_socket(void *baton, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    (void)purpose;
    if (!wf_exchange_permits_new(baton, address)) {
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- the thread's exchange --------------------------------------------------------------- */

static wf_exchange_t *make_exchange(wf_error_t *err)
{
    wf_exchange_t *exchange = calloc(1, sizeof(*exchange));
    CURL *h;

    if (exchange != NULL) {
        /* A kept connection may be one that other terms have permitted. */
        exchange->ask_always = 1;
    }
    if (exchange == NULL || wf_exchange_open(exchange, err) != APR_SUCCESS) {
        free(exchange);
        wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
        return NULL;
    }
    h = exchange->handle;
    curl_easy_setopt(h, CURLOPT_MAXCONNECTS, CONNECTIONS);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, exchange);
    if (pthread_setspecific(key, exchange) != 0) {
        thread_ends(exchange);
        wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
        return NULL;
    }
    return exchange;
}

static wf_exchange_t *own_exchange(wf_error_t *err)
{
    wf_exchange_t *exchange;

    pthread_once(&key_once, make_key);
    if (key_result != 0) {
        wf_error_apr(err, WF_ERR_INTERNAL, key_result, "no storage for threads");
        return NULL;
    }
    exchange = pthread_getspecific(key);
    return exchange != NULL ? exchange : make_exchange(err);
}

/* ---- one exchange ------------------------------------------------------------------------- */

static void copy_response(wf_client_response_t *out, const wf_client_response_t *in,
                          apr_pool_t *p)
{
    *out = *in;
    out->error = apr_pstrdup(p, in->error);
    out->url = apr_pstrdup(p, in->url);
    out->body = apr_pstrmemdup(p, in->body, in->body_length);
    out->headers = apr_pstrmemdup(p, in->headers, in->headers_length);
    out->request = apr_pstrmemdup(p, in->request, in->request_length);
}

static void perform(wf_exchange_t *exchange, const wf_client_call_t *call,
                    const wf_client_terms_t *terms, long left,
                    wf_client_response_t *response)
{
    exchange->permitted = terms ? terms->permitted : NULL;
    exchange->permit_baton = terms ? terms->permit_baton : NULL;
    exchange->settings = NULL; /* the limit below is this exchange's own */
    wf_exchange_begin(exchange, call);
    curl_easy_setopt(exchange->handle, CURLOPT_TIMEOUT_MS, left);
    wf_terms_watch(exchange->handle, terms);
    wf_exchange_end(exchange, curl_easy_perform(exchange->handle), response);
}

/* The handle goes on, the call may not. */
static void forget(wf_exchange_t *exchange)
{
    wf_options_forget(exchange);
    wf_exchange_trim(exchange);
}

apr_status_t wf_client_exchange(wf_client_response_t **out, const wf_client_call_t *call,
                                const wf_client_terms_t *terms, apr_pool_t *p,
                                wf_error_t *err)
{
    wf_exchange_t *exchange = own_exchange(err);
    long left = wf_terms_left_ms(terms, call->settings->timeout_ms);
    wf_client_response_t response = { .outcome = WF_CLIENT_TIMEOUT,
                                      .error = "no time was left to begin" };

    if (exchange == NULL) {
        return WF_EFAILED;
    }
    if (left >= 0) {
        perform(exchange, call, terms, left, &response);
    }
    *out = apr_palloc(p, sizeof(**out));
    copy_response(*out, &response, p);
    if (left >= 0) {
        forget(exchange);
    }
    return APR_SUCCESS;
}
