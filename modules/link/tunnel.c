/* A link reads and writes a socket. Where there is TLS, a thread stands between the link
 * and libcurl's connection and carries the bytes: of the few links that a process opens
 * itself. */
#include "link/internal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOAD (32 * 1024) /* bytes that are carried at once */
#define LAST_MS 2000     /* for the other side to take the last ones */

typedef struct load_t {
    char bytes[LOAD];
    size_t at, length; /* what is not delivered yet: from at to length */
    int ended;         /* its source has no more */
} load_t;

typedef struct tunnel_t {
    CURL *handle;
    int outside, inside; /* libcurl's socket; our end of the link's */
    pthread_t thread;
    load_t out, in;
} tunnel_t;

static int is_empty(const load_t *load)
{
    return load->at == load->length;
}

/* Each of these returns 1 if it has moved something, or has found an end. */

static int fetch_out(tunnel_t *t)
{
    ssize_t n;

    if (t->out.ended || !is_empty(&t->out)) {
        return 0;
    }
    n = recv(t->inside, t->out.bytes, LOAD, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    t->out.at = 0;
    t->out.length = n > 0 ? (size_t)n : 0;
    t->out.ended = n <= 0;
    return 1;
}

static int deliver_out(tunnel_t *t)
{
    size_t n = 0;
    CURLcode code;

    if (is_empty(&t->out)) {
        return 0;
    }
    code = curl_easy_send(t->handle, t->out.bytes + t->out.at, t->out.length - t->out.at,
                          &n);
    if (code != CURLE_OK && code != CURLE_AGAIN) {
        t->out.at = t->out.length;
        t->out.ended = 1;
        return 1;
    }
    t->out.at += n;
    return n > 0;
}

static int fetch_in(tunnel_t *t)
{
    size_t n = 0;
    CURLcode code;

    if (t->in.ended || !is_empty(&t->in)) {
        return 0;
    }
    code = curl_easy_recv(t->handle, t->in.bytes, LOAD, &n);
    if (code == CURLE_AGAIN) {
        return 0;
    }
    t->in.at = 0;
    t->in.length = code == CURLE_OK ? n : 0;
    t->in.ended = t->in.length == 0;
    return 1;
}

static int deliver_in(tunnel_t *t)
{
    ssize_t n;

    if (is_empty(&t->in)) {
        return 0;
    }
    n = send(t->inside, t->in.bytes + t->in.at, t->in.length - t->in.at,
             MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        t->in.at = t->in.length;
        t->in.ended = 1;
        return 1;
    }
    t->in.at += n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* 0: there is nothing to wait for any more. A side that has ended is not looked at: it
 * would be ready all the time. */
static int wait_a_while(const tunnel_t *t)
{
    int ends = t->out.ended || t->in.ended;
    struct pollfd pollers[2] = {
        { .fd = t->out.ended ? -1 : t->inside,
          .events = (short)((is_empty(&t->out) ? POLLIN : 0)
                            | (is_empty(&t->in) ? 0 : POLLOUT)) },
        { .fd = t->in.ended ? -1 : t->outside,
          .events = (short)((is_empty(&t->in) ? POLLIN : 0)
                            | (is_empty(&t->out) ? 0 : POLLOUT)) },
    };
    int n;

    if ((ends && is_empty(&t->out) && is_empty(&t->in))
        || (pollers[0].fd < 0 && pollers[1].fd < 0)) {
        return 0;
    }
    n = poll(pollers, 2, ends ? LAST_MS : -1);
    if (n > 0 && pollers[0].revents & (POLLHUP | POLLERR) && !is_empty(&t->out)) {
        /* The link has gone, and its last words wait for the other side. */
        pollers[0].fd = -1;
        n = poll(pollers, 2, LAST_MS);
    }
    return n > 0 || (n < 0 && errno == EINTR);
}

static void *carry(void *data)
{
    tunnel_t *t = data;
    int moved;

    do {
        moved = fetch_out(t);
        moved |= deliver_out(t);
        moved |= fetch_in(t);
        moved |= deliver_in(t);
    } while (moved || wait_a_while(t));
    curl_easy_cleanup(t->handle);
    shutdown(t->inside, SHUT_RDWR);
    return NULL;
}

static apr_status_t close_tunnel(void *data)
{
    tunnel_t *t = data;

    shutdown(t->inside, SHUT_RDWR);
    pthread_join(t->thread, NULL);
    close(t->inside);
    return APR_SUCCESS;
}

/* Signals are for other threads; that of a broken pipe is for nobody. */
static int start(tunnel_t *t)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&t->thread, NULL, carry, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

apr_status_t wf_link_tunnel(int *fd, CURL *handle, int outside, apr_pool_t *p,
                            wf_error_t *err)
{
    tunnel_t *t = apr_pcalloc(p, sizeof(*t));
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return wf_error_set(err, WF_ERR_INTERNAL, "no sockets: %s", strerror(errno));
    }
    t->handle = handle;
    t->outside = outside;
    t->inside = ends[0];
    if (start(t) != 0) {
        close(ends[0]);
        close(ends[1]);
        return wf_error_set(err, WF_ERR_INTERNAL, "no thread for a connection");
    }
    apr_pool_cleanup_register(p, t, close_tunnel, apr_pool_cleanup_null);
    *fd = ends[1];
    return APR_SUCCESS;
}
