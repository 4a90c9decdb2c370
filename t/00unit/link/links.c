/* Links between two ends in one process: who gets in, what arrives, and how they end. */
#include "../tap.h"
#include "../wait.h"
#include "link/internal.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY 200

static apr_pool_t *pool;
static const wf_link_key_t key = { "0123456789abcdef", 16 },
                           other_key = { "0123456789abcdeX", 16 }, no_key = { 0 };

/* What one side was told. */
typedef struct side_t {
    wf_links_t *links;
    pthread_mutex_t lock;
    int opened, closed, messages, echo;
    apr_int64_t sum; /* of the messages' numbers */
    int in_order, last;
    apr_size_t longest;
    char name[WF_LINK_NAME + 1], why[200];
    wf_link_t link;
} side_t;

static void on_opened(void *baton, wf_link_t link, const char *name)
{
    side_t *side = baton;

    pthread_mutex_lock(&side->lock);
    side->opened++;
    side->link = link;
    apr_cpystrn(side->name, name != NULL ? name : "(none)", sizeof(side->name));
    pthread_mutex_unlock(&side->lock);
}

static void on_message(void *baton, wf_link_t link, json_object *message)
{
    side_t *side = baton;
    int n = (int)wf_json_int(message, "n", 0);
    const char *text = wf_json_string(message, "text", "");

    pthread_mutex_lock(&side->lock);
    side->messages++;
    side->sum += n;
    side->in_order &= n == side->last + 1;
    side->last = n;
    side->longest = strlen(text) > side->longest ? strlen(text) : side->longest;
    pthread_mutex_unlock(&side->lock);
    if (side->echo) {
        wf_link_send(side->links, link, message);
    }
}

static void on_closed(void *baton, wf_link_t link, const char *why)
{
    side_t *side = baton;

    (void)link;
    pthread_mutex_lock(&side->lock);
    side->closed++;
    apr_cpystrn(side->why, why, sizeof(side->why));
    pthread_mutex_unlock(&side->lock);
}

static int get(side_t *side, const int *what)
{
    int value;

    pthread_mutex_lock(&side->lock);
    value = *what;
    pthread_mutex_unlock(&side->lock);
    return value;
}

static void side_open(side_t *side, const wf_links_options_t *wanted)
{
    wf_links_options_t options = *wanted;
    wf_error_t err;

    memset(side, 0, sizeof(*side));
    side->in_order = 1;
    pthread_mutex_init(&side->lock, NULL);
    options.owner = (wf_link_owner_t){ side, on_opened, on_message, on_closed };
    options.limit = options.limit ? options.limit : 2 * MANY;
    wf_error_init(&err, pool);
    if (wf_links_create(&side->links, &options, pool, &err) != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
}

static void side_close(side_t *side)
{
    wf_links_destroy(side->links);
    pthread_mutex_destroy(&side->lock);
}

/* The server's end of a connection; the other one is for whoever plays the client. */
static int accept_one(side_t *server, const char *early)
{
    apr_int64_t ticket = 0;
    wf_link_t link;
    wf_error_t err;
    int fds[2];

    wf_error_init(&err, pool);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0
        || wf_links_reserve(server->links, &ticket, &err) != APR_SUCCESS
        || wf_links_open(server->links, ticket, fds[0], early, strlen(early), &link, &err)
               != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message ? err.message : "no sockets");
        exit(1);
    }
    return fds[1];
}

static wf_link_t connect_one(side_t *client, side_t *server, const char *name)
{
    int fd = accept_one(server, "");
    wf_link_t link = 0;
    wf_error_t err;

    wf_error_init(&err, pool);
    if (wf_links_join(client->links, fd, name, &link, &err) != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return link;
}

/* ---- keys ---------------------------------------------------------------------------- */

static const struct {
    const char *what;
    const wf_link_key_t *client, *server;
    const char *client_why, *server_why; /* NULL: it opens */
} greetings[] = {
    { "the same key", &key, &key, NULL, NULL },
    { "no key at all", &no_key, &no_key, NULL, NULL },
    { "another key", &other_key, &key, "the keys differ", "the keys differ" },
    { "a client without one", &no_key, &key, "the server has a key, the client has none",
      "the server has a key, the client has none" },
    { "a server without one", &key, &no_key, "the client has a key, the server has none",
      "the client has a key, the server has none" },
};

static void greets(void)
{
    size_t i;

    for (i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        const char *what = greetings[i].what;
        side_t client, server;

        side_open(&server,
                  &(wf_links_options_t){ .key = *greetings[i].server, .trusted = 1 });
        side_open(&client,
                  &(wf_links_options_t){ .key = *greetings[i].client, .trusted = 1 });
        connect_one(&client, &server, "slave-1");
        diag("%s", what);
        if (greetings[i].client_why == NULL) {
            WAIT_FOR(get(&client, &client.opened) == 1
                     && get(&server, &server.opened) == 1);
            is_str(server.name, "slave-1", "%s: the server knows who it is", what);
            is_str(client.name, "(none)", "%s: the client knew", what);
            is_int(wf_links_count(server.links), 1, "%s: one link", what);
        }
        else {
            WAIT_FOR(get(&client, &client.closed) == 1
                     && get(&server, &server.closed) == 1);
            is_int(client.opened + server.opened, 0, "%s: it never opens", what);
            is_str(client.why, greetings[i].client_why, "%s: the client knows why", what);
            is_str(server.why, greetings[i].server_why, "%s: the server, too", what);
            WAIT_FOR(wf_links_count(server.links) == 0);
        }
        side_close(&client);
        side_close(&server);
    }
}

/* A key that is forgotten is no open door. */
static void needs_a_key(void)
{
    wf_links_options_t options = { .limit = 1 };
    wf_links_t *links;
    apr_pool_t *p = wf_pool_create("t_keyless", 0);
    wf_error_t err;

    wf_error_init(&err, p);
    is_int(wf_links_create(&links, &options, p, &err), WF_EFAILED, "without a key");
    is_int(err.kind, WF_ERR_INVALID, "and without saying that this is meant");
    apr_pool_destroy(p);
}

/* ---- strangers ------------------------------------------------------------------------- */

/* A frame as a client sends it, masked with zeroes. */
static apr_size_t frame(char *to, int opcode, const char *text)
{
    apr_size_t length = strlen(text), head = length < 126 ? 6 : 8;

    memset(to, 0, head);
    to[0] = (char)(0x80 | opcode);
    to[1] = (char)(0x80 | (length < 126 ? length : 126));
    if (length >= 126) {
        to[2] = (char)(length >> 8);
        to[3] = (char)length;
    }
    memcpy(to + head, text, length);
    return head + length;
}

#define NONCE "0123456789abcdef0123456789abcdef"
#define HELLO "{\"say\":\"hello\",\"version\":1,\"name\":\"x\",\"nonce\":\"" NONCE "\"}"

static const struct {
    const char *what;
    int opcode; /* 0: bytes as they are */
    const char *first, *second, *why;
} strangers[] = {
    { "bytes that are no frame", 0, "GET / HTTP/1.1\r\n\r\n", NULL,
      "it does not keep to the protocol" },
    { "no JSON", 2, "hello", NULL, "a message that is no JSON object" },
    { "no object", 2, "[1]", NULL, "a message that is no JSON object" },
    { "an unknown word", 2, "{\"say\":\"please\"}", NULL, "a word out of turn" },
    { "no word", 2, "{}", NULL, "a word out of turn" },
    { "a message at once", 1, "{\"type\":\"register\"}", NULL,
      "a message before the greeting" },
    { "the time at once", 2, "{\"say\":\"time\",\"t0\":1}", NULL, "a word out of turn" },
    { "a proof at once", 2, "{\"say\":\"proof\",\"proof\":\"\"}", NULL,
      "a proof before the greeting" },
    { "another version", 2,
      "{\"say\":\"hello\",\"version\":2,\"name\":\"x\",\"nonce\":\"" NONCE "\"}", NULL,
      "the other side speaks another version" },
    { "no name", 2, "{\"say\":\"hello\",\"version\":1,\"nonce\":\"" NONCE "\"}", NULL,
      "a name has 1 to 100 bytes, none of them a control character" },
    { "a name of two lines", 2,
      "{\"say\":\"hello\",\"version\":1,\"name\":\"x\\ny\",\"nonce\":\"" NONCE "\"}",
      NULL, "a name has 1 to 100 bytes, none of them a control character" },
    { "a farewell of two lines", 8, "\x03\xe8x\ny", NULL, "x?y" },
    { "a short number", 2,
      "{\"say\":\"hello\",\"version\":1,\"name\":\"x\",\"nonce\":\"12\"}", NULL,
      "a greeting without its random number" },
    { "a greeting twice", 2, HELLO, HELLO, "it greets twice" },
    { "a false proof", 2, HELLO, "{\"say\":\"proof\",\"proof\":\"00\"}",
      "the keys differ" },
    { "an empty proof", 2, HELLO, "{\"say\":\"proof\",\"proof\":\"\"}",
      "the server has a key, the client has none" },
    { "a message after the greeting", 1, NULL, "{\"a\":1}",
      "a message before the greeting" },
    { "the welcome of a client", 2, HELLO, "{\"say\":\"welcome\"}",
      "a word out of turn" },
    { "nothing", 2, NULL, NULL, "the greeting takes too long" },
};

static void unknown(void)
{
    size_t i;

    for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        const char *said[2] = { strangers[i].first, strangers[i].second };
        char bytes[2000];
        apr_size_t length = 0;
        side_t server;
        int fd, k;

        side_open(&server, &(wf_links_options_t){ .key = key, .greeting = 300000 });
        for (k = 0; k < 2; k++) {
            if (said[k] != NULL && strangers[i].opcode == 0) {
                length = (apr_size_t)snprintf(bytes, sizeof(bytes), "%s", said[k]);
            }
            else if (said[k] != NULL) {
                length += frame(bytes + length, strangers[i].opcode, said[k]);
            }
        }
        fd = accept_one(&server, "");
        if (write(fd, bytes, length) != (ssize_t)length) {
            diag("not written");
        }
        WAIT_FOR(get(&server, &server.closed) == 1);
        is_str(server.why, strangers[i].why, "%s", strangers[i].what);
        is_int(server.opened + server.messages, 0, "nobody has heard of it");
        close(fd);
        WAIT_FOR(wf_links_count(server.links) == 0);
        side_close(&server);
    }
}

/* More than a greeting needs, from somebody who has proved nothing. */
static void long_greeting(void)
{
    char *text = apr_pcalloc(pool, 60001), *bytes = apr_palloc(pool, 61000);
    apr_size_t length;
    side_t server;
    int fd;

    memset(text, ' ', 60000);
    side_open(&server, &(wf_links_options_t){ .key = key });
    length = frame(bytes, 2, text);
    fd = accept_one(&server, "");
    if (write(fd, bytes, length) != (ssize_t)length) {
        diag("not written");
    }
    WAIT_FOR(get(&server, &server.closed) == 1);
    is_str(server.why, "it does not keep to the protocol", "a greeting of 60,000 bytes");
    close(fd);
    side_close(&server);
}

/* Each ping is answered, also to somebody who does not read the answers. */
static void pings(void)
{
    char bytes[6 * 1000];
    side_t server;
    int fd, i;

    side_open(&server, &(wf_links_options_t){ .key = key });
    for (i = 0; i < 1000; i++) {
        frame(bytes + i * 6, 9, "");
    }
    fd = accept_one(&server, "");
    if (write(fd, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes)) {
        diag("not written");
    }
    WAIT_FOR(get(&server, &server.closed) == 1);
    is_str(server.why, "it pings too often", "a thousand pings");
    close(fd);
    side_close(&server);
}

/* What a client says before our answer to its request has come. */
static void early(void)
{
    char bytes[1000];
    apr_size_t length = frame(bytes, 1, "{\"early\":1}");
    side_t server;
    int fd;

    side_open(&server, &(wf_links_options_t){ .key = key });
    bytes[length] = '\0';
    bytes[2] = bytes[3] = bytes[4] = bytes[5] = 'A'; /* a mask without zeroes */
    for (apr_size_t i = 6; i < length; i++) {
        bytes[i] = (char)(bytes[i] ^ 'A');
    }
    fd = accept_one(&server, bytes);
    WAIT_FOR(get(&server, &server.closed) == 1);
    is_str(server.why, "a message before the greeting", "early bytes are heard");
    close(fd);
    side_close(&server);
}

/* ---- messages ---------------------------------------------------------------------------- */

static void send_numbers(side_t *from, wf_link_t link, int n, apr_size_t length)
{
    char *text = apr_pcalloc(pool, length + 1);
    int i;

    memset(text, 'x', length);
    for (i = 1; i <= n; i++) {
        json_object *o = json_object_new_object();

        wf_json_add_int(o, "n", i);
        wf_json_add_string(o, "text", text);
        wf_link_send(from->links, link, o);
        json_object_put(o);
    }
}

static void carries(void)
{
    side_t client, server;
    wf_link_t link;

    side_open(&server, &(wf_links_options_t){ .key = key });
    side_open(&client, &(wf_links_options_t){ .key = key });
    link = connect_one(&client, &server, "one");
    WAIT_FOR(get(&client, &client.opened) == 1);
    server.echo = 1;
    send_numbers(&client, link, 2000, 100);
    WAIT_FOR(get(&client, &client.messages) == 2000);
    is_int(get(&server, &server.messages), 2000, "2000 messages there and back");
    ok(server.in_order && client.in_order, "in their order");
    server.echo = 0;
    server.last = client.last = 0;
    send_numbers(&server, server.link, 3, 5000000);
    WAIT_FOR(get(&client, &client.messages) == 2003);
    is_int((int)client.longest, 5000000, "long ones");
    wf_link_close(client.links, link, "enough");
    WAIT_FOR(get(&server, &server.closed) == 1);
    is_str(server.why, "enough", "the other side knows why it ends");
    is_str(client.why, "enough", "this one, too");
    WAIT_FOR(wf_links_count(server.links) == 0 && wf_links_count(client.links) == 0);
    send_numbers(&client, link, 1, 1);
    is_int(get(&client, &client.closed), 1, "it is closed once");
    side_close(&client);
    side_close(&server);
}

static void many(void)
{
    wf_link_t links[MANY];
    side_t client, server;
    int i;

    side_open(&server, &(wf_links_options_t){ .key = key });
    side_open(&client, &(wf_links_options_t){ .key = key });
    server.echo = 1;
    for (i = 0; i < MANY; i++) {
        links[i] = connect_one(&client, &server, apr_psprintf(pool, "slave-%d", i));
    }
    WAIT_FOR(get(&client, &client.opened) == MANY);
    for (i = 0; i < MANY; i++) {
        send_numbers(&client, links[i], 20, 1000);
    }
    WAIT_FOR(get(&client, &client.messages) == 20 * MANY);
    is_int((int)client.sum, 210 * MANY, "each of %d links has its own", MANY);
    side_close(&server);
    WAIT_FOR(get(&client, &client.closed) == MANY);
    is_str(client.why, "the server stops", "all hear that the server stops");
    side_close(&client);
}

/* ---- clocks and silence -------------------------------------------------------------------- */

static apr_int64_t ahead(void)
{
    return (apr_int64_t)apr_time_now() + 5000000;
}

static void tells_time(void)
{
    apr_int64_t offset = 0, error = 0;
    side_t client, server;
    wf_link_t link;

    side_open(&server, &(wf_links_options_t){ .key = key, .now = ahead });
    side_open(&client, &(wf_links_options_t){ .key = key });
    link = connect_one(&client, &server, "one");
    WAIT_FOR(wf_link_offset(client.links, link, &offset, &error));
    ok(offset > 5000000 - error - 1000 && offset < 5000000 + error + 1000,
       "the server is ahead by %d us, give or take %d", (int)offset, (int)error);
    WAIT_FOR(wf_link_offset(server.links, server.link, &offset, &error));
    ok(offset < -5000000 + error + 1000, "the client is behind by %d us", (int)-offset);
    ok(!wf_link_offset(client.links, link + 1, &offset, &error),
       "of others it is unknown");
    side_close(&client);
    side_close(&server);
}

/* A client that proves its key, and then neither says nor reads anything. */
static int hanging_client(side_t *server)
{
    char bytes[1000], proof[WF_LINK_PROOF + 1], heard[1000], *nonce = NULL;
    apr_size_t length = frame(bytes, 2, HELLO);
    ssize_t n = 0, more;
    wf_error_t err;
    int fd = accept_one(server, "");

    wf_error_init(&err, pool);
    if (write(fd, bytes, length) != (ssize_t)length) {
        diag("not written");
    }
    while (nonce == NULL
           && (more = read(fd, heard + n, sizeof(heard) - 1 - (size_t)n)) > 0) {
        n += more;
        heard[n] = '\0';
        nonce = n > 4 ? strstr(heard + 4, "\"nonce\":\"") : NULL;
        nonce = nonce != NULL && strlen(nonce) > WF_LINK_NONCE + 10 ? nonce : NULL;
    }
    nonce = nonce != NULL ? apr_pstrndup(pool, nonce + 9, WF_LINK_NONCE) : "";
    wf_link_proof(proof, &key, "client", NONCE, nonce, "x", &err);
    length = frame(bytes, 2,
                   apr_psprintf(pool, "{\"say\":\"proof\",\"proof\":\"%s\"}", proof));
    if (write(fd, bytes, length) != (ssize_t)length) {
        diag("not written");
    }
    return fd;
}

static void falls_silent(void)
{
    apr_int64_t began;
    side_t server;
    int fd;

    side_open(&server, &(wf_links_options_t){ .key = key, .silence = 400000 });
    began = wf_mono_us();
    fd = hanging_client(&server);
    WAIT_FOR(get(&server, &server.opened) == 1);
    WAIT_FOR(get(&server, &server.closed) == 1);
    ok(wf_mono_us() - began >= 400000, "not before its time");
    is_str(server.why, "nothing was heard for too long", "silence ends it");
    close(fd);
    side_close(&server);
}

/* What somebody does not read waits here, but not all of it. */
static void reads_nothing(void)
{
    const int length = 5000000, n = WF_LINK_UNSENT / length + 3;
    side_t server;
    int fd;

    side_open(&server, &(wf_links_options_t){ .key = key });
    fd = hanging_client(&server);
    WAIT_FOR(get(&server, &server.opened) == 1);
    send_numbers(&server, server.link, n / 2, (apr_size_t)length);
    is_int(get(&server, &server.closed), 0, "half of it waits");
    send_numbers(&server, server.link, n - n / 2, (apr_size_t)length);
    WAIT_FOR(get(&server, &server.closed) == 1);
    is_str(server.why, "the other side reads too slowly", "then it is cut off");
    WAIT_FOR(wf_links_count(server.links) == 0);
    close(fd);
    side_close(&server);
}

/* Two that are there hear each other even if nobody has anything to say. */
static void stays(void)
{
    side_t client, server;
    apr_int64_t until = wf_mono_us() + 1200000;

    side_open(&server, &(wf_links_options_t){ .key = key, .silence = 400000 });
    side_open(&client, &(wf_links_options_t){ .key = key, .silence = 400000 });
    connect_one(&client, &server, "one");
    WAIT_FOR(get(&client, &client.opened) == 1);
    WAIT_FOR(wf_mono_us() > until); /* three times the silence */
    is_int(get(&client, &client.closed) + get(&server, &server.closed), 0,
           "quiet links stay open");
    side_close(&client);
    side_close(&server);
}

/* ---- places ----------------------------------------------------------------------------------- */

static void limited(void)
{
    apr_int64_t tickets[3] = { 0 };
    wf_link_t link;
    side_t server;
    wf_error_t err;

    side_open(&server, &(wf_links_options_t){ .key = key, .limit = 2 });
    wf_error_init(&err, pool);
    is_int(wf_links_reserve(server.links, &tickets[0], &err), APR_SUCCESS, "a place");
    is_int(wf_links_reserve(server.links, &tickets[1], &err), APR_SUCCESS, "another one");
    is_int(wf_links_reserve(server.links, &tickets[2], &err), WF_EFAILED, "no third one");
    is_int(err.kind, WF_ERR_UNAVAILABLE, "%s", err.message);
    wf_error_init(&err, pool);
    is_int(wf_links_open(server.links, 4711, 0, "", 0, &link, &err), WF_EFAILED,
           "a ticket that nobody gave");
    is_int(err.kind, WF_ERR_NOT_FOUND, "%s", err.message);
    wf_error_init(&err, pool);
    is_int(wf_links_join(server.links, 0, "", &link, &err), WF_EFAILED, "nor no name");
    is_int(wf_links_count(server.links), 2, "two places are kept");
    side_close(&server);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    greets();
    needs_a_key();
    unknown();
    long_greeting();
    pings();
    early();
    carries();
    many();
    tells_time();
    falls_silent();
    reads_nothing();
    stays();
    limited();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
