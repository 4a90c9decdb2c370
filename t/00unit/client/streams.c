/* Streams: what is sent and received over TCP, TLS and UDP, what stays for later, and
 * what becomes of them when somebody goes away. */
#include "secure.h"
#include "../peer.h"

#define ANY WF_CLIENT_NO_DELIMITER

typedef struct talk_t {
    fixture_t *f;
    wf_client_stream_t *stream;
    int done;
    wf_client_moved_t moved; /* texts copied into pool */
} talk_t;

static peer_t peer;

static void on_moved(void *baton, const wf_client_moved_t *moved)
{
    talk_t *t = baton;

    t->done++;
    t->moved = *moved;
    t->moved.data = moved->data ? apr_pstrmemdup(pool, moved->data, moved->bytes) : NULL;
    t->moved.error = apr_pstrdup(pool, moved->error);
    t->moved.local = apr_pstrdup(pool, moved->local);
    t->moved.remote = apr_pstrdup(pool, moved->remote);
}

static void open_talk(talk_t *t, fixture_t *f)
{
    wf_error_t err;

    memset(t, 0, sizeof(*t));
    t->f = f;
    wf_error_init(&err, pool);
    if (wf_client_stream_create(&t->stream, f->loop.multi, on_moved, t, f->pool, &err)
        != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
}

/* 1 once done was called. */
static int settle(talk_t *t)
{
    apr_int64_t until = wf_mono_us() + DEADLINE_US;

    while (!t->done && wf_mono_us() < until) {
        loop_turn(&t->f->loop);
    }
    return t->done == 1;
}

static int connect_to(talk_t *t, const wf_client_peer_t *to)
{
    wf_error_t err;

    wf_error_init(&err, pool);
    t->done = 0;
    if (wf_client_stream_connect(t->stream, to, pool, &err) != APR_SUCCESS) {
        diag("%s: %s", err.field ? err.field : "", err.message);
        return 0;
    }
    return !t->done && settle(t);
}

static int call(talk_t *t)
{
    wf_client_peer_t to = { "127.0.0.1", peer.port, 0, 0, new_settings() };

    return connect_to(t, &to) && t->moved.outcome == WF_CLIENT_OK;
}

static void take(talk_t *t, const wf_client_moved_t *moved)
{
    t->done = 0;
    if (moved != NULL) {
        on_moved(t, moved);
    }
    if (!settle(t)) {
        diag("nothing came in time");
        t->moved = (wf_client_moved_t){ .outcome = WF_CLIENT_OUTCOMES };
    }
}

static int say(talk_t *t, const char *text)
{
    take(t, wf_client_stream_send(t->stream, text, strlen(text)));
    return t->moved.outcome == WF_CLIENT_OK && t->moved.bytes == strlen(text);
}

static wf_client_outcome_e get(talk_t *t, apr_size_t length, int delimiter,
                               apr_size_t at_most)
{
    wf_client_want_t want = { length, delimiter, at_most };

    take(t, wf_client_stream_receive(t->stream, &want));
    return t->moved.outcome;
}

/* ---- connecting ---------------------------------------------------------------------- */

static void connects(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    wf_client_peer_t here = { "127.0.0.1", peer.port, 0, 0, settings };
    wf_client_peer_t elsewhere = here;
    talk_t t;

    open_talk(&t, f);
    ok(!wf_client_stream_is_open(t.stream), "a new stream is closed");
    ok(!wf_client_stream_close(t.stream), "and closing it does nothing");
    ok(connect_to(&t, &here), "it connects");
    is_int(t.moved.outcome, WF_CLIENT_OK, "to somebody");
    is_str(t.moved.remote, apr_psprintf(pool, "127.0.0.1:%d", peer.port),
           "whose address "
           "is told");
    ok(strncmp(t.moved.local, "127.0.0.1:", 10) == 0 && atoi(t.moved.local + 10) > 0,
       "and our own: %s", t.moved.local);
    ok(wf_client_stream_is_open(t.stream) && !wf_client_stream_is_busy(t.stream),
       "it is open and idle");
    ok(peer_has_open(&peer, 1), "the other side sees one connection");
    ok(wf_client_stream_kept(t.stream, &here) != NULL, "it is what we want");
    elsewhere.port++;
    ok(wf_client_stream_kept(t.stream, &elsewhere) == NULL, "another port is not");
    ok(call(&t), "it connects again");
    ok(peer_has_open(&peer, 1), "which closes the first one");
    is_int(wf_client_stream_close(t.stream), 1, "it is closed");
    ok(peer_has_open(&peer, 0), "and the other side knows");
    ok(wf_client_stream_kept(t.stream, &here) == NULL, "what is closed is not kept");
    peer_reset_counts(&peer);
    ok(call(&t) && say(&t, "echo x\nbye\n") && peer_has_lines(&peer, 2)
           && peer_has_open(&peer, 0),
       "the other side closes");
    ok(wf_client_stream_is_open(t.stream), "which nobody has noticed");
    ok(wf_client_stream_kept(t.stream, &here) == NULL, "until it is asked for");
    here.host = "localhost";
    ok(connect_to(&t, &here) && t.moved.outcome == WF_CLIENT_OK, "it finds a name");
    ok(strncmp(f->asked, "localhost ", 10) == 0, "the hook was asked: %s", f->asked);
    wf_client_stream_close(t.stream);
}

static void refusals(fixture_t *f)
{
    static const struct {
        const char *host;
        int port;
        const char *field;
    } cases[] = {
        { "", 80, "host" },          { "a b", 80, "host" },    { "a/b", 80, "host" },
        { "user@host", 80, "host" }, { "host:1", 80, "host" }, { "127.1", 80, "host" },
        { "[::1]", 80, "host" },     { "host", 0, "port" },    { "host", 65536, "port" },
    };
    wf_client_settings_t *settings = new_settings();
    wf_client_peer_t nobody = { "127.0.0.1", 1, 0, 0, settings };
    wf_client_peer_t here = { "127.0.0.1", peer.port, 0, 0, settings };
    wf_error_t err;
    talk_t t;
    size_t i;

    open_talk(&t, f);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_client_peer_t to = { cases[i].host, cases[i].port, 0, 0, settings };

        wf_error_init(&err, pool);
        ok(wf_client_stream_connect(t.stream, &to, pool, &err) != APR_SUCCESS,
           "'%s' %d is refused", cases[i].host, cases[i].port);
        is_str(err.field, cases[i].field, "because of that");
    }
    ok(connect_to(&t, &nobody), "a port where nobody listens");
    is_int(t.moved.outcome, WF_CLIENT_CONNECT, "is a failure");
    is_str(t.moved.error, "no connection to 127.0.0.1:1: Connection refused", "told so");
    nobody.host = "no-such-host.invalid";
    ok(connect_to(&t, &nobody) && t.moved.outcome == WF_CLIENT_CONNECT,
       "so is an unknown name");
    is_str(t.moved.error, "host name no-such-host.invalid not found", "told so");
    f->permits = 0;
    ok(connect_to(&t, &here), "an address that is not permitted");
    is_int(t.moved.outcome, WF_CLIENT_DENIED, "is denied");
    here.udp = 1;
    ok(connect_to(&t, &here) && t.moved.outcome == WF_CLIENT_DENIED, "also over UDP");
    f->permits = 1;
    ok(!wf_client_stream_is_open(t.stream), "the stream is still closed");
    ok(call(&t) && say(&t, "echo x\n"), "and works afterwards");
    wf_client_stream_close(t.stream);
}

/* ---- receiving ----------------------------------------------------------------------- */

static void receives(fixture_t *f)
{
    static const struct {
        const char *what, *say;
        apr_size_t length;
        int delimiter;
        apr_size_t at_most;
        wf_client_outcome_e outcome;
        const char *data;
    } cases[] = {
        /* clang-format off */
        { "a line",                 "echo one\n",   0, '\n', 100, WF_CLIENT_OK, "one\n" },
        { "what there is",          "echo two\n",   0, ANY,  100, WF_CLIENT_OK, "two\n" },
        { "a few bytes",            "echo three\n", 3, ANY,  100, WF_CLIENT_OK, "thr" },
        { "bytes behind them",      "",             0, ANY,  100, WF_CLIENT_OK, "ee\n" },
        { "at most so many",        "echo four\n",  0, ANY,    2, WF_CLIENT_OK, "fo" },
        { "and the rest",           "",             0, '\n', 100, WF_CLIENT_OK, "ur\n" },
        { "a slow line",            "slow five\n",  0, '\n', 100, WF_CLIENT_OK, "five\n" },
        { "slow bytes",             "slow sixty\n", 6, ANY,  100, WF_CLIENT_OK, "sixty\n" },
        { "an end in two packets",  "split\n",      0, '\n', 100, WF_CLIENT_OK, "one\r\n" },
        { "what came with it",      "",             0, '\r', 100, WF_CLIENT_OK, "two\r" },
        { "one byte",               "",             1, ANY,  100, WF_CLIENT_OK, "\n" },
        { "several lines at once",  "echo a\necho b\necho c\n", 6, ANY, 100, WF_CLIENT_OK, "a\nb\nc\n" },
        { "an end that fits",       "echo 1234\n",  0, '\n',   5, WF_CLIENT_OK, "1234\n" },
        { "one that is too far",    "echo 12345\n", 0, '\n',   5, WF_CLIENT_TOO_LARGE, NULL },
        { "its bytes are there",    "",             6, ANY,  100, WF_CLIENT_OK, "12345\n" },
        /* clang-format on */
    };
    talk_t t;
    size_t i;

    open_talk(&t, f);
    ok(call(&t), "connected");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(*cases[i].say == '\0' || say(&t, cases[i].say), "said %s", cases[i].what);
        is_int(get(&t, cases[i].length, cases[i].delimiter, cases[i].at_most),
               cases[i].outcome, "and received it");
        if (cases[i].data != NULL) {
            is_str(t.moved.data, cases[i].data, "as it was meant");
            is_int(t.moved.bytes, strlen(cases[i].data), "and counted");
        }
    }
    wf_client_stream_close(t.stream);
}

/* The other side speaks first, perhaps before anybody has asked. */
static void greets(fixture_t *f)
{
    talk_t t;
    int i;

    open_talk(&t, f);
    peer.greeting = "hello\n";
    for (i = 0; i < 20; i++) {
        if (!call(&t) || get(&t, 0, '\n', 100) != WF_CLIENT_OK
            || strcmp(t.moved.data, "hello\n") != 0) {
            break;
        }
    }
    is_int(i, 20, "a greeting is never lost");
    peer.greeting = NULL;
    wf_client_stream_close(t.stream);
}

#define MUCH (8 * 1024 * 1024)

static void much(fixture_t *f)
{
    char *text = malloc(MUCH + 1);
    talk_t t;
    int i;

    open_talk(&t, f);
    for (i = 0; i < MUCH; i++) {
        text[i] = i % 50000 == 49999 ? '\n' : 'h';
    }
    text[MUCH - 1] = '\n';
    text[MUCH] = '\0';
    peer_reset_counts(&peer);
    ok(call(&t) && say(&t, text), "much is sent");
    ok(say(&t, "echo end\n") && get(&t, 0, '\n', 100) == WF_CLIENT_OK,
       "and what comes behind it");
    is_int(peer.bytes, MUCH + 9, "all of it came");
    ok(say(&t, "flood\n") && get(&t, MUCH, ANY, 0) == WF_CLIENT_OK
           && t.moved.bytes == MUCH,
       "much is received");
    is_int(get(&t, 0, 'y', 100000), WF_CLIENT_TOO_LARGE, "but not without end");
    is_str(t.moved.error, "no delimiter within 100000 bytes", "told so");
    wf_client_stream_close(t.stream);
    free(text);
}

/* ---- somebody goes away --------------------------------------------------------------- */

static void ends(fixture_t *f)
{
    static const struct {
        const char *what, *say;
        apr_size_t length;
        int delimiter;
        const char *error; /* NULL: data */
    } cases[] = {
        { "closed at once", "bye\n", 0, '\n', "closed by the other side" },
        { "waiting for bytes", "bye\n", 5, ANY, "closed by the other side" },
        { "waiting for anything", "bye\n", 0, ANY, "closed by the other side" },
        { "a part of a line", "half\n", 0, '\n',
          "closed by the other side before all of it had come" },
        { "a part of some bytes", "half\n", 5, ANY,
          "closed by the other side before all of it had come" },
        { "something is there", "half\n", 0, ANY, NULL },
        { "enough is there", "half\n", 4, ANY, NULL },
        { "broken", "reset\n", 0, ANY, "connection lost while receiving" },
    };
    talk_t t;
    size_t i;

    open_talk(&t, f);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(call(&t) && say(&t, cases[i].say), "%s: said", cases[i].what);
        is_int(get(&t, cases[i].length, cases[i].delimiter, 100),
               cases[i].error ? WF_CLIENT_CONNECT : WF_CLIENT_OK, "what comes of it");
        is_str(t.moved.error, cases[i].error, "is told");
        if (cases[i].error == NULL) {
            is_str(t.moved.data, "half", "what had come is given");
            is_int(get(&t, 0, ANY, 100), WF_CLIENT_CONNECT, "nothing follows");
        }
        ok(!wf_client_stream_is_open(t.stream), "the stream is closed");
    }
}

/* ---- cancelling ------------------------------------------------------------------------ */

static void cancels(fixture_t *f)
{
    static char text[4 * 1024 * 1024];
    wf_client_want_t line = { 0, '\n', 100 };
    wf_client_peer_t here = { "localhost", peer.port, 0, 0, new_settings() };
    wf_error_t err;
    apr_size_t sent;
    talk_t t;

    open_talk(&t, f);
    wf_error_init(&err, pool);
    ok(wf_client_stream_connect(t.stream, &here, pool, &err) == APR_SUCCESS
           && wf_client_stream_is_busy(t.stream),
       "it connects");
    wf_client_stream_cancel(t.stream);
    ok(!wf_client_stream_is_busy(t.stream) && !wf_client_stream_is_open(t.stream),
       "and does not any more");
    ok(call(&t) && say(&t, "hush\n"), "somebody does not answer");
    ok(wf_client_stream_receive(t.stream, &line) == NULL, "so there is nothing");
    loop_turn(&f->loop);
    is_int(wf_client_stream_cancel(t.stream), 0, "waiting ends");
    ok(wf_client_stream_is_open(t.stream) && !wf_client_stream_is_busy(t.stream),
       "the stream is open");
    ok(say(&t, "echo late\n") && get(&t, 0, '\n', 100) == WF_CLIENT_OK, "and works");
    memset(text, 'x', sizeof(text));
    ok(say(&t, "deaf\n"), "somebody listens no more");
    ok(wf_client_stream_send(t.stream, text, sizeof(text)) == NULL,
       "a lot is in the way");
    loop_turn(&f->loop);
    sent = wf_client_stream_cancel(t.stream);
    ok(sent > 0 && sent < sizeof(text), "a part of it was sent: %lu",
       (unsigned long)sent);
    ok(!wf_client_stream_is_open(t.stream), "so the stream is closed");
    is_int(t.done, 1, "nobody was told of any of this");
    __atomic_store_n(&peer.hears, 1, __ATOMIC_RELEASE);
}

/* ---- many ------------------------------------------------------------------------------ */

#define MANY 40

/* Streams count for no limit, keep no transfer from its connection, and are closed by
 * nobody, however long they are idle and whatever has come on them. */
static void many(fixture_t *f)
{
    talk_t *talks = apr_pcalloc(pool, MANY * sizeof(*talks));
    talk_t another;
    int i, right = 0;

    wf_client_multi_limit(f->loop.multi, 2);
    for (i = 0; i < MANY; i++) {
        open_talk(&talks[i], f);
        right += call(&talks[i]);
    }
    is_int(right, MANY, "as many as there are connect");
    ok(peer_has_open(&peer, MANY), "at once");
    for (i = right = 0; i < MANY; i++) {
        right += say(&talks[i], apr_psprintf(pool, "echo %d\n", i));
    }
    usleep(1100000); /* libcurl looks for dead connections once a second */
    open_talk(&another, f);
    ok(call(&another), "another one connects");
    wf_client_stream_close(another.stream);
    for (i = right = 0; i < MANY; i++) {
        right += get(&talks[i], 0, '\n', 100) == WF_CLIENT_OK
                 && atoi(talks[i].moved.data) == i;
        right += wf_client_stream_close(talks[i].stream);
    }
    is_int(right, 2 * MANY, "each of them has its own answer");
    wf_client_multi_limit(f->loop.multi, 0);
}

/* ---- UDP --------------------------------------------------------------------------------- */

static void datagrams(fixture_t *f)
{
    static char text[70000];
    wf_client_want_t any = { 0, ANY, 100 };
    wf_client_peer_t here = { "127.0.0.1", peer.udp_port, 0, 1, new_settings() };
    talk_t t;

    open_talk(&t, f);
    peer_reset_counts(&peer);
    ok(connect_to(&t, &here) && t.moved.outcome == WF_CLIENT_OK, "UDP is connected");
    is_str(t.moved.remote, apr_psprintf(pool, "127.0.0.1:%d", peer.udp_port), "to there");
    ok(say(&t, "one") && say(&t, "two"), "two datagrams");
    is_int(get(&t, 0, ANY, 100), WF_CLIENT_OK, "come back");
    is_str(t.moved.data, "one", "one by one");
    is_int(get(&t, 0, ANY, 100), WF_CLIENT_OK, "the other, too");
    is_str(t.moved.data, "two", "one by one");
    ok(peer_has_lines(&peer, 2), "and came as two");
    ok(say(&t, "a long one") && get(&t, 0, ANY, 4) == WF_CLIENT_OK, "a part of one");
    is_str(t.moved.data, "a lo", "is given");
    ok(get(&t, 0, ANY, 100) == WF_CLIENT_OK && strcmp(t.moved.data, "ng one") == 0,
       "its rest stays");
    ok(say(&t, "ab") && say(&t, "c\nd") && get(&t, 0, '\n', 100) == WF_CLIENT_OK,
       "a line of two");
    is_str(t.moved.data, "abc\n", "is put together");
    ok(say(&t, "hush") && wf_client_stream_receive(t.stream, &any) != NULL,
       "what is behind it comes at once");
    ok(wf_client_stream_receive(t.stream, &any) == NULL, "then nothing");
    loop_turn(&f->loop);
    wf_client_stream_cancel(t.stream);
    ok(wf_client_stream_is_open(t.stream), "until waiting ends");
    memset(text, 'x', sizeof(text));
    take(&t, wf_client_stream_send(t.stream, text, sizeof(text)));
    is_str(t.moved.error, "longer than a datagram may be", "too much for one");
    ok(say(&t, "still") && get(&t, 0, ANY, 100) == WF_CLIENT_OK, "the stream is open");
    here.port = 1;
    ok(connect_to(&t, &here) && t.moved.outcome == WF_CLIENT_OK, "nobody is there");
    ok(say(&t, "anybody?"), "which sending cannot know");
    is_int(get(&t, 0, ANY, 100), WF_CLIENT_CONNECT, "receiving does");
    is_str(t.moved.error, "receiving failed: Connection refused", "told so");
    ok(wf_client_stream_is_open(t.stream), "it may come");
    is_int(wf_client_stream_close(t.stream), 1, "closed");
}

/* ---- TLS --------------------------------------------------------------------------------- */

static void secure(fixture_t *f, const server_t *server, const server_t *strict)
{
    wf_client_settings_t *settings = new_settings();
    wf_client_peer_t to = { "localhost", server->port, 1, 0, settings };
    talk_t t;

    open_talk(&t, f);
    ok(connect_to(&t, &to), "a certificate that we do not know");
    is_int(t.moved.outcome, WF_CLIENT_TLS, "is refused");
    is_str(t.moved.error, "the certificate's issuer is not trusted", "told so");
    settings->ca = file("ca.pem");
    ok(connect_to(&t, &to) && t.moved.outcome == WF_CLIENT_OK, "one that we trust");
    ok(say(&t, "abc\n") && get(&t, 0, '\n', 100) == WF_CLIENT_OK, "it answers");
    is_str(t.moved.data, "cba\n", "backwards");
    ok(say(&t, "123456\n") && get(&t, 2, ANY, 0) == WF_CLIENT_OK, "bytes");
    ok(get(&t, 0, '\n', 100) == WF_CLIENT_OK && strcmp(t.moved.data, "4321\n") == 0,
       "and those behind them");
    to.host = "127.0.0.1";
    settings->server_name = "shop.example";
    ok(connect_to(&t, &to) && t.moved.outcome == WF_CLIENT_OK, "by another name");
    settings->server_name = NULL;
    to.port = strict->port;
    ok(connect_to(&t, &to), "one that wants to know who we are");
    if (t.moved.outcome == WF_CLIENT_OK) { /* TLS 1.3 tells it afterwards */
        get(&t, 0, ANY, 100);
    }
    is_str(t.moved.error, "the server requires a client certificate", "says so");
    settings->certificate = file("client.pem");
    settings->key = file("client.key");
    ok(connect_to(&t, &to) && t.moved.outcome == WF_CLIENT_OK && say(&t, "xy\n")
           && get(&t, 0, '\n', 100) == WF_CLIENT_OK,
       "and is content with a certificate");
    wf_client_stream_close(t.stream);
    to = (wf_client_peer_t){ "127.0.0.1", peer.port, 1, 0, settings };
    peer.greeting = "no TLS here\n";
    ok(connect_to(&t, &to) && t.moved.outcome == WF_CLIENT_TLS, "somebody without TLS");
    is_str(t.moved.error, "the TLS handshake failed", "told so");
    peer.greeting = NULL;
}

int main(void)
{
    server_t server, strict;
    static fixture_t f;

    begin_tests();
    open_fixture(&f);
    peer_start(&peer);
    connects(&f);
    refusals(&f);
    receives(&f);
    greets(&f);
    much(&f);
    ends(&f);
    cancels(&f);
    many(&f);
    datagrams(&f);
    if (make_certificates()) {
        start_server(&server, "-rev", "good", 0, "-tls1_3");
        start_server(&strict, "-rev", "good", 1, "-tls1_3");
        secure(&f, &server, &strict);
        stop_server(&server);
        stop_server(&strict);
    }
    else {
        ok(0, "the openssl program makes certificates");
    }
    remove_certificates();
    ok(peer_has_open(&peer, 0), "nothing is left open");
    peer_stop(&peer);
    return end_tests(&f);
}
