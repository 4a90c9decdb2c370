/* Requests of scripts: the thread waits for the answer. */
#include "steps/script_host.h"

#include <apr_strings.h>
#include <string.h>

#include "steps/http.h"

/* ---- what to ask ------------------------------------------------------------------------- */

typedef struct asked_t {
    const char *method, *url;
    const wf_map_t *options;
} asked_t;

static int read_arguments(asked_t *asked, const wf_value_t *args, int nargs,
                          wf_error_t *err)
{
    if (nargs != 3 || args[0].type != WF_STRING || args[1].type != WF_STRING
        || args[2].type != WF_MAP) {
        wf_error_set(err, WF_ERR_EXECUTION, "http: a URL and an object of options");
        return 0;
    }
    asked->method = args[0].as.text.data;
    asked->url = args[1].as.text.data;
    asked->options = args[2].as.map;
    return 1;
}

/* An option that is a map; NULL if it is missing. 0: it is something else. */
static int map_option(const asked_t *asked, const char *name, const wf_map_t **map,
                      wf_error_t *err)
{
    const wf_value_t *option = wf_map_get(asked->options, name);

    *map = NULL;
    if (option == NULL || option->type == WF_NULL) {
        return 1;
    }
    if (option->type != WF_MAP) {
        wf_error_set(err, WF_ERR_EXECUTION, "http: %s is not an object", name);
        return 0;
    }
    *map = option->as.map;
    return 1;
}

static void append(apr_array_header_t *out, const char *text)
{
    while (*text) {
        APR_ARRAY_PUSH(out, char) = *text++;
    }
}

static void append_query(apr_array_header_t *out, const char *url, const wf_map_t *query,
                         apr_pool_t *p)
{
    const char *between = strchr(url, '?') ? "&" : "?";
    int i;

    for (i = 0; query != NULL && i < wf_map_count(query); i++) {
        append(out, between);
        wf_percent_append(out, wf_map_key(query, i));
        append(out, "=");
        wf_percent_append(out, wf_value_print(wf_map_at(query, i), WF_LOAD, p));
        between = "&";
    }
}

/* ftp://… is no path below the base. */
static int has_other_scheme(const char *url)
{
    apr_size_t n = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789+-.");

    return n > 0 && strncmp(url + n, "://", 3) == 0 && !wf_http_is_absolute(url);
}

static const char *full_url(const wf_script_http_t *http, const asked_t *asked,
                            apr_pool_t *p, wf_error_t *err)
{
    apr_array_header_t *out = apr_array_make(p, 256, 1);
    apr_size_t n = strlen(http->base);
    const wf_map_t *query;

    if (!map_option(asked, "query", &query, err)) {
        return NULL;
    }
    if (has_other_scheme(asked->url)) {
        wf_error_set(err, WF_ERR_EXECUTION, "http: a URL that is neither http nor https");
        return NULL;
    }
    if (!wf_http_is_absolute(asked->url) && n > 0) {
        while (n > 0 && http->base[n - 1] == '/') {
            n--;
        }
        append(out, apr_pstrmemdup(p, http->base, n));
        append(out, asked->url[0] == '/' ? "" : "/");
    }
    append(out, asked->url);
    append_query(out, asked->url, query, p);
    APR_ARRAY_PUSH(out, char) = '\0';
    return out->elts;
}

static int has_header(const apr_array_header_t *list, const char *name)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        if (strcasecmp(APR_ARRAY_IDX(list, i, wf_client_header_t).name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void add_header(apr_array_header_t *list, const char *name, const char *value)
{
    wf_client_header_t *header = apr_array_push(list);

    header->name = name;
    header->value = value;
}

/* Those of the script, then those of the http section that it does not set itself. */
static const apr_array_header_t *all_headers(const wf_script_http_t *http,
                                             const asked_t *asked, int with_body,
                                             apr_pool_t *p, wf_error_t *err)
{
    apr_array_header_t *list = apr_array_make(p, 8, sizeof(wf_client_header_t));
    const wf_map_t *own;
    int i;

    if (!map_option(asked, "headers", &own, err)) {
        return NULL;
    }
    if (own != NULL && wf_map_count(own) > WF_SCRIPT_HTTP_MAX_HEADERS) {
        wf_error_set(err, WF_ERR_EXECUTION, "http: more than %d headers",
                     WF_SCRIPT_HTTP_MAX_HEADERS);
        return NULL;
    }
    for (i = 0; own != NULL && i < wf_map_count(own); i++) {
        add_header(list, wf_map_key(own, i),
                   wf_value_print(wf_map_at(own, i), WF_LOAD, p));
    }
    for (i = 0; http->headers != NULL && i < http->headers->nelts; i++) {
        const wf_client_header_t *header =
            &APR_ARRAY_IDX(http->headers, i, wf_client_header_t);

        if (!has_header(list, header->name)) {
            add_header(list, header->name, header->value);
        }
    }
    if (with_body && !has_header(list, "Content-Type")) {
        add_header(list, "Content-Type", "application/json");
    }
    return list;
}

/* Milliseconds, or a duration such as "10s". */
static int timeout_of(const asked_t *asked, apr_int64_t *ms, wf_error_t *err)
{
    const wf_value_t *option = wf_map_get(asked->options, "timeout");
    apr_int64_t ns = -1;

    *ms = WF_SCRIPT_HTTP_TIMEOUT_MS;
    if (option == NULL || option->type == WF_NULL) {
        return 1;
    }
    if (wf_is_integer(option)) {
        ns = option->as.integer > 0 && option->as.integer < INT32_MAX
                 ? option->as.integer * NS_PER_MS
                 : -1;
    }
    else if (option->type == WF_STRING
             && wf_duration_parse(&ns, option->as.text.data) != APR_SUCCESS) {
        ns = -1;
    }
    if (ns <= 0) {
        wf_error_set(err, WF_ERR_EXECUTION,
                     "http: timeout is neither milliseconds nor a duration");
        return 0;
    }
    *ms = (ns + NS_PER_MS - 1) / NS_PER_MS;
    *ms = *ms < WF_SCRIPT_HTTP_TIMEOUT_MS ? *ms : WF_SCRIPT_HTTP_TIMEOUT_MS;
    return 1;
}

static wf_client_call_t *prepare(const wf_script_http_t *http, const asked_t *asked,
                                 apr_pool_t *p, wf_error_t *err)
{
    const wf_value_t *body = wf_map_get(asked->options, "body");
    wf_client_settings_t *settings = apr_pmemdup(p, &http->settings, sizeof(*settings));
    wf_client_request_t request = { .method = asked->method,
                                    .settings = settings,
                                    .keep_headers = 1,
                                    .keep_body = 1,
                                    .max_body = WF_CLIENT_MAX_BODY };
    wf_client_call_t *call;

    if (body != NULL && body->type == WF_STRING) {
        request.body = body->as.text.data;
        request.body_length = body->as.text.length;
    }
    request.url = full_url(http, asked, p, err);
    request.headers = all_headers(http, asked, request.body != NULL, p, err);
    if (request.url == NULL || request.headers == NULL
        || !timeout_of(asked, &settings->timeout_ms, err)
        || wf_client_prepare(&call, &request, p, err) != APR_SUCCESS) {
        return NULL;
    }
    return call;
}

/* ---- what came back ---------------------------------------------------------------------- */

static wf_value_t record_of(const wf_client_response_t *response, apr_pool_t *p)
{
    wf_map_t *map = wf_map_create(p);
    wf_value_t body = wf_string("");

    if (response->body != NULL) {
        body.as.text.data = response->body;
        body.as.text.length = response->body_length;
    }
    wf_map_set(map, "status_code", wf_integer(response->status));
    wf_map_set(map, "status",
               wf_string(apr_psprintf(p, "%d %s", response->status,
                                      wf_client_reason(response->status))));
    wf_map_set(
        map, "headers",
        wf_list(wf_script_headers(response->headers, response->headers_length, p)));
    wf_map_set(map, "body", body);
    wf_map_set(map, "duration", wf_double((double)response->duration_us / 1000.0));
    wf_map_set(map, "size", wf_integer(response->size));
    if (response->outcome != WF_CLIENT_OK) {
        wf_map_set(map, "error", wf_string(response->error));
    }
    return wf_map(map);
}

#define NAP_US 20000

static int is_stopped(const wf_script_host_t *host)
{
    return host->stop != NULL && __atomic_load_n(host->stop, __ATOMIC_RELAXED);
}

/* The execution may have a rate: wait for a place, but not beyond the script's time. */
static void wait_for_place(wf_script_host_t *host)
{
    apr_int64_t us = host->http->pace ? wf_pace_take(host->http->pace) : 0;
    apr_int64_t until = wf_mono_us() + us, now;

    if (us < 1000) {
        return;
    }
    host->held++;
    until = until < host->deadline ? until : host->deadline;
    while ((now = wf_mono_us()) < until && !is_stopped(host)) {
        apr_sleep(until - now < NAP_US ? until - now : NAP_US);
    }
}

int wf_script_http_call(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                        apr_pool_t *p, wf_error_t *err)
{
    wf_script_host_t *host = baton;
    wf_client_terms_t terms = { .deadline = host->deadline, .stop = host->stop };
    wf_client_response_t *response;
    wf_client_call_t *call;
    asked_t asked;

    if (host->http == NULL) {
        wf_error_set(
            err, WF_ERR_EXECUTION,
            "requests are made by scripts that have the word http in their text");
        return -1;
    }
    terms.permitted = host->http->permitted;
    terms.permit_baton = host->http->permit_baton;
    if (!read_arguments(&asked, args, nargs, err)
        || (call = prepare(host->http, &asked, p, err)) == NULL) {
        return -1;
    }
    wait_for_place(host);
    if (wf_client_exchange(&response, call, &terms, p, err) != APR_SUCCESS) {
        return -1;
    }
    host->exchanged(host->baton, response);
    *value = record_of(response, p);
    return 1;
}
