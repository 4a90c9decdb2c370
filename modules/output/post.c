/* Parcels that go out by HTTP. Redirects are not followed: what is sent may carry a token
 * that is meant for one server. */
#include "output/internal.h"

#include <string.h>

/* ---- URLs -------------------------------------------------------------------------- */

const char *wf_url_base(const char *url, apr_pool_t *p)
{
    apr_size_t n = strcspn(url, "?#");

    while (n > 0 && url[n - 1] == '/') {
        n--;
    }
    return apr_pstrmemdup(p, url, n);
}

static int hex(char c)
{
    const char *at = c ? strchr("0123456789abcdef", c | 0x20) : NULL;

    return at != NULL ? (int)(at - "0123456789abcdef") : -1;
}

static const char *decode(const char *text, apr_size_t n, apr_pool_t *p)
{
    char *out = apr_palloc(p, n + 1), *to = out;
    apr_size_t i;

    for (i = 0; i < n; i++) {
        if (text[i] == '%' && i + 2 < n && hex(text[i + 1]) >= 0
            && hex(text[i + 2]) >= 0) {
            *to++ = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        }
        else {
            *to++ = text[i] == '+' ? ' ' : text[i];
        }
    }
    *to = '\0';
    return out;
}

const char *wf_url_parameter(const char *url, const char *name, apr_pool_t *p)
{
    const char *at = strchr(url, '?');
    apr_size_t n = strlen(name);

    while (at != NULL && *at != '\0' && *at != '#') {
        apr_size_t length = strcspn(++at, "&#");

        if (length > n && strncmp(at, name, n) == 0 && at[n] == '=') {
            return decode(at + n + 1, length - n - 1, p);
        }
        at += length;
    }
    return NULL;
}

void wf_post_check(const wf_output_t *output, const char *url, const wf_where_t *path,
                   wf_compile_t *c)
{
    wf_client_settings_t settings;
    wf_client_request_t request = { .method = "POST", .url = url, .settings = &settings };
    wf_client_call_t *call;
    wf_error_t err;

    wf_client_settings_init(&settings);
    wf_error_init(&err, c->p);
    if (url == NULL) {
        wf_output_problem(output, NULL, "required", path, c, "is required for %s",
                          output->type->name);
    }
    else if (wf_client_prepare(&call, &request, c->p, &err) != APR_SUCCESS) {
        wf_output_problem(output, NULL, "value", path, c, "%s", err.message);
    }
}

/* ---- sending ----------------------------------------------------------------------- */

apr_status_t wf_post_open(wf_sink_t *sink, wf_error_t *err)
{
    wf_client_settings_t *settings = &sink->settings;

    (void)err;
    wf_client_settings_init(settings);
    settings->follow_redirects = 0;
    settings->no_cookies = 1;
    settings->timeout_ms = sink->output.timeout_ns / NS_PER_MS;
    settings->connect_timeout_ms = settings->idle_timeout_ms = settings->timeout_ms;
    return APR_SUCCESS;
}

/* Statuses after which the same request may succeed. */
static int is_passing(int status)
{
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

wf_sent_e wf_post(wf_sink_t *sink, const char *method, const wf_parcel_t *parcel,
                  const apr_array_header_t *headers, apr_pool_t *p, wf_error_t *err)
{
    wf_client_request_t request = { .method = method,
                                    .url = sink->address,
                                    .headers = headers,
                                    .body = parcel ? parcel->data : NULL,
                                    .body_length = parcel ? parcel->length : 0,
                                    .settings = &sink->settings };
    wf_client_terms_t terms = wf_sink_terms(sink);
    wf_client_response_t *response;
    wf_client_call_t *call;

    if (wf_client_prepare(&call, &request, p, err) != APR_SUCCESS) {
        return WF_REFUSED;
    }
    if (wf_client_exchange(&response, call, &terms, p, err) != APR_SUCCESS) {
        return WF_SENT_NOT;
    }
    if (response->outcome != WF_CLIENT_OK) {
        wf_error_set(err, WF_ERR_UNAVAILABLE, "%s", response->error);
        return response->outcome == WF_CLIENT_DENIED ? WF_REFUSED : WF_SENT_NOT;
    }
    if (response->status / 100 == 2) {
        return WF_SENT;
    }
    wf_error_set(err, WF_ERR_UNAVAILABLE, "answered %d", response->status);
    return is_passing(response->status) ? WF_SENT_NOT : WF_REFUSED;
}
