/* Redirects: which method and body go on (RFC 9110 section 15.4), what does not follow to
 * other places, and permission, which is asked again. */
#include "loop.h"
#include "../load/target.h"

static target_t target;

/* /go/STATUS?URL redirects, anything else answers "METHOD body". */
static int answer(int fd, const char *request)
{
    const char *path = strchr(request, '/'), *body = strstr(request, "\r\n\r\n") + 4;
    char text[2048], to[512];
    int status, n;

    if (sscanf(path, "/go/%d?%511[^ ]", &status, to) == 2) {
        n = snprintf(text, sizeof(text),
                     "HTTP/1.1 %d Go\r\nLocation: %s\r\nContent-Length: 4\r\n\r\ngone",
                     status, to);
        if (strncmp(request, "HEAD ", 5) == 0) {
            n -= 4;
        }
    }
    else {
        int m = (int)strcspn(request, " ");

        n = snprintf(text, sizeof(text),
                     "HTTP/1.1 200 OK\r\nX-Method: %.*s\r\nContent-Length: %d\r\n\r\n", m,
                     request,
                     strncmp(request, "HEAD ", 5) == 0 ? 0 : m + 1 + (int)strlen(body));
        if (strncmp(request, "HEAD ", 5) != 0) {
            n +=
                snprintf(text + n, sizeof(text) - (size_t)n, "%.*s %s", m, request, body);
        }
    }
    return target_send(fd, text, (size_t)n);
}

static const char *url_of(const char *path)
{
    return apr_psprintf(pool, "http://127.0.0.1:%d%s", target.port, path);
}

static const struct {
    const char *method, *body;
    int status;
    const char *then; /* method and body of the second request */
} rules[] = {
    /* clang-format off */
    { "GET",    NULL,   301, "GET " },
    { "GET",    NULL,   303, "GET " },
    { "GET",    NULL,   308, "GET " },
    { "GET",    "body", 307, "GET body" },
    { "GET",    "body", 303, "GET " },
    { "POST",   "body", 301, "GET " },
    { "POST",   "body", 302, "GET " },
    { "POST",   "body", 303, "GET " },
    { "POST",   "body", 307, "POST body" },
    { "POST",   "body", 308, "POST body" },
    { "POST",   NULL,   303, "GET " },
    { "POST",   NULL,   307, "POST " },
    { "PUT",    "body", 301, "PUT body" },
    { "PUT",    "body", 302, "PUT body" },
    { "PUT",    "body", 303, "GET " },
    { "PUT",    "body", 307, "PUT body" },
    { "PATCH",  "body", 302, "PATCH body" },
    { "PATCH",  "body", 303, "GET " },
    { "PATCH",  "body", 308, "PATCH body" },
    { "DELETE", NULL,   302, "DELETE " },
    { "DELETE", NULL,   303, "GET " },
    { "DELETE", NULL,   307, "DELETE " },
    { "DELETE", "body", 303, "GET " },
    /* clang-format on */
};

static void methods(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    size_t i;
    int again;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        wf_client_request_t request = new_request(
            rules[i].method, url_of(apr_psprintf(pool, "/go/%d?/there", rules[i].status)),
            settings);
        wf_client_call_t *call;

        request.body = rules[i].body;
        request.body_length = rules[i].body ? strlen(rules[i].body) : 0;
        call = prepare_request(&request);
        for (again = 0; again < 2; again++) { /* what a redirect changes is set again */
            exchange(f, call);
            is_str(f->workers[0].r.body, rules[i].then, "%s %d", rules[i].method,
                   rules[i].status);
        }
    }
    exchange(f, prepare_url("HEAD", url_of("/go/303?/there"), settings));
    ok(strstr(f->workers[0].r.headers, "X-Method: HEAD") != NULL, "HEAD stays HEAD");
    settings = new_settings();
    settings->follow_redirects = 0;
    exchange(f, prepare_url("GET", url_of("/go/302?/there"), settings));
    is_int(f->workers[0].r.status, 302, "followed by who wants to");
    is_str(f->workers[0].r.body, "gone", "with its body");
}

/* A body that is sent piece by piece is sent again from its beginning. */
static void large_body(fixture_t *f)
{
    wf_client_request_t request =
        new_request("POST", url_of("/go/307?/there"), new_settings());
    apr_array_header_t *parts = apr_array_make(pool, 2, sizeof(wf_client_part_t));
    wf_client_part_t *part = apr_array_push(parts);

    *part = (wf_client_part_t){ .name = "a", .data = "one", .length = 3 };
    request.parts = parts;
    add_header(&request, "Content-Type", "multipart/form-data; boundary=B");
    exchange(f, prepare_request(&request));
    is_str(
        f->workers[0].r.body,
        "POST --B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--B--\r\n",
        "parts go twice");
}

static const struct {
    const char *what, *to;
    wf_client_outcome_e outcome;
    const char *error;
} places[] = {
    { "to a file", "file:///etc/passwd", WF_CLIENT_REDIRECTS,
      "redirected to another protocol" },
    { "to ftp", "ftp://127.0.0.1/", WF_CLIENT_REDIRECTS,
      "redirected to another protocol" },
    { "to nothing", "http://", WF_CLIENT_REDIRECTS, "redirected to a malformed URL" },
    { "to an address that is refused", "http://127.0.0.66:9/", WF_CLIENT_DENIED,
      "connections to this address are not permitted" },
};

static void permission(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings(), *elsewhere = new_settings();
    wf_client_resolve_t *resolve;
    size_t i;

    f->forbidden = "127.0.0.66";
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        exchange(f, prepare_url("GET",
                                url_of(apr_psprintf(pool, "/go/302?%s", places[i].to)),
                                settings));
        is_int(f->workers[0].r.outcome, places[i].outcome, "%s", places[i].what);
        is_str(f->workers[0].r.error, places[i].error, "%s", places[i].what);
    }
    elsewhere->resolve = apr_array_make(pool, 1, sizeof(*resolve));
    resolve = apr_array_push((apr_array_header_t *)elsewhere->resolve);
    *resolve = (wf_client_resolve_t){ "shop.example", 0, "127.0.0.66" };
    exchange(f, prepare_url("GET", "http://shop.example:81/", elsewhere));
    is_int(f->workers[0].r.outcome, WF_CLIENT_DENIED, "a name that was given an address");
    is_str(f->asked, "127.0.0.66 81 127.0.0.66", "is judged by that");
    resolve->address = "127.0.0.1";
    exchange(f, prepare_url("GET",
                            apr_psprintf(pool, "http://shop.example:%d/x", target.port),
                            elsewhere));
    is_str(f->workers[0].r.body, "GET ", "else it is asked there");
    ok(target_saw(&target,
                  apr_psprintf(pool, "\r\nHost: shop.example:%d\r\n", target.port)),
       "for the name");
    exchange(f, prepare_url("GET",
                            url_of(apr_psprintf(pool, "/go/302?http://shop.example:%d/y",
                                                target.port)),
                            elsewhere));
    is_str(f->workers[0].r.body, "GET ", "also after a redirect");
    exchange(f, prepare_url("GET",
                            apr_psprintf(pool, "http://shop.example:%d/x", target.port),
                            settings));
    is_str(f->workers[0].r.error, "host name shop.example not found",
           "others do not know the name");
    f->forbidden = NULL;
}

static void headers_at_home(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    wf_client_request_t request = new_request(
        "GET",
        url_of(apr_psprintf(pool, "/go/302?http://localhost:%d/away", target.port)),
        settings);

    add_header(&request, "Authorization", "Basic c2VjcmV0");
    target_reset(&target);
    exchange(f, prepare_request(&request));
    ok(target_saw(&target, "GET /away "), "at another host");
    is_int(target_requests(&target), 2, "after one redirect");
    ok(strstr(target.kept[0], "Basic c2VjcmV0") != NULL,
       "the first one gets the password");
    ok(strstr(target.kept[1], "Basic c2VjcmV0") == NULL, "and the other one does not");
}

int main(void)
{
    static fixture_t f;

    begin_tests();
    open_fixture(&f);
    target_start(&target);
    target.answer = answer;
    methods(&f);
    large_body(&f);
    permission(&f);
    headers_at_home(&f);
    target_stop(&target);
    return end_tests(&f);
}
