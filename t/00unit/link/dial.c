/* The way to a server: what it is asked, what its refusals become, and links that came
 * that way, plain and over TLS. A thread of the test plays the part of httpd; a Perl
 * program ends TLS before it. */
#include "../tap.h"
#include "../wait.h"
#include "link/internal.h"

#include <apr_base64.h>
#include <apr_general.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "0123456789abcdef"
#define LONG 3000000 /* bytes of a message: more than any buffer on its way */

extern char **environ;

static apr_pool_t *pool;
static char dir[] = "/tmp/wf-link.XXXXXX";

/* ---- httpd's part ------------------------------------------------------------------- */

typedef struct face_t {
    int listener, port;
    wf_links_t *links;
    const char
        *answer; /* instead of an upgrade, with %s for the right Accept; "" for none */
    char asked[4096];
    pthread_t thread;
    int quit; /* atomic */
} face_t;

static const char *accept_of(const char *asked, apr_pool_t *p)
{
    const char *key = strstr(asked, "Sec-WebSocket-Key: ");
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha1;
    char *text;

    key = key != NULL ? apr_pstrmemdup(p, key + 19, 24) : "";
    text = apr_pstrcat(p, key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", NULL);
    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, text, (unsigned)strlen(text));
    apr_sha1_final(digest, &sha1);
    text = apr_pcalloc(p, 64);
    apr_base64_encode(text, (char *)digest, sizeof(digest));
    return text;
}

static void give(face_t *face, int fd, apr_pool_t *p)
{
    apr_int64_t ticket;
    wf_link_t link;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_links_reserve(face->links, &ticket, &err) != APR_SUCCESS
        || wf_links_open(face->links, ticket, fd, "", 0, &link, &err) != APR_SUCCESS) {
        close(fd);
    }
}

static void serve(face_t *face, int fd)
{
    apr_pool_t *p = wf_pool_create("face", 0);
    const char *answer = face->answer;
    apr_size_t n = 0;
    ssize_t more;

    memset(face->asked, 0, sizeof(face->asked));
    while (strstr(face->asked, "\r\n\r\n") == NULL
           && (more = recv(fd, face->asked + n, sizeof(face->asked) - 1 - n, 0)) > 0) {
        n += (apr_size_t)more;
    }
    if (answer == NULL) {
        answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "sec-websocket-accept:  %s\r\nConnection: Upgrade\r\n\r\n";
    }
    answer = apr_psprintf(p, answer, accept_of(face->asked, p));
    if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0) {
        diag("the answer was not sent");
    }
    if (face->answer == NULL && n > 0) {
        give(face, fd, p);
    }
    else {
        close(fd);
    }
    apr_pool_destroy(p);
}

static void *listen_on(void *data)
{
    face_t *face = data;
    struct pollfd poller = { .fd = face->listener, .events = POLLIN };

    while (!__atomic_load_n(&face->quit, __ATOMIC_RELAXED)) {
        int fd = poll(&poller, 1, 20) > 0 ? accept(face->listener, NULL, NULL) : -1;

        if (fd >= 0) {
            serve(face, fd);
        }
    }
    return NULL;
}

static void face_open(face_t *face, wf_links_t *links, const char *answer)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof(address);

    memset(face, 0, sizeof(*face));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    face->links = links;
    face->answer = answer;
    face->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(face->listener, (struct sockaddr *)&address, length) != 0
        || listen(face->listener, 10) != 0
        || getsockname(face->listener, (struct sockaddr *)&address, &length) != 0
        || pthread_create(&face->thread, NULL, listen_on, face) != 0) {
        printf("Bail out! no server\n");
        exit(1);
    }
    face->port = ntohs(address.sin_port);
}

static void face_close(face_t *face)
{
    __atomic_store_n(&face->quit, 1, __ATOMIC_RELAXED);
    pthread_join(face->thread, NULL);
    close(face->listener);
}

/* ---- the two ends ------------------------------------------------------------------------ */

typedef struct side_t {
    wf_links_t *links;
    int opened, closed, messages; /* atomic */
    int echo;
    wf_link_t link;
} side_t;

static int get(const int *value)
{
    return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}

static void on_opened(void *baton, wf_link_t link, const char *name)
{
    side_t *side = baton;

    (void)name;
    side->link = link;
    __atomic_fetch_add(&side->opened, 1, __ATOMIC_RELEASE);
}

static void on_message(void *baton, wf_link_t link, json_object *message)
{
    side_t *side = baton;

    if (side->echo) {
        wf_link_send(side->links, link, message);
    }
    if (strlen(wf_json_string(message, "text", "")) == LONG) {
        __atomic_fetch_add(&side->messages, 1, __ATOMIC_RELEASE);
    }
}

static void on_closed(void *baton, wf_link_t link, const char *why)
{
    side_t *side = baton;

    (void)link;
    (void)why;
    __atomic_fetch_add(&side->closed, 1, __ATOMIC_RELEASE);
}

static void side_open(side_t *side, int echo)
{
    wf_links_options_t options = { .owner = { side, on_opened, on_message, on_closed },
                                   .key = { SECRET, 16 },
                                   .limit = 10 };
    wf_error_t err;

    memset(side, 0, sizeof(*side));
    side->echo = echo;
    wf_error_init(&err, pool);
    if (wf_links_create(&side->links, &options, pool, &err) != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
}

/* ---- tests --------------------------------------------------------------------------------- */

/* Over what was dialed: both prove their key, long messages go there and back, and when
 * the server ends it the client notices. */
static void use(const wf_link_target_t *target, side_t *server, const char *what)
{
    apr_pool_t *p = wf_pool_create("dial", 0);
    json_object *o = json_object_new_object();
    char *text = apr_pcalloc(p, LONG + 1);
    side_t client;
    wf_link_t link = 0;
    wf_error_t err;
    int fd = -1, i;

    diag("%s", what);
    memset(text, 'x', LONG);
    wf_json_add_string(o, "text", text);
    server->opened = server->closed = server->messages = 0;
    side_open(&client, 0);
    wf_error_init(&err, p);
    ok(wf_link_dial(&fd, target, p, &err) == APR_SUCCESS, "%s: dialed %s", what,
       err.message ? err.message : "");
    if (fd >= 0) {
        ok(wf_links_join(client.links, fd, "slave", &link, &err) == APR_SUCCESS,
           "joined");
        WAIT_FOR(get(&client.opened) == 1 && get(&server->opened) == 1);
        for (i = 0; i < 3; i++) {
            wf_link_send(client.links, link, o);
        }
        WAIT_FOR(get(&client.messages) == 3);
        is_int(get(&server->messages), 3, "%s: long messages there and back", what);
        wf_link_close(server->links, server->link, "enough");
        WAIT_FOR(get(&client.closed) == 1);
    }
    json_object_put(o);
    wf_links_destroy(client.links);
    apr_pool_destroy(p);
}

static void plain(void)
{
    side_t server;
    face_t face;
    wf_link_target_t target = { .user = "ann:secret" };

    side_open(&server, 1);
    face_open(&face, server.links, NULL);
    target.url = apr_psprintf(pool, "127.0.0.1:%d", face.port);
    use(&target, &server, "without a scheme");
    ok(strstr(face.asked, "GET /api/v1/slave-ws HTTP/1.1\r\n") == face.asked, "the path");
    ok(strstr(face.asked, "\r\nAuthorization: Basic YW5uOnNlY3JldA==\r\n") != NULL,
       "the user");
    target = (wf_link_target_t){ .token = "t0ken" };
    target.url = apr_psprintf(pool, "http://localhost:%d/wf//", face.port);
    use(&target, &server, "below a path");
    ok(strstr(face.asked, "GET /wf/api/v1/slave-ws HTTP/1.1\r\n") == face.asked,
       "completed");
    ok(strstr(face.asked, "\r\nAuthorization: Bearer t0ken\r\n") != NULL, "the token");
    target.url = apr_psprintf(pool, "http://127.0.0.1:%d/x/api/v1/slave-ws/", face.port);
    use(&target, &server, "by its whole path");
    ok(strstr(face.asked, "GET /x/api/v1/slave-ws HTTP/1.1\r\n") == face.asked,
       "not twice");
    target.url = apr_psprintf(pool, "http://127.0.0.1:%d/x/api/v1/", face.port);
    use(&target, &server, "by the path of the face");
    ok(strstr(face.asked, "GET /x/api/v1/slave-ws HTTP/1.1\r\n") == face.asked,
       "what is missing of it");
    face_close(&face);
    wf_links_destroy(server.links);
}

/* clang-format off */
static const struct {
    const char *answer;
    wf_err_kind_e kind;
    const char *why; /* a part of the message */
} answers[] = {
    { "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", WF_ERR_FORBIDDEN, "it does not know us" },
    { "HTTP/1.1 403 Forbidden\r\n\r\n", WF_ERR_FORBIDDEN, "we may not link to it (403)" },
    { "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc", WF_ERR_NOT_FOUND, "there is no master (404)" },
    { "HTTP/1.1 503 No\r\nContent-Length: 28\r\n\r\n{\"error\":\"x\",\"message\":\"a\\nb\"}", WF_ERR_UNAVAILABLE, "it cannot take us now (503" },
    { "HTTP/1.1 503 No\r\nContent-Length: 30\r\n\r\n{\"error\":\"x\",\"message\":\"a\\nb\"} ", WF_ERR_UNAVAILABLE, "it cannot take us now (503: a b)" },
    { "HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\n{\"error\"", WF_ERR_UNAVAILABLE, "it cannot take us now (503)" },
    { "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", WF_ERR_UNAVAILABLE, "it refuses (302)" },
    { "HTTP/1.1 101 X\r\nSec-WebSocket-Accept: x%.0s\r\n\r\n", WF_ERR_UNAVAILABLE, "its answer is not the one to our request" },
    { "HTTP/1.1 101 X\r\n\r\n", WF_ERR_UNAVAILABLE, "its answer is not the one to our request" },
    { "HTTP/1.1 101 X\r\nSec-WebSocket-Accept: %s\r\n\r\nX", WF_ERR_UNAVAILABLE, "it speaks before it is spoken to" },
    { "SSH-2.0-x\r\n\r\n", WF_ERR_UNAVAILABLE, "its answer is no HTTP" },
    { "HTTP/1.1 101 X\r\n", WF_ERR_UNAVAILABLE, "closed the connection without an answer" },
    { "", WF_ERR_UNAVAILABLE, "" },
};

static const struct {
    const char *url, *why;
} urls[] = {
    { "ftp://127.0.0.1",         "neither http:// nor https://" },
    { "http://u:p@127.0.0.1",    "a user in it" },
    { "http://127.0.0.1/?a=b",   "ends with ? or #" },
    { "http://127.0.0.1:99999",  "no URL" },
    { "http://",                 "no URL" },
    { "",                        "no URL" },
};
/* clang-format on */

static void fails(const wf_link_target_t *target, wf_err_kind_e kind, const char *why)
{
    apr_pool_t *p = wf_pool_create("dial", 0);
    wf_error_t err;
    int fd = -1;

    wf_error_init(&err, p);
    is_int(wf_link_dial(&fd, target, p, &err), WF_EFAILED, "%s", target->url);
    is_int(err.kind, kind, "its kind");
    ok(err.message != NULL && strstr(err.message, why) != NULL, "%s",
       err.message ? err.message : "no message");
    is_int(fd, -1, "no connection");
    apr_pool_destroy(p);
}

static void refusals(void)
{
    int cancelled = 1;
    face_t face;
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        face_open(&face, NULL, answers[i].answer);
        fails(&(wf_link_target_t){ .url = apr_psprintf(pool, "http://127.0.0.1:%d",
                                                       face.port) },
              answers[i].kind, answers[i].why);
        face_close(&face);
    }
    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        fails(&(wf_link_target_t){ .url = urls[i].url }, WF_ERR_INVALID, urls[i].why);
    }
    fails(&(wf_link_target_t){ .url = "http://127.0.0.1", .token = "a\r\nb" },
          WF_ERR_INVALID, "no header may have");
    fails(&(wf_link_target_t){ .url = apr_psprintf(pool, "127.0.0.1:%d", face.port) },
          WF_ERR_UNAVAILABLE, "http://127.0.0.1");
    fails(&(wf_link_target_t){ .url = "127.0.0.1:9", .cancelled = &cancelled },
          WF_ERR_UNAVAILABLE, "");
}

/* Somebody who takes the connection and says nothing. */
static void hangs(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0), cancelled = 1;
    wf_link_target_t target = { .timeout = 300000 };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, length) != 0
        || listen(listener, 10) != 0
        || getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        diag("no listener");
    }
    target.url = apr_psprintf(pool, "127.0.0.1:%d", ntohs(address.sin_port));
    fails(&target, WF_ERR_UNAVAILABLE, "it does not answer in time");
    target.timeout = 0;
    target.cancelled = &cancelled;
    fails(&target, WF_ERR_UNAVAILABLE, "it was cancelled");
    close(listener);
}

/* ---- TLS -------------------------------------------------------------------------------------- */

static const char *file(const char *name)
{
    return apr_pstrcat(pool, dir, "/", name, NULL);
}

static const char *ours(const char *path)
{
    const char *top = getenv("WF_TOP");

    return apr_pstrcat(pool, top ? top : ".", path, NULL);
}

typedef struct program_t {
    pid_t pid;
    int in, out;
} program_t;

static int program_start(program_t *program, char *const argv[])
{
    posix_spawn_file_actions_t actions;
    int in[2], out[2], rc;

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        return 0;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    rc = posix_spawnp(&program->pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    program->in = in[1];
    program->out = out[0];
    return rc == 0;
}

/* With the end of its input it ends. */
static int program_end(program_t *program)
{
    int status = -1;

    close(program->in);
    waitpid(program->pid, &status, 0);
    close(program->out);
    return status;
}

static int tls_start(program_t *program, int port, const char *ca)
{
    char *argv[] = { "perl",
                     (char *)ours("/t/00unit/link/tls.pl"),
                     apr_itoa(pool, port),
                     (char *)file("good.pem"),
                     (char *)file("good.key"),
                     (char *)ca,
                     NULL };
    char line[32] = "";
    FILE *out;

    if (!program_start(program, argv)) {
        return 0;
    }
    out = fdopen(dup(program->out), "r");
    if (fgets(line, sizeof(line), out) == NULL) {
        diag("it says no port");
    }
    fclose(out);
    return atoi(line);
}

static void over_tls(void)
{
    wf_link_target_t target = { .ca_file = file("ca.pem") };
    program_t program;
    side_t server;
    face_t face;
    int port;

    side_open(&server, 1);
    face_open(&face, server.links, NULL);
    port = tls_start(&program, face.port, NULL);
    target.url = apr_psprintf(pool, "https://127.0.0.1:%d", port);
    use(&target, &server, "over TLS");
    use(&target, &server, "over TLS again");
    target.ca_file = NULL;
    fails(&target, WF_ERR_UNAVAILABLE, "certificate");
    target.ca_file = file("missing.pem");
    fails(&target, WF_ERR_UNAVAILABLE, "missing.pem");
    program_end(&program);

    port = tls_start(&program, face.port, file("ca.pem"));
    target = (wf_link_target_t){ .url = apr_psprintf(pool, "https://127.0.0.1:%d", port),
                                 .ca_file = file("ca.pem") };
    fails(&target, WF_ERR_UNAVAILABLE, "https://");
    target.certificate = file("client.pem");
    target.private_key = file("client.key");
    use(&target, &server, "with our certificate");
    program_end(&program);
    face_close(&face);
    wf_links_destroy(server.links);
}

int main(void)
{
    char *certificates[] = { "sh", "-e", NULL, dir, NULL };
    char *away[] = { "rm", "-r", "--", dir, NULL };
    program_t program;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    certificates[2] = (char *)ours("/t/00unit/client/certificates.sh");
    plain();
    refusals();
    hangs();
    if (ok(mkdtemp(dir) != NULL && program_start(&program, certificates)
               && program_end(&program) == 0,
           "certificates")) {
        over_tls();
    }
    if (!program_start(&program, away) || program_end(&program) != 0) {
        diag("%s is left", dir);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
