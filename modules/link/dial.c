/* How a client comes to its server: libcurl makes the connection (names, TCP, TLS) and
 * leaves it alone; the request for an upgrade and the look at its answer (RFC 6455, 4.1)
 * are ours. A plain connection is then taken from libcurl, one over TLS gets a tunnel. */
#include "link/internal.h"
#include "client/client.h"

#include <apr_base64.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FACE "/api/v1" /* the beginning of WF_LINK_PATH */
#define KEY_BYTES 16   /* of Sec-WebSocket-Key */
#define HEAD_MAX 16384 /* bytes of an answer's head */
#define BODY_MAX 4096  /* … of a refusal that are looked at */
#define TOLD_MAX 200   /* … of a message that are told */
#define GLANCE_MS 100  /* from one look at cancelled to the next */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */

/* Lives in the caller's pool: a tunnel's connection goes on calling back. */
typedef struct dialing_t {
    const wf_link_target_t *target;
    apr_pool_t *pool;
    wf_error_t *err;
    CURL *handle;
    curl_socket_t fd;
    apr_int64_t until_us;                          /* wf_mono_us */
    int keep;                                      /* the socket outlives the handle */
    const char *url, *scheme, *host, *port, *path; /* port: NULL for the usual one */
    char key[32];
    char detail[CURL_ERROR_SIZE];
    char head[HEAD_MAX + 1];
    apr_size_t length,
        head_length; /* of what has come, of its head with the empty line */
} dialing_t;

/* ---- where to ------------------------------------------------------------------------ */

static const char *part(CURLU *url, CURLUPart what, apr_pool_t *p)
{
    char *text = NULL;
    const char *copy;

    if (curl_url_get(url, what, &text, 0) != CURLUE_OK) {
        return NULL;
    }
    copy = apr_pstrdup(p, text);
    curl_free(text);
    return copy;
}

static int ends_with(const char *path, const char *end)
{
    apr_size_t n = strlen(path), length = strlen(end);

    return n >= length && strcmp(path + n - length, end) == 0;
}

/* People name the server, the face of its load engine, or the very place. */
static const char *complete(const char *path, apr_pool_t *p)
{
    apr_size_t n = strlen(path);

    while (n > 0 && path[n - 1] == '/') {
        n--;
    }
    path = apr_pstrmemdup(p, path, n);
    if (ends_with(path, WF_LINK_PATH)) {
        return path;
    }
    return apr_pstrcat(p, path,
                       ends_with(path, FACE) ? WF_LINK_PATH + strlen(FACE) : WF_LINK_PATH,
                       NULL);
}

/* What is wrong with the URL, or NULL. */
static const char *read_url(dialing_t *d, CURLU *url)
{
    const char *text = d->target->url;

    if (strstr(text, "://") == NULL) {
        text = apr_pstrcat(d->pool, "http://", text, NULL);
    }
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        return "it is no URL";
    }
    d->scheme = part(url, CURLUPART_SCHEME, d->pool);
    d->host = part(url, CURLUPART_HOST, d->pool);
    d->port = part(url, CURLUPART_PORT, d->pool);
    d->path = part(url, CURLUPART_PATH, d->pool);
    if (strcmp(d->scheme, "http") != 0 && strcmp(d->scheme, "https") != 0) {
        return "it begins with neither http:// nor https://";
    }
    if (part(url, CURLUPART_USER, d->pool) || part(url, CURLUPART_PASSWORD, d->pool)) {
        return "it has a user in it: URLs are written into logs";
    }
    if (part(url, CURLUPART_QUERY, d->pool) || part(url, CURLUPART_FRAGMENT, d->pool)) {
        return "it ends with ? or #";
    }
    d->path = complete(d->path, d->pool);
    d->url = apr_pstrcat(d->pool, d->scheme, "://", d->host, d->port ? ":" : "",
                         d->port ? d->port : "", d->path, NULL);
    return NULL;
}

static apr_status_t check_target(dialing_t *d)
{
    const wf_link_target_t *target = d->target;
    CURLU *url = curl_url();
    const char *wrong = url != NULL ? read_url(d, url) : "there is no memory";

    curl_url_cleanup(url);
    if (wrong != NULL) {
        return wf_error_set(d->err, WF_ERR_INVALID, "the master's URL: %s", wrong);
    }
    if (target->token != NULL && !wf_client_header_value_valid(target->token)) {
        return wf_error_set(d->err, WF_ERR_INVALID,
                            "the token has characters that no header may have");
    }
    return APR_SUCCESS;
}

/* ---- connecting ------------------------------------------------------------------------ */

static int is_cancelled(const dialing_t *d)
{
    return d->target->cancelled != NULL
           && __atomic_load_n(d->target->cancelled, __ATOMIC_RELAXED);
}

static int on_progress(void *baton, curl_off_t a, curl_off_t b, curl_off_t c,
                       curl_off_t e)
{
    (void)a;
    (void)b;
    (void)c;
    (void)e;
    return is_cancelled(baton);
}

static int on_close(void *baton, curl_socket_t fd)
{
    const dialing_t *d = baton;

    return d->keep && fd == d->fd ? 0 : close(fd);
}

static apr_status_t failed(const dialing_t *d, const char *why)
{
    if (is_cancelled(d)) {
        why = "it was cancelled";
    }
    return wf_error_set(d->err, WF_ERR_UNAVAILABLE, "%s: %s", d->url, why);
}

static apr_status_t failed_curl(const dialing_t *d, CURLcode code)
{
    return failed(d, d->detail[0] != '\0' ? d->detail : curl_easy_strerror(code));
}

static void set_text(CURL *handle, CURLoption option, const char *text)
{
    if (text != NULL) {
        curl_easy_setopt(handle, option, text);
    }
}

static void set_options(dialing_t *d)
{
    const wf_link_target_t *target = d->target;
    CURL *h = d->handle;

    curl_easy_setopt(h, CURLOPT_URL, d->url);
    curl_easy_setopt(h, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_SSL_ENABLE_ALPN, 0L); /* HTTP/2 has no such upgrade */
    curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)((d->until_us - wf_mono_us()) / 1000 + 1));
    curl_easy_setopt(h, CURLOPT_ERRORBUFFER, d->detail);
    curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(h, CURLOPT_XFERINFODATA, d);
    curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(h, CURLOPT_CLOSESOCKETDATA, d);
    set_text(h, CURLOPT_CAINFO, target->ca_file);
    set_text(h, CURLOPT_SSLCERT, target->certificate);
    set_text(h, CURLOPT_SSLKEY, target->private_key);
}

static apr_status_t connect_to(dialing_t *d)
{
    CURLcode code;

    d->handle = curl_easy_init();
    if (d->handle == NULL) {
        return wf_error_set(d->err, WF_ERR_INTERNAL, "there is no memory to connect");
    }
    set_options(d);
    code = curl_easy_perform(d->handle);
    if (code == CURLE_OK) {
        code = curl_easy_getinfo(d->handle, CURLINFO_ACTIVESOCKET, &d->fd);
    }
    return code == CURLE_OK ? APR_SUCCESS : failed_curl(d, code);
}

/* ---- the upgrade ------------------------------------------------------------------------ */

/* Until the socket may have something to read, or takes something. */
static apr_status_t wait_for(const dialing_t *d, short events)
{
    struct pollfd poller = { .fd = d->fd, .events = events };

    while (!is_cancelled(d) && wf_mono_us() < d->until_us) {
        if (poll(&poller, 1, GLANCE_MS) > 0) {
            return APR_SUCCESS;
        }
    }
    return failed(d, "it does not answer in time");
}

static const char *base64(const char *bytes, apr_size_t length, apr_pool_t *p)
{
    char *text = apr_palloc(p, (apr_size_t)apr_base64_encode_len((int)length));

    apr_base64_encode(text, bytes, (int)length);
    return text;
}

static const char *authorization(const dialing_t *d)
{
    const wf_link_target_t *target = d->target;

    if (target->user != NULL) {
        return apr_pstrcat(d->pool, "Authorization: Basic ",
                           base64(target->user, strlen(target->user), d->pool), "\r\n",
                           NULL);
    }
    if (target->api_key != NULL) {
        return apr_pstrcat(d->pool, "X-API-Key: ", target->api_key, "\r\n", NULL);
    }
    return target->token != NULL ? apr_pstrcat(d->pool, "Authorization: Bearer ",
                                               target->token, "\r\n", NULL)
                                 : "";
}

static apr_status_t ask(dialing_t *d)
{
    char random[KEY_BYTES];
    const char *text;
    apr_size_t length, sent = 0;

    if (RAND_bytes((unsigned char *)random, KEY_BYTES) != 1) {
        return wf_error_set(d->err, WF_ERR_INTERNAL, "there are no random numbers");
    }
    apr_cpystrn(d->key, base64(random, KEY_BYTES, d->pool), sizeof(d->key));
    text = apr_pstrcat(d->pool, "GET ", d->path, " HTTP/1.1\r\nHost: ", d->host,
                       d->port ? ":" : "", d->port ? d->port : "",
                       "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ",
                       d->key, "\r\n", authorization(d), "\r\n", NULL);
    for (length = strlen(text); sent < length;) {
        size_t n = 0;
        CURLcode code = curl_easy_send(d->handle, text + sent, length - sent, &n);

        if (code == CURLE_AGAIN && wait_for(d, POLLOUT) != APR_SUCCESS) {
            return WF_EFAILED;
        }
        if (code != CURLE_AGAIN && code != CURLE_OK) {
            return failed_curl(d, code);
        }
        sent += n;
    }
    return APR_SUCCESS;
}

/* Some more bytes; ended: there will be none. */
static apr_status_t read_some(dialing_t *d, apr_size_t most, int *ended)
{
    for (;;) {
        size_t n = 0;
        CURLcode code =
            curl_easy_recv(d->handle, d->head + d->length, most - d->length, &n);

        if (code == CURLE_OK) {
            d->length += n;
            d->head[d->length] = '\0';
            *ended = n == 0;
            return APR_SUCCESS;
        }
        if (code != CURLE_AGAIN) {
            return failed_curl(d, code);
        }
        if (wait_for(d, POLLIN) != APR_SUCCESS) {
            return WF_EFAILED;
        }
    }
}

static apr_status_t read_head(dialing_t *d)
{
    int ended = 0;
    const char *end;

    while ((end = strstr(d->head, "\r\n\r\n")) == NULL) {
        if (ended) {
            return failed(d, "it closed the connection without an answer");
        }
        if (d->length == HEAD_MAX) {
            return failed(d, "its answer is no HTTP");
        }
        if (read_some(d, HEAD_MAX, &ended) != APR_SUCCESS) {
            return WF_EFAILED;
        }
    }
    d->head_length = (apr_size_t)(end - d->head) + 4;
    return APR_SUCCESS;
}

static const char *header(const dialing_t *d, const char *wanted)
{
    const char *at = strstr(d->head, "\r\n") + 2, *name, *value;
    const char *end = d->head + d->head_length - 2;
    apr_size_t name_length, value_length;

    while (wf_client_header_next(&at, end, &name, &name_length, &value, &value_length)) {
        if (name_length == strlen(wanted)
            && strncasecmp(name, wanted, name_length) == 0) {
            return apr_pstrmemdup(d->pool, value, value_length);
        }
    }
    return "";
}

/* ---- refusals ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
    int status;
    wf_err_kind_e kind;
    const char *means;
} refusals[] = {
    { 401, WF_ERR_FORBIDDEN,   "it does not know us: a user and a password, or a token, are needed" },
    { 403, WF_ERR_FORBIDDEN,   "we may not link to it" },
    { 404, WF_ERR_NOT_FOUND,   "there is no master" },
    { 426, WF_ERR_UNAVAILABLE, "something between us and it does not let a WebSocket pass" },
    { 503, WF_ERR_UNAVAILABLE, "it cannot take us now" },
    { 0,   WF_ERR_UNAVAILABLE, "it refuses" },
};
/* clang-format on */

/* What the server says about it: {"message": …}, on one line. */
static const char *told(dialing_t *d)
{
    apr_size_t want =
        d->head_length + (apr_size_t)apr_atoi64(header(d, "Content-Length"));
    const char *message;
    json_object *o;
    wf_error_t ignored;
    int ended = 0;
    char *text, *at;

    wf_error_init(&ignored, d->pool);
    if (want > HEAD_MAX || want > d->head_length + BODY_MAX) {
        return "";
    }
    while (d->length < want && !ended) {
        if (read_some(d, want, &ended) != APR_SUCCESS) {
            return "";
        }
    }
    if (wf_json_read(&o, d->head + d->head_length, d->length - d->head_length, d->pool,
                     &ignored)
        != APR_SUCCESS) {
        return "";
    }
    message = wf_json_string(o, "message", "");
    text = apr_psprintf(d->pool, "%s%.*s", *message ? ": " : "", TOLD_MAX, message);
    for (at = text; *at != '\0'; at++) {
        *at = *at > 0 && *at < ' ' ? ' ' : *at;
    }
    return text;
}

static apr_status_t refused(dialing_t *d, int status)
{
    wf_error_t *err = d->err, ignored;
    const char *why;
    size_t i = 0;

    while (refusals[i].status != 0 && refusals[i].status != status) {
        i++;
    }
    wf_error_init(&ignored, d->pool);
    d->err = &ignored; /* a refusal stays one, even if its text does not come */
    why = told(d);
    d->err = err;
    return wf_error_set(err, refusals[i].kind, "%s: %s (%d%s)", d->url, refusals[i].means,
                        status, why);
}

static apr_status_t look_at_answer(dialing_t *d)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    const char *text = apr_pstrcat(d->pool, d->key, GUID, NULL);
    apr_sha1_ctx_t sha1;
    int status = 0;

    if (sscanf(d->head, "HTTP/1.%*1[01] %3d", &status) != 1) {
        return failed(d, "its answer is no HTTP");
    }
    if (status != 101) {
        return refused(d, status);
    }
    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, text, (unsigned)strlen(text));
    apr_sha1_final(digest, &sha1);
    if (strcmp(header(d, "Sec-WebSocket-Accept"),
               base64((char *)digest, sizeof(digest), d->pool))
        != 0) {
        return failed(d, "its answer is not the one to our request");
    }
    /* It is the client who begins. */
    return d->length > d->head_length ? failed(d, "it speaks before it is spoken to")
                                      : APR_SUCCESS;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static apr_status_t hand_over(dialing_t *d, int *fd)
{
    if (strcmp(d->scheme, "https") == 0) {
        apr_status_t rv = wf_link_tunnel(fd, d->handle, d->fd, d->pool, d->err);

        d->handle = rv == APR_SUCCESS ? NULL : d->handle;
        return rv;
    }
    d->keep = 1;
    fcntl(d->fd, F_SETFD, FD_CLOEXEC);
    *fd = d->fd;
    return APR_SUCCESS;
}

apr_status_t wf_link_dial(int *fd, const wf_link_target_t *target, apr_pool_t *p,
                          wf_error_t *err)
{
    dialing_t *d = apr_pcalloc(p, sizeof(*d));
    apr_status_t rv = wf_client_global_init(err);

    d->target = target;
    d->pool = p;
    d->err = err;
    d->fd = -1;
    d->until_us =
        wf_mono_us() + (target->timeout > 0 ? target->timeout : WF_LINK_DIALING);
    if (rv != APR_SUCCESS || check_target(d) != APR_SUCCESS
        || connect_to(d) != APR_SUCCESS || ask(d) != APR_SUCCESS
        || read_head(d) != APR_SUCCESS || look_at_answer(d) != APR_SUCCESS) {
        rv = WF_EFAILED;
    }
    else {
        rv = hand_over(d, fd);
    }
    if (d->handle != NULL) {
        curl_easy_cleanup(d->handle);
    }
    return rv;
}
