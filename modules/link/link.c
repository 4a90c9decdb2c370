/* One link, from its first byte to its last. Its client begins:
 *
 *   client → server   hello      {version, name, nonce}
 *   server → client   challenge  {version, nonce, proof}
 *   client → server   proof      {proof}
 *   server → client   welcome    {}
 *
 * Then it is open. From time to time each side asks the other what time it is ("time",
 * "now"), which also shows that it is there. */
#include "link/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_BYTES                                                                       \
    (1024 * 1024)           /* read in one turn of the loop; there are other links       \
                             */
#define GREETING_BYTES 4096 /* of a message of somebody unknown */
#define ASK_FIRST_US                                                                     \
    200000 /* from one question for the time to the next: at first, …                  \
            */
#define ASK_FIRST 8
#define ASK_US 2000000    /* … later */
#define ENDING_US 2000000 /* for the other side to take a farewell */
#define REASON_MAX 120    /* bytes in a close frame, RFC 6455, 5.5 */
#define PINGS 16          /* from one tick to the next: each is answered, read or not */

/* ---- bytes --------------------------------------------------------------------------- */

static ssize_t on_read(wslay_event_context_ptr ws, uint8_t *to, size_t length, int flags,
                       void *baton)
{
    wf_one_link_t *link = baton;
    apr_size_t early = link->early_length - link->early_read;
    ssize_t n;

    (void)flags;
    if (early > 0) {
        length = length < early ? length : early;
        memcpy(to, link->early + link->early_read, length);
        link->early_read += length;
        return (ssize_t)length;
    }
    if (link->left == 0) {
        wslay_event_set_error(ws, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    do {
        n = recv(link->fd, to, length < link->left ? length : link->left, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        link->left -= (apr_size_t)n;
        link->heard_us = wf_mono_us();
        return n;
    }
    link->gone = n == 0 || errno != EAGAIN;
    wslay_event_set_error(ws,
                          link->gone ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static ssize_t on_write(wslay_event_context_ptr ws, const uint8_t *data, size_t length,
                        int flags, void *baton)
{
    wf_one_link_t *link = baton;
    int more = flags & WSLAY_MSG_MORE ? MSG_MORE : 0;
    ssize_t n;

    do {
        n = send(link->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT | more);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        return n;
    }
    link->gone = errno != EAGAIN;
    wslay_event_set_error(ws,
                          link->gone ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static int on_mask(wslay_event_context_ptr ws, uint8_t *mask, size_t length, void *baton)
{
    (void)ws;
    (void)baton;
    return RAND_bytes(mask, (int)length) == 1 ? 0 : -1;
}

/* ---- out ------------------------------------------------------------------------------- */

static void queue(wf_one_link_t *link, uint8_t opcode, const char *text,
                  apr_size_t length)
{
    struct wslay_event_msg message = { .opcode = opcode,
                                       .msg = (const uint8_t *)text,
                                       .msg_length = length };

    if (link->state == WF_LINK_ENDS || !wslay_event_get_write_enabled(link->ws)) {
        return; /* the latter: it is about to end, once its last words are heard */
    }
    if (wslay_event_get_queued_msg_length(link->ws) + length > WF_LINK_UNSENT) {
        wf_one_link_end(link, "the other side reads too slowly");
    }
    else if (wslay_event_queue_msg(link->ws, &message) != 0) {
        wf_one_link_end(link, "a message could not be queued");
    }
}

void wf_one_link_send(wf_one_link_t *link, const char *text, apr_size_t length)
{
    if (link->state == WF_LINK_OPEN && length > WF_LINK_MESSAGE) {
        wf_one_link_end(link, "a message is too long to be sent");
    }
    else if (link->state == WF_LINK_OPEN) {
        queue(link, WSLAY_TEXT_FRAME, text, length);
    }
}

/* What links say to each other; takes the reference. */
static void say(wf_one_link_t *link, const char *what, json_object *o)
{
    const char *text;
    size_t length;

    wf_json_add_string(o, "say", what);
    text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &length);
    queue(link, WSLAY_BINARY_FRAME, text, length);
    json_object_put(o);
}

/* Somebody who knocks all the time does not fill the log. */
static void warn_of(const wf_one_link_t *link, const char *why)
{
    apr_int64_t now_us = wf_mono_us();

    if (now_us >= link->links->quiet_until_us) {
        link->links->quiet_until_us = now_us + APR_USEC_PER_SEC;
        wf_log(WF_LOG_WARN, "link: %s is not let in: %s",
               link->name[0] != '\0' ? link->name : "somebody", why);
    }
}

void wf_one_link_end(wf_one_link_t *link, const char *why)
{
    const wf_link_owner_t *owner = &link->links->options.owner;
    apr_size_t length = strlen(why);

    if (link->state == WF_LINK_ENDS) {
        return;
    }
    if (!link->client && link->state != WF_LINK_OPEN) {
        warn_of(link, why);
    }
    wslay_event_queue_close(link->ws, WSLAY_CODE_NORMAL_CLOSURE, (const uint8_t *)why,
                            length < REASON_MAX ? length : REASON_MAX);
    link->state = WF_LINK_ENDS;
    link->ends_us = wf_mono_us() + ENDING_US;
    owner->closed(owner->baton, link->id, why);
}

/* ---- the greeting ------------------------------------------------------------------------ */

/* As both sides have to say it. 0: it could not be made. */
static int prove(const wf_one_link_t *link, const char *side, char *proof)
{
    const char *client = link->client ? link->own_nonce : link->their_nonce;
    const char *server = link->client ? link->their_nonce : link->own_nonce;
    wf_error_t err;

    wf_error_init(&err, link->links->scratch);
    if (wf_link_proof(proof, &link->links->options.key, side, client, server, link->name,
                      &err)
        == APR_SUCCESS) {
        return 1;
    }
    wf_log(WF_LOG_ERR, "link: %s", err.message);
    return 0;
}

void wf_one_link_greet(wf_one_link_t *link)
{
    json_object *o = json_object_new_object();

    wf_json_add_int(o, "version", WF_LINK_VERSION);
    wf_json_add_string(o, "name", link->name);
    wf_json_add_string(o, "nonce", link->own_nonce);
    say(link, "hello", o);
}

static const char *check_proof(const wf_one_link_t *link, const char *side,
                               const char *said)
{
    char proof[WF_LINK_PROOF + 1];

    if (!prove(link, side, proof)) {
        return "the key cannot be checked";
    }
    if (wf_link_proof_equal(proof, said)) {
        return NULL;
    }
    if (proof[0] != '\0' && said[0] != '\0') {
        return "the keys differ";
    }
    return (proof[0] == '\0') == link->client
               ? "the server has a key, the client has none"
               : "the client has a key, the server has none";
}

static const char *take_nonce(wf_one_link_t *link, json_object *o)
{
    const char *nonce = wf_json_string(o, "nonce", "");

    if (wf_json_int(o, "version", 0) != WF_LINK_VERSION) {
        return "the other side speaks another version";
    }
    if (strlen(nonce) != WF_LINK_NONCE || strcmp(nonce, link->own_nonce) == 0) {
        return "a greeting without its random number";
    }
    memcpy(link->their_nonce, nonce, WF_LINK_NONCE + 1);
    return NULL;
}

static void ask_time(wf_one_link_t *link, apr_int64_t now_us);

static void open_link(wf_one_link_t *link)
{
    const wf_link_owner_t *owner = &link->links->options.owner;

    link->state = WF_LINK_OPEN;
    wslay_event_config_set_max_recv_msg_length(link->ws, WF_LINK_MESSAGE);
    ask_time(link, wf_mono_us()); /* before anything is said that counts on the answer */
    owner->opened(owner->baton, link->id, link->client ? NULL : link->name);
}

int wf_link_name_valid(const char *name)
{
    const char *at = name;

    while (*at != '\0' && !apr_iscntrl(*at)) {
        at++;
    }
    return *at == '\0' && at > name && at - name <= WF_LINK_NAME;
}

/* Each returns what is wrong, or NULL. */
static const char *on_hello(wf_one_link_t *link, json_object *o)
{
    const char *name = wf_json_string(o, "name", ""), *wrong;
    char proof[WF_LINK_PROOF + 1];
    json_object *answer;

    if (link->their_nonce[0] != '\0') {
        return "it greets twice";
    }
    if (!wf_link_name_valid(name)) {
        return "a name has 1 to 100 bytes, none of them a control character";
    }
    memcpy(link->name, name, strlen(name) + 1);
    wrong = take_nonce(link, o);
    if (wrong != NULL || !prove(link, "server", proof)) {
        return wrong != NULL ? wrong : "the key cannot be used";
    }
    answer = json_object_new_object();
    wf_json_add_int(answer, "version", WF_LINK_VERSION);
    wf_json_add_string(answer, "nonce", link->own_nonce);
    wf_json_add_string(answer, "proof", proof);
    say(link, "challenge", answer);
    return NULL;
}

static const char *on_challenge(wf_one_link_t *link, json_object *o)
{
    const char *wrong =
        link->their_nonce[0] != '\0' ? "it greets twice" : take_nonce(link, o);
    char proof[WF_LINK_PROOF + 1];
    json_object *answer;

    if (wrong == NULL) {
        wrong = check_proof(link, "server", wf_json_string(o, "proof", ""));
    }
    if (wrong != NULL || !prove(link, "client", proof)) {
        return wrong != NULL ? wrong : "the key cannot be used";
    }
    answer = json_object_new_object();
    wf_json_add_string(answer, "proof", proof);
    say(link, "proof", answer);
    return NULL;
}

static const char *on_proof(wf_one_link_t *link, json_object *o)
{
    const char *wrong = link->their_nonce[0] == '\0'
                            ? "a proof before the greeting"
                            : check_proof(link, "client", wf_json_string(o, "proof", ""));

    if (wrong == NULL) {
        say(link, "welcome", json_object_new_object());
        open_link(link);
    }
    return wrong;
}

static const char *on_welcome(wf_one_link_t *link, json_object *o)
{
    (void)o;
    if (link->their_nonce[0] == '\0') {
        return "a welcome before the proof";
    }
    open_link(link);
    return NULL;
}

/* ---- clocks ---------------------------------------------------------------------------------- */

static apr_int64_t wall_us(const wf_one_link_t *link)
{
    const wf_links_options_t *options = &link->links->options;

    return options->now != NULL ? options->now() : (apr_int64_t)apr_time_now();
}

static const char *on_time(wf_one_link_t *link, json_object *o)
{
    json_object *answer = json_object_new_object();

    wf_json_add_int(answer, "t0", wf_json_int(o, "t0", 0));
    wf_json_add_int(answer, "t1", wall_us(link));
    say(link, "now", answer);
    return NULL;
}

static const char *on_now(wf_one_link_t *link, json_object *o)
{
    pthread_mutex_lock(&link->links->lock);
    wf_link_clock_add(&link->clock, wf_json_int(o, "t0", 0), wf_json_int(o, "t1", 0),
                      wall_us(link));
    pthread_mutex_unlock(&link->links->lock);
    return NULL;
}

static void ask_time(wf_one_link_t *link, apr_int64_t now_us)
{
    apr_int64_t every = link->clock.count < ASK_FIRST ? ASK_FIRST_US : ASK_US;
    apr_int64_t silence = link->links->options.silence;
    json_object *o;

    if (silence > 0 && every > silence / 4) {
        every = silence / 4;
    }
    if (now_us - link->asked_us >= every) {
        link->asked_us = now_us;
        o = json_object_new_object();
        wf_json_add_int(o, "t0", wall_us(link));
        say(link, "time", o);
    }
}

/* ---- in ------------------------------------------------------------------------------------------ */

enum { SERVER = 1, CLIENT = 2 };

static const struct {
    const char *say;
    wf_link_state_e state;
    int side; /* of who hears it */
    const char *(*hear)(wf_one_link_t *link, json_object *o);
} words[] = {
    /* clang-format off */
    { "hello",     WF_LINK_GREETS, SERVER,          on_hello },
    { "challenge", WF_LINK_GREETS, CLIENT,          on_challenge },
    { "proof",     WF_LINK_GREETS, SERVER,          on_proof },
    { "welcome",   WF_LINK_GREETS, CLIENT,          on_welcome },
    { "time",      WF_LINK_OPEN,   SERVER | CLIENT, on_time },
    { "now",       WF_LINK_OPEN,   SERVER | CLIENT, on_now },
    /* clang-format on */
};

static void hear(wf_one_link_t *link, json_object *o)
{
    const char *said = wf_json_string(o, "say", ""), *wrong = "a word out of turn";
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].say, said) == 0 && words[i].state == link->state
            && words[i].side & (link->client ? CLIENT : SERVER)) {
            wrong = words[i].hear(link, o);
            break;
        }
    }
    if (wrong != NULL) {
        wf_one_link_end(link, wrong);
    }
}

static void take(wf_one_link_t *link, const struct wslay_event_on_msg_recv_arg *arg)
{
    const wf_link_owner_t *owner = &link->links->options.owner;
    json_object *o;
    wf_error_t err;

    wf_error_init(&err, link->links->scratch);
    if (wf_json_read(&o, (const char *)arg->msg, arg->msg_length, link->links->scratch,
                     &err)
            != APR_SUCCESS
        || !json_object_is_type(o, json_type_object)) {
        wf_one_link_end(link, "a message that is no JSON object");
    }
    else if (arg->opcode == WSLAY_BINARY_FRAME) {
        hear(link, o);
    }
    else if (link->state == WF_LINK_OPEN) {
        owner->message(owner->baton, link->id, o);
    }
    else {
        wf_one_link_end(link, "a message before the greeting");
    }
}

/* Why they have closed it, in their words, which may be a stranger's: no line of a log may
 * look like another one. */
static const char *their_reason(const wf_one_link_t *link,
                                const struct wslay_event_on_msg_recv_arg *arg)
{
    char *reason, *at;

    if (arg->msg_length <= 2) {
        return "the other side has closed it";
    }
    reason = apr_pstrmemdup(link->links->scratch, (const char *)arg->msg + 2,
                            arg->msg_length - 2);
    for (at = reason; *at != '\0'; at++) {
        if (apr_iscntrl(*at)) {
            *at = '?';
        }
    }
    return reason;
}

static void on_message(wslay_event_context_ptr ws,
                       const struct wslay_event_on_msg_recv_arg *arg, void *baton)
{
    wf_one_link_t *link = baton;

    (void)ws;
    if (link->state == WF_LINK_ENDS) {
        return;
    }
    if (arg->opcode == WSLAY_CONNECTION_CLOSE) {
        wf_one_link_end(link, their_reason(link, arg));
    }
    else if (arg->opcode == WSLAY_PING && ++link->pings > PINGS) {
        wf_one_link_end(link, "it pings too often");
    }
    else if (arg->opcode == WSLAY_TEXT_FRAME || arg->opcode == WSLAY_BINARY_FRAME) {
        take(link, arg);
    }
    apr_pool_clear(link->links->scratch);
}

/* ---- the loop's view -------------------------------------------------------------------------------- */

static void set_options(int fd)
{
    int on = 1;

    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
               sizeof(on)); /* of another kind: no use */
}

wf_one_link_t *wf_one_link_create(wf_links_t *links, wf_link_t id, int fd,
                                  const char *name, char *early, apr_size_t length)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_read,
        .send_callback = on_write,
        .genmask_callback = on_mask,
        .on_msg_recv_callback = on_message,
    };
    wf_one_link_t *link = calloc(1, sizeof(*link));
    wf_error_t err;
    int rc;

    if (link == NULL) {
        return NULL;
    }
    wf_error_init(&err, links->scratch);
    rc = name != NULL ? wslay_event_context_client_init(&link->ws, &callbacks, link)
                      : wslay_event_context_server_init(&link->ws, &callbacks, link);
    if (rc != 0 || wf_link_nonce(link->own_nonce, &err) != APR_SUCCESS) {
        if (rc == 0) {
            wslay_event_context_free(link->ws);
        }
        free(link);
        return NULL;
    }
    wslay_event_config_set_max_recv_msg_length(link->ws, GREETING_BYTES);
    link->links = links;
    link->id = id;
    link->fd = fd;
    link->client = name != NULL;
    apr_cpystrn(link->name, name != NULL ? name : "", sizeof(link->name));
    link->early = early;
    link->early_length = length;
    link->born_us = link->heard_us = wf_mono_us();
    set_options(fd);
    return link;
}

void wf_one_link_destroy(wf_one_link_t *link)
{
    wslay_event_context_free(link->ws);
    close(link->fd);
    free(link->early);
    free(link);
}

static void receive(wf_one_link_t *link)
{
    link->left = TURN_BYTES;
    if (wslay_event_recv(link->ws) != 0 || link->gone
        || !wslay_event_get_read_enabled(link->ws)) {
        wf_one_link_end(link, link->gone ? "the connection is gone"
                                         : "it does not keep to the protocol");
    }
}

void wf_one_link_handle(wf_one_link_t *link, unsigned events)
{
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !link->gone) {
        receive(link);
    }
    if (!link->gone && wslay_event_want_write(link->ws)
        && wslay_event_send(link->ws) != 0) {
        link->gone = 0;
        receive(link); /* it may have said farewell */
        link->gone = 1;
        wf_one_link_end(link, "the connection is gone");
    }
}

void wf_one_link_tick(wf_one_link_t *link, apr_int64_t now_us)
{
    const wf_links_options_t *options = &link->links->options;

    link->pings = 0;
    if (link->state == WF_LINK_GREETS && now_us - link->born_us > options->greeting) {
        wf_one_link_end(link, "the greeting takes too long");
    }
    else if (link->state == WF_LINK_OPEN && options->silence > 0
             && now_us - link->heard_us > options->silence) {
        wf_one_link_end(link, "nothing was heard for too long");
    }
    else if (link->state == WF_LINK_OPEN) {
        ask_time(link, now_us);
    }
    wf_one_link_handle(link, 0);
}

int wf_one_link_is_over(const wf_one_link_t *link, apr_int64_t now_us)
{
    if (link->state != WF_LINK_ENDS) {
        return 0;
    }
    return link->gone || now_us > link->ends_us
           || (wslay_event_get_close_sent(link->ws)
               && (wslay_event_get_close_received(link->ws)
                   || !wslay_event_get_read_enabled(link->ws)));
}

unsigned wf_one_link_wishes(const wf_one_link_t *link)
{
    return (wslay_event_get_read_enabled(link->ws) ? EPOLLIN : 0u)
           | (wslay_event_want_write(link->ws) ? EPOLLOUT : 0u);
}
