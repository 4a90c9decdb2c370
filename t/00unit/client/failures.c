/* What goes wrong on the way: each failure is one outcome with a text that stays the
 * same, in time, within bounds, and leaves the other exchanges of its multi alone. */
#include "loop.h"
#include "rogue.h"

static target_t rogue;

static const char *url_of(const char *path)
{
    return apr_psprintf(pool, "http://127.0.0.1:%d%s", rogue.port, path);
}

#define WITHIN "connection closed within the answer"
#define LARGE "the answer's body exceeds 4194304 bytes"
#define ENCODED "the answer's body is not encoded as it says"

static const struct {
    const char *path;
    wf_client_outcome_e outcome;
    int status;
    const char *error;
} failures[] = {
    /* clang-format off */
    { "/ok",               WF_CLIENT_OK,        200, NULL },
    { "/drop",             WF_CLIENT_CONNECT,   0,   "connection closed without an answer" },
    { "/reset",            WF_CLIENT_CONNECT,   0,   "connection lost while receiving" },
    { "/reset-body",       WF_CLIENT_CONNECT,   200, "connection lost while receiving" },
    { "/half-header",      WF_CLIENT_CONNECT,   200, WITHIN },
    { "/no-http",          WF_CLIENT_PROTOCOL,  0,   "the answer is no HTTP" },
    { "/zero-status",      WF_CLIENT_PROTOCOL,  0,   "the answer is no HTTP" },
    { "/short",            WF_CLIENT_CONNECT,   200, WITHIN },
    { "/bad-chunk",        WF_CLIENT_PROTOCOL,  200, "the answer is no HTTP" },
    { "/cut-chunk",        WF_CLIENT_CONNECT,   200, WITHIN },
    { "/no-last-chunk",    WF_CLIENT_CONNECT,   200, WITHIN },
    { "/huge-chunk",       WF_CLIENT_PROTOCOL,  200, "the answer is no HTTP" },
    { "/negative-length",  WF_CLIENT_PROTOCOL,  200, "the answer is no HTTP" },
    { "/no-length",        WF_CLIENT_OK,        200, NULL },
    { "/long-line",        WF_CLIENT_TOO_LARGE, 200, "the answer's header is too long" },
    { "/many-lines",       WF_CLIENT_TOO_LARGE, 200, "the answer's header is too long" },
    { "/many-hints",       WF_CLIENT_TOO_LARGE, 103, "the answer's header is too long" },
    { "/endless",          WF_CLIENT_TOO_LARGE, 200, LARGE },
    { "/endless-chunks",   WF_CLIENT_TOO_LARGE, 200, LARGE },
    { "/bomb",             WF_CLIENT_TOO_LARGE, 200, LARGE },
    { "/drip",             WF_CLIENT_TIMEOUT,   200, "no complete answer in time" },
    { "/drip-header",      WF_CLIENT_TIMEOUT,   200, "no complete answer in time" },
    { "/not-gzip",         WF_CLIENT_PROTOCOL,  200, ENCODED },
    { "/unknown-encoding", WF_CLIENT_PROTOCOL,  200, ENCODED },
    { "/hello",            WF_CLIENT_OK,        200, NULL },
    /* clang-format on */
};

static wf_client_settings_t *bounded(void)
{
    wf_client_settings_t *settings = new_settings();

    settings->timeout_ms = 3000;
    settings->max_read = 4 * 1024 * 1024;
    settings->compression = 1;
    return settings;
}

static void each_alone(fixture_t *f)
{
    wf_client_settings_t *settings = bounded(), *short_settings = bounded();
    size_t i;
    int keep;

    short_settings->timeout_ms = 200;
    for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        int drips = failures[i].outcome == WF_CLIENT_TIMEOUT;

        for (keep = 0; keep < 2; keep++) {
            wf_client_request_t request = new_request("GET", url_of(failures[i].path),
                                                      drips ? short_settings : settings);
            apr_int64_t started = wf_mono_us();
            wf_client_response_t *r = &f->workers[0].r;

            request.keep_headers = request.keep_body = keep;
            request.max_body = 0;
            ok(exchange(f, prepare_request(&request)), "%s, %s", failures[i].path,
               keep ? "kept" : "dropped");
            is_int(r->outcome, failures[i].outcome, "outcome");
            is_int(r->status, failures[i].status, "status");
            is_str(r->error, failures[i].error, "text");
            ok(wf_mono_us() - started < 5 * 1000000, "in time");
            ok(r->received < 8 * 1024 * 1024, "within bounds");
        }
    }
}

/* All at once in one multi, and healthy exchanges among them again and again. */
static void all_together(fixture_t *f)
{
    wf_client_settings_t *settings = bounded();
    wf_client_call_t *good = prepare_url("GET", url_of("/ok"), settings);
    size_t n = sizeof(failures) / sizeof(failures[0]), i;
    int fine = 0, healthy = 0;

    for (i = 0; i < n; i += WORKERS - 1) {
        int batch = (int)(n - i < WORKERS - 1 ? n - i : WORKERS - 1), k;

        for (k = 0; k < batch; k++) {
            begin(f, k, prepare_url("GET", url_of(failures[i + k].path), settings));
        }
        for (k = 0; k < 50; k++) {
            apr_int64_t until = wf_mono_us() + DEADLINE_US;

            begin(f, WORKERS - 1, good);
            while (!f->workers[WORKERS - 1].done && wf_mono_us() < until) {
                loop_turn(&f->loop);
            }
            healthy += f->workers[WORKERS - 1].r.outcome == WF_CLIENT_OK;
        }
        ok(finish(f, batch), "all end");
        for (k = 0; k < batch; k++) {
            /* The small limit of kept bodies ends some that end otherwise alone. */
            fine += f->workers[k].r.outcome == failures[i + k].outcome
                    || f->workers[k].r.outcome == WF_CLIENT_TOO_LARGE;
        }
    }
    is_int(fine, (long long)n, "each as it does alone");
    is_int(healthy, 100, "and the others are fine");
}

/* ---- where time goes ------------------------------------------------------------------- */

static apr_int64_t sum(const wf_client_timings_t *t)
{
    return t->blocked + t->looking_up + t->connecting + t->tls + t->sending + t->waiting
           + t->receiving;
}

static void phases(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    wf_client_response_t *r = &f->workers[0].r;
    target_t target;

    target_start(&target);
    settings->timeout_ms = 300;
    exchange(f, prepare_url(
                    "GET", apr_psprintf(pool, "http://127.0.0.1:%d/slow/60", target.port),
                    settings));
    ok(!r->reused && r->timings.connecting > 0, "a new connection takes time");
    ok(r->timings.waiting >= 30000 && r->timings.waiting <= r->duration_us, "waiting");
    is_int(r->timings.tls, 0, "no TLS");
    is_int(sum(&r->timings), r->duration_us, "the phases make the duration");
    is_int(r->version, 11, "its version");
    exchange(
        f, prepare_url("GET",
                       apr_psprintf(pool, "http://127.0.0.1:%d/redirect/2", target.port),
                       settings));
    ok(r->reused && r->timings.connecting == 0 && r->timings.looking_up == 0,
       "a kept one takes none");
    is_int(r->redirects, 2, "redirects");
    is_str(r->url, apr_psprintf(pool, "http://127.0.0.1:%d/redirect/0", target.port),
           "to here");
    is_int(sum(&r->timings), r->duration_us, "the phases make the duration");
    exchange(f, prepare_url("GET",
                            apr_psprintf(pool, "http://127.0.0.1:%d/hang", target.port),
                            settings));
    ok(r->timings.waiting >= 150000, "who gave up was waiting");
    is_int(sum(&r->timings), r->duration_us, "the phases make the duration");
    exchange(f, prepare_url("GET", url_of("/drip"), settings));
    ok(r->timings.receiving >= 200000, "or receiving");
    exchange(f, prepare_url("GET", "http://127.0.0.1:1/", settings));
    is_int(sum(&r->timings), r->duration_us, "without a connection");
    is_int(r->reused + r->version, 0, "nothing was used again, nothing has a version");
    target_stop(&target);
}

static void compressed(fixture_t *f)
{
    wf_client_settings_t *settings = bounded(), *plain = new_settings();
    wf_client_response_t *r = &f->workers[0].r;
    wf_client_request_t request;

    target_reset(&rogue);
    exchange(f, prepare_url("GET", url_of("/hello"), settings));
    is_str(r->body, "hello", "decoded");
    is_int(r->size, 5, "its size");
    is_int(r->wire_size, 16, "on the wire");
    ok(target_saw(&rogue, "\r\nAccept-Encoding: deflate, gzip"), "it was asked for");
    target_reset(&rogue);
    exchange(f, prepare_url("GET", url_of("/hello"), plain));
    is_int((long long)r->body_length, 16, "raw where nobody asked");
    ok(!target_saw(&rogue, "Accept-Encoding"), "as nobody did");
    request = new_request("GET", url_of("/hello"), plain);
    add_header(&request, "accept-encoding", "deflate;q=1.0");
    exchange(f, prepare_request(&request));
    is_str(r->body, "hello", "decoded if the request asks itself");
    ok(target_saw(&rogue, "\r\naccept-encoding: deflate;q=1.0\r\n"), "in its own words");
}

int main(void)
{
    static fixture_t f;

    begin_tests();
    open_fixture(&f);
    target_start(&rogue);
    rogue.answer = rogue_answer;
    each_alone(&f);
    all_together(&f);
    phases(&f);
    compressed(&f);
    target_stop(&rogue);
    return end_tests(&f);
}
