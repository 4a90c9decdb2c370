/* Requests: checked once, parsed once, then immutable. The grammar of names and values is
 * RFC 9110 section 5; whatever could smuggle a second line into a request is refused. */
#include "client/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void global_init(void)
{
    global_result = wf_memory_init();
}

apr_status_t wf_client_global_init(wf_error_t *err)
{
    pthread_once(&global_once, global_init);
    if (global_result != CURLE_OK) {
        return wf_error_set(err, WF_ERR_INTERNAL, "libcurl does not start: %s",
                            curl_easy_strerror(global_result));
    }
    return APR_SUCCESS;
}

void wf_client_settings_init(wf_client_settings_t *settings)
{
    memset(settings, 0, sizeof(*settings));
    settings->follow_redirects = 1;
    settings->max_redirects = WF_CLIENT_MAX_REDIRECTS;
    settings->connect_timeout_ms = WF_CLIENT_CONNECT_TIMEOUT_MS;
    settings->idle_timeout_ms = WF_CLIENT_IDLE_TIMEOUT_MS;
    settings->timeout_ms = WF_CLIENT_TIMEOUT_MS;
    settings->max_read = WF_CLIENT_MAX_READ;
}

/* token = 1*tchar */
int wf_client_header_name_valid(const char *name)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    if (*name == '\0') {
        return 0;
    }
    for (; *name != '\0'; name++) {
        if (!apr_isalnum(*name) && strchr(others, *name) == NULL) {
            return 0;
        }
    }
    return 1;
}

/* Any visible byte, blank and tab; no CR, LF or other control. */
int wf_client_header_value_valid(const char *value)
{
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t release_call(void *data)
{
    wf_client_call_t *call = data;

    curl_url_cleanup(call->url);
    curl_slist_free_all(call->headers);
    curl_slist_free_all(call->connect_to);
    return APR_SUCCESS;
}

static apr_status_t parse_url(wf_client_call_t *call, const char *url, wf_error_t *err)
{
    CURLUcode code;
    char *scheme = NULL;
    char *zone = NULL;
    int http;

    call->url = curl_url();
    if (call->url == NULL) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
    }
    code = curl_url_set(call->url, CURLUPART_URL, url,
                        CURLU_URLENCODE | CURLU_ALLOW_SPACE | CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK) {
        return wf_error_field(err, WF_ERR_INVALID, "url", "not an absolute URL");
    }
    code = curl_url_get(call->url, CURLUPART_SCHEME, &scheme, 0);
    http = code == CURLUE_OK
           && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    if (!http) {
        return wf_error_field(err, WF_ERR_INVALID, "url",
                              "only http and https are supported");
    }
    call->zoned = curl_url_get(call->url, CURLUPART_ZONEID, &zone, 0) == CURLUE_OK;
    curl_free(zone);
    return APR_SUCCESS;
}

/* ---- headers ---------------------------------------------------------------------------- */

int wf_slist_add(struct curl_slist **list, const char *line)
{
    struct curl_slist *head = curl_slist_append(*list, line);

    if (head == NULL) {
        return 0;
    }
    *list = head;
    return 1;
}

static apr_status_t add_line(wf_client_call_t *call, const char *line, wf_error_t *err)
{
    return wf_slist_add(&call->headers, line)
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_INTERNAL, "out of memory");
}

/* libcurl's spelling: "Name: value", and "Name;" for an empty value. */
static apr_status_t add_field(wf_client_call_t *call, const char *name, const char *value,
                              apr_pool_t *p, wf_error_t *err)
{
    return add_line(call,
                    *value == '\0' ? apr_pstrcat(p, name, ";", NULL)
                                   : apr_pstrcat(p, name, ": ", value, NULL),
                    err);
}

static apr_status_t check_header(const wf_client_header_t *header, wf_error_t *err)
{
    if (!wf_client_header_name_valid(header->name)) {
        return wf_error_field(err, WF_ERR_INVALID, "headers", "not a header name: %.100s",
                              header->name);
    }
    if (!wf_client_header_value_valid(header->value)) {
        return wf_error_field(
            err, WF_ERR_INVALID, "headers",
            "the value of %s contains a line break or a control character", header->name);
    }
    return APR_SUCCESS;
}

/* A request may have one Cookie field (RFC 6265 section 5.4), so libcurl has to join
 * these cookies with the user's. */
static void add_cookies(wf_client_call_t *call, const char *value, apr_pool_t *p)
{
    if (*value != '\0') {
        call->cookies = call->cookies ? apr_pstrcat(p, call->cookies, "; ", value, NULL)
                                      : apr_pstrdup(p, value);
    }
}

static apr_status_t add_header(wf_client_call_t *call, const wf_client_header_t *header,
                               const char **type, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = check_header(header, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (strcasecmp(header->name, "Cookie") == 0) {
        add_cookies(call, header->value, p);
        return APR_SUCCESS;
    }
    if (type != NULL && strcasecmp(header->name, "Content-Type") == 0) {
        *type = header->value;
        return APR_SUCCESS;
    }
    call->decode |= strcasecmp(header->name, "Accept-Encoding") == 0;
    call->typed |= strcasecmp(header->name, "Content-Type") == 0;
    call->named |= strcasecmp(header->name, "User-Agent") == 0;
    return add_field(call, header->name, header->value, p, err);
}

/* type: gets the Content-Type, which then is no line yet; or NULL. */
static apr_status_t add_headers(wf_client_call_t *call, const apr_array_header_t *headers,
                                const char **type, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; headers != NULL && i < headers->nelts && rv == APR_SUCCESS; i++) {
        rv = add_header(call, &APR_ARRAY_IDX(headers, i, wf_client_header_t), type, p,
                        err);
    }
    return rv;
}

/* What we have to say besides the request's own headers. */
static apr_status_t add_own_headers(wf_client_call_t *call, const char *host,
                                    apr_pool_t *p, wf_error_t *err)
{
    int may_have_body = call->pieces != NULL || strcmp(call->method, "POST") == 0;
    apr_status_t rv = APR_SUCCESS;

    if (may_have_body) {
        /* A 100-continue round trip before large bodies would be measured as latency. */
        rv = add_line(call, "Expect:", err);
    }
    if (rv == APR_SUCCESS && may_have_body && !call->typed) {
        rv = add_line(call, "Content-Type:", err); /* libcurl would call it a form */
    }
    if (rv == APR_SUCCESS && host != NULL) {
        rv = add_field(call, "Host", host, p, err);
    }
    if (rv == APR_SUCCESS && !call->named) {
        /* As a line of ours it is written once, as an option of libcurl's twice. */
        rv = add_line(call, "User-Agent: workflow-engine/" WF_VERSION, err);
    }
    if (rv == APR_SUCCESS && call->settings->no_keep_alive) {
        rv = add_line(call, "Connection: close", err); /* HTTP/2 has no such field */
    }
    return rv;
}

/* ---- preparation ---------------------------------------------------------------------- */

static apr_status_t add_parts(wf_client_call_t *call, const apr_array_header_t *parts,
                              const char *type, apr_pool_t *p, wf_error_t *err)
{
    const char *boundary;
    apr_status_t rv = wf_multipart_type(&type, &boundary, type, p, err);

    if (rv == APR_SUCCESS) {
        call->typed = 1;
        rv = add_field(call, "Content-Type", type, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_multipart_encode(call, parts, boundary, p, err);
    }
    return rv;
}

static void add_body(wf_client_call_t *call, const wf_client_request_t *request,
                     apr_pool_t *p)
{
    wf_body_piece_t *piece;

    if (request->body != NULL) {
        piece = apr_palloc(p, sizeof(*piece));
        piece->data = request->body;
        piece->length = request->body_length;
        call->pieces = piece;
        call->npieces = 1;
        call->body_length = request->body_length;
    }
}

static apr_status_t compose(wf_client_call_t *call, const wf_client_request_t *request,
                            apr_pool_t *p, wf_error_t *err)
{
    const char *host = NULL, *type = NULL;
    apr_status_t rv = parse_url(call, request->url, err);

    if (rv == APR_SUCCESS) {
        rv = wf_overrides_add(call, &host, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = add_headers(call, request->headers, request->parts ? &type : NULL, p, err);
    }
    if (rv == APR_SUCCESS && request->parts != NULL) {
        rv = add_parts(call, request->parts, type, p, err);
    }
    else {
        add_body(call, request, p);
    }
    return rv == APR_SUCCESS ? add_own_headers(call, host, p, err) : rv;
}

apr_status_t wf_client_prepare(wf_client_call_t **out, const wf_client_request_t *request,
                               apr_pool_t *p, wf_error_t *err)
{
    wf_client_call_t *call = apr_pcalloc(p, sizeof(*call));
    apr_status_t rv = wf_client_global_init(err);

    /* What was made earlier would be freed as if it came from memory.c. */
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_cleanup_register(p, call, release_call, apr_pool_cleanup_null);
    call->method = apr_pstrdup(p, request->method);
    call->settings = request->settings;
    call->keep_headers = request->keep_headers;
    call->keep_request = request->keep_request;
    call->keep_body = request->keep_body;
    call->max_body = request->max_body ? request->max_body : WF_CLIENT_MAX_BODY;
    call->stable = request->stable;
    call->decode = request->settings->compression;
    if (!wf_client_header_name_valid(request->method)) {
        return wf_error_field(err, WF_ERR_INVALID, "method", "not a method: %.100s",
                              request->method);
    }
    rv = compose(call, request, p, err);
    if (rv == APR_SUCCESS) {
        *out = call;
    }
    return rv;
}
