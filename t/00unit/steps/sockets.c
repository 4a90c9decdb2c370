/* Socket steps: what really arrives at the other side, what the steps show of it, and
 * what happens to connections when iterations, users and targets end. */
#include "../tap.h"
#include "../peer.h"
#include "run.h"

#include <sys/resource.h>

#define HEAD "id: w\nname: W\nvariables: {here: 127.0.0.1, port: PORT, word: w1}\n"
#define S(id, config) "{id: " id ", type: socket, config: {" config "}}"
#define SX(id, config, more) "{id: " id ", type: socket, config: {" config "}, " more "}"
#define CONNECT S("c", "action: connect, host: 127.0.0.1, port: PORT")
#define SEND(id, text) S(id, "action: send, data: \"" text "\"")
#define LINE(id) S(id, "action: receive, delimiter: \"\\n\"")
#define CONNECT_ONCE S("c", "action: connect, host: 127.0.0.1, port: PORT, reuse: true")
#define CONNECT_UDP S("c", "action: connect, protocol: udp, host: 127.0.0.1, port: UDP")

static peer_t peer;

/* PORT and UDP stand for the peer's. */
static const char *with_ports(const char *yaml, apr_pool_t *p)
{
    const char *out = "", *at;

    while ((at = strpbrk(yaml, "PU")) != NULL) {
        int tcp = strncmp(at, "PORT", 4) == 0, udp = strncmp(at, "UDP", 3) == 0;

        out = apr_psprintf(p, "%s%.*s", out, (int)(at - yaml), yaml);
        out = tcp   ? apr_psprintf(p, "%s%d", out, peer.port)
              : udp ? apr_psprintf(p, "%s%d", out, peer.udp_port)
                    : apr_psprintf(p, "%s%c", out, *at);
        yaml = at + (tcp ? 4 : udp ? 3 : 1);
    }
    return apr_pstrcat(p, out, yaml, NULL);
}

static int run(runner_t *r, const char *yaml)
{
    return runner_run(r, with_ports(yaml, r->pool));
}

static const char *first_error(const runner_t *r)
{
    json_object *first = json_object_array_get_idx(r->last.errors, 0);

    return first ? apr_psprintf(r->pool, "%s: %s", wf_json_string(first, "step_id", ""),
                                wf_json_string(first, "message", ""))
                 : NULL;
}

/* ---- what arrives -------------------------------------------------------------------- */

static const struct {
    const char *what;
    const char *steps;
    const char *kept;  /* lines at the peer */
    const char *error; /* the first one, or NULL */
} cases[] = {
    /* clang-format off */
    { "what each action shows", "- " CONNECT "\n- " SEND("s", "echo hi\\n") "\n- " LINE("r") "\n- "
      SEND("t", "told ${c.connected} ${c.protocol} ${c.tls_enabled} ${s.bytes_sent} ${r.bytes_received} ${r.data}"),
      "echo hi|told true tcp false 8 3 hi", NULL },
    { "addresses", "- " CONNECT "\n- " SEND("t", "${c.remote_addr}\\n"), "127.0.0.1:PORT", NULL },
    { "closing twice", "- " CONNECT "\n- " S("x", "action: close") "\n- " S("y", "action: close") "\n- "
      S("d", "action: connect, host: 127.0.0.1, port: PORT") "\n- "
      SEND("t", "${x.closed} ${x.was_connected} ${y.closed} ${y.was_connected}\\n"), "true true true false", NULL },
    { "templates", "- " S("c", "action: connect, host: '${here}', port: '${port}'") "\n- " SEND("s", "say ${word}\\n"),
      "say w1", NULL },
    { "IPv6 in brackets", "- " SX("c", "action: connect, host: '[::1]', port: 1", "on_error: continue"), "",
      "c: no connection to [::1]:1: Connection refused" },
    { "a port that is none", "- " S("c", "action: connect, host: '${here}', port: '${word}'"), "",
      "c: port: \"w1\" is no number from 1 to 65535" },
    { "a host that is none", "- " S("c", "action: connect, host: 'a b ${word}', port: 1"), "",
      "c: \"a b w1\" is neither a host name nor an address" },
    { "without connecting", "- " SEND("s", "x\\n"), "",
      "s: not connected: no step has connected, or the connection was lost" },
    { "receiving the same", "- " LINE("r"), "",
      "r: not connected: no step has connected, or the connection was lost" },
    { "a lost connection", "- " CONNECT "\n- " SEND("s", "bye\\n") "\n- "
      SX("r", "action: receive, length: 3", "on_error: continue") "\n- " SEND("t", "more\\n"), "bye",
      "r: closed by the other side" },
    { "connecting again", "- " CONNECT "\n- " SEND("s", "bye\\n") "\n- "
      SX("r", "action: receive, length: 3", "on_error: continue") "\n- "
      S("d", "action: connect, host: 127.0.0.1, port: PORT") "\n- " SEND("t", "more ${r.status} ${r.bytes_received}\\n"),
      "bye|more failed 0", "r: closed by the other side" },
    { "bytes stay for the next step", "- " CONNECT "\n- " SEND("s", "split\\n") "\n- " S("a", "action: receive, length: 2")
      "\n- " LINE("b") "\n- " S("d", "action: receive, length: 3") "\n- "
      SEND("t", "${a.data},${b.bytes_received},${d.data}\\n"), "split|on,3,two", NULL },
    { "an escape as delimiter", "- " CONNECT "\n- " SEND("s", "echo a\\n") "\n- " S("r", "action: receive, delimiter: \\n")
      "\n- " SEND("t", "got ${r.data}"), "echo a|got a", NULL },
    { "one read, of so many bytes", "- " CONNECT "\n- " SEND("s", "echo abc\\n") "\n- "
      S("a", "action: receive, buffer_size: 2") "\n- " S("b", "action: receive") "\n- " SEND("t", "${a.data} ${b.data}"),
      "echo abc|ab c", NULL },
    { "hex", "- " CONNECT "\n- " S("s", "action: send, encoding: hex, data: '6563686f 2041 0A'") "\n- "
      S("r", "action: receive, encoding: hex, length: 2") "\n- " SEND("t", "${r.data} ${s.bytes_sent}\\n"),
      "echo A|410a 7", NULL },
    { "base64", "- " CONNECT "\n- " S("s", "action: send, encoding: base64, data: 'ZWNobyBBCg=='") "\n- "
      S("r", "action: receive, encoding: base64, length: 2") "\n- " SEND("t", "${r.data}\\n"), "echo A|QQo=", NULL },
    { "hex that is none, at run time", "- " CONNECT "\n- " S("s", "action: send, encoding: hex, data: '${word}'"), "",
      "s: data is no hex" },
    { "a number as data", "- " CONNECT "\n- " S("s", "action: send, data: 12") "\n- " SEND("t", "\\n"), "12", NULL },
    { "too late", "- " CONNECT "\n- " SEND("s", "hush\\n") "\n- "
      SX("r", "action: receive, length: 1, timeout: 50ms", "on_error: continue") "\n- " SEND("t", "echo ${r.status}\\n")
      "\n- " LINE("u") "\n- " SEND("v", "got ${u.data}"), "hush|echo timeout|got timeout", "r: timed out after 50ms" },
    { "the step's timeout wins", "- " CONNECT "\n- " SX("r", "action: receive, length: 1", "timeout: 20ms"), "",
      "r: timed out after 20ms" },
    { "another attempt", "- " CONNECT "\n- " SEND("s", "slow 12345678\\n") "\n- "
      SX("r", "action: receive, delimiter: \"\\n\"", "timeout: 5ms, on_error: retry, retry: {max_attempts: 500, delay: 1ms}")
      "\n- " SEND("t", "got ${r.data}"), "slow 12345678|got 12345678", "r: timed out after 5ms" },
    { "one at a time", "- " CONNECT "\n- {id: p, type: parallel, steps: [" LINE("a") ", "
      SX("b", "action: send, data: \"no\\n\"", "on_error: continue") "], timeout: 100ms, on_error: continue}\n- " SEND("t", "echo on\\n") "\n- " LINE("u"), "echo on",
      "b: another branch of this user is using its connection" },
    { "branches in turn", "- " CONNECT "\n- {id: p, type: parallel, max_concurrent: 1, steps: [" SEND("a", "1\\n") ", " SEND("b", "2\\n") "]}\n- "
      SEND("t", "3\\n"), "1|2|3", NULL },
    { "within another workflow", "- " CONNECT "\n- {id: w, type: ref_workflow, workflow_definition: {steps: [" SEND("a", "in\\n") "]}}\n- "
      SEND("t", "out\\n"), "in|out", NULL },
    { "UDP", "- " CONNECT_UDP "\n- " SEND("s", "ping") "\n- " S("r", "action: receive") "\n- "
      SEND("t", "${r.data} ${r.bytes_received} ${c.protocol}") "\n- " S("u", "action: receive"), "ping|ping 4 udp", NULL },
    { "a lost datagram", "- " CONNECT_UDP "\n- " SEND("s", "hush") "\n- "
      SX("r", "action: receive, timeout: 30ms", "on_error: continue") "\n- " SEND("t", "again") "\n- " S("u", "action: receive"),
      "hush|again", "r: timed out after 30ms" },
    { "nobody there", "- " SX("c", "action: connect, protocol: udp, host: 127.0.0.1, port: 1", "on_error: continue") "\n- "
      SEND("s", "anybody") "\n- " S("r", "action: receive"), "", "r: receiving failed: Connection refused" },
    { "no TLS there", "- " CONNECT "\n- " SEND("s", "a\\n") "\n- "
      S("d", "action: connect, host: 127.0.0.1, port: 1, tls: true, ssl: {verify: false}"), "a",
      "d: no connection to 127.0.0.1:1: Connection refused" },
    /* clang-format on */
};

static int lines_in(const char *kept)
{
    int n = *kept != '\0';

    for (; *kept != '\0'; kept++) {
        n += *kept == '|';
    }
    return n;
}

static void arrivals(runner_t *r)
{
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        peer_reset_counts(&peer);
        ok(run(r, apr_psprintf(r->pool,
                               HEAD "steps:\n%s\noptions: {vus: 1, iterations: 1}\n",
                               cases[i].steps)),
           "%s", cases[i].what);
        ok(peer_has_lines(&peer, lines_in(cases[i].kept)), "lines arrive");
        ok(peer_has_open(&peer, 0), "nothing is left open");
        is_str(peer.kept, with_ports(cases[i].kept, r->pool), "what arrives");
        is_str(first_error(r), cases[i].error, "what failed");
    }
}

/* ---- documents ------------------------------------------------------------------------ */

static const struct {
    const char *config;
    const char *says;
} refused[] = {
    { "host: a", "config.action: is required: connect, send, receive or close" },
    { "action: listen", "action" },
    { "action: connect", "config.host: is required" },
    { "action: connect, host: a", "config.port: is required" },
    { "action: connect, host: a, port: 0", "config.port: must be a number from 1" },
    { "action: connect, host: a, port: http", "config.port: must be a number from 1" },
    { "action: connect, host: a, port: []", "config.port: must be a text or a number" },
    { "action: connect, host: 'a b', port: 1", "config.host: is neither" },
    { "action: connect, host: 'http://a', port: 1", "config.host: is neither" },
    { "action: connect, host: a, port: 1, protocol: sctp", "config.protocol" },
    { "action: connect, host: a, port: 1, protocol: udp, tls: true", "TLS needs" },
    { "action: connect, host: a, port: 1, tls: true, ssl: {ca: '${x}'}",
      "config.ssl.ca: can only name variables" },
    { "action: send", "config.data: is required" },
    { "action: send, data: {a: 1}", "config.data: must be a text or a number" },
    { "action: send, data: xyz, encoding: hex", "config.data: is no hex" },
    { "action: send, data: '123', encoding: hex", "config.data: is no hex" },
    { "action: send, data: '!!', encoding: base64", "config.data: is no base64" },
    { "action: send, data: a, encoding: rot13", "config.encoding" },
    { "action: receive, length: 99999999999", "config.length: must be at most" },
    { "action: receive, buffer_size: 0", "config.buffer_size: must be 1" },
    { "action: receive, buffer_size: 9999999", "config.buffer_size: must be 1" },
};

static const struct {
    const char *config;
    const char *says;
} warned[] = {
    { "action: close, host: a", "has no meaning where the action is close" },
    { "action: send, data: a, delimiter: x", "has no meaning where the action is send" },
    { "action: receive, delimiter: \"\\r\\n\"", "only its first byte counts" },
    { "action: receive, delimiter: x, length: 3", "has no meaning beside length" },
    { "action: connect, host: a, port: 1, ssl: {verify: false}", "without tls: true" },
};

static wf_plan_t *read_plan(runner_t *r, const char *config, wf_problems_t **problems)
{
    const char *yaml = apr_psprintf(
        r->pool, "id: w\nname: W\nsteps:\n- {id: s, type: socket, config: {%s}}\n",
        config);
    wf_plan_t *plan = NULL;

    *problems = wf_problems_create("test.yaml", r->pool);
    plan_from_yaml(&plan, yaml, strlen(yaml), *problems, r->pool);
    return plan;
}

static void documents(runner_t *r)
{
    wf_problems_t *problems;
    const char *text;
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ok(read_plan(r, refused[i].config, &problems) == NULL, "refused: %s",
           refused[i].config);
        text = wf_problems_text(problems, r->pool);
        if (!ok(strstr(text, refused[i].says) != NULL, "which is told")) {
            diag("%s", text);
        }
    }
    for (i = 0; i < sizeof(warned) / sizeof(warned[0]); i++) {
        ok(read_plan(r, warned[i].config, &problems) != NULL, "warned of: %s",
           warned[i].config);
        text = wf_problems_text(problems, r->pool);
        if (!ok(strstr(text, warned[i].says) != NULL, "which is told")) {
            diag("%s", text);
        }
    }
}

/* ---- over iterations -------------------------------------------------------------------- */

static void iterations(runner_t *r)
{
    json_object *step;

    peer_reset_counts(&peer);
    ok(run(r,
           HEAD "steps:\n- {id: i, type: if, condition: '${__ITER} == 0', then: [" CONNECT
                "]}\n- " SEND("s", "echo x\\n") "\n- " LINE(
                    "r") "\n"
                         "options: {vus: 2, mode: per-vu-iterations, iterations: 5, "
                         "thresholds: ["
                         "{metric: s.data_sent, condition: '== 7'}, "
                         "{metric: r.data_received, condition: '== 2'}]}\n"),
       "a user keeps its connection");
    ok(peer_has_lines(&peer, 10), "every iteration uses it");
    is_int(peer.connections, 2, "and there is one each");
    is_int(r->last.iterations, 10, "all of them");
    is_int(r->last.data_sent, peer.bytes, "bytes sent are counted");
    is_int(r->last.data_received, 20, "bytes received are counted");
    step = runner_step(r, "s");
    is_int(wf_json_int(step, "success_count", -1), 10, "sends are counted");
    is_int(r->last.thresholds_passed, 2, "and what one of them sent, and received");
    peer_reset_counts(&peer);
    ok(run(r, HEAD "steps:\n- " CONNECT_ONCE "\n- " SEND(
                  "s", "${c.reused}\\n") "\n"
                                         "options: {vus: 1, iterations: 3}\n"),
       "a user that connects if it has to");
    ok(peer_has_lines(&peer, 3), "sends its lines");
    is_str(peer.kept, "false|true|true", "on one connection");
    is_int(peer.connections, 1, "from its first iteration on");
    peer_reset_counts(&peer);
    ok(run(r, HEAD "steps:\n- " CONNECT_ONCE "\n- " SEND(
                  "s", "bye\\n") "\n- {id: z, type: sleep, config: {duration: 100ms}}\n"
                                 "options: {vus: 1, iterations: 3}\n"),
       "where the target closes");
    ok(peer_has_lines(&peer, 3), "nothing is lost");
    is_int(peer.connections, 3, "it has a new one each time");
    peer_reset_counts(&peer);
    ok(run(r, HEAD "steps:\n- " CONNECT
                   "\n- " SEND("s", "x\\n") "\n"
                                            "options: {vus: 1, iterations: 5}\n"),
       "a user that connects in each iteration");
    ok(peer_has_lines(&peer, 5), "sends its lines");
    is_int(peer.connections, 5, "on a new one each time");
    ok(peer_has_open(&peer, 0), "none is left");
}

/* A target that goes down in the middle: the step says so, and the next iteration may
 * connect again. */
static void broken(runner_t *r)
{
    wf_error_t err;
    int i;

    wf_error_init(&err, r->pool);
    peer_reset_counts(&peer);
    ok(runner_start(
           r, "exec-broken",
           with_ports(
               HEAD "steps:\n- " CONNECT "\n- " SEND("s", "hush\\n") "\n- " SX(
                   "r", "action: receive, length: 1",
                   "on_error: continue") "\noptions: {vus: 3, mode: per-vu-iterations, "
                                         "iterations: 2}\n",
               r->pool),
           &err)
           == APR_SUCCESS,
       "users wait for bytes");
    for (i = 0; i < 2; i++) {
        ok(peer_has_open(&peer, 3), "all are connected");
        ok(peer_has_lines(&peer, 3 * (i + 1)), "and have said something");
        peer_drop_all(&peer);
        ok(peer_has_open(&peer, 0) || i == 0, "the target breaks them");
    }
    ok(runner_wait(r), "the run ends");
    is_str(first_error(r), "r: closed by the other side", "because of that");
    is_int(peer.connections, 6, "each iteration connected");
    is_int(wf_json_int(runner_step(r, "r"), "failure_count", -1), 6, "and failed");
}

/* ---- many users -------------------------------------------------------------------------- */

#define USERS 1000

static long resident_kb(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;

    if (f != NULL && fscanf(f, "%ld %ld", &size, &resident) != 2) {
        resident = 0;
    }
    if (f != NULL) {
        fclose(f);
    }
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Each user has its own connection, and all are idle together; pause, resume, stop. */
static void many(runner_t *r)
{
    struct rlimit limit;
    wf_error_t err;
    long before = resident_kb(), after;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 2 * USERS + 100) {
        diag("only %lu descriptors: skipped", (unsigned long)limit.rlim_cur);
        return;
    }
    wf_error_init(&err, r->pool);
    peer_reset_counts(&peer);
    ok(runner_start(
           r, "exec-many",
           with_ports(HEAD "steps:\n- " CONNECT "\n- " SEND("s", "echo x\\n") "\n- " LINE(
                          "r") "\n- {id: z, type: sleep, config: {duration: 1h}}\n"
                               "options: {vus: 1000, duration: 1h, graceful_stop: 0s}\n",
                      r->pool),
           &err)
           == APR_SUCCESS,
       "many users start");
    ok(peer_has_open(&peer, USERS), "each connects");
    ok(peer_has_lines(&peer, USERS), "and talks");
    after = resident_kb();
    diag("%ld KiB a user, the other side's thread included", (after - before) / USERS);
    ok(wf_load_pause(r->load, "exec-many", &err) == APR_SUCCESS, "paused");
    ok(wf_load_resume(r->load, "exec-many", &err) == APR_SUCCESS, "resumed");
    ok(wf_load_scale(r->load, "exec-many", NULL, 10, &err) == APR_SUCCESS, "scaled");
    ok(wf_load_stop(r->load, "exec-many", &err) == APR_SUCCESS && runner_wait(r),
       "stopped");
    ok(peer_has_open(&peer, 0), "all connections are closed");
    is_int(peer.connections, USERS, "there were no others");
    is_int(json_object_array_length(r->last.errors), 0, "and no errors");
}

/* Somebody who is there and accepts no connection: his queue is full. */
typedef struct busy_t {
    int listener, port, first, second;
} busy_t;

static void busy_start(busy_t *b)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    b->listener = peer_bind(SOCK_STREAM, &b->port);
    listen(b->listener, 0);
    a.sin_port = htons((unsigned short)b->port);
    b->first = socket(AF_INET, SOCK_STREAM, 0);
    b->second = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ok(connect(b->first, (struct sockaddr *)&a, sizeof(a)) == 0, "a queue of one");
    connect(b->second, (struct sockaddr *)&a, sizeof(a));
}

static void busy_stop(busy_t *b)
{
    close(b->first);
    close(b->second);
    close(b->listener);
}

#define BIG                                                                              \
    1000000 /* bytes; a few of them are more than the system keeps for a socket          \
             */

/* A stop cuts whatever a step is doing. */
static void cut(runner_t *r)
{
    static const char *const deep[] = {
        "- " CONNECT "\n- " LINE("r"),
        "- " CONNECT "\n- " SEND("s", "deaf\\n") "\n- {id: f, type: for, start: 1, end: "
                                                 "30, steps: [" SEND("t", "%s") "]}",
        "- " CONNECT "\n- {id: p, type: parallel, steps: [" LINE(
            "r") ", "
                 "{id: z, type: sleep, config: {duration: 1h}}]}",
        "- " S("c", "action: connect, host: 127.0.0.1, port: %s"),
    };
    static const char *const what[] = { "receiving", "sending", "a branch that receives",
                                        "connecting" };
    char *big = apr_palloc(r->pool, BIG + 1);
    busy_t busy;
    size_t i;

    memset(big, 'x', BIG);
    big[BIG] = '\0';
    busy_start(&busy);
    for (i = 0; i < sizeof(deep) / sizeof(deep[0]); i++) {
        const char *format = apr_pstrcat(r->pool, HEAD "steps:\n", deep[i],
                                         "\noptions: {vus: 3, duration: 200ms, "
                                         "graceful_stop: 10ms}\n",
                                         NULL);

        ok(run(r, apr_psprintf(r->pool, format,
                               i == 1 ? big : apr_itoa(r->pool, busy.port))),
           "cut: %s", what[i]);
        is_int(r->last.iterations, 0, "no iteration counts");
        ok(r->last.elapsed_ms < 3000, "after %d ms", (int)r->last.elapsed_ms);
        __atomic_store_n(&peer.hears, 1, __ATOMIC_RELEASE);
        ok(peer_has_open(&peer, 0), "nothing is left open");
        __atomic_store_n(&peer.hears, 0, __ATOMIC_RELEASE);
    }
    busy_stop(&busy);
}

/* ---- what the administrator says ------------------------------------------------------- */

static int nobody(void *baton, const char *host, int port, const char *address)
{
    (void)baton;
    (void)host;
    (void)port;
    (void)address;
    return 0;
}

static void limits(void)
{
    wf_load_options_t options = { .loops = 1, .max_executions = 1, .max_vus = 10 };
    apr_int64_t began;
    runner_t r;

    options.max_rate = 20;
    runner_open_with(&r, &options);
    began = wf_mono_us();
    peer_reset_counts(&peer);
    ok(run(&r, HEAD "steps:\n- " CONNECT
                    "\n- {id: f, type: for, start: 1, end: 10, steps: [" SEND(
                        "s", "echo x\\n") ", " LINE("r") "]}\n"
                                                         "options: {vus: 1, "
                                                         "iterations: 1}\n"),
       "20 a second");
    ok(wf_mono_us() - began > 450000, "hold 11 of them back");
    ok(peer_has_lines(&peer, 10), "but drop none");
    runner_close(&r);
    options.max_rate = 0;
    options.permitted = nobody;
    runner_open_with(&r, &options);
    peer_reset_counts(&peer);
    ok(run(&r,
           HEAD "steps:\n- " SX(
               "c", "action: connect, host: 127.0.0.1, port: PORT",
               "on_error: continue") "\n- " S("d",
                                              "action: connect, protocol: udp, host: "
                                              "127.0.0.1, port: UDP") "\n"
                                                                      "options: {vus: 1, "
                                                                      "iterations: 1}\n"),
       "a target that is not permitted");
    is_str(first_error(&r), "c: connections to this address are not permitted",
           "says so");
    is_int(json_object_array_length(r.last.errors), 2, "also over UDP");
    is_int(peer.connections + peer.came, 0, "and sees nothing");
    runner_close(&r);
}

int main(void)
{
    runner_t r;

    apr_initialize();
    peer_start(&peer);
    runner_open(&r, 2);
    arrivals(&r);
    documents(&r);
    iterations(&r);
    broken(&r);
    many(&r);
    cut(&r);
    runner_close(&r);
    limits();
    peer_stop(&peer);
    apr_terminate();
    return done_testing();
}
