/* What libcurl's result means: a table. */
#include "client/internal.h"

#include <stdio.h>

typedef struct outcome_row_t {
    CURLcode code;
    wf_client_outcome_e outcome;
    const char *text; /* NULL: libcurl's own */
} outcome_row_t;

static const outcome_row_t outcomes[] = {
    /* clang-format off */
    { CURLE_OPERATION_TIMEDOUT,         WF_CLIENT_TIMEOUT,   "no complete answer in time" },
    { CURLE_COULDNT_RESOLVE_HOST,       WF_CLIENT_CONNECT,   NULL },
    { CURLE_COULDNT_CONNECT,            WF_CLIENT_CONNECT,   NULL },
    { CURLE_SEND_ERROR,                 WF_CLIENT_CONNECT,   "connection lost while sending" },
    { CURLE_RECV_ERROR,                 WF_CLIENT_CONNECT,   "connection lost while receiving" },
    { CURLE_GOT_NOTHING,                WF_CLIENT_CONNECT,   "connection closed without an answer" },
    { CURLE_PARTIAL_FILE,               WF_CLIENT_CONNECT,   "connection closed within the answer" },
    { CURLE_SSL_CONNECT_ERROR,          WF_CLIENT_TLS,       NULL },
    { CURLE_PEER_FAILED_VERIFICATION,   WF_CLIENT_TLS,       NULL },
    { CURLE_SSL_CERTPROBLEM,            WF_CLIENT_TLS,       NULL },
    { CURLE_SSL_CACERT_BADFILE,         WF_CLIENT_TLS,       NULL },
    { CURLE_SSL_CIPHER,                 WF_CLIENT_TLS,       NULL },
    { CURLE_TOO_MANY_REDIRECTS,         WF_CLIENT_REDIRECTS, "too many redirects" },
    { CURLE_UNSUPPORTED_PROTOCOL,       WF_CLIENT_REDIRECTS, "redirected to another protocol" },
    { CURLE_ABORTED_BY_CALLBACK,        WF_CLIENT_TIMEOUT,   "broken off: the engine stops" },
    { CURLE_URL_MALFORMAT,              WF_CLIENT_REDIRECTS, "redirected to a malformed URL" },
    /* clang-format on */
};

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

wf_client_outcome_e wf_outcome_of(CURL *handle, CURLcode code, const char *host,
                                  const char *port, const char **error, char *text,
                                  apr_size_t size)
{
    size_t i;

    *error = curl_easy_strerror(code);
    for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        if (outcomes[i].code != code) {
            continue;
        }
        if (outcomes[i].text != NULL) {
            *error = outcomes[i].text;
        }
        else if (outcomes[i].outcome == WF_CLIENT_CONNECT) {
            *error = connect_text(handle, code, host, port, text, size);
        }
        return outcomes[i].outcome;
    }
    return WF_CLIENT_PROTOCOL;
}
