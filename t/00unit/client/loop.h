/* A small poll loop and transfers on it, for tests of exchanges in a multi. The test has
 * a pool named pool, which lives to its end. */
#ifndef WF_TEST_LOOP_H
#define WF_TEST_LOOP_H

#include "../tap.h"
#include "client/client.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <poll.h>
#include <stdlib.h>

#define DEADLINE_US (20 * 1000000LL)
#define FDS 128
#define WORKERS 16

static apr_pool_t *pool;

/* ---- a loop --------------------------------------------------------------------- */

typedef struct loop_t {
    struct pollfd fds[FDS];
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
    if (empty < 0) {
        printf("Bail out! too many descriptors\n");
        exit(1);
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

/* ---- transfers ------------------------------------------------------------------ */

typedef struct worker_t {
    wf_client_transfer_t *transfer;
    int done;
    wf_client_response_t r; /* texts copied into pool */
} worker_t;

static void on_done(void *baton, const wf_client_response_t *response)
{
    worker_t *w = baton;

    w->done++;
    w->r = *response;
    w->r.error = apr_pstrdup(pool, response->error);
    w->r.url = apr_pstrdup(pool, response->url);
    w->r.body = apr_pstrmemdup(pool, response->body, response->body_length);
    w->r.headers = apr_pstrmemdup(pool, response->headers, response->headers_length);
    w->r.request = apr_pstrmemdup(pool, response->request, response->request_length);
}

typedef struct fixture_t {
    apr_pool_t *pool;
    loop_t loop;
    worker_t workers[WORKERS]; /* made when they are first used */
    int permits;               /* what the hook says */
    const char *forbidden;     /* or says no to this address alone */
    char asked[128];           /* what it was asked last */
} fixture_t;

static int on_permit(void *baton, const char *host, int port, const char *address)
{
    fixture_t *f = baton;

    snprintf(f->asked, sizeof(f->asked), "%s %d %s", host, port, address);
    return f->permits && (f->forbidden == NULL || strcmp(f->forbidden, address) != 0);
}

static void open_fixture(fixture_t *f)
{
    wf_client_poller_t poller = { &f->loop, on_watch, on_opened, on_closed, on_timer };
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
    if (wf_client_multi_create(&f->loop.multi, &poller, 32, on_permit, f, f->pool, &err)
        != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
}

static inline worker_t *worker(fixture_t *f, int i)
{
    worker_t *w = &f->workers[i];
    wf_error_t err;

    wf_error_init(&err, pool);
    if (w->transfer == NULL
        && wf_client_transfer_create(&w->transfer, f->loop.multi, on_done, w, f->pool,
                                     &err)
               != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return w;
}

static inline int begin(fixture_t *f, int i, const wf_client_call_t *call)
{
    worker_t *w = worker(f, i);
    wf_error_t err;

    wf_error_init(&err, pool);
    w->done = 0;
    if (call == NULL || wf_client_send(w->transfer, call, &err) != APR_SUCCESS) {
        diag("%s", call ? err.message : "no call");
        return 0;
    }
    return 1;
}

/* 1 once the workers 0 to n-1 are done. */
static inline int finish(fixture_t *f, int n)
{
    apr_int64_t until = wf_mono_us() + DEADLINE_US;
    int i = 0;

    while (i < n && wf_mono_us() < until) {
        if (f->workers[i].done) {
            i++;
        }
        else {
            loop_turn(&f->loop);
        }
    }
    return i == n;
}

/* One exchange of the first worker. */
static inline int exchange(fixture_t *f, const wf_client_call_t *call)
{
    return begin(f, 0, call) && finish(f, 1);
}

/* ---- requests -------------------------------------------------------------------- */

/* As long-lived as the calls that refer to them. */
static inline wf_client_settings_t *new_settings(void)
{
    wf_client_settings_t *settings = apr_palloc(pool, sizeof(*settings));

    wf_client_settings_init(settings);
    return settings;
}

static inline wf_client_request_t new_request(const char *method, const char *url,
                                              const wf_client_settings_t *settings)
{
    return (wf_client_request_t){ .method = method,
                                  .url = url,
                                  .settings = settings,
                                  .headers =
                                      apr_array_make(pool, 2, sizeof(wf_client_header_t)),
                                  .keep_headers = 1,
                                  .keep_body = 1,
                                  .max_body = 1000,
                                  .stable = 1 };
}

static inline void add_header(wf_client_request_t *request, const char *name,
                              const char *value)
{
    *(wf_client_header_t *)apr_array_push((apr_array_header_t *)request->headers) =
        (wf_client_header_t){ name, value };
}

static inline wf_client_call_t *prepare_request(const wf_client_request_t *request)
{
    wf_client_call_t *call = NULL;
    wf_error_t err;

    wf_error_init(&err, pool);
    if (wf_client_prepare(&call, request, pool, &err) != APR_SUCCESS) {
        diag("%s: %s", err.field ? err.field : "", err.message);
    }
    return call;
}

static inline wf_client_call_t *prepare_url(const char *method, const char *url,
                                            const wf_client_settings_t *settings)
{
    wf_client_request_t request = new_request(method, url, settings);

    return prepare_request(&request);
}

static inline void begin_tests(void)
{
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_error_init(&err, pool);
    ok(wf_client_global_init(&err) == APR_SUCCESS, "libcurl starts");
    ok(wf_client_global_init(&err) == APR_SUCCESS, "a second time is harmless");
}

static inline int end_tests(fixture_t *f)
{
    apr_pool_destroy(f->pool);
    is_int(f->loop.opened, f->loop.closed, "every connection was told of when it closed");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}

#endif
