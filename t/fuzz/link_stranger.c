/* Fuzz target of the links: what somebody says who has not proved anything. The first
 * byte says whether he plays the client or the server, whether he reads, and how much of
 * it came before the socket was given away. What follows are frames, or anything. Without
 * the key no link may open; it ends in any case, and the next one gets a place. */
#include "link/link.h"
#include "no_leaks.h"

#include <apr_general.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_US 30000000
#define AS_SERVER 1 /* in the first byte */
#define READS 2
#define EARLY_SHIFT 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wf_links_t *links;
static apr_pool_t *pool;

static void on_opened(void *baton, wf_link_t link, const char *name)
{
    (void)baton;
    (void)link;
    (void)name;
    abort(); /* he does not have the key */
}

static void on_message(void *baton, wf_link_t link, json_object *message)
{
    (void)baton;
    (void)link;
    (void)message;
    abort();
}

static void on_closed(void *baton, wf_link_t link, const char *why)
{
    (void)baton;
    (void)link;
    for (; *why != '\0'; why++) {
        if (*why > 0 && *why < ' ') {
            abort(); /* two lines in a log */
        }
    }
}

static void start(void)
{
    wf_links_options_t options = {
        .owner = { NULL, on_opened, on_message, on_closed },
        .key = { "0123456789abcdef", 16 },
        .limit = 100,
    };
    wf_error_t err;

    /* Before atexit(): at exit its turn then comes after our end(), which still uses it.
     */
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_error_init(&err, pool);
    wf_log_set_level(0);
    if (wf_links_create(&links, &options, pool, &err) != APR_SUCCESS) {
        abort();
    }
}

static void end(void)
{
    wf_links_destroy(links);
    apr_pool_destroy(pool);
}

/* The stranger's end of a new link. */
static int connect_with(int server, const uint8_t *early, size_t length, apr_pool_t *p)
{
    apr_int64_t ticket = 0;
    wf_link_t link;
    wf_error_t err;
    int fds[2], rc;

    wf_error_init(&err, p);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
        abort();
    }
    rc = server ? wf_links_join(links, fds[1], "slave", &link, &err)
                : wf_links_reserve(links, &ticket, &err);
    if (rc == APR_SUCCESS && !server) {
        rc = wf_links_open(links, ticket, fds[1], (const char *)early, length, &link,
                           &err);
    }
    if (rc != APR_SUCCESS) {
        abort();
    }
    fcntl(fds[0], F_SETFL, fcntl(fds[0], F_GETFL) | O_NONBLOCK);
    return fds[0];
}

/* Send everything, throw away what comes; then hang up halfway and see the end. */
static void talk(int fd, const uint8_t *data, size_t size, int reads)
{
    apr_int64_t until = wf_mono_us() + LIMIT_US;
    char bytes[4096];
    int open = 1;

    while (wf_mono_us() < until) {
        struct pollfd poller = { .fd = fd, .events = POLLIN | (size > 0 ? POLLOUT : 0) };
        ssize_t n;

        poll(&poller, 1, 10);
        n = size > 0 ? send(fd, data, size, MSG_NOSIGNAL) : 0;
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
        if (open && (size == 0 || (n < 0 && poller.revents & POLLHUP))) {
            open = 0;
            size = 0;
            shutdown(fd, SHUT_WR);
        }
        if (reads || !open) {
            n = recv(fd, bytes, sizeof(bytes), 0);
            if (n == 0 || (n < 0 && errno == ECONNRESET)) {
                return;
            }
        }
    }
    abort(); /* the link does not end */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p;
    size_t early;
    int fd, server;

    if (!links) {
        start();
        atexit(end);
    }
    if (size == 0) {
        return 0;
    }
    server = data[0] & AS_SERVER;
    early = server ? 0 : (data[0] >> EARLY_SHIFT) % size;
    apr_pool_create(&p, NULL);
    fd = connect_with(server, data + 1, early, p);
    talk(fd, data + 1 + early, size - 1 - early, data[0] & READS);
    close(fd);
    apr_pool_destroy(p);
    return 0;
}
