/* libcurl's options. What makes it fast: no signals, no callback without a reader,
 * options set again only if the call changed, the URL parsed at preparation. */
#include "client/internal.h"

#include <string.h>

#define SMALL_BUFFER (3 * 1024L - 1)
#define LARGE_BUFFER (16 * 1024L - 1)
#define CONNECTION_IDLE_S 90L /* an older idle connection is not reused */

void wf_options_base(wf_exchange_t *exchange)
{
    CURL *h = exchange->handle;

    curl_easy_getinfo(h, CURLINFO_CAINFO, &exchange->default_ca);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_NOPROXY,
                     "*"); /* else its environment is asked each time */
    curl_easy_setopt(h, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_S);
    /* A cut exchange must not wait for a name server that does not answer. */
    curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(h, CURLOPT_ERRORBUFFER, exchange->detail);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, wf_exchange_on_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(h, CURLOPT_READFUNCTION, wf_exchange_read_body);
    curl_easy_setopt(h, CURLOPT_READDATA, exchange);
    curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, wf_exchange_seek_body);
    curl_easy_setopt(h, CURLOPT_SEEKDATA, exchange);
    curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, wf_exchange_before_request);
    curl_easy_setopt(h, CURLOPT_PREREQDATA, exchange);
    curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, wf_exchange_on_debug);
    curl_easy_setopt(h, CURLOPT_DEBUGDATA, exchange);
}

/* Most answers are small, and thousands of users wait for one at a time: each of them has
 * a buffer meanwhile. libcurl adds a byte to it. */
void wf_options_buffer(wf_exchange_t *exchange)
{
    long size = exchange->size > SMALL_BUFFER ? LARGE_BUFFER : SMALL_BUFFER;

    if (size != exchange->buffer) {
        curl_easy_setopt(exchange->handle, CURLOPT_BUFFERSIZE, size);
        exchange->buffer = size;
    }
}

/* ---- settings ----------------------------------------------------------------------- */

static const long versions[WF_HTTP_VERSIONS] = {
    [WF_HTTP_1_1] = CURL_HTTP_VERSION_1_1,
    [WF_HTTP_AUTO] = CURL_HTTP_VERSION_2TLS,
    [WF_HTTP_2] = CURL_HTTP_VERSION_2_0,
    [WF_HTTP_2_PRIOR] = CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
};

static void set_tls(wf_exchange_t *exchange, const wf_client_settings_t *s)
{
    CURL *h = exchange->handle;

    curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, s->insecure ? 0L : 1L);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, s->insecure ? 0L : 2L);
    curl_easy_setopt(h, CURLOPT_CAINFO, s->ca ? s->ca : exchange->default_ca);
    curl_easy_setopt(h, CURLOPT_SSLCERT, s->certificate);
    curl_easy_setopt(h, CURLOPT_SSLKEY, s->key);
    curl_easy_setopt(h, CURLOPT_KEYPASSWD, s->key_password);
}

static void set_limits(CURL *h, const wf_client_settings_t *s)
{
    long idle_s = (long)((s->idle_timeout_ms + 999) / 1000);

    curl_easy_setopt(
        h, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(s->connect_timeout_ms ? s->connect_timeout_ms : s->timeout_ms));
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
    curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, idle_s ? 1L : 0L);
    curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, idle_s);
}

static void set_settings(wf_exchange_t *exchange, const wf_client_settings_t *s)
{
    CURL *h = exchange->handle;

    set_tls(exchange, s);
    set_limits(h, s);
    curl_easy_setopt(h, CURLOPT_HTTP_VERSION, versions[s->version]);
    curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, s->no_keep_alive ? 1L : 0L);
    curl_easy_setopt(h, CURLOPT_FORBID_REUSE, s->no_keep_alive ? 1L : 0L);
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, s->follow_redirects ? 1L : 0L);
    curl_easy_setopt(h, CURLOPT_MAXREDIRS, (long)s->max_redirects);
    wf_user_cookies(exchange, exchange->user != NULL && !s->no_cookies);
}

/* ---- a call ---------------------------------------------------------------------------- */

static void set_body(CURL *h, const wf_client_call_t *call)
{
    int streamed = call->npieces > 1 || call->body_length > WF_CLIENT_STREAM;

    curl_easy_setopt(h, CURLOPT_POST, 1L);
    /* Without fields, libcurl asks the read function. */
    curl_easy_setopt(h, CURLOPT_POSTFIELDS,
                     streamed        ? NULL
                     : call->npieces ? call->pieces[0].data
                                     : "");
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_length);
}

/* GET, HEAD and POST in libcurl's own way, so that it treats redirects as RFC 9110
 * section 15.4 says; any other method by name, which 301 and 302 leave as it is. 1 if it
 * was set by name. */
static int set_method(CURL *h, const wf_client_call_t *call)
{
    int is_post = strcmp(call->method, "POST") == 0;
    int has_body = call->pieces != NULL;

    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(h, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
    if (strcmp(call->method, "HEAD") == 0) {
        curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
        return 0;
    }
    if (has_body || is_post) {
        set_body(h, call);
        curl_easy_setopt(h, CURLOPT_POSTREDIR,
                         is_post ? 0L
                                 : (long)(CURL_REDIR_POST_301 | CURL_REDIR_POST_302));
    }
    if (is_post || (!has_body && strcmp(call->method, "GET") == 0)) {
        return 0;
    }
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, call->method);
    return 1;
}

/* libcurl never uses a connection for another address scope than it was made for, and the
 * scope matters to link-local addresses of IPv6 alone: so a number per user keeps their
 * connections apart without a cache for each, and finding one of few takes no search. */
static void set_scope(wf_exchange_t *exchange, const wf_client_call_t *call)
{
    unsigned scope = exchange->user && !call->zoned ? exchange->user->scope : 0;

    curl_easy_setopt(exchange->handle, CURLOPT_ADDRESS_SCOPE, (long)scope);
}

void wf_options_apply(wf_exchange_t *exchange, const wf_client_call_t *call)
{
    CURL *h = exchange->handle;

    if (exchange->settings != call->settings) {
        set_settings(exchange, call->settings);
        exchange->settings = call->stable ? call->settings : NULL;
    }
    exchange->by_name = set_method(h, call);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION,
                     call->keep_body ? wf_exchange_keep_body : wf_exchange_drop_body);
    if (call->keep_request != exchange->tells) {
        exchange->tells = call->keep_request;
        curl_easy_setopt(h, CURLOPT_VERBOSE, (long)exchange->tells);
    }
    set_scope(exchange, call);
    /* libcurl 7 would keep the URL of its first exchange as the effective one, and the
     * permission hook asks for the host of that. */
    curl_easy_setopt(h, CURLOPT_URL, NULL);
    curl_easy_setopt(h, CURLOPT_CURLU, call->url);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(h, CURLOPT_CONNECT_TO, call->connect_to);
    curl_easy_setopt(h, CURLOPT_COOKIE, call->cookies);
    curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, call->decode ? "" : NULL);
}

void wf_options_forget(wf_exchange_t *exchange)
{
    CURL *h = exchange->handle;

    curl_easy_setopt(h, CURLOPT_CURLU, NULL);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(h, CURLOPT_CONNECT_TO, NULL);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, NULL);
    exchange->call = NULL;
    exchange->settings = NULL;
    exchange->applied = 0;
}
