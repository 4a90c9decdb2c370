/* The engine's side: one epoll loop reads commands; replies are written by whichever thread
 * has them, directly, and only what the socket does not take at once goes through the loop.
 *
 * Who owns a connection: the loop holds one reference from accept to hang-up, a request one
 * from its frame to its reply; the last one closes the descriptor. So a reply can never
 * reach a descriptor that was reused for another client. */
#include "ipc/ipc.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define EVENTS_PER_TURN 64

/* Pools of answered requests wait for the next ones: making one costs an mmap and a
 * munmap. */
#define SPARE_POOLS 64
#define SPARE_BYTES (256 * 1024) /* what a waiting pool keeps */

typedef struct connection_t connection_t;

/* The public request with what the server must know to answer it. */
typedef struct request_t {
    wf_ipc_request_t public;
    connection_t *connection;
    apr_uint32_t id;
} request_t;

struct connection_t {
    wf_ipc_server_t *server;
    int fd;
    int refs;                    /* atomic; see above */
    connection_t *next, **link;  /* the loop's list */

    /* Reading: the loop's alone. */
    unsigned char header[WF_FRAME_HEADER];
    apr_size_t got;              /* bytes of header, then of payload */
    wf_frame_t frame;
    apr_pool_t *pool;            /* of the request being read; NULL between frames */
    char *payload;
    int passed;                  /* descriptor that came with it; -1 = none */

    pthread_mutex_t lock;        /* of the members below; never held across a callback */
    int busy;                    /* a command is being executed */
    int gone;                    /* the loop has let go: replies are dropped */
    char *out;                   /* what a full socket has not taken yet */
    apr_size_t out_length, out_sent;
};

struct wf_ipc_server_t {
    wf_ipc_server_options_t options;
    int epoll, wakefd;
    connection_t *connections;
    int count;
    int accepting;
    int owed;                    /* atomic: commands without a reply yet */
    int woken, stopping;         /* atomic flags behind wakefd */
    apr_int64_t stop_at;         /* atomic; wf_mono_us clock */
    pthread_mutex_t spare_lock;  /* of the two below */
    apr_pool_t *spare[SPARE_POOLS];
    int spares;
};

static void wake_loop(wf_ipc_server_t *server)
{
    apr_uint64_t one = 1;
    ssize_t n = write(server->wakefd, &one, sizeof(one)); /* full = already awake */

    (void)n;
}

static void watch(wf_ipc_server_t *server, int op, int fd, unsigned events, void *what)
{
    struct epoll_event event = { .events = events, .data.ptr = what };

    epoll_ctl(server->epoll, op, fd, &event);
}

/* ---- pools of requests ---------------------------------------------------------------------- */

static apr_pool_t *take_pool(wf_ipc_server_t *server)
{
    apr_pool_t *pool = NULL;

    pthread_mutex_lock(&server->spare_lock);
    if (server->spares > 0) {
        pool = server->spare[--server->spares];
    }
    pthread_mutex_unlock(&server->spare_lock);
    return pool ? pool : wf_pool_create("wf_ipc_request", SPARE_BYTES);
}

static int keep_pool(wf_ipc_server_t *server, apr_pool_t *pool)
{
    int kept = 0;

    pthread_mutex_lock(&server->spare_lock);
    if (server->spares < SPARE_POOLS) {
        server->spare[server->spares++] = pool;
        kept = 1;
    }
    pthread_mutex_unlock(&server->spare_lock);
    return kept;
}

static void give_pool(wf_ipc_server_t *server, apr_pool_t *pool)
{
#ifndef __SANITIZE_ADDRESS__ /* which shall see a use after the end */
    apr_pool_clear(pool);
    if (keep_pool(server, pool)) {
        return;
    }
#else
    (void)server;
    (void)keep_pool;
#endif
    apr_pool_destroy(pool);
}

static apr_status_t drop_spares(void *data)
{
    wf_ipc_server_t *server = data;

    for (int i = 0; i < server->spares; i++) {
        apr_pool_destroy(server->spare[i]);
    }
    server->spares = 0;
    return APR_SUCCESS;
}

/* ---- connections -------------------------------------------------------------------------- */

static void release(connection_t *c)
{
    if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    close(c->fd);
    if (c->passed >= 0) {
        close(c->passed);
    }
    pthread_mutex_destroy(&c->lock);
    free(c->out);
    free(c);
}

/* The loop lets go of a connection; a command that runs for it finishes unheard. */
static void hang_up(connection_t *c)
{
    wf_ipc_server_t *server = c->server;

    watch(server, EPOLL_CTL_DEL, c->fd, 0, NULL);
    if (c->pool) {
        give_pool(server, c->pool);
        c->pool = NULL;
    }
    *c->link = c->next;
    if (c->next) {
        c->next->link = c->link;
    }
    pthread_mutex_lock(&c->lock);
    c->gone = 1;
    shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_unlock(&c->lock);
    server->count--;
    release(c);
}

static int is_trusted(int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0
           && (peer.uid == geteuid() || peer.uid == 0);
}

/* Waiting for a place could take for ever, as clients keep their connections: say no at
 * once. Frame 0 answers no command, so the client knows that none was taken. */
static void refuse(wf_ipc_server_t *server, int fd)
{
    static const char json[] =
        "{\"kind\":\"unavailable\",\"message\":\"too many connections to the engine\"}";
    unsigned char bytes[WF_FRAME_HEADER + sizeof(json) - 1];
    wf_frame_t frame = { .type = WF_FRAME_ERROR, .json_length = sizeof(json) - 1 };

    wf_log(WF_LOG_WARN, "ipc: more than %d connections", server->options.max_connections);
    wf_frame_encode(&frame, bytes);
    memcpy(bytes + WF_FRAME_HEADER, json, sizeof(json) - 1);
    if (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        wf_log(WF_LOG_DEBUG, "ipc: the refused client left first");
    }
    close(fd);
}

static void accept_connection(wf_ipc_server_t *server)
{
    int fd = accept4(server->options.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    connection_t *c;

    if (fd < 0) {
        return;
    }
    if (!is_trusted(fd)) {
        wf_log(WF_LOG_WARN, "ipc: refused a connection of another user");
        close(fd);
        return;
    }
    if (server->count >= server->options.max_connections
        || !(c = calloc(1, sizeof(*c)))) {
        refuse(server, fd);
        return;
    }
    c->server = server;
    c->fd = fd;
    c->passed = -1;
    c->refs = 1;
    pthread_mutex_init(&c->lock, NULL);
    c->next = server->connections;
    c->link = &server->connections;
    if (c->next) {
        c->next->link = &c->next;
    }
    server->connections = c;
    server->count++;
    watch(server, EPOLL_CTL_ADD, fd, EPOLLIN, c);
}

/* ---- writing --------------------------------------------------------------------------------- */

static ssize_t send_some(int fd, const struct iovec *iov, int count)
{
    struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = count };
    ssize_t n;

    do {
        n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        return 0;
    }
    return n;
}

/* Keep what the socket did not take, for the loop. Called with the lock held. */
static void keep_rest(connection_t *c, const struct iovec *iov, int count, apr_size_t sent)
{
    apr_size_t total = 0, at = 0;

    for (int i = 0; i < count; i++) {
        total += iov[i].iov_len;
    }
    c->out = malloc(total);
    if (!c->out) {
        abort(); /* no memory for a reply that is already promised */
    }
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len > 0) {
            memcpy(c->out + at, iov[i].iov_base, iov[i].iov_len);
        }
        at += iov[i].iov_len;
    }
    c->out_length = total;
    c->out_sent = sent;
    watch(c->server, EPOLL_CTL_MOD, c->fd, EPOLLIN | EPOLLOUT, c);
}

static void answer(request_t *request, wf_frame_type_e type, json_object *json,
                   const void *blob, apr_size_t blob_length)
{
    connection_t *c = request->connection;
    wf_ipc_server_t *server = c->server;
    apr_size_t length;
    const char *text = wf_json_text(json, &length, request->public.pool);
    unsigned char header[WF_FRAME_HEADER];
    wf_frame_t frame = { .type = type, .id = request->id, .json_length = length,
                         .blob_length = blob_length };
    struct iovec iov[] = { { header, sizeof(header) },
                           { (void *)text, length },
                           { (void *)blob, blob_length } };
    ssize_t sent = 0;

    wf_frame_encode(&frame, header);
    pthread_mutex_lock(&c->lock);
    c->busy = 0; /* before the send: the client may answer it with its next command */
    if (!c->gone) {
        sent = send_some(c->fd, iov, 3);
        if (sent >= 0 && (apr_size_t)sent < sizeof(header) + length + blob_length) {
            keep_rest(c, iov, 3, sent);
        }
    }
    pthread_mutex_unlock(&c->lock);
    if (request->public.fd >= 0) {
        close(request->public.fd);
    }
    give_pool(server, request->public.pool);
    release(c);
    __atomic_sub_fetch(&server->owed, 1, __ATOMIC_ACQ_REL);
    if (__atomic_load_n(&server->stopping, __ATOMIC_ACQUIRE)) {
        wake_loop(server);
    }
}

int wf_ipc_is_gone(const wf_ipc_request_t *request)
{
    connection_t *c = ((const request_t *)request)->connection;
    int gone;

    pthread_mutex_lock(&c->lock);
    gone = c->gone;
    pthread_mutex_unlock(&c->lock);
    return gone;
}

void wf_ipc_reply(wf_ipc_request_t *request, json_object *json, const void *blob,
                  apr_size_t blob_length)
{
    if (!json) {
        json = wf_json_own(json_object_new_object(), request->pool);
    }
    answer((request_t *)request, WF_FRAME_REPLY, json, blob, blob_length);
}

void wf_ipc_fail(wf_ipc_request_t *request, const wf_error_t *err)
{
    json_object *json = wf_json_own(json_object_new_object(), request->pool);

    wf_json_add_string(json, "kind", wf_err_name(err->kind));
    wf_json_add_string(json, "message", err->message);
    wf_json_add_string(json, "field", err->field);
    if (err->retry_after > 0) {
        wf_json_add_int(json, "retry_after", err->retry_after);
    }
    answer((request_t *)request, WF_FRAME_ERROR, json, NULL, 0);
}

/* The loop's half: the socket takes data again. 0, or -1 when the connection is lost. */
static int flush_rest(connection_t *c)
{
    ssize_t n = 0;

    pthread_mutex_lock(&c->lock);
    if (c->out) {
        struct iovec rest = { c->out + c->out_sent, c->out_length - c->out_sent };

        n = send_some(c->fd, &rest, 1);
        c->out_sent += n > 0 ? n : 0;
        if (c->out_sent == c->out_length) {
            free(c->out);
            c->out = NULL;
            watch(c->server, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
        }
    }
    pthread_mutex_unlock(&c->lock);
    return n < 0 ? -1 : 0;
}

/* ---- reading ----------------------------------------------------------------------------------- */

static int bad_frame(const wf_error_t *err)
{
    wf_log(WF_LOG_WARN, "ipc: connection closed: %s", err->message);
    return -1;
}

static int begin_payload(connection_t *c)
{
    wf_error_t err;
    apr_pool_t *pool = take_pool(c->server);

    wf_error_init(&err, pool);
    if (wf_frame_decode(&c->frame, c->header, c->server->options.frame_limit, &err)
            != APR_SUCCESS
        || c->frame.type != WF_FRAME_COMMAND) {
        if (err.kind == WF_ERR_NONE) {
            wf_error_set(&err, WF_ERR_INVALID, "clients send commands only");
        }
        bad_frame(&err);
        give_pool(c->server, pool);
        return -1;
    }
    c->pool = pool;
    c->payload = apr_palloc(pool, (apr_size_t)c->frame.json_length + c->frame.blob_length + 2);
    c->got = 0;
    return 0;
}

/* NULL in *once if the command has none. -1 if it lacks something. */
static int parse_once(const wf_once_t **out, json_object *json, apr_pool_t *p)
{
    wf_once_t *once;

    *out = NULL;
    if (!json) {
        return 0;
    }
    once = apr_palloc(p, sizeof(*once));
    once->key = wf_json_string(json, "key", NULL);
    once->step = wf_json_string(json, "step", NULL);
    once->fingerprint = wf_json_string(json, "fingerprint", NULL);
    *out = once;
    return once->key && once->step && once->fingerprint ? 0 : -1;
}

static int parse_command(request_t *request, const char *json, apr_size_t length,
                         wf_error_t *err)
{
    json_object *envelope;
    apr_status_t rv = wf_json_read(&envelope, json, length, request->public.pool, err);

    if (rv != APR_SUCCESS) {
        return -1;
    }
    request->public.command = wf_command_parse(wf_json_string(envelope, "command", NULL));
    request->public.user = wf_json_string(envelope, "user", NULL);
    request->public.deadline = wf_json_int(envelope, "deadline", 0);
    request->public.args = wf_json_get(envelope, "args");
    if (request->public.command < 0
        || parse_once(&request->public.once, wf_json_get(envelope, "once"),
                      request->public.pool)
               != 0
        || !json_object_is_type(request->public.args, json_type_object)) {
        wf_error_set(err, WF_ERR_INVALID, "unknown command or arguments missing");
        return -1;
    }
    return 0;
}

static int dispatch(connection_t *c)
{
    request_t *request = apr_pcalloc(c->pool, sizeof(*request));
    wf_ipc_server_t *server = c->server;
    wf_error_t err;

    request->public.pool = c->pool;
    request->connection = c;
    request->id = c->frame.id;
    wf_error_init(&err, c->pool);
    if (parse_command(request, c->payload, c->frame.json_length, &err) != 0) {
        return bad_frame(&err);
    }
    request->public.blob = c->payload + c->frame.json_length;
    request->public.blob_length = c->frame.blob_length;
    request->public.fd = c->passed;
    c->passed = -1;
    pthread_mutex_lock(&c->lock);
    c->busy = 1;
    pthread_mutex_unlock(&c->lock);
    __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&server->owed, 1, __ATOMIC_RELAXED);
    c->pool = NULL; /* the request's from here on */
    c->got = 0;
    server->options.handler(server->options.baton, &request->public);
    return 0;
}

static int is_busy(connection_t *c)
{
    int busy;

    pthread_mutex_lock(&c->lock);
    busy = c->busy || c->out;
    pthread_mutex_unlock(&c->lock);
    return busy;
}

/* Descriptors that came with the bytes. A command has one at most: the first is kept. */
static void keep_passed(connection_t *c, struct msghdr *message)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(message); h; h = CMSG_NXTHDR(message, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        for (apr_size_t at = 0; at + sizeof(int) <= h->cmsg_len - CMSG_LEN(0);
             at += sizeof(int)) {
            int fd;

            memcpy(&fd, CMSG_DATA(h) + at, sizeof(fd));
            if (c->passed < 0) {
                c->passed = fd;
            }
            else {
                close(fd);
            }
        }
    }
}

static ssize_t receive(connection_t *c, char *to, apr_size_t length)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } passing;
    struct iovec iov = { to, length };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1,
                              .msg_control = passing.bytes,
                              .msg_controllen = sizeof(passing.bytes) };
    ssize_t n = recvmsg(c->fd, &message, MSG_CMSG_CLOEXEC);

    if (n >= 0) {
        keep_passed(c, &message);
    }
    return n;
}

/* Read what is there; 0, or -1 when the connection has to go. */
static int read_some(connection_t *c)
{
    apr_size_t want = c->pool ? (apr_size_t)c->frame.json_length + c->frame.blob_length
                              : WF_FRAME_HEADER;
    char *to = c->pool ? c->payload : (char *)c->header;
    ssize_t n = receive(c, to + c->got, want - c->got);

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    if (n == 0) {
        return -1;
    }
    if (is_busy(c)) {
        wf_log(WF_LOG_WARN, "ipc: connection closed: a command before the last reply");
        return -1;
    }
    c->got += n;
    if (c->got < want) {
        return 0;
    }
    if (!c->pool) {
        if (begin_payload(c) != 0) {
            return -1;
        }
        /* Most commands are whole in the socket by now: save a turn of the loop. */
        return c->frame.json_length + c->frame.blob_length > 0 ? read_some(c) : dispatch(c);
    }
    return dispatch(c);
}

/* ---- the loop ------------------------------------------------------------------------------------ */

apr_status_t wf_ipc_server_create(wf_ipc_server_t **out,
                                  const wf_ipc_server_options_t *options, apr_pool_t *p,
                                  wf_error_t *err)
{
    wf_ipc_server_t *server = apr_pcalloc(p, sizeof(*server));

    server->options = *options;
    pthread_mutex_init(&server->spare_lock, NULL);
    apr_pool_cleanup_register(p, server, drop_spares, apr_pool_cleanup_null);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->wakefd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (server->epoll < 0 || server->wakefd < 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno, "cannot create the ipc loop");
    }
    fcntl(options->listen_fd, F_SETFL, fcntl(options->listen_fd, F_GETFL) | O_NONBLOCK);
    watch(server, EPOLL_CTL_ADD, server->wakefd, EPOLLIN, NULL);
    *out = server;
    return APR_SUCCESS;
}

void wf_ipc_server_wake(wf_ipc_server_t *server)
{
    __atomic_store_n(&server->woken, 1, __ATOMIC_RELEASE);
    wake_loop(server);
}

void wf_ipc_server_stop(wf_ipc_server_t *server, apr_interval_time_t grace)
{
    __atomic_store_n(&server->stop_at, wf_mono_us() + grace, __ATOMIC_RELEASE);
    __atomic_store_n(&server->stopping, 1, __ATOMIC_RELEASE);
    wake_loop(server);
}

static void handle_connection(connection_t *c, unsigned events)
{
    if ((events & EPOLLOUT) && flush_rest(c) != 0) {
        hang_up(c);
        return;
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && read_some(c) != 0) {
        hang_up(c);
    }
}

static int has_unsent(wf_ipc_server_t *server)
{
    for (connection_t *c = server->connections; c; c = c->next) {
        if (is_busy(c)) {
            return 1;
        }
    }
    return 0;
}

/* While stopping: no new clients, no new commands, but every reply that is owed. */
static int is_finished(wf_ipc_server_t *server)
{
    if (server->accepting) {
        server->accepting = 0;
        watch(server, EPOLL_CTL_DEL, server->options.listen_fd, 0, NULL);
    }
    if (wf_mono_us() >= __atomic_load_n(&server->stop_at, __ATOMIC_ACQUIRE)) {
        return 1;
    }
    return __atomic_load_n(&server->owed, __ATOMIC_ACQUIRE) == 0 && !has_unsent(server);
}

static void clear_wakefd(wf_ipc_server_t *server)
{
    apr_uint64_t count;
    ssize_t n = read(server->wakefd, &count, sizeof(count));

    (void)n;
}

apr_status_t wf_ipc_server_run(wf_ipc_server_t *server, void (*wake)(void *), void *baton,
                               wf_error_t *err)
{
    struct epoll_event events[EVENTS_PER_TURN];

    server->accepting = 1;
    watch(server, EPOLL_CTL_ADD, server->options.listen_fd, EPOLLIN, server);
    for (;;) {
        int stopping = __atomic_load_n(&server->stopping, __ATOMIC_ACQUIRE);
        int n;

        if (stopping && is_finished(server)) {
            break;
        }
        n = epoll_wait(server->epoll, events, EVENTS_PER_TURN, stopping ? 50 : -1);
        if (n < 0 && errno != EINTR) {
            return wf_error_apr(err, WF_ERR_INTERNAL, errno, "ipc loop");
        }
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == server) {
                accept_connection(server);
            }
            else if (events[i].data.ptr) {
                handle_connection(events[i].data.ptr, events[i].events);
            }
            else {
                clear_wakefd(server);
            }
        }
        if (wake && __atomic_exchange_n(&server->woken, 0, __ATOMIC_ACQ_REL)) {
            wake(baton);
        }
    }
    while (server->connections) {
        hang_up(server->connections);
    }
    return APR_SUCCESS;
}
