/* Exchanges that their thread waits for: outcomes, limits, kept connections, permission.
 */
#include "../tap.h"
#include "../load/target.h"
#include "../wait.h"
#include "client/client.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;
static target_t target;
static wf_error_t err;

static wf_client_settings_t *new_settings(apr_int64_t timeout_ms)
{
    wf_client_settings_t *settings = apr_palloc(pool, sizeof(*settings));

    wf_client_settings_init(settings);
    settings->timeout_ms = timeout_ms;
    settings->max_redirects = 3;
    return settings;
}

static wf_client_call_t *prepare(const char *method, const char *url, const char *body,
                                 apr_int64_t timeout_ms)
{
    wf_client_request_t request = { .method = method,
                                    .url = url,
                                    .body = body,
                                    .body_length = body ? strlen(body) : 0,
                                    .settings = new_settings(timeout_ms),
                                    .keep_headers = 1,
                                    .keep_body = 1,
                                    .max_body = 1000,
                                    .stable = 1 };
    wf_client_call_t *call = NULL;

    wf_error_init(&err, pool);
    ok(wf_client_prepare(&call, &request, pool, &err) == APR_SUCCESS, "%s %s", method,
       url);
    return call;
}

static const char *url_of(const char *path)
{
    return apr_psprintf(pool, "http://127.0.0.1:%d%s", target.port, path);
}

static wf_client_response_t *exchange(const wf_client_call_t *call,
                                      const wf_client_terms_t *terms)
{
    wf_client_response_t *response = NULL;

    wf_error_init(&err, pool);
    if (wf_client_exchange(&response, call, terms, pool, &err) != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return response;
}

/* ---- what comes back ------------------------------------------------------------- */

static const struct {
    const char *method, *path, *body;
    wf_client_outcome_e outcome;
    int status;
    const char *error;
} exchanges[] = {
    /* clang-format off */
    { "GET",    "/ok",         NULL,  WF_CLIENT_OK,        200, NULL },
    { "POST",   "/ok",         "{}",  WF_CLIENT_OK,        200, NULL },
    { "PUT",    "/ok",         "x",   WF_CLIENT_OK,        200, NULL },
    { "GET",    "/status/503", NULL,  WF_CLIENT_OK,        503, NULL },
    { "HEAD",   "/ok",         NULL,  WF_CLIENT_OK,        200, NULL },
    { "GET",    "/redirect/2", NULL,  WF_CLIENT_OK,        200, NULL },
    { "GET",    "/redirect/5", NULL,  WF_CLIENT_REDIRECTS, 302, "too many redirects" },
    { "GET",    "/big/1000",   NULL,  WF_CLIENT_OK,        200, NULL },
    { "GET",    "/big/1001",   NULL,  WF_CLIENT_TOO_LARGE, 200, "the answer's body exceeds 1000 bytes" },
    { "GET",    "/hang",       NULL,  WF_CLIENT_TIMEOUT,   0,   "no complete answer in time" },
    { "DELETE", "/ok",         NULL,  WF_CLIENT_OK,        200, NULL },
    /* clang-format on */
};

static void outcomes(void)
{
    size_t i;

    for (i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
        wf_client_call_t *call = prepare(exchanges[i].method, url_of(exchanges[i].path),
                                         exchanges[i].body, 400);
        wf_client_response_t *r = exchange(call, NULL);

        is_int(r->outcome, exchanges[i].outcome, "outcome");
        is_int(r->status, exchanges[i].status, "status");
        is_str(r->error, exchanges[i].error, "error");
    }
    ok(target_saw(&target, "POST /ok HTTP/1.1\r\n"), "the request");
    ok(target_saw(&target, "\r\n\r\n{}"), "and its body");
}

static void copies(void)
{
    wf_client_response_t *first =
        exchange(prepare("GET", url_of("/ok"), NULL, 5000), NULL);
    wf_client_response_t *second =
        exchange(prepare("GET", url_of("/big/10"), NULL, 5000), NULL);

    ok(strstr(first->body, "\"token\":\"t-1\"") != NULL, "an answer outlives the next");
    is_str(second->body, "xxxxxxxxxx", "which has its own");
    ok(strncmp(first->headers, "Content-Type: application/json\r\n", 32) == 0, "headers");
}

static void failures(void)
{
    wf_client_response_t *r =
        exchange(prepare("GET", "http://127.0.0.1:1/", NULL, 5000), NULL);

    is_int(r->outcome, WF_CLIENT_CONNECT, "a closed port");
    is_str(r->error, "no connection to 127.0.0.1:1: Connection refused", "says so");
    is_int(r->status, 0, "and has no status, whatever the one before had");
}

/* ---- connections ------------------------------------------------------------------- */

static void kept_connections(void)
{
    wf_client_call_t *call = prepare("GET", url_of("/ok"), NULL, 5000);
    int before, i;

    exchange(call, NULL);
    before = target_connections(&target);
    for (i = 0; i < 5; i++) {
        exchange(call, NULL);
    }
    is_int(target_connections(&target), before, "a thread keeps its connection");
}

static void *in_thread(void *data)
{
    apr_pool_t *p = wf_pool_create("test", 0);
    wf_client_response_t *r;
    wf_error_t e;
    void *good;

    wf_error_init(&e, p);
    good = wf_client_exchange(&r, data, NULL, p, &e) == APR_SUCCESS && r->status == 200
               ? data
               : NULL;
    apr_pool_destroy(p);
    return good;
}

static void threads(void)
{
    wf_client_call_t *call = prepare("GET", url_of("/slow/20"), NULL, 5000);
    pthread_t all[4];
    void *result;
    int i;

    for (i = 0; i < 4; i++) {
        pthread_create(&all[i], NULL, in_thread, call);
    }
    for (i = 0; i < 4; i++) {
        pthread_join(all[i], &result);
        ok(result == call, "thread %d, with a call that all share", i);
    }
}

/* ---- terms -------------------------------------------------------------------------- */

typedef struct gate_t {
    int opens;
    char asked[128];
} gate_t;

static int ask(void *baton, const char *host, int port, const char *address)
{
    gate_t *gate = baton;

    snprintf(gate->asked, sizeof(gate->asked), "%s %d %s", host, port, address);
    return gate->opens;
}

static void permission(void)
{
    gate_t gate = { 0, "" };
    wf_client_terms_t terms = { .permitted = ask, .permit_baton = &gate };
    wf_client_call_t *call = prepare("GET", url_of("/ok"), NULL, 5000);
    wf_client_response_t *r;
    int before;

    r = exchange(call, NULL);
    is_int(r->outcome, WF_CLIENT_OK, "permitted without terms");
    before = target_requests(&target);
    r = exchange(call, &terms);
    is_int(r->outcome, WF_CLIENT_DENIED, "denied, also on a connection that is there");
    is_str(r->error, "connections to this address are not permitted", "says so");
    is_str(gate.asked, apr_psprintf(pool, "127.0.0.1 %d 127.0.0.1", target.port),
           "the question");
    call = prepare("GET", apr_psprintf(pool, "http://localhost:%d/ok", target.port), NULL,
                   5000);
    exchange(call, &terms);
    ok(strncmp(gate.asked, "localhost ", 10) == 0, "is about the host of this call");
    is_int(target_requests(&target), before, "the target sees nothing");
    gate.opens = 1;
    is_int(exchange(call, &terms)->outcome, WF_CLIENT_OK, "permitted again");
    gate.opens = 0;
    is_int(exchange(prepare("GET", url_of("/redirect/1"), NULL, 5000), &terms)->outcome,
           WF_CLIENT_DENIED, "and denied again");
}

static void deadline(void)
{
    wf_client_terms_t terms = { .deadline = wf_mono_us() + 200 * 1000 };
    apr_int64_t started = wf_mono_us();
    wf_client_call_t *call = prepare("GET", url_of("/hang"), NULL, 60000);

    is_int(exchange(call, &terms)->outcome, WF_CLIENT_TIMEOUT, "the deadline ends it");
    ok(wf_mono_us() - started < 30 * 1000000LL, "long before its own limit");
    is_str(exchange(call, &terms)->error, "no time was left to begin",
           "and nothing begins after it");
}

static void *set_stop(void *data)
{
    apr_int64_t until = wf_mono_us() + WAIT_US;

    while (!target_saw(&target, "/hang?stop") && wf_mono_us() < until) {
        wait_a_little();
    }
    __atomic_store_n((int *)data, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void stop(void)
{
    static int stopping;
    wf_client_terms_t terms = { .stop = &stopping };
    wf_client_call_t *call = prepare("GET", url_of("/hang?stop"), NULL, 60000);
    wf_client_response_t *r;
    pthread_t thread;

    target_reset(&target);
    pthread_create(&thread, NULL, set_stop, &stopping);
    r = exchange(call, &terms);
    pthread_join(thread, NULL);
    is_int(r->outcome, WF_CLIENT_TIMEOUT, "stopped");
    is_str(r->error, "broken off: the engine stops", "says so");
    is_int(exchange(prepare("GET", url_of("/ok"), NULL, 5000), NULL)->status, 200,
           "the thread goes on");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_error_init(&err, pool);
    ok(wf_client_global_init(&err) == APR_SUCCESS, "libcurl starts");
    target_start(&target);
    outcomes();
    copies();
    failures();
    kept_connections();
    threads();
    permission();
    deadline();
    stop();
    target_stop(&target);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
