/* Fuzz target of the ipc server: the bytes are what a client sends, cut at a place that the
 * first byte chooses. Whatever they are, that connection ends or is answered, and the
 * server still answers the next one. */
#include "ipc/ipc.h"
#include "no_leaks.h"

#include <apr_general.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static wf_ipc_server_t *server;
static wf_ipc_client_t *client;

static void answer(void *baton, wf_ipc_request_t *request)
{
    (void)baton;
    wf_ipc_reply(request, request->args, request->blob, request->blob_length);
}

static void *serve(void *data)
{
    wf_error_t err;
    apr_pool_t *p = data;

    wf_error_init(&err, p);
    wf_ipc_server_run(server, NULL, NULL, &err);
    return NULL;
}

static void start(void)
{
    wf_ipc_server_options_t options = { .frame_limit = LIMIT, .max_connections = 16,
                                        .handler = answer };
    apr_pool_t *p;
    pthread_t thread;
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    wf_log_set_level(0);
    snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/wf-fuzz-%ld.sock",
             (long)getpid());
    unlink(address.sun_path);
    options.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(options.listen_fd, (struct sockaddr *)&address, sizeof(address)) != 0
        || listen(options.listen_fd, 16) != 0
        || wf_ipc_server_create(&server, &options, p, &err) != APR_SUCCESS
        || pthread_create(&thread, NULL, serve, p) != 0) {
        abort();
    }
    pthread_detach(thread);
    client = wf_ipc_client_create(address.sun_path, LIMIT, p);
}

static void stop(void)
{
    unlink(address.sun_path);
}

static void send_part(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

        if (n <= 0) {
            return; /* the server has had enough */
        }
        data += n;
        size -= (size_t)n;
    }
}

static void send_bytes(const uint8_t *data, size_t size)
{
    size_t cut = size > 0 ? data[0] % size : 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char reply[4096];

    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        abort();
    }
    send_part(fd, data, cut);
    send_part(fd, data + cut, size - cut);
    shutdown(fd, SHUT_WR); /* so that the server need not wait for the rest of a frame */
    while (recv(fd, reply, sizeof(reply), 0) > 0) {
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wf_ipc_call_t call = { .command = WF_CMD_CLAIM, .timeout = 10 * 1000 * 1000 };
    wf_ipc_reply_t reply;
    apr_pool_t *p;
    wf_error_t err;

    if (!server) {
        start();
        atexit(stop);
    }
    send_bytes(data, size);
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    if (wf_ipc_call(client, &call, &reply, p, &err) != APR_SUCCESS) {
        abort();
    }
    apr_pool_destroy(p);
    return 0;
}
