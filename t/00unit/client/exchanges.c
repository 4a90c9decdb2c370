/* Requests and exchanges of the client room on a small poll loop of this test. */
#include "loop.h"
#include "../load/target.h"

static target_t target;

static wf_client_call_t *prepare(const char *method, const char *path,
                                 const wf_client_settings_t *settings)
{
    return prepare_url(
        method, apr_psprintf(pool, "http://127.0.0.1:%d%s", target.port, path), settings);
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
            prepare(exchanges[i].method, exchanges[i].path, settings);
        int again;

        for (again = 0; again < 2;
             again++) { /* the second time without setting options */
            ok(exchange(f, call), "%s", what);
            is_int(f->workers[0].r.outcome, exchanges[i].outcome, "%s: outcome", what);
            is_int(f->workers[0].r.status, exchanges[i].status, "%s: status", what);
            is_str(f->workers[0].r.error, exchanges[i].error, "%s: error", what);
        }
        ok(target_saw(&target, apr_psprintf(pool, "%s %s HTTP/1.1\r\n",
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

    ok(exchange(f, prepare("GET", "/ok", settings)), "an exchange");
    ok(strstr(f->workers[0].r.body, "\"token\":\"t-1\"") != NULL, "its body");
    ok(f->workers[0].r.size == (apr_int64_t)strlen(f->workers[0].r.body), "its size");
    ok(f->workers[0].r.received > f->workers[0].r.size && f->workers[0].r.sent > 20,
       "bytes on the wire");
    ok(f->workers[0].r.duration_us > 0, "its duration");
    at = f->workers[0].r.headers;
    end = at + f->workers[0].r.headers_length;
    ok(wf_client_header_next(&at, end, &name, &n, &value, &m) && n == 12
           && strncmp(name, "Content-Type", n) == 0
           && strncmp(value, "application/json", m) == 0,
       "its first header");
    exchange(f, prepare("GET", "/ok", settings));
    ok(f->loop.opened <= opened + 1, "connections are kept and used again");
}

/* What was sent is told to those who ask, each time anew, and of a redirect the last
 * request. */
static void kept_requests(fixture_t *f)
{
    wf_client_request_t request = new_request("POST", NULL, new_settings());
    wf_client_call_t *asking;
    const wf_client_response_t *r = &f->workers[0].r;
    int i;

    request.url = apr_psprintf(pool, "http://127.0.0.1:%d/ok?a=1", target.port);
    request.body = "some text";
    request.body_length = strlen(request.body);
    request.keep_request = 1;
    add_header(&request, "X-Mine", "yes");
    asking = prepare_request(&request);
    for (i = 0; i < 3; i++) { /* with its options set, and without */
        ok(exchange(f, asking), "a request that is kept");
        ok(r->request != NULL && strncmp(r->request, "POST /ok?a=1 HTTP/1.1\r\n", 23) == 0
               && strstr(r->request, "\r\nX-Mine: yes\r\n") != NULL
               && strstr(r->request, "\r\nContent-Length: 9\r\n") != NULL,
           "its head: %.*s", (int)r->request_head, r->request);
        is_str(r->request + r->request_head, "some text", "its body");
        if (i == 1) {
            exchange(f, prepare("GET", "/ok", new_settings()));
            ok(r->request == NULL, "that of another call is not kept");
        }
    }
    request.url = apr_psprintf(pool, "http://127.0.0.1:%d/redirect/2", target.port);
    request.method = "GET";
    request.body = NULL;
    request.body_length = 0;
    ok(exchange(f, prepare_request(&request)), "a redirect");
    ok(r->redirects == 2 && strncmp(r->request, "GET /", 5) == 0
           && strstr(r->request, "redirect/2") == NULL
           && r->request_head == r->request_length,
       "the last request: %.40s", r->request);
}

static void connections(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    wf_client_request_t request = { .method = "GET", .settings = settings };
    wf_client_call_t *call;
    wf_error_t err;

    wf_error_init(&err, pool);
    request.url = "http://127.0.0.1:1/";
    wf_client_prepare(&call, &request, pool, &err);
    ok(exchange(f, call), "a closed port");
    is_int(f->workers[0].r.outcome, WF_CLIENT_CONNECT, "is no connection");
    is_str(f->workers[0].r.error, "no connection to 127.0.0.1:1: Connection refused",
           "and why");
    is_str(f->asked, "127.0.0.1 1 127.0.0.1", "the hook was asked");
    request.url = "http://no-such-host.invalid/";
    wf_client_prepare(&call, &request, pool, &err);
    ok(exchange(f, call), "an unknown host");
    is_int(f->workers[0].r.outcome, WF_CLIENT_CONNECT, "is no connection");
    is_str(f->workers[0].r.error, "host name no-such-host.invalid not found", "and why");
}

static void denied(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();

    target_reset(&target);
    f->permits = 0;
    ok(exchange(f, prepare("GET", "/ok", settings)), "a target that is not permitted");
    is_int(f->workers[0].r.outcome, WF_CLIENT_DENIED, "is denied");
    is_int(target_requests(&target), 0, "and sees nothing");
    is_str(f->asked, apr_psprintf(pool, "127.0.0.1 %d 127.0.0.1", target.port),
           "the hook was asked for host, port and address");
    f->permits = 1;
    ok(exchange(f, prepare("GET", "/ok", settings)), "permitted again");
    is_int(f->workers[0].r.outcome, WF_CLIENT_OK, "is answered");
}

/* One handle, several hosts: each is asked for by its own name. */
static void hosts(fixture_t *f)
{
    static const char *const names[] = { "127.0.0.1", "localhost", "127.0.0.1" };
    wf_client_settings_t *settings = new_settings();
    size_t i;

    settings->no_keep_alive = 1; /* the hook is asked for new connections */
    for (i = 0; i < 3; i++) {
        const char *url = apr_psprintf(pool, "http://%s:%d/ok", names[i], target.port);

        f->asked[0] = '\0';
        ok(exchange(f, prepare_url("GET", url, settings)), "another host");
        is_str(f->workers[0].r.url, url, "is in the URL");
        ok(strncmp(f->asked, names[i], strlen(names[i])) == 0,
           "and what the hook is asked for");
    }
}

static void cancelled(fixture_t *f)
{
    apr_int64_t until = wf_mono_us() + DEADLINE_US;
    wf_client_settings_t *settings = new_settings();
    wf_error_t err;

    wf_error_init(&err, pool);
    target_reset(&target);
    f->workers[0].done = 0;
    wf_client_send(f->workers[0].transfer, prepare("GET", "/hang", settings), &err);
    while (target_requests(&target) == 0 && wf_mono_us() < until) {
        loop_turn(&f->loop);
    }
    wf_client_cancel(f->workers[0].transfer);
    wf_client_cancel(f->workers[0].transfer);
    loop_turn(&f->loop);
    is_int(f->workers[0].done, 0, "a cancelled exchange does not call back");
    ok(exchange(f, prepare("GET", "/ok", settings)), "the transfer goes on");
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
        wf_client_request_t request = { .method = requests[i].method,
                                        .url = requests[i].url,
                                        .headers = headers,
                                        .settings = settings };
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
    static const char *const want[] = { "A=1", "B=2", "C=", "D=last" };
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

    begin_tests();
    preparing();
    header_lines();
    open_fixture(&f);
    target_start(&target);
    denied(&f);
    outcomes(&f);
    details(&f);
    kept_requests(&f);
    connections(&f);
    hosts(&f);
    cancelled(&f);
    target_stop(&target);
    return end_tests(&f);
}
