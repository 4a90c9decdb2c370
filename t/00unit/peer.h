/* Somebody to talk to inside the test program, over TCP and UDP: loopback, free ports, a
 * thread a connection. It reads lines and does what they say:
 *   echo TEXT    answers TEXT
 *   slow TEXT    the same, a byte every two milliseconds
 *   split        "one\r", and after a while "\ntwo\r\n"
 *   half         "half", then closes
 *   bye          closes
 *   reset        breaks the connection
 *   flood        never stops to send
 *   deaf         reads nothing any more, and closes when p->hears is set
 *   hush         does not answer
 * A datagram is one line. It counts connections, those that are open, lines and bytes,
 * and keeps the first lines. */
#ifndef WF_TEST_PEER_H
#define WF_TEST_PEER_H

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_CONNECTIONS 4096
#define PEER_LINE 65536
#define PEER_KEPT 4096 /* bytes of lines */

typedef struct peer_t {
    int listener, port;
    int datagrams, udp_port;
    const char *greeting; /* said to whoever comes, or NULL */
    pthread_t accepting, listening;
    pthread_mutex_t lock;
    int connections, open, most; /* most: open at once */
    int lines, came;             /* of both; came: datagrams */
    long long bytes;             /* of both */
    int hears;                   /* 1: those that are deaf close; atomic */
    char kept[PEER_KEPT];        /* lines of both, with | between them */
    int fds[PEER_CONNECTIONS];
    pthread_t threads[PEER_CONNECTIONS];
    int nfds;
} peer_t;

typedef struct peer_connection_t {
    peer_t *peer;
    int fd;
} peer_connection_t;

static int peer_say(int fd, const char *text, size_t n)
{
    size_t sent = 0;

    while (sent < n) {
        ssize_t some = send(fd, text + sent, n - sent, MSG_NOSIGNAL);

        if (some <= 0) {
            return 0;
        }
        sent += (size_t)some;
    }
    return 1;
}

static int peer_slowly(int fd, const char *text)
{
    for (; *text != '\0' && peer_say(fd, text, 1); text++) {
        usleep(2000);
    }
    return *text == '\0' && peer_say(fd, "\n", 1);
}

static int peer_flood(int fd)
{
    char block[16384];

    memset(block, 'x', sizeof(block));
    while (peer_say(fd, block, sizeof(block))) {
    }
    return 0;
}

static int peer_reset(int fd)
{
    struct linger linger = { 1, 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(dup2(open("/dev/null", O_RDONLY), fd));
    return 0;
}

/* Whatever else comes stays unread, until the test says so. */
static int peer_be_deaf(peer_t *p)
{
    while (!__atomic_load_n(&p->hears, __ATOMIC_ACQUIRE)) {
        usleep(5000);
    }
    return 0;
}

/* 0: the connection ends. */
static int peer_answer(peer_t *p, int fd, char *line)
{
    if (strncmp(line, "echo ", 5) == 0) {
        line[strlen(line)] = '\n'; /* where it was */
        return peer_say(fd, line + 5, strcspn(line + 5, "\n") + 1);
    }
    if (strncmp(line, "slow ", 5) == 0) {
        return peer_slowly(fd, line + 5);
    }
    if (strcmp(line, "split") == 0) {
        peer_say(fd, "one\r", 4);
        usleep(20000);
        return peer_say(fd, "\ntwo\r\n", 6);
    }
    if (strcmp(line, "half") == 0) {
        peer_say(fd, "half", 4);
        return 0;
    }
    if (strcmp(line, "deaf") == 0) {
        return peer_be_deaf(p);
    }
    if (strcmp(line, "reset") == 0) {
        return peer_reset(fd);
    }
    return strcmp(line, "flood") == 0 ? peer_flood(fd) : strcmp(line, "bye") != 0;
}

static void peer_count(peer_t *p, int open, int lines, int came, ssize_t bytes)
{
    pthread_mutex_lock(&p->lock);
    p->open += open;
    p->connections += open > 0;
    p->most = p->open > p->most ? p->open : p->most;
    p->lines += lines;
    p->came += came;
    p->bytes += bytes;
    pthread_mutex_unlock(&p->lock);
}

static void peer_keep(peer_t *p, const char *line)
{
    size_t n;

    pthread_mutex_lock(&p->lock);
    n = strlen(p->kept);
    snprintf(p->kept + n, sizeof(p->kept) - n, "%s%s", n > 0 ? "|" : "", line);
    pthread_mutex_unlock(&p->lock);
}

static void *peer_serve(void *data)
{
    peer_connection_t c = *(peer_connection_t *)data;
    char *line = malloc(PEER_LINE + 1);
    size_t have = 0;
    ssize_t n;

    free(data);
    if (c.peer->greeting != NULL) {
        peer_say(c.fd, c.peer->greeting, strlen(c.peer->greeting));
    }
    while ((n = recv(c.fd, line + have, PEER_LINE - have, 0)) > 0) {
        char *end;

        have += (size_t)n;
        peer_count(c.peer, 0, 0, 0, n);
        line[have] = '\0';
        while (n > 0 && (end = strchr(line, '\n')) != NULL) {
            *end = '\0';
            peer_keep(c.peer, line);
            peer_count(c.peer, 0, 1, 0, 0);
            n = peer_answer(c.peer, c.fd, line) ? n : 0;
            have -= (size_t)(end + 1 - line);
            memmove(line, end + 1, have + 1);
        }
        if (n == 0) {
            break;
        }
    }
    free(line);
    shutdown(c.fd, SHUT_RDWR);
    peer_count(c.peer, -1, 0, 0, 0);
    return NULL;
}

static void *peer_accept(void *data)
{
    peer_t *p = data;
    int fd;

    while ((fd = accept(p->listener, NULL, NULL)) >= 0) {
        peer_connection_t *c = malloc(sizeof(*c));
        pthread_attr_t small;

        *c = (peer_connection_t){ p, fd };
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 256 * 1024);
        peer_count(p, 1, 0, 0, 0);
        pthread_mutex_lock(&p->lock);
        if (p->nfds == PEER_CONNECTIONS) {
            abort();
        }
        p->fds[p->nfds] = fd;
        if (pthread_create(&p->threads[p->nfds++], &small, peer_serve, c) != 0) {
            abort();
        }
        pthread_mutex_unlock(&p->lock);
        pthread_attr_destroy(&small);
    }
    return NULL;
}

static void *peer_listen(void *data)
{
    peer_t *p = data;
    static char datagram[PEER_LINE + 1];
    struct sockaddr_in from;
    socklen_t length = sizeof(from);
    ssize_t n;

    while ((n = recvfrom(p->datagrams, datagram, PEER_LINE, 0, (struct sockaddr *)&from,
                         &length))
           >= 0) {
        datagram[n] = '\0';
        if (strcmp(datagram, "end of test") == 0) {
            break;
        }
        peer_keep(p, datagram);
        peer_count(p, 0, 1, 1, n);
        if (strncmp(datagram, "hush", 4) != 0) {
            sendto(p->datagrams, datagram, (size_t)n, 0, (struct sockaddr *)&from,
                   length);
        }
    }
    return NULL;
}

static int peer_bind(int type, int *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0
        || (type == SOCK_STREAM && listen(fd, 1024) != 0)
        || getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
        perror("peer");
        exit(1);
    }
    *port = ntohs(a.sin_port);
    return fd;
}

static void peer_start(peer_t *p)
{
    memset(p, 0, sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    p->listener = peer_bind(SOCK_STREAM, &p->port);
    p->datagrams = peer_bind(SOCK_DGRAM, &p->udp_port);
    pthread_create(&p->accepting, NULL, peer_accept, p);
    pthread_create(&p->listening, NULL, peer_listen, p);
}

/* Forget what was counted and kept, while nobody is connected. */
static inline void peer_reset_counts(peer_t *p)
{
    pthread_mutex_lock(&p->lock);
    p->connections = p->most = p->lines = p->came = 0;
    p->bytes = 0;
    p->kept[0] = '\0';
    pthread_mutex_unlock(&p->lock);
}

/* Break all connections, as a target that goes down. */
static inline void peer_drop_all(peer_t *p)
{
    int i;

    pthread_mutex_lock(&p->lock);
    for (i = 0; i < p->nfds; i++) {
        shutdown(p->fds[i], SHUT_RDWR);
    }
    pthread_mutex_unlock(&p->lock);
}

static void peer_stop(peer_t *p)
{
    struct sockaddr_in self = { .sin_family = AF_INET,
                                .sin_port = htons((unsigned short)p->udp_port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int i;

    __atomic_store_n(&p->hears, 1, __ATOMIC_RELEASE);
    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->accepting, NULL);
    close(p->listener);
    sendto(p->datagrams, "end of test", 11, 0, (struct sockaddr *)&self, sizeof(self));
    pthread_join(p->listening, NULL);
    close(p->datagrams);
    for (i = 0; i < p->nfds; i++) {
        shutdown(p->fds[i], SHUT_RDWR);
        pthread_join(p->threads[i], NULL);
        close(p->fds[i]);
    }
    pthread_mutex_destroy(&p->lock);
}

/* 1 once so many lines have come, waiting for up to ten seconds. */
static inline int peer_has_lines(peer_t *p, int lines)
{
    int i, now = -1;

    for (i = 0; i < 2000 && now < lines; i++) {
        pthread_mutex_lock(&p->lock);
        now = p->lines;
        pthread_mutex_unlock(&p->lock);
        if (now < lines) {
            usleep(5000);
        }
    }
    return now == lines;
}

/* 1 once as many connections are open, waiting for up to ten seconds. */
static inline int peer_has_open(peer_t *p, int open)
{
    int i, now = -1;

    for (i = 0; i < 2000 && now != open; i++) {
        pthread_mutex_lock(&p->lock);
        now = p->open;
        pthread_mutex_unlock(&p->lock);
        if (now != open) {
            usleep(5000);
        }
    }
    return now == open;
}

#endif
