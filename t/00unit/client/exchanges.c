/* Requests and exchanges of the client room on a small poll loop of this test. */
#include "../tap.h"
#include "../load/target.h"
#include "client/client.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <poll.h>

#define DEADLINE_US (20 * 1000000LL)
#define FDS 64

static apr_pool_t *pool;

/* ---- a loop --------------------------------------------------------------------- */

typedef struct loop_t {
    struct pollfd fds[FDS];
    int owned[FDS]; /* by slot: announced by opened */
    int opened, closed;
    apr_int64_t due_us; /* -1: no timer */
    wf_client_multi_t *multi;
} loop_t;

static int slot_of(loop_t *l, int fd)
{
    int i, empty = -1;

    for (i = 0; i < FDS; i++) {
        if (l->fds[i].fd == fd) {
            return i;
        }
        if (l->fds[i].fd < 0 && empty < 0) {
            empty = i;
        }
    }
    l->fds[empty].fd = fd;
    l->fds[empty].events = 0;
    return empty;
}

static void on_watch(void *baton, int fd, int events)
{
    loop_t *l = baton;
    int i = slot_of(l, fd);

    l->fds[i].events = (short)((events & WF_CLIENT_READ ? POLLIN : 0)
                               | (events & WF_CLIENT_WRITE ? POLLOUT : 0));
    if (events == 0) {
        l->fds[i].fd = -1;
    }
}

static void on_opened(void *baton, int fd)
{
    (void)fd;
    ((loop_t *)baton)->opened++;
}

static void on_closed(void *baton, int fd)
{
    loop_t *l = baton;

    l->closed++;
    l->fds[slot_of(l, fd)].fd = -1;
}

static void on_timer(void *baton, long delay_ms)
{
    ((loop_t *)baton)->due_us = delay_ms < 0 ? -1 : wf_mono_us() + delay_ms * 1000;
}

static void loop_turn(loop_t *l)
{
    int wait = 100, i;

    if (l->due_us >= 0) {
        apr_int64_t left = (l->due_us - wf_mono_us() + 999) / 1000;

        wait = left < 0 ? 0 : left > 100 ? 100 : (int)left;
    }
    poll(l->fds, FDS, wait);
    for (i = 0; i < FDS; i++) {
        short seen = l->fds[i].fd >= 0 ? l->fds[i].revents : 0;

        l->fds[i].revents = 0;
        if (seen != 0) {
            wf_client_multi_ready(
                l->multi, l->fds[i].fd,
                (seen & (POLLIN | POLLHUP | POLLERR) ? WF_CLIENT_READ : 0)
                    | (seen & POLLOUT ? WF_CLIENT_WRITE : 0));
        }
    }
    if (l->due_us >= 0 && wf_mono_us() >= l->due_us) {
        l->due_us = -1;
        wf_client_multi_timeout(l->multi);
    }
}

/* ---- one exchange --------------------------------------------------------------- */

typedef struct answer_t {
    int done;
    wf_client_response_t r; /* texts copied into pool */
} answer_t;

static void on_done(void *baton, const wf_client_response_t *response)
{
    answer_t *a = baton;

    a->done++;
    a->r = *response;
    a->r.error = apr_pstrdup(pool, response->error);
    a->r.body = apr_pstrmemdup(pool, response->body, response->body_length);
    a->r.headers = apr_pstrmemdup(pool, response->headers, response->headers_length);
}

typedef struct fixture_t {
    apr_pool_t *pool;
    loop_t loop;
    target_t target;
    wf_client_transfer_t *transfer;
    answer_t answer;
    int permits;     /* what the hook says */
    char asked[128]; /* what it was asked last */
} fixture_t;

static int on_permit(void *baton, const char *host, int port, const char *address)
{
    fixture_t *f = baton;

    snprintf(f->asked, sizeof(f->asked), "%s %d %s", host, port, address);
    return f->permits;
}

static void open_fixture(fixture_t *f)
{
    wf_client_poller_t poller = {&f->loop, on_watch, on_opened, on_closed, on_timer};
    wf_error_t err;
    int i;

    memset(f, 0, sizeof(*f));
    apr_pool_create(&f->pool, pool);
    wf_error_init(&err, pool);
    for (i = 0; i < FDS; i++) {
        f->loop.fds[i].fd = -1;
    }
    f->permits = 1;
    f->loop.due_us = -1;
    target_start(&f->target);
    if (wf_client_multi_create(&f->loop.multi, &poller, 8, on_permit, f, f->pool, &err)
            != APR_SUCCESS
        || wf_client_transfer_create(&f->transfer, f->loop.multi, on_done, &f->answer,
                                     f->pool, &err)
               != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
}

/* As long-lived as the calls that refer to them. */
static wf_client_settings_t *new_settings(void)
{
    wf_client_settings_t *settings = apr_palloc(pool, sizeof(*settings));

    wf_client_settings_init(settings);
    return settings;
}

static wf_client_call_t *prepare(fixture_t *f, const char *method, const char *path,
                                 const wf_client_settings_t *settings)
{
    wf_client_request_t request = {
        .method = method,
        .url = apr_psprintf(pool, "http://127.0.0.1:%d%s", f->target.port, path),
        .settings = settings,
        .keep_headers = 1,
        .keep_body = 1,
        .max_body = 1000,
        .stable = 1};
    wf_client_call_t *call = NULL;
    wf_error_t err;

    wf_error_init(&err, pool);
    if (wf_client_prepare(&call, &request, pool, &err) != APR_SUCCESS) {
        diag("%s", err.message);
    }
    return call;
}

static int exchange(fixture_t *f, const wf_client_call_t *call)
{
    apr_int64_t until = wf_mono_us() + DEADLINE_US;
    wf_error_t err;

    wf_error_init(&err, pool);
    f->answer.done = 0;
    if (wf_client_send(f->transfer, call, &err) != APR_SUCCESS) {
        diag("%s", err.message);
        return 0;
    }
    while (!f->answer.done && wf_mono_us() < until) {
        loop_turn(&f->loop);
    }
    return f->answer.done == 1;
}

static const struct {
    const char *what, *method, *path;
    wf_client_outcome_e outcome;
    int status;
    const char *error;
} exchanges[] = {
    /* clang-format off */
    { "an answer",          "GET",    "/ok",         WF_CLIENT_OK,        200, NULL },
    { "a failure status",   "GET",    "/status/404", WF_CLIENT_OK,        404, NULL },
    { "HEAD",               "HEAD",   "/ok",         WF_CLIENT_OK,        200, NULL },
    { "POST without body",  "POST",   "/ok",         WF_CLIENT_OK,        200, NULL },
    { "DELETE",             "DELETE", "/ok",         WF_CLIENT_OK,        200, NULL },
    { "OPTIONS",            "OPTIONS", "/ok",        WF_CLIENT_OK,        200, NULL },
    { "followed redirects", "GET",    "/redirect/2", WF_CLIENT_OK,        200, NULL },
    { "too many redirects", "GET",    "/redirect/5", WF_CLIENT_REDIRECTS, 302, "too many redirects" },
    { "a body at its limit", "GET",   "/big/1000",   WF_CLIENT_OK,        200, NULL },
    { "a body beyond it",   "GET",    "/big/1001",   WF_CLIENT_TOO_LARGE, 200, "the answer's body exceeds 1000 bytes" },
    { "no answer",          "GET",    "/hang",       WF_CLIENT_TIMEOUT,   0,   "no complete answer in time" },
    /* clang-format on */
};

static void outcomes(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    size_t i;

    settings->max_redirects = 3;
    settings->timeout_ms = 400;
    for (i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
        const char *what = exchanges[i].what;
        wf_client_call_t *call =
            prepare(f, exchanges[i].method, exchanges[i].path, settings);
        int again;

        for (again = 0; again < 2;
             again++) { /* the second time without setting options */
            ok(exchange(f, call), "%s", what);
            is_int(f->answer.r.outcome, exchanges[i].outcome, "%s: outcome", what);
            is_int(f->answer.r.status, exchanges[i].status, "%s: status", what);
            is_str(f->answer.r.error, exchanges[i].error, "%s: error", what);
        }
        ok(target_saw(&f->target, apr_psprintf(pool, "%s %s HTTP/1.1\r\n",
                                               exchanges[i].method, exchanges[i].path)),
           "%s: request line", what);
    }
}

static void details(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    const char *name, *value, *at, *end;
    apr_size_t n, m;
    int opened = f->loop.opened;

    ok(exchange(f, prepare(f, "GET", "/ok", settings)), "an exchange");
    ok(strstr(f->answer.r.body, "\"token\":\"t-1\"") != NULL, "its body");
    ok(f->answer.r.size == (apr_int64_t)strlen(f->answer.r.body), "its size");
    ok(f->answer.r.received > f->answer.r.size && f->answer.r.sent > 20,
       "bytes on the wire");
    ok(f->answer.r.duration_us > 0, "its duration");
    at = f->answer.r.headers;
    end = at + f->answer.r.headers_length;
    ok(wf_client_header_next(&at, end, &name, &n, &value, &m) && n == 12
           && strncmp(name, "Content-Type", n) == 0
           && strncmp(value, "application/json", m) == 0,
       "its first header");
    exchange(f, prepare(f, "GET", "/ok", settings));
    ok(f->loop.opened <= opened + 1, "connections are kept and used again");
}

static void connections(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    wf_client_request_t request = {.method = "GET", .settings = settings};
    wf_client_call_t *call;
    wf_error_t err;

    wf_error_init(&err, pool);
    request.url = "http://127.0.0.1:1/";
    wf_client_prepare(&call, &request, pool, &err);
    ok(exchange(f, call), "a closed port");
    is_int(f->answer.r.outcome, WF_CLIENT_CONNECT, "is no connection");
    is_str(f->answer.r.error, "no connection to 127.0.0.1:1: Connection refused",
           "and why");
    is_str(f->asked, "127.0.0.1 1 127.0.0.1", "the hook was asked");
    request.url = "http://no-such-host.invalid/";
    wf_client_prepare(&call, &request, pool, &err);
    ok(exchange(f, call), "an unknown host");
    is_int(f->answer.r.outcome, WF_CLIENT_CONNECT, "is no connection");
    is_str(f->answer.r.error, "host name no-such-host.invalid not found", "and why");
}

static void denied(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();

    target_reset(&f->target);
    f->permits = 0;
    ok(exchange(f, prepare(f, "GET", "/ok", settings)), "a target that is not permitted");
    is_int(f->answer.r.outcome, WF_CLIENT_DENIED, "is denied");
    is_int(target_requests(&f->target), 0, "and sees nothing");
    is_str(f->asked, apr_psprintf(pool, "127.0.0.1 %d 127.0.0.1", f->target.port),
           "the hook was asked for host, port and address");
    f->permits = 1;
    ok(exchange(f, prepare(f, "GET", "/ok", settings)), "permitted again");
    is_int(f->answer.r.outcome, WF_CLIENT_OK, "is answered");
}

static void cancelled(fixture_t *f)
{
    apr_int64_t until = wf_mono_us() + DEADLINE_US;
    wf_client_settings_t *settings = new_settings();
    wf_error_t err;

    wf_error_init(&err, pool);
    target_reset(&f->target);
    f->answer.done = 0;
    wf_client_send(f->transfer, prepare(f, "GET", "/hang", settings), &err);
    while (target_requests(&f->target) == 0 && wf_mono_us() < until) {
        loop_turn(&f->loop);
    }
    wf_client_cancel(f->transfer);
    wf_client_cancel(f->transfer);
    loop_turn(&f->loop);
    is_int(f->answer.done, 0, "a cancelled exchange does not call back");
    ok(exchange(f, prepare(f, "GET", "/ok", settings)), "the transfer goes on");
}

/* ---- requests ------------------------------------------------------------------- */

static const struct {
    const char *what, *method, *url, *name, *value, *wrong;
} requests[] = {
    /* clang-format off */
    { "plain",             "GET",   "http://h/",        "A",    "b",      NULL },
    { "https, port, IPv6", "PATCH", "https://[::1]:8443/x?y#z", "A", "",  NULL },
    { "blanks in the path", "GET",  "http://h/a b",     "A",    "b",      NULL },
    { "tab in a value",    "GET",   "http://h/",        "A",    "b\tc",   NULL },
    { "UTF-8 in a value",  "GET",   "http://h/",        "A",    "ü",      NULL },
    { "no scheme",         "GET",   "h/x",              "A",    "b",      "url" },
    { "another scheme",    "GET",   "file:///etc/hosts", "A",   "b",      "url" },
    { "bad port",          "GET",   "http://h:99999/",  "A",    "b",      "url" },
    { "empty",             "GET",   "",                 "A",    "b",      "url" },
    { "method with blank", "GE T",  "http://h/",        "A",    "b",      "method" },
    { "empty header name", "GET",   "http://h/",        "",     "b",      "headers" },
    { "colon in a name",   "GET",   "http://h/",        "A:",   "b",      "headers" },
    { "line break",        "GET",   "http://h/",        "A",    "b\r\nC: d", "headers" },
    { "bare line feed",    "GET",   "http://h/",        "A",    "b\nC: d", "headers" },
    { "control",           "GET",   "http://h/",        "A",    "b\001",  "headers" },
    /* clang-format on */
};

static void preparing(void)
{
    wf_client_settings_t *settings = new_settings();
    size_t i;

    for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        apr_array_header_t *headers = apr_array_make(pool, 1, sizeof(wf_client_header_t));
        wf_client_request_t request = {.method = requests[i].method,
                                       .url = requests[i].url,
                                       .headers = headers,
                                       .settings = settings};
        wf_client_header_t *header = apr_array_push(headers);
        wf_client_call_t *call;
        wf_error_t err;

        wf_error_init(&err, pool);
        header->name = requests[i].name;
        header->value = requests[i].value;
        wf_client_prepare(&call, &request, pool, &err);
        is_str(err.kind == WF_ERR_NONE ? NULL : err.field, requests[i].wrong, "%s",
               requests[i].what);
    }
}

static void header_lines(void)
{
    static const char block[] = "A: 1\r\nno colon\r\nB:2  \r\nC:\r\n: x\r\nD: last";
    static const char *const want[] = {"A=1", "B=2", "C=", "D=last"};
    const char *at = block, *end = block + strlen(block), *name, *value;
    apr_size_t n, m;
    size_t i = 0;

    while (wf_client_header_next(&at, end, &name, &n, &value, &m)) {
        is_str(apr_psprintf(pool, "%.*s=%.*s", (int)n, name, (int)m, value),
               i < 4 ? want[i] : "nothing", "header %d", (int)i);
        i++;
    }
    is_int((long long)i, 4, "four headers");
    is_str(wf_client_reason(404), "Not Found", "a phrase");
    is_str(wf_client_reason(999), "", "no phrase");
}

int main(void)
{
    static fixture_t f;
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_error_init(&err, pool);
    ok(wf_client_global_init(&err) == APR_SUCCESS, "libcurl starts");
    ok(wf_client_global_init(&err) == APR_SUCCESS, "a second time is harmless");
    preparing();
    header_lines();
    open_fixture(&f);
    denied(&f);
    outcomes(&f);
    details(&f);
    connections(&f);
    cancelled(&f);
    apr_pool_destroy(f.pool);
    is_int(f.loop.opened, f.loop.closed, "every connection was announced when it closed");
    target_stop(&f.target);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
