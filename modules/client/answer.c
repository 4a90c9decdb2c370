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

/* The ends of the phases as libcurl counts them, in microseconds; 0 if there was none.
 * Those of redirected requests are added up, and the time that an exchange had to wait
 * for its turn is in none of them: so only differences mean something. */
typedef struct ends_t {
    curl_off_t lookup, connect, tls, ready, first;
} ends_t;

static void fetch_ends(CURL *h, int reused, ends_t *e)
{
    memset(e, 0, sizeof(*e));
    curl_easy_getinfo(h, CURLINFO_PRETRANSFER_TIME_T, &e->ready);
    curl_easy_getinfo(h, CURLINFO_STARTTRANSFER_TIME_T, &e->first);
    if (!reused) {
        curl_easy_getinfo(h, CURLINFO_NAMELOOKUP_TIME_T, &e->lookup);
        curl_easy_getinfo(h, CURLINFO_CONNECT_TIME_T, &e->connect);
        curl_easy_getinfo(h, CURLINFO_APPCONNECT_TIME_T, &e->tls);
    }
}

static apr_int64_t between(curl_off_t from, curl_off_t to)
{
    return to > from ? to - from : 0;
}

static apr_int64_t sending_of(const wf_exchange_t *exchange, const ends_t *e)
{
    apr_int64_t limit = between(e->ready, e->first), sending = 0;
#if LIBCURL_VERSION_NUM >= 0x080a00
    curl_off_t sent = 0;

    curl_easy_getinfo(exchange->handle, CURLINFO_POSTTRANSFER_TIME_T, &sent);
    sending = between(e->ready, sent);
#else
    if (exchange->sent_us > 0) {
        sending = between(e->ready, exchange->sent_us - exchange->started_us);
    }
#endif
    return sending < limit ? sending : limit;
}

/* The phase that has no end. */
static apr_int64_t *open_phase(const wf_exchange_t *exchange, CURLcode code,
                               const ends_t *e, wf_client_timings_t *t)
{
    if (code == CURLE_OK || e->first > 0) {
        return &t->blocked;
    }
    if (e->ready > 0) {
        return &t->waiting;
    }
    if (e->connect > 0) {
        return &t->tls;
    }
    if (e->lookup > 0) {
        return &t->connecting;
    }
    return code == CURLE_COULDNT_RESOLVE_HOST || strstr(exchange->detail, "Resolving")
               ? &t->looking_up
               : &t->blocked;
}

static void measure(wf_exchange_t *exchange, CURLcode code,
                    wf_client_response_t *response)
{
    wf_client_timings_t *t = &response->timings;
    apr_int64_t now = exchange->started_us + response->duration_us, rest;
    long connects = 0;
    ends_t e;

    curl_easy_getinfo(exchange->handle, CURLINFO_NUM_CONNECTS, &connects);
    fetch_ends(exchange->handle, connects == 0, &e);
    response->reused = connects == 0 && e.ready > 0;
    t->looking_up = e.lookup;
    t->connecting = between(e.lookup, e.connect);
    t->tls = e.tls > 0 ? between(e.connect, e.tls) : 0;
    t->sending = sending_of(exchange, &e);
    t->waiting = between(e.ready, e.first) - t->sending;
    t->receiving = exchange->first_us ? between(exchange->first_us, now) : 0;
    rest = response->duration_us
           - (t->looking_up + t->connecting + t->tls + t->sending + t->waiting
              + t->receiving);
    /* libcurl counts at least one microsecond for each end. */
    *(rest < 0 ? &t->waiting : open_phase(exchange, code, &e, t)) += rest;
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
    if (exchange->call->keep_headers) {
        response->headers = exchange->headers.length ? exchange->headers.data : "";
        response->headers_length = exchange->headers.length;
    }
}
