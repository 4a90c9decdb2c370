/* Client and server in one process: calls, errors, malformed frames, a slow and a dying
 * server, large parts in both directions. */
#include "ipc/ipc.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define THREADS 16
#define CALLS 200
#define MAX_CONNECTIONS 20
#define LIMIT (8 * 1024 * 1024)

static apr_pool_t *pool;
static char path[] = "/tmp/wf-ipc-XXXXXX/sock";
static wf_ipc_server_t *server;
static pthread_t server_thread;
static wf_ipc_request_t *held; /* a command whose answer waits for the test */

static int listen_socket(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    unlink(path);
    strcpy(address.sun_path, path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 64)) {
        perror(path);
        exit(1);
    }
    return fd;
}

/* claim: echoes args and blob, from another thread; complete: fails; start: held back;
 * open: takes the descriptor and writes into it. */
static void *echo(void *data)
{
    wf_ipc_request_t *request = data;

    wf_ipc_reply(request, request->args, request->blob, request->blob_length);
    return NULL;
}

static void handle(void *baton, wf_ipc_request_t *request)
{
    pthread_t thread;
    wf_error_t err;

    (void)baton;
    wf_error_init(&err, request->pool);
    switch (request->command) {
    case WF_CMD_CLAIM:
        pthread_create(&thread, NULL, echo, request);
        pthread_detach(thread);
        break;
    case WF_CMD_COMPLETE:
        wf_error_field(&err, WF_ERR_CONFLICT, "task", "no luck for %s", request->user);
        wf_ipc_fail(request, &err);
        break;
    case WF_CMD_START:
        __atomic_store_n(&held, request, __ATOMIC_RELEASE);
        break;
    case WF_CMD_STREAM_OPEN: {
        int fd = request->fd;

        request->fd = -1;
        wf_ipc_reply(request, NULL, NULL, 0);
        if (fd >= 0) {
            ok(write(fd, "taken", 5) == 5, "the handler writes into what came along");
            close(fd);
        }
        break;
    }
    default:
        wf_ipc_reply(request, NULL, NULL, 0);
    }
}

static void *serve(void *data)
{
    wf_error_t err;

    (void)data;
    wf_error_init(&err, pool);
    wf_ipc_server_run(server, NULL, NULL, &err);
    return NULL;
}

static void start_server(int fd)
{
    wf_ipc_server_options_t options = { .listen_fd = fd, .frame_limit = LIMIT,
                                        .max_connections = MAX_CONNECTIONS, .handler = handle };
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_ipc_server_create(&server, &options, pool, &err);
    pthread_create(&server_thread, NULL, serve, NULL);
}

static void stop_server(apr_interval_time_t grace)
{
    wf_ipc_server_stop(server, grace);
    pthread_join(server_thread, NULL);
}

static apr_status_t call(wf_ipc_client_t *client, wf_command_e command, const char *args,
                         const char *blob, apr_size_t n, int ms, wf_ipc_reply_t *reply,
                         apr_pool_t *p, wf_error_t *err)
{
    wf_ipc_call_t c = { .command = command, .user = "kermit", .blob = blob,
                        .blob_length = n, .timeout = ms * 1000 };

    wf_error_init(err, p);
    memset(reply, 0, sizeof(*reply));
    wf_json_parse(&c.args, args, strlen(args), p, err);
    return wf_ipc_call(client, &c, reply, p, err);
}

static void *call_often(void *data)
{
    wf_ipc_client_t *client = data;
    long failed = 0;

    for (int i = 0; i < CALLS; i++) {
        wf_ipc_reply_t reply;
        wf_error_t err;
        apr_pool_t *p;

        apr_pool_create(&p, NULL);
        if (call(client, WF_CMD_CLAIM, apr_psprintf(p, "{\"i\":%d}", i), NULL, 0, 20000, &reply,
                 p, &err)
                != APR_SUCCESS
            || wf_json_int(reply.json, "i", -1) != i) {
            failed++;
        }
        apr_pool_destroy(p);
    }
    return (void *)failed;
}

static void test_calls(wf_ipc_client_t *client)
{
    wf_ipc_reply_t reply;
    wf_error_t err;
    pthread_t threads[THREADS];
    long failed = 0;
    apr_size_t n = 3 * 1024 * 1024;
    char *large = apr_palloc(pool, n);

    memset(large, 'x', n);
    ok(call(client, WF_CMD_CLAIM, "{\"a\":1}", "blob", 4, 5000, &reply, pool, &err)
           == APR_SUCCESS, "a call");
    is_int(wf_json_int(reply.json, "a", 0), 1, "its JSON came back");
    ok(reply.blob_length == 4 && !memcmp(reply.blob, "blob", 4), "its blob, too");
    ok(call(client, WF_CMD_CLAIM, "{}", large, n, 5000, &reply, pool, &err) == APR_SUCCESS
           && reply.blob_length == n && !memcmp(reply.blob, large, n),
       "3 MiB both ways");
    call(client, WF_CMD_COMPLETE, "{}", NULL, 0, 5000, &reply, pool, &err);
    is_int(err.kind, WF_ERR_CONFLICT, "an error keeps its kind");
    is_str(err.message, "no luck for kermit", "its text");
    is_str(err.field, "task", "its field");
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, call_often, client);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;

        pthread_join(threads[i], &result);
        failed += (long)result;
    }
    is_int(failed, 0, "%d threads, %d calls each", THREADS, CALLS);
}

static void test_deadline(wf_ipc_client_t *client)
{
    wf_ipc_reply_t reply;
    wf_error_t err;

    call(client, WF_CMD_START, "{}", NULL, 0, 100, &reply, pool, &err);
    is_int(err.kind, WF_ERR_UNAVAILABLE, "no answer in time: %s", err.message);
    ok(strstr(err.message, "may have taken effect") != NULL, "and the message is honest");
    wf_ipc_reply(__atomic_load_n(&held, __ATOMIC_ACQUIRE), NULL, NULL, 0); /* late: nobody listens any more */
    ok(call(client, WF_CMD_CLAIM, "{\"b\":2}", NULL, 0, 5000, &reply, pool, &err) == APR_SUCCESS
           && wf_json_int(reply.json, "b", 0) == 2,
       "the next call gets its own answer");
}

/* Nobody waits any more after having been asked so often. */
static int breaks_off(void *baton)
{
    return --*(int *)baton <= 0;
}

static void test_broken_off(wf_ipc_client_t *client)
{
    int asked = 2;
    wf_ipc_call_t c = { .command = WF_CMD_START, .timeout = 20000000,
                        .breaks_off = breaks_off, .baton = &asked };
    apr_int64_t began = wf_mono_us();
    wf_ipc_request_t *request;
    wf_ipc_reply_t reply;
    wf_error_t err;

    __atomic_store_n(&held, NULL, __ATOMIC_RELEASE);
    wf_error_init(&err, pool);
    ok(wf_ipc_call(client, &c, &reply, pool, &err) != APR_SUCCESS
           && err.kind == WF_ERR_UNAVAILABLE && asked == 0,
       "broken off: %s", err.message);
    ok(wf_mono_us() - began < 10000000, "soon");
    request = __atomic_load_n(&held, __ATOMIC_ACQUIRE);
    for (began = wf_mono_us();
         !wf_ipc_is_gone(request) && wf_mono_us() - began < 10000000;) {
        usleep(1000);
    }
    ok(wf_ipc_is_gone(request), "the server sees it");
    wf_ipc_reply(request, NULL, NULL, 0);
    c.command = WF_CMD_CLAIM;
    ok(wf_ipc_call(client, &c, &reply, pool, &err) == APR_SUCCESS && asked == 0,
       "an answer that comes at once is not asked about");
}

/* A descriptor goes along, to the handler or to nobody; it is open nowhere afterwards. */
static void test_descriptor(wf_ipc_client_t *client, wf_command_e command,
                            const char *wanted)
{
    int fds[2];
    wf_ipc_call_t c = { .command = command, .timeout = 5000000, .fd = &fds[1] };
    wf_ipc_reply_t reply;
    wf_error_t err;
    char got[16] = "";
    ssize_t n, length = 0;

    wf_error_init(&err, pool);
    ok(pipe(fds) == 0
           && wf_ipc_call(client, &c, &reply, pool, &err) == APR_SUCCESS,
       "a descriptor goes with %s", wf_command_name(command));
    close(fds[1]);
    while ((n = read(fds[0], got + length, sizeof(got) - 1 - (size_t)length)) > 0) {
        length += n;
    }
    is_str(got, wanted, "what was written, and the other end is closed");
    close(fds[0]);
}

/* More than one is more than a command may have: the others are closed at once. */
static void test_descriptors(wf_ipc_client_t *client)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } passing = { { 0 } };
    char byte = 'W', got;
    struct iovec iov = { &byte, 1 };
    struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1,
                              .msg_control = passing.bytes,
                              .msg_controllen = sizeof(passing.bytes) };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), fds[2], sent[3];

    strcpy(address.sun_path, path);
    ok(pipe(fds) == 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
       "a connection of its own");
    sent[0] = sent[1] = sent[2] = fds[1];
    passing.header.cmsg_level = SOL_SOCKET;
    passing.header.cmsg_type = SCM_RIGHTS;
    passing.header.cmsg_len = CMSG_LEN(sizeof(sent));
    memcpy(CMSG_DATA(&passing.header), sent, sizeof(sent));
    ok(sendmsg(fd, &message, MSG_NOSIGNAL) == 1, "three at once");
    close(fds[1]);
    close(fd); /* the command is never complete */
    is_int(read(fds[0], &got, 1), 0, "none stays open");
    close(fds[0]);
    test_descriptor(client, WF_CMD_STREAM_OPEN, "taken");
}

/* Bytes that are no command end that connection, and no other. */
static void test_malformed(wf_ipc_client_t *client)
{
    static const struct {
        const char *what, *bytes;
        int length;
    } cases[] = {
        { "noise", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 26 },
        { "a reply", "WF\1\2\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\0{}", 22 },
        { "a huge frame", "WF\1\1\0\0\0\0\0\0\0\1\x7f\0\0\0\0\0\0\0", 20 },
        { "an unknown command",
          "WF\1\1\0\0\0\0\0\0\0\1\0\0\0\x1c\0\0\0\0{\"command\":\"x\",\"args\":{  }}", 48 },
        { "no JSON", "WF\1\1\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\0{x", 22 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        wf_ipc_reply_t reply;
        wf_error_t err;
        char c;

        strcpy(address.sun_path, path);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address))
            || send(fd, cases[i].bytes, cases[i].length, MSG_NOSIGNAL) < 0) {
            ok(0, "%s: %s", cases[i].what, strerror(errno));
        }
        ok(recv(fd, &c, 1, 0) <= 0, "%s ends the connection", cases[i].what);
        close(fd);
        ok(call(client, WF_CMD_CLAIM, "{}", NULL, 0, 5000, &reply, pool, &err) == APR_SUCCESS,
           "others go on");
    }
}

/* Beyond the limit a client is told so at once; a place that gets free is usable. */
static void test_limit(void)
{
    wf_ipc_client_t *crowded = wf_ipc_client_create(path, LIMIT, pool);
    int fds[MAX_CONNECTIONS];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    apr_int64_t until = wf_mono_us() + 5000000;
    wf_ipc_reply_t reply;
    wf_error_t err;

    strcpy(address.sun_path, path);
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(fds[i], (struct sockaddr *)&address, sizeof(address))) {
            ok(0, "connection %d: %s", i, strerror(errno));
        }
    }
    call(crowded, WF_CMD_CLAIM, "{}", NULL, 0, 5000, &reply, pool, &err);
    is_int(err.kind, WF_ERR_UNAVAILABLE, "no place left: %s", err.message);
    ok(!strstr(err.message, "may have taken effect"), "nothing was done");
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        close(fds[i]);
    }
    do {
        call(crowded, WF_CMD_CLAIM, "{}", NULL, 0, 5000, &reply, pool, &err);
    } while (err.kind && wf_mono_us() < until);
    is_int(err.kind, WF_ERR_NONE, "places are free again");
}

int main(void)
{
    wf_ipc_client_t *client;
    wf_ipc_reply_t reply;
    wf_error_t err;
    int fd;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_log_set_level(WF_LOG_ERR);
    path[strlen(path) - 5] = '\0';
    if (!mkdtemp(path)) {
        return 1;
    }
    path[strlen(path)] = '/';
    client = wf_ipc_client_create(path, LIMIT, pool);

    call(client, WF_CMD_CLAIM, "{}", NULL, 0, 1000, &reply, pool, &err);
    is_int(err.kind, WF_ERR_UNAVAILABLE, "no socket: %s", err.message);

    fd = listen_socket();
    start_server(fd);
    test_calls(client);
    test_deadline(client);
    test_broken_off(client);
    test_descriptor(client, WF_CMD_STREAM_OPEN, "taken");
    test_descriptor(client, WF_CMD_STREAM_RESERVE, "");
    test_descriptors(client);
    test_malformed(client);
    test_limit();

    /* The listening socket outlives the engine: a call made now waits for the next one. */
    stop_server(1000000);
    call(client, WF_CMD_CLAIM, "{}", NULL, 0, 100, &reply, pool, &err);
    is_int(err.kind, WF_ERR_UNAVAILABLE, "nobody accepts: %s", err.message);
    start_server(fd);
    ok(call(client, WF_CMD_CLAIM, "{\"c\":3}", NULL, 0, 5000, &reply, pool, &err) == APR_SUCCESS
           && wf_json_int(reply.json, "c", 0) == 3,
       "a revived engine serves the same client over the same socket");
    stop_server(1000000);
    close(fd);
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
