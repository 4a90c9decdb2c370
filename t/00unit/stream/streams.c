/* Streams over pairs of sockets, with a short period: places and tickets, what streams of
 * a topic hear and when, the end in its forms, readers that do not read. */
#include <apr_general.h>
#include <apr_strings.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream/internal.h"
#include "tap.h"
#include "wait.h"

#define PERIOD 20000      /* microseconds */
#define RESERVATION 60000 /* the same */

static apr_pool_t *pool;

/* What the tests' topics tell: topic "over-3" is over with the third look, "unknown" is
 * none, "silent" says nothing until it is broken, "large" has a lot to say. */
static int looks, broken_silence;

static wf_stream_state_e look(void *baton, const char *topic, int format,
                              wf_stream_news_t *news, apr_pool_t *p)
{
    int n = __atomic_add_fetch(&looks, 1, __ATOMIC_ACQ_REL);

    (void)baton;
    if (strcmp(topic, "unknown") == 0) {
        news->last = "none";
        return WF_STREAM_UNKNOWN;
    }
    if (strcmp(topic, "silent") == 0
        && !__atomic_load_n(&broken_silence, __ATOMIC_ACQUIRE)) {
        return WF_STREAM_SILENT;
    }
    news->update = apr_psprintf(p, "%d of %s in %d", n, topic, format);
    if (strcmp(topic, "large") == 0) {
        char *filler = apr_palloc(p, 20001);

        memset(filler, 'x', 20000);
        filler[20000] = '\0';
        news->update = apr_pstrcat(p, news->update, " ", filler, NULL);
    }
    news->last = "all";
    return strcmp(topic, "over-3") == 0 && n >= 3 ? WF_STREAM_OVER : WF_STREAM_NEWS;
}

static wf_streams_t *begin(int limit, int tunnel_limit, apr_interval_time_t period)
{
    wf_streams_options_t options = { .look = look,
                                     .limit = limit,
                                     .tunnel_limit = tunnel_limit,
                                     .period = period,
                                     .reservation = RESERVATION };
    wf_streams_t *streams;
    wf_error_t err;

    wf_error_init(&err, pool);
    __atomic_store_n(&looks, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&broken_silence, 0, __ATOMIC_RELEASE);
    ok(wf_streams_create(&streams, &options, pool, &err) == APR_SUCCESS, "streams");
    return streams;
}

static void end(wf_streams_t *streams)
{
    wf_streams_stop(streams);
    is_int(wf_streams_count(streams), 0, "nobody is left");
    wf_streams_destroy(streams);
}

static apr_int64_t reserve(wf_streams_t *streams, const char *topic, int format,
                           wf_stream_protocol_e protocol, int tunnelled)
{
    wf_stream_place_t place = { topic, format, protocol, tunnelled };
    apr_int64_t ticket = 0;
    wf_error_t err;

    wf_error_init(&err, pool);
    return wf_streams_reserve(streams, &place, &ticket, &err) == APR_SUCCESS ? ticket : 0;
}

/* A client's end of a stream, or -1. */
static int connect_with(wf_streams_t *streams, apr_int64_t ticket, const char *early)
{
    int fds[2];
    wf_error_t err;

    wf_error_init(&err, pool);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
        return -1;
    }
    if (wf_streams_open(streams, ticket, fds[1], early, strlen(early), &err)
        == APR_SUCCESS) {
        return fds[0];
    }
    close(fds[0]);
    close(fds[1]);
    return -1;
}

static int connect_to(wf_streams_t *streams, const char *topic,
                      wf_stream_protocol_e protocol)
{
    return connect_with(streams, reserve(streams, topic, 0, protocol, 0), "");
}

/* ---- what a client reads ----------------------------------------------------------- */

static char heard[1 << 20];
static size_t heard_length;

/* Read until the text is there (NULL: to the end of the connection). */
static int hear(int fd, const char *text)
{
    apr_int64_t until = wf_mono_us() + WAIT_US;
    struct pollfd poller = { .fd = fd, .events = POLLIN };

    heard_length = 0;
    heard[0] = '\0';
    while (wf_mono_us() < until && heard_length < sizeof(heard) - 1) {
        ssize_t n;

        if (poll(&poller, 1, 100) <= 0) {
            continue;
        }
        n = recv(fd, heard + heard_length, sizeof(heard) - 1 - heard_length, 0);
        if (n <= 0) {
            return !text;
        }
        heard_length += (size_t)n;
        heard[heard_length] = '\0';
        if (text && memmem(heard, heard_length, text, strlen(text))) {
            return 1;
        }
    }
    return 0;
}

/* ---- tests ------------------------------------------------------------------------- */

static void test_event_text(void)
{
    static const struct {
        const char *data, *wanted;
    } cases[] = {
        { "{}", "id: 7\nevent: e\ndata: {}\n\n" },
        { "", "id: 7\nevent: e\ndata: \n\n" },
        { "a\nb", "id: 7\nevent: e\ndata: a\ndata: b\n\n" },
        { "a\r\nb\rc\n", "id: 7\nevent: e\ndata: a\ndata: b\ndata: c\ndata: \n\n" },
        { "\n\n", "id: 7\nevent: e\ndata: \ndata: \ndata: \n\n" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_size_t length;
        char *text = wf_event_text("e", "7", cases[i].data, &length);

        is_str(apr_pstrndup(pool, text, length), cases[i].wanted, "event %d", (int)i);
        free(text);
    }
}

static void test_protocols(void)
{
    is_int(wf_stream_protocol_parse("websocket"), WF_STREAM_WEBSOCKET, "websocket");
    is_int(wf_stream_protocol_parse("events"), WF_STREAM_EVENTS, "events");
    is_int(wf_stream_protocol_parse("telnet"), -1, "telnet");
    is_int(wf_stream_protocol_parse(NULL), -1, "none");
}

static void test_places(void)
{
    wf_streams_t *streams = begin(3, 1, PERIOD);
    char name[WF_STREAM_NAME + 2];
    apr_int64_t tickets[3];
    int fd;

    memset(name, 'n', sizeof(name));
    name[WF_STREAM_NAME + 1] = '\0';
    is_int(reserve(streams, name, 0, WF_STREAM_EVENTS, 0), 0, "a name that is too long");
    is_int(reserve(streams, "", 0, WF_STREAM_EVENTS, 0), 0, "none");
    name[WF_STREAM_NAME] = '\0';
    ok((tickets[0] = reserve(streams, name, 0, WF_STREAM_EVENTS, 1)) > 0, "a place");
    is_int(reserve(streams, "a", 0, WF_STREAM_EVENTS, 1), 0, "one tunnel, not two");
    ok((tickets[1] = reserve(streams, "a", 0, WF_STREAM_EVENTS, 0)) > 0, "a second one");
    ok((tickets[2] = reserve(streams, "a", 0, WF_STREAM_EVENTS, 0)) > 0, "a third one");
    is_int(reserve(streams, "a", 0, WF_STREAM_EVENTS, 0), 0, "no fourth one");
    is_int(wf_streams_count(streams), 3, "three");
    fd = connect_with(streams, tickets[1], "");
    ok(fd >= 0 && hear(fd, "data: "), "a ticket opens a stream");
    is_int(connect_with(streams, tickets[1], ""), -1, "once");
    is_int(connect_with(streams, 4711, ""), -1, "not just any");
    WAIT_FOR(wf_streams_count(streams) == 1); /* the others have become too old */
    is_int(connect_with(streams, tickets[2], ""), -1, "one that is too old");
    wf_streams_set_limits(streams, 1, 0);
    is_int(reserve(streams, "a", 0, WF_STREAM_EVENTS, 0), 0, "a lower limit");
    close(fd);
    WAIT_FOR(wf_streams_count(streams) == 0);
    ok(reserve(streams, "a", 0, WF_STREAM_EVENTS, 0) > 0, "who leaves makes room");
    end(streams);
}

static void test_events(void)
{
    wf_streams_t *streams = begin(10, 0, PERIOD);
    int fd = connect_to(streams, "over-3", WF_STREAM_EVENTS);

    ok(hear(fd, NULL), "events to their end");
    is_str(heard,
           "retry: 2000\n\n"
           "id: 1\nevent: metrics\ndata: 1 of over-3 in 0\n\n"
           "id: 2\nevent: metrics\ndata: 2 of over-3 in 0\n\n"
           "id: 3\nevent: metrics\ndata: 3 of over-3 in 0\n\n"
           "id: end\nevent: complete\ndata: all\n\n",
           "all of them");
    close(fd);
    fd = connect_to(streams, "unknown", WF_STREAM_EVENTS);
    ok(hear(fd, NULL), "an unknown topic");
    is_str(heard, "retry: 2000\n\nid: end\nevent: error\ndata: none\n\n", "its error");
    close(fd);
    end(streams);
}

static void test_websocket(void)
{
    wf_streams_t *streams = begin(10, 0, PERIOD);
    int fd = connect_to(streams, "over-3", WF_STREAM_WEBSOCKET);

    ok(hear(fd, "\x81\x03"
                "all\x88\x0b\x03\xe8"
                "completed"),
       "messages, close 1000");
    ok(memcmp(heard,
              "\x81\x10"
              "1 of over-3 in 0\x81\x10"
              "2 of over-3 in 0\x81\x10"
              "3 of over-3 in 0",
              54)
           == 0,
       "in their order");
    ok(send(fd, "\x88\x82\0\0\0\0\x03\xe8", 8, MSG_NOSIGNAL) == 8 && hear(fd, NULL),
       "the client says goodbye, too: the connection ends");
    close(fd);
    fd = connect_to(streams, "unknown", WF_STREAM_WEBSOCKET);
    ok(hear(fd, "\x81\x04"
                "none\x88\x09\x03\xf0"
                "unknown"),
       "an unknown topic: 1008");
    close(fd);
    fd = connect_with(streams, reserve(streams, "a", 0, WF_STREAM_WEBSOCKET, 0),
                      "\x89\x85\1\1\1\1\x69\x64\x6d\x6d\x6e");
    ok(hear(fd, "\x8a\x05hello"), "what has come before is heard: a ping");
    close(fd);
    end(streams);
}

/* All streams of a topic share its looks; one that comes later hears something at once.
 */
static void test_many(void)
{
    wf_streams_t *streams = begin(200, 0, 10 * PERIOD);
    int fds[100], first = 0, second = 0, at_first;

    for (int i = 0; i < 100; i++) {
        fds[i] = connect_to(streams, "a", i % 2 ? WF_STREAM_EVENTS : WF_STREAM_WEBSOCKET);
    }
    for (int i = 0; i < 100; i++) {
        first += hear(fds[i], " of a in 0");
    }
    at_first = __atomic_load_n(&looks, __ATOMIC_ACQUIRE);
    for (int i = 0; i < 100; i++) {
        second += hear(fds[i], " of a in 0");
    }
    is_int(first, 100, "all hear something");
    is_int(second, 100, "and once more");
    ok(at_first < 50, "%d looks for 100 streams", at_first);
    for (int i = 0; i < 100; i++) {
        close(fds[i]);
    }
    WAIT_FOR(wf_streams_count(streams) == 0);
    end(streams);
}

static void test_formats(void)
{
    wf_streams_t *streams = begin(10, 0, PERIOD);
    int a = connect_with(streams, reserve(streams, "a", 1, WF_STREAM_EVENTS, 0), "");
    int b = connect_with(streams, reserve(streams, "a", 2, WF_STREAM_EVENTS, 0), "");

    ok(hear(a, "in 1\n") && !strstr(heard, "in 2"), "one format");
    ok(hear(b, "in 2\n") && !strstr(heard, "in 1"), "another one");
    close(a);
    close(b);
    end(streams);
}

/* The number before the nth " of large" that was heard. */
static int number_of(int nth)
{
    const char *at = heard;

    while ((at = memmem(at, heard_length - (size_t)(at - heard), " of large", 9))
           && nth--) {
        at++;
    }
    if (!at) {
        return -1;
    }
    while (at > heard && at[-1] >= '0' && at[-1] <= '9') {
        at--;
    }
    return atoi(at);
}

/* Who does not read misses updates, and hears the newest ones when it does again. */
static void test_slow(wf_stream_protocol_e protocol)
{
    wf_streams_t *streams = begin(10, 0, PERIOD / 10);
    int slow = connect_to(streams, "large", protocol);
    int quick = connect_to(streams, "large", protocol);
    int seen;

    for (int i = 0; i < 50; i++) {
        hear(quick, " of large");
    }
    seen = __atomic_load_n(&looks, __ATOMIC_ACQUIRE);
    ok(seen >= 50, "%d looks, while one does not read", seen);
    __atomic_store_n(&looks, 100000, __ATOMIC_RELEASE);
    hear(slow, "100010 of large");
    ok(number_of(0) < 10, "it hears the beginning: %d", number_of(0));
    ok(number_of(1) >= 100000, "and then what is new: %d", number_of(1));
    close(slow);
    close(quick);
    end(streams);
}

static void test_silence(void)
{
    wf_streams_t *streams = begin(10, 0, PERIOD);
    int fd = connect_to(streams, "silent", WF_STREAM_EVENTS);

    ok(hear(fd, "\n\n:\n\n"), "a comment shows that the stream lives");
    ok(!strstr(heard, "data"), "and nothing else");
    __atomic_store_n(&broken_silence, 1, __ATOMIC_RELEASE);
    ok(hear(fd, "of silent"), "then there is news");
    close(fd);
    end(streams);
}

/* With a period of an hour only a wake-up brings something. */
static void test_wake(void)
{
    wf_streams_t *streams = begin(10, 0, APR_INT64_C(3600000000));
    int fd = connect_to(streams, "a", WF_STREAM_EVENTS);
    int other = connect_to(streams, "b", WF_STREAM_EVENTS);

    ok(hear(fd, "1 of a") && hear(other, "2 of b"), "the first news");
    wf_streams_wake(streams, "c");
    wf_streams_wake(streams, "over-3");
    wf_streams_wake(streams, "b");
    WAIT_FOR(__atomic_load_n(&looks, __ATOMIC_ACQUIRE) == 3);
    close(fd);
    close(other);
    WAIT_FOR(wf_streams_count(streams) == 0);
    end(streams);
}

static void test_stop(void)
{
    wf_streams_t *streams = begin(10, 0, PERIOD);
    int socket = connect_to(streams, "a", WF_STREAM_WEBSOCKET);
    int events = connect_to(streams, "a", WF_STREAM_EVENTS);
    int deaf = connect_to(streams, "large", WF_STREAM_WEBSOCKET);
    apr_int64_t began;

    hear(socket, "of a");
    hear(events, "of a");
    hear(deaf, "of large");
    began = wf_mono_us();
    wf_streams_stop(streams);
    ok(wf_mono_us() - began < 10000000, "stopped, although one does not answer");
    ok(hear(socket, NULL) && memmem(heard, heard_length, "\x88\x12\x03\xe9", 4), "1001");
    ok(hear(events, NULL) && !strstr(heard, "complete"), "an end without a last word");
    is_int(reserve(streams, "a", 0, WF_STREAM_EVENTS, 0), 0, "no place any more");
    is_int(wf_streams_count(streams), 0, "nobody is left");
    wf_streams_destroy(streams);
    close(socket);
    close(events);
    close(deaf);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_log_set_level(WF_LOG_ERR);
    test_event_text();
    test_protocols();
    test_places();
    test_events();
    test_websocket();
    test_many();
    test_formats();
    test_slow(WF_STREAM_WEBSOCKET);
    test_slow(WF_STREAM_EVENTS);
    test_silence();
    test_wake();
    test_stop();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
