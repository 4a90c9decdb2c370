/* A small HTTP/1.1 server inside the test program: loopback, a free port, a thread a
 * connection. /ok, anything else   200 {"token":"t-1","items":[{"id":7},{"id":8}]}
 *   /status/NNN          that status
 *   /hang                never answers
 *   /slow/NNN            answers after NNN milliseconds
 *   /redirect/N          redirects N times, then answers as /ok
 *   /big/N               a body of N bytes
 * It counts requests, keeps the first ones as text, and notes when each came and how many
 * were being answered then. */
#ifndef WF_TEST_TARGET_H
#define WF_TEST_TARGET_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TARGET_KEPT 200
#define TARGET_TIMED 100000
#define TARGET_CONNECTIONS 512

typedef struct target_t {
    int listener, port;
    int (*answer)(int fd, const char *request); /* instead of the above; 0 = close */
    pthread_t thread;
    pthread_mutex_t lock;
    int requests, ok, connections; /* ok: answered below 400 */
    int open;                      /* being answered now */
    long long at_us[TARGET_TIMED]; /* CLOCK_MONOTONIC; of the first requests */
    int open_then[TARGET_TIMED];   /* this one included */
    char *kept[TARGET_KEPT];
    int fds[TARGET_CONNECTIONS];
    pthread_t threads[TARGET_CONNECTIONS];
    int nfds;
} target_t;

typedef struct target_connection_t {
    target_t *target;
    int fd;
} target_connection_t;

static long long target_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void target_keep(target_t *t, const char *request)
{
    pthread_mutex_lock(&t->lock);
    if (t->requests < TARGET_KEPT) {
        t->kept[t->requests] = strdup(request);
    }
    t->open++;
    if (t->requests < TARGET_TIMED) {
        t->at_us[t->requests] = target_now_us();
        t->open_then[t->requests] = t->open;
    }
    t->requests++;
    pthread_mutex_unlock(&t->lock);
}

static void target_answered(target_t *t)
{
    pthread_mutex_lock(&t->lock);
    t->open--;
    pthread_mutex_unlock(&t->lock);
}

/* How many are being answered now. */
static inline int target_open(target_t *t)
{
    int open;

    pthread_mutex_lock(&t->lock);
    open = t->open;
    pthread_mutex_unlock(&t->lock);
    return open;
}

static int target_send(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);

        if (sent <= 0) {
            return 0;
        }
        data += sent;
        n -= (size_t)sent;
    }
    return 1;
}

static int target_answer_status(target_t *t, int fd, int status, const char *extra,
                                const char *body)
{
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\n"
                     "X-Test: one\r\nX-Test: two\r\n%sContent-Length: %zu\r\n\r\n%s",
                     status, extra, strlen(body), body);

    pthread_mutex_lock(&t->lock);
    t->ok += status < 400;
    pthread_mutex_unlock(&t->lock);
    return target_send(fd, text, (size_t)n);
}

static int target_answer(target_t *t, int fd, const char *request)
{
    static const char body[] = "{\"token\":\"t-1\",\"items\":[{\"id\":7},{\"id\":8}]}";
    const char *path = strchr(request, '/');
    char extra[64], byte;
    int n;

    if (strncmp(request, "HEAD ", 5) == 0) {
        return target_answer_status(t, fd, 200, "", "");
    }
    if (sscanf(path, "/status/%d", &n) == 1) {
        return target_answer_status(t, fd, n, "", "{\"error\":\"asked for\"}");
    }
    if (sscanf(path, "/slow/%d", &n) == 1) {
        usleep((useconds_t)n * 1000);
    }
    if (sscanf(path, "/redirect/%d", &n) == 1 && n > 0) {
        snprintf(extra, sizeof(extra), "Location: /redirect/%d\r\n", n - 1);
        return target_answer_status(t, fd, 302, extra, "");
    }
    if (sscanf(path, "/big/%d", &n) == 1) {
        char *big = malloc((size_t)n + 200);
        int head = sprintf(big, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", n);
        int sent;

        memset(big + head, 'x', (size_t)n);
        sent = target_send(fd, big, (size_t)(head + n));
        free(big);
        return sent;
    }
    if (strncmp(path, "/hang", 5) == 0) {
        return recv(fd, &byte, 1, 0) > 0; /* until the client gives up */
    }
    return target_answer_status(t, fd, 200, "", body);
}

/* One request is complete in buffer: its length, or 0. */
static size_t target_complete(const char *buffer, size_t n)
{
    const char *end = memmem(buffer, n, "\r\n\r\n", 4);
    const char *length = end ? strcasestr(buffer, "\r\nContent-Length:") : NULL;
    size_t total;

    if (end == NULL) {
        return 0;
    }
    total = (size_t)(end - buffer) + 4;
    if (length != NULL && length < end) {
        total += (size_t)atol(length + 17);
    }
    return total <= n ? total : 0;
}

static void *target_serve(void *data)
{
    target_connection_t *c = data;
    char buffer[65536];
    size_t have = 0;
    int alive = 1;

    while (alive) {
        ssize_t n = recv(c->fd, buffer + have, sizeof(buffer) - 1 - have, 0);
        size_t length;

        if (n <= 0) {
            break;
        }
        have += (size_t)n;
        buffer[have] = '\0';
        while (alive && (length = target_complete(buffer, have)) > 0) {
            char saved = buffer[length];

            buffer[length] = '\0';
            target_keep(c->target, buffer);
            alive = c->target->answer ? c->target->answer(c->fd, buffer)
                                      : target_answer(c->target, c->fd, buffer);
            target_answered(c->target);
            buffer[length] = saved;
            memmove(buffer, buffer + length, have - length + 1);
            have -= length;
        }
    }
    shutdown(c->fd, SHUT_RDWR);
    free(c);
    return NULL;
}

static void *target_accept(void *data)
{
    target_t *t = data;
    int fd;

    while ((fd = accept(t->listener, NULL, NULL)) >= 0) {
        target_connection_t *c = malloc(sizeof(*c));

        c->target = t;
        c->fd = fd;
        pthread_mutex_lock(&t->lock);
        if (t->nfds == TARGET_CONNECTIONS) {
            abort();
        }
        t->fds[t->nfds] = fd;
        pthread_create(&t->threads[t->nfds], NULL, target_serve, c);
        t->nfds++;
        pthread_mutex_unlock(&t->lock);
    }
    return NULL;
}

static void target_start(target_t *t)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(a);

    memset(t, 0, sizeof(*t));
    pthread_mutex_init(&t->lock, NULL);
    t->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(t->listener, (struct sockaddr *)&a, n) != 0 || listen(t->listener, 256) != 0
        || getsockname(t->listener, (struct sockaddr *)&a, &n) != 0) {
        perror("target");
        exit(1);
    }
    t->port = ntohs(a.sin_port);
    pthread_create(&t->thread, NULL, target_accept, t);
}

static void target_stop(target_t *t)
{
    int i;

    shutdown(t->listener, SHUT_RDWR);
    pthread_join(t->thread, NULL);
    close(t->listener);
    for (i = 0; i < t->nfds; i++) {
        shutdown(t->fds[i], SHUT_RDWR);
        pthread_join(t->threads[i], NULL);
        close(t->fds[i]);
    }
    for (i = 0; i < TARGET_KEPT; i++) {
        free(t->kept[i]);
    }
    pthread_mutex_destroy(&t->lock);
}

static inline int target_requests(target_t *t)
{
    int n;

    pthread_mutex_lock(&t->lock);
    n = t->requests;
    pthread_mutex_unlock(&t->lock);
    return n;
}

/* Connections that were ever made. */
static inline int target_connections(target_t *t)
{
    int n;

    pthread_mutex_lock(&t->lock);
    n = t->nfds;
    pthread_mutex_unlock(&t->lock);
    return n;
}

/* Requests that came from one moment of CLOCK_MONOTONIC to another, and the most that
 * were being answered at once. */
static inline int target_between(target_t *t, long long from_us, long long to_us,
                                 int *most)
{
    int i, n = 0;

    *most = 0;
    pthread_mutex_lock(&t->lock);
    for (i = 0; i < t->requests && i < TARGET_TIMED; i++) {
        if (t->at_us[i] >= from_us && t->at_us[i] < to_us) {
            n++;
            *most = t->open_then[i] > *most ? t->open_then[i] : *most;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return n;
}

/* Forget what was counted and kept. */
static inline void target_reset(target_t *t)
{
    int i;

    pthread_mutex_lock(&t->lock);
    for (i = 0; i < TARGET_KEPT; i++) {
        free(t->kept[i]);
        t->kept[i] = NULL;
    }
    t->requests = t->ok = 0;
    pthread_mutex_unlock(&t->lock);
}

/* 1 if a kept request contains the text. */
static inline int target_saw(target_t *t, const char *text)
{
    int i, saw = 0;

    pthread_mutex_lock(&t->lock);
    for (i = 0; i < TARGET_KEPT && !saw; i++) {
        saw = t->kept[i] != NULL && strstr(t->kept[i], text) != NULL;
    }
    pthread_mutex_unlock(&t->lock);
    return saw;
}

#endif
