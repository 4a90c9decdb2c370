/* What libcurl's result means: tables. The texts are ours, so that they stay the same
 * over its releases: equal failures are counted by them. */
#include "client/internal.h"

#include <stdio.h>
#include <string.h>

typedef struct outcome_row_t {
    CURLcode code;
    wf_client_outcome_e outcome;
    const char *text; /* NULL: the host is part of it */
} outcome_row_t;

static const outcome_row_t outcomes[] = {
    /* clang-format off */
    { CURLE_OPERATION_TIMEDOUT,         WF_CLIENT_TIMEOUT,   "no complete answer in time" },
    { CURLE_ABORTED_BY_CALLBACK,        WF_CLIENT_TIMEOUT,   "broken off: the engine stops" },
    { CURLE_COULDNT_RESOLVE_HOST,       WF_CLIENT_CONNECT,   NULL },
    { CURLE_COULDNT_CONNECT,            WF_CLIENT_CONNECT,   NULL },
    { CURLE_SEND_ERROR,                 WF_CLIENT_CONNECT,   "connection lost while sending" },
    { CURLE_RECV_ERROR,                 WF_CLIENT_CONNECT,   "connection lost while receiving" },
    { CURLE_GOT_NOTHING,                WF_CLIENT_CONNECT,   "connection closed without an answer" },
    { CURLE_PARTIAL_FILE,               WF_CLIENT_CONNECT,   "connection closed within the answer" },
    { CURLE_NO_CONNECTION_AVAILABLE,    WF_CLIENT_CONNECT,   "no connection was free" },
    { CURLE_SSL_CONNECT_ERROR,          WF_CLIENT_TLS,       "the TLS handshake failed" },
    { CURLE_PEER_FAILED_VERIFICATION,   WF_CLIENT_TLS,       "the certificate is not for this host" },
    { CURLE_SSL_CERTPROBLEM,            WF_CLIENT_TLS,       "the client certificate, its key or password cannot be used" },
    { CURLE_SSL_CACERT_BADFILE,         WF_CLIENT_TLS,       "the file of trusted issuers cannot be read" },
    { CURLE_SSL_CIPHER,                 WF_CLIENT_TLS,       "no common cipher" },
    { CURLE_SSL_ISSUER_ERROR,           WF_CLIENT_TLS,       "the certificate's issuer is not the expected one" },
    { CURLE_SSL_CLIENTCERT,             WF_CLIENT_TLS,       "the server requires a client certificate" },
    { CURLE_TOO_MANY_REDIRECTS,         WF_CLIENT_REDIRECTS, "too many redirects" },
    { CURLE_UNSUPPORTED_PROTOCOL,       WF_CLIENT_REDIRECTS, "redirected to another protocol" },
    { CURLE_URL_MALFORMAT,              WF_CLIENT_REDIRECTS, "redirected to a malformed URL" },
    { CURLE_OUT_OF_MEMORY,              WF_CLIENT_TOO_LARGE, "the answer's header is too long" },
#if LIBCURL_VERSION_NUM >= 0x080600
    { CURLE_TOO_LARGE,                  WF_CLIENT_TOO_LARGE, "the answer's header is too long" },
#endif
    { CURLE_WEIRD_SERVER_REPLY,         WF_CLIENT_PROTOCOL,  "the answer is no HTTP" },
    { CURLE_HTTP2,                      WF_CLIENT_PROTOCOL,  "the HTTP/2 connection failed" },
    { CURLE_HTTP2_STREAM,               WF_CLIENT_PROTOCOL,  "the server broke the HTTP/2 stream off" },
    { CURLE_BAD_CONTENT_ENCODING,       WF_CLIENT_PROTOCOL,  "the answer's body is not encoded as it says" },
    { CURLE_WRITE_ERROR,                WF_CLIENT_PROTOCOL,  "the answer's body is not encoded as it says" },
    { CURLE_SEND_FAIL_REWIND,           WF_CLIENT_PROTOCOL,  "the body could not be sent again" },
    /* clang-format on */
};

/* ---- TLS ------------------------------------------------------------------------------- */

/* Why a certificate was refused: OpenSSL's numbers, X509_V_ERR_…, which are part of its
 * interface. */
static const struct {
    long result;
    const char *text;
} refusals[] = {
    { 9, "the certificate is not valid yet" },
    { 10, "the certificate has expired" },
    { 18, "the certificate is self-signed" },
    { 19, "the certificate's issuer is not trusted" },
    { 20, "the certificate's issuer is not trusted" },
    { 21, "the certificate's issuer is not trusted" },
    { 23, "the certificate was revoked" },
    { 62, "the certificate is not for this host" },
    { 64, "the certificate is not for this host" },
};

static const char *refusal_text(CURL *handle, const char *fallback)
{
    long result = 0;
    size_t i;

    curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &result);
    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].result == result) {
            return refusals[i].text;
        }
    }
    return fallback;
}

/* ---- connections -------------------------------------------------------------------------- */

static const char *connect_text(CURL *handle, CURLcode code, const char *host,
                                const char *port, char *text, apr_size_t size)
{
    long os_errno = 0;
    char reason[96];

    if (code == CURLE_COULDNT_RESOLVE_HOST) {
        snprintf(text, size, "host name %s not found", host);
        return text;
    }
    curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &os_errno);
    snprintf(text, size, "no connection to %s:%s: %s", host, port,
             os_errno
                 ? apr_strerror(APR_FROM_OS_ERROR((int)os_errno), reason, sizeof(reason))
                 : curl_easy_strerror(code));
    return text;
}

/* ---- codes that mean more than one thing ----------------------------------------------- */

/* What libcurl's own words add to its code. A server of TLS 1.3 tells only after the
 * handshake that it misses a certificate, when libcurl reads or writes already. */
static const struct {
    CURLcode from;
    const char *words;
    CURLcode to;
} meanings[] = {
    /* clang-format off */
    { CURLE_RECV_ERROR,           "certificate required",       CURLE_SSL_CLIENTCERT },
    { CURLE_SEND_ERROR,           "certificate required",       CURLE_SSL_CLIENTCERT },
    { CURLE_SSL_CONNECT_ERROR,    "certificate required",       CURLE_SSL_CLIENTCERT },
    { CURLE_RECV_ERROR,           "Too large response headers", CURLE_OUT_OF_MEMORY },
    { CURLE_RECV_ERROR,           "chunk",                      CURLE_WEIRD_SERVER_REPLY },
    { CURLE_UNSUPPORTED_PROTOCOL, "HTTP",                       CURLE_WEIRD_SERVER_REPLY },
    /* clang-format on */
};

static CURLcode refine(CURLcode code, const char *detail)
{
    size_t i;

    for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].from == code && strstr(detail, meanings[i].words) != NULL) {
            return meanings[i].to;
        }
    }
    return code;
}

static const outcome_row_t *row_of(CURLcode code)
{
    size_t i;

    for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        if (outcomes[i].code == code) {
            return &outcomes[i];
        }
    }
    return NULL;
}

wf_client_outcome_e wf_outcome_of(CURL *handle, CURLcode code, const char *detail,
                                  const char *host, const char *port, const char **error,
                                  char *text, apr_size_t size)
{
    const outcome_row_t *row;

    code = refine(code, detail);
    row = row_of(code);
    if (row == NULL) {
        *error = curl_easy_strerror(code);
        return WF_CLIENT_PROTOCOL;
    }
    *error = code == CURLE_PEER_FAILED_VERIFICATION ? refusal_text(handle, row->text)
             : row->text == NULL ? connect_text(handle, code, host, port, text, size)
                                 : row->text;
    return row->outcome;
}
