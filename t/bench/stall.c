/* A target that stalls: it answers each request at once, but for some time in the middle
 * it answers none. It notes when each request came, also then.
 *
 *     stall after_ms for_ms
 *
 * The clock starts with the first request. Prints "port <number>" when it listens on a
 * free port of the loopback address, and at SIGTERM one line of JSON: how many requests
 * came, and how many in each second. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FDS 65536
#define MAX_SECONDS 600
#define EVENTS 256

typedef struct target_t {
    int listener, epoll;
    int64_t first, after, lasts; /* microseconds; first: of the clock, 0: not yet */
    int64_t seconds[MAX_SECONDS];
    int64_t requests;
    unsigned char matched[MAX_FDS]; /* bytes of the end of a header that were seen */
    unsigned owed[MAX_FDS];         /* answers */
    int waiting[MAX_FDS];           /* who is owed some */
    int nwaiting;
} target_t;

static target_t target;
static volatile sig_atomic_t ending;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void on_term(int signal)
{
    (void)signal;
    ending = 1;
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int stalls(int64_t now)
{
    int64_t age = now - target.first;

    return target.first > 0 && age >= target.after && age < target.after + target.lasts;
}

/* ---- requests --------------------------------------------------------------------------- */

static void answer(int fd)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                               "Content-Length: 2\r\n\r\nok";

    for (; target.owed[fd] > 0; target.owed[fd]--) {
        if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0) {
            target.owed[fd] = 0; /* it has gone; its end is an event of its own */
            return;
        }
    }
}

static void answer_waiting(void)
{
    while (target.nwaiting > 0) {
        answer(target.waiting[--target.nwaiting]);
    }
}

static void note(int fd, int64_t now)
{
    int64_t second;

    target.first = target.first ? target.first : now;
    second = (now - target.first) / 1000000;
    target.seconds[second < MAX_SECONDS ? second : MAX_SECONDS - 1]++;
    target.requests++;
    if (target.owed[fd]++ == 0 && stalls(now)) {
        target.waiting[target.nwaiting++] = fd;
    }
}

static void forget(int fd)
{
    int i;

    for (i = 0; target.owed[fd] > 0 && i < target.nwaiting; i++) {
        if (target.waiting[i] == fd) {
            target.waiting[i] = target.waiting[--target.nwaiting];
            break;
        }
    }
    target.owed[fd] = 0;
    close(fd);
}

/* A request has no body here: it ends with an empty line. */
static void read_requests(int fd)
{
    static const char end[] = "\r\n\r\n";
    char data[4096];
    ssize_t n = recv(fd, data, sizeof(data), 0), i;
    int64_t now = now_us();

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            forget(fd);
        }
        return;
    }
    for (i = 0; i < n; i++) {
        unsigned char *matched = &target.matched[fd];

        *matched = data[i] == end[*matched] ? *matched + 1 : data[i] == '\r';
        if (*matched == 4) {
            *matched = 0;
            note(fd, now);
        }
    }
    if (!stalls(now)) {
        answer(fd);
    }
}

/* ---- connections ------------------------------------------------------------------------ */

static void add(int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    if (epoll_ctl(target.epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

static void accept_all(void)
{
    int fd, one = 1;

    while ((fd = accept4(target.listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_FDS) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        target.matched[fd] = 0;
        add(fd);
    }
}

static void listen_somewhere(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (target.listener < 0
        || bind(target.listener, (struct sockaddr *)&address, sizeof(address)) != 0
        || listen(target.listener, 16384) != 0
        || getsockname(target.listener, (struct sockaddr *)&address, &length) != 0) {
        fail("listen");
    }
    add(target.listener);
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
}

/* ---- the run ---------------------------------------------------------------------------- */

static void turn(void)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(target.epoll, events, EVENTS, target.nwaiting > 0 ? 1 : 100), i;

    if (target.nwaiting > 0 && !stalls(now_us())) {
        answer_waiting();
    }
    for (i = 0; i < n; i++) {
        if (events[i].data.fd == target.listener) {
            accept_all();
        }
        else {
            read_requests(events[i].data.fd);
        }
    }
}

static void report(void)
{
    int last = MAX_SECONDS - 1, i;

    while (last > 0 && target.seconds[last] == 0) {
        last--;
    }
    printf("{\"requests\": %lld, \"seconds\": [", (long long)target.requests);
    for (i = 0; i <= last; i++) {
        printf("%s%lld", i ? ", " : "", (long long)target.seconds[i]);
    }
    printf("]}\n");
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_term };
    struct rlimit files;

    if (argc != 3) {
        fprintf(stderr, "stall after_ms for_ms\n");
        return 2;
    }
    target.after = atoll(argv[1]) * 1000;
    target.lasts = atoll(argv[2]) * 1000;
    sigaction(SIGTERM, &action, NULL);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    target.epoll = epoll_create1(0);
    if (target.epoll < 0) {
        fail("epoll_create1");
    }
    listen_somewhere();
    while (!ending) {
        turn();
    }
    report();
    return 0;
}
