/* Steps, hooks and conditions with scripts in whole runs: what later steps see of them,
 * how they fail, what is counted. */
#include "../tap.h"
#include "run.h"

/* ---- what a script leaves ------------------------------------------------------------------ */

typedef struct case_t {
    const char *script, *shown,
        *want; /* shown: sent to the target when the script has run */
} case_t;

static const case_t outputs[] = {
    { "ctx.SetVariable('n', 5)", "${n}", "5" },
    { "ctx.SetVariable('n', { a: [1, { b: true }] })", "${n.a[1].b} ${n}",
      "true {\"a\":[1,{\"b\":true}]}" },
    { "ctx.SetVariable('user', 'berta')", "${user}", "berta" },
    { "ctx.SetVariable('n', 1); vars.del('n')", "${n}", "${n}" },
    { "1 + 1", "${s.result} ${s.output.result} ${s.status}", "2 2 success" },
    { "({ a: 1 })", "${s.result.a} ${s.result}", "1 {\"a\":1}" },
    { "undefined", "${s.result}", "null" },
    { "new Map()", "${s.result}", "null" },
    { "console.log('a', 1); console.warn({ b: 2 })",
      "${s.console_logs} ${s.consoleLogs[0]}", "[\"a 1\",\"{\\\"b\\\":2}\"] a 1" },
    { "1", "${s.console_logs} ${s.variables} ${s.error} ${s.checks}", "[] {} null []" },
    { "ctx.SetVariable('n', 5); vars.set('m', null)", "${s.variables}",
      "{\"n\":5,\"m\":null}" },
    { "check(1, { one: v => v === 1 })", "${s.checks}",
      "[{\"name\":\"one\",\"passed\":true}]" },
    { "fail('why not')", "${s.status} ${s.error}",
      "failed script, line 1: Error: why not" },
    { "ctx.SetVariable('n', 7); null.x", "${n} ${s.status}", "7 failed" },
    { "pm.test('t', () => pm.expect(1).to.equal(2))", "${s.status} ${s.error}",
      "failed t: expected 1 to equal 2" },
    { "pm.test('t', () => { throw 1 }); pm.test('u', () => { throw 2 })", "${s.error}",
      "t: 1, and 1 more tests failed" },
    { "check(1, { no: false })", "${s.status}", "success" },
    { "while (true);", "${s.status} ${s.error}", "timeout timed out after 200ms" },
    { "'x'.repeat(2e8)", "${s.status}", "failed" },
    { "ctx.GetVariable('before')", "${s.result.status} ${s.result.output.result}",
      "success 41" },
    { "ctx.GetVariable('before').output.result + 1", "${s.result}", "42" },
    { "ctx.GetVariable('before.result') + 1", "${s.result}", "42" },
    { "ctx.SetVariable('before', { status: 5 }); [ctx.GetVariable('before.status'), "
      "ctx.GetVariable('before.result'), ctx.GetVariable('before').result === undefined]",
      "${s.result} ${before.status} ${before.output.result}", "[5,41,true] 5 41" },
    { "ctx.GetVariable('list[1]')", "${s.result}", "2" },
    { "[ctx.vu, ctx.iteration, ctx.GetVariable('__execution').length > 3]", "${s.result}",
      "[1,0,true]" },
    { "vars.all().user", "${s.result}", "anna" },
    { "typeof vars.all().before", "${s.result}", "undefined" },
    { "response === undefined", "${s.result}", "true" },
    { "ctx.SetVariable('copy', ctx.GetVariable('list')); ctx.GetVariable('list').push(3)",
      "${list} ${copy}", "[1,2] [1,2]" },
};

static void test_outputs(runner_t *r)
{
    for (unsigned i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        const case_t *c = &outputs[i];
        const char *script = wf_json_text(
            wf_json_own(json_object_new_string(c->script), r->pool), NULL, r->pool);
        const char *yaml =
            apr_psprintf(r->pool,
                         "id: w\nname: W\nvariables: {user: anna, list: [1, 2]}\nsteps:\n"
                         "- {id: before, type: script, config: {script: '41'}}\n"
                         "- {id: s, type: script, timeout: 200ms, on_error: continue,"
                         " config: {script: %s}}\n"
                         "- {id: r, type: http, config: {method: POST, url: 'BASE/r', "
                         "body: '[[%s]]'}}\n",
                         script, c->shown);

        target_reset(&r->target);
        if (!ok(runner_run(r, yaml)
                    && target_saw(&r->target, apr_psprintf(r->pool, "[[%s]]", c->want)),
                "%s -> %s", c->script, c->want)) {
            diag("%s", r->target.kept[0] ? r->target.kept[0] : "nothing was sent");
        }
    }
}

/* ---- the latest answer --------------------------------------------------------------------- */

static void test_answer(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, "id: w\nname: W\nhttp: {base_url: 'BASE'}\nsteps:\n"
                     "- {id: get, type: http, config: {url: /ok}}\n"
                     "- id: s\n"
                     "  type: script\n"
                     "  config:\n"
                     "    script: |\n"
                     "      check(response, { ok: r => r.code === 200 });\n"
                     "      ctx.SetVariable('token', response.json().token);\n"
                     "      ctx.SetVariable('type', response.headers['content-type']);\n"
                     "      ctx.SetVariable('same',\n"
                     "          ctx.GetVariable('get').output.body.token === "
                     "response.body.token);\n"
                     "- {id: r, type: http, config: {method: POST, url: /r, body:"
                     " '[${token} ${type} ${same}]'}}\n"),
       "a script that looks at an answer");
    ok(target_saw(&r->target, "[t-1 application/json true]"), "finds what it wants");
}

/* ---- hooks, branches, loops ---------------------------------------------------------------- */

static const struct {
    const char *what, *yaml, *sent;
} flows[] = {
    { "a hook of a step",
      "- {id: r, type: http, config: {method: POST, url: 'BASE/r', body: '[[${n}]]'},\n"
      "   pre_hook: {type: script, config: {script: \"ctx.SetVariable('n', 3)\"}}}\n",
      "[[3]]" },
    { "a loop that a script counts",
      "- {id: l, type: loop, loop: {mode: while, condition: '${n} < 5', steps: [\n"
      "   {id: s, type: script, config: {script: \"ctx.SetVariable('n', "
      "ctx.GetVariable('n') + 1); ctx.SetVariable('i', "
      "ctx.GetVariable('loop.index'))\"}}]}}\n"
      "- {id: r, type: http, config: {method: POST, url: 'BASE/r', body: '[[${n} "
      "${i}]]'}}\n",
      "[[5 4]]" },
    { "the item of a loop",
      "- {id: l, type: foreach, items: [{a: 1}, {a: 2}], item_var: it, steps: [\n"
      "   {id: s, type: script, config: {script: \"ctx.SetVariable('n', "
      "ctx.GetVariable('n') + ctx.GetVariable('it').a)\"}}]}\n"
      "- {id: r, type: http, config: {method: POST, url: 'BASE/r', body: '[[${n}]]'}}\n",
      "[[3]]" },
    { "a condition on a result",
      "- {id: s, type: script, config: {script: '6 * 7'}}\n"
      "- {id: c, type: condition, condition: {expression: '${s.result} == 42', then: [\n"
      "   {id: r, type: http, config: {method: POST, url: 'BASE/r', body: "
      "'[[yes]]'}}]}}\n",
      "[[yes]]" },
    { "a failure ends the iteration, the post hook sees it",
      "- {id: s, type: script, config: {script: \"fail('enough')\"}, post_hook: {type: "
      "http,\n"
      "   config: {method: POST, url: 'BASE/r', body: '[[${__step_error}]]'}}}\n"
      "- {id: t, type: script, config: {script: '1'}}\n",
      "[[script, line 1: Error: enough]]" },
};

static void test_flows(runner_t *r)
{
    for (unsigned i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
        target_reset(&r->target);
        if (!ok(runner_run(r, apr_pstrcat(r->pool,
                                          "id: w\nname: W\nvariables: {n: 0}\nsteps:\n",
                                          flows[i].yaml, NULL))
                    && target_saw(&r->target, flows[i].sent),
                "%s: %s", flows[i].what, flows[i].sent)) {
            diag("%s", r->target.kept[0] ? r->target.kept[0] : "nothing was sent");
        }
    }
}

/* ---- figures --------------------------------------------------------------------------------- */

/* The value that the i-th threshold was judged by. */
static int judged(const runner_t *r, int i)
{
    json_object *thresholds = wf_json_get(r->last.metrics, "thresholds");
    json_object *one = json_object_array_get_idx(thresholds, (size_t)i);

    return (int)json_object_get_double(wf_json_get(one, "value"));
}

static void test_figures(runner_t *r)
{
    ok(runner_run(r,
                  "id: w\nname: W\n"
                  "metrics: {orders: counter, value: {type: trend, unit: ms}}\nsteps:\n"
                  "- id: s\n  type: script\n  config:\n    script: |\n"
                  "      metrics.add('orders', 2);\n"
                  "      metrics.add('value', ctx.iteration + 1);\n"
                  "      check(1, { yes: true, no: false, one: v => v === 1 });\n"
                  "      console.log('x');\n"
                  "- {id: t, type: script, on_error: continue, config: {script:\n"
                  "   \"metrics.add('nosuch', 1)\"}}\n"
                  "options: {vus: 2, iterations: 10, thresholds: [\n"
                  "  {metric: orders, condition: 'count == 40'},\n"
                  "  {metric: value, condition: 'count == 20'},\n"
                  "  {metric: value, condition: 'max == 10'},\n"
                  "  {metric: checks, condition: 'passes == 40'},\n"
                  "  {metric: checks, condition: 'fails == 20'}]}\n"),
       "a run with metrics of its own");
    is_int(r->last.iterations, 20, "20 iterations");
    is_int(wf_json_int(runner_step(r, "s"), "success_count", -1), 20, "all succeed");
    is_int(wf_json_int(runner_step(r, "t"), "failure_count", -1), 20,
           "a metric that is not declared is an error");
    is_int(judged(r, 0), 40, "a counter");
    is_int(judged(r, 1), 20, "a trend");
    is_int(judged(r, 2), 10, "and its values");
    is_int(judged(r, 3), 40, "checks that pass");
    is_int(judged(r, 4), 20, "and those that do not");
    is_int(r->last.thresholds_passed, 5, "all as expected");
}

/* ---- scripts that wait, or take long --------------------------------------------------------- */

/* What such a script sees is a copy: each of these is told to the target by the script.
 */
static const struct {
    const char *what, *yaml, *sent;
} apart[] = {
    { "variables",
      "- {id: s, type: script, config: {script: \"http.post('/r', '[[' + "
      "ctx.GetVariable('n') + vars.all().m.k + ']]')\"}}\n",
      "[[7v]]" },
    { "who it is",
      "- {id: s, type: script, config: {script: \"http.post('/r', '[[' + [ctx.vu, "
      "ctx.iteration, __VU] + ']]')\"}}\n",
      "[[1,0,1]]" },
    { "results",
      "- {id: one, type: script, config: {script: '41'}}\n"
      "- {id: s, type: script, config: {script: \"http.post('/r', '[[' + "
      "(ctx.GetVariable('one').output.result + 1) + ']]')\"}}\n",
      "[[42]]" },
    { "parts of results",
      "- {id: get, type: http, config: {url: /ok}}\n"
      "- {id: s, type: script, config: {script: \"http.post('/r', '[[' + "
      "ctx.GetVariable('get.body.items[1].id') + ctx.GetVariable('get.status_code') + "
      "']]')\"}}\n",
      "[[8200]]" },
    { "results by a name that it makes up",
      "- {id: one, type: script, config: {script: '41'}}\n"
      "- {id: s, type: script, config: {script: \"http.post('/r', '[[' + "
      "ctx.GetVariable('o' + 'n' + 'e').status + ']]')\"}}\n",
      "[[success]]" },
    { "results behind a variable of that name",
      "- {id: m, type: script, config: {script: '41'}}\n"
      "- {id: s, type: script, config: {script: \"http.post('/r', '[[' + "
      "ctx.GetVariable('m.k') + ctx.GetVariable('m' + '.result') + ']]')\"}}\n",
      "[[v41]]" },
    { "the latest answer",
      "- {id: get, type: http, config: {url: /ok}}\n"
      "- {id: s, type: script, config: {script: \"http.post('/r', '[[' + "
      "response.body.token + response.headers['x-test'] + ']]')\"}}\n",
      "[[t-1one]]" },
    { "loops around it",
      "- {id: l, type: foreach, items: [{a: 1}, {a: 2}], item_var: it, steps: [\n"
      "   {id: s, type: script, config: {script: \"http.post('/r', '[[' + "
      "ctx.GetVariable('it').a + ctx.GetVariable('loop.index') + ']]')\"}}]}\n",
      "[[21]]" },
    { "what it sets is there afterwards",
      "- {id: s, type: script, config: {script: \"ctx.SetVariable('t', "
      "http.get('/ok').body.token); vars.del('n')\"}}\n"
      "- {id: r, type: http, config: {method: POST, url: /r, body: '[[${t} ${n}]]'}}\n",
      "[[t-1 null]]" },
    { "headers of the section, variables in them",
      "- {id: s, type: script, config: {script: \"http.get('/h')\"}}\n", "X-N: 7" },
    { "a hook",
      "- {id: r, type: http, config: {method: POST, url: /r, body: '[[${t}]]'}, "
      "pre_hook:\n"
      "   {type: script, config: {script: \"ctx.SetVariable('t', "
      "http.get('/ok').body.items[1].id)\"}}}\n",
      "[[8]]" },
};

static void test_apart(runner_t *r)
{
    for (unsigned i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
        target_reset(&r->target);
        if (!ok(runner_run(
                    r, apr_pstrcat(r->pool,
                                   "id: w\nname: W\nvariables: {n: 7, m: {k: v}}\n"
                                   "http: {base_url: 'BASE', headers: {X-N: '${n}'}}\n"
                                   "steps:\n",
                                   apart[i].yaml, NULL))
                    && target_saw(&r->target, apart[i].sent),
                "apart from its loop: %s", apart[i].what)) {
            diag("%s", json_object_to_json_string(r->last.errors));
        }
    }
}

static double threshold_value(const runner_t *r, int i)
{
    json_object *row = json_object_array_get_idx(
        wf_json_get(r->last.metrics, "thresholds"), (size_t)i);

    return row ? json_object_get_double(wf_json_get(row, "value")) : -1;
}

static void test_requests(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, "id: w\nname: W\nhttp: {base_url: 'BASE'}\nsteps:\n"
                     "- {id: s, type: script, config: {script: \"http.get('/ok');"
                     " http.get('/status/404')\"}}\n"
                     "options: {vus: 40, iterations: 5}\n"),
       "40 users whose scripts make requests");
    is_int(target_requests(&r->target), 400, "all arrive");
    is_int(r->last.http_reqs, 400, "and count");
    is_int(r->last.http_failed, 200, "those of status 404 as failed");
    is_int(wf_json_int(runner_step(r, "s"), "success_count", -1), 200,
           "the steps succeed");
    ok(target_connections(&r->target) < 100, "connections are kept: %d",
       target_connections(&r->target));
}

/* Where the time of a script's requests goes is told as for http steps. */
static void test_phases(runner_t *r)
{
    static const char *const names[] = { "waiting",        "connecting", "blocked",
                                         "looking_up",     "sending",    "receiving",
                                         "tls_handshaking" };
    const int n = sizeof(names) / sizeof(names[0]);
    apr_array_header_t *texts = apr_array_make(r->pool, n, sizeof(char *));
    double values[sizeof(names) / sizeof(names[0])], all = 0;
    int i;

    for (i = 0; i < n; i++) { /* thresholds that always hold, to read metrics by */
        APR_ARRAY_PUSH(texts, char *) = apr_psprintf(
            r->pool, "{metric: http_req_%s, condition: 'max >= 0'},", names[i]);
    }
    APR_ARRAY_PUSH(texts, char *) = "{metric: http_req_duration, condition: 'max >= 0'}";
    ok(runner_run(r, apr_psprintf(r->pool,
                                  "id: w\nname: W\nhttp: {base_url: 'BASE', keep_alive: false}\nsteps:\n"
                                  "- {id: s, type: script, config: {script: "
                                  "\"http.get('/slow/200')\"}}\n"
                                  "options: {thresholds: [%s]}\n",
                                  apr_array_pstrcat(r->pool, texts, 0))),
       "a script whose request takes 200 ms");
    for (i = 0; i < n; i++) {
        values[i] = threshold_value(r, i);
        all += values[i];
    }
    ok(values[0] >= 150, "most of it is waiting: %g ms", values[0]);
    ok(values[1] > 0, "it connected: %g ms", values[1]);
    ok(all > 0.98 * threshold_value(r, n) && all < 1.02 * threshold_value(r, n),
       "its phases are its duration: %g of %g ms", all, threshold_value(r, n));
}

/* A long script leaves its loop, and what it does is done once. */
static void test_long(runner_t *r)
{
    apr_int64_t other;

    ok(runner_run(r,
                  "id: w\nname: W\nmetrics: {orders: counter}\nscenarios:\n"
                  "  long:\n    vus: 1\n    iterations: 1\n    steps:\n"
                  "    - id: s\n      type: script\n      config:\n        script: |\n"
                  "          metrics.add('orders', 1);\n"
                  "          ctx.SetVariable('n', (ctx.GetVariable('n') || 0) + 1);\n"
                  "          const end = Date.now() + 1000;\n"
                  "          while (Date.now() < end);\n"
                  "    - {id: t, type: script, config: {script: \"if "
                  "(ctx.GetVariable('n') !== 1) fail('twice')\"}}\n"
                  "  short:\n    vus: 4\n    duration: 1s\n    steps:\n"
                  "    - {id: nap, type: sleep, config: {duration: 5ms}}\n"
                  "options: {thresholds: [{metric: orders, condition: 'count == 1'}]}\n"),
       "a long script beside short naps");
    other = wf_json_int(runner_step(r, "nap"), "count", -1);
    ok(other > 100, "others go on meanwhile: %d naps", (int)other);
    is_int(wf_json_int(runner_step(r, "s"), "success_count", -1), 1, "it succeeds");
    is_int(wf_json_int(runner_step(r, "t"), "success_count", -1), 1, "and was done once");
    is_int(r->last.thresholds_passed, 1, "its metric counts once");
}

/* Nobody waits for a script that nobody wants any more. */
static void test_cut(runner_t *r)
{
    static const char *const cases[] = {
        "id: w\nname: W\nsteps:\n"
        "- {id: s, type: script, config: {script: 'for (;;);'}}\n"
        "options: {vus: 3, duration: 200ms, graceful_stop: 0s}\n",
        "id: w\nname: W\nsteps:\n"
        "- {id: l, type: loop, timeout: 200ms, loop: {mode: for, count: 1, steps: [\n"
        "   {id: s, type: script, config: {script: 'for (;;);'}}]}}\n",
        "id: w\nname: W\nsteps:\n"
        "- {id: s, type: script, timeout: 200ms, config: {script: "
        "\"http.get('BASE/hang')\"}}\n",
        "id: w\nname: W\nsteps:\n"
        "- {id: s, type: script, config: {script: \"http.get('BASE/hang')\"}}\n"
        "options: {vus: 3, duration: 200ms, graceful_stop: 0s}\n",
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok(runner_run(r, cases[i]) && r->last.elapsed_ms < 5000, "cut, case %u: %d ms", i,
           (int)r->last.elapsed_ms);
    }
}

/* The rate of an execution holds for requests of scripts, too. */
static void test_rate(void)
{
    static runner_t r;
    wf_load_options_t options = { .loops = 1,
                                  .max_executions = 1,
                                  .max_vus = 10,
                                  .max_rate = 50,
                                  .progress = on_progress };
    wf_error_t err;

    runner_open(&r, 1);
    wf_load_destroy(r.load);
    wf_error_init(&err, r.pool);
    options.baton = &r;
    if (!ok(wf_load_create(&r.load, &options, r.pool, &err) == APR_SUCCESS,
            "50 a second")) {
        return;
    }
    ok(runner_run(&r, "id: w\nname: W\nhttp: {base_url: 'BASE'}\nsteps:\n"
                      "- {id: s, type: script, config: {script: \"for (let i = 0; i < 10;"
                      " i++) http.get('/ok')\"}}\n"
                      "options: {vus: 3, iterations: 1}\n"),
       "3 scripts of 10 requests each");
    is_int(target_requests(&r.target), 30, "all arrive");
    ok(r.last.elapsed_ms > 450, "in time: %d ms", (int)r.last.elapsed_ms);
    runner_close(&r);
}

/* ---- users see nothing of one another -------------------------------------------------------- */

static void test_many_samples(runner_t *r)
{
    ok(runner_run(r,
                  "id: w\nname: W\nmetrics: {n: counter}\nsteps:\n"
                  "- {id: s, type: script, on_error: continue, config: {script:\n"
                  "   \"for (let i = 0; i < 2e5; i++) metrics.add('n', 1)\"}}\n"
                  "options: {thresholds: [{metric: n, condition: 'count == 100000'}]}\n"),
       "more samples than one run may add");
    is_int(wf_json_int(runner_step(r, "s"), "failure_count", -1), 1, "is an error");
    is_int(r->last.thresholds_passed, 1, "those before it count");
}

/* Names are kept beside the script's own memory. */
static void test_many_names(runner_t *r)
{
    static const char *const calls[] = { "ctx.SetVariable('n' + i, i)",
                                         "vars.del('n' + i)" };

    for (int i = 0; i < 2; i++) {
        ok(runner_run(r, apr_psprintf(r->pool,
                                      "id: w\nname: W\nsteps:\n"
                                      "- {id: s, type: script, on_error: continue, config: "
                                      "{script: \"for (let i = 0; i < 1e6; i++) %s\"}}\n",
                                      calls[i])),
           "a million of %s", calls[i]);
        is_int(wf_json_int(runner_step(r, "s"), "failure_count", -1), 1, "is an error");
        ok(strstr(json_object_to_json_string(r->last.errors), "too many variables"),
           "that says so");
    }
}

static void test_isolation(runner_t *r)
{
    ok(runner_run(
           r,
           "id: w\nname: W\nvariables: {list: [], own: 0}\nsteps:\n"
           "- id: s\n  type: script\n  config:\n    script: |\n"
           "      if (typeof left !== 'undefined' || Math.left || Object.left\n"
           "          || ctx.left || ctx.GetVariable('list').length\n"
           "          || ctx.GetVariable('own') || ctx.GetVariable('mine')) {\n"
           "        fail('something was left');\n"
           "      }\n"
           "      left = 1; Math.left = 1; Object.left = 1; ctx.left = 1;\n"
           "      const list = ctx.GetVariable('list');\n"
           "      list.push(ctx.vu);\n"
           "      ctx.SetVariable('list', list);\n"
           "      ctx.SetVariable('own', ctx.vu);\n"
           "      ctx.SetVariable('mine', ctx.vu);\n"
           "- {id: nap, type: sleep, config: {duration: 1ms}}\n"
           "- {id: t, type: script, config: {script: \"if (ctx.GetVariable('own') "
           "!== ctx.vu || ctx.GetVariable('list')[0] !== ctx.vu) fail('not mine')\"}}\n"
           "options: {vus: 20, iterations: 20}\n"),
       "20 users, 20 iterations each");
    is_int(wf_json_int(runner_step(r, "t"), "success_count", -1), 400,
           "each finds what is its own");
}

/* ---- what is refused --------------------------------------------------------------------------- */

static const struct {
    const char *config, *want;
} refused[] = {
    { "{script: ''}", "steps[0].config.script: must not be empty" },
    { "{script: '  '}", "steps[0].config.script: must not be empty" },
    { "{}", "steps[0].config.script: is required" },
    { "{script: 5}", "steps[0].config.script: must be text" },
    { "{script: '1', inline: '2'}",
      "steps[0].config.inline: script and inline are the same" },
    { "{file: x.js}",
      "steps[0].config.file: the text of a script is part of the workflow" },
    { "{script: '1', language: lua}", "steps[0].config.language: \"lua\"" },
    { "{script: '1', timeout: -1}", "steps[0].config.timeout: must be seconds" },
    { "{script: '1', timeout: soon}", "steps[0].config.timeout: must be seconds" },
    { "{script: '1', timeout: 1e9}", "steps[0].config.timeout: must be seconds" },
    { "{script: 'let a = ;'}",
      "test.yaml:6:20: [script] steps[0].config.script: script, line 1: SyntaxError" },
    { "{script: '1 +'}", "SyntaxError" },
    { "{script: \"await 1\"}", "SyntaxError" },
    { "{script: \"import 'x'\"}", "SyntaxError" },
    { "\n    script: |\n      let a = 1;\n\n      let b = ;\n",
      "test.yaml:10:1: [script] steps[0].config.script: script, line 3: SyntaxError" },
};

static void test_refused(runner_t *r)
{
    for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        wf_error_t err;

        wf_error_init(&err, r->pool);
        if (!ok(runner_start(r, "x",
                             apr_psprintf(r->pool,
                                          "id: w\nname: W\nsteps:\n"
                                          "- id: s\n  type: script\n  config: %s\n",
                                          refused[i].config),
                             &err)
                        != APR_SUCCESS
                    && strstr(err.message, refused[i].want),
                "%s -> %s", refused[i].config, refused[i].want)) {
            diag("%s", err.message ? err.message : "it was taken");
        }
    }
}

int main(void)
{
    static runner_t r;

    apr_initialize();
    runner_open(&r, 2);
    test_outputs(&r);
    test_answer(&r);
    test_flows(&r);
    test_figures(&r);
    test_apart(&r);
    test_requests(&r);
    test_phases(&r);
    test_long(&r);
    test_cut(&r);
    test_isolation(&r);
    test_many_samples(&r);
    test_many_names(&r);
    test_refused(&r);
    runner_close(&r);
    test_rate();
    apr_terminate();
    return done_testing();
}
