/* Clients that start and complete instances of a one-task process, one request at a time
 * on a keep-alive connection each.
 *
 *     client start|work|once|bare port clients seconds definition
 *
 *   start  only start instances
 *   work   start an instance, complete the task of one started earlier, start …
 *   once   the same, each request with an Idempotency-Key
 *   bare   the requests of work, sent to the bare handler
 *
 * A client of work cannot know the task of the instance it has just started without
 * asking for it, and asking is not what is measured. So the tasks to complete are those
 * that wait when the program begins; it lists them before the clock starts. As many
 * instances are started as are completed: the store keeps its size. An operation is both
 * requests.
 *
 * Prints one line of JSON. Any answer but 200 ends the program. */
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS 1000
#define PAGE 2000 /* tasks asked for at once */
#define SERVICE "/activiti-rest/service"
#define CREDENTIALS "Authorization: Basic a2VybWl0Omtlcm1pdA==\r\n" /* kermit:kermit */

typedef enum { START, COMPLETE, KINDS } kind_e;

typedef struct connection_t {
    int fd;
    kind_e kind;  /* of the request on its way */
    int64_t sent; /* when, microseconds */
    char request[512];
    char *answer; /* grows */
    size_t length, room;
} connection_t;

/* Microseconds that the requests of one kind took. */
typedef struct samples_t {
    uint32_t *us;
    size_t count, room;
} samples_t;

typedef struct bench_t {
    struct sockaddr_in address;
    const char *base, *definition;
    int clients, completes; /* completes: tasks are completed too */
    int keyed;              /* requests have an Idempotency-Key */
    int64_t requests;       /* that had one */
    connection_t connections[MAX_CLIENTS];
    int64_t *tasks; /* that wait; NULL: any number will do */
    size_t waiting, taken;
    samples_t samples[KINDS];
    int64_t begin, end; /* of the clock */
    int busy;           /* requests on their way */
} bench_t;

static void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("client: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

static void *grow(void *memory, size_t *room, size_t size)
{
    *room = *room ? *room * 2 : 4096;
    memory = realloc(memory, *room * size);
    if (!memory) {
        die("out of memory");
    }
    return memory;
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* ---- one exchange ------------------------------------------------------------------ */

static void open_connection(bench_t *b, connection_t *c)
{
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (void *)&b->address, sizeof(b->address)) != 0) {
        die("connecting: %s", strerror(errno));
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* The requests are far smaller than a socket's buffer: one write takes all of it. */
static void send_request(connection_t *c, int length)
{
    if (length >= (int)sizeof(c->request) || write(c->fd, c->request, length) != length) {
        die("sending: %s", strerror(errno));
    }
    c->length = 0;
    c->sent = now_us();
}

/* 1 when the answer is complete; *body is its content. httpd gives these answers a
 * Content-Length. */
static int read_answer(connection_t *c, char **body)
{
    char *end, *field;
    ssize_t n;

    if (c->length + 1 >= c->room) {
        c->answer = grow(c->answer, &c->room, 1);
    }
    n = read(c->fd, c->answer + c->length, c->room - c->length - 1);
    if (n <= 0) {
        die("the server closed a connection: %s",
            n < 0 ? strerror(errno) : "end of file");
    }
    c->length += n;
    c->answer[c->length] = '\0';
    if (!(end = strstr(c->answer, "\r\n\r\n"))) {
        return 0;
    }
    if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0) {
        die("%s\n%s", c->request, c->answer);
    }
    field = strcasestr(c->answer, "\r\nContent-Length:");
    if (!field || field > end) {
        die("an answer without Content-Length:\n%s", c->answer);
    }
    *body = end + 4;
    return c->answer + c->length >= *body + strtol(field + 17, NULL, 10);
}

/* ---- the tasks that wait ----------------------------------------------------------- */

/* Returns how many tasks the page has. */
static size_t add_page(bench_t *b, size_t *room, const char *body)
{
    json_object *page = json_tokener_parse(body), *data;
    size_t count;

    if (!json_object_object_get_ex(page, "data", &data)) {
        die("no list of tasks: %s", body);
    }
    count = json_object_array_length(data);
    for (size_t i = 0; i < count; i++) {
        json_object *id;

        json_object_object_get_ex(json_object_array_get_idx(data, i), "id", &id);
        if (b->waiting == *room) {
            b->tasks = grow(b->tasks, room, sizeof(*b->tasks));
        }
        b->tasks[b->waiting++] = json_object_get_int64(id);
    }
    json_object_put(page);
    return count;
}

static void list_tasks(bench_t *b)
{
    connection_t *c = &b->connections[0];
    size_t room = 0, count;

    do {
        char *body;
        int length =
            snprintf(c->request, sizeof(c->request),
                     "GET %s/tasks?assignee=kermit&start=%zu&size=%d HTTP/1.1\r\n"
                     "Host: localhost\r\n" CREDENTIALS "\r\n",
                     b->base, b->waiting, PAGE);

        send_request(c, length);
        while (!read_answer(c, &body)) {
        }
        count = add_page(b, &room, body);
    } while (count == PAGE);
}

/* ---- the clock runs ---------------------------------------------------------------- */

static int write_request(bench_t *b, connection_t *c, const char *line, const char *body)
{
    char key[80] = "";

    if (b->keyed) {
        snprintf(key, sizeof(key), "Idempotency-Key: bench-%d-%lld\r\n", (int)getpid(),
                 (long long)b->requests++);
    }
    return snprintf(c->request, sizeof(c->request),
                    "%s HTTP/1.1\r\nHost: localhost\r\n" CREDENTIALS "%s"
                    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                    line, key, strlen(body), body);
}

static int write_start(bench_t *b, connection_t *c)
{
    char line[64], body[128];

    snprintf(line, sizeof(line), "POST %s/process-instance", b->base);
    snprintf(body, sizeof(body), "{\"processDefinitionId\":\"%s\"}", b->definition);
    return write_request(b, c, line, body);
}

static int write_complete(bench_t *b, connection_t *c)
{
    int64_t task = b->tasks ? b->tasks[b->taken] : 1000000 + (int64_t)b->taken;
    char line[96];

    b->taken++;
    snprintf(line, sizeof(line), "PUT %s/task/%lld/complete", b->base, (long long)task);
    return write_request(b, c, line, "{}");
}

/* 0 when there is no more to do. */
static int next_request(bench_t *b, connection_t *c)
{
    int64_t now = now_us();

    if (now >= b->end) {
        return 0;
    }
    c->kind = b->completes && c->kind == START ? COMPLETE : START;
    if (c->kind == COMPLETE && b->tasks && b->taken == b->waiting) {
        b->end = now; /* none waits any more: that is the end of the clock */
        return 0;
    }
    send_request(c, c->kind == START ? write_start(b, c) : write_complete(b, c));
    b->busy++;
    return 1;
}

static void on_answer(bench_t *b, connection_t *c)
{
    samples_t *samples = &b->samples[c->kind];
    int64_t now = now_us();

    b->busy--;
    if (now < b->end) {
        if (samples->count == samples->room) {
            samples->us = grow(samples->us, &samples->room, sizeof(*samples->us));
        }
        samples->us[samples->count++] = (uint32_t)(now - c->sent);
    }
    next_request(b, c);
}

static void run(bench_t *b, double seconds)
{
    struct epoll_event events[64];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    b->begin = now_us();
    b->end = b->begin + (int64_t)(seconds * 1e6);
    for (int i = 0; i < b->clients; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &b->connections[i] };

        epoll_ctl(epoll, EPOLL_CTL_ADD, b->connections[i].fd, &event);
        b->connections[i].kind = i % 2 ? START : COMPLETE; /* half begin with each */
        next_request(b, &b->connections[i]);
    }
    while (b->busy > 0) { /* also after the end: no request is left half done */
        int count = epoll_wait(epoll, events, 64, 10000);

        if (count == 0) {
            die("no answer for ten seconds");
        }
        for (int i = 0; i < count; i++) {
            char *body;

            if (read_answer(events[i].data.ptr, &body)) {
                on_answer(b, events[i].data.ptr);
            }
        }
    }
}

/* ---- the result -------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void print_samples(const char *name, samples_t *s)
{
    if (s->count > 0) {
        qsort(s->us, s->count, sizeof(*s->us), by_value);
        printf(",\"%s\":{\"count\":%zu,\"p50_us\":%u,\"p95_us\":%u,\"p99_us\":%u}", name,
               s->count, s->us[s->count / 2], s->us[s->count * 95 / 100],
               s->us[s->count * 99 / 100]);
    }
}

static void print_result(bench_t *b)
{
    double seconds = (b->end - b->begin) / 1e6;
    size_t requests = b->samples[START].count + b->samples[COMPLETE].count;
    double operations = b->completes ? requests / 2.0 : requests;

    printf("{\"clients\":%d,\"seconds\":%.3f,\"operations\":%.1f,\"per_second\":%.1f",
           b->clients, seconds, operations, operations / seconds);
    print_samples("start", &b->samples[START]);
    print_samples("complete", &b->samples[COMPLETE]);
    printf("}\n");
}

int main(int argc, char **argv)
{
    static bench_t b;
    double seconds = argc == 6 ? atof(argv[4]) : 0;

    b.clients = argc == 6 ? atoi(argv[3]) : 0;
    if (b.clients < 1 || b.clients > MAX_CLIENTS || seconds <= 0) {
        fprintf(stderr, "client start|work|once|bare port clients seconds definition\n");
        return 1;
    }
    b.address = (struct sockaddr_in){ .sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)atoi(argv[2])),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    b.base = strcmp(argv[1], "bare") == 0 ? "/bare" : SERVICE;
    b.completes = strcmp(argv[1], "start") != 0;
    b.definition = argv[5];
    for (int i = 0; i < b.clients; i++) {
        open_connection(&b, &b.connections[i]);
    }
    b.keyed = strcmp(argv[1], "once") == 0;
    if (b.keyed || strcmp(argv[1], "work") == 0) {
        list_tasks(&b);
        if (b.waiting == 0) {
            die("no task waits: run `client start` first");
        }
    }
    run(&b, seconds);
    print_result(&b);
    return 0;
}
