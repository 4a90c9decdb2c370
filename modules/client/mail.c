/* Mail handed to a server over SMTP, on the calling thread. A mail has a handle and a
 * connection of its own: mails are rare, and a connection that idled may be found dead
 * only when it is too late to tell whether the mail went. */
#include "client/internal.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_MAX 500 /* bytes of a server's answer that are kept */

/* The server's last refusal, all its lines. */
typedef struct answer_t {
    int code; /* 0: none */
    int open; /* another line of it follows */
    char text[ANSWER_MAX + 1];
} answer_t;

/* ---- what the server says ----------------------------------------------------------------- */

static void keep_line(answer_t *answer, const char *line, size_t n)
{
    size_t have = strlen(answer->text);
    size_t i;

    if (have > 0 && have < ANSWER_MAX) {
        answer->text[have++] = ' ';
    }
    for (i = 0; i < n && have < ANSWER_MAX; i++) {
        unsigned char c = (unsigned char)line[i];

        answer->text[have++] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
    }
    answer->text[have] = '\0';
}

/* A line "550 5.1.1 no such user", or "550-…" if more follow. What is accepted after a
 * refusal takes it back (EHLO, then HELO); the goodbye does not. */
static size_t on_line(char *data, size_t size, size_t n, void *baton)
{
    answer_t *answer = baton;
    int code = n >= 4 ? atoi(data) : 0;
    int more = n >= 4 && data[3] == '-';
    size_t length = size * n;

    while (length > 0 && (data[length - 1] == '\n' || data[length - 1] == '\r')) {
        length--;
    }
    if (code >= 400) {
        if (!answer->open) {
            answer->text[0] = '\0';
        }
        answer->code = code;
        keep_line(answer, answer->open ? data + 4 : data,
                  answer->open ? (length > 4 ? length - 4 : 0) : length);
        answer->open = more;
    }
    else if (code >= 200 && code != 221) {
        answer->code = answer->open = 0;
        answer->text[0] = '\0';
    }
    return size * n;
}

/* ---- the handle ---------------------------------------------------------------------------- */

static apr_status_t release_handle(void *data)
{
    curl_easy_cleanup(data);
    return APR_SUCCESS;
}

static void set_security(CURL *h, const wf_mail_server_t *server)
{
    wf_mail_tls_e tls =
        server->tls == WF_MAIL_TRY && server->user ? WF_MAIL_STARTTLS : server->tls;
    /* Without a demand for encryption a certificate proves nothing: whoever sits on the
     * line could as well take the offer out. (RFC 7435) */
    int verify = tls != WF_MAIL_TRY;

    curl_easy_setopt(h, CURLOPT_USE_SSL,
                     (long)(tls == WF_MAIL_STARTTLS || tls == WF_MAIL_TLS ? CURLUSESSL_ALL
                            : tls == WF_MAIL_TRY                          ? CURLUSESSL_TRY
                                                 : CURLUSESSL_NONE));
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    if (server->ca != NULL) {
        curl_easy_setopt(h, CURLOPT_CAINFO, server->ca);
    }
}

static void set_server(CURL *h, const wf_mail_server_t *server, long left_ms,
                       apr_pool_t *p)
{
    curl_easy_setopt(h, CURLOPT_URL,
                     apr_psprintf(p, "%s://%s:%d",
                                  server->tls == WF_MAIL_TLS ? "smtps" : "smtp",
                                  server->host, server->port));
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, left_ms);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, left_ms);
    /* Also how long libcurl waits for a goodbye to its goodbye. */
    curl_easy_setopt(h, CURLOPT_SERVER_RESPONSE_TIMEOUT, (left_ms + 999) / 1000);
    if (server->user != NULL) {
        curl_easy_setopt(h, CURLOPT_USERNAME, server->user);
        curl_easy_setopt(h, CURLOPT_PASSWORD, server->password);
    }
    set_security(h, server);
}

static void set_message(CURL *h, const wf_message_t *message)
{
    curl_easy_setopt(h, CURLOPT_MAIL_FROM, message->sender);
    curl_easy_setopt(h, CURLOPT_MAIL_RCPT, message->recipients);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, message->headers);
    curl_easy_setopt(h, CURLOPT_MIMEPOST, message->mime);
}

/* ---- sending ------------------------------------------------------------------------------- */

static apr_status_t report(CURL *h, CURLcode code, const answer_t *answer,
                           const wf_mail_server_t *server, wf_error_t *err)
{
    char text[WF_EXCHANGE_TEXT], port[8];
    wf_client_outcome_e outcome;
    const char *why;

    if (answer->code != 0) {
        return wf_error_set(err,
                            answer->code < 500 ? WF_ERR_UNAVAILABLE : WF_ERR_EXECUTION,
                            "the mail server %s:%d answered: %s", server->host,
                            server->port, answer->text);
    }
    if (code == CURLE_USE_SSL_FAILED) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the mail server %s:%d offers no STARTTLS, which is required",
                            server->host, server->port);
    }
    snprintf(port, sizeof(port), "%d", server->port);
    outcome = wf_outcome_of(h, code, "", server->host, port, &why, text, sizeof(text));
    return wf_error_set(err,
                        outcome == WF_CLIENT_TIMEOUT || outcome == WF_CLIENT_CONNECT
                            ? WF_ERR_UNAVAILABLE
                            : WF_ERR_EXECUTION,
                        "the mail server %s:%d: %s", server->host, server->port, why);
}

/* The mail is the server's now. libcurl still says goodbye when the handle goes, but need
 * not wait for an answer to that. */
static void leave(CURL *h)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(h, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK
        && fd != CURL_SOCKET_BAD) {
        shutdown(fd, SHUT_RD);
    }
}

static apr_status_t deliver(const wf_mail_t *mail, const wf_mail_server_t *server,
                            const wf_client_terms_t *terms, apr_pool_t *p,
                            wf_error_t *err)
{
    long left_ms = wf_terms_left_ms(terms, server->timeout_ms);
    CURL *h = curl_easy_init();
    /* Used until the handle is gone, which is after this function. */
    answer_t *answer = apr_pcalloc(p, sizeof(*answer));
    wf_message_t *message = apr_palloc(p, sizeof(*message));
    CURLcode code;

    if (h == NULL) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
    }
    apr_pool_cleanup_register(p, h, release_handle, apr_pool_cleanup_null);
    if (wf_message_compose(message, mail, server->from, h, p, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (left_ms < 0) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "no time was left to send a mail");
    }
    set_server(h, server, left_ms, p);
    set_message(h, message);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, answer);
    wf_terms_watch(h, terms);
    code = curl_easy_perform(h);
    if (code != CURLE_OK) {
        return report(h, code, answer, server, err);
    }
    leave(h);
    return APR_SUCCESS;
}

apr_status_t wf_mail_send(const wf_mail_t *mail, const wf_mail_server_t *server,
                          const wf_client_terms_t *terms, apr_pool_t *p, wf_error_t *err)
{
    apr_pool_t *scratch;
    apr_status_t rv;

    if (server == NULL) {
        return wf_error_set(err, WF_ERR_UNSUPPORTED, "no mail server is configured");
    }
    if (server->problem != NULL) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "no mail can be sent: %s",
                            server->problem);
    }
    apr_pool_create(&scratch, p);
    apr_pool_tag(scratch, "wf_mail");
    rv = deliver(mail, server, terms, scratch, err);
    apr_pool_destroy(scratch);
    return rv;
}
