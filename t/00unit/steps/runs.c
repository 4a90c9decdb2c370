/* Workflows against a real target: counts that agree with what the target saw, times that
 * are kept, ends that are as promised. */
#include "../tap.h"
#include "../wait.h"
#include "run.h"

#include <math.h>

#define HEAD "id: w\nname: W\n"
#define STEP(url) "steps:\n- {id: s, type: http, config: {url: '" url "'}}\n"

/* ---- modes ---------------------------------------------------------------------- */

static const struct {
    const char *what, *options;
    int iterations;
} counted[] = {
    { "10 VUs share 1000", "mode: shared-iterations, vus: 10, iterations: 1000", 1000 },
    { "1 VU has 7 for itself", "mode: shared-iterations, iterations: 7", 7 },
    { "more VUs than shared iterations", "mode: shared-iterations, vus: 9, iterations: 4",
      4 },
    { "100 VUs on several multi handles",
      "mode: shared-iterations, vus: 100, iterations: 999", 999 },
    { "5 VUs make 20 each", "vus: 5, iterations: 20", 100 },
    { "time is only a cap", "vus: 2, iterations: 3, duration: 60s", 6 },
    { "shared, time is only a cap",
      "mode: shared-iterations, vus: 2, iterations: 3, duration: 60s", 3 },
    { "no bound at all means once", "vus: 1", 1 },
    { "once each", "vus: 4", 4 },
};

static void exact_counts(runner_t *r)
{
    size_t i;

    for (i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        const char *what = counted[i].what;
        int n = counted[i].iterations;
        json_object *local;

        target_reset(&r->target);
        ok(runner_run(r, apr_psprintf(r->pool, HEAD STEP("BASE/ok") "options: {%s}\n",
                                      counted[i].options)),
           "%s", what);
        local = wf_json_get(r->last.slave_states, "local");
        is_str(wf_run_status_name(r->last.status), "completed", "%s: completed", what);
        is_int(r->last.iterations, n, "%s: iterations", what);
        is_int(target_requests(&r->target), n, "%s: requests at the target", what);
        is_int(r->last.http_reqs, n, "%s: http_reqs", what);
        is_int(wf_json_int(runner_step(r, "s"), "count", -1), n, "%s: step count", what);
        is_int(wf_json_int(runner_step(r, "s"), "success_count", -1), n, "%s: success",
               what);
        is_int(wf_json_int(local, "completed_iters", -1), n, "%s: slave state", what);
        is_int(wf_json_int(local, "completed_vus", -1), r->last.vus, "%s: VUs done",
               what);
        ok(r->last.progress == 1.0, "%s: progress 1", what);
    }
    ok(r->last.end_time >= r->last.start_time && r->last.start_time > 0, "start and end");
}

static void by_duration(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, HEAD STEP("BASE/ok") "options: {vus: 3, duration: 300ms}\n"),
       "3 VUs for 300 ms");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    ok(r->last.elapsed_ms >= 300 && r->last.elapsed_ms < 3000, "took %d ms",
       (int)r->last.elapsed_ms);
    ok(r->last.iterations >= 3, "%d iterations", (int)r->last.iterations);
    is_int(target_requests(&r->target), r->last.iterations, "all of them at the target");
    is_int(wf_json_int(r->last.metrics, "total_vus", -1), 3,
           "configured VUs after the end");
}

/* The time is over while every VU waits: no grace, so they are cut and do not count. */
static void interrupted(runner_t *r)
{
    ok(runner_run(
           r,
           HEAD STEP(
               "BASE/hang") "options: {vus: 3, duration: 100ms, graceful_stop: 50ms}\n"),
       "a hung target and a duration");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    ok(r->last.elapsed_ms >= 150 && r->last.elapsed_ms < 5000, "after %d ms",
       (int)r->last.elapsed_ms);
    is_int(r->last.iterations, 0, "interrupted iterations are not counted");
    is_int(r->last.http_reqs, 0, "nor are their requests");
}

/* Slow, but within the grace: they finish and count. */
static void graceful(runner_t *r)
{
    ok(runner_run(r, HEAD STEP("BASE/slow/300") "options: {vus: 2, duration: 50ms, "
                                                "graceful_stop: 20s}\n"),
       "a slow target and a duration");
    is_int(r->last.iterations, 2, "running iterations finish within graceful_stop");
    ok(r->last.elapsed_ms >= 290, "the run waited for them");
}

static void dropped(runner_t *r)
{
    ok(runner_run(r,
                  HEAD STEP("BASE/slow/40") "options: {mode: shared-iterations, vus: 1, "
                                            "iterations: 1000, duration: 100ms,"
                                            " thresholds: [{metric: dropped_iterations, "
                                            "condition: '> 900'}]}\n"),
       "more iterations than time");
    is_int(r->last.thresholds_passed, 1, "those not begun are dropped_iterations");
}

/* ---- templates ------------------------------------------------------------------ */

static void templates(runner_t *r)
{
    static const char yaml[] =
        "id: w\nname: W\n"
        "variables: {base: BASE, user: 'a b&c', n: 3, list: [{id: 11}], o: {k: [true]}}\n"
        "http:\n"
        "  base_url: '${base}/api/'\n"
        "  domains: {other: '${base}/other'}\n"
        "  headers: {Accept: application/json, X-Over: section}\n"
        "steps:\n"
        "- {id: login, type: http, config: {method: post, url: /login, body: "
        "'u=${user}&v=${__VU}'}}\n"
        "- id: use\n  type: http\n  config:\n"
        "    url: /items/${login.body.items[1].id}?x=1\n"
        "    query: {t: '${login.body.token}', u: '${user}', ö: true}\n"
        "    params: [{key: p, value: 5}, {key: q, value: 6, enabled: false}]\n"
        "    headers: {x-over: 'step ${__ITER}', X-From: '${login.headers.x-test}',\n"
        "              X-Code: '${response.status_code} ${login.status}', X-Line: "
        "'${login.output.status}'}\n"
        "- id: send\n  type: http\n  config:\n"
        "    method: PUT\n    domain: other\n    url: ''\n"
        "    body: {n: '${n}', q: 'say \"${user}\"', o: '${o}', raw: [1, 2.5, null, "
        "false], id: '${list[0].id}'}\n"
        "    headers: {Content-Type: application/vnd.x+json}\n"
        "- {id: gone, type: http, disabled: true, config: {url: /gone}}\n"
        "- {id: dump, type: http, config: {url: /dump, method: POST, body: "
        "'H=${response.headers} "
        "O=${login.output} T=${send.headers.X-Test[1]}'}}\n"
        "- {id: last, type: http, config: {url: '/u/${__uuid}/${nobody.x}'}}\n";
    static const struct {
        const char *what, *text;
    } seen[] = {
        { "method and base", "POST /api/login HTTP/1.1" },
        { "text body", "\r\n\r\nu=a b&c&v=1" },
        { "default content type", "POST /api/login HTTP/1.1" },
        { "content type of a body", "Content-Type: application/json\r\n" },
        { "value of a body, query encoded",
          "GET /api/items/8?x=1&t=t-1&u=a%20b%26c&%C3%B6=true&p=5 HTTP" },
        { "section header", "Accept: application/json\r\n" },
        { "step header replaces it", "x-over: step 0\r\n" },
        { "header of an answer", "X-From: one\r\n" },
        { "response and step status", "X-Code: 200 success\r\n" },
        { "status line", "X-Line: 200 OK\r\n" },
        { "domain without path", "PUT /other HTTP/1.1" },
        { "JSON body", "\r\n\r\n{\"n\":\"3\",\"q\":\"say \\\"a "
                       "b&c\\\"\",\"o\":\"{\\\"k\\\":[true]}\",\"raw\":[1,"
                       "2.5,null,false],\"id\":\"11\"}" },
        { "own content type", "Content-Type: application/vnd.x+json\r\n" },
        { "user agent", "User-Agent: workflow-engine/" },
    };
    size_t i;

    target_reset(&r->target);
    ok(runner_run(r, yaml), "templates");
    is_int(r->last.http_failed, 0, "nothing failed");
    for (i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
        ok(target_saw(&r->target, seen[i].text), "%s", seen[i].what);
    }
    ok(!target_saw(&r->target, "/gone"), "a disabled step is not run");
    ok(r->target.kept[1] && !strstr(r->target.kept[1], "section"),
       "a replaced header is not sent");
    is_int(target_requests(&r->target), 5, "five requests");
    ok(runner_step(r, "gone") == NULL, "and has no metrics");
}

/* A later iteration does not see what an earlier one left behind. */
static void fresh_iterations(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, "id: w\nname: W\nvariables: {base: BASE}\nhttp: {base_url: "
                     "'${base}'}\nsteps:\n"
                     "- {id: first, type: http, config: {url: '/a', headers: {X-Old: "
                     "'<${second.status_code}>'}}}\n"
                     "- {id: second, type: http, config: {url: '/b', headers: {X-New: "
                     "'<${first.status_code}>'}}}\n"
                     "options: {iterations: 3}\n"),
       "three iterations");
    ok(target_saw(&r->target, "X-New: <200>"), "a result is known to later steps");
    ok(target_saw(&r->target, "X-Old: <${second.status_code}>"),
       "a step that was not reached is an unknown name");
    ok(!target_saw(&r->target, "X-Old: <200>"), "nothing survives an iteration");
}

/* ---- failures ------------------------------------------------------------------- */

static const char *error_field(const runner_t *r, const char *field)
{
    json_object *first = json_object_array_get_idx(r->last.errors, 0);

    return first ? wf_json_string(first, field, "") : "none";
}

static const struct {
    const char *what, *config, *step, *status, *code, *message;
    int count, failures, iterations;
} failing[] = {
    /* clang-format off */
    /* what                config of step s                     step's rest             run          error code          message                      count fail iter */
    { "status 500",        "url: 'BASE/status/500'",            "",                     "completed", "EXECUTION_ERROR",  "answered 500 Internal Server Error", 3, 3, 3 },
    { "status 401",        "url: 'BASE/status/401'",            "",                     "completed", "AUTH_ERROR",       "answered 401 Unauthorized",       3, 3, 3 },
    { "fail_on_status",    "url: 'BASE/status/503', fail_on_status: true", "",          "failed",    "EXECUTION_ERROR",  "answered 503 Service Unavailable", 3, 3, 3 },
    { "on_error continue", "url: 'BASE/status/503', fail_on_status: true", ", on_error: continue", "completed", "EXECUTION_ERROR", "answered 503 Service Unavailable", 3, 3, 3 },
    { "on_error skip",     "url: 'BASE/status/503', fail_on_status: true", ", on_error: skip", "completed", "EXECUTION_ERROR", "answered 503 Service Unavailable", 3, 0, 3 },
    { "connection refused", "url: 'http://127.0.0.1:1/'",       "",                     "failed",    "CONNECTION_ERROR", "no connection to 127.0.0.1:1: Connection refused", 3, 3, 3 },
    { "hung target",       "url: 'BASE/hang'",                  ", timeout: 60ms",      "failed",    "TIMEOUT_ERROR",    "no complete answer in time",      3, 3, 3 },
    { "request timeout",   "url: 'BASE/hang', timeout: {request: 60ms}", "",            "failed",    "TIMEOUT_ERROR",    "no complete answer in time",      3, 3, 3 },
    { "endless redirects", "url: 'BASE/redirect/5', redirect: {max_redirects: 3}", "",  "failed",    "EXECUTION_ERROR",  "too many redirects",              3, 3, 3 },
    { "bad URL at run time", "url: 'ftp://h/${__VU}'",              "",                     "failed",    "EXECUTION_ERROR",  "only http and https are supported", 3, 3, 3 },
    { "no redirects",      "url: 'BASE/redirect/5', redirect: {follow: false}", "",     "completed", "none",             "none",                            3, 0, 3 },
    { "few redirects",     "url: 'BASE/redirect/5'",            "",                     "completed", "none",             "none",                            3, 0, 3 },
    /* clang-format on */
};

static void failures(runner_t *r)
{
    size_t i;

    for (i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        const char *what = failing[i].what;
        json_object *s;

        ok(runner_run(r,
                      apr_psprintf(r->pool,
                                   HEAD "steps:\n- {id: s, type: http, config: {%s}%s}\n"
                                        "options: {vus: 3, iterations: 1}\n",
                                   failing[i].config, failing[i].step)),
           "%s", what);
        s = runner_step(r, "s");
        is_str(wf_run_status_name(r->last.status), failing[i].status, "%s: status", what);
        is_str(error_field(r, "code"), failing[i].code, "%s: code", what);
        is_str(error_field(r, "message"), failing[i].message, "%s: message", what);
        is_int(wf_json_int(s, "count", -1), failing[i].count, "%s: count", what);
        is_int(wf_json_int(s, "failure_count", -1), failing[i].failures, "%s: failures",
               what);
        is_int(r->last.iterations, failing[i].iterations, "%s: iterations", what);
        ok(json_object_array_length(r->last.errors) <= 1,
           "%s: equal errors are one entry", what);
    }
}

/* abort ends the iteration, continue and skip go on. */
static void on_error(runner_t *r)
{
    static const struct {
        const char *word;
        int second;
    } cases[] = { { "abort", 0 }, { "continue", 4 }, { "skip", 4 } };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(runner_run(r, apr_psprintf(r->pool,
                                      HEAD
                                      "http: {base_url: BASE}\nsteps:\n"
                                      "- {id: a, type: http, on_error: %s, config: {url: "
                                      "/status/404, fail_on_status: true}}\n"
                                      "- {id: b, type: http, config: {url: /ok}}\n"
                                      "options: {vus: 2, iterations: 2}\n",
                                      cases[i].word)),
           "on_error %s", cases[i].word);
        is_int(wf_json_int(runner_step(r, "b"), "count", 0), cases[i].second,
               "on_error %s: the next step", cases[i].word);
        is_int(r->last.iterations, 4, "on_error %s: all iterations", cases[i].word);
    }
}

/* A run bounded by time is a measurement: it completes whatever the target does. */
static void errors_do_not_fail_load(runner_t *r)
{
    ok(runner_run(
           r, HEAD STEP("http://127.0.0.1:1/") "options: {vus: 2, duration: 100ms}\n"),
       "refused for 100 ms");
    is_str(wf_run_status_name(r->last.status), "completed", "completed nevertheless");
    is_int(r->last.http_failed, r->last.http_reqs, "every exchange failed");
}

/* The idle limit is rounded up to a second and cuts a target that is silent. */
static void idle_limit(runner_t *r)
{
    ok(runner_run(r, HEAD "steps:\n- {id: s, type: http, config: {url: 'BASE/hang', "
                          "timeout: {read: 1s}}}\n"),
       "a silent target");
    is_str(error_field(r, "code"), "TIMEOUT_ERROR", "timeout.read cuts it");
    ok(r->last.elapsed_ms < 10000, "after %d ms", (int)r->last.elapsed_ms);
}

/* ---- thresholds ----------------------------------------------------------------- */

static void judge_three(runner_t *r, const char *document)
{
    json_object *list;

    ok(runner_run(r, document), "thresholds");
    is_str(wf_run_status_name(r->last.status), "completed",
           "a violated threshold does not change the status");
    is_int(r->last.thresholds_passed, 2, "passed");
    is_int(r->last.thresholds_failed, 1, "failed");
    list = wf_json_get(r->last.metrics, "thresholds");
    is_str(wf_json_string(json_object_array_get_idx(list, 1), "metric", ""),
           "http_req_failed", "the metric");
    is_str(wf_json_string(json_object_array_get_idx(list, 1), "condition", ""),
           "rate > 0.5", "the condition verbatim");
    is_int(wf_json_bool(json_object_array_get_idx(list, 1), "passed", 1), 0,
           "not passed");
    ok(json_object_get_double(wf_json_get(json_object_array_get_idx(list, 2), "value"))
           == 10,
       "its value");
}

static void thresholds(runner_t *r)
{
    judge_three(r, HEAD STEP("BASE/ok") "options:\n  iterations: 10\n  thresholds:\n"
                                        "  - {metric: http_req_duration, condition: "
                                        "'p(95) < 10000'}\n"
                                        "  - {metric: http_req_failed, condition: "
                                        "'rate > 0.5'}\n"
                                        "  - {metric: s.count, condition: '== 10'}\n");
    judge_three(r, HEAD STEP("BASE/ok") "options:\n  iterations: 10\n  thresholds:\n"
                                        "    http_req_duration: p(95)<10000\n"
                                        "    http_req_failed: ['rate > 0.5']\n"
                                        "    s.count: [{condition: '==10', window: 5s}]\n");
}

static void abort_on_fail(runner_t *r)
{
    ok(runner_run(
           r,
           HEAD STEP("BASE/slow/20") "options: {duration: 60s, thresholds: [{metric: "
                                     "http_req_failed, "
                                     "condition: 'rate > 0.5', abort_on_fail: true}]}\n"),
       "abort_on_fail ends the run early");
    is_str(wf_run_status_name(r->last.status), "failed", "as failed");
    ok(strstr(error_field(r, "message"), "http_req_failed rate > 0.5") != NULL, "%s",
       error_field(r, "message"));
}

/* ---- stop, look, limits --------------------------------------------------------- */

/* Look until the condition holds. */
static int wait_for_iterations(runner_t *r, const char *id, apr_int64_t n)
{
    apr_int64_t until = wf_mono_us() + DEADLINE_US;
    wf_run_snapshot_t snapshot = { 0 };
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    while (snapshot.iterations < n && wf_mono_us() < until) {
        wf_error_t err;

        apr_pool_clear(p);
        wf_error_init(&err, p);
        if (wf_load_snapshot(r->load, id, &snapshot, p, &err) != APR_SUCCESS) {
            diag("%s", err.message);
            break;
        }
        usleep(1000);
    }
    apr_pool_destroy(p);
    return snapshot.iterations >= n;
}

static void stopping(runner_t *r)
{
    wf_run_snapshot_t snapshot;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    target_reset(&r->target);
    is_int(runner_start(r, "exec-stop",
                        HEAD STEP("BASE/slow/5") "options: {vus: 4, duration: 10m}\n",
                        &err),
           APR_SUCCESS, "a long run");
    ok(wait_for_iterations(r, "exec-stop", 8), "is under way");
    is_int(wf_load_snapshot(r->load, "exec-stop", &snapshot, r->pool, &err), APR_SUCCESS,
           "can be looked at");
    is_int(snapshot.active_vus, 4, "with its VUs");
    ok(snapshot.progress > 0 && snapshot.progress < 0.5, "and a small progress");
    is_int(wf_load_stop(r->load, "exec-stop", &err), APR_SUCCESS, "stop");
    ok(wf_load_stop(r->load, "exec-stop", &err) != APR_SUCCESS
           && (err.kind == WF_ERR_CONFLICT || err.kind == WF_ERR_NOT_FOUND),
       "a second stop is refused: %s", err.message);
    ok(runner_wait(r), "it ends");
    is_str(wf_run_status_name(r->last.status), "aborted", "aborted");
    is_int(r->last.iterations, target_requests(&r->target),
           "running iterations have finished");
}

static void stop_hung(runner_t *r)
{
    wf_error_t err;

    wf_error_init(&err, r->pool);
    target_reset(&r->target);
    runner_start(
        r, "exec-hung",
        HEAD STEP("BASE/hang") "options: {vus: 4, duration: 10m, graceful_stop: 20ms}\n",
        &err);
    WAIT_FOR(target_requests(&r->target) >= 4);
    is_int(wf_load_stop(r->load, "exec-hung", &err), APR_SUCCESS,
           "stop while all VUs hang");
    ok(runner_wait(r), "graceful_stop, then they are cut");
    is_int(r->last.iterations, 0, "and not counted");
    is_str(wf_run_status_name(r->last.status), "aborted", "aborted");
}

static void refusals(runner_t *r)
{
    static const char run[] =
        HEAD STEP("BASE/slow/5") "options: {vus: 1, duration: 10m}\n";
    wf_run_snapshot_t snapshot;
    wf_error_t err;
    int i;

    for (i = 0; i < 3; i++) {
        wf_error_init(&err, r->pool);
        is_int(runner_start(r, apr_psprintf(r->pool, "many-%d", i), run, &err),
               APR_SUCCESS, "run %d", i);
    }
    runner_start(r, "many-3", run, &err);
    is_str(wf_err_name(err.kind), "unavailable", "beyond max_executions: %s",
           err.message);
    wf_error_init(&err, r->pool);
    runner_start(r, "many-2", run, &err);
    is_str(wf_err_name(err.kind), "conflict", "an id twice: %s", err.message);
    for (i = 0; i < 3; i++) {
        wf_error_init(&err, r->pool);
        wf_load_stop(r->load, apr_psprintf(r->pool, "many-%d", i), &err);
    }
    wf_error_init(&err, r->pool);
    wf_load_snapshot(r->load, "exec-9", &snapshot, r->pool, &err);
    is_str(wf_err_name(err.kind), "not_found", "an unknown id: %s", err.message);
}

static void too_many_vus(runner_t *r)
{
    wf_error_t err;

    wf_error_init(&err, r->pool);
    runner_start(r, "exec-vus", HEAD STEP("BASE/ok") "options: {vus: 1001}\n", &err);
    is_str(wf_err_name(err.kind), "unavailable", "beyond max_vus: %s", err.message);
}

/* The engine goes away while runs hang: they are cut, and the last calls still come. */
static void destroy_under_way(void)
{
    static runner_t r;
    wf_error_t err;

    runner_open(&r, 3);
    wf_error_init(&err, r.pool);
    runner_start(&r, "exec-a",
                 HEAD STEP("BASE/hang") "options: {vus: 5, duration: 10m}\n", &err);
    runner_start(&r, "exec-b", HEAD STEP("BASE/ok") "options: {vus: 5, duration: 10m}\n",
                 &err);
    wf_load_stop(r.load, "exec-a", &err);
    wf_load_destroy(r.load);
    is_int(r.ended, 2, "both final progress calls were made");
    is_str(wf_run_status_name(r.last.status), "aborted", "aborted");
    target_stop(&r.target);
    apr_pool_destroy(r.pool);
}

/* Rates are of the time in which samples were counted; a pause belongs to neither. */
static void warmup(runner_t *r)
{
    json_object *threshold;
    wf_error_t err;
    double rate;

    target_reset(&r->target);
    wf_error_init(&err, r->pool);
    if (runner_start(
            r, "exec-warm",
            HEAD STEP("BASE/ok") "options: {vus: 1, duration: 1s, warmup: 600ms,\n"
                                 "  thresholds: [{metric: http_reqs, "
                                 "condition: rate > 0}]}\n",
            &err)
        != APR_SUCCESS) {
        ok(0, "started: %s", err.message);
        return;
    }
    WAIT_FOR(target_requests(&r->target) >= 3);
    ok(wf_load_pause(r->load, "exec-warm", &err) == APR_SUCCESS,
       "paused while it warms up");
    apr_sleep(500000); /* time that must not count */
    ok(wf_load_resume(r->load, "exec-warm", &err) == APR_SUCCESS, "and resumed");
    ok(runner_wait(r), "it ends");
    threshold = json_object_array_get_idx(wf_json_get(r->last.metrics, "thresholds"), 0);
    rate = json_object_get_double(wf_json_get(threshold, "value"));
    is_int(r->last.elapsed_ms - r->last.counted_ms, 600, "the warm-up is not counted");
    ok(r->last.http_reqs > 0 && r->last.http_reqs < target_requests(&r->target),
       "%d of %d requests are", (int)r->last.http_reqs, (int)target_requests(&r->target));
    ok(fabs(rate * (double)r->last.counted_ms / 1000 / (double)r->last.http_reqs - 1)
           < 0.01,
       "%g a second", rate);
}

int main(void)
{
    static runner_t r;

    apr_initialize();
    runner_open(&r, 2);
    exact_counts(&r);
    by_duration(&r);
    interrupted(&r);
    graceful(&r);
    dropped(&r);
    templates(&r);
    fresh_iterations(&r);
    failures(&r);
    on_error(&r);
    errors_do_not_fail_load(&r);
    idle_limit(&r);
    thresholds(&r);
    warmup(&r);
    abort_on_fail(&r);
    stopping(&r);
    stop_hung(&r);
    too_many_vus(&r);
    refusals(&r);
    runner_close(&r);
    destroy_under_way();
    apr_terminate();
    return done_testing();
}
