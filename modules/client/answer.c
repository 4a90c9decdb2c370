/* What became of an exchange: outcome, figures, phases. */
#include "client/internal.h"

#include <stdio.h>
#include <string.h>

/* ---- outcome -------------------------------------------------------------------------- */

static void judge_excess(wf_exchange_t *exchange, wf_client_response_t *response)
{
    apr_int64_t limit = exchange->excess == WF_BODY_KEPT
                            ? (apr_int64_t)exchange->call->max_body
                            : exchange->call->settings->max_read;

    response->outcome = WF_CLIENT_TOO_LARGE;
    snprintf(exchange->text, sizeof(exchange->text),
             "the answer's body exceeds %" APR_INT64_T_FMT " bytes", limit);
    response->error = exchange->text;
}

static void judge(wf_exchange_t *exchange, CURLcode code, wf_client_response_t *response)
{
    CURLU *url = exchange->call->url;
    char *host = NULL, *port = NULL;

    if (exchange->denied) {
        response->outcome = WF_CLIENT_DENIED;
        response->error = "connections to this address are not permitted";
        return;
    }
    if (exchange->excess != WF_FITS) {
        judge_excess(exchange, response);
        return;
    }
    curl_url_get(url, CURLUPART_HOST, &host, 0);
    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    response->outcome = wf_outcome_of(
        exchange->handle, code, exchange->detail, host ? host : "", port ? port : "",
        &response->error, exchange->text, sizeof(exchange->text));
    curl_free(host);
    curl_free(port);
}

/* ---- figures -------------------------------------------------------------------------- */

static int version_of(CURL *handle)
{
    long version = 0;

    curl_easy_getinfo(handle, CURLINFO_HTTP_VERSION, &version);
    switch (version) {
    case CURL_HTTP_VERSION_1_0:
        return 10;
    case CURL_HTTP_VERSION_1_1:
        return 11;
    case CURL_HTTP_VERSION_2_0:
        return 20;
    default:
        return 0;
    }
}

static void count(wf_exchange_t *exchange, wf_client_response_t *response)
{
    CURL *handle = exchange->handle;
    long request = 0, headers = 0, status = 0, redirects = 0;
    curl_off_t up = 0, down = 0;

    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &request);
    curl_easy_getinfo(handle, CURLINFO_HEADER_SIZE, &headers);
    curl_easy_getinfo(handle, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(handle, CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(handle, CURLINFO_REDIRECT_COUNT, &redirects);
    curl_easy_getinfo(handle, CURLINFO_EFFECTIVE_URL, &response->url);
    response->status = (int)status;
    response->version = version_of(handle);
    response->redirects = (int)redirects;
    response->sent = request + up;
    response->received = headers + down;
    response->size = exchange->size;
    response->wire_size = down;
}

/* ---- phases --------------------------------------------------------------------------- */

static apr_int64_t between(apr_int64_t from, apr_int64_t to)
{
    return to > from ? to - from : 0;
}

/* The phases before a request is ready to be sent, from the times at which libcurl saw
 * their ends; 0 if there was none. They are added up over redirects and begin when the
 * exchange had its turn, so only differences mean something. The phase that has no end is
 * returned. */
static apr_int64_t *connecting_phases(CURL *h, CURLcode code, const char *detail,
                                      wf_client_timings_t *t)
{
    curl_off_t lookup = 0, connect = 0, tls = 0;

    curl_easy_getinfo(h, CURLINFO_NAMELOOKUP_TIME_T, &lookup);
    curl_easy_getinfo(h, CURLINFO_CONNECT_TIME_T, &connect);
    curl_easy_getinfo(h, CURLINFO_APPCONNECT_TIME_T, &tls);
    t->looking_up = lookup;
    t->connecting = between(lookup, connect);
    t->tls = tls > 0 ? between(connect, tls) : 0;
    if (connect > 0) {
        return &t->tls;
    }
    if (lookup > 0) {
        return &t->connecting;
    }
    return code == CURLE_COULDNT_RESOLVE_HOST || strstr(detail, "Resolving")
               ? &t->looking_up
               : &t->blocked;
}

static apr_int64_t *open_phase(wf_exchange_t *exchange, CURLcode code, int reused,
                               wf_client_timings_t *t)
{
    apr_int64_t *open = &t->blocked;

    if (!reused) {
        open = connecting_phases(exchange->handle, code, exchange->detail, t);
    }
    if (exchange->first_us > 0) {
        return &t->blocked;
    }
    if (exchange->ready_us == 0) {
        return open;
    }
    return exchange->piece > 0 && exchange->sent_us == 0 ? &t->sending : &t->waiting;
}

static void measure(wf_exchange_t *exchange, CURLcode code,
                    wf_client_response_t *response)
{
    wf_client_timings_t *t = &response->timings;
    apr_int64_t end = exchange->started_us + response->duration_us, *open, rest;
    long connects = 0;

    curl_easy_getinfo(exchange->handle, CURLINFO_NUM_CONNECTS, &connects);
    response->reused = connects == 0 && exchange->ready_us > 0;
    open = open_phase(exchange, code, response->reused, t);
    t->sending = exchange->sending_us;
    t->waiting = exchange->waiting_us;
    t->receiving = exchange->first_us ? between(exchange->first_us, end) : 0;
    rest = response->duration_us
           - (t->looking_up + t->connecting + t->tls + t->sending + t->waiting
              + t->receiving);
    /* libcurl counts at least one microsecond for each end. */
    *(rest < 0 ? &t->connecting : open) += rest;
}

void wf_exchange_end(wf_exchange_t *exchange, CURLcode code,
                     wf_client_response_t *response)
{
    if (code == CURLE_OK && !exchange->headed) {
        code = CURLE_PARTIAL_FILE;
    }
    memset(response, 0, sizeof(*response));
    response->duration_us = wf_mono_us() - exchange->started_us;
    count(exchange, response);
    measure(exchange, code, response);
    if (code != CURLE_OK) {
        judge(exchange, code, response);
    }
    if (exchange->call->keep_body) {
        response->body = exchange->body.length ? exchange->body.data : "";
        response->body_length = exchange->body.length;
    }
    if (exchange->request.length > 0) {
        response->request = exchange->request.data;
        response->request_length = exchange->request.length;
        response->request_head = exchange->request_head;
    }
    if (exchange->call->keep_headers) {
        response->headers = exchange->headers.length ? exchange->headers.data : "";
        response->headers_length = exchange->headers.length;
    }
}
