/* socket: bytes over TCP, TLS or UDP, for targets that do not speak HTTP. A virtual user
 * has one connection, which its steps open, use and close; it outlives iterations, as a
 * connection of http steps does, and ends with its user. */
#include "steps/http.h"

#include <apr_base64.h>
#include <apr_lib.h>
#include <stddef.h>
#include <string.h>

#define TIMEOUT_NS (30 * NS_PER_S)
#define BUFFER_SIZE 4096
#define BUFFER_SIZE_MAX (1024 * 1024)
#define MESSAGE_MAX WF_CLIENT_MAX_BODY /* bytes that one step receives */
#define CONNECT_SPENDS 2048            /* bytes of the pool, roughly */

typedef enum { CONNECT, SEND, RECEIVE, CLOSE, ACTIONS } action_e;
typedef enum { TEXT, BASE64, HEX } encoding_e;

typedef struct config_t {
    int action, encoding;
    int udp, tls, reuse;
    wf_text_t host, port;
    wf_client_settings_t settings;
    wf_text_t data;
    const char *bytes; /* data without templates, decoded; or NULL */
    apr_size_t length;
    wf_client_want_t want;
} config_t;

typedef struct state_t {
    const char *local, *remote;
    const char *data;
    apr_size_t bytes;
    int done, was_open, reused;
} state_t;

/* ---- bytes as text ------------------------------------------------------------------- */

static int digit_of(char ch)
{
    return apr_isdigit(ch)    ? ch - '0'
           : apr_isxdigit(ch) ? apr_tolower(ch) - 'a' + 10
                              : -1;
}

/* Pairs of digits, with blanks between them or not. */
static const char *decode_hex(const char *text, apr_size_t *length, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(text) / 2 + 1), *to = out;

    for (; *text != '\0'; text += apr_isspace(*text) ? 1 : 2) {
        if (apr_isspace(*text)) {
            continue;
        }
        if (digit_of(text[0]) < 0 || digit_of(text[1]) < 0) {
            return NULL;
        }
        *to++ = (char)(digit_of(text[0]) << 4 | digit_of(text[1]));
    }
    *to = '\0';
    *length = (apr_size_t)(to - out);
    return out;
}

/* NULL if the text is not written so. */
static const char *decode(int encoding, const char *text, apr_size_t *length,
                          apr_pool_t *p)
{
    return encoding == HEX      ? decode_hex(text, length, p)
           : encoding == BASE64 ? wf_base64_decode(text, length, p)
                                : text;
}

static wf_value_t encode(int encoding, const char *data, apr_size_t n, apr_pool_t *p)
{
    static const char digits[] = "0123456789abcdef";
    char *text;
    apr_size_t i;

    if (encoding == TEXT) {
        return wf_string_n(data ? data : "", n, p);
    }
    if (encoding == BASE64) {
        text = apr_palloc(p, (apr_size_t)apr_base64_encode_len((int)n));
        apr_base64_encode_binary(text, (const unsigned char *)data, (int)n);
        return wf_string(text);
    }
    text = apr_palloc(p, 2 * n + 1);
    for (i = 0; i < n; i++) {
        text[2 * i] = digits[(unsigned char)data[i] >> 4];
        text[2 * i + 1] = digits[(unsigned char)data[i] & 15];
    }
    text[2 * n] = '\0';
    return wf_string(text);
}

/* ---- compiling ----------------------------------------------------------------------- */

typedef struct draft_t {
    int action, protocol, encoding, tls, reuse;
    const char *host, *delimiter;
    const wf_node_t *port, *data;
    wf_http_options_t options; /* ssl */
    apr_int64_t timeout_ns, buffer_size, length;
} draft_t;

static const char *const action_words[] = { "connect", "send", "receive", "close", NULL };
static const char *const protocol_words[] = { "tcp", "udp", NULL };
static const char *const encoding_words[] = { "text", "base64", "hex", NULL };

/* clang-format off */
static const wf_field_t fields[] = {
    WF_ONE_OF("action", action_words, draft_t, action),
    WF_ONE_OF("protocol", protocol_words, draft_t, protocol),
    WF_FIELD("host", STRING, draft_t, host),
    WF_FIELD("port", NODE, draft_t, port),
    WF_FIELD("tls", BOOLEAN, draft_t, tls),
    WF_MADE_OF("ssl", wf_http_ssl_fields, draft_t, options),
    WF_FIELD("reuse", BOOLEAN, draft_t, reuse),
    WF_FIELD("timeout", DURATION, draft_t, timeout_ns),
    WF_FIELD("data", NODE, draft_t, data),
    WF_ONE_OF("encoding", encoding_words, draft_t, encoding),
    WF_FIELD("length", INTEGER, draft_t, length),
    WF_FIELD("delimiter", STRING, draft_t, delimiter),
    WF_FIELD("buffer_size", INTEGER, draft_t, buffer_size),
    WF_FIELDS_END
};

/* Who reads what. */
static const struct {
    const char *name;
    unsigned actions; /* bits */
} readers[] = {
    { "protocol",    1u << CONNECT },
    { "host",        1u << CONNECT },
    { "port",        1u << CONNECT },
    { "tls",         1u << CONNECT },
    { "ssl",         1u << CONNECT },
    { "reuse",       1u << CONNECT },
    { "data",        1u << SEND },
    { "encoding",    1u << SEND | 1u << RECEIVE },
    { "length",      1u << RECEIVE },
    { "delimiter",   1u << RECEIVE },
    { "buffer_size", 1u << RECEIVE },
};
/* clang-format on */

/* A part of the document that is being compiled. */
typedef struct place_t {
    const wf_node_t *config;
    const wf_where_t *path;
    wf_compile_t *c;
} place_t;

/* A member that is missing is missing where config begins. */
static const wf_node_t *member_or_config(const place_t *place, const char *name)
{
    const wf_node_t *node = wf_node_get(place->config, name);

    return node != NULL ? node : place->config;
}

#define PROBLEM(place, name, rule, ...)                                                  \
    do {                                                                                 \
        wf_where_t at_ = { .up = (place)->path, .key = (name) };                         \
                                                                                         \
        wf_compile_problem((place)->c, rule, member_or_config(place, name), &at_,       \
                           __VA_ARGS__);                                                 \
    } while (0)

static void warn(const place_t *place, const char *name, const char *text)
{
    const wf_node_t *node = wf_node_get(place->config, name);
    wf_where_t at = { .up = place->path, .key = name };

    wf_problem_warn(place->c->problems, "value", wf_where_text(&at, place->c->p),
                    node->line, node->column, "%s", text);
}

static void warn_of_unread(int action, const place_t *place)
{
    size_t i;

    for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        if ((readers[i].actions & 1u << action) == 0
            && wf_node_get(place->config, readers[i].name) != NULL) {
            warn(place, readers[i].name,
                 apr_pstrcat(place->c->p, "has no meaning where the action is ",
                             action_words[action], NULL));
        }
    }
}

/* The text of a member that may be a text or a number; NULL with a problem. */
static const char *needed_text(const wf_node_t *node, const char *name,
                               const place_t *place)
{
    const char *text = node ? wf_node_text(node, place->c->p) : NULL;

    if (text == NULL) {
        PROBLEM(place, name, node ? "type" : "required",
                node ? "must be a text or a number" : "is required");
    }
    return text;
}

static wf_text_t compile_text(const char *text, const char *name, const place_t *place)
{
    wf_where_t at = { .up = place->path, .key = name };

    return wf_compile_text(place->c, text, wf_node_get(place->config, name), &at);
}

static int read_port(const char *text, int *port)
{
    apr_int64_t number;

    *port = 0;
    if (!wf_parse_int64(text, &number) || number < 1 || number > 65535) {
        return 0;
    }
    *port = (int)number;
    return 1;
}

/* [::1] is an address, too. */
static const char *plain_host(const char *host, apr_pool_t *p)
{
    apr_size_t n = strlen(host);

    return n > 2 && *host == '[' && host[n - 1] == ']' && strchr(host, ':') != NULL
               ? apr_pstrmemdup(p, host + 1, n - 2)
               : host;
}

static void compile_peer(config_t *own, const draft_t *draft, const place_t *place)
{
    const char *port = needed_text(draft->port, "port", place);
    int number;

    if (draft->host == NULL) {
        PROBLEM(place, "host", "required", "is required");
    }
    if (draft->host == NULL || port == NULL) {
        return;
    }
    own->host = compile_text(draft->host, "host", place);
    own->port = compile_text(port, "port", place);
    if (own->host.literal != NULL) {
        own->host.literal = plain_host(own->host.literal, place->c->p);
        if (!wf_client_host_valid(own->host.literal)) {
            PROBLEM(place, "host", "value", "is neither a host name nor an address");
        }
    }
    if (own->port.literal != NULL && !read_port(own->port.literal, &number)) {
        PROBLEM(place, "port", "range", "must be a number from 1 to 65535");
    }
}

static void compile_connect(config_t *own, const draft_t *draft, const place_t *place)
{
    compile_peer(own, draft, place);
    own->udp = draft->protocol == 1;
    own->tls = draft->tls;
    own->reuse = draft->reuse;
    wf_client_settings_init(&own->settings);
    wf_http_tls(&own->settings, &draft->options, place->path, place->c);
    if (own->udp && own->tls) {
        PROBLEM(place, "tls", "value", "TLS needs protocol tcp");
    }
    if (!own->tls && wf_node_get(place->config, "ssl") != NULL) {
        warn(place, "ssl", "has no meaning without tls: true");
    }
}

static void compile_send(config_t *own, const draft_t *draft, const place_t *place)
{
    const char *text = needed_text(draft->data, "data", place);

    if (text == NULL) {
        return;
    }
    own->data = compile_text(text, "data", place);
    if (own->data.literal == NULL) {
        return;
    }
    own->length = strlen(own->data.literal);
    own->bytes = decode(own->encoding, own->data.literal, &own->length, place->c->p);
    if (own->bytes == NULL) {
        PROBLEM(place, "data", "value", "is no %s", encoding_words[own->encoding]);
    }
}

/* One byte; as an escape, too, because YAML knows those only between double quotes. */
static int delimiter_of(const char *text, const place_t *place)
{
    static const char names[] = "nrt0", bytes[] = "\n\r\t";
    const char *name = *text == '\\' && text[1] != '\0' ? strchr(names, text[1]) : NULL;

    if (text[name ? 2 : 1] != '\0' && *text != '\0') {
        warn(place, "delimiter",
             "only its first byte counts; lines that end with \\r\\n end with \\n");
    }
    return (unsigned char)(name ? bytes[name - names] : *text);
}

static void compile_receive(config_t *own, const draft_t *draft, const place_t *place)
{
    own->want.length = (apr_size_t)draft->length;
    own->want.delimiter = WF_CLIENT_NO_DELIMITER;
    own->want.at_most = (apr_size_t)draft->buffer_size;
    if (draft->length > MESSAGE_MAX) {
        PROBLEM(place, "length", "range", "must be at most %d", MESSAGE_MAX);
    }
    if (draft->buffer_size < 1 || draft->buffer_size > BUFFER_SIZE_MAX) {
        PROBLEM(place, "buffer_size", "range", "must be 1 to %d", BUFFER_SIZE_MAX);
    }
    if (draft->delimiter != NULL && draft->length > 0) {
        warn(place, "delimiter", "has no meaning beside length");
    }
    else if (draft->delimiter != NULL) {
        own->want.delimiter = delimiter_of(draft->delimiter, place);
        own->want.at_most = MESSAGE_MAX;
    }
}

static void compile_action(config_t *own, const draft_t *draft, const place_t *place)
{
    switch (own->action) {
    case CONNECT:
        compile_connect(own, draft, place);
        break;
    case SEND:
        compile_send(own, draft, place);
        break;
    case RECEIVE:
        compile_receive(own, draft, place);
        break;
    default:
        break;
    }
    warn_of_unread(own->action, place);
}

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    config_t *own = apr_pcalloc(c->p, sizeof(*own));
    draft_t draft = { .action = ACTIONS,
                      .options = { .verify = 1 },
                      .timeout_ns = TIMEOUT_NS,
                      .buffer_size = BUFFER_SIZE };
    place_t place = { config, path, c };
    wf_where_t at = { .up = path, .key = "action" };

    step->config = own;
    if (config != NULL) {
        wf_schema_bind(fields, config, &draft, path, c);
    }
    if (config == NULL || wf_node_get(config, "action") == NULL) {
        wf_compile_problem(c, "required", config ? config : step->node, &at,
                           "is required: connect, send, receive or close");
        return;
    }
    step->timeout_ns = step->timeout_ns > 0 ? step->timeout_ns : draft.timeout_ns;
    own->action = draft.action;
    own->encoding = draft.encoding;
    if (own->action != ACTIONS) {
        compile_action(own, &draft, &place);
    }
}

/* ---- outcome ------------------------------------------------------------------------- */

static const struct {
    wf_step_status_e status;
    const char *code;
} verdicts[WF_CLIENT_OUTCOMES] = {
    /* clang-format off */
    [WF_CLIENT_OK]        = { WF_STEP_SUCCESS, NULL },
    [WF_CLIENT_TIMEOUT]   = { WF_STEP_TIMEOUT, "TIMEOUT_ERROR" },
    [WF_CLIENT_CONNECT]   = { WF_STEP_FAILED,  "CONNECTION_ERROR" },
    [WF_CLIENT_TLS]       = { WF_STEP_FAILED,  "CONNECTION_ERROR" },
    [WF_CLIENT_DENIED]    = { WF_STEP_FAILED,  "CONNECTION_ERROR" },
    [WF_CLIENT_REDIRECTS] = { WF_STEP_FAILED,  "EXECUTION_ERROR" },
    [WF_CLIENT_TOO_LARGE] = { WF_STEP_FAILED,  "EXECUTION_ERROR" },
    [WF_CLIENT_PROTOCOL]  = { WF_STEP_FAILED,  "CONNECTION_ERROR" },
    /* clang-format on */
};

static void keep(wf_strand_t *strand, state_t *state, const wf_client_moved_t *moved)
{
    apr_pool_t *p = wf_strand_pool(strand);

    state->done = 1;
    state->bytes = moved->bytes;
    state->local = apr_pstrdup(p, moved->local);
    state->remote = apr_pstrdup(p, moved->remote);
    if (moved->data != NULL) {
        state->data = apr_pstrmemdup(p, moved->data, moved->bytes);
        wf_strand_spend(strand, moved->bytes);
    }
}

static void count(wf_result_t *result, apr_size_t sent, apr_size_t received)
{
    result->sent = (apr_int64_t)sent;
    result->received = (apr_int64_t)received;
    result->extras[0] = (double)sent;
    result->extras[1] = (double)received;
}

/* What the stream says becomes what the step has done. */
static wf_step_progress_e settle(wf_strand_t *strand, wf_act_t *act,
                                 const wf_client_moved_t *moved)
{
    const config_t *config = act->step->config;

    if (moved->outcome != WF_CLIENT_OK) {
        wf_result_fail(act->result, verdicts[moved->outcome].status,
                       verdicts[moved->outcome].code, "%s", moved->error);
        return WF_STEP_DONE;
    }
    keep(strand, act->state, moved);
    count(act->result, config->action == SEND ? moved->bytes : 0,
          config->action == RECEIVE ? moved->bytes : 0);
    return WF_STEP_DONE;
}

static void on_moved(wf_strand_t *strand, const wf_client_moved_t *moved)
{
    settle(strand, wf_strand_top(strand), moved);
    wf_strand_done(strand);
}

/* ---- running ------------------------------------------------------------------------- */

static wf_step_progress_e fail(wf_act_t *act, const char *code, const char *text)
{
    wf_result_fail(act->result, WF_STEP_FAILED, code, "%s", text);
    return WF_STEP_DONE;
}

static apr_status_t eval_peer(wf_client_peer_t *peer, const config_t *config,
                              wf_strand_t *strand, apr_pool_t *p, wf_error_t *err)
{
    const char *port;
    apr_status_t rv = wf_text_eval(&config->host, strand, &peer->host, p, err);

    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "host");
    }
    peer->host = plain_host(peer->host, p);
    rv = wf_text_eval(&config->port, strand, &port, p, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "port");
    }
    if (!read_port(port, &peer->port)) {
        return wf_error_field(err, WF_ERR_INVALID, "port",
                              "port: \"%.60s\" is no number from 1 to 65535", port);
    }
    return APR_SUCCESS;
}

static wf_step_progress_e do_connect(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    wf_client_peer_t peer = { .tls = config->tls,
                              .udp = config->udp,
                              .settings = &config->settings };
    apr_pool_t *p = wf_strand_pool(strand);
    apr_status_t rv;
    wf_error_t err;

    wf_error_init(&err, p);
    rv = eval_peer(&peer, config, strand, p, &err);
    if (rv == APR_SUCCESS && wf_strand_stream(strand) == NULL) {
        rv = wf_strand_open_stream(strand, &err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_client_stream_connect(wf_strand_stream(strand), &peer, p, &err);
    }
    if (rv != APR_SUCCESS) {
        return wf_act_fail(act, err.message);
    }
    wf_strand_spend(strand, CONNECT_SPENDS);
    wf_strand_await_stream(strand, on_moved);
    return WF_STEP_WAITING;
}

/* NULL: it goes on without us. */
static wf_step_progress_e follow(wf_strand_t *strand, wf_act_t *act,
                                 const wf_client_moved_t *moved)
{
    if (moved == NULL) {
        wf_strand_await_stream(strand, on_moved);
        return WF_STEP_WAITING;
    }
    return settle(strand, act, moved);
}

static wf_step_progress_e do_send(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    const char *bytes = config->bytes;
    apr_size_t length = config->length;
    apr_pool_t *p = wf_strand_pool(strand);
    wf_error_t err;

    wf_error_init(&err, p);
    if (bytes == NULL) {
        if (wf_template_text(config->data.tmpl, wf_strand_scope(strand), &bytes, &length,
                             p, &err)
            != APR_SUCCESS) {
            return wf_act_fail(act, err.message);
        }
        bytes = decode(config->encoding, bytes, &length, p);
        wf_strand_spend(strand, 2 * length);
    }
    if (bytes == NULL) {
        return wf_act_fail(
            act, apr_pstrcat(p, "data is no ", encoding_words[config->encoding], NULL));
    }
    return follow(strand, act,
                  wf_client_stream_send(wf_strand_stream(strand), bytes, length));
}

static wf_step_progress_e do_receive(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;

    return follow(strand, act,
                  wf_client_stream_receive(wf_strand_stream(strand), &config->want));
}

static wf_step_progress_e do_close(wf_strand_t *strand, wf_act_t *act)
{
    wf_client_stream_t *stream = wf_strand_stream(strand);
    state_t *state = act->state;

    state->was_open = stream != NULL && wf_client_stream_close(stream);
    state->done = 1;
    return WF_STEP_DONE;
}

static const struct {
    wf_step_progress_e (*act)(wf_strand_t *strand, wf_act_t *act);
    int connected; /* it needs a connection */
    int paced;     /* the other side has work with it */
} actions[ACTIONS] = {
    [CONNECT] = { do_connect, 0, 1 },
    [SEND] = { do_send, 1, 1 },
    [RECEIVE] = { do_receive, 1, 0 },
    [CLOSE] = { do_close, 0, 0 },
};

static wf_step_progress_e act_now(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    wf_client_stream_t *stream = wf_strand_stream(strand);

    if (wf_strand_stream_taken(strand)) {
        return fail(act, "EXECUTION_ERROR",
                    "another branch of this user is using its connection");
    }
    if (actions[config->action].connected
        && (stream == NULL || !wf_client_stream_is_open(stream))) {
        return fail(act, "CONNECTION_ERROR",
                    "not connected: no step has connected, or the connection was lost");
    }
    return actions[config->action].act(strand, act);
}

/* A user that is connected there goes on with that: 1, and the step is done. */
static int reuse(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;
    wf_client_stream_t *stream = wf_strand_stream(strand);
    wf_client_peer_t peer = { .tls = config->tls, .udp = config->udp };
    const wf_client_moved_t *kept;
    state_t *state = act->state;
    wf_error_t err;

    wf_error_init(&err, wf_strand_pool(strand));
    if (!config->reuse || stream == NULL || wf_strand_stream_taken(strand)
        || eval_peer(&peer, config, strand, err.pool, &err) != APR_SUCCESS) {
        return 0; /* connecting says why */
    }
    kept = wf_client_stream_kept(stream, &peer);
    if (kept != NULL) {
        state->reused = 1;
        settle(strand, act, kept);
    }
    return kept != NULL;
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const config_t *config = act->step->config;

    act->state = apr_pcalloc(wf_act_pool(act), sizeof(state_t));
    wf_strand_spend(strand, sizeof(state_t));
    if (reuse(strand, act)) {
        return WF_STEP_DONE;
    }
    if (actions[config->action].paced && wf_act_held_up(act)) {
        return WF_STEP_WAITING;
    }
    return act_now(strand, act);
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    if (wf_strand_leave_stream(strand)) { /* it waits for nothing while it is held */
        count(act->result, wf_client_stream_cancel(wf_strand_stream(strand)), 0);
    }
}

/* ---- output -------------------------------------------------------------------------- */

static void fill(wf_result_t *r, const void *data)
{
    const config_t *config = r->step->config;
    const state_t *state = data;

    switch (config->action) {
    case CONNECT:
        wf_result_put(r, "connected", wf_boolean(state->done));
        wf_result_put(r, "local_addr", wf_string(state->local));
        wf_result_put(r, "remote_addr", wf_string(state->remote));
        wf_result_put(r, "protocol", wf_string(protocol_words[config->udp]));
        wf_result_put(r, "tls_enabled", wf_boolean(config->tls));
        wf_result_put(r, "reused", wf_boolean(state->reused));
        break;
    case SEND:
        wf_result_put(r, "bytes_sent", wf_long((apr_int64_t)state->bytes));
        break;
    case RECEIVE:
        wf_result_put(r, "bytes_received", wf_long((apr_int64_t)state->bytes));
        wf_result_put(r, "data",
                      encode(config->encoding, state->data, state->bytes,
                             wf_strand_pool(r->strand)));
        break;
    default:
        wf_result_put(r, "closed", wf_boolean(state->done));
        wf_result_put(r, "was_connected", wf_boolean(state->was_open));
    }
}

static const char *const extra_names[] = { "data_sent", "data_received", NULL };

const wf_step_type_t wf_step_socket = {
    .name = "socket",
    .capability = "socket_executor",
    .compile = compile,
    .start = start,
    .wake = act_now,
    .cancel = cancel,
    .state_size = sizeof(state_t),
    .fill = fill,
    .extras = extra_names,
};
