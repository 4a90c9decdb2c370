/* Answers that break HTTP, each named by its path: what a target under load, or somebody
 * who wants to harm its clients, may send. */
#ifndef WF_TEST_ROGUE_H
#define WF_TEST_ROGUE_H

#include "../load/target.h"

#include <fcntl.h>

#define ROGUE_FLOOD (100 * 1024 * 1024) /* bytes of what never seems to end */
#define ROGUE_BOMB (64 * 1024 * 1024)   /* what the bomb decodes to */
#define OK_HEAD "HTTP/1.1 200 OK\r\n"

static int rogue_text(int fd, const char *text)
{
    return target_send(fd, text, strlen(text));
}

/* The same text again and again, until the client has had enough. */
static int rogue_flood(int fd, const char *head, const char *text)
{
    char block[16384];
    size_t n = 0, sent = 0, length = strlen(text);

    while (n + length <= sizeof(block)) {
        memcpy(block + n, text, length);
        n += length;
    }
    for (rogue_text(fd, head); sent < ROGUE_FLOOD && target_send(fd, block, n);) {
        sent += n;
    }
    return 0;
}

static int rogue_reset(int fd)
{
    struct linger linger = { 1, 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(dup2(open("/dev/null", 0), fd)); /* the descriptor's number is closed later */
    return 0;
}

static int rogue_drip(int fd, const char *head, const char *piece)
{
    int i;

    for (rogue_text(fd, head), i = 0; i < 500 && rogue_text(fd, piece); i++) {
        usleep(20000);
    }
    return 0;
}

/* ---- compressed ------------------------------------------------------------------- */

typedef struct rogue_bits_t {
    unsigned char *data;
    size_t n;
    unsigned bits, have;
} rogue_bits_t;

static void rogue_put(rogue_bits_t *b, unsigned value, unsigned count)
{
    b->bits |= value << b->have;
    for (b->have += count; b->have >= 8; b->have -= 8) {
        b->data[b->n++] = (unsigned char)b->bits;
        b->bits >>= 8;
    }
}

/* RFC 1951: a block of fixed codes, one literal and then repetitions of 258 bytes, each
 * of them 13 bits. */
static size_t rogue_deflate(unsigned char *out, size_t decoded)
{
    rogue_bits_t b = { .data = out };
    size_t i;

    memcpy(out, "\x78\x01", 2); /* RFC 1950 */
    b.n = 2;
    rogue_put(&b, 3, 3);    /* the last block, fixed codes */
    rogue_put(&b, 0x15, 8); /* 'x', 10101000 from its highest bit on */
    for (i = 1; i + 258 <= decoded; i += 258) {
        rogue_put(&b, 0xa3, 8); /* 11000101: length 258 */
        rogue_put(&b, 0, 5);    /* distance 1 */
    }
    rogue_put(&b, 0, 7); /* the end */
    rogue_put(&b, 0, 7);
    return b.n;
}

static int rogue_bomb(int fd)
{
    unsigned char *data = malloc(ROGUE_BOMB / 258 * 2 + 100);
    size_t n = rogue_deflate(data, ROGUE_BOMB);
    char head[200];
    int sent;

    snprintf(head, sizeof(head),
             OK_HEAD "Content-Encoding: deflate\r\nContent-Length: %zu\r\n\r\n", n);
    sent = rogue_text(fd, head) && target_send(fd, (char *)data, n);
    free(data);
    return sent;
}

/* "hello", stored, with its check sum. */
static int rogue_hello(int fd)
{
    static const char body[] = "\x78\x01\x01\x05\x00\xfa\xffhello\x06\x2c\x02\x15";

    return rogue_text(fd,
                      OK_HEAD "Content-Encoding: deflate\r\nContent-Length: 16\r\n\r\n")
           && target_send(fd, body, 16);
}

/* ---- by path ------------------------------------------------------------------------ */

/* Sent, then the connection is closed. */
static const struct {
    const char *path, *text;
} rogue_texts[] = {
    { "/drop", "" },
    { "/half-header", OK_HEAD "Content-Le" },
    { "/no-http", "SSH-2.0-OpenSSH_9.2\r\n" },
    { "/zero-status", "HTTP/1.1 000 Nothing\r\n\r\n" },
    { "/short", OK_HEAD "Content-Length: 1000\r\n\r\n0123456789" },
    { "/bad-chunk", OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzzz\r\nabc\r\n" },
    { "/cut-chunk", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n100\r\nabc" },
    { "/no-last-chunk", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" },
    { "/huge-chunk", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
                             "ffffffffffffffffff\r\nabc\r\n" },
    { "/negative-length", OK_HEAD "Content-Length: -5\r\n\r\nabc" },
    { "/no-length", OK_HEAD "\r\nabc" },
    { "/not-gzip",
      OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!" },
    { "/unknown-encoding",
      OK_HEAD "Content-Encoding: rot13\r\nContent-Length: 5\r\n\r\nuryyb" },
};

static int rogue_answer(int fd, const char *request)
{
    const char *path = strchr(request, '/');
    size_t n = strcspn(path, " ?"), i;

#define IS(text) (strlen(text) == n && strncmp(path, text, n) == 0)
    for (i = 0; i < sizeof(rogue_texts) / sizeof(rogue_texts[0]); i++) {
        if (IS(rogue_texts[i].path)) {
            rogue_text(fd, rogue_texts[i].text);
            return 0;
        }
    }
    if (IS("/reset")) {
        return rogue_reset(fd);
    }
    if (IS("/reset-body")) {
        rogue_text(fd, OK_HEAD "Content-Length: 1000\r\n\r\n0123456789");
        usleep(20000); /* so that it is read before the reset, which would discard it */
        return rogue_reset(fd);
    }
    if (IS("/long-line")) {
        return rogue_flood(fd, OK_HEAD "X: ", "xxxxxxxxxxxxxxxx");
    }
    if (IS("/many-lines")) {
        return rogue_flood(fd, OK_HEAD, "X-Some-Header: with a value\r\n");
    }
    if (IS("/many-hints")) {
        return rogue_flood(fd, "", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
    }
    if (IS("/endless")) {
        return rogue_flood(fd, OK_HEAD "\r\n", "xxxxxxxxxxxxxxxx");
    }
    if (IS("/endless-chunks")) {
        return rogue_flood(fd, OK_HEAD "Transfer-Encoding: chunked\r\n\r\n",
                           "10\r\nxxxxxxxxxxxxxxxx\r\n");
    }
    if (IS("/drip")) {
        return rogue_drip(fd, OK_HEAD "\r\n", "x");
    }
    if (IS("/drip-header")) {
        return rogue_drip(fd, OK_HEAD, "X: y\r\n");
    }
    if (IS("/bomb")) {
        return rogue_bomb(fd);
    }
    if (IS("/hello")) {
        return rogue_hello(fd);
    }
    return rogue_text(fd, OK_HEAD "Content-Length: 2\r\n\r\nok");
#undef IS
}

#endif
