/* Calls that go elsewhere than their URL says: to a given address, or to a server that
 * TLS knows by another name. Nothing of it is put into libcurl's cache of names, which
 * other calls share; each request says for itself where it connects to. */
#include "client/internal.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int wf_client_address_valid(const char *address)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, address, bytes) == 1
           || inet_pton(AF_INET6, address, bytes) == 1;
}

/* In brackets if it is an IPv6 address without them. */
static const char *bracketed(const char *host, apr_pool_t *p)
{
    return strchr(host, ':') && *host != '[' ? apr_pstrcat(p, "[", host, "]", NULL)
                                             : host;
}

/* libcurl's spelling is from:port:to:port; no port is any one, or stays as it is. */
static apr_status_t add(wf_client_call_t *call, const char *host, int port,
                        const char *to, const char *permitted, apr_pool_t *p,
                        wf_error_t *err)
{
    const char *number = port ? apr_itoa(p, port) : "";
    wf_override_t *override;

    if (call->overrides == NULL) {
        call->overrides = apr_array_make(p, 2, sizeof(wf_override_t));
    }
    override = apr_array_push(call->overrides);
    override->host = host;
    override->port = port;
    override->permitted = permitted;
    if (!wf_slist_add(&call->connect_to, apr_pstrcat(p, bracketed(host, p), ":", number,
                                                     ":", bracketed(to, p), ":", NULL))) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
    }
    return APR_SUCCESS;
}

static apr_status_t add_resolved(wf_client_call_t *call, apr_pool_t *p, wf_error_t *err)
{
    const apr_array_header_t *list = call->settings->resolve;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; list != NULL && i < list->nelts && rv == APR_SUCCESS; i++) {
        const wf_client_resolve_t *r = &APR_ARRAY_IDX(list, i, wf_client_resolve_t);

        if (*r->host == '\0' || strpbrk(r->host, " ;/@") != NULL
            || !wf_client_address_valid(r->address) || r->port < 0 || r->port > 65535) {
            return wf_error_field(err, WF_ERR_INVALID, "resolve",
                                  "not a host, port and address: %.100s %d %.100s",
                                  r->host, r->port, r->address);
        }
        rv = add(call, r->host, r->port, r->address, r->address, p, err);
    }
    return rv;
}

/* Where connections to a host go, by the settings alone. */
static const char *resolved(const wf_client_settings_t *settings, const char *host,
                            int port)
{
    const apr_array_header_t *list = settings->resolve;
    int i;

    for (i = 0; list != NULL && i < list->nelts; i++) {
        const wf_client_resolve_t *r = &APR_ARRAY_IDX(list, i, wf_client_resolve_t);

        if (strcasecmp(r->host, host) == 0 && (r->port == 0 || r->port == port)) {
            return r->address;
        }
    }
    return host;
}

/* libcurl takes the name for TLS from the URL, so the URL gets the name, and the request
 * the host that it had. */
static apr_status_t rename_server(wf_client_call_t *call, const char *scheme, char *host,
                                  const char *port, const char **header, apr_pool_t *p,
                                  wf_error_t *err)
{
    const char *name = call->settings->server_name;
    char *plain = host;
    const char *to;
    int number = atoi(port);

    if (strcasecmp(scheme, "https") != 0 || strcasecmp(name, host) == 0) {
        return APR_SUCCESS;
    }
    if (!wf_host_name_valid(name, strlen(name))
        || curl_url_set(call->url, CURLUPART_HOST, name, 0) != CURLUE_OK) {
        return wf_error_field(err, WF_ERR_INVALID, "server_name",
                              "not a host name: %.100s", name);
    }
    if (*host == '[') { /* an IPv6 address, told to others without brackets */
        plain = apr_pstrmemdup(p, host + 1, strcspn(host + 1, "]"));
    }
    *header =
        number == 443 ? apr_pstrdup(p, host) : apr_pstrcat(p, host, ":", port, NULL);
    to = resolved(call->settings, plain, number);
    return add(call, name, number, apr_pstrdup(p, to), apr_pstrdup(p, to), p, err);
}

apr_status_t wf_overrides_add(wf_client_call_t *call, const char **header, apr_pool_t *p,
                              wf_error_t *err)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    apr_status_t rv = APR_SUCCESS;

    *header = NULL;
    if (call->settings->server_name != NULL
        && curl_url_get(call->url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK
        && curl_url_get(call->url, CURLUPART_HOST, &host, 0) == CURLUE_OK
        && curl_url_get(call->url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT)
               == CURLUE_OK) {
        rv = rename_server(call, scheme, host, port, header, p, err);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return rv == APR_SUCCESS ? add_resolved(call, p, err) : rv;
}

/* libcurl takes the first entry that fits, too. */
const char *wf_override_find(const wf_client_call_t *call, const char *host, int port)
{
    int i;

    for (i = 0; call->overrides != NULL && i < call->overrides->nelts; i++) {
        const wf_override_t *o = &APR_ARRAY_IDX(call->overrides, i, wf_override_t);

        if (strcasecmp(o->host, host) == 0 && (o->port == 0 || o->port == port)) {
            return o->permitted;
        }
    }
    return host;
}
